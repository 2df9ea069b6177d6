/* origin: which pages may open a connection. */
#include "config.h"

#include "base/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define LABEL		"abcdefghijklmnopqrstuvwxyz-0123456789."

/* What is no origin, wherever it stands. */
static const char *const malformed[] = {
	"",
	"null ",
	" null",
	"NULL",
	"a.example",
	"a.example:80",
	"//a.example",
	"://a.example",
	"http:a.example",
	"http:/a.example",
	"http//a.example",
	"http://",
	"http://:80",
	"http://a.example/",
	"http://a.example/path",
	"http://a.example?x",
	"http://a.example#x",
	"http://a.example\\",
	"http://user@a.example",
	"http://user:pass@a.example",
	"http://a.example:80@b.example",
	" http://a.example",
	"http://a.example ",
	"http://a .example",
	"http://a.example http://b.example",
	"http://a.example, http://b.example",
	"http://a.example,",
	"http://a.example\t",
	"http://a.example:",
	"http://a.example:0",
	"http://a.example:080",
	"http://a.example:65536",
	"http://a.example:100000",
	"http://a.example:+80",
	"http://a.example:8o",
	"http://a.example:80:80",
	"http://a.example:80/",
	"http://a%2eexample",
	"http://*.example",
	"http://\xc3\xa4.example",
	"http://[::1",
	"http://::1",
	"http://[::1]x",
	"http://[::1]:",
	"http://[]",
	"http://[",
	"http://[192.0.2.1]",
	"http://[fe80::1%25eth0]",
	"http://[::g]",
	"1http://a.example",
	"-x://a.example",
	"ht tp://a.example",
	"http://http://a.example",
	"file:///",
	"*",
};

static const struct {
	const char *origin, *host;
	bool same;
} hosts[] = {
	{ "http://a.example", "a.example", true },
	{ "https://a.example", "a.example", true },
	{ "HTTPS://A.Example", "a.eXAMPLE", true },
	{ "http://" LABEL LABEL "example", LABEL LABEL "example", true },
	{ "http://ABYZ._~", "abyz._~", true },
	/* ports left out are those of the origin's scheme */
	{ "http://a.example:80", "a.example", true },
	{ "http://a.example", "a.example:80", true },
	{ "https://a.example:443", "a.example", true },
	{ "https://a.example", "a.example:443", true },
	{ "http://a.example:8080", "a.example:8080", true },
	{ "http://a.example:65535", "a.example:65535", true },
	{ "http://a.example:1", "a.example:1", true },
	{ "http://a.example:1", "a.example", false },
	{ "http://a.example:10009", "a.example:10008", false },
	{ "https://a.example:8443", "a.example:8443", true },
	{ "http://a.example", "a.example:", true },
	{ "https://a.example:80", "a.example", false },
	{ "http://a.example:443", "a.example", false },
	{ "https://a.example", "a.example:80", false },
	{ "http://a.example", "a.example:443", false },
	{ "http://a.example", "a.example:8080", false },
	{ "http://a.example:8080", "a.example", false },
	{ "http://a.example:8080", "a.example:", false },
	{ "http://a.example:8080", "a.example:8081", false },
	/* other hosts */
	{ "http://b.example", "a.example", false },
	{ "http://a.example.b.example", "a.example", false },
	{ "http://a.example", "a.example.b.example", false },
	{ "http://xa.example", "a.example", false },
	{ "http://a.examplex", "a.example", false },
	{ "http://a.example.", "a.example", false },
	{ "http://www.a.example", "a.example", false },
	/* addresses */
	{ "http://127.0.0.1:9001", "127.0.0.1:9001", true },
	{ "http://127.0.0.1:9001", "localhost:9001", false },
	{ "http://[::1]:9001", "[::1]:9001", true },
	{ "http://[::1]", "[::1]:80", true },
	{ "http://[2001:DB8::1]", "[2001:db8:0:0::1]", true },
	{ "http://[::1]", "[::2]", false },
	{ "http://[::ffff:127.0.0.1]", "127.0.0.1", false },
	{ "http://[::1]", "::1", false },
	/* other schemes */
	{ "ws://a.example", "a.example", false },
	{ "wss://a.example", "a.example", false },
	{ "chrome-extension://a.example", "a.example", false },
	{ "httpx://a.example", "a.example", false },
	{ "htt://a.example", "a.example", false },
	{ "null", "null", false },
	{ "null", "", false },
	/* hosts that are none */
	{ "http://a.example", "", false },
	{ "http://a.example", ":", false },
	{ "http://a.example", ":80", false },
	{ "http://a.example", "a.example::", false },
	{ "http://a.example", "a.example:0", false },
	{ "http://a.example", "a.example:080", false },
	{ "http://a.example", "a.example:65616", false },	/* 80 + 2^16 */
	{ "http://a.example", "user@a.example", false },
	{ "http://a.example", "a.example/", false },
	{ "http://a.example", "http://a.example", false },
	{ "http://a.example", "a.example,a.example", false },
	{ "http://[::1]", "[::1", false },
	{ "http://[::1]", "[", false },
};

static const struct {
	const char *origin, *allowed;
	bool matches;
} lists[] = {
	{ "https://a.example", "https://a.example", true },
	{ "https://a.example", "HTTPS://A.EXAMPLE", true },
	{ "HTTPS://A.EXAMPLE", "https://a.example", true },
	{ "https://a.example:443", "https://a.example", true },
	{ "https://a.example", "https://a.example:443", true },
	{ "http://a.example:80", "http://a.example", true },
	{ "http://a.example:8080", "http://a.example:8080", true },
	{ "http://[2001:db8::1]:81", "http://[2001:DB8:0::1]:81", true },
	{ "moz-extension://0-1-2", "moz-extension://0-1-2", true },
	{ "app://a", "app://a", true },
	{ "app://a:80", "app://a:80", true },
	{ "app://a", "app://a:80", false },
	{ "app://a:80", "app://a", false },
	{ "http://a.example", "https://a.example", false },
	{ "https://a.example", "http://a.example", false },
	{ "http://a.example:443", "https://a.example", false },
	{ "https://a.example:8443", "https://a.example", false },
	{ "https://a.example", "https://a.example:8443", false },
	{ "https://a.example", "https://b.example", false },
	{ "https://a.example.b.example", "https://a.example", false },
	{ "https://b.a.example", "https://a.example", false },
	{ "https://a.example", "https://", false },
	{ "https://a.example", "", false },
	{ "https://a.example", "https://a.example/", false },
	/* all, and none */
	{ "https://a.example", "*", true },
	{ "app://a", "*", true },
	{ "null", "*", false },
	{ "null", "null", true },
	{ "null", "https://a.example", false },
	{ "https://a.example", "null", false },
	{ "nul", "null", false },
	{ "nulll", "null", false },
	{ "Null", "null", false },
};

static struct guard guard;

static int
open_guard(void **state)
{
	(void)state;
	guard_open(&guard, 256);
	return 0;
}

static int
close_guard(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

static bool
is_same(const char *origin, const char *host)
{
	const char *o = (char *)guard_lay(&guard, origin, strlen(origin));

	return origin_is_same_host(o, strlen(origin), host, strlen(host));
}

static bool
is_same_guarded_host(const char *origin, const char *host)
{
	const char *h = (char *)guard_lay(&guard, host, strlen(host));

	return origin_is_same_host(origin, strlen(origin), h, strlen(host));
}

static bool
matches(const char *origin, const char *allowed)
{
	const char *o = (char *)guard_lay(&guard, origin, strlen(origin));

	return origin_matches(o, strlen(origin), allowed);
}

static void
a_page_of_the_same_host_is_known(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hosts); i++)
		if (is_same(hosts[i].origin, hosts[i].host) != hosts[i].same ||
		    is_same_guarded_host(hosts[i].origin, hosts[i].host) !=
		    hosts[i].same)
			fail_msg("'%s' '%s'", hosts[i].origin, hosts[i].host);
}

static void
a_listed_origin_matches_exactly(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lists); i++)
		if (matches(lists[i].origin, lists[i].allowed) !=
		    lists[i].matches)
			fail_msg("'%s' '%s'", lists[i].origin,
			    lists[i].allowed);
}

static void
what_is_malformed_matches_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(malformed); i++)
		if (matches(malformed[i], "*") ||
		    matches(malformed[i], "null") ||
		    matches(malformed[i], malformed[i]) ||
		    matches(malformed[i], "http://a.example") ||
		    is_same(malformed[i], "a.example") ||
		    is_same(malformed[i], "[::1]"))
			fail_msg("'%s'", malformed[i]);
	assert_false(origin_matches("http://a\0b", 10, "*"));
	assert_false(origin_matches("http://a\0b", 10, "http://a"));
	assert_false(origin_matches("null\0", 5, "null"));
	assert_true(origin_matches("http://ab", 8, "http://a"));
}

static void
settings_are_origins_or_one_of_two_words(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lists); i++)
		if (lists[i].matches &&
		    !origin_is_valid_setting(lists[i].allowed))
			fail_msg("'%s'", lists[i].allowed);
	for (i = 0; i < COUNT(malformed); i++)
		if (strcmp(malformed[i], "*") != 0 &&
		    origin_is_valid_setting(malformed[i]))
			fail_msg("'%s'", malformed[i]);
	assert_true(origin_is_valid_setting("*"));
	assert_true(origin_is_valid_setting("null"));
	assert_false(origin_is_valid_setting("**"));
	assert_false(origin_is_valid_setting("nul"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_of_the_same_host_is_known),
		cmocka_unit_test(a_listed_origin_matches_exactly),
		cmocka_unit_test(what_is_malformed_matches_nothing),
		cmocka_unit_test(settings_are_origins_or_one_of_two_words),
	};

	return cmocka_run_group_tests(tests, open_guard, close_guard);
}
