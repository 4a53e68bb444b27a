-- 敲门行动: who knocks on which doors, what was found out there, and what became of it.

CREATE TABLE campaigns (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL, -- what is said at the door
    organisation_id UUID NOT NULL, -- the party branch or the community whose campaign it is
    estate_id UUID, -- null: the whole community
    origin TEXT NOT NULL, -- from which reports it was planned, in words; empty if from none
    questions TEXT NOT NULL, -- JSON
    until BIGINT NOT NULL, -- the end of its last day
    state TEXT NOT NULL,
    created_by UUID,
    created_at BIGINT NOT NULL,
    opened_at BIGINT,
    ended_at BIGINT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('campaigns', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX campaigns_by_time ON campaigns (tenant_id, created_at, id);
CREATE INDEX campaigns_running ON campaigns (tenant_id, until, id) WHERE state = 'open';

CREATE TABLE campaign_walkers ( -- who knocks
    tenant_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    account_id UUID NOT NULL,
    joined BOOLEAN NOT NULL, -- by themselves, rather than chosen
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id, account_id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('campaign_walkers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX campaign_walkers_by_account ON campaign_walkers (tenant_id, account_id, campaign_id);

CREATE TABLE campaign_doors (
    tenant_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    building_id UUID NOT NULL,
    account_id UUID, -- to whom it is dealt
    position INTEGER NOT NULL, -- in walking order
    state TEXT NOT NULL, -- follows from the visits, written with each
    attempts INTEGER NOT NULL, -- how often nobody was there
    again_on TEXT, -- when to come back: a day
    again_part TEXT, -- and a part of it
    last_outcome TEXT,
    visited_at BIGINT,
    PRIMARY KEY (tenant_id, campaign_id, dwelling_id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('campaign_doors', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX campaign_doors_by_walker ON campaign_doors (tenant_id, account_id, campaign_id, position);
CREATE INDEX campaign_doors_by_dwelling ON campaign_doors (tenant_id, dwelling_id);

CREATE TABLE visits (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL, -- made by the phone
    campaign_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    account_id UUID NOT NULL,
    outcome TEXT NOT NULL,
    again_on TEXT,
    again_part TEXT,
    answers_sealed BYTEA,
    note_sealed BYTEA,
    made_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id, dwelling_id) REFERENCES campaign_doors (tenant_id, campaign_id, dwelling_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('visits', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX visits_by_door ON visits (tenant_id, dwelling_id, made_at, id);
CREATE INDEX visits_by_campaign ON visits (tenant_id, campaign_id, made_at, id);

CREATE TABLE campaign_answers ( -- what was chosen at a door last; texts stay sealed in the visit
    tenant_id UUID NOT NULL,
    campaign_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    question TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant_id, campaign_id, question, value, dwelling_id),
    FOREIGN KEY (tenant_id, campaign_id, dwelling_id) REFERENCES campaign_doors (tenant_id, campaign_id, dwelling_id)
);
--@citus SELECT create_distributed_table('campaign_answers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX campaign_answers_by_door ON campaign_answers (tenant_id, dwelling_id, campaign_id);

CREATE TABLE visit_issues ( -- 拉清单: the issues that a visit filed
    tenant_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    position INTEGER NOT NULL, -- among the problems of the visit
    campaign_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    photos TEXT NOT NULL, -- JSON: the phone's ids of the photos that belong to it
    PRIMARY KEY (tenant_id, visit_id, position),
    FOREIGN KEY (tenant_id, visit_id) REFERENCES visits (tenant_id, id),
    FOREIGN KEY (tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('visit_issues', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX visit_issues_by_campaign ON visit_issues (tenant_id, campaign_id, issue_id);
