/*
 * naming - see naming.h.
 */
#include "config.h"

#include "broker/naming.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t
naming_take(_Atomic uint64_t *counter, uint64_t first)
{
	/* Stored before the name is used anywhere: a death in between skips
	 * a number, it never gives one twice. */
	return first + atomic_fetch_add_explicit(counter, 1,
	    memory_order_release);
}

size_t
naming_format(uint64_t number, char out[static NAMING_MAX])
{
	return (size_t)snprintf(out, NAMING_MAX, "user%" PRIu64, number);
}
