/*
 * control - see control.h.
 */
#include "config.h"

#include "broker/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/channel.h"
#include "base/logger.h"
#include "broker/broker_parts.h"
#include "broker/clerk.h"
#include "broker/office.h"
#include "broker/order.h"
#include "broker/steering.h"
#include "broker/tail.h"
#include "broker/trace.h"

#define CALLERS_MAX	32		/* others wait in the listener */
#define OUT_HIGH	(256 * 1024)	/* bytes; then nothing is added */
#define READ_SIZE	16384
#define RETRY_S		1		/* when nobody could be accepted */

struct caller {
	struct control *control;
	int fd;
	uid_t uid;
	struct event *readable, *writable;
	struct buf in, out;
	struct tail tail;
	struct trace trace;
	uint64_t awaits;	/* a STEERED of this number; 0: none */
	bool has_ended;		/* says no more; is answered still */
	bool is_gone;
};

struct control {
	struct broker *broker;
	struct event *acceptable, *retry;
	uid_t owner;		/* who started the server */
	uint64_t steered;	/* the last STEER's number */
	unsigned count;
	struct caller *callers[CALLERS_MAX];
};

static void on_acceptable(evutil_socket_t, short, void *);
static void on_retry(evutil_socket_t, short, void *);
static void on_readable(evutil_socket_t, short, void *);
static void on_writable(evutil_socket_t, short, void *);

/*
 * Who comes.
 */

/* The uid at the other end; of a listener, whose it is (unix(7)). */
static bool
read_uid(int fd, uid_t *uid_out)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return false;
	*uid_out = who.uid;
	return true;
}

struct control *
control_new(struct broker *b)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL || !read_uid(CHANNEL_CONTROL, &c->owner))
		goto fail;
	c->broker = b;
	c->acceptable = event_new(b->base, CHANNEL_CONTROL,
	    EV_READ | EV_PERSIST, on_acceptable, c);
	c->retry = evtimer_new(b->base, on_retry, c);
	if (c->acceptable != NULL && c->retry != NULL &&
	    event_add(c->acceptable, NULL) == 0)
		return c;
fail:
	free(c);
	return NULL;
}

static void
caller_free(struct caller *caller)
{
	if (caller->readable != NULL)
		event_free(caller->readable);
	if (caller->writable != NULL)
		event_free(caller->writable);
	close(caller->fd);
	buf_clear(&caller->in);
	buf_clear(&caller->out);
	free(caller);
}

/* Takes `fd`. */
static void
caller_add(struct control *c, int fd, uid_t uid)
{
	struct caller *caller = calloc(1, sizeof(*caller));

	if (caller == NULL) {
		close(fd);
		return;
	}
	caller->control = c;
	caller->fd = fd;
	caller->uid = uid;
	buf_init(&caller->in);
	buf_init(&caller->out);
	caller->readable = event_new(c->broker->base, fd,
	    EV_READ | EV_PERSIST, on_readable, caller);
	caller->writable = event_new(c->broker->base, fd, EV_WRITE,
	    on_writable, caller);
	if (caller->readable == NULL || caller->writable == NULL ||
	    event_add(caller->readable, NULL) < 0) {
		caller_free(caller);
		return;
	}
	c->callers[c->count++] = caller;
}

static void
turn_away(int fd, uid_t uid)
{
	static const char answer[] = "{\"ok\":false,\"error\":\"not-allowed\","
	    "\"text\":\"The server is not yours.\"}\n";

	logger_warning("control refused", "uid=%u", (unsigned)uid);
	(void)!send(fd, answer, sizeof(answer) - 1,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	if (c->count < CALLERS_MAX)
		event_add(c->acceptable, NULL);
}

static void
on_acceptable(evutil_socket_t sock, short what, void *arg)
{
	static const struct timeval later = { .tv_sec = RETRY_S };
	struct control *c = arg;
	uid_t uid = (uid_t)-1;
	int fd;

	(void)what;
	fd = accept4(sock, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR ||
		    errno == ECONNABORTED)
			return;
		logger_warning("control cannot accept", "error=\"%s\"",
		    strerror(errno));
		event_del(c->acceptable);
		evtimer_add(c->retry, &later);
	} else if (!read_uid(fd, &uid) || (uid != 0 && uid != c->owner)) {
		turn_away(fd, uid);
	} else {
		caller_add(c, fd, uid);
		if (c->count == CALLERS_MAX)
			event_del(c->acceptable);
	}
}

/* A room, or a user. */
static bool
is_following(const struct caller *caller)
{
	return caller->tail.is_on || caller->trace.is_on;
}

/*
 * What he says.
 */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct caller *caller = arg;
	uint8_t *to = buf_reserve(&caller->in, READ_SIZE);
	ssize_t n;

	(void)what;
	n = to == NULL ? 0 : recv(fd, to, READ_SIZE, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		caller->has_ended = true;
		event_del(caller->readable);
		return;
	}
	buf_commit(&caller->in, (size_t)n);
	/* A line is complete, or is too long; it is looked at in the turn. */
	if (buf_len(&caller->in) > ORDER_LINE)
		event_del(caller->readable);
}

/* Queues an object as a line, and releases it. */
static void
say_line(struct caller *caller, json_t *object)
{
	char *text = object == NULL ? NULL :
	    json_dumps(object, JSON_COMPACT);

	json_decref(object);
	if (text == NULL || !buf_append(&caller->out, text, strlen(text)) ||
	    !buf_append(&caller->out, "\n", 1))
		caller->is_gone = true;		/* no memory */
	free(text);
}

/* What is said stands in the rooms' own log. */
static void
log_order(const struct caller *caller, const struct order *order,
    const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer,
	    "error"));
	char name[64];

	if (steering_is_meant(order->kind))
		logger_info("ordered", "command=%s uid=%u",
		    order_name(order->kind), (unsigned)caller->uid);
	if (order->kind != ORDER_TRACE && order->kind != ORDER_KICK &&
	    order->kind != ORDER_BAN && order->kind != ORDER_UNBAN &&
	    order->kind != ORDER_MUTE && order->kind != ORDER_UNMUTE)
		return;
	logger_escape(order->name, strlen(order->name), name, sizeof(name));
	logger_info("ordered", "command=%s whom=%s uid=%u result=%s",
	    order_name(order->kind), name, (unsigned)caller->uid,
	    error == NULL ? "done" : error);
}

/* The parent answers, or, when it is gone, nobody.  Returns a no, or NULL. */
static json_t *
steer(struct caller *caller, const struct order *order)
{
	struct control *c = caller->control;
	struct ipc_steer message;
	json_t *refusal = steering_ask(order, &message);

	if (refusal != NULL)
		return refusal;
	message.number = ++c->steered;
	if (!peer_send(c->broker->parent, IPC_STEER, &message, NULL, 0, -1))
		return office_refusal("failed", "There is no memory for it.");
	caller->awaits = message.number;
	return NULL;
}

void
control_on_steered(struct control *c, const struct ipc_message *m)
{
	const struct ipc_steered *steered = m->payload;

	for (unsigned i = 0; c != NULL && i < c->count; i++) {
		if (c->callers[i]->awaits != steered->number)
			continue;
		c->callers[i]->awaits = 0;
		say_line(c->callers[i], steering_answer(m));
	}
}

static void
carry_out(struct caller *caller, const char *line, size_t len)
{
	const struct office office = clerk_office(caller->control->broker);
	struct order order;
	const char *why = order_parse(line, len, &order);
	json_t *answer;

	if (why != NULL) {
		say_line(caller, office_refusal(why,
		    "The server does not understand this."));
		return;
	}
	if (order.kind == ORDER_TAIL)
		answer = tail_begin(office.hub, &order, &caller->tail);
	else if (order.kind == ORDER_TRACE)
		answer = trace_begin(office.hub, &order, &caller->trace);
	else if (steering_is_meant(order.kind))
		answer = steer(caller, &order);
	else
		answer = office_answer(&office, &order);
	log_order(caller, &order, answer);
	if (caller->awaits == 0)
		say_line(caller, answer);
	order_clear(&order);
}

/* One order; more wait until it is answered.  Who follows gives no others.
 * False: there was none. */
static bool
hear_caller(struct caller *caller)
{
	const uint8_t *line = buf_head(&caller->in), *end;
	size_t len = buf_len(&caller->in);

	if (caller->is_gone || is_following(caller) || caller->awaits != 0 ||
	    buf_len(&caller->out) > 0 || len == 0)
		return false;
	end = memchr(line, '\n', len);
	if (end == NULL && len <= ORDER_LINE)
		return false;
	if (end == NULL || end - line > ORDER_LINE) {
		say_line(caller, office_refusal("too-long",
		    "The line is too long."));
		buf_reset(&caller->in);
		caller->has_ended = true;
		event_del(caller->readable);
		return false;
	}
	carry_out(caller, (const char *)line, (size_t)(end - line));
	buf_consume(&caller->in, (size_t)(end + 1 - line));
	if (!caller->has_ended && buf_len(&caller->in) <= ORDER_LINE)
		event_add(caller->readable, NULL);
	return true;
}

void
control_hear(struct control *c)
{
	if (c == NULL || !c->broker->is_serving ||
	    link_is_awaited(c->broker))
		return;
	for (unsigned i = 0; i < c->count; i++)
		(void)hear_caller(c->callers[i]);
}

/*
 * What he is told.
 */

static void
caller_flush(struct caller *caller)
{
	ssize_t n;

	while (buf_len(&caller->out) > 0) {
		n = send(caller->fd, buf_head(&caller->out),
		    buf_len(&caller->out), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			event_add(caller->writable, NULL);
			return;
		}
		if (n < 0) {
			caller->is_gone = true;
			return;
		}
		buf_consume(&caller->out, (size_t)n);
	}
}

/* The turn that this starts goes on with him. */
static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Whether there may be more for him, when this is sent or others have had
 * their turn. */
static bool
follow(struct caller *caller)
{
	const struct hub *hub = caller->control->broker->hub;
	json_t *event;
	bool more = false;

	while (!caller->is_gone && is_following(caller) &&
	    buf_len(&caller->out) < OUT_HIGH) {
		event = caller->tail.is_on ?
		    tail_next(hub, &caller->tail, &more) :
		    trace_next(hub, &caller->trace, &more);
		if (event == NULL)
			break;
		say_line(caller, event);
	}
	return more || buf_len(&caller->out) >= OUT_HIGH;
}

/* It belongs behind what was said before, which counts already.  Who takes
 * nothing is told later that something is missing. */
void
control_on_whisper(void *arg, const struct hub_overheard *heard)
{
	struct control *c = arg;
	json_t *event;

	for (unsigned i = 0; i < c->count; i++) {
		struct caller *caller = c->callers[i];

		if (!caller->trace.is_on)
			continue;
		(void)follow(caller);
		event = trace_whisper(&caller->trace, heard);
		if (event == NULL)
			continue;
		if (buf_len(&caller->out) < OUT_HIGH) {
			say_line(caller, event);
		} else {
			caller->trace.has_lost = true;
			json_decref(event);
		}
	}
}

static void
tell_caller(struct caller *caller)
{
	bool more = false;

	/* Who follows says nothing more, and ends when he has gone. */
	if (is_following(caller) && caller->has_ended)
		caller->is_gone = true;
	if (is_following(caller) && !caller->is_gone)
		more = follow(caller);
	if (!caller->is_gone)
		caller_flush(caller);
	/* Who takes nothing is waited for, and no turn taken for him. */
	if (more && !caller->is_gone && buf_len(&caller->out) < OUT_HIGH)
		event_active(caller->writable, EV_WRITE, 0);
	if (buf_len(&caller->out) > 0 || caller->is_gone ||
	    caller->awaits != 0)
		return;
	/* What waits is heard in the next turn. */
	if (memchr(buf_len(&caller->in) == 0 ? "" :
	    (const char *)buf_head(&caller->in), '\n',
	    buf_len(&caller->in)) != NULL) {
		if (!is_following(caller))
			event_active(caller->writable, EV_WRITE, 0);
	} else if (caller->has_ended) {
		caller->is_gone = true;
	}
}

void
control_tell(struct control *c)
{
	unsigned kept = 0;

	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->count; i++) {
		struct caller *caller = c->callers[i];

		tell_caller(caller);
		if (caller->is_gone)
			caller_free(caller);
		else
			c->callers[kept++] = caller;
	}
	if (kept < c->count && c->count == CALLERS_MAX)
		event_add(c->acceptable, NULL);
	c->count = kept;
}
