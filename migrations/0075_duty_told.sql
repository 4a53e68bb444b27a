-- 护学岗: a school hears when what concerns it changes.

ALTER TABLE duty_schools ADD COLUMN plan_watch_at BIGINT; -- something was put down otherwise at its posts: when to look whether that concerns the school
ALTER TABLE duty_schools ADD COLUMN plan_known TEXT NOT NULL DEFAULT '[]'; -- what it was told of last, as JSON: posts that are kept, and who of its own stands where
ALTER TABLE duty_schools ADD COLUMN plan_changed_at BIGINT;
ALTER TABLE duty_schools ADD COLUMN plan_told_at BIGINT; -- by a short message or by telephone
CREATE INDEX duty_schools_watched ON duty_schools (plan_watch_at, tenant_id, id) WHERE plan_watch_at IS NOT NULL;
