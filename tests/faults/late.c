/*
 * late: the processes of a server on a machine where others are served first;
 * loaded by LD_PRELOAD into parent and children alike.
 *
 * Of the system calls by which they hear, say and wait, one in twelve comes up
 * to 50 ms late.  So what different processes do comes in orders that an idle
 * machine never shows, and a test that takes one of them for granted fails.
 * LATE_CALLS and LATE_MS are other numbers.
 */

#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static uint64_t state;
static long calls = 12, most_ms = 50;

static long
number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);
	long n = text == NULL ? 0 : atol(text);

	return n > 0 ? n : otherwise;
}

static void __attribute__((constructor))
late_begin(void)
{
	if (getrandom(&state, sizeof state, 0) != sizeof state)
		abort();
	calls = number_of("LATE_CALLS", calls);
	most_ms = number_of("LATE_MS", most_ms);
}

/* By a call that every filter of the server lets through. */
static void
wait_somewhat(void)
{
	int error = errno;
	uint64_t random;

	state = state * 6364136223846793005u + 1442695040888963407u;
	random = state >> 33;
	if (random % (uint64_t)calls == 0)
		poll(NULL, 0, (int)(random / (uint64_t)calls %
		    (uint64_t)(most_ms + 1)));
	errno = error;
}

#define LATE(type, name, parameters, arguments)				\
type									\
name parameters								\
{									\
	static __typeof__(&name) next;					\
									\
	if (next == NULL)						\
		next = (__typeof__(next))dlsym(RTLD_NEXT, #name);	\
	wait_somewhat();						\
	return next arguments;						\
}

LATE(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len))
LATE(ssize_t, write, (int fd, const void *from, size_t len), (fd, from, len))
LATE(ssize_t, recv, (int fd, void *to, size_t len, int flags),
    (fd, to, len, flags))
LATE(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags),
    (fd, msg, flags))
LATE(ssize_t, send, (int fd, const void *from, size_t len, int flags),
    (fd, from, len, flags))
LATE(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags),
    (fd, msg, flags))
LATE(int, epoll_wait, (int fd, struct epoll_event *events, int count, int ms),
    (fd, events, count, ms))
LATE(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
    (fd, from, len, flags))
LATE(int, close, (int fd), (fd))
