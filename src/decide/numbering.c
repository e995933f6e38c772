/*
 * numbering: whose number the family's is.
 *
 * Employers number their people alike: 1001, 1002. So the number of REF*0F means a family of the sponsor for whom the set
 * speaks (N1*P5), then of the one whose group the records name; then one whose sponsor is not known, because its group
 * names none. Another sponsor's family is never meant by its number. Only where nobody can tell the sponsor, or the
 * partner's numbers are one family's over the whole plan (family_numbers), the number alone tells, if one sponsor gave it.
 *
 * Source    enrollment-semantics section 3 (one family = all INS with equal REF*0F within sponsor or group).
 */
#include "work.h"

#include "muster/text.h"

/* The sponsors who may have given the number, the likeliest first; empty = not known. */
struct sponsors {
	struct slice of_set, of_group;
};

/* The sponsor of the first group that a record of the family names, the subscriber's before the others'. */
static int sponsor_of_group(struct arena *arena, const struct decide_input *input, struct slice *ret_sponsor_id)
{
	const struct enroll_family *family = input->family;
	const struct group *group;
	uint32_t i;
	int pass, error = 0;

	*ret_sponsor_id = SLICE_EMPTY;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < family->member_count && error >= 0 && ret_sponsor_id->len == 0; i++) {
			struct slice group_id = enroll_group(family->header, &family->members[i]);

			if (family->members[i].is_subscriber != (pass == 0) || group_id.len == 0)
				continue;
			error = input->view->group(input->view->context, group_id, arena, &group);
			if (error >= 0 && group != NULL)
				*ret_sponsor_id = group->sponsor_id;
		}
	}
	return error < 0 ? error : 0;
}

static int find_sponsors(struct arena *arena, const struct decide_input *input, struct sponsors *ret_sponsors)
{
	const struct decide_view *view = input->view;
	struct slice sponsor_id = input->family->header->sponsor_id;
	bool is_known = false;
	int error = sponsor_of_group(arena, input, &ret_sponsors->of_group);

	if (error == 0 && sponsor_id.len > 0 && text_is_same_id(sponsor_id, ret_sponsors->of_group))
		is_known = true;
	else if (error == 0 && sponsor_id.len > 0 && view->sponsor_known != NULL)
		error = view->sponsor_known(view->context, sponsor_id, &is_known);
	if (error < 0)
		return error;
	ret_sponsors->of_set = text_plain_id(arena, is_known ? sponsor_id : SLICE_EMPTY);
	ret_sponsors->of_group = text_plain_id(arena, ret_sponsors->of_group);
	return ret_sponsors->of_set.data != NULL && ret_sponsors->of_group.data != NULL ? 0 : -ENOMEM;
}

/* Has this sponsor a family of that number? */
static int is_on_file(struct arena *arena, const struct decide_input *input, struct family_key key, bool *ret_is)
{
	const struct member **members;
	uint32_t count;
	int error = input->view->household(input->view->context, key, arena, &members, &count);

	*ret_is = error >= 0 && count > 0;
	return error < 0 ? error : 0;
}

/* Of the families with this number: the one of the sponsor whom `covers` names, or the only one. */
static int ask_number(struct arena *arena, const struct decide_input *input, struct slice covers,
		      struct family_key *family, bool *ret_found)
{
	const struct decide_view *view = input->view;
	struct slice only;
	uint32_t count = 0;
	int error = 0;

	if (view->sponsors_of_number != NULL)
		error = view->sponsors_of_number(view->context, family->subscriber_id, covers, arena, &only, &count);
	*ret_found = error >= 0 && count == 1;
	if (*ret_found)
		family->sponsor_id = only;
	return error < 0 ? error : 0;
}

/*
 * No family stands under the sponsors who come into question. One may under another: its group has changed hands, or the
 * subscriber came from there and kept his number.
 */
static int look_elsewhere(struct arena *arena, const struct decide_input *input, const struct sponsors *sponsors,
			  struct family_key *family)
{
	bool found = false;
	int error = 0;

	/* A new family's: that of its group, as the members of a group are loaded. */
	family->sponsor_id = sponsors->of_group.len > 0 ? sponsors->of_group : sponsors->of_set;
	if (sponsors->of_set.len > 0)
		error = ask_number(arena, input, sponsors->of_set, family, &found);
	if (error == 0 && !found && sponsors->of_group.len > 0 && !slice_equal(sponsors->of_set, sponsors->of_group))
		error = ask_number(arena, input, sponsors->of_group, family, &found);
	if (error == 0 && !found && (family->sponsor_id.len == 0 || input->policy->number_is_plan_wide))
		error = ask_number(arena, input, SLICE_EMPTY, family, &found);
	return error;
}

int numbering_resolve(struct arena *arena, const struct decide_input *input, struct family_key *ret_family)
{
	struct slice number = input->family->member_count > 0 ? input->family->members[0].subscriber_id : SLICE_EMPTY;
	struct sponsors sponsors;
	struct slice places[3];
	bool found = false;
	uint32_t i;
	int error = 0;

	*ret_family = (struct family_key){.subscriber_id = number};
	if (number.len > 0)
		error = find_sponsors(arena, input, &sponsors);
	if (error < 0 || number.len == 0)
		return error;
	places[0] = sponsors.of_set;
	places[1] = sponsors.of_group;
	places[2] = SLICE_EMPTY;
	for (i = 0; i < 3 && error == 0 && !found; i++) {
		if (i > 0 && slice_equal(places[i], places[i - 1]))
			continue;
		ret_family->sponsor_id = places[i];
		error = is_on_file(arena, input, *ret_family, &found);
	}
	return error < 0 || found ? error : look_elsewhere(arena, input, &sponsors, ret_family);
}
