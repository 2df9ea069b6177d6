/*
 * tickets - see tickets.h.
 */
#include "config.h"

#include "worker/tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct tickets {
	struct ipc_ticket_key keys[2];	/* the newest first */
	unsigned count;
	EVP_CIPHER *cipher;
};

/* What the callback tells OpenSSL. */
enum ticket_answer {
	TICKET_FAILED = -1,	/* ends the handshake */
	TICKET_UNKNOWN = 0,	/* a full handshake; writing: no ticket */
	TICKET_GOOD = 1,
	TICKET_GOOD_RENEW = 2	/* resume, and write a new ticket */
};

struct tickets *
tickets_new(void)
{
	struct tickets *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (t->cipher == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
tickets_free(struct tickets *t)
{
	if (t == NULL)
		return;
	EVP_CIPHER_free(t->cipher);
	OPENSSL_cleanse(t, sizeof(*t));
	free(t);
}

void
tickets_add(struct tickets *t, const struct ipc_ticket_key *key)
{
	for (unsigned i = 0; i < t->count; i++)
		if (memcmp(t->keys[i].name, key->name,
		    sizeof(key->name)) == 0)
			return;
	t->keys[1] = t->keys[0];	/* the one before is overwritten */
	t->keys[0] = *key;
	if (t->count < 2)
		t->count++;
}

static bool
use_mac(EVP_MAC_CTX *mac, struct ipc_ticket_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    key->hmac, sizeof(key->hmac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_end()
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static enum ticket_answer
write_ticket(struct tickets *t, unsigned char name[16], unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct ipc_ticket_key *key = &t->keys[0];

	if (t->count == 0)
		return TICKET_UNKNOWN;
	memcpy(name, key->name, sizeof(key->name));
	if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(t->cipher)) != 1 ||
	    EVP_EncryptInit_ex2(cipher, t->cipher, key->aes, iv, NULL) != 1 ||
	    !use_mac(mac, key))
		return TICKET_FAILED;
	return TICKET_GOOD;
}

static enum ticket_answer
open_ticket(struct tickets *t, SSL *ssl, const unsigned char name[16],
    const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct ipc_ticket_key *key;
	unsigned i = 0;

	while (i < t->count && memcmp(t->keys[i].name, name,
	    sizeof(t->keys[i].name)) != 0)
		i++;
	if (i == t->count)
		return TICKET_UNKNOWN;
	key = &t->keys[i];
	if (EVP_DecryptInit_ex2(cipher, t->cipher, key->aes, iv, NULL) != 1 ||
	    !use_mac(mac, key))
		return TICKET_FAILED;
	/* A ticket of TLS 1.3 is to be used once (RFC 8446, C.4). */
	return i > 0 || SSL_version(ssl) >= TLS1_3_VERSION ?
	    TICKET_GOOD_RENEW : TICKET_GOOD;
}

static int
on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int writes)
{
	struct tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	return (int)(writes ? write_ticket(t, name, iv, cipher, mac) :
	    open_ticket(t, ssl, name, iv, cipher, mac));
}

/* Who had a client's certificate that is not good any more comes anew: in
 * TLS 1.3 each ticket brings the next, and they would go on for ever. */
static SSL_TICKET_RETURN
on_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
	bool renews = status == SSL_TICKET_SUCCESS_RENEW;
	const X509 *peer;

	(void)ssl;
	(void)name;
	(void)name_len;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && !renews)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	peer = SSL_SESSION_get0_peer(session);
	if (peer != NULL &&
	    X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return renews ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

void
tickets_serve(struct tickets *t, SSL_CTX *context)
{
	SSL_CTX_set_app_data(context, t);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
	SSL_CTX_set_session_ticket_cb(context, NULL, on_opened, NULL);
	SSL_CTX_set_timeout(context, TICKETS_LIFE_S);
	SSL_CTX_set_num_tickets(context, 1);
}
