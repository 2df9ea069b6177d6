/*
 * ipc - the form of a message and the one check of it.
 *
 * A frame is a header, a payload and a tail.  Knows the catalogue and no
 * socket; used by every process through peer.h.
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/messages.h"

struct ipc_header {
	uint32_t length;	/* of payload and tail, in bytes */
	uint16_t type;		/* enum ipc_type */
	uint16_t zero;
};

_Static_assert(sizeof(struct ipc_header) == 8, "no hidden padding");

/* A message as a handler sees it; payload and tail are lent for the call. */
struct ipc_message {
	enum ipc_type type;
	const void *payload;	/* aligned; the struct of the catalogue */
	const uint8_t *tail;
	size_t tail_len;
	int fd;			/* owned by the handler; -1: none */
};

enum ipc_verdict {
	IPC_OK,
	IPC_BAD_TYPE,
	IPC_BAD_DIRECTION,
	IPC_BAD_LENGTH,
	IPC_BAD_DESCRIPTORS
};

/* Judges a header before its body is waited for: type, direction, bounds of
 * the length.  Descriptors are judged when the body is there. */
enum ipc_verdict ipc_check(const struct ipc_header *, enum ipc_role from,
    enum ipc_role to);

size_t ipc_payload_size(enum ipc_type);
unsigned ipc_descriptors(enum ipc_type);
const char *ipc_type_name(enum ipc_type);
const char *ipc_verdict_text(enum ipc_verdict);
const char *ipc_role_name(enum ipc_role);

#endif
