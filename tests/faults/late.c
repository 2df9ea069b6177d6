/*
 * late: processes on a machine where others are served first; loaded by
 * LD_PRELOAD into a server's parent and children alike, or into all that a
 * test runs.
 *
 * Of the system calls by which they hear, say, wait and end, one in twelve
 * comes up to 50 ms late; files are read and written as ever.  So what
 * different processes do comes in orders that an idle machine never shows, and
 * a test that takes one of them for granted fails.  LATE_CALLS and LATE_MS are
 * other numbers.
 */

#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

#define LATE_UNLESS(is_prompt, type, name, parameters, arguments)	\
type									\
name parameters								\
{									\
	static __typeof__(&name) next;					\
									\
	if (next == NULL)						\
		next = (__typeof__(next))dlsym(RTLD_NEXT, #name);	\
	if (!(is_prompt))						\
		wait_somewhat();					\
	return next arguments;						\
}

#define LATE(type, name, parameters, arguments)				\
	LATE_UNLESS(false, type, name, parameters, arguments)

LATE_UNLESS(is_file(fd), ssize_t, read, (int fd, void *to, size_t len),
    (fd, to, len))
LATE_UNLESS(is_file(fd), ssize_t, write,
    (int fd, const void *from, size_t len), (fd, from, len))
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
LATE(int, connect, (int fd, const struct sockaddr *to, socklen_t len),
    (fd, to, len))
LATE_UNLESS(is_file(fd), int, close, (int fd), (fd))
LATE(int, unlink, (const char *path), (path))
LATE(int, kill, (pid_t pid, int number), (pid, number))
LATE(pid_t, waitpid, (pid_t pid, int *status, int options),
    (pid, status, options))
