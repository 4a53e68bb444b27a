-- Pictures of a session of 七彩四点半, sealed, for the guardians of whoever is in them.

CREATE TABLE class_pictures (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    content_sealed BYTEA NOT NULL, -- a JPEG
    thumbnail_sealed BYTEA NOT NULL,
    taken_by TEXT NOT NULL, -- a name: whoever comes by a link has no account
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES class_sessions (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_pictures', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_pictures_by_session ON class_pictures (tenant_id, session_id, added_at, id);
CREATE INDEX class_pictures_by_age ON class_pictures (tenant_id, added_at);

CREATE TABLE class_picture_children ( -- who is in a picture: each with a guardian who agrees to it
    tenant_id UUID NOT NULL,
    picture_id UUID NOT NULL,
    child_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, picture_id, child_id),
    FOREIGN KEY (tenant_id, picture_id) REFERENCES class_pictures (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_picture_children', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_picture_children_by_child ON class_picture_children (tenant_id, child_id, picture_id);
