/* What the verbs that apply something share: the batch with its lock, and running items of the queue again. */
#ifndef MUSTER_CLI_PROCESS_H
#define MUSTER_CLI_PROCESS_H

#include <stdint.h>

#include "muster/slice.h"

struct cli;
struct batch;
struct process_frame; /* progress; NULL = nobody looks */

/* Database, guides and the run's lock. MUSTER_ERROR_BUSY, said already, when another muster works. */
int cli_open_batch(struct cli *cli, struct process_frame *frame, struct batch **ret_batch);
/* Carry out the decisions on these items; count 0: all that wait to be carried out. */
int cli_carry_out(struct cli *cli, const struct slice *item_ids, uint32_t count);

#endif
