/*
 * test_deflater: what is compressed for clients, read by zlib as a client.
 */
#include "config.h"

#include "ws/deflater.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "samples.h"

#define MESSAGE_MAX (300 * 1024)

static uint8_t data[MESSAGE_MAX];

/* As a client with this window: in small steps, so that it is no larger. */
static void
check_inflates(int bits, uint8_t *payload, size_t payload_len,
    const uint8_t *expected, size_t len)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	uint8_t step[256];
	z_stream stream = { .next_in = payload };
	size_t said = 0, n;
	int result, part;

	stream.avail_in = (uInt)payload_len;
	assert_int_equal(inflateInit2(&stream, -bits), Z_OK);
	for (part = 0; part < 2; part++) {
		do {
			stream.next_out = step;
			stream.avail_out = sizeof(step);
			result = inflate(&stream, Z_SYNC_FLUSH);
			assert_true(result == Z_OK || result == Z_BUF_ERROR);
			n = sizeof(step) - stream.avail_out;
			assert_true(said + n <= len);
			assert_memory_equal(step, expected + said, n);
			said += n;
		} while (stream.avail_out == 0);
		assert_int_equal(stream.avail_in, 0);
		if (part == 0) {
			stream.next_in = (Bytef *)(uintptr_t)tail;
			stream.avail_in = sizeof(tail);
		}
	}
	assert_int_equal(said, len);
	/* at the end of a block and of a byte */
	assert_int_equal(stream.data_type, 128);
	inflateEnd(&stream);
}

static void
each_window_can_be_inflated(void **state)
{
	static const size_t sizes[] = {
		0, 1, 2, 100, 511, 512, 513, 1000, 32768, 65535, 100 * 1000,
		MESSAGE_MAX
	};
	struct deflater *d;
	struct buf out;
	size_t i;
	int bits, sample;

	(void)state;
	for (bits = 9; bits <= 15; bits++) {
		d = deflater_new((unsigned)bits);
		buf_init(&out);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * SAMPLES;
		    i++) {
			sample = (int)(i % SAMPLES);
			sample_fill(sample, data, sizes[i / SAMPLES]);
			assert_true(deflater_append(d, &out, data,
			    sizes[i / SAMPLES]));
			check_inflates(bits, buf_head(&out), buf_len(&out),
			    data, sizes[i / SAMPLES]);
			buf_reset(&out);
		}
		buf_clear(&out);
		deflater_free(d);
	}
	deflater_free(NULL);
}

/* Output that ends around where room is taken anew. */
static void
long_noise_can_be_inflated_whatever_its_length(void **state)
{
	struct deflater *d = deflater_new(15);
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out);
	sample_fill(SAMPLE_NOISE, data, MESSAGE_MAX);
	for (len = 65536 - 40; len < 65536 + 8; len++) {
		assert_true(deflater_append(d, &out, data, len));
		check_inflates(15, buf_head(&out), buf_len(&out), data, len);
		buf_reset(&out);
	}
	buf_clear(&out);
	deflater_free(d);
}

/* The same for everybody, whatever was said before. */
static void
a_message_is_compressed_by_itself(void **state)
{
	struct deflater *d = deflater_new(12);
	struct buf first, second;

	(void)state;
	buf_init(&first);
	buf_init(&second);
	sample_fill(SAMPLE_NOISE, data, 1000);
	assert_true(deflater_append(d, &first, data, 1000));
	assert_true(deflater_append(d, &second, data, 1000));
	assert_int_equal(buf_len(&first), buf_len(&second));
	assert_memory_equal(buf_head(&first), buf_head(&second),
	    buf_len(&first));
	buf_clear(&first);
	buf_clear(&second);
	deflater_free(d);
}

static void
an_empty_message_is_one_byte(void **state)
{
	struct deflater *d = deflater_new(15);
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_true(deflater_append(d, &out, NULL, 0));
	assert_int_equal(buf_len(&out), 1);
	assert_int_equal(buf_head(&out)[0], 0);
	buf_clear(&out);
	deflater_free(d);
}

/*
 * Frames one behind another, of payloads with each form of a length; noise
 * and short ones plain, because they would be longer.
 */
static void
frames_are_compressed_if_that_is_shorter(void **state)
{
	static const size_t sizes[] = {
		0, 1, 100, 125, 126, 300, 65535, 65536, 200 * 1000
	};
	struct deflater *d = deflater_new(10);
	struct frame_limits no_limits = { 0, 0 };
	struct frame_decoder decoder;
	struct frame_piece piece;
	struct buf out;
	size_t i, n, total = 0, seen = 0;
	int sample;

	(void)state;
	buf_init(&out);
	n = sizeof(sizes) / sizeof(sizes[0]) * SAMPLES;
	for (i = 0; i < n; i++) {
		sample_fill((int)(i % SAMPLES), data, sizes[i / SAMPLES]);
		assert_true(deflater_append_frame(d, &out,
		    i % SAMPLES == SAMPLE_TEXT ? FRAME_TEXT : FRAME_BINARY,
		    data, sizes[i / SAMPLES]));
		total += sizes[i / SAMPLES];
	}
	assert_true(buf_len(&out) < total);

	frame_decoder_init(&decoder, FRAME_CLIENT, true);
	for (i = 0; i < n; i++) {
		sample = (int)(i % SAMPLES);
		total = sizes[i / SAMPLES];
		sample_fill(sample, data, total);
		buf_consume(&out, frame_decode(&decoder, &no_limits,
		    buf_head(&out), buf_len(&out), &piece));
		assert_int_equal(piece.kind, FRAME_DATA);
		assert_int_equal(piece.opcode,
		    i % SAMPLES == SAMPLE_TEXT ? FRAME_TEXT : FRAME_BINARY);
		assert_true(piece.is_first && piece.is_last);
		assert_true(piece.len <= total);
		if (sample == SAMPLE_NOISE || total < 2)
			assert_false(piece.is_compressed);
		if (sample == SAMPLE_ZEROS && total > 2)
			assert_true(piece.is_compressed);
		if (piece.is_compressed) {
			check_inflates(10, piece.data, piece.len, data, total);
			seen++;
		} else if (total > 0)
			assert_memory_equal(piece.data, data, total);
	}
	assert_int_equal(buf_len(&out), 0);
	assert_true(seen > 10);
	buf_clear(&out);
	deflater_free(d);
}

/* Not even when it is as long. */
static void
compressed_is_what_is_shorter(void **state)
{
	struct deflater *d = deflater_new(15);
	unsigned shorter = 0, longer = 0, equal = 0;
	struct buf payload, frame;
	size_t len, n;

	(void)state;
	buf_init(&payload);
	buf_init(&frame);
	sample_fill(SAMPLE_TEXT, data, 200);
	for (len = 0; len < 200; len++) {
		buf_reset(&payload);
		buf_reset(&frame);
		assert_true(deflater_append(d, &payload, data, len));
		assert_true(deflater_append_frame(d, &frame, FRAME_TEXT, data,
		    len));
		n = buf_len(&payload);
		assert_int_equal(buf_head(&frame)[0], n < len ? 0xc1 : 0x81);
		shorter += n < len;
		longer += n > len;
		equal += n == len;
	}
	assert_true(shorter > 0 && longer > 0 && equal > 0);
	buf_clear(&payload);
	buf_clear(&frame);
	deflater_free(d);
}

/* A buffer that says it is full of nearly half of all memory. */
static void
without_memory_nothing_is_appended(void **state)
{
	struct deflater *d = deflater_new(15);
	uint8_t byte;
	struct buf full = { .data = &byte, .capacity = SIZE_MAX / 2 }, out;

	(void)state;
	sample_fill(SAMPLE_TEXT, data, 1000);
	full.end = full.capacity;
	assert_false(deflater_append(d, &full, data, 1000));
	assert_false(deflater_append_frame(d, &full, FRAME_TEXT, data, 1000));
	assert_int_equal(full.end, full.capacity);
	/* room for the header, but not for what follows */
	full.end = full.capacity - FRAME_HEADER_MAX;
	assert_false(deflater_append_frame(d, &full, FRAME_TEXT, data, 1000));
	assert_int_equal(full.end, full.capacity - FRAME_HEADER_MAX);
	/* it is as good as before */
	buf_init(&out);
	assert_true(deflater_append(d, &out, data, 1000));
	check_inflates(15, buf_head(&out), buf_len(&out), data, 1000);
	buf_clear(&out);
	deflater_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_window_can_be_inflated),
		cmocka_unit_test(
		    long_noise_can_be_inflated_whatever_its_length),
		cmocka_unit_test(a_message_is_compressed_by_itself),
		cmocka_unit_test(an_empty_message_is_one_byte),
		cmocka_unit_test(frames_are_compressed_if_that_is_shorter),
		cmocka_unit_test(compressed_is_what_is_shorter),
		cmocka_unit_test(without_memory_nothing_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
