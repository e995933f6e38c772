/*
 * Situational rules: facts are gathered at the segments that tell them, rules are judged where they stand.
 *
 * A finding names the rule, so that a profile can change its severity, and the element whose value made it apply
 * (CTX in the 999): that of the rule's first condition about something sent.
 */
#include "rule.h"

#include "state.h"
#include "value.h"

void rule_begin(struct check *check)
{
	check->held_facts = (struct plan_facts){0};
	check->doubted_facts = (struct plan_facts){0};
	check->has_doubts = false;
}

void rule_loop_begin(struct check *check, const struct plan_loop *loop)
{
	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++)
		check->held_facts.words[w] &= ~loop->forgotten.words[w];
	for (size_t w = 0; check->has_doubts && w < GUIDE_FACTS_MAX / 64; w++)
		check->doubted_facts.words[w] &= ~loop->forgotten.words[w];
}

void rule_doubt(struct check *check, uint16_t segment_index)
{
	const struct guide *guide = check->guide;
	const struct guide_segment *doubted = &guide->segments[segment_index];
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		const struct plan_segment *plan = &check->plan->segments[s];
		if (guide->segments[s].loop != doubted->loop || strcmp(guide->segments[s].id, doubted->id) != 0)
			continue;
		for (uint16_t i = 0; i < plan->source_count; i++)
			if (check->plan->sources[plan->first_source + i].qualifier != 0)
				plan_fact_set(&check->doubted_facts, check->plan->sources[plan->first_source + i].fact);
		check->has_doubts = true;
	}
}

static inline struct slice value_at(const struct x12_segment *segment, uint32_t pos, uint32_t component_pos)
{
	return component_pos != 0 ? x12_component(segment, pos, component_pos) : x12_element(segment, pos);
}

static inline bool holds(const struct check_plan *plan, const struct plan_question *question,
			 const struct x12_segment *segment)
{
	struct slice value;
	uint32_t packed;
	if (question->pos == 0)
		return true;
	value = value_trim_end(value_at(segment, question->pos, question->component_pos));
	/* Blanks were sent, and complained about. */
	if (value.len == 0 || question->value_count == 0)
		return question->value_count == 0 && value_at(segment, question->pos, question->component_pos).len > 0;
	packed = value_pack(value);
	for (uint16_t i = 0; i < question->value_count; i++)
		if (plan->values[question->first_value + i] == packed)
			return true;
	return false;
}

/* The qualifier that sources of `at` may ask for, packed. */
static uint32_t qualifier_of(const struct plan_segment *at, const struct x12_segment *segment, bool has_parts)
{
	if (at->source_qualifier_pos == 0)
		return 0;
	return value_pack(value_trim_end(value_at(segment, at->source_qualifier_pos, has_parts ? 1 : 0)));
}

static inline bool is_answered(const struct check_plan *plan, const struct plan_source *source, uint32_t qualifier,
			       uint64_t present, const struct x12_segment *segment)
{
	return (source->qualifier == 0 || source->qualifier == qualifier) && (source->needs & ~present) == 0 &&
	       holds(plan, &source->question, segment);
}

/* The sources of the segment that it answers make their facts true. */
static void gather_facts(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	const struct plan_segment *at = &check->plan->segments[segment_index];
	const struct plan_source *source = &check->plan->sources[at->first_source];
	uint32_t qualifier = qualifier_of(at, segment, check->has_parts);
	for (uint16_t i = 0; i < at->source_count; i++, source++) {
		if (plan_fact_is(&check->held_facts, source->fact) ||
		    !is_answered(check->plan, source, qualifier, check->present, segment))
			continue;
		plan_fact_set(&check->held_facts, source->fact);
		check->facts[source->fact] = (struct rule_fact){segment->where.offset, segment->where.line,
								segment->where.segment_pos, segment_index};
	}
}

/* Do the conditions of the rule that ask about the segment in hand hold? */
static bool applies_here(const struct check *check, const struct guide_rule *rule, const struct x12_segment *segment)
{
	const struct plan_test *test = &check->plan->tests[rule->first_test];
	for (uint16_t i = 0; i < rule->test_count; i++, test++)
		if (test->fact == GUIDE_NONE && holds(check->plan, &test->question, segment) != test->wanted)
			return false;
	return true;
}

/* And those that ask about what came before? */
static inline bool applies_now(const struct plan_facts *facts, const struct plan_rule *rule)
{
	return plan_facts_include(facts, &rule->held) && !plan_facts_meet(facts, &rule->unheld);
}

/* Where a fact that holds was told. */
static struct x12_where where_of(const struct check *check, uint16_t fact)
{
	struct x12_where where = check->at;
	where.offset = check->facts[fact].offset;
	where.line = check->facts[fact].line;
	where.segment_pos = check->facts[fact].segment_pos;
	return where;
}

static void set_trigger(struct finding *finding, const struct check *check, const struct x12_where *where,
			uint16_t segment_index, const struct guide_question *question)
{
	const struct guide_segment *segment = &check->guide->segments[segment_index];
	slice_to_cstr(slice_from(segment->id), finding->trigger.segment_id, sizeof(finding->trigger.segment_id));
	finding->trigger.segment_pos = where->segment_pos;
	finding->trigger.element_pos = question->pos;
	finding->trigger.component_pos = question->component_pos;
	finding->trigger.loop = walk_id_of_loop(check, segment->loop);
}

/* The first condition about something sent is the trigger. */
static void find_trigger(struct finding *finding, const struct check *check, const struct guide_rule *rule,
			 uint16_t segment_index, const struct x12_segment *segment)
{
	const struct guide *guide = check->guide;
	for (uint16_t i = 0; i < rule->test_count; i++) {
		const struct guide_test *test = &guide->tests[rule->first_test + i];
		if (!test->wanted)
			continue;
		if (test->fact == GUIDE_NONE) {
			set_trigger(finding, check, &segment->where, segment_index, &test->question);
		} else {
			const struct x12_where where = where_of(check, test->fact);
			set_trigger(finding, check, &where, check->facts[test->fact].segment,
				    &guide->facts[test->fact].question);
		}
		return;
	}
}

static uint16_t reference_of(const struct guide *guide, uint16_t segment_index, uint8_t pos, uint8_t component_pos)
{
	const struct guide_element *element = guide_element_at(guide, &guide->segments[segment_index], pos);
	if (element == NULL || component_pos > element->component_count)
		return 0;
	return component_pos == 0 ? element->element_ref
				  : guide->elements[element->first_component + component_pos - 1u].element_ref;
}

/* At the segment in hand, or at one of its elements. */
static int report_here(struct check *check, const struct guide_rule *rule, const struct guide_target *target,
		       uint16_t segment_index, const struct x12_segment *segment)
{
	const struct guide_segment *guide_segment = &check->guide->segments[segment_index];
	enum finding_code code =
		rule->forbids ? FINDING_ELEMENT_SITUATION_FORBIDDEN : FINDING_ELEMENT_SITUATION_MISSING;
	struct finding finding;
	if (target->pos == 0)
		code = FINDING_SEGMENT_SITUATION_FORBIDDEN;
	finding = report_make(check, code, &segment->where, guide_segment->id, "%.*s", (int)rule->text.len,
			      rule->text.data);
	finding.severity = rule->severity;
	finding.rule = rule->name;
	finding.loop = walk_id_of_loop(check, guide_segment->loop);
	if (target->pos != 0) {
		finding.value = value_at(segment, target->pos, target->component_pos);
		finding.where.element_pos = target->pos;
		finding.where.component_pos = target->component_pos;
		finding.where.repetition_pos = 1;
		finding.element_ref = reference_of(check->guide, segment_index, target->pos, target->component_pos);
		finding.sensitive = check_is_sensitive(segment, target->pos);
		if (finding.value.len > 0)
			finding.where.offset += (uint64_t)(finding.value.data - segment->raw.data);
	}
	find_trigger(&finding, check, rule, segment_index, segment);
	return report_deliver(check, &finding);
}

/* One fault, one finding. */
static bool was_complained_about(const struct check *check, const struct guide_target *target)
{
	return target->pos != 0 && target->pos <= 64 && (check->told >> (target->pos - 1) & 1) != 0;
}

static bool was_sent(const struct x12_segment *segment, const struct guide_target *target)
{
	return target->pos == 0 || value_at(segment, target->pos, target->component_pos).len > 0;
}

static int judge_segment(struct check *check, const struct guide_rule *rule, uint16_t segment_index,
			 const struct x12_segment *segment)
{
	const struct guide_target *targets = &check->guide->targets[rule->first_target];
	int r = 0;
	for (uint16_t i = 0; i < rule->target_count && r == 0; i++) {
		if (was_complained_about(check, &targets[i]))
			continue;
		if (rule->forbids && was_sent(segment, &targets[i]))
			r = report_here(check, rule, &targets[i], segment_index, segment);
		else if (!rule->forbids && was_sent(segment, &targets[i]))
			return 0;
	}
	if (r < 0 || rule->forbids || was_complained_about(check, &targets[0]))
		return r;
	return report_here(check, rule, &targets[0], segment_index, segment);
}

/* Is it plain from which elements were sent that there is nothing to say? */
static inline bool is_kept(const struct plan_rule *rule, uint64_t present)
{
	return (rule->needs & ~present) != 0 || (rule->enough & present) != 0 ||
	       (rule->forbidden != 0 && (rule->forbidden & present) == 0);
}

static int judge_rules(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	const struct plan_segment *at = &check->plan->segments[segment_index];
	for (uint16_t i = 0; i < at->rule_count; i++) {
		const struct plan_rule *rule = &check->plan->rules[at->first_rule + i];
		const struct guide_rule *guide_rule = &check->guide->rules[rule->rule];
		int r;
		if (is_kept(rule, check->present) || !applies_here(check, guide_rule, segment) ||
		    !applies_now(&check->held_facts, rule))
			continue;
		r = judge_segment(check, guide_rule, segment_index, segment);
		if (r < 0)
			return r;
	}
	return 0;
}

int rule_segment(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	gather_facts(check, segment_index, segment);
	return judge_rules(check, segment_index, segment);
}

/*
 * holds, for a segment that is sound and without parts, with no blanks at the end of its elements, and behind whose bytes
 * can be read.
 */
static inline bool holds_plainly(const struct check_plan *plan, const struct plan_question *question,
				 const struct x12_segment *segment)
{
	struct slice value;
	uint32_t packed;
	if (question->pos == 0)
		return true;
	value = x12_element(segment, question->pos);
	if (value.len == 0 || question->component_pos > 1)
		return false;
	if (question->value_count == 0)
		return true;
	packed = value_pack_here(value.data, value.len);
	for (uint16_t i = 0; i < question->value_count; i++)
		if (plan->values[question->first_value + i] == packed)
			return true;
	return false;
}

/* And what applies_here asks. */
static inline bool applies_plainly(const struct check *check, const struct plan_rule *rule,
				   const struct x12_segment *segment)
{
	const struct guide_rule *from = &check->guide->rules[rule->rule];
	const struct plan_test *test = &check->plan->tests[from->first_test], *end = test + from->test_count;
	for (; test < end; test++)
		if (test->fact == GUIDE_NONE && holds_plainly(check->plan, &test->question, segment) != test->wanted)
			return false;
	return true;
}

uint64_t rule_open(const struct check_plan *plan, const struct plan_segment *at, uint64_t present)
{
	uint64_t open = 0;
	for (uint16_t i = 0; i < at->rule_count; i++)
		if (!is_kept(&plan->rules[at->first_rule + i], present))
			open |= UINT64_C(1) << i;
	return open;
}

void rule_read(const struct check *check, const struct plan_segment *at, const struct x12_segment *segment,
	       const struct shape *shape, struct known *known)
{
	const struct check_plan *plan = check->plan;
	const struct plan_source *sources = &plan->sources[at->first_source];
	const struct plan_rule *first = &plan->rules[at->first_rule];

	known->facts = at->told;
	known->rules = 0;
	if (at->asks != 0) {
		struct slice value = x12_element(segment, at->source_qualifier_pos);
		uint32_t qualifier = value_pack_here(value.data, value.len);
		for (uint64_t asks = at->asks; asks != 0; asks &= asks - 1) {
			const struct plan_source *source = &sources[__builtin_ctzll(asks)];
			if ((source->qualifier == 0 || source->qualifier == qualifier) &&
			    holds_plainly(plan, &source->question, segment))
				plan_fact_set(&known->facts, source->fact);
		}
	}
	for (uint64_t rules = shape->rules; rules != 0; rules &= rules - 1)
		if (applies_plainly(check, &first[__builtin_ctzll(rules)], segment))
			known->rules |= rules & (~rules + 1);
	if ((known->facts.words[0] | known->facts.words[1]) != 0)
		known->more |= KNOWN_TELLS;
	if (known->rules != 0)
		known->more |= KNOWN_RULED;
}

bool rule_is_quiet(const struct check *check, const struct plan_segment *at, const struct known *known,
		   const struct plan_loop *opened)
{
	const struct plan_rule *first = &check->plan->rules[at->first_rule];
	struct plan_facts facts = known->facts;

	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++)
		facts.words[w] |= check->held_facts.words[w] & ~(opened != NULL ? opened->forgotten.words[w] : 0);
	for (uint64_t rules = known->rules; rules != 0; rules &= rules - 1)
		if (applies_now(&facts, &first[__builtin_ctzll(rules)]))
			return false;
	return true;
}

void rule_take(struct check *check, uint16_t segment_index, const struct known *known)
{
	const struct rule_fact fact = {check->at.offset, check->at.line, check->at.segment_pos, segment_index};

	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++) {
		uint64_t fresh = known->facts.words[w] & ~check->held_facts.words[w];
		check->held_facts.words[w] |= fresh;
		for (struct rule_fact *facts = &check->facts[64 * w]; fresh != 0; fresh &= fresh - 1)
			facts[__builtin_ctzll(fresh)] = fact;
	}
}

/* The place in the innermost loop that takes the target, or NULL. */
static const struct plan_node *place_of(const struct check *check, const struct guide_target *target)
{
	const struct plan_loop *loop = &check->plan->loops[check->frames[check->frame_count - 1].loop];
	for (uint16_t i = 0; i < loop->node_count; i++) {
		const struct plan_node *node = &check->plan->nodes[loop->first_node + i];
		if (node->segment == target->segment)
			return node;
	}
	return NULL;
}

/* Before the first loop that stands behind its place, or where the walk is now. */
static struct x12_where where_of_missing(const struct check *check, const struct guide_target *target)
{
	const struct frame *frame = &check->frames[check->frame_count - 1];
	const struct plan_node *node = place_of(check, target);
	struct x12_where where = check->at;
	for (uint8_t i = 0; node != NULL && i < frame->step_count; i++) {
		const struct step *step = &frame->steps[i];
		if (step->ordinal <= node->ordinal)
			continue;
		where.offset = step->offset;
		where.line = step->line;
		where.segment_pos = step->segment_pos;
		break;
	}
	return where;
}

/* A segment or loop: missing at its place, or sent where it should not be. */
static int report_there(struct check *check, const struct guide_rule *rule, const struct guide_target *target)
{
	const struct guide_segment *segment = &check->guide->segments[target->segment];
	enum finding_code code =
		rule->forbids ? FINDING_SEGMENT_SITUATION_FORBIDDEN : FINDING_SEGMENT_SITUATION_MISSING;
	const struct x12_where where = rule->forbids ? where_of(check, target->fact) : where_of_missing(check, target);
	struct finding finding =
		report_make(check, code, &where, segment->id, "%.*s", (int)rule->text.len, rule->text.data);
	finding.severity = rule->severity;
	finding.rule = rule->name;
	finding.loop = walk_id_of_loop(check, segment->loop);
	find_trigger(&finding, check, rule, GUIDE_NONE, NULL);
	return report_deliver(check, &finding);
}

/* Has the walk itself something to say of the place: that nothing at all stands there, though it must? */
static bool is_missing_anyway(const struct check *check, const struct guide_target *target)
{
	const struct frame *frame = &check->frames[check->frame_count - 1];
	const struct plan_node *node = place_of(check, target);
	return node != NULL && (node->required_bit & ~frame->seen) != 0;
}

/* A rule that is broken: each target that was sent though forbidden, or the first one of those that are wanted. */
static int judge_loop(struct check *check, const struct guide_rule *rule)
{
	const struct guide_target *targets = &check->guide->targets[rule->first_target];
	struct frame *frame = &check->frames[check->frame_count - 1];
	int r = 0;
	if (!rule->forbids && (is_missing_anyway(check, &targets[0]) ||
			       walk_was_misspelt(frame, check->guide->segments[targets[0].segment].id)))
		return 0;
	if (!rule->forbids)
		return report_there(check, rule, &targets[0]);
	for (uint16_t i = 0; i < rule->target_count && r == 0; i++)
		if (plan_fact_is(&check->held_facts, targets[i].fact))
			r = report_there(check, rule, &targets[i]);
	return r;
}

/* Has a rule that stands at a loop been broken? */
static inline bool is_broken(const struct plan_facts *facts, const struct plan_rule *rule)
{
	return plan_facts_meet(facts, &rule->sent) == rule->forbids && applies_now(facts, rule);
}

bool rule_loop_is_quiet(const struct check *check, uint16_t loop_index)
{
	const struct plan_loop *loop = &check->plan->loops[loop_index];
	const struct plan_rule *rule = &check->plan->rules[loop->first_rule], *end = rule + loop->rule_count;
	struct quiet *quiet = &check->quiet[loop_index];
	struct plan_facts facts;
	uint64_t others = 0;

	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++) {
		facts.words[w] = check->held_facts.words[w] & loop->asked.words[w];
		others |= facts.words[w] ^ quiet->facts.words[w];
	}
	if (others == 0 && quiet->is_known)
		return true;
	for (; rule < end; rule++)
		if (is_broken(&facts, rule))
			return false;
	*quiet = (struct quiet){true, facts};
	return true;
}

int rule_loop_end(struct check *check, const struct plan_loop *loop)
{
	for (uint16_t i = 0; i < loop->rule_count; i++) {
		const struct plan_rule *rule = &check->plan->rules[loop->first_rule + i];
		int r;
		if (!is_broken(&check->held_facts, rule))
			continue;
		if (!rule->forbids && check->has_doubts && plan_facts_meet(&check->doubted_facts, &rule->sent))
			continue;
		r = judge_loop(check, &check->guide->rules[rule->rule]);
		if (r < 0)
			return r;
	}
	return 0;
}
