/*
 * match_link: the matcher over whole tables: link two of them, learn weights, measure.
 *
 * A table is a CSV file with the columns of `load members` and an `id`; a row is a person. Candidates come from an
 * index in memory, or from any other struct match_candidates over the same members.
 *
 * Memory    a table keeps its rows and borrows the CSV text; an index takes at most 64 bytes a member. Linking takes
 *           the memory of one row at a time.
 * Errors    -ENOMEM and what a provider returns; MATCH_E_TABLE with messages for a person in `errors`.
 * Source    CONTRACT section 7; matching sections 3 and 4.
 */
#ifndef MUSTER_MATCH_LINK_H
#define MUSTER_MATCH_LINK_H

#include "muster/buffer.h"
#include "muster/env.h"
#include "muster/match.h"
#include "muster/match_model.h"

enum { MATCH_E_TABLE = 2, MATCH_E_LABELS = 3 };

struct match_table {
	struct member *members; /* member_no is the row's ordinal from 1; spans[0] holds group_id and plan_id */
	struct slice *ids;
	uint32_t count;
};

/*
 * Read a table. Columns may stand in any order and be left out, but `id`; unknown ones are passed over. `csv` must
 * live as long as the table. 0, MATCH_E_TABLE, -ENOMEM.
 */
int match_table_read(struct env *env, struct arena *arena, const char *name, struct slice csv, struct buffer *errors,
                     struct match_table *ret_table);
/* The row with this id, or UINT32_MAX. */
uint32_t match_table_find(const struct match_table *table, struct slice id);

/* ---- candidates in memory ---- */

struct match_index; /* opaque */

/*
 * Over an array of members, borrowed: they must not move. `wide`: by match_link_keys too, at twice the memory. 0 or
 * -ENOMEM.
 */
int match_index_new(struct env *env, const struct member *members, uint32_t count, bool wide,
                    struct match_index **ret_index);
void match_index_free(struct match_index *index);
/* A member was added, or has other values than before: from now on `member` (borrowed) is found by these. */
int match_index_put(struct match_index *index, const struct member *member);
/* Bytes that the index takes beside the members. */
size_t match_index_bytes(const struct match_index *index);
/* Members of one key come in the order of the array, those put later behind. */
struct match_candidates match_index_candidates(struct match_index *index);

/*
 * Further keys, for tables whose rows have many faults and no numbers: birth date alone, parts of the SSN, address, and
 * a name with a place. Returns how many (<= MATCH_KEYS_MAX). Only a wide index knows them; nobody stores them.
 */
uint32_t match_link_keys(const struct member *member, uint64_t ret_keys[MATCH_KEYS_MAX]);

/* ---- linking ---- */

/* Who a row of the left table is in the right one: row of the right table, or one of these. */
#define MATCH_NOBODY UINT32_MAX
#define MATCH_UNKNOWN (UINT32_MAX - 1)

struct match_pair {
	uint32_t left, right; /* rows */
	double probability;
	bool automatic;
	const char *guard;    /* not automatic although likely: what stopped it */
};

struct match_link_options {
	const struct match_model *model; /* NULL = the default */
	bool same_table;                 /* left and right are one table: no row is linked with itself */
	bool with_duplicates;            /* a person may stand in the right table more than once */
	bool one_to_one;                 /* a person stands in the left table once: a second claim goes to a person */
	bool wide;                       /* look by match_link_keys too: the candidates come from a wide index. With same_table
	                                    a pair is also as likely as the weakest link of a chain between its rows */
};

typedef int (*match_pair_fn)(void *context, const struct match_pair *pair);
/*
 * Every pair that a person should see or that is automatic, by left row, best first. Rows near each other that bear a
 * relationship are a family sent together: of two that mean one member and say something else of who they are, neither is
 * automatic.
 */
int match_link(struct env *env, const struct match_table *left, const struct match_table *right,
               const struct match_candidates *candidates, const struct match_link_options *options, match_pair_fn fn,
               void *context);
/* Is the same person in the table more than once? Looks at up to 2,000 rows. */
int match_table_has_duplicates(struct env *env, const struct match_table *table,
                               const struct match_candidates *candidates, const struct match_model *model,
                               bool *ret_duplicates);

/* One row against one other alone, likely or not. */
int match_link_pair(struct arena *arena, const struct match_table *left, uint32_t row, const struct match_table *right,
                    uint32_t right_row, const struct match_link_options *options, struct match_result *ret_result);
/* The result of holding one row against the right table, with its evidence. */
int match_link_one(struct arena *arena, const struct match_table *left, uint32_t row, const struct match_table *right,
                   const struct match_candidates *candidates, const struct match_link_options *options,
                   struct match_result *ret_result);

/*
 * Who else on file may be this member, once more: he held against all others, his own number left out. `candidates` are
 * of the same members. Always MATCH_REVIEW, best first; `guard` says what speaks against the best. Memory as
 * match_person. 0 or <0.
 */
int match_duplicates(struct arena *arena, const struct member *member, const struct match_candidates *candidates,
                     const struct match_model *model, uint64_t population, struct match_result *ret_result);

/*
 * In words, for representatives: per candidate one line a field with both values (SSNs masked), how they agree and how
 * many bits that is worth; the sum; "1 in N wrong"; what separates the best from the next; what stopped it.
 */
void match_result_print(const struct match_result *result, uint32_t candidates_max, struct buffer *out);

/* ---- learning ---- */

/*
 * TRUTH.csv (left_id, right_id) as rows: what match_train takes. Left rows that it does not name are MATCH_NOBODY. The
 * caller frees *ret_truth with env_free. 0, MATCH_E_TABLE, -ENOMEM.
 */
int match_truth_read(struct env *env, const struct match_table *left, const struct match_table *right, struct slice csv,
                     struct buffer *errors, uint32_t **ret_truth);

struct match_train_options {
	const struct match_model *base; /* what is known before; NULL = the default */
	const char *name;
	int32_t version;
	const uint32_t *truth;          /* per left row: right row, MATCH_NOBODY or MATCH_UNKNOWN; NULL = nothing is known */
	uint32_t rounds;                /* of expectation and maximisation; 0 = 10 */
	bool same_table;
	bool wide;                      /* as in match_link_options */
	/*
	 * How rare a name is, the tables say too: a name that stands in them eight times or more is as rare as there, one
	 * that stands there a few times at most as rare. The model keeps that in memory alone; a model file does not bear it.
	 */
	bool count_names;
};

/*
 * Learn from two tables: strangers from random pairs, housemates from equal subscriber ids in the right table, the
 * same person from the pairs that the model itself finds likely, starting from the base model's anchors (member id or
 * SSN with birth date), a record being one member or nobody. Deterministic. 0 or <0.
 */
int match_train(struct env *env, struct arena *arena, const struct match_table *left, const struct match_table *right,
                const struct match_candidates *candidates, const struct match_train_options *options,
                const struct match_model **ret_model);

/* ---- learning from representatives ---- */

/* What somebody said of a person as sent and a member whom he was shown. */
struct match_label {
	struct hash identity;  /* match_identity of the person */
	uint64_t member_no;
	bool same;
	struct slice evidence; /* JSON, as it was shown: [{"field":"ssn","key":"one_edit"},..] */
};
struct match_learn_options {
	const struct match_model *base; /* what is known before; NULL = the default */
	const char *name;               /* of the new model; NULL = the base's. Its version is the base's + 1 */
	uint64_t records;               /* that were matched in the time of the labels: what one of these weighs among all */
};
struct match_learned {
	uint32_t same, other;   /* pairs that were learned from: the same person, somebody else of the household */
	uint32_t contradictory; /* left out: of one person and member both was said */
	uint32_t useless;       /* left out: not of one household, or without evidence that this program knows */
};
/* Fewer of either kind teach nothing but their own chance. */
#define MATCH_LEARN_MIN 20u
/*
 * Labels on top of a model: only what agreement weighs changes, by a bit at most; thresholds, guards, and what outright
 * disagreement weighs against a person do not give way. Deterministic, whatever the order of the labels. 0,
 * MATCH_E_LABELS (too few; *ret_learned says how many), <0.
 */
int match_learn(struct arena *arena, const struct match_label *labels, uint32_t count,
                const struct match_learn_options *options, struct match_learned *ret_learned,
                const struct match_model **ret_model);

/* ---- measuring ---- */

struct match_measured {
	uint64_t left_rows, true_pairs, pairs, automatic, automatic_right, automatic_wrong, review_rows, found_pairs;
	double precision, recall;        /* of the automatic ones */
	double f1, f1_at;                /* best over all thresholds, and that threshold */
	double recall_at_9999;           /* recall where precision is at least 0.9999 */
	double ece, brier, log_loss;     /* of the listed pairs; expected calibration error over 15 bins; nats */
	double wrong_per_10k, wrong_per_10k_upper; /* automatic; Clopper-Pearson, one-sided 95 % */
};

#define MATCH_BINS 12
/* Pairs whose probability lies between two powers of ten of the odds. */
struct match_bin {
	double from, to, mean; /* probabilities */
	uint64_t pairs, right;
	double low, high;      /* 95 % interval of the share of right ones (Clopper-Pearson) */
	bool inside;           /* mean lies in it */
};

/*
 * Whether left and right are one table, whose pairs have no direction. UNKNOWN: they are one when some id stands on both
 * sides, and none is paired with itself.
 */
enum match_tables { MATCH_TABLES_UNKNOWN, MATCH_TABLES_TWO, MATCH_TABLES_ONE };

/*
 * `pairs` as PAIRS.csv, `truth` as TRUTH.csv (a row without a right_id: nobody is meant). `left_rows` 0: the rows that
 * occur. 0, MATCH_E_TABLE, -ENOMEM.
 */
int match_evaluate(struct env *env, struct slice pairs, struct slice truth, enum match_tables tables,
                   uint64_t left_rows, struct buffer *errors, struct match_measured *ret_measured,
                   struct match_bin ret_bins[MATCH_BINS]);

/* What became of the left rows of one kind: a tag of the truth's column `tags` (joined by |), "(none)" without any. */
#define MATCH_TRAP_BYTES 32
#define MATCH_TRAPS_MAX 64u
struct match_trap {
	char name[MATCH_TRAP_BYTES];
	uint64_t rows, people;     /* people: of these rows, those that mean somebody */
	uint64_t automatic, wrong; /* wrong: of the automatic ones */
	uint64_t review;           /* to a person */
	uint64_t lost;             /* somebody is meant, and no pair is listed: he would be added anew */
};
struct match_traps {
	struct match_trap items[MATCH_TRAPS_MAX]; /* by name; of more kinds than these the later ones are left out */
	uint32_t count;                           /* 0: the truth has no tags */
};
/* After match_evaluate has found nothing wrong with the files. 0 or -ENOMEM. */
int match_evaluate_traps(struct env *env, struct slice pairs, struct slice truth, struct match_traps *ret_traps);

/* The bins as a plot of odds seen over odds predicted, for a terminal and as an SVG file. */
void match_plot_text(const struct match_bin bins[MATCH_BINS], struct buffer *out);
void match_plot_svg(const struct match_measured *measured, const struct match_bin bins[MATCH_BINS], struct buffer *out);

/* Upper bound of the share of wrong ones after `wrong` in `count`, one-sided 95 % (Clopper-Pearson). */
double match_upper_bound(uint64_t wrong, uint64_t count);

#endif
