-- 法治进校园: how long it takes from one school to another, where somebody has entered it.

CREATE TABLE lecture_ways ( -- one row for two schools; where there is none, the way leads over where the team works
    tenant_id UUID NOT NULL,
    one_id UUID NOT NULL, -- whichever of the two was registered first
    other_id UUID NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, one_id, other_id),
    FOREIGN KEY (tenant_id, one_id) REFERENCES lecture_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, other_id) REFERENCES lecture_schools (tenant_id, id),
    CHECK (one_id <> other_id),
    CHECK (minutes BETWEEN 0 AND 600)
);
--@citus SELECT create_distributed_table('lecture_ways', 'tenant_id', colocate_with => 'tenants');
