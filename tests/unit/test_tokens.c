/*
 * test_tokens - members are found by route and token, and only by that.
 */
#include "config.h"

#include "broker/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS	1000

static void
a_hash_is_half_of_sha_256(void **state)
{
	/* SHA-256 of 16 zero bytes. */
	static const uint8_t half[STATE_TOKEN] = {
		0x37, 0x47, 0x08, 0xff, 0xf7, 0x71, 0x9d, 0xd5,
		0x97, 0x9e, 0xc8, 0x75, 0xd5, 0x6c, 0xd2, 0x28
	};
	uint8_t token[IPC_TOKEN] = { 0 }, hash[STATE_TOKEN];

	(void)state;
	assert_true(tokens_prepare());
	assert_true(tokens_hash(token, hash));
	assert_memory_equal(hash, half, STATE_TOKEN);
	token[IPC_TOKEN - 1]++;
	assert_true(tokens_hash(token, hash));
	assert_memory_not_equal(hash, half, STATE_TOKEN);
}

static void
hash_of(uint32_t i, uint8_t hash[STATE_TOKEN])
{
	memset(hash, 0, STATE_TOKEN);
	memcpy(hash + 5, &i, sizeof(i));
}

static uint32_t
add_member(struct state *state, uint8_t route, uint32_t i)
{
	uint32_t row = state_reserve(state);
	struct state_session *s = state_reserved(state, row);

	assert_non_null(s);
	hash_of(i, s->token);
	s->route = route;
	s->room = s->name = STATE_NONE;
	state_publish(state, row, STATE_MEMBER);
	return row;
}

static void
members_are_found_until_they_go(void **state)
{
	static uint32_t rows[ROWS];
	uint8_t hash[STATE_TOKEN];
	int fd = state_create();
	uint32_t damaged;
	struct state *members = state_open(fd, &damaged);
	struct tokens *t = tokens_new(members);

	(void)state;
	assert_non_null(t);
	hash_of(1, hash);
	assert_int_equal(tokens_find(t, 0, hash), STATE_NONE);
	for (uint32_t i = 0; i < ROWS; i++) {
		rows[i] = add_member(members, (uint8_t)(i % 2), i / 2);
		assert_true(tokens_reserve(t));
		tokens_add(t, rows[i]);
	}
	for (uint32_t i = 0; i < ROWS; i += 3) {
		tokens_remove(t, rows[i]);
		state_release(members, rows[i]);
	}
	for (uint32_t i = 0; i < ROWS; i++) {
		hash_of(i / 2, hash);
		assert_int_equal(tokens_find(t, (uint8_t)(i % 2), hash),
		    i % 3 == 0 ? STATE_NONE : rows[i]);
		assert_int_equal(tokens_find(t, 2, hash), STATE_NONE);
		hash[0]++;
		assert_int_equal(tokens_find(t, (uint8_t)(i % 2), hash),
		    STATE_NONE);
	}
	tokens_free(t);
	tokens_free(NULL);
	state_close(members);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_half_of_sha_256),
		cmocka_unit_test(members_are_found_until_they_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
