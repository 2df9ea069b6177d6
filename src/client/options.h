/*
 * options - what wschat's command line says.
 *
 * Runs in wschat.
 */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/goal.h"
#include "ws/url.h"

#define OPTIONS_SENDS	64	/* times --send */

/* Exit codes, for scripts; wschat(1) has them. */
enum {
	EXIT_DONE = 0,
	EXIT_LOST = 1,		/* refused, or something is lost */
	EXIT_USAGE = 2,
	EXIT_TIMEOUT = 3
};

/* Texts point into the arguments. */
struct options {
	const char *url_text;
	struct url url;		/* with --room */
	const char *ca;
	bool is_insecure;
	struct goal goal;	/* --expect and --count */
	uint64_t timeout_ms;	/* 0: none */
	bool is_quiet, is_json;
	const char *name;
	bool has_since;
	uint64_t since;
	const char *sends[OPTIONS_SENDS];
	unsigned send_count;
	bool may_reconnect;
};

/* Ends the program on a mistake, after --help and after --version. */
void options_parse(struct options *, int argc, char **argv);

/* Whether any of them is for scripts: no line editing then. */
bool options_are_for_scripts(const struct options *);

#endif
