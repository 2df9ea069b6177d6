/*
 * proxy: the PROXY protocol's receiver of proxy.h.
 *
 * A pure module of the worker. The scan takes byte after byte and refuses the
 * first one that no header has there. A word of a v1 line and the length of a
 * TLV are looked at again for each of their bytes, which are few. Addresses
 * are taken out of a v2 header when all of it is there.
 */
#include "config.h"

#include "ws/proxy.h"

#include <assert.h>
#include <string.h>

#define V2_FIXED       16   /* bytes before the addresses */
#define V2_COMMAND     12   /* offsets */
#define V2_FAMILY      13
#define V2_LENGTH_HIGH 14
#define V2_LENGTH_LOW  15
#define V2_LENGTH_MAX  (PROXY_HEADER_MAX - V2_FIXED)
#define TLV_FIXED      3    /* type and length */
#define TLV_CRC32C     0x03
#define TLV_TLS        0x20 /* its first byte: how the client came */
#define TLS_BY_CLIENT  0x01
#define CRC32C_BYTES   4

/*
 * v1: FIRST -> NAME sp PROTOCOL sp SOURCE sp DESTINATION sp SOURCE_PORT sp
 *     DESTINATION_PORT cr LF -> END,   PROTOCOL [sp IGNORED] cr LF -> END
 * v2: FIRST -> SIGNATURE COMMAND FAMILY LENGTH_HIGH LENGTH_LOW [BLOCK]
 *     { TLV_TYPE TLV_HIGH TLV_LOW [BLOCK] } -> END
 */
enum scan_state {
	SCAN_FIRST,
	SCAN_NAME,
	SCAN_PROTOCOL,
	SCAN_SOURCE,
	SCAN_DESTINATION,
	SCAN_SOURCE_PORT,
	SCAN_DESTINATION_PORT,
	SCAN_IGNORED,
	SCAN_LF,
	SCAN_SIGNATURE,
	SCAN_COMMAND,
	SCAN_FAMILY,
	SCAN_LENGTH_HIGH,
	SCAN_LENGTH_LOW,
	SCAN_BLOCK,
	SCAN_TLV_TYPE,
	SCAN_TLV_HIGH,
	SCAN_TLV_LOW,
	SCAN_END
};

/* Takes the byte at data[proxy->scanned]: sets the next state or `why`. */
typedef void scan_function(struct proxy *, const uint8_t *data);

static scan_function scan_first, scan_name, scan_protocol, scan_address,
    scan_port, scan_ignored, scan_lf, scan_signature, scan_command,
    scan_family, scan_length_high, scan_length_low, scan_block, scan_tlv_type,
    scan_tlv_high, scan_tlv_low;

static scan_function *const scans[SCAN_END] = {
	[SCAN_FIRST] = scan_first,
	[SCAN_NAME] = scan_name,
	[SCAN_PROTOCOL] = scan_protocol,
	[SCAN_SOURCE] = scan_address,
	[SCAN_DESTINATION] = scan_address,
	[SCAN_SOURCE_PORT] = scan_port,
	[SCAN_DESTINATION_PORT] = scan_port,
	[SCAN_IGNORED] = scan_ignored,
	[SCAN_LF] = scan_lf,
	[SCAN_SIGNATURE] = scan_signature,
	[SCAN_COMMAND] = scan_command,
	[SCAN_FAMILY] = scan_family,
	[SCAN_LENGTH_HIGH] = scan_length_high,
	[SCAN_LENGTH_LOW] = scan_length_low,
	[SCAN_BLOCK] = scan_block,
	[SCAN_TLV_TYPE] = scan_tlv_type,
	[SCAN_TLV_HIGH] = scan_tlv_high,
	[SCAN_TLV_LOW] = scan_tlv_low,
};

static const uint8_t signature[V2_COMMAND] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
};

static void proxy_next_word(struct proxy *, enum scan_state);
static void proxy_end_part(struct proxy *);
static void proxy_finish(struct proxy *, const uint8_t *);
static bool ipv4_may_begin(const uint8_t *, size_t);
static bool ipv6_may_begin(const uint8_t *, size_t);
static bool tlvs_may_fill(size_t, size_t);
static uint32_t crc32c(uint32_t, const uint8_t *, size_t);

void
proxy_init(struct proxy *proxy)
{
	memset(proxy, 0, sizeof(*proxy));
	proxy->state = SCAN_FIRST;
}

enum proxy_result
proxy_parse(struct proxy *proxy, const uint8_t *data, size_t len)
{
	assert(proxy->why == NULL && proxy->state != SCAN_END);
	while (proxy->scanned < len) {
		scans[proxy->state](proxy, data);
		if (proxy->why != NULL)
			return PROXY_REFUSED;
		proxy->scanned++;
		if (proxy->state == SCAN_END) {
			proxy->length = proxy->scanned;
			proxy_finish(proxy, data);
			return proxy->why != NULL ? PROXY_REFUSED : PROXY_DONE;
		}
	}
	return PROXY_MORE;
}

static void
scan_first(struct proxy *proxy, const uint8_t *data)
{
	if (data[0] == 'P')
		proxy->state = SCAN_NAME;
	else if (data[0] == signature[0])
		proxy->state = SCAN_SIGNATURE;
	else
		proxy->why = "no PROXY header";
}

/* ---- version 1 ---- */

static void
scan_name(struct proxy *proxy, const uint8_t *data)
{
	static const char name[] = "PROXY ";
	size_t i = proxy->scanned;

	if (data[i] != (uint8_t)name[i])
		proxy->why = "no PROXY header";
	else if (name[i] == ' ')
		proxy_next_word(proxy, SCAN_PROTOCOL);
}

static void
scan_protocol(struct proxy *proxy, const uint8_t *data)
{
	static const char tcp[] = "TCP4 ", unknown[] = "UNKNOWN ";
	const uint8_t *word = data + proxy->part_at;
	size_t i = proxy->scanned - proxy->part_at;
	uint8_t c = word[i];

	if (word[0] == 'U') {
		proxy->is_local = true;
		if (unknown[i] == ' ' && c == '\r')
			proxy->state = SCAN_LF;
		else if (c != (uint8_t)unknown[i])
			proxy->why = "unknown PROXY protocol";
		else if (c == ' ')
			proxy->state = SCAN_IGNORED;
	} else if (i == 3 && c == '6') {
		proxy->is_ipv6 = true;
	} else if (c != (uint8_t)tcp[i]) {
		proxy->why = "unknown PROXY protocol";
	} else if (c == ' ') {
		proxy_next_word(proxy, SCAN_SOURCE);
	}
}

static void
scan_address(struct proxy *proxy, const uint8_t *data)
{
	const uint8_t *word = data + proxy->part_at;
	size_t len = proxy->scanned - proxy->part_at;
	uint8_t bytes[NETADDR_BYTES];
	bool good;

	if (word[len] != ' ') {
		good = proxy->is_ipv6 ? ipv6_may_begin(word, len + 1) :
		    ipv4_may_begin(word, len + 1);
	} else {
		good = netaddr_parse((const char *)word, len, bytes);
		if (good && proxy->state == SCAN_SOURCE)
			memcpy(proxy->address, bytes, sizeof(bytes));
		proxy_next_word(proxy, (enum scan_state)(proxy->state + 1));
	}
	if (!good)
		proxy->why = "malformed PROXY address";
}

static void
scan_port(struct proxy *proxy, const uint8_t *data)
{
	bool is_source = proxy->state == SCAN_SOURCE_PORT;
	uint32_t port = 0;
	size_t i;

	for (i = proxy->part_at; i < proxy->scanned; i++)
		port = port * 10 + (uint32_t)(data[i] - '0');
	if (i > proxy->part_at && data[i] == (is_source ? ' ' : '\r')) {
		if (is_source)
			proxy->port = (uint16_t)port;
		proxy_next_word(proxy, is_source ? SCAN_DESTINATION_PORT :
		    SCAN_LF);
	} else if (data[i] < '0' || data[i] > '9' ||
	    (port == 0 && i > proxy->part_at) ||
	    port * 10 + (uint32_t)(data[i] - '0') > UINT16_MAX) {
		proxy->why = "malformed PROXY port";
	}
}

/* Behind UNKNOWN. Other lines cannot be too long. */
static void
scan_ignored(struct proxy *proxy, const uint8_t *data)
{
	uint8_t c = data[proxy->scanned];

	if (c == '\r')
		proxy->state = SCAN_LF;
	else if (c == '\n')
		proxy->why = "LF without CR in a PROXY header";
	else if (proxy->scanned >= PROXY_TEXT_MAX - 2)
		proxy->why = "PROXY header too long";
}

static void
scan_lf(struct proxy *proxy, const uint8_t *data)
{
	if (data[proxy->scanned] != '\n')
		proxy->why = "CR without LF in a PROXY header";
	else
		proxy->state = SCAN_END;
}

static void
proxy_next_word(struct proxy *proxy, enum scan_state state)
{
	proxy->state = state;
	proxy->part_at = proxy->scanned + 1;
}

/* Whether an IPv4 address begins so, or is this. */
static bool
ipv4_may_begin(const uint8_t *word, size_t len)
{
	unsigned dots = 0, digits = 0, value = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (word[i] == '.') {
			if (digits == 0 || ++dots > 3)
				return false;
			digits = value = 0;
			continue;
		}
		if (word[i] < '0' || word[i] > '9' ||
		    (digits > 0 && value == 0))
			return false;
		value = value * 10 + (unsigned)(word[i] - '0');
		if (value > 255)
			return false;
		digits++;
	}
	return true;
}

static bool
is_hex_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/*
 * Whether an IPv6 address begins so, or is this. `groups` counts those that
 * a colon has ended, "::" as one; the eighth has no colon behind it. In its
 * last 32 bits an address may be written as IPv4, as far as the 39 bytes
 * reach that the protocol reckons with.
 */
static bool
ipv6_may_begin(const uint8_t *word, size_t len)
{
	enum { IPV4_TEXT = 15, IPV6_TEXT = 39 };
	unsigned groups = 0;
	bool has_gap = false;
	size_t i, group_at = 0;

	for (i = 0; i < len; i++) {
		if (word[i] == '.')
			return (has_gap ? groups <= 6 : groups == 6) &&
			    group_at <= IPV6_TEXT - IPV4_TEXT &&
			    ipv4_may_begin(word + group_at, len - group_at);
		if (word[i] != ':') {
			/* A colon alone at the start must become two. */
			if (!is_hex_digit(word[i]) || i - group_at >= 4 ||
			    groups >= 8 || (i == 1 && word[0] == ':'))
				return false;
			continue;
		}
		if (i == group_at && i > 0) {
			if (has_gap)
				return false;
			has_gap = true;
			groups++;
		} else if (i > 0 && ++groups >= 8) {
			return false;
		}
		group_at = i + 1;
	}
	return true;
}

/* ---- version 2 ---- */

static void
scan_signature(struct proxy *proxy, const uint8_t *data)
{
	if (data[proxy->scanned] != signature[proxy->scanned])
		proxy->why = "no PROXY header";
	else if (proxy->scanned + 1 == V2_COMMAND)
		proxy->state = SCAN_COMMAND;
}

static void
scan_command(struct proxy *proxy, const uint8_t *data)
{
	if (data[V2_COMMAND] == 0x20)
		proxy->is_local = true;
	else if (data[V2_COMMAND] != 0x21)
		proxy->why = "unknown PROXY version or command";
	proxy->state = SCAN_FAMILY;
}

/* A part that ends at its start has no addresses to be read. */
static void
scan_family(struct proxy *proxy, const uint8_t *data)
{
	static const uint8_t sizes[] = { 0, 2 * 4 + 2 * 2, 2 * 16 + 2 * 2,
	    2 * 108 };
	unsigned family = data[V2_FAMILY] >> 4;
	unsigned protocol = data[V2_FAMILY] & 0x0f;

	proxy->part_at = proxy->part_end = V2_FIXED;
	proxy->state = SCAN_LENGTH_HIGH;
	if (proxy->is_local)
		return;
	if (family >= sizeof(sizes) || protocol > 2) {
		proxy->why = "unknown PROXY family or protocol";
	} else if (protocol == 2) {
		proxy->why = "PROXY header for datagrams";
	} else {
		proxy->is_local = family == 0 || family == 3 || protocol == 0;
		proxy->is_ipv6 = family == 2;
		if (protocol != 0)
			proxy->part_end += sizes[family];
	}
}

static void
scan_length_high(struct proxy *proxy, const uint8_t *data)
{
	if ((size_t)data[V2_LENGTH_HIGH] << 8 > V2_LENGTH_MAX)
		proxy->why = "PROXY header too long";
	proxy->state = SCAN_LENGTH_LOW;
}

static void
scan_length_low(struct proxy *proxy, const uint8_t *data)
{
	size_t length = (size_t)data[V2_LENGTH_HIGH] << 8 |
	    data[V2_LENGTH_LOW];

	proxy->end = V2_FIXED + length;
	if (length > V2_LENGTH_MAX) {
		proxy->why = "PROXY header too long";
	} else if (proxy->part_end == V2_FIXED) {
		proxy->part_end = proxy->end;
	} else if (!tlvs_may_fill(length, proxy->part_end - V2_FIXED)) {
		proxy->why = "malformed PROXY length";
	}
	proxy->state = SCAN_BLOCK;
	if (length == 0)
		proxy_end_part(proxy);
}

/* Addresses, the value of a TLV, or all that is not to be read. */
static void
scan_block(struct proxy *proxy, const uint8_t *data)
{
	if (proxy->part_at > V2_FIXED && data[proxy->part_at] == TLV_TLS &&
	    proxy->scanned == proxy->part_at + TLV_FIXED)
		proxy->is_tls = (data[proxy->scanned] & TLS_BY_CLIENT) != 0;
	if (proxy->scanned + 1 == proxy->part_end)
		proxy_end_part(proxy);
}

static void
proxy_end_part(struct proxy *proxy)
{
	proxy->state = proxy->part_end == proxy->end ? SCAN_END :
	    SCAN_TLV_TYPE;
	proxy->part_at = proxy->part_end;
}

/* Whether behind a part of `len` there is nothing, or room for a TLV. */
static bool
tlvs_may_fill(size_t room, size_t len)
{
	return len == room || len + TLV_FIXED <= room;
}

/* What is left for the TLV's value and the TLVs behind it. */
static size_t
tlv_room(const struct proxy *proxy)
{
	return proxy->end - proxy->part_at - TLV_FIXED;
}

static void
scan_tlv_type(struct proxy *proxy, const uint8_t *data)
{
	if (data[proxy->part_at] == TLV_CRC32C &&
	    (proxy->checksum_at != 0 ||
	    !tlvs_may_fill(tlv_room(proxy), CRC32C_BYTES)))
		proxy->why = "malformed PROXY checksum";
	proxy->state = SCAN_TLV_HIGH;
}

static void
scan_tlv_high(struct proxy *proxy, const uint8_t *data)
{
	size_t least = (size_t)data[proxy->scanned] << 8;

	if (data[proxy->part_at] == TLV_CRC32C && least > 0)
		proxy->why = "malformed PROXY checksum";
	else if (least > tlv_room(proxy))
		proxy->why = "malformed PROXY TLV";
	proxy->state = SCAN_TLV_LOW;
}

static void
scan_tlv_low(struct proxy *proxy, const uint8_t *data)
{
	const uint8_t *tlv = data + proxy->part_at;
	size_t len = (size_t)tlv[1] << 8 | tlv[2];

	if (!tlvs_may_fill(tlv_room(proxy), len))
		proxy->why = "malformed PROXY TLV";
	if (tlv[0] == TLV_CRC32C) {
		if (len != CRC32C_BYTES)
			proxy->why = "malformed PROXY checksum";
		proxy->checksum_at = proxy->part_at + TLV_FIXED;
	}
	proxy->part_end = proxy->part_at + TLV_FIXED + len;
	proxy->state = SCAN_BLOCK;
	if (len == 0)
		proxy_end_part(proxy);
}

/* All bytes are there. */
static void
proxy_finish(struct proxy *proxy, const uint8_t *data)
{
	static const uint8_t zeros[CRC32C_BYTES];
	const uint8_t *sum = data + proxy->checksum_at;
	const uint8_t *source = data + V2_FIXED;
	size_t behind = proxy->checksum_at + CRC32C_BYTES;
	uint32_t crc;

	if (proxy->checksum_at != 0) {
		crc = crc32c(0, data, proxy->checksum_at);
		crc = crc32c(crc, zeros, sizeof(zeros));
		crc = crc32c(crc, data + behind, proxy->length - behind);
		if (crc != ((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 |
		    (uint32_t)sum[2] << 8 | sum[3]))
			proxy->why = "wrong PROXY checksum";
	}
	if (data[0] == 'P' || proxy->is_local)
		return;
	if (proxy->is_ipv6)
		memcpy(proxy->address, source, NETADDR_BYTES);
	else
		netaddr_from_ipv4(source, proxy->address);
	source += proxy->is_ipv6 ? 2 * 16 : 2 * 4;
	proxy->port = (uint16_t)(source[0] << 8 | source[1]);
}

/* RFC 4960, appendix B; goes on from the sum of what is before. */
static uint32_t
crc32c(uint32_t crc, const uint8_t *data, size_t len)
{
	size_t i;
	int bit;

	crc = ~crc;
	for (i = 0; i < len; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 :
			    crc >> 1;
	}
	return ~crc;
}
