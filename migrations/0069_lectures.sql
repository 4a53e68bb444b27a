-- 法治进校园, what lectures are made of: schools with their halls, classes and terms; lecturers with their vetting; topics, forms and materials.

CREATE TABLE lecture_schools ( -- a guest of the team: it has a link and no account
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    address TEXT NOT NULL, -- in words; may be empty
    travel_minutes INTEGER NOT NULL, -- from where the team works, one way
    contact_sealed BYTEA, -- who answers for the school: name and phone
    link_number INTEGER NOT NULL, -- counts up where the school's link must not be good any more
    position BIGINT NOT NULL, -- in lists
    closed_at BIGINT, -- no lectures there any more
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (travel_minutes BETWEEN 0 AND 600)
);
--@citus SELECT create_distributed_table('lecture_schools', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX lecture_schools_by_name ON lecture_schools (tenant_id, name);
CREATE INDEX lecture_schools_in_order ON lecture_schools (tenant_id, position, id);

CREATE TABLE lecture_halls ( -- where a lecture can be given in a school
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    name TEXT NOT NULL,
    seats INTEGER NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (seats BETWEEN 1 AND 5000)
);
--@citus SELECT create_distributed_table('lecture_halls', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX lecture_halls_by_name ON lecture_halls (tenant_id, school_id, name);

CREATE TABLE lecture_classes ( -- no pupil is known by name: a class has a grade, a name and a number of pupils
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    grade INTEGER NOT NULL, -- 1 to 12: 七年级 is 7, 高一 is 10
    name TEXT NOT NULL,
    pupils INTEGER NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (grade BETWEEN 1 AND 12),
    CHECK (pupils BETWEEN 1 AND 200)
);
--@citus SELECT create_distributed_table('lecture_classes', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX lecture_classes_by_name ON lecture_classes (tenant_id, school_id, grade, name) WHERE closed_at IS NULL;
CREATE INDEX lecture_classes_by_school ON lecture_classes (tenant_id, school_id, grade, id);

CREATE TABLE lecture_terms (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    school_id UUID, -- null: of all schools that have none of their own
    name TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('lecture_terms', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_terms_by_day ON lecture_terms (tenant_id, first_day, id);

CREATE TABLE lecture_periods ( -- days within a term on which no lecture is given (exams, no school), or on which there is school after all
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    school_id UUID, -- null: of all schools; a school's own goes before it
    kind TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (kind IN ('exams', 'off', 'lessons')),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('lecture_periods', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_periods_by_day ON lecture_periods (tenant_id, last_day, id);

CREATE TABLE lecture_subjects ( -- topics and forms, as each team has them
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    words TEXT NOT NULL, -- what belongs to it; may be empty
    position BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    CHECK (kind IN ('topic', 'form'))
);
--@citus SELECT create_distributed_table('lecture_subjects', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX lecture_subjects_by_name ON lecture_subjects (tenant_id, kind, name);
CREATE INDEX lecture_subjects_in_order ON lecture_subjects (tenant_id, kind, position, id);

CREATE TABLE lecturers (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL, -- 检察官, 检察官助理; may be empty
    phone_sealed BYTEA,
    first_grade INTEGER NOT NULL,
    last_grade INTEGER NOT NULL,
    vetted_on TEXT, -- the day of the last query; null: never asked
    vetted_until TEXT, -- the last day on which it still holds; null unless it was passed
    link_number INTEGER NOT NULL,
    ended_at BIGINT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (first_grade BETWEEN 1 AND last_grade),
    CHECK (last_grade <= 12),
    CHECK (vetted_until IS NULL OR vetted_on IS NOT NULL)
);
--@citus SELECT create_distributed_table('lecturers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecturers_by_time ON lecturers (tenant_id, created_at, id);

CREATE TABLE lecturer_topics (
    tenant_id UUID NOT NULL,
    lecturer_id UUID NOT NULL,
    topic_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, lecturer_id, topic_id),
    FOREIGN KEY (tenant_id, lecturer_id) REFERENCES lecturers (tenant_id, id),
    FOREIGN KEY (tenant_id, topic_id) REFERENCES lecture_subjects (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecturer_topics', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE lecturer_vettings ( -- each query by itself: its result and the number of the paper, and nothing of what it says
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    lecturer_id UUID NOT NULL,
    passed BOOLEAN NOT NULL,
    checked_on TEXT NOT NULL,
    proof TEXT NOT NULL,
    account_id UUID,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, lecturer_id) REFERENCES lecturers (tenant_id, id)
);
--@citus SELECT create_distributed_table('lecturer_vettings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecturer_vettings_by_lecturer ON lecturer_vettings (tenant_id, lecturer_id, at, id);

CREATE TABLE lecture_vice_principals ( -- 法治副校长: a lecturer who is one of a school from a day to a day
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    lecturer_id UUID NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, lecturer_id) REFERENCES lecturers (tenant_id, id),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('lecture_vice_principals', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_vice_principals_by_school ON lecture_vice_principals (tenant_id, school_id, first_day, id);

CREATE TABLE lecture_materials ( -- courseware, cases, videos, leaflets
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    topic_id UUID NOT NULL,
    file_name TEXT NOT NULL, -- of the title: the name that a file came with may name somebody, and is not kept
    media_type TEXT NOT NULL, -- found out from the content, not from the name
    size BIGINT NOT NULL,
    content BYTEA NOT NULL, -- empty once it was erased
    digest TEXT NOT NULL,
    why TEXT NOT NULL, -- why it was given back or withdrawn; it may say who could be recognised, so it stands nowhere else
    added_by UUID, -- an account
    added_at BIGINT NOT NULL,
    desensitised_by UUID, -- an account: whoever says that nothing in it leads to a minor (未成年人保护法 art. 103)
    desensitised_at BIGINT,
    reviewed_by UUID, -- another account, who has looked at it again
    reviewed_at BIGINT,
    withdrawn_at BIGINT,
    erased_at BIGINT, -- when the file was erased
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, id, desensitised_by, reviewed_by), -- what is attached points here: see lecture_session_materials
    FOREIGN KEY (tenant_id, topic_id) REFERENCES lecture_subjects (tenant_id, id),
    CHECK ((desensitised_by IS NULL) = (desensitised_at IS NULL)),
    CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
    CHECK (reviewed_by IS NULL OR desensitised_by IS NOT NULL),
    CHECK (reviewed_by <> desensitised_by)
);
--@citus SELECT create_distributed_table('lecture_materials', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_materials_by_time ON lecture_materials (tenant_id, added_at, id);
