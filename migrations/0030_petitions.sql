-- What whoever handles an issue asks of those who decide: more time, a stop of the clock, another party.

CREATE TABLE petitions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL,
    until BIGINT, -- the new deadline, or the day of review; null of a dispute
    reason TEXT NOT NULL,
    requested_by UUID NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    granted BOOLEAN,
    decision TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('petitions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX petitions_by_issue ON petitions (tenant_id, issue_id);
CREATE UNIQUE INDEX petitions_pending ON petitions (tenant_id, issue_id) WHERE decided_at IS NULL;
INSERT INTO petitions (tenant_id, id, issue_id, round, kind, until, reason, requested_by, requested_at, decided_by, decided_at, granted, decision)
    SELECT tenant_id, id, issue_id, round, 'extension', until, reason, requested_by, requested_at, decided_by, decided_at, granted, decision
    FROM extensions;
DROP TABLE extensions;

ALTER TABLE issues ADD COLUMN remaining_minutes BIGINT; -- of its time, by the clock of its tier, while it is suspended

ALTER TABLE issues ADD COLUMN next_move TEXT CHECK (next_move IS NULL OR (next_move LIKE '%>' || state AND next_move IN (
-- every move of an issue
    '>filed>submitted',
    'submitted>accepted>accepted',
    'submitted>refused>refused',
    'submitted>redirected>redirected', 'accepted>redirected>redirected', 'suspended>redirected>redirected',
    'submitted>merged>merged', 'accepted>merged>merged', 'dispatched>merged>merged', 'suspended>merged>merged',
    'submitted>withdrawn>withdrawn', 'accepted>withdrawn>withdrawn',
    'accepted>dispatched>dispatched', 'dispatched>dispatched>dispatched', 'suspended>dispatched>dispatched', 'done>dispatched>dispatched',
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
    'submitted>passed_on>submitted', 'accepted>passed_on>accepted', 'dispatched>passed_on>dispatched', 'suspended>passed_on>suspended', 'done>passed_on>done', 'published>passed_on>published', 'surveyed>passed_on>surveyed',
    'submitted>consented>submitted', 'accepted>consented>accepted', 'dispatched>consented>dispatched', 'suspended>consented>suspended', 'done>consented>done', 'published>consented>published', 'surveyed>consented>surveyed'
-- the end of them
)));
UPDATE issues SET next_move = move WHERE move IS NOT NULL;
ALTER TABLE issues DROP COLUMN move;
ALTER TABLE issues RENAME COLUMN next_move TO move;
