/*
 * command - what a line of a text client asks for: the table of commands,
 * the parser of a line, and what /help and a mistake are answered.
 *
 * A pure module of the worker: no allocation but in the buffer written to.
 * Who is asked, and what happens then, is the caller's; the other answers are
 * in worker/aside.h.  A route with `commands = no` does not come here: all
 * its lines are said as they are.
 */
#ifndef WORKER_COMMAND_H
#define WORKER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ws/slice.h"

#define COMMAND_NAMES	16	/* of one whisper */

enum command_form {
	COMMAND_WITH_NOTHING,
	COMMAND_WITH_WORD,	/* no space in it; spaces around it are cut */
	COMMAND_WITH_TEXT,	/* the rest of the line */
	COMMAND_WITH_NAMES	/* "a,b,c", a space, and a text */
};

/*
 * COMMAND(name, word, aliases, form, is required, arguments for people, what
 * it does, what else is to be known). Words are lower case; aliases have
 * commas between them.
 */
/* clang-format off */
#define COMMANDS(COMMAND) \
COMMAND(HELP,    "help",    "",      COMMAND_WITH_WORD,    false, "[command]",          "lists the commands, or tells about one", "A line that starts with // is said, with one slash.") \
COMMAND(NICK,    "nick",    "user",  COMMAND_WITH_WORD,    true,  "NAME",               "takes another name",                     "It has 1 to 32 characters, and nobody here may have one that is or looks the same.") \
COMMAND(WHO,     "who",     "",      COMMAND_WITH_NOTHING, false, "",                   "tells who is in the room",               "") \
COMMAND(WHISPER, "whisper", "w,msg", COMMAND_WITH_NAMES,   true,  "NAME[,NAME…] text", "says something to these users alone",    "Up to 16 names with commas and no spaces between them, in any room; you are told who was not found.") \
COMMAND(ME,      "me",      "",      COMMAND_WITH_TEXT,    true,  "text",               "says what you do",                       "The room sees it as * NAME text.") \
COMMAND(JOIN,    "join",    "",      COMMAND_WITH_WORD,    false, "[ROOM]",             "goes to another room",                   "A name has 1 to 64 letters, digits, -, _ and dots; without one it is the default room.") \
COMMAND(ROOMS,   "rooms",   "",      COMMAND_WITH_NOTHING, false, "",                   "lists the rooms",                        "Those with the most users come first, at most 50.") \
COMMAND(PING,    "ping",    "",      COMMAND_WITH_NOTHING, false, "",                   "is answered at once",                    "") \
COMMAND(QUIT,    "quit",    "",      COMMAND_WITH_TEXT,    false, "[text]",             "leaves",                                 "")
/* clang-format on */

enum command_kind {
	COMMAND_SAY,
#define COMMAND(name, word, aliases, form, required, args, what, more) \
	COMMAND_##name,
	COMMANDS(COMMAND)
#undef COMMAND
	COMMAND_UNKNOWN,	/* it has the form of a command */
	COMMAND_MISUSED,	/* its arguments do not have their form */
	COMMAND_KINDS
};

/* All slices are lent from the line; those that a kind does not name are
 * empty. */
struct command {
	enum command_kind kind;
	enum command_kind of;	/* MISUSED: which; else as kind */
	struct slice word;	/* all but SAY: as written, without the slash */
	struct slice name;	/* NICK: the name, never empty; JOIN: the room,
				 * empty: the default room; HELP: the command,
				 * empty: all, without its slash */
	struct slice text;	/* SAY, QUIT: may be empty; WHISPER, ME */
	size_t name_count;	/* WHISPER: 1 to COMMAND_NAMES */
	struct slice names[COMMAND_NAMES];	/* as written, none is empty */
};

/*
 * Says what a line asks for.  The line is UTF-8 that has been checked, and
 * its end (CR, LF) is cut.  A command is a slash, ASCII letters of either
 * case, then a space or the end; every other line is said, and of two slashes
 * at its start only the second one.  Names and rooms are not judged here:
 * they hold no space, a name of a whisper no comma, and nothing else is
 * certain.  Linear in `len`.
 */
void command_parse(const uint8_t *line, size_t len, struct command *out);

/* The word of a command of the table, "nick"; lent for ever. */
const char *command_word(enum command_kind);

/*
 * Append an answer, one line.  False: no memory, nothing was appended.
 * _help: of HELP; a command that is not there is an error in it.
 * _error: of UNKNOWN or MISUSED.
 */
bool command_help_write(struct buf *, const struct command *)
    __attribute__((warn_unused_result));
bool command_error_write(struct buf *, const struct command *)
    __attribute__((warn_unused_result));

#endif
