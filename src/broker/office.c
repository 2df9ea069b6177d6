/*
 * office - see office.h.
 */
#include "config.h"

#include "broker/office.h"

#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "broker/census.h"
#include "broker/expulsion.h"
#include "broker/hub_parts.h"
#include "broker/office_parts.h"
#include "broker/silence.h"
#include "broker/status.h"

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
	return office_refusal("unknown-room", "There is no such room; rooms "
	    "are named by their paths, such as /chat/lab.");
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
	[ORDER_STATUS] = status_answer,
	[ORDER_WHO] = census_who,
	[ORDER_ROOMS] = census_rooms,
	[ORDER_SAY] = answer_say,
	[ORDER_KICK] = expulsion_kick,
	[ORDER_BAN] = expulsion_ban,
	[ORDER_UNBAN] = expulsion_unban,
	[ORDER_BANS] = expulsion_bans,
	[ORDER_MUTE] = silence_mute,
	[ORDER_UNMUTE] = silence_unmute,
	[ORDER_MUTES] = silence_mutes,
};

json_t *
office_answer(const struct office *office, const struct order *order)
{
	return answers[order->kind](office, order);
}
