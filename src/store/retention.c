/*
 * retention: what was removed of a received file, what still needs it, and what must be kept by order.
 */
#include "store_internal.h"

static const char *const removal_names[STORE_REMOVAL_COUNT] = {
	[STORE_REMOVAL_ORIGINAL] = "original",
	[STORE_REMOVAL_OUTPUTS] = "outputs",
};

const char *store_removal_name(enum store_removal what)
{
	return removal_names[what];
}

int store_removal_add(struct store *store, uint64_t file_no, enum store_removal what)
{
	struct query query;

	query_open(&query, store, "INSERT INTO removals(file_no, what, at_ms, done) VALUES(?, ?, ?, 0)");
	query_u64(&query, file_no);
	query_cstr(&query, removal_names[what]);
	query_i64(&query, env_clock_ms(store->env));
	return query_run(&query);
}

int store_removal_done(struct store *store, uint64_t file_no, enum store_removal what)
{
	struct query query;

	query_open(&query, store, "UPDATE removals SET done = 1 WHERE file_no = ? AND what = ?");
	query_u64(&query, file_no);
	query_cstr(&query, removal_names[what]);
	return query_run(&query);
}

int store_removal_is(struct store *store, uint64_t file_no, enum store_removal what, bool *ret_removed)
{
	struct query query;

	query_open(&query, store, "SELECT 1 FROM removals WHERE file_no = ? AND what = ?");
	query_u64(&query, file_no);
	query_cstr(&query, removal_names[what]);
	*ret_removed = query_row(&query);
	return query_close(&query);
}

int store_removals_owed(struct store *store, void *context,
			int (*fn)(void *context, uint64_t file_no, enum store_removal what))
{
	struct query query;

	query_open(&query, store, "SELECT file_no, what FROM removals WHERE done = 0 ORDER BY file_no, what");
	while (query_row(&query)) {
		uint64_t file_no = read_u64(&query);
		int what = read_name(&query, removal_names, STORE_REMOVAL_COUNT);

		if (query.error == 0)
			query.error = fn(context, file_no, (enum store_removal)what);
	}
	return query_close(&query);
}

/* ---- who needs it ---------------------------------------------------------------------------------------------- */

/* Each gives a row where somebody does. Outcomes of the ledger as enum store_record_outcome. */
static const struct {
	unsigned need;
	const char *sql;
} needs[] = {
	{STORE_NEEDS_ITEM, "SELECT 1 FROM exceptions WHERE file_no = ? AND status IN ('open', 'assigned')"},
	/* Decided, and not carried out yet. */
	{STORE_NEEDS_DECISION,
	 "SELECT 1 FROM exceptions e JOIN ledger l ON l.tset_no = e.tset_no AND "
	 "l.member_pos = e.member_pos WHERE e.file_no = ? AND e.status IN ('resolved', 'rejected') AND l.outcome = 3"},
	{STORE_NEEDS_DECISION,
	 "SELECT 1 FROM exceptions e JOIN tsets t ON t.tset_no = e.tset_no WHERE e.file_no = ? AND "
	 "e.member_pos = 0 AND e.status = 'resolved' AND t.outcome = 'held'"},
	{STORE_NEEDS_DECISION, "SELECT 1 FROM tsets WHERE file_no = ? AND outcome = 'open'"},
	{STORE_NEEDS_DECISION,
	 "SELECT 1 FROM exceptions e JOIN meta m ON m.name = 'release ' || e.item_id WHERE e.file_no = ? AND "
	 "m.value = 'under way'"},
	{STORE_NEEDS_DECISION,
	 "SELECT 1 FROM notices_owed n JOIN tsets t ON t.tset_no = n.tset_no WHERE t.file_no = ?"},
	/* Taken back, it would wait again. */
	{STORE_NEEDS_UNDO,
	 "SELECT 1 FROM exceptions e JOIN ledger l ON l.tset_no = e.tset_no AND l.member_pos = e.member_pos "
	 "WHERE e.file_no = ? AND l.outcome = 1"},
	{STORE_NEEDS_UNDO, "SELECT 1 FROM tsets t JOIN remittance_lines r ON r.tset_no = t.tset_no JOIN ledger l ON "
			   "l.tset_no = r.tset_no AND l.member_pos = r.line_pos WHERE t.file_no = ? AND l.outcome = 1"},
	{STORE_NEEDS_LEGAL_HOLD, "SELECT 1 FROM files f JOIN legal_holds h ON h.subject IN "
				 "(printf('F%08d', f.file_no), 'partner:' || f.partner) WHERE f.file_no = ?"},
	/* The group that a member came from stands in what was before. */
	{STORE_NEEDS_LEGAL_HOLD,
	 "SELECT 1 FROM legal_holds h JOIN tsets t JOIN changes c ON c.tset_no = t.tset_no "
	 "WHERE t.file_no = ? AND (h.subject IN ('group:' || c.group_id, 'member:' || c.member_id) OR "
	 "(h.subject LIKE 'group:%' AND instr(c.before, '\"' || substr(h.subject, 7) || '\"') > 0))"},
	/* A record that changed nothing names no group: his who is meant. */
	{STORE_NEEDS_LEGAL_HOLD,
	 "SELECT 1 FROM legal_holds h JOIN tsets t JOIN changes c ON c.tset_no = t.tset_no "
	 "JOIN group_members g ON g.member_no = c.member_no WHERE t.file_no = ? AND h.subject = 'group:' || g.group_id"},
	{STORE_NEEDS_LEGAL_HOLD, "SELECT 1 FROM legal_holds h JOIN exceptions e LEFT JOIN candidates k "
				 "ON k.exception_no = e.exception_no WHERE e.file_no = ? AND "
				 "h.subject IN ('group:' || e.group_id, 'member:' || k.member_id)"},
	{STORE_NEEDS_LEGAL_HOLD,
	 "SELECT 1 FROM legal_holds h JOIN tsets t JOIN remittance_lines r ON r.tset_no = t.tset_no "
	 "LEFT JOIN members m ON m.member_no = r.member_no WHERE t.file_no = ? AND "
	 "h.subject IN ('group:' || r.group_id, 'member:' || m.member_id)"},
};

int store_file_needs(struct store *store, uint64_t file_no, unsigned *ret_needs)
{
	unsigned found = 0;
	int i, error = 0;

	for (i = 0; i < COUNT_OF(needs) && error == 0; i++) {
		struct query query;

		if ((found & needs[i].need) != 0)
			continue;
		query_open(&query, store, needs[i].sql);
		query_u64(&query, file_no);
		found |= query_row(&query) ? needs[i].need : 0;
		error = query_close(&query);
	}
	*ret_needs = found;
	return error;
}

/* ---- legal holds ----------------------------------------------------------------------------------------------- */

int store_legal_hold_add(struct store *store, const struct store_legal_hold *hold)
{
	struct query query;

	query_open(&query, store, "INSERT INTO legal_holds(subject, note, operator_id, at_ms) VALUES(?, ?, ?, ?)");
	query_text(&query, hold->subject);
	query_text(&query, hold->note);
	query_text(&query, hold->operator_id);
	query_i64(&query, hold->at_ms);
	return query_run(&query);
}

int store_legal_hold_remove(struct store *store, struct slice subject)
{
	struct query query;
	int error;

	query_open(&query, store, "DELETE FROM legal_holds WHERE subject = ?");
	query_text(&query, subject);
	error = query_run(&query);
	return error == 0 && sqlite3_changes(store->db) == 0 ? STORE_E_MISSING : error;
}

int store_legal_holds_each(struct store *store, void *context,
			   int (*fn)(void *context, const struct store_legal_hold *hold))
{
	struct query query;

	query_open(&query, store, "SELECT subject, note, operator_id, at_ms FROM legal_holds ORDER BY subject");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct store_legal_hold hold;

		hold.subject = read_text(&query, &store->scratch);
		hold.note = read_text(&query, &store->scratch);
		hold.operator_id = read_text(&query, &store->scratch);
		hold.at_ms = read_i64(&query);
		if (query.error == 0)
			query.error = fn(context, &hold);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}
