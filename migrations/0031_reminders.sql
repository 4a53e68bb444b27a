-- Deadlines are reminded of, and a matter of the owners is given to nobody before they have agreed.

ALTER TABLE issues ADD COLUMN remind_at BIGINT; -- when somebody should be told of its deadline; null: of nothing any more
UPDATE issues SET remind_at = due_at WHERE open;
CREATE INDEX issues_reminding ON issues (remind_at, tenant_id, id) WHERE remind_at IS NOT NULL;

ALTER TABLE channels ADD COLUMN reminders BOOLEAN NOT NULL DEFAULT FALSE; -- it is of people who work, who are told of deadlines

UPDATE settings SET name = 'issue.owners' WHERE name = 'meeting.owners';

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
    'submitted>passed_on>submitted', 'accepted>passed_on>accepted', 'dispatched>passed_on>dispatched', 'suspended>passed_on>suspended', 'done>passed_on>done', 'published>passed_on>published', 'surveyed>passed_on>surveyed',
    'submitted>consented>submitted', 'accepted>consented>accepted', 'dispatched>consented>dispatched', 'suspended>consented>suspended', 'done>consented>done', 'published>consented>published', 'surveyed>consented>surveyed'
-- the end of them
)));
UPDATE issues SET next_move = move WHERE move IS NOT NULL;
ALTER TABLE issues DROP COLUMN move;
ALTER TABLE issues RENAME COLUMN next_move TO move;
