/*
 * session - see session.h.
 */
#include "config.h"

#include "client/session.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "client/call.h"
#include "client/backoff.h"
#include "client/connection.h"
#include "client/session_parts.h"
#include "ws/frame.h"

#define WINDOW		64		/* messages not acknowledged */
#define WINDOW_BYTES	(1 << 20)
#define STEADY_MS	10000		/* then failures are counted anew */
#define LINGER_MS	500		/* text: silence that means the end */

static bool connect_now(struct session *);
static void check_finish(struct session *);

/* ---- the end ---- */

static void
set_timer(struct session *s, uint64_t ms)
{
	struct timeval time = { (time_t)(ms / 1000),
	    (suseconds_t)(ms % 1000 * 1000) };

	event_add(s->timer, &time);
}

static void
end_with(struct session *s, enum session_outcome outcome, const char *why)
{
	if (s->state == ENDED)
		return;
	s->state = ENDED;
	event_del(s->timer);
	s->hooks->on_end(s->arg, outcome, why);
}

/* What may be better next time. */
static bool
may_retry(const struct session *s, const struct connection_end *end)
{
	if (!s->was_open || !s->settings.may_reconnect)
		return false;
	switch (end->outcome) {
	case CONNECTION_UNREACHABLE:
	case CONNECTION_NOT_WEBSOCKET:
	case CONNECTION_LOST:
		return true;
	case CONNECTION_REFUSED:
		return end->status >= 500 || end->status == 408 ||
		    end->status == 429;
	case CONNECTION_CLOSED:
		return end->code == 1001 ||
		    (end->code >= 1011 && end->code <= 1014) ||
		    (end->code >= 4000 && end->code <= 4499);
	case CONNECTION_UNTRUSTED:
	case CONNECTION_BROKEN:
		break;
	}
	return false;
}

static void
retry(struct session *s, const struct connection_end *end)
{
	uint32_t random = 0;
	char text[384];
	uint64_t wait;

	if (s->opened_ms != 0 && clock_ms() - s->opened_ms >= STEADY_MS)
		s->failures = 0;
	s->opened_ms = 0;
	(void)RAND_bytes((unsigned char *)&random, sizeof(random));
	wait = backoff_ms(s->failures++, end->asked_ms, random);
	if (s->is_unproven)
		s->has_lost = true;
	s->is_unproven = false;
	snprintf(text, sizeof(text), "not connected (%s); next attempt "
	    "in %llu s", end->why[0] != '\0' ? end->why : "closed",
	    (unsigned long long)(wait + 999) / 1000);
	s->state = WAITING;
	set_timer(s, wait);
	s->hooks->on_note(s->arg, text);
}

static void
on_connection_end(void *arg, const struct connection_end *lent)
{
	struct session *s = arg;
	struct connection_end end = *lent;
	enum session_outcome outcome = SESSION_LOST;

	connection_free(s->connection);
	s->connection = NULL;
	pending_unsend(&s->pending);
	gap_clear(&s->gap);
	if (s->state == CLOSING) {
		end_with(s, s->final, s->final_why);
		return;
	}
	if (may_retry(s, &end)) {
		if (s->is_finishing && session_pending(s) == 0)
			end_with(s, SESSION_DONE, "");
		else
			retry(s, &end);
		return;
	}
	if (end.outcome == CONNECTION_CLOSED)
		outcome = end.code == 1000 || end.code == FRAME_CODE_NONE ?
		    SESSION_CLOSED : SESSION_REFUSED;
	else if (end.outcome == CONNECTION_UNTRUSTED ||
	    end.outcome == CONNECTION_REFUSED)
		outcome = SESSION_REFUSED;
	end_with(s, outcome, end.why);
}

void
session_give_up(struct session *s, enum session_outcome outcome,
    const char *why)
{
	if (s->state == CLOSING || s->state == ENDED)
		return;
	s->state = CLOSING;
	s->final = outcome;
	snprintf(s->final_why, sizeof(s->final_why), "%s", why);
	event_del(s->timer);
	connection_close(s->connection, 1000);
}

/* ---- saying ---- */

static void
flush_pending(struct session *s)
{
	struct pending_item *item;

	while (s->state == READY && !s->gap.is_open && !s->is_telling &&
	    (item = pending_unsent(&s->pending)) != NULL) {
		connection_say(s->connection, item->json, item->len);
		item->is_sent = true;
	}
}

void
session_acknowledge(struct session *s, const json_t *event)
{
	const char *id = json_string_value(json_object_get(event, "id"));

	if (id == NULL || !pending_remove(&s->pending, id))
		return;
	if (s->state == READY && !s->is_telling)
		session_proceed(s);
}

void
session_proceed(struct session *s)
{
	if (s->state != READY || s->gap.is_open)
		return;
	flush_pending(s);
	s->hooks->on_ready(s->arg);
	check_finish(s);
}

static void
check_finish(struct session *s)
{
	if (!s->is_finishing)
		return;
	if (s->state == TEXT)
		connection_ping(s->connection);
	else if (s->state == READY && s->pending.count == 0)
		session_close(s);
}

/* ---- the connection ---- */

static void
on_open(void *arg, struct slice protocol, struct slice session)
{
	struct session *s = arg;
	bool is_again = s->was_open;

	s->was_open = true;
	if (session.len > 0 && session.len <= SESSION_TOKEN)
		snprintf(s->cookie, sizeof(s->cookie), "SESSION=%.*s",
		    (int)session.len, session.at);
	if (slice_is(protocol, SESSION_PROTOCOL)) {
		s->state = GREETING;
	} else if (s->settings.wants_json || s->settings.has_since ||
	    s->settings.name != NULL) {
		session_give_up(s, SESSION_REFUSED,
		    "the server does not speak "
		    SESSION_PROTOCOL ", which this needs");
		return;
	} else {
		s->state = TEXT;
		s->opened_ms = clock_ms();
	}
	if (is_again)
		s->hooks->on_note(s->arg, "connected again");
	if (s->state == TEXT) {
		if (!is_again)
			s->hooks->on_note(s->arg, "connected");
		s->hooks->on_ready(s->arg);
		check_finish(s);
	}
}

static void
on_text(void *arg, const char *text, size_t len)
{
	struct session *s = arg;

	if (s->state == ENDED)
		return;
	if (!session_speaks_json(s)) {
		if (s->state == TEXT && event_pending(s->timer, EV_TIMEOUT,
		    NULL))
			set_timer(s, LINGER_MS);
		s->hooks->on_text(s->arg, text, len);
		return;
	}
	story_take(s, text, len);
}

static void
on_binary(void *arg, size_t len)
{
	struct session *s = arg;
	char text[64];

	snprintf(text, sizeof(text), "a binary message of %zu bytes", len);
	if (s->state != ENDED)
		s->hooks->on_note(s->arg, text);
}

/* A text server has taken all; what it has to say to it may be under way. */
static void
on_pong(void *arg)
{
	struct session *s = arg;

	s->is_unproven = false;
	if (s->state == TEXT && s->is_finishing)
		set_timer(s, LINGER_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (s->state == WAITING && !connect_now(s))
		end_with(s, SESSION_LOST, "out of memory");
	else if (s->state == TEXT)
		session_close(s);
}

static const struct connection_hooks connection_hooks = {
	on_open, on_text, on_binary, on_pong, on_connection_end
};

/* False: no memory. */
static bool
connect_now(struct session *s)
{
	bool is_back = s->was_welcome &&
	    (s->token[0] != '\0' || s->cookie[0] != '\0');
	char target[URL_TARGET * 2], protocols[SESSION_TOKEN + 64];
	struct connection_request request = {
		&s->settings.url, s->settings.trust, target, protocols,
		s->cookie
	};

	if (!url_target(&s->settings.url, is_back ? s->last_seq : UINT64_MAX,
	    target, sizeof(target)))
		snprintf(target, sizeof(target), "/");
	snprintf(protocols, sizeof(protocols), "%s%s%s", SESSION_PROTOCOL,
	    s->token[0] != '\0' ? ", wschat.resume." : "", s->token);
	s->state = CONNECTING;
	s->connection = connection_new(s->base, &request, &connection_hooks,
	    s);
	explicit_bzero(protocols, sizeof(protocols));
	return s->connection != NULL;
}

/* ---- what the owner asks for ---- */

struct session *
session_new(struct event_base *base, const struct session_settings *settings,
    const struct session_hooks *hooks, void *arg)
{
	struct session *s = calloc(1, sizeof(*s));
	uint64_t random = clock_wall_us();

	if (s == NULL)
		return NULL;
	s->base = base;
	s->settings = *settings;
	s->hooks = hooks;
	s->arg = arg;
	(void)RAND_bytes((unsigned char *)&random, sizeof(random));
	pending_init(&s->pending, random);
	gap_init(&s->gap);
	s->timer = event_new(base, -1, 0, on_timer, s);
	if (s->timer == NULL || !connect_now(s)) {
		session_free(s);
		return NULL;
	}
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	connection_free(s->connection);
	if (s->timer != NULL)
		event_free(s->timer);
	pending_clear(&s->pending);
	gap_clear(&s->gap);
	explicit_bzero(s->token, sizeof(s->token));
	explicit_bzero(s->cookie, sizeof(s->cookie));
	free(s);
}

bool
session_takes(const struct session *s)
{
	if (s->state == TEXT)
		return connection_backlog(s->connection) < WINDOW_BYTES;
	return s->was_welcome && s->state != CLOSING && s->state != ENDED &&
	    s->pending.count < WINDOW && s->pending.bytes < WINDOW_BYTES;
}

bool
session_say(struct session *s, const char *text, size_t len, bool is_action)
{
	struct utf8 utf8;

	if (!session_takes(s))
		return false;
	if (s->state == TEXT) {
		utf8_init(&utf8);
		if (!utf8_feed(&utf8, (const uint8_t *)text, len) ||
		    !utf8_is_complete(&utf8))
			return false;
		connection_say(s->connection, text, len);
		s->is_unproven = true;
		return true;
	}
	if (!pending_add(&s->pending, text, len, is_action))
		return false;
	flush_pending(s);
	return true;
}

bool
session_request(struct session *s, json_t *request)
{
	char *text = call_write(request);
	bool is_open = s->state == READY || s->state == NAMING;

	if (text != NULL && is_open)
		connection_say(s->connection, text, strlen(text));
	is_open &= text != NULL;
	free(text);
	return is_open;
}

void
session_finish(struct session *s)
{
	s->is_finishing = true;
	if (s->state == WAITING && s->pending.count == 0)
		end_with(s, SESSION_DONE, "");
	else
		check_finish(s);
}

void
session_close(struct session *s)
{
	if (s->connection == NULL)
		end_with(s, SESSION_DONE, "");
	else
		session_give_up(s, SESSION_DONE, "");
}

void
session_pause(struct session *s, bool is_paused)
{
	if (s->connection != NULL)
		connection_pause(s->connection, is_paused);
}

bool
session_is_connected(const struct session *s)
{
	return s->state == READY || s->state == NAMING || s->state == TEXT;
}

bool
session_speaks_json(const struct session *s)
{
	return s->was_welcome || s->state == GREETING;
}

const char *
session_name(const struct session *s)
{
	return s->name;
}

size_t
session_pending(const struct session *s)
{
	return s->pending.count + (s->is_unproven ? 1 : 0);
}

bool
session_has_lost(const struct session *s)
{
	return s->has_lost;
}
