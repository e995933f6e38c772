-- Schema 2: changes in the order in which they were made, and which one an undo took back.

-- 1, 2, .. within a member: the order of his changes, whatever file they came from; 0 where nobody is meant.
ALTER TABLE changes ADD COLUMN member_seq INTEGER NOT NULL DEFAULT 0;
-- Of the actions undo and redo: op_index of the row taken back, under the same record.
ALTER TABLE changes ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;
UPDATE changes SET member_seq = numbered.seq FROM (
	SELECT tset_no, member_pos, op_index,
		row_number() OVER (PARTITION BY member_no ORDER BY at_ms, tset_no, member_pos, op_index) AS seq
	FROM changes WHERE member_no IS NOT NULL) AS numbered
WHERE changes.tset_no = numbered.tset_no AND changes.member_pos = numbered.member_pos
	AND changes.op_index = numbered.op_index;
DROP INDEX changes_by_member;
-- A member's history, in its order; and the number of his next change.
CREATE INDEX changes_by_member ON changes(member_no, member_seq) WHERE member_no IS NOT NULL;
