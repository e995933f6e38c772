/*
 * Inside a segment: are its elements there, and right?
 *
 * Nearly all segments are sound, so each is first looked at by segment_looks_sound, which answers "surely fine" or
 * "look closer", and only in the second case by the thorough functions that know how to complain. What costs a pass
 * over the bytes (control characters, separators inside elements) is asked once for the whole segment.
 *
 * One fault, one finding: an element that has been complained about takes no part in the relational notes.
 */
#include <stdio.h>

#include "muster/money.h"
#include "muster/text.h"
#include "state.h"
#include "value.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a pass over the raw segment can tell. */
#define RAW_ODD 1u     /* bytes outside printable ASCII */
#define RAW_DIVIDED 2u /* component or repetition separators */

/* The element under the glass. */
struct look {
	struct check *check;
	const struct x12_segment *segment;
	const struct guide_segment *guide_segment;
	const struct guide_element *elements; /* of the segment, or the components of a composite */
	uint32_t pos, component_pos, repetition_pos;
	struct slice qualifier; /* the element or component before it */
	uint64_t faulty;        /* elements, or components, complained about */
	uint32_t complaints;    /* so far */
	struct slice list;      /* the list or form that the value missed, for complain; empty: none */
};

#ifdef __SSE2__
static uint32_t raw_flags_of_16(__m128i bytes, __m128i component, __m128i repetition)
{
	__m128i printable = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)),
					     _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x1f)));
	__m128i divided = _mm_or_si128(_mm_cmpeq_epi8(bytes, component), _mm_cmpeq_epi8(bytes, repetition));
	return (_mm_movemask_epi8(printable) != 0xffff ? RAW_ODD : 0) |
	       (_mm_movemask_epi8(divided) != 0 ? RAW_DIVIDED : 0);
}

static __m128i load_8_to_15(const char *p, size_t len)
{
	long long low, high;
	memcpy(&low, p, 8);
	memcpy(&high, p + len - 8, 8);
	return _mm_set_epi64x(high, low);
}

static uint32_t raw_flags_wide(const struct x12_segment *segment)
{
	const char *p = segment->raw.data;
	size_t len = segment->raw.len, i = 0;
	__m128i component = _mm_set1_epi8(segment->separators->component);
	__m128i repetition = _mm_set1_epi8(segment->separators->repetition);
	uint32_t flags = 0;

	if (len < 16)
		return raw_flags_of_16(load_8_to_15(p, len), component, repetition);
	for (; i + 16 <= len; i += 16)
		flags |=
			raw_flags_of_16(_mm_loadu_si128((const __m128i *)(const void *)(p + i)), component, repetition);
	if (i < len)
		flags |= raw_flags_of_16(_mm_loadu_si128((const __m128i *)(const void *)(p + len - 16)), component,
					 repetition);
	return flags;
}
#endif

static uint32_t raw_flags(const struct x12_segment *segment)
{
	const char *p = segment->raw.data;
	uint32_t flags = 0;
#ifdef __SSE2__
	if (segment->raw.len >= 8)
		return raw_flags_wide(segment);
#endif
	for (size_t i = 0; i < segment->raw.len; i++) {
		unsigned char c = (unsigned char)p[i];
		flags |= c < 0x20 || c >= 0x7f ? RAW_ODD : 0;
		flags |= p[i] == segment->separators->component || p[i] == segment->separators->repetition ? RAW_DIVIDED
													   : 0;
	}
	return flags;
}

static bool ends_in_blank(struct slice value)
{
	return value.data[value.len - 1] == ' ';
}

static bool is_plain_amount(struct slice value)
{
	return value.len <= VALUE_AMOUNT_DIGITS_MAX && value_is_decimal(value) &&
	       value_decimals(value) <= VALUE_AMOUNT_DECIMALS_MAX;
}

static struct slice before(const struct slice *at, const struct slice *first)
{
	return at > first ? at[-1] : SLICE_EMPTY;
}

bool element_looks_sound(const struct check *check, const struct plan_element *element, const struct slice *at,
			       const struct slice *first)
{
	struct slice value = *at;

	if (value.len - element->min > element->span || ends_in_blank(value))
		return false;
	/* The two that most elements are. */
	if (element->kind == PLAN_TEXT)
		return true;
	if (element->kind == PLAN_CODE)
		return plan_has_code(check->plan, element->codes, value, value_pack(value));
	switch ((enum plan_kind)element->kind) {
	case PLAN_TEXT:
	case PLAN_CODE:
	case PLAN_EXTERNAL:
		return plan_has_code(check->plan, element->codes, value, value_pack(value));
	case PLAN_INTEGER:
		return slice_is_digits(value);
	case PLAN_DECIMAL:
		return is_plain_amount(value);
	case PLAN_DATE:
		return value_day_number(value) != 0;
	case PLAN_TIME:
		return value_is_time(value);
	case PLAN_PERIOD:
		return value_pack(before(at, first)) == VALUE_CODE2('D', '8') && value_day_number(value) != 0;
	case PLAN_IDENTITY:
		return value_identity(before(at, first), value).text == NULL;
	case PLAN_PHONE:
		return value_phone(before(at, first), value).text == NULL;
	case PLAN_ZIP:
		return value_zip(before(at, first), SLICE_EMPTY, value).text == NULL;
	case PLAN_COMPOSITE:
	case PLAN_UNUSED:
		return false;
	}
	return false;
}

bool check_is_sensitive(const struct x12_segment *segment, uint32_t pos)
{
	struct slice before = value_trim_end(x12_element(segment, pos - 1));
	struct slice value = x12_element(segment, pos);
	if (slice_is(before, "34") || slice_is(before, "SY"))
		return true;
	if (slice_is(segment->id, "BPR"))
		return pos == 7 || pos == 9 || pos == 13 || pos == 15;
	if (!slice_is(segment->id, "NM1") && !slice_is(segment->id, "REF") && !slice_is(segment->id, "ENT"))
		return false;
	return value_digits(value) == 9;
}

bool check_is_control_number(const char *segment_id, uint32_t pos)
{
	static const struct {
		char id[4];
		uint32_t pos;
	} places[] = {{"ISA", 13}, {"IEA", 2}, {"GS", 6}, {"GE", 2}, {"ST", 2}, {"SE", 2}, {"TA1", 1}};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].pos == pos && strcmp(places[i].id, segment_id) == 0)
			return true;
	return false;
}

/* The bit of an element or component; what lies beyond the last one that a guide can have has none. */
static uint64_t bit_of(uint32_t pos)
{
	return pos <= 64 ? UINT64_C(1) << (pos - 1) : 0;
}

static const struct guide_element *element_of(const struct look *look)
{
	return look->component_pos != 0 ? &look->elements[look->component_pos - 1] : &look->elements[look->pos - 1];
}

static struct slice name_of(const struct look *look)
{
	if (look->pos > look->guide_segment->element_count && look->component_pos == 0)
		return SLICE_EMPTY;
	return element_of(look)->name;
}

/* Complain about the value: `text` says what was expected. */
static int complain(struct look *look, enum finding_code code, struct slice value, const char *text)
{
	struct check *check = look->check;
	struct slice name = name_of(look);
	struct finding finding;
	char place[16];

	report_element_name(place, look->guide_segment->id, look->pos, look->component_pos);
	finding = report_make(check, code, &look->segment->where, look->guide_segment->id, "%s%s%.*s%s: %s", place,
			      name.len > 0 ? " (" : "", (int)name.len, name.data, name.len > 0 ? ")" : "", text);
	finding.where.element_pos = (uint16_t)look->pos;
	finding.where.component_pos = (uint16_t)look->component_pos;
	finding.where.repetition_pos = (uint16_t)look->repetition_pos;
	if (value.data != NULL)
		finding.where.offset += (uint64_t)(value.data - look->segment->raw.data);
	finding.loop = walk_id_of_loop(check, look->guide_segment->loop);
	finding.value = value;
	finding.rule = look->list;
	finding.sensitive = check_is_sensitive(look->segment, look->pos);
	if (look->pos <= look->guide_segment->element_count)
		finding.element_ref = element_of(look)->element_ref;
	look->complaints++;
	if (finding_row(code)->severity == FINDING_ERROR)
		look->faulty |= bit_of(look->component_pos != 0 ? look->component_pos : look->pos);
	if (finding_row(code)->severity == FINDING_ERROR || code == FINDING_ELEMENT_CODE_EXTERNAL)
		check->told |= bit_of(look->pos);
	return report_deliver(check, &finding);
}

/* The same of a value that is in no list, or has not the form, that profiles know by name. */
static int complain_list(struct look *look, enum finding_code code, struct slice value, const char *text,
			 struct slice list)
{
	int r;
	look->list = list;
	r = complain(look, code, value, text);
	look->list = SLICE_EMPTY;
	return r;
}

/* "one of IL, 74 is expected", as many as fit. */
static void list_codes(const struct guide *guide, const struct guide_element *element, char *out, size_t out_bytes)
{
	const struct guide_code_list *list = &guide->code_lists[element->codes];
	size_t len = (size_t)snprintf(out, out_bytes, "%s", list->count == 1 ? "expected is" : "expected is one of");
	for (uint32_t i = 0; i < list->count; i++) {
		struct slice code = guide->codes[list->first + i].code;
		if (len + code.len + 8 > out_bytes) {
			snprintf(out + len, out_bytes - len, " ...");
			return;
		}
		len += (size_t)snprintf(out + len, out_bytes - len, " %.*s", (int)code.len, code.data);
	}
}

static int complain_code(struct look *look, const struct guide_element *element, struct slice value)
{
	const struct guide_code_list *list = &look->check->guide->code_lists[element->codes];
	char text[200];
	if (list->external) {
		snprintf(text, sizeof(text), "it is not in the list %.*s", (int)list->name.len, list->name.data);
		return complain_list(look, FINDING_ELEMENT_CODE_EXTERNAL, value, text, list->name);
	}
	if (guide_code_is_unlisted(look->check->guide, element->codes, value))
		return complain(look, FINDING_ELEMENT_CODE_UNLISTED, value,
				"the standard has this code, this guide does not");
	list_codes(look->check->guide, element, text, sizeof(text));
	return complain(look, FINDING_ELEMENT_CODE_INVALID, value, text);
}

static int complain_length(struct look *look, const struct guide_element *element, struct slice value, size_t length)
{
	bool short_of = length < element->min;
	char text[80];
	if (element->min == element->max)
		snprintf(text, sizeof(text), "%u character%s expected, %zu sent", element->max,
			 element->max == 1 ? "" : "s", length);
	else
		snprintf(text, sizeof(text), "%u to %u characters expected, %zu sent", element->min, element->max,
			 length);
	return complain(look, short_of ? FINDING_ELEMENT_TOO_SHORT : FINDING_ELEMENT_TOO_LONG, value, text);
}

static int check_amount(struct look *look, const struct guide_element *element, struct slice value)
{
	if (element->format != GUIDE_FORMAT_AMOUNT)
		return 0;
	if (value_decimals(value) > VALUE_AMOUNT_DECIMALS_MAX)
		return complain(look, FINDING_ELEMENT_PATTERN, value, "an amount has two decimals at most");
	if (value_digits(value) > VALUE_AMOUNT_DIGITS_MAX)
		return complain(look, FINDING_ELEMENT_TOO_LONG, value, "an amount has ten digits at most");
	return 0;
}

static int check_format(struct look *look, const struct guide_element *element, struct slice value)
{
	struct value_fault fault = {FINDING_CODE_COUNT, NULL, NULL};
	struct slice qualifier = value_trim_end(look->qualifier);
	uint32_t pos = look->component_pos != 0 ? look->component_pos : look->pos;

	/* A qualifier that is wrong itself says nothing of what stands behind it. */
	if (pos > 1 && (look->faulty & bit_of(pos - 1)) != 0)
		qualifier = SLICE_EMPTY;
	switch (element->format) {
	case GUIDE_FORMAT_NONE:
		break;
	case GUIDE_FORMAT_AMOUNT:
		return check_amount(look, element, value);
	case GUIDE_FORMAT_BY_QUALIFIER:
		fault = value_period(qualifier, value);
		break;
	case GUIDE_FORMAT_ID_BY_QUALIFIER:
		fault = value_identity(qualifier, value);
		break;
	case GUIDE_FORMAT_PHONE_BY_QUALIFIER:
		fault = value_phone(qualifier, value);
		break;
	case GUIDE_FORMAT_ZIP:
		/* Of a state that is none nothing can be said but that. */
		if ((look->check->told & bit_of(look->pos - 1)) != 0)
			qualifier = SLICE_EMPTY;
		fault = value_zip(qualifier, x12_element(look->segment, 4), value);
		break;
	}
	if (fault.text == NULL)
		return 0;
	return complain_list(look, fault.code, value, fault.text, slice_from(fault.list != NULL ? fault.list : ""));
}

/* What the type asks of a value of right length. */
static int check_type(struct look *look, const struct guide_element *element, struct slice value)
{
	if (element->type == GUIDE_DT && !value_is_date(value))
		return complain(look, FINDING_ELEMENT_DATE_INVALID, value,
				"a date CCYYMMDD of the calendar is expected");
	if (element->type == GUIDE_TM && !value_is_time(value))
		return complain(look, FINDING_ELEMENT_TIME_INVALID, value, "a time HHMM or HHMMSS is expected");
	if (element->codes != GUIDE_NONE && guide_code_find(look->check->guide, element->codes, value) < 0)
		return complain_code(look, element, value);
	return check_format(look, element, value);
}

static int check_number(struct look *look, const struct guide_element *element, struct slice value)
{
	bool sound = element->type == GUIDE_N ? value_is_integer(value) : value_is_decimal(value);
	if (!sound)
		return complain(look, FINDING_ELEMENT_CHARACTER_INVALID, value,
				element->type == GUIDE_N
					? "only digits and a leading minus are expected"
					: "only digits, a leading minus and a decimal point are expected");
	if (value_digits(value) < element->min || value_digits(value) > element->max)
		return complain_length(look, element, value, value_digits(value));
	return check_type(look, element, value);
}

static int complain_trailing_blanks(struct look *look, struct slice value)
{
	return complain(look, FINDING_ELEMENT_TRAILING_BLANKS, value, "leave the blanks at its end out");
}

static int check_text(struct look *look, const struct guide_element *element, struct slice value)
{
	struct slice trimmed = value_trim_end(value);
	size_t length = value_length(value);
	int r = 0;
	if (length < element->min || length > element->max)
		return complain_length(look, element, value, length);
	if (trimmed.len < value.len && value.len > element->min)
		r = complain_trailing_blanks(look, value);
	return r < 0 ? r : check_type(look, element, trimmed);
}

/* One value: an element, a repetition or a component of one. */
static int check_value(struct look *look, const struct guide_element *element, struct slice value)
{
	struct slice trimmed = value_trim_end(value);
	int control = value_control_byte(value), r;
	uint32_t complaints = look->complaints;
	char text[60];

	if (control >= 0) {
		snprintf(text, sizeof(text), "it holds the control character 0x%02X", (unsigned)control);
		return complain(look, FINDING_ELEMENT_CHARACTER_INVALID, value, text);
	}
	if (trimmed.len == 0)
		return complain(look, FINDING_ELEMENT_BLANK, value, "leave it empty, or send a value");
	if (element->type != GUIDE_N && element->type != GUIDE_R)
		r = check_text(look, element, value);
	else if ((r = check_number(look, element, trimmed)) == 0 && trimmed.len < value.len &&
		 look->complaints == complaints)
		r = complain_trailing_blanks(look, value);
	/* Where the value is wrong anyway, its letters are not worth a second word. */
	if (r == 0 && look->complaints == complaints && value_is_unusual(value) &&
	    look->check->options.letters != CHECK_LETTERS_BASIC)
		r = complain(look, FINDING_ELEMENT_CHARACTER_UNUSUAL, value,
			     "characters beyond ASCII are read as they are; not every receiver takes them");
	return r;
}

static bool is_violated(char kind, uint64_t first, uint64_t rest, uint64_t present)
{
	uint64_t all = (first | rest) & present;
	if (all == 0)
		return kind == 'R';
	if (all == (first | rest))
		return kind == 'E';
	switch (kind) {
	case 'P':
		return true;
	case 'R':
		return false;
	case 'E':
		return (all & (all - 1)) != 0;
	case 'C':
		return (present & first) != 0 && (present & rest) != rest;
	case 'L':
		return (present & first) != 0 && (present & rest) == 0;
	default:
		return false;
	}
}

/* "P0304" of the guide as "03 and 04 go together". */
static void describe_relation(const struct guide_relation *relation, char *out, size_t out_bytes)
{
	static const struct {
		char kind;
		const char *text;
	} kinds[] = {{'P', "these are sent together or not at all:"},
		     {'R', "one of these must be sent:"},
		     {'E', "only one of these may be sent:"},
		     {'C', "the first of these calls for the others:"},
		     {'L', "the first of these calls for one of the others:"}};
	size_t len = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == relation->kind)
			len = (size_t)snprintf(out, out_bytes, "%s", kinds[i].text);
	for (uint8_t i = 0; i < relation->count && len + 4 < out_bytes; i++)
		len += (size_t)snprintf(out + len, out_bytes - len, " %02u", relation->pos[i]);
}

/* The element to complain about: of E the last that is there, of the others the first that is not. */
static uint8_t culprit_of(const struct guide_relation *relation, uint64_t present)
{
	uint8_t last = relation->pos[0];
	for (uint8_t i = 0; i < relation->count; i++) {
		bool there = (present & bit_of(relation->pos[i])) != 0;
		if (relation->kind == 'E' && there)
			last = relation->pos[i];
		if (relation->kind != 'E' && !there)
			return relation->pos[i];
	}
	return last;
}

/* Relational notes over the elements of a segment, or the components of a composite. */
static int check_relation(struct look *look, const struct guide_relation *relation, uint64_t present, bool components)
{
	struct plan_relation masks = {.kind = relation->kind};
	char text[100];
	uint8_t culprit;

	for (uint8_t i = 0; i < relation->count; i++)
		masks.rest |= bit_of(relation->pos[i]);
	masks.first = bit_of(relation->pos[0]);
	if ((masks.rest & look->faulty) != 0)
		return 0;
	masks.rest &= ~masks.first;
	if (!is_violated(masks.kind, masks.first, masks.rest, present))
		return 0;
	culprit = culprit_of(relation, present);
	describe_relation(relation, text, sizeof(text));
	if (components)
		look->component_pos = culprit;
	else
		look->pos = culprit;
	look->repetition_pos = components ? look->repetition_pos : 1;
	return complain(look, relation->kind == 'E' ? FINDING_ELEMENT_EXCLUDED : FINDING_ELEMENT_CONDITION_MISSING,
			components ? SLICE_EMPTY : x12_element(look->segment, culprit), text);
}

static int check_components(struct look *look, const struct guide_element *composite, struct slice value,
			    uint64_t *ret_present)
{
	char separator = look->segment->separators->component;
	uint32_t count = x12_part_count(value, separator);
	struct slice before = SLICE_EMPTY;

	for (uint32_t i = 1; i <= composite->component_count; i++) {
		const struct guide_element *component = &look->elements[i - 1];
		struct slice part = i <= count ? x12_part(value, separator, i) : SLICE_EMPTY;
		int r = 0;
		look->component_pos = i;
		look->qualifier = before;
		if (part.len == 0 && component->usage == GUIDE_REQUIRED)
			r = complain(look, FINDING_ELEMENT_REQUIRED_MISSING, SLICE_EMPTY, "it must be sent");
		else if (part.len > 0 && component->usage == GUIDE_NOT_USED)
			r = complain(look, FINDING_ELEMENT_NOT_USED, part, "leave it out");
		else if (part.len > 0)
			r = check_value(look, component, part);
		if (r < 0)
			return r;
		*ret_present |= part.len > 0 ? bit_of(i) : 0;
		before = part;
	}
	return 0;
}

static int check_composite(struct look *look, const struct guide_element *composite, struct slice value)
{
	const struct guide *guide = look->check->guide;
	char separator = look->segment->separators->component;
	struct look inner = *look;
	uint64_t present = 0;
	char text[60];
	int r;

	inner.faulty = 0;
	inner.elements = &guide->elements[composite->first_component];
	r = check_components(&inner, composite, value, &present);
	if (present == 0 && inner.faulty != 0) {
		look->faulty |= bit_of(look->pos);
		return r; /* separators and nothing else: that has been said */
	}
	for (uint16_t i = 0; r == 0 && i < composite->relation_count; i++)
		r = check_relation(&inner, &guide->relations[composite->first_relation + i], present, true);
	if (r == 0 && x12_part_count(value, separator) > composite->component_count) {
		snprintf(text, sizeof(text), "it has %u components at most", composite->component_count);
		r = complain(look, FINDING_ELEMENT_COMPONENTS_TOO_MANY, value, text);
	} else if (r == 0 && value.len > 0 && value.data[value.len - 1] == separator) {
		r = complain(look, FINDING_ELEMENT_TRAILING_EMPTY, value, "leave the separators at its end out");
	}
	look->faulty |= inner.faulty != 0 ? bit_of(look->pos) : 0;
	return r;
}

static int check_repetition(struct look *look, const struct guide_element *element, struct slice value)
{
	if (value.len == 0)
		return complain(look, FINDING_ELEMENT_TRAILING_EMPTY, value,
				"an empty repetition; leave its separator out");
	if (element->type == GUIDE_COMPOSITE)
		return check_composite(look, element, value);
	if (slice_find(value, look->segment->separators->component, 0) < value.len)
		return complain(look, FINDING_ELEMENT_COMPONENTS_TOO_MANY, value,
				"it has no components: the component separator must not stand in it");
	return check_value(look, element, value);
}

/* An element that looks_sound was not sure of. */
static int check_closely(struct look *look, const struct guide_element *element, struct slice value)
{
	char separator = look->segment->separators->repetition;
	uint32_t count = separator != '\0' ? x12_part_count(value, separator) : 1;
	uint32_t limit = element->repeat > 0 ? element->repeat : 1;
	char text[60];

	look->repetition_pos = 1;
	look->qualifier = x12_element(look->segment, look->pos - 1);
	if (element->usage == GUIDE_NOT_USED)
		return complain(look, FINDING_ELEMENT_NOT_USED, value, "leave it empty");
	/* What may not repeat at all has one fault, whatever the parts are that its separator divides. */
	for (uint32_t i = 1; i <= count && i <= limit && (limit > 1 || count == 1); i++) {
		struct slice part = count > 1 ? x12_part(value, separator, i) : value;
		int r;
		look->repetition_pos = i;
		r = check_repetition(look, element, part);
		if (r < 0)
			return r;
	}
	if (count <= limit)
		return 0;
	look->repetition_pos = limit + 1;
	snprintf(text, sizeof(text), "it may stand %u time%s at most", limit, limit == 1 ? "" : "s");
	return complain(look, FINDING_ELEMENT_REPEATS_TOO_OFTEN, value, text);
}

static int check_missing(struct look *look, uint64_t missing)
{
	while (missing != 0) {
		int r;
		look->pos = (uint32_t)__builtin_ctzll(missing) + 1;
		look->repetition_pos = 1;
		missing &= missing - 1;
		r = complain(look, FINDING_ELEMENT_REQUIRED_MISSING, SLICE_EMPTY, "it must be sent");
		if (r < 0)
			return r;
	}
	return 0;
}

/* Elements behind the last defined one, and separators that end the segment. */
static int check_tail(struct look *look, uint32_t defined)
{
	const struct x12_segment *segment = look->segment;
	char text[60];
	int r;

	look->repetition_pos = 1;
	for (uint32_t pos = defined + 1; pos <= segment->element_count; pos++) {
		if (x12_element(segment, pos).len == 0)
			continue;
		look->pos = defined + 1;
		snprintf(text, sizeof(text), "%s has %u elements at most", look->guide_segment->id, defined);
		r = complain(look, FINDING_ELEMENT_TOO_MANY, x12_element(segment, defined + 1), text);
		if (r < 0)
			return r;
		break;
	}
	if (x12_element(segment, segment->element_count).len > 0)
		return 0;
	look->pos = segment->element_count;
	return complain(look, FINDING_ELEMENT_TRAILING_EMPTY, SLICE_EMPTY,
			"leave the separators at the segment's end out");
}

static int check_relations(struct look *look, const struct plan_segment *plan, uint64_t present)
{
	const struct guide_segment *guide_segment = look->guide_segment;
	for (uint8_t i = 0; i < plan->relation_count; i++) {
		const struct plan_relation *relation = &plan->relations[i];
		int r;
		if (!is_violated(relation->kind, relation->first, relation->rest, present))
			continue;
		r = check_relation(look, &look->check->guide->relations[guide_segment->first_relation + i], present,
				   false);
		if (r < 0)
			return r;
	}
	return 0;
}

static int report_empty(struct look *look)
{
	struct finding finding = report_make(look->check, FINDING_SEGMENT_EMPTY, &look->segment->where,
					     look->guide_segment->id, "leave it out, or fill it");
	finding.loop = walk_id_of_loop(look->check, look->guide_segment->loop);
	look->check->told = UINT64_MAX;
	return report_deliver(look->check, &finding);
}

static bool has_small_letters(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] >= 'a' && value.data[i] <= 'z')
			return true;
	return false;
}

static bool is_basic(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(" !\"&'()*+,-./:;?=", c) != NULL);
}

bool element_breaks_letters(const struct check *check, struct slice value)
{
	const struct x12_separators *separators = &check->interchange.separators;
	if (check->options.letters == CHECK_LETTERS_CAPITAL)
		return has_small_letters(value);
	for (size_t i = 0; i < value.len && check->options.letters == CHECK_LETTERS_BASIC; i++) {
		char c = value.data[i];
		if (!is_basic(c) && c != separators->element && c != separators->component &&
		    c != separators->repetition)
			return true;
	}
	return false;
}

/* The letters that are agreed: what has not been complained about for another reason. */
static int check_letters(struct look *look)
{
	look->repetition_pos = 1;
	for (uint32_t i = 0; i < look->segment->element_count && i < look->guide_segment->element_count; i++) {
		struct slice value = look->segment->elements[i];
		int r;
		if ((look->faulty & bit_of(i + 1)) != 0 || !element_breaks_letters(look->check, value))
			continue;
		look->pos = i + 1;
		if (has_small_letters(value))
			r = complain(look, FINDING_ELEMENT_CASE, value, "send capital letters only");
		else
			r = complain(look, FINDING_ELEMENT_CHARSET, value,
				     "capitals, digits, blanks and ! \" & ' ( ) * + , - . / : ; ? = are agreed");
		if (r < 0)
			return r;
	}
	return 0;
}

/* Everything that can be wrong with a segment, element by element. */
static int check_thoroughly(struct check *check, uint16_t segment_index, const struct x12_segment *segment,
			    uint32_t flags)
{
	const struct plan_segment *plan = &check->plan->segments[segment_index];
	uint32_t count = segment->element_count < plan->element_count ? segment->element_count : plan->element_count;
	uint64_t present = 0;
	struct look look = {
		.check = check, .segment = segment, .guide_segment = &check->guide->segments[segment_index]};
	int r = 0;

	look.elements = &check->guide->elements[look.guide_segment->first_element];
	check->present = check->told = 0;
	check->has_parts = true;
	if (segment->element_count == 0)
		return report_empty(&look);
	for (uint32_t i = 0; i < count; i++) {
		struct slice value = segment->elements[i];
		if (value.len > 0) {
			present |= UINT64_C(1) << i;
			look.pos = i + 1;
			if (flags != 0 ||
			    !element_looks_sound(check, &plan->elements[i], &segment->elements[i], segment->elements))
				r = check_closely(&look, &look.elements[i], value);
			if (r < 0)
				return r;
		}
	}
	look.component_pos = 0;
	check->present = present;
	if ((plan->required & ~present) != 0)
		r = check_missing(&look, plan->required & ~present);
	if (r == 0 &&
	    (segment->element_count > plan->element_count || segment->elements[segment->element_count - 1].len == 0))
		r = check_tail(&look, plan->element_count);
	if (r == 0 && check->options.letters != CHECK_LETTERS_ANY)
		r = check_letters(&look);
	if (r == 0)
		r = check_relations(&look, plan, present);
	if (look.guide_segment->qualifier_pos != 0 && (look.faulty & bit_of(look.guide_segment->qualifier_pos)) != 0)
		rule_doubt(check, segment_index);
	return r;
}

int element_check_end(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	const struct guide_segment *guide_segment = &check->guide->segments[segment_index];
	struct look look = {.check = check, .segment = segment, .guide_segment = guide_segment};

	look.elements = &check->guide->elements[guide_segment->first_element];
	if (segment->element_count <= guide_segment->element_count &&
	    (segment->element_count == 0 || x12_element(segment, segment->element_count).len > 0))
		return 0;
	return check_tail(&look, guide_segment->element_count);
}

bool element_goes_together(const struct plan_segment *plan, uint64_t present)
{
	if ((plan->required & ~present) != 0)
		return false;
	for (uint8_t i = 0; i < plan->relation_count; i++)
		if (is_violated(plan->relations[i].kind, plan->relations[i].first, plan->relations[i].rest, present))
			return false;
	return true;
}

/* Surely nothing wrong with the whole segment? */
static bool segment_looks_sound(struct check *check, const struct plan_segment *plan, const struct x12_segment *segment)
{
	const struct slice *first = segment->elements, *end = first + segment->element_count;
	const struct plan_element *element = plan->elements;
	uint64_t present = 0, bit = 1;

	if (end == first || segment->element_count > plan->element_count || end[-1].len == 0)
		return false;
	if (!segment->is_plain && raw_flags(segment) != 0)
		return false;
	for (const struct slice *at = first; at < end; at++, element++, bit <<= 1) {
		if (at->len == 0)
			continue;
		if (!element_looks_sound(check, element, at, first))
			return false;
		present |= bit;
	}
	if (!element_goes_together(plan, present))
		return false;
	check->present = present;
	check->told = 0;
	check->has_parts = false;
	return true;
}

int element_check(struct check *check, uint16_t segment_index, const struct x12_segment *segment)
{
	if (segment_looks_sound(check, &check->plan->segments[segment_index], segment) &&
	    !(check->options.letters != CHECK_LETTERS_ANY && element_breaks_letters(check, segment->raw)))
		return 0;
	return check_thoroughly(check, segment_index, segment, raw_flags(segment));
}
