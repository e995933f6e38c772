-- Schema 17: whose number a family's is.

-- Sponsors number their people alike: the number and the sponsor who gave it tell a family. As text_plain_id has it.
ALTER TABLE members ADD COLUMN sponsor_id TEXT NOT NULL DEFAULT '';
-- So far a number was one family's over the whole plan: its sponsor is that of the subscriber's latest coverage.
UPDATE members SET sponsor_id = latest.sponsor_id FROM (
	SELECT subscriber_id, sponsor_id FROM (
		SELECT m.subscriber_id, upper(replace(replace(g.sponsor_id, '-', ''), ' ', '')) AS sponsor_id,
			row_number() OVER (PARTITION BY m.subscriber_id ORDER BY m.relationship <> '18', s.voided,
				s.ends_on IS NOT NULL, s.ends_on DESC, s.begins_on DESC, s.span_no DESC) AS place
		FROM members m JOIN coverage_spans s ON s.member_no = m.member_no
			JOIN groups g ON g.group_id = s.group_id
		WHERE m.subscriber_id <> '')
	WHERE place = 1) AS latest
WHERE members.subscriber_id = latest.subscriber_id AND latest.sponsor_id <> '';
DROP INDEX members_by_subscriber;
CREATE INDEX members_by_family ON members(subscriber_id, sponsor_id);

-- The family that an item is about.
ALTER TABLE exceptions ADD COLUMN sponsor_id TEXT NOT NULL DEFAULT '';
