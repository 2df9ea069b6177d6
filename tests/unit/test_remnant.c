/*
 * test_remnant - a frame is copied once for all who have it in part.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "worker/remnant.h"

static const uint8_t frame[] = "a frame of a room";
static const uint8_t other[] = "another one frame";

static void
who_comes_later_shares(void **state)
{
	struct remnant *recent = NULL, *a, *b;

	(void)state;
	a = remnant_share(&recent, 64, 1, frame, sizeof(frame));
	b = remnant_share(&recent, 64, 1, frame, sizeof(frame));
	assert_ptr_equal(a, b);
	/* And counts once as held for clients. */
	assert_int_equal(memory_held(), sizeof(frame));
	assert_memory_equal(b->bytes, frame, sizeof(frame));
	remnant_release(a);
	remnant_trim(&recent);
	assert_ptr_equal(recent, b);
	remnant_release(b);
	remnant_trim(&recent);
	assert_null(recent);
	assert_int_equal(memory_held(), 0);
}

static void
what_differs_is_not_shared(void **state)
{
	struct remnant *recent = NULL, *r[5];

	(void)state;
	r[0] = remnant_share(&recent, 64, 1, frame, sizeof(frame));
	r[1] = remnant_share(&recent, 128, 1, frame, sizeof(frame));
	r[2] = remnant_share(&recent, 128, 2, frame, sizeof(frame));
	r[3] = remnant_share(&recent, 128, 2, frame, sizeof(frame) - 1);
	r[4] = remnant_share(&recent, 128, 2, other, sizeof(frame) - 1);
	for (int i = 1; i < 5; i++)
		assert_ptr_not_equal(r[i], r[i - 1]);
	assert_memory_equal(r[4]->bytes, other, sizeof(frame) - 1);
	assert_memory_equal(r[0]->bytes, frame, sizeof(frame));
	for (int i = 0; i < 5; i++)
		remnant_release(r[i]);
	remnant_trim(&recent);
	assert_null(recent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_later_shares),
		cmocka_unit_test(what_differs_is_not_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
