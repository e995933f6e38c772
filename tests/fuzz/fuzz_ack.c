/*
 * fuzz_ack: any file, answered in every way.
 *
 * A first line of a few letters says how: m keep sound members, t TA1 only when asked, n control numbers about to wrap,
 * c complete sets of a file cut off are taken; 4, 0 or 7 put an 834, 820 or 834 of version 004010 around the rest, so
 * that the fuzzer gets to what answers quote.
 *
 * Claims: TA1, 999, 997 and 824 are sound by our own reader and guides, without a warning; none holds nine digits that
 * may be an SSN where it quotes the sender; nothing answers an answer; all memory is given back.
 */
#include "fuzz.h"
#include "muster/ack.h"
#include "muster/file_advice.h"
#include "muster/specs.h"

struct way {
	bool keep_members, ta1_when_asked, wraps_soon, complete_sets;
	char wrap; /* 0: none */
};

static struct guide_set *guides(void)
{
	static const char id[] = "guide: 005010X220A1";
	static struct guide_set *set;
	struct slice specs = specs_find("guides/834-005010X220A1.yaml");
	const char *at = strstr(specs.data, id);
	struct buffer errors, older;

	if (set != NULL)
		return set;
	FUZZ_CLAIM(at != NULL);
	buffer_init(&errors, fuzz_env());
	buffer_init(&older, fuzz_env());
	/* One of 004010, as a site may bring it: its groups are answered with a 997. */
	buffer_add(&older, specs.data, (size_t)(at - specs.data));
	buffer_add_text(&older, "guide: 004010X095A1");
	buffer_add_text(&older, at + strlen(id));
	FUZZ_CLAIM(guide_set_new(fuzz_env(), &errors, &set) == 0);
	FUZZ_CLAIM(guide_set_add(set, "older", buffer_slice(&older), &errors) == 0);
	buffer_fini(&errors);
	buffer_fini(&older);
	return set;
}

static void walk(struct slice bytes, const struct check_options *options, const struct check_handler *handler)
{
	struct io_source *source;

	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), bytes, 0, &source) == 0);
	FUZZ_CLAIM(check_source(fuzz_env(), guides(), source, options, handler) == 0);
	io_source_close(source);
}

/* ---- answers ---- */

static int on_finding_of_ours(void *context, const struct finding *finding)
{
	(void)context;
	fprintf(stderr, "our own answer: %s at %u.%u\n", finding_row(finding->code)->code, finding->where.segment_pos,
		finding->where.element_pos);
	FUZZ_CLAIM(!"an answer of ours is sound");
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A capital letter and nine digits are a member number, not an SSN. */
static bool may_be_ssn(struct slice text, size_t at)
{
	bool number = at > 0 && text.data[at - 1] >= 'A' && text.data[at - 1] <= 'Z' &&
		      (at == 1 || !is_word(text.data[at - 2])) && (at + 9 == text.len || !is_word(text.data[at + 9]));

	return !number && (at == 0 || !is_digit(text.data[at - 1])) &&
	       (at + 9 == text.len || !is_digit(text.data[at + 9]));
}

static int on_segment_of_ours(void *context, const struct guide *guide, const struct guide_segment *node,
			      const struct x12_segment *segment)
{
	static const char *const quoting[] = {"IK4", "AK4", "CTX", "REF", "NM1", "TED", "RED"};
	size_t run = 0;
	bool quotes = false;

	(void)context;
	(void)guide;
	(void)node;
	for (size_t i = 0; i < sizeof(quoting) / sizeof(quoting[0]); i++)
		quotes |= slice_is(segment->id, quoting[i]);
	for (size_t i = 0; quotes && i < segment->raw.len; i++) {
		run = is_digit(segment->raw.data[i]) ? run + 1 : 0;
		if (run == 9 && may_be_ssn(segment->raw, i - 8)) {
			fprintf(stderr, "%.*s\n", (int)segment->raw.len, segment->raw.data);
			FUZZ_CLAIM(!"an SSN is quoted");
		}
	}
	return 0;
}

static void check_answer(struct slice bytes)
{
	const struct ack_options options = {.control_number = 1, .ta1_only_when_asked = true};
	const struct check_handler handler = {.finding = on_finding_of_ours, .segment = on_segment_of_ours};
	struct slice ta1, reply;
	struct ack *ack;

	if (bytes.len == 0)
		return;
	walk(bytes, NULL, &handler);
	FUZZ_CLAIM(ack_new(fuzz_env(), &options, &ack) == 0);
	walk(bytes, NULL, ack_handler(ack));
	FUZZ_CLAIM(ack_finish(ack, &ta1, &reply) == 0);
	FUZZ_CLAIM(ta1.len == 0);
	/* An 824 is no acknowledgment: it gets a 999, which gets none. */
	if (reply.len > 0) {
		FUZZ_CLAIM(strstr(bytes.data, "\nGS*AG*") != NULL);
		walk(reply, NULL, &handler);
	}
	ack_free(ack);
}

/* ---- one file ---- */

static int keep(void *context, struct slice bytes)
{
	struct buffer *out = context;

	buffer_add_slice(out, bytes);
	return out->error;
}

static void advise(struct file_advice *sets, const struct way *way, uint32_t number)
{
	const struct file_advice_whole duplicate = {
		.category = CATEGORY_DUP_FILE, .rejected = true, .reason = SLICE_LITERAL("received before")};
	struct file_advice_whole held = {.category = CATEGORY_FILE_HOLD};
	const struct file_advice_whole *wholes[] = {NULL, &duplicate, &held};

	held.reason = file_advice_waits_why(sets, way->complete_sets);
	for (size_t i = 0; i < 3; i++) {
		struct buffer text;
		const struct advice_sink sink = {.context = &text, .take = keep};
		struct advice *advice;

		if (i == 2 && held.reason.len == 0)
			break;
		buffer_init(&text, fuzz_env());
		FUZZ_CLAIM(advice_new(fuzz_env(), INT64_C(1767605400000), number, &sink, &advice) == 0);
		FUZZ_CLAIM(file_advice_write(sets, wholes[i], false, advice) == 0);
		FUZZ_CLAIM(advice_finish(advice) == 0);
		check_answer(buffer_slice(&text));
		advice_free(advice);
		buffer_fini(&text);
	}
}

static void answer(struct slice bytes, const struct way *way)
{
	const struct ack_options options = {.clock_ms = INT64_C(1767605400000),
					    .control_number = way->wraps_soon ? 999999998 : 77,
					    .ta1_only_when_asked = way->ta1_when_asked};
	const struct check_options check = {.reject_member = way->keep_members};
	struct file_advice *sets;
	struct slice ta1, reply;
	struct ack *ack;

	FUZZ_CLAIM(ack_new(fuzz_env(), &options, &ack) == 0);
	walk(bytes, &check, ack_handler(ack));
	FUZZ_CLAIM(ack_finish(ack, &ta1, &reply) == 0);
	check_answer(ta1);
	check_answer(reply);
	ack_free(ack);
	FUZZ_CLAIM(file_advice_new(fuzz_env(), &sets) == 0);
	walk(bytes, &check, file_advice_handler(sets));
	advise(sets, way, options.control_number);
	file_advice_free(sets);
}

static void wrap(struct buffer *out, char how, struct slice body)
{
	buffer_add_text(out, "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*");
	buffer_add_text(out, how == '7' ? "U*00401*000000001*0*P*:~" : "^*00501*000000001*0*P*:~");
	buffer_add_text(out, how == '0'   ? "GS*RA*SENDER*RECEIVER*20260105*0930*1*X*005010X218~ST*820*0001*005010X218~"
			     : how == '7' ? "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*004010X095A1~ST*834*0001~"
					  : "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~"
					    "ST*834*0001*005010X220A1~");
	buffer_add_slice(out, body);
	buffer_add_text(out, "SE*2*0001~GE*1*1~IEA*1*000000001~");
}

/* The letters of the first line; where there is none all is the file. */
static struct slice take_way(struct slice input, struct way *ret_way)
{
	size_t end = slice_find(input, '\n', 0);

	*ret_way = (struct way){0};
	if (end >= input.len || end > 8)
		return input;
	for (size_t i = 0; i < end; i++) {
		char c = input.data[i];

		ret_way->keep_members |= c == 'm';
		ret_way->ta1_when_asked |= c == 't';
		ret_way->wraps_soon |= c == 'n';
		ret_way->complete_sets |= c == 'c';
		if (c == '4' || c == '0' || c == '7')
			ret_way->wrap = c;
	}
	return slice_of(input.data + end + 1, input.len - end - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way way;
	struct slice input = take_way(slice_of((const char *)data, size), &way);
	struct buffer wrapped;

	buffer_init(&wrapped, fuzz_env());
	if (way.wrap != 0) {
		wrap(&wrapped, way.wrap, input);
		input = buffer_slice(&wrapped);
	}
	answer(input, &way);
	buffer_fini(&wrapped);
	return 0;
}
