/*
 * pardon - what is answered about bans and mutes of networks: a list of them,
 * and, to who lifts one, which others hold the address still.
 *
 * A part of the office (office.h), in the broker.
 */
#ifndef BROKER_PARDON_H
#define BROKER_PARDON_H

#include "base/bans.h"
#include "broker/office.h"

/* Appends what is banned or muted, with the time, to an array; takes it. */
void pardon_list(json_t *list, json_t *what, uint64_t until_s);
/* Likewise a network; a bans_callback, `list` is the array. */
void pardon_list_network(void *list, struct network, uint64_t until_s);

/* Appends all that hold the network, or are it, but for those that the list
 * has. */
void pardon_list_holding(json_t *list, const struct bans *, struct network);

/* The answer to an address that network_read does not take. */
json_t *pardon_refuse_network(const char *why)
    __attribute__((warn_unused_result));

/* The answer to an order to lift what was done to somebody, if it was: names
 * the list, taken, of what keeps it up still.  `done`: "banned"; `member`, of
 * the answer: "bans". */
json_t *pardon_answer(bool was_there, json_t *still, const char *done,
    const char *member) __attribute__((warn_unused_result));

#endif
