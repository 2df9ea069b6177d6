/*
 * top - what the server does, second by second.
 *
 * A command of wschatctl (errand.h).  On a terminal one screen is drawn anew
 * each second until q or Ctrl-C; else, or with -1, one second is looked at and
 * shown; with -j there is an object for each second.
 */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/errand.h"

int top_run(const struct errand *);

#endif
