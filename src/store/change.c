/*
 * change: what was done, operation by operation: the rows of applied.csv, of a member's history, and of undo.
 *
 * Rows are appended in the order of sets and records, so the table is clustered as it is read.
 */
#include <string.h>

#include "store_internal.h"

#define CHANGE_COLUMNS(c)                                                                                              \
	c "tset_no, " c "member_pos, " c "op_index, " c "action, " c "member_no, " c "member_id, " c                   \
	  "subscriber_id, " c "group_id, " c "plan_id, " c "begins_on, " c "ends_on, " c "confidence_e6, " c           \
	  "match_rule, " c "change, " c "before, " c "after, " c "segment_pos, " c "offset, " c "operator_id, " c      \
	  "at_ms, " c "undone, " c "undoes"
#define CHANGE_SELECT                                                                                                  \
	"SELECT " CHANGE_COLUMNS("c.") ", c.member_seq, " ORIGIN_COLUMNS " FROM tsets t "                              \
				       "JOIN interchanges i ON i.interchange_no = t.interchange_no JOIN files f ON "   \
				       "f.file_no = t.file_no "                                                        \
				       "JOIN changes c ON c.tset_no = t.tset_no "

void read_origin(struct query *query, struct arena *arena, struct store_origin *ret_origin)
{
	ret_origin->file_no = read_u64(query);
	ret_origin->file_id = store_read_file_id(query, arena, ret_origin->file_no);
	ret_origin->file_name = read_text(query, arena);
	ret_origin->interchange_control = read_text(query, arena);
	ret_origin->fgroup_control = read_text(query, arena);
	ret_origin->tset_control = read_text(query, arena);
	ret_origin->tset_ordinal = read_u32(query);
}

void last_changes_forget(struct store *store)
{
	memset(store->last_changes, 0, sizeof(store->last_changes));
}

/* The number of a member's next change: one look-up for all that a transaction does to him in a row. */
static int next_member_seq(struct store *store, uint64_t member_no, uint32_t *ret_member_seq)
{
	struct last_change *last = &store->last_changes[member_no % LAST_CHANGES];
	struct query query;
	int error = 0;

	*ret_member_seq = 0;
	if (member_no == 0)
		return 0;
	if (last->member_no != member_no) {
		query_open(&query, store, "SELECT coalesce(max(member_seq), 0) FROM changes WHERE member_no = ?");
		query_u64(&query, member_no);
		*last = (struct last_change){0};
		if (query_row(&query))
			*last = (struct last_change){member_no, read_u32(&query)};
		error = query_close(&query);
	}
	*ret_member_seq = last->member_seq + 1;
	return error;
}

/* The columns from member_pos to offset. */
static void query_effect(struct query *query, const struct store_change *change)
{
	query_i64(query, change->member_pos);
	query_i64(query, change->op_index);
	query_text(query, change->action);
	query_no(query, change->member_no);
	query_text(query, change->member_id);
	query_text(query, change->subscriber_id);
	query_text(query, change->group_id);
	query_text(query, change->plan_id);
	query_day(query, change->begins_on);
	query_day(query, change->ends_on);
	query_i64(query, change->confidence_e6);
	query_text(query, change->match_rule);
	query_text(query, change->change);
	query_text(query, change->before);
	query_text(query, change->after);
	query_i64(query, change->segment_pos);
	query_u64(query, change->offset);
}

static void note_last_change(struct store *store, uint64_t member_no, uint32_t member_seq)
{
	if (member_no != 0)
		store->last_changes[member_no % LAST_CHANGES] = (struct last_change){member_no, member_seq};
}

int store_change_add(struct store *store, const struct store_change *change)
{
	struct query query;
	uint32_t member_seq;
	int error = next_member_seq(store, change->member_no, &member_seq);

	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO changes(" CHANGE_COLUMNS("") ", member_seq) "
		   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, change->tset_no);
	query_effect(&query, change);
	query_text(&query, change->operator_id);
	query_i64(&query, change->at_ms);
	query_bool(&query, change->undone);
	query_i64(&query, change->undoes);
	query_i64(&query, member_seq);
	error = query_run(&query);
	if (error == 0)
		note_last_change(store, change->member_no, member_seq);
	return error;
}

/*
 * Rows of one call, by one statement: to begin and to end one costs a third of what a row does, and the row behind one
 * just written is put there without a search. What they all have in common is bound once; '?' is the next parameter.
 */
static const char *const insert_several[] = INSERTS(
	"INSERT OR FAIL INTO changes(" CHANGE_COLUMNS("") ", member_seq) VALUES(?1,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
							  "?14,?15,?16,?17,?18,?19,?20,?2,?3,0,0,?21)",
	",(?1,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?2,?3,0,0,?)");

/* The number of changes[at], where those before it have theirs but are not written yet. */
static int next_seq_behind(struct store *store, const struct store_change *changes, const uint32_t *seqs, uint32_t at,
			   uint32_t *ret_member_seq)
{
	uint32_t i;

	for (i = at; i > 0; i--)
		if (changes[i - 1].member_no == changes[at].member_no && changes[at].member_no != 0) {
			*ret_member_seq = seqs[i - 1] + 1;
			return 0;
		}
	return next_member_seq(store, changes[at].member_no, ret_member_seq);
}

/* Written in one go by whom it is said: nothing of it is taken back, or takes back. */
static bool can_go_together(const struct store_change *first, const struct store_change *change)
{
	return change->tset_no == first->tset_no && change->at_ms == first->at_ms &&
	       slice_equal(change->operator_id, first->operator_id) && !change->undone && change->undoes == 0;
}

/* As many of them as one statement takes; *ret_count tells how many that were. */
static int add_at_once(struct store *store, const struct store_change *changes, uint32_t max, uint32_t *ret_count)
{
	uint32_t seqs[INSERTS_MAX], count = 0, i;
	struct query query;
	int error = 0;

	while (count < max && count < INSERTS_MAX && can_go_together(&changes[0], &changes[count]))
		count++;
	*ret_count = count > 1 ? count : 1;
	if (count < 2)
		return store_change_add(store, &changes[0]);
	for (i = 0; error == 0 && i < count; i++)
		error = next_seq_behind(store, changes, seqs, i, &seqs[i]);
	if (error != 0)
		return error;
	query_open(&query, store, insert_several[count]);
	query_u64(&query, changes[0].tset_no);
	query_text(&query, changes[0].operator_id);
	query_i64(&query, changes[0].at_ms);
	for (i = 0; i < count; i++) {
		query_effect(&query, &changes[i]);
		query_i64(&query, seqs[i]);
	}
	error = query_run(&query);
	for (i = 0; error == 0 && i < count; i++)
		note_last_change(store, changes[i].member_no, seqs[i]);
	return error;
}

int store_changes_add(struct store *store, const struct store_change *changes, uint32_t count)
{
	uint32_t i, some;
	int error = 0;

	for (i = 0; error == 0 && i < count; i += some)
		error = add_at_once(store, &changes[i], count - i, &some);
	return error;
}

/* `arena` NULL: texts are those of the statement's row, good until the next one. */
static void read_change_row(struct query *query, struct arena *arena, struct store_change *change)
{
	change->tset_no = read_u64(query);
	change->member_pos = read_u32(query);
	change->op_index = read_u32(query);
	change->action = read_text(query, arena);
	change->member_no = read_u64(query);
	change->member_id = read_text(query, arena);
	change->subscriber_id = read_text(query, arena);
	change->group_id = read_text(query, arena);
	change->plan_id = read_text(query, arena);
	change->begins_on = read_day(query);
	change->ends_on = read_day(query);
	change->confidence_e6 = read_u32(query);
	change->match_rule = read_text(query, arena);
	change->change = read_text(query, arena);
	change->before = read_text(query, arena);
	change->after = read_text(query, arena);
	change->segment_pos = read_u32(query);
	change->offset = read_u64(query);
	change->operator_id = read_text(query, arena);
	change->at_ms = read_i64(query);
	change->undone = read_bool(query);
	change->undoes = read_u32(query);
	change->member_seq = read_u32(query);
}

static void read_change(struct query *query, struct arena *arena, struct store_change *change)
{
	read_change_row(query, arena, change);
	read_origin(query, arena, &change->origin);
}

int store_change_get(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t op_index, struct arena *arena,
		     const struct store_change **ret_change)
{
	struct query query;
	struct store_change *change;

	*ret_change = NULL;
	query_open(&query, store, CHANGE_SELECT "WHERE c.tset_no = ? AND c.member_pos = ? AND c.op_index = ?");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	query_i64(&query, op_index);
	if (query_row(&query)) {
		change = query_alloc(&query, arena, sizeof(*change));
		if (change != NULL) {
			read_change(&query, arena, change);
			*ret_change = change;
		}
	}
	return query_close(&query);
}

int store_change_set_undone(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t op_index)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "UPDATE changes SET undone = 1 WHERE tset_no = ? AND member_pos = ? AND op_index = ?");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	query_i64(&query, op_index);
	error = query_run(&query);
	return error != 0 || sqlite3_changes(store->db) == 1 ? error : STORE_E_MISSING;
}

int store_change_next_index(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t *ret_op_index)
{
	struct query query;

	*ret_op_index = 0;
	query_open(&query, store,
		   "SELECT coalesce(max(op_index) + 1, 0) FROM changes WHERE tset_no = ? AND member_pos = ?");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	if (query_row(&query))
		*ret_op_index = read_u32(&query);
	return query_close(&query);
}

static int walk_changes(struct query *query, store_change_fn fn, void *context)
{
	struct store *store = query->store;
	struct store_change change;

	while (query_row(query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_change(query, &store->scratch, &change);
		if (query->error == 0)
			query->error = fn(context, &change);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(query);
}

int store_changes_of_tset(struct store *store, uint64_t tset_no, store_change_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, CHANGE_SELECT "WHERE c.tset_no = ? ORDER BY c.member_pos, c.op_index");
	query_u64(&query, tset_no);
	return walk_changes(&query, fn, context);
}

int store_changes_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_change_fn fn,
			    void *context)
{
	struct query query;

	query_open(&query, store, CHANGE_SELECT "WHERE c.tset_no = ? AND c.member_pos = ? ORDER BY c.op_index");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	return walk_changes(&query, fn, context);
}

struct tset_walk {
	struct store *store;
	const char *sql;
	void (*read)(struct query *query, struct arena *arena, struct store_change *change);
	store_change_fn fn;
	void *context;
	struct store_change change;
};

int read_tset_origin(struct store *store, uint64_t tset_no, struct store_origin *ret_origin)
{
	struct query query;

	query_open(&query, store,
		   "SELECT " ORIGIN_COLUMNS " FROM tsets t JOIN interchanges i ON i.interchange_no = t.interchange_no "
		   "JOIN files f ON f.file_no = t.file_no WHERE t.tset_no = ?");
	query_u64(&query, tset_no);
	if (query_row(&query))
		read_origin(&query, &store->scratch, ret_origin);
	return query_close(&query);
}

/* Row by row in the order in which they lie; what they have in common is read once. */
static int changes_of_next_tset(void *context, const struct store_tset *tset)
{
	struct tset_walk *walk = context;
	struct query query;
	int error = read_tset_origin(walk->store, tset->tset_no, &walk->change.origin);

	if (error != 0)
		return error;
	query_open(&query, walk->store, walk->sql);
	query_u64(&query, tset->tset_no);
	walk->change.tset_no = tset->tset_no;
	while (query_row(&query)) {
		walk->read(&query, NULL, &walk->change);
		if (query.error == 0)
			query.error = walk->fn(walk->context, &walk->change);
	}
	return query_close(&query);
}

/* Set by set: nothing is sorted, however long the file. */
int store_changes_of_file(struct store *store, uint64_t file_no, store_change_fn fn, void *context)
{
	struct tset_walk walk = {
		.store = store,
		.sql = "SELECT " CHANGE_COLUMNS(
			"") ", member_seq FROM changes WHERE tset_no = ? ORDER BY member_pos, op_index",
		.read = read_change_row,
		.fn = fn,
		.context = context,
	};

	return store_tsets_each(store, file_no, changes_of_next_tset, &walk);
}

static void read_applied_row(struct query *query, struct arena *arena, struct store_change *change)
{
	change->member_pos = read_u32(query);
	change->action = read_text(query, arena);
	change->member_id = read_text(query, arena);
	change->subscriber_id = read_text(query, arena);
	change->group_id = read_text(query, arena);
	change->plan_id = read_text(query, arena);
	change->begins_on = read_day(query);
	change->ends_on = read_day(query);
	change->confidence_e6 = read_u32(query);
	change->match_rule = read_text(query, arena);
	change->change = read_text(query, arena);
	change->operator_id = read_text(query, arena);
}

int store_applied_of_file(struct store *store, uint64_t file_no, store_change_fn fn, void *context)
{
	struct tset_walk walk = {
		.store = store,
		.sql = "SELECT member_pos, action, member_id, subscriber_id, group_id, plan_id, begins_on, ends_on, "
		       "confidence_e6, match_rule, change, operator_id FROM changes WHERE tset_no = ? "
		       "ORDER BY member_pos, op_index",
		.read = read_applied_row,
		.fn = fn,
		.context = context,
	};

	return store_tsets_each(store, file_no, changes_of_next_tset, &walk);
}

int store_changes_of_member(struct store *store, uint64_t member_no, store_change_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   CHANGE_SELECT "WHERE c.member_no = ? ORDER BY c.member_seq");
	query_u64(&query, member_no);
	return walk_changes(&query, fn, context);
}

int store_walk_counts(struct query *query, store_count_fn fn, void *context)
{
	struct store *store = query->store;

	while (query_row(query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct slice name = read_text(query, &store->scratch);
		uint64_t count = read_u64(query);

		if (query->error == 0)
			query->error = fn(context, name, count);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(query);
}

int store_change_counts(struct store *store, uint64_t file_no, store_count_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT action, count(*) FROM changes WHERE tset_no IN "
		   "(SELECT tset_no FROM tsets WHERE file_no = ?) GROUP BY action ORDER BY action");
	query_u64(&query, file_no);
	return store_walk_counts(&query, fn, context);
}
