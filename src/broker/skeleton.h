/*
 * skeleton - what is left of a name when case and look do not count.
 *
 * A pure module of the broker over ICU's tables: NFKC_Casefold and the
 * confusables of UTS 39.  Texts are UTF-16, ICU's form.
 *
 *	in lower case:  settle(skeleton(NFKC_Casefold(x)))
 *	as written:     settle(skeleton(NFKC(x)))
 *	settle(x)     = skeleton(fold(x))
 *
 * A skeleton has capitals (0 becomes O), and what they fold to has one of its
 * own (m becomes rn), so it settles in a second round.
 */
#ifndef BROKER_SKELETON_H
#define BROKER_SKELETON_H

#include <stdbool.h>
#include <stdint.h>
#include <unicode/utypes.h>

/* UTF-16 units of a skeleton: for the longest name, with room to spare. */
#define SKELETON_MAX	1024

struct skeleton;

/* The skeletons of a name, that in lower case first. */
struct skeleton_pair {
	unsigned count;			/* 1: both are the same */
	int32_t len[2];
	UChar text[2][SKELETON_MAX];
};

/* NULL: no memory or no data; `*why_out` says what failed. */
struct skeleton *skeleton_open(const char **why_out)
    __attribute__((warn_unused_result));
void skeleton_close(struct skeleton *);

/* False: no memory, or a text that is longer than a name. */
bool skeleton_take(const struct skeleton *, const UChar *text, int32_t len,
    struct skeleton_pair *out) __attribute__((warn_unused_result));

#endif
