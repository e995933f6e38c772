/*
 * What would have been decided if another model had been at work: before anybody promotes it.
 *
 * The records of the last nights are read again from the kept originals, and each is matched twice, by the model in use
 * and by the other, against the members as they were known before their file came. So what the night did itself is not
 * in the way. Both see the same members; what differs is the models' doing. Members whose names or numbers have changed
 * since are found by what they are now: such a record may be seen by neither.
 *
 * Decisions of representatives are left out of the matching, and stand beside each change instead: a change that goes
 * against one counts.
 */
#include "shadow.h"

#include <stdlib.h>

#include "muster/log.h"
#include "muster/undo.h"
#include "release.h"

/* ---- members as they were before the file ---- */

struct past {
	struct pass *pass;
	const struct decide_view *now;
	int64_t at_ms;
};

/* Those from number `first` on, as they were known; who was not known yet is taken away. */
static int past_pool(struct past *past, struct arena *arena, struct match_pool *pool, uint32_t first)
{
	struct store *store = past->pass->known.store;
	uint32_t i, kept = first;
	int r = 0;

	for (i = first; i < pool->count && r == 0; i++) {
		const struct member *member;

		r = undo_member_known(store, pool->members[i], past->at_ms, arena, &member);
		if (r == 0 && member != NULL)
			pool->members[kept++] = member;
	}
	pool->count = kept;
	return r;
}

static int past_by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	struct past *past = context;
	uint32_t first = pool->count;
	int r = past->now->candidates.by_key(past->now->candidates.context, key, max, arena, pool);

	return r < 0 ? r : past_pool(past, arena, pool, first);
}

static int past_by_member_id(void *context, struct slice member_id, struct arena *arena, struct match_pool *pool)
{
	struct past *past = context;
	uint32_t first = pool->count;
	int r = past->now->candidates.by_member_id(past->now->candidates.context, member_id, arena, pool);

	return r < 0 ? r : past_pool(past, arena, pool, first);
}

static int past_by_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	struct past *past = context;
	uint32_t first = pool->count;
	int r = past->now->candidates.by_family(past->now->candidates.context, key, arena, pool);

	return r < 0 ? r : past_pool(past, arena, pool, first);
}

static int past_household(void *context, struct family_key key, struct arena *arena,
			  const struct member ***ret_members, uint32_t *ret_count)
{
	struct past *past = context;
	struct match_pool pool = {.arena = arena};
	int r = past_by_family(past, key, arena, &pool);

	*ret_members = pool.members;
	*ret_count = pool.count;
	return r;
}

static int past_member(void *context, struct slice member_id, struct arena *arena, const struct member **ret_member)
{
	struct match_pool pool = {.arena = arena};
	int r = past_by_member_id(context, member_id, arena, &pool);

	*ret_member = pool.count > 0 ? pool.members[0] : NULL;
	return r;
}

/* Contracts and plans are those of today: of them no model depends. */
static int past_group(void *context, struct slice group_id, struct arena *arena, const struct group **ret_group)
{
	const struct decide_view *now = ((struct past *)context)->now;

	return now->group(now->context, group_id, arena, ret_group);
}

static int past_plan(void *context, struct slice plan_id, struct arena *arena, const struct plan **ret_plan)
{
	const struct decide_view *now = ((struct past *)context)->now;

	return now->plan(now->context, plan_id, arena, ret_plan);
}

static struct decide_view past_view(struct past *past, const struct match_model *model)
{
	return (struct decide_view){
		.context = past,
		.group = past_group,
		.plan = past_plan,
		.member = past_member,
		.household = past_household,
		.candidates = {.context = past,
			       .by_key = past_by_key,
			       .by_member_id = past_by_member_id,
			       .by_family = past_by_family},
		.population = past->now->population,
		.model = model,
	};
}

/* ---- one family, twice ---- */

static bool shadow_is_claimed(void *context, uint64_t member_no)
{
	const struct shadow *shadow = context;

	return claims_has(&shadow->claims[shadow->turn], member_no);
}

static void shadow_matched(void *context, const struct member_record *record, const struct hash *identity,
			   const struct match_result *result)
{
	struct shadow *shadow = context;
	struct shadow_record *row = &shadow->records[record - shadow->family->members];

	row->identity = identity;
	row->by[shadow->turn] = result;
}

static int shadow_claim(struct shadow *shadow, const struct changeset *changeset)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->image_count; i++)
		if (changeset->images[i]->claimed && changeset->images[i]->before.member_no != 0)
			r = claims_add(&shadow->claims[shadow->turn], changeset->images[i]->before.member_no);
	return r;
}

static int shadow_decide(struct pass *pass, struct shadow *shadow, int turn)
{
	struct job *job = pass_job(pass);
	struct past past = {pass, &pass->known.view, job->file.received_ms - 1};
	struct decide_view view = past_view(&past, shadow->models[turn]);
	struct changeset changeset;
	const struct decide_input input = {
		.view = &view,
		.policy = &job->profile->decide,
		.today = job->file.as_of != DATE_NONE ? job->file.as_of : job->batch->settings.today,
		.family = shadow->family,
		.compares = pass_compares(pass),
		.last_chance = true,
		.is_claimed = shadow_is_claimed,
		.claimed_context = shadow,
		.matched = shadow_matched,
		.matched_context = shadow,
	};
	int r;

	shadow->turn = turn;
	r = decide_family(&pass->family_arena, &input, &changeset);
	return r == 0 ? shadow_claim(shadow, &changeset) : r;
}

static bool is_changed(const struct match_result *now, const struct match_result *new)
{
	return now->disposition != new->disposition ||
	       (now->disposition == MATCH_AUTO && now->member->member_no != new->member->member_no);
}

static void count_expected(struct batch_shadow_totals *totals, const struct shadow_record *record)
{
	int i;

	for (i = 0; i < SHADOW_MODELS; i++) {
		totals->automatic[i] += record->by[i]->disposition != MATCH_REVIEW;
		totals->expected_wrong[i] +=
			record->by[i]->disposition != MATCH_REVIEW ? 1.0 - record->by[i]->confidence : 0.0;
	}
}

/* Does the other model do what a representative said is wrong? */
static enum batch_shadow_word word_of(struct slice decision, const struct match_result *new)
{
	bool is_match = slice_starts_with(decision, "match:");
	struct slice id = is_match ? slice_of(decision.data + 6, decision.len - 6) : SLICE_EMPTY;

	if ((!is_match && !slice_is(decision, "new")) || new->disposition == MATCH_REVIEW)
		return BATCH_SHADOW_SILENT;
	if (new->disposition == MATCH_NEW)
		return is_match ? BATCH_SHADOW_AGAINST : BATCH_SHADOW_AGREES;
	return is_match && slice_equal(new->member->member_id, id) ? BATCH_SHADOW_AGREES : BATCH_SHADOW_AGAINST;
}

static void count_change(struct batch_shadow_totals *totals, const struct batch_shadow_change *change)
{
	bool was = change->now->disposition != MATCH_REVIEW, is = change->changed->disposition != MATCH_REVIEW;

	totals->to_review += was && !is;
	totals->to_automatic += !was && is;
	totals->other_person += was && is;
	totals->agrees += change->word == BATCH_SHADOW_AGREES;
	totals->against += change->word == BATCH_SHADOW_AGAINST;
}

static int shadow_rematch(struct pass *pass, struct shadow *shadow, uint32_t index)
{
	const struct shadow_record *record = &shadow->records[index];
	char id[STORE_ITEM_ID_BYTES];

	store_item_id_format(pass_job(pass)->file.file_no, pass->tset.ordinal,
			     shadow->family->members[index].member_pos, id);
	if (record->by[SHADOW_NOW] == NULL || !slice_is(shadow->rematch->record_id, id))
		return 0;
	return shadow->rematch->matched(shadow->rematch->context, record->identity, record->by[SHADOW_NOW]);
}

static int shadow_compare(struct pass *pass, struct shadow *shadow, uint32_t index)
{
	const struct shadow_record *record = &shadow->records[index];
	struct job *job = pass_job(pass);
	char id[STORE_ITEM_ID_BYTES];
	struct batch_shadow_change change = {.now = record->by[SHADOW_NOW], .changed = record->by[SHADOW_NEW]};
	const struct store_exception *item = NULL;
	int r;

	/* Neither was asked: the record is refused whoever is meant. */
	if (change.now == NULL || change.changed == NULL)
		return 0;
	shadow->totals.records++;
	count_expected(&shadow->totals, record);
	if (!is_changed(change.now, change.changed))
		return 0;
	change.record_id = slice_from(store_item_id_format(job->file.file_no, pass->tset.ordinal,
							   shadow->family->members[index].member_pos, id));
	change.file_name = job->file.name;
	r = store_exception_get(job->store, change.record_id, &pass->family_arena, &item);
	if (r != 0)
		return r;
	change.decision = item != NULL ? item->decision : SLICE_EMPTY;
	change.word = word_of(change.decision, change.changed);
	count_change(&shadow->totals, &change);
	return shadow->request->change(shadow->request->context, &change);
}

void shadow_begin_set(struct shadow *shadow)
{
	int i;

	for (i = 0; i < SHADOW_MODELS; i++)
		claims_clear(&shadow->claims[i]);
}

int shadow_family(struct pass *pass, const struct enroll_family *family)
{
	struct shadow *shadow = pass_job(pass)->shadow;
	uint32_t i;
	int turn, r = 0;

	shadow->family = family;
	shadow->records =
		arena_alloc_array(&pass->family_arena, (size_t)family->member_count + 1, sizeof(*shadow->records));
	if (shadow->records == NULL)
		return -ENOMEM;
	for (turn = 0; turn < (shadow->rematch != NULL ? SHADOW_NEW : SHADOW_MODELS) && r == 0; turn++)
		r = shadow_decide(pass, shadow, turn);
	for (i = 0; i < family->member_count && r == 0; i++)
		r = shadow->rematch != NULL ? shadow_rematch(pass, shadow, i) : shadow_compare(pass, shadow, i);
	return r;
}

/* ---- which files ---- */

struct night {
	uint64_t file_no;
	date_day day;
};

struct nights {
	struct batch *batch;
	struct night *items;
	uint32_t count, capacity;
};

/* A file that partners sent and that had its effect; orders about contracts have no records to read. */
static int nights_add(void *context, const struct store_file *file)
{
	struct nights *nights = context;
	struct night *grown;

	if (file->stage != STORE_FILE_FILED || file->outcome != STORE_FILE_PROCESSED ||
	    (file->kind != STORE_KIND_834 && file->kind != STORE_KIND_MIXED))
		return 0;
	if (nights->count == nights->capacity) {
		uint32_t capacity = nights->capacity * 2 + 64;

		grown = env_realloc(nights->batch->env, nights->items, capacity * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		nights->items = grown;
		nights->capacity = capacity;
	}
	nights->items[nights->count++] =
		(struct night){file->file_no, (date_day)(file->received_ms / CLOCK_DAY_MS)};
	return 0;
}

/* The first file of the last `wanted` days on which any came; files stand in the order of claims. */
static uint32_t nights_first(const struct nights *nights, uint32_t wanted, uint32_t *ret_days)
{
	uint32_t i, days = 0;

	for (i = nights->count; i > 0; i--) {
		days += i == nights->count || nights->items[i - 1].day != nights->items[i].day;
		if (days > wanted)
			break;
	}
	*ret_days = days > wanted ? wanted : days;
	return i;
}

static int shadow_file(struct shadow *shadow, uint64_t file_no)
{
	struct batch *batch = shadow->batch;
	const struct store_file *file;
	struct arena arena;
	struct job job;
	int r;

	arena_init(&arena, batch->env, 0, 0);
	r = store_file_get(batch->store, file_no, &arena, &file);
	if (r == 0)
		r = job_init(&job, batch, file);
	if (r == 0) {
		job.shadow = shadow;
		r = release_find_original(&job);
		if (r == 0 && !env_exists(batch->env, job.original)) {
			shadow->totals.missing++;
		} else if (r == 0) {
			shadow->totals.files++;
			r = job_run_shadow(&job);
		}
		job_fini(&job);
	}
	arena_fini(&arena);
	return r;
}

int batch_shadow(struct batch *batch, const struct batch_shadow *request, struct batch_shadow_totals *ret_totals)
{
	struct shadow shadow = {.batch = batch, .request = request, .models = {batch->model, request->model}};
	struct nights nights = {.batch = batch};
	uint32_t i;
	int turn, r;

	for (turn = 0; turn < SHADOW_MODELS; turn++)
		claims_init(&shadow.claims[turn], batch->env);
	r = store_files_each(batch->store, 0, nights_add, &nights);
	if (r == 0)
		for (i = nights_first(&nights, request->nights, &shadow.totals.nights); i < nights.count && r == 0; i++)
			r = shadow_file(&shadow, nights.items[i].file_no);
	for (turn = 0; turn < SHADOW_MODELS; turn++)
		claims_fini(&shadow.claims[turn]);
	env_free(batch->env, nights.items);
	if (r == 0)
		*ret_totals = shadow.totals;
	return r;
}

int batch_rematch(struct batch *batch, const struct batch_rematch *request)
{
	struct shadow shadow = {.batch = batch, .rematch = request, .models = {batch->model, batch->model}};
	int turn, r;

	for (turn = 0; turn < SHADOW_MODELS; turn++)
		claims_init(&shadow.claims[turn], batch->env);
	r = shadow_file(&shadow, request->file_no);
	for (turn = 0; turn < SHADOW_MODELS; turn++)
		claims_fini(&shadow.claims[turn]);
	return r == 0 && shadow.totals.missing > 0 ? BATCH_E_MISSING : r;
}
