/*
 * learn: weights from what representatives said.
 *
 * Representatives see the hard cases alone. Taken for the whole, they would teach that one SSN in three is wrong and
 * every second twin unknown. So a label weighs as much as one record among all that were matched in the same time: the
 * base model's opinion stands for the others, which needed nobody. Strangers are not learned: those shown look alike
 * because they were picked for it.
 *
 * A label moves weights, never guards: no threshold changes, no weight by more than SHIFT_MILLIBITS_MAX at once, and
 * where a field of the person differs outright, that never comes to speak less against him.
 *
 * Deterministic: labels are sorted before they are counted.
 *
 * Source    matching section 4 (learn from reps).
 */
#include <stdio.h>
#include <stdlib.h>

#include "muster/error.h"
#include "muster/json.h"
#include "score.h"

#define SHIFT_MILLIBITS_MAX 1000
/* The least that the base model's opinion weighs, in pairs. */
#define BASE_PAIRS_MIN 2000.0
#define BASE_TWINS_MIN 500.0

/* A label taken apart. */
struct lesson {
	const struct match_label *label;
	enum match_level level[FIELD_COUNT];
};

static bool find_level(struct slice field, struct slice key, enum match_level level[FIELD_COUNT])
{
	int i;

	for (i = 1; i < LEVEL_COUNT; i++)
		if (slice_is(field, match_fields[match_levels[i].field].name) && slice_is(key, match_levels[i].key)) {
			level[match_levels[i].field] = (enum match_level)i;
			return true;
		}
	return false;
}

/* How many levels the evidence names: none where it is of an older version. Or -ENOMEM. */
static int read_levels(struct arena *arena, struct slice evidence, enum match_level level[FIELD_COUNT])
{
	struct slice object, field, key;
	size_t at = 0;
	int known = 0;

	memset(level, 0, FIELD_COUNT * sizeof(*level));
	while (json_next(evidence, &at, &object)) {
		if (!json_find(object, "field", &field) || !json_find(object, "key", &key))
			continue;
		field = json_decode(arena, field);
		key = json_decode(arena, key);
		if (field.data == NULL || key.data == NULL)
			return -ENOMEM;
		known += find_level(field, key, level);
	}
	return known;
}

static int order_of(const struct match_label *a, const struct match_label *b)
{
	int order = memcmp(&a->identity, &b->identity, sizeof(a->identity));

	if (order != 0)
		return order;
	if (a->member_no != b->member_no)
		return a->member_no < b->member_no ? -1 : 1;
	order = slice_compare(a->evidence, b->evidence);
	return order != 0 ? order : (int)a->same - (int)b->same;
}

static int lesson_order(const void *a, const void *b)
{
	return order_of(((const struct lesson *)a)->label, ((const struct lesson *)b)->label);
}

/* One lesson a person and member; none where they contradict each other. Returns how many stay. */
static uint32_t settle(struct lesson *lessons, uint32_t count, struct match_learned *learned)
{
	uint32_t begin, end, i, kept = 0;
	bool agree;

	for (begin = 0; begin < count; begin = end) {
		agree = true;
		for (end = begin; end < count &&
				  lessons[end].label->member_no == lessons[begin].label->member_no &&
				  memcmp(&lessons[end].label->identity, &lessons[begin].label->identity,
					 sizeof(struct hash)) == 0;
		     end++)
			agree = agree && lessons[end].label->same == lessons[begin].label->same;
		i = end - begin;
		learned->contradictory += agree ? 0 : i;
		if (agree)
			lessons[kept++] = lessons[end - 1];
	}
	return kept;
}

/* Who stands beside him in vain tells of the household; of strangers, and of the same person twice on file, nothing. */
static bool class_of(const struct lesson *lesson, enum match_class *ret_class)
{
	const enum match_level *level = lesson->level;

	*ret_class = lesson->label->same                             ? CLASS_SAME
		     : level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL ? CLASS_TWIN
							       : CLASS_HOUSEMATE;
	if (lesson->label->same)
		return true;
	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && level[FIELD_FIRST] == LEVEL_FIRST_EQUAL &&
	    level[FIELD_LAST] == LEVEL_LAST_EQUAL)
		return false;
	return match_is_at_home(level);
}

static int field_end(int level)
{
	int end = level + 1;

	while (end < LEVEL_COUNT && match_levels[end].field == match_levels[level].field)
		end++;
	return end;
}

static int32_t bounded(int32_t value, int32_t base)
{
	int32_t low = base - SHIFT_MILLIBITS_MAX, high = base + SHIFT_MILLIBITS_MAX;

	value = value < low ? low : value > high ? high : value;
	return value > 0 ? 0 : value < MODEL_LOG_MIN ? MODEL_LOG_MIN : value;
}

/* The base's opinion, weighing as much as `pairs` pairs, and the counts. Fields without a count stay as they are. */
static void blend(const double counts[LEVEL_COUNT], double pairs, const int32_t *base, int32_t *log2_of)
{
	int begin, end, level;

	for (begin = 1; begin < LEVEL_COUNT; begin = end) {
		double counted = 0.0, sum = 0.0;

		end = field_end(begin);
		for (level = begin; level < end; level++) {
			counted += counts[level];
			sum += counts[level] + pairs * match_exp2_millibits(base[level]);
		}
		for (level = begin; level < end && counted > 0.0; level++)
			log2_of[level] = bounded(
				match_log2_millibits((counts[level] + pairs * match_exp2_millibits(base[level])) / sum),
				base[level]);
	}
}

/* What differs outright never speaks less against a person than before, nor less for somebody of his household. */
static void keep_disagreements(const struct match_model *base, struct match_model *model)
{
	int begin, end, last, class;

	for (begin = 1; begin < LEVEL_COUNT; begin = end) {
		end = field_end(begin);
		last = end - 1;
		for (class = CLASS_STRANGER; class < CLASS_COUNT && match_fields[match_levels[last].field].is_person;
		     class ++) {
			int32_t before = base->log2_of[CLASS_SAME][last] - base->log2_of[class][last];

			if (model->log2_of[CLASS_SAME][last] - model->log2_of[class][last] > before)
				model->log2_of[CLASS_SAME][last] = model->log2_of[class][last] + before;
			if (model->log2_of[CLASS_SAME][last] < MODEL_LOG_MIN)
				model->log2_of[CLASS_SAME][last] = MODEL_LOG_MIN;
		}
	}
}

static double at_least(double pairs, double min)
{
	return pairs < min ? min : pairs;
}

static void count_all(const struct lesson *lessons, uint32_t count, double counts[CLASS_COUNT][LEVEL_COUNT],
		      struct match_learned *learned)
{
	enum match_class class;
	uint32_t i;
	int f;

	for (i = 0; i < count; i++) {
		if (!class_of(&lessons[i], &class)) {
			learned->useless++;
			continue;
		}
		learned->same += class == CLASS_SAME;
		learned->other += class != CLASS_SAME;
		for (f = 0; f < FIELD_COUNT; f++)
			counts[class][lessons[i].level[f]] += 1.0;
	}
}

static void teach(const struct match_learn_options *options, const struct match_model *base,
		  double counts[CLASS_COUNT][LEVEL_COUNT], struct match_model *model)
{
	double records = (double)options->records;
	int class;

	for (class = 0; class < CLASS_COUNT; class++) /* a missing field is none of its levels */
		counts[class][LEVEL_MISSING] = 0.0;
	blend(counts[CLASS_SAME], at_least(records, BASE_PAIRS_MIN), base->log2_of[CLASS_SAME],
	      model->log2_of[CLASS_SAME]);
	blend(counts[CLASS_HOUSEMATE], at_least(records * match_exp2_millibits(base->housemates), BASE_PAIRS_MIN),
	      base->log2_of[CLASS_HOUSEMATE], model->log2_of[CLASS_HOUSEMATE]);
	blend(counts[CLASS_TWIN], at_least(records * match_exp2_millibits(base->twins), BASE_TWINS_MIN),
	      base->log2_of[CLASS_TWIN], model->log2_of[CLASS_TWIN]);
	/* The subscriber's SSN on a dependent is a habit of the sender, whomever he means. */
	for (class = 0; class < CLASS_COUNT; class++)
		model->log2_of[class][LEVEL_SSN_SUBSCRIBERS] = base->log2_of[class][LEVEL_SSN_SUBSCRIBERS];
	keep_disagreements(base, model);
}

static void name_it(const struct match_learn_options *options, const struct match_model *base,
		    struct match_model *model)
{
	snprintf(model->name, sizeof(model->name), "%s", options->name != NULL ? options->name : base->name);
	model->version = base->version + 1;
}

int match_learn(struct arena *arena, const struct match_label *labels, uint32_t count,
		const struct match_learn_options *options, struct match_learned *ret_learned,
		const struct match_model **ret_model)
{
	struct lesson *lessons = arena_alloc_array(arena, (size_t)count + 1, sizeof(*lessons));
	struct match_model *model = arena_alloc(arena, sizeof(*model));
	double counts[CLASS_COUNT][LEVEL_COUNT] = {{0}};
	const struct match_model *base = options->base;
	struct match_learned learned = {0};
	uint32_t i, kept = 0;
	int error = lessons != NULL && model != NULL ? 0 : -ENOMEM;

	if (error == 0 && base == NULL)
		error = match_model_default(arena, &base);
	for (i = 0; i < count && error >= 0; i++) {
		lessons[kept].label = &labels[i];
		error = read_levels(arena, labels[i].evidence, lessons[kept].level);
		kept += error > 0;
		learned.useless += error == 0;
	}
	if (error < 0)
		return error;
	if (kept > 1)
		qsort(lessons, kept, sizeof(*lessons), lesson_order);
	kept = settle(lessons, kept, &learned);
	count_all(lessons, kept, counts, &learned);
	*ret_learned = learned;
	if (learned.same < MATCH_LEARN_MIN || learned.other < MATCH_LEARN_MIN)
		return MATCH_E_LABELS;
	*model = *base;
	teach(options, base, counts, model);
	name_it(options, base, model);
	*ret_model = model;
	return 0;
}
