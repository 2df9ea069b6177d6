/*
 * fuzz_ipc - a channel's bytes: src/ipc/ipc.c and src/ipc/peer.c.
 *
 * Input: who speaks to whom, the longest message taken, two sizes of pieces,
 * then the stream.  What the peer's handlers hear must be what the catalogue
 * says, read here a second time; the stream comes whole and in pieces, and
 * with the descriptors it should have or without.
 */
#include "config.h"

#include "ipc/ipc.h"
#include "ipc/peer.h"

#include "fuzz.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_MAX	4096	/* bytes: no socket is full before */

static const struct row {
	unsigned from, to;
	uint32_t payload, tail;
	unsigned fds;
	const char *name;
} rows[IPC_TYPES] = {
#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) \
	[IPC_##name] = { from, to, sizeof(struct payload), tail, fds, #name },
	IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE
};

static const enum ipc_role roles[] = { IPC_PARENT, IPC_BROKER, IPC_WORKER };

struct heard {
	struct tape tape;
	const char *why;
	unsigned ends;
};

static struct event_base *base;

/* ---- what the catalogue says ---- */

static enum ipc_verdict
expected_verdict(const struct ipc_header *h, enum ipc_role from,
    enum ipc_role to)
{
	const struct row *row = &rows[h->type < IPC_TYPES ? h->type : 0];

	if (row->name == NULL || h->zero != 0)
		return IPC_BAD_TYPE;
	if ((row->from & (unsigned)from) == 0 || (row->to & (unsigned)to) == 0)
		return IPC_BAD_DIRECTION;
	if (h->length < row->payload ||
	    h->length > (uint64_t)row->payload + row->tail)
		return IPC_BAD_LENGTH;
	return IPC_OK;
}

static void
check_header(const struct ipc_header *h)
{
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			must(ipc_check(h, roles[from], roles[to]) ==
			    expected_verdict(h, roles[from], roles[to]));
	if (h->type == IPC_NOTHING || h->type >= IPC_TYPES) {
		must(strcmp(ipc_type_name(h->type), "UNKNOWN") == 0);
		return;
	}
	must(strcmp(ipc_type_name(h->type), rows[h->type].name) == 0);
	must(ipc_payload_size(h->type) == rows[h->type].payload);
	must(ipc_descriptors(h->type) == rows[h->type].fds);
}

static void
tape_record(struct tape *tape, unsigned type, const void *payload,
    const void *tail, size_t tail_len)
{
	tape_number(tape, type);
	tape_put(tape, payload, rows[type].payload);
	tape_number(tape, tail_len);
	tape_put(tape, tail, tail_len);
}

/* Reads the stream as the peer should; *why_out NULL: to the end. */
static void
expect(const struct input *in, const struct peer_config *config,
    bool with_fds, struct tape *tape, const char **why_out)
{
	struct ipc_header h;
	size_t at = 0;
	enum ipc_verdict verdict;

	*why_out = NULL;
	while (in->len - at >= sizeof(h)) {
		memcpy(&h, in->at + at, sizeof(h));
		check_header(&h);
		verdict = expected_verdict(&h, config->other, config->self);
		if (verdict == IPC_OK && config->frame_max != 0 &&
		    h.length > config->frame_max)
			verdict = IPC_BAD_LENGTH;
		if (verdict == IPC_OK && in->len - at - sizeof(h) < h.length)
			return;
		if (verdict == IPC_OK && rows[h.type].fds > 0 && !with_fds)
			verdict = IPC_BAD_DESCRIPTORS;
		if (verdict != IPC_OK) {
			*why_out = ipc_verdict_text(verdict);
			return;
		}
		tape_record(tape, h.type, in->at + at + sizeof(h),
		    in->at + at + sizeof(h) + rows[h.type].payload,
		    h.length - rows[h.type].payload);
		at += sizeof(h) + h.length;
	}
}

/* ---- what the peer says ---- */

static bool
on_message(void *owner, struct peer *peer, const struct ipc_message *m)
{
	struct heard *heard = owner;

	must(peer_is_open(peer) && heard->ends == 0);
	must((uintptr_t)m->payload % 8 == 0);
	must((m->fd != -1) == (rows[m->type].fds == 1));
	must(m->fd == -1 || fcntl(m->fd, F_GETFD) == FD_CLOEXEC);
	tape_record(&heard->tape, m->type, m->payload, m->tail, m->tail_len);
	if (m->fd != -1)
		close(m->fd);
	return true;
}

static void
on_end(void *owner, struct peer *peer, const char *why)
{
	struct heard *heard = owner;

	must(!peer_is_open(peer));
	heard->ends++;
	heard->why = why;
}

static void
send_bytes(int fd, const uint8_t *bytes, size_t len, bool with_fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { .iov_base = copy_exact(bytes, len) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int sent = STDERR_FILENO;

	iov.iov_len = len;
	if (with_fd) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &sent, sizeof(sent));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
	}
	must(sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len);
	free(iov.iov_base);
}

/* Where the first message at or behind `from` begins that is due a
 * descriptor, also one that is cut short; else the stream's length. */
static size_t
next_with_fd(const struct input *in, const struct peer_config *config,
    size_t from)
{
	struct ipc_header h;
	size_t at = 0;

	while (in->len - at >= sizeof(h)) {
		memcpy(&h, in->at + at, sizeof(h));
		if (expected_verdict(&h, config->other, config->self) !=
		    IPC_OK)
			break;
		if (at >= from && rows[h.type].fds == 1)
			return at;
		if (in->len - at - sizeof(h) < h.length)
			break;
		at += sizeof(h) + h.length;
	}
	return in->len;
}

static void
hear(const struct input *in, const struct peer_config *config,
    struct pieces pieces, bool with_fds, struct heard *heard)
{
	size_t at = 0, n, next;
	struct peer *peer;
	int fds[2];
	bool is_due;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	peer = peer_new(base, fds[0], config);
	must(peer != NULL);
	while (at < in->len && heard->ends == 0) {
		n = pieces_next(&pieces, in->len - at);
		is_due = false;
		if (with_fds) {
			next = next_with_fd(in, config, at);
			is_due = next == at && at < in->len;
			next = next_with_fd(in, config, at + 1);
			n = at + n > next ? next - at : n;
		}
		send_bytes(fds[1], in->at + at, n, is_due);
		peer_drain(peer);
		at += n;
	}
	close(fds[1]);
	peer_drain(peer);
	must(heard->ends == 1);
	peer_free(peer);
}

static void
check_stream(const struct input *in, struct peer_config *config,
    struct pieces pieces, bool with_fds)
{
	struct pieces whole = { { STREAM_MAX, STREAM_MAX }, 0 };
	struct tape expected = { .len = 0 };
	struct heard heard;
	const char *why;

	expect(in, config, with_fds, &expected, &why);
	for (unsigned i = 0; i < 2; i++) {
		memset(&heard, 0, sizeof(heard));
		config->owner = &heard;
		hear(in, config, i == 0 ? whole : pieces, with_fds, &heard);
		must(tape_is_equal(&expected, &heard.tape));
		must((why == NULL) == (heard.why == NULL));
		must(why == NULL || strcmp(why, heard.why) == 0);
		tape_clear(&heard.tape);
	}
	tape_clear(&expected);
}

/* A bit for each that is open, of the first 64. */
static uint64_t
open_descriptors(void)
{
	uint64_t open = 0;

	for (int fd = 0; fd < 64; fd++)
		open |= (uint64_t)(fcntl(fd, F_GETFD) != -1) << fd;
	return open;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static peer_handler *handlers[IPC_TYPES];
	struct input in = { data, len };
	uint8_t who = input_byte(&in);
	struct peer_config config = {
		.self = roles[who % 3], .other = roles[who / 3 % 3],
		.handlers = handlers, .on_end = on_end,
		.frame_max = input_byte(&in)
	};
	struct pieces pieces = pieces_take(&in);
	uint64_t before;

	if (base == NULL) {
		base = event_base_new();
		must(base != NULL);
		for (unsigned type = 1; type < IPC_TYPES; type++)
			handlers[type] = on_message;
	}
	if (in.len > STREAM_MAX)
		in.len = STREAM_MAX;
	before = open_descriptors();
	check_stream(&in, &config, pieces, false);
	check_stream(&in, &config, pieces, true);
	must(open_descriptors() == before);
	return 0;
}
