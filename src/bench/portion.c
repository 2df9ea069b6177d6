/*
 * portion - see portion.h.
 */
#include "config.h"

#include "bench/portion.h"

/* How many of 0..all-1 are `part` modulo `parts`. */
static unsigned
share(unsigned all, unsigned part, unsigned parts)
{
	return all > part ? (all - part + parts - 1) / parts : 0;
}

bool
portion_has_whole_rooms(const struct portion *p)
{
	return p->rooms >= p->processes;
}

unsigned
portion_count(const struct portion *p)
{
	if (portion_has_whole_rooms(p))
		return share(p->rooms, p->process, p->processes) * p->clients;
	return share(p->clients, p->process, p->processes) * p->rooms;
}

unsigned
portion_index(const struct portion *p, unsigned own)
{
	unsigned rooms;

	if (portion_has_whole_rooms(p)) {
		rooms = share(p->rooms, p->process, p->processes);
		return own / rooms * p->rooms + own % rooms * p->processes +
		    p->process;
	}
	return (own / p->rooms * p->processes + p->process) * p->rooms +
	    own % p->rooms;
}

unsigned
portion_own(const struct portion *p, unsigned index)
{
	unsigned room = index % p->rooms, member = index / p->rooms;

	if (portion_has_whole_rooms(p))
		return member * share(p->rooms, p->process, p->processes) +
		    room / p->processes;
	return member / p->processes * p->rooms + room;
}

bool
portion_has(const struct portion *p, unsigned index)
{
	unsigned room = index % p->rooms, member = index / p->rooms;

	return (portion_has_whole_rooms(p) ? room : member) % p->processes ==
	    p->process;
}
