/*
 * command - see command.h.
 */
#include "config.h"

#include "worker/command.h"

#include <assert.h>
#include <string.h>

#include "worker/line.h"

#define WORD_MAX	15	/* no word of the table is longer */

struct row {
	const char *word;
	const char *aliases;
	enum command_form form;
	bool is_required;
	const char *usage;
	const char *what;
	const char *more;
};

static bool take_word(struct slice *rest_inout, struct slice *word_out);
static enum command_kind find_command(struct slice word);
static bool take_arguments(const struct row *, struct slice,
    struct command *out);
static bool take_names(struct slice *rest_inout, struct command *out);
static struct slice skip_spaces(struct slice);
static struct slice until_space(struct slice);

/* A usage is "/word ARGUMENTS", without the space when there are none. */
static const struct row rows[COMMAND_KINDS] = {
#define COMMAND(name, word, aliases, form, required, args, what, more)	\
	[COMMAND_##name] = { word, aliases, form, required,		\
	    sizeof(args) > 1 ? "/" word " " args : "/" word, what, more },
	COMMANDS(COMMAND)
#undef COMMAND
};

#define COMMAND(name, word, aliases, form, required, args, what, more)	\
_Static_assert(sizeof(word) - 1 <= WORD_MAX, "word of COMMAND_" #name);
COMMANDS(COMMAND)
#undef COMMAND

void
command_parse(const uint8_t *line, size_t len, struct command *out)
{
	struct slice rest = { (const char *)line, len };
	struct slice word;
	enum command_kind kind;

	*out = (struct command){ .kind = COMMAND_SAY, .of = COMMAND_SAY };
	if (!take_word(&rest, &word)) {
		if (len > 1 && line[0] == '/' && line[1] == '/') {
			rest.at++;
			rest.len--;
		}
		out->text = rest;
		return;
	}
	kind = find_command(word);
	out->kind = out->of = kind;
	out->word = word;
	if (kind == COMMAND_UNKNOWN || take_arguments(&rows[kind], rest, out))
		return;
	/* Half an argument is none. */
	*out = (struct command){ .kind = COMMAND_MISUSED, .of = kind,
	    .word = word };
}

/* Takes "/word" off; the rest is empty or begins with a space. */
static bool
take_word(struct slice *rest, struct slice *word_out)
{
	size_t i = 1;

	if (rest->len == 0 || rest->at[0] != '/')
		return false;
	while (i < rest->len &&
	    char_is_letter_or_digit((unsigned char)rest->at[i]) &&
	    !char_is_digit((unsigned char)rest->at[i]))
		i++;
	if (i == 1 || (i < rest->len && rest->at[i] != ' '))
		return false;
	*word_out = (struct slice){ rest->at + 1, i - 1 };
	rest->at += i;
	rest->len -= i;
	return true;
}

static enum command_kind
find_command(struct slice word)
{
	char text[WORD_MAX + 1];
	struct slice aliases;

	if (word.len > WORD_MAX)
		return COMMAND_UNKNOWN;
	memcpy(text, word.at, word.len);
	text[word.len] = '\0';
	for (int kind = 0; kind < COMMAND_KINDS; kind++) {
		if (rows[kind].word == NULL)
			continue;
		aliases = (struct slice){ rows[kind].aliases,
		    strlen(rows[kind].aliases) };
		if (slice_is_any_case(word, rows[kind].word) ||
		    slice_has_token(aliases, text))
			return (enum command_kind)kind;
	}
	return COMMAND_UNKNOWN;
}

/* False: they do not have the form that the row wants. */
static bool
take_arguments(const struct row *row, struct slice rest, struct command *out)
{
	rest = skip_spaces(rest);
	switch (row->form) {
	case COMMAND_WITH_NOTHING:
		return rest.len == 0;
	case COMMAND_WITH_WORD:
		out->name = until_space(rest);
		rest.at += out->name.len;
		rest.len -= out->name.len;
		if (skip_spaces(rest).len > 0 ||
		    (row->is_required && out->name.len == 0))
			return false;
		/* People ask "/help /nick", too. */
		if (out->kind == COMMAND_HELP && out->name.len > 0 &&
		    out->name.at[0] == '/') {
			out->name.at++;
			out->name.len--;
		}
		return true;
	case COMMAND_WITH_NAMES:
		if (!take_names(&rest, out))
			return false;
		rest = skip_spaces(rest);
		break;
	case COMMAND_WITH_TEXT:
		break;
	}
	out->text = rest;
	return !row->is_required || rest.len > 0;
}

/* Takes "a,b,c" off; what follows begins with a space or is empty. */
static bool
take_names(struct slice *rest, struct command *out)
{
	struct slice list = until_space(*rest), name;
	const char *comma;

	rest->at += list.len;
	rest->len -= list.len;
	do {
		name = list;
		comma = list.len > 0 ? memchr(list.at, ',', list.len) : NULL;
		if (comma != NULL)
			name.len = (size_t)(comma - list.at);
		if (name.len == 0 || out->name_count == COMMAND_NAMES)
			return false;
		out->names[out->name_count++] = name;
		list.at += name.len + (comma != NULL);
		list.len -= name.len + (comma != NULL);
	} while (comma != NULL);
	return true;
}

static struct slice
skip_spaces(struct slice slice)
{
	while (slice.len > 0 && *slice.at == ' ') {
		slice.at++;
		slice.len--;
	}
	return slice;
}

static struct slice
until_space(struct slice slice)
{
	const char *space = slice.len > 0 ?
	    memchr(slice.at, ' ', slice.len) : NULL;

	if (space != NULL)
		slice.len = (size_t)(space - slice.at);
	return slice;
}

const char *
command_word(enum command_kind kind)
{
	assert((unsigned)kind < COMMAND_KINDS && rows[kind].word != NULL);
	return rows[kind].word;
}

/* The answer to a word that is no command. */
static bool
write_unknown(struct buf *b, struct slice word)
{
	struct line line = line_begin(b, "error");

	line_add(&line, "no command /");
	line_add_name(&line, word);
	line_add(&line, "; /help lists them");
	return line_end(&line);
}

static bool
write_list(struct buf *b)
{
	struct line line = line_begin(b, command_word(COMMAND_HELP));
	bool is_first = true;

	for (int kind = 0; kind < COMMAND_KINDS; kind++) {
		if (rows[kind].word == NULL)
			continue;
		if (!is_first)
			line_add(&line, ", ");
		line_add(&line, rows[kind].usage);
		is_first = false;
	}
	return line_end(&line);
}

static bool
write_row(struct buf *b, const struct row *row)
{
	struct line line = line_begin(b, command_word(COMMAND_HELP));
	struct slice aliases = { row->aliases, strlen(row->aliases) }, alias;
	const char *before = " (also /";

	line_add(&line, row->usage);
	while (slice_next_token(&aliases, &alias)) {
		line_add(&line, before);
		line_add_safe(&line, alias);
		before = ", /";
	}
	if (row->aliases[0] != '\0')
		line_add(&line, ")");
	line_add(&line, ": ");
	line_add(&line, row->what);
	line_add(&line, ".");
	if (row->more[0] != '\0') {
		line_add(&line, " ");
		line_add(&line, row->more);
	}
	return line_end(&line);
}

bool
command_help_write(struct buf *b, const struct command *command)
{
	enum command_kind kind;

	assert(command->kind == COMMAND_HELP);
	if (command->name.len == 0)
		return write_list(b);
	kind = find_command(command->name);
	return kind == COMMAND_UNKNOWN ? write_unknown(b, command->name) :
	    write_row(b, &rows[kind]);
}

bool
command_error_write(struct buf *b, const struct command *command)
{
	struct line line;

	if (command->kind == COMMAND_UNKNOWN)
		return write_unknown(b, command->word);
	assert(command->kind == COMMAND_MISUSED);
	line = line_begin(b, "error");
	line_add(&line, "usage: ");
	line_add(&line, rows[command->of].usage);
	return line_end(&line);
}
