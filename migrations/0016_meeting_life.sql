-- The life of a meeting: replies to its notice, who came late or left early, secret ballots, minutes that are reviewed and kept.

ALTER TABLE attendances ADD COLUMN left_at BIGINT; -- before the end
ALTER TABLE attendances ADD COLUMN replied_at BIGINT; -- to the notice
ALTER TABLE attendances ADD COLUMN asked TEXT; -- the leave that was asked for and is not decided yet

ALTER TABLE agenda_items ADD COLUMN times INTEGER NOT NULL DEFAULT 1; -- how often the matter has been on an agenda, this time included
