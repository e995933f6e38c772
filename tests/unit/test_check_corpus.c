/* If a real partner's file gets the wrong verdict, his members' changes wait, or wrong ones go through. */
#include <stdlib.h>

#include "check_run.h"

static struct run run;

/* Files that nobody on this project wrote, their verdicts, and every error, with why it is one. */
static const struct {
	const char *path, *want, *why;
} files[] = {
	{"linuxforhealth/add-dependent.834", "= accepted members 1\n",
	 "sound by the tables; INS08 of a dependent is only a warning"},
	{"linuxforhealth/add-subscriber-coverage.834", "= accepted members 1\n", "sound"},
	{"linuxforhealth/cancel-dependent.834", "= accepted members 1\n", "sound"},
	{"linuxforhealth/change-subscriber-information.834", "= accepted members 1\n",
	 "sound: 2100B beside NM1*IL is what senders do for a correction of demographics"},
	{"linuxforhealth/demo.834", "= accepted members 1\n", "sound; its SSN is a placeholder, a warning"},
	{"linuxforhealth/enroll-employee-managed-care.834",
	 "8 DTP 2000 1.0.1 element_code_invalid 358 m1\n= rejected members 1\n",
	 "358 is no date of the member level in the guide: IK403 7 at DTP01, whatever others let pass"},
	{"linuxforhealth/enroll-employee-multiple-products.834", "= accepted members 1\n", "sound"},
	{"linuxforhealth/reinstate-employee-coverage-level.834", "= accepted members 1\n",
	 "sound; INS04 is situational"},
	{"linuxforhealth/reinstate-employee.834", "= accepted members 1\n", "sound"},
	{"linuxforhealth/reinstate-member-eligiblity-ins.834", "= accepted members 1\n", "sound: no HD is needed"},
	{"linuxforhealth/terminate-subscriber-eligibility.834", "= accepted members 1\n",
	 "INS*Y*19 contradicts itself, but 19 is a code of the guide: a warning of SNIP 4, not a syntax error"},
	{"moov/stp820.txt",
	 "0 ISA - 0.0.0 interchange_header_padding  m0\n"
	 "0 GS - 8.0.1 fgroup_version_unsupported 004010 m0\n= rejected members 0\n",
	 "its ISA is not padded, and 004010 is no guide for an 820: TA1 R, nothing inside is judged"},
	{"pyx12/834_deident_family.txt", "= accepted members 3\n", "sound but for placeholder SSNs (area 000)"},
	{"pyx12/834_deident_new_enroll.txt", "= accepted members 1\n", "sound but for a placeholder SSN"},
	{"pyx12/834_deident_term.txt", "= accepted members 2\n", "sound but for placeholder SSNs"},
	{"pyx12/834_eol_in_element.source.txt",
	 "12 N3 2100A 1.0.1 element_character_invalid 777 ELM ST\nAPT 55 m1\n= rejected members 1\n",
	 "a line feed inside N301: never data, IK403 6; ISA11 U under 00501 is only a warning"},
	{"pyx12/834_ls_le_ls.source.txt", "= accepted members 1\n",
	 "thirteen categories between LS and LE, repetition separator !; the Medicare id is of no known form, a "
	 "warning"},
	{"pyx12/834_ls_le_ls.txt", "= accepted members 1\n", "the same without its source's line ends"},
	{"pyx12/834_lui_id.source.txt",
	 "0 GS - 8.0.1 fgroup_version_unsupported 004010X095A1 m0\n= rejected members 0\n",
	 "a guide of 4010: AK905 2, no set is judged"},
	{"pyx12/834_lui_id_5010.source.txt", "= accepted members 1\n",
	 "LUI03 without LUI01 and 02 is allowed by the notes"},
	{"pyx12/example834_5010.txt", "6 INS 2000 6.1.1 element_too_long C    m1\n= rejected members 1\n",
	 "INS06-1 is one character, four were sent: the blanks at its end count; blank lines are warnings"},
	{"pyx12/multiple_st_loops.txt",
	 "= accepted members 1\n= accepted members 1\n= accepted members 1\n= accepted members 1\n", "four sound sets"},
};

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct run *r = context;
	(void)tset;
	buffer_printf(&r->out, "= %s members %u\n", check_decision_name(verdict->decision), verdict->members);
	return 0;
}

static const char *check_file(const char *folder, const char *path)
{
	const struct check_handler handler = {.context = &run, .finding = run_finding, .tset_end = on_tset_end};
	struct io_source *source = NULL;
	char full[LIMIT_PATH_BYTES];
	snprintf(full, sizeof(full), "%s/corpus/%s", folder, path);
	buffer_clear(&run.out);
	assert_int_equal(io_source_open(&run.env, full, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, NULL, &handler), 0);
	io_source_close(source);
	return buffer_slice(&run.out).len > 0 ? run.out.data : "";
}

static void test_corpus(void **state)
{
	const char *folder = getenv("MUSTER_SHARED");
	struct env_stat stat;
	(void)state;
	if (folder == NULL || env_stat(&run.env, folder, &stat) < 0) {
		print_message("MUSTER_SHARED names no folder: the corpus is not there to be checked\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *got = check_file(folder, files[i].path);
		if (strcmp(got, files[i].want) != 0)
			fail_msg("%s (%s):\n  want\n%s  got\n%s", files[i].path, files[i].why, files[i].want, got);
	}
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run_fini(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
