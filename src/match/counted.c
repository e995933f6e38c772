/*
 * counted: how rare names are in the tables at hand.
 *
 * The lists of specs/ are of one country and of names spelled well. A table of elsewhere has common names that no list
 * knows: taken for rare ones, two strangers of such a name look like one person. What stands in the tables often
 * enough to be counted is as rare as there; what stands there a few times is at most as rare as that lets guess; the rest
 * is left to the lists.
 */
#include "model.h"

#include <stdlib.h>

#include "muster/error.h"
#include "score.h"

/* Fewer are partly one person's rows, or chance: the fewer, the less is said; one alone says nothing. */
#define COUNTED_MIN 8u
#define COUNTED_FEW_MIN 2u

static uint64_t hash_of_name(char kind, struct slice name)
{
	uint64_t hash = (UINT64_C(0xCBF29CE484222325) ^ (unsigned char)kind) * UINT64_C(0x100000001B3);
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001B3);
	return hash;
}

static int by_name(const void *a, const void *b)
{
	const struct name_count *x = a, *y = b;

	return x->name < y->name ? -1 : x->name > y->name;
}

static size_t add_table(const struct match_table *table, struct name_count *names, size_t count)
{
	struct match_name name;
	uint32_t i;

	for (i = 0; i < table->count; i++) {
		match_name_of(table->members[i].first_name, &name);
		names[count++].name = hash_of_name('F', slice_from(name.compact));
		match_name_of(table->members[i].last_name, &name);
		names[count++].name = hash_of_name('L', slice_from(name.compact));
	}
	return count;
}

static int32_t rarity_of(double count, double rows)
{
	double share = count / rows;

	return match_log2_millibits(1.0 / (count < COUNTED_MIN ? share * count / COUNTED_MIN : share));
}

int match_count_names(struct env *env, struct arena *arena, const struct match_table *left,
		      const struct match_table *right, struct match_model *model)
{
	size_t rows = (size_t)left->count + (right != NULL ? right->count : 0), count = 0, begin, end, kept = 0;
	struct name_count *names = env_alloc(env, (rows * 2 + 1) * sizeof(*names)), *common = NULL;

	if (names == NULL)
		return -ENOMEM;
	count = add_table(left, names, count);
	if (right != NULL)
		count = add_table(right, names, count);
	qsort(names, count, sizeof(*names), by_name);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin; end < count && names[end].name == names[begin].name; end++)
			;
		if (end - begin < COUNTED_FEW_MIN)
			continue;
		names[kept].name = names[begin].name;
		names[kept].is_few = end - begin < COUNTED_MIN;
		names[kept++].millibits = rarity_of((double)(end - begin), (double)rows);
	}
	common = arena_alloc_array(arena, kept + 1, sizeof(*common));
	if (common != NULL) {
		memcpy(common, names, kept * sizeof(*common));
		model->names = common;
		model->name_count = (uint32_t)kept;
	}
	env_free(env, names);
	return common != NULL ? 0 : -ENOMEM;
}

int32_t match_model_name_millibits(const struct match_model *model, char kind, struct slice name)
{
	int32_t listed = match_name_millibits(kind, name);
	struct name_count wanted = {0}, *found = NULL;

	if (model->name_count > 0) {
		wanted.name = hash_of_name(kind, name);
		found = bsearch(&wanted, model->names, model->name_count, sizeof(wanted), by_name);
	}
	return found == NULL || (found->is_few && found->millibits > listed) ? listed : found->millibits;
}
