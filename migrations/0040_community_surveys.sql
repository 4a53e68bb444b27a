-- 年度满意度调查: homes drawn at random from the register, and what they said all together. No row ties an answer to a home: an estate
-- has one box, into which answers are added.

CREATE TABLE community_surveys (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    title TEXT NOT NULL,
    from_on TEXT NOT NULL, -- its days, YYYY-MM-DD, both included
    until_on TEXT NOT NULL,
    state TEXT NOT NULL,
    questions TEXT NOT NULL, -- JSON
    open_question TEXT NOT NULL, -- empty: none is asked
    rules TEXT, -- JSON: by which the sample was drawn; null before that, as are the next three
    homes INTEGER, -- lived in when it was drawn
    seed TEXT, -- of the draw, in hexadecimal, so that it can be repeated
    frame TEXT, -- SHA-256 of the homes among which it was drawn, in hexadecimal
    created_by UUID,
    created_at BIGINT NOT NULL,
    opened_at BIGINT,
    ended_at BIGINT,
    publication_id UUID, -- the result on the board
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('community_surveys', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX community_surveys_by_time ON community_surveys (tenant_id, created_at, id);
CREATE INDEX community_surveys_in_state ON community_surveys (tenant_id, state, until_on);

CREATE TABLE community_survey_boxes ( -- what was answered in an estate, or in several of which each is too small, added up
    tenant_id UUID NOT NULL,
    survey_id UUID NOT NULL,
    box_number INTEGER NOT NULL,
    tallies TEXT NOT NULL, -- JSON: of each question how often each level was chosen
    open_sealed BYTEA, -- the answers to the open question, in the order of their characters
    PRIMARY KEY (tenant_id, survey_id, box_number),
    FOREIGN KEY (tenant_id, survey_id) REFERENCES community_surveys (tenant_id, id)
);
--@citus SELECT create_distributed_table('community_survey_boxes', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE community_survey_strata (
    tenant_id UUID NOT NULL,
    survey_id UUID NOT NULL,
    estate_id UUID NOT NULL,
    position INTEGER NOT NULL, -- of the estate
    homes INTEGER NOT NULL,
    wanted INTEGER NOT NULL, -- how many are asked
    reserve INTEGER NOT NULL, -- and how many more were drawn to step in
    box_number INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, survey_id, estate_id),
    FOREIGN KEY (tenant_id, survey_id, box_number) REFERENCES community_survey_boxes (tenant_id, survey_id, box_number),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('community_survey_strata', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE community_survey_doors (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    survey_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    estate_id UUID NOT NULL,
    place INTEGER NOT NULL, -- in the draw of its estate; those after `wanted` are the reserve
    position INTEGER NOT NULL, -- in walking order
    state TEXT NOT NULL,
    account_id UUID, -- who asks there
    attempts INTEGER NOT NULL, -- on how many days nobody was there
    attempted_on TEXT, -- the last of them
    settled_on TEXT, -- the day on which it was answered or given up
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, survey_id, dwelling_id),
    FOREIGN KEY (tenant_id, survey_id, estate_id) REFERENCES community_survey_strata (tenant_id, survey_id, estate_id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('community_survey_doors', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX community_survey_doors_by_asker ON community_survey_doors (tenant_id, survey_id, account_id, position);
CREATE INDEX community_survey_doors_by_place ON community_survey_doors (tenant_id, survey_id, estate_id, place);

ALTER TABLE agenda_items ADD COLUMN community_survey_id UUID; -- whose result is talked about
