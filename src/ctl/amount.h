/*
 * amount - how much, in few characters: "1.5 MB", "3d 4h".
 *
 * A pure module of wschatctl.
 */
#ifndef CTL_AMOUNT_H
#define CTL_AMOUNT_H

#define AMOUNT_TEXT	32

/* Both return `out`. */
const char *amount_bytes(double bytes, char out[AMOUNT_TEXT]);
const char *amount_time(long long seconds, char out[AMOUNT_TEXT]);

#endif
