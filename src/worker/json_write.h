/*
 * json_write - an event as the JSON text that a client of wschat.v1 gets.
 *
 * A pure module of the worker.  Each event is one object, with its members
 * in the order of doc/protocol.md.  What a function is given may be lent from
 * the log and change under its hands (log/cursor.h): then the text is rubbish
 * that the caller throws away, but nothing is read or written out of bounds,
 * and nothing is kept.
 *
 * Texts are UTF-8 that has been checked; a byte that is not passes as it is.
 * Control characters, the quote, the backslash and U+2028 and U+2029, which
 * end a line of JavaScript, are escaped.  No other byte is.
 *
 * All append.  False: no memory, nothing was appended.
 */
#ifndef WORKER_JSON_WRITE_H
#define WORKER_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/aside.h"
#include "worker/json_errors.h"
#include "ws/slice.h"

#define JSON_EPOCH_BYTES	16

struct json_welcome {
	struct slice name, room;	/* room empty: the default room */
	uint64_t users;
	const uint8_t *epoch;		/* JSON_EPOCH_BYTES of the log's head */
	uint64_t seq;			/* the room's last message */
	struct slice token;		/* as written; empty: left out */
	bool is_resumed;
};

struct json_message {
	uint64_t seq;
	struct slice from, text;
	uint64_t time_ms;		/* since 1970 */
	struct slice id;		/* empty: none */
	bool is_action;
};

/* Who one is, and where; _moved: in another room than before. */
bool json_write_welcome(struct buf *, const struct json_welcome *)
    __attribute__((warn_unused_result));
bool json_write_moved(struct buf *, struct slice name, struct slice room,
    uint64_t users, uint64_t seq) __attribute__((warn_unused_result));

/* What the room is shown. */
bool json_write_message(struct buf *, const struct json_message *)
    __attribute__((warn_unused_result));
bool json_write_join(struct buf *, struct slice name, uint64_t users,
    uint64_t seq) __attribute__((warn_unused_result));
bool json_write_leave(struct buf *, struct slice name, uint64_t users,
    uint64_t seq) __attribute__((warn_unused_result));
bool json_write_rename(struct buf *, struct slice from, struct slice to,
    uint64_t seq) __attribute__((warn_unused_result));
bool json_write_presence(struct buf *, uint64_t users)
    __attribute__((warn_unused_result));

/* What one alone is told.  _whispered: to its sender, whom it reached and
 * whom it did not. */
bool json_write_whisper(struct buf *, struct slice from, struct slice text)
    __attribute__((warn_unused_result));
bool json_write_whispered(struct buf *, const struct slice *to,
    size_t to_count, const struct slice *lost, size_t lost_count,
    struct slice text) __attribute__((warn_unused_result));
bool json_write_notice(struct buf *, struct slice text)
    __attribute__((warn_unused_result));
/* From `from` to `to`, both included. */
bool json_write_lost(struct buf *, uint64_t from, uint64_t to)
    __attribute__((warn_unused_result));
/* again: it had been said before. */
bool json_write_ack(struct buf *, struct slice id, uint64_t seq, bool again)
    __attribute__((warn_unused_result));
/* Empty id: none, as in all that follow. */
bool json_write_pong(struct buf *, struct slice id)
    __attribute__((warn_unused_result));
/* A code word and a sentence from elsewhere, or those of a row. */
bool json_write_refusal(struct buf *, struct slice word,
    struct slice sentence, struct slice id)
    __attribute__((warn_unused_result));
bool json_write_error(struct buf *, enum json_error, struct slice id)
    __attribute__((warn_unused_result));

/* more: how many there are besides. */
bool json_write_rooms(struct buf *, const struct aside_room *, size_t count,
    uint64_t more) __attribute__((warn_unused_result));

/*
 * Lists that are filled one by one.  Between _begin and _end nothing else is
 * appended to the buffer or taken from it; after a false the text so far is
 * still there, for the caller to throw away.
 */
bool json_write_history_begin(struct buf *)
    __attribute__((warn_unused_result));
bool json_write_history_add(struct buf *, const struct json_message *)
    __attribute__((warn_unused_result));
bool json_write_history_end(struct buf *, bool has_more)
    __attribute__((warn_unused_result));

bool json_write_who_begin(struct buf *) __attribute__((warn_unused_result));
bool json_write_who_add(struct buf *, struct slice name, bool is_away)
    __attribute__((warn_unused_result));
bool json_write_who_end(struct buf *, uint64_t more)
    __attribute__((warn_unused_result));

#endif
