/*
 * chore - commands about the whole server: drain, reload, log-level.
 *
 * A part of wschatctl (errand.h); each returns the exit code.
 */
#ifndef CTL_CHORE_H
#define CTL_CHORE_H

struct errand;

int chore_drain(const struct errand *);
int chore_reload(const struct errand *);
int chore_log_level(const struct errand *);

#endif
