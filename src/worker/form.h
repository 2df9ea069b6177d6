/*
 * form - the forms in which a message goes to clients.
 *
 * In the worker: plain, and compressed for each window that was negotiated
 * (RFC 7692).  A message is made once in each form that is in use, however
 * many take it.
 */
#ifndef WORKER_FORM_H
#define WORKER_FORM_H

#define FORM_PLAIN	0
#define FORM_BITS_MIN	9	/* the smallest window, FORM_PLAIN + 1 */
#define FORM_BITS_MAX	15
#define FORMS		(FORM_BITS_MAX - FORM_BITS_MIN + 2)

/* The form of who takes messages compressed with such a window. */
static inline unsigned
form_of_window(unsigned bits)
{
	return bits - FORM_BITS_MIN + 1;
}

/* Not of FORM_PLAIN. */
static inline unsigned
form_window(unsigned form)
{
	return form + FORM_BITS_MIN - 1;
}

#endif
