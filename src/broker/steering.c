/*
 * steering - see steering.h.
 */
#include "config.h"

#include "broker/steering.h"

#include "base/logger.h"
#include "broker/office.h"

#define SECONDS_MAX	1000000		/* the parent's bound is lower */

bool
steering_is_meant(enum order_kind kind)
{
	return kind == ORDER_DRAIN || kind == ORDER_RELOAD ||
	    kind == ORDER_LOG_LEVEL;
}

json_t *
steering_ask(const struct order *order, struct ipc_steer *out)
{
	enum logger_level level;

	*out = (struct ipc_steer){ 0 };
	if (order->kind == ORDER_RELOAD) {
		out->what = IPC_RELOAD;
		return NULL;
	}
	out->has_value = 1;
	if (order->kind == ORDER_LOG_LEVEL) {
		out->what = IPC_LOG_LEVEL;
		if (!logger_read_level(order->level, &level))
			return office_refusal("bad-level",
			    "A level is error, warning, info or debug.");
		out->value = level;
		return NULL;
	}
	out->what = IPC_DRAIN;
	out->has_value = order->has_seconds;
	if (order->seconds > SECONDS_MAX)
		return office_refusal("bad-time", "The time is too long.");
	out->value = order->seconds * 1000;
	return NULL;
}

json_t *
steering_answer(const struct ipc_message *m)
{
	const struct ipc_steered *steered = m->payload;
	json_t *text = json_stringn(m->tail_len > 0 ?
	    (const char *)m->tail : "", m->tail_len);
	json_t *answer;

	/* A file may have any bytes, and so the sentence about it. */
	if (text == NULL)
		text = json_string("The server's log says why.");
	if (!steered->is_done)
		return json_pack("{s:b, s:s, s:o}", "ok", 0, "error",
		    "failed", "text", text);
	answer = json_pack("{s:b}", "ok", 1);
	if (answer != NULL && m->tail_len > 0)
		(void)json_object_set(answer, "restart", text);
	json_decref(text);
	return answer;
}
