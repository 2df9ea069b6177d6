/*
 * backfill - what was said in a room before a client took its place: told
 * from the log, in pieces as the socket takes them, and then live.
 *
 * In the worker.  A client who is owed something of before lags from its
 * first line on: catchup.c brings it what comes behind the record of its
 * coming (JOIN, ENTER), when this here has told what is before it.  The log
 * has that in two forms: the messages themselves, which lie in their order,
 * and such as were KEPT when those were overwritten, which lie anywhere:
 *
 *	--+--------+----+--------+---------+--------+------+-------+-- log
 *	  | 37 kept|    | 36 kept|   38    |   39   | ENTER|  40   |
 *	--+--------+----+--------+---------+--------+------+-------+--
 *	                          ^ scan             ^ until
 *
 * A look back along the room's chain of messages finds both (SEEK), a part at
 * a time; then the lowest of these numbers are told where they were found
 * (FOUND): all, as a rule.  Only who has missed more goes on by a walk (SCAN)
 * up to `until`, past everybody who came meanwhile.  When the writer passes
 * what was found, the look begins again behind what has been told.  So every
 * number is told once, or is said to be lost.
 */
#ifndef WORKER_BACKFILL_H
#define WORKER_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "log/cursor.h"
#include "worker/client.h"
#include "worker/worker.h"

struct backfill;

/* What of before a client is told. */
struct backfill_wish {
	uint64_t after;		/* messages behind this number */
	uint64_t oldest_us;	/* and not said before; 0: whenever */
	bool is_history;	/* nobody was promised the first of them: what
				 * is missing there is not said to be lost */
};

/* The client has become a member by this record: from here on it lags, and is
 * told what it is owed.  Nothing is done when that is nothing.  False: no
 * memory. */
bool backfill_begin(struct worker *, struct client *,
    const struct cursor_view *, const struct backfill_wish *)
    __attribute__((warn_unused_result));
bool backfill_is_under_way(const struct client *);
/* Its socket takes bytes: tells a bounded part. */
void backfill_run(struct worker *, struct client *);
void backfill_free(struct backfill *);		/* NULL is fine */

#endif
