/* If this failed, files would be judged by a guide nobody wrote: sound enrollments refused, bad ones let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "muster/env.h"
#include "muster/guide.h"
#include "muster/specs.h"

static struct env env;
static struct buffer errors;
static struct guide_set *set;

static int setup(void **state)
{
	int64_t started;
	int error;

	(void)state;
	env_real_init(&env);
	buffer_init(&errors, &env);
	started = env_monotonic_ns(&env);
	error = guide_set_new(&env, &errors, &set);
	if (error != 0) {
		print_error("%.*s\n", (int)errors.len, errors.data);
		return -1;
	}
	print_message("# all guides compiled in %.2f ms\n", (double)(env_monotonic_ns(&env) - started) / 1e6);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guide_set_free(set);
	buffer_fini(&errors);
	return 0;
}

static const struct guide *guide_of(const char *id)
{
	const struct guide *guide = guide_set_find(set, slice_from(id));

	assert_non_null(guide);
	return guide;
}

static const struct guide_loop *loop_of(const struct guide *guide, const char *id)
{
	uint32_t i;

	for (i = 0; i < guide->loop_count; i++)
		if (strcmp(guide->loops[i].id, id) == 0)
			return &guide->loops[i];
	fail_msg("no loop %s", id);
	return NULL;
}

/* "2000/REF*0F" -> that segment; the first that matches. */
static const struct guide_segment *segment_of(const struct guide *guide, const char *path)
{
	const char *bar = strchr(path, '/'), *star = strchr(path, '*');
	struct slice loop = slice_of(path, (size_t)(bar - path));
	struct slice id = star != NULL ? slice_of(bar + 1, (size_t)(star - bar - 1)) : slice_from(bar + 1);
	uint32_t i;

	for (i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];

		if (!slice_is(loop, guide->loops[segment->loop].id) || !slice_is(id, segment->id))
			continue;
		if (star == NULL || guide_segment_matches(guide, segment, id, slice_from(star + 1)))
			return segment;
	}
	fail_msg("no segment %s", path);
	return NULL;
}

/* All codes of a list with blanks between, "" for none, "@name" for an external one. */
static const char *codes_of(const struct guide *guide, uint16_t index)
{
	static char text[1024];
	const struct guide_code_list *list;
	size_t len = 0;
	uint32_t i;

	text[0] = '\0';
	if (index == GUIDE_NONE)
		return text;
	list = &guide->code_lists[index];
	if (list->external) {
		snprintf(text, sizeof(text), "@%.*s", (int)list->name.len, list->name.data);
		return text;
	}
	for (i = 0; i < list->count; i++) {
		struct slice code = guide->codes[list->first + i].code;

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i > 0 ? " " : "", (int)code.len,
					code.data);
	}
	return text;
}

static char letter_of(enum guide_usage usage)
{
	static const char letters[] = "RSN";

	return letters[usage];
}

struct segment_fact {
	const char *path, *name;
	char usage; /* R S */
	uint32_t repeat;
	uint16_t ordinal;
	uint8_t qualifier_pos, elements;
	bool once;
};

static void check_segments(const struct guide *guide, const struct segment_fact *facts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct segment_fact *fact = &facts[i];
		const struct guide_segment *segment = segment_of(guide, fact->path);
		bool same = slice_is(segment->name, fact->name) && letter_of(segment->usage) == fact->usage &&
			    segment->repeat == fact->repeat && segment->ordinal == fact->ordinal &&
			    segment->qualifier_pos == fact->qualifier_pos && segment->element_count == fact->elements &&
			    segment->qualifier_once == fact->once;

		if (!same)
			fail_msg("%s: \"%.*s\" %c %u at %u, qualifier %u, %u elements, once %d", fact->path,
				 (int)segment->name.len, segment->name.data, letter_of(segment->usage), segment->repeat,
				 segment->ordinal, segment->qualifier_pos, segment->element_count,
				 segment->qualifier_once);
	}
}

struct element_fact {
	const char *path;
	uint8_t pos, component;
	char usage; /* R S N */
	enum guide_type type;
	uint16_t min, max, ref;
	enum guide_format format;
	const char *codes;
};

static void check_elements(const struct guide *guide, const struct element_fact *facts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct element_fact *fact = &facts[i];
		const struct guide_element *element = guide_element_at(guide, segment_of(guide, fact->path), fact->pos);

		assert_non_null(element);
		if (fact->component > 0) {
			assert_in_range(fact->component, 1, element->component_count);
			element = &guide->elements[element->first_component + fact->component - 1];
		}
		if (letter_of(element->usage) != fact->usage || element->type != fact->type ||
		    element->min != fact->min || element->max != fact->max || element->element_ref != fact->ref ||
		    element->format != fact->format || strcmp(codes_of(guide, element->codes), fact->codes) != 0)
			fail_msg("%s %u-%u: %c type %d %u/%u ref %u format %d codes %s", fact->path, fact->pos,
				 fact->component, letter_of(element->usage), element->type, element->min, element->max,
				 element->element_ref, element->format, codes_of(guide, element->codes));
	}
}

struct loop_fact {
	const char *id, *parent;
	char usage;
	uint32_t repeat;
	uint16_t ordinal, nodes;
	uint8_t depth;
};

static void check_loops(const struct guide *guide, const struct loop_fact *facts, size_t count)
{
	size_t i;

	assert_int_equal(guide->loop_count, count + 1);
	for (i = 0; i < count; i++) {
		const struct loop_fact *fact = &facts[i];
		const struct guide_loop *loop = loop_of(guide, fact->id);

		if (strcmp(guide->loops[loop->parent].id, fact->parent) != 0 || letter_of(loop->usage) != fact->usage ||
		    loop->repeat != fact->repeat || loop->ordinal != fact->ordinal || loop->node_count != fact->nodes ||
		    loop->depth != fact->depth)
			fail_msg("%s: in %s, %c %u at %u, %u nodes, depth %u", fact->id, guide->loops[loop->parent].id,
				 letter_of(loop->usage), loop->repeat, loop->ordinal, loop->node_count, loop->depth);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY GUIDE_UNBOUNDED

static void test_834_loops(void **state)
{
	static const struct loop_fact facts[] = {
		{"1000A", "", 'R', 1, 6, 1, 1},     {"1000B", "", 'R', 1, 6, 1, 1},
		{"1000C", "", 'S', 2, 6, 2, 1},     {"1100C", "1000C", 'S', 1, 2, 1, 2},
		{"2000", "", 'R', MANY, 7, 16, 1},  {"2100A", "2000", 'R', 1, 4, 10, 2},
		{"2100B", "2000", 'S', 1, 4, 2, 2}, {"2100C", "2000", 'S', 1, 4, 3, 2},
		{"2100D", "2000", 'S', 3, 4, 4, 2}, {"2100E", "2000", 'S', 3, 4, 4, 2},
		{"2100F", "2000", 'S', 1, 4, 4, 2}, {"2100G", "2000", 'S', 13, 4, 4, 2},
		{"2100H", "2000", 'S', 1, 4, 3, 2}, {"2200", "2000", 'S', MANY, 5, 2, 2},
		{"2300", "2000", 'S', 99, 6, 8, 2}, {"2310", "2300", 'S', 30, 6, 6, 3},
		{"2320", "2300", 'S', 5, 7, 4, 3},  {"2330", "2320", 'S', 3, 4, 4, 4},
		{"LS", "2000", 'S', 1, 7, 3, 2},    {"2700", "LS", 'S', MANY, 2, 2, 3},
		{"2750", "2700", 'S', 1, 2, 3, 4},
	};
	const struct guide *guide = guide_of("005010X220A1");

	(void)state;
	assert_true(slice_is(guide->set_id, "834"));
	assert_true(slice_is(guide->functional_id, "BE"));
	assert_int_equal(guide->segment_count, 76);
	check_loops(guide, facts, COUNT(facts));
}

static void test_834_segments(void **state)
{
	static const struct segment_fact facts[] = {
		{"/ST", "transaction set header", 'R', 1, 1, 0, 3, false},
		{"/REF*38", "master policy number", 'S', 1, 3, 1, 4, false},
		{"/DTP*382", "file dates", 'S', MANY, 4, 1, 3, true},
		{"/QTY", "control totals", 'S', 3, 5, 1, 4, true},
		{"/SE", "transaction set trailer", 'R', 1, 8, 0, 2, false},
		{"2000/REF*0F", "subscriber id", 'R', 1, 2, 1, 4, false},
		{"2000/REF*1L", "group or policy number", 'S', 1, 2, 1, 4, false},
		{"2000/REF*F6", "supplemental ids", 'S', 13, 2, 1, 4, true},
		{"2000/REF*QQ", "supplemental ids", 'S', 13, 2, 1, 4, true},
		{"2000/DTP*356", "member dates", 'S', 24, 3, 1, 3, true},
		{"2100A/NM1*IL", "member name", 'R', 1, 1, 1, 12, false},
		{"2100A/LUI", "language", 'S', MANY, 10, 0, 5, false},
		{"2100C/N4", "mailing city", 'S', 1, 3, 0, 7, false},
		{"2300/HD", "health coverage", 'R', 1, 1, 0, 11, false},
		{"2300/DTP*348", "coverage dates", 'R', 6, 2, 1, 3, true},
		{"2300/REF*1L", "coverage policy numbers", 'S', 14, 4, 1, 4, true},
		{"2300/REF*QQ", "prior coverage months", 'S', 1, 4, 1, 4, false},
		{"2310/LX", "provider counter", 'R', 1, 1, 0, 1, false},
		{"2310/N3", "provider street", 'S', 2, 3, 0, 2, false},
		{"2330/NM1*36", "related entity", 'R', 1, 1, 1, 12, false},
		{"2700/LX", "category counter", 'R', 1, 1, 0, 1, false},
		{"LS/LE", "end of reporting categories", 'R', 1, 3, 0, 1, false},
	};

	(void)state;
	check_segments(guide_of("005010X220A1"), facts, COUNT(facts));
}

static void test_834_elements(void **state)
{
	static const struct element_fact facts[] = {
		{"/ST", 2, 0, 'R', GUIDE_AN, 4, 9, 329, GUIDE_FORMAT_NONE, ""},
		{"/BGN", 3, 0, 'R', GUIDE_DT, 8, 8, 373, GUIDE_FORMAT_NONE, ""},
		{"/BGN", 7, 0, 'N', GUIDE_ID, 2, 2, 640, GUIDE_FORMAT_NONE, ""},
		{"/BGN", 8, 0, 'R', GUIDE_ID, 1, 2, 306, GUIDE_FORMAT_NONE, "2 4 RX"},
		{"/QTY", 3, 0, 'N', GUIDE_COMPOSITE, 0, 0, 0, GUIDE_FORMAT_NONE, ""},
		{"1000A/N1", 3, 0, 'R', GUIDE_ID, 1, 2, 66, GUIDE_FORMAT_NONE, "24 94 FI"},
		{"1000A/N1", 4, 0, 'R', GUIDE_AN, 2, 80, 67, GUIDE_FORMAT_ID_BY_QUALIFIER, ""},
		{"1000C/N1", 2, 0, 'S', GUIDE_AN, 1, 60, 93, GUIDE_FORMAT_NONE, ""},
		{"2000/INS", 1, 0, 'R', GUIDE_ID, 1, 1, 1073, GUIDE_FORMAT_NONE, "N Y"},
		{"2000/INS", 2, 0, 'R', GUIDE_ID, 2, 2, 1069, GUIDE_FORMAT_NONE,
		 "01 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 23 24 25 26 31 38 53 60 D2 G8 G9"},
		{"2000/INS", 3, 0, 'R', GUIDE_ID, 3, 3, 875, GUIDE_FORMAT_NONE, "001 021 024 025 030"},
		{"2000/INS", 4, 0, 'S', GUIDE_ID, 2, 3, 1203, GUIDE_FORMAT_NONE,
		 "01 02 03 04 05 06 07 08 09 10 11 14 15 16 17 18 20 21 22 25 26 27 28 29 31 32 33 37 38 39 40 41 43 "
		 "59 AA AB "
		 "AC AD AE AF AG AH AI AJ AL EC XN XT"},
		{"2000/INS", 6, 0, 'S', GUIDE_COMPOSITE, 0, 0, 0, GUIDE_FORMAT_NONE, ""},
		{"2000/INS", 6, 1, 'R', GUIDE_ID, 1, 1, 1218, GUIDE_FORMAT_NONE, "A B C D E"},
		{"2000/INS", 6, 3, 'N', GUIDE_ID, 1, 1, 1701, GUIDE_FORMAT_NONE, ""},
		{"2000/INS", 12, 0, 'S', GUIDE_AN, 1, 35, 1251, GUIDE_FORMAT_BY_QUALIFIER, ""},
		{"2000/INS", 17, 0, 'S', GUIDE_N, 1, 9, 1470, GUIDE_FORMAT_NONE, ""},
		{"2000/REF*F6", 2, 0, 'R', GUIDE_AN, 1, 50, 127, GUIDE_FORMAT_ID_BY_QUALIFIER, ""},
		{"2000/DTP", 2, 0, 'R', GUIDE_ID, 2, 3, 1250, GUIDE_FORMAT_NONE, "D8"},
		{"2100A/NM1", 1, 0, 'R', GUIDE_ID, 2, 3, 98, GUIDE_FORMAT_NONE, "74 IL"},
		{"2100A/NM1", 3, 0, 'R', GUIDE_AN, 1, 60, 1035, GUIDE_FORMAT_NONE, ""},
		{"2100A/NM1", 10, 0, 'N', GUIDE_ID, 2, 2, 706, GUIDE_FORMAT_NONE, ""},
		{"2100A/PER", 4, 0, 'R', GUIDE_AN, 1, 256, 364, GUIDE_FORMAT_PHONE_BY_QUALIFIER, ""},
		{"2100A/N3", 1, 0, 'R', GUIDE_AN, 1, 55, 166, GUIDE_FORMAT_NONE, ""},
		{"2100A/N4", 1, 0, 'R', GUIDE_AN, 2, 30, 19, GUIDE_FORMAT_NONE, ""},
		{"2100A/N4", 2, 0, 'S', GUIDE_ID, 2, 2, 156, GUIDE_FORMAT_NONE, "@states"},
		{"2100A/N4", 3, 0, 'S', GUIDE_ID, 3, 15, 116, GUIDE_FORMAT_ZIP, ""},
		{"2100A/N4", 4, 0, 'S', GUIDE_ID, 2, 3, 26, GUIDE_FORMAT_NONE, "@countries"},
		{"2100A/N4", 5, 0, 'S', GUIDE_ID, 1, 2, 309, GUIDE_FORMAT_NONE, "60 CY"},
		{"2100C/N4", 5, 0, 'N', GUIDE_ID, 1, 2, 309, GUIDE_FORMAT_NONE, ""},
		{"2100A/DMG", 5, 1, 'S', GUIDE_ID, 1, 1, 1109, GUIDE_FORMAT_NONE, "7 8 A B C D E F G H I J N O P Z"},
		{"2100A/ICM", 2, 0, 'R', GUIDE_R, 1, 18, 782, GUIDE_FORMAT_AMOUNT, ""},
		{"2100B/DMG", 2, 0, 'S', GUIDE_AN, 1, 35, 1251, GUIDE_FORMAT_BY_QUALIFIER, ""},
		{"2100F/NM1", 4, 0, 'R', GUIDE_AN, 1, 35, 1036, GUIDE_FORMAT_NONE, ""},
		{"2100F/PER", 7, 0, 'S', GUIDE_ID, 2, 2, 365, GUIDE_FORMAT_NONE, "AP BN CP EM EX FX HP TE WP"},
		{"2100H/NM1", 8, 0, 'N', GUIDE_ID, 1, 2, 66, GUIDE_FORMAT_NONE, ""},
		{"2300/HD", 1, 0, 'R', GUIDE_ID, 3, 3, 875, GUIDE_FORMAT_NONE, "001 002 021 024 025 026 030 032"},
		{"2300/HD", 3, 0, 'R', GUIDE_ID, 2, 3, 1205, GUIDE_FORMAT_NONE,
		 "AG AH AJ AK DCP DEN EPO FAC HE HLT HMO LTC LTD MM MOD PDG POS PPO PRA STD UR VIS"},
		{"2300/HD", 5, 0, 'S', GUIDE_ID, 3, 3, 1207, GUIDE_FORMAT_NONE,
		 "CHD DEP E1D E2D E3D E5D E6D E7D E8D E9D ECH EMP ESP FAM IND SPC SPO TWO"},
		{"2300/DTP", 2, 0, 'R', GUIDE_ID, 2, 3, 1250, GUIDE_FORMAT_NONE, "D8 RD8"},
		{"2310/NM1", 10, 0, 'R', GUIDE_ID, 2, 2, 706, GUIDE_FORMAT_NONE, "25 26 72"},
		{"2310/PLA", 5, 0, 'R', GUIDE_ID, 2, 3, 1203, GUIDE_FORMAT_NONE,
		 "14 22 46 AA AB AC AD AE AF AG AH AI AJ"},
		{"2320/COB", 4, 0, 'S', GUIDE_ID, 1, 2, 1365, GUIDE_FORMAT_NONE, "1 35 48 50 54 89 90 A4 AG AL BB"},
		{"LS/LS", 1, 0, 'R', GUIDE_AN, 1, 4, 447, GUIDE_FORMAT_NONE, "2700"},
	};
	const struct guide *guide = guide_of("005010X220A1");

	(void)state;
	check_elements(guide, facts, COUNT(facts));
	assert_int_equal(guide_element_at(guide, segment_of(guide, "2100A/DMG"), 5)->repeat, 10);
	assert_int_equal(guide_element_at(guide, segment_of(guide, "2320/COB"), 4)->repeat, 9);
	assert_int_equal(guide_element_at(guide, segment_of(guide, "2000/INS"), 2)->repeat, 1);
	assert_null(guide_element_at(guide, segment_of(guide, "2000/INS"), 18));
	assert_null(guide_element_at(guide, segment_of(guide, "2000/INS"), 0));
}

static void test_820_loops(void **state)
{
	static const struct loop_fact facts[] = {
		{"1000A", "", 'R', 1, 7, 5, 1},         {"1000B", "", 'R', 1, 7, 5, 1},
		{"1000C", "", 'S', MANY, 7, 5, 1},      {"2000A", "", 'S', 1, 8, 3, 1},
		{"2200A", "2000A", 'S', MANY, 2, 1, 2}, {"2300A", "2000A", 'R', MANY, 3, 5, 2},
		{"2310A", "2300A", 'S', 1, 4, 3, 3},    {"2312A", "2310A", 'S', 4, 2, 1, 4},
		{"2315A", "2310A", 'S', 3, 3, 1, 4},    {"2320A", "2300A", 'S', MANY, 5, 1, 3},
		{"2000B", "", 'S', MANY, 8, 4, 1},      {"2100B", "2000B", 'S', MANY, 2, 1, 2},
		{"2200B", "2000B", 'S', MANY, 3, 1, 2}, {"2300B", "2000B", 'R', MANY, 4, 4, 2},
		{"2320B", "2300B", 'S', MANY, 4, 1, 3},
	};
	const struct guide *guide = guide_of("005010X218");

	(void)state;
	assert_true(slice_is(guide->set_id, "820"));
	assert_true(slice_is(guide->functional_id, "RA"));
	assert_int_equal(guide->segment_count, 41);
	check_loops(guide, facts, COUNT(facts));
}

static void test_820_segments_and_elements(void **state)
{
	static const struct segment_fact segments[] = {
		{"/BPR", "financial information", 'R', 1, 2, 0, 21, false},
		{"/REF*2F", "premium receiver keys", 'S', MANY, 5, 1, 4, false},
		{"/DTM*009", "process date", 'S', 1, 6, 1, 6, false},
		{"/DTM*035", "delivery date", 'S', 1, 6, 1, 6, false},
		{"/DTM*582", "coverage period", 'S', 1, 6, 1, 6, false},
		{"/DTM*097", "creation date", 'S', 1, 6, 1, 6, false},
		{"2000A/ENT*2L", "organization being remitted for", 'R', 1, 1, 2, 9, false},
		{"2000B/ENT*2J", "individual being remitted for", 'R', 1, 1, 2, 9, false},
		{"2200B/ADX", "adjustment of a previous payment", 'R', 1, 1, 0, 4, false},
		{"2320B/ADX", "adjustment of the current payment", 'R', 1, 1, 0, 4, false},
		{"2310A/IT1", "summary line", 'R', 1, 1, 0, 25, false},
		{"2315A/SLN", "member count", 'R', 1, 1, 0, 28, false},
	};
	static const struct element_fact elements[] = {
		{"/BPR", 1, 0, 'R', GUIDE_ID, 1, 2, 305, GUIDE_FORMAT_NONE, "C D I P U X"},
		{"/BPR", 2, 0, 'R', GUIDE_R, 1, 18, 782, GUIDE_FORMAT_AMOUNT, ""},
		{"/BPR", 3, 0, 'R', GUIDE_ID, 1, 1, 478, GUIDE_FORMAT_NONE, "C D"},
		{"/BPR", 7, 0, 'S', GUIDE_AN, 3, 12, 507, GUIDE_FORMAT_ID_BY_QUALIFIER, ""},
		{"/BPR", 10, 0, 'R', GUIDE_AN, 10, 10, 509, GUIDE_FORMAT_NONE, ""},
		{"/BPR", 16, 0, 'R', GUIDE_DT, 8, 8, 373, GUIDE_FORMAT_NONE, ""},
		{"/BPR", 21, 0, 'N', GUIDE_AN, 1, 35, 508, GUIDE_FORMAT_NONE, ""},
		{"/CUR", 2, 0, 'R', GUIDE_ID, 3, 3, 100, GUIDE_FORMAT_NONE, "@currencies"},
		{"/TRN", 2, 0, 'R', GUIDE_AN, 1, 50, 127, GUIDE_FORMAT_NONE, ""},
		{"/DTM*582", 2, 0, 'N', GUIDE_DT, 8, 8, 373, GUIDE_FORMAT_NONE, ""},
		{"/DTM*582", 6, 0, 'R', GUIDE_AN, 1, 35, 1251, GUIDE_FORMAT_BY_QUALIFIER, ""},
		{"1000B/PER", 5, 0, 'S', GUIDE_ID, 2, 2, 365, GUIDE_FORMAT_NONE, "EM EX FX TE"},
		{"2000B/ENT", 3, 0, 'R', GUIDE_ID, 1, 2, 66, GUIDE_FORMAT_NONE, "34 EI II"},
		{"2200A/ADX", 2, 0, 'R', GUIDE_ID, 2, 2, 426, GUIDE_FORMAT_NONE, "52 53 80 81 86 BJ H1 H6 RU WO WW"},
		{"2200B/ADX", 2, 0, 'R', GUIDE_ID, 2, 2, 426, GUIDE_FORMAT_NONE, "52 53 80 81 86 BJ H1 H6 RU WO"},
		{"2300A/RMR", 1, 0, 'R', GUIDE_ID, 2, 3, 128, GUIDE_FORMAT_NONE, "11 1L CT IK"},
		{"2300B/RMR", 1, 0, 'R', GUIDE_ID, 2, 3, 128, GUIDE_FORMAT_NONE, "11 9J AZ B7 CT ID IG IK KW"},
		{"2300B/RMR", 3, 0, 'N', GUIDE_ID, 2, 2, 482, GUIDE_FORMAT_NONE, ""},
		{"2312A/SAC", 5, 0, 'R', GUIDE_N, 1, 15, 610, GUIDE_FORMAT_NONE, ""},
		{"2315A/SLN", 5, 1, 'R', GUIDE_ID, 2, 2, 355, GUIDE_FORMAT_NONE, "10 IE PR"},
		{"2315A/SLN", 5, 15, 'N', GUIDE_R, 1, 10, 649, GUIDE_FORMAT_NONE, ""},
		{"2320A/ADX", 2, 0, 'R', GUIDE_ID, 2, 2, 426, GUIDE_FORMAT_NONE, "20 52 53 AA AX H1 H6 IA J3"},
	};
	const struct guide *guide = guide_of("005010X218");

	(void)state;
	check_segments(guide, segments, COUNT(segments));
	check_elements(guide, elements, COUNT(elements));
	assert_int_equal(guide_element_at(guide, segment_of(guide, "2312A/SAC"), 5)->decimals, 2);
}

static void test_acknowledgments(void **state)
{
	static const struct loop_fact loops[] = {
		{"2000", "", 'S', MANY, 3, 3, 1},
		{"2100", "2000", 'S', MANY, 2, 4, 2},
		{"2110", "2100", 'S', MANY, 3, 2, 3},
	};
	static const struct segment_fact segments[] = {
		{"2100/CTX*SITUATIONAL TRIGGER", "segment context", 'S', 9, 2, 1, 6, false},
		{"2100/CTX*SUBSCRIBER NUMBER REF02", "business unit", 'S', 1, 2, 0, 6, false},
		{"2000/IK5", "verdict on the set", 'R', 1, 3, 0, 6, false},
		{"/AK9", "verdict on the group", 'R', 1, 4, 0, 9, false},
	};
	static const struct element_fact elements[] = {
		{"2100/IK3", 3, 0, 'S', GUIDE_AN, 1, 6, 447, GUIDE_FORMAT_NONE, ""},
		{"2100/IK3", 4, 0, 'S', GUIDE_ID, 1, 3, 620, GUIDE_FORMAT_NONE, "1 2 3 4 5 6 7 8 I4 I6 I7 I8 I9"},
		{"2110/IK4", 1, 3, 'S', GUIDE_N, 1, 4, 1686, GUIDE_FORMAT_NONE, ""},
		{"2110/IK4", 3, 0, 'R', GUIDE_ID, 1, 3, 621, GUIDE_FORMAT_NONE,
		 "1 10 12 13 2 3 4 5 6 7 8 9 I10 I11 I12 I13 I6 I9"},
		{"2110/IK4", 4, 0, 'S', GUIDE_AN, 1, 99, 724, GUIDE_FORMAT_NONE, ""},
		{"/AK9", 1, 0, 'R', GUIDE_ID, 1, 1, 715, GUIDE_FORMAT_NONE, "A E M P R W X"},
	};
	const struct guide *guide = guide_of("005010X231A1"), *older = guide_of("004010");

	(void)state;
	check_loops(guide, loops, COUNT(loops));
	check_segments(guide, segments, COUNT(segments));
	check_elements(guide, elements, COUNT(elements));
	assert_int_equal(older->segment_count, 8);
	assert_int_equal(guide_element_at(older, segment_of(older, "/ST"), 3)->usage, GUIDE_NOT_USED);
	assert_int_equal(guide_element_at(older, segment_of(older, "AK3/AK3"), 2)->max, 6);
}

static bool has_relation(const struct guide *guide, uint16_t first, uint16_t count, const char *note)
{
	uint32_t i, j;

	for (i = first; i < (uint32_t)first + count; i++) {
		const struct guide_relation *relation = &guide->relations[i];
		char text[24];
		int len = snprintf(text, sizeof(text), "%c", relation->kind);

		for (j = 0; j < relation->count; j++)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%02u", relation->pos[j]);
		if (strcmp(text, note) == 0)
			return true;
	}
	return false;
}

static void test_relational_notes(void **state)
{
	static const struct {
		const char *guide, *path, *notes[4];
	} facts[] = {
		{"005010X220A1", "/BGN", {"C0504"}},
		{"005010X220A1", "/QTY", {"E0204", "R0204"}},
		{"005010X220A1", "2100A/NM1", {"P0809", "C1110", "C1203"}},
		{"005010X220A1", "2100A/N4", {"E0207", "C0605", "C0704"}},
		{"005010X220A1", "2100A/LUI", {"P0102", "L040203"}},
		{"005010X218", "/CUR", {"L101112", "L192021", "C2119"}},
		{"005010X218", "2000B/ENT", {"P020304", "P050607", "P0809"}},
		{"005010X218", "/DTM*009", {"R020305", "C0403", "P0506"}},
	};
	const struct guide *guide = guide_of("005010X220A1");
	const struct guide_element *race = guide_element_at(guide, segment_of(guide, "2100A/DMG"), 5);
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(facts); i++) {
		const struct guide *of = guide_of(facts[i].guide);
		const struct guide_segment *segment = segment_of(of, facts[i].path);

		for (j = 0; j < 4 && facts[i].notes[j] != NULL; j++)
			if (!has_relation(of, segment->first_relation, segment->relation_count, facts[i].notes[j]))
				fail_msg("%s has no %s", facts[i].path, facts[i].notes[j]);
	}
	assert_true(has_relation(guide, race->first_relation, race->relation_count, "P0203"));
	assert_int_equal(segment_of(guide, "2000/DTP")->relation_count, 0);
	assert_int_equal(segment_of(guide_of("005010X218"), "/CUR")->relation_count, 14);
}

static void test_codes_are_found(void **state)
{
	const struct guide *guide = guide_of("005010X220A1");
	uint16_t lines = guide_element_at(guide, segment_of(guide, "2300/HD"), 3)->codes;
	uint16_t states = guide_element_at(guide, segment_of(guide, "2100A/N4"), 2)->codes;
	uint16_t countries = guide_element_at(guide, segment_of(guide, "2100A/N4"), 4)->codes;
	int64_t found = guide_code_find(guide, lines, SLICE_LITERAL("HMO"));

	(void)state;
	assert_true(found >= 0);
	assert_true(slice_is(guide->codes[found].meaning, "health maintenance organization"));
	assert_int_equal(guide_code_find(guide, lines, SLICE_LITERAL("hmo")), -1);
	assert_int_equal(guide_code_find(guide, lines, SLICE_LITERAL("HM")), -1);
	assert_int_equal(guide_code_find(guide, lines, SLICE_LITERAL("HMOX")), -1);
	assert_int_equal(guide_code_find(guide, lines, SLICE_EMPTY), -1);
	/* A code of the standard that the guide leaves out is told from no code at all. */
	assert_int_equal(guide_code_find(guide, lines, SLICE_LITERAL("LIF")), -1);
	assert_true(guide_code_is_unlisted(guide, lines, SLICE_LITERAL("LIF")));
	assert_false(guide_code_is_unlisted(guide, lines, SLICE_LITERAL("HMO")));
	assert_false(guide_code_is_unlisted(guide, lines, SLICE_LITERAL("ZZZ")));
	assert_true(guide->code_lists[states].external);
	assert_int_equal(guide->code_lists[states].count, 51 + 8 + 3 + 15);
	assert_true(guide_code_find(guide, states, SLICE_LITERAL("ON")) >= 0);
	assert_int_equal(guide_code_find(guide, states, SLICE_LITERAL("XX")), -1);
	assert_int_equal(guide->code_lists[countries].count, 249 + 3);
	assert_true(guide_code_find(guide, countries, SLICE_LITERAL("NO")) >= 0);
	/* Longer than the eight bytes that are compared at once. */
	guide = guide_of("005010X231A1");
	assert_true(guide_segment_matches(guide, segment_of(guide, "2110/CTX"), SLICE_LITERAL("CTX"),
					  SLICE_LITERAL("SITUATIONAL TRIGGER")));
	assert_false(guide_segment_matches(guide, segment_of(guide, "2110/CTX"), SLICE_LITERAL("CTX"),
					   SLICE_LITERAL("SITUATIONAL TRIGGES")));
}

static void test_segments_match_by_qualifier(void **state)
{
	const struct guide *guide = guide_of("005010X220A1");
	const struct guide_segment *subscriber = segment_of(guide, "2000/REF*0F");

	(void)state;
	assert_true(guide_segment_matches(guide, subscriber, SLICE_LITERAL("REF"), SLICE_LITERAL("0F")));
	assert_false(guide_segment_matches(guide, subscriber, SLICE_LITERAL("REF"), SLICE_LITERAL("1L")));
	assert_false(guide_segment_matches(guide, subscriber, SLICE_LITERAL("DTP"), SLICE_LITERAL("0F")));
	assert_false(guide_segment_matches(guide, subscriber, SLICE_LITERAL("REF"), SLICE_EMPTY));
	assert_true(guide_segment_matches(guide, segment_of(guide, "2000/INS"), SLICE_LITERAL("INS"), SLICE_EMPTY));
	assert_true(guide_knows_segment(guide, SLICE_LITERAL("IDC")));
	assert_false(guide_knows_segment(guide, SLICE_LITERAL("RMR")));
	assert_false(guide_knows_segment(guide, SLICE_LITERAL("ID")));
}

static void check_codes_sorted(const struct guide *guide)
{
	uint32_t i, j;

	for (i = 0; i < guide->code_list_count; i++) {
		const struct guide_code_list *list = &guide->code_lists[i];

		assert_true(list->count > 0);
		for (j = 0; j < list->count; j++) {
			const struct guide_code *code = &guide->codes[list->first + j];

			assert_true(code->code.len > 0 && code->meaning.len > 0);
			if (j > 0 && slice_compare(code[-1].code, code->code) >= 0)
				fail_msg("%.*s: %.*s is out of order", (int)list->name.len, list->name.data,
					 (int)code->code.len, code->code.data);
			assert_int_equal(guide_code_find(guide, (uint16_t)i, code->code), list->first + j);
		}
	}
}

static void check_element(const struct guide *guide, const struct guide_element *element, uint32_t pos)
{
	const struct guide_code_list *list;
	uint32_t i;

	assert_int_equal(element->pos, pos);
	assert_true(element->name.len > 0);
	assert_true(element->repeat >= 1);
	if (element->type == GUIDE_COMPOSITE) {
		assert_true(element->usage == GUIDE_NOT_USED || element->component_count > 0);
	} else {
		assert_true(element->element_ref > 0 && element->min >= 1 && element->min <= element->max);
	}
	assert_true(element->usage != GUIDE_NOT_USED || element->codes == GUIDE_NONE);
	for (i = 0; i < element->component_count; i++)
		check_element(guide, &guide->elements[element->first_component + i], i + 1);
	if (element->codes == GUIDE_NONE)
		return;
	/* A code that its own element's length refuses could never be sent. */
	list = &guide->code_lists[element->codes];
	for (i = 0; i < list->count; i++)
		assert_in_range(guide->codes[list->first + i].code.len, element->min, element->max);
}

/* How many siblings take a segment of this id and qualifier before the ones without a qualifier are asked. */
static uint32_t count_takers(const struct guide *guide, const struct guide_loop *loop, struct slice id,
			     struct slice code)
{
	uint32_t i, count = 0;

	for (i = 0; i < loop->node_count; i++) {
		const struct guide_node *node = &guide->nodes[loop->first_node + i];
		const struct guide_segment *segment =
			node->is_loop ? &guide->segments[guide->nodes[guide->loops[node->index].first_node].index]
				      : &guide->segments[node->index];

		count += segment->qualifier_pos > 0 && guide_segment_matches(guide, segment, id, code);
	}
	return count;
}

static void check_segment(const struct guide *guide, const struct guide_segment *segment)
{
	const struct guide_loop *loop = &guide->loops[segment->loop];
	const struct guide_code_list *list;
	uint32_t i, j;

	assert_true(segment->usage != GUIDE_NOT_USED && segment->repeat >= 1 && segment->name.len > 0);
	for (i = 0; i < segment->element_count; i++)
		check_element(guide, &guide->elements[segment->first_element + i], i + 1);
	for (i = 0; i < segment->relation_count; i++)
		for (j = 0; j < guide->relations[segment->first_relation + i].count; j++)
			assert_in_range(guide->relations[segment->first_relation + i].pos[j], 1,
					segment->element_count);
	if (segment->qualifier_pos == 0) {
		assert_false(segment->qualifier_once);
		return;
	}
	list = &guide->code_lists[guide_qualifier_codes(guide, segment)];
	if (loop->node_count > 0 && guide->nodes[loop->first_node].index == (uint16_t)(segment - guide->segments) &&
	    loop->parent != GUIDE_NONE)
		loop = &guide->loops[loop->parent];
	for (i = 0; i < list->count; i++)
		assert_int_equal(count_takers(guide, loop, slice_from(segment->id), guide->codes[list->first + i].code),
				 1);
}

/* Every node stands once in its parent, in order; loops open with a segment that is required once. */
static void check_tree(const struct guide *guide)
{
	uint8_t seen_segments[512] = {0}, seen_loops[128] = {0};
	uint32_t i, j;

	assert_int_equal(guide->node_count, guide->segment_count + guide->loop_count - 1);
	assert_int_equal(guide->loops[0].parent, GUIDE_NONE);
	assert_string_equal(guide->loops[0].id, "");
	for (i = 0; i < guide->loop_count; i++) {
		const struct guide_loop *loop = &guide->loops[i];
		const struct guide_node *nodes = &guide->nodes[loop->first_node];
		uint16_t ordinal = 0;

		assert_false(nodes[0].is_loop);
		assert_int_equal(guide->segments[nodes[0].index].usage, GUIDE_REQUIRED);
		assert_int_equal(guide->segments[nodes[0].index].repeat, 1);
		for (j = 0; j < loop->node_count; j++) {
			uint16_t index = nodes[j].index;
			uint16_t now = nodes[j].is_loop ? guide->loops[index].ordinal : guide->segments[index].ordinal;

			assert_true(now == ordinal || now == ordinal + 1);
			ordinal = now;
			assert_int_equal(nodes[j].is_loop ? guide->loops[index].parent : guide->segments[index].loop,
					 i);
			assert_int_equal(nodes[j].is_loop ? seen_loops[index]++ : seen_segments[index]++, 0);
			if (nodes[j].is_loop)
				assert_int_equal(guide->loops[index].depth, loop->depth + 1);
		}
	}
}

static void test_every_guide_holds_together(void **state)
{
	uint32_t i, j;

	(void)state;
	assert_int_equal(guide_set_count(set), 5);
	assert_null(guide_set_at(set, 5));
	for (i = 0; i < guide_set_count(set); i++) {
		const struct guide *guide = guide_set_at(set, i);

		assert_true(guide->source.len > 0 && guide->name.len > 0);
		check_codes_sorted(guide);
		check_tree(guide);
		for (j = 0; j < guide->segment_count; j++)
			check_segment(guide, &guide->segments[j]);
		assert_string_equal(guide->segments[0].id, "ST");
		assert_string_equal(guide->segments[guide->segment_count - 1].id, "SE");
	}
}

/* A file of specs/ that is not listed in specs/meson.build would be missing from the program. */
static void test_every_spec_is_embedded(void **state)
{
	static const char *const folders[] = {"guides", "codes"};
	const char *root = getenv("MUSTER_SOURCE_ROOT");
	char path[1024], **names;
	size_t i, j, count;

	(void)state;
	if (root == NULL)
		skip();
	for (i = 0; i < COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s/specs/%s", root, folders[i]);
		assert_int_equal(env_list(&env, path, &names, &count), 0);
		assert_true(count > 0);
		for (j = 0; j < count; j++) {
			snprintf(path, sizeof(path), "%s/%s", folders[i], names[j]);
			if (specs_find(path).data == NULL)
				fail_msg("%s is not embedded", path);
		}
		env_free(&env, names);
	}
}

#define HEAD "guide: X\nname: n\nset: 1\nfunctional_id: F\nsource: s\n"
#define ST "  - ST R 1 header: {01: R, 02: R}\n"

static void test_own_guide(void **state)
{
	static const char text[] =
		HEAD "once: [REF]\ncodes:\n  kind: {B: b, A: a}\ntree:\n" ST "  - loop 100 S >1 part:\n"
		     "      - N1 R 1 name: {01: R @kind, 02: S 3/5 short name, 04: S ~zip}\n"
		     "      - REF S 2 key: {01: [R, {X1: x}], 02: R}\n";
	static const struct element_fact facts[] = {
		{"100/N1", 1, 0, 'R', GUIDE_ID, 2, 3, 98, GUIDE_FORMAT_NONE, "A B"},
		{"100/N1", 2, 0, 'S', GUIDE_AN, 3, 5, 93, GUIDE_FORMAT_NONE, ""},
		{"100/N1", 3, 0, 'N', GUIDE_ID, 1, 2, 66, GUIDE_FORMAT_NONE, ""},
		{"100/N1", 4, 0, 'S', GUIDE_AN, 2, 80, 67, GUIDE_FORMAT_ZIP, ""},
	};
	uint32_t before = guide_set_count(set);

	(void)state;
	assert_int_equal(guide_set_add(set, "x.yaml", SLICE_LITERAL(text), &errors), 0);
	assert_int_equal(guide_set_count(set), before + 1);
	check_elements(guide_of("X"), facts, COUNT(facts));
	assert_true(segment_of(guide_of("X"), "100/REF")->qualifier_once);
	assert_int_equal(loop_of(guide_of("X"), "100")->repeat, GUIDE_UNBOUNDED);
	/* The same id again replaces it; a bad one changes nothing. */
	assert_int_equal(guide_set_add(set, "x.yaml", SLICE_LITERAL(HEAD "tree:\n" ST), &errors), 0);
	assert_int_equal(guide_set_count(set), before + 1);
	assert_int_equal(guide_of("X")->segment_count, 1);
	assert_int_equal(guide_set_add(set, "x.yaml", SLICE_LITERAL(HEAD "tree: []\n"), &errors), GUIDE_E_INVALID);
	assert_int_equal(guide_of("X")->segment_count, 1);
	buffer_clear(&errors);
}

static void test_faults_are_told(void **state)
{
	static const struct {
		const char *text, *begins;
	} faults[] = {
		{"tree: [", "x.yaml:2:1: "},
		{"name: n\nset: 1\nfunctional_id: F\nsource: s\ntree:\n" ST, "x.yaml:1:1: \"guide\" is missing\n"},
		{HEAD, "x.yaml:1:1: \"tree\" is missing\n"},
		{HEAD "treee: []\n", "x.yaml:6:1: unknown key \"treee\"; did you mean \"tree\"?\n"},
		{HEAD "tree:\n  - ST R 1 h\n", "x.yaml:7:5: written as \"- ID USE REPEAT NAME: {...}\"\n"},
		{HEAD "tree:\n  - ST R 1 h: x\n", "x.yaml:7:15: a segment is written as {01: ..., 02: ...}\n"},
		{HEAD "tree:\n  - ST X 1 h: {}\n", "x.yaml:7:5: written as \"ID USE REPEAT NAME\""},
		{HEAD "tree:\n  - ST R 0 h: {}\n", "x.yaml:7:5: written as \"ID USE REPEAT NAME\""},
		{HEAD "tree:\n  - loop ABCDEFG R 1 h: []\n", "x.yaml:7:5: written as \"ID USE REPEAT NAME\""},
		{HEAD "tree:\n  - loop A*B R 1 h: []\n", "x.yaml:7:5: written as \"ID USE REPEAT NAME\""},
		{HEAD "tree:\n  - QQQ R 1 h: {}\n", "x.yaml:7:5: specs/elements.yaml has no segment QQQ\n"},
		{HEAD "tree:\n  - ST R 1 h: {04: R}\n", "x.yaml:7:16: ST has the positions 01 to 03\n"},
		{HEAD "tree:\n  - ST R 1 h: {01: X}\n", "x.yaml:7:20: written as USE [MIN/MAX]"},
		{HEAD "tree:\n  - ST R 1 h: {01: R 3/2}\n", "x.yaml:7:20: written as USE [MIN/MAX]"},
		{HEAD "tree:\n  - ST R 1 h: {01: R ~zap}\n", "x.yaml:7:20: written as USE [MIN/MAX]"},
		{HEAD "tree:\n  - ST R 1 h: {01: R @none}\n", "x.yaml:7:20: no code list is called \"none\"\n"},
		{HEAD "tree:\n  - ST R 1 h: {01: [R, {}]}\n", "x.yaml:7:24: codes are written as {code: meaning}\n"},
		{HEAD "tree:\n  - ST R 1 h: {01: [R, {A: [b]}]}\n", "x.yaml:7:25: a code has a meaning in words\n"},
		{HEAD "tree:\n  - ST R 1 h: {like: none}\n", "x.yaml:7:22: there is no such shape\n"},
		{HEAD "tree:\n" ST "  - INS R 1 i: {06: R}\n",
		 "x.yaml:8:21: a composite is written as [USE NAME, {01: ..."},
		{HEAD "tree:\n" ST "  - loop 1 R 1 l: {}\n", "x.yaml:8:19: a loop is a list of segments and loops\n"},
		{HEAD "tree:\n  - ST S 1 h: {01: R}\n",
		 "x.yaml:7:5: loop \"\" does not open with a segment that is required"},
		{HEAD "tree:\n" ST "  - loop 1 R 1 l:\n      - loop 2 R 1 l: \n          - N1 R 1 n: {}\n",
		 "x.yaml:10:13: loop \"1\" does not open with a segment that is required once\n"},
		{HEAD "tree:\n" ST "  - REF S 1 a: {01: [R, {A: a, B: b}]}\n  - REF S 1 b: {01: [R, {B: b}]}\n",
		 "x.yaml:9:5: cannot be told from an earlier REF of this loop\n"},
		{HEAD "tree:\n" ST "  - REF S 1 a: {01: R}\n  - REF S 1 b: {01: [R, {B: b}]}\n",
		 "x.yaml:9:5: cannot be told from an earlier REF of this loop\n"},
	};
	uint32_t before = guide_set_count(set);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(faults); i++) {
		buffer_clear(&errors);
		assert_int_equal(guide_set_add(set, "x.yaml", slice_from(faults[i].text), &errors), GUIDE_E_INVALID);
		if (!slice_starts_with(buffer_slice(&errors), faults[i].begins))
			fail_msg("%zu: wanted %s, got %s", i, faults[i].begins, errors.data);
	}
	buffer_clear(&errors);
	assert_int_equal(guide_set_count(set), before);
}

/* A rule that cannot be read must not become one that says nothing. */
static void test_faults_of_rules_are_told(void **state)
{
	static const struct {
		const char *rule, *begins; /* the rule stands in line 13 */
	} faults[] = {
		{"x", "x.yaml:13:3: a rule has at, when, text, and either require or forbid\n"},
		{"{at: 1/N1, text: t}", "x.yaml:13:3: a rule has at, when"},
		{"{at: 1/N1, text: t, require: N102, forbid: N103}", "x.yaml:13:3: a rule has at, when"},
		{"{at: 1/N1, text: t, requires: N102, forbid: N103}",
		 "x.yaml:13:26: unknown key \"requires\"; did you mean"},
		{"{at: 1/N1, require: N102}", "x.yaml:13:3: a rule says in \"text\" what it wants and why\n"},
		{"{text: t, require: N102}", "x.yaml:13:3: a rule stands at a loop"},
		{"{at: N1, text: t, require: N102}", "x.yaml:13:7: a rule stands at a loop"},
		{"{at: 1/N102, text: t, require: N102}", "x.yaml:13:7: a rule stands at a loop"},
		{"{at: 1/ZZ, text: t, require: N102}", "x.yaml:13:11: the guide has no such place\n"},
		{"{at: 9/N1, text: t, require: N102}", "x.yaml:13:11: the guide has no such place\n"},
		{"{at: 1/N1, text: t, require: N109}", "x.yaml:13:35: the guide has no such element\n"},
		{"{at: 1/N1, text: t, require: N1}", NULL},
		{"{at: 1/N1, text: t, require: REF*A}", "x.yaml:13:35: at a segment its own elements are required"},
		{"{at: '1', text: t, require: REF*A}", NULL},
		{"{at: '1', text: t, require: REF*Z}", "x.yaml:13:34: the guide has no such place\n"},
		{"{at: '1', text: t, require: REF02}", "x.yaml:13:34: at a segment its own elements are required"},
		{"{at: '1', text: t, require: [[]]}", "x.yaml:13:35: what is required or forbidden is a place"},
		{"{at: 1/N1, text: t, severity: fatal, require: N102}", "x.yaml:13:36: a severity is error"},
		{"{at: 1/N1, text: t, require: N102, when: {1N: A}}",
		 "x.yaml:13:52: a segment or loop is present or absent\n"},
		{"{at: 1/N1, text: t, require: N102, when: {N101-x: A}}", "x.yaml:13:48: a condition is about a place"},
		{"{at: 1/N1, text: t, require: N102, when: {N103: []}}", "x.yaml:13:54: written as a code, a list"},
		{"{at: 1/N1, text: t, require: N102, when: {N103: {no: A}}}",
		 "x.yaml:13:54: written as {not: codes}\n"},
		{"{at: 1/N1, text: t, require: N102, when: {1N: absent}}",
		 "x.yaml:13:52: the guide has no such place\n"},
		{"{at: 1/N1, text: t, require: N102, when: {REF: A}}",
		 "x.yaml:13:53: a segment or loop is present or absent\n"},
		{"{at: '*/N1', text: t, require: N102, when: {REF: absent}}",
		 "x.yaml:13:50: a rule at */ asks about its own"},
	};
	char text[600];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(faults); i++) {
		buffer_clear(&errors);
		(void)snprintf(text, sizeof(text),
			       HEAD "tree:\n" ST
				    "  - loop 1 R 1 part:\n      - N1 R 1 name: {01: R, 02: S, 03: S, 04: S}\n"
				    "      - REF S 1 key: {01: [R, {A: a}], 02: R}\n#\nrules:\n  r: %s\n",
			       faults[i].rule);
		if (faults[i].begins == NULL) {
			assert_int_equal(guide_set_add(set, "x.yaml", slice_from(text), &errors), 0);
			continue;
		}
		assert_int_equal(guide_set_add(set, "x.yaml", slice_from(text), &errors), GUIDE_E_INVALID);
		if (!slice_starts_with(buffer_slice(&errors), faults[i].begins))
			fail_msg("%zu: wanted %s, got %s", i, faults[i].begins, errors.data);
	}
	buffer_clear(&errors);
}

/* A place that is read as another one puts a rule, or a partner's exception, on the wrong element. */
static void test_paths(void **state)
{
	static const struct {
		const char *text, *loop, *segment, *qualifier;
		uint8_t pos, component_pos;
	} paths[] = {
		{"2000", "2000", "", "", 0, 0},
		{"2750", "2750", "", "", 0, 0},
		{"2100B", "2100B", "", "", 0, 0},
		{"LS", "LS", "", "", 0, 0},
		{"LS/LS", "LS", "LS", "", 0, 0},
		{"/", "", "", "", 0, 0},
		{"/BGN", "", "BGN", "", 0, 0},
		{"/BGN08", "", "BGN", "", 8, 0},
		{"INS", NULL, "INS", "", 0, 0},
		{"N402", NULL, "N4", "", 2, 0},
		{"N1", NULL, "N1", "", 0, 0},
		{"INS06-1", NULL, "INS", "", 6, 1},
		{"*/N4", "*", "N4", "", 0, 0},
		{"2300/DTP*348", "2300", "DTP", "348", 0, 0},
		{"DTP03*348", NULL, "DTP", "348", 3, 0},
		{"2000/INS03", "2000", "INS", "", 3, 0},
	};
	static const char *const bad[] = {"",      "I",      "INS3", "INS00", "INS03-",    "INS03-0", "INS-1",
					  "ins03", "INSX03", "DTP*", "2000/", "2000/2000", "*/",      "INS03-12"};
	const struct guide *guide = guide_of("005010X220A1");
	struct guide_path path;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		if (!guide_path_parse(guide, slice_from(paths[i].text), &path))
			fail_msg("not read: %s", paths[i].text);
		assert_int_equal(path.in_loop, paths[i].loop != NULL);
		if (paths[i].loop != NULL)
			assert_true(slice_is(path.loop, paths[i].loop));
		assert_true(slice_is(path.segment, paths[i].segment));
		assert_true(slice_is(path.qualifier, paths[i].qualifier));
		assert_int_equal(path.pos, paths[i].pos);
		assert_int_equal(path.component_pos, paths[i].component_pos);
	}
	for (i = 0; i < COUNT(bad); i++)
		if (guide_path_parse(guide, slice_from(bad[i]), &path))
			fail_msg("read: %s", bad[i]);
}

/* All faults of one text at once, so that its writer mends them in one go. */
static void test_faults_are_told_together(void **state)
{
	(void)state;
	assert_int_equal(guide_set_add(set, "x.yaml",
				       SLICE_LITERAL(HEAD "tree:\n  - ST R 1 h: {01: X, 09: R}\n  - QQQ R 1 h: {}\n"),
				       &errors),
			 GUIDE_E_INVALID);
	assert_non_null(strstr(errors.data, "x.yaml:7:20: "));
	assert_non_null(strstr(errors.data, "x.yaml:7:23: "));
	assert_non_null(strstr(errors.data, "x.yaml:8:5: "));
	buffer_clear(&errors);
}

static void test_loops_nest_only_so_deep(void **state)
{
	struct buffer text;
	uint32_t depth;

	(void)state;
	for (depth = LIMIT_LOOP_DEPTH; depth <= LIMIT_LOOP_DEPTH + 1; depth++) {
		uint32_t i;

		buffer_init(&text, &env);
		buffer_add_text(&text, HEAD "tree:\n" ST);
		for (i = 1; i <= depth; i++)
			buffer_printf(&text, "%*s- loop %u S 1 l:\n%*s- N%u R 1 n: {01: R}\n", (int)(i * 2), "", i,
				      (int)(i * 2 + 2), "", i % 2 == 0 ? 2u : 3u);
		assert_int_equal(guide_set_add(set, "x.yaml", buffer_slice(&text), &errors),
				 depth == LIMIT_LOOP_DEPTH ? 0 : GUIDE_E_INVALID);
		buffer_fini(&text);
	}
	assert_non_null(strstr(errors.data, "nested too deeply"));
	buffer_clear(&errors);
}

/* Guides with more of something than a walker has room for: refused, with the place and a sentence. */
static void add_places(struct buffer *text, uint32_t count, const char *usage)
{
	for (uint32_t i = 0; i < count; i++)
		buffer_printf(text, "  - REF %s 1 n: {01: [R, {X%u: a code}], 02: R}\n", usage, i);
}

static void test_limits(void **state)
{
	static const struct {
		uint32_t required, optional, codes;
		const char *want; /* NULL: taken */
	} rows[] = {
		{62, 0, 0, NULL}, /* and ST, SE */
		{63, 0, 0, "x.yaml:7:5: loop \"\" has 65 required places; at most 64 can be"},
		{0, 240, 0, NULL}, /* 240 squared are links enough */
		{0, 254, 0, "x.yaml:7:5: loop \"\" has 256 places; a loop has at most 255"},
		{2, 0, 29000, NULL},
		{2, 0, 31000, "x.yaml:7:5: too many codes tell the segments of this guide apart"},
	};
	struct buffer text;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r;

		buffer_init(&text, &env);
		buffer_add_text(&text, HEAD "tree:\n" ST);
		add_places(&text, rows[i].required, "R");
		add_places(&text, rows[i].optional, "S");
		if (rows[i].codes > 0)
			buffer_add_text(&text, "  - N1 S 1 n: {01: [R, {A: a}], 02: R}\n  - N1 S 1 n: {01: [R, {");
		for (uint32_t k = 0; k < rows[i].codes; k++)
			buffer_printf(&text, "%sB%u: b", k > 0 ? ", " : "", k);
		if (rows[i].codes > 0)
			buffer_add_text(&text, "}], 02: R}\n");
		buffer_add_text(&text, "  - SE R 1 t: {01: R, 02: R}\n");
		buffer_clear(&errors);
		r = guide_set_add(set, "x.yaml", buffer_slice(&text), &errors);
		if (r != (rows[i].want == NULL ? 0 : GUIDE_E_INVALID) ||
		    (r != 0 && strstr(errors.data, rows[i].want) == NULL))
			fail_msg("%zu: %d %.300s", i, r, errors.len > 0 ? errors.data : "");
		buffer_fini(&text);
	}
	buffer_clear(&errors);
}

static void assert_printed(const char *guide, const char *path, const char *want)
{
	struct buffer out;

	buffer_init(&out, &env);
	assert_int_equal(guide_print(guide_set_named(set, slice_from(guide)), slice_from(path), &out), 0);
	assert_string_equal(out.data, want);
	buffer_fini(&out);
}

static void test_guides_are_shown(void **state)
{
	struct buffer out;

	(void)state;
	assert_printed("834", "2000/REF*1L",
		       "2000/REF  group or policy number\n"
		       "  situational, once\n"
		       "  REF01      R  ID 2/3      128  reference qualifier\n"
		       "             1L   group or policy number\n"
		       "  REF02      R  AN 1/50     127  group or policy number\n"
		       "  REF03      -  AN 1/80     352  description (not used)\n"
		       "  REF04      -  composite        C040 (not used)\n"
		       "  R0203  at least one\n");
	assert_printed("834", "2000/REF02*1L",
		       "2000/REF  group or policy number\n"
		       "  situational, once\n"
		       "  REF02      R  AN 1/50     127  group or policy number\n");
	assert_printed("834", "2100a/n301",
		       "2100A/N3  residence street\n"
		       "  situational, once\n"
		       "  N301       R  AN 1/55     166  address line\n");
	assert_printed("005010x218", "2312a",
		       "loop 2312A                       S    4  charge\n"
		       "  SAC                            R    1  charge\n");
	assert_printed("999", "2110",
		       "loop 2110                        S   >1  element in error\n"
		       "  IK4                            R    1  element in error\n"
		       "  CTX*SITUATIONAL TRIGGER        S   10  element context\n");
	buffer_init(&out, &env);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_EMPTY, &out), 0);
	assert_non_null(strstr(out.data, "\n  REF*17|23|3H|4A|..             S   13  supplemental ids\n"));
	buffer_clear(&out);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2300/HD"), &out), 0);
	assert_non_null(strstr(out.data, "             LIF  life (in the standard, not in this guide)\n"));
	buffer_clear(&out);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2100A/N4"), &out), 0);
	assert_non_null(strstr(out.data, "             external list states, 77 codes\n"));
	buffer_clear(&out);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2300/QQQ"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("9999"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2300/HD99"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2300/HDXY"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("2300/ABCD01"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(guide_print(guide_of("005010X220A1"), SLICE_LITERAL("/"), &out), GUIDE_E_NOT_FOUND);
	assert_int_equal(out.len, 0);
	guide_print_list(set, &out);
	assert_non_null(strstr(out.data, "834  005010X220A1  Benefit Enrollment and Maintenance\n"));
	buffer_fini(&out);
	assert_null(guide_set_named(set, SLICE_LITERAL("835")));
}

static long allocations_left;

static int gate(struct env *world, enum env_op op, const char *what)
{
	(void)world;
	(void)what;
	return op == ENV_ALLOC && allocations_left-- <= 0 ? -ENOMEM : 0;
}

/* Every allocation of the start fails in turn: -ENOMEM, never a guide with something missing. */
static void test_no_memory(void **state)
{
	struct env poor = env;
	struct buffer said;
	struct guide_set *made;
	long failing;
	int error = -ENOMEM;

	(void)state;
	poor.gate = gate;
	for (failing = 0; error == -ENOMEM; failing++) {
		made = NULL;
		buffer_init(&said, &poor);
		allocations_left = failing;
		error = guide_set_new(&poor, &said, &made);
		assert_true(error == 0 ? made != NULL : made == NULL);
		allocations_left = 1;
		buffer_fini(&said);
		guide_set_free(made);
		assert_true(failing < 5000);
	}
	assert_int_equal(error, 0);
	assert_true(failing > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_834_loops),
		cmocka_unit_test(test_834_segments),
		cmocka_unit_test(test_834_elements),
		cmocka_unit_test(test_820_loops),
		cmocka_unit_test(test_820_segments_and_elements),
		cmocka_unit_test(test_acknowledgments),
		cmocka_unit_test(test_relational_notes),
		cmocka_unit_test(test_codes_are_found),
		cmocka_unit_test(test_segments_match_by_qualifier),
		cmocka_unit_test(test_every_guide_holds_together),
		cmocka_unit_test(test_every_spec_is_embedded),
		cmocka_unit_test(test_own_guide),
		cmocka_unit_test(test_faults_are_told),
		cmocka_unit_test(test_faults_of_rules_are_told),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_faults_are_told_together),
		cmocka_unit_test(test_loops_nest_only_so_deep),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_guides_are_shown),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
