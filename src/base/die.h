/*
 * die - the end of a process because the world is wrong.
 *
 * At start, or with nothing left to serve.  A bug is assert()'s; a peer's
 * fault ends that peer's connection and never comes here.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

/* Logs the reason, adds errno's text when errno is set, and exits with a
 * code of sysexits.h.  Set errno to 0 when it means nothing. */
void die(int code, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#endif
