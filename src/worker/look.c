/*
 * look - see look.h.
 */
#include "config.h"

#include "worker/look.h"

#include <event2/event.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "ipc/peer.h"
#include "worker/catchup.h"
#include "worker/client.h"
#include "worker/intake.h"
#include "worker/output.h"
#include "worker/worker.h"

#define EVENTS		256		/* clients in one look */

static void
on_writable(struct worker *w, struct client *c)
{
	if (!client_flush(w, c))
		return;
	if (c->is_lagging)
		catchup_run(w, c);
	if (c->state == CLIENT_OPEN && !c->is_blocked && c->input != NULL &&
	    c->input->waits_out) {
		c->input->waits_out = false;
		intake_resume(w, c);
	}
}

static void
on_client(struct worker *w, struct client *c, uint32_t events)
{
	if (c->state == CLIENT_GONE)
		return;
	if (events & EPOLLOUT)
		on_writable(w, c);
	if (c->state == CLIENT_GONE)
		return;
	/* While it waits, what has come stays in the kernel; but a peer that
	 * is gone altogether is not waited for. */
	if (client_is_waiting(c) || c->is_ended) {
		if (events & (EPOLLERR | EPOLLHUP))
			client_drop(w, c, CLOSE_RESET);
		return;
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		intake_read(w, c);
}

int
look(struct worker *w)
{
	static struct epoll_event events[EVENTS];
	int count;

	/* TAKEN before the first read: what was read cannot be handed to
	 * another worker. */
	peer_flush(w->parent);
	count = epoll_wait(w->poll, events, EVENTS, 0);
	for (int i = 0; i < count; i++)
		on_client(w, events[i].data.ptr, events[i].events);
	return count;
}

static void
on_clients_ready(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	w->now_ms = clock_ms();
	(void)look(w);
}

bool
look_open(struct worker *w)
{
	w->poll = epoll_create1(EPOLL_CLOEXEC);
	if (w->poll == -1)
		return false;
	w->readable = event_new(w->base, w->poll, EV_READ | EV_PERSIST,
	    on_clients_ready, w);
	return w->readable != NULL && event_add(w->readable, NULL) == 0;
}
