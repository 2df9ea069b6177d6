/*
 * request - what a member asks that changes something, and what follows.
 *
 * A part of the hub, in the broker.  Everything that can fail comes before
 * the commit; after it the tables follow the log.
 */
#include "config.h"

#include "broker/hub.h"

#include <string.h>

#include "base/clock.h"
#include "broker/asker.h"
#include "broker/hub_parts.h"
#include "broker/session.h"
#include "broker/silence.h"
#include "log/cursor.h"

/* Puts the tail of a SAY into its record.  False: it has no such form. */
static bool
take_text(const struct ipc_request *q, const uint8_t *tail, size_t len,
    struct append_record *r)
{
	if ((q->flags & IPC_ID) != 0) {
		if (len < 1 || tail[0] == 0 || tail[0] > IPC_MESSAGE_ID ||
		    tail[0] >= len)
			return false;
		r->id_len = tail[0];
		r->id = tail + 1;
		tail += 1 + r->id_len;
		len -= 1 + (size_t)r->id_len;
	}
	r->text = tail;
	r->text_len = (uint32_t)len;
	return true;
}

/* Whether the record at the position was said by whom the key names, under
 * the id in it: the hash alone proves nothing. */
static bool
is_record_of(const struct hub *hub, uint64_t position,
    const struct ids_key *key, uint64_t *seq_out)
{
	struct cursor_view v;

	if (position == LOG_NONE || !cursor_read(hub->log, position, &v) ||
	    v.record.kind != RECORD_MESSAGE || v.record.route != key->route ||
	    v.record.count != key->number || v.id_len != key->id_len ||
	    memcmp(v.id, key->id, v.id_len) != 0)
		return false;
	*seq_out = v.record.seq;
	return true;
}

/* Whether it was said under this id before.  The answer may leave before the
 * turn ends, and must not tell of what does not count yet. */
static bool
was_said(struct hub *hub, const struct ids_key *key, uint64_t *seq_out)
{
	uint64_t position = ids_find(hub->ids, key, log_first(hub->log),
	    clock_ms() * 1000);

	if (position != LOG_NONE)
		append_commit(hub->append);
	return is_record_of(hub, position, key, seq_out);
}

/* Appends what is said, and remembers under which id. */
static enum hub_result
say(struct hub *hub, struct asker *a, const struct ids_key *key)
{
	if (key->id_len > 0 && !ids_reserve(hub->ids))
		return HUB_MEMORY;
	if (!hub_append(hub, a->room, &a->record))
		return HUB_SIZE;
	a->room->seq++;
	a->room->said_us = a->record.time_us;
	if (key->id_len > 0)
		ids_add(hub->ids, key, a->room->newest, clock_ms() * 1000);
	return HUB_DONE;
}

enum hub_result
hub_say(struct hub *hub, unsigned index, const struct ipc_request *q,
    const uint8_t *tail, size_t len, uint64_t *seq_out)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct ids_key key;
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_admit(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL || !take_text(q, tail, len, &a.record))
		return HUB_FORGED;
	key = (struct ids_key){
		.id = a.record.id, .id_len = a.record.id_len,
		.route = a.session->route, .number = a.session->number
	};
	if (key.id_len > 0 && was_said(hub, &key, seq_out))
		return hub_owe_answer(hub, index, HUB_SAID);
	if (silence_holds(hub, a.session, a.address))
		return hub_owe_answer(hub, index, HUB_MUTED);
	a.record.kind = RECORD_MESSAGE;
	a.record.flags = (q->flags & IPC_ACTION) != 0 ? RECORD_ACTION : 0;
	a.record.count = key.number;
	a.record.token = NULL;
	a.record.seq++;
	result = say(hub, &a, &key);
	if (result == HUB_DONE)
		shares_take(hub->shares, index, q->connection,
		    sizeof(*q) + len, (q->flags & IPC_MORE) != 0,
		    hub_now_ms(hub));
	return result == HUB_DONE ? HUB_DONE :
	    hub_owe_answer(hub, index, result);
}

enum hub_result
hub_leave(struct hub *hub, unsigned index, const struct ipc_request *q)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return HUB_REPEAT;
	if (!session_leave(hub, a.row, (q->flags & IPC_MAY_RETURN) != 0,
	    hub->worker[index].generation, q->number))
		return hub_owe_answer(hub, index, HUB_SIZE);
	return HUB_DONE;
}

/* Its worker may not know yet that another connection has taken its place, or
 * where the member went. */
enum hub_result
hub_prove(struct hub *hub, unsigned index, const struct ipc_request *q,
    const struct ipc_proof *proof)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct asker a;

	if (result != HUB_DONE)
		return result;
	if (!asker_find(hub, index, q, &a))
		return HUB_REPEAT;
	if (session_token(hub, a.member) == NULL)
		return HUB_FORGED;
	if (a.room != NULL && proof->room == a.room->identity &&
	    proof->seq <= a.room->seq && proof->seq > a.session->proven)
		state_store_64(&a.session->proven, proof->seq);
	return HUB_DONE;
}

/* The row of a new name's text; STATE_NONE for the automatic one.  False: no
 * memory. */
static bool
store_name(struct hub *hub, const struct asker *a, const struct name *name,
    uint32_t *text_out)
{
	uint64_t number;

	*text_out = STATE_NONE;
	if (name_is_automatic(name->text, name->len, &number) &&
	    number == a->session->number)
		return true;
	*text_out = state_text_store(hub->state, name->text, name->len);
	return *text_out != STATE_NONE;
}

/* Everything a new name needs but the record; HUB_DONE: it is held twice. */
static enum hub_result
take_name(struct hub *hub, const struct asker *a, const struct name *name,
    uint32_t *text_out)
{
	switch (nametable_add(hub->nametable, a->session->route, &name->keys,
	    a->member)) {
	case NAMETABLE_TAKEN:
		return HUB_TAKEN;
	case NAMETABLE_NO_MEMORY:
		return HUB_MEMORY;
	case NAMETABLE_ADDED:
		break;
	}
	if (store_name(hub, a, name, text_out))
		return HUB_DONE;
	nametable_remove(hub->nametable, a->session->route, &name->keys,
	    a->member);
	return HUB_MEMORY;
}

enum hub_result
hub_nick(struct hub *hub, unsigned index, const struct ipc_request *q,
    const char *wanted, size_t len, enum name_verdict *verdict_out)
{
	enum hub_result result = hub_open_request(hub, index, q);
	struct name_keys old;
	struct name name;
	struct asker a;
	uint32_t text;

	if (result != HUB_DONE)
		return result;
	if (!asker_admit(hub, index, q, &a))
		return hub_owe_answer(hub, index, HUB_UNKNOWN);
	if (a.room == NULL)
		return HUB_FORGED;
	*verdict_out = name_judge(hub->names, wanted, len, a.session->number,
	    &name);
	if (*verdict_out != NAME_GOOD)
		return hub_owe_answer(hub, index, HUB_NAME);
	if (hub_was_refused(hub, index, q))
		return hub_owe_answer(hub, index, HUB_TAKEN);
	result = session_keys(hub, a.session, &old) ?
	    take_name(hub, &a, &name, &text) : HUB_MEMORY;
	if (result != HUB_DONE)
		return hub_owe_answer(hub, index, result);
	a.record.kind = RECORD_RENAME;
	a.record.text = name.text;
	a.record.text_len = name.len;
	if (!hub_append(hub, a.room, &a.record))
		return HUB_FORGED;	/* not reached: it is short */
	append_commit(hub->append);
	session_rename(hub, a.member, text, &old);
	/* Its new name came with an entry of its own. */
	if (text == STATE_NONE)
		nametable_remove(hub->nametable, a.session->route, &name.keys,
		    a.member);
	return HUB_DONE;
}
