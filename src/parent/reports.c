/*
 * reports - what children say to the parent: the handlers, their table, and
 * the end of a channel.
 *
 * A part of the parent.  What follows from a message is others': child.c's
 * for a single process, door.c's for connections, ending.c's for the end.
 */
#include "config.h"

#include "parent/parent.h"

#include "base/bans.h"
#include "base/clock.h"
#include "base/logger.h"
#include "parent/banlist.h"
#include "parent/door.h"
#include "parent/helm.h"
#include "parent/parent_parts.h"

static bool
on_hello(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_hello *hello = message->payload;
	struct child *child = owner;

	(void)peer;
	return hello->version == IPC_VERSION &&
	    hello->role == (uint32_t)child->role &&
	    hello->generation == child->generation;
}

static bool
on_ready(void *owner, struct peer *peer, const struct ipc_message *message)
{
	struct child *child = owner;
	struct parent *parent = child->parent;

	(void)peer;
	(void)message;
	child_set_ready(child);
	if (child->role == IPC_WORKER && !child->is_single &&
	    child->state == CHILD_READY)
		door_open_worker(parent->door, child->index, true);
	return true;
}

static bool
on_paused(void *owner, struct peer *peer, const struct ipc_message *message)
{
	struct child *worker = owner;

	(void)peer;
	(void)message;
	worker->paused = true;
	ending_stop_workers_when_paused(worker->parent);
	return true;
}

static bool
on_pong(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_ping *ping = message->payload;
	struct child *child = owner;

	(void)peer;
	if (!child_on_pong(child, ping->number))
		return false;
	settling_check(child->parent);
	return true;
}

static bool
on_worker_mute(void *owner, struct peer *peer,
    const struct ipc_message *message)
{
	const struct ipc_worker *mute = message->payload;
	struct child *broker = owner;
	struct parent *parent = broker->parent;

	(void)peer;
	if (mute->index >= SETTINGS_PLACES)
		return false;
	/* An older generation has ended by itself. */
	if (parent->workers[mute->index].generation == mute->generation &&
	    child_is_alive(&parent->workers[mute->index]))
		child_kill(&parent->workers[mute->index],
		    "the broker gave it up");
	return true;
}

static bool
on_taken(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_connection *taken = message->payload;
	struct child *worker = owner;
	struct parent *parent = worker->parent;

	(void)peer;
	if (worker->is_single)
		singles_on_taken(parent, worker);
	return door_on_taken(parent->door, worker->index, taken->connection);
}

static bool
on_closed(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_connection *closed = message->payload;
	struct child *worker = owner;
	struct parent *parent = worker->parent;

	(void)peer;
	return door_on_closed(parent->door, worker->index,
	    closed->connection, (closed->flags & IPC_FAILED) != 0);
}

static bool
on_memory(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_memory *memory = message->payload;
	struct child *worker = owner;
	struct parent *parent = worker->parent;

	(void)peer;
	door_set_short(parent->door, worker->index, memory->is_short != 0);
	return true;
}

static bool
on_ban(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_ban *ban = message->payload;
	struct child *broker = owner;
	struct parent *parent = broker->parent;
	struct network network;

	(void)peer;
	if (!network_take(ban->key, ban->bits, &network))
		return false;
	banlist_set(parent->banlist, BANLIST_BANNED, network, ban->until_s);
	return true;
}

static bool
on_mute(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct ipc_mute *mute = message->payload;
	const struct child *broker = owner;
	const struct parent *parent = broker->parent;
	struct network network;

	(void)peer;
	if (mute->is_address > 1 ||
	    !network_take(mute->key, mute->bits, &network))
		return false;
	if (mute->is_address == 1) {
		banlist_set(parent->banlist, BANLIST_MUTED, network,
		    mute->until_s);
		return true;
	}
	bans_expire(parent->muted, clock_wall_us() / 1000000);
	if (!bans_set(parent->muted, network, mute->until_s))
		logger_error("a mute is lost with the broker", "count=%zu",
		    bans_count(parent->muted));
	return true;
}

static bool
on_steer(void *owner, struct peer *peer, const struct ipc_message *message)
{
	const struct child *broker = owner;

	(void)peer;
	return helm_steer(broker->parent, message->payload);
}

static peer_handler *const handlers[IPC_TYPES] = {
	[IPC_HELLO] = on_hello,
	[IPC_READY] = on_ready,
	[IPC_PONG] = on_pong,
	[IPC_PAUSED] = on_paused,
	[IPC_WORKER_MUTE] = on_worker_mute,
	[IPC_TAKEN] = on_taken,
	[IPC_CLOSED] = on_closed,
	[IPC_MEMORY] = on_memory,
	[IPC_BAN] = on_ban,
	[IPC_MUTE] = on_mute,
	[IPC_STEER] = on_steer,
};

peer_handler *const *
parent_handlers(void)
{
	return handlers;
}

void
reports_on_channel_end(void *owner, struct peer *peer, const char *why)
{
	struct child *child = owner;
	struct parent *parent = child->parent;

	(void)peer;
	if (why != NULL && child_is_alive(child))
		child_kill(child, why);
	if (child->role == IPC_WORKER && !child->is_single)
		door_open_worker(parent->door, child->index, false);
}
