/*
 * fuzz_forwarded - src/ws/forwarded.c: who the client behind proxies is.
 *
 * Input: which field, then what the client sent in it: lines, each of which
 * is one field line.  However that looks, what trusted proxies append behind
 * it decides; without it X-Forwarded-For is read a second time here.
 */
#include "config.h"

#include "ws/forwarded.h"

#include "fuzz.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX	65536

static const struct netaddr_cidr trusted[] = {
	{ { [10] = 0xff, 0xff, 10 }, 104 },		/* 10.0.0.0/8 */
	{ { 0x20, 0x01, 0x0d, 0xb8, 0xff }, 40 }	/* 2001:db8:ff00::/40 */
};

static const uint8_t peer[NETADDR_BYTES] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
static const uint8_t stranger[NETADDR_BYTES] = {
	[10] = 0xff, 0xff, 203, 0, 113, 7
};

struct text {
	char bytes[HEAD_MAX];
	size_t len;
};

static void
text_add(struct text *text, const void *bytes, size_t len)
{
	must(len <= sizeof(text->bytes) - text->len);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void
text_say(struct text *text, const char *what)
{
	text_add(text, what, strlen(what));
}

/* A request with the client's lines and with `behind` at the end of the last
 * one.  False: there is no such head. */
static bool
find(const struct input *in, enum forwarded_field field, const char *behind,
    uint8_t out[NETADDR_BYTES])
{
	static const struct head_limits none = { 0, 0 };
	static const char *const names[] = { "X-Forwarded-For: ",
	    "forwarded:" };
	static struct text text;
	struct input rest = *in;
	struct head head;
	const uint8_t *end;
	char *copy;
	bool good;

	text.len = 0;
	text_say(&text, "GET / HTTP/1.0\r\n");
	text_say(&text, names[field]);
	for (; rest.len > 0; rest.at++, rest.len--) {
		end = rest.at;
		if (*end == '\n') {
			text_say(&text, "\r\n");
			text_say(&text, names[field]);
		} else {
			text_add(&text, end, 1);
		}
	}
	text_say(&text, behind);
	text_say(&text, "\r\nForwarded-For: for=1.2.3.4\r\n\r\n");
	copy = copy_exact(text.bytes, text.len);
	head_init(&head);
	good = head_parse(&head, copy, text.len, &none) == HEAD_DONE;
	memcpy(out, peer, NETADDR_BYTES);
	if (good)
		forwarded_find_client(&head, field, trusted, 2, out, out);
	if (good) {
		/* Who is not trusted is believed nothing. */
		uint8_t other[NETADDR_BYTES];

		forwarded_find_client(&head, field, trusted, 2, stranger,
		    other);
		must(memcmp(other, stranger, NETADDR_BYTES) == 0);
	}
	free(copy);
	return good;
}

static bool
is_trusted(const uint8_t address[NETADDR_BYTES])
{
	return (memcmp(address, trusted[0].address, 13) == 0) ||
	    memcmp(address, trusted[1].address, 5) == 0;
}

/* ---- X-Forwarded-For, read plainly: from the right, comma by comma ---- */

static bool
slow_port(const char *text)
{
	char *end;

	return *text != '\0' && strlen(text) <= 5 &&
	    strspn(text, "0123456789") == strlen(text) &&
	    strtol(text, &end, 10) <= 65535;
}

static bool
slow_address(char *text, uint8_t out[NETADDR_BYTES])
{
	uint8_t bytes[NETADDR_BYTES] = { [10] = 0xff, 0xff };
	char *bracket = strchr(text, ']'), *colon = strchr(text, ':');
	size_t len;

	while (*text == ' ' || *text == '\t')
		text++;
	for (len = strlen(text); len > 0 && (text[len - 1] == ' ' ||
	    text[len - 1] == '\t'); len--)
		text[len - 1] = '\0';
	if (*text == '[') {
		if (bracket == NULL || (bracket[1] != '\0' &&
		    (bracket[1] != ':' || !slow_port(bracket + 2))))
			return false;
		*bracket = '\0';
		text++;
		if (inet_pton(AF_INET6, text, bytes) != 1)
			return false;
	} else {
		if (colon != NULL && strchr(colon + 1, ':') == NULL) {
			if (!slow_port(colon + 1))
				return false;
			*colon = '\0';
		}
		if (inet_pton(AF_INET, text, bytes + 12) != 1 &&
		    inet_pton(AF_INET6, text, bytes) != 1)
			return false;
	}
	memcpy(out, bytes, sizeof(bytes));
	return true;
}

static void
slow_find(const struct input *in, uint8_t out[NETADDR_BYTES])
{
	char *list = malloc(in->len + 1), *comma;
	bool first = false;

	must(list != NULL);
	for (size_t i = 0; i < in->len; i++)
		list[i] = in->at[i] == '\n' ? ',' : (char)in->at[i];
	list[in->len] = '\0';
	memcpy(out, peer, NETADDR_BYTES);
	for (unsigned i = 0; i < FORWARDED_HOPS_MAX && !first; i++) {
		comma = strrchr(list, ',');
		first = comma == NULL;
		if (!slow_address(first ? list : comma + 1, out) ||
		    !is_trusted(out))
			break;
		if (!first)
			*comma = '\0';
	}
	free(list);
}

/* ---- what holds of both ---- */

static void
check_behind(const struct input *in, enum forwarded_field field)
{
	static const char *const behinds[][2] = {
		{ ", 203.0.113.7", ", for=203.0.113.7" },
		{ "\r\nX-Forwarded-For:203.0.113.7:80",
		    "\r\nFORWARDED: For=\"203.0.113.7:80\";a=b" },
		{ ",203.0.113.7,10.9.9.9",
		    ",for=203.0.113.7,by=x;for=10.9.9.9" },
		{ ",203.0.113.7 , [2001:db8:ff00::1]:9",
		    ", for=203.0.113.7 , for=\"[2001:db8:ff00::1]:_x\"" },
		{ ",203.0.113.7\r\nX-FORWARDED-FOR:10.9.9.9:1",
		    ",for=203.0.113.7,for=10.9.9.9;by=\"a,for=1.2.3.4\"" },
	};
	uint8_t found[NETADDR_BYTES];

	for (size_t i = 0; i < sizeof(behinds) / sizeof(*behinds); i++)
		if (find(in, field, behinds[i][field], found))
			must(memcmp(found, stranger, NETADDR_BYTES) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	enum forwarded_field field = input_byte(&in) % 2 == 0 ?
	    FORWARDED_X_FORWARDED_FOR : FORWARDED_RFC7239;
	uint8_t found[NETADDR_BYTES], expected[NETADDR_BYTES];

	/* Each line feed becomes a field's name. */
	if (in.len > HEAD_MAX / 32)
		in.len = HEAD_MAX / 32;
	if (!find(&in, field, "", found))
		return 0;
	if (field == FORWARDED_X_FORWARDED_FOR) {
		slow_find(&in, expected);
		must(memcmp(found, expected, NETADDR_BYTES) == 0);
	}
	check_behind(&in, field);
	return 0;
}
