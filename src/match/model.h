/*
 * model: what agreement and disagreement weigh.
 *
 * Internal to match. Four classes explain what a member shows beside a record: he is the same person; a stranger; of
 * the same household; of the same household and born on the same day. Per class and field the levels have
 * probabilities that sum to 1; a missing field says nothing. Everything is kept as whole millibits, so that a model
 * file says exactly what is computed with.
 *
 * Source    matching sections 1 and 4.
 */
#ifndef MATCH_MODEL_H
#define MATCH_MODEL_H

#include "compare.h"

#include "muster/match_link.h"

enum match_class { CLASS_SAME, CLASS_STRANGER, CLASS_HOUSEMATE, CLASS_TWIN, CLASS_COUNT };

/* What kind of record: those of files (enum match_intent), and the rows of tables that are linked. */
#define MODEL_LINK MATCH_INTENTS
#define MODEL_INTENTS (MATCH_INTENTS + 1)

/* log2 of a probability, in millibits: 0 is certain. */
#define MODEL_LOG_MIN (-20000)

/* A name, by the hash of its kind ('F', 'L') and its compact form, and how rare it is; few: at most. */
struct name_count {
	uint64_t name;
	int32_t millibits;
	bool is_few;
};

struct match_model {
	char name[64];
	int32_t version;
	int32_t log2_of[CLASS_COUNT][LEVEL_COUNT];
	uint64_t population;              /* members, where nobody says how many there are */
	int32_t housemates, twins;        /* log2 of how many of them a person has on average, millibits */
	int32_t known_ppm[MODEL_INTENTS]; /* of a million records of this intent, how many mean somebody on file */
	int32_t calibration_slope;        /* in thousandths; 1000 = none */
	int32_t calibration_offset;       /* millibits */
	int32_t auto_wrong_ppm;           /* automatic: at most this probability of another answer */
	int32_t auto_margin, auto_person; /* and at least these, in millibits */
	int32_t new_ppm;                  /* new: nobody on file is likelier than this */
	const struct name_count *names;   /* sorted; common names of the tables that were learned from; may be NULL */
	uint32_t name_count;
};

/* Count the names of two tables (`right` NULL: of one). The result lives in `arena`. 0 or -ENOMEM. */
int match_count_names(struct env *env, struct arena *arena, const struct match_table *left,
		      const struct match_table *right, struct match_model *model);
/* -log2 of how often people have this name, in millibits: as counted, or else as listed. */
int32_t match_model_name_millibits(const struct match_model *model, char kind, struct slice name);

/*
 * The one that is carried inside the program (specs/model.yaml), read once. `arena` is only worked in. 0, -ENOMEM, or
 * MUSTER_ERROR_INTERNAL: the program was built with a bad file.
 */
int match_model_default(struct arena *arena, const struct match_model **ret_model);

#endif
