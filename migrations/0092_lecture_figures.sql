-- 法治进校园: whoever voided something planned stands beside it with the reason, and what a quiz came to is counted by the classes that a lecture is
-- said to have been given for.

ALTER TABLE lecture_agreements ADD COLUMN voided_by UUID; -- an account; null of what was voided before this was kept
ALTER TABLE lecture_campaigns ADD COLUMN voided_by UUID;
ALTER TABLE lecture_calls ADD COLUMN voided_by UUID;

CREATE TABLE lecture_quiz_classes ( -- the part of each class in a quiz that is closed; of quizzes that were closed before this was kept there is none
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    phase TEXT NOT NULL,
    class_id UUID NOT NULL,
    sheets INTEGER NOT NULL,
    given INTEGER, -- who said how they liked it; null of a class in which too few did: lecture_scores has those together, if together they are enough
    good INTEGER, -- with four or five stars
    PRIMARY KEY (tenant_id, session_id, phase, class_id),
    FOREIGN KEY (tenant_id, session_id, phase) REFERENCES lecture_quizzes (tenant_id, session_id, phase),
    FOREIGN KEY (tenant_id, class_id) REFERENCES lecture_classes (tenant_id, id),
    CHECK (sheets >= 0),
    CHECK ((given IS NULL) = (good IS NULL)),
    CHECK (good BETWEEN 0 AND given)
);
--@citus SELECT create_distributed_table('lecture_quiz_classes', 'tenant_id', colocate_with => 'tenants');
