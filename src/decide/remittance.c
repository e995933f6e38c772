/*
 * remittance: where the money of an 820 goes.
 *
 * A set is looked at as a whole first: out of balance, sent before, or in another currency, and nothing of it is
 * posted. Then each line: to a group (organization level) or to a member (individual level), by keys in the order of
 * the 820 reference section 8. A line is posted when the answer is certain: one group or one member, and nothing
 * that was sent speaks against it. Everything else waits in suspense, with the reason a representative needs.
 *
 * Invariant: this file moves no amounts. What a line weighs is paid + adjusted_before, posted or suspended as a whole.
 */
#include "muster/decide.h"

#include <stdio.h>

#include "muster/error.h"
#include "muster/text.h"

/* Opaque ids a line can bear for its person: NM109, RMR02. */
#define IDS_MAX 3u

enum name_level { NAME_NOT_SENT, NAME_DIFFERS, NAME_LAST_ONLY, NAME_AGREES };

/* What was sent about the person of an individual line. */
struct sent {
	struct member member;      /* names, ssn, employee_id */
	struct slice ids[IDS_MAX]; /* what may be a member id or a subscriber id */
	uint32_t id_count;
	bool two_ssns; /* ENT and NM1 bear different ones */
};

/* What speaks for and against one member. */
struct fit {
	bool member_id, ssn, ssn_differs, family_id, employee_id, in_payer_group;
	enum name_level name;
};

struct line_work {
	struct arena *arena;
	const struct decide_view *view;
	const struct remit_header *header;
	const struct remittance_line *line;
	date_day today;
	const struct group *payer_group; /* NULL: not known, or not one */
	struct decide_payment *payment;
};

static int suspend(struct line_work *work, enum category category, struct slice reason)
{
	work->payment->posted = false;
	work->payment->category = category;
	work->payment->reason = text_masked(work->arena, reason);
	return work->payment->reason.data != NULL ? 0 : -ENOMEM;
}

/* Cents between what was paid and what the payer says was billed, that its own adjustments do not explain. */
static cents unexplained(const struct remittance_line *line)
{
	return line->has_billed ? money_add(money_add(line->paid, -line->billed), -line->adjusted_after) : 0;
}

/* The words of the change: "pending until 2026-02-01: 500.00 on account". */
static struct slice describe(const struct line_work *work)
{
	const struct remittance_line *line = work->line;
	char amount[MONEY_TEXT_BYTES], difference[MONEY_TEXT_BYTES], day[DATE_TEXT_BYTES], state[40];
	cents gap = unexplained(line);

	money_format(money_add(line->paid, line->adjusted_before), amount);
	date_format_iso(work->header->settles_on, day);
	if (work->header->settles_on == DATE_NONE)
		snprintf(state, sizeof(state), "pending");
	else if (work->header->settles_on > work->today)
		snprintf(state, sizeof(state), "pending until %s", day);
	else
		snprintf(state, sizeof(state), "settled %s", day);
	if (gap == 0)
		return arena_printf(work->arena, "%s: %s on account", state, amount);
	return arena_printf(work->arena, "%s: %s on account; %s %s than the payer says was billed, not explained",
			    state, amount, money_format(gap < 0 ? -gap : gap, difference), gap < 0 ? "less" : "more");
}

/* What an exact number is worth for a group, and what numbers and names are worth for a person: as match's rules. */
#define CONFIDENCE_GROUP 1.0
#define CONFIDENCE_PERSON 0.999567

static int post(struct line_work *work, struct slice group_id, const struct member *member, const char *rule)
{
	struct decide_payment *payment = work->payment;

	payment->posted = true;
	payment->category = CATEGORY_COUNT;
	payment->group_id = group_id;
	payment->member = member;
	payment->confidence = member != NULL ? CONFIDENCE_PERSON : CONFIDENCE_GROUP;
	payment->match_rule = rule;
	payment->change = describe(work);
	return payment->change.data != NULL ? 0 : -ENOMEM;
}

/* The group that the first of these references on file names: 14 master account, 38 master policy, 2F invoice. */
static int group_of_refs(struct line_work *work, const struct enroll_ref *refs, uint32_t count,
			 const struct group **ret_group)
{
	static const char *const qualifiers[] = {"14", "38", "2F"};
	size_t i;
	int r = 0;

	*ret_group = NULL;
	for (i = 0; r == 0 && *ret_group == NULL && i < 3; i++) {
		struct slice value = enroll_ref_value(refs, count, qualifiers[i]);

		if (value.len == 0)
			continue;
		if (strcmp(qualifiers[i], "2F") == 0)
			r = work->view->group_by_invoice(work->view->context, value, work->arena, ret_group);
		else
			r = work->view->group(work->view->context, value, work->arena, ret_group);
	}
	return r;
}

static bool same_group(const struct group *a, const struct group *b)
{
	return slice_equal(a->group_id, b->group_id);
}

/* The payer's group: by his id as a sponsor, and by the header's references. Where the two differ, none is certain. */
static int find_payer_group(struct line_work *work)
{
	const struct remit_header *header = work->header;
	const struct group *by_id = NULL, *by_ref = NULL;
	int r = 0;

	if (header->payer_id.len > 0)
		r = work->view->group_by_sponsor(work->view->context, header->payer_id, work->arena, &by_id);
	if (r == 0)
		r = group_of_refs(work, header->refs, header->ref_count, &by_ref);
	if (r != 0)
		return r;
	work->payer_group = by_id != NULL ? by_id : by_ref;
	if (by_id != NULL && by_ref != NULL && !same_group(by_id, by_ref))
		work->payer_group = NULL;
	return 0;
}

/* The payer's id is not shown: of an individual account it can be an SSN. */
static int unknown_payer(struct line_work *work)
{
	if (work->header->payer_id.len == 0)
		return suspend(work, CATEGORY_UNKNOWN_PAYER,
			       SLICE_LITERAL("The remittance bears no payer id, and its references "
					     "name no group on file."));
	return suspend(work, CATEGORY_UNKNOWN_PAYER,
		       SLICE_LITERAL("The payer's id and references do not name one group on "
				     "file."));
}

/* ---- organization level -------------------------------------------------------------------------------------- */

/* What RMR01/02 and the line's REF name. *ret_rule stays NULL where they name nothing on file. */
static int find_named_group(struct line_work *work, const struct group **ret_group, const char **ret_rule)
{
	const struct remittance_line *line = work->line;
	const struct decide_view *view = work->view;
	int r = 0;

	*ret_group = NULL;
	*ret_rule = NULL;
	if (line->reference.len > 0 && slice_is(line->reference_qualifier, "IK")) {
		*ret_rule = "invoice";
		r = view->group_by_invoice(view->context, line->reference, work->arena, ret_group);
	} else if (line->reference.len > 0) {
		*ret_rule = slice_is(line->reference_qualifier, "1L")   ? "group_id"
			    : slice_is(line->reference_qualifier, "CT") ? "contract"
									: "account";
		r = view->group(view->context, line->reference, work->arena, ret_group);
		if (r == 0 && *ret_group == NULL && slice_is(line->reference_qualifier, "11"))
			r = view->group_by_sponsor(view->context, line->reference, work->arena, ret_group);
	}
	if (r == 0 && *ret_group == NULL) {
		*ret_rule = "reference";
		r = group_of_refs(work, line->refs, line->ref_count, ret_group);
	}
	if (*ret_group == NULL)
		*ret_rule = NULL;
	return r;
}

static int two_groups(struct line_work *work, const struct group *a, const struct group *b)
{
	return suspend(work, CATEGORY_ID_CONFLICT,
		       arena_printf(work->arena, "The line names group %.*s; its organization or payer is group %.*s.",
				    (int)a->group_id.len, a->group_id.data, (int)b->group_id.len, b->group_id.data));
}

static int decide_organization(struct line_work *work)
{
	const struct remittance_line *line = work->line;
	const struct group *named, *entity = NULL, *group;
	const char *rule;
	int r = find_named_group(work, &named, &rule);

	if (r == 0 && line->entity_id.len > 0)
		r = work->view->group_by_sponsor(work->view->context, line->entity_id, work->arena, &entity);
	if (r != 0)
		return r;
	group = named != NULL ? named : entity != NULL ? entity : work->payer_group;
	if (named == NULL)
		rule = entity != NULL ? "sponsor_id" : "payer";
	if (named == NULL && line->reference.len > 0 && slice_is(line->reference_qualifier, "1L"))
		return suspend(work, CATEGORY_UNKNOWN_GROUP,
			       arena_printf(work->arena, "The group number %.*s is not on file.",
					    (int)line->reference.len, line->reference.data));
	if (group == NULL)
		return unknown_payer(work);
	if (entity != NULL && !same_group(group, entity))
		return two_groups(work, group, entity);
	if (work->payer_group != NULL && !same_group(group, work->payer_group))
		return two_groups(work, group, work->payer_group);
	return post(work, group->group_id, NULL, rule);
}

/* ---- individual level ---------------------------------------------------------------------------------------- */

/* Nine digits without dashes, or empty. */
static struct slice clean_ssn(struct arena *arena, struct slice text)
{
	char digits[9];
	size_t count = 0, i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '-')
			continue;
		if (text.data[i] < '0' || text.data[i] > '9' || count == sizeof(digits))
			return SLICE_EMPTY;
		digits[count++] = text.data[i];
	}
	if (count != sizeof(digits) || text_ssn_is_placeholder(slice_of(digits, count)))
		return SLICE_EMPTY;
	return arena_dup(arena, slice_of(digits, count));
}

static void take_id(struct arena *arena, struct sent *sent, struct slice qualifier, struct slice value)
{
	if (value.len == 0)
		return;
	if (slice_is(qualifier, "34")) {
		struct slice ssn = clean_ssn(arena, value);

		sent->two_ssns |= ssn.len > 0 && sent->member.ssn.len > 0 && !slice_equal(ssn, sent->member.ssn);
		if (sent->member.ssn.len == 0)
			sent->member.ssn = ssn;
	} else if (slice_is(qualifier, "EI")) {
		sent->member.employee_id = value;
	} else if (sent->id_count < IDS_MAX) {
		sent->ids[sent->id_count++] = value;
	}
}

static struct sent read_sent(const struct line_work *work)
{
	const struct remittance_line *line = work->line;
	struct sent sent = {.member = {.last_name = line->last_name,
				       .first_name = line->first_name,
				       .birth_on = DATE_NONE,
				       .died_on = DATE_NONE}};

	take_id(work->arena, &sent, line->entity_qualifier, line->entity_id);
	take_id(work->arena, &sent, line->person_qualifier, line->person_id);
	/* An invoice number is not a person's. */
	if (!slice_is(line->reference_qualifier, "IK"))
		take_id(work->arena, &sent, line->reference_qualifier, line->reference);
	if (sent.id_count > 0)
		sent.member.member_id = sent.member.subscriber_id = sent.ids[sent.id_count - 1];
	return sent;
}

/* A payment names no sponsor: whose number it is the payer's group tells, see certain_by. */
static struct family_key any_family(struct slice subscriber_id)
{
	return (struct family_key){.subscriber_id = subscriber_id, .any_sponsor = true};
}

/* Every member that any of the ids or keys leads to. */
static int gather(struct line_work *work, const struct sent *sent, struct match_pool *pool)
{
	const struct match_candidates *from = &work->view->candidates;
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t count = match_member_keys(&sent->member, keys), i;
	int r = 0;

	for (i = 0; r == 0 && i < sent->id_count; i++) {
		r = from->by_member_id(from->context, sent->ids[i], work->arena, pool);
		if (r == 0)
			r = from->by_family(from->context, any_family(sent->ids[i]), work->arena, pool);
	}
	if (r == 0 && sent->member.employee_id.len > 0)
		r = from->by_family(from->context, any_family(sent->member.employee_id), work->arena, pool);
	for (i = 0; r == 0 && i < count; i++)
		r = from->by_key(from->context, keys[i], LIMIT_CANDIDATES_PER_KEY, work->arena, pool);
	return r;
}

/* Equal when only letters and digits count, without case: O'NEIL is ONEIL. */
static bool names_equal(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.len && strchr(" '-.,", a.data[i]) != NULL)
			i++;
		while (j < b.len && strchr(" '-.,", b.data[j]) != NULL)
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (!slice_equal_nocase(slice_of(a.data + i++, 1), slice_of(b.data + j++, 1)))
			return false;
	}
}

static enum name_level name_level(const struct member *sent, const struct member *known)
{
	if (sent->last_name.len == 0)
		return NAME_NOT_SENT;
	if (!names_equal(sent->last_name, known->last_name))
		return NAME_DIFFERS;
	if (sent->first_name.len == 0 || known->first_name.len == 0)
		return NAME_LAST_ONLY;
	return match_first_names_agree(sent->first_name, known->first_name) ? NAME_AGREES : NAME_DIFFERS;
}

static bool ever_in_group(const struct member *member, struct slice group_id)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (!member->spans[i].voided && slice_equal(member->spans[i].group_id, group_id))
			return true;
	return false;
}

static struct fit fit_of(const struct line_work *work, const struct sent *sent, const struct member *member)
{
	struct fit fit = {.name = name_level(&sent->member, member)};
	uint32_t i;

	for (i = 0; i < sent->id_count; i++) {
		fit.member_id |= slice_equal(sent->ids[i], member->member_id);
		fit.family_id |= slice_equal(sent->ids[i], member->subscriber_id);
	}
	if (sent->member.employee_id.len > 0) {
		fit.employee_id = slice_equal(sent->member.employee_id, member->employee_id);
		fit.family_id |= slice_equal(sent->member.employee_id, member->subscriber_id);
	}
	if (sent->member.ssn.len > 0 && member->ssn.len > 0) {
		fit.ssn = slice_equal(sent->member.ssn, member->ssn);
		fit.ssn_differs = !fit.ssn;
	}
	fit.in_payer_group = work->payer_group != NULL && ever_in_group(member, work->payer_group->group_id);
	return fit;
}

/* The rule by which this member is certain, or NULL. */
static const char *certain_by(const struct fit *fit)
{
	if (fit->ssn_differs || fit->name == NAME_DIFFERS)
		return NULL;
	if (fit->member_id)
		return fit->name == NAME_AGREES ? "member_id+names" : "member_id";
	if (fit->ssn && fit->name != NAME_NOT_SENT)
		return "ssn+names";
	if (fit->in_payer_group && fit->name == NAME_AGREES && (fit->family_id || fit->employee_id))
		return fit->employee_id ? "employee_id+names" : "subscriber_id+names";
	return NULL;
}

/* An id that one person alone bears. */
static bool bears_own_id(const struct fit *fit)
{
	return fit->member_id || fit->ssn;
}

/* One reason against posting, where ids speak for somebody but something else speaks against him. */
static bool contradiction(const struct fit *fit, enum category *ret_category, const char **ret_reason)
{
	if (bears_own_id(fit) && fit->name == NAME_DIFFERS) {
		*ret_category = CATEGORY_NAME_MISMATCH;
		*ret_reason = "The number is a member's who bears another name.";
		return true;
	}
	if (fit->member_id && fit->ssn_differs) {
		*ret_category = CATEGORY_SSN_MISMATCH;
		*ret_reason = "The member with this number has another SSN.";
		return true;
	}
	return false;
}

/* The candidates as match sees them, best first, with the evidence for the representative. */
static int show_candidates(struct line_work *work, const struct sent *sent)
{
	struct match_query query = {.intent = MATCH_PAYMENT,
				    .sent = &sent->member,
				    .is_subscriber = true,
				    .model = work->view->model,
				    .group_id = work->payer_group != NULL ? work->payer_group->group_id : SLICE_EMPTY};
	struct match_result *result = arena_alloc(work->arena, sizeof(*result));
	int r;

	if (result == NULL)
		return -ENOMEM;
	r = match_person(work->arena, &work->view->candidates, &query, result);
	if (r != 0)
		return r;
	work->payment->candidates = result->candidates;
	work->payment->candidate_count = result->candidate_count;
	work->payment->confidence = result->candidate_count > 0 ? result->candidates[0].probability : 0.0;
	return 0;
}

static int suspend_person(struct line_work *work, const struct sent *sent, enum category category, const char *reason)
{
	int r = show_candidates(work, sent);

	return r != 0 ? r : suspend(work, category, slice_from(reason));
}

/*
 * The group to which a member's payment belongs: the payer's, where he was ever covered there; without a known payer
 * the one in which he is covered at the time paid for, or was last. False when there is more than one answer.
 */
static bool group_of_member(const struct line_work *work, const struct member *member, struct slice *ret_group_id)
{
	date_day day = work->line->period_begin != DATE_NONE ? work->line->period_begin : work->header->period_begin;
	const struct coverage_span *last = NULL;
	struct slice covering = SLICE_EMPTY;
	uint32_t i;

	*ret_group_id = SLICE_EMPTY;
	if (work->payer_group != NULL) {
		*ret_group_id = work->payer_group->group_id;
		return ever_in_group(member, work->payer_group->group_id);
	}
	if (day == DATE_NONE)
		day = work->today;
	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (span->voided)
			continue;
		last = span;
		if (!span_covers(span, day))
			continue;
		if (covering.len > 0 && !slice_equal(covering, span->group_id))
			return false;
		covering = span->group_id;
	}
	*ret_group_id = covering.len > 0 || last == NULL ? covering : last->group_id;
	return ret_group_id->len > 0;
}

static int post_person(struct line_work *work, const struct sent *sent, const struct member *member, const char *rule)
{
	struct slice group_id;

	if (group_of_member(work, member, &group_id))
		return post(work, group_id, member, rule);
	if (member->span_count == 0)
		return suspend_person(work, sent, CATEGORY_MEMBER_NOT_BILLED,
				      "The member is known but has no coverage in any group.");
	return suspend_person(work, sent, CATEGORY_ID_CONFLICT,
			      work->payer_group != NULL
				      ? "The member was never covered in the payer's group."
				      : "The member is covered in several groups; the payer is not known.");
}

/* Nobody is certain: say why, the plainest reason first. */
static int suspend_uncertain(struct line_work *work, const struct sent *sent, uint32_t found)
{
	int r = show_candidates(work, sent);

	if (r != 0)
		return r;
	if (work->payer_group == NULL)
		return unknown_payer(work);
	if (found == 0)
		return suspend(work, CATEGORY_NO_MATCH,
			       SLICE_LITERAL("No member of the payer fits the ids and name of the line."));
	if (found == 1)
		return suspend(work, CATEGORY_LOW_SCORE,
			       SLICE_LITERAL("One member is likely, but the line's ids and name do not "
					     "make it certain."));
	return suspend(work, CATEGORY_MULTI_MATCH, SLICE_LITERAL("Several members fit the ids and name of the line."));
}

static int decide_individual(struct line_work *work)
{
	struct sent sent = read_sent(work);
	struct match_pool pool = {.arena = work->arena};
	const struct member *certain = NULL, *named = NULL;
	const char *rule = NULL, *reason = NULL;
	enum category category = CATEGORY_COUNT;
	uint32_t named_count = 0, certain_count = 0, i;
	int r = gather(work, &sent, &pool);

	if (r != 0)
		return r;
	for (i = 0; i < pool.count; i++) {
		struct fit fit = fit_of(work, &sent, pool.members[i]);
		const char *by = certain_by(&fit);

		if (bears_own_id(&fit)) {
			named_count++;
			named = pool.members[i];
		}
		if (by != NULL) {
			certain_count++;
			certain = pool.members[i];
			rule = by;
		} else if (category == CATEGORY_COUNT) {
			contradiction(&fit, &category, &reason);
		}
	}
	if (sent.two_ssns)
		return suspend_person(work, &sent, CATEGORY_ID_CONFLICT, "The line bears two different SSNs.");
	if (named_count > 1 || (named_count == 1 && certain_count > 0 && certain != named))
		return suspend_person(work, &sent, CATEGORY_ID_CONFLICT,
				      "The ids of the line point to different members.");
	if (certain_count == 1)
		return post_person(work, &sent, certain, rule);
	if (category != CATEGORY_COUNT)
		return suspend_person(work, &sent, category, reason);
	return suspend_uncertain(work, &sent, pool.count);
}

/* A representative said whose money it is: a member's, or a group's. */
static int decide_forced(struct line_work *work, struct slice forced_id)
{
	const struct decide_view *view = work->view;
	const struct member *member;
	const struct group *group;
	struct slice group_id;
	int r = view->member(view->context, forced_id, work->arena, &member);

	if (r == 0 && member != NULL) {
		if (!group_of_member(work, member, &group_id) && member->span_count > 0)
			group_id = member->spans[member->span_count - 1].group_id;
		r = post(work, group_id, member, "representative");
		work->payment->confidence = 1.0;
		return r;
	}
	if (r == 0)
		r = view->group(view->context, forced_id, work->arena, &group);
	if (r != 0)
		return r;
	if (group != NULL)
		return post(work, group->group_id, NULL, "representative");
	return suspend(work, CATEGORY_NO_MATCH,
		       arena_printf(work->arena,
				    "The representative's choice %.*s is neither a member nor a group on file.",
				    (int)forced_id.len, forced_id.data));
}

int decide_remittance(struct arena *arena, const struct decide_view *view, const struct remit_header *header,
		      cents paid, cents adjusted, enum category *ret_category, struct slice *ret_reason)
{
	char total[MONEY_TEXT_BYTES], sum[MONEY_TEXT_BYTES];
	cents detail = money_add(paid, adjusted);
	bool seen = false;
	int r;

	*ret_category = CATEGORY_COUNT;
	*ret_reason = SLICE_EMPTY;
	if (detail != header->total) {
		*ret_category = CATEGORY_OUT_OF_BALANCE;
		*ret_reason = arena_printf(
			arena, "BPR02 says %s; the lines and adjustments of earlier payments add up to %s.%s",
			money_format(header->total, total), money_format(detail, sum),
			paid == header->total ? " The lines alone would balance." : "");
		return ret_reason->data != NULL ? 0 : -ENOMEM;
	}
	if (header->currency.len > 0 && !slice_is(header->currency, "USD")) {
		*ret_category = CATEGORY_FILE_HOLD;
		*ret_reason = arena_printf(arena, "The remittance is in %.*s; only US dollars are posted.",
					   (int)header->currency.len, header->currency.data);
		return ret_reason->data != NULL ? 0 : -ENOMEM;
	}
	r = view->payment_seen(view->context, header->payer_id, header->trace, header->total, header->settles_on,
			       &seen);
	if (r == 0 && seen) {
		*ret_category = CATEGORY_DUP_PAYMENT;
		*ret_reason =
			arena_printf(arena, "A payment of %s with trace %.*s from this payer was received before.",
				     money_format(header->total, total), (int)header->trace.len, header->trace.data);
		if (ret_reason->data == NULL)
			r = -ENOMEM;
	}
	return r;
}

int decide_remittance_line(struct arena *arena, const struct decide_view *view, const struct decide_policy *policy,
			   date_day today, const struct remit_header *header, const struct remittance_line *line,
			   struct slice forced_id, struct decide_payment *ret_payment)
{
	struct line_work work = {
		.arena = arena, .view = view, .header = header, .line = line, .today = today, .payment = ret_payment};
	int r = find_payer_group(&work);

	(void)policy;
	*ret_payment = (struct decide_payment){.category = CATEGORY_COUNT};
	if (r != 0)
		return r;
	if (forced_id.len > 0)
		return decide_forced(&work, forced_id);
	return line->individual ? decide_individual(&work) : decide_organization(&work);
}
