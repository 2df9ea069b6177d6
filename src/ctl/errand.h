/*
 * errand - the commands of wschatctl: words, what they take, what they do.
 *
 * A row of the table is a command; its help is printed from there.
 */
#ifndef CTL_ERRAND_H
#define CTL_ERRAND_H

#include <stdbool.h>
#include <stdio.h>

struct ask;

/* Exit codes, beside those of <sysexits.h>: 64 usage, 69 nobody answers, 76
 * nonsense was answered, 77 not allowed. */
enum { ERRAND_DONE = 0, ERRAND_REFUSED = 1 };

struct errand {
	struct ask *ask;
	bool is_json;		/* print answers as they come */
	const char *route;	/* -r; NULL: not said */
	long lines;		/* -n; -1: not said */
	char **words;		/* behind the command, NULL-terminated */
	int count;
};

struct errand_row {
	const char *word;
	const char *takes;	/* for people */
	int least, most;	/* words; -1: any number */
	int (*run)(const struct errand *);
	const char *help;
};

/* NULL: there is no such command. */
const struct errand_row *errand_find(const char *word);
void errand_print_help(FILE *);

#endif
