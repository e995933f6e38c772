/*
 * undo: what is meant, in which order, in which transactions. See undo.h.
 */
#include <assert.h>
#include <stdlib.h>

#include "muster/log.h"
#include "undo_work.h"

/* ---- ids ---- */

/* "F00000012-1-17-0": the file and up to three numbers behind it. False when it is none. */
static bool id_split(struct slice id, struct slice *ret_file, uint64_t numbers[3], uint32_t *ret_count)
{
	size_t at = slice_find(id, '-', 0), end;

	*ret_file = slice_of(id.data, at);
	for (*ret_count = 0; at < id.len; at = end) {
		end = slice_find(id, '-', at + 1);
		if (*ret_count == 3 || !slice_to_u64(slice_of(id.data + at + 1, end - at - 1), &numbers[*ret_count]) ||
		    numbers[*ret_count] > UINT32_MAX)
			return false;
		(*ret_count)++;
	}
	return true;
}

struct find_set {
	uint32_t ordinal; /* 0 = the whole file is meant */
	uint64_t tset_no;
	bool is_open;     /* a set that is meant was released, and runs or was cut short */
};

static int find_set(void *context, const struct store_tset *tset)
{
	struct find_set *find = context;

	if (tset->ordinal == find->ordinal)
		find->tset_no = tset->tset_no;
	find->is_open |= tset->outcome == STORE_TSET_OPEN && (find->ordinal == 0 || find->ordinal == tset->ordinal);
	return 0;
}

/* A row named by itself is taken back whatever it is. */
static int find_row(struct store *store, struct arena *arena, struct undo_scope *scope)
{
	const struct store_change *change;
	int r = store_change_get(store, scope->tset_no, scope->member_pos, scope->op_index, arena, &change);

	if (r != 0)
		return r;
	if (change == NULL)
		return UNDO_E_UNKNOWN;
	scope->redo = slice_is(change->action, "undo");
	return 0;
}

static int find_in_file(struct store *store, struct arena *arena, const uint64_t numbers[3], uint32_t count,
                        struct undo_scope *scope)
{
	struct find_set find = {.ordinal = count > 0 ? (uint32_t)numbers[0] : 0};
	int r = store_tsets_each(store, scope->file_no, find_set, &find);

	if (r != 0 || (count > 0 && find.tset_no == 0) || (count > 1 && numbers[1] == 0))
		return r != 0 ? r : UNDO_E_UNKNOWN;
	if (find.is_open)
		return UNDO_E_OPEN;
	scope->tset_no = find.tset_no;
	scope->tset_ordinal = find.ordinal;
	scope->member_pos = count > 1 ? (uint32_t)numbers[1] : 0;
	scope->one = count > 2;
	scope->op_index = count > 2 ? (uint32_t)numbers[2] : 0;
	return scope->one ? find_row(store, arena, scope) : 0;
}

int undo_find(struct store *store, enum undo_level level, struct slice id, bool redo, struct undo_scope *ret_scope)
{
	const struct store_file *file;
	struct slice file_id;
	uint64_t numbers[3];
	uint32_t count, wanted = (uint32_t)level;
	struct arena arena;
	int r;

	*ret_scope = (struct undo_scope){.redo = redo};
	if (!id_split(id, &file_id, numbers, &count) ||
	    (count != wanted && !(level == UNDO_CHANGE && count == 3)))
		return UNDO_E_UNKNOWN;
	arena_init(&arena, store_env(store), 0, 0);
	r = store_file_by_id(store, file_id, &arena, &file);
	if (r == 0 && file == NULL)
		r = UNDO_E_UNKNOWN;
	if (r == 0 && file->stage != STORE_FILE_FILED)
		r = UNDO_E_OPEN;
	if (r == 0) {
		ret_scope->file_no = file->file_no;
		r = find_in_file(store, &arena, numbers, count, ret_scope);
	}
	arena_fini(&arena);
	return r;
}

/* ---- what is to be taken back ---- */

static int list_add(void *context, const struct store_change *change)
{
	struct undo *undo = context;
	struct undo_entry *entry;

	if (!undo_selects(&undo->request->scope, change))
		return 0;
	if (undo->count == undo->capacity) {
		size_t capacity = undo->capacity * 2 + 64;
		struct undo_entry *grown =
			env_realloc(undo->request->env, undo->entries, capacity * sizeof(*undo->entries));

		if (grown == NULL)
			return -ENOMEM;
		undo->entries = grown;
		undo->capacity = capacity;
	}
	entry = &undo->entries[undo->count];
	*entry = (struct undo_entry){
		.subscriber_id = arena_dup(&undo->list_arena, change->subscriber_id),
		.member_no = change->member_no,
		.member_seq = change->member_seq,
		.is_money = undo_is_money(change),
		.is_group = undo_is_group(change),
		.tset_no = change->tset_no,
		.member_pos = change->member_pos,
		.op_index = change->op_index,
	};
	undo->count++;
	return entry->subscriber_id.data != NULL ? 0 : -ENOMEM;
}

static bool is_member(const struct undo_entry *entry)
{
	return !entry->is_money && !entry->is_group;
}

/* Families together, in them members, the last change first; then payments, then contracts, the last one first. */
static int entry_compare(const void *a, const void *b)
{
	const struct undo_entry *x = a, *y = b;
	int order;

	if (x->is_group != y->is_group)
		return x->is_group ? 1 : -1;
	if (x->is_money != y->is_money)
		return x->is_money ? 1 : -1;
	order = is_member(x) ? slice_compare(x->subscriber_id, y->subscriber_id) : 0;
	if (order == 0 && is_member(x))
		order = (x->member_no > y->member_no) - (x->member_no < y->member_no);
	if (order != 0)
		return order;
	if (is_member(x))
		return (y->member_seq > x->member_seq) - (y->member_seq < x->member_seq);
	if (x->tset_no != y->tset_no)
		return y->tset_no > x->tset_no ? 1 : -1;
	if (x->member_pos != y->member_pos)
		return y->member_pos > x->member_pos ? 1 : -1;
	return (y->op_index > x->op_index) - (y->op_index < x->op_index);
}

static int list_fill(struct undo *undo)
{
	const struct undo_scope *scope = &undo->request->scope;
	struct store *store = undo->request->store;
	int r;

	if (scope->tset_no == 0)
		r = store_changes_of_file(store, scope->file_no, list_add, undo);
	else if (scope->member_pos == 0)
		r = store_changes_of_tset(store, scope->tset_no, list_add, undo);
	else
		r = store_changes_of_record(store, scope->tset_no, scope->member_pos, list_add, undo);
	if (r == 0 && undo->count > 0)
		qsort(undo->entries, undo->count, sizeof(*undo->entries), entry_compare);
	return r != 0 ? r : undo->count > 0 ? 0 : UNDO_E_NOTHING;
}

int undo_block(struct undo *undo, const struct store_change *change, const char *why, const struct store_change *by)
{
	const struct undo_request *request = undo->request;

	undo->totals.blocked++;
	return request->blocked != NULL ? request->blocked(request->context, change, why, by) : 0;
}

/* ---- twice over the list: look, then do ---- */

static bool same_member(const struct undo_entry *a, const struct undo_entry *b)
{
	return is_member(a) && is_member(b) && a->member_no == b->member_no;
}

static int chunk_begin(struct undo *undo)
{
	if (!undo->write || store_is_writing(undo->request->store))
		return 0;
	arena_reset(&undo->chunk_arena);
	undo->sets = NULL;
	undo->chunk_changes = undo->chunk_members = 0;
	hash_content_init(&undo->payload);
	return store_begin(undo->request->store, STORE_WRITE);
}

static int chunk_commit(struct undo *undo)
{
	int r = 0;

	if (!undo->write || !store_is_writing(undo->request->store))
		return 0;
	/* What was looked at a moment ago has changed: whoever did that goes first. */
	if (undo->totals.blocked > 0)
		return UNDO_E_BLOCKED;
	r = undo_end_chunk(undo);
	return r == 0 ? store_commit(undo->request->store) : r;
}

/* A transaction ends between families only. */
static bool chunk_is_full(const struct undo *undo, size_t next)
{
	const struct undo_entry *entries = undo->entries;

	return undo->chunk_changes >= undo->request->chunk_members &&
	       (next == undo->count || !is_member(&entries[next]) ||
		!slice_equal(entries[next].subscriber_id, entries[next - 1].subscriber_id));
}

static int walk(struct undo *undo)
{
	size_t first, end;
	int r = 0;

	for (first = 0; r == 0 && first < undo->count; first = end) {
		const struct undo_entry *entry = &undo->entries[first];

		for (end = first + 1; end < undo->count && same_member(entry, &undo->entries[end]); end++)
			;
		arena_reset(&undo->arena);
		r = chunk_begin(undo);
		if (r == 0)
			r = entry->is_group   ? undo_group(undo, entry)
			    : entry->is_money ? undo_line(undo, entry)
					      : undo_member(undo, entry, end - first);
		if (r == 0 && chunk_is_full(undo, end))
			r = chunk_commit(undo);
	}
	return r == 0 ? chunk_commit(undo) : r;
}

int undo_run(const struct undo_request *request, struct undo_totals *ret_totals)
{
	struct undo undo = {.request = request};
	int r;

	assert(request->operator_id.len > 0);
	arena_init(&undo.list_arena, request->env, 0, 0);
	arena_init(&undo.arena, request->env, 0, 0);
	arena_init(&undo.chunk_arena, request->env, 0, 0);
	r = store_removal_is(request->store, request->scope.file_no, STORE_REMOVAL_ORIGINAL, &undo.original_removed);
	if (r == 0)
		r = list_fill(&undo);
	if (r == 0)
		r = walk(&undo);
	if (r == 0 && undo.totals.blocked > 0)
		r = UNDO_E_BLOCKED;
	if (r == 0 && !request->dry) {
		undo.write = true;
		r = walk(&undo);
	}
	if (r != 0)
		store_rollback(request->store);
	*ret_totals = undo.totals;
	env_free(request->env, undo.entries);
	arena_fini(&undo.list_arena);
	arena_fini(&undo.arena);
	arena_fini(&undo.chunk_arena);
	return r;
}
