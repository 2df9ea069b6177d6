/*
 * options - see options.h.
 */
#include "config.h"

#include "client/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S	(366.0 * 86400)

static const char usage[] =
    "usage: wschat [options] [URL]\n";

static const char help[] =
    "  URL                 " URL_DEFAULT " unless it is said; also\n"
    "                      wss://HOST/PATH, unix:/SOCKET:/PATH, and the\n"
    "                      address of the page, http://HOST/#room=NAME\n"
    "      --name NAME     take this name\n"
    "      --room NAME     the room NAME of the URL's route\n"
    "      --since SEQ     begin behind message SEQ; 0: with all that is kept\n"
    "      --send TEXT     say this instead of reading standard input;\n"
    "                      may be given several times\n"
    "      --expect REGEX  end when a line of output matches\n"
    "      --count N       end after N messages, or lines that match;\n"
    "                      0: listen without end\n"
    "      --timeout S     end with status 3 after S seconds\n"
    "      --json          print events as they come, one JSON object a line\n"
    "  -q, --quiet         messages and errors alone\n"
    "      --no-reconnect  end when the connection is lost\n"
    "      --ca FILE       believe the authorities in FILE (PEM) alone\n"
    "      --insecure      believe every certificate\n"
    "  -h, --help          print this and exit\n"
    "  -V, --version       print the version and exit\n"
    "Exit status: 0 done, 1 refused or lost, 2 usage, 3 timeout.\n";

enum long_option {
	OPTION_NAME = 256, OPTION_ROOM, OPTION_SINCE, OPTION_SEND,
	OPTION_EXPECT, OPTION_COUNT, OPTION_TIMEOUT, OPTION_JSON,
	OPTION_NO_RECONNECT, OPTION_CA, OPTION_INSECURE
};

static const struct option longs[] = {
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "room", required_argument, NULL, OPTION_ROOM },
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "send", required_argument, NULL, OPTION_SEND },
	{ "expect", required_argument, NULL, OPTION_EXPECT },
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "no-reconnect", no_argument, NULL, OPTION_NO_RECONNECT },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "insecure", no_argument, NULL, OPTION_INSECURE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static void __attribute__((noreturn, format(printf, 1, 2)))
fail_usage(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "wschat: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%swschat --help tells more\n", usage);
	exit(EXIT_USAGE);
}

static uint64_t
parse_number(const char *option, const char *text)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
	    number > INT64_MAX)
		fail_usage("--%s %s: not a number", option, text);
	return number;
}

static uint64_t
parse_seconds(const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end != '\0' || !(seconds > 0) ||
	    seconds > TIMEOUT_MAX_S)
		fail_usage("--timeout %s: not a number of seconds", text);
	return (uint64_t)(seconds * 1000) + 1;
}

static void
add_send(struct options *o, const char *text)
{
	if (o->send_count == OPTIONS_SENDS)
		fail_usage("more than %d times --send", OPTIONS_SENDS);
	o->sends[o->send_count++] = text;
}

static void
set_pattern(struct options *o, const char *regex)
{
	char why[128];

	if (!goal_set_pattern(&o->goal, regex, why, sizeof(why)))
		fail_usage("--expect %s: %s", regex, why);
}

static void
take_option(struct options *o, int option, const char **room)
{
	switch (option) {
	case OPTION_NAME:
		o->name = optarg;
		break;
	case OPTION_ROOM:
		*room = optarg;
		break;
	case OPTION_SINCE:
		o->has_since = true;
		o->since = parse_number("since", optarg);
		break;
	case OPTION_SEND:
		add_send(o, optarg);
		break;
	case OPTION_EXPECT:
		set_pattern(o, optarg);
		break;
	case OPTION_COUNT:
		goal_set_count(&o->goal, parse_number("count", optarg));
		break;
	case OPTION_TIMEOUT:
		o->timeout_ms = parse_seconds(optarg);
		break;
	case OPTION_JSON:
		o->is_json = true;
		break;
	case 'q':
		o->is_quiet = true;
		break;
	case OPTION_NO_RECONNECT:
		o->may_reconnect = false;
		break;
	case OPTION_CA:
		o->ca = optarg;
		break;
	case OPTION_INSECURE:
		o->is_insecure = true;
		break;
	case 'h':
		printf("%s%s", usage, help);
		exit(EXIT_DONE);
	case 'V':
		printf("wschat %s\n", PACKAGE_VERSION);
		exit(EXIT_DONE);
	}
}

void
options_parse(struct options *o, int argc, char **argv)
{
	const char *room = NULL, *why;
	int option;

	*o = (struct options){
		.url_text = URL_DEFAULT, .may_reconnect = true
	};
	goal_init(&o->goal);
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qhV", longs, NULL)) != -1) {
		if (option == ':')
			fail_usage("%s needs a value", argv[optind - 1]);
		if (option == '?')
			fail_usage("%s is not an option",
			    argv[optind - 1]);
		take_option(o, option, &room);
	}
	if (optind < argc)
		o->url_text = argv[optind++];
	if (optind < argc)
		fail_usage("\"%s\" is one word too many", argv[optind]);
	why = url_parse(o->url_text, &o->url);
	if (why != NULL)
		fail_usage("\"%s\" %s", o->url_text, why);
	if (room == NULL)
		return;
	if (!url_room_is_good(room) || !url_set_room(&o->url, "", room))
		fail_usage("--room %s: a room has 1 to 64 letters, digits, "
		    "'-', '_' and '.', not dots only", room);
}

bool
options_are_for_scripts(const struct options *o)
{
	return o->send_count > 0 || o->is_json || o->timeout_ms > 0 ||
	    goal_is_set(&o->goal);
}
