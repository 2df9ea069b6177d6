/*
 * fate: what befalls the processes of a server from within; loaded by
 * LD_PRELOAD into a server under test, parent and children alike.
 *
 * FATE names a file with a struct fate, which each process maps when it
 * starts, before a filter keeps it from opening files.  What a test writes
 * there holds from then on.
 */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum call { RECV, RECVMSG, SEND, SENDMSG, CALLS };

struct fate {
	int64_t wall_shift_s;	/* the wall clock is so much ahead */
	char dies[16];		/* a role that dies when it starts */
	int64_t piece;		/* bytes that a socket takes or gives at
				 * once; 0: as many as it does */
	uint64_t cut[CALLS];	/* how many of each call wanted more */
};

int	clock_gettime(clockid_t, struct timespec *);

static struct fate *fate;
static __typeof__(&clock_gettime) next_clock;
static __typeof__(&recv) next_recv;
static __typeof__(&recvmsg) next_recvmsg;
static __typeof__(&send) next_send;
static __typeof__(&sendmsg) next_sendmsg;

static void __attribute__((constructor))
fate_begin(void)
{
	const char *path = getenv("FATE"), *role = getenv("WSCHATD_ROLE");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *fate,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	close(fd);
	fate = map;
	next_clock = (__typeof__(next_clock))dlsym(RTLD_NEXT,
	    "clock_gettime");
	next_recv = (__typeof__(next_recv))dlsym(RTLD_NEXT, "recv");
	next_recvmsg = (__typeof__(next_recvmsg))dlsym(RTLD_NEXT, "recvmsg");
	next_send = (__typeof__(next_send))dlsym(RTLD_NEXT, "send");
	next_sendmsg = (__typeof__(next_sendmsg))dlsym(RTLD_NEXT, "sendmsg");
	if (role != NULL && strcmp(role, fate->dies) == 0)
		_exit(70);
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int result = next_clock(id, now);

	if (id == CLOCK_REALTIME && fate != NULL)
		now->tv_sec += (time_t)fate->wall_shift_s;
	return result;
}

static size_t
piece_of(enum call call, size_t len)
{
	if (fate->piece <= 0 || len <= (size_t)fate->piece)
		return len;
	__atomic_add_fetch(&fate->cut[call], 1, __ATOMIC_RELAXED);
	return (size_t)fate->piece;
}

ssize_t
recv(int fd, void *to, size_t len, int flags)
{
	return next_recv(fd, to, piece_of(RECV, len), flags);
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (msg->msg_iovlen == 1)
		msg->msg_iov->iov_len = piece_of(RECVMSG,
		    msg->msg_iov->iov_len);
	return next_recvmsg(fd, msg, flags);
}

ssize_t
send(int fd, const void *from, size_t len, int flags)
{
	return next_send(fd, from, piece_of(SEND, len), flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr part = *msg;
	struct iovec iov;
	size_t i;

	if (fate->piece <= 0)
		return next_sendmsg(fd, msg, flags);
	for (i = 0; i + 1 < msg->msg_iovlen && msg->msg_iov[i].iov_len == 0;
	    i++)
		;
	iov = msg->msg_iov[i];
	iov.iov_len = piece_of(SENDMSG, iov.iov_len);
	part.msg_iov = &iov;
	part.msg_iovlen = 1;
	return next_sendmsg(fd, &part, flags);
}
