/*
 * test_handshake: heads of requests and the answers to them.
 *
 * Each head of the table is parsed whole, byte by byte, and in two pieces
 * wherever one can cut, always against a guard page and at another address
 * each time.
 */
#include "config.h"

#include "ws/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard.h"

#define KEY   "dGhlIHNhbXBsZSBub25jZQ=="
#define GET   "GET / HTTP/1.1\r\n"
#define HOST  "Host: example.org\r\n"
#define UP    "Upgrade: websocket\r\n"
#define CONN  "Connection: Upgrade\r\n"
#define VER   "Sec-WebSocket-Version: 13\r\n"
#define KEYF  "Sec-WebSocket-Key: " KEY "\r\n"
#define PLAIN GET HOST
#define WS    "GET /chat HTTP/1.1\r\n" HOST UP CONN VER KEYF
#define END   "\r\n"

enum { MORE = 0, PAGE = 1, SOCK = 2 };   /* else the status */

/*
 * `seen`: how many bytes a refusal takes, 0 for all of them.
 */
static const struct {
	const char *text;
	int result;
	size_t seen;
} rows[] = {
	/* good ones */
	{ PLAIN END, PAGE, 0 },
	{ "HEAD / HTTP/1.1\r\n" HOST END, PAGE, 0 },
	{ "GET / HTTP/1.0\r\n\r\n", PAGE, 0 },
	{ "HEAD /healthz/live HTTP/1.0\r\n\r\n", PAGE, 0 },
	{ "GET /a?b=c&d HTTP/1.1\r\n" HOST END, PAGE, 0 },
	{ "GET /%00%ff?%zz HTTP/1.1\r\n" HOST END, PAGE, 0 },
	{ GET "hOsT:\t [::1]:8080 \t\r\n" END, PAGE, 0 },
	{ GET "Host:\r\n" END, PAGE, 0 },
	{ PLAIN "X:\r\n" END, PAGE, 0 },
	{ PLAIN "X: a:b \xc3\xa4\xff\t\r\n" END, PAGE, 0 },
	{ PLAIN "!#$%&'*+-.^_`|~09azAZ: x\r\n" END, PAGE, 0 },
	{ PLAIN "Content-Length: 0\r\n" END, PAGE, 0 },
	{ PLAIN "Content-Length: 000\r\n" END, PAGE, 0 },
	{ PLAIN "Expect: 100-continue\r\n" END, PAGE, 0 },
	{ WS END, SOCK, 0 },
	{ WS "Sec-WebSocket-Protocol: wschat.v1\r\n" END, SOCK, 0 },
	{ WS "Content-Length: 0\r\n" END, SOCK, 0 },
	{ PLAIN "UPGRADE: WebSocket\r\nconnection: UPGRADE\r\n" VER KEYF END,
	    SOCK, 0 },
	{ PLAIN UP "Connection: keep-alive, Upgrade\r\n" VER KEYF END,
	    SOCK, 0 },
	{ PLAIN UP "Connection: keep-alive\r\n" CONN VER KEYF END, SOCK, 0 },
	{ PLAIN "Upgrade: h2c,, websocket ,\r\n" CONN VER KEYF END, SOCK, 0 },
	{ PLAIN "Upgrade: h2c\r\n" UP CONN VER KEYF END, SOCK, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key:  ++//AAAAAAAAAAAAAAAAAA== \r\n"
	    END, SOCK, 0 },
	/* not upgrades */
	{ PLAIN UP VER KEYF END, PAGE, 0 },
	{ PLAIN CONN VER KEYF END, PAGE, 0 },
	{ PLAIN "Upgrade: h2c\r\n" CONN END, PAGE, 0 },
	{ PLAIN UP "Connection: upgrades\r\n" END, PAGE, 0 },
	{ PLAIN "Upgrade: websocket/13\r\n" CONN END, PAGE, 0 },
	{ PLAIN VER END, PAGE, 0 },
	{ PLAIN "Sec-WebSocket-Key: x\r\n" END, PAGE, 0 },
	{ "HEAD / HTTP/1.1\r\n" HOST UP CONN VER KEYF END, PAGE, 0 },
	/* upgrades that are wrong */
	{ "GET / HTTP/1.0\r\n" HOST UP CONN VER KEYF END, 400, 0 },
	{ PLAIN UP CONN KEYF END, 426, 0 },
	{ PLAIN UP CONN "Sec-WebSocket-Version: 8\r\n" KEYF END, 426, 0 },
	{ PLAIN UP CONN "Sec-WebSocket-Version: 013\r\n" KEYF END, 426, 0 },
	{ PLAIN UP CONN "Sec-WebSocket-Version: 13, 8\r\n" KEYF END, 426, 0 },
	{ PLAIN UP CONN "Sec-WebSocket-Version:\r\n" KEYF END, 426, 0 },
	{ PLAIN UP CONN VER VER KEYF END, 400, 0 },
	{ PLAIN UP CONN VER END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key:\r\n" END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n"
	    END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n"
	    END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: dGhlIHNhbXBs-SBub25jZQ==\r\n"
	    END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: " KEY "AAAA\r\n" END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n"
	    END, 400, 0 },
	{ PLAIN UP CONN VER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZg==\r\n"
	    END, SOCK, 0 },
	{ PLAIN UP CONN VER KEYF KEYF END, 400, 0 },
	{ WS "Sec-WebSocket-Protocol: a b\r\n" END, 400, 0 },
	{ WS "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: {}\r\n" END,
	    400, 0 },
	/* Host and Origin */
	{ GET END, 400, 0 },
	{ PLAIN HOST END, 400, 0 },
	{ GET "Host: a b\r\n" END, 400, 0 },
	{ GET "Host: a/b\r\n" END, 400, 0 },
	{ GET "Host: user@a\r\n" END, 400, 0 },
	{ GET "Host: \xc3\xa4\r\n" END, 400, 0 },
	{ PLAIN "Origin: http://a\r\nOrigin: http://b\r\n" END, 400, 0 },
	/* bodies */
	{ PLAIN "Content-Length: 1\r\n" END, 413, 0 },
	{ WS "Content-Length: 5\r\n" END, 413, 0 },
	{ PLAIN "Content-Length: 99999999999999999999999999\r\n" END, 413, 0 },
	{ PLAIN "Transfer-Encoding: chunked\r\n" END, 413, 0 },
	{ PLAIN "Content-Length:\r\n" END, 400, 0 },
	{ PLAIN "Content-Length: -1\r\n" END, 400, 0 },
	{ PLAIN "Content-Length: +0\r\n" END, 400, 0 },
	{ PLAIN "Content-Length: 1, 1\r\n" END, 400, 0 },
	{ PLAIN "Content-Length: 0\r\nContent-Length: 0\r\n" END, 400, 0 },
	{ PLAIN "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n" END,
	    400, 0 },
	/* methods */
	{ "POST / HTTP/1.1\r\n" HOST END, 405, 5 },
	{ "PUT / HTTP/1.1\r\n", 405, 4 },
	{ "DELETE / HTTP/1.1\r\n", 405, 7 },
	{ "OPTIONS * HTTP/1.1\r\n", 405, 8 },
	{ "CONNECT a:1 HTTP/1.1\r\n", 405, 8 },
	{ "TRACE / HTTP/1.1\r\n", 405, 6 },
	{ "PATCH / HTTP/1.1\r\n", 405, 6 },
	{ "get / HTTP/1.1\r\n", 501, 4 },
	{ "PRI * HTTP/2.0\r\n", 501, 4 },
	{ "GETT / HTTP/1.1\r\n", 501, 5 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHI", 501, 33 },
	/* request lines */
	{ " GET / HTTP/1.1\r\n", 400, 1 },
	{ "\r\nGET / HTTP/1.1\r\n", 400, 1 },
	{ "\x16\x03\x01", 400, 1 },
	{ "GET\t/ HTTP/1.1\r\n", 400, 4 },
	{ "GET\r\n", 400, 4 },
	{ "G(T / HTTP/1.1\r\n", 400, 2 },
	{ "GET  / HTTP/1.1\r\n", 400, 5 },
	{ "GET * HTTP/1.1\r\n", 400, 5 },
	{ "GET http://a/ HTTP/1.1\r\n", 400, 5 },
	{ "GET /#a HTTP/1.1\r\n", 400, 6 },
	{ "GET /\xc3\xa4 HTTP/1.1\r\n", 400, 6 },
	{ "GET /\x7f HTTP/1.1\r\n", 400, 6 },
	{ "GET /\r\n", 400, 6 },
	{ "GET /\n", 400, 6 },
	{ "GET /  HTTP/1.1\r\n", 400, 7 },
	{ "GET / \r\n", 400, 7 },
	{ "GET / http/1.1\r\n", 400, 7 },
	{ "GET / HTTP 1.1\r\n", 400, 11 },
	{ "GET / HTTP/1.1 \r\n", 400, 15 },
	{ "GET / HTTP/1.1\n", 400, 15 },
	{ "GET / HTTP/1.1\rX", 400, 16 },
	{ "GET / HTTP/1.10\r\n", 400, 15 },
	{ "GET / HTTP/x.1\r\n", 400, 12 },
	{ "GET / HTTP/2\r\n", 400, 13 },
	{ "GET / HTTP/2.0\r\n", 505, 14 },
	{ "GET / HTTP/0.9\r\n", 505, 14 },
	{ "GET / HTTP/1.2\r\n", 505, 14 },
	{ "GET / HTTP/0.1\r\n", 505, 14 },
	/* field lines; GET has 16 bytes */
	{ GET "\nX", 400, 17 },
	{ GET " X: a\r\n", 400, 17 },
	{ GET "\tX: a\r\n", 400, 17 },
	{ GET ": a\r\n", 400, 17 },
	{ GET "X : a\r\n", 400, 18 },
	{ GET "X\r\n", 400, 18 },
	{ GET "X@: a\r\n", 400, 18 },
	{ GET "X\xc3: a\r\n", 400, 18 },
	{ GET "X: a\n", 400, 21 },
	{ GET "X: a\rb", 400, 22 },
	{ GET "X: a\r\n b\r\n", 400, 23 },
	{ GET "X: a\x7f\r\n", 400, 21 },
	{ GET "X: a\x1b\r\n", 400, 21 },
	{ GET "\rX", 400, 18 },
	/* unfinished */
	{ "", MORE, 0 },
	{ "G", MORE, 0 },
	{ "GET", MORE, 0 },
	{ "GET ", MORE, 0 },
	{ "GET / HTTP/1.1", MORE, 0 },
	{ "GET / HTTP/1.1\r", MORE, 0 },
	{ PLAIN, MORE, 0 },
	{ PLAIN "\r", MORE, 0 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct head_limits usual = { 8192, 64 };
static struct guard guard;

static int
outcome(enum head_result result, const struct head *head)
{
	if (result == HEAD_MORE)
		return MORE;
	if (result == HEAD_DONE) {
		assert_int_equal(head->refusal, REFUSAL_NONE);
		return head->wants_upgrade ? SOCK : PAGE;
	}
	assert_int_not_equal(head->refusal, REFUSAL_NONE);
	assert_false(head->wants_upgrade);
	return refusal_status(head->refusal);
}

/* Parses text[0, first), then in steps; *seen_out: bytes when it ended. */
static int
parse(struct head *head, const char *text, size_t len, size_t first,
    size_t step, size_t *seen_out)
{
	enum head_result result = HEAD_MORE;
	size_t n = first;

	head_init(head);
	for (;;) {
		result = head_parse(head,
		    (const char *)guard_lay(&guard, text, n), n, &usual);
		if (result != HEAD_MORE || n == len)
			break;
		n = n + step < len ? n + step : len;
	}
	*seen_out = n;
	return outcome(result, head);
}

static void
each_head_whole(void **state)
{
	struct head head;
	size_t i, len, seen;
	int result;

	(void)state;
	assert_true(ROWS >= 80);
	for (i = 0; i < ROWS; i++) {
		len = strlen(rows[i].text);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rows[i].text, rows[j].text);
		result = parse(&head, rows[i].text, len, len, 1, &seen);
		if (result != rows[i].result)
			fail_msg("%s\ngave %d (%s)", rows[i].text, result,
			    head.refusal != REFUSAL_NONE ?
			    refusal_text(head.refusal) : "");
		if (result == PAGE || result == SOCK)
			assert_int_equal(head.length, len);
	}
}

static void
each_head_byte_by_byte_ends_at_the_first_wrong_byte(void **state)
{
	struct head head;
	size_t i, len, seen;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		len = strlen(rows[i].text);
		if (parse(&head, rows[i].text, len, 0, 1, &seen) !=
		    rows[i].result ||
		    seen != (rows[i].seen != 0 ? rows[i].seen : len))
			fail_msg("%s\nrefusal %d after %zu bytes",
			    rows[i].text, head.refusal, seen);
	}
}

static void
each_head_cut_anywhere(void **state)
{
	struct head head;
	size_t i, cut, len, seen;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		len = strlen(rows[i].text);
		for (cut = 0; cut <= len; cut++)
			assert_int_equal(parse(&head, rows[i].text, len, cut,
			    len, &seen), rows[i].result);
	}
}

/* Every byte of a good head, replaced by every other: no crash, and never a
 * head that is longer than what is there. */
static void
damaged_heads_do_no_harm(void **state)
{
	static const char good[] = WS "Origin: a\r\n" END;
	char text[sizeof(good)];
	struct head head;
	size_t i, seen, len = sizeof(good) - 1;
	unsigned c;

	(void)state;
	for (i = 0; i < len; i++) {
		for (c = 0; c < 256; c++) {
			memcpy(text, good, sizeof(good));
			text[i] = (char)c;
			if (parse(&head, text, len, len, 1, &seen) <= SOCK)
				assert_true(head.length <= len);
		}
	}
}

static void
is_slice(struct slice slice, const char *text)
{
	if (text == NULL)
		assert_null(slice.at);
	else if (!slice_is(slice, text))
		fail_msg("'%.*s' is not '%s'", (int)slice.len, slice.at, text);
}

static void
fields_are_found(void **state)
{
	static const char text[] = "GET /chat/lab?resume=x?y& HTTP/1.1\r\n"
	    "host: a.example:80\r\nORIGIN:http://b\r\n"
	    "User-Agent: one \t two \r\nUser-Agent: three\r\n"
	    "Cookie: SESSION=1; b\r\nCookie: c\r\n"
	    UP CONN VER KEYF
	    "Sec-WebSocket-Protocol: , v1 ,,v2\r\n"
	    "Sec-WebSocket-Protocol:\r\nSec-Websocket-Protocol: v3,V4,\r\n"
	    END "behind";
	struct slice protocol = { NULL, 0 }, value = { NULL, 0 };
	struct head head;

	(void)state;
	head_init(&head);
	assert_int_equal(head_parse(&head, text, sizeof(text) - 1, &usual),
	    HEAD_DONE);
	assert_int_equal(head.length, sizeof(text) - 1 - 6);
	assert_int_equal(head.method, HTTP_GET);
	assert_int_equal(head.minor, 1);
	is_slice(head.target, "/chat/lab?resume=x?y&");
	is_slice(head.path, "/chat/lab");
	is_slice(head.query, "resume=x?y&");
	is_slice(head.host, "a.example:80");
	is_slice(head.origin, "http://b");
	is_slice(head.user_agent, "one \t two");
	is_slice(head.cookie, "SESSION=1; b");
	is_slice(head.key, KEY);
	is_slice(head.protocols, ", v1 ,,v2");
	assert_true(head_next_value(&head, "cookie", &value));
	is_slice(value, "SESSION=1; b");
	assert_true(head_next_value(&head, "cookie", &value));
	is_slice(value, "c");
	assert_false(head_next_value(&head, "cookie", &value));

	assert_true(head_next_protocol(&head, &protocol));
	is_slice(protocol, "v1");
	assert_true(head_next_protocol(&head, &protocol));
	is_slice(protocol, "v2");
	assert_true(head_next_protocol(&head, &protocol));
	is_slice(protocol, "v3");
	assert_true(head_next_protocol(&head, &protocol));
	is_slice(protocol, "V4");
	assert_false(head_next_protocol(&head, &protocol));
	assert_true(head_offers_protocol(&head, "v3"));
	assert_false(head_offers_protocol(&head, "v4"));
}

static void
absent_fields_have_no_place(void **state)
{
	static const char text[] = "GET /? HTTP/1.0\r\n\r\n";
	struct slice value = { NULL, 0 };
	struct head head;

	(void)state;
	head_init(&head);
	assert_false(head_next_value(&head, "Host", &value));
	assert_int_equal(head_parse(&head, text, strlen(text), &usual),
	    HEAD_DONE);
	assert_int_equal(head.minor, 0);
	is_slice(head.path, "/");
	assert_non_null(head.query.at);
	is_slice(head.query, "");
	is_slice(head.host, NULL);
	is_slice(head.origin, NULL);
	is_slice(head.cookie, NULL);
	is_slice(head.protocols, NULL);
	assert_false(head_next_value(&head, "Host", &value));
	assert_false(head_next_protocol(&head, &value));
}

static int
parse_with(const char *text, size_t bytes, unsigned fields)
{
	const struct head_limits limits = { bytes, fields };
	size_t len = strlen(text);
	struct head head;

	head_init(&head);
	return outcome(head_parse(&head, text, len, &limits), &head);
}

static void
limits_hold_to_the_byte_and_field(void **state)
{
	static char text[8192];
	static const char three[] = PLAIN "A: b\r\nC: d\r\n" END;
	size_t n;

	(void)state;
	n = strlen(three);
	assert_int_equal(parse_with(three, n, 3), PAGE);
	assert_int_equal(parse_with(three, n, 2), 431);
	assert_int_equal(parse_with(three, n, 0), PAGE);
	assert_int_equal(parse_with(three, n - 1, 3), 431);
	assert_int_equal(parse_with(three, 0, 3), PAGE);
	assert_int_equal(parse_with("GET /aaaaaaaa", 9, 0), 414);
	assert_int_equal(parse_with("GET / HTT", 9, 0), 431);

	for (n = HEAD_TARGET_MAX; n <= HEAD_TARGET_MAX + 1; n++) {
		memcpy(text, "GET ", 4);
		memset(text + 4, '/', n);
		strcpy(text + 4 + n, " HTTP/1.1\r\n" HOST END);
		assert_int_equal(parse_with(text, sizeof(text), 64),
		    n > HEAD_TARGET_MAX ? 414 : PAGE);
	}
}

/*
 * Lists of a million elements, over one line and over many: what takes the
 * square of that is ended by the alarm.
 */
static void
long_lists_take_time_in_proportion(void **state)
{
	static const char start[] = PLAIN UP CONN VER KEYF
	    "Sec-WebSocket-Protocol: ";
	static const char lines[] = "a\r\nSec-WebSocket-Protocol: ";
	static const struct head_limits none = { 0, 0 };
	size_t size = 8 << 20, len;
	char *text = malloc(size);
	struct head head;
	int many;

	(void)state;
	assert_non_null(text);
	alarm(60);
	for (many = 0; many < 2; many++) {
		len = strlen(start);
		memcpy(text, start, len);
		while (len + 64 < size) {
			memcpy(text + len, many ? lines : "a,",
			    strlen(many ? lines : "a,"));
			len += strlen(many ? lines : "a,");
		}
		memcpy(text + len, "\r\n\r\n", 4);
		len += 4;
		head_init(&head);
		assert_int_equal(head_parse(&head, text, len, &none),
		    HEAD_DONE);
		assert_false(head_offers_protocol(&head, "b"));
	}
	alarm(0);
	free(text);
}

static void
lists_have_tokens(void **state)
{
	static const struct {
		const char *list;
		bool has;
	} lists[] = {
		{ "upgrade", true }, { "Upgrade", true },
		{ "keep-alive, upgrade", true }, { "a,upgrade,b", true },
		{ " , ,\tupgrade\t,", true }, { "", false }, { ",", false },
		{ "upgrade b", false }, { "xupgrade", false },
		{ "upgrad", false }, { "up,grade", false },
		{ "\"upgrade\"", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		size_t len = strlen(lists[i].list);
		struct slice list = { (const char *)guard_lay(&guard,
		    lists[i].list, len), len };

		assert_true(slice_has_token(list, "upgrade") == lists[i].has);
	}
	assert_false(slice_has_token((struct slice){ NULL, 0 }, "a"));
	assert_true(slice_is((struct slice){ NULL, 0 }, ""));
}

static void
the_accept_key_is_that_of_the_rfc(void **state)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];
	struct slice key = { KEY, 24 };

	(void)state;
	assert_true(handshake_accept_key(key, accept));
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	key.len = 23;
	assert_false(handshake_accept_key(key, accept));
}

static void
is_response(const char *out, size_t len, const char *expected)
{
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(out, expected, len);
}

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n" UP CONN \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static void
switching_is_written(void **state)
{
	static const struct slice key = { KEY, 24 };
	static const struct slice none = { NULL, 0 };
	static const struct slice v1 = { "wschat.v1,", 9 };
	char out[512];
	size_t size;

	(void)state;
	is_response(out, handshake_switch_write(out, 256, key, none, none, ""),
	    SWITCH END);
	is_response(out, handshake_switch_write(out, 256 + 9, key, v1, none,
	    ""), SWITCH "Sec-WebSocket-Protocol: wschat.v1\r\n" END);
	is_response(out, handshake_switch_write(out, 256 + 9, key, none, v1,
	    ""), SWITCH "Sec-WebSocket-Extensions: wschat.v1\r\n" END);
	is_response(out, handshake_switch_write(out, 256 + 18, key, none, v1,
	    "Set-Cookie: a=b\r\n"), SWITCH "Sec-WebSocket-Extensions: "
	    "wschat.v1\r\nSet-Cookie: a=b\r\n" END);
	for (size = 1; size <= strlen(SWITCH END); size++)
		assert_int_equal(handshake_switch_write((char *)
		    guard_lay(&guard, out, size), size, key, none,
		    none, ""), 0);
	assert_int_equal(handshake_switch_write(out, 512, none, none, none,
	    ""), 0);
}

#define CLOSING(connection) \
    "Cache-Control: no-store\r\n" HTTP_SECURITY_FIELDS \
    "Connection: " connection "\r\n"

static void
refusals_are_written(void **state)
{
	static const struct {
		enum refusal refusal;
		const char *line, *fields;
	} answers[] = {
		{ REFUSAL_BAD_KEY, "HTTP/1.1 400 Bad Request\r\n",
		    CLOSING("close") },
		{ REFUSAL_ORIGIN, "HTTP/1.1 403 Forbidden\r\n",
		    CLOSING("close") },
		{ REFUSAL_UNKNOWN_PATH, "HTTP/1.1 404 Not Found\r\n",
		    CLOSING("close") },
		{ REFUSAL_METHOD, "HTTP/1.1 405 Method Not Allowed\r\n",
		    CLOSING("close") "Allow: GET, HEAD\r\n" },
		{ REFUSAL_BAD_VERSION, "HTTP/1.1 426 Upgrade Required\r\n",
		    CLOSING("close, Upgrade") UP VER },
		{ REFUSAL_TOO_MANY_CONNECTIONS,
		    "HTTP/1.1 503 Service Unavailable\r\n",
		    CLOSING("close") "Retry-After: 1\r\n" },
	};
	char out[2048], head[2048], whole[2048];
	size_t i, size, len;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		enum refusal refusal = answers[i].refusal;
		const char *text = refusal_text(refusal);

		snprintf(head, sizeof(head),
		    "%sContent-Type: text/plain; charset=utf-8\r\n"
		    "Content-Length: %zu\r\n%s\r\n", answers[i].line,
		    strlen(text) + 1, answers[i].fields);
		is_response(out, handshake_refusal_write(out, sizeof(out),
		    refusal, true), head);
		len = strlen(head);
		memcpy(whole, head, len);
		snprintf(whole + len, sizeof(whole) - len, "%s\n", text);
		len = handshake_refusal_write(out, sizeof(out), refusal,
		    false);
		is_response(out, len, whole);
		for (size = 1; size <= len; size++)
			assert_int_equal(handshake_refusal_write((char *)
			    guard_lay(&guard, out, size), size, refusal,
			    false), 0);
	}
}

static void
every_refusal_fits_where_the_header_says(void **state)
{
	char out[HANDSHAKE_REFUSAL_MAX];
	int i;

	(void)state;
	for (i = REFUSAL_NONE + 1; i < REFUSALS_COUNT; i++)
		if (refusal_status((enum refusal)i) != 0)
			assert_int_not_equal(handshake_refusal_write(out,
			    sizeof(out), (enum refusal)i, false), 0);
}

static void
each_status_that_is_used_has_a_phrase(void **state)
{
	static const uint16_t used[] = { 101, 200, 304, 400, 403, 404, 405,
	    408, 413, 414, 426, 429, 431, 500, 501, 503, 505 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		assert_string_not_equal(http_status_text(used[i]), "Error");
	for (i = REFUSAL_NONE + 1; i < REFUSALS_COUNT; i++)
		if (refusal_status((enum refusal)i) != 0)
			assert_string_not_equal(http_status_text(
			    refusal_status((enum refusal)i)), "Error");
	assert_string_equal(http_status_text(499), "Error");
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, 8192);
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
		cmocka_unit_test(each_head_whole),
		cmocka_unit_test(
		    each_head_byte_by_byte_ends_at_the_first_wrong_byte),
		cmocka_unit_test(each_head_cut_anywhere),
		cmocka_unit_test(damaged_heads_do_no_harm),
		cmocka_unit_test(fields_are_found),
		cmocka_unit_test(absent_fields_have_no_place),
		cmocka_unit_test(limits_hold_to_the_byte_and_field),
		cmocka_unit_test(long_lists_take_time_in_proportion),
		cmocka_unit_test(lists_have_tokens),
		cmocka_unit_test(the_accept_key_is_that_of_the_rfc),
		cmocka_unit_test(switching_is_written),
		cmocka_unit_test(refusals_are_written),
		cmocka_unit_test(every_refusal_fits_where_the_header_says),
		cmocka_unit_test(each_status_that_is_used_has_a_phrase),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
