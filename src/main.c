/*
 * muster: the real world around cli_run().
 */
#include <signal.h>
#include <stddef.h>

#include "muster/cli.h"
#include "muster/env.h"

static void main_interrupt(int number)
{
	(void)number;
	cli_interrupt();
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = main_interrupt};
	struct env env;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	env_real_init(&env);
	return cli_run(&env, argc, argv);
}
