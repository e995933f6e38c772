/* The command line's options: parsing into a struct cli, and the table for help. */
#ifndef MUSTER_CLI_OPTIONS_H
#define MUSTER_CLI_OPTIONS_H

struct buffer;
struct cli;

/* Fill cli->options, verb and arguments. 0 or MUSTER_ERROR_USAGE with a message said. */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_options_print(struct buffer *out);

#endif
