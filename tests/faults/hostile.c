/*
 * hostile - the server with a worker that has turned against it, for
 * hostile_worker.py.
 *
 * Linked with --wrap=worker_main.  The worker that can remove the file HOSTILE
 * is the one; all others are what they should be.  It registers, and then
 * sends what a worker may send, in its clients' names and out of order, for
 * a while; at last what no worker may, until it is ended.  How many records
 * there were stands in the file HOSTILE_COUNT.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/channel.h"
#include "ipc/ipc.h"
#include "worker/worker.h"

#define LAWFUL_MS	400	/* longer than a worker is young */
#define CLIENTS		32
#define ROUTE		"/evil"

int __real_worker_main(const struct settings *);
int __wrap_worker_main(const struct settings *);

struct hostile {
	int parent, broker;
	struct ipc_hello self;
	uint32_t route;
	uint64_t number, random;
	uint64_t *count;
};

static uint64_t
draw(struct hostile *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return h->random;
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Whatever comes is read and forgotten. */
static void
drain(const struct hostile *h)
{
	static uint8_t bytes[65536];

	while (recv(h->broker, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void
send_record(struct hostile *h, int fd, unsigned type, const void *payload,
    size_t payload_len, const void *tail, size_t tail_len, uint32_t length)
{
	uint8_t bytes[8192];
	struct ipc_header head = { .length = length, .type = (uint16_t)type };
	size_t len = sizeof(head) + payload_len + tail_len, at = 0;
	ssize_t n;

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), payload, payload_len);
	if (tail_len > 0)
		memcpy(bytes + sizeof(head) + payload_len, tail, tail_len);
	++*h->count;
	while (at < len) {
		n = send(fd, bytes + at, len - at,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			drain(h);
		else
			return;
	}
}

static void
send_lawful(struct hostile *h, int fd, unsigned type, const void *payload,
    size_t payload_len, const void *tail, size_t tail_len)
{
	send_record(h, fd, type, payload, payload_len, tail, tail_len,
	    (uint32_t)(payload_len + tail_len));
}

/* Reads a whole message; returns its type, 0 at the end. */
static unsigned
receive(int fd, void *payload, size_t size, int *fd_out)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct ipc_header head;
	struct iovec iov = { .iov_base = &head, .iov_len = sizeof(head) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control.space)
	};
	uint8_t rest[8192];

	if (recvmsg(fd, &msg, MSG_WAITALL) != (ssize_t)sizeof(head) ||
	    head.length > sizeof(rest) ||
	    recv(fd, rest, head.length, MSG_WAITALL) != (ssize_t)head.length)
		return 0;
	if (CMSG_FIRSTHDR(&msg) != NULL && fd_out != NULL)
		memcpy(fd_out, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	memcpy(payload, rest, head.length < size ? head.length : size);
	return head.type;
}

/* As a worker does, up to READY. */
static void
begin(struct hostile *h)
{
	static const struct ipc_none none;
	uint8_t payload[128];
	unsigned type;

	while (h->broker == -1 && (type = receive(h->parent, payload,
	    sizeof(payload), &h->broker)) != 0) {
		if (type != IPC_HELLO)
			continue;
		memcpy(&h->self, payload, sizeof(h->self));
		h->self.role = IPC_WORKER;
		send_lawful(h, h->parent, IPC_HELLO, &h->self,
		    sizeof(h->self), NULL, 0);
	}
	fcntl(h->broker, F_SETFL, 0);
	send_lawful(h, h->broker, IPC_HELLO, &h->self, sizeof(h->self), NULL,
	    0);
	send_lawful(h, h->broker, IPC_REGISTERED, &none, sizeof(none), NULL,
	    0);
	while ((type = receive(h->broker, payload, sizeof(payload), NULL)) !=
	    0 && type != IPC_WELCOME)
		;
	send_lawful(h, h->parent, IPC_READY, &none, sizeof(none), NULL, 0);
}

static struct ipc_request
make_request(struct hostile *h)
{
	/* Serials above all that the parent gives: nobody's but ours. */
	return (struct ipc_request){
		.connection = ipc_connection_make((UINT64_C(1) << 38) +
		    h->self.generation, (uint32_t)(draw(h) % CLIENTS)),
		.number = ++h->number, .route = h->route
	};
}

static void
ask_lawfully(struct hostile *h)
{
	static const uint16_t types[] = {
		IPC_JOIN, IPC_SAY, IPC_SAY, IPC_SAY, IPC_NICK, IPC_MOVE,
		IPC_WHO, IPC_ROOMS, IPC_LEAVE
	};
	static bool is_in[CLIENTS];
	struct ipc_request q = make_request(h);
	uint32_t slot = ipc_connection_slot(q.connection);
	unsigned type = types[draw(h) % 9];
	uint64_t tail = draw(h) | UINT64_C(0x8080808080808080);

	if (!is_in[slot] || type == IPC_JOIN)
		type = is_in[slot] ? IPC_SAY : IPC_JOIN;
	if (type == IPC_JOIN || type == IPC_LEAVE)
		is_in[slot] = type == IPC_JOIN;
	send_lawful(h, h->broker, type, &q, sizeof(q), &tail,
	    type == IPC_SAY || type == IPC_NICK ? sizeof(tail) : 0);
}

/* One way to break the rules, towards broker or parent. */
static void
forge(struct hostile *h)
{
	struct ipc_request q = make_request(h);
	struct ipc_worker other = { .index = (uint32_t)draw(h) % 8,
	    .slots = UINT32_MAX, .generation = draw(h) % 16 };
	uint64_t junk[16];

	for (unsigned i = 0; i < 16; i++)
		junk[i] = draw(h);
	switch (draw(h) % 9) {
	case 0:		/* another worker's client, by a number it may have */
		q.connection = ipc_connection_make(draw(h) % 600,
		    (uint32_t)(draw(h) % 200));
		send_lawful(h, h->broker, IPC_LEAVE, &q, sizeof(q), NULL, 0);
		break;
	case 1:		/* a number again */
		q.number = draw(h) % h->number;
		send_lawful(h, h->broker, IPC_SAY, &q, sizeof(q), "again", 5);
		break;
	case 2:		/* beyond every table */
		q.connection = UINT64_MAX;
		q.route = UINT32_MAX;
		send_lawful(h, h->broker, IPC_JOIN, &q, sizeof(q), NULL, 0);
		break;
	case 3:		/* a length that is none */
		send_record(h, h->broker, IPC_SAY, &q, sizeof(q), NULL, 0,
		    UINT32_MAX - (uint32_t)(draw(h) % 64));
		break;
	case 4:		/* whatever */
		send_record(h, h->broker, (unsigned)draw(h), junk,
		    sizeof(junk), junk, sizeof(junk), (uint32_t)draw(h));
		break;
	case 5:		/* what the broker alone may say */
		send_lawful(h, h->parent, IPC_WORKER_MUTE, &other,
		    sizeof(other), NULL, 0);
		break;
	case 6:		/* a connection that is not its own */
		send_lawful(h, h->parent, draw(h) % 2 ? IPC_TAKEN :
		    IPC_CLOSED, junk, sizeof(struct ipc_connection), NULL, 0);
		break;
	case 7:
		send_record(h, h->parent, (unsigned)draw(h) % 64, junk,
		    sizeof(junk), NULL, 0, (uint32_t)draw(h));
		break;
	default:	/* a tail of the wrong form */
		send_lawful(h, h->broker, IPC_JOIN, &q, sizeof(q), junk,
		    draw(h) % sizeof(junk));
		break;
	}
}

static void __attribute__((noreturn))
attack(const struct settings *settings)
{
	struct hostile h = { .parent = CHANNEL_PARENT, .broker = -1 };
	int fd = open(getenv("HOSTILE_COUNT"), O_RDWR);
	uint64_t end_ms;

	h.count = mmap(NULL, sizeof(*h.count), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (h.count == MAP_FAILED ||
	    getrandom(&h.random, sizeof(h.random), 0) == -1)
		abort();
	while (h.route + 1 < settings->route_count &&
	    strcmp(settings->routes[h.route].path, ROUTE) != 0)
		h.route++;
	begin(&h);
	end_ms = now_ms() + LAWFUL_MS;
	while (now_ms() < end_ms) {
		for (unsigned i = 0; i < 64; i++)
			ask_lawfully(&h);
		drain(&h);
	}
	for (;;) {
		forge(&h);
		drain(&h);
	}
}

int
__wrap_worker_main(const struct settings *settings)
{
	const char *path = getenv("HOSTILE");

	if (path != NULL && unlink(path) == 0)
		attack(settings);
	return __real_worker_main(settings);
}
