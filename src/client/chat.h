/*
 * chat - wschat for a person at a terminal.
 *
 * Runs in wschat.
 */
#ifndef CLIENT_CHAT_H
#define CLIENT_CHAT_H

struct event_base;
struct options;
struct trust;

/* Runs to the end and returns the exit code. */
int chat_run(struct event_base *, struct options *, const struct trust *);

#endif
