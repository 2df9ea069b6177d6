/*
 * inflater: the messages of a client that compresses (RFC 7692 7.2.2).
 *
 * Takes the pieces of compressed messages as the frame decoder gives them
 * and appends what was said to a buffer. A pure module of the worker, on
 * zlib. Memory: 7 KiB, and the window of 2^bits bytes from the first message
 * on; while a call lasts 16 KiB of stack.
 *
 * A client that keeps its window (deflate_terms.client_takeover) needs an
 * inflater of its own for as long as it is connected. For others one may be
 * lent from message to message, with inflater_reset between.
 */
#ifndef WS_INFLATER_H
#define WS_INFLATER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ws/close_codes.h"
#include "ws/frame.h"

struct inflater;

/* `bits`: of the client's window, 9..15. NULL: no memory. Returns owned. */
struct inflater *inflater_new(unsigned bits)
    __attribute__((warn_unused_result));
void inflater_free(struct inflater *);

/*
 * Forgets the window, and a message half done: as good as new. It takes no
 * memory; that for another size of the window is had with the next message.
 */
void inflater_reset(struct inflater *, unsigned bits);

/*
 * Inflates a piece of a compressed message and appends it to `out`, which is
 * borrowed; a message is whole with its piece that is_last. `message_max` is
 * the limit on its inflated bytes, over all pieces; 0 is none. It is applied
 * while inflating, 16 KiB at a time: never is more than the limit appended,
 * however small the piece.
 *
 * CLOSE_NORMAL: go on. Anything else is why the connection is to be closed,
 * found at the first wrong byte: CLOSE_BAD_DEFLATE, also for a message that
 * ends within a block; CLOSE_TOO_BIG; CLOSE_BAD_UTF8 in a text message;
 * CLOSE_SERVER_FAULT when there is no memory. Then `out` has a part of the
 * message, and the inflater is good for nothing but inflater_reset. What
 * points back behind the window agreed on may pass within one call, where
 * zlib still has the bytes: whoever sends it has broken his word, and gets
 * no more than his own text.
 *
 * After a final block (BFINAL, 7.2.3.4) the next begins at the next byte and
 * without a window. The empty block that a sender begins and this end
 * completes (7.2.1) may be missing where a block may begin anyway: after a
 * final block, and in a message without a byte, which is an empty message.
 */
enum close_reason inflater_feed(struct inflater *, const struct frame_piece *,
    uint64_t message_max, struct buf *out)
    __attribute__((warn_unused_result));

#endif
