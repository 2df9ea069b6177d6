/*
 * deflater: the streams of deflater.h.
 *
 * A pure module of the worker. A stream is made once; putting it back to its
 * beginning after a message costs about as much as compressing 100 bytes.
 */
#include "config.h"

#include "ws/deflater.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "ws/deflate.h"

#define CHUNK (64 * 1024)   /* room taken at a time */
#define TAIL  4             /* 00 00 ff ff, which is not sent (7.2.1) */

/* Half the time of zlib's default level 6 on long texts, for 2 % more. */
#define LEVEL 4

struct deflater {
	z_stream stream;
};

static size_t deflater_room(struct deflater *, size_t len);

struct deflater *
deflater_new(unsigned bits)
{
	/* A small window slides often, and with it the hash table, whose
	 * size this is: it should not be much larger than the window. */
	int memory = bits < 12 ? (int)bits - 4 : 8;
	struct deflater *d = calloc(1, sizeof(*d));

	assert(bits >= DEFLATE_BITS_MIN && bits <= DEFLATE_BITS_MAX);
	if (d == NULL)
		return NULL;
	/* Negative: without the header and the checksum of RFC 1950. */
	if (deflateInit2(&d->stream, LEVEL, Z_DEFLATED, -(int)bits, memory,
	    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		return NULL;
	}
	return d;
}

void
deflater_free(struct deflater *d)
{
	if (d == NULL)
		return;
	deflateEnd(&d->stream);
	free(d);
}

bool
deflater_append(struct deflater *d, struct buf *out, const uint8_t *data,
    size_t len)
{
	size_t before = buf_len(out), room = deflater_room(d, len);

	assert(len <= UINT_MAX);
	d->stream.next_in = data;
	d->stream.avail_in = (unsigned)len;
	do {
		d->stream.next_out = buf_reserve(out, room);
		d->stream.avail_out = (unsigned)room;
		if (d->stream.next_out == NULL)
			break;
		(void)deflate(&d->stream, Z_SYNC_FLUSH);
		buf_commit(out, room - d->stream.avail_out);
	} while (d->stream.avail_out == 0);
	deflateReset(&d->stream);

	if (d->stream.next_out == NULL) {
		buf_uncommit(out, buf_len(out) - before);
		return false;
	}
	buf_uncommit(out, TAIL);
	return true;
}

/* Enough for everything; of a long message, for its beginning. */
static size_t
deflater_room(struct deflater *d, size_t len)
{
	size_t bound = deflateBound(&d->stream, len) + 2 * TAIL;

	return bound < CHUNK ? bound : CHUNK;
}

bool
deflater_append_frame(struct deflater *d, struct buf *out,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	size_t before = buf_len(out), header_len, payload_len;
	unsigned bits = opcode;
	uint8_t *frame;

	if (buf_reserve(out, FRAME_HEADER_MAX) == NULL)
		return false;
	buf_commit(out, FRAME_HEADER_MAX);
	if (!deflater_append(d, out, data, len)) {
		buf_uncommit(out, FRAME_HEADER_MAX);
		return false;
	}
	frame = buf_head(out) + before;
	payload_len = buf_len(out) - before - FRAME_HEADER_MAX;
	if (payload_len < len) {
		bits |= FRAME_RSV1;
	} else {
		if (len > 0)
			memcpy(frame + FRAME_HEADER_MAX, data, len);
		buf_uncommit(out, payload_len - len);
		payload_len = len;
	}
	/* How long the header is, is known only now: close the gap. */
	header_len = frame_header_write(frame, bits, payload_len);
	memmove(frame + header_len, frame + FRAME_HEADER_MAX, payload_len);
	buf_uncommit(out, FRAME_HEADER_MAX - header_len);
	return true;
}
