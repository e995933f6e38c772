/*
 * fuzz_check: any file, walked and answered.
 *
 * A first byte of 4 or 0 stands for an envelope of an 834 or 820 around the rest, so that the fuzzer gets to the walk.
 *
 * Claims: loops and envelopes are balanced and nested; every finding has a row and lies where it can; the verdict's
 * counts are those of the findings; reading in small pieces says the same, and so do the long way, which looks into
 * every segment, and the shortest; acknowledgments are sound by our own guides.
 */
#include "fuzz.h"
#include "muster/ack.h"
#include "muster/fault_report.h"

struct seen {
	struct ack *ack;
	const struct check_handler *to_ack;
	uint32_t loops[64], loop_count, tsets, fgroups, interchanges;
	uint64_t errors, warnings, findings;
	struct buffer trace;
	struct fault_report *report;
	bool own; /* what is read is ours: it must be sound */
};

static int on_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct seen *seen = context;
	FUZZ_CLAIM(seen->interchanges++ == 0 && seen->fgroups == 0);
	return seen->to_ack == NULL ? 0 : seen->to_ack->interchange_begin(seen->to_ack->context, interchange);
}

static int on_interchange_end(void *context, const struct x12_interchange *interchange)
{
	struct seen *seen = context;
	FUZZ_CLAIM(--seen->interchanges == 0 && seen->fgroups == 0);
	return seen->to_ack == NULL ? 0 : seen->to_ack->interchange_end(seen->to_ack->context, interchange);
}

static int on_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct seen *seen = context;
	FUZZ_CLAIM(seen->interchanges == 1 && seen->fgroups++ == 0);
	return seen->to_ack == NULL ? 0 : seen->to_ack->fgroup_begin(seen->to_ack->context, fgroup);
}

static int on_fgroup_end(void *context, const struct x12_fgroup *fgroup)
{
	struct seen *seen = context;
	FUZZ_CLAIM(--seen->fgroups == 0 && seen->tsets == 0);
	return seen->to_ack == NULL ? 0 : seen->to_ack->fgroup_end(seen->to_ack->context, fgroup);
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct seen *seen = context;
	FUZZ_CLAIM(seen->fgroups == 1 && seen->tsets++ == 0 && seen->loop_count == 0);
	seen->errors = seen->warnings = 0;
	return seen->to_ack == NULL ? 0 : seen->to_ack->tset_begin(seen->to_ack->context, tset, guide);
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct seen *seen = context;
	FUZZ_CLAIM(--seen->tsets == 0 && seen->loop_count == 0);
	FUZZ_CLAIM(verdict->errors == seen->errors && verdict->warnings == seen->warnings);
	FUZZ_CLAIM(verdict->member_errors <= verdict->errors);
	FUZZ_CLAIM(verdict->errors == 0 || verdict->decision == CHECK_REJECTED);
	buffer_printf(&seen->trace, "= %d %u\n", (int)verdict->decision, verdict->members);
	return seen->to_ack == NULL ? 0 : seen->to_ack->tset_end(seen->to_ack->context, tset, verdict);
}

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct seen *seen = context;
	FUZZ_CLAIM(seen->tsets == 1 && seen->loop_count < 64);
	seen->loops[seen->loop_count++] = (uint32_t)(loop - guide->loops);
	return seen->to_ack == NULL ? 0 : seen->to_ack->loop_begin(seen->to_ack->context, guide, loop);
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct seen *seen = context;
	FUZZ_CLAIM(seen->loop_count > 0 && seen->loops[--seen->loop_count] == (uint32_t)(loop - guide->loops));
	return seen->to_ack == NULL ? 0 : seen->to_ack->loop_end(seen->to_ack->context, guide, loop);
}

static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	struct seen *seen = context;
	FUZZ_CLAIM(node == NULL || slice_is(segment->id, node->id));
	return seen->to_ack == NULL ? 0 : seen->to_ack->segment(seen->to_ack->context, guide, node, segment);
}

static int on_finding(void *context, const struct finding *finding)
{
	struct seen *seen = context;
	enum finding_scope scope;
	uint32_t column, columns;
	FUZZ_CLAIM(finding->code < FINDING_CODE_COUNT && finding->severity < FINDING_OFF);
	FUZZ_CLAIM(!seen->own);
	scope = finding_row(finding->code)->scope;
	if (scope >= FINDING_TSET && seen->tsets == 1) {
		seen->errors += finding->severity == FINDING_ERROR;
		seen->warnings += finding->severity == FINDING_WARNING;
	}
	FUZZ_CLAIM(scope != FINDING_ELEMENT || finding->where.element_pos > 0);
	buffer_printf(&seen->trace, "%u %u.%u.%u %s\n", finding->where.segment_pos, finding->where.element_pos,
		      finding->where.component_pos, finding->where.repetition_pos, finding_row(finding->code)->code);
	FUZZ_CLAIM(finding->segment.len == 0 || finding->segment_at <= finding->segment.len);
	verdict_out_add_finding_json(&seen->trace, &(struct verdict_out_place){.file = "f"}, finding, false);
	if (fault_report_quote(finding, false, &seen->trace, &column, &columns))
		buffer_printf(&seen->trace, " %u %u\n", column, columns);
	if (seen->report != NULL)
		FUZZ_CLAIM(fault_report_finding(seen->report, &(struct verdict_out_place){.file = "f"}, finding) == 0);
	return seen->to_ack == NULL ? 0 : seen->to_ack->finding(seen->to_ack->context, finding);
}

static int on_event(void *context, const struct x12_event *event)
{
	(void)context;
	(void)event;
	return 0;
}

static struct guide_set *guides(void)
{
	static struct guide_set *set;
	struct buffer errors;
	if (set == NULL) {
		buffer_init(&errors, fuzz_env());
		FUZZ_CLAIM(guide_set_new(fuzz_env(), &errors, &set) == 0);
		buffer_fini(&errors);
	}
	return set;
}

/* How much of the walk nobody asks for. */
enum way { WAY_LONG, WAY_USUAL, WAY_SHORT };

static void walk(struct slice bytes, size_t chunk_bytes, enum way way, struct seen *seen)
{
	const struct check_handler handler = {.context = seen,
					      .interchange_begin = on_interchange_begin,
					      .interchange_end = on_interchange_end,
					      .fgroup_begin = on_fgroup_begin,
					      .fgroup_end = on_fgroup_end,
					      .tset_begin = on_tset_begin,
					      .tset_end = on_tset_end,
					      .loop_begin = on_loop_begin,
					      .loop_end = on_loop_end,
					      .segment = way == WAY_SHORT ? NULL : on_segment,
					      .finding = on_finding,
					      .event = way == WAY_LONG ? on_event : NULL};
	struct io_source *source;
	buffer_init(&seen->trace, fuzz_env());
	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), bytes, chunk_bytes, &source) == 0);
	FUZZ_CLAIM(check_source(fuzz_env(), guides(), source, NULL, &handler) == 0);
	FUZZ_CLAIM(seen->interchanges == 0 && seen->trace.error == 0);
	io_source_close(source);
}

static void walk_answer(struct slice bytes)
{
	struct seen seen = {.own = true};
	if (bytes.len == 0)
		return;
	walk(bytes, 0, WAY_USUAL, &seen);
	buffer_fini(&seen.trace);
}

static void wrap(struct buffer *out, bool is_820, struct slice body)
{
	buffer_add_text(out,
			"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501*"
			"000000001*0*T*:~");
	buffer_add_text(out, is_820 ? "GS*RA*SENDER*RECEIVER*20260105*0930*1*X*005010X218~ST*820*0001*005010X218~"
				    : "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~ST*834*0001*005010X220A1~");
	buffer_add_slice(out, body);
	buffer_add_text(out, "SE*2*0001~GE*1*1~IEA*1*000000001~");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ack_options options = {.clock_ms = INT64_C(1767605400000), .control_number = 999999998};
	struct slice input = slice_of((const char *)data, size), ta1, reply;
	struct seen whole = {0}, pieces = {0}, quick = {0};
	struct buffer wrapped;

	buffer_init(&wrapped, fuzz_env());
	if (size > 0 && (data[0] == '4' || data[0] == '0')) {
		wrap(&wrapped, data[0] == '0', slice_of(input.data + 1, size - 1));
		input = buffer_slice(&wrapped);
	}
	FUZZ_CLAIM(ack_new(fuzz_env(), &options, &whole.ack) == 0);
	whole.to_ack = ack_handler(whole.ack);
	FUZZ_CLAIM(fault_report_new(fuzz_env(), false, &whole.report) == 0);
	FUZZ_CLAIM(fault_report_file(whole.report, "f") == 0);
	walk(input, 0, WAY_USUAL, &whole);
	walk(input, 3, WAY_LONG, &pieces);
	walk(input, 0, WAY_SHORT, &quick);
	FUZZ_CLAIM(slice_equal(buffer_slice(&whole.trace), buffer_slice(&pieces.trace)));
	FUZZ_CLAIM(slice_equal(buffer_slice(&whole.trace), buffer_slice(&quick.trace)));
	FUZZ_CLAIM(ack_finish(whole.ack, &ta1, &reply) == 0);
	walk_answer(ta1);
	walk_answer(reply);
	ack_free(whole.ack);
	fault_report_text(whole.report, &whole.trace);
	fault_report_html(whole.report, &whole.trace);
	FUZZ_CLAIM(whole.trace.error == 0);
	fault_report_free(whole.report);
	buffer_fini(&whole.trace);
	buffer_fini(&pieces.trace);
	buffer_fini(&quick.trace);
	buffer_fini(&wrapped);
	return 0;
}
