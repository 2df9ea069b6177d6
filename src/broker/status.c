/*
 * status - see status.h.
 */
#include "config.h"

#include "broker/status.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "broker/hub_parts.h"

static json_t *
describe_workers(const struct hub *hub)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < hub->workers; i++) {
		const struct hub_worker *w = &hub->worker[i];

		if (w->generation != 0)
			(void)json_array_append_new(list, json_pack(
			    "{s:i, s:I, s:I}", "worker", (int)i,
			    "generation", (json_int_t)w->generation,
			    "connections",
			    (json_int_t)roster_worker_count(w->connections)));
	}
	return list;
}

static json_int_t
seconds_since(uint64_t start_s)
{
	uint64_t now_s = clock_wall_us() / 1000000;

	return start_s > 0 && start_s < now_s ?
	    (json_int_t)(now_s - start_s) : 0;
}

static json_t *
describe_process(unsigned place)
{
	char name[METRICS_NAME];
	json_t *one = json_pack("{s:s, s:I, s:I, s:I, s:I}",
	    "process", metrics_place_name(place, name),
	    "pid", (json_int_t)metrics_read(place, METRIC_PID),
	    "uptime", seconds_since(metrics_read(place, METRIC_START)),
	    "cpu_us", (json_int_t)metrics_read(place, METRIC_CPU),
	    "memory", (json_int_t)metrics_read(place, METRIC_MEMORY));

	if (place < METRICS_AT_WORKER)
		return one;
	(void)json_object_update_new(one, json_pack("{s:I, s:I, s:I}",
	    "connections", (json_int_t)metrics_read(place,
	    METRIC_CONNECTIONS),
	    "slow", (json_int_t)metrics_read(place, METRIC_SLOW),
	    "backlog", (json_int_t)metrics_read(place, METRIC_BACKLOG)));
	return one;
}

static json_t *
describe_processes(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < metrics_places(); i++)
		if (metrics_is_alive(i))
			(void)json_array_append_new(list,
			    describe_process(i));
	return list;
}

/* How many deliveries took at most so many microseconds, each bucket without
 * those below it; the last has no bound. */
static json_t *
describe_deliveries(void)
{
	json_t *list = json_array(), *one;

	for (unsigned i = 0; i < METRICS_BUCKETS; i++) {
		one = json_pack("{s:I}", "count", (json_int_t)metrics_sum(
		    METRIC_DELIVERY + i));
		if (metrics_bucket_us(i) != UINT64_MAX)
			(void)json_object_set_new(one, "us", json_integer(
			    (json_int_t)metrics_bucket_us(i)));
		(void)json_array_append_new(list, one);
	}
	return list;
}

static json_t *
describe_counts(void)
{
	static const struct {
		const char *name;
		unsigned value;
	} counts[] = {
		{ "messages", METRIC_MESSAGES },
		{ "received", METRIC_RECEIVED },
		{ "deliveries", METRIC_DELIVERIES },
		{ "bytes_in", METRIC_BYTES_IN },
		{ "bytes_out", METRIC_BYTES_OUT },
		{ "delivery_us", METRIC_DELIVERY_LAST },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		(void)json_object_set_new(object, counts[i].name,
		    json_integer((json_int_t)metrics_sum(counts[i].value)));
	return object;
}

static json_t *
describe_restarts(void)
{
	return json_pack("{s:I, s:I}",
	    "broker", (json_int_t)metrics_sum(METRIC_RESTARTS +
	    METRICS_AT_BROKER),
	    "worker", (json_int_t)metrics_sum(METRIC_RESTARTS +
	    METRICS_AT_WORKER));
}

static json_t *
describe_log(const struct log *log)
{
	return json_pack("{s:I, s:I, s:I}",
	    "size", (json_int_t)log_ring_size(log),
	    "first", (json_int_t)log_first(log),
	    "end", (json_int_t)log_committed(log));
}

/* Members, and how many of them are away. */
static void
count_room(void *arg, struct room *room)
{
	uint64_t *members = arg;

	*members += room->count;
}

json_t *
status_answer(const struct office *office, const struct order *order)
{
	struct hub *hub = office->hub;
	uint64_t members = 0, start_s = metrics_places() == 0 ? 0 :
	    metrics_read(METRICS_AT_PARENT, METRIC_START);

	(void)order;
	room_each(hub->rooms, count_room, &members);
	return json_pack("{s:b, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:o, "
	    "s:o, s:o, s:o, s:o, s:o}", "ok", 1, "version", PACKAGE_VERSION,
	    "pid", (int)getppid(),
	    "uptime", seconds_since(start_s),
	    "clock_us", (json_int_t)clock_us(),
	    "connections", (json_int_t)roster_count(hub->roster),
	    "members", (json_int_t)members,
	    "rooms", (json_int_t)room_table_count(hub->rooms),
	    "pending", (json_int_t)metrics_sum(METRIC_PENDING),
	    "restarts", describe_restarts(),
	    "counts", describe_counts(),
	    "delivery", describe_deliveries(),
	    "workers", describe_workers(hub),
	    "processes", describe_processes(),
	    "log", describe_log(hub->log));
}
