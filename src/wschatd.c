/*
 * wschatd - options, then the role.
 *
 *	             clients: browsers, websocat, curl
 *	                  | TCP
 *	    +-------------+-------------+    parent: binds, accepts, passes,
 *	    | worker 0 ... worker N-1   |    watches, restarts
 *	    |  handshake, framing       |
 *	    +--+--------------------^---+    broker: roster, names, rooms, order
 *	       | JOIN, SAY, LEAVE   | REFUSED, APPENDED
 *	    +--v--------------------+---+
 *	    | broker                    |--- appends ---> log (memory file)
 *	    +---------------------------+                  ^ read by workers
 *
 * The only file that knows all of them.  Started by a person it is the
 * parent; started by the parent, the environment names the role.
 */
#include "config.h"

#include <confuse.h>
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/settings.h"
#include "broker/broker.h"
#include "inetd/inetd.h"
#include "parent/activation.h"
#include "parent/conf.h"
#include "parent/endpoint.h"
#include "parent/environment.h"
#include "parent/explain.h"
#include "parent/heritage.h"
#include "parent/loose.h"
#include "parent/parent.h"
#include "parent/printout.h"
#include "worker/worker.h"

static const char usage[] =
    "usage: wschatd [-c FILE] [-l ADDRESS]... [-o TEXT]... [-w WORKERS]\n"
    "               [--ready-fd N] [-t | -T | -V | -h]\n"
    "       wschatd --inetd [-c FILE] [--listener ADDRESS]\n"
    "       wschatd --explain [SETTING]\n";

static const char help[] =
    "  -c FILE          configuration (default " SYSCONFDIR "/wschatd.conf)\n"
    "  -l ADDRESS       listen here instead: 127.0.0.1:8080 (port 0: a free\n"
    "                   one), [::1]:8080, unix:/PATH, fd:NUMBER, fd:NAME\n"
    "  -o TEXT          configuration read after the file\n"
    "  -w WORKERS       worker processes\n"
    "  --ready-fd N     write a line there when it serves\n"
    "  --inetd          serve the socket on standard input: a connection, in\n"
    "                   the running server, or a listener, as the server\n"
    "  --listener ADDRESS  with --inetd: as if by this listener\n"
    "  -t               check the configuration and exit\n"
    "  -T               print the settings in force and exit\n"
    "  --explain        print all settings, or all about one, and exit\n"
    "  -V               print versions and exit\n"
    "  -h               print this and exit\n";

/* Options without a letter. */
enum { READY_FD = 256, EXPLAIN, INETD, LISTENER };

enum action { ACTION_RUN, ACTION_CHECK, ACTION_PRINT };

/* What the command line says beside settings. */
struct options {
	enum action action;
	int ready_fd;		/* -1: none */
	bool is_inetd;
	const char *listener;	/* "": none */
};

static void __attribute__((noreturn, format(printf, 1, 2)))
fail_usage(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "wschatd: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%s", usage);
	exit(EX_USAGE);
}

static void __attribute__((noreturn))
print_versions(void)
{
	const struct scmp_version *seccomp = seccomp_version();

	printf("wschatd %s\n"
	    "libConfuse %s, libevent %s, libseccomp %u.%u.%u\n",
	    PACKAGE_VERSION, confuse_version, event_get_version(),
	    seccomp->major, seccomp->minor, seccomp->micro);
	exit(0);
}

/* `key`: what stands behind the option, NULL: nothing does. */
static void __attribute__((noreturn))
print_explanation(const char *key)
{
	char why[256];

	if (key == NULL)
		explain_list(stdout);
	else if (!explain_one(key, stdout, why, sizeof(why)))
		fail_usage("--explain: %s", why);
	exit(fflush(stdout) != 0 ? EX_IOERR : 0);
}

static unsigned
parse_workers(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < 1 || n > SETTINGS_WORKERS)
		fail_usage("-w %s: not a number from 1 to %d", text,
		    SETTINGS_WORKERS);
	return (unsigned)n;
}

static int
parse_ready_fd(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < 3 || n > 99999)
		fail_usage("--ready-fd %s: not a number of 3 or more", text);
	return (int)n;
}

static void
add_listener(struct conf_sources *sources, const char *text)
{
	struct endpoint endpoint;
	const char *why = endpoint_parse(text, &endpoint);

	if (why != NULL)
		fail_usage("-l %s: %s", text, why);
	if (sources->listener_count == SETTINGS_LISTENERS)
		fail_usage("more than %d times -l", SETTINGS_LISTENERS);
	sources->listeners[sources->listener_count++] = text;
}

/* Of those with a long name. */
static void
parse_long_option(int option, struct options *options)
{
	switch (option) {
	case READY_FD:
		options->ready_fd = parse_ready_fd(optarg);
		break;
	case INETD:
		options->is_inetd = true;
		break;
	default:
		if (strlen(optarg) >= SETTINGS_ADDRESS)
			fail_usage("--listener is too long");
		options->listener = optarg;
	}
}

static void __attribute__((noreturn))
fail_option(int option, char **argv)
{
	if (option == ':' && optopt >= READY_FD)
		fail_usage("%s needs a value", optopt == READY_FD ?
		    "--ready-fd" : "--listener");
	if (option == ':')
		fail_usage("-%c needs a value", optopt);
	if (optopt == 0)
		fail_usage("%s is not an option", argv[optind - 1]);
	fail_usage("-%c is not an option", optopt);
}

static void
parse_options(int argc, char **argv, struct conf_sources *sources,
    struct options *options)
{
	static const struct option long_options[] = {
		{ "ready-fd", required_argument, NULL, READY_FD },
		{ "explain", no_argument, NULL, EXPLAIN },
		{ "inetd", no_argument, NULL, INETD },
		{ "listener", required_argument, NULL, LISTENER }, { 0 }
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:l:o:w:tTVh",
	    long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			sources->file = optarg;
			sources->file_may_miss = false;
			break;
		case 'l':
			add_listener(sources, optarg);
			break;
		case 'o':
			if (sources->option_count == CONF_OPTIONS)
				fail_usage("more than %d times -o",
				    CONF_OPTIONS);
			sources->options[sources->option_count++] = optarg;
			break;
		case 'w':
			sources->workers = parse_workers(optarg);
			break;
		case EXPLAIN:
			print_explanation(argv[optind]);
		case 't':
			options->action = ACTION_CHECK;
			break;
		case 'T':
			options->action = ACTION_PRINT;
			break;
		case 'V':
			print_versions();
		case 'h':
			printf("%s%s", usage, help);
			exit(0);
		case READY_FD:
		case INETD:
		case LISTENER:
			parse_long_option(option, options);
			break;
		default:
			fail_option(option, argv);
		}
	}
	if (optind < argc)
		fail_usage("\"%s\" is one word too many", argv[optind]);
	if (options->listener[0] != '\0' && !options->is_inetd)
		fail_usage("--listener goes with --inetd");
}

/* What else the start would fail for, or warn of. */
static int
check_all(const struct settings *settings, const char *file)
{
	char error[HERITAGE_ERROR];
	int code = heritage_check(settings, error);

	if (settings->source[0] == '\0')
		fprintf(stderr, "wschatd: %s is not there, the built-in "
		    "settings hold\n", file);
	if (code != 0)
		fprintf(stderr, "wschatd: %s\n", error);
	return code;
}

static void
log_unknown(const char *name, const char *nearest)
{
	char shown[256];

	logger_warning("unknown variable", "name=%s nearest=%s",
	    logger_escape(name, strlen(name), shown, sizeof(shown)), nearest);
}

static void
print_unknown(const char *name, const char *nearest)
{
	fprintf(stderr, "wschatd: %s in the environment is no setting; did "
	    "you mean %s?\n", name, nearest);
}

/* Whether TLS is spoken by the listener of this name, as far as we know. */
static bool
speaks_tls(const struct settings *settings, const char *name)
{
	uint32_t i;

	for (i = 0; i < settings->listener_count; i++)
		if (strcmp(settings->listeners[i].address, name) == 0)
			return settings_speaks_tls(&settings->listeners[i]);
	return false;
}

/* One connection, for the server that runs. */
static int
run_inetd(int fd, const struct conf_sources *sources, const char *listener)
{
	char error[1024];
	struct conf *conf = conf_load(sources, error, sizeof(error));
	const struct settings *settings;
	int code;

	if (conf == NULL) {
		inetd_turn_away(fd, false, error);
		return EX_CONFIG;
	}
	settings = conf_settings(conf);
	code = inetd_run(fd, settings->attach, listener,
	    speaks_tls(settings, listener));
	conf_free(conf);
	return code;
}

/* What a super-server has given: systemd passes a connection as the first
 * socket, the others as standard input.  Returns a connection; -1: it is a
 * listener, which is one of the sockets passed now. */
static int
take_inetd_socket(struct activation *activation)
{
	int fd = activation->count > 0 ? ACTIVATION_FIRST : STDIN_FILENO;
	enum inetd_kind kind = inetd_kind_of(fd);

	if (kind == INETD_NOTHING)
		fail_usage("--inetd: standard input is no stream socket");
	logger_set_process("inetd");
	inetd_keep_log_apart(fd);
	if (kind == INETD_CONNECTED)
		return fd;
	if (fd == STDIN_FILENO && !activation_add_stdin(activation)) {
		perror("wschatd: --inetd");
		exit(EX_OSERR);
	}
	return -1;
}

static int
run_server(struct conf_sources *sources, struct activation *activation,
    const struct options *options)
{
	struct conf *conf;
	char error[1024];
	int code = 0;

	sources->socket_count = activation->count;
	conf = conf_load(sources, error, sizeof(error));
	/* In the form that the log will have, if that is known. */
	logger_set_process("parent");
	if (conf != NULL)
		logger_set_format((enum logger_format)
		    conf_settings(conf)->log_format);
	environment_tell_unknown(environ, options->action == ACTION_RUN ?
	    log_unknown : print_unknown);
	if (conf == NULL) {
		fprintf(stderr, "wschatd: %s\n", error);
		return EX_CONFIG;
	}
	conf_tell_loose(conf, options->action == ACTION_RUN ? loose_log :
	    loose_print);
	if (options->action == ACTION_PRINT) {
		printout_write(conf, stdout);
		code = fflush(stdout) != 0 ? EX_IOERR : 0;
	} else if (options->action == ACTION_CHECK) {
		code = check_all(conf_settings(conf), sources->file);
	} else {
		code = parent_run(conf_settings(conf), sources, activation,
		    options->ready_fd);
	}
	conf_free(conf);
	return code;
}

static int
run_parent(int argc, char **argv)
{
	struct conf_sources sources = {
		.file = SYSCONFDIR "/wschatd.conf", .file_may_miss = true,
		.file_may_be_stream = true, .environment = environ
	};
	struct options options = { .ready_fd = -1, .listener = "" };
	struct activation activation;
	const char *why;
	int fd;

	parse_options(argc, argv, &sources, &options);
	why = activation_read(&activation);
	if (why != NULL) {
		fprintf(stderr, "wschatd: %s\n", why);
		return EX_OSERR;
	}
	if (options.is_inetd && options.action == ACTION_RUN) {
		fd = take_inetd_socket(&activation);
		if (fd >= 0)
			return run_inetd(fd, &sources, options.listener);
	}
	return run_server(&sources, &activation, &options);
}

static int
run_child(const char *name)
{
	static const struct {
		const char *name;
		int (*run)(const struct settings *);
	} roles[] = {
		{ "broker", broker_main }, { "worker", worker_main }
	};
	const struct settings *settings;
	char role[16];
	size_t i;

	snprintf(role, sizeof(role), "%s", name);
	unsetenv("WSCHATD_ROLE");
	prctl(PR_SET_NAME, "wschatd");
	logger_set_process(role);
	settings = settings_map(CHANNEL_SETTINGS);
	if (settings == NULL)
		die(EX_SOFTWARE, "settings");
	close(CHANNEL_SETTINGS);
	logger_set_level((enum logger_level)settings->log_level);
	logger_set_format((enum logger_format)settings->log_format);
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].name, role) == 0)
			return roles[i].run(settings);
	errno = 0;
	die(EX_SOFTWARE, "no role \"%s\"", role);
}

int
main(int argc, char **argv)
{
	const char *role = getenv("WSCHATD_ROLE");

	return role != NULL ? run_child(role) : run_parent(argc, argv);
}
