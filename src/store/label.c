/*
 * label: what representatives said about who is meant, kept for learning; who was ruled out for good; and how the
 * matching of each file went.
 */
#include <string.h>

#include "store_internal.h"

static const char *const verdict_names[] = {
	[STORE_LABEL_SAME] = "same", [STORE_LABEL_NOT_SAME] = "not_same", [STORE_LABEL_NEW] = "new"};

const char *store_label_verdict_name(enum store_label_verdict verdict)
{
	return verdict_names[verdict];
}

static int add_candidates(struct store *store, const struct store_label *label)
{
	struct query query;
	uint32_t i;
	int error = 0;

	for (i = 0; i < label->candidate_count && error == 0; i++) {
		query_open(&query, store,
			   "INSERT INTO label_candidates(label_no, rank, member_no, score_e6, evidence) "
			   "VALUES(?,?,?,?,?)");
		query_u64(&query, label->label_no);
		query_i64(&query, (int64_t)i + 1);
		query_u64(&query, label->candidates[i].member_no);
		query_i64(&query, label->candidates[i].score_e6);
		query_text(&query, label->candidates[i].evidence);
		error = query_run(&query);
	}
	return error;
}

/* Writes the label's row, and who was compared beside it. */
static int run_label(struct query *query, struct store *store, struct store_label *label)
{
	int error = query_run(query);

	if (error != 0)
		return error;
	label->label_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return add_candidates(store, label);
}

int store_label_add(struct store *store, struct store_label *label)
{
	struct query query;

	query_open(
		&query, store,
		"INSERT INTO labels(exception_no, version, verdict, member_no, model, operator_id, at_ms, withdrawn) "
		"SELECT e.exception_no, ?2, ?3, ?4, f.model, ?5, ?6, 0 FROM exceptions e "
		"JOIN files f ON f.file_no = e.file_no WHERE e.exception_no = ?1");
	query_u64(&query, label->exception_no);
	query_i64(&query, label->version);
	query_cstr(&query, verdict_names[label->verdict]);
	query_no(&query, label->member_no);
	query_text(&query, label->operator_id);
	query_i64(&query, env_clock_ms(store->env));
	return run_label(&query, store, label);
}

int store_label_add_sampled(struct store *store, struct store_label *label)
{
	struct query query;
	int error;

	query_open(&query, store, "UPDATE labels SET withdrawn = 1 WHERE record_id = ?");
	query_text(&query, label->item_id);
	error = query_run(&query);
	if (error != 0)
		return error;
	query_open(
		&query, store,
		"INSERT INTO labels(file_no, record_id, identity, version, verdict, member_no, model, operator_id, at_ms, "
		"withdrawn) VALUES (?1, ?2, ?3, (SELECT count(*) + 1 FROM labels WHERE record_id = ?2), ?4, ?5, ?6, ?7, ?8, 0)");
	query_u64(&query, label->file_no);
	query_text(&query, label->item_id);
	query_hash(&query, &label->identity);
	query_cstr(&query, verdict_names[label->verdict]);
	query_no(&query, label->member_no);
	query_text(&query, label->model);
	query_text(&query, label->operator_id);
	query_i64(&query, env_clock_ms(store->env));
	return run_label(&query, store, label);
}

static int read_candidates(struct store *store, struct arena *arena, struct store_label *label)
{
	struct store_candidate *rows = NULL;
	uint32_t count = 0, capacity = 0;
	struct query query;

	query_open(&query, store,
		   "SELECT member_no, score_e6, evidence FROM label_candidates WHERE label_no = ? ORDER BY rank");
	query_u64(&query, label->label_no);
	while (query_row(&query)) {
		rows = query_grow(&query, arena, rows, sizeof(*rows), count, &capacity);
		if (rows == NULL)
			break;
		rows[count].member_no = read_u64(&query);
		rows[count].member_id = SLICE_EMPTY;
		rows[count].score_e6 = read_u32(&query);
		rows[count++].evidence = read_text(&query, arena);
	}
	label->candidates = rows;
	label->candidate_count = count;
	return query_close(&query);
}

static void read_label(struct query *query, struct arena *arena, struct store_label *label)
{
	label->label_no = read_u64(query);
	label->exception_no = read_u64(query);
	label->file_no = read_u64(query);
	label->item_id = read_text(query, arena);
	read_hash(query, &label->identity);
	label->version = read_u32(query);
	label->verdict = (enum store_label_verdict)read_name(query, verdict_names, COUNT_OF(verdict_names));
	label->member_no = read_u64(query);
	label->model = read_text(query, arena);
	label->operator_id = read_text(query, arena);
	label->at_ms = read_i64(query);
	label->withdrawn = read_bool(query);
}

int store_labels_each(struct store *store, store_label_fn fn, void *context)
{
	struct query query;

	query_open(
		&query, store,
		"SELECT l.label_no, coalesce(l.exception_no, 0), coalesce(e.file_no, l.file_no), "
		"coalesce(e.item_id, l.record_id), coalesce(e.identity, l.identity), l.version, l.verdict, l.member_no, "
		"l.model, l.operator_id, l.at_ms, l.withdrawn FROM labels l "
		"LEFT JOIN exceptions e ON e.exception_no = l.exception_no ORDER BY l.label_no");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct store_label label = {0};

		read_label(&query, &store->scratch, &label);
		if (query.error == 0)
			query.error = read_candidates(store, &store->scratch, &label);
		if (query.error == 0)
			query.error = fn(context, &label);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_labels_withdraw(struct store *store, uint64_t exception_no)
{
	struct query query;
	int error;

	query_open(&query, store, "UPDATE labels SET withdrawn = 1 WHERE exception_no = ?");
	query_u64(&query, exception_no);
	error = query_run(&query);
	if (error != 0)
		return error;
	query_open(&query, store, "DELETE FROM not_same WHERE exception_no = ?");
	query_u64(&query, exception_no);
	return query_run(&query);
}

/* ---- not the same -------------------------------------------------------------------------------------------- */

int store_not_same_put(struct store *store, const struct hash *identity, uint64_t member_no, uint64_t exception_no,
		       struct slice operator_id)
{
	struct query query;

	query_open(&query, store,
		   "INSERT OR IGNORE INTO not_same(identity, member_no, exception_no, operator_id, at_ms) "
		   "VALUES(?,?,?,?,?)");
	query_hash(&query, identity);
	query_u64(&query, member_no);
	query_u64(&query, exception_no);
	query_text(&query, operator_id);
	query_i64(&query, env_clock_ms(store->env));
	return query_run(&query);
}

int store_not_same_remove(struct store *store, const struct hash *identity, uint64_t member_no)
{
	struct query query;

	query_open(&query, store, "DELETE FROM not_same WHERE identity = ? AND member_no = ?");
	query_hash(&query, identity);
	query_u64(&query, member_no);
	return query_run(&query);
}

int store_not_same_any(struct store *store, bool *ret_any)
{
	struct query query;

	query_open(&query, store, "SELECT 1 FROM not_same LIMIT 1");
	*ret_any = query_row(&query);
	return query_close(&query);
}

int store_not_same_of(struct store *store, const struct hash *identity, struct arena *arena,
		      const uint64_t **ret_member_nos, uint32_t *ret_count)
{
	uint32_t count = 0, capacity = 0;
	uint64_t *rows = NULL;
	struct query query;

	query_open(&query, store, "SELECT member_no FROM not_same WHERE identity = ? ORDER BY member_no");
	query_hash(&query, identity);
	while (query_row(&query)) {
		rows = query_grow(&query, arena, rows, sizeof(*rows), count, &capacity);
		if (rows == NULL)
			break;
		rows[count++] = read_u64(&query);
	}
	*ret_member_nos = rows;
	*ret_count = count;
	return query_close(&query);
}

/* ---- how it went --------------------------------------------------------------------------------------------- */

int store_matching_put(struct store *store, const struct store_matching *matching)
{
	struct query query;

	query_open(
		&query, store,
		"INSERT OR REPLACE INTO matchings(file_no, partner, full, matched, added, review, expected_wrong_e6) "
		"VALUES(?,?,?,?,?,?,?)");
	query_u64(&query, matching->file_no);
	query_text(&query, matching->partner);
	query_bool(&query, matching->full);
	query_u64(&query, matching->matched);
	query_u64(&query, matching->added);
	query_u64(&query, matching->review);
	query_u64(&query, matching->expected_wrong_e6);
	return query_run(&query);
}

int store_matchings_before(struct store *store, const struct store_matching *of, uint32_t files_max,
			   struct store_matching *ret_sum, uint32_t *ret_files)
{
	struct query query;

	*ret_sum = (struct store_matching){.full = of->full};
	*ret_files = 0;
	query_open(&query, store,
		   "SELECT matched, added, review, expected_wrong_e6 FROM matchings WHERE partner = ? AND full = ? AND "
		   "file_no < ? ORDER BY file_no DESC LIMIT ?");
	query_text(&query, of->partner);
	query_bool(&query, of->full);
	query_u64(&query, of->file_no);
	query_i64(&query, files_max);
	for (; query_row(&query); ++*ret_files) {
		ret_sum->matched += read_u64(&query);
		ret_sum->added += read_u64(&query);
		ret_sum->review += read_u64(&query);
		ret_sum->expected_wrong_e6 += read_u64(&query);
	}
	return query_close(&query);
}

int store_volume_before(struct store *store, struct slice partner, uint64_t file_no, bool full, struct slice group_id,
			uint32_t files_max, struct store_volume *ret_sum, uint32_t *ret_files)
{
	struct query query;

	*ret_sum = (struct store_volume){0};
	*ret_files = 0;
	/* By file, the latest first: no more of them are read than are asked for. */
	query_open(
		&query, store,
		"SELECT count(DISTINCT CASE WHEN c.action = 'add' THEN c.member_no END), "
		"count(DISTINCT CASE WHEN c.action IN ('terminate', 'void') THEN c.member_no END), "
		"count(DISTINCT c.member_no) FROM files f JOIN tsets t ON t.file_no = f.file_no "
		"JOIN changes c ON c.tset_no = t.tset_no WHERE f.partner = ?1 AND f.file_no < ?2 AND t.outcome = 'applied' "
		"AND EXISTS (SELECT 1 FROM full_sets s WHERE s.tset_no = t.tset_no) = ?3 AND c.group_id = ?4 "
		"AND c.action <> 'no_change' AND c.undone = 0 GROUP BY f.file_no ORDER BY f.file_no DESC LIMIT ?5");
	query_text(&query, partner);
	query_u64(&query, file_no);
	query_bool(&query, full);
	query_text(&query, group_id);
	query_i64(&query, files_max);
	for (; query_row(&query); ++*ret_files) {
		ret_sum->adds += read_u64(&query);
		ret_sum->terminations += read_u64(&query);
		ret_sum->changes += read_u64(&query);
	}
	return query_close(&query);
}
