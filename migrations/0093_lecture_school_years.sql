-- 法治进校园: a school year turns, and each class moves up. What grade a class was in when it heard a lecture stays with the lecture, and what it was in
-- before the turn with the school year.

ALTER TABLE lecture_session_classes ADD COLUMN grade INTEGER NOT NULL DEFAULT 0; -- that of the class on the day of the lecture
UPDATE lecture_session_classes SET grade = (SELECT c.grade FROM lecture_classes c
    WHERE c.tenant_id = lecture_session_classes.tenant_id AND c.id = lecture_session_classes.class_id);

ALTER TABLE lecture_schools ADD COLUMN turned_year INTEGER; -- its classes have moved up last in the summer of this year

CREATE TABLE lecture_class_pasts ( -- in which grade a class was until it moved up or left
    tenant_id UUID NOT NULL,
    school_id UUID NOT NULL,
    year INTEGER NOT NULL, -- until 16 August of this year
    class_id UUID NOT NULL,
    grade INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, school_id, year, class_id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES lecture_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, class_id) REFERENCES lecture_classes (tenant_id, id),
    CHECK (grade BETWEEN 1 AND 12)
);
--@citus SELECT create_distributed_table('lecture_class_pasts', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX lecture_class_pasts_by_year ON lecture_class_pasts (tenant_id, year, class_id);
