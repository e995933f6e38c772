/*
 * fuzz_guide: a site's own guide.
 *
 * Claims: a refusal comes with words and leaves the set as it was; an accepted guide keeps what a walker relies on
 * (indices in range, loops that open with a required segment, sorted codes, siblings told apart) and can be shown.
 */
#include "guide_claims.h"

/* Guides with ids of the fuzzer's choosing pile up; a fresh set now and then. */
#define SET_GUIDES_MAX 12u

static struct guide_set *fuzz_set(void)
{
	static struct guide_set *set;
	struct buffer errors;

	if (set != NULL && guide_set_count(set) < SET_GUIDES_MAX)
		return set;
	guide_set_free(set);
	buffer_init(&errors, fuzz_env());
	FUZZ_CLAIM(guide_set_new(fuzz_env(), &errors, &set) == 0);
	buffer_fini(&errors);
	return set;
}

static void check_shown(const struct guide *guide, struct buffer *out)
{
	uint32_t i;

	FUZZ_CLAIM(guide_print(guide, SLICE_EMPTY, out) == 0 && out->len > 0);
	for (i = 0; i < guide->segment_count; i++)
		FUZZ_CLAIM(guide_print(guide, slice_from(guide->segments[i].id), out) != GUIDE_E_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guide_set *set = fuzz_set();
	uint32_t before = guide_set_count(set), i;
	struct buffer said;
	int result;

	/* Larger ones only take longer to show. */
	if (size > 16384)
		return 0;
	buffer_init(&said, fuzz_env());
	result = guide_set_add(set, "fuzz", slice_of((const char *)data, size), &said);
	FUZZ_CLAIM(result == 0 || result == GUIDE_E_INVALID);
	FUZZ_CLAIM((result == 0) == (said.len == 0));
	FUZZ_CLAIM(guide_set_count(set) == before || (result == 0 && guide_set_count(set) == before + 1));
	for (i = 0; result == 0 && i < guide_set_count(set); i++)
		check_guide(guide_set_at(set, i));
	if (result == 0)
		check_shown(guide_set_at(set, guide_set_count(set) - 1), &said);
	buffer_fini(&said);
	return 0;
}
