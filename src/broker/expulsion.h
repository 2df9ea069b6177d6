/*
 * expulsion - whom an administrator has sent away, for now or for longer.
 *
 * A part of the office (office.h), in the broker.  A kick ends connections; a
 * ban keeps a network out as well, and is the parent's to remember.
 */
#ifndef BROKER_EXPULSION_H
#define BROKER_EXPULSION_H

#include "broker/office.h"

/* The row of the member that an order names.  NULL, or why there is none, an
 * answer, owned. */
json_t *expulsion_find_user(const struct hub *, const struct order *,
    uint32_t *row_out) __attribute__((warn_unused_result));

/* Answers to KICK, BAN, UNBAN and BANS, as office_answer gives them. */
json_t *expulsion_kick(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *expulsion_ban(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *expulsion_unban(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *expulsion_bans(const struct office *, const struct order *)
    __attribute__((warn_unused_result));

#endif
