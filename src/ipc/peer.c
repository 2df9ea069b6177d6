/*
 * peer - see peer.h.
 *
 * A descriptor travels with the first byte of its message, in a sendmsg of
 * its own: the kernel then ends every recvmsg behind it, so that at most one
 * arrives at a time and their order is that of the messages.
 */
#include "config.h"

#include "ipc/peer.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define READ_SIZE	(64 * 1024)
#define SEND_SIZE	4096	/* what there is always memory for */
#define REST_MS		50	/* when there is none to read into, or the
				 * socket fails for no reason that lasts */
#define DRAIN_FAULTS	100	/* of these in a row end a drain */
#define READS_PER_EVENT	8	/* then the others have their turn */
#define FDS_MAX		128	/* descriptors waiting, either way */
#define PAYLOAD_MAX	96

#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) \
	_Static_assert(sizeof(struct payload) <= PAYLOAD_MAX, #name);
IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE

struct queued_fd {
	uint64_t at;		/* stream offset of its message */
	int fd;
	bool is_borrowed;	/* no copy: the sender's */
};

struct peer {
	struct peer_config config;
	struct event *readable, *writable, *rested;
	int fd;
	bool takes_fds;		/* a handler waits for descriptors */
	bool paused;
	bool draining;		/* hears on in spite of a pause */
	bool write_pending;	/* the socket is full, or a flush is due */
	unsigned faults;	/* receives of a drain that failed in a row */
	struct buf in, out;
	uint64_t sent;		/* stream offset of out's head */
	struct queued_fd out_fds[FDS_MAX];
	unsigned out_fd_count;
	int in_fds[FDS_MAX];
	unsigned in_fd_count;
};

static void peer_on_readable(evutil_socket_t, short, void *);
static void peer_on_writable(evutil_socket_t, short, void *);
static void peer_on_rested(evutil_socket_t, short, void *);
static bool peer_read(struct peer *);
static bool peer_dispatch(struct peer *);
static bool peer_rest(struct peer *);
static void peer_end(struct peer *, const char *);

struct peer *
peer_new(struct event_base *base, int fd, const struct peer_config *config)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		close(fd);
		return NULL;
	}
	p->config = *config;
	p->fd = fd;
	for (unsigned type = 0; type < IPC_TYPES; type++)
		p->takes_fds |= config->handlers[type] != NULL &&
		    ipc_descriptors(type) > 0;
	p->readable = event_new(base, fd, EV_READ | EV_PERSIST,
	    peer_on_readable, p);
	p->writable = event_new(base, fd, EV_WRITE, peer_on_writable, p);
	p->rested = event_new(base, -1, 0, peer_on_rested, p);
	/* So that who runs out of memory still hears and answers. */
	if (p->readable == NULL || p->writable == NULL || p->rested == NULL ||
	    buf_reserve(&p->in, READ_SIZE) == NULL ||
	    buf_reserve(&p->out, SEND_SIZE) == NULL ||
	    evutil_make_socket_nonblocking(fd) == -1 ||
	    event_add(p->readable, NULL) == -1) {
		peer_free(p);
		return NULL;
	}
	return p;
}

void
peer_close(struct peer *p)
{
	if (p->fd == -1)
		return;
	if (p->readable != NULL)
		event_del(p->readable);
	if (p->writable != NULL)
		event_del(p->writable);
	if (p->rested != NULL)
		event_del(p->rested);
	for (unsigned i = 0; i < p->out_fd_count; i++)
		close(p->out_fds[i].fd);
	for (unsigned i = 0; i < p->in_fd_count; i++)
		close(p->in_fds[i]);
	p->out_fd_count = p->in_fd_count = 0;
	close(p->fd);
	p->fd = -1;
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	peer_close(p);
	if (p->readable != NULL)
		event_free(p->readable);
	if (p->writable != NULL)
		event_free(p->writable);
	if (p->rested != NULL)
		event_free(p->rested);
	buf_clear(&p->in);
	buf_clear(&p->out);
	free(p);
}

bool
peer_is_open(const struct peer *p)
{
	return p->fd != -1;
}

int
peer_fd(const struct peer *p)
{
	return p->fd;
}

uint64_t
peer_sent(const struct peer *p)
{
	return p->sent;
}

size_t
peer_queued(const struct peer *p)
{
	return buf_len(&p->out);
}

/* One sendmsg: up to the next descriptor, or with it in front. */
static ssize_t
peer_send_fds(struct peer *p)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {
		.iov_base = buf_head(&p->out), .iov_len = buf_len(&p->out)
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool with_fd = p->out_fd_count > 0 && p->out_fds[0].at == p->sent;
	unsigned next = with_fd ? 1 : 0;
	ssize_t n;

	if (with_fd) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &p->out_fds[0].fd,
		    sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
	}
	if (next < p->out_fd_count &&
	    p->out_fds[next].at - p->sent < iov.iov_len)
		iov.iov_len = (size_t)(p->out_fds[next].at - p->sent);
	n = sendmsg(p->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && with_fd) {
		if (!p->out_fds[0].is_borrowed)
			close(p->out_fds[0].fd);
		p->out_fd_count--;
		memmove(p->out_fds, p->out_fds + 1,
		    p->out_fd_count * sizeof(p->out_fds[0]));
	}
	return n;
}

/* The one message that is queued has its sender's own descriptor: it leaves
 * now, or is not queued any more.  False: the latter. */
static bool
peer_send_borrowed(struct peer *p)
{
	ssize_t n;

	do
		n = peer_send_fds(p);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		p->out_fd_count = 0;
		buf_consume(&p->out, buf_len(&p->out));
		return false;
	}
	p->sent += (size_t)n;
	buf_consume(&p->out, (size_t)n);
	peer_flush(p);
	return true;
}

/* A copy; where there is none to be had, the sender's own, when nothing is
 * queued before it. */
static bool
peer_queue_fd(struct peer *p, int fd)
{
	struct queued_fd queued = { .fd = -1 };

	if (p->out_fd_count == FDS_MAX)
		return false;
	queued.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (queued.fd == -1) {
		peer_flush(p);
		if (buf_len(&p->out) > 0)
			return false;
		queued.fd = fd;
		queued.is_borrowed = true;
	}
	queued.at = p->sent + buf_len(&p->out);
	p->out_fds[p->out_fd_count++] = queued;
	return true;
}

bool
peer_send(struct peer *p, enum ipc_type type, const void *payload,
    const void *tail, size_t tail_len, int fd)
{
	size_t payload_size = ipc_payload_size(type);
	struct ipc_header h = {
		.length = (uint32_t)(payload_size + tail_len),
		.type = (uint16_t)type,
	};
	size_t total = sizeof(h) + payload_size + tail_len;
	uint8_t *to;
	bool is_borrowed = false;

	assert(ipc_check(&h, p->config.self, p->config.other) == IPC_OK);
	assert((fd != -1) == (ipc_descriptors(type) == 1));
	if (p->fd == -1 || (p->config.queue_max != 0 &&
	    buf_len(&p->out) + total > p->config.queue_max))
		return false;
	to = buf_reserve(&p->out, total);
	if (to == NULL) {
		/* Of what has left the space is free. */
		peer_flush(p);
		to = buf_reserve(&p->out, total);
	}
	if (to == NULL)
		return false;
	if (fd != -1) {
		if (!peer_queue_fd(p, fd))
			return false;
		is_borrowed = p->out_fds[p->out_fd_count - 1].is_borrowed;
	}
	if (is_borrowed && (to = buf_reserve(&p->out, total)) == NULL) {
		p->out_fd_count = 0;
		return false;
	}
	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), payload, payload_size);
	if (tail_len > 0)
		memcpy(to + sizeof(h) + payload_size, tail, tail_len);
	buf_commit(&p->out, total);
	if (is_borrowed)
		return peer_send_borrowed(p);
	if (!p->write_pending) {
		p->write_pending = true;
		event_active(p->writable, EV_WRITE, 0);
	}
	return true;
}

static ssize_t
peer_send_some(struct peer *p)
{
	if (p->out_fd_count > 0)
		return peer_send_fds(p);
	return send(p->fd, buf_head(&p->out), buf_len(&p->out),
	    MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
peer_flush(struct peer *p)
{
	ssize_t n = 0;

	if (p->fd == -1)
		return;
	while (buf_len(&p->out) > 0) {
		n = peer_send_some(p);
		if (n > 0) {
			p->sent += (size_t)n;
			buf_consume(&p->out, (size_t)n);
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		break;
	}
	p->write_pending = buf_len(&p->out) > 0;
	/* A broken channel is told by its reading side, after what the other
	 * end said last has been heard; and it would be writable for ever. */
	if (p->write_pending && n == -1 && errno != EAGAIN &&
	    peer_rest(p))
		event_del(p->writable);
	else if (p->write_pending)
		event_add(p->writable, NULL);
	else
		event_del(p->writable);
}

static void
peer_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peer_flush(arg);
}

static void
peer_on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	peer_poll(arg);
}

void
peer_poll(struct peer *p)
{
	/* What came before a pause; which may not be all of it. */
	if (p->fd == -1 || p->paused || !peer_dispatch(p) || p->paused)
		return;
	for (int i = 0; i < READS_PER_EVENT; i++)
		if (!peer_read(p))
			return;
}

void
peer_drain(struct peer *p)
{
	p->draining = true;
	if (p->fd != -1 && peer_dispatch(p))
		while (peer_read(p))
			;
	p->draining = false;
}

void
peer_pause(struct peer *p, bool paused)
{
	if (p->paused == paused || p->fd == -1)
		return;
	p->paused = paused;
	if (paused) {
		event_del(p->readable);
	} else {
		event_add(p->readable, NULL);
		event_active(p->readable, EV_READ, 0);
	}
}

static void
peer_on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	if (p->fd == -1)
		return;
	if (p->write_pending)
		peer_flush(p);
	if (p->paused)
		return;
	event_add(p->readable, NULL);
	event_active(p->readable, EV_READ, 0);
}

/* Both ways go on in a while.  False: no memory for a timer. */
static bool
peer_rest(struct peer *p)
{
	const struct timeval time = { .tv_usec = REST_MS * 1000 };

	return evtimer_pending(p->rested, NULL) ||
	    event_add(p->rested, &time) == 0;
}

/* Nothing can be read now: the other side waits. */
static void
peer_rest_reading(struct peer *p)
{
	if (peer_rest(p))
		event_del(p->readable);
}

/* Whether a receive has failed for good, as at an end of the channel or by a
 * mistake of ours; else the same call may do in a while. */
static bool
peer_is_over(int error)
{
	return error == ECONNRESET || error == ENOTCONN || error == EBADF ||
	    error == ENOTSOCK || error == EINVAL || error == EFAULT;
}

/* Space to read into; NULL: none.  A message that has come in part, and a
 * little more, needs none that is new. */
static uint8_t *
peer_reserve(struct peer *p, size_t *size_out)
{
	uint8_t *to = buf_reserve(&p->in, READ_SIZE);

	*size_out = READ_SIZE;
	if (to == NULL) {
		to = buf_reserve(&p->in, 1);
		*size_out = p->in.capacity - p->in.end;
	}
	return to;
}

/* False: more descriptors than a message has. */
static bool
peer_take_fds(struct peer *p, struct msghdr *msg)
{
	bool is_fine = (msg->msg_flags & MSG_CTRUNC) == 0;
	struct cmsghdr *c;
	size_t count;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_RIGHTS)
			continue;
		/* Alignment leaves space for a second one. */
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (size_t i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd),
			    sizeof(fd));
			if (i == 0 && p->in_fd_count < FDS_MAX) {
				p->in_fds[p->in_fd_count++] = fd;
			} else {
				close(fd);
				is_fine = false;
			}
		}
	}
	return is_fine;
}

/* recvmsg, with its descriptor in `in_fds`.  -1, with errno. */
static ssize_t
peer_receive_fds(struct peer *p, uint8_t *to, size_t size,
    bool *is_fine_out)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space)
	};
	ssize_t n;

	n = recvmsg(p->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	*is_fine_out = n <= 0 || peer_take_fds(p, &msg);
	return n;
}

/* One receive and the messages it completes.  False: nothing more now. */
static bool
peer_read(struct peer *p)
{
	size_t size;
	uint8_t *to = peer_reserve(p, &size);
	bool is_fine = true;
	ssize_t n;

	if (to == NULL) {
		peer_rest_reading(p);
		return false;
	}
	/* Who takes no descriptors has no space for any: the kernel closes
	 * them. */
	do
		n = p->takes_fds ? peer_receive_fds(p, to, size, &is_fine) :
		    recv(p->fd, to, size, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return false;
	if (n == -1 && !peer_is_over(errno)) {
		/* Whoever drains does not come back. */
		if (p->draining && ++p->faults < DRAIN_FAULTS)
			return true;
		peer_rest_reading(p);
		return false;
	}
	p->faults = 0;
	if (n <= 0) {
		peer_end(p, n == 0 || errno == ECONNRESET ? NULL :
		    "read-failed");
		return false;
	}
	buf_commit(&p->in, (size_t)n);
	if (!is_fine) {
		peer_end(p, ipc_verdict_text(IPC_BAD_DESCRIPTORS));
		return false;
	}
	if (!peer_dispatch(p) || (p->paused && !p->draining))
		return false;
	/* Only before a descriptor does a receive stop short of what is
	 * there; what ends the stream is told by the loop. */
	return p->takes_fds || p->draining || (size_t)n == size;
}

/* Handles every whole message in `in`; false: the peer is over. */
static bool
peer_dispatch(struct peer *p)
{
	_Alignas(8) uint8_t payload[PAYLOAD_MAX];
	struct ipc_header h;
	struct ipc_message m;
	enum ipc_verdict verdict;
	size_t size;
	bool fine;

	while ((!p->paused || p->draining) &&
	    buf_len(&p->in) >= sizeof(h)) {
		memcpy(&h, buf_head(&p->in), sizeof(h));
		verdict = ipc_check(&h, p->config.other, p->config.self);
		if (verdict == IPC_OK && p->config.frame_max != 0 &&
		    h.length > p->config.frame_max)
			verdict = IPC_BAD_LENGTH;
		if (verdict != IPC_OK) {
			peer_end(p, ipc_verdict_text(verdict));
			return false;
		}
		if (buf_len(&p->in) - sizeof(h) < h.length)
			break;
		size = ipc_payload_size(h.type);
		memcpy(payload, buf_head(&p->in) + sizeof(h), size);
		m = (struct ipc_message){
			.type = h.type, .payload = payload,
			.tail = buf_head(&p->in) + sizeof(h) + size,
			.tail_len = h.length - size, .fd = -1
		};
		if (ipc_descriptors(h.type) == 1) {
			if (p->in_fd_count == 0) {
				peer_end(p, ipc_verdict_text(
				    IPC_BAD_DESCRIPTORS));
				return false;
			}
			m.fd = p->in_fds[0];
			p->in_fd_count--;
			memmove(p->in_fds, p->in_fds + 1,
			    p->in_fd_count * sizeof(p->in_fds[0]));
		}
		if (p->config.handlers[h.type] == NULL) {
			if (m.fd != -1)
				close(m.fd);
			peer_end(p, ipc_verdict_text(IPC_BAD_DIRECTION));
			return false;
		}
		fine = p->config.handlers[h.type](p->config.owner, p, &m);
		if (p->fd == -1)
			return false;
		if (!fine) {
			peer_end(p, "refused-by-handler");
			return false;
		}
		buf_consume(&p->in, sizeof(h) + h.length);
	}
	if (p->in_fd_count > 0 && buf_len(&p->in) == 0) {
		peer_end(p, ipc_verdict_text(IPC_BAD_DESCRIPTORS));
		return false;
	}
	return true;
}

static void
peer_end(struct peer *p, const char *why)
{
	if (p->fd == -1)
		return;
	peer_close(p);
	p->config.on_end(p->config.owner, p, why);
}
