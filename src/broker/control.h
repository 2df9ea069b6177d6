/*
 * control - the socket by which an administrator comes.
 *
 * In the broker; private to broker.c and control.c.  Accepts from the
 * listener that the parent has bound, takes who runs as root or as the one
 * who started the server, reads a line of JSON for each order and answers
 * each by a line (order.h, office.h).  Who follows a room or a user reads the
 * log at his own pace, and what he does not take in time he is told to have
 * lost.
 *
 * These are no clients: nothing that a client sends comes here, and no
 * client's socket.
 */
#ifndef BROKER_CONTROL_H
#define BROKER_CONTROL_H

#include <stdbool.h>

struct broker;
struct control;
struct hub_overheard;
struct ipc_message;

/* Takes the listener from CHANNEL_CONTROL.  NULL: no memory. */
struct control *control_new(struct broker *)
    __attribute__((warn_unused_result));

/* In a turn, before its commit: carries out what was ordered.  NULL is fine
 * here and below. */
void control_hear(struct control *);
/* The parent has carried out an order that was passed on: STEERED. */
void control_on_steered(struct control *, const struct ipc_message *);
/* Somebody whispers, see hub_overhear; arg is the control. */
void control_on_whisper(void *arg, const struct hub_overheard *);
/* Behind the commit: answers, and shows rooms and users to those who follow
 * them. */
void control_tell(struct control *);

#endif
