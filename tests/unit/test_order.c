/*
 * test_order - lines of JSON and what they order.
 */
#include "config.h"

#include "broker/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is wrong with a line; "" nothing. */
static const char *
wrong_with(const char *line)
{
	struct order order;
	const char *why = order_parse(line, strlen(line), &order);

	if (why != NULL)
		return why;
	order_clear(&order);
	return "";
}

static void
lines_are_judged(void **state)
{
	static const struct {
		const char *line, *why;
	} table[] = {
		{ "{\"command\":\"status\"}", "" },
		{ " { \"command\" : \"rooms\", \"from\" : 7 }\r", "" },
		{ "{\"command\":\"who\",\"room\":\"/chat\"}", "" },
		{ "{\"command\":\"kick\",\"name\":\"a\",\"route\":\"/ws\"}",
		    "" },
		{ "", "bad-request" },
		{ "status", "bad-request" },
		{ "[]", "bad-request" },
		{ "7", "bad-request" },
		{ "{}", "bad-request" },
		{ "{\"command\":7}", "bad-request" },
		{ "{\"command\":\"status\"", "bad-request" },
		{ "{\"command\":\"status\"} x", "bad-request" },
		{ "{\"command\":\"status\",\"command\":\"who\"}",
		    "bad-request" },
		{ "{\"command\":\"say\",\"room\":\"/\\u0000\","
		    "\"text\":\"\"}", "bad-request" },
		{ "{\"command\":\"say\",\"room\":\"\xff\"}", "bad-request" },
		{ "{\"command\":\"stat\"}", "unknown-command" },
		{ "{\"command\":\"status\",\"room\":\"/chat\"}",
		    "unknown-member" },
		{ "{\"command\":\"kick\",\"name\":\"a\",\"hard\":true}",
		    "unknown-member" },
		{ "{\"command\":\"say\",\"room\":\"/chat\"}",
		    "missing-member" },
		{ "{\"command\":\"kick\"}", "missing-member" },
		{ "{\"command\":\"kick\",\"name\":7}", "bad-member" },
		{ "{\"command\":\"who\",\"from\":-1}", "bad-member" },
		{ "{\"command\":\"who\",\"from\":\"1\"}", "bad-member" },
		{ "{\"command\":\"who\",\"from\":1.5}", "bad-member" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(wrong_with(table[i].line), table[i].why) != 0)
			fail_msg("%s: %s", table[i].line,
			    wrong_with(table[i].line));
}

static void
an_order_lends_its_texts(void **state)
{
	static const char line[] = "{\"command\":\"say\",\"room\":\"/chat\","
	    "\"text\":\"\\u00e4\\n\"}";
	struct order order;

	(void)state;
	assert_null(order_parse(line, sizeof(line) - 1, &order));
	assert_int_equal(order.kind, ORDER_SAY);
	assert_string_equal(order_name(order.kind), "say");
	assert_string_equal(order.room, "/chat");
	assert_string_equal(order.text, "\xc3\xa4\n");
	assert_null(order.name);
	order_clear(&order);
}

static void
a_line_is_bounded(void **state)
{
	char *line = malloc(ORDER_LINE + 2);
	struct order order;

	(void)state;
	assert_non_null(line);
	memset(line, ' ', ORDER_LINE + 1);
	memcpy(line, "{\"command\":\"status\"}", 20);
	assert_null(order_parse(line, ORDER_LINE, &order));
	order_clear(&order);
	assert_string_equal(order_parse(line, ORDER_LINE + 1, &order),
	    "too-long");
	memset(line, '[', ORDER_LINE);
	assert_string_equal(order_parse(line, ORDER_LINE, &order),
	    "bad-request");
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_judged),
		cmocka_unit_test(an_order_lends_its_texts),
		cmocka_unit_test(a_line_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
