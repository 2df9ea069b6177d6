/*
 * history - see history.h.
 */
#include "config.h"

#include "worker/history.h"

#include <string.h>

#include "base/clock.h"
#include "log/cursor.h"
#include "worker/audience.h"
#include "worker/event.h"
#include "worker/json_write.h"
#include "worker/output.h"
#include "worker/waiting.h"

#define HISTORY_STEPS	16384	/* records looked at for one answer */
#define MESSAGE_EXTRA	96	/* bytes of JSON around a message, about */
#define TRIES		4	/* when the log is overrun meanwhile */

struct question {
	uint64_t before, count;
};

/* Of the messages found, those from `from` on are told. */
struct page {
	uint64_t positions[JSON_HISTORY_MAX + 1];
	size_t from, count;
	bool has_more;
};

/* Whether the route still keeps the message. */
static bool
is_kept(const struct settings_route *route, const struct audience *a,
    const struct record *r, uint64_t now_us)
{
	return r->seq + route->history > a->seq &&
	    (route->history_age_ms == 0 ||
	    r->time_us + route->history_age_ms * 1000 >= now_us);
}

/* Half of what may wait for a client, so that an answer alone is never the
 * end of him; 0: no limit. */
static uint64_t
page_bytes(const struct settings_route *route)
{
	return route->limits.backlog / 2;
}

static void
page_find(struct page *page, const struct log *log, const struct audience *a,
    const struct settings_route *route, const struct question *q)
{
	uint64_t most = page_bytes(route), bytes = 0;
	uint64_t now_us = route->history_age_ms == 0 ? 0 : clock_wall_us();
	struct cursor_view v;

	page->count = cursor_history(log, a->room, a->newest, q->before,
	    page->positions, q->count + 1, HISTORY_STEPS);
	page->has_more = false;
	for (page->from = page->count; page->from > 0; page->from--) {
		if (!cursor_read(log, page->positions[page->from - 1], &v) ||
		    !is_kept(route, a, &v.record, now_us))
			return;
		bytes += v.record.name_len + v.text_len + MESSAGE_EXTRA;
		if (page->count - page->from == q->count || (most != 0 &&
		    page->from < page->count && bytes > most)) {
			page->has_more = true;
			return;
		}
	}
}

static bool
page_render(const struct page *page, const struct log *log, struct buf *line)
{
	struct cursor_view v;
	struct json_message message;

	if (!json_write_history_begin(line))
		return false;
	for (size_t i = page->from; i < page->count; i++) {
		if (!cursor_read(log, page->positions[i], &v))
			continue;	/* overrun: page_is_intact tells */
		message = event_message(&v);
		if (!json_write_history_add(line, &message))
			return false;
	}
	return json_write_history_end(line, page->has_more);
}

/* Whether nothing that the page rests on was written over meanwhile. */
static bool
page_is_intact(const struct page *page, const struct log *log)
{
	for (size_t i = 0; i < page->count; i++)
		if (!cursor_is_intact(log, page->positions[i]))
			return false;
	return true;
}

/* Takes the older half off a page that is too long as JSON, in which a
 * character may take six. */
static bool
page_halve(struct page *page, const struct settings_route *route, size_t len)
{
	size_t count = page->count - page->from;

	if (page_bytes(route) == 0 || len <= page_bytes(route) || count < 2)
		return false;
	page->from += count / 2;
	page->has_more = true;
	return true;
}

static bool
history_render(const struct log *log, const struct audience *a,
    const struct settings_route *route, const struct question *q,
    struct buf *line)
{
	struct page page;

	for (int i = 0; i < TRIES; i++) {
		page_find(&page, log, a, route, q);
		do {
			buf_reset(line);
			if (!page_render(&page, log, line))
				return false;
		} while (page_halve(&page, route, buf_len(line)));
		if (page_is_intact(&page, log))
			return true;
	}
	/* The log goes round faster than it is read. */
	buf_reset(line);
	return json_write_history_begin(line) &&
	    json_write_history_end(line, true);
}

static void
history_tell(struct worker *w, struct client *c, const struct buf *asked)
{
	const struct settings_route *route = &w->settings->routes[c->route];
	struct question q;
	struct buf line;

	if (c->audience == NULL)
		return;
	memcpy(&q, buf_head(asked), sizeof(q));
	buf_init(&line);
	client_answer(w, c, history_render(w->log, c->audience, route, &q,
	    &line), &line);
	buf_clear(&line);
	/* Much can be had for a short question. */
	client_throttle(w, c);
}

void
history_ask(struct worker *w, struct client *c, uint64_t before,
    unsigned count)
{
	const struct question q = { .before = before, .count = count };
	struct buf asked;

	buf_init(&asked);
	if (buf_append(&asked, &q, sizeof(q)))
		waiting_put_question(w, c, &asked, history_tell);
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&asked);
}
