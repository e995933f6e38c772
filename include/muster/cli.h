/*
 * cli: the program `muster`, but for main() itself.
 *
 * Reads the command line, finds configuration and database, runs one verb, and turns what came back into an exit
 * status. Data goes to stdout, talk and progress to stderr. Tests run it in process with an env of their own.
 *
 * Source    verbs, options, exit statuses: CONTRACT section 1; habits: reference/operations section 1.2.
 */
#ifndef MUSTER_CLI_H
#define MUSTER_CLI_H

struct env;

/* Run one command. Returns the exit status of CONTRACT section 1. argv[0] is the program's name. */
int cli_run(struct env *env, int argc, char **argv);

/* Called from signal handlers: the work under way ends at its next commit with status 75. */
void cli_interrupt(void);

#endif
