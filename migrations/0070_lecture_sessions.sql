-- 法治进校园, what is agreed, given and answered: requests, sessions with what they hold, the quiz as sums, and what a pupil confides.

CREATE TABLE lecture_calls ( -- 需求征集: the team asks all schools what they need
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    last_day TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_calls', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_calls_by_day ON lecture_calls (tenant_id, last_day, id);

CREATE TABLE lecture_requests ( -- what a school asks for
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    call_id UUID, -- which call it answers
    topic_id UUID NOT NULL,
    form_id UUID NOT NULL,
    first_grade INTEGER NOT NULL,
    last_grade INTEGER NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    words TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL, -- why it was refused or taken back
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES lecture_calls (tenant_id, id),
    FOREIGN KEY (tenant_id, topic_id) REFERENCES lecture_subjects (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES lecture_subjects (tenant_id, id),
    CHECK (state IN ('waiting', 'arranged', 'refused', 'withdrawn')),
    CHECK (state NOT IN ('refused', 'withdrawn') OR why <> ''),
    CHECK (first_grade BETWEEN 1 AND last_grade),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('lecture_requests', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_requests_by_school ON lecture_requests (tenant_id, school_id, created_at, id);
CREATE INDEX lecture_requests_waiting ON lecture_requests (tenant_id, created_at, id) WHERE state = 'waiting';

CREATE TABLE lecture_agreements ( -- 检校合作共建: between the team and a school, with the year's intended sessions
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    title TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    intended INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (first_day <= last_day),
    CHECK (intended BETWEEN 1 AND 200)
);
--@citus SELECT create_distributed_table('lecture_agreements', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_agreements_by_school ON lecture_agreements (tenant_id, school_id, first_day, id);

CREATE TABLE lecture_campaigns ( -- 护航开学季: a theme that bundles sessions
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    theme TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    intended INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (first_day <= last_day),
    CHECK (intended BETWEEN 1 AND 2000)
);
--@citus SELECT create_distributed_table('lecture_campaigns', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_campaigns_by_day ON lecture_campaigns (tenant_id, first_day, id);

CREATE TABLE lecture_diaries ( -- one row for each team: whoever books or moves a session holds it
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    changes BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
--@citus SELECT create_distributed_table('lecture_diaries', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID,
    school_id UUID NOT NULL,
    hall_id UUID NOT NULL,
    form_id UUID NOT NULL,
    campaign_id UUID,
    title TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    why TEXT NOT NULL, -- why this date and these lecturers
    state TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    team_agreed_at BIGINT, -- both sides say yes to the same version; a change asks both anew
    school_agreed_at BIGINT,
    ended_why TEXT NOT NULL, -- why it was called off
    -- what became of it
    pupils INTEGER,
    teachers INTEGER,
    parents INTEGER,
    handouts INTEGER,
    minutes INTEGER, -- how long it was taught
    class_hours INTEGER, -- whole 课时 by the school's stage, as they were counted when it was written down
    course TEXT NOT NULL, -- what was done, in words
    recorded_at BIGINT,
    school_words TEXT NOT NULL,
    school_confirmed_at BIGINT, -- the school says that it was so
    reminded_at BIGINT, -- when people were reminded that it is near; a change reminds anew
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES lecture_requests (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, hall_id) REFERENCES lecture_halls (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES lecture_subjects (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES lecture_campaigns (tenant_id, id),
    CHECK (state IN ('proposed', 'agreed', 'held', 'cancelled')),
    CHECK (starts_at < ends_at),
    CHECK (state NOT IN ('agreed', 'held') OR (team_agreed_at IS NOT NULL AND school_agreed_at IS NOT NULL)),
    CHECK ((state = 'held') = (recorded_at IS NOT NULL)),
    CHECK (state <> 'held' OR (pupils IS NOT NULL AND class_hours IS NOT NULL)),
    CHECK (state <> 'cancelled' OR ended_why <> ''),
    CHECK (school_confirmed_at IS NULL OR recorded_at IS NOT NULL)
);
--@citus SELECT create_distributed_table('lecture_sessions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_sessions_by_time ON lecture_sessions (tenant_id, starts_at, id);
CREATE INDEX lecture_sessions_by_school ON lecture_sessions (tenant_id, school_id, starts_at, id);
CREATE INDEX lecture_sessions_to_remind ON lecture_sessions (tenant_id, starts_at, id) WHERE state = 'agreed' AND reminded_at IS NULL;

CREATE TABLE lecture_session_topics (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    topic_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, session_id, topic_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, topic_id) REFERENCES lecture_subjects (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_session_topics', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_session_lecturers (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    lecturer_id UUID NOT NULL,
    own_words TEXT NOT NULL, -- what they think of it themselves: the school does not read it
    PRIMARY KEY (tenant_id, session_id, lecturer_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, lecturer_id) REFERENCES lecturers (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_session_lecturers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_session_lecturers_by_lecturer ON lecture_session_lecturers (tenant_id, lecturer_id, session_id);

CREATE TABLE lecture_session_classes (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    class_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, session_id, class_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, class_id) REFERENCES lecture_classes (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_session_classes', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_sign_ins ( -- how many of a class were there, as whoever brought it says; nobody is named
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    class_id UUID NOT NULL,
    present INTEGER NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, class_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, class_id) REFERENCES lecture_classes (tenant_id, id),
    CHECK (present BETWEEN 0 AND 200)
);
--@citus SELECT create_distributed_table('lecture_sign_ins', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_holds ( -- a lecturer, a hall or a class in a quarter of an hour: two sessions cannot both have it
    tenant_id UUID NOT NULL,
    held_id UUID NOT NULL,
    quarter BIGINT NOT NULL, -- quarters of an hour since 1970
    session_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, held_id, quarter),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_holds', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_holds_by_session ON lecture_holds (tenant_id, session_id);

CREATE TABLE lecture_session_materials ( -- only what one person has de-identified and another has reviewed can be pointed to
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    material_id UUID NOT NULL,
    desensitised_by UUID NOT NULL,
    reviewed_by UUID NOT NULL,
    PRIMARY KEY (tenant_id, session_id, material_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, material_id, desensitised_by, reviewed_by)
        REFERENCES lecture_materials (tenant_id, id, desensitised_by, reviewed_by),
    CHECK (desensitised_by <> reviewed_by)
);
--@citus SELECT create_distributed_table('lecture_session_materials', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_session_materials_by_material ON lecture_session_materials (tenant_id, material_id, session_id);

CREATE TABLE lecture_notes ( -- why a date was moved, what pupils asked, what was promised
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL,
    at BIGINT NOT NULL,
    done_at BIGINT, -- of a question: when it was followed
    answer TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    CHECK (kind IN ('moved', 'declined', 'question')),
    CHECK (done_at IS NULL OR kind = 'question')
);
--@citus SELECT create_distributed_table('lecture_notes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_notes_by_session ON lecture_notes (tenant_id, session_id, at, id);
CREATE INDEX lecture_notes_open ON lecture_notes (tenant_id, at, id) WHERE kind = 'question' AND done_at IS NULL;

CREATE TABLE lecture_photos ( -- each with who has agreed to it, and how
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    photo_id UUID NOT NULL,
    consent TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, photo_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id),
    CHECK (consent <> '')
);
--@citus SELECT create_distributed_table('lecture_photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_photos_by_time ON lecture_photos (tenant_id, added_at, photo_id);
CREATE INDEX lecture_photos_by_photo ON lecture_photos (tenant_id, photo_id);

CREATE TABLE lecture_quiz_questions ( -- of a topic
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    topic_id UUID NOT NULL,
    words TEXT NOT NULL,
    options TEXT NOT NULL, -- one on each line
    correct INTEGER NOT NULL, -- which line, from 0
    position BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, topic_id) REFERENCES lecture_subjects (tenant_id, id),
    CHECK (correct BETWEEN 0 AND 9)
);
--@citus SELECT create_distributed_table('lecture_quiz_questions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_quiz_questions_by_topic ON lecture_quiz_questions (tenant_id, topic_id, position, id);

CREATE TABLE lecture_session_questions ( -- what a session asks, as it was when its first sheet came: it asks the same before and after
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    question_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, session_id, question_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, question_id) REFERENCES lecture_quiz_questions (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecture_session_questions', 'tenant_id', colocate_with => 'tenants');

-- The quiz is kept as sums. There is no row for a sheet: neither an answer nor its moment can be joined to a pupil or a phone.
CREATE TABLE lecture_quizzes ( -- of a session, before it or after it
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    phase TEXT NOT NULL,
    sums BYTEA, -- sealed while it is open, so that whoever reads the database twice learns nothing of the sheet between; null once it is closed
    sheets INTEGER NOT NULL, -- how many there were; 0 while it is open
    closed BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, session_id, phase),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    CHECK (phase IN ('before', 'after')),
    CHECK (closed = (sums IS NULL)),
    CHECK (sheets >= 0)
);
--@citus SELECT create_distributed_table('lecture_quizzes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_quizzes_open ON lecture_quizzes (tenant_id, session_id, phase) WHERE sums IS NOT NULL;

CREATE TABLE lecture_tallies ( -- of a class, written when a quiz is closed; what too few have answered is left out
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    phase TEXT NOT NULL,
    class_id UUID NOT NULL,
    question_id UUID NOT NULL,
    answered INTEGER NOT NULL,
    correct INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, session_id, phase, class_id, question_id),
    FOREIGN KEY (tenant_id, session_id, phase) REFERENCES lecture_quizzes (tenant_id, session_id, phase),
    FOREIGN KEY (tenant_id, class_id) REFERENCES lecture_classes (tenant_id, id),
    FOREIGN KEY (tenant_id, question_id) REFERENCES lecture_quiz_questions (tenant_id, id),
    CHECK (correct BETWEEN 0 AND answered)
);
--@citus SELECT create_distributed_table('lecture_tallies', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_scores ( -- how a session was liked, by all its classes together, written like the tallies
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    given INTEGER NOT NULL, -- who said how they liked it, by one to five stars
    good INTEGER NOT NULL, -- with four or five
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    CHECK (good BETWEEN 0 AND given)
);
--@citus SELECT create_distributed_table('lecture_scores', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecture_confidences ( -- a pupil asks for help; nothing leads from it to the quiz
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    sealed BYTEA, -- what was said, and who said it if they wanted to; null once it has been kept long enough
    at BIGINT NOT NULL,
    report_due_at BIGINT NOT NULL, -- until when an office has to be told (未成年人保护法 art. 11)
    reported_at BIGINT, -- when an office first was told, as it was entered
    alarm_at BIGINT, -- when those who work are told once more that nobody has reported it; null once that is settled
    alarms INTEGER NOT NULL,
    closed_at BIGINT,
    ending TEXT, -- how it ended
    erased_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES lecture_sessions (tenant_id, id),
    CHECK ((closed_at IS NULL) = (ending IS NULL)),
    CHECK (ending IN ('settled', 'harmless', 'duplicate')),
    CHECK (ending <> 'settled' OR reported_at IS NOT NULL),
    CHECK (alarm_at IS NULL OR (reported_at IS NULL AND closed_at IS NULL)),
    CHECK (sealed IS NOT NULL OR erased_at IS NOT NULL)
);
--@citus SELECT create_distributed_table('lecture_confidences', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_confidences_by_time ON lecture_confidences (tenant_id, at, id);
CREATE INDEX lecture_confidences_open ON lecture_confidences (tenant_id, report_due_at, id) WHERE closed_at IS NULL;
CREATE INDEX lecture_confidences_to_alarm ON lecture_confidences (alarm_at, tenant_id, id) WHERE alarm_at IS NOT NULL;
CREATE INDEX lecture_confidences_to_erase ON lecture_confidences (tenant_id, closed_at, id) WHERE closed_at IS NOT NULL AND erased_at IS NULL;

CREATE TABLE lecture_confidence_entries ( -- what was done about it, who read it and why; never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    confidence_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA, -- null once it has been kept long enough
    account_id UUID NOT NULL,
    at BIGINT NOT NULL,
    offices TEXT, -- of a report: who was told
    told_at BIGINT, -- and when
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, confidence_id) REFERENCES lecture_confidences (tenant_id, id),
    CHECK (kind IN ('read', 'reported', 'followed', 'closed', 'harmless', 'duplicate')),
    CHECK ((kind = 'reported') = (offices IS NOT NULL AND told_at IS NOT NULL))
);
--@citus SELECT create_distributed_table('lecture_confidence_entries', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_confidence_entries_in_order ON lecture_confidence_entries (tenant_id, confidence_id, at, id);

CREATE TABLE lecture_sendings ( -- a material or a topic that goes to another tenant as a message
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    item_id UUID NOT NULL, -- of a material or a topic
    to_tenant_id UUID NOT NULL, -- no key: tenants never join
    to_name TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    arrived_at BIGINT,
    void_at BIGINT, -- it was withdrawn before it could be delivered
    PRIMARY KEY (tenant_id, item_id, to_tenant_id),
    CHECK (arrived_at IS NULL OR void_at IS NULL)
);
--@citus SELECT create_distributed_table('lecture_sendings', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE law_materials ( -- what a community was sent: its own copy, whatever becomes of the other
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL, -- of what was sent, so that a message that comes twice is one copy
    kind TEXT NOT NULL, -- of a material, or topic
    title TEXT NOT NULL,
    topic TEXT NOT NULL,
    words TEXT NOT NULL, -- of a topic: what belongs to it
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL, -- empty for a topic
    size BIGINT NOT NULL,
    content BYTEA NOT NULL, -- empty for a topic, and once the community did not want it
    from_name TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    accepted_at BIGINT, -- the community takes it
    withdrawn_at BIGINT, -- whoever sent it uses it no more
    dropped_at BIGINT, -- the community does not want it, or not any more; the row stays so that it does not come again
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('law_materials', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX law_materials_by_time ON law_materials (tenant_id, received_at, id) WHERE dropped_at IS NULL;

CREATE TABLE law_talks ( -- what is shown at an activity of the community's volunteers
    tenant_id UUID NOT NULL,
    activity_id UUID NOT NULL,
    material_id UUID NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, activity_id, material_id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    FOREIGN KEY (tenant_id, material_id) REFERENCES law_materials (tenant_id, id)
);
--@citus SELECT create_distributed_table('law_talks', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX law_talks_by_material ON law_talks (tenant_id, material_id);
