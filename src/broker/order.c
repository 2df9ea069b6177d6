/*
 * order - see order.h.
 */
#include "config.h"

#include "broker/order.h"

#include <string.h>

/* What a command takes. */
enum {
	TAKES_ROOM = 1, TAKES_TEXT = 2, TAKES_NAME = 4, TAKES_ROUTE = 8,
	TAKES_FROM = 16, TAKES_LINES = 32, TAKES_SECONDS = 64, TAKES_LEVEL = 128
};

static const struct {
	const char *word;
	unsigned must, may;
} commands[ORDER_KINDS] = {
	[ORDER_STATUS] = { "status", 0, 0 },
	[ORDER_WHO] = { "who", 0, TAKES_ROOM | TAKES_FROM },
	[ORDER_ROOMS] = { "rooms", 0, TAKES_FROM },
	[ORDER_SAY] = { "say", TAKES_ROOM | TAKES_TEXT, 0 },
	[ORDER_KICK] = { "kick", TAKES_NAME, TAKES_ROUTE },
	[ORDER_TAIL] = { "tail", TAKES_ROOM, TAKES_LINES | TAKES_FROM },
	[ORDER_TRACE] = { "trace", TAKES_NAME, TAKES_ROUTE | TAKES_FROM },
	[ORDER_BAN] = { "ban", TAKES_NAME, TAKES_ROUTE | TAKES_SECONDS },
	[ORDER_UNBAN] = { "unban", TAKES_NAME, 0 },
	[ORDER_BANS] = { "bans", 0, 0 },
	[ORDER_MUTE] = { "mute", TAKES_NAME, TAKES_ROUTE | TAKES_SECONDS },
	[ORDER_UNMUTE] = { "unmute", TAKES_NAME, TAKES_ROUTE },
	[ORDER_MUTES] = { "mutes", 0, 0 },
	[ORDER_DRAIN] = { "drain", 0, TAKES_SECONDS },
	[ORDER_RELOAD] = { "reload", 0, 0 },
	[ORDER_LOG_LEVEL] = { "log-level", TAKES_LEVEL, 0 },
};

/* A member of the object: a text or a number, as its place says. */
struct part {
	const char *name;
	unsigned bit;
	const char **text;	/* NULL: a number */
	uint64_t *number;
};

const char *
order_name(enum order_kind kind)
{
	return commands[kind].word;
}

static bool
take(const struct part *part, const json_t *value)
{
	if (part->text != NULL)
		return (*part->text = json_string_value(value)) != NULL;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*part->number = (uint64_t)json_integer_value(value);
	return true;
}

static const char *
take_members(struct order *order)
{
	const struct part parts[] = {
		{ "room", TAKES_ROOM, &order->room, NULL },
		{ "text", TAKES_TEXT, &order->text, NULL },
		{ "name", TAKES_NAME, &order->name, NULL },
		{ "route", TAKES_ROUTE, &order->route, NULL },
		{ "level", TAKES_LEVEL, &order->level, NULL },
		{ "from", TAKES_FROM, NULL, &order->from },
		{ "lines", TAKES_LINES, NULL, &order->lines },
		{ "seconds", TAKES_SECONDS, NULL, &order->seconds },
	};
	unsigned must = commands[order->kind].must, had = 0;
	unsigned may = must | commands[order->kind].may;
	size_t known = 1;	/* the command */

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const json_t *value = json_object_get(order->json,
		    parts[i].name);

		if (value == NULL)
			continue;
		if ((may & parts[i].bit) == 0)
			return "unknown-member";
		if (!take(&parts[i], value))
			return "bad-member";
		had |= parts[i].bit;
		known++;
	}
	order->has_seconds = (had & TAKES_SECONDS) != 0;
	if (json_object_size(order->json) != known)
		return "unknown-member";
	return (had & must) == must ? NULL : "missing-member";
}

static const char *
read_object(struct order *order)
{
	const char *word = json_string_value(json_object_get(order->json,
	    "command"));
	unsigned kind;

	if (word == NULL)
		return "bad-request";
	for (kind = 0; kind < ORDER_KINDS; kind++)
		if (strcmp(commands[kind].word, word) == 0)
			break;
	if (kind == ORDER_KINDS)
		return "unknown-command";
	order->kind = (enum order_kind)kind;
	return take_members(order);
}

const char *
order_parse(const char *line, size_t len, struct order *order)
{
	const char *why;

	memset(order, 0, sizeof(*order));
	if (len > ORDER_LINE)
		return "too-long";
	/* Jansson bounds the depth, and takes no NUL in a text. */
	order->json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	why = order->json == NULL ? "bad-request" : read_object(order);
	if (why != NULL)
		order_clear(order);
	return why;
}

void
order_clear(struct order *order)
{
	json_decref(order->json);
	memset(order, 0, sizeof(*order));
}
