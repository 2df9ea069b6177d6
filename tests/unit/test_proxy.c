/*
 * test_proxy: PROXY headers, version 1 and 2.
 *
 * Each header of the tables is parsed whole, byte by byte and in two pieces
 * wherever one can cut, always against a guard page and at another address
 * each time.
 */
#include "config.h"

#include "ws/proxy.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)  s, sizeof(s) - 1

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define LOCAL     SIGNATURE "\x20"
#define RELAYED   SIGNATURE "\x21"
#define TCP4      RELAYED "\x11"
#define TCP6      RELAYED "\x21"
#define FOUR      "\xc0\x00\x02\x01" "\xc6\x33\x64\x01" "\xdc\x04" "\x01\xbb"
#define SIXTEEN   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define SIX       SIXTEEN SIXTEEN "\x00\x50" "\x01\xbb"
#define SIX_FOUR  "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"
#define NINE      "123456789"
#define FIFTY     NINE "0" NINE "0" NINE "0" NINE "0" NINE "0"
#define UNIX_PATHS FIFTY FIFTY "12345678" FIFTY FIFTY "12345678"

#define GROUPS "1111:2222:3333:4444:5555:6666:7777:8888"
#define TAIL4  " 198.51.100.1 56324 443\r\n"
#define TAIL6  " 2001:db8::2 56324 443\r\n"

static const struct {
	const char *data;
	size_t len;
	const char *client;   /* NULL: local */
	unsigned port;
} good[] = {
	/* the specification's examples and limits */
	{ TEXT("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
	    "192.168.0.1", 56324 },
	{ TEXT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
	    "255.255.255.255", 65535 },
	{ TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	{ TEXT("PROXY UNKNOWN\r\n"), NULL, 0 },
	{ TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    NULL, 0 },
	/* version 1 */
	{ TEXT("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0", 0 },
	{ TEXT("PROXY TCP4 192.0.2.1" TAIL4), "192.0.2.1", 56324 },
	{ TEXT("PROXY TCP6 2001:db8::1" TAIL6), "2001:db8::1", 56324 },
	{ TEXT("PROXY TCP6 ::1 ::1 1 1\r\n"), "::1", 1 },
	{ TEXT("PROXY TCP6 :: 1:: 1 1\r\n"), "::", 1 },
	{ TEXT("PROXY TCP6 " GROUPS TAIL6), GROUPS, 56324 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:7::" TAIL6), "1:2:3:4:5:6:7:0",
	    56324 },
	{ TEXT("PROXY TCP6 ::2:3:4:5:6:7:8" TAIL6), "0:2:3:4:5:6:7:8",
	    56324 },
	{ TEXT("PROXY TCP6 1::3:4:5:6:7:8" TAIL6), "1:0:3:4:5:6:7:8",
	    56324 },
	{ TEXT("PROXY TCP6 ABCD:EF01::9" TAIL6), "abcd:ef01::9", 56324 },
	{ TEXT("PROXY TCP6 abcd:ef01:23:4567:89a::" TAIL6),
	    "abcd:ef01:23:4567:89a::", 56324 },
	{ TEXT("PROXY TCP6 ::ffff:192.0.2.1" TAIL6), "192.0.2.1", 56324 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:192.0.2.1" TAIL6),
	    "1:2:3:4:5:6:c000:201", 56324 },
	{ TEXT("PROXY TCP6 1::3:4:5:6:192.0.2.1" TAIL6),
	    "1:0:3:4:5:6:c000:201", 56324 },
	{ TEXT("PROXY TCP6 1111:2222:3333:4444:5:6:255.255.255.255" TAIL6),
	    "1111:2222:3333:4444:5:6:ffff:ffff", 56324 },
	{ TEXT("PROXY UNKNOWN \r\n"), NULL, 0 },
	{ TEXT("PROXY UNKNOWN \0\xff  anything\t\r\n"), NULL, 0 },
	/* version 2 */
	{ TEXT(TCP4 "\0\x0c" FOUR), "192.0.2.1", 56324 },
	{ TEXT(TCP6 "\0\x24" SIX), "2001:db8::1", 80 },
	{ TEXT(TCP6 "\0\x24" SIX_FOUR SIXTEEN "\0\1\0\2"), "192.0.2.1", 1 },
	{ TEXT(RELAYED "\x31\0\xd8" UNIX_PATHS), NULL, 0 },
	{ TEXT(LOCAL "\0\0\0"), NULL, 0 },
	{ TEXT(LOCAL "\x11\0\x0c" FOUR), NULL, 0 },
	{ TEXT(LOCAL "\x12\0\x01x"), NULL, 0 },
	{ TEXT(LOCAL "\xff\0\x02xy"), NULL, 0 },
	{ TEXT(RELAYED "\0\0\0"), NULL, 0 },
	{ TEXT(RELAYED "\x01\0\x03\x03\xff\xff"), NULL, 0 },
	{ TEXT(RELAYED "\x10\0\x01x"), NULL, 0 },
	{ TEXT(RELAYED "\x30\0\0"), NULL, 0 },
	/* TLVs: empty, unknown, several, nested */
	{ TEXT(TCP4 "\0\x0f" FOUR "\x04\0\0"), "192.0.2.1", 56324 },
	{ TEXT(TCP4 "\0\x12" FOUR "\xee\0\3abc"), "192.0.2.1", 56324 },
	{ TEXT(TCP4 "\0\x15" FOUR "\x02\0\3abc\x04\0\0"), "192.0.2.1",
	    56324 },
	{ TEXT(TCP6 "\0\x35" SIX "\x20\0\x0e\1\0\0\0\0\x21\0\6TLSv1x"),
	    "2001:db8::1", 80 },
	{ TEXT(RELAYED "\x31\0\xdb" UNIX_PATHS "\x04\0\0"), NULL, 0 },
	/* checksums, computed elsewhere */
	{ TEXT(TCP4 "\0\x13" FOUR "\x03\0\4\x73\x7e\xe9\x19"), "192.0.2.1",
	    56324 },
	{ TEXT(TCP4 "\0\x19" FOUR "\x04\0\0\x03\0\4\xac\x47\x05\xf8\x04\0\0"),
	    "192.0.2.1", 56324 },
};

/* `seen`: how many bytes a refusal takes. */
static const struct {
	const char *data;
	size_t len, seen;
} bad[] = {
	/* neither version */
	{ TEXT("GET / HTTP/1.1\r\n"), 1 },
	{ TEXT("\0"), 1 },
	{ TEXT("\n\r\n"), 1 },
	{ TEXT("\x16\x03\x01"), 1 },
	{ TEXT(" PROXY"), 1 },
	{ TEXT("proxy TCP4"), 1 },
	{ TEXT("PUT / HTTP/1.1\r\n"), 2 },
	{ TEXT("POST / HTTP/1.1\r\n"), 2 },
	{ TEXT("PROXy TCP4"), 5 },
	{ TEXT("PROXY\tTCP4"), 6 },
	{ TEXT("PROXY\r\n"), 6 },
	{ TEXT("PROXYTCP4"), 6 },
	/* protocols */
	{ TEXT("PROXY  TCP4"), 7 },
	{ TEXT("PROXY \r\n"), 7 },
	{ TEXT("PROXY tcp4"), 7 },
	{ TEXT("PROXY UDP4"), 8 },
	{ TEXT("PROXY TCP5"), 10 },
	{ TEXT("PROXY TCP\r\n"), 10 },
	{ TEXT("PROXY TCP4\r\n"), 11 },
	{ TEXT("PROXY TCP46"), 11 },
	{ TEXT("PROXY TCP66"), 11 },
	{ TEXT("PROXY UNKNOWN\n"), 14 },
	{ TEXT("PROXY UNKNOWNS"), 14 },
	{ TEXT("PROXY UNKNOWn"), 13 },
	{ TEXT("PROXY UNKNOWN\rx"), 15 },
	{ TEXT("PROXY UNKNOWN x\n"), 16 },
	{ TEXT("PROXY UNKNOWN x\r\r\n"), 17 },
	{ TEXT("PROXY UNKNOWN " FIFTY FIFTY), 106 },
	/* IPv4 addresses */
	{ TEXT("PROXY TCP4  1.2.3.4"), 12 },
	{ TEXT("PROXY TCP4 .1"), 12 },
	{ TEXT("PROXY TCP4 a"), 12 },
	{ TEXT("PROXY TCP4 -1"), 12 },
	{ TEXT("PROXY TCP4 ::1"), 12 },
	{ TEXT("PROXY TCP4 01.2.3.4"), 13 },
	{ TEXT("PROXY TCP4 00"), 13 },
	{ TEXT("PROXY TCP4 256"), 14 },
	{ TEXT("PROXY TCP4 1000"), 15 },
	{ TEXT("PROXY TCP4 1..2"), 14 },
	{ TEXT("PROXY TCP4 1.2.3 "), 17 },
	{ TEXT("PROXY TCP4 1.2.3. "), 18 },
	{ TEXT("PROXY TCP4 1.2.3.4."), 19 },
	{ TEXT("PROXY TCP4 1.2.3.4\t5.6.7.8"), 19 },
	{ TEXT("PROXY TCP4 1.2.3.4\r\n"), 19 },
	{ TEXT("PROXY TCP4 1.2.3.4  5.6.7.8"), 20 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.256"), 28 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8\r\n"), 27 },
	{ TEXT("PROXY TCP4 1.2.3.4 ::1 1 1\r\n"), 20 },
	/* IPv6 addresses */
	{ TEXT("PROXY TCP6 1.2.3.4"), 13 },
	{ TEXT("PROXY TCP6 g"), 12 },
	{ TEXT("PROXY TCP6 [::1]"), 12 },
	{ TEXT("PROXY TCP6 :1"), 13 },
	{ TEXT("PROXY TCP6 : "), 13 },
	{ TEXT("PROXY TCP6 :::"), 14 },
	{ TEXT("PROXY TCP6 1:::"), 15 },
	{ TEXT("PROXY TCP6 1::2::"), 17 },
	{ TEXT("PROXY TCP6 12345"), 16 },
	{ TEXT("PROXY TCP6 1:2 "), 15 },
	{ TEXT("PROXY TCP6 1: "), 14 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:7 "), 25 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:7:8:"), 27 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:7::8"), 27 },
	{ TEXT("PROXY TCP6 1::3:4:5:6:7:8:"), 26 },
	{ TEXT("PROXY TCP6 ::1%eth0"), 15 },
	{ TEXT("PROXY TCP6 ::."), 14 },
	{ TEXT("PROXY TCP6 ::f."), 15 },
	{ TEXT("PROXY TCP6 ::256."), 17 },
	{ TEXT("PROXY TCP6 ::01."), 16 },
	{ TEXT("PROXY TCP6 ::1.2.3 "), 19 },
	{ TEXT("PROXY TCP6 ::1.2.3.4.5"), 21 },
	{ TEXT("PROXY TCP6 ::1.2:"), 17 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6.7"), 23 },
	{ TEXT("PROXY TCP6 1:2:3:4:5:6:7:8.9"), 27 },
	{ TEXT("PROXY TCP6 1::3:4:5:6:7:8.9"), 26 },
	{ TEXT("PROXY TCP6 1111:2222:3333:4444:55:6:1.2.3.4"), 38 },
	{ TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:1.2.3.4"), 43 },
	/* ports */
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8  1"), 28 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 x"), 28 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 -1"), 28 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 00"), 29 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 080"), 29 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 65536"), 32 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 100000"), 33 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80\r\n"), 30 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80 \r\n"), 31 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80 99999"), 35 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80 443 \r\n"), 34 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80 443\n"), 34 },
	{ TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 80 443\rG"), 35 },
	/* version 2: signature, version, command, family, protocol */
	{ TEXT("\r\r"), 2 },
	{ TEXT("\r\n\r\nGET"), 5 },
	{ TEXT("\r\n\r\n\0\r\nQUIT\r"), 12 },
	{ TEXT(SIGNATURE "\x11"), 13 },
	{ TEXT(SIGNATURE "\x31"), 13 },
	{ TEXT(SIGNATURE "\x22"), 13 },
	{ TEXT(SIGNATURE "\x02"), 13 },
	{ TEXT(RELAYED "\x12\0\x0c" FOUR), 14 },
	{ TEXT(RELAYED "\x22"), 14 },
	{ TEXT(RELAYED "\x32"), 14 },
	{ TEXT(RELAYED "\x02"), 14 },
	{ TEXT(RELAYED "\x13"), 14 },
	{ TEXT(RELAYED "\x41"), 14 },
	{ TEXT(RELAYED "\xff"), 14 },
	/* lengths */
	{ TEXT(TCP4 "\0\0"), 16 },
	{ TEXT(TCP4 "\0\x0b" FOUR), 16 },
	{ TEXT(TCP4 "\0\x0d" FOUR), 16 },
	{ TEXT(TCP4 "\0\x0e" FOUR), 16 },
	{ TEXT(TCP6 "\0\x0c" FOUR), 16 },
	{ TEXT(TCP6 "\0\x23" SIX), 16 },
	{ TEXT(RELAYED "\x31\0\xd7"), 16 },
	{ TEXT(TCP4 "\x10\0"), 15 },
	{ TEXT(TCP4 "\xff\xff"), 15 },
	{ TEXT(TCP4 "\x0f\xf1"), 16 },
	{ TEXT(LOCAL "\0\x0f\xf1"), 16 },
	{ TEXT(LOCAL "\0\x10\0"), 15 },
	{ TEXT(RELAYED "\0\x0f\xf1"), 16 },
	/* TLVs */
	{ TEXT(TCP4 "\0\x0f" FOUR "\x04\0\x01"), 31 },
	{ TEXT(TCP4 "\0\x0f" FOUR "\x04\x01\0"), 30 },
	{ TEXT(TCP4 "\0\x10" FOUR "\x04\0\0\0"), 31 },
	{ TEXT(TCP4 "\0\x11" FOUR "\x04\0\0\0\0"), 31 },
	{ TEXT(TCP4 "\0\x12" FOUR "\x04\0\x04"), 31 },
	{ TEXT(TCP4 "\0\x15" FOUR "\x02\0\x05"), 31 },
	{ TEXT(TCP4 "\0\x15" FOUR "\x02\0\x03" "abc\x04\0\x01"), 37 },
	/* checksums */
	{ TEXT(TCP4 "\0\x13" FOUR "\x03\0\4\x73\x7e\xe9\x18"), 35 },
	{ TEXT(TCP4 "\0\x13" FOUR "\x03\0\4\x19\xe9\x7e\x73"), 35 },
	{ TEXT(TCP4 "\0\x13" FOUR "\x03\0\4\0\0\0\0"), 35 },
	{ TEXT(TCP4 "\0\x12" FOUR "\x03\0\3"), 29 },
	{ TEXT(TCP4 "\0\x14" FOUR "\x03\0\5"), 29 },
	{ TEXT(TCP4 "\0\x16" FOUR "\x03\0\3"), 31 },
	{ TEXT(TCP4 "\x01\x13" FOUR "\x03\1"), 30 },
	{ TEXT(TCP4 "\0\x1a" FOUR "\x03\0\4abcd\x03\0\4"), 36 },
};

static struct guard guard;

static int
open_guard(void **state)
{
	(void)state;
	guard_open(&guard, 65536);
	return 0;
}

static int
close_guard(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

/* Parses `len` bytes that come in pieces of `first` and then of `step`; sets
 * how many were there at the end. */
static enum proxy_result
feed(struct proxy *proxy, const void *data, size_t len, size_t first,
    size_t step, size_t *seen_out)
{
	enum proxy_result result = PROXY_MORE;
	size_t here = first;

	proxy_init(proxy);
	for (;;) {
		result = proxy_parse(proxy, guard_lay(&guard, data, here),
		    here);
		*seen_out = here;
		if (result != PROXY_MORE || here == len)
			return result;
		here = here + step > len ? len : here + step;
	}
}

static void
check_client(const struct proxy *proxy, const char *client, unsigned port)
{
	char text[NETADDR_TEXT];

	assert_int_equal(proxy->is_local, client == NULL);
	if (client == NULL)
		return;
	assert_string_equal(netaddr_format(proxy->address, text), client);
	assert_int_equal(proxy->port, port);
}

/* Whether the client speaks TLS, as the TLV of type 0x20 has it. */
static void
a_tlv_tells_of_tls(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		bool is_tls;
	} rows[] = {
		{ TEXT(TCP4 "\0\x14" FOUR "\x20\0\5\1\0\0\0\0"), true },
		{ TEXT(TCP4 "\0\x14" FOUR "\x20\0\5\7\0\0\0\0"), true },
		{ TEXT(TCP4 "\0\x14" FOUR "\x20\0\5\6\1\1\1\1"), false },
		{ TEXT(TCP4 "\0\x14" FOUR "\x21\0\5\1\0\0\0\0"), false },
		{ TEXT(TCP4 "\0\x0f" FOUR "\x20\0\0"), false },
		{ TEXT(TCP4 "\0\x17" FOUR "\4\0\0\x20\0\5\1\0\0\0\0"),
		    true },
		{ TEXT(TCP6 "\0\x35" SIX
		    "\x20\0\x0e\1\0\0\0\0\x21\0\6TLSv1x"), true },
		{ TEXT(TCP4 "\0\x0c" FOUR), false },
		{ TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), false },
	};
	struct proxy proxy;
	size_t i, seen;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(feed(&proxy, rows[i].data, rows[i].len, 0, 1,
		    &seen), PROXY_DONE);
		if (proxy.is_tls != rows[i].is_tls)
			fail_msg("row %zu", i);
	}
}

static void
good_headers_are_read(void **state)
{
	unsigned char *data;
	struct proxy proxy;
	size_t i, first, seen, len;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		len = good[i].len;
		for (first = 0; first <= len; first++) {
			if (feed(&proxy, good[i].data, len, first, len,
			    &seen) != PROXY_DONE)
				fail_msg("row %zu: %s", i, proxy.why);
			assert_int_equal(proxy.length, len);
			check_client(&proxy, good[i].client, good[i].port);
		}
		assert_int_equal(feed(&proxy, good[i].data, len, 0, 1, &seen),
		    PROXY_DONE);
		assert_int_equal(seen, len);
		check_client(&proxy, good[i].client, good[i].port);
		/* What is behind is not touched. */
		data = malloc(len + 3);
		assert_non_null(data);
		memcpy(data, good[i].data, len);
		memcpy(data + len, "PRI", 3);
		assert_int_equal(feed(&proxy, data, len + 3, len + 3, 1,
		    &seen), PROXY_DONE);
		assert_int_equal(proxy.length, len);
		check_client(&proxy, good[i].client, good[i].port);
		free(data);
	}
}

static void
every_start_of_a_good_header_wants_more(void **state)
{
	struct proxy proxy;
	size_t i, len, seen;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		for (len = 0; len < good[i].len; len++) {
			if (feed(&proxy, good[i].data, len, len, 1, &seen) !=
			    PROXY_MORE)
				fail_msg("row %zu, %zu bytes: %s", i, len,
				    proxy.why);
			assert_null(proxy.why);
		}
}

static void
wrong_headers_are_refused_at_the_first_wrong_byte(void **state)
{
	struct proxy proxy;
	size_t i, seen;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (feed(&proxy, bad[i].data, bad[i].len, 0, 1, &seen) !=
		    PROXY_REFUSED)
			fail_msg("row %zu: '%s' not refused", i, bad[i].data);
		if (seen != bad[i].seen)
			fail_msg("row %zu: '%s': %zu bytes, not %zu", i,
			    bad[i].data, seen, bad[i].seen);
		assert_non_null(proxy.why);
		assert_int_equal(feed(&proxy, bad[i].data, bad[i].len,
		    bad[i].len, 1, &seen), PROXY_REFUSED);
		assert_non_null(proxy.why);
	}
}

static void
the_longest_header_is_read(void **state)
{
	static uint8_t data[PROXY_HEADER_MAX];
	struct proxy proxy;
	size_t seen;

	(void)state;
	memcpy(data, TCP4 "\x0f\xf0" FOUR "\x04\x0f\xe1", 31);
	assert_int_equal(feed(&proxy, data, sizeof(data), 0, 1, &seen),
	    PROXY_DONE);
	assert_int_equal(proxy.length, PROXY_HEADER_MAX);
	check_client(&proxy, "192.0.2.1", 56324);
	assert_int_equal(feed(&proxy, data, sizeof(data) - 1,
	    sizeof(data) - 1, 1, &seen), PROXY_MORE);
	/* As many TLVs as fit. */
	memset(data + 28, 0, sizeof(data) - 28);
	assert_int_equal(feed(&proxy, data, sizeof(data), 0, 1, &seen),
	    PROXY_DONE);
}

/* xorshift, so that a failure can be repeated. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Whether the start of an address can be made a whole one. */
static bool
can_be_ended(const char *family, const char *start)
{
	static const char *const ends[] = { "", "0", ":", "::", "1", ":1",
	    ".0", ".0.0", ".0.0.0", "0.0", "0.0.0", "0.0.0.0", ":1:1",
	    ":1:1:1", ":1:1:1:1", "1:1", "1:1:1" };
	uint8_t bytes[16];
	char text[128];
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		snprintf(text, sizeof(text), "%s%s", start, ends[i]);
		if (inet_pton(*family == '4' ? AF_INET : AF_INET6, text,
		    bytes) == 1)
			return true;
	}
	return false;
}

/* Compared with what inet_pton makes of every start. */
static void
an_address_is_refused_when_no_end_can_heal_it(void **state)
{
	static const char letters[] = "::::::..11250f";
	uint32_t seed = 20260101, round;
	char start[40], header[64];
	struct proxy proxy;
	size_t len, most, seen, at;
	unsigned ends = 0, goes_on = 0;
	const char *family;
	bool good_so_far;

	(void)state;
	for (round = 0; round < 20000; round++) {
		family = next_random(&seed) % 4 == 0 ? "4" : "6";
		most = 1 + next_random(&seed) % 24;
		good_so_far = true;
		for (len = 0; len < most && good_so_far; len++) {
			start[len] = letters[next_random(&seed) %
			    (sizeof(letters) - 1)];
			start[len + 1] = '\0';
			at = (size_t)snprintf(header, sizeof(header),
			    "PROXY TCP%s %s", family, start);
			good_so_far = feed(&proxy, header, at, at, 1,
			    &seen) == PROXY_MORE;
			if (good_so_far != can_be_ended(family, start))
				fail_msg("%s: %d", header, good_so_far);
			goes_on += good_so_far;
			ends += !good_so_far;
		}
	}
	assert_true(goes_on > 10000 && ends > 10000);
}

/* Whatever comes: an end within the bound. */
static void
noise_ends_within_the_bound(void **state)
{
	static uint8_t data[PROXY_HEADER_MAX];
	uint32_t seed = 4711, round;
	struct proxy proxy;
	size_t i, seen, row;

	(void)state;
	for (round = 0; round < 3000; round++) {
		row = next_random(&seed) % COUNT(good);
		for (i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)next_random(&seed);
		memcpy(data, good[row].data, good[row].len);
		data[next_random(&seed) % good[row].len] ^=
		    (uint8_t)(1U << next_random(&seed) % 8);
		assert_int_not_equal(feed(&proxy, data, sizeof(data),
		    sizeof(data), 1, &seen), PROXY_MORE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tlv_tells_of_tls),
		cmocka_unit_test(good_headers_are_read),
		cmocka_unit_test(every_start_of_a_good_header_wants_more),
		cmocka_unit_test(
		    wrong_headers_are_refused_at_the_first_wrong_byte),
		cmocka_unit_test(the_longest_header_is_read),
		cmocka_unit_test(
		    an_address_is_refused_when_no_end_can_heal_it),
		cmocka_unit_test(noise_ends_within_the_bound),
	};

	return cmocka_run_group_tests(tests, open_guard, close_guard);
}
