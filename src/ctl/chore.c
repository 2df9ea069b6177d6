/*
 * chore - see chore.h.
 */
#include "config.h"

#include "ctl/chore.h"

#include <stdio.h>
#include <sysexits.h>

#include "ctl/errand.h"
#include "ctl/show.h"
#include "ctl/span.h"

int
chore_drain(const struct errand *e)
{
	json_t *what = json_pack("{s:s}", "command", "drain");
	json_int_t seconds;

	if (e->count > 0) {
		seconds = span_read(e->words[0]);
		if (seconds < 0) {
			json_decref(what);
			return EX_USAGE;
		}
		(void)json_object_set_new(what, "seconds",
		    json_integer(seconds));
	}
	return errand_ask(e, what, show_said);
}

int
chore_reload(const struct errand *e)
{
	return errand_ask(e, json_pack("{s:s}", "command", "reload"),
	    show_reloaded);
}

int
chore_log_level(const struct errand *e)
{
	return errand_ask(e, json_pack("{s:s, s:s}", "command", "log-level",
	    "level", e->words[0]), show_said);
}
