/*
 * memfile - bytes handed from the parent to its children.
 *
 * A memory file that the parent fills and seals; a child maps it read-only.
 * Settings, the page's files, certificates and keys travel so.
 */
#ifndef BASE_MEMFILE_H
#define BASE_MEMFILE_H

#include <stddef.h>

/* Creates a file with these bytes, sealed against every change.  Returns a
 * read-only descriptor, owned by the caller, or -1 with errno. */
int memfile_create(const char *name, const void *bytes, size_t len)
    __attribute__((warn_unused_result));
/* Maps the whole file; NULL with errno. */
const void *memfile_map(int fd, size_t *len_out)
    __attribute__((warn_unused_result));
void memfile_unmap(const void *bytes, size_t len);

#endif
