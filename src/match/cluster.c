/*
 * cluster: who is the same as somebody who is the same.
 *
 * In a table where a person stands many times, two of his rows may share too little to be seen as one person, while a
 * third row is surely like both. So rows are joined, likeliest pair first; a pair is as likely as the weakest link of
 * the best chain between its rows, or as it is by itself, the better of both directions. Nothing becomes automatic by
 * that: a chain is for a person to look at.
 *
 * Two groups are joined by a pair that is likelier than not, and no group outgrows 64 rows: one wrong link must not
 * claim that half of the table is one person.
 */
#include "cluster.h"

#include <assert.h>
#include <stdlib.h>

#include "muster/error.h"

#define JOINED_PROBABILITY_MIN 0.5
#define GROUP_ROWS_MAX 64u

struct joined {
	uint32_t low, high; /* rows */
	double probability;
	bool listed[2]; /* from low to high, and back */
};

struct grouping {
	struct env *env;
	uint32_t *leader, *next, *size; /* per row: its group's first row; the group's next row, or itself; rows */
	struct joined *joined;
	size_t count, capacity;
};

static int likelier_first(const void *a, const void *b)
{
	const struct match_pair *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return x->right < y->right ? -1 : x->right > y->right;
}

static int by_row(const void *a, const void *b)
{
	const struct match_pair *x = a, *y = b;

	return x->left != y->left ? (x->left < y->left ? -1 : 1) : likelier_first(a, b);
}

static int by_rows(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high < y->high ? -1 : x->high > y->high;
}

static int by_rows_likelier_first(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;
	int order = by_rows(a, b);

	return order != 0 ? order : x->probability > y->probability ? -1 : x->probability < y->probability;
}

static int add_joined(struct grouping *grouping, uint32_t a, uint32_t b, double probability)
{
	size_t capacity = grouping->capacity > 0 ? grouping->capacity * 2 : 4096;
	struct joined *joined;

	if (grouping->count == grouping->capacity) {
		joined = env_realloc(grouping->env, grouping->joined, capacity * sizeof(*joined));
		if (joined == NULL)
			return -ENOMEM;
		grouping->joined = joined;
		grouping->capacity = capacity;
	}
	grouping->joined[grouping->count++] =
		(struct joined){a < b ? a : b, a < b ? b : a, probability, {false, false}};
	return 0;
}

static int join(struct grouping *grouping, const struct match_pair *pair)
{
	uint32_t first = grouping->leader[pair->left], second = grouping->leader[pair->right], x, y, last;
	int error = 0;

	if (first == second || grouping->size[first] + grouping->size[second] > GROUP_ROWS_MAX)
		return 0;
	for (x = first;; x = grouping->next[x]) {
		for (y = second; error == 0; y = grouping->next[y]) {
			error = add_joined(grouping, x, y, pair->probability);
			if (grouping->next[y] == y)
				break;
		}
		if (error < 0 || grouping->next[x] == x)
			break;
	}
	last = x;
	grouping->next[last] = second;
	grouping->size[first] += grouping->size[second];
	for (y = second;; y = grouping->next[y]) {
		grouping->leader[y] = first;
		if (grouping->next[y] == y)
			return error;
	}
}

static int group_rows(struct grouping *grouping, uint32_t rows, struct match_pair *pairs, size_t count)
{
	uint32_t i;
	size_t p;
	int error = 0;

	grouping->leader = env_alloc(grouping->env, ((size_t)rows + 1) * sizeof(*grouping->leader));
	grouping->next = env_alloc(grouping->env, ((size_t)rows + 1) * sizeof(*grouping->next));
	grouping->size = env_alloc(grouping->env, ((size_t)rows + 1) * sizeof(*grouping->size));
	if (grouping->leader == NULL || grouping->next == NULL || grouping->size == NULL)
		return -ENOMEM;
	for (i = 0; i < rows; i++) {
		grouping->leader[i] = grouping->next[i] = i;
		grouping->size[i] = 1;
	}
	qsort(pairs, count, sizeof(*pairs), likelier_first);
	for (p = 0; p < count && pairs[p].probability >= JOINED_PROBABILITY_MIN && error == 0; p++)
		error = join(grouping, &pairs[p]);
	return error;
}

/* What is listed by itself counts too; of the views of two rows the likeliest stays. */
static int add_listed(struct grouping *grouping, const struct match_pair *pairs, size_t count)
{
	size_t i, kept = 0;
	int error = 0;

	for (i = 0; i < count && error == 0; i++)
		error = add_joined(grouping, pairs[i].left, pairs[i].right, pairs[i].probability);
	if (error < 0)
		return error;
	qsort(grouping->joined, grouping->count, sizeof(*grouping->joined), by_rows_likelier_first);
	for (i = 0; i < grouping->count; i++)
		if (kept == 0 || by_rows(&grouping->joined[i], &grouping->joined[kept - 1]) != 0)
			grouping->joined[kept++] = grouping->joined[i];
	grouping->count = kept;
	return 0;
}

/* Both directions of every pair, equally likely. */
static int list_joined(struct grouping *grouping, struct match_pair **pairs, size_t *count)
{
	struct match_pair *all = env_realloc(grouping->env, *pairs, (*count + 2 * grouping->count) * sizeof(*all));
	struct joined wanted = {0}, *found;
	size_t i;

	if (all == NULL)
		return -ENOMEM;
	*pairs = all;
	for (i = 0; i < *count; i++) {
		bool back = all[i].left > all[i].right;

		wanted.low = back ? all[i].right : all[i].left;
		wanted.high = back ? all[i].left : all[i].right;
		found = bsearch(&wanted, grouping->joined, grouping->count, sizeof(wanted), by_rows);
		assert(found != NULL);
		found->listed[back] = true;
		all[i].probability = found->probability;
	}
	for (i = 0; i < grouping->count; i++) {
		found = &grouping->joined[i];
		if (!found->listed[0])
			all[(*count)++] = (struct match_pair){
				.left = found->low, .right = found->high, .probability = found->probability};
		if (!found->listed[1])
			all[(*count)++] = (struct match_pair){
				.left = found->high, .right = found->low, .probability = found->probability};
	}
	qsort(all, *count, sizeof(*all), by_row);
	return 0;
}

int match_cluster(struct env *env, uint32_t rows, struct match_pair **pairs, size_t *count)
{
	struct grouping grouping = {.env = env};
	int error = 0;

	if (*count == 0)
		return 0;
	error = group_rows(&grouping, rows, *pairs, *count);
	if (error == 0)
		error = add_listed(&grouping, *pairs, *count);
	if (error == 0)
		error = list_joined(&grouping, pairs, count);
	env_free(env, grouping.leader);
	env_free(env, grouping.next);
	env_free(env, grouping.size);
	env_free(env, grouping.joined);
	return error;
}
