/*
 * repeats - see repeats.h.
 */
#include "config.h"

#include "broker/repeats.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "log/cursor.h"

/* Of the generation whose receipt stands at the index; ascending. */
struct repeats_row {
	uint64_t generation, receipt;
	uint64_t *numbers;
	size_t count, next;
};

struct repeats {
	unsigned workers;	/* up to the last row that was ever used */
	struct repeats_row *sorted[LOG_RECEIPTS]; /* by generation */
	struct repeats_row rows[];
};

static bool
row_add(struct repeats_row *row, uint64_t number)
{
	uint64_t *numbers;

	if ((row->count & (row->count - 1)) == 0) {
		numbers = realloc(row->numbers, sizeof(*numbers) *
		    (row->count == 0 ? 1 : row->count * 2));
		if (numbers == NULL)
			return false;
		row->numbers = numbers;
	}
	row->numbers[row->count++] = number;
	return true;
}

static int
generation_compare(const void *a, const void *b)
{
	uint64_t x = (*(struct repeats_row *const *)a)->generation;
	uint64_t y = (*(struct repeats_row *const *)b)->generation;

	return (x > y) - (x < y);
}

static struct repeats_row *
row_find(struct repeats *r, uint64_t generation)
{
	const struct repeats_row key = { .generation = generation };
	const struct repeats_row *wanted = &key;
	struct repeats_row **at = bsearch(&wanted, r->sorted, r->workers,
	    sizeof(r->sorted[0]), generation_compare);

	return at == NULL ? NULL : *at;
}

static bool
repeats_walk(struct repeats *r, const struct log *log)
{
	uint64_t end = log_committed(log), lost;
	struct repeats_row *row = NULL;
	struct cursor cursor;
	struct cursor_view v;

	cursor_seek(&cursor, log, log_first(log), &lost);
	while (cursor_next(&cursor, end, &v)) {
		if (v.record.generation == 0)	/* the broker's own */
			continue;
		/* The last one's, as a rule. */
		if (row == NULL || row->generation != v.record.generation)
			row = row_find(r, v.record.generation);
		if (row != NULL && v.record.request > row->receipt &&
		    !row_add(row, v.record.request))
			return false;
	}
	return true;
}

static int
number_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static unsigned
count_rows(const struct log *log)
{
	unsigned count = LOG_RECEIPTS;

	while (count > 0 &&
	    atomic_load(&log_receipt(log, count - 1)->generation) == 0)
		count--;
	return count;
}

struct repeats *
repeats_new(const struct log *log)
{
	unsigned workers = count_rows(log);
	struct repeats *r = calloc(1, sizeof(*r) +
	    workers * sizeof(r->rows[0]));

	if (r == NULL)
		return NULL;
	r->workers = workers;
	for (unsigned i = 0; i < workers; i++) {
		uint64_t generation =
		    atomic_load(&log_receipt(log, i)->generation);

		r->rows[i].generation = generation;
		r->rows[i].receipt = log_receipt_load(log, i, generation);
		r->sorted[i] = &r->rows[i];
	}
	qsort(r->sorted, workers, sizeof(r->sorted[0]), generation_compare);
	if (!repeats_walk(r, log)) {
		repeats_free(r);
		return NULL;
	}
	/* A KEPT copy stands out of its request's order. */
	for (unsigned i = 0; i < workers; i++)
		if (r->rows[i].count > 1)
			qsort(r->rows[i].numbers, r->rows[i].count,
			    sizeof(uint64_t), number_compare);
	return r;
}

void
repeats_free(struct repeats *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->workers; i++)
		free(r->rows[i].numbers);
	free(r);
}

bool
repeats_has(struct repeats *r, unsigned index, uint64_t generation,
    uint64_t number)
{
	struct repeats_row *row = &r->rows[index];

	if (index >= r->workers || row->generation != generation)
		return false;
	while (row->next < row->count && row->numbers[row->next] < number)
		row->next++;
	return row->next < row->count && row->numbers[row->next] == number;
}

bool
repeats_has_later(const struct repeats *r, unsigned index,
    uint64_t generation, uint64_t number)
{
	const struct repeats_row *row = &r->rows[index];

	return index < r->workers && row->generation == generation &&
	    row->count > 0 &&
	    row->numbers[row->count - 1] > number;
}
