/*
 * capacity - how much memory the server may count on.
 *
 * Runs in the parent, when the settings are read.
 */
#ifndef PARENT_CAPACITY_H
#define PARENT_CAPACITY_H

#include <stdint.h>

#include "base/settings.h"

/*
 * What each worker may hold for its clients, in bytes: its part of
 * limits.memory.  Where that is 0, half of what the machine's memory, or the
 * cgroup's limit when that is less, leaves beside the log is divided; and
 * where RLIMIT_AS is set, it is no more than half of what the program and the
 * log leave of that.  At least a megabyte then.
 */
uint64_t capacity_share(const struct settings *);

/* The least limit of a control group and those above it: `path` below
 * `folder`, in the file `name` of each.  UINT64_MAX: none. */
uint64_t capacity_of_cgroup(const char *folder, const char *path,
    const char *name);

#endif
