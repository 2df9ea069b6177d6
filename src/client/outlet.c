/*
 * outlet - see outlet.h.
 */
#include "config.h"

#include "client/outlet.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define FULL	(4 << 20)	/* bytes */

/* A pipe that poll(2) calls writable takes this much without blocking. */
#define CHUNK	PIPE_BUF

struct outlet {
	int fd;
	bool is_broken, was_full;
	struct buf out;
	struct event *event;
	outlet_hook *on_end, *on_room;
	void *arg;
};

static void
on_broken(struct outlet *o)
{
	o->is_broken = true;
	buf_reset(&o->out);
	o->on_end(o->arg);
}

/* False: not now. */
static bool
write_some(struct outlet *o)
{
	size_t len = buf_len(&o->out);
	ssize_t written = write(o->fd, buf_head(&o->out),
	    len < CHUNK ? len : CHUNK);

	if (written >= 0) {
		buf_consume(&o->out, (size_t)written);
		return true;
	}
	if (errno != EINTR && errno != EAGAIN)
		on_broken(o);
	return errno == EINTR && !o->is_broken;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct outlet *o = arg;

	(void)fd;
	(void)what;
	if (!o->is_broken && buf_len(&o->out) > 0)
		(void)write_some(o);
	if (buf_len(&o->out) > 0)
		event_add(o->event, NULL);
	if (o->was_full && buf_len(&o->out) < FULL / 2) {
		o->was_full = false;
		if (o->on_room != NULL)
			o->on_room(o->arg);
	}
}

struct outlet *
outlet_new(struct event_base *base, int fd, outlet_hook *on_end, void *arg)
{
	struct outlet *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->fd = fd;
	o->on_end = on_end;
	o->arg = arg;
	buf_init(&o->out);
	o->event = event_new(base, fd, EV_WRITE, on_writable, o);
	if (o->event == NULL) {
		free(o);
		return NULL;
	}
	return o;
}

void
outlet_free(struct outlet *o)
{
	if (o == NULL)
		return;
	while (!o->is_broken && buf_len(&o->out) > 0 && (write_some(o) ||
	    errno == EAGAIN))
		continue;
	event_free(o->event);
	buf_clear(&o->out);
	free(o);
}

void
outlet_write(struct outlet *o, const char *line, size_t len)
{
	if (o->is_broken)
		return;
	if (!buf_append(&o->out, line, len) ||
	    !buf_append(&o->out, "\n", 1)) {
		on_broken(o);
		return;
	}
	o->was_full |= buf_len(&o->out) >= FULL;
	event_add(o->event, NULL);
}

bool
outlet_is_full(const struct outlet *o)
{
	return o->was_full;
}

void
outlet_on_room(struct outlet *o, outlet_hook *on_room)
{
	o->on_room = on_room;
}
