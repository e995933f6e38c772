-- Schema 16: room in a member's row for what the first file tells of him.

-- Bytes that say nothing, as long as nothing else is told of him: pages are loaded full, and a row that grows in a full
-- page has the pages beside it written too.
ALTER TABLE members ADD COLUMN room BLOB NOT NULL DEFAULT x'';
