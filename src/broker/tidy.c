/*
 * tidy - rooms that nobody is in and of which nothing is kept go.
 *
 * A part of the hub, in the broker.  There may be many rooms, so a pass over
 * them is made in steps, with requests in between; it follows the rows of the
 * state file, which stay where they are while rooms come and go.
 */
#include "config.h"

#include "broker/hub.h"

#include "base/clock.h"
#include "broker/hub_parts.h"

#define STEP_ROWS	4096
#define STEP_MS		100	/* between two steps of a pass */
#define PASS_MS		10000	/* between two passes */

/* Whether the route's history-age is over for what was said then. */
bool
hub_is_old(const struct hub *hub, uint8_t route, uint64_t time_us)
{
	uint64_t age_ms, now = clock_wall_us();

	if (route >= hub->settings->route_count)
		return false;
	age_ms = hub->settings->routes[route].history_age_ms;
	return age_ms != 0 && now > time_us &&
	    (now - time_us) / 1000 >= age_ms;
}

void
hub_remove_idle(void *arg, struct room *room)
{
	struct hub *hub = arg;

	if (room->count == 0 && (room->seq == 0 ||
	    room->newest < log_first(hub->log) ||
	    hub_is_old(hub, room_route(room), room->said_us)))
		room_remove(hub->rooms, room);
}

uint64_t
hub_next_tidy(const struct hub *hub)
{
	return hub->tidy_due;
}

void
hub_tidy(struct hub *hub, uint64_t now_ms)
{
	const struct state_room *row;
	struct room *room;

	for (unsigned i = 0; i < STEP_ROWS; i++) {
		if (hub->tidy_row >= state_rows(hub->state)) {
			hub->tidy_row = 0;
			hub->tidy_due = now_ms + PASS_MS;
			return;
		}
		row = state_room(hub->state, hub->tidy_row++);
		room = row == NULL ? NULL :
		    room_find_by_identity(hub->rooms, row->identity);
		if (room != NULL)
			hub_remove_idle(hub, room);
	}
	hub->tidy_due = now_ms + STEP_MS;
}
