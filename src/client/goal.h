/*
 * goal - what wschat waits for before it ends, when it was told.
 *
 * A pure module of wschat: --expect and --count.
 */
#ifndef CLIENT_GOAL_H
#define CLIENT_GOAL_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct goal {
	regex_t pattern;
	bool has_pattern;
	bool has_count;
	uint64_t count;		/* to go; 0 with has_count: without end */
};

void goal_init(struct goal *);
void goal_clear(struct goal *);

/* An extended regular expression.  False: `why` says what is wrong. */
bool goal_set_pattern(struct goal *, const char *regex, char *why,
    size_t size) __attribute__((warn_unused_result));
void goal_set_count(struct goal *, uint64_t count);

/* Whether there is one: then the end of input is not the end. */
bool goal_is_set(const struct goal *);

/* A line of output.  With a pattern those count that it matches, else those
 * that are messages.  True: this was the last that was needed. */
bool goal_take(struct goal *, const char *line, bool is_message);

#endif
