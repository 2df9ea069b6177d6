/*
 * top - see top.h.
 */
#include "config.h"

#include "ctl/top.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/second.h"
#include "ctl/show.h"

#define SECOND_MS	1000
#define HOME		"\033[H"
#define LINE_END	"\033[K\n"
#define BELOW		"\033[J"
#define SCREEN		"\033[2J\033[?25l"	/* empty, without a cursor */
#define SCREEN_OVER	"\033[?25h"

static volatile sig_atomic_t is_over;

static void
on_signal(int sig)
{
	(void)sig;
	is_over = 1;
}

/*
 * The terminal.
 */

struct screen {
	bool is_on;
	bool has_keys;		/* standard input is a terminal, too */
	struct termios before;
};

static void
screen_begin(struct screen *s)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios raw;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	s->has_keys = tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (s->has_keys) {
		raw = s->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	s->is_on = true;
	fputs(SCREEN, stdout);
}

static void
screen_end(struct screen *s)
{
	if (!s->is_on)
		return;
	fputs(SCREEN_OVER, stdout);
	fflush(stdout);
	if (s->has_keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

/* In place: each line wipes what was behind it, the last all below.  What
 * does not fit is not shown. */
static void
screen_draw(const char *text)
{
	struct winsize size;
	unsigned rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row > 0 ? size.ws_row : 24;
	const char *end;

	fputs(HOME, stdout);
	for (; rows > 1 && (end = strchr(text, '\n')) != NULL; rows--) {
		fwrite(text, 1, (size_t)(end - text), stdout);
		fputs(LINE_END, stdout);
		text = end + 1;
	}
	fputs(BELOW, stdout);
}

/* Waits a second, or until somebody wants to leave. */
static void
wait_second(const struct screen *s)
{
	struct pollfd in = { .fd = s->has_keys ? STDIN_FILENO : -1,
		.events = POLLIN };
	char key;

	if (poll(&in, 1, SECOND_MS) <= 0)
		return;
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
		is_over = 1;
}

/*
 * Seconds.
 */

static bool
show_second(const struct errand *e, const struct screen *s,
    const json_t *second)
{
	char *text = NULL;
	size_t len;
	FILE *out;
	bool good;

	if (e->is_json)
		return show_json(second);
	if (!s->is_on)
		return second_print(second, stdout);
	out = open_memstream(&text, &len);
	if (out == NULL)
		return false;
	good = second_print(second, out);
	good = fclose(out) == 0 && good;
	if (good)
		screen_draw(text);
	free(text);
	return good;
}

/* Looks once more and shows what has come of it. */
static int
look(const struct errand *e, const struct screen *s, json_t **last)
{
	json_t *answer, *second;
	int code = errand_order(e, json_pack("{s:s}", "command", "status"),
	    true, &answer);
	bool good = true;

	if (code != ERRAND_DONE)
		return code;
	if (*last != NULL) {
		second = second_new(*last, answer);
		good = second != NULL && show_second(e, s, second) &&
		    fflush(stdout) == 0;
		json_decref(second);
		json_decref(*last);
	}
	*last = answer;
	return good ? ERRAND_DONE : EX_IOERR;
}

int
top_run(const struct errand *e)
{
	bool is_drawn = isatty(STDOUT_FILENO) && !e->is_json && !e->is_once;
	bool goes_on = is_drawn || (e->is_json && !e->is_once);
	struct screen screen = { .is_on = false };
	json_t *last = NULL;
	int code = look(e, &screen, &last);

	/* An error is said where it stays to be read. */
	if (code == ERRAND_DONE && is_drawn)
		screen_begin(&screen);
	while (code == ERRAND_DONE && !is_over) {
		wait_second(&screen);
		if (is_over)
			break;
		code = look(e, &screen, &last);
		if (!goes_on)
			break;
	}
	screen_end(&screen);
	json_decref(last);
	return code;
}
