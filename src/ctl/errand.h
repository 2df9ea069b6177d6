/*
 * errand - the commands of wschatctl: words, what they take, what they do.
 *
 * A row of the table is a command; its help is printed from there.
 */
#ifndef CTL_ERRAND_H
#define CTL_ERRAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/ask.h"

/* Exit codes, beside those of <sysexits.h>: 64 usage, 69 nobody answers, 76
 * nonsense was answered, 77 not allowed. */
enum { ERRAND_DONE = 0, ERRAND_REFUSED = 1 };

struct errand {
	struct ask *ask;
	bool is_json;		/* print answers as they come */
	bool is_once;		/* -1 */
	const char *route;	/* -r; NULL: not said */
	long lines;		/* -n; -1: not said */
	char **words;		/* behind the command, NULL-terminated */
	int count;
};

struct errand_row {
	const char *word;
	const char *takes;	/* for people */
	int least, most;	/* words; -1: any number */
	const char *options;	/* of 1, n and r those that it takes */
	int (*run)(const struct errand *);
	const char *help;
};

/* NULL: there is no such command. */
const struct errand_row *errand_find(const char *word);
void errand_print_help(FILE *);

/* For what carries out a command: orders, and waits for an answer that is not
 * a no; then it is the caller's.  Takes the order.  What may be asked twice is
 * asked again when the server has gone meanwhile: a broker dies now and then,
 * and another follows.  Returns an exit code; what is not DONE has been
 * said. */
int errand_order(const struct errand *, json_t *what, bool may_repeat,
    json_t **answer_out) __attribute__((warn_unused_result));
/* Says why the server cannot be asked; returns the exit code. */
int errand_complain(struct ask *, enum ask_result);
/* Orders what may be ordered twice, and shows the answer unless -j wants it as
 * it came, or says why not.  Takes the order, NULL: there was no memory for
 * it.  Returns the exit code. */
int errand_ask(const struct errand *, json_t *what,
    bool (*show)(const json_t *answer));

#endif
