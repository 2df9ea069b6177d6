/*
 * unsent - bytes of one connection that wait to be sent: a request, and
 * masked frames behind it.
 *
 * Runs in wschat-bench; link.c sends them.
 */
#ifndef BENCH_UNSENT_H
#define BENCH_UNSENT_H

#include <stdbool.h>
#include <stddef.h>

#define UNSENT_MAX	(64U << 20)	/* bytes that may wait */

/* What waits is bytes[begin..end). */
struct unsent {
	size_t begin, end, size;
	unsigned char bytes[];
};

/* Room for `len` bytes at the end, which the caller fills and adds to `end`.
 * *unsent may be NULL and may move.  NULL: UNSENT_MAX or no memory. */
unsigned char *unsent_reserve(struct unsent **, size_t len)
    __attribute__((warn_unused_result));

/* One masked frame (RFC 6455 5.2) of opcode `op`; borrows `data`.  False as
 * above, and then nothing was added. */
bool unsent_add_frame(struct unsent **, int op, const void *data, size_t len)
    __attribute__((warn_unused_result));

#endif
