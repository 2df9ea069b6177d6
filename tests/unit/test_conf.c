/* conf, grammar, value: what configurations mean and what is wrong in them. */
#include "config.h"

#include "parent/conf.h"

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
	assert_string_equal(s->listeners[0], "127.0.0.1:8080");
	assert_int_equal(s->route_count, 2);
	assert_string_equal(s->routes[0].path, "/chat");
	assert_int_equal(s->routes[0].kind, SETTINGS_CHAT);
	assert_string_equal(s->routes[0].greeting,
	    "You are connected! There are %u users here.");
	assert_string_equal(s->routes[0].message, "[%n]: %t");
	assert_int_equal(s->routes[0].history, 100);
	assert_int_equal(s->routes[0].replay, 0);
	assert_false(s->routes[0].announce);
	assert_int_equal(s->routes[0].limits.message_rate, 20);
	assert_string_equal(s->routes[1].path, "/echo");
	assert_int_equal(s->routes[1].kind, SETTINGS_ECHO);
	assert_int_equal(s->routes[1].limits.message_size, 16 << 20);
	assert_int_equal(s->routes[1].limits.fragments, 0);
	assert_int_equal(s->routes[1].limits.message_rate, 0);
	assert_int_equal(s->routes[1].limits.backlog, 1 << 20);
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
	    "  history = 9 replay = 9\n"
	    "  limits { message-size = 1000 } }\n", NULL);
	const struct settings *s = conf_settings(conf);

	(void)state;
	assert_int_equal(s->listener_count, 2);
	assert_string_equal(s->listeners[1], "[::1]:81");
	assert_int_equal(s->workers, 7);
	assert_int_equal(s->log_size, 4 << 20);
	assert_int_equal(s->log_level, 3);
	assert_int_equal(s->limits.message_rate, 5);
	assert_int_equal(s->limits.ping_timeout_ms, 250);
	assert_false(s->limits.loopback_exempt);
	assert_int_equal(s->route_count, 2);
	assert_int_equal(s->routes[0].kind, SETTINGS_ECHO);
	assert_int_equal(s->routes[0].limits.message_rate, 5);
	assert_string_equal(s->routes[1].greeting, "");
	assert_true(s->routes[1].announce);
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
	assert_string_equal(conf_settings(conf)->listeners[0],
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
		{ "listen \"foo\" {}", ":1: listen \"foo\": not of the form "
		  "ADDRESS:PORT or [ADDRESS]:PORT" },
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
		{ "route \"/a\" { replay = 101 }", ": route \"/a\": replay "
		  "(101) is more than history (100)" },
		{ "log-size = \"1M\" limits { message-size = \"128K\" }",
		  ": route \"/chat\": limits.message-size (128K) is more than "
		  "a sixteenth of log-size (1M)" },
		{ "limits { message-burst = 0 }", ": limits.message-burst is "
		  "0, so that nothing ever passes; message-rate = 0 switches "
		  "the limit off" },
		{ "limits {\n", ":2: section \"limits\" is not closed" },
		{ "workers = 1 /* x", ":2: a comment is not closed" },
		{ "site = \"x\n", ":2: premature end of file" },
		{ "}", ":1: unexpected closing brace" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_error(cases[i].text, cases[i].error);
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
	    "route \"/b\" { limits { backlog = 77 } }", NULL), *second;
	struct settings one = *conf_settings(first), two;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_string_equal(one.site, "/a\"b\\c$d");
	conf_print(first, out);
	assert_int_equal(fclose(out), 0);
	second = load(text, NULL);
	two = *conf_settings(second);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_non_null(strstr(text, "# default"));
	assert_non_null(strstr(text, "# the limits of all"));
	assert_non_null(strstr(text, path));
	free(text);
	conf_free(first);
	conf_free(second);
}

static void
distances_are_counted(void **state)
{
	(void)state;
	assert_int_equal(value_distance("", ""), 0);
	assert_int_equal(value_distance("abc", "abc"), 0);
	assert_int_equal(value_distance("abc", ""), 3);
	assert_int_equal(value_distance("rouet", "route"), 1);
	assert_int_equal(value_distance("kitten", "sitting"), 3);
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
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(what_is_printed_reads_as_the_same),
		cmocka_unit_test(distances_are_counted),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
