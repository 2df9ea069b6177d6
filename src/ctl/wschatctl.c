/*
 * wschatctl - an administrator's hand in a running wschatd.
 *
 * Options, then one command (errand.h), which asks the server through a Unix
 * socket (ask.h) and shows what it is answered (show.h).
 */
#include "config.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ask.h"
#include "ctl/errand.h"

#define LINES_MAX	100

static const char usage[] =
    "usage: wschatctl [-1j] [-s SOCKET] [-r ROUTE] [-n LINES] COMMAND ...\n";

static const char options_help[] =
    "  -j, --json           print answers as JSON, one object a line\n"
    "  -s, --socket SOCKET  the server's control socket (default\n"
    "                       $WSCHATCTL_SOCKET, or\n"
    "                       " CONTROL_SOCKET ")\n"
    "  -r, --route ROUTE    kick, ban, mute, trace: of this route, where\n"
    "                       several have the name\n"
    "  -n, --lines LINES    tail: so many lines from before (default 10)\n"
    "  -1, --once           top: look at one second and end\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n";

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "socket", required_argument, NULL, 's' },
	{ "route", required_argument, NULL, 'r' },
	{ "once", no_argument, NULL, '1' },
	{ "lines", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static void __attribute__((noreturn, format(printf, 1, 2)))
fail_usage(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "wschatctl: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%s", usage);
	exit(EX_USAGE);
}

static void __attribute__((noreturn))
print_help(void)
{
	printf("%s%s\nCommands (ROOM is the path of its URL: /chat, "
	    "/chat/lab):\n", usage, options_help);
	errand_print_help(stdout);
	printf("\nExit status: 0 done, 1 refused, 64 usage, 69 no server, "
	    "77 not allowed.\n");
	exit(0);
}

static long
read_lines(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > LINES_MAX)
		fail_usage("-n %s: not a number from 0 to %d", text,
		    LINES_MAX);
	return n;
}

/* Those in front of the first word; or all, unless what follows is a text of
 * any words. */
static void
read_options(int argc, char **argv, bool all, struct errand *e,
    const char **path)
{
	int option;

	opterr = 0;
	optind = 0;	/* begins anew */
	while ((option = getopt_long(argc, argv, all ? ":1js:r:n:hV" :
	    "+:1js:r:n:hV", longs, NULL)) != -1) {
		switch (option) {
		case '1':
			e->is_once = true;
			break;
		case 'j':
			e->is_json = true;
			break;
		case 's':
			*path = optarg;
			break;
		case 'r':
			e->route = optarg;
			break;
		case 'n':
			e->lines = read_lines(optarg);
			break;
		case 'h':
			print_help();
		case 'V':
			printf("wschatctl %s\n", PACKAGE_VERSION);
			exit(0);
		case ':':
			fail_usage("%s needs a value", argv[optind - 1]);
		default:
			fail_usage("%s is not an option", argv[optind - 1]);
		}
	}
}

/* One that means nothing was meant otherwise, as the -1 of "drain -1". */
static void
refuse_options(const struct errand_row *row, const struct errand *e)
{
	const struct {
		char letter;
		bool is_given;
	} options[] = {
		{ '1', e->is_once }, { 'n', e->lines >= 0 },
		{ 'r', e->route != NULL }
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].is_given &&
		    strchr(row->options, options[i].letter) == NULL)
			fail_usage("-%c is not an option of %s",
			    options[i].letter, row->word);
}

int
main(int argc, char **argv)
{
	struct errand errand = { .lines = -1 };
	const char *path = getenv("WSCHATCTL_SOCKET");
	const struct errand_row *row;
	int code;

	if (path == NULL || *path == '\0')
		path = CONTROL_SOCKET;
	read_options(argc, argv, false, &errand, &path);
	if (optind == argc)
		fail_usage("which command?");
	if (strcmp(argv[optind], "help") == 0)
		print_help();
	row = errand_find(argv[optind]);
	if (row == NULL)
		fail_usage("\"%s\" is not a command; wschatctl -h has the "
		    "list", argv[optind]);
	argc -= optind;
	argv += optind;
	read_options(argc, argv, row->most >= 0, &errand, &path);
	refuse_options(row, &errand);
	errand.words = argv + optind;
	errand.count = argc - optind;
	if (errand.count < row->least ||
	    (row->most >= 0 && errand.count > row->most))
		fail_usage("it is: %s%s%s", row->word,
		    *row->takes != '\0' ? " " : "", row->takes);
	errand.ask = ask_new(path);
	if (errand.ask == NULL)
		return EX_OSERR;
	code = row->run(&errand);
	ask_free(errand.ask);
	return code;
}
