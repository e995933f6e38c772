/* Files that are right though unusual: nothing may be said against them but what is named here, and that as a warning. */
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
	static const char *const loops[] = {"2100B/NM1", "2100C/NM1", "2100D/NM1", "2100E/NM1", "2100F/NM1", "2100G/NM1", "2100H/NM1"};
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
	static const unsigned char codes[] = {0x40, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x60,
	                                      0x61, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0xa1};
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
	{"ordinary", {MOST}, NULL, NULL, 0, {0}},
	{"only what is required", {.target = DRAFT_LEAST}, NULL, NULL, 0, {0}},
	{"half of what is optional", {.target = DRAFT_SOME, .others = DRAFT_SOME}, NULL, NULL, 0, {0}},
	{"everything once", {.target = DRAFT_MOST, .others = DRAFT_MOST}, NULL, NULL, 0, {0}},
	{"everything as often as may be", {.target = DRAFT_BRIM, .others = DRAFT_LEAST}, NULL, NULL, 0, {0}},
	{"one record", {MOST, .records = 1}, NULL, NULL, 0, {0}},
	{"a hundred records", {.target = DRAFT_SOME, .records = 100}, NULL, NULL, 0, {0}},
	{"values as short as may be", {MOST, .length = DRAFT_SHORTEST}, NULL, NULL, 0, {0}},
	{"values as long as may be", {MOST, .length = DRAFT_LONGEST}, NULL, NULL, 0, {0}},
	{"letters of the extended set", {MOST, .lower_case = true}, NULL, NULL, 0, {0}},
	{"bars and brackets", {MOST, .separators = "|^>~"}, NULL, NULL, 0, {0}},
	{"as in EDIFACT", {MOST, .separators = "+!:'"}, NULL, NULL, 0, {0}},
	{"braces", {MOST, .separators = "#{};"}, NULL, NULL, 0, {0}},
	{"control characters", {MOST, .separators = "\x1d\x1f\x1c\x1e"}, NULL, NULL, 0, {0}},
	{"backslash and tab", {MOST, .separators = "\t\\@`"}, NULL, NULL, 0, {0}},
	{"a line feed ends segments", {MOST, .separators = "*^:\n"}, NULL, NULL, 0, {0}},
	{"a carriage return ends segments", {MOST, .separators = "*^:\r"}, NULL, NULL, 0, {0}},
	{"a carriage return ends segments, a line feed lines", {MOST, .separators = "*^:\r", .line_end = "\n"}, NULL, NULL, 0, {0}},
	{"lines", {MOST, .line_end = "\n"}, NULL, NULL, 0, {0}},
	{"lines of DOS", {MOST, .line_end = "\r\n"}, NULL, NULL, 0, {0}},
	{"lines and empty lines", {MOST, .line_end = "\n\n"}, NULL, NULL, 0, {0}},
	{"five sets", {.target = DRAFT_SOME, .others = DRAFT_SOME, .tsets = 5}, NULL, NULL, 0, {0}},
	{"three groups", {.target = DRAFT_SOME, .others = DRAFT_SOME, .fgroups = 3}, NULL, NULL, 0, {0}},
	{"three groups of three sets", {.target = DRAFT_SOME, .fgroups = 3, .tsets = 3}, NULL, NULL, 0, {0}},
	{"three interchanges of other separators each", {.target = DRAFT_SOME, .others = DRAFT_SOME}, NULL, NULL, 3, {0}},
	{"two interchanges, wrapped", {MOST}, NULL, wrapped, 2, {0}},
	{"TA1 wanted", {MOST}, want_ta1, NULL, 0, {0}},
	{"for production", {MOST}, production, NULL, 0, {0}},
	{"authorization and password", {MOST}, secrets, NULL, 0, {0}},
	{"parties of other kinds", {MOST}, other_parties, NULL, 0, {0}},
	{"with a TA1", {MOST}, carries_ta1, NULL, 0, {0}},
	{"times to the hundredth", {MOST}, exact_times, NULL, 0, {0}},
	{"zeros before numbers", {MOST}, zeros_in_numbers, NULL, 0, {0}},
	{"letters in ST02", {MOST}, letters_in_st02, NULL, 0, {0}},
	{"keys in any order", {.target = DRAFT_BRIM, .others = DRAFT_SOME}, any_order_of_keys, NULL, 0, {0}},
	{"names in any order", {MOST}, any_order_of_loops, NULL, 0, {FINDING_SEGMENT_ORDER_HABIT, FINDING_CODE_COUNT}},
	{"payer first", {MOST}, payer_first, NULL, 0, {FINDING_SEGMENT_ORDER_HABIT, FINDING_CODE_COUNT}},
	{"ISA11 U", {.target = DRAFT_LEAST}, repetition_u, NULL, 0, {FINDING_INTERCHANGE_REPETITION_U, FINDING_CODE_COUNT}},
	{"99 coverages", {MOST}, many_coverages, NULL, 0, {0}},
	{"a byte-order mark", {MOST}, NULL, with_mark, 0, {FINDING_INTERCHANGE_BYTE_ORDER_MARK, FINDING_CODE_COUNT}},
	{"wrapped at 80", {MOST}, NULL, wrapped, 0, {0}},
	{"wrapped at 80, of DOS", {MOST}, NULL, wrapped_crlf, 0, {0}},
	{"padding behind", {MOST}, NULL, padded_behind, 0, {0}},
	{"EBCDIC, IBM-037", {MOST}, NULL, ebcdic_037, 0, {0}},
	{"EBCDIC, IBM-1047", {MOST}, NULL, ebcdic_1047, 0, {0}},
	{"gzip", {MOST}, NULL, gzipped, 0, {0}},
	{"gzip of two members", {MOST}, NULL, gzipped_in_two, 0, {0}},
	{"gzip of wrapped lines", {MOST}, NULL, gzipped_wrapped, 0, {0}},
	{"gzip of EBCDIC", {MOST}, NULL, gzipped_ebcdic, 0, {0}},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void run_shape(struct matrix *matrix, const struct shape *shape, uint64_t seed, const enum finding_code *warnings)
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
			run_shape(matrix, &shapes[i], seed * 100 + i, shapes[i].warnings[0] != 0 ? shapes[i].warnings : NULL);
	}
	if (slice_is(matrix->guide->set_id, "820")) {
		static const struct shape alone = {"an organization alone", {.target = DRAFT_MOST, .no_records = true}, NULL, NULL, 0, {0}};
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
