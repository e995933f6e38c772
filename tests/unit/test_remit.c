/* A cent read into the wrong line, or into none, would leave a family's premium unpaid in our books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "muster/error.h"
#include "muster/remit.h"
#include "world.h"

#define LINES_MAX 16

/* What the sink got, copied. */
struct got {
	struct arena arena;
	struct remit_header header;
	struct slice header_refs;
	uint32_t headers, ends, line_count, end_lines;
	cents paid, adjusted;
	struct remittance_line lines[LINES_MAX];
	uint32_t fail_at; /* the line whose callback fails */
};

static int take_header(void *context, const struct x12_tset *tset, const struct remit_header *header)
{
	struct got *got = context;

	assert_true(slice_is(tset->set_id, "820"));
	got->headers++;
	got->header = *header;
	got->header.trace = arena_dup(&got->arena, header->trace);
	got->header.payer_id = arena_dup(&got->arena, header->payer_id);
	got->header.payer_name = arena_dup(&got->arena, header->payer_name);
	got->header.currency = arena_dup(&got->arena, header->currency);
	if (header->ref_count > 0 && slice_is(header->refs[0].qualifier, "14"))
		got->header_refs = arena_dup(&got->arena, header->refs[0].value);
	return 0;
}

static int take_line(void *context, const struct x12_tset *tset, const struct remit_header *header,
		     const struct remittance_line *line)
{
	struct got *got = context;
	struct remittance_line *copy = &got->lines[got->line_count % LINES_MAX];

	(void)tset;
	assert_true(header->total == got->header.total);
	*copy = *line;
	copy->entity_id = arena_dup(&got->arena, line->entity_id);
	copy->last_name = arena_dup(&got->arena, line->last_name);
	copy->person_id = arena_dup(&got->arena, line->person_id);
	copy->reference = arena_dup(&got->arena, line->reference);
	copy->action = arena_dup(&got->arena, line->action);
	copy->raw = arena_dup(&got->arena, line->raw);
	copy->raw_offsets = memcpy(arena_alloc(&got->arena, line->raw_count * sizeof(uint64_t) + 1), line->raw_offsets,
				   line->raw_count * sizeof(uint64_t));
	if (line->adjustment_count > 0)
		copy->adjustments =
			memcpy(arena_alloc(&got->arena, line->adjustment_count * sizeof(*line->adjustments)),
			       line->adjustments, line->adjustment_count * sizeof(*line->adjustments));
	return ++got->line_count == got->fail_at ? -EIO : 0;
}

static int take_end(void *context, const struct x12_tset *tset, const struct remit_header *header, uint32_t lines,
		    cents paid, cents adjusted)
{
	struct got *got = context;

	(void)tset;
	(void)header;
	got->ends++;
	got->end_lines = lines;
	got->paid = paid;
	got->adjusted = adjusted;
	return 0;
}

/* Walk `text` as check would: every body segment is one that the guide knows. */
static int walk(const char *text, struct got *got, const char *set_id)
{
	static const struct guide_segment node;
	struct guide guide = {.set_id = slice_from(set_id)};
	struct remit_sink sink = {got, take_header, take_line, take_end};
	struct io_source *source;
	struct x12_reader *reader;
	struct remit *remit;
	const struct check_handler *handler;
	struct x12_event event = {0};
	int r = 0;

	arena_init(&got->arena, &world.env, 0, 0);
	assert_int_equal(io_source_open_memory(&world.env, slice_from(text), 7, &source), 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
	assert_int_equal(remit_new(&world.env, &sink, &remit), 0);
	handler = remit_handler(remit);
	while (r == 0 && event.kind != X12_END) {
		r = x12_reader_next(reader, &event);
		if (r == 0 && event.kind == X12_TSET_BEGIN)
			r = handler->tset_begin(handler->context, event.tset, &guide);
		if (r == 0 && event.segment != NULL && (event.kind == X12_BODY || event.kind == X12_TSET_END))
			r = handler->segment(handler->context, &guide, &node, event.segment);
		if (r == 0 && event.kind == X12_TSET_END)
			r = handler->tset_end(handler->context, event.tset, NULL);
	}
	remit_free(remit);
	x12_reader_free(reader);
	io_source_close(source);
	return r;
}

#define ISA                                                                                                            \
	"ISA*00*          *00*          *ZZ*PAYER          *ZZ*PLAN           *260201*0101*^*00501*000000820*0*P*:~"   \
	"GS*RA*PAYER*PLAN*20260201*0101*820*X*005010X218~"
#define IEA "GE*1*820~IEA*1*000000820~"

static const char list_bill[] =
	ISA "ST*820*0001*005010X218~\n"
	    "BPR*C*900.00*C*ACH*CTX*01*111000025*DA*001122*1123456789**01*021000021*DA*778899*20260201~\n"
	    "TRN*1*T20260201A*1123456789~\nREF*14*G100~\nN1*PE*SAMPLE HEALTH PLAN*FI*987654321~\n"
	    "N1*PR*ACME TOOLS*FI*123456789~\n"
	    "ENT*1*2J*34*219091201~\nNM1*DO*1*ROE*CHRIS~\nNM1*EY*1*ROE*ALEX****EI*777~\nADX*-50.00*80~\n"
	    "RMR*IG*S0001**500.00~\nDTM*582****RD8*20260201-20260228~\n"
	    "ENT*2*2J*34*219091202~\nNM1*EY*1*POE*PAT****EI*778~\n"
	    "RMR*IG*S0002**450.00*475.00~\nDTM*582****RD8*20260201-20260228~\nADX*-25.00*H6~\n"
	    "SE*17*0001~\n" IEA;

static void reads_a_list_bill(void **state)
{
	struct got got = {0};
	date_day day;

	(void)state;
	assert_int_equal(walk(list_bill, &got, "820"), 0);
	assert_int_equal(got.headers, 1);
	assert_int_equal(got.header.total, 90000);
	assert_true(date_from_ymd(2026, 2, 1, &day));
	assert_int_equal(got.header.settles_on, day);
	assert_true(slice_is(got.header.trace, "T20260201A"));
	assert_true(slice_is(got.header.payer_id, "123456789"));
	assert_true(slice_is(got.header.payer_name, "ACME TOOLS"));
	assert_true(slice_is(got.header_refs, "G100"));
	assert_int_equal(got.line_count, 2);
	assert_int_equal(got.lines[0].line_pos, 1);
	assert_true(got.lines[0].individual);
	assert_int_equal(got.lines[0].segment_pos, 11);
	assert_true(slice_is(got.lines[0].entity_id, "219091201"));
	assert_true(slice_is(got.lines[0].last_name, "ROE"));
	assert_true(slice_is(got.lines[0].person_id, "777"));
	assert_true(slice_is(got.lines[0].reference, "S0001"));
	assert_int_equal(got.lines[0].paid, 50000);
	assert_false(got.lines[0].has_billed);
	assert_int_equal(got.lines[0].adjusted_before, -5000);
	assert_int_equal(got.lines[0].adjusted_after, 0);
	assert_int_equal(got.lines[0].adjustment_count, 1);
	assert_int_equal(got.lines[0].adjustments_before, 1);
	assert_int_equal(got.lines[0].period_begin, day);
	assert_int_equal(got.lines[0].period_end, day + 27);
	assert_int_equal(got.lines[1].paid, 45000);
	assert_true(got.lines[1].has_billed);
	assert_int_equal(got.lines[1].billed, 47500);
	assert_int_equal(got.lines[1].adjusted_before, 0);
	assert_int_equal(got.lines[1].adjusted_after, -2500);
	assert_int_equal(got.end_lines, 2);
	assert_int_equal(got.paid, 95000);
	assert_int_equal(got.adjusted, -5000);
	assert_int_equal(got.paid + got.adjusted, got.header.total);
	arena_fini(&got.arena);
}

static void shows_each_segment_with_its_place(void **state)
{
	struct got got = {0};
	uint32_t i, at = 0;

	(void)state;
	assert_int_equal(walk(list_bill, &got, "820"), 0);
	assert_true(slice_is(got.lines[1].raw,
			     "ENT*2*2J*34*219091202~NM1*EY*1*POE*PAT****EI*778~RMR*IG*S0002**450.00*475.00~"
			     "DTM*582****RD8*20260201-20260228~ADX*-25.00*H6~"));
	assert_int_equal(got.lines[1].raw_count, 5);
	for (i = 0; i < 5; i++) {
		const char *in_file = list_bill + got.lines[1].raw_offsets[i];
		size_t len = slice_find(got.lines[1].raw, '~', at) - at;

		assert_memory_equal(in_file, got.lines[1].raw.data + at, len);
		at += (uint32_t)len + 1;
	}
	arena_fini(&got.arena);
}

static void gives_several_rmr_of_one_entity_their_own_lines(void **state)
{
	static const char text[] = ISA "ST*820*0001*005010X218~BPR*I*16750.00*C*CHK************20260201~TRN*3*B~"
				       "CUR*PR*CAD~N1*PE*P~N1*PR*A*FI*123456789~DTM*582****RD8*20260201-20260228~"
				       "ENT*1*2L*FI*123456789~ADX*100*53~ADX*-100*80~RMR*IK*INV1*PI*16500~REF*38*G7~"
				       "IT1*1~SLN*1**O*75*IE~SLN*2**O*40*10~"
				       "RMR*IK*INV2*PI*250.00~DTM*AAG*20260301~SE*15*0001~" IEA;
	struct got got = {0};

	(void)state;
	assert_int_equal(walk(text, &got, "820"), 0);
	assert_int_equal(got.line_count, 2);
	assert_true(slice_is(got.header.currency, "CAD"));
	assert_true(got.header.period_begin != DATE_NONE);
	assert_false(got.lines[0].individual);
	assert_true(slice_is(got.lines[0].action, "PI"));
	assert_int_equal(got.lines[0].head_count, 75);
	assert_int_equal(got.lines[0].adjusted_before, 0);
	assert_int_equal(got.lines[0].adjustment_count, 2);
	assert_int_equal(got.lines[0].adjustments[0].amount, 10000);
	assert_int_equal(got.lines[1].line_pos, 2);
	assert_int_equal(got.lines[1].adjustment_count, 0);
	assert_int_equal(got.lines[1].ref_count, 0);
	assert_int_equal(got.lines[1].head_count, 0);
	assert_int_equal(got.lines[1].due_on - got.header.settles_on, 28);
	assert_memory_not_equal(&got.lines[0].content_hash, &got.lines[1].content_hash, sizeof(struct hash));
	assert_int_equal(got.paid, 1675000);
	arena_fini(&got.arena);
}

/* The money law: whatever is missing, the lines together weigh P + V. */
static void loses_no_adjustment_without_a_line(void **state)
{
	static const char text[] = ISA "ST*820*0001*005010X218~BPR*I*5*C*CHK************20260201~"
				       "ENT*1*2J*34*219091201~ADX*-20*80~ENT*2*2J*34*219091202~RMR*AZ*M1**25~RMR*AZ*M2*"
				       "*bad~ENT*3*2J*34*219091203~"
				       "ADX*7.50*52~SE*9*0001~" IEA;
	struct got got = {0};
	cents sum = 0;
	uint32_t i;

	(void)state;
	assert_int_equal(walk(text, &got, "820"), 0);
	assert_int_equal(got.line_count, 4);
	for (i = 0; i < got.line_count; i++) {
		assert_int_equal(got.lines[i].line_pos, i + 1);
		sum += got.lines[i].paid + got.lines[i].adjusted_before;
	}
	assert_int_equal(sum, got.paid + got.adjusted);
	assert_int_equal(sum, 2500 - 2000 + 750);
	assert_int_equal(got.lines[0].paid, 0);
	assert_true(slice_is_empty(got.lines[0].reference));
	assert_int_equal(got.lines[2].paid, 0);
	arena_fini(&got.arena);
}

static void same_content_hashes_alike_whatever_the_separators(void **state)
{
	static char other[sizeof(list_bill)];
	struct got got = {0}, again = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(list_bill); i++)
		other[i] = list_bill[i] == '*' ? '|' : list_bill[i] == '~' ? '!' : list_bill[i];
	assert_int_equal(walk(list_bill, &got, "820"), 0);
	assert_int_equal(walk(other, &again, "820"), 0);
	assert_memory_equal(&got.lines[0].content_hash, &again.lines[0].content_hash, sizeof(struct hash));
	assert_true(slice_equal(got.lines[1].raw, again.lines[1].raw));
	arena_fini(&got.arena);
	arena_fini(&again.arena);
}

static void tells_of_a_set_without_lines_and_ignores_others(void **state)
{
	static const char text[] = ISA "ST*820*0001*005010X218~BPR*I*0*C*NON************20260201~SE*3*0001~" IEA;
	struct got got = {0}, none = {0};

	(void)state;
	assert_int_equal(walk(text, &got, "820"), 0);
	assert_int_equal(got.headers, 1);
	assert_int_equal(got.ends, 1);
	assert_int_equal(got.end_lines, 0);
	assert_int_equal(walk(list_bill, &none, "834"), 0);
	assert_int_equal(none.headers + none.ends + none.line_count, 0);
	arena_fini(&got.arena);
	arena_fini(&none.arena);
}

static void hostile_sums_never_come_back_to_a_balance(void **state)
{
	struct buffer text;
	struct got got = {0};
	int i;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_add_text(&text, ISA "ST*820*0001*005010X218~BPR*I*0*C*NON************20260201~ENT*1*2J*34*219091201~");
	for (i = 0; i < 200; i++)
		buffer_add_text(&text, "RMR*AZ*M1**999999999999999.99~");
	for (i = 0; i < 200; i++)
		buffer_add_text(&text, "RMR*AZ*M1**-999999999999999.99~");
	buffer_add_text(&text, "SE*1*0001~" IEA);
	assert_int_equal(walk(text.data, &got, "820"), 0);
	assert_true(got.paid == INT64_MAX);
	arena_fini(&got.arena);
	buffer_fini(&text);
}

/* A line that gets absurdly long is cut where it is shown; its money and its hash are whole. */
static void counts_what_it_does_not_show(void **state)
{
	struct buffer text;
	struct got got = {0};
	struct hash first;
	int i, round;

	(void)state;
	for (round = 0; round < 2; round++) {
		buffer_init(&text, &world.env);
		buffer_add_text(&text,
				ISA "ST*820*0001*005010X218~BPR*I*0*C*NON************20260201~ENT*1*2J*34*219091201~"
				    "RMR*AZ*M1**1~");
		for (i = 0; i < 5000; i++)
			buffer_add_text(&text, "ADX*0.01*H1~");
		buffer_add_text(&text, round == 0 ? "ADX*1*H1~" : "ADX*1*52~");
		buffer_add_text(&text, "SE*1*0001~" IEA);
		memset(&got, 0, sizeof(got));
		assert_int_equal(walk(text.data, &got, "820"), 0);
		assert_int_equal(got.lines[0].adjusted_after, 5100);
		assert_int_equal(got.lines[0].adjustment_count, LIMIT_MEMBER_SEGMENTS);
		assert_true(got.lines[0].raw.len <= 64u * 1024u);
		assert_int_equal(got.lines[0].raw.data[got.lines[0].raw.len - 1], '~');
		if (round == 0)
			first = got.lines[0].content_hash;
		else
			assert_memory_not_equal(&first, &got.lines[0].content_hash, sizeof(first));
		arena_fini(&got.arena);
		buffer_fini(&text);
	}
}

static void forwards_what_the_sink_says(void **state)
{
	struct got got = {.fail_at = 1};

	(void)state;
	assert_int_equal(walk(list_bill, &got, "820"), -EIO);
	assert_int_equal(got.ends, 0);
	arena_fini(&got.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_list_bill),
		cmocka_unit_test(shows_each_segment_with_its_place),
		cmocka_unit_test(gives_several_rmr_of_one_entity_their_own_lines),
		cmocka_unit_test(loses_no_adjustment_without_a_line),
		cmocka_unit_test(same_content_hashes_alike_whatever_the_separators),
		cmocka_unit_test(tells_of_a_set_without_lines_and_ignores_others),
		cmocka_unit_test(hostile_sums_never_come_back_to_a_balance),
		cmocka_unit_test(counts_what_it_does_not_show),
		cmocka_unit_test(forwards_what_the_sink_says),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
