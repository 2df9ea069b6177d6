/*
 * test_doorman - who is let in, who gets a 503, and who is not worth one.
 */
#include "config.h"

#include "parent/doorman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/netaddr.h"
#include "base/settings.h"

#define REFUSED	64	/* who get their 503 beyond a limit */

static const struct settings_limits limits = {
	.connections = 100, .connections_per_address = 3,
	.loopback_exempt = true, .penalty_max_ms = 600000
};

static int
setup(void **state)
{
	*state = doorman_new();
	return *state == NULL;
}

static int
teardown(void **state)
{
	doorman_free(*state);
	return 0;
}

/* Who comes from 192.0.2.LAST, or from here. */
static struct pool_entry
guest(uint8_t last, bool is_local)
{
	struct pool_entry entry = { .fd = -1 };
	uint8_t *at = entry.accepted.address;

	at[10] = at[11] = 0xff;
	at[12] = is_local ? 127 : 192;
	at[14] = is_local ? 0 : 2;
	at[15] = last;
	return entry;
}

static bool
is_marked(const struct ipc_accepted *accepted)
{
	return accepted->flags & IPC_ACCEPTED_REFUSE;
}

static void
an_address_has_its_share(void **state)
{
	struct pool_entry entry;

	for (unsigned i = 0; i < 2 * 3 + REFUSED; i++) {
		entry = guest(1, false);
		assert_true(doorman_count(*state, &limits, &entry));
		assert_int_equal(is_marked(&entry.accepted), i >= 3);
		assert_true(entry.address ==
		    netaddr_key(entry.accepted.address));
	}
	/* He counts all the same, until he is gone. */
	entry = guest(1, false);
	assert_false(doorman_count(*state, &limits, &entry));
	assert_true(entry.address != 0);
	entry = guest(2, false);
	assert_true(doorman_count(*state, &limits, &entry));
	assert_false(is_marked(&entry.accepted));
}

static void
who_goes_gives_back_his_place(void **state)
{
	struct pool_entry entry;

	for (unsigned i = 0; i < 10; i++) {
		entry = guest(1, false);
		assert_true(doorman_count(*state, &limits, &entry));
		assert_false(is_marked(&entry.accepted));
		doorman_discount(*state, 0);
		doorman_discount(*state, entry.address);
	}
}

static void
who_is_here_or_has_no_limit_is_not_counted(void **state)
{
	struct settings_limits none = limits;
	struct pool_entry entry;

	none.connections_per_address = 0;
	for (unsigned i = 0; i < 200; i++) {
		entry = guest(1, true);
		assert_true(doorman_count(*state, &limits, &entry));
		assert_false(is_marked(&entry.accepted));
		assert_true(entry.address == 0);
		entry = guest(1, false);
		assert_true(doorman_count(*state, &none, &entry));
		assert_false(is_marked(&entry.accepted));
		assert_true(entry.address == 0);
	}
}

static void
who_is_punished_is_not_counted_either(void **state)
{
	struct pool_entry entry = guest(1, false);
	uint64_t address = netaddr_key(entry.accepted.address);

	doorman_punish(*state, &limits, address, UINT64_C(300000000), "test");
	assert_false(doorman_count(*state, &limits, &entry));
	assert_true(entry.address == 0);
	entry = guest(2, false);
	assert_true(doorman_count(*state, &limits, &entry));
}

/* Whether he is worth a worker's time; *marked_out: for a 503. */
static bool
judge(const struct doorman *d, uint64_t most, uint64_t connections,
    enum pool_choice choice, bool *marked_out)
{
	struct settings_limits here = limits;
	struct ipc_accepted accepted = { .flags = 0 };
	bool is_worth;

	here.connections = most;
	is_worth = doorman_judge(d, &here, connections, choice, &accepted);
	*marked_out = is_marked(&accepted);
	return is_worth;
}

static void
all_together_have_a_limit(void **state)
{
	bool marked;

	assert_true(judge(*state, 100, 99, POOL_CHOSEN, &marked));
	assert_false(marked);
	assert_true(judge(*state, 100, 100, POOL_CHOSEN, &marked));
	assert_true(marked);
	assert_true(judge(*state, 100, 99 + REFUSED, POOL_CHOSEN, &marked));
	assert_true(marked);
	assert_false(judge(*state, 100, 100 + REFUSED, POOL_CHOSEN, &marked));
	assert_true(judge(*state, 0, 1000000, POOL_CHOSEN, &marked));
	assert_false(marked);
}

static void
short_memory_is_a_limit_where_it_began(void **state)
{
	bool marked;

	doorman_note_short(*state, 50);
	for (uint64_t most = 0; most <= 100; most += 100) {
		assert_true(judge(*state, most, 10, POOL_SHORT, &marked));
		assert_true(marked);
		assert_true(judge(*state, most, 49 + REFUSED, POOL_SHORT,
		    &marked));
		assert_false(judge(*state, most, 50 + REFUSED, POOL_SHORT,
		    &marked));
		/* It is over. */
		assert_true(judge(*state, most, 60, POOL_CHOSEN, &marked));
		assert_false(marked);
	}
	/* The limit is the nearer one. */
	assert_false(judge(*state, 20, 20 + REFUSED, POOL_SHORT, &marked));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_address_has_its_share),
		TEST(who_goes_gives_back_his_place),
		TEST(who_is_here_or_has_no_limit_is_not_counted),
		TEST(who_is_punished_is_not_counted_either),
		TEST(all_together_have_a_limit),
		TEST(short_memory_is_a_limit_where_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
