/*
 * Contract of tests/faults/options.c: what a crowd is told on its command
 * line: how many come, as whom and by which way, and what they say.
 */

#ifndef FAULTS_OPTIONS_H
#define FAULTS_OPTIONS_H

#include "bench/link.h"

struct options {
	unsigned slots;			/* clients there at once */
	unsigned json, tls, stalled;	/* of these */
	unsigned senders, whispers, parallel;
	double rate, seconds;		/* messages a second, how long */
	const char *trace, *path;
	struct link_target plain, secure;	/* secure: only with tls > 0 */
};

/* Exits with a word on how it is used, or on what is wrong with a file. */
void	options_parse(struct options *, int argc, char **argv);

#endif
