/*
 * test_tls_image - certificates as one block: what goes in comes out, and
 * what is not whole is not taken.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/tls_image.h"

static const struct tls_part parts[] = {
	{ .listener = 0, .kind = TLS_CERTIFICATE, .text = "leaf", .text_len = 4,
	    .key = "secret", .key_len = 6 },
	{ .listener = 3, .kind = TLS_CERTIFICATE, .text = "other",
	    .text_len = 5, .key = "k", .key_len = 1 },
	{ .listener = 3, .kind = TLS_CLIENT_CA, .text = "ca", .text_len = 2 },
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static void
assert_bytes(const char *got, size_t len, const char *want, size_t want_len)
{
	assert_int_equal(len, want_len);
	if (len > 0)
		assert_memory_equal(got, want, len);
}

static void
what_goes_in_comes_out(void **state)
{
	size_t len;
	uint8_t *image = tls_image_make(parts, PARTS, &len);
	uint32_t i;

	(void)state;
	assert_non_null(image);
	assert_true(tls_image_is_whole(image, len));
	assert_int_equal(tls_image_count(image), PARTS);
	for (i = 0; i < PARTS; i++) {
		struct tls_part p = tls_image_part(image, i);

		assert_int_equal(p.listener, parts[i].listener);
		assert_int_equal(p.kind, parts[i].kind);
		assert_bytes(p.text, p.text_len, parts[i].text,
		    parts[i].text_len);
		assert_bytes(p.key, p.key_len, parts[i].key,
		    parts[i].key_len);
	}
	free(image);
}

static void
no_certificate_is_an_image_too(void **state)
{
	size_t len;
	uint8_t *image = tls_image_make(NULL, 0, &len);

	(void)state;
	assert_non_null(image);
	assert_int_equal(len, sizeof(struct tls_image_header));
	assert_true(tls_image_is_whole(image, len));
	assert_int_equal(tls_image_count(image), 0);
	free(image);
}

static void
a_cut_image_is_not_whole(void **state)
{
	size_t len, cut;
	uint8_t *image = tls_image_make(parts, PARTS, &len), *copy;

	(void)state;
	for (cut = 0; cut < len; cut++) {
		/* Of its own size, so that a byte too far is seen. */
		copy = malloc(cut + (cut == 0));
		assert_non_null(copy);
		memcpy(copy, image, cut);
		assert_false(tls_image_is_whole(copy, cut));
		free(copy);
	}
	free(image);
}

static void
rows_that_point_outside_are_not_whole(void **state)
{
	static const uint64_t bad[] = {
		UINT64_MAX, UINT64_MAX - 3, INT64_MAX, 10000
	};
	const size_t fields[] = {
		offsetof(struct tls_image_row, text_offset),
		offsetof(struct tls_image_row, text_len),
		offsetof(struct tls_image_row, key_offset),
		offsetof(struct tls_image_row, key_len)
	};
	size_t len, i, j;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			uint8_t *image = tls_image_make(parts, PARTS, &len);

			memcpy(image + sizeof(struct tls_image_header) +
			    sizeof(struct tls_image_row) + fields[i],
			    &bad[j], sizeof(bad[j]));
			assert_false(tls_image_is_whole(image, len));
			free(image);
		}
}

static void
another_header_is_not_whole(void **state)
{
	static const struct tls_image_header bad[] = {
		{ .magic = 1, .count = PARTS },
		{ .magic = TLS_IMAGE_MAGIC, .count = UINT32_MAX },
		{ .magic = TLS_IMAGE_MAGIC, .count = PARTS + 1 },
		{ .magic = TLS_IMAGE_MAGIC, .count = PARTS, .zero = 1 },
	};
	size_t len, i;
	uint8_t *image = tls_image_make(parts, PARTS, &len);
	uint32_t kind = TLS_CLIENT_CA + 1;

	(void)state;
	memcpy(image + sizeof(bad[0]) + offsetof(struct tls_image_row, kind),
	    &kind, sizeof(kind));
	assert_false(tls_image_is_whole(image, len));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(image, &bad[i], sizeof(bad[i]));
		assert_false(tls_image_is_whole(image, len));
	}
	free(image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(no_certificate_is_an_image_too),
		cmocka_unit_test(a_cut_image_is_not_whole),
		cmocka_unit_test(rows_that_point_outside_are_not_whole),
		cmocka_unit_test(another_header_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
