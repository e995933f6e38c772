/*
 * Every segment and every element of a guide, one after the other, damaged in every way that its place in the guide
 * knows. What is expected follows from the guide's tables and x12-syntax sections 4, 5, 7 and 10.
 */
#include <stdio.h>
#include <string.h>

#include "matrix.h"
#include "muster/text.h"

#define SEEDS 2u
#define LINE_MAX_ELEMENTS 39u

struct spot {
	struct matrix *matrix;
	struct draft *draft;
	const struct guide *guide;
	uint16_t segment; /* of the guide */
	uint64_t seed;
	uint32_t at;   /* its line */
	uint32_t done; /* cases so far, of this seed */
};

/* The first line of the segment in the record for faults, else in the file. */
static uint32_t line_of(const struct draft *draft, uint16_t segment)
{
	uint32_t found = DRAFT_NOWHERE;
	for (uint32_t at = 0; at < draft->count; at++) {
		if (draft->lines[at].segment != segment)
			continue;
		for (uint32_t i = 0; i < draft->lines[at].depth; i++)
			if (draft->lines[at].loops[i] == draft->record_loop)
				return at;
		if (found == DRAFT_NOWHERE)
			found = at;
	}
	return found;
}

/* A fresh draft, and the line in it. */
static void fresh(struct spot *spot)
{
	const struct draft_shape shape = {.target = DRAFT_MOST, .others = DRAFT_SOME};
	draft_begin(spot->draft, spot->guide, spot->seed + spot->done, &shape);
	matrix_count_warnings(spot->matrix);
	spot->at = line_of(spot->draft, spot->segment);
	assert_true(spot->at != DRAFT_NOWHERE);
}

static const struct guide_segment *segment_of(const struct spot *spot)
{
	return &spot->guide->segments[spot->segment];
}

static struct expected expect(const struct spot *spot, enum finding_code code, const char *ack)
{
	return (struct expected){.code = code,
				 .ack = ack,
				 .segment = segment_of(spot)->id,
				 .loop = draft_loop_id(spot->draft, spot->at),
				 .position = draft_position(spot->draft, spot->at)};
}

static void run(struct spot *spot, const char *what, uint32_t pos, const struct expected *expected)
{
	char text[80];
	snprintf(text, sizeof(text), "%s/%s%s%02u: %s", expected->loop, segment_of(spot)->id, pos > 0 ? "" : " ", pos,
		 what);
	buffer_clear(&spot->matrix->bytes);
	draft_write(spot->draft, &spot->matrix->bytes);
	matrix_run(spot->matrix, text, spot->seed + spot->done, buffer_slice(&spot->matrix->bytes), NULL, expected,
		   NULL);
	spot->done++;
	fresh(spot);
}

/* ---- segments ---- */

static bool opens_its_loop(const struct spot *spot)
{
	const struct guide_loop *loop = &spot->guide->loops[segment_of(spot)->loop];
	return segment_of(spot)->loop != 0 && spot->guide->nodes[loop->first_node].index == spot->segment;
}

static void sweep_unknown(struct spot *spot)
{
	struct expected expected = {.code = FINDING_SEGMENT_NOT_IN_SET, .ack = "IK3 6", .segment = "ZZ9"};
	draft_insert(spot->draft, spot->at + 1, spot->at, "ZZ9*1");
	expected.loop = draft_loop_id(spot->draft, spot->at);
	expected.position = draft_position(spot->draft, spot->at + 1);
	run(spot, "unknown segment behind", 0, &expected);
}

static void sweep_misformed(struct spot *spot)
{
	struct expected expected = {.code = FINDING_SEGMENT_UNKNOWN, .ack = "IK3 1", .segment = "", .answered = "9QQ"};
	draft_insert(spot->draft, spot->at + 1, spot->at, "9QQQ*1");
	expected.loop = draft_loop_id(spot->draft, spot->at);
	expected.position = draft_position(spot->draft, spot->at + 1);
	run(spot, "segment of malformed id behind", 0, &expected);
}

static void sweep_empty(struct spot *spot)
{
	struct expected expected = expect(spot, FINDING_SEGMENT_EMPTY, "IK3 8");
	if (opens_its_loop(spot) && segment_of(spot)->qualifier_pos != 0)
		return; /* nothing tells which loop it opens */
	spot->draft->lines[spot->at].element_count = 0;
	run(spot, "empty", 0, &expected);
}

/* Segments of one place stand in any order: that one is missing is known behind the last of them. */
static void sweep_missing(struct spot *spot)
{
	struct expected expected;
	uint32_t at = spot->at, end;
	if (segment_of(spot)->usage != GUIDE_REQUIRED || opens_its_loop(spot))
		return;
	for (end = at; spot->draft->lines[end].segment == spot->segment; end++)
		;
	draft_remove(spot->draft, at, end);
	while (spot->draft->lines[at].segment != GUIDE_NONE &&
	       spot->guide->segments[spot->draft->lines[at].segment].loop == segment_of(spot)->loop &&
	       spot->guide->segments[spot->draft->lines[at].segment].ordinal == segment_of(spot)->ordinal)
		at++;
	expected = (struct expected){
		.code = FINDING_SEGMENT_REQUIRED_MISSING,
		.ack = "IK3 3",
		.segment = segment_of(spot)->id,
		.loop = segment_of(spot)->loop == 0 ? "" : spot->guide->loops[segment_of(spot)->loop].id,
		.position = draft_position(spot->draft, at)};
	run(spot, "missing", 0, &expected);
}

static void sweep_repeat(struct spot *spot)
{
	struct expected expected;
	uint32_t end;
	if (segment_of(spot)->repeat == GUIDE_UNBOUNDED || opens_its_loop(spot))
		return;
	/* Copies bear the same qualifiers, and what is odd in one of them is in all. */
	spot->matrix->warnings_before = UINT32_MAX;
	for (end = spot->at; spot->draft->lines[end].segment == spot->segment; end++)
		;
	for (uint32_t i = end - spot->at; i < segment_of(spot)->repeat + 1; i++, end++)
		draft_copy(spot->draft, spot->at, spot->at + 1, end);
	spot->at = end - 1;
	expected = expect(spot, FINDING_SEGMENT_REPEATS_TOO_OFTEN, "IK3 5");
	run(spot, "once too often", 0, &expected);
}

static void sweep_loop_repeat(struct spot *spot)
{
	const struct guide_loop *loop = &spot->guide->loops[segment_of(spot)->loop];
	struct expected expected;
	uint32_t end, lines, at;
	if (!opens_its_loop(spot) || loop->repeat == GUIDE_UNBOUNDED)
		return;
	spot->matrix->warnings_before = UINT32_MAX;
	end = draft_loop_end(spot->draft, spot->at);
	lines = end - spot->at;
	for (at = end; at < spot->draft->count && spot->draft->lines[at].segment == spot->segment;
	     at = draft_loop_end(spot->draft, at))
		fail_msg("loop %s stands twice in a draft", loop->id);
	for (uint32_t i = 1; i < loop->repeat + 1; i++)
		draft_copy(spot->draft, spot->at, end, end + (i - 1) * lines);
	spot->at += loop->repeat * lines;
	expected = expect(spot, FINDING_LOOP_REPEATS_TOO_OFTEN, "IK3 4");
	run(spot, "loop once too often", 0, &expected);
}

static void sweep_too_many(struct spot *spot)
{
	uint32_t count = segment_of(spot)->element_count;
	struct expected expected = expect(spot, FINDING_ELEMENT_TOO_MANY, "IK4 3");
	assert_true(count < LINE_MAX_ELEMENTS);
	draft_set(spot->draft, spot->at, count + 1, "X");
	expected.element = count + 1;
	run(spot, "too many elements", count + 1, &expected);
}

/* ---- values ---- */

struct bad {
	const char *what, *ack;
	enum finding_code code;
	/* A bad value for the element, after `before` and instead of `good`; false where none is possible. */
	bool (*make)(const struct guide *guide, const struct guide_element *element, const char *before,
		     const char *good, char *out, size_t out_bytes);
	bool needs_qualifier; /* also done to the element that tells segments apart */
	bool of_absent;       /* only to elements that the guide does not use */
};

static bool is_number(const struct guide_element *element)
{
	return element->type == GUIDE_N || element->type == GUIDE_R;
}

static void repeat_char(char c, uint32_t count, char *out, size_t out_bytes)
{
	assert_true(count < out_bytes);
	memset(out, c, count);
	out[count] = '\0';
}

#define MAKER(name)                                                                                                    \
	static bool name(const struct guide *guide, const struct guide_element *element, const char *before,           \
			 const char *good, char *out, size_t out_bytes)

MAKER(make_long)
{
	(void)guide, (void)before, (void)good;
	repeat_char(is_number(element) ? '1' : 'A', element->max + 1u, out, out_bytes);
	return true;
}

MAKER(make_short)
{
	(void)guide, (void)before, (void)good;
	repeat_char(is_number(element) ? '1' : 'A', element->min > 0 ? element->min - 1u : 0, out, out_bytes);
	return element->min > 1;
}

MAKER(make_blank)
{
	(void)guide, (void)before, (void)good;
	repeat_char(' ', element->min, out, out_bytes);
	return true;
}

MAKER(make_control)
{
	(void)guide, (void)before, (void)good;
	repeat_char('A', element->min, out, out_bytes);
	out[element->min - 1] = '\x07';
	return true;
}

MAKER(make_letters)
{
	(void)guide, (void)before, (void)good;
	repeat_char('1', element->min, out, out_bytes);
	out[element->min - 1] = 'X';
	return is_number(element);
}

MAKER(make_two_points)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "1.1.1");
	return element->type == GUIDE_R && element->max >= 3;
}

MAKER(make_point_in_integer)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "1.5");
	return element->type == GUIDE_N && element->max >= 2;
}

MAKER(make_plus)
{
	(void)guide, (void)before;
	snprintf(out, out_bytes, "+%s", good);
	return is_number(element) && good[0] != '-';
}

MAKER(make_decimals)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "1.234");
	return element->format == GUIDE_FORMAT_AMOUNT;
}

MAKER(make_eleven_digits)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "123456789.01");
	return element->format == GUIDE_FORMAT_AMOUNT;
}

MAKER(make_code)
{
	(void)before, (void)good;
	if (element->codes == GUIDE_NONE || guide->code_lists[element->codes].external)
		return false;
	for (char c = 'K'; c >= 'A'; c--) {
		repeat_char(c, element->min, out, out_bytes);
		if (guide_code_find(guide, element->codes, slice_from(out)) < 0 &&
		    !guide_code_is_unlisted(guide, element->codes, slice_from(out)))
			return true;
	}
	return false;
}

MAKER(make_small_letters)
{
	(void)before;
	if (element->codes == GUIDE_NONE || guide->code_lists[element->codes].external)
		return false;
	snprintf(out, out_bytes, "%s", good);
	for (char *p = out; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
	return strcmp(out, good) != 0;
}

MAKER(make_unlisted)
{
	const struct guide_code_list *list;
	(void)before, (void)good;
	if (element->codes == GUIDE_NONE || guide->code_lists[element->codes].unlisted_count == 0)
		return false;
	list = &guide->code_lists[element->codes];
	slice_to_cstr(guide->codes[list->unlisted_first].code, out, out_bytes);
	return true;
}

MAKER(make_external)
{
	(void)before, (void)good;
	repeat_char('Q', element->min, out, out_bytes);
	return element->codes != GUIDE_NONE && guide->code_lists[element->codes].external;
}

MAKER(make_date)
{
	(void)guide, (void)good;
	snprintf(out, out_bytes, "%s", strcmp(before, "RD8") == 0 ? "20260131-20260101" : "20260230");
	return element->type == GUIDE_DT || element->format == GUIDE_FORMAT_BY_QUALIFIER;
}

MAKER(make_month)
{
	(void)guide, (void)good;
	snprintf(out, out_bytes, "%s", strcmp(before, "RD8") == 0 ? "20261301-20261302" : "20261301");
	return element->type == GUIDE_DT || element->format == GUIDE_FORMAT_BY_QUALIFIER;
}

MAKER(make_time)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "2460");
	return element->type == GUIDE_TM;
}

MAKER(make_components)
{
	(void)guide, (void)before;
	snprintf(out, out_bytes, "%s:%s", good, good);
	return element->type != GUIDE_COMPOSITE;
}

MAKER(make_repetitions)
{
	uint32_t limit = element->repeat > 0 ? element->repeat : 1;
	size_t len = 0;
	(void)guide, (void)before;
	out[0] = '\0';
	for (uint32_t i = 0; i <= limit; i++)
		len += (size_t)snprintf(out + len, out_bytes - len, "%s%s", i > 0 ? "^" : "", good);
	return true;
}

/* Of what stands once at most: other values behind it, so that there is one fault all the same. */
MAKER(make_other_repetition)
{
	(void)guide, (void)before;
	snprintf(out, out_bytes, "X^%s^", good);
	return element->repeat <= 1;
}

/* Whatever the type makes of such a letter, that is said and nothing else. */
MAKER(make_letter_in_number)
{
	(void)guide, (void)before, (void)good;
	snprintf(out, out_bytes, "\xc3\xa9");
	return is_number(element);
}

MAKER(make_letter_in_code)
{
	(void)before, (void)good;
	if (element->codes == GUIDE_NONE || guide->code_lists[element->codes].external)
		return false;
	out[0] = '\0';
	for (uint32_t i = 0; i < element->min; i++)
		strncat(out, "\xc3\xa9", out_bytes - strlen(out) - 1);
	return true;
}

MAKER(make_unused)
{
	(void)guide, (void)before, (void)good;
	repeat_char('1', element->min > 0 ? element->min : 1, out, out_bytes);
	return true;
}

MAKER(make_nothing)
{
	(void)guide, (void)before, (void)good;
	out[0] = '\0';
	return out_bytes > 0 && element->usage == GUIDE_REQUIRED;
}

static const struct bad bads[] = {
	{"required, missing", "IK4 1", FINDING_ELEMENT_REQUIRED_MISSING, make_nothing, false, false},
	{"too long", "IK4 5", FINDING_ELEMENT_TOO_LONG, make_long, false, false},
	{"too short", "IK4 4", FINDING_ELEMENT_TOO_SHORT, make_short, false, false},
	{"blank", "IK4 6", FINDING_ELEMENT_BLANK, make_blank, false, false},
	{"control character", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_control, false, false},
	{"letters in a number", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_letters, false, false},
	{"two points", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_two_points, false, false},
	{"a point in an integer", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_point_in_integer, false, false},
	{"a plus sign", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_plus, false, false},
	{"three decimals", "IK4 I12", FINDING_ELEMENT_PATTERN, make_decimals, false, false},
	{"eleven digits of money", "IK4 5", FINDING_ELEMENT_TOO_LONG, make_eleven_digits, false, false},
	{"no such code", "IK4 7", FINDING_ELEMENT_CODE_INVALID, make_code, true, false},
	{"small letters", "IK4 7", FINDING_ELEMENT_CODE_INVALID, make_small_letters, true, false},
	{"a code that the guide leaves out", "IK4 I6", FINDING_ELEMENT_CODE_UNLISTED, make_unlisted, false, false},
	{"not in the outside list", "IK4 7", FINDING_ELEMENT_CODE_EXTERNAL, make_external, false, false},
	{"no such day", "IK4 8", FINDING_ELEMENT_DATE_INVALID, make_date, false, false},
	{"no such month", "IK4 8", FINDING_ELEMENT_DATE_INVALID, make_month, false, false},
	{"no such time", "IK4 9", FINDING_ELEMENT_TIME_INVALID, make_time, false, false},
	{"components", "IK4 13", FINDING_ELEMENT_COMPONENTS_TOO_MANY, make_components, false, false},
	{"repetitions", "IK4 12", FINDING_ELEMENT_REPEATS_TOO_OFTEN, make_repetitions, false, false},
	{"another value behind", "IK4 12", FINDING_ELEMENT_REPEATS_TOO_OFTEN, make_other_repetition, false, false},
	{"a letter beyond ASCII in a number", "IK4 6", FINDING_ELEMENT_CHARACTER_INVALID, make_letter_in_number, false,
	 false},
	{"a letter beyond ASCII in a code", "IK4 7", FINDING_ELEMENT_CODE_INVALID, make_letter_in_code, true, false},
	{"not used, but sent", "IK4 I10", FINDING_ELEMENT_NOT_USED, make_unused, false, true},
};
#define BADS (sizeof(bads) / sizeof(bads[0]))

/* How many elements of the line are filled? */
static uint32_t filled(const struct draft *draft, uint32_t at)
{
	uint32_t count = 0;
	for (uint32_t pos = 1; pos <= draft->lines[at].element_count; pos++)
		count += *draft_element(draft, at, pos) != '\0';
	return count;
}

/* Does the fault belong to this kind of element at all? */
static bool suits(const struct spot *spot, const struct bad *bad, const struct guide_element *element, uint32_t pos)
{
	bool qualifies = segment_of(spot)->qualifier_pos == pos;
	bool absent = element->usage == GUIDE_NOT_USED;
	if (absent != bad->of_absent)
		return false;
	if (!absent && *draft_element(spot->draft, spot->at, pos) == '\0')
		return false; /* left out because it excludes another one */
	/* A bad qualifier of a loop's first segment may be another loop's: those cases are written down one by one. */
	if (qualifies && (!bad->needs_qualifier || opens_its_loop(spot)))
		return false;
	return bad->make != make_nothing || filled(spot->draft, spot->at) > 1;
}

static void sweep_value(struct spot *spot, const struct bad *bad, uint32_t pos)
{
	const struct guide_element *element = guide_element_at(spot->guide, segment_of(spot), pos);
	struct expected expected = expect(spot, bad->code, bad->ack);
	char value[600];
	if (!suits(spot, bad, element, pos))
		return;
	if (element->type == GUIDE_COMPOSITE && bad->make != make_repetitions && bad->make != make_other_repetition &&
	    bad->make != make_nothing && bad->make != make_unused)
		return;
	if (!bad->make(spot->guide, element, draft_element(spot->draft, spot->at, pos - 1),
		       draft_element(spot->draft, spot->at, pos), value, sizeof(value)))
		return;
	expected.element = pos;
	/* What is odd in one repetition is in all its copies. */
	if (bad->make == make_repetitions)
		spot->matrix->warnings_before = UINT32_MAX;
	if (bad->make == make_repetitions || bad->make == make_other_repetition)
		expected.repetition = element->repeat > 0 ? element->repeat + 1u : 2;
	draft_set(spot->draft, spot->at, pos, value);
	run(spot, bad->what, pos, &expected);
}

/* The composite with `value` as its component `which`, in its first repetition. */
static void with_component(const struct spot *spot, uint32_t pos, uint32_t which, const char *value, char *out,
			   size_t out_bytes)
{
	struct slice whole = slice_from(draft_element(spot->draft, spot->at, pos));
	uint32_t count = x12_part_count(whole, ':') > which ? x12_part_count(whole, ':') : which;
	size_t len = 0;
	out[0] = '\0';
	for (uint32_t i = 1; i <= count; i++) {
		struct slice part = i == which ? slice_from(value) : x12_part(whole, ':', i);
		len += (size_t)snprintf(out + len, out_bytes - len, "%s%.*s", i > 1 ? ":" : "", (int)part.len,
					part.len > 0 ? part.data : "");
	}
	while (len > 0 && out[len - 1] == ':')
		out[--len] = '\0';
}

static void sweep_component(struct spot *spot, const struct bad *bad, uint32_t pos, uint32_t which)
{
	const struct guide_element *composite = guide_element_at(spot->guide, segment_of(spot), pos);
	const struct guide_element *component = &spot->guide->elements[composite->first_component + which - 1];
	struct expected expected = expect(spot, bad->code, bad->ack);
	char good[100], before[100] = "", value[600], whole[700];
	struct slice sent = slice_from(draft_element(spot->draft, spot->at, pos));

	if ((component->usage == GUIDE_NOT_USED) != bad->of_absent || bad->make == make_repetitions ||
	    bad->make == make_other_repetition || bad->make == make_components)
		return;
	if (bad->make == make_nothing && x12_part_count(sent, ':') < 2)
		return;
	slice_to_cstr(x12_part(sent, ':', which), good, sizeof(good));
	if (which > 1)
		slice_to_cstr(x12_part(sent, ':', which - 1), before, sizeof(before));
	if (!bad->make(spot->guide, component, before, good, value, sizeof(value)))
		return;
	with_component(spot, pos, which, value, whole, sizeof(whole));
	expected.element = pos;
	expected.component = which;
	draft_set(spot->draft, spot->at, pos, whole);
	run(spot, bad->what, pos, &expected);
}

static void sweep_composite(struct spot *spot, uint32_t pos)
{
	const struct guide_element *composite = guide_element_at(spot->guide, segment_of(spot), pos);
	struct expected expected;
	char whole[700];
	if (composite->usage == GUIDE_NOT_USED)
		return;
	for (uint32_t which = 1; which <= composite->component_count; which++)
		for (size_t i = 0; i < BADS; i++)
			sweep_component(spot, &bads[i], pos, which);
	with_component(spot, pos, composite->component_count + 1u, "1", whole, sizeof(whole));
	expected = expect(spot, FINDING_ELEMENT_COMPONENTS_TOO_MANY, "IK4 13");
	expected.element = pos;
	draft_set(spot->draft, spot->at, pos, whole);
	run(spot, "too many components", pos, &expected);
}

/* ---- relational notes ---- */

/* One of the note's positions beyond the first that can be left out by itself; 0 when there is none. */
static uint32_t loose_of(const struct spot *spot, const struct guide_relation *relation)
{
	for (uint32_t i = relation->count; i-- > 1;) {
		const struct guide_element *element = guide_element_at(spot->guide, segment_of(spot), relation->pos[i]);
		if (element->usage == GUIDE_SITUATIONAL &&
		    *draft_element(spot->draft, spot->at, relation->pos[i]) != '\0')
			return relation->pos[i];
	}
	return 0;
}

static bool all_loose(const struct spot *spot, const struct guide_relation *relation, uint32_t from)
{
	for (uint32_t i = from; i < relation->count; i++)
		if (guide_element_at(spot->guide, segment_of(spot), relation->pos[i])->usage == GUIDE_REQUIRED)
			return false;
	return true;
}

/* Leave an element out, and with it those that go only with it. */
static void leave_out(const struct spot *spot, uint32_t pos)
{
	for (uint16_t i = 0; i < segment_of(spot)->relation_count; i++) {
		const struct guide_relation *relation = &spot->guide->relations[segment_of(spot)->first_relation + i];
		bool paired = false;
		for (uint32_t k = 0; k < relation->count; k++)
			paired |= relation->kind == 'P' && relation->pos[k] == pos;
		for (uint32_t k = 0; k < relation->count && paired; k++)
			draft_set(spot->draft, spot->at, relation->pos[k], "");
	}
	draft_set(spot->draft, spot->at, pos, "");
}

static void sweep_relation(struct spot *spot, const struct guide_relation *relation)
{
	struct expected expected = expect(spot, FINDING_ELEMENT_CONDITION_MISSING, "IK4 2");
	uint32_t loose = loose_of(spot, relation), from = relation->kind == 'R' ? 0 : 1;
	bool there = *draft_element(spot->draft, spot->at, relation->pos[0]) != '\0';
	char what[20];

	snprintf(what, sizeof(what), "note %c%02u%02u", relation->kind, relation->pos[0], relation->pos[1]);
	if (relation->kind == 'E') {
		if (!all_loose(spot, relation, 0))
			return;
		/* The value may be wrong beside the others: that is not looked at here. */
		spot->matrix->warnings_before = UINT32_MAX;
		for (uint32_t i = 0; i < relation->count; i++)
			draft_set(spot->draft, spot->at, relation->pos[i], "CA");
		expected = expect(spot, FINDING_ELEMENT_EXCLUDED, "IK4 10");
		expected.element = relation->pos[relation->count - 1];
	} else if (relation->kind == 'P' || relation->kind == 'C') {
		if (loose == 0 || !there)
			return;
		draft_set(spot->draft, spot->at, loose, "");
		expected.element = loose;
	} else {
		if (!all_loose(spot, relation, from) || (from == 1 && !there))
			return;
		for (uint32_t i = from; i < relation->count; i++)
			leave_out(spot, relation->pos[i]);
		expected.element = relation->pos[from];
	}
	run(spot, what, expected.element, &expected);
}

/* ---- all of it ---- */

static void sweep_segment(struct spot *spot)
{
	fresh(spot);
	sweep_unknown(spot);
	sweep_misformed(spot);
	sweep_empty(spot);
	sweep_missing(spot);
	sweep_repeat(spot);
	sweep_loop_repeat(spot);
	sweep_too_many(spot);
	for (uint32_t pos = 1; pos <= segment_of(spot)->element_count; pos++) {
		for (size_t i = 0; i < BADS; i++)
			sweep_value(spot, &bads[i], pos);
		if (guide_element_at(spot->guide, segment_of(spot), pos)->type == GUIDE_COMPOSITE)
			sweep_composite(spot, pos);
	}
	for (uint16_t i = 0; i < segment_of(spot)->relation_count; i++)
		sweep_relation(spot, &spot->guide->relations[segment_of(spot)->first_relation + i]);
}

static void sweep(struct matrix *matrix, const char *guide_id, uint32_t cases_at_least)
{
	struct spot spot = {.matrix = matrix, .draft = &matrix->draft};
	matrix_begin(matrix, guide_id);
	spot.guide = matrix->guide;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		spot.done = 0;
		spot.seed = seed * 1000000;
		for (uint16_t i = 0; i < spot.guide->segment_count; i++) {
			spot.segment = i;
			if (strcmp(spot.guide->segments[i].id, "ST") != 0 &&
			    strcmp(spot.guide->segments[i].id, "SE") != 0)
				sweep_segment(&spot);
		}
	}
	matrix->cases = spot.done;
	matrix_end(matrix, guide_id, cases_at_least);
}

void test_sweep_834(void **state)
{
	sweep(*state, "005010X220A1", 1000);
}

void test_sweep_820(void **state)
{
	sweep(*state, "005010X218", 500);
}
