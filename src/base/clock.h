/*
 * clock - the two times: monotonic for every deadline, wall for records.
 *
 * The only file that may ask for the wall clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);	/* monotonic, milliseconds */
uint64_t clock_us(void);	/* the same, microseconds */
uint64_t clock_wall_us(void);	/* microseconds since 1970 */

#endif
