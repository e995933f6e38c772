/* What the verbs that apply something share: the batch with its lock, and running items of the queue again. */
#ifndef MUSTER_CLI_PROCESS_H
#define MUSTER_CLI_PROCESS_H

#include <stdint.h>

#include "cli_internal.h"
#include "muster/slice.h"

struct batch;
/* Progress, and how the files ended. */
struct process_frame {
	struct cli *cli;
	struct cli_progress progress;
	const char *what;
	bool refused; /* a file was held or rejected */
	uint64_t waiting, files;
	bool first_json;
};
/* The exit status of what the files came to. */
int cli_frame_status(const struct process_frame *frame);
/* 0, or -ENOENT with a message. */
int cli_missing_input(struct cli *cli, const char *path);

/* `frame` NULL: nobody looks. Database, guides, the run's lock. MUSTER_ERROR_BUSY, said already, when another works. */
int cli_open_batch(struct cli *cli, struct process_frame *frame, struct batch **ret_batch);
/* Say which files should have come and did not. 0 or <0. */
int cli_tell_late(struct cli *cli);
/*
 * The same for who only looks: over a store beside the database, without the run's lock. Nobody waits for it, and nothing
 * of it is kept.
 */
int cli_open_batch_beside(struct cli *cli, struct process_frame *frame, struct batch **ret_batch);
/* Carry out the decisions on these items; 0: all that wait for it. While another muster works it is left to the next run. */
int cli_carry_out(struct cli *cli, const struct slice *item_ids, uint32_t count);

#endif
