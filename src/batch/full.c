#include "full.h"

#include "guard.h"
#include "muster/log.h"

struct full {
	struct job *job;
	struct arena arena;
	struct full_uses uses;
};

static enum profile_kind kind_of_action(const struct profile_full *profile, struct slice action)
{
	enum profile_kind kind = profile_kind_of(&profile->by_action, action);

	if (kind != PROFILE_KIND_UNSAID)
		return kind;
	return slice_is(action, "4")    ? PROFILE_KIND_AUDIT
	       : slice_is(action, "RX") ? PROFILE_KIND_FULL
					: PROFILE_KIND_CHANGE;
}

/* The name says nothing. */
static enum store_full_mode mode_of_action(const struct profile_full *profile, enum profile_kind kind,
					   const struct full_signs *signs)
{
	if (kind == PROFILE_KIND_AUDIT)
		return STORE_FULL_AUDIT;
	switch (profile->mode) {
	case PROFILE_FULL_BY_BGN08:
		break;
	case PROFILE_FULL_BY_INS03:
		if (signs->records > 0 && signs->compared == signs->records)
			return STORE_FULL_REPLACE;
		break;
	case PROFILE_FULL_ALWAYS:
		return STORE_FULL_REPLACE;
	case PROFILE_FULL_NEVER:
		return STORE_FULL_NONE;
	}
	return kind == PROFILE_KIND_FULL ? STORE_FULL_REPLACE : STORE_FULL_NONE;
}

static enum store_full_mode mode_by_all(const struct profile_full *profile, const struct full_signs *signs,
					struct slice *ret_doubt)
{
	enum profile_kind sent = kind_of_action(profile, signs->action);

	*ret_doubt = SLICE_EMPTY;
	if (profile->by_name.count == 0)
		return mode_of_action(profile, sent, signs);
	switch (profile_kind_of(&profile->by_name, signs->type)) {
	case PROFILE_KIND_UNSAID:
		*ret_doubt = SLICE_LITERAL("the type in the file's name is not in modes_by_name; nothing was applied");
		return mode_of_action(profile, sent, signs);
	case PROFILE_KIND_CHANGE:
		if (sent != PROFILE_KIND_CHANGE)
			*ret_doubt =
				SLICE_LITERAL("the file's name says changes, its BGN08 that it tells of everybody; "
					      "nothing was applied");
		return STORE_FULL_NONE;
	case PROFILE_KIND_FULL:
		if (sent != PROFILE_KIND_AUDIT)
			return STORE_FULL_REPLACE;
		*ret_doubt = SLICE_LITERAL("the file's name says a full file, its BGN08 an audit; nothing was applied");
		return STORE_FULL_AUDIT;
	case PROFILE_KIND_AUDIT:
		break;
	}
	return STORE_FULL_AUDIT;
}

enum store_full_mode full_mode_of(const struct profile_full *profile, const struct full_signs *signs,
				  struct slice *ret_doubt)
{
	enum store_full_mode mode = mode_by_all(profile, signs, ret_doubt);

	return mode == STORE_FULL_REPLACE && profile->reported_only ? STORE_FULL_AUDIT : mode;
}

/* ---- the file's full sets ---- */

static int uses_add(void *context, const struct store_full_use *use)
{
	struct full_uses *uses = context;
	struct store_full_use *copy;

	if (uses->count == uses->capacity) {
		uint32_t capacity = uses->capacity * 2 + 16;
		struct store_full_use *grown = arena_alloc_array(uses->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (uses->count > 0)
			memcpy(grown, uses->items, uses->count * sizeof(*grown));
		uses->items = grown;
		uses->capacity = capacity;
	}
	copy = &uses->items[uses->count++];
	*copy = *use;
	copy->group_id = arena_dup(uses->arena, use->group_id);
	copy->set.sponsor_id = arena_dup(uses->arena, use->set.sponsor_id);
	return copy->group_id.data != NULL && copy->set.sponsor_id.data != NULL ? 0 : -ENOMEM;
}

int full_load(struct job *job, struct arena *arena, struct full_uses *ret_uses)
{
	*ret_uses = (struct full_uses){.arena = arena};
	return store_full_uses_each(job->store, job->file.file_no, uses_add, ret_uses);
}

static bool is_open(const struct store_full_use *use)
{
	return use->set.mode == STORE_FULL_REPLACE && use->outcome == STORE_TSET_OPEN;
}

static bool has_open(const struct full *full)
{
	uint32_t i;

	for (i = 0; i < full->uses.count; i++)
		if (is_open(&full->uses.items[i]))
			return true;
	return false;
}

/* ---- holding ---- */

static int full_hold_set(struct full *full, uint64_t tset_no, enum category category, struct slice reason)
{
	struct store *store = full->job->store;
	const struct store_tset *stored;
	struct store_tset row;
	uint32_t i;
	int r;

	if (reason.data == NULL)
		return -ENOMEM;
	r = store_tset_get(store, tset_no, &full->arena, &stored);
	if (r < 0 || stored == NULL)
		return r < 0 ? r : MUSTER_ERROR_INTERNAL;
	row = *stored;
	row.outcome = STORE_TSET_HELD;
	row.hold_category = category;
	row.reason = reason;
	row.ledger_key = SLICE_EMPTY;
	r = job_begin_unless_open(full->job);
	if (r == 0)
		r = store_tset_update(store, &row);
	for (i = 0; i < full->uses.count; i++)
		if (full->uses.items[i].tset_no == tset_no)
			full->uses.items[i].outcome = STORE_TSET_HELD;
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int full_hold_group(struct full *full, struct slice group_id, enum category category, struct slice reason)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < full->uses.count; i++)
		if (is_open(&full->uses.items[i]) && slice_equal(full->uses.items[i].group_id, group_id))
			r = full_hold_set(full, full->uses.items[i].tset_no, category, reason);
	return r;
}

/* What an unread or waiting set says about a group is missing from the others' picture of it. */
static int full_spread_from(struct full *full, const struct store_full_use *bad, bool *ret_more)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < full->uses.count; i++) {
		const struct store_full_use *use = &full->uses.items[i];
		char group[64];

		if (!is_open(use) || (bad->group_id.len > 0 && !slice_equal(use->group_id, bad->group_id)))
			continue;
		*ret_more = true;
		r = full_hold_set(full, use->tset_no, CATEGORY_FILE_HOLD,
				  arena_printf(&full->arena,
					       "set %u of this full file, which tells of group %s too, is %s: who is "
					       "missing cannot be told; nothing was applied",
					       bad->tset_ordinal,
					       slice_to_cstr(use->group_id, group, sizeof(group)),
					       store_tset_outcome_name(bad->outcome)));
	}
	return r;
}

static int full_spread(struct full *full)
{
	bool more = true;
	uint32_t i;
	int r = 0;

	while (r == 0 && more) {
		more = false;
		for (i = 0; r == 0 && i < full->uses.count; i++) {
			const struct store_full_use *use = &full->uses.items[i];

			if (use->set.mode == STORE_FULL_REPLACE && use->outcome != STORE_TSET_OPEN)
				r = full_spread_from(full, use, &more);
		}
	}
	return r;
}

/* ---- a group that the last full file told of ---- */

struct missing {
	struct full *full;
	struct slice group_id; /* of this file, whose last file is looked at */
	struct slice found;
	uint64_t active;
};

static bool is_in_file(const struct full *full, struct slice group_id)
{
	uint32_t i;

	for (i = 0; i < full->uses.count; i++)
		if (slice_equal(full->uses.items[i].group_id, group_id))
			return true;
	return false;
}

static int missing_look(void *context, const struct store_full_use *use)
{
	struct missing *missing = context;
	struct job *job = missing->full->job;
	int r;

	if (use->set.mode != STORE_FULL_REPLACE || use->outcome != STORE_TSET_APPLIED || use->group_id.len == 0 ||
	    is_in_file(missing->full, use->group_id))
		return 0;
	r = store_group_active_up_to(job->store, use->group_id, job->batch->settings.today, UINT64_MAX,
				     &missing->active);
	if (r < 0 || missing->active == 0)
		return r;
	missing->found = arena_dup(&missing->full->arena, use->group_id);
	return missing->found.data != NULL ? 1 : -ENOMEM;
}

static int full_missing_group(struct full *full, struct slice group_id)
{
	struct missing missing = {.full = full, .group_id = group_id};
	uint64_t previous;
	char group[64];
	int r = store_full_previous(full->job->store, full->job->file.file_no, group_id, &previous);

	if (r == 0 && previous != 0)
		r = store_full_uses_each(full->job->store, previous, missing_look, &missing);
	if (r <= 0)
		return r;
	return full_hold_group(
		full, group_id, CATEGORY_FILE_HOLD,
		arena_printf(&full->arena,
			     "group %s with its %llu active members was in the last full file and is in no "
			     "record of this one; nothing was applied",
			     slice_to_cstr(missing.found, group, sizeof(group)), (unsigned long long)missing.active));
}

static int full_missing_groups(struct full *full)
{
	uint32_t i;
	int r = 0;

	if (full->job->profile->full.missing_groups_ignored)
		return 0;
	for (i = 0; r == 0 && i < full->uses.count; i++)
		if (is_open(&full->uses.items[i]))
			r = full_missing_group(full, full->uses.items[i].group_id);
	return r;
}

/* ---- the size of the last full file ---- */

static int full_hold_all(struct full *full, enum category category, struct slice reason)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < full->uses.count; i++)
		if (is_open(&full->uses.items[i]))
			r = full_hold_set(full, full->uses.items[i].tset_no, category, reason);
	return r;
}

/* Of the last full file that told of the first group: it is the same sponsor's. */
static int full_compare_size(struct full *full)
{
	const struct profile_guards *guards = &full->job->profile->guards;
	uint64_t previous = 0, before = 0, now = 0, differs;
	char file_id[STORE_FILE_ID_BYTES];
	uint32_t i = 0;
	int r;

	while (i < full->uses.count && !is_open(&full->uses.items[i]))
		i++;
	if (guards->records_percent == 0 || i == full->uses.count)
		return 0;
	r = store_full_previous(full->job->store, full->job->file.file_no, full->uses.items[i].group_id, &previous);
	if (r < 0 || previous == 0)
		return r;
	r = store_full_records(full->job->store, previous, STORE_TSET_APPLIED, &before);
	if (r == 0)
		r = store_full_records(full->job->store, full->job->file.file_no, STORE_TSET_OPEN, &now);
	differs = now > before ? now - before : before - now;
	if (r < 0 || !guard_over_the_line(differs, before, guards->records_percent, guards->records_min))
		return r;
	return full_hold_all(
		full, CATEGORY_FILE_HOLD,
		arena_printf(&full->arena,
			     "the full file has %llu records, the last one (%s) had %llu (limit: %d %% and %d more "
			     "or fewer); nothing was applied",
			     (unsigned long long)now, store_file_id_format(previous, file_id),
			     (unsigned long long)before, guards->records_percent, guards->records_min));
}

/* ---- volumes ---- */

static struct slice full_omission_sentence(struct full *full, const struct job_volume *volume, uint64_t active)
{
	const struct profile *profile = full->job->profile;
	bool ends = profile->full.omission == PROFILE_OMISSION_TERM && profile->full.grace_files <= 1;
	char group[64];

	return arena_printf(&full->arena,
			    "the file would %s %llu of the %llu active members of group %s%s (limit %d %% and %d); "
			    "nothing was applied",
			    ends ? "end" : "leave out", (unsigned long long)volume->omissions,
			    (unsigned long long)active, slice_to_cstr(volume->group_id, group, sizeof(group)),
			    ends ? " by omission" : "", profile->guards.omissions_percent,
			    profile->guards.omissions_min);
}

/* A family is lost with its subscriber: a partner may want to be asked about fewer of them. */
static int full_judge_subscribers(struct full *full, const struct job_volume *volume, bool *ret_held)
{
	struct job *job = full->job;
	const struct profile_guards *guards = &job->profile->guards;
	uint64_t members, subscribers;
	char group[64];
	int r;

	*ret_held = false;
	if (volume->omitted_subscribers <= (uint64_t)guards->omitted_subscribers_min)
		return 0;
	r = store_group_active_count(job->store, volume->group_id, job->batch->settings.today, &members, &subscribers);
	if (r < 0 || !guard_over_the_line(volume->omitted_subscribers, subscribers, guards->omitted_subscribers_percent,
					  guards->omitted_subscribers_min))
		return r;
	*ret_held = true;
	return full_hold_group(
		full, volume->group_id, CATEGORY_MASS_TERM,
		arena_printf(
			&full->arena,
			"the file leaves out %llu of the %llu active subscribers of group %s (limit %d %% and %d); "
			"nothing was applied",
			(unsigned long long)volume->omitted_subscribers, (unsigned long long)subscribers,
			slice_to_cstr(volume->group_id, group, sizeof(group)), guards->omitted_subscribers_percent,
			guards->omitted_subscribers_min));
}

static int full_judge_volume(struct full *full, const struct job_volume *volume)
{
	struct job *job = full->job;
	const struct profile_guards *guards = &job->profile->guards;
	struct guard_finding finding;
	uint64_t active;
	char group[64];
	bool held;
	int r;

	r = store_group_active_up_to(job->store, volume->group_id, job->batch->settings.today, UINT64_MAX, &active);
	if (r < 0 || active == 0)
		return r;
	if (volume->measured && volume->present == 0)
		return full_hold_group(full, volume->group_id, CATEGORY_FILE_HOLD,
				       arena_printf(&full->arena,
						    "none of the %llu active members of group %s was found in the full "
						    "file; nothing was applied",
						    (unsigned long long)active,
						    slice_to_cstr(volume->group_id, group, sizeof(group))));
	if (guard_over_the_line(volume->omissions, active, guards->omissions_percent, guards->omissions_min))
		return full_hold_group(full, volume->group_id, CATEGORY_MASS_TERM,
				       full_omission_sentence(full, volume, active));
	r = full_judge_subscribers(full, volume, &held);
	if (r < 0 || held)
		return r;
	r = guard_judge_group(job, volume, active, true, &finding);
	if (r < 0 || finding.line == GUARD_WITHIN)
		return r;
	return full_hold_group(full, volume->group_id, guard_category(finding.line),
			       guard_sentence(&full->arena, guards, volume->group_id, &finding));
}

static int full_volumes(struct full *full)
{
	struct job_volume *volumes;
	uint32_t capacity, i;
	const struct job_measure measure = {0, &full->arena, &volumes, &capacity};
	int r = job_dry_run(full->job, &measure);

	for (i = 0; r == 0 && i < capacity; i++)
		if (volumes[i].group_id.len > 0)
			r = full_judge_volume(full, &volumes[i]);
	return r;
}

int full_judge(struct job *job)
{
	struct full full = {.job = job};
	int r;

	arena_init(&full.arena, job->env, 0, 0);
	r = full_load(job, &full.arena, &full.uses);
	if (r == 0 && has_open(&full))
		r = full_spread(&full);
	if (r == 0)
		r = full_missing_groups(&full);
	if (r == 0)
		r = full_compare_size(&full);
	if (r == 0)
		r = full_spread(&full);
	if (r == 0 && has_open(&full))
		r = full_volumes(&full);
	if (r == 0)
		r = full_spread(&full);
	arena_fini(&full.arena);
	return r;
}
