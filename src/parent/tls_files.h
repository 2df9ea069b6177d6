/*
 * tls_files - the files of certificates, keys and client CAs, read and tried.
 *
 * Runs in the parent, at start, for a reload and for `wschatd -t`, with the
 * rights it was started with.  The form is base/tls_image.h.
 */
#ifndef PARENT_TLS_FILES_H
#define PARENT_TLS_FILES_H

#include <stddef.h>
#include <stdint.h>

struct settings;

#define TLS_FILES_ERROR	3072	/* bytes of a message: it may name two files */

/* Reads what the listeners name and tries it as a worker will.  Returns the
 * image, owned by the caller, who wipes it; without a listener that speaks
 * TLS it has no row.  A certificate that has expired or is not valid yet,
 * and a key that everybody may read, are warnings in the log.  NULL: a
 * file is not what it should be, `error` says which and why. */
uint8_t *tls_files_load(const struct settings *, size_t *len_out,
    char error[TLS_FILES_ERROR]) __attribute__((warn_unused_result));

#endif
