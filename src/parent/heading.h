/*
 * heading - sections that have a title, listeners and routes: whether the title
 * is one, and what does not fit together below it.
 *
 * Runs in the parent, called by libconfuse at the end of such a section.
 */
#ifndef PARENT_HEADING_H
#define PARENT_HEADING_H

#include <confuse.h>

/* Both judge the last section of the option; -1 and grammar_fail, or 0. */
int heading_on_listen(cfg_t *, cfg_opt_t *);
int heading_on_route(cfg_t *, cfg_opt_t *);

#endif
