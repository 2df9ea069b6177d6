/*
 * link - see link.h.
 *
 * All links read into one buffer.  Only what is left over is kept, in the
 * link's stash: the beginning of a frame (`held` bytes, read again in front
 * of the next bytes), or the head of a long message (`head` bytes) until its
 * last byte has come.
 */

#include "config.h"

#include "bench/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/secure.h"
#include "bench/unsent.h"

#define STASH_SIZE	LINK_UNIT_MAX	/* also the longest handshake answer */
#define READ_SIZE	(256 * 1024)

/* The example of RFC 6455 1.3: what matters here is only that it fits. */
#define KEY		"dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum { OP_TEXT = 1, OP_BINARY, OP_CLOSE = 8, OP_PING, OP_PONG };

static size_t piece = SIZE_MAX;	/* bytes in one call */

static unsigned char buffer[STASH_SIZE + READ_SIZE];

static const char *const end_names[LINK_ENDS] = {
	[LINK_END_NONE] = "none",
	[LINK_END_CONNECT] = "connect-failed",
	[LINK_END_REFUSED] = "refused",
	[LINK_END_CLOSED] = "closed-by-server",
	[LINK_END_LOST] = "lost",
	[LINK_END_PROTOCOL] = "protocol-error",
	[LINK_END_UNSENT] = "unsent",
	[LINK_END_OURS] = "ours",
};

void
link_set_piece(size_t bytes)
{
	piece = bytes;
}

static size_t
at_most_piece(size_t len)
{
	return len < piece ? len : piece;
}

const char *
link_end_name(enum link_end end)
{
	return end_names[end];
}

static void
link_end(struct link *l, enum link_end why, struct link_events *ev)
{
	if (why == LINK_END_CONNECT || why == LINK_END_LOST)
		ev->error = errno;
	link_clear(l);
	l->end = (uint8_t)why;
	ev->gone(ev->owner, l);
}

void
link_blame(struct link *l, struct link_events *ev)
{
	link_end(l, LINK_END_PROTOCOL, ev);
}

void
link_clear(struct link *l)
{
	if (l->state != LINK_NEW && l->state != LINK_GONE)
		close(l->fd);
	secure_free(l->tls);
	free(l->stash);
	free(l->output);
	l->tls = NULL;
	l->stash = NULL;
	l->output = NULL;
	l->held = l->head = 0;
	l->state = LINK_GONE;
}

/* -- out ----------------------------------------------------------------- */

static void
watch(struct link *l, bool writing, int epoll, uint32_t key)
{
	struct epoll_event e = { .data.u32 = key };

	if (writing == l->writing)
		return;
	l->writing = writing;
	e.events = EPOLLIN | (writing ? EPOLLOUT : 0U);
	epoll_ctl(epoll, EPOLL_CTL_MOD, l->fd, &e);
}

bool
link_say(struct link *l, const char *text, size_t len)
{
	return unsent_add_frame(&l->output, OP_TEXT, text, len);
}

bool
link_say_binary(struct link *l, const char *bytes, size_t len)
{
	return unsent_add_frame(&l->output, OP_BINARY, bytes, len);
}

void
link_flush(struct link *l, int epoll, uint32_t key, struct link_events *ev)
{
	struct unsent *o = l->output;
	ssize_t n;

	if (o == NULL || l->state == LINK_GONE)
		return;
	if (o->begin < o->end) {
		n = l->tls != NULL ? secure_send(l->tls, o->bytes + o->begin,
		    at_most_piece(o->end - o->begin)) :
		    send(l->fd, o->bytes + o->begin,
		    at_most_piece(o->end - o->begin), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			link_end(l, l->state == LINK_UPGRADING ?
			    LINK_END_CONNECT : LINK_END_LOST, ev);
			return;
		}
		if (n > 0)
			o->begin += (size_t)n;
	}
	watch(l, o->begin < o->end && (l->tls == NULL ||
	    !secure_wants_read(l->tls)), epoll, key);
	if (o->begin < o->end)
		return;
	o->begin = o->end = 0;
	if (!l->talks) {
		free(o);
		l->output = NULL;
	}
}

void
link_close(struct link *l, int epoll, uint32_t key, struct link_events *ev)
{
	static const unsigned char normal[2] = { 1000 >> 8, 1000 & 0xff };

	if (l->state != LINK_OPEN) {
		link_end(l, LINK_END_OURS, ev);
		return;
	}
	l->state = LINK_CLOSING;
	if (unsent_add_frame(&l->output, OP_CLOSE, normal, sizeof normal))
		link_flush(l, epoll, key, ev);
	else
		link_end(l, LINK_END_UNSENT, ev);
}

/* -- open ---------------------------------------------------------------- */

static bool
link_connect(struct link *l, const struct link_target *to, unsigned source)
{
	const struct sockaddr *sa = (const struct sockaddr *)&to->address;
	struct sockaddr_in from = { .sin_family = AF_INET };
	int on = 1;

	l->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return false;
	l->state = LINK_UPGRADING;
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (source > 0) {
		/* The port is chosen by connect(), which sees all four. */
		setsockopt(l->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof on);
		from.sin_addr.s_addr = htonl(0x7f000000U | source);
		if (bind(l->fd, (struct sockaddr *)&from, sizeof from) != 0)
			return false;
	}
	return connect(l->fd, sa, to->address_len) == 0 ||
	    errno == EINPROGRESS;
}

void
link_open(struct link *l, const struct link_target *to, unsigned source,
    const char *path, int epoll, uint32_t key, struct link_events *ev)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = key };
	char request[1024];
	unsigned char *p;
	int len;

	if (!link_connect(l, to, source) || (to->tls != NULL &&
	    (l->tls = secure_new(to->tls, l->fd, to->tls_host)) == NULL)) {
		link_end(l, LINK_END_CONNECT, ev);
		return;
	}
	len = snprintf(request, sizeof request,
	    "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\n%s\r\n", path, to->host,
	    to->fields == NULL ? "" : to->fields);
	if (len < 0 || (size_t)len >= sizeof request ||
	    (p = unsent_reserve(&l->output, (size_t)len)) == NULL ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, l->fd, &e) != 0) {
		link_end(l, LINK_END_CONNECT, ev);
		return;
	}
	memcpy(p, request, (size_t)len);
	l->output->end += (size_t)len;
	/* On loopback the connection usually stands already. */
	link_flush(l, epoll, key, ev);
}

/* Returns the bytes used; 0: the answer is not complete, or was refused. */
static size_t
link_read_answer(struct link *l, const unsigned char *p, size_t len,
    struct link_events *ev)
{
	const char *end = memmem(p, len, "\r\n\r\n", 4), *s;
	char head[STASH_SIZE];
	size_t n;

	if (end == NULL) {
		if (len >= STASH_SIZE)
			link_end(l, LINK_END_REFUSED, ev);
		return 0;
	}
	n = (size_t)(end - (const char *)p) + 4;
	if (n >= sizeof head) {
		link_end(l, LINK_END_REFUSED, ev);
		return 0;
	}
	memcpy(head, p, n);
	head[n] = '\0';
	s = strchr(head, ' ');
	l->status = (uint16_t)(s == NULL ? 0 : atoi(s));
	if (l->status != 101 || strstr(head, ACCEPT) == NULL) {
		link_end(l, LINK_END_REFUSED, ev);
		return 0;
	}
	l->status = 0;
	l->state = LINK_OPEN;
	ev->opened(ev->owner, l);
	return n;
}

/* -- in ------------------------------------------------------------------ */

static bool
stash_put(struct link *l, const unsigned char *p, size_t len)
{
	if (l->stash == NULL && (l->stash = malloc(STASH_SIZE)) == NULL)
		return false;
	memcpy(l->stash, p, len);
	return true;
}

static void
link_read_control(struct link *l, int op, const unsigned char *data,
    size_t len, struct link_events *ev)
{
	if (op == OP_PING) {
		ev->pings++;
		if (l->state == LINK_OPEN && !unsent_add_frame(&l->output,
		    OP_PONG, data, len))
			link_end(l, LINK_END_UNSENT, ev);
	} else if (op == OP_CLOSE) {
		l->status = len < 2 ? 1005 :
		    (uint16_t)(data[0] << 8 | data[1]);
		link_end(l, l->state == LINK_CLOSING ? LINK_END_OURS :
		    LINK_END_CLOSED, ev);
	}
}

/*
 * Reads one frame, or the beginning of a long one.  Returns the bytes used;
 * 0: more are needed, or the link is gone.
 */
static size_t
link_read_frame(struct link *l, const unsigned char *p, size_t len,
    struct link_events *ev)
{
	size_t at = 2, head;
	uint64_t size;
	int op, i;

	if (len < 2)
		return 0;
	op = p[0] & 0x0f;
	size = p[1];
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
	/* No masked frame (5.1), no extension; fragments nobody here sends. */
	if ((p[0] & 0xf0) != 0x80 || (p[1] & 0x80) != 0 ||
	    (op >= OP_CLOSE && size > 125)) {
		link_end(l, LINK_END_PROTOCOL, ev);
		return 0;
	}
	if (op == OP_BINARY && ev->streamed != NULL) {
		l->streams = size > 0;
		l->skip = size;
		return at;
	}
	head = size < LINK_HEAD_MAX ? (size_t)size : LINK_HEAD_MAX;
	if (len < at + head)
		return 0;
	if (op >= OP_CLOSE)
		link_read_control(l, op, p + at, (size_t)size, ev);
	else if (op != OP_TEXT)
		ev->other++;
	else if (len - at >= size)
		ev->heard(ev->owner, l, (const char *)p + at, head);
	else if (stash_put(l, p + at, head))
		l->head = (uint16_t)head;
	else
		link_end(l, LINK_END_LOST, ev);
	if (l->state == LINK_GONE)
		return 0;
	if (len - at >= size)
		return at + (size_t)size;
	l->skip = size - (len - at);
	return len;
}

/* Bytes of a binary message, as link_events.streamed wants them. */
static size_t
link_stream(struct link *l, const unsigned char *p, size_t len,
    struct link_events *ev)
{
	size_t n = l->skip < len ? (size_t)l->skip : len;
	size_t used = ev->streamed(ev->owner, l, (const char *)p, n);

	if (l->state == LINK_GONE)
		return 0;
	if (used == 0) {
		if (n == l->skip || n >= LINK_UNIT_MAX)
			link_end(l, LINK_END_PROTOCOL, ev);
		return 0;
	}
	l->skip -= used;
	l->streams = l->skip > 0;
	return used;
}

static size_t
link_skip(struct link *l, size_t len, struct link_events *ev)
{
	size_t n = l->skip < len ? (size_t)l->skip : len;
	uint16_t head = l->head;

	l->skip -= n;
	if (l->skip == 0 && head > 0) {
		l->head = 0;
		ev->heard(ev->owner, l, (const char *)l->stash, head);
	}
	return n;
}

/* False: there was nothing, or the link is gone. */
static bool
link_read(struct link *l, struct link_events *ev)
{
	size_t at = 0, len = l->held, used;
	ssize_t n;

	if (len > 0)
		memcpy(buffer, l->stash, len);
	n = l->tls != NULL ?
	    secure_recv(l->tls, buffer + len, at_most_piece(READ_SIZE)) :
	    recv(l->fd, buffer + len, at_most_piece(READ_SIZE), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		if (n == 0)
			errno = ECONNRESET;
		link_end(l, l->state == LINK_UPGRADING ? LINK_END_CONNECT :
		    l->state == LINK_CLOSING ? LINK_END_OURS : LINK_END_LOST,
		    ev);
		return false;
	}
	ev->reads++;
	ev->bytes += (uint64_t)n;
	len += (size_t)n;
	l->held = 0;
	while (at < len && l->state != LINK_GONE) {
		if (l->state == LINK_UPGRADING)
			used = link_read_answer(l, buffer + at, len - at, ev);
		else if (l->streams)
			used = link_stream(l, buffer + at, len - at, ev);
		else if (l->skip > 0)
			used = link_skip(l, len - at, ev);
		else
			used = link_read_frame(l, buffer + at, len - at, ev);
		if (used == 0)
			break;
		at += used;
	}
	if (l->state == LINK_GONE)
		return false;
	if (at < len) {
		if (!stash_put(l, buffer + at, len - at)) {
			link_end(l, LINK_END_LOST, ev);
			return false;
		}
		l->held = (uint16_t)(len - at);
	} else if (l->head == 0 && l->stash != NULL) {
		free(l->stash);
		l->stash = NULL;
	}
	return true;
}

void
link_on_ready(struct link *l, uint32_t events, int epoll, uint32_t key,
    struct link_events *ev)
{
	if (l->state == LINK_GONE)
		return;
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		while (link_read(l, ev) && l->tls != NULL &&
		    secure_has_more(l->tls))
			;
	/* What was heard may have brought an answer; send it at once. */
	if (l->state != LINK_GONE && l->output != NULL &&
	    l->output->begin < l->output->end)
		link_flush(l, epoll, key, ev);
}
