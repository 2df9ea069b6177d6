/*
 * usage - what this process uses: processor time and memory.
 *
 * Runs in every process, and puts both into its metrics.
 */
#ifndef BASE_USAGE_H
#define BASE_USAGE_H

/* Before rights are given up: without /proc memory is not told. */
void usage_open(void);
/* About once a second, when the process is awake anyway. */
void usage_sample(void);

#endif
