/*
 * resolver - the addresses of a name, without holding up the keyboard.
 *
 * Runs in wschat.  The system's resolver blocks, for many seconds when there
 * is no network: a child process asks it and writes the answer to a pipe.
 */
#ifndef CLIENT_RESOLVER_H
#define CLIENT_RESOLVER_H

#include <stdbool.h>
#include <sys/socket.h>

#define RESOLVER_MAX	12	/* addresses that are tried */

struct event_base;
struct resolver;

struct resolver_answer {
	int error;		/* of getaddrinfo(3); 0: the list is good */
	unsigned count;
	struct {
		struct sockaddr_storage address;
		socklen_t len;
	} list[RESOLVER_MAX];
};

typedef void resolver_hook(void *arg, const struct resolver_answer *);

/* Calls the hook once, from the loop.  NULL: no process or no memory. */
struct resolver *resolver_new(struct event_base *, const char *host,
    const char *port, resolver_hook *, void *arg)
    __attribute__((warn_unused_result));
void resolver_free(struct resolver *);

#endif
