-- 法治进校园: what was entered wrongly is put right, or counts no more. A query stays to be read with the reason, and of an agreement, a campaign or a
-- call the reason is kept with the row and is read in the audit log.

ALTER TABLE lecturer_vettings ADD COLUMN voided_at BIGINT; -- it was entered wrongly and says nothing of anybody
ALTER TABLE lecturer_vettings ADD COLUMN voided_by UUID; -- an account
ALTER TABLE lecturer_vettings ADD COLUMN voided_why TEXT NOT NULL DEFAULT '';

-- The name of a hall that is not used any more is free again.
DROP INDEX lecture_halls_by_name;
CREATE UNIQUE INDEX lecture_halls_by_name ON lecture_halls (tenant_id, school_id, name) WHERE closed_at IS NULL;
CREATE INDEX lecture_halls_of_school ON lecture_halls (tenant_id, school_id, name);

ALTER TABLE lecture_agreements ADD COLUMN voided_at BIGINT; -- it was entered wrongly and is counted nowhere
ALTER TABLE lecture_agreements ADD COLUMN voided_why TEXT NOT NULL DEFAULT '';
ALTER TABLE lecture_campaigns ADD COLUMN voided_at BIGINT;
ALTER TABLE lecture_campaigns ADD COLUMN voided_why TEXT NOT NULL DEFAULT '';
ALTER TABLE lecture_calls ADD COLUMN voided_at BIGINT; -- schools are not asked any more
ALTER TABLE lecture_calls ADD COLUMN voided_why TEXT NOT NULL DEFAULT '';

-- Two who correct the same do not undo what the other has corrected.
ALTER TABLE lecture_halls ADD COLUMN lock_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE lecture_agreements ADD COLUMN lock_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE lecture_campaigns ADD COLUMN lock_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE lecture_calls ADD COLUMN lock_version INTEGER NOT NULL DEFAULT 1;
