/*
 * Pass 2 and 3: the accepted sets again, family by family, decided and applied.
 *
 * Families are applied in chunks, each one database transaction; what a set did in it ends with the set's resume mark,
 * its tally and an audit row. A dependent whose subscriber has not come yet is deferred and has its turn in pass 3, when all the
 * file is known.
 *
 * After a crash the pass starts again at the top of the file and skips what the ledger says is done. A record before
 * the resume mark without a ledger row was deferred then; it is deferred again, so that a resumed file decides
 * everything in the same order as one that was never interrupted.
 */
#include "audit.h"
#include "chunk.h"
#include "guard.h"
#include "items.h"
#include "model.h"
#include "muster/log.h"
#include "omit.h"
#include "pass.h"
#include "select.h"
#include "shadow.h"
#include "supersede.h"

static int family_claim(struct pass *pass, const struct changeset *changeset)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->image_count; i++)
		if (changeset->images[i]->claimed && changeset->images[i]->after.member_no != 0)
			r = claims_add(&pass->claims, changeset->images[i]->after.member_no);
	return r;
}

/* Records without an outcome wait for pass 3; the others take the place of what waited for them. */
static int family_close(struct pass *pass, const struct enroll_family *family, const struct changeset *changeset)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < family->member_count; i++) {
		if (changeset->outcomes[i] == DECIDE_DEFERRED)
			r = select_defer(pass_job(pass), pass->tset.ordinal, family->members[i].member_pos);
		else if (!pass->dry)
			r = supersede_items(pass, &family->members[i], changeset->family.sponsor_id);
	}
	return r;
}

struct job_volume *pass_volume(struct pass *pass, struct slice group_id)
{
	return guard_volume(pass->volume_arena, &pass->volumes, &pass->volume_capacity, &pass->volume_count, group_id);
}

/* The group that an operation concerns: its own, or (person data) the one that its record names. */
static struct slice measured_group(const struct enroll_family *family, const struct decide_operation *operation)
{
	uint32_t i;

	for (i = 0; slice_is_empty(operation->group_id) && i < family->member_count; i++)
		if (family->members[i].member_pos == operation->member_pos)
			return enroll_group(family->header, &family->members[i]);
	return operation->group_id;
}

static bool ends_coverage(const struct decide_operation *operation)
{
	return operation->action == DECIDE_TERMINATE || operation->action == DECIDE_VOID;
}

static bool adds_coverage(const struct decide_operation *operation)
{
	return operation->action == DECIDE_ADD;
}

static bool is_of_coverage(const struct decide_operation *operation)
{
	return operation->action != DECIDE_NO_CHANGE && operation->group_id.len > 0;
}

static bool changes_something(const struct decide_operation *operation)
{
	return operation->action != DECIDE_NO_CHANGE;
}

/*
 * 1 where the operation is the first of its kind about its member in this group: the guards count members, and who loses
 * two coverages of a group loses his coverage there once.
 */
static uint64_t is_first(const struct enroll_family *family, const struct changeset *changeset, uint32_t at,
			 bool (*is_kind)(const struct decide_operation *operation))
{
	const struct decide_operation *operation = &changeset->operations[at];
	uint32_t i;

	if (!is_kind(operation))
		return 0;
	for (i = 0; i < at; i++)
		if (changeset->operations[i].image == operation->image && operation->image != NULL &&
		    is_kind(&changeset->operations[i]) &&
		    slice_equal(measured_group(family, &changeset->operations[i]), measured_group(family, operation)))
			return 0;
	return 1;
}

/* Records that would wait; a dependent's subscriber may stand further down, which a dry run does not know. */
static int measure_errors(struct pass *pass, const struct enroll_family *family, const struct changeset *changeset)
{
	uint32_t i;

	for (i = 0; i < family->member_count; i++) {
		struct job_volume *volume = pass_volume(pass, enroll_group(family->header, &family->members[i]));

		if (volume == NULL)
			return -ENOMEM;
		volume->records++;
	}
	for (i = 0; i < changeset->exception_count; i++)
		if (changeset->exceptions[i].record != NULL &&
		    changeset->exceptions[i].category != CATEGORY_DEP_NO_SUBSCRIBER)
			pass_volume(pass, enroll_group(family->header, changeset->exceptions[i].record))->errors++;
	return 0;
}

/* A dry run: who would lose coverage, who would be changed, by group. */
static int family_measure(struct pass *pass, const struct enroll_family *family, const struct changeset *changeset)
{
	uint32_t i;

	for (i = 0; i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];
		struct job_volume *volume;

		if (operation->action == DECIDE_NO_CHANGE)
			continue;
		volume = pass_volume(pass, measured_group(family, operation));
		if (volume == NULL)
			return -ENOMEM;
		volume->changes += is_first(family, changeset, i, changes_something);
		volume->terminations += is_first(family, changeset, i, ends_coverage);
		volume->adds += is_first(family, changeset, i, adds_coverage);
		volume->coverage_changes += is_first(family, changeset, i, is_of_coverage);
	}
	return measure_errors(pass, family, changeset);
}

static bool pass_is_claimed(void *context, uint64_t member_no)
{
	struct pass *pass = context;

	return claims_has(&pass->claims, member_no);
}

static int family_decide(struct pass *pass, const struct enroll_family *family, struct changeset *ret_changeset)
{
	struct job *job = pass_job(pass);
	const struct decide_input input = {
		.view = &pass->known.view,
		.policy = &job->profile->decide,
		.today = job->batch->settings.today,
		.family = family,
		.compares = pass_compares(pass),
		.last_chance = pass->last_chance || pass->dry || pass->full.mode == STORE_FULL_AUDIT,
		.is_claimed = pass_is_claimed,
		.claimed_context = pass,
	};

	return decide_family(&pass->family_arena, &input, ret_changeset);
}

static int pass_family(void *context, const struct enroll_family *whole)
{
	struct pass *pass = context;
	struct job *job = pass_job(pass);
	struct apply_origin origin = job_origin(job, &pass->tset);
	struct enroll_family family;
	struct changeset changeset;
	int r;

	apply_view_forget(&pass->known);
	arena_reset(&pass->family_arena);
	if (job->items != NULL)
		return items_family(pass, whole);
	if (job->shadow != NULL)
		return shadow_family(pass, whole);
	r = chunk_begin(pass);
	if (r == 0)
		r = select_family(pass, whole, &family);
	if (r < 0)
		return r;
	if (family.member_count > 0) {
		r = family_decide(pass, &family, &changeset);
		if (r == 0 && pass->dry)
			r = family_measure(pass, &family, &changeset);
		else if (r == 0 && job->preview != NULL && job->preview->family != NULL)
			r = job->preview->family(job->preview->context, &family, &changeset,
						 pass->full.mode == STORE_FULL_AUDIT);
		if (r == 0 && pass->full.mode == STORE_FULL_AUDIT)
			r = audit_family(pass, &family, &changeset);
		else if (r == 0)
			r = apply_family(&pass->family_arena, &origin, &family, &changeset, &pass->tset.tally,
					 &pass->payload);
		if (r == 0)
			r = family_claim(pass, &changeset);
		if (r == 0)
			r = family_close(pass, &family, &changeset);
	}
	if (r < 0)
		return r;
	return chunk_grew(pass, whole->members[whole->member_count - 1].member_pos, family.member_count);
}

/* ---- remittances ---- */

static int pass_remit_header(void *context, const struct x12_tset *tset, const struct remit_header *header)
{
	struct pass *pass = context;
	struct job *job = pass_job(pass);
	struct apply_origin origin = job_origin(job, &pass->tset);
	cents money = pass->tset.tally.money_read;
	int r;

	(void)tset;
	if (pass->dry || pass->last_chance || job->items != NULL || job->shadow != NULL)
		return 0;
	r = chunk_begin(pass);
	if (r == 0 && pass->tset.resume_pos == 0)
		r = decide_remittance(&pass->arena, &pass->known.view, header, money, 0, &pass->set_category,
				      &pass->set_reason);
	if (r < 0 || pass->set_category == CATEGORY_COUNT)
		return r < 0 ? r : apply_remittance(&origin, header, false);
	pass->tset.outcome = STORE_TSET_HELD;
	pass->tset.hold_category = pass->set_category;
	pass->tset.reason = pass->set_reason;
	pass->tset.ledger_key = SLICE_EMPTY;
	return apply_remittance(&origin, header, pass->set_category == CATEGORY_DUP_PAYMENT);
}

static int pass_remit_line(void *context, const struct x12_tset *tset, const struct remit_header *header,
                           const struct remittance_line *line)
{
	struct pass *pass = context;
	struct job *job = pass_job(pass);
	struct apply_origin origin = job_origin(job, &pass->tset);
	struct decide_payment payment;
	bool done = false;
	int r;

	(void)tset;
	if (pass->dry || pass->last_chance || pass->tset.outcome == STORE_TSET_HELD || job->shadow != NULL)
		return 0;
	apply_view_forget(&pass->known);
	arena_reset(&pass->family_arena);
	if (job->items != NULL)
		return items_line(pass, header, line);
	r = chunk_begin(pass);
	if (r == 0 && line->line_pos <= pass->tset.resume_pos)
		r = apply_is_done(&origin, line->line_pos, &done);
	if (r < 0 || done)
		return r;
	r = select_done_before(pass, line->line_pos, &line->content_hash, line->paid + line->adjusted_before, &done);
	if (r == 0 && !done)
		r = decide_remittance_line(&pass->family_arena, &pass->known.view, &job->profile->decide,
					   job->batch->settings.today, header, line, SLICE_EMPTY, &payment);
	if (r == 0 && !done)
		r = apply_remittance_line(&pass->family_arena, &origin, header, line, &payment,
					  job->batch->settings.today, &pass->tset.tally, &pass->payload);
	if (r == 0)
		r = supersede_line(pass, line);
	return r < 0 ? r : chunk_grew(pass, line->line_pos, 1);
}

/* ---- the walk ---- */

/* A record's first operation is about the member that it claimed; what follows may be a cascade. */
static int pass_claim_again(void *context, const struct store_change *change)
{
	struct pass *pass = context;

	return change->op_index == 0 && change->member_no != 0 ? claims_add(&pass->claims, change->member_no) : 0;
}

static int pass_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct pass *pass = context;
	struct job *job = pass_job(pass);
	const struct check_handler *enroll = enroll_handler(pass->enroll), *remit = remit_handler(pass->remit);
	const struct store_tset *stored;
	int r;

	arena_reset(&pass->arena);
	r = store_tset_get(job->store, job->first_tset_no + tset->ordinal - 1, &pass->arena, &stored);
	if (r < 0)
		return r;
	if (stored == NULL || stored->ordinal != tset->ordinal)
		return log_failure(MUSTER_ERROR_INTERNAL, "the sets of file %llu are not those of pass 1",
				   (unsigned long long)job->file.file_no);
	pass->tset = *stored;
	pass->known.corrected_no = stored->revision_of;
	if (pass_job(pass)->released)
		apply_view_released(&pass->known, stored->tset_no);
	r = store_full_set_get(job->store, stored->tset_no, &pass->arena, &pass->full);
	if (r < 0)
		return r;
	claims_clear(&pass->claims);
	pass->set_category = CATEGORY_COUNT;
	if (job->shadow != NULL)
		shadow_begin_set(job->shadow);
	if (job->items != NULL)
		pass->open = items_in_set(job->items, tset->ordinal);
	else if (job->shadow != NULL)
		pass->open = stored->outcome == STORE_TSET_APPLIED;
	else
		pass->open = stored->outcome == STORE_TSET_OPEN && !stored->done &&
			     (!pass->dry || (pass->only_ordinal == 0 ? pass->full.mode == STORE_FULL_REPLACE
								     : pass->only_ordinal == tset->ordinal));
	/* No lock is held while a set is only read. */
	if (!pass->open)
		return job->items == NULL && job->shadow == NULL ? chunk_commit(pass) : 0;
	store_ledger_index_free(pass->done_before);
	pass->done_before = NULL;
	if (stored->revision_of != 0 && job->items == NULL && job->shadow == NULL)
		r = store_ledger_index_new(job->store, stored->revision_of, stored->tset_no, &pass->done_before);
	if (r == 0 && job->shadow == NULL && (stored->resume_pos > 0 || pass->last_chance))
		r = store_changes_of_tset(job->store, stored->tset_no, pass_claim_again, pass);
	if (r == 0)
		r = enroll->tset_begin(enroll->context, tset, guide);
	return r < 0 ? r : remit->tset_begin(remit->context, tset, guide);
}

static int pass_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct pass *pass = context;
	const struct check_handler *enroll = enroll_handler(pass->enroll), *remit = remit_handler(pass->remit);
	int r;

	if (!pass->open)
		return 0;
	r = enroll->tset_end(enroll->context, tset, verdict);
	if (r == 0)
		r = remit->tset_end(remit->context, tset, verdict);
	pass->open = false;
	if (r < 0 || pass_job(pass)->items != NULL || pass_job(pass)->shadow != NULL)
		return r;
	return chunk_end_set(pass);
}

#define FORWARD_OPEN(name, arguments)                                                                                  \
	do {                                                                                                           \
		const struct check_handler *handler;                                                                   \
		int result = 0;                                                                                        \
		if (!pass->open)                                                                                       \
			return 0;                                                                                      \
		handler = enroll_handler(pass->enroll);                                                                \
		if (handler->name != NULL)                                                                             \
			result = handler->name arguments;                                                              \
		handler = remit_handler(pass->remit);                                                                  \
		if (result == 0 && handler->name != NULL)                                                              \
			result = handler->name arguments;                                                              \
		return result;                                                                                         \
	} while (0)

static int pass_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct pass *pass = context;

	FORWARD_OPEN(loop_begin, (handler->context, guide, loop));
}

static int pass_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct pass *pass = context;

	FORWARD_OPEN(loop_end, (handler->context, guide, loop));
}

static int pass_segment(void *context, const struct guide *guide, const struct guide_segment *node,
                        const struct x12_segment *segment)
{
	struct pass *pass = context;

	FORWARD_OPEN(segment, (handler->context, guide, node, segment));
}

static int pass_finding(void *context, const struct finding *finding)
{
	struct pass *pass = context;

	FORWARD_OPEN(finding, (handler->context, finding));
}

/* Envelopes go to both builders whatever the set: a family knows its interchange and functional group. */
static int pass_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct pass *pass = context;
	const struct check_handler *enroll = enroll_handler(pass->enroll), *remit = remit_handler(pass->remit);
	int r = enroll->interchange_begin != NULL ? enroll->interchange_begin(enroll->context, interchange) : 0;

	if (r == 0 && remit->interchange_begin != NULL)
		r = remit->interchange_begin(remit->context, interchange);
	return r;
}

static int pass_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct pass *pass = context;
	const struct check_handler *enroll = enroll_handler(pass->enroll), *remit = remit_handler(pass->remit);
	int r = enroll->fgroup_begin != NULL ? enroll->fgroup_begin(enroll->context, fgroup) : 0;

	if (r == 0 && remit->fgroup_begin != NULL)
		r = remit->fgroup_begin(remit->context, fgroup);
	return r;
}

static const struct check_handler pass_handler = {
	.interchange_begin = pass_interchange_begin,
	.fgroup_begin = pass_fgroup_begin,
	.tset_begin = pass_tset_begin,
	.tset_end = pass_tset_end,
	.loop_begin = pass_loop_begin,
	.loop_end = pass_loop_end,
	.segment = pass_segment,
	.finding = pass_finding,
};

#define KEY_BYTES_PER_MEMBER 64u
/* What a dry run writes beyond this lies in the copy of the WAL. */
#define DRY_CACHE_MEBIBYTES 256u

/*
 * Reading all keys costs about what looking up as many does as there are members. Of most records the numbers say who
 * is meant, and a key is looked up once: only a file of many strangers is worth it.
 */
static bool wants_keys(struct pass *pass, const struct config *config)
{
	uint64_t members = pass->known.stored_members;

	switch (config->candidates) {
	case PROFILE_CANDIDATES_DATABASE:
		return false;
	case PROFILE_CANDIDATES_MEMORY:
		return true;
	case PROFILE_CANDIDATES_AUTO:
		break;
	}
	return members <= config->candidates_bytes / KEY_BYTES_PER_MEMBER && pass->known.key_lookups > members;
}

int pass_open_keys(struct pass *pass)
{
	struct batch *batch = pass_job(pass)->batch;

	return wants_keys(pass, batch->settings.config) ? apply_keys_open(&batch->keys, batch->store, batch->env) : 0;
}

static int pass_know(struct pass *pass)
{
	struct batch *batch = pass_job(pass)->batch;
	int r = apply_view_init(&pass->known, batch->store);

	pass->known.keys = &batch->keys;
	pass->known.view.model = batch->model;
	if (r == 0)
		r = apply_keys_check(&batch->keys);
	return r < 0 ? r : pass_open_keys(pass);
}

static int pass_setup(struct pass *pass, struct job *job)
{
	const struct enroll_sink enroll_sink = {.context = pass, .family = pass_family};
	const struct remit_sink remit_sink = {.context = pass, .header = pass_remit_header, .line = pass_remit_line};
	int r;

	*pass = (struct pass){.pass = {.job = job, .what = "applying"}};
	arena_init(&pass->arena, job->env, 0, 0);
	arena_init(&pass->family_arena, job->env, 0, 0);
	claims_init(&pass->claims, job->env);
	hash_content_init(&pass->payload);
	r = pass_know(pass);
	if (r == 0)
		r = enroll_new(job->env, &enroll_sink, &pass->enroll);
	if (r == 0)
		enroll_set_habits(pass->enroll, &job->profile->enroll);
	return r < 0 ? r : remit_new(job->env, &remit_sink, &pass->remit);
}

static void pass_clean_up(struct pass *pass)
{
	store_ledger_index_free(pass->done_before);
	claims_fini(&pass->claims);
	enroll_free(pass->enroll);
	remit_free(pass->remit);
	arena_fini(&pass->family_arena);
	arena_fini(&pass->arena);
}

static int find_first_tset(void *context, const struct store_tset *tset)
{
	struct job *job = context;

	job->first_tset_no = tset->tset_no;
	return 1;
}

int job_apply(struct job *job)
{
	struct pass pass;
	int r = store_tsets_each(job->store, job->file.file_no, find_first_tset, job);

	if (r >= 0)
		r = model_note(job);
	if (r < 0)
		return r;
	r = pass_setup(&pass, job);
	if (r == 0 && job->first_tset_no != 0)
		r = job_walk(&pass.pass, pass_handler);
	if (r == 0)
		r = chunk_commit(&pass);
	if (r == 0 && job->deferred.count > 0) {
		pass.last_chance = true;
		r = job_walk(&pass.pass, pass_handler);
	}
	if (r == 0)
		r = chunk_commit(&pass);
	if (r == 0)
		r = omit_run(&pass);
	if (r < 0)
		store_rollback(job->store);
	pass_clean_up(&pass);
	return r < 0 ? r : job_settle(job);
}

/* Decide and apply, in a transaction that somebody takes back. */
static int dry_walk(struct job *job, const struct job_measure *measure)
{
	struct pass pass;
	int r = pass_setup(&pass, job);

	pass.pass.what = "measuring";
	pass.dry = true;
	pass.only_ordinal = measure->tset_ordinal;
	pass.volume_arena = measure->arena;
	hash_content_init(&pass.payload);
	if (r == 0)
		r = job_walk(&pass.pass, pass_handler);
	if (r == 0 && measure->tset_ordinal == 0)
		r = omit_run(&pass);
	*measure->ret_volumes = pass.volumes;
	*measure->ret_count = pass.volume_capacity;
	pass_clean_up(&pass);
	job->deferred.count = 0;
	return r;
}

/* A preview lies beside the database already. */
static int dry_in_preview(struct job *job, const struct job_measure *measure)
{
	int r = store_savepoint(job->store);

	if (r == 0)
		r = dry_walk(job, measure);
	return r == 0 ? store_savepoint_rollback(job->store) : r;
}

/* With the batch at work over another store, and without the keys that are true of its own. */
static int dry_in(struct job *job, const struct job_measure *measure, struct store *beside)
{
	struct batch *batch = job->batch;
	struct apply_keys keys = batch->keys;
	struct store *store = job->store;
	int r = store_begin(beside, STORE_WRITE);

	if (r < 0)
		return r;
	batch->keys = (struct apply_keys){0};
	batch->store = job->store = beside;
	r = dry_walk(job, measure);
	apply_keys_close(&batch->keys);
	store_rollback(beside);
	batch->store = job->store = store;
	batch->keys = keys;
	return r;
}

int job_dry_run(struct job *job, const struct job_measure *measure)
{
	struct store *beside;
	int r;

	if (job->preview != NULL)
		return dry_in_preview(job, measure);
	/* What pass 1 wrote so far has to be seen; a crash from here on begins it anew. */
	r = store_is_writing(job->store) ? job_commit(job) : 0;
	if (r == 0 && store_wal_bytes(job->store) > JOB_WAL_BYTES_LONG)
		(void)store_checkpoint(job->store, true);
	if (r == 0)
		r = store_open_beside(job->store, &beside);
	if (r < 0)
		return r;
	r = store_set_cache(beside, DRY_CACHE_MEBIBYTES);
	if (r == 0)
		r = dry_in(job, measure, beside);
	store_close(beside);
	return r;
}

int job_release_omission(struct job *job, uint64_t tset_no, struct job_item *item)
{
	struct store_audit audit = {.kind = SLICE_LITERAL("release"),
				    .actor = item->operator_id,
				    .subject = item->item_id,
				    .text = SLICE_LITERAL("an omission was released: the coverage ends")};
	const struct store_tset *stored;
	struct pass pass;
	int r = pass_setup(&pass, job);

	if (r == 0)
		r = store_tset_get(job->store, tset_no, &pass.arena, &stored);
	if (r == 0 && stored == NULL)
		r = MUSTER_ERROR_INTERNAL;
	if (r == 0)
		pass.tset = *stored;
	if (r == 0)
		r = store_full_set_get(job->store, tset_no, &pass.arena, &pass.full);
	if (r == 0)
		r = store_begin(job->store, STORE_WRITE);
	if (r == 0)
		r = omit_release(&pass, item, &pass.payload);
	hash_content_final(&pass.payload, &audit.payload);
	if (r == 0)
		r = store_audit_append(job->store, &audit);
	if (r == 0)
		r = store_commit(job->store);
	if (r != 0)
		store_rollback(job->store);
	item->end = r == 0 ? BATCH_ITEM_APPLIED : item->end;
	pass_clean_up(&pass);
	return r;
}

int job_run_shadow(struct job *job)
{
	struct pass pass;
	int r = store_tsets_each(job->store, job->file.file_no, find_first_tset, job);

	if (r < 0)
		return r;
	r = pass_setup(&pass, job);
	pass.pass.what = "matching";
	if (r == 0 && job->first_tset_no != 0)
		r = job_walk(&pass.pass, pass_handler);
	pass_clean_up(&pass);
	return r;
}

int job_run_items(struct job *job)
{
	struct pass pass;
	int r = store_tsets_each(job->store, job->file.file_no, find_first_tset, job);

	if (r < 0)
		return r;
	r = pass_setup(&pass, job);
	if (r == 0)
		r = job_walk(&pass.pass, pass_handler);
	if (r < 0)
		store_rollback(job->store);
	pass_clean_up(&pass);
	return r;
}
