-- How long something hangs, counted in whole days; what is said against it, which stops the count; and the board of wood.

ALTER TABLE publications ADD COLUMN days INTEGER; -- null: until a moment, and nothing stops it
ALTER TABLE publications ADD COLUMN day_kind TEXT; -- natural or working days
ALTER TABLE publications ADD COLUMN passed INTEGER NOT NULL DEFAULT 0; -- whole days before the last pause
ALTER TABLE publications ADD COLUMN counted_from BIGINT; -- the day after this moment's is the first that counts
ALTER TABLE publications ADD COLUMN paused_at BIGINT; -- set while something that was said against it waits for an answer
ALTER TABLE publications ADD COLUMN published_by UUID;
ALTER TABLE publications ADD COLUMN withdrawn_why TEXT NOT NULL DEFAULT '';
ALTER TABLE publications ADD COLUMN lock_version INTEGER NOT NULL DEFAULT 1;

DROP INDEX publications_by_subject;
CREATE INDEX publications_of_subject ON publications (tenant_id, subject_id, starts_at, id);

CREATE TABLE objections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    publication_id UUID NOT NULL,
    code TEXT NOT NULL, -- with which whoever objected reads the answer
    text_sealed BYTEA NOT NULL, -- their words, name and phone
    made_at BIGINT NOT NULL,
    verdict TEXT,
    answer TEXT NOT NULL, -- public; empty until there is one
    answered_by UUID,
    answered_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, publication_id) REFERENCES publications (tenant_id, id)
);
--@citus SELECT create_distributed_table('objections', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX objections_by_code ON objections (tenant_id, code);
CREATE INDEX objections_by_publication ON objections (tenant_id, publication_id, made_at);
CREATE INDEX objections_open ON objections (tenant_id, made_at) WHERE answered_at IS NULL;

CREATE TABLE publication_proofs ( -- photos of the board on which it hangs as paper
    tenant_id UUID NOT NULL,
    publication_id UUID NOT NULL,
    photo_id UUID NOT NULL,
    added_by UUID,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, publication_id, photo_id),
    FOREIGN KEY (tenant_id, publication_id) REFERENCES publications (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id)
);
--@citus SELECT create_distributed_table('publication_proofs', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX publication_proofs_by_photo ON publication_proofs (tenant_id, photo_id);
