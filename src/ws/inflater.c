/*
 * inflater: the streams of inflater.h.
 *
 * A pure module of the worker. Between zlib and the buffer lies a chunk on
 * the stack, so that size and UTF-8 are judged before anything is kept, and
 * memory is taken only for what was said.
 */
#include "config.h"

#include "ws/inflater.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/memory.h"
#include "ws/deflate.h"
#include "ws/utf8.h"

#define CHUNK 16384

/* The window of 15 bits and zlib's state. */
#define INFLATER_BYTES (40 * 1024)

/* zlib's data_type where a block may begin and no bit is left over. */
#define AT_BLOCK 128

struct inflater {
	z_stream stream;
	struct utf8 utf8;
	uint64_t message_len;   /* inflated so far */
	bool is_new;            /* the stream has not had a byte yet */
};

/* What is the same for all pieces of a message. */
struct message {
	bool is_text;
	uint64_t max;
	struct buf *out;
};

static enum close_reason inflate_end(struct inflater *,
    const struct message *);
static enum close_reason inflate_bytes(struct inflater *,
    const struct message *, const uint8_t *, size_t);
static enum close_reason inflate_chunk(struct inflater *,
    const struct message *);
static enum close_reason message_add(struct inflater *,
    const struct message *, const uint8_t *, size_t);
static bool is_at_block(const struct inflater *);

struct inflater *
inflater_new(unsigned bits)
{
	struct inflater *in = calloc(1, sizeof(*in));

	assert(bits >= DEFLATE_BITS_MIN && bits <= DEFLATE_BITS_MAX);
	if (in == NULL)
		return NULL;
	/* Negative: without the header and the checksum of RFC 1950. */
	if (inflateInit2(&in->stream, -(int)bits) != Z_OK) {
		free(in);
		return NULL;
	}
	memory_add(INFLATER_BYTES);
	in->is_new = true;
	return in;
}

void
inflater_free(struct inflater *in)
{
	if (in == NULL)
		return;
	inflateEnd(&in->stream);
	memory_remove(INFLATER_BYTES);
	free(in);
}

void
inflater_reset(struct inflater *in, unsigned bits)
{
	int result = inflateReset2(&in->stream, -(int)bits);

	assert(bits >= DEFLATE_BITS_MIN && bits <= DEFLATE_BITS_MAX);
	assert(result == Z_OK);
	(void)result;
	in->is_new = true;
}

enum close_reason
inflater_feed(struct inflater *in, const struct frame_piece *piece,
    uint64_t message_max, struct buf *out)
{
	const struct message message = {
		piece->opcode == FRAME_TEXT, message_max, out
	};
	enum close_reason why;

	if (piece->is_first) {
		in->message_len = 0;
		utf8_init(&in->utf8);
	}
	why = inflate_bytes(in, &message, piece->data, piece->len);
	if (why == CLOSE_NORMAL && piece->is_last)
		why = inflate_end(in, &message);
	return why;
}

/*
 * Completes the empty block that the sender has begun. Elsewhere than in its
 * header these bytes would be taken for something else: the message was cut.
 */
static enum close_reason
inflate_end(struct inflater *in, const struct message *message)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	uint64_t len = in->message_len;
	enum close_reason why;

	if (!is_at_block(in)) {
		why = inflate_bytes(in, message, tail, sizeof(tail));
		if (why != CLOSE_NORMAL)
			return why;
	}
	if (!is_at_block(in) || in->message_len != len)
		return CLOSE_BAD_DEFLATE;
	return utf8_is_complete(&in->utf8) ? CLOSE_NORMAL : CLOSE_BAD_UTF8;
}

static enum close_reason
inflate_bytes(struct inflater *in, const struct message *message,
    const uint8_t *data, size_t len)
{
	enum close_reason why = CLOSE_NORMAL;

	assert(len <= UINT_MAX);
	in->stream.next_in = data;
	in->stream.avail_in = (unsigned)len;
	in->stream.avail_out = CHUNK;
	/* A full chunk may have left some in zlib. */
	while (why == CLOSE_NORMAL &&
	    (in->stream.avail_in > 0 || in->stream.avail_out == 0))
		why = inflate_chunk(in, message);
	return why;
}

static enum close_reason
inflate_chunk(struct inflater *in, const struct message *message)
{
	uint8_t chunk[CHUNK];
	enum close_reason why;
	int result;

	if (in->stream.avail_in > 0)
		in->is_new = false;
	in->stream.next_out = chunk;
	in->stream.avail_out = sizeof(chunk);
	result = inflate(&in->stream, Z_SYNC_FLUSH);
	/* What comes before an error is judged before it, so that the cause
	 * does not depend on how the message was cut. */
	why = message_add(in, message, chunk,
	    sizeof(chunk) - in->stream.avail_out);
	if (why != CLOSE_NORMAL)
		return why;
	switch (result) {
	case Z_OK:
	case Z_BUF_ERROR:   /* there was nothing left to do */
		return CLOSE_NORMAL;
	case Z_STREAM_END:
		(void)inflateReset(&in->stream);
		in->is_new = true;
		return CLOSE_NORMAL;
	case Z_MEM_ERROR:
		return CLOSE_SERVER_FAULT;
	default:
		return CLOSE_BAD_DEFLATE;
	}
}

static enum close_reason
message_add(struct inflater *in, const struct message *message,
    const uint8_t *data, size_t len)
{
	uint64_t left = message->max == 0 ? UINT64_MAX :
	    message->max > in->message_len ?
	    message->max - in->message_len : 0;
	size_t good = len <= left ? len : (size_t)left;

	if (message->is_text && !utf8_feed(&in->utf8, data, good))
		return CLOSE_BAD_UTF8;
	if (good < len)
		return CLOSE_TOO_BIG;
	in->message_len += len;
	return buf_append(message->out, data, len) ?
	    CLOSE_NORMAL : CLOSE_SERVER_FAULT;
}

static bool
is_at_block(const struct inflater *in)
{
	return in->is_new || in->stream.data_type == AT_BLOCK;
}
