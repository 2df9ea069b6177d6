/*
 * steering - orders about the whole server, which the parent carries out.
 *
 * A pure module of the broker: an order becomes a message to the parent
 * (STEER), and what that is answered (STEERED) becomes an answer.
 */
#ifndef BROKER_STEERING_H
#define BROKER_STEERING_H

#include <jansson.h>
#include <stdbool.h>

#include "broker/order.h"
#include "ipc/ipc.h"
#include "ipc/messages.h"

bool steering_is_meant(enum order_kind);

/* The message of such an order, but for its number.  NULL, or an answer that
 * says no, owned. */
json_t *steering_ask(const struct order *, struct ipc_steer *out)
    __attribute__((warn_unused_result));
/* The answer, owned; `steered` is a STEERED.  NULL: no memory. */
json_t *steering_answer(const struct ipc_message *steered)
    __attribute__((warn_unused_result));

#endif
