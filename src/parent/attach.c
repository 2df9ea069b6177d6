/*
 * attach - see attach.h.
 *
 * Who comes gets the same as the parent's own children, keys included: so he
 * must be root, or the user the parent runs as, by what the kernel says.
 */
#include "config.h"

#include "parent/attach.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "parent/parent_parts.h"

#define GUESTS		32	/* who have not offered anything yet */
#define PATIENCE_MS	5000
#define QUEUE_MAX	4096

struct guest {
	struct attach *attach;
	struct peer *peer;		/* NULL: nobody is here */
	pid_t pid;
	int pidfd;
	uint64_t since_ms, reloads;
};

struct attach {
	struct parent *parent;
	struct endpoint endpoint;
	int fd;
	struct event *readable;
	bool is_resting;		/* until attach_watch */
	struct guest guests[GUESTS];
};

static peer_handler on_hello, on_offer;

static peer_handler *const handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_OFFER] = on_offer,
};

peer_handler *const *
attach_handlers(void)
{
	return handlers;
}

/* --- what is said ------------------------------------------------------ */

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_hello *hello = m->payload;

	(void)owner;
	(void)peer;
	return hello->version == IPC_VERSION && hello->role == IPC_GUEST;
}

static bool
on_offer(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct guest *guest = owner;
	char listener[SETTINGS_ADDRESS];
	struct attach_offer offer = {
		.pid = guest->pid, .pidfd = guest->pidfd,
		.connection = m->fd, .listener = listener,
		.reloads = guest->reloads,
		.channel = fcntl(peer_fd(peer), F_DUPFD_CLOEXEC, CHANNEL_END)
	};

	guest->pidfd = -1;
	memcpy(listener, m->tail, m->tail_len);
	listener[m->tail_len] = '\0';
	peer_close(peer);
	singles_adopt(guest->attach->parent, &offer);
	return true;
}

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	const struct guest *guest = owner;

	(void)peer;
	logger_warning("went without offering a connection", "pid=%d why=%s",
	    (int)guest->pid, why == NULL ? "end-of-file" : why);
}

/* What the parent's own children are born with. */
static bool
send_heritage(struct guest *guest)
{
	const struct heritage *has = &guest->attach->parent->heritage;
	const struct ipc_hello hello = {
		.version = IPC_VERSION, .role = IPC_PARENT
	};
	const struct {
		uint32_t place;
		int fd;
	} given[] = {
		{ STDERR_FILENO, STDERR_FILENO },
		{ CHANNEL_SETTINGS, has->files.settings_fd },
		{ CHANNEL_LOG, has->log_reader_fd },
		{ CHANNEL_SITE, has->files.site_fd },
		{ CHANNEL_TLS, has->files.tls_fd },
		{ CHANNEL_METRICS, has->metrics_fd }
	};
	const unsigned count = sizeof(given) / sizeof(given[0]);
	struct ipc_inherit inherit;
	unsigned i;

	if (!peer_send(guest->peer, IPC_HELLO, &hello, NULL, 0, -1))
		return false;
	for (i = 0; i < count; i++) {
		inherit.place = given[i].place;
		inherit.left = count - 1 - i;
		if (!peer_send(guest->peer, IPC_INHERIT, &inherit, NULL, 0,
		    given[i].fd))
			return false;
	}
	return true;
}

/* --- who comes --------------------------------------------------------- */

/* The process, as the kernel knows it: a number alone may be another's by the
 * time it is used.  Who is at the other end still when we hold the descriptor
 * is who it means.  -1: he is gone. */
static int
hold_process(int fd, pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);
	char byte;

	if (pidfd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    errno == EAGAIN)
		return pidfd;
	if (pidfd >= 0)
		close(pidfd);
	return -1;
}

static struct guest *
find_place(struct attach *attach)
{
	unsigned i;

	for (i = 0; i < GUESTS; i++)
		if (attach->guests[i].peer == NULL)
			return &attach->guests[i];
	return NULL;
}

static void
welcome(struct attach *attach, struct guest *guest, int fd, pid_t pid)
{
	const struct peer_config config = {
		.self = IPC_PARENT, .other = IPC_GUEST,
		.handlers = handlers, .on_end = on_end, .owner = guest,
		.queue_max = QUEUE_MAX
	};

	*guest = (struct guest){
		.attach = attach, .pid = pid, .since_ms = clock_ms(),
		.pidfd = hold_process(fd, pid),
		.reloads = attach->parent->reloads
	};
	if (guest->pidfd < 0) {
		close(fd);
		return;
	}
	guest->peer = peer_new(attach->parent->base, fd, &config);
	if (guest->peer == NULL)
		close(guest->pidfd);
	else if (!send_heritage(guest))
		peer_close(guest->peer);
}

static bool
may_come(int fd, struct ucred *who)
{
	socklen_t len = sizeof(*who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len) < 0)
		return false;
	if (who->uid == 0 || who->uid == geteuid())
		return true;
	logger_warning("may not attach", "pid=%d uid=%u", (int)who->pid,
	    (unsigned)who->uid);
	return false;
}

/* For want of descriptors or memory who comes waits until the next look, as
 * the socket stays readable all the time. */
static void
rest(struct attach *attach, int reason)
{
	if (reason != EMFILE && reason != ENFILE && reason != ENOBUFS &&
	    reason != ENOMEM)
		return;
	logger_warning("nobody can attach for now", "error=\"%s\"",
	    strerror(reason));
	event_del(attach->readable);
	attach->is_resting = true;
}

static void
on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct attach *attach = arg;
	struct guest *guest;
	struct ucred who;
	int fd;

	(void)what;
	while ((guest = find_place(attach)) != NULL) {
		fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			rest(attach, errno);
			return;
		}
		if (may_come(fd, &who))
			welcome(attach, guest, fd, who.pid);
		else
			close(fd);
	}
	/* The others wait until somebody has offered, or gone. */
	event_del(attach->readable);
}

/* --- its life ---------------------------------------------------------- */

struct attach *
attach_open(struct parent *parent)
{
	struct attach *attach;

	if (parent->settings->attach[0] == '\0')
		return NULL;
	attach = calloc(1, sizeof(*attach));
	if (attach == NULL)
		die(EX_OSERR, "attach");
	attach->parent = parent;
	attach->fd = heritage_open_private(&attach->endpoint, "attach",
	    parent->settings->attach);
	attach->readable = event_new(parent->base, attach->fd,
	    EV_READ | EV_PERSIST, on_readable, attach);
	if (attach->readable == NULL ||
	    event_add(attach->readable, NULL) < 0) {
		endpoint_remove_file(&attach->endpoint);
		die(EX_OSERR, "attach");
	}
	return attach;
}

static void
remove_guest(struct guest *guest)
{
	peer_free(guest->peer);
	guest->peer = NULL;
	if (guest->pidfd >= 0)
		close(guest->pidfd);
}

void
attach_free(struct attach *attach)
{
	unsigned i;

	if (attach == NULL)
		return;
	for (i = 0; i < GUESTS; i++)
		if (attach->guests[i].peer != NULL)
			remove_guest(&attach->guests[i]);
	event_free(attach->readable);
	endpoint_remove_file(&attach->endpoint);
	close(attach->fd);
	free(attach);
}

void
attach_end_turn(struct attach *attach)
{
	unsigned i;

	if (attach == NULL)
		return;
	for (i = 0; i < GUESTS; i++) {
		struct guest *guest = &attach->guests[i];

		if (guest->peer == NULL || peer_is_open(guest->peer))
			continue;
		remove_guest(guest);
		event_add(attach->readable, NULL);
	}
}

void
attach_watch(struct attach *attach, uint64_t now_ms)
{
	unsigned i;

	if (attach == NULL)
		return;
	if (attach->is_resting) {
		attach->is_resting = false;
		event_add(attach->readable, NULL);
	}
	for (i = 0; i < GUESTS; i++) {
		struct guest *guest = &attach->guests[i];

		if (guest->peer != NULL && peer_is_open(guest->peer) &&
		    now_ms - guest->since_ms > PATIENCE_MS) {
			on_end(guest, guest->peer, "timeout");
			peer_close(guest->peer);
		}
	}
}
