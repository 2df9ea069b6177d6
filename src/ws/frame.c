/*
 * frame: the codec of frame.h.
 *
 * A pure module for workers and clients. A header is collected and judged a
 * byte at a time, so that a wrong byte is refused when it is seen and a
 * header in pieces is no special case; payload is handled in runs. A control
 * frame that arrives whole is lent from the caller's bytes, one that arrives
 * in pieces from the decoder's own 125.
 */
#include "config.h"

#include "ws/frame.h"

#include <assert.h>
#include <string.h>

#define BIT_FIN     0x80
#define BITS_RSV    0x70   /* the first of them is FRAME_RSV1 */
#define BITS_OPCODE 0x0f
#define BIT_CONTROL 0x08   /* of the opcode */
#define BIT_MASK    0x80
#define BITS_LENGTH 0x7f
#define LENGTH_16   126    /* in BITS_LENGTH: two more bytes follow */
#define LENGTH_64   127    /* eight more bytes follow */

/*
 * HEADER -> DATA or CONTROL when a header is whole, and back when its payload
 * is. From each of them to REFUSED, which is the end.
 */
enum {
	STATE_HEADER,
	STATE_DATA,
	STATE_CONTROL,
	STATE_REFUSED
};

static size_t decode_header(struct frame_decoder *,
    const struct frame_limits *, const uint8_t *, size_t);
static size_t decode_data(struct frame_decoder *, uint8_t *, size_t,
    struct frame_piece *);
static size_t decode_control(struct frame_decoder *, uint8_t *, size_t,
    struct frame_piece *);
static void decode_close(struct frame_decoder *, struct frame_piece *);
static void decoder_refuse(struct frame_decoder *, enum close_reason);
static enum close_reason header_judge(const struct frame_decoder *,
    const struct frame_limits *);
static enum close_reason header_judge_opcode(const struct frame_decoder *,
    const struct frame_limits *);
static enum close_reason header_judge_length(const struct frame_decoder *);
static enum close_reason header_judge_size(const struct frame_decoder *,
    const struct frame_limits *);
static size_t header_length_end(const struct frame_decoder *);
static uint64_t header_length(const struct frame_decoder *, size_t end);
static void header_finish(struct frame_decoder *);
static uint64_t message_bound(const struct frame_limits *, bool);
static size_t header_put(uint8_t *out, unsigned opcode, uint64_t len);

void
frame_decoder_init(struct frame_decoder *d, enum frame_role role,
    bool takes_compressed)
{
	memset(d, 0, sizeof(*d));
	d->role = role;
	d->takes_compressed = takes_compressed;
	d->state = STATE_HEADER;
	d->message_opcode = FRAME_CONTINUATION;
	utf8_init(&d->utf8);
}

size_t
frame_decode(struct frame_decoder *d, const struct frame_limits *limits,
    uint8_t *data, size_t len, struct frame_piece *piece)
{
	size_t used = 0;

	*piece = (struct frame_piece){ .kind = FRAME_NEED_MORE };
	if (len > 0 && d->state == STATE_HEADER)
		used = decode_header(d, limits, data, len);
	if (len > 0 && d->state == STATE_DATA)
		used += decode_data(d, data + used, len - used, piece);
	else if (len > 0 && d->state == STATE_CONTROL)
		used += decode_control(d, data + used, len - used, piece);

	if (d->state == STATE_REFUSED)
		*piece = (struct frame_piece){
			.kind = FRAME_ERROR, .why = d->why
		};
	return used;
}

bool
frame_decoder_is_idle(const struct frame_decoder *d)
{
	return d->state == STATE_HEADER && d->header_len == 0 &&
	    d->message_opcode == FRAME_CONTINUATION;
}

bool
frame_decoder_in_message(const struct frame_decoder *d)
{
	return d->message_opcode != FRAME_CONTINUATION;
}

static void
decoder_refuse(struct frame_decoder *d, enum close_reason why)
{
	d->state = STATE_REFUSED;
	d->why = why;
	d->message_opcode = FRAME_CONTINUATION;
}

static size_t
decode_header(struct frame_decoder *d, const struct frame_limits *limits,
    const uint8_t *data, size_t len)
{
	enum close_reason why;
	size_t used = 0;

	while (used < len) {
		d->header[d->header_len++] = data[used++];
		why = header_judge(d, limits);
		if (why != CLOSE_NORMAL) {
			decoder_refuse(d, why);
			break;
		}
		if (d->header_len < 2)
			continue;
		if (d->header_len == header_length_end(d) +
		    ((d->header[1] & BIT_MASK) != 0 ? 4 : 0)) {
			header_finish(d);
			break;
		}
	}
	return used;
}

/* Judges the newest byte of the header. CLOSE_NORMAL: nothing is wrong. */
static enum close_reason
header_judge(const struct frame_decoder *d, const struct frame_limits *limits)
{
	enum close_reason why;

	if (d->header_len == 1)
		return header_judge_opcode(d, limits);
	if (d->header_len > header_length_end(d))
		return CLOSE_NORMAL;   /* a byte of the key: any will do */
	why = header_judge_length(d);
	if (why == CLOSE_NORMAL && d->header_len == header_length_end(d))
		why = header_judge_size(d, limits);
	return why;
}

static enum close_reason
header_judge_opcode(const struct frame_decoder *d,
    const struct frame_limits *limits)
{
	bool in_message = frame_decoder_in_message(d);
	uint8_t opcode = d->header[0] & BITS_OPCODE;
	uint8_t reserved = d->header[0] & BITS_RSV;

	/* RSV1 is the message's, so its first frame has it (RFC 7692 6.1). */
	if (d->takes_compressed &&
	    (opcode == FRAME_TEXT || opcode == FRAME_BINARY))
		reserved &= ~FRAME_RSV1;
	if (reserved != 0)
		return CLOSE_PROTOCOL;
	switch (opcode) {
	case FRAME_TEXT:
	case FRAME_BINARY:
		return in_message ? CLOSE_PROTOCOL : CLOSE_NORMAL;
	case FRAME_CONTINUATION:
		if (!in_message)
			return CLOSE_PROTOCOL;
		if (limits->fragments_max != 0 &&
		    d->fragments >= limits->fragments_max)
			return CLOSE_TOO_MANY_FRAGMENTS;
		return CLOSE_NORMAL;
	case FRAME_CLOSE:
	case FRAME_PING:
	case FRAME_PONG:
		return (d->header[0] & BIT_FIN) != 0 ?
		    CLOSE_NORMAL : CLOSE_PROTOCOL;
	default:
		return CLOSE_PROTOCOL;
	}
}

/*
 * The second byte, and that the longer forms are the shortest that do (5.2):
 * for 64 bits this shows as soon as the upper six bytes are all zero.
 */
static enum close_reason
header_judge_length(const struct frame_decoder *d)
{
	unsigned form = d->header[1] & BITS_LENGTH;
	uint8_t opcode = d->header[0] & BITS_OPCODE;
	bool is_good = true;

	if (d->header_len == 2) {
		is_good = ((d->header[1] & BIT_MASK) != 0) ==
		    (d->role == FRAME_SERVER);
		if ((opcode & BIT_CONTROL) != 0 &&
		    form > FRAME_PAYLOAD_CONTROL_MAX)
			is_good = false;
		if (opcode == FRAME_CLOSE && form == 1)
			is_good = false;   /* half a code (5.5.1) */
	} else if (form == LENGTH_16 && d->header_len == 4)
		is_good = header_length(d, 4) >= LENGTH_16;
	else if (form == LENGTH_64 && d->header_len == 3)
		is_good = (d->header[2] & 0x80) == 0;
	else if (form == LENGTH_64 && d->header_len == 8)
		is_good = header_length(d, 8) > 0;
	return is_good ? CLOSE_NORMAL : CLOSE_PROTOCOL;
}

static enum close_reason
header_judge_size(const struct frame_decoder *d,
    const struct frame_limits *limits)
{
	uint64_t len = header_length(d, header_length_end(d));
	bool in_message = frame_decoder_in_message(d);
	/* What the fragments before announced, if this is one. */
	uint64_t before = in_message ? d->message_len : 0;
	uint64_t max = message_bound(limits, in_message ? d->is_compressed :
	    (d->header[0] & FRAME_RSV1) != 0);

	if ((d->header[0] & BIT_CONTROL) != 0 || limits->message_max == 0)
		return CLOSE_NORMAL;
	/* Not a sum: fragments of 2^63 - 1 bytes would make it wrap. */
	if (before > max || len > max - before)
		return CLOSE_TOO_BIG;
	return CLOSE_NORMAL;
}

/* The payload that a message within the limit may have. */
static uint64_t
message_bound(const struct frame_limits *limits, bool is_compressed)
{
	uint64_t max = limits->message_max, more = max / 4 + 64;

	if (!is_compressed)
		return max;
	return max < UINT64_MAX - more ? max + more : UINT64_MAX;
}

/* Where the length ends in the header; two bytes must be there. */
static size_t
header_length_end(const struct frame_decoder *d)
{
	unsigned form = d->header[1] & BITS_LENGTH;

	return form == LENGTH_64 ? 10 : form == LENGTH_16 ? 4 : 2;
}

/* The length, or its upper part when `end` is before its end. */
static uint64_t
header_length(const struct frame_decoder *d, size_t end)
{
	uint64_t length = 0;
	size_t i;

	if ((d->header[1] & BITS_LENGTH) < LENGTH_16)
		return d->header[1] & BITS_LENGTH;
	for (i = 2; i < end; i++)
		length = length << 8 | d->header[i];
	return length;
}

static void
header_finish(struct frame_decoder *d)
{
	size_t end = header_length_end(d);
	uint8_t opcode = d->header[0] & BITS_OPCODE;

	d->frame_left = header_length(d, end);
	d->offset = 0;
	if ((d->header[1] & BIT_MASK) != 0)
		memcpy(d->key, d->header + end, sizeof(d->key));
	d->header_len = 0;

	if ((opcode & BIT_CONTROL) != 0) {
		d->state = STATE_CONTROL;
		return;
	}
	d->state = STATE_DATA;
	if (opcode != FRAME_CONTINUATION) {
		d->message_opcode = opcode;
		d->is_compressed = (d->header[0] & FRAME_RSV1) != 0;
		d->message_len = 0;
		d->fragments = 0;
		d->is_started = false;
		utf8_init(&d->utf8);
	}
	d->message_len += d->frame_left;
	d->fragments++;
}

static size_t
decode_data(struct frame_decoder *d, uint8_t *data, size_t len,
    struct frame_piece *piece)
{
	size_t used = d->frame_left < len ? (size_t)d->frame_left : len;
	bool is_text = d->message_opcode == FRAME_TEXT && !d->is_compressed;

	if (used == 0 && d->frame_left > 0)
		return 0;   /* the header came without payload: no piece yet */
	if (d->role == FRAME_SERVER)
		frame_mask(data, used, d->key, d->offset);
	d->offset += used;   /* wraps at a multiple of four, which is right */
	d->frame_left -= used;

	piece->kind = FRAME_DATA;
	piece->opcode = d->message_opcode;
	piece->data = data;
	piece->len = used;
	piece->frame_left = d->frame_left;
	piece->is_first = !d->is_started;
	piece->is_last = d->frame_left == 0 && (d->header[0] & BIT_FIN) != 0;
	piece->is_compressed = d->is_compressed;
	d->is_started = true;

	if (is_text && (!utf8_feed(&d->utf8, data, used) ||
	    (piece->is_last && !utf8_is_complete(&d->utf8)))) {
		decoder_refuse(d, CLOSE_BAD_UTF8);
		return used;
	}
	if (d->frame_left == 0)
		d->state = STATE_HEADER;
	if (piece->is_last)
		d->message_opcode = FRAME_CONTINUATION;
	return used;
}

static size_t
decode_control(struct frame_decoder *d, uint8_t *data, size_t len,
    struct frame_piece *piece)
{
	size_t used = d->frame_left < len ? (size_t)d->frame_left : len;
	uint8_t *payload = data;

	if (d->offset > 0 || used < d->frame_left) {
		payload = d->control;
		memcpy(payload + d->offset, data, used);
	}
	d->offset += used;
	d->frame_left -= used;
	if (d->frame_left > 0)
		return used;

	if (d->role == FRAME_SERVER)
		frame_mask(payload, d->offset, d->key, 0);
	d->state = STATE_HEADER;
	piece->kind = FRAME_CONTROL;
	piece->opcode = d->header[0] & BITS_OPCODE;
	piece->data = payload;
	piece->len = d->offset;
	if (piece->opcode == FRAME_CLOSE)
		decode_close(d, piece);
	return used;
}

/* Splits the payload of a close frame into code and reason (5.5.1). */
static void
decode_close(struct frame_decoder *d, struct frame_piece *piece)
{
	struct utf8 utf8;

	piece->close_code = FRAME_CODE_NONE;
	if (piece->len == 0)
		return;
	piece->close_code = (uint16_t)(piece->data[0] << 8 | piece->data[1]);
	piece->data += 2;
	piece->len -= 2;
	utf8_init(&utf8);
	if (!close_code_is_valid_from_peer(piece->close_code))
		decoder_refuse(d, CLOSE_PROTOCOL);
	else if (!utf8_feed(&utf8, piece->data, piece->len) ||
	    !utf8_is_complete(&utf8))
		decoder_refuse(d, CLOSE_BAD_UTF8);
}

size_t
frame_header_write(uint8_t out[static FRAME_HEADER_MAX],
    unsigned opcode, uint64_t len)
{
	return header_put(out, opcode, len);
}

size_t
frame_header_write_masked(uint8_t out[static FRAME_HEADER_MASKED_MAX],
    unsigned opcode, uint64_t len, const uint8_t key[static 4])
{
	size_t end = header_put(out, opcode, len);

	out[1] |= BIT_MASK;
	memcpy(out + end, key, 4);
	return end + 4;
}

static size_t
header_put(uint8_t *out, unsigned opcode, uint64_t len)
{
	size_t end = len < LENGTH_16 ? 2 : len <= UINT16_MAX ? 4 : 10;
	size_t i;

	assert((opcode & ~(BITS_OPCODE | FRAME_RSV1)) == 0 &&
	    len <= INT64_MAX);
	out[0] = (uint8_t)(BIT_FIN | opcode);
	out[1] = (uint8_t)(end == 2 ? len : end == 4 ? LENGTH_16 : LENGTH_64);
	for (i = end; i > 2; i--) {
		out[i - 1] = (uint8_t)len;
		len >>= 8;
	}
	return end;
}

void
frame_mask(uint8_t *data, size_t len, const uint8_t key[static 4],
    size_t offset)
{
	uint8_t turned[8];
	uint64_t word, mask;
	size_t i;

	for (i = 0; i < sizeof(turned); i++)
		turned[i] = key[(offset + i) % 4];
	memcpy(&mask, turned, sizeof(mask));
	/* memcpy: payload begins wherever the header ended. */
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		word ^= mask;
		memcpy(data, &word, sizeof(word));
		data += sizeof(word);
	}
	for (i = 0; i < len; i++)
		data[i] ^= turned[i];
}

size_t
frame_close_write(uint8_t out[static FRAME_CONTROL_MAX], uint16_t code,
    const char *text)
{
	size_t max = FRAME_PAYLOAD_CONTROL_MAX - 2;
	size_t len = text != NULL ? strlen(text) : 0;

	if (code == FRAME_CODE_NONE)
		return header_put(out, FRAME_CLOSE, 0);
	if (len > max) {
		/* Back from the cut to where a code point begins. */
		for (len = max; len > 0; len--)
			if (((uint8_t)text[len] & 0xc0) != 0x80)
				break;
	}
	header_put(out, FRAME_CLOSE, 2 + len);
	out[2] = (uint8_t)(code >> 8);
	out[3] = (uint8_t)code;
	if (len > 0)
		memcpy(out + 4, text, len);
	return 4 + len;
}
