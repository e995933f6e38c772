#include "muster/enroll.h"

/* By habit one of the three places counts, else the first that names a group. */
static struct slice one_of(const struct member_record *record, struct slice member, struct slice coverage,
			   struct slice header)
{
	switch (record->group_key) {
	case ENROLL_GROUP_HEADER:
		return header;
	case ENROLL_GROUP_MEMBER:
		return member;
	case ENROLL_GROUP_COVERAGE:
		return coverage;
	case ENROLL_GROUP_ANY:
		break;
	}
	if (!slice_is_empty(member))
		return member;
	return slice_is_empty(coverage) ? header : coverage;
}

struct slice enroll_coverage_group(const struct enroll_header *header, const struct member_record *record,
				   const struct enroll_coverage *coverage)
{
	return one_of(record, record->group, enroll_ref_value(coverage->refs, coverage->ref_count, "1L"),
		      header->policy);
}

struct slice enroll_group(const struct enroll_header *header, const struct member_record *record)
{
	struct slice group = SLICE_EMPTY;
	uint32_t i;

	for (i = 0; i < record->coverage_count && slice_is_empty(group); i++)
		group = enroll_ref_value(record->coverages[i].refs, record->coverages[i].ref_count, "1L");
	return one_of(record, record->group, group, header->policy);
}
