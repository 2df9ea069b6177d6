/*
 * slash - what a person types: a text to say, or a command.
 *
 * A pure module of wschat.  The commands are those of doc/protocol.md; with
 * wschat.v1 it is the client who understands them.  A command is '/', ASCII
 * letters, then a space or the end; any other line is said.  "//" says a text
 * that begins with '/'.
 */
#ifndef CLIENT_SLASH_H
#define CLIENT_SLASH_H

#include <stdbool.h>
#include <stddef.h>

/* SLASH_COMMAND(name, word, other words, usage, what it does) */
/* clang-format off */
#define SLASH_COMMANDS(SLASH_COMMAND) \
SLASH_COMMAND(HELP,    "help",    "",      "/help",                       "lists the commands") \
SLASH_COMMAND(NICK,    "nick",    "user",  "/nick NAME",                  "takes another name") \
SLASH_COMMAND(WHO,     "who",     "",      "/who",                        "tells who is in the room") \
SLASH_COMMAND(WHISPER, "whisper", "w,msg", "/whisper NAME[,NAME...] text", "says something to these alone") \
SLASH_COMMAND(ME,      "me",      "",      "/me text",                    "says what you do") \
SLASH_COMMAND(JOIN,    "join",    "",      "/join [ROOM]",                "goes to another room") \
SLASH_COMMAND(ROOMS,   "rooms",   "",      "/rooms",                      "lists the rooms") \
SLASH_COMMAND(PING,    "ping",    "",      "/ping",                       "asks whether the server is there") \
SLASH_COMMAND(QUIT,    "quit",    "exit",  "/quit",                       "leaves; so do exit and Ctrl-D")
/* clang-format on */

enum slash_kind {
	SLASH_SAY,		/* `text` */
	SLASH_UNKNOWN,		/* `word` is no command */
	SLASH_WRONG,		/* of `command`, something is missing or more */
#define SLASH_COMMAND(name, word, others, usage, help) SLASH_##name,
	SLASH_COMMANDS(SLASH_COMMAND)
#undef SLASH_COMMAND
};

#define SLASH_WORD	33	/* bytes of what is repeated of a word */

struct slash {
	enum slash_kind kind, command;
	char word[SLASH_WORD];	/* without the '/' */
	char *argument;		/* NICK, JOIN: the name, "" for none; WHISPER:
				   to whom.  Points into the line. */
	const char *text;	/* SAY, ME, WHISPER */
};

/* Takes a typed line apart; it is written into, and lent to the result. */
void slash_parse(char *line, struct slash *out);

/* Walks the commands from 0 on; NULL: no more. */
const char *slash_word(unsigned i);
const char *slash_usage(enum slash_kind);
const char *slash_help(enum slash_kind);
/* The command in the walk's i-th place. */
enum slash_kind slash_at(unsigned i);

#endif
