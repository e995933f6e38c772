/* model: by which weights records are matched: those that muster.yaml names, or the ones carried inside the program. */
#ifndef MUSTER_BATCH_MODEL_H
#define MUSTER_BATCH_MODEL_H

#include "job.h"

/*
 * Reads the model into batch->model. MUSTER_ERROR_CONFIG, logged, where the file is none, or where operators are listed
 * and none has promoted it.
 */
int model_open(struct batch *batch);
/*
 * Before a file's records are matched: the file names the model. Where it is another than that of the last file, the
 * audit says so, in a transaction of its own.
 */
int model_note(struct job *job);

#endif
