/*
 * test_token: the tokens of members, and where a handshake has them.
 */
#include "config.h"

#include "worker/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define A	"AAAAAAAAAAAAAAAAAAAAAA"
#define B	"_-_-_-_-_-_-_-_-_-_-_w"
#define ONE	"AQAAAAAAAAAAAAAAAAAAAA"

static const struct row {
	const char *text;
	enum token_claim claim;
	const char *token;	/* as it is written */
} query_rows[] = {
	{ "", TOKEN_NONE, NULL },
	{ "&", TOKEN_NONE, NULL },
	{ "resume", TOKEN_NONE, NULL },
	{ "Resume=new", TOKEN_NONE, NULL },
	{ "xresume=" A, TOKEN_NONE, NULL },
	{ "a=resume=" A, TOKEN_NONE, NULL },
	{ "resume=new", TOKEN_NEW, NULL },
	{ "resume=New", TOKEN_MALFORMED, NULL },
	{ "resume=", TOKEN_MALFORMED, NULL },
	{ "resume=newer", TOKEN_MALFORMED, NULL },
	{ "resume=" A, TOKEN_GIVEN, A },
	{ "resume=" B, TOKEN_GIVEN, B },
	{ "x=1&resume=" B "&after=3", TOKEN_GIVEN, B },
	{ "&&resume=" ONE "&", TOKEN_GIVEN, ONE },
	/* the first counts */
	{ "resume=new&resume=" A, TOKEN_NEW, NULL },
	{ "resume=&resume=" A, TOKEN_MALFORMED, NULL },
	{ "resume=" A "&resume=new", TOKEN_GIVEN, A },
	/* one spelling only */
	{ "resume=" A "A", TOKEN_MALFORMED, NULL },
	{ "resume=" A "==", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAAAAAAAAAAAAA", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAAAAAAAAAAAAAB", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAAAAAAAAAAAAAP", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAAAAAAAAAAAAA+", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAA/AAAAAAAAAAA", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAA%2DAAAAAAAAA", TOKEN_MALFORMED, NULL },
	{ "resume=AAAAAAAAAA\x80" "AAAAAAAAAAA", TOKEN_MALFORMED, NULL },
}, cookie_rows[] = {
	{ "", TOKEN_NONE, NULL },
	{ "Cookie: \r\n", TOKEN_NONE, NULL },
	{ "Cookie: a=b; c\r\n", TOKEN_NONE, NULL },
	{ "Cookie: session=" A "\r\n", TOKEN_NONE, NULL },
	{ "Cookie: XSESSION=" A "\r\n", TOKEN_NONE, NULL },
	{ "X-Cookie: SESSION=" A "\r\n", TOKEN_NONE, NULL },
	{ "Cookie: SESSION=" A "\r\n", TOKEN_GIVEN, A },
	{ "cookie:SESSION=" A "\r\n", TOKEN_GIVEN, A },
	{ "Cookie: SESSION=\"" B "\"\r\n", TOKEN_GIVEN, B },
	{ "Cookie: a=b; SESSION=" B "; c=d\r\n", TOKEN_GIVEN, B },
	{ "Cookie: a=b;SESSION=" B " ;\r\n", TOKEN_GIVEN, B },
	{ "Cookie: a=b\r\nX: y\r\nCookie: SESSION=" ONE "\r\n", TOKEN_GIVEN,
	  ONE },
	{ "Cookie: SESSION=\r\n", TOKEN_MALFORMED, NULL },
	{ "Cookie: SESSION=\"\r\n", TOKEN_MALFORMED, NULL },
	{ "Cookie: SESSION=\"" A "\r\n", TOKEN_MALFORMED, NULL },
	{ "Cookie: SESSION=new\r\n", TOKEN_MALFORMED, NULL },
	{ "Cookie: SESSION= " A "\r\n", TOKEN_MALFORMED, NULL },
	/* another's of the same name */
	{ "Cookie: SESSION=f81d4fae-7dec; SESSION=" B "\r\n", TOKEN_GIVEN, B },
	{ "Cookie: SESSION=x\r\nCookie: SESSION=" B "\r\n", TOKEN_GIVEN, B },
	{ "Cookie: SESSION=" A "; SESSION=" B "\r\n", TOKEN_GIVEN, A },
}, protocol_rows[] = {
	{ "", TOKEN_NONE, NULL },
	{ "wschat.v1", TOKEN_NONE, NULL },
	{ "wschat.resume", TOKEN_NONE, NULL },
	{ "Wschat.resume." A, TOKEN_NONE, NULL },
	{ "wschat.resume.", TOKEN_MALFORMED, NULL },
	{ "wschat.resume.new", TOKEN_MALFORMED, NULL },
	{ "wschat.resume." A, TOKEN_GIVEN, A },
	{ "wschat.v1, wschat.resume." B, TOKEN_GIVEN, B },
	{ "wschat.resume." B ",wschat.v1", TOKEN_GIVEN, B },
	{ "wschat.resume.x, wschat.resume." A, TOKEN_MALFORMED, NULL },
};

static void
assert_claim(const struct row *row, enum token_claim claim,
    const uint8_t token[TOKEN_BYTES])
{
	char text[TOKEN_TEXT + 1];

	if (claim != row->claim)
		fail_msg("\"%s\": %d", row->text, (int)claim);
	if (claim == TOKEN_GIVEN)
		assert_string_equal(token_write(token, text), row->token);
}

/* Where a field line ends, what is behind it can be touched; the guard is
 * behind the head. */
static void
parse(struct guard *guard, const char *fields, struct head *head)
{
	const struct head_limits limits = { 8192, 64 };
	char text[1024];
	int len;

	len = snprintf(text, sizeof(text), "GET /ws HTTP/1.1\r\nHost: a\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", fields);
	head_init(head);
	assert_int_equal(head_parse(head, (char *)guard_lay(guard, text,
	    (size_t)len), (size_t)len, &limits), HEAD_DONE);
}

static void
a_query_has_a_token_or_asks_for_one(void **state)
{
	uint8_t token[TOKEN_BYTES];
	struct guard guard;

	(void)state;
	guard_open(&guard, 256);
	for (size_t i = 0; i < COUNT(query_rows); i++) {
		size_t len = strlen(query_rows[i].text);
		const struct slice query = {
			(char *)guard_lay(&guard, query_rows[i].text, len),
			len
		};

		assert_claim(&query_rows[i], token_find_in_query(query,
		    token), token);
	}
	assert_int_equal(token_find_in_query((struct slice){ NULL, 0 },
	    token), TOKEN_NONE);
	guard_close(&guard);
}

static void
a_cookie_has_a_token(void **state)
{
	uint8_t token[TOKEN_BYTES];
	struct guard guard;
	struct head head;

	(void)state;
	guard_open(&guard, 1024);
	for (size_t i = 0; i < COUNT(cookie_rows); i++) {
		parse(&guard, cookie_rows[i].text, &head);
		assert_claim(&cookie_rows[i], token_find_in_cookie(&head,
		    token), token);
	}
	guard_close(&guard);
}

static void
a_subprotocol_has_a_token(void **state)
{
	char field[256];
	uint8_t token[TOKEN_BYTES];
	struct guard guard;
	struct head head;

	(void)state;
	guard_open(&guard, 1024);
	for (size_t i = 0; i < COUNT(protocol_rows); i++) {
		snprintf(field, sizeof(field), "Sec-WebSocket-Protocol: %s\r\n",
		    protocol_rows[i].text);
		parse(&guard, field, &head);
		assert_claim(&protocol_rows[i], token_find_in_protocols(&head,
		    token), token);
	}
	guard_close(&guard);
}

static void
a_query_has_the_last_number(void **state)
{
	static const struct {
		const char *query;
		bool good;
		uint64_t seq;
	} rows[] = {
		{ "", false, 0 },
		{ "after", false, 0 },
		{ "after=", false, 0 },
		{ "after=0", true, 0 },
		{ "after=12", true, 12 },
		{ "after=012", true, 12 },
		{ "resume=" A "&after=7&x", true, 7 },
		{ "after=7&after=8", true, 7 },
		{ "xafter=7", false, 0 },
		{ "after=-1", false, 0 },
		{ "after=+1", false, 0 },
		{ "after=1 ", false, 0 },
		{ "after=0x1", false, 0 },
		{ "after=1.5", false, 0 },
		{ "after=18446744073709551615", true, UINT64_MAX },
		{ "after=18446744073709551616", false, 0 },
		{ "after=99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct slice query = {
			rows[i].query, strlen(rows[i].query)
		};
		uint64_t seq = 0;

		if (token_find_after(query, &seq) != rows[i].good ||
		    seq != rows[i].seq)
			fail_msg("\"%s\": %llu", rows[i].query,
			    (unsigned long long)seq);
	}
}

static void
a_written_token_is_read_again(void **state)
{
	uint8_t token[TOKEN_BYTES], again[TOKEN_BYTES];
	char text[TOKEN_TEXT + 1];

	(void)state;
	for (unsigned bit = 0; bit < 8 * TOKEN_BYTES; bit++) {
		memset(token, bit % 2 == 0 ? 0 : 0x5a, sizeof(token));
		token[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(strlen(token_write(token, text)), TOKEN_TEXT);
		assert_true(token_read((struct slice){ text, TOKEN_TEXT },
		    again));
		assert_memory_equal(again, token, sizeof(token));
	}
}

static void
made_tokens_differ(void **state)
{
	uint8_t tokens[64][TOKEN_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		assert_true(token_make(tokens[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(tokens[i], tokens[j],
			    TOKEN_BYTES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_has_a_token_or_asks_for_one),
		cmocka_unit_test(a_cookie_has_a_token),
		cmocka_unit_test(a_subprotocol_has_a_token),
		cmocka_unit_test(a_query_has_the_last_number),
		cmocka_unit_test(a_written_token_is_read_again),
		cmocka_unit_test(made_tokens_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
