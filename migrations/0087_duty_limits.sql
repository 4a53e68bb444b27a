-- 护学岗, who can and who must not: in which peaks somebody can come, where they must not stand, and posts at which nobody stands alone.

ALTER TABLE duty_people ADD COLUMN peaks TEXT NOT NULL DEFAULT ''; -- in which they can come, codes between commas: ,morning_in,noon_out, ; empty: in all
ALTER TABLE duty_gates ADD COLUMN pair BOOLEAN NOT NULL DEFAULT FALSE; -- two at once, or nobody

CREATE TABLE duty_bars ( -- where somebody must not stand, such as at the school of their own child
    tenant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    gate_id UUID, -- null: at none of the school's posts
    why_sealed BYTEA NOT NULL, -- for the desk alone: it may be about their family
    PRIMARY KEY (tenant_id, person_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_bars', 'tenant_id', colocate_with => 'tenants');
