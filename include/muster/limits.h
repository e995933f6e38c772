/*
 * limits: how much of anything muster takes, each with its reason.
 *
 * Going over one of these is a finding or an exception, never a crash (DESIGN section 5). With them the memory of
 * a night is arithmetic.
 */
#ifndef MUSTER_LIMITS_H
#define MUSTER_LIMITS_H

/* One read from a file: past 64 KiB reading gets no faster (reference/performance section 2). */
#define LIMIT_READ_BYTES (256u * 1024u)
/* One segment. The widest legal 834 segment (PER with three 256-byte numbers) is under 1 KiB; 64 KiB is generous. */
#define LIMIT_SEGMENT_BYTES (64u * 1024u)
/* Elements of one segment; the widest in the guides (SLN) has 28. */
#define LIMIT_ELEMENTS 128u
/* Bytes of one element value copied into a finding; IK404 takes 99. */
#define LIMIT_FINDING_VALUE_BYTES 99u
/* Bytes of a segment copied with a finding; the widest legal one of an 834 is under 1 KiB. */
#define LIMIT_FINDING_SEGMENT_BYTES 1024u
/* Findings kept per transaction set for acknowledgment and report; the rest is counted. 999s past this help nobody. */
#define LIMIT_FINDINGS_PER_SET 1000u
/*
 * Findings told in the 999s of one file: some 10 MB. Beyond that sets still have their verdicts (IK5), but no details.
 */
#define LIMIT_ACK_FINDINGS 100000u
/* What GE01 and AK902 to AK904 (1/6), and IEA01 (1/5) can count. */
#define LIMIT_FGROUP_TSETS 999999u
#define LIMIT_INTERCHANGE_FGROUPS 99999u
/* Inflated bytes per compressed byte, once LIMIT_INFLATE_FREE_BYTES are out (promise P28). */
#define LIMIT_INFLATE_RATIO 200u
#define LIMIT_INFLATE_FREE_BYTES (1024u * 1024u)
/* Inflated bytes of one file: 64 GiB, sixteen times a file of 12 million members. */
#define LIMIT_INFLATE_BYTES (UINT64_C(64) * 1024u * 1024u * 1024u)
/* Members in one gzip file. */
#define LIMIT_GZIP_MEMBERS 1000u
/* Bytes skipped while looking for an ISA before a file counts as "no interchange". */
#define LIMIT_LEADING_JUNK_BYTES (64u * 1024u)
/* Loop depth of a guide; the 834 has 5. */
#define LIMIT_LOOP_DEPTH 12u
/* YAML before parsing, and its depth (reference/security section 6: libyaml is quadratic in depth). */
#define LIMIT_YAML_BYTES (1024u * 1024u)
#define LIMIT_YAML_DEPTH 32u
/* A site's own code list: the largest in use, of diagnoses, has 100,000 lines. */
#define LIMIT_CODE_FILE_BYTES (16u * 1024u * 1024u)
/* Coverages (HD) of one member in one record: the guide's own limit. */
#define LIMIT_COVERAGES 99u
/* Members of one family decided together; the largest real families are under 30. */
#define LIMIT_FAMILY_MEMBERS 100u
/* Segments kept of one 2000 loop (99 HD with 30 providers each is legal, but nobody's). */
#define LIMIT_MEMBER_SEGMENTS 4000u
/* Bytes kept of one 2000 loop: four hundred times an ordinary one. */
#define LIMIT_MEMBER_BYTES (1024u * 1024u)
/* Candidates shown to a representative; the CSV shows three (CONTRACT section 5). */
#define LIMIT_CANDIDATES 5u
/* Candidates compared per record and key. */
#define LIMIT_CANDIDATES_PER_KEY 200u
/* One field and one line of a CSV file of `load`. */
#define LIMIT_CSV_FIELD_BYTES 4096u
#define LIMIT_CSV_FIELDS 64u
/* Families per database transaction: long enough to make commits cheap, short enough for P40's 2 s. */
#define LIMIT_CHUNK_MEMBERS 10000u
/* XML that reps send back. */
#define LIMIT_XML_BYTES (64u * 1024u * 1024u)
/* The file of anchors of the audit trail: one line of 150 bytes for each command that leaves rows, for centuries. */
#define LIMIT_ANCHORS_BYTES (256u * 1024u * 1024u)
/* A path of ours. */
#define LIMIT_PATH_BYTES 4096u

#endif
