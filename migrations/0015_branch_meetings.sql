-- 党员会议: meetings of a party organisation, with everybody on its roll, and votes counted by those who should attend.

ALTER TABLE meetings ADD COLUMN party_organisation_id UUID; -- null: the meeting is open to the neighbours
CREATE INDEX meetings_by_party_organisation ON meetings (tenant_id, party_organisation_id, planned_at, id) WHERE party_organisation_id IS NOT NULL;

ALTER TABLE attendances ADD COLUMN member_id UUID; -- who is on the roll; null: they came by themselves
ALTER TABLE attendances ADD COLUMN expected BOOLEAN NOT NULL DEFAULT FALSE; -- 应到
ALTER TABLE attendances ADD COLUMN why TEXT; -- why they should attend and may vote, or not
ALTER TABLE attendances ADD COLUMN excuse TEXT; -- why they do not come, if they have leave
CREATE UNIQUE INDEX attendances_by_member ON attendances (tenant_id, meeting_id, member_id);

ALTER TABLE agenda_items ADD COLUMN eligible INTEGER; -- people with a vote who should have been there
