/*
 * bench/shake: handshakes of TLS, as many as go, and what idle connections
 * cost.
 *
 * Some processes, each with one connection after the other: TCP, TLS until
 * both sides are done (with TLS 1.3 until the ticket is here, which the server
 * sends when it has checked the client's last message), close.  With -r each
 * process makes one full handshake and then resumes from the newest ticket.
 * With -i so many WebSockets are opened and held instead, by one process.
 * What the server spent is read from /proc.  Talks to this machine only.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/nanotime.h"
#include "bench/usage.h"

#define PROCESSES_MAX	64
#define PROCESSES	8
#define WARM_UP_S	0.5
#define SETTLE_US	2000000		/* of memory, as load.c has it */

static const char request[] =
    "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";

struct options {
	uint16_t port;
	pid_t pid;
	unsigned processes, idle;
	double seconds;
	bool resumes, plain;
	int version;
};

/* Shared by the processes. */
struct shared {
	volatile bool counts, ends;
	volatile uint64_t done[PROCESSES_MAX], resumed[PROCESSES_MAX];
	volatile uint64_t failed[PROCESSES_MAX];
};

struct shaker {
	const struct options *o;
	SSL_CTX *context;
	SSL_SESSION *session;	/* newest ticket's */
	bool got_ticket;
};

static void __attribute__((noreturn))
fail(const char *what)
{
	fprintf(stderr, "shake: %s: %s\n", what, strerror(errno));
	exit(EX_OSERR);
}

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct shaker *s = SSL_get_app_data(ssl);

	SSL_SESSION_free(s->session);
	s->session = session;
	s->got_ticket = true;
	return 1;
}

static void
shaker_init(struct shaker *s, const struct options *o)
{
	*s = (struct shaker){
		.o = o, .context = SSL_CTX_new(TLS_client_method())
	};
	if (s->context == NULL)
		fail("TLS");
	SSL_CTX_set_min_proto_version(s->context, o->version);
	SSL_CTX_set_max_proto_version(s->context, o->version);
	SSL_CTX_set1_groups_list(s->context, "X25519:P-256");
	SSL_CTX_set_session_cache_mode(s->context, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(s->context, on_session);
}

static int
connect_tcp(uint16_t port)
{
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* So that ports do not run out while they wait. */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A connection that is done with its handshake; NULL: failed. */
static SSL *
shake(struct shaker *s)
{
	int fd = connect_tcp(s->o->port);
	SSL *ssl = fd < 0 ? NULL : SSL_new(s->context);
	char byte;

	if (ssl == NULL) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	SSL_set_fd(ssl, fd);
	SSL_set_app_data(ssl, s);
	if (s->o->resumes && s->session != NULL)
		SSL_set_session(ssl, s->session);
	s->got_ticket = false;
	if (SSL_connect(ssl) == 1) {
		/* A read that is tried once takes the ticket in, too. */
		SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
		while (s->o->version == TLS1_3_VERSION && !s->got_ticket)
			if (SSL_read(ssl, &byte, 1) <= 0 &&
			    SSL_get_error(ssl, -1) != SSL_ERROR_WANT_READ)
				break;
		if (s->o->version != TLS1_3_VERSION || s->got_ticket)
			return ssl;
	}
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void __attribute__((noreturn))
work(const struct options *o, struct shared *shared, unsigned index)
{
	struct shaker s;

	shaker_init(&s, o);
	while (!shared->ends) {
		SSL *ssl = shake(&s);

		if (ssl == NULL) {
			shared->failed[index]++;
			ERR_clear_error();
			continue;
		}
		if (shared->counts) {
			shared->done[index]++;
			shared->resumed[index] +=
			    (uint64_t)SSL_session_reused(ssl);
		}
		close(SSL_get_fd(ssl));
		/* Sends nothing; without it the session counts as bad. */
		SSL_set_quiet_shutdown(ssl, 1);
		(void)SSL_shutdown(ssl);
		SSL_free(ssl);
	}
	_exit(0);
}

static uint64_t
sum(const volatile uint64_t *values, unsigned count)
{
	uint64_t total = 0;

	while (count-- > 0)
		total += values[count];
	return total;
}

static void
read_usage(const struct options *o, bool memory, struct usage *out)
{
	memset(out, 0, sizeof(*out));
	if (o->pid != 0 && !usage_read(o->pid, memory, out))
		fail("usage");
}

static int
run_shakes(const struct options *o)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct usage before, after;
	uint64_t start, ns, done, failed;
	double spent;

	if (shared == MAP_FAILED)
		fail("memory");
	for (unsigned i = 0; i < o->processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0)
			work(o, shared, i);
	}
	usleep((useconds_t)(WARM_UP_S * 1e6));
	read_usage(o, false, &before);
	start = nanotime();
	shared->counts = true;
	usleep((useconds_t)(o->seconds * 1e6));
	shared->counts = false;
	ns = nanotime() - start;
	read_usage(o, false, &after);
	shared->ends = true;
	while (wait(NULL) > 0)
		;
	done = sum(shared->done, o->processes);
	failed = sum(shared->failed, o->processes);
	spent = after.user_s + after.system_s - before.user_s -
	    before.system_s;
	printf("{\"handshakes_s\": %.1f, \"cpu_us\": %.1f, "
	    "\"resumed\": %.4f, \"failed\": %llu}\n",
	    (double)done * NANOTIME_S / (double)ns,
	    done > 0 ? spent * 1e6 / (double)done : 0,
	    done > 0 ? (double)sum(shared->resumed, o->processes) /
	    (double)done : 0, (unsigned long long)failed);
	return done > 0 && failed == 0 ? 0 : EX_UNAVAILABLE;
}

/* A WebSocket that is open, over TLS or not. */
static void
open_idle(struct shaker *s)
{
	char answer[1024];
	int fd = -1, n;
	SSL *ssl = NULL;

	if (s->o->plain)
		fd = connect_tcp(s->o->port);
	else
		ssl = shake(s);
	if (fd < 0 && ssl == NULL)
		fail("connection");
	n = s->o->plain ?
	    (int)send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) :
	    SSL_write(ssl, request, sizeof(request) - 1);
	if (n > 0)
		n = s->o->plain ? (int)recv(fd, answer, sizeof(answer), 0) :
		    SSL_read(ssl, answer, sizeof(answer));
	if (n < 12 || memcmp(answer, "HTTP/1.1 101", 12) != 0)
		fail("upgrade");
}

static int
run_idle(const struct options *o)
{
	struct rlimit limit;
	struct usage before, after;
	struct shaker s;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	shaker_init(&s, o);
	/* What is made once is not counted. */
	for (int i = 0; i < 16; i++)
		open_idle(&s);
	usleep(SETTLE_US);
	read_usage(o, true, &before);
	for (unsigned i = 0; i < o->idle; i++)
		open_idle(&s);
	usleep(SETTLE_US);
	read_usage(o, true, &after);
	printf("{\"idle\": %u, \"pss_bytes\": %.0f, "
	    "\"private_bytes\": %.0f}\n", o->idle,
	    (double)(after.pss_kb - before.pss_kb) * 1024 / o->idle,
	    (double)(after.private_kb - before.private_kb) * 1024 / o->idle);
	return 0;
}

static const char usage_text[] =
    "usage: shake [-p PROCESSES] [-d SECONDS] [-r] [-2] [-P PID] PORT\n"
    "       shake -i CONNECTIONS [-2 | -n] -P PID PORT\n"
    "  -r  resume   -2  TLS 1.2, not 1.3   -n  no TLS\n";

int
main(int argc, char **argv)
{
	struct options o = {
		.processes = PROCESSES, .seconds = 5,
		.version = TLS1_3_VERSION
	};
	int option;

	while ((option = getopt(argc, argv, "p:d:r2i:nP:")) != -1) {
		switch (option) {
		case 'p':
			o.processes = (unsigned)atoi(optarg);
			break;
		case 'd':
			o.seconds = atof(optarg);
			break;
		case 'r':
			o.resumes = true;
			break;
		case '2':
			o.version = TLS1_2_VERSION;
			break;
		case 'i':
			o.idle = (unsigned)atoi(optarg);
			break;
		case 'n':
			o.plain = true;
			break;
		case 'P':
			o.pid = atoi(optarg);
			break;
		default:
			optind = argc;
			break;
		}
	}
	if (optind + 1 != argc || o.processes < 1 ||
	    o.processes > PROCESSES_MAX) {
		fputs(usage_text, stderr);
		return EX_USAGE;
	}
	o.port = (uint16_t)atoi(argv[optind]);
	return o.idle > 0 ? run_idle(&o) : run_shakes(&o);
}
