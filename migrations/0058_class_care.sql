-- 七彩四点半, what is done for its children beside the class: incidents, which nobody may take away or write over.

CREATE TABLE class_incidents (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    estate_id UUID NOT NULL, -- of the class
    happened_at BIGINT NOT NULL,
    written_at BIGINT NOT NULL,
    written_by UUID NOT NULL, -- an account
    report_due_at BIGINT, -- of a suspected harm: until when an office has to be told
    reported_at BIGINT, -- when it first was, as it was entered
    followed_at BIGINT, -- when somebody last began to follow it
    closed_at BIGINT,
    ending TEXT, -- of what was closed unfollowed: written down twice, or by mistake
    erased_at BIGINT, -- the words have been kept long enough
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    CHECK (state IN ('open', 'followed', 'closed')),
    CHECK ((kind = 'harm') = (report_due_at IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state <> 'closed' OR kind <> 'harm' OR reported_at IS NOT NULL OR ending IS NOT NULL),
    CHECK (ending IS NULL OR state = 'closed'),
    CHECK (erased_at IS NULL OR closed_at IS NOT NULL)
);
--@citus SELECT create_distributed_table('class_incidents', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_incidents_by_time ON class_incidents (tenant_id, written_at, id);
CREATE INDEX class_incidents_open ON class_incidents (tenant_id, written_at, id) WHERE state = 'open';
CREATE INDEX class_incidents_followed ON class_incidents (tenant_id, followed_at, id) WHERE state = 'followed';
CREATE INDEX class_incidents_unreported ON class_incidents (tenant_id, report_due_at, id) WHERE report_due_at IS NOT NULL AND reported_at IS NULL;
CREATE INDEX class_incidents_to_erase ON class_incidents (tenant_id, closed_at, id) WHERE closed_at IS NOT NULL AND erased_at IS NULL;

CREATE TABLE class_incident_children ( -- stays when a child's record is erased, by a guardian who may be the one that is suspected
    tenant_id UUID NOT NULL,
    incident_id UUID NOT NULL,
    child_id UUID NOT NULL,
    sealed BYTEA, -- JSON: who the child was, where it lived and who its guardians were; null once kept long enough
    PRIMARY KEY (tenant_id, incident_id, child_id),
    FOREIGN KEY (tenant_id, incident_id) REFERENCES class_incidents (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_incident_children', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE class_incident_entries ( -- what somebody wrote; never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    incident_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA, -- the words; null once they have been kept long enough
    at BIGINT NOT NULL, -- when what it says took place
    written_at BIGINT NOT NULL,
    account_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, incident_id) REFERENCES class_incidents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_incident_entries', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_incident_entries_by_incident ON class_incident_entries (tenant_id, incident_id, written_at, id);

CREATE TABLE class_incident_reports ( -- that an office was told (未成年人保护法, art. 11); never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    incident_id UUID NOT NULL,
    offices TEXT NOT NULL, -- codes, with commas between
    sealed BYTEA, -- JSON: who told them, the number that they gave, and more; null once kept long enough
    reported_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, incident_id) REFERENCES class_incidents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_incident_reports', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_incident_reports_by_incident ON class_incident_reports (tenant_id, incident_id, recorded_at, id);

CREATE TABLE class_incident_openings ( -- who has said why they read an incident, and until when it is open to them
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    incident_id UUID NOT NULL,
    account_id UUID NOT NULL,
    purpose_sealed BYTEA, -- null once kept long enough
    at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, incident_id) REFERENCES class_incidents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_incident_openings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_incident_openings_by_account ON class_incident_openings (tenant_id, incident_id, account_id, until_at);
CREATE INDEX class_incident_openings_by_time ON class_incident_openings (tenant_id, incident_id, at, id);

-- Children who live here and are not in the class.

CREATE INDEX residents_by_birth ON residents (tenant_id, birth_date, position) WHERE ended IS NULL;

CREATE TABLE class_help ( -- how a child of the register stands on the list; without a row nobody has looked yet
    tenant_id UUID NOT NULL,
    resident_id UUID NOT NULL,
    kind TEXT NOT NULL, -- what was done last
    next_on TEXT, -- the day on which somebody looks again; null where nothing has to be done
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, resident_id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_help', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_help_by_day ON class_help (tenant_id, next_on) WHERE next_on IS NOT NULL;
CREATE INDEX class_help_by_change ON class_help (tenant_id, changed_at);

CREATE TABLE class_help_steps (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    resident_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL, -- in words
    next_on TEXT,
    made_at BIGINT NOT NULL,
    made_by UUID, -- an account
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_help_steps', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_help_steps_by_resident ON class_help_steps (tenant_id, resident_id, made_at, id);
CREATE INDEX class_help_steps_by_time ON class_help_steps (tenant_id, made_at);

CREATE TABLE class_help_openings ( -- who has said why they read the list, and until when it is open to them
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_help_openings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_help_openings_by_time ON class_help_openings (tenant_id, at);
CREATE INDEX class_help_openings_by_account ON class_help_openings (tenant_id, account_id, until_at);

-- What the class and the guardians tell each other.

CREATE TABLE class_messages (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID, -- whose guardian writes or reads it; null: all of the estate
    estate_id UUID NOT NULL,
    from_guardian BOOLEAN NOT NULL,
    sealed BYTEA NOT NULL, -- the words
    at BIGINT NOT NULL,
    account_id UUID, -- null: the guardian, by their link
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    CHECK (from_guardian = (account_id IS NULL)),
    CHECK (NOT from_guardian OR child_id IS NOT NULL)
);
--@citus SELECT create_distributed_table('class_messages', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_messages_by_child ON class_messages (tenant_id, child_id) WHERE child_id IS NOT NULL;
CREATE INDEX class_messages_by_time ON class_messages (tenant_id, at, id);

CREATE TABLE class_message_copies ( -- one for each child whose guardian has it
    tenant_id UUID NOT NULL,
    child_id UUID NOT NULL,
    message_id UUID NOT NULL,
    from_guardian BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT, -- when the other side said that they had seen it
    PRIMARY KEY (tenant_id, child_id, message_id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES class_messages (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_message_copies', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_message_copies_by_child ON class_message_copies (tenant_id, child_id, at, message_id);
CREATE INDEX class_message_copies_by_time ON class_message_copies (tenant_id, at);
CREATE INDEX class_message_copies_by_message ON class_message_copies (tenant_id, message_id);
CREATE INDEX class_message_copies_waiting ON class_message_copies (tenant_id, child_id, at) WHERE from_guardian AND read_at IS NULL;
