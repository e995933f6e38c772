/*
 * Files that should have come. Nothing is written: whether one is late follows from the calendar and what was received.
 */
#include "muster/batch.h"

#define HOUR_MS INT64_C(3600000)

static enum store_arrival arrival_of(enum profile_expect_kind kind)
{
	switch (kind) {
	case PROFILE_EXPECT_ANY:
		break;
	case PROFILE_EXPECT_CHANGE:
		return STORE_ARRIVAL_CHANGE;
	case PROFILE_EXPECT_FULL:
		return STORE_ARRIVAL_FULL;
	case PROFILE_EXPECT_820:
		return STORE_ARRIVAL_820;
	}
	return STORE_ARRIVAL_ANY;
}

static int look_at(struct store *store, const struct config *config, const struct profile *profile,
		   const struct profile_expect *expect, int64_t now_ms, struct arena *arena,
		   struct batch_expected *ret_expected)
{
	enum store_arrival arrival = expect != NULL ? arrival_of(expect->kind) : STORE_ARRIVAL_ANY;
	struct batch_expected expected = {.profile = profile, .expect = expect};
	int r = store_file_arrived(store, slice_from(profile->name), arrival, arena, &expected.last);

	if (expect != NULL) {
		profile_expect_due(expect, &config->calendar, now_ms, &expected.due_ms, &expected.next_ms);
		expected.late = expected.last == NULL ||
				expected.last->received_ms < expected.due_ms - expect->window_hours * HOUR_MS;
	}
	*ret_expected = expected;
	return r;
}

int batch_expected_each(struct env *env, struct store *store, const struct config *config,
			const struct profiles *profiles, int64_t now_ms, void *context,
			int (*fn)(void *context, const struct batch_expected *expected))
{
	struct arena arena;
	uint32_t i, j;
	int r = 0;

	arena_init(&arena, env, 0, 0);
	for (i = 0; r == 0 && i < profiles->count; i++)
		for (j = 0; r == 0 && (j == 0 || j < profiles->items[i].expect_count); j++) {
			const struct profile *profile = &profiles->items[i];
			const struct profile_expect *expect = profile->expect_count > 0 ? &profile->expects[j] : NULL;
			struct batch_expected expected;

			arena_reset(&arena);
			r = look_at(store, config, profile, expect, now_ms, &arena, &expected);
			if (r == 0)
				r = fn(context, &expected);
		}
	arena_fini(&arena);
	return r;
}
