/*
 * The command line of the crowd.  A fifth of the clients comes over TLS
 * wherever the server has a listener for that.
 */

#include "config.h"

#include "tests/faults/options.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/secure.h"

#define HOST	"localhost"	/* also whose certificate it has to be */

static void
usage(void)
{
	fputs("usage: crowd [options] PORT PATH TRACE\n"
	    "  -n N  clients (500)        -j N  of these speak JSON (half)\n"
	    "  -s N  who talk (100)       -r N  messages a second (200)\n"
	    "  -S N  who never read (0)   -w N  a whisper every N messages\n"
	    "  -p N  opened at once (200) -d S  seconds, or until \"stop\"\n"
	    "  -b N  bytes in one read or write\n"
	    "  -T PORT  where TLS is spoken, with the certificate -c FILE\n"
	    "  -t N  who come there (a fifth of all who read)\n",
	    stderr);
	exit(EX_USAGE);
}

static unsigned
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > 100000)
		usage();
	return (unsigned)n;
}

static void
target_set(struct link_target *target, const char *port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&target->address;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons((uint16_t)number(port));
	target->address_len = sizeof *in;
	target->host = HOST;
}

static void
target_secure(struct link_target *target, const char *certificate)
{
	const char *why;

	target->tls_host = HOST;
	target->tls = secure_context(certificate, false, &why);
	if (target->tls == NULL) {
		fprintf(stderr, "crowd: %s: %s\n", certificate, why);
		exit(EX_NOINPUT);
	}
}

/* What was not said has its default. */
static void
options_complete(struct options *o, const char *tls_port,
    const char *certificate)
{
	if ((tls_port == NULL) != (certificate == NULL) ||
	    o->senders == 0 || o->senders + o->stalled > o->slots ||
	    (o->json != UINT_MAX && o->json > o->slots))
		usage();
	if (o->json == UINT_MAX)
		o->json = o->slots / 2;
	if (o->tls == UINT_MAX)
		o->tls = tls_port == NULL ? 0 : (o->slots - o->stalled) / 5;
	if (o->tls > o->slots - o->stalled || (o->tls > 0 && tls_port == NULL))
		usage();
	if (o->tls > 0) {
		target_set(&o->secure, tls_port);
		target_secure(&o->secure, certificate);
	}
}

void
options_parse(struct options *o, int argc, char **argv)
{
	const char *tls_port = NULL, *certificate = NULL;
	int c;

	*o = (struct options){ .slots = 500, .json = UINT_MAX, .tls = UINT_MAX,
	    .senders = 100, .parallel = 200, .rate = 200, .seconds = 86400 };
	while ((c = getopt(argc, argv, "n:j:s:r:S:w:p:d:b:T:c:t:")) != -1) {
		switch (c) {
		case 'n': o->slots = number(optarg); break;
		case 'j': o->json = number(optarg); break;
		case 's': o->senders = number(optarg); break;
		case 'r': o->rate = number(optarg); break;
		case 'S': o->stalled = number(optarg); break;
		case 'w': o->whispers = number(optarg); break;
		case 'p': o->parallel = number(optarg); break;
		case 'd': o->seconds = number(optarg); break;
		case 'b': link_set_piece(number(optarg)); break;
		case 'T': tls_port = optarg; break;
		case 'c': certificate = optarg; break;
		case 't': o->tls = number(optarg); break;
		default: usage();
		}
	}
	if (argc - optind != 3)
		usage();
	options_complete(o, tls_port, certificate);
	target_set(&o->plain, argv[optind]);
	o->path = argv[optind + 1];
	o->trace = argv[optind + 2];
}
