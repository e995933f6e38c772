/* Running items of the queue again, for the verbs that record decisions. */
#ifndef MUSTER_CLI_PROCESS_H
#define MUSTER_CLI_PROCESS_H

#include <stdint.h>

#include "muster/slice.h"

struct cli;

/* Carry out the decisions on these items; count 0: all that wait to be carried out. */
int cli_carry_out(struct cli *cli, const struct slice *item_ids, uint32_t count);

#endif
