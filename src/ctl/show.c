/*
 * show - see show.h.
 */
#include "config.h"

#include "ctl/show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/plain.h"
#include "ctl/amount.h"
#include "ctl/table.h"

bool
show_json(const json_t *answer)
{
	/* A terminal must not be driven; programs want the characters. */
	size_t flags = JSON_COMPACT |
	    (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);

	return json_dumpf(answer, stdout, flags) == 0 && putchar('\n') >= 0;
}

static json_int_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Never NULL. */
static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void
print_safe(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t len = plain_length(bytes, strlen(text));
	uint8_t *safe = malloc(len + 1);

	if (safe == NULL)
		return;
	plain_write(safe, len, bytes, strlen(text));
	fwrite(safe, 1, len, stdout);
	free(safe);
}

static void
add_number(struct table *table, json_int_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, number);
	table_add(table, text);
}

static bool
show_processes(const json_t *answer)
{
	struct table *table = table_new(4);
	char text[AMOUNT_TEXT];
	const json_t *one;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	table_add(table, "PROCESS");
	table_add(table, "PID");
	table_add(table, "UP");
	table_add(table, "MEMORY");
	json_array_foreach(json_object_get(answer, "processes"), i, one) {
		table_add(table, text_of(one, "process"));
		add_number(table, number_of(one, "pid"));
		table_add(table, amount_time(number_of(one, "uptime"),
		    text));
		table_add(table, amount_bytes((double)number_of(one,
		    "memory"), text));
	}
	good = table_print(table, stdout);
	table_free(table);
	return good;
}

bool
show_status(const json_t *a)
{
	const json_t *log = json_object_get(a, "log"), *worker;
	const json_t *restarts = json_object_get(a, "restarts");
	char text[AMOUNT_TEXT];
	size_t i;

	printf("version      ");
	print_safe(text_of(a, "version"));
	printf("\npid          %" JSON_INTEGER_FORMAT "\n",
	    number_of(a, "pid"));
	printf("uptime       %s\n", amount_time(number_of(a, "uptime"), text));
	printf("restarts     %" JSON_INTEGER_FORMAT " of the broker, %"
	    JSON_INTEGER_FORMAT " of workers\n",
	    number_of(restarts, "broker"), number_of(restarts, "worker"));
	printf("connections  %" JSON_INTEGER_FORMAT "\n",
	    number_of(a, "connections"));
	printf("members      %" JSON_INTEGER_FORMAT "\n",
	    number_of(a, "members"));
	printf("rooms        %" JSON_INTEGER_FORMAT "\n",
	    number_of(a, "rooms"));
	printf("log          %" JSON_INTEGER_FORMAT " bytes, written up to %"
	    JSON_INTEGER_FORMAT "\n", number_of(log, "size"),
	    number_of(log, "end"));
	json_array_foreach(json_object_get(a, "workers"), i, worker)
		printf("worker %-4" JSON_INTEGER_FORMAT "  %"
		    JSON_INTEGER_FORMAT " connections\n",
		    number_of(worker, "worker"),
		    number_of(worker, "connections"));
	putchar('\n');
	return show_processes(a) && ferror(stdout) == 0;
}

/* "17,18". */
static bool
append_connections(struct buf *out, const json_t *connections)
{
	const json_t *one;
	char text[24];
	size_t i;

	json_array_foreach(connections, i, one) {
		snprintf(text, sizeof(text), "%s%" JSON_INTEGER_FORMAT,
		    i == 0 ? "" : ",", number_of(one, "conn"));
		if (!buf_append(out, text, strlen(text)))
			return false;
	}
	return buf_append(out, buf_len(out) == 0 ? "-" : "",
	    buf_len(out) == 0 ? 2 : 1);
}

/* Each once; tabs of a browser have the same. */
static bool
append_addresses(struct buf *out, const json_t *connections)
{
	const json_t *one;
	const char *address, *last = "";
	size_t i;

	json_array_foreach(connections, i, one) {
		address = text_of(one, "address");
		if (*address == '\0' || strcmp(address, last) == 0)
			continue;
		if ((buf_len(out) > 0 && !buf_append(out, ",", 1)) ||
		    !buf_append(out, address, strlen(address)))
			return false;
		last = address;
	}
	return buf_append(out, buf_len(out) == 0 ? "-" : "",
	    buf_len(out) == 0 ? 2 : 1);
}

static void
add_member(struct table *table, const json_t *member)
{
	const json_t *connections = json_object_get(member, "connections");
	char last[2048];	/* 32 addresses fit */
	struct buf text;

	buf_init(&text);
	table_add(table, text_of(member, "room"));
	table_add(table, json_object_get(member, "name") == NULL ? "-" :
	    text_of(member, "name"));
	table_add(table, append_connections(&text, connections) ?
	    (const char *)buf_head(&text) : "?");
	buf_reset(&text);
	snprintf(last, sizeof(last), "%s%s",
	    json_is_true(json_object_get(member, "away")) ? "(away)" :
	    append_addresses(&text, connections) ?
	    (const char *)buf_head(&text) : "?",
	    json_is_true(json_object_get(member, "muted")) ? " (muted)" : "");
	table_add(table, last);
	buf_clear(&text);
}

bool
show_who(const json_t *answer)
{
	struct table *table = table_new(4);
	const json_t *member;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	table_add(table, "ROOM");
	table_add(table, "NAME");
	table_add(table, "CONN");
	table_add(table, "ADDRESS");
	json_array_foreach(json_object_get(answer, "members"), i, member)
		add_member(table, member);
	good = table_print(table, stdout);
	table_free(table);
	return good;
}

bool
show_rooms(const json_t *answer)
{
	struct table *table = table_new(3);
	const json_t *room;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	table_add(table, "ROOM");
	table_add(table, "MEMBERS");
	table_add(table, "MESSAGES");
	json_array_foreach(json_object_get(answer, "rooms"), i, room) {
		table_add(table, text_of(room, "room"));
		add_number(table, number_of(room, "members"));
		add_number(table, number_of(room, "messages"));
	}
	good = table_print(table, stdout);
	table_free(table);
	return good;
}

/* As cp(1) does: no news is good news. */
bool
show_said(const json_t *answer)
{
	(void)answer;
	return true;
}

bool
show_kicked(const json_t *answer)
{
	json_int_t n = number_of(answer, "connections");

	printf("%" JSON_INTEGER_FORMAT " connection%s closed\n", n,
	    n == 1 ? "" : "s");
	return true;
}

#define UNTIL	32	/* bytes of a time, with the NUL */

static const char *
format_until(const json_t *ban, char out[UNTIL])
{
	time_t until_s = (time_t)number_of(ban, "until");
	struct tm tm;

	if (json_object_get(ban, "until") == NULL ||
	    localtime_r(&until_s, &tm) == NULL ||
	    strftime(out, UNTIL, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, UNTIL, "for ever");
	return out;
}

static void
add_until(struct table *table, const json_t *ban)
{
	char text[UNTIL];

	table_add(table, format_until(ban, text));
}

bool
show_bans(const json_t *answer)
{
	struct table *table = table_new(2);
	const json_t *ban;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	table_add(table, "ADDRESS");
	table_add(table, "UNTIL");
	json_array_foreach(json_object_get(answer, "bans"), i, ban) {
		table_add(table, text_of(ban, "address"));
		add_until(table, ban);
	}
	good = table_print(table, stdout);
	table_free(table);
	return good;
}

bool
show_banned(const json_t *answer)
{
	const json_t *ban;
	char text[UNTIL];
	size_t i;

	json_array_foreach(json_object_get(answer, "bans"), i, ban) {
		print_safe(text_of(ban, "address"));
		printf(" is banned %s%s\n", json_object_get(ban, "until") !=
		    NULL ? "until " : "", format_until(ban, text));
	}
	return show_kicked(answer);
}

bool
show_lifted(const json_t *answer)
{
	const json_t *bans = json_object_get(answer, "bans"), *one;
	const json_t *list = bans != NULL ? bans :
	    json_object_get(answer, "mutes");
	char text[UNTIL];
	size_t i;

	json_array_foreach(list, i, one) {
		printf("still %s: ", bans != NULL ? "banned" : "muted");
		print_safe(text_of(one, "address"));
		printf(", %s%s\n", json_object_get(one, "until") != NULL ?
		    "until " : "", format_until(one, text));
	}
	return true;
}

bool
show_mutes(const json_t *answer)
{
	struct table *table = table_new(3);
	const json_t *mute;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	table_add(table, "WHO");
	table_add(table, "ROUTE");
	table_add(table, "UNTIL");
	json_array_foreach(json_object_get(answer, "mutes"), i, mute) {
		bool is_user = json_object_get(mute, "name") != NULL;

		table_add(table, text_of(mute, is_user ? "name" :
		    "address"));
		table_add(table, is_user ? text_of(mute, "route") : "-");
		add_until(table, mute);
	}
	good = table_print(table, stdout);
	table_free(table);
	return good;
}

bool
show_reloaded(const json_t *answer)
{
	if (json_object_get(answer, "restart") == NULL)
		return true;
	fputs("needs a restart: ", stdout);
	print_safe(text_of(answer, "restart"));
	return putchar('\n') >= 0;
}

/* "12:04:59 ", of an event. */
static void
print_clock(const json_t *event)
{
	time_t time_s = (time_t)(number_of(event, "time") / 1000);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&time_s, &tm) != NULL)
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%s ", clock);
}

bool
show_event(const json_t *event)
{
	const char *type = text_of(event, "type");
	bool is_action = json_is_true(json_object_get(event, "action"));

	if (strcmp(type, "lost") == 0)
		return puts("-- some events are lost") >= 0;
	print_clock(event);
	fputs(strcmp(type, "message") != 0 ? "-- " : is_action ? "* " : "",
	    stdout);
	print_safe(text_of(event, "name"));
	if (strcmp(type, "message") == 0) {
		fputs(is_action ? " " : ": ", stdout);
		print_safe(text_of(event, "text"));
	} else if (strcmp(type, "rename") == 0) {
		fputs(" is now ", stdout);
		print_safe(text_of(event, "to"));
	} else {
		printf(" %s (%" JSON_INTEGER_FORMAT " here)",
		    strcmp(type, "join") == 0 ? "joined" : "left",
		    number_of(event, "users"));
	}
	return putchar('\n') >= 0;
}

/* A member that there may be, with a space in front. */
static void
print_part(const json_t *event, const char *name)
{
	const json_t *part = json_object_get(event, name);

	if (json_is_string(part)) {
		putchar(' ');
		print_safe(json_string_value(part));
	} else if (json_is_integer(part)) {
		printf(" %s=%" JSON_INTEGER_FORMAT, name,
		    json_integer_value(part));
	}
}

bool
show_traced(const json_t *event)
{
	static const char *const parts[] = {
		"room", "name", "to", "size", "conn", "connections"
	};

	print_clock(event);
	printf("%-4s %s", text_of(event, "direction"),
	    json_is_true(json_object_get(event, "action")) ? "action" :
	    text_of(event, "type"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		print_part(event, parts[i]);
	if (json_object_get(event, "text") != NULL) {
		fputs(": ", stdout);
		print_safe(text_of(event, "text"));
	}
	return putchar('\n') >= 0;
}
