/*
 * names - who is in the room, as far as completion needs to know.
 *
 * A pure module of wschat.  In a room of more than NAMES_MAX it knows some.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NAMES_MAX	2048

struct names {
	char **list;
	size_t count, capacity;
};

void names_init(struct names *);
void names_clear(struct names *);

/* A name that is there, or does not fit, is not added. */
void names_add(struct names *, const char *name);
void names_remove(struct names *, const char *name);

/* Whether the name begins with `len` bytes of `start`; ASCII letters fold. */
bool names_begins(const char *name, const char *start, size_t len);

#endif
