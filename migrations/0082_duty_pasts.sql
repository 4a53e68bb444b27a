-- 护学岗: on which weekdays a peak was kept until that was changed, and for how long a school that was taken up again had been given up: the figures
-- of those days stay what they were.

CREATE TABLE duty_slot_pasts ( -- on which days of the week a peak was kept until it was changed
    tenant_id UUID NOT NULL,
    slot_id UUID NOT NULL,
    until_at BIGINT NOT NULL,
    weekdays INTEGER NOT NULL, -- one bit a day, from Monday
    PRIMARY KEY (tenant_id, slot_id, until_at),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id),
    CHECK (weekdays BETWEEN 1 AND 127)
);
--@citus SELECT create_distributed_table('duty_slot_pasts', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE duty_closures ( -- a school was not guarded from a moment until another, when it was taken up again
    tenant_id UUID NOT NULL,
    school_id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, school_id, from_at),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (from_at <= until_at)
);
--@citus SELECT create_distributed_table('duty_closures', 'tenant_id', colocate_with => 'tenants');
