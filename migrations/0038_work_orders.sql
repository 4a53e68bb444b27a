-- 工单 of the hotline 12345: issues that come with a number, a kind and a deadline of their own, and the workbook in which they come.

ALTER TABLE issues ADD COLUMN deadline_at BIGINT; -- by when whoever sent it wants it done, whatever the tier would give
ALTER TABLE issues ADD COLUMN enquiry BOOLEAN NOT NULL DEFAULT FALSE; -- only asks something, so that no rate counts it

CREATE TABLE work_orders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number TEXT NOT NULL, -- the hotline's; the same comes in once
    issue_id UUID NOT NULL,
    kind TEXT NOT NULL,
    called_at BIGINT NOT NULL, -- when somebody called the hotline
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('work_orders', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX work_orders_by_import ON work_orders (tenant_id, imported_at, id);

CREATE TABLE work_order_layouts ( -- what the columns of the district's workbook are, as somebody has confirmed
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    layout TEXT NOT NULL, -- JSON: headings in their order, each with its field
    set_by UUID,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
--@citus SELECT create_distributed_table('work_order_layouts', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE work_order_uploads ( -- workbooks that somebody is looking at before they are taken in
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    file_name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    uploaded_by UUID,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('work_order_uploads', 'tenant_id', colocate_with => 'tenants');
