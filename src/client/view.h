/*
 * view - an event of wschat.v1 as the line that a person, or a script, reads.
 *
 * A pure module of wschat, but for the local time zone.  Whatever comes from
 * others has passed base/plain.h: no line contains a line break or drives a
 * terminal, but for the colours that are asked for.
 */
#ifndef CLIENT_VIEW_H
#define CLIENT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum view_kind {
	VIEW_NOTHING,	/* not for people */
	VIEW_MESSAGE,	/* what somebody says, or whispers */
	VIEW_PRESENCE,	/* who comes, goes, has another name */
	VIEW_NOTICE,	/* anything else the server says */
	VIEW_FAULT	/* a refusal, or a loss */
};

struct view {
	bool is_terminal;	/* with the time, in the form for reading;
				   else messages are as text clients get
				   them: "[anna]: hello" */
	bool has_colour;
};

/* Appends the line, without its end, and a NUL that is not counted; nothing
 * for VIEW_NOTHING.  No memory: VIEW_NOTHING. */
enum view_kind view_event(const struct view *, const json_t *event,
    struct buf *out);

/* A text from a server that does not speak wschat.v1: a line as it is. */
bool view_text(const char *text, size_t len, struct buf *out)
    __attribute__((warn_unused_result));

/* Our own words, set apart like the server's notices. */
bool view_note(const struct view *, const char *text, struct buf *out)
    __attribute__((warn_unused_result));

/* The event itself on one line: ASCII alone, without control bytes. */
bool view_json(const json_t *event, struct buf *out)
    __attribute__((warn_unused_result));

#endif
