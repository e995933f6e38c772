/*
 * exception: the work items of representatives, their candidates and decisions.
 *
 * An item's version counts every change of it; whoever changes one says which version he saw, so that two people,
 * or a person and a file of decisions, cannot undo each other's work unseen.
 */
#include <stdio.h>
#include <string.h>

#include "muster/log.h"
#include "store_internal.h"

static const char *const status_names[] = {
	[STORE_EXCEPTION_OPEN] = "open",         [STORE_EXCEPTION_ASSIGNED] = "assigned",
	[STORE_EXCEPTION_RESOLVED] = "resolved", [STORE_EXCEPTION_REJECTED] = "rejected",
	[STORE_EXCEPTION_SKIPPED] = "skipped",   [STORE_EXCEPTION_SUPERSEDED] = "superseded",
};

const char *store_exception_status_name(enum store_exception_status status)
{
	return status_names[status];
}

bool store_exception_status_of(struct slice name, enum store_exception_status *ret_status)
{
	int i;

	for (i = 0; i < COUNT_OF(status_names); i++)
		if (slice_is(name, status_names[i])) {
			*ret_status = (enum store_exception_status)i;
			return true;
		}
	return false;
}

char *store_item_id_format(uint64_t file_no, uint32_t tset_ordinal, uint32_t member_pos, char out[STORE_ITEM_ID_BYTES])
{
	char file_id[STORE_FILE_ID_BYTES];

	snprintf(out, STORE_ITEM_ID_BYTES, "%s-%u-%u", store_file_id_format(file_no, file_id), tset_ordinal,
		 member_pos);
	return out;
}

/* ---- adding -------------------------------------------------------------------------------------------------- */

#define EXCEPTION_COLUMNS(e)                                                                                           \
	e "item_id, " e "file_no, " e "tset_no, " e "member_pos, " e "category, " e "confidence_e6, " e "reason, " e   \
	  "created_ms, " e "due_ms, " e "status, " e "version, " e "decision, " e "note, " e "operator_id, " e         \
	  "owner, " e "lease_until_ms, " e "group_id, " e "subscriber_id, " e "segment_pos, " e "offset, " e           \
	  "content_hash, " e "identity, " e "incoming, " e "raw, " e "sponsor_id"

static int set_ordinal(struct store *store, uint64_t tset_no, uint32_t *ret_ordinal)
{
	struct query query;

	*ret_ordinal = 0;
	query_open(&query, store, "SELECT ordinal FROM tsets WHERE tset_no = ?");
	query_no(&query, tset_no);
	if (query_row(&query))
		*ret_ordinal = read_u32(&query);
	return query_close(&query);
}

static int add_candidates(struct store *store, const struct store_exception *exception)
{
	struct query query;
	uint32_t i;
	int error = 0;

	for (i = 0; i < exception->candidate_count && error == 0; i++) {
		const struct store_candidate *candidate = &exception->candidates[i];

		query_open(&query, store,
			   "INSERT INTO candidates(exception_no, rank, member_no, member_id, score_e6, evidence) "
			   "VALUES(?,?,?,?,?,?)");
		query_u64(&query, exception->exception_no);
		query_i64(&query, (int64_t)i + 1);
		query_u64(&query, candidate->member_no);
		query_text(&query, candidate->member_id);
		query_i64(&query, candidate->score_e6);
		query_text(&query, candidate->evidence);
		error = query_run(&query);
	}
	return error;
}

static int insert_exception(struct store *store, const struct store_exception *exception, struct slice item_id)
{
	static const struct hash no_identity;
	struct query query;

	query_open(&query, store,
		   "INSERT INTO exceptions(" EXCEPTION_COLUMNS(
			   "") ", urgency) "
			       "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_text(&query, item_id);
	query_u64(&query, exception->file_no);
	query_no(&query, exception->tset_no);
	query_i64(&query, exception->member_pos);
	query_cstr(&query, category_name(exception->category));
	query_i64(&query, exception->confidence_e6);
	query_text(&query, exception->reason);
	query_i64(&query, exception->created_ms);
	query_i64(&query, exception->due_ms);
	query_cstr(&query, status_names[exception->status]);
	query_i64(&query, 1);
	query_text(&query, exception->decision);
	query_text(&query, exception->note);
	query_text(&query, exception->operator_id);
	query_text(&query, exception->owner);
	query_i64(&query, exception->lease_until_ms);
	query_text(&query, exception->group_id);
	query_text(&query, exception->subscriber_id);
	query_i64(&query, exception->segment_pos);
	query_u64(&query, exception->offset);
	query_hash(&query, &exception->content_hash);
	query_blob(&query,
		   memcmp(&exception->identity, &no_identity, HASH_BYTES) != 0 ? exception->identity.bytes : NULL,
		   HASH_BYTES);
	query_text(&query, exception->incoming);
	query_text(&query, exception->raw);
	query_text(&query, exception->sponsor_id);
	query_i64(&query, category_urgency(exception->category));
	return query_run(&query);
}

int store_exception_add(struct store *store, struct store_exception *exception)
{
	char item_id[STORE_ITEM_ID_BYTES];
	uint32_t ordinal;
	int error = set_ordinal(store, exception->tset_no, &ordinal);

	store_item_id_format(exception->file_no, ordinal, exception->member_pos, item_id);
	if (error == 0)
		error = insert_exception(store, exception,
					 slice_is_empty(exception->item_id) ? slice_from(item_id) : exception->item_id);
	if (error != 0)
		return error;
	exception->exception_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	exception->version = 1;
	return add_candidates(store, exception);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

#define EXCEPTION_JOINS                                                                                                \
	"FROM exceptions e JOIN files f ON f.file_no = e.file_no LEFT JOIN tsets t ON t.tset_no = e.tset_no "          \
	"LEFT JOIN interchanges i ON i.interchange_no = t.interchange_no "
#define EXCEPTION_SELECT                                                                                               \
	"SELECT e.exception_no, " EXCEPTION_COLUMNS("e.") ", e.proposal, e.proposed_by, " ORIGIN_COLUMNS               \
							  " " EXCEPTION_JOINS

static bool is_waiting(const struct store_exception *exception)
{
	return exception->status == STORE_EXCEPTION_OPEN || exception->status == STORE_EXCEPTION_ASSIGNED;
}

/* `all`: as they were found; else a waiting item is without those whom somebody has ruled out since. */
static int read_candidates(struct store *store, struct arena *arena, struct store_exception *exception, bool all)
{
	struct query query;
	struct store_candidate *rows = NULL;
	uint32_t count = 0, capacity = 0;

	query_open(
		&query, store,
		"SELECT member_no, member_id, score_e6, evidence FROM candidates c WHERE exception_no = ? AND (? OR NOT "
		"EXISTS (SELECT 1 FROM not_same n WHERE n.identity = ? AND n.member_no = c.member_no)) ORDER BY rank");
	query_u64(&query, exception->exception_no);
	query_bool(&query, all || !is_waiting(exception));
	query_hash(&query, &exception->identity);
	while (query_row(&query)) {
		rows = query_grow(&query, arena, rows, sizeof(*rows), count, &capacity);
		if (rows == NULL)
			break;
		rows[count].member_no = read_u64(&query);
		rows[count].member_id = read_text(&query, arena);
		rows[count].score_e6 = read_u32(&query);
		rows[count].evidence = read_text(&query, arena);
		count++;
	}
	exception->candidates = rows;
	exception->candidate_count = count;
	return query_close(&query);
}

static void read_exception_row(struct query *query, struct arena *arena, struct store_exception *exception)
{
	struct slice category;

	exception->exception_no = read_u64(query);
	exception->item_id = read_text(query, arena);
	exception->file_no = read_u64(query);
	exception->tset_no = read_u64(query);
	exception->member_pos = read_u32(query);
	category = read_text(query, arena);
	if (!category_of(category, &exception->category))
		exception->category = CATEGORY_COUNT;
	exception->confidence_e6 = read_u32(query);
	exception->reason = read_text(query, arena);
	exception->created_ms = read_i64(query);
	exception->due_ms = read_i64(query);
	exception->status = (enum store_exception_status)read_name(query, status_names, COUNT_OF(status_names));
	exception->version = read_u32(query);
	exception->decision = read_text(query, arena);
	exception->note = read_text(query, arena);
	exception->operator_id = read_text(query, arena);
	exception->owner = read_text(query, arena);
	exception->lease_until_ms = read_i64(query);
	exception->group_id = read_text(query, arena);
	exception->subscriber_id = read_text(query, arena);
	exception->segment_pos = read_u32(query);
	exception->offset = read_u64(query);
	read_hash(query, &exception->content_hash);
	read_hash(query, &exception->identity);
	exception->incoming = read_text(query, arena);
	exception->raw = read_text(query, arena);
	exception->sponsor_id = read_text(query, arena);
	exception->proposal = read_text(query, arena);
	exception->proposed_by = read_text(query, arena);
	read_origin(query, arena, &exception->origin);
}

static void read_exception(struct query *query, struct arena *arena, bool all, struct store_exception *exception)
{
	read_exception_row(query, arena, exception);
	if (query->error == 0)
		query->error = read_candidates(query->store, arena, exception, all);
}

int store_exception_get(struct store *store, struct slice item_id, struct arena *arena,
			const struct store_exception **ret_exception)
{
	struct query query;
	struct store_exception *exception;

	*ret_exception = NULL;
	query_open(&query, store, EXCEPTION_SELECT "WHERE e.item_id = ?");
	query_text(&query, item_id);
	if (query_row(&query)) {
		exception = query_alloc(&query, arena, sizeof(*exception));
		if (exception != NULL) {
			read_exception(&query, arena, false, exception);
			*ret_exception = exception;
		}
	}
	return query_close(&query);
}

/* The SQL of a filter: only what is asked for stands in it, so that the right index serves; values are bound. */
static void add_conditions(struct buffer *sql, const struct store_exception_filter *filter)
{
	const uint32_t waiting = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED;

	buffer_add_text(sql, "WHERE (?1 = '' OR instr(?1, ',' || e.status || ',') > 0)");
	if (filter->statuses != 0 && (filter->statuses & ~waiting) == 0)
		buffer_add_text(sql, " AND e.status IN ('open', 'assigned')");
	buffer_add_text(sql, filter->has_category ? " AND e.category = ?2" : " AND ?2 = ''");
	buffer_add_text(sql, filter->has_urgency ? " AND e.urgency = ?3" : " AND ?3 IS NOT NULL");
	buffer_add_text(sql, filter->file_no != 0 ? " AND e.file_no = ?4" : " AND ?4 = 0");
	if (filter->tset_no != 0 && filter->with_revisions)
		buffer_add_text(sql,
				" AND e.tset_no IN (SELECT tset_no FROM tsets WHERE tset_no = ?5 OR revision_of = ?5)");
	else
		buffer_add_text(sql, filter->tset_no != 0 ? " AND e.tset_no = ?5" : " AND ?5 = 0");
	buffer_add_text(sql, " AND (?6 = '' OR e.owner = ?6) AND (?7 = '' OR e.group_id = ?7) "
			     "AND (?8 = '' OR e.subscriber_id = ?8) AND (?9 = '' OR f.partner = ?9) "
			     "AND (?10 = 0 OR e.due_ms < ?10) AND (?11 = 0 OR e.lease_until_ms <= ?11)");
}

static void bind_conditions(struct query *query, const struct store_exception_filter *filter, struct slice statuses)
{
	query_text(query, statuses);
	query_cstr(query, filter->has_category ? category_name(filter->category) : "");
	query_i64(query, filter->has_urgency ? (int64_t)filter->urgency : 0);
	query_u64(query, filter->file_no);
	query_u64(query, filter->tset_no);
	query_text(query, filter->owner);
	query_text(query, filter->group_id);
	query_text(query, filter->subscriber_id);
	query_text(query, filter->partner);
	query_i64(query, filter->due_before_ms);
	query_i64(query, filter->free_at_ms);
}

/* ",open,assigned,", or "" for all. */
static void add_statuses(struct buffer *out, uint32_t statuses)
{
	int i;

	for (i = 0; i < COUNT_OF(status_names); i++)
		if ((statuses & 1u << i) != 0)
			buffer_printf(out, "%s%s,", out->len == 0 ? "," : "", status_names[i]);
}

static int open_filter(struct query *query, struct store *store, const struct store_exception_filter *filter,
		       const char *what, const char *order, struct buffer *statuses)
{
	struct buffer sql;
	int error;

	buffer_init(&sql, store->env);
	buffer_add_text(&sql, what);
	add_conditions(&sql, filter);
	buffer_add_text(&sql, order);
	add_statuses(statuses, filter->statuses);
	error = sql.error != 0 ? sql.error : statuses->error;
	if (error == 0) {
		query_open_once(query, store, sql.data);
		bind_conditions(query, filter, buffer_slice(statuses));
	}
	buffer_fini(&sql);
	return error;
}

/*
 * The items of a walk by number, in its order. Whole rows are never sorted: a night's exceptions with their segments
 * and evidence would not fit in memory, their numbers do.
 */
struct exception_numbers {
	uint64_t *items;
	size_t count, capacity;
};

static int numbers_collect(struct query *query, struct exception_numbers *numbers)
{
	struct env *env = query->store->env;

	while (query_row(query)) {
		if (numbers->count == numbers->capacity) {
			size_t capacity = numbers->capacity * 2 + 256;
			uint64_t *items = env_realloc(env, numbers->items, capacity * sizeof(*items));

			if (items == NULL) {
				query->error = -ENOMEM;
				break;
			}
			numbers->items = items;
			numbers->capacity = capacity;
		}
		numbers->items[numbers->count++] = read_u64(query);
	}
	return query_close(query);
}

static int walk_exception(struct store *store, uint64_t exception_no, bool all, store_exception_fn fn, void *context)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	struct store_exception exception;
	struct query query;
	bool found;
	int error;

	query_open(&query, store, EXCEPTION_SELECT "WHERE e.exception_no = ?");
	query_u64(&query, exception_no);
	found = query_row(&query);
	if (found)
		read_exception(&query, &store->scratch, all, &exception);
	error = query_close(&query);
	if (error == 0 && found)
		error = fn(context, &exception);
	arena_rewind(&store->scratch, mark);
	return error;
}

int store_exceptions_each(struct store *store, const struct store_exception_filter *filter, store_exception_fn fn,
			  void *context)
{
	const char *order =
		filter->in_file_order
			? " ORDER BY e.file_no, e.tset_no, e.member_pos, e.exception_no LIMIT ?12 OFFSET ?13"
			: " ORDER BY e.urgency, e.due_ms, e.exception_no LIMIT ?12 OFFSET ?13";
	struct exception_numbers numbers = {0};
	struct buffer statuses;
	struct query query;
	size_t i;
	int error;

	buffer_init(&statuses, store->env);
	error = open_filter(&query, store, filter, "SELECT e.exception_no " EXCEPTION_JOINS, order, &statuses);
	if (error == 0) {
		query_i64(&query, filter->count_max > 0 ? (int64_t)filter->count_max : -1);
		query_i64(&query, filter->skip);
		error = numbers_collect(&query, &numbers);
	}
	for (i = 0; error == 0 && i < numbers.count; i++)
		error = walk_exception(store, numbers.items[i], filter->as_received, fn, context);
	env_free(store->env, numbers.items);
	buffer_fini(&statuses);
	return error;
}

int store_exceptions_count(struct store *store, const struct store_exception_filter *filter, uint64_t *ret_count)
{
	struct buffer statuses;
	struct query query;
	int error;

	*ret_count = 0;
	buffer_init(&statuses, store->env);
	error = open_filter(&query, store, filter, "SELECT count(*) " EXCEPTION_JOINS, "", &statuses);
	if (error == 0) {
		if (query_row(&query))
			*ret_count = read_u64(&query);
		error = query_close(&query);
	}
	buffer_fini(&statuses);
	return error;
}

int store_exception_waits(struct store *store, struct family_key family, uint64_t but_file_no, struct arena *arena,
			  struct slice *ret_words)
{
	struct query query;

	*ret_words = SLICE_EMPTY;
	query_open(
		&query, store,
		"SELECT item_id || ' waits (' || category || ')' FROM exceptions WHERE status IN ('open', 'assigned') "
		"AND subscriber_id = ? AND sponsor_id = ? AND file_no <> ? ORDER BY exception_no LIMIT 1");
	query_text(&query, family.subscriber_id);
	query_text(&query, family.sponsor_id);
	query_u64(&query, but_file_no);
	if (family.subscriber_id.len > 0 && query_row(&query))
		*ret_words = read_text(&query, arena);
	return query_close(&query);
}

int store_exception_counts(struct store *store, uint64_t file_no, store_count_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT category, count(*) FROM exceptions WHERE file_no = ? GROUP BY category ORDER BY category");
	query_u64(&query, file_no);
	return store_walk_counts(&query, fn, context);
}

int store_exception_ages_each(struct store *store, store_exception_age_fn fn, void *context)
{
	struct store_exception_age age;
	struct query query;

	query_open(
		&query, store,
		"SELECT created_ms, due_ms, category FROM exceptions WHERE status IN ('open', 'assigned') ORDER BY due_ms");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		age.created_ms = read_i64(&query);
		age.due_ms = read_i64(&query);
		if (!category_of(read_text(&query, &store->scratch), &age.category))
			query.error = log_failure(MUSTER_ERROR_DB_CORRUPT, "an item of the queue has no category");
		arena_rewind(&store->scratch, mark);
		if (query.error == 0)
			query.error = fn(context, &age);
	}
	return query_close(&query);
}

/* ---- deciding ------------------------------------------------------------------------------------------------ */

struct exception_state {
	bool there;
	uint32_t version;
	struct slice status, decision, proposal;
};

static int read_state(struct store *store, uint64_t exception_no, struct arena *arena, struct exception_state *state)
{
	struct query query;

	memset(state, 0, sizeof(*state));
	query_open(&query, store, "SELECT version, status, decision, proposal FROM exceptions WHERE exception_no = ?");
	query_u64(&query, exception_no);
	if (query_row(&query)) {
		state->there = true;
		state->version = read_u32(&query);
		state->status = read_text(&query, arena);
		state->decision = read_text(&query, arena);
		state->proposal = read_text(&query, arena);
	}
	return query_close(&query);
}

/* What the log says of this step: the decision, or the proposal that was made or withdrawn. */
static struct store_decision step_of(const struct exception_state *state, const struct store_exception *exception)
{
	struct store_decision step = {.status = slice_from(status_names[exception->status]),
				      .decision = exception->decision,
				      .operator_id = exception->operator_id};
	bool withdrawn = slice_is_empty(exception->proposal);

	if (slice_equal(state->proposal, exception->proposal))
		return step;
	step.status = withdrawn ? SLICE_LITERAL("withdrawn") : SLICE_LITERAL("proposed");
	step.decision = withdrawn ? state->proposal : exception->proposal;
	step.operator_id = exception->proposed_by;
	return step;
}

static int write_decision(struct store *store, const struct store_exception *exception,
			  const struct store_decision *step)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO decisions(exception_no, version, status, decision, note, operator_id, at_ms) "
		   "VALUES(?,?,?,?,?,?,?)");
	query_u64(&query, exception->exception_no);
	query_i64(&query, (int64_t)exception->version + 1);
	query_text(&query, step->status);
	query_text(&query, step->decision);
	query_text(&query, exception->note);
	query_text(&query, step->operator_id);
	query_i64(&query, env_clock_ms(store->env));
	return query_run(&query);
}

static int write_exception(struct store *store, const struct store_exception *exception)
{
	struct query query;

	query_open(
		&query, store,
		"UPDATE exceptions SET category = ?, urgency = ?, reason = ?, status = ?, decision = ?, note = ?, "
		"operator_id = ?, proposal = ?, proposed_by = ?, owner = ?, lease_until_ms = ?, version = version + 1 "
		"WHERE exception_no = ?");
	query_cstr(&query, category_name(exception->category));
	query_i64(&query, category_urgency(exception->category));
	query_text(&query, exception->reason);
	query_cstr(&query, status_names[exception->status]);
	query_text(&query, exception->decision);
	query_text(&query, exception->note);
	query_text(&query, exception->operator_id);
	query_text(&query, exception->proposal);
	query_text(&query, exception->proposed_by);
	query_text(&query, exception->owner);
	query_i64(&query, exception->lease_until_ms);
	query_u64(&query, exception->exception_no);
	return query_run(&query);
}

int store_held_beginnings(struct store *store, const struct store_file *file, struct arena *arena, void *context,
			  int (*fn)(void *context, struct slice item_id, uint64_t file_no))
{
	struct query query;

	query_open(
		&query, store,
		"SELECT e.item_id, e.file_no FROM exceptions e JOIN files f ON f.file_no = e.file_no "
		"WHERE e.status IN ('open', 'assigned') AND e.member_pos = 0 AND e.tset_no IS NULL AND e.file_no < ?1 "
		"AND f.partner = ?2 AND EXISTS(SELECT 1 FROM interchanges i JOIN interchanges j ON "
		"j.file_no = ?3 AND j.sender_qualifier = i.sender_qualifier AND j.sender_id = i.sender_id AND "
		"j.receiver_qualifier = i.receiver_qualifier AND j.receiver_id = i.receiver_id AND "
		"j.control_number = i.control_number WHERE i.file_no = e.file_no) ORDER BY e.file_no");
	query_u64(&query, file->file_no);
	query_text(&query, file->partner);
	/* Nothing is recorded of a duplicate's interchanges. */
	query_u64(&query, file->duplicate_of != 0 ? file->duplicate_of : file->file_no);
	while (query_row(&query)) {
		struct slice item_id = read_text(&query, arena);
		uint64_t of_file = read_u64(&query);

		if (query.error == 0)
			query.error = fn(context, item_id, of_file);
	}
	return query_close(&query);
}

int store_exception_update(struct store *store, struct store_exception *exception)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	struct exception_state state;
	struct store_decision step;
	int error = read_state(store, exception->exception_no, &store->scratch, &state);

	if (error == 0 && !state.there)
		error = STORE_E_MISSING;
	if (error == 0 && state.version != exception->version)
		error = STORE_E_STALE;
	if (error == 0 && (!slice_is(state.status, status_names[exception->status]) ||
			   !slice_equal(state.decision, exception->decision) ||
			   !slice_equal(state.proposal, exception->proposal))) {
		step = step_of(&state, exception);
		error = write_decision(store, exception, &step);
	}
	if (error == 0)
		error = write_exception(store, exception);
	if (error == 0)
		exception->version++;
	arena_rewind(&store->scratch, mark);
	return error;
}

int store_exception_put_candidates(struct store *store, const struct store_exception *exception)
{
	struct query query;
	int error;

	query_open(&query, store, "DELETE FROM candidates WHERE exception_no = ?");
	query_u64(&query, exception->exception_no);
	error = query_run(&query);
	if (error == 0) {
		query_open(&query, store, "UPDATE exceptions SET confidence_e6 = ? WHERE exception_no = ?");
		query_i64(&query, exception->confidence_e6);
		query_u64(&query, exception->exception_no);
		error = query_run(&query);
	}
	return error == 0 ? add_candidates(store, exception) : error;
}

int store_decisions_each(struct store *store, uint64_t exception_no, store_decision_fn fn, void *context)
{
	struct query query;
	struct store_decision decision;

	query_open(&query, store,
		   "SELECT version, status, decision, note, operator_id, at_ms FROM decisions WHERE exception_no = ? "
		   "ORDER BY version");
	query_u64(&query, exception_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		decision.version = read_u32(&query);
		decision.status = read_text(&query, &store->scratch);
		decision.decision = read_text(&query, &store->scratch);
		decision.note = read_text(&query, &store->scratch);
		decision.operator_id = read_text(&query, &store->scratch);
		decision.at_ms = read_i64(&query);
		if (query.error == 0)
			query.error = fn(context, &decision);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}
