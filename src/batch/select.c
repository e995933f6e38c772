#include "select.h"

int select_defer(struct job *job, uint32_t tset_ordinal, uint32_t member_pos)
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

int select_done_before(struct pass *pass, uint32_t member_pos, const struct hash *content_hash, cents money,
                       bool *ret_skip)
{
	enum store_record_outcome before;

	*ret_skip = false;
	/* A full file is compared anew: who is present must be known, and what is equal has no effect. */
	if (pass->done_before == NULL || pass->full.mode != STORE_FULL_NONE)
		return 0;
	before = store_ledger_index_find(pass->done_before, content_hash);
	if (before != STORE_RECORD_APPLIED && before != STORE_RECORD_NO_CHANGE)
		return 0;
	*ret_skip = true;
	pass->tset.tally.members_duplicate++;
	pass->tset.tally.money_duplicate += money;
	return store_ledger_put(pass_job(pass)->store, pass->tset.tset_no, member_pos, STORE_RECORD_DUPLICATE,
				content_hash);
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
			return select_defer(job, pass->tset.ordinal, record->member_pos);
	}
	if (!pass->dry)
		r = select_done_before(pass, record->member_pos, &record->content_hash, 0, &skip);
	else
		r = 0;
	*ret_take = !skip;
	return r;
}

/* A copy of its own, from the first record on that does not take part. */
static int select_copy(const struct enroll_family *family, struct enroll_family *ret_family)
{
	struct member_record *members = arena_alloc_array(family->arena, family->member_count, sizeof(*members));

	if (members == NULL)
		return -ENOMEM;
	memcpy(members, family->members, ret_family->member_count * sizeof(*members));
	ret_family->members = members;
	return 0;
}

/* The family without the records that do not take part; count 0 when none does. */
int select_family(struct pass *pass, const struct enroll_family *family, struct enroll_family *ret_family)
{
	uint32_t i;
	int r = 0;

	*ret_family = *family;
	ret_family->member_count = 0;
	for (i = 0; r == 0 && i < family->member_count; i++) {
		bool take;

		r = record_select(pass, &family->members[i], &take);
		if (r == 0 && !take && ret_family->members == family->members)
			r = select_copy(family, ret_family);
		if (r != 0 || !take)
			continue;
		if (ret_family->members != family->members)
			ret_family->members[ret_family->member_count] = family->members[i];
		ret_family->member_count++;
	}
	return r;
}
