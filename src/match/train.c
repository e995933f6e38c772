/*
 * train: weights from two tables.
 *
 * What tells the same person from a housemate cannot be learned by looking at likely pairs alone: most pairs that
 * share anything are two people of one family, and a textbook EM takes those for the same person. So strangers are
 * counted on random pairs, housemates and twins on families of the right table, where no person stands twice, and
 * only "same person" comes from expectation and maximisation, a record meaning one member or nobody.
 *
 * Deterministic: pairs are picked by arithmetic, and sums are made in the order of the rows.
 *
 * Source    matching sections 1.2 and 4.
 */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>

#include "muster/error.h"
#include "muster/match_link.h"

#define RANDOM_PAIRS 400000u
#define DEFAULT_ROUNDS 10u
/* How many pairs the base model's opinion is worth, per field. */
#define BASE_PAIRS_SAME 20.0
#define BASE_PAIRS_HOUSEMATE 20.0
#define BASE_PAIRS_TWIN 60.0
/* One in 64 of a household, where it cannot be counted. */
#define TWINS_AMONG_HOUSEMATES 6000
/* Pairs that are less likely than 2^-25 say nothing. */
#define KEPT_MILLIBITS_MIN (-25000)

typedef double level_counts[LEVEL_COUNT];

/* One pair worth remembering between the rounds. */
struct kept {
	uint32_t left, right;
	int32_t first_millibits, last_millibits;
	uint8_t level[FIELD_COUNT];
};

struct training {
	struct env *env;
	const struct match_table *left, *right;
	const struct match_candidates *candidates;
	const struct match_train_options *options;
	struct match_model model;
	struct kept *kept;
	size_t kept_count, kept_capacity;
	level_counts counts[CLASS_COUNT];
	uint64_t housemate_pairs, twin_pairs, people_in_families;
	double same_letter[CLASS_COUNT]; /* of their pairs whose middle names differ, how many begin with one letter */
	uint64_t neighbour_pairs; /* of one house, surely two people, where no table tells families */
	double known, rows; /* records that mean somebody, of all */
};

static int keep(struct training *training, const struct search *search, uint32_t row)
{
	uint32_t i, truth = training->options->truth != NULL ? training->options->truth[row] : MATCH_UNKNOWN;
	int f;

	for (i = 0; i < search->count; i++) {
		const struct scored *scored = search->scored[i];
		uint32_t right = (uint32_t)(scored->person.member->member_no - 1);
		struct kept *kept;

		if (scored->total < KEPT_MILLIBITS_MIN && right != truth)
			continue;
		if (training->kept_count == training->kept_capacity) {
			size_t capacity = training->kept_capacity > 0 ? training->kept_capacity * 2 : 4096;

			kept = env_realloc(training->env, training->kept, capacity * sizeof(*kept));
			if (kept == NULL)
				return -ENOMEM;
			training->kept = kept;
			training->kept_capacity = capacity;
		}
		kept = &training->kept[training->kept_count++];
		*kept = (struct kept){row, right, search->setting.first_millibits, search->setting.last_millibits, {0}};
		for (f = 0; f < FIELD_COUNT; f++)
			kept->level[f] = (uint8_t)scored->level[f];
	}
	return 0;
}

/* Two people of one house: different in first name and birth date. */
static void count_neighbours(struct training *training, const struct search *search)
{
	uint32_t i;

	for (i = 0; i < search->count; i++) {
		const enum match_level *level = search->scored[i]->level;

		if (match_is_at_home(level) && level[FIELD_FIRST] == LEVEL_FIRST_OTHER &&
		    (level[FIELD_BIRTH] == LEVEL_BIRTH_OTHER || level[FIELD_BIRTH] == LEVEL_BIRTH_SAME_YEAR))
			training->neighbour_pairs++;
	}
}

static struct match_query query_of(const struct training *training, uint32_t row)
{
	const struct member *sent = &training->left->members[row];

	return (struct match_query){.intent = MATCH_CHANGE,
				    .sent = sent,
				    .is_subscriber = slice_is(sent->relationship, "18"),
				    .group_id = sent->span_count > 0 ? sent->spans[0].group_id : SLICE_EMPTY,
				    .population = training->right->count};
}

static int collect_pairs(struct training *training)
{
	struct arena arena;
	uint32_t row;
	int error = 0;

	arena_init(&arena, training->env, 0, 0);
	for (row = 0; row < training->left->count && error == 0; row++) {
		struct match_query query = query_of(training, row);
		struct search search = {.arena = &arena,
					.candidates = training->candidates,
					.query = &query,
					.model = &training->model,
					.intent = MODEL_LINK,
					.wide = training->options->wide,
					.except_no = training->options->same_table ? row + 1 : 0};

		arena_reset(&arena);
		error = search_run(&search);
		if (error == 0) {
			count_neighbours(training, &search);
			error = keep(training, &search, row);
		}
	}
	arena_fini(&arena);
	return error;
}

static void count_levels(level_counts counts, const enum match_level *level, double weight)
{
	int f;

	for (f = 0; f < FIELD_COUNT; f++)
		counts[level[f]] += weight;
}

static void count_strangers(struct training *training)
{
	uint64_t i, left_count = training->left->count, right_count = training->right->count;
	enum match_level level[FIELD_COUNT];
	struct match_person sent, known;

	for (i = 0; i < RANDOM_PAIRS && left_count > 0 && right_count > 1; i++) {
		uint32_t left = (uint32_t)(i * 7919 % left_count);
		uint32_t right = (uint32_t)((i * 104729 + i / left_count) % right_count);
		struct match_query query = query_of(training, left);

		if ((training->options->truth != NULL && training->options->truth[left] == right) ||
		    (training->options->same_table && left == right))
			continue;
		match_person_of(query.sent, &sent);
		match_person_of(&training->right->members[right], &known);
		match_compare(&query, &sent, NULL, &known, false, level);
		count_levels(training->counts[CLASS_STRANGER], level, 1.0);
	}
}

struct family_row {
	struct slice subscriber_id;
	uint32_t row;
};

static int family_order(const void *a, const void *b)
{
	const struct family_row *x = a, *y = b;
	int order = slice_compare(x->subscriber_id, y->subscriber_id);

	return order != 0 ? order : x->row < y->row ? -1 : 1;
}

static void count_couple(struct training *training, uint32_t a, uint32_t b)
{
	const struct member *x = &training->right->members[a], *y = &training->right->members[b];
	struct match_query query = {.intent = MATCH_CHANGE,
				    .sent = x,
				    .group_id = x->span_count > 0 ? x->spans[0].group_id : SLICE_EMPTY};
	enum match_level level[FIELD_COUNT];
	struct match_person sent, known;
	bool twins;

	match_person_of(x, &sent);
	match_person_of(y, &known);
	match_compare(&query, &sent, NULL, &known, false, level);
	/* Father and son of one name are far apart in age, and a guard of their own looks at that. */
	if (level[FIELD_FIRST] == LEVEL_FIRST_EQUAL && level[FIELD_BIRTH] == LEVEL_BIRTH_OTHER)
		level[FIELD_FIRST] = LEVEL_MISSING;
	twins = level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL;
	count_levels(training->counts[twins ? CLASS_TWIN : CLASS_HOUSEMATE], level, 1.0);
	if (level[FIELD_MIDDLE] == LEVEL_MIDDLE_OTHER && sent.middle.compact[0] == known.middle.compact[0])
		training->same_letter[twins ? CLASS_TWIN : CLASS_HOUSEMATE] += 1.0;
	if (twins)
		training->twin_pairs++;
	else
		training->housemate_pairs++;
}

static int count_families(struct training *training)
{
	uint32_t count = 0, i, begin, a, b;
	struct family_row *rows = env_alloc(training->env, ((size_t)training->right->count + 1) * sizeof(*rows));

	if (rows == NULL)
		return -ENOMEM;
	for (i = 0; i < training->right->count; i++)
		if (training->right->members[i].subscriber_id.len > 0)
			rows[count++] = (struct family_row){training->right->members[i].subscriber_id, i};
	qsort(rows, count, sizeof(*rows), family_order);
	for (begin = 0; begin < count; begin = i) {
		for (i = begin; i < count && slice_equal(rows[i].subscriber_id, rows[begin].subscriber_id); i++)
			;
		for (a = begin; a < i && i - begin <= 20; a++)
			for (b = begin; b < i; b++)
				if (a != b)
					count_couple(training, rows[a].row, rows[b].row);
	}
	training->people_in_families = count;
	env_free(training->env, rows);
	return 0;
}

/*
 * Records known to be of people not on file, held against somebody of their house born on the same day: twins whom
 * nobody knew of, more like each other than those a table shows, for a sender's faults are upon them.
 */
static void count_unknown_twins(struct training *training)
{
	size_t i;
	int f;

	for (i = 0; training->options->truth != NULL && i < training->kept_count; i++) {
		const struct kept *kept = &training->kept[i];
		enum match_level level[FIELD_COUNT];

		if (training->options->truth[kept->left] != MATCH_NOBODY)
			continue;
		for (f = 0; f < FIELD_COUNT; f++)
			level[f] = (enum match_level)kept->level[f];
		if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && match_is_at_home(level))
			count_levels(training->counts[CLASS_TWIN], level, 1.0);
	}
}

static int32_t log2_share(double share)
{
	int32_t millibits = share > 0.0 ? match_log2_millibits(share) : MODEL_LOG_MIN;

	return millibits > 0 ? 0 : millibits < MODEL_LOG_MIN ? MODEL_LOG_MIN : millibits;
}

/* The levels of a field: from first to one behind last. */
static int field_end(int level)
{
	int end = level + 1;

	while (end < LEVEL_COUNT && match_levels[end].field == match_levels[level].field)
		end++;
	return end;
}

/* Shares from counts, the base model's opinion weighing as much as `pairs` pairs. */
static void maximise(struct training *training, enum match_class class, double pairs, double shares[LEVEL_COUNT])
{
	int begin, end, level;

	for (begin = 1; begin < LEVEL_COUNT; begin = end) {
		double sum = 0.0;

		end = field_end(begin);
		for (level = begin; level < end; level++) {
			shares[level] = training->counts[class][level] +
					pairs * match_exp2_millibits(training->options->base->log2_of[class][level]);
			sum += shares[level];
		}
		for (level = begin; level < end; level++)
			shares[level] /= sum;
	}
}

/*
 * What a family shows in its own table is without the faults of a record: where two of a family agree, a record about
 * one of them agrees with the other just as often as with himself.
 */
static void add_faults(double shares[LEVEL_COUNT], const double same[LEVEL_COUNT])
{
	int begin, end, level;

	for (begin = 1; begin < LEVEL_COUNT; begin = end) {
		double equal = shares[begin];

		end = field_end(begin);
		if (match_levels[begin].field == FIELD_KIN)
			continue; /* its first levels tell who is meant, not how well it agrees */
		for (level = begin; level < end; level++)
			shares[level] = (level == begin ? 0.0 : shares[level]) + equal * same[level];
	}
}

/*
 * Tables write middle names out, records often send the initial alone: then two names that begin with one letter agree
 * as far as anybody can see.
 */
static void cut_middle_names(const struct training *training, enum match_class class, double shares[LEVEL_COUNT],
			     const double same[LEVEL_COUNT])
{
	double others = training->counts[class][LEVEL_MIDDLE_OTHER];
	double cut = same[LEVEL_MIDDLE_INITIAL] / (same[LEVEL_MIDDLE_INITIAL] + same[LEVEL_MIDDLE_EQUAL]);
	double moved = others > 0.0 ? shares[LEVEL_MIDDLE_OTHER] * cut * training->same_letter[class] / others : 0.0;

	shares[LEVEL_MIDDLE_INITIAL] += moved;
	shares[LEVEL_MIDDLE_OTHER] -= moved;
}

/* Nothing is rarer than this: a fault somewhere makes it happen. */
static double share_min(enum match_class class, int level)
{
	if (level == LEVEL_MEMBER_ID_EQUAL)
		return class == CLASS_STRANGER ? 4e-6 : 1e-3;
	/* Whose first name is the family's last one, and the other way about? */
	if (level == LEVEL_FIRST_SWAPPED && class != CLASS_STRANGER)
		return 2e-5;
	/* Two contracts under one roof: the families of one subscriber number never show them. */
	if (level == LEVEL_KIN_SELF && class != CLASS_SAME)
		return class == CLASS_TWIN ? 2e-3 : 1e-2;
	return class == CLASS_STRANGER ? 1e-6 : class == CLASS_SAME ? 2e-5 : 1e-4;
}

static void set_model(struct training *training, enum match_class class, const double shares[LEVEL_COUNT])
{
	int level;

	for (level = 1; level < LEVEL_COUNT; level++) {
		double share = shares[level] < share_min(class, level) ? share_min(class, level) : shares[level];

		training->model.log2_of[class][level] = log2_share(share);
	}
}

/* The subscriber's SSN on a dependent is a habit of the sender: it says nothing of whom he means. */
static void make_neutral(struct match_model *model)
{
	int class;

	for (class = 0; class < CLASS_COUNT; class++)
		model->log2_of[class][LEVEL_SSN_SUBSCRIBERS] = model->log2_of[CLASS_SAME][LEVEL_SSN_SUBSCRIBERS];
}

static void update(struct training *training)
{
	double same[LEVEL_COUNT] = {0}, shares[LEVEL_COUNT] = {0};
	bool families = training->housemate_pairs >= 50;

	maximise(training, CLASS_SAME, BASE_PAIRS_SAME, same);
	set_model(training, CLASS_SAME, same);
	maximise(training, CLASS_STRANGER, 1.0, shares);
	set_model(training, CLASS_STRANGER, shares);
	if (families) {
		maximise(training, CLASS_HOUSEMATE, BASE_PAIRS_HOUSEMATE, shares);
		add_faults(shares, same);
		cut_middle_names(training, CLASS_HOUSEMATE, shares, same);
		set_model(training, CLASS_HOUSEMATE, shares);
		maximise(training, CLASS_TWIN, BASE_PAIRS_TWIN, shares);
		add_faults(shares, same);
		cut_middle_names(training, CLASS_TWIN, shares, same);
		set_model(training, CLASS_TWIN, shares);
		training->model.housemates = match_log2_millibits(((double)training->housemate_pairs + 10.0) /
								  ((double)training->people_in_families + 10.0));
		training->model.twins = match_log2_millibits(((double)training->twin_pairs + 2.0) /
							     ((double)training->people_in_families + 100.0));
	}
	if (training->people_in_families == 0) {
		/* How many of a house are found is all that is known; what they look like, the base model says. */
		training->model.housemates = match_log2_millibits(((double)training->neighbour_pairs + 0.5) /
								  ((double)training->left->count + 1.0));
		training->model.twins = training->model.housemates - TWINS_AMONG_HOUSEMATES;
	}
	make_neutral(&training->model);
	if (training->rows > 0.0) {
		double known = (training->known + 1.0) / (training->rows + 2.0);

		known = known > 0.999 ? 0.999 : known < 0.001 ? 0.001 : known;
		training->model.known_ppm[MODEL_LINK] = (int32_t)(known * 1e6);
	}
}

/* Weigh the pairs of one row anew; its odds against nobody, in `odds`. */
static void expect_row(struct training *training, const struct kept *kept, size_t count, double *odds)
{
	uint32_t row = kept[0].left;
	uint32_t truth = training->options->truth != NULL ? training->options->truth[row] : MATCH_UNKNOWN;
	struct score_setting setting = {.model = &training->model};
	double known = (double)training->model.known_ppm[MODEL_LINK] / 1e6, all = 1.0;
	struct scored scored;
	size_t i;
	int f;

	setting.prior = match_log2_millibits(known / (1.0 - known));
	setting.log2_population = match_log2_millibits((double)training->right->count);
	for (i = 0; i < count; i++) {
		setting.first_millibits = kept[i].first_millibits;
		setting.last_millibits = kept[i].last_millibits;
		for (f = 0; f < FIELD_COUNT; f++)
			scored.level[f] = (enum match_level)kept[i].level[f];
		match_score_member(&setting, &scored);
		odds[i] = match_exp2_millibits(scored.total > 200000 ? 200000 : scored.total);
		all += odds[i];
	}
	for (i = 0; i < count; i++) {
		double share = truth == MATCH_UNKNOWN ? odds[i] / all : kept[i].right == truth ? 1.0 : 0.0;

		for (f = 0; f < FIELD_COUNT; f++)
			training->counts[CLASS_SAME][kept[i].level[f]] += share;
		training->known += share;
	}
}

static int expect(struct training *training)
{
	size_t begin, end, longest = 0;
	double *odds;

	memset(training->counts[CLASS_SAME], 0, sizeof(training->counts[CLASS_SAME]));
	training->known = 0.0;
	training->rows = (double)training->left->count;
	for (begin = 0; begin < training->kept_count; begin = end) {
		for (end = begin; end < training->kept_count && training->kept[end].left == training->kept[begin].left;)
			end++;
		longest = end - begin > longest ? end - begin : longest;
	}
	odds = env_alloc(training->env, (longest + 1) * sizeof(*odds));
	if (odds == NULL)
		return -ENOMEM;
	for (begin = 0; begin < training->kept_count; begin = end) {
		for (end = begin; end < training->kept_count && training->kept[end].left == training->kept[begin].left;)
			end++;
		expect_row(training, &training->kept[begin], end - begin, odds);
	}
	env_free(training->env, odds);
	return 0;
}

static int learn(struct training *training)
{
	uint32_t round, rounds = training->options->rounds > 0 ? training->options->rounds : DEFAULT_ROUNDS;
	int error = collect_pairs(training);

	if (error == 0)
		error = count_families(training);
	if (error == 0) {
		count_unknown_twins(training);
		count_strangers(training);
	}
	for (round = 0; round < rounds && error == 0; round++) {
		error = expect(training);
		if (error == 0)
			update(training);
	}
	return error;
}

int match_train(struct env *env, struct arena *arena, const struct match_table *left, const struct match_table *right,
		const struct match_candidates *candidates, const struct match_train_options *options,
		const struct match_model **ret_model)
{
	struct match_train_options whole = *options;
	struct training *training = env_alloc(env, sizeof(*training));
	struct match_model *model = arena_alloc(arena, sizeof(*model));
	int error = training != NULL && model != NULL ? 0 : -ENOMEM;

	if (error == 0 && whole.base == NULL)
		error = match_model_default(arena, &whole.base);
	if (error < 0)
		goto out;
	training->env = env;
	training->left = left;
	training->right = right;
	training->candidates = candidates;
	training->options = &whole;
	training->model = *whole.base;
	if (whole.count_names)
		error = match_count_names(env, arena, left, whole.same_table ? NULL : right, &training->model);
	if (error == 0)
		error = learn(training);
	if (error < 0)
		goto out;
	*model = training->model;
	snprintf(model->name, sizeof(model->name), "%s", options->name);
	model->version = options->version > 0 ? options->version : 1;
	*ret_model = model;
out:
	if (training != NULL)
		env_free(env, training->kept);
	env_free(env, training);
	return error;
}
