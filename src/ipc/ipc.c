/*
 * ipc - see ipc.h.
 */
#include "config.h"

#include "ipc/ipc.h"

#include <stdbool.h>

static const struct {
	const char *name;
	unsigned from, to;		/* masks of enum ipc_role */
	uint32_t payload, tail;		/* bytes; tail is a bound */
	unsigned fds;
} catalogue[IPC_TYPES] = {
#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) \
	[IPC_##name] = { #name, from, to, sizeof(struct payload), tail, fds },
	IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE
};

enum ipc_verdict
ipc_check(const struct ipc_header *h, enum ipc_role from, enum ipc_role to)
{
	if (h->type == IPC_NOTHING || h->type >= IPC_TYPES || h->zero != 0)
		return IPC_BAD_TYPE;
	if ((catalogue[h->type].from & from) == 0 ||
	    (catalogue[h->type].to & to) == 0)
		return IPC_BAD_DIRECTION;
	if (h->length < catalogue[h->type].payload ||
	    h->length - catalogue[h->type].payload > catalogue[h->type].tail)
		return IPC_BAD_LENGTH;
	return IPC_OK;
}

size_t
ipc_payload_size(enum ipc_type type)
{
	return catalogue[type].payload;
}

unsigned
ipc_descriptors(enum ipc_type type)
{
	return catalogue[type].fds;
}

const char *
ipc_type_name(enum ipc_type type)
{
	if (type == IPC_NOTHING || type >= IPC_TYPES)
		return "UNKNOWN";
	return catalogue[type].name;
}

const char *
ipc_verdict_text(enum ipc_verdict verdict)
{
	static const char *const texts[] = {
		[IPC_OK] = "ok",
		[IPC_BAD_TYPE] = "bad-type",
		[IPC_BAD_DIRECTION] = "bad-direction",
		[IPC_BAD_LENGTH] = "bad-length",
		[IPC_BAD_DESCRIPTORS] = "bad-descriptors",
	};

	return texts[verdict];
}

const char *
ipc_role_name(enum ipc_role role)
{
	switch (role) {
	case IPC_PARENT:
		return "parent";
	case IPC_BROKER:
		return "broker";
	case IPC_WORKER:
		return "worker";
	case IPC_GUEST:
		return "guest";
	}
	return "unknown";
}
