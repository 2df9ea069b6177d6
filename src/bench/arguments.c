/*
 * arguments - see arguments.h.
 */
#include "config.h"

#include "bench/arguments.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define CLIENTS_MAX	4000000
#define CEILING		20000
#define CONNECT_RATE	500	/* to other machines, unless told */
#define RATE_OF_ROOM	1.0

static const char usage[] =
    "usage: wschat-bench [options] [URL]\n";

static const char help[] =
    "  URL                  ws:// or wss://HOST[:PORT][/PATH], unix:/SOCKET\n"
    "                       (" URL_DEFAULT ")\n"
    "Who is there:\n"
    "  -r, --rooms N        rooms: PATH/r0, PATH/r1, ...; 1: PATH itself (1)\n"
    "  -c, --clients N      clients in each room (100)\n"
    "  -s, --senders N      of them talk, in each room; 0: all is idle (1)\n"
    "      --echo           the server answers each client alone; N clients\n"
    "      --no-greeting    the server says nothing to who joins\n"
    "      --dialect NAME   what the server speaks: text, mqtt, nats (text)\n"
    "What they say:\n"
    "  -R, --rate N         messages a second in all (1 for each room)\n"
    "  -k, --outstanding N  instead: each sender has N messages on the way\n"
    "  -a, --when-all       the next when all have one, not its sender alone\n"
    "  -b, --size BYTES     of a message (128)\n"
    "How long:\n"
    "  -d, --duration S     seconds that are measured (10)\n"
    "      --warm-up S      seconds before (1)\n"
    "      --drain S        seconds to wait for what is on the way (10)\n"
    "      --connect-time S seconds to connect all (60)\n"
    "How they connect:\n"
    "      --connect-rate N connections a second\n"
    "      --parallel N     connections being opened at a time (200)\n"
    "      --sources N      from addresses 127.0.0.1 to 127.0.0.N (as needed)\n"
    "  -p, --processes N    processes that share the clients (1)\n"
    "      --ceiling N      clients that may be in all (20000)\n"
    "      --any-address    the server need not be on this machine\n"
    "      --ca FILE        believe the authorities in FILE (PEM) alone\n"
    "      --insecure       believe every certificate\n"
    "What is shown:\n"
    "  -P, --pid PID        of the server: what it and its children cost\n"
    "      --memory-peak    with the highest memory while measured\n"
    "  -j, --json           as JSON\n"
    "  -v, --verbose        with how far it is, on standard error\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "Exit status: 0 clean; 1 a message or a connection was lost, repeated or\n"
    "out of order; 2 not all could connect; 64 usage.\n";

enum long_option {
	OPTION_ECHO = 256, OPTION_NO_GREETING, OPTION_WARM_UP,
	OPTION_DRAIN, OPTION_CONNECT_TIME, OPTION_CONNECT_RATE, OPTION_PARALLEL,
	OPTION_SOURCES, OPTION_CEILING, OPTION_ANY_ADDRESS, OPTION_CA,
	OPTION_INSECURE, OPTION_MEMORY_PEAK, OPTION_DIALECT
};

static const struct option longs[] = {
	{ "rooms", required_argument, NULL, 'r' },
	{ "clients", required_argument, NULL, 'c' },
	{ "senders", required_argument, NULL, 's' },
	{ "echo", no_argument, NULL, OPTION_ECHO },
	{ "no-greeting", no_argument, NULL, OPTION_NO_GREETING },
	{ "rate", required_argument, NULL, 'R' },
	{ "outstanding", required_argument, NULL, 'k' },
	{ "when-all", no_argument, NULL, 'a' },
	{ "size", required_argument, NULL, 'b' },
	{ "duration", required_argument, NULL, 'd' },
	{ "dialect", required_argument, NULL, OPTION_DIALECT },
	{ "warm-up", required_argument, NULL, OPTION_WARM_UP },
	{ "drain", required_argument, NULL, OPTION_DRAIN },
	{ "connect-time", required_argument, NULL, OPTION_CONNECT_TIME },
	{ "connect-rate", required_argument, NULL, OPTION_CONNECT_RATE },
	{ "parallel", required_argument, NULL, OPTION_PARALLEL },
	{ "sources", required_argument, NULL, OPTION_SOURCES },
	{ "processes", required_argument, NULL, 'p' },
	{ "ceiling", required_argument, NULL, OPTION_CEILING },
	{ "any-address", no_argument, NULL, OPTION_ANY_ADDRESS },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "insecure", no_argument, NULL, OPTION_INSECURE },
	{ "pid", required_argument, NULL, 'P' },
	{ "memory-peak", no_argument, NULL, OPTION_MEMORY_PEAK },
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

void
arguments_die(int status, const char *format, ...)
{
	va_list args;

	fputs("wschat-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (status == EX_USAGE)
		fputs("wschat-bench --help tells more\n", stderr);
	exit(status);
}

static double
number(const char *text, double min, double max, const char *name)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= min && value <= max))
		arguments_die(EX_USAGE, "--%s %s: not a number from %.9g to "
		    "%.9g", name, text, min, max);
	return value;
}

static unsigned
count(const char *text, unsigned min, unsigned max, const char *name)
{
	double value = number(text, min, max, name);

	if (value != (double)(unsigned)value)
		arguments_die(EX_USAGE, "--%s %s: not a whole number", name,
		    text);
	return (unsigned)value;
}

/* Of clients and what they say; false: none of these. */
static bool
take_plan(struct arguments *a, int option)
{
	struct traffic_plan *plan = &a->plan;

	switch (option) {
	case 'r':
		plan->rooms = count(optarg, 1, CLIENTS_MAX, "rooms");
		return true;
	case 'c':
		plan->clients = count(optarg, 1, CLIENTS_MAX, "clients");
		return true;
	case 's':
		plan->senders = count(optarg, 0, CLIENTS_MAX, "senders");
		return true;
	case 'R':
		plan->rate = number(optarg, 0.001, 1e7, "rate");
		return true;
	case 'k':
		plan->outstanding = count(optarg, 1, TRAFFIC_OUTSTANDING_MAX,
		    "outstanding");
		return true;
	case 'a':
		plan->when_all = true;
		return true;
	case 'b':
		plan->bytes = count(optarg, TRAFFIC_BYTES_MIN,
		    TRAFFIC_BYTES_MAX, "size");
		return true;
	case OPTION_ECHO:
		a->is_echo = true;
		return true;
	case OPTION_NO_GREETING:
		a->greets = false;
		return true;
	case OPTION_DIALECT:
		a->dialect = dialect_find(optarg);
		if (a->dialect == NULL)
			arguments_die(EX_USAGE, "--dialect %s: not text, mqtt "
			    "or nats", optarg);
		return true;
	default:
		return false;
	}
}

/* Of time and connections; false: none of these. */
static bool
take_connections(struct arguments *a, int option)
{
	switch (option) {
	case 'd':
		a->measure_s = number(optarg, 0.01, 86400, "duration");
		return true;
	case OPTION_WARM_UP:
		a->warm_s = number(optarg, 0, 3600, "warm-up");
		return true;
	case OPTION_DRAIN:
		a->drain_s = number(optarg, 0, 3600, "drain");
		return true;
	case OPTION_CONNECT_TIME:
		a->connect_s = number(optarg, 0.1, 86400, "connect-time");
		return true;
	case OPTION_CONNECT_RATE:
		a->connect_rate = number(optarg, 0.1, 1e7, "connect-rate");
		return true;
	case OPTION_PARALLEL:
		a->parallel = count(optarg, 1, 100000, "parallel");
		return true;
	case OPTION_SOURCES:
		a->sources = count(optarg, 1, 254, "sources");
		return true;
	case 'p':
		a->processes = count(optarg, 1, ARGUMENTS_PROCESSES,
		    "processes");
		return true;
	case OPTION_CEILING:
		a->ceiling = count(optarg, 1, CLIENTS_MAX, "ceiling");
		return true;
	default:
		return false;
	}
}

static void
take_rest(struct arguments *a, int option)
{
	switch (option) {
	case OPTION_ANY_ADDRESS:
		a->any_address = true;
		break;
	case OPTION_CA:
		a->ca = optarg;
		break;
	case OPTION_INSECURE:
		a->is_insecure = true;
		break;
	case 'P':
		a->pid = (pid_t)count(optarg, 1, 1 << 22, "pid");
		break;
	case OPTION_MEMORY_PEAK:
		a->watches_memory = true;
		break;
	case 'j':
		a->is_json = true;
		break;
	case 'v':
		a->is_verbose = true;
		break;
	case 'h':
		printf("%s%s", usage, help);
		exit(EXIT_CLEAN);
	case 'V':
		printf("wschat-bench %s\n", PACKAGE_VERSION);
		exit(EXIT_CLEAN);
	default:
		fprintf(stderr, "%swschat-bench --help tells more\n", usage);
		exit(EX_USAGE);
	}
}

/* What goes together, and what follows from what was not said. */
static void
settle_plan(struct arguments *a)
{
	struct traffic_plan *plan = &a->plan;

	if (a->is_echo) {
		if (plan->rooms > 1)
			arguments_die(EX_USAGE, "--echo and --rooms: who "
			    "hears himself alone is in no room");
		a->greets = false;
		plan->rooms = plan->clients;
		plan->clients = 1;
	}
	if (plan->senders > plan->clients)
		arguments_die(EX_USAGE, "--senders %u: there are %u clients "
		    "in a room", plan->senders, plan->clients);
	if (plan->rate > 0 && (plan->outstanding > 0 || plan->when_all))
		arguments_die(EX_USAGE, "--rate says when to talk, and so do "
		    "--outstanding and --when-all");
	if (plan->when_all && plan->rooms < a->processes)
		arguments_die(EX_USAGE, "--when-all: a room has to be one "
		    "process's; --processes %u is more than --rooms %u",
		    a->processes, plan->rooms);
	if (plan->when_all && plan->outstanding == 0)
		plan->outstanding = 1;
	if (plan->rate <= 0 && plan->outstanding == 0)
		plan->rate = RATE_OF_ROOM * plan->rooms;
}

/* What wrapped texts are not for. */
static void
settle_dialect(const struct arguments *a)
{
	if (dialect_is_plain(a->dialect))
		return;
	if (a->is_echo)
		arguments_die(EX_USAGE, "--dialect %s and --echo: who "
		    "subscribes hears the others", a->dialect->name);
	if (a->plan.bytes > DIALECT_TEXT_MAX)
		arguments_die(EX_USAGE, "--dialect %s: --size is at most %d",
		    a->dialect->name, DIALECT_TEXT_MAX);
}

static void
settle_clients(struct arguments *a)
{
	uint64_t all = (uint64_t)a->plan.rooms * a->plan.clients;

	if (all > a->ceiling)
		arguments_die(EX_USAGE, "%llu clients are more than %u; if "
		    "the server is yours, say --ceiling %llu",
		    (unsigned long long)all, a->ceiling,
		    (unsigned long long)all);
	if (a->processes > all)
		arguments_die(EX_USAGE, "--processes %u: there are %llu "
		    "clients", a->processes, (unsigned long long)all);
	if (a->any_address && a->connect_rate <= 0)
		a->connect_rate = CONNECT_RATE;
	if (a->watches_memory && a->pid == 0)
		arguments_die(EX_USAGE, "--memory-peak: of which --pid?");
}

void
arguments_parse(struct arguments *a, int argc, char **argv)
{
	const char *why;
	int option;

	*a = (struct arguments){
		.plan = { .rooms = 1, .clients = 100, .senders = 1,
		    .bytes = 128 },
		.url_text = URL_DEFAULT, .processes = 1, .parallel = 200,
		.ceiling = CEILING, .connect_s = 60, .warm_s = 1,
		.measure_s = 10, .drain_s = 10, .greets = true,
		.dialect = dialect_find("text")
	};
	while ((option = getopt_long(argc, argv, "r:c:s:R:k:ab:d:p:P:jvhV",
	    longs, NULL)) != -1)
		if (!take_plan(a, option) && !take_connections(a, option))
			take_rest(a, option);
	if (argc - optind > 1)
		arguments_die(EX_USAGE, "%s: one URL is enough",
		    argv[optind + 1]);
	if (optind < argc)
		a->url_text = argv[optind];
	why = url_parse(a->url_text, &a->url);
	if (why != NULL)
		arguments_die(EX_USAGE, "%s %s", a->url_text, why);
	settle_plan(a);
	settle_dialect(a);
	settle_clients(a);
}
