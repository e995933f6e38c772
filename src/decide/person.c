/*
 * person: who was sent, and who that is.
 */
#include "work.h"

#include "muster/text.h"

/* Nine digits, also as ddd-dd-dddd; else as sent, which counts as missing. 0 or -ENOMEM. */
static int clean_ssn(struct arena *arena, struct slice *ssn)
{
	char digits[10];
	size_t i, count = 0;

	if (ssn->len != 11 || ssn->data[3] != '-' || ssn->data[6] != '-')
		return 0;
	for (i = 0; i < ssn->len && count < 9; i++)
		if (ssn->data[i] >= '0' && ssn->data[i] <= '9')
			digits[count++] = ssn->data[i];
	if (count != 9)
		return 0;
	*ssn = arena_dup(arena, slice_of(digits, 9));
	return ssn->data != NULL ? 0 : -ENOMEM;
}

static const char *ref_or(const char *agreed, const char *usual)
{
	return agreed[0] != '\0' ? agreed : usual;
}

void person_of_record(const struct decide_input *input, const struct member_record *record, struct member *ret_member)
{
	const struct decide_policy *policy = input->policy;
	const struct enroll_person *person = &record->person;

	*ret_member = (struct member){
		.member_id = enroll_ref_value(record->refs, record->ref_count, ref_or(policy->member_id_ref, "23")),
		.subscriber_id = record->subscriber_id,
		.relationship = record->relationship,
		.last_name = person->last_name,
		.first_name = person->first_name,
		.middle_name = person->middle_name,
		.suffix = person->suffix,
		.ssn = person->ssn,
		.birth_on = person->birth_on,
		.died_on = record->died_on,
		.sex = person->sex,
		.address1 = record->address1,
		.address2 = record->address2,
		.city = record->city,
		.state = record->state,
		.zip = record->zip,
		.phone = record->phone,
		.email = record->email,
		.employee_id =
			enroll_ref_value(record->refs, record->ref_count, ref_or(policy->employee_id_ref, "ABB")),
		.medicare_id = enroll_ref_value(record->refs, record->ref_count, ref_or(policy->medicare_id_ref, "F6")),
		.confidential = record->confidential,
	};
	if (ret_member->member_id.len == 0)
		ret_member->member_id = person->other_id;
	/* ref0F=ssn: the subscriber's number is his SSN. */
	if (input->policy->subscriber_id_is_ssn && record->is_subscriber && ret_member->ssn.len == 0)
		ret_member->ssn = record->subscriber_id;
}

/* NPI: ten digits, the last one a check digit (Luhn, with 80840 before them). */
static bool is_npi(struct slice id)
{
	unsigned sum = 24; /* of 80840 */
	size_t i;

	if (id.len != 10 || !slice_is_digits(id))
		return false;
	for (i = 0; i < 10; i++) {
		unsigned digit = (unsigned)(id.data[i] - '0');

		if (i % 2 == 0)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

/* A provider for dental care is none that the card shows; one of a coverage that ends is none any more. */
static struct slice sent_pcp(const struct member_record *record, bool *ret_sound)
{
	uint32_t i;

	*ret_sound = true;
	for (i = 0; i < record->coverage_count; i++) {
		const struct enroll_coverage *coverage = &record->coverages[i];

		if (coverage->pcp_id.len == 0 || product_same(coverage->insurance_line, SLICE_LITERAL("DEN")) ||
		    slice_is(coverage->maintenance, "024") || slice_is(coverage->maintenance, "002"))
			continue;
		*ret_sound = !slice_is(coverage->pcp_kind, "XX") || is_npi(coverage->pcp_id);
		return coverage->pcp_id;
	}
	return SLICE_EMPTY;
}

int person_take_pcp(struct record_work *it, struct member *after)
{
	bool sound, tells = slice_is(it->record->maintenance, "001") || slice_is(it->record->maintenance, "025");
	struct slice sent = sent_pcp(it->record, &sound);

	it->all_pcp = after->pcp_id;
	if (sent.len == 0 || slice_equal(sent, after->pcp_id))
		return 0;
	if (!sound)
		return work_doubt(it, CATEGORY_PCP_INVALID, "the primary care provider sent is no NPI; none is kept");
	it->all_pcp = sent;
	if (after->pcp_id.len > 0 || tells || it->is_new)
		after->pcp_id = sent;
	return 0;
}

static struct member prior_of_record(const struct member_record *record)
{
	const struct enroll_person *prior = &record->prior;

	return (struct member){
		.last_name = prior->last_name,
		.first_name = prior->first_name,
		.middle_name = prior->middle_name,
		.suffix = prior->suffix,
		.ssn = prior->ssn,
		.birth_on = prior->birth_on,
		.died_on = DATE_NONE,
		.sex = prior->sex,
	};
}

static enum match_intent intent_of(const struct member_record *record)
{
	if (slice_is(record->maintenance, "021"))
		return MATCH_ADD;
	if (slice_is(record->maintenance, "024"))
		return MATCH_TERMINATE;
	return slice_is(record->maintenance, "025") ? MATCH_REINSTATE : MATCH_CHANGE;
}

static bool is_claimed(void *context, uint64_t member_no)
{
	const struct work *work = context;
	const struct decide_input *input = work->input;
	uint32_t i;

	for (i = 0; i < work->claimed_count; i++)
		if (work->claimed[i] == member_no)
			return true;
	return input->is_claimed != NULL && input->is_claimed(input->claimed_context, member_no);
}

/* The draft of the member that match found: a shadow is one already. */
static int draft_of_match(struct record_work *it)
{
	struct work *work = it->work;
	uint32_t i;

	if (it->match.disposition != MATCH_AUTO)
		return 0;
	for (i = 0; i < work->draft_count; i++) {
		if (it->match.member == &work->drafts[i]->shadow) {
			it->draft = work->drafts[i];
			return 0;
		}
	}
	return work_draft(work, it->match.member, &it->draft);
}

int person_identify(struct record_work *it)
{
	struct member prior = prior_of_record(it->record);

	if (it->is_identified)
		return 0;
	if (clean_ssn(it->work->arena, &prior.ssn) < 0)
		return -ENOMEM;
	match_identity(&it->sent, it->record->has_prior ? &prior : NULL, &it->identity);
	it->is_identified = true;
	return 0;
}

/* More likely he than not. */
#define LIKELY 0.5

static bool is_likely(const struct match_result *found)
{
	return found->disposition == MATCH_AUTO || (found->disposition == MATCH_REVIEW && found->candidate_count > 0 &&
						    found->candidates[0].probability >= LIKELY);
}

/*
 * A representative says `new`, which rules out all whom he was shown. Yet somebody fits: the same person was taken in since,
 * by another record or by his own word on it. He is asked once more, for one person is not two members.
 */
static int check_still_new(struct record_work *it, const struct match_query *forced)
{
	const struct decide_input *input = it->work->input;
	struct match_query query = *forced;
	struct match_result found;
	int error = 0;

	if (!input->forced_new || input->insists)
		return 0;
	query.forced_new = false;
	if (input->view->ruled_out != NULL)
		error = person_identify(it);
	if (error == 0 && input->view->ruled_out != NULL)
		error = input->view->ruled_out(input->view->context, &it->identity, it->work->arena, &query.ruled_out,
					       &query.ruled_out_count);
	if (error >= 0)
		error = match_person(it->work->arena, &input->view->candidates, &query, &found);
	if (error < 0 || !is_likely(&found))
		return error < 0 ? error : 0;
	it->match = found;
	return work_failf(
		it->work, CATEGORY_DUP_ADD,
		"The person seems to be on file by now, as member %.*s: is this another one? Then `new` once more.",
		SLICE_ARGS(found.disposition == MATCH_AUTO ? found.member->member_id
							   : found.candidates[0].member->member_id));
}

int person_match(struct record_work *it)
{
	struct work *work = it->work;
	const struct decide_input *input = work->input;
	struct overlay overlay = {work};
	struct match_candidates candidates = overlay_candidates(&overlay);
	struct member prior = prior_of_record(it->record);
	struct match_query query = {
		.intent = intent_of(it->record),
		.sent = &it->sent,
		.prior = it->record->has_prior ? &prior : NULL,
		.corrected = it->record->corrected || it->record->has_prior || slice_is(it->record->reason, "25"),
		.is_subscriber = it->record->is_subscriber,
		.subscriber_id_is_ssn = input->policy->subscriber_id_is_ssn,
		.birth_order = it->record->birth_order,
		.subscriber_ssn = work->subscriber_ssn,
		.group_id = enroll_group(input->family->header, it->record),
		.forced_member_id = input->forced_member_id,
		.forced_new = input->forced_new,
		.model = input->view->model,
		.population = input->view->population,
		.is_claimed = is_claimed,
		.claimed_context = work,
	};
	int error;

	if (clean_ssn(work->arena, &it->sent.ssn) < 0 || clean_ssn(work->arena, &prior.ssn) < 0)
		return -ENOMEM;
	it->was_looked_for = true;
	/* What a representative says now stands above what was ruled out before. */
	if (input->view->ruled_out != NULL && !is_forced(it)) {
		error = person_identify(it);
		if (error < 0)
			return error;
		error = input->view->ruled_out(input->view->context, &it->identity, work->arena, &query.ruled_out,
					       &query.ruled_out_count);
		if (error < 0)
			return error;
	}
	error = check_still_new(it, &query);
	if (error != 0)
		return error;
	error = match_person(work->arena, is_forced(it) ? &input->view->candidates : &candidates, &query, &it->match);
	/* Who stands in a full file is known as a rule; who is not, is looked at as one who is added. */
	if (error == 0 && (is_compared(it) || is_upsert(it)) && !is_forced(it) &&
	    it->match.disposition == MATCH_REVIEW && it->match.category == CATEGORY_NO_MATCH) {
		query.intent = MATCH_ADD;
		error = match_person(work->arena, &candidates, &query, &it->match);
	}
	if (error < 0)
		return error;
	if (input->matched != NULL) {
		error = person_identify(it);
		if (error < 0)
			return error;
		input->matched(input->matched_context, it->record, &it->identity, &it->match);
	}
	if (it->record->is_subscriber && work->subscriber_ssn.len == 0 && !text_ssn_is_placeholder(it->sent.ssn))
		work->subscriber_ssn = it->sent.ssn;
	return draft_of_match(it);
}
