/*
 * endpoint - where a listener listens: how it is written, bound and named.
 *
 * Runs in the parent, at start.
 */
#ifndef PARENT_ENDPOINT_H
#define PARENT_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>

enum endpoint_kind { ENDPOINT_TCP, ENDPOINT_UNIX, ENDPOINT_FD };

struct endpoint {
	enum endpoint_kind kind;
	struct sockaddr_storage storage;	/* TCP, UNIX */
	socklen_t len;
	int fd;					/* FD: as inherited */
};

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080" (127.0.0.1),
 * "unix:/run/x.sock", "fd:3".  NULL, or what is wrong: "is not …". */
const char *endpoint_parse(const char *text, struct endpoint *out)
    __attribute__((warn_unused_result));

#endif
