/*
 * output - see output.h.
 */
#include "config.h"

#include "worker/output.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "base/memory.h"
#include "worker/compress.h"
#include "worker/deadline.h"
#include "worker/remnant.h"
#include "worker/wire.h"

#define OUT_HIGH	(256 * 1024)	/* then it stops reading */

/*
 * What it is to be sent.
 */

struct client_output *
client_output(struct client *c)
{
	if (c->output == NULL) {
		c->output = malloc(sizeof(*c->output));
		if (c->output == NULL)
			return NULL;
		*c->output = (struct client_output){ 0 };
		memory_add(sizeof(*c->output));
	}
	return c->output;
}

void
client_free_output(struct client *c)
{
	if (c->output == NULL)
		return;
	remnant_release(c->output->remnant);
	buf_clear(&c->output->bytes);
	memory_remove(sizeof(*c->output));
	free(c->output);
	c->output = NULL;
}

void
client_trim_output(struct client *c)
{
	if (client_owed(c) == 0 && !c->is_blocked && !c->is_lagging)
		client_free_output(c);
}

/* What is left of the frame that it has in part. */
static size_t
remnant_left(const struct client *c)
{
	return c->output == NULL || c->output->remnant == NULL ? 0 :
	    c->output->remnant->len - c->output->remnant_sent;
}

size_t
client_owed(const struct client *c)
{
	return c->output == NULL ? 0 :
	    remnant_left(c) + buf_len(&c->output->bytes);
}

void
client_owe_remnant(struct client *c, struct remnant *remnant, size_t sent)
{
	assert(client_owed(c) == 0 && sent < remnant->len);
	c->output->remnant = remnant;
	c->output->remnant_sent = sent;
}

bool
client_append(struct client *c, const void *bytes, size_t len)
{
	return client_output(c) != NULL &&
	    buf_append(&c->output->bytes, bytes, len);
}

void
client_mark_dirty(struct worker *w, struct client *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = w->dirty;
	w->dirty = ipc_connection_slot(c->connection);
}

bool
client_queue(struct worker *w, struct client *c, const void *bytes,
    size_t len)
{
	if (!client_append(c, bytes, len)) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return false;
	}
	client_mark_dirty(w, c);
	return true;
}

void
client_queue_message(struct worker *w, struct client *c,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	if (client_output(c) == NULL ||
	    !compress_message(w->compress, c->form, opcode, data, len,
	    w->settings->routes[c->route].deflate_min_size,
	    &c->output->bytes)) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	client_mark_dirty(w, c);
}

void
client_tell(struct worker *w, struct client *c, const struct buf *line)
{
	uint64_t most = client_limits(w, c)->backlog;

	client_queue_message(w, c, FRAME_TEXT, buf_head(line), buf_len(line));
	if (c->state == CLIENT_OPEN && c->is_blocked && most != 0 &&
	    client_owed(c) > most)
		client_close(w, c, CLOSE_BACKLOG);
}

void
client_answer(struct worker *w, struct client *c, bool good,
    const struct buf *line)
{
	if (!good)
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (c->state == CLIENT_OPEN)
		client_tell(w, c, line);
}

/*
 * Sending it.
 */

void
client_poll(struct worker *w, struct client *c)
{
	/* While it waits nothing is read, and TCP tells the peer; where the
	 * end has been read there is nothing but that end. */
	bool reads = !client_is_waiting(c) && !c->is_ended;
	bool writes = c->is_blocked || c->is_lagging;
	struct epoll_event event = {
		.events = (reads ? (uint32_t)EPOLLIN : 0) |
		    (writes ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = c
	};

	if (c->state == CLIENT_GONE || (c->has_read_event == reads &&
	    c->has_write_event == writes))
		return;
	c->has_read_event = reads;
	c->has_write_event = writes;
	if (epoll_ctl(w->poll, EPOLL_CTL_MOD, c->fd, &event) == -1)
		client_drop(w, c, CLOSE_SERVER_FAULT);
}

void
client_set_blocked(struct worker *w, struct client *c, bool is_blocked)
{
	if (c->is_blocked == is_blocked)
		return;
	c->is_blocked = is_blocked;
	w->slow = is_blocked ? w->slow + 1 : w->slow - 1;
}

void
client_block(struct worker *w, struct client *c)
{
	if (client_output(c) == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	/* From here on it must make progress. */
	if (!c->is_blocked)
		c->output->progress_ms = w->now_ms;
	client_set_blocked(w, c, true);
	client_poll(w, c);
	client_schedule(w, c);
}

/* Counts `n` bytes of what the client is owed as sent. */
static void
output_consume(struct client *c, size_t n)
{
	struct client_output *o = c->output;
	size_t left = remnant_left(c), part = n < left ? n : left;

	o->remnant_sent += part;
	if (part == left && o->remnant != NULL) {
		remnant_release(o->remnant);
		o->remnant = NULL;
	}
	buf_consume(&o->bytes, n - part);
	if (buf_len(&o->bytes) == 0)
		buf_clear(&o->bytes);
}

/* Puts what the client is owed, and then `bytes`, into `iov`; returns how many
 * pieces that is. */
static int
output_gather(const struct client *c, const uint8_t *bytes, size_t len,
    struct iovec iov[3])
{
	const struct client_output *o = c->output;
	size_t left = remnant_left(c);
	int count = 0;

	if (left > 0)
		iov[count++] = (struct iovec){
			o->remnant->bytes + o->remnant_sent, left
		};
	if (client_owed(c) > left)
		iov[count++] = (struct iovec){
			buf_head(&o->bytes), buf_len(&o->bytes)
		};
	if (len > 0)
		iov[count++] = (struct iovec){
			(void *)(uintptr_t)bytes, len
		};
	return count;
}

size_t
client_send(struct worker *w, struct client *c, const uint8_t *bytes,
    size_t len)
{
	size_t own = client_owed(c), n;
	struct iovec iov[3];

	if (c->state == CLIENT_GONE ||
	    (own + len == 0 && !wire_is_waiting(c)))
		return len;
	if (!wire_send(w, c, iov, output_gather(c, bytes, len, iov), &n)) {
		client_drop(w, c, CLOSE_RESET);
		return len;
	}
	c->sent += n;
	if (n < own + len || wire_is_waiting(c))
		client_block(w, c);
	if (own == 0)
		return n;
	output_consume(c, n < own ? n : own);
	if (n < own)
		return 0;
	client_trim_output(c);
	return n - own;
}

/* A pong that waited for the socket. */
static bool
client_append_pong(struct client *c)
{
	uint8_t header[FRAME_HEADER_MAX];
	size_t len;

	len = frame_header_write(header, FRAME_PONG, c->input->pong_len);
	if (!client_append(c, header, len) ||
	    !client_append(c, c->input->pong, c->input->pong_len))
		return false;
	c->has_pong = false;
	return true;
}

/* Sends what it is owed and the body behind that; false: not all of it. */
static bool
client_send_own(struct worker *w, struct client *c)
{
	struct client_input *in = c->input;
	size_t n;

	if (in == NULL || in->body_len == 0) {
		(void)client_send(w, c, NULL, 0);
		return client_owed(c) == 0;
	}
	n = client_send(w, c, in->body, in->body_len);
	in->body += n;
	in->body_len -= n;
	return in->body_len == 0;
}

bool
client_flush(struct worker *w, struct client *c)
{
	if (c->state == CLIENT_GONE)
		return false;
	if (!client_send_own(w, c) || c->state == CLIENT_GONE ||
	    wire_is_waiting(c))
		return false;
	if (c->has_pong) {
		if (!client_append_pong(c)) {
			client_drop(w, c, CLOSE_SERVER_FAULT);
			return false;
		}
		return client_flush(w, c);
	}
	if (c->is_blocked) {
		client_set_blocked(w, c, false);
		client_trim_output(c);
		client_poll(w, c);
	}
	if (c->is_replied && (c->state == CLIENT_CLOSING ||
	    c->state == CLIENT_ANSWERED)) {
		if (!wire_end(w, c)) {
			client_block(w, c);
			return false;
		}
		client_enter(w, c, CLIENT_LINGER);
		if (c->is_ended)	/* there is nothing to wait for */
			client_drop(w, c, CLOSE_RESET);
		client_poll(w, c);
		client_schedule(w, c);
	}
	return c->state != CLIENT_GONE;
}

void
client_throttle(struct worker *w, struct client *c)
{
	if (client_owed(c) < OUT_HIGH || c->state == CLIENT_GONE)
		return;
	(void)client_flush(w, c);
	if (!c->is_blocked || c->state != CLIENT_OPEN)
		return;
	if (client_input(c) == NULL) {
		client_drop(w, c, CLOSE_SERVER_FAULT);
		return;
	}
	c->input->waits_out = true;
	client_poll(w, c);
}

void
client_flush_all(struct worker *w)
{
	struct client *c;

	while (w->dirty != CLIENT_NO_SLOT) {
		c = w->clients[w->dirty];
		w->dirty = c->next_dirty;
		c->is_dirty = false;
		if (c->state != CLIENT_GONE && !c->is_blocked)
			(void)client_flush(w, c);
	}
}
