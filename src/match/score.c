#include "score.h"

#include "muster/error.h"

/* Odds of more than 2^200 either way are as good as certain, and sums of them stay finite. */
#define MILLIBITS_MAX 200000

double match_exp2(double x)
{
	double whole, part, term = 1.0, power = 1.0;
	int i;

	if (x < -1000.0)
		return 0.0;
	whole = (double)(int)x;
	part = (x - whole) * 0.69314718055994530942;
	for (i = 1; i < 17; i++) {
		term *= part / i;
		/* Terms only shrink: when one is too small to change the sum either way, all after it are. */
		if (power + term == power && power - term == power)
			break;
		power += term;
	}
	/* Powers of two are exact, one by one or by the thousand. */
	for (; whole >= 16.0; whole -= 16.0)
		power *= 65536.0;
	for (; whole > 0.0; whole -= 1.0)
		power *= 2.0;
	for (; whole <= -16.0; whole += 16.0)
		power *= 1.0 / 65536.0;
	for (; whole < 0.0; whole += 1.0)
		power *= 0.5;
	return power;
}

double match_log2(double x)
{
	double whole = 0.0, y, square, term, sum = 0.0;
	int i;

	for (; x >= 131072.0; x *= 1.0 / 65536.0)
		whole += 16.0;
	for (; x >= 2.0; x *= 0.5)
		whole += 1.0;
	for (; x < 1.0 / 65536.0; x *= 65536.0)
		whole -= 16.0;
	for (; x < 1.0; x *= 2.0)
		whole -= 1.0;
	/* ln x = 2 artanh((x - 1) / (x + 1)); at most 1/3, so that 25 terms are exact to the last bit but few. */
	y = (x - 1.0) / (x + 1.0);
	square = y * y;
	for (term = y, i = 1; i < 50 && sum + term / i != sum; i += 2, term *= square)
		sum += term / i;
	return whole + 2.0 * sum / 0.69314718055994530942;
}

double match_exp2_millibits(int32_t millibits)
{
	return match_exp2((double)millibits / 1000.0);
}

int32_t match_log2_millibits(double x)
{
	double millibits = match_log2(x) * 1000.0;

	return (int32_t)(millibits >= 0 ? millibits + 0.5 : millibits - 0.5);
}

void match_score_setting(const struct match_model *model, const struct match_person *sent, int intent,
			 uint64_t population, struct score_setting *ret_setting)
{
	double known = (double)model->known_ppm[intent] / 1e6;

	ret_setting->model = model;
	ret_setting->first_millibits = match_model_name_millibits(model, 'F', slice_from(sent->first.compact));
	ret_setting->last_millibits = match_model_name_millibits(model, 'L', slice_from(sent->last.compact));
	ret_setting->prior = match_log2_millibits(known / (1.0 - known));
	ret_setting->log2_population = match_log2_millibits((double)(population > 0 ? population : model->population));
}

/* How likely a stranger would agree this way: names by how rare they are. */
static int32_t stranger_bits(const struct score_setting *setting, enum match_level level)
{
	switch ((int)level) {
	case LEVEL_FIRST_EQUAL:
		return -setting->first_millibits;
	case LEVEL_LAST_EQUAL:
		return -setting->last_millibits;
	default:
		return setting->model->log2_of[CLASS_STRANGER][level];
	}
}

static int32_t class_bits(const struct score_setting *setting, enum match_class class, enum match_level level)
{
	if (level == LEVEL_MISSING)
		return 0;
	return class == CLASS_STRANGER ? stranger_bits(setting, level) : setting->model->log2_of[class][level];
}

/* log2 of how likely it is that he is of this class, before any evidence. */
static int32_t class_prior(const struct score_setting *setting, enum match_class class)
{
	if (class == CLASS_HOUSEMATE)
		return setting->model->housemates - setting->log2_population;
	return class == CLASS_TWIN ? setting->model->twins - setting->log2_population : 0;
}

/* What is so much less adds nothing: two of them are 464 millionths of a bit, which is no millibit. */
#define NOTHING_MILLIBITS (-12600)

/* How much less the strongest alternative is than all of them together: <= 0. */
static int32_t rest_of(const int32_t *sums, int32_t strongest)
{
	double all = 0.0;
	int class, counted = 0;

	for (class = CLASS_STRANGER; class < CLASS_COUNT; class++)
		counted += sums[class] > strongest + NOTHING_MILLIBITS;
	if (counted == 1)
		return 0;

	for (class = CLASS_STRANGER; class < CLASS_COUNT; class++)
		if (sums[class] > strongest - 30000)
			all += sums[class] == strongest ? 1.0 : match_exp2_millibits(sums[class] - strongest);
	return all == 1.0 ? 0 : -match_log2_millibits(all);
}

/* Somebody of the household, twins among them as often as they are. */
static int32_t housemate_sum(const struct match_model *model, const int32_t *person)
{
	int32_t house = person[CLASS_HOUSEMATE], twin = person[CLASS_TWIN] + model->twins - model->housemates;
	int32_t more = house > twin ? house : twin, less = house > twin ? twin : house;

	return more +
	       (less > more + NOTHING_MILLIBITS ? match_log2_millibits(1.0 + match_exp2_millibits(less - more)) : 0);
}

void match_score_member(const struct score_setting *setting, struct scored *scored)
{
	int32_t sums[CLASS_COUNT] = {0};
	int32_t person[CLASS_COUNT] = {0};
	int class, i;

	for (class = CLASS_STRANGER; class < CLASS_COUNT; class++)
		sums[class] = class_prior(setting, (enum match_class)class);
	for (i = 0; i < FIELD_COUNT; i++)
		for (class = CLASS_STRANGER; class < CLASS_COUNT && scored->level[i] != LEVEL_MISSING; class++)
			sums[class] += class_bits(setting, (enum match_class)class, scored->level[i]);
	scored->against = CLASS_STRANGER;
	for (class = CLASS_HOUSEMATE; class < CLASS_COUNT; class++)
		if (sums[class] > sums[scored->against])
			scored->against = (enum match_class)class;
	scored->prior = setting->prior - setting->log2_population - class_prior(setting, scored->against);
	scored->rest = rest_of(sums, sums[scored->against]);
	scored->total = scored->prior + scored->rest;
	for (i = 0; i < FIELD_COUNT; i++) {
		int32_t same = class_bits(setting, CLASS_SAME, scored->level[i]);

		scored->bits[i] = same - class_bits(setting, scored->against, scored->level[i]);
		scored->total += scored->bits[i];
		for (class = 0; class < CLASS_COUNT && match_fields[i].is_person; class++)
			person[class] += class_bits(setting, (enum match_class)class, scored->level[i]);
	}
	scored->person_bits = person[CLASS_SAME] - housemate_sum(setting->model, person);
}

static int32_t bounded(int32_t millibits)
{
	return millibits > MILLIBITS_MAX ? MILLIBITS_MAX : millibits < -MILLIBITS_MAX ? -MILLIBITS_MAX : millibits;
}

static double calibrated(const struct match_model *model, double odds)
{
	double bits = (double)match_log2_millibits(odds) * model->calibration_slope / 1000.0;

	odds = match_exp2_millibits(bounded((int32_t)bits + model->calibration_offset));
	return odds / (1.0 + odds);
}

/* Less than 2^-50 changes nothing that is shown or decided. */
#define COUNTED_MILLIBITS_MIN (-50000)

static double odds_of(const struct scored *scored)
{
	if (scored->excluded || scored->total < COUNTED_MILLIBITS_MIN)
		return 0.0;
	return match_exp2_millibits(bounded(scored->total));
}

/* The odds of all others and of nobody. Summed without him: a difference of large numbers would lose the small ones. */
static double others_than(struct scored *const *scored, uint32_t count, uint32_t him,
			  bool (*is_same)(const void *context, uint32_t a, uint32_t b), const void *context)
{
	double sum = 1.0;
	uint32_t i;

	for (i = 0; i < count && scored[i]->total >= COUNTED_MILLIBITS_MIN; i++)
		if (i != him && (is_same == NULL || !is_same(context, him, i)))
			sum += scored[i]->odds;
	return sum;
}

double match_score_probabilities(const struct match_model *model, struct scored **scored, uint32_t count,
				 bool (*is_same)(const void *context, uint32_t a, uint32_t b), const void *context)
{
	double all = 1.0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		scored[i]->odds = odds_of(scored[i]);
		all += scored[i]->odds;
	}
	for (i = 0; i < count; i++)
		scored[i]->probability =
			scored[i]->odds > 0.0
				? calibrated(model, scored[i]->odds / others_than(scored, count, i, is_same, context))
				: 0.0;
	return 1.0 / all;
}

static void explain_row(struct match_evidence *row, const char *field, const char *level, int32_t millibits,
			const struct scored *scored)
{
	row->field = field;
	row->key = "";
	row->level = level;
	row->millibits = millibits;
	row->against_housemate = scored->against != CLASS_STRANGER;
}

static const char *const against_words[CLASS_COUNT] = {
	"",
	"before any evidence, against a stranger",
	"before any evidence, against somebody of the household",
	"before any evidence, against a twin",
};

int match_score_explain(struct arena *arena, const struct match_query *query, const struct match_person *sent,
			const struct scored *scored, struct match_candidate *ret_candidate)
{
	struct match_evidence *rows = arena_alloc_array(arena, FIELD_COUNT + 2, sizeof(*rows)), *row;
	uint32_t count = 0;
	int i;

	if (rows == NULL)
		return -ENOMEM;
	for (i = 0; i < FIELD_COUNT; i++) {
		row = &rows[count++];
		explain_row(row, match_fields[i].name, match_levels[scored->level[i]].words, scored->bits[i], scored);
		row->key = match_levels[scored->level[i]].key;
		row->sent = i == FIELD_GROUP ? query->group_id : match_value(arena, sent->member, (enum match_field)i);
		row->known = match_value(arena, scored->person.member, (enum match_field)i);
		if (i == FIELD_BIRTH && (row->sent.data == NULL || row->known.data == NULL))
			return -ENOMEM;
	}
	explain_row(&rows[count++], "prior", against_words[scored->against], scored->prior, scored);
	if (scored->rest != 0)
		explain_row(&rows[count++], "other", "less likely alternatives", scored->rest, scored);
	ret_candidate->member = scored->person.member;
	ret_candidate->probability = scored->probability;
	ret_candidate->millibits = scored->total;
	ret_candidate->evidence = rows;
	ret_candidate->evidence_count = count;
	return 0;
}
