/*
 * test_forwarded: whom a request comes from, behind trusted proxies.
 *
 * The trusted networks are always 10.0.0.0/8, 2001:db8:1::/48 and the peer of
 * a unix socket.
 */
#include "config.h"

#include "ws/forwarded.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TRUSTED  3

#define X   "X-Forwarded-For: "
#define F   "Forwarded: "
#define EOL "\r\n"

/* Peers: a trusted proxy, and a stranger. */
#define PROXY    "10.0.0.1"
#define STRANGER "203.0.113.66"

static const struct row {
	const char *peer, *fields, *client;
} plain_rows[] = {
	/* a peer that is not to be believed */
	{ STRANGER, "", STRANGER },
	{ STRANGER, X "192.0.2.1" EOL, STRANGER },
	{ STRANGER, X "10.0.0.2" EOL, STRANGER },
	{ STRANGER, X "127.0.0.1, 10.0.0.2" EOL, STRANGER },
	{ "::1", X "192.0.2.1" EOL, "::1" },
	/* one proxy */
	{ PROXY, X "192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, "x-forwarded-FOR:192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "192.0.2.1:4711" EOL, "192.0.2.1" },
	{ PROXY, X "2001:db8::1" EOL, "2001:db8::1" },
	{ PROXY, X "[2001:db8::1]" EOL, "2001:db8::1" },
	{ PROXY, X "[2001:db8::1]:4711" EOL, "2001:db8::1" },
	{ PROXY, X "::ffff:192.0.2.1" EOL, "192.0.2.1" },
	{ "2001:db8:1::1", X "192.0.2.1" EOL, "192.0.2.1" },
	{ "::", X "192.0.2.1" EOL, "192.0.2.1" },
	{ "::ffff:10.0.0.1", X "192.0.2.1" EOL, "192.0.2.1" },
	/* what the client says of itself is to the left */
	{ PROXY, X "127.0.0.1, 192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "10.0.0.9,192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "10.0.0.9" EOL X "192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "\"" EOL X "192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "\", 192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X EOL X "192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "a, , ,\xff,192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "for=198.51.100.9" EOL X "192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, X "192.0.2.1" EOL F "for=198.51.100.9" EOL, "192.0.2.1" },
	/* proxies behind proxies */
	{ PROXY, X "192.0.2.1, 10.0.0.2" EOL, "192.0.2.1" },
	{ PROXY, X "6.6.6.6, 192.0.2.1, 10.0.0.2" EOL, "192.0.2.1" },
	{ PROXY, X "6.6.6.6" EOL X "192.0.2.1" EOL X "10.0.0.2" EOL,
	  "192.0.2.1" },
	{ PROXY, X "6.6.6.6, 192.0.2.1" EOL "A: b" EOL X
	  "10.0.0.2\t,\t 2001:db8:1::2" EOL, "192.0.2.1" },
	{ PROXY, X "10.0.0.3, 203.0.113.66, 10.0.0.2" EOL, STRANGER },
	/* entries that are no addresses: the one before counts */
	{ PROXY, X "" EOL, PROXY },
	{ PROXY, X "unknown" EOL, PROXY },
	{ PROXY, X "unix:" EOL, PROXY },
	{ PROXY, X "192.0.2.1, unknown" EOL, PROXY },
	{ PROXY, X "192.0.2.1, unknown, 10.0.0.2" EOL, "10.0.0.2" },
	{ PROXY, X "192.0.2.1, , 10.0.0.2" EOL, "10.0.0.2" },
	{ PROXY, X "192.0.2.1," EOL, PROXY },
	{ PROXY, X "192.0.2.1" EOL X EOL, PROXY },
	{ PROXY, X "192.0.2.1" EOL X EOL X "10.0.0.2" EOL, "10.0.0.2" },
	{ PROXY, X "192.0.2.1" EOL X ", 10.0.0.2" EOL, "10.0.0.2" },
	{ PROXY, X ", 10.0.0.2" EOL, "10.0.0.2" },
	{ PROXY, X "192.0.2.256" EOL, PROXY },
	{ PROXY, X "192.0.2.1 192.0.2.2" EOL, PROXY },
	{ PROXY, X "192.0.2.1;192.0.2.2" EOL, PROXY },
	{ PROXY, X "\"192.0.2.1\"" EOL, PROXY },
	{ PROXY, X "for=192.0.2.1" EOL, PROXY },
	{ PROXY, X "fe80::1%eth0" EOL, PROXY },
	{ PROXY, X "192.0.2.1:x" EOL, PROXY },
};

static const struct row element_rows[] = {
	{ STRANGER, F "for=192.0.2.1" EOL, STRANGER },
	{ PROXY, X "198.51.100.9" EOL F "for=192.0.2.1" EOL, "192.0.2.1" },
	/* forms of RFC 7239 */
	{ PROXY, F "for=192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "For=192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "for=\"192.0.2.1\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=\"192.0.2.1:4711\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=\"192.0.2.1:_hidden\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=\"192.0.2.1:_a\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=192.0.2.1;a=b" EOL, "192.0.2.1" },
	{ PROXY, F "For=\"[2001:db8:cafe::17]:4711\"" EOL,
	  "2001:db8:cafe::17" },
	{ PROXY, F "for=\"[2001:db8:cafe::17]\"" EOL, "2001:db8:cafe::17" },
	{ PROXY, F "for=\"[2001:db8:cafe::17]:_a.B-9_\"" EOL,
	  "2001:db8:cafe::17" },
	{ PROXY, F "for=192.0.2.60;proto=http;by=203.0.113.43" EOL,
	  "192.0.2.60" },
	{ PROXY, F "proto=https;host=\"a,b;for=6.6.6.6\";FOR=192.0.2.1" EOL,
	  "192.0.2.1" },
	{ PROXY, F ";;for=192.0.2.1;" EOL, "192.0.2.1" },
	{ PROXY, F "for=\"19\\2.0.2\\.1\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=192.0.2.1;a=\"\"" EOL, "192.0.2.1" },
	/* lists */
	{ PROXY, F "for=192.0.2.43, for=\"[2001:db8:cafe::17]\"" EOL,
	  "2001:db8:cafe::17" },
	{ PROXY, F "for=192.0.2.43,for=10.0.0.2;by=10.0.0.1" EOL,
	  "192.0.2.43" },
	{ PROXY, F "for=6.6.6.6" EOL F "for=192.0.2.1" EOL F
	  "for=\"[2001:db8:1::2]:1\"" EOL, "192.0.2.1" },
	/* quotes that a client leaves open, and commas in them */
	{ PROXY, F "for=\"6.6.6.6, for=192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "for=\", for=\"[2001:db8::1]:9\"" EOL, "2001:db8::1" },
	{ PROXY, F "for=\"" EOL F "for=192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "x=\"\\\", for=\"192.0.2.1\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=6.6.6.6\\, for=192.0.2.1" EOL, "192.0.2.1" },
	{ PROXY, F "for=192.0.2.1;host=\"a, for=6.6.6.6\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=192.0.2.1;host=\"\\\", for=6.6.6.6;a=\\\"\"" EOL,
	  "192.0.2.1" },
	{ PROXY, F "for=192.0.2.1;host=\"\\\\\"" EOL, "192.0.2.1" },
	{ PROXY, F "for=6.6.6.6;a=\"\\\\\\\\\", for=192.0.2.1;b=\"\\\\\\\"\""
	  EOL, "192.0.2.1" },
	/* no addresses: the one before counts */
	{ PROXY, F "for=unknown" EOL, PROXY },
	{ PROXY, F "for=_gazonk" EOL, PROXY },
	{ PROXY, F "for=\"_gazonk:80\"" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1, for=unknown, for=10.0.0.2" EOL,
	  "10.0.0.2" },
	{ PROXY, F "for=192.0.2.1, for=_SEVKISEK, for=10.0.0.2" EOL,
	  "10.0.0.2" },
	{ PROXY, F "for=192.0.2.1, by=10.0.0.2" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1, proto=https, for=10.0.0.2" EOL,
	  "10.0.0.2" },
	{ PROXY, F "" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1," EOL, PROXY },
	{ PROXY, F "for=192.0.2.1;for=10.0.0.2" EOL, PROXY },
	{ PROXY, F "for=\"\";for=192.0.2.1" EOL, PROXY },
	{ PROXY, F "proto=http;for=192.0.2.1;proto=https" EOL, PROXY },
	{ PROXY, F "for=" EOL, PROXY },
	{ PROXY, F "for=\"\"" EOL, PROXY },
	{ PROXY, F "for" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1;x" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1;a=" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1;=a" EOL, PROXY },
	{ PROXY, F "=192.0.2.1" EOL, PROXY },
	{ PROXY, F "for =192.0.2.1" EOL, PROXY },
	{ PROXY, F "for= 192.0.2.1" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1 ;proto=http" EOL, PROXY },
	{ PROXY, F "192.0.2.1" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1:80" EOL, PROXY },
	{ PROXY, F "for=[2001:db8::1]" EOL, PROXY },
	{ PROXY, F "for=\"2001:db8::1\"" EOL, PROXY },
	{ PROXY, F "for=\"[192.0.2.1]\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1" EOL, PROXY },
	{ PROXY, F "for=192.0.2.1\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1\\\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1\\" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1\"x" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1\";a=\"b" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1:_\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1:_a b\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1:_!\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1:\"" EOL, PROXY },
	{ PROXY, F "for=\"192.0.2.1:123456\"" EOL, PROXY },
	{ PROXY, F "for=\"[fe80::1%eth0]\"" EOL, PROXY },
};

static struct guard guard;
static struct netaddr_cidr trusted[TRUSTED];

static int
set_up(void **state)
{
	static const char *const networks[TRUSTED] = {
		"10.0.0.0/8", "2001:db8:1::/48", "::"
	};
	const char *why;
	size_t i;

	(void)state;
	guard_open(&guard, 65536);
	for (i = 0; i < TRUSTED; i++)
		assert_true(netaddr_cidr_parse(networks[i], &trusted[i],
		    &why));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

/* Whether the last client_of came by TLS. */
static bool is_secure;

/* The client's address as text, lent until the next call. */
static const char *
client_of(const char *peer, enum forwarded_field field, const char *fields)
{
	static const struct head_limits unlimited = { 0, 0 };
	static char text[NETADDR_TEXT], request[65536];
	uint8_t bytes[NETADDR_BYTES], client[NETADDR_BYTES];
	struct head head;
	const char *data;
	int len;

	len = snprintf(request, sizeof(request),
	    "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	assert_true(len > 0 && (size_t)len < sizeof(request));
	data = (char *)guard_lay(&guard, request, (size_t)len);
	head_init(&head);
	assert_int_equal(head_parse(&head, data, (size_t)len, &unlimited),
	    HEAD_DONE);
	assert_true(netaddr_parse(peer, strlen(peer), bytes));
	is_secure = forwarded_find_client(&head, field, trusted, TRUSTED,
	    bytes, client);
	/* And in place. */
	forwarded_find_client(&head, field, trusted, TRUSTED, bytes, bytes);
	assert_memory_equal(bytes, client, sizeof(bytes));
	return netaddr_format(client, text);
}

/* Each row as it is, and behind a line that the client invents. */
static void
check_rows(const struct row *rows, size_t count, enum forwarded_field field,
    const char *invented)
{
	char fields[512];
	const struct row *row;
	const char *client;

	for (row = rows; row < rows + count; row++) {
		client = client_of(row->peer, field, row->fields);
		if (strcmp(client, row->client) != 0)
			fail_msg("%s: %s is not %s", row->fields, client,
			    row->client);
		snprintf(fields, sizeof(fields), "%s%s", invented,
		    row->fields);
		client = client_of(row->peer, field, fields);
		if (strcmp(client, row->client) != 0)
			fail_msg("%s: %s is not %s", fields, client,
			    row->client);
	}
}

static void
a_list_of_addresses_is_walked_from_the_right(void **state)
{
	(void)state;
	check_rows(plain_rows, COUNT(plain_rows), FORWARDED_X_FORWARDED_FOR,
	    X "6.6.6.6" EOL);
}

static void
elements_are_walked_from_the_right(void **state)
{
	(void)state;
	check_rows(element_rows, COUNT(element_rows), FORWARDED_RFC7239,
	    F "for=6.6.6.6" EOL);
}

static void
a_walk_may_reach_the_end(void **state)
{
	static const struct { const char *fields, *client; } ends[] = {
		{ "", PROXY },
		{ "X-Real-IP: 192.0.2.1" EOL, PROXY },
		{ "X-Forwarded-Fo: 192.0.2.1" EOL, PROXY },
		{ "XForwarded: for=192.0.2.1" EOL, PROXY },
		{ X "10.0.0.3, 10.0.0.2" EOL F "for=10.0.0.4,for=10.0.0.3" EOL,
		    NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ends); i++) {
		assert_string_equal(client_of(PROXY,
		    FORWARDED_X_FORWARDED_FOR, ends[i].fields),
		    ends[i].client == NULL ? "10.0.0.3" : ends[i].client);
		assert_string_equal(client_of(PROXY, FORWARDED_RFC7239,
		    ends[i].fields),
		    ends[i].client == NULL ? "10.0.0.4" : ends[i].client);
	}
	/* One of the two fields is not the other. */
	assert_string_equal(client_of(PROXY, FORWARDED_X_FORWARDED_FOR,
	    F "for=192.0.2.1" EOL), PROXY);
	assert_string_equal(client_of(PROXY, FORWARDED_RFC7239,
	    X "192.0.2.1" EOL), PROXY);
}

#define P   "X-Forwarded-Proto: "

/* Who came by TLS, as its proxy says. */
static void
a_scheme_is_told_by_trusted_proxies(void **state)
{
	static const struct {
		const char *peer;
		enum forwarded_field field;
		const char *fields;
		bool is_secure;
	} rows[] = {
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "https" EOL, true },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "WSS" EOL, true },
		{ PROXY, FORWARDED_X_FORWARDED_FOR,
		    P "https" EOL X "192.0.2.1" EOL, true },
		{ STRANGER, FORWARDED_X_FORWARDED_FOR, P "https" EOL, false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, "", false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P EOL, false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "http" EOL, false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "httpsx" EOL, false },
		/* the last one's word */
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "https, http" EOL,
		    false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "http" EOL P
		    "https" EOL, true },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, P "https" EOL P
		    "http" EOL, false },
		{ PROXY, FORWARDED_X_FORWARDED_FOR, F "for=192.0.2.1;"
		    "proto=https" EOL, false },
		{ PROXY, FORWARDED_RFC7239, P "https" EOL, false },
		{ PROXY, FORWARDED_RFC7239, F "for=192.0.2.1;proto=https" EOL,
		    true },
		{ PROXY, FORWARDED_RFC7239, F "Proto=\"HTTPS\"" EOL, true },
		{ PROXY, FORWARDED_RFC7239, F "for=_x;proto=wss" EOL, true },
		{ PROXY, FORWARDED_RFC7239, F "for=192.0.2.1;proto=http" EOL,
		    false },
		{ PROXY, FORWARDED_RFC7239, F "for=192.0.2.1" EOL, false },
		{ PROXY, FORWARDED_RFC7239, F "for=192.0.2.1;proto=https;"
		    "proto=https" EOL, false },
		{ STRANGER, FORWARDED_RFC7239, F "for=192.0.2.1;proto=https"
		    EOL, false },
		/* the one's that has the client before it */
		{ PROXY, FORWARDED_RFC7239, F "for=192.0.2.1;proto=https, "
		    "for=10.0.0.2;proto=http" EOL, true },
		{ PROXY, FORWARDED_RFC7239, F "for=6.6.6.6;proto=https, "
		    "for=192.0.2.1;proto=http" EOL, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		client_of(rows[i].peer, rows[i].field, rows[i].fields);
		if (is_secure != rows[i].is_secure)
			fail_msg("%s: %d", rows[i].fields, is_secure);
	}
}

static void
nobody_trusted_is_nobody_believed(void **state)
{
	static const struct head_limits unlimited = { 0, 0 };
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n"
	    X "192.0.2.1" EOL EOL;
	uint8_t peer[NETADDR_BYTES] = { 0 }, client[NETADDR_BYTES];
	struct head head;

	(void)state;
	head_init(&head);
	assert_int_equal(head_parse(&head, text, sizeof(text) - 1,
	    &unlimited), HEAD_DONE);
	forwarded_find_client(&head, FORWARDED_X_FORWARDED_FOR, NULL, 0, peer,
	    client);
	assert_memory_equal(client, peer, sizeof(client));
}

/* `hops` trusted proxies, 10.0.1.0 the nearest to the client, behind one
 * client; each in a line of its own, or all in one. */
static const char *
chain(const char *before, unsigned hops, const char *between)
{
	static char fields[32768];
	unsigned i;
	int at;

	at = snprintf(fields, sizeof(fields), "%s192.0.2.1", before);
	for (i = 0; i < hops; i++)
		at += snprintf(fields + at, sizeof(fields) - (size_t)at,
		    "%s10.0.1.%u", between, i);
	snprintf(fields + at, sizeof(fields) - (size_t)at, EOL);
	return fields;
}

static void
a_walk_has_a_bound(void **state)
{
	static const struct {
		enum forwarded_field field;
		const char *before, *between;
	} forms[] = {
		{ FORWARDED_X_FORWARDED_FOR, X, ", " },
		{ FORWARDED_X_FORWARDED_FOR, X, EOL X },
		{ FORWARDED_RFC7239, F "for=", ",for=" },
		{ FORWARDED_RFC7239, F "for=", EOL F "for=" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(forms); i++) {
		assert_string_equal(client_of(PROXY, forms[i].field,
		    chain(forms[i].before, FORWARDED_HOPS_MAX - 1,
		    forms[i].between)), "192.0.2.1");
		assert_string_equal(client_of(PROXY, forms[i].field,
		    chain(forms[i].before, FORWARDED_HOPS_MAX,
		    forms[i].between)), "10.0.1.0");
		assert_string_equal(client_of(PROXY, forms[i].field,
		    chain(forms[i].before, 200, forms[i].between)),
		    "10.0.1.136");
	}
}

/* The longest value that is looked at, and one more byte. */
static void
a_node_has_a_bound(void **state)
{
	enum { MOST = 128 };
	static const char start[] = "192.0.2.1:_";
	char fields[256], port[MOST + 2];
	int more;

	(void)state;
	for (more = 0; more <= 1; more++) {
		memset(port, 'a', sizeof(port));
		port[MOST - (sizeof(start) - 1) + (size_t)more] = '\0';
		snprintf(fields, sizeof(fields),
		    F "for=6.6.6.6, for=\"%s%s\"" EOL, start, port);
		assert_string_equal(client_of(PROXY, FORWARDED_RFC7239,
		    fields), more ? PROXY : "192.0.2.1");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_addresses_is_walked_from_the_right),
		cmocka_unit_test(elements_are_walked_from_the_right),
		cmocka_unit_test(a_walk_may_reach_the_end),
		cmocka_unit_test(a_scheme_is_told_by_trusted_proxies),
		cmocka_unit_test(nobody_trusted_is_nobody_believed),
		cmocka_unit_test(a_walk_has_a_bound),
		cmocka_unit_test(a_node_has_a_bound),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
