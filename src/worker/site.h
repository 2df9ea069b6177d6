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

/* Takes the mapped image and `older`, whose page it replaces (NULL: none).
 * NULL: it is no image, or no memory; nothing was taken. */
struct site *site_new(const void *image, size_t len, struct site *older)
    __attribute__((warn_unused_result));
/* Somebody still reads this body, which site_answer lent; after that has been
 * said for all, those older ones go that nobody reads from. */
void site_keep(struct site *, const uint8_t *body);
void site_release(struct site *);

enum site_result { SITE_DONE, SITE_UNKNOWN, SITE_MEMORY };

/* Appends the head of the response to a GET or HEAD of a file, and lends the
 * body, which lies in the image: a slow reader holds no copy of it. */
enum site_result site_answer(const struct site *, const struct head *,
    struct buf *out, const uint8_t **body_out, size_t *len_out)
    __attribute__((warn_unused_result));

#endif
