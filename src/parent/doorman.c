/*
 * doorman - see doorman.h.
 */
#include "config.h"

#include "parent/doorman.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/logger.h"
#include "base/meter.h"
#include "base/metrics.h"
#include "base/netaddr.h"
#include "base/settings.h"
#include "base/tally.h"
#include "parent/penalties.h"

/* So many beyond the limit of all, beyond what there was when memory became
 * short, or beyond twice that of their address, get their 503 from a worker;
 * more would fill the slots of others by being refused. */
#define REFUSED_MAX	64

struct doorman {
	struct tally *addresses;	/* sockets, by their peer */
	struct meter *penalties;	/* of addresses, penalties.h */
	uint64_t short_from;	/* connections there were when memory was last
				 * said to be short */
};

struct doorman *
doorman_new(void)
{
	struct doorman *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->addresses = tally_new();
	d->penalties = meter_new();
	if (d->addresses == NULL || d->penalties == NULL) {
		doorman_free(d);
		return NULL;
	}
	return d;
}

void
doorman_free(struct doorman *d)
{
	tally_free(d->addresses);
	meter_free(d->penalties);
	free(d);
}

bool
doorman_count(struct doorman *d, const struct settings_limits *limits,
    struct pool_entry *entry)
{
	const uint8_t *bytes = entry->accepted.address;
	uint64_t address, count;

	if (limits->connections_per_address == 0 ||
	    (limits->loopback_exempt && netaddr_is_loopback(bytes)))
		return true;
	address = netaddr_key(bytes);
	if (address == 0)
		return true;
	if (penalties_refuse(d->penalties, address, limits->penalty_max_ms,
	    clock_ms()))
		return false;
	count = tally_add(d->addresses, address);
	if (count == 0)
		return false;
	entry->address = address;
	if (count > limits->connections_per_address) {
		entry->accepted.flags |= IPC_ACCEPTED_REFUSE;
		metrics_add(METRIC_LIMITS_HIT + METRICS_LIMIT_PER_ADDRESS, 1);
	}
	return count <= limits->connections_per_address * 2 + REFUSED_MAX;
}

void
doorman_discount(struct doorman *d, uint64_t address)
{
	if (address != 0)
		tally_remove(d->addresses, address);
}

bool
doorman_judge(const struct doorman *d, const struct settings_limits *limits,
    uint64_t connections, enum pool_choice choice,
    struct ipc_accepted *accepted)
{
	uint64_t max = limits->connections;

	if (choice == POOL_SHORT && (max == 0 || max > d->short_from))
		max = d->short_from;
	else if (max == 0)
		return true;
	if (choice == POOL_SHORT || connections >= max) {
		accepted->flags |= IPC_ACCEPTED_REFUSE;
		metrics_add(METRIC_LIMITS_HIT + (choice == POOL_SHORT ?
		    METRICS_LIMIT_MEMORY : METRICS_LIMIT_CONNECTIONS), 1);
	}
	return connections < max + REFUSED_MAX;
}

void
doorman_note_short(struct doorman *d, uint64_t connections)
{
	d->short_from = connections;
}

void
doorman_punish(struct doorman *d, const struct settings_limits *limits,
    uint64_t address, uint64_t cost_us, const char *why)
{
	uint64_t for_ms = penalties_add(d->penalties, address, cost_us,
	    limits->penalty_max_ms, clock_ms());
	char text[NETADDR_KEY_TEXT];

	if (for_ms > 0)
		logger_warning("address refused for a time",
		    "address=%s why=%s seconds=%" PRIu64,
		    netaddr_format_key(address, text), why,
		    (for_ms + 999) / 1000);
}
