/*
 * check_run: run check over bytes in memory and write down, one a line, what it said.
 *
 *   finding   "7 INS 2000 3.0.1 element_code_invalid ZZZ m1"   position, segment, loop, element.component.repetition,
 *             code, value, member; only errors by default
 *   verdict   "= accepted members 1 errors 0 warnings 0"
 */
#ifndef TESTS_CHECK_RUN_H
#define TESTS_CHECK_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "muster/check.h"
#include "muster/text.h"

struct run {
	struct env env;
	struct guide_set *guides;
	struct buffer out;
	bool warnings, verdicts, events, messages;
	struct check_options options;
	struct check_verdict verdict; /* the last */
	int loops_open, members_open;
};

static inline int run_finding(void *context, const struct finding *finding)
{
	struct run *run = context;
	if (finding->severity != FINDING_ERROR && !run->warnings)
		return 0;
	assert_non_null(finding_row(finding->code));
	buffer_printf(&run->out, "%u %s %.*s %u.%u.%u %s %.*s m%u\n", finding->where.segment_pos, finding->segment_id,
		      finding->loop.len > 0 ? (int)finding->loop.len : 1,
		      finding->loop.len > 0 ? finding->loop.data : "-", finding->where.element_pos,
		      finding->where.component_pos, finding->where.repetition_pos, finding_row(finding->code)->code,
		      (int)finding->value.len, finding->value.data, finding->where.member_pos);
	if (run->messages)
		buffer_printf(&run->out, "    %.*s\n", (int)finding->message.len, finding->message.data);
	return 0;
}

static inline int run_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct run *run = context;
	(void)tset;
	run->verdict = *verdict;
	assert_int_equal(run->loops_open, 0);
	if (run->verdicts)
		buffer_printf(&run->out, "= %s members %u errors %llu warnings %llu\n",
			      check_decision_name(verdict->decision), verdict->members,
			      (unsigned long long)verdict->errors, (unsigned long long)verdict->warnings);
	return 0;
}

static inline int run_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct run *run = context;
	(void)guide;
	run->loops_open++;
	if (run->events)
		buffer_printf(&run->out, "(%s ", loop->id);
	return 0;
}

static inline int run_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct run *run = context;
	(void)guide;
	run->loops_open--;
	assert_true(run->loops_open >= 0);
	if (run->events)
		buffer_printf(&run->out, "%s) ", loop->id);
	return 0;
}

static inline int run_segment(void *context, const struct guide *guide, const struct guide_segment *node,
			      const struct x12_segment *segment)
{
	struct run *run = context;
	(void)guide;
	if (run->events)
		buffer_printf(&run->out, "%.*s%s ", (int)segment->id.len, segment->id.data, node == NULL ? "?" : "");
	return 0;
}

static inline void run_init(struct run *run)
{
	struct buffer errors;
	*run = (struct run){0};
	env_real_init(&run->env);
	buffer_init(&run->out, &run->env);
	buffer_init(&errors, &run->env);
	if (guide_set_new(&run->env, &errors, &run->guides) != 0)
		fail_msg("%s", errors.data);
	buffer_fini(&errors);
}

static inline void run_fini(struct run *run)
{
	guide_set_free(run->guides);
	buffer_fini(&run->out);
}

/* The lines for `bytes`, until the next call. */
static inline const char *run_check(struct run *run, struct slice bytes, size_t chunk_bytes)
{
	const struct check_handler handler = {.context = run,
					      .finding = run_finding,
					      .tset_end = run_tset_end,
					      .loop_begin = run_loop_begin,
					      .loop_end = run_loop_end,
					      .segment = run_segment};
	struct io_source *source = NULL;
	buffer_clear(&run->out);
	run->loops_open = 0;
	assert_int_equal(io_source_open_memory(&run->env, bytes, chunk_bytes, &source), 0);
	assert_int_equal(check_source(&run->env, run->guides, source, &run->options, &handler), 0);
	io_source_close(source);
	return run->out.len > 0 ? run->out.data : "";
}

#define RUN_ISA                                                                                                        \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501*000000001*0*T*:~"
#define RUN_GS_834 "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~"
#define RUN_GS_820 "GS*RA*SENDER*RECEIVER*20260105*0930*1*X*005010X218~"

/* Wrap the body of a set (segments between ST and SE, each with its terminator) into a whole interchange. */
static inline struct slice run_wrap(struct buffer *out, const char *set_id, const char *body)
{
	uint32_t segments = 2;
	bool is_820 = strcmp(set_id, "820") == 0;
	for (const char *p = body; *p != '\0'; p++)
		segments += *p == '~';
	buffer_clear(out);
	buffer_printf(out, RUN_ISA "%sST*%s*0001*%s~%sSE*%u*0001~GE*1*1~IEA*1*000000001~",
		      is_820 ? RUN_GS_820 : RUN_GS_834, set_id, is_820 ? "005010X218" : "005010X220A1", body, segments);
	assert_int_equal(out->error, 0);
	return buffer_slice(out);
}

#endif
