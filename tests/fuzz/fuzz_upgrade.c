/*
 * fuzz_upgrade - src/ws/upgrade.c, what a server answers to the handshake.
 *
 * Input: any bytes.  The answer is judged whole and as it grows, each time in
 * memory that ends with it.
 */
#include "config.h"

#include "ws/upgrade.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define KEY	"dGhlIHNhbXBsZSBub25jZQ=="
#define OFFER	"wschat.v1, wschat.resume.abc"

static bool
is_inside(struct slice s, const char *text, size_t len)
{
	return s.len == 0 || (s.at >= text && s.at + s.len <= text + len);
}

static bool
is_clean(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t') ||
		    s.at[i] == 0x7f)
			return false;
	return true;
}

static void
check(const char *text, size_t len, enum upgrade_result result,
    const struct upgrade_answer *answer)
{
	if (result == UPGRADE_BAD) {
		must(answer->why != NULL);
		return;
	}
	must(result == UPGRADE_MORE || (answer->length <= len &&
	    memcmp(text + answer->length - 4, "\r\n\r\n", 4) == 0));
	must(is_inside(answer->protocol, text, len));
	must(is_inside(answer->session, text, len));
	must(is_inside(answer->location, text, len));
	must(is_clean(answer->location) && is_clean(answer->session));
	if (result == UPGRADE_DONE) {
		must(memmem(text, answer->length,
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28) != NULL);
		must(answer->protocol.len == 0 ||
		    slice_is(answer->protocol, "wschat.v1") ||
		    slice_is(answer->protocol, "wschat.resume.abc"));
	} else if (result == UPGRADE_REFUSED) {
		must(answer->status >= 200 && answer->status <= 999);
	}
}

static enum upgrade_result
parse(const uint8_t *data, size_t len, size_t *length_out)
{
	struct upgrade_answer answer;
	char *copy = copy_exact(data, len);
	enum upgrade_result result;

	result = upgrade_answer_parse(copy, len, KEY, OFFER, &answer);
	check(copy, len, result, &answer);
	*length_out = answer.length;
	free(copy);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum upgrade_result whole, part;
	size_t length, early, at;

	whole = parse(data, len, &length);
	/* What is judged is judged the same when more of it is there. */
	for (at = 0; at <= len && at < 600; at++) {
		part = parse(data, at, &early);
		if (part == UPGRADE_MORE)
			continue;
		must(part == whole);
		must(whole == UPGRADE_BAD || early == length);
		break;
	}
	return 0;
}
