/*
 * amount - see amount.h.
 */
#include "config.h"

#include "ctl/amount.h"

#include <stdio.h>

const char *
amount_bytes(double bytes, char out[AMOUNT_TEXT])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	unsigned i = 0;

	while (bytes >= 1000 && i + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1000;
		i++;
	}
	snprintf(out, AMOUNT_TEXT, i == 0 || bytes >= 100 ? "%.0f %s" :
	    "%.1f %s", bytes, units[i]);
	return out;
}

/* The two units that matter. */
const char *
amount_time(long long s, char out[AMOUNT_TEXT])
{
	if (s >= 86400)
		snprintf(out, AMOUNT_TEXT, "%lldd %lldh", s / 86400,
		    s / 3600 % 24);
	else if (s >= 3600)
		snprintf(out, AMOUNT_TEXT, "%lldh %lldm", s / 3600,
		    s / 60 % 60);
	else if (s >= 60)
		snprintf(out, AMOUNT_TEXT, "%lldm %llds", s / 60, s % 60);
	else
		snprintf(out, AMOUNT_TEXT, "%llds", s);
	return out;
}
