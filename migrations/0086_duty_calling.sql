-- 护学岗: whoever says days before that they do not come is not a matter of three minutes. Those on standby are called when the beginning is near.

ALTER TABLE duty_shifts ADD COLUMN call_at BIGINT; -- of an absence ahead: when the clock begins to call; null once it has, or where somebody was called at once
CREATE INDEX duty_shifts_to_call ON duty_shifts (call_at, tenant_id, id) WHERE call_at IS NOT NULL;
CREATE INDEX duty_shifts_absent ON duty_shifts (tenant_id, day, id) WHERE absent_at IS NOT NULL;
