#include "muster/enroll.h"

struct slice enroll_group(const struct enroll_header *header, const struct member_record *record)
{
	uint32_t i;

	if (!slice_is_empty(record->group))
		return record->group;
	for (i = 0; i < record->coverage_count; i++) {
		struct slice group = enroll_ref_value(record->coverages[i].refs, record->coverages[i].ref_count, "1L");

		if (!slice_is_empty(group))
			return group;
	}
	return header->policy;
}
