/*
 * completion - see completion.h.
 */
#include "config.h"

#include "client/completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/slash.h"

/* The word to be completed. */
struct word {
	const char *start;
	size_t len;
	bool is_first;		/* of the line */
	bool is_command;
};

static struct word
find_word(const char *before, size_t len)
{
	struct word word = { before + len, 0, false, false };

	/* Names hold no space and no comma; "@anna" is anna. */
	while (word.start > before && strchr(" ,@", word.start[-1]) == NULL)
		word.start--;
	word.len = len - (size_t)(word.start - before);
	word.is_first = word.start == before;
	word.is_command = word.is_first && word.len > 0 && before[0] == '/';
	if (word.is_command) {
		word.start++;
		word.len--;
	}
	return word;
}

/* Where a character begins at or before `len`. */
static size_t
whole(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
add(struct completion *c, const char *candidate, const struct word *word)
{
	const char *rest = candidate + word->len;
	size_t used = strlen(c->list), common = 0;

	if (c->count++ == 0) {
		snprintf(c->insert, sizeof(c->insert), "%.*s",
		    (int)whole(rest, strnlen(rest, sizeof(c->insert) - 4)),
		    rest);
	} else {
		while (c->insert[common] != '\0' &&
		    c->insert[common] == rest[common])
			common++;
		common = whole(c->insert, common);
		c->insert[common] = '\0';
	}
	if (used + strlen(candidate) + 4 <= sizeof(c->list))
		snprintf(c->list + used, sizeof(c->list) - used, "%s%s%s",
		    used > 0 ? "  " : "", word->is_command ? "/" : "",
		    candidate);
}

void
completion_find(struct completion *c, const char *before, size_t len,
    const struct names *names)
{
	struct word word = find_word(before, len);
	const char *candidate;
	size_t i;

	*c = (struct completion){ 0 };
	if (word.is_command) {
		for (i = 0; (candidate = slash_word((unsigned)i)) != NULL;
		    i++)
			if (names_begins(candidate, word.start, word.len))
				add(c, candidate, &word);
	} else if (word.len > 0) {
		for (i = 0; i < names->count; i++)
			if (names_begins(names->list[i], word.start,
			    word.len))
				add(c, names->list[i], &word);
	}
	if (c->count == 1)
		strncat(c->insert, word.is_first && !word.is_command ?
		    ": " : " ", 3);
}
