/*
 * test_table - columns as wide as what is in them.
 */
#include "config.h"

#include "ctl/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
columns_are_aligned_by_characters(void **state)
{
	static const char *const cells[] = {
		"ROOM", "NAME", "N", "/chat/lab", "J\xc3\xb6rg", "1",
		"/ws", "", "22"
	};
	struct table *table = table_new(3);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(table);
	assert_non_null(out);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		table_add(table, cells[i]);
	assert_true(table_print(table, out));
	fclose(out);
	assert_string_equal(text, "ROOM       NAME  N\n"
	    "/chat/lab  J\xc3\xb6rg  1\n"
	    "/ws              22\n");
	free(text);
	table_free(table);
}

static void
nothing_drives_the_terminal(void **state)
{
	struct table *table = table_new(1);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(table);
	assert_non_null(out);
	table_add(table, "a\x1b[2J\nb");
	assert_true(table_print(table, out));
	fclose(out);
	assert_string_equal(text, "a\xe2\x90\x9b[2J\xe2\x90\xa4" "b\n");
	free(text);
	table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_by_characters),
		cmocka_unit_test(nothing_drives_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
