-- The life of a meeting: replies to its notice, who came late or left early, secret ballots, minutes that are reviewed and kept.

ALTER TABLE attendances ADD COLUMN left_at BIGINT; -- before the end
ALTER TABLE attendances ADD COLUMN replied_at BIGINT; -- to the notice
ALTER TABLE attendances ADD COLUMN asked TEXT; -- the leave that was asked for and is not decided yet

ALTER TABLE agenda_items ADD COLUMN times INTEGER NOT NULL DEFAULT 1; -- how often the matter has been on an agenda, this time included
ALTER TABLE agenda_items ADD COLUMN ballot TEXT; -- what was voted on and how it was counted, as JSON
ALTER TABLE agenda_items ADD COLUMN public_words TEXT NOT NULL DEFAULT ''; -- what the neighbours read of what members resolved

CREATE TABLE minutes (
    tenant_id UUID NOT NULL,
    meeting_id UUID NOT NULL,
    state TEXT NOT NULL,
    paper_sealed BYTEA NOT NULL, -- as it was submitted, and then for good: blocks as JSON, with the names of those who came
    submitted_by UUID,
    submitted_at BIGINT NOT NULL,
    reviewed_by UUID,
    reviewed_at BIGINT,
    remark TEXT NOT NULL, -- why they were given back
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, meeting_id),
    FOREIGN KEY (tenant_id, meeting_id) REFERENCES meetings (tenant_id, id)
);
--@citus SELECT create_distributed_table('minutes', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE minutes_corrections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    meeting_id UUID NOT NULL,
    words_sealed BYTEA NOT NULL, -- what has to be read instead
    reason TEXT NOT NULL,
    made_by UUID,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, meeting_id) REFERENCES minutes (tenant_id, meeting_id)
);
--@citus SELECT create_distributed_table('minutes_corrections', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX minutes_corrections_by_meeting ON minutes_corrections (tenant_id, meeting_id, made_at, id);
CREATE INDEX minutes_submitted ON minutes (tenant_id, meeting_id) WHERE state = 'submitted';
