/*
 * status - how the server is, for an administrator: what it has and what its
 * processes have counted.
 *
 * A part of the office (office.h), in the broker; reads the pages of
 * base/metrics.h.  Counts are told as they are: who wants rates asks twice
 * and looks at `clock_us`.
 */
#ifndef BROKER_STATUS_H
#define BROKER_STATUS_H

#include "broker/office.h"

/* The answer to STATUS, as office_answer gives it. */
json_t *status_answer(const struct office *, const struct order *)
    __attribute__((warn_unused_result));

#endif
