-- Text search: for each gram (one character, or two that stand side by side) the rows in which it occurs, as a compressed
-- bitmap of 65,536 rows by their position in the tenant. It takes the place of bitmaps of 64 rows, of which a large community
-- had thousands for each gram. Every row is indexed anew.

CREATE TABLE search_postings (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    kind TEXT NOT NULL, -- which table
    gram TEXT NOT NULL,
    chunk BIGINT NOT NULL, -- positions 65536 × chunk … 65536 × chunk + 65535
    positions BYTEA NOT NULL, -- less 65536 × chunk, in the portable format of Roaring bitmaps
    PRIMARY KEY (tenant_id, kind, gram, chunk)
);
--@citus SELECT create_distributed_table('search_postings', 'tenant_id', colocate_with => 'tenants');

UPDATE issues SET indexed = FALSE;
UPDATE residents SET indexed = FALSE;
DROP TABLE search_blocks;
