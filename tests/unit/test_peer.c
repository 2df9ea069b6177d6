/*
 * test_peer - a channel: whole messages whatever the pieces, descriptors in
 * order, and an end with a reason for who breaks a rule.
 */
#include "config.h"

#include "ipc/peer.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_MAX	100000

/* The system's calls, which a test lets fail for a while. */
static struct {
	int error;		/* errno */
	unsigned receives, sends;	/* that fail with it */
} fault;

ssize_t __real_recv(int, void *, size_t, int);
ssize_t __wrap_recv(int, void *, size_t, int);
ssize_t __real_recvmsg(int, struct msghdr *, int);
ssize_t __wrap_recvmsg(int, struct msghdr *, int);
ssize_t __real_send(int, const void *, size_t, int);
ssize_t __wrap_send(int, const void *, size_t, int);

static bool
fails(unsigned *left)
{
	if (*left == 0)
		return false;
	--*left;
	errno = fault.error;
	return true;
}

ssize_t
__wrap_recv(int fd, void *to, size_t size, int flags)
{
	return fails(&fault.receives) ? -1 : __real_recv(fd, to, size, flags);
}

ssize_t
__wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return fails(&fault.receives) ? -1 : __real_recvmsg(fd, msg, flags);
}

ssize_t
__wrap_send(int fd, const void *data, size_t len, int flags)
{
	return fails(&fault.sends) ? -1 : __real_send(fd, data, len, flags);
}

/* A worker's end of a channel to the parent, and what it has heard. */
struct ear {
	struct event_base *base;
	struct peer *peer;
	int far;		/* the parent's end, used by hand */
	uint64_t count, sum;
	uint64_t expected;	/* pings come with 1, 2, 3 ... */
	unsigned fds;
	ino_t inodes[400];
	uint64_t pause_at;	/* pause in the handler of this one */
	uint64_t refuse_at;
	bool close_at_stop;
	unsigned ends;
	const char *why;
};

static bool
on_ping(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_ping *ping = m->payload;
	struct ear *e = owner;

	assert_ptr_equal(peer, e->peer);
	assert_int_equal(m->type, IPC_PING);
	assert_int_equal(m->tail_len, 0);
	assert_int_equal(m->fd, -1);
	assert_true(ping->number == ++e->expected);
	e->count++;
	if (e->count == e->pause_at)
		peer_pause(peer, true);
	return e->count != e->refuse_at;
}

static bool
on_connection(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_accepted *a = m->payload;
	struct ear *e = owner;
	struct stat st;

	(void)peer;
	assert_int_equal(m->type, IPC_CONNECTION);
	assert_true(m->fd >= 0);
	assert_true(fcntl(m->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(m->fd, &st), 0);
	assert_true(e->inodes[a->connection] == st.st_ino);
	assert_int_equal(a->connection, e->fds);
	e->fds++;
	close(m->fd);
	return true;
}

static bool
on_stop(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct ear *e = owner;

	(void)m;
	e->count++;
	if (e->close_at_stop)
		peer_close(peer);
	return true;
}

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	struct ear *e = owner;

	assert_false(peer_is_open(peer));
	e->ends++;
	e->why = why;
}

static peer_handler *const worker_handlers[IPC_TYPES] = {
	[IPC_PING] = on_ping,
	[IPC_CONNECTION] = on_connection,
	[IPC_STOP] = on_stop,
};

static struct event_base *
base_new(void)
{
	struct event_base *base = event_base_new();

	assert_non_null(base);
	return base;
}

static void
ear_open(struct ear *e, size_t frame_max)
{
	struct peer_config config = {
		.self = IPC_WORKER, .other = IPC_PARENT,
		.handlers = worker_handlers, .on_end = on_end, .owner = e,
		.frame_max = frame_max
	};
	int fds[2];

	memset(e, 0, sizeof(*e));
	e->base = base_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    fds), 0);
	e->far = fds[1];
	e->peer = peer_new(e->base, fds[0], &config);
	assert_non_null(e->peer);
	assert_int_equal(peer_fd(e->peer), fds[0]);
}

static void
ear_close(struct ear *e)
{
	peer_free(e->peer);
	close(e->far);
	event_base_free(e->base);
}

/* All that is ready now. */
static void
turn(struct event_base *base)
{
	for (int i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static size_t
ping_write(uint8_t *to, uint64_t number)
{
	struct ipc_header h = {
		.length = sizeof(struct ipc_ping), .type = IPC_PING
	};
	struct ipc_ping ping = { .number = number };

	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), &ping, sizeof(ping));
	return sizeof(h) + sizeof(ping);
}

static void
far_write(const struct ear *e, const void *bytes, size_t len)
{
	assert_int_equal(write(e->far, bytes, len), len);
}

/* Sends bytes with so many descriptors. */
static void
far_write_fds(const struct ear *e, const void *bytes, size_t len,
    const int *fds, unsigned count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int))
	};

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	assert_int_equal(sendmsg(e->far, &msg, 0), len);
}

static unsigned
open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void
messages_come_whole_and_in_order(void **state)
{
	uint8_t bytes[200 * 16];
	size_t len = 0;
	struct ear e;

	(void)state;
	ear_open(&e, 0);
	for (uint64_t n = 1; n <= 200; n++)
		len += ping_write(bytes + len, n);
	far_write(&e, bytes, len);
	turn(e.base);
	assert_int_equal(e.count, 200);
	/* In pieces of every size. */
	for (size_t piece = 1; piece < 40; piece++) {
		e.expected = 0;
		e.count = 0;
		for (size_t at = 0; at < len; at += piece) {
			far_write(&e, bytes + at,
			    len - at < piece ? len - at : piece);
			event_base_loop(e.base, EVLOOP_NONBLOCK);
			assert_int_equal(e.count, (at + piece) / 16 > 200 ?
			    200 : (at + piece) / 16);
		}
	}
	assert_int_equal(e.ends, 0);
	close(e.far);
	e.far = -1;
	turn(e.base);
	assert_int_equal(e.ends, 1);
	assert_null(e.why);
	assert_int_equal(e.count, 200);
	ear_close(&e);
}

static void
what_came_before_the_end_is_heard(void **state)
{
	uint8_t bytes[40];
	struct ear e;

	(void)state;
	ear_open(&e, 0);
	ping_write(bytes, 1);
	ping_write(bytes + 16, 2);
	far_write(&e, bytes, 16 + 7);	/* and a part that stays one */
	close(e.far);
	e.far = -1;
	turn(e.base);
	assert_int_equal(e.count, 1);
	assert_int_equal(e.ends, 1);
	assert_null(e.why);
	ear_close(&e);
}

static void
who_breaks_a_rule_is_ended(void **state)
{
	static const struct {
		struct ipc_header h;
		const char *why;
	} cases[] = {
		{ { 8, IPC_NOTHING, 0 }, "bad-type" },
		{ { 8, IPC_TYPES, 0 }, "bad-type" },
		{ { 8, UINT16_MAX, 0 }, "bad-type" },
		{ { 8, IPC_PING, 1 }, "bad-type" },
		{ { 8, IPC_PONG, 0 }, "bad-direction" },
		{ { 24, IPC_SAY, 0 }, "bad-direction" },
		{ { 0, IPC_PING, 0 }, "bad-length" },
		{ { 7, IPC_PING, 0 }, "bad-length" },
		{ { 9, IPC_PING, 0 }, "bad-length" },
		{ { UINT32_MAX, IPC_PING, 0 }, "bad-length" },
		/* In the catalogue, but nobody here hears it. */
		{ { 8, IPC_READINESS, 0 }, "bad-direction" },
		{ { 32, IPC_CONNECTION, 0 }, "bad-descriptors" },
	};
	uint8_t bytes[16 + 8 + 32] = { 0 };
	struct ear e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ear_open(&e, 0);
		ping_write(bytes, 1);
		memcpy(bytes + 16, &cases[i].h, sizeof(cases[i].h));
		memset(bytes + 24, 0, 32);
		far_write(&e, bytes, sizeof(bytes));
		turn(e.base);
		assert_int_equal(e.count, 1);
		assert_int_equal(e.ends, 1);
		assert_non_null(e.why);
		assert_string_equal(e.why, cases[i].why);
		assert_int_equal(peer_fd(e.peer), -1);
		ear_close(&e);
	}
}

static void
a_wrong_header_is_not_waited_for(void **state)
{
	struct ipc_header h = { 9, IPC_PING, 0 };
	struct ear e;

	(void)state;
	ear_open(&e, 0);
	far_write(&e, &h, sizeof(h));
	turn(e.base);
	assert_int_equal(e.ends, 1);
	ear_close(&e);
}

static void
a_handler_may_end_or_close_the_peer(void **state)
{
	struct ipc_header stop = { sizeof(struct ipc_stop), IPC_STOP, 0 };
	const size_t stop_len = sizeof(stop) + sizeof(struct ipc_stop);
	uint8_t bytes[48];
	struct ear e;

	(void)state;
	ear_open(&e, 0);
	e.refuse_at = 2;
	for (uint64_t n = 1; n <= 3; n++)
		ping_write(bytes + 16 * (n - 1), n);
	far_write(&e, bytes, 48);
	turn(e.base);
	assert_int_equal(e.count, 2);
	assert_int_equal(e.ends, 1);
	assert_string_equal(e.why, "refused-by-handler");
	ear_close(&e);

	ear_open(&e, 0);
	e.close_at_stop = true;
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &stop, sizeof(stop));
	ping_write(bytes + stop_len, 1);
	far_write(&e, bytes, stop_len + 16);
	turn(e.base);
	assert_int_equal(e.count, 1);
	assert_int_equal(e.ends, 0);
	assert_false(peer_is_open(e.peer));
	assert_false(peer_send(e.peer, IPC_READY, &(struct ipc_none){ 0 },
	    NULL, 0, -1));
	peer_flush(e.peer);
	peer_drain(e.peer);
	peer_pause(e.peer, true);
	ear_close(&e);
}

/*
 * Two peers.
 */

struct pair {
	struct ear worker;
	struct peer *parent;
	unsigned parent_ends;
	uint64_t said;		/* of texts: the last number */
};

static void
on_parent_end(void *owner, struct peer *peer, const char *why)
{
	struct pair *p = owner;

	(void)peer;
	(void)why;
	p->parent_ends++;
}

static peer_handler *const no_handlers[IPC_TYPES] = { NULL };

static void
pair_open(struct pair *p, size_t queue_max)
{
	struct peer_config config = {
		.self = IPC_PARENT, .other = IPC_WORKER,
		.handlers = no_handlers, .on_end = on_parent_end,
		.owner = p, .queue_max = queue_max
	};

	memset(p, 0, sizeof(*p));
	ear_open(&p->worker, 0);
	p->parent = peer_new(p->worker.base, p->worker.far, &config);
	assert_non_null(p->parent);
	p->worker.far = -1;
}

static void
pair_close(struct pair *p)
{
	peer_free(p->parent);
	ear_close(&p->worker);
}

static bool
ping_send(struct pair *p, uint64_t number)
{
	struct ipc_ping ping = { .number = number };

	return peer_send(p->parent, IPC_PING, &ping, NULL, 0, -1);
}

static void
sending_queues_until_the_turn_ends(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	for (uint64_t n = 1; n <= 10; n++)
		assert_true(ping_send(&p, n));
	assert_int_equal(peer_queued(p.parent), 160);
	assert_int_equal(p.worker.count, 0);
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 10);
	assert_int_equal(peer_queued(p.parent), 0);
	assert_true(ping_send(&p, 11));
	peer_flush(p.parent);
	assert_int_equal(peer_queued(p.parent), 0);
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 11);
	pair_close(&p);
}

static void
the_queue_is_bounded(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, 16 * 5 + 15);
	for (uint64_t n = 1; n <= 5; n++)
		assert_true(ping_send(&p, n));
	assert_false(ping_send(&p, 6));
	assert_int_equal(peer_queued(p.parent), 80);
	turn(p.worker.base);
	assert_true(ping_send(&p, 6));
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 6);
	pair_close(&p);
}

static void
a_full_socket_keeps_the_order(void **state)
{
	uint64_t n = 0;
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	peer_pause(p.worker.peer, true);
	/* Far more than the socket takes. */
	while (peer_queued(p.parent) < 1000000) {
		assert_true(ping_send(&p, ++n));
		if (n % 1000 == 0)
			peer_flush(p.parent);
	}
	assert_int_equal(p.worker.count, 0);
	peer_pause(p.worker.peer, false);
	for (unsigned i = 0; i < 10000 && p.worker.count < n; i++)
		event_base_loop(p.worker.base, EVLOOP_NONBLOCK);
	assert_true(p.worker.count == n);
	assert_int_equal(peer_queued(p.parent), 0);
	pair_close(&p);
}

static void
a_pause_keeps_what_came(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	p.worker.pause_at = 3;
	for (uint64_t n = 1; n <= 10; n++)
		assert_true(ping_send(&p, n));
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 3);
	assert_true(ping_send(&p, 11));
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 3);
	peer_pause(p.worker.peer, false);
	assert_int_equal(p.worker.count, 3);
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 11);
	/* Paused and resumed before anything happens; paused at the end. */
	p.worker.pause_at = 12;
	assert_true(ping_send(&p, 12));
	assert_true(ping_send(&p, 13));
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 12);
	peer_close(p.parent);
	turn(p.worker.base);
	assert_int_equal(p.worker.ends, 0);
	peer_pause(p.worker.peer, false);
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 13);
	assert_int_equal(p.worker.ends, 1);
	assert_null(p.worker.why);
	pair_close(&p);
}

static void
draining_hears_all_to_the_end(void **state)
{
	uint64_t n = 0;
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	while (peer_queued(p.parent) == 0) {
		assert_true(ping_send(&p, ++n));
		peer_flush(p.parent);
	}
	/* The last one was not, or not wholly, taken. */
	n--;
	peer_drain(p.worker.peer);
	assert_true(p.worker.count == n);
	assert_int_equal(p.worker.ends, 0);
	peer_flush(p.parent);
	peer_close(p.parent);
	peer_drain(p.worker.peer);
	assert_true(p.worker.count == n + 1);
	assert_int_equal(p.worker.ends, 1);
	assert_null(p.worker.why);
	pair_close(&p);
}

/* The broker hears a dead worker out whose requests it had paused. */
static void
draining_hears_what_a_pause_held_back(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	p.worker.pause_at = 2;
	for (uint64_t n = 1; n <= 4; n++)
		assert_true(ping_send(&p, n));
	turn(p.worker.base);
	assert_int_equal(p.worker.count, 2);
	for (uint64_t n = 5; n <= 6; n++)
		assert_true(ping_send(&p, n));
	p.worker.pause_at = 5;
	peer_flush(p.parent);
	peer_close(p.parent);
	peer_drain(p.worker.peer);
	assert_int_equal(p.worker.count, 6);
	assert_int_equal(p.worker.ends, 1);
	assert_null(p.worker.why);
	pair_close(&p);
}

static void
a_peer_that_is_gone_ends_quietly(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	assert_true(ping_send(&p, 1));
	peer_close(p.worker.peer);
	for (uint64_t n = 2; n < 100; n++) {
		(void)!ping_send(&p, n);
		peer_flush(p.parent);
	}
	turn(p.worker.base);
	assert_int_equal(p.parent_ends, 1);
	assert_false(peer_is_open(p.parent));
	pair_close(&p);
}

/* No error but the end's own ends a channel, and nothing is lost by it,
 * neither in the loop nor on the way out of a dead one. */
static void
a_call_that_fails_ends_nothing(void **state)
{
	static const int errors[] = {
		ECONNABORTED, EPIPE, ETIMEDOUT, ENOBUFS, ENOMEM
	};
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		pair_open(&p, 0);
		fault.error = errors[i];
		fault.receives = fault.sends = 2;
		assert_true(ping_send(&p, 1));
		peer_flush(p.parent);
		assert_true(peer_queued(p.parent) > 0);
		while (p.worker.count < 1)
			event_base_loop(p.worker.base, EVLOOP_ONCE);
		assert_int_equal(fault.sends, 0);
		assert_int_equal(fault.receives, 0);
		assert_true(ping_send(&p, 2));
		peer_flush(p.parent);
		peer_close(p.parent);
		fault.receives = 5;
		peer_drain(p.worker.peer);
		assert_int_equal(p.worker.count, 2);
		assert_int_equal(p.worker.ends, 1);
		assert_null(p.worker.why);
		pair_close(&p);
	}
}

/*
 * Descriptors.
 */

static ino_t
inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void
descriptors_come_with_their_messages(void **state)
{
	struct ipc_accepted a = { .connection = 0 };
	unsigned before = open_descriptors();
	uint64_t pings = 0;
	struct pair p;
	int pipes[2];

	(void)state;
	pair_open(&p, 0);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 90; i++) {
			assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
			p.worker.inodes[a.connection] = inode(pipes[1]);
			for (unsigned n = i % 4; n > 0; n--)
				assert_true(ping_send(&p, ++pings));
			assert_true(peer_send(p.parent, IPC_CONNECTION, &a,
			    NULL, 0, pipes[1]));
			a.connection++;
			close(pipes[0]);
			close(pipes[1]);
			if (i % 30 == 29 && round % 2 == 0)
				peer_flush(p.parent);
		}
		assert_true(ping_send(&p, ++pings));
		turn(p.worker.base);
		assert_int_equal(p.worker.fds, a.connection);
		assert_int_equal(p.worker.count, pings);
	}
	pair_close(&p);
	assert_int_equal(open_descriptors(), before);
}

static void
descriptors_come_in_order_through_a_full_socket(void **state)
{
	unsigned before = open_descriptors();
	struct ipc_accepted a = { .connection = 0 };
	uint64_t pings = 0;
	struct pair p;
	int fd;

	(void)state;
	pair_open(&p, 0);
	peer_pause(p.worker.peer, true);
	for (unsigned i = 0; i < 100; i++) {
		fd = memfd_create("x", MFD_CLOEXEC);
		p.worker.inodes[a.connection] = inode(fd);
		for (unsigned n = 0; n < 1000; n++)
			assert_true(ping_send(&p, ++pings));
		assert_true(peer_send(p.parent, IPC_CONNECTION, &a, NULL, 0,
		    fd));
		a.connection++;
		close(fd);
		peer_flush(p.parent);
	}
	assert_true(peer_queued(p.parent) > 0);
	peer_pause(p.worker.peer, false);
	for (unsigned i = 0; i < 10000 && p.worker.fds < 100; i++)
		event_base_loop(p.worker.base, EVLOOP_NONBLOCK);
	assert_int_equal(p.worker.fds, 100);
	assert_int_equal(p.worker.count, pings);
	pair_close(&p);
	assert_int_equal(open_descriptors(), before);
}

/* What opens one fails, or all goes on as before. */
static void
run_out_of_descriptors(bool is_out)
{
	static struct rlimit before;
	struct rlimit none;

	if (is_out)
		assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, is_out ? &none : &before),
	    0);
}

/* There was none for the copy: a reload without one ended the worker, and
 * all its clients with it. */
static void
a_descriptor_passes_when_there_are_no_more(void **state)
{
	struct ipc_accepted a = { .connection = 0 };
	unsigned before = open_descriptors();
	uint64_t pings = 0;
	size_t queued;
	struct pair p;
	int fd;

	(void)state;
	pair_open(&p, 0);
	fd = memfd_create("x", MFD_CLOEXEC);
	p.worker.inodes[0] = p.worker.inodes[1] = inode(fd);
	run_out_of_descriptors(true);
	for (; a.connection < 2; a.connection++) {
		assert_true(ping_send(&p, ++pings));
		assert_true(peer_send(p.parent, IPC_CONNECTION, &a, NULL, 0,
		    fd));
		assert_int_equal(peer_queued(p.parent), 0);
	}
	run_out_of_descriptors(false);
	assert_true(ping_send(&p, ++pings));
	turn(p.worker.base);
	assert_int_equal(p.worker.fds, 2);
	assert_int_equal(p.worker.count, pings);

	/* Behind what waits it cannot: nothing of it is queued. */
	peer_pause(p.worker.peer, true);
	do {
		assert_true(ping_send(&p, ++pings));
		peer_flush(p.parent);
	} while (peer_queued(p.parent) == 0);
	queued = peer_queued(p.parent);
	run_out_of_descriptors(true);
	assert_false(peer_send(p.parent, IPC_CONNECTION, &a, NULL, 0, fd));
	run_out_of_descriptors(false);
	assert_int_equal(peer_queued(p.parent), queued);
	assert_int_equal(close(fd), 0);
	pair_close(&p);
	assert_int_equal(open_descriptors(), before);
}

static void
descriptors_in_flight_are_closed_with_the_peer(void **state)
{
	unsigned before = open_descriptors();
	struct ipc_accepted a = { .connection = 0 };
	unsigned queued = 0;
	struct pair p;

	(void)state;
	pair_open(&p, 0);
	while (peer_send(p.parent, IPC_CONNECTION, &a, NULL, 0,
	    STDIN_FILENO))
		queued++;
	assert_true(queued >= 32);
	pair_close(&p);
	assert_int_equal(open_descriptors(), before);
	pair_open(&p, 0);
	peer_pause(p.worker.peer, true);
	for (unsigned i = 0; i < 10; i++)
		assert_true(peer_send(p.parent, IPC_CONNECTION, &a, NULL, 0,
		    STDIN_FILENO));
	peer_flush(p.parent);
	pair_close(&p);
	assert_int_equal(open_descriptors(), before);
}

/* More descriptors than a message has are not hoarded. */
static void
strange_descriptors_end_the_peer(void **state)
{
	static const int two[] = { STDIN_FILENO, STDIN_FILENO };
	unsigned before = open_descriptors();
	uint8_t bytes[16];
	struct ear e;

	(void)state;
	for (unsigned count = 1; count <= 2; count++) {
		ear_open(&e, 0);
		ping_write(bytes, 1);
		far_write_fds(&e, bytes, sizeof(bytes), two, count);
		turn(e.base);
		assert_int_equal(e.ends, 1);
		assert_string_equal(e.why, "bad-descriptors");
		ear_close(&e);
		assert_int_equal(open_descriptors(), before);
	}
}

/*
 * Long messages.
 */

static bool
on_say(void *owner, struct peer *peer, const struct ipc_message *m)
{
	const struct ipc_request *q = m->payload;
	struct ear *e = owner;

	(void)peer;
	assert_true(q->number == ++e->expected);
	for (size_t i = 0; i < m->tail_len; i++)
		if (m->tail[i] != (uint8_t)(q->number + i))
			fail_msg("byte %zu of text %u", i,
			    (unsigned)q->number);
	e->sum += m->tail_len;
	return true;
}

static void
long_texts_pass_and_too_long_ones_end_the_peer(void **state)
{
	static peer_handler *const handlers[IPC_TYPES] = {
		[IPC_SAY] = on_say
	};
	struct ear broker = { .count = 0 }, worker = { .count = 0 };
	struct peer_config config = {
		.self = IPC_BROKER, .other = IPC_WORKER,
		.handlers = handlers, .on_end = on_end, .owner = &broker,
		.frame_max = sizeof(struct ipc_request) + TEXT_MAX
	};
	struct event_base *base = base_new();
	uint8_t *text = malloc(TEXT_MAX + 1);
	struct ipc_request q = { .number = 0 };
	uint64_t sum = 0;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	broker.base = base;
	broker.peer = peer_new(base, fds[0], &config);
	config.self = IPC_WORKER;
	config.other = IPC_BROKER;
	config.owner = &worker;
	worker.peer = peer_new(base, fds[1], &config);
	assert_non_null(broker.peer);
	assert_non_null(worker.peer);
	for (size_t len = 0; len <= TEXT_MAX; len += len < 10 ? 1 : 6999) {
		q.number++;
		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)(q.number + i);
		assert_true(peer_send(worker.peer, IPC_SAY, &q, text, len,
		    -1));
		sum += len;
	}
	q.number++;
	for (size_t i = 0; i <= TEXT_MAX; i++)
		text[i] = (uint8_t)(q.number + i);
	assert_true(peer_send(worker.peer, IPC_SAY, &q, text, TEXT_MAX, -1));
	for (unsigned i = 0; i < 1000 && broker.expected < q.number; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_true(broker.sum == sum + TEXT_MAX);
	assert_int_equal(broker.ends, 0);
	q.number++;
	assert_true(peer_send(worker.peer, IPC_SAY, &q, text, TEXT_MAX + 1,
	    -1));
	turn(base);
	assert_int_equal(broker.ends, 1);
	assert_string_equal(broker.why, "bad-length");
	assert_true(broker.sum == sum + TEXT_MAX);
	peer_free(broker.peer);
	peer_free(worker.peer);
	event_base_free(base);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_whole_and_in_order),
		cmocka_unit_test(what_came_before_the_end_is_heard),
		cmocka_unit_test(who_breaks_a_rule_is_ended),
		cmocka_unit_test(a_wrong_header_is_not_waited_for),
		cmocka_unit_test(a_handler_may_end_or_close_the_peer),
		cmocka_unit_test(sending_queues_until_the_turn_ends),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(a_full_socket_keeps_the_order),
		cmocka_unit_test(a_pause_keeps_what_came),
		cmocka_unit_test(draining_hears_all_to_the_end),
		cmocka_unit_test(draining_hears_what_a_pause_held_back),
		cmocka_unit_test(a_peer_that_is_gone_ends_quietly),
		cmocka_unit_test(a_call_that_fails_ends_nothing),
		cmocka_unit_test(descriptors_come_with_their_messages),
		cmocka_unit_test(
		    descriptors_come_in_order_through_a_full_socket),
		cmocka_unit_test(a_descriptor_passes_when_there_are_no_more),
		cmocka_unit_test(
		    descriptors_in_flight_are_closed_with_the_peer),
		cmocka_unit_test(strange_descriptors_end_the_peer),
		cmocka_unit_test(
		    long_texts_pass_and_too_long_ones_end_the_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
