-- 分级办理: who leads on an issue within the community, and the steps by which it goes from one level to another.

ALTER TABLE issues ADD COLUMN level TEXT NOT NULL DEFAULT 'community' CHECK (level IN ('grid', 'branch', 'community'));

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
    'submitted>raised>submitted',
    'accepted>raised>accepted', 'dispatched>raised>accepted', 'suspended>raised>accepted',
    'submitted>lowered>submitted', 'accepted>lowered>accepted',
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
-- What there is already counts as led by the branch of its estate: nobody had passed it up.
UPDATE issues SET next_move = move, level = CASE WHEN estate_id IS NULL THEN 'community' ELSE 'branch' END;
ALTER TABLE issues DROP COLUMN move;
ALTER TABLE issues RENAME COLUMN next_move TO move;
