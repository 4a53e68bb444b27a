-- 说事议事: meetings, what is put before them, who came, what was said beforehand, what was decided.

CREATE TABLE meetings (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    estate_id UUID NOT NULL,
    title TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    place TEXT NOT NULL,
    host TEXT NOT NULL, -- who leads it, by name or post
    recorder TEXT NOT NULL,
    state TEXT NOT NULL,
    notice TEXT NOT NULL, -- as it went out; empty until then
    announced_at BIGINT,
    began_at BIGINT,
    ended_at BIGINT,
    remarks TEXT NOT NULL, -- what else the minutes have to say
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('meetings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX meetings_by_time ON meetings (tenant_id, planned_at, id);
CREATE INDEX meetings_by_estate ON meetings (tenant_id, estate_id, planned_at, id);

CREATE TABLE agenda_items (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    meeting_id UUID NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL, -- public words
    issue_id UUID, -- null: raised by the meeting itself; a resolution files an issue for it
    carried_from UUID, -- the item of an earlier meeting that was left unfinished
    announced BOOLEAN NOT NULL, -- it stood in the notice
    outcome TEXT NOT NULL,
    discussion TEXT NOT NULL,
    present INTEGER, -- people with a vote who were there when it was voted on
    yes INTEGER,
    no INTEGER,
    abstain INTEGER,
    rule TEXT, -- JSON: the rule by which the vote was counted
    resolution TEXT NOT NULL,
    organisation_id UUID, -- who has to carry the resolution out
    due_at BIGINT,
    decided_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, meeting_id) REFERENCES meetings (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id),
    FOREIGN KEY (tenant_id, carried_from) REFERENCES agenda_items (tenant_id, id) DEFERRABLE,
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('agenda_items', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX agenda_items_by_meeting ON agenda_items (tenant_id, meeting_id, position);
CREATE INDEX agenda_items_by_issue ON agenda_items (tenant_id, issue_id);
CREATE INDEX agenda_items_carried ON agenda_items (tenant_id, carried_from);

CREATE TABLE attendances ( -- who means to come, and who came
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    meeting_id UUID NOT NULL,
    side TEXT NOT NULL, -- whom they speak for
    votes BOOLEAN NOT NULL,
    person_sealed BYTEA NOT NULL, -- name and phone
    phone_fingerprint BYTEA, -- the same person is entered once
    enrolled_at BIGINT,
    arrived_at BIGINT,
    way TEXT, -- how they signed in
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, meeting_id) REFERENCES meetings (tenant_id, id)
);
--@citus SELECT create_distributed_table('attendances', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX attendances_by_meeting ON attendances (tenant_id, meeting_id, id);
CREATE UNIQUE INDEX attendances_by_phone ON attendances (tenant_id, meeting_id, phone_fingerprint);

CREATE TABLE opinions ( -- left by residents before the meeting; read out there, never shown in public
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    meeting_id UUID NOT NULL,
    item_id UUID, -- null: about the meeting as a whole
    text TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, meeting_id) REFERENCES meetings (tenant_id, id),
    FOREIGN KEY (tenant_id, item_id) REFERENCES agenda_items (tenant_id, id)
);
--@citus SELECT create_distributed_table('opinions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX opinions_by_item ON opinions (tenant_id, item_id);
CREATE INDEX opinions_by_meeting ON opinions (tenant_id, meeting_id, at, id);
