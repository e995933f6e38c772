/*
 * evaluate: how good pairs are, where the truth is known.
 *
 * A pair is right when the truth lists it. Of a table linked with itself neither list has a direction: a pair counts
 * once, and either way round. Probabilities are judged on the listed pairs: almost all of them lie at
 * the ends, so the bins are powers of ten of the odds and not tenths of the probability.
 *
 * Source    matching section 4 (calibration), section 1.4 (proof takes numbers).
 */
#include <stdlib.h>

#include "muster/csv.h"
#include "muster/error.h"
#include "muster/match_link.h"
#include "score.h"

#define ECE_BINS 15

/* Hashes of ids: of a listed pair, and of the pair turned round. */
struct pair_ids {
	uint64_t left, right, key, reverse;
};

struct judged {
	struct pair_ids ids;
	uint64_t key; /* the same for both directions of one table's pair */
	double probability;
	bool automatic, right, dropped;
};

struct evaluation {
	struct env *env;
	struct buffer *errors;
	struct judged *pairs;
	size_t pair_count, pair_capacity;
	struct pair_ids *truth;
	uint64_t *truth_keys; /* sorted, each once */
	size_t truth_count, truth_capacity, truth_key_count;
};

static uint64_t hash_of_ids(struct slice a, struct slice b)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	size_t i;

	for (i = 0; i < a.len; i++)
		hash = (hash ^ (unsigned char)a.data[i]) * UINT64_C(0x100000001B3);
	hash = (hash ^ 0x1F) * UINT64_C(0x100000001B3);
	for (i = 0; i < b.len; i++)
		hash = (hash ^ (unsigned char)b.data[i]) * UINT64_C(0x100000001B3);
	hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
	return hash ^ hash >> 31;
}

/* A share written by ours: "0.999912345". Anything else is 0. */
static double share_of(struct slice text)
{
	double value = 0.0, unit = 1.0;
	bool fraction = false;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '.' && !fraction) {
			fraction = true;
			continue;
		}
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0.0;
		value = value * 10.0 + (text.data[i] - '0');
		if (fraction)
			unit *= 10.0;
	}
	return value / unit > 1.0 ? 1.0 : value / unit;
}

static void *grown(struct env *env, void *block, size_t *capacity, size_t bytes)
{
	size_t wanted = *capacity > 0 ? *capacity * 2 : 4096;
	void *larger = env_realloc(env, block, wanted * bytes);

	if (larger != NULL)
		*capacity = wanted;
	return larger;
}

static struct pair_ids ids_of(const struct csv_reader *reader, const uint32_t *columns)
{
	struct slice left = slice_trim(reader->fields[columns[0]].text);
	struct slice right = slice_trim(reader->fields[columns[1]].text);

	return (struct pair_ids){.left = hash_of_ids(left, SLICE_EMPTY),
				 .right = hash_of_ids(right, SLICE_EMPTY),
				 .key = hash_of_ids(left, right),
				 .reverse = hash_of_ids(right, left)};
}

static int add_truth(struct evaluation *evaluation, const struct csv_reader *reader, const uint32_t *columns)
{
	struct pair_ids *truth;

	if (slice_trim(reader->fields[columns[1]].text).len == 0)
		return 0; /* nobody is meant */
	if (evaluation->truth_count == evaluation->truth_capacity) {
		truth = grown(evaluation->env, evaluation->truth, &evaluation->truth_capacity, sizeof(*truth));
		if (truth == NULL)
			return -ENOMEM;
		evaluation->truth = truth;
	}
	evaluation->truth[evaluation->truth_count++] = ids_of(reader, columns);
	return 0;
}

static int add_pair(struct evaluation *evaluation, const struct csv_reader *reader, const uint32_t *columns)
{
	struct judged *pairs;

	if (evaluation->pair_count == evaluation->pair_capacity) {
		pairs = grown(evaluation->env, evaluation->pairs, &evaluation->pair_capacity, sizeof(*pairs));
		if (pairs == NULL)
			return -ENOMEM;
		evaluation->pairs = pairs;
	}
	evaluation->pairs[evaluation->pair_count++] = (struct judged){
		.ids = ids_of(reader, columns),
		.probability = share_of(slice_trim(reader->fields[columns[2]].text)),
		.automatic = slice_is(slice_trim(reader->fields[columns[3]].text), "auto"),
	};
	return 0;
}

static bool find_columns(const struct csv_reader *reader, const char *const *names, uint32_t count,
			 uint32_t *ret_columns)
{
	uint32_t i, n, found = 0;

	for (n = 0; n < count; n++)
		for (i = 0; i < reader->field_count; i++)
			if (slice_is(slice_trim(reader->fields[i].text), names[n])) {
				ret_columns[n] = i;
				found++;
				break;
			}
	return found == count;
}

static int read_csv(struct evaluation *evaluation, const char *what, struct slice csv, const char *const *names,
		    uint32_t count,
		    int (*add)(struct evaluation *evaluation, const struct csv_reader *reader, const uint32_t *columns))
{
	struct csv_reader *reader = env_alloc(evaluation->env, sizeof(*reader));
	uint32_t columns[4], i, widest = 0;
	int error;

	if (reader == NULL)
		return -ENOMEM;
	csv_reader_init(reader, evaluation->env, csv);
	error = csv_reader_next(reader);
	if (error == 0 && !find_columns(reader, names, count, columns)) {
		buffer_printf(evaluation->errors, "%s:1:1: the columns must be left_id, right_id%s\n", what,
			      count > 2 ? ", probability, decision" : "");
		error = MATCH_E_TABLE;
	}
	for (i = 0; i < count && error == 0; i++)
		widest = columns[i] > widest ? columns[i] : widest;
	while (error == 0) {
		error = csv_reader_next(reader);
		if (error == 0 && reader->field_count > widest)
			error = add(evaluation, reader, columns);
	}
	if (error == CSV_E_SYNTAX) {
		buffer_printf(evaluation->errors, "%s:%u:%u: %s\n", what, reader->error_line, reader->error_column,
			      reader->error);
		error = MATCH_E_TABLE;
	}
	csv_reader_fini(reader);
	env_free(evaluation->env, reader);
	return error == CSV_E_END ? 0 : error;
}

static int order_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool has(const uint64_t *sorted, size_t count, uint64_t key)
{
	return count > 0 && bsearch(&key, sorted, count, sizeof(*sorted), order_u64) != NULL;
}

static size_t sort_unique(uint64_t *keys, size_t count)
{
	size_t i, out = 0;

	qsort(keys, count, sizeof(*keys), order_u64);
	for (i = 0; i < count; i++)
		if (i == 0 || keys[i] != keys[i - 1])
			keys[out++] = keys[i];
	return out;
}

/* Ids that stand left somewhere, of pairs and truth; sorted. Also: is some id paired with itself? */
static size_t left_ids(const struct evaluation *evaluation, uint64_t *lefts, bool *ret_self)
{
	size_t i, count = 0;

	*ret_self = false;
	for (i = 0; i < evaluation->pair_count; i++) {
		lefts[count++] = evaluation->pairs[i].ids.left;
		*ret_self = *ret_self || evaluation->pairs[i].ids.left == evaluation->pairs[i].ids.right;
	}
	for (i = 0; i < evaluation->truth_count; i++) {
		lefts[count++] = evaluation->truth[i].left;
		*ret_self = *ret_self || evaluation->truth[i].left == evaluation->truth[i].right;
	}
	return sort_unique(lefts, count);
}

/* Nobody said: one table's ids stand on both sides, and no row is linked with itself. */
static int guess_tables(struct evaluation *evaluation, enum match_tables *tables)
{
	uint64_t *lefts = env_alloc(evaluation->env,
				    (evaluation->pair_count + evaluation->truth_count + 1) * sizeof(*lefts));
	bool both = false, self;
	size_t i, count;

	if (lefts == NULL)
		return -ENOMEM;
	count = left_ids(evaluation, lefts, &self);
	for (i = 0; i < evaluation->pair_count && !both; i++)
		both = has(lefts, count, evaluation->pairs[i].ids.right);
	for (i = 0; i < evaluation->truth_count && !both; i++)
		both = has(lefts, count, evaluation->truth[i].right);
	env_free(evaluation->env, lefts);
	*tables = both && !self ? MATCH_TABLES_ONE : MATCH_TABLES_TWO;
	return 0;
}

static uint64_t key_of(const struct pair_ids *ids, enum match_tables tables)
{
	return tables == MATCH_TABLES_ONE && ids->reverse < ids->key ? ids->reverse : ids->key;
}

/* Which pairs are right. A pair in both directions stays once, in the direction of its key. */
static int judge(struct evaluation *evaluation, enum match_tables tables)
{
	uint64_t *seen = env_alloc(evaluation->env, (evaluation->pair_count + 1) * sizeof(*seen));
	size_t i, count = evaluation->pair_count;

	evaluation->truth_keys = env_alloc(evaluation->env, (evaluation->truth_count + 1) * sizeof(*seen));
	if (seen == NULL || evaluation->truth_keys == NULL) {
		env_free(evaluation->env, seen);
		return -ENOMEM;
	}
	for (i = 0; i < evaluation->truth_count; i++)
		evaluation->truth_keys[i] = key_of(&evaluation->truth[i], tables);
	evaluation->truth_key_count = sort_unique(evaluation->truth_keys, evaluation->truth_count);
	for (i = 0; i < count; i++)
		seen[i] = evaluation->pairs[i].ids.key;
	count = sort_unique(seen, count);
	for (i = 0; i < evaluation->pair_count; i++) {
		struct judged *pair = &evaluation->pairs[i];

		pair->key = key_of(&pair->ids, tables);
		pair->right = has(evaluation->truth_keys, evaluation->truth_key_count, pair->key);
		pair->dropped = pair->ids.key != pair->key && has(seen, count, pair->key);
	}
	env_free(evaluation->env, seen);
	return 0;
}

static int likelier_first(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

static int by_left(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	return x->ids.left < y->ids.left ? -1 : x->ids.left > y->ids.left;
}

/* Rows of the left table for whom a person must look: pairs are listed, none automatic. */
static void count_rows(struct evaluation *evaluation, struct match_measured *measured)
{
	size_t i, begin;
	uint64_t rows = 0;
	bool automatic;

	qsort(evaluation->pairs, evaluation->pair_count, sizeof(*evaluation->pairs), by_left);
	for (begin = 0; begin < evaluation->pair_count; begin = i) {
		automatic = false;
		for (i = begin;
		     i < evaluation->pair_count && evaluation->pairs[i].ids.left == evaluation->pairs[begin].ids.left;
		     i++)
			automatic = automatic || evaluation->pairs[i].automatic;
		measured->review_rows += !automatic;
		rows++;
	}
	if (measured->left_rows == 0)
		measured->left_rows = rows;
}

/* Over all thresholds: best F1, and recall where precision is at least 0.9999. Equal probabilities go together. */
static void sweep(const struct evaluation *evaluation, struct match_measured *measured)
{
	uint64_t found = 0, listed = 0;
	double precision, recall, f1;
	size_t i;

	for (i = 0; i < evaluation->pair_count; i++) {
		const struct judged *pair = &evaluation->pairs[i];

		found += pair->right && !pair->dropped;
		listed += !pair->dropped;
		if (i + 1 < evaluation->pair_count && evaluation->pairs[i + 1].probability == pair->probability)
			continue;
		if (listed == 0 || measured->true_pairs == 0)
			continue;
		precision = (double)found / (double)listed;
		recall = (double)found / (double)measured->true_pairs;
		f1 = found > 0 ? 2.0 * precision * recall / (precision + recall) : 0.0;
		if (f1 > measured->f1) {
			measured->f1 = f1;
			measured->f1_at = pair->probability;
		}
		if (precision >= 0.9999 && recall > measured->recall_at_9999)
			measured->recall_at_9999 = recall;
	}
	measured->found_pairs = found;
}

/* -ln of what happened; probabilities have nine decimals, so nothing is rarer than half of the last. */
static double surprise(double probability)
{
	return match_log2(probability > 5e-10 ? probability : 5e-10) * -0.69314718055994530942;
}

static void calibrate(const struct evaluation *evaluation, struct match_measured *measured)
{
	double sums[ECE_BINS] = {0}, difference;
	int64_t right[ECE_BINS] = {0};
	uint64_t listed = 0;
	size_t i;
	int bin;

	for (i = 0; i < evaluation->pair_count; i++) {
		const struct judged *pair = &evaluation->pairs[i];

		if (pair->dropped)
			continue;
		bin = (int)(pair->probability * ECE_BINS);
		bin = bin >= ECE_BINS ? ECE_BINS - 1 : bin;
		sums[bin] += pair->probability;
		right[bin] += pair->right;
		difference = pair->probability - (pair->right ? 1.0 : 0.0);
		measured->brier += difference * difference;
		measured->log_loss += surprise(pair->right ? pair->probability : 1.0 - pair->probability);
		listed++;
	}
	measured->pairs = listed;
	if (listed == 0)
		return;
	measured->brier /= (double)listed;
	measured->log_loss /= (double)listed;
	for (bin = 0; bin < ECE_BINS; bin++) {
		difference = sums[bin] - (double)right[bin];
		measured->ece += (difference < 0 ? -difference : difference) / (double)listed;
	}
}

/* Probability of at most `wrong` in `count` when each is wrong with probability `share`. */
static double binomial_tail(uint64_t wrong, uint64_t count, double share)
{
	double log2_term, sum = 0.0;
	uint64_t i;

	if (share <= 0.0)
		return 1.0;
	if (share >= 1.0)
		return wrong >= count ? 1.0 : 0.0;
	log2_term = (double)count * match_log2(1.0 - share);
	for (i = 0; i <= wrong; i++) {
		sum += match_exp2(log2_term);
		if (i < count)
			log2_term += match_log2((double)(count - i) / (double)(i + 1) * share / (1.0 - share));
	}
	return sum > 1.0 ? 1.0 : sum;
}

/* The share at which so few are as rare as `rarity`. */
static double upper_bound(uint64_t wrong, uint64_t count, double rarity)
{
	double low = 0.0, high = 1.0, middle;
	int i;

	if (count == 0 || wrong >= count)
		return 1.0;
	for (i = 0; i < 60; i++) {
		middle = (low + high) / 2.0;
		if (binomial_tail(wrong, count, middle) > rarity)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double match_upper_bound(uint64_t wrong, uint64_t count)
{
	return upper_bound(wrong, count, 0.05);
}

/* Odds of 10^(index - 4) to ten times that; the outer bins take the rest. */
static int bin_of(double probability)
{
	double odds = probability < 1.0 ? probability / (1.0 - probability) : 1e30, edge = 1e-3;
	int bin = 0;

	while (bin < MATCH_BINS - 1 && odds >= edge) {
		edge *= 10.0;
		bin++;
	}
	return bin;
}

static void fill_bins(const struct evaluation *evaluation, struct match_bin bins[MATCH_BINS])
{
	double edge = 1e-4;
	size_t i;
	int b;

	memset(bins, 0, MATCH_BINS * sizeof(*bins));
	for (i = 0; i < evaluation->pair_count; i++) {
		const struct judged *pair = &evaluation->pairs[i];
		struct match_bin *bin = &bins[bin_of(pair->probability)];

		if (pair->dropped)
			continue;
		bin->pairs++;
		bin->right += pair->right;
		bin->mean += pair->probability;
	}
	for (b = 0; b < MATCH_BINS; b++, edge *= 10.0) {
		struct match_bin *bin = &bins[b];

		bin->from = b == 0 ? 0.0 : edge / (1.0 + edge);
		bin->to = b == MATCH_BINS - 1 ? 1.0 : edge * 10.0 / (1.0 + edge * 10.0);
		if (bin->pairs == 0)
			continue;
		bin->mean /= (double)bin->pairs;
		bin->high = upper_bound(bin->right, bin->pairs, 0.025);
		bin->low = 1.0 - upper_bound(bin->pairs - bin->right, bin->pairs, 0.025);
		bin->inside = bin->mean >= bin->low && bin->mean <= bin->high;
	}
}

/* A pair listed in both directions is automatic when one of them is, and counts once. */
static int fold_automatic(struct evaluation *evaluation)
{
	uint64_t *automatic = env_alloc(evaluation->env, (evaluation->pair_count + 1) * sizeof(*automatic));
	size_t i, count = 0;

	if (automatic == NULL)
		return -ENOMEM;
	for (i = 0; i < evaluation->pair_count; i++)
		if (evaluation->pairs[i].automatic)
			automatic[count++] = evaluation->pairs[i].key;
	qsort(automatic, count, sizeof(*automatic), order_u64);
	for (i = 0; i < evaluation->pair_count; i++) {
		struct judged *pair = &evaluation->pairs[i];

		pair->automatic = !pair->dropped && has(automatic, count, pair->key);
	}
	env_free(evaluation->env, automatic);
	return 0;
}

static void measure(struct evaluation *evaluation, struct match_measured *measured)
{
	size_t i;

	qsort(evaluation->pairs, evaluation->pair_count, sizeof(*evaluation->pairs), likelier_first);
	for (i = 0; i < evaluation->pair_count; i++) {
		const struct judged *pair = &evaluation->pairs[i];

		if (!pair->automatic)
			continue;
		measured->automatic++;
		measured->automatic_right += pair->right;
		measured->automatic_wrong += !pair->right;
	}
	if (measured->automatic > 0)
		measured->precision = (double)measured->automatic_right / (double)measured->automatic;
	if (measured->true_pairs > 0)
		measured->recall = (double)measured->automatic_right / (double)measured->true_pairs;
	if (measured->automatic > 0)
		measured->wrong_per_10k = 1e4 * (double)measured->automatic_wrong / (double)measured->automatic;
	measured->wrong_per_10k_upper = 1e4 * match_upper_bound(measured->automatic_wrong, measured->automatic);
	sweep(evaluation, measured);
	calibrate(evaluation, measured);
}

int match_evaluate(struct env *env, struct slice pairs, struct slice truth, enum match_tables tables,
		   uint64_t left_rows, struct buffer *errors, struct match_measured *ret_measured,
		   struct match_bin ret_bins[MATCH_BINS])
{
	static const char *const names[] = {"left_id", "right_id", "probability", "decision"};
	struct evaluation evaluation = {.env = env, .errors = errors};
	struct match_measured measured = {.left_rows = left_rows};
	int error;

	error = read_csv(&evaluation, "pairs", pairs, names, 4, add_pair);

	if (error == 0)
		error = read_csv(&evaluation, "truth", truth, names, 2, add_truth);
	if (error == 0 && tables == MATCH_TABLES_UNKNOWN)
		error = guess_tables(&evaluation, &tables);
	if (error == 0)
		error = judge(&evaluation, tables);
	if (error == 0) {
		measured.true_pairs = evaluation.truth_key_count;
		count_rows(&evaluation, &measured);
		error = fold_automatic(&evaluation);
	}
	if (error == 0) {
		measure(&evaluation, &measured);
		fill_bins(&evaluation, ret_bins);
		*ret_measured = measured;
	}
	env_free(env, evaluation.pairs);
	env_free(env, evaluation.truth);
	env_free(env, evaluation.truth_keys);
	return error;
}
