/*
 * site_image - the page's files as one block of bytes.
 *
 * The parent reads the folder of the page into this form (parent/site.c) and
 * passes it in a sealed memory file; workers answer requests from it.
 *
 *	+--------+---------------+----------------------+
 *	| header | row[count]    | the files' bytes ... |
 *	+--------+---------------+----------------------+
 *
 * Rows are sorted by name (strcmp).  Offsets count from the image's start.
 */
#ifndef BASE_SITE_IMAGE_H
#define BASE_SITE_IMAGE_H

#include <stdint.h>

#define SITE_IMAGE_MAGIC	UINT64_C(0x3165746973746863)	/* "chtsite1" */
#define SITE_IMAGE_MAX		(UINT64_C(4) << 20)	/* bytes of files */
#define SITE_IMAGE_ROWS		256

struct site_image_header {
	uint64_t magic;
	uint32_t count;		/* rows, at most SITE_IMAGE_ROWS */
	uint32_t zero;
};

struct site_image_row {
	char name[64];		/* the request's path: "/", "/chat.js" */
	char type[64];		/* "text/html; charset=utf-8" */
	char etag[24];		/* with its quotes */
	uint64_t offset, len;
};

_Static_assert(sizeof(struct site_image_header) == 16, "size");
_Static_assert(sizeof(struct site_image_row) == 168, "size");

#endif
