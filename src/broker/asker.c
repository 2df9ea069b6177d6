/*
 * asker - see asker.h.
 */
#include "config.h"

#include "broker/asker.h"

bool
asker_find(struct hub *hub, unsigned index, const struct ipc_request *q,
    struct asker *a)
{
	struct hub_worker *w = &hub->worker[index];
	struct roster_entry entry;

	a->row = roster_find(hub->roster, w->connections, q->connection);
	if (!roster_read(hub->state, a->row, &entry))
		return false;
	a->address = entry.address;
	a->member = entry.member;
	a->session = state_session(hub->state, entry.member);
	a->room = session_room(hub, a->session);
	a->record = (struct append_record){
		.name = a->name,
		.name_len = session_name(hub, a->session, a->name),
		.token = session_token(hub, a->member),
		.sender = q->connection, .generation = w->generation,
		.request = q->number
	};
	if (a->room != NULL) {
		a->record.seq = a->room->seq;
		a->record.count = a->room->count;
	}
	return true;
}

bool
asker_admit(struct hub *hub, unsigned index, const struct ipc_request *q,
    struct asker *a)
{
	if (!asker_find(hub, index, q, a))
		return false;
	if (a->address != 0)
		allowance_take(hub->allowance, &hub->settings->limits,
		    a->address, hub_now_ms(hub));
	return true;
}
