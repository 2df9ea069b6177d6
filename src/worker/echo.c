/*
 * echo - see echo.h.
 */
#include "config.h"

#include "worker/echo.h"

#include <string.h>

#include "worker/output.h"
#include "worker/render.h"

/* A text may have a format of the route's. */
static void
echo_answer(struct worker *w, struct client *c,
    enum frame_opcode opcode, const uint8_t *data, size_t len)
{
	const struct settings_route *route = &w->settings->routes[c->route];
	struct buf line;

	if (opcode != FRAME_TEXT || strcmp(route->echo, "%t") == 0) {
		client_queue_message(w, c, opcode, data, len);
		return;
	}
	buf_init(&line);
	if (render_echo(&line, route, data, len))
		client_queue_message(w, c, opcode, buf_head(&line),
		    buf_len(&line));
	else
		client_drop(w, c, CLOSE_SERVER_FAULT);
	buf_clear(&line);
}

void
echo_message(struct worker *w, struct client *c, enum frame_opcode opcode,
    const uint8_t *data, size_t len)
{
	echo_answer(w, c, opcode, data, len);
	client_throttle(w, c);
}
