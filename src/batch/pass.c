/*
 * Pass 2 and 3: the accepted sets again, family by family, decided and applied.
 *
 * Families are applied in chunks, each one database transaction that ends with the set's resume mark, its tally and
 * an audit row. A dependent whose subscriber has not come yet is deferred and has its turn in pass 3, when all the
 * file is known.
 *
 * After a crash the pass starts again at the top of the file and skips what the ledger says is done. A record before
 * the resume mark without a ledger row was deferred then; it is deferred again, so that a resumed file decides
 * everything in the same order as one that was never interrupted.
 */
#include <stdio.h>

#include "audit.h"
#include "guard.h"
#include "items.h"
#include "lane.h"
#include "muster/log.h"
#include "omit.h"
#include "pass.h"
#include "supersede.h"

/* A WAL longer than this is copied into the database between chunks (promise P13). */
#define WAL_BYTES_MAX (UINT64_C(64) * 1024 * 1024)

/* ---- chunks ---- */

static int chunk_begin(struct pass *pass)
{
	struct job *job = pass_job(pass);

	if (store_is_writing(job->store))
		return 0;
	pass->members_in_chunk = 0;
	pass->chunk_first_pos = 0;
	hash_content_init(&pass->payload);
	return job_begin(job);
}

static int chunk_audit(struct pass *pass)
{
	struct job *job = pass_job(pass);
	char subject[64], text[96], file_id[STORE_FILE_ID_BYTES];
	struct store_audit audit = {.kind = SLICE_LITERAL("apply"), .actor = job->operator_id};

	snprintf(subject, sizeof(subject), "%s-%u", store_file_id_format(job->file.file_no, file_id), pass->tset.ordinal);
	snprintf(text, sizeof(text), "records %u to %u, %u members", pass->chunk_first_pos, pass->chunk_last_pos,
		 pass->members_in_chunk);
	audit.subject = slice_from(subject);
	audit.text = slice_from(text);
	hash_content_final(&pass->payload, &audit.payload);
	return store_audit_append(job->store, &audit);
}

/* Commit what the set under way has done so far; `done`: it has had its last family. */
static int chunk_commit(struct pass *pass, bool done)
{
	struct job *job = pass_job(pass);
	int r = 0;

	if (pass->dry || (!store_is_writing(job->store) && !done))
		return 0;
	r = chunk_begin(pass);
	if (r == 0 && pass->members_in_chunk > 0)
		r = chunk_audit(pass);
	pass->members_in_chunk = 0;
	pass->chunk_first_pos = 0;
	pass->tset.done = done && (pass->last_chance || job->deferred.count == 0);
	if (r == 0)
		r = store_tset_update(job->store, &pass->tset);
	if (r == 0)
		r = job_commit(job);
	if (r == 0 && job->preview == NULL && store_wal_bytes(job->store) > WAL_BYTES_MAX)
		r = store_checkpoint(job->store, false);
	if (r == STORE_E_LOCKED)
		r = 0;
	if (r == 0 && job_is_interrupted())
		r = MUSTER_ERROR_INTERRUPTED;
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int chunk_grew(struct pass *pass, uint32_t last_pos, uint32_t members)
{
	if (pass->dry || members == 0)
		return 0;
	pass->members_in_chunk += members;
	if (pass->chunk_first_pos == 0)
		pass->chunk_first_pos = last_pos - members + 1;
	pass->chunk_last_pos = last_pos;
	/* A resumed pass goes again through records before its mark: the mark never goes back. */
	if (!pass->last_chance && last_pos > pass->tset.resume_pos)
		pass->tset.resume_pos = last_pos;
	if (pass->members_in_chunk < (uint32_t)pass_job(pass)->batch->settings.config->chunk_members)
		return 0;
	return chunk_commit(pass, false);
}

/* ---- deferred records ---- */

static int deferred_add(struct job *job, uint32_t tset_ordinal, uint32_t member_pos)
{
	struct job_deferred *deferred = &job->deferred;

	if (deferred->count == deferred->capacity) {
		size_t capacity = deferred->capacity * 2 + 256;
		void *items = env_realloc(job->env, deferred->items, capacity * sizeof(deferred->items[0]));

		if (items == NULL)
			return -ENOMEM;
		deferred->items = items;
		deferred->capacity = capacity;
	}
	deferred->items[deferred->count].tset_ordinal = tset_ordinal;
	deferred->items[deferred->count++].member_pos = member_pos;
	return 0;
}

/* Pass 3 goes through the same records in the same order as the list was made. */
static bool deferred_take(struct pass *pass, uint32_t member_pos)
{
	const struct job_deferred *deferred = &pass_job(pass)->deferred;

	while (pass->deferred_at < deferred->count &&
	       (deferred->items[pass->deferred_at].tset_ordinal < pass->tset.ordinal ||
		(deferred->items[pass->deferred_at].tset_ordinal == pass->tset.ordinal &&
		 deferred->items[pass->deferred_at].member_pos < member_pos)))
		pass->deferred_at++;
	return pass->deferred_at < deferred->count &&
	       deferred->items[pass->deferred_at].tset_ordinal == pass->tset.ordinal &&
	       deferred->items[pass->deferred_at].member_pos == member_pos;
}

/* ---- families ---- */

/* The same content was applied by the original set: nothing to do for this record (P25). */
static int record_done_before(struct pass *pass, const struct member_record *record, bool *ret_skip)
{
	struct job *job = pass_job(pass);
	enum store_record_outcome before;

	*ret_skip = false;
	/* A full file is compared anew: who is present must be known, and what is equal has no effect. */
	if (pass->done_before == NULL || pass->full.mode != STORE_FULL_NONE)
		return 0;
	before = store_ledger_index_find(pass->done_before, &record->content_hash);
	if (before != STORE_RECORD_APPLIED && before != STORE_RECORD_NO_CHANGE)
		return 0;
	*ret_skip = true;
	pass->tset.tally.members_duplicate++;
	return store_ledger_put(job->store, pass->tset.tset_no, record->member_pos, STORE_RECORD_DUPLICATE,
				&record->content_hash);
}

/* Does this record take part now? */
static int record_select(struct pass *pass, const struct member_record *record, bool *ret_take)
{
	struct job *job = pass_job(pass);
	struct apply_origin origin = job_origin(job, &pass->tset);
	bool done = false, skip = false;
	int r;

	*ret_take = false;
	if (pass->last_chance && !deferred_take(pass, record->member_pos))
		return 0;
	if (pass->last_chance || record->member_pos <= pass->tset.resume_pos) {
		r = apply_is_done(&origin, record->member_pos, &done);
		if (r < 0 || done)
			return r;
		if (!pass->last_chance)
			return deferred_add(job, pass->tset.ordinal, record->member_pos);
	}
	if (!pass->dry)
		r = record_done_before(pass, record, &skip);
	else
		r = 0;
	*ret_take = !skip;
	return r;
}

/* The family without the records that do not take part; count 0 when none does. */
static int family_select(struct pass *pass, const struct enroll_family *family, struct enroll_family *ret_family)
{
	uint32_t i;
	int r = 0;

	*ret_family = *family;
	ret_family->member_count = 0;
	ret_family->members = arena_alloc_array(family->arena, family->member_count, sizeof(*family->members));
	if (ret_family->members == NULL)
		return -ENOMEM;
	for (i = 0; r == 0 && i < family->member_count; i++) {
		bool take;

		r = record_select(pass, &family->members[i], &take);
		if (r == 0 && take)
			ret_family->members[ret_family->member_count++] = family->members[i];
	}
	return r;
}

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
			r = deferred_add(pass_job(pass), pass->tset.ordinal, family->members[i].member_pos);
		else if (!pass->dry)
			r = supersede_items(pass, &family->members[i]);
	}
	return r;
}

struct job_volume *pass_volume(struct pass *pass, struct slice group_id)
{
	return guard_volume(pass->volume_arena, &pass->volumes, &pass->volume_capacity, &pass->volume_count, group_id);
}

/* A dry run: who would lose coverage, who would be changed, by group. */
static int family_measure(struct pass *pass, const struct changeset *changeset)
{
	uint32_t i;

	for (i = 0; i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];
		struct job_volume *volume;

		if (operation->action == DECIDE_NO_CHANGE)
			continue;
		volume = pass_volume(pass, operation->group_id);
		if (volume == NULL)
			return -ENOMEM;
		volume->changes++;
		if (operation->action == DECIDE_TERMINATE || operation->action == DECIDE_VOID)
			volume->terminations++;
	}
	return 0;
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
		.compares = pass->full.mode != STORE_FULL_NONE || job->profile->full.mode == PROFILE_FULL_NEVER,
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
	r = chunk_begin(pass);
	if (r == 0)
		r = family_select(pass, whole, &family);
	if (r < 0)
		return r;
	if (family.member_count > 0) {
		r = family_decide(pass, &family, &changeset);
		if (r == 0 && pass->dry)
			r = family_measure(pass, &changeset);
		else if (r == 0 && job->preview != NULL && job->preview->family != NULL)
			r = job->preview->family(job->preview->context, &family, &changeset);
		if (r == 0 && pass->full.mode == STORE_FULL_AUDIT)
			r = audit_family(pass, &family, &changeset);
		else if (r == 0)
			r = apply_family(&pass->family_arena, &origin, &family, &changeset, &pass->tset.tally, &pass->payload);
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
	if (pass->dry || pass->last_chance || job->items != NULL)
		return 0;
	r = chunk_begin(pass);
	if (r == 0 && pass->tset.resume_pos == 0)
		r = decide_remittance(&pass->arena, &pass->known.view, header, money, 0, &pass->set_category, &pass->set_reason);
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
	if (pass->dry || pass->last_chance || pass->tset.outcome == STORE_TSET_HELD)
		return 0;
	apply_view_forget(&pass->known);
	apply_view_forget(&pass->known);
	arena_reset(&pass->family_arena);
	if (job->items != NULL)
		return items_line(pass, header, line);
	r = chunk_begin(pass);
	if (r == 0 && line->line_pos <= pass->tset.resume_pos)
		r = apply_is_done(&origin, line->line_pos, &done);
	if (r < 0 || done)
		return r;
	r = decide_remittance_line(&pass->family_arena, &pass->known.view, &job->profile->decide,
				   job->batch->settings.today, header, line, SLICE_EMPTY, &payment);
	if (r == 0)
		r = apply_remittance_line(&pass->family_arena, &origin, header, line, &payment,
					  job->batch->settings.today, &pass->tset.tally, &pass->payload);
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
	r = store_full_set_get(job->store, stored->tset_no, &pass->arena, &pass->full);
	if (r < 0)
		return r;
	claims_clear(&pass->claims);
	pass->set_category = CATEGORY_COUNT;
	if (job->items != NULL)
		pass->open = items_in_set(job->items, tset->ordinal);
	else
		pass->open = stored->outcome == STORE_TSET_OPEN && !stored->done &&
			     (!pass->dry || (pass->only_ordinal == 0 ? pass->full.mode == STORE_FULL_REPLACE
								     : pass->only_ordinal == tset->ordinal));
	if (!pass->open)
		return 0;
	store_ledger_index_free(pass->done_before);
	pass->done_before = NULL;
	if (stored->revision_of != 0 && job->items == NULL)
		r = store_ledger_index_new(job->store, stored->revision_of, &pass->done_before);
	if (r == 0 && (stored->resume_pos > 0 || pass->last_chance))
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
	return r < 0 || pass_job(pass)->items != NULL ? r : chunk_commit(pass, true);
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
	r = apply_view_init(&pass->known, job->store);
	if (r == 0)
		r = enroll_new(job->env, &enroll_sink, &pass->enroll);
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

/* ---- what a file came to ---- */

struct settle {
	struct job *job;
	uint32_t by_outcome[STORE_TSET_TEST + 1];
	struct slice reason; /* of the first set that was not applied */
};

/* A set's last word: its tally says where all its members and money went; a waiting one gets its row in the queue. */
static int settle_tset(void *context, const struct store_tset *stored)
{
	struct settle *settle = context;
	struct job *job = settle->job;
	struct apply_origin origin = job_origin(job, stored);
	struct store_tset row = *stored;
	int r = 0;

	/* Settled before: the other sets of a file of which one was released. */
	if (stored->done && stored->outcome != STORE_TSET_OPEN) {
		settle->by_outcome[row.outcome]++;
		store_tally_add(&job->file.tally, &row.tally);
		return 0;
	}
	switch (stored->outcome) {
	case STORE_TSET_OPEN:
		row.outcome = STORE_TSET_APPLIED;
		break;
	case STORE_TSET_APPLIED:
		break;
	case STORE_TSET_REJECTED:
		row.tally.members_rejected = row.tally.members_read;
		row.tally.money_rejected = row.tally.money_read;
		break;
	case STORE_TSET_DUPLICATE:
		row.tally.members_duplicate = row.tally.members_read;
		row.tally.money_duplicate = row.tally.money_read;
		break;
	case STORE_TSET_HELD:
	case STORE_TSET_TEST:
		row.tally.members_held = row.tally.members_read;
		row.tally.money_held = row.tally.money_read;
		if (row.hold_category != CATEGORY_COUNT)
			r = apply_hold(&origin, row.hold_category, row.reason);
		break;
	}
	row.done = true;
	settle->by_outcome[row.outcome]++;
	/* The file's reason is that of its first set that waits, else of the first that was not applied. */
	if (row.outcome != STORE_TSET_APPLIED &&
	    (slice_is_empty(settle->reason) || (row.outcome == STORE_TSET_HELD && settle->by_outcome[STORE_TSET_HELD] == 1)))
		settle->reason = arena_dup(&job->arena, row.reason);
	if (r == 0)
		r = store_tset_update(job->store, &row);
	store_tally_add(&job->file.tally, &row.tally);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static void settle_file(struct settle *settle)
{
	struct store_file *file = &settle->job->file;
	const uint32_t *by = settle->by_outcome;

	if (settle->job->duplicate)
		return;
	if (by[STORE_TSET_APPLIED] > 0) {
		file->outcome = STORE_FILE_PROCESSED;
		file->reason = SLICE_EMPTY;
		return;
	}
	file->reason = settle->reason;
	if (job_waits_whole(settle->job)) {
		file->outcome = STORE_FILE_HELD;
		file->reason = job_waits_why(settle->job);
	} else if (by[STORE_TSET_HELD] + by[STORE_TSET_TEST] > 0) {
		file->outcome = STORE_FILE_HELD;
	} else if (by[STORE_TSET_DUPLICATE] > 0) {
		file->outcome = STORE_FILE_DUPLICATE;
	} else {
		file->outcome = STORE_FILE_REJECTED;
		if (slice_is_empty(file->reason))
			file->reason = settle->job->interchange_count == 0
				? SLICE_LITERAL("no X12 interchange was found in the file")
				: SLICE_LITERAL("the file holds no transaction set that can be processed");
	}
}

static int settle_hold_file(struct job *job)
{
	struct apply_origin origin = job_origin(job, NULL);

	if (job->file.outcome != STORE_FILE_HELD || !job_waits_whole(job))
		return 0;
	return apply_hold(&origin, CATEGORY_FILE_HOLD, job->file.reason);
}

static int job_settle(struct job *job)
{
	struct settle settle = {.job = job};
	int r = job_begin(job);

	memset(&job->file.tally, 0, sizeof(job->file.tally));
	if (job->duplicate) {
		job->file.tally.members_read = job->file.tally.members_duplicate = job->members_read;
		job->file.tally.money_read = job->file.tally.money_duplicate = job->money_read;
	} else if (r == 0) {
		r = store_tsets_each(job->store, job->file.file_no, settle_tset, &settle);
	}
	settle_file(&settle);
	if (r == 0)
		r = settle_hold_file(job);
	if (r == 0 && !store_tally_is_balanced(&job->file.tally))
		r = log_failure(MUSTER_ERROR_INTERNAL, "file %llu: the conservation law does not hold",
				(unsigned long long)job->file.file_no);
	if (r == 0)
		r = lane_advance(job);
	if (!job->released)
		job->file.stage = STORE_FILE_APPLIED;
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	if (r == 0)
		r = job_commit(job);
	if (r != 0)
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
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
		r = pass_setup(&pass, job);
	else
		return r;
	if (r == 0 && job->first_tset_no != 0)
		r = job_walk(&pass.pass, pass_handler);
	if (r == 0 && job->deferred.count > 0) {
		pass.last_chance = true;
		r = job_walk(&pass.pass, pass_handler);
	}
	if (r == 0)
		r = omit_run(&pass);
	if (r < 0)
		store_rollback(job->store);
	pass_clean_up(&pass);
	return r < 0 ? r : job_settle(job);
}

int job_dry_run(struct job *job, uint32_t tset_ordinal, struct arena *arena, struct job_volume **ret_volumes,
                 uint32_t *ret_count)
{
	struct pass pass;
	int r = pass_setup(&pass, job);

	pass.pass.what = "measuring";
	pass.dry = true;
	pass.only_ordinal = tset_ordinal;
	pass.volume_arena = arena;
	hash_content_init(&pass.payload);
	if (r == 0)
		r = store_savepoint(job->store);
	if (r == 0)
		r = job_walk(&pass.pass, pass_handler);
	if (r == 0 && tset_ordinal == 0)
		r = omit_run(&pass);
	if (r == 0)
		r = store_savepoint_rollback(job->store);
	*ret_volumes = pass.volumes;
	*ret_count = pass.volume_capacity;
	pass_clean_up(&pass);
	job->deferred.count = 0;
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
