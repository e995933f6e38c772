/*
 * A draft from a guide's tree: every loop and segment that the fullness asks for, every element by its type, list and
 * format, then what ties elements to one another: relational notes, totals, money.
 */
#include "draft.h"

#include <stdio.h>
#include <string.h>

#include "muster/error.h"

/* Counts that draft_write fills in. */
static const char counted[] = "#";

void draft_init(struct draft *draft, struct env *env)
{
	*draft = (struct draft){0};
	arena_init(&draft->arena, env, 0, 0);
	draft->lines = env_alloc(env, DRAFT_LINES * sizeof(*draft->lines));
	assert_non_null(draft->lines);
}

void draft_fini(struct draft *draft)
{
	env_free(draft->arena.env, draft->lines);
	arena_fini(&draft->arena);
}

/* splitmix64 */
uint32_t draft_random(struct draft *draft, uint32_t limit)
{
	uint64_t z = draft->random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) >> 33) % limit;
}

static const char *text(struct draft *draft, const char *format, ...)
{
	char out[600];
	struct slice copy;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(out, sizeof(out), format, arguments);
	va_end(arguments);
	copy = arena_dup(&draft->arena, slice_from(out));
	assert_non_null(copy.data);
	return copy.data;
}

static struct draft_line *open_line(struct draft *draft, uint32_t at)
{
	assert_true(draft->count < DRAFT_LINES);
	memmove(&draft->lines[at + 1], &draft->lines[at], (draft->count - at) * sizeof(*draft->lines));
	draft->count++;
	draft->lines[at] = (struct draft_line){.id = "", .tail = "", .segment = GUIDE_NONE};
	return &draft->lines[at];
}

static void fill(struct draft *draft, struct draft_line *line, const char *words)
{
	char copy[600];
	char *at = copy, *star;
	snprintf(copy, sizeof(copy), "%s", words);
	line->element_count = 0;
	for (star = strchr(at, '*'); star != NULL; star = strchr(at, '*')) {
		*star = '\0';
		if (at == copy)
			line->id = text(draft, "%s", at);
		else
			line->elements[line->element_count++] = text(draft, "%s", at);
		at = star + 1;
	}
	if (at == copy)
		line->id = text(draft, "%s", at);
	else
		line->elements[line->element_count++] = text(draft, "%s", at);
}

/* ---- values ---- */

static const char *digits(struct draft *draft, uint32_t count)
{
	char out[40] = "";
	for (uint32_t i = 0; i < count && i + 1 < sizeof(out); i++)
		out[i] = (char)('0' + (i == 0 ? 1 : 0) + (char)draft_random(draft, i == 0 ? 9 : 10));
	return text(draft, "%s", out);
}

static const char *words(struct draft *draft, uint32_t min, uint32_t max)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
			  inner[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ -'.&/,()";
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz%@[]_{}<>#$\\", *letters;
	uint32_t most = max > min + 11 ? min + 11 : max;
	uint32_t len = draft->shape.length == DRAFT_SHORTEST  ? min
		       : draft->shape.length == DRAFT_LONGEST ? max
							      : min + draft_random(draft, most - min + 1);
	char out[600];
	if (len > sizeof(out) - 1)
		len = sizeof(out) - 1;
	letters = draft->shape.lower_case ? lower : inner;
	for (uint32_t i = 0; i < len; i++) {
		bool end = i == 0 || i + 1 == len;
		out[i] = end ? upper[draft_random(draft, sizeof(upper) - 1)]
			     : letters[draft_random(draft, (uint32_t)strlen(letters))];
	}
	out[len] = '\0';
	for (uint32_t i = 0; i < len; i++) /* data never holds a separator */
		if (strchr(draft->shape.separators, out[i]) != NULL)
			out[i] = 'X';
	return text(draft, "%s", out);
}

static const char *npi(struct draft *draft)
{
	const char *start = digits(draft, 8);
	uint32_t sum = 24 + 2;
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t digit = (uint32_t)(start[i] - '0');
		sum += i % 2 == 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
	}
	return text(draft, "1%s%u", start, (10 - sum % 10) % 10);
}

static const char *routing_number(struct draft *draft)
{
	static const uint32_t weights[3] = {3, 7, 1};
	const char *start = digits(draft, 8);
	uint32_t sum = 0;
	for (uint32_t i = 0; i < 8; i++)
		sum += (uint32_t)(start[i] - '0') * weights[i % 3];
	return text(draft, "%s%u", start, (10 - sum % 10) % 10);
}

/* An id as the qualifier before it wants it. */
static const char *identity(struct draft *draft, const struct guide_element *element, const char *qualifier)
{
	if (strcmp(qualifier, "34") == 0 || strcmp(qualifier, "SY") == 0)
		return text(draft, "21909%04u", 1 + draft_random(draft, 9000));
	if (strcmp(qualifier, "24") == 0 || strcmp(qualifier, "FI") == 0)
		return digits(draft, 9);
	if (strcmp(qualifier, "XX") == 0)
		return npi(draft);
	if (strcmp(qualifier, "01") == 0)
		return routing_number(draft);
	if (strcmp(qualifier, "F6") == 0)
		return text(draft, "%uEG4TE5MK%02u", 1 + draft_random(draft, 9), draft_random(draft, 100));
	return words(draft, element->min, element->max);
}

static const char *number_of(struct draft *draft, const char *qualifier)
{
	if (strcmp(qualifier, "EM") == 0)
		return text(draft, "A%s.EXAMPLE", digits(draft, 4));
	if (strcmp(qualifier, "EX") == 0 || strcmp(qualifier, "BN") == 0)
		return digits(draft, 4);
	return text(draft, "555222%04u", draft_random(draft, 10000));
}

static const char *code_of(struct draft *draft, uint16_t list_index, uint32_t which)
{
	const struct guide_code_list *list = &draft->guide->code_lists[list_index];
	struct slice code = draft->guide->codes[list->first + which % list->count].code;
	return text(draft, "%.*s", (int)code.len, code.data);
}

static const char *formatted(struct draft *draft, const struct guide_element *element, const char *qualifier)
{
	switch (element->format) {
	case GUIDE_FORMAT_NONE:
		break;
	case GUIDE_FORMAT_BY_QUALIFIER:
		if (strcmp(qualifier, "RD8") == 0)
			return text(draft, "%.6s01-%.6s28", draft->date, draft->date);
		return draft->date;
	case GUIDE_FORMAT_ID_BY_QUALIFIER:
		return identity(draft, element, qualifier);
	case GUIDE_FORMAT_PHONE_BY_QUALIFIER:
		return number_of(draft, qualifier);
	case GUIDE_FORMAT_ZIP:
		return text(draft, "9%04u", draft_random(draft, 10000));
	case GUIDE_FORMAT_AMOUNT:
		return text(draft, "%u.%02u", 1 + draft_random(draft, 999), draft_random(draft, 100));
	}
	return NULL;
}

/* A right value; `qualifier` stands before it. */
static const char *value_of(struct draft *draft, const struct guide_element *element, const char *qualifier,
			    uint32_t which)
{
	const char *value = formatted(draft, element, qualifier);
	if (value != NULL)
		return value;
	if (element->codes != GUIDE_NONE)
		return code_of(draft, element->codes, which);
	switch (element->type) {
	case GUIDE_N:
	case GUIDE_R:
		if (draft->shape.length == DRAFT_LONGEST)
			return digits(draft, element->max);
		return digits(draft, element->min + draft_random(draft, element->max > element->min ? 2 : 1));
	case GUIDE_DT:
		return draft->date;
	case GUIDE_TM:
		return text(draft, "%02u%02u", draft_random(draft, 24), draft_random(draft, 60));
	case GUIDE_ID:
		return draft->shape.lower_case ? "ZZZ" : "ENG";
	case GUIDE_AN:
	case GUIDE_B:
	case GUIDE_COMPOSITE:
		break;
	}
	return words(draft, element->min, element->max);
}

/* ---- elements of a segment ---- */

static uint64_t bit_of(uint32_t pos)
{
	return UINT64_C(1) << (pos - 1);
}

/* Add to, or take from, the chosen positions what a note asks for. */
static uint64_t obey(const struct guide_relation *relation, uint64_t used, uint64_t chosen)
{
	uint64_t all = 0, rest;
	for (uint8_t i = 0; i < relation->count; i++)
		all |= bit_of(relation->pos[i]);
	rest = all & ~bit_of(relation->pos[0]);
	switch (relation->kind) {
	case 'P':
		return (chosen & all) != 0 ? chosen | (all & used) : chosen;
	case 'C':
		return (chosen & bit_of(relation->pos[0])) != 0 ? chosen | (rest & used) : chosen;
	case 'R':
		return (chosen & all) == 0 ? chosen | ((all & used) & -(all & used)) : chosen;
	case 'L':
		rest &= used;
		return (chosen & bit_of(relation->pos[0])) != 0 && (chosen & rest) == 0 ? chosen | (rest & -rest)
											: chosen;
	case 'E':
		return (chosen & all & ((chosen & all) - 1)) != 0 ? chosen & ~rest : chosen;
	default:
		return chosen;
	}
}

static uint64_t choose(struct draft *draft, const struct guide_element *elements, uint32_t count,
		       uint32_t first_relation, uint32_t relation_count, enum draft_fullness fullness)
{
	uint64_t used = 0, chosen = 0;
	for (uint32_t i = 0; i < count; i++) {
		bool optional = fullness >= DRAFT_MOST || (fullness == DRAFT_SOME && draft_random(draft, 2) == 0);
		if (elements[i].usage == GUIDE_NOT_USED)
			continue;
		used |= bit_of(i + 1);
		if (elements[i].usage == GUIDE_REQUIRED || optional)
			chosen |= bit_of(i + 1);
	}
	if (chosen == 0)
		chosen = used;
	for (uint32_t pass = 0; pass < 3; pass++)
		for (uint32_t i = 0; i < relation_count; i++)
			chosen = obey(&draft->guide->relations[first_relation + i], used, chosen);
	return chosen;
}

static const char *composite_of(struct draft *draft, const struct guide_element *element, enum draft_fullness fullness)
{
	const struct guide_element *components = &draft->guide->elements[element->first_component];
	uint32_t repeats = fullness == DRAFT_BRIM ? element->repeat : 1;
	char out[600] = "";
	size_t len = 0;
	for (uint32_t r = 0; r < repeats; r++) {
		uint64_t chosen = choose(draft, components, element->component_count, element->first_relation,
					 element->relation_count, fullness);
		const char *before = "";
		if (r > 0)
			out[len++] = draft->shape.separators[1];
		for (uint32_t i = 0; chosen >> i != 0; i++) {
			if (i > 0)
				out[len++] = draft->shape.separators[2];
			before = (chosen & bit_of(i + 1)) == 0
					 ? ""
					 : value_of(draft, &components[i], before, draft_random(draft, 100));
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s", before);
		}
	}
	out[len] = '\0';
	return text(draft, "%s", out);
}

/* Repetitions of a plain element: different codes. */
static const char *repeated(struct draft *draft, const struct guide_element *element, uint32_t which)
{
	char out[600] = "";
	size_t len = 0;
	for (uint32_t r = 0; r < element->repeat; r++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%.*s%s", r > 0 ? 1 : 0,
					&draft->shape.separators[1], value_of(draft, element, "", which + r));
	return text(draft, "%s", out);
}

/* `which`: how many of its kind came before it in its loop. */
static void make_segment(struct draft *draft, uint16_t index, uint32_t which, enum draft_fullness fullness,
			 const uint32_t *loops, uint32_t depth)
{
	const struct guide_segment *segment = &draft->guide->segments[index];
	const struct guide_element *elements = &draft->guide->elements[segment->first_element];
	uint64_t chosen = choose(draft, elements, segment->element_count, segment->first_relation,
				 segment->relation_count, fullness);
	struct draft_line *line = open_line(draft, draft->count);
	const char *before = "";

	line->id = segment->id;
	line->segment = index;
	line->depth = depth;
	memcpy(line->loops, loops, depth * sizeof(*loops));
	for (uint32_t i = 0; chosen >> i != 0; i++) {
		bool qualifies = segment->qualifier_pos == i + 1 || segment->repeat > 1;
		uint32_t code = qualifies ? which : draft_random(draft, 100);
		if ((chosen & bit_of(i + 1)) == 0)
			before = "";
		else if (elements[i].type == GUIDE_COMPOSITE)
			before = composite_of(draft, &elements[i], fullness);
		else if (elements[i].repeat > 1 && fullness == DRAFT_BRIM)
			before = repeated(draft, &elements[i], code);
		else
			before = value_of(draft, &elements[i], before, code);
		line->elements[line->element_count++] = before;
	}
}

/* ---- loops ---- */

static uint32_t how_often(struct draft *draft, enum guide_usage usage, uint32_t repeat, enum draft_fullness fullness)
{
	if (usage == GUIDE_NOT_USED)
		return 0;
	if (fullness == DRAFT_BRIM)
		return repeat == GUIDE_UNBOUNDED ? 3 : repeat;
	if (usage == GUIDE_REQUIRED || fullness == DRAFT_MOST)
		return 1;
	return fullness == DRAFT_SOME ? draft_random(draft, 2) : 0;
}

static bool is_record(const struct guide_loop *loop)
{
	return strcmp(loop->id, "2000") == 0 || strcmp(loop->id, "2000B") == 0;
}

static void make_loop(struct draft *draft, uint16_t index, enum draft_fullness fullness, uint32_t *loops,
		      uint32_t depth);

/* The repeats of a child loop. Of many only the first is as full as may be, or one member would fill a disk. */
static void make_loops(struct draft *draft, uint16_t index, enum draft_fullness fullness, uint32_t *loops,
		       uint32_t depth)
{
	const struct guide_loop *loop = &draft->guide->loops[index];
	uint32_t records = draft->shape.no_records ? 0 : draft->shape.records;
	uint32_t times = is_record(loop) ? records : how_often(draft, loop->usage, loop->repeat, fullness);
	for (uint32_t i = 0; i < times; i++) {
		enum draft_fullness each = i > 0 && fullness == DRAFT_BRIM ? DRAFT_LEAST : fullness;
		if (is_record(loop)) {
			draft->date =
				text(draft, "2025%02u%02u", 1 + draft_random(draft, 12), 1 + draft_random(draft, 28));
			each = i == 1 || times == 1 ? draft->shape.target : draft->shape.others;
			if (i == 1 || (i == 0 && draft->record_loop == 0))
				draft->record_loop = draft->next_loop;
		}
		make_loop(draft, index, each, loops, depth);
	}
}

static void make_loop(struct draft *draft, uint16_t index, enum draft_fullness fullness, uint32_t *loops,
		      uint32_t depth)
{
	const struct guide_loop *loop = &draft->guide->loops[index];
	assert_true(depth < DRAFT_DEPTH);
	loops[depth] = draft->next_loop++;
	for (uint16_t n = 0; n < loop->node_count; n++) {
		const struct guide_node *node = &draft->guide->nodes[loop->first_node + n];
		const struct guide_segment *segment = &draft->guide->segments[node->index];
		uint32_t times;
		if (node->is_loop) {
			make_loops(draft, node->index, fullness, loops, depth + 1);
			continue;
		}
		if (strcmp(segment->id, "ST") == 0 || strcmp(segment->id, "SE") == 0)
			continue;
		times = n == 0 ? 1 : how_often(draft, segment->usage, segment->repeat, fullness);
		for (uint32_t i = 0; i < times; i++)
			make_segment(draft, node->index, i, fullness, loops, depth + 1);
	}
}

/* ---- what ties segments together ---- */

static bool is_at(const struct draft *draft, uint32_t at, const char *loop, const char *id)
{
	return strcmp(draft->lines[at].id, id) == 0 && strcmp(draft_loop_id(draft, at), loop) == 0;
}

static void clear_element(struct draft *draft, uint32_t at, uint32_t pos)
{
	if (pos <= draft->lines[at].element_count)
		draft_set(draft, at, pos, "");
}

/* One line of the 834 made to fit the others. */
static void settle_member_line(struct draft *draft, uint32_t at, bool subscriber)
{
	if (is_at(draft, at, "2000", "INS")) {
		draft_set(draft, at, 1, subscriber ? "Y" : "N");
		draft_set(draft, at, 2, subscriber ? "18" : draft_random(draft, 2) == 0 ? "19" : "01");
		draft_set(draft, at, 3, "001");
		draft_set(draft, at, 5, *draft_element(draft, at, 7) != '\0' ? "C" : "A");
		if (!subscriber)
			clear_element(draft, at, 8);
	}
	if (is_at(draft, at, "2100A", "NM1"))
		draft_set(draft, at, 1, "IL");
	if (is_at(draft, at, "2300", "HD"))
		draft_set(draft, at, 1, "001");
	if (is_at(draft, at, "", "BGN"))
		draft_set(draft, at, 3, "20260105");
	if (strcmp(draft->lines[at].id, "DMG") == 0 && *draft_element(draft, at, 2) != '\0')
		draft_set(draft, at, 2,
			  text(draft, "19%02u0%u1%u", 50 + draft_random(draft, 50), 1 + draft_random(draft, 9),
			       draft_random(draft, 10)));
	if (strcmp(draft->lines[at].id, "N4") == 0) {
		if (*draft_element(draft, at, 2) == '\0' && *draft_element(draft, at, 7) == '\0')
			draft_set(draft, at, 2, "CA");
		if (*draft_element(draft, at, 4) != '\0')
			draft_set(draft, at, 4, "US");
	}
}

static void settle_totals(struct draft *draft, uint32_t first, uint32_t members, uint32_t subscribers)
{
	for (uint32_t at = first; at < draft->count; at++) {
		const char *what = draft_element(draft, at, 1);
		uint32_t count = strcmp(what, "TO") == 0   ? members
				 : strcmp(what, "ET") == 0 ? subscribers
							   : members - subscribers;
		if (is_at(draft, at, "", "QTY"))
			draft_set(draft, at, 2, text(draft, "%u", count));
	}
}

static void settle_834(struct draft *draft, uint32_t first)
{
	uint32_t members = 0, subscribers = 0;
	for (uint32_t at = first; at < draft->count; at++) {
		if (is_at(draft, at, "2000", "INS"))
			members++;
		settle_member_line(draft, at, members % 2 == 1);
		subscribers += is_at(draft, at, "2000", "INS") && members % 2 == 1;
	}
	settle_totals(draft, first, members, subscribers);
}

static const char *money(struct draft *draft, int64_t cents)
{
	uint64_t size = (uint64_t)(cents < 0 ? -cents : cents);
	return text(draft, "%s%llu.%02llu", cents < 0 ? "-" : "", (unsigned long long)size / 100,
		    (unsigned long long)size % 100);
}

/* Amounts of one ADX, from -50.00 to 49.99. */
static int64_t settle_adx(struct draft *draft, uint32_t at)
{
	int64_t cents = (int64_t)draft_random(draft, 10000) - 5000;
	draft_set(draft, at, 1, money(draft, cents));
	return cents;
}

static void settle_820(struct draft *draft, uint32_t first)
{
	int64_t paid = 0;
	uint32_t bpr = DRAFT_NOWHERE;
	for (uint32_t at = first; at < draft->count; at++) {
		bool billed = *draft_element(draft, at, 5) != '\0';
		int64_t due = 100000 + draft_random(draft, 100000);
		settle_member_line(draft, at, true);
		if (strcmp(draft->lines[at].id, "BPR") == 0) {
			bpr = at;
			draft_set(draft, at, 4, *draft_element(draft, at, 5) != '\0' ? "ACH" : "CHK");
		}
		if (strcmp(draft->lines[at].id, "TRN") == 0 && *draft_element(draft, at, 3) != '\0')
			draft_set(draft, at, 3, draft_element(draft, bpr, 10));
		if (strcmp(draft->lines[at].id, "TRN") == 0 && *draft_element(draft, at, 4) != '\0' &&
		    *draft_element(draft, bpr, 11) != '\0')
			draft_set(draft, at, 4, draft_element(draft, bpr, 11));
		if (strncmp(draft_loop_id(draft, at), "2200", 4) == 0)
			paid += settle_adx(draft, at);
		if (strcmp(draft->lines[at].id, "RMR") != 0)
			continue;
		if (billed)
			draft_set(draft, at, 5, money(draft, due));
		for (uint32_t i = at + 1; i < draft_loop_end(draft, at); i++)
			due += strncmp(draft_loop_id(draft, i), "2320", 4) == 0 ? settle_adx(draft, i) : 0;
		draft_set(draft, at, 4, money(draft, due));
		paid += due;
	}
	assert_true(bpr != DRAFT_NOWHERE);
	draft_set(draft, bpr, 2, money(draft, paid));
}

/* ---- envelopes ---- */

static void envelope(struct draft *draft, const char *format, ...)
{
	char out[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(out, sizeof(out), format, arguments);
	va_end(arguments);
	fill(draft, open_line(draft, draft->count), out);
}

static void make_tset(struct draft *draft, uint32_t number)
{
	const struct guide *guide = draft->guide;
	uint32_t loops[DRAFT_DEPTH] = {0}, first;
	envelope(draft, "ST*%.*s*%04u*%.*s", (int)guide->set_id.len, guide->set_id.data, number, (int)guide->id.len,
		 guide->id.data);
	first = draft->count;
	draft->date = "20260105";
	make_loop(draft, 0, draft->shape.target, loops, 0);
	if (slice_is(guide->set_id, "834"))
		settle_834(draft, first);
	else
		settle_820(draft, first);
	envelope(draft, "SE*%s*%04u", counted, number);
}

void draft_begin(struct draft *draft, const struct guide *guide, uint64_t seed, const struct draft_shape *shape)
{
	arena_reset(&draft->arena);
	draft->guide = guide;
	draft->shape = *shape;
	draft->random = seed * 1000003;
	draft->count = draft->copies = draft->record_loop = 0;
	draft->next_loop = 1;
	if (shape->records == 0)
		draft->shape.records = 3;
	if (shape->separators == NULL)
		draft->shape.separators = "*^:~";
	envelope(draft,
		 "ISA*00*          *00*          *ZZ*SENDER%03u      *ZZ*RECEIVER       "
		 "*260105*0930*%c*00501*%09u*0*T*%c",
		 draft_random(draft, 1000), '?', (uint32_t)(seed % 1000000000), '?');
	draft->lines[0].elements[10] = text(draft, "%c", draft->shape.separators[1]);
	draft->lines[0].elements[15] = text(draft, "%c", draft->shape.separators[2]);
	for (uint32_t g = 0; g < (shape->fgroups == 0 ? 1 : shape->fgroups); g++) {
		uint32_t number = 1 + (uint32_t)(seed % 1000) * 100 + g;
		envelope(draft, "GS*%.*s*SENDER*RECEIVER*20260105*0930*%u*X*%.*s", (int)guide->functional_id.len,
			 guide->functional_id.data, number, (int)guide->id.len, guide->id.data);
		for (uint32_t t = 0; t < (shape->tsets == 0 ? 1 : shape->tsets); t++)
			make_tset(draft, t + 1);
		envelope(draft, "GE*%s*%u", counted, number);
	}
	envelope(draft, "IEA*%s*%09u", counted, (uint32_t)(seed % 1000000000));
}

/* ---- finding lines ---- */

const char *draft_loop_id(const struct draft *draft, uint32_t at)
{
	if (draft->lines[at].segment == GUIDE_NONE || draft->guide->segments[draft->lines[at].segment].loop == 0)
		return "";
	return draft->guide->loops[draft->guide->segments[draft->lines[at].segment].loop].id;
}

const char *draft_element(const struct draft *draft, uint32_t at, uint32_t pos)
{
	return pos >= 1 && pos <= draft->lines[at].element_count ? draft->lines[at].elements[pos - 1] : "";
}

static bool is_in_record(const struct draft *draft, uint32_t at)
{
	for (uint32_t i = 0; i < draft->lines[at].depth; i++)
		if (draft->lines[at].loops[i] == draft->record_loop)
			return true;
	return false;
}

uint32_t draft_find(const struct draft *draft, const char *address)
{
	char loop[8] = "", id[8] = "", qualifier[40] = "";
	bool anywhere = *address == '^';
	const char *slash, *star, *name;
	uint32_t found = DRAFT_NOWHERE;
	address += anywhere;
	slash = strchr(address, '/');
	star = strchr(address, '*');
	name = slash == NULL ? address : slash + 1;
	if (slash != NULL)
		snprintf(loop, sizeof(loop), "%.*s", (int)(slash - address), address);
	snprintf(id, sizeof(id), "%.*s", star == NULL ? (int)strlen(name) : (int)(star - name), name);
	if (star != NULL)
		snprintf(qualifier, sizeof(qualifier), "%s", star + 1);
	for (uint32_t at = 0; at < draft->count; at++) {
		if (strcmp(draft->lines[at].id, id) != 0 || strcmp(draft_loop_id(draft, at), loop) != 0)
			continue;
		if (star != NULL && strcmp(draft_element(draft, at, 1), qualifier) != 0)
			continue;
		if (anywhere || is_in_record(draft, at))
			return at;
		if (found == DRAFT_NOWHERE)
			found = at;
	}
	return found;
}

uint32_t draft_loop_end(const struct draft *draft, uint32_t at)
{
	const struct draft_line *line = &draft->lines[at];
	uint32_t loop = line->loops[line->depth - 1], depth = line->depth;
	while (at < draft->count && draft->lines[at].depth >= depth && draft->lines[at].loops[depth - 1] == loop)
		at++;
	return at;
}

uint32_t draft_position(const struct draft *draft, uint32_t at)
{
	uint32_t first = at;
	while (first > 0 && strcmp(draft->lines[first].id, "ST") != 0) {
		if (strcmp(draft->lines[first].id, "GS") == 0 ||
		    (first < at && strcmp(draft->lines[first].id, "SE") == 0))
			return 0;
		first--;
	}
	return strcmp(draft->lines[first].id, "ST") == 0 ? at - first + 1 : 0;
}

/* ---- changing ---- */

void draft_insert(struct draft *draft, uint32_t at, uint32_t like, const char *words_of_it)
{
	uint32_t loops[DRAFT_DEPTH], depth = draft->lines[like].depth;
	struct draft_line *line;
	memcpy(loops, draft->lines[like].loops, sizeof(loops));
	line = open_line(draft, at);
	memcpy(line->loops, loops, sizeof(loops));
	line->depth = depth;
	fill(draft, line, words_of_it);
}

/* Repeats made by copying are told apart above these bits; no draft has more loops of its own. */
#define OWN_LOOPS 0x10000u

void draft_copy(struct draft *draft, uint32_t first, uint32_t end, uint32_t at)
{
	uint32_t count = end - first, outermost = draft->lines[first].depth;
	assert_true((at <= first || at >= end) && draft->next_loop < OWN_LOOPS);
	draft->copies++;
	for (uint32_t i = 0; i < count; i++) {
		struct draft_line copy = draft->lines[at <= first ? first + 2 * i : first + i];
		for (uint32_t d = outermost - 1; d < copy.depth; d++)
			copy.loops[d] = copy.loops[d] % OWN_LOOPS + draft->copies * OWN_LOOPS;
		*open_line(draft, at + i) = copy;
	}
}

void draft_rewrite(struct draft *draft, uint32_t at, const char *words_of_it)
{
	fill(draft, &draft->lines[at], words_of_it);
}

void draft_remove(struct draft *draft, uint32_t first, uint32_t end)
{
	memmove(&draft->lines[first], &draft->lines[end], (draft->count - end) * sizeof(*draft->lines));
	draft->count -= end - first;
}

static void reverse(struct draft *draft, uint32_t first, uint32_t end)
{
	for (; first + 1 < end; first++, end--) {
		struct draft_line line = draft->lines[first];
		draft->lines[first] = draft->lines[end - 1];
		draft->lines[end - 1] = line;
	}
}

uint32_t draft_move(struct draft *draft, uint32_t first, uint32_t end, uint32_t to)
{
	uint32_t from = to <= first ? to : first, middle = to <= first ? first : end, until = to <= first ? end : to;
	assert_true(to <= first || to >= end);
	reverse(draft, from, middle);
	reverse(draft, middle, until);
	reverse(draft, from, until);
	return to <= first ? to : to - (end - first);
}

void draft_set(struct draft *draft, uint32_t at, uint32_t pos, const char *value)
{
	struct draft_line *line = &draft->lines[at];
	assert_true(pos <= DRAFT_ELEMENTS);
	if (pos == 0) {
		line->id = text(draft, "%s", value);
		return;
	}
	while (line->element_count < pos)
		line->elements[line->element_count++] = "";
	line->elements[pos - 1] = text(draft, "%s", value);
}

/* ---- writing ---- */

static uint32_t count_back(const struct draft *draft, uint32_t at, const char *what, const char *until)
{
	uint32_t count = 0;
	for (uint32_t i = at; i-- > 0 && strcmp(draft->lines[i].id, until) != 0;)
		count += strcmp(draft->lines[i].id, what) == 0;
	return count;
}

/* SE01, GE01, IEA01. */
static uint32_t count_for(const struct draft *draft, uint32_t at)
{
	if (strcmp(draft->lines[at].id, "SE") == 0)
		return draft_position(draft, at);
	if (strcmp(draft->lines[at].id, "GE") == 0)
		return count_back(draft, at, "ST", "GS");
	return count_back(draft, at, "GS", "ISA");
}

void draft_write(const struct draft *draft, struct buffer *out)
{
	const char *separators = draft->shape.separators;
	for (uint32_t at = 0; at < draft->count; at++) {
		const struct draft_line *line = &draft->lines[at];
		uint32_t count = line->element_count;
		while (count > 0 && line->elements[count - 1][0] == '\0')
			count--;
		buffer_add_text(out, line->id);
		for (uint32_t i = 0; i < count; i++) {
			buffer_add_char(out, separators[0]);
			if (strcmp(line->elements[i], counted) == 0 && line->segment == GUIDE_NONE)
				buffer_add_u64(out, count_for(draft, at));
			else
				buffer_add_text(out, line->elements[i]);
		}
		buffer_add_text(out, line->tail);
		buffer_add_char(out, separators[3]);
		buffer_add_text(out, draft->shape.line_end != NULL ? draft->shape.line_end : "");
	}
	assert_int_equal(out->error, 0);
}
