/*
 * ask - the connection of wschatctl to its server: a line of JSON each way.
 *
 * Waits for what it asks.  Every answer is bounded, and so is the time for
 * it, but for what comes while a room is followed.
 */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include <jansson.h>
#include <stdbool.h>

enum ask_result {
	ASK_DONE,
	ASK_UNREACHABLE,	/* nobody serves there */
	ASK_FORBIDDEN,		/* the socket is not ours to use */
	ASK_LOST,		/* the connection ended before the answer */
	ASK_SLOW,		/* no answer within the time */
	ASK_RUBBISH		/* the answer is none */
};

struct ask;

/* `path` is lent for its life.  NULL: no memory. */
struct ask *ask_new(const char *path) __attribute__((warn_unused_result));
void ask_free(struct ask *);

/* Sends an order; connects first where there is no connection. */
enum ask_result ask_send(struct ask *, const json_t *order)
    __attribute__((warn_unused_result));
/* Waits for the next line.  *answer_out is owned by the caller, if DONE. */
enum ask_result ask_receive(struct ask *, json_t **answer_out)
    __attribute__((warn_unused_result));
/* From now on ask_receive waits for ever. */
void ask_be_patient(struct ask *);

/* A sentence about the last failure; lent until the next. */
const char *ask_text(struct ask *, enum ask_result);

#endif
