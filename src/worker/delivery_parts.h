/*
 * delivery_parts - what the files of the delivery share: the delivery itself.
 *
 * In the worker; private to delivery.c, entry.c, catchup.c and backfill.c.
 */
#ifndef WORKER_DELIVERY_PARTS_H
#define WORKER_DELIVERY_PARTS_H

#include "base/buf.h"
#include "log/cursor.h"
#include "worker/audience.h"
#include "worker/batch.h"
#include "worker/delivery.h"

struct delivery {
	const struct log *log;
	uint64_t position;		/* everything before is delivered */
	struct audience_table *audiences;
	struct batch *batches;		/* of this turn */
	struct batch *spare;
	struct batch *catchup;		/* scratch, also of backfill.c */
	struct remnant *remnant;	/* the last frame that somebody has in
					 * part */
	struct buf line;		/* scratch */
	struct compress *compress;
	struct audience *untold;	/* presence.c's list */
	size_t rendered;		/* bytes in this turn */
	bool is_short;			/* memory ran out in this turn, which is
					 * told once */
	uint32_t audience;		/* the largest told in this turn */
	/* For the metrics. */
	uint64_t missed;		/* frames of this turn that somebody
					 * was not sent with the others */
	uint64_t heard;			/* own request, the last whose record
					 * was passed */
};

/* The turn's batch of an audience, made when there is none.  NULL: no
 * memory. */
struct batch *delivery_batch(struct delivery *, struct audience *)
    __attribute__((warn_unused_result));
/* Appends what the room is shown of a record, in every form that `in_form`
 * counts somebody for; one that was KEPT is shown as a message.  False: no
 * memory, the batch is spoilt (batch_cut). */
bool delivery_append(struct delivery *, struct batch *,
    const uint32_t in_form[FORMS], const struct settings_route *,
    const struct cursor_view *) __attribute__((warn_unused_result));

#endif
