/*
 * banlist - the networks that are banned, and those that are muted, as the
 * file of the setting `bans` has them.
 *
 * Runs in the parent, which alone may write files.  The broker says what
 * changes, and each new one is told all.  A line of the file is a network
 * and until when it is banned, in seconds since 1970, or "for ever"; the word
 * "mute" in front says that it is muted.  A '#' begins a comment.
 */
#ifndef PARENT_BANLIST_H
#define PARENT_BANLIST_H

#include <stdint.h>

#include "base/network.h"

struct bans;
struct banlist;

enum banlist_kind { BANLIST_BANNED, BANLIST_MUTED, BANLIST_KINDS };

/* Reads the file; one that is missing is empty.  `path` is lent for its life;
 * "": all is forgotten at the end.  Dies when the file cannot be read or has a
 * line of another form; a folder that cannot be written is a warning. */
struct banlist *banlist_open(const char *path)
    __attribute__((warn_unused_result));
void banlist_free(struct banlist *);

/* As bans_set, and stores the file.  What cannot be stored is logged, and
 * holds until the end. */
void banlist_set(struct banlist *, enum banlist_kind, struct network,
    uint64_t until_s);
/* Lends the table. */
const struct bans *banlist_get(const struct banlist *, enum banlist_kind);

#endif
