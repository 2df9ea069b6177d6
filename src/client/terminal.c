/*
 * terminal - see terminal.h.
 *
 * libedit believes that nobody else writes to the screen.  So before anything
 * is printed its line is wiped, by what is known of where libedit has put the
 * cursor, and afterwards it draws all anew from the line where it then is.
 */
#include "config.h"

#include "client/terminal.h"

#include <errno.h>
#include <event2/event.h>
#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "client/place.h"

#define PROMPT		"> "
#define HISTORY_LINES	500
#define KEY_MS		100	/* between the bytes of one key */
#define SIGNALS		5

struct terminal {
	const struct terminal_hooks *hooks;
	void *arg;
	EditLine *el;
	History *history;
	struct event *input, *drawer, *signals[SIGNALS];
	char *entered;		/* the line, when one was */
	bool is_open;		/* the line is ours, libedit at work */
	bool is_hidden;		/* the line is off the screen */
	bool is_leaving;	/* Ctrl-D, or the terminal is gone */
	bool can_move;		/* the terminal knows ANSI's sequences */
	bool is_8bit;		/* ... and another encoding than UTF-8 */
};

/* ---- where the cursor is ---- */

static unsigned
columns(const struct terminal *t)
{
	int number = 0;

	if (el_get(t->el, EL_GETTC, "co", &number, NULL) != 0 || number < 1)
		return 80;
	return (unsigned)number;
}

static unsigned
cursor_row(const struct terminal *t)
{
	const LineInfo *line = el_line(t->el);

	return place_row(sizeof(PROMPT) - 1, line->buffer,
	    (size_t)(line->lastchar - line->buffer),
	    (size_t)(line->cursor - line->buffer), columns(t));
}

/* ---- hiding and showing ---- */

static void
hide(struct terminal *t)
{
	unsigned row;

	if (!t->is_open || t->is_hidden)
		return;
	t->is_hidden = true;
	if (!t->can_move) {
		putc('\n', stdout);
		return;
	}
	row = cursor_row(t);
	putc('\r', stdout);
	if (row > 0)
		printf("\033[%uA", row);
	fputs("\033[J", stdout);
}

static void
show(struct terminal *t)
{
	if (!t->is_open || !t->is_hidden)
		return;
	t->is_hidden = false;
	el_set(t->el, EL_REFRESH);
	fflush(stdout);
}

/* Drawn once, when all that came at once is printed. */
static void
on_draw(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	show(arg);
}

/* Not UTF-8: what is not ASCII could mean anything there. */
static void
put_7bit(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x80)
			putc(c, stdout);
		else if (c >= 0xc0)
			putc('?', stdout);
	}
}

void
terminal_print(struct terminal *t, const char *line, size_t len)
{
	hide(t);
	if (t->is_8bit)
		put_7bit(line, len);
	else
		fwrite(line, 1, len, stdout);
	putc('\n', stdout);
	if (t->is_open)
		event_active(t->drawer, EV_TIMEOUT, 0);
	else
		fflush(stdout);
}

/* ---- the keyboard ---- */

static struct terminal *
owner(EditLine *el)
{
	void *t = NULL;

	el_get(el, EL_CLIENTDATA, &t);
	return t;
}

/* One byte; the first is there, more of the same key follow at once. */
static bool
read_byte(char *out)
{
	struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
	ssize_t len;

	if (poll(&input, 1, KEY_MS) <= 0) {
		errno = 0;
		return false;
	}
	do
		len = read(STDIN_FILENO, out, 1);
	while (len < 0 && errno == EINTR);
	if (len == 0)
		errno = EIO;
	return len == 1;
}

/* libedit would wait for the rest of an escape sequence as long as it takes,
 * and the server with it. */
static int
get_char(EditLine *el, wchar_t *out)
{
	mbstate_t state = { 0 };
	size_t len = (size_t)-2;
	char byte;

	while (len == (size_t)-2) {
		if (!read_byte(&byte)) {
			owner(el)->is_leaving |= errno != 0;
			return -1;
		}
		len = mbrtowc(out, &byte, 1, &state);
		if (len == (size_t)-1) {
			*out = L'?';
			return 1;
		}
	}
	return 1;
}

static unsigned char
on_enter(EditLine *el, int c)
{
	const LineInfo *line = el_line(el);
	struct terminal *t = owner(el);

	(void)c;
	free(t->entered);
	t->entered = strndup(line->buffer,
	    (size_t)(line->lastchar - line->buffer));
	return CC_NORM;
}

static unsigned char
on_delete(EditLine *el, int c)
{
	const LineInfo *line = el_line(el);
	struct terminal *t = owner(el);

	(void)c;
	if (line->lastchar == line->buffer) {
		t->is_leaving = true;
		return CC_NORM;
	}
	if (line->cursor == line->lastchar)
		return CC_ERROR;
	el_cursor(el, 1);
	el_deletestr(el, 1);
	return CC_REFRESH;
}

static unsigned char
on_tab(EditLine *el, int c)
{
	const LineInfo *line = el_line(el);
	struct terminal *t = owner(el);

	(void)c;
	t->hooks->on_complete(t->arg, line->buffer,
	    (size_t)(line->cursor - line->buffer));
	return t->is_hidden ? CC_NORM : CC_REFRESH;
}

void
terminal_insert(struct terminal *t, const char *text)
{
	(void)el_insertstr(t->el, text);
}

/* libedit's own way to begin a new line: without reading keys, and again. */
static void
begin_line(struct terminal *t)
{
	el_set(t->el, EL_UNBUFFERED, 0);
	el_set(t->el, EL_UNBUFFERED, 1);
	t->is_hidden = false;
	fflush(stdout);
}

static void
take_line(struct terminal *t)
{
	char *line = t->entered;
	HistEvent event;

	t->entered = NULL;
	hide(t);
	if (line[0] != '\0') {
		history(t->history, &event, H_ENTER, line);
		t->hooks->on_line(t->arg, line);
	}
	free(line);
	begin_line(t);
}

static void
on_key(evutil_socket_t fd, short what, void *arg)
{
	struct terminal *t = arg;
	int count;

	(void)fd;
	(void)what;
	show(t);
	(void)el_gets(t->el, &count);
	if (t->is_leaving) {
		event_del(t->input);
		t->hooks->on_leave(t->arg);
	} else if (t->entered != NULL) {
		take_line(t);
	}
}

/* ---- signals ---- */

/* Ctrl-C wipes what is typed, and leaves when there is nothing. */
static void
on_interrupt(struct terminal *t)
{
	const LineInfo *line = el_line(t->el);

	if (!t->is_open || line->lastchar == line->buffer) {
		t->hooks->on_leave(t->arg);
		return;
	}
	hide(t);
	begin_line(t);
}

/* Ctrl-Z; what is typed is there again when we are. */
static void
on_stop(struct terminal *t)
{
	const LineInfo *line = el_line(t->el);
	char *typed = strndup(line->buffer,
	    (size_t)(line->lastchar - line->buffer));

	hide(t);
	if (t->is_open)
		el_set(t->el, EL_UNBUFFERED, 0);
	fflush(stdout);
	raise(SIGSTOP);
	if (t->is_open) {
		begin_line(t);
		hide(t);
		if (typed != NULL)
			(void)el_insertstr(t->el, typed);
		show(t);
	}
	free(typed);
}

static void
on_resize(struct terminal *t)
{
	if (!t->is_open)
		return;
	el_resize(t->el);
	hide(t);
	show(t);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct terminal *t = arg;

	(void)what;
	switch (number) {
	case SIGINT:
		on_interrupt(t);
		break;
	case SIGTSTP:
		on_stop(t);
		break;
	case SIGWINCH:
		on_resize(t);
		break;
	default:
		t->hooks->on_leave(t->arg);
		break;
	}
}

/* ---- its life ---- */

static void
bind_keys(EditLine *el)
{
	static const char *const keys[][2] = {
		{ "^M", "wschat-enter" }, { "^J", "wschat-enter" },
		{ "^D", "wschat-delete" }, { "^I", "wschat-complete" }
	};

	/* The narrow form would copy the texts and never free them. */
	el_wset(el, EL_ADDFN, L"wschat-enter", L"enters the line", on_enter);
	el_wset(el, EL_ADDFN, L"wschat-delete", L"deletes, or leaves",
	    on_delete);
	el_wset(el, EL_ADDFN, L"wschat-complete", L"completes", on_tab);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		el_set(el, EL_BIND, keys[i][0], keys[i][1], NULL);
		/* The command mode of vi(1), for whose .editrc wants it. */
		el_set(el, EL_BIND, "-a", keys[i][0], keys[i][1], NULL);
	}
}

static char *
prompt(EditLine *el)
{
	static char text[] = PROMPT;

	(void)el;
	return text;
}

static bool
make_editor(struct terminal *t)
{
	HistEvent event;

	t->history = history_init();
	t->el = el_init("wschat", stdin, stdout, stderr);
	if (t->history == NULL || t->el == NULL)
		return false;
	history(t->history, &event, H_SETSIZE, HISTORY_LINES);
	history(t->history, &event, H_SETUNIQUE, 1);
	el_set(t->el, EL_CLIENTDATA, t);
	el_set(t->el, EL_PROMPT, prompt);
	el_set(t->el, EL_HIST, history, t->history);
	el_set(t->el, EL_EDITOR, "emacs");
	el_set(t->el, EL_GETCFN, get_char);
	(void)el_source(t->el, NULL);
	bind_keys(t->el);
	return true;
}

static bool
make_events(struct terminal *t, struct event_base *base)
{
	static const int numbers[SIGNALS] = {
		SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH
	};

	t->input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST,
	    on_key, t);
	t->drawer = event_new(base, -1, 0, on_draw, t);
	for (unsigned i = 0; i < SIGNALS; i++) {
		t->signals[i] = evsignal_new(base, numbers[i], on_signal, t);
		if (t->signals[i] == NULL ||
		    event_add(t->signals[i], NULL) != 0)
			return false;
	}
	return t->input != NULL && t->drawer != NULL;
}

struct terminal *
terminal_new(struct event_base *base, const struct terminal_hooks *hooks,
    void *arg)
{
	struct terminal *t = calloc(1, sizeof(*t));
	const char *kind = getenv("TERM"), *codeset = nl_langinfo(CODESET);

	if (t == NULL)
		return NULL;
	t->hooks = hooks;
	t->arg = arg;
	t->can_move = kind != NULL && strcmp(kind, "dumb") != 0;
	t->is_8bit = strcmp(codeset, "UTF-8") != 0 &&
	    strcmp(codeset, "ANSI_X3.4-1968") != 0;
	if (make_editor(t) && make_events(t, base))
		return t;
	terminal_free(t);
	return NULL;
}

void
terminal_free(struct terminal *t)
{
	if (t == NULL)
		return;
	hide(t);
	if (t->is_open)
		el_set(t->el, EL_UNBUFFERED, 0);
	fflush(stdout);
	if (t->input != NULL)
		event_free(t->input);
	if (t->drawer != NULL)
		event_free(t->drawer);
	for (unsigned i = 0; i < SIGNALS; i++)
		if (t->signals[i] != NULL)
			event_free(t->signals[i]);
	if (t->el != NULL)
		el_end(t->el);
	if (t->history != NULL)
		history_end(t->history);
	free(t->entered);
	free(t);
}

void
terminal_open(struct terminal *t)
{
	if (t->is_open)
		return;
	t->is_open = true;
	el_set(t->el, EL_UNBUFFERED, 1);
	fflush(stdout);
	event_add(t->input, NULL);
}

bool
terminal_has_colour(void)
{
	const char *kind = getenv("TERM"), *no = getenv("NO_COLOR");

	return kind != NULL && strcmp(kind, "dumb") != 0 &&
	    (no == NULL || no[0] == '\0') && isatty(STDOUT_FILENO);
}
