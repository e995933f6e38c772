/* Running files with one fault, and comparing what is said. */
#include "matrix.h"

#include <stdio.h>
#include <string.h>

#include "muster/ack.h"
#include "muster/hash.h"

#define SEEDS 5u
/* 2026-01-05 09:30:00 UTC */
#define CLOCK_MS INT64_C(1767605400000)
/* Failures printed one by one. */
#define SHOWN 40u

void matrix_init(struct matrix *matrix)
{
	struct buffer errors;
	assert_int_equal(hash_setup(), 0);
	*matrix = (struct matrix){0};
	env_real_init(&matrix->env);
	buffer_init(&errors, &matrix->env);
	assert_int_equal(guide_set_new(&matrix->env, &errors, &matrix->guides), 0);
	buffer_fini(&errors);
	buffer_init(&matrix->bytes, &matrix->env);
	draft_init(&matrix->draft, &matrix->env);
}

void matrix_fini(struct matrix *matrix)
{
	draft_fini(&matrix->draft);
	buffer_fini(&matrix->bytes);
	guide_set_free(matrix->guides);
}

void matrix_begin(struct matrix *matrix, const char *guide_id)
{
	matrix->guide = guide_set_find(matrix->guides, slice_from(guide_id));
	assert_non_null(matrix->guide);
	matrix->cases = matrix->runs = matrix->detected = matrix->cascades = matrix->answered = matrix->failed = 0;
	matrix->warnings_before = UINT32_MAX;
}

static void expect_all(const struct matrix *matrix, uint32_t cases_at_least)
{
	fflush(stdout);
	assert_true(matrix->cases >= cases_at_least);
	assert_int_equal(matrix->failed, 0);
	assert_int_equal(matrix->detected, matrix->runs);
	assert_int_equal(matrix->cascades, 0);
	assert_int_equal(matrix->answered, matrix->runs);
}

void matrix_end(struct matrix *matrix, const char *what, uint32_t cases_at_least)
{
	printf("# %s: %u cases, %u runs; detected %u, cascades %u, answered right %u\n", what, matrix->cases,
	       matrix->runs, matrix->detected, matrix->cascades, matrix->answered);
	expect_all(matrix, cases_at_least);
}

void matrix_end_sound(struct matrix *matrix, const char *what, uint32_t cases_at_least)
{
	printf("# %s: %u shapes, %u runs; clean %u, false alarms %u, accepted in the answer %u\n", what, matrix->cases,
	       matrix->runs, matrix->detected, matrix->cascades, matrix->answered);
	expect_all(matrix, cases_at_least);
}

/* ---- what is said ---- */

struct said {
	struct matrix *matrix;
	const struct expected *expected;
	const enum finding_code *also;
	enum finding_severity severity; /* of the fault */
	uint32_t hits, others, accepted, warnings;
	struct buffer text; /* everything, one line each */
};

static bool is_among(enum finding_code code, const enum finding_code *codes)
{
	for (; codes != NULL && *codes != FINDING_CODE_COUNT; codes++)
		if (*codes == code)
			return true;
	return false;
}

static bool is_expected(const struct finding *finding, const struct expected *expected)
{
	const struct x12_where *where = &finding->where;
	uint32_t repetition = where->repetition_pos <= 1 ? 0 : where->repetition_pos;
	return finding->code == expected->code && strcmp(finding->segment_id, expected->segment) == 0 &&
	       slice_is(finding->loop, expected->loop) && where->segment_pos == expected->position &&
	       where->element_pos == expected->element && where->component_pos == expected->component &&
	       repetition == expected->repetition;
}

static int take(void *context, const struct finding *finding)
{
	struct said *said = context;
	buffer_printf(&said->text, "#       %s %s %u %.*s %u.%u.%u '%.*s'\n", finding_row(finding->code)->code,
		      finding->segment_id, finding->where.segment_pos, (int)finding->loop.len,
		      finding->loop.len > 0 ? finding->loop.data : "", finding->where.element_pos,
		      finding->where.component_pos, finding->where.repetition_pos, (int)finding->value.len,
		      finding->value.len > 0 ? finding->value.data : "");
	said->matrix->produced[finding->code] = true;
	said->warnings += finding->severity == FINDING_WARNING;
	if (said->expected != NULL && is_expected(finding, said->expected) && finding->severity == said->severity)
		said->hits++;
	else if (finding->severity == FINDING_ERROR && !is_among(finding->code, said->also))
		said->others++;
	else if (said->expected == NULL && !is_among(finding->code, said->also) && finding_row(finding->code)->snip < 4)
		said->others++;
	return 0;
}

static int take_verdict(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct said *said = context;
	(void)tset;
	said->accepted += verdict->decision == CHECK_ACCEPTED;
	return 0;
}

/* Read in pieces of other sizes each time. */
static void walk(struct matrix *matrix, struct slice bytes, const struct check_options *options,
		 const struct check_handler *handler)
{
	static const size_t pieces[] = {0, 1, 7, 80, 4096};
	struct io_source *source = NULL;
	size_t piece = pieces[matrix->runs % (sizeof(pieces) / sizeof(pieces[0]))];
	assert_int_equal(io_source_open_memory(&matrix->env, bytes, piece, &source), 0);
	assert_int_equal(check_source(&matrix->env, matrix->guides, source, options, handler), 0);
	io_source_close(source);
}

static void listen(struct matrix *matrix, struct slice bytes, const struct check_options *options, struct said *said)
{
	const struct check_handler handler = {.context = said, .finding = take, .tset_end = take_verdict};
	said->matrix = matrix;
	buffer_init(&said->text, &matrix->env);
	walk(matrix, bytes, options, &handler);
}

/* ---- what is answered ---- */

struct answer {
	struct ack *ack;
	struct slice ta1, reply;
};

static void answer_to(struct matrix *matrix, struct slice bytes, const struct check_options *options,
		      struct answer *ret_answer)
{
	const struct ack_options ack_options = {.clock_ms = CLOCK_MS, .control_number = 77};
	assert_int_equal(ack_new(&matrix->env, &ack_options, &ret_answer->ack), 0);
	walk(matrix, bytes, options, ack_handler(ret_answer->ack));
	assert_int_equal(ack_finish(ret_answer->ack, &ret_answer->ta1, &ret_answer->reply), 0);
}

static bool is_clean(struct matrix *matrix, struct slice bytes)
{
	struct said said = {0};
	bool clean;
	if (bytes.len == 0)
		return true;
	listen(matrix, bytes, NULL, &said);
	clean = said.others == 0;
	buffer_fini(&said.text);
	return clean;
}

static bool contains(struct slice bytes, const char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i + len <= bytes.len; i++)
		if (memcmp(bytes.data + i, text, len) == 0)
			return true;
	return false;
}

/* Is there a segment that begins with `begin` and bears `code` as one of its elements? */
static bool has_code(struct slice bytes, const char *begin, const char *code)
{
	size_t len = strlen(begin);
	for (size_t i = 0; i + len <= bytes.len; i++) {
		size_t end = slice_find(bytes, '~', i);
		char wanted[12];
		if (memcmp(bytes.data + i, begin, len) != 0 || (i > 0 && bytes.data[i - 1] != '\n'))
			continue;
		snprintf(wanted, sizeof(wanted), "*%s*", code);
		if (contains(slice_of(bytes.data + i, end - i), wanted))
			return true;
		snprintf(wanted, sizeof(wanted), "*%s~", code);
		if (contains(slice_of(bytes.data + i, end - i + 1), wanted))
			return true;
	}
	return false;
}

/* IK3 with code 8 and the right IK4 before the next IK3. */
static bool has_ik4(struct slice reply, const char *ik3, const struct expected *expected, const char *code)
{
	char text[4096], ik4[60], *at, *next;
	size_t len = 0;
	if (reply.len >= sizeof(text))
		return false;
	slice_to_cstr(reply, text, sizeof(text));
	at = strstr(text, ik3);
	if (at == NULL)
		return false;
	next = strstr(at + 1, "\nIK3*");
	if (next != NULL)
		*next = '\0';
	len = (size_t)snprintf(ik4, sizeof(ik4), "\nIK4*%u", expected->element);
	if (expected->component != 0 || expected->repetition != 0)
		len += (size_t)snprintf(ik4 + len, sizeof(ik4) - len, ":");
	if (expected->component != 0)
		len += (size_t)snprintf(ik4 + len, sizeof(ik4) - len, "%u", expected->component);
	if (expected->repetition != 0)
		len += (size_t)snprintf(ik4 + len, sizeof(ik4) - len, ":%u", expected->repetition);
	snprintf(ik4 + len, sizeof(ik4) - len, "*");
	at = strstr(at, ik4);
	if (at == NULL)
		return false;
	next = strchr(at + 1, '~');
	snprintf(ik4, sizeof(ik4), "*%s", code);
	at = strchr(at + 1 + len, '*');
	return at != NULL && next != NULL && strncmp(at, ik4, strlen(ik4)) == 0 &&
	       (at[strlen(ik4)] == '*' || at[strlen(ik4)] == '~');
}

static bool is_told(const struct answer *answer, const struct expected *expected)
{
	const char *code = expected->ack + 4, *id = expected->answered != NULL ? expected->answered : expected->segment;
	char text[60];
	if (strncmp(expected->ack, "TA1", 3) == 0)
		return has_code(answer->ta1, "TA1*", code);
	if (strncmp(expected->ack, "AK9", 3) == 0)
		return has_code(answer->reply, "AK9*", code);
	if (strncmp(expected->ack, "IK5", 3) == 0)
		return has_code(answer->reply, "IK5*R*", code);
	if (strncmp(expected->ack, "IK3", 3) == 0) {
		snprintf(text, sizeof(text), "\nIK3*%s*%u*%s*%s~", id, expected->position, expected->loop, code);
		return contains(answer->reply, text);
	}
	snprintf(text, sizeof(text), "\nIK3*%s*%u*%s*8~", id, expected->position, expected->loop);
	return has_ik4(answer->reply, text, expected, code);
}

/* ---- runs ---- */

static void print_failure(struct matrix *matrix, const char *what, uint64_t seed, const struct expected *expected,
			  const struct said *said, const struct answer *answer)
{
	if (++matrix->failed > SHOWN)
		return;
	printf("#   %s, seed %llu\n", what, (unsigned long long)seed);
	if (expected != NULL)
		printf("#     wanted %s (%s) %s %u %s %u.%u.%u\n", finding_row(expected->code)->code, expected->ack,
		       expected->segment, expected->position, expected->loop, expected->element, expected->component,
		       expected->repetition);
	printf("%.*s", (int)said->text.len, said->text.len > 0 ? said->text.data : "");
	if (answer != NULL)
		printf("%.*s%.*s", (int)answer->ta1.len, answer->ta1.data, (int)answer->reply.len, answer->reply.data);
	fflush(stdout);
}

/* The code and segment of the case agree with the table of findings: they are written down twice on purpose. */
static bool is_ack_of(const struct expected *expected)
{
	const struct finding_row *row = finding_row(expected->code);
	return strncmp(expected->ack, finding_ack_segment(row->scope), 3) == 0 &&
	       strcmp(expected->ack + 4, row->ack_code) == 0;
}

void matrix_count_warnings(struct matrix *matrix)
{
	struct said said = {0};
	buffer_clear(&matrix->bytes);
	draft_write(&matrix->draft, &matrix->bytes);
	listen(matrix, buffer_slice(&matrix->bytes), NULL, &said);
	matrix->warnings_before = said.warnings;
	buffer_fini(&said.text);
}

void matrix_run(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
		const struct check_options *options, const struct expected *expected, const enum finding_code *also)
{
	struct said said = {.expected = expected, .also = also, .severity = finding_row(expected->code)->severity};
	struct answer answer = {0};
	bool told, clean;

	if (options != NULL && options->severity_set[expected->code])
		said.severity = options->severity[expected->code];
	if (expected->rejects)
		said.severity = FINDING_ERROR;
	listen(matrix, bytes, options, &said);
	if (matrix->warnings_before != UINT32_MAX && said.severity != FINDING_WARNING &&
	    said.warnings > matrix->warnings_before)
		said.others += said.warnings - matrix->warnings_before;
	matrix->warnings_before = UINT32_MAX;
	answer_to(matrix, bytes, options, &answer);
	told = said.severity != FINDING_ERROR || answer.ta1.len == 0 || is_told(&answer, expected) != expected->untold;
	told = told && is_ack_of(expected);
	clean = is_clean(matrix, answer.ta1) && is_clean(matrix, answer.reply);
	matrix->runs++;
	matrix->detected += said.hits == 1;
	matrix->cascades += said.others;
	matrix->answered += told && clean;
	if (said.hits != 1 || said.others != 0)
		print_failure(matrix, what, seed, expected, &said, NULL);
	else if (!told || !clean)
		print_failure(matrix, what, seed, expected, &said, &answer);
	ack_free(answer.ack);
	buffer_fini(&said.text);
}

uint32_t matrix_sound(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
		      const enum finding_code *allowed)
{
	struct said said = {.also = allowed};
	struct answer answer = {0};
	bool clean;

	listen(matrix, bytes, NULL, &said);
	answer_to(matrix, bytes, NULL, &answer);
	clean = is_clean(matrix, answer.ta1) && is_clean(matrix, answer.reply) && !has_code(answer.reply, "IK5*", "R");
	matrix->runs++;
	matrix->answered += clean;
	matrix->cascades += said.others;
	matrix->detected += said.others == 0;
	if (said.others != 0 || !clean)
		print_failure(matrix, what, seed, NULL, &said, clean ? NULL : &answer);
	ack_free(answer.ack);
	buffer_fini(&said.text);
	return said.accepted;
}

/* ---- gzip ---- */

static void add_little(struct buffer *to, uint32_t value, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		buffer_add_char(to, (char)(unsigned char)(value >> (8 * i)));
}

static uint32_t crc_of(const char *data, size_t bytes)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < bytes; i++) {
		crc ^= (unsigned char)data[i];
		for (uint32_t bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

void matrix_gzip(struct buffer *to, const char *data, size_t bytes)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	size_t at = 0;
	buffer_add(to, head, sizeof(head));
	do {
		size_t block = bytes - at < 60000 ? bytes - at : 60000;
		buffer_add_char(to, at + block == bytes ? 1 : 0);
		add_little(to, (uint32_t)block, 2);
		add_little(to, ~(uint32_t)block, 2);
		buffer_add(to, data + at, block);
		at += block;
	} while (at < bytes);
	add_little(to, crc_of(data, bytes), 4);
	add_little(to, (uint32_t)bytes, 4);
}

/* ---- cases written down ---- */

static void take_out(struct draft *draft, const char *without)
{
	char address[40];
	while (without != NULL && *without != '\0') {
		size_t len = strcspn(without, " ");
		uint32_t at;
		snprintf(address, sizeof(address), "%.*s", (int)len, without);
		without += len + (without[len] == ' ');
		at = draft_find(draft, address);
		if (at == DRAFT_NOWHERE)
			continue;
		/* The segment that opens a loop takes the loop with it. */
		if (strcmp(draft_loop_id(draft, at), draft_loop_id(draft, at - 1)) != 0 &&
		    *draft_loop_id(draft, at) != '\0')
			draft_remove(draft, at, draft_loop_end(draft, at));
		else
			draft_remove(draft, at, at + 1);
	}
}

static uint32_t find(const struct draft *draft, const struct fault *fault, const char *address)
{
	uint32_t at = draft_find(draft, address);
	if (at == DRAFT_NOWHERE)
		fail_msg("%s: no line %s", fault->what, address);
	return at;
}

/* As many copies as make `times` of it; the index of the last. */
static uint32_t copy_to(struct draft *draft, uint32_t first, uint32_t end, uint32_t times)
{
	for (uint32_t i = 1; i < times; i++)
		draft_copy(draft, first, end, end + (i - 1) * (end - first));
	return first + (times - 1) * (end - first);
}

/* Put the fault in; the index of the line it is at. */
static uint32_t put(struct draft *draft, const struct fault *fault)
{
	uint32_t at = find(draft, fault, fault->at);
	switch (fault->op) {
	case FAULT_DROP:
		draft_remove(draft, at, at + 1);
		return at;
	case FAULT_DROP_LOOP:
		draft_remove(draft, at, draft_loop_end(draft, at));
		return at;
	case FAULT_SET:
		draft_set(draft, at, fault->pos, fault->text);
		return at;
	case FAULT_LINE:
		draft_rewrite(draft, at, fault->text);
		return at;
	case FAULT_TAIL:
		draft->lines[at].tail = fault->text;
		return at;
	case FAULT_BEFORE:
		draft_insert(draft, at, at, fault->text);
		return at;
	case FAULT_AFTER:
		draft_insert(draft, at + 1, at, fault->text);
		return at + 1;
	case FAULT_COPY:
		return copy_to(draft, at, at + 1, fault->pos);
	case FAULT_COPY_LOOP:
		return copy_to(draft, at, draft_loop_end(draft, at), fault->pos);
	case FAULT_MOVE_BEFORE:
		return draft_move(draft, at, at + 1, find(draft, fault, fault->text));
	case FAULT_MOVE_AFTER:
		return draft_move(draft, at, at + 1, find(draft, fault, fault->text) + 1);
	case FAULT_MOVE_LOOP_BEFORE:
		return draft_move(draft, at, draft_loop_end(draft, at), find(draft, fault, fault->text));
	case FAULT_CUT:
		draft_remove(draft, at, draft->count);
		return at;
	}
	return DRAFT_NOWHERE;
}

static void run_fault(struct matrix *matrix, const struct fault *fault, uint64_t seed)
{
	const struct draft_shape shape = {.target = DRAFT_MOST, .others = DRAFT_SOME};
	struct expected expected = fault->expected;
	enum finding_code also[MATRIX_ALSO + 1];
	uint32_t at;

	draft_begin(&matrix->draft, matrix->guide, seed, &shape);
	take_out(&matrix->draft, fault->without);
	if (fault->rewritten != NULL)
		draft_rewrite(&matrix->draft, find(&matrix->draft, fault, fault->rewritten), fault->as);
	at = put(&matrix->draft, fault);
	if (fault->place != NULL)
		at = find(&matrix->draft, fault, fault->place);
	at += fault->behind;
	expected.position = at < matrix->draft.count ? draft_position(&matrix->draft, at) : 0;
	for (uint32_t i = 0; i <= MATRIX_ALSO; i++)
		also[i] = i < MATRIX_ALSO && fault->also[i] != 0 ? fault->also[i] : FINDING_CODE_COUNT;
	buffer_clear(&matrix->bytes);
	draft_write(&matrix->draft, &matrix->bytes);
	matrix_run(matrix, fault->what, seed, buffer_slice(&matrix->bytes), NULL, &expected, also);
}

void matrix_faults(struct matrix *matrix, const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		matrix->cases++;
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			run_fault(matrix, &faults[i], seed * 100 + i);
	}
}
