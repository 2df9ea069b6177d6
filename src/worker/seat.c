/*
 * seat - see seat.h.
 */
#include "config.h"

#include "worker/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "worker/backfill.h"

/* What the handshake claims; a token goes into `resume`. */
static enum token_claim
seat_find(struct seat *seat, const struct settings_route *route,
    const struct head *head)
{
	enum token_claim claim = token_find_in_protocols(head, seat->resume);

	if (claim == TOKEN_NONE)
		claim = token_find_in_query(head->query, seat->resume);
	if (claim != TOKEN_NONE || route->identity != SETTINGS_SESSION) {
		seat->asks_again = claim == TOKEN_GIVEN ||
		    claim == TOKEN_MALFORMED;
		return claim;
	}
	claim = token_find_in_cookie(head, seat->resume);
	seat->is_cookie = true;
	seat->sets_cookie = claim != TOKEN_GIVEN;
	return claim;
}

bool
seat_claim(const struct settings_route *route, const struct head *head,
    bool always, struct seat **seat_out)
{
	struct seat *seat = calloc(1, sizeof(*seat));
	enum token_claim claim;

	*seat_out = NULL;
	if (seat == NULL)
		return false;
	claim = seat_find(seat, route, head);
	if (claim == TOKEN_NONE && !seat->is_cookie && !always) {
		seat_free(seat);
		return true;
	}
	seat->has_token = true;
	seat->has_resume = claim == TOKEN_GIVEN;
	seat->has_after = token_find_after(head->query, &seat->after);
	/* A browser keeps its cookie whether it is known or not. */
	if (seat->is_cookie && seat->has_resume) {
		memcpy(seat->token, seat->resume, TOKEN_BYTES);
	} else if (!token_make(seat->token)) {
		seat_free(seat);
		return false;
	}
	*seat_out = seat;
	return true;
}

void
seat_wipe(struct seat *seat)
{
	OPENSSL_cleanse(seat->token, sizeof(seat->token));
	OPENSSL_cleanse(seat->resume, sizeof(seat->resume));
}

void
seat_free(struct seat *seat)
{
	if (seat == NULL)
		return;
	seat_wipe(seat);
	backfill_free(seat->backfill);
	free(seat);
}

const char *
seat_write_cookie(const struct seat *seat, const struct settings_route *route,
    bool is_secure, char out[SEAT_COOKIE_MAX])
{
	char token[TOKEN_TEXT + 1];

	out[0] = '\0';
	if (seat == NULL || !seat->sets_cookie)
		return out;
	snprintf(out, SEAT_COOKIE_MAX, "Set-Cookie: SESSION=%s; Path=%s; "
	    "HttpOnly; SameSite=Lax%s\r\n", token_write(seat->token, token),
	    route->path, is_secure ? "; Secure" : "");
	OPENSSL_cleanse(token, sizeof(token));
	return out;
}

size_t
seat_write_join(const struct seat *seat, const char *room, size_t room_len,
    uint8_t out[IPC_JOIN_TAIL], uint32_t *flags)
{
	size_t len = 0;

	if (seat_has_token(seat) && seat->has_resume) {
		*flags |= IPC_RESUME;
		memcpy(out, seat->resume, TOKEN_BYTES);
		len += TOKEN_BYTES;
	}
	if (seat_has_token(seat)) {
		*flags |= IPC_FRESH;
		memcpy(out + len, seat->token, TOKEN_BYTES);
		len += TOKEN_BYTES;
	}
	memcpy(out + len, room, room_len);
	return len + room_len;
}
