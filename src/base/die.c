/*
 * die - see die.h.
 */
#include "config.h"

#include "base/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/logger.h"

void
die(int code, const char *format, ...)
{
	int saved = errno;
	char text[1024];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (saved != 0 && len >= 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len, ": %s",
		    strerror(saved));
	logger_error(text, "exit=%d", code);
	exit(code);
}
