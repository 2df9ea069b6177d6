/*
 * inetd - see inetd.h.
 *
 *	parent                          this process
 *	  --- HELLO, INHERIT ... -------->
 *	  <-- HELLO, OFFER --------------   and becomes a worker
 *	  --- HELLO, CONNECTION ... ----->
 *
 * What follows OFFER waits in the socket for the worker, so nothing is read
 * behind the last INHERIT.
 */
#include "config.h"

#include "inetd/inetd.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/logger.h"
#include "base/unavailable.h"

#define WAIT_S		5	/* for the parent */
#define LINGER_S	2	/* so that the answer arrives before the end */
#define TITLE		"wschatd: worker (inetd)"

struct inetd {
	struct event_base *base;
	struct peer *parent;
	int connection;			/* the client's */
	const char *listener;
	int given[CHANNEL_END];		/* by their later places; -1: not yet */
	bool is_complete;
	const char *why;		/* it cannot be */
};

static peer_handler on_hello, on_inherit;

static peer_handler *const handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_INHERIT] = on_inherit,
};

peer_handler *const *
inetd_handlers(void)
{
	return handlers;
}

/* --- what it was started with ------------------------------------------ */

enum inetd_kind
inetd_kind_of(int fd)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
	    type != SOCK_STREAM)
		return INETD_NOTHING;
	return listens ? INETD_LISTENS : INETD_CONNECTED;
}

static bool
is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* A line is a datagram. */
static int
open_syslog(void)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = "/dev/log"
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return open("/dev/null", O_WRONLY);
}

void
inetd_keep_log_apart(int fd)
{
	int log;

	if (!is_same_file(fd, STDERR_FILENO))
		return;
	log = open_syslog();
	if (log < 0 || dup2(log, STDERR_FILENO) < 0)
		close(STDERR_FILENO);
	if (log > STDERR_FILENO)
		close(log);
}

/* --- when it cannot be ------------------------------------------------- */

/* A socket that is closed while something unread is in it is reset, and the
 * answer is lost: what the client sends is read, and thrown away. */
static void
tell_unavailable(int fd)
{
	static const char answer[] = UNAVAILABLE_ANSWER;
	char waste[4096];
	ssize_t n;
	int left;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	alarm(LINGER_S);
	if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0 ||
	    shutdown(fd, SHUT_WR) < 0)
		return;
	for (left = 64; left > 0; left--) {
		n = recv(fd, waste, sizeof(waste), 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
	}
}

void
inetd_turn_away(int fd, bool speaks_tls, const char *why)
{
	logger_error("turned away, no server takes the connection",
	    "why=\"%s\"", why);
	if (!speaks_tls)
		tell_unavailable(fd);
	close(fd);
}

/* --- what the parent says ---------------------------------------------- */

static void
give_up(struct inetd *inetd, const char *why)
{
	if (inetd->why == NULL)
		inetd->why = why;
	event_base_loopbreak(inetd->base);
}

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	(void)peer;
	give_up(owner, why != NULL ? why : "the server does not take it");
}

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_hello *hello = m->payload;
	struct ipc_hello answer = *hello;

	if (hello->version != IPC_VERSION) {
		give_up(owner, "the server is of another version");
		peer_close(peer);
		return true;
	}
	answer.role = IPC_GUEST;
	return peer_send(peer, IPC_HELLO, &answer, NULL, 0, -1);
}

static bool
offer(struct inetd *inetd)
{
	static const struct ipc_none none;

	if (!peer_send(inetd->parent, IPC_OFFER, &none, inetd->listener,
	    strlen(inetd->listener), inetd->connection))
		return false;
	peer_flush(inetd->parent);
	inetd->is_complete = peer_is_open(inetd->parent) &&
	    peer_queued(inetd->parent) == 0;
	peer_pause(inetd->parent, true);
	event_base_loopbreak(inetd->base);
	return inetd->is_complete;
}

static bool
on_inherit(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_inherit *inherit = m->payload;
	struct inetd *inetd = owner;

	(void)peer;
	if (inherit->place >= CHANNEL_END ||
	    inetd->given[inherit->place] >= 0) {
		close(m->fd);
		return false;
	}
	/* Out of the way of all the places. */
	inetd->given[inherit->place] = fcntl(m->fd, F_DUPFD_CLOEXEC,
	    CHANNEL_END);
	close(m->fd);
	if (inetd->given[inherit->place] < 0)
		return false;
	return inherit->left > 0 || offer(inetd);
}

/* --- what becomes of it ------------------------------------------------ */

/* A super-server ends what it has started by signals, so these count, as for
 * the parent's own children they do not. */
static int
become_worker(const struct inetd *inetd, int channel)
{
	static const char *const unset[] = {
		"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
	};
	char title[] = TITLE, *argv[] = { title, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), place;
	size_t i;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(channel, CHANNEL_PARENT) < 0)
		return EX_OSERR;
	for (place = 0; place < CHANNEL_END; place++)
		if (inetd->given[place] >= 0 &&
		    dup2(inetd->given[place], place) < 0)
			return EX_OSERR;
	if (close_range(CHANNEL_END, ~0U, 0) < 0)
		return EX_OSERR;
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		unsetenv(unset[i]);
	if (setenv("WSCHATD_ROLE", ipc_role_name(IPC_WORKER), 1) == 0)
		execv("/proc/self/exe", argv);
	return EX_OSERR;
}

/* NULL, or why there is no channel. */
static const char *
connect_to(struct inetd *inetd, const char *path)
{
	const struct peer_config config = {
		.self = IPC_GUEST, .other = IPC_PARENT,
		.handlers = handlers, .on_end = on_end, .owner = inetd
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return "the path of its socket is too long";
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return strerror(errno);
	if (connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) < 0) {
		close(fd);
		return strerror(errno);
	}
	inetd->parent = peer_new(inetd->base, fd, &config);
	return inetd->parent == NULL ? strerror(ENOMEM) : NULL;
}

/* Returns the channel, or -1 with `why`. */
static int
hear_parent(struct inetd *inetd, const char *path)
{
	const struct timeval patience = { .tv_sec = WAIT_S };
	int channel = -1;

	inetd->base = event_base_new();
	inetd->why = inetd->base == NULL ? strerror(errno) :
	    connect_to(inetd, path);
	if (inetd->why == NULL) {
		event_base_loopexit(inetd->base, &patience);
		event_base_dispatch(inetd->base);
		if (inetd->is_complete)
			channel = fcntl(peer_fd(inetd->parent),
			    F_DUPFD_CLOEXEC, CHANNEL_END);
		else if (inetd->why == NULL)
			inetd->why = "the server does not answer";
	}
	peer_free(inetd->parent);
	if (inetd->base != NULL)
		event_base_free(inetd->base);
	return channel;
}

int
inetd_run(int fd, const char *path, const char *listener, bool speaks_tls)
{
	struct inetd inetd = { .connection = fd, .listener = listener };
	int channel, i;

	for (i = 0; i < CHANNEL_END; i++)
		inetd.given[i] = -1;
	if (path[0] == '\0') {
		inetd_turn_away(fd, speaks_tls, "no attach in its settings");
		return EX_CONFIG;
	}
	channel = hear_parent(&inetd, path);
	if (channel >= 0)
		return become_worker(&inetd, channel);
	inetd_turn_away(fd, speaks_tls, inetd.why);
	return EX_UNAVAILABLE;
}
