/*
 * append - the one writer of the log.
 *
 * Owns the rules by which records enter the ring and leave it; runs in the
 * broker.  A pure module over a writable mapping.  A process that dies
 * between any two stores leaves a log whose committed part is whole.
 *
 * Making room: while the ring lacks space for the new record beside the
 * reserve (one record of the greatest length), the oldest record goes.  When
 * it is a message within its room's history (the callback says so) and the
 * kept ones hold less than a quarter of the ring, it is first appended again
 * as KEPT, into the reserve, and committed; only then `first` passes the
 * original.  `first` is stored and a full fence issued before any byte is
 * written where the old record lay.
 */
#ifndef LOG_APPEND_H
#define LOG_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "log/log.h"
#include "log/record.h"

struct append;

/* Says whether the message `record` (whole, lent) is still within its room's
 * history.  When it is, fills the room's newest position, of a record written
 * and not yet committed too (to become KEPT's `previous`), and later learns
 * where the copy stands through `kept`, which lends the copy. */
struct append_callbacks {
	bool (*is_wanted)(void *arg, const struct record *record,
	    uint64_t *newest_out);
	void (*kept)(void *arg, const struct record *record,
	    uint64_t position);
};

/* What the caller says of a record; lengths are in bytes, texts are lent.
 * When making room keeps a message of the same room, the copy's position
 * takes the place of `previous`: no link passes a copy by. */
struct append_record {
	enum record_kind kind;
	uint8_t route;
	uint64_t time_us, room, seq, previous, sender, generation, request,
	    count;
	const void *name;
	uint8_t name_len;
	uint8_t flags;		/* ACTION, MOVED; the rest follows from: */
	const uint8_t *token;	/* RECORD_TOKEN_BYTES; NULL: none */
	const void *id;
	uint8_t id_len;		/* at most RECORD_ID_MAX; 0: none */
	struct record_enter enter;	/* of ENTER */
	const void *text;
	uint32_t text_len;
};

/* Starts to write at `committed`: what a dead writer left behind it is void.
 * Scans first..committed to count what is KEPT, and passes an original whose
 * copy the dead writer had committed.  Borrows the mapping and the callbacks.
 * NULL when memory is short or a record's form is damaged; sums are left to
 * verify_log. */
struct append *append_new(struct log *, const struct append_callbacks *,
    void *arg) __attribute__((warn_unused_result));
void append_free(struct append *);

/* Writes one record behind the last one; it does not count before
 * append_commit.  (Making room may commit what was written before.)
 * Returns its position, or LOG_NONE when it is longer than
 * record_length_max. */
uint64_t append_write(struct append *, const struct append_record *)
    __attribute__((warn_unused_result));

/* Makes room for records of so many bytes together, a small part of the ring
 * at most: until that is used up, writing them commits nothing. */
void append_reserve(struct append *, uint64_t bytes);

/* Makes everything written count: one release store of `committed`. */
void append_commit(struct append *);

/* Where the next record will stand, unless a KEPT goes before it. */
uint64_t append_position(const struct append *);

#endif
