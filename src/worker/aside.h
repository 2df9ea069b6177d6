/*
 * aside - the lines that one text client gets and its room does not: answers
 * to commands, and whispers.
 *
 * A pure module of the worker.  Each line begins with "[server::WORD] ".
 * Whatever comes from users passes plain_write, so that it stays within its
 * line, and what stands before a name or a text tells where it begins: names
 * hold no space and no comma, and a text comes last.  Names longer than any
 * that can be had are cut.
 *
 * All append one line.  False: no memory, nothing was appended.
 */
#ifndef WORKER_ASIDE_H
#define WORKER_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ws/slice.h"

struct aside_room {
	struct slice name;	/* empty: the default room */
	uint64_t users;
};

/* "[server::who] a, b (away), c, and 7 more".  As in LISTED, '+' stands in
 * front of a name, or '-' of who is away; more: how many are not in `names`. */
bool aside_who(struct buf *, const struct slice *names, size_t count,
    uint64_t more) __attribute__((warn_unused_result));

/* "[server::rooms] default room (3), lab (2), and 7 more" */
bool aside_rooms(struct buf *, const struct aside_room *, size_t count,
    uint64_t more) __attribute__((warn_unused_result));
/* The route has `list-rooms = no`: "[server::rooms] are not listed here" */
bool aside_rooms_hidden(struct buf *) __attribute__((warn_unused_result));

/* "[server::nick] you are now NAME", "[server::nick] the name NAME is taken",
 * "[server::nick] the name NAME is not possible: REASON" */
bool aside_nick(struct buf *, struct slice name)
    __attribute__((warn_unused_result));
bool aside_nick_taken(struct buf *, struct slice name)
    __attribute__((warn_unused_result));
bool aside_nick_impossible(struct buf *, struct slice name,
    const char *reason) __attribute__((warn_unused_result));

/* "[server::error] an administrator has muted you: nobody hears this" */
bool aside_muted(struct buf *) __attribute__((warn_unused_result));

/* "[server::join] you are in ROOM, there are N users",
 * "[server::join] the room ROOM is not possible: REASON" */
bool aside_join(struct buf *, const struct aside_room *)
    __attribute__((warn_unused_result));
bool aside_join_impossible(struct buf *, struct slice room,
    const char *reason) __attribute__((warn_unused_result));

/* To its sender, who was reached and who was not: two lines, each only when
 * there is such a name.  "[server::whisper] to A, B: text",
 * "[server::whisper] not found: C, D" */
bool aside_whisper_sent(struct buf *, const struct slice *names, size_t count,
    struct slice text) __attribute__((warn_unused_result));
bool aside_whisper_lost(struct buf *, const struct slice *names, size_t count)
    __attribute__((warn_unused_result));
/* To each who hears it: "[server::whisper] from A: text" */
bool aside_whisper(struct buf *, struct slice from, struct slice text)
    __attribute__((warn_unused_result));

/* "[server::resume] token TOKEN",
 * "[server::resume] you are NAME again, in ROOM",
 * "[server::resume] not known any more, you are NAME" */
bool aside_resume_token(struct buf *, const char *token)
    __attribute__((warn_unused_result));
bool aside_resume_again(struct buf *, struct slice name, struct slice room)
    __attribute__((warn_unused_result));
bool aside_resume_unknown(struct buf *, struct slice name)
    __attribute__((warn_unused_result));
/* "[server::resume] repeating from N", "[server::resume] lost FROM-TO" */
bool aside_resume_repeating(struct buf *, uint64_t from)
    __attribute__((warn_unused_result));
bool aside_resume_lost(struct buf *, uint64_t from, uint64_t to)
    __attribute__((warn_unused_result));

/* "[server::ping] pong" */
bool aside_ping(struct buf *) __attribute__((warn_unused_result));

#endif
