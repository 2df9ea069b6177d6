/*
 * address - how many connections come from where.
 *
 * A pure table of the parent, keyed by the socket's peer as limits count
 * (netaddr_key).
 */
#ifndef PARENT_ADDRESS_H
#define PARENT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/netaddr.h"

struct address_table;
struct address;			/* one row; lives while its count is not 0 */

struct address_table *address_table_new(void)
    __attribute__((warn_unused_result));
void address_table_free(struct address_table *);

/* Counts one more from there; lends its row.  NULL: no memory. */
struct address *address_add(struct address_table *,
    const uint8_t bytes[NETADDR_BYTES]) __attribute__((warn_unused_result));
/* One less; NULL is fine. */
void address_remove(struct address_table *, struct address *);

uint64_t address_count(const struct address *);
size_t address_table_rows(const struct address_table *);

#endif
