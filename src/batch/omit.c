#include "audit.h"
#include "omit.h"

#include <stdio.h>

#include "chunk.h"
#include "full.h"
#include "muster/log.h"
#include "muster/text.h"
#include "supersede.h"

/* A household of which somebody is left out. */
struct left_out {
	struct family_key family;
	struct left_out *next;
};

struct omit {
	struct pass *pass;
	struct job *job;
	struct arena arena; /* the uses, and the households of a group */
	struct full_uses uses;
	struct claims present, unsure;
	enum store_full_mode mode;
	/* The group under way. */
	const struct store_full_use *use; /* its last set that is applied now */
	struct decide_omission_input input;
	uint64_t previous_file_no;
	struct left_out *households, **households_end;
	uint64_t members_present;
	/* The chunk under way. */
	uint32_t chunk_members;
	struct hash_content_state payload;
};

static int omit_note_present(void *context, uint64_t member_no)
{
	struct omit *omit = context;

	return claims_add(&omit->present, member_no);
}

static int omit_note_unsure(void *context, uint64_t member_no)
{
	struct omit *omit = context;

	return claims_add(&omit->unsure, member_no);
}

/* The bits, from all sets that are applied or about to be. */
static int omit_load_marks(struct omit *omit)
{
	uint32_t i, k;
	int r = 0;

	claims_clear(&omit->present);
	claims_clear(&omit->unsure);
	for (i = 0; r == 0 && i < omit->uses.count; i++) {
		const struct store_full_use *use = &omit->uses.items[i];

		for (k = 0; k < i && omit->uses.items[k].tset_no != use->tset_no; k++)
			;
		if (k < i || use->set.mode != omit->mode ||
		    (use->outcome != STORE_TSET_OPEN && use->outcome != STORE_TSET_APPLIED))
			continue;
		r = store_full_present(omit->job->store, use, omit_note_present, omit);
		if (r == 0)
			r = store_full_unsure(omit->job->store, use, omit_note_unsure, omit);
	}
	return r;
}

/* ---- a household ---- */

struct recent {
	date_day file_on;
	int32_t young_days;
	struct arena *arena;
	struct slice protection;
};

static bool begins_coverage(struct slice action)
{
	return slice_is(action, "add") || slice_is(action, "reinstate") || slice_is(action, "transfer");
}

static int recent_look(void *context, const struct store_change *change)
{
	struct recent *recent = context;
	date_day day = date_of_clock_ms(change->at_ms);

	if (change->undone)
		return 0;
	if (begins_coverage(change->action) && day > recent->file_on - recent->young_days)
		recent->protection = day >= recent->file_on
			? SLICE_LITERAL("coverage was added after the file was made")
			: arena_printf(recent->arena, "coverage was added less than %d days before the file",
				       recent->young_days);
	else if (change->operator_id.len > 0 && day >= recent->file_on)
		recent->protection = SLICE_LITERAL("a representative changed the member after the file was made");
	return recent->protection.len > 0 ? 1 : 0;
}

static int omit_protection(struct omit *omit, struct arena *arena, const struct member *member,
                           struct slice *ret_protection)
{
	struct recent recent = {.file_on = omit->input.file_on,
				.young_days = omit->job->profile->full.young_days,
				.arena = arena};
	int r = store_changes_of_member(omit->job->store, member->member_no, recent_look, &recent);

	*ret_protection = recent.protection;
	return r < 0 ? r : 0;
}

static int omit_absence(struct omit *omit, struct arena *arena, struct decide_absence *person, uint32_t *ret_absences)
{
	uint32_t grace = (uint32_t)omit->job->profile->full.grace_files, before = 0;
	int r = 0;

	if (omit->previous_file_no != 0)
		r = store_omission_absences(omit->job->store, omit->previous_file_no, omit->input.group_id,
					    person->member->member_no, &before);
	*ret_absences = before + 1;
	person->waits = *ret_absences < grace;
	if (person->waits)
		person->reason = arena_printf(arena, "absent from %u of %u full files in a row", *ret_absences, grace);
	if (r == 0)
		r = omit_protection(omit, arena, person->member, &person->protection);
	return r;
}

struct household {
	struct family_key family;
	struct decide_absence *people;
	uint32_t *absences;
	uint32_t count;
	bool done; /* an interrupted run has judged it */
};

static int household_load(struct omit *omit, struct arena *arena, struct family_key family,
                          struct household *ret_household)
{
	const struct member **members;
	bool unsure = false;
	uint32_t i, count;
	int r = store_household(omit->job->store, family, arena, &members, &count);

	*ret_household = (struct household){.family = family, .count = count};
	ret_household->people = arena_alloc_array(arena, count + 1, sizeof(*ret_household->people));
	ret_household->absences = arena_alloc_array(arena, count + 1, sizeof(uint32_t));
	if (ret_household->people == NULL || ret_household->absences == NULL)
		return -ENOMEM;
	for (i = 0; i < count && r == 0; i++)
		unsure = unsure || claims_has(&omit->unsure, members[i]->member_no);
	for (i = 0; i < count && r == 0; i++) {
		struct decide_absence *person = &ret_household->people[i];
		uint32_t told = 0;

		person->member = members[i];
		person->present = claims_has(&omit->present, members[i]->member_no);
		if (person->present)
			continue;
		r = store_omission_absences(omit->job->store, omit->job->file.file_no, omit->input.group_id,
					    members[i]->member_no, &told);
		ret_household->done = ret_household->done || told > 0;
		if (r == 0)
			r = omit_absence(omit, arena, person, &ret_household->absences[i]);
		if (unsure)
			person->protection = SLICE_LITERAL("a record that may mean somebody of this family waits");
	}
	return r;
}

static int household_record(struct omit *omit, const struct household *household, uint32_t member_pos)
{
	static const enum store_omission_outcome outcomes[] = {
		[DECIDE_OMISSION_ENDED] = STORE_OMISSION_ENDED,
		[DECIDE_OMISSION_WAITS] = STORE_OMISSION_WAITS,
		[DECIDE_OMISSION_KEPT] = STORE_OMISSION_KEPT,
	};
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < household->count; i++) {
		const struct decide_absence *person = &household->people[i];
		struct store_omission row = {
			.tset_no = omit->use->tset_no,
			.group_id = omit->input.group_id,
			.member_no = person->member->member_no,
			.absences = household->absences[i],
			.reason = person->reason,
		};

		if (person->outcome == DECIDE_OMISSION_NONE)
			continue;
		row.outcome = outcomes[person->outcome];
		row.member_pos = person->outcome == DECIDE_OMISSION_KEPT ? 0 : member_pos;
		r = store_omission_add(omit->job->store, &row);
	}
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static struct slice household_question(const struct household *household)
{
	uint32_t i;

	for (i = 0; i < household->count; i++)
		if (household->people[i].outcome == DECIDE_OMISSION_WAITS && !household->people[i].waits)
			return household->people[i].reason;
	return SLICE_LITERAL("Left out of the full file.");
}

/* Those asked about, as candidates of the item. */
static int household_ask(struct omit *omit, const struct apply_origin *origin, const struct household *household,
                         struct changeset *changeset)
{
	struct arena *arena = &omit->pass->family_arena;
	struct match_candidate *left_out = arena_alloc_array(arena, household->count + 1, sizeof(*left_out));
	struct apply_omitted omitted = {
		.member_pos = omit->input.member_pos,
		.group_id = omit->input.group_id,
		.family = household->family,
		.reason = household_question(household),
		.left_out = left_out,
	};
	uint32_t i;

	changeset->exceptions = arena_alloc_array(arena, 1, sizeof(*changeset->exceptions));
	if (left_out == NULL || changeset->exceptions == NULL)
		return -ENOMEM;
	for (i = 0; i < household->count && omitted.count < LIMIT_CANDIDATES; i++)
		if (household->people[i].outcome == DECIDE_OMISSION_WAITS)
			left_out[omitted.count++] = (struct match_candidate){.member = household->people[i].member,
									     .probability = 1.0};
	changeset->exceptions[0] = (struct decide_exception){
		.member_pos = omitted.member_pos,
		.category = CATEGORY_OMITTED,
		.reason = omitted.reason,
		.confidence = 1.0,
		.candidates = left_out,
		.candidate_count = omitted.count,
	};
	changeset->exception_count = 1;
	return apply_omitted_item(arena, origin, &omitted);
}

/* ---- chunks ---- */

static int omit_begin(struct omit *omit)
{
	if (store_is_writing(omit->job->store))
		return 0;
	hash_content_init(&omit->payload);
	return job_begin(omit->job);
}

static int omit_commit(struct omit *omit)
{
	struct job *job = omit->job;
	char subject[64], text[128], file_id[STORE_FILE_ID_BYTES], group[64];
	struct store_audit audit = {.kind = SLICE_LITERAL("omission"), .actor = job->operator_id};
	int r;

	if (omit->chunk_members == 0 || !store_is_writing(job->store))
		return 0;
	snprintf(subject, sizeof(subject), "%s-%u", store_file_id_format(job->file.file_no, file_id),
		 omit->use->tset_ordinal);
	snprintf(text, sizeof(text), "%u members of group %s looked at", omit->chunk_members,
		 slice_to_cstr(omit->input.group_id, group, sizeof(group)));
	audit.subject = slice_from(subject);
	audit.text = slice_from(text);
	hash_content_final(&omit->payload, &audit.payload);
	hash_content_init(&omit->payload);
	r = store_audit_append(job->store, &audit);
	if (r == 0)
		r = job_commit(job);
	omit->chunk_members = 0;
	if (r == 0 && job->preview == NULL && store_wal_bytes(job->store) > WAL_BYTES_MAX)
		r = store_checkpoint(job->store, false);
	if (r == STORE_E_LOCKED)
		r = 0;
	return r == 0 && job_is_interrupted() ? MUSTER_ERROR_INTERRUPTED : r;
}

static uint32_t household_concerned(const struct household *household)
{
	uint32_t i, count = 0;

	for (i = 0; i < household->count; i++)
		count += household->people[i].outcome != DECIDE_OMISSION_NONE;
	return count;
}

/* ---- judged ---- */

static int omit_measure(struct omit *omit, const struct household *household)
{
	struct job_volume *volume = pass_volume(omit->pass, omit->input.group_id);
	uint32_t i;

	if (volume == NULL)
		return -ENOMEM;
	for (i = 0; i < household->count; i++) {
		const struct decide_absence *person = &household->people[i];
		bool left_out = person->outcome == DECIDE_OMISSION_ENDED || person->outcome == DECIDE_OMISSION_WAITS;

		volume->omissions += left_out;
		volume->omitted_subscribers += left_out && slice_is(person->member->relationship, "18");
	}
	return 0;
}

/* There are no records: the set is all that is told of the file. */
static int omit_preview(struct omit *omit, const struct changeset *changeset)
{
	const struct batch_preview *preview = omit->job->preview;
	struct enroll_family family = {.arena = &omit->pass->family_arena};
	struct x12_tset tset = {.ordinal = omit->use->tset_ordinal};
	const struct store_tset *stored;
	int r;

	if (preview == NULL || preview->family == NULL)
		return 0;
	r = store_tset_get(omit->job->store, omit->use->tset_no, family.arena, &stored);
	if (r < 0)
		return r;
	tset.control_number = stored->control_number;
	family.tset = &tset;
	return preview->family(preview->context, &family, changeset, false);
}

static int omit_apply(struct omit *omit, const struct household *household, struct changeset *changeset, bool asks)
{
	struct job *job = omit->job;
	struct apply_origin origin = job_origin(job, NULL);
	int r = 0;

	origin.tset_no = omit->use->tset_no;
	origin.tset_ordinal = omit->use->tset_ordinal;
	if (changeset->operation_count > 0)
		r = apply_omission(&omit->pass->family_arena, &origin, omit->input.member_pos, changeset,
				   &omit->payload);
	else if (asks)
		r = household_ask(omit, &origin, household, changeset);
	if (r == 0)
		r = omit_preview(omit, changeset);
	if (r == 0)
		r = household_record(omit, household,
				     changeset->operation_count > 0 || asks ? omit->input.member_pos : 0);
	omit->chunk_members += household_concerned(household);
	return r;
}

static int omit_household(struct omit *omit, struct family_key family)
{
	struct arena *arena = &omit->pass->family_arena;
	struct household household;
	struct changeset changeset;
	uint32_t last;
	bool asks;
	int r;

	arena_reset(arena);
	r = household_load(omit, arena, family, &household);
	if (r < 0 || household.done)
		return r;
	if (!omit->pass->dry) {
		r = store_ledger_last(omit->job->store, omit->use->tset_no, &last);
		if (r < 0)
			return r;
		omit->input.member_pos = (last > omit->use->members ? last : omit->use->members) + 1;
	}
	r = decide_omission(arena, &omit->input, household.people, household.count, &changeset, &asks);
	if (r < 0 || household_concerned(&household) == 0)
		return r;
	if (omit->pass->dry)
		return omit_measure(omit, &household);
	r = omit_begin(omit);
	if (r == 0)
		r = omit_apply(omit, &household, &changeset, asks);
	if (r == 0 && omit->chunk_members >= (uint32_t)omit->job->batch->settings.config->chunk_members)
		r = omit_commit(omit);
	return r;
}

/* ---- only in the database: an audit ---- */

static int omit_tell(struct omit *omit, const struct member *member)
{
	struct arena *arena = &omit->pass->family_arena;
	char begins[DATE_TEXT_BYTES];
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];
		struct store_discrepancy line = {
			.tset_no = omit->use->tset_no,
			.member_no = member->member_no,
			.subscriber_id = member->subscriber_id,
			.outcome = SLICE_LITERAL("only_in_database"),
			.field = SLICE_LITERAL("coverage"),
		};

		if (!span_covers(span, omit->input.today) || !slice_equal(span->group_id, omit->input.group_id))
			continue;
		line.stored = arena_printf(arena, "%.*s %.*s from %s", (int)span->plan_id.len, span->plan_id.data,
					   (int)span->tier.len, span->tier.len > 0 ? span->tier.data : "",
					   date_format_iso(span->begins_on, begins));
		if (line.stored.data == NULL)
			return -ENOMEM;
		r = audit_explain(omit->job, omit->use->set.file_on, member->member_no, family_key_of(member), arena,
				  &line.explained);
		if (r == 0)
			r = store_discrepancy_add(omit->job->store, &line);
	}
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int omit_tell_household(struct omit *omit, struct family_key family)
{
	const struct member **members;
	uint32_t i, count;
	int r;

	arena_reset(&omit->pass->family_arena);
	r = store_household(omit->job->store, family, &omit->pass->family_arena, &members, &count);
	if (r == 0)
		r = omit_begin(omit);
	for (i = 0; r == 0 && i < count; i++)
		if (!claims_has(&omit->present, members[i]->member_no) &&
		    !claims_has(&omit->unsure, members[i]->member_no))
			r = omit_tell(omit, members[i]);
	omit->chunk_members += count;
	return r;
}

/* ---- a group ---- */

static int omit_note_household(void *context, const struct member *const *members, uint32_t count)
{
	struct omit *omit = context;
	struct left_out *household;
	bool all = true;
	uint32_t i;

	for (i = 0; i < count; i++) {
		bool here = claims_has(&omit->present, members[i]->member_no);

		omit->members_present += here && members[i]->span_count > 0;
		all = all && here;
	}
	if (all || count == 0 || members[0]->subscriber_id.len == 0)
		return 0;
	household = arena_alloc(&omit->arena, sizeof(*household));
	if (household == NULL)
		return -ENOMEM;
	household->family = (struct family_key){.sponsor_id = arena_dup(&omit->arena, members[0]->sponsor_id),
						.subscriber_id = arena_dup(&omit->arena, members[0]->subscriber_id)};
	household->next = NULL;
	*omit->households_end = household;
	omit->households_end = &household->next;
	return household->family.sponsor_id.data != NULL && household->family.subscriber_id.data != NULL ? 0 : -ENOMEM;
}

static date_day omit_end(const struct profile_full *full, date_day file_on)
{
	switch (full->omit_end) {
	case PROFILE_OMIT_MONTH_OF_FILE:
		break;
	case PROFILE_OMIT_MONTH_BEFORE:
		return date_month_begin(file_on) - 1;
	case PROFILE_OMIT_FILE_DATE:
		return file_on;
	}
	return date_month_end(file_on);
}

static void omit_set_input(struct omit *omit, const struct store_full_use *use)
{
	const struct profile *profile = omit->job->profile;
	date_day today = omit->job->batch->settings.today;
	date_day file_on = use->set.file_on != DATE_NONE ? use->set.file_on : today;

	omit->use = use;
	omit->members_present = 0;
	omit->households = NULL;
	omit->households_end = &omit->households;
	omit->input = (struct decide_omission_input){
		.group_id = use->group_id,
		.today = today,
		.file_on = file_on,
		.ends_on = omit_end(&profile->full, file_on),
		.retro_term_days = profile->decide.retro_term_days,
		.ask = profile->full.omission == PROFILE_OMISSION_EXCEPTION,
	};
}

/* Questions of earlier full files about this group: this one answers them, or asks them anew. */
struct overtaken {
	struct omit *omit;
	struct slice *items;
	uint32_t count, capacity;
};

static int overtaken_note(void *context, const struct store_exception *item)
{
	struct overtaken *overtaken = context;
	struct arena *arena = &overtaken->omit->arena;

	if (item->file_no >= overtaken->omit->job->file.file_no)
		return 0;
	if (overtaken->count == overtaken->capacity) {
		uint32_t capacity = overtaken->capacity * 2 + 16;
		struct slice *grown = arena_alloc_array(arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (overtaken->count > 0)
			memcpy(grown, overtaken->items, overtaken->count * sizeof(*grown));
		overtaken->items = grown;
		overtaken->capacity = capacity;
	}
	overtaken->items[overtaken->count] = arena_dup(arena, item->item_id);
	return overtaken->items[overtaken->count++].data != NULL ? 0 : -ENOMEM;
}

static int omit_overtake(struct omit *omit, struct slice group_id)
{
	struct overtaken overtaken = {.omit = omit};
	const struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED,
		.has_category = true,
		.category = CATEGORY_OMITTED,
		.group_id = group_id,
	};
	uint32_t i;
	int r = store_exceptions_each(omit->job->store, &filter, overtaken_note, &overtaken);

	if (r == 0 && overtaken.count > 0)
		r = omit_begin(omit);
	for (i = 0; r == 0 && i < overtaken.count; i++)
		r = supersede_item(omit->job->store, overtaken.items[i], &omit->arena);
	omit->chunk_members += overtaken.count;
	return r;
}

static int omit_group(struct omit *omit, const struct store_full_use *use)
{
	struct store *store = omit->job->store;
	struct left_out *household;
	struct job_volume *volume;
	int r;

	omit_set_input(omit, use);
	r = store_full_previous(store, omit->job->file.file_no, use->group_id, &omit->previous_file_no);
	if (r == 0)
		r = store_roster(store, use->group_id, omit->input.today, omit_note_household, omit);
	if (r == 0 && omit->pass->dry) {
		volume = pass_volume(omit->pass, use->group_id);
		if (volume == NULL)
			return -ENOMEM;
		volume->measured = true;
		volume->present = omit->members_present;
	}
	if (r == 0 && !omit->pass->dry && omit->mode == STORE_FULL_REPLACE)
		r = omit_overtake(omit, use->group_id);
	for (household = omit->households; r == 0 && household != NULL; household = household->next)
		r = omit->mode == STORE_FULL_AUDIT ? omit_tell_household(omit, household->family)
						   : omit_household(omit, household->family);
	return r == 0 && !omit->pass->dry ? omit_commit(omit) : r;
}

/* The group's sponsor, where it is known, is the one who sent the file. */
static int omit_is_sponsors(struct omit *omit, const struct store_full_use *use, bool *ret_is)
{
	const struct group *group;
	int r = store_group_get(omit->job->store, use->group_id, &omit->arena, &group);

	*ret_is = r == 0 && group != NULL &&
		  (group->sponsor_id.len == 0 || use->set.sponsor_id.len == 0 ||
		   text_is_same_id(group->sponsor_id, use->set.sponsor_id));
	if (r == 0 && group != NULL && !*ret_is)
		log_message(LOG_WARNING,
			    "file %llu: a full file of another sponsor names group %.*s: nobody is left out",
			    (unsigned long long)omit->job->file.file_no, (int)use->group_id.len, use->group_id.data);
	return r;
}

/* The sets of one group, uses first..end: are they all applied, one of them now? The last such, or NULL. */
static const struct store_full_use *omit_scope(const struct omit *omit, uint32_t first, uint32_t end)
{
	const struct store_full_use *last = NULL;
	uint32_t i;

	for (i = first; i < end; i++) {
		const struct store_full_use *use = &omit->uses.items[i];

		if (use->set.mode != omit->mode)
			continue;
		if (use->outcome != STORE_TSET_OPEN && use->outcome != STORE_TSET_APPLIED)
			return NULL;
		if (use->outcome == STORE_TSET_OPEN)
			last = use;
	}
	return last;
}

static int omit_groups(struct omit *omit)
{
	uint32_t first, end;
	int r = 0;

	for (first = 0; r == 0 && first < omit->uses.count; first = end) {
		const struct store_full_use *use;
		bool is_sponsors = false;

		for (end = first + 1; end < omit->uses.count && slice_equal(omit->uses.items[end].group_id,
									    omit->uses.items[first].group_id);
		     end++)
			;
		use = omit_scope(omit, first, end);
		if (use == NULL || use->group_id.len == 0)
			continue;
		r = omit_is_sponsors(omit, use, &is_sponsors);
		if (r == 0 && is_sponsors)
			r = omit_group(omit, use);
	}
	return r;
}

static bool omit_has(const struct omit *omit, enum store_full_mode mode)
{
	uint32_t i;

	for (i = 0; i < omit->uses.count; i++)
		if (omit->uses.items[i].set.mode == mode && omit->uses.items[i].outcome == STORE_TSET_OPEN)
			return true;
	return false;
}

/* An audit's last lines are written in one go per group: were they written before? */
static int find_told(void *context, const struct store_discrepancy *line)
{
	(void)context;
	return slice_is(line->outcome, "only_in_database") ? 1 : 0;
}

static int omit_audits(struct omit *omit)
{
	int r = store_discrepancies_each(omit->job->store, omit->job->file.file_no, find_told, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	omit->mode = STORE_FULL_AUDIT;
	r = omit_load_marks(omit);
	return r == 0 ? omit_groups(omit) : r;
}

static void omit_init(struct omit *omit, struct pass *pass)
{
	*omit = (struct omit){.pass = pass, .job = pass_job(pass)};
	arena_init(&omit->arena, omit->job->env, 0, 0);
	claims_init(&omit->present, omit->job->env);
	claims_init(&omit->unsure, omit->job->env);
	hash_content_init(&omit->payload);
}

static void omit_fini(struct omit *omit)
{
	claims_fini(&omit->unsure);
	claims_fini(&omit->present);
	arena_fini(&omit->arena);
}

int omit_run(struct pass *pass)
{
	struct omit omit;
	int r;

	omit_init(&omit, pass);
	r = full_load(omit.job, &omit.arena, &omit.uses);
	if (r == 0 && omit_has(&omit, STORE_FULL_REPLACE) &&
	    omit.job->profile->full.omission != PROFILE_OMISSION_IGNORE) {
		omit.mode = STORE_FULL_REPLACE;
		r = omit_load_marks(&omit);
		if (r == 0)
			r = omit_groups(&omit);
	}
	if (r == 0 && !pass->dry && omit_has(&omit, STORE_FULL_AUDIT))
		r = omit_audits(&omit);
	omit_fini(&omit);
	return r;
}

/* ---- an item that is released ---- */

/* Only those whom the item asked about. */
static bool is_asked(const struct store_exception *item, uint64_t member_no)
{
	uint32_t i;

	for (i = 0; i < item->candidate_count; i++)
		if (item->candidates[i].member_no == member_no)
			return true;
	return false;
}

int omit_release(struct pass *pass, const struct job_item *item, struct hash_content_state *payload)
{
	struct arena *arena = &pass->family_arena;
	struct apply_origin origin = job_origin(pass_job(pass), &pass->tset);
	const struct store_exception *stored;
	struct store_full_use use = {.tset_no = pass->tset.tset_no, .set = pass->full};
	struct household household = {0};
	struct changeset changeset;
	struct omit omit;
	uint32_t i;
	bool asks;
	int r = store_exception_get(pass_job(pass)->store, item->item_id, arena, &stored);

	if (r < 0 || stored == NULL)
		return r < 0 ? r : MUSTER_ERROR_INTERNAL;
	use.group_id = stored->group_id;
	omit_init(&omit, pass);
	omit_set_input(&omit, &use);
	omit.input.forced = true;
	omit.input.member_pos = item->member_pos;
	r = household_load(
		&omit, arena,
		(struct family_key){.sponsor_id = stored->sponsor_id, .subscriber_id = stored->subscriber_id},
		&household);
	for (i = 0; i < household.count; i++)
		household.people[i].present = !is_asked(stored, household.people[i].member->member_no);
	if (r == 0)
		r = decide_omission(arena, &omit.input, household.people, household.count, &changeset, &asks);
	origin.operator_id = item->operator_id;
	origin.at_ms = batch_received_ms(pass_job(pass)->batch);
	origin.again = true;
	origin.item_id = item->item_id;
	if (r == 0)
		r = apply_omission(arena, &origin, item->member_pos, &changeset, payload);
	omit_fini(&omit);
	return r;
}
