/*
 * test_url - what people write when they mean a server.
 */
#include "config.h"

#include "ws/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
good_ones_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port, *authority, *path, *query;
		bool is_tls;
	} cases[] = {
		{ URL_DEFAULT, "127.0.0.1", "8080", "127.0.0.1:8080",
		    "/chat", "", false },
		{ "ws://h", "h", "80", "h", "/chat", "", false },
		{ "ws://h/", "h", "80", "h", "/", "", false },
		{ "ws://h?x=1", "h", "80", "h", "/chat", "x=1", false },
		{ "ws://h:80/a/b?x=1&y", "h", "80", "h", "/a/b", "x=1&y",
		    false },
		{ "wss://chat.example/lab", "chat.example", "443",
		    "chat.example", "/lab", "", true },
		{ "wss://h:0080/x", "h", "80", "h:80", "/x", "", true },
		{ "ws://[::1]:81/x", "::1", "81", "[::1]:81", "/x", "",
		    false },
		{ "ws://[::1]/x", "::1", "80", "[::1]", "/x", "", false },
		{ "http://h:8080", "h", "8080", "h:8080", "/chat", "",
		    false },
		{ "https://h/", "h", "443", "h", "/chat", "", true },
		{ "http://h:8080/#room=lab", "h", "8080", "h:8080",
		    "/chat/lab", "", false },
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(url_parse(cases[i].text, &url));
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.port, cases[i].port);
		assert_string_equal(url.authority, cases[i].authority);
		assert_string_equal(url.path, cases[i].path);
		assert_string_equal(url.query, cases[i].query);
		assert_int_equal(url.is_tls, cases[i].is_tls);
		assert_string_equal(url.socket, "");
	}
}

static void
sockets_may_have_a_path_behind_them(void **state)
{
	static const struct {
		const char *text, *socket, *path, *query;
	} cases[] = {
		{ "unix:/run/w.sock", "/run/w.sock", "/chat", "" },
		{ "unix:w.sock", "w.sock", "/chat", "" },
		{ "unix:/run/w.sock:/echo", "/run/w.sock", "/echo", "" },
		{ "unix:/run/w.sock:/chat/lab?a=b", "/run/w.sock",
		    "/chat/lab", "a=b" },
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(url_parse(cases[i].text, &url));
		assert_string_equal(url.socket, cases[i].socket);
		assert_string_equal(url.path, cases[i].path);
		assert_string_equal(url.query, cases[i].query);
		assert_string_equal(url.authority, "localhost");
		assert_false(url.is_tls);
	}
}

static void
bad_ones_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "begins with none" },
		{ "chat", "begins with none" },
		{ "ftp://h/", "begins with none" },
		{ "ws:/h/", "begins with none" },
		{ "ws://", "no host" },
		{ "ws://:80/", "no host" },
		{ "ws://[]/", "cannot be" },
		{ "ws://a b/", "a byte" },
		{ "ws://h/\r\nX: y", "a byte" },
		{ "ws://h\xc3\xa4/", "a byte" },
		{ "ws://a!b/", "cannot be" },
		{ "ws://[::g]/", NULL },	/* the resolver refuses it */
		{ "ws://u:p@h/", "a user" },
		{ "ws://h:/", "a port" },
		{ "ws://h:0/", "a port" },
		{ "ws://h:65536/", "a port" },
		{ "ws://h:99999999999999999999/", "a port" },
		{ "ws://h:8o/", "a port" },
		{ "ws://h/#x", "a fragment" },
		{ "http://h/x", "a page" },
		{ "http://h/#room=a/b", "a page" },
		{ "http://h/#room=", "a page" },
		{ "unix:", "no socket" },
		{ "unix:/x:/y#z", "a fragment" },
	};
	struct url url;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = url_parse(cases[i].text, &url);
		if (cases[i].why == NULL)
			continue;
		assert_non_null(why);
		assert_non_null(strstr(why, cases[i].why));
	}
}

static void
what_is_too_long_is_refused(void **state)
{
	char text[3 * URL_TARGET];
	struct url url;

	(void)state;
	snprintf(text, sizeof(text), "unix:/%0200d", 0);
	assert_non_null(url_parse(text, &url));
	snprintf(text, sizeof(text), "ws://%0300d/", 0);
	assert_non_null(url_parse(text, &url));
	snprintf(text, sizeof(text), "ws://h/%0*d", URL_TARGET, 0);
	assert_non_null(url_parse(text, &url));
	snprintf(text, sizeof(text), "ws://h/?%0*d", URL_TARGET, 0);
	assert_non_null(url_parse(text, &url));
	snprintf(text, sizeof(text), "ws://h/%0*d", URL_TARGET - 2, 0);
	assert_null(url_parse(text, &url));
	assert_false(url_set_room(&url, "", "x"));
}

static void
a_room_takes_the_place_of_a_room(void **state)
{
	static const struct {
		const char *path, *old, *room, *result;
	} cases[] = {
		{ "/chat", "", "lab", "/chat/lab" },
		{ "/chat/", "", "lab", "/chat/lab" },
		{ "/chat/lab", "lab", "x", "/chat/x" },
		{ "/chat/lab", "lab", "", "/chat" },
		{ "/chat/lab", "ab", "x", "/chat/lab/x" },
		{ "/chat", "chat", "x", "/x" },
		{ "/", "", "x", "/x" },
		{ "/", "", "", "/" },
		{ "/chat", "", "", "/chat" },
	};
	struct url url;

	(void)state;
	memset(&url, 0, sizeof(url));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(url.path, sizeof(url.path), "%s", cases[i].path);
		assert_true(url_set_room(&url, cases[i].old, cases[i].room));
		assert_string_equal(url.path, cases[i].result);
	}
}

static void
names_of_rooms_are_those_of_the_server(void **state)
{
	static const char *const good[] = {
		"a", "lab", "A-Z_0.9", "..a",
		("0123456789012345678901234567890123456789"
		"012345678901234567890123")
	};
	static const char *const bad[] = {
		"", ".", "..", "a/b", "a b", "\xc3\xa4", "a?", "%41",
		("0123456789012345678901234567890123456789"
		"0123456789012345678901234")
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(url_room_is_good(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(url_room_is_good(bad[i]));
}

static void
the_target_may_say_what_is_known(void **state)
{
	struct url url;
	char out[64];

	(void)state;
	assert_null(url_parse("ws://h/chat", &url));
	assert_true(url_target(&url, UINT64_MAX, out, sizeof(out)));
	assert_string_equal(out, "/chat");
	assert_true(url_target(&url, 0, out, sizeof(out)));
	assert_string_equal(out, "/chat?after=0");
	assert_null(url_parse("ws://h/chat?a=b", &url));
	assert_true(url_target(&url, 17, out, sizeof(out)));
	assert_string_equal(out, "/chat?a=b&after=17");
	assert_false(url_target(&url, 17, out, 18));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(sockets_may_have_a_path_behind_them),
		cmocka_unit_test(bad_ones_are_refused_with_a_reason),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(a_room_takes_the_place_of_a_room),
		cmocka_unit_test(names_of_rooms_are_those_of_the_server),
		cmocka_unit_test(the_target_may_say_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
