/*
 * slice: the comparisons and lists of slice.h.
 *
 * A pure module. Letters are those of ASCII, whatever the locale says.
 */
#include "config.h"

#include "ws/slice.h"

#include <string.h>

static bool slice_equals_any_case(struct slice, struct slice);
static unsigned char to_lower(unsigned char);

bool
slice_is(struct slice slice, const char *text)
{
	return slice.len == strlen(text) &&
	    (slice.len == 0 || memcmp(slice.at, text, slice.len) == 0);
}

bool
slice_is_any_case(struct slice slice, const char *text)
{
	return slice_equals_any_case(slice,
	    (struct slice){ text, strlen(text) });
}

static bool
slice_equals_any_case(struct slice a, struct slice b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (to_lower((unsigned char)a.at[i]) !=
		    to_lower((unsigned char)b.at[i]))
			return false;
	return true;
}

struct slice
slice_trim(struct slice slice)
{
	while (slice.len > 0 && (*slice.at == ' ' || *slice.at == '\t')) {
		slice.at++;
		slice.len--;
	}
	while (slice.len > 0 && (slice.at[slice.len - 1] == ' ' ||
	    slice.at[slice.len - 1] == '\t'))
		slice.len--;
	return slice;
}

bool
slice_next_token(struct slice *list, struct slice *token_out)
{
	struct slice token;
	const char *comma;

	while (list->len > 0) {
		comma = memchr(list->at, ',', list->len);
		token = *list;
		if (comma != NULL)
			token.len = (size_t)(comma - list->at);
		list->at += token.len + (comma != NULL);
		list->len -= token.len + (comma != NULL);
		token = slice_trim(token);
		if (token.len > 0) {
			*token_out = token;
			return true;
		}
	}
	return false;
}

bool
slice_has_token(struct slice list, const char *token)
{
	struct slice element;

	while (slice_next_token(&list, &element))
		if (slice_is_any_case(element, token))
			return true;
	return false;
}

bool
slice_is_token(struct slice slice)
{
	size_t i;

	for (i = 0; i < slice.len; i++)
		if (!char_is_token((unsigned char)slice.at[i]))
			return false;
	return slice.len > 0;
}

/* tchar of RFC 9110 5.6.2 */
bool
char_is_token(unsigned char c)
{
	return char_is_letter_or_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
char_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

bool
char_is_letter_or_digit(unsigned char c)
{
	return char_is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

static unsigned char
to_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}
