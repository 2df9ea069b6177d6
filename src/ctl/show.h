/*
 * show - the server's answers, for people and for programs.
 *
 * A part of wschatctl; all print to standard output, and nothing of it can
 * drive a terminal.  False: it cannot be printed.
 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>

/* One object, one line. */
bool show_json(const json_t *answer);

bool show_status(const json_t *answer);
bool show_who(const json_t *answer);
bool show_rooms(const json_t *answer);
bool show_said(const json_t *answer);
bool show_kicked(const json_t *answer);
bool show_banned(const json_t *answer);
/* Of unban and unmute: what keeps it up still. */
bool show_lifted(const json_t *answer);
bool show_bans(const json_t *answer);
bool show_mutes(const json_t *answer);
/* Names the settings that need a restart. */
bool show_reloaded(const json_t *answer);
/* One event of a room that is followed. */
bool show_event(const json_t *event);
/* One event of a user who is followed. */
bool show_traced(const json_t *event);

#endif
