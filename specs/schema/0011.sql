-- Schema 11: by which login name of the machine an operator is known; '' = his own id.

ALTER TABLE operators ADD COLUMN login TEXT NOT NULL DEFAULT '';
