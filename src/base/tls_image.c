/*
 * tls_image - see tls_image.h.
 */
#include "config.h"

#include "base/tls_image.h"

#include <stdlib.h>
#include <string.h>

/* Appends bytes at `*at`; returns where they lie. */
static uint64_t
put(uint8_t *image, size_t *at, const char *bytes, size_t len)
{
	size_t offset = *at;

	if (len > 0)
		memcpy(image + offset, bytes, len);
	*at += len;
	return offset;
}

uint8_t *
tls_image_make(const struct tls_part *parts, size_t count, size_t *len_out)
{
	struct tls_image_header header = {
		.magic = TLS_IMAGE_MAGIC, .count = (uint32_t)count
	};
	size_t at = sizeof(header) + count * sizeof(struct tls_image_row);
	size_t len = at, i;
	uint8_t *image;

	for (i = 0; i < count; i++)
		len += parts[i].text_len + parts[i].key_len;
	image = malloc(len);
	if (image == NULL)
		return NULL;
	memcpy(image, &header, sizeof(header));
	for (i = 0; i < count; i++) {
		const struct tls_part *p = &parts[i];
		struct tls_image_row row = {
			.listener = p->listener, .kind = p->kind,
			.text_len = p->text_len, .key_len = p->key_len
		};

		row.text_offset = put(image, &at, p->text, p->text_len);
		row.key_offset = put(image, &at, p->key, p->key_len);
		memcpy(image + sizeof(header) + i * sizeof(row), &row,
		    sizeof(row));
	}
	*len_out = len;
	return image;
}

static struct tls_image_row
read_row(const void *image, uint32_t index)
{
	const uint8_t *rows = (const uint8_t *)image +
	    sizeof(struct tls_image_header);
	struct tls_image_row row;

	memcpy(&row, rows + index * sizeof(row), sizeof(row));
	return row;
}

static bool
is_within(uint64_t offset, uint64_t part, size_t len)
{
	return offset <= len && part <= len - offset;
}

uint32_t
tls_image_count(const void *image)
{
	struct tls_image_header header;

	memcpy(&header, image, sizeof(header));
	return header.count;
}

bool
tls_image_is_whole(const void *image, size_t len)
{
	struct tls_image_header header;
	uint32_t i;

	if (len < sizeof(header))
		return false;
	memcpy(&header, image, sizeof(header));
	if (header.magic != TLS_IMAGE_MAGIC || header.zero != 0 ||
	    header.count > (len - sizeof(header)) /
	    sizeof(struct tls_image_row))
		return false;
	for (i = 0; i < header.count; i++) {
		struct tls_image_row row = read_row(image, i);

		if (row.kind > TLS_CLIENT_CA ||
		    !is_within(row.text_offset, row.text_len, len) ||
		    !is_within(row.key_offset, row.key_len, len))
			return false;
	}
	return true;
}

struct tls_part
tls_image_part(const void *image, uint32_t index)
{
	struct tls_image_row row = read_row(image, index);
	const char *bytes = image;

	return (struct tls_part){
		.listener = row.listener, .kind = (enum tls_kind)row.kind,
		.text = bytes + row.text_offset, .text_len = row.text_len,
		.key = bytes + row.key_offset, .key_len = row.key_len
	};
}
