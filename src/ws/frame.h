/*
 * frame: the framing of RFC 6455 section 5, both roles, and how messages
 * compressed by permessage-deflate look in it (RFC 7692 6).
 *
 * A pure module: bytes in, pieces out; bytes out for what is sent. It knows
 * no socket and allocates nothing. It checks everything a frame can have
 * wrong, the text's UTF-8 included; what a message means, when to answer a
 * ping and when to close is left to the worker or the client. Inflating is
 * inflater.h's, which then checks UTF-8 and size.
 *
 *    byte 1    FIN RSV1 RSV2 RSV3 opcode(4)
 *    byte 2    MASK length(7)       126: 2 more bytes, 127: 8 more bytes
 *    [length]  [masking key, 4]  payload
 */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/close_codes.h"
#include "ws/utf8.h"

#define FRAME_HEADER_MAX        10   /* unmasked */
#define FRAME_HEADER_MASKED_MAX 14
#define FRAME_PAYLOAD_CONTROL_MAX 125
#define FRAME_CONTROL_MAX (2 + FRAME_PAYLOAD_CONTROL_MAX)   /* unmasked */

#define FRAME_CODE_NONE 1005   /* a close frame without a code (7.1.5) */

/* Who decodes. A server's peer must mask, a client's must not (5.1). */
enum frame_role {
	FRAME_SERVER,
	FRAME_CLIENT
};

enum frame_opcode {
	FRAME_CONTINUATION = 0x0,
	FRAME_TEXT = 0x1,
	FRAME_BINARY = 0x2,
	FRAME_CLOSE = 0x8,
	FRAME_PING = 0x9,
	FRAME_PONG = 0xa
};

/* Or-ed to an opcode for frame_header_write: the message is compressed. */
#define FRAME_RSV1 0x40

/*
 * 0: no limit. Both count over all fragments of one message. A compressed one
 * may have a quarter and 64 bytes more than message_max, which is more than
 * zlib makes of anything, whatever its settings (deflateBound).
 */
struct frame_limits {
	uint64_t message_max;    /* payload bytes */
	uint32_t fragments_max;  /* frames, empty ones included */
};

enum frame_kind {
	FRAME_NEED_MORE,  /* all bytes are consumed, nothing to report */
	FRAME_DATA,       /* part of a text or binary message, or all of it */
	FRAME_CONTROL,    /* a whole close, ping or pong */
	FRAME_ERROR       /* the connection is to be closed with `why` */
};

struct frame_piece {
	enum frame_kind kind;
	enum frame_opcode opcode;  /* DATA: of the message, never CONTINUATION;
	                              CONTROL: of the frame */
	uint8_t *data;             /* unmasked; for CLOSE the reason after the
	                              code; lent until the next call */
	size_t len;
	bool is_first, is_last;    /* DATA: of the message's pieces */
	bool is_compressed;        /* DATA: to be inflated; not yet UTF-8 */
	uint64_t frame_left;       /* DATA: payload of this frame to come */
	uint16_t close_code;       /* CONTROL with CLOSE: FRAME_CODE_NONE when
	                              the payload is empty */
	enum close_reason why;     /* ERROR */
};

/*
 * A value without pointers: about 200 bytes, to be copied or thrown away.
 * Its fields are private to frame.c.
 */
struct frame_decoder {
	uint64_t frame_left;       /* payload of the open frame to come */
	uint64_t message_len;      /* announced so far, all fragments */
	uint32_t fragments;        /* frames of the open message so far */
	uint32_t offset;           /* into the payload, as far as the mask and
	                              the control buffer need it */
	struct utf8 utf8;
	uint8_t key[4];
	uint8_t role;              /* enum frame_role */
	uint8_t state;
	uint8_t message_opcode;    /* FRAME_CONTINUATION: no open message */
	uint8_t why;               /* enum close_reason, once refused */
	bool takes_compressed;
	bool is_compressed;        /* the open message */
	bool is_started;           /* a piece of the message was given out */
	uint8_t header_len;
	uint8_t header[FRAME_HEADER_MASKED_MAX];
	uint8_t control[FRAME_PAYLOAD_CONTROL_MAX];
};

/*
 * `takes_compressed`: permessage-deflate was negotiated, so RSV1 is allowed
 * in the first frame of a text or binary message.
 */
void frame_decoder_init(struct frame_decoder *, enum frame_role,
    bool takes_compressed);

/*
 * Decodes from `data`, which is unmasked in place and lent to the piece.
 * Returns the bytes consumed, at most `len`; call again with the rest until
 * the kind is NEED_MORE, which leaves nothing over. The limits are borrowed
 * for the call and may differ from one call to the next.
 *
 * A data frame gives as many pieces as its payload arrives in; an empty one
 * gives one piece of length 0. A message ends with the piece that is_last.
 * Control frames come whole, also between the fragments of a message.
 *
 * Errors are found at the first wrong byte of a header; a message that is
 * going to be too big at the header that says so, before its payload; text
 * that is not UTF-8 in the call that brings the wrong byte, without a piece
 * for the bytes before it; compressed text is not judged. After an ERROR
 * every call gives the same ERROR and consumes nothing. What follows a CLOSE
 * is decoded like anything else: it is the caller who stops there.
 */
size_t frame_decode(struct frame_decoder *, const struct frame_limits *,
    uint8_t *data, size_t len, struct frame_piece *piece_out)
    __attribute__((warn_unused_result));

/*
 * Between messages and without a part of a header: a decoder fresh from
 * frame_decoder_init would do just as well. Never so after an ERROR. The
 * last piece must be done with first: a control's data may lie in here.
 */
bool frame_decoder_is_idle(const struct frame_decoder *);

/*
 * Whether a text or binary message is under way: its first header is read,
 * its last piece not yet given out.
 */
bool frame_decoder_in_message(const struct frame_decoder *);

/*
 * Writes the header of a whole (FIN) frame with a payload of `len` bytes, in
 * the shortest form. `opcode` is an enum frame_opcode, with FRAME_RSV1 or
 * without. Return its length.
 */
size_t frame_header_write(uint8_t out[static FRAME_HEADER_MAX],
    unsigned opcode, uint64_t len);
size_t frame_header_write_masked(uint8_t out[static FRAME_HEADER_MASKED_MAX],
    unsigned opcode, uint64_t len, const uint8_t key[static 4]);

/*
 * Masks or unmasks (it is the same) in place. `offset` is the place of the
 * first byte in the payload, so that a payload may be masked in pieces.
 */
void frame_mask(uint8_t *data, size_t len, const uint8_t key[static 4],
    size_t offset);

/*
 * Writes a whole unmasked close frame and returns its length. `text` is
 * UTF-8 and cut at a code point when longer than 123 bytes; NULL and "" are
 * none. Code FRAME_CODE_NONE makes an empty payload, without the text.
 */
size_t frame_close_write(uint8_t out[static FRAME_CONTROL_MAX],
    uint16_t code, const char *text);

#endif
