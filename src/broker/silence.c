/*
 * silence - see silence.h.
 */
#include "config.h"

#include "broker/silence.h"

#include "base/clock.h"
#include "broker/expulsion.h"
#include "broker/hub_parts.h"
#include "broker/office_parts.h"
#include "broker/pardon.h"
#include "broker/session.h"
#include "broker/tabs.h"

#define KEY_ROUTE_SHIFT	56	/* of a key; below it the number and 1 */
#define FORGET_MAX	64	/* that have left, at a time */

/* By which a user is known to parent and broker: never given twice. */
static uint64_t
key_of(const struct state_session *s)
{
	return ((uint64_t)s->route << KEY_ROUTE_SHIFT) + s->number + 1;
}

/* The row of a user; STATE_NONE: he has left. */
static uint32_t
find_row(const struct hub *hub, uint64_t key)
{
	uint64_t number = (key & ((UINT64_C(1) << KEY_ROUTE_SHIFT) - 1)) - 1;

	return numbers_find(hub->numbers, (uint8_t)(key >> KEY_ROUTE_SHIFT),
	    number);
}

static uint64_t
wall_s(void)
{
	return clock_wall_us() / 1000000;
}

bool
silence_holds(const struct hub *hub, const struct state_session *s,
    uint64_t address)
{
	uint64_t now_s;

	if (bans_count(hub->muted[0]) + bans_count(hub->muted[1]) == 0)
		return false;
	now_s = wall_s();
	return bans_has(hub->muted[0], network_of_key(key_of(s)), now_s) ||
	    bans_holds(hub->muted[1], address, now_s);
}

/* Whom an order means. */
struct culprit {
	struct network network;	/* or a user's key */
	uint32_t row;		/* of a user */
	bool is_address;
};

/* NULL, or why there is nobody. */
static json_t *
find_culprit(const struct hub *hub, const struct order *order,
    struct culprit *out)
{
	json_t *refusal;
	const char *why;

	out->is_address = network_read(order->name, &out->network, &why);
	if (out->is_address)
		return NULL;
	if (why != NULL)
		return pardon_refuse_network(why);
	refusal = expulsion_find_user(hub, order, &out->row);
	if (refusal == NULL)
		out->network = network_of_key(key_of(
		    state_session(hub->state, out->row)));
	return refusal;
}

static bool
set(const struct office *office, const struct culprit *c, uint64_t until_s)
{
	return hub_mute(office->hub, c->network, until_s, c->is_address) &&
	    office->mute(office->arg, c->network, until_s, c->is_address);
}

/* Users who have left need no place in the table any more. */
struct gone {
	const struct hub *hub;
	struct network users[FORGET_MAX];
	unsigned count;
};

static void
note_gone(void *arg, struct network user, uint64_t until_s)
{
	struct gone *gone = arg;

	(void)until_s;
	if (gone->count < FORGET_MAX &&
	    find_row(gone->hub, user.key) == STATE_NONE)
		gone->users[gone->count++] = user;
}

static bool
forget_gone(const struct office *office)
{
	struct gone gone = { .hub = office->hub };

	bans_expire(office->hub->muted[0], wall_s());
	bans_expire(office->hub->muted[1], wall_s());
	bans_each(office->hub->muted[0], note_gone, &gone);
	for (unsigned i = 0; i < gone.count; i++)
		if (!set(office, &(struct culprit){ .network = gone.users[i] },
		    0))
			return false;
	return true;
}

json_t *
silence_mute(const struct office *office, const struct order *order)
{
	uint64_t until_s = order->seconds == 0 ? BANS_FOREVER :
	    wall_s() + 1 + order->seconds;
	struct culprit c;
	json_t *refusal = find_culprit(office->hub, order, &c);

	if (refusal != NULL)
		return refusal;
	if (!forget_gone(office))
		return NULL;
	return set(office, &c, until_s) ? json_pack("{s:b}", "ok", 1) :
	    office_refusal("too-many", "There are too many who are muted.");
}

/* What he, or it, is muted by when no longer by himself. */
static json_t *
list_still(const struct hub *hub, const struct culprit *c)
{
	json_t *list = json_array();
	uint32_t tab = STATE_NONE;
	struct roster_entry entry;

	if (c->is_address) {
		pardon_list_holding(list, hub->muted[1], c->network);
		return list;
	}
	while ((tab = tabs_next(hub, c->row, tab)) != STATE_NONE)
		if (roster_read(hub->state, tab, &entry) &&
		    entry.address != 0)
			pardon_list_holding(list, hub->muted[1],
			    network_of_key(entry.address));
	return list;
}

json_t *
silence_unmute(const struct office *office, const struct order *order)
{
	const struct hub *hub = office->hub;
	struct culprit c;
	json_t *refusal = find_culprit(hub, order, &c);
	bool was_muted;

	if (refusal != NULL)
		return refusal;
	was_muted = bans_has(hub->muted[c.is_address], c.network, wall_s());
	if (was_muted && !set(office, &c, 0))
		return NULL;
	return pardon_answer(was_muted, list_still(hub, &c), "muted",
	    "mutes");
}

struct listing {
	const struct hub *hub;
	json_t *list;
};

static void
list_user(void *arg, struct network user, uint64_t until_s)
{
	const struct listing *listing = arg;
	const struct hub *hub = listing->hub;
	uint32_t row = find_row(hub, user.key);
	const struct state_session *s = row == STATE_NONE ? NULL :
	    state_session(hub->state, row);
	char name[SESSION_NAME];

	if (s != NULL)
		pardon_list(listing->list, json_pack("{s:s#, s:s}", "name",
		    name, (int)session_name(hub, s, name), "route",
		    hub->settings->routes[s->route].path), until_s);
}

json_t *
silence_mutes(const struct office *office, const struct order *order)
{
	struct listing listing = {
		.hub = office->hub, .list = json_array()
	};

	(void)order;
	if (!forget_gone(office)) {
		json_decref(listing.list);
		return NULL;
	}
	bans_each(office->hub->muted[0], list_user, &listing);
	bans_each(office->hub->muted[1], pardon_list_network, listing.list);
	return json_pack("{s:b, s:o}", "ok", 1, "mutes", listing.list);
}
