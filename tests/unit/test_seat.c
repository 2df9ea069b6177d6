/*
 * test_seat: what a handshake says of a session, and what follows: the tail of
 * JOIN, and the cookie.
 */
#include "config.h"

#include "worker/seat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define A	"AAAAAAAAAAAAAAAAAAAAAA"
#define B	"_-_-_-_-_-_-_-_-_-_-_w"
#define C	"AQAAAAAAAAAAAAAAAAAAAA"
#define COOKIE(token)	"Cookie: SESSION=" token "\r\n"
#define PROTOCOL(token)	"Sec-WebSocket-Protocol: wschat.v1, " \
	"wschat.resume." token "\r\n"

static const struct settings_route
	by_connection = { .path = "/chat" },
	by_cookie = { .path = "/ws", .identity = SETTINGS_SESSION };

/* The seat that the handshake gets, to be freed; NULL: none. */
static struct seat *
claim(const struct settings_route *route, const char *query,
    const char *fields, bool always)
{
	const struct head_limits limits = { 8192, 64 };
	static char text[1024];		/* the head lends from it */
	struct head head;
	struct seat *seat;
	int len;

	len = snprintf(text, sizeof(text), "GET %s%s HTTP/1.1\r\nHost: a\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
	    route->path, query, fields);
	head_init(&head);
	assert_int_equal(head_parse(&head, text, (size_t)len, &limits),
	    HEAD_DONE);
	assert_true(seat_claim(route, &head, always, &seat));
	return seat;
}

static void
assert_is(const uint8_t token[TOKEN_BYTES], const char *expected)
{
	char text[TOKEN_TEXT + 1];

	assert_string_equal(token_write(token, text), expected);
}

static void
who_says_nothing_of_a_token_has_no_seat(void **state)
{
	struct seat *seat;

	(void)state;
	assert_null(claim(&by_connection, "", "", false));
	assert_null(claim(&by_connection, "?after=7", COOKIE(A), false));
	seat = claim(&by_connection, "", "", true);
	assert_true(seat_has_token(seat));
	assert_false(seat->has_resume || seat->asks_again ||
	    seat->is_cookie || seat->sets_cookie || seat->has_after);
	seat_free(seat);
	assert_false(seat_has_token(NULL));
	seat_free(NULL);
}

static void
a_token_is_asked_for_or_named(void **state)
{
	struct seat *seat = claim(&by_connection, "?resume=new", "", false);

	(void)state;
	assert_true(seat->has_token && !seat->has_resume &&
	    !seat->asks_again && !seat->is_cookie);
	seat_free(seat);
	seat = claim(&by_connection, "?after=7&resume=" A, "", false);
	assert_true(seat->has_token && seat->has_resume && seat->asks_again);
	assert_is(seat->resume, A);
	assert_true(seat->has_after && seat->after == 7);
	seat_free(seat);
	/* It is told what came of it, too. */
	seat = claim(&by_connection, "?resume=x", "", false);
	assert_true(seat->has_token && !seat->has_resume && seat->asks_again);
	seat_free(seat);
}

static void
a_subprotocol_goes_before_a_query_before_a_cookie(void **state)
{
	struct seat *seat = claim(&by_cookie, "?resume=" B,
	    PROTOCOL(C) COOKIE(A), false);

	(void)state;
	assert_is(seat->resume, C);
	assert_false(seat->is_cookie || seat->sets_cookie);
	seat_free(seat);
	seat = claim(&by_cookie, "?resume=" B, COOKIE(A), false);
	assert_is(seat->resume, B);
	assert_true(seat->asks_again && !seat->is_cookie);
	seat_free(seat);
	seat = claim(&by_cookie, "?x", COOKIE(A), false);
	assert_is(seat->resume, A);
	assert_true(seat->is_cookie && !seat->asks_again);
	seat_free(seat);
}

static void
a_browser_without_a_good_cookie_gets_one(void **state)
{
	static const char *const fields[] = { "", COOKIE("x"), COOKIE("") };
	char expected[SEAT_COOKIE_MAX], line[SEAT_COOKIE_MAX];
	char token[TOKEN_TEXT + 1];
	struct settings_route deep = by_cookie;
	struct seat *seat;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		seat = claim(&by_cookie, "", fields[i], false);
		assert_true(seat->has_token && !seat->has_resume);
		token_write(seat->token, token);
		snprintf(expected, sizeof(expected), "Set-Cookie: SESSION=%s; "
		    "Path=/ws; HttpOnly; SameSite=Lax\r\n", token);
		assert_string_equal(seat_write_cookie(seat, &by_cookie, false,
		    line), expected);
		seat_free(seat);
	}
	/* The longest path there is. */
	memset(deep.path, 'a', sizeof(deep.path) - 1);
	deep.path[0] = '/';
	seat = claim(&deep, "", "", false);
	seat_write_cookie(seat, &deep, true, line);
	assert_non_null(strstr(line, "a; HttpOnly; SameSite=Lax; Secure\r\n"));
	seat_free(seat);

	seat = claim(&by_cookie, "", COOKIE(A), false);
	assert_is(seat->token, A);
	assert_string_equal(seat_write_cookie(seat, &by_cookie, false, line),
	    "");
	seat_free(seat);
	assert_string_equal(seat_write_cookie(NULL, &by_cookie, false, line),
	    "");
}

static void
a_join_carries_the_tokens(void **state)
{
	uint8_t tail[IPC_JOIN_TAIL];
	char room[IPC_ROOM];
	struct seat *seat;
	uint32_t flags = 0;

	(void)state;
	memset(room, 'r', sizeof(room));
	assert_int_equal(seat_write_join(NULL, "lab", 3, tail, &flags), 3);
	assert_memory_equal(tail, "lab", 3);
	assert_int_equal(flags, 0);

	seat = claim(&by_connection, "?resume=new", "", false);
	assert_int_equal(seat_write_join(seat, "lab", 3, tail, &flags),
	    TOKEN_BYTES + 3);
	assert_int_equal(flags, IPC_FRESH);
	assert_memory_equal(tail, seat->token, TOKEN_BYTES);
	assert_memory_equal(tail + TOKEN_BYTES, "lab", 3);
	seat_free(seat);

	flags = 0;
	seat = claim(&by_connection, "?resume=" B, "", false);
	assert_int_equal(seat_write_join(seat, room, sizeof(room), tail,
	    &flags), IPC_JOIN_TAIL);
	assert_int_equal(flags, IPC_FRESH | IPC_RESUME);
	assert_is(tail, B);
	assert_memory_equal(tail + TOKEN_BYTES, seat->token, TOKEN_BYTES);
	assert_memory_not_equal(seat->token, seat->resume, TOKEN_BYTES);
	assert_memory_equal(tail + 2 * TOKEN_BYTES, room, sizeof(room));
	seat_wipe(seat);
	assert_is(seat->token, A);
	assert_is(seat->resume, A);
	seat_free(seat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_nothing_of_a_token_has_no_seat),
		cmocka_unit_test(a_token_is_asked_for_or_named),
		cmocka_unit_test(
		    a_subprotocol_goes_before_a_query_before_a_cookie),
		cmocka_unit_test(a_browser_without_a_good_cookie_gets_one),
		cmocka_unit_test(a_join_carries_the_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
