-- 七彩四点半: whose families are told of a class that is moved, and what they were told; and the hours of whoever held one.

ALTER TABLE class_sessions ADD COLUMN moved_at BIGINT; -- when it was last moved to another time or place
ALTER TABLE class_sessions ADD COLUMN moved_from TEXT; -- in words: when and where it was before
ALTER TABLE class_presences ADD COLUMN told_what TEXT; -- in words, without a name; none of what was told before this column was there

ALTER TABLE class_keepers ADD COLUMN record_id UUID; -- of a volunteer: their hours of this class, once
ALTER TABLE class_keepers ADD COLUMN unrecorded_why TEXT; -- why there are none
CREATE INDEX class_keepers_of_volunteer ON class_keepers (tenant_id, volunteer_id, session_id) WHERE volunteer_id IS NOT NULL;
CREATE UNIQUE INDEX class_keepers_record ON class_keepers (tenant_id, record_id) WHERE record_id IS NOT NULL;

-- Hours that the program has noted and the volunteer has not entered: where it knows them from, in words.
ALTER TABLE volunteer_records ADD COLUMN noted_from TEXT;

-- Who has looked is not kept longer than who has agreed.
CREATE INDEX child_openings_by_age ON child_openings (tenant_id, at);
