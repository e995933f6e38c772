/* A key that is misread or passed over lets a partner's files be taken by rules that nobody agreed to: members of his
 * would be ended on the wrong day, or a set with errors would be applied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "muster/env_fault.h"
#include "muster/error.h"
#include "muster/io.h"
#include "muster/profile.h"

static struct env env;
static struct arena arena;
static struct buffer errors;
static struct guide_set *guides;

static int open_guides(void **state)
{
	static struct env guide_env;
	struct buffer faults;
	(void)state;
	env_real_init(&guide_env);
	buffer_init(&faults, &guide_env);
	assert_int_equal(guide_set_new(&guide_env, &faults, &guides), 0);
	buffer_fini(&faults);
	return 0;
}

static int close_guides(void **state)
{
	(void)state;
	guide_set_free(guides);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	buffer_init(&errors, &env);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_fini(&errors);
	arena_fini(&arena);
	return 0;
}

static void assert_errors_hold(const char *wanted)
{
	if (errors.data == NULL || strstr(errors.data, wanted) == NULL)
		fail_msg("wanted \"%s\" in: %s", wanted, errors.data != NULL ? errors.data : "(nothing)");
}

static void assert_slice(struct slice value, const char *wanted)
{
	if (!slice_is(value, wanted))
		fail_msg("wanted \"%s\", got \"%.*s\"", wanted, (int)value.len, value.data);
}

static int parse_profile(const char *text, struct profile *ret_profile)
{
	buffer_clear(&errors);
	return profile_parse(&arena, "partners/acme.yaml", slice_from(text), NULL, guides, &errors, ret_profile);
}

static int parse_config(const char *text, struct config *ret_config)
{
	buffer_clear(&errors);
	return config_parse(&arena, "/srv/muster/muster.yaml", slice_from(text), &errors, ret_config);
}

static void test_defaults_serve_without_a_config(void **state)
{
	struct config config;
	(void)state;
	assert_int_equal(config_defaults(&arena, &config), 0);
	assert_string_equal(config.path, "");
	assert_string_equal(config.database, "muster.db");
	assert_string_equal(config.in, "in");
	assert_string_equal(config.partners, "partners");
	assert_slice(config.member_id_format, "M########@");
	assert_int_equal(config.due_hours, 48);
	assert_false(config.release_alone);
	assert_int_equal(config.candidates, PROFILE_CANDIDATES_AUTO);
	assert_int_equal(config.candidates_bytes, UINT64_C(256) * 1024 * 1024);
	assert_int_equal(config.chunk_members, LIMIT_CHUNK_MEMBERS);
	assert_int_equal(config.backup_days, 0);
	assert_int_equal(config.retention.originals_days, 0);
	assert_int_equal(config.retention.decided_days, 0);
	assert_int_equal(config.retention.outputs_days, 0);
	assert_int_equal(config.receiver_count, 0);
}

static void test_config_paths_are_relative_to_the_file(void **state)
{
	struct config config;
	(void)state;
	assert_int_equal(parse_config("database: /var/lib/muster/plan.db\nin: drop/in\ndue_hours: 24\nchunk_members: 7\nbackup_days: 2\n"
	                              "retention: {originals_days: 800, decided_days: 2200, outputs_days: 400}\n"
	                              "candidates: memory\ncandidates_memory: 2 GiB\n"
	                              "calendar: plain\nrelease_by: one\nmember_id_format: 'KP-######@'\n"
	                              "receiver_ids: ['ZZ:MUSTERHP', '941234567']\n",
	                              &config),
	                 0);
	assert_string_equal(config.folder, "/srv/muster");
	assert_string_equal(config.database, "/var/lib/muster/plan.db");
	assert_string_equal(config.in, "/srv/muster/drop/in");
	assert_string_equal(config.held, "/srv/muster/held");
	assert_int_equal(config.due_hours, 24);
	assert_true(config.release_alone);
	assert_int_equal(config.chunk_members, 7);
	assert_int_equal(config.backup_days, 2);
	assert_int_equal(config.retention.originals_days, 800);
	assert_int_equal(config.retention.decided_days, 2200);
	assert_int_equal(config.retention.outputs_days, 400);
	assert_int_equal(config.candidates, PROFILE_CANDIDATES_MEMORY);
	assert_int_equal(config.candidates_bytes, UINT64_C(2) * 1024 * 1024 * 1024);
	assert_slice(config.member_id_format, "KP-######@");
	assert_int_equal(config.receiver_count, 2);
	assert_slice(config.receivers[0].qualifier, "ZZ");
	assert_slice(config.receivers[0].id, "MUSTERHP");
	assert_slice(config.receivers[1].qualifier, "");
	assert_slice(config.receivers[1].id, "941234567");
}

static void test_due_times_by_the_calendar_of_the_site(void **state)
{
	struct config config;
	int64_t received_ms;
	char due[CLOCK_TEXT_BYTES];

	(void)state;
	assert_true(clock_parse_rfc3339(slice_from("2026-07-02T20:00:00Z"), &received_ms)); /* a Thursday, 13:00 by the office */
	assert_int_equal(parse_config("due_hours: 8\n", &config), 0);
	assert_string_equal(clock_format_rfc3339(config_due_ms(&config, received_ms), due), "2026-07-03T04:00:00Z");
	assert_int_equal(parse_config("due_hours: 8\ncalendar: business\nbusiness:\n  time_zone: Pacific\n"
				      "  hours: 09:00-16:00\n  days: [mon, tue, wed, thu, fri]\n  holidays: [2026-07-03, 07-04]\n",
				      &config),
			 0);
	assert_string_equal(clock_format_rfc3339(config_due_ms(&config, received_ms), due), "2026-07-06T21:00:00Z");
}

static void test_an_empty_config_is_the_defaults(void **state)
{
	struct config config;
	(void)state;
	assert_int_equal(parse_config("# nothing is set\n", &config), 0);
	assert_string_equal(config.database, "/srv/muster/muster.db");
}

/* Row: what stands in muster.yaml, what is said about it. */
static void test_config_faults(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"databse: x.db\n", "/srv/muster/muster.yaml:1:1: "},
		{"databse: x.db\n", "database"},
		{"due_hours: 0\n", "/srv/muster/muster.yaml:1:12: due_hours is a whole number from 1 to 8760"},
		{"due_hours: two\n", "due_hours is a whole number"},
		{"due_hours: [1]\n", "due_hours takes one value"},
		{"chunk_members: 0\n", "chunk_members is a whole number from 1"},
		{"calendar: business\n", "calendar: business wants the working hours"},
		{"business: {time_zone: UTC}\n", "then calendar is business"},
		{"calendar: business\nbusiness:\n  days: [mon]\n", ":2:1: business wants its time_zone"},
		{"calendar: business\nbusiness: {time_zone: Paris}\n", "time_zone is Eastern"},
		{"calendar: business\nbusiness: {time_zone: UTC-8:00}\n", "time_zone is Eastern"},
		{"calendar: business\nbusiness: {time_zone: UTC, days: [sabbath]}\n", "a working day is mon"},
		{"calendar: business\nbusiness: {time_zone: UTC, days: []}\n", "days is a list of working days"},
		{"calendar: business\nbusiness: {time_zone: UTC, hours: 17:00-08:00}\n", "hours are an hour at least"},
		{"calendar: business\nbusiness: {time_zone: UTC, hours: 08:00-24:01}\n", "hours are an hour at least"},
		{"calendar: business\nbusiness: {time_zone: UTC, holidays: [02-30]}\n", "a holiday is a day"},
		{"calendar: business\nbusiness: {time_zone: UTC, lunch: 12:00}\n", "lunch"},
		{"candidates: disk\n", "candidates is auto, database or memory"},
		{"candidates_memory: many\n", "/srv/muster/muster.yaml:1:20: candidates_memory"},
		{"calendar: lunar\n", "calendar is plain or business"},
		{"operators: [ada]\n", "1:1: operators are listed in the database"},
		{"retention: {originals_days: 100, decided_days: 99}\n", "decided_days is no less than originals_days"},
		{"retention: {decided_days: 99}\n", "decided_days is no less than originals_days"},
		{"release_by: nobody\n", "release_by is two or one"},
		{"database: ''\n", "database has 1 to 1024 characters"},
		{"member_id_format: M###\n", "member_id_format is capitals"},
		{"member_id_format: 'M@####'\n", "member_id_format is capitals"},
		{"member_id_format: 'm#####'\n", "member_id_format is capitals"},
		{"receiver_ids: ZZ:ME\n", "receiver_ids is a list"},
		{"receiver_ids: ['ZZZ:ME']\n", "a receiver id is ISA07"},
		{"receiver_ids: ['ZZ:']\n", "a receiver id is ISA07"},
		{"hooks: x\n", "/srv/muster/muster.yaml:1:1: hooks is not supported yet"},
		{"in: same\nout: same\n", "in and out are the same folder: /srv/muster/same"},
		{"- a list\n", "the file holds lines of the form"},
		{"in: [\n", "/srv/muster/muster.yaml:"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config = {.due_hours = -1};
		assert_int_equal(parse_config(rows[i].text, &config), MUSTER_ERROR_CONFIG);
		assert_errors_hold(rows[i].wanted);
		assert_int_equal(config.due_hours, -1);
	}
}

static void test_a_fault_shows_its_line_and_a_caret(void **state)
{
	struct config config;
	(void)state;
	assert_int_equal(parse_config("in: drop\ndue_hours: none\n", &config), MUSTER_ERROR_CONFIG);
	assert_errors_hold(":2:12: due_hours");
	assert_errors_hold("due_hours: none\n");
	assert_errors_hold("           ^");
}

static void test_all_faults_come_in_one_go(void **state)
{
	struct profile profile;
	(void)state;
	assert_int_equal(parse_profile("isa_sender: A\nreject: sett\nresend: maybe\ntransport: sftp\nretro_ad: 30\n", &profile),
	                 MUSTER_ERROR_CONFIG);
	assert_errors_hold(":2:9: reject is set or member");
	assert_errors_hold(":3:9: resend is hold or apply");
	assert_errors_hold(":4:12: transport is folder: muster takes files from in/<partner>/");
	assert_errors_hold("retro_add");
	assert_int_equal(muster_exit_status(MUSTER_ERROR_CONFIG), 78);
}

static void test_profile_defaults_are_those_of_the_contract(void **state)
{
	struct profile profile;
	(void)state;
	assert_int_equal(parse_profile("isa_sender: '721234567'\n", &profile), 0);
	assert_string_equal(profile.name, "acme");
	assert_slice(profile.title, "acme");
	assert_false(profile.check.reject_member);
	assert_false(profile.accept_complete_sets);
	assert_false(profile.ta1_only_when_asked);
	assert_false(profile.decide.allow_test_files);
	assert_false(profile.decide.end_is_exclusive);
	assert_false(profile.decide.address_cascade_off);
	assert_false(profile.check.x12.refuse_isa11_u);
	assert_string_equal(profile.decide.member_id_ref, "");
	assert_int_equal(profile.resend, PROFILE_HOLD);
	assert_int_equal(profile.out_of_order, PROFILE_HOLD);
	assert_int_equal(profile.arrival, PROFILE_ARRIVAL_RENAME);
	assert_int_equal(profile.full.mode, PROFILE_FULL_BY_BGN08);
	assert_int_equal(profile.full.omission, PROFILE_OMISSION_TERM);
	assert_int_equal(profile.full.omit_end, PROFILE_OMIT_MONTH_OF_FILE);
	assert_int_equal(profile.full.grace_files, 1);
	assert_int_equal(profile.full.young_days, 7);
	assert_false(profile.full.refused);
	assert_false(profile.full.missing_groups_ignored);
	assert_int_equal(profile.guards.omissions_percent, 5);
	assert_int_equal(profile.guards.omissions_min, 3);
	assert_int_equal(profile.guards.omitted_subscribers_percent, 100);
	assert_int_equal(profile.guards.records_percent, 0);
	assert_int_equal(profile.guards.terminations_percent, 20);
	assert_int_equal(profile.guards.terminations_min, 10);
	assert_int_equal(profile.guards.changes_percent, 50);
	assert_int_equal(profile.guards.changes_min, 50);
	assert_int_equal(profile.guards.usual_files, 0);
	assert_int_equal(profile.guards.errors_percent, 100);
	assert_true(profile.max_inflated_bytes == LIMIT_INFLATE_BYTES);
	for (int code = 0; code < FINDING_CODE_COUNT; code++)
		assert_false(profile.check.severity_set[code]);
}

static void test_every_key_reaches_its_place(void **state)
{
	struct profile profile;
	(void)state;
	assert_int_equal(
	        parse_profile("name: Acme Benefits\nisa_sender_qualifier: '30'\nisa_sender: '721234567'\ngs_sender: ACME\n"
	                      "isa_receiver: MUSTERHP\nreject: member\npartial: accept-complete-sets\nack: none\n"
	                      "ta1: requested\ntest_files: apply\nref_map: {member_id: 'ZZ'}\nref0F: ssn\n"
	                      "end_is_exclusive: true\nretro_add: 31\nretro_term: 60\nfuture_limit: 90\nage_limit: 27\n"
	                      "add_without_coverage: true\naddress_cascade: false\ndup_isa13: reject\nresend: apply\n"
	                      "ssn_required: sub only\ndep_without_sub: reject\n"
	                      "ack_rules: {accepted_sets: left_out, duplicate: 999, rejected_ta1: none}\n"
	                      "out_of_order: apply\narrival: settle\nsettle_seconds: 90\nmax_inflated: 2 GiB\n"
	                      "tolerate_isa11_u: false\ntolerate_isa_padding: true\nallow_x220: true\n"
	                      "isa_receiver_qualifier: ZZ\ngs_receiver: MUSTERGS\nrequire_isa14: 1\ndelims: expected\n"
	                      "case: upper\nmax_ins: 10000\ntest_rule: gs03\ngs_receiver_test: MUSTERTS\n"
	                      "guards: {omissions_percent: 1, omissions_min: 2, omitted_subscribers_percent: 8,\n"
	                      "  omitted_subscribers_min: 9, records_percent: 10, records_min: 11, terminations_percent: 3,\n"
	                      "  terminations_min: 4, changes_percent: 6, changes_min: 7}\n"
	                      "file_mode: change\nfull_file_mode: by_ins03\nomission: exception\n"
	                      "omit_end: month_before_file\nomission_grace: 2\nomission_young_days: 30\n"
	                      "missing_group: ignore\n"
	                      "severities: {element_code_external: 'off', segment_order_habit: error, tset_totals: info}\n",
	                      &profile),
	        0);
	assert_slice(profile.title, "Acme Benefits");
	assert_slice(profile.isa_sender_qualifier, "30");
	assert_slice(profile.isa_sender, "721234567");
	assert_slice(profile.gs_sender, "ACME");
	assert_slice(profile.isa_receiver, "MUSTERHP");
	assert_true(profile.check.reject_member);
	assert_true(profile.accept_complete_sets);
	assert_int_equal(profile.ack, PROFILE_ACK_NONE);
	assert_true(profile.ta1_only_when_asked);
	assert_true(profile.decide.allow_test_files);
	assert_string_equal(profile.decide.member_id_ref, "ZZ");
	assert_true(profile.decide.subscriber_id_is_ssn);
	assert_true(profile.decide.end_is_exclusive);
	assert_int_equal(profile.decide.retro_add_days, 31);
	assert_int_equal(profile.decide.retro_term_days, 60);
	assert_int_equal(profile.decide.future_days, 90);
	assert_int_equal(profile.decide.age_limit_years, 27);
	assert_true(profile.decide.add_without_coverage);
	assert_true(profile.decide.address_cascade_off);
	assert_true(profile.reject_dup_isa13);
	assert_int_equal(profile.decide.ssn_required, DECIDE_SSN_SUBSCRIBERS);
	assert_true(profile.decide.reject_dep_without_sub);
	assert_true(profile.accepted_sets_left_out);
	assert_true(profile.duplicates_accepted);
	assert_int_equal(profile.resend, PROFILE_APPLY);
	assert_int_equal(profile.out_of_order, PROFILE_APPLY);
	assert_int_equal(profile.arrival, PROFILE_ARRIVAL_SETTLE);
	assert_int_equal(profile.settle_seconds, 90);
	assert_true(profile.max_inflated_bytes == UINT64_C(2) << 30);
	assert_true(profile.check.x12.refuse_isa11_u);
	assert_true(profile.check.x12.tolerate_isa_padding);
	assert_true(profile.check.allow_x220);
	assert_int_equal(profile.full.mode, PROFILE_FULL_BY_INS03);
	assert_true(profile.full.refused);
	assert_int_equal(profile.full.omission, PROFILE_OMISSION_EXCEPTION);
	assert_int_equal(profile.full.omit_end, PROFILE_OMIT_MONTH_BEFORE);
	assert_int_equal(profile.full.grace_files, 2);
	assert_int_equal(profile.full.young_days, 30);
	assert_true(profile.full.missing_groups_ignored);
	assert_slice(profile.isa_receiver_qualifier, "ZZ");
	assert_slice(profile.check.gs_receiver, "MUSTERGS");
	assert_slice(profile.check.gs_receiver_test, "MUSTERTS");
	assert_int_equal(profile.test_rule, PROFILE_TEST_GS03);
	assert_true(profile.check.ack_wanted);
	assert_true(profile.check.fixed_separators);
	assert_int_equal(profile.check.letters, CHECK_LETTERS_CAPITAL);
	assert_int_equal(profile.check.members_max, 10000);
	assert_null(profile.check.guides);
	assert_int_equal(profile.guards.omissions_percent, 1);
	assert_int_equal(profile.guards.omissions_min, 2);
	assert_int_equal(profile.guards.omitted_subscribers_percent, 8);
	assert_int_equal(profile.guards.omitted_subscribers_min, 9);
	assert_int_equal(profile.guards.records_percent, 10);
	assert_int_equal(profile.guards.records_min, 11);
	assert_int_equal(profile.guards.terminations_percent, 3);
	assert_int_equal(profile.guards.terminations_min, 4);
	assert_int_equal(profile.guards.changes_percent, 6);
	assert_int_equal(profile.guards.changes_min, 7);
	assert_true(profile.check.severity_set[FINDING_ELEMENT_CODE_EXTERNAL]);
	assert_int_equal(profile.check.severity[FINDING_ELEMENT_CODE_EXTERNAL], FINDING_OFF);
	assert_int_equal(profile.check.severity[FINDING_SEGMENT_ORDER_HABIT], FINDING_ERROR);
	assert_int_equal(profile.check.severity[FINDING_TSET_TOTALS], FINDING_INFO);
}

/* Row: one line beside a good isa_sender, what is said about it. */
static void test_profile_faults(void **state)
{
	static const struct {
		const char *line, *wanted;
	} rows[] = {
		{"history: some", "2:10: history is all or none"},
		{"omission: perhaps", "omission is term, ignore or exception"},
		{"omission_grace: 0", "omission_grace is a whole number from 1 to 12"},
		{"full_file_mode: by_bgn", "full_file_mode is by_bgn08, by_ins03, always_full or always_change"},
		{"modes_by_name: {}", "2:16: modes_by_name is written as {834C: change, 834F: full}"},
		{"modes_by_name: {834C: changes}", "2:23: a file is change, full or audit"},
		{"bgn08_map: full", "2:12: bgn08_map is written as {2: change"},
		{"bgn08_map: {4: [full]}", "2:16: a file is change, full or audit"},
		{"bgn08_map: {RXX: full}", "2:13: a BGN08 is 2, 4 or RX"},
		{"cob_rules: {}", "2:12: cob_rules is written as {+SEC: secondary"},
		{"cob_rules: {+SEC: second}", "2:19: the end of COB02 says as_sent, primary"},
		{"file_mode: both", "file_mode is by_bgn08, full or change"},
		{"group_key: hdr39", "group_key is any, hdr38, 2000_1L or 2300_1L"},
		{"plan_key: HD05", "plan_key is HD04"},
		{"hold_on: [LOW_SCORE]", "hold_on takes TIER_MISMATCH"},
		{"support_order: []", "support_order is what"},
		{"ssn_required: subs", "ssn_required is none, sub only or all"},
		{"dup_isa13: ignore", "dup_isa13 is warn or reject"},
		{"atomic: family", "2:9: atomic is set: a set is accepted or rejected whole"},
		{"out_834_effectuation: true", "2:23: out_834_effectuation is false: no 834 goes back; applied.csv names"},
		{"transport: [folder]", "2:12: transport is folder"},
		{"ack_rules: none", "ack_rules holds lines"},
		{"ack_rules: {accepted_set: told}", "accepted_sets"},
		{"ack_rules: {rejected_ta1: 999}", "rejected_ta1 is none"},
		{"name_regex: 'ACME('", "2:13: name_regex is no regular expression: "},
		{"name_regex: [a]", "2:13: name_regex is a pattern of the whole file name"},
		{"name_regex: '(?<dat>x)'", "not \"dat\"; did you mean \"date\"?"},
		{"name_regex: '(?<date>x)(?<date>y)'", "there are two groups \"date\""},
		{"name_regex: 'a)|(b'", "a ) without its ("},
		{"name_regex: '(ab){2}'", "a count like {6} or {4,9}, of at most 255, stands behind one character"},
		{"name_regex: 'a{9}{9}'", "a count like {6}"},
		{"name_regex: 'a{256}'", "a count like {6}"},
		{"name_regex: 'a{4'", "a count like {6}"},
		{"name_regex: 'a{x}'", "a count like {6}"},
		{"name_regex: '(?i)acme'", "behind ( a ? begins a name"},
		{"name_regex: '(?<date'", "behind ( a ? begins a name"},
		{"name_regex: '[\\d]+'", "means nothing inside of [ ]"},
		{"name_regex: '(a)\\1'", "what a group found before"},
		{"name_regex: '()()()()()()()()()()()()()()()()()()()()()()()()()()'", "too many groups"},
		{"thresholds: 5", "2:1: the thresholds over which a file waits stand in guards"},
		{"cat_map: premium", "2:10: cat_map is written as {PRE AMT 1: premium}"},
		{"cat_map: {PRE AMT 1: premum}", "2:22: a category is kept as"},
		{"cat_map: {PRE AMT 1: premum}", "did you mean \"premium\"?"},
		{"cat_map: {PRE AMT 1: health}", "2:22: a category is kept as"},
		{"family_split: perhaps", "2:15: family_split is true or false"},
		{"reconcile: maybe", "2:12: reconcile is apply or report"},
		{"error_report: 24", "2:15: error_report is written as {critical:"},
		{"error_report: {bad: 24}", "2:21: a severity is written as {hours: 24"},
		{"error_report: {bad: {hour: 24}}", "did you mean \"hours\"?"},
		{"error_report: {bad: {hours: 0}}", "hours is a whole number from 1 to 8760"},
		{"error_report: {bad: {categories: [NO_MATCH]}}", "2:21: a severity wants hours"},
		{"error_report: {bad: {hours: 2, categories: []}}", "categories is a list"},
		{"error_report: {bad: {hours: 2, categories: [NO_MACH]}}", "2:45: \"NO_MACH\" is no category of exceptions; did you mean \"NO_MATCH\"?"},
		{"error_report: {a: {hours: 2}, b: {hours: 3}}", "2:31: only one severity can be for all other categories"},
		{"error_report: {a: {hours: 2, categories: [NO_MATCH, NO_MATCH]}}", "NO_MATCH has a severity already"},
		{"schedule: daily", "2:1: schedule stands inside expect"},
		{"window: 4", "2:1: window stands inside expect"},
		{"expect: daily", "2:9: expect is written as {schedule: weekdays, by: '06:00'}"},
		{"expect: {schedule: daily}", "2:9: expect wants schedule, and by"},
		{"expect: {schedule: dayly, by: '06:00'}", "2:20: schedule is daily, weekdays, or a list"},
		{"expect: {schedule: [mo], by: '06:00'}", "2:21: a day is mon, tue"},
		{"expect: {schedule: [0], by: '06:00'}", "2:21: a day is mon, tue"},
		{"expect: {schedule: [32], by: '06:00'}", "2:21: a day is mon, tue"},
		{"expect: {schedule: daily, by: '24:00'}", "2:31: by is a time of the day"},
		{"expect: {schedule: daily, by: 6}", "2:31: by is a time of the day"},
		{"expect: {schedule: daily, by: '06:00', window: 0}", "window is a whole number from 1 to 744"},
		{"expect: {schedule: daily, by: '06:00', file: half}", "file is any, change, full or 820"},
		{"expect: [{schedul: daily, by: '06:00'}]", "did you mean \"schedule\"?"},
		{"test_rule: flag", "2:12: test_rule is isa15, folder or gs03"},
		{"gs_receiver_test: X", "2:19: gs_receiver_test has 2 to 15 characters"},
		{"case: lower", "case is any, upper or basic"},
		{"arrival: soon", "arrival is rename, done-marker or settle"},
		{"end_is_exclusive: maybe", "end_is_exclusive is true or false"},
		{"retro_add: -1", "retro_add is a whole number from 0"},
		{"isa_sender_qualifier: ZZZ", "isa_sender_qualifier has 2 to 2 characters"},
		{"gs_sender: '1234567890123456'", "gs_sender has 2 to 15 characters"},
		{"max_inflated: 2 GB", "max_inflated is a size"},
		{"max_inflated: 0", "max_inflated is a size"},
		{"max_inflated: 65 GiB", "at most 64 GiB"},
		{"max_inflated: 999999999999999999 TiB", "max_inflated is a size"},
		{"ref_map: {subgroup: '1-7'}", "subgroup is a REF qualifier"},
		{"ref_map: {member_id: 'x'}", "member_id is a REF qualifier"},
		{"ref_map: yes", "ref_map holds lines"},
		{"guards: {omission_min: 3}", "omissions_min"},
		{"guards: {changes_percent: 101}", "changes_percent is a whole number from 0 to 100"},
		{"severities: {element_cod_invalid: error}", "element_code_invalid"},
		{"severities: {element_code_invalid: fatal}", "a severity is error, warning, info or off"},
		{"severities: {interchange_truncated: warning}", "the severity of interchange_truncated is fixed"},
		{"severities: {tset_out_of_balance: 'off'}", "the severity of tset_out_of_balance is fixed"},
		{"severities: error", "severities holds lines"},
		{"severities: {snip8: error}", "2:14: \"snip8\" is no finding, rule, check of sense or place"},
		{"severities: {snip4: fatal}", "a severity is error, warning, info or off"},
		{"severities: {cobra_events: error}", "did you mean \"cobra_event\"?"},
		{"severities: {birth_in_futur: error}", "did you mean \"birth_in_future\"?"},
		{"severities: {2000/INX03: error}", "2:14: \"2000/INX03\" is no finding, rule"},
		{"severities: {2000/INS99: error}", "2:14: \"2000/INS99\" is no finding, rule"},
		{"severities: {2000/REF*17: error}", "2:14: a severity is for all qualifiers"},
		{"codes: off", "codes holds lines"},
		{"codes: {state: error}", "did you mean \"states\"?"},
		{"codes: {npo: error}", "did you mean \"npi\"?"},
		{"codes: {zip: never}", "a severity is error, warning, info or off"},
		{"code_files: x.yaml", "code_files holds lines"},
		{"code_files: {states: [x]}", "a list of codes is in a file"},
		{"code_files: {states: no-such-file.yaml}", "this file cannot be taken as the list states"},
		{"overlay: 834", "written as {834: {PLACE: {usage: R}}}"},
		{"overlay: {835: {}}", "2:11: there is no guide of this id or set"},
		{"overlay: {834: {2000/INS44: {usage: R}}}", "2:17: guide 005010X220A1 has no place \"2000/INS44\": the segment has no such element or component"},
		{"overlay: {834: {2000/INX: {usage: R}}}", "2:17: guide 005010X220A1 has no place \"2000/INX\"; did you mean \"2000/INS\"?"},
		{"overlay: {834: {2000/INX03: {usage: R}}}", "did you mean \"2000/INS03\"?"},
		{"overlay: {834: {2000/INS03: {usges: R}}}", "2:30: unknown key \"usges\"; did you mean \"usage\"?"},
		{"overlay: {834: {2000/INS03: {usage: X}}}", "2:37: usage is R (required), S (situational) or N"},
		{"overlay: {834: {2000/INS03: {length: 5}}}", "2:38: a length is written as 2/15"},
		{"overlay: {834: {2000/INS03: {repeat: 0}}}", "2:38: repeat is a number from 1"},
		{"overlay: {834: {2000/INS03: {codes: [A]}}}", "2:37: written as {add: {CODE: meaning}"},
		{"overlay: {834: {2000/INS03: {codes: {remove: [99]}}}}", "2:47: this is none of the element's codes"},
		{"overlay: {834: {2000/INS03: {codes: {only: 001}}}}", "2:44: written as a list of codes"},
		{"overlay: {834: {2000/INS01: {codes: {remove: [Y, N]}}}}", "no code would be left"},
		{"overlay: {834: {2300/HD04: {codes: {remove: [A]}}}}", "the guide has no codes for this element"},
		{"overlay: {834: {2300/HD04: {list: countrys}}}", "2:35: there is no list of codes \"countrys\"; did you mean \"countries\"?"},
		{"overlay: {834: {2000/INS06: {length: 1/2}}}", "a composite's components have lengths"},
		{"overlay: {834: {2000/INS: {usage: S}}}", "this segment opens its loop"},
		{"overlay: {834: {/ST: {repeat: 2}}}", "this segment opens its loop or the set"},
		{"overlay: {834: {2000/REF*17: {usage: R}}}", "several qualifiers share this place"},
		{"overlay: {834: {2000/REF: {length: 1/2}}}", "unknown key \"length\""},
		{"overlay: {834: {2000/DTP01: {codes: {add: {999: x}}}, /: {usage: S}}}", "the set itself cannot be changed"},
		{"overlay: {834: {2000/REF01: {codes: {add: {23: x}}}}}", "another REF of this loop has that qualifier"},
		{"overlay: {834: {rules: {x: {at: 2000/INS}}}}", "a rule has at, when, text"},
		{"require_seg: 2000/INS", "require_seg is a list of places"},
		{"require_seg: [INS]", "2:15: this is no place of the 834"},
		{"require_seg: [2000/ZZZ]", "2:15: this is no place of the 834"},
		{"require_isa14: maybe", "require_isa14 is false, true, 0 or 1"},
		{"max_ins: 0", "max_ins is a whole number from 1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct profile profile = {.name = "untouched"};
		char text[200];
		snprintf(text, sizeof(text), "isa_sender: A\n%s\n", rows[i].line);
		if (parse_profile(text, &profile) != MUSTER_ERROR_CONFIG)
			fail_msg("taken: %s", rows[i].line);
		assert_errors_hold("partners/acme.yaml:2:");
		assert_errors_hold(rows[i].wanted);
		assert_string_equal(profile.name, "untouched");
	}
}

/* Sense that only shows in the whole: who a profile is for, and how its file is called. */
static void test_profile_identity(void **state)
{
	struct profile profile;
	(void)state;
	assert_int_equal(parse_profile("reject: set\n", &profile), MUSTER_ERROR_CONFIG);
	assert_errors_hold("isa_sender is missing");
	buffer_clear(&errors);
	assert_int_equal(profile_parse(&arena, "partners/default.yaml", slice_from("isa_sender: A\n"), NULL, guides, &errors, &profile),
	                 MUSTER_ERROR_CONFIG);
	assert_errors_hold("isa_sender names one partner");
	buffer_clear(&errors);
	assert_int_equal(profile_parse(&arena, "partners/a b.yaml", slice_from("isa_sender: A\n"), NULL, guides, &errors, &profile),
	                 MUSTER_ERROR_CONFIG);
	assert_errors_hold("a profile's file name is letters");
}

/* Row: a pattern, a name, is it as agreed, and what stands in its date and type. */
static void test_names_of_files(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool agreed;
		const char *date, *type;
	} rows[] = {
		{"ACME.*", "ACME.834", true, "", ""},
		{"ACME", "ACME.834", false, "", ""},
		{"ACME", "XACME", false, "", ""},
		{"a|b", "ab", false, "", ""}, /* the anchors hold for both */
		{"a|b", "b", true, "", ""},
		{"(?:x|y)+[.](?<type>[CF])(?<date>\\d{6})?", "xyx.F260310", true, "260310", "F"},
		{"(?:x|y)+[.](?<type>[CF])(?<date>\\d{6})?", "y.C", true, "", "C"},
		{"[](?<type>]+(?<date>[0-9]+)", "(?<]1", true, "1", ""},
		{"\\({2}(?<date>[^0]{2,3})[)]", "((111)", true, "111", ""},
		{"A\\.(?<type>.*)\\.gz", "A.b.c.gz", true, "", "b.c"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice parts[PROFILE_NAME_PARTS];
		struct profile profile;
		char text[300];
		bool agreed;
		snprintf(text, sizeof(text), "isa_sender: A\nname_regex: '%s'\n", rows[i].pattern);
		assert_int_equal(parse_profile(text, &profile), 0);
		assert_int_equal(profile_read_name(&profile.names, slice_from(rows[i].name), &agreed, parts), 0);
		if (agreed != rows[i].agreed)
			fail_msg("%s for %s: %d", rows[i].pattern, rows[i].name, agreed);
		assert_slice(parts[PROFILE_NAME_DATE], rows[i].date);
		assert_slice(parts[PROFILE_NAME_TYPE], rows[i].type);
	}
}

/* Row: a schedule, the time now, by when the last file had to come and by when the next one has to. */
static void test_when_files_are_expected(void **state)
{
	static const struct {
		const char *expect, *now, *last, *next, *zone;
	} rows[] = {
		/* 2026-03-13 is a Friday; in California summer time holds since the 8th: seven hours behind, eight before. */
		{"{schedule: daily, by: '06:00'}", "2026-03-13T13:00:00Z", "2026-03-13T13:00:00Z", "2026-03-14T13:00:00Z",
		 "Pacific"},
		{"{schedule: daily, by: '06:00'}", "2026-03-08T12:00:00Z", "2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z",
		 "Pacific"},
		{"{schedule: [fri], by: '00:15'}", "2026-03-13T07:30:00Z", "2026-03-13T07:15:00Z", "2026-03-20T07:15:00Z",
		 "Pacific"},
		{"{schedule: [31], by: '20:00'}", "2026-02-01T03:00:00Z", "2026-01-01T04:00:00Z", "2026-02-01T04:00:00Z",
		 "Pacific"},
		{"{schedule: daily, by: '06:00'}", "2026-03-13T06:00:00Z", "2026-03-13T06:00:00Z", "2026-03-14T06:00:00Z", "UTC"},
		{"{schedule: daily, by: '06:00'}", "2026-03-13T05:59:59Z", "2026-03-12T06:00:00Z", "2026-03-13T06:00:00Z", "UTC"},
		{"{schedule: weekdays, by: '06:00'}", "2026-03-15T12:00:00Z", "2026-03-13T06:00:00Z", "2026-03-16T06:00:00Z", "UTC"},
		{"{schedule: [mon, sun], by: '00:00'}", "2026-03-16T00:00:00Z", "2026-03-16T00:00:00Z", "2026-03-22T00:00:00Z", "UTC"},
		{"{schedule: [5], by: '15:00'}", "2026-03-05T14:59:00Z", "2026-02-05T15:00:00Z", "2026-03-05T15:00:00Z", "UTC"},
		{"{schedule: [31], by: '15:00'}", "2026-02-28T15:00:00Z", "2026-02-28T15:00:00Z", "2026-03-31T15:00:00Z", "UTC"},
		{"{schedule: [31], by: '15:00'}", "2026-04-30T14:00:00Z", "2026-03-31T15:00:00Z", "2026-04-30T15:00:00Z", "UTC"},
		{"{schedule: [30], by: '15:00'}", "2026-03-31T23:00:00Z", "2026-03-30T15:00:00Z", "2026-04-30T15:00:00Z", "UTC"},
		{"{schedule: [29], by: '15:00'}", "2028-03-01T00:00:00Z", "2028-02-29T15:00:00Z", "2028-03-29T15:00:00Z", "UTC"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200], last_text[CLOCK_TEXT_BYTES], next_text[CLOCK_TEXT_BYTES];
		int64_t now, last, next;
		struct calendar calendar = {0};
		struct profile profile;
		snprintf(text, sizeof(text), "isa_sender: A\nexpect: %s\n", rows[i].expect);
		assert_int_equal(parse_profile(text, &profile), 0);
		assert_int_equal(profile.expect_count, 1);
		assert_true(clock_parse_rfc3339(slice_from(rows[i].now), &now));
		assert_true(calendar_set_zone(&calendar, slice_from(rows[i].zone)));
		profile_expect_due(profile.expects, &calendar, now, &last, &next);
		assert_string_equal(clock_format_rfc3339(last, last_text), rows[i].last);
		assert_string_equal(clock_format_rfc3339(next, next_text), rows[i].next);
	}
}

/* Row: keys of which one is nothing without another, what is said. */
static void test_keys_that_belong_together(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"isa_receiver_qualifier: ZZ\n", "isa_receiver_qualifier goes with isa_receiver"},
		{"modes_by_name: {C: change}\n", "modes_by_name goes with a group (?<type>...) of name_regex"},
		{"modes_by_name: {C: change}\nname_regex: '(C)'\n", "modes_by_name goes with a group"},
		{"test_rule: gs03\n", "test_rule: gs03 goes with gs_receiver_test"},
		{"gs_receiver_test: PLANT\n", "test_rule: gs03 goes with gs_receiver_test"},
		{"test_rule: gs03\ngs_receiver: PLAN\ngs_receiver_test: PLAN\n", "every file would be a test"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct profile profile = {.name = "untouched"};
		char text[300];
		snprintf(text, sizeof(text), "isa_sender: A\n%s", rows[i].text);
		if (parse_profile(text, &profile) != MUSTER_ERROR_CONFIG)
			fail_msg("taken: %s", rows[i].text);
		assert_errors_hold(rows[i].wanted);
		assert_string_equal(profile.name, "untouched");
	}
}

static void make_folder(char *folder)
{
	strcpy(folder, "/tmp/muster-test-profile-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(io_publish(&env, path, slice_from(text)), 0);
}

static void remove_folder(const char *folder)
{
	char **names = NULL, path[512];
	size_t count = 0;
	if (env_list(&env, folder, &names, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (unlink(path) != 0)
			remove_folder(path);
	}
	env_free(&env, names);
	assert_int_equal(rmdir(folder), 0);
}

static int load_partners(const char *folder, struct profiles *ret_profiles)
{
	struct config config;
	assert_int_equal(config_defaults(&arena, &config), 0);
	config.partners = folder;
	buffer_clear(&errors);
	return profiles_load(&env, &arena, &config, guides, &errors, ret_profiles);
}

static void test_partners_inherit_from_default(void **state)
{
	struct profiles profiles;
	char folder[64];
	(void)state;
	make_folder(folder);
	write_file(folder, "default.yaml", "reject: member\nretro_add: 60\nguards: {omissions_min: 9}\n");
	write_file(folder, "acme.yaml", "isa_sender: ACME\nretro_add: 31\n");
	write_file(folder, "zeta.yaml", "isa_sender: SHARED\nisa_sender_qualifier: ZZ\ngs_sender: ZETA\n");
	write_file(folder, "yota.yaml", "isa_sender: SHARED\nisa_sender_qualifier: ZZ\ngs_sender: YOTA\nreject: set\n");
	write_file(folder, "acme.yaml~", "left by an editor: {");
	assert_int_equal(load_partners(folder, &profiles), 0);
	remove_folder(folder);

	assert_int_equal(profiles.count, 3);
	const struct profile *acme = profile_for(&profiles, slice_from("30"), slice_from("ACME"), SLICE_EMPTY);
	assert_string_equal(acme->name, "acme");
	assert_int_equal(acme->decide.retro_add_days, 31);
	assert_true(acme->check.reject_member);
	assert_int_equal(acme->guards.omissions_min, 9);
	assert_int_equal(acme->guards.omissions_percent, 5);

	struct slice zz = slice_from("ZZ"), shared = slice_from("SHARED");
	assert_string_equal(profile_for(&profiles, zz, shared, slice_from("ZETA"))->name, "zeta");
	assert_string_equal(profile_for(&profiles, zz, shared, slice_from("YOTA"))->name, "yota");
	assert_false(profile_for(&profiles, zz, shared, slice_from("YOTA"))->check.reject_member);
	assert_ptr_equal(profile_for(&profiles, zz, shared, slice_from("OTHER")), &profiles.fallback);
	assert_ptr_equal(profile_for(&profiles, slice_from("30"), shared, slice_from("ZETA")), &profiles.fallback);
	assert_ptr_equal(profile_for(&profiles, zz, slice_from("NOBODY"), SLICE_EMPTY), &profiles.fallback);
	assert_string_equal(profiles.fallback.name, "default");
	assert_int_equal(profiles.fallback.decide.retro_add_days, 60);
	assert_string_equal(profile_named(&profiles, slice_from("yota"))->name, "yota");
	assert_null(profile_named(&profiles, slice_from("nobody")));
}

static void test_faults_of_all_partners_come_in_one_go(void **state)
{
	struct profiles profiles = {.count = 77};
	char folder[64];
	(void)state;
	make_folder(folder);
	write_file(folder, "default.yaml", "resend: never\n");
	write_file(folder, "acme.yaml", "isa_sender: ACME\nrejct: set\n");
	write_file(folder, "zeta.yml", "isa_sender: ZETA\n");
	assert_int_equal(load_partners(folder, &profiles), MUSTER_ERROR_CONFIG);
	assert_errors_hold("default.yaml:1:9: resend is hold or apply");
	assert_errors_hold("acme.yaml:2:1: ");
	assert_errors_hold("zeta.yml: profiles end in .yaml");
	assert_int_equal(profiles.count, 77);
	remove_folder(folder);
}

static void test_two_partners_may_not_claim_one_sender(void **state)
{
	struct profiles profiles;
	char folder[64];
	(void)state;
	make_folder(folder);
	write_file(folder, "acme.yaml", "isa_sender: SAME\n");
	write_file(folder, "zeta.yaml", "isa_sender: SAME\n");
	assert_int_equal(load_partners(folder, &profiles), MUSTER_ERROR_CONFIG);
	assert_errors_hold("partners acme and zeta have the same isa_sender SAME");
	remove_folder(folder);
}

static void test_a_partners_folder_that_is_named_must_be_there(void **state)
{
	struct profiles profiles;
	struct config config;
	(void)state;
	assert_int_equal(load_partners("/nonexistent/partners", &profiles), 0);
	assert_int_equal(profiles.count, 0);
	buffer_clear(&errors);
	assert_int_equal(parse_config("partners: nowhere\n", &config), 0);
	assert_int_equal(profiles_load(&env, &arena, &config, guides, &errors, &profiles), MUSTER_ERROR_CONFIG);
	assert_errors_hold("/srv/muster/nowhere: the partners folder");
}

/* Whom an interchange may be for comes to the walk with the partner's other check options. */
static void test_receivers(void **state)
{
	struct profiles profiles;
	struct config config;
	char folder[64];
	(void)state;
	make_folder(folder);
	write_file(folder, "acme.yaml", "isa_sender: ACME\n");
	write_file(folder, "zeta.yaml", "isa_sender: ZETA\nisa_receiver: SPECIAL\n");
	assert_int_equal(parse_config("receiver_ids: ['ZZ:MUSTERHP', '941234567']\n", &config), 0);
	config.partners = folder;
	assert_int_equal(profiles_load(&env, &arena, &config, guides, &errors, &profiles), 0);
	const struct check_options *acme = &profile_named(&profiles, slice_from("acme"))->check;
	const struct check_options *zeta = &profile_named(&profiles, slice_from("zeta"))->check;
	assert_int_equal(profiles.fallback.check.receiver_count, 2);
	assert_int_equal(acme->receiver_count, 2);
	assert_slice(acme->receivers[0].qualifier, "ZZ");
	assert_slice(acme->receivers[0].id, "MUSTERHP");
	assert_slice(acme->receivers[1].qualifier, "");
	assert_slice(acme->receivers[1].id, "941234567");
	assert_int_equal(zeta->receiver_count, 1);
	assert_slice(zeta->receivers[0].id, "SPECIAL");
	remove_folder(folder);
}

/* Which muster.yaml is taken, from which folder. */
static void test_where_the_config_is_looked_for(void **state)
{
	struct config config;
	char folder[64], home[512], path[128];
	(void)state;
	make_folder(folder);
	assert_non_null(getcwd(home, sizeof(home)));
	assert_int_equal(chdir(folder), 0);
	write_file(folder, "explicit.yaml", "due_hours: 1\n");
	write_file(folder, "environment.yaml", "due_hours: 2\n");
	write_file(folder, "muster.yaml", "due_hours: 3\n");
	snprintf(path, sizeof(path), "%s/environment.yaml", folder);

	assert_int_equal(config_load(&env, &arena, "explicit.yaml", path, &errors, &config), 0);
	assert_int_equal(config.due_hours, 1);
	assert_string_equal(config.in, "in");
	assert_int_equal(config_load(&env, &arena, NULL, path, &errors, &config), 0);
	assert_int_equal(config.due_hours, 2);
	assert_int_equal(strncmp(config.in, folder, strlen(folder)), 0);
	assert_int_equal(config_load(&env, &arena, "", "", &errors, &config), 0);
	assert_int_equal(config.due_hours, 3);

	assert_int_equal(config_load(&env, &arena, "missing.yaml", NULL, &errors, &config), MUSTER_ERROR_CONFIG);
	assert_errors_hold("missing.yaml: ");
	buffer_clear(&errors);
	assert_int_equal(chmod("muster.yaml", 0606), 0);
	assert_int_equal(config_load(&env, &arena, NULL, NULL, &errors, &config), MUSTER_ERROR_CONFIG);
	assert_errors_hold("may be written by everybody");
	assert_int_equal(unlink("muster.yaml"), 0);
	buffer_clear(&errors);
	assert_int_equal(symlink("explicit.yaml", "muster.yaml"), 0);
	assert_int_equal(config_load(&env, &arena, NULL, NULL, &errors, &config), MUSTER_ERROR_CONFIG);
	assert_errors_hold("is not a plain file");
	assert_int_equal(chdir(home), 0);
	remove_folder(folder);
}

static void test_a_config_of_somebody_else_is_not_taken(void **state)
{
	struct config config;
	char folder[64], home[512];
	(void)state;
	if (geteuid() != 0) {
		print_message("only root can give a file away\n");
		skip();
	}
	make_folder(folder);
	assert_non_null(getcwd(home, sizeof(home)));
	assert_int_equal(chdir(folder), 0);
	write_file(folder, "muster.yaml", "due_hours: 3\n");
	assert_int_equal(chown("muster.yaml", 12345, 12345), 0);
	assert_int_equal(config_load(&env, &arena, NULL, NULL, &errors, &config), MUSTER_ERROR_CONFIG);
	assert_errors_hold("belongs to somebody else");
	assert_int_equal(chdir(home), 0);
	remove_folder(folder);
}

static int fail_reads(struct env *failing, enum env_op op, const char *what)
{
	(void)failing;
	(void)what;
	return op == ENV_READ ? -EIO : 0;
}

/* A disk that fails must not pass for "no configuration": defaults would open another database. */
static void test_a_failing_disk_is_forwarded(void **state)
{
	struct config config;
	struct profiles profiles;
	char folder[64], home[512];
	(void)state;
	make_folder(folder);
	assert_non_null(getcwd(home, sizeof(home)));
	assert_int_equal(chdir(folder), 0);
	write_file(folder, "muster.yaml", "due_hours: 3\n");
	write_file(folder, "acme.yaml", "isa_sender: ACME\n");
	env.gate = fail_reads;
	assert_int_equal(config_load(&env, &arena, NULL, NULL, &errors, &config), -EIO);
	assert_int_equal(config_load(&env, &arena, "muster.yaml", NULL, &errors, &config), -EIO);
	assert_int_equal(load_partners(folder, &profiles), -EIO);
	env.gate = NULL;
	assert_int_equal(chdir(home), 0);
	remove_folder(folder);
}

static int load_all(struct env *world, const char *folder, struct profiles *ret_profiles)
{
	struct arena memory;
	struct buffer messages;
	struct config config;
	char path[128];
	snprintf(path, sizeof(path), "%s/muster.yaml", folder);
	arena_init(&memory, world, 512, 0); /* small blocks: as many places to fail as there can be */
	buffer_init(&messages, world);
	int r = config_load(world, &memory, path, NULL, &messages, &config);
	if (r == 0)
		r = profiles_load(world, &memory, &config, guides, &messages, ret_profiles);
	if (r == 0)
		r = messages.error;
	buffer_fini(&messages);
	arena_fini(&memory);
	return r;
}

/* Half a configuration must never pass for a whole one. */
static void test_every_failure_is_forwarded(void **state)
{
	static const struct {
		uint64_t ops;
		int error;
	} faults[] = {{ENV_FAULT_OP(ENV_ALLOC), ENOMEM}, {ENV_FAULT_OP(ENV_READ), EIO}, {ENV_FAULT_OP(ENV_LIST), EIO}};
	struct env_fault world;
	struct profiles profiles;
	char folder[64], partners[80];
	(void)state;
	make_folder(folder);
	write_file(folder, "muster.yaml", "partners: partners\nreceiver_ids: ['ZZ:US']\n");
	snprintf(partners, sizeof(partners), "%s/partners", folder);
	assert_int_equal(env_mkdirs(&env, partners), 0);
	write_file(partners, "default.yaml", "reject: member\n");
	write_file(partners, "acme.yaml", "isa_sender: ACME\nguards: {changes_min: 7}\ncode_files: {plans: plans}\n"
	                                  "overlay: {834: {2300/HD04: {list: plans}}}\nrequire_seg: [2100A/DMG]\n"
	                                  "severities: {2300/HD04: warning, cobra_event: error}\ncodes: {plans: error}\n");
	write_file(partners, "plans", "list: plans\ncodes: {A: a}\n");
	env_fault_init(&world, &env, 1);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint64_t nth = 0;
		int r;
		do {
			struct env_fault_plan plan = {faults[i].ops, ++nth, ENV_FAULT_ERROR_ONCE, faults[i].error};
			env_fault_plan(&world, plan);
			r = load_all(&world.env, folder, &profiles);
			if (world.fired)
				assert_int_equal(r, -faults[i].error);
		} while (world.fired);
		assert_int_equal(r, 0);
		assert_true(nth > 1);
	}
	remove_folder(folder);
}

/* The partners whom we ship as samples must be ones that muster takes. */
static void test_the_samples_are_taken(void **state)
{
	struct profiles profiles;
	const char *root = getenv("MUSTER_SOURCE_ROOT");
	char folder[512];
	(void)state;
	assert_non_null(root);
	snprintf(folder, sizeof(folder), "%s/samples/partners", root);
	if (load_partners(folder, &profiles) != 0)
		fail_msg("%s", errors.data);
	assert_true(profiles.count >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults_serve_without_a_config, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_config_paths_are_relative_to_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_due_times_by_the_calendar_of_the_site, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_empty_config_is_the_defaults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_config_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_fault_shows_its_line_and_a_caret, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_faults_come_in_one_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_profile_defaults_are_those_of_the_contract, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_key_reaches_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_profile_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_profile_identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_when_files_are_expected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_of_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keys_that_belong_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partners_inherit_from_default, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_of_all_partners_come_in_one_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_partners_may_not_claim_one_sender, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_partners_folder_that_is_named_must_be_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_receivers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_where_the_config_is_looked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_config_of_somebody_else_is_not_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_failing_disk_is_forwarded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_failure_is_forwarded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_samples_are_taken, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, open_guides, close_guides);
}
