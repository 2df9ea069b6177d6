/*
 * gauges - see gauges.h.
 */
#include "config.h"

#include "broker/gauges.h"

#include "base/metrics.h"
#include "base/usage.h"
#include "broker/broker_parts.h"
#include "broker/hub_parts.h"
#include "log/cursor.h"

static void
sample_log(const struct log *log)
{
	uint64_t first = log_first(log), end = log_committed(log);
	struct cursor_view view;

	metrics_set(METRIC_LOG_SIZE, log_ring_size(log));
	metrics_set(METRIC_LOG_END, end);
	metrics_set(METRIC_LOG_OLDEST, first < end &&
	    cursor_read(log, first, &view) ? view.record.time_us : 0);
}

static void
sample_queues(const struct broker *b)
{
	uint64_t queued = 0;

	for (unsigned i = 0; i < b->link_count; i++)
		if (b->links[i].peer != NULL)
			queued += peer_queued(b->links[i].peer);
	metrics_set(metrics_queue_to(METRICS_AT_WORKER), queued);
	metrics_set(metrics_queue_to(METRICS_AT_PARENT),
	    peer_queued(b->parent));
}

void
gauges_sample(const struct broker *b)
{
	sample_log(b->hub->log);
	sample_queues(b);
	metrics_set(METRIC_ROOMS, hub_rooms(b->hub));
	usage_sample();
}
