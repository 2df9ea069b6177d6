/*
 * slowdown - who has said as much as he may, as the broker has told, and waits:
 * the clients of an address, or one that is ahead of others.
 *
 * Runs in the worker.  While nobody is slowed down it costs a client one
 * comparison.
 */
#ifndef WORKER_SLOWDOWN_H
#define WORKER_SLOWDOWN_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct meter;
struct worker;

/* All zero at first. */
struct slowdown {
	struct meter *addresses;	/* NULL: nobody has been told of */
	uint64_t until_ms;		/* behind it no address waits */
};

/* The address is to wait.  Without memory it does not. */
void slowdown_set(struct worker *, uint64_t address, uint64_t wait_ms);
/* Before something of a client is decoded: has it wait, if its address
 * does. */
void slowdown_check(struct worker *, struct client *);

/* The client, if it is here, is to wait.  Without memory it does not. */
void slowdown_hold(struct worker *, uint64_t connection, uint64_t wait_ms);

/* What a client may say: its own rate, or its address's where that is less,
 * so that what is said before the broker can tell is little.  A rate of 0: no
 * limit. */
struct slowdown_pace {
	uint64_t rate, burst;
};

struct slowdown_pace slowdown_pace(const struct worker *,
    const struct client *);

#endif
