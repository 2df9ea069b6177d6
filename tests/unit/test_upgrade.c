/*
 * test_upgrade: the client's half of the handshake.
 *
 * The key and its answer are those of RFC 6455 1.3. Each answer is given
 * whole and byte by byte, against a guard page.
 */
#include "config.h"

#include "ws/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define GOOD   "HTTP/1.1 101 Switching Protocols\r\n"
#define BOTH   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define OFFER  "wschat.v1, wschat.resume.abc"

static const struct row {
	const char *answer;
	enum upgrade_result result;
	const char *says;   /* DONE: the protocol; BAD: why, a part of it */
} rows[] = {
	{ GOOD BOTH ACCEPT "\r\n", UPGRADE_DONE, "" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Protocol: wschat.v1\r\n\r\n",
	    UPGRADE_DONE, "wschat.v1" },
	{ "HTTP/1.1 101\r\n" BOTH ACCEPT "\r\n", UPGRADE_DONE, "" },
	{ GOOD "upgrade:\tWebSocket \r\nCONNECTION: keep-alive, upgrade\r\n"
	    ACCEPT "X: \r\n\r\n", UPGRADE_DONE, "" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Extensions: \r\n\r\n",
	    UPGRADE_DONE, "" },
	/* not whole */
	{ "", UPGRADE_MORE, NULL },
	{ "HTT", UPGRADE_MORE, NULL },
	{ GOOD BOTH ACCEPT, UPGRADE_MORE, NULL },
	/* other statuses */
	{ "HTTP/1.1 404 Not Found\r\n\r\n", UPGRADE_REFUSED, NULL },
	{ "HTTP/1.0 200 OK\r\nA: b\r\n\r\n", UPGRADE_REFUSED, NULL },
	{ "HTTP/1.1 503\r\nRetry-After: 7\r\n\r\n", UPGRADE_REFUSED, NULL },
	/* not an answer */
	{ "SSH-2.0", UPGRADE_BAD, "not HTTP" },
	{ "H\n", UPGRADE_BAD, "not HTTP" },
	{ "HTTP/2.0 101 x\r\n\r\n", UPGRADE_BAD, "not HTTP/1.1" },
	{ "HTTP/1.1\r\n\r\n", UPGRADE_BAD, "not HTTP/1.1" },
	{ "HTTP/1.1 1x1 x\r\n\r\n", UPGRADE_BAD, "no status" },
	{ "HTTP/1.1 1011 x\r\n\r\n", UPGRADE_BAD, "no status" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", UPGRADE_BAD, "not final" },
	{ "HTTP/1.0 101 x\r\n" BOTH ACCEPT "\r\n", UPGRADE_BAD, "1.0" },
	{ GOOD BOTH "\r\n", UPGRADE_BAD, "Accept" },
	{ GOOD BOTH ACCEPT ACCEPT "\r\n", UPGRADE_BAD, "Accept" },
	{ GOOD BOTH "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n"
	    "\r\n", UPGRADE_BAD, "Accept" },
	{ GOOD "Connection: Upgrade\r\n" ACCEPT "\r\n", UPGRADE_BAD,
	    "websocket" },
	{ GOOD "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n",
	    UPGRADE_BAD, "websocket" },
	{ GOOD "Upgrade: websocket\r\n" ACCEPT "\r\n", UPGRADE_BAD,
	    "Connection" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Extensions: x\r\n\r\n",
	    UPGRADE_BAD, "extension" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n",
	    UPGRADE_BAD, "offered" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Protocol: WSCHAT.V1\r\n\r\n",
	    UPGRADE_BAD, "offered" },
	{ GOOD BOTH ACCEPT "Sec-WebSocket-Protocol: wschat.v1\r\n"
	    "Sec-WebSocket-Protocol: wschat.v1\r\n\r\n", UPGRADE_BAD,
	    "two" },
	{ GOOD BOTH ACCEPT "no colon\r\n\r\n", UPGRADE_BAD, "malformed" },
	{ GOOD BOTH ACCEPT " folded: x\r\n\r\n", UPGRADE_BAD, "malformed" },
	{ GOOD BOTH ACCEPT ": x\r\n\r\n", UPGRADE_BAD, "malformed" },
	{ GOOD BOTH ACCEPT "A: b\nC: d\r\n\r\n", UPGRADE_BAD, "malformed" },
};

static struct guard guard;

static enum upgrade_result
parse(const char *answer, size_t len, struct upgrade_answer *out)
{
	return upgrade_answer_parse(
	    (const char *)guard_lay(&guard, answer, len), len, KEY, OFFER,
	    out);
}

static void
each_answer_is_judged(void **state)
{
	struct upgrade_answer out;
	char says[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		size_t len = strlen(row->answer);

		assert_int_equal(parse(row->answer, len, &out), row->result);
		if (row->result == UPGRADE_BAD)
			assert_non_null(strstr(out.why, row->says));
		if (row->result != UPGRADE_DONE)
			continue;
		assert_int_equal(out.length, len);
		snprintf(says, sizeof(says), "%.*s", (int)out.protocol.len,
		    out.protocol.len > 0 ? out.protocol.at : "");
		assert_string_equal(says, row->says);
	}
}

/* A wrong first byte shows at once, the rest when the head is whole. */
static void
an_answer_may_come_in_pieces(void **state)
{
	struct upgrade_answer out;
	enum upgrade_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].answer), at;

		result = UPGRADE_MORE;
		for (at = 0; at <= len && result == UPGRADE_MORE; at++)
			result = parse(rows[i].answer, at, &out);
		assert_int_equal(result, rows[i].result);
	}
}

static void
frames_may_follow_at_once(void **state)
{
	static const char answer[] = GOOD BOTH ACCEPT "\r\n\x81\x02hi";
	struct upgrade_answer out;

	(void)state;
	assert_int_equal(parse(answer, sizeof(answer) - 1, &out),
	    UPGRADE_DONE);
	assert_int_equal(out.length, sizeof(answer) - 1 - 4);
}

static void
a_head_is_no_longer_than_the_limit(void **state)
{
	static char answer[UPGRADE_HEAD_MAX + 8];
	struct upgrade_answer out;
	size_t len;

	(void)state;
	len = (size_t)snprintf(answer, sizeof(answer), "%sX: ", GOOD);
	memset(answer + len, 'x', sizeof(answer) - len);
	assert_int_equal(parse(answer, UPGRADE_HEAD_MAX - 1, &out),
	    UPGRADE_MORE);
	assert_int_equal(parse(answer, UPGRADE_HEAD_MAX, &out), UPGRADE_BAD);
	memcpy(answer + UPGRADE_HEAD_MAX, "\r\n\r\n", 4);
	assert_int_equal(parse(answer, UPGRADE_HEAD_MAX + 4, &out),
	    UPGRADE_BAD);
}

static void
a_refusal_says_where_and_when(void **state)
{
	static const struct {
		const char *value;
		unsigned seconds;
	} cases[] = {
		{ "7", 7 }, { "0", 0 }, { "999999", 999999 },
		{ "1000000", 0 }, { "soon", 0 }, { "-1", 0 }, { "", 0 },
		{ "Sat, 21 Nov 2026 00:00:00 GMT", 0 },
	};
	struct upgrade_answer out;
	char answer[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(answer, sizeof(answer), "HTTP/1.1 503 No\r\n"
		    "Retry-After: %s\r\nLocation: /x\r\n\r\n",
		    cases[i].value);
		assert_int_equal(parse(answer, strlen(answer), &out),
		    UPGRADE_REFUSED);
		assert_int_equal(out.status, 503);
		assert_int_equal(out.retry_after_s, cases[i].seconds);
		assert_true(slice_is(out.location, "/x"));
	}
}

static void
the_session_cookie_is_kept_when_it_may_be_sent_back(void **state)
{
	static const struct {
		const char *field, *session;
	} cases[] = {
		{ "SESSION=abc-_1; Path=/ws; HttpOnly", "abc-_1" },
		{ "SESSION=abc", "abc" },
		{ "SESSION = abc", NULL },
		{ "session=abc", NULL },
		{ "OTHER=abc", NULL },
		{ "SESSION=", NULL },
		{ "SESSION=a b", NULL },
		{ "SESSION=a,b", NULL },
		{ "S", NULL },
	};
	struct upgrade_answer out;
	char answer[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(answer, sizeof(answer), "%s%s%sSet-Cookie: %s\r\n"
		    "\r\n", GOOD, BOTH, ACCEPT, cases[i].field);
		assert_int_equal(parse(answer, strlen(answer), &out),
		    UPGRADE_DONE);
		if (cases[i].session == NULL)
			assert_int_equal(out.session.len, 0);
		else
			assert_true(slice_is(out.session, cases[i].session));
	}
}

static void
the_request_has_what_it_must(void **state)
{
	static const uint8_t nonce[UPGRADE_NONCE] = "the sample nonc";
	struct upgrade_request request = {
		"/chat?after=1", "example.org:81", "", ""
	};
	char key[UPGRADE_KEY_SIZE], out[512];
	size_t len;

	(void)state;
	upgrade_key_write((const uint8_t *)"the sample nonce", key);
	assert_string_equal(key, KEY);
	upgrade_key_write(nonce, key);
	assert_int_equal(strlen(key), 24);
	len = upgrade_request_write(out, sizeof(out), &request, KEY);
	assert_true(len > 0);
	assert_int_equal(len, strlen(out));
	assert_string_equal(out,
	    "GET /chat?after=1 HTTP/1.1\r\nHost: example.org:81\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"
	    "User-Agent: wschat/" PACKAGE_VERSION "\r\n\r\n");
	request.protocols = OFFER;
	request.cookie = "SESSION=x";
	assert_true(upgrade_request_write(out, sizeof(out), &request, KEY) >
	    len);
	assert_non_null(strstr(out, "\r\nSec-WebSocket-Protocol: " OFFER
	    "\r\nCookie: SESSION=x\r\n"));
	assert_int_equal(upgrade_request_write(out, 40, &request, KEY), 0);
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, UPGRADE_HEAD_MAX + 64);
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
		cmocka_unit_test(each_answer_is_judged),
		cmocka_unit_test(an_answer_may_come_in_pieces),
		cmocka_unit_test(frames_may_follow_at_once),
		cmocka_unit_test(a_head_is_no_longer_than_the_limit),
		cmocka_unit_test(a_refusal_says_where_and_when),
		cmocka_unit_test(
		    the_session_cookie_is_kept_when_it_may_be_sent_back),
		cmocka_unit_test(the_request_has_what_it_must),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
