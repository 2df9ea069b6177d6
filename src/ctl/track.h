/*
 * track - wschatctl's trace: a user followed until he is gone.
 *
 * A part of wschatctl.
 */
#ifndef CTL_TRACK_H
#define CTL_TRACK_H

struct errand;

int track_run(const struct errand *);

#endif
