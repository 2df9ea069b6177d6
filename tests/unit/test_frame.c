/*
 * test_frame: the codec in both roles.
 *
 * A row is a stream of unmasked frames and the story that it tells. Each is
 * decoded as a client would, and masked as a server would; whole, in steps of
 * every size and cut in three anywhere, against a guard page.
 */
#include "config.h"

#include "ws/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define S(text) text, sizeof(text) - 1
#define FORTY "0123456789012345678901234567890123456789"

/*
 * The story: T or B a message, with a z when compressed, C a close, P a ping,
 * O a pong, ! an error.
 */
struct row {
	const char *bytes;
	size_t len;
	const char *story;
	size_t seen;   /* unmasked, byte by byte: taken by then; 0: all */
};

static const struct row rows[] = {
	{ S(""), "", 0 },
	{ S("\x81"), "", 0 },
	{ S("\x81\x05hello"), "T:hello;", 0 },
	{ S("\x82\x03\x00\xff\x80"), "B:003;", 0 },
	{ S("\x81\x00"), "T:;", 0 },
	{ S("\x82\x00"), "B:000;", 0 },
	{ S("\x81\x02" "ab\x81\x01" "c"), "T:ab;T:c;", 0 },
	{ S("\x01\x02" "ab\x80\x01" "c"), "T:abc;", 0 },
	{ S("\x01\x01" "a\x00\x01" "b\x00\x01" "c\x80\x01" "d"),
	    "T:abcd;", 0 },
	{ S("\x01\x00\x00\x00\x80\x00"), "T:;", 0 },
	{ S("\x01\x00\x80\x01" "a"), "T:a;", 0 },
	{ S("\x01\x01" "a\x80\x00"), "T:a;", 0 },
	{ S("\x01\x01\xe2\x00\x01\x82\x80\x01\xac"), "T:\xe2\x82\xac;", 0 },
	/* control frames, alone and between fragments */
	{ S("\x89\x00"), "P:;", 0 },
	{ S("\x89\x02hi"), "P:hi;", 0 },
	{ S("\x8a\x02hi"), "O:hi;", 0 },
	{ S("\x01\x02" "ab\x89\x01x\x8a\x00\x80\x01" "c"),
	    "P:x;O:;T:abc;", 0 },
	{ S("\x01\x01\xe2\x89\x01\xff\x80\x02\x82\xac"),
	    "P:\xff;T:\xe2\x82\xac;", 0 },
	{ S("\x88\x00"), "C1005:;", 0 },
	{ S("\x88\x02\x03\xe8"), "C1000:;", 0 },
	{ S("\x88\x05\x03\xe9" "bye"), "C1001:bye;", 0 },
	{ S("\x88\x04\x0b\xb8\xc3\xa4"), "C3000:\xc3\xa4;", 0 },
	{ S("\x01\x01" "a\x88\x02\x13\x87"), "C4999:;", 0 },
	{ S("\x88\x00\x81\x01" "a"), "C1005:;T:a;", 0 },
	/* close frames that are wrong */
	{ S("\x88\x01\x03"), "!protocol", 2 },
	{ S("\x88\x02\x00\x00"), "!protocol", 4 },
	{ S("\x88\x02\x03\xe7"), "!protocol", 4 },
	{ S("\x88\x02\x03\xec"), "!protocol", 4 },
	{ S("\x88\x02\x03\xed"), "!protocol", 4 },
	{ S("\x88\x02\x03\xee"), "!protocol", 4 },
	{ S("\x88\x02\x03\xf7"), "!protocol", 4 },
	{ S("\x88\x02\x07\xd0"), "!protocol", 4 },
	{ S("\x88\x02\x13\x88"), "!protocol", 4 },
	{ S("\x88\x03\x03\xe8\xff"), "!bad-utf8", 5 },
	{ S("\x88\x04\x03\xe8\xe2\x82"), "!bad-utf8", 6 },
	/* the first byte */
	{ S("\xc1\x00"), "!protocol", 1 },
	{ S("\xa1\x00"), "!protocol", 1 },
	{ S("\x91\x00"), "!protocol", 1 },
	{ S("\xf9\x00"), "!protocol", 1 },
	{ S("\x83\x00"), "!protocol", 1 },
	{ S("\x87\x00"), "!protocol", 1 },
	{ S("\x8b\x00"), "!protocol", 1 },
	{ S("\x8f\x00"), "!protocol", 1 },
	{ S("\x08\x00"), "!protocol", 1 },
	{ S("\x09\x00"), "!protocol", 1 },
	{ S("\x0a\x00"), "!protocol", 1 },
	{ S("\x80\x00"), "!protocol", 1 },
	{ S("\x00\x00"), "!protocol", 1 },
	{ S("\x81\x01" "a\x80\x00"), "T:a;!protocol", 4 },
	{ S("\x01\x01" "a\x81\x00"), "!protocol", 4 },
	{ S("\x01\x01" "a\x02\x00"), "!protocol", 4 },
	{ S("\x01\x01" "a\x89\x00\x81\x00"), "P:;!protocol", 6 },
	/* lengths */
	{ S("\x89\x7e\x00\x7e"), "!protocol", 2 },
	{ S("\x8a\x7f\x00\x00"), "!protocol", 2 },
	{ S("\x88\x7e\x00\x7e"), "!protocol", 2 },
	{ S("\x82\x7e\x00\x7d"), "!protocol", 4 },
	{ S("\x82\x7e\x00\x00"), "!protocol", 4 },
	{ S("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), "!protocol", 3 },
	{ S("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), "!protocol", 8 },
	/* text that is not UTF-8 */
	{ S("\x81\x03" "a\xff" "b"), "!bad-utf8", 4 },
	{ S("\x81\x04\xed\xa0\x80" "b"), "!bad-utf8", 4 },
	{ S("\x81\x02\xe2\x82"), "!bad-utf8", 4 },
	{ S("\x01\x02\xe2\x82\x80\x00"), "!bad-utf8", 6 },
	{ S("\x01\x02\xe2\x82\x80\x01" "a"), "!bad-utf8", 7 },
	{ S("\x81\x01" "a\x81\x01\x80"), "T:a;!bad-utf8", 6 },
	/* limits: 40 bytes, 4 fragments */
	{ S("\x82\x28" FORTY), "B:040;", 0 },
	/* the limit is a message's: it starts anew with each */
	{ S("\x82\x28" FORTY "\x82\x28" FORTY), "B:040;B:040;", 0 },
	{ S("\x82\x29"), "!too-big", 2 },
	{ S("\x82\x7e\x00\x7e"), "!too-big", 4 },
	{ S("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "!too-big", 10 },
	{ S("\x01\x01" "a\x00\x27"), "", 0 },
	{ S("\x01\x01" "a\x80\x28"), "!too-big", 5 },
	{ S("\x01\x01" "a\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
	    "!too-big", 13 },
	{ S("\x02\x00\x00\x00\x00\x00\x00\x00\x00"),
	    "!too-many-fragments", 9 },
	{ S("\x02\x00\x00\x00\x00\x00\x89\x00\x80\x00"), "P:;B:000;", 0 },
};

/* The same where permessage-deflate was negotiated. */
static const struct row deflate_rows[] = {
	{ S("\xc1\x03\xff\x80\xff"), "Tz:\xff\x80\xff;", 0 },
	{ S("\xc2\x01x"), "Bz:001;", 0 },
	{ S("\xc1\x00"), "Tz:;", 0 },
	{ S("\x41\x01\xff\x00\x01\xfe\x80\x01\xfd"),
	    "Tz:\xff\xfe\xfd;", 0 },
	{ S("\x41\x01" "a\x89\x01x\x80\x01" "b"), "P:x;Tz:ab;", 0 },
	{ S("\xc1\x01\xff\x81\x01" "a\xc2\x01" "b"),
	    "Tz:\xff;T:a;Bz:001;", 0 },
	{ S("\xc1\x01\xff\x81\x01\xff"), "Tz:\xff;!bad-utf8", 6 },
	{ S("\x81\x01" "a"), "T:a;", 0 },
	{ S("\x81\x01\xff"), "!bad-utf8", 3 },
	{ S("\x41\x01" "a\xc0\x01" "b"), "!protocol", 4 },
	{ S("\x01\x01" "a\xc0\x01" "b"), "!protocol", 4 },
	{ S("\x41\x01" "a\xc1\x01" "b"), "!protocol", 4 },
	{ S("\xc0\x00"), "!protocol", 1 },
	{ S("\xc3\x00"), "!protocol", 1 },
	{ S("\xc8\x00"), "!protocol", 1 },
	{ S("\xc9\x00"), "!protocol", 1 },
	{ S("\xca\x00"), "!protocol", 1 },
	{ S("\xa1\x00"), "!protocol", 1 },
	{ S("\x91\x00"), "!protocol", 1 },
	{ S("\xe1\x00"), "!protocol", 1 },
	{ S("\xd1\x00"), "!protocol", 1 },
	/* a quarter and 64 bytes more than 40 */
	{ S("\xc2\x72" FORTY FORTY "0123456789012345678901234567890123"),
	    "Bz:114;", 0 },
	{ S("\xc2\x73"), "!too-big", 2 },
	{ S("\x82\x29"), "!too-big", 2 },
	{ S("\xc1\x00\x82\x29"), "Tz:;!too-big", 4 },
	{ S("\x42\x01" "a\x00\x71"), "", 0 },
	{ S("\x42\x01" "a\x00\x72"), "!too-big", 5 },
	{ S("\x42\x01" "a\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
	    "!too-big", 13 },
	{ S("\x42\x00\x00\x00\x00\x00\x00\x00\x00"),
	    "!too-many-fragments", 9 },
};

#define ROWS(rows) (sizeof(rows) / sizeof(rows[0]))
#define STREAM_MAX 1024

static const struct frame_limits limits = { 40, 4 };
static const struct frame_limits no_limits = { 0, 0 };
static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0xbd };
static struct guard guard;

struct story {
	char text[STREAM_MAX];
	size_t len;
	uint8_t message[STREAM_MAX];
	size_t message_len;
	size_t seen;
	bool has_ended, is_open;
};

/* Masks a stream of frames, as far as they go. */
static size_t
mask_stream(uint8_t *out, const uint8_t *in, size_t len)
{
	size_t at = 0, to = 0, i, n;
	uint64_t payload;

	while (at < len) {
		out[to++] = in[at++];
		if (at == len)
			break;
		payload = in[at] & 0x7f;
		n = payload == 127 ? 8 : payload == 126 ? 2 : 0;
		out[to++] = in[at++] | 0x80;
		if (n > len - at)
			n = len - at;
		if (n > 0)
			payload = 0;
		for (i = 0; i < n; i++) {
			payload = payload << 8 | in[at];
			out[to++] = in[at++];
		}
		memcpy(out + to, key, 4);
		to += 4;
		for (i = 0; i < payload && at < len; i++)
			out[to++] = in[at++] ^ key[i % 4];
	}
	return to;
}

static void
tell(struct story *story, const char *prefix, const void *data, size_t len)
{
	size_t n = strlen(prefix);

	assert_true(story->len + n + len + 2 < sizeof(story->text));
	memcpy(story->text + story->len, prefix, n);
	if (len > 0)
		memcpy(story->text + story->len + n, data, len);
	story->len += n + len;
	story->text[story->len] = '\0';
}

static void
tell_data(struct story *story, const struct frame_piece *piece)
{
	char number[16];

	assert_true(piece->is_first == !story->is_open);
	story->is_open = !piece->is_last;
	if (piece->is_first)
		story->message_len = 0;
	if (piece->is_last)
		assert_true(piece->frame_left == 0);
	if (piece->len > 0)
		memcpy(story->message + story->message_len, piece->data,
		    piece->len);
	story->message_len += piece->len;
	if (!piece->is_last)
		return;
	if (piece->opcode == FRAME_TEXT) {
		tell(story, piece->is_compressed ? "Tz:" : "T:",
		    story->message, story->message_len);
		tell(story, ";", NULL, 0);
	} else {
		assert_int_equal(piece->opcode, FRAME_BINARY);
		snprintf(number, sizeof(number), "B%s:%03zu;",
		    piece->is_compressed ? "z" : "", story->message_len);
		tell(story, number, NULL, 0);
	}
}

static void
tell_piece(struct story *story, const struct frame_piece *piece)
{
	char prefix[32];

	if (piece->kind == FRAME_DATA) {
		tell_data(story, piece);
	} else if (piece->kind == FRAME_CONTROL) {
		snprintf(prefix, sizeof(prefix), "%c:",
		    piece->opcode == FRAME_PING ? 'P' : 'O');
		if (piece->opcode == FRAME_CLOSE)
			snprintf(prefix, sizeof(prefix), "C%d:",
			    piece->close_code);
		tell(story, prefix, piece->data, piece->len);
		tell(story, ";", NULL, 0);
	} else if (piece->kind == FRAME_ERROR) {
		tell(story, "!", close_name(piece->why),
		    strlen(close_name(piece->why)));
		story->has_ended = true;
	}
}

static void
check_error_is_for_good(struct frame_decoder *d, enum close_reason why)
{
	struct frame_piece piece;
	uint8_t more[] = { 0x89, 0x00 };

	assert_int_equal(frame_decode(d, &limits, more, 2, &piece), 0);
	assert_int_equal(piece.kind, FRAME_ERROR);
	assert_int_equal(piece.why, why);
	assert_int_equal(frame_decode(d, &limits, more, 0, &piece), 0);
	assert_int_equal(piece.kind, FRAME_ERROR);
	assert_false(frame_decoder_is_idle(d));
}

/* Decodes data[from, to) and what of it each call leaves. */
static void
decode_run(struct frame_decoder *d, struct story *story, const uint8_t *data,
    size_t len)
{
	struct frame_piece piece;
	uint8_t *at = guard_lay(&guard, data, len);
	size_t used, left = len;

	do {
		used = frame_decode(d, &limits, at, left, &piece);
		assert_true(used <= left);
		at += used;
		left -= used;
		story->seen += used;
		tell_piece(story, &piece);
		if (piece.kind == FRAME_ERROR) {
			check_error_is_for_good(d, piece.why);
			return;
		}
		assert_true(frame_decoder_in_message(d) || !story->is_open);
	} while (piece.kind != FRAME_NEED_MORE);
	assert_int_equal(left, 0);
}

/* `a` bytes, then `b`, then the rest; or in steps of `a` when b is 0. */
static void
decode_cut_by(struct frame_decoder *d, struct story *story,
    const uint8_t *data, size_t len, size_t a, size_t b)
{
	size_t at = 0, n = a, turn = 0;

	memset(story, 0, sizeof(*story));
	assert_true(frame_decoder_is_idle(d));
	while (at < len && !story->has_ended) {
		if (b > 0)
			n = turn == 0 ? a : turn == 1 ? b : len - at;
		if (n > len - at)
			n = len - at;
		decode_run(d, story, data + at, n);
		at += n;
		turn++;
	}
}

static void
decode_cut(struct story *story, enum frame_role role, const uint8_t *data,
    size_t len, size_t a, size_t b)
{
	struct frame_decoder d;

	frame_decoder_init(&d, role, false);
	decode_cut_by(&d, story, data, len, a, b);
}

static void
check_row(const struct row *row, const struct frame_decoder *fresh,
    const uint8_t *data, size_t len)
{
	struct frame_decoder d;
	struct story story;
	size_t a, b;

	for (a = 1; a <= len; a++) {
		d = *fresh;
		decode_cut_by(&d, &story, data, len, a, 0);
		if (strcmp(story.text, row->story) != 0)
			fail_msg("step %zu: '%s' not '%s'", a, story.text,
			    row->story);
		if (a == 1 && data == (const uint8_t *)row->bytes)
			assert_int_equal(story.seen, row->seen != 0 ?
			    row->seen : len);
		for (b = 1; a + b < len; b++) {
			d = *fresh;
			decode_cut_by(&d, &story, data, len, a, b);
			if (strcmp(story.text, row->story) != 0)
				fail_msg("cut %zu %zu: '%s' not '%s'", a, b,
				    story.text, row->story);
		}
	}
}

static void
check_rows(const struct row *row, size_t n, enum frame_role role,
    bool takes_compressed)
{
	struct frame_decoder fresh;
	uint8_t stream[STREAM_MAX];
	size_t len;

	frame_decoder_init(&fresh, role, takes_compressed);
	for (; n > 0; n--, row++) {
		if (role == FRAME_CLIENT) {
			check_row(row, &fresh, (const uint8_t *)row->bytes,
			    row->len);
			continue;
		}
		len = mask_stream(stream, (const uint8_t *)row->bytes,
		    row->len);
		check_row(row, &fresh, stream, len);
	}
}

static void
each_row_as_a_client_in_all_splits(void **state)
{
	(void)state;
	check_rows(rows, ROWS(rows), FRAME_CLIENT, false);
	check_rows(deflate_rows, ROWS(deflate_rows), FRAME_CLIENT, true);
}

static void
each_row_masked_as_a_server_in_all_splits(void **state)
{
	(void)state;
	check_rows(rows, ROWS(rows), FRAME_SERVER, false);
	check_rows(deflate_rows, ROWS(deflate_rows), FRAME_SERVER, true);
}

static void
the_mask_rule_is_judged_at_the_second_byte(void **state)
{
	static const uint8_t bare[] = { 0x81, 0x01 }, masked[] = { 0x81, 0x81 };
	struct story story;

	(void)state;
	decode_cut(&story, FRAME_SERVER, bare, 2, 1, 0);
	assert_string_equal(story.text, "!protocol");
	assert_int_equal(story.seen, 2);
	decode_cut(&story, FRAME_CLIENT, masked, 2, 1, 0);
	assert_string_equal(story.text, "!protocol");
	assert_int_equal(story.seen, 2);
}

static void
idle_is_between_messages_only(void **state)
{
	/* after each byte: i idle, m in a message, - neither */
	static const char bytes[] = "\x01\x01" "a\x89\x01x\x80\x00\x89\x01x";
	static const char expected[] = "-mmmmmmi--i";
	struct frame_decoder d;
	struct frame_piece piece;
	uint8_t byte;
	size_t i;

	(void)state;
	frame_decoder_init(&d, FRAME_CLIENT, false);
	for (i = 0; i < sizeof(bytes) - 1; i++) {
		byte = (uint8_t)bytes[i];
		assert_int_equal(frame_decode(&d, &limits, &byte, 1, &piece),
		    1);
		assert_int_equal(frame_decoder_is_idle(&d) ? 'i' :
		    frame_decoder_in_message(&d) ? 'm' : '-', expected[i]);
	}
}

static void
pieces_say_what_is_left_of_the_frame(void **state)
{
	uint8_t bytes[] = { 0x82, 0x05, 'a', 'b', 'c', 'd', 'e' };
	struct frame_decoder d;
	struct frame_piece piece;

	(void)state;
	frame_decoder_init(&d, FRAME_CLIENT, false);
	assert_int_equal(frame_decode(&d, &limits, bytes, 4, &piece), 4);
	assert_true(piece.is_first && !piece.is_last);
	assert_int_equal(piece.len, 2);
	assert_int_equal(piece.frame_left, 3);
	assert_ptr_equal(piece.data, bytes + 2);
	assert_int_equal(frame_decode(&d, &limits, bytes + 4, 3, &piece), 3);
	assert_true(!piece.is_first && piece.is_last);
	assert_int_equal(piece.frame_left, 0);
}

/* A header of each length form is written, read back and agrees. */
static void
headers_written_are_headers_read(void **state)
{
	static const struct {
		uint64_t len;
		size_t header;
	} forms[] = {
		{ 0, 2 }, { 1, 2 }, { 125, 2 }, { 126, 4 }, { 127, 4 },
		{ 65535, 4 }, { 65536, 10 }, { UINT64_C(1) << 40, 10 },
		{ INT64_MAX, 10 }
	};
	uint8_t out[FRAME_HEADER_MASKED_MAX + 1];
	struct frame_decoder d;
	struct frame_piece piece;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		n = frame_header_write(out, FRAME_BINARY, forms[i].len);
		assert_int_equal(n, forms[i].header);
		frame_decoder_init(&d, FRAME_CLIENT, false);
		assert_int_equal(frame_decode(&d, &no_limits, out, n + 1,
		    &piece), forms[i].len > 0 ? n + 1 : n);
		assert_int_equal(piece.kind, FRAME_DATA);
		assert_true(piece.frame_left + piece.len == forms[i].len);

		n = frame_header_write_masked(out, FRAME_BINARY, forms[i].len,
		    key);
		assert_int_equal(n, forms[i].header + 4);
		out[n] = 'x' ^ key[0];
		frame_decoder_init(&d, FRAME_SERVER, false);
		assert_int_equal(frame_decode(&d, &no_limits, out, n + 1,
		    &piece), forms[i].len > 0 ? n + 1 : n);
		assert_true(piece.frame_left + piece.len == forms[i].len);
		if (piece.len > 0)
			assert_int_equal(piece.data[0], 'x');
	}
}

static void
a_compressed_message_has_rsv1(void **state)
{
	uint8_t out[FRAME_HEADER_MASKED_MAX];

	(void)state;
	assert_int_equal(frame_header_write(out, FRAME_TEXT | FRAME_RSV1, 5),
	    2);
	assert_memory_equal(out, "\xc1\x05", 2);
	assert_int_equal(frame_header_write_masked(out,
	    FRAME_BINARY | FRAME_RSV1, 300, key), 8);
	assert_memory_equal(out, "\xc2\xfe\x01\x2c", 4);
}

/* The bound of a compressed message is above the limit, and does not wrap. */
static void
no_limit_is_so_high_that_less_is_allowed(void **state)
{
	static const uint64_t highest[] = {
		UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 5 * 4, INT64_MAX, 0
	};
	struct frame_limits high = { 0, 0 };
	uint8_t out[FRAME_HEADER_MAX];
	struct frame_decoder d;
	struct frame_piece piece;
	size_t i, n;

	(void)state;
	n = frame_header_write(out, FRAME_BINARY | FRAME_RSV1, INT64_MAX);
	for (i = 0; i < sizeof(highest) / sizeof(highest[0]); i++) {
		high.message_max = highest[i];
		frame_decoder_init(&d, FRAME_CLIENT, true);
		assert_int_equal(frame_decode(&d, &high, out, n, &piece), n);
		assert_int_equal(piece.kind, FRAME_NEED_MORE);
	}
}

static void
a_full_control_frame_passes_in_pieces(void **state)
{
	uint8_t stream[FRAME_CONTROL_MAX];
	struct story whole, cut;
	size_t a;

	(void)state;
	stream[0] = 0x8a;
	stream[1] = FRAME_PAYLOAD_CONTROL_MAX;
	memset(stream + 2, 'x', FRAME_PAYLOAD_CONTROL_MAX);
	decode_cut(&whole, FRAME_CLIENT, stream, sizeof(stream),
	    sizeof(stream), 0);
	assert_int_equal(whole.len, 2 + 125 + 1);
	for (a = 1; a < sizeof(stream); a++) {
		decode_cut(&cut, FRAME_CLIENT, stream, sizeof(stream), a, 0);
		assert_string_equal(cut.text, whole.text);
	}
}

static void
masking_in_pieces_is_masking_whole(void **state)
{
	uint8_t plain[67], expected[67], *at;
	size_t i, len, cut;

	(void)state;
	for (i = 0; i < sizeof(plain); i++) {
		plain[i] = (uint8_t)(i * 7);
		expected[i] = plain[i] ^ key[i % 4];
	}
	for (len = 0; len <= sizeof(plain); len++) {
		for (cut = 0; cut <= len; cut++) {
			at = guard_lay(&guard, plain, len);
			frame_mask(at, cut, key, 0);
			frame_mask(at + cut, len - cut, key, cut);
			assert_memory_equal(at, expected, len);
		}
	}
}

static void
close_frames_are_written_and_cut_at_a_code_point(void **state)
{
	uint8_t out[FRAME_CONTROL_MAX];
	char text[200];
	size_t before, len;
	struct story story;

	(void)state;
	assert_int_equal(frame_close_write(out, FRAME_CODE_NONE, "x"), 2);
	assert_memory_equal(out, "\x88\x00", 2);
	assert_int_equal(frame_close_write(out, 1000, NULL), 4);
	assert_memory_equal(out, "\x88\x02\x03\xe8", 4);
	assert_int_equal(frame_close_write(out, 1001, "bye"), 7);
	assert_memory_equal(out, "\x88\x05\x03\xe9" "bye", 7);

	for (before = 110; before <= 130; before++) {
		memset(text, 'x', before);
		strcpy(text + before, "\xf0\x9f\x98\x80");
		len = frame_close_write(out, 1000, text);
		assert_int_equal(len, 4 + (before + 4 <= 123 ? before + 4 :
		    before <= 123 ? before : 123));
		assert_int_equal(out[1], len - 2);
		decode_cut(&story, FRAME_CLIENT, out, len, len, 0);
		assert_memory_equal(story.text, "C1000:x", 7);
	}
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, STREAM_MAX);
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
		cmocka_unit_test(each_row_as_a_client_in_all_splits),
		cmocka_unit_test(each_row_masked_as_a_server_in_all_splits),
		cmocka_unit_test(the_mask_rule_is_judged_at_the_second_byte),
		cmocka_unit_test(idle_is_between_messages_only),
		cmocka_unit_test(pieces_say_what_is_left_of_the_frame),
		cmocka_unit_test(headers_written_are_headers_read),
		cmocka_unit_test(a_compressed_message_has_rsv1),
		cmocka_unit_test(no_limit_is_so_high_that_less_is_allowed),
		cmocka_unit_test(a_full_control_frame_passes_in_pieces),
		cmocka_unit_test(masking_in_pieces_is_masking_whole),
		cmocka_unit_test(
		    close_frames_are_written_and_cut_at_a_code_point),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
