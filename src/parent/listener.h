/*
 * listener - an address on which connections come in.
 *
 * Runs in the parent.  Accepts, knows what to do when descriptors or memory
 * run out, and reads nothing from anybody.
 */
#ifndef PARENT_LISTENER_H
#define PARENT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

struct endpoint_error;
struct event_base;
struct listener;
struct settings_listener;

/* Somebody has come; `fd` is the callee's, `bytes` is the peer's address
 * (IPv4 mapped into IPv6; by a unix socket all zero).  False: accept no more
 * for now; the listener is or will be paused. */
typedef bool listener_on_accept(void *owner, unsigned index, int fd,
    const uint8_t bytes[16], uint16_t port);

/* Opens it as endpoint_open does; paused at first.  NULL: not possible, with
 * an error. */
struct listener *listener_open(struct event_base *,
    const struct settings_listener *, unsigned index, int inherited,
    listener_on_accept *, void *owner, struct endpoint_error *)
    __attribute__((warn_unused_result));
/* What a client's socket has: nothing waits for more, and little waits in the
 * kernel.  On Linux those that a listener accepts have it from the listener,
 * which spares each of them the calls. */
void listener_set_options(int fd);
/* Whether it does from now on: who is refused is told in plain HTTP or not. */
void listener_speak_tls(struct listener *, bool speaks_tls);
/* Removes the file of a unix socket, too; NULL is fine. */
void listener_close(struct listener *);
/* "127.0.0.1:43211", "unix:/run/x.sock": what was bound; lent. */
const char *listener_name(const struct listener *);
/* Who comes by it has no address. */
bool listener_is_unix(const struct listener *);

/* Once a turn, also with what it was told before. */
void listener_pause(struct listener *, bool paused);

/* Accepts who waits in the kernel's queue, unless it is paused. */
void listener_accept_waiting(struct listener *);

/* Answers 503 with Retry-After as far as the socket takes it, and closes; who
 * came to speak TLS would not understand it and gets the end alone. */
void listener_refuse(int fd, bool speaks_tls);

#endif
