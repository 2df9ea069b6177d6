/*
 * test_render - what a text client gets to see, byte for byte.
 */
#include "config.h"

#include "worker/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BREAK	"\xe2\x90\xa4"		/* U+2424 */

static void
assert_line(const struct buf *b, const char *line)
{
	assert_int_equal(buf_len(b), strlen(line));
	assert_memory_equal(buf_head(b), line, strlen(line));
}

static void
a_message_has_the_routes_form(void **state)
{
	static const struct {
		const char *form, *name, *text, *line;
	} cases[] = {
		{ "[%n]: %t", "user0", "hello", "[user0]: hello" },
		{ "[%n]: %t", "user0", "", "[user0]: " },
		{ "%t", "user0", "bare", "bare" },
		{ "%n said: %t", "a", "b", "a said: b" },
		{ "100%% %n%% %t%%", "a", "b", "100% a% b%" },
		{ "%t%t%n%n", "a", "b", "bbaa" },
		{ "fixed", "a", "b", "fixed" },
		{ "", "a", "b", "" },
		{ "[%n]: %t", "x\ny", "%n%t\n", "[x" BREAK "y]: %n%t" BREAK },
	};
	static struct settings_route route;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(route.message, sizeof(route.message), "%s",
		    cases[i].form);
		assert_true(render_message(&b, &route,
		    (const uint8_t *)cases[i].name, strlen(cases[i].name),
		    (const uint8_t *)cases[i].text, strlen(cases[i].text)));
		assert_line(&b, cases[i].line);
		buf_reset(&b);
	}
	buf_clear(&b);
}

static void
greetings_count_and_announcements_name(void **state)
{
	static struct settings_route route;
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(render_greeting(&b, &route, 1));
	assert_int_equal(buf_len(&b), 0);
	strcpy(route.greeting,
	    "You are connected! There are %u users here.");
	assert_true(render_greeting(&b, &route, 1));
	assert_line(&b, "You are connected! There are 1 users here.");
	buf_reset(&b);
	strcpy(route.greeting, "%u%% %u");
	assert_true(render_greeting(&b, &route, UINT64_MAX));
	assert_line(&b,
	    "18446744073709551615% 18446744073709551615");
	buf_reset(&b);
	/* As many numbers as a form can have. */
	for (size_t i = 0; i + 1 < sizeof(route.greeting); i++)
		route.greeting[i] = i % 2 ? 'u' : '%';
	route.greeting[sizeof(route.greeting) - 2] = '\0';
	assert_true(render_greeting(&b, &route, UINT64_MAX));
	assert_int_equal(buf_len(&b), 20 * 127);
	buf_reset(&b);
	assert_true(render_announcement(&b, "[server] Member left: ",
	    (const uint8_t *)"user1\n", 6));
	assert_line(&b,
	    "[server] Member left: user1" BREAK ".");
	/* The next one comes behind it. */
	assert_true(render_announcement(&b, "", (const uint8_t *)"a", 1));
	assert_line(&b, "[server] Member left: user1" BREAK ".a.");
	buf_clear(&b);
}

static void
an_action_names_who_acts(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(render_action(&b, (const uint8_t *)"user0", 5,
	    (const uint8_t *)"waves", 5));
	assert_line(&b, "* user0 waves");
	buf_reset(&b);
	assert_true(render_action(&b, (const uint8_t *)"a\n", 2,
	    (const uint8_t *)"x\r\n* b y", 8));
	assert_line(&b, "* a" BREAK " x" BREAK "* b y");
	buf_clear(&b);
}

static void
an_echo_may_have_a_form(void **state)
{
	static struct settings_route route;
	struct buf b;

	(void)state;
	buf_init(&b);
	strcpy(route.echo, "You said: %t");
	assert_true(render_echo(&b, &route, (const uint8_t *)"a\nb", 3));
	assert_line(&b, "You said: a\nb");
	buf_reset(&b);
	strcpy(route.echo, "%t%% of %t");
	assert_true(render_echo(&b, &route, (const uint8_t *)"99", 2));
	assert_line(&b, "99% of 99");
	buf_reset(&b);
	assert_true(render_echo(&b, &route, NULL, 0));
	assert_line(&b, "% of ");
	buf_clear(&b);
}

static void
renames_tell_both_names(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_true(render_rename(&b, (const uint8_t *)"user0", 5,
	    (const uint8_t *)"a\nb", 3));
	assert_line(&b, "[server] Member renamed from user0 to a" BREAK "b.");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_the_routes_form),
		cmocka_unit_test(greetings_count_and_announcements_name),
		cmocka_unit_test(an_action_names_who_acts),
		cmocka_unit_test(an_echo_may_have_a_form),
		cmocka_unit_test(renames_tell_both_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
