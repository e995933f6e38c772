/*
 * file: received files with their interchanges, and the lanes they came on.
 *
 * The life of a file is drawn in store.h. A stage never goes back.
 */
#include <stdio.h>
#include <string.h>

#include "store_internal.h"

static const char *const stage_names[] = {
	[STORE_FILE_CLAIMED] = "claimed", [STORE_FILE_VALIDATED] = "validated",
	[STORE_FILE_APPLIED] = "applied", [STORE_FILE_ACKNOWLEDGED] = "acknowledged",
	[STORE_FILE_FILED] = "filed",
};
static const char *const outcome_names[] = {
	[STORE_FILE_OPEN] = "open",         [STORE_FILE_PROCESSED] = "processed", [STORE_FILE_HELD] = "held",
	[STORE_FILE_REJECTED] = "rejected", [STORE_FILE_DUPLICATE] = "duplicate",
};
static const char *const kind_names[] = {
	[STORE_KIND_UNKNOWN] = "unknown",
	[STORE_KIND_834] = "834",
	[STORE_KIND_820] = "820",
	[STORE_KIND_MIXED] = "mixed",
};

const char *store_file_outcome_name(enum store_file_outcome outcome)
{
	return outcome_names[outcome];
}

const char *store_file_kind_name(enum store_file_kind kind)
{
	return kind_names[kind];
}

/* ---- tallies ------------------------------------------------------------------------------------------------- */

void store_tally_add(struct store_tally *sum, const struct store_tally *part)
{
	sum->members_read += part->members_read;
	sum->members_applied += part->members_applied;
	sum->members_no_change += part->members_no_change;
	sum->members_exception += part->members_exception;
	sum->members_rejected += part->members_rejected;
	sum->members_duplicate += part->members_duplicate;
	sum->members_held += part->members_held;
	sum->money_read += part->money_read;
	sum->money_posted += part->money_posted;
	sum->money_suspended += part->money_suspended;
	sum->money_rejected += part->money_rejected;
	sum->money_duplicate += part->money_duplicate;
	sum->money_held += part->money_held;
}

bool store_tally_is_balanced(const struct store_tally *tally)
{
	return tally->members_read == tally->members_applied + tally->members_no_change + tally->members_exception +
					      tally->members_rejected + tally->members_duplicate +
					      tally->members_held &&
	       tally->money_read == tally->money_posted + tally->money_suspended + tally->money_rejected +
					    tally->money_duplicate + tally->money_held;
}

void query_tally(struct query *query, const struct store_tally *tally)
{
	query_u64(query, tally->members_read);
	query_u64(query, tally->members_applied);
	query_u64(query, tally->members_no_change);
	query_u64(query, tally->members_exception);
	query_u64(query, tally->members_rejected);
	query_u64(query, tally->members_duplicate);
	query_u64(query, tally->members_held);
	query_i64(query, tally->money_read);
	query_i64(query, tally->money_posted);
	query_i64(query, tally->money_suspended);
	query_i64(query, tally->money_rejected);
	query_i64(query, tally->money_duplicate);
	query_i64(query, tally->money_held);
}

void read_tally(struct query *query, struct store_tally *ret_tally)
{
	ret_tally->members_read = read_u64(query);
	ret_tally->members_applied = read_u64(query);
	ret_tally->members_no_change = read_u64(query);
	ret_tally->members_exception = read_u64(query);
	ret_tally->members_rejected = read_u64(query);
	ret_tally->members_duplicate = read_u64(query);
	ret_tally->members_held = read_u64(query);
	ret_tally->money_read = read_i64(query);
	ret_tally->money_posted = read_i64(query);
	ret_tally->money_suspended = read_i64(query);
	ret_tally->money_rejected = read_i64(query);
	ret_tally->money_duplicate = read_i64(query);
	ret_tally->money_held = read_i64(query);
}

/* ---- files --------------------------------------------------------------------------------------------------- */

#define FILE_COLUMNS                                                                                                   \
	"file_no, name, partner, out_dir, sha256, bytes, stage, outcome, kind, reason, received_ms, as_of, "           \
	"duplicate_of, reprocess_of, ack_control_first, ack_control_count, model, from_test_folder, " TALLY_COLUMNS("")

char *store_file_id_format(uint64_t file_no, char out[STORE_FILE_ID_BYTES])
{
	snprintf(out, STORE_FILE_ID_BYTES, "F%08llu", (unsigned long long)file_no);
	return out;
}

struct slice store_read_file_id(struct query *query, struct arena *arena, uint64_t file_no)
{
	char text[STORE_FILE_ID_BYTES];
	struct slice id;

	if (file_no == 0)
		return SLICE_EMPTY;
	id = arena_dup(arena, slice_from(store_file_id_format(file_no, text)));
	if (id.data == NULL && query->error == 0)
		query->error = -ENOMEM;
	return id;
}

static void read_file(struct query *query, struct arena *arena, struct store_file *file)
{
	file->file_no = read_u64(query);
	file->file_id = store_read_file_id(query, arena, file->file_no);
	file->name = read_text(query, arena);
	file->partner = read_text(query, arena);
	file->out_dir = read_text(query, arena);
	read_hash(query, &file->sha256);
	file->bytes = read_u64(query);
	file->stage = (enum store_file_stage)read_name(query, stage_names, COUNT_OF(stage_names));
	file->outcome = (enum store_file_outcome)read_name(query, outcome_names, COUNT_OF(outcome_names));
	file->kind = (enum store_file_kind)read_name(query, kind_names, COUNT_OF(kind_names));
	file->reason = read_text(query, arena);
	file->received_ms = read_i64(query);
	file->as_of = read_day(query);
	file->duplicate_of = read_u64(query);
	file->reprocess_of = read_u64(query);
	file->ack_control_first = read_u64(query);
	file->ack_control_count = read_u32(query);
	file->model = read_text(query, arena);
	file->from_test_folder = read_i64(query) != 0;
	read_tally(query, &file->tally);
}

int store_file_add(struct store *store, struct store_file *file)
{
	struct query query;
	int error;

	query_open(
		&query, store,
		"INSERT INTO files(file_no, name, partner, out_dir, sha256, bytes, stage, outcome, kind, reason, received_ms, "
		"as_of, duplicate_of, reprocess_of, ack_control_first, ack_control_count, model, from_test_folder, " TALLY_COLUMNS(
			"") ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_no(&query, file->file_no);
	query_text(&query, file->name);
	query_text(&query, file->partner);
	query_text(&query, file->out_dir);
	query_hash(&query, &file->sha256);
	query_u64(&query, file->bytes);
	query_cstr(&query, stage_names[STORE_FILE_CLAIMED]);
	query_cstr(&query, outcome_names[file->outcome]);
	query_cstr(&query, kind_names[file->kind]);
	query_text(&query, file->reason);
	query_i64(&query, file->received_ms);
	query_day(&query, file->as_of);
	query_no(&query, file->duplicate_of);
	query_no(&query, file->reprocess_of);
	query_no(&query, file->ack_control_first);
	query_i64(&query, file->ack_control_count);
	query_text(&query, file->model);
	query_i64(&query, file->from_test_folder);
	query_tally(&query, &file->tally);
	error = query_run(&query);
	if (error == 0) {
		file->file_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
		file->stage = STORE_FILE_CLAIMED;
	}
	return error;
}

static int file_stage(struct store *store, uint64_t file_no, enum store_file_stage *ret_stage)
{
	struct query query;
	bool there;
	int error;

	query_open(&query, store, "SELECT stage FROM files WHERE file_no = ?");
	query_u64(&query, file_no);
	there = query_row(&query);
	if (there)
		*ret_stage = (enum store_file_stage)read_name(&query, stage_names, COUNT_OF(stage_names));
	error = query_close(&query);
	return error != 0 || there ? error : STORE_E_MISSING;
}

int store_file_update(struct store *store, const struct store_file *file)
{
	enum store_file_stage stage = STORE_FILE_CLAIMED;
	struct query query;
	int error = file_stage(store, file->file_no, &stage);

	if (error == 0 && file->stage < stage)
		error = STORE_E_STALE;
	if (error != 0)
		return error;
	query_open(&query, store,
		   "UPDATE files SET name = ?, partner = ?, out_dir = ?, stage = ?, outcome = ?, kind = ?, reason = ?, "
		   "as_of = ?, duplicate_of = ?, reprocess_of = ?, ack_control_first = ?, ack_control_count = "
		   "?, model = ?, " TALLY_SET " WHERE file_no = ?");
	query_text(&query, file->name);
	query_text(&query, file->partner);
	query_text(&query, file->out_dir);
	query_cstr(&query, stage_names[file->stage]);
	query_cstr(&query, outcome_names[file->outcome]);
	query_cstr(&query, kind_names[file->kind]);
	query_text(&query, file->reason);
	query_day(&query, file->as_of);
	query_no(&query, file->duplicate_of);
	query_no(&query, file->reprocess_of);
	query_no(&query, file->ack_control_first);
	query_i64(&query, file->ack_control_count);
	query_text(&query, file->model);
	query_tally(&query, &file->tally);
	query_u64(&query, file->file_no);
	return query_run(&query);
}

static int finish_file(struct query *query, struct arena *arena, const struct store_file **ret_file)
{
	struct store_file *file;

	*ret_file = NULL;
	if (query_row(query)) {
		file = query_alloc(query, arena, sizeof(*file));
		if (file != NULL) {
			read_file(query, arena, file);
			*ret_file = file;
		}
	}
	return query_close(query);
}

int store_file_get(struct store *store, uint64_t file_no, struct arena *arena, const struct store_file **ret_file)
{
	struct query query;

	query_open(&query, store, "SELECT " FILE_COLUMNS " FROM files WHERE file_no = ?");
	query_u64(&query, file_no);
	return finish_file(&query, arena, ret_file);
}

int store_file_by_id(struct store *store, struct slice file_id, struct arena *arena, const struct store_file **ret_file)
{
	uint64_t file_no = 0;

	*ret_file = NULL;
	if (!slice_starts_with(file_id, "F") || !slice_to_u64(slice_of(file_id.data + 1, file_id.len - 1), &file_no))
		return 0;
	return store_file_get(store, file_no, arena, ret_file);
}

int store_file_by_hash(struct store *store, const struct hash *sha256, uint64_t but_file_no, struct arena *arena,
		       const struct store_file **ret_file)
{
	struct query query;

	query_open(&query, store,
		   "SELECT " FILE_COLUMNS " FROM files WHERE sha256 = ? AND file_no <> ? "
		   "AND outcome IN ('processed', 'open') ORDER BY file_no LIMIT 1");
	query_hash(&query, sha256);
	query_u64(&query, but_file_no);
	return finish_file(&query, arena, ret_file);
}

static int walk_files(struct query *query, store_file_fn fn, void *context)
{
	struct store *store = query->store;
	struct store_file file;

	while (query_row(query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_file(query, &store->scratch, &file);
		if (query->error == 0)
			query->error = fn(context, &file);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(query);
}

int store_files_unfinished(struct store *store, store_file_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, "SELECT " FILE_COLUMNS " FROM files WHERE stage <> 'filed' ORDER BY file_no");
	return walk_files(&query, fn, context);
}

int store_files_each(struct store *store, uint64_t from, store_file_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, "SELECT " FILE_COLUMNS " FROM files WHERE file_no >= ? ORDER BY file_no");
	query_u64(&query, from);
	return walk_files(&query, fn, context);
}

int store_files_named_after(struct store *store, const struct store_file *file, store_file_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT " FILE_COLUMNS " FROM files WHERE file_no > ? AND name = ? AND partner = ? AND out_dir = ? "
		   "ORDER BY file_no");
	query_u64(&query, file->file_no);
	query_text(&query, file->name);
	query_text(&query, file->partner);
	query_text(&query, file->out_dir);
	return walk_files(&query, fn, context);
}

int store_file_arrived(struct store *store, struct slice partner, enum store_arrival arrival, struct arena *arena,
		       const struct store_file **ret_file)
{
	struct query query;

	/* BGN08 and the profile have settled which sets are full files; a file that was cut off may have no set. */
	query_open(&query, store,
		   "SELECT " FILE_COLUMNS " FROM files f WHERE partner = ?1 "
		   "AND outcome IN ('processed', 'held') AND EXISTS(SELECT 1 FROM tsets t LEFT JOIN full_sets s "
		   "ON s.tset_no = t.tset_no WHERE t.file_no = f.file_no AND t.outcome <> 'test' AND (?2 = 0 "
		   "OR (?2 = 1 AND t.set_id = '834' AND s.tset_no IS NULL) OR (?2 = 2 AND s.tset_no IS NOT NULL) "
		   "OR (?2 = 3 AND t.set_id = '820'))) ORDER BY file_no DESC LIMIT 1");
	query_text(&query, partner);
	query_i64(&query, (int64_t)arrival);
	return finish_file(&query, arena, ret_file);
}

/* ---- interchanges -------------------------------------------------------------------------------------------- */

#define INTERCHANGE_COLUMNS                                                                                            \
	"file_no, ordinal, sender_qualifier, sender_id, receiver_qualifier, receiver_id, date, time, version, "        \
	"control_number, usage, offset, end_offset, complete, rejected"

int store_interchange_add(struct store *store, struct store_interchange *interchange)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "INSERT INTO interchanges(" INTERCHANGE_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, interchange->file_no);
	query_i64(&query, interchange->ordinal);
	query_text(&query, interchange->sender_qualifier);
	query_text(&query, interchange->sender_id);
	query_text(&query, interchange->receiver_qualifier);
	query_text(&query, interchange->receiver_id);
	query_text(&query, interchange->date);
	query_text(&query, interchange->time);
	query_text(&query, interchange->version);
	query_text(&query, interchange->control_number);
	query_text(&query, interchange->usage);
	query_u64(&query, interchange->offset);
	query_u64(&query, interchange->end_offset);
	query_bool(&query, interchange->complete);
	query_bool(&query, interchange->rejected);
	error = query_run(&query);
	if (error == 0)
		interchange->interchange_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return error;
}

static void read_interchange(struct query *query, struct arena *arena, struct store_interchange *interchange)
{
	interchange->interchange_no = read_u64(query);
	interchange->file_no = read_u64(query);
	interchange->ordinal = read_u32(query);
	interchange->sender_qualifier = read_text(query, arena);
	interchange->sender_id = read_text(query, arena);
	interchange->receiver_qualifier = read_text(query, arena);
	interchange->receiver_id = read_text(query, arena);
	interchange->date = read_text(query, arena);
	interchange->time = read_text(query, arena);
	interchange->version = read_text(query, arena);
	interchange->control_number = read_text(query, arena);
	interchange->usage = read_text(query, arena);
	interchange->offset = read_u64(query);
	interchange->end_offset = read_u64(query);
	interchange->complete = read_bool(query);
	interchange->rejected = read_bool(query);
}

int store_interchanges_each(struct store *store, uint64_t file_no, store_interchange_fn fn, void *context)
{
	struct query query;
	struct store_interchange interchange;

	query_open(&query, store,
		   "SELECT interchange_no, " INTERCHANGE_COLUMNS
		   " FROM interchanges WHERE file_no = ? ORDER BY ordinal");
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_interchange(&query, &store->scratch, &interchange);
		if (query.error == 0)
			query.error = fn(context, &interchange);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

static int delete_of_file(struct store *store, const char *sql, uint64_t file_no)
{
	struct query query;

	query_open(&query, store, sql);
	query_u64(&query, file_no);
	return query_run(&query);
}

int store_file_forget_sets(struct store *store, uint64_t file_no)
{
	enum store_file_stage stage = STORE_FILE_CLAIMED;
	int error = file_stage(store, file_no, &stage);

	if (error == 0 && stage != STORE_FILE_CLAIMED)
		error = STORE_E_STALE;
	if (error == 0)
		error = delete_of_file(
			store, "DELETE FROM full_groups WHERE tset_no IN (SELECT tset_no FROM tsets WHERE file_no = ?)",
			file_no);
	if (error == 0)
		error = delete_of_file(
			store, "DELETE FROM full_sets WHERE tset_no IN (SELECT tset_no FROM tsets WHERE file_no = ?)",
			file_no);
	if (error == 0)
		error = delete_of_file(store, "DELETE FROM tsets WHERE file_no = ?", file_no);
	if (error == 0)
		error = delete_of_file(store, "DELETE FROM interchanges WHERE file_no = ?", file_no);
	return error;
}

/* ---- lanes --------------------------------------------------------------------------------------------------- */

static void query_lane_key(struct query *query, const struct store_lane *lane)
{
	query_text(query, lane->sender_qualifier);
	query_text(query, lane->sender_id);
	query_text(query, lane->receiver_qualifier);
	query_text(query, lane->receiver_id);
	query_text(query, lane->sponsor_id);
}

int store_lane_get(struct store *store, const struct store_lane *lane, struct arena *arena, struct store_lane *ret_lane)
{
	struct query query;
	struct store_lane found = *lane;

	found.last_control = found.last_file_no = 0;
	found.last_applied = SLICE_EMPTY;
	query_open(&query, store,
		   "SELECT last_control, last_applied, last_file_no FROM lanes WHERE sender_qualifier = ? "
		   "AND sender_id = ? AND receiver_qualifier = ? AND receiver_id = ? AND sponsor_id = ?");
	query_lane_key(&query, lane);
	if (query_row(&query)) {
		found.last_control = read_u64(&query);
		found.last_applied = read_text(&query, arena);
		found.last_file_no = read_u64(&query);
	}
	*ret_lane = found;
	return query_close(&query);
}

int store_lane_put(struct store *store, const struct store_lane *lane)
{
	struct query query;

	query_open(
		&query, store,
		"INSERT INTO lanes(sender_qualifier, sender_id, receiver_qualifier, receiver_id, sponsor_id, "
		"last_control, last_applied, last_file_no) VALUES(?,?,?,?,?,?,?,?) "
		"ON CONFLICT(sender_qualifier, sender_id, receiver_qualifier, receiver_id, sponsor_id) DO UPDATE SET "
		"(last_control, last_applied, last_file_no) = "
		"(excluded.last_control, excluded.last_applied, excluded.last_file_no)");
	query_lane_key(&query, lane);
	query_u64(&query, lane->last_control);
	query_text(&query, lane->last_applied);
	query_u64(&query, lane->last_file_no);
	return query_run(&query);
}
