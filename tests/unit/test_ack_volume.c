/* If a file full of faults exhausts memory, or is answered with what the partner's translator throws away, nobody there
 * learns of it, and its members wait. */
#include <stdlib.h>

#include "check_run.h"
#include "muster/ack.h"
#include "muster/advice.h"
#include "muster/fault_report.h"

#define FAULTS 100000u
#define CLOCK_MS INT64_C(1767605400000)
#define MEBIBYTE ((size_t)1024 * 1024)

static const char header[] = "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~";

static struct run run;

/* ---- a world that counts its memory ---- */

/* Before each block, as aligned as malloc's. */
union block_head {
	size_t bytes;
	max_align_t align;
};

struct counted {
	struct env env;
	size_t held, peak;
};

static void *counted_reallocate(struct env *env, void *block, size_t bytes)
{
	struct counted *counted = env->context;
	union block_head *head = block != NULL ? (union block_head *)block - 1 : NULL;

	counted->held -= head != NULL ? head->bytes : 0;
	if (bytes == 0) {
		free(head);
		return NULL;
	}
	head = realloc(head, sizeof(*head) + bytes);
	assert_non_null(head);
	head->bytes = bytes;
	counted->held += bytes;
	if (counted->held > counted->peak)
		counted->peak = counted->held;
	return head + 1;
}

static void counted_init(struct counted *counted)
{
	*counted = (struct counted){0};
	env_real_init(&counted->env);
	counted->env.context = counted;
	counted->env.reallocate = counted_reallocate;
}

/* ---- files ---- */

/* Faults of every kind: a bad code, a missing segment, an unknown one, a broken date, an id of no kind. */
static void add_faulty_member(struct buffer *out, uint32_t i, uint32_t *segments)
{
	static const struct {
		const char *ins, *behind;
		uint32_t segments;
	} members[] = {
		{"INS*Y*18*ZZZ*25*A~", "NM1*IL*1*ROE*ALEX~", 3},
		{"INS*Y*18*001*25*A~", "", 2},
		{"INS*Y*18*001*25*A~", "NM1*IL*1*ROE*ALEX~ZZ9*1~", 4},
		{"INS*Y*18*001*25*A~", "NM1*IL*1*ROE*ALEX~DMG*D8*20250230*F~", 4},
		{"INS*Y*18*001*25*A~", "NM1*IL*1*ROE*ALEX*****ABCDEFGH~", 3},
	};

	buffer_printf(out, "%sREF*0F*S%07u~%s", members[i % 5].ins, i, members[i % 5].behind);
	*segments += members[i % 5].segments;
}

static void add_envelope_end(struct buffer *out, uint32_t sets)
{
	buffer_printf(out, "GE*%u*1~IEA*1*000000001~", sets);
	assert_int_equal(out->error, 0);
}

static void one_set(struct buffer *out)
{
	uint32_t segments = 5;

	buffer_printf(out, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s", header);
	for (uint32_t i = 0; i < FAULTS; i++)
		add_faulty_member(out, i, &segments);
	buffer_printf(out, "SE*%u*0001~", segments);
	add_envelope_end(out, 1);
}

/* So many sets of one member with one fault, and one sound one. */
static void many_sets(struct buffer *out, uint32_t sets, uint32_t members)
{
	buffer_add_text(out, RUN_ISA RUN_GS_834);
	for (uint32_t i = 0; i <= sets; i++) {
		uint32_t segments = 5;

		buffer_printf(out, "ST*834*%06u*005010X220A1~%s", i + 1, header);
		for (uint32_t j = 0; j < members && i < sets; j++)
			add_faulty_member(out, j, &segments);
		if (i == sets) {
			buffer_add_text(out, "INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~");
			segments += 3;
		}
		buffer_printf(out, "SE*%u*%06u~", segments, i + 1);
	}
	add_envelope_end(out, sets + 1);
}

/* ---- what comes of them ---- */

static void walk(struct slice bytes, const struct check_handler *handler)
{
	struct io_source *source = NULL;

	assert_int_equal(io_source_open_memory(&run.env, bytes, 0, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, NULL, handler), 0);
	io_source_close(source);
}

static uint32_t count_of(struct slice bytes, const char *segment)
{
	uint32_t count = 0;
	size_t len = strlen(segment);

	for (size_t at = 0; at + len < bytes.len; at++)
		count += bytes.data[at] == '\n' && memcmp(bytes.data + at + 1, segment, len) == 0;
	return count;
}

static void assert_holds(struct slice bytes, const char *text)
{
	assert_non_null(strstr(bytes.data, text));
}

static void assert_sound(struct slice bytes)
{
	run.warnings = true;
	assert_string_equal(run_check(&run, bytes, 0), "");
}

struct answer {
	struct counted counted;
	struct ack *ack;
	struct slice reply;
};

static void answer_to(struct answer *answer, struct slice bytes)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	struct slice ta1;

	counted_init(&answer->counted);
	assert_int_equal(ack_new(&answer->counted.env, &options, &answer->ack), 0);
	walk(bytes, ack_handler(answer->ack));
	assert_int_equal(ack_finish(answer->ack, &ta1, &answer->reply), 0);
	assert_sound(ta1);
	assert_sound(answer->reply);
}

static void answer_end(struct answer *answer)
{
	ack_free(answer->ack);
	assert_int_equal(answer->counted.held, 0);
}

/* The first thousand faults are told, the rest is in the verdict. */
static void test_one_set(void **state)
{
	struct buffer bytes;
	struct answer answer;

	(void)state;
	buffer_init(&bytes, &run.env);
	one_set(&bytes);
	answer_to(&answer, buffer_slice(&bytes));
	assert_true(count_of(answer.reply, "IK3*") > LIMIT_FINDINGS_PER_SET / 2);
	assert_true(count_of(answer.reply, "IK3*") <= LIMIT_FINDINGS_PER_SET);
	assert_int_equal(count_of(answer.reply, "AK2*"), 1);
	assert_holds(answer.reply, "\nIK5*R*5~\nAK9*R*1*1*0~\n");
	assert_true(answer.counted.peak < 2 * MEBIBYTE);
	answer_end(&answer);
	buffer_fini(&bytes);
}

/* Every set has its verdict; faults are told as long as there is room for them. */
static void test_many_sets(void **state)
{
	struct buffer bytes;
	struct answer answer;

	(void)state;
	buffer_init(&bytes, &run.env);
	many_sets(&bytes, 40000, 3);
	answer_to(&answer, buffer_slice(&bytes));
	assert_int_equal(count_of(answer.reply, "AK2*"), 40001);
	assert_int_equal(count_of(answer.reply, "IK5*R*5~"), 40000);
	assert_int_equal(count_of(answer.reply, "IK3*"), LIMIT_ACK_FINDINGS);
	assert_holds(answer.reply, "\nIK5*A~\nAK9*P*40001*40001*1~\n");
	assert_true(answer.counted.peak < 32 * MEBIBYTE);
	answer_end(&answer);
	buffer_fini(&bytes);
}

/* A group of more sets than its trailer can count is refused, and the refusal can be read. */
static void test_uncountable_sets(void **state)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	const struct x12_interchange interchange = {.ordinal = 1, .fgroup_count = 1};
	const struct check_verdict verdict = {.decision = CHECK_ACCEPTED};
	struct x12_fgroup fgroup = {.ordinal = 1, .complete = true};
	struct x12_tset tset = {.set_id = SLICE_LITERAL("834"), .control_number = SLICE_LITERAL("0001")};
	const struct check_handler *handler;
	struct slice ta1, reply;
	struct ack *ack;

	(void)state;
	fgroup.functional_id = SLICE_LITERAL("BE");
	fgroup.control_number = SLICE_LITERAL("1");
	fgroup.version = SLICE_LITERAL("005010X220A1");
	assert_int_equal(ack_new(&run.env, &options, &ack), 0);
	handler = ack_handler(ack);
	assert_int_equal(handler->interchange_begin(ack, &interchange), 0);
	assert_int_equal(handler->fgroup_begin(ack, &fgroup), 0);
	for (uint32_t i = 0; i < LIMIT_FGROUP_TSETS + 2; i++) {
		handler->tset_begin(ack, &tset, NULL);
		assert_int_equal(handler->tset_end(ack, &tset, &verdict), 0);
	}
	fgroup.declared_count = fgroup.tset_count = LIMIT_FGROUP_TSETS + 2;
	assert_int_equal(handler->fgroup_end(ack, &fgroup), 0);
	assert_int_equal(handler->interchange_end(ack, &interchange), 0);
	assert_int_equal(ack_finish(ack, &ta1, &reply), 0);
	assert_sound(reply);
	assert_int_equal(count_of(reply, "AK2*"), LIMIT_FGROUP_TSETS);
	assert_holds(reply, "\nAK9*A*999999*999999*999999~\n");
	ack_free(ack);
}

static int drop_line(void *context, struct slice text)
{
	size_t *bytes = context;

	*bytes += text.len;
	return 0;
}

/* The list of findings for scripts is written while it comes. */
static void test_verdict_file(void **state)
{
	size_t written = 0;
	struct verdict_out_options options = {.file = "f", .write = drop_line, .context = &written};
	struct verdict_out *out;
	struct counted counted;
	struct buffer bytes;

	(void)state;
	buffer_init(&bytes, &run.env);
	one_set(&bytes);
	counted_init(&counted);
	assert_int_equal(verdict_out_new(&counted.env, &options, &out), 0);
	walk(buffer_slice(&bytes), verdict_out_handler(out));
	assert_true(verdict_out_totals(out)->errors >= FAULTS);
	assert_true(written > FAULTS * 100);
	assert_true(counted.peak < 4 * MEBIBYTE);
	verdict_out_free(out);
	assert_int_equal(counted.held, 0);
	buffer_fini(&bytes);
}

/* The report for people groups what is the same fault. */
static void test_report(void **state)
{
	struct verdict_out_options options = {
		.file = "f", .finding = fault_report_finding, .verdict = fault_report_verdict};
	struct fault_report *report;
	struct verdict_out *out;
	struct counted counted;
	struct buffer bytes, text;

	(void)state;
	buffer_init(&bytes, &run.env);
	many_sets(&bytes, 2000, 50);
	counted_init(&counted);
	buffer_init(&text, &counted.env);
	assert_int_equal(fault_report_new(&counted.env, false, &report), 0);
	assert_int_equal(fault_report_file(report, "f"), 0);
	options.context = report;
	assert_int_equal(verdict_out_new(&counted.env, &options, &out), 0);
	walk(buffer_slice(&bytes), verdict_out_handler(out));
	fault_report_file_end(report, verdict_out_totals(out));
	assert_true(fault_report_totals(report)->errors >= FAULTS);
	fault_report_text(report, &text);
	assert_true(text.len > 0 && text.len < 64 * 1024);
	fault_report_html(report, &text);
	assert_true(text.error == 0 && text.len < 256 * 1024);
	assert_true(counted.peak < 4 * MEBIBYTE);
	verdict_out_free(out);
	fault_report_free(report);
	buffer_fini(&text);
	assert_int_equal(counted.held, 0);
	buffer_fini(&bytes);
}

static int keep(void *context, struct slice bytes)
{
	struct buffer *out = context;

	buffer_add_slice(out, bytes);
	return out->error;
}

/* A file whose every record waits is answered record by record, and what is written does not wait in memory. */
static void test_advice(void **state)
{
	struct advice_tset set = {
		.fgroup_ordinal = 1,
		.sender_id = SLICE_LITERAL("SENDER"),
		.receiver_id = SLICE_LITERAL("RECEIVER"),
		.set_id = SLICE_LITERAL("834"),
		.control_number = SLICE_LITERAL("0001"),
	};
	struct advice_item item = {.category = SLICE_LITERAL("NO_MATCH"),
				   .reason = SLICE_LITERAL("No member on file fits the record, not by any number "
							   "and not by name and birth date.")};
	struct buffer bytes;
	struct advice_sink sink = {.context = &bytes, .take = keep};
	struct counted counted;
	struct advice *advice;

	(void)state;
	buffer_init(&bytes, &run.env);
	counted_init(&counted);
	assert_int_equal(advice_new(&counted.env, CLOCK_MS, 1, &sink, &advice), 0);
	advice_set(advice, &set);
	for (uint32_t i = 1; i <= FAULTS; i++) {
		item.member_pos = i;
		item.segment_pos = i * 3;
		assert_int_equal(advice_add(advice, &item), 0);
	}
	assert_int_equal(advice_finish(advice), 0);
	assert_true(counted.peak < MEBIBYTE);
	advice_free(advice);
	assert_int_equal(counted.held, 0);
	assert_int_equal(count_of(buffer_slice(&bytes), "OTI*IE*"), FAULTS);
	assert_sound(buffer_slice(&bytes));
	buffer_fini(&bytes);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run_fini(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_set),          cmocka_unit_test(test_many_sets),
		cmocka_unit_test(test_uncountable_sets), cmocka_unit_test(test_verdict_file),
		cmocka_unit_test(test_report),           cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests_name("ack_volume", tests, setup, teardown);
}
