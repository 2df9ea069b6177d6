/*
 * compress - a worker's compressors and decompressors.
 *
 * Runs in the worker.  Owns one deflater for each window in use, for all
 * clients, and the inflaters that are between two messages; a client has one
 * of its own only while a message of his is under way, or for good when it
 * was agreed that he keeps his window.
 */
#ifndef WORKER_COMPRESS_H
#define WORKER_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "worker/form.h"
#include "ws/inflater.h"

struct compress;

/* NULL: no memory; _free takes NULL. */
struct compress *compress_new(void) __attribute__((warn_unused_result));
void compress_free(struct compress *);

/* Appends a message as one frame in a form: plain, too, when it is shorter
 * than `min_size` or would not get shorter.  False: no memory, `out` is as
 * it was. */
bool compress_message(struct compress *, unsigned form, enum frame_opcode,
    const uint8_t *data, size_t len, size_t min_size, struct buf *out)
    __attribute__((warn_unused_result));

/* Lends an inflater for windows of `bits`, fresh; NULL: no memory. */
struct inflater *compress_lend(struct compress *, unsigned bits)
    __attribute__((warn_unused_result));
/* Takes it back; NULL is fine. */
void compress_return(struct compress *, struct inflater *);

#endif
