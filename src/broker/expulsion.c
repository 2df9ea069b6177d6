/*
 * expulsion - see expulsion.h.
 */
#include "config.h"

#include "broker/expulsion.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "broker/hub_parts.h"
#include "broker/pardon.h"
#include "broker/session.h"
#include "broker/tabs.h"

/*
 * Kick.
 */

/* Whom a name means: members of several routes may have it. */
struct meant {
	uint32_t rows[SETTINGS_ROUTES];
	unsigned count;
};

static bool
is_route(const struct hub *hub, unsigned index, const char *path)
{
	return path == NULL ||
	    strcmp(hub->settings->routes[index].path, path) == 0;
}

static void
find_meant(const struct hub *hub, const struct order *order,
    struct meant *out)
{
	uint32_t row;

	out->count = 0;
	for (unsigned i = 0; i < hub->settings->route_count; i++) {
		if (!is_route(hub, i, order->route))
			continue;
		if (hub_find_user(hub, (uint8_t)i, order->name,
		    strlen(order->name), &row) && row != STATE_NONE)
			out->rows[out->count++] = row;
	}
}

json_t *
expulsion_find_user(const struct hub *hub, const struct order *order,
    uint32_t *row_out)
{
	struct meant meant;

	find_meant(hub, order, &meant);
	if (meant.count == 0)
		return office_refusal("unknown-name",
		    "Nobody has that name.");
	if (meant.count > 1)
		return office_refusal("ambiguous",
		    "Several routes have somebody of that name.");
	*row_out = meant.rows[0];
	return NULL;
}

/* "conn=17", as in the log.  0: it is no such text. */
static uint64_t
read_serial(const char *name)
{
	uint64_t serial;
	char *end;

	if (strncmp(name, "conn=", 5) != 0 || name[5] < '0' || name[5] > '9')
		return 0;
	serial = strtoull(name + 5, &end, 10);
	return *end == '\0' ? serial : 0;
}

static bool
kick_connection(const struct office *office, uint32_t row, bool is_ban)
{
	struct roster_entry entry;
	unsigned index;

	if (!roster_read(office->hub->state, row, &entry))
		return true;
	index = hub_worker_index(office->hub, entry.generation);
	return index == office->hub->workers ||
	    office->kick(office->arg, index, entry.connection, is_ban);
}

static json_t *
answer_kicked(unsigned count)
{
	return json_pack("{s:b, s:i}", "ok", 1, "connections", (int)count);
}

static json_t *
kick_serial(const struct office *office, uint64_t serial)
{
	const struct hub *hub = office->hub;
	uint32_t rows = state_rows(hub->state);
	struct roster_entry entry;

	for (uint32_t row = 0; row < rows; row++)
		if (roster_read(hub->state, row, &entry) &&
		    ipc_connection_serial(entry.connection) == serial)
			return kick_connection(office, row, false) ?
			    answer_kicked(1) : NULL;
	return office_refusal("unknown-connection",
	    "There is no such connection.");
}

/* All connections of a member; who is away has none, and leaves. */
static json_t *
kick_member(const struct office *office, uint32_t member)
{
	struct hub *hub = office->hub;
	uint32_t tab = STATE_NONE;
	unsigned count = 0;

	for (; (tab = tabs_next(hub, member, tab)) != STATE_NONE; count++)
		if (!kick_connection(office, tab, false))
			return NULL;
	hub_close_request(hub);
	if (count == 0 && !session_end_away(hub, member))
		return NULL;
	return answer_kicked(count);
}

json_t *
expulsion_kick(const struct office *office, const struct order *order)
{
	uint64_t serial = read_serial(order->name);
	json_t *refusal;
	uint32_t row;

	if (serial != 0)
		return kick_serial(office, serial);
	refusal = expulsion_find_user(office->hub, order, &row);
	return refusal != NULL ? refusal : kick_member(office, row);
}

/*
 * Ban.
 */

#define ADDRESSES_MAX	32	/* of one member */

/* The addresses that a name means, or a network. */
struct culprit {
	struct network networks[ADDRESSES_MAX];
	unsigned count;
};

static void
culprit_add(const struct hub *hub, struct culprit *c, uint32_t row)
{
	struct roster_entry entry;

	if (!roster_read(hub->state, row, &entry) || entry.address == 0)
		return;
	for (unsigned i = 0; i < c->count; i++)
		if (c->networks[i].key == entry.address)
			return;
	if (c->count < ADDRESSES_MAX)
		c->networks[c->count++] = network_of_key(entry.address);
}

/* A network itself, or the addresses of a user's connections.  NULL, or why
 * not. */
static json_t *
find_culprit(const struct hub *hub, const struct order *order,
    struct culprit *out)
{
	uint32_t tab = STATE_NONE;
	struct meant meant;
	const char *why;

	out->count = 1;
	if (network_read(order->name, &out->networks[0], &why))
		return NULL;
	out->count = 0;
	if (why != NULL)
		return pardon_refuse_network(why);
	find_meant(hub, order, &meant);
	if (meant.count == 0)
		return office_refusal("unknown-name",
		    "This is no address, and nobody has that name.");
	if (meant.count > 1)
		return office_refusal("ambiguous",
		    "Several routes have somebody of that name.");
	while ((tab = tabs_next(hub, meant.rows[0], tab)) != STATE_NONE)
		culprit_add(hub, out, tab);
	return out->count > 0 ? NULL : office_refusal("no-address",
	    "No address of that user is known.");
}

/* Closes what comes from the network; returns how many. */
static unsigned
kick_network(const struct office *office, struct network network)
{
	const struct hub *hub = office->hub;
	uint32_t rows = state_rows(hub->state);
	struct roster_entry entry;
	unsigned count = 0;

	for (uint32_t row = 0; row < rows; row++)
		if (roster_read(hub->state, row, &entry) &&
		    network_holds(network, network_of_key(entry.address)))
			count += kick_connection(office, row, true);
	return count;
}

static bool
ban_network(const struct office *office, struct network network,
    uint64_t until_s)
{
	return hub_ban(office->hub, network, until_s) &&
	    office->report(office->arg, network, until_s);
}

json_t *
expulsion_ban(const struct office *office, const struct order *order)
{
	uint64_t now_s = clock_wall_us() / 1000000;
	/* The second that has begun is not counted. */
	uint64_t until_s = order->seconds == 0 ? BANS_FOREVER :
	    now_s + 1 + order->seconds;
	json_t *list;
	unsigned kicked = 0;
	struct culprit c;
	json_t *refusal = find_culprit(office->hub, order, &c);

	if (refusal != NULL)
		return refusal;
	bans_expire(office->hub->bans, now_s);
	list = json_array();
	for (unsigned i = 0; i < c.count; i++) {
		if (!ban_network(office, c.networks[i], until_s)) {
			json_decref(list);
			return office_refusal("too-many",
			    "There are too many bans.");
		}
		kicked += kick_network(office, c.networks[i]);
		pardon_list_network(list, c.networks[i], until_s);
	}
	return json_pack("{s:b, s:o, s:i}", "ok", 1, "bans", list,
	    "connections", (int)kicked);
}

json_t *
expulsion_unban(const struct office *office, const struct order *order)
{
	const struct bans *bans = office->hub->bans;
	struct network network;
	json_t *still;
	const char *why;
	bool was_banned;

	if (!network_read(order->name, &network, &why))
		return pardon_refuse_network(why);
	was_banned = bans_has(bans, network, clock_wall_us() / 1000000);
	if (was_banned && !ban_network(office, network, 0))
		return NULL;
	still = json_array();
	pardon_list_holding(still, bans, network);
	return pardon_answer(was_banned, still, "banned", "bans");
}

json_t *
expulsion_bans(const struct office *office, const struct order *order)
{
	json_t *list = json_array();

	(void)order;
	bans_expire(office->hub->bans, clock_wall_us() / 1000000);
	bans_each(office->hub->bans, pardon_list_network, list);
	return json_pack("{s:b, s:o}", "ok", 1, "bans", list);
}
