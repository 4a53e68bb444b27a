-- Issues counted by the month, once after a change rather than once a reader, so that a year of a large community is read in a moment.

CREATE TABLE issue_figures ( -- made anew from the rows, a month at a time
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    -- The tenant's own id for all of it together.
    estate_id UUID NOT NULL,
    month INTEGER NOT NULL, -- 202611
    -- A figure's code; `category:` or `building:` and what was reported of it; `counted` and when that was.
    facet TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, estate_id, month, facet)
);
--@citus SELECT create_distributed_table('issue_figures', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX issue_figures_by_month ON issue_figures (tenant_id, month);

CREATE TABLE stale_months ( -- a row for each change since the figures of a month were made
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    month INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('stale_months', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX stale_months_by_month ON stale_months (tenant_id, month, id);
