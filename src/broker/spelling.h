/*
 * spelling - the characters of a name, and which may stand where.
 *
 * A pure module of the broker, the part of name.h that looks at one name
 * alone: characters, marks, direction.  What a name resembles is name.c's.
 */
#ifndef BROKER_SPELLING_H
#define BROKER_SPELLING_H

#include <stddef.h>
#include <stdint.h>
#include <unicode/unorm2.h>

#include "broker/name.h"

#define SPELLING_UNITS	(3 * NAME_INPUT)	/* NFC grows no further */

/* A name in both of ICU's forms, in NFC. */
struct spelling {
	UChar text[SPELLING_UNITS];
	int32_t len;
	UChar32 c[NAME_CHARACTERS];
	int count;
};

/* Reads any bytes and judges them: NAME_GOOD, or why not.  `s` is filled
 * when they are good. */
enum name_verdict spelling_read(const UNormalizer2 *nfc, const char *text,
    size_t len, struct spelling *s) __attribute__((warn_unused_result));

#endif
