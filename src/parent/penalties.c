/*
 * penalties - see penalties.h.
 */
#include "config.h"

#include "parent/penalties.h"

#include "base/meter.h"

#define FROM_US	(UINT64_C(1000) * PENALTIES_FROM_MS)

uint64_t
penalties_add(struct meter *meter, uint64_t address, uint64_t cost_us,
    uint64_t max_ms, uint64_t now_ms)
{
	uint64_t now_us = now_ms * 1000, before_us, *clock_us;

	if (address == 0 || cost_us == 0)
		return 0;
	clock_us = meter_clock(meter, address, now_us);
	if (*clock_us < now_us)
		*clock_us = now_us;
	before_us = *clock_us;
	*clock_us += cost_us;
	if (*clock_us > now_us + max_ms * 1000)
		*clock_us = now_us + max_ms * 1000;
	if (before_us > now_us + FROM_US || *clock_us <= now_us + FROM_US)
		return 0;
	return (*clock_us - now_us - FROM_US) / 1000 + 1;
}

/* A reload may have lowered the most since the time was added. */
bool
penalties_refuse(struct meter *meter, uint64_t address, uint64_t max_ms,
    uint64_t now_ms)
{
	uint64_t now_us = now_ms * 1000, most_us = now_us + max_ms * 1000;
	uint64_t clock_us = address == 0 ? 0 : meter_read(meter, address);

	if (clock_us > most_us)
		*meter_clock(meter, address, now_us) = clock_us = most_us;
	return clock_us > now_us + FROM_US;
}
