/*
 * tset: transaction sets, and the ledger of their records.
 *
 * A set claims its ledger key by a unique index; a record is in the ledger once by its primary key. Those two, and not
 * the look-up before them, are what stops a second effect (P19).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

const char *const store_tset_outcome_names[] = {
	[STORE_TSET_OPEN] = "open",           [STORE_TSET_APPLIED] = "applied", [STORE_TSET_REJECTED] = "rejected",
	[STORE_TSET_DUPLICATE] = "duplicate", [STORE_TSET_HELD] = "held",       [STORE_TSET_TEST] = "test",
};

const char *store_tset_outcome_name(enum store_tset_outcome outcome)
{
	return store_tset_outcome_names[outcome];
}

#define TSET_COLUMNS(t)                                                                                                \
	t "file_no, " t "interchange_no, " t "ordinal, " t "functional_id, " t "sender_code, " t "receiver_code, " t   \
	  "fgroup_date, " t "fgroup_time, " t "fgroup_control, " t "set_id, " t "control_number, " t "guide_id, " t    \
	  "verdict, " t "segments, " t "members, " t "errors, " t "warnings, " t "content_hash, " t "revision_of, " t  \
	  "ledger_key, " t "duplicate_of, " t "outcome, " t "reason, " t "hold_category, " t "header, " t              \
	  "resume_pos, " t "done, " TALLY_COLUMNS(t)
#define TSET_SELECT                                                                                                    \
	"SELECT t.tset_no, " TSET_COLUMNS("t.") ", i.control_number, i.sender_qualifier, i.sender_id, "                \
						"i.receiver_qualifier, i.receiver_id FROM tsets t JOIN interchanges "  \
						"i ON i.interchange_no = t.interchange_no "

/* What must not run into its neighbour inside a key. */
static size_t add_key_part(char *out, size_t len, struct slice part)
{
	size_t i;

	for (i = 0; i < part.len; i++) {
		if (part.data[i] == '|' || part.data[i] == '\\')
			out[len++] = '\\';
		out[len++] = part.data[i];
	}
	out[len++] = '|';
	return len;
}

struct slice store_ledger_key(struct arena *arena, const struct store_interchange *interchange,
			      const struct store_tset *tset, uint32_t era, uint32_t revision)
{
	const struct slice parts[] = {
		interchange->sender_qualifier,
		interchange->sender_id,
		interchange->receiver_qualifier,
		interchange->receiver_id,
		interchange->control_number,
		tset->functional_id,
		tset->sender_code,
		tset->receiver_code,
		tset->fgroup_control,
		tset->set_id,
		tset->control_number,
	};
	size_t bytes = 32, len = 0, i;
	char *out;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		bytes += parts[i].len * 2 + 1;
	out = arena_alloc(arena, bytes);
	if (out == NULL)
		return SLICE_EMPTY;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		len = add_key_part(out, len, parts[i]);
	len--; /* the last divider */
	if (era > 0)
		len += (size_t)snprintf(out + len, bytes - len, "|w%u", era);
	if (revision > 0)
		len += (size_t)snprintf(out + len, bytes - len, "|r%u", revision);
	return slice_of(out, len);
}

int store_interchange_taken(struct store *store, const struct store_interchange *interchange, uint64_t file_no,
			    const struct store_numbers_limit *limit, struct arena *arena, uint64_t *ret_file_no)
{
	const struct slice parts[] = {interchange->sender_qualifier, interchange->sender_id,
				      interchange->receiver_qualifier, interchange->receiver_id,
				      interchange->control_number};
	size_t bytes = 1, len = 0, i;
	struct query query;
	char *from, *to;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		bytes += parts[i].len * 2 + 1;
	from = arena_alloc(arena, bytes);
	to = arena_alloc(arena, bytes);
	if (from == NULL || to == NULL)
		return -ENOMEM;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		len = add_key_part(from, len, parts[i]);
	/* All keys that begin like this: below the one whose last divider is one higher. */
	memcpy(to, from, len);
	to[len - 1]++;
	query_open(
		&query, store,
		"SELECT coalesce(min(t.file_no), 0) FROM tsets t JOIN files f ON f.file_no = t.file_no "
		"WHERE t.ledger_key >= ? AND t.ledger_key < ? AND t.file_no < ? AND t.file_no > ? AND f.received_ms >= ?");
	query_text(&query, slice_of(from, len));
	query_text(&query, slice_of(to, len));
	query_u64(&query, file_no);
	query_u64(&query, limit->after_file_no);
	query_i64(&query, limit->since_ms);
	*ret_file_no = query_row(&query) ? read_u64(&query) : 0;
	return query_close(&query);
}

static void query_tset_state(struct query *query, const struct store_tset *tset)
{
	query_text_or_null(query, tset->ledger_key);
	query_no(query, tset->duplicate_of);
	query_cstr(query, store_tset_outcome_names[tset->outcome]);
	query_text(query, tset->reason);
	query_cstr(query, tset->hold_category < CATEGORY_COUNT ? category_name(tset->hold_category) : "");
	query_text(query, tset->header);
	query_i64(query, tset->resume_pos);
	query_bool(query, tset->done);
	query_tally(query, &tset->tally);
}

int store_tset_add(struct store *store, struct store_tset *tset)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "INSERT INTO tsets(" TSET_COLUMNS("") ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
							 "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, tset->file_no);
	query_u64(&query, tset->interchange_no);
	query_i64(&query, tset->ordinal);
	query_text(&query, tset->functional_id);
	query_text(&query, tset->sender_code);
	query_text(&query, tset->receiver_code);
	query_text(&query, tset->fgroup_date);
	query_text(&query, tset->fgroup_time);
	query_text(&query, tset->fgroup_control);
	query_text(&query, tset->set_id);
	query_text(&query, tset->control_number);
	query_text(&query, tset->guide_id);
	query_text(&query, tset->verdict);
	query_i64(&query, tset->segments);
	query_i64(&query, tset->members);
	query_u64(&query, tset->errors);
	query_u64(&query, tset->warnings);
	query_hash(&query, &tset->content_hash);
	query_no(&query, tset->revision_of);
	query_tset_state(&query, tset);
	error = query_run(&query);
	if (error == 0)
		tset->tset_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return error;
}

int store_tset_update(struct store *store, const struct store_tset *tset)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "UPDATE tsets SET ledger_key = ?, duplicate_of = ?, outcome = ?, reason = ?, hold_category = ?, "
		   "header = ?, resume_pos = ?, done = ?, " TALLY_SET " WHERE tset_no = ?");
	query_tset_state(&query, tset);
	query_u64(&query, tset->tset_no);
	error = query_run(&query);
	return error != 0 || sqlite3_changes(store->db) == 1 ? error : STORE_E_MISSING;
}

static void read_tset_state(struct query *query, struct arena *arena, struct store_tset *tset)
{
	struct slice category;

	tset->ledger_key = read_text(query, arena);
	tset->duplicate_of = read_u64(query);
	tset->outcome = (enum store_tset_outcome)read_name(query, store_tset_outcome_names, STORE_TSET_OUTCOME_COUNT);
	tset->reason = read_text(query, arena);
	category = read_text(query, arena);
	if (!category_of(category, &tset->hold_category))
		tset->hold_category = CATEGORY_COUNT;
	tset->header = read_text(query, arena);
	tset->resume_pos = read_u32(query);
	tset->done = read_bool(query);
	read_tally(query, &tset->tally);
}

static void read_tset(struct query *query, struct arena *arena, struct store_tset *tset)
{
	tset->tset_no = read_u64(query);
	tset->file_no = read_u64(query);
	tset->interchange_no = read_u64(query);
	tset->ordinal = read_u32(query);
	tset->functional_id = read_text(query, arena);
	tset->sender_code = read_text(query, arena);
	tset->receiver_code = read_text(query, arena);
	tset->fgroup_date = read_text(query, arena);
	tset->fgroup_time = read_text(query, arena);
	tset->fgroup_control = read_text(query, arena);
	tset->set_id = read_text(query, arena);
	tset->control_number = read_text(query, arena);
	tset->guide_id = read_text(query, arena);
	tset->verdict = read_text(query, arena);
	tset->segments = read_u32(query);
	tset->members = read_u32(query);
	tset->errors = read_u64(query);
	tset->warnings = read_u64(query);
	read_hash(query, &tset->content_hash);
	tset->revision_of = read_u64(query);
	read_tset_state(query, arena, tset);
	tset->interchange_control = read_text(query, arena);
	tset->sender_qualifier = read_text(query, arena);
	tset->sender_id = read_text(query, arena);
	tset->receiver_qualifier = read_text(query, arena);
	tset->receiver_id = read_text(query, arena);
}

static int finish_tset(struct query *query, struct arena *arena, const struct store_tset **ret_tset)
{
	struct store_tset *tset;

	*ret_tset = NULL;
	if (query_row(query)) {
		tset = query_alloc(query, arena, sizeof(*tset));
		if (tset != NULL) {
			read_tset(query, arena, tset);
			*ret_tset = tset;
		}
	}
	return query_close(query);
}

int store_tset_get(struct store *store, uint64_t tset_no, struct arena *arena, const struct store_tset **ret_tset)
{
	struct query query;

	query_open(&query, store, TSET_SELECT "WHERE t.tset_no = ?");
	query_u64(&query, tset_no);
	return finish_tset(&query, arena, ret_tset);
}

int store_tset_by_key(struct store *store, struct slice ledger_key, struct arena *arena,
		      const struct store_tset **ret_tset)
{
	struct query query;

	query_open(&query, store, TSET_SELECT "WHERE t.ledger_key = ?");
	query_text(&query, ledger_key);
	return finish_tset(&query, arena, ret_tset);
}

int store_tset_by_numbers(struct store *store, const struct store_interchange *interchange,
			  const struct store_tset *like, uint64_t file_no, struct arena *arena,
			  struct store_number_uses *ret_uses)
{
	const struct store_tset *found = NULL;
	uint32_t era = 0;
	int error;

	*ret_uses = (struct store_number_uses){.last = NULL};
	do {
		struct slice key = store_ledger_key(arena, interchange, like, era, 0);

		error = key.data != NULL ? store_tset_by_key(store, key, arena, &found) : -ENOMEM;
		if (error != 0 || found == NULL)
			break;
		ret_uses->last = found;
		ret_uses->last_era = era;
		if (memcmp(&found->content_hash, &like->content_hash, sizeof(like->content_hash)) == 0)
			ret_uses->same = found;
		if (file_no != 0 && found->file_no == file_no) {
			ret_uses->own = found;
			ret_uses->own_era = era;
		}
		era++;
	} while (found != NULL);
	return error;
}

int store_tset_by_content(struct store *store, const struct hash *content_hash, struct slice sender_qualifier,
			  struct slice sender_id, uint64_t but_file_no, struct arena *arena,
			  const struct store_tset **ret_tset)
{
	struct query query;

	query_open(&query, store,
		   TSET_SELECT "WHERE t.content_hash = ? AND t.outcome = 'applied' AND i.sender_qualifier = ? "
			       "AND i.sender_id = ? AND t.file_no <> ? ORDER BY t.tset_no LIMIT 1");
	query_hash(&query, content_hash);
	query_text(&query, sender_qualifier);
	query_text(&query, sender_id);
	query_u64(&query, but_file_no);
	return finish_tset(&query, arena, ret_tset);
}

int store_tset_revisions(struct store *store, uint64_t tset_no, uint32_t *ret_count)
{
	struct query query;

	*ret_count = 0;
	query_open(&query, store, "SELECT count(*) FROM tsets WHERE revision_of = ?");
	query_u64(&query, tset_no);
	if (query_row(&query))
		*ret_count = read_u32(&query);
	return query_close(&query);
}

int store_tsets_each(struct store *store, uint64_t file_no, store_tset_fn fn, void *context)
{
	struct query query;
	struct store_tset tset;

	query_open(&query, store, TSET_SELECT "WHERE t.file_no = ? ORDER BY t.ordinal, t.tset_no");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_tset(&query, &store->scratch, &tset);
		if (query.error == 0)
			query.error = fn(context, &tset);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_file_tally(struct store *store, uint64_t file_no, struct store_tally *ret_tally)
{
	struct query query;
	struct store_tally part;

	memset(ret_tally, 0, sizeof(*ret_tally));
	query_open(&query, store, "SELECT " TALLY_COLUMNS("") " FROM tsets WHERE file_no = ?");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		read_tally(&query, &part);
		store_tally_add(ret_tally, &part);
	}
	return query_close(&query);
}

/* ---- ledger -------------------------------------------------------------------------------------------------- */

static const char *const ledger_insert[] =
	INSERTS("INSERT OR FAIL INTO ledger(tset_no, member_pos, outcome, content_hash) VALUES(?1,?,?,?)", ",(?1,?,?,?)");

int store_ledger_put_all(struct store *store, uint64_t tset_no, const struct store_ledger_row *rows, uint32_t count)
{
	struct query query;
	uint32_t at, some, i;
	int error = 0;

	for (at = 0; error == 0 && at < count; at += some) {
		some = count - at < INSERTS_MAX ? count - at : INSERTS_MAX;
		query_open(&query, store, ledger_insert[some]);
		query_u64(&query, tset_no);
		for (i = at; i < at + some; i++) {
			assert(rows[i].outcome != STORE_RECORD_NONE);
			query_i64(&query, rows[i].member_pos);
			query_i64(&query, rows[i].outcome);
			query_blob(&query, rows[i].content_hash->bytes, STORE_CONTENT_BYTES);
		}
		error = query_run(&query);
	}
	return error;
}

int store_ledger_put(struct store *store, uint64_t tset_no, uint32_t member_pos, enum store_record_outcome outcome,
		     const struct hash *content_hash)
{
	const struct store_ledger_row row = {member_pos, outcome, content_hash};

	return store_ledger_put_all(store, tset_no, &row, 1);
}

int store_ledger_get(struct store *store, uint64_t tset_no, uint32_t member_pos, enum store_record_outcome *ret_outcome)
{
	struct query query;

	*ret_outcome = STORE_RECORD_NONE;
	query_open(&query, store, "SELECT outcome FROM ledger WHERE tset_no = ? AND member_pos = ?");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	if (query_row(&query))
		*ret_outcome = (enum store_record_outcome)read_i64(&query);
	return query_close(&query);
}

int store_ledger_update(struct store *store, uint64_t tset_no, uint32_t member_pos, enum store_record_outcome outcome)
{
	struct query query;
	int error;

	assert(outcome != STORE_RECORD_NONE);
	query_open(&query, store, "UPDATE ledger SET outcome = ? WHERE tset_no = ? AND member_pos = ?");
	query_i64(&query, outcome);
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	error = query_run(&query);
	return error != 0 || sqlite3_changes(store->db) == 1 ? error : STORE_E_MISSING;
}

int store_ledger_counts(struct store *store, uint64_t tset_no, uint64_t ret_counts[STORE_RECORD_OUTCOME_COUNT])
{
	struct query query;

	memset(ret_counts, 0, STORE_RECORD_OUTCOME_COUNT * sizeof(*ret_counts));
	query_open(&query, store, "SELECT outcome, count(*) FROM ledger WHERE tset_no = ? GROUP BY outcome");
	query_u64(&query, tset_no);
	while (query_row(&query)) {
		int64_t outcome = read_i64(&query);

		if (outcome >= 0 && outcome < STORE_RECORD_OUTCOME_COUNT)
			ret_counts[outcome] = read_u64(&query);
	}
	return query_close(&query);
}

struct index_row {
	uint8_t content[STORE_CONTENT_BYTES];
	uint8_t outcome;
};

struct store_ledger_index {
	struct env *env;
	size_t count;
	struct index_row rows[]; /* sorted by content, then outcome: its best first */
};

static int compare_rows(const void *a, const void *b)
{
	const struct index_row *x = a, *y = b;
	int order = memcmp(x->content, y->content, STORE_CONTENT_BYTES);

	return order != 0 ? order : (x->outcome > y->outcome) - (x->outcome < y->outcome);
}

/* The set, the one it is a revision of, and all other revisions of that, but not the one under way. */
#define FAMILY_OF                                                                                                      \
	"FROM ledger WHERE tset_no IN (SELECT tset_no FROM tsets WHERE (SELECT coalesce(revision_of, tset_no) "        \
	"FROM tsets WHERE tset_no = ?1) IN (tset_no, revision_of)) "                  \
	"AND tset_no <> ?2"

static int count_family(struct store *store, uint64_t tset_no, uint64_t but_tset_no, size_t *ret_count)
{
	struct query query;

	*ret_count = 0;
	query_open(&query, store, "SELECT count(*) " FAMILY_OF);
	query_u64(&query, tset_no);
	query_u64(&query, but_tset_no);
	if (query_row(&query))
		*ret_count = (size_t)read_u64(&query);
	return query_close(&query);
}

int store_ledger_index_new(struct store *store, uint64_t tset_no, uint64_t but_tset_no,
			   struct store_ledger_index **ret_index)
{
	struct store_ledger_index *index;
	struct query query;
	struct hash content;
	size_t count;
	int error = count_family(store, tset_no, but_tset_no, &count);

	if (error != 0)
		return error;
	index = env_alloc(store->env, sizeof(*index) + count * sizeof(index->rows[0]));
	if (index == NULL)
		return -ENOMEM;
	index->env = store->env;
	query_open(&query, store, "SELECT outcome, content_hash " FAMILY_OF);
	query_u64(&query, tset_no);
	query_u64(&query, but_tset_no);
	while (query_row(&query) && index->count < count) {
		struct index_row *row = &index->rows[index->count++];

		row->outcome = (uint8_t)read_i64(&query);
		read_hash(&query, &content);
		memcpy(row->content, content.bytes, STORE_CONTENT_BYTES);
	}
	error = query_close(&query);
	if (error != 0) {
		store_ledger_index_free(index);
		return error;
	}
	qsort(index->rows, index->count, sizeof(index->rows[0]), compare_rows);
	*ret_index = index;
	return 0;
}

void store_ledger_index_free(struct store_ledger_index *index)
{
	if (index != NULL)
		env_free(index->env, index);
}

enum store_record_outcome store_ledger_index_find(const struct store_ledger_index *index,
						  const struct hash *content_hash)
{
	size_t low = 0, high = index->count;

	/* The first row that is not before this content: of several, the best outcome. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(index->rows[middle].content, content_hash->bytes, STORE_CONTENT_BYTES) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->count || memcmp(index->rows[low].content, content_hash->bytes, STORE_CONTENT_BYTES) != 0)
		return STORE_RECORD_NONE;
	return (enum store_record_outcome)index->rows[low].outcome;
}
