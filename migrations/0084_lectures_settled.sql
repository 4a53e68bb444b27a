-- 法治进校园: what was written down of a lecture is settled one way or another, and a file that was erased is called back wherever it went.

ALTER TABLE lecture_sessions ADD COLUMN disputed_at BIGINT; -- the school says that what was written down is not so: it counts no more until it is written down anew
ALTER TABLE lecture_sessions ADD COLUMN disputed_why TEXT NOT NULL DEFAULT '';
ALTER TABLE lecture_sessions ADD COLUMN paper_by TEXT NOT NULL DEFAULT ''; -- of a confirmation on paper: who has signed or stamped it
ALTER TABLE lecture_sessions ADD COLUMN paper_day TEXT NOT NULL DEFAULT ''; -- and when
CREATE INDEX lecture_sessions_unconfirmed ON lecture_sessions (tenant_id, school_id, recorded_at) WHERE state = 'held' AND school_confirmed_at IS NULL;

ALTER TABLE lecture_materials ADD COLUMN recalled_at BIGINT; -- when those who have a copy were told that no copy may stay
CREATE INDEX lecture_materials_to_recall ON lecture_materials (tenant_id, id) WHERE erased_at IS NOT NULL AND recalled_at IS NULL;

-- What a class had signed in that was taken off its lecture afterwards was added up with the others.
DELETE FROM lecture_sign_ins WHERE NOT EXISTS (SELECT 1 FROM lecture_session_classes y WHERE y.tenant_id = lecture_sign_ins.tenant_id
    AND y.session_id = lecture_sign_ins.session_id AND y.class_id = lecture_sign_ins.class_id);
