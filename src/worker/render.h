/*
 * render - an event as the line that a text client gets.
 *
 * A pure module of the worker.  Rendering is the copy that a reader of the
 * log makes: it writes into a buffer and keeps nothing of its input.  The
 * input may change under its hands (log/cursor.h): then the line is rubbish
 * that the caller throws away, but no byte is written outside of it.
 */
#ifndef WORKER_RENDER_H
#define WORKER_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/settings.h"

/* Append a line.  False: no memory, nothing was appended. */
bool render_message(struct buf *, const struct settings_route *,
    const uint8_t *name, size_t name_len, const uint8_t *text,
    size_t text_len) __attribute__((warn_unused_result));
/* What an echo route says to a text, which is not made safe: it is for him
 * who sent it.  The format is not "%t" alone, or this need not be called. */
bool render_echo(struct buf *, const struct settings_route *,
    const uint8_t *text, size_t text_len) __attribute__((warn_unused_result));
/* Nothing when the route has no greeting. */
bool render_greeting(struct buf *, const struct settings_route *,
    uint64_t users) __attribute__((warn_unused_result));
/* What somebody does, on every route: "* NAME text". */
bool render_action(struct buf *, const uint8_t *name, size_t name_len,
    const uint8_t *text, size_t text_len)
    __attribute__((warn_unused_result));
/* "[server] Member renamed from A to B." */
bool render_rename(struct buf *, const uint8_t *old, size_t old_len,
    const uint8_t *name, size_t name_len) __attribute__((warn_unused_result));
/* "[server] Member joined: NAME." and the like. */
bool render_announcement(struct buf *, const char *what,
    const uint8_t *name, size_t name_len) __attribute__((warn_unused_result));

#endif
