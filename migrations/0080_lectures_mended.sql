-- 法治进校园, mended: a copy that went because somebody can be recognised, and lectures that were given before the school had answered.

ALTER TABLE law_materials ADD COLUMN erased_at BIGINT; -- whoever sent it found that a minor can be recognised: the file went and opens nowhere

ALTER TABLE lecture_sessions ADD COLUMN unanswered BOOLEAN NOT NULL DEFAULT FALSE; -- given before the school had answered: its confirmation stands for both
CREATE INDEX lecture_sessions_unfinished ON lecture_sessions (tenant_id, starts_at, id) WHERE state <> 'cancelled' AND school_confirmed_at IS NULL;
