/*
 * answer - see answer.h.
 */
#include "config.h"

#include "worker/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/origin.h"
#include "worker/client.h"
#include "worker/counts.h"
#include "worker/exposition.h"
#include "worker/site.h"

#define RESPONSE_MAX	1024
#define PROTOCOL	"wschat.v1"	/* JSON, see doc/protocol.md */

bool
answer_refusal(struct buf *out, enum refusal refusal, bool is_head)
{
	uint8_t *to = buf_reserve(out, HANDSHAKE_REFUSAL_MAX);
	size_t len;

	if (to == NULL)
		return false;
	len = handshake_refusal_write((char *)to, HANDSHAKE_REFUSAL_MAX,
	    refusal, is_head);
	buf_commit(out, len);
	return len > 0;
}

static bool
answer_text(struct buf *out, const char *type, const void *body,
    size_t body_len, bool is_head)
{
	char response[RESPONSE_MAX];
	int len;

	len = snprintf(response, sizeof(response),
	    "HTTP/1.1 200 OK\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n"
	    HTTP_SECURITY_FIELDS
	    "Connection: close\r\n\r\n", type, body_len);
	return len > 0 && (size_t)len < sizeof(response) &&
	    buf_append(out, response, (size_t)len) &&
	    (is_head || buf_append(out, body, body_len));
}

static bool
answer_health(struct buf *out, bool is_head)
{
	return answer_text(out, "text/plain; charset=utf-8", "ok\n", 3,
	    is_head);
}

static bool
answer_metrics(struct worker *w, struct buf *out, bool is_head)
{
	struct buf body;
	bool good;

	counts_sample(w);
	buf_init(&body);
	good = exposition_write(&body) && answer_text(out, EXPOSITION_TYPE,
	    buf_head(&body), buf_len(&body), is_head);
	buf_clear(&body);
	return good;
}

/* Probes look in at every listener.  False: it is none. */
static bool
answer_probe(const struct worker *w, struct slice path, struct buf *out,
    bool is_head, struct answer *answer, bool *good_out)
{
	/* One that is started for who asks may not have its broker yet. */
	bool is_ready = w->is_ready && (w->is_welcome || w->is_single) &&
	    !w->is_stopping;

	if (!slice_is(path, "/healthz/live") &&
	    !slice_is(path, "/healthz/ready"))
		return false;
	*good_out = true;
	if (slice_is(path, "/healthz/live") || is_ready)
		*good_out = answer_health(out, is_head);
	else
		answer->refusal = REFUSAL_NOT_READY;
	return true;
}

/* By a listener that serves metrics there is nothing else. */
static bool
answer_watcher(struct worker *w, const struct head *head, struct buf *out,
    struct answer *answer)
{
	if (!head->wants_upgrade && slice_is(head->path, "/metrics"))
		return answer_metrics(w, out, head->method == HTTP_HEAD);
	answer->refusal = REFUSAL_UNKNOWN_PATH;
	return true;
}

static bool
answer_switch(const struct head *head, struct slice protocol,
    struct slice extensions, const char *fields, struct buf *out)
{
	uint8_t *to = buf_reserve(out, RESPONSE_MAX);
	size_t len;

	if (to == NULL)
		return false;
	len = handshake_switch_write((char *)to, RESPONSE_MAX, head->key,
	    protocol, extensions, fields);
	buf_commit(out, len);
	return len > 0;
}

bool
answer_accept(const struct head *head, struct buf *out)
{
	const struct slice none = { NULL, 0 };

	return answer_switch(head, none, none, "", out);
}

static bool
answer_upgrade(const struct head *head, bool is_secure, struct buf *out,
    struct answer *answer)
{
	const struct deflate_policy policy = {
		.is_on = answer->route->deflate,
		.client_takeover = answer->route->deflate_context_takeover
	};
	char response[DEFLATE_RESPONSE_SIZE], cookie[SEAT_COOKIE_MAX];
	struct slice protocol = { NULL, 0 }, extensions = { NULL, 0 };

	answer->is_json = answer->route->kind == SETTINGS_CHAT &&
	    head_offers_protocol(head, PROTOCOL);
	if (answer->is_json)
		protocol = (struct slice){ PROTOCOL, sizeof(PROTOCOL) - 1 };
	if (!deflate_negotiate(head, &policy, &answer->deflate)) {
		answer->refusal = REFUSAL_BAD_EXTENSIONS;
		return true;
	}
	if (answer->deflate.is_on) {
		extensions.at = response;
		extensions.len = deflate_response_write(response,
		    &answer->deflate);
	}
	if (answer->route->kind == SETTINGS_CHAT && !seat_claim(answer->route,
	    head, answer->is_json, &answer->seat))
		return false;
	if (answer_switch(head, protocol, extensions, seat_write_cookie(
	    answer->seat, answer->route, is_secure, cookie), out))
		return true;
	seat_free(answer->seat);
	answer->seat = NULL;
	return false;
}

/* Whether a page of the request's origin may use the route: one of our own
 * host or of the route's list; what comes without Origin is no page. */
static bool
is_origin_welcome(const struct settings_route *route, const struct head *head)
{
	const struct slice origin = head->origin;
	const char *allowed;

	if (origin.at == NULL)
		return route->allow_no_origin;
	if (origin_is_same_host(origin.at, origin.len, head->host.at,
	    head->host.len))
		return true;
	for (allowed = route->origins; *allowed != '\0';
	    allowed = settings_list_next(allowed))
		if (origin_matches(origin.at, origin.len, allowed))
			return true;
	return false;
}

bool
answer_head(struct worker *w, const struct client *c, const struct head *head,
    bool is_secure, struct buf *out, struct answer *answer_out)
{
	bool is_head = head->method == HTTP_HEAD, good;
	const struct settings_route *route;

	*answer_out = (struct answer){ 0 };
	if (!head->wants_upgrade && answer_probe(w, head->path, out, is_head,
	    answer_out, &good))
		return good;
	if (w->settings->listeners[c->listener].serves == SETTINGS_METRICS)
		return answer_watcher(w, head, out, answer_out);
	route = settings_find_route(w->settings, head->path.at,
	    head->path.len, &answer_out->room, &answer_out->room_len);
	if (head->wants_upgrade) {
		if (w->is_stopping) {
			answer_out->refusal = REFUSAL_STOPPING;
			return true;
		}
		if (route == NULL) {
			answer_out->refusal = REFUSAL_UNKNOWN_ROUTE;
			return true;
		}
		if (!is_origin_welcome(route, head)) {
			answer_out->refusal = REFUSAL_ORIGIN;
			return true;
		}
		answer_out->route = route;
		return answer_upgrade(head, is_secure, out, answer_out);
	}
	if (route != NULL) {
		answer_out->refusal = REFUSAL_NO_UPGRADE;
		return true;
	}
	switch (site_answer(w->site, head, out, &answer_out->body,
	    &answer_out->body_len)) {
	case SITE_DONE:
		return true;
	case SITE_UNKNOWN:
		answer_out->refusal = REFUSAL_UNKNOWN_PATH;
		return true;
	case SITE_MEMORY:
		break;
	}
	return false;
}
