/* conf, grammar, value: what configurations mean and what is wrong in them. */
#include "config.h"

#include "parent/conf.h"
#include "parent/printout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "parent/value.h"

static char path[] = "/tmp/wschatd-test-conf-XXXXXX";

static void
write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct conf *
load(const char *text, const char *option)
{
	struct conf_sources sources = { .file = path };
	struct conf *conf;
	char error[512] = "";

	write_file(text);
	if (option != NULL)
		sources.options[sources.option_count++] = option;
	conf = conf_load(&sources, error, sizeof(error));
	if (conf == NULL)
		fail_msg("%s", error);
	return conf;
}

/* The message after the file's name. */
static void
expect_error(const char *text, const char *expected)
{
	struct conf_sources sources = { .file = path };
	char error[512] = "";

	write_file(text);
	assert_null(conf_load(&sources, error, sizeof(error)));
	assert_memory_equal(error, path, strlen(path));
	assert_string_equal(error + strlen(path), expected);
}

static void
an_empty_file_has_the_defaults(void **state)
{
	struct conf *conf = load("", NULL);
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_in_range(s->workers, 1, SETTINGS_WORKERS);
	assert_int_equal(s->log_size, 64 << 20);
	assert_int_equal(s->limits.message_size, 65536);
	assert_int_equal(s->limits.ping_interval_ms, 25000);
	assert_true(s->limits.loopback_exempt);
	assert_int_equal(s->listener_count, 1);
	assert_string_equal(s->listeners[0].address, "127.0.0.1:8080");
	assert_int_equal(s->route_count, 3);
	assert_string_equal(s->routes[0].path, "/chat");
	assert_int_equal(s->routes[0].kind, SETTINGS_CHAT);
	assert_string_equal(s->routes[0].greeting,
	    "You are connected! There are %u users here.");
	assert_string_equal(s->routes[0].message, "[%n]: %t");
	assert_int_equal(s->routes[0].history, 100);
	assert_int_equal(s->routes[0].replay, 0);
	assert_false(s->routes[0].announce);
	assert_true(s->routes[0].commands);
	assert_true(s->routes[0].list_rooms);
	assert_int_equal(s->routes[0].limits.message_rate, 20);
	assert_int_equal(s->routes[0].identity, SETTINGS_CONNECTION);
	assert_int_equal(s->routes[0].grace_ms, 60000);
	assert_string_equal(s->routes[1].path, "/ws");
	assert_int_equal(s->routes[1].kind, SETTINGS_CHAT);
	assert_int_equal(s->routes[1].identity, SETTINGS_SESSION);
	assert_string_equal(s->routes[1].greeting, "");
	assert_string_equal(s->routes[1].message, "[%n] %t");
	assert_int_equal(s->routes[1].first_user, 1);
	assert_int_equal(s->routes[1].history, 100);
	assert_int_equal(s->routes[1].replay, 100);
	assert_true(s->routes[1].announce);
	assert_int_equal(s->routes[1].limits.message_rate, 20);
	assert_string_equal(s->routes[2].path, "/echo");
	assert_int_equal(s->routes[2].kind, SETTINGS_ECHO);
	assert_int_equal(s->routes[2].limits.message_size, 16 << 20);
	assert_int_equal(s->routes[2].limits.fragments, 0);
	assert_int_equal(s->routes[2].limits.message_rate, 0);
	assert_int_equal(s->routes[2].limits.backlog, 1 << 20);
	conf_free(conf);
}

static void
values_are_taken(void **state)
{
	struct conf *conf = load(
	    "listen \"0.0.0.0:80\" {}\nlisten \"[::1]:81\" {}\n"
	    "workers = 7\nlog-size = \"3M\"\nlog-level = debug\n"
	    "limits { message-rate = 5 ping-timeout = 0.25 }\n"
	    "limits { loopback-exempt = off }\n"
	    "route \"/a/b\" { kind = echo }\n"
	    "route \"/c\" { greeting = \"\" announce = true\n"
	    "  history = 9 replay = 9 commands = no\n"
	    "  limits { message-size = 1000 } }\n"
	    "route \"/d\" { list-rooms = no }\n", NULL);
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_int_equal(s->listener_count, 2);
	assert_string_equal(s->listeners[1].address, "[::1]:81");
	assert_int_equal(s->workers, 7);
	assert_int_equal(s->log_size, 4 << 20);
	assert_int_equal(s->log_level, 3);
	assert_int_equal(s->limits.message_rate, 5);
	assert_int_equal(s->limits.ping_timeout_ms, 250);
	assert_false(s->limits.loopback_exempt);
	assert_int_equal(s->route_count, 3);
	assert_int_equal(s->routes[0].kind, SETTINGS_ECHO);
	assert_int_equal(s->routes[0].limits.message_rate, 5);
	assert_string_equal(s->routes[1].greeting, "");
	assert_true(s->routes[1].announce);
	assert_false(s->routes[1].commands);
	assert_true(s->routes[1].list_rooms);
	assert_true(s->routes[2].commands);
	assert_false(s->routes[2].list_rooms);
	assert_int_equal(s->routes[1].limits.message_size, 1000);
	assert_int_equal(s->routes[1].limits.ping_timeout_ms, 250);
	conf_free(conf);
}

static void
options_change_what_the_file_says(void **state)
{
	struct conf *conf = load(
	    "limits { message-rate = 5 message-burst = 6 }\n"
	    "route \"/c\" { limits { backlog = \"9K\" } }\n",
	    "limits { message-rate = 0 } route \"/c\" { history = 3 }"
	    "route \"/d\" {}");
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_int_equal(s->limits.message_rate, 0);
	assert_int_equal(s->limits.message_burst, 6);
	assert_int_equal(s->route_count, 2);
	assert_int_equal(s->routes[0].history, 3);
	assert_int_equal(s->routes[0].limits.backlog, 9 << 10);
	assert_int_equal(s->routes[0].limits.message_rate, 0);
	assert_string_equal(s->routes[1].path, "/d");
	conf_free(conf);
}

static void
no_limit_on_a_chat_route_is_what_the_log_takes(void **state)
{
	struct conf *conf = load("log-size = \"1M\"\n"
	    "limits { message-size = 0 }\n"
	    "route \"/c\" {} route \"/e\" { kind = echo }", NULL);
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_int_equal(s->routes[0].limits.message_size, 65536);
	assert_int_equal(s->routes[1].limits.message_size, 0);
	conf_free(conf);
}

static void
the_command_line_has_the_last_word(void **state)
{
	struct conf_sources sources = {
		.file = path, .listeners = { "127.0.0.1:0" },
		.listener_count = 1, .workers = 3
	};
	struct conf *conf;
	char error[512];

	(void)state;
	write_file("workers = 9\nlisten \"127.0.0.1:9\" {}\n");
	conf = conf_load(&sources, error, sizeof(error));
	assert_non_null(conf);
	assert_int_equal(conf_settings(conf)->workers, 3);
	assert_int_equal(conf_settings(conf)->listener_count, 1);
	assert_string_equal(conf_settings(conf)->listeners[0].address,
	    "127.0.0.1:0");
	conf_free(conf);
}

static void
a_missing_file_is_fine_unless_it_was_named(void **state)
{
	struct conf_sources sources = {
		.file = "/nonexistent/wschatd.conf", .file_may_miss = true
	};
	struct conf *conf;
	char error[512];

	(void)state;
	conf = conf_load(&sources, error, sizeof(error));
	assert_non_null(conf);
	assert_string_equal(conf_settings(conf)->source, "");
	conf_free(conf);
	sources.file_may_miss = false;
	assert_null(conf_load(&sources, error, sizeof(error)));
	assert_string_equal(error, "/nonexistent/wschatd.conf: "
	    "No such file or directory");
	sources.file = "/tmp";
	assert_null(conf_load(&sources, error, sizeof(error)));
}

static void
errors_name_line_and_setting(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "workers = 1\nlimits {\n message-siz = 5\n}",
		  ":3: limits.message-siz: unknown setting; did you mean "
		  "\"message-size\"?" },
		{ "\nrouet \"/x\" {}",
		  ":2: rouet: unknown setting; did you mean \"route\"?" },
		{ "message-size = 5", ":1: message-size: unknown setting "
		  "here; it stands in limits { }" },
		{ "route \"/a\" { limits { connections = 1 } }",
		  ":1: limits.connections: unknown setting here; it stands in "
		  "the limits of all, not of a route" },
		{ "limits {\nmessage-size = \"64Q\" }", ":2: "
		  "limits.message-size: \"64Q\" is not a size such as 64K" },
		{ "limits { head-size = 1 }",
		  ":1: limits.head-size: 1 is not between 512 and 1M" },
		{ "limits { ping-timeout = 1.2.3 }", ":1: "
		  "limits.ping-timeout: \"1.2.3\" is not a number of "
		  "seconds" },
		{ "limits { loopback-exempt = maybe }", ":1: "
		  "limits.loopback-exempt: \"maybe\" is not yes or no" },
		{ "log-level = loud", ":1: log-level: \"loud\" is none of "
		  "error, warning, info, debug" },
		{ "workers = 257",
		  ":1: workers: 257 is not between 0 and 256" },
		{ "listen \"foo\" {}", ":1: listen \"foo\": is not of the form "
		  "ADDRESS:PORT, [ADDRESS]:PORT, unix:/PATH, fd:NUMBER or "
		  "fd:NAME" },
		{ "listen \"unix:run/x\" {}", ":1: listen \"unix:run/x\": "
		  "has no absolute path" },
		{ "listen \"unix:/a\tb\" {}", ":1: listen \"unix:/a\tb\": "
		  "has a control character" },
		{ "listen \"fd:2\" {}", ":1: listen \"fd:2\": is not fd: and "
		  "a name, or a number of 3 or more" },
		{ "listen \"fd:3x\" {}", ":1: listen \"fd:3x\": is not fd: "
		  "and a name, or a number of 3 or more" },
		{ "listen \"[::1]:1\" {\n tls-key = \"a\"\n}", ":3: listen "
		  "\"[::1]:1\": tls-key needs tls-certificate" },
		{ "listen \"[::1]:1\" { tls-certificate = \"a\" }", ":1: "
		  "listen \"[::1]:1\": tls-certificate needs tls-key" },
		{ "listen \"[::1]:1\" { tls-certificate = { \"a\", \"b\" }\n"
		  "tls-key = \"a\" }", ":2: listen \"[::1]:1\": "
		  "tls-certificate and tls-key are lists of one length" },
		{ "listen \"[::1]:1\" { tls-client-ca = \"a\" }", ":1: "
		  "listen \"[::1]:1\": tls-client-ca needs tls-certificate" },
		{ "listen \"[::1]:1\" { tls-client = optional }", ":1: "
		  "listen \"[::1]:1\": tls-client needs tls-client-ca" },
		{ "listen \"[::1]:1\" { mode = 0600 }", ":1: listen "
		  "\"[::1]:1\": mode is for unix:/PATH alone" },
		{ "listen \"fd:3\" { owner = root }", ":1: listen "
		  "\"fd:3\": owner is for unix:/PATH alone" },
		{ "listen \"fd:3\" { group = root }", ":1: listen "
		  "\"fd:3\": group is for unix:/PATH alone" },
		{ "listen \"unix:/a\" { mode = 0668 }", ":1: listen.mode: "
		  "\"0668\" is not permissions such as 0660" },
		{ "listen \"unix:/a\" { mode = 1777 }", ":1: listen.mode: "
		  "1777 is not between 0000 and 0777" },
		{ "mode = 0600", ":1: mode: unknown setting here; it stands "
		  "in a listener" },
		{ "trusted-proxies = {\n\"10.0.0.0/8\",\n\"10.0.0.0/33\" }",
		  ":3: trusted-proxies: \"10.0.0.0/33\" has a prefix "
		  "longer than the address" },
		{ "trusted-proxies = { \"::1\", \"\" }", ":1: "
		  "trusted-proxies: has 0 bytes, not 1 to 64" },
		{ "trusted-proxies = { \"::1\"", ":2: a list is not closed" },
		{ "forwarded-by = via", ":1: forwarded-by: \"via\" is none of "
		  "x-forwarded-for, forwarded" },
		{ "route \"/a\" { origins = \"https://a.b/\" }", ":1: "
		  "route.origins: \"https://a.b/\" is not an origin such as "
		  "https://example.org, without a path" },
		{ "route \"/x\" {}\nroute \"/x\" {}",
		  ":2: \"/x\" stands here a second time" },
		{ "route \"x\" {}",
		  ":1: route \"x\": the path does not begin with /" },
		{ "route \"/healthz/x\" {}",
		  ":1: route \"/healthz/x\": the path is the server's own" },
		{ "route \"/a\" { greeting = \"%s\" }", ":1: route.greeting: "
		  "\"%s\" means nothing here; there is %u and %%" },
		{ "route \"/a\" { message = \"%u\" }", ":1: route.message: "
		  "\"%u\" means nothing here; there are %n, %t and %%" },
		{ "route \"/a\" { message = \"\xff\" }", ":1: route.message: "
		  "has a control character or is not UTF-8" },
		{ "route \"/a\" { replay = 101 }", ":1: route \"/a\": replay "
		  "(101) is more than history (100)" },
		{ "route \"/a\" { kind = echo identity = session }",
		  ":1: route \"/a\": identity is a setting of chat routes" },
		{ "route \"/a\" { kind = echo grace = 60 }",
		  ":1: route \"/a\": grace is a setting of chat routes" },
		{ "log-size = \"1M\" limits { message-size = \"128K\" }",
		  ":1: route \"/chat\": limits.message-size (128K) is more "
		  "than a sixteenth of log-size (1M)" },
		{ "limits { message-burst = 0 }", ":1: limits.message-burst is "
		  "0, so that nothing ever passes; message-rate = 0 switches "
		  "the limit off" },
		{ "log-size = \"1M\"\nroute \"/a\" {}\n"
		  "route \"/b\" {\nlimits {\nmessage-size = \"1M\" } }",
		  ":5: route \"/b\": limits.message-size (1M) is more than a "
		  "sixteenth of log-size (1M)" },
		{ "\ncontrol = \"here\"", ":2: control = \"here\": is not a "
		  "path that begins with /" },
		{ "limits {\n", ":2: section \"limits\" is not closed" },
		{ "listen \"127.0.0.1:0\" {\nroute \"/a\" {}",
		  ":2: route stands outside of all sections; is section "
		  "\"listen\" before it not closed?" },
		{ "site = \"/x\nworkers = 1\n",
		  ":3: the file ends in the midst of a text or a setting; a "
		  "quotation mark may be missing" },
		{ "workers = 1 /* x", ":2: a comment is not closed" },
		{ "}", ":1: unexpected closing brace" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_error(cases[i].text, cases[i].error);
}

static void
listeners_have_settings(void **state)
{
	struct conf *conf = load(
	    "listen \"unix:/run/x.sock\" {\n"
	    " mode = 660 owner = root group = \"www-data\" }\n"
	    "listen \"fd:3\" { proxy-protocol = yes }\n"
	    "listen \"0.0.0.0:443\" {\n"
	    " tls-certificate = { \"/a b\", \"c\" } tls-key = { d, e }\n"
	    " tls-client-ca = \"/ca\" tls-client = optional }\n", NULL);
	const struct settings_listener *at = conf_settings(conf)->listeners;

	(void)state;
	assert_int_equal(conf_settings(conf)->listener_count, 3);
	assert_string_equal(at->address, "unix:/run/x.sock");
	assert_int_equal(at->mode, 0660);
	assert_string_equal(at->owner, "root");
	assert_string_equal(at->group, "www-data");
	assert_false(at->proxy_protocol);
	assert_string_equal(at->tls_certificate, "");
	at++;
	assert_true(at->proxy_protocol);
	assert_int_equal(at->mode, 0666);
	at++;
	assert_memory_equal(at->tls_certificate, "/a b\0c\0", 8);
	assert_memory_equal(at->tls_key, "d\0e\0", 5);
	assert_string_equal(at->tls_client_ca, "/ca");
	assert_int_equal(at->tls_client, SETTINGS_CLIENT_OPTIONAL);
	conf_free(conf);
}

static void
lists_are_taken(void **state)
{
	struct conf *conf = load(
	    "trusted-proxies = { \"10.0.0.0/8\", \"unix:\", \"fd00::/8\" }\n"
	    "forwarded-by = forwarded accept-then-close = yes\n"
	    "route \"/a\" { origins = \"https://example.org\"\n"
	    " allow-no-origin = no deflate = yes deflate-min-size = 9\n"
	    " deflate-context-takeover = yes }\n"
	    "route \"/b\" { origins = \"*\" } route \"/c\" {}",
	    "route \"/b\" { origins = {} }");
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_int_equal(s->trusted_proxy_count, 3);
	assert_int_equal(s->trusted[0].bits, 104);
	assert_int_equal(s->trusted[1].bits, 128);
	assert_int_equal(s->trusted[2].bits, 8);
	assert_int_equal(s->forwarded_by, SETTINGS_FORWARDED);
	assert_true(s->accept_then_close);
	assert_memory_equal(s->routes[0].origins, "https://example.org\0", 21);
	assert_false(s->routes[0].allow_no_origin);
	assert_true(s->routes[0].deflate);
	assert_int_equal(s->routes[0].deflate_min_size, 9);
	assert_true(s->routes[0].deflate_context_takeover);
	assert_string_equal(s->routes[1].origins, "");
	assert_string_equal(s->routes[2].origins, "");
	assert_true(s->routes[2].allow_no_origin);
	assert_false(s->routes[2].deflate);
	assert_int_equal(s->routes[2].deflate_min_size, 256);
	assert_false(s->routes[2].deflate_context_takeover);
	conf_free(conf);
}

static void
lists_have_an_end(void **state)
{
	static char text[8192];
	struct conf *conf;
	size_t at, i;

	(void)state;
	/* 1022 bytes with their NULs, and the one that ends the list. */
	at = (size_t)snprintf(text, sizeof(text),
	    "listen \"fd:3\" { tls-key = k tls-certificate = \"%01022d\" }",
	    0);
	conf = load(text, NULL);
	assert_int_equal(strlen(
	    conf_settings(conf)->listeners[0].tls_certificate), 1022);
	conf_free(conf);
	snprintf(text, sizeof(text), "listen \"fd:3\" {\n"
	    "tls-key = { k, k } tls-certificate = { \"%01021d\", \"a\" } }",
	    0);
	expect_error(text, ":2: listen.tls-certificate: has more than 1022 "
	    "bytes");
	at = (size_t)snprintf(text, sizeof(text), "trusted-proxies = {");
	for (i = 0; i < 65; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%s\"10.0.0.%zu\"", i > 0 ? ", " : "", i);
	snprintf(text + at, sizeof(text) - at, "}");
	expect_error(text, ":1: trusted-proxies: more than 64 networks");
}

static void
a_unix_path_fits_into_an_address(void **state)
{
	char text[512], expected[512];
	struct conf *conf;

	(void)state;
	snprintf(text, sizeof(text), "listen \"unix:/%0106d\" {}", 0);
	conf = load(text, NULL);
	assert_int_equal(strlen(conf_settings(conf)->listeners[0].address),
	    112);
	conf_free(conf);
	snprintf(text, sizeof(text), "listen \"unix:/%0107d\" {}", 0);
	snprintf(expected, sizeof(expected), ":1: listen \"unix:/%0107d\": "
	    "has a path of more than 107 bytes", 0);
	expect_error(text, expected);
}

static void
bad_paths_are_refused(void **state)
{
	static const char *const paths[] = {
		"", "/", "//", "/a/", "/a//b", "/..", "/a/./b", "/a b", "/%41",
		"/\xc3\xa4", "/healthz", "a",
		("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	};
	struct conf_sources sources = { .file = path };
	char text[256], error[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(text, sizeof(text), "route \"%s\" {}", paths[i]);
		write_file(text);
		if (conf_load(&sources, error, sizeof(error)) != NULL)
			fail_msg("%s", paths[i]);
	}
}

/* What -T prints is a file that means the same. */
static void
what_is_printed_reads_as_the_same(void **state)
{
	struct conf *first = load("workers = 2 site = \"/a\\\"b\\\\c\\$d\"\n"
	    "limits { ping-timeout = 0.25 message-rate = 7 }\n"
	    "route \"/a\" { greeting = \"100%% \xc3\xa4 # x\" }"
	    "route \"/b\" { limits { backlog = 77 } origins = \"*\"\n"
	    " deflate = on }"
	    "trusted-proxies = { \"::/0\", \"unix:\" }"
	    "listen \"unix:/a\\\"b$\" { mode = 0640 owner = u }"
	    "listen \"fd:9\" { tls-certificate = { \"a \\\\b\", c }\n"
	    " tls-key = { d, e } }"
	    "listen \"[::]:1\" { tls-certificate = a tls-key = b\n"
	    " tls-client-ca = c tls-client = optional\n"
	    " proxy-protocol = on }", NULL), *second;
	struct settings one = *conf_settings(first), two;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_string_equal(one.site, "/a\"b\\c$d");
	printout_write(first, out);
	assert_int_equal(fclose(out), 0);
	second = load(text, NULL);
	two = *conf_settings(second);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_non_null(strstr(text, "# default"));
	assert_non_null(strstr(text, "# the limits of all"));
	assert_non_null(strstr(text, path));
	assert_non_null(strstr(text, ":2\n"));
	free(text);
	conf_free(first);
	conf_free(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_has_the_defaults),
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(options_change_what_the_file_says),
		cmocka_unit_test(
		    no_limit_on_a_chat_route_is_what_the_log_takes),
		cmocka_unit_test(the_command_line_has_the_last_word),
		cmocka_unit_test(a_missing_file_is_fine_unless_it_was_named),
		cmocka_unit_test(errors_name_line_and_setting),
		cmocka_unit_test(listeners_have_settings),
		cmocka_unit_test(lists_are_taken),
		cmocka_unit_test(lists_have_an_end),
		cmocka_unit_test(a_unix_path_fits_into_an_address),
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(what_is_printed_reads_as_the_same),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
