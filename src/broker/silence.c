/*
 * silence - see silence.h.
 */
#include "config.h"

#include "broker/silence.h"

#include "base/clock.h"
#include "base/netaddr.h"
#include "broker/expulsion.h"
#include "broker/hub_parts.h"
#include "broker/office_parts.h"
#include "broker/session.h"

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
	return bans_has(hub->muted[0], key_of(s), now_s) ||
	    (address != 0 && bans_has(hub->muted[1], address, now_s));
}

/* Whom an order means. */
struct culprit {
	uint64_t key;
	bool is_address;
};

/* NULL, or why there is nobody. */
static json_t *
find_culprit(const struct hub *hub, const struct order *order,
    struct culprit *out)
{
	json_t *refusal;
	uint32_t row;

	out->is_address = bans_read_key(order->name, &out->key);
	if (out->is_address)
		return NULL;
	refusal = expulsion_find_user(hub, order, &row);
	if (refusal == NULL)
		out->key = key_of(state_session(hub->state, row));
	return refusal;
}

static bool
set(const struct office *office, const struct culprit *c, uint64_t until_s)
{
	return hub_mute(office->hub, c->key, until_s, c->is_address) &&
	    office->mute(office->arg, c->key, until_s, c->is_address);
}

/* Users who have left need no place in the table any more. */
struct gone {
	const struct hub *hub;
	uint64_t keys[FORGET_MAX];
	unsigned count;
};

static void
note_gone(void *arg, uint64_t key, uint64_t until_s)
{
	struct gone *gone = arg;

	(void)until_s;
	if (gone->count < FORGET_MAX && find_row(gone->hub, key) == STATE_NONE)
		gone->keys[gone->count++] = key;
}

static bool
forget_gone(const struct office *office)
{
	struct gone gone = { .hub = office->hub };

	bans_expire(office->hub->muted[0], wall_s());
	bans_expire(office->hub->muted[1], wall_s());
	bans_each(office->hub->muted[0], note_gone, &gone);
	for (unsigned i = 0; i < gone.count; i++)
		if (!set(office, &(struct culprit){ gone.keys[i], false }, 0))
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

json_t *
silence_unmute(const struct office *office, const struct order *order)
{
	struct culprit c;
	json_t *refusal = find_culprit(office->hub, order, &c);

	if (refusal != NULL)
		return refusal;
	if (!bans_has(office->hub->muted[c.is_address], c.key, wall_s()))
		return office_refusal("not-muted", c.is_address ?
		    "The address is not muted." : "The user is not muted.");
	return set(office, &c, 0) ? json_pack("{s:b}", "ok", 1) : NULL;
}

struct listing {
	const struct hub *hub;
	json_t *list;
};

static void
list_add(const struct listing *listing, json_t *mute, uint64_t until_s)
{
	if (mute != NULL && until_s != BANS_FOREVER)
		(void)json_object_set_new(mute, "until",
		    json_integer((json_int_t)until_s));
	(void)json_array_append_new(listing->list, mute);
}

static void
list_user(void *arg, uint64_t key, uint64_t until_s)
{
	const struct listing *listing = arg;
	const struct hub *hub = listing->hub;
	uint32_t row = find_row(hub, key);
	const struct state_session *s = row == STATE_NONE ? NULL :
	    state_session(hub->state, row);
	char name[SESSION_NAME];

	if (s != NULL)
		list_add(listing, json_pack("{s:s#, s:s}", "name", name,
		    (int)session_name(hub, s, name), "route",
		    hub->settings->routes[s->route].path), until_s);
}

static void
list_address(void *arg, uint64_t key, uint64_t until_s)
{
	char text[NETADDR_KEY_TEXT];

	list_add(arg, json_pack("{s:s}", "address",
	    netaddr_format_key(key, text)), until_s);
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
	bans_each(office->hub->muted[1], list_address, &listing);
	return json_pack("{s:b, s:o}", "ok", 1, "mutes", listing.list);
}
