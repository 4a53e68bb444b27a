-- 护学岗, the day itself: whoever is called on standby is told and watched by the clock, why somebody does not come is sealed, and what was
-- needed at a post on a day of the past stays what it was.

ALTER TABLE duty_shifts ADD COLUMN absent_sealed BYTEA; -- why whoever is absent does not come; absent_why has only what was written before this

ALTER TABLE duty_calls ADD COLUMN watch_at BIGINT; -- when the clock looks whether the next has to be called; null once nobody waits for the answer
ALTER TABLE duty_calls ADD COLUMN texted_at BIGINT; -- when a short message was handed to the gateway
ALTER TABLE duty_calls ADD COLUMN ended_at BIGINT; -- nobody has to come any more, or whoever had accepted does not stand there after all
CREATE INDEX duty_calls_watched ON duty_calls (watch_at, tenant_id, id) WHERE watch_at IS NOT NULL;
DROP INDEX duty_calls_accepted;
CREATE UNIQUE INDEX duty_calls_accepted ON duty_calls (tenant_id, shift_id) WHERE accepted AND ended_at IS NULL;

ALTER TABLE duty_gates ADD COLUMN opened_at BIGINT; -- null: entered before this was noted
ALTER TABLE duty_slots ADD COLUMN opened_at BIGINT; -- the same

CREATE TABLE duty_gate_pasts ( -- what was needed at a post until it was changed
    tenant_id UUID NOT NULL,
    gate_id UUID NOT NULL,
    until_at BIGINT NOT NULL,
    seats INTEGER NOT NULL, -- 0: it was closed
    officers INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, gate_id, until_at),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id),
    CHECK (seats BETWEEN 0 AND 20),
    CHECK (officers BETWEEN 0 AND seats)
);
--@citus SELECT create_distributed_table('duty_gate_pasts', 'tenant_id', colocate_with => 'tenants');

CREATE INDEX duty_swaps_by_asker ON duty_swaps (tenant_id, from_id, asked_at);
CREATE INDEX duty_swaps_by_shift ON duty_swaps (tenant_id, shift_id, asked_at);
CREATE INDEX duty_people_by_unit ON duty_people (tenant_id, organisation_id, kind);
