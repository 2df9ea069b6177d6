/*
 * change - what a reload makes of the settings in force and those of the
 * file: what may change changes, the rest stays and is named.
 *
 * Runs in the parent; pure.  Whether a setting may change stands in its row
 * of settings_table.
 */
#ifndef PARENT_CHANGE_H
#define PARENT_CHANGE_H

#include <stdbool.h>

#include "base/settings.h"

/* One difference, lent for the call. */
struct change {
	const char *setting;	/* "route /chat: limits.message-rate" */
	const char *from, *to;	/* values as in the file; NULL: a section that
				 * is new, or is not there any more */
	bool is_made;		/* else it needs a restart */
};

typedef void change_told(void *arg, const struct change *);

/* The settings from now on, owned by the caller; each difference is told.
 * A route keeps its index, so it must have been there and be there still.
 * So does a listener; the place of one that is closed stays empty while there
 * are others (settings_has_listener).  NULL: no memory. */
struct settings *change_make(const struct settings *in_force,
    const struct settings *file, change_told *, void *arg)
    __attribute__((warn_unused_result));

#endif
