/*
 * clerk - carries what the office decides to workers and parent.
 *
 * In the broker; private to control.c and clerk.c.
 */
#ifndef BROKER_CLERK_H
#define BROKER_CLERK_H

#include "broker/office.h"

struct broker;

/* The office of this process; holds as long as the broker's hub does. */
struct office clerk_office(struct broker *);

#endif
