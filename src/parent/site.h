/*
 * site - the folder of the page, read into one block for the workers.
 *
 * Runs in the parent, at start.  The form is base/site_image.h.
 */
#ifndef PARENT_SITE_H
#define PARENT_SITE_H

#include <stddef.h>
#include <stdint.h>

/* Reads the regular files of `folder` (not of folders in it) whose types are
 * known; index.html is "/".  Returns the image, owned by the caller; a
 * folder that is not there ("": none wanted) gives one without rows.  What
 * is left out is logged.  NULL: no memory. */
uint8_t *site_load(const char *folder, size_t *len_out)
    __attribute__((warn_unused_result));

#endif
