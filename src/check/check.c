/*
 * The drive through a source: envelopes, guides, and the way of each event to those who look at it.
 *
 *   BEGIN   handler first, so that findings of the header find their set known; then the guide is chosen
 *   BODY    walk.c, when the set has a guide
 *   END     what the loops lacked, the totals, the verdict; handler last
 */
#include <errno.h>

#include "state.h"

/* Events between two calls of the handler's progress. */
#define PROGRESS_BYTES (1024u * 1024u)

static int call_interchange(struct check *check, int (*call)(void *, const struct x12_interchange *))
{
	return call == NULL ? 0 : call(check->handler->context, &check->interchange);
}

static int call_fgroup(struct check *check, int (*call)(void *, const struct x12_fgroup *))
{
	return call == NULL ? 0 : call(check->handler->context, &check->fgroup);
}

/* The reader's view of the envelope, but `rejected` as the options' severities have it. */
static void refresh_interchange(struct check *check, const struct x12_interchange *from)
{
	bool rejected = from->ordinal == check->interchange.ordinal && check->interchange.rejected;
	check->interchange = *from;
	check->interchange.rejected = rejected;
}

static void refresh_fgroup(struct check *check, const struct x12_fgroup *from)
{
	bool rejected = from->ordinal == check->fgroup.ordinal && check->fgroup.rejected;
	check->fgroup = *from;
	check->fgroup.rejected = rejected;
}

static void refresh_tset(struct check *check, const struct x12_tset *from)
{
	bool rejected = from->ordinal == check->tset.ordinal && check->tset.rejected;
	check->tset = *from;
	check->tset.rejected = rejected;
}

static int report_header(struct check *check, enum finding_code code, const struct x12_segment *segment, const char *id,
			 uint32_t pos, const char *text)
{
	struct finding finding = report_make(check, code, &segment->where, id, "%s", text);
	finding.where.element_pos = (uint16_t)pos;
	finding.where.repetition_pos = 1;
	finding.value = x12_element(segment, pos);
	return report_deliver(check, &finding);
}

static bool is_for_us(const struct check *check)
{
	for (uint32_t i = 0; i < check->options.receiver_count; i++) {
		const struct check_receiver *ours = &check->options.receivers[i];
		if (slice_equal(ours->id, check->interchange.receiver_id) &&
		    (slice_is_empty(ours->qualifier) ||
		     slice_equal(ours->qualifier, check->interchange.receiver_qualifier)))
			return true;
	}
	return check->options.receiver_count == 0;
}

/* A missing or malformed ISA08 is the reader's finding. */
static int check_receiver(struct check *check, const struct x12_segment *segment)
{
	if (is_for_us(check) || check->interchange.receiver_id.len == 0 || segment == NULL)
		return 0;
	return report_header(check, FINDING_INTERCHANGE_RECEIVER_UNKNOWN, segment, "ISA", 8,
			     "the file is for somebody else, or ISA07/08 are wrong");
}

/* The separators that most guides of partners fix; what cannot be used at all is the reader's finding. */
static int check_separators(struct check *check, const struct x12_segment *segment)
{
	const struct x12_separators *separators = &check->interchange.separators;
	const struct {
		char sent, agreed;
		enum finding_code code;
		uint32_t pos;
		const char *text;
	} rows[] = {
		{separators->element, '*', FINDING_INTERCHANGE_ELEMENT_SEPARATOR, 0, "the agreed one is *"},
		{separators->repetition, '^', FINDING_INTERCHANGE_REPETITION_SEPARATOR, 11, "the agreed one is ^"},
		{separators->component, ':', FINDING_INTERCHANGE_COMPONENT_SEPARATOR, 16, "the agreed one is :"},
		{separators->terminator, '~', FINDING_INTERCHANGE_SEGMENT_TERMINATOR, 0, "the agreed one is ~"},
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].sent != '\0' && rows[i].sent != rows[i].agreed)
			r = report_header(check, rows[i].code, segment, "ISA", rows[i].pos, rows[i].text);
	return r;
}

/* What this partner has agreed to send in his envelope. */
static int check_agreed(struct check *check, const struct x12_segment *segment)
{
	int r = 0;
	if (segment == NULL)
		return 0;
	if (check->options.fixed_separators)
		r = check_separators(check, segment);
	if (r == 0 && check->options.ack_wanted && slice_is(check->interchange.ack_requested, "0"))
		r = report_header(check, FINDING_INTERCHANGE_ACK_REQUESTED, segment, "ISA", 14,
				  "it is agreed that a TA1 is asked for: ISA14 must be 1");
	return r;
}

static int begin_interchange(struct check *check, const struct x12_event *event)
{
	int r;
	refresh_interchange(check, event->interchange);
	r = call_interchange(check, check->handler->interchange_begin);
	if (r == 0)
		r = report_release_held(check);
	if (r == 0)
		r = check_receiver(check, event->segment);
	return r == 0 ? check_agreed(check, event->segment) : r;
}

static int end_interchange(struct check *check, const struct x12_event *event)
{
	refresh_interchange(check, event->interchange);
	return call_interchange(check, check->handler->interchange_end);
}

/*
 * 005010X220 is what some senders still put for 005010X220A1. Answers to files of ours are read under their base
 * version as well: the addenda changed nothing that one can tell.
 */
static const struct guide *find_guide(const struct check *check, struct slice id)
{
	if (check->options.allow_x220 && slice_is(id, "005010X220"))
		id = SLICE_LITERAL("005010X220A1");
	else if (slice_is(id, "005010X231"))
		id = SLICE_LITERAL("005010X231A1");
	else if (slice_is(id, "005010X186"))
		id = SLICE_LITERAL("005010X186A1");
	return guide_set_find(check->guides, id);
}

static const struct guide *find_guide_of(const struct check *check, struct slice set_id)
{
	for (uint32_t i = 0; i < guide_set_count(check->guides); i++)
		if (slice_equal(guide_set_at(check->guides, i)->set_id, set_id))
			return guide_set_at(check->guides, i);
	return NULL;
}

static bool knows_functional_id(const struct check *check, struct slice functional_id)
{
	for (uint32_t i = 0; i < guide_set_count(check->guides); i++)
		if (slice_equal(guide_set_at(check->guides, i)->functional_id, functional_id))
			return true;
	return false;
}

/* Guides of acknowledgments and of what is acknowledged never stand in for one another; 834 against 820 is for ST to
 * say. */
static bool serves(const struct guide *guide, struct slice functional_id)
{
	return guide != NULL && slice_is(guide->functional_id, "FA") == slice_is(functional_id, "FA");
}

/* Two capital letters or digits: what is not that the reader has complained about. */
static bool is_formed(struct slice functional_id)
{
	for (size_t i = 0; i < functional_id.len; i++) {
		char c = functional_id.data[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return functional_id.len == 2;
}

/* A GS01 or GS08 out of form is the reader's finding. */
static int check_fgroup(struct check *check, const struct x12_segment *segment)
{
	const struct x12_fgroup *fgroup = &check->fgroup;
	check->fgroup_unknown = true;
	if (!knows_functional_id(check, fgroup->functional_id)) {
		if (!is_formed(fgroup->functional_id))
			return 0;
		return report_header(check, FINDING_FGROUP_TYPE_UNSUPPORTED, segment, "GS", 1,
				     "BE (834), RA (820), FA (999, 997) and AG (824) are read");
	}
	if (!serves(find_guide(check, fgroup->version), fgroup->functional_id)) {
		if (fgroup->version.len == 0 || fgroup->version.len > 12)
			return 0;
		return report_header(
			check, FINDING_FGROUP_VERSION_UNSUPPORTED, segment, "GS", 8,
			"005010X220A1 (834), 005010X218 (820), 005010X231A1 (999) and 005010X186A1 (824) are read");
	}
	check->fgroup_unknown = false;
	if (check->options.gs_receiver.len > 0 && !slice_equal(check->options.gs_receiver, fgroup->receiver_code) &&
	    (check->options.gs_receiver_test.len == 0 ||
	     !slice_equal(check->options.gs_receiver_test, fgroup->receiver_code)))
		return report_header(check, FINDING_FGROUP_HEADER, segment, "GS", 3,
				     "GS03 is not the receiver that is agreed");
	return 0;
}

static int begin_fgroup(struct check *check, const struct x12_event *event)
{
	int r;
	refresh_interchange(check, event->interchange);
	refresh_fgroup(check, event->fgroup);
	check->member_pos = 0;
	r = call_fgroup(check, check->handler->fgroup_begin);
	if (r == 0)
		r = report_release_held(check);
	return r == 0 ? check_fgroup(check, event->segment) : r;
}

static int end_fgroup(struct check *check, const struct x12_event *event)
{
	refresh_fgroup(check, event->fgroup);
	return call_fgroup(check, check->handler->fgroup_end);
}

/* What is wrong with ST's choice of a guide, or FINDING_CODE_COUNT. *ret_guide: which guide to walk all the same. */
static enum finding_code choose_guide(const struct check *check, const struct guide **ret_guide, uint32_t *ret_pos)
{
	const struct x12_tset *tset = &check->tset;
	const struct guide *by_set = find_guide_of(check, tset->set_id),
			   *by_group = find_guide(check, check->fgroup.version);
	const struct guide *by_st = find_guide(check, tset->guide_id);

	*ret_guide = NULL;
	*ret_pos = 1;
	if (by_set == NULL)
		return tset->set_id.len == 3 ? FINDING_TSET_UNSUPPORTED : FINDING_CODE_COUNT;
	if (by_st != NULL && slice_equal(by_st->set_id, tset->set_id))
		*ret_guide = by_st;
	else if (by_group != NULL && slice_equal(by_group->set_id, tset->set_id))
		*ret_guide = by_group;
	else
		*ret_guide = by_set;
	if (!slice_equal(by_set->functional_id, check->fgroup.functional_id))
		return FINDING_TSET_WRONG_GROUP;
	*ret_pos = 3;
	if (slice_starts_with(check->fgroup.version, "004"))
		return FINDING_CODE_COUNT; /* version 004010 has no ST03 */
	if (tset->guide_id.len == 0)
		return FINDING_TSET_GUIDE_ID;
	return by_st == by_group ? FINDING_CODE_COUNT : FINDING_TSET_GUIDE_UNSUPPORTED;
}

static const char *guide_text(enum finding_code code)
{
	if (code == FINDING_TSET_UNSUPPORTED)
		return "834, 820, 999, 997 and 824 are read";
	if (code == FINDING_TSET_WRONG_GROUP)
		return "834 goes in a group of GS01 BE, 820 in RA, 999 and 997 in FA, 824 in AG";
	if (code == FINDING_TSET_GUIDE_ID)
		return "ST03 must name the guide, as GS08 does";
	return "ST03 and GS08 must name the same guide";
}

static void ask_wants(const struct check *check, struct check_plan *plan)
{
	const struct check_handler *handler = check->handler;
	const struct guide *guide = plan->guide;

	plan->wants_unplaced = handler->segment != NULL && handler->wants == NULL;
	for (uint16_t s = 0; s < guide->segment_count && handler->segment != NULL; s++)
		plan->segments[s].wanted =
			handler->wants == NULL || handler->wants(handler->context, guide, &guide->segments[s]);
}

static int plan_of(struct check *check, const struct guide *guide)
{
	struct plan_cached *cached;
	int r;
	for (cached = check->plans; cached != NULL; cached = cached->next)
		if (cached->plan->guide == guide) {
			check->plan = cached->plan;
			check->shapes = cached->shapes;
			check->quiet = cached->quiet;
			return 0;
		}
	cached = arena_alloc(&check->arena, sizeof(*cached));
	if (cached == NULL)
		return -ENOMEM;
	r = plan_new(&check->arena, guide, &cached->plan);
	if (r < 0)
		return r;
	cached->shapes = arena_alloc_array(&check->arena, guide->segment_count + 1u, sizeof(*cached->shapes));
	cached->quiet = arena_alloc_array(&check->arena, guide->loop_count + 1u, sizeof(*cached->quiet));
	if (cached->shapes == NULL || cached->quiet == NULL)
		return -ENOMEM;
	ask_wants(check, cached->plan);
	cached->next = check->plans;
	check->plans = cached;
	check->plan = cached->plan;
	check->shapes = cached->shapes;
	check->quiet = cached->quiet;
	return 0;
}

/* Counters for every place of every frame. Grown for a guide of wider loops; the old ones stay in the arena. */
static int reserve_counts(struct check *check)
{
	if (check->counts != NULL && check->count_stride >= check->plan->node_max)
		return 0;
	check->count_stride = (check->plan->node_max + PLAN_COUNTS_STEP - 1) / PLAN_COUNTS_STEP * PLAN_COUNTS_STEP;
	check->counts =
		arena_alloc_array(&check->arena, (size_t)FRAMES_MAX * check->count_stride, sizeof(*check->counts));
	for (uint32_t f = 0; f < FRAMES_MAX && check->counts != NULL; f++)
		check->frames[f].counts = check->counts + (size_t)f * check->count_stride;
	return check->counts == NULL ? -ENOMEM : 0;
}

static int start_walk(struct check *check, const struct guide *guide, const struct x12_segment *segment)
{
	int r;
	check->guide = guide;
	if (guide == NULL)
		return 0;
	r = plan_of(check, guide);
	if (r == 0)
		r = reserve_counts(check);
	if (r < 0)
		return r;
	rule_begin(check);
	return walk_header(check, segment);
}

static int begin_tset(struct check *check, const struct x12_event *event)
{
	const struct guide *guide = NULL;
	enum finding_code code = FINDING_CODE_COUNT;
	uint32_t pos = 0;
	int r = 0;

	refresh_fgroup(check, event->fgroup);
	refresh_tset(check, event->tset);
	verdict_begin(check);
	check->in_tset = true;
	check->guide = NULL;
	walk_begin(check);
	if (!check->fgroup_unknown)
		code = choose_guide(check, &guide, &pos);
	if (check->handler->tset_begin != NULL)
		r = check->handler->tset_begin(check->handler->context, &check->tset, guide);
	if (r == 0)
		r = report_release_held(check);
	if (r == 0 && code != FINDING_CODE_COUNT)
		r = report_header(check, code, event->segment, "ST", pos, guide_text(code));
	return r == 0 ? start_walk(check, guide, event->segment) : r;
}

static int take_body(struct check *check, const struct x12_segment *segment)
{
	if (!check->options.skip_content_hash)
		verdict_content(check, segment->raw, segment->separators);
	if (check->guide == NULL)
		return report_release_held(check);
	return walk_segment(check, segment);
}

static int end_tset(struct check *check, const struct x12_event *event)
{
	struct check_verdict verdict;
	int r = 0;

	refresh_tset(check, event->tset);
	check->cut_off = event->tset->cut;
	if (check->guide != NULL)
		r = walk_trailer(check, event->segment);
	check->cut_off = false;
	verdict_end(check, &verdict);
	check->guide = NULL;
	if (r == 0 && check->handler->tset_end != NULL)
		r = check->handler->tset_end(check->handler->context, &check->tset, &verdict);
	check->in_tset = false;
	check->member_pos = 0;
	return r;
}

static int take_event(struct check *check, const struct x12_event *event)
{
	int r = 0;
	if (check->handler->event != NULL)
		r = check->handler->event(check->handler->context, event);
	if (r < 0)
		return r;
	check->quoted = event->segment;
	switch (event->kind) {
	case X12_INTERCHANGE_BEGIN:
		return begin_interchange(check, event);
	case X12_FGROUP_BEGIN:
		return begin_fgroup(check, event);
	case X12_TSET_BEGIN:
		return begin_tset(check, event);
	case X12_BODY:
		return take_body(check, event->segment);
	case X12_TSET_END:
	case X12_FGROUP_END:
	case X12_INTERCHANGE_END:
	case X12_INTERCHANGE_ACK:
	case X12_END:
		break;
	}
	r = repair_waiting(check, NULL);
	if (r == 0)
		r = report_release_held(check);
	if (r == 0 && event->kind == X12_TSET_END)
		return end_tset(check, event);
	if (r == 0 && event->kind == X12_FGROUP_END)
		return end_fgroup(check, event);
	if (r == 0 && event->kind == X12_INTERCHANGE_END)
		return end_interchange(check, event);
	return r;
}

static int report_progress(struct check *check, bool last)
{
	uint64_t offset = x12_reader_offset(check->reader);
	if (check->handler->progress == NULL || (!last && offset - check->progress_offset < PROGRESS_BYTES))
		return 0;
	check->progress_offset = offset;
	return check->handler->progress(check->handler->context, offset);
}

static int drive(struct check *check)
{
	struct x12_event event;
	int r;
	do {
		r = x12_reader_next(check->reader, &event);
		if (r == 0)
			r = take_event(check, &event);
		if (r == 0 && check->in_tset && check->guide != NULL && check->handler->event == NULL)
			r = straight_walk(check);
		check->quoted = NULL;
		if (r == 0 && check->handler->progress != NULL)
			r = report_progress(check, event.kind == X12_END);
	} while (r == 0 && event.kind != X12_END);
	return r;
}

int check_source(struct env *env, const struct guide_set *guides, struct io_source *source,
		 const struct check_options *options, const struct check_handler *handler)
{
	struct check *check = env_alloc(env, sizeof(*check));
	struct finding_sink sink = {check, report_take_from_reader};
	int r;

	if (check == NULL)
		return -ENOMEM;
	check->env = env;
	check->guides = guides;
	check->handler = handler;
	if (options != NULL)
		check->options = *options;
	if (check->options.guides != NULL)
		check->guides = check->options.guides;
	arena_init(&check->arena, env, 0, 0);
	r = x12_reader_new(env, source, &check->options.x12, &sink, &check->reader);
	if (r == 0)
		r = drive(check);
	x12_reader_free(check->reader);
	arena_fini(&check->arena);
	env_free(env, check);
	return r;
}
