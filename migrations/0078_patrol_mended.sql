-- 巡逻, mended: how long a round takes, who set out, came back and entered what was told by radio, and a name that is free again once the route or
-- the point of that name is closed: what was closed stays closed, so that the figures of the past stay what they were.

ALTER TABLE patrol_rounds ADD COLUMN minutes INTEGER; -- how long it is expected to take; null where no time is set, and where it was planned before this was asked
ALTER TABLE patrol_rounds ADD COLUMN begun_person_id UUID; -- who of them set out first; null before this was noted
ALTER TABLE patrol_rounds ADD COLUMN begun_by UUID; -- the account that entered it at the desk; null: by their own phone
ALTER TABLE patrol_rounds ADD COLUMN ended_person_id UUID; -- who of them ended it; null where the desk did
ALTER TABLE patrol_rounds ADD COLUMN ended_by UUID;
ALTER TABLE patrol_checks ADD COLUMN entered_by UUID; -- of what was told by radio: who entered it
ALTER TABLE patrol_checks ADD COLUMN entered_at BIGINT; -- and when

DROP INDEX patrol_routes_by_name;
CREATE UNIQUE INDEX patrol_routes_by_name ON patrol_routes (tenant_id, name) WHERE closed_at IS NULL;
DROP INDEX patrol_points_by_name;
CREATE UNIQUE INDEX patrol_points_by_name ON patrol_points (tenant_id, route_id, name) WHERE closed_at IS NULL;
CREATE INDEX patrol_points_by_route ON patrol_points (tenant_id, route_id, position);
