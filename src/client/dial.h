/*
 * dial - from a URL to a socket that is connected.
 *
 * Runs in wschat: looks the name up and tries its addresses, one after the
 * other.
 */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

struct dial;
struct event_base;
struct url;

/* `fd` is the owner's from now on, non-blocking; -1: none, `why` says it. */
typedef void dial_hook(void *arg, int fd, const char *why);

/* Calls the hook once, from the loop; then only dial_free is allowed.
 * Borrows the URL until then.  NULL: no memory. */
struct dial *dial_new(struct event_base *, const struct url *, dial_hook *,
    void *arg) __attribute__((warn_unused_result));
void dial_free(struct dial *);

#endif
