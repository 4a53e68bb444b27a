-- A tag knows the position of its resident, so that a roll of a tag is read in its order and nobody else is met on the way.

ALTER TABLE resident_tags ADD COLUMN position BIGINT NOT NULL DEFAULT 0; -- of the resident
UPDATE resident_tags SET position = r.position FROM residents r
    WHERE r.tenant_id = resident_tags.tenant_id AND r.id = resident_tags.resident_id;
CREATE INDEX resident_tags_by_tag ON resident_tags (tenant_id, tag, position) WHERE until IS NULL;
