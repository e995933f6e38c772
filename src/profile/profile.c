/*
 * partners/<name>.yaml: what one partner sends, and how muster is to take it.
 *
 * Every variation that the field knows has its row below. What muster does in one way only is refused in the others, with
 * what to do instead: a profile that says more than muster does would be believed.
 */
#include <stdio.h>

#include "agreed.h"
#include "errors.h"
#include "expect.h"
#include "files.h"
#include "habits.h"
#include "keys.h"
#include "muster/error.h"
#include "muster/profile.h"
#include "names.h"

#define SETTLE_SECONDS_DEFAULT 30
#define DAYS_MAX 3660
#define NAME_BYTES_MAX 64u

#define AT(field) offsetof(struct profile_text, field)
/* A choice that names what muster does anyway. */
#define AS_IS(name, choices) {name, KEY_CHOICE, AT(as_is), 0, 0, choices, NULL, NULL}
#define CHOICES(name, ...) static const struct key_choice name[] = {__VA_ARGS__, {NULL, 0}}

CHOICES(reject_choices, {"set", 0}, {"member", 1});
CHOICES(partial_choices, {"refuse", 0}, {"accept-complete-sets", 1});
CHOICES(ta1_choices, {"always", 0}, {"requested", 1});
CHOICES(ack_choices, {"file", PROFILE_ACK_FILE}, {"none", PROFILE_ACK_NONE});
CHOICES(test_choices, {"validate", 0}, {"apply", 1});
CHOICES(ref0f_choices, {"id", 0}, {"case", 0}, {"ssn", 1});
CHOICES(family_numbers_choices, {"sponsor", 0}, {"plan", 1});
CHOICES(dup_isa13_choices, {"warn", 0}, {"reject", 1});
CHOICES(accepted_sets_choices, {"told", 0}, {"left_out", 1});
CHOICES(duplicate_choices, {"ta1", 0}, {"999", 1});
CHOICES(rejected_ta1_choices, {"none", 0});
CHOICES(doubt_choices, {"hold", PROFILE_HOLD}, {"apply", PROFILE_APPLY});
CHOICES(arrival_choices, {"rename", PROFILE_ARRIVAL_RENAME}, {"done-marker", PROFILE_ARRIVAL_DONE_MARKER},
        {"settle", PROFILE_ARRIVAL_SETTLE});
CHOICES(omission_choices, {"term", PROFILE_OMISSION_TERM}, {"ignore", PROFILE_OMISSION_IGNORE},
        {"exception", PROFILE_OMISSION_EXCEPTION});
CHOICES(omit_end_choices, {"month_of_file", PROFILE_OMIT_MONTH_OF_FILE},
	{"month_before_file", PROFILE_OMIT_MONTH_BEFORE}, {"file_date", PROFILE_OMIT_FILE_DATE});
CHOICES(missing_group_choices, {"hold", 0}, {"ignore", 1});
CHOICES(full_file_mode_choices, {"by_bgn08", PROFILE_FULL_BY_BGN08}, {"by_ins03", PROFILE_FULL_BY_INS03},
        {"always_full", PROFILE_FULL_ALWAYS}, {"always_change", PROFILE_FULL_NEVER});
CHOICES(yes_choices, {"false", 0}, {"true", 1}, {"0", 0}, {"1", 1});
/* Whoever names a group that is not on file waits (UNKNOWN_GROUP): so it is with both. */
CHOICES(group_first_choices, {"false", 0}, {"true", 0}, {"0", 0}, {"1", 0});
CHOICES(reconcile_choices, {"apply", 0}, {"report", 1});
CHOICES(history_choices, {"all", 0}, {"none", 1});
CHOICES(case_choices, {"any", CHECK_LETTERS_ANY}, {"upper", CHECK_LETTERS_CAPITAL}, {"basic", CHECK_LETTERS_BASIC});
CHOICES(delims_choices, {"any", 0}, {"expected", 1});
CHOICES(dep_without_sub_choices, {"hold", 0}, {"reject", 1});
CHOICES(group_key_choices, {"any", ENROLL_GROUP_ANY}, {"hdr38", ENROLL_GROUP_HEADER}, {"2000_1L", ENROLL_GROUP_MEMBER},
        {"2300_1L", ENROLL_GROUP_COVERAGE});
CHOICES(earlier_term_choices, {"ask", DECIDE_EARLIER_ASK}, {"direct", DECIDE_EARLIER_DIRECT},
        {"reinstate_first", DECIDE_EARLIER_REINSTATE_FIRST});
CHOICES(reinstate_choices, {"any", DECIDE_REINSTATE_ANY}, {"025", DECIDE_REINSTATE_025}, {"021", DECIDE_REINSTATE_021});
CHOICES(plan_change_choices, {"any", DECIDE_PLAN_CHANGE_ANY}, {"simple", DECIDE_PLAN_CHANGE_SIMPLE},
        {"pair", DECIDE_PLAN_CHANGE_PAIR});
CHOICES(renewal_choices, {"separate", 0}, {"inside", 1});
CHOICES(month_choices, {"any", DECIDE_MONTH_ANY}, {"hold", DECIDE_MONTH_HOLD}, {"shift", DECIDE_MONTH_SHIFT});
CHOICES(sponsor_key_choices, {"P5", 0}, {"hdr38", 1});
CHOICES(cancel_choices, {"void", 0}, {"end_equals_begin", 1});
CHOICES(test_rule_choices, {"isa15", PROFILE_TEST_ISA15}, {"folder", PROFILE_TEST_FOLDER}, {"gs03", PROFILE_TEST_GS03});
CHOICES(ssn_required_choices, {"none", DECIDE_SSN_NOBODY}, {"sub only", DECIDE_SSN_SUBSCRIBERS},
        {"all", DECIDE_SSN_EVERYBODY});

static int read_file_mode(struct key_reader *reader, const struct yaml_node *node, void *target);
static int read_fixed(struct key_reader *reader, const struct yaml_node *node, void *target);
static int say_where(struct key_reader *reader, const struct yaml_node *node, void *target);
/* A name that is known in the field, for what is said by other keys here. */
#define ELSEWHERE(name) {name, KEY_OWN, 0, 0, 0, NULL, NULL, say_where}
static int read_plan_key(struct key_reader *reader, const struct yaml_node *node, void *target);
static int read_hold_on(struct key_reader *reader, const struct yaml_node *node, void *target);
static int read_support_order(struct key_reader *reader, const struct yaml_node *node, void *target);
#define REF_READER(name) static int name(struct key_reader *reader, const struct yaml_node *node, void *target)
REF_READER(read_member_id_ref);
REF_READER(read_employee_id_ref);
REF_READER(read_group_ref);
REF_READER(read_subgroup_ref);
REF_READER(read_employer_ref);
REF_READER(read_carrier_ref);
REF_READER(read_medicare_ref);
REF_READER(read_case_ref);
REF_READER(read_prior_ref);
#define REF_KEY(name, read) {name, KEY_OWN, 0, 0, 0, NULL, NULL, read}

static const struct key ref_map_keys[] = {
	REF_KEY("member_id", read_member_id_ref),     REF_KEY("employee_id", read_employee_id_ref),
	REF_KEY("group", read_group_ref),             REF_KEY("subgroup", read_subgroup_ref),
	REF_KEY("employer_id", read_employer_ref),    REF_KEY("carrier_id", read_carrier_ref),
	REF_KEY("medicare_id", read_medicare_ref),    REF_KEY("case", read_case_ref),
	REF_KEY("prior_id", read_prior_ref),
	{0},
};

static const struct key ack_rules_keys[] = {
	{"accepted_sets", KEY_CHOICE_BOOL, AT(profile.accepted_sets_left_out), 0, 0, accepted_sets_choices, NULL, NULL},
	{"duplicate", KEY_CHOICE_BOOL, AT(profile.duplicates_accepted), 0, 0, duplicate_choices, NULL, NULL},
	AS_IS("rejected_ta1", rejected_ta1_choices),
	{0},
};

#define GUARD(field, max) {#field, KEY_INTEGER, AT(profile.guards.field), 0, max, NULL, NULL, NULL}
static const struct key guards_keys[] = {
	GUARD(omissions_percent, 100),    GUARD(omissions_min, INT32_MAX),
	GUARD(omitted_subscribers_percent, 100), GUARD(omitted_subscribers_min, INT32_MAX),
	GUARD(records_percent, 100),      GUARD(records_min, INT32_MAX),
	GUARD(terminations_percent, 100), GUARD(terminations_min, INT32_MAX),
	GUARD(changes_percent, 100),      GUARD(changes_min, INT32_MAX),
	GUARD(usual_files, 100),          GUARD(usual_files_min, 100),
	GUARD(usual_percent, 100000),     GUARD(usual_min, INT32_MAX),
	GUARD(errors_percent, 100),       GUARD(errors_min, INT32_MAX),
	{0},
};

#define DRIFT(field, min, max) {#field, KEY_INTEGER, AT(profile.drift.field), min, max, NULL, NULL, NULL}
static const struct key drift_keys[] = {
	DRIFT(files, 0, 1000),	    DRIFT(files_min, 1, 1000),	DRIFT(records_min, 1, INT32_MAX),
	DRIFT(review_points, 0, 100), DRIFT(match_points, 0, 100), DRIFT(wrong_per_10k, 0, 10000),
	{0},
};

/* In the order of the header: who, what is taken, dates, doubt, arrival; then what is known and to come. */
static const struct key profile_keys[] = {
	{"name", KEY_TEXT, AT(profile.title), 1, 80, NULL, NULL, NULL},
	{"isa_sender_qualifier", KEY_TEXT, AT(profile.isa_sender_qualifier), 2, 2, NULL, NULL, NULL},
	{"isa_sender", KEY_TEXT, AT(profile.isa_sender), 1, 15, NULL, NULL, NULL},
	{"gs_sender", KEY_TEXT, AT(profile.gs_sender), 2, 15, NULL, NULL, NULL},
	{"isa_receiver_qualifier", KEY_TEXT, AT(profile.isa_receiver_qualifier), 2, 2, NULL, NULL, NULL},
	{"isa_receiver", KEY_TEXT, AT(profile.isa_receiver), 1, 15, NULL, NULL, NULL},
	{"gs_receiver", KEY_TEXT, AT(profile.check.gs_receiver), 2, 15, NULL, NULL, NULL},
	{"gs_receiver_test", KEY_TEXT, AT(profile.check.gs_receiver_test), 2, 15, NULL, NULL, NULL},

	{"reject", KEY_CHOICE_BOOL, AT(profile.check.reject_member), 0, 0, reject_choices, NULL, NULL},
	{"severities", KEY_NODE, AT(severities), 0, 0, NULL, NULL, NULL},
	{"codes", KEY_NODE, AT(codes), 0, 0, NULL, NULL, NULL},
	{"code_files", KEY_NODE, AT(code_files), 0, 0, NULL, NULL, NULL},
	{"overlay", KEY_NODE, AT(overlay), 0, 0, NULL, NULL, NULL},
	{"require_seg", KEY_NODE, AT(require_seg), 0, 0, NULL, NULL, NULL},
	{"n4_county", KEY_BOOL, AT(n4_county), 0, 0, NULL, NULL, NULL},
	{"require_isa14", KEY_CHOICE_BOOL, AT(profile.check.ack_wanted), 0, 0, yes_choices, NULL, NULL},
	{"delims", KEY_CHOICE_BOOL, AT(profile.check.fixed_separators), 0, 0, delims_choices, NULL, NULL},
	{"case", KEY_CHOICE, AT(profile.check.letters), 0, 0, case_choices, NULL, NULL},
	{"max_ins", KEY_INTEGER, AT(profile.check.members_max), 1, INT32_MAX, NULL, NULL, NULL},
	{"tolerate_isa11_u", KEY_BOOL_NOT, AT(profile.check.x12.refuse_isa11_u), 0, 0, NULL, NULL, NULL},
	{"tolerate_isa_padding", KEY_BOOL, AT(profile.check.x12.tolerate_isa_padding), 0, 0, NULL, NULL, NULL},
	{"allow_x220", KEY_BOOL, AT(profile.check.allow_x220), 0, 0, NULL, NULL, NULL},
	{"partial", KEY_CHOICE_BOOL, AT(profile.accept_complete_sets), 0, 0, partial_choices, NULL, NULL},
	{"ack", KEY_CHOICE, AT(profile.ack), 0, 0, ack_choices, NULL, NULL},
	{"ta1", KEY_CHOICE_BOOL, AT(profile.ta1_only_when_asked), 0, 0, ta1_choices, NULL, NULL},
	{"ack_rules", KEY_TABLE, 0, 0, 0, NULL, ack_rules_keys, NULL},
	{"report_824", KEY_BOOL, AT(profile.report_824), 0, 0, NULL, NULL, NULL},
	{"error_report", KEY_OWN, 0, 0, 0, NULL, NULL, errors_read},
	{"test_files", KEY_CHOICE_BOOL, AT(profile.decide.allow_test_files), 0, 0, test_choices, NULL, NULL},
	{"test_rule", KEY_CHOICE, AT(profile.test_rule), 0, 0, test_rule_choices, NULL, NULL},

	{"ref_map", KEY_TABLE, 0, 0, 0, NULL, ref_map_keys, NULL},
	{"ref0F", KEY_CHOICE_BOOL, AT(profile.decide.subscriber_id_is_ssn), 0, 0, ref0f_choices, NULL, NULL},
	{"family_numbers", KEY_CHOICE_BOOL, AT(profile.decide.number_is_plan_wide), 0, 0, family_numbers_choices, NULL, NULL},
	{"end_is_exclusive", KEY_BOOL, AT(profile.decide.end_is_exclusive), 0, 0, NULL, NULL, NULL},
	{"retro_add", KEY_INTEGER, AT(profile.decide.retro_add_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"retro_term", KEY_INTEGER, AT(profile.decide.retro_term_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"future_limit", KEY_INTEGER, AT(profile.decide.future_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"age_limit", KEY_INTEGER, AT(profile.decide.age_limit_years), 18, 150, NULL, NULL, NULL},
	{"ssn_required", KEY_CHOICE, AT(profile.decide.ssn_required), 0, 0, ssn_required_choices, NULL, NULL},
	{"dep_without_sub", KEY_CHOICE_BOOL, AT(profile.decide.reject_dep_without_sub), 0, 0, dep_without_sub_choices,
	 NULL, NULL},
	{"add_without_coverage", KEY_BOOL, AT(profile.decide.add_without_coverage), 0, 0, NULL, NULL, NULL},
	{"dependents_follow", KEY_BOOL_NOT, AT(profile.decide.dependents_stay), 0, 0, NULL, NULL, NULL},
	{"address_cascade", KEY_BOOL_NOT, AT(profile.decide.address_cascade_off), 0, 0, NULL, NULL, NULL},

	{"group_key", KEY_CHOICE, AT(profile.enroll.group_key), 0, 0, group_key_choices, NULL, NULL},
	{"plan_key", KEY_OWN, 0, 0, 0, NULL, NULL, read_plan_key},
	{"sponsor_key", KEY_CHOICE_BOOL, AT(profile.enroll.sponsor_is_policy), 0, 0, sponsor_key_choices, NULL, NULL},
	{"cat_map", KEY_OWN, 0, 0, 0, NULL, NULL, habits_read_categories},
	{"cob_rules", KEY_OWN, 0, 0, 0, NULL, NULL, habits_read_cob},
	{"family_split", KEY_BOOL, AT(profile.enroll.family_split), 0, 0, NULL, NULL, NULL},
	{"upsert", KEY_CHOICE_BOOL, AT(profile.decide.upsert), 0, 0, yes_choices, NULL, NULL},
	{"merge_ins", KEY_CHOICE_BOOL, AT(profile.decide.merge_ins), 0, 0, yes_choices, NULL, NULL},
	{"earlier_term", KEY_CHOICE, AT(profile.decide.earlier_term), 0, 0, earlier_term_choices, NULL, NULL},
	{"reinstate", KEY_CHOICE, AT(profile.decide.reinstate), 0, 0, reinstate_choices, NULL, NULL},
	{"reinstate_days", KEY_INTEGER, AT(profile.decide.reinstate_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"plan_change", KEY_CHOICE, AT(profile.decide.plan_change), 0, 0, plan_change_choices, NULL, NULL},
	{"renewal_style", KEY_CHOICE_BOOL, AT(profile.decide.renewal_inside), 0, 0, renewal_choices, NULL, NULL},
	{"term_cancels_renewal", KEY_BOOL_NOT, AT(profile.decide.renewal_survives), 0, 0, NULL, NULL, NULL},
	{"cancel", KEY_CHOICE_BOOL, AT(profile.decide.cancel_at_begin), 0, 0, cancel_choices, NULL, NULL},
	{"month_rule", KEY_CHOICE, AT(profile.decide.month_rule), 0, 0, month_choices, NULL, NULL},
	{"gap_days", KEY_INTEGER, AT(profile.decide.gap_days), 0, 31, NULL, NULL, NULL},
	{"waiting_days", KEY_INTEGER, AT(profile.decide.waiting_days), 0, 90, NULL, NULL, NULL},
	{"support_order", KEY_OWN, 0, 0, 0, NULL, NULL, read_support_order},
	{"hold_on", KEY_OWN, 0, 0, 0, NULL, NULL, read_hold_on},

	{"guards", KEY_TABLE, 0, 0, 0, NULL, guards_keys, NULL},
	{"drift", KEY_TABLE, 0, 0, 0, NULL, drift_keys, NULL},
	{"name_regex", KEY_OWN, 0, 0, 0, NULL, NULL, names_read},
	{"dup_isa13", KEY_CHOICE_BOOL, AT(profile.reject_dup_isa13), 0, 0, dup_isa13_choices, NULL, NULL},
	{"number_window", KEY_INTEGER, AT(profile.number_window_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"resend", KEY_CHOICE, AT(profile.resend), 0, 0, doubt_choices, NULL, NULL},
	{"out_of_order", KEY_CHOICE, AT(profile.out_of_order), 0, 0, doubt_choices, NULL, NULL},
	{"arrival", KEY_CHOICE, AT(profile.arrival), 0, 0, arrival_choices, NULL, NULL},
	{"expect", KEY_OWN, 0, 0, 0, NULL, NULL, expect_read},
	{"settle_seconds", KEY_INTEGER, AT(profile.settle_seconds), 1, 86400, NULL, NULL, NULL},
	{"max_inflated", KEY_BYTES, AT(profile.max_inflated_bytes), 1, (int64_t)LIMIT_INFLATE_BYTES, NULL, NULL, NULL},

	{"file_mode", KEY_OWN, 0, 0, 0, NULL, NULL, read_file_mode},
	{"bgn08_map", KEY_OWN, 0, 0, 0, NULL, NULL, names_read_actions},
	{"modes_by_name", KEY_OWN, 0, 0, 0, NULL, NULL, names_read_types},
	{"full_file_mode", KEY_CHOICE, AT(profile.full.mode), 0, 0, full_file_mode_choices, NULL, NULL},
	{"reconcile", KEY_CHOICE_BOOL, AT(profile.full.reported_only), 0, 0, reconcile_choices, NULL, NULL},
	{"history", KEY_CHOICE_BOOL, AT(profile.decide.current_only), 0, 0, history_choices, NULL, NULL},
	{"omission", KEY_CHOICE, AT(profile.full.omission), 0, 0, omission_choices, NULL, NULL},
	{"omit_end", KEY_CHOICE, AT(profile.full.omit_end), 0, 0, omit_end_choices, NULL, NULL},
	{"omission_grace", KEY_INTEGER, AT(profile.full.grace_files), 1, 12, NULL, NULL, NULL},
	{"omission_young_days", KEY_INTEGER, AT(profile.full.young_days), 0, DAYS_MAX, NULL, NULL, NULL},
	{"missing_group", KEY_CHOICE_BOOL, AT(profile.full.missing_groups_ignored), 0, 0, missing_group_choices, NULL, NULL},

	AS_IS("group_first", group_first_choices),
	{"transport", KEY_OWN, 0, 0, 0, NULL, NULL, read_fixed},
	{"out_834_effectuation", KEY_OWN, 0, 0, 0, NULL, NULL, read_fixed},
	{"atomic", KEY_OWN, 0, 0, 0, NULL, NULL, read_fixed},

	ELSEWHERE("thresholds"), ELSEWHERE("schedule"), ELSEWHERE("window"),
	{0},
};

static int say_where(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	static const char *const rows[][2] = {
		{"thresholds", "the thresholds over which a file waits stand in guards: {omissions_percent: 5, omissions_min: 3}"},
		{"schedule", "schedule stands inside expect: {schedule: weekdays, by: '06:00'}"},
		{"window", "window stands inside expect: {schedule: weekdays, by: '06:00', window: 4}; the days after which control "
			   "numbers may come again are number_window"},
	};

	(void)target;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (slice_is(node->key, rows[i][0]))
			key_fault_at_key(reader, node, "%s", rows[i][1]);
	return 0;
}

/* What the field knows in other ways too, and muster does in one only: the others are refused, with what to do instead. */
static int read_fixed(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	static const struct {
		const char *key, *values[3], *instead;
	} rows[] = {
		{"transport",
		 {"folder"},
		 "transport is folder: muster takes files from in/<partner>/ and writes to out/<partner>/; let an SFTP server "
		 "or a job of yours carry them there and back, decrypted and under a temporary name first"},
		{"out_834_effectuation",
		 {"false", "0"},
		 "out_834_effectuation is false: no 834 goes back; applied.csv names each member who was added, with his "
		 "number and dates, for whoever confirms them"},
		{"atomic",
		 {"set"},
		 "atomic is set: a set is accepted or rejected whole, and held whole by guards; of an accepted one each family "
		 "is applied by itself, and a record that is not certain waits alone"},
	};
	const size_t values = sizeof(rows[0].values) / sizeof(rows[0].values[0]);

	(void)target;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t k = 0;

		if (!slice_is(node->key, rows[i].key))
			continue;
		while (k < values && rows[i].values[k] != NULL &&
		       !(node->kind == YAML_SCALAR && slice_is(node->text, rows[i].values[k])))
			k++;
		if (k == values || rows[i].values[k] == NULL)
			key_fault(reader, node, "%s", rows[i].instead);
	}
	return 0;
}

/* What a partner sends at all: both kinds, full files only, changes only. */
static int read_file_mode(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct profile_full *full = &((struct profile_text *)target)->profile.full;
	bool scalar = node->kind == YAML_SCALAR;

	full->refused = scalar && slice_is(node->text, "change");
	if (scalar && slice_is(node->text, "full"))
		full->mode = PROFILE_FULL_ALWAYS;
	else if (!full->refused && !(scalar && slice_is(node->text, "by_bgn08")))
		key_fault(reader, node, "file_mode is by_bgn08, full or change");
	return 0;
}

/* A REF qualifier into `out`; faults name the key. */
static bool read_ref(struct key_reader *reader, const struct yaml_node *node, struct slice text, char out[4])
{
	bool fits = text.len == 2 || text.len == 3;

	for (size_t i = 0; fits && i < text.len; i++) {
		char c = text.data[i];
		fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	}
	if (fits)
		slice_to_cstr(text, out, 4);
	else
		key_fault(reader, node, "%.*s is a REF qualifier, like '23'", (int)node->key.len, node->key.data);
	return fits;
}

#define REF_READ(name, field)                                                                                          \
	static int name(struct key_reader *reader, const struct yaml_node *node, void *target)                         \
	{                                                                                                              \
		struct profile *profile = &((struct profile_text *)target)->profile;                                   \
		read_ref(reader, node, node->kind == YAML_SCALAR ? node->text : SLICE_EMPTY, profile->field);          \
		return 0;                                                                                              \
	}
REF_READ(read_member_id_ref, decide.member_id_ref)
REF_READ(read_employee_id_ref, decide.employee_id_ref)
REF_READ(read_medicare_ref, decide.medicare_id_ref)
REF_READ(read_prior_ref, decide.prior_id_ref)
REF_READ(read_group_ref, enroll.group_ref)
REF_READ(read_subgroup_ref, enroll.subgroup_ref)
REF_READ(read_employer_ref, enroll.employer_ref)
REF_READ(read_carrier_ref, enroll.carrier_ref)
REF_READ(read_case_ref, enroll.case_ref)

/* Where the plan is named: HD04, or a REF of the 2300 loop. */
static int read_plan_key(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct enroll_habits *habits = &((struct profile_text *)target)->profile.enroll;
	struct slice text = node->kind == YAML_SCALAR ? node->text : SLICE_EMPTY;

	habits->plan_ref[0] = '\0';
	if (slice_is(text, "REF"))
		memcpy(habits->plan_ref, "CE", 3);
	else if (slice_starts_with(text, "REF*"))
		read_ref(reader, node, slice_of(text.data + 4, text.len - 4), habits->plan_ref);
	else if (!slice_is(text, "HD04"))
		key_fault(reader, node,
			  "plan_key is HD04, REF (that is REF*CE) or another REF of loop 2300, like REF*17");
	return 0;
}

static int read_support_order(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct decide_policy *policy = &((struct profile_text *)target)->profile.decide;

	if (node->kind != YAML_SCALAR || node->text.len == 0 || node->text.len >= sizeof(policy->support_order))
		key_fault(reader, node,
			  "support_order is what REF*17 says of a child under a medical child support order");
	else
		slice_to_cstr(node->text, policy->support_order, sizeof(policy->support_order));
	return 0;
}

/* What looks wrong and only warns, but holds the record up with this partner. */
static int read_hold_on(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	static const enum category known[] = {CATEGORY_TIER_MISMATCH, CATEGORY_PCP_INVALID, CATEGORY_OUT_OF_AREA,
					      CATEGORY_ADDRESS_BAD, CATEGORY_UNKNOWN_GROUP};
	uint64_t *hold_on = &((struct profile_text *)target)->profile.decide.hold_on;

	*hold_on = 0;
	if (node->kind != YAML_SEQUENCE)
		key_fault(reader, node, "hold_on is a list of categories, like [TIER_MISMATCH, OUT_OF_AREA]");
	for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
		enum category category = CATEGORY_COUNT;
		bool found = false;

		if (item->kind == YAML_SCALAR)
			category_of(item->text, &category);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= category == known[i];
		if (found)
			*hold_on |= UINT64_C(1) << category;
		else
			key_fault(
				reader, item,
				"hold_on takes TIER_MISMATCH, PCP_INVALID, OUT_OF_AREA, ADDRESS_BAD and UNKNOWN_GROUP");
	}
	return 0;
}

void profile_defaults(struct profile *ret_profile)
{
	*ret_profile = (struct profile){
		.name = "default",
		.title = SLICE_LITERAL("default"),
		.settle_seconds = SETTLE_SECONDS_DEFAULT,
		.max_inflated_bytes = LIMIT_INFLATE_BYTES,
		.full = {.grace_files = 1, .young_days = 7},
		/* CONTRACT section 5. */
		.guards = {.omissions_percent = 5,
	                   .omissions_min = 3,
	                   .omitted_subscribers_percent = 100,
	                   .terminations_percent = 20,
	                   .terminations_min = 10,
	                   .changes_percent = 50,
	                   .changes_min = 50,
	                   .usual_files_min = 3,
	                   .usual_percent = 200,
	                   .usual_min = 25,
	                   .errors_percent = 100},
		.drift = {.files = 10,
	                  .files_min = 3,
	                  .records_min = 50,
	                  .review_points = 5,
	                  .match_points = 10,
	                  .wrong_per_10k = 1},
	};
}

/* The last part of a path, without .yaml. */
static struct slice stem_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct slice stem = slice_from(slash != NULL ? slash + 1 : path);
	if (stem.len > 5 && memcmp(stem.data + stem.len - 5, ".yaml", 5) == 0)
		stem.len -= 5;
	return stem;
}

/* The name becomes a folder below in/ and out/: nothing that could lead elsewhere. */
static bool is_profile_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!plain && (i == 0 || (c != '-' && c != '_')))
			return false;
	}
	return name.len > 0 && name.len <= NAME_BYTES_MAX;
}

static void fault_of_file(struct key_reader *reader, const char *message)
{
	buffer_printf(reader->errors, "%s: %s\n", reader->name, message);
	reader->faults++;
}

/* Keys that mean something only together. */
static void check_pairs(struct key_reader *reader, const struct profile *profile)
{
	bool by_gs03 = profile->test_rule == PROFILE_TEST_GS03;

	if (!slice_is_empty(profile->isa_receiver_qualifier) && slice_is_empty(profile->isa_receiver))
		fault_of_file(reader, "isa_receiver_qualifier goes with isa_receiver");
	if (profile->full.by_name.count > 0 && profile->names.groups[PROFILE_NAME_TYPE] == 0)
		fault_of_file(reader,
			      "modes_by_name goes with a group (?<type>...) of name_regex, whose values it lists");
	if (by_gs03 != !slice_is_empty(profile->check.gs_receiver_test))
		fault_of_file(reader, "test_rule: gs03 goes with gs_receiver_test, which is the GS03 of test files");
	else if (by_gs03 && slice_equal(profile->check.gs_receiver, profile->check.gs_receiver_test))
		fault_of_file(reader, "gs_receiver and gs_receiver_test are the same: every file would be a test");
}

/* Ids say who a partner is: the default has none, everybody else must have one of his own. */
static void check_ids(struct key_reader *reader, const struct profile *profile)
{
	bool fallback = strcmp(profile->name, "default") == 0;
	if (fallback && !slice_is_empty(profile->isa_sender))
		fault_of_file(reader, "isa_sender names one partner; put it into a file of his own");
	else if (!fallback && slice_is_empty(profile->isa_sender))
		fault_of_file(reader, "isa_sender is missing: without it no file of this partner is known as his");
}

int profile_parse(struct arena *arena, const char *path, struct slice text, const struct profile *base,
                  const struct guide_set *guides, struct buffer *errors, struct profile *ret_profile)
{
	struct key_reader reader = {arena, errors, path, text, 0};
	struct profile_text values = {0};
	struct slice name = arena_dup(arena, stem_of(path));
	if (name.data == NULL)
		return -ENOMEM;
	if (base != NULL)
		values.profile = *base;
	else
		profile_defaults(&values.profile);
	values.profile.name = name.data;
	values.profile.title = name;
	if (!is_profile_name(name))
		fault_of_file(&reader, "a profile's file name is letters, digits, - and _, and ends in .yaml");
	int r = keys_parse(&reader, profile_keys, &values);
	if (r == 0)
		r = agreed_settle(&reader, &values, guides);
	if (r != 0)
		return r;
	if (reader.faults == 0)
		check_ids(&reader, &values.profile);
	if (reader.faults == 0)
		check_pairs(&reader, &values.profile);
	if (reader.faults > 0)
		return MUSTER_ERROR_CONFIG;
	values.profile.enroll.end_is_exclusive = values.profile.decide.end_is_exclusive;
	*ret_profile = values.profile;
	return 0;
}
