/* Two contracts of one employer, so that one operator can see both (B12). */
#include "work.h"

static bool is_free_for(const struct group *group, const struct group *other)
{
	return group->linked_group_id.len == 0 || slice_equal(group->linked_group_id, other->group_id);
}

int linking_check(struct work *work)
{
	if (work->other == NULL)
		return work_refuse(work, "there is no group %.*s", SLICE_ARGS(work->order->other_group_id));
	if (slice_equal(work->group->group_id, work->other->group_id))
		return work_refuse(work, "a contract is not linked with itself");
	if (!is_free_for(work->group, work->other))
		return work_refuse(work, "group %.*s is linked with %.*s already", SLICE_ARGS(work->group->group_id),
				   SLICE_ARGS(work->group->linked_group_id));
	if (!is_free_for(work->other, work->group))
		return work_refuse(work, "group %.*s is linked with %.*s already", SLICE_ARGS(work->other->group_id),
				   SLICE_ARGS(work->other->linked_group_id));
	return 0;
}

int linking_proceed(struct work *work)
{
	struct group group = *work->group, other = *work->other;
	int r;

	group.linked_group_id = other.group_id;
	other.linked_group_id = group.group_id;
	r = record_group(work, "change", work->group, &group);
	return r == 0 ? record_group(work, "change", work->other, &other) : r;
}
