/*
 * tokens - see tokens.h.
 */
#include "config.h"

#include "broker/tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "broker/rowtable.h"

struct tokens {
	struct rowtable *rows;
	const struct state *state;
	uint64_t keys[3];	/* random; the last is odd */
};

struct token {
	uint8_t route;
	const uint8_t *hash;
};

bool
tokens_prepare(void)
{
	static const uint8_t any[IPC_TOKEN];
	uint8_t hash[STATE_TOKEN];

	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 &&
	    tokens_hash(any, hash);
}

bool
tokens_hash(const uint8_t token[static IPC_TOKEN],
    uint8_t hash_out[static STATE_TOKEN])
{
	uint8_t whole[SHA256_DIGEST_LENGTH];

	if (SHA256(token, IPC_TOKEN, whole) == NULL)
		return false;
	memcpy(hash_out, whole, STATE_TOKEN);
	return true;
}

static uint64_t
token_hash(const struct tokens *t, const struct token *token)
{
	uint64_t half[2];

	memcpy(half, token->hash, sizeof(half));
	return ((half[0] ^ t->keys[0]) + (half[1] ^ t->keys[1]) +
	    token->route) * t->keys[2];
}

static uint64_t
hash_row(const void *arg, uint32_t row)
{
	const struct tokens *t = arg;
	const struct state_session *s = state_session(t->state, row);
	const struct token token = { s->route, s->token };

	return token_hash(t, &token);
}

static bool
match_row(const void *arg, uint32_t row, const void *key)
{
	const struct tokens *t = arg;
	const struct state_session *s = state_session(t->state, row);
	const struct token *token = key;

	return s->route == token->route &&
	    CRYPTO_memcmp(s->token, token->hash, STATE_TOKEN) == 0;
}

struct tokens *
tokens_new(const struct state *state)
{
	struct tokens *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->state = state;
	t->rows = rowtable_new(hash_row, match_row, t);
	if (t->rows == NULL || getrandom(t->keys, sizeof(t->keys), 0) !=
	    (ssize_t)sizeof(t->keys)) {
		tokens_free(t);
		return NULL;
	}
	t->keys[2] |= 1;
	return t;
}

void
tokens_free(struct tokens *t)
{
	if (t == NULL)
		return;
	rowtable_free(t->rows);
	free(t);
}

bool
tokens_reserve(struct tokens *t)
{
	return rowtable_reserve(t->rows);
}

void
tokens_add(struct tokens *t, uint32_t row)
{
	rowtable_add(t->rows, row);
}

void
tokens_remove(struct tokens *t, uint32_t row)
{
	rowtable_remove(t->rows, row);
}

uint32_t
tokens_find(const struct tokens *t, uint8_t route,
    const uint8_t hash[static STATE_TOKEN])
{
	const struct token key = { route, hash };

	return rowtable_find(t->rows, token_hash(t, &key), &key);
}
