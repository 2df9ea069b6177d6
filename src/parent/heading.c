/*
 * heading - see heading.h.
 */
#include "config.h"

#include "parent/heading.h"

#include <stdbool.h>
#include <string.h>

#include "base/netaddr.h"
#include "base/settings.h"
#include "parent/endpoint.h"
#include "parent/grammar.h"

/* The title of the section that has just been read. */
static const char *
last_title(cfg_opt_t *opt)
{
	return cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));
}

/* Whether the section says something about it. */
static bool
is_set(cfg_t *section, const char *name)
{
	const char *text = grammar_text(cfg_getopt(section, name));

	return text != NULL && *text != '\0';
}

static bool
is_for_metrics(cfg_t *section)
{
	const char *text = grammar_text(cfg_getopt(section, "serves"));

	return text != NULL && strcmp(text, "metrics") == 0;
}

/* Whether nobody on another machine can connect to it. */
static bool
is_private(const struct endpoint *endpoint)
{
	uint8_t bytes[NETADDR_BYTES];
	uint16_t port;

	if (endpoint->kind != ENDPOINT_TCP)
		return endpoint->kind == ENDPOINT_UNIX;
	netaddr_from_socket((const struct sockaddr *)&endpoint->storage,
	    bytes, &port);
	return netaddr_is_loopback(bytes);
}

/* What does not fit together in a listener; NULL: nothing. */
static const char *
judge_listener(cfg_t *section, const struct endpoint *endpoint)
{
	bool has_certificate = is_set(section, "tls-certificate");

	if (has_certificate != is_set(section, "tls-key"))
		return has_certificate ? "tls-certificate needs tls-key" :
		    "tls-key needs tls-certificate";
	if (cfg_size(section, "tls-certificate") !=
	    cfg_size(section, "tls-key"))
		return "tls-certificate and tls-key are lists of one length";
	if (is_set(section, "tls-client-ca") && !has_certificate)
		return "tls-client-ca needs tls-certificate";
	if (is_set(section, "tls-client") &&
	    !is_set(section, "tls-client-ca"))
		return "tls-client needs tls-client-ca";
	if (is_for_metrics(section) && !is_private(endpoint))
		return "serves = metrics is for unix:/PATH and loopback "
		    "addresses alone";
	if (endpoint->kind == ENDPOINT_UNIX)
		return NULL;
	if (is_set(section, "mode"))
		return "mode is for unix:/PATH alone";
	if (is_set(section, "owner"))
		return "owner is for unix:/PATH alone";
	if (is_set(section, "group"))
		return "group is for unix:/PATH alone";
	return NULL;
}

int
heading_on_listen(cfg_t *cfg, cfg_opt_t *opt)
{
	struct endpoint endpoint;
	const char *title = last_title(opt), *why;

	why = endpoint_parse(title, &endpoint);
	if (why != NULL) {
		grammar_fail(cfg, "listen \"%.128s\": %s", title, why);
		return -1;
	}
	why = judge_listener(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1),
	    &endpoint);
	if (why == NULL)
		return 0;
	grammar_fail(cfg, "listen \"%.128s\": %s", title, why);
	return -1;
}

int
heading_on_route(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *title = last_title(opt), *why = NULL, *at = title;
	size_t len;

	if (strlen(title) >= SETTINGS_ROUTE_PATH)
		why = "is longer than 63 characters";
	else if (*title != '/')
		why = "does not begin with /";
	for (; why == NULL && *at == '/'; at += 1 + len) {
		len = strcspn(at + 1, "/");
		if (!settings_room_is_valid(at + 1, len))
			why = "has a part that is empty or has others than "
			    "letters, digits, - _ and .";
	}
	if (why == NULL && strncmp(title, "/healthz", 8) == 0 &&
	    (title[8] == '\0' || title[8] == '/'))
		why = "is the server's own";
	if (why == NULL)
		return 0;
	grammar_fail(cfg, "route \"%.80s\": the path %s", title, why);
	return -1;
}
