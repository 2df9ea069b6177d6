/*
 * gather - see gather.h.
 */
#include "config.h"

#include "worker/gather.h"

#include "worker/broker_link.h"
#include "worker/delivery.h"
#include "worker/look.h"
#include "worker/worker.h"

#define LOOKS		2
#define PAUSE		15		/* turns, at most */

/* Looks are rarer the more often they were in vain: while nobody has anything
 * to say one costs as much as it ever brings. */
static void
note_look(struct worker *w, bool was_vain)
{
	if (!was_vain)
		w->look_pause = 0;
	else if (w->look_pause < PAUSE)
		w->look_pause = w->look_pause * 2 + 1;
	w->look_rest = w->look_pause;
}

void
gather(struct worker *w)
{
	int looks = 0;

	if (w->look_rest > 0) {
		w->look_rest--;
		return;
	}
	while (looks < LOOKS && !w->is_choked && delivery_is_due(w) &&
	    look(w) > 0) {
		broker_link_send_requests(w);
		looks++;
	}
	note_look(w, looks == 0);
}
