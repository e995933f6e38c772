/*
 * match_model: the weights of the matcher, as a file.
 *
 * A model is made by match_train (match_link.h) or shipped (specs/model.yaml), and is immutable while it is used. The
 * same members, records and model give the same answers, bit for bit.
 *
 * Memory    a model lives in the arena it was read into.
 * Errors    MATCH_E_MODEL with messages for a person, name:line:column first; -ENOMEM.
 */
#ifndef MUSTER_MATCH_MODEL_H
#define MUSTER_MATCH_MODEL_H

#include "muster/arena.h"
#include "muster/buffer.h"

struct match_model; /* opaque */

enum { MATCH_E_MODEL = 1 };

int match_model_read(struct arena *arena, const char *name, struct slice yaml, struct buffer *errors,
                     const struct match_model **ret_model);
/* As a file that match_model_read takes. */
void match_model_write(const struct match_model *model, struct buffer *out);
/* What the file calls it. NULL = the one carried inside the program. */
const char *match_model_name(const struct match_model *model);
#define MATCH_MODEL_ID_BYTES 96
/*
 * "default-1-5e0d9c21", what a night names: name, version, and a fingerprint of all that it computes with. NULL = the
 * one carried inside the program. Returns `out`, or NULL without memory. `arena` is only worked in.
 */
char *match_model_id(struct arena *arena, const struct match_model *model, char out[MATCH_MODEL_ID_BYTES]);

#endif
