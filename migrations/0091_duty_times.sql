-- 护学岗, on which days: somebody can come in some peaks of some days of the week.

ALTER TABLE duty_people ADD COLUMN times BIGINT NOT NULL DEFAULT 0; -- when they can come: pairs of a weekday and a peak, one bit each, as (weekday - 1) * 5 + peak; 0: always
-- Whoever could come in a peak could come in it on each of the seven days.
UPDATE duty_people SET times = CASE WHEN peaks LIKE '%,morning_in,%' THEN 1108378657 ELSE 0 END
    + CASE WHEN peaks LIKE '%,noon_out,%' THEN 2216757314 ELSE 0 END
    + CASE WHEN peaks LIKE '%,noon_in,%' THEN 4433514628 ELSE 0 END
    + CASE WHEN peaks LIKE '%,evening_out,%' THEN 8867029256 ELSE 0 END
    + CASE WHEN peaks LIKE '%,late_out,%' THEN 17734058512 ELSE 0 END;
ALTER TABLE duty_people DROP COLUMN peaks;
