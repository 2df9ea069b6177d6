/*
 * reload - what a SIGHUP brings: the configuration read anew, tried, and
 * ready to be put in force, or nothing at all.
 *
 * Runs in the parent, with the rights it was started with.  Putting it in
 * force cannot fail any more.
 */
#ifndef PARENT_RELOAD_H
#define PARENT_RELOAD_H

#include <stdbool.h>

#include "base/settings.h"
#include "parent/heritage.h"

struct parent;

struct reload {
	struct settings *settings;	/* both are the caller's */
	struct heritage_files files;
	/* For people: why not, or the settings that need a restart, with
	 * commas between. */
	char told[HERITAGE_ERROR];
};

/* All of it, but while the server ends or something is settling: says so to
 * the supervisor and in the log.  True: it is over when all have read it, for
 * which the caller calls settling_begin.  False: nothing has changed, `told`
 * says why. */
bool reload_run(struct parent *, struct reload *);

#endif
