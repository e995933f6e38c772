/*
 * The sets of a file, and their records with errors, kept until the file has ended: only then is it known which sets
 * stand, and whether the file is taken at all.
 */
#include "muster/file_advice.h"

#include <errno.h>
#include <stdio.h>

#include "job.h"

struct noted_item {
	struct advice_item item; /* text in the arena */
	struct noted_item *next;
};

struct noted_set {
	struct advice_tset tset; /* text in the arena */
	struct noted_item *first, **last;
	uint64_t untold; /* records beyond the limit */
	bool rejected;
	struct noted_set *next;
};

struct file_advice {
	struct env *env;
	struct check_handler handler;
	struct enroll *enroll;
	struct arena arena;
	struct noted_set *first, **last;
	struct noted_set *set; /* under way */
	struct noted_set *fgroup_first, *interchange_first;
	const struct x12_interchange *interchange;
	const struct x12_fgroup *fgroup;
	uint32_t fgroups, items, interchanges;
	bool truncated, broken, damaged;
};

static int dup(struct file_advice *it, struct slice *text)
{
	*text = arena_dup(&it->arena, *text);
	return text->data != NULL ? 0 : -ENOMEM;
}

/* ---- envelopes ---- */

static int on_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	it->interchange = interchange;
	it->interchange_first = NULL;
	it->interchanges++;
	return enroll->interchange_begin(enroll->context, interchange);
}

static void reject_from(struct noted_set *set)
{
	for (; set != NULL; set = set->next)
		set->rejected = true;
}

static int on_interchange_end(void *context, const struct x12_interchange *interchange)
{
	struct file_advice *it = context;

	it->truncated |= !interchange->complete;
	if (interchange->rejected)
		reject_from(it->interchange_first);
	return 0;
}

static int on_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	it->fgroup = fgroup;
	it->fgroup_first = NULL;
	it->fgroups++;
	return enroll->fgroup_begin(enroll->context, fgroup);
}

static int on_fgroup_end(void *context, const struct x12_fgroup *fgroup)
{
	struct file_advice *it = context;

	if (fgroup->rejected)
		reject_from(it->fgroup_first);
	return 0;
}

static int dup_texts(struct file_advice *it, struct advice_tset *tset)
{
	struct slice *const texts[] = {
		&tset->sender_qualifier, &tset->sender_id,     &tset->receiver_qualifier, &tset->receiver_id,
		&tset->usage,            &tset->sender_code,   &tset->receiver_code,      &tset->fgroup_date,
		&tset->fgroup_time,      &tset->fgroup_control, &tset->version,           &tset->set_id,
		&tset->control_number,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (dup(it, texts[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int add_set(struct file_advice *it, const struct x12_tset *tset)
{
	const struct x12_interchange *in = it->interchange;
	const struct x12_fgroup *group = it->fgroup;
	struct noted_set *set = arena_alloc(&it->arena, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	set->tset = (struct advice_tset){
		.fgroup_ordinal = it->fgroups,
		.sender_qualifier = in->sender_qualifier,
		.sender_id = in->sender_id,
		.receiver_qualifier = in->receiver_qualifier,
		.receiver_id = in->receiver_id,
		.usage = in->usage,
		.sender_code = group->sender_code,
		.receiver_code = group->receiver_code,
		.fgroup_date = group->date,
		.fgroup_time = group->time,
		.fgroup_control = group->control_number,
		.version = tset->guide_id.len > 0 ? tset->guide_id : group->version,
		.set_id = tset->set_id,
		.control_number = tset->control_number,
	};
	set->last = &set->first;
	*it->last = set;
	it->last = &set->next;
	it->set = set;
	if (it->fgroup_first == NULL)
		it->fgroup_first = set;
	if (it->interchange_first == NULL)
		it->interchange_first = set;
	return dup_texts(it, &set->tset);
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);
	int r = add_set(it, tset);

	return r < 0 ? r : enroll->tset_begin(enroll->context, tset, guide);
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	it->set->rejected |= verdict->decision == CHECK_REJECTED;
	return enroll->tset_end(enroll->context, tset, verdict);
}

/* ---- what stands in sets ---- */

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	return enroll->loop_begin(enroll->context, guide, loop);
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	return enroll->loop_end(enroll->context, guide, loop);
}

/* The sender's own name of the set: BGN02, or of an 820 TRN02. */
static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);
	int r = 0;

	if (it->set->tset.reference.len == 0 && (slice_is(segment->id, "BGN") || slice_is(segment->id, "TRN"))) {
		it->set->tset.reference = x12_element(segment, 2);
		r = dup(it, &it->set->tset.reference);
	}
	return r < 0 ? r : enroll->segment(enroll->context, guide, node, segment);
}

static int on_finding(void *context, const struct finding *finding)
{
	struct file_advice *it = context;
	const struct check_handler *enroll = enroll_handler(it->enroll);

	it->damaged |= finding->code == FINDING_INTERCHANGE_DAMAGED;
	if (finding->severity == FINDING_ERROR && finding->where.interchange == 0 && it->interchanges > 0)
		it->broken = true;
	return enroll->finding(enroll->context, finding);
}

static int add_item(struct file_advice *it, const struct member_record *record)
{
	struct noted_item *noted;
	struct advice_item *item;

	if (it->items >= LIMIT_ACK_FINDINGS) {
		it->set->untold++;
		return 0;
	}
	noted = arena_alloc(&it->arena, sizeof(*noted));
	if (noted == NULL)
		return -ENOMEM;
	it->items++;
	*it->set->last = noted;
	it->set->last = &noted->next;
	item = &noted->item;
	*item = (struct advice_item){.member_pos = record->member_pos,
				     .segment_pos = record->segment_pos,
				     .rejected = true,
				     .category = slice_from(category_name(CATEGORY_SYNTAX_RECORD)),
				     .subscriber_id = record->subscriber_id,
				     .last_name = record->person.last_name,
				     .first_name = record->person.first_name};
	item->reason = arena_printf(&it->arena, "%u error%s of form; the first: %.*s.", record->errors,
				    record->errors == 1 ? "" : "s", (int)record->first_error.len, record->first_error.data);
	if (item->reason.data == NULL || dup(it, &item->subscriber_id) < 0 || dup(it, &item->last_name) < 0)
		return -ENOMEM;
	return dup(it, &item->first_name);
}

static int take_family(void *context, const struct enroll_family *family)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < family->member_count; i++)
		if (family->members[i].errors > 0)
			r = add_item(context, &family->members[i]);
	return r;
}

/* ---- the 824 ---- */

static int write_items(const struct noted_set *set, struct advice *advice)
{
	/* The set itself stands: TE. */
	struct advice_item more = {.category = slice_from(category_name(CATEGORY_SYNTAX_RECORD))};
	char text[80];
	int r = 0;

	for (const struct noted_item *noted = set->first; r == 0 && noted != NULL; noted = noted->next)
		r = advice_add(advice, &noted->item);
	if (r < 0 || set->untold == 0)
		return r;
	snprintf(text, sizeof(text), "%llu more records of this set have errors of form.",
		 (unsigned long long)set->untold);
	more.reason = slice_from(text);
	return advice_add(advice, &more);
}

int file_advice_write(struct file_advice *file_advice, const struct file_advice_whole *whole, bool trial,
		      struct advice *advice)
{
	struct advice_item item = {0};
	int r = 0;

	if (whole != NULL)
		item = (struct advice_item){.rejected = whole->rejected,
					    .category = slice_from(category_name(whole->category)),
					    .reason = whole->reason};
	for (struct noted_set *set = file_advice->first; r == 0 && set != NULL; set = set->next) {
		if (trial)
			set->tset.usage = SLICE_LITERAL("T");
		advice_set(advice, &set->tset);
		if (whole != NULL)
			r = advice_add(advice, &item);
		else if (!set->rejected)
			r = write_items(set, advice);
	}
	return r;
}

struct slice file_advice_waits_why(const struct file_advice *file_advice, bool accept_complete_sets)
{
	if (file_advice->broken || (file_advice->truncated && !accept_complete_sets))
		return job_waits_words(file_advice->damaged, file_advice->truncated);
	return SLICE_EMPTY;
}

int file_advice_new(struct env *env, struct file_advice **ret_advice)
{
	struct file_advice *it = env_alloc(env, sizeof(*it));
	const struct enroll_sink sink = {.context = it, .family = take_family};
	int r;

	if (it == NULL)
		return -ENOMEM;
	it->env = env;
	it->last = &it->first;
	arena_init(&it->arena, env, 0, 0);
	it->handler = (struct check_handler){.context = it,
					     .interchange_begin = on_interchange_begin,
					     .interchange_end = on_interchange_end,
					     .fgroup_begin = on_fgroup_begin,
					     .fgroup_end = on_fgroup_end,
					     .tset_begin = on_tset_begin,
					     .tset_end = on_tset_end,
					     .loop_begin = on_loop_begin,
					     .loop_end = on_loop_end,
					     .segment = on_segment,
					     .finding = on_finding};
	r = enroll_new(env, &sink, &it->enroll);
	if (r < 0) {
		file_advice_free(it);
		return r;
	}
	*ret_advice = it;
	return 0;
}

void file_advice_free(struct file_advice *advice)
{
	if (advice == NULL)
		return;
	enroll_free(advice->enroll);
	arena_fini(&advice->arena);
	env_free(advice->env, advice);
}

const struct check_handler *file_advice_handler(struct file_advice *advice)
{
	return &advice->handler;
}
