/*
 * loose - files that others than who should could change or read.
 *
 * Runs in the parent.  Warned of, not refused: no setting runs a program or
 * gives a child the rights of root, so a file that is one's own may be used
 * with them; whoever starts the server may have meant it.
 */
#ifndef PARENT_LOOSE_H
#define PARENT_LOOSE_H

struct stat;

/* Who else could change a configuration file, as a sentence; NULL: nobody
 * else. */
const char *loose_configuration(const struct stat *);
/* The same of a private key, which nobody else should read either. */
const char *loose_key(const struct stat *);

/* Warns of a configuration file: in the log, or a person. */
void loose_log(const char *file, const char *why);
void loose_print(const char *file, const char *why);

#endif
