/*
 * full: full files: which sets are one, which groups they tell of, who was left out, what an audit found.
 *
 * Who is present is not written down a second time: it is read from the changes and items of the set's own records,
 * so that a run that was interrupted finds the same people again.
 */
#include "store_internal.h"

static const char *const mode_names[] = {[STORE_FULL_REPLACE] = "replace", [STORE_FULL_AUDIT] = "audit"};
static const char *const omission_names[] = {
	[STORE_OMISSION_ENDED] = "ended", [STORE_OMISSION_WAITS] = "waits", [STORE_OMISSION_KEPT] = "kept"};

const char *store_omission_name(enum store_omission_outcome outcome)
{
	return omission_names[outcome];
}

int store_full_set_add(struct store *store, const struct store_full_set *set)
{
	struct query query;

	query_open(&query, store, "INSERT INTO full_sets(tset_no, mode, file_on, sponsor_id) VALUES(?,?,?,?)");
	query_u64(&query, set->tset_no);
	query_cstr(&query, mode_names[set->mode]);
	query_day(&query, set->file_on);
	query_text(&query, set->sponsor_id);
	return query_run(&query);
}

/* "replace" and "audit" begin at 1. */
static enum store_full_mode read_mode(struct query *query)
{
	return (enum store_full_mode)(read_name(query, mode_names + 1, COUNT_OF(mode_names) - 1) + 1);
}

static void read_set(struct query *query, struct arena *arena, struct store_full_set *ret_set)
{
	ret_set->tset_no = read_u64(query);
	ret_set->mode = read_mode(query);
	ret_set->file_on = read_day(query);
	ret_set->sponsor_id = read_text(query, arena);
}

int store_full_set_get(struct store *store, uint64_t tset_no, struct arena *arena, struct store_full_set *ret_set)
{
	struct query query;

	*ret_set = (struct store_full_set){.tset_no = tset_no, .file_on = DATE_NONE};
	query_open(&query, store, "SELECT tset_no, mode, file_on, sponsor_id FROM full_sets WHERE tset_no = ?");
	query_u64(&query, tset_no);
	if (query_row(&query))
		read_set(&query, arena, ret_set);
	return query_close(&query);
}

int store_full_group_add(struct store *store, uint64_t tset_no, struct slice group_id)
{
	struct query query;

	query_open(&query, store, "INSERT OR IGNORE INTO full_groups(tset_no, group_id) VALUES(?,?)");
	query_u64(&query, tset_no);
	query_text(&query, group_id);
	return query_run(&query);
}

int store_full_uses_each(struct store *store, uint64_t file_no, store_full_use_fn fn, void *context)
{
	struct store_full_use use;
	struct query query;

	query_open(&query, store,
		   "SELECT coalesce(g.group_id, ''), t.ordinal, t.members, t.outcome, s.tset_no, s.mode, s.file_on, "
		   "s.sponsor_id FROM tsets t JOIN full_sets s ON s.tset_no = t.tset_no "
		   "LEFT JOIN full_groups g ON g.tset_no = s.tset_no WHERE t.file_no = ? ORDER BY 1, 2");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		use.group_id = read_text(&query, &store->scratch);
		use.tset_ordinal = read_u32(&query);
		use.members = read_u32(&query);
		use.outcome =
			(enum store_tset_outcome)read_name(&query, store_tset_outcome_names, STORE_TSET_OUTCOME_COUNT);
		read_set(&query, &store->scratch, &use.set);
		use.tset_no = use.set.tset_no;
		if (query.error == 0)
			query.error = fn(context, &use);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_full_records(struct store *store, uint64_t file_no, enum store_tset_outcome outcome, uint64_t *ret_records)
{
	struct query query;

	*ret_records = 0;
	query_open(&query, store,
		   "SELECT coalesce(sum(t.members), 0) FROM tsets t JOIN full_sets s ON s.tset_no = t.tset_no "
		   "WHERE t.file_no = ? AND s.mode = 'replace' AND t.outcome = ?");
	query_u64(&query, file_no);
	query_cstr(&query, store_tset_outcome_name(outcome));
	if (query_row(&query))
		*ret_records = read_u64(&query);
	return query_close(&query);
}

int store_full_previous(struct store *store, uint64_t file_no, struct slice group_id, uint64_t *ret_file_no)
{
	struct query query;

	*ret_file_no = 0;
	query_open(&query, store,
		   "SELECT max(t.file_no) FROM full_groups g JOIN full_sets s ON s.tset_no = g.tset_no "
		   "JOIN tsets t ON t.tset_no = g.tset_no WHERE g.group_id = ? AND s.mode = 'replace' "
		   "AND t.outcome = 'applied' AND t.file_no < ?");
	query_text(&query, group_id);
	query_u64(&query, file_no);
	if (query_row(&query))
		*ret_file_no = read_u64(&query);
	return query_close(&query);
}

int store_full_is_overtaken(struct store *store, uint64_t tset_no, struct slice group_id, bool *ret_overtaken)
{
	struct query query;

	*ret_overtaken = false;
	query_open(
		&query, store,
		"SELECT 1 FROM full_groups mine JOIN full_groups g ON g.group_id = mine.group_id "
		"JOIN full_sets s ON s.tset_no = g.tset_no JOIN tsets t ON t.tset_no = g.tset_no "
		"WHERE mine.tset_no = ?1 AND (?2 = '' OR mine.group_id = ?2) AND s.mode = 'replace' AND t.outcome = 'applied' "
		"AND t.file_no > (SELECT file_no FROM tsets WHERE tset_no = ?1) LIMIT 1");
	query_u64(&query, tset_no);
	query_text(&query, group_id);
	*ret_overtaken = query_row(&query);
	return query_close(&query);
}

static int walk_numbers(struct query *query, store_number_fn fn, void *context)
{
	while (query_row(query)) {
		uint64_t member_no = read_u64(query);

		if (query->error == 0)
			query->error = fn(context, member_no);
	}
	return query_close(query);
}

/* A record's first row is about the member that it means; what follows may be a cascade. */
int store_full_present(struct store *store, const struct store_full_use *use, store_number_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT member_no FROM changes WHERE tset_no = ?1 AND member_pos <= ?2 AND op_index = 0 "
		   "AND member_no IS NOT NULL UNION ALL SELECT member_no FROM discrepancies WHERE tset_no = ?1 "
		   "AND member_pos BETWEEN 1 AND ?2 AND member_no IS NOT NULL AND outcome = 'differs'");
	query_u64(&query, use->tset_no);
	query_i64(&query, use->members);
	return walk_numbers(&query, fn, context);
}

int store_full_unsure(struct store *store, const struct store_full_use *use, store_number_fn fn, void *context)
{
	struct query query;

	query_open(
		&query, store,
		"WITH waiting AS (SELECT exception_no, subscriber_id, sponsor_id FROM exceptions WHERE tset_no = ?1 "
		"AND member_pos BETWEEN 1 AND ?2), "
		"near AS (SELECT c.member_no FROM candidates c JOIN waiting w ON w.exception_no = c.exception_no "
		"UNION SELECT member_no FROM discrepancies WHERE tset_no = ?1 AND outcome = 'unsure' "
		"AND member_no IS NOT NULL), "
		"families AS (SELECT m.subscriber_id, m.sponsor_id FROM near n JOIN members m ON m.member_no = n.member_no "
		"UNION SELECT subscriber_id, sponsor_id FROM waiting UNION SELECT d.subscriber_id, m.sponsor_id "
		"FROM discrepancies d JOIN members m ON m.subscriber_id = d.subscriber_id "
		"WHERE d.tset_no = ?1 AND d.outcome = 'unsure') "
		"SELECT member_no FROM near UNION SELECT m.member_no FROM families f "
		"JOIN members m ON m.subscriber_id = f.subscriber_id AND m.sponsor_id = f.sponsor_id "
		"WHERE f.subscriber_id <> ''");
	query_u64(&query, use->tset_no);
	query_i64(&query, use->members);
	return walk_numbers(&query, fn, context);
}

int store_omission_add(struct store *store, const struct store_omission *omission)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO omissions(tset_no, group_id, member_no, member_pos, outcome, absences, reason) "
		   "VALUES(?,?,?,?,?,?,?)");
	query_u64(&query, omission->tset_no);
	query_text(&query, omission->group_id);
	query_u64(&query, omission->member_no);
	query_i64(&query, omission->member_pos);
	query_cstr(&query, omission_names[omission->outcome]);
	query_i64(&query, omission->absences);
	query_text(&query, omission->reason);
	return query_run(&query);
}

int store_omission_absences(struct store *store, uint64_t file_no, struct slice group_id, uint64_t member_no,
			    uint32_t *ret_absences)
{
	struct query query;

	*ret_absences = 0;
	query_open(&query, store,
		   "SELECT max(o.absences) FROM omissions o JOIN tsets t ON t.tset_no = o.tset_no "
		   "WHERE o.member_no = ? AND o.group_id = ? AND t.file_no = ?");
	query_u64(&query, member_no);
	query_text(&query, group_id);
	query_u64(&query, file_no);
	if (query_row(&query))
		*ret_absences = read_u32(&query);
	return query_close(&query);
}

int store_omissions_each(struct store *store, uint64_t file_no, store_omission_fn fn, void *context)
{
	struct store_omission omission = {0};
	struct query query;

	query_open(&query, store,
		   "SELECT o.tset_no, o.group_id, o.member_no, o.member_pos, o.outcome, o.absences, o.reason, "
		   "m.member_id, m.subscriber_id, " ORIGIN_COLUMNS " FROM tsets t "
		   "JOIN omissions o ON o.tset_no = t.tset_no JOIN members m ON m.member_no = o.member_no "
		   "JOIN interchanges i ON i.interchange_no = t.interchange_no JOIN files f ON f.file_no = t.file_no "
		   "WHERE t.file_no = ? ORDER BY t.ordinal, o.group_id, m.subscriber_id, o.member_no");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		omission.tset_no = read_u64(&query);
		omission.group_id = read_text(&query, &store->scratch);
		omission.member_no = read_u64(&query);
		omission.member_pos = read_u32(&query);
		omission.outcome =
			(enum store_omission_outcome)read_name(&query, omission_names, COUNT_OF(omission_names));
		omission.absences = read_u32(&query);
		omission.reason = read_text(&query, &store->scratch);
		omission.member_id = read_text(&query, &store->scratch);
		omission.subscriber_id = read_text(&query, &store->scratch);
		read_origin(&query, &store->scratch, &omission.origin);
		if (query.error == 0)
			query.error = fn(context, &omission);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

static int discrepancy_next(struct store *store, uint64_t tset_no, uint32_t *ret_line_no)
{
	struct query query;

	query_open(&query, store, "SELECT coalesce(max(line_no), 0) + 1 FROM discrepancies WHERE tset_no = ?");
	query_u64(&query, tset_no);
	if (query_row(&query))
		*ret_line_no = read_u32(&query);
	return query_close(&query);
}

int store_discrepancy_add(struct store *store, struct store_discrepancy *discrepancy)
{
	struct query query;
	int error = discrepancy_next(store, discrepancy->tset_no, &discrepancy->line_no);

	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO discrepancies(tset_no, line_no, member_pos, member_no, subscriber_id, outcome, field, "
		   "stored, sent, explained) VALUES(?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, discrepancy->tset_no);
	query_i64(&query, discrepancy->line_no);
	query_i64(&query, discrepancy->member_pos);
	query_no(&query, discrepancy->member_no);
	query_text(&query, discrepancy->subscriber_id);
	query_text(&query, discrepancy->outcome);
	query_text(&query, discrepancy->field);
	query_text(&query, discrepancy->stored);
	query_text(&query, discrepancy->sent);
	query_text(&query, discrepancy->explained);
	return query_run(&query);
}

int store_discrepancies_each(struct store *store, uint64_t file_no, store_discrepancy_fn fn, void *context)
{
	struct store_discrepancy line = {0};
	struct query query;

	query_open(&query, store,
		   "SELECT d.tset_no, d.line_no, d.member_pos, d.member_no, d.subscriber_id, d.outcome, d.field, "
		   "d.stored, d.sent, d.explained, coalesce(m.member_id, ''), " ORIGIN_COLUMNS " FROM tsets t "
		   "JOIN discrepancies d ON d.tset_no = t.tset_no LEFT JOIN members m ON m.member_no = d.member_no "
		   "JOIN interchanges i ON i.interchange_no = t.interchange_no JOIN files f ON f.file_no = t.file_no "
		   "WHERE t.file_no = ? ORDER BY t.ordinal, d.line_no");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		line.tset_no = read_u64(&query);
		line.line_no = read_u32(&query);
		line.member_pos = read_u32(&query);
		line.member_no = read_u64(&query);
		line.subscriber_id = read_text(&query, &store->scratch);
		line.outcome = read_text(&query, &store->scratch);
		line.field = read_text(&query, &store->scratch);
		line.stored = read_text(&query, &store->scratch);
		line.sent = read_text(&query, &store->scratch);
		line.explained = read_text(&query, &store->scratch);
		line.member_id = read_text(&query, &store->scratch);
		read_origin(&query, &store->scratch, &line.origin);
		if (query.error == 0)
			query.error = fn(context, &line);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_ledger_last(struct store *store, uint64_t tset_no, uint32_t *ret_member_pos)
{
	struct query query;

	*ret_member_pos = 0;
	query_open(&query, store, "SELECT coalesce(max(member_pos), 0) FROM ledger WHERE tset_no = ?");
	query_u64(&query, tset_no);
	if (query_row(&query))
		*ret_member_pos = read_u32(&query);
	return query_close(&query);
}
