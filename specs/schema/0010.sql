-- Schema 10: what one operator has proposed for an item and another has to confirm.

ALTER TABLE exceptions ADD COLUMN proposal TEXT NOT NULL DEFAULT '';
ALTER TABLE exceptions ADD COLUMN proposed_by TEXT NOT NULL DEFAULT '';
