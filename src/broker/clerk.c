/*
 * clerk - see clerk.h.
 */
#include "config.h"

#include "broker/clerk.h"

#include "broker/broker_parts.h"

static bool
kick(void *arg, unsigned index, uint64_t connection, bool is_ban)
{
	struct broker *b = arg;
	const struct ipc_kick payload = {
		.connection = connection, .is_ban = is_ban
	};

	return b->links[index].peer == NULL ||
	    !peer_is_open(b->links[index].peer) ||
	    peer_send(b->links[index].peer, IPC_KICK, &payload, NULL, 0, -1);
}

static bool
report(void *arg, struct network network, uint64_t until_s)
{
	struct broker *b = arg;
	const struct ipc_ban ban = {
		.key = network.key, .bits = network.bits, .until_s = until_s
	};

	return peer_send(b->parent, IPC_BAN, &ban, NULL, 0, -1);
}

static bool
mute(void *arg, struct network network, uint64_t until_s, bool is_address)
{
	struct broker *b = arg;
	const struct ipc_mute payload = {
		.key = network.key, .bits = network.bits, .until_s = until_s,
		.is_address = is_address
	};

	return peer_send(b->parent, IPC_MUTE, &payload, NULL, 0, -1);
}

struct office
clerk_office(struct broker *b)
{
	return (struct office){
		.hub = b->hub, .kick = kick, .report = report,
		.mute = mute, .arg = b
	};
}
