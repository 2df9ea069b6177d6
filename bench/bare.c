/*
 * bench/bare: the least that a WebSocket chat server can do, to compare
 * others with.  One process, one room: handshake, read, send() to each
 * client; no names, order numbers, history, limits, timers or UTF-8 check.
 * A path that begins with /echo is answered alone.
 *
 * Without -b each message is one send() for each client; with -b all that
 * was said in a turn of the loop is one send() for each.  What the kernel
 * does not take is kept and finished later.  Not for any other use.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define EVENTS_MAX	256
#define READ_SIZE	(256 * 1024)
#define REQUEST_MAX	8192
#define MESSAGE_MAX	(16U << 20)
#define GUID		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* Bytes that wait: for the rest of a frame, or for the kernel. */
struct bytes {
	size_t begin, end, size;
	unsigned char at[];
};

struct client {
	int fd;
	unsigned place;		/* in the room */
	bool open, echo;
	struct bytes *in, *out;
};

struct bare {
	int epoll, listener;
	bool batch;
	struct client **room;
	unsigned members, room_size;
	struct client **dead;	/* freed at the end of the turn */
	unsigned deads, dead_size;
	struct bytes *turn;	/* -b: all frames of this turn */
	unsigned char *read;
};

static void
die(int status, const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	exit(status);
}

static void *
check(void *p)
{
	if (p == NULL)
		die(EX_OSERR, "memory");
	return p;
}

static void
bytes_add(struct bytes **b, const void *data, size_t len)
{
	size_t end = *b == NULL ? 0 : (*b)->end, size = 4096;

	if (*b == NULL || end + len > (*b)->size) {
		while (size < end + len)
			size *= 2;
		if (*b == NULL)
			*b = check(calloc(1, sizeof **b + size));
		else
			*b = check(realloc(*b, sizeof **b + size));
		(*b)->size = size;
	}
	memcpy((*b)->at + end, data, len);
	(*b)->end = end + len;
}

static void
bytes_free(struct bytes **b)
{
	free(*b);
	*b = NULL;
}

/* -- clients --------------------------------------------------------------- */

static void
client_close(struct bare *b, struct client *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	if (c->open && !c->echo) {
		b->room[c->place] = b->room[--b->members];
		b->room[c->place]->place = c->place;
	}
	if (b->deads == b->dead_size) {
		b->dead_size = b->dead_size * 2 + 64;
		b->dead = check(realloc(b->dead,
		    b->dead_size * sizeof(struct client *)));
	}
	b->dead[b->deads++] = c;
}

static void
client_watch(struct bare *b, struct client *c, bool writing)
{
	struct epoll_event e = { .data.ptr = c };

	e.events = EPOLLIN | (writing ? EPOLLOUT : 0U);
	epoll_ctl(b->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/*
 * An error of send() is left to the next read, which sees it too: so a room
 * can be walked without anybody leaving it.
 */
static void
client_send(struct bare *b, struct client *c, const void *data, size_t len)
{
	ssize_t n = 0;

	if (c->out == NULL) {
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n == (ssize_t)len || (n < 0 && errno != EAGAIN))
			return;
		if (n < 0)
			n = 0;
		client_watch(b, c, true);
	}
	bytes_add(&c->out, (const char *)data + n, len - (size_t)n);
}

static void
client_on_writable(struct bare *b, struct client *c)
{
	struct bytes *o = c->out;
	ssize_t n;

	if (o == NULL)
		return;
	n = send(c->fd, o->at + o->begin, o->end - o->begin, MSG_NOSIGNAL);
	if (n > 0)
		o->begin += (size_t)n;
	if (o->begin == o->end) {
		bytes_free(&c->out);
		client_watch(b, c, false);
	}
}

static void
room_add(struct bare *b, struct client *c)
{
	if (b->members == b->room_size) {
		b->room_size = b->room_size * 2 + 64;
		b->room = check(realloc(b->room,
		    b->room_size * sizeof(struct client *)));
	}
	c->place = b->members;
	b->room[b->members++] = c;
}

static void
room_send(struct bare *b, const void *data, size_t len)
{
	unsigned i;

	for (i = 0; i < b->members; i++)
		client_send(b, b->room[i], data, len);
}

/* -- frames ---------------------------------------------------------------- */

static void
message_deliver(struct bare *b, struct client *c, int op,
    const unsigned char *text, size_t len)
{
	static struct bytes *frame;
	unsigned char head[10];
	size_t n = 2, i;

	head[0] = (unsigned char)(0x80 | op);
	if (len < 126) {
		head[1] = (unsigned char)len;
	} else if (len < 65536) {
		head[1] = 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		n = 4;
	} else {
		head[1] = 127;
		for (i = 0; i < 8; i++)
			head[2 + i] = (unsigned char)((uint64_t)len >>
			    (56 - 8 * i));
		n = 10;
	}
	if (b->batch && !c->echo && op == 1) {
		bytes_add(&b->turn, head, n);
		bytes_add(&b->turn, text, len);
		return;
	}
	if (frame != NULL)
		frame->end = 0;
	bytes_add(&frame, head, n);
	bytes_add(&frame, text, len);
	if (c->echo || op >= 8)
		client_send(b, c, frame->at, frame->end);
	else
		room_send(b, frame->at, frame->end);
}

/* Returns the bytes used, 0 for none yet, -1 to close. */
static ssize_t
frame_read(struct bare *b, struct client *c, unsigned char *p, size_t len)
{
	unsigned char mask[4];
	size_t at = 2, i;
	uint64_t size;
	int op;

	if (len < 2)
		return 0;
	op = p[0] & 0x0f;
	size = p[1] & 0x7f;
	if (size == 126) {
		at = 4;
		if (len < at)
			return 0;
		size = (uint64_t)p[2] << 8 | p[3];
	} else if (size == 127) {
		at = 10;
		if (len < at)
			return 0;
		for (size = 0, i = 2; i < 10; i++)
			size = size << 8 | p[i];
	}
	if ((p[0] & 0xf0) != 0x80 || (p[1] & 0x80) == 0 || size > MESSAGE_MAX)
		return -1;
	if (len < at + 4 + size)
		return 0;
	memcpy(mask, p + at, 4);
	at += 4;
	for (i = 0; i < size; i++)
		p[at + i] ^= mask[i & 3];
	if (op == 1 || (op == 2 && c->echo))
		message_deliver(b, c, op, p + at, (size_t)size);
	else if (op == 9)
		message_deliver(b, c, 10, p + at, (size_t)size);
	else if (op == 8) {
		message_deliver(b, c, 8, p + at, size < 2 ? 0 : 2);
		return -1;
	}
	return (ssize_t)(at + size);
}

static const char *
field_find(const char *head, const char *name)
{
	const char *line = head;
	size_t len = strlen(name);

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) == 0)
			return line + len + strspn(line + len, " ");
	}
	return NULL;
}

/* As frame_read. */
static ssize_t
request_read(struct bare *b, struct client *c, unsigned char *p, size_t len)
{
	unsigned char *end = memmem(p, len, "\r\n\r\n", 4);
	unsigned char digest[SHA_DIGEST_LENGTH], accept[32];
	char head[REQUEST_MAX], key[128], answer[256];
	const char *value;
	size_t size;
	int n;

	if (end == NULL)
		return len < REQUEST_MAX ? 0 : -1;
	size = (size_t)(end - p) + 4;
	if (size >= sizeof head)
		return -1;
	memcpy(head, p, size);
	head[size] = '\0';
	value = field_find(head, "Sec-WebSocket-Key:");
	if (value == NULL || strcspn(value, " \r") != 24)
		return -1;
	n = snprintf(key, sizeof key, "%.24s" GUID, value);
	SHA1((unsigned char *)key, (size_t)n, digest);
	EVP_EncodeBlock(accept, digest, sizeof digest);
	n = snprintf(answer, sizeof answer,
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	    (char *)accept);
	client_send(b, c, answer, (size_t)n);
	c->open = true;
	c->echo = strncmp(head, "GET /echo", 9) == 0;
	if (!c->echo)
		room_add(b, c);
	return (ssize_t)size;
}

static void
client_on_readable(struct bare *b, struct client *c)
{
	size_t held = c->in == NULL ? 0 : c->in->end, at = 0, len;
	unsigned char *p = b->read;
	ssize_t n = recv(c->fd, p, READ_SIZE, 0), used = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(b, c);
		return;
	}
	len = (size_t)n;
	if (held > 0) {
		bytes_add(&c->in, p, len);
		p = c->in->at;
		len += held;
	}
	while (at < len) {
		used = c->open ? frame_read(b, c, p + at, len - at) :
		    request_read(b, c, p + at, len - at);
		if (used <= 0)
			break;
		at += (size_t)used;
	}
	if (used < 0) {
		client_close(b, c);
	} else if (held > 0) {
		memmove(p, p + at, len - at);
		c->in->end = len - at;
		if (at == len)
			bytes_free(&c->in);
	} else if (at < len) {
		bytes_add(&c->in, p + at, len - at);
	}
}

/* -- the loop -------------------------------------------------------------- */

static void
bare_accept(struct bare *b)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd, on = 1, i;

	/* Not until it fails: a turn serves those who are connected, too. */
	for (i = 0; i < 64; i++) {
		fd = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK |
		    SOCK_CLOEXEC);
		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		e.data.ptr = check(calloc(1, sizeof(struct client)));
		((struct client *)e.data.ptr)->fd = fd;
		if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
			die(EX_OSERR, "epoll_ctl");
	}
}

static void
bare_turn(struct bare *b)
{
	struct epoll_event events[EVENTS_MAX];
	struct client *c;
	int i, n = epoll_wait(b->epoll, events, EVENTS_MAX, -1);

	for (i = 0; i < n; i++) {
		c = events[i].data.ptr;
		if (c == NULL) {
			bare_accept(b);
			continue;
		}
		if (c->fd >= 0 && (events[i].events & EPOLLOUT))
			client_on_writable(b, c);
		if (c->fd >= 0 && (events[i].events & ~(unsigned)EPOLLOUT))
			client_on_readable(b, c);
	}
	if (b->turn != NULL && b->turn->end > 0) {
		room_send(b, b->turn->at, b->turn->end);
		b->turn->end = 0;
	}
	while (b->deads > 0) {
		c = b->dead[--b->deads];
		bytes_free(&c->in);
		bytes_free(&c->out);
		free(c);
	}
}

static void
bare_listen(struct bare *b, unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN };
	socklen_t len = sizeof at;
	struct rlimit limit;
	int on = 1;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)port);
	b->read = check(malloc(READ_SIZE));
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	setsockopt(b->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(b->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(b->listener, 4096) != 0 ||
	    getsockname(b->listener, (struct sockaddr *)&at, &len) != 0 ||
	    epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->listener, &e) != 0)
		die(EX_OSERR, "listen");
	fprintf(stderr, "listening on http://127.0.0.1:%d\n",
	    (int)ntohs(at.sin_port));
}

int
main(int argc, char **argv)
{
	struct bare b = { .batch = false };
	unsigned port = 0;
	int c;

	while ((c = getopt(argc, argv, "bp:")) != -1) {
		if (c == 'b') {
			b.batch = true;
		} else if (c == 'p') {
			port = (unsigned)atoi(optarg);
		} else {
			fputs("usage: bare [-b] [-p PORT]\n", stderr);
			return EX_USAGE;
		}
	}
	bare_listen(&b, port);
	for (;;)
		bare_turn(&b);
}
