/*
 * A file with an interchange and a set, for the tests of what the store keeps of a set.
 */
#ifndef MUSTER_TESTS_STORE_SET_H
#define MUSTER_TESTS_STORE_SET_H

#include "store_world.h"

__attribute__((unused)) static struct hash hash_text(const char *text)
{
	struct hash hash;

	hash_of(slice_from(text), &hash);
	return hash;
}

__attribute__((unused)) static struct store_file a_file(const char *content)
{
	return (struct store_file){.name = S("a.834"),
				   .partner = S("redwood"),
				   .sha256 = hash_text(content),
				   .bytes = 100,
				   .kind = STORE_KIND_834,
				   .received_ms = 1000,
				   .as_of = day(2026, 1, 31)};
}

__attribute__((unused)) static struct store_interchange an_interchange(uint64_t file_no)
{
	return (struct store_interchange){.file_no = file_no,
					  .ordinal = 1,
					  .sender_qualifier = S("30"),
					  .sender_id = S("940001111"),
					  .receiver_qualifier = S("ZZ"),
					  .receiver_id = S("MUSTER"),
					  .control_number = S("000000017"),
					  .usage = S("P"),
					  .complete = true};
}

__attribute__((unused)) static struct store_tset a_tset(const struct store_interchange *interchange, uint32_t ordinal)
{
	return (struct store_tset){.file_no = interchange->file_no,
				   .interchange_no = interchange->interchange_no,
				   .ordinal = ordinal,
				   .functional_id = S("BE"),
				   .sender_code = S("A"),
				   .receiver_code = S("B"),
				   .fgroup_control = S("17"),
				   .set_id = S("834"),
				   .control_number = S("0001"),
				   .verdict = S("accepted"),
				   .content_hash = hash_text("content"),
				   .hold_category = CATEGORY_COUNT};
}

/* A file with one interchange and one set, added. */
__attribute__((unused)) static void add_set(struct store_file *file, struct store_interchange *interchange, struct store_tset *tset)
{
	*file = a_file("bytes");
	assert_int_equal(store_file_add(store, file), 0);
	*interchange = an_interchange(file->file_no);
	assert_int_equal(store_interchange_add(store, interchange), 0);
	*tset = a_tset(interchange, 1);
	assert_int_equal(store_tset_add(store, tset), 0);
}

#endif
