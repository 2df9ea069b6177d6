/*
 * office - see office.h.
 */
#include "config.h"

#include "broker/office.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/metrics.h"
#include "broker/census.h"
#include "broker/expulsion.h"
#include "broker/hub_parts.h"
#include "broker/office_parts.h"

/*
 * Answers.
 */

json_t *
office_refusal(const char *word, const char *text)
{
	return json_pack("{s:b, s:s, s:s}", "ok", 0, "error", word, "text",
	    text);
}

json_t *
office_refuse_room(void)
{
	return office_refusal("unknown-room", "There is no such room.");
}

const char *
office_room_path(const struct hub *hub, const struct room *room,
    char out[static OFFICE_PATH])
{
	size_t len;
	const char *name = room_name(room, &len);

	snprintf(out, OFFICE_PATH, "%s%s%.*s",
	    hub->settings->routes[room_route(room)].path,
	    len > 0 ? "/" : "", (int)len, name);
	return out;
}

bool
office_read_path(const struct hub *hub, const char *path, uint8_t *route_out,
    const char **name_out, size_t *len_out)
{
	const struct settings_route *route = settings_find_route(
	    hub->settings, path, strlen(path), name_out, len_out);

	if (route == NULL || route->kind != SETTINGS_CHAT)
		return false;
	*route_out = (uint8_t)(route - hub->settings->routes);
	return true;
}

/*
 * Status.
 */

static json_t *
status_workers(const struct hub *hub)
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

/* Members, and how many of them are away. */
static void
count_room(void *arg, struct room *room)
{
	uint64_t *members = arg;

	*members += room->count;
}

static json_t *
answer_status(const struct office *office, const struct order *order)
{
	struct hub *hub = office->hub;
	uint64_t members = 0;

	(void)order;
	room_each(hub->rooms, count_room, &members);
	return json_pack("{s:b, s:s, s:i, s:I, s:I, s:I, s:o, s:{s:I, s:I, "
	    "s:I}}", "ok", 1, "version", PACKAGE_VERSION,
	    "pid", (int)getppid(),
	    "connections", (json_int_t)roster_count(hub->roster),
	    "members", (json_int_t)members,
	    "rooms", (json_int_t)room_table_count(hub->rooms),
	    "workers", status_workers(hub),
	    "log", "size", (json_int_t)log_ring_size(hub->log),
	    "first", (json_int_t)log_first(hub->log),
	    "end", (json_int_t)log_committed(hub->log));
}

/*
 * Say.
 */

/* A route's default room is always there to be spoken to; in others somebody
 * has to be, or to have been. */
static struct room *
find_audience(struct hub *hub, const char *path)
{
	struct room *room;
	const char *name;
	uint8_t route;
	size_t len;

	if (!office_read_path(hub, path, &route, &name, &len))
		return NULL;
	room = room_find(hub->rooms, route, name, len);
	if (room == NULL && len == 0 &&
	    hub_room(hub, route, name, len, 0, &room) != HUB_DONE)
		return NULL;
	return room;
}

static json_t *
answer_say(const struct office *office, const struct order *order)
{
	struct hub *hub = office->hub;
	struct room *room = find_audience(hub, order->room);
	struct append_record r = {
		.kind = RECORD_MESSAGE, .name = "server", .name_len = 6,
		.text = order->text, .count = UINT64_MAX
	};
	size_t len = strlen(order->text);
	uint64_t most;

	if (room == NULL)
		return office_refuse_room();
	most = hub->settings->routes[room_route(room)].limits.message_size;
	r.text_len = (uint32_t)len;
	r.seq = room->seq + 1;
	hub_close_request(hub);
	if ((most != 0 && len > most) || !hub_append(hub, room, &r))
		return office_refusal("too-big", "The text is too long.");
	room->seq++;
	room->said_us = r.time_us;
	metrics_add(METRIC_MESSAGES, 1);
	return json_pack("{s:b, s:I, s:I}", "ok", 1, "seq",
	    (json_int_t)room->seq, "members", (json_int_t)room->count);
}

/*
 * Which answer.
 */

static json_t *(*const answers[ORDER_KINDS])(const struct office *,
    const struct order *) = {
	[ORDER_STATUS] = answer_status,
	[ORDER_WHO] = census_who,
	[ORDER_ROOMS] = census_rooms,
	[ORDER_SAY] = answer_say,
	[ORDER_KICK] = expulsion_kick,
	[ORDER_BAN] = expulsion_ban,
	[ORDER_UNBAN] = expulsion_unban,
	[ORDER_BANS] = expulsion_bans,
};

json_t *
office_answer(const struct office *office, const struct order *order)
{
	return answers[order->kind](office, order);
}
