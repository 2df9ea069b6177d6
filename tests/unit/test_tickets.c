/*
 * test_tickets - the keys of session tickets: renewed in the parent, and
 * which of them open a ticket in a worker, with handshakes in memory.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "parent/ticket_keys.h"
#include "worker/tickets.h"

#define PERIOD	TICKET_KEYS_PERIOD_MS

/*
 * The parent's.
 */

static void
a_key_is_renewed_after_its_period(void **state)
{
	struct ticket_keys *k = ticket_keys_new(1000);
	struct ipc_ticket_key first, second;

	(void)state;
	assert_non_null(k);
	assert_int_equal(ticket_keys_count(k), 1);
	first = *ticket_keys_get(k, 0);
	assert_false(ticket_keys_renew(k, 1000 + PERIOD - 1));
	assert_memory_equal(ticket_keys_get(k, 0), &first, sizeof(first));

	assert_true(ticket_keys_renew(k, 1000 + PERIOD));
	assert_int_equal(ticket_keys_count(k), 2);
	assert_memory_equal(ticket_keys_get(k, 1), &first, sizeof(first));
	second = *ticket_keys_get(k, 0);
	assert_memory_not_equal(second.name, first.name, sizeof(first.name));
	assert_memory_not_equal(second.aes, first.aes, sizeof(first.aes));
	assert_memory_not_equal(second.hmac, first.hmac, sizeof(first.hmac));
	assert_false(ticket_keys_renew(k, 1000 + 2 * PERIOD - 1));

	assert_true(ticket_keys_renew(k, 1000 + 2 * PERIOD));
	assert_int_equal(ticket_keys_count(k), 2);
	assert_memory_equal(ticket_keys_get(k, 1), &second, sizeof(second));
	ticket_keys_free(k);
}

static void
both_sides_mean_the_same_period(void **state)
{
	(void)state;
	assert_int_equal(PERIOD, UINT64_C(1000) * TICKETS_LIFE_S);
}

/*
 * The worker's: two servers with keys of their own, and a client.
 */

static SSL_CTX *client;
static EVP_PKEY *key;
static X509 *certificate, *expired;

struct server {
	SSL_CTX *context;
	struct tickets *tickets;
};

static struct ipc_ticket_key
make_key(uint8_t fill)
{
	struct ipc_ticket_key made;

	memset(&made, fill, sizeof(made));
	return made;
}

static struct server
server_new(void)
{
	struct server s = {
		.context = SSL_CTX_new(TLS_server_method()),
		.tickets = tickets_new()
	};

	assert_non_null(s.tickets);
	assert_int_equal(SSL_CTX_use_certificate(s.context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s.context, key), 1);
	SSL_CTX_set_session_cache_mode(s.context, SSL_SESS_CACHE_OFF);
	tickets_serve(s.tickets, s.context);
	return s;
}

static void
server_free(struct server *s)
{
	SSL_CTX_free(s->context);
	tickets_free(s->tickets);
}

static SSL_SESSION *last_session;

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last_session);
	last_session = session;
	return 1;
}

/* A handshake; returns whether it was a resumed one.  Leaves the client's
 * session in last_session. */
static bool
shake(const struct server *s, int version, SSL_SESSION *with)
{
	SSL *near = SSL_new(client), *far = SSL_new(s->context);
	BIO *near_bio, *far_bio;
	bool is_resumed;
	char byte;

	last_session = NULL;
	SSL_set_max_proto_version(near, version);
	/* OpenSSL's clients use a session of TLS 1.3 once, not its copies. */
	if (with != NULL) {
		SSL_SESSION *copy = SSL_SESSION_dup(with);

		assert_int_equal(SSL_set_session(near, copy), 1);
		SSL_SESSION_free(copy);
	}
	assert_int_equal(BIO_new_bio_pair(&near_bio, 65536, &far_bio, 65536),
	    1);
	SSL_set_bio(near, near_bio, near_bio);
	SSL_set_bio(far, far_bio, far_bio);
	SSL_set_connect_state(near);
	SSL_set_accept_state(far);
	for (int i = 0; i < 10; i++) {
		(void)SSL_do_handshake(near);
		(void)SSL_do_handshake(far);
	}
	(void)SSL_read(near, &byte, 1);		/* 1.3: the ticket */
	assert_int_equal(SSL_is_init_finished(near), 1);
	assert_int_equal(SSL_version(near), version);
	is_resumed = SSL_session_reused(far) == 1;
	/* OpenSSL does not call back for a ticket that renews one of 1.2. */
	if (last_session == NULL)
		last_session = SSL_get1_session(near);
	(void)SSL_shutdown(near);
	SSL_free(near);
	SSL_free(far);
	return is_resumed;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
a_ticket_opens_elsewhere_until_its_key_is_gone(void **state)
{
	const struct ipc_ticket_key a = make_key('a'), b = make_key('b'),
	    c = make_key('c');

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server one = server_new(), two = server_new();
		SSL_SESSION *session;

		tickets_add(one.tickets, &a);
		assert_false(shake(&one, versions[i], NULL));
		session = last_session;
		assert_int_equal(SSL_SESSION_has_ticket(session), 1);

		assert_false(shake(&two, versions[i], session)); /* no key */
		SSL_SESSION_free(last_session);
		tickets_add(two.tickets, &a);
		assert_true(shake(&two, versions[i], session));
		SSL_SESSION_free(last_session);
		tickets_add(two.tickets, &b);
		/* A reload says again what they are. */
		tickets_add(two.tickets, &a);
		tickets_add(two.tickets, &b);
		assert_true(shake(&two, versions[i], session));
		/* The answer was a ticket of the new key. */
		assert_int_equal(SSL_SESSION_has_ticket(last_session), 1);
		SSL_SESSION_free(session);
		session = last_session;
		tickets_add(two.tickets, &c);
		assert_true(shake(&two, versions[i], session));
		SSL_SESSION_free(last_session);
		assert_false(shake(&one, versions[i], session)); /* not b */
		SSL_SESSION_free(last_session);
		SSL_SESSION_free(session);
		server_free(&one);
		server_free(&two);
	}
}

static void
the_oldest_of_three_keys_opens_nothing(void **state)
{
	const struct ipc_ticket_key a = make_key('a'), b = make_key('b'),
	    c = make_key('c');

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = server_new();
		SSL_SESSION *session;

		tickets_add(s.tickets, &a);
		assert_false(shake(&s, versions[i], NULL));
		session = last_session;
		tickets_add(s.tickets, &b);
		tickets_add(s.tickets, &c);
		assert_false(shake(&s, versions[i], session));
		SSL_SESSION_free(last_session);
		SSL_SESSION_free(session);
		server_free(&s);
	}
}

static void
without_a_key_there_is_no_ticket(void **state)
{
	(void)state;
	struct server s = server_new();

	assert_false(shake(&s, TLS1_2_VERSION, NULL));
	assert_int_equal(SSL_SESSION_has_ticket(last_session), 0);
	SSL_SESSION_free(last_session);
	server_free(&s);
}

static int
on_verify(int is_good, X509_STORE_CTX *store)
{
	(void)is_good;
	(void)store;
	return 1;
}

/* Which was good, as far as the server is concerned, the first time. */
static void
a_ticket_ends_with_the_certificate_of_its_client(void **state)
{
	const struct ipc_ticket_key a = make_key('a');
	X509 *shown[] = { certificate, expired };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int version = versions[i / 2];
		struct server s = server_new();
		SSL_SESSION *session;

		tickets_add(s.tickets, &a);
		SSL_CTX_set_verify(s.context, SSL_VERIFY_PEER |
		    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
		SSL_CTX_set_session_id_context(s.context,
		    (const unsigned char *)"s", 1);
		assert_int_equal(SSL_CTX_use_certificate(client,
		    shown[i % 2]), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(client, key), 1);
		assert_false(shake(&s, version, NULL));
		session = last_session;
		assert_int_equal(shake(&s, version, session), i % 2 == 0);
		SSL_SESSION_free(last_session);
		SSL_SESSION_free(session);
		server_free(&s);
	}
}

static X509 *
make_certificate(long from_s, long until_s)
{
	X509 *made = X509_new();

	assert_non_null(made);
	assert_int_equal(X509_set_pubkey(made, key), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), until_s));
	assert_int_not_equal(X509_sign(made, key, EVP_sha256()), 0);
	return made;
}

static int
setup(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	certificate = make_certificate(0, 3600);
	expired = make_certificate(-3600, -1);
	client = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client, on_session);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	SSL_CTX_free(client);
	X509_free(certificate);
	X509_free(expired);
	EVP_PKEY_free(key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_renewed_after_its_period),
		cmocka_unit_test(both_sides_mean_the_same_period),
		cmocka_unit_test(
		    a_ticket_opens_elsewhere_until_its_key_is_gone),
		cmocka_unit_test(the_oldest_of_three_keys_opens_nothing),
		cmocka_unit_test(without_a_key_there_is_no_ticket),
		cmocka_unit_test(
		    a_ticket_ends_with_the_certificate_of_its_client),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
