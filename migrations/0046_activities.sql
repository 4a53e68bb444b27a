-- 志愿服务活动: what a team does when and where, who has signed up for it and in which order, and who was there.

CREATE TABLE volunteer_series (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    rule TEXT NOT NULL, -- RFC 5545
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_series', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE volunteer_activities (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    series_id UUID, -- null: once
    team_id UUID NOT NULL,
    estate_id UUID, -- null: of the whole community
    title TEXT NOT NULL,
    place TEXT NOT NULL,
    needs TEXT NOT NULL, -- what is done, and what to bring
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL, -- never more than a day after it starts
    capacity INTEGER NOT NULL,
    risk TEXT NOT NULL,
    risk_notice TEXT NOT NULL, -- what whoever signs up has to have read; empty where there is none
    least_age INTEGER NOT NULL,
    queue INTEGER NOT NULL, -- the last place in the order of those who have signed up
    reminded_at BIGINT,
    cancelled_at BIGINT,
    cancelled_why TEXT NOT NULL,
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, series_id) REFERENCES volunteer_series (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_activities', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_activities_by_start ON volunteer_activities (tenant_id, starts_at, id);
CREATE INDEX volunteer_activities_by_series ON volunteer_activities (tenant_id, series_id, starts_at);
CREATE INDEX volunteer_activities_by_team ON volunteer_activities (tenant_id, team_id, starts_at);
CREATE INDEX volunteer_activities_to_remind ON volunteer_activities (tenant_id, starts_at, id) WHERE reminded_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE volunteer_sign_ups ( -- one for each person and activity; whoever comes again after leaving goes to the end
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    activity_id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    state TEXT NOT NULL, -- confirmed, waiting, cancelled
    position INTEGER NOT NULL, -- in the order in which they came
    signed_at BIGINT NOT NULL,
    signed_by UUID, -- null: they themselves, or whoever leads the team
    risk_read_at BIGINT, -- when they had read what may happen
    promoted_at BIGINT, -- from the waiting list, because somebody left
    cancelled_at BIGINT,
    came_at BIGINT,
    came_how TEXT,
    left_at BIGINT,
    left_how TEXT,
    photo_id UUID, -- of those who came together
    left_photo_id UUID, -- of those who went together
    claim_came_at BIGINT, -- what they have entered later, until somebody has said yes or no
    claim_left_at BIGINT,
    claim_why TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id),
    FOREIGN KEY (tenant_id, left_photo_id) REFERENCES photos (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_sign_ups', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_sign_ups_once ON volunteer_sign_ups (tenant_id, activity_id, volunteer_id);
CREATE INDEX volunteer_sign_ups_in_order ON volunteer_sign_ups (tenant_id, activity_id, state, position);
CREATE INDEX volunteer_sign_ups_by_volunteer ON volunteer_sign_ups (tenant_id, volunteer_id, state, activity_id);
CREATE INDEX volunteer_sign_ups_by_photo ON volunteer_sign_ups (tenant_id, photo_id) WHERE photo_id IS NOT NULL;
CREATE INDEX volunteer_sign_ups_by_left_photo ON volunteer_sign_ups (tenant_id, left_photo_id) WHERE left_photo_id IS NOT NULL;
CREATE INDEX volunteer_sign_ups_claimed ON volunteer_sign_ups (tenant_id, activity_id) WHERE claim_came_at IS NOT NULL;
