/*
 * frail - the server with a broker that dies of one text, for
 * crashing_request.py.
 *
 * Linked with --wrap=hub_say: what a worker's SAY comes to passes here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>

#include "broker/hub.h"

#define DEADLY	"the broker dies of this"

enum hub_result __real_hub_say(struct hub *, unsigned,
    const struct ipc_request *, const uint8_t *, size_t, uint64_t *);
enum hub_result __wrap_hub_say(struct hub *, unsigned,
    const struct ipc_request *, const uint8_t *, size_t, uint64_t *);

enum hub_result
__wrap_hub_say(struct hub *hub, unsigned index, const struct ipc_request *q,
    const uint8_t *tail, size_t len, uint64_t *seq_out)
{
	enum hub_result result = __real_hub_say(hub, index, q, tail, len,
	    seq_out);

	if (memmem(tail, len, DEADLY, strlen(DEADLY)) != NULL)
		abort();
	return result;
}
