/*
 * netaddr - the address of a peer: 16 bytes, IPv4 mapped into IPv6.
 *
 * Pure; used by every process.
 */
#include "config.h"

#include "base/netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BITS		(8 * NETADDR_BYTES)
#define BITS_IPV4	32

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
netaddr_parse(const char *text, size_t len, uint8_t out[NETADDR_BYTES])
{
	char copy[NETADDR_TEXT];
	uint8_t bytes[NETADDR_BYTES];

	if (len == 0 || len >= sizeof(copy) ||
	    memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1) {
		netaddr_from_ipv4(bytes, out);
		return true;
	}
	if (inet_pton(AF_INET6, copy, bytes) != 1)
		return false;
	memcpy(out, bytes, sizeof(bytes));
	return true;
}

bool
netaddr_read_port(const char *text, size_t len, uint16_t *out)
{
	uint32_t port = 0;
	size_t i;

	if (len < 1 || len > 5)
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

bool
netaddr_parse_port(const char *text, size_t len, uint8_t out[NETADDR_BYTES],
    int32_t *port_out)
{
	const char *end = text + len, *host = text, *host_end = end;
	const char *rest = end;
	uint16_t port = 0;

	if (len == 0)
		return false;
	if (*text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', len);
		if (host_end == NULL || memchr(host, ':',
		    (size_t)(host_end - host)) == NULL)
			return false;
		rest = host_end + 1;
	} else {
		/* With two colons and no brackets all is an address. */
		const char *colon = memchr(text, ':', len);

		if (colon != NULL && memchr(colon + 1, ':',
		    (size_t)(end - colon - 1)) == NULL)
			host_end = rest = colon;
	}
	if (rest < end && (*rest != ':' ||
	    !netaddr_read_port(rest + 1, (size_t)(end - rest - 1), &port)))
		return false;
	if (!netaddr_parse(host, (size_t)(host_end - host), out))
		return false;
	*port_out = rest < end ? port : -1;
	return true;
}

void
netaddr_from_ipv4(const uint8_t four[4], uint8_t out[NETADDR_BYTES])
{
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + sizeof(mapped), four, 4);
}

void
netaddr_from_socket(const struct sockaddr *address,
    uint8_t out[NETADDR_BYTES], uint16_t *port_out)
{
	const struct sockaddr_in6 *v6 =
	    (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *v4 =
	    (const struct sockaddr_in *)(const void *)address;

	if (address->sa_family == AF_INET6) {
		memcpy(out, &v6->sin6_addr, NETADDR_BYTES);
		*port_out = ntohs(v6->sin6_port);
	} else if (address->sa_family == AF_INET) {
		netaddr_from_ipv4((const uint8_t *)&v4->sin_addr, out);
		*port_out = ntohs(v4->sin_port);
	} else {
		memset(out, 0, NETADDR_BYTES);
		*port_out = 0;
	}
}

const char *
netaddr_format(const uint8_t address[NETADDR_BYTES], char out[NETADDR_TEXT])
{
	if (netaddr_is_ipv4(address))
		inet_ntop(AF_INET, address + sizeof(mapped), out,
		    NETADDR_TEXT);
	else
		inet_ntop(AF_INET6, address, out, NETADDR_TEXT);
	return out;
}

const char *
netaddr_format_port(const uint8_t address[NETADDR_BYTES], uint16_t port,
    char out[NETADDR_PORT_TEXT])
{
	char host[NETADDR_TEXT];

	snprintf(out, NETADDR_PORT_TEXT,
	    netaddr_is_ipv4(address) ? "%s:%u" : "[%s]:%u",
	    netaddr_format(address, host), port);
	return out;
}

bool
netaddr_is_ipv4(const uint8_t address[NETADDR_BYTES])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

bool
netaddr_is_loopback(const uint8_t address[NETADDR_BYTES])
{
	static const uint8_t one[NETADDR_BYTES] = { [15] = 1 };

	if (netaddr_is_ipv4(address))
		return address[sizeof(mapped)] == 127;
	return memcmp(address, one, sizeof(one)) == 0;
}

/* No network of IPv6 that is in use begins as the mapped form ends. */
uint64_t
netaddr_key(const uint8_t address[NETADDR_BYTES])
{
	const uint8_t *from = netaddr_is_ipv4(address) ? address + 8 : address;
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++)
		key = key << 8 | from[i];
	return key;
}

const char *
netaddr_format_key(uint64_t key, char out[NETADDR_KEY_TEXT])
{
	uint8_t address[NETADDR_BYTES] = { 0 };
	bool is_ipv4 = key >> 32 == 0xffff;
	uint8_t *to = is_ipv4 ? address + 8 : address;
	char text[NETADDR_TEXT];

	for (unsigned i = 8; i-- > 0; key >>= 8)
		to[i] = (uint8_t)key;
	snprintf(out, NETADDR_KEY_TEXT, "%s%s", netaddr_format(address, text),
	    is_ipv4 ? "" : "/64");
	return out;
}

/* Byte number `at` of the mask that a prefix of so many bits is. */
static uint8_t
mask_byte(unsigned bits, unsigned at)
{
	if (bits >= at * 8 + 8)
		return 0xff;
	return bits <= at * 8 ? 0 : (uint8_t)(0xff00 >> (bits - at * 8));
}

/* One to three digits, without zeros before them. */
static bool
parse_bits(const char *text, unsigned *out)
{
	size_t len = strspn(text, "0123456789"), i;

	if (len == 0 || len > 3 || text[len] != '\0' ||
	    (text[0] == '0' && len > 1))
		return false;
	*out = 0;
	for (i = 0; i < len; i++)
		*out = *out * 10 + (unsigned)(text[i] - '0');
	return true;
}

bool
netaddr_cidr_read(const char *text, struct netaddr_cidr *out,
    const char **why_out)
{
	size_t len = strcspn(text, "/");
	unsigned bits = 0, most;
	struct netaddr_cidr cidr;

	*why_out = NULL;
	if (!netaddr_parse(text, len, cidr.address))
		return false;
	/* The form written says what the bits count, not the address. */
	most = memchr(text, ':', len) == NULL ? BITS_IPV4 : BITS;
	if (text[len] == '\0') {
		bits = most;
	} else if (!parse_bits(text + len + 1, &bits)) {
		*why_out = "has no number of bits behind the slash";
		return false;
	}
	if (bits > most) {
		*why_out = "has a prefix longer than the address";
		return false;
	}
	cidr.bits = (uint8_t)(bits + BITS - most);
	*out = cidr;
	return true;
}

bool
netaddr_cidr_parse(const char *text, struct netaddr_cidr *out,
    const char **why_out)
{
	struct netaddr_cidr cidr;
	unsigned i;

	if (!netaddr_cidr_read(text, &cidr, why_out)) {
		if (*why_out == NULL)
			*why_out = "is no IPv4 or IPv6 address";
		return false;
	}
	for (i = 0; i < NETADDR_BYTES; i++) {
		if ((cidr.address[i] & ~mask_byte(cidr.bits, i)) != 0) {
			*why_out = "has bits set behind its prefix";
			return false;
		}
	}
	*out = cidr;
	return true;
}

bool
netaddr_cidr_contains(const struct netaddr_cidr *cidr,
    const uint8_t address[NETADDR_BYTES])
{
	unsigned i;

	if (netaddr_is_ipv4(address) != netaddr_is_ipv4(cidr->address))
		return false;
	for (i = 0; i < NETADDR_BYTES; i++)
		if ((address[i] & mask_byte(cidr->bits, i)) !=
		    cidr->address[i])
			return false;
	return true;
}

bool
netaddr_is_in(const uint8_t address[NETADDR_BYTES],
    const struct netaddr_cidr *networks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (netaddr_cidr_contains(&networks[i], address))
			return true;
	return false;
}
