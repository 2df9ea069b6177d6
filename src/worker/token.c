/*
 * token - see token.h.
 */
#include "config.h"

#include "worker/token.h"

#include <string.h>
#include <sys/random.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool
token_make(uint8_t out[TOKEN_BYTES])
{
	/* So few bytes come whole, or not at all (getrandom(2)). */
	return getrandom(out, TOKEN_BYTES, 0) == TOKEN_BYTES;
}

const char *
token_write(const uint8_t token[TOKEN_BYTES], char out[TOKEN_TEXT + 1])
{
	unsigned bits = 0, held = 0;
	size_t at = 0;

	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		held = held << 8 | token[i];
		for (bits += 8; bits >= 6; bits -= 6)
			out[at++] = digits[held >> (bits - 6) & 63];
	}
	out[at++] = digits[held << (6 - bits) & 63];
	out[at] = '\0';
	return out;
}

bool
token_read(struct slice text, uint8_t out[TOKEN_BYTES])
{
	unsigned bits = 0, held = 0;
	const char *digit;
	size_t at = 0;

	if (text.len != TOKEN_TEXT)
		return false;
	for (size_t i = 0; i < TOKEN_TEXT; i++) {
		digit = memchr(digits, text.at[i], sizeof(digits) - 1);
		if (digit == NULL)
			return false;
		held = held << 6 | (unsigned)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[at++] = (uint8_t)(held >> bits);
		}
	}
	return (held & ((1U << bits) - 1)) == 0;
}

static enum token_claim
claim(struct slice text, uint8_t out[TOKEN_BYTES])
{
	return token_read(text, out) ? TOKEN_GIVEN : TOKEN_MALFORMED;
}

/* Takes `prefix` off; false: it begins with something else. */
static bool
skip_prefix(struct slice *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->at, prefix, len) != 0)
		return false;
	text->at += len;
	text->len -= len;
	return true;
}

/* Takes the next piece up to `separator` off; false: nothing is left. */
static bool
next_piece(struct slice *rest, char separator, struct slice *piece_out)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->at, separator, rest->len);
	*piece_out = *rest;
	if (end != NULL)
		piece_out->len = (size_t)(end - rest->at);
	rest->at += piece_out->len + (end != NULL);
	rest->len -= piece_out->len + (end != NULL);
	return true;
}

/* The value of the first `name` (with its '=') in a query. */
static bool
find_in_query(struct slice query, const char *name, struct slice *value_out)
{
	while (next_piece(&query, '&', value_out))
		if (skip_prefix(value_out, name))
			return true;
	return false;
}

enum token_claim
token_find_in_protocols(const struct head *head, uint8_t out[TOKEN_BYTES])
{
	struct slice offered = { NULL, 0 }, text;

	while (head_next_protocol(head, &offered)) {
		text = offered;
		if (skip_prefix(&text, "wschat.resume."))
			return claim(text, out);
	}
	return TOKEN_NONE;
}

enum token_claim
token_find_in_query(struct slice query, uint8_t out[TOKEN_BYTES])
{
	struct slice value;

	if (!find_in_query(query, "resume=", &value))
		return TOKEN_NONE;
	return slice_is(value, "new") ? TOKEN_NEW : claim(value, out);
}

enum token_claim
token_find_in_cookie(const struct head *head, uint8_t out[TOKEN_BYTES])
{
	struct slice field = { NULL, 0 }, rest, pair;
	enum token_claim found = TOKEN_NONE;

	while (head_next_value(head, "Cookie", &field)) {
		rest = field;
		while (next_piece(&rest, ';', &pair)) {
			pair = slice_trim(pair);
			if (!skip_prefix(&pair, "SESSION="))
				continue;
			if (pair.len >= 2 && pair.at[0] == '"' &&
			    pair.at[pair.len - 1] == '"') {
				pair.at++;
				pair.len -= 2;
			}
			found = claim(pair, out);
			if (found == TOKEN_GIVEN)
				return found;
		}
	}
	return found;
}

bool
token_find_after(struct slice query, uint64_t *seq_out)
{
	struct slice value;
	uint64_t seq = 0;

	if (!find_in_query(query, "after=", &value) || value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned char)value.at[i] - '0';

		if (digit > 9 || seq > (UINT64_MAX - digit) / 10)
			return false;
		seq = seq * 10 + digit;
	}
	*seq_out = seq;
	return true;
}
