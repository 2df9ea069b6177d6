/*
 * test_office - what an administrator's orders do to a hub, and what he is
 * told.
 */
#include "config.h"

#include "broker/office.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/netaddr.h"
#include "broker/tail.h"
#include "broker/trace.h"

#include "clock_fixture.h"
#include "hub_fixture.h"

static struct world world;
static char kicked[256];	/* "worker:slot " each */

static void
allow_grace(struct settings *settings)
{
	settings->routes[SMALL].grace_ms = 60000;
}

static int
setup(void **state)
{
	(void)state;
	kicked[0] = '\0';
	world_create(&world, 0);
	world_die(&world);
	world.configure = allow_grace;
	world_open(&world);
	world_add(&world, 0, 101);
	world_add(&world, 1, 102);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static bool
kick(void *arg, unsigned index, uint64_t conn, bool is_ban)
{
	size_t len = strlen(kicked);

	(void)arg;
	snprintf(kicked + len, sizeof(kicked) - len, "%u:%u%s ", index,
	    ipc_connection_slot(conn), is_ban ? "!" : "");
	return true;
}

static bool
report(void *arg, struct network network, uint64_t until_s)
{
	size_t len = strlen(kicked);
	char text[NETADDR_KEY_TEXT];

	(void)arg;
	snprintf(kicked + len, sizeof(kicked) - len, "%s%s ",
	    network_format(network, text), until_s == 0 ? " free" : "");
	return true;
}

static bool
mute(void *arg, struct network network, uint64_t until_s, bool is_address)
{
	size_t len = strlen(kicked);

	(void)arg;
	(void)network;
	snprintf(kicked + len, sizeof(kicked) - len, "%s%s ",
	    is_address ? "address" : "user", until_s == 0 ? " free" : "");
	return true;
}

static struct office
office(void)
{
	return (struct office){ .hub = world.hub, .kick = kick,
		.report = report, .mute = mute };
}

static void
parse(const char *line, struct order *order)
{
	assert_null(order_parse(line, strlen(line), order));
}

/* The answer as sorted text; lent until the next. */
static const char *
ask(const char *line)
{
	static char text[65536];
	const struct office o = office();
	struct order order;
	json_t *answer;
	char *dump;

	parse(line, &order);
	answer = office_answer(&o, &order);
	assert_non_null(answer);
	dump = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(text, sizeof(text), "%s", dump);
	free(dump);
	json_decref(answer);
	order_clear(&order);
	return text;
}

/* user0 and user1 in /chat, user2 in /chat/lab. */
static void
let_three_in(void)
{
	world.address = 0xffffc0000201;	/* 192.0.2.1 */
	assert_int_equal(ask_join(&world, 0, 1, connection(7, 0), CHAT, ""),
	    HUB_DONE);
	world.address = 0;
	assert_int_equal(ask_join(&world, 1, 1, connection(8, 3), CHAT, ""),
	    HUB_DONE);
	assert_int_equal(ask_join(&world, 0, 2, connection(9, 1), CHAT,
	    "lab"), HUB_DONE);
	world_commit(&world);
}

static void
who_is_where_is_told(void **state)
{
	(void)state;
	let_three_in();
	assert_string_equal(ask("{\"command\":\"who\",\"room\":\"/chat\"}"),
	    "{\"members\":[{\"away\":false,\"connections\":[{\"address\":"
	    "\"192.0.2.1\",\"conn\":7,\"worker\":0}],\"name\":\"user0\","
	    "\"room\":\"/chat\"},{\"away\":false,\"connections\":[{\"conn\":"
	    "8,\"worker\":1}],\"name\":\"user1\",\"room\":\"/chat\"}],"
	    "\"ok\":true}");
	assert_non_null(strstr(ask("{\"command\":\"who\"}"),
	    "\"room\":\"/chat/lab\""));
	assert_string_equal(ask("{\"command\":\"rooms\"}"),
	    "{\"ok\":true,\"rooms\":[{\"members\":2,\"messages\":0,\"room\":"
	    "\"/chat\"},{\"members\":1,\"messages\":0,\"room\":\"/chat/lab\""
	    "}]}");
}

static void
rooms_that_cannot_be_are_refused(void **state)
{
	static const char *const paths[] = {
		"", "/", "chat", "/chat/", "/chat/nobody", "/chat/a b",
		"/echo", "/nowhere"
	};
	char line[128];

	(void)state;
	let_three_in();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(line, sizeof(line), "{\"command\":\"say\","
		    "\"room\":\"%s\",\"text\":\"x\"}", paths[i]);
		assert_non_null(strstr(ask(line), "unknown-room"));
	}
}

static void
a_connection_of_an_echo_route_has_no_name(void **state)
{
	(void)state;
	assert_int_equal(ask_attach(&world, 1, 1, connection(5, 2), ECHO),
	    HUB_DONE);
	assert_string_equal(ask("{\"command\":\"who\"}"),
	    "{\"members\":[{\"connections\":[{\"conn\":5,\"worker\":1}],"
	    "\"room\":\"/echo\"}],\"ok\":true}");
	ask("{\"command\":\"kick\",\"name\":\"conn=5\"}");
	assert_string_equal(kicked, "1:2 ");
}

/* More than a piece of a list. */
static void
a_long_list_comes_in_pieces(void **state)
{
	const struct office o = office();
	size_t count = 0, pieces = 0;
	struct order order;
	json_t *answer, *next;
	char line[64], room[16];

	(void)state;
	for (unsigned i = 0; i < 450; i++) {
		snprintf(room, sizeof(room), "r%u", i);
		assert_int_equal(ask_join(&world, 0, 2 * i + 1,
		    connection(i + 1, 0), CHAT, room), HUB_DONE);
		assert_int_equal(ask_say(&world, 0, 2 * i + 2,
		    connection(i + 1, 0), CHAT, "x"), HUB_DONE);
		hub_remove_worker(world.hub, 0);
		world_add(&world, 0, 1000 + i);
	}
	world_commit(&world);
	snprintf(line, sizeof(line), "{\"command\":\"rooms\"}");
	do {
		parse(line, &order);
		answer = office_answer(&o, &order);
		order_clear(&order);
		count += json_array_size(json_object_get(answer, "rooms"));
		pieces++;
		next = json_object_get(answer, "next");
		snprintf(line, sizeof(line), "{\"command\":\"rooms\","
		    "\"from\":%d}", (int)json_integer_value(next));
		json_decref(answer);
	} while (next != NULL);
	assert_int_equal(count, 450);
	assert_int_equal(pieces, 3);
	assert_string_equal(ask("{\"command\":\"who\",\"from\":99999999}"),
	    "{\"members\":[],\"ok\":true}");
}

static void
the_server_speaks_as_itself(void **state)
{
	struct cursor_view v;

	(void)state;
	let_three_in();
	assert_string_equal(ask("{\"command\":\"say\",\"room\":\"/chat\","
	    "\"text\":\"hello\"}"), "{\"members\":2,\"ok\":true,\"seq\":1}");
	world_commit(&world);
	assert_int_equal(world.bells, 3);
	v = world_last(&world);
	assert_int_equal(v.record.kind, RECORD_MESSAGE);
	assert_int_equal(v.record.seq, 1);
	assert_int_equal(v.record.generation, 0);
	assert_memory_equal(v.name, "server", 6);
	assert_memory_equal(v.text, "hello", 5);
	/* What follows counts on, also behind another broker. */
	world_die(&world);
	world_open(&world);
	assert_string_equal(ask("{\"command\":\"say\",\"room\":\"/chat\","
	    "\"text\":\"again\"}"), "{\"members\":2,\"ok\":true,\"seq\":2}");
}

static void
a_default_room_is_always_there(void **state)
{
	(void)state;
	assert_string_equal(ask("{\"command\":\"say\",\"room\":\"/ws\","
	    "\"text\":\"x\"}"), "{\"members\":0,\"ok\":true,\"seq\":1}");
	assert_non_null(strstr(ask("{\"command\":\"say\",\"room\":\"/ws\","
	    "\"text\":\"1234567890123456789012345678901234567890"
	    "1234567890123456789012345\"}"), "too-big"));
}

static void
a_name_is_kicked_on_the_route_that_is_meant(void **state)
{
	(void)state;
	let_three_in();
	assert_int_equal(ask_join(&world, 1, 2, connection(20, 4), SMALL,
	    ""), HUB_DONE);
	assert_non_null(strstr(ask("{\"command\":\"kick\",\"name\":\"user1\""
	    "}"), "ambiguous"));
	assert_string_equal(kicked, "");
	assert_string_equal(ask("{\"command\":\"kick\",\"name\":\"user1\","
	    "\"route\":\"/ws\"}"), "{\"connections\":1,\"ok\":true}");
	assert_string_equal(kicked, "1:4 ");
	ask("{\"command\":\"kick\",\"name\":\"user2\"}");
	assert_string_equal(kicked, "1:4 0:1 ");
	assert_non_null(strstr(ask("{\"command\":\"kick\",\"name\":\"nobody"
	    "\"}"), "unknown-name"));
	assert_non_null(strstr(ask("{\"command\":\"kick\",\"name\":"
	    "\"conn=99\"}"), "unknown-connection"));
}

static void
who_is_away_leaves_when_kicked(void **state)
{
	(void)state;
	assert_int_equal(ask_enter(&world, 0, 1, connection(30, 5), SMALL, 0,
	    'a', ""), HUB_DONE);
	assert_int_equal(ask_go(&world, 0, 2, connection(30, 5), SMALL),
	    HUB_DONE);
	world_commit(&world);
	assert_non_null(strstr(ask("{\"command\":\"who\"}"),
	    "\"away\":true,\"connections\":[]"));
	assert_string_equal(ask("{\"command\":\"kick\",\"name\":\"user1\"}"),
	    "{\"connections\":0,\"ok\":true}");
	assert_string_equal(kicked, "");
	assert_string_equal(ask("{\"command\":\"who\"}"),
	    "{\"members\":[],\"ok\":true}");
	/* The token is good for nothing. */
	assert_int_equal(ask_enter(&world, 0, 3, connection(31, 6), SMALL,
	    'a', 'b', ""), HUB_DONE);
	assert_int_equal(world_last(&world).record.kind, RECORD_JOIN);
}

static void
an_address_is_kept_out(void **state)
{
	(void)state;
	let_three_in();
	assert_string_equal(ask("{\"command\":\"ban\",\"name\":\"user0\"}"),
	    "{\"bans\":[{\"address\":\"192.0.2.1\"}],\"connections\":1,"
	    "\"ok\":true}");
	assert_string_equal(kicked, "192.0.2.1 0:0! ");
	world.address = 0xffffc0000201;
	assert_int_equal(ask_join(&world, 0, 3, connection(50, 5), CHAT, ""),
	    HUB_BANNED);
	assert_int_equal(ask_attach(&world, 0, 4, connection(51, 6), ECHO),
	    HUB_BANNED);
	assert_non_null(strstr(ask("{\"command\":\"ban\",\"name\":\"user1\""
	    "}"), "no-address"));
	assert_string_equal(ask("{\"command\":\"bans\"}"),
	    "{\"bans\":[{\"address\":\"192.0.2.1\"}],\"ok\":true}");
	ask("{\"command\":\"unban\",\"name\":\"192.0.2.1\"}");
	assert_non_null(strstr(ask("{\"command\":\"unban\",\"name\":"
	    "\"192.0.2.1\"}"), "not-banned"));
	assert_int_equal(ask_join(&world, 0, 5, connection(52, 5), CHAT, ""),
	    HUB_DONE);
	/* What counts as one address is one. */
	assert_non_null(strstr(ask("{\"command\":\"ban\",\"name\":"
	    "\"2001:db8::7\",\"seconds\":60}"), "\"2001:db8::/64\",\"until"));
	assert_non_null(strstr(ask("{\"command\":\"ban\",\"name\":"
	    "\"nobody\"}"), "unknown-name"));
	assert_non_null(strstr(ask("{\"command\":\"ban\",\"name\":"
	    "\"0.0.0.0/0\"}"), "bad-address"));
}

static void
a_network_is_kept_out(void **state)
{
	(void)state;
	let_three_in();
	world.address = 0xffffc00002ff;	/* 192.0.2.255 */
	assert_int_equal(ask_attach(&world, 1, 2, connection(51, 6), ECHO),
	    HUB_DONE);
	world.address = 0xffffc0000301;	/* 192.0.3.1 */
	assert_int_equal(ask_attach(&world, 1, 3, connection(52, 7), ECHO),
	    HUB_DONE);
	/* Who counts as nobody is in no network. */
	assert_string_equal(ask("{\"command\":\"ban\",\"name\":"
	    "\"::/8\"}"), "{\"bans\":[{\"address\":\"::/8\"}],"
	    "\"connections\":0,\"ok\":true}");
	assert_string_equal(ask("{\"command\":\"ban\",\"name\":"
	    "\"192.0.2.1/24\"}"), "{\"bans\":[{\"address\":"
	    "\"192.0.2.0/24\"}],\"connections\":2,\"ok\":true}");
	assert_string_equal(kicked, "::/8 192.0.2.0/24 0:0! 1:6! ");
	world.address = 0xffffc0000280;
	assert_int_equal(ask_join(&world, 0, 3, connection(53, 5), CHAT, ""),
	    HUB_BANNED);
	world.address = 0;
	assert_int_equal(ask_join(&world, 0, 4, connection(54, 8), CHAT, ""),
	    HUB_DONE);
}

static void
what_holds_an_address_still_is_named(void **state)
{
	(void)state;
	ask("{\"command\":\"ban\",\"name\":\"10.0.0.0/8\"}");
	ask("{\"command\":\"ban\",\"name\":\"10.1.0.0/16\"}");
	ask("{\"command\":\"ban\",\"name\":\"10.1.2.3\"}");
	assert_string_equal(ask("{\"command\":\"unban\",\"name\":"
	    "\"10.1.2.3\"}"), "{\"bans\":[{\"address\":\"10.0.0.0/8\"},"
	    "{\"address\":\"10.1.0.0/16\"}],\"ok\":true}");
	assert_string_equal(ask("{\"command\":\"unban\",\"name\":"
	    "\"10.1.2.3\"}"), "{\"bans\":[{\"address\":\"10.0.0.0/8\"},"
	    "{\"address\":\"10.1.0.0/16\"}],\"error\":\"in-network\","
	    "\"ok\":false,\"text\":\"It is 10.0.0.0/8, 10.1.0.0/16 that is "
	    "banned, not this by itself.\"}");
	ask("{\"command\":\"mute\",\"name\":\"2001:db8::/32\"}");
	assert_non_null(strstr(ask("{\"command\":\"unmute\",\"name\":"
	    "\"2001:db8:7::/48\"}"), "It is 2001:db8::/32 that is muted"));
	/* What lies inside is another matter. */
	assert_non_null(strstr(ask("{\"command\":\"unban\",\"name\":"
	    "\"8.0.0.0/5\"}"), "not-banned"));
	assert_string_equal(ask("{\"command\":\"unban\",\"name\":"
	    "\"10.0.0.0/8\"}"), "{\"ok\":true}");
	assert_string_equal(ask("{\"command\":\"bans\"}"),
	    "{\"bans\":[{\"address\":\"10.1.0.0/16\"}],\"ok\":true}");
}

/* The types of the events there are, with their texts. */
static const char *
follow(struct tail *t)
{
	static char text[4096];
	json_t *event;
	const char *what;
	bool more;

	text[0] = '\0';
	do {
		while ((event = tail_next(world.hub, t, &more)) != NULL) {
			size_t len = strlen(text);

			what = json_string_value(json_object_get(event,
			    "text"));
			snprintf(text + len, sizeof(text) - len, "%s %s, ",
			    json_string_value(json_object_get(event,
			    "type")), what != NULL ? what :
			    json_string_value(json_object_get(event,
			    "name")));
			json_decref(event);
		}
	} while (more);
	return text;
}

static void
a_room_is_followed(void **state)
{
	struct tail t;
	struct order order;
	json_t *answer;

	(void)state;
	let_three_in();
	ask_say(&world, 0, 3, connection(7, 0), CHAT, "one");
	ask_say(&world, 0, 4, connection(7, 0), CHAT, "two");
	world_commit(&world);
	parse("{\"command\":\"tail\",\"room\":\"/chat\",\"lines\":1}",
	    &order);
	answer = tail_begin(world.hub, &order, &t);
	assert_true(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
	order_clear(&order);
	assert_string_equal(follow(&t), "message two, ");
	ask_say(&world, 0, 5, connection(9, 1), CHAT, "elsewhere");
	ask_say(&world, 1, 2, connection(8, 3), CHAT, "three");
	/* Nothing that does not count yet. */
	assert_string_equal(follow(&t), "");
	world_commit(&world);
	assert_string_equal(follow(&t), "message three, ");
	ask_leave(&world, 1, 3, connection(8, 3), CHAT);
	ask_join(&world, 1, 4, connection(40, 3), CHAT, "");
	world_commit(&world);
	assert_string_equal(follow(&t), "leave user1, join user3, ");
}

/* A room goes with its last member, and comes back as another. */
static void
a_room_that_is_gone_for_a_while_is_followed_still(void **state)
{
	struct tail t;
	struct order order;

	(void)state;
	parse("{\"command\":\"tail\",\"room\":\"/chat/x\"}", &order);
	json_decref(tail_begin(world.hub, &order, &t));
	order_clear(&order);
	for (unsigned i = 0; i < 2; i++) {
		ask_join(&world, 0, 2 * i + 1, connection(i + 1, 0), CHAT,
		    "x");
		ask_leave(&world, 0, 2 * i + 2, connection(i + 1, 0), CHAT);
	}
	world_commit(&world);
	assert_string_equal(follow(&t), "join user0, leave user0, "
	    "join user1, leave user1, ");
}

/* Direction and type of the events there are. */
static const char *
trace_all(struct trace *t)
{
	static char text[4096];
	json_t *event;
	bool more;

	text[0] = '\0';
	do {
		while (t->is_on &&
		    (event = trace_next(world.hub, t, &more)) != NULL) {
			size_t len = strlen(text);

			snprintf(text + len, sizeof(text) - len, "%s %s, ",
			    json_string_value(json_object_get(event,
			    "direction")),
			    json_string_value(json_object_get(event,
			    "type")));
			json_decref(event);
		}
	} while (t->is_on && more);
	return text;
}

/* Also when the log is overwritten before his events are read. */
static void
a_user_is_followed(void **state)
{
	struct order order;
	struct trace t;
	unsigned n = 3;

	(void)state;
	let_three_in();
	parse("{\"command\":\"trace\",\"name\":\"user0\","
	    "\"route\":\"/chat\"}", &order);
	json_decref(trace_begin(world.hub, &order, &t));
	order_clear(&order);
	assert_true(t.is_on);
	ask_say(&world, 0, n++, connection(7, 0), CHAT, "his");
	ask_say(&world, 1, 2, connection(8, 3), CHAT, "not his");
	world_commit(&world);
	assert_string_equal(trace_all(&t), "from message, to message, ");
	ask_nick(&world, 0, n++, connection(7, 0), CHAT, "Anna");
	while (log_first(world.log) <= t.cursor.position) {
		ask_say(&world, 0, n++, connection(7, 0), CHAT, "much");
		world_commit(&world);
	}
	assert_memory_equal(trace_all(&t), "to lost, from message, ", 23);
	assert_int_equal(t.name_len, 4);
	assert_memory_equal(t.name, "Anna", 4);
	/* A whisper that there was no place for. */
	t.has_lost = true;
	assert_string_equal(trace_all(&t), "to lost, ");
	ask_leave(&world, 0, n, connection(7, 0), CHAT);
	world_commit(&world);
	assert_string_equal(trace_all(&t), "from leave, ");
	assert_false(t.is_on);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_where_is_told),
		TEST(rooms_that_cannot_be_are_refused),
		TEST(a_connection_of_an_echo_route_has_no_name),
		TEST(a_long_list_comes_in_pieces),
		TEST(the_server_speaks_as_itself),
		TEST(a_default_room_is_always_there),
		TEST(a_name_is_kicked_on_the_route_that_is_meant),
		TEST(who_is_away_leaves_when_kicked),
		TEST(an_address_is_kept_out),
		TEST(a_network_is_kept_out),
		TEST(what_holds_an_address_still_is_named),
		TEST(a_room_is_followed),
		TEST(a_room_that_is_gone_for_a_while_is_followed_still),
		TEST(a_user_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
