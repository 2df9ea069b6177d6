/*
 * dialect - see dialect.h.
 */
#include "config.h"

#include "bench/dialect.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- MQTT 3.1.1 ------------------------------------------------------------ */

enum {
	MQTT_CONNACK = 2, MQTT_PUBLISH = 3, MQTT_SUBSCRIBE = 8, MQTT_SUBACK = 9
};

/* Type, flags and the length of what follows (2.2); at most 2 bytes of
 * length are enough for DIALECT_PACKET_MAX. */
static size_t
mqtt_put_head(char *out, unsigned first, size_t rest)
{
	out[0] = (char)first;
	out[1] = (char)(rest & 0x7f);
	if (rest < 0x80)
		return 2;
	out[1] = (char)(rest | 0x80);
	out[2] = (char)(rest >> 7);
	return 3;
}

static size_t
mqtt_put_text(char *out, const char *text, size_t len)
{
	out[0] = (char)(len >> 8);
	out[1] = (char)len;
	memcpy(out + 2, text, len);
	return 2 + len;
}

/* CONNECT, with a clean session, no keep-alive and a name that the server
 * chooses; SUBSCRIBE may follow at once (3.1.4). */
static size_t
mqtt_join(const char *topic, char *out)
{
	static const char connect[] = "\x10\x0c\0\4MQTT\4\2\0\0\0";
	size_t n = sizeof(connect), len = strlen(topic);

	memcpy(out, connect, n);
	n += mqtt_put_head(out + n, MQTT_SUBSCRIBE << 4 | 2, 2 + 2 + len + 1);
	out[n++] = 0;
	out[n++] = 1;		/* the number of this packet */
	n += mqtt_put_text(out + n, topic, len);
	out[n++] = 0;		/* at most once */
	return n;
}

static size_t
mqtt_wrap(const char *topic, const char *text, size_t len, char *out)
{
	size_t n = strlen(topic), at;

	at = mqtt_put_head(out, MQTT_PUBLISH << 4, 2 + n + len);
	at += mqtt_put_text(out + at, topic, n);
	memcpy(out + at, text, len);
	return at + len;
}

/* The body of a packet of `type`. */
static void
mqtt_judge(unsigned type, const unsigned char *body, size_t len,
    struct dialect_packet *out)
{
	size_t skip;

	switch (type) {
	case MQTT_CONNACK:
		if (len != 2 || body[1] != 0)
			out->sense = DIALECT_REFUSED;
		break;
	case MQTT_SUBACK:
		out->sense = len == 3 && body[2] == 0 ? DIALECT_JOINED :
		    DIALECT_REFUSED;
		break;
	case MQTT_PUBLISH:
		skip = len < 2 ? SIZE_MAX :
		    2 + ((size_t)body[0] << 8 | body[1]);
		if (skip > len) {
			out->sense = DIALECT_REFUSED;
			break;
		}
		out->sense = DIALECT_TEXT;
		out->text = (const char *)body + skip;
		out->len = len - skip;
		break;
	}
}

static size_t
mqtt_read(const char *bytes, size_t len, struct dialect_packet *out)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t rest, at = 2;

	*out = (struct dialect_packet){ .sense = DIALECT_OTHER };
	if (len < 2)
		return 0;
	rest = p[1] & 0x7f;
	if (p[1] & 0x80) {
		if (len < 3)
			return 0;
		rest |= (size_t)p[2] << 7;
		at = 3;
	}
	if (at + rest > DIALECT_PACKET_MAX) {
		out->sense = DIALECT_REFUSED;
		return len;
	}
	if (len < at + rest)
		return 0;
	mqtt_judge(p[0] >> 4, p + at, rest, out);
	return at + rest;
}

/* -- NATS ------------------------------------------------------------------ */

/* A subject has dots where a path has slashes. */
static void
nats_subject(const char *topic, char out[DIALECT_TOPIC_MAX])
{
	char *p;

	snprintf(out, DIALECT_TOPIC_MAX, "%s", topic);
	for (p = out; *p != '\0'; p++)
		if (*p == '/')
			*p = '.';
}

/* The PONG that answers the PING says that the subscription stands. */
static size_t
nats_join(const char *topic, char *out)
{
	char subject[DIALECT_TOPIC_MAX];

	nats_subject(topic, subject);
	return (size_t)snprintf(out, DIALECT_PACKET_MAX,
	    "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"
	    "SUB %s 1\r\nPING\r\n", subject);
}

static size_t
nats_wrap(const char *topic, const char *text, size_t len, char *out)
{
	char subject[DIALECT_TOPIC_MAX];
	size_t at;

	nats_subject(topic, subject);
	at = (size_t)snprintf(out, DIALECT_PACKET_MAX, "PUB %s %zu\r\n",
	    subject, len);
	memcpy(out + at, text, len);
	memcpy(out + at + len, "\r\n", 2);
	return at + len + 2;
}

/* The number behind the last space of a line; DIALECT_PACKET_MAX: too large,
 * or none. */
static size_t
nats_last_number(const char *line, size_t len)
{
	size_t value = 0, at = len;

	while (at > 0 && line[at - 1] != ' ')
		at--;
	if (at == len)
		return DIALECT_PACKET_MAX;
	for (; at < len; at++) {
		if (line[at] < '0' || line[at] > '9' ||
		    value >= DIALECT_PACKET_MAX)
			return DIALECT_PACKET_MAX;
		value = value * 10 + (size_t)(line[at] - '0');
	}
	return value;
}

static bool
begins(const char *line, size_t len, const char *word)
{
	return len >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* MSG <subject> <number> <bytes>, a line; the text and CRLF. */
static size_t
nats_read_message(const char *bytes, size_t len, size_t line,
    struct dialect_packet *out)
{
	size_t size = nats_last_number(bytes, line - 2);

	if (line + size + 2 > DIALECT_PACKET_MAX) {
		out->sense = DIALECT_REFUSED;
		return len;
	}
	if (len < line + size + 2)
		return 0;
	out->sense = DIALECT_TEXT;
	out->text = bytes + line;
	out->len = size;
	return line + size + 2;
}

static size_t
nats_read(const char *bytes, size_t len, struct dialect_packet *out)
{
	static const char pong[] = "PONG\r\n";
	const char *end = memmem(bytes, len, "\r\n", 2);
	size_t line;

	*out = (struct dialect_packet){ .sense = DIALECT_OTHER };
	if (end == NULL)
		return 0;
	line = (size_t)(end - bytes) + 2;
	if (begins(bytes, line, "MSG "))
		return nats_read_message(bytes, len, line, out);
	if (begins(bytes, line, "PONG")) {
		out->sense = DIALECT_JOINED;
	} else if (begins(bytes, line, "-ERR")) {
		out->sense = DIALECT_REFUSED;
	} else if (begins(bytes, line, "PING")) {
		out->sense = DIALECT_PING;
		out->text = pong;
		out->len = sizeof(pong) - 1;
	}
	return line;
}

/* -------------------------------------------------------------------------- */

static const struct dialect dialects[] = {
	{ .name = "text" },
	{ "mqtt", "Sec-WebSocket-Protocol: mqtt\r\n", mqtt_join, mqtt_wrap,
	    mqtt_read },
	{ "nats", NULL, nats_join, nats_wrap, nats_read },
};

const struct dialect *
dialect_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

bool
dialect_is_plain(const struct dialect *d)
{
	return d->join == NULL;
}
