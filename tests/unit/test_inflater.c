/*
 * test_inflater: the messages of clients that compress, well and badly.
 *
 * The clients are zlib itself, with every window and every way to flush, and
 * bytes written by hand from RFC 7692 and RFC 1951. Messages are fed whole
 * and in pieces of every size, against a guard page.
 */
#include "config.h"

#include "ws/inflater.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "guard.h"
#include "samples.h"

#define S(text) text, sizeof(text) - 1
#define MESSAGE_MAX (300 * 1024)
#define CHUNK 16384   /* the inflater's */

static struct guard guard;

/* A client: a stream that compresses, and what it has made. */
struct peer {
	z_stream stream;
	uint8_t data[2 * MESSAGE_MAX];
	size_t len;
};

static struct peer *
peer_new(int bits, int level, int memory)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	assert_int_equal(deflateInit2(&peer->stream, level, Z_DEFLATED, -bits,
	    memory, Z_DEFAULT_STRATEGY), Z_OK);
	return peer;
}

static void
peer_free(struct peer *peer)
{
	deflateEnd(&peer->stream);
	free(peer);
}

static void
peer_write(struct peer *peer, const void *data, size_t len, int flush)
{
	peer->stream.next_in = (Bytef *)(uintptr_t)data;
	peer->stream.avail_in = (uInt)len;
	peer->stream.next_out = peer->data + peer->len;
	peer->stream.avail_out = (uInt)(sizeof(peer->data) - peer->len);
	assert_int_not_equal(deflate(&peer->stream, flush), Z_STREAM_ERROR);
	assert_int_equal(peer->stream.avail_in, 0);
	peer->len = sizeof(peer->data) - peer->stream.avail_out;
}

/* The message as it is sent (7.2.1). */
static void
peer_say(struct peer *peer, const void *data, size_t len)
{
	peer->len = 0;
	peer_write(peer, data, len, Z_SYNC_FLUSH);
	peer->len -= 4;
}

/* Feeds a message in pieces of `step` bytes, of which some are empty. */
static enum close_reason
feed(struct inflater *in, enum frame_opcode opcode, uint64_t max,
    const void *data, size_t len, size_t step, struct buf *out)
{
	struct frame_piece piece = {
		.kind = FRAME_DATA, .opcode = opcode, .is_first = true,
		.is_compressed = true
	};
	enum close_reason why = CLOSE_NORMAL;
	size_t at = 0, turn;

	for (turn = 0; why == CLOSE_NORMAL && !piece.is_last; turn++) {
		piece.len = turn % 7 == 3 ? 0 : step;
		if (piece.len >= len - at)
			piece.len = len - at;
		piece.is_last = at + piece.len == len;
		piece.data = guard_lay(&guard, (const uint8_t *)data + at,
		    piece.len);
		why = inflater_feed(in, &piece, max, out);
		at += piece.len;
		piece.is_first = false;
	}
	return why;
}

static void
check_said(struct inflater *in, const struct peer *peer, size_t step,
    const uint8_t *expected, size_t len)
{
	struct buf out;

	buf_init(&out);
	assert_int_equal(feed(in, FRAME_BINARY, len, peer->data, peer->len,
	    step, &out), CLOSE_NORMAL);
	assert_int_equal(buf_len(&out), len);
	if (len > 0)
		assert_memory_equal(buf_head(&out), expected, len);
	buf_clear(&out);
}

/* The limit is the message's size each time: it is exact. */
static void
what_zlib_compresses_is_inflated_for_each_window(void **state)
{
	static const size_t sizes[] = {
		0, 1, 2, 100, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK,
		100 * 1000, MESSAGE_MAX
	};
	static uint8_t data[MESSAGE_MAX];
	struct inflater *in;
	struct peer *peer;
	size_t i;
	int bits, sample;

	(void)state;
	for (sample = 0; sample < SAMPLES; sample++) {
		sample_fill(sample, data, sizeof(data));
		for (bits = 9; bits <= 15; bits++) {
			peer = peer_new(bits, bits % 3 == 0 ? 1 : 6,
			    bits % 2 == 0 ? 1 : 8);
			in = inflater_new((unsigned)bits);
			for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]);
			    i++) {
				peer_say(peer, data, sizes[i]);
				check_said(in, peer, SIZE_MAX, data, sizes[i]);
			}
			inflater_free(in);
			peer_free(peer);
		}
	}
}

/* Stored, fixed and dynamic blocks, and the empty ones of a flush. */
static void
pieces_may_have_any_size(void **state)
{
	uint8_t data[600];
	struct inflater *in = inflater_new(15);
	struct peer *peer;
	size_t step;
	int level;

	(void)state;
	sample_fill(SAMPLE_TEXT, data, sizeof(data));
	for (level = 0; level <= 9; level += 3) {
		peer = peer_new(15, level, 8);
		peer_write(peer, data, 100, Z_SYNC_FLUSH);
		peer_write(peer, data + 100, 200, Z_PARTIAL_FLUSH);
		peer_write(peer, data + 300, 299, Z_FULL_FLUSH);
		peer_write(peer, data + 599, 1, Z_SYNC_FLUSH);
		peer->len -= 4;
		for (step = 1; step <= peer->len; step++) {
			inflater_reset(in, 15);
			check_said(in, peer, step, data, sizeof(data));
		}
		peer_free(peer);
	}
	inflater_free(in);
}

/* By hand, for a stream that has just begun. */
static const struct {
	const char *bytes;
	size_t len;
	enum close_reason why;
	const char *said;
} rows[] = {
	/* the examples of RFC 7692 7.2.3 */
	{ S("\xf2\x48\xcd\xc9\xc9\x07\x00"), CLOSE_NORMAL, "Hello" },
	{ S("\x00\x05\x00\xfa\xffHello\x00"), CLOSE_NORMAL, "Hello" },
	{ S("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), CLOSE_NORMAL, "Hello" },
	{ S("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
	    CLOSE_NORMAL, "Hello" },
	{ S("\x00"), CLOSE_NORMAL, "" },
	/* nothing at all, and nothing but empty blocks */
	{ S(""), CLOSE_NORMAL, "" },
	{ S("\x02\x00"), CLOSE_NORMAL, "" },
	{ S("\x00\x00\x00\xff\xff\x00"), CLOSE_NORMAL, "" },
	{ S("\x00\x00\x00\xff\xff"), CLOSE_NORMAL, "" },
	/* final blocks: more may follow, and the empty one may be missing */
	{ S("\x01"), CLOSE_NORMAL, "" },
	{ S("\x03\x00"), CLOSE_NORMAL, "" },
	{ S("\x03\x00\x03\x00\x03\x00\x00"), CLOSE_NORMAL, "" },
	{ S("\xf3\x48\xcd\xc9\xc9\x07\x00"), CLOSE_NORMAL, "Hello" },
	{ S("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
	    CLOSE_NORMAL, "HelloHello" },
	{ S("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"),
	    CLOSE_NORMAL, "HelloHello" },
	{ S("\x01\x05\x00\xfa\xffHello\x00\x05\x00\xfa\xffHello\x00"),
	    CLOSE_NORMAL, "HelloHello" },
	/* with no window behind them: H and a reference to what is gone */
	{ S("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"),
	    CLOSE_BAD_DEFLATE, "HelloH" },
	{ S("\xf2\x00\x11\x00\x00"), CLOSE_BAD_DEFLATE, "H" },
	/* no block: type 3, a length that is not its complement */
	{ S("\x06"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x07"), CLOSE_BAD_DEFLATE, "" },
	{ S("\xff\xff\xff\xff"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x00\x05\x00\xfb\xffHello\x00"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x00\x05\x00\x05\x00Hello\x00"), CLOSE_BAD_DEFLATE, "" },
	{ S("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x06"),
	    CLOSE_BAD_DEFLATE, "Hello" },
	/* a tree with too many codes, and one with none */
	{ S("\xfc\xff\xff\xff"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x04\x00\x00\x00\x00\x00\x00\x00"), CLOSE_BAD_DEFLATE, "" },
	/* the next header began, but the last three bytes are a message's */
	{ S("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff"),
	    CLOSE_BAD_DEFLATE, "Hello" },
	{ S("\x00\x00"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x00\x00\x00"), CLOSE_BAD_DEFLATE, "" },
	{ S("\x00\x00\x00\xff"), CLOSE_BAD_DEFLATE, "" },
	/* cut within a block */
	{ S("\xf2\x48\xcd\xc9\xc9\x07"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\xf2\x48\xcd\xc9\xc9"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\xf2\x48\xcd"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\xf2"), CLOSE_BAD_DEFLATE, NULL },
	/* a block that ends one or two bits before a byte does: the next
	 * header begins in these */
	{ S("\x9a\x30\x71\xd2\x64\x00\x00"), CLOSE_NORMAL,
	    "\x90\x91\x92\x93" },
	{ S("\x9a\x30\x71\xd2\x64\x00"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\x9a\x30\x71\xd2\xe4\x29\x00\x00"), CLOSE_NORMAL,
	    "\x90\x91\x92\x93\x94" },
	{ S("\x9a\x30\x71\xd2\xe4\x29\x00"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\x00\x05\x00\xfa\xffHell"), CLOSE_BAD_DEFLATE, NULL },
	{ S("\x00\x05\x00\xfa\xffHello"), CLOSE_NORMAL, "Hello" },
	/* one byte and room for the four that complete a message */
	{ S("\x00\x05\x00\xfa\xffH"), CLOSE_BAD_DEFLATE, NULL },
};

static void
messages_written_by_hand(void **state)
{
	struct inflater *in = inflater_new(15);
	enum close_reason why;
	struct buf out;
	size_t i, step;

	(void)state;
	buf_init(&out);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (step = 1; step <= rows[i].len + 1; step++) {
			inflater_reset(in, 15);
			buf_reset(&out);
			why = feed(in, FRAME_BINARY, 0, rows[i].bytes,
			    rows[i].len, step, &out);
			if (why != rows[i].why)
				fail_msg("row %zu step %zu: %s", i, step,
				    close_name(why));
			if (rows[i].said == NULL)
				continue;
			if (buf_len(&out) != strlen(rows[i].said))
				fail_msg("row %zu step %zu: %zu bytes", i,
				    step, buf_len(&out));
			if (buf_len(&out) > 0)
				assert_memory_equal(buf_head(&out),
				    rows[i].said, buf_len(&out));
		}
	}
	buf_clear(&out);
	inflater_free(in);
}

/* Not a byte: right after the birth, after an error, and between. */
static void
an_empty_payload_is_an_empty_message(void **state)
{
	struct inflater *in = inflater_new(15);
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(feed(in, FRAME_TEXT, 1, S(""), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(feed(in, FRAME_TEXT, 0, S("\x06"), 1, &out),
	    CLOSE_BAD_DEFLATE);
	inflater_reset(in, 15);
	assert_int_equal(feed(in, FRAME_TEXT, 1, S(""), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(feed(in, FRAME_TEXT, 1, S("\x00"), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(feed(in, FRAME_TEXT, 1, S(""), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(buf_len(&out), 0);
	buf_clear(&out);
	inflater_free(in);
}

/* It fills the chunk, and nothing is left to say that it has ended. */
static void
a_final_block_may_end_with_a_chunk(void **state)
{
	static uint8_t block[5 + CHUNK] = { 0x01, 0x00, 0x40, 0xff, 0xbf };
	struct inflater *in = inflater_new(15);
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(feed(in, FRAME_BINARY, CHUNK, block, sizeof(block),
	    SIZE_MAX, &out), CLOSE_NORMAL);
	assert_int_equal(buf_len(&out), CHUNK);
	assert_int_equal(feed(in, FRAME_BINARY, CHUNK, block, sizeof(block),
	    SIZE_MAX, &out), CLOSE_NORMAL);
	buf_clear(&out);
	inflater_free(in);
}

/* RFC 7692 7.2.3.2: the second Hello refers to the first. */
static void
a_window_is_kept_until_it_is_reset(void **state)
{
	static const char first[] = "\xf2\x48\xcd\xc9\xc9\x07\x00";
	static const char again[] = "\xf2\x00\x11\x00\x00";
	struct inflater *in = inflater_new(9);
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(feed(in, FRAME_TEXT, 0, S(first), 2, &out),
	    CLOSE_NORMAL);
	assert_int_equal(feed(in, FRAME_TEXT, 0, S(again), 2, &out),
	    CLOSE_NORMAL);
	/* an empty message between leaves it */
	assert_int_equal(feed(in, FRAME_TEXT, 0, S(""), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(feed(in, FRAME_BINARY, 0, S(again), 1, &out),
	    CLOSE_NORMAL);
	assert_int_equal(buf_len(&out), 15);
	assert_memory_equal(buf_head(&out), "HelloHelloHello", 15);

	inflater_reset(in, 9);
	assert_int_equal(feed(in, FRAME_TEXT, 0, S(again), 2, &out),
	    CLOSE_BAD_DEFLATE);
	buf_clear(&out);
	inflater_free(in);
}

/* Noise is told twice: the second time it is short, if the window is there. */
static void
a_clients_takeover_is_followed_over_many_messages(void **state)
{
	uint8_t data[400];
	struct inflater *in;
	struct peer *peer;
	int bits, i;

	(void)state;
	sample_fill(SAMPLE_NOISE, data, sizeof(data));
	for (bits = 9; bits <= 15; bits++) {
		peer = peer_new(bits, 6, 8);
		in = inflater_new((unsigned)bits);
		for (i = 0; i < 200; i++) {
			peer_say(peer, data, (size_t)(200 + i));
			if (bits > 9 && i > 0)
				assert_true(peer->len < 50);
			check_said(in, peer, (size_t)(1 + i % 50), data,
			    (size_t)(200 + i));
		}
		inflater_free(in);
		peer_free(peer);
	}
}

/* One inflater for clients with different windows, in turns. */
static void
after_a_reset_it_serves_another_client(void **state)
{
	static uint8_t data[5000];
	struct inflater *in = inflater_new(9);
	struct frame_piece half = {
		.kind = FRAME_DATA, .opcode = FRAME_TEXT, .is_first = true
	};
	struct peer *peer;
	struct buf out;
	int i;

	(void)state;
	buf_init(&out);
	sample_fill(SAMPLE_TEXT, data, sizeof(data));
	for (i = 0; i < 30; i++) {
		peer = peer_new(9 + i % 7, 6, 8);
		inflater_reset(in, (unsigned)(9 + i % 7));
		peer_say(peer, data, sizeof(data));
		check_said(in, peer, 100, data, sizeof(data));
		/* and then it is gone in the middle of a code point */
		peer_say(peer, "ab\xe2\x82", 4);
		half.data = peer->data;
		half.len = peer->len;
		assert_int_equal(inflater_feed(in, &half, 0, &out),
		    CLOSE_NORMAL);
		peer_free(peer);
	}
	buf_clear(&out);
	inflater_free(in);
}

static void
one_byte_too_many_is_too_big(void **state)
{
	static const size_t sizes[] = {
		1, 2, 257, 258, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 50000
	};
	static const size_t steps[] = { 1, 10, SIZE_MAX };
	static uint8_t data[50000];
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 6, 8);
	struct buf out;
	size_t i, j, n;
	int sample;

	(void)state;
	buf_init(&out);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 3 * SAMPLES; i++) {
		n = sizes[i / 3 / SAMPLES];
		sample = (int)(i / 3 % SAMPLES);
		sample_fill(sample, data, n);
		for (j = 0; j < 2; j++) {
			deflateReset(&peer->stream);
			inflater_reset(in, 15);
			buf_reset(&out);
			peer_say(peer, data, n);
			assert_int_equal(feed(in, FRAME_BINARY, n - j,
			    peer->data, peer->len, steps[i % 3], &out),
			    n - j == 0 || j == 0 ? CLOSE_NORMAL :
			    CLOSE_TOO_BIG);
			assert_true(buf_len(&out) <= n - j || n == j);
		}
	}
	/* all the fragments count, and each message anew */
	for (i = 0; i < 3; i++) {
		inflater_reset(in, 15);
		deflateReset(&peer->stream);
		peer_say(peer, data, 1000);
		buf_reset(&out);
		assert_int_equal(feed(in, FRAME_BINARY, 1000, peer->data,
		    peer->len, 10, &out), CLOSE_NORMAL);
	}
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

/* A limit that is lowered while a message is under way. */
static void
a_lower_limit_is_one_at_once(void **state)
{
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 6, 8);
	struct frame_piece piece = {
		.kind = FRAME_DATA, .opcode = FRAME_BINARY, .is_first = true
	};
	uint8_t data[100];
	struct buf out;

	(void)state;
	buf_init(&out);
	sample_fill(SAMPLE_TEXT, data, sizeof(data));
	peer_write(peer, data, sizeof(data), Z_SYNC_FLUSH);
	piece.data = peer->data;
	piece.len = peer->len;
	assert_int_equal(inflater_feed(in, &piece, 100, &out), CLOSE_NORMAL);
	peer_say(peer, data, 1);
	piece.is_first = false;
	piece.is_last = true;
	piece.len = peer->len;
	assert_int_equal(inflater_feed(in, &piece, 50, &out), CLOSE_TOO_BIG);
	assert_int_equal(buf_len(&out), 100);
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

/* A GiB of zeros in a MiB: 1024 times the same flushed MiB. */
static void
a_bomb_fills_no_more_than_the_limit(void **state)
{
	static uint8_t zeros[MESSAGE_MAX];
	static const size_t limit = 1024 * 1024;
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 9, 8);
	uint64_t sent = 0;
	size_t i;
	uint8_t *bomb;
	struct frame_piece piece = {
		.kind = FRAME_DATA, .opcode = FRAME_TEXT, .is_first = true,
		.is_last = true
	};
	struct buf out;

	(void)state;
	buf_init(&out);
	for (i = 0; i < 1024 * 1024; i += 256 * 1024)
		peer_write(peer, zeros, 256 * 1024,
		    i < 768 * 1024 ? Z_NO_FLUSH : Z_FULL_FLUSH);
	bomb = malloc(1024 * peer->len);
	assert_non_null(bomb);
	for (i = 0; i < 1024; i++, sent += peer->len)
		memcpy(bomb + i * peer->len, peer->data, peer->len);
	assert_true(sent < 2 * 1024 * 1024);
	piece.data = bomb;
	piece.len = sent;
	assert_int_equal(inflater_feed(in, &piece, limit, &out),
	    CLOSE_TOO_BIG);
	assert_true(buf_len(&out) <= limit);
	assert_true(out.capacity <= limit);

	/* in small pieces it goes no further */
	inflater_reset(in, 15);
	buf_clear(&out);
	assert_int_equal(feed(in, FRAME_BINARY, limit, bomb, sent, 64, &out),
	    CLOSE_TOO_BIG);
	assert_true(out.capacity <= limit);
	free(bomb);
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

static const struct {
	const char *text;
	size_t len;
	enum close_reason why;
} texts[] = {
	{ S("plain"), CLOSE_NORMAL },
	{ S("\xe2\x82\xac\xf0\x9f\x98\x80"), CLOSE_NORMAL },
	{ S("a\xff" "b"), CLOSE_BAD_UTF8 },
	{ S("a\xe2\x82"), CLOSE_BAD_UTF8 },
	{ S("\xed\xa0\x80"), CLOSE_BAD_UTF8 },
};

static void
text_must_be_utf8(void **state)
{
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 6, 8);
	struct buf out;
	size_t i, step;

	(void)state;
	buf_init(&out);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (step = 1; step < 20; step++) {
			inflater_reset(in, 15);
			deflateReset(&peer->stream);
			peer_say(peer, texts[i].text, texts[i].len);
			assert_int_equal(feed(in, FRAME_TEXT, 0, peer->data,
			    peer->len, step, &out), texts[i].why);
			inflater_reset(in, 15);
			assert_int_equal(feed(in, FRAME_BINARY, 0, peer->data,
			    peer->len, step, &out), CLOSE_NORMAL);
			/* the next text begins anew */
			inflater_reset(in, 15);
			assert_int_equal(feed(in, FRAME_TEXT, 0,
			    S("\xf2\x48\xcd\xc9\xc9\x07\x00"), 2, &out),
			    CLOSE_NORMAL);
		}
	}
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

/* Long before the message ends. */
static void
a_wrong_byte_is_seen_in_its_piece(void **state)
{
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 6, 8);
	struct frame_piece piece = {
		.kind = FRAME_DATA, .opcode = FRAME_TEXT, .is_first = true
	};
	struct buf out;

	(void)state;
	buf_init(&out);
	peer_write(peer, "good\xe2\x82", 6, Z_SYNC_FLUSH);
	piece.data = peer->data;
	piece.len = peer->len;
	assert_int_equal(inflater_feed(in, &piece, 0, &out), CLOSE_NORMAL);
	peer->len = 0;
	peer_write(peer, "bad", 3, Z_SYNC_FLUSH);
	piece.len = peer->len;
	piece.is_first = false;
	assert_int_equal(inflater_feed(in, &piece, 0, &out), CLOSE_BAD_UTF8);
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

/* What is wrong first is the cause, however the message was cut. */
static void
the_cause_does_not_depend_on_the_pieces(void **state)
{
	static uint8_t data[40000];
	static const struct {
		size_t bad, limit;
		enum close_reason why;
	} cases[] = {
		{ 30000, 35000, CLOSE_BAD_UTF8 },
		{ 30000, 30001, CLOSE_BAD_UTF8 },
		{ 30000, 30000, CLOSE_TOO_BIG },
		{ 30000, 100, CLOSE_TOO_BIG },
		{ CHUNK, CHUNK, CLOSE_TOO_BIG },
		{ CHUNK, CHUNK + 1, CLOSE_BAD_UTF8 },
		{ SIZE_MAX, 0, CLOSE_BAD_DEFLATE },
		{ SIZE_MAX, 40000, CLOSE_BAD_DEFLATE },
		{ SIZE_MAX, 39999, CLOSE_TOO_BIG },
		{ 39999, 0, CLOSE_BAD_UTF8 },
	};
	static const size_t steps[] = { 1, 3, 1000, SIZE_MAX };
	struct inflater *in = inflater_new(15);
	struct peer *peer = peer_new(15, 6, 8);
	struct buf out;
	size_t i, j;

	(void)state;
	buf_init(&out);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sample_fill(SAMPLE_TEXT, data, sizeof(data));
		if (cases[i].bad < sizeof(data))
			data[cases[i].bad] = 0xff;
		deflateReset(&peer->stream);
		peer->len = 0;
		peer_write(peer, data, sizeof(data), Z_SYNC_FLUSH);
		peer->data[peer->len++] = 0x06;
		for (j = 0; j < 4; j++) {
			inflater_reset(in, 15);
			buf_reset(&out);
			assert_int_equal(feed(in, FRAME_TEXT, cases[i].limit,
			    peer->data, peer->len, steps[j], &out),
			    cases[i].why);
		}
	}
	buf_clear(&out);
	peer_free(peer);
	inflater_free(in);
}

/* Whatever is fed, it ends with an answer that is the same for all cuts. */
static void
noise_is_refused_the_same_way_in_all_pieces(void **state)
{
	struct inflater *in = inflater_new(9);
	uint32_t seed = 88172645u;
	uint8_t data[64];
	struct buf out, expected;
	enum close_reason why;
	size_t i, j, step;

	(void)state;
	buf_init(&out);
	buf_init(&expected);
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < sizeof(data); j++)
			data[j] = (uint8_t)sample_random(&seed);
		inflater_reset(in, 9);
		buf_reset(&expected);
		why = feed(in, FRAME_BINARY, 200, data, i % sizeof(data),
		    SIZE_MAX, &expected);
		for (step = 1; step < 16; step += 7) {
			inflater_reset(in, 9);
			buf_reset(&out);
			assert_int_equal(feed(in, FRAME_BINARY, 200, data,
			    i % sizeof(data), step, &out), why);
			if (why != CLOSE_NORMAL)
				continue;
			assert_int_equal(buf_len(&out), buf_len(&expected));
			if (buf_len(&out) > 0)
				assert_memory_equal(buf_head(&out),
				    buf_head(&expected), buf_len(&out));
		}
	}
	buf_clear(&out);
	buf_clear(&expected);
	inflater_free(in);
}

/* A buffer that says it is full of half of all memory. */
static void
no_memory_is_the_servers_fault(void **state)
{
	struct inflater *in = inflater_new(15);
	struct buf full = { NULL, 0, SIZE_MAX / 2, SIZE_MAX / 2 };

	(void)state;
	assert_int_equal(feed(in, FRAME_TEXT, 0,
	    S("\xf2\x48\xcd\xc9\xc9\x07\x00"), SIZE_MAX, &full),
	    CLOSE_SERVER_FAULT);
	inflater_free(in);
	inflater_free(NULL);
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, 2 * MESSAGE_MAX);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_zlib_compresses_is_inflated_for_each_window),
		cmocka_unit_test(pieces_may_have_any_size),
		cmocka_unit_test(messages_written_by_hand),
		cmocka_unit_test(an_empty_payload_is_an_empty_message),
		cmocka_unit_test(a_final_block_may_end_with_a_chunk),
		cmocka_unit_test(a_window_is_kept_until_it_is_reset),
		cmocka_unit_test(
		    a_clients_takeover_is_followed_over_many_messages),
		cmocka_unit_test(after_a_reset_it_serves_another_client),
		cmocka_unit_test(one_byte_too_many_is_too_big),
		cmocka_unit_test(a_lower_limit_is_one_at_once),
		cmocka_unit_test(a_bomb_fills_no_more_than_the_limit),
		cmocka_unit_test(text_must_be_utf8),
		cmocka_unit_test(a_wrong_byte_is_seen_in_its_piece),
		cmocka_unit_test(the_cause_does_not_depend_on_the_pieces),
		cmocka_unit_test(noise_is_refused_the_same_way_in_all_pieces),
		cmocka_unit_test(no_memory_is_the_servers_fault),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
