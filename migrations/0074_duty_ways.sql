-- 护学岗: peaks that are kept on some days of the week only, ways between schools, and of which school its own people are.

ALTER TABLE duty_slots ADD COLUMN weekdays INTEGER NOT NULL DEFAULT 127 CHECK (weekdays BETWEEN 1 AND 127); -- one bit a day, from Monday
ALTER TABLE duty_days ADD COLUMN follows INTEGER CHECK (follows BETWEEN 1 AND 7); -- whose lessons a day has that is made up for, from Monday; null: not said
ALTER TABLE duty_people ADD COLUMN school_id UUID; -- null: of no school; set of its guards, teachers and parents
CREATE INDEX duty_people_by_school ON duty_people (tenant_id, school_id) WHERE school_id IS NOT NULL;

CREATE TABLE duty_ways ( -- minutes from a post of one school to one of another; the way back may take longer
    tenant_id UUID NOT NULL,
    from_id UUID NOT NULL,
    to_id UUID NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, from_id, to_id),
    FOREIGN KEY (tenant_id, from_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, to_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (from_id <> to_id),
    CHECK (minutes BETWEEN 0 AND 240)
);
--@citus SELECT create_distributed_table('duty_ways', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_ways_back ON duty_ways (tenant_id, to_id);
