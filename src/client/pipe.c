/*
 * pipe - see pipe.h.
 */
#include "config.h"

#include "client/pipe.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/lines.h"
#include "client/options.h"
#include "client/outlet.h"
#include "client/session.h"
#include "client/view.h"

#define READ_SIZE	65536
#define FAREWELL_S	1	/* for the close handshake after a timeout */
#define SIGNALS		3

struct pipe {
	struct event_base *base;
	struct options *options;
	struct session *session;
	struct outlet *outlet;
	struct lines lines;
	struct view view;
	struct event *input, *timer, *farewell, *signals[SIGNALS];
	unsigned sent;		/* of --send */
	bool is_input_open;
	bool is_reached;	/* what was waited for */
	bool is_refused;	/* something that was said, or asked for */
	bool is_over;
	int status;
};

/* ---- what goes out ---- */

/* A line on standard error, made safe. */
static void __attribute__((format(printf, 2, 3)))
complain(struct pipe *p, const char *format, ...)
{
	char text[1024];
	struct buf line;
	va_list args;

	(void)p;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_init(&line);
	if (view_text(text, strlen(text), &line))
		fprintf(stderr, "wschat: %s\n",
		    (const char *)buf_head(&line));
	buf_clear(&line);
}

static void
reach(struct pipe *p)
{
	p->is_reached = true;
	session_close(p->session);
}

static void
print(struct pipe *p, const struct buf *line, bool is_message)
{
	if (p->is_reached)
		return;
	outlet_write(p->outlet, (const char *)buf_head(line), buf_len(line));
	if (outlet_is_full(p->outlet))
		session_pause(p->session, true);
	if (goal_take(&p->options->goal, (const char *)buf_head(line),
	    is_message))
		reach(p);
}

static void
on_room(void *arg)
{
	struct pipe *p = arg;

	session_pause(p->session, false);
}

static bool
is_type(const json_t *event, const char *type)
{
	const char *value = json_string_value(json_object_get(event, "type"));

	return value != NULL && strcmp(value, type) == 0;
}

static void
on_event(void *arg, const json_t *event)
{
	struct pipe *p = arg;
	enum view_kind kind;
	struct buf line;

	buf_init(&line);
	kind = view_event(&p->view, event, &line);
	if (kind == VIEW_FAULT || (kind == VIEW_NOTICE &&
	    !p->options->is_quiet))
		complain(p, "%s", (const char *)buf_head(&line));
	p->is_refused |= is_type(event, "error");
	if (p->options->is_json) {
		buf_reset(&line);
		if (view_json(event, &line))
			print(p, &line, kind == VIEW_MESSAGE);
	} else if (kind == VIEW_MESSAGE) {
		print(p, &line, true);
	}
	buf_clear(&line);
}

static void
on_text(void *arg, const char *text, size_t len)
{
	struct pipe *p = arg;
	struct buf line;

	buf_init(&line);
	if (view_text(text, len, &line))
		print(p, &line, true);
	buf_clear(&line);
}

static void
on_note(void *arg, const char *text)
{
	struct pipe *p = arg;

	if (!p->options->is_quiet)
		complain(p, "%s", text);
}

/* ---- what comes in ---- */

static void
say_line(struct pipe *p, const uint8_t *line, size_t len)
{
	if (session_say(p->session, (const char *)line, len, false))
		return;
	p->is_refused = true;
	complain(p, "line %llu is not UTF-8: it is not said",
	    (unsigned long long)p->lines.count);
}

/* Says lines as long as they are taken; the rest waits in the pipe. */
static void
say_lines(struct pipe *p)
{
	enum lines_result result = LINES_ONE;
	const uint8_t *line;
	size_t len;

	while (session_takes(p->session) && result != LINES_NONE) {
		result = lines_next(&p->lines, !p->is_input_open, &line,
		    &len);
		if (result == LINES_ONE) {
			say_line(p, line, len);
		} else if (result == LINES_LONG) {
			p->is_refused = true;
			complain(p, "line %llu is too long: it is not said",
			    (unsigned long long)p->lines.count);
		}
	}
	if (result != LINES_NONE || !session_takes(p->session))
		return;		/* on_ready goes on */
	if (p->is_input_open)
		event_add(p->input, NULL);
	else if (!goal_is_set(&p->options->goal))
		session_finish(p->session);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *p = arg;
	uint8_t *at = buf_reserve(&p->lines.in, READ_SIZE);
	ssize_t len = at == NULL ? 0 : read(fd, at, READ_SIZE);

	(void)what;
	if (len > 0)
		buf_commit(&p->lines.in, (size_t)len);
	else if (len == 0 || (errno != EINTR && errno != EAGAIN))
		p->is_input_open = false;
	say_lines(p);
}

static void
say_options(struct pipe *p)
{
	const char *text;

	while (p->sent < p->options->send_count &&
	    session_takes(p->session)) {
		text = p->options->sends[p->sent++];
		if (!session_say(p->session, text, strlen(text), false)) {
			p->is_refused = true;
			complain(p, "--send: not UTF-8, it is not said");
		}
	}
	if (p->sent == p->options->send_count &&
	    !goal_is_set(&p->options->goal))
		session_finish(p->session);
}

static void
on_ready(void *arg)
{
	struct pipe *p = arg;

	if (p->is_over || p->is_reached)
		return;
	if (p->options->send_count > 0)
		say_options(p);
	else
		say_lines(p);
}

/* ---- the end ---- */

static void
finish(struct pipe *p, int status)
{
	if (p->is_over)
		return;
	p->is_over = true;
	p->status = status;
	event_base_loopbreak(p->base);
}

static void
on_end(void *arg, enum session_outcome outcome, const char *why)
{
	struct pipe *p = arg;
	bool is_bad = p->is_refused || session_has_lost(p->session);

	if (p->status != EXIT_DONE) {
		finish(p, p->status);	/* a timeout, or a signal */
		return;
	}
	if (outcome == SESSION_REFUSED || outcome == SESSION_LOST) {
		complain(p, "%s: %s", p->options->url_text,
		    why[0] != '\0' ? why : "the server closed");
		is_bad = true;
	} else if (!p->is_reached && (goal_is_set(&p->options->goal) ||
	    session_pending(p->session) > 0 || (outcome == SESSION_CLOSED &&
	    (p->is_input_open || buf_len(&p->lines.in) > 0)))) {
		complain(p, "the server closed before all was done");
		is_bad = true;
	}
	finish(p, is_bad ? EXIT_LOST : EXIT_DONE);
}

/* Nobody reads what we write. */
static void
on_output_end(void *arg)
{
	struct pipe *p = arg;

	p->status = EXIT_LOST;
	if (p->session != NULL)
		session_close(p->session);
}

/* The server gets a moment to hear that we leave. */
static void
leave(struct pipe *p, int status)
{
	struct timeval time = { FAREWELL_S, 0 };

	p->status = status;
	event_add(p->farewell, &time);
	session_close(p->session);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *p = arg;

	(void)fd;
	(void)what;
	if (p->is_reached)
		return;
	complain(p, "not done in time");
	leave(p, EXIT_TIMEOUT);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	leave(arg, -(int)number);
}

static void
on_farewell(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *p = arg;

	(void)fd;
	(void)what;
	finish(p, p->status);
}

static const struct session_hooks session_hooks = {
	on_event, on_text, on_note, on_ready, on_end
};

/* ---- its life ---- */

static bool
make_events(struct pipe *p)
{
	static const int numbers[SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
	struct timeval time = { (time_t)(p->options->timeout_ms / 1000),
	    (suseconds_t)(p->options->timeout_ms % 1000 * 1000) };

	p->input = event_new(p->base, STDIN_FILENO, EV_READ, on_readable, p);
	p->timer = event_new(p->base, -1, 0, on_timer, p);
	p->farewell = event_new(p->base, -1, 0, on_farewell, p);
	for (unsigned i = 0; i < SIGNALS; i++) {
		p->signals[i] = evsignal_new(p->base, numbers[i], on_signal,
		    p);
		if (p->signals[i] == NULL ||
		    event_add(p->signals[i], NULL) != 0)
			return false;
	}
	p->outlet = outlet_new(p->base, STDOUT_FILENO, on_output_end, p);
	if (p->input == NULL || p->timer == NULL || p->farewell == NULL ||
	    p->outlet == NULL)
		return false;
	outlet_on_room(p->outlet, on_room);
	return p->options->timeout_ms == 0 ||
	    event_add(p->timer, &time) == 0;
}

static void
clear(struct pipe *p)
{
	struct event *const events[] = {
		p->input, p->timer, p->farewell, p->signals[0],
		p->signals[1], p->signals[2]
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	session_free(p->session);
	p->session = NULL;
	outlet_free(p->outlet);
	lines_clear(&p->lines);
}

int
pipe_run(struct event_base *base, struct options *options,
    const struct trust *trust)
{
	struct pipe p = {
		.base = base, .options = options,
		.is_input_open = options->send_count == 0
	};
	struct session_settings settings = {
		.url = options->url, .trust = trust, .name = options->name,
		.must_have_name = true, .wants_json = options->is_json,
		.wants_all = options->is_json,
		.has_since = options->has_since, .since = options->since,
		.may_reconnect = options->may_reconnect
	};

	lines_init(&p.lines);
	if (make_events(&p))
		p.session = session_new(base, &settings, &session_hooks, &p);
	if (p.session == NULL) {
		complain(&p, "out of memory");
		p.status = EXIT_LOST;
	} else {
		event_base_dispatch(base);
	}
	clear(&p);
	return p.status;
}
