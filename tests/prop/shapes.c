/* Files that are right though unusual: nothing may be said against them but what is named here, as a warning. */
#include <stdio.h>
#include <string.h>

#include "matrix.h"

#define SEEDS 3u
#define MOST .target = DRAFT_MOST, .others = DRAFT_SOME

struct shape {
	const char *what;
	struct draft_shape draft;
	/* Changes to the draft, and to its bytes, that leave it right. NULL = none. */
	void (*change)(struct draft *draft);
	void (*encode)(struct buffer *from, struct buffer *to);
	uint32_t interchanges; /* 0 = 1 */
	enum finding_code warnings[3];
};

/* ---- changes ---- */

static uint32_t line_of(const struct draft *draft, const char *address)
{
	uint32_t at = draft_find(draft, address);
	assert_true(at != DRAFT_NOWHERE);
	return at;
}

static void want_ta1(struct draft *draft)
{
	draft_set(draft, 0, 14, "1");
}

static void production(struct draft *draft)
{
	draft_set(draft, 0, 15, "P");
}

static void secrets(struct draft *draft)
{
	draft_set(draft, 0, 1, "03");
	draft_set(draft, 0, 2, "FOR YOU   ");
	draft_set(draft, 0, 3, "01");
	draft_set(draft, 0, 4, "PASSWORD  ");
}

static void other_parties(struct draft *draft)
{
	static const char *const qualifiers[] = {"01", "14", "20", "27", "28", "29", "30", "33"};
	draft_set(draft, 0, 5, qualifiers[draft_random(draft, 8)]);
	draft_set(draft, 0, 7, qualifiers[draft_random(draft, 8)]);
}

static void carries_ta1(struct draft *draft)
{
	draft_insert(draft, 1, 1, "TA1*000000007*260104*1200*A*000");
}

static void exact_times(struct draft *draft)
{
	static const char *const times[] = {"093059", "0930591", "09305999"};
	draft_set(draft, line_of(draft, "GS"), 5, times[draft_random(draft, 3)]);
}

static void zeros_in_numbers(struct draft *draft)
{
	draft_set(draft, line_of(draft, "GS"), 6, "000000042");
	draft_set(draft, line_of(draft, "GE"), 2, "42");
	draft_set(draft, line_of(draft, "GE"), 1, "000001");
}

static void letters_in_st02(struct draft *draft)
{
	draft_set(draft, line_of(draft, "ST"), 2, "A1B2C3D4E");
	draft_set(draft, line_of(draft, "SE"), 2, "A1B2C3D4E");
}

/* Swap pairs of neighbouring REF and DTP, which stand in any order in their loop. */
static void any_order_of_keys(struct draft *draft)
{
	for (uint32_t at = 1; at < draft->count; at++) {
		const struct draft_line *one = &draft->lines[at - 1], *other = &draft->lines[at];
		if (one->segment == GUIDE_NONE || other->segment == GUIDE_NONE || draft_random(draft, 2) == 0)
			continue;
		if (draft->guide->segments[one->segment].loop == draft->guide->segments[other->segment].loop &&
		    strcmp(one->id, other->id) == 0 && one->depth == other->depth && strcmp(one->id, "REF") == 0)
			draft_move(draft, at, at + 1, at - 1);
	}
}

/* The loops 2100A to 2100H of a member, or 1000A to 1000C, the last one first. */
static void any_order_of_loops(struct draft *draft)
{
	static const char *const loops[] = {"2100B/NM1", "2100C/NM1", "2100D/NM1", "2100E/NM1",
					    "2100F/NM1", "2100G/NM1", "2100H/NM1"};
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		uint32_t at = draft_find(draft, loops[i]), first = draft_find(draft, "2100A/NM1");
		if (at != DRAFT_NOWHERE && first != DRAFT_NOWHERE && at > first && draft_random(draft, 4) > 0)
			draft_move(draft, at, draft_loop_end(draft, at), first);
	}
}

static void payer_first(struct draft *draft)
{
	uint32_t at = line_of(draft, "1000B/N1");
	draft_move(draft, at, draft_loop_end(draft, at), line_of(draft, "1000A/N1"));
}

static void repetition_u(struct draft *draft)
{
	draft_set(draft, 0, 11, "U");
}

static void many_coverages(struct draft *draft)
{
	uint32_t at = draft_find(draft, "2300/HD"), end;
	if (at == DRAFT_NOWHERE)
		return;
	end = draft_loop_end(draft, at);
	for (uint32_t i = 1; i < 99 && draft->count + end - at < DRAFT_LINES; i++)
		draft_copy(draft, at, end, end);
}

/* ---- encodings ---- */

static void with_mark(struct buffer *from, struct buffer *to)
{
	buffer_add_text(to, "\xef\xbb\xbf");
	buffer_add_slice(to, buffer_slice(from));
}

static void wrap(struct buffer *from, struct buffer *to, const char *line_end)
{
	for (size_t i = 0; i < from->len; i += 80) {
		buffer_add(to, from->data + i, from->len - i < 80 ? from->len - i : 80);
		buffer_add_text(to, line_end);
	}
}

static void wrapped(struct buffer *from, struct buffer *to)
{
	wrap(from, to, "\n");
}

static void wrapped_crlf(struct buffer *from, struct buffer *to)
{
	wrap(from, to, "\r\n");
}

static void padded_behind(struct buffer *from, struct buffer *to)
{
	buffer_add_slice(to, buffer_slice(from));
	buffer_add(to, "\r\n\r\n  \x1a\0\0\0", 10);
}

/* IBM-037 and IBM-1047 differ in few characters; of those that we use only in the circumflex. */
static unsigned char ebcdic_of(char c, bool is_037)
{
	static const char marks[] = " .<(+|&!$*);-/,%_>?:#@'=\"~";
	static const unsigned char codes[] = {0x40, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x5a, 0x5b,
					      0x5c, 0x5d, 0x5e, 0x60, 0x61, 0x6b, 0x6c, 0x6d, 0x6e,
					      0x6f, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0xa1};
	const char *mark = strchr(marks, c);
	if (c >= 'A' && c <= 'I')
		return (unsigned char)(0xc1 + (c - 'A'));
	if (c >= 'J' && c <= 'R')
		return (unsigned char)(0xd1 + (c - 'J'));
	if (c >= 'S' && c <= 'Z')
		return (unsigned char)(0xe2 + (c - 'S'));
	if (c >= '0' && c <= '9')
		return (unsigned char)(0xf0 + (c - '0'));
	if (c == '^')
		return is_037 ? 0xb0 : 0x5f;
	assert_true(mark != NULL && c != '\0');
	return codes[mark - marks];
}

static void ebcdic(struct buffer *from, struct buffer *to, bool is_037)
{
	for (size_t i = 0; i < from->len; i++)
		buffer_add_char(to, (char)ebcdic_of(from->data[i], is_037));
}

static void ebcdic_037(struct buffer *from, struct buffer *to)
{
	ebcdic(from, to, true);
}

static void ebcdic_1047(struct buffer *from, struct buffer *to)
{
	ebcdic(from, to, false);
}

static void gzipped(struct buffer *from, struct buffer *to)
{
	matrix_gzip(to, from->data, from->len);
}

static void gzipped_in_two(struct buffer *from, struct buffer *to)
{
	matrix_gzip(to, from->data, from->len / 2);
	matrix_gzip(to, from->data + from->len / 2, from->len - from->len / 2);
}

static void encode_twice(struct buffer *from, struct buffer *to, void (*first)(struct buffer *, struct buffer *),
			 void (*second)(struct buffer *, struct buffer *))
{
	struct buffer between;
	buffer_init(&between, from->env);
	first(from, &between);
	second(&between, to);
	buffer_fini(&between);
}

static void gzipped_wrapped(struct buffer *from, struct buffer *to)
{
	encode_twice(from, to, wrapped, gzipped);
}

static void gzipped_ebcdic(struct buffer *from, struct buffer *to)
{
	encode_twice(from, to, ebcdic_037, gzipped);
}

/* ---- shapes ---- */

static const struct shape shapes[] = {
	{.what = "ordinary", .draft = {MOST}},
	{.what = "only what is required", .draft = {.target = DRAFT_LEAST}},
	{.what = "half of what is optional", .draft = {.target = DRAFT_SOME, .others = DRAFT_SOME}},
	{.what = "everything once", .draft = {.target = DRAFT_MOST, .others = DRAFT_MOST}},
	{.what = "everything as often as may be", .draft = {.target = DRAFT_BRIM, .others = DRAFT_LEAST}},
	{.what = "one record", .draft = {MOST, .records = 1}},
	{.what = "a hundred records", .draft = {.target = DRAFT_SOME, .records = 100}},
	{.what = "values as short as may be", .draft = {MOST, .length = DRAFT_SHORTEST}},
	{.what = "values as long as may be", .draft = {MOST, .length = DRAFT_LONGEST}},
	{.what = "letters of the extended set", .draft = {MOST, .lower_case = true}},
	{.what = "bars and brackets", .draft = {MOST, .separators = "|^>~"}},
	{.what = "as in EDIFACT", .draft = {MOST, .separators = "+!:'"}},
	{.what = "braces", .draft = {MOST, .separators = "#{};"}},
	{.what = "control characters", .draft = {MOST, .separators = "\x1d\x1f\x1c\x1e"}},
	{.what = "backslash and tab", .draft = {MOST, .separators = "\t\\@`"}},
	{.what = "a line feed ends segments", .draft = {MOST, .separators = "*^:\n"}},
	{.what = "a carriage return ends segments", .draft = {MOST, .separators = "*^:\r"}},
	{.what = "a carriage return ends segments, a line feed lines",
	 .draft = {MOST, .separators = "*^:\r", .line_end = "\n"}},
	{.what = "lines", .draft = {MOST, .line_end = "\n"}},
	{.what = "lines of DOS", .draft = {MOST, .line_end = "\r\n"}},
	{.what = "lines and empty lines", .draft = {MOST, .line_end = "\n\n"}},
	{.what = "five sets", .draft = {.target = DRAFT_SOME, .others = DRAFT_SOME, .tsets = 5}},
	{.what = "three groups", .draft = {.target = DRAFT_SOME, .others = DRAFT_SOME, .fgroups = 3}},
	{.what = "three groups of three sets", .draft = {.target = DRAFT_SOME, .fgroups = 3, .tsets = 3}},
	{.what = "three interchanges of other separators each",
	 .draft = {.target = DRAFT_SOME, .others = DRAFT_SOME},
	 .interchanges = 3},
	{.what = "two interchanges, wrapped", .draft = {MOST}, .encode = wrapped, .interchanges = 2},
	{.what = "TA1 wanted", .draft = {MOST}, .change = want_ta1},
	{.what = "for production", .draft = {MOST}, .change = production},
	{.what = "authorization and password", .draft = {MOST}, .change = secrets},
	{.what = "parties of other kinds", .draft = {MOST}, .change = other_parties},
	{.what = "with a TA1", .draft = {MOST}, .change = carries_ta1},
	{.what = "times to the hundredth", .draft = {MOST}, .change = exact_times},
	{.what = "zeros before numbers", .draft = {MOST}, .change = zeros_in_numbers},
	{.what = "letters in ST02", .draft = {MOST}, .change = letters_in_st02},
	{.what = "keys in any order",
	 .draft = {.target = DRAFT_BRIM, .others = DRAFT_SOME},
	 .change = any_order_of_keys},
	{.what = "names in any order",
	 .draft = {MOST},
	 .change = any_order_of_loops,
	 .warnings = {FINDING_SEGMENT_ORDER_HABIT, FINDING_CODE_COUNT}},
	{.what = "payer first",
	 .draft = {MOST},
	 .change = payer_first,
	 .warnings = {FINDING_SEGMENT_ORDER_HABIT, FINDING_CODE_COUNT}},
	{.what = "ISA11 U",
	 .draft = {.target = DRAFT_LEAST},
	 .change = repetition_u,
	 .warnings = {FINDING_INTERCHANGE_REPETITION_U, FINDING_CODE_COUNT}},
	{.what = "99 coverages", .draft = {MOST}, .change = many_coverages},
	{.what = "a byte-order mark",
	 .draft = {MOST},
	 .encode = with_mark,
	 .warnings = {FINDING_INTERCHANGE_BYTE_ORDER_MARK, FINDING_CODE_COUNT}},
	{.what = "wrapped at 80", .draft = {MOST}, .encode = wrapped},
	{.what = "wrapped at 80, of DOS", .draft = {MOST}, .encode = wrapped_crlf},
	{.what = "padding behind", .draft = {MOST}, .encode = padded_behind},
	{.what = "EBCDIC, IBM-037", .draft = {MOST}, .encode = ebcdic_037},
	{.what = "EBCDIC, IBM-1047", .draft = {MOST}, .encode = ebcdic_1047},
	{.what = "gzip", .draft = {MOST}, .encode = gzipped},
	{.what = "gzip of two members", .draft = {MOST}, .encode = gzipped_in_two},
	{.what = "gzip of wrapped lines", .draft = {MOST}, .encode = gzipped_wrapped},
	{.what = "gzip of EBCDIC", .draft = {MOST}, .encode = gzipped_ebcdic},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void run_shape(struct matrix *matrix, const struct shape *shape, uint64_t seed,
		      const enum finding_code *warnings)
{
	static const char *const separators[] = {"*^:~", "|!>\n", "+{}'"};
	uint32_t interchanges = shape->interchanges == 0 ? 1 : shape->interchanges, tsets, accepted;
	struct draft_shape draft = shape->draft;
	struct buffer encoded;

	buffer_init(&encoded, &matrix->env);
	buffer_clear(&matrix->bytes);
	for (uint32_t i = 0; i < interchanges; i++) {
		if (interchanges > 2)
			draft.separators = separators[i % 3];
		draft_begin(&matrix->draft, matrix->guide, seed * 10 + i, &draft);
		if (shape->change != NULL)
			shape->change(&matrix->draft);
		draft_write(&matrix->draft, &matrix->bytes);
	}
	if (shape->encode != NULL)
		shape->encode(&matrix->bytes, &encoded);
	else
		buffer_add_slice(&encoded, buffer_slice(&matrix->bytes));
	assert_int_equal(encoded.error, 0);
	tsets = interchanges * (draft.fgroups == 0 ? 1 : draft.fgroups) * (draft.tsets == 0 ? 1 : draft.tsets);
	accepted = matrix_sound(matrix, shape->what, seed, buffer_slice(&encoded), warnings);
	if (accepted != tsets)
		fail_msg("%s: %u sets of %u accepted", shape->what, accepted, tsets);
	buffer_fini(&encoded);
}

static void run_shapes(struct matrix *matrix, const char *guide_id, const char *what)
{
	matrix_begin(matrix, guide_id);
	for (size_t i = 0; i < SHAPES; i++) {
		matrix->cases++;
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			run_shape(matrix, &shapes[i], seed * 100 + i,
				  shapes[i].warnings[0] != 0 ? shapes[i].warnings : NULL);
	}
	if (slice_is(matrix->guide->set_id, "820")) {
		static const struct shape alone = {.what = "an organization alone",
						   .draft = {.target = DRAFT_MOST, .no_records = true}};
		matrix->cases++;
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			run_shape(matrix, &alone, seed, NULL);
	}
	matrix_end_sound(matrix, what, 40);
}

void test_shapes(void **state)
{
	run_shapes(*state, "005010X220A1", "legal shapes of the 834");
	run_shapes(*state, "005010X218", "legal shapes of the 820");
}
