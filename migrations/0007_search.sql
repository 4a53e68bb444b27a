-- Text search: for each gram (one character, or two that stand side by side) the rows in which it occurs, as a bitmap of
-- 64 rows by their position in the tenant. Rows that are not in it yet say so themselves (`indexed`).

CREATE TABLE search_blocks (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    kind TEXT NOT NULL, -- which table
    gram TEXT NOT NULL,
    block BIGINT NOT NULL, -- positions 64 × block … 64 × block + 63
    bits BIGINT NOT NULL, -- bit n: position 64 × block + n
    PRIMARY KEY (tenant_id, kind, gram, block)
);
--@citus SELECT create_distributed_table('search_blocks', 'tenant_id', colocate_with => 'tenants');
