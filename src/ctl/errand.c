/*
 * errand - see errand.h.
 */
#include "config.h"

#include "ctl/errand.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/chore.h"
#include "ctl/hush.h"
#include "ctl/show.h"
#include "ctl/span.h"
#include "ctl/top.h"
#include "ctl/track.h"

#define TAIL_LINES	10
#define TAIL_TRIES	3	/* in a row, without an event between */

static int run_status(const struct errand *);
static int run_who(const struct errand *);
static int run_rooms(const struct errand *);
static int run_say(const struct errand *);
static int run_kick(const struct errand *);
static int run_tail(const struct errand *);
static int run_ban(const struct errand *);
static int run_unban(const struct errand *);
static int run_bans(const struct errand *);

static const struct errand_row rows[] = {
	{ "status", "", 0, 0, "", run_status,
	    "version, processes, how many are here" },
	{ "top", "", 0, 0, "1", top_run,
	    "messages, lag, processors and memory, second by second" },
	{ "who", "[ROOM]", 0, 1, "", run_who,
	    "users, their connections and addresses" },
	{ "rooms", "", 0, 0, "", run_rooms,
	    "rooms, their members and messages" },
	{ "say", "ROOM [TEXT...]", 1, -1, "", run_say,
	    "say a text as \"server\"; without one, the lines of standard "
	    "input" },
	{ "kick", "NAME", 1, 1, "r", run_kick,
	    "close the connections of a user, or conn=N" },
	{ "ban", "ADDRESS|NAME [TIME]", 1, 2, "r", run_ban,
	    "keep an address or a network out, for 30s, 10m, 2h, 7d, or for "
	    "good" },
	{ "unban", "ADDRESS", 1, 1, "", run_unban,
	    "let an address or a network in again" },
	{ "bans", "", 0, 0, "", run_bans,
	    "who is kept out, and until when" },
	{ "tail", "ROOM", 1, 1, "n", run_tail,
	    "show the last lines of a room, and what follows" },
	{ "trace", "NAME", 1, 1, "r", track_run,
	    "show what comes from a user and goes to him" },
	{ "mute", "ADDRESS|NAME [TIME]", 1, 2, "r", hush_mute,
	    "have nobody hear a user, an address or a network" },
	{ "unmute", "ADDRESS|NAME", 1, 1, "r", hush_unmute,
	    "have him heard again" },
	{ "mutes", "", 0, 0, "", hush_list,
	    "who is not heard, and until when" },
	{ "drain", "[TIME]", 0, 1, "", chore_drain,
	    "end the server, its clients spread over a time" },
	{ "reload", "", 0, 0, "", chore_reload,
	    "read configuration and certificates again" },
	{ "log-level", "LEVEL", 1, 1, "", chore_log_level,
	    "error, warning, info or debug, until the next reload" },
};

const struct errand_row *
errand_find(const char *word)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, word) == 0)
			return &rows[i];
	return NULL;
}

void
errand_print_help(FILE *out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, "  %-9s %-19s  %s\n", rows[i].word,
		    rows[i].takes, rows[i].help);
}

/*
 * To the server and back.
 */

int
errand_complain(struct ask *ask, enum ask_result result)
{
	fprintf(stderr, "wschatctl: %s\n", ask_text(ask, result));
	switch (result) {
	case ASK_FORBIDDEN:
		return EX_NOPERM;
	case ASK_RUBBISH:
		return EX_PROTOCOL;
	default:
		return EX_UNAVAILABLE;
	}
}

static int
complain_of_memory(void)
{
	fprintf(stderr, "wschatctl: no memory\n");
	return EX_OSERR;
}

/* The server's no, for people, or as it came. */
static int
tell_refusal(const struct errand *e, const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer,
	    "error"));
	const char *text = json_string_value(json_object_get(answer, "text"));

	if (e->is_json)
		show_json(answer);
	else
		fprintf(stderr, "wschatctl: %s\n", text == NULL ?
		    "the server refuses" : text);
	return error != NULL && strcmp(error, "not-allowed") == 0 ?
	    EX_NOPERM : ERRAND_REFUSED;
}

int
errand_order(const struct errand *e, json_t *what, bool may_repeat,
    json_t **answer_out)
{
	enum ask_result result = ASK_DONE;

	if (what == NULL)
		return complain_of_memory();
	for (int i = 0; i < 2; i++) {
		result = ask_send(e->ask, what);
		if (result == ASK_DONE)
			result = ask_receive(e->ask, answer_out);
		if (result != ASK_LOST || !may_repeat)
			break;
	}
	json_decref(what);
	if (result != ASK_DONE)
		return errand_complain(e->ask, result);
	if (json_is_true(json_object_get(*answer_out, "ok")))
		return ERRAND_DONE;
	result = tell_refusal(e, *answer_out);
	json_decref(*answer_out);
	return (int)result;
}

static json_t *
order_new(const char *command)
{
	return json_pack("{s:s}", "command", command);
}

/* Shows an answer and releases it. */
static int
show(const struct errand *e, json_t *answer,
    bool (*show_it)(const json_t *))
{
	bool good = e->is_json ? show_json(answer) : show_it(answer);

	json_decref(answer);
	return good && fflush(stdout) == 0 ? ERRAND_DONE : EX_IOERR;
}

int
errand_ask(const struct errand *e, json_t *what,
    bool (*show_it)(const json_t *))
{
	json_t *answer;
	int code = errand_order(e, what, true, &answer);

	return code != ERRAND_DONE ? code : show(e, answer, show_it);
}

/*
 * Questions.
 */

static int
run_status(const struct errand *e)
{
	json_t *answer;
	int code = errand_order(e, order_new("status"), true, &answer);

	return code != ERRAND_DONE ? code : show(e, answer, show_status);
}

/* Puts the pieces of a list together. */
static int
gather(const struct errand *e, const char *command, const char *what,
    bool (*show_it)(const json_t *))
{
	json_t *all = json_array(), *answer, *next = NULL, *ask;
	int code;

	do {
		ask = order_new(command);
		if (e->count > 0)
			(void)json_object_set_new(ask, "room",
			    json_string(e->words[0]));
		if (next != NULL)
			(void)json_object_set_new(ask, "from", next);
		code = errand_order(e, ask, true, &answer);
		if (code != ERRAND_DONE) {
			json_decref(all);
			return code;
		}
		(void)json_array_extend(all, json_object_get(answer, what));
		next = json_incref(json_object_get(answer, "next"));
		json_decref(answer);
	} while (next != NULL);
	answer = json_pack("{s:b, s:o}", "ok", 1, what, all);
	return answer == NULL ? complain_of_memory() :
	    show(e, answer, show_it);
}

static int
run_who(const struct errand *e)
{
	return gather(e, "who", "members", show_who);
}

static int
run_rooms(const struct errand *e)
{
	return gather(e, "rooms", "rooms", show_rooms);
}

/*
 * Orders.
 */

static int
say_text(const struct errand *e, const char *text)
{
	json_t *what = json_pack("{s:s, s:s, s:s}", "command", "say", "room",
	    e->words[0], "text", text);
	json_t *answer;
	int code;

	if (what == NULL) {
		fprintf(stderr, "wschatctl: the text is not UTF-8\n");
		return EX_DATAERR;
	}
	code = errand_order(e, what, false, &answer);
	return code != ERRAND_DONE ? code : show(e, answer, show_said);
}

static int
say_input(const struct errand *e)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int code = ERRAND_DONE;

	while (code == ERRAND_DONE &&
	    (len = getline(&line, &size, stdin)) >= 0) {
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		if (strlen(line) != (size_t)len) {
			fprintf(stderr, "wschatctl: a line has a NUL\n");
			code = EX_DATAERR;
		} else {
			code = say_text(e, line);
		}
	}
	free(line);
	return code;
}

/* As echo(1) does: words with a space between. */
static int
run_say(const struct errand *e)
{
	size_t len = 1;
	char *text;
	int code;

	if (e->count == 1)
		return say_input(e);
	for (int i = 1; i < e->count; i++)
		len += strlen(e->words[i]) + 1;
	text = calloc(1, len);
	if (text == NULL)
		return complain_of_memory();
	for (int i = 1; i < e->count; i++) {
		if (i > 1)
			strncat(text, " ", len - strlen(text) - 1);
		strncat(text, e->words[i], len - strlen(text) - 1);
	}
	code = say_text(e, text);
	free(text);
	return code;
}

static int
run_kick(const struct errand *e)
{
	json_t *what = json_pack("{s:s, s:s, s:s*}", "command", "kick",
	    "name", e->words[0], "route", e->route);
	json_t *answer;
	int code = errand_order(e, what, true, &answer);

	return code != ERRAND_DONE ? code : show(e, answer, show_kicked);
}

static int
run_ban(const struct errand *e)
{
	json_int_t seconds = e->count < 2 ? 0 : span_read(e->words[1]);
	json_t *answer;
	int code;

	if (seconds == 0 && e->count > 1)
		fprintf(stderr, "wschatctl: that is no time\n");
	if (seconds < 0 || (seconds == 0 && e->count > 1))
		return EX_USAGE;
	code = errand_order(e, json_pack("{s:s, s:s, s:s*, s:I}", "command",
	    "ban", "name", e->words[0], "route", e->route, "seconds", seconds),
	    true, &answer);
	return code != ERRAND_DONE ? code : show(e, answer, show_banned);
}

static int
run_unban(const struct errand *e)
{
	json_t *answer;
	int code = errand_order(e, json_pack("{s:s, s:s}", "command", "unban",
	    "name", e->words[0]), true, &answer);

	return code != ERRAND_DONE ? code : show(e, answer, show_lifted);
}

static int
run_bans(const struct errand *e)
{
	json_t *answer;
	int code = errand_order(e, order_new("bans"), true, &answer);

	return code != ERRAND_DONE ? code : show(e, answer, show_bans);
}

/*
 * Tail.
 */

/* Shows events until the connection ends; counts them. */
static enum ask_result
show_events(const struct errand *e, json_int_t *at, unsigned *count)
{
	enum ask_result result;
	json_t *event;

	*count = 0;
	ask_be_patient(e->ask);
	while ((result = ask_receive(e->ask, &event)) == ASK_DONE) {
		if (json_is_integer(json_object_get(event, "at")))
			*at = json_integer_value(json_object_get(event,
			    "at"));
		++*count;
		if (show(e, event, show_event) != ERRAND_DONE)
			exit(EX_IOERR);
	}
	return result;
}

/* Where a broker has died, another goes on from the same place in the log. */
static int
run_tail(const struct errand *e)
{
	unsigned tries = 0, count;
	enum ask_result result;
	json_t *what, *answer;
	json_int_t at = 0;
	int code;

	do {
		what = json_pack("{s:s, s:s, s:I}", "command", "tail", "room",
		    e->words[0], "lines", (json_int_t)(e->lines < 0 ?
		    TAIL_LINES : e->lines));
		if (at > 0)
			(void)json_object_set_new(what, "from",
			    json_integer(at));
		code = errand_order(e, what, true, &answer);
		if (code != ERRAND_DONE)
			return code;
		if (at == 0)
			at = json_integer_value(json_object_get(answer,
			    "at"));
		json_decref(answer);
		result = show_events(e, &at, &count);
		tries = count > 0 ? 0 : tries + 1;
	} while (result == ASK_LOST && tries < TAIL_TRIES);
	return errand_complain(e->ask, result);
}
