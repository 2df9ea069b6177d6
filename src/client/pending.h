/*
 * pending - what was said and is not yet known to be heard.
 *
 * A pure module of wschat.  Each message has an id until the server has
 * acknowledged it; after a reconnect the same one is sent again, and the
 * server says it once.  Oldest first.
 */
#ifndef CLIENT_PENDING_H
#define CLIENT_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_PREFIX	17	/* bytes of the ids' common part, with a NUL */
#define PENDING_ID	40

struct pending_item {
	struct pending_item *next;
	char id[PENDING_ID];
	char *json;		/* the whole request */
	size_t len;
	bool is_sent;		/* on this connection */
};

struct pending {
	struct pending_item *first, **last;
	size_t count, bytes;
	uint64_t serial;
	char prefix[PENDING_PREFIX];
};

/* `random` makes the ids those of this run of the program. */
void pending_init(struct pending *, uint64_t random);
void pending_clear(struct pending *);

/* Makes the request of a message and keeps it.  False: the text is not
 * UTF-8, or no memory. */
bool pending_add(struct pending *, const char *text, size_t len,
    bool is_action) __attribute__((warn_unused_result));

/* The oldest that is not sent, or NULL; lent. */
struct pending_item *pending_unsent(const struct pending *);

/* The connection is gone: nothing counts as sent. */
void pending_unsend(struct pending *);

/* Whether the id was one that waited; then it waits no more. */
bool pending_remove(struct pending *, const char *id);

#endif
