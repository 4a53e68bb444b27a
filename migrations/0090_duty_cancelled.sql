-- 护学岗: whoever was to stand somewhere hears that they need not. What is cancelled at once, and why, is kept, so that each person gets one message,
-- and whoever gets none is called.

CREATE TABLE duty_cancellations ( -- shifts that were cancelled on one occasion
    tenant_id UUID NOT NULL,
    occasion_id UUID NOT NULL, -- the same for all that one change made needless
    shift_id UUID NOT NULL,
    why_sealed BYTEA NOT NULL, -- it may be an illness
    cancelled_at BIGINT NOT NULL,
    texted_at BIGINT, -- when whoever was to stand there got a short message
    told_at BIGINT, -- when the desk noted that it has told them
    told_by UUID,
    PRIMARY KEY (tenant_id, occasion_id, shift_id),
    FOREIGN KEY (tenant_id, shift_id) REFERENCES duty_shifts (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_cancellations', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_cancellations_by_shift ON duty_cancellations (tenant_id, shift_id);
CREATE INDEX duty_cancellations_untold ON duty_cancellations (tenant_id, cancelled_at) WHERE texted_at IS NULL AND told_at IS NULL;
