/*
 * singles - workers for one connection each: where they have their places, and
 * what becomes of them.
 *
 * A part of the parent.  With spawn = connection the door has one started for
 * each connection; others a super-server starts, and they come by attach.c.
 * One that ends is not started again: its connection has
 * ended, or was not taken and goes to another.
 */
#include "config.h"

#include "parent/parent_parts.h"

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "base/logger.h"
#include "parent/door.h"
#include "parent/listener.h"

#define STOP_MS		5000	/* for one that is told to go: SIGKILL */

/* A reload may enlarge a pool, whose places are one behind the other. */
unsigned
singles_first(const struct parent *parent)
{
	return parent->settings->spawn == SETTINGS_POOL ? SETTINGS_WORKERS : 0;
}

/* Each costs the parent two descriptors at most, and the broker one. */
static unsigned
most(const struct parent *parent)
{
	unsigned places = SETTINGS_PLACES - singles_first(parent);
	unsigned affordable = parent->heritage.slots / 2;

	return places < affordable ? places : affordable;
}

/* So that a crowd does not have them all started at once. */
enum pool_choice
singles_choose(void *arg, unsigned *index_out)
{
	struct parent *parent = arg;
	struct singles *singles = &parent->singles;

	if (parent->stage != RUNNING)
		return POOL_NOBODY;
	if (singles->alive >= most(parent))
		return POOL_FULL;
	if (singles->untaken >= POOL_IN_FLIGHT)
		return POOL_BUSY;
	if (singles->hint < singles_first(parent))
		singles->hint = singles_first(parent);
	while (child_is_alive(&parent->workers[singles->hint]))
		singles->hint++;
	*index_out = singles->hint;
	return POOL_CHOSEN;
}

/* Its place, anew: also its name, which others may have had. */
static struct child *
make_place(struct parent *parent, unsigned index)
{
	struct child *child = &parent->workers[index];

	child_clear(child);
	if (!child_init(child, parent->base, IPC_WORKER, index, parent, NULL))
		return NULL;
	child->is_single = true;
	return child;
}

static void
count_in(struct parent *parent, const struct child *child)
{
	parent->singles.alive++;
	parent->singles.untaken++;
	children_use_places(parent, child->index + 1);
}

bool
singles_start(void *arg, unsigned index)
{
	struct parent *parent = arg;
	struct child *child = make_place(parent, index);

	if (child == NULL || !children_try_start(parent, child))
		return false;
	count_in(parent, child);
	return true;
}

/* The index of the listener that has this name; with none it is that of
 * nobody.  -1: there is no such listener. */
static int
find_listener(const struct settings *settings, const char *name)
{
	uint32_t i;

	if (name[0] == '\0')
		return SETTINGS_LISTENERS;
	for (i = 0; i < settings->listener_count; i++)
		if (strcmp(settings->listeners[i].address, name) == 0)
			return (int)i;
	return -1;
}

static void
close_offer(const struct attach_offer *offer)
{
	close(offer->channel);
	close(offer->pidfd);
}

/* With its own connection alone: that is the door's afterwards. */
static struct child *
adopt(struct parent *parent, const struct attach_offer *offer)
{
	const struct peer_config config = children_channel(IPC_WORKER);
	struct child *child = NULL;
	unsigned index;

	if (offer->channel >= 0 &&
	    singles_choose(parent, &index) == POOL_CHOSEN)
		child = make_place(parent, index);
	if (child == NULL) {
		logger_warning("no place for a worker", "pid=%d",
		    (int)offer->pid);
		close_offer(offer);
		return NULL;
	}
	if (!child_adopt(child, parent->base, parent->generation + 1,
	    &config, offer->pid, offer->pidfd, offer->channel,
	    children_on_gone))
		return NULL;
	parent->generation++;
	count_in(parent, child);
	children_greet(parent, child);
	if (offer->reloads != parent->reloads)
		reload_tell(parent, child);
	return child;
}

void
singles_adopt(struct parent *parent, const struct attach_offer *offer)
{
	int listener = find_listener(parent->settings, offer->listener);
	char shown[4 * SETTINGS_ADDRESS + 8];
	struct child *child;

	if (listener < 0) {
		logger_error("no listener is that", "listener=%s pid=%d",
		    logger_escape(offer->listener, strlen(offer->listener),
		    shown, sizeof(shown)), (int)offer->pid);
		close_offer(offer);
		listener_refuse(offer->connection, false);
		return;
	}
	child = adopt(parent, offer);
	if (child == NULL)
		listener_refuse(offer->connection, settings_speaks_tls(
		    &parent->settings->listeners[listener]));
	else
		door_offer(parent->door, child->index, (unsigned)listener,
		    offer->connection);
}

void
singles_on_taken(struct parent *parent, struct child *child)
{
	if (child->has_taken)
		return;
	child->has_taken = true;
	parent->singles.untaken--;
}

void
singles_on_end(struct parent *parent, struct child *child)
{
	struct singles *singles = &parent->singles;

	singles->alive--;
	if (!child->has_taken)
		singles->untaken--;
	if (child->index < singles->hint)
		singles->hint = child->index;
	while (parent->worker_end > singles_first(parent) &&
	    !child_is_alive(&parent->workers[parent->worker_end - 1]))
		parent->worker_end--;
	children_use_places(parent, settings_pool(parent->settings));
}

/* It ends by itself when its connection has; this is for one that never got
 * it, or waits for a broker that does not come. */
void
singles_watch(struct parent *parent)
{
	static const struct ipc_stop now;
	struct child *child;
	unsigned i;

	if (parent->stage != RUNNING)
		return;
	for (i = singles_first(parent); i < parent->worker_end; i++) {
		child = &parent->workers[i];
		if (child_is_alive(child) && child->state != CHILD_STOPPING &&
		    door_worker_connections(parent->door, i) == 0)
			child_stop(child, &now, STOP_MS);
	}
}
