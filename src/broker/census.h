/*
 * census - who is there, and which rooms, as an administrator is told.
 *
 * A part of the office (office.h), in the broker.  Lists come in pieces, each
 * of bounded work: `next` is where the following one begins, in the rows of
 * the state file, which stay where they are while people come and go.
 */
#ifndef BROKER_CENSUS_H
#define BROKER_CENSUS_H

#include "broker/office.h"

/* Answers to WHO and ROOMS, as office_answer gives them. */
json_t *census_who(const struct office *, const struct order *)
    __attribute__((warn_unused_result));
json_t *census_rooms(const struct office *, const struct order *)
    __attribute__((warn_unused_result));

#endif
