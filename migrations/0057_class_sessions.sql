-- 七彩四点半, the sessions: when the class is held, who holds it, which children are expected, and what becomes of each of them. What must never
-- happen is refused here once more, whatever the program says.

CREATE TABLE class_series ( -- a term: its sessions are all made when it is planned
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    rule TEXT NOT NULL, -- RFC 5545
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_series', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE class_sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    series_id UUID, -- null: once
    estate_id UUID NOT NULL,
    place TEXT NOT NULL, -- in words
    kind TEXT NOT NULL,
    theme TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    capacity INTEGER NOT NULL,
    watch_at BIGINT, -- when staff are told that nobody has opened it, and again after its end; null once that is settled, or need not be
    opened_at BIGINT,
    opened_by TEXT, -- a name: whoever comes by a link has no account
    cancelled_at BIGINT,
    cancelled_why TEXT NOT NULL,
    accounted_at BIGINT, -- somebody has said what became of the children of a class that nobody has opened
    accounted_by TEXT,
    account_sealed BYTEA,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, series_id) REFERENCES class_series (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    CHECK (ends_at > starts_at),
    CHECK (opened_at IS NULL OR cancelled_at IS NULL),
    CHECK ((opened_at IS NULL) = (opened_by IS NULL)),
    CHECK ((accounted_at IS NULL) = (accounted_by IS NULL) AND (accounted_at IS NULL) = (account_sealed IS NULL))
);
--@citus SELECT create_distributed_table('class_sessions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_sessions_by_start ON class_sessions (tenant_id, starts_at, id);
CREATE INDEX class_sessions_by_series ON class_sessions (tenant_id, series_id, starts_at);
CREATE INDEX class_sessions_watched ON class_sessions (tenant_id, starts_at) WHERE watch_at IS NOT NULL;
CREATE INDEX class_sessions_to_watch ON class_sessions (watch_at, tenant_id, id) WHERE watch_at IS NOT NULL;

CREATE TABLE class_keepers ( -- the rota: volunteers, and staff with an account
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    volunteer_id UUID,
    account_id UUID,
    name TEXT NOT NULL,
    came_at BIGINT,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES class_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CHECK ((volunteer_id IS NULL) <> (account_id IS NULL))
);
--@citus SELECT create_distributed_table('class_keepers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_keepers_by_session ON class_keepers (tenant_id, session_id, added_at);
CREATE UNIQUE INDEX class_keepers_volunteer ON class_keepers (tenant_id, session_id, volunteer_id) WHERE volunteer_id IS NOT NULL;
CREATE UNIQUE INDEX class_keepers_account ON class_keepers (tenant_id, session_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX class_keepers_by_account ON class_keepers (tenant_id, account_id, session_id);
CREATE INDEX class_keepers_by_volunteer ON class_keepers (tenant_id, volunteer_id) WHERE volunteer_id IS NOT NULL;

CREATE TABLE class_vettings ( -- of staff with an account, as volunteer_vettings is of volunteers: the result and no details
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    result TEXT NOT NULL,
    checked_on TEXT NOT NULL, -- a day
    expires_on TEXT NOT NULL,
    proof_no TEXT NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_vettings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_vettings_by_account ON class_vettings (tenant_id, account_id, recorded_at, id);

CREATE TABLE class_codes ( -- by which a guardian lets a substitute fetch the child, once
    tenant_id UUID NOT NULL,
    child_id UUID NOT NULL,
    id UUID NOT NULL,
    code_hash BYTEA NOT NULL, -- keyed
    person_sealed BYTEA, -- the substitute; null once it is erased
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries INTEGER NOT NULL, -- wrong ones
    used_at BIGINT,
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, child_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    CHECK (used_at IS NULL OR withdrawn_at IS NULL)
);
--@citus SELECT create_distributed_table('class_codes', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX class_codes_standing ON class_codes (tenant_id, child_id) WHERE used_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE class_presences ( -- who is expected at a session, and what has become of them
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    child_id UUID NOT NULL,
    standing TEXT NOT NULL,
    noted_by TEXT, -- who noted that the child came, or did not; null: nobody yet
    arrived_at BIGINT,
    late BOOLEAN NOT NULL,
    early BOOLEAN NOT NULL,
    alarm_due_at BIGINT,
    alarm_at BIGINT,
    alarms INTEGER NOT NULL,
    answer TEXT,
    answered_by TEXT,
    call_due_at BIGINT, -- the guardian of a child that has not come by then, or is missing, is to be called
    call_told_at BIGINT, -- staff were told that nobody has called
    called_at BIGINT,
    call_outcome TEXT,
    called_by TEXT,
    told_at BIGINT, -- the family was told that the session is cancelled
    told_by TEXT,
    asked_sealed BYTEA, -- somebody says that they have to take the child at once
    asked_by_id UUID,
    asked_by TEXT,
    asked_at BIGINT,
    released_at BIGINT,
    way TEXT,
    adult_id UUID,
    code_id UUID,
    person_sealed BYTEA, -- who was not on the list; null once it is erased
    released_by_id UUID, -- a volunteer or an account
    released_by TEXT,
    second_id UUID,
    second_by TEXT,
    added_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, session_id, child_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES class_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id, adult_id) REFERENCES child_adults (tenant_id, child_id, id),
    FOREIGN KEY (tenant_id, child_id, code_id) REFERENCES class_codes (tenant_id, child_id, id),
    CHECK (standing IN ('expected', 'here', 'on_leave', 'absent', 'released')),
    -- No child goes without a way in which it was right.
    CHECK ((standing = 'released') = (way IS NOT NULL)),
    CHECK ((way IS NULL) = (released_at IS NULL) AND (way IS NULL) = (released_by IS NULL) AND (way IS NULL) = (released_by_id IS NULL)),
    CHECK (way IS NULL OR way IN ('listed', 'code', 'alone', 'emergency')),
    CHECK (COALESCE(way, '') = 'listed' AND adult_id IS NOT NULL OR COALESCE(way, '') <> 'listed' AND adult_id IS NULL),
    CHECK (COALESCE(way, '') = 'code' AND code_id IS NOT NULL OR COALESCE(way, '') <> 'code' AND code_id IS NULL),
    -- Two people, and not one under two names or by two numbers.
    CHECK (COALESCE(way, '') = 'emergency' AND second_id IS NOT NULL AND second_by IS NOT NULL AND second_id <> released_by_id AND second_by <> released_by
        OR COALESCE(way, '') <> 'emergency' AND second_id IS NULL AND second_by IS NULL),
    -- There is a moment at which the alarm is raised exactly while a child is here.
    CHECK ((standing = 'here') = (alarm_due_at IS NOT NULL)),
    CHECK (standing = 'here' OR alarm_at IS NULL),
    CHECK (standing NOT IN ('here', 'released') OR arrived_at IS NOT NULL),
    CHECK (standing IN ('expected', 'absent') OR call_due_at IS NULL)
);
--@citus SELECT create_distributed_table('class_presences', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX class_presences_code ON class_presences (tenant_id, code_id) WHERE code_id IS NOT NULL;
CREATE INDEX class_presences_by_child ON class_presences (tenant_id, child_id, session_id);
CREATE INDEX class_presences_due ON class_presences (alarm_due_at, tenant_id, session_id, child_id) WHERE alarm_due_at IS NOT NULL;
CREATE INDEX class_presences_to_call ON class_presences (call_due_at, tenant_id, session_id, child_id) WHERE call_due_at IS NOT NULL AND call_told_at IS NULL;
CREATE INDEX class_presences_alarmed ON class_presences (tenant_id, session_id) WHERE alarm_at IS NOT NULL;
CREATE INDEX class_presences_missing ON class_presences (tenant_id, session_id) WHERE call_due_at IS NOT NULL;

-- Who holds a session reads of the children who are expected there, and of no others: noted once for each.
ALTER TABLE child_openings ADD COLUMN session_id UUID;
CREATE UNIQUE INDEX child_openings_at_session ON child_openings (tenant_id, session_id, child_id, reader_id) WHERE session_id IS NOT NULL;
