/*
 * regular - files that settings name, opened so that nothing holds us up.
 *
 * Runs in the parent, at start and for a reload, when clients are connected:
 * who opens a FIFO waits until somebody writes into it, and a device may have
 * no end.  So what is read is a regular file, or /dev/null, which is an empty
 * one.
 */
#ifndef PARENT_REGULAR_H
#define PARENT_REGULAR_H

struct stat;

/* Opens it for reading, and says what it is.  Descriptor, or -1 with errno and
 * a sentence in `why_out`, which is good until the next call of strerror. */
int regular_open(const char *path, struct stat *, const char **why_out)
    __attribute__((warn_unused_result));

#endif
