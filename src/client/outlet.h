/*
 * outlet - lines to standard output, when whoever reads them is ready.
 *
 * Runs in wschat.  A reader that stalls must not keep us from answering the
 * server's pings: lines wait here, and never with a descriptor made
 * non-blocking, which others share.
 */
#ifndef CLIENT_OUTLET_H
#define CLIENT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct outlet;

/* Nobody reads any more. */
typedef void outlet_hook(void *arg);

/* Borrows the descriptor.  NULL: no memory. */
struct outlet *outlet_new(struct event_base *, int fd, outlet_hook *,
    void *arg) __attribute__((warn_unused_result));
/* Writes what waits, blocking if it must. */
void outlet_free(struct outlet *);

/* A line without its end. */
void outlet_write(struct outlet *, const char *line, size_t len);

/* Whether so much waits that nothing more should be produced; and called
 * once it does not any more. */
bool outlet_is_full(const struct outlet *);
void outlet_on_room(struct outlet *, outlet_hook *);

#endif
