-- What shows who had a hand in a hazard, what a letter said when it went, which item a round has looked at, and two more steps: a transfer that
-- nobody answers is taken back, and where a hazard lies is corrected.

ALTER TABLE hazards ADD COLUMN assigned_at BIGINT; -- when it was first given to somebody this time: the longest term counts from there
UPDATE hazards SET assigned_at = (SELECT MIN(v.at) FROM hazard_events v
    WHERE v.tenant_id = hazards.tenant_id AND v.hazard_id = hazards.id AND v.turn = hazards.turn AND v.step = 'assigned');

ALTER TABLE hazard_events ADD COLUMN owner_id UUID; -- of an assignment: to whom of the bureau; who was it once does not look again this time

ALTER TABLE hazard_transfers ADD COLUMN letter TEXT NOT NULL DEFAULT ''; -- JSON: what the letter says of the hazard, as it was sent
ALTER TABLE hazard_transfers ADD COLUMN promised_until BIGINT; -- until when the body has said it will be done; the letter's own date never changes

ALTER TABLE hazards ADD COLUMN next_move TEXT CHECK (next_move IS NULL OR (next_move LIKE '%>' || state AND next_move IN (
-- every move of a hazard
    '>registered>registered',
    'registered>supplemented>registered', 'graded>supplemented>graded', 'assigned>supplemented>assigned', 'fixing>supplemented>fixing', 'transferred>supplemented>transferred', 'awaiting>supplemented>awaiting', 'passed>supplemented>passed',
    'registered>corrected>registered', 'graded>corrected>graded', 'assigned>corrected>assigned', 'fixing>corrected>fixing', 'transferred>corrected>transferred', 'awaiting>corrected>awaiting', 'passed>corrected>passed',
    'registered>graded>graded',
    'graded>regraded>graded', 'assigned>regraded>assigned', 'fixing>regraded>fixing', 'transferred>regraded>transferred',
    'registered>dismissed>dismissed', 'graded>dismissed>dismissed',
    'graded>assigned>assigned', 'assigned>assigned>assigned', 'fixing>assigned>assigned',
    'assigned>began>fixing',
    'assigned>progressed>assigned', 'fixing>progressed>fixing', 'transferred>progressed>transferred',
    'assigned>extended>assigned', 'fixing>extended>fixing',
    'graded>transferred>transferred', 'assigned>transferred>transferred', 'fixing>transferred>transferred',
    'assigned>urged>assigned', 'fixing>urged>fixing', 'transferred>urged>transferred',
    'transferred>replied>transferred',
    'transferred>returned>graded',
    'transferred>recalled>graded',
    'graded>listed>graded', 'assigned>listed>assigned', 'fixing>listed>fixing', 'transferred>listed>transferred', 'awaiting>listed>awaiting',
    'passed>unlisted>passed',
    'assigned>fixed>awaiting', 'fixing>fixed>awaiting', 'transferred>fixed>awaiting',
    'awaiting>failed>fixing',
    'awaiting>passed>passed',
    'passed>closed>closed',
    'passed>reopened>graded', 'closed>reopened>graded',
    'graded>shared>graded', 'assigned>shared>assigned', 'fixing>shared>fixing', 'transferred>shared>transferred', 'awaiting>shared>awaiting', 'passed>shared>passed', 'closed>shared>closed',
    'graded>unshared>graded', 'assigned>unshared>assigned', 'fixing>unshared>fixing', 'transferred>unshared>transferred', 'awaiting>unshared>awaiting', 'passed>unshared>passed', 'closed>unshared>closed'
-- the end of them
)));
UPDATE hazards SET next_move = move;
ALTER TABLE hazards DROP COLUMN move;
ALTER TABLE hazards RENAME COLUMN next_move TO move;

CREATE TABLE next_hazard_answers ( -- what a round has found, line by line; never changed
    tenant_id UUID NOT NULL,
    round_id UUID NOT NULL,
    position INTEGER NOT NULL,
    item TEXT, -- of the checklist; null of a place, and of what was answered before it was kept
    place_id UUID,
    title TEXT NOT NULL, -- as it was asked
    verdict TEXT NOT NULL,
    words TEXT NOT NULL,
    hazard_id UUID, -- that a problem has become, or that was in the ledger already
    PRIMARY KEY (tenant_id, round_id, position),
    FOREIGN KEY (tenant_id, round_id) REFERENCES hazard_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, hazard_id) REFERENCES hazards (tenant_id, id),
    FOREIGN KEY (tenant_id, place_id) REFERENCES hazard_places (tenant_id, id),
    CHECK ((verdict IN ('problem', 'known')) = (hazard_id IS NOT NULL))
);
--@citus SELECT create_distributed_table('next_hazard_answers', 'tenant_id', colocate_with => 'tenants');
INSERT INTO next_hazard_answers (tenant_id, round_id, position, title, verdict, words, hazard_id)
    SELECT tenant_id, round_id, position, title, verdict, words, hazard_id FROM hazard_answers;
DROP TABLE hazard_answers;
ALTER TABLE next_hazard_answers RENAME TO hazard_answers;
CREATE INDEX hazards_fixed ON hazards (tenant_id, fixed_at, id) WHERE fixed_at IS NOT NULL;
CREATE INDEX hazard_rounds_done ON hazard_rounds (tenant_id, done_at, id) WHERE done_at IS NOT NULL;
CREATE INDEX hazard_rounds_of_school ON hazard_rounds (tenant_id, school_id, done_at, id) WHERE done_at IS NOT NULL;
