/*
 * messages - the catalogue: every message between processes is one row here
 * and is listed nowhere else.
 *
 * From it come the enum, the names in the log and the check that is made
 * once, before dispatch (ipc_check): direction, length, descriptors.
 * A payload is a struct of fixed-width fields with its padding spelled out;
 * a text is the tail, counted by the frame, never NUL-terminated.
 *
 *	parent --- CONNECTION, STOP, PING ... --> broker, workers
 *	worker --- JOIN, SAY, LEAVE ... --------> broker
 *	broker --- REFUSED, APPENDED ... -------> workers
 */
#ifndef IPC_MESSAGES_H
#define IPC_MESSAGES_H

#include <stdint.h>

#define IPC_VERSION	10	/* of this catalogue; both ends must agree */

enum ipc_role {			/* a mask: several may send or receive */
	IPC_PARENT = 1,
	IPC_BROKER = 2,
	IPC_WORKER = 4,
	IPC_GUEST = 8		/* of a super-server; not a worker yet */
};
#define IPC_CHILD	(IPC_BROKER | IPC_WORKER)
#define IPC_ANY		(IPC_PARENT | IPC_CHILD | IPC_GUEST)

/* Upper bounds of tails, in bytes. */
#define IPC_TEXT	(UINT32_C(1) << 28)	/* limits.message-size rules */
#define IPC_ROOM	64
#define IPC_NAME	512
#define IPC_NAMES	4096			/* of a whisper */
#define IPC_REASON	(256 + IPC_NAME)	/* in words, of what */
#define IPC_TOKEN	16			/* a resume token, as bytes */
#define IPC_JOIN_TAIL	(2 * IPC_TOKEN + IPC_ROOM)
#define IPC_PROOF	16			/* struct ipc_proof */
#define IPC_MESSAGE_ID	64
#define IPC_IDS		32768			/* 4096 connections */
#define IPC_LISTENER	127			/* as the settings name it */

/* clang-format off */
#define IPC_CATALOGUE(IPC_MESSAGE) \
/*          name          from        to          payload         tail      fds meaning */ \
IPC_MESSAGE(HELLO,        IPC_ANY,    IPC_ANY,    ipc_hello,      0,        0, "first on every channel: who speaks, in which version") \
/* life of a child */ \
IPC_MESSAGE(READY,        IPC_CHILD,  IPC_PARENT, ipc_none,       0,        0, "the child serves") \
IPC_MESSAGE(PING,         IPC_PARENT, IPC_CHILD,  ipc_ping,       0,        0, "are you alive?") \
IPC_MESSAGE(PONG,         IPC_CHILD,  IPC_PARENT, ipc_ping,       0,        0, "I am; the number of the ping") \
IPC_MESSAGE(PAUSE,        IPC_PARENT, IPC_WORKER, ipc_none,       0,        0, "the end is near: take what clients have said, then read no further") \
IPC_MESSAGE(PAUSED,       IPC_WORKER, IPC_PARENT, ipc_none,       0,        0, "all that was taken has its receipt") \
IPC_MESSAGE(STOP,         IPC_PARENT, IPC_CHILD,  ipc_stop,       0,        0, "end in good order") \
IPC_MESSAGE(READINESS,    IPC_PARENT, IPC_WORKER, ipc_readiness,  0,        0, "what /healthz/ready says from now on") \
IPC_MESSAGE(TICKET_KEY,   IPC_PARENT, IPC_WORKER, ipc_ticket_key, 0,        0, "TLS tickets are written with it; the one before still opens them") \
/* one that a super-server has started */ \
IPC_MESSAGE(INHERIT,      IPC_PARENT, IPC_GUEST,  ipc_inherit,    0,        1, "what the parent's own children are born with, and where it is to be") \
IPC_MESSAGE(OFFER,        IPC_GUEST,  IPC_PARENT, ipc_none,       IPC_LISTENER, 1, "the connection it was started for, and its listener; from now on it is a worker") \
/* a reload */ \
IPC_MESSAGE(SETTINGS,     IPC_PARENT, IPC_CHILD,  ipc_none,       0,        1, "in force from now on: a memory file, struct settings") \
IPC_MESSAGE(CERTIFICATES, IPC_PARENT, IPC_WORKER, ipc_none,       0,        1, "for new connections: a memory file, base/tls_image.h") \
IPC_MESSAGE(SITE,         IPC_PARENT, IPC_WORKER, ipc_none,       0,        1, "the page: a memory file, base/site_image.h") \
/* who is joined to whom */ \
IPC_MESSAGE(ATTACH_BROKER,IPC_PARENT, IPC_WORKER, ipc_none,       0,        1, "a channel to the broker; the old one's broker is dead") \
IPC_MESSAGE(ATTACH_WORKER,IPC_PARENT, IPC_BROKER, ipc_worker,     0,        1, "a channel to a live worker") \
IPC_MESSAGE(ATTACHED_ALL, IPC_PARENT, IPC_BROKER, ipc_none,       0,        0, "these were all that live now; the rest is gone") \
IPC_MESSAGE(WORKER_GONE,  IPC_PARENT, IPC_BROKER, ipc_worker,     0,        0, "this worker has been reaped") \
IPC_MESSAGE(WORKER_MUTE,  IPC_BROKER, IPC_PARENT, ipc_worker,     0,        0, "broke the protocol or did not register in time: end it") \
IPC_MESSAGE(REGISTER,     IPC_WORKER, IPC_BROKER, ipc_none,       IPC_IDS,  0, "connections this worker has: uint64_t each") \
IPC_MESSAGE(REGISTERED,   IPC_WORKER, IPC_BROKER, ipc_none,       0,        0, "those were all") \
IPC_MESSAGE(WELCOME,      IPC_BROKER, IPC_WORKER, ipc_position,   0,        0, "the broker serves; the log's end") \
IPC_MESSAGE(BAN,          IPC_PARENT | IPC_BROKER, IPC_PARENT | IPC_BROKER, ipc_ban, 0, 0, "a network is kept out; the parent keeps the list, and tells it to each new broker") \
/* an administrator, through the broker */ \
IPC_MESSAGE(MUTE,         IPC_PARENT | IPC_BROKER, IPC_PARENT | IPC_BROKER, ipc_mute, 0, 0, "who is not heard; as BAN") \
IPC_MESSAGE(STEER,        IPC_BROKER, IPC_PARENT, ipc_steer,      0,        0, "the whole server is to do something") \
IPC_MESSAGE(STEERED,      IPC_PARENT, IPC_BROKER, ipc_steered,    IPC_REASON, 0, "what came of it: why not, or which settings need a restart") \
/* sockets */ \
IPC_MESSAGE(CONNECTION,   IPC_PARENT, IPC_WORKER, ipc_accepted,   0,        1, "serve this socket") \
IPC_MESSAGE(TAKEN,        IPC_WORKER, IPC_PARENT, ipc_connection, 0,        0, "the socket is mine; forget your copy") \
IPC_MESSAGE(CLOSED,       IPC_WORKER, IPC_PARENT, ipc_connection, 0,        0, "the connection has ended; its slot is free") \
IPC_MESSAGE(MEMORY,       IPC_WORKER, IPC_PARENT, ipc_memory,     0,        0, "bring nobody else for the time being, or do again") \
/* requests, numbered and kept until their receipt */ \
IPC_MESSAGE(ATTACH,       IPC_WORKER, IPC_BROKER, ipc_request,    0,        0, "a connection on an echo route") \
IPC_MESSAGE(JOIN,         IPC_WORKER, IPC_BROKER, ipc_request,    IPC_JOIN_TAIL, 0, "wants a name and this room of the route; see enum ipc_request_flag") \
IPC_MESSAGE(SAY,          IPC_WORKER, IPC_BROKER, ipc_request,    IPC_TEXT, 0, "text from a client; with IPC_ID its id in front, behind a byte with its length") \
IPC_MESSAGE(LEAVE,        IPC_WORKER, IPC_BROKER, ipc_request,    0,        0, "the connection has ended") \
IPC_MESSAGE(PROVEN,       IPC_WORKER, IPC_BROKER, ipc_request,    IPC_PROOF, 0, "up to here a member has had the room's messages: struct ipc_proof") \
IPC_MESSAGE(NICK,         IPC_WORKER, IPC_BROKER, ipc_request,    IPC_NAME, 0, "wants this name") \
IPC_MESSAGE(MOVE,         IPC_WORKER, IPC_BROKER, ipc_request,    IPC_ROOM, 0, "goes to this room of the route") \
IPC_MESSAGE(WHO,          IPC_WORKER, IPC_BROKER, ipc_request,    IPC_NAME, 0, "who is in the room? a name: those behind it") \
IPC_MESSAGE(ROOMS,        IPC_WORKER, IPC_BROKER, ipc_request,    0,        0, "which rooms does the route have?") \
IPC_MESSAGE(WHISPER,      IPC_WORKER, IPC_BROKER, ipc_request,    IPC_TEXT, 0, "names with a comma between, a NUL, a text for them alone") \
/* answers; that of a granted request is its record in the log */ \
IPC_MESSAGE(REFUSED,      IPC_BROKER, IPC_WORKER, ipc_refused,    IPC_REASON, 0, "the request changed nothing; of NICK and MOVE: a word and a sentence, each with a NUL, and what they wanted") \
IPC_MESSAGE(LISTED,       IPC_BROKER, IPC_WORKER, ipc_listed,     IPC_TEXT, 0, "the answer to WHO, ROOMS, WHISPER: texts, each with a NUL; behind them what was whispered") \
IPC_MESSAGE(ACKED,        IPC_BROKER, IPC_WORKER, ipc_acked,      IPC_MESSAGE_ID, 0, "a SAY that was said before under its id, which is repeated") \
IPC_MESSAGE(WHISPERED,    IPC_BROKER, IPC_WORKER, ipc_whispered,  IPC_TEXT, 0, "for this connection alone: its sender, a NUL, the text") \
IPC_MESSAGE(KICK,         IPC_BROKER, IPC_WORKER, ipc_kick,       0,        0, "close this connection for good, as an administrator wants") \
IPC_MESSAGE(SLOW_DOWN,    IPC_BROKER, IPC_WORKER, ipc_slow_down,  0,        0, "an address has said more than it may: its clients are not heard for so long") \
IPC_MESSAGE(HOLD,         IPC_BROKER, IPC_WORKER, ipc_hold,       0,        0, "a client has said more than others who want to say as much: it is not heard for so long") \
IPC_MESSAGE(APPENDED,     IPC_BROKER, IPC_WORKER, ipc_position,   0,        0, "the log has grown to here")
/* clang-format on */

struct ipc_none {
	uint64_t zero;
};

struct ipc_hello {
	uint32_t version;	/* IPC_VERSION */
	uint32_t role;		/* of the sender */
	uint32_t index;		/* of the worker that speaks or is spoken to */
	uint32_t slots;		/* PARENT: how many connections a worker gets */
	uint64_t generation;	/* of the child that speaks or is spoken to */
};

struct ipc_inherit {
	uint32_t place;		/* its number */
	uint32_t left;		/* that come behind it */
};

struct ipc_ping {
	uint64_t number;
};

struct ipc_stop {
	uint32_t drain_ms;	/* closings are spread over; 0: all at once */
	uint32_t rest_ms;	/* in which others are closed behind it */
	uint32_t return_s;	/* clients are to come back spread over */
	uint32_t is_restart;	/* 0: going away (1001); 1: restart (1012) */
};

struct ipc_readiness {
	uint64_t ready;		/* 0 or 1 */
};

/* Of TLS session tickets (RFC 5077, 4): AES-256-CBC, HMAC-SHA-256. */
struct ipc_ticket_key {
	uint8_t name[16];	/* by which a ticket tells its key */
	uint8_t aes[32];
	uint8_t hmac[32];
};

struct ipc_worker {
	uint32_t index;
	uint32_t slots;		/* connections have slots below this */
	uint64_t generation;
};

struct ipc_position {
	uint64_t position;
};

enum ipc_accepted_flag {
	IPC_ACCEPTED_REFUSE = 1, /* answer 503 whatever is asked */
	IPC_ACCEPTED_ALONE = 2	/* the worker ends with it */
};

struct ipc_accepted {
	uint64_t connection;
	uint32_t flags;		/* enum ipc_accepted_flag */
	uint16_t port;		/* of the peer */
	uint16_t listener;	/* index of the listener it came by */
	uint8_t address[16];	/* of the peer; IPv4 mapped into IPv6 */
};

enum ipc_connection_flag {
	IPC_FAILED = 1		/* CLOSED: there was no handshake in it */
};

struct ipc_connection {
	uint64_t connection;
	uint64_t flags;		/* enum ipc_connection_flag */
};

struct ipc_memory {
	uint64_t is_short;	/* 0 or 1 */
};

struct ipc_request {
	uint64_t connection;
	uint64_t number;	/* 1, 2, 3 ... in this generation */
	uint64_t address;	/* ATTACH, JOIN: whom it counts for
				 * (netaddr_key); 0: nobody */
	uint32_t route;		/* index of the connection's route */
	uint32_t flags;		/* enum ipc_request_flag */
};

enum ipc_request_flag {
	IPC_ACTION = 1,		/* SAY: what the user does (/me) */
	IPC_ID = 2,		/* SAY: it has an id */
	IPC_FRESH = 4,		/* JOIN: the tail begins with a token, for a
				 * member that is made */
	IPC_RESUME = 8,		/* JOIN, with FRESH: the tail begins with
				 * another, of a member to go on as */
	IPC_MAY_RETURN = 16,	/* LEAVE: a member with a token is away, for
				 * its grace time, and leaves after it */
	IPC_MORE = 32		/* SAY: more is in the client's socket than
				 * was read */
};

/* Tail of PROVEN. */
struct ipc_proof {
	uint64_t room;		/* identity: it may be elsewhere by now */
	uint64_t seq;
};

enum ipc_refusal {
	IPC_REFUSED_UNKNOWN = 1,	/* the connection is not in the table */
	IPC_REFUSED_MEMORY,		/* no space for a member or room */
	IPC_REFUSED_SIZE,		/* the text does not fit into the log */
	IPC_REFUSED_ADDRESS,		/* too many connections from there */
	IPC_REFUSED_TAKEN,		/* NICK: somebody has the name */
	IPC_REFUSED_NAME,		/* NICK: it may not be one */
	IPC_REFUSED_ROOM,		/* MOVE: is there already */
	IPC_REFUSED_ROOMS,		/* JOIN, MOVE: there are too many */
	IPC_REFUSED_TABS,		/* JOIN: too many of this member */
	IPC_REFUSED_REPLACED,		/* JOIN: a later connection has the
					 * member */
	IPC_REFUSED_AFTER,		/* WHO: the name is not in the room */
	IPC_REFUSED_BANNED,		/* ATTACH, JOIN: the address is */
	IPC_REFUSED_MUTED		/* SAY, WHISPER: nobody is to hear it;
					 * behind word and sentence its id */
};

struct ipc_refused {
	uint64_t connection;
	uint64_t number;
	uint32_t reason;	/* enum ipc_refusal */
	uint32_t zero;
};

struct ipc_listed {
	uint64_t connection;	/* who asked */
	uint64_t number;	/* of the request */
	uint64_t position;	/* of the log, behind which it belongs */
	uint32_t type;		/* of the request, enum ipc_type */
	uint32_t more;		/* that did not fit */
};

struct ipc_acked {
	uint64_t connection;
	uint64_t number;	/* of the request */
	uint64_t seq;		/* of the message */
};

struct ipc_whispered {
	uint64_t connection;	/* for whom */
	uint64_t position;	/* of the log, behind which it belongs */
	uint64_t generation;	/* origin, as of a record */
	uint64_t request;
};

struct ipc_ban {
	uint64_t key, bits;	/* of struct network */
	uint64_t until_s;	/* since 1970; 0: not any more */
};

struct ipc_mute {
	uint64_t key, bits;	/* likewise, or a user's (silence.h), all 64 */
	uint64_t until_s;	/* since 1970; 0: not any more */
	uint64_t is_address;	/* 0 or 1 */
};

struct ipc_kick {
	uint64_t connection;
	uint64_t is_ban;	/* 0 or 1: its address is kept out, too */
};

enum ipc_steering {
	IPC_DRAIN = 1,		/* end as on SIGTERM */
	IPC_RELOAD,		/* as on SIGHUP */
	IPC_LOG_LEVEL		/* of all processes, until a reload */
};

struct ipc_steer {
	uint64_t number;	/* of the order, for the answer */
	uint32_t what;		/* enum ipc_steering */
	uint32_t has_value;	/* 0 or 1; LOG_LEVEL has one */
	uint64_t value;		/* DRAIN: in ms; LOG_LEVEL: the level */
};

struct ipc_steered {
	uint64_t number;
	uint64_t is_done;	/* 0 or 1 */
};

struct ipc_slow_down {
	uint64_t address;	/* netaddr_key */
	uint64_t wait_ms;
};

struct ipc_hold {
	uint64_t connection;
	uint64_t wait_ms;
};

_Static_assert(sizeof(struct ipc_none) == 8, "size");
_Static_assert(sizeof(struct ipc_hello) == 24, "size");
_Static_assert(sizeof(struct ipc_inherit) == 8, "size");
_Static_assert(sizeof(struct ipc_ping) == 8, "size");
_Static_assert(sizeof(struct ipc_readiness) == 8, "size");
_Static_assert(sizeof(struct ipc_stop) == 16, "size");
_Static_assert(sizeof(struct ipc_ticket_key) == 80, "size");
_Static_assert(sizeof(struct ipc_worker) == 16, "size");
_Static_assert(sizeof(struct ipc_position) == 8, "size");
_Static_assert(sizeof(struct ipc_accepted) == 32, "size");
_Static_assert(sizeof(struct ipc_connection) == 16, "size");
_Static_assert(sizeof(struct ipc_memory) == 8, "size");
_Static_assert(sizeof(struct ipc_request) == 32, "size");
_Static_assert(sizeof(struct ipc_refused) == 24, "size");
_Static_assert(sizeof(struct ipc_listed) == 32, "size");
_Static_assert(sizeof(struct ipc_acked) == 24, "size");
_Static_assert(sizeof(struct ipc_proof) == IPC_PROOF, "size");
_Static_assert(sizeof(struct ipc_whispered) == 32, "size");
_Static_assert(sizeof(struct ipc_ban) == 24, "size");
_Static_assert(sizeof(struct ipc_mute) == 32, "size");
_Static_assert(sizeof(struct ipc_kick) == 16, "size");
_Static_assert(sizeof(struct ipc_steer) == 24, "size");
_Static_assert(sizeof(struct ipc_steered) == 16, "size");
_Static_assert(sizeof(struct ipc_slow_down) == 16, "size");
_Static_assert(sizeof(struct ipc_hold) == 16, "size");

enum ipc_type {
	IPC_NOTHING,
#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) IPC_##name,
	IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE
	IPC_TYPES
};

/* A connection's number: the slot in its worker's tables and a serial. */
#define IPC_SLOT_BITS	24

static inline uint32_t
ipc_connection_slot(uint64_t connection)
{
	return (uint32_t)(connection & ((1U << IPC_SLOT_BITS) - 1));
}

static inline uint64_t
ipc_connection_serial(uint64_t connection)
{
	return connection >> IPC_SLOT_BITS;
}

static inline uint64_t
ipc_connection_make(uint64_t serial, uint32_t slot)
{
	return serial << IPC_SLOT_BITS | slot;
}

#endif
