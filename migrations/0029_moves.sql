-- An issue keeps its last move: from which state, by which step, to which. The database takes no other than these; only
-- what had been reported before has none until its next step.
-- A later change of the table drops the column and adds it again with another check.

ALTER TABLE issues ADD COLUMN move TEXT CHECK (move IS NULL OR (move LIKE '%>' || state AND move IN (
-- every move of an issue
    '>filed>submitted',
    'submitted>accepted>accepted',
    'submitted>refused>refused',
    'submitted>redirected>redirected', 'accepted>redirected>redirected',
    'submitted>merged>merged', 'accepted>merged>merged', 'dispatched>merged>merged',
    'submitted>withdrawn>withdrawn', 'accepted>withdrawn>withdrawn',
    'accepted>dispatched>dispatched', 'dispatched>dispatched>dispatched', 'done>dispatched>dispatched',
    'dispatched>progressed>dispatched',
    'dispatched>extension_requested>dispatched',
    'dispatched>extension_decided>dispatched',
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
    'submitted>supplemented>submitted', 'accepted>supplemented>accepted', 'dispatched>supplemented>dispatched', 'done>supplemented>done', 'published>supplemented>published', 'surveyed>supplemented>surveyed',
    'submitted>announced>submitted', 'accepted>announced>accepted', 'dispatched>announced>dispatched', 'done>announced>done', 'published>announced>published', 'surveyed>announced>surveyed',
    'submitted>deliberated>submitted', 'accepted>deliberated>accepted', 'dispatched>deliberated>dispatched', 'done>deliberated>done', 'published>deliberated>published', 'surveyed>deliberated>surveyed',
    'submitted>passed_on>submitted', 'accepted>passed_on>accepted', 'dispatched>passed_on>dispatched', 'done>passed_on>done', 'published>passed_on>published', 'surveyed>passed_on>surveyed',
    'submitted>consented>submitted', 'accepted>consented>accepted', 'dispatched>consented>dispatched', 'done>consented>done', 'published>consented>published', 'surveyed>consented>surveyed'
-- the end of them
)));
