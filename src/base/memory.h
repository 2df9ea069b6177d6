/*
 * memory - how many bytes this process holds for its peers.
 *
 * Used by every process.  Whoever makes what a peer's doings make larger (a
 * buffer, a connection's tables, a stream of zlib or OpenSSL) counts it here
 * and takes it off when it is freed; what the process always has is not
 * counted.  One sum for the process: there is one heap.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes are held from now on, or are not any more. */
void memory_add(size_t bytes);
void memory_remove(size_t bytes);

uint64_t memory_held(void);

#endif
