/*
 * call - the requests of wschat.v1 that a client makes.
 *
 * A pure module of wschat: doc/protocol.md has the forms.  All return an
 * owned object, or NULL: a text is not UTF-8, or no memory.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The request as text, without a line break; takes the object, which may be
 * NULL, and returns owned memory or NULL. */
char *call_write(json_t *) __attribute__((warn_unused_result));

json_t *call_message(const char *id, const char *text, size_t len,
    bool is_action);
/* `names` is a comma-separated list without spaces. */
json_t *call_whisper(const char *names, const char *text);
json_t *call_nick(const char *name);
json_t *call_join(const char *room);
/* `after`: the last name of the page before, or NULL. */
json_t *call_who(const char *after);
json_t *call_rooms(void);
json_t *call_ping(void);
/* The last `count` messages before the number `before`. */
json_t *call_history(uint64_t before, unsigned count);

#endif
