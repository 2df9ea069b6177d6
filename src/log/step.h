/*
 * step - the places at which a writer may die.
 *
 * LOG_STEP() stands between any two stores of an append, a commit, a receipt
 * or a state row.  It is nothing, except in tests that compile these files
 * with LOG_STEP_HOOK and end the process there.
 */
#ifndef LOG_STEP_H
#define LOG_STEP_H

#ifdef LOG_STEP_HOOK
void log_step_hook(void);	/* defined by the test */
#define LOG_STEP()	log_step_hook()
#else
#define LOG_STEP()	((void)0)
#endif

#endif
