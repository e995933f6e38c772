/*
 * notices: which letters and cards a changeset brings. Rules B8, B14, B15; kinds: apply.h.
 *
 * Operation by operation. One card a member, however many of a record's operations ask for one; one certificate and
 * one termination a member and contract.
 */
#include "notices.h"

#include "muster/log.h"

struct noticing {
	struct arena *arena;
	const struct apply_origin *origin;
	const struct changeset *changeset;
	date_day today;
};

static const struct coverage_span *span_before(const struct decide_operation *operation)
{
	const struct member *before = &operation->image->before;

	return operation->span_before_index >= 0 && (uint32_t)operation->span_before_index < before->span_count
		       ? &before->spans[operation->span_before_index]
		       : NULL;
}

static const struct coverage_span *span_after(const struct decide_operation *operation)
{
	const struct member *after = &operation->image->after;

	return operation->span_after_index >= 0 && (uint32_t)operation->span_after_index < after->span_count
		       ? &after->spans[operation->span_after_index]
		       : NULL;
}

/* Covered on `day` or later; `group_id` empty = anywhere. */
static bool is_covered_from(const struct member *member, struct slice group_id, date_day day)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (!span->voided && (slice_is_empty(group_id) || slice_equal(span->group_id, group_id)) &&
		    (span->ends_on == DATE_NONE || span->ends_on >= day))
			return true;
	}
	return false;
}

static int put(const struct noticing *it, const struct decide_operation *operation, const char *kind,
	       struct slice group_id, const char *channel, struct slice address, struct slice reason)
{
	const struct member *member = &operation->image->after;
	const struct store_notice notice = {
		.tset_no = it->origin->tset_no,
		.member_pos = operation->member_pos,
		.kind = slice_from(kind),
		.member_id = member->member_id,
		.subscriber_id = member->subscriber_id,
		.group_id = group_id,
		.plan_id = operation->plan_id,
		.channel = slice_from(channel),
		.address = address,
		.reason = reason,
		.later = it->origin->again,
	};

	if (reason.data == NULL)
		return -ENOMEM;
	return store_notice_add(it->origin->store, &notice);
}

/* One line; empty parts left out. data NULL = no memory. */
static struct slice mail_address(struct arena *arena, const struct member *member)
{
	const struct slice parts[] = {member->address1, member->address2, member->city};
	struct slice line = SLICE_LITERAL("");
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && line.data != NULL; i++)
		if (!slice_is_empty(parts[i]))
			line = arena_printf(arena, "%.*s%s%.*s", (int)line.len, line.data, line.len > 0 ? ", " : "",
					    (int)parts[i].len, parts[i].data);
	if (line.data == NULL || (slice_is_empty(member->state) && slice_is_empty(member->zip)))
		return line;
	return arena_printf(arena, "%.*s%s%.*s %.*s", (int)line.len, line.data, line.len > 0 ? ", " : "",
			    (int)member->state.len, member->state.len > 0 ? member->state.data : "",
			    (int)member->zip.len, member->zip.len > 0 ? member->zip.data : "");
}

static int put_mail(const struct noticing *it, const struct decide_operation *operation, const char *kind,
		    struct slice group_id, struct slice reason)
{
	struct slice address = mail_address(it->arena, &operation->image->after);

	if (address.data == NULL)
		return -ENOMEM;
	return put(it, operation, kind, group_id, "mail", address, reason);
}

/* ---- cards --------------------------------------------------------------------------------------------------- */

static bool is_print_region(const struct apply_cards *cards, struct slice region)
{
	uint32_t i;

	for (i = 0; i < cards->print_region_count; i++)
		if (slice_equal(cards->print_regions[i], region))
			return true;
	return false;
}

static int card_is_printed(const struct noticing *it, const struct member *member, struct slice group_id,
			   struct slice plan_id, bool *ret_printed)
{
	const struct group *group;
	const struct plan *plan;
	int r = store_group_known(it->origin->store, group_id, it->arena, &group);

	if (r == 0)
		r = store_plan_known(it->origin->store, plan_id, it->arena, &plan);
	if (r != 0)
		return r;
	*ret_printed = member->medicare_id.len > 0 ||
		       (plan != NULL && slice_is(plan->insurance_line, "AJ")) ||
		       (group != NULL && is_print_region(&it->origin->cards, group->region)) ||
		       (group != NULL && plan != NULL && group->region.len > 0 && plan->region.len > 0 &&
			!slice_equal(group->region, plan->region));
	return 0;
}

/* The coverage that the card is about: the operation's own, else the latest that counts. NULL: there is none. */
static const struct coverage_span *card_span(const struct noticing *it, const struct decide_operation *operation)
{
	const struct member *member = &operation->image->after;
	const struct coverage_span *span = span_after(operation);
	uint32_t i;

	if (span != NULL && !span->voided)
		return span;
	for (i = member->span_count; i > 0; i--) {
		span = &member->spans[i - 1];
		if (!span->voided && (span->ends_on == DATE_NONE || span->ends_on >= it->today))
			return span;
	}
	return NULL;
}

static int put_card(const struct noticing *it, const struct decide_operation *operation, const char *reason)
{
	const struct coverage_span *span = card_span(it, operation);
	const struct member *member = &operation->image->after;
	struct decide_operation about = *operation;
	struct slice address;
	bool printed;
	int r;

	if (span == NULL)
		return 0;
	r = card_is_printed(it, member, span->group_id, span->plan_id, &printed);
	if (r != 0)
		return r;
	about.plan_id = span->plan_id;
	if (!printed)
		return put(it, &about, "card", span->group_id, "digital", member->email, slice_from(reason));
	address = mail_address(it->arena, member);
	if (address.data == NULL)
		return -ENOMEM;
	return put(it, &about, "card", span->group_id, "print", address, slice_from(reason));
}

static bool is_other_name(const struct decide_operation *operation)
{
	const struct member *from = operation->fields_before, *to = operation->fields_after;

	return operation->carries_fields && from != NULL && to != NULL &&
	       (!slice_equal(from->last_name, to->last_name) || !slice_equal(from->first_name, to->first_name) ||
		!slice_equal(from->middle_name, to->middle_name) || !slice_equal(from->suffix, to->suffix));
}

/* Cards of plans in which the primary care provider gives the referrals show him. */
static bool is_other_pcp(const struct noticing *it, const struct decide_operation *operation)
{
	const struct member *from = operation->fields_before, *to = operation->fields_after;
	const struct member *member = &operation->image->after;
	uint32_t i;

	if (!operation->carries_fields || from == NULL || to == NULL || slice_equal(from->pcp_id, to->pcp_id))
		return false;
	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (!span->voided && (span->ends_on == DATE_NONE || span->ends_on >= it->today) &&
		    (slice_is(span->insurance_line, "HMO") || slice_is(span->insurance_line, "POS")))
			return true;
	}
	return false;
}

/* Why this operation asks for a card; NULL: it does not. */
static const char *card_reason(const struct noticing *it, const struct decide_operation *operation)
{
	const struct coverage_span *before = span_before(operation), *after = span_after(operation);

	if (operation->action == DECIDE_ADD && after != NULL)
		return "new enrollment";
	if (operation->action == DECIDE_TRANSFER)
		return "group change";
	if (operation->action == DECIDE_CHANGE && before != NULL && after != NULL &&
	    !slice_equal(before->plan_id, after->plan_id))
		return "plan change";
	if (is_other_pcp(it, operation))
		return "PCP change";
	if (is_other_name(operation) && is_covered_from(&operation->image->after, SLICE_EMPTY, it->today))
		return "name change";
	return NULL;
}

/* Did an operation before this one ask for this member's card? */
static bool has_card(const struct noticing *it, uint32_t end, const struct decide_image *image)
{
	uint32_t i;

	for (i = 0; i < end; i++)
		if (it->changeset->operations[i].image == image &&
		    card_reason(it, &it->changeset->operations[i]) != NULL)
			return true;
	return false;
}

static int put_change_cards(const struct noticing *it, uint32_t index)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	const char *reason = card_reason(it, operation);

	return reason == NULL || has_card(it, index, operation->image) ? 0 : put_card(it, operation, reason);
}

static bool wants_card(const struct member_record *record)
{
	uint32_t i;

	/* An audit is no request, whatever it carries. */
	for (i = 0; !slice_is(record->maintenance, "030") && i < record->coverage_count; i++)
		if (record->coverages[i].wants_card)
			return true;
	return false;
}

/* An IDC: a card unless the record's changes bring one anyway. */
static int put_requested(const struct noticing *it, const struct member_record *record)
{
	const struct changeset *changeset = it->changeset;
	uint32_t i;

	for (i = 0; wants_card(record) && i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];

		if (operation->member_pos != record->member_pos || operation->image == NULL ||
		    !operation->image->claimed)
			continue;
		if (has_card(it, changeset->operation_count, operation->image) ||
		    !is_covered_from(&operation->image->after, SLICE_EMPTY, it->today))
			return 0;
		return put_card(it, operation, "requested");
	}
	return 0;
}

/* ---- the old number of a separated contract ---- */

static int are_linked(const struct noticing *it, struct slice group_id, struct slice other_id, bool *ret_linked)
{
	const struct group *group, *other;
	int r = store_group_known(it->origin->store, group_id, it->arena, &group);

	if (r == 0)
		r = store_group_known(it->origin->store, other_id, it->arena, &other);
	if (r == 0)
		*ret_linked = group != NULL && other != NULL &&
			      (slice_equal(group->linked_group_id, other_id) ||
			       slice_equal(other->linked_group_id, group_id));
	return r;
}

/* The record was taken for another contract than it named (B13): the sponsor is to mend his file. */
static int put_old_number(const struct noticing *it, const struct enroll_header *header,
			  const struct member_record *record)
{
	struct slice sent = enroll_group(header, record);
	const struct changeset *changeset = it->changeset;
	bool linked;
	uint32_t i;
	int r;

	for (i = 0; sent.len > 0 && i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];

		if (operation->member_pos != record->member_pos || operation->image == NULL ||
		    !operation->image->claimed || slice_is_empty(operation->group_id) ||
		    slice_equal(operation->group_id, sent))
			continue;
		r = are_linked(it, sent, operation->group_id, &linked);
		if (r != 0 || !linked)
			return r;
		return put(
			it, operation, "old_number", sent, "group", SLICE_EMPTY,
			arena_printf(it->arena,
				     "the record bears group %.*s and was taken for group %.*s: file it there by the "
				     "end of the renewal month",
				     (int)sent.len, sent.data, (int)operation->group_id.len, operation->group_id.data));
	}
	return 0;
}

/* ---- ends and transfers -------------------------------------------------------------------------------------- */

/* Does an operation before this one end the same member in the same contract? */
static bool has_end(const struct noticing *it, uint32_t index, struct slice group_id)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	uint32_t i;

	for (i = 0; i < index; i++) {
		const struct decide_operation *other = &it->changeset->operations[i];
		const struct coverage_span *before = other->image == operation->image ? span_before(other) : NULL;

		if (before != NULL && other->action == operation->action && slice_equal(before->group_id, group_id))
			return true;
	}
	return false;
}

static int put_end(const struct noticing *it, uint32_t index)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	const struct coverage_span *after = span_after(operation);
	bool never = operation->action == DECIDE_VOID;
	char day[DATE_TEXT_BYTES];
	struct slice reason;
	int r = 0;

	if (after == NULL || has_end(it, index, after->group_id) ||
	    is_covered_from(&operation->image->after, after->group_id,
			    never || after->voided ? after->begins_on : after->ends_on + 1))
		return 0;
	if (never || after->voided)
		return put_mail(it, operation, "termination", after->group_id,
				SLICE_LITERAL("the coverage never began"));
	reason = arena_printf(it->arena, "coverage ended on %s", date_format_iso(after->ends_on, day));
	r = put_mail(it, operation, "termination", after->group_id, reason);
	return r == 0 ? put_mail(it, operation, "certificate", after->group_id, reason) : r;
}

/* Ended in the old contract, begun in the new one. */
static int put_transfer(const struct noticing *it, uint32_t index)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	const struct coverage_span *before = span_before(operation), *after = span_after(operation);
	char day[DATE_TEXT_BYTES];
	bool linked;
	int r;

	/* What had not begun under the old contract was never covered there. */
	if (before == NULL || after == NULL || before->begins_on >= after->begins_on ||
	    has_end(it, index, before->group_id))
		return 0;
	r = put_mail(it, operation, "certificate", before->group_id,
		     arena_printf(it->arena,
				  "coverage ended on %s; may be disregarded: re-enrolled at once in the new group %.*s",
				  date_format_iso(after->begins_on - 1, day), (int)after->group_id.len,
				  after->group_id.data));
	if (r == 0)
		r = are_linked(it, before->group_id, after->group_id, &linked);
	if (r != 0 || !linked)
		return r;
	return put(it, operation, "accumulator_transfer", after->group_id, "internal", SLICE_EMPTY,
		   arena_printf(it->arena, "deductible and out-of-pocket amounts of group %.*s up to %s",
				(int)before->group_id.len, before->group_id.data,
				date_format_iso(after->begins_on - 1, day)));
}

static int put_reinstatement(const struct noticing *it, uint32_t index)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	const struct coverage_span *after = span_after(operation);

	if (after == NULL || after->voided || has_end(it, index, after->group_id))
		return 0;
	return put_mail(it, operation, "reinstatement", after->group_id,
			SLICE_LITERAL("coverage restored; a certificate sent for its end is void"));
}

static int put_operation(const struct noticing *it, uint32_t index)
{
	const struct decide_operation *operation = &it->changeset->operations[index];
	int r;

	if (operation->image == NULL)
		return 0;
	r = put_change_cards(it, index);
	if (r != 0)
		return r;
	switch (operation->action) {
	case DECIDE_TERMINATE:
	case DECIDE_VOID:
		return put_end(it, index);
	case DECIDE_TRANSFER:
		return put_transfer(it, index);
	case DECIDE_REINSTATE:
		return put_reinstatement(it, index);
	case DECIDE_ADD:
	case DECIDE_CHANGE:
	case DECIDE_NO_CHANGE:
	case DECIDE_POST:
	case DECIDE_ACTION_COUNT:
		break;
	}
	return 0;
}

int notices_put(struct arena *arena, const struct apply_origin *origin, const struct enroll_family *family,
		const struct changeset *changeset)
{
	const struct noticing it = {.arena = arena,
				    .origin = origin,
				    .changeset = changeset,
				    .today = date_of_clock_ms(origin->at_ms)};
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->operation_count; i++)
		r = put_operation(&it, i);
	for (i = 0; r == 0 && family != NULL && i < family->member_count; i++) {
		r = put_requested(&it, &family->members[i]);
		if (r == 0)
			r = put_old_number(&it, family->header, &family->members[i]);
	}
	if (r > 0)
		return log_failure(MUSTER_ERROR_INTERNAL, "the database refuses a notice (%d)", r);
	return r;
}
