/*
 * chat - see chat.h.
 */
#include "config.h"

#include "client/chat.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"
#include "client/completion.h"
#include "client/names.h"
#include "client/options.h"
#include "client/session.h"
#include "client/slash.h"
#include "client/terminal.h"
#include "client/view.h"

struct chat {
	struct event_base *base;
	struct options *options;
	struct session *session;
	struct terminal *terminal;
	struct view view;
	struct names names;
	unsigned own_whos;	/* asked for the names' sake: not shown */
	bool is_greeted;
	int status;
};

typedef void runner(struct chat *, const struct slash *);

static runner run_say, run_unknown, run_wrong, run_help, run_nick, run_who,
    run_whisper, run_me, run_join, run_rooms, run_ping, run_quit;

static runner *const runners[] = {
	[SLASH_SAY] = run_say,
	[SLASH_UNKNOWN] = run_unknown,
	[SLASH_WRONG] = run_wrong,
	[SLASH_HELP] = run_help,
	[SLASH_NICK] = run_nick,
	[SLASH_WHO] = run_who,
	[SLASH_WHISPER] = run_whisper,
	[SLASH_ME] = run_me,
	[SLASH_JOIN] = run_join,
	[SLASH_ROOMS] = run_rooms,
	[SLASH_PING] = run_ping,
	[SLASH_QUIT] = run_quit,
};

/* ---- what is shown ---- */

static void
note(struct chat *chat, const char *text)
{
	struct buf line;

	buf_init(&line);
	if (view_note(&chat->view, text, &line))
		terminal_print(chat->terminal,
		    (const char *)buf_head(&line), buf_len(&line));
	buf_clear(&line);
}

static const char *
text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}

static void
ask_names(struct chat *chat)
{
	names_clear(&chat->names);
	chat->own_whos = session_request(chat->session, call_who(NULL));
}

static void
take_names(struct chat *chat, const json_t *event)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(event, "users"), i, one)
		names_add(&chat->names, text_of(one, "name"));
}

/* Keeps the names up to date.  False: the event is not to be shown. */
static bool
follow_names(struct chat *chat, const json_t *event)
{
	const char *type = text_of(event, "type");

	if (strcmp(type, "join") == 0) {
		names_add(&chat->names, text_of(event, "name"));
		/* Our own coming is what the welcome tells. */
		return strcmp(text_of(event, "name"),
		    session_name(chat->session)) != 0;
	}
	if (strcmp(type, "leave") == 0) {
		names_remove(&chat->names, text_of(event, "name"));
	} else if (strcmp(type, "rename") == 0) {
		names_remove(&chat->names, text_of(event, "from"));
		names_add(&chat->names, text_of(event, "to"));
	} else if (strcmp(type, "welcome") == 0) {
		ask_names(chat);
	} else if (strcmp(type, "who") == 0) {
		take_names(chat, event);
		if (chat->own_whos > 0) {
			chat->own_whos--;
			return false;
		}
	}
	return true;
}

static void
on_event(void *arg, const json_t *event)
{
	struct chat *chat = arg;
	bool is_shown = follow_names(chat, event);
	enum view_kind kind;
	struct buf line;

	buf_init(&line);
	kind = view_event(&chat->view, event, &line);
	if (is_shown && kind != VIEW_NOTHING &&
	    !(kind == VIEW_PRESENCE && chat->options->is_quiet))
		terminal_print(chat->terminal,
		    (const char *)buf_head(&line), buf_len(&line));
	buf_clear(&line);
}

static void
on_text(void *arg, const char *text, size_t len)
{
	struct chat *chat = arg;
	struct buf line;

	buf_init(&line);
	if (view_text(text, len, &line))
		terminal_print(chat->terminal,
		    (const char *)buf_head(&line), buf_len(&line));
	buf_clear(&line);
}

static void
on_note(void *arg, const char *text)
{
	note(arg, text);
}

static void
on_ready(void *arg)
{
	struct chat *chat = arg;

	if (chat->is_greeted)
		return;
	chat->is_greeted = true;
	if (!chat->options->is_quiet)
		note(chat, session_speaks_json(chat->session) ?
		    "/help lists the commands, /quit leaves" :
		    "/quit leaves");
	terminal_open(chat->terminal);
}

static void
on_end(void *arg, enum session_outcome outcome, const char *why)
{
	struct chat *chat = arg;
	char text[640];

	if (outcome == SESSION_REFUSED || outcome == SESSION_LOST) {
		chat->status = EXIT_LOST;
		snprintf(text, sizeof(text), "%s: %s",
		    chat->options->url_text,
		    why[0] != '\0' ? why : "the server closed");
		note(chat, text);
	}
	event_base_loopbreak(chat->base);
}

static const struct session_hooks session_hooks = {
	on_event, on_text, on_note, on_ready, on_end
};

/* ---- what is typed ---- */

static void
say(struct chat *chat, const char *text, bool is_action)
{
	char waits[2048];

	if (!session_say(chat->session, text, strlen(text), is_action)) {
		note(chat, session_takes(chat->session) ?
		    "not said: it is not UTF-8" :
		    "not said: there is no connection");
	} else if (!session_is_connected(chat->session)) {
		snprintf(waits, sizeof(waits), "waits for the connection: "
		    "%s", text);
		note(chat, waits);
	}
}

static void
request(struct chat *chat, json_t *ask)
{
	if (!session_request(chat->session, ask))
		note(chat, "not done: there is no connection");
}

static void
run_say(struct chat *chat, const struct slash *slash)
{
	say(chat, slash->text, false);
}

static void
run_me(struct chat *chat, const struct slash *slash)
{
	say(chat, slash->text, true);
}

static void
run_unknown(struct chat *chat, const struct slash *slash)
{
	char text[128];

	snprintf(text, sizeof(text), "no command /%s; /help lists them",
	    slash->word);
	note(chat, text);
}

static void
run_wrong(struct chat *chat, const struct slash *slash)
{
	char text[128];

	snprintf(text, sizeof(text), "usage: %s",
	    slash_usage(slash->command));
	note(chat, text);
}

static void
run_help(struct chat *chat, const struct slash *slash)
{
	char text[160];
	unsigned i;

	(void)slash;
	for (i = 0; slash_word(i) != NULL; i++) {
		snprintf(text, sizeof(text), "%s: %s",
		    slash_usage(slash_at(i)), slash_help(slash_at(i)));
		note(chat, text);
	}
}

static void
run_nick(struct chat *chat, const struct slash *slash)
{
	request(chat, call_nick(slash->argument));
}

static void
run_who(struct chat *chat, const struct slash *slash)
{
	(void)slash;
	request(chat, call_who(NULL));
}

static void
run_whisper(struct chat *chat, const struct slash *slash)
{
	request(chat, call_whisper(slash->argument, slash->text));
}

static void
run_join(struct chat *chat, const struct slash *slash)
{
	request(chat, call_join(slash->argument));
}

static void
run_rooms(struct chat *chat, const struct slash *slash)
{
	(void)slash;
	request(chat, call_rooms());
}

static void
run_ping(struct chat *chat, const struct slash *slash)
{
	(void)slash;
	request(chat, call_ping());
}

static void
run_quit(struct chat *chat, const struct slash *slash)
{
	(void)slash;
	session_close(chat->session);
}

/* A server without wschat.v1 has commands of its own, or none. */
static void
on_line(void *arg, char *line)
{
	struct chat *chat = arg;
	struct slash slash;
	char *raw = NULL;

	if (!session_speaks_json(chat->session))
		raw = strdup(line);
	slash_parse(line, &slash);
	if (raw != NULL && slash.kind != SLASH_QUIT)
		say(chat, raw, false);
	else
		runners[slash.kind](chat, &slash);
	free(raw);
}

static void
on_leave(void *arg)
{
	struct chat *chat = arg;

	session_close(chat->session);
}

static void
on_complete(void *arg, const char *before, size_t len)
{
	struct chat *chat = arg;
	struct completion found;

	completion_find(&found, before, len, &chat->names);
	if (found.insert[0] != '\0')
		terminal_insert(chat->terminal, found.insert);
	else if (found.count > 1)
		note(chat, found.list);
}

static const struct terminal_hooks terminal_hooks = {
	on_line, on_leave, on_complete
};

/* ---- its life ---- */

static bool
start(struct chat *chat, const struct trust *trust)
{
	const struct options *options = chat->options;
	struct session_settings settings = {
		.url = options->url, .trust = trust, .name = options->name,
		.has_since = options->has_since, .since = options->since,
		.may_reconnect = options->may_reconnect
	};

	chat->terminal = terminal_new(chat->base, &terminal_hooks, chat);
	if (chat->terminal == NULL)
		return false;
	chat->session = session_new(chat->base, &settings, &session_hooks,
	    chat);
	return chat->session != NULL;
}

int
chat_run(struct event_base *base, struct options *options,
    const struct trust *trust)
{
	struct chat chat = {
		.base = base, .options = options, .status = EXIT_DONE,
		.view = { .is_terminal = true,
		    .has_colour = terminal_has_colour() }
	};

	names_init(&chat.names);
	if (start(&chat, trust))
		event_base_dispatch(base);
	else
		chat.status = EXIT_LOST;
	session_free(chat.session);
	terminal_free(chat.terminal);
	names_clear(&chat.names);
	if (chat.status == EXIT_DONE)
		puts("Connection closed. Goodbye!");
	return chat.status;
}
