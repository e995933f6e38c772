/* Which subscribers of a contract live in which region (B12). */
#include "muster/contract.h"
#include "muster/region.h"

struct counting {
	const struct group *group;
	struct contract_region *regions;
	uint32_t count;
};

static int count_place(void *context, struct slice state, struct slice zip3, uint64_t subscribers)
{
	struct counting *counting = context;
	struct slice region = region_of(state, zip3);
	uint32_t i;

	if (slice_is_empty(region))
		region = counting->group->region;
	for (i = 0; i < counting->count; i++)
		if (slice_equal(counting->regions[i].region, region))
			break;
	if (i == CONTRACT_REGIONS_MAX)
		return MUSTER_ERROR_INTERNAL;
	if (i == counting->count)
		counting->regions[counting->count++] = (struct contract_region){
			.region = region, .is_headquarters = slice_equal(region, counting->group->region)};
	counting->regions[i].subscribers += subscribers;
	return 0;
}

int contract_regions(struct store *store, const struct group *group, date_day day,
		     struct contract_region ret_regions[CONTRACT_REGIONS_MAX], uint32_t *ret_count)
{
	struct counting counting = {.group = group, .regions = ret_regions};
	int r = store_group_places(store, group->group_id, day, count_place, &counting);
	uint32_t i;

	for (i = 0; i < counting.count; i++)
		ret_regions[i].must_separate = !ret_regions[i].is_headquarters && group->region.len > 0 &&
					       ret_regions[i].subscribers >= CONTRACT_SEPARATION_SUBSCRIBERS;
	*ret_count = counting.count;
	return r;
}

struct slice contract_region_of(const struct member *subscriber, const struct group *group)
{
	struct slice region = region_of(subscriber->state, subscriber->zip);

	return slice_is_empty(region) ? group->region : region;
}

date_day contract_reroute_until(const struct group *group, date_day day)
{
	date_day end = date_month_end(day);
	int year, month, day_of_month, months;

	date_to_ymd(day, &year, &month, &day_of_month);
	months = group->renewal_month == 0 ? 0 : (group->renewal_month - month + 12) % 12;
	return months == 0 ? end : date_month_end(date_add_months(date_month_begin(day), months));
}
