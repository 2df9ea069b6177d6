/*
 * speech - see speech.h.
 */
#include "config.h"

#include "worker/speech.h"

#include <string.h>

#include "worker/aside.h"
#include "worker/command.h"
#include "worker/output.h"

static struct slice
slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

/*
 * Commands.
 */

static void
command_nick(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	if (cmd->name.len <= IPC_NAME)
		client_ask(w, c, IPC_NICK, 0, cmd->name);
	else
		client_answer(w, c, aside_nick_impossible(line, cmd->name,
		    "A name has at most 32 characters."), line);
}

static void
command_join(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	if (cmd->name.len == 0 ||
	    settings_room_is_valid(cmd->name.at, cmd->name.len))
		client_ask(w, c, IPC_MOVE, 0, cmd->name);
	else
		client_answer(w, c, aside_join_impossible(line, cmd->name,
		    "letters, digits, - _ and . make a room's name, "
		    "64 at most"), line);
}

static void
command_rooms(struct worker *w, struct client *c, struct buf *line)
{
	if (w->settings->routes[c->route].list_rooms)
		client_ask(w, c, IPC_ROOMS, 0, slice_of(NULL, 0));
	else
		client_answer(w, c, aside_rooms_hidden(line), line);
}

/* The names as they were written lie in one piece before the text. */
static void
command_whisper(struct worker *w, struct client *c,
    const struct command *cmd, struct buf *line)
{
	const struct slice *last = &cmd->names[cmd->name_count - 1];
	const char *names = cmd->names[0].at;
	size_t len = (size_t)(last->at + last->len - names);
	const struct command misused = {
		.kind = COMMAND_MISUSED, .of = COMMAND_WHISPER
	};
	struct buf tail;

	/* Nobody has such names, and the broker takes no more. */
	if (len > IPC_NAMES || memchr(names, '\0', len) != NULL) {
		client_answer(w, c, command_error_write(line, &misused), line);
		return;
	}
	buf_init(&tail);
	if (!buf_append(&tail, names, len) || !buf_append(&tail, "", 1) ||
	    !buf_append(&tail, cmd->text.at, cmd->text.len))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else
		client_ask(w, c, IPC_WHISPER, 0, slice_of(buf_head(&tail),
		    buf_len(&tail)));
	buf_clear(&tail);
}

static void
command_quit(struct worker *w, struct client *c, const struct command *cmd)
{
	if (cmd->text.len > 0)
		client_ask(w, c, IPC_SAY, 0, cmd->text);
	client_close(w, c, CLOSE_NORMAL);
}

static void
command_run(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	switch (cmd->kind) {
	case COMMAND_SAY:
		client_ask(w, c, IPC_SAY, 0, cmd->text);
		break;
	case COMMAND_ME:
		client_ask(w, c, IPC_SAY, IPC_ACTION, cmd->text);
		break;
	case COMMAND_HELP:
		client_answer(w, c, command_help_write(line, cmd), line);
		break;
	case COMMAND_NICK:
		command_nick(w, c, cmd, line);
		break;
	case COMMAND_WHO:
		client_ask(w, c, IPC_WHO, 0, slice_of(NULL, 0));
		break;
	case COMMAND_WHISPER:
		command_whisper(w, c, cmd, line);
		break;
	case COMMAND_JOIN:
		command_join(w, c, cmd, line);
		break;
	case COMMAND_ROOMS:
		command_rooms(w, c, line);
		break;
	case COMMAND_PING:
		client_answer(w, c, aside_ping(line), line);
		break;
	case COMMAND_QUIT:
		command_quit(w, c, cmd);
		break;
	case COMMAND_UNKNOWN:
	case COMMAND_MISUSED:
		client_answer(w, c, command_error_write(line, cmd), line);
		break;
	case COMMAND_KINDS:
		break;
	}
}

void
speech_line(struct worker *w, struct client *c, const uint8_t *line,
    size_t len)
{
	struct command command;
	struct buf answer;

	/* One message is one line; some clients end it as lines end. */
	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (!w->settings->routes[c->route].commands) {
		client_ask(w, c, IPC_SAY, 0, slice_of(line, len));
		return;
	}
	buf_init(&answer);
	command_parse(line, len, &command);
	command_run(w, c, &command, &answer);
	buf_clear(&answer);
}
