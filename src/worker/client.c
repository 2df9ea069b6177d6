/*
 * client - see client.h.
 */
#include "config.h"

#include "worker/client.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/growth.h"
#include "base/logger.h"
#include "base/memory.h"
#include "worker/audience.h"
#include "worker/compress.h"
#include "worker/counts.h"
#include "worker/deadline.h"
#include "worker/output.h"
#include "worker/seat.h"
#include "worker/waiting.h"
#include "worker/wire.h"

#define SLOT_STEP	256		/* the table grows by at least */

/*
 * States.
 */

/* For each state a mask of those that may follow. */
static const unsigned next_states[] = {
	[CLIENT_HEAD] = 1 << CLIENT_ANSWERED | 1 << CLIENT_OPEN |
	    1 << CLIENT_CLOSING | 1 << CLIENT_GONE,
	[CLIENT_ANSWERED] = 1 << CLIENT_LINGER | 1 << CLIENT_GONE,
	[CLIENT_OPEN] = 1 << CLIENT_CLOSING | 1 << CLIENT_GONE,
	[CLIENT_CLOSING] = 1 << CLIENT_LINGER | 1 << CLIENT_GONE,
	[CLIENT_LINGER] = 1 << CLIENT_GONE,
	[CLIENT_GONE] = 0,
};

void
client_enter(struct worker *w, struct client *c, enum client_state state)
{
	assert(next_states[c->state] & 1U << state);
	if (c->state == CLIENT_HEAD)
		handshakes_remove(w, c);
	c->state = (uint8_t)state;
	c->since_ms = w->now_ms;
}

const struct settings_limits *
client_limits(const struct worker *w, const struct client *c)
{
	return c->route == CLIENT_NO_ROUTE ? &w->settings->limits :
	    &w->settings->routes[c->route].limits;
}

const char *
client_address_text(const struct client *c, char out[NETADDR_PORT_TEXT])
{
	static const uint8_t none[NETADDR_BYTES];

	if (memcmp(c->address, none, sizeof(none)) == 0)
		snprintf(out, NETADDR_PORT_TEXT, "unix");
	else if (c->port == 0)
		(void)netaddr_format(c->address, out);
	else
		(void)netaddr_format_port(c->address, c->port, out);
	return out;
}

uint64_t
client_address_key(const struct worker *w, const struct client *c)
{
	/* A proxy elsewhere may have a loopback of its own.  Without limits
	 * there are bans and mutes still. */
	if (w->settings->limits.loopback_exempt && c->is_near &&
	    netaddr_is_loopback(c->address))
		return 0;
	return netaddr_key(c->address);
}

bool
client_request(struct worker *w, const struct client *c, enum ipc_type type,
    uint32_t flags, const void *tail, size_t tail_len)
{
	struct ipc_request request = {
		.connection = c->connection, .route = c->route, .flags = flags
	};

	if (type == IPC_JOIN || type == IPC_ATTACH)
		request.address = client_address_key(w, c);
	if (type == IPC_SAY && w->has_more)
		request.flags |= IPC_MORE;
	if (type == IPC_SAY)
		stopwatch_start(&w->stopwatch, w->outbox.number + 1,
		    clock_us());
	return outbox_add(&w->outbox, type, &request, tail, tail_len);
}

void
client_ask(struct worker *w, struct client *c, enum ipc_type type,
    uint32_t flags, struct slice tail)
{
	if (!client_request(w, c, type, flags, tail.at, tail.len))
		client_close(w, c, CLOSE_SERVER_FAULT);
}

bool
client_is_chat(const struct worker *w, const struct client *c)
{
	return w->settings->routes[c->route].kind == SETTINGS_CHAT;
}

/*
 * Coming and going.
 */

static bool
table_reserve(struct worker *w, uint32_t slot)
{
	uint32_t slots = growth_next(w->client_slots, slot, SLOT_STEP);
	struct client **clients;

	if (slots == w->client_slots)
		return true;
	clients = realloc(w->clients, slots * sizeof(struct client *));
	if (clients == NULL)
		return false;
	memset(clients + w->client_slots, 0,
	    (slots - w->client_slots) * sizeof(struct client *));
	w->clients = clients;
	w->client_slots = slots;
	return true;
}

bool
client_new(struct worker *w, const struct ipc_accepted *accepted, int fd)
{
	uint32_t slot = ipc_connection_slot(accepted->connection);
	struct epoll_event event = { .events = EPOLLIN };
	struct client *c;

	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return false;
	}
	event.data.ptr = c;
	c->fd = fd;
	c->connection = accepted->connection;
	memcpy(c->address, accepted->address, sizeof(c->address));
	c->port = accepted->port;
	c->is_near = netaddr_is_loopback(accepted->address);
	c->listener = (uint8_t)accepted->listener;
	if (!table_reserve(w, slot) || w->clients[slot] != NULL ||
	    !wire_open(w, c) || !handshakes_reserve(w) ||
	    epoll_ctl(w->poll, EPOLL_CTL_ADD, fd, &event) == -1) {
		wire_close(c);
		free(c);
		close(fd);
		return false;
	}
	c->route = CLIENT_NO_ROUTE;
	c->is_refused = (accepted->flags & IPC_ACCEPTED_REFUSE) != 0;
	c->has_read_event = true;
	c->since_ms = c->heard_ms = w->now_ms;
	w->clients[slot] = c;
	w->client_count++;
	memory_add(sizeof(*c));
	handshakes_add(w, c);
	client_schedule(w, c);
	return true;
}

struct client *
client_find(const struct worker *w, uint64_t connection)
{
	uint32_t slot = ipc_connection_slot(connection);
	struct client *c = slot < w->client_slots ? w->clients[slot] : NULL;

	return c != NULL && c->connection == connection ? c : NULL;
}

void
client_each(struct worker *w, void (*callback)(struct worker *,
    struct client *))
{
	for (uint32_t slot = 0; slot < w->client_slots; slot++)
		if (w->clients[slot] != NULL)
			callback(w, w->clients[slot]);
}

static void
client_log_end(struct worker *w, const struct client *c)
{
	counts_closed(c);
	if (close_is_error(c->why) && c->why != CLOSE_RESET)
		incident_closed(&w->incidents, c, c->why, w->now_ms);
	else if (c->why == CLOSE_BY_PEER)
		logger_write_connection(LOGGER_DEBUG, c->connection, "closed",
		    "why=%s code=%u sent=%" PRIu64, close_name(c->why),
		    c->peer_code, c->sent);
	else
		logger_write_connection(LOGGER_DEBUG, c->connection, "closed",
		    "why=%s sent=%" PRIu64, close_name(c->why), c->sent);
}

void
client_free_input(struct worker *w, struct client *c)
{
	if (c->input == NULL)
		return;
	compress_return(w->compress, c->input->inflater);
	buf_clear(&c->input->held);
	buf_clear(&c->input->message);
	memory_remove(sizeof(*c->input));
	free(c->input);
	c->input = NULL;
}

void
client_drop(struct worker *w, struct client *c, enum close_reason why)
{
	if (c->state == CLIENT_GONE)
		return;
	if (c->state != CLIENT_LINGER && c->state != CLIENT_CLOSING &&
	    c->state != CLIENT_ANSWERED)
		c->why = (uint8_t)why;
	if (c->state == CLIENT_OPEN)
		client_log_end(w, c);
	client_enter(w, c, CLIENT_GONE);
	if (c->audience != NULL)
		audience_leave(c);
	client_set_blocked(w, c, false);
	wheel_unset(&w->wheel, &c->deadline);
	/* Closing alone does not end the events: the parent may still have
	 * its copy of the socket (epoll(7), questions and answers, 6). */
	(void)epoll_ctl(w->poll, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	c->fd = -1;
	wire_close(c);
	c->next_gone = w->gone;
	w->gone = c;
}

/* Not a member any more, or away for its grace time: who said goodbye, broke
 * the rules or goes on elsewhere is not waited for.  False: no memory. */
static bool
client_request_leave(struct worker *w, const struct client *c)
{
	static const uint16_t for_good[] = {
		1000, 1002, 1003, 1007, 1008, 1009, FRAME_CODE_NONE
	};
	uint16_t code = c->why == CLOSE_BY_PEER ? c->peer_code :
	    close_code(c->why);
	/* From 4500 on he is to stay away. */
	bool may_return = seat_has_token(c->seat) &&
	    (c->why == CLOSE_BY_PEER || code < 4500);

	for (size_t i = 0; i < sizeof(for_good) / sizeof(for_good[0]); i++)
		if (code == for_good[i])
			may_return = false;
	return client_request(w, c, IPC_LEAVE, may_return ?
	    IPC_MAY_RETURN : 0, NULL, 0);
}

/* Tells broker and parent.  False: no memory now, to be tried again. */
static bool
client_report(struct worker *w, struct client *c)
{
	struct ipc_connection closed = {
		.connection = c->connection,
		.flags = c->has_failed ? IPC_FAILED : 0
	};

	if (c->is_registered && !client_request_leave(w, c))
		return false;
	c->is_registered = false;
	return peer_send(w->parent, IPC_CLOSED, &closed, NULL, 0, -1);
}

void
client_free_gone(struct worker *w)
{
	struct client **at = &w->gone, *c;

	while ((c = *at) != NULL) {
		if (c->is_dirty || !client_report(w, c)) {
			at = &c->next_gone;
			continue;
		}
		*at = c->next_gone;
		w->clients[ipc_connection_slot(c->connection)] = NULL;
		w->client_count--;
		client_free_input(w, c);
		seat_free(c->seat);
		waiting_forget(c);
		client_free_output(c);
		memory_remove(sizeof(*c));
		free(c);
	}
}

/*
 * Closing.
 */

/* Not a member any more, from now on. */
static void
client_leave(struct worker *w, struct client *c)
{
	if (c->audience != NULL)
		audience_leave(c);
	if (c->is_registered && client_request_leave(w, c))
		c->is_registered = false;
}

void
client_queue_close(struct worker *w, struct client *c, uint16_t code,
    const char *text)
{
	uint8_t frame[FRAME_CONTROL_MAX];

	client_leave(w, c);
	if (c->state == CLIENT_OPEN)
		client_log_end(w, c);
	client_enter(w, c, CLIENT_CLOSING);
	c->is_lagging = c->has_pong = false;
	/* Only its close frame counts now, and that has no rate. */
	if (c->input != NULL)
		c->input->waits_rate = c->input->waits_out = false;
	if (client_queue(w, c, frame, frame_close_write(frame, code, text))) {
		client_schedule(w, c);
		client_poll(w, c);
	}
}

void
client_close(struct worker *w, struct client *c, enum close_reason why)
{
	if (c->state == CLIENT_HEAD) {
		client_drop(w, c, why);
		return;
	}
	if (c->state != CLIENT_OPEN)
		return;
	c->why = (uint8_t)why;
	/* Who broke the rules is not waited for (RFC 6455 7.1.7). */
	if (close_is_error(why))
		c->is_replied = true;
	client_queue_close(w, c, close_code(why), close_text(why));
}

void
client_close_refused(struct worker *w, struct client *c, enum refusal refusal)
{
	c->is_replied = true;
	client_queue_close(w, c, refusal_close_code(refusal),
	    refusal_text(refusal));
}

/* Everything is said: behind its output, the end of our side. */
void
client_finish(struct worker *w, struct client *c)
{
	c->is_replied = true;
	client_mark_dirty(w, c);
}

/*
 * What it needs between reads.
 */

bool
client_is_waiting(const struct client *c)
{
	return c->input != NULL &&
	    (c->input->waits_rate || c->input->waits_out);
}

void
client_init_decoder(const struct client *c, struct frame_decoder *d)
{
	frame_decoder_init(d, FRAME_SERVER, c->inflate_bits != 0);
}

struct client_input *
client_input(struct client *c)
{
	if (c->input == NULL) {
		c->input = calloc(1, sizeof(*c->input));
		if (c->input == NULL)
			return NULL;
		memory_add(sizeof(*c->input));
		head_init(&c->input->head);
		client_init_decoder(c, &c->input->decoder);
	}
	return c->input;
}
