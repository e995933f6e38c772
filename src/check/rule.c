/*
 * Situational rules: facts are gathered at the segments that tell them, rules are judged where they stand.
 *
 * A finding names the rule, so that a profile can change its severity, and the element whose value made it apply
 * (CTX in the 999): that of the rule's first condition about something sent.
 */
#include "rule.h"

#include <errno.h>

#include "state.h"
#include "value.h"

int rule_begin(struct check *check)
{
	uint16_t count = check->guide->fact_count;
	if (check->fact_capacity < count) {
		check->facts = arena_alloc_array(&check->arena, count, sizeof(*check->facts));
		check->fact_capacity = check->facts != NULL ? count : 0;
		return check->facts != NULL ? 0 : -ENOMEM;
	}
	for (uint16_t i = 0; i < count; i++)
		check->facts[i].holds = false;
	return 0;
}

void rule_loop_begin(struct check *check, const struct plan_loop *loop)
{
	for (uint16_t i = 0; i < loop->fact_count; i++)
		check->facts[check->plan->loop_facts[loop->first_fact + i]].holds = false;
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
	if (value.len == 0 || question->value_count == 0)
		return value.len > 0;
	packed = value_pack(value);
	for (uint16_t i = 0; i < question->value_count; i++)
		if (plan->values[question->first_value + i] == packed)
			return true;
	return false;
}

static void make_fact(struct check *check, const struct plan_source *source, const struct x12_segment *segment)
{
	struct rule_fact *fact = &check->facts[source->fact];
	if (fact->holds)
		return;
	fact->holds = true;
	fact->source = source->source;
	fact->where = segment->where;
}

/* The sources of `at` that the segment answers, as a mask; each of them makes its fact true. */
static uint64_t gather_facts(struct check *check, const struct plan_segment *at, const struct x12_segment *segment)
{
	const struct plan_source *source = &check->plan->sources[at->first_source];
	uint32_t qualifier = 0;
	uint64_t answered = 0;
	if (at->source_count == 0)
		return 0;
	if (at->source_qualifier_pos != 0)
		qualifier = value_pack(
			value_trim_end(value_at(segment, at->source_qualifier_pos, check->is_divided ? 1 : 0)));
	for (uint16_t i = 0; i < at->source_count; i++, source++) {
		if ((source->qualifier != 0 && source->qualifier != qualifier) ||
		    (source->needs & ~check->present) != 0 || !holds(check->plan, &source->question, segment))
			continue;
		make_fact(check, source, segment);
		if (i < KNOWN_MASK_MAX)
			answered |= UINT64_C(1) << i;
	}
	return answered;
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
static bool applies_now(const struct check *check, const struct guide_rule *rule)
{
	const struct plan_test *test = &check->plan->tests[rule->first_test];
	for (uint16_t i = 0; i < rule->test_count; i++, test++)
		if (test->fact != GUIDE_NONE && check->facts[test->fact].holds != test->wanted)
			return false;
	return true;
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
			const struct rule_fact *fact = &check->facts[test->fact];
			set_trigger(finding, check, &fact->where, guide->sources[fact->source].segment,
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
		if (rule->forbids && was_sent(segment, &targets[i]))
			r = report_here(check, rule, &targets[i], segment_index, segment);
		else if (!rule->forbids && was_sent(segment, &targets[i]))
			return 0;
	}
	return r == 0 && !rule->forbids ? report_here(check, rule, &targets[0], segment_index, segment) : r;
}

/* Is it plain from which elements were sent that there is nothing to say? */
static inline bool is_kept(const struct plan_rule *rule, uint64_t present)
{
	return (rule->needs & ~present) != 0 || (rule->enough & present) != 0 ||
	       (rule->forbidden != 0 && (rule->forbidden & present) == 0);
}

/* A rule whose conditions about the segment in hand hold. */
static int judge_if_now(struct check *check, const struct guide_rule *rule, uint16_t segment_index,
			const struct x12_segment *segment)
{
	return applies_now(check, rule) ? judge_segment(check, rule, segment_index, segment) : 0;
}

/* *ret_here: the rules whose conditions about the segment hold, as a mask. */
static int judge_rules(struct check *check, uint16_t segment_index, const struct x12_segment *segment,
		       uint64_t *ret_here)
{
	const struct plan_segment *at = &check->plan->segments[segment_index];
	*ret_here = 0;
	for (uint16_t i = 0; i < at->rule_count; i++) {
		const struct plan_rule *beforehand = &check->plan->rules[at->first_rule + i];
		const struct guide_rule *rule = &check->guide->rules[beforehand->rule];
		int r;
		if (is_kept(beforehand, check->present) || !applies_here(check, rule, segment))
			continue;
		if (i < KNOWN_MASK_MAX)
			*ret_here |= UINT64_C(1) << i;
		r = judge_if_now(check, rule, segment_index, segment);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The same for a segment whose bytes have been here before. */
static int judge_known(struct check *check, const struct known *known, const struct x12_segment *segment)
{
	const struct plan_segment *at = &check->plan->segments[known->ruled];
	int r = 0;
	for (uint64_t sources = known->sources; sources != 0; sources &= sources - 1)
		make_fact(check, &check->plan->sources[at->first_source + __builtin_ctzll(sources)], segment);
	for (uint64_t rules = known->rules; rules != 0 && r == 0; rules &= rules - 1) {
		uint16_t rule = check->plan->rules[at->first_rule + __builtin_ctzll(rules)].rule;
		r = judge_if_now(check, &check->guide->rules[rule], known->ruled, segment);
	}
	return r;
}

int rule_segment(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	const struct plan_segment *at = &check->plan->segments[segment_index];
	struct known *known = check_memory_of(check, segment);
	uint64_t sources, rules;
	int r;

	if (known != NULL && known->ruled == segment_index)
		return judge_known(check, known, segment);
	sources = gather_facts(check, at, segment);
	r = judge_rules(check, segment_index, segment, &rules);
	if (r == 0 && known != NULL && known->sound == segment_index && at->source_count <= KNOWN_MASK_MAX &&
	    at->rule_count <= KNOWN_MASK_MAX) {
		known->ruled = segment_index;
		known->sources = sources;
		known->rules = rules;
	}
	return r;
}

/* A segment or loop: missing where the walk is now, or sent where it should not be. */
static int report_there(struct check *check, const struct guide_rule *rule, const struct guide_target *target)
{
	const struct guide_segment *segment = &check->guide->segments[target->segment];
	enum finding_code code =
		rule->forbids ? FINDING_SEGMENT_SITUATION_FORBIDDEN : FINDING_SEGMENT_SITUATION_MISSING;
	const struct x12_where *where = rule->forbids ? &check->facts[target->fact].where : &check->at;
	struct finding finding =
		report_make(check, code, where, segment->id, "%.*s", (int)rule->text.len, rule->text.data);
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
	const struct plan_loop *loop = &check->plan->loops[frame->loop];
	for (uint16_t i = 0; i < loop->node_count; i++) {
		const struct plan_node *node = &check->plan->nodes[loop->first_node + i];
		if (node->segment == target->segment)
			return (node->required_bit & ~frame->seen) != 0;
	}
	return false;
}

static int judge_loop(struct check *check, const struct guide_rule *rule)
{
	const struct guide_target *targets = &check->guide->targets[rule->first_target];
	int r = 0;
	for (uint16_t i = 0; i < rule->target_count && r == 0; i++) {
		bool sent = check->facts[targets[i].fact].holds;
		if (rule->forbids && sent)
			r = report_there(check, rule, &targets[i]);
		else if (!rule->forbids && sent)
			return 0;
	}
	if (r < 0 || rule->forbids || is_missing_anyway(check, &targets[0]))
		return r;
	return report_there(check, rule, &targets[0]);
}

int rule_loop_end(struct check *check, const struct plan_loop *loop)
{
	for (uint16_t i = 0; i < loop->rule_count; i++) {
		const struct guide_rule *rule = &check->guide->rules[check->plan->rules[loop->first_rule + i].rule];
		int r = applies_now(check, rule) ? judge_loop(check, rule) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
