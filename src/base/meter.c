/*
 * meter - see meter.h.
 */
#include "config.h"

#include "base/meter.h"

#include <assert.h>
#include <stdlib.h>

#define SETS		1024U
#define PLACES		8U	/* two cache lines */

struct row {
	uint64_t key;		/* 0: nobody has it */
	uint64_t clock_us;
};

struct meter {
	struct row rows[SETS][PLACES];
};

/* What nobody touches costs no memory. */
struct meter *
meter_new(void)
{
	return calloc(1, sizeof(struct meter));
}

void
meter_free(struct meter *meter)
{
	free(meter);
}

/* An odd number near 2^64 divided by the golden ratio spreads neighbours. */
static unsigned
set_of(uint64_t key)
{
	return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SETS;
}

uint64_t *
meter_clock(struct meter *meter, uint64_t key, uint64_t now_us)
{
	struct row *rows = meter->rows[set_of(key)], *least = &rows[0];

	assert(key != 0);
	for (unsigned i = 0; i < PLACES; i++) {
		if (rows[i].key == key)
			return &rows[i].clock_us;
		if (rows[i].clock_us <= now_us)
			rows[i].clock_us = 0;
		if (rows[i].clock_us < least->clock_us)
			least = &rows[i];
	}
	*least = (struct row){ .key = key };
	return &least->clock_us;
}

uint64_t
meter_read(const struct meter *meter, uint64_t key)
{
	const struct row *rows = meter->rows[set_of(key)];

	for (unsigned i = 0; i < PLACES; i++)
		if (rows[i].key == key)
			return rows[i].clock_us;
	return 0;
}
