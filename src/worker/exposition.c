/*
 * exposition - see exposition.h.
 *
 * The form is Prometheus' text format 0.0.4: for each metric its help and
 * type, then a line for each set of labels.  A reason that has not occurred
 * has its line, too, so that its first time is a step from 0.
 */
#include "config.h"

#include "worker/exposition.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/metrics.h"
#include "ws/close_codes.h"
#include "ws/refusals.h"

#define LINE_SIZE	512
#define LABELS_SIZE	128

_Static_assert(REFUSALS_COUNT <= METRICS_RESULTS, "results");
_Static_assert(CLOSE_REASONS_COUNT <= METRICS_REASONS, "reasons");

static bool __attribute__((format(printf, 2, 3)))
append(struct buf *out, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return len >= 0 && (size_t)len < sizeof(line) &&
	    buf_append(out, line, (size_t)len);
}

/* A whole number, or with the places that the unit has. */
static bool
append_value(struct buf *out, uint64_t value, uint64_t unit)
{
	if (unit == 1)
		return append(out, " %" PRIu64 "\n", value);
	return append(out, " %" PRIu64 ".%06" PRIu64 "\n", value / unit,
	    value % unit);
}

/* The labels of value n: empty when there are none.  False: no value n. */
static bool
find_labels(const struct metrics_row *row, unsigned n, char out[LABELS_SIZE])
{
	int len;

	out[0] = '\0';
	switch (row->label) {
	case METRICS_NONE:
	case METRICS_BUCKET:
		break;
	case METRICS_ROLE:
		/* The parent is not ours to start again. */
		if (row->at == METRIC_RESTARTS && n == METRICS_AT_PARENT)
			return false;
		snprintf(out, LABELS_SIZE, "%s=\"%s\"", row->at ==
		    METRIC_QUEUE ? "to" : "role", metrics_role_word(n));
		break;
	case METRICS_LIMIT:
		snprintf(out, LABELS_SIZE, "limit=\"%s\"",
		    metrics_limit_word(n));
		break;
	case METRICS_RESULT:
		if (n >= REFUSALS_COUNT)
			return false;
		snprintf(out, LABELS_SIZE, "result=\"%s\"", n ==
		    REFUSAL_NONE ? "accepted" : refusal_word(n));
		break;
	case METRICS_REASON:
		if (n >= CLOSE_REASONS_COUNT)
			return false;
		len = snprintf(out, LABELS_SIZE, "reason=\"%s\"",
		    close_name(n));
		if (close_code(n) != 0)
			snprintf(out + len, LABELS_SIZE - (size_t)len,
			    ",code=\"%u\"", close_code(n));
		break;
	case METRICS_CODE:
		snprintf(out, LABELS_SIZE, "code=\"%s\"",
		    metrics_code_word(n));
		break;
	}
	return true;
}

static bool
append_line(struct buf *out, const struct metrics_row *row,
    const char *labels, uint64_t value)
{
	return append(out, "wschatd_%s%s%s%s", row->name,
	    *labels == '\0' ? "" : "{", labels, *labels == '\0' ? "" : "}") &&
	    append_value(out, value, row->unit);
}

static bool
append_sums(struct buf *out, const struct metrics_row *row)
{
	char labels[LABELS_SIZE];

	for (unsigned n = 0; n < row->values; n++)
		if (find_labels(row, n, labels) &&
		    !append_line(out, row, labels, metrics_sum(row->at + n)))
			return false;
	return true;
}

/* Nobody queues for himself. */
static bool
is_idle_queue(const struct metrics_row *row, unsigned place, unsigned n)
{
	return row->at == METRIC_QUEUE && n == (place < METRICS_AT_WORKER ?
	    place : METRICS_AT_WORKER);
}

static bool
append_place(struct buf *out, const struct metrics_row *row, unsigned place)
{
	char labels[LABELS_SIZE], name[METRICS_NAME];
	char all[LABELS_SIZE + METRICS_NAME + 16];

	(void)metrics_place_name(place, name);
	for (unsigned n = 0; n < row->values; n++) {
		if (is_idle_queue(row, place, n) ||
		    !find_labels(row, n, labels))
			continue;
		snprintf(all, sizeof(all), "process=\"%s\"%s%s", name,
		    *labels == '\0' ? "" : ",", labels);
		if (!append_line(out, row, all,
		    metrics_read(place, row->at + n)))
			return false;
	}
	return true;
}

static unsigned
role_of(unsigned place)
{
	static const unsigned roles[] = {
		METRICS_OF_PARENT, METRICS_OF_BROKER
	};

	return place < METRICS_AT_WORKER ? roles[place] : METRICS_OF_WORKER;
}

/* Of who is not there now counters stay, for they must not vanish; of a place
 * where nobody ever was there is nothing to tell. */
static bool
append_places(struct buf *out, const struct metrics_row *row)
{
	for (unsigned i = 0; i < metrics_places(); i++)
		if ((row->of & role_of(i)) != 0 &&
		    (metrics_is_alive(i) || (row->type == METRICS_COUNTER &&
		    metrics_read(i, row->at) > 0)) &&
		    !append_place(out, row, i))
			return false;
	return true;
}

/* Buckets are told with all below them. */
static bool
append_histogram(struct buf *out, const struct metrics_row *row)
{
	uint64_t count = 0, us;

	for (unsigned n = 0; n < METRICS_BUCKETS; n++) {
		count += metrics_sum(row->at + n);
		us = metrics_bucket_us(n);
		if (!append(out, "wschatd_%s_bucket{le=\"", row->name) ||
		    !(us == UINT64_MAX ? append(out, "+Inf") :
		    append(out, "%g", (double)us / (double)row->unit)) ||
		    !append(out, "\"} %" PRIu64 "\n", count))
			return false;
	}
	return append(out, "wschatd_%s_sum", row->name) &&
	    append_value(out, metrics_sum(row->at + METRICS_BUCKETS),
	    row->unit) &&
	    append(out, "wschatd_%s_count %" PRIu64 "\n", row->name, count);
}

static bool
append_metric(struct buf *out, const struct metrics_row *row)
{
	static const char *const types[] = {
		[METRICS_COUNTER] = "counter", [METRICS_GAUGE] = "gauge",
		[METRICS_HISTOGRAM] = "histogram"
	};

	if (!append(out, "# HELP wschatd_%s %s\n# TYPE wschatd_%s %s\n",
	    row->name, row->help, row->name, types[row->type]))
		return false;
	if (row->type == METRICS_HISTOGRAM)
		return append_histogram(out, row);
	return row->by_process ? append_places(out, row) :
	    append_sums(out, row);
}

bool
exposition_write(struct buf *out)
{
	if (!append(out, "# HELP wschatd_build_info What runs here.\n"
	    "# TYPE wschatd_build_info gauge\n"
	    "wschatd_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION))
		return false;
	for (unsigned i = 0; i < metrics_rows; i++)
		if (*metrics_table[i].name != '\0' &&
		    !append_metric(out, &metrics_table[i]))
			return false;
	return true;
}
