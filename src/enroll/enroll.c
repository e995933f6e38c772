/*
 * The events of a walk into families.
 *
 *   set's header -> members, one 2000 loop at a time -> families, handed over when somebody else's record begins
 *
 * A finished member joins the pending family when he has its subscriber id; else the pending family goes out first
 * and he begins the next one. Findings that come late still reach a member of the pending family.
 */
#include "header.h"

#include "muster/error.h"

/* The loops of a guide are few: their meaning for enroll, by index. */
#define LOOPS_MAX 256

struct enroll {
	struct env *env;
	struct enroll_sink sink;
	struct enroll_habits habits;
	struct check_handler handler;
	const struct x12_interchange *interchange;
	const struct x12_fgroup *fgroup;
	const struct x12_tset *tset;
	bool active; /* inside a set of the 834 */
	bool in_member, header_given;
	const struct guide *guide; /* that `loops` was made for */
	enum enroll_loop loops[LOOPS_MAX];
	struct x12_separators separators;
	struct arena header_arena, family_arena;
	struct enroll_header header;
	struct gather gather;
	uint32_t member_pos;
	struct member_record *members; /* the pending family, in family_arena */
	uint32_t member_count, member_capacity;
};

static enum enroll_loop loop_of(const char *id)
{
	static const struct {
		const char *id;
		enum enroll_loop loop;
	} known[] = {
		{"2000", LOOP_2000},   {"2100A", LOOP_2100A}, {"2100B", LOOP_2100B},
		{"2100C", LOOP_2100C}, {"2100D", LOOP_2100D}, {"2100E", LOOP_2100E},
		{"2100F", LOOP_2100F}, {"2100G", LOOP_2100G}, {"2200", LOOP_2200},
		{"2300", LOOP_2300},   {"2310", LOOP_2310},   {"2320", LOOP_2320},
		{"2750", LOOP_2750},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(id, known[i].id) == 0)
			return known[i].loop;
	return LOOP_OTHER;
}

static void set_guide(struct enroll *enroll, const struct guide *guide)
{
	uint16_t i;

	if (enroll->guide == guide)
		return;
	enroll->guide = guide;
	for (i = 0; i < LOOPS_MAX; i++)
		enroll->loops[i] = i < guide->loop_count ? loop_of(guide->loops[i].id) : LOOP_OTHER;
}

static int hand_over_header(struct enroll *enroll)
{
	if (enroll->header_given)
		return 0;
	enroll->header_given = true;
	if (enroll->habits.sponsor_is_policy)
		enroll->header.sponsor_id = enroll->header.policy;
	return enroll->sink.header != NULL ? enroll->sink.header(enroll->sink.context, enroll->tset, &enroll->header)
					   : 0;
}

static int hand_over_family(struct enroll *enroll)
{
	const struct enroll_family family = {
		.interchange = enroll->interchange,
		.fgroup = enroll->fgroup,
		.tset = enroll->tset,
		.header = &enroll->header,
		.members = enroll->members,
		.member_count = enroll->member_count,
		.arena = &enroll->family_arena,
	};
	int error = 0;

	if (enroll->habits.family_split && !enroll->gather.outline)
		enroll_split_pair(&enroll->habits, enroll->members, enroll->member_count);
	if (enroll->member_count > 0 && enroll->sink.family != NULL)
		error = enroll->sink.family(enroll->sink.context, &family);
	enroll->members = NULL;
	enroll->member_count = enroll->member_capacity = 0;
	arena_reset(&enroll->family_arena);
	return error;
}

/* The subscriber id of the gathered member: REF*0F of his 2000 loop. */
static struct slice gathered_subscriber_id(const struct enroll *enroll)
{
	const struct gather *gather = &enroll->gather;
	struct divided segment;
	uint32_t i;

	for (i = 0; i < gather->count; i++) {
		if (gather->segments[i].loop != LOOP_2000)
			continue;
		enroll_gather_divide(gather, gather->text.data, i, &segment);
		if (slice_is(segment.element[0], "REF") && slice_is(segment.element[1], "0F"))
			return segment.element[2];
	}
	return SLICE_EMPTY;
}

/* Records without a subscriber id belong to nobody's family: each is one of its own. */
static bool joins_family(const struct enroll *enroll, struct slice subscriber_id)
{
	return enroll->member_count > 0 && enroll->member_count < LIMIT_FAMILY_MEMBERS && subscriber_id.len > 0 &&
	       slice_equal(enroll->members[0].subscriber_id, subscriber_id);
}

static int reserve_member(struct enroll *enroll)
{
	uint32_t capacity = enroll->member_capacity > 0 ? enroll->member_capacity * 2 : 4;
	struct member_record *members;

	if (enroll->member_count < enroll->member_capacity)
		return 0;
	members = arena_alloc_unset(&enroll->family_arena, capacity, sizeof(*members));
	if (members == NULL)
		return -ENOMEM;
	if (enroll->member_count > 0)
		memcpy(members, enroll->members, enroll->member_count * sizeof(*members));
	enroll->members = members;
	enroll->member_capacity = capacity;
	return 0;
}

static int finish_member(struct enroll *enroll)
{
	int error = 0;

	enroll->in_member = false;
	if (enroll->gather.count == 0)
		return 0;
	if (!joins_family(enroll, gathered_subscriber_id(enroll)))
		error = hand_over_family(enroll);
	if (error == 0)
		error = reserve_member(enroll);
	if (error == 0)
		error = enroll_record_read(&enroll->family_arena, &enroll->gather, &enroll->separators, &enroll->habits,
					   &enroll->members[enroll->member_count]);
	if (error == 0)
		enroll->member_count++;
	return error;
}

/* ---- events ---- */

static int on_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct enroll *enroll = context;

	enroll->interchange = interchange;
	return 0;
}

static int on_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct enroll *enroll = context;

	enroll->fgroup = fgroup;
	return 0;
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct enroll *enroll = context;

	enroll->active = guide != NULL && slice_is(guide->set_id, "834");
	if (!enroll->active)
		return 0;
	set_guide(enroll, guide);
	enroll->tset = tset;
	enroll->in_member = enroll->header_given = false;
	enroll->member_pos = 0;
	arena_reset(&enroll->header_arena);
	enroll_header_init(&enroll->header);
	return 0;
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct enroll *enroll = context;
	int error = 0;

	(void)verdict;
	if (!enroll->active)
		return 0;
	enroll->tset = tset;
	if (enroll->in_member)
		error = finish_member(enroll);
	if (error == 0)
		error = hand_over_header(enroll);
	if (error == 0)
		error = hand_over_family(enroll);
	enroll->active = false;
	return error;
}

static enum enroll_loop loop_at(const struct enroll *enroll, size_t index)
{
	return index < LOOPS_MAX ? enroll->loops[index] : LOOP_OTHER;
}

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct enroll *enroll = context;
	int error = 0;

	if (!enroll->active || loop_at(enroll, (size_t)(loop - guide->loops)) != LOOP_2000)
		return 0;
	if (enroll->in_member)
		error = finish_member(enroll);
	enroll_gather_begin(&enroll->gather);
	enroll->gather.member_pos = ++enroll->member_pos;
	enroll->in_member = true;
	return error < 0 ? error : hand_over_header(enroll);
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct enroll *enroll = context;

	if (!enroll->active || !enroll->in_member || loop_at(enroll, (size_t)(loop - guide->loops)) != LOOP_2000)
		return 0;
	return finish_member(enroll);
}

/* INS, REF and HD of the member and his coverages. */
static bool is_of_outline(enum enroll_loop loop, const struct x12_segment *segment)
{
	return (loop == LOOP_2000 || loop == LOOP_2300) && !slice_is(segment->id, "DTP");
}

static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	struct enroll *enroll = context;
	enum enroll_loop loop;

	(void)guide;
	if (!enroll->active)
		return 0;
	if (!enroll->in_member)
		return enroll->header_given ? 0 : enroll_header_read(&enroll->header_arena, segment, &enroll->header);
	loop = node != NULL ? loop_at(enroll, node->loop) : LOOP_OTHER;
	if (enroll->gather.outline && !is_of_outline(loop, segment))
		return 0;
	enroll->separators = *segment->separators;
	return enroll_gather_add(&enroll->gather, enroll->env, loop, segment);
}

static int on_finding(void *context, const struct finding *finding)
{
	struct enroll *enroll = context;
	struct buffer text;
	uint32_t i;
	int error = 0;

	if (!enroll->active || finding->severity != FINDING_ERROR || finding->where.member_pos == 0 ||
	    enroll->gather.outline)
		return 0;
	if (enroll->in_member && finding->where.member_pos == enroll->gather.member_pos) {
		enroll_gather_error(&enroll->gather, finding);
		return enroll->gather.first_error.error;
	}
	for (i = 0; i < enroll->member_count; i++) {
		struct member_record *record = &enroll->members[i];

		if (record->member_pos != finding->where.member_pos || record->errors++ > 0)
			continue;
		buffer_init(&text, enroll->env);
		enroll_gather_describe(&text, finding);
		record->first_error = arena_dup(&enroll->family_arena, buffer_slice(&text));
		error = text.error != 0 || record->first_error.data == NULL ? -ENOMEM : 0;
		buffer_fini(&text);
	}
	return error;
}

int enroll_new(struct env *env, const struct enroll_sink *sink, struct enroll **ret_enroll)
{
	struct enroll *enroll = env_alloc(env, sizeof(*enroll));

	if (enroll == NULL)
		return -ENOMEM;
	enroll->env = env;
	enroll->sink = *sink;
	enroll->handler = (struct check_handler){
		.context = enroll,
		.interchange_begin = on_interchange_begin,
		.fgroup_begin = on_fgroup_begin,
		.tset_begin = on_tset_begin,
		.tset_end = on_tset_end,
		.loop_begin = on_loop_begin,
		.loop_end = on_loop_end,
		.segment = on_segment,
		.finding = on_finding,
	};
	arena_init(&enroll->header_arena, env, 0, 0);
	arena_init(&enroll->family_arena, env, 0, 0);
	enroll_gather_init(&enroll->gather, env);
	*ret_enroll = enroll;
	return 0;
}

void enroll_free(struct enroll *enroll)
{
	if (enroll == NULL)
		return;
	enroll_gather_fini(&enroll->gather, enroll->env);
	arena_fini(&enroll->header_arena);
	arena_fini(&enroll->family_arena);
	env_free(enroll->env, enroll);
}

void enroll_set_habits(struct enroll *enroll, const struct enroll_habits *habits)
{
	enroll->habits = *habits;
}

void enroll_set_outline(struct enroll *enroll)
{
	enroll->gather.outline = true;
}

const struct check_handler *enroll_handler(struct enroll *enroll)
{
	return &enroll->handler;
}

struct slice enroll_ref_value(const struct enroll_ref *refs, uint32_t count, const char *qualifier)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (slice_is_code(refs[i].qualifier, qualifier))
			return refs[i].value;
	return SLICE_EMPTY;
}

date_day enroll_date_value(const struct member_record *record, const char *qualifier)
{
	uint32_t i;

	for (i = 0; i < record->date_count; i++)
		if (slice_is_code(record->dates[i].qualifier, qualifier))
			return record->dates[i].day;
	return DATE_NONE;
}
