/* netaddr: addresses and networks, from text and back. */
#include "config.h"

#include "base/netaddr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guard.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const uint8_t *
bytes_of(const char *text)
{
	static uint8_t bytes[NETADDR_BYTES];

	assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
	return bytes;
}

/* NULL: refused. */
static const struct { const char *text, *address; } plain[] = {
	{ "192.0.2.1", "::ffff:192.0.2.1" },
	{ "0.0.0.0", "::ffff:0.0.0.0" },
	{ "255.255.255.255", "::ffff:255.255.255.255" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "::", "::" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "::FFFF:c000:201", "::ffff:192.0.2.1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "", NULL },
	{ "localhost", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.1.5", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.01", NULL },
	{ "0xc0.0.2.1", NULL },
	{ "3221225985", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2.1:80", NULL },
	{ "[2001:db8::1]", NULL },
	{ "2001:db8::1::2", NULL },
	{ "2001:db8:::1", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "1:2:3:4:5:6:7", NULL },
	{ "12345::", NULL },
	{ "fe80::1%eth0", NULL },
	{ "fe80::1%1", NULL },
	{ "2001:db8::g", NULL },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555", NULL },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.25555", NULL },
};

static void
an_address_is_read_as_inet_pton_does(void **state)
{
	struct guard guard;
	uint8_t out[NETADDR_BYTES];
	size_t i, len;
	const char *text;
	bool good;

	(void)state;
	guard_open(&guard, 64);
	for (i = 0; i < COUNT(plain); i++) {
		len = strlen(plain[i].text);
		text = (char *)guard_lay(&guard, plain[i].text, len);
		memset(out, 0xaa, sizeof(out));
		good = netaddr_parse(text, len, out);
		if (good != (plain[i].address != NULL))
			fail_msg("'%s'", plain[i].text);
		if (good)
			assert_memory_equal(out, bytes_of(plain[i].address),
			    sizeof(out));
		else
			assert_int_equal(out[7], 0xaa);
	}
	assert_false(netaddr_parse("::1\0", 4, out));
	assert_false(netaddr_parse(NULL, 0, out));
	assert_true(netaddr_parse("::12", 3, out));
	assert_memory_equal(out, bytes_of("::1"), sizeof(out));
	guard_close(&guard);
}

static const struct { const char *text, *address; int port; } ports[] = {
	{ "192.0.2.1", "::ffff:192.0.2.1", -1 },
	{ "192.0.2.1:80", "::ffff:192.0.2.1", 80 },
	{ "192.0.2.1:0", "::ffff:192.0.2.1", 0 },
	{ "192.0.2.1:9999", "::ffff:192.0.2.1", 9999 },
	{ "192.0.2.1:65535", "::ffff:192.0.2.1", 65535 },
	{ "192.0.2.1:00080", "::ffff:192.0.2.1", 80 },
	{ "2001:db8::1", "2001:db8::1", -1 },
	{ "2001:db8::1:80", "2001:db8::1:80", -1 },
	{ "[2001:db8::1]", "2001:db8::1", -1 },
	{ "[2001:db8::1]:443", "2001:db8::1", 443 },
	{ "[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", 1 },
	{ "", NULL, 0 },
	{ ":", NULL, 0 },
	{ ":80", NULL, 0 },
	{ "192.0.2.1:", NULL, 0 },
	{ "192.0.2.1:65536", NULL, 0 },
	{ "192.0.2.1:000080", NULL, 0 },
	{ "192.0.2.1:-1", NULL, 0 },
	{ "192.0.2.1:+1", NULL, 0 },
	{ "192.0.2.1: 1", NULL, 0 },
	{ "192.0.2.1:1x", NULL, 0 },
	{ "192.0.2.1:80:80", NULL, 0 },
	{ "192.0.2.1]", NULL, 0 },
	{ "[192.0.2.1]", NULL, 0 },
	{ "[192.0.2.1]:80", NULL, 0 },
	{ "[", NULL, 0 },
	{ "[]", NULL, 0 },
	{ "[2001:db8::1", NULL, 0 },
	{ "[2001:db8::1]80", NULL, 0 },
	{ "[2001:db8::1]:", NULL, 0 },
	{ "[2001:db8::1]:x", NULL, 0 },
	{ "[2001:db8::1]]", NULL, 0 },
	{ "[[2001:db8::1]]", NULL, 0 },
	{ "[fe80::1%eth0]:80", NULL, 0 },
	{ "localhost:80", NULL, 0 },
};

static void
a_port_may_follow(void **state)
{
	struct guard guard;
	uint8_t out[NETADDR_BYTES];
	int32_t port;
	size_t i, len;
	bool good;

	(void)state;
	guard_open(&guard, 64);
	for (i = 0; i < COUNT(ports); i++) {
		len = strlen(ports[i].text);
		memset(out, 0xaa, sizeof(out));
		port = -7;
		good = netaddr_parse_port((char *)guard_lay(&guard,
		    ports[i].text, len), len, out, &port);
		if (good != (ports[i].address != NULL))
			fail_msg("'%s'", ports[i].text);
		assert_int_equal(port, good ? ports[i].port : -7);
		if (good)
			assert_memory_equal(out, bytes_of(ports[i].address),
			    sizeof(out));
		else
			assert_int_equal(out[7], 0xaa);
	}
	guard_close(&guard);
}

static void
ports_are_one_to_five_digits(void **state)
{
	static const struct {
		const char *text;
		int32_t port;	/* -1: refused */
	} cases[] = {
		{ "0", 0 }, { "1", 1 }, { "8080", 8080 }, { "65535", 65535 },
		{ "00000", 0 }, { "00080", 80 }, { "", -1 }, { "65536", -1 },
		{ "99999", -1 }, { "000080", -1 }, { "123456", -1 },
		{ "8a", -1 }, { "+1", -1 }, { "-1", -1 }, { " 1", -1 }
	};
	struct guard guard;
	uint16_t port;
	size_t i, len;

	(void)state;
	guard_open(&guard, 64);
	for (i = 0; i < COUNT(cases); i++) {
		len = strlen(cases[i].text);
		port = 7;
		if (netaddr_read_port((char *)guard_lay(&guard,
		    cases[i].text, len), len, &port) != (cases[i].port >= 0))
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(port, cases[i].port >= 0 ? cases[i].port : 7);
	}
	guard_close(&guard);
}

static void
sockets_addresses_are_taken_over(void **state)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(8080), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
	    .sin_port = htons(80), .sin_addr = { htonl(0xc0000201) } };
	struct sockaddr_un local = { .sun_family = AF_UNIX,
	    .sun_path = "/nowhere" };
	uint8_t out[NETADDR_BYTES];
	uint16_t port;

	(void)state;
	netaddr_from_socket((struct sockaddr *)&v6, out, &port);
	assert_memory_equal(out, bytes_of("::1"), sizeof(out));
	assert_int_equal(port, 8080);
	netaddr_from_socket((struct sockaddr *)&v4, out, &port);
	assert_memory_equal(out, bytes_of("::ffff:192.0.2.1"), sizeof(out));
	assert_int_equal(port, 80);
	netaddr_from_socket((struct sockaddr *)&local, out, &port);
	assert_memory_equal(out, bytes_of("::"), sizeof(out));
	assert_int_equal(port, 0);
}

static void
addresses_are_written_as_people_do(void **state)
{
	char text[NETADDR_TEXT], full[NETADDR_PORT_TEXT];

	(void)state;
	assert_string_equal(netaddr_format(bytes_of("::ffff:192.0.2.1"),
	    text), "192.0.2.1");
	assert_string_equal(netaddr_format(bytes_of("2001:DB8:0:0::1"),
	    text), "2001:db8::1");
	assert_string_equal(netaddr_format(bytes_of("::"), text), "::");
	assert_string_equal(netaddr_format_port(
	    bytes_of("::ffff:127.0.0.1"), 0, full), "127.0.0.1:0");
	assert_string_equal(netaddr_format_port(bytes_of("2001:db8::1"), 443,
	    full), "[2001:db8::1]:443");
	assert_string_equal(netaddr_format_port(bytes_of(
	    "1111:2222:3333:4444:5555:6666:7777:8888"), 65535, full),
	    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}

static void
loopback_is_known(void **state)
{
	(void)state;
	assert_true(netaddr_is_loopback(bytes_of("::1")));
	assert_true(netaddr_is_loopback(bytes_of("::ffff:127.0.0.1")));
	assert_true(netaddr_is_loopback(bytes_of("::ffff:127.9.9.9")));
	assert_false(netaddr_is_loopback(bytes_of("::")));
	assert_false(netaddr_is_loopback(bytes_of("::ffff:128.0.0.1")));
	assert_false(netaddr_is_loopback(bytes_of("::127.0.0.1")));
	assert_false(netaddr_is_loopback(bytes_of("7f00::1")));
}

static void
a_key_is_an_ipv4_address_or_an_ipv6_network(void **state)
{
	uint64_t key = netaddr_key(bytes_of("2001:db8:1:2:fffe:4:5:6"));

	(void)state;
	assert_true(netaddr_key(bytes_of("::ffff:192.0.2.1")) ==
	    UINT64_C(0xffffc0000201));
	assert_true(key == UINT64_C(0x20010db800010002));
	assert_true(netaddr_key(bytes_of("2001:db8:1:2::")) == key);
	assert_true(netaddr_key(bytes_of("2001:db8:1:3::")) != key);
	assert_true(netaddr_key(bytes_of("::")) == 0);
}

#define NO_ADDRESS	"is no IPv4 or IPv6 address"
#define NO_BITS		"has no number of bits behind the slash"
#define LONG_PREFIX	"has a prefix longer than the address"
#define HOST_BITS	"has bits set behind its prefix"

static const struct {
	const char *text;
	const char *why;	/* NULL: a network */
	unsigned bits;
} cidrs[] = {
	{ "10.0.0.0/8", NULL, 104 },
	{ "0.0.0.0/0", NULL, 96 },
	{ "192.0.2.7", NULL, 128 },
	{ "192.0.2.7/32", NULL, 128 },
	{ "192.0.2.128/25", NULL, 121 },
	{ "::/0", NULL, 0 },
	{ "2001:db8::/32", NULL, 32 },
	{ "2001:db8::1", NULL, 128 },
	{ "fe80::/10", NULL, 10 },
	{ "::ffff:10.0.0.0/104", NULL, 104 },
	{ "", NO_ADDRESS, 0 },
	{ "/8", NO_ADDRESS, 0 },
	{ "10/8", NO_ADDRESS, 0 },
	{ "10.0.0.0 /8", NO_ADDRESS, 0 },
	{ "localhost", NO_ADDRESS, 0 },
	{ "[2001:db8::]/32", NO_ADDRESS, 0 },
	{ "fe80::%1/64", NO_ADDRESS, 0 },
	{ "10.0.0.0/", NO_BITS, 0 },
	{ "10.0.0.0/x", NO_BITS, 0 },
	{ "10.0.0.0/8x", NO_BITS, 0 },
	{ "10.0.0.0/-8", NO_BITS, 0 },
	{ "10.0.0.0/08", NO_BITS, 0 },
	{ "10.0.0.0/00", NO_BITS, 0 },
	{ "10.0.0.0/8/8", NO_BITS, 0 },
	{ "10.0.0.0/0008", NO_BITS, 0 },
	{ "10.0.0.0/255.0.0.0", NO_BITS, 0 },
	{ "::/1000", NO_BITS, 0 },
	{ "10.0.0.0/33", LONG_PREFIX, 0 },
	{ "10.0.0.0/104", LONG_PREFIX, 0 },
	{ "::/129", LONG_PREFIX, 0 },
	{ "::/999", LONG_PREFIX, 0 },
	{ "10.0.0.1/8", HOST_BITS, 0 },
	{ "192.0.2.64/25", HOST_BITS, 0 },
	{ "192.0.2.1/31", HOST_BITS, 0 },
	{ "1.0.0.0/0", HOST_BITS, 0 },
	{ "8000::/0", HOST_BITS, 0 },
	{ "2001:db8::1/32", HOST_BITS, 0 },
	{ "2001:db8::/28", HOST_BITS, 0 },
	{ "::ffff:10.0.0.0/8", HOST_BITS, 0 },
};

static void
networks_are_read_or_refused_with_a_reason(void **state)
{
	struct netaddr_cidr cidr;
	const char *why;
	size_t i;
	bool good;

	(void)state;
	for (i = 0; i < COUNT(cidrs); i++) {
		why = NULL;
		cidr.bits = 200;
		good = netaddr_cidr_parse(cidrs[i].text, &cidr, &why);
		if (good != (cidrs[i].why == NULL))
			fail_msg("'%s'", cidrs[i].text);
		if (good)
			assert_int_equal(cidr.bits, cidrs[i].bits);
		else
			assert_string_equal(why, cidrs[i].why);
		if (!good)
			assert_int_equal(cidr.bits, 200);
	}
}

static const struct { const char *network, *address; bool is_in; } members[] =
{
	{ "10.0.0.0/8", "::ffff:10.0.0.0", true },
	{ "10.0.0.0/8", "::ffff:10.255.255.255", true },
	{ "10.0.0.0/8", "::ffff:11.0.0.0", false },
	{ "10.0.0.0/8", "::ffff:9.255.255.255", false },
	{ "10.0.0.0/8", "::10.0.0.1", false },
	{ "192.0.2.128/25", "::ffff:192.0.2.128", true },
	{ "192.0.2.128/25", "::ffff:192.0.2.127", false },
	{ "192.0.2.128/25", "::ffff:192.0.3.128", false },
	{ "192.0.2.7", "::ffff:192.0.2.7", true },
	{ "192.0.2.7", "::ffff:192.0.2.6", false },
	{ "192.0.2.6/31", "::ffff:192.0.2.7", true },
	{ "0.0.0.0/0", "::ffff:203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "::1", true },
	{ "::/0", "::ffff:203.0.113.9", false },
	{ "::/64", "::ffff:203.0.113.9", false },
	{ "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/32", "3001:db8::", false },
	{ "fe80::/10", "febf::1", true },
	{ "fe80::/10", "fec0::1", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
};

static void
a_network_has_its_addresses_and_no_others(void **state)
{
	struct netaddr_cidr cidr;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(members); i++) {
		assert_true(netaddr_cidr_parse(members[i].network, &cidr,
		    &why));
		if (netaddr_cidr_contains(&cidr,
		    bytes_of(members[i].address)) != members[i].is_in)
			fail_msg("%s in %s", members[i].address,
			    members[i].network);
	}
}

static void
one_of_several_networks_suffices(void **state)
{
	struct netaddr_cidr cidrs_two[2];
	const char *why;

	(void)state;
	assert_true(netaddr_cidr_parse("10.0.0.0/8", &cidrs_two[0], &why));
	assert_true(netaddr_cidr_parse("::1", &cidrs_two[1], &why));
	assert_true(netaddr_is_in(bytes_of("::1"), cidrs_two, 2));
	assert_true(netaddr_is_in(bytes_of("::ffff:10.0.0.1"), cidrs_two, 2));
	assert_false(netaddr_is_in(bytes_of("::1"), cidrs_two, 1));
	assert_false(netaddr_is_in(bytes_of("::2"), cidrs_two, 2));
	assert_false(netaddr_is_in(bytes_of("::1"), NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_as_inet_pton_does),
		cmocka_unit_test(ports_are_one_to_five_digits),
		cmocka_unit_test(a_port_may_follow),
		cmocka_unit_test(sockets_addresses_are_taken_over),
		cmocka_unit_test(addresses_are_written_as_people_do),
		cmocka_unit_test(loopback_is_known),
		cmocka_unit_test(a_key_is_an_ipv4_address_or_an_ipv6_network),
		cmocka_unit_test(networks_are_read_or_refused_with_a_reason),
		cmocka_unit_test(a_network_has_its_addresses_and_no_others),
		cmocka_unit_test(one_of_several_networks_suffices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
