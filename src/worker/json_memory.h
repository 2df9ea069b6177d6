/*
 * json_memory - the memory that Jansson gets to read one text.
 *
 * A part of json_read, in the worker.  Jansson 2.14 does not look whether its
 * buffer of a string has grown, and goes on beyond the end of what it has
 * when there is no memory (lex_save in its load.c).  So all memory for a text
 * is had before it is read, in one block of a size that is enough for
 * certain; nothing in it is freed alone.  It also costs one malloc for a
 * request and not one for each value.
 */
#ifndef WORKER_JSON_MEMORY_H
#define WORKER_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Leads Jansson's allocations here and lets it choose its random seed, for
 * which it opens a file: once in a process, before its sandbox. */
void json_memory_open(void);

/* The block for a text of `len` bytes with at most `values` values, in use
 * from now on, or NULL: no memory.  The caller owns it, to be freed with
 * free() behind json_memory_leave. */
void *json_memory_enter(size_t len, size_t values)
    __attribute__((warn_unused_result));
/* The block takes no more; what is in it stays readable.  Nothing of it is
 * given back to Jansson (json_decref). */
void json_memory_leave(void);

#endif
