/*
 * fuzz_inflate - src/ws/inflater.c and src/ws/deflater.c.
 *
 * Input: the window, the kind and limit of messages, two sizes of pieces, then
 * messages with their lengths.  They are inflated one after the other, in
 * whole frames and in pieces, and both must end the same; or they are texts,
 * which are compressed and must come back.
 */
#include "config.h"

#include "ws/deflate.h"
#include "ws/deflater.h"
#include "ws/inflater.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SLOW_MAX	(6 * 1024 * 1024)	/* bytes; 5.3 KiB become it */

enum {				/* bits of the second byte */
	INPUT_TEXT = 1,		/* the messages are to be UTF-8 */
	INPUT_NO_TAKEOVER = 2,	/* the window is forgotten between them */
	INPUT_COMPRESS = 4	/* compress first */
};

struct run {
	unsigned bits;
	uint8_t options;
	uint64_t message_max;
	struct pieces pieces;
};

/* What one message came to. */
static enum close_reason
feed(struct inflater *inflater, const struct run *run,
    const struct input *message, struct pieces pieces, struct buf *out)
{
	struct frame_piece piece = {
		.kind = FRAME_DATA, .is_first = true, .is_compressed = true,
		.opcode = (run->options & INPUT_TEXT) != 0 ? FRAME_TEXT :
		    FRAME_BINARY
	};
	enum close_reason why = CLOSE_NORMAL;
	size_t at = 0;

	do {
		piece.len = pieces_next(&pieces, message->len - at);
		piece.data = copy_exact(message->at + at, piece.len);
		at += piece.len;
		piece.is_last = at == message->len;
		why = inflater_feed(inflater, &piece, run->message_max, out);
		must(run->message_max == 0 ||
		    buf_len(out) <= run->message_max);
		piece.is_first = false;
		free(piece.data);
	} while (why == CLOSE_NORMAL && !piece.is_last);
	must(why == CLOSE_NORMAL || why == CLOSE_BAD_DEFLATE ||
	    why == CLOSE_TOO_BIG || why == CLOSE_BAD_UTF8);
	must(why != CLOSE_BAD_UTF8 || (run->options & INPUT_TEXT) != 0);
	if (why == CLOSE_NORMAL && (run->options & INPUT_TEXT) != 0)
		must(utf8_slow(buf_head(out), buf_len(out)) == UTF8_WHOLE);
	return why;
}

/* After a reset it is as good as new. */
static void
check_reset(struct inflater *inflater, unsigned bits)
{
	/* "Hello" of RFC 7692 7.2.3.1 */
	static const uint8_t hello[] = {
		0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00
	};
	const struct run run = { .options = INPUT_TEXT, .message_max = 5 };
	struct input message = { hello, sizeof(hello) };
	struct pieces pieces = { { 1, 2 }, 0 };
	struct buf out;

	buf_init(&out);
	inflater_reset(inflater, bits);
	must(feed(inflater, &run, &message, pieces, &out) == CLOSE_NORMAL);
	must(buf_len(&out) == 5 && memcmp(buf_head(&out), "Hello", 5) == 0);
	buf_clear(&out);
}

static struct input
message_take(struct input *in)
{
	struct input message = { in->at, 0 };
	size_t len = (size_t)input_number(in, 2);

	message.at = in->at;
	message.len = len < in->len ? len : in->len;
	in->at += message.len;
	in->len -= message.len;
	return message;
}

/* A message that is the first of a stream, inflated at once by zlib alone, to
 * the end of the last block.  `out` has room for what can come. */
enum slow { SLOW_BAD, SLOW_WHOLE, SLOW_ENDS_FINAL };

static enum slow
slow_inflate(const struct input *message, unsigned bits, uint8_t *out,
    size_t *len_out)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	uint8_t *bytes = malloc(message->len + sizeof(tail));
	z_stream z = { .next_in = bytes, .avail_in = (unsigned)message->len };
	enum slow result = SLOW_WHOLE;
	bool ended = false;
	int status;

	must(bytes != NULL && inflateInit2(&z, -(int)bits) == Z_OK);
	if (message->len > 0)
		memcpy(bytes, message->at, message->len);
	memcpy(bytes + message->len, tail, sizeof(tail));
	z.next_out = out;
	z.avail_out = SLOW_MAX;
	for (unsigned part = 0; part < 2 && result == SLOW_WHOLE; part++) {
		while (z.avail_in > 0 && result == SLOW_WHOLE) {
			status = inflate(&z, Z_SYNC_FLUSH);
			ended = status == Z_STREAM_END;
			if (ended)
				must(inflateReset(&z) == Z_OK);
			else if (status != Z_OK)
				result = SLOW_BAD;
		}
		if (ended && part == 0)
			result = SLOW_ENDS_FINAL;
		z.avail_in = sizeof(tail);
	}
	*len_out = (size_t)(z.next_out - out);
	must(inflateEnd(&z) == Z_OK && z.avail_out > 0);
	free(bytes);
	return result;
}

static void
check_slowly(const struct input *message, const struct run *run,
    enum close_reason why, const struct buf *found)
{
	static uint8_t out[SLOW_MAX];
	size_t len;
	enum slow result = slow_inflate(message, run->bits, out, &len);

	if (why == CLOSE_NORMAL) {
		must(result != SLOW_BAD && len == buf_len(found));
		must(len == 0 || memcmp(out, buf_head(found), len) == 0);
	} else if (result == SLOW_ENDS_FINAL && len <= run->message_max) {
		must((run->options & INPUT_TEXT) != 0 &&
		    utf8_slow(out, len) != UTF8_WHOLE);
	}
}

/* zlib looks back over all that a call has written, and over the window
 * behind it.  Who reaches beyond a window smaller than the greatest, which he
 * has agreed not to do, is found out or not, depending on the pieces. */
static bool
may_differ(const struct run *run, enum close_reason a, enum close_reason b)
{
	return run->bits < DEFLATE_BITS_MAX &&
	    (a == CLOSE_BAD_DEFLATE || b == CLOSE_BAD_DEFLATE);
}

static void
check_inflating(struct input in, const struct run *run)
{
	struct inflater *one = inflater_new(run->bits);
	struct inflater *other = inflater_new(run->bits);
	struct buf whole, pieces;
	struct pieces all = { { SIZE_MAX, SIZE_MAX }, 0 };
	enum close_reason why = CLOSE_NORMAL, other_why;
	const uint8_t *start = in.at;
	struct input message;
	bool is_first;

	must(one != NULL && other != NULL);
	buf_init(&whole);
	buf_init(&pieces);
	while (in.len > 0 && why == CLOSE_NORMAL) {
		message = message_take(&in);
		buf_reset(&whole);
		buf_reset(&pieces);
		is_first = message.at == start + 2;
		why = feed(one, run, &message, all, &whole);
		if (is_first && message.len <= SLOW_MAX / 1100)
			check_slowly(&message, run, why, &whole);
		other_why = feed(other, run, &message, run->pieces, &pieces);
		must(other_why == why || may_differ(run, why, other_why));
		if (why != CLOSE_NORMAL || other_why != CLOSE_NORMAL)
			break;
		must(buf_len(&whole) == buf_len(&pieces));
		must(buf_len(&whole) == 0 || memcmp(buf_head(&whole),
		    buf_head(&pieces), buf_len(&whole)) == 0);
		if ((run->options & INPUT_NO_TAKEOVER) != 0) {
			inflater_reset(one, run->bits);
			inflater_reset(other, run->bits);
		}
	}
	check_reset(one, DEFLATE_BITS_MIN);
	check_reset(other, DEFLATE_BITS_MAX);
	inflater_free(one);
	inflater_free(other);
	buf_clear(&whole);
	buf_clear(&pieces);
}

/* ---- what is compressed comes back ---- */

static void
check_message(struct deflater *deflater, struct inflater *inflater,
    const struct run *run, const struct input *message)
{
	const struct run unlimited = {
		.options = run->options & (uint8_t)~INPUT_TEXT
	};
	const struct frame_limits limits = {
		.message_max = message->len > 0 ? message->len : 1
	};
	struct frame_decoder decoder;
	struct frame_piece piece;
	struct buf frame, out;
	struct input payload;

	buf_init(&frame);
	buf_init(&out);
	must(deflater_append(deflater, &frame, message->at, message->len));
	payload = (struct input){ buf_head(&frame), buf_len(&frame) };
	/* The 00 00 ff ff is gone: before it are zeros up to a byte's end. */
	must(payload.len > 0 && payload.at[payload.len - 1] != 0xff);
	must(feed(inflater, &unlimited, &payload, run->pieces, &out) ==
	    CLOSE_NORMAL);
	must(buf_len(&out) == message->len);
	must(message->len == 0 || memcmp(buf_head(&out), message->at,
	    message->len) == 0);
	/* It fits where a message of its length does. */
	must(payload.len <= limits.message_max + limits.message_max / 4 + 64);

	buf_reset(&frame);
	buf_reset(&out);
	must(deflater_append_frame(deflater, &frame, FRAME_BINARY,
	    message->at, message->len));
	frame_decoder_init(&decoder, FRAME_CLIENT, true);
	must(frame_decode(&decoder, &limits, buf_head(&frame),
	    buf_len(&frame), &piece) == buf_len(&frame));
	must(piece.kind == FRAME_DATA && piece.is_first && piece.is_last);
	must(piece.len <= message->len);
	if (piece.is_compressed) {
		must(inflater_feed(inflater, &piece, message->len, &out) ==
		    CLOSE_NORMAL);
		piece.data = buf_head(&out);
		piece.len = buf_len(&out);
	}
	must(piece.len == message->len);
	must(piece.len == 0 || memcmp(piece.data, message->at,
	    piece.len) == 0);
	buf_clear(&frame);
	buf_clear(&out);
}

static void
check_compressing(struct input in, const struct run *run)
{
	struct deflater *deflater = deflater_new(run->bits);
	struct inflater *inflater = inflater_new(run->bits);
	struct input message;

	must(deflater != NULL && inflater != NULL);
	while (in.len > 0) {
		message = message_take(&in);
		check_message(deflater, inflater, run, &message);
		if ((run->options & INPUT_NO_TAKEOVER) != 0)
			inflater_reset(inflater, run->bits);
	}
	deflater_free(deflater);
	inflater_free(inflater);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct run run = {
		.bits = DEFLATE_BITS_MIN + input_byte(&in) %
		    (DEFLATE_BITS_MAX - DEFLATE_BITS_MIN + 1),
		.options = input_byte(&in),
		/* Never 0: 4 KiB can become 4 MiB. */
		.message_max = 1 + input_number(&in, 2)
	};

	run.pieces = pieces_take(&in);
	if ((run.options & INPUT_COMPRESS) != 0)
		check_compressing(in, &run);
	else
		check_inflating(in, &run);
	return 0;
}
