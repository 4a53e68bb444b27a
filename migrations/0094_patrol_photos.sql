-- 巡逻: what was seen on the way, as pictures beside the words.

CREATE TABLE patrol_photos (
    tenant_id UUID NOT NULL,
    check_id UUID NOT NULL, -- its note says what they show
    photo_id UUID NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, check_id, photo_id),
    FOREIGN KEY (tenant_id, check_id) REFERENCES patrol_checks (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id)
);
--@citus SELECT create_distributed_table('patrol_photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX patrol_photos_by_photo ON patrol_photos (tenant_id, photo_id);
