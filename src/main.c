/*
 * muster: the real world around cli_run().
 */
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "muster/cli.h"
#include "muster/env.h"

static void main_interrupt(int number)
{
	(void)number;
	cli_interrupt();
}

/* A failed assert has said where it was; scripts want the status of a bug, and nobody a core with members in it. */
static void main_abort(int number)
{
	(void)number;
	_exit(70);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = main_interrupt};
	struct sigaction abort_action = {.sa_handler = main_abort};
	struct env env;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigemptyset(&abort_action.sa_mask);
	sigaction(SIGABRT, &abort_action, NULL);
	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	env_real_init(&env);
	return cli_run(&env, argc, argv);
}
