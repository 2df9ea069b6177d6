/*
 * fuzz_proxy - src/ws/proxy.c: headers of the PROXY protocol.
 *
 * Input: two sizes of pieces, then the header and what may stand behind it.
 * It is read whole and in pieces; what is whole is read a second time here,
 * by the words of the protocol's text.
 */
#include "config.h"

#include "ws/proxy.h"

#include "fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a plain reading; PROXY_MORE: not whole, whatever it may be ---- */

struct slow {
	enum proxy_result result;
	bool is_local, is_tls;
	uint8_t address[NETADDR_BYTES];
	uint16_t port;
	size_t length;
};

static bool
slow_port(const char *word, uint16_t *out)
{
	char again[16];
	long port = atol(word);

	snprintf(again, sizeof(again), "%ld", port);
	if (strcmp(again, word) != 0 || port < 0 || port > 65535)
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool
slow_address(const char *word, bool is_ipv6, uint8_t out[NETADDR_BYTES])
{
	const char *colon = strrchr(word, ':');

	if (!is_ipv6) {
		memset(out, 0, 10);
		memset(out + 10, 0xff, 2);
		return inet_pton(AF_INET, word, out + 12) == 1;
	}
	/* The protocol reckons with 39 bytes at most. */
	if (strchr(word, '.') != NULL && colon != NULL && colon + 1 - word > 24)
		return false;
	return inet_pton(AF_INET6, word, out) == 1;
}

/* A line without its CRLF: six words with one space between. */
static bool
slow_line(char *line, struct slow *slow)
{
	char *words[7] = { line }, *space;
	uint8_t destination[NETADDR_BYTES];
	uint16_t port;
	size_t count = 1;
	bool is_ipv6;

	while (count < 7 && (space = strchr(words[count - 1], ' ')) != NULL) {
		*space = '\0';
		words[count++] = space + 1;
	}
	if (count != 6 || strcmp(words[0], "PROXY") != 0 ||
	    (strcmp(words[1], "TCP4") != 0 && strcmp(words[1], "TCP6") != 0))
		return false;
	is_ipv6 = words[1][3] == '6';
	return slow_address(words[2], is_ipv6, slow->address) &&
	    slow_address(words[3], is_ipv6, destination) &&
	    slow_port(words[4], &slow->port) && slow_port(words[5], &port);
}

static void
slow_text(const struct input *in, struct slow *slow)
{
	static const char unknown[] = "PROXY UNKNOWN";
	size_t most = in->len < PROXY_TEXT_MAX ? in->len : PROXY_TEXT_MAX;
	const uint8_t *end = memmem(in->at, most, "\r\n", 2);
	char line[PROXY_TEXT_MAX + 1] = "";
	size_t len, known = sizeof(unknown) - 1;

	if (end == NULL) {
		slow->result = in->len >= PROXY_TEXT_MAX ? PROXY_REFUSED :
		    PROXY_MORE;
		return;
	}
	len = (size_t)(end - in->at);
	memcpy(line, in->at, len);
	slow->length = len + 2;
	slow->result = PROXY_REFUSED;
	if (memchr(line, '\n', len) != NULL || memchr(line, '\r', len) != NULL)
		return;
	if (len >= known && memcmp(line, unknown, known) == 0 &&
	    (len == known || line[known] == ' ')) {
		slow->is_local = true;
		slow->result = PROXY_DONE;
		return;
	}
	if (memchr(line, '\0', len) == NULL && slow_line(line, slow))
		slow->result = PROXY_DONE;
}

static uint32_t
slow_crc32c(const uint8_t *bytes, size_t len, size_t zero_at)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= i >= zero_at && i < zero_at + 4 ? 0 : bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) * 0x82f63b78U);
	}
	return ~crc;
}

static bool
slow_tlvs(const uint8_t *bytes, size_t at, size_t end, bool *is_tls_out)
{
	size_t len, sum_at = 0;

	while (at < end) {
		if (end - at < 3)
			return false;
		len = (size_t)(bytes[at + 1] << 8 | bytes[at + 2]);
		if (len > end - at - 3)
			return false;
		if (bytes[at] == 3) {
			if (len != 4 || sum_at != 0)
				return false;
			sum_at = at + 3;
		}
		if (bytes[at] == 0x20 && len > 0)
			*is_tls_out = bytes[at + 3] % 2 != 0;
		at += 3 + len;
	}
	return sum_at == 0 || slow_crc32c(bytes, end, sum_at) ==
	    ((uint32_t)bytes[sum_at] << 24 | (uint32_t)bytes[sum_at + 1] << 16 |
	    (uint32_t)bytes[sum_at + 2] << 8 | bytes[sum_at + 3]);
}

static void
slow_binary(const struct input *in, struct slow *slow)
{
	static const size_t sizes[] = { 0, 12, 36, 216 };
	const uint8_t *b = in->at;
	unsigned family, protocol;
	size_t end;

	slow->result = PROXY_MORE;
	if (in->len < 16)
		return;
	end = 16 + (size_t)(b[14] << 8 | b[15]);
	if (in->len < end)
		return;
	slow->length = end;
	slow->result = PROXY_REFUSED;
	family = b[13] >> 4;
	protocol = b[13] & 15;
	if (end > PROXY_HEADER_MAX || (b[12] != 0x20 && b[12] != 0x21) ||
	    (b[12] == 0x21 && (family > 3 || protocol > 1)))
		return;
	slow->is_local = b[12] == 0x20 || family % 3 == 0 || protocol == 0;
	if (b[12] == 0x21 && family != 0 && protocol != 0 &&
	    (end < 16 + sizes[family] ||
	    !slow_tlvs(b, 16 + sizes[family], end, &slow->is_tls)))
		return;
	slow->result = PROXY_DONE;
	if (slow->is_local)
		return;
	memset(slow->address, 0, 10);
	memset(slow->address + 10, 0xff, 2);
	if (family == 1)
		memcpy(slow->address + 12, b + 16, 4);
	else
		memcpy(slow->address, b + 16, 16);
	b += family == 1 ? 24 : 48;
	slow->port = (uint16_t)(b[0] << 8 | b[1]);
}

static void
slow_parse(const struct input *in, struct slow *slow)
{
	static const char binary[] = "\r\n\r\n\0\r\nQUIT\n", text[] = "PROXY ";
	size_t len;

	memset(slow, 0, sizeof(*slow));
	slow->result = in->len > 0 ? PROXY_REFUSED : PROXY_MORE;
	len = in->len < 12 ? in->len : 12;
	if (len > 0 && memcmp(in->at, binary, len) == 0)
		slow_binary(in, slow);
	len = in->len < 6 ? in->len : 6;
	if (len > 0 && memcmp(in->at, text, len) == 0)
		slow_text(in, slow);
}

/* ---- the reader under test ---- */

static enum proxy_result
parse_pieces(struct proxy *proxy, const struct input *in,
    struct pieces pieces)
{
	enum proxy_result result = PROXY_MORE;
	uint8_t *copy;
	size_t n = 0;

	proxy_init(proxy);
	while (result == PROXY_MORE && n < in->len) {
		n += pieces_next(&pieces, in->len - n);
		copy = copy_exact(in->at, n);
		result = proxy_parse(proxy, copy, n);
		free(copy);
	}
	must(result != PROXY_DONE || proxy->length <= n);
	must((result == PROXY_REFUSED) == (proxy->why != NULL));
	return result;
}

static void
check(const struct proxy *proxy, enum proxy_result result,
    const struct slow *slow)
{
	if (slow->result == PROXY_MORE)
		must(result != PROXY_DONE);
	else
		must(result == slow->result);
	if (result != PROXY_DONE)
		return;
	must(proxy->length == slow->length);
	must(proxy->length <= PROXY_HEADER_MAX);
	must(proxy->is_local == slow->is_local);
	must(proxy->is_local || proxy->is_tls == slow->is_tls);
	must(proxy->is_local || (proxy->port == slow->port &&
	    memcmp(proxy->address, slow->address, NETADDR_BYTES) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	struct pieces pieces = pieces_take(&in);
	struct pieces whole = { { in.len, in.len }, 0 };
	enum proxy_result result;
	struct proxy proxy;
	struct slow slow;

	slow_parse(&in, &slow);
	result = parse_pieces(&proxy, &in, whole);
	check(&proxy, result, &slow);
	must(parse_pieces(&proxy, &in, pieces) == result);
	check(&proxy, result, &slow);
	if (result == PROXY_DONE) {
		/* No byte less will do. */
		in.len = proxy.length - 1;
		must(parse_pieces(&proxy, &in, whole) == PROXY_MORE);
	}
	return 0;
}
