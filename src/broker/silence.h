/*
 * silence - who is muted: what he says and whispers nobody hears, and he is
 * told so.
 *
 * A part of the hub and of the office (office.h), in the broker.  A user is
 * muted as long as he is one, whatever his name, room and connection are; an
 * address, whoever comes from there.  The parent remembers both for the next
 * broker.
 */
#ifndef BROKER_SILENCE_H
#define BROKER_SILENCE_H

#include "broker/office.h"

/* Whether who says something with a connection of that address is muted. */
bool silence_holds(const struct hub *, const struct state_session *,
    uint64_t address);

/* Answers to MUTE, UNMUTE and MUTES, as office_answer gives them. */
json_t *silence_mute(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *silence_unmute(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *silence_mutes(const struct office *, const struct order *)
    __attribute__((warn_unused_result));

#endif
