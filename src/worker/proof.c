/*
 * proof - see proof.h.
 */
#include "config.h"

#include "worker/proof.h"

#include <string.h>

#include "worker/audience.h"
#include "worker/seat.h"

size_t
proof_write(const struct client *c, uint8_t out[IPC_PROOF])
{
	struct ipc_proof proof;

	/* Who lags has not had what the room has. */
	if (!seat_has_token(c->seat) || c->audience == NULL || c->is_lagging)
		return 0;
	proof.room = c->audience->room;
	proof.seq = c->audience->seq;
	memcpy(out, &proof, sizeof(proof));
	return sizeof(proof);
}

/* Who forges one deceives but himself, and about no more than there is. */
void
proof_take(struct worker *w, struct client *c, const uint8_t *payload,
    size_t len)
{
	struct seat *seat = c->seat;
	struct ipc_proof proof;

	if (len != sizeof(proof) || c->state != CLIENT_OPEN ||
	    c->audience == NULL || !seat_has_token(seat))
		return;
	memcpy(&proof, payload, sizeof(proof));
	if (proof.room != c->audience->room || proof.seq > c->audience->seq ||
	    (proof.room == seat->proof_room && proof.seq <= seat->proof_seq))
		return;
	/* Without memory the next one will do. */
	if (!client_request(w, c, IPC_PROVEN, 0, &proof, sizeof(proof)))
		return;
	seat->proof_room = proof.room;
	seat->proof_seq = proof.seq;
}
