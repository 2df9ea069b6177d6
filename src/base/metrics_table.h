/*
 * metrics_table - everything that is counted, each once.
 *
 * A row is a metric: its name, type and help as Prometheus has them, which
 * processes have it, and what its labels are.  From it come the enum, the
 * page in memory (metrics.h), what /metrics answers and what wschatctl shows.
 */
#ifndef BASE_METRICS_TABLE_H
#define BASE_METRICS_TABLE_H

/* How many values a label may have; the words are elsewhere, and whoever has
 * them asserts that they fit. */
#define METRICS_RESULTS		64	/* ws/refusals.h, 0: accepted */
#define METRICS_REASONS		32	/* ws/close_codes.h */
#define METRICS_BUCKETS		16	/* the last: more than all others */

/*
 * METRIC(id, name, type, unit, processes, by process, label, values, help)
 *
 * name: behind "wschatd_"; "" is none of Prometheus's.
 * unit: what a value is divided by.
 * by process: each is told by itself; else the sum of all is.
 * values: how many labels, 1 without; a histogram has its sum behind its
 * buckets.
 */
/* clang-format off */
#define METRICS(METRIC) \
METRIC(START,        "process_start_time_seconds",    GAUGE,     1,       ANY,    true,  NONE,   1, "When the process started, since 1970.") \
METRIC(PID,          "",                              GAUGE,     1,       ANY,    true,  NONE,   1, "") \
METRIC(CPU,          "process_cpu_seconds_total",     COUNTER,   1000000, ANY,    true,  NONE,   1, "Processor time used, by all processes that had the place.") \
METRIC(MEMORY,       "process_resident_memory_bytes", GAUGE,     1,       ANY,    true,  NONE,   1, "Resident memory, shared pages included.") \
METRIC(QUEUE,        "ipc_queue_bytes",               GAUGE,     1,       ANY,    true,  ROLE,   3, "Bytes to other processes that their sockets have not taken yet.") \
METRIC(PLACES,       "",                              GAUGE,     1,       PARENT, false, NONE,   1, "") \
METRIC(READY,        "ready",                         GAUGE,     1,       PARENT, false, NONE,   1, "1: /healthz/ready says so.") \
METRIC(RESTARTS,     "restarts_total",                COUNTER,   1,       PARENT, false, ROLE,   3, "Processes started in the place of one that died.") \
METRIC(ACCEPTED,     "accepted_total",                COUNTER,   1,       PARENT, false, NONE,   1, "Connections accepted from clients.") \
METRIC(LIMITS_HIT,   "limits_hit_total",              COUNTER,   1,       ANY,    false, LIMIT,  METRICS_LIMITS, "How often a limit of the configuration was reached.") \
METRIC(LOG_SIZE,     "log_size_bytes",                GAUGE,     1,       BROKER, false, NONE,   1, "Size of the log of events.") \
METRIC(LOG_END,      "log_position_bytes",            GAUGE,     1,       BROKER, false, NONE,   1, "Bytes ever written to the log.") \
METRIC(LOG_OLDEST,   "log_oldest_timestamp_seconds",  GAUGE,     1000000, BROKER, false, NONE,   1, "When the oldest event that the log holds was written, since 1970; 0: it holds none.") \
METRIC(ROOMS,        "rooms",                         GAUGE,     1,       BROKER, false, NONE,   1, "Rooms there are.") \
METRIC(MESSAGES,     "messages_total",                COUNTER,   1,       BROKER, false, NONE,   1, "Messages said in rooms.") \
METRIC(CONNECTIONS,  "connections",                   GAUGE,     1,       WORKER, true,  NONE,   1, "Connections open, whatever their state.") \
METRIC(HANDSHAKES,   "handshakes_total",              COUNTER,   1,       WORKER, false, RESULT, METRICS_RESULTS, "Requests to open a WebSocket that were accepted, and requests of all kinds that were refused, by the reason.") \
METRIC(ANSWERS,      "http_answers_total",            COUNTER,   1,       WORKER, false, NONE,   1, "Other requests answered: the page, health checks, metrics.") \
METRIC(CLOSES,       "closes_total",                  COUNTER,   1,       WORKER, false, REASON, METRICS_REASONS, "WebSockets that ended, by the reason and its close code.") \
METRIC(PEER_CODES,   "peer_closes_total",             COUNTER,   1,       WORKER, false, CODE,   4, "WebSockets that the client closed first, by its close code; 1005: none.") \
METRIC(RECEIVED,     "messages_received_total",       COUNTER,   1,       WORKER, false, NONE,   1, "Messages from clients, whatever they ask for.") \
METRIC(DELIVERIES,   "deliveries_total",              COUNTER,   1,       WORKER, false, NONE,   1, "Lines of rooms written to members.") \
METRIC(BYTES_IN,     "bytes_received_total",          COUNTER,   1,       WORKER, false, NONE,   1, "Bytes from clients' sockets.") \
METRIC(BYTES_OUT,    "bytes_sent_total",              COUNTER,   1,       WORKER, false, NONE,   1, "Bytes to clients' sockets.") \
METRIC(DELIVERY,     "delivery_seconds",              HISTOGRAM, 1000000, WORKER, false, BUCKET, METRICS_BUCKETS + 1, "From reading a message to having written it to the room's members at the same worker.") \
METRIC(SLOW,         "slow_clients",                  GAUGE,     1,       WORKER, true,  NONE,   1, "Clients whose sockets take nothing more now.") \
METRIC(BACKLOG,      "backlog_bytes",                 GAUGE,     1,       WORKER, true,  NONE,   1, "How far the slowest client is behind its room.") \
METRIC(PENDING,      "requests_pending",              GAUGE,     1,       WORKER, true,  NONE,   1, "Requests to the broker without a receipt.")

/* Limits of the configuration (limits { }), in the order of the enum. */
#define METRICS_LIMIT_WORDS(LIMIT) \
LIMIT(MESSAGE_SIZE,    "message-size") \
LIMIT(FRAGMENTS,       "fragments") \
LIMIT(MESSAGE_TIME,    "message-time") \
LIMIT(HANDSHAKE_TIME,  "handshake-time") \
LIMIT(HEAD_SIZE,       "head-size") \
LIMIT(HEAD_FIELDS,     "head-fields") \
LIMIT(PING_TIMEOUT,    "ping-timeout") \
LIMIT(CONTROL_RATE,    "control-rate") \
LIMIT(CLOSE_TIME,      "close-time") \
LIMIT(MESSAGE_RATE,    "message-rate") \
LIMIT(BACKLOG,         "backlog") \
LIMIT(CONNECTIONS,     "connections") \
LIMIT(PER_ADDRESS,     "connections-per-address") \
LIMIT(MEMORY,          "memory") \
LIMIT(ROOMS,           "rooms")
/* clang-format on */

enum metrics_limit {
#define LIMIT(id, word) METRICS_LIMIT_##id,
	METRICS_LIMIT_WORDS(LIMIT)
#undef LIMIT
	METRICS_LIMITS
};

#endif
