/*
 * One member under an order: his spans changed in an image, each change an operation, written as decide's are.
 */
#include "work.h"

int member_open(struct work *work, const struct member *member, uint32_t room, struct member_work *ret_member)
{
	struct arena *arena = &work->member_arena;
	struct coverage_span *spans = arena_alloc_array(arena, member->span_count + room + 1, sizeof(*spans));
	uint32_t i;

	*ret_member = (struct member_work){.work = work, .member = member};
	if (spans == NULL)
		return -ENOMEM;
	for (i = 0; i < member->span_count; i++)
		spans[i] = member->spans[i];
	ret_member->image.before = *member;
	ret_member->image.after = *member;
	ret_member->image.after.spans = spans;
	ret_member->changeset.operations =
		arena_alloc_array(arena, member->span_count + 1, sizeof(*ret_member->changeset.operations));
	return ret_member->changeset.operations != NULL ? 0 : -ENOMEM;
}

/* "ends_on: open -> 2026-03-31". data NULL = no memory. */
static struct slice describe(struct arena *arena, const struct coverage_span *before, const struct coverage_span *after)
{
	char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];

	if (!before->voided && after->voided)
		return SLICE_LITERAL("never effective");
	if (before->voided && !after->voided)
		return SLICE_LITERAL("effective again");
	return arena_printf(arena, "ends_on: %s -> %s",
			    before->ends_on != DATE_NONE ? date_format_iso(before->ends_on, from) : "open",
			    after->ends_on != DATE_NONE ? date_format_iso(after->ends_on, to) : "open");
}

static struct decide_operation *new_operation(struct member_work *it, enum decide_action action, uint32_t before_index,
					      uint32_t after_index)
{
	struct decide_operation *operation = &it->changeset.operations[it->changeset.operation_count++];
	const struct coverage_span *shown = &it->image.after.spans[after_index];

	*operation = (struct decide_operation){
		.action = action,
		.member_pos = it->work->member_pos + 1,
		.image = &it->image,
		.span_before_index = (int32_t)before_index,
		.span_after_index = (int32_t)after_index,
		.group_id = shown->group_id,
		.plan_id = shown->plan_id,
		.begins_on = shown->begins_on,
		.ends_on = shown->ends_on,
		.confidence = 1.0,
		.match_rule = "order",
	};
	return operation;
}

static void touch(struct member_work *it, struct decide_operation *operation, uint32_t index, bool is_new)
{
	struct decide_touch *touched = &operation->touches[operation->touch_count++];

	*touched = (struct decide_touch){
		.is_new = is_new, .after = it->image.after.spans[index], .after_index = index};
	if (!is_new)
		touched->before = it->member->spans[index];
}

int member_changed(struct member_work *it, enum decide_action action, uint32_t index)
{
	struct decide_operation *operation = new_operation(it, action, index, index);

	touch(it, operation, index, false);
	operation->change = describe(&it->work->member_arena, &it->member->spans[index], &it->image.after.spans[index]);
	return operation->change.data != NULL ? 0 : -ENOMEM;
}

int member_continued(struct member_work *it, uint32_t index, const struct coverage_span *next)
{
	uint32_t at = it->image.after.span_count++;
	struct decide_operation *operation;
	char day[DATE_TEXT_BYTES];

	it->image.after.spans[at] = *next;
	operation = new_operation(it, DECIDE_TRANSFER, index, at);
	touch(it, operation, index, false);
	touch(it, operation, at, true);
	operation->change = arena_printf(&it->work->member_arena, "group_id: %.*s -> %.*s; from %s",
					 SLICE_ARGS(it->member->spans[index].group_id), SLICE_ARGS(next->group_id),
					 date_format_iso(next->begins_on, day));
	return operation->change.data != NULL ? 0 : -ENOMEM;
}

int member_close(struct member_work *it)
{
	struct work *work = it->work;
	struct decide_image *images[] = {&it->image};
	struct hash content;
	int r;

	if (it->changeset.operation_count == 0)
		return 0;
	it->changeset.images = images;
	it->changeset.image_count = 1;
	work->member_pos++;
	work->report->members++;
	work->report->spans += it->changeset.operation_count;
	hash_content_of(it->member->member_id, &content);
	r = apply_ordered(&work->member_arena, &work->origin, work->member_pos, &content, &it->changeset,
			  &work->payload);
	it->changeset.images = NULL;
	return r;
}
