/*
 * pool - which worker has which connection.
 *
 * Runs in the parent; pure: it keeps descriptors and never touches them.
 * Finding a free slot, a connection and the best worker costs at most one
 * step for each worker.
 */
#include "config.h"

#include "parent/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/growth.h"
#include "base/settings.h"

#define NO_SLOT		UINT32_MAX
#define PAGE_SLOTS	256U	/* 4 KiB, allocated together */
#define PAGES_STEP	8U
/* Whoever is chosen gets so many more in a row, and no worker more than a
 * 64th above its share: to be woken for a few costs as much as for one. */
#define RUN_MAX		15U
#define RUN_SHARE	64U

/* Free slots are chained; serials begin at 1, so 0 is no connection. */
struct slot {
	uint64_t connection;
	union {
		uint64_t address;
		uint64_t next_free;
	};
};

struct pool_worker {
	struct slot **pages;	/* so that what there is never moves */
	uint32_t page_count, page_room;
	uint32_t allocated, first_free, used;
	bool is_open;
	bool is_short;		/* of memory */
	unsigned in_flight;
	struct pool_entry flight[POOL_IN_FLIGHT];
};

struct pool {
	unsigned workers;
	uint32_t slots;
	uint64_t serial;	/* the last one given */
	uint64_t connections;
	unsigned last, run;	/* who was chosen last gets so many more */
	/* A ring; as large as all that can be in flight, one to a worker
	 * beyond the pool, so never full. */
	struct pool_entry *waiting;
	unsigned waiting_max, waiting_first, waiting_count;
	struct pool_worker worker[SETTINGS_PLACES];
};

struct pool *
pool_new(unsigned workers, uint32_t slots)
{
	struct pool *pool;

	assert(slots > 0 && slots < UINT32_C(1) << IPC_SLOT_BITS);
	/* What nobody touches costs no memory. */
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return NULL;
	pool->slots = slots;
	pool->waiting_max = SETTINGS_WORKERS * POOL_IN_FLIGHT +
	    SETTINGS_PLACES;
	pool->waiting = calloc(pool->waiting_max, sizeof(pool->waiting[0]));
	if (pool->waiting == NULL) {
		free(pool);
		return NULL;
	}
	pool_grow(pool, workers);
	return pool;
}

static void
free_slots(struct pool_worker *worker)
{
	for (uint32_t i = 0; i < worker->page_count; i++)
		free(worker->pages[i]);
	free(worker->pages);
}

static struct slot *
slot_at(const struct pool_worker *worker, uint32_t at)
{
	return &worker->pages[at / PAGE_SLOTS][at % PAGE_SLOTS];
}

void
pool_grow(struct pool *pool, unsigned workers)
{
	assert(workers <= SETTINGS_PLACES);
	for (; pool->workers < workers; pool->workers++)
		pool->worker[pool->workers].first_free = NO_SLOT;
}

void
pool_free(struct pool *pool, void (*drop)(void *, const struct pool_entry *),
    void *arg)
{
	const struct pool_entry *entry;
	unsigned i, j;

	if (pool == NULL)
		return;
	for (i = 0; i < pool->workers; i++) {
		for (j = 0; j < pool->worker[i].in_flight; j++)
			drop(arg, &pool->worker[i].flight[j]);
		free_slots(&pool->worker[i]);
	}
	for (; (entry = pool_waiting(pool)) != NULL; pool_pop_waiting(pool))
		drop(arg, entry);
	free(pool->waiting);
	free(pool);
}

void
pool_open_worker(struct pool *pool, unsigned index, bool open)
{
	pool->worker[index].is_open = open;
}

void
pool_set_short(struct pool *pool, unsigned index, bool is_short)
{
	pool->worker[index].is_short = is_short;
}

/* What is chosen where this worker is the only one. */
static enum pool_choice
worker_choice(const struct pool *pool, const struct pool_worker *worker)
{
	if (!worker->is_open)
		return POOL_NOBODY;
	if (worker->used == pool->slots)
		return POOL_FULL;
	if (worker->in_flight == POOL_IN_FLIGHT)
		return POOL_BUSY;
	return worker->is_short ? POOL_SHORT : POOL_CHOSEN;
}

enum pool_choice
pool_choose(const struct pool *pool, unsigned *index_out)
{
	enum pool_choice best = POOL_NOBODY, choice;
	uint32_t fewest = UINT32_MAX;
	unsigned i;

	if (pool->run > 0 && worker_choice(pool, &pool->worker[pool->last]) ==
	    POOL_CHOSEN) {
		*index_out = pool->last;
		return POOL_CHOSEN;
	}
	for (i = 0; i < pool->workers; i++) {
		const struct pool_worker *worker = &pool->worker[i];

		choice = worker_choice(pool, worker);
		if (choice < best)
			continue;
		if (choice > best)
			fewest = UINT32_MAX;
		best = choice;
		if (worker->used < fewest) {
			fewest = worker->used;
			*index_out = i;
		}
	}
	return best;
}

static bool
worker_grow(struct pool_worker *worker, uint32_t max)
{
	uint32_t want = worker->allocated + PAGE_SLOTS;
	uint32_t room = growth_next(worker->page_room, worker->page_count,
	    PAGES_STEP);
	struct slot **pages = worker->pages, *page;

	if (want > max)
		want = max;
	if (room != worker->page_room) {
		pages = realloc(pages, room * sizeof(struct slot *));
		if (pages == NULL)
			return false;
		worker->pages = pages;
		worker->page_room = room;
	}
	page = calloc(PAGE_SLOTS, sizeof(*page));
	if (page == NULL)
		return false;
	pages[worker->page_count++] = page;
	for (uint32_t i = want; i-- > worker->allocated; ) {
		page[i % PAGE_SLOTS].next_free = worker->first_free;
		worker->first_free = i;
	}
	worker->allocated = want;
	return true;
}

/* One more for the worker that was chosen. */
static void
count_run(struct pool *pool, unsigned index)
{
	uint32_t run = pool->worker[index].used / RUN_SHARE;

	if (pool->run > 0 && pool->last == index)
		pool->run--;
	else
		pool->run = run < RUN_MAX ? run : RUN_MAX;
	pool->last = index;
}

const struct pool_entry *
pool_add(struct pool *pool, unsigned index, const struct pool_entry *entry)
{
	struct pool_worker *worker = &pool->worker[index];
	struct pool_entry *kept;
	struct slot *slot;
	uint32_t at;

	assert(worker->is_open && worker->in_flight < POOL_IN_FLIGHT &&
	    worker->used < pool->slots);
	if (worker->first_free == NO_SLOT && !worker_grow(worker, pool->slots))
		return NULL;
	at = worker->first_free;
	slot = slot_at(worker, at);
	worker->first_free = (uint32_t)slot->next_free;
	slot->connection = ipc_connection_make(++pool->serial, at);
	slot->address = entry->address;
	count_run(pool, index);
	worker->used++;
	pool->connections++;

	kept = &worker->flight[worker->in_flight++];
	*kept = *entry;
	kept->accepted.connection = slot->connection;
	return kept;
}

static struct slot *
find_slot(const struct pool_worker *worker, uint64_t connection)
{
	uint32_t at = ipc_connection_slot(connection);

	if (at >= worker->allocated || connection == 0 ||
	    slot_at(worker, at)->connection != connection)
		return NULL;
	return slot_at(worker, at);
}

int
pool_take(struct pool *pool, unsigned index, uint64_t connection)
{
	struct pool_worker *worker = &pool->worker[index];
	unsigned i;
	int fd;

	for (i = 0; i < worker->in_flight; i++) {
		if (worker->flight[i].accepted.connection != connection)
			continue;
		fd = worker->flight[i].fd;
		/* In order, so that the oldest stays the first. */
		worker->in_flight--;
		memmove(&worker->flight[i], &worker->flight[i + 1],
		    (worker->in_flight - i) * sizeof(worker->flight[0]));
		return fd;
	}
	return -1;
}

bool
pool_remove(struct pool *pool, unsigned index, uint64_t connection,
    uint64_t *address_out, int *fd_out)
{
	struct pool_worker *worker = &pool->worker[index];
	struct slot *slot = find_slot(worker, connection);

	if (slot == NULL)
		return false;
	*fd_out = pool_take(pool, index, connection);
	*address_out = slot->address;
	slot->connection = 0;
	slot->next_free = worker->first_free;
	worker->first_free = ipc_connection_slot(connection);
	worker->used--;
	pool->connections--;
	return true;
}

static void
push_waiting(struct pool *pool, const struct pool_entry *entry)
{
	assert(pool->waiting_count < pool->waiting_max);
	pool->waiting[(pool->waiting_first + pool->waiting_count++) %
	    pool->waiting_max] = *entry;
	pool->connections++;
}

void
pool_remove_worker(struct pool *pool, unsigned index, bool may_be_why,
    void (*lost)(void *, uint64_t), void *arg)
{
	struct pool_worker *worker = &pool->worker[index];
	struct slot *slot;
	uint32_t i;

	worker->is_open = false;
	pool->connections -= worker->used;
	for (i = 0; i < worker->in_flight; i++) {
		slot = find_slot(worker, worker->flight[i].accepted.connection);
		assert(slot != NULL);
		slot->connection = 0;
		worker->flight[i].deaths += may_be_why;
		push_waiting(pool, &worker->flight[i]);
	}
	for (i = 0; i < worker->allocated; i++) {
		slot = slot_at(worker, i);
		if (slot->connection != 0)
			lost(arg, slot->address);
	}
	free_slots(worker);
	memset(worker, 0, sizeof(*worker));
	worker->first_free = NO_SLOT;
}

const struct pool_entry *
pool_waiting(const struct pool *pool)
{
	return pool->waiting_count == 0 ? NULL :
	    &pool->waiting[pool->waiting_first];
}

void
pool_pop_waiting(struct pool *pool)
{
	assert(pool->waiting_count > 0);
	pool->waiting_first = (pool->waiting_first + 1) % pool->waiting_max;
	pool->waiting_count--;
	pool->connections--;
}

uint64_t
pool_connections(const struct pool *pool)
{
	return pool->connections;
}

uint32_t
pool_worker_connections(const struct pool *pool, unsigned index)
{
	return pool->worker[index].used;
}
