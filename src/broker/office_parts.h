/*
 * office_parts - what the files of the office share: rooms as paths.
 *
 * In the broker; private to office.c, its parts, tail.c and trace.c.
 */
#ifndef BROKER_OFFICE_PARTS_H
#define BROKER_OFFICE_PARTS_H

#include "broker/office.h"
#include "broker/room.h"

#define OFFICE_PATH	(SETTINGS_ROUTE_PATH + 1 + ROOM_NAME_MAX)

/* The path by which one joins the room; returns `out`. */
const char *office_room_path(const struct hub *, const struct room *,
    char out[static OFFICE_PATH]);
/* Reads such a path; the name is lent from it.  False: there can be no such
 * room. */
bool office_read_path(const struct hub *, const char *path,
    uint8_t *route_out, const char **name_out, size_t *len_out);
/* The answer that there is no such room. */
json_t *office_refuse_room(void) __attribute__((warn_unused_result));

#endif
