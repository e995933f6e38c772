/*
 * A changeset as a person looks at it: one entry for what a record does to a member, with all that differs.
 */
#include "preview.h"

#include <errno.h>

#include "muster/text.h"

#define DIFFERENCES_FIRST 8u

static const char *relation_name(struct slice code)
{
	if (slice_is(code, "18"))
		return "subscriber";
	if (slice_is(code, "01"))
		return "spouse";
	return slice_is(code, "19") ? "child" : "dependent";
}

static char action_sign(enum decide_action action)
{
	switch (action) {
	case DECIDE_ADD:
	case DECIDE_REINSTATE:
	case DECIDE_POST:
		return '+';
	case DECIDE_CHANGE:
	case DECIDE_TRANSFER:
		return '~';
	case DECIDE_TERMINATE:
	case DECIDE_VOID:
		return '-';
	case DECIDE_NO_CHANGE:
	case DECIDE_ACTION_COUNT:
		break;
	}
	return '=';
}

/* ---- differences ---- */

struct look {
	struct arena *arena;
	struct preview_entry *entry;
	uint32_t capacity;
};

static int add_difference(struct look *look, const char *field, struct slice coverage, struct slice before,
                          struct slice after)
{
	struct preview_entry *entry = look->entry;
	struct preview_difference *difference;

	if (entry->difference_count == look->capacity) {
		uint32_t capacity = look->capacity * 2 + DIFFERENCES_FIRST;
		struct preview_difference *grown = arena_alloc_array(look->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (entry->difference_count > 0)
			memcpy(grown, entry->differences, entry->difference_count * sizeof(*grown));
		entry->differences = grown;
		look->capacity = capacity;
	}
	difference = &entry->differences[entry->difference_count++];
	difference->field = field;
	difference->coverage = coverage;
	difference->before = arena_dup(look->arena, before);
	difference->after = arena_dup(look->arena, after);
	return difference->before.data != NULL && difference->after.data != NULL ? 0 : -ENOMEM;
}

/* What the heading of a new person says already is no difference. */
static int add_field(void *context, const char *field, struct slice before, struct slice after)
{
	return add_difference(context, field, SLICE_EMPTY, before, after);
}

static int add_fields(struct look *look, const struct decide_operation *operation)
{
	struct member nobody = {.birth_on = DATE_NONE, .died_on = DATE_NONE};
	const struct member *before = operation->fields_before, *after = operation->fields_after;

	if (before == NULL) {
		nobody.last_name = after->last_name;
		nobody.first_name = after->first_name;
		nobody.relationship = after->relationship;
		nobody.subscriber_id = after->subscriber_id;
		before = &nobody;
	}
	return decide_differences(look->arena, before, after, look, add_field);
}

static struct slice day_text(date_day day, bool is_end, char out[DATE_TEXT_BYTES])
{
	return is_end && day == DATE_NONE ? SLICE_LITERAL("open") : slice_from(date_format_iso(day, out));
}

static struct slice coverage_words(struct arena *arena, const struct coverage_span *span)
{
	return arena_printf(arena, "%.*s %.*s %.*s", (int)span->group_id.len, span->group_id.data,
			    (int)span->plan_id.len, span->plan_id.data, (int)span->insurance_line.len,
			    span->insurance_line.data);
}

/* "FAM 2026-01-01 to open" */
static struct slice span_words(struct arena *arena, const struct coverage_span *span)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];
	struct slice end = day_text(span->ends_on, true, ends);

	return arena_printf(arena, "%.*s%s%s to %.*s%s", (int)span->tier.len, span->tier.len > 0 ? span->tier.data : "",
			    span->tier.len > 0 ? " " : "", date_format_iso(span->begins_on, begins), (int)end.len,
			    end.data, span->cobra ? " (COBRA)" : "");
}

static int add_days(struct look *look, struct slice coverage, const struct coverage_span *before,
                    const struct coverage_span *after)
{
	char was[DATE_TEXT_BYTES], is[DATE_TEXT_BYTES];
	int r = 0;

	if (before->begins_on != after->begins_on)
		r = add_difference(look, "begins", coverage, day_text(before->begins_on, false, was),
				   day_text(after->begins_on, false, is));
	if (r == 0 && before->ends_on != after->ends_on)
		r = add_difference(look, "ends", coverage, day_text(before->ends_on, true, was),
				   day_text(after->ends_on, true, is));
	return r;
}

static int add_touch(struct look *look, const struct decide_touch *touch)
{
	const struct coverage_span *before = &touch->before, *after = &touch->after;
	struct slice coverage = coverage_words(look->arena, touch->is_new ? after : before);
	struct slice words = span_words(look->arena, after);
	int r;

	if (coverage.data == NULL || words.data == NULL)
		return -ENOMEM;
	if (touch->is_new)
		return add_difference(look, "covered", coverage, SLICE_EMPTY, words);
	if (before->voided != after->voided)
		return add_difference(look, "covered", coverage,
				      before->voided ? SLICE_LITERAL("never effective") : words,
				      after->voided ? SLICE_LITERAL("never effective") : words);
	r = add_days(look, coverage, before, after);
	if (r == 0 && !slice_equal(before->group_id, after->group_id))
		r = add_difference(look, "group", coverage, before->group_id, after->group_id);
	if (r == 0 && !slice_equal(before->plan_id, after->plan_id))
		r = add_difference(look, "plan", coverage, before->plan_id, after->plan_id);
	if (r == 0 && !slice_equal(before->tier, after->tier))
		r = add_difference(look, "tier", coverage, before->tier, after->tier);
	if (r == 0 && before->cobra != after->cobra)
		r = add_difference(look, "COBRA", coverage, before->cobra ? SLICE_LITERAL("yes") : SLICE_LITERAL("no"),
				   after->cobra ? SLICE_LITERAL("yes") : SLICE_LITERAL("no"));
	return r;
}

/* ---- entries ---- */

static const struct member_record *record_at(const struct enroll_family *family, uint32_t member_pos)
{
	uint32_t i;

	for (i = 0; i < family->member_count; i++)
		if (family->members[i].member_pos == member_pos)
			return &family->members[i];
	return NULL;
}

/* Several things that one record does to one member: different ones together are a change. */
static int entry_join(struct arena *arena, struct preview_entry *entry, enum decide_action action)
{
	struct slice name = slice_from(decide_action_name(action));
	char sign = action_sign(action);

	if (sign == '=')
		return 0;
	if (entry->sign == '=') {
		entry->sign = sign;
		entry->actions = name;
		return 0;
	}
	if (entry->sign != sign)
		entry->sign = '~';
	if (entry->actions.len >= name.len &&
	    memcmp(entry->actions.data + entry->actions.len - name.len, name.data, name.len) == 0)
		return 0;
	entry->actions = arena_printf(arena, "%.*s and %.*s", (int)entry->actions.len, entry->actions.data,
				      (int)name.len, name.data);
	return entry->actions.data != NULL ? 0 : -ENOMEM;
}

/* Is it done to somebody else than the record is about? Its own member's rows come first. */
static bool comes_along(const struct changeset *changeset, const struct decide_operation *operation)
{
	uint32_t i = 0;

	while (changeset->operations[i].member_pos != operation->member_pos)
		i++;
	return changeset->operations[i].image != operation->image;
}

static void entry_begin(struct preview_entry *entry, const struct decide_operation *operation,
                        const struct member_record *record, bool along)
{
	*entry = (struct preview_entry){
		.sign = '=',
		.actions = slice_from(decide_action_name(DECIDE_NO_CHANGE)),
		.relation = "dependent",
		.member_pos = operation->member_pos,
		.segment_pos = operation->segment_pos,
		.along = along,
		.rule = operation->match_rule != NULL ? operation->match_rule : "-",
		.confidence = operation->confidence,
		.category = CATEGORY_COUNT,
	};
	if (operation->image != NULL) {
		const struct member *member = &operation->image->after;

		entry->member_id = operation->image->before.member_no != 0 ? member->member_id : SLICE_EMPTY;
		entry->last_name = member->last_name;
		entry->first_name = member->first_name;
		entry->relation = relation_name(member->relationship);
	} else if (record != NULL) {
		entry->last_name = record->person.last_name;
		entry->first_name = record->person.first_name;
		entry->relation = relation_name(record->relationship);
	}
}

/* All that operations[first] and those behind it do by this record to this member. */
static int look_at_operations(struct arena *arena, const struct changeset *changeset, uint32_t first,
                              struct preview_entry *entry)
{
	const struct decide_operation *head = &changeset->operations[first];
	struct look look = {.arena = arena, .entry = entry};
	uint32_t i, k;
	int r = 0;

	for (i = first; i < changeset->operation_count && r == 0; i++) {
		const struct decide_operation *operation = &changeset->operations[i];

		if (operation->image != head->image || operation->member_pos != head->member_pos)
			continue;
		r = entry_join(arena, entry, operation->action);
		if (r == 0 && operation->action != DECIDE_NO_CHANGE && operation->carries_fields)
			r = add_fields(&look, operation);
		for (k = 0; k < operation->touch_count && r == 0 && operation->action != DECIDE_NO_CHANGE; k++)
			r = add_touch(&look, &operation->touches[k]);
	}
	return r;
}

static bool is_seen(const struct changeset *changeset, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < index; i++)
		if (changeset->operations[i].image == changeset->operations[index].image &&
		    changeset->operations[i].member_pos == changeset->operations[index].member_pos)
			return true;
	return false;
}

/* data NULL = no memory. */
static struct slice masked(struct arena *arena, struct slice text)
{
	struct slice copy = SLICE_EMPTY;
	struct buffer shown;

	buffer_init(&shown, arena->env);
	text_add_masked(&shown, text);
	if (shown.error == 0)
		copy = arena_dup(arena, buffer_slice(&shown));
	buffer_fini(&shown);
	return copy;
}

static int look_at_exception(struct arena *arena, const struct decide_exception *exception, struct preview_entry *entry)
{
	*entry = (struct preview_entry){
		.sign = '?',
		.actions = SLICE_LITERAL("waits"),
		.relation = "dependent",
		.member_pos = exception->member_pos,
		.rule = "-",
		.confidence = exception->confidence,
		.category = exception->category,
		.candidates = exception->candidates,
		.candidate_count = exception->candidate_count,
	};
	if (exception->record != NULL) {
		entry->last_name = exception->record->person.last_name;
		entry->first_name = exception->record->person.first_name;
		entry->relation = relation_name(exception->record->relationship);
		entry->segment_pos = exception->record->segment_pos;
	} else if (exception->candidate_count > 0) {
		/* Left out: those whom the question is about are known, the first of them is named. */
		const struct member *member = exception->candidates[0].member;

		entry->left_out = true;
		entry->last_name = member->last_name;
		entry->first_name = member->first_name;
		entry->relation = relation_name(member->relationship);
	}
	entry->reason = masked(arena, exception->reason);
	return entry->reason.data != NULL ? 0 : -ENOMEM;
}

/* By record; who comes along behind who is meant. */
static void sort_entries(struct preview_family *family)
{
	uint32_t i, k;

	for (i = 1; i < family->entry_count; i++) {
		struct preview_entry entry = family->entries[i];

		for (k = i; k > 0 && (entry.member_pos < family->entries[k - 1].member_pos ||
				      (entry.member_pos == family->entries[k - 1].member_pos && !entry.along &&
				       family->entries[k - 1].along));
		     k--)
			family->entries[k] = family->entries[k - 1];
		family->entries[k] = entry;
	}
}

static void name_family(const struct enroll_family *source, const struct changeset *changeset,
			struct preview_family *family)
{
	uint32_t i;

	if (source->member_count > 0)
		family->subscriber_id = source->members[0].subscriber_id;
	else if (changeset->image_count > 0)
		family->subscriber_id = changeset->images[0]->after.subscriber_id;
	else if (changeset->exception_count > 0 && changeset->exceptions[0].candidate_count > 0)
		family->subscriber_id = changeset->exceptions[0].candidates[0].member->subscriber_id;
	family->set_control = source->tset != NULL ? source->tset->control_number : SLICE_EMPTY;
	for (i = 0; i < family->entry_count; i++)
		if (i == 0 || strcmp(family->entries[i].relation, "subscriber") == 0)
			family->last_name = family->entries[i].last_name;
}

static int look_at_warnings(struct arena *arena, const struct changeset *changeset, struct preview_family *family)
{
	uint32_t i;

	family->warnings = arena_alloc_array(arena, changeset->warning_count + 1, sizeof(*family->warnings));
	family->warning_records =
		arena_alloc_array(arena, changeset->warning_count + 1, sizeof(*family->warning_records));
	if (family->warnings == NULL || family->warning_records == NULL)
		return -ENOMEM;
	for (i = 0; i < changeset->warning_count; i++) {
		family->warnings[i] = masked(arena, changeset->warnings[i].text);
		family->warning_records[i] = changeset->warnings[i].member_pos;
		if (family->warnings[i].data == NULL)
			return -ENOMEM;
	}
	family->warning_count = changeset->warning_count;
	return 0;
}

/* An audit does nothing of what it finds, and nobody comes along. */
static void report_only(struct preview_family *family)
{
	uint32_t i, count = 0;

	for (i = 0; i < family->entry_count; i++) {
		struct preview_entry entry = family->entries[i];

		if (entry.along)
			continue;
		if (entry.sign != '=') {
			entry.actions = entry.sign == '?' ? SLICE_LITERAL("unsure, reported only")
							  : SLICE_LITERAL("differs, reported only");
			entry.sign = '!';
		}
		family->entries[count++] = entry;
	}
	family->entry_count = count;
}

int preview_look(const struct enroll_family *family, const struct changeset *changeset, bool audited,
		 struct preview_family *ret_family)
{
	struct arena *arena = changeset->arena;
	uint32_t i;
	int r = 0;

	*ret_family = (struct preview_family){.entry_count = 0};
	ret_family->entries = arena_alloc_array(arena, changeset->operation_count + changeset->exception_count + 1,
						sizeof(*ret_family->entries));
	if (ret_family->entries == NULL)
		return -ENOMEM;
	r = look_at_warnings(arena, changeset, ret_family);
	for (i = 0; i < changeset->operation_count && r == 0; i++) {
		const struct decide_operation *operation = &changeset->operations[i];
		struct preview_entry *entry = &ret_family->entries[ret_family->entry_count];

		if (is_seen(changeset, i))
			continue;
		entry_begin(entry, operation, record_at(family, operation->member_pos),
			    family->member_count > 0 && comes_along(changeset, operation));
		entry->left_out = family->member_count == 0;
		r = look_at_operations(arena, changeset, i, entry);
		ret_family->entry_count++;
	}
	for (i = 0; i < changeset->exception_count && r == 0; i++)
		r = look_at_exception(arena, &changeset->exceptions[i],
				      &ret_family->entries[ret_family->entry_count++]);
	sort_entries(ret_family);
	if (audited)
		report_only(ret_family);
	name_family(family, changeset, ret_family);
	return r;
}

void preview_add_place(struct buffer *out, const struct preview_entry *entry)
{
	if (entry->left_out)
		buffer_add_text(out, "in no record");
	else
		buffer_printf(out, "%s %u", entry->along ? "along with record" : "record", entry->member_pos);
}

/* ---- counts ---- */

void preview_count(struct preview_counts *counts, const struct preview_family *family)
{
	uint32_t i;

	counts->families++;
	counts->warnings += family->warning_count;
	for (i = 0; i < family->entry_count; i++) {
		counts->signs[(unsigned char)family->entries[i].sign]++;
		if (family->entries[i].sign == '?')
			counts->categories[family->entries[i].category]++;
	}
}

bool preview_is_news(const struct preview_family *family)
{
	uint32_t i;

	for (i = 0; i < family->entry_count; i++)
		if (family->entries[i].sign != '=')
			return true;
	return family->warning_count > 0;
}

void preview_add_counts(struct buffer *out, const struct preview_counts *counts)
{
	static const struct {
		char sign;
		const char *words;
	} rows[] = {{'+', "added"},   {'~', "changed"},  {'-', "ended"},
		    {'?', "waiting"}, {'!', "reported"}, {'=', "as they are"}};
	const char *separator = "";
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t count = counts->signs[(unsigned char)rows[i].sign];

		/* Audits alone report. */
		if (rows[i].sign == '!' && count == 0)
			continue;
		buffer_printf(out, "%s%c %llu %s", separator, rows[i].sign, (unsigned long long)count, rows[i].words);
		separator = "   ";
	}
}
