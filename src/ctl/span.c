/*
 * span - see span.h.
 */
#include "config.h"

#include "ctl/span.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_MAX	1000000000	/* of a unit */

static json_int_t
read_units(const char *text)
{
	static const struct {
		char unit;
		json_int_t seconds;
	} units[] = {
		{ '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 86400 }
	};
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || n < 0 || n > TIME_MAX ||
	    (*end != '\0' && end[1] != '\0'))
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == *end)
			return n * units[i].seconds;
	return -1;
}

json_int_t
span_read(const char *text)
{
	json_int_t seconds = read_units(text);

	if (seconds < 0)
		fprintf(stderr, "wschatctl: %s: not a time such as 30s, 10m, "
		    "2h or 7d\n", text);
	return seconds;
}
