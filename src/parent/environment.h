/*
 * environment - settings given as variables: WSCHATD_WORKERS,
 * WSCHATD_LIMITS_MESSAGE_SIZE, WSCHATD_LISTEN.
 *
 * Runs in the parent.  Reading them is a part of conf (conf_parts.h).
 */
#ifndef PARENT_ENVIRONMENT_H
#define PARENT_ENVIRONMENT_H

#include <stddef.h>

struct settings_row;

#define ENVIRONMENT_NAME	64	/* bytes with the NUL */

/* The variable of a setting, in `out`; NULL: it has none, as those of routes
 * and of single listeners. */
const char *environment_name(const struct settings_row *,
    char out[ENVIRONMENT_NAME]);

/* Both lent for the call. */
typedef void environment_told(const char *name, const char *nearest);

/* Tells of each variable that begins with WSCHATD_ and is no setting.  It is
 * no error: Kubernetes gives containers such as WSCHATD_SERVICE_HOST. */
void environment_tell_unknown(char *const *environment, environment_told *);

#endif
