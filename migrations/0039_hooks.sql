-- What of the outbox somebody waits for: what nobody has asked for is not written down.

CREATE TABLE outbox_wishes (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    topic TEXT NOT NULL,
    PRIMARY KEY (tenant_id, topic)
);
--@citus SELECT create_distributed_table('outbox_wishes', 'tenant_id', colocate_with => 'tenants');
