/*
 * nearest - see nearest.h.
 */
#include "config.h"

#include "parent/nearest.h"

#include <stdbool.h>
#include <string.h>

#define BEGINNING	4	/* letters; of fewer it says nothing */

static unsigned
distance_of(const char *a, const char *b)
{
	enum { MAX = 40 };
	unsigned rows[3][MAX + 1], *before, *last, *next, best;
	size_t a_len = strnlen(a, MAX), b_len = strnlen(b, MAX), i, j;

	for (j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; i <= a_len; i++) {
		before = rows[(i + 1) % 3];
		last = rows[(i + 2) % 3];
		next = rows[i % 3];
		next[0] = (unsigned)i;
		for (j = 1; j <= b_len; j++) {
			best = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (next[j - 1] + 1 < best)
				best = next[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			next[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

/* Who writes "tls-cert" means tls-certificate, though tls-key is nearer. */
static bool
is_beginning(const char *word, const char *name)
{
	size_t len = strlen(word);

	return len >= BEGINNING && strlen(name) > len &&
	    strncmp(word, name, len) == 0;
}

void
nearest_offer(struct nearest *nearest, const char *name)
{
	unsigned distance = is_beginning(nearest->word, name) ? 1 :
	    distance_of(nearest->word, name);

	if (nearest->name != NULL && distance >= nearest->distance)
		return;
	nearest->name = name;
	nearest->distance = distance;
}
