/*
 * url - where a server is, as a person writes it.
 *
 * A pure module of the programs that connect.  The forms:
 *
 *	ws://HOST[:PORT][/PATH][?QUERY]		wss:// the same with TLS
 *	unix:/SOCKET[:/PATH[?QUERY]]
 *	http://HOST[:PORT]/[#room=NAME]		the server's page, also https://
 *
 * Without a path it is /chat.  A page's URL is what people have at hand: it
 * means /chat, or its room.
 */
#ifndef WS_URL_H
#define WS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_DEFAULT	"ws://127.0.0.1:8080/chat"
#define URL_HOST	254	/* bytes with the NUL */
#define URL_TARGET	2048
#define URL_SOCKET	108	/* what a sockaddr_un takes */
#define URL_ROOM	65

/* A value.  Texts are NUL-terminated; unused ones are "". */
struct url {
	bool is_tls;
	char host[URL_HOST];		/* without the brackets of IPv6 */
	char port[6];
	char socket[URL_SOCKET];	/* "" unless unix: */
	char authority[URL_HOST + 9];	/* for the field Host */
	char path[URL_TARGET];
	char query[URL_TARGET];		/* without the '?' */
};

/* NULL, or why not: static text that goes on after the URL. */
const char *url_parse(const char *text, struct url *out)
    __attribute__((warn_unused_result));

/* 1 to 64 letters, digits, '-', '_' and '.', not dots only. */
bool url_room_is_good(const char *room);

/* Makes the path that of a room: `old` is the room that the path names now,
 * "" for none, and `room` takes its place; "" leaves the route alone.  False
 * when it gets too long; then nothing has changed. */
bool url_set_room(struct url *, const char *old, const char *room);

/* Path and query, with "after=AFTER" added when it is not UINT64_MAX.
 * False when it does not fit. */
bool url_target(const struct url *, uint64_t after, char *out, size_t size)
    __attribute__((warn_unused_result));

#endif
