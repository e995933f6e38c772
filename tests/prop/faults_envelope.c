/* Faults of envelopes, from x12-syntax sections 2, 3, 9, 10.4 and 10.5; in 834 and 820 files alike. */
#include <stdio.h>
#include <string.h>

#include "matrix.h"

#define TA1(name, code_, segment_, element_) EXPECT_WHOLE(name, "TA1 " code_, segment_, element_)
#define AK9(name, code_, segment_, element_) EXPECT_WHOLE(name, "AK9 " code_, segment_, element_)
#define IK5(name, code_, segment_, element_) EXPECT_WHOLE(name, "IK5 " code_, segment_, element_)
#define BLANK_15 "               "

static const struct fault interchange[] = {
	{"authorization qualifier", FAULT_SET, "ISA", 1, "01",
	 .expected = TA1(INTERCHANGE_AUTH_QUALIFIER, "010", "ISA", 1)},
	{"authorization without qualifier", FAULT_SET, "ISA", 2, "SECRET    ",
	 .expected = TA1(INTERCHANGE_AUTH_VALUE, "011", "ISA", 2)},
	{"qualifier without authorization", FAULT_SET, "ISA", 1, "03",
	 .expected = TA1(INTERCHANGE_AUTH_VALUE, "011", "ISA", 2)},
	{"security qualifier", FAULT_SET, "ISA", 3, "02",
	 .expected = TA1(INTERCHANGE_SECURITY_QUALIFIER, "012", "ISA", 3)},
	{"password without qualifier", FAULT_SET, "ISA", 4, "PASSWORD  ",
	 .expected = TA1(INTERCHANGE_SECURITY_VALUE, "013", "ISA", 4)},
	{"sender qualifier", FAULT_SET, "ISA", 5, "XX", .expected = TA1(INTERCHANGE_SENDER_QUALIFIER, "005", "ISA", 5)},
	{"no sender", FAULT_SET, "ISA", 6, BLANK_15, .expected = TA1(INTERCHANGE_SENDER_ID, "006", "ISA", 6)},
	{"receiver qualifier", FAULT_SET, "ISA", 7, "02",
	 .expected = TA1(INTERCHANGE_RECEIVER_QUALIFIER, "007", "ISA", 7)},
	{"no receiver", FAULT_SET, "ISA", 8, BLANK_15, .expected = TA1(INTERCHANGE_RECEIVER_ID, "008", "ISA", 8)},
	{"no month 13", FAULT_SET, "ISA", 9, "261305", .expected = TA1(INTERCHANGE_DATE, "014", "ISA", 9)},
	{"no 30 February", FAULT_SET, "ISA", 9, "260230", .expected = TA1(INTERCHANGE_DATE, "014", "ISA", 9)},
	{"no hour 24", FAULT_SET, "ISA", 10, "2400", .expected = TA1(INTERCHANGE_TIME, "015", "ISA", 10)},
	{"time of letters", FAULT_SET, "ISA", 10, "NOON", .expected = TA1(INTERCHANGE_TIME, "015", "ISA", 10)},
	{"repetition separator a letter", FAULT_SET, "ISA", 11, "R",
	 .expected = TA1(INTERCHANGE_REPETITION_SEPARATOR, "002", "ISA", 11), .without = "2100A/DMG 2320/COB"},
	{"U of version 00401", FAULT_SET, "ISA", 11, "U", .expected = TA1(INTERCHANGE_REPETITION_U, "002", "ISA", 11)},
	{"version", FAULT_SET, "ISA", 12, "00602", .expected = TA1(INTERCHANGE_VERSION, "017", "ISA", 12)},
	{"control number of letters", FAULT_SET, "ISA", 13, "00000000A",
	 .expected = TA1(INTERCHANGE_CONTROL_NUMBER, "018", "ISA", 13), .also = {FINDING_INTERCHANGE_CONTROL_MISMATCH}},
	{"acknowledgment requested", FAULT_SET, "ISA", 14, "2",
	 .expected = TA1(INTERCHANGE_ACK_REQUESTED, "019", "ISA", 14)},
	{"usage", FAULT_SET, "ISA", 15, "X", .expected = TA1(INTERCHANGE_USAGE, "020", "ISA", 15)},
	{"a group too many counted", FAULT_SET, "IEA", 1, "2",
	 .expected = TA1(INTERCHANGE_GROUP_COUNT, "021", "IEA", 1)},
	{"groups not counted", FAULT_SET, "IEA", 1, "ONE", .expected = TA1(INTERCHANGE_GROUP_COUNT, "021", "IEA", 1)},
	{"IEA02 differs", FAULT_SET, "IEA", 2, "000000999",
	 .expected = TA1(INTERCHANGE_CONTROL_MISMATCH, "001", "IEA", 2)},
	{"IEA without control number", FAULT_SET, "IEA", 2, "",
	 .expected = TA1(INTERCHANGE_CONTROL_MISMATCH, "001", "IEA", 2)},
	{"cut before IEA", FAULT_CUT, "IEA", .expected = TA1(INTERCHANGE_TRUNCATED, "023", "IEA", 0)},
	{"cut before GE", FAULT_CUT, "GE", .expected = TA1(INTERCHANGE_TRUNCATED, "023", "IEA", 0)},
	{"cut before SE", FAULT_CUT, "SE", .expected = TA1(INTERCHANGE_TRUNCATED, "023", "IEA", 0)},
	{"a segment between ISA and GS", FAULT_BEFORE, "GS", .text = "REF*38*1",
	 .expected = TA1(INTERCHANGE_CONTENT, "024", "REF", 0)},
	{"a segment between GE and IEA", FAULT_AFTER, "GE", .text = "REF*38*1",
	 .expected = TA1(INTERCHANGE_CONTENT, "024", "REF", 0)},
	{"a groups' count of six digits", FAULT_SET, "IEA", 1, "000001",
	 .expected = TA1(INTERCHANGE_GROUP_COUNT, "021", "IEA", 1)},
	{"IEA03", FAULT_SET, "IEA", 3, "1", .expected = TA1(INTERCHANGE_TRAILER, "022", "IEA", 3)},
	{"a control character in the sender", FAULT_SET, "ISA", 6,
	 "SEN\x07"
	 "DER        ",
	 .expected = TA1(INTERCHANGE_SENDER_ID, "006", "ISA", 6)},
	{"a control character in the receiver", FAULT_SET, "ISA", 8,
	 "REC\x07"
	 "EIVER      ",
	 .expected = TA1(INTERCHANGE_RECEIVER_ID, "008", "ISA", 8)},
	{"TA1 without note code", FAULT_BEFORE, "GS", .text = "TA1*000000001*260105*0930*A",
	 .expected = TA1(INTERCHANGE_ACK, "024", "TA1", 5)},
	{"TA1 of an unpadded number", FAULT_BEFORE, "GS", .text = "TA1*1*260105*0930*A*000",
	 .expected = TA1(INTERCHANGE_ACK, "024", "TA1", 1)},
	{"TA1 of another verdict", FAULT_BEFORE, "GS", .text = "TA1*000000001*260105*0930*P*000",
	 .expected = TA1(INTERCHANGE_ACK, "024", "TA1", 4)},
	{"TA1 behind a group", FAULT_AFTER, "GE", .text = "TA1*000000001*260105*0930*A*000",
	 .expected = TA1(INTERCHANGE_CONTENT, "024", "TA1", 0)},
};

static const struct fault fgroup[] = {
	{"functional id too long", FAULT_SET, "GS", 1, "BEE", .expected = AK9(FGROUP_HEADER, "6", "GS", 1)},
	{"functional id in small letters", FAULT_SET, "GS", 1, "be", .expected = AK9(FGROUP_HEADER, "6", "GS", 1)},
	{"functional id of claims", FAULT_SET, "GS", 1, "HC", .expected = AK9(FGROUP_TYPE_UNSUPPORTED, "1", "GS", 1)},
	{"sender of one character", FAULT_SET, "GS", 2, "S", .expected = AK9(FGROUP_HEADER, "6", "GS", 2)},
	{"no receiver", FAULT_SET, "GS", 3, "", .expected = AK9(FGROUP_HEADER, "6", "GS", 3)},
	{"date without century", FAULT_SET, "GS", 4, "260105", .expected = AK9(FGROUP_HEADER, "6", "GS", 4)},
	{"no 31 June", FAULT_SET, "GS", 4, "20260631", .expected = AK9(FGROUP_HEADER, "6", "GS", 4)},
	{"no minute 60", FAULT_SET, "GS", 5, "0960", .expected = AK9(FGROUP_HEADER, "6", "GS", 5)},
	{"control number of letters", FAULT_SET, "GS", 6, "A1", .expected = AK9(FGROUP_CONTROL_NUMBER, "6", "GS", 6),
	 .also = {FINDING_FGROUP_CONTROL_MISMATCH}},
	{"agency", FAULT_SET, "GS", 7, "T", .expected = AK9(FGROUP_HEADER, "6", "GS", 7)},
	{"version of claims", FAULT_SET, "GS", 8, "005010X222A1",
	 .expected = AK9(FGROUP_VERSION_UNSUPPORTED, "2", "GS", 8)},
	{"version too long", FAULT_SET, "GS", 8, "005010X220A1X", .expected = AK9(FGROUP_HEADER, "6", "GS", 8)},
	{"GS09", FAULT_SET, "GS", 9, "1", .expected = AK9(FGROUP_HEADER, "6", "GS", 9)},
	{"a set too many counted", FAULT_SET, "GE", 1, "2", .expected = AK9(FGROUP_SET_COUNT, "5", "GE", 1)},
	{"sets not counted", FAULT_SET, "GE", 1, "", .expected = AK9(FGROUP_SET_COUNT, "5", "GE", 1)},
	{"GE02 differs", FAULT_SET, "GE", 2, "999999", .expected = AK9(FGROUP_CONTROL_MISMATCH, "4", "GE", 2)},
	{"a count of seven digits", FAULT_SET, "GE", 1, "0000001", .expected = AK9(FGROUP_SET_COUNT, "5", "GE", 1)},
	{"GE03", FAULT_SET, "GE", 3, "1", .expected = AK9(FGROUP_TRAILER, "6", "GE", 3)},
	{"no GE", FAULT_DROP, "GE", .expected = AK9(FGROUP_TRAILER_MISSING, "3", "GE", 0)},
	{"a segment between GS and ST", FAULT_BEFORE, "ST", .text = "REF*38*1",
	 .expected = AK9(FGROUP_CONTENT, "6", "REF", 0)},
	{"a segment between SE and GE", FAULT_AFTER, "SE", .text = "REF*38*1",
	 .expected = AK9(FGROUP_CONTENT, "6", "REF", 0)},
};

static const struct fault tset[] = {
	{"set of claims", FAULT_SET, "ST", 1, "837", .expected = IK5(TSET_UNSUPPORTED, "1", "ST", 1)},
	{"set id of two characters", FAULT_SET, "ST", 1, "83", .expected = IK5(TSET_ID, "6", "ST", 1)},
	{"no set id", FAULT_SET, "ST", 1, "", .expected = IK5(TSET_ID, "6", "ST", 1)},
	{"control number of three characters", FAULT_SET, "ST", 2, "001",
	 .expected = IK5(TSET_CONTROL_NUMBER, "7", "ST", 2), .also = {FINDING_TSET_CONTROL_MISMATCH}},
	{"no guide id", FAULT_SET, "ST", 3, "", .expected = IK5(TSET_GUIDE_ID, "19", "ST", 3)},
	{"guide of claims", FAULT_SET, "ST", 3, "005010X222A1", .expected = IK5(TSET_GUIDE_UNSUPPORTED, "I6", "ST", 3)},
	{"a segment too many counted", FAULT_SET, "SE", 1, "9999", .expected = IK5(TSET_SEGMENT_COUNT, "4", "SE", 1)},
	{"segments not counted", FAULT_SET, "SE", 1, "MANY", .expected = IK5(TSET_SEGMENT_COUNT, "4", "SE", 1)},
	{"a count of eleven digits", FAULT_SET, "SE", 1, "00000000025",
	 .expected = IK5(TSET_SEGMENT_COUNT, "4", "SE", 1)},
	{"ST04", FAULT_SET, "ST", 4, "1", .expected = EXPECT_IK4(ELEMENT_TOO_MANY, "3", "ST", "", 4)},
	{"SE03", FAULT_SET, "SE", 3, "1", .expected = EXPECT_IK4(ELEMENT_TOO_MANY, "3", "SE", "", 3)},
	{"SE02 differs", FAULT_SET, "SE", 2, "0009", .expected = IK5(TSET_CONTROL_MISMATCH, "3", "SE", 2)},
	{"SE02 without zeros", FAULT_SET, "SE", 2, "1", .expected = IK5(TSET_CONTROL_MISMATCH, "3", "SE", 2)},
	{"no SE", FAULT_DROP, "SE", .expected = IK5(TSET_TRAILER_MISSING, "2", "SE", 0)},
};

/* What cannot be made of lines: bytes around and instead of a sound file. */
struct wrapping {
	const char *what, *before, *behind;
	uint32_t cut; /* so many bytes off the end first */
	struct expected expected;
};

static const struct wrapping wrappings[] = {
	{"nothing", "", "", UINT32_MAX, TA1(INTERCHANGE_MISSING, "022", "", 0)},
	{"letters before ISA", "Dear Sirs,\n", "", 0, TA1(INTERCHANGE_JUNK_BEFORE, "022", "ISA", 0)},
	{"blank lines before ISA", "\n  \n", "", 0, TA1(INTERCHANGE_JUNK_BEFORE, "022", "ISA", 0)},
	{"a byte-order mark", "\xef\xbb\xbf", "", 0, TA1(INTERCHANGE_BYTE_ORDER_MARK, "022", "ISA", 0)},
	{"letters behind IEA", "", "Kind regards", 0, TA1(INTERCHANGE_JUNK_AFTER, "024", "", 0)},
	{"a segment behind IEA",
	 "",
	 "SE*1*0001~",
	 0,
	 {.code = FINDING_INTERCHANGE_CONTENT, .ack = "TA1 024", .segment = "", .loop = "", .untold = true}},
	{"no terminator behind IEA", "", "", 1, TA1(INTERCHANGE_TERMINATOR_MISSING, "004", "IEA", 0)},
	{"cut inside IEA", "", "", 4, TA1(INTERCHANGE_TRUNCATED, "023", "IEA", 0)},
};

static void run_bytes(struct matrix *matrix, const char *what, struct slice bytes, const struct expected *expected)
{
	matrix->cases++;
	matrix_run(matrix, what, 1, bytes, NULL, expected, NULL);
}

static void run_wrappings(struct matrix *matrix)
{
	const struct draft_shape shape = {.target = DRAFT_SOME, .others = DRAFT_SOME};
	struct buffer bytes;
	buffer_init(&bytes, &matrix->env);
	for (size_t i = 0; i < sizeof(wrappings) / sizeof(wrappings[0]); i++) {
		buffer_clear(&matrix->bytes);
		buffer_clear(&bytes);
		draft_begin(&matrix->draft, matrix->guide, 1 + i, &shape);
		draft_write(&matrix->draft, &matrix->bytes);
		buffer_add_text(&bytes, wrappings[i].before);
		if (wrappings[i].cut != UINT32_MAX)
			buffer_add(&bytes, matrix->bytes.data, matrix->bytes.len - wrappings[i].cut);
		buffer_add_text(&bytes, wrappings[i].behind);
		run_bytes(matrix, wrappings[i].what, buffer_slice(&bytes), &wrappings[i].expected);
	}
	buffer_fini(&bytes);
}

/* One byte of ISA, and what it makes of the file. */
struct byte_of_isa {
	const char *what;
	uint32_t at;
	char byte;
	struct expected expected;
};

static const struct byte_of_isa bytes_of_isa[] = {
	{"terminator a letter", 105, 'A', TA1(INTERCHANGE_SEGMENT_TERMINATOR, "004", "ISA", 0)},
	{"terminator a blank", 105, ' ', TA1(INTERCHANGE_SEGMENT_TERMINATOR, "004", "ISA", 0)},
	{"terminator as the element separator", 105, '*', TA1(INTERCHANGE_SEGMENT_TERMINATOR, "004", "ISA", 0)},
	{"component separator a digit", 104, '7', TA1(INTERCHANGE_COMPONENT_SEPARATOR, "027", "ISA", 16)},
	{"component separator as the element's", 104, '*', TA1(INTERCHANGE_COMPONENT_SEPARATOR, "027", "ISA", 16)},
	{"repetition separator as the component's", 82, ':', TA1(INTERCHANGE_REPETITION_SEPARATOR, "002", "ISA", 11)},
};

static void run_bytes_of_isa(struct matrix *matrix)
{
	const struct draft_shape shape = {.target = DRAFT_LEAST, .others = DRAFT_LEAST};
	for (size_t i = 0; i < sizeof(bytes_of_isa) / sizeof(bytes_of_isa[0]); i++) {
		buffer_clear(&matrix->bytes);
		draft_begin(&matrix->draft, matrix->guide, 1 + i, &shape);
		draft_write(&matrix->draft, &matrix->bytes);
		matrix->bytes.data[bytes_of_isa[i].at] = bytes_of_isa[i].byte;
		run_bytes(matrix, bytes_of_isa[i].what, buffer_slice(&matrix->bytes), &bytes_of_isa[i].expected);
	}
}

/* Letters for the element separator, ISA without its blanks, ISA with too many, a broken ISA, a part of it. */
static void run_other_isa(struct matrix *matrix)
{
	static const struct {
		const char *what, *isa;
		bool whole; /* the rest of the file follows */
		struct expected expected;
	} rows[] = {
		{"element separator a letter",
		 "ISAA00A          A00A          AZZASENDER         AZZARECEIVER       A260105A0930A^A00501"
		 "A000000001A0APA:~",
		 false, TA1(INTERCHANGE_ELEMENT_SEPARATOR, "026", "ISA", 0)},
		{"ISA without padding", "ISA*00**00**ZZ*SENDER*ZZ*RECEIVER*260105*0930*^*00501*000000001*0*T*:~", true,
		 TA1(INTERCHANGE_HEADER_PADDING, "022", "ISA", 0)},
		{"sender too long",
		 "ISA*00*          *00*          *ZZ*SENDER WITH A LONG ID*ZZ*RECEIVER       *260105*0930*^*00501"
		 "*000000001*0*T*:~",
		 true, TA1(INTERCHANGE_HEADER_MALFORMED, "022", "ISA", 0)},
		{"cut inside ISA", "ISA*00*          *00*       ", false, TA1(INTERCHANGE_TRUNCATED, "023", "ISA", 0)},
		{"no group",
		 "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501"
		 "*000000001*0*T*:~IEA*0*000000001~",
		 false, TA1(INTERCHANGE_EMPTY, "024", "IEA", 0)},
		{"no set",
		 "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
		 "*260105*0930*^*00501*000000001*0*T*:~"
		 "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~GE*0*1~IEA*1*000000001~",
		 false, AK9(FGROUP_EMPTY, "5", "GE", 0)},
	};
	const struct draft_shape shape = {.target = DRAFT_LEAST, .others = DRAFT_LEAST};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buffer_clear(&matrix->bytes);
		draft_begin(&matrix->draft, matrix->guide, 1, &shape);
		draft_remove(&matrix->draft, 0, 1);
		buffer_add_text(&matrix->bytes, rows[i].isa);
		if (rows[i].whole)
			draft_write(&matrix->draft, &matrix->bytes);
		run_bytes(matrix, rows[i].what, buffer_slice(&matrix->bytes), &rows[i].expected);
	}
}

/* A set of one kind in a group of the other. */
static void run_wrong_group(struct matrix *matrix)
{
	const bool is_834 = slice_is(matrix->guide->set_id, "834");
	const struct fault wrong = {"a set in a group of another kind",
				    FAULT_SET,
				    "GS",
				    1,
				    is_834 ? "RA" : "BE",
				    .expected = IK5(TSET_WRONG_GROUP, "18", "ST", 1),
				    .place = "ST"};
	matrix_faults(matrix, &wrong, 1);
}

/* The check sum of the compressed file is wrong. */
static void run_damaged(struct matrix *matrix)
{
	static const struct expected expected = {
		.code = FINDING_INTERCHANGE_DAMAGED, .ack = "TA1 022", .segment = "IEA", .loop = ""};
	const struct draft_shape shape = {.target = DRAFT_SOME, .others = DRAFT_SOME};
	struct buffer bytes;
	buffer_init(&bytes, &matrix->env);
	buffer_clear(&matrix->bytes);
	draft_begin(&matrix->draft, matrix->guide, 1, &shape);
	draft_write(&matrix->draft, &matrix->bytes);
	matrix_gzip(&bytes, matrix->bytes.data, matrix->bytes.len);
	bytes.data[bytes.len - 8] ^= 1;
	run_bytes(matrix, "a wrong check sum", buffer_slice(&bytes), &expected);
	buffer_fini(&bytes);
}

/* Two of a kind with the same number. */
static void run_duplicates(struct matrix *matrix)
{
	static const struct {
		const char *what;
		uint32_t interchanges, fgroups, tsets;
		struct expected expected;
	} rows[] = {
		{"two interchanges of one number", 2, 1, 1, TA1(INTERCHANGE_DUPLICATE, "025", "ISA", 13)},
		{"two groups of one number", 1, 2, 1, AK9(FGROUP_DUPLICATE, "19", "GS", 6)},
		{"two sets of one number", 1, 1, 2, IK5(TSET_DUPLICATE, "23", "ST", 2)},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct draft_shape shape = {
			.target = DRAFT_LEAST, .fgroups = rows[i].fgroups, .tsets = rows[i].tsets};
		struct expected expected = rows[i].expected;
		const char *number[2];
		buffer_clear(&matrix->bytes);
		draft_begin(&matrix->draft, matrix->guide, 1 + i, &shape);
		for (uint32_t at = 0; at < matrix->draft.count; at++) {
			const char *id = matrix->draft.lines[at].id;
			number[0] = draft_element(&matrix->draft, draft_find(&matrix->draft, "^GS"), 6);
			number[1] = "0001";
			if (strcmp(id, "GS") == 0)
				draft_set(&matrix->draft, at, 6, number[0]);
			if (strcmp(id, "GE") == 0)
				draft_set(&matrix->draft, at, 2, number[0]);
			if (strcmp(id, "ST") == 0 || strcmp(id, "SE") == 0)
				draft_set(&matrix->draft, at, 2, number[1]);
		}
		expected.position = strcmp(expected.segment, "ST") == 0;
		for (uint32_t n = 0; n < rows[i].interchanges; n++)
			draft_write(&matrix->draft, &matrix->bytes);
		matrix->cases++;
		matrix_run(matrix, rows[i].what, 1 + i, buffer_slice(&matrix->bytes), NULL, &expected, NULL);
	}
}

/* An ISA before the IEA of the one before. */
static void run_trailer_missing(struct matrix *matrix)
{
	static const struct expected expected = TA1(INTERCHANGE_TRAILER_MISSING, "023", "IEA", 0);
	const struct draft_shape shape = {.target = DRAFT_LEAST, .others = DRAFT_LEAST};
	buffer_clear(&matrix->bytes);
	draft_begin(&matrix->draft, matrix->guide, 1, &shape);
	draft_remove(&matrix->draft, matrix->draft.count - 1, matrix->draft.count);
	draft_write(&matrix->draft, &matrix->bytes);
	draft_begin(&matrix->draft, matrix->guide, 2, &shape);
	draft_write(&matrix->draft, &matrix->bytes);
	run_bytes(matrix, "no IEA before another ISA", buffer_slice(&matrix->bytes), &expected);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void run_envelopes(struct matrix *matrix, const char *guide_id, const char *what)
{
	matrix_begin(matrix, guide_id);
	matrix_faults(matrix, interchange, COUNT(interchange));
	matrix_faults(matrix, fgroup, COUNT(fgroup));
	matrix_faults(matrix, tset, COUNT(tset));
	run_wrappings(matrix);
	run_bytes_of_isa(matrix);
	run_other_isa(matrix);
	run_wrong_group(matrix);
	run_damaged(matrix);
	run_duplicates(matrix);
	run_trailer_missing(matrix);
	matrix_end(matrix, what, 80);
}

void test_faults_envelope(void **state)
{
	run_envelopes(*state, "005010X220A1", "envelopes of the 834");
	run_envelopes(*state, "005010X218", "envelopes of the 820");
}
