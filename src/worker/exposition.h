/*
 * exposition - the metrics of all processes as text for Prometheus.
 *
 * Runs in the worker that is asked; reads the pages of base/metrics.h.
 */
#ifndef WORKER_EXPOSITION_H
#define WORKER_EXPOSITION_H

#include <stdbool.h>

#include "base/buf.h"

#define EXPOSITION_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/* Appends all.  False: no memory. */
bool exposition_write(struct buf *) __attribute__((warn_unused_result));

#endif
