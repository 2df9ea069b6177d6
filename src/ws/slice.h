/*
 * slice: text that is counted and lent, as the parsers of this folder give it.
 *
 * A pure module for whoever reads a request's fields: comparisons, lists and
 * the character classes of RFC 9110. It owns no text.
 */
#ifndef WS_SLICE_H
#define WS_SLICE_H

#include <stdbool.h>
#include <stddef.h>

/* Not NUL-terminated. No text: at NULL, len 0. */
struct slice {
	const char *at;
	size_t len;
};

/* Whether the slice is exactly this text; _any_case: ASCII letters fold. */
bool slice_is(struct slice, const char *text);
bool slice_is_any_case(struct slice, const char *text);

/*
 * Takes the next element of a comma-separated list (RFC 9110 5.6.1) off
 * *list_inout, without white space around it. Empty elements are passed
 * over. False when none is left.
 */
bool slice_next_token(struct slice *list_inout, struct slice *token_out);

/* Whether the comma-separated list has this element, in any case. */
bool slice_has_token(struct slice list, const char *token);

/* The slice without spaces and tabs around it. */
struct slice slice_trim(struct slice);

/* Whether the slice is a token of RFC 9110 5.6.2, not an empty one. */
bool slice_is_token(struct slice);

/* Classes of ASCII; char_is_token: what a token consists of. */
bool char_is_token(unsigned char);
bool char_is_digit(unsigned char);
bool char_is_letter_or_digit(unsigned char);

#endif
