/* guide: the implementation guides muster checks against, shown to people. */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "muster/guide.h"

int cli_guide(struct cli *cli)
{
	const struct guide *guide;
	int r = cli_open_guides(cli);

	if (r < 0)
		return r;
	if (strcmp(cli->subverb, "list") == 0) {
		guide_print_list(cli->guides, &cli->out);
		return cli->out.error;
	}
	if (cli->argument_count < 1 || cli->argument_count > 2)
		return cli_usage_error(cli, "show wants a guide and perhaps a place: muster guide show 834 2000/INS");
	guide = guide_set_named(cli->guides, slice_from(cli->arguments[0]));
	if (guide == NULL)
		return cli_failed(cli, -ENOENT, "there is no guide %s; muster guide list shows them",
				  cli->arguments[0]);
	r = guide_print(guide, slice_from(cli->argument_count == 2 ? cli->arguments[1] : ""), &cli->out);
	if (r > 0)
		return cli_failed(cli, -ENOENT, "guide %s has no %s", cli->arguments[0], cli->arguments[1]);
	return r;
}
