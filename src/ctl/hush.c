/*
 * hush - see hush.h.
 */
#include "config.h"

#include "ctl/hush.h"

#include <sysexits.h>

#include "ctl/errand.h"
#include "ctl/show.h"
#include "ctl/span.h"

static json_t *
order_new(const struct errand *e, const char *command)
{
	return json_pack("{s:s, s:s, s:s*}", "command", command, "name",
	    e->words[0], "route", e->route);
}

int
hush_mute(const struct errand *e)
{
	json_int_t seconds = e->count < 2 ? 0 : span_read(e->words[1]);
	json_t *what;

	if (seconds < 0)
		return EX_USAGE;
	what = order_new(e, "mute");
	(void)json_object_set_new(what, "seconds", json_integer(seconds));
	return errand_ask(e, what, show_said);
}

int
hush_unmute(const struct errand *e)
{
	return errand_ask(e, order_new(e, "unmute"), show_lifted);
}

int
hush_list(const struct errand *e)
{
	return errand_ask(e, json_pack("{s:s}", "command", "mutes"),
	    show_mutes);
}
