/*
 * test_slash - what is typed, taken apart and completed.
 */
#include "config.h"

#include "client/slash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/completion.h"

static void
lines_are_texts_or_commands(void **state)
{
	static const struct {
		const char *line;
		enum slash_kind kind;
		const char *argument, *text;
	} cases[] = {
		{ "hello", SLASH_SAY, NULL, "hello" },
		{ "/etc/hosts is wrong", SLASH_SAY, NULL,
		    "/etc/hosts is wrong" },
		{ "/", SLASH_SAY, NULL, "/" },
		{ "/123", SLASH_SAY, NULL, "/123" },
		{ "/ foo", SLASH_SAY, NULL, "/ foo" },
		{ "/who?", SLASH_SAY, NULL, "/who?" },
		{ "/caf\xc3\xa9", SLASH_SAY, NULL, "/caf\xc3\xa9" },
		{ "//who", SLASH_SAY, NULL, "/who" },
		{ "//", SLASH_SAY, NULL, "/" },
		{ " /who", SLASH_SAY, NULL, " /who" },
		{ "exit", SLASH_QUIT, NULL, NULL },
		{ "exit now", SLASH_SAY, NULL, "exit now" },
		{ "/exit", SLASH_QUIT, NULL, NULL },
		{ "/quit see you", SLASH_QUIT, NULL, NULL },
		{ "/help", SLASH_HELP, NULL, NULL },
		{ "/help nick", SLASH_HELP, NULL, NULL },
		{ "/who", SLASH_WHO, NULL, NULL },
		{ "/WHO", SLASH_WHO, NULL, NULL },
		{ "/nick anna", SLASH_NICK, "anna", NULL },
		{ "/user  anna ", SLASH_NICK, "anna", NULL },
		{ "/nick", SLASH_WRONG, NULL, NULL },
		{ "/nick a b", SLASH_WRONG, NULL, NULL },
		{ "/join lab", SLASH_JOIN, "lab", NULL },
		{ "/join", SLASH_JOIN, "", NULL },
		{ "/join a b", SLASH_WRONG, NULL, NULL },
		{ "/me  waves at all", SLASH_ME, NULL, "waves at all" },
		{ "/me", SLASH_WRONG, NULL, NULL },
		{ "/whisper anna,bert hi  there", SLASH_WHISPER, "anna,bert",
		    "hi  there" },
		{ "/w anna hi", SLASH_WHISPER, "anna", "hi" },
		{ "/MSG anna hi", SLASH_WHISPER, "anna", "hi" },
		{ "/w anna", SLASH_WRONG, NULL, NULL },
		{ "/w", SLASH_WRONG, NULL, NULL },
		{ "/foo bar", SLASH_UNKNOWN, NULL, NULL },
		{ "/abcdefghijklmnopqrstuvwxyzabcdefghijklmn", SLASH_UNKNOWN,
		    NULL, NULL },
	};
	struct slash slash;
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "%s", cases[i].line);
		slash_parse(line, &slash);
		assert_int_equal(slash.kind, cases[i].kind);
		if (cases[i].argument != NULL)
			assert_string_equal(slash.argument,
			    cases[i].argument);
		if (cases[i].text != NULL)
			assert_string_equal(slash.text, cases[i].text);
	}
}

static void
every_command_tells_how_it_is_used(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; slash_word(i) != NULL; i++) {
		assert_int_equal(slash_usage(slash_at(i))[0], '/');
		assert_memory_equal(slash_usage(slash_at(i)) + 1,
		    slash_word(i), strlen(slash_word(i)));
		assert_true(strlen(slash_help(slash_at(i))) > 0);
	}
	assert_int_equal(i, 9);
}

static void
complete(const char *before, const struct names *names, size_t count,
    const char *insert)
{
	struct completion found;

	completion_find(&found, before, strlen(before), names);
	assert_int_equal(found.count, count);
	assert_string_equal(found.insert, insert);
}

static void
tab_completes_commands_and_names(void **state)
{
	struct names names;

	(void)state;
	names_init(&names);
	names_add(&names, "anna");
	names_add(&names, "anton");
	names_add(&names, "J\xc3\xb6rg");
	names_add(&names, "J\xc3\xbcrgen");
	names_add(&names, "user10");
	complete("", &names, 0, "");
	complete("/", &names, 9, "");
	complete("/he", &names, 1, "lp ");
	complete("/wh", &names, 2, "");
	complete("/x", &names, 0, "");
	complete("a", &names, 2, "n");
	complete("an", &names, 2, "");
	complete("ann", &names, 1, "a: ");
	complete("AnN", &names, 1, "a: ");
	complete("hi ann", &names, 1, "a ");
	complete("hi @ann", &names, 1, "a ");
	complete("/w anna,ant", &names, 1, "on ");
	complete("/nick /u", &names, 0, "");
	complete("J", &names, 2, "");
	complete("hi ", &names, 0, "");
	names_clear(&names);
}

static void
names_come_and_go(void **state)
{
	struct names names;
	char name[16];

	(void)state;
	names_init(&names);
	names_remove(&names, "a");
	names_add(&names, "a");
	names_add(&names, "a");
	assert_int_equal(names.count, 1);
	names_remove(&names, "b");
	names_remove(&names, "a");
	assert_int_equal(names.count, 0);
	for (int i = 0; i < NAMES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		names_add(&names, name);
	}
	assert_int_equal(names.count, NAMES_MAX);
	complete("n", &names, NAMES_MAX, "");
	names_clear(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_texts_or_commands),
		cmocka_unit_test(every_command_tells_how_it_is_used),
		cmocka_unit_test(tab_completes_commands_and_names),
		cmocka_unit_test(names_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
