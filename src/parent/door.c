/*
 * door - see door.h.
 *
 * A listener is paused before it could bring somebody whom no worker takes, so
 * that the kernel's queue is the only one.
 */
#include "config.h"

#include "parent/door.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/die.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/netaddr.h"
#include "base/settings.h"
#include "parent/doorman.h"
#include "parent/endpoint.h"
#include "parent/listener.h"
#include "parent/pool.h"

/* A connection is offered to so many workers that die before they take it;
 * it may be why. */
#define DEATHS_MAX	3
struct door {
	struct event_base *base;
	const struct settings *settings;
	struct pool *pool;
	struct doorman *doorman;
	struct listener *listeners[SETTINGS_LISTENERS];
	/* Opened for settings that do not count yet. */
	struct listener *opened[SETTINGS_LISTENERS];
	const struct door_calls *calls;
	void *owner;
	bool is_closed;
};

/* A worker that has crashed, and for each of its connections the part that its
 * address gets; 0: it has ended otherwise. */
struct blame {
	struct door *door;
	uint64_t us;
};

static listener_on_accept on_accept;
static bool update_accepting(struct door *);
static void deliver_waiting(struct door *);
static void forget_opened(struct door *);
static void on_lost(void *, uint64_t);
static void on_dropped(void *, const struct pool_entry *);

/* Whether the place has the listener that it has in these settings. */
static bool
is_same(const struct door *door, const struct settings *settings,
    uint32_t index)
{
	return door->listeners[index] != NULL && strcmp(
	    settings->listeners[index].address,
	    door->settings->listeners[index].address) == 0;
}

static void
log_listener(const struct door *door, uint32_t index, const char *what)
{
	char shown[SETTINGS_ADDRESS + 48];

	snprintf(shown, sizeof(shown), "%s %s://%s", what, settings_speaks_tls(
	    &door->settings->listeners[index]) ? "https" : "http",
	    listener_name(door->listeners[index]));
	logger_info(shown, NULL);
}

/* Opens the listeners of these settings that are not there yet, all or none;
 * `inherited` is NULL when it has been given out.  They wait in `opened`. */
static bool
open_missing(struct door *door, const struct settings *settings,
    const int *inherited, struct endpoint_error *error)
{
	uint32_t i;

	for (i = 0; i < settings->listener_count; i++) {
		if (!settings_has_listener(settings, i) ||
		    is_same(door, settings, i))
			continue;
		door->opened[i] = listener_open(door->base,
		    &settings->listeners[i], i,
		    inherited == NULL ? -1 : inherited[i], on_accept, door,
		    error);
		if (door->opened[i] == NULL) {
			forget_opened(door);
			return false;
		}
	}
	return true;
}

struct door *
door_new(struct event_base *base, const struct settings *settings,
    const int *inherited, uint32_t slots, const struct door_calls *calls,
    void *owner)
{
	struct door *door = calloc(1, sizeof(*door));
	struct endpoint_error error;

	if (door == NULL)
		die(EX_OSERR, "door");
	door->base = base;
	door->settings = settings;
	door->calls = calls;
	door->owner = owner;
	door->pool = pool_new(settings_pool(settings), slots);
	door->doorman = doorman_new();
	if (door->pool == NULL || door->doorman == NULL)
		die(EX_OSERR, "door");
	if (!open_missing(door, settings, inherited, &error)) {
		errno = 0;	/* the sentence has it */
		die(error.code, "%s", error.text);
	}
	return door;
}

void
door_free(struct door *door)
{
	forget_opened(door);
	door_close(door);
	pool_free(door->pool, on_dropped, NULL);
	doorman_free(door->doorman);
	free(door);
}

bool
door_open_new(struct door *door, const struct settings *settings, char *error,
    size_t size)
{
	struct endpoint_error why;

	if (open_missing(door, settings, NULL, &why))
		return true;
	snprintf(error, size, "%s", why.text);
	return false;
}

void
door_take_opened(struct door *door)
{
	uint32_t i;

	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		if (door->opened[i] == NULL)
			continue;
		door->listeners[i] = door->opened[i];
		door->opened[i] = NULL;
		log_listener(door, i, "listening on");
	}
	update_accepting(door);
}

static void
forget_opened(struct door *door)
{
	uint32_t i;

	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		listener_close(door->opened[i]);
		door->opened[i] = NULL;
	}
}

void
door_set_settings(struct door *door, const struct settings *settings)
{
	uint32_t i;

	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		if (door->listeners[i] == NULL)
			continue;
		if (is_same(door, settings, i)) {
			listener_speak_tls(door->listeners[i],
			    settings_speaks_tls(&settings->listeners[i]));
			continue;
		}
		listener_accept_waiting(door->listeners[i]);
		log_listener(door, i, "closed");
		listener_close(door->listeners[i]);
		door->listeners[i] = NULL;
	}
	pool_grow(door->pool, settings_pool(settings));
	door->settings = settings;
	door_take_opened(door);
}

uint64_t
door_connections(const struct door *door)
{
	return pool_connections(door->pool);
}

uint32_t
door_worker_connections(const struct door *door, unsigned worker)
{
	return pool_worker_connections(door->pool, worker);
}

void
door_open_worker(struct door *door, unsigned worker, bool open)
{
	pool_open_worker(door->pool, worker, open && !door->is_closed);
	update_accepting(door);
}

void
door_set_short(struct door *door, unsigned worker, bool is_short)
{
	pool_set_short(door->pool, worker, is_short);
	if (is_short)
		doorman_note_short(door->doorman,
		    pool_connections(door->pool));
	update_accepting(door);
}

uint32_t
door_remove_worker(struct door *door, unsigned worker, enum door_end end)
{
	uint64_t before = pool_connections(door->pool);
	uint32_t count = pool_worker_connections(door->pool, worker);
	struct blame blame = { .door = door };

	if (end == DOOR_END_CRASH && count > 0)
		blame.us = door->settings->limits.penalty_crash_ms * 1000 /
		    count;
	pool_remove_worker(door->pool, worker, end != DOOR_END_FROM_OUTSIDE,
	    on_lost, &blame);
	update_accepting(door);
	return (uint32_t)(before - pool_connections(door->pool));
}

bool
door_on_taken(struct door *door, unsigned worker, uint64_t connection)
{
	int fd = pool_take(door->pool, worker, connection);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool
door_on_closed(struct door *door, unsigned worker, uint64_t connection,
    bool has_failed)
{
	uint64_t address;
	int fd;

	if (!pool_remove(door->pool, worker, connection, &address, &fd))
		return false;
	doorman_discount(door->doorman, address);
	if (has_failed)
		doorman_punish(door->doorman, &door->settings->limits,
		    address,
		    door->settings->limits.penalty_handshake_ms * 1000,
		    "failed-handshakes");
	if (fd >= 0)
		close(fd);
	return true;
}

void
door_end_turn(struct door *door)
{
	deliver_waiting(door);
	update_accepting(door);
}

void
door_close(struct door *door)
{
	uint32_t i;

	door->is_closed = true;
	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		listener_close(door->listeners[i]);
		door->listeners[i] = NULL;
	}
	for (i = 0; i < settings_pool(door->settings); i++)
		pool_open_worker(door->pool, i, false);
	deliver_waiting(door);
}

static void
on_lost(void *arg, uint64_t address)
{
	const struct blame *blame = arg;
	struct door *door = blame->door;

	doorman_discount(door->doorman, address);
	doorman_punish(door->doorman, &door->settings->limits, address,
	    blame->us, "crashes");
}

static void
on_dropped(void *arg, const struct pool_entry *entry)
{
	(void)arg;
	close(entry->fd);
}

/* Nobody can or should serve it. */
static void
refuse(struct door *door, const struct pool_entry *entry)
{
	doorman_discount(door->doorman, entry->address);
	listener_refuse(entry->fd, settings_speaks_tls(
	    &door->settings->listeners[entry->accepted.listener]));
	logger_debug("refused", "why=no-slot connections=%" PRIu64,
	    pool_connections(door->pool));
}

/* Who takes the next one. */
static enum pool_choice
choose(const struct door *door, unsigned *index_out)
{
	return door->calls->choose == NULL ?
	    pool_choose(door->pool, index_out) :
	    door->calls->choose(door->owner, index_out);
}

/* A worker that is there for this one connection is never open for others. */
static const struct pool_entry *
add_alone(struct door *door, unsigned index, struct pool_entry *entry)
{
	const struct pool_entry *kept;

	entry->accepted.flags |= IPC_ACCEPTED_ALONE;
	pool_grow(door->pool, index + 1);
	pool_open_worker(door->pool, index, true);
	kept = pool_add(door->pool, index, entry);
	pool_open_worker(door->pool, index, false);
	return kept;
}

static void
pass(struct door *door, unsigned index, const struct pool_entry *entry,
    bool alone)
{
	const struct pool_entry *kept;
	struct pool_entry lost = *entry;

	lost.accepted.flags &= ~(uint32_t)IPC_ACCEPTED_ALONE;
	kept = alone ? add_alone(door, index, &lost) :
	    pool_add(door->pool, index, &lost);
	if (kept == NULL) {
		refuse(door, entry);
		return;
	}
	if (door->calls->send(door->owner, index, &kept->accepted, kept->fd))
		return;
	if (pool_remove(door->pool, index, kept->accepted.connection,
	    &lost.address, &lost.fd))
		refuse(door, &lost);
}

static void
deliver(struct door *door, unsigned index, const struct pool_entry *entry)
{
	bool alone = door->calls->start != NULL;

	if (alone && !door->calls->start(door->owner, index))
		refuse(door, entry);
	else
		pass(door, index, entry, alone);
}

/* Whoever watches the server does so above all when it is full. */
static bool
is_exempt(const struct door *door, unsigned index)
{
	return door->settings->listeners[index].serves == SETTINGS_METRICS;
}

/* What a dead worker had not taken goes first. */
static void
deliver_waiting(struct door *door)
{
	const struct pool_entry *waiting;
	struct pool_entry entry;
	enum pool_choice choice;
	unsigned index = 0;

	while ((waiting = pool_waiting(door->pool)) != NULL) {
		choice = choose(door, &index);
		if (!door->is_closed &&
		    (choice == POOL_NOBODY || choice == POOL_BUSY))
			return;
		entry = *waiting;
		pool_pop_waiting(door->pool);
		if (choice == POOL_SHORT &&
		    !is_exempt(door, entry.accepted.listener))
			entry.accepted.flags |= IPC_ACCEPTED_REFUSE;
		if (!door->is_closed && pool_can_be_given(choice) &&
		    entry.deaths < DEATHS_MAX)
			deliver(door, index, &entry);
		else
			refuse(door, &entry);
	}
}

static bool
can_accept(const struct door *door)
{
	enum pool_choice choice;
	unsigned index;

	if (door->is_closed || pool_waiting(door->pool) != NULL)
		return false;
	choice = choose(door, &index);
	return choice != POOL_NOBODY && choice != POOL_BUSY;
}

/* Called whenever a worker may have become unable to take one, so that no
 * listener fires for nobody, not even later in this turn.  Returns whether
 * they accept. */
static bool
update_accepting(struct door *door)
{
	bool accepts = can_accept(door);
	uint32_t i;

	for (i = 0; i < SETTINGS_LISTENERS; i++)
		if (door->listeners[i] != NULL)
			listener_pause(door->listeners[i], !accepts);
	return accepts;
}

/* Whether the socket's peer is a proxy: how many connections its clients
 * have is for who learns their addresses. */
static bool
is_proxy(const struct door *door, const struct ipc_accepted *accepted)
{
	const struct settings *settings = door->settings;

	return settings->listeners[accepted->listener].proxy_protocol ||
	    (accepted->listener < SETTINGS_LISTENERS &&
	    door->listeners[accepted->listener] != NULL &&
	    listener_is_unix(door->listeners[accepted->listener])) ||
	    netaddr_is_in(accepted->address, settings->trusted,
	    settings->trusted_proxy_count);
}

/* Counts who comes.  False: he is not worth a worker's time. */
static bool
admit(struct door *door, struct pool_entry *entry, enum pool_choice choice)
{
	const struct settings_limits *limits = &door->settings->limits;

	metrics_add(METRIC_ACCEPTED, 1);
	if (is_exempt(door, entry->accepted.listener))
		return true;
	return (is_proxy(door, &entry->accepted) ||
	    doorman_count(door->doorman, limits, entry)) &&
	    doorman_judge(door->doorman, limits,
	    pool_connections(door->pool), choice, &entry->accepted);
}

void
door_offer(struct door *door, unsigned worker, unsigned listener, int fd)
{
	struct pool_entry entry = {
		.accepted = { .listener = (uint16_t)listener }, .fd = fd
	};
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);

	/* One that is gone already is told so by its socket. */
	(void)getpeername(fd, (struct sockaddr *)&peer, &len);
	netaddr_from_socket((struct sockaddr *)&peer, entry.accepted.address,
	    &entry.accepted.port);
	(void)evutil_make_socket_nonblocking(fd);
	listener_set_options(fd);
	if (door->is_closed || pool_waiting(door->pool) != NULL ||
	    !admit(door, &entry, POOL_CHOSEN))
		refuse(door, &entry);
	else
		pass(door, worker, &entry, true);
}

static bool
on_accept(void *owner, unsigned index, int fd, const uint8_t bytes[16],
    uint16_t port)
{
	struct door *door = owner;
	struct pool_entry entry = {
		.accepted = { .port = port, .listener = (uint16_t)index },
		.fd = fd
	};
	unsigned worker = 0;
	enum pool_choice choice = choose(door, &worker);

	memcpy(entry.accepted.address, bytes, sizeof(entry.accepted.address));
	if (!admit(door, &entry, choice) || !pool_can_be_given(choice))
		refuse(door, &entry);
	else
		deliver(door, worker, &entry);
	return update_accepting(door);
}
