/*
 * room - see room.h.
 */
#include "config.h"

#include "broker/room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/tally.h"

struct room_table {
	struct state *state;
	unsigned workers;
	struct room *by_identity, *by_key;	/* uthash heads */
	struct room *dirty;
	struct tally *makers;
};

struct room_table *
room_table_new(struct state *state, unsigned workers)
{
	struct room_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->makers = tally_new();
	if (t->makers == NULL) {
		free(t);
		return NULL;
	}
	t->state = state;
	t->workers = workers;
	return t;
}

bool
room_table_grow(struct room_table *t, unsigned workers)
{
	struct room *room, *next;
	uint32_t *readers;

	HASH_ITER(by_identity, t->by_identity, room, next) {
		readers = realloc(room->readers, workers * sizeof(*readers));
		if (readers == NULL)
			return false;
		memset(readers + t->workers, 0,
		    (workers - t->workers) * sizeof(*readers));
		room->readers = readers;
	}
	t->workers = workers;
	return true;
}

static void
room_free(struct room *room)
{
	free(room->readers);
	free(room);
}

void
room_table_free(struct room_table *t)
{
	struct room *room, *next;

	if (t == NULL)
		return;
	HASH_CLEAR(by_key, t->by_key);
	HASH_ITER(by_identity, t->by_identity, room, next) {
		HASH_DELETE(by_identity, t->by_identity, room);
		room_free(room);
	}
	tally_free(t->makers);
	free(t);
}

static unsigned
key_write(char *key, uint8_t route, const char *name, size_t len)
{
	key[0] = (char)route;
	if (len > 0)
		memcpy(key + 1, name, len);
	return (unsigned)len + 1;
}

struct room *
room_find(const struct room_table *t, uint8_t route, const char *name,
    size_t len)
{
	char key[1 + ROOM_NAME_MAX];
	struct room *room;
	unsigned key_len;

	if (len > ROOM_NAME_MAX)
		return NULL;
	key_len = key_write(key, route, name, len);
	HASH_FIND(by_key, t->by_key, key, key_len, room);
	return room;
}

struct room *
room_find_by_identity(const struct room_table *t, uint64_t identity)
{
	struct room *room;

	HASH_FIND(by_identity, t->by_identity, &identity, sizeof(identity),
	    room);
	return room;
}

/* False: no memory; it is in neither index. */
static bool
room_index(struct room_table *t, struct room *room)
{
	HASH_ADD(by_identity, t->by_identity, identity,
	    sizeof(room->identity), room);
	if (room->by_identity.tbl == NULL)
		return false;
	HASH_ADD_KEYPTR(by_key, t->by_key, room->key, room->key_len, room);
	if (room->by_key.tbl != NULL)
		return true;
	HASH_DELETE(by_identity, t->by_identity, room);
	return false;
}

/* Enters a room whose fields are set into both indexes, or frees it. */
static struct room *
room_enter(struct room_table *t, struct room *room)
{
	room->readers = calloc(t->workers, sizeof(*room->readers));
	if (room->readers == NULL || (room->maker != 0 &&
	    tally_add(t->makers, room->maker) == 0)) {
		room_free(room);
		return NULL;
	}
	if (room_index(t, room))
		return room;
	if (room->maker != 0)
		tally_remove(t->makers, room->maker);
	room_free(room);
	return NULL;
}

static bool
row_publish(struct state *state, const struct room *room, uint32_t row)
{
	struct state_room *r = state_reserved(state, row);

	r->identity = room->identity;
	r->maker = room->maker;
	r->route = room_route(room);
	r->name = STATE_NONE;
	atomic_store_explicit(&r->newest, room->newest, memory_order_relaxed);
	if (room->key_len > 1) {
		r->name = state_text_store(state, room->key + 1,
		    (size_t)room->key_len - 1);
		if (r->name == STATE_NONE)
			return false;
	}
	state_publish(state, row, STATE_ROOM);
	return true;
}

struct room *
room_add(struct room_table *t, uint64_t identity, uint8_t route,
    const char *name, size_t len, uint64_t maker)
{
	struct room *room = calloc(1, sizeof(*room));
	uint32_t row;

	assert(len <= ROOM_NAME_MAX);
	if (room == NULL)
		return NULL;
	room->identity = identity;
	room->maker = maker;
	room->newest = UINT64_MAX;
	list_init(&room->members);
	room->key_len = (uint8_t)key_write(room->key, route, name, len);
	row = state_reserve(t->state);
	if (row == STATE_NONE) {
		free(room);
		return NULL;
	}
	if (!row_publish(t->state, room, row)) {
		state_release(t->state, row);
		free(room);
		return NULL;
	}
	room->row = row;
	room = room_enter(t, room);
	if (room == NULL)
		state_release(t->state, row);
	return room;
}

struct room *
room_restore(struct room_table *t, uint32_t row)
{
	const struct state_room *r = state_room(t->state, row);
	struct room *room = calloc(1, sizeof(*room));
	char name[256];
	size_t len = 0;

	if (room == NULL)
		return NULL;
	list_init(&room->members);
	if (r->name != STATE_NONE)
		len = state_text_load(t->state, r->name, name, sizeof(name));
	if (len > ROOM_NAME_MAX)
		len = ROOM_NAME_MAX;
	room->identity = r->identity;
	room->maker = r->maker;
	room->seq = atomic_load(&r->seq);
	room->newest = atomic_load(&r->newest);
	room->row = row;
	room->key_len = (uint8_t)key_write(room->key, r->route, name, len);
	return room_enter(t, room);
}

/* Not by a walk: when many leave in a turn, many rooms are dirty and go. */
static void
dirty_remove(const struct room *room)
{
	*room->at_dirty = room->next_dirty;
	if (room->next_dirty != NULL)
		room->next_dirty->at_dirty = room->at_dirty;
}

void
room_remove(struct room_table *t, struct room *room)
{
	assert(room->count == 0);
	if (room->is_dirty)
		dirty_remove(room);
	HASH_DELETE(by_key, t->by_key, room);
	HASH_DELETE(by_identity, t->by_identity, room);
	if (room->maker != 0)
		tally_remove(t->makers, room->maker);
	state_release(t->state, room->row);
	room_free(room);
}

uint8_t
room_route(const struct room *room)
{
	return (uint8_t)room->key[0];
}

const char *
room_name(const struct room *room, size_t *len_out)
{
	*len_out = (size_t)room->key_len - 1;
	return room->key + 1;
}

void
room_count_reader(const struct room_table *t, struct room *room,
    unsigned worker, int change)
{
	if (worker < t->workers)
		room->readers[worker] += (uint32_t)change;
}

void
room_touch(struct room_table *t, struct room *room, bool has_grown)
{
	room->has_grown |= has_grown;
	if (room->is_dirty)
		return;
	room->is_dirty = true;
	room->next_dirty = t->dirty;
	room->at_dirty = &t->dirty;
	if (room->next_dirty != NULL)
		room->next_dirty->at_dirty = &room->next_dirty;
	t->dirty = room;
}

void
room_store_dirty(struct room_table *t,
    void (*grown)(void *arg, const struct room *), void *arg)
{
	struct room *room;
	struct state_room *row;

	while ((room = t->dirty) != NULL) {
		dirty_remove(room);
		row = state_room(t->state, room->row);
		atomic_store_explicit(&row->seq, room->seq,
		    memory_order_release);
		atomic_store_explicit(&row->newest, room->newest,
		    memory_order_release);
		if (room->has_grown)
			grown(arg, room);
		room->is_dirty = room->has_grown = false;
		room->is_pressing = false;
	}
}

void
room_each(struct room_table *t, void (*callback)(void *, struct room *),
    void *arg)
{
	struct room *room, *next;

	HASH_ITER(by_identity, t->by_identity, room, next)
		callback(arg, room);
}

unsigned
room_table_count(const struct room_table *t)
{
	return HASH_CNT(by_identity, t->by_identity);
}

uint64_t
room_table_made_by(const struct room_table *t, uint64_t maker)
{
	return tally_count(t->makers, maker);
}
