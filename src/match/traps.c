/*
 * traps: what became of the rows of each kind.
 *
 * A truth may say beside each left row what was done to it (a column `tags`, joined by |): a twin nobody knows, a dummy
 * SSN. Over all rows a few traps are nothing; by kind they show what a matcher falls for.
 */
#include <stdlib.h>

#include "muster/csv.h"
#include "muster/error.h"
#include "muster/hash.h"
#include "muster/match_link.h"

/* A row of either file. Ids as hashes: 64 bits tell a few million apart. */
struct trap_row {
	uint64_t left, right; /* right 0: nobody */
	bool automatic;
	struct slice tags;
};

struct trap_rows {
	struct arena *arena;
	struct trap_row *items;
	size_t count, capacity;
};

static uint64_t hash_of_id(struct slice id)
{
	struct hash hash;
	uint64_t key;

	if (id.len == 0)
		return 0;
	hash_content_of(id, &hash);
	memcpy(&key, hash.bytes, sizeof(key));
	return key != 0 ? key : 1;
}

static int add_row(struct trap_rows *rows, const struct csv_reader *reader, const uint32_t columns[3], bool is_truth)
{
	struct trap_row *row, *grown;

	if (rows->count == rows->capacity) {
		grown = arena_alloc_array(rows->arena, rows->capacity * 2 + 1024, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		if (rows->count > 0)
			memcpy(grown, rows->items, rows->count * sizeof(*grown));
		rows->items = grown;
		rows->capacity = rows->capacity * 2 + 1024;
	}
	row = &rows->items[rows->count++];
	row->left = hash_of_id(slice_trim(reader->fields[columns[0]].text));
	row->right = hash_of_id(slice_trim(reader->fields[columns[1]].text));
	row->automatic = !is_truth && slice_is(slice_trim(reader->fields[columns[2]].text), "auto");
	row->tags = arena_dup(rows->arena, is_truth ? slice_trim(reader->fields[columns[2]].text) : SLICE_EMPTY);
	return row->tags.data != NULL ? 0 : -ENOMEM;
}

/* Where the three columns stand; false where one is missing. */
static bool find_columns(const struct csv_reader *reader, const char *const names[3], uint32_t columns[3])
{
	uint32_t i, n, found = 0;

	for (n = 0; n < 3; n++)
		for (i = 0; i < reader->field_count; i++)
			if (slice_is(slice_trim(reader->fields[i].text), names[n])) {
				columns[n] = i;
				found++;
				break;
			}
	return found == 3;
}

/* No rows where the columns are not there. Faults of the syntax were told by match_evaluate. */
static int read_rows(struct trap_rows *rows, struct slice csv, const char *const names[3], bool is_truth)
{
	struct csv_reader *reader = env_alloc(rows->arena->env, sizeof(*reader));
	uint32_t columns[3], widest;
	int error;

	if (reader == NULL)
		return -ENOMEM;
	csv_reader_init(reader, rows->arena->env, csv);
	error = csv_reader_next(reader);
	if (error == 0 && !find_columns(reader, names, columns))
		error = CSV_E_END;
	while (error == 0) {
		error = csv_reader_next(reader);
		if (error != 0)
			break;
		widest = columns[0] > columns[1] ? columns[0] : columns[1];
		widest = columns[2] > widest ? columns[2] : widest;
		if (reader->field_count > widest)
			error = add_row(rows, reader, columns, is_truth);
	}
	csv_reader_fini(reader);
	env_free(rows->arena->env, reader);
	return error < 0 ? error : 0;
}

static int by_left(const void *a, const void *b)
{
	const struct trap_row *x = a, *y = b;

	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return x->right < y->right ? -1 : x->right > y->right;
}

/* The first pair of a left row, or where it would be. */
static size_t first_pair(const struct trap_rows *pairs, uint64_t left)
{
	size_t low = 0, high = pairs->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (pairs->items[middle].left < left)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void judge_row(const struct trap_rows *pairs, const struct trap_row *row, struct match_trap *verdict)
{
	size_t i = first_pair(pairs, row->left);
	bool listed = false, automatic = false, right = false;

	for (; i < pairs->count && pairs->items[i].left == row->left; i++) {
		listed = true;
		automatic = automatic || pairs->items[i].automatic;
		right = right || (pairs->items[i].automatic && pairs->items[i].right == row->right);
	}
	verdict->rows = 1;
	verdict->people = row->right != 0;
	verdict->automatic = automatic;
	verdict->wrong = automatic && !right;
	verdict->review = listed && !automatic;
	verdict->lost = !listed && row->right != 0;
}

static int count_tag(struct match_traps *traps, struct slice tag, const struct match_trap *verdict)
{
	struct match_trap *trap;
	char name[MATCH_TRAP_BYTES];
	uint32_t i;

	slice_to_cstr(tag.len > 0 ? tag : SLICE_LITERAL("(none)"), name, sizeof(name));
	for (i = 0; i < traps->count && strcmp(traps->items[i].name, name) != 0; i++)
		;
	if (i == MATCH_TRAPS_MAX)
		return 0;
	trap = &traps->items[i];
	if (i == traps->count) {
		*trap = (struct match_trap){.rows = 0};
		memcpy(trap->name, name, sizeof(name));
		traps->count++;
	}
	trap->rows += verdict->rows;
	trap->people += verdict->people;
	trap->automatic += verdict->automatic;
	trap->wrong += verdict->wrong;
	trap->review += verdict->review;
	trap->lost += verdict->lost;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct match_trap *)a)->name, ((const struct match_trap *)b)->name);
}

int match_evaluate_traps(struct env *env, struct slice pairs, struct slice truth, struct match_traps *ret_traps)
{
	static const char *const pair_names[3] = {"left_id", "right_id", "decision"};
	static const char *const truth_names[3] = {"left_id", "right_id", "tags"};
	struct arena arena;
	struct trap_rows pair_rows = {.arena = &arena}, truth_rows = {.arena = &arena};
	size_t i, from, to;
	int error;

	arena_init(&arena, env, 0, 0);
	ret_traps->count = 0;
	error = read_rows(&truth_rows, truth, truth_names, true);
	if (error == 0 && truth_rows.count > 0)
		error = read_rows(&pair_rows, pairs, pair_names, false);
	if (pair_rows.count > 1)
		qsort(pair_rows.items, pair_rows.count, sizeof(*pair_rows.items), by_left);
	for (i = 0; i < truth_rows.count && error == 0; i++) {
		const struct trap_row *row = &truth_rows.items[i];
		struct match_trap verdict = {.rows = 0};

		judge_row(&pair_rows, row, &verdict);
		for (from = 0; from <= row->tags.len && error == 0; from = to + 1) {
			to = slice_find(row->tags, '|', from);
			error = count_tag(ret_traps, slice_of(row->tags.data + from, to - from), &verdict);
		}
	}
	qsort(ret_traps->items, ret_traps->count, sizeof(ret_traps->items[0]), by_name);
	arena_fini(&arena);
	return error;
}
