-- 通知渠道: the groups and mailboxes that notices go to, and each notice on its way to one of them.

CREATE TABLE channels (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL, -- the group's
    estate_id UUID, -- null: not of one estate
    party_organisation_id UUID, -- null: not of members; without either it is the whole community's
    enabled BOOLEAN NOT NULL,
    address_sealed BYTEA NOT NULL, -- of the robot, which is a secret; of mail the addresses, one a line
    address_fingerprint BYTEA, -- of a robot: its rate is counted once
    secret_sealed BYTEA, -- with which the robot wants messages signed
    hint TEXT NOT NULL, -- what pages may show of the address
    taken TEXT NOT NULL, -- when it was lately sent to, as JSON: its rate holds after a restart too
    wake_at BIGINT, -- when the sender should look at it next; null: there is nothing to send
    leased_until BIGINT, -- one sender at a time, so that the order holds
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, address_fingerprint),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, party_organisation_id) REFERENCES party_organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('channels', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX channels_waking ON channels (wake_at, tenant_id, id) WHERE wake_at IS NOT NULL;

CREATE TABLE deliveries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    channel_id UUID NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    occasion TEXT NOT NULL, -- what is told of the subject
    edition INTEGER NOT NULL, -- which time; each is told a channel once
    position BIGINT NOT NULL, -- the order within a channel
    text TEXT NOT NULL, -- without personal data
    path TEXT NOT NULL, -- where the whole of it can be read, if it has to be cut
    urgent BOOLEAN NOT NULL, -- goes out at night too
    expires_at BIGINT, -- nobody needs it afterwards
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    maybe_sent BOOLEAN NOT NULL, -- an earlier attempt may have arrived, so the next one says so
    available_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    failure TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, channel_id, subject_id, occasion, edition),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id)
);
--@citus SELECT create_distributed_table('deliveries', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX deliveries_by_channel ON deliveries (tenant_id, channel_id, position, id);
CREATE INDEX deliveries_open ON deliveries (tenant_id, channel_id, position) WHERE state IN ('waiting', 'sending');
CREATE INDEX deliveries_dead ON deliveries (tenant_id, channel_id, ended_at) WHERE state = 'dead';
CREATE INDEX deliveries_by_subject ON deliveries (tenant_id, subject_id, position);
CREATE INDEX deliveries_ended ON deliveries (tenant_id, ended_at) WHERE state IN ('sent', 'given_up');
