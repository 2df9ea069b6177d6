/*
 * logjson - a line of the log, "key=value key=value", as a JSON object.
 *
 * A pure module of the logger.  Whole numbers become numbers, all else
 * strings; what stands escaped in logfmt (\xNN) stands so in the string.
 */
#ifndef BASE_LOGJSON_H
#define BASE_LOGJSON_H

#include <stddef.h>

/* Writes the object, whole whatever the line is, without a newline; what does
 * not fit is cut.  `size` is at least 16.  Returns its length. */
size_t logjson_write(const char *line, size_t len, char *out, size_t size);

#endif
