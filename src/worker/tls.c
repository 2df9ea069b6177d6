/*
 * tls - see tls.h.
 *
 * A listener has one context for each of its certificates.  A connection
 * begins with the first; the name that it asks for may take it to another.
 */
#include "config.h"

#include "worker/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/tls_image.h"
#include "base/tls_pem.h"
#include "worker/tickets.h"

/* Mozilla's intermediate configuration, 5.7, for OpenSSL 3: all of them with
 * forward secrecy and authenticated encryption. */
#define CIPHERS_1_3							\
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"		\
	"TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_1_2							\
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"	\
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"	\
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"	\
	"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"		\
	"DHE-RSA-CHACHA20-POLY1305"
#define GROUPS	"X25519:P-256:P-384"

#define PROTOCOL	"http/1.1"	/* the one of ALPN */

struct tls_listener {
	SSL_CTX **contexts;	/* one a certificate */
	uint32_t count;
};

struct tls {
	struct tls_listener listeners[SETTINGS_LISTENERS];
	struct tickets *tickets;
};

/*
 * Memory.  What OpenSSL has none to look for, an algorithm of a signature,
 * say, a new context does without, and all is said to be well; handshakes
 * fail with it later.
 */

static bool was_refused;

static void *
get(size_t len, const char *file, int line)
{
	void *block = malloc(len);

	(void)file;
	(void)line;
	was_refused |= block == NULL;
	return block;
}

static void *
resize(void *block, size_t len, const char *file, int line)
{
	void *other = realloc(block, len);

	(void)file;
	(void)line;
	was_refused |= other == NULL && len > 0;
	return other;
}

static void
give_back(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

/*
 * What a ClientHello asks for.
 */

/* The name picks the certificate.  Without a match the first one stays, and
 * the client is not told that its name was accepted (RFC 6066, 3). */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls_listener *l = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (uint32_t i = 0; i < l->count; i++) {
		X509 *leaf = SSL_CTX_get0_certificate(l->contexts[i]);

		if (X509_check_host(leaf, name, strlen(name), 0, NULL) != 1)
			continue;
		return SSL_set_SSL_CTX(ssl, l->contexts[i]) == NULL ?
		    SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* Who offers protocols without ours cannot mean us (RFC 7301, 3.2). */
static int
on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *arg)
{
	const unsigned len = sizeof(PROTOCOL) - 1;

	(void)ssl;
	(void)arg;
	for (unsigned at = 0; at < in_len && in[at] < in_len - at;
	    at += 1U + in[at])
		if (in[at] == len && memcmp(in + at + 1, PROTOCOL, len) == 0) {
			*out = in + at + 1;
			*out_len = (unsigned char)len;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/*
 * Contexts.
 */

static bool
set_policy(SSL_CTX *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	/* The reader counts what OpenSSL handles without giving any data:
	 * it must not go on by itself. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_dh_auto(context, 1);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(context, 0) == 1 &&
	    SSL_CTX_set_ciphersuites(context, CIPHERS_1_3) == 1 &&
	    SSL_CTX_set_cipher_list(context, CIPHERS_1_2) == 1 &&
	    SSL_CTX_set1_groups_list(context, GROUPS) == 1 &&
	    SSL_CTX_set_max_early_data(context, 0) == 1;
}

/* A session of one listener is none of another, which may ask for
 * certificates; nor does it outlive other rules about them. */
struct session_rules {
	uint8_t listener, tls_client;
	uint8_t client_ca[30];		/* of its hash; 0: nobody is asked */
};

_Static_assert(sizeof(struct session_rules) <= SSL_MAX_SID_CTX_LENGTH,
    "size");

/* Clients of this listener are asked for a certificate of that CA. */
static bool
set_clients(const struct settings *settings, unsigned listener,
    SSL_CTX *context, const void *image)
{
	struct session_rules rules = { .listener = (uint8_t)listener };
	uint8_t hash[SHA256_DIGEST_LENGTH];
	bool is_must = settings->listeners[listener].tls_client ==
	    SETTINGS_CLIENT_REQUIRED;

	for (uint32_t i = 0; i < tls_image_count(image); i++) {
		struct tls_part part = tls_image_part(image, i);

		if (part.listener != listener || part.kind != TLS_CLIENT_CA)
			continue;
		if (tls_pem_use(context, &part) != TLS_PEM_GOOD)
			return false;
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER |
		    (is_must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
		SHA256((const uint8_t *)part.text, part.text_len, hash);
		rules.tls_client = is_must;
		memcpy(rules.client_ca, hash, sizeof(rules.client_ca));
	}
	return SSL_CTX_set_session_id_context(context,
	    (const unsigned char *)&rules, sizeof(rules)) == 1;
}

static SSL_CTX *
make_context(struct tls *tls, const struct settings *settings,
    const struct tls_part *part, const void *image)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL)
		return NULL;
	if (!set_policy(context) ||
	    tls_pem_use(context, part) != TLS_PEM_GOOD ||
	    !set_clients(settings, part->listener, context, image)) {
		SSL_CTX_free(context);
		return NULL;
	}
	tickets_serve(tls->tickets, context);
	SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
	/* Also of a handshake under way when there are other certificates:
	 * it is offered those that are in force. */
	SSL_CTX_set_tlsext_servername_arg(context,
	    &tls->listeners[part->listener]);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	return context;
}

static bool
add_context(struct tls_listener *l, SSL_CTX *context)
{
	SSL_CTX **contexts = context == NULL ? NULL : realloc(l->contexts,
	    (l->count + 1) * sizeof(SSL_CTX *));

	if (contexts == NULL) {
		SSL_CTX_free(context);
		return false;
	}
	contexts[l->count++] = context;
	l->contexts = contexts;
	return true;
}

/* Sessions keep theirs alive. */
static void
clear_listener(struct tls_listener *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		SSL_CTX_free(l->contexts[i]);
	free(l->contexts);
	*l = (struct tls_listener){ 0 };
}

/* Whatever OpenSSL would load or open at its first use. */
void
tls_prepare(void)
{
	unsigned char bytes[1];
	const char *why;

	if (CRYPTO_set_mem_functions(get, resize, give_back) == 1 &&
	    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG,
	    NULL) == 1 && RAND_bytes(bytes, 1) == 1 &&
	    RAND_priv_bytes(bytes, 1) == 1)
		return;
	why = ERR_reason_error_string(ERR_peek_error());
	errno = 0;
	die(EX_SOFTWARE, "TLS: library: %s", why == NULL ? "-" : why);
}

struct tls *
tls_new(void)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->tickets = tickets_new();
	if (tls->tickets == NULL) {
		free(tls);
		return NULL;
	}
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	for (unsigned i = 0; i < SETTINGS_LISTENERS; i++)
		clear_listener(&tls->listeners[i]);
	tickets_free(tls->tickets);
	free(tls);
}

static bool
read_image(struct tls *tls, const struct settings *settings,
    const void *image, struct tls_listener *listeners)
{
	for (uint32_t i = 0; i < tls_image_count(image); i++) {
		struct tls_part part = tls_image_part(image, i);

		if (part.listener >= SETTINGS_LISTENERS)
			return false;
		if (part.kind == TLS_CERTIFICATE &&
		    !add_context(&listeners[part.listener],
		    make_context(tls, settings, &part, image)))
			return false;
	}
	return true;
}

/* A listener without certificates keeps what it had: somebody may have come
 * by it who has not said a byte. */
bool
tls_load(struct tls *tls, const struct settings *settings, const void *image)
{
	struct tls_listener listeners[SETTINGS_LISTENERS] = { { 0 } };
	bool is_good;

	was_refused = false;
	is_good = read_image(tls, settings, image, listeners) && !was_refused;
	for (unsigned i = 0; i < SETTINGS_LISTENERS; i++) {
		if (is_good && listeners[i].count > 0) {
			clear_listener(&tls->listeners[i]);
			tls->listeners[i] = listeners[i];
		} else {
			clear_listener(&listeners[i]);
		}
	}
	ERR_clear_error();
	if (!is_good)
		errno = was_refused ? ENOMEM : EPROTO;
	return is_good;
}

/*
 * Connections.
 */

bool
tls_is_spoken(const struct tls *tls, unsigned listener)
{
	return listener < SETTINGS_LISTENERS &&
	    tls->listeners[listener].count > 0;
}

SSL *
tls_start(const struct tls *tls, unsigned listener)
{
	SSL *ssl = SSL_new(tls->listeners[listener].contexts[0]);

	if (ssl != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}

void
tls_add_ticket_key(struct tls *tls, const struct ipc_ticket_key *key)
{
	tickets_add(tls->tickets, key);
}
