/*
 * address - how many connections come from where.
 *
 * A pure table of the parent, keyed by the socket's peer: an IPv4 address,
 * or the first 64 bits of an IPv6 address.
 */
#ifndef PARENT_ADDRESS_H
#define PARENT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_BYTES	16	/* IPv6; IPv4 is mapped into it */

struct address_table;
struct address;			/* one row; lives while its count is not 0 */

struct address_table *address_table_new(void)
    __attribute__((warn_unused_result));
void address_table_free(struct address_table *);

/* Counts one more from there; lends its row.  NULL: no memory. */
struct address *address_add(struct address_table *,
    const uint8_t bytes[ADDRESS_BYTES]) __attribute__((warn_unused_result));
/* One less; NULL is fine. */
void address_remove(struct address_table *, struct address *);

uint64_t address_count(const struct address *);
size_t address_table_rows(const struct address_table *);

bool address_is_loopback(const uint8_t bytes[ADDRESS_BYTES]);

#endif
