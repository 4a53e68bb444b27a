-- What a publication is about beside its subject: the decisions of a meeting hang as one, and each is about an issue.

CREATE TABLE publication_concerns (
    tenant_id UUID NOT NULL,
    publication_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, publication_id, subject_id),
    FOREIGN KEY (tenant_id, publication_id) REFERENCES publications (tenant_id, id)
);
--@citus SELECT create_distributed_table('publication_concerns', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX publication_concerns_by_subject ON publication_concerns (tenant_id, subject_id);
