/* Claiming a file, and what a crash amid it leaves. See claim.c. */
#ifndef MUSTER_BATCH_CLAIM_H
#define MUSTER_BATCH_CLAIM_H

#include "job.h"

struct claim {
	struct store_file file; /* name, partner, out_dir, received_ms, as_of filled by the caller; the rest here */
};

/*
 * Does the error mean that this folder or name cannot be used, as its partner or administrator left it, and not that our
 * own machine fails? Then the others need not wait for it.
 */
bool claim_is_shut(int error);
/* Take a copy of the bytes of a named file into work/claim/. */
int claim_copy(struct batch *batch, const char *path, struct claim *claim);
/*
 * Move a file out of its drop folder into work/claim/. `told` is the SHA-256 that its bytes must have, or NULL.
 * CLAIM_E_KEPT: it cannot be taken from there, or is gone, or has other bytes; it is where it was, and *reterr_why is the
 * -errno, or MUSTER_ERROR_DATA.
 */
#define CLAIM_E_KEPT 1
int claim_move(struct batch *batch, const char *path, const struct hash *told, struct claim *claim, int *reterr_why);
/* Forget work/claim/. */
int claim_drop(struct batch *batch);
/* Give the claimed bytes their row (stage CLAIMED) and folder. */
int claim_commit(struct batch *batch, struct claim *claim);
/* Make work/ agree with the database. */
int claim_recover(struct batch *batch);
/* Remove a folder of files. 0 also when there is none. */
int claim_remove_folder(struct env *env, const char *folder);

#endif
