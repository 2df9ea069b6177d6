/*
 * ticket_keys - see ticket_keys.h.
 */
#include "config.h"

#include "parent/ticket_keys.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

struct ticket_keys {
	struct ipc_ticket_key keys[2];	/* the newest first */
	unsigned count;
	uint64_t renewed_ms;
};

static bool
add_key(struct ticket_keys *k, uint64_t now_ms)
{
	struct ipc_ticket_key key;
	bool is_good;

	is_good = RAND_bytes(key.name, sizeof(key.name)) == 1 &&
	    RAND_priv_bytes(key.aes, sizeof(key.aes)) == 1 &&
	    RAND_priv_bytes(key.hmac, sizeof(key.hmac)) == 1;
	if (is_good) {
		k->keys[1] = k->keys[0];
		k->keys[0] = key;
		k->count += k->count < 2;
		k->renewed_ms = now_ms;
	}
	explicit_bzero(&key, sizeof(key));
	return is_good;
}

struct ticket_keys *
ticket_keys_new(uint64_t now_ms)
{
	struct ticket_keys *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	if (!add_key(k, now_ms)) {
		free(k);
		return NULL;
	}
	return k;
}

void
ticket_keys_free(struct ticket_keys *k)
{
	if (k == NULL)
		return;
	explicit_bzero(k, sizeof(*k));
	free(k);
}

bool
ticket_keys_renew(struct ticket_keys *k, uint64_t now_ms)
{
	/* Without random bytes the old ones go on; the next call tries. */
	return now_ms - k->renewed_ms >= TICKET_KEYS_PERIOD_MS &&
	    add_key(k, now_ms);
}

unsigned
ticket_keys_count(const struct ticket_keys *k)
{
	return k->count;
}

const struct ipc_ticket_key *
ticket_keys_get(const struct ticket_keys *k, unsigned index)
{
	assert(index < k->count);
	return &k->keys[index];
}
