-- The cost of a role's work is told only of weeks in which enough people had the role.

ALTER TABLE work_weeks ADD COLUMN people BIGINT NOT NULL DEFAULT 0; -- how many had it in that week, at the least; nobody knows of earlier ones
