-- 隐患台账: hazards around schools from 排查 to 销号, the rounds that find them, the places that rounds look at, and what is known of each school.

CREATE TABLE hazard_places ( -- 治安复杂地区 and 人员聚集区
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- the station that answers for its school
    school_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL, -- where it is, in words
    distance INTEGER NOT NULL, -- metres from the nearest gate
    busy TEXT NOT NULL, -- when there is most to look at; may be empty
    closed_at BIGINT, -- not looked at any more
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (distance BETWEEN 0 AND 20000)
);
--@citus SELECT create_distributed_table('hazard_places', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX hazard_places_by_distance ON hazard_places (tenant_id, distance, id);
CREATE UNIQUE INDEX hazard_places_by_school ON hazard_places (tenant_id, school_id, name);
CREATE INDEX hazard_places_near_school ON hazard_places (tenant_id, school_id, distance, id);

CREATE TABLE hazard_rounds ( -- 排查: one school looked at by a checklist
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    school_id UUID NOT NULL,
    name TEXT NOT NULL, -- 开学季排查
    planned_at BIGINT NOT NULL, -- the last moment of the day on which it is to be done
    state TEXT NOT NULL,
    words TEXT NOT NULL, -- what was seen besides; may be empty
    done_by UUID,
    done_at BIGINT,
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (state IN ('planned', 'done', 'cancelled')),
    CHECK ((state = 'done') = (done_at IS NOT NULL))
);
--@citus SELECT create_distributed_table('hazard_rounds', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX hazard_rounds_by_time ON hazard_rounds (tenant_id, planned_at, id);
CREATE INDEX hazard_rounds_planned ON hazard_rounds (tenant_id, planned_at, id) WHERE state = 'planned';

CREATE TABLE hazards (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    number TEXT NOT NULL,
    organisation_id UUID NOT NULL, -- the station that answers for the school
    school_id UUID NOT NULL,
    gate_id UUID, -- from which the distance is measured; null: the nearest
    distance INTEGER NOT NULL, -- metres
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    inspection_id UUID, -- the round that found it
    place_id UUID, -- on the list of places
    found_at BIGINT NOT NULL,
    found_by UUID,
    level TEXT, -- null until somebody has said so
    mode TEXT,
    state TEXT NOT NULL,
    open BOOLEAN NOT NULL,
    turn INTEGER NOT NULL, -- counts up when it is opened again
    due_at BIGINT NOT NULL, -- until when the next step is due; of what has ended, when it did
    fix_due_at BIGINT,
    reply_due_at BIGINT,
    owner_id UUID, -- somebody of the bureau
    owner_unit TEXT NOT NULL, -- 责任单位; empty until it is assigned
    owner_sealed BYTEA, -- JSON: 责任人 outside the bureau, with a phone
    measures TEXT NOT NULL,
    result TEXT NOT NULL,
    conclusion TEXT NOT NULL,
    fixed_by UUID,
    fixed_at BIGINT,
    rechecked_by UUID,
    rechecked_at BIGINT,
    supervision TEXT, -- 挂牌督办: by whom
    supervised_until BIGINT,
    unlisted_at BIGINT,
    closed_by UUID,
    closed_at BIGINT,
    shared BOOLEAN NOT NULL, -- its school may see that it is there and how it stands
    remind_at BIGINT,
    lock_version INTEGER NOT NULL,
    move TEXT NOT NULL CHECK (move LIKE '%>' || state AND move IN (
-- every move of a hazard
    '>registered>registered',
    'registered>supplemented>registered', 'graded>supplemented>graded', 'assigned>supplemented>assigned', 'fixing>supplemented>fixing', 'transferred>supplemented>transferred', 'awaiting>supplemented>awaiting', 'passed>supplemented>passed',
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
    )),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id),
    FOREIGN KEY (tenant_id, inspection_id) REFERENCES hazard_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, place_id) REFERENCES hazard_places (tenant_id, id),
    CHECK (distance BETWEEN 0 AND 20000),
    CHECK (open = (state NOT IN ('closed', 'dismissed'))),
    CHECK (state IN ('registered', 'dismissed') OR level IS NOT NULL AND mode IS NOT NULL),
    -- Nobody looks again at what they have fixed or had to fix, and nothing is struck off that nobody has looked at again.
    CHECK (state NOT IN ('awaiting', 'passed', 'closed') OR fixed_by IS NOT NULL),
    CHECK (rechecked_by IS NULL OR fixed_by IS NOT NULL AND rechecked_by <> fixed_by),
    CHECK (rechecked_by IS NULL OR owner_id IS NULL OR rechecked_by <> owner_id),
    CHECK (state NOT IN ('passed', 'closed') OR rechecked_by IS NOT NULL AND rechecked_at IS NOT NULL),
    CHECK (state <> 'closed' OR closed_by IS NOT NULL AND closed_at IS NOT NULL AND closed_by <> fixed_by),
    -- A sign hangs only on what is major, and comes down before it is struck off.
    CHECK (supervision IS NULL OR level IS NOT NULL AND level = 'major'),
    CHECK ((supervision IS NULL) = (supervised_until IS NULL)),
    CHECK (state <> 'closed' OR supervision IS NULL OR unlisted_at IS NOT NULL)
);
--@citus SELECT create_distributed_table('hazards', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX hazards_by_number ON hazards (tenant_id, number);
CREATE INDEX hazards_by_distance ON hazards (tenant_id, open, distance, id);
CREATE INDEX hazards_by_deadline ON hazards (tenant_id, open, due_at, id);
CREATE INDEX hazards_by_school ON hazards (tenant_id, school_id, due_at);
CREATE INDEX hazards_found ON hazards (tenant_id, found_at, id);
CREATE INDEX hazards_closed ON hazards (tenant_id, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX hazards_to_remind ON hazards (tenant_id, remind_at, id) WHERE remind_at IS NOT NULL;

CREATE TABLE hazard_events ( -- every step, in its order; never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    hazard_id UUID NOT NULL,
    position INTEGER NOT NULL,
    step TEXT NOT NULL,
    turn INTEGER NOT NULL,
    at BIGINT NOT NULL,
    account_id UUID,
    role TEXT NOT NULL,
    words TEXT NOT NULL,
    due_at BIGINT NOT NULL, -- the deadline that stands after it
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, hazard_id) REFERENCES hazards (tenant_id, id)
);
--@citus SELECT create_distributed_table('hazard_events', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX hazard_events_by_hazard ON hazard_events (tenant_id, hazard_id, position);

CREATE TABLE hazard_photos (
    tenant_id UUID NOT NULL,
    event_id UUID NOT NULL,
    photo_id UUID NOT NULL,
    hazard_id UUID NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, event_id, photo_id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES hazard_events (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id),
    FOREIGN KEY (tenant_id, hazard_id) REFERENCES hazards (tenant_id, id)
);
--@citus SELECT create_distributed_table('hazard_photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX hazard_photos_by_hazard ON hazard_photos (tenant_id, hazard_id, event_id, position);
CREATE INDEX hazard_photos_by_photo ON hazard_photos (tenant_id, photo_id);

CREATE TABLE hazard_transfers ( -- 移送: to another body, which answers by a day
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    hazard_id UUID NOT NULL,
    body TEXT NOT NULL, -- 市场监督管理局
    number TEXT NOT NULL, -- of the letter
    words TEXT NOT NULL, -- what it is asked for
    sent_at BIGINT NOT NULL,
    sent_by UUID,
    reply_due_at BIGINT NOT NULL,
    answer TEXT, -- null as long as it is open
    answered_at BIGINT,
    reply TEXT NOT NULL, -- what it has said last; empty until it has
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, hazard_id) REFERENCES hazards (tenant_id, id),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);
--@citus SELECT create_distributed_table('hazard_transfers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX hazard_transfers_by_hazard ON hazard_transfers (tenant_id, hazard_id, sent_at);
CREATE UNIQUE INDEX hazard_transfers_open ON hazard_transfers (tenant_id, hazard_id) WHERE answer IS NULL;

CREATE TABLE hazard_answers ( -- what a round has found, line by line; never changed
    tenant_id UUID NOT NULL,
    round_id UUID NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL, -- as it was asked
    verdict TEXT NOT NULL,
    words TEXT NOT NULL,
    hazard_id UUID, -- that a problem has become
    PRIMARY KEY (tenant_id, round_id, position),
    FOREIGN KEY (tenant_id, round_id) REFERENCES hazard_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, hazard_id) REFERENCES hazards (tenant_id, id),
    CHECK ((verdict = 'problem') = (hazard_id IS NOT NULL))
);
--@citus SELECT create_distributed_table('hazard_answers', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE hazard_surveys ( -- 调研 of a school; each version stays as it was
    tenant_id UUID NOT NULL,
    school_id UUID NOT NULL,
    version INTEGER NOT NULL,
    id UUID NOT NULL,
    sealed BYTEA NOT NULL, -- JSON
    reason TEXT NOT NULL, -- why there is another
    made_by UUID,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, school_id, version),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id)
);
--@citus SELECT create_distributed_table('hazard_surveys', 'tenant_id', colocate_with => 'tenants');
