/*
 * endpoint - where a listener listens: how it is written, bound and named.
 *
 * Runs in the parent, at start and for a reload.
 */
#ifndef PARENT_ENDPOINT_H
#define PARENT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct settings_listener;

#define ENDPOINT_NAME	64	/* bytes with the NUL */

enum endpoint_kind { ENDPOINT_TCP, ENDPOINT_UNIX, ENDPOINT_FD };

struct endpoint {
	enum endpoint_kind kind;
	struct sockaddr_storage storage; /* TCP, UNIX */
	socklen_t len;
	int fd;			/* FD: as inherited; -1: the one with ... */
	char name[ENDPOINT_NAME]; /* ... this name */
	dev_t dev;		/* UNIX: the file made */
	ino_t ino;
};

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080" (127.0.0.1),
 * "unix:/run/x.sock", "fd:3", "fd:chat".  NULL, or what is wrong: "is
 * not ...". */
const char *endpoint_parse(const char *text, struct endpoint *out)
    __attribute__((warn_unused_result));

/* Why one cannot be opened. */
struct endpoint_error {
	int code;		/* of sysexits.h */
	char text[512];
};

/* Binds and listens as the settings say, or takes `inherited`, a socket that
 * heritage.h has kept for it; -1: none.  Returns a descriptor that does not
 * block, or -1 and an error. */
int endpoint_open(struct endpoint *, const struct settings_listener *,
    int inherited, struct endpoint_error *)
    __attribute__((warn_unused_result));

/* Whether there are the owner and the group that a socket's file is to have;
 * if not, with an error. */
bool endpoint_check(const struct settings_listener *,
    struct endpoint_error *) __attribute__((warn_unused_result));

/* Removes the file of a unix socket while it is the one made. */
void endpoint_remove_file(const struct endpoint *);

/* As endpoint_name writes it, of one that is no fd:; returns `out`. */
const char *endpoint_text(const struct endpoint *, char *out, size_t size);

/* "127.0.0.1:43211", "unix:/run/x.sock": where a socket listens; returns the
 * family, -1 with errno. */
int endpoint_name(int fd, char *out, size_t size)
    __attribute__((warn_unused_result));

#endif
