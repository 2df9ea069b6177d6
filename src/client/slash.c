/*
 * slash - see slash.h.
 */
#include "config.h"

#include "client/slash.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ws/slice.h"

/* What may stand behind a command's word. */
enum form {
	FORM_NOTHING,		/* nothing that counts */
	FORM_WORD,		/* one word */
	FORM_WORD_OR_NOTHING,
	FORM_TEXT,
	FORM_WORD_AND_TEXT
};

static const struct command {
	const char *word, *others, *usage, *help;
	enum slash_kind kind;
} commands[] = {
#define SLASH_COMMAND(name, word, others, usage, help)			\
	{ word, others, usage, help, SLASH_##name },
	SLASH_COMMANDS(SLASH_COMMAND)
#undef SLASH_COMMAND
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const enum form forms[] = {
	[SLASH_NICK] = FORM_WORD,
	[SLASH_WHISPER] = FORM_WORD_AND_TEXT,
	[SLASH_ME] = FORM_TEXT,
	[SLASH_JOIN] = FORM_WORD_OR_NOTHING,
	[SLASH_QUIT] = FORM_NOTHING
};

static size_t
word_length(const char *line)
{
	size_t len = 0;

	while (isalpha((unsigned char)line[1 + len]) &&
	    (unsigned char)line[1 + len] < 0x80)
		len++;
	return len > 0 && (line[1 + len] == ' ' || line[1 + len] == '\0') ?
	    len : 0;
}

static const struct command *
find(const char *word)
{
	struct slice others;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		others = (struct slice){ commands[i].others,
		    strlen(commands[i].others) };
		if (strcasecmp(commands[i].word, word) == 0 ||
		    slice_has_token(others, word))
			return &commands[i];
	}
	return NULL;
}

/* Cuts a word off the rest, which goes on behind its spaces. */
static char *
cut_word(char **rest)
{
	char *word = *rest + strspn(*rest, " ");

	*rest = word + strcspn(word, " ");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	*rest += strspn(*rest, " ");
	return word;
}

/* False: something is missing, or is too much. */
static bool
take_arguments(enum form form, char *rest, struct slash *out)
{
	rest += strspn(rest, " ");
	out->argument = rest + strlen(rest);
	if (form == FORM_WORD || form == FORM_WORD_OR_NOTHING ||
	    form == FORM_WORD_AND_TEXT)
		out->argument = cut_word(&rest);
	out->text = rest;
	if (form == FORM_WORD || form == FORM_WORD_AND_TEXT)
		if (*out->argument == '\0')
			return false;
	if (form == FORM_TEXT || form == FORM_WORD_AND_TEXT)
		return *rest != '\0';
	return form == FORM_NOTHING || *rest == '\0';
}

void
slash_parse(char *line, struct slash *out)
{
	const struct command *command;
	size_t len = line[0] == '/' ? word_length(line) : 0;

	memset(out, 0, sizeof(*out));
	out->text = line[0] == '/' && line[1] == '/' ? line + 1 : line;
	if (strcmp(line, "exit") == 0)
		out->kind = SLASH_QUIT;
	if (len == 0)
		return;
	snprintf(out->word, sizeof(out->word), "%.*s", (int)len, line + 1);
	command = len < sizeof(out->word) ? find(out->word) : NULL;
	if (command == NULL) {
		out->kind = SLASH_UNKNOWN;
		return;
	}
	out->kind = out->command = command->kind;
	if (!take_arguments(forms[command->kind], line + 1 + len, out))
		out->kind = SLASH_WRONG;
}

const char *
slash_word(unsigned i)
{
	return i < COMMANDS ? commands[i].word : NULL;
}

enum slash_kind
slash_at(unsigned i)
{
	return commands[i].kind;
}

const char *
slash_usage(enum slash_kind kind)
{
	return commands[kind - SLASH_HELP].usage;
}

const char *
slash_help(enum slash_kind kind)
{
	return commands[kind - SLASH_HELP].help;
}
