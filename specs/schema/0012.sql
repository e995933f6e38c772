-- Schema 12: what accounts for a difference that an audit found.

ALTER TABLE discrepancies ADD COLUMN explained TEXT NOT NULL DEFAULT '';
-- Does a record of this family wait?
CREATE INDEX exceptions_waiting ON exceptions(subscriber_id) WHERE status IN ('open', 'assigned');
