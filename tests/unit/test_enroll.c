/* If this failed, a dependent would lose his subscriber, or coverage would begin on a day that nobody sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "muster/enroll.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

/* ---- what came out, copied ---- */

struct seen_family {
	struct member_record members[LIMIT_FAMILY_MEMBERS];
	struct slice groups[LIMIT_FAMILY_MEMBERS];
	uint32_t count;
	char tset[10];
};

static struct {
	struct arena arena;
	struct seen_family families[16];
	uint32_t family_count;
	struct enroll_header headers[8];
	uint32_t header_count;
	uint32_t families_before_header[8];
} seen;

static struct slice keep(struct slice s)
{
	return arena_dup(&seen.arena, s);
}

static int take_header(void *context, const struct x12_tset *tset, const struct enroll_header *header)
{
	struct enroll_header *copy = &seen.headers[seen.header_count];

	(void)context;
	(void)tset;
	*copy = *header;
	copy->purpose = keep(header->purpose);
	copy->action = keep(header->action);
	copy->policy = keep(header->policy);
	copy->sponsor_id = keep(header->sponsor_id);
	copy->broker_id = keep(header->broker_id);
	seen.families_before_header[seen.header_count++] = seen.family_count;
	return 0;
}

static void keep_record(struct member_record *copy, const struct member_record *record)
{
	struct enroll_coverage *coverages =
		arena_alloc_array(&seen.arena, record->coverage_count + 1, sizeof(*coverages));
	struct enroll_date *dates = arena_alloc_array(&seen.arena, record->date_count + 1, sizeof(*dates));
	uint32_t i;

	*copy = *record;
	copy->subscriber_id = keep(record->subscriber_id);
	copy->relationship = keep(record->relationship);
	copy->maintenance = keep(record->maintenance);
	copy->group = keep(record->group);
	copy->phone = keep(record->phone);
	copy->email = keep(record->email);
	copy->medicare_parts = keep(record->medicare_parts);
	copy->medicare_reason = keep(record->medicare_reason);
	copy->facts[FACT_language] = keep(record->facts[FACT_language]);
	copy->address1 = keep(record->address1);
	copy->address2 = keep(record->address2);
	copy->city = keep(record->city);
	copy->state = keep(record->state);
	copy->zip = keep(record->zip);
	copy->person.last_name = keep(record->person.last_name);
	copy->person.first_name = keep(record->person.first_name);
	copy->person.ssn = keep(record->person.ssn);
	copy->prior.last_name = keep(record->prior.last_name);
	copy->prior.ssn = keep(record->prior.ssn);
	copy->first_error = keep(record->first_error);
	copy->raw = keep(record->raw);
	copy->raw_offsets = (const uint64_t *)(const void *)keep(
				    slice_of((const char *)record->raw_offsets, record->raw_count * sizeof(uint64_t)))
				    .data;
	for (i = 0; i < record->coverage_count; i++) {
		coverages[i] = record->coverages[i];
		coverages[i].plan = keep(coverages[i].plan);
		coverages[i].maintenance = keep(coverages[i].maintenance);
		coverages[i].pcp_id = keep(coverages[i].pcp_id);
		coverages[i].tier = keep(coverages[i].tier);
	}
	for (i = 0; i < record->date_count; i++) {
		dates[i] = record->dates[i];
		dates[i].qualifier = keep(dates[i].qualifier);
	}
	copy->coverages = coverages;
	copy->dates = dates;
}

static int take_family(void *context, const struct enroll_family *family)
{
	struct seen_family *copy = &seen.families[seen.family_count++];
	uint32_t i;

	(void)context;
	assert_true(family->member_count > 0 && family->member_count <= LIMIT_FAMILY_MEMBERS);
	assert_non_null(family->header);
	assert_true(slice_is(family->interchange->control_number, "000000101"));
	assert_true(slice_is(family->fgroup->functional_id, "BE"));
	slice_to_cstr(family->tset->control_number, copy->tset, sizeof(copy->tset));
	for (i = 0; i < family->member_count; i++) {
		keep_record(&copy->members[i], &family->members[i]);
		copy->groups[i] = keep(enroll_group(family->header, &family->members[i]));
	}
	copy->count = family->member_count;
	return 0;
}

/* ---- files ---- */

#define HEADER                                                                                                         \
	"BGN*00*R1*20260105*0930****2~REF*38*G100~DTP*007*D8*20260201~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*"          \
	"987654321~N1*BO*B*94*B77~"
#define ROE                                                                                                            \
	"INS*Y*18*021*28*A***FT~REF*0F*S1~REF*1L*G100-01~DTP*356*D8*20260101~NM1*IL*1*ROE*ALEX****34*219091234~"       \
	"PER*IP**HP*5552220101*TE*5552220102*EM*A@B.C~N3*1 MAIN ST*APT 2~N4*ANYTOWN*CA*90001~DMG*D8*19850214*M~"       \
	"HD*021**HMO*P10*ESP~DTP*348*D8*20260101~"
#define SPOUSE "INS*N*01*021*28*A~REF*0F*S1~NM1*IL*1*ROE*SAM~DMG*D8*19860315*F~HD*021**HMO*P10~DTP*348*D8*20260101~"
#define DOE "INS*Y*18*001*25*A***FT~REF*0F*S2~NM1*74*1*DOE*KIM~DMG*D8*19900404*F~NM1*70*1*DOU*KIM****34*219095555~"

static void add_set(struct buffer *out, const char *number, const char *body)
{
	uint32_t segments = 2;
	const char *at;

	for (at = body; *at != '\0'; at++)
		segments += *at == '~';
	buffer_printf(out, "ST*834*%s*005010X220A1~%sSE*%u*%s~", number, body, segments, number);
}

/* Both files say the same; the second with separators | > ! and '. */
static void exchange_separators(struct buffer *text)
{
	size_t i;

	for (i = 0; i < text->len; i++) {
		char *c = &text->data[i];

		*c = (char)(*c == '*'   ? '|'
			    : *c == ':' ? '>'
			    : *c == '^' ? '!'
			    : *c == '~' ? '\''
			    : *c == '@' ? ':'
					: *c);
	}
}

static bool in_outline;

static void enroll_text(const char *const *bodies, uint32_t count, bool other_separators)
{
	const struct enroll_sink sink = {.header = take_header, .family = take_family};
	struct buffer text, errors;
	struct guide_set *guides;
	struct io_source *source;
	struct enroll *enroll;
	char number[10];
	uint32_t i;

	if (!in_outline) /* which is held against the whole reading */
		arena_reset(&seen.arena);
	seen.family_count = seen.header_count = 0;
	buffer_init(&text, &world.env);
	buffer_init(&errors, &world.env);
	buffer_add_text(&text, "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
			       "*260105*0930*^*00501*000000101*0*P*:~"
			       "GS*BE*S*R*20260105*0930*1*X*005010X220A1~");
	for (i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%04u", i + 1);
		add_set(&text, number, bodies[i]);
	}
	buffer_printf(&text, "GE*%u*1~IEA*1*000000101~", count);
	if (other_separators)
		exchange_separators(&text);
	assert_int_equal(guide_set_new(&world.env, &errors, &guides), 0);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&text), 0, &source), 0);
	assert_int_equal(enroll_new(&world.env, &sink, &enroll), 0);
	if (in_outline)
		enroll_set_outline(enroll);
	assert_int_equal(check_source(&world.env, guides, source, NULL, enroll_handler(enroll)), 0);
	enroll_free(enroll);
	io_source_close(source);
	guide_set_free(guides);
	buffer_fini(&errors);
	buffer_fini(&text);
}

static void enroll_set(const char *body)
{
	enroll_text(&body, 1, false);
}

static date_day day(const char *iso)
{
	date_day result;

	assert_true(date_parse_iso(slice_from(iso), &result));
	return result;
}

#define assert_slice(slice, text)                                                                                      \
	do {                                                                                                           \
		char shown_[2000];                                                                                     \
		assert_string_equal(slice_to_cstr((slice), shown_, sizeof(shown_)), (text));                           \
	} while (0)

/* ---- tests ---- */

static void test_family(void **state)
{
	const struct member_record *alex, *sam;

	(void)state;
	enroll_set(HEADER ROE SPOUSE DOE);
	assert_int_equal(seen.family_count, 2);
	assert_int_equal(seen.families[0].count, 2);
	assert_int_equal(seen.families[1].count, 1);
	alex = &seen.families[0].members[0];
	sam = &seen.families[0].members[1];
	assert_int_equal(alex->member_pos, 1);
	assert_int_equal(sam->member_pos, 2);
	assert_int_equal(seen.families[1].members[0].member_pos, 3);
	assert_true(alex->is_subscriber);
	assert_false(sam->is_subscriber);
	assert_slice(alex->group, "G100-01");
	assert_slice(sam->group, "");
	assert_slice(sam->relationship, "01");
	assert_slice(alex->person.ssn, "219091234");
	assert_int_equal(alex->person.birth_on, day("1985-02-14"));
	assert_int_equal(alex->person.sex, 'M');
	assert_slice(alex->phone, "5552220102"); /* TE before HP */
	assert_slice(alex->email, "A@B.C");
	assert_true(alex->has_address);
	assert_false(sam->has_address);
	assert_slice(alex->address2, "APT 2");
	assert_slice(alex->zip, "90001");
	assert_int_equal(alex->coverage_count, 1);
	assert_slice(alex->coverages[0].tier, "ESP");
	assert_int_equal(alex->coverages[0].begins_on, day("2026-01-01"));
	assert_int_equal(alex->coverages[0].ends_on, DATE_NONE);
	assert_int_equal(alex->segment_pos, 8);
	assert_int_equal(alex->errors, 0);
}

static void test_header(void **state)
{
	static const char *const bodies[] = {HEADER ROE, "BGN*00*R2*20260106*0930****4~N1*P5*A*FI*1~N1*IN*P*FI*2~" DOE};

	(void)state;
	enroll_text(bodies, 2, false);
	assert_int_equal(seen.header_count, 2);
	assert_int_equal(seen.families_before_header[0], 0);
	assert_int_equal(seen.families_before_header[1], 1);
	assert_slice(seen.headers[0].policy, "G100");
	assert_slice(seen.headers[0].action, "2");
	assert_slice(seen.headers[0].sponsor_id, "123456789");
	assert_slice(seen.headers[0].broker_id, "B77");
	assert_int_equal(seen.headers[0].effective_on, day("2026-02-01"));
	assert_int_equal(seen.headers[0].created_on, day("2026-01-05"));
	/* Nothing of the first set's header is left in the second's. */
	assert_slice(seen.headers[1].policy, "");
	assert_slice(seen.headers[1].action, "4");
	assert_int_equal(seen.headers[1].effective_on, DATE_NONE);
	assert_string_equal(seen.families[1].tset, "0002");
	assert_int_equal(seen.families[1].members[0].member_pos, 1);
}

static void test_same_id_in_the_next_set_is_another_family(void **state)
{
	static const char *const bodies[] = {HEADER ROE, HEADER SPOUSE};

	(void)state;
	enroll_text(bodies, 2, false);
	assert_int_equal(seen.family_count, 2);
	assert_string_equal(seen.families[0].tset, "0001");
}

static void test_correction(void **state)
{
	const struct member_record *kim = &seen.families[0].members[0];

	(void)state;
	enroll_set(HEADER DOE);
	assert_true(kim->corrected);
	assert_true(kim->has_prior);
	assert_slice(kim->person.last_name, "DOE");
	assert_slice(kim->prior.last_name, "DOU");
	assert_slice(kim->prior.ssn, "219095555");
	assert_slice(kim->person.ssn, "");
	assert_int_equal(kim->prior.birth_on, DATE_NONE);
	assert_slice(kim->group, "");
}

static void test_member_details(void **state)
{
	const struct member_record *record = &seen.families[0].members[0];

	(void)state;
	enroll_set(HEADER "INS*N*19*024*03*C*B:1*7**F*Y*D8*20260110*R****2~REF*0F*S1~REF*F6*1EG4TE5MK73~DTP*357*D8*"
			  "99991231~DTP*303*D8*20260131~"
			  "NM1*IL*1*ROE*JO****ZZ*X9~LUI*LE*ES~NM1*31*1~N3*PO BOX 1~N4*ANYTOWN*CA*90001~");
	assert_slice(record->medicare_parts, "B");
	assert_slice(record->medicare_reason, "1");
	assert_true(record->handicapped);
	assert_true(record->confidential);
	assert_int_equal(record->died_on, day("2026-01-10"));
	assert_int_equal(record->birth_order, 2);
	assert_true(record->has_mailing);
	assert_false(record->has_address);
	assert_slice(record->facts[FACT_language], "ES");
	/* "No end" is no end date. */
	assert_int_equal(enroll_date_value(record, "357"), DATE_NONE);
	assert_int_equal(enroll_date_value(record, "303"), day("2026-01-31"));
	assert_int_equal(enroll_date_value(record, "356"), DATE_NONE);
}

static void test_coverages(void **state)
{
	const struct member_record *record = &seen.families[0].members[0];

	(void)state;
	enroll_set(HEADER "INS*Y*18*001*22*A***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~"
			  "HD*024**HMO*P10~DTP*349*D8*20260131~REF*1L*G7~"
			  "HD*021**DEN*P20*FAM~DTP*348*RD8*20260201-20261231~IDC*CARD*D*2*1~LX*1~NM1*P3*1*DOC*J****XX*"
			  "1234567893*25~"
			  "COB*P*X*1~REF*SY*219090000~"
			  "HD*001**VIS*P30~DTP*303*D8*20260301~DTP*349*D8*20991231~");
	assert_int_equal(record->coverage_count, 3);
	assert_int_equal(record->coverages[0].ends_on, day("2026-01-31"));
	assert_int_equal(record->coverages[0].ref_count, 1);
	assert_int_equal(record->coverages[1].ref_count, 0); /* the COB's REF is not the coverage's */
	assert_int_equal(record->coverages[1].begins_on, day("2026-02-01"));
	assert_int_equal(record->coverages[1].ends_on, day("2026-12-31"));
	assert_true(record->coverages[1].wants_card);
	assert_false(record->coverages[0].wants_card);
	assert_slice(record->coverages[1].pcp_id, "1234567893");
	assert_int_equal(record->coverages[2].effective_on, day("2026-03-01"));
	assert_int_equal(record->coverages[2].ends_on, DATE_NONE);
	assert_int_equal(record->coverages[2].segment_pos, 21);
}

#define OUTLINED                                                                                                       \
	HEADER ROE SPOUSE DOE "INS*Y*18*001*22*A***FT~REF*0F*S3~NM1*IL*1*POE*ALEX~"                                     \
			      "HD*024**HMO*P10~DTP*349*D8*20260131~REF*1L*G7~HD*002**DEN*P20~DTP*349*D8*20260131~"

/* What a file is counted by: were it another than what is applied, a guard would let through or stop what it must not. */
static void test_outline_counts_the_same(void **state)
{
	static struct seen_family whole[16];
	uint32_t i, j, k, count;

	(void)state;
	enroll_set(OUTLINED);
	count = seen.family_count;
	memcpy(whole, seen.families, sizeof(whole));
	assert_int_equal(count, 3);
	in_outline = true;
	enroll_set(OUTLINED);
	in_outline = false;
	assert_int_equal(seen.family_count, count);
	for (i = 0; i < count; i++) {
		assert_int_equal(seen.families[i].count, whole[i].count);
		for (j = 0; j < whole[i].count; j++) {
			const struct member_record *a = &whole[i].members[j], *b = &seen.families[i].members[j];

			assert_true(slice_equal(whole[i].groups[j], seen.families[i].groups[j]));
			assert_true(slice_equal(a->maintenance, b->maintenance));
			assert_int_equal(a->is_subscriber, b->is_subscriber);
			assert_int_equal(a->coverage_count, b->coverage_count);
			for (k = 0; k < a->coverage_count; k++)
				assert_true(slice_equal(a->coverages[k].maintenance, b->coverages[k].maintenance));
			assert_int_equal(b->raw_count, 0);
			assert_true(slice_is_empty(b->person.last_name));
		}
	}
	assert_slice(seen.families[2].groups[0], "G7");
	assert_slice(seen.families[0].groups[0], "G100-01");
}

static void test_raw_is_canonical(void **state)
{
	static const char *const body = HEADER DOE;
	struct hash plain;
	size_t i, at;

	(void)state;
	enroll_text(&body, 1, false);
	assert_slice(seen.families[0].members[0].raw, DOE);
	plain = seen.families[0].members[0].content_hash;
	assert_int_equal(seen.families[0].members[0].raw_count, 5);
	for (i = 0, at = 0; i < 5; i++, at = slice_find(slice_from(DOE), '~', at) + 1) {
		uint64_t offset;

		memcpy(&offset, (const char *)seen.families[0].members[0].raw_offsets + i * sizeof(offset),
		       sizeof(offset));
		assert_int_equal(offset - seen.families[0].members[0].offset, at);
	}
	enroll_text(&body, 1, true);
	assert_slice(seen.families[0].members[0].raw, DOE);
	assert_memory_equal(&plain, &seen.families[0].members[0].content_hash, sizeof(plain));
}

static void test_values_keep_what_is_a_separator_elsewhere(void **state)
{
	/* '@' becomes ':', which is data where the component separator is '>'. */
	static const char *const body =
		HEADER "INS*Y*18*021*28*A*A:1**FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~HD*021**HMO*GOLD@1~DTP*348*D8*20260101~";

	(void)state;
	enroll_text(&body, 1, true);
	assert_slice(seen.families[0].members[0].coverages[0].plan, "GOLD:1");
	assert_slice(seen.families[0].members[0].medicare_reason, "1");
	assert_non_null(strstr(seen.families[0].members[0].raw.data, "HD*021**HMO*GOLD 1~"));
}

static void test_errors_belong_to_their_member(void **state)
{
	(void)state;
	enroll_set(HEADER ROE "INS*N*01*02X*28*A~REF*0F*S1~NM1*IL*1*ROE*SAM~DMG*D8*19861315*F~" DOE);
	assert_int_equal(seen.families[0].members[0].errors, 0);
	assert_int_equal(seen.families[0].members[1].errors, 2);
	assert_non_null(strstr(seen.families[0].members[1].first_error.data,
			       "element_code_invalid at segment 19 (INS), element 3"));
	assert_int_equal(seen.families[1].members[0].errors, 0);
	/* A required segment is missed when the loop ends. */
	enroll_set(HEADER ROE "INS*N*01*021*28*A~REF*0F*S1~" DOE);
	assert_int_equal(seen.families[0].members[0].errors, 0);
	assert_int_equal(seen.families[0].members[1].errors, 1);
	assert_int_equal(seen.families[1].members[0].errors, 0);
}

static void test_large_family_is_split(void **state)
{
	struct buffer body;
	uint32_t i;

	(void)state;
	buffer_init(&body, &world.env);
	buffer_add_text(&body, HEADER ROE);
	for (i = 0; i < LIMIT_FAMILY_MEMBERS + 20; i++)
		buffer_add_text(&body, "INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*KID~");
	enroll_set(body.data);
	assert_int_equal(seen.family_count, 2);
	assert_int_equal(seen.families[0].count, LIMIT_FAMILY_MEMBERS);
	assert_int_equal(seen.families[1].count, 21);
	assert_int_equal(seen.families[1].members[20].member_pos, LIMIT_FAMILY_MEMBERS + 21);
	buffer_fini(&body);
}

static void test_over_limits_is_an_error_of_the_record(void **state)
{
	struct buffer body;
	uint32_t i;

	(void)state;
	buffer_init(&body, &world.env);
	buffer_add_text(&body, HEADER ROE);
	for (i = 0; i < LIMIT_MEMBER_SEGMENTS; i++)
		buffer_add_text(&body, "COB*P*X*1~");
	buffer_add_text(&body, DOE);
	enroll_set(body.data);
	assert_int_equal(seen.family_count, 2);
	assert_true(seen.families[0].members[0].errors > 0);
	assert_int_equal(seen.families[1].members[0].errors, 0);
	buffer_fini(&body);
}

static int count_members(void *context, const struct enroll_family *family)
{
	*(uint32_t *)context += family->member_count;
	return 0;
}

static void test_memory_may_end_anywhere(void **state)
{
	uint32_t members, failed = 0;
	struct env_fault fault;
	struct buffer text, errors;
	struct guide_set *guides;
	const struct enroll_sink sink = {.context = &members, .family = count_members};
	int error = -ENOMEM;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_init(&errors, &world.env);
	buffer_add_text(&text, "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
			       "*260105*0930*^*00501*000000101*0*P*:~"
			       "GS*BE*S*R*20260105*0930*1*X*005010X220A1~");
	add_set(&text, "0001", HEADER ROE "INS*N*01*02X*28*A~REF*0F*S1~NM1*IL*1*ROE*SAM~" DOE);
	assert_int_equal(guide_set_new(&world.env, &errors, &guides), 0);
	env_fault_init(&fault, &world.env, 1);
	while (error == -ENOMEM) {
		struct io_source *source;
		struct enroll *enroll = NULL;

		members = 0;
		env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), failed + 1,
							       ENV_FAULT_ERROR_ONCE, ENOMEM});
		assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&text), 0, &source), 0);
		error = enroll_new(&fault.env, &sink, &enroll);
		if (error == 0)
			error = check_source(&world.env, guides, source, NULL, enroll_handler(enroll));
		assert_true(error == 0 || error == -ENOMEM);
		assert_int_equal(error == -ENOMEM, fault.fired);
		enroll_free(enroll);
		io_source_close(source);
		failed += error == -ENOMEM;
	}
	assert_int_equal(members, 3);
	assert_true(failed > 3);
	guide_set_free(guides);
	buffer_fini(&errors);
	buffer_fini(&text);
}

static int refuse_family(void *context, const struct enroll_family *family)
{
	(void)context;
	(void)family;
	return -ENOSPC;
}

static void test_refusal_is_forwarded(void **state)
{
	const struct enroll_sink sink = {.family = refuse_family};
	struct check_handler handler;
	struct enroll *enroll;
	struct buffer text, errors;
	struct guide_set *guides;
	struct io_source *source;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_init(&errors, &world.env);
	buffer_add_text(&text, "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
			       "*260105*0930*^*00501*000000101*0*P*:~"
			       "GS*BE*S*R*20260105*0930*1*X*005010X220A1~");
	add_set(&text, "0001", HEADER ROE DOE);
	assert_int_equal(guide_set_new(&world.env, &errors, &guides), 0);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&text), 0, &source), 0);
	assert_int_equal(enroll_new(&world.env, &sink, &enroll), 0);
	handler = *enroll_handler(enroll);
	assert_int_equal(check_source(&world.env, guides, source, NULL, &handler), -ENOSPC);
	enroll_free(enroll);
	io_source_close(source);
	guide_set_free(guides);
	buffer_fini(&errors);
	buffer_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_same_id_in_the_next_set_is_another_family),
		cmocka_unit_test(test_correction),
		cmocka_unit_test(test_member_details),
		cmocka_unit_test(test_coverages),
		cmocka_unit_test(test_outline_counts_the_same),
		cmocka_unit_test(test_raw_is_canonical),
		cmocka_unit_test(test_values_keep_what_is_a_separator_elsewhere),
		cmocka_unit_test(test_errors_belong_to_their_member),
		cmocka_unit_test(test_large_family_is_split),
		cmocka_unit_test(test_over_limits_is_an_error_of_the_record),
		cmocka_unit_test(test_memory_may_end_anywhere),
		cmocka_unit_test(test_refusal_is_forwarded),
	};
	int failed;

	if (world_setup(NULL) != 0)
		return 1;
	arena_init(&seen.arena, &world.env, 0, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&seen.arena);
	return failed + world_teardown(NULL);
}
