/*
 * shares - that those who say as much as they can get the same share.
 *
 * A pure part of the hub, in the broker.  Workers mark what comes of a client
 * whose socket has more than a read takes (IPC_MORE).  Where several such
 * clients have no rate, or one that they do not reach, their workers take what
 * comes as fast as each gets to run, and who shares his worker with another
 * would have half as much as who has one for himself.  So each has a clock of
 * the bytes that he has said, and who is too far ahead of the last who wants
 * more waits until that one has come up.
 *
 * Who wants more but says next to nothing holds nobody up.
 */
#ifndef BROKER_SHARES_H
#define BROKER_SHARES_H

#include <stdbool.h>
#include <stdint.h>

/* Over so many bytes ahead one waits until it is half of that, but for no
 * longer at once: the last may have gone meanwhile.  A worker's requests come
 * in loads of a megabyte, and to be ahead by one of these is nothing. */
#define SHARES_AHEAD	(1024 * 1024)
#define SHARES_WAIT_MS	100
/* Who counts as wanting more has been marked, and has said so many bytes, in
 * the last of these periods. */
#define SHARES_PERIOD_MS	250
#define SHARES_LEAST	(64 * 1024)
/* Who comes when so many have a clock has none. */
#define SHARES_MAX	64

struct shares;

/* NULL: no memory; _free takes NULL. */
struct shares *shares_new(void) __attribute__((warn_unused_result));
void shares_free(struct shares *);

/* The connection of a worker has said so many bytes, and there may be more in
 * its socket. */
void shares_take(struct shares *, unsigned worker, uint64_t connection,
    uint64_t bytes, bool has_more, uint64_t now_ms);
/* The end of a turn: calls back for each that is to wait. */
void shares_tell(struct shares *, uint64_t now_ms, void (*tell)(void *arg,
    unsigned worker, uint64_t connection, uint64_t wait_ms), void *arg);

#endif
