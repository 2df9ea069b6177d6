/*
 * unavailable - the answer of processes that read no request: try later.
 *
 * A constant; for the parent, when no worker can take somebody, and for who
 * was started by a super-server while no server runs.
 */
#ifndef BASE_UNAVAILABLE_H
#define BASE_UNAVAILABLE_H

#define UNAVAILABLE_ANSWER						\
	"HTTP/1.1 503 Service Unavailable\r\n"				\
	"Content-Type: text/plain; charset=utf-8\r\n"			\
	"Content-Length: 9\r\n"						\
	"Retry-After: 1\r\n"						\
	"Connection: close\r\n"						\
	"\r\n"								\
	"try later"

#endif
