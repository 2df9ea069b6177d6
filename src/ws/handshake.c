/*
 * handshake: the writers of handshake.h.
 *
 * A pure module of the worker. What a status says beside its phrase is one
 * row of one table.
 */
#include "config.h"

#include "ws/handshake.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#define KEY_LEN 24   /* base64 of 16 bytes */
#define GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"   /* RFC 6455 1.3 */

/* A sender of Upgrade lists it in Connection too (RFC 9110 7.8). */
static const struct status {
	uint16_t status;
	const char *phrase;
	const char *connection;
	const char *fields;   /* whole lines */
} statuses[] = {
	{ 101, "Switching Protocols", "Upgrade", "" },
	{ 200, "OK", "close", "" },
	{ 304, "Not Modified", "close", "" },
	{ 400, "Bad Request", "close", "" },
	{ 403, "Forbidden", "close", "" },
	{ 404, "Not Found", "close", "" },
	{ 405, "Method Not Allowed", "close", "Allow: GET, HEAD\r\n" },
	{ 408, "Request Timeout", "close", "" },
	{ 413, "Content Too Large", "close", "" },
	{ 414, "URI Too Long", "close", "" },
	{ 426, "Upgrade Required", "close, Upgrade",
	    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" },
	{ 429, "Too Many Requests", "close", "Retry-After: 1\r\n" },
	{ 431, "Request Header Fields Too Large", "close", "" },
	{ 500, "Internal Server Error", "close", "" },
	{ 501, "Not Implemented", "close", "" },
	{ 503, "Service Unavailable", "close", "Retry-After: 1\r\n" },
	{ 505, "HTTP Version Not Supported", "close", "" },
};

#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const struct status status_other = { 0, "Error", "close", "" };

static const struct status *status_find(uint16_t);

bool
handshake_accept_key(struct slice key,
    char out[static HANDSHAKE_ACCEPT_SIZE])
{
	unsigned char text[KEY_LEN + sizeof(GUID) - 1];
	unsigned char digest[SHA_DIGEST_LENGTH];

	if (key.len != KEY_LEN)
		return false;
	memcpy(text, key.at, KEY_LEN);
	memcpy(text + KEY_LEN, GUID, sizeof(GUID) - 1);
	if (SHA1(text, sizeof(text), digest) == NULL)
		return false;
	return EVP_EncodeBlock((unsigned char *)out, digest,
	    sizeof(digest)) == HANDSHAKE_ACCEPT_SIZE - 1;
}

size_t
handshake_switch_write(char *out, size_t size, struct slice key,
    struct slice protocol, struct slice extensions, const char *fields)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];
	bool has_protocol = protocol.len > 0;
	bool has_extensions = extensions.len > 0;
	int len;

	if (!handshake_accept_key(key, accept) || protocol.len >= size ||
	    extensions.len >= size)
		return 0;
	len = snprintf(out, size,
	    "HTTP/1.1 101 %s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n"
	    "%s%.*s%s"
	    "%s%.*s%s"
	    "%s\r\n",
	    http_status_text(101), accept,
	    has_protocol ? "Sec-WebSocket-Protocol: " : "",
	    (int)protocol.len, has_protocol ? protocol.at : "",
	    has_protocol ? "\r\n" : "",
	    has_extensions ? "Sec-WebSocket-Extensions: " : "",
	    (int)extensions.len, has_extensions ? extensions.at : "",
	    has_extensions ? "\r\n" : "", fields);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

size_t
handshake_refusal_write(char *out, size_t size, enum refusal refusal,
    bool is_head)
{
	uint16_t status = refusal_status(refusal);
	const char *text = refusal_text(refusal);
	const struct status *row = status_find(status);
	int len;

	len = snprintf(out, size,
	    "HTTP/1.1 %u %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n"
	    HTTP_SECURITY_FIELDS
	    "Connection: %s\r\n"
	    "%s\r\n%s%s",
	    (unsigned)status, row->phrase, strlen(text) + 1, row->connection,
	    row->fields, is_head ? "" : text, is_head ? "" : "\n");
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

const char *
http_status_text(uint16_t status)
{
	return status_find(status)->phrase;
}

static const struct status *
status_find(uint16_t status)
{
	size_t i;

	for (i = 0; i < STATUSES; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return &status_other;
}
