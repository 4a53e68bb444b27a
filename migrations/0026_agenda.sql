-- What is to be voted on is known when an item is put on an agenda; leave that was asked for may be refused.

ALTER TABLE agenda_items ADD COLUMN motion TEXT; -- null: an ordinary matter
ALTER TABLE agenda_items ADD COLUMN election TEXT; -- JSON: how many are elected, and who stands
ALTER TABLE attendances ADD COLUMN refused_at BIGINT; -- when the leave was refused

-- 党课: who gave it, how long it was in half hours, and whether that was the secretary.
ALTER TABLE agenda_items ADD COLUMN speaker TEXT;
ALTER TABLE agenda_items ADD COLUMN half_hours INTEGER;
ALTER TABLE agenda_items ADD COLUMN by_secretary BOOLEAN NOT NULL DEFAULT FALSE;
