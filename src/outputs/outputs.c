/*
 * outputs: one file's outputs, one after the other, and the law over them.
 *
 * The summary is written last: where it stands, everything else does. All is read inside one read transaction, so
 * that the tables, the report and the numbers are of one moment.
 */
#include "muster/outputs.h"

#include <assert.h>
#include <stdio.h>

#include "muster/limits.h"
#include "muster/log.h"
#include "work.h"

#define FLUSH_BYTES (32u * 1024u)

static const char *const suffixes[OUTPUTS_KIND_COUNT] = {".applied.csv", ".exceptions.csv", ".exceptions.xml",
							 ".notices.csv", ".report.html",    ".omissions.csv",
							 ".audit.csv",   ".errors.csv",     ".summary.json"};

const char *const action_names[ACTION_COUNT] = {"add",  "change",   "terminate", "reinstate",
						"void", "transfer", "no_change", "post"};

const char *outputs_suffix(enum outputs_kind kind)
{
	assert((unsigned)kind < OUTPUTS_KIND_COUNT);
	return suffixes[kind];
}

bool outputs_is_table(enum outputs_kind kind)
{
	return kind == OUTPUTS_APPLIED_CSV || kind == OUTPUTS_EXCEPTIONS_CSV || kind == OUTPUTS_EXCEPTIONS_XML ||
	       kind == OUTPUTS_NOTICES_CSV || kind == OUTPUTS_ERRORS_CSV;
}

int work_flush_some(struct work *work)
{
	if (work->text.error == 0 && work->text.len >= FLUSH_BYTES) {
		io_outfile_write(&work->out, work->text.data, work->text.len);
		buffer_clear(&work->text);
	}
	return work->text.error != 0 ? work->text.error : work->out.error;
}

bool is_of_the_file(const struct store_change *change)
{
	return slice_is_empty(change->operator_id);
}

static int sink_outfile(void *context, const char *data, size_t bytes)
{
	struct io_outfile *out = context;

	io_outfile_write(out, data, bytes);
	return out->error;
}

static int write_exceptions(struct work *work, enum queue_form form)
{
	struct store_exception_filter filter = {.file_no = work->file->file_no, .in_file_order = true};
	struct queue_sink sink = {&work->out, sink_outfile};

	return queue_export(work->store, work->env, &filter, form, true, &sink, &work->exceptions);
}

int write_exceptions_csv(struct work *work)
{
	return write_exceptions(work, QUEUE_CSV);
}

int write_exceptions_xml(struct work *work)
{
	return write_exceptions(work, QUEUE_XML);
}

static int write_one(struct work *work, enum outputs_kind kind, int (*writer)(struct work *work))
{
	char path[LIMIT_PATH_BYTES];
	int len = snprintf(path, sizeof(path), "%s/%s%s", work->request->folder, work->request->name, suffixes[kind]);
	int r;

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	r = io_outfile_open(&work->out, work->env, path);
	if (r != 0)
		return log_failure(r, "cannot write outputs of file %llu", (unsigned long long)work->file->file_no);
	buffer_clear(&work->text);
	r = writer(work);
	if (r == 0)
		r = work->text.error;
	if (r != 0) {
		io_outfile_abort(&work->out);
		return r;
	}
	io_outfile_write(&work->out, work->text.data, work->text.len);
	work->written.files[kind].written = true;
	work->written.files[kind].bytes = work->out.bytes;
	return io_outfile_commit(&work->out, &work->written.files[kind].sha256);
}

/* Which of the two further tables a full file has. */
static int find_full(void *context, const struct store_full_use *use)
{
	bool *wanted = context;

	wanted[OUTPUTS_OMISSIONS_CSV] = wanted[OUTPUTS_OMISSIONS_CSV] || use->set.mode == STORE_FULL_REPLACE;
	wanted[OUTPUTS_AUDIT_CSV] = wanted[OUTPUTS_AUDIT_CSV] || use->set.mode == STORE_FULL_AUDIT;
	return 0;
}

/* ---- the law ------------------------------------------------------------------------------------------------ */

static int broken(const struct work *work, const char *what)
{
	return log_failure(MUSTER_ERROR_INTERNAL, "file %llu: the conservation law does not hold: %s",
			   (unsigned long long)work->file->file_no, what);
}

/* Lines of a posted 820 set, by their rows. */
struct money {
	struct work *work;
	cents posted, suspended;
};

static int add_money(void *context, const struct store_tset *tset)
{
	struct money *money = context;
	struct store_payment_totals totals;
	int r;

	if (tset->outcome != STORE_TSET_APPLIED || !slice_is(tset->set_id, "820"))
		return 0;
	r = store_remittance_totals(money->work->store, tset->tset_no, &totals);
	if (r == 0) {
		money->posted += totals.amounts[STORE_PAYMENT_PENDING] + totals.amounts[STORE_PAYMENT_POSTED];
		money->suspended += totals.amounts[STORE_PAYMENT_SUSPENDED];
	}
	return r;
}

/*
 * The tallies balance; and when they are fresh (nobody has worked on the items yet) the rows are as many as they say.
 */
static int check_law(struct work *work)
{
	const struct store_tally *tally = &work->file->tally;
	struct money money = {.work = work};
	int r;

	if (!store_tally_is_balanced(tally))
		return broken(work, "read is not the sum of the others");
	if (work->file->stage >= STORE_FILE_ACKNOWLEDGED)
		return 0;
	if (work->applied_records != tally->members_applied)
		return broken(work, "applied.csv has other records than were applied");
	if (work->unchanged_records != tally->members_no_change)
		return broken(work, "applied.csv has other records than were left unchanged");
	/* What goes back to the sender by agreement stands among the exceptions and counts as rejected. */
	if (work->exceptions.records - work->exceptions.rejected != tally->members_exception)
		return broken(work, "the queue has other records than became exceptions");
	r = store_tsets_each(work->store, work->file->file_no, add_money, &money);
	if (r != 0)
		return r;
	if (money.posted != tally->money_posted || money.suspended != tally->money_suspended)
		return broken(work, "the remittance lines add up to other money");
	return 0;
}

static int write_all(struct work *work)
{
	static int (*const writers[OUTPUTS_KIND_COUNT])(struct work * work) = {
		write_applied, write_exceptions_csv, write_exceptions_xml, write_notices, write_report,
		write_omissions, write_audit, write_errors, write_summary};
	bool *wanted = work->wanted;
	int kind, r;

	for (kind = 0; kind < OUTPUTS_KIND_COUNT; kind++)
		wanted[kind] = kind != OUTPUTS_OMISSIONS_CSV && kind != OUTPUTS_AUDIT_CSV &&
			       (kind != OUTPUTS_ERRORS_CSV || work->request->errors != NULL);
	r = store_full_uses_each(work->store, work->file->file_no, find_full, wanted);
	work->is_full = wanted[OUTPUTS_OMISSIONS_CSV] || wanted[OUTPUTS_AUDIT_CSV];
	for (kind = 0; r == 0 && kind < OUTPUTS_KIND_COUNT; kind++) {
		if (kind == OUTPUTS_SUMMARY_JSON)
			r = check_law(work);
		else if (kind == OUTPUTS_REPORT_HTML)
			r = find_drift(work);
		if (r == 0 && wanted[kind])
			r = write_one(work, (enum outputs_kind)kind, writers[kind]);
		if (kind == OUTPUTS_APPLIED_CSV)
			work->written.files[kind].rows = work->applied_rows;
		else if (kind == OUTPUTS_EXCEPTIONS_CSV || kind == OUTPUTS_EXCEPTIONS_XML)
			work->written.files[kind].rows = work->exceptions.items;
		else if (kind == OUTPUTS_NOTICES_CSV)
			work->written.files[kind].rows = work->notice_rows;
	}
	return r;
}

static int read_file_row(struct work *work)
{
	int r = store_file_get(work->store, work->request->file_no, &work->arena, &work->file);

	if (r == 0 && work->file == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "there is no file %llu to write outputs of",
				   (unsigned long long)work->request->file_no);
	if (r == 0 && work->request->tally != NULL) {
		struct store_file *then = arena_alloc(&work->arena, sizeof(*then));

		if (then == NULL)
			return -ENOMEM;
		*then = *work->file;
		then->tally = *work->request->tally;
		work->file = then;
	}
	if (r == 0 && work->file->duplicate_of != 0)
		r = store_file_get(work->store, work->file->duplicate_of, &work->arena, &work->duplicate_of);
	return r;
}

/* Open what every writer needs, and run `fn` in one moment of the database. */
static int with_work(struct work *work, int (*fn)(struct work *work))
{
	bool own_transaction = !store_is_writing(work->store);
	int r = own_transaction ? store_begin(work->store, STORE_READ) : 0;

	assert(strchr(work->request->name, '/') == NULL);
	if (r != 0)
		return r;
	arena_init(&work->arena, work->env, 0, 0);
	buffer_init(&work->text, work->env);
	r = read_file_row(work);
	if (r == 0)
		r = fn(work);
	if (own_transaction)
		store_rollback(work->store);
	buffer_fini(&work->text);
	arena_fini(&work->arena);
	return r;
}

int outputs_write(struct env *env, struct store *store, const struct outputs_request *request,
		  struct outputs_written *ret_written)
{
	struct work work = {.env = env, .store = store, .request = request};
	int r = with_work(&work, write_all);

	/* The arena that held it is gone. */
	work.written.matching.partner = SLICE_EMPTY;
	if (r == 0 && ret_written != NULL)
		*ret_written = work.written;
	return r;
}

static int write_notices_alone(struct work *work)
{
	int r = count_notices(work);

	return r != 0 || work->notice_rows == 0 ? r : write_one(work, OUTPUTS_NOTICES_CSV, write_notices);
}

int outputs_write_notices(struct env *env, struct store *store, const struct outputs_notices *notices,
			  uint64_t *ret_rows)
{
	struct work work = {.env = env,
			    .store = store,
			    .request = &notices->request,
			    .later_tset_no = notices->tset_no,
			    .later_member_pos = notices->member_pos};
	int r = with_work(&work, write_notices_alone);

	if (r == 0)
		*ret_rows = work.notice_rows;
	return r;
}
