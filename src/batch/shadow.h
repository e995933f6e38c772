/* shadow: the kept records of past nights matched again by another model; see batch_shadow in batch.h. */
#ifndef MUSTER_BATCH_SHADOW_H
#define MUSTER_BATCH_SHADOW_H

#include "pass.h"

/* What one record was found to mean, by each model. */
struct shadow_record {
	const struct hash *identity;
	const struct match_result *by[2]; /* SHADOW_NOW, SHADOW_NEW; in the family's arena */
};
enum { SHADOW_NOW, SHADOW_NEW, SHADOW_MODELS };

struct shadow {
	struct batch *batch;
	const struct batch_shadow *request;
	const struct batch_rematch *rematch; /* instead of `request`: this record alone, by the model in use */
	const struct match_model *models[SHADOW_MODELS];
	struct claims claims[SHADOW_MODELS];
	struct batch_shadow_totals totals;
	/* The family under way. */
	const struct enroll_family *family;
	struct shadow_record *records; /* one for each of its members */
	int turn;                      /* which model */
};

/* A set begins: nobody of it has been claimed. */
void shadow_begin_set(struct shadow *shadow);
/* A family of it, by both models. Nothing is applied. */
int shadow_family(struct pass *pass, const struct enroll_family *family);

#endif
