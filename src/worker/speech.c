/*
 * speech - see speech.h.
 */
#include "config.h"

#include "worker/speech.h"

#include <string.h>

#include "base/logger.h"
#include "worker/aside.h"
#include "worker/command.h"
#include "worker/output.h"
#include "worker/waiting.h"

#define NAMES_MAX	4096	/* of an answer; more is not looked at */

/* A line for the client alone, at once; none when `good` is false. */
static void
speech_answer(struct worker *w, struct client *c, bool good,
    const struct buf *line)
{
	if (!good)
		client_close(w, c, CLOSE_SERVER_FAULT);
	else if (c->state == CLIENT_OPEN)
		client_tell(w, c, line);
}

static struct slice
slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

/*
 * Commands.
 */

static void
ask(struct worker *w, struct client *c, enum ipc_type type, uint32_t flags,
    struct slice tail)
{
	if (!client_request(w, c, type, flags, tail.at, tail.len))
		client_close(w, c, CLOSE_SERVER_FAULT);
}

static void
command_nick(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	if (cmd->name.len <= IPC_NAME)
		ask(w, c, IPC_NICK, 0, cmd->name);
	else
		speech_answer(w, c, aside_nick_impossible(line, cmd->name,
		    "A name has at most 32 characters."), line);
}

static void
command_join(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	if (cmd->name.len == 0 ||
	    settings_room_is_valid(cmd->name.at, cmd->name.len))
		ask(w, c, IPC_MOVE, 0, cmd->name);
	else
		speech_answer(w, c, aside_join_impossible(line, cmd->name,
		    "letters, digits, - _ and . make a room's name, "
		    "64 at most"), line);
}

static void
command_rooms(struct worker *w, struct client *c, struct buf *line)
{
	if (w->settings->routes[c->route].list_rooms)
		ask(w, c, IPC_ROOMS, 0, slice_of(NULL, 0));
	else
		speech_answer(w, c, aside_rooms_hidden(line), line);
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
		speech_answer(w, c, command_error_write(line, &misused), line);
		return;
	}
	buf_init(&tail);
	if (!buf_append(&tail, names, len) || !buf_append(&tail, "", 1) ||
	    !buf_append(&tail, cmd->text.at, cmd->text.len))
		client_close(w, c, CLOSE_SERVER_FAULT);
	else
		ask(w, c, IPC_WHISPER, 0, slice_of(buf_head(&tail),
		    buf_len(&tail)));
	buf_clear(&tail);
}

static void
command_quit(struct worker *w, struct client *c, const struct command *cmd)
{
	if (cmd->text.len > 0)
		ask(w, c, IPC_SAY, 0, cmd->text);
	client_close(w, c, CLOSE_NORMAL);
}

static void
command_run(struct worker *w, struct client *c, const struct command *cmd,
    struct buf *line)
{
	switch (cmd->kind) {
	case COMMAND_SAY:
		ask(w, c, IPC_SAY, 0, cmd->text);
		break;
	case COMMAND_ME:
		ask(w, c, IPC_SAY, IPC_ACTION, cmd->text);
		break;
	case COMMAND_HELP:
		speech_answer(w, c, command_help_write(line, cmd), line);
		break;
	case COMMAND_NICK:
		command_nick(w, c, cmd, line);
		break;
	case COMMAND_WHO:
		ask(w, c, IPC_WHO, 0, slice_of(NULL, 0));
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
		speech_answer(w, c, aside_ping(line), line);
		break;
	case COMMAND_QUIT:
		command_quit(w, c, cmd);
		break;
	case COMMAND_UNKNOWN:
	case COMMAND_MISUSED:
		speech_answer(w, c, command_error_write(line, cmd), line);
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

	if (!w->settings->routes[c->route].commands) {
		ask(w, c, IPC_SAY, 0, slice_of(line, len));
		return;
	}
	buf_init(&answer);
	command_parse(line, len, &command);
	command_run(w, c, &command, &answer);
	buf_clear(&answer);
}

/*
 * Refusals.
 */

/* Takes the next text with its NUL off the tail. */
static bool
next_text(struct slice *tail, struct slice *text_out)
{
	const char *end = tail->len == 0 ? NULL :
	    memchr(tail->at, '\0', tail->len);

	if (end == NULL)
		return false;
	*text_out = slice_of(tail->at, (size_t)(end - tail->at));
	tail->len -= (size_t)(end + 1 - tail->at);
	tail->at = end + 1;
	return true;
}

/* The tail is a word, a sentence, what was wanted. */
static bool
refused_wish(const struct ipc_refused *refused, struct slice tail,
    struct buf *line)
{
	struct slice word, sentence;

	if (!next_text(&tail, &word) || !next_text(&tail, &sentence))
		return false;
	if (refused->reason == IPC_REFUSED_TAKEN)
		return aside_nick_taken(line, tail);
	if (refused->reason == IPC_REFUSED_NAME)
		return aside_nick_impossible(line, tail, sentence.at);
	return aside_join_impossible(line, tail,
	    refused->reason == IPC_REFUSED_ROOM ? "you are there" :
	    sentence.at);
}

/* The rest: nothing was at fault with what was asked, and who goes on as if
 * it had been granted would be wrong.  What any client can bring about is
 * told once, as the end of its connection. */
static void
refused_close(struct worker *w, struct client *c, enum ipc_refusal reason)
{
	if (reason != IPC_REFUSED_ADDRESS && reason != IPC_REFUSED_ROOMS)
		logger_write_connection(LOGGER_WARNING, c->connection,
		    "the broker refused a request", "reason=%u",
		    (unsigned)reason);
	if (reason == IPC_REFUSED_ADDRESS)
		client_close(w, c, CLOSE_TOO_MANY_CONNECTIONS);
	else if (reason == IPC_REFUSED_ROOMS)
		client_close(w, c, CLOSE_TOO_MANY_ROOMS);
	else if (reason == IPC_REFUSED_SIZE)
		client_close(w, c, CLOSE_TOO_BIG);
	else if (reason == IPC_REFUSED_MEMORY)
		/* With a leave: a broker that dies before we know may be
		 * followed by one that grants it. */
		client_close(w, c, CLOSE_TRY_LATER);
}

void
speech_on_refused(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_refused *refused = m->payload;
	struct client *c = client_find(w, refused->connection);
	struct buf line;

	buf_init(&line);
	if (c == NULL || c->state != CLIENT_OPEN)
		;
	else if (refused->reason == IPC_REFUSED_TAKEN ||
	    refused->reason == IPC_REFUSED_NAME ||
	    refused->reason == IPC_REFUSED_ROOM ||
	    (refused->reason == IPC_REFUSED_ROOMS && m->tail_len > 0))
		speech_answer(w, c, refused_wish(refused, slice_of(m->tail,
		    m->tail_len), &line), &line);
	else
		refused_close(w, c, (enum ipc_refusal)refused->reason);
	buf_clear(&line);
	outbox_answered(&w->outbox, refused->number);
}

/*
 * Answers.
 */

static bool
render_who(struct slice tail, uint64_t more, struct buf *line)
{
	static struct slice names[NAMES_MAX];
	size_t count = 0;

	while (count < NAMES_MAX && next_text(&tail, &names[count]))
		count++;
	return aside_who(line, names, count, more);
}

/* "NAME COUNT" each. */
static bool
render_rooms(struct slice tail, uint64_t more, struct buf *line)
{
	static struct aside_room rooms[NAMES_MAX];
	struct slice text;
	size_t count = 0;

	while (count < NAMES_MAX && next_text(&tail, &text)) {
		const char *space = memrchr(text.at, ' ', text.len);
		uint64_t users = 0;

		if (space == NULL)
			return false;
		for (const char *p = space + 1; p < text.at + text.len; p++)
			users = users * 10 + (uint64_t)(*p - '0');
		rooms[count++] = (struct aside_room){
			.name = slice_of(text.at, (size_t)(space - text.at)),
			.users = users
		};
	}
	return aside_rooms(line, rooms, count, more);
}

/* Up to an empty text, which is taken, too. */
static size_t
next_names(struct slice *tail, struct slice names[COMMAND_NAMES])
{
	size_t count = 0;
	struct slice name;

	while (next_text(tail, &name) && name.len > 0)
		if (count < COMMAND_NAMES)
			names[count++] = name;
	return count;
}

/* Who was reached, who was not, the text: one line or two. */
static void
tell_whisper(struct worker *w, struct client *c,
    const struct ipc_listed *listed, struct slice tail)
{
	struct slice reached[COMMAND_NAMES], lost[COMMAND_NAMES];
	size_t reached_count = next_names(&tail, reached);
	size_t lost_count = next_names(&tail, lost);
	struct buf line;
	bool good = true;

	buf_init(&line);
	if (reached_count > 0) {
		good = aside_whisper_sent(&line, reached, reached_count,
		    tail);
		if (good)
			waiting_put(w, c, listed->position, &line);
		buf_reset(&line);
	}
	if (good && lost_count > 0 && c->state == CLIENT_OPEN) {
		good = aside_whisper_lost(&line, lost, lost_count);
		if (good)
			waiting_put(w, c, listed->position, &line);
	}
	if (!good)
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
}

bool
speech_on_listed(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_listed *listed = m->payload;
	struct client *c = client_find(w, listed->connection);
	struct slice tail = slice_of(m->tail, m->tail_len);
	struct buf line;
	bool good;

	if (listed->type != IPC_WHO && listed->type != IPC_ROOMS &&
	    listed->type != IPC_WHISPER)
		return false;
	if (c != NULL && c->state == CLIENT_OPEN &&
	    listed->type == IPC_WHISPER) {
		tell_whisper(w, c, listed, tail);
	} else if (c != NULL && c->state == CLIENT_OPEN) {
		buf_init(&line);
		good = listed->type == IPC_WHO ?
		    render_who(tail, listed->more, &line) :
		    render_rooms(tail, listed->more, &line);
		if (good)
			waiting_put(w, c, listed->position, &line);
		else
			client_close(w, c, CLOSE_SERVER_FAULT);
		buf_clear(&line);
	}
	outbox_answered(&w->outbox, listed->number);
	return true;
}

bool
speech_on_whispered(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_whispered *whispered = m->payload;
	struct client *c = client_find(w, whispered->connection);
	struct slice tail = slice_of(m->tail, m->tail_len), from;
	struct buf line;

	if (!next_text(&tail, &from))
		return false;
	if (c == NULL || c->state != CLIENT_OPEN ||
	    waiting_is_repeat(w, whispered->generation, whispered->request,
	    whispered->connection))
		return true;
	buf_init(&line);
	if (aside_whisper(&line, from, tail))
		waiting_put(w, c, whispered->position, &line);
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
	return true;
}
