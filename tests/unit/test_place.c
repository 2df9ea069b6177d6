/*
 * test_place - where the cursor is, in lines that wrap.
 */
#include "config.h"

#include "client/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <locale.h>
#include <string.h>

#include <cmocka.h>

#define WIDE	"\xe6\x97\xa5"		/* two columns */

static void
the_row_is_that_of_libedit(void **state)
{
	static const struct {
		const char *before, *behind;
		unsigned wide, row;
	} cases[] = {
		{ "", "", 20, 0 },
		{ "", "behind the cursor there may be much", 20, 0 },
		{ "12345678901234567", "", 20, 0 },
		/* A row that is full: the cursor is on the next one. */
		{ "123456789012345678", "", 20, 1 },
		{ "12345678901234567890123456789012345678", "", 20, 2 },
		/* A letter of two columns that does not fit. */
		{ "12345678901234567", "x", 20, 0 },
		{ "12345678901234567", WIDE, 20, 1 },
		{ "12345678901234567" WIDE, "", 20, 1 },
		{ "1234567890123456" WIDE, "", 20, 1 },
		{ "1234567890123456", WIDE, 20, 0 },
		/* One column that stays empty moves all that follows. */
		{ "12345678901234567" WIDE "123456789012345678", "", 20, 2 },
		{ "12345678901234567" WIDE "12345678901234567", "", 20, 1 },
		/* Combined with the letter before; controls take two. */
		{ "1234567890123456a\xcc\x88", "", 20, 0 },
		{ "1234567890123456\001", "", 20, 1 },
		{ "123456789012345\001", "", 20, 0 },
		{ "\t\t", "", 20, 0 },
		{ "\t\t\t", "", 20, 1 },
		/* Not UTF-8: as far as it is. */
		{ "12345\xff" "12345678901234567890", "", 20, 0 },
		/* A terminal that is hardly there. */
		{ "", "", 1, 2 },
		{ "ab", "", 2, 2 },
	};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(line, cases[i].before);
		strcat(line, cases[i].behind);
		assert_int_equal(place_row(2, line, strlen(line),
		    strlen(cases[i].before), cases[i].wide), cases[i].row);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_row_is_that_of_libedit),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
