/*
 * pipe - wschat without a person: lines in, lines out, a status at the end.
 *
 * Runs in wschat.
 */
#ifndef CLIENT_PIPE_H
#define CLIENT_PIPE_H

struct event_base;
struct options;
struct trust;

/* Runs to the end and returns the exit code, or minus the signal that ended
 * it. */
int pipe_run(struct event_base *, struct options *, const struct trust *);

#endif
