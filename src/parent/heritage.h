/*
 * heritage - what children are given, and what the parent clears away first.
 *
 * Runs in the parent, at start and for a reload.  Log and state live as long
 * as the parent; what comes from files is made anew with each reload.
 */
#ifndef PARENT_HERITAGE_H
#define PARENT_HERITAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/settings.h"
#include "parent/endpoint.h"
#include "parent/tls_files.h"

#define HERITAGE_ERROR	TLS_FILES_ERROR

struct activation;

/* Sealed memory files. */
struct heritage_files {
	int settings_fd, site_fd;
	int tls_fd;			/* for workers alone */
	bool has_tls;			/* a listener speaks it */
};

struct heritage {
	int inherited[SETTINGS_LISTENERS]; /* open already; else -1 */
	int ready_fd;			/* of the supervisor; -1: none */
	struct heritage_files files;
	int log_fd;			/* for the broker */
	int log_reader_fd;		/* for workers: cannot write */
	int state_fd;			/* for the broker */
	int metrics_fd;			/* the pages of base/metrics.h */
	int control_fd;			/* for the broker, which accepts from
					 * it; -1: none */
	struct endpoint control;	/* its file, while it is there */
	uint32_t slots;			/* connections a worker can have */
};

/* Closes what was inherited, all but what a listener is to take and
 * `ready_fd` (-1: none), and takes the places below CHANNEL_END, so that no
 * descriptor of ours ever lies where a child's own will.  Dies when a socket
 * was passed that no listener is.  First of all. */
void heritage_clear_descriptors(struct heritage *, const struct settings *,
    struct activation *, int ready_fd);

/* Looks up the users and groups that the settings name, and reads the files,
 * for who only wants to know.  Returns 0, or a code of sysexits.h and a
 * sentence; dies for the file of bans, as the start does. */
int heritage_check(const struct settings *, char error[HERITAGE_ERROR])
    __attribute__((warn_unused_result));

/* Raises RLIMIT_NOFILE, reads the site and the certificates, creates the
 * memory files.  Dies when that is not possible. */
void heritage_open(struct heritage *, const struct settings *);

/* Opens a socket for processes of this machine, at a path that `setting` has;
 * its owner alone may connect.  Dies when that is not possible. */
int heritage_open_private(struct endpoint *out, const char *setting,
    const char *path);
/* Opens the control socket.  Dies when that is not possible, and comes behind
 * all else that may: its file would be left. */
void heritage_open_control(struct heritage *, const struct settings *);
/* At the end: removes the file of the control socket. */
void heritage_close(struct heritage *);
/* For a reload: reads the site and the certificates and makes the memory
 * files.  Returns 0, or a code of sysexits.h and a sentence. */
int heritage_read(struct heritage_files *, const struct settings *,
    char error[HERITAGE_ERROR]) __attribute__((warn_unused_result));
/* Other settings in their memory file, the rest stays.  False: the old ones
 * stay, too, errno says why. */
bool heritage_renew_settings(struct heritage_files *,
    const struct settings *) __attribute__((warn_unused_result));
void heritage_close_files(struct heritage_files *);

#endif
