-- 人民调解与邻里调解: cases, the people in them, what was talked over and agreed, and the file of each. All words about people are
-- sealed; a case that has been kept long enough has none of them left.

ALTER TABLE body_seats ADD COLUMN woman BOOLEAN; -- asked only where the law wants one on the body; null: not asked

CREATE TABLE mediations (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    cause TEXT NOT NULL,
    origin TEXT NOT NULL, -- asked for by a party, or begun by the mediators
    estate_id UUID,
    issue_id UUID, -- from which it was opened
    state TEXT NOT NULL,
    words_sealed BYTEA, -- JSON: what has happened, what is in dispute
    registered_at BIGINT NOT NULL,
    accepted_on TEXT, -- days
    limit_on TEXT, -- the last day of the mediation
    due_on TEXT NOT NULL, -- the day by which what the state waits for should be done
    form TEXT, -- of the agreement: written or oral
    agreed_on TEXT,
    effective_on TEXT,
    confirm_by TEXT, -- the last day on which both parties can ask a court to confirm it
    confirmation TEXT,
    confirmation_on TEXT, -- the day on which that was asked for, or decided
    ending TEXT, -- why it has failed or was ended
    advice TEXT, -- which way is open then
    term TEXT, -- how long the file is kept
    archived_on TEXT,
    keep_until TEXT,
    erased_at BIGINT,
    created_by UUID,
    lock_version INTEGER NOT NULL,
    -- The last move: from which state, by which step, to which. The database takes no other than these.
    move TEXT NOT NULL CHECK (move LIKE '%>' || state AND move IN (
-- every move of a mediation
    '>registered>registered',
    'registered>rewritten>registered', 'accepted>rewritten>accepted', 'mediating>rewritten>mediating', 'paused>rewritten>paused',
    'registered>party_written>registered', 'accepted>party_written>accepted', 'mediating>party_written>mediating', 'paused>party_written>paused',
    'registered>accepted>accepted',
    'registered>mediators_changed>registered', 'accepted>mediators_changed>accepted', 'mediating>mediators_changed>mediating', 'paused>mediators_changed>paused', 'agreed>mediators_changed>agreed',
    'registered>consented>registered', 'accepted>consented>accepted', 'mediating>consented>mediating', 'paused>consented>paused', 'agreed>consented>agreed',
    'registered>refused>terminated', 'accepted>refused>terminated',
    'mediating>withdrew>terminated', 'paused>withdrew>terminated', 'agreed>withdrew>terminated',
    'accepted>guest_invited>accepted', 'mediating>guest_invited>mediating',
    'accepted>began>mediating',
    'mediating>met>mediating',
    'mediating>corrected>mediating', 'paused>corrected>paused', 'agreed>corrected>agreed', 'performing>corrected>performing', 'performed>corrected>performed', 'defaulted>corrected>defaulted', 'called_back>corrected>called_back', 'failed>corrected>failed', 'terminated>corrected>terminated',
    'mediating>extended>mediating', 'paused>extended>paused',
    'registered>police_told>registered', 'accepted>police_told>accepted', 'paused>police_told>paused', 'agreed>police_told>agreed', 'performing>police_told>performing', 'defaulted>police_told>defaulted',
    'mediating>police_told>paused',
    'mediating>paused>paused',
    'paused>resumed>mediating',
    'mediating>drafted>mediating',
    'mediating>duty_written>mediating', 'agreed>duty_written>agreed', 'performing>duty_written>performing', 'defaulted>duty_written>defaulted',
    'mediating>agreed>agreed',
    'agreed>reworked>mediating',
    'agreed>signed>agreed',
    'agreed>took_effect>performing',
    'mediating>failed>failed',
    'registered>terminated>terminated', 'accepted>terminated>terminated', 'mediating>terminated>terminated', 'paused>terminated>terminated',
    'failed>advised>failed', 'terminated>advised>terminated',
    'performing>duty_performed>performing', 'defaulted>duty_performed>defaulted', 'called_back>duty_performed>called_back',
    'performing>performed>performed', 'defaulted>performed>performed',
    'performing>defaulted>defaulted',
    'performing>urged>performing', 'defaulted>urged>defaulted',
    'performing>confirmation_asked>performing', 'performed>confirmation_asked>performed', 'defaulted>confirmation_asked>defaulted', 'called_back>confirmation_asked>called_back',
    'performing>confirmation_decided>performing', 'performed>confirmation_decided>performed', 'defaulted>confirmation_decided>defaulted', 'called_back>confirmation_decided>called_back',
    'performed>called_back>called_back', 'defaulted>called_back>called_back',
    'called_back>called_back>called_back',
    'registered>paper_filed>registered', 'accepted>paper_filed>accepted', 'mediating>paper_filed>mediating', 'paused>paper_filed>paused', 'agreed>paper_filed>agreed', 'performing>paper_filed>performing', 'performed>paper_filed>performed', 'defaulted>paper_filed>defaulted', 'called_back>paper_filed>called_back', 'failed>paper_filed>failed', 'terminated>paper_filed>terminated',
    'called_back>archived>archived', 'failed>archived>archived', 'terminated>archived>archived'
-- the last of them
    )),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediations', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX mediations_by_number ON mediations (tenant_id, number);
CREATE INDEX mediations_by_time ON mediations (tenant_id, registered_at, id);
CREATE INDEX mediations_due ON mediations (tenant_id, due_on, id) WHERE state <> 'archived';
CREATE INDEX mediations_to_confirm ON mediations (tenant_id, confirm_by, id) WHERE confirmation IS NULL AND confirm_by IS NOT NULL;
CREATE INDEX mediations_to_erase ON mediations (tenant_id, keep_until, id) WHERE erased_at IS NULL AND keep_until IS NOT NULL;
CREATE INDEX mediations_accepted ON mediations (tenant_id, accepted_on) WHERE accepted_on IS NOT NULL;
CREATE INDEX mediations_by_issue ON mediations (tenant_id, issue_id) WHERE issue_id IS NOT NULL;

CREATE TABLE mediation_parties ( -- whoever is in dispute
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    position INTEGER NOT NULL,
    side INTEGER NOT NULL, -- 1 甲方, 2 乙方 …
    sealed BYTEA, -- JSON: name, phone, identity number, address, representative
    agrees BOOLEAN, -- to be mediated; null until they have said
    agreed_at BIGINT,
    agreed_way TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_parties', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_parties_by_mediation ON mediation_parties (tenant_id, mediation_id, position);

CREATE TABLE mediation_consents ( -- what a party has agreed to, or not; never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    party_id UUID NOT NULL,
    matter TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    way TEXT NOT NULL, -- at the desk, on paper, or by their own link
    recorded_by UUID,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id),
    FOREIGN KEY (tenant_id, party_id) REFERENCES mediation_parties (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_consents', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_consents_by_mediation ON mediation_consents (tenant_id, mediation_id, at);

CREATE TABLE mediators ( -- who mediates, and did
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    account_id UUID, -- null: somebody without an account, who comes by a link
    name TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    until_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediators', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediators_by_mediation ON mediators (tenant_id, mediation_id, since_at);
CREATE INDEX mediators_by_account ON mediators (tenant_id, account_id, mediation_id) WHERE account_id IS NOT NULL AND until_at IS NULL;

CREATE TABLE mediation_guests ( -- relatives, neighbours and experts to whom every party has agreed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    relation TEXT NOT NULL,
    name_sealed BYTEA,
    invited_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_guests', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_guests_by_mediation ON mediation_guests (tenant_id, mediation_id, invited_at);

CREATE TABLE mediation_sessions ( -- never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    position INTEGER NOT NULL,
    held_at BIGINT NOT NULL,
    open BOOLEAN NOT NULL, -- held in public, as the parties wished
    sealed BYTEA, -- JSON: place, who took part, what was said
    recorder TEXT NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_sessions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_sessions_by_mediation ON mediation_sessions (tenant_id, mediation_id, position);

CREATE TABLE mediation_corrections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    session_id UUID NOT NULL,
    sealed BYTEA, -- JSON: what has to be read instead, and why
    made_by UUID,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES mediation_sessions (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_corrections', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_corrections_by_mediation ON mediation_corrections (tenant_id, mediation_id, made_at);

CREATE TABLE mediation_agreements (
    tenant_id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    sealed BYTEA, -- JSON: who answers for what, what is agreed, how it is carried out
    PRIMARY KEY (tenant_id, mediation_id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_agreements', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE mediation_signatures ( -- on the agreement as it stands
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    signer_id UUID, -- a party or a mediator; null: the seal of the committee
    way TEXT NOT NULL,
    signed_on TEXT NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_signatures', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_signatures_by_mediation ON mediation_signatures (tenant_id, mediation_id, recorded_at);

CREATE TABLE mediation_duties ( -- what the agreement asks of the parties, day by day
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    position INTEGER NOT NULL,
    sealed BYTEA, -- JSON: who does what, and the proof that it was done
    due_on TEXT NOT NULL,
    performed_on TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_duties', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_duties_by_mediation ON mediation_duties (tenant_id, mediation_id, position);

CREATE TABLE mediation_papers ( -- what lies in the file on paper
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    part TEXT NOT NULL,
    sealed BYTEA, -- what it is
    pages INTEGER NOT NULL,
    filed_by UUID,
    filed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_papers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_papers_by_mediation ON mediation_papers (tenant_id, mediation_id, filed_at);

CREATE TABLE mediation_events ( -- every step, in its order
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    position INTEGER NOT NULL,
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    account_id UUID,
    role TEXT NOT NULL,
    words_sealed BYTEA,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_events', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX mediation_events_by_mediation ON mediation_events (tenant_id, mediation_id, position);

CREATE TABLE mediation_openings ( -- who has said why they have to read names and numbers in full, and until when they do
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    mediation_id UUID NOT NULL,
    account_id UUID NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, mediation_id) REFERENCES mediations (tenant_id, id)
);
--@citus SELECT create_distributed_table('mediation_openings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX mediation_openings_by_account ON mediation_openings (tenant_id, mediation_id, account_id, until_at);

-- An issue tells that it is being mediated, and that this is over.
ALTER TABLE issues ADD COLUMN next_move TEXT CHECK (next_move IS NULL OR (next_move LIKE '%>' || state AND next_move IN (
-- every move of an issue
    '>filed>submitted',
    'submitted>accepted>accepted',
    'submitted>refused>refused',
    'submitted>redirected>redirected', 'accepted>redirected>redirected', 'suspended>redirected>redirected',
    'submitted>merged>merged', 'accepted>merged>merged', 'dispatched>merged>merged', 'suspended>merged>merged',
    'submitted>withdrawn>withdrawn', 'accepted>withdrawn>withdrawn',
    'accepted>dispatched>dispatched', 'dispatched>dispatched>dispatched', 'suspended>dispatched>dispatched', 'done>dispatched>dispatched',
    'accepted>owners_waived>accepted', 'dispatched>owners_waived>dispatched', 'suspended>owners_waived>suspended', 'done>owners_waived>done',
    'dispatched>progressed>dispatched',
    'dispatched>extension_requested>dispatched',
    'dispatched>extension_decided>dispatched',
    'dispatched>suspension_requested>dispatched', 'suspended>suspension_requested>suspended',
    'dispatched>suspended>suspended', 'suspended>suspended>suspended',
    'dispatched>suspension_refused>dispatched', 'suspended>suspension_refused>suspended',
    'suspended>resumed>dispatched',
    'dispatched>disputed>dispatched',
    'dispatched>dispute_upheld>accepted',
    'dispatched>dispute_refused>dispatched',
    'dispatched>done>done',
    'done>published>published',
    'published>contact_failed>published',
    'published>unreachable>surveyed',
    'published>surveyed>surveyed', 'surveyed>surveyed>surveyed',
    'published>neighbour_surveyed>published', 'surveyed>neighbour_surveyed>surveyed',
    'closed>surveyed>closed',
    'published>reopened>accepted', 'surveyed>reopened>accepted', 'closed>reopened>accepted',
    'surveyed>closed>closed',
    'surveyed>acknowledged>surveyed', 'closed>acknowledged>closed',
    'submitted>supplemented>submitted', 'accepted>supplemented>accepted', 'dispatched>supplemented>dispatched', 'suspended>supplemented>suspended', 'done>supplemented>done', 'published>supplemented>published', 'surveyed>supplemented>surveyed',
    'submitted>announced>submitted', 'accepted>announced>accepted', 'dispatched>announced>dispatched', 'suspended>announced>suspended', 'done>announced>done', 'published>announced>published', 'surveyed>announced>surveyed',
    'submitted>deliberated>submitted', 'accepted>deliberated>accepted', 'dispatched>deliberated>dispatched', 'suspended>deliberated>suspended', 'done>deliberated>done', 'published>deliberated>published', 'surveyed>deliberated>surveyed',
    'submitted>owners_voted>submitted', 'accepted>owners_voted>accepted', 'dispatched>owners_voted>dispatched', 'suspended>owners_voted>suspended', 'done>owners_voted>done', 'published>owners_voted>published', 'surveyed>owners_voted>surveyed',
    'submitted>passed_on>submitted', 'accepted>passed_on>accepted', 'dispatched>passed_on>dispatched', 'suspended>passed_on>suspended', 'done>passed_on>done', 'published>passed_on>published', 'surveyed>passed_on>surveyed',
    'submitted>consented>submitted', 'accepted>consented>accepted', 'dispatched>consented>dispatched', 'suspended>consented>suspended', 'done>consented>done', 'published>consented>published', 'surveyed>consented>surveyed',
    'submitted>mediation_began>submitted', 'accepted>mediation_began>accepted', 'dispatched>mediation_began>dispatched', 'suspended>mediation_began>suspended', 'done>mediation_began>done', 'published>mediation_began>published', 'surveyed>mediation_began>surveyed',
    'submitted>mediation_ended>submitted', 'accepted>mediation_ended>accepted', 'dispatched>mediation_ended>dispatched', 'suspended>mediation_ended>suspended', 'done>mediation_ended>done', 'published>mediation_ended>published', 'surveyed>mediation_ended>surveyed'
-- the end of them
)));
UPDATE issues SET next_move = move WHERE move IS NOT NULL;
ALTER TABLE issues DROP COLUMN move;
ALTER TABLE issues RENAME COLUMN next_move TO move;
