/*
 * span - a time such as 90, 30s, 10m, 2h or 7d.
 *
 * A pure module of wschatctl.
 */
#ifndef CTL_SPAN_H
#define CTL_SPAN_H

#include <jansson.h>

/* In seconds, from 0 on; -1: it is none, and standard error says so. */
json_int_t span_read(const char *text);

#endif
