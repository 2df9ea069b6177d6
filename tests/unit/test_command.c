/*
 * test_command: what a line of a text client asks for, and what its /help and
 * its mistakes are answered.
 */
#include "config.h"

#include "worker/command.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define BREAK	"\xe2\x90\xa4"		/* U+2424 */
#define DOTS	"\xe2\x80\xa6"		/* U+2026 */

struct sample {
	const char *line;
	enum command_kind kind, of;
	const char *word, *name, *text;
	const char *names;		/* with '|' behind each */
};

#define SAID(line, text) \
	{ line, COMMAND_SAY, COMMAND_SAY, "", "", text, "" }
#define ASKS(line, kind, word) \
	{ line, COMMAND_##kind, COMMAND_##kind, word, "", "", "" }
#define NAMES(line, kind, word, name) \
	{ line, COMMAND_##kind, COMMAND_##kind, word, name, "", "" }
#define TELLS(line, kind, word, text) \
	{ line, COMMAND_##kind, COMMAND_##kind, word, "", text, "" }
#define WHISPERS(line, word, names, text) \
	{ line, COMMAND_WHISPER, COMMAND_WHISPER, word, "", text, names }
#define MISUSES(line, kind, word) \
	{ line, COMMAND_MISUSED, COMMAND_##kind, word, "", "", "" }

static const struct sample samples[] = {
	/* what has not the form of a command */
	SAID("", ""),
	SAID("hello", "hello"),
	SAID(" ", " "),
	SAID("/", "/"),
	SAID("/ ", "/ "),
	SAID("/ foo", "/ foo"),
	SAID(" /who", " /who"),
	SAID("a /who", "a /who"),
	SAID("/etc/hosts is wrong", "/etc/hosts is wrong"),
	SAID("/123", "/123"),
	SAID("/1who", "/1who"),
	SAID("/who1", "/who1"),
	SAID("/who?", "/who?"),
	SAID("/who.", "/who."),
	SAID("/who/", "/who/"),
	SAID("/who\t", "/who\t"),
	SAID("/who\tx", "/who\tx"),
	SAID("/who\nx", "/who\nx"),
	SAID("/nick-name x", "/nick-name x"),
	SAID("/who_", "/who_"),
	SAID("/who@", "/who@"),
	SAID("/who[", "/who["),
	SAID("/who`", "/who`"),
	SAID("/who{", "/who{"),
	SAID("/\xc3\xa4", "/\xc3\xa4"),
	SAID("/who\xc2\xa0", "/who\xc2\xa0"),
	SAID("/nic\xc3\xa4 x", "/nic\xc3\xa4 x"),
	/* Cyrillic, and full width */
	SAID("/wh\xd0\xbe", "/wh\xd0\xbe"),
	SAID("/\xef\xbd\x97ho", "/\xef\xbd\x97ho"),
	SAID("\\/who", "\\/who"),
	/* a text that begins with a slash */
	SAID("//", "/"),
	SAID("//who", "/who"),
	SAID("///who", "//who"),
	SAID("////", "///"),
	SAID("// who", "/ who"),
	SAID("//nick x ", "/nick x "),
	SAID("//etc", "/etc"),
	SAID("//\xc3\xa4", "/\xc3\xa4"),
	/* nothing behind the word */
	ASKS("/who", WHO, "who"),
	ASKS("/who ", WHO, "who"),
	ASKS("/who    ", WHO, "who"),
	ASKS("/WHO", WHO, "WHO"),
	ASKS("/wHo", WHO, "wHo"),
	MISUSES("/who all", WHO, "who"),
	MISUSES("/who  \t", WHO, "who"),
	MISUSES("/who /who", WHO, "who"),
	ASKS("/rooms", ROOMS, "rooms"),
	ASKS("/Rooms ", ROOMS, "Rooms"),
	MISUSES("/rooms lab", ROOMS, "rooms"),
	ASKS("/ping", PING, "ping"),
	MISUSES("/ping 1", PING, "ping"),
	/* a word behind it */
	ASKS("/help", HELP, "help"),
	ASKS("/help  ", HELP, "help"),
	NAMES("/help nick", HELP, "help", "nick"),
	NAMES("/help  nick  ", HELP, "help", "nick"),
	NAMES("/help /nick", HELP, "help", "nick"),
	NAMES("/help //nick", HELP, "help", "/nick"),
	NAMES("/help no?", HELP, "help", "no?"),
	ASKS("/help /", HELP, "help"),
	MISUSES("/help nick who", HELP, "help"),
	NAMES("/nick anna", NICK, "nick", "anna"),
	NAMES("/nick   anna   ", NICK, "nick", "anna"),
	NAMES("/NICK Anna", NICK, "NICK", "Anna"),
	NAMES("/nick /anna", NICK, "nick", "/anna"),
	NAMES("/nick a,b", NICK, "nick", "a,b"),
	NAMES("/nick \xc3\xa4\xe2\x82\xac", NICK, "nick",
	    "\xc3\xa4\xe2\x82\xac"),
	NAMES("/nick a\tb", NICK, "nick", "a\tb"),
	NAMES("/user anna", NICK, "user", "anna"),
	NAMES("/uSER anna", NICK, "uSER", "anna"),
	MISUSES("/nick", NICK, "nick"),
	MISUSES("/nick ", NICK, "nick"),
	MISUSES("/nick     ", NICK, "nick"),
	MISUSES("/nick anna berta", NICK, "nick"),
	MISUSES("/nick anna  b ", NICK, "nick"),
	MISUSES("/user", NICK, "user"),
	ASKS("/join", JOIN, "join"),
	ASKS("/join   ", JOIN, "join"),
	NAMES("/join lab", JOIN, "join", "lab"),
	NAMES("/join  lab ", JOIN, "join", "lab"),
	NAMES("/join ../x", JOIN, "join", "../x"),
	MISUSES("/join the lab", JOIN, "join"),
	/* a text behind it */
	TELLS("/me waves", ME, "me", "waves"),
	TELLS("/me   waves  twice ", ME, "me", "waves  twice "),
	TELLS("/Me /who", ME, "Me", "/who"),
	TELLS("/me \t", ME, "me", "\t"),
	TELLS("/me a\nb", ME, "me", "a\nb"),
	MISUSES("/me", ME, "me"),
	MISUSES("/me   ", ME, "me"),
	TELLS("/quit", QUIT, "quit", ""),
	TELLS("/quit   ", QUIT, "quit", ""),
	TELLS("/quit so  long ", QUIT, "quit", "so  long "),
	/* names and a text */
	WHISPERS("/whisper a hi", "whisper", "a|", "hi"),
	WHISPERS("/w a hi", "w", "a|", "hi"),
	WHISPERS("/W a hi", "W", "a|", "hi"),
	WHISPERS("/msg a hi", "msg", "a|", "hi"),
	WHISPERS("/MSG a,b hi", "MSG", "a|b|", "hi"),
	WHISPERS("/w  a,b,c   hi  there ", "w", "a|b|c|", "hi  there "),
	WHISPERS("/w a,a hi", "w", "a|a|", "hi"),
	WHISPERS("/w a b, c", "w", "a|", "b, c"),
	WHISPERS("/w a ,b", "w", "a|", ",b"),
	WHISPERS("/w \xc3\xa4,\xe2\x82\xac //x", "w",
	    "\xc3\xa4|\xe2\x82\xac|", "//x"),
	WHISPERS("/w 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 x", "w",
	    "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|", "x"),
	WHISPERS("/w a:,\tb x", "w", "a:|\tb|", "x"),
	MISUSES("/w 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 x",
	    WHISPER, "w"),
	MISUSES("/w", WHISPER, "w"),
	MISUSES("/w ", WHISPER, "w"),
	MISUSES("/w a", WHISPER, "w"),
	MISUSES("/w a ", WHISPER, "w"),
	MISUSES("/w a    ", WHISPER, "w"),
	MISUSES("/w a,b", WHISPER, "w"),
	MISUSES("/w a,,b x", WHISPER, "w"),
	MISUSES("/w ,a x", WHISPER, "w"),
	MISUSES("/w a, b", WHISPER, "w"),
	MISUSES("/w , x", WHISPER, "w"),
	/* no command of ours */
	ASKS("/foo", UNKNOWN, "foo"),
	ASKS("/foo bar", UNKNOWN, "foo"),
	ASKS("/foo ", UNKNOWN, "foo"),
	ASKS("/FOO", UNKNOWN, "FOO"),
	ASKS("/wh", UNKNOWN, "wh"),
	ASKS("/whos", UNKNOWN, "whos"),
	ASKS("/whop x", UNKNOWN, "whop"),
	ASKS("/m a hi", UNKNOWN, "m"),
	ASKS("/say x", UNKNOWN, "say"),
	ASKS("/unknown", UNKNOWN, "unknown"),
	ASKS("/whisperwhisper", UNKNOWN, "whisperwhisper"),
	ASKS("/whisperwhisperw", UNKNOWN, "whisperwhisperw"),
	ASKS("/whisperwhisperwh", UNKNOWN, "whisperwhisperwh"),
};
#define SAMPLES	(sizeof(samples) / sizeof(samples[0]))

static void
assert_slice(struct slice slice, const char *text)
{
	assert_int_equal(slice.len, strlen(text));
	if (slice.len > 0)
		assert_memory_equal(slice.at, text, slice.len);
}

static void
assert_parsed(const struct command *command, const struct sample *sample)
{
	const char *name = sample->names, *end;
	size_t count = 0;

	if (command->kind != sample->kind || command->of != sample->of)
		fail_msg("\"%s\": %d of %d", sample->line, command->kind,
		    command->of);
	assert_slice(command->word, sample->word);
	assert_slice(command->name, sample->name);
	assert_slice(command->text, sample->text);
	for (; *name != '\0'; name = end + 1, count++) {
		end = strchr(name, '|');
		assert_true(count < command->name_count);
		assert_int_equal(command->names[count].len, end - name);
		assert_memory_equal(command->names[count].at, name,
		    (size_t)(end - name));
	}
	assert_int_equal(command->name_count, count);
}

static struct command
parse(const char *line)
{
	struct command command;

	command_parse((const uint8_t *)line, strlen(line), &command);
	return command;
}

static void
lines_mean_what_they_should(void **state)
{
	struct command command;

	(void)state;
	assert_true(SAMPLES >= 90);
	for (size_t i = 0; i < SAMPLES; i++) {
		memset(&command, 0x5a, sizeof(command));
		command_parse((const uint8_t *)samples[i].line,
		    strlen(samples[i].line), &command);
		assert_parsed(&command, &samples[i]);
	}
	command_parse(NULL, 0, &command);
	assert_int_equal(command.kind, COMMAND_SAY);
	assert_int_equal(command.text.len, 0);
}

static void
assert_within(struct slice slice, const unsigned char *line, size_t len)
{
	const unsigned char *at = (const unsigned char *)slice.at;

	if (slice.len > 0)
		assert_true(at >= line && at + slice.len <= line + len);
}

/* Every beginning of every line, against a page that must not be touched. */
static void
nothing_beyond_the_line_is_read_or_lent(void **state)
{
	struct command command;
	const unsigned char *laid;
	struct guard guard;

	(void)state;
	guard_open(&guard, 128);
	for (size_t i = 0; i < SAMPLES; i++)
		for (size_t len = 0; len <= strlen(samples[i].line); len++) {
			laid = guard_lay(&guard, samples[i].line, len);
			command_parse(laid, len, &command);
			assert_true(command.kind < COMMAND_KINDS);
			assert_within(command.word, laid, len);
			assert_within(command.name, laid, len);
			assert_within(command.text, laid, len);
			for (size_t n = 0; n < command.name_count; n++)
				assert_within(command.names[n], laid, len);
			if (samples[i].line[len] == '\0')
				assert_parsed(&command, &samples[i]);
		}
	guard_close(&guard);
}

/* A NUL is a character as any other, and so is each byte that is no letter
 * and no space: with it behind the word, the line is said. */
static void
only_letters_and_a_space_make_a_command(void **state)
{
	uint8_t line[] = "/who?x";
	struct command command;

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool is_letter = (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z');

		line[4] = (uint8_t)c;
		command_parse(line, 6, &command);
		assert_int_equal(command.kind, is_letter ? COMMAND_UNKNOWN :
		    c == ' ' ? COMMAND_MISUSED : COMMAND_SAY);
		if (command.kind == COMMAND_SAY)
			assert_int_equal(command.text.len, 6);
	}
}

#define WORDS(name, word, aliases, form, required, args, what, more)	\
	{ COMMAND_##name, word, aliases, form, required, args, what, more },
static const struct {
	enum command_kind kind;
	const char *word, *aliases;
	enum command_form form;
	bool is_required;
	const char *args, *what, *more;
} table[] = { COMMANDS(WORDS) };
#define ROWS	(sizeof(table) / sizeof(table[0]))

static bool
is_meant(const char *word, size_t len, enum command_kind kind)
{
	char line[64];
	struct command command;

	/* Whether with arguments or without them, it is that command. */
	snprintf(line, sizeof(line), "/%.*s", (int)len, word);
	command = parse(line);
	if (command.of != kind)
		return false;
	for (char *c = line; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return parse(line).of == kind;
}

static void
every_word_and_alias_is_one_commands(void **state)
{
	struct slice list, alias;
	size_t aliases = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		assert_string_equal(command_word(table[i].kind),
		    table[i].word);
		assert_int_equal(strspn(table[i].word,
		    "abcdefghijklmnopqrstuvwxyz"), strlen(table[i].word));
		assert_true(is_meant(table[i].word, strlen(table[i].word),
		    table[i].kind));
		list = (struct slice){ table[i].aliases,
		    strlen(table[i].aliases) };
		for (; slice_next_token(&list, &alias); aliases++)
			assert_true(is_meant(alias.at, alias.len,
			    table[i].kind));
	}
	assert_int_equal(ROWS, 9);
	assert_int_equal(aliases, 3);
}

/* The form's rule holds for each row: nothing, something, too much. */
static void
arguments_are_asked_for_as_the_table_says(void **state)
{
	char line[64];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		enum command_kind kind = table[i].kind;
		enum command_form form = table[i].form;

		snprintf(line, sizeof(line), "/%s", table[i].word);
		assert_int_equal(parse(line).kind,
		    table[i].is_required ? COMMAND_MISUSED : kind);
		snprintf(line, sizeof(line), "/%s x", table[i].word);
		assert_int_equal(parse(line).kind,
		    form == COMMAND_WITH_NOTHING ||
		    form == COMMAND_WITH_NAMES ? COMMAND_MISUSED : kind);
		snprintf(line, sizeof(line), "/%s x y", table[i].word);
		assert_int_equal(parse(line).kind,
		    form == COMMAND_WITH_NOTHING ||
		    form == COMMAND_WITH_WORD ? COMMAND_MISUSED : kind);
		assert_int_equal(table[i].args[0] == '\0',
		    form == COMMAND_WITH_NOTHING);
		assert_int_equal(table[i].args[0] != '[' &&
		    table[i].args[0] != '\0', table[i].is_required);
	}
}

/* The answer to a line, by the one function or the other. */
static void
assert_answer(const char *line, const char *answer)
{
	struct command command = parse(line);
	struct buf b;

	buf_init(&b);
	/* It comes behind what is there. */
	assert_true(buf_append(&b, "|", 1));
	if (command.kind == COMMAND_HELP)
		assert_true(command_help_write(&b, &command));
	else
		assert_true(command_error_write(&b, &command));
	if (buf_len(&b) != strlen(answer) + 1 ||
	    memcmp(buf_head(&b) + 1, answer, strlen(answer)) != 0)
		fail_msg("%s: %.*s", line, (int)buf_len(&b),
		    (const char *)buf_head(&b));
	assert_true(buf_len(&b) <= 1024);
	assert_int_equal(*buf_head(&b), '|');
	buf_clear(&b);
}

static void
help_lists_the_commands(void **state)
{
	static const char list[] = "[server::help] /help [command], "
	    "/nick NAME, /who, /whisper NAME[,NAME" DOTS "] text, /me text, "
	    "/join [ROOM], /rooms, /ping, /quit [text]";

	(void)state;
	assert_answer("/help", list);
	assert_answer("/HELP /", list);
}

static void
help_tells_about_each_command(void **state)
{
	static const struct {
		const char *word, *text;
	} cases[] = {
		{ "help", "/help [command]: lists the commands, or tells "
		    "about one. A line that starts with // is said, with one "
		    "slash." },
		{ "nick", "/nick NAME (also /user): takes another name. It "
		    "has 1 to 32 characters, and nobody here may have one "
		    "that is or looks the same." },
		{ "who", "/who: tells who is in the room." },
		{ "whisper", "/whisper NAME[,NAME" DOTS "] text (also /w, "
		    "/msg): says something to these users alone. Up to 16 "
		    "names with commas and no spaces between them, in any "
		    "room; you are told who was not found." },
		{ "me", "/me text: says what you do. The room sees it as "
		    "* NAME text." },
		{ "join", "/join [ROOM]: goes to another room. A name has 1 "
		    "to 64 letters, digits, -, _ and dots; without one it is "
		    "the default room." },
		{ "rooms", "/rooms: lists the rooms. Those with the most "
		    "users come first, at most 50." },
		{ "ping", "/ping: is answered at once." },
		{ "quit", "/quit [text]: leaves." },
	};
	char line[64], answer[1024];

	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), ROWS);
	assert_int_equal(COMMAND_NAMES, 16);
	for (size_t i = 0; i < ROWS; i++) {
		assert_string_equal(cases[i].word, table[i].word);
		snprintf(line, sizeof(line), "/help %s", cases[i].word);
		snprintf(answer, sizeof(answer), "[server::help] %s",
		    cases[i].text);
		assert_answer(line, answer);
		snprintf(line, sizeof(line), "/help /%s ", cases[i].word);
		assert_answer(line, answer);
		if (strcmp(cases[i].word, "nick") == 0)
			assert_answer("/help USER", answer);
		if (strcmp(cases[i].word, "whisper") == 0) {
			assert_answer("/help w", answer);
			assert_answer("/help msg", answer);
		}
	}
}

static void
what_is_not_there_is_an_error(void **state)
{
	(void)state;
	assert_answer("/foo", "[server::error] no command /foo; /help lists "
	    "them");
	assert_answer("/FOO bar", "[server::error] no command /FOO; /help "
	    "lists them");
	assert_answer("/help foo", "[server::error] no command /foo; /help "
	    "lists them");
	assert_answer("/help w,msg", "[server::error] no command /w,msg; "
	    "/help lists them");
	assert_answer("/help \n[server]\x1b\xc2\x9b", "[server::error] no "
	    "command /" BREAK "[server]\xe2\x90\x9b\xef\xbf\xbd; /help lists "
	    "them");
}

static void
a_misused_command_tells_its_usage(void **state)
{
	(void)state;
	assert_answer("/help a b", "[server::error] usage: /help [command]");
	assert_answer("/nick", "[server::error] usage: /nick NAME");
	assert_answer("/USER", "[server::error] usage: /nick NAME");
	assert_answer("/who x", "[server::error] usage: /who");
	assert_answer("/w a", "[server::error] usage: /whisper NAME[,NAME"
	    DOTS "] text");
	assert_answer("/me", "[server::error] usage: /me text");
	assert_answer("/join a b", "[server::error] usage: /join [ROOM]");
	assert_answer("/rooms x", "[server::error] usage: /rooms");
	assert_answer("/ping x", "[server::error] usage: /ping");
}

/* However long the word was. */
static void
a_foreign_word_is_cut(void **state)
{
	static char line[65536], answer[512];

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[0] = '/';
	snprintf(answer, sizeof(answer), "[server::error] no command /%.128s"
	    DOTS "; /help lists them", line + 1);
	assert_answer(line, answer);
	memcpy(line, "/help ", 6);
	assert_answer(line, answer);
	/* Between characters: the 128th byte is half of one. */
	line[6] = 'b';
	for (size_t i = 7; i + 2 < sizeof(line); i += 2)
		memcpy(line + i, "\xc3\xa4", 2);
	snprintf(answer, sizeof(answer), "[server::error] no command /%.127s"
	    DOTS "; /help lists them", line + 6);
	assert_answer(line, answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_mean_what_they_should),
		cmocka_unit_test(nothing_beyond_the_line_is_read_or_lent),
		cmocka_unit_test(only_letters_and_a_space_make_a_command),
		cmocka_unit_test(every_word_and_alias_is_one_commands),
		cmocka_unit_test(arguments_are_asked_for_as_the_table_says),
		cmocka_unit_test(help_lists_the_commands),
		cmocka_unit_test(help_tells_about_each_command),
		cmocka_unit_test(what_is_not_there_is_an_error),
		cmocka_unit_test(a_misused_command_tells_its_usage),
		cmocka_unit_test(a_foreign_word_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
