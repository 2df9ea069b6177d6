/*
 * wschat-bench: how much a chat server can bear, and whether it keeps its
 * word meanwhile.
 *
 * Opens many connections, lets some of them talk in a closed loop (so many
 * messages on the way) or an open one (so many a second, latency counted
 * from when a message was due), checks that every receiver hears each
 * message once and in order, and reads from /proc what the server spent.
 *
 *	        arguments, destination
 *	                 |
 *	  crew: conducts, reads usage, gathers --> result
 *	                 |  board, traffic's tables: shared memory
 *	     +-----------+-----------+
 *	   load        load        load     a process each: portion of clients
 *	     |           |           |
 *	   links       links       links    over TLS: secure
 *
 * A server that is no plain chat: dialect, and speech between load and link.
 */
#include "config.h"

#include <stdio.h>
#include <sysexits.h>

#include "bench/crew.h"

int
main(int argc, char **argv)
{
	static struct arguments arguments;
	static struct destination destination;
	static struct result result;

	arguments_parse(&arguments, argc, argv);
	destination_find(&destination, &arguments);
	crew_run(&arguments, &destination, &result);
	if (!result.is_measured)
		result_explain(&result, stderr);
	if (arguments.is_json)
		result_print_json(&result, stdout);
	else if (result.is_measured)
		result_print(&result, stdout);
	if (fflush(stdout) != 0)
		arguments_die(EX_IOERR, "standard output");
	if (!result.is_measured)
		return EXIT_UNMEASURED;
	return result_is_clean(&result) ? EXIT_CLEAN : EXIT_UNCLEAN;
}
