-- 吹哨报到: who stands above and below, what was asked of them, and all that either side has said about it.

-- A link between two tenants, here or in two installations. Both sides keep it under the same id, with the same secret.
CREATE TABLE counterparts (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('above', 'below')),
    name TEXT NOT NULL,
    -- Of one above: the party to which an issue is given.
    organisation_id UUID,
    -- Where its letters go; nowhere for one of this installation.
    address TEXT,
    -- Its tenant's code; of one below unknown until it has answered the invitation.
    code TEXT,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    joined_at BIGINT,
    ended_at BIGINT,
    lock_version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('counterparts', 'tenant_id', colocate_with => 'tenants');

-- Both sides keep a whistle under the same id, each in its own tenant.
CREATE TABLE whistles (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    counterpart_id UUID NOT NULL,
    -- Blown by this tenant, or to be answered by it.
    asked BOOLEAN NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('enforcement', 'priority', 'emergency')),
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    place TEXT NOT NULL,
    title TEXT NOT NULL,
    -- What it is about on this side: an issue, or a whistle from below that is passed on.
    issue_id UUID,
    origin_id UUID,
    estate_id UUID,
    -- Who of one's own is to go.
    organisation_id UUID,
    state TEXT NOT NULL CHECK (state IN ('blown', 'acknowledged', 'declined', 'answered', 'ended', 'recalled')),
    open BOOLEAN NOT NULL,
    blown_at BIGINT NOT NULL,
    acknowledge_by BIGINT NOT NULL,
    answer_by BIGINT NOT NULL,
    acknowledged_at BIGINT,
    answered_at BIGINT,
    asker_score SMALLINT CHECK (asker_score BETWEEN 1 AND 5),
    responder_score SMALLINT CHECK (responder_score BETWEEN 1 AND 5),
    lock_version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, counterpart_id) REFERENCES counterparts (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id),
    FOREIGN KEY (tenant_id, origin_id) REFERENCES whistles (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    CHECK (issue_id IS NULL OR origin_id IS NULL)
);
--@citus SELECT create_distributed_table('whistles', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX whistles_by_time ON whistles (tenant_id, asked, blown_at, id);
CREATE INDEX whistles_open ON whistles (tenant_id, answer_by, id) WHERE open;
CREATE INDEX whistles_by_issue ON whistles (tenant_id, issue_id, blown_at) WHERE issue_id IS NOT NULL;
CREATE INDEX whistles_by_origin ON whistles (tenant_id, origin_id, blown_at) WHERE origin_id IS NOT NULL;

-- What was said, by either side. The id is that of the letter in which it travels, so that nothing is taken in twice.
CREATE TABLE whistle_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    whistle_id UUID NOT NULL,
    kind TEXT NOT NULL,
    own BOOLEAN NOT NULL,
    account_id UUID,
    words TEXT NOT NULL,
    score SMALLINT CHECK (score BETWEEN 1 AND 5),
    at BIGINT NOT NULL,
    -- When the other side has confirmed that it has what was said here.
    delivered_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, whistle_id) REFERENCES whistles (tenant_id, id)
);
--@citus SELECT create_distributed_table('whistle_events', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX whistle_events_by_whistle ON whistle_events (tenant_id, whistle_id, at, id);

-- Up to the level above, and back.

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
    'dispatched>progressed>dispatched', 'escalated>progressed>escalated',
    'dispatched>extension_requested>dispatched',
    'dispatched>extension_decided>dispatched',
    'dispatched>suspension_requested>dispatched', 'suspended>suspension_requested>suspended',
    'dispatched>suspended>suspended', 'suspended>suspended>suspended',
    'dispatched>suspension_refused>dispatched', 'suspended>suspension_refused>suspended',
    'suspended>resumed>dispatched',
    'dispatched>disputed>dispatched',
    'dispatched>dispute_upheld>accepted',
    'dispatched>dispute_refused>dispatched',
    'accepted>escalated>escalated', 'dispatched>escalated>escalated', 'suspended>escalated>escalated', 'done>escalated>escalated',
    'escalated>escalation_acknowledged>escalated',
    'escalated>escalation_declined>accepted',
    'escalated>escalation_recalled>accepted',
    'dispatched>done>done', 'escalated>done>done',
    'done>published>published',
    'published>contact_failed>published',
    'published>unreachable>surveyed',
    'published>surveyed>surveyed', 'surveyed>surveyed>surveyed',
    'published>neighbour_surveyed>published', 'surveyed>neighbour_surveyed>surveyed',
    'closed>surveyed>closed',
    'published>reopened>accepted', 'surveyed>reopened>accepted', 'closed>reopened>accepted',
    'surveyed>closed>closed',
    'surveyed>acknowledged>surveyed', 'closed>acknowledged>closed',
    'submitted>supplemented>submitted', 'accepted>supplemented>accepted', 'dispatched>supplemented>dispatched', 'suspended>supplemented>suspended', 'escalated>supplemented>escalated', 'done>supplemented>done', 'published>supplemented>published', 'surveyed>supplemented>surveyed',
    'submitted>announced>submitted', 'accepted>announced>accepted', 'dispatched>announced>dispatched', 'suspended>announced>suspended', 'escalated>announced>escalated', 'done>announced>done', 'published>announced>published', 'surveyed>announced>surveyed',
    'submitted>deliberated>submitted', 'accepted>deliberated>accepted', 'dispatched>deliberated>dispatched', 'suspended>deliberated>suspended', 'escalated>deliberated>escalated', 'done>deliberated>done', 'published>deliberated>published', 'surveyed>deliberated>surveyed',
    'submitted>owners_voted>submitted', 'accepted>owners_voted>accepted', 'dispatched>owners_voted>dispatched', 'suspended>owners_voted>suspended', 'escalated>owners_voted>escalated', 'done>owners_voted>done', 'published>owners_voted>published', 'surveyed>owners_voted>surveyed',
    'submitted>passed_on>submitted', 'accepted>passed_on>accepted', 'dispatched>passed_on>dispatched', 'suspended>passed_on>suspended', 'escalated>passed_on>escalated', 'done>passed_on>done', 'published>passed_on>published', 'surveyed>passed_on>surveyed',
    'submitted>consented>submitted', 'accepted>consented>accepted', 'dispatched>consented>dispatched', 'suspended>consented>suspended', 'escalated>consented>escalated', 'done>consented>done', 'published>consented>published', 'surveyed>consented>surveyed',
    'submitted>mediation_began>submitted', 'accepted>mediation_began>accepted', 'dispatched>mediation_began>dispatched', 'suspended>mediation_began>suspended', 'escalated>mediation_began>escalated', 'done>mediation_began>done', 'published>mediation_began>published', 'surveyed>mediation_began>surveyed',
    'submitted>mediation_ended>submitted', 'accepted>mediation_ended>accepted', 'dispatched>mediation_ended>dispatched', 'suspended>mediation_ended>suspended', 'escalated>mediation_ended>escalated', 'done>mediation_ended>done', 'published>mediation_ended>published', 'surveyed>mediation_ended>surveyed'
-- the end of them
)));
UPDATE issues SET next_move = move WHERE move IS NOT NULL;
ALTER TABLE issues DROP COLUMN move;
ALTER TABLE issues RENAME COLUMN next_move TO move;
