/*
 * supervisor - what the program that started us wants to know.
 *
 * Runs in the parent.  Speaks systemd's notification protocol (sd_notify(3))
 * when NOTIFY_SOCKET is set, and the one of s6: a line on a descriptor once
 * the server is ready.  Waits for nobody: what cannot be sent now is sent in
 * a later turn, or is out of date by then.
 */
#ifndef PARENT_SUPERVISOR_H
#define PARENT_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

/* Takes what the environment says and clears it there, as it is not meant
 * for children; takes `ready_fd`, -1 for none.  Dies when memory is short; a
 * socket that cannot be reached is logged. */
struct supervisor *supervisor_new(int ready_fd);
void supervisor_free(struct supervisor *);

/* Every child serves: READY, once.  Returns whether this was the first
 * time. */
bool supervisor_ready(struct supervisor *);
/* A reload begins, and is over, whether it changed something or not:
 * RELOADING, then READY.  `now_us` is of CLOCK_MONOTONIC. */
void supervisor_reloading(struct supervisor *, uint64_t now_us);
void supervisor_reloaded(struct supervisor *);
/* One line for people, "12 connections"; sent when it is another than the
 * last. */
void supervisor_status(struct supervisor *, const char *text);
/* The end has begun and may take so long: STOPPING, once. */
void supervisor_stopping(struct supervisor *, uint64_t within_ms);
/* Called whenever every child has answered; tells the watchdog, if there is
 * one, some times in its interval. */
void supervisor_alive(struct supervisor *, uint64_t now_ms);
/* Sends what could not be sent before. */
void supervisor_flush(struct supervisor *);

#endif
