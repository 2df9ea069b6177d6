/*
 * tls_files - see tls_files.h.
 */
#include "config.h"

#include "parent/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/logger.h"
#include "base/settings.h"
#include "base/tls_image.h"
#include "base/tls_pem.h"
#include "parent/loose.h"
#include "parent/regular.h"

#define FILE_MAX	(1 << 20)	/* bytes; a system's CAs are 200 KiB */

struct tls_files {
	const struct settings *settings;
	struct tls_part *parts;		/* their texts are owned */
	size_t count;
	char *error;			/* TLS_FILES_ERROR bytes */
};

static void __attribute__((format(printf, 3, 4)))
fail(struct tls_files *f, uint32_t listener, const char *format, ...)
{
	va_list args;
	int len;

	len = snprintf(f->error, TLS_FILES_ERROR, "listen \"%s\": ",
	    f->settings->listeners[listener].address);
	va_start(args, format);
	vsnprintf(f->error + len, TLS_FILES_ERROR - (size_t)len, format,
	    args);
	va_end(args);
}

/*
 * Reading.
 */

/* The bytes of a file of that size, owned by the caller; NULL with errno.
 * Nothing of them is left anywhere else. */
static char *
read_open_file(int fd, off_t size, size_t *len_out)
{
	size_t len = 0;
	ssize_t n = 1;
	char *bytes;

	errno = EFBIG;
	if (size > FILE_MAX)
		return NULL;
	bytes = malloc((size_t)size + 1);
	if (bytes == NULL)
		return NULL;
	while (len < (size_t)size && n != 0) {
		n = read(fd, bytes + len, (size_t)size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			explicit_bzero(bytes, len);
			free(bytes);
			return NULL;
		}
		len += (size_t)n;
	}
	*len_out = len;
	return bytes;
}

static const char *
read_file(struct tls_files *f, uint32_t listener, const char *setting,
    const char *name, size_t *len_out, struct stat *st)
{
	const char *why;
	int fd = regular_open(name, st, &why);
	char *bytes = NULL;

	if (fd >= 0) {
		bytes = read_open_file(fd, st->st_size, len_out);
		why = strerror(errno);
		close(fd);
	}
	if (bytes == NULL)
		fail(f, listener, "%s \"%s\": %s", setting, name, why);
	return bytes;
}

static struct tls_part *
add_part(struct tls_files *f, uint32_t listener, enum tls_kind kind)
{
	struct tls_part *parts = realloc(f->parts,
	    (f->count + 1) * sizeof(*parts));

	if (parts == NULL) {
		fail(f, listener, "%s", strerror(ENOMEM));
		return NULL;
	}
	f->parts = parts;
	parts[f->count] = (struct tls_part){
		.listener = listener, .kind = kind
	};
	return &parts[f->count++];
}

static void
clear_parts(struct tls_files *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		struct tls_part *p = &f->parts[i];

		if (p->key != NULL)
			explicit_bzero((void *)(uintptr_t)p->key,
			    p->key_len);
		/* It may be the same file. */
		if (p->text != NULL)
			explicit_bzero((void *)(uintptr_t)p->text,
			    p->text_len);
		free((void *)(uintptr_t)p->key);
		free((void *)(uintptr_t)p->text);
	}
	free(f->parts);
}

/*
 * Trying.
 */

static const char *
format_date(const ASN1_TIME *when, char out[32])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(when, &tm) != 1 ||
	    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 32, "-");
	return out;
}

static void
warn_about_dates(const X509 *certificate, const char *name)
{
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	const ASN1_TIME *until = X509_get0_notAfter(certificate);
	char shown[SETTINGS_LIST], date[32];

	logger_escape(name, strlen(name), shown, sizeof(shown));
	if (X509_cmp_current_time(until) < 0)
		logger_warning("a certificate has expired",
		    "file=%s since=%s", shown, format_date(until, date));
	if (X509_cmp_current_time(from) > 0)
		logger_warning("a certificate is not valid yet",
		    "file=%s until=%s", shown, format_date(from, date));
}

static void
warn_about_key(const struct stat *st, const char *name)
{
	const char *why = loose_key(st);
	char shown[SETTINGS_LIST];

	if (why != NULL)
		logger_warning("a key is no secret", "file=%s why=\"%s\"",
		    logger_escape(name, strlen(name), shown, sizeof(shown)),
		    why);
}

static void
explain(struct tls_files *f, const struct tls_part *p, enum tls_pem result,
    const char *name, const char *key)
{
	const char *setting = p->kind == TLS_CLIENT_CA ? "tls-client-ca" :
	    "tls-certificate";
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	switch (result) {
	case TLS_PEM_GOOD:
		break;
	case TLS_PEM_NO_CERTIFICATE:
		fail(f, p->listener, "%s \"%s\": not a certificate in PEM",
		    setting, name);
		break;
	case TLS_PEM_NO_KEY:
		fail(f, p->listener, "tls-key \"%s\": not a private key in "
		    "PEM", key);
		break;
	case TLS_PEM_PASSPHRASE:
		fail(f, p->listener, "tls-key \"%s\": has a passphrase, and "
		    "there is nobody to type it", key);
		break;
	case TLS_PEM_MISMATCH:
		fail(f, p->listener, "tls-key \"%s\": not the key of "
		    "tls-certificate \"%s\"", key, name);
		break;
	case TLS_PEM_REFUSED:
		fail(f, p->listener, "%s \"%s\": OpenSSL refuses it: %s",
		    setting, name, why == NULL ? "-" : why);
		break;
	}
}

/* As a worker will; `key` is NULL for a client CA. */
static bool
try_part(struct tls_files *f, const struct tls_part *p, const char *name,
    const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	STACK_OF(X509) *chain = NULL;
	enum tls_pem result;
	int i;

	if (context == NULL) {
		fail(f, p->listener, "%s", strerror(ENOMEM));
		return false;
	}
	result = tls_pem_use(context, p);
	if (result != TLS_PEM_GOOD) {
		explain(f, p, result, name, key);
	} else if (p->kind == TLS_CERTIFICATE) {
		warn_about_dates(SSL_CTX_get0_certificate(context), name);
		SSL_CTX_get0_chain_certs(context, &chain);
		for (i = 0; i < sk_X509_num(chain); i++)
			warn_about_dates(sk_X509_value(chain, i), name);
	}
	ERR_clear_error();
	SSL_CTX_free(context);
	return result == TLS_PEM_GOOD;
}

static bool
add_certificate(struct tls_files *f, uint32_t listener, const char *name,
    const char *key)
{
	struct tls_part *p = add_part(f, listener, TLS_CERTIFICATE);
	struct stat st;

	if (p == NULL)
		return false;
	p->text = read_file(f, listener, "tls-certificate", name,
	    &p->text_len, &st);
	if (p->text == NULL)
		return false;
	p->key = read_file(f, listener, "tls-key", key, &p->key_len, &st);
	if (p->key == NULL || !try_part(f, p, name, key))
		return false;
	warn_about_key(&st, key);
	return true;
}

static bool
add_client_ca(struct tls_files *f, uint32_t listener, const char *name)
{
	struct tls_part *p = add_part(f, listener, TLS_CLIENT_CA);
	struct stat st;

	if (p == NULL)
		return false;
	p->text = read_file(f, listener, "tls-client-ca", name,
	    &p->text_len, &st);
	return p->text != NULL && try_part(f, p, name, NULL);
}

static bool
add_listener(struct tls_files *f, uint32_t listener)
{
	const struct settings_listener *l = &f->settings->listeners[listener];
	const char *name = l->tls_certificate, *key = l->tls_key;

	for (; *name != '\0' && *key != '\0';
	    name = settings_list_next(name), key = settings_list_next(key))
		if (!add_certificate(f, listener, name, key))
			return false;
	if (*name != '\0' || *key != '\0') {
		fail(f, listener, "tls-certificate and tls-key do not come "
		    "in pairs");
		return false;
	}
	return l->tls_client_ca[0] == '\0' || l->tls_certificate[0] == '\0' ||
	    add_client_ca(f, listener, l->tls_client_ca);
}

uint8_t *
tls_files_load(const struct settings *settings, size_t *len_out,
    char error[TLS_FILES_ERROR])
{
	struct tls_files f = { .settings = settings, .error = error };
	uint8_t *image = NULL;
	bool is_good = true;
	uint32_t i;

	for (i = 0; is_good && i < settings->listener_count; i++)
		is_good = !settings_has_listener(settings, i) ||
		    add_listener(&f, i);
	if (is_good) {
		image = tls_image_make(f.parts, f.count, len_out);
		if (image == NULL)
			snprintf(error, TLS_FILES_ERROR, "%s",
			    strerror(ENOMEM));
	}
	clear_parts(&f);
	return image;
}
