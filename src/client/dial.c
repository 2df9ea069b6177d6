/*
 * dial - see dial.h.
 */
#include "config.h"

#include "client/dial.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/resolver.h"
#include "ws/url.h"

#define ADDRESS_TIME_S	5	/* for one of several addresses */

struct dial {
	struct event_base *base;
	struct resolver *resolver;
	struct resolver_answer answer;
	unsigned next;
	int fd;			/* being connected, or -1 */
	struct event *event;	/* of fd; or, without one, of the start */
	dial_hook *hook;
	void *arg;
	char why[256];
};

static void try_next(struct dial *);

static void
close_attempt(struct dial *d)
{
	if (d->event != NULL)
		event_free(d->event);
	d->event = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static void
succeed(struct dial *d)
{
	int fd = d->fd, yes = 1;

	d->fd = -1;
	close_attempt(d);
	/* Not for unix sockets, and no loss there. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	d->hook(d->arg, fd, NULL);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	int error = ETIMEDOUT;
	socklen_t len = sizeof(error);

	if ((what & EV_TIMEOUT) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0) {
		succeed(d);
		return;
	}
	snprintf(d->why, sizeof(d->why), "%s", strerror(error));
	close_attempt(d);
	try_next(d);
}

/* False: not this address; why is said. */
static bool
try_address(struct dial *d, const struct sockaddr *address, socklen_t len)
{
	struct timeval time = { ADDRESS_TIME_S, 0 };

	d->fd = socket(address->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd >= 0 && (connect(d->fd, address, len) == 0 ||
	    errno == EINPROGRESS)) {
		d->event = event_new(d->base, d->fd, EV_WRITE, on_connected,
		    d);
		if (d->event != NULL && event_add(d->event, &time) == 0)
			return true;
	}
	snprintf(d->why, sizeof(d->why), "%s", strerror(errno));
	close_attempt(d);
	return false;
}

static void
try_next(struct dial *d)
{
	while (d->next < d->answer.count) {
		unsigned i = d->next++;

		if (try_address(d, (const struct sockaddr *)
		    &d->answer.list[i].address, d->answer.list[i].len))
			return;
	}
	d->hook(d->arg, -1, d->why);
}

static void
on_resolved(void *arg, const struct resolver_answer *answer)
{
	struct dial *d = arg;

	d->answer = *answer;
	snprintf(d->why, sizeof(d->why), "%s", answer->error == EAI_SYSTEM ?
	    "the name cannot be looked up" : gai_strerror(answer->error));
	try_next(d);
}

/* A unix socket connects at once or not at all. */
static void
on_start(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;

	(void)fd;
	(void)what;
	event_free(d->event);
	d->event = NULL;
	try_next(d);
}

static bool
start_unix(struct dial *d, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval now = { 0, 0 };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	memcpy(&d->answer.list[0].address, &address, sizeof(address));
	d->answer.list[0].len = sizeof(address);
	d->answer.count = 1;
	d->event = event_new(d->base, -1, 0, on_start, d);
	return d->event != NULL && event_add(d->event, &now) == 0;
}

struct dial *
dial_new(struct event_base *base, const struct url *url, dial_hook *hook,
    void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));
	bool is_good;

	if (d == NULL)
		return NULL;
	d->base = base;
	d->fd = -1;
	d->hook = hook;
	d->arg = arg;
	if (url->socket[0] != '\0') {
		is_good = start_unix(d, url->socket);
	} else {
		d->resolver = resolver_new(base, url->host, url->port,
		    on_resolved, d);
		is_good = d->resolver != NULL;
	}
	if (is_good)
		return d;
	dial_free(d);
	return NULL;
}

void
dial_free(struct dial *d)
{
	if (d == NULL)
		return;
	resolver_free(d->resolver);
	close_attempt(d);
	free(d);
}
