/*
 * site - see site.h.
 */
#include "config.h"

#include "worker/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memfile.h"
#include "base/site_image.h"

struct site {
	const uint8_t *image;
	size_t len;
	const struct site_image_row *rows;
	uint32_t count;
	struct site *older;	/* NULL: none that somebody reads from */
	bool is_kept;
};

struct site *
site_new(const void *image, size_t len, struct site *older)
{
	const struct site_image_header *h = image;
	struct site *site;

	if (len < sizeof(*h) || h->magic != SITE_IMAGE_MAGIC ||
	    h->count > SITE_IMAGE_ROWS ||
	    len < sizeof(*h) + h->count * sizeof(*site->rows))
		return NULL;
	site = calloc(1, sizeof(*site));
	if (site == NULL)
		return NULL;
	site->image = image;
	site->len = len;
	site->older = older;
	site->rows = (const struct site_image_row *)(h + 1);
	site->count = h->count;
	return site;
}

void
site_keep(struct site *site, const uint8_t *body)
{
	for (site = site->older; site != NULL; site = site->older)
		if (body >= site->image && body < site->image + site->len)
			site->is_kept = true;
}

void
site_release(struct site *site)
{
	struct site **at = &site->older, *old;

	while ((old = *at) != NULL) {
		if (old->is_kept) {
			old->is_kept = false;
			at = &old->older;
			continue;
		}
		*at = old->older;
		memfile_unmap(old->image, old->len);
		free(old);
	}
}

static const struct site_image_row *
site_find(const struct site *site, struct slice path)
{
	for (uint32_t i = 0; i < site->count; i++)
		if (slice_is(path, site->rows[i].name))
			return &site->rows[i];
	return NULL;
}

/* If-None-Match (RFC 9110, 13.1.2): "*", or tags over all its fields, weak or
 * not.  Commas part them, as ours has none. */
static bool
site_is_known(const struct head *head, const char *etag)
{
	struct slice value = { NULL, 0 }, list, tag;

	while (head_next_value(head, "If-None-Match", &value)) {
		if (slice_is(value, "*"))
			return true;
		list = value;
		while (slice_next_token(&list, &tag)) {
			if (tag.len > 2 && memcmp(tag.at, "W/", 2) == 0)
				tag = (struct slice){ tag.at + 2, tag.len - 2 };
			if (slice_is(tag, etag))
				return true;
		}
	}
	return false;
}

enum site_result
site_answer(const struct site *site, const struct head *head,
    struct buf *out, const uint8_t **body_out, size_t *len_out)
{
	const struct site_image_row *row;
	bool is_known;
	char fields[1024];
	int len;

	row = site == NULL ? NULL : site_find(site, head->path);
	if (row == NULL)
		return SITE_UNKNOWN;
	is_known = site_is_known(head, row->etag);
	len = snprintf(fields, sizeof(fields),
	    "HTTP/1.1 %s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %llu\r\n"
	    "ETag: %s\r\n"
	    "Cache-Control: no-cache\r\n"
	    HTTP_SECURITY_FIELDS
	    "Connection: close\r\n\r\n",
	    is_known ? "304 Not Modified" : "200 OK", row->type,
	    (unsigned long long)row->len, row->etag);
	if (len < 0 || (size_t)len >= sizeof(fields) ||
	    !buf_append(out, fields, (size_t)len))
		return SITE_MEMORY;
	if (head->method == HTTP_GET && !is_known) {
		*body_out = site->image + row->offset;
		*len_out = row->len;
	}
	return SITE_DONE;
}
