/*
 * fuzz_token - src/worker/token.c: tokens, and where a handshake has them.
 *
 * Input: a query, or the value of a Cookie or a Sec-WebSocket-Protocol field.
 */
#include "config.h"

#include "worker/token.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whatever is found stands there as it is written, behind `before`. */
static void
check_claim(enum token_claim claim, const uint8_t token[TOKEN_BYTES],
    const char *text, size_t len, const char *before)
{
	char wanted[32 + TOKEN_TEXT], written[TOKEN_TEXT + 1];
	bool is_there = memmem(text, len, before, strlen(before)) != NULL;

	must(claim == TOKEN_NONE || is_there);
	if (claim != TOKEN_GIVEN)
		return;
	snprintf(wanted, sizeof(wanted), "%s%s", before,
	    token_write(token, written));
	must(memmem(text, len, wanted, strlen(wanted)) != NULL);
}

static void
check_token(const char *text, size_t len)
{
	uint8_t token[TOKEN_BYTES];
	char written[TOKEN_TEXT + 1];

	if (token_read((struct slice){ text, len }, token))
		must(len == TOKEN_TEXT &&
		    memcmp(token_write(token, written), text, len) == 0);
}

static void
check_query(const char *text, size_t len)
{
	const struct slice query = { text, len };
	uint8_t token[TOKEN_BYTES];
	char number[48];
	uint64_t seq;

	check_claim(token_find_in_query(query, token), token, text, len,
	    "resume=");
	if (!token_find_after(query, &seq))
		return;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)seq);
	must(memmem(text, len, "after=", 6) != NULL);
	must(memmem(text, len, number, strlen(number)) != NULL);
}

static void
check_head(const char *text, size_t len)
{
	const struct head_limits limits = { 0, 0 };
	uint8_t token[TOKEN_BYTES];
	size_t size = 2 * len + 128, used;
	char *data = malloc(size), *copy;
	struct head head;

	must(data != NULL);
	used = (size_t)snprintf(data, size, "GET / HTTP/1.1\r\nHost: a\r\n"
	    "Cookie: ");
	memcpy(data + used, text, len);
	used += len;
	used += (size_t)snprintf(data + used, size - used,
	    "\r\nSec-WebSocket-Protocol: ");
	memcpy(data + used, text, len);
	used += len;
	memcpy(data + used, "\r\n\r\n", 4);
	used += 4;
	copy = copy_exact(data, used);
	head_init(&head);
	if (head_parse(&head, copy, used, &limits) == HEAD_DONE) {
		/* In quotes it is written otherwise. */
		if (memchr(text, '"', len) == NULL)
			check_claim(token_find_in_cookie(&head, token), token,
			    text, len, "SESSION=");
		else
			(void)token_find_in_cookie(&head, token);
		check_claim(token_find_in_protocols(&head, token), token,
		    text, len, "wschat.resume.");
	}
	free(copy);
	free(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = copy_exact(data, len);

	check_token(text, len);
	check_query(text, len);
	check_head(text, len);
	free(text);
	return 0;
}
