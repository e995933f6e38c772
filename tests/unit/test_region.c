/* If this failed: a separation by region would move families of the wrong half of California, or leave them behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/region.h"

static void test_regions(void **state)
{
	static const struct {
		const char *state, *zip, *region;
	} cases[] = {
		{"CA", "90001", "SCAL"},      {"CA", "93599", "SCAL"}, {"CA", "93601", "NCAL"}, {"CA", "94601-1234", "NCAL"},
		{"CA", "96161", "NCAL"},      {"CA", "", ""},          {"CA", "9", ""},         {"CA", "10001", ""},
		{"OR", "97201", "NW"},        {"WA", "98660", "NW"},   {"WA", "", "NW"},        {"CO", "80202", "CO"},
		{"GA", "30303", "GA"},        {"GA", "39901", "GA"},   {"MD", "21201", "MAS"},  {"VA", "22201", "MAS"},
		{"DC", "20001", "MAS"},       {"HI", "96813", "HI"},   {"OH", "44101", "OH"},   {"NY", "10001", ""},
		{"NY", "94601", ""},          {"", "92101", "SCAL"},   {"", "94601", "NCAL"},   {"", "10001", ""},
		{"HI", "94601", "HI"},        {"", "", ""},            {"ca", "90001", ""},     {"CA", "9X001", ""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!slice_is(region_of(slice_from(cases[i].state), slice_from(cases[i].zip)), cases[i].region))
			fail_msg("%s %s is not %s", cases[i].state, cases[i].zip, cases[i].region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_regions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
