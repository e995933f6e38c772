#include "guard.h"

#include <stdio.h>

#define VOLUMES_AT_FIRST 64u

void guard_init(struct guard *guard, struct job *job)
{
	*guard = (struct guard){.job = job};
	arena_init(&guard->arena, job->env, 0, 0);
}

void guard_fini(struct guard *guard)
{
	env_free(guard->job->env, guard->suspects);
	arena_fini(&guard->arena);
}

void guard_begin_set(struct guard *guard)
{
	arena_reset(&guard->arena);
	guard->volumes = NULL;
	guard->volume_capacity = 0;
	guard->volume_count = 0;
}

static struct job_volume *volume_slot(struct job_volume *volumes, uint32_t capacity, struct slice group_id)
{
	uint32_t at = (uint32_t)hash_table_key(group_id) & (capacity - 1);

	while (volumes[at].group_id.data != NULL && !slice_equal(volumes[at].group_id, group_id))
		at = (at + 1) & (capacity - 1);
	return &volumes[at];
}

static bool volumes_grow(struct arena *arena, struct job_volume **volumes, uint32_t *capacity)
{
	uint32_t grown = *capacity == 0 ? VOLUMES_AT_FIRST : *capacity * 2, i;
	struct job_volume *table = arena_alloc_array(arena, grown, sizeof(*table));

	if (table == NULL)
		return false;
	for (i = 0; i < *capacity; i++)
		if ((*volumes)[i].group_id.data != NULL)
			*volume_slot(table, grown, (*volumes)[i].group_id) = (*volumes)[i];
	*volumes = table;
	*capacity = grown;
	return true;
}

struct job_volume *guard_volume(struct arena *arena, struct job_volume **volumes, uint32_t *capacity, uint32_t *count,
                                 struct slice group_id)
{
	struct job_volume *slot;

	if (*count * 2 >= *capacity && !volumes_grow(arena, volumes, capacity))
		return NULL;
	slot = volume_slot(*volumes, *capacity, group_id);
	if (slot->group_id.data == NULL) {
		slot->group_id = arena_dup(arena, group_id);
		if (slot->group_id.data == NULL)
			return NULL;
		(*count)++;
	}
	return slot;
}

static bool record_terminates(const struct member_record *record)
{
	uint32_t i;

	if (slice_is(record->maintenance, "024"))
		return true;
	for (i = 0; i < record->coverage_count; i++)
		if (slice_is(record->coverages[i].maintenance, "024") ||
		    slice_is(record->coverages[i].maintenance, "002"))
			return true;
	return false;
}

int guard_count_family(struct guard *guard, const struct enroll_family *family)
{
	uint32_t i;

	for (i = 0; i < family->member_count; i++) {
		const struct member_record *record = &family->members[i];
		struct job_volume *volume = guard_volume(&guard->arena, &guard->volumes, &guard->volume_capacity,
							  &guard->volume_count,
							  enroll_group(family->header, record));

		if (volume == NULL)
			return -ENOMEM;
		volume->changes++;
		volume->records++;
		/* Bounds: none of them can be more. */
		volume->adds++;
		volume->errors++;
		/* A subscriber's end may end a whole family: count as many as a family can plausibly have. */
		if (record_terminates(record))
			volume->terminations += record->is_subscriber ? LIMIT_FAMILY_MEMBERS / 10 : 1;
		volume->coverage_changes = volume->changes + volume->terminations;
	}
	return 0;
}

bool guard_over_the_line(uint64_t count, uint64_t active, int32_t percent, int32_t minimum)
{
	return count > (uint64_t)minimum && count * 100 > active * (uint64_t)percent;
}

enum guard_line guard_judge_volume(const struct profile_guards *guards, const struct job_volume *volume,
				   uint64_t active)
{
	if (active == 0)
		return GUARD_WITHIN;
	if (guard_over_the_line(volume->terminations, active, guards->terminations_percent, guards->terminations_min))
		return GUARD_TERMINATIONS;
	return guard_over_the_line(volume->changes, active, guards->changes_percent, guards->changes_min)
		       ? GUARD_CHANGES
		       : GUARD_WITHIN;
}

static bool is_unusual(const struct profile_guards *guards, uint64_t count, uint64_t before, uint32_t files)
{
	return count > (uint64_t)guards->usual_min && count * 100 * files > before * (uint64_t)guards->usual_percent;
}

/* Against what the partner's last files did there. */
static int judge_usual(struct job *job, const struct job_volume *volume, bool full, struct guard_finding *ret_finding)
{
	const struct profile_guards *guards = &job->profile->guards;
	struct store_volume before;
	uint32_t files;
	int r;

	if (guards->usual_files == 0 || (volume->adds <= (uint64_t)guards->usual_min &&
					 volume->coverage_changes <= (uint64_t)guards->usual_min))
		return 0;
	r = store_volume_before(job->store, job->file.partner, job->file.file_no, full, volume->group_id,
				(uint32_t)guards->usual_files, &before, &files);
	if (r < 0 || files == 0 || files < (uint32_t)guards->usual_files_min)
		return r;
	ret_finding->files = files;
	if (is_unusual(guards, volume->terminations, before.terminations, files))
		*ret_finding = (struct guard_finding){GUARD_USUAL_TERMINATIONS, volume->terminations,
						      before.terminations, files};
	else if (is_unusual(guards, volume->adds, before.adds, files))
		*ret_finding = (struct guard_finding){GUARD_USUAL_ADDS, volume->adds, before.adds, files};
	else if (is_unusual(guards, volume->coverage_changes, before.changes, files))
		*ret_finding =
			(struct guard_finding){GUARD_USUAL_CHANGES, volume->coverage_changes, before.changes, files};
	return 0;
}

int guard_judge_group(struct job *job, const struct job_volume *volume, uint64_t active, bool full,
		      struct guard_finding *ret_finding)
{
	const struct profile_guards *guards = &job->profile->guards;
	enum guard_line line = guard_judge_volume(guards, volume, active);

	*ret_finding = (struct guard_finding){.line = line, .against = active};
	ret_finding->count = line == GUARD_TERMINATIONS ? volume->terminations : volume->changes;
	if (line != GUARD_WITHIN)
		return 0;
	if (guard_over_the_line(volume->errors, volume->records, guards->errors_percent, guards->errors_min)) {
		*ret_finding = (struct guard_finding){GUARD_ERRORS, volume->errors, volume->records, 0};
		return 0;
	}
	return judge_usual(job, volume, full, ret_finding);
}

/* Too few to be over any line, however small the group: then nobody need count its members. */
static bool volume_is_small(const struct profile_guards *guards, const struct job_volume *volume)
{
	return volume->terminations <= (uint64_t)guards->terminations_min &&
	       volume->changes <= (uint64_t)guards->changes_min &&
	       (guards->errors_percent == 100 || volume->errors <= (uint64_t)guards->errors_min) &&
	       (guards->usual_files == 0 || volume->coverage_changes <= (uint64_t)guards->usual_min);
}

static uint64_t enough_for(uint64_t count, int32_t percent)
{
	return percent > 0 ? (count * 100 + (uint64_t)percent - 1) / (uint64_t)percent : UINT64_MAX;
}

/* So many active members, and no line is passed, however many more there are. */
static uint64_t volume_enough(const struct profile_guards *guards, const struct job_volume *volume)
{
	uint64_t terminations = enough_for(volume->terminations, guards->terminations_percent);
	uint64_t changes = enough_for(volume->changes, guards->changes_percent);

	return terminations > changes ? terminations : changes;
}

/* Judges every group of a table; *ret_which names the first one over a line, by its number: tables lie in no order. */
static int volumes_judge(struct job *job, const struct job_volume *volumes, uint32_t capacity,
                         const struct job_volume **ret_which, struct guard_finding *ret_finding)
{
	struct guard_finding finding;
	uint64_t active;
	uint32_t i;

	*ret_finding = (struct guard_finding){GUARD_WITHIN, 0, 0, 0};
	for (i = 0; i < capacity; i++) {
		int r;

		if (volumes[i].group_id.data == NULL || volume_is_small(&job->profile->guards, &volumes[i]) ||
		    (ret_finding->line != GUARD_WITHIN &&
		     slice_compare(volumes[i].group_id, (*ret_which)->group_id) > 0))
			continue;
		r = store_group_active_up_to(job->store, volumes[i].group_id, job->batch->settings.today,
					     volume_enough(&job->profile->guards, &volumes[i]), &active);
		if (r == 0)
			r = guard_judge_group(job, &volumes[i], active, false, &finding);
		if (r < 0)
			return r;
		if (finding.line == GUARD_WITHIN)
			continue;
		*ret_finding = finding;
		*ret_which = &volumes[i];
	}
	return 0;
}

bool guard_must_count(const struct guard *guard)
{
	uint32_t i;

	for (i = 0; i < guard->volume_capacity; i++)
		if (guard->volumes[i].group_id.data != NULL &&
		    !volume_is_small(&guard->job->profile->guards, &guard->volumes[i]))
			return true;
	return false;
}

int guard_suspects(struct guard *guard, bool *ret_suspect)
{
	const struct job_volume *which;
	struct guard_finding finding;
	int r = volumes_judge(guard->job, guard->volumes, guard->volume_capacity, &which, &finding);

	*ret_suspect = r == 0 && finding.line != GUARD_WITHIN;
	return r;
}

int guard_note_set(struct guard *guard, uint32_t tset_ordinal, uint64_t tset_no)
{
	struct guard_suspect *grown;

	if (guard->suspect_count == guard->suspect_capacity) {
		guard->suspect_capacity = guard->suspect_capacity * 2 + 16;
		grown = env_realloc(guard->job->env, guard->suspects, guard->suspect_capacity * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		guard->suspects = grown;
	}
	guard->suspects[guard->suspect_count++] =
		(struct guard_suspect){.tset_ordinal = tset_ordinal, .tset_no = tset_no};
	return 0;
}

void guard_forget_set(struct guard *guard, uint64_t tset_no)
{
	uint32_t i;

	for (i = 0; i < guard->suspect_count; i++)
		if (guard->suspects[i].tset_no == tset_no)
			guard->suspects[i] = guard->suspects[--guard->suspect_count];
}

enum category guard_category(enum guard_line line)
{
	return line == GUARD_ERRORS ? CATEGORY_FILE_HOLD : CATEGORY_MASS_TERM;
}

/* "12.5": a mean of whole members. */
static struct slice mean_text(struct arena *arena, uint64_t sum, uint32_t files)
{
	uint64_t tenths = (sum * 10 + files / 2) / files;

	return arena_printf(arena, "%llu.%llu", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
}

struct slice guard_sentence(struct arena *arena, const struct profile_guards *guards, struct slice group_id,
                            const struct guard_finding *finding)
{
	static const char *const would[] = {
		[GUARD_TERMINATIONS] = "end the coverage of",	[GUARD_CHANGES] = "change",
		[GUARD_USUAL_TERMINATIONS] = "end the coverage of", [GUARD_USUAL_ADDS] = "add",
		[GUARD_USUAL_CHANGES] = "change the coverage of"};
	bool ends = finding->line == GUARD_TERMINATIONS;
	unsigned long long count = finding->count, against = finding->against;
	struct slice mean;
	char group[64];

	slice_to_cstr(group_id, group, sizeof(group));
	switch (finding->line) {
	case GUARD_WITHIN:
		break;
	case GUARD_TERMINATIONS:
	case GUARD_CHANGES:
		return arena_printf(
			arena,
			"the set would %s %llu of the %llu active members of group %s (limit: %d %% and %d); nothing was "
			"applied",
			would[finding->line], count, against, group,
			ends ? guards->terminations_percent : guards->changes_percent,
			ends ? guards->terminations_min : guards->changes_min);
	case GUARD_ERRORS:
		return arena_printf(
			arena,
			"%llu of the %llu records of group %s would wait for a representative (limit: %d %% and %d); "
			"nothing was applied",
			count, against, group, guards->errors_percent, guards->errors_min);
	case GUARD_USUAL_TERMINATIONS:
	case GUARD_USUAL_ADDS:
	case GUARD_USUAL_CHANGES:
		mean = mean_text(arena, finding->against, finding->files);
		if (mean.data == NULL)
			return mean;
		return arena_printf(
			arena,
			"the set would %s %llu members of group %s; in the partner's last %u files it was %.*s on "
			"average (limit: %d %% and %d); nothing was applied",
			would[finding->line], count, group, finding->files, (int)mean.len, mean.data,
			guards->usual_percent, guards->usual_min);
	}
	return SLICE_EMPTY;
}

static int guard_judge_set(struct guard *guard, const struct guard_suspect *suspect)
{
	struct job *job = guard->job;
	const struct job_volume *which = NULL;
	const struct store_tset *stored;
	struct job_volume *volumes;
	struct store_tset row;
	struct guard_finding finding = {GUARD_WITHIN, 0, 0, 0};
	uint32_t capacity;
	const struct job_measure measure = {suspect->tset_ordinal, &guard->arena, &volumes, &capacity};
	int r = job_dry_run(job, &measure);

	if (r == 0)
		r = volumes_judge(job, volumes, capacity, &which, &finding);
	if (r < 0 || finding.line == GUARD_WITHIN)
		return r;
	r = store_tset_get(job->store, suspect->tset_no, &guard->arena, &stored);
	if (r < 0 || stored == NULL)
		return r < 0 ? r : MUSTER_ERROR_INTERNAL;
	row = *stored;
	row.outcome = STORE_TSET_HELD;
	row.hold_category = guard_category(finding.line);
	row.ledger_key = SLICE_EMPTY;
	row.reason = guard_sentence(&guard->arena, &job->profile->guards, which->group_id, &finding);
	if (row.reason.data == NULL)
		return -ENOMEM;
	r = job_begin_unless_open(job);
	if (r == 0)
		r = store_tset_update(job->store, &row);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int guard_judge(struct guard *guard)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < guard->suspect_count; i++) {
		guard_begin_set(guard);
		r = guard_judge_set(guard, &guard->suspects[i]);
	}
	return r;
}
