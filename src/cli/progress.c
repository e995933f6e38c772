/*
 * One line on stderr that moves while long work is done; only where stderr is a terminal.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <unistd.h>

#define PROGRESS_EVERY_NS INT64_C(100000000)
#define PROGRESS_CELLS 30

void cli_progress_begin(struct cli_progress *progress, struct cli *cli, const char *what, uint64_t total)
{
	*progress = (struct cli_progress){.cli = cli, .what = what, .total = total};
	progress->active = !cli->options.quiet && isatty(2) == 1;
	progress->started_ns = env_monotonic_ns(cli->env);
}

void cli_progress_at(struct cli_progress *progress, uint64_t done)
{
	int64_t now;
	double seconds, share;
	int i, filled;
	char bar[PROGRESS_CELLS + 1];

	if (!progress->active)
		return;
	now = env_monotonic_ns(progress->cli->env);
	if (now - progress->shown_ns < PROGRESS_EVERY_NS)
		return;
	progress->shown_ns = now;
	seconds = (double)(now - progress->started_ns) / 1e9;
	share = progress->total > 0 ? (double)done / (double)progress->total : 0;
	if (share > 1)
		share = 1;
	filled = (int)(share * PROGRESS_CELLS);
	for (i = 0; i < PROGRESS_CELLS; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[PROGRESS_CELLS] = '\0';
	fprintf(stderr, "\r%s [%s] %3.0f %%  %.0f MB/s  %.0f s left \033[K", progress->what, bar, share * 100,
		seconds > 0 ? (double)done / 1e6 / seconds : 0, share > 0.01 ? seconds / share - seconds : 0);
	fflush(stderr);
}

void cli_progress_end(struct cli_progress *progress)
{
	if (progress->active)
		fprintf(stderr, "\r\033[K");
	progress->active = false;
}
