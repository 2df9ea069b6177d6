/* change: what of another configuration counts at once, what is named, and
 * that an index never changes its meaning. */
#include "config.h"

#include "parent/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "parent/conf.h"

static char path[] = "/tmp/wschatd-test-change-XXXXXX";

static struct settings *
load(const char *text)
{
	struct conf_sources sources = { .file = path };
	struct settings *settings = malloc(sizeof(*settings));
	FILE *file = fopen(path, "w");
	struct conf *conf;
	char error[512] = "";

	assert_non_null(file);
	assert_non_null(settings);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	conf = conf_load(&sources, error, sizeof(error));
	if (conf == NULL)
		fail_msg("%s", error);
	*settings = *conf_settings(conf);
	conf_free(conf);
	return settings;
}

/* "+what " for each change that is made, "!what " for each that is not. */
static void
note(void *arg, const struct change *change)
{
	char *told = arg;
	size_t len = strlen(told);

	snprintf(told + len, 1024 - len, "%c%s ", change->is_made ? '+' : '!',
	    change->setting);
}

/* What comes of going from `in_force`, which is freed, to the text. */
static struct settings *
change(struct settings *in_force, const char *text, const char *expected)
{
	struct settings *file = load(text), *next;
	char told[1024] = "";

	next = change_make(in_force, file, note, told);
	assert_non_null(next);
	assert_string_equal(told, expected);
	free(in_force);
	free(file);
	return next;
}

static void
the_same_file_changes_nothing(void **state)
{
	struct settings *first = load("workers = 3\n"), *next;

	(void)state;
	next = change(load("workers = 3\n"), "workers = 3\n", "");
	assert_int_equal(next->route_count, first->route_count);
	assert_memory_equal(next->routes, first->routes,
	    sizeof(next->routes));
	assert_memory_equal(next->listeners, first->listeners,
	    sizeof(next->listeners));
	free(first);
	free(next);
}

static void
what_needs_a_restart_stays_and_the_rest_counts(void **state)
{
	struct settings *s = change(load(
	    "workers = 3\nlog-size = \"4M\"\nuser = \"a\"\nsite = \"/x\"\n"),
	    "workers = 2\nlog-size = \"8M\"\nuser = \"b\"\nsite = \"/y\"\n"
	    "log-level = debug\ntrusted-proxies = \"10.0.0.0/8\"\n"
	    "limits { rooms = 5 }\n",
	    "!workers +log-level !log-size +site !user +trusted-proxies "
	    "+limits.rooms ");

	(void)state;
	assert_int_equal(s->workers, 3);
	assert_int_equal(s->log_size, 4 << 20);
	assert_string_equal(s->user, "a");
	assert_string_equal(s->site, "/y");
	assert_int_equal(s->log_level, 3);
	assert_int_equal(s->trusted_proxy_count, 1);
	assert_int_equal(s->limits.rooms, 5);
	s = change(s, "workers = 4\nlog-size = \"4M\"\nuser = \"a\"\n"
	    "site = \"/y\"\nlog-level = debug\nlimits { rooms = 5 }\n"
	    "trusted-proxies = \"10.0.0.0/8\"\n", "+workers ");
	assert_int_equal(s->workers, 4);
	free(s);
}

static void
routes_keep_their_indexes(void **state)
{
	struct settings *s = change(load(
	    "route \"/a\" {}\nroute \"/b\" { history = 5 }\n"
	    "route \"/c\" { kind = echo }\nroute \"/d\" {}\n"),
	    "route \"/new\" {}\nroute \"/c\" { history = 7 }\n"
	    "route \"/b\" { identity = session history = 6\n"
	    "  limits { message-rate = 1 } }\nroute \"/a\" {}\n",
	    "+route /b: history !route /b: identity "
	    "+route /b: limits.message-rate !route /c: kind !route /d "
	    "!route /new ");

	(void)state;
	assert_int_equal(s->route_count, 4);
	assert_string_equal(s->routes[0].path, "/a");
	assert_string_equal(s->routes[1].path, "/b");
	assert_int_equal(s->routes[1].history, 6);
	assert_int_equal(s->routes[1].identity, SETTINGS_CONNECTION);
	assert_int_equal(s->routes[1].limits.message_rate, 1);
	assert_int_equal(s->routes[2].kind, SETTINGS_ECHO);
	assert_int_equal(s->routes[2].history, 100);
	assert_string_equal(s->routes[3].path, "/d");
	free(s);
}

/* The file is judged with its own log-size; what counts is the old one. */
static void
a_message_fits_into_the_log_that_is_there(void **state)
{
	struct settings *s = change(load("log-size = \"1M\"\n"
	    "route \"/a\" {}\n"),
	    "log-size = \"64M\"\nroute \"/a\" { limits { message-size = \"1M\""
	    " } }\n", "!log-size !route /a: limits.message-size ");

	(void)state;
	assert_int_equal(s->routes[0].limits.message_size, 65536);
	free(s);
}

static void
listeners_keep_their_indexes(void **state)
{
	struct settings *s = load("listen \"127.0.0.1:1\" {}\n"
	    "listen \"127.0.0.1:0\" {}\nlisten \"localhost:0\" {}\n");

	(void)state;
	s = change(s, "listen \"127.0.0.1:0\" {}\nlisten \"[::1]:2\" {}\n"
	    "listen \"localhost:0\" { proxy-protocol = yes }\n"
	    "listen \"fd:7\" {}\n",
	    "+listen 127.0.0.1:1 +listen localhost:0: proxy-protocol "
	    "+listen [::1]:2 !listen fd:7 ");
	assert_int_equal(s->listener_count, 4);
	assert_false(settings_has_listener(s, 0));
	assert_false(s->listeners[1].proxy_protocol);
	assert_true(s->listeners[2].proxy_protocol);
	assert_string_equal(s->listeners[3].address, "[::1]:2");
	s = change(s, "listen \"[::1]:2\" {}\n", "+listen 127.0.0.1:0 "
	    "+listen localhost:0 ");
	assert_int_equal(s->listener_count, 4);
	assert_true(settings_has_listener(s, 3));
	free(s);
}

static void
places_of_listeners_are_used_again(void **state)
{
	char text[128], told[128];
	struct settings *s = load("listen \"127.0.0.1:1\" {}\n");
	int i;

	(void)state;
	for (i = 2; i < 3 * SETTINGS_LISTENERS; i++) {
		snprintf(text, sizeof(text), "listen \"127.0.0.1:%d\" {}\n",
		    i);
		snprintf(told, sizeof(told),
		    "+listen 127.0.0.1:%d +listen 127.0.0.1:%d ", i - 1, i);
		s = change(s, text, told);
	}
	assert_int_equal(s->listener_count, SETTINGS_LISTENERS);
	free(s);
}

static void
of_a_unix_socket_the_owner_stays(void **state)
{
	struct settings *s = change(load(
	    "listen \"unix:/x\" { mode = 0600 }\n"),
	    "listen \"unix:/x\" { mode = 0660 proxy-protocol = yes }\n",
	    "+listen unix:/x: proxy-protocol !listen unix:/x: mode ");

	(void)state;
	assert_int_equal(s->listeners[0].mode, 0600);
	assert_true(s->listeners[0].proxy_protocol);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_changes_nothing),
		cmocka_unit_test(
		    what_needs_a_restart_stays_and_the_rest_counts),
		cmocka_unit_test(routes_keep_their_indexes),
		cmocka_unit_test(a_message_fits_into_the_log_that_is_there),
		cmocka_unit_test(listeners_keep_their_indexes),
		cmocka_unit_test(places_of_listeners_are_used_again),
		cmocka_unit_test(of_a_unix_socket_the_owner_stays),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
