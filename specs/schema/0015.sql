-- Schema 15: who has a span in a group, one row a member and not one a span: a change of plan writes no page of it.

-- The roster of a group, and its active count for the volume guards. Kept with the spans (src/store/member.c).
CREATE TABLE group_members(
	group_id TEXT NOT NULL,
	member_no INTEGER NOT NULL,
	PRIMARY KEY(group_id, member_no)
) STRICT, WITHOUT ROWID;
INSERT INTO group_members(group_id, member_no)
	SELECT DISTINCT group_id, member_no FROM coverage_spans ORDER BY group_id, member_no;
DROP INDEX spans_by_group;
