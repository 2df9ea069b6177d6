/*
 * test_outbox - requests stay until their receipt, go again after a broker's
 * death, and not a third time.
 */
#include "config.h"

#include "worker/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t
number_next(struct outbox *o)
{
	struct outbox_entry e;

	if (!outbox_next(o, &e))
		return 0;
	outbox_sent(o);
	return e.request.number;
}

static void
add(struct outbox *o, unsigned count)
{
	const struct ipc_request request = { .connection = 9 };

	while (count-- > 0)
		assert_true(outbox_add(o, IPC_SAY, &request, "text", 4));
}

static void
requests_come_out_as_they_went_in(void **state)
{
	static const size_t lens[] = { 0, 1, 7, 8, 9, 100, 70000, 3 };
	static uint8_t text[70000 + 8];
	struct ipc_request request;
	struct outbox_entry e;
	struct outbox o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
	outbox_init(&o);
	assert_false(outbox_next(&o, &e));
	assert_int_equal(outbox_bytes(&o), 0);
	for (i = 0; i < 8; i++) {
		request = (struct ipc_request){
			.connection = 100 + i, .address = 7 * i,
			.route = (uint32_t)i
		};
		assert_true(outbox_add(&o, i % 2 ? IPC_SAY : IPC_JOIN,
		    &request, text + i, lens[i]));
	}
	assert_int_equal(o.count, 8);
	assert_int_equal(o.number, 8);
	assert_true(outbox_bytes(&o) > 70000);
	for (i = 0; i < 8; i++) {
		/* Looking does not move. */
		assert_true(outbox_next(&o, &e));
		assert_true(outbox_next(&o, &e));
		assert_int_equal(e.type, i % 2 ? IPC_SAY : IPC_JOIN);
		assert_int_equal(e.request.connection, 100 + i);
		assert_int_equal(e.request.number, i + 1);
		assert_int_equal(e.request.route, i);
		assert_int_equal(e.request.address, 7 * i);
		assert_int_equal(e.request.flags, 0);
		assert_int_equal(e.tail_len, lens[i]);
		assert_memory_equal(e.tail, text + i, lens[i]);
		outbox_sent(&o);
	}
	assert_false(outbox_next(&o, &e));
	assert_int_equal(o.count, 8);
	outbox_release(&o, 8);
	assert_int_equal(o.count, 0);
	assert_int_equal(outbox_bytes(&o), 0);
	buf_clear(&o.bytes);
}

static void
a_receipt_releases_what_was_sent(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 5);
	/* Nothing was sent: a receipt for it is none. */
	outbox_release(&o, 3);
	assert_int_equal(o.count, 5);
	assert_int_equal(number_next(&o), 1);
	assert_int_equal(number_next(&o), 2);
	assert_int_equal(number_next(&o), 3);
	outbox_release(&o, 2);
	assert_int_equal(o.count, 3);
	outbox_release(&o, 1);
	outbox_release(&o, 2);
	assert_int_equal(o.count, 3);
	assert_int_equal(o.released, 3);
	assert_int_equal(number_next(&o), 4);
	outbox_release(&o, UINT64_MAX);
	assert_int_equal(o.count, 1);
	assert_int_equal(number_next(&o), 5);
	assert_int_equal(number_next(&o), 0);
	buf_clear(&o.bytes);
}

static void
poison_fails(void *arg, const struct outbox_entry *e)
{
	(void)arg;
	fail_msg("request %u is taken for poison",
	    (unsigned)e->request.number);
}

struct poisoned {
	uint64_t numbers[16];
	unsigned count;
};

static void
poison_note(void *arg, const struct outbox_entry *e)
{
	struct poisoned *p = arg;

	assert_memory_equal(e->tail, "text", 4);
	p->numbers[p->count++] = e->request.number;
}

static void
after_a_death_all_without_a_receipt_goes_again(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 6);
	for (uint64_t n = 1; n <= 4; n++)
		assert_int_equal(number_next(&o), n);
	outbox_release(&o, 2);
	outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	for (uint64_t n = 3; n <= 6; n++)
		assert_int_equal(number_next(&o), n);
	add(&o, 1);
	assert_int_equal(number_next(&o), 7);
	outbox_release(&o, 7);
	assert_int_equal(o.count, 0);
	outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	assert_int_equal(number_next(&o), 0);
	buf_clear(&o.bytes);
}

static void
a_death_before_anything_was_sent_is_nobodys_fault(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 2);
	for (unsigned i = 0; i < 10; i++)
		outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	assert_int_equal(number_next(&o), 1);
	outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	/* The next broker dies before it is asked. */
	outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	assert_int_equal(number_next(&o), 1);
	assert_int_equal(number_next(&o), 2);
	buf_clear(&o.bytes);
}

/* Others are out at each death, and are not given up with it. */
static void
only_what_brokers_die_of_is_given_up(void **state)
{
	struct poisoned p = { .count = 0 };
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 3);
	for (unsigned i = 0; i < 3; i++) {
		for (uint64_t n = 1; n <= 3; n++)
			assert_int_equal(number_next(&o), n);
		outbox_rewind(&o, i == 1 ? OUTBOX_NONE : 2, poison_note, &p);
		assert_int_equal(p.count, i == 2);
	}
	assert_int_equal(p.numbers[0], 2);
	assert_int_equal(number_next(&o), 1);
	assert_int_equal(number_next(&o), 3);
	buf_clear(&o.bytes);
}

static void
what_was_out_at_two_deaths_is_not_sent_again(void **state)
{
	struct poisoned p = { .count = 0 };
	struct outbox_entry e;
	struct outbox o;
	uint64_t n;
	size_t at = 0;

	(void)state;
	outbox_init(&o);
	add(&o, 5);
	for (n = 1; n <= 3; n++)
		assert_int_equal(number_next(&o), n);
	outbox_rewind(&o, OUTBOX_ANY, poison_fails, NULL);
	/* The second broker answers 1 and dies of 2 or 3; 4 is new to it. */
	for (n = 1; n <= 4; n++)
		assert_int_equal(number_next(&o), n);
	outbox_release(&o, 1);
	outbox_rewind(&o, OUTBOX_ANY, poison_note, &p);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.numbers[0], 2);
	assert_int_equal(p.numbers[1], 3);
	/* They keep their place, and their numbers are not given again. */
	assert_int_equal(o.count, 4);
	/* Who walks does not see them. */
	for (n = 4; outbox_walk(&o, &at, &e); n++)
		assert_int_equal(e.request.number, n);
	assert_int_equal(n, 6);
	assert_int_equal(number_next(&o), 4);
	add(&o, 1);
	assert_int_equal(number_next(&o), 5);
	assert_int_equal(number_next(&o), 6);
	assert_int_equal(number_next(&o), 0);
	/* A third death: 4 was out twice; nobody is named again. */
	p.count = 0;
	outbox_rewind(&o, OUTBOX_ANY, poison_note, &p);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.numbers[0], 4);
	assert_int_equal(number_next(&o), 5);
	/* The receipt of what follows is theirs, too. */
	outbox_release(&o, 5);
	assert_int_equal(o.count, 1);
	assert_int_equal(number_next(&o), 6);
	outbox_release(&o, 6);
	assert_int_equal(o.count, 0);
	buf_clear(&o.bytes);
}

static void
poison_alone_or_last_leaves_nothing_to_send(void **state)
{
	struct poisoned p = { .count = 0 };
	struct outbox_entry e;
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 1);
	assert_int_equal(number_next(&o), 1);
	outbox_rewind(&o, OUTBOX_ANY, poison_note, &p);
	assert_int_equal(number_next(&o), 1);
	outbox_rewind(&o, OUTBOX_ANY, poison_note, &p);
	assert_int_equal(p.count, 1);
	assert_false(outbox_next(&o, &e));
	add(&o, 1);
	assert_int_equal(number_next(&o), 2);
	assert_int_equal(number_next(&o), 0);
	outbox_release(&o, 2);
	assert_int_equal(outbox_bytes(&o), 0);
	buf_clear(&o.bytes);
}

/* Against a plain list, with many of everything. */
static void
it_agrees_with_a_list(void **state)
{
	uint64_t seed = 3, sent = 0, released = 0, added = 0, highest = 0;
	struct poisoned p;
	struct outbox o;

	(void)state;
	outbox_init(&o);
	for (unsigned i = 0; i < 200000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		switch (seed >> 60) {
		case 0:
			/* Once out, released before the next death. */
			if (seed >> 40 & 255)
				break;
			p.count = 0;
			outbox_release(&o, highest);
			released = highest;
			outbox_rewind(&o, OUTBOX_ANY, poison_note, &p);
			assert_int_equal(p.count, 0);
			sent = released;
			break;
		case 1:
		case 2:
			released += (seed >> 32) % (sent - released + 1);
			outbox_release(&o, released);
			break;
		case 3: case 4: case 5: case 6: case 7: case 8:
			if (number_next(&o) != 0)
				sent++;
			if (sent > highest)
				highest = sent;
			break;
		default:
			if (added - released > 50)
				break;
			add(&o, 1);
			added++;
		}
		assert_int_equal(o.number, added);
		assert_int_equal(o.count, added - released);
		assert_true((outbox_bytes(&o) == 0) == (added == released));
	}
	assert_true(released > 10000);
	buf_clear(&o.bytes);
}

static void
what_is_answered_is_not_sent_again(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 4);
	/* Not before it was sent. */
	outbox_answered(&o, 1);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(number_next(&o), i);
	outbox_answered(&o, 2);
	outbox_rewind(&o, OUTBOX_ANY, NULL, NULL);
	assert_int_equal(number_next(&o), 1);
	assert_int_equal(number_next(&o), 3);
	assert_int_equal(number_next(&o), 4);
	outbox_release(&o, 1);
	assert_int_equal(o.count, 2);
	outbox_release(&o, 4);
	assert_int_equal(outbox_bytes(&o), 0);
	assert_int_equal(o.count, 0);
	buf_clear(&o.bytes);
}

/* An answer may be for an earlier request than the one before it. */
static void
answers_may_come_in_any_order(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o);
	add(&o, 6);
	for (uint64_t i = 1; i <= 6; i++)
		assert_int_equal(number_next(&o), i);
	outbox_answered(&o, 5);
	outbox_answered(&o, 2);
	outbox_release(&o, 1);
	outbox_answered(&o, 4);
	outbox_answered(&o, 1);
	outbox_rewind(&o, OUTBOX_ANY, NULL, NULL);
	assert_int_equal(number_next(&o), 3);
	assert_int_equal(number_next(&o), 6);
	outbox_answered(&o, 3);
	outbox_release(&o, 6);
	assert_int_equal(outbox_bytes(&o), 0);
	buf_clear(&o.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_come_out_as_they_went_in),
		cmocka_unit_test(answers_may_come_in_any_order),
		cmocka_unit_test(a_receipt_releases_what_was_sent),
		cmocka_unit_test(
		    after_a_death_all_without_a_receipt_goes_again),
		cmocka_unit_test(
		    a_death_before_anything_was_sent_is_nobodys_fault),
		cmocka_unit_test(only_what_brokers_die_of_is_given_up),
		cmocka_unit_test(
		    what_was_out_at_two_deaths_is_not_sent_again),
		cmocka_unit_test(
		    poison_alone_or_last_leaves_nothing_to_send),
		cmocka_unit_test(it_agrees_with_a_list),
		cmocka_unit_test(what_is_answered_is_not_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
