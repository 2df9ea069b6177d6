/*
 * expulsion - whom an administrator has sent away, for now or for longer.
 *
 * A part of the office (office.h), in the broker.  A kick ends connections; a
 * ban keeps an address out as well, and is the parent's to remember.
 */
#ifndef BROKER_EXPULSION_H
#define BROKER_EXPULSION_H

#include "broker/office.h"

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
