/*
 * call - see call.h.
 */
#include "config.h"

#include "client/call.h"

#include <string.h>

char *
call_write(json_t *object)
{
	char *text = object == NULL ? NULL :
	    json_dumps(object, JSON_COMPACT);

	json_decref(object);
	return text;
}

json_t *
call_message(const char *id, const char *text, size_t len, bool is_action)
{
	json_t *object = json_pack("{s:s, s:s%, s:s}", "type", "message",
	    "text", text, len, "id", id);

	if (object != NULL && is_action)
		json_object_set_new(object, "action", json_true());
	return object;
}

json_t *
call_whisper(const char *names, const char *text)
{
	json_t *to = json_array(), *object;
	size_t len;

	for (; to != NULL && *names != '\0'; names += len) {
		len = strcspn(names, ",");
		if (len > 0 && json_array_append_new(to,
		    json_stringn(names, len)) != 0) {
			json_decref(to);
			return NULL;
		}
		len += names[len] == ',';
	}
	object = json_pack("{s:s, s:o, s:s}", "type", "whisper", "to", to,
	    "text", text);
	return object;
}

json_t *
call_nick(const char *name)
{
	return json_pack("{s:s, s:s}", "type", "nick", "name", name);
}

json_t *
call_join(const char *room)
{
	return json_pack("{s:s, s:s}", "type", "join", "room", room);
}

json_t *
call_who(const char *after)
{
	if (after == NULL)
		return json_pack("{s:s}", "type", "who");
	return json_pack("{s:s, s:s}", "type", "who", "after", after);
}

json_t *
call_rooms(void)
{
	return json_pack("{s:s}", "type", "rooms");
}

json_t *
call_ping(void)
{
	return json_pack("{s:s}", "type", "ping");
}

json_t *
call_history(uint64_t before, unsigned count)
{
	return json_pack("{s:s, s:I, s:i}", "type", "history", "before",
	    (json_int_t)before, "count", (int)count);
}
