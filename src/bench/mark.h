/*
 * mark - the words in a text by which a receiver knows it again.
 *
 * "~RRRRRRSSSSSSSSCCCCCCCCTTTTTTTTTTTTTTTT" in hex: the run, the sender, its
 * counter, the time the text was due.  It is found behind whatever the
 * server puts in front, so `[user0]: ` needs no special care.  Pure; runs in
 * wschat-bench.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_BYTES	39
#define MARK_RUNS	0xffffffU

struct mark {
	uint32_t run;		/* at most MARK_RUNS */
	uint32_t sender, counter;
	uint64_t due_ns;
};

void	mark_write(const struct mark *, char out[MARK_BYTES]);

/* False: `text` has none. */
bool	mark_read(const char *text, size_t len, struct mark *out)
	    __attribute__((warn_unused_result));

#endif
