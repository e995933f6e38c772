#include "header.h"

#include "muster/error.h"

void enroll_header_init(struct enroll_header *header)
{
	memset(header, 0, sizeof(*header));
	header->created_on = header->effective_on = DATE_NONE;
}

static void read_bgn(const struct divided *bgn, struct enroll_header *header)
{
	date_day day;

	header->purpose = bgn->element[1];
	header->reference = bgn->element[2];
	if (date_parse_ccyymmdd(bgn->element[3], &day))
		header->created_on = day;
	header->created_time = bgn->element[4];
	header->prior_reference = bgn->element[6];
	header->action = bgn->element[8];
}

static void read_n1(const struct divided *n1, struct enroll_header *header)
{
	if (slice_is(n1->element[1], "P5")) {
		header->sponsor_name = n1->element[2];
		header->sponsor_id = n1->element[4];
	} else if (slice_is(n1->element[1], "IN")) {
		header->payer_id = n1->element[4];
	} else if (slice_is(n1->element[1], "BO")) {
		header->broker_id = n1->element[4];
	}
}

int enroll_header_read(struct arena *arena, const struct x12_segment *segment, struct enroll_header *header)
{
	struct slice copy = arena_dup(arena, segment->raw);
	struct divided divided;
	struct enroll_date date;

	if (copy.data == NULL)
		return -ENOMEM;
	enroll_segment_divide(copy, segment, &divided);
	if (slice_is(divided.element[0], "BGN")) {
		read_bgn(&divided, header);
	} else if (slice_is(divided.element[0], "REF") && slice_is(divided.element[1], "38")) {
		header->policy = divided.element[2];
	} else if (slice_is(divided.element[0], "DTP")) {
		date = enroll_record_date(&divided);
		if (slice_is(date.qualifier, "007"))
			header->effective_on = date.day;
	} else if (slice_is(divided.element[0], "N1")) {
		read_n1(&divided, header);
	}
	return 0;
}
