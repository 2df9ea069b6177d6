/*
 * site - the page's files, from the sealed image the parent made.
 *
 * Runs in the worker; reads base/site_image.h, writes HTTP responses.
 */
#ifndef WORKER_SITE_H
#define WORKER_SITE_H

#include <stdbool.h>

#include "base/buf.h"
#include "ws/handshake.h"

struct site;

/* Borrows the image for its life; NULL when it is not one. */
struct site *site_new(const void *image, size_t len)
    __attribute__((warn_unused_result));

enum site_result { SITE_DONE, SITE_UNKNOWN, SITE_MEMORY };

/* Appends the whole response to a GET or HEAD of a file. */
enum site_result site_answer(const struct site *, const struct head *,
    struct buf *out) __attribute__((warn_unused_result));

#endif
