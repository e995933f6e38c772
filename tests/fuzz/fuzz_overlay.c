/*
 * fuzz_overlay: what is agreed with a partner, whoever wrote it down.
 *
 * The bytes are partners/fuzz.yaml. A line of %% divides them: then what stands before it is partners/default.yaml.
 * Files that the profile names are not there.
 *
 * Claims: a refusal comes with words, and an accepted profile without; its guides keep what a walker relies on; the
 * guides of all others stay as they were; files are walked under it, and are answered soundly.
 */
#include <errno.h>

#include "guide_claims.h"
#include "muster/ack.h"
#include "muster/error.h"
#include "muster/profile.h"

#define HEADER "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~"
#define ISA                                                                                                            \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501*000000001*0*T*:~"

static const char sound_834[] =
	ISA "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~ST*834*0001*005010X220A1~" HEADER
	    "INS*Y*18*021*28*A***FT~REF*0F*S1~REF*1L*G1~DTP*356*D8*20260101~NM1*IL*1*ROE*ALEX****34*219091234~"
	    "PER*IP**TE*5552220101~N3*1 MAIN ST~N4*ANYTOWN*CA*90001~DMG*D8*19800101*F~"
	    "HD*021**HLT*GOLD*EMP~DTP*348*D8*20260101~SE*16*0001~GE*1*1~IEA*1*000000001~";
static const char faulty_834[] =
	ISA "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~ST*834*0001*005010X220A1~" HEADER
	    "INS*Y*18*ZZZ*28*A***FT~REF*0F*S1~DTP*999*D8*20260231~NM1*IL*1*roe*ALEX****34*21909123~N4*ANYTOWN*XX*9~"
	    "DMG*D8*19800101*F**A^B^C*1*2*3~ZZ9*1~INS*N*01*001*25*C~REF*0F*S1~NM1*74*1*ROE~HD*021**HLT~HD*001**DEN~"
	    "DTP*349*D8*20250101~LX*1~NM1*P3*1*POE~SE*99*0001~GE*1*1~IEA*1*000000001~";
static const char sound_820[] =
	ISA "GS*RA*SENDER*RECEIVER*20260105*0930*1*X*005010X218~ST*820*0001*005010X218~"
	    "BPR*C*900.00*C*ACH*CTX*01*111000025*DA*001122*1123456789**01*021000021*DA*778899*20260201~"
	    "TRN*1*T20260201A*1123456789~N1*PE*PLAN*FI*987654321~N1*PR*ACME*FI*123456789~ENT*1*2J*EI*777~"
	    "NM1*EY*1*ROE*ALEX****EI*777~RMR*IG*S0001**900.00~SE*9*0001~GE*1*1~IEA*1*000000001~";

/* A world without files. */
static int no_files(struct env *env, enum env_op op, const char *what)
{
	(void)env;
	(void)what;
	return op == ENV_ALLOC ? 0 : -ENOENT;
}

static struct env *world(void)
{
	static struct env env;

	if (env.gate == NULL) {
		env = *fuzz_env();
		env.gate = no_files;
	}
	return &env;
}

static struct guide_set *guides(void)
{
	static struct guide_set *set;
	struct buffer errors;

	if (set == NULL) {
		buffer_init(&errors, fuzz_env());
		FUZZ_CLAIM(guide_set_new(fuzz_env(), &errors, &set) == 0);
		buffer_fini(&errors);
	}
	return set;
}

/* ---- walking under a profile ---- */

static int on_finding(void *context, const struct finding *finding)
{
	uint32_t *count = context;

	FUZZ_CLAIM(finding->code < FINDING_CODE_COUNT && finding->severity < FINDING_OFF);
	++*count;
	return 0;
}

static uint32_t walk(const char *bytes, const struct check_options *options, const struct check_handler *handler)
{
	uint32_t findings = 0;
	const struct check_handler counting = {.context = &findings, .finding = on_finding};
	struct io_source *source;

	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), slice_from(bytes), 0, &source) == 0);
	FUZZ_CLAIM(check_source(fuzz_env(), guides(), source, options, handler != NULL ? handler : &counting) == 0);
	io_source_close(source);
	return findings;
}

static void answer(const char *bytes, const struct profile *profile)
{
	const struct ack_options options = {.clock_ms = INT64_C(1767605400000), .control_number = 1};
	struct slice ta1, reply;
	struct ack *ack;

	walk(bytes, &profile->check, NULL);
	FUZZ_CLAIM(ack_new(fuzz_env(), &options, &ack) == 0);
	walk(bytes, &profile->check, ack_handler(ack));
	FUZZ_CLAIM(ack_finish(ack, &ta1, &reply) == 0);
	FUZZ_CLAIM(ta1.len == 0 || walk(ta1.data, NULL, NULL) == 0);
	FUZZ_CLAIM(reply.len == 0 || walk(reply.data, NULL, NULL) == 0);
	ack_free(ack);
}

static void live_with(const struct profile *profile)
{
	const struct guide_set *own = profile->check.guides;

	for (uint32_t i = 0; own != NULL && i < guide_set_count(own); i++)
		check_guide(guide_set_at(own, i));
	answer(sound_834, profile);
	answer(faulty_834, profile);
	answer(sound_820, profile);
}

/* ---- one profile ---- */

static bool parse(struct arena *arena, const char *path, struct slice text, const struct profile *base,
		  struct profile *ret_profile)
{
	struct buffer errors;
	int r;

	buffer_init(&errors, fuzz_env());
	r = profile_parse(arena, path, text, base, guides(), &errors, ret_profile);
	FUZZ_CLAIM(r == 0 || r == MUSTER_ERROR_CONFIG);
	FUZZ_CLAIM((r == 0) == (errors.len == 0));
	FUZZ_CLAIM(errors.len == 0 || memchr(errors.data, '\x1B', errors.len) == NULL);
	buffer_fini(&errors);
	return r == 0;
}

static struct slice divide(struct slice *input)
{
	static const char line[] = "\n%%\n";
	struct slice before = SLICE_EMPTY;

	for (size_t at = 0; at + 4 <= input->len; at++) {
		if (memcmp(input->data + at, line, 4) != 0)
			continue;
		before = slice_of(input->data, at + 1);
		*input = slice_of(input->data + at + 4, input->len - at - 4);
		break;
	}
	return before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of((const char *)data, size), before;
	struct profile base, profile;
	struct arena arena;
	bool taken;

	/* Larger ones only take longer. */
	if (size > 16384)
		return 0;
	arena_init(&arena, world(), 0, 0);
	before = divide(&input);
	taken = before.len == 0 || parse(&arena, "partners/default.yaml", before, NULL, &base);
	if (taken && parse(&arena, "partners/fuzz.yaml", input, before.len > 0 ? &base : NULL, &profile))
		live_with(&profile);
	FUZZ_CLAIM(walk(sound_834, NULL, NULL) == 0 && walk(sound_820, NULL, NULL) == 0);
	arena_fini(&arena);
	return 0;
}
