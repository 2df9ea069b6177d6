/*
 * listener - an address on which connections come in.
 *
 * Runs in the parent.  When descriptors run out, a reserve is given up for a
 * moment to tell one visitor so, and accepting rests; the rest doubles up to
 * a second while the shortage lasts.
 */
#include "config.h"

#include "parent/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/logger.h"
#include "base/netaddr.h"
#include "base/settings.h"
#include "base/unavailable.h"
#include "parent/endpoint.h"

#define BATCH		64	/* accepted in a row, then others get a turn */
#define NOTSENT_LOWAT	(16 * 1024)	/* bytes the kernel holds unsent */
#define REST_MIN_MS	100
#define REST_MAX_MS	1000

struct listener {
	struct event *readable, *rested;
	listener_on_accept *on_accept;
	void *owner;
	struct endpoint endpoint;
	int fd, family, reserve;
	unsigned index, rest_ms;
	bool paused, resting, speaks_tls;
	char name[SETTINGS_ADDRESS];	/* "127.0.0.1:8080" as bound */
};

/* Each turn: where the kernel has no watch for it, the next one asks again. */
static void
update_event(struct listener *listener)
{
	bool is_watched = event_pending(listener->readable, EV_READ, NULL);

	if (listener->paused || listener->resting) {
		if (is_watched)
			event_del(listener->readable);
	} else if (!is_watched) {
		event_add(listener->readable, NULL);
	}
}

static void
listener_on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	listener->resting = false;
	update_event(listener);
}

static int
open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* One descriptor does for all who wait: each is told, and closed. */
static void
refuse_waiting(struct listener *listener)
{
	int fd, i;

	close(listener->reserve);
	for (i = 0; i < BATCH; i++) {
		fd = accept4(listener->fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		listener_refuse(fd, listener->speaks_tls);
	}
	listener->reserve = open_reserve();
}

/* Out of something: tell the visitors, then rest. */
static void
rest(struct listener *listener, int reason)
{
	struct timeval delay;

	if ((reason == EMFILE || reason == ENFILE) && listener->reserve >= 0)
		refuse_waiting(listener);
	listener->rest_ms = listener->rest_ms == 0 ? REST_MIN_MS :
	    listener->rest_ms * 2 > REST_MAX_MS ? REST_MAX_MS :
	    listener->rest_ms * 2;
	delay.tv_sec = listener->rest_ms / 1000;
	delay.tv_usec = listener->rest_ms % 1000 * 1000;
	listener->resting = true;
	event_add(listener->rested, &delay);
	update_event(listener);
	logger_warning("accepting pauses", "listener=%s ms=%u error=\"%s\"",
	    listener->name, listener->rest_ms, strerror(reason));
}

static void
listener_on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage peer;
	uint8_t bytes[NETADDR_BYTES];
	socklen_t len;
	uint16_t port;
	int fd, i;

	(void)what;
	for (i = 0; i < BATCH; i++) {
		if (listener->reserve < 0)
			listener->reserve = open_reserve();
		len = sizeof(peer);
		fd = accept4(sock, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->rest_ms = 0;
			netaddr_from_socket((struct sockaddr *)&peer, bytes,
			    &port);
			if (!listener->on_accept(listener->owner,
			    listener->index, fd, bytes, port))
				return;
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM) {
			rest(listener, errno);
			return;
		}
		/* accept(2): errors of that connection alone. */
	}
}

static struct listener *
make_listener(struct event_base *base, const struct endpoint *endpoint,
    int fd, const struct settings_listener *settings)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		return NULL;
	listener->endpoint = *endpoint;
	listener->fd = fd;
	listener->paused = true;
	listener_set_options(fd);
	listener->speaks_tls = settings_speaks_tls(settings);
	listener->readable = event_new(base, fd, EV_READ | EV_PERSIST,
	    listener_on_readable, listener);
	listener->rested = event_new(base, -1, 0, listener_on_rested,
	    listener);
	listener->family = endpoint_name(fd, listener->name,
	    sizeof(listener->name));
	if (listener->readable != NULL && listener->rested != NULL &&
	    listener->family >= 0)
		return listener;
	if (listener->readable != NULL)
		event_free(listener->readable);
	if (listener->rested != NULL)
		event_free(listener->rested);
	free(listener);
	return NULL;
}

struct listener *
listener_open(struct event_base *base,
    const struct settings_listener *settings, unsigned index, int inherited,
    listener_on_accept *on_accept, void *owner, struct endpoint_error *error)
{
	struct endpoint endpoint;
	struct listener *listener;
	int fd;

	error->code = EX_CONFIG;
	snprintf(error->text, sizeof(error->text), "%s is not an address",
	    settings->address);
	if (endpoint_parse(settings->address, &endpoint) != NULL)
		return NULL;
	fd = endpoint_open(&endpoint, settings, inherited, error);
	if (fd < 0)
		return NULL;
	listener = make_listener(base, &endpoint, fd, settings);
	if (listener == NULL) {
		endpoint_remove_file(&endpoint);
		close(fd);
		error->code = EX_OSERR;
		snprintf(error->text, sizeof(error->text), "listener %s: %s",
		    settings->address, strerror(errno));
		return NULL;
	}
	listener->reserve = open_reserve();
	listener->index = index;
	listener->on_accept = on_accept;
	listener->owner = owner;
	return listener;
}

/* Not every socket is TCP. */
void
listener_set_options(int fd)
{
	const int one = 1, lowat = NOTSENT_LOWAT;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
	    sizeof(lowat));
}

void
listener_speak_tls(struct listener *listener, bool speaks_tls)
{
	listener->speaks_tls = speaks_tls;
}

const char *
listener_name(const struct listener *listener)
{
	return listener->name;
}

bool
listener_is_unix(const struct listener *listener)
{
	return listener->family == AF_UNIX;
}

void
listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	event_free(listener->readable);
	event_free(listener->rested);
	/* First, so that a successor need not ask whether it is served. */
	endpoint_remove_file(&listener->endpoint);
	close(listener->fd);
	if (listener->reserve >= 0)
		close(listener->reserve);
	free(listener);
}

void
listener_pause(struct listener *listener, bool paused)
{
	listener->paused = paused;
	update_event(listener);
}

void
listener_accept_waiting(struct listener *listener)
{
	if (!listener->paused && !listener->resting)
		listener_on_readable(listener->fd, EV_READ, listener);
}

void
listener_refuse(int fd, bool speaks_tls)
{
	static const char answer[] = UNAVAILABLE_ANSWER;

	/* Not waited for: whoever comes now gets what fits. */
	if (!speaks_tls)
		(void)!send(fd, answer, sizeof(answer) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}
