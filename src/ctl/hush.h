/*
 * hush - commands about who is heard: mute, unmute, mutes.
 *
 * A part of wschatctl (errand.h); each returns the exit code.
 */
#ifndef CTL_HUSH_H
#define CTL_HUSH_H

struct errand;

int hush_mute(const struct errand *);
int hush_unmute(const struct errand *);
int hush_list(const struct errand *);

#endif
