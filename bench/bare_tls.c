/*
 * bench/bare_tls: the least that a server of TLS can do, to compare others
 * with: some processes that accept from one listener, shake hands and wait for
 * the end, each with one connection at a time.  No events, no passing of
 * descriptors, no HTTP.  Ciphers, groups and tickets as wschatd has them.
 * Not for any other use.
 */

#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static void __attribute__((noreturn))
fail(const char *what)
{
	perror(what);
	exit(EX_OSERR);
}

static SSL_CTX *
make_context(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL ||
	    SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(EX_CONFIG);
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_num_tickets(context, 1);
	return context;
}

static int
listen_anywhere(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, len) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		fail("listen");
	printf("listening on https://127.0.0.1:%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void __attribute__((noreturn))
serve(SSL_CTX *context, int listener)
{
	const int one = 1;
	char bytes[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(context);

		if (fd < 0 || ssl == NULL)
			fail("accept");
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1)
			while (SSL_read(ssl, bytes, sizeof(bytes)) > 0)
				;
		ERR_clear_error();
		SSL_free(ssl);
		close(fd);
	}
}

int
main(int argc, char **argv)
{
	SSL_CTX *context;
	int listener;

	if (argc != 4) {
		fprintf(stderr, "usage: bare_tls PROCESSES CERTIFICATE KEY\n");
		return EX_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	context = make_context(argv[2], argv[3]);
	listener = listen_anywhere();
	for (int i = atoi(argv[1]); i > 0; i--) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0)
			serve(context, listener);
	}
	pause();
	return 0;
}
