/*
 * join - a connection comes to a route: on an echo route by itself, else as a
 * new member, or as one that is there already.
 *
 * A part of the hub, in the broker.  Everything that can fail comes before
 * the commit; after it the tables follow the log.
 */
#include "config.h"

#include "broker/hub.h"

#include <string.h>

#include "base/clock.h"
#include "broker/hub_parts.h"
#include "broker/move.h"
#include "broker/naming.h"
#include "broker/session.h"
#include "broker/tabs.h"

/* What a JOIN asks for, from its tail. */
struct joining {
	unsigned index;			/* of the worker */
	const struct ipc_request *request;
	const struct settings_route *route;
	const char *room;
	size_t room_len;
	const uint8_t *token;		/* the fresh one's hash; NULL: none */
	uint8_t hash[STATE_TOKEN];
	uint32_t member;		/* the row of whom it goes on as */
};

/*
 * What a connection needs before anything is committed.
 */

/* Whether a later connection has this one's slot: then it has left. */
static bool
slot_has_later(const struct hub *hub, const struct hub_worker *w,
    uint64_t connection)
{
	struct roster_entry entry;

	return roster_read(hub->state, roster_slot(w->connections,
	    ipc_connection_slot(connection)), &entry) &&
	    entry.connection > connection;
}

/* The parent counts sockets; behind proxies only the broker knows how many
 * belong to one address.  A connection that ends for this one, with the row
 * `replaced`, is not counted. */
static enum hub_result
address_count(struct hub *hub, const struct ipc_request *q, uint32_t replaced)
{
	uint64_t most = hub->settings->limits.connections_per_address, count;
	struct roster_entry old;

	if (q->address == 0)
		return HUB_DONE;
	if (bans_holds(hub->bans, q->address, clock_wall_us() / 1000000))
		return HUB_BANNED;
	count = tally_count(hub->addresses, q->address);
	if (roster_read(hub->state, replaced, &old) &&
	    old.address == q->address)
		count--;
	if (most != 0 && count >= most)
		return HUB_ADDRESS;
	return tally_add(hub->addresses, q->address) > 0 ? HUB_DONE :
	    HUB_MEMORY;
}

static void
give_up(struct hub *hub, const struct ipc_request *q, uint32_t row,
    uint32_t tab)
{
	if (row != STATE_NONE)
		state_release(hub->state, row);
	if (tab != STATE_NONE)
		state_release(hub->state, tab);
	if (q->address != 0)
		tally_remove(hub->addresses, q->address);
}

/* The rows of a new member: one, and with a token another for its
 * connection. */
static enum hub_result
reserve_member(struct hub *hub, struct hub_worker *w,
    const struct ipc_request *q, const uint8_t *token, uint32_t *row_out,
    uint32_t *tab_out)
{
	enum hub_result result = address_count(hub, q, STATE_NONE);

	*tab_out = STATE_NONE;
	if (result != HUB_DONE)
		return result;
	*row_out = state_reserve(hub->state);
	if (*row_out != STATE_NONE && token != NULL)
		*tab_out = state_reserve(hub->state);
	if (*row_out != STATE_NONE && session_reserve(hub, w->connections,
	    q->connection, token, *row_out) && (token == NULL ||
	    (*tab_out != STATE_NONE && tabs_reserve(hub, w->connections,
	    q->connection, *tab_out, *row_out))))
		return HUB_DONE;
	give_up(hub, q, *row_out, *tab_out);
	return HUB_MEMORY;
}

/*
 * Echo routes.
 */

enum hub_result
hub_attach(struct hub *hub, unsigned index, const struct ipc_request *q)
{
	struct hub_worker *w = &hub->worker[index];
	enum hub_result result = hub_open_request(hub, index, q);
	struct session session;
	uint32_t row, none;

	if (result != HUB_DONE)
		return result;
	if (hub->settings->routes[q->route].kind != SETTINGS_ECHO)
		return HUB_FORGED;
	/* It leaves no record: what a dead broker did is seen here. */
	if (roster_find(hub->roster, w->connections, q->connection) !=
	    STATE_NONE)
		return HUB_REPEAT;
	if (!roster_slot_is_free(w->connections, q->connection))
		return slot_has_later(hub, w, q->connection) ? HUB_REPEAT :
		    HUB_FORGED;
	result = reserve_member(hub, w, q, NULL, &row, &none);
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	session = (struct session){
		.generation = w->generation, .connection = q->connection,
		.address = q->address, .route = (uint8_t)q->route
	};
	if (!session_publish(hub, &session, row))
		return HUB_FORGED;	/* not reached */
	return HUB_DONE;
}

/*
 * A new member.
 */

/* The tables follow the record of a join. */
static bool
publish_new(struct hub *hub, const struct joining *j, struct room *room,
    uint64_t number, uint32_t row, uint32_t tab)
{
	const struct ipc_request *q = j->request;
	uint64_t generation = hub->worker[j->index].generation;
	const struct session session = {
		.generation = generation, .connection = q->connection,
		.address = q->address, .token = j->token,
		.proven = room->seq, .number = number, .room = room,
		.route = (uint8_t)q->route
	};
	const struct roster_entry entry = {
		.generation = generation, .connection = q->connection,
		.address = q->address, .member = row
	};

	if (!session_publish(hub, &session, row))
		return false;
	session_enter(hub, row, room);
	return j->token == NULL || tabs_publish(hub, &entry, tab);
}

static enum hub_result
join_anew(struct hub *hub, const struct joining *j)
{
	const struct ipc_request *q = j->request;
	struct hub_worker *w = &hub->worker[j->index];
	struct append_record r = {
		.kind = RECORD_JOIN, .sender = q->connection,
		.generation = w->generation, .request = q->number,
		.token = j->token, .text = j->room,
		.text_len = (uint32_t)j->room_len
	};
	char name[SESSION_NAME];
	enum hub_result result;
	struct room *room;
	uint64_t number;
	uint32_t row, tab;

	result = reserve_member(hub, w, q, j->token, &row, &tab);
	if (result != HUB_DONE)
		return result;
	result = hub_room(hub, (uint8_t)q->route, j->room, j->room_len,
	    q->address, &room);
	if (result != HUB_DONE) {
		give_up(hub, q, row, tab);
		return result;
	}
	number = naming_take(&log_header(hub->log)->next_user[q->route],
	    j->route->first_user);
	r.name = name;
	r.name_len = (uint8_t)naming_format(number, name);
	r.seq = room->seq;
	r.count = room->count + 1;
	if (!hub_append(hub, room, &r)) {
		give_up(hub, q, row, tab);
		return HUB_SIZE;
	}
	append_commit(hub->append);
	return publish_new(hub, j, room, number, row, tab) ? HUB_DONE :
	    HUB_FORGED;		/* not reached */
}

/*
 * A member that is there.
 */

/* The first one of the member's connections that came.  False: it is away. */
static bool
oldest_tab(const struct hub *hub, uint32_t member, struct roster_entry *out)
{
	uint32_t row = STATE_NONE;
	struct roster_entry tab;

	*out = (struct roster_entry){ 0 };
	while ((row = tabs_next(hub, member, row)) != STATE_NONE)
		if (roster_read(hub->state, row, &tab) &&
		    (out->connection == 0 ||
		    tab.connection < out->connection))
			*out = tab;
	return out->connection != 0;
}

/* Where the member goes with whoever comes: the paths of a session's tabs name
 * the room that is shown, a single connection goes on where it was.  The move
 * is for an old tab, whose worker takes it for its own doing. */
static enum hub_result
enter_where(struct hub *hub, const struct joining *j, struct move *m)
{
	const struct state_session *s = state_session(hub->state, j->member);
	struct roster_entry tab;

	*m = (struct move){ .member = j->member };
	m->from = m->to = session_room(hub, s);
	if (j->route->identity != SETTINGS_SESSION)
		return HUB_DONE;
	if (oldest_tab(hub, j->member, &tab)) {
		m->sender = tab.connection;
		m->generation = tab.generation;
	}
	return hub_room(hub, s->route, j->room, j->room_len,
	    j->request->address, &m->to);
}

/* The records: the move, if there is one, and the connection's. */
static bool
enter_append(struct hub *hub, const struct joining *j, const struct move *m,
    uint32_t replaced)
{
	const struct state_session *s = state_session(hub->state, j->member);
	const struct ipc_request *q = j->request;
	char name[SESSION_NAME];
	bool is_move = m->to != m->from;
	struct roster_entry old = { 0 };
	struct append_record r = {
		.kind = RECORD_ENTER, .name = name,
		.name_len = session_name(hub, s, name), .token = s->token,
		.sender = q->connection, .request = q->number,
		.generation = hub->worker[j->index].generation,
		.seq = m->to->seq, .count = m->to->count + is_move
	};
	size_t len;

	(void)roster_read(hub->state, replaced, &old);
	r.enter = (struct record_enter){
		.proven = is_move ? m->to->seq : s->proven,
		.replaced = old.connection
	};
	r.text = room_name(m->to, &len);
	r.text_len = (uint32_t)len;
	hub_append_reserve(hub, move_length(hub, m));
	return (!is_move || move_append(hub, m)) &&
	    hub_append(hub, m->to, &r);
}

/* The connection that ends for the new one.  Its worker is rung: the room has
 * perhaps nobody else there. */
static void
remove_replaced(struct hub *hub, uint32_t row)
{
	struct roster_entry old;
	unsigned index;

	if (!roster_read(hub->state, row, &old))
		return;
	index = hub_worker_index(hub, old.generation);
	if (index < hub->workers)
		hub->worker[index].is_due = true;
	tabs_remove(hub, row);
}

/* The tables follow the records. */
static bool
enter_publish(struct hub *hub, const struct joining *j, const struct move *m,
    uint32_t replaced, uint32_t tab)
{
	struct state_session *s = state_session(hub->state, j->member);
	const struct roster_entry entry = {
		.generation = hub->worker[j->index].generation,
		.connection = j->request->connection,
		.address = j->request->address, .member = j->member
	};

	if (m->to != m->from)
		session_move(hub, j->member, m->from, m->to);
	if (tabs_next(hub, j->member, STATE_NONE) == STATE_NONE)
		graces_remove(hub->graces, j->member);
	if (!tabs_publish(hub, &entry, tab))
		return false;
	if (s->grace_end != 0)
		state_store_64(&s->grace_end, 0);
	remove_replaced(hub, replaced);
	return true;
}

/* Requests of two workers come in any order, those of a dead one last: the
 * place belongs to the connection that the parent accepted last. */
static bool
has_later(const struct hub *hub, uint32_t row, uint64_t connection)
{
	struct roster_entry entry;

	return roster_read(hub->state, row, &entry) &&
	    ipc_connection_serial(entry.connection) >
	    ipc_connection_serial(connection);
}

static enum hub_result
join_enter(struct hub *hub, const struct joining *j)
{
	struct hub_worker *w = &hub->worker[j->index];
	const struct ipc_request *q = j->request;
	uint32_t replaced = STATE_NONE, tab;
	enum hub_result result;
	struct move move;

	if (j->route->identity != SETTINGS_SESSION)
		replaced = tabs_next(hub, j->member, STATE_NONE);
	else if (tabs_count(hub, j->member) >= TABS_MAX)
		return HUB_TABS;
	if (has_later(hub, replaced, q->connection))
		return HUB_REPLACED;
	result = address_count(hub, q, replaced);
	if (result != HUB_DONE)
		return result;
	tab = state_reserve(hub->state);
	result = tab != STATE_NONE && tabs_reserve(hub, w->connections,
	    q->connection, tab, j->member) ? enter_where(hub, j, &move) :
	    HUB_MEMORY;
	if (result == HUB_DONE && !enter_append(hub, j, &move, replaced))
		result = HUB_SIZE;
	if (result != HUB_DONE) {
		give_up(hub, q, STATE_NONE, tab);
		return result;
	}
	append_commit(hub->append);
	return enter_publish(hub, j, &move, replaced, tab) ? HUB_DONE :
	    HUB_FORGED;		/* not reached */
}

/*
 * The request.
 */

/* Takes a token off the tail, as its hash. */
static enum hub_result
take_token(const uint8_t **tail, size_t *len, uint8_t hash[STATE_TOKEN])
{
	if (*len < IPC_TOKEN)
		return HUB_FORGED;
	if (!tokens_hash(*tail, hash))
		return HUB_MEMORY;
	*tail += IPC_TOKEN;
	*len -= IPC_TOKEN;
	return HUB_DONE;
}

/* HUB_FORGED: the tail has not the form that the flags say, or names a token
 * as fresh that is not.  A browser has its cookie with the handshake, and
 * another tab may have come with it before the first one's JOIN: then the
 * first is a tab of the member that the other has made. */
static enum hub_result
read_tail(const struct hub *hub, const uint8_t *tail, size_t len,
    struct joining *j)
{
	const struct ipc_request *q = j->request;
	enum hub_result result = HUB_DONE;
	uint8_t hash[STATE_TOKEN];

	j->member = STATE_NONE;
	if ((q->flags & IPC_RESUME) != 0) {
		if ((q->flags & IPC_FRESH) == 0)
			return HUB_FORGED;
		result = take_token(&tail, &len, hash);
		if (result == HUB_DONE)
			j->member = tokens_find(hub->tokens,
			    (uint8_t)q->route, hash);
	}
	if (result == HUB_DONE && (q->flags & IPC_FRESH) != 0) {
		result = take_token(&tail, &len, j->hash);
		j->token = j->hash;
		if (result == HUB_DONE && j->member == STATE_NONE) {
			j->member = tokens_find(hub->tokens,
			    (uint8_t)q->route, j->hash);
			if (j->member != STATE_NONE &&
			    j->route->identity != SETTINGS_SESSION)
				return HUB_FORGED;
		}
	}
	/* No memory for a hash: what is left of the tail is no room. */
	if (result != HUB_DONE)
		return result;
	j->room = (const char *)tail;
	j->room_len = len;
	if (len > 0 && !settings_room_is_valid(j->room, len))
		return HUB_FORGED;
	return HUB_DONE;
}

enum hub_result
hub_join(struct hub *hub, unsigned index, const struct ipc_request *q,
    const uint8_t *tail, size_t len)
{
	struct hub_worker *w = &hub->worker[index];
	enum hub_result result = hub_open_request(hub, index, q);
	struct joining j = { .index = index, .request = q };

	if (result != HUB_DONE)
		return result;
	j.route = &hub->settings->routes[q->route];
	if (j.route->kind != SETTINGS_CHAT)
		return HUB_FORGED;
	/* A dead broker has refused it, and its slot was given again. */
	if (!roster_slot_is_free(w->connections, q->connection))
		return slot_has_later(hub, w, q->connection) ? HUB_REPEAT :
		    HUB_FORGED;
	result = read_tail(hub, tail, len, &j);
	if (result == HUB_DONE)
		result = j.member == STATE_NONE ? join_anew(hub, &j) :
		    join_enter(hub, &j);
	return result == HUB_DONE || result == HUB_FORGED ? result :
	    hub_owe_answer(hub, index, result);
}
