/*
 * sandbox - what a child gives up before it serves.
 *
 * Called by broker and worker, once, in this order: privilege_drop,
 * sandbox_enter.  The parent keeps what it has.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

enum sandbox_kind { SANDBOX_BROKER, SANDBOX_WORKER };

/* Started as root: becomes `user` with its groups, for good; dies when that
 * is not possible.  Otherwise only forbids new privileges. */
void privilege_drop(const char *user);

/* Makes the process not dumpable and puts it under a filter of system calls;
 * dies when that is not possible.  What is not on the list fails with EPERM:
 * no file is opened, no socket made, no process started, looked into or
 * signalled, no memory executable that was not.  Both may still map memory
 * and pass and take descriptors; the broker may also grow its state file.
 *
 * Everything that opens files (time zone, passwd, /dev/null) comes before.
 *
 * With WSCHATD_SANITIZE the list is the other way round, so that the leak
 * checker works: all but opening for writing, chmod, sockets, exec and
 * touching other processes' memory is allowed, and the process stays
 * dumpable. */
void sandbox_enter(enum sandbox_kind);

#endif
