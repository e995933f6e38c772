/*
 * manifest: what a run wrote of one file, kept with what became of it (P31).
 *
 * Gathered while outputs become visible, written in the transaction that says the file is FILED: whoever finds an output in
 * out/ without its line finds a run that was cut short, and the next one makes both again, byte for byte.
 */
#ifndef MUSTER_BATCH_MANIFEST_H
#define MUSTER_BATCH_MANIFEST_H

#include "muster/hash.h"
#include "muster/store.h"

/* TA1, 999, 824 and those of outputs.h. */
#define MANIFEST_LINES_MAX 16u

struct job;

struct manifest {
	struct store_output lines[MANIFEST_LINES_MAX]; /* names in the job's arena */
	uint32_t count;
};

/* An output `<name><suffix>` is visible now. 0 or -ENOMEM. */
int manifest_add(struct job *job, const char *name, const char *suffix, const struct store_output *line);
/*
 * The file's row and lines, inside a write transaction. *ret_run_no is the run's, to be kept in the batch behind the
 * commit. 0 or <0.
 */
int manifest_write(struct job *job, uint64_t *ret_run_no);

#endif
