/*
 * response - see response.h.
 */
#include "config.h"

#include "worker/response.h"

#include <string.h>

#include "base/logger.h"
#include "worker/aside.h"
#include "worker/client.h"
#include "worker/command.h"
#include "worker/form.h"
#include "worker/json_write.h"
#include "worker/output.h"
#include "worker/waiting.h"

#define LISTED_MAX	4096	/* of an answer; more is not looked at */

static struct slice
slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

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

/* Whom an answer is for, when he can still be told. */
static struct client *
find_asker(const struct worker *w, uint64_t connection)
{
	struct client *c = client_find(w, connection);

	return c != NULL && c->state == CLIENT_OPEN ? c : NULL;
}

/*
 * Refusals.
 */

static bool
line_refused(struct buf *line, enum ipc_refusal reason, struct slice sentence,
    struct slice wish)
{
	if (reason == IPC_REFUSED_MUTED)
		return aside_muted(line);
	if (reason == IPC_REFUSED_TAKEN)
		return aside_nick_taken(line, wish);
	if (reason == IPC_REFUSED_NAME)
		return aside_nick_impossible(line, wish, sentence.at);
	return aside_join_impossible(line, wish,
	    reason == IPC_REFUSED_ROOM ? "you are there" : sentence.at);
}

/* A wish that cannot be granted: a word, a sentence, what was wanted. */
static bool
render_refused(struct buf *line, const struct client *c,
    enum ipc_refusal reason, struct slice tail)
{
	const struct slice no_id = { NULL, 0 };
	struct slice word, sentence;

	if (reason == IPC_REFUSED_AFTER)
		return json_write_error(line, JSON_ERROR_NOT_FOUND, no_id);
	if (!next_text(&tail, &word) || !next_text(&tail, &sentence))
		return false;
	return form_is_json(c->form) ?
	    json_write_refusal(line, word, sentence,
	    reason == IPC_REFUSED_MUTED && tail.len > 0 ? tail : no_id) :
	    line_refused(line, reason, sentence, tail);
}

/* The rest: nothing was at fault with what was asked, and who goes on as if
 * it had been granted would be wrong.  What any client can bring about is
 * told once, as the end of its connection; one that is not known any more has
 * been replaced, and that is about to be told. */
static void
refused_close(struct worker *w, struct client *c, enum ipc_refusal reason)
{
	if (reason == IPC_REFUSED_MEMORY || reason == IPC_REFUSED_SIZE)
		logger_write_connection(LOGGER_WARNING, c->connection,
		    "the broker refused a request", "reason=%u",
		    (unsigned)reason);
	if (reason == IPC_REFUSED_ADDRESS)
		client_close(w, c, CLOSE_TOO_MANY_CONNECTIONS);
	else if (reason == IPC_REFUSED_ROOMS)
		client_close(w, c, CLOSE_TOO_MANY_ROOMS);
	else if (reason == IPC_REFUSED_TABS)
		client_close(w, c, CLOSE_TOO_MANY_TABS);
	else if (reason == IPC_REFUSED_REPLACED)
		client_close(w, c, CLOSE_REPLACED);
	else if (reason == IPC_REFUSED_BANNED)
		client_close(w, c, CLOSE_BANNED);
	else if (reason == IPC_REFUSED_SIZE)
		client_close(w, c, CLOSE_TOO_BIG);
	else if (reason == IPC_REFUSED_MEMORY)
		/* With a leave: a broker that dies before we know may be
		 * followed by one that grants it. */
		client_close(w, c, CLOSE_TRY_LATER);
}

void
response_on_refused(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_refused *refused = m->payload;
	const enum ipc_refusal reason = (enum ipc_refusal)refused->reason;
	struct client *c = find_asker(w, refused->connection);
	struct buf line;

	buf_init(&line);
	if (c == NULL)
		;
	else if (m->tail_len > 0 || reason == IPC_REFUSED_AFTER)
		client_answer(w, c, render_refused(&line, c, reason,
		    slice_of(m->tail, m->tail_len)), &line);
	else
		refused_close(w, c, reason);
	buf_clear(&line);
	outbox_answered(&w->outbox, refused->number);
}

/*
 * Answers.
 */

void
response_on_acked(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_acked *acked = m->payload;
	struct client *c = find_asker(w, acked->connection);
	struct buf line;

	buf_init(&line);
	if (c != NULL)
		client_answer(w, c, json_write_ack(&line, slice_of(m->tail,
		    m->tail_len), acked->seq, true), &line);
	buf_clear(&line);
	outbox_answered(&w->outbox, acked->number);
}

static bool
line_who(struct buf *line, struct slice tail, uint64_t more)
{
	static struct slice names[LISTED_MAX];
	size_t count = 0;

	while (count < LISTED_MAX && next_text(&tail, &names[count]))
		count++;
	return aside_who(line, names, count, more);
}

static bool
json_who(struct buf *line, struct slice tail, uint64_t more)
{
	struct slice name;
	char sign;

	if (!json_write_who_begin(line))
		return false;
	while (next_text(&tail, &name)) {
		/* No name begins with one of them. */
		sign = name.len > 0 ? *name.at : '\0';
		if (sign == '+' || sign == '-')
			name = slice_of(name.at + 1, name.len - 1);
		if (!json_write_who_add(line, name, sign == '-'))
			return false;
	}
	return json_write_who_end(line, more);
}

/* "NAME COUNT" each. */
static bool
render_rooms(struct buf *line, const struct client *c, struct slice tail,
    uint64_t more)
{
	static struct aside_room rooms[LISTED_MAX];
	struct slice text;
	size_t count = 0;

	while (count < LISTED_MAX && next_text(&tail, &text)) {
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
	return form_is_json(c->form) ?
	    json_write_rooms(line, rooms, count, more) :
	    aside_rooms(line, rooms, count, more);
}

static void
tell_list(struct worker *w, struct client *c, const struct ipc_listed *listed,
    struct slice tail)
{
	struct buf line;
	bool good;

	buf_init(&line);
	if (listed->type == IPC_ROOMS)
		good = render_rooms(&line, c, tail, listed->more);
	else if (form_is_json(c->form))
		good = json_who(&line, tail, listed->more);
	else
		good = line_who(&line, tail, listed->more);
	if (good)
		waiting_put(w, c, listed->position, &line);
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
}

/*
 * Whispers.
 */

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

struct whispered {
	struct slice reached[COMMAND_NAMES], lost[COMMAND_NAMES], text;
	size_t reached_count, lost_count;
};

/* Who was reached and who was not: one line or two. */
static bool
put_whispered_lines(struct worker *w, struct client *c, uint64_t position,
    const struct whispered *whisper, struct buf *line)
{
	if (whisper->reached_count > 0) {
		if (!aside_whisper_sent(line, whisper->reached,
		    whisper->reached_count, whisper->text))
			return false;
		waiting_put(w, c, position, line);
		buf_reset(line);
	}
	if (whisper->lost_count > 0 && c->state == CLIENT_OPEN) {
		if (!aside_whisper_lost(line, whisper->lost,
		    whisper->lost_count))
			return false;
		waiting_put(w, c, position, line);
	}
	return true;
}

static bool
put_whispered(struct worker *w, struct client *c, uint64_t position,
    const struct whispered *whisper, struct buf *line)
{
	if (!form_is_json(c->form))
		return put_whispered_lines(w, c, position, whisper, line);
	if (!json_write_whispered(line, whisper->reached,
	    whisper->reached_count, whisper->lost, whisper->lost_count,
	    whisper->text))
		return false;
	waiting_put(w, c, position, line);
	return true;
}

static void
tell_whispered(struct worker *w, struct client *c, uint64_t position,
    struct slice tail)
{
	struct whispered whisper;
	struct buf line;

	whisper.reached_count = next_names(&tail, whisper.reached);
	whisper.lost_count = next_names(&tail, whisper.lost);
	whisper.text = tail;
	buf_init(&line);
	if (!put_whispered(w, c, position, &whisper, &line))
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
}

bool
response_on_listed(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_listed *listed = m->payload;
	struct client *c = find_asker(w, listed->connection);
	struct slice tail = slice_of(m->tail, m->tail_len);

	if (listed->type != IPC_WHO && listed->type != IPC_ROOMS &&
	    listed->type != IPC_WHISPER)
		return false;
	if (c != NULL && listed->type == IPC_WHISPER)
		tell_whispered(w, c, listed->position, tail);
	else if (c != NULL)
		tell_list(w, c, listed, tail);
	outbox_answered(&w->outbox, listed->number);
	return true;
}

bool
response_on_whispered(struct worker *w, const struct ipc_message *m)
{
	const struct ipc_whispered *whispered = m->payload;
	struct client *c = find_asker(w, whispered->connection);
	struct slice tail = slice_of(m->tail, m->tail_len), from;
	struct buf line;
	bool good;

	if (!next_text(&tail, &from))
		return false;
	if (c == NULL || waiting_is_repeat(w, whispered->generation,
	    whispered->request, whispered->connection))
		return true;
	buf_init(&line);
	good = form_is_json(c->form) ?
	    json_write_whisper(&line, from, tail) :
	    aside_whisper(&line, from, tail);
	if (good)
		waiting_put(w, c, whispered->position, &line);
	else
		client_close(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
	return true;
}
