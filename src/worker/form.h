/*
 * form - the forms in which a message goes to clients.
 *
 * In the worker: a form is a dialect, lines of text or JSON objects, and a
 * window: plain, or compressed for each window that was negotiated (RFC 7692).
 * A message is made once in each form that is in use, however many take it.
 */
#ifndef WORKER_FORM_H
#define WORKER_FORM_H

#include <stdbool.h>
#include <stdint.h>

enum dialect {
	DIALECT_TEXT,
	DIALECT_JSON,		/* the subprotocol wschat.v1 */
	DIALECTS
};

#define FORM_BITS_MIN	9	/* the smallest window */
#define FORM_BITS_MAX	15
#define FORM_WINDOWS	(FORM_BITS_MAX - FORM_BITS_MIN + 2)	/* and plain */
#define FORMS		(DIALECTS * FORM_WINDOWS)

/* The form of a dialect with messages compressed for a window of `bits`, or
 * plain when that is 0. */
static inline unsigned
form_make(enum dialect dialect, unsigned bits)
{
	return (unsigned)dialect * FORM_WINDOWS +
	    (bits == 0 ? 0 : bits - FORM_BITS_MIN + 1);
}

static inline enum dialect
form_dialect(unsigned form)
{
	return (enum dialect)(form / FORM_WINDOWS);
}

static inline bool
form_is_json(unsigned form)
{
	return form_dialect(form) == DIALECT_JSON;
}

/* Bits of the window; 0: plain. */
static inline unsigned
form_window(unsigned form)
{
	unsigned step = form % FORM_WINDOWS;

	return step == 0 ? 0 : step + FORM_BITS_MIN - 1;
}

/* Whether somebody takes a form of the dialect. */
static inline bool
form_is_spoken(const uint32_t in_form[FORMS], enum dialect dialect)
{
	unsigned from = form_make(dialect, 0);
	uint32_t count = 0;

	for (unsigned i = from; i < from + FORM_WINDOWS; i++)
		count |= in_form[i];
	return count != 0;
}

#endif
