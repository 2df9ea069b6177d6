/*
 * allowance - see allowance.h.
 */
#include "config.h"

#include "broker/allowance.h"

#include <stdlib.h>

#include "base/meter.h"
#include "base/rate.h"

/* In one turn; who is not among them is when he speaks again. */
#define OVER_MAX	64

struct over {
	uint64_t address, wait_ms;
};

struct allowance {
	struct meter *meter;
	unsigned over_count;
	struct over over[OVER_MAX];
};

struct allowance *
allowance_new(void)
{
	struct allowance *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->meter = meter_new();
	if (a->meter == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void
allowance_free(struct allowance *a)
{
	if (a == NULL)
		return;
	meter_free(a->meter);
	free(a);
}

/* Every telling costs a message to each worker.  Who waits a little longer may
 * say so many more at once then, as long as that is within his burst. */
static uint64_t
least_ms(uint64_t rate, uint64_t burst)
{
	uint64_t ahead_ms = rate_ahead_us(rate, burst) / 1000;

	return ahead_ms < ALLOWANCE_LEAST_MS ? ahead_ms : ALLOWANCE_LEAST_MS;
}

static void
note_over(struct allowance *a, uint64_t address, uint64_t wait_ms)
{
	unsigned i = 0;

	while (i < a->over_count && a->over[i].address != address)
		i++;
	if (i == OVER_MAX)
		return;
	a->over[i] = (struct over){ address, wait_ms };
	if (i == a->over_count)
		a->over_count++;
}

void
allowance_take(struct allowance *a, const struct settings_limits *l,
    uint64_t address, uint64_t now_ms)
{
	uint64_t rate = l->message_rate_per_address;
	uint64_t burst = l->message_burst_per_address, most_us, *clock_us;
	uint64_t wait_ms, least = least_ms(rate, burst);

	if (address == 0 || rate == 0)
		return;
	clock_us = meter_clock(a->meter, address, now_ms * 1000);
	if (!rate_take(clock_us, now_ms, rate, burst))
		return;
	most_us = (now_ms + ALLOWANCE_WAIT_MS) * 1000 +
	    rate_ahead_us(rate, burst);
	if (*clock_us > most_us)
		*clock_us = most_us;
	wait_ms = (rate_free_us(*clock_us, rate, burst) + 999) / 1000 - now_ms;
	note_over(a, address, wait_ms > least ? wait_ms : least);
}

void
allowance_tell(struct allowance *a, void (*tell)(void *, uint64_t, uint64_t),
    void *arg)
{
	for (unsigned i = 0; i < a->over_count; i++)
		tell(arg, a->over[i].address, a->over[i].wait_ms);
	a->over_count = 0;
}
