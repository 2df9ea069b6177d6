/*
 * wschat - a terminal client for wschatd and other WebSocket servers.
 *
 *	options -> chat (a person) or pipe (a script)
 *	             session: wschat.v1, what is said, what is told, resume
 *	               connection: frames    opening: URL, TLS, upgrade
 *
 * One process, one loop for the keyboard and the socket; a child for as long
 * as a name is looked up.
 */
#include "config.h"

#include <event2/event.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/chat.h"
#include "client/options.h"
#include "client/pipe.h"
#include "client/stream.h"

/* Without a locale the text is UTF-8 all the same: that is what is spoken. */
static void
choose_locale(void)
{
	setlocale(LC_TIME, "");
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* Files and terminals beside sockets: epoll takes no files. */
static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL &&
	    event_config_require_features(config, EV_FEATURE_FDS) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

static struct trust *
make_trust(const struct options *options)
{
	char error[256] = "out of memory";
	struct trust *trust;

	if (options->is_insecure && options->url.is_tls)
		fputs("wschat: WARNING: --insecure: the server's certificate "
		    "is not checked.\nwschat: WARNING: whoever stands between "
		    "can read and change everything.\n", stderr);
	trust = trust_new(options->ca, options->is_insecure, error,
	    sizeof(error));
	if (trust == NULL)
		fprintf(stderr, "wschat: --ca %s: %s\n",
		    options->ca != NULL ? options->ca : "", error);
	return trust;
}

static int
run(struct options *options)
{
	bool is_person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    !options_are_for_scripts(options);
	struct event_base *base = make_base();
	struct trust *trust;
	int code = EXIT_USAGE;

	if (base == NULL) {
		fputs("wschat: no event loop\n", stderr);
		return EXIT_LOST;
	}
	trust = make_trust(options);
	if (trust != NULL)
		code = is_person ? chat_run(base, options, trust) :
		    pipe_run(base, options, trust);
	trust_free(trust);
	event_base_free(base);
	return code;
}

int
main(int argc, char **argv)
{
	struct options options;
	int code;

	choose_locale();
	signal(SIGPIPE, SIG_IGN);
	options_parse(&options, argc, argv);
	code = run(&options);
	goal_clear(&options.goal);
	libevent_global_shutdown();
	if (code < 0) {
		/* Who started us sees which signal it was. */
		signal(-code, SIG_DFL);
		raise(-code);
	}
	return code;
}
