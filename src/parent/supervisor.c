/*
 * supervisor - see supervisor.h.
 */
#include "config.h"

#include "parent/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "base/logger.h"

#define ALIVE_SHARE	4	/* WATCHDOG so many times in its interval */

struct supervisor {
	int socket;		/* -1: nobody is notified */
	int ready_fd;		/* -1: none, or the line is written */
	uint64_t watchdog_ms;	/* 0: none */
	uint64_t alive_ms;	/* when WATCHDOG was last sent; 0: never */
	bool is_ready, is_stopping;	/* what is to be told ... */
	bool told_ready, told_stopping;	/* ... and has been */
	uint64_t reload_us;	/* RELOADING is to be told; 0: it is not */
	bool is_reloading;	/* no READY before it is over */
	uint64_t stop_ms;
	char status[128], told_status[128];
};

/* "/path" or "@name" of the abstract name space; returns its length, 0: no
 * such address. */
static socklen_t
parse_address(const char *text, struct sockaddr_un *out)
{
	size_t len = strlen(text);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if ((*text != '/' && *text != '@') || len < 2 ||
	    len >= sizeof(out->sun_path))
		return 0;
	memcpy(out->sun_path, text, len);
	if (*text == '/')
		return sizeof(*out);
	out->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static int
open_socket(const char *text)
{
	struct sockaddr_un address;
	socklen_t len;
	int fd;

	if (text == NULL || *text == '\0')
		return -1;
	len = parse_address(text, &address);
	errno = EAFNOSUPPORT;
	fd = len == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, len) == 0)
		return fd;
	logger_warning("the supervisor cannot be notified", "error=\"%s\"",
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The interval, when it is meant for this process; 0: none. */
static uint64_t
parse_watchdog(const char *usec, const char *pid)
{
	unsigned long long n;
	char *end;

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
		return 0;
	errno = 0;
	n = strtoull(usec, &end, 10);
	if (errno != 0 || *end != '\0' || *usec < '0' || *usec > '9')
		return 0;
	return n / 1000;
}

struct supervisor *
supervisor_new(int ready_fd)
{
	static const char *const names[] = {
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
	};
	struct supervisor *s = calloc(1, sizeof(*s));
	size_t i;

	if (s == NULL)
		die(EX_OSERR, "supervisor");
	s->ready_fd = ready_fd;
	s->socket = open_socket(getenv("NOTIFY_SOCKET"));
	if (s->socket >= 0)
		s->watchdog_ms = parse_watchdog(getenv("WATCHDOG_USEC"),
		    getenv("WATCHDOG_PID"));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	return s;
}

void
supervisor_free(struct supervisor *s)
{
	if (s == NULL)
		return;
	if (s->socket >= 0)
		close(s->socket);
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	free(s);
}

/* False: not now.  A supervisor that is gone is not told again. */
static bool
notify(struct supervisor *s, const char *text)
{
	if (s->socket < 0)
		return true;
	if (send(s->socket, text, strlen(text), MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return false;
	logger_warning("the supervisor cannot be notified", "error=\"%s\"",
	    strerror(errno));
	close(s->socket);
	s->socket = -1;
	return true;
}

/* s6 waits for a line and the end. */
static void
write_ready(struct supervisor *s)
{
	if (s->ready_fd < 0)
		return;
	if (write(s->ready_fd, "ready\n", 6) < 0)
		logger_warning("--ready-fd cannot be written", "error=\"%s\"",
		    strerror(errno));
	close(s->ready_fd);
	s->ready_fd = -1;
}

static void
tell_status(struct supervisor *s)
{
	char text[sizeof(s->status) + 8];

	if (strcmp(s->status, s->told_status) == 0)
		return;
	snprintf(text, sizeof(text), "STATUS=%s", s->status);
	if (notify(s, text))
		memcpy(s->told_status, s->status, sizeof(s->told_status));
}

void
supervisor_flush(struct supervisor *s)
{
	char text[96];

	if (s->reload_us != 0) {
		snprintf(text, sizeof(text), "RELOADING=1\n"
		    "MONOTONIC_USEC=%" PRIu64, s->reload_us);
		if (!notify(s, text))
			return;
		s->reload_us = 0;
		s->told_ready = false;
	}
	if (s->is_ready && !s->told_ready && !s->is_reloading &&
	    !s->told_stopping)
		s->told_ready = notify(s, "READY=1");
	if (s->is_stopping && !s->told_stopping) {
		snprintf(text, sizeof(text), "STOPPING=1\n"
		    "EXTEND_TIMEOUT_USEC=%" PRIu64, s->stop_ms * 1000);
		s->told_stopping = notify(s, text);
	}
	tell_status(s);
}

bool
supervisor_ready(struct supervisor *s)
{
	if (s->is_ready)
		return false;
	s->is_ready = true;
	write_ready(s);
	supervisor_flush(s);
	return true;
}

void
supervisor_reloading(struct supervisor *s, uint64_t now_us)
{
	/* Before the first READY a start is under way, not a reload. */
	if (!s->is_ready)
		return;
	s->reload_us = now_us;
	s->is_reloading = true;
	supervisor_flush(s);
}

void
supervisor_reloaded(struct supervisor *s)
{
	s->is_reloading = false;
	supervisor_flush(s);
}

void
supervisor_status(struct supervisor *s, const char *text)
{
	snprintf(s->status, sizeof(s->status), "%s", text);
	tell_status(s);
}

void
supervisor_stopping(struct supervisor *s, uint64_t within_ms)
{
	s->is_stopping = true;
	s->stop_ms = within_ms;
	supervisor_flush(s);
}

void
supervisor_alive(struct supervisor *s, uint64_t now_ms)
{
	if (s->watchdog_ms == 0 || (s->alive_ms != 0 &&
	    now_ms < s->alive_ms + s->watchdog_ms / ALIVE_SHARE))
		return;
	if (notify(s, "WATCHDOG=1"))
		s->alive_ms = now_ms;
}
