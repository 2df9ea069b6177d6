/*
 * compress - see compress.h.
 */
#include "config.h"

#include "worker/compress.h"

#include <stdlib.h>
#include <string.h>

#include "ws/deflater.h"
#include "ws/frame.h"

#define SPARE_MAX	16	/* inflaters kept for the next message */

struct compress {
	/* By window; NULL: not used yet. */
	struct deflater *deflaters[FORM_WINDOWS];
	struct inflater *spare[SPARE_MAX];
	unsigned spare_count;
};

struct compress *
compress_new(void)
{
	return calloc(1, sizeof(struct compress));
}

void
compress_free(struct compress *compress)
{
	if (compress == NULL)
		return;
	for (unsigned i = 0; i < FORM_WINDOWS; i++)
		deflater_free(compress->deflaters[i]);
	while (compress->spare_count > 0)
		inflater_free(compress->spare[--compress->spare_count]);
	free(compress);
}

static bool
append_plain(struct buf *out, enum frame_opcode opcode, const uint8_t *data,
    size_t len)
{
	uint8_t *to = buf_reserve(out, FRAME_HEADER_MAX + len);
	size_t header;

	if (to == NULL)
		return false;
	header = frame_header_write(to, opcode, len);
	if (len > 0)
		memcpy(to + header, data, len);
	buf_commit(out, header + len);
	return true;
}

bool
compress_message(struct compress *compress, unsigned form,
    enum frame_opcode opcode, const uint8_t *data, size_t len,
    size_t min_size, struct buf *out)
{
	unsigned bits = form_window(form);
	struct deflater **deflater =
	    &compress->deflaters[form % FORM_WINDOWS];

	if (bits == 0 || len < min_size)
		return append_plain(out, opcode, data, len);
	if (*deflater == NULL)
		*deflater = deflater_new(bits);
	return *deflater != NULL &&
	    deflater_append_frame(*deflater, out, opcode, data, len);
}

struct inflater *
compress_lend(struct compress *compress, unsigned bits)
{
	struct inflater *inflater;

	if (compress->spare_count == 0)
		return inflater_new(bits);
	inflater = compress->spare[--compress->spare_count];
	inflater_reset(inflater, bits);
	return inflater;
}

void
compress_return(struct compress *compress, struct inflater *inflater)
{
	if (inflater != NULL && compress->spare_count < SPARE_MAX)
		compress->spare[compress->spare_count++] = inflater;
	else
		inflater_free(inflater);
}
