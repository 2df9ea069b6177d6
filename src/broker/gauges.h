/*
 * gauges - what the broker's metrics say of the moment: log, rooms, queues.
 *
 * Runs in the broker, about once a second, when the parent asks whether it
 * lives.
 */
#ifndef BROKER_GAUGES_H
#define BROKER_GAUGES_H

struct broker;

void gauges_sample(const struct broker *);

#endif
