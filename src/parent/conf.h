/*
 * conf - from the configuration file and the command line to settings.
 *
 * Runs in the parent only.  Knows where every value came from.
 */
#ifndef PARENT_CONF_H
#define PARENT_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/settings.h"

#define CONF_OPTIONS	64

/* What the command line and the environment say; lends their texts. */
struct conf_sources {
	const char *file;	/* to be read */
	bool file_may_miss;	/* then the built-in defaults hold */
	bool file_may_be_stream;	/* such as /dev/stdin: it gives its
				 * text but once, and is waited for */
	char *const *environment;	/* counts over the file; NULL: none */
	const char *options[CONF_OPTIONS];	/* text read after these */
	unsigned option_count;
	const char *listeners[SETTINGS_LISTENERS]; /* replace the others */
	unsigned listener_count;
	int socket_count;	/* of the supervisor's: fd:3 and those behind
				 * it are the listeners when none is named */
	unsigned workers;	/* 0: not given */
};

struct conf;

/* Reads and judges everything.  Returns an owned configuration, or NULL with
 * a sentence in `error`: "FILE:LINE: what is wrong".  A route given in an
 * option changes the file's route of that path or is one more. */
struct conf *conf_load(const struct conf_sources *, char *error,
    size_t size) __attribute__((warn_unused_result));
void conf_free(struct conf *);

/* Tells of each file that others could change (loose.h); both lent for the
 * call. */
typedef void conf_told(const char *file, const char *why);
void conf_tell_loose(const struct conf *, conf_told *);

/* As resolved; lent. */
const struct settings *conf_settings(const struct conf *);

#endif
