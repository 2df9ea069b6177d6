/*
 * token - what a client shows to be the same member again: 16 random bytes,
 * and how they are written and found in a handshake.
 *
 * A pure module of the worker.  Written, they are 22 characters of base64url
 * without padding (RFC 4648, 5).  The last has four bits that are no bytes':
 * they are 0, or it is not well-formed, so that a token has one spelling.
 * Who has a token is its member: it is never logged, and wiped where it is
 * not needed any more.
 */
#ifndef WORKER_TOKEN_H
#define WORKER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws/head.h"
#include "ws/slice.h"

#define TOKEN_BYTES	16
#define TOKEN_TEXT	22		/* characters, without a NUL */

enum token_claim {
	TOKEN_NONE,		/* nothing is said of a token */
	TOKEN_NEW,		/* one is asked for: ?resume=new */
	TOKEN_MALFORMED,	/* what cannot be one */
	TOKEN_GIVEN		/* one, of a member that may be there */
};

/* Makes a token that nobody can guess.  False: no randomness. */
bool token_make(uint8_t out[TOKEN_BYTES]) __attribute__((warn_unused_result));

/* Writes it with a NUL; returns `out`. */
const char *token_write(const uint8_t token[TOKEN_BYTES],
    char out[TOKEN_TEXT + 1]);
/* Reads the one spelling of a token, and nothing else; else `out` is
 * scratch. */
bool token_read(struct slice text, uint8_t out[TOKEN_BYTES])
    __attribute__((warn_unused_result));

/*
 * Find what a handshake claims; `out` is set for TOKEN_GIVEN, and scratch
 * otherwise.
 * _protocols: the first offered subprotocol "wschat.resume.TOKEN".
 * _query: the first "resume=TOKEN" or "resume=new" among what '&' parts.
 * _cookie: SESSION in Cookie fields (RFC 6265, 4.2.1), in quotes or not; the
 * first well-formed one, for others of the host may use the word.
 */
enum token_claim token_find_in_protocols(const struct head *,
    uint8_t out[TOKEN_BYTES]);
enum token_claim token_find_in_query(struct slice query,
    uint8_t out[TOKEN_BYTES]);
enum token_claim token_find_in_cookie(const struct head *,
    uint8_t out[TOKEN_BYTES]);

/* "after=SEQ" in a query: decimal digits of a number below 2^64.  False: none,
 * or something else. */
bool token_find_after(struct slice query, uint64_t *seq_out);

#endif
