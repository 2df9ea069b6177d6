/*
 * Tests of dialect.c: the bytes that are said, by their documents, and what
 * is read, whole and cut at every place.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/dialect.h"

#define BYTES(s)	(s), sizeof(s) - 1

/* The packet reads as `sense` with `text`, and no shorter piece of it does.
 * Each piece has its own memory, so that a byte too far is seen. */
static void
check(const char *name, const char *bytes, size_t len,
    enum dialect_sense sense, const char *text)
{
	const struct dialect *d = dialect_find(name);
	struct dialect_packet packet;
	size_t n;
	char *piece;

	for (n = 1; n <= len; n++) {
		piece = malloc(n);
		assert_non_null(piece);
		memcpy(piece, bytes, n);
		assert_int_equal(d->read(piece, n, &packet), n < len ? 0 : n);
		if (n == len) {
			assert_int_equal(packet.sense, sense);
			assert_int_equal(packet.len, strlen(text));
			if (packet.len > 0)
				assert_memory_equal(packet.text, text,
				    packet.len);
		}
		free(piece);
	}
}

static void
refuses(const char *name, const char *bytes, size_t len)
{
	struct dialect_packet packet;

	assert_int_not_equal(dialect_find(name)->read(bytes, len, &packet), 0);
	assert_int_equal(packet.sense, DIALECT_REFUSED);
}

static void
dialects_have_names(void **state)
{
	(void)state;
	assert_true(dialect_is_plain(dialect_find("text")));
	assert_false(dialect_is_plain(dialect_find("mqtt")));
	assert_false(dialect_is_plain(dialect_find("nats")));
	assert_null(dialect_find("klingon"));
	assert_null(dialect_find(""));
}

static void
mqtt_says_what_its_document_says(void **state)
{
	static const char join[] = "\x10\x0c\0\4MQTT\4\2\0\0\0\0"
	    "\x82\x0c\0\1\0\7chat/r1\0";
	const struct dialect *d = dialect_find("mqtt");
	char out[DIALECT_PACKET_MAX], text[200];
	struct dialect_packet packet;

	(void)state;
	assert_int_equal(d->join("chat/r1", out), sizeof(join) - 1);
	assert_memory_equal(out, join, sizeof(join) - 1);
	assert_int_equal(d->wrap("a", "text", 4, out), 9);
	assert_memory_equal(out, "\x30\7\0\1atext", 9);
	memset(text, 'x', sizeof(text));
	assert_int_equal(d->wrap("a", text, 200, out), 206);
	assert_memory_equal(out, "\x30\xcb\1\0\1axxx", 9);
	assert_int_equal(d->read(out, 206, &packet), 206);
	assert_int_equal(packet.len, 200);
}

static void
mqtt_is_read(void **state)
{
	(void)state;
	check("mqtt", BYTES("\x20\2\0\0"), DIALECT_OTHER, "");
	check("mqtt", BYTES("\x90\3\0\1\0"), DIALECT_JOINED, "");
	check("mqtt", BYTES("\x30\7\0\1atext"), DIALECT_TEXT, "text");
	check("mqtt", BYTES("\xd0\0"), DIALECT_OTHER, "");
	refuses("mqtt", BYTES("\x20\2\0\5"));
	refuses("mqtt", BYTES("\x90\3\0\1\x80"));
	refuses("mqtt", BYTES("\x30\1x"));
	refuses("mqtt", BYTES("\x30\3\0\2a"));
	refuses("mqtt", BYTES("\x30\xff\x7f"));
	refuses("mqtt", BYTES("\x30\xff\xff\x7f"));
}

static void
nats_says_what_its_document_says(void **state)
{
	const struct dialect *d = dialect_find("nats");
	char out[DIALECT_PACKET_MAX];
	static const char end[] = "SUB chat.r1 1\r\nPING\r\n";
	size_t n;

	(void)state;
	n = d->join("chat/r1", out);
	assert_memory_equal(out, "CONNECT {", 9);
	assert_memory_equal(out + n - strlen(end), end, strlen(end));
	n = d->wrap("chat/r1", "text", 4, out);
	assert_int_equal(n, 21);
	assert_memory_equal(out, "PUB chat.r1 4\r\ntext\r\n", n);
}

static void
nats_is_read(void **state)
{
	(void)state;
	check("nats", BYTES("INFO {}\r\n"), DIALECT_OTHER, "");
	check("nats", BYTES("+OK\r\n"), DIALECT_OTHER, "");
	check("nats", BYTES("PONG\r\n"), DIALECT_JOINED, "");
	check("nats", BYTES("PING\r\n"), DIALECT_PING, "PONG\r\n");
	check("nats", BYTES("MSG chat.r1 1 6\r\nte\r\nxt\r\n"), DIALECT_TEXT,
	    "te\r\nxt");
	check("nats", BYTES("MSG a 1 0\r\n\r\n"), DIALECT_TEXT, "");
	refuses("nats", BYTES("-ERR 'no'\r\n"));
	refuses("nats", BYTES("MSG a 1 \r\n"));
	refuses("nats", BYTES("MSG a 1 x\r\n"));
	refuses("nats", BYTES("MSG a 1 -1\r\n"));
	refuses("nats", BYTES("MSG a 1 2040\r\n"));
	refuses("nats", BYTES("MSG a 1 99999999999999999999999\r\n"));
}

/* The longest that may be said fits where it is written. */
static void
what_is_said_fits(void **state)
{
	static const char *const names[] = { "mqtt", "nats" };
	char topic[DIALECT_TOPIC_MAX], text[DIALECT_TEXT_MAX];
	char *out = malloc(DIALECT_PACKET_MAX);
	size_t i;

	(void)state;
	memset(topic, 't', sizeof(topic));
	topic[sizeof(topic) - 1] = '\0';
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 2; i++) {
		const struct dialect *d = dialect_find(names[i]);

		assert_in_range(d->join(topic, out), 1, DIALECT_PACKET_MAX);
		assert_in_range(d->wrap(topic, text, sizeof(text), out), 1,
		    DIALECT_PACKET_MAX);
	}
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialects_have_names),
		cmocka_unit_test(mqtt_says_what_its_document_says),
		cmocka_unit_test(mqtt_is_read),
		cmocka_unit_test(nats_says_what_its_document_says),
		cmocka_unit_test(nats_is_read),
		cmocka_unit_test(what_is_said_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
