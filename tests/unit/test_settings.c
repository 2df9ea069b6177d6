/* settings: the table, sizes, and the way from a path to route and room. */
#include "config.h"

#include "base/settings.h"
#include "base/settings_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
sizes_are_read(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t bytes;
	} cases[] = {
		{ "0", true, 0 }, { "1", true, 1 }, { "64K", true, 65536 },
		{ "64k", true, 65536 }, { "1M", true, 1048576 },
		{ "2G", true, UINT64_C(2) << 30 },
		{ "9223372036854775808", true, UINT64_C(1) << 63 },
		{ "9223372036854775809", false, 0 },
		{ "8589934592G", true, UINT64_C(1) << 63 },
		{ "8589934593G", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 }, { "K", false, 0 }, { "-1", false, 0 },
		{ "1KB", false, 0 }, { "1.5M", false, 0 }, { " 1", false, 0 },
		{ "1 ", false, 0 }, { "1T", false, 0 }, { "0x10", false, 0 },
	};
	uint64_t bytes;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bytes = 0;
		assert_int_equal(settings_parse_size(cases[i].text, &bytes),
		    cases[i].good);
		assert_true(bytes == cases[i].bytes);
	}
}

static void
sizes_are_written_as_they_are_read(void **state)
{
	static const char *const texts[] = {
		"0", "1", "1000", "1K", "65537", "64K", "1M", "3M", "64G"
	};
	uint64_t bytes;
	char out[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(settings_parse_size(texts[i], &bytes));
		assert_string_equal(settings_format_size(bytes, out,
		    sizeof(out)), texts[i]);
	}
}

static void
lists_are_walked(void **state)
{
	static const char list[8] = "ab\0c\0";

	(void)state;
	assert_string_equal(settings_list_next(list), "c");
	assert_string_equal(settings_list_next(settings_list_next(list)), "");
}

static void
rooms_have_a_form(void **state)
{
	static const char long_name[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	(void)state;
	assert_true(settings_room_is_valid("a", 1));
	assert_true(settings_room_is_valid("A-_.9", 5));
	assert_true(settings_room_is_valid(".a", 2));
	assert_true(settings_room_is_valid(long_name, 64));
	assert_false(settings_room_is_valid(long_name, 65));
	assert_false(settings_room_is_valid("", 0));
	assert_false(settings_room_is_valid(".", 1));
	assert_false(settings_room_is_valid("...", 3));
	assert_false(settings_room_is_valid("a b", 3));
	assert_false(settings_room_is_valid("a/b", 3));
	assert_false(settings_room_is_valid("a%41", 4));
	assert_false(settings_room_is_valid("\xc3\xa4", 2));
	assert_false(settings_room_is_valid("a\0b", 3));
}

static void
paths_lead_to_routes(void **state)
{
	static struct settings settings = {
		.route_count = 4,
		.routes = {
			{ .path = "/chat", .kind = SETTINGS_CHAT },
			{ .path = "/chat/vip", .kind = SETTINGS_CHAT },
			{ .path = "/echo", .kind = SETTINGS_ECHO },
			{ .path = "/cha", .kind = SETTINGS_CHAT },
		}
	};
	static const struct {
		const char *path;
		int route;
		const char *room;
	} cases[] = {
		{ "/chat", 0, "" }, { "/chat/lab", 0, "lab" },
		{ "/chat/vip", 1, "" }, { "/chat/vip/x", 1, "x" },
		{ "/chat/vipx", 0, "vipx" }, { "/echo", 2, "" },
		{ "/cha", 3, "" }, { "/cha/t", 3, "t" },
		{ "/chat/", -1, "" }, { "/chat/..", -1, "" },
		{ "/chat/a/b", -1, "" }, { "/echo/a", -1, "" },
		{ "/chatx", -1, "" }, { "/", -1, "" }, { "", -1, "" },
		{ "chat", -1, "" }, { "/CHAT", -1, "" },
	};
	const struct settings_route *route;
	const char *room;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		route = settings_find_route(&settings, cases[i].path,
		    strlen(cases[i].path), &room, &len);
		assert_ptr_equal(route, cases[i].route < 0 ? NULL :
		    &settings.routes[cases[i].route]);
		assert_int_equal(len, strlen(cases[i].room));
		assert_memory_equal(room, cases[i].room, len);
	}
}

static void
every_row_is_in_order(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		assert_true(row->min <= row->max);
		assert_true(strlen(row->help) > 0);
		assert_int_equal(row->words != NULL, row->type == TYPE_WORD);
		assert_true(!row->in_route ||
		    row->section == SECTION_LIMITS);
		if (row->type == TYPE_BOOL)
			assert_int_equal(row->size, sizeof(bool));
		else if (row->type == TYPE_TEXT)
			assert_true(row->max < row->size);
		else if (row->type == TYPE_LIST)
			assert_true(row->size == SETTINGS_LIST &&
			    row->max <= SETTINGS_LIST - 2);
		else
			assert_true(row->size == 8 || (row->size == 4 &&
			    row->max <= UINT32_MAX));
		for (j = 0; j < i; j++)
			assert_string_not_equal(row->name,
			    settings_table[j].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(sizes_are_written_as_they_are_read),
		cmocka_unit_test(lists_are_walked),
		cmocka_unit_test(rooms_have_a_form),
		cmocka_unit_test(paths_lead_to_routes),
		cmocka_unit_test(every_row_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
