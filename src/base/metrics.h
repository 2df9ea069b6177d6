/*
 * metrics - what each process counts, on a page that others may read.
 *
 * The parent makes one memory file with a page for each place: its own, the
 * broker's, each worker's.  A process writes its own page, with plain stores,
 * and nobody tells anybody: who wants to know reads the pages, when he is
 * asked.  A process that takes the place of a dead one goes on counting where
 * that stopped, so that no counter ever goes back.
 *
 * Like the logger, this is the one thing of a process that need not be handed
 * down to be used.  Before metrics_own, and in tests, counts go to a page that
 * nobody reads.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics_table.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* Who has a metric; a mask. */
enum metrics_process {
	METRICS_OF_PARENT = 1,
	METRICS_OF_BROKER = 2,
	METRICS_OF_WORKER = 4,
	METRICS_OF_ANY = 7
};

enum metrics_label {
	METRICS_NONE,
	METRICS_ROLE,		/* METRICS_AT_PARENT ... */
	METRICS_LIMIT,		/* enum metrics_limit */
	METRICS_RESULT,		/* enum refusal */
	METRICS_REASON,		/* enum close_reason */
	METRICS_CODE,		/* metrics_code */
	METRICS_BUCKET
};

/* Places; workers' are from METRICS_AT_WORKER on, by their index. */
enum { METRICS_AT_PARENT, METRICS_AT_BROKER, METRICS_AT_WORKER };

/* A metric's first value on the page; of a label's value n it is n further. */
enum metrics_value {
#define METRIC(id, name, type, unit, of, each, label, values, help) \
	METRIC_##id, METRIC_##id##_LAST = METRIC_##id + (values) - 1,
	METRICS(METRIC)
#undef METRIC
	METRICS_VALUES
};

struct metrics_row {
	enum metrics_value at;
	const char *name;		/* "": for wschatctl alone */
	enum metrics_type type;
	uint64_t unit;
	unsigned of;			/* enum metrics_process */
	bool by_process;
	enum metrics_label label;
	unsigned values;
	const char *help;
};

extern const struct metrics_row metrics_table[];
extern const unsigned metrics_rows;

/* --- counting ---------------------------------------------------------- */

/* `value` is METRIC_X, or METRIC_X + what its label is.  A gauge may be
 * lowered by adding -1. */
void metrics_add(unsigned value, uint64_t n);
void metrics_set(unsigned value, uint64_t n);
/* A delivery of so many microseconds. */
void metrics_add_delivery(uint64_t us);
/* What a client closed with. */
void metrics_add_peer_code(unsigned code);
/* The places of METRIC_QUEUE are those of roles, workers together. */
static inline unsigned
metrics_queue_to(unsigned place)
{
	return METRIC_QUEUE + place;
}

/* --- the pages --------------------------------------------------------- */

/* The parent's: makes the file, and takes the parent's own page.  Returns a
 * descriptor, owned by the caller, or -1 with errno. */
int metrics_create(unsigned workers) __attribute__((warn_unused_result));
/* The parent's: so many places are in use, or were. */
void metrics_use(unsigned places);
/* The parent's: the process of that place has been reaped; what it is at the
 * moment (its gauges) is over, what it has counted stays. */
void metrics_forget(unsigned place);
/* A child's, before it gives up its rights: maps all pages to read.  The
 * descriptor stays the caller's.  False, with errno: it cannot. */
bool metrics_open(int fd) __attribute__((warn_unused_result));
/* A child's, when it knows its place: counts there from now on, with what it
 * has counted so far.  Closes the descriptor.  False: no memory. */
bool metrics_own(int fd, unsigned place) __attribute__((warn_unused_result));

/* --- reading ----------------------------------------------------------- */

unsigned metrics_places(void);		/* in use; 0: none are mapped */
/* Whether a process has the place now. */
bool metrics_is_alive(unsigned place);
uint64_t metrics_read(unsigned place, unsigned value);
uint64_t metrics_sum(unsigned value);	/* of all places */
/* "parent", "broker", "worker[2]"; returns `out`. */
#define METRICS_NAME	24
const char *metrics_place_name(unsigned place, char out[METRICS_NAME]);
/* The upper bound of a bucket in microseconds; UINT64_MAX: there is none. */
uint64_t metrics_bucket_us(unsigned bucket);
const char *metrics_limit_word(unsigned limit);
const char *metrics_role_word(unsigned place);
/* "1000", "1001", "1005", "other". */
const char *metrics_code_word(unsigned n);

#endif
