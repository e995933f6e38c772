#include "items.h"

#include <stdlib.h>

#include "claim.h"
#include "muster/log.h"
#include "muster/outputs.h"
#include "omit.h"
#include "release.h"
#include "supersede.h"

bool items_in_set(const struct job_items *items, uint32_t tset_ordinal)
{
	uint32_t i;

	for (i = 0; i < items->count; i++)
		if (items->items[i].tset_ordinal == tset_ordinal && !items->items[i].ran)
			return true;
	return false;
}

static struct job_item *item_at(struct pass *pass, uint32_t member_pos)
{
	struct job_items *items = pass_job(pass)->items;
	uint32_t i;

	for (i = 0; i < items->count; i++)
		if (items->items[i].tset_ordinal == pass->tset.ordinal && items->items[i].member_pos == member_pos &&
		    !items->items[i].ran)
			return &items->items[i];
	return NULL;
}

static struct slice item_member(const struct job_item *item)
{
	return slice_starts_with(item->decision, "match:") ? slice_of(item->decision.data + 6, item->decision.len - 6)
							   : SLICE_EMPTY;
}

/* Is the record an exception still? Only then may it have an effect. */
static int item_waits(struct pass *pass, uint32_t member_pos, bool *ret_waits)
{
	enum store_record_outcome outcome;
	int r = store_ledger_get(pass_job(pass)->store, pass->tset.tset_no, member_pos, &outcome);

	if (r == 0)
		*ret_waits = outcome == STORE_RECORD_EXCEPTION;
	return r;
}

static int item_audit(struct pass *pass, const struct job_item *item, struct hash_content_state *payload)
{
	struct store_audit audit = {
		.kind = SLICE_LITERAL("again"),
		.actor = item->operator_id,
		.subject = item->item_id,
		.text = item->end == BATCH_ITEM_APPLIED ? SLICE_LITERAL("ran again and was applied")
							: SLICE_LITERAL("ran again and waits"),
	};

	hash_content_final(payload, &audit.payload);
	return store_audit_append(pass_job(pass)->store, &audit);
}

/* The file's and the set's tallies follow the ledger. */
static int item_retally(struct pass *pass, const struct store_tally *gained)
{
	struct job *job = pass_job(pass);
	struct store_tally *set = &pass->tset.tally;
	uint64_t left = gained->members_applied + gained->members_no_change + gained->members_rejected;
	cents money = gained->money_posted + gained->money_rejected;
	int r;

	set->members_exception -= left;
	set->members_applied += gained->members_applied;
	set->members_no_change += gained->members_no_change;
	set->members_rejected += gained->members_rejected;
	set->money_suspended -= money;
	set->money_posted += gained->money_posted;
	set->money_rejected += gained->money_rejected;
	r = store_tset_update(job->store, &pass->tset);
	if (r == 0)
		r = store_file_tally(job->store, job->file.file_no, &job->file.tally);
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* A record that ran again without a decision of its own is resolved by having been applied. */
static int item_close(struct pass *pass, const struct job_item *item)
{
	struct job *job = pass_job(pass);
	const struct store_exception *stored;
	struct store_exception row;
	int r;

	if (item->end != BATCH_ITEM_APPLIED)
		return 0;
	r = store_exception_get(job->store, item->item_id, &pass->family_arena, &stored);
	if (r < 0 || stored == NULL || stored->status == STORE_EXCEPTION_RESOLVED)
		return r;
	row = *stored;
	row.status = STORE_EXCEPTION_RESOLVED;
	row.operator_id = item->operator_id;
	r = store_exception_update(job->store, &row);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int item_end(struct pass *pass, struct job_item *item, const struct store_tally *gained,
		    struct hash_content_state *payload)
{
	int r;

	item->ran = true;
	item->end = gained->members_applied + gained->members_no_change > 0 ? BATCH_ITEM_APPLIED : BATCH_ITEM_WAITS;
	r = item_retally(pass, gained);
	if (r == 0)
		r = item_close(pass, item);
	if (r == 0)
		r = item_audit(pass, item, payload);
	if (r == 0)
		r = store_commit(pass_job(pass)->store);
	return r;
}

static struct apply_origin item_origin(struct pass *pass, const struct job_item *item)
{
	struct apply_origin origin = job_origin(pass_job(pass), &pass->tset);

	origin.operator_id = item->operator_id;
	origin.at_ms = batch_received_ms(pass_job(pass)->batch);
	origin.again = true;
	origin.item_id = item->item_id;
	return origin;
}

static int item_record(struct pass *pass, const struct enroll_family *whole, uint32_t index, struct job_item *item)
{
	struct job *job = pass_job(pass);
	struct apply_origin origin = item_origin(pass, item);
	struct enroll_family family = *whole;
	struct changeset changeset;
	struct store_tally gained = {0};
	struct hash_content_state payload;
	const struct decide_input input = {
		.view = &pass->known.view,
		.policy = &job->profile->decide,
		.today = job->batch->settings.today,
		.family = &family,
		.compares = pass_compares(pass),
		.last_chance = true,
		.forced_member_id = item_member(item),
		.forced_new = slice_is(item->decision, "new"),
		.insists = item->told_on_file,
		.insists_alone = item->told_alone,
	};
	int r;

	apply_view_forget(&pass->known);
	family.members = &whole->members[index];
	family.member_count = 1;
	hash_content_init(&payload);
	r = decide_family(&pass->family_arena, &input, &changeset);
	if (r == 0)
		r = apply_family(&pass->family_arena, &origin, &family, &changeset, &gained, &payload);
	gained.members_exception = 0;
	return r < 0 ? r : item_end(pass, item, &gained, &payload);
}

int items_family(struct pass *pass, const struct enroll_family *family)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < family->member_count; i++) {
		struct job_item *item = item_at(pass, family->members[i].member_pos);
		bool waits = false;

		if (item == NULL)
			continue;
		r = store_begin(pass_job(pass)->store, STORE_WRITE);
		if (r == 0)
			r = item_waits(pass, item->member_pos, &waits);
		if (r == 0 && waits)
			r = item_record(pass, family, i, item);
		if (r < 0 || !waits)
			store_rollback(pass_job(pass)->store);
		item->ran = true;
	}
	return r;
}

static int item_post(struct pass *pass, const struct remit_header *header, const struct remittance_line *line,
                     struct job_item *item)
{
	struct job *job = pass_job(pass);
	struct apply_origin origin = item_origin(pass, item);
	struct store_tally gained = {0};
	struct decide_payment payment;
	struct hash_content_state payload;
	int r;

	hash_content_init(&payload);
	r = decide_remittance_line(&pass->family_arena, &pass->known.view, &job->profile->decide,
				   job->batch->settings.today, header, line, item_member(item), &payment);
	if (r == 0)
		r = apply_remittance_line(&pass->family_arena, &origin, header, line, &payment,
					  job->batch->settings.today, &gained, &payload);
	gained.members_exception = 0;
	gained.money_suspended = 0;
	return r < 0 ? r : item_end(pass, item, &gained, &payload);
}

int items_line(struct pass *pass, const struct remit_header *header, const struct remittance_line *line)
{
	struct job_item *item = item_at(pass, line->line_pos);
	bool waits = false;
	int r;

	if (item == NULL)
		return 0;
	r = store_begin(pass_job(pass)->store, STORE_WRITE);
	if (r == 0)
		r = item_waits(pass, item->member_pos, &waits);
	if (r == 0 && waits)
		r = item_post(pass, header, line, item);
	if (r < 0 || !waits)
		store_rollback(pass_job(pass)->store);
	item->ran = true;
	return r;
}

/* ---- which items, of which files ---- */

struct item_row {
	uint64_t file_no, tset_no;
	struct job_item item;
};

struct item_list {
	struct batch *batch;
	struct arena arena;
	struct item_row *rows;
	uint32_t count, capacity;
};

static int list_add(struct item_list *list, const struct store_exception *exception)
{
	struct job_item *item;

	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity * 2 + 16;
		struct item_row *grown = env_realloc(list->batch->env, list->rows, capacity * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		list->rows = grown;
		list->capacity = capacity;
	}
	item = &list->rows[list->count].item;
	*item = (struct job_item){
		.tset_ordinal = exception->origin.tset_ordinal,
		.member_pos = exception->member_pos,
		.item_id = arena_dup(&list->arena, exception->item_id),
		.decision = arena_dup(&list->arena, exception->decision),
		.operator_id = arena_dup(&list->arena, exception->operator_id),
		.omitted = exception->category == CATEGORY_OMITTED,
		.told_on_file = exception->category == CATEGORY_DUP_ADD,
		.told_alone = exception->category == CATEGORY_DEP_NO_SUBSCRIBER,
		.superseded = exception->status == STORE_EXCEPTION_SUPERSEDED,
		.end = BATCH_ITEM_BEFORE,
	};
	list->rows[list->count].file_no = exception->file_no;
	list->rows[list->count++].tset_no = exception->tset_no;
	return item->item_id.data != NULL && item->decision.data != NULL && item->operator_id.data != NULL ? 0
													   : -ENOMEM;
}

static int list_compare(const void *a, const void *b)
{
	const struct item_row *left = a, *right = b;

	if (left->file_no != right->file_no)
		return left->file_no < right->file_no ? -1 : 1;
	if (left->item.tset_ordinal != right->item.tset_ordinal)
		return left->item.tset_ordinal < right->item.tset_ordinal ? -1 : 1;
	return (left->item.member_pos > right->item.member_pos) - (left->item.member_pos < right->item.member_pos);
}

/* The money of a rejected line leaves suspense. */
static int item_reject_money(struct batch *batch, struct arena *arena, uint32_t line_pos, struct store_tset *tset)
{
	const struct store_remittance_line *stored;
	struct store_remittance_line line;
	int r = store_remittance_line_get(batch->store, tset->tset_no, line_pos, arena, &stored);

	if (r < 0 || stored == NULL)
		return r;
	line = *stored;
	line.status = STORE_PAYMENT_REJECTED;
	tset->tally.money_suspended -= line.amount;
	tset->tally.money_rejected += line.amount;
	return store_remittance_line_update(batch->store, &line);
}

/* A rejected record has its place in the conservation law, and no other effect. */
static int item_reject(struct batch *batch, uint64_t file_no, uint64_t tset_no, struct job_item *item)
{
	const struct store_file *file;
	const struct store_tset *tset;
	struct store_file file_row;
	struct store_tset row;
	struct arena arena;
	enum store_record_outcome outcome;
	int r = store_ledger_get(batch->store, tset_no, item->member_pos, &outcome);

	if (r < 0 || outcome != STORE_RECORD_EXCEPTION)
		return r;
	item->end = BATCH_ITEM_CLOSED;
	arena_init(&arena, batch->env, 0, 0);
	r = store_begin(batch->store, STORE_WRITE);
	if (r == 0)
		r = store_ledger_update(batch->store, tset_no, item->member_pos, STORE_RECORD_REJECTED);
	if (r == 0)
		r = store_tset_get(batch->store, tset_no, &arena, &tset);
	if (r == 0)
		r = store_file_get(batch->store, file_no, &arena, &file);
	/* Who was left out is no record: the law does not know him. */
	if (r == 0) {
		row = *tset;
		row.tally.members_exception -= item->omitted ? 0 : 1;
		row.tally.members_rejected += item->omitted ? 0 : 1;
		file_row = *file;
		r = item_reject_money(batch, &arena, item->member_pos, &row);
	}
	if (r == 0)
		r = store_tset_update(batch->store, &row);
	if (r == 0)
		r = store_file_tally(batch->store, file_no, &file_row.tally);
	if (r == 0)
		r = store_file_update(batch->store, &file_row);
	if (r == 0)
		r = store_commit(batch->store);
	if (r != 0)
		store_rollback(batch->store);
	arena_fini(&arena);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* What was not met, though it waits: a decision is not carried out because nobody read the record. */
static int item_missed(struct item_list *list, const struct item_row *row, struct job_item *item)
{
	enum store_record_outcome outcome;
	int r = store_ledger_get(list->batch->store, row->tset_no, item->member_pos, &outcome);

	if (r < 0 || outcome != STORE_RECORD_EXCEPTION)
		return r;
	item->end = BATCH_ITEM_MISSED;
	log_message(LOG_ERROR, "item %.*s: its record is not in the kept original of its file; nothing was done",
		    (int)item->item_id.len, item->item_id.data);
	return 0;
}

static int list_run_file(struct item_list *list, uint32_t first, uint32_t count)
{
	struct job_item *items = arena_alloc_array(&list->arena, count, sizeof(*items));
	struct job_items run = {.items = items};
	const struct store_file *file;
	struct job job;
	uint32_t i;
	int r = items != NULL ? store_file_get(list->batch->store, list->rows[first].file_no, &list->arena, &file)
			      : -ENOMEM;

	if (r < 0)
		return r;
	for (i = 0; i < count; i++)
		items[run.count++] = list->rows[first + i].item;
	r = job_init(&job, list->batch, file);
	if (r == 0)
		r = release_find_original(&job);
	job.items = &run;
	if (r == 0)
		r = job_run_items(&job);
	for (i = 0; r == 0 && i < count; i++)
		if (!items[i].ran)
			r = item_missed(list, &list->rows[first + i], &items[i]);
	for (i = 0; i < count; i++)
		list->rows[first + i].item = items[i];
	job_fini(&job);
	return r;
}

static bool item_runs(const struct job_item *item)
{
	if (item->member_pos == 0 || item->omitted || item->superseded)
		return false;
	return slice_is_empty(item->decision) || slice_is(item->decision, "new") ||
	       slice_starts_with(item->decision, "match:") || slice_starts_with(item->decision, "not:");
}

/* A household left out of a full file, released: it ends in a transaction of its own. */
static int item_release_omission(struct batch *batch, const struct item_row *row, struct job_item *item)
{
	const struct store_file *file;
	enum store_record_outcome outcome;
	struct arena arena;
	struct job job;
	int r = store_ledger_get(batch->store, row->tset_no, item->member_pos, &outcome);

	if (r < 0 || outcome != STORE_RECORD_EXCEPTION)
		return r;
	arena_init(&arena, batch->env, 0, 0);
	r = store_file_get(batch->store, row->file_no, &arena, &file);
	if (r == 0)
		r = job_init(&job, batch, file);
	if (r == 0) {
		r = job_release_omission(&job, row->tset_no, item);
		job_fini(&job);
	}
	arena_fini(&arena);
	return r;
}

/* Has a newer full file been applied since somebody said that this set, or this omission, may go on? */
static int item_is_overtaken(struct batch *batch, struct arena *arena, const struct item_row *row, bool *ret_overtaken)
{
	const struct store_exception *stored;
	const struct store_tset *tset = NULL;
	int r = store_exception_get(batch->store, row->item.item_id, arena, &stored);

	*ret_overtaken = false;
	if (r == 0)
		r = store_tset_get(batch->store, row->tset_no, arena, &tset);
	/* A set that is open again is under way: that is ended. */
	if (r < 0 || stored == NULL || tset == NULL || (!row->item.omitted && tset->outcome != STORE_TSET_HELD))
		return r;
	return store_full_is_overtaken(batch->store, row->tset_no, row->item.omitted ? stored->group_id : SLICE_EMPTY,
				       ret_overtaken);
}

static int item_overtaken_close(struct batch *batch, struct job_item *item)
{
	int r = store_begin(batch->store, STORE_WRITE);

	if (r == 0)
		r = supersede_item(batch->store, item->item_id, &batch->arena);
	if (r == 0)
		r = store_commit(batch->store);
	if (r != 0)
		store_rollback(batch->store);
	item->end = BATCH_ITEM_CLOSED;
	return r;
}

static int item_release(struct batch *batch, struct item_row *row)
{
	bool overtaken;
	int r = item_is_overtaken(batch, &batch->arena, row, &overtaken);

	if (r < 0)
		return r;
	if (overtaken)
		return item_overtaken_close(batch, &row->item);
	return row->item.omitted ? item_release_omission(batch, row, &row->item)
				 : release_set(batch, row->file_no, row->tset_no, &row->item);
}

/* Decisions that need no record to be read again. */
static int item_without_record(struct batch *batch, struct item_row *row)
{
	struct job_item *item = &row->item;

	if (slice_is(item->decision, "release") && !item->superseded)
		return item_release(batch, row);
	if (slice_is(item->decision, "reject") && item->member_pos != 0)
		return item_reject(batch, row->file_no, row->tset_no, item);
	item->end = slice_is_empty(item->decision) && !item->superseded ? BATCH_ITEM_WAITS : BATCH_ITEM_CLOSED;
	return 0;
}

/* All rows of one file: rejected ones by themselves, the others in one walk over the original. */
static int list_run(struct item_list *list)
{
	uint32_t first, end;
	int r = 0;

	if (list->count > 0)
		qsort(list->rows, list->count, sizeof(list->rows[0]), list_compare);
	for (first = 0; r == 0 && first < list->count; first = end) {
		if (!item_runs(&list->rows[first].item)) {
			r = item_without_record(list->batch, &list->rows[first]);
			end = first + 1;
			continue;
		}
		for (end = first + 1; end < list->count && list->rows[end].file_no == list->rows[first].file_no &&
				      item_runs(&list->rows[end].item);
		     end++)
			;
		r = list_run_file(list, first, end - first);
	}
	return r;
}

/*
 * What the decision on this record asks other systems to send, beside the file's own outputs as <item>.notices.csv. It
 * is made of rows: saying `reprocess --item` again makes it again. A folder that is shut keeps nobody's records waiting: the
 * next run tries again.
 */
static int notices_write(struct batch *batch, const struct store_file *file, const struct store_tset *tset,
			 uint32_t member_pos, bool *ret_written)
{
	char name[STORE_ITEM_ID_BYTES], folder[LIMIT_PATH_BYTES];
	const struct outputs_notices notices = {
		.request = {.file_no = file->file_no, .folder = folder, .name = name},
		.tset_no = tset->tset_no,
		.member_pos = member_pos};
	uint64_t rows;
	int r;

	store_item_id_format(file->file_no, tset->ordinal, member_pos, name);
	slice_to_cstr(file->out_dir, folder, sizeof(folder));
	r = env_mkdirs(batch->env, folder);
	if (r == 0)
		r = outputs_write_notices(batch->env, batch->store, &notices, &rows);
	*ret_written = r == 0;
	if (!claim_is_shut(r) && r != -ENOENT && r != -ENOTDIR && r != -EEXIST)
		return r;
	log_failure(r, "the notices of item %s cannot be put into %s; the next run tries again", name, folder);
	return 0;
}

/* A record of which notices are written or to be written. */
struct told {
	uint64_t tset_no;
	uint32_t member_pos;
	bool written;
};

struct told_list {
	struct batch *batch;
	struct arena arena;
	struct told *rows;
	uint32_t count, capacity;
};

static int told_add(void *context, uint64_t tset_no, uint32_t member_pos)
{
	struct told_list *list = context;

	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity * 2 + 16;
		struct told *grown = env_realloc(list->batch->env, list->rows, capacity * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		list->rows = grown;
		list->capacity = capacity;
	}
	list->rows[list->count++] = (struct told){.tset_no = tset_no, .member_pos = member_pos};
	return 0;
}

static int told_write(struct told_list *list, struct told *row)
{
	struct store *store = list->batch->store;
	struct arena_mark mark = arena_mark(&list->arena);
	enum store_record_outcome outcome;
	const struct store_tset *tset;
	const struct store_file *file = NULL;
	int r = store_tset_get(store, row->tset_no, &list->arena, &tset);

	if (r == 0 && tset != NULL)
		r = store_file_get(store, tset->file_no, &list->arena, &file);
	if (r == 0 && file != NULL)
		r = store_ledger_get(store, row->tset_no, row->member_pos, &outcome);
	/* Taken back before anybody was told: it waits again. */
	if (r == 0 && file != NULL && outcome != STORE_RECORD_EXCEPTION)
		r = notices_write(list->batch, file, tset, row->member_pos, &row->written);
	arena_rewind(&list->arena, mark);
	return r;
}

static int told_end(struct told_list *list)
{
	struct store *store = list->batch->store;
	uint32_t i;
	int r = store_begin(store, STORE_WRITE);

	for (i = 0; r == 0 && i < list->count; i++)
		if (list->rows[i].written)
			r = store_notices_written(store, list->rows[i].tset_no, list->rows[i].member_pos);
	if (r == 0)
		r = store_commit(store);
	if (r != 0)
		store_rollback(store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* An item that was named is told of again, whoever has written its notices before. */
static int told_again(struct told_list *list, const struct item_row *row)
{
	uint32_t i;

	if (row->item.member_pos == 0 || row->tset_no == 0)
		return 0;
	for (i = 0; i < list->count; i++)
		if (list->rows[i].tset_no == row->tset_no && list->rows[i].member_pos == row->item.member_pos)
			return 0;
	return told_add(list, row->tset_no, row->item.member_pos);
}

/* What was decided now, and what a command that died had decided and not told. `named`: all items of the list, too. */
static int list_notices(const struct item_list *items, bool named)
{
	struct told_list list = {.batch = items->batch};
	uint32_t i;
	int r;

	arena_init(&list.arena, items->batch->env, 0, 0);
	r = store_notices_owed(items->batch->store, &list, told_add);
	for (i = 0; r == 0 && named && i < items->count; i++)
		r = told_again(&list, &items->rows[i]);
	for (i = 0; r == 0 && i < list.count; i++)
		r = told_write(&list, &list.rows[i]);
	if (r == 0 && list.count > 0)
		r = told_end(&list);
	env_free(items->batch->env, list.rows);
	arena_fini(&list.arena);
	return r;
}

static void list_report(struct item_list *list, void *context, void (*report)(void *, const struct batch_item *))
{
	uint32_t i;

	for (i = 0; i < list->count && report != NULL; i++) {
		const struct batch_item item = {.item_id = list->rows[i].item.item_id,
						.decision = list->rows[i].item.decision,
						.end = list->rows[i].item.end};

		report(context, &item);
	}
}

static void list_fini(struct item_list *list)
{
	env_free(list->batch->env, list->rows);
	arena_fini(&list->arena);
}

int batch_reprocess_items(struct batch *batch, const struct slice *item_ids, uint32_t count, void *context,
                          void (*report)(void *context, const struct batch_item *item))
{
	struct item_list list = {.batch = batch};
	const struct store_exception *exception;
	uint32_t i;
	int r = 0;

	arena_init(&list.arena, batch->env, 0, 0);
	for (i = 0; r == 0 && i < count; i++) {
		r = store_exception_get(batch->store, item_ids[i], &list.arena, &exception);
		if (r == 0 && exception == NULL)
			r = log_failure(-ENOENT, "there is no item %.*s", (int)item_ids[i].len, item_ids[i].data);
		if (r == 0)
			r = list_add(&list, exception);
	}
	if (r == 0)
		r = list_run(&list);
	if (r == 0)
		r = list_notices(&list, true);
	if (r == 0)
		list_report(&list, context, report);
	list_fini(&list);
	return r;
}

static int list_take_undone(void *context, const struct store_exception *exception)
{
	struct item_list *list = context;
	enum store_record_outcome outcome;
	int r;

	if (exception->member_pos == 0) {
		bool pending;

		r = release_is_pending(list->batch, exception, &pending);
		return r < 0 || !pending ? r : list_add(list, exception);
	}
	r = store_ledger_get(list->batch->store, exception->tset_no, exception->member_pos, &outcome);
	return r < 0 || outcome != STORE_RECORD_EXCEPTION ? r : list_add(list, exception);
}

int batch_carry_out_decisions(struct batch *batch, void *context,
                              void (*report)(void *context, const struct batch_item *item))
{
	struct item_list list = {.batch = batch};
	const struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_RESOLVED | 1u << STORE_EXCEPTION_REJECTED, .in_file_order = true};
	int r;

	arena_init(&list.arena, batch->env, 0, 0);
	r = store_exceptions_each(batch->store, &filter, list_take_undone, &list);
	if (r == 0)
		r = list_run(&list);
	if (r == 0)
		r = list_notices(&list, false);
	if (r == 0)
		list_report(&list, context, report);
	list_fini(&list);
	return r;
}
