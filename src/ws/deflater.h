/*
 * deflater: messages compressed for whoever agreed to it (RFC 7692 7.2.1).
 *
 * Each message is compressed by itself (server_no_context_takeover), so that
 * the result is the same for all clients with the same window. A pure module
 * of the worker, on zlib: one for each size of the window in use, made once
 * and used for everybody. Memory for 9 bits: 24 KiB; for 15: 262 KiB.
 */
#ifndef WS_DEFLATER_H
#define WS_DEFLATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ws/frame.h"

struct deflater;

/* `bits`: of the server's window, 9..15. NULL: no memory. Returns owned. */
struct deflater *deflater_new(unsigned bits)
    __attribute__((warn_unused_result));
void deflater_free(struct deflater *);

/*
 * Appends the payload of a compressed message. False: no memory, and `out`
 * (borrowed) is as it was.
 */
bool deflater_append(struct deflater *, struct buf *out, const uint8_t *data,
    size_t len) __attribute__((warn_unused_result));

/*
 * Appends a message as one whole unmasked frame: compressed, with RSV1, or
 * plain when compressing does not make it shorter. False as above.
 */
bool deflater_append_frame(struct deflater *, struct buf *out,
    enum frame_opcode, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

#endif
