/*
 * fuzz_frame - src/ws/frame.c, decoding and writing.
 *
 * Input: what is done, the limits, two sizes of pieces, then frames (or a
 * payload).  Frames are decoded whole and in pieces, and both must say what
 * slow_decode says, which reads RFC 6455 section 5 from the whole input.  A
 * payload is written as a frame and must come back.
 */
#include "config.h"

#include "ws/frame.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {				/* bits of the first byte */
	INPUT_CLIENT = 1,	/* decode as a client does */
	INPUT_WRITE = 2,	/* write a frame and read it again */
	INPUT_COMPRESSED = 4	/* permessage-deflate was negotiated */
};

/* What is written on a tape, before its particulars. */
enum {
	TAPE_MESSAGE,		/* opcode, compressed?, length, bytes */
	TAPE_CONTROL,		/* opcode, code, length, bytes */
	TAPE_ERROR,		/* why */
	TAPE_END		/* in a message?, idle? */
};

static void
tape_message(struct tape *tape, uint64_t opcode, bool is_compressed,
    const void *bytes, size_t len)
{
	tape_number(tape, TAPE_MESSAGE);
	tape_number(tape, opcode);
	tape_number(tape, is_compressed);
	tape_number(tape, len);
	tape_put(tape, bytes, len);
}

static void
tape_control(struct tape *tape, uint64_t opcode, uint64_t code,
    const void *bytes, size_t len)
{
	tape_number(tape, TAPE_CONTROL);
	tape_number(tape, opcode);
	tape_number(tape, code);
	tape_number(tape, len);
	tape_put(tape, bytes, len);
}

static void
tape_error(struct tape *tape, enum close_reason why)
{
	tape_number(tape, TAPE_ERROR);
	tape_number(tape, why);
}

static void
tape_end(struct tape *tape, bool in_message, bool is_idle)
{
	tape_number(tape, TAPE_END);
	tape_number(tape, in_message);
	tape_number(tape, is_idle);
}

/* ---- the plain decoder, over bytes that are all here ---- */

struct slow {
	const struct frame_limits *limits;
	bool is_server, takes_compressed;
	unsigned opcode;	/* of the open message, 0: none */
	bool is_compressed;	/* the open message */
	uint64_t announced;	/* bytes of the open message */
	uint32_t fragments;
	struct tape text;	/* its payload so far */
};

struct slow_frame {
	unsigned opcode;
	bool fin, rsv1;
	uint64_t len;
	size_t header;		/* bytes of it; 0: not whole yet */
	const uint8_t *key;	/* NULL: unmasked */
};

static enum close_reason
slow_judge_first(const struct slow *slow, uint8_t byte)
{
	unsigned opcode = byte & 15;

	if ((byte & 0x30) != 0 || ((byte & 0x40) != 0 &&
	    (!slow->takes_compressed || (opcode != 1 && opcode != 2))))
		return CLOSE_PROTOCOL;
	if (opcode == 1 || opcode == 2)
		return slow->opcode != 0 ? CLOSE_PROTOCOL : CLOSE_NORMAL;
	if (opcode >= 8 && opcode <= 10)
		return byte < 0x80 ? CLOSE_PROTOCOL : CLOSE_NORMAL;
	if (opcode != 0 || slow->opcode == 0)
		return CLOSE_PROTOCOL;
	if (slow->limits->fragments_max != 0 &&
	    slow->fragments >= slow->limits->fragments_max)
		return CLOSE_TOO_MANY_FRAGMENTS;
	return CLOSE_NORMAL;
}

/* Reads the length behind the first two bytes; *size_out 0: not here. */
static enum close_reason
slow_length(const uint8_t *at, size_t left, struct slow_frame *frame,
    size_t *size_out)
{
	unsigned form = at[1] & 127;
	size_t i, more = form == 127 ? 8 : form == 126 ? 2 : 0;

	*size_out = 0;
	frame->len = more == 0 ? form : 0;
	for (i = 0; i < more && 2 + i < left; i++) {
		frame->len = frame->len << 8 | at[2 + i];
		if (more == 8 && i == 0 && at[2] > 127)
			return CLOSE_PROTOCOL;
		if (more == 8 && i == 5 && frame->len == 0)
			return CLOSE_PROTOCOL;
		if (more == 2 && i == 1 && frame->len < 126)
			return CLOSE_PROTOCOL;
	}
	if (i == more)
		*size_out = more;
	return CLOSE_NORMAL;
}

static enum close_reason
slow_header(const struct slow *slow, const uint8_t *at, size_t left,
    struct slow_frame *frame)
{
	enum close_reason why = slow_judge_first(slow, at[0]);
	uint64_t max = slow->limits->message_max;
	bool masked;
	size_t size;

	*frame = (struct slow_frame){
		.opcode = at[0] & 15, .fin = at[0] > 127,
		.rsv1 = (at[0] & 0x40) != 0
	};
	if (why != CLOSE_NORMAL || left < 2)
		return why;
	masked = at[1] > 127;
	if (masked != slow->is_server ||
	    (frame->opcode >= 8 && (at[1] & 127) > 125) ||
	    (frame->opcode == 8 && (at[1] & 127) == 1))
		return CLOSE_PROTOCOL;
	why = slow_length(at, left, frame, &size);
	if (why != CLOSE_NORMAL || (size == 0 && (at[1] & 127) > 125))
		return why;
	if (max != 0 && (frame->opcode == 0 ? slow->is_compressed :
	    frame->rsv1))
		max += max / 4 + 64;
	if (frame->opcode < 8 && max != 0 && (frame->len > max ||
	    (frame->opcode == 0 && slow->announced + frame->len > max)))
		return CLOSE_TOO_BIG;
	if (left < 2 + size + (masked ? 4 : 0))
		return CLOSE_NORMAL;
	frame->key = masked ? at + 2 + size : NULL;
	frame->header = 2 + size + (masked ? 4 : 0);
	return CLOSE_NORMAL;
}

/* The payload that is here, of which there are `have` bytes. */
static enum close_reason
slow_data(struct slow *slow, const struct slow_frame *frame,
    const uint8_t *payload, size_t have, struct tape *tape)
{
	bool is_last = have == frame->len && frame->fin;
	long found;

	if (frame->opcode != 0) {
		slow->opcode = frame->opcode;
		slow->is_compressed = frame->rsv1;
		slow->announced = slow->fragments = 0;
		slow->text.len = 0;
	}
	slow->announced += frame->len;
	slow->fragments++;
	tape_put(&slow->text, payload, have);
	if (slow->opcode == FRAME_TEXT && !slow->is_compressed) {
		found = utf8_slow(slow->text.bytes, slow->text.len);
		if (found >= 0 || (is_last && found != UTF8_WHOLE))
			return CLOSE_BAD_UTF8;
	}
	if (is_last) {
		tape_message(tape, slow->opcode, slow->is_compressed,
		    slow->text.bytes, slow->text.len);
		slow->opcode = 0;
	}
	return CLOSE_NORMAL;
}

static enum close_reason
slow_control(const struct slow_frame *frame, const uint8_t *payload,
    struct tape *tape)
{
	uint16_t code = 0;
	size_t len = (size_t)frame->len;

	if (frame->opcode == 8 && len == 0)
		code = FRAME_CODE_NONE;
	if (frame->opcode == 8 && len > 0) {
		code = (uint16_t)(payload[0] << 8 | payload[1]);
		payload += 2;
		len -= 2;
		if (code < 1000 || (code > 1003 && code < 1007) ||
		    (code > 1014 && code < 3000) || code > 4999)
			return CLOSE_PROTOCOL;
		if (utf8_slow(payload, len) != UTF8_WHOLE)
			return CLOSE_BAD_UTF8;
	}
	tape_control(tape, frame->opcode, code, payload, len);
	return CLOSE_NORMAL;
}

static void
slow_decode(struct slow *slow, const struct input *in, struct tape *tape)
{
	enum close_reason why = CLOSE_NORMAL;
	struct slow_frame frame;
	uint8_t *payload;
	size_t at = 0, have = 0, i;
	bool whole = true;

	while (at < in->len && whole) {
		why = slow_header(slow, in->at + at, in->len - at, &frame);
		whole = why == CLOSE_NORMAL && frame.header != 0;
		if (!whole)
			break;
		at += frame.header;
		have = in->len - at;
		if (have > frame.len)
			have = (size_t)frame.len;
		payload = copy_exact(in->at + at, have);
		for (i = 0; frame.key != NULL && i < have; i++)
			payload[i] ^= frame.key[i % 4];
		whole = have == frame.len;
		if (frame.opcode < 8)
			why = slow_data(slow, &frame, payload, have, tape);
		else if (whole)
			why = slow_control(&frame, payload, tape);
		free(payload);
		if (why != CLOSE_NORMAL)
			break;
		at += have;
	}
	if (why != CLOSE_NORMAL)
		tape_error(tape, why);
	else
		tape_end(tape, slow->opcode != 0, whole && slow->opcode == 0);
	tape_clear(&slow->text);
}

/* ---- the decoder under test ---- */

struct fast {
	struct frame_decoder decoder;
	const struct frame_limits *limits;
	struct tape text;	/* of the open message */
	struct tape *tape;
	uint64_t left;		/* of the open frame, as the last piece said */
	size_t header;		/* bytes since then that are no payload */
	enum frame_opcode opcode;
	bool is_compressed;
	bool in_message;	/* pieces were given out, not the last */
	bool is_over;		/* after an error */
};

static void
check_data(struct fast *fast, const struct frame_piece *piece)
{
	uint64_t max = fast->limits->message_max;

	if (max != 0 && piece->is_compressed)
		max += max / 4 + 64;
	must(piece->opcode == FRAME_TEXT || piece->opcode == FRAME_BINARY);
	must(piece->is_first == !fast->in_message);
	must(!fast->in_message || (piece->opcode == fast->opcode &&
	    piece->is_compressed == fast->is_compressed));
	must(fast->left == 0 || fast->left == piece->len + piece->frame_left);
	must(fast->left == 0 ? fast->header >= 2 : fast->header == 0);
	must(!piece->is_last || piece->frame_left == 0);
	must(frame_decoder_in_message(&fast->decoder) == !piece->is_last);
	fast->left = piece->frame_left;
	fast->opcode = piece->opcode;
	fast->is_compressed = piece->is_compressed;
	fast->in_message = !piece->is_last;
	tape_put(&fast->text, piece->data, piece->len);
	must(max == 0 || fast->text.len + piece->frame_left <= max);
	if (piece->is_last) {
		tape_message(fast->tape, piece->opcode, piece->is_compressed,
		    fast->text.bytes, fast->text.len);
		fast->text.len = 0;
	}
}

static void
check_control(struct fast *fast, const struct frame_piece *piece)
{
	must(piece->opcode == FRAME_CLOSE || piece->opcode == FRAME_PING ||
	    piece->opcode == FRAME_PONG);
	must(piece->len <= FRAME_PAYLOAD_CONTROL_MAX);
	must(frame_decoder_in_message(&fast->decoder) == fast->in_message);
	tape_control(fast->tape, piece->opcode, piece->opcode == FRAME_CLOSE ?
	    piece->close_code : 0, piece->data, piece->len);
}

/* Whether the piece's bytes were lent from here or from the decoder. */
static bool
is_lent(const struct fast *fast, const struct frame_piece *piece,
    const uint8_t *data, size_t used)
{
	const uint8_t *own = (const uint8_t *)&fast->decoder;

	return piece->len <= used + sizeof(fast->decoder.control) &&
	    ((piece->data >= data &&
	    piece->data + piece->len <= data + used) ||
	    (piece->kind == FRAME_CONTROL && piece->data >= own &&
	    piece->data + piece->len <= own + sizeof(fast->decoder)));
}

static void
fast_feed(struct fast *fast, uint8_t *data, size_t len)
{
	struct frame_piece piece;
	size_t at = 0, used;

	do {
		used = frame_decode(&fast->decoder, fast->limits, data + at,
		    len - at, &piece);
		must(used <= len - at);
		must(piece.kind != FRAME_DATA || piece.len <= used);
		fast->header += used - piece.len * (piece.kind == FRAME_DATA);
		switch (piece.kind) {
		case FRAME_NEED_MORE:
			must(at + used == len);
			break;
		case FRAME_DATA:
			must(is_lent(fast, &piece, data + at, used));
			check_data(fast, &piece);
			fast->header = 0;
			break;
		case FRAME_CONTROL:
			must(is_lent(fast, &piece, data + at, used));
			check_control(fast, &piece);
			fast->header = 0;
			break;
		case FRAME_ERROR:
			fast->is_over = true;
			tape_error(fast->tape, piece.why);
			break;
		}
		at += used;
	} while (piece.kind != FRAME_NEED_MORE && !fast->is_over);
}

/* After an error there is nothing but this error. */
static void
check_over(struct fast *fast)
{
	uint8_t more[] = { 0x81, 0x00, 0x89, 0x00 };
	struct frame_piece piece;
	uint64_t why;

	memcpy(&why, fast->tape->bytes + fast->tape->len - sizeof(why),
	    sizeof(why));
	must(close_code((enum close_reason)why) >= 1002);
	for (size_t len = 0; len <= sizeof(more); len++) {
		must(frame_decode(&fast->decoder, fast->limits, more, len,
		    &piece) == 0);
		must(piece.kind == FRAME_ERROR && piece.why == why);
	}
	must(!frame_decoder_is_idle(&fast->decoder));
	must(!frame_decoder_in_message(&fast->decoder));
}

static void
fast_decode(const struct input *in, enum frame_role role, bool compressed,
    const struct frame_limits *limits, struct pieces pieces,
    struct tape *tape)
{
	struct fast fast = { .limits = limits, .tape = tape };
	size_t at, n;
	uint8_t *copy;

	frame_decoder_init(&fast.decoder, role, compressed);
	must(frame_decoder_is_idle(&fast.decoder));
	for (at = 0; at < in->len && !fast.is_over; at += n) {
		n = pieces_next(&pieces, in->len - at);
		copy = copy_exact(in->at + at, n);
		fast_feed(&fast, copy, n);
		free(copy);
	}
	if (fast.is_over)
		check_over(&fast);
	else
		tape_end(tape, frame_decoder_in_message(&fast.decoder),
		    frame_decoder_is_idle(&fast.decoder));
	tape_clear(&fast.text);
}

static void
check_decoding(struct input *in, enum frame_role role, bool compressed)
{
	const struct frame_limits limits = {
		.message_max = input_number(in, 2),
		.fragments_max = input_byte(in)
	};
	struct pieces pieces = pieces_take(in);
	struct pieces whole = { { in->len, in->len }, 0 };
	struct slow slow = {
		.limits = &limits, .is_server = role == FRAME_SERVER,
		.takes_compressed = compressed
	};
	struct tape expected = { .len = 0 }, found = { .len = 0 };

	slow_decode(&slow, in, &expected);
	fast_decode(in, role, compressed, &limits, whole, &found);
	must(tape_is_equal(&expected, &found));
	found.len = 0;
	fast_decode(in, role, compressed, &limits, pieces, &found);
	must(tape_is_equal(&expected, &found));
	tape_clear(&expected);
	tape_clear(&found);
}

/* ---- what is written comes back ---- */

static void
check_close(const struct input *in, uint16_t code)
{
	const struct frame_limits none = { 0, 0 };
	uint8_t frame[FRAME_CONTROL_MAX];
	struct frame_decoder decoder;
	struct frame_piece piece;
	char *text;
	size_t len;

	if (utf8_slow(in->at, in->len) != UTF8_WHOLE ||
	    (code != FRAME_CODE_NONE && !close_code_is_valid_from_peer(code)))
		return;
	text = strndup((const char *)in->at, in->len);
	must(text != NULL);
	len = frame_close_write(frame, code, text);
	must(len >= 2 && len <= sizeof(frame));
	frame_decoder_init(&decoder, FRAME_CLIENT, false);
	must(frame_decode(&decoder, &none, frame, len, &piece) == len);
	must(piece.kind == FRAME_CONTROL && piece.opcode == FRAME_CLOSE);
	must(piece.close_code == code);
	if (code == FRAME_CODE_NONE)
		must(piece.len == 0);
	else {
		must(piece.len <= strlen(text));
		must(memcmp(piece.data, text, piece.len) == 0);
		must(strlen(text) > 123 ? piece.len > 119 :
		    piece.len == strlen(text));
	}
	free(text);
}

static void
check_writing(struct input *in, enum frame_role role, bool compressed)
{
	static const enum frame_opcode opcodes[] = {
		FRAME_TEXT, FRAME_BINARY, FRAME_PING, FRAME_PONG
	};
	const struct frame_limits none = { 0, 0 };
	uint8_t choice = input_byte(in), key[4], *frame;
	enum frame_opcode opcode = opcodes[choice % 4];
	uint16_t code = (uint16_t)input_number(in, 2);
	struct tape expected = { .len = 0 }, found = { .len = 0 };
	struct pieces pieces;
	struct input written;
	size_t header, cut;
	unsigned bits;

	compressed = compressed && opcode < FRAME_CLOSE;
	bits = opcode | (compressed ? FRAME_RSV1 : 0);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = input_byte(in);
	pieces = pieces_take(in);
	check_close(in, code);
	if (opcode >= FRAME_CLOSE && in->len > FRAME_PAYLOAD_CONTROL_MAX)
		in->len = FRAME_PAYLOAD_CONTROL_MAX;
	cut = in->len > 0 ? code % in->len : 0;
	frame = malloc(FRAME_HEADER_MASKED_MAX + in->len);
	must(frame != NULL);
	if (role == FRAME_SERVER)
		header = frame_header_write_masked(frame, bits, in->len, key);
	else
		header = frame_header_write(frame, bits, in->len);
	must(header <= FRAME_HEADER_MASKED_MAX);
	if (in->len > 0)
		memcpy(frame + header, in->at, in->len);
	if (role == FRAME_SERVER) {
		frame_mask(frame + header, cut, key, 0);
		frame_mask(frame + header + cut, in->len - cut, key, cut);
	}
	written = (struct input){ frame, header + in->len };
	fast_decode(&written, role, compressed, &none, pieces, &found);

	if (opcode == FRAME_TEXT && !compressed &&
	    utf8_slow(in->at, in->len) != UTF8_WHOLE) {
		tape_error(&expected, CLOSE_BAD_UTF8);
	} else {
		if (opcode < FRAME_CLOSE)
			tape_message(&expected, opcode, compressed, in->at,
			    in->len);
		else
			tape_control(&expected, opcode, 0, in->at, in->len);
		tape_end(&expected, false, true);
	}
	must(tape_is_equal(&expected, &found));
	tape_clear(&expected);
	tape_clear(&found);
	free(frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint8_t what = input_byte(&in);
	enum frame_role role = (what & INPUT_CLIENT) != 0 ?
	    FRAME_CLIENT : FRAME_SERVER;
	bool compressed = (what & INPUT_COMPRESSED) != 0;

	if ((what & INPUT_WRITE) != 0)
		check_writing(&in, role, compressed);
	else
		check_decoding(&in, role, compressed);
	return 0;
}
