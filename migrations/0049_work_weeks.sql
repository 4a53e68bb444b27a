-- What the work costs those who do it: sums of a week and a role, never of a person.
CREATE TABLE work_weeks (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    week TEXT NOT NULL, -- its Monday
    role TEXT NOT NULL,
    entries BIGINT NOT NULL, -- fields that were filled in
    taps BIGINT NOT NULL,
    seconds BIGINT NOT NULL, -- in which somebody was doing something
    PRIMARY KEY (tenant_id, week, role)
);
--@citus SELECT create_distributed_table('work_weeks', 'tenant_id', colocate_with => 'tenants');
