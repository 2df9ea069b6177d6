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
#include "parent/conf.h"
#include "parent/heritage.h"

struct door;
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

/* Reads the sources again, the certificates and the site, and opens the
 * listeners that are new (door.h).  False: something is wrong, the log says
 * what and where, nothing has changed. */
bool reload_prepare(struct reload *, const struct conf_sources *,
    const struct settings *in_force, struct door *)
    __attribute__((warn_unused_result));
/* Takes what was prepared: the parent goes by it, and so will all children,
 * those that are new included. */
void reload_put_in_force(struct parent *, const struct reload *);

#endif
