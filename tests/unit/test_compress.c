/*
 * test_compress - messages in each form, and the inflaters that are lent.
 */
#include "config.h"

#include "worker/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/batch.h"

#define BIG	70000

static struct compress *
new_compress(void)
{
	struct compress *compress = compress_new();

	assert_non_null(compress);
	return compress;
}

static void
plain_lengths_take_the_shortest_form(void **state)
{
	static const struct {
		size_t len, header_len;
		char header[11];
	} cases[] = {
		{ 0, 2, "\x81\x00" }, { 1, 2, "\x81\x01" },
		{ 125, 2, "\x81\x7d" }, { 126, 4, "\x81\x7e\x00\x7e" },
		{ 127, 4, "\x81\x7e\x00\x7f" },
		{ 65535, 4, "\x81\x7e\xff\xff" },
		{ 65536, 10, "\x81\x7f\0\0\0\0\0\x01\0\0" },
	};
	struct compress *compress = new_compress();
	uint8_t *text = malloc(BIG);
	struct buf b;

	(void)state;
	buf_init(&b);
	memset(text, 'x', BIG);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(compress_message(compress, 0, FRAME_TEXT,
		    text, cases[i].len, 0, &b));
		assert_int_equal(buf_len(&b), cases[i].header_len +
		    cases[i].len);
		assert_memory_equal(buf_head(&b), cases[i].header,
		    cases[i].header_len);
		assert_memory_equal(buf_head(&b) + cases[i].header_len, text,
		    cases[i].len);
		buf_reset(&b);
	}
	assert_true(compress_message(compress, 0, FRAME_BINARY, NULL,
	    0, 0, &b));
	assert_int_equal(buf_head(&b)[0], 0x82);
	buf_clear(&b);
	free(text);
	compress_free(compress);
}

/* The text of the one frame in `b`, sent with such a window. */
static void
assert_says(const struct buf *b, unsigned bits, const uint8_t *text,
    size_t len)
{
	struct inflater *inflater = inflater_new(bits);
	static const struct frame_limits none;
	struct frame_decoder decoder;
	struct frame_piece piece;
	struct buf out;

	buf_init(&out);
	frame_decoder_init(&decoder, FRAME_CLIENT, true);
	assert_int_equal(frame_decode(&decoder, &none, buf_head(b),
	    buf_len(b), &piece), buf_len(b));
	assert_int_equal(piece.kind, FRAME_DATA);
	assert_true(piece.is_last && piece.is_compressed);
	assert_int_equal(inflater_feed(inflater, &piece, 0, &out),
	    CLOSE_NORMAL);
	assert_int_equal(buf_len(&out), len);
	assert_memory_equal(buf_head(&out), text, len);
	buf_clear(&out);
	inflater_free(inflater);
}

static void
each_form_is_compressed_for_its_window(void **state)
{
	struct compress *compress = new_compress();
	uint8_t text[3000];
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)('a' + i * i % 7);
	for (unsigned form = 0; form < FORMS; form++) {
		if (form_window(form) == 0)
			continue;
		assert_int_equal(form_make(form_dialect(form),
		    form_window(form)), form);
		assert_true(compress_message(compress, form, FRAME_TEXT, text,
		    sizeof(text), sizeof(text), &b));
		assert_true(buf_len(&b) < sizeof(text) / 4);
		assert_says(&b, form_window(form), text, sizeof(text));
		buf_reset(&b);
		/* One byte less than what is worth it. */
		assert_true(compress_message(compress, form, FRAME_TEXT, text,
		    sizeof(text), sizeof(text) + 1, &b));
		assert_int_equal(buf_head(&b)[0], 0x81);
		assert_int_equal(buf_len(&b), 4 + sizeof(text));
		buf_reset(&b);
	}
	assert_int_equal(form_window(FORMS - 1), 15);
	assert_true(form_is_json(FORMS - 1));
	assert_int_equal(form_make(DIALECT_TEXT, 0), 0);
	assert_int_equal(form_window(form_make(DIALECT_JSON, 0)), 0);
	buf_clear(&b);
	compress_free(compress);
}

static void
inflaters_go_from_one_to_the_next(void **state)
{
	struct compress *compress = new_compress();
	struct inflater *a, *b;

	(void)state;
	a = compress_lend(compress, 15);
	b = compress_lend(compress, 9);
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	compress_return(compress, a);
	assert_ptr_equal(compress_lend(compress, 10), a);
	compress_return(compress, a);
	compress_return(compress, b);
	compress_return(compress, NULL);
	compress_free(compress);
}

static void
a_batch_has_the_forms_in_use(void **state)
{
	const uint32_t in_form[FORMS] = {
		[0] = 2, [3] = 1, [FORM_WINDOWS] = 1
	};
	struct compress *compress = new_compress();
	struct batch *batch = batch_new();
	uint8_t text[1000];
	struct buf line;

	(void)state;
	assert_non_null(batch);
	buf_init(&line);
	memset(text, 'x', sizeof(text));
	assert_true(buf_append(&line, text, sizeof(text)));
	for (uint64_t i = 0; i < 40; i++)
		assert_true(batch_append(batch, compress, in_form,
		    DIALECT_TEXT, 100 * i, &line, 10));
	assert_true(form_is_spoken(in_form, DIALECT_TEXT));
	assert_true(form_is_spoken(in_form, DIALECT_JSON));
	/* Nothing was said in the other dialect. */
	assert_int_equal(batch->forms[FORM_WINDOWS].mark_count, 0);
	for (unsigned i = 0; i < FORM_WINDOWS; i++) {
		const struct rendering *r = &batch->forms[i];
		const struct mark *mark;

		assert_int_equal(r->mark_count, in_form[i] > 0 ? 40 : 0);
		if (in_form[i] == 0) {
			assert_int_equal(buf_len(&r->bytes), 0);
			assert_null(batch_find_mark(r, 0));
			continue;
		}
		mark = batch_find_mark(r, 0);
		assert_int_equal(mark->position, 0);
		mark = batch_find_mark(r, 1);
		assert_int_equal(mark->position, 100);
		assert_ptr_equal(batch_find_mark(r, mark->offset), mark);
		assert_int_equal(mark->offset, buf_len(&r->bytes) / 40);
		assert_null(batch_find_mark(r, buf_len(&r->bytes)));
	}
	assert_int_equal(batch_size(batch), 40 * 1004);
	batch_reset(batch);
	assert_int_equal(batch_size(batch), 0);
	batch_free(batch);
	buf_clear(&line);
	compress_free(compress);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lengths_take_the_shortest_form),
		cmocka_unit_test(each_form_is_compressed_for_its_window),
		cmocka_unit_test(inflaters_go_from_one_to_the_next),
		cmocka_unit_test(a_batch_has_the_forms_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
