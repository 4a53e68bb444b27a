-- 七彩四点半: whoever keeps a class by a link writes down what happened, and each look at one child of the help list is noted.

-- A name: whoever comes by a link has no account, and `written_by` and `account_id` are the volunteer. Null: the account says it.
ALTER TABLE class_incidents ADD COLUMN keeper_name TEXT;
ALTER TABLE class_incident_entries ADD COLUMN keeper_name TEXT;

-- The child of the class that came of an invitation, whose guardian sees who looked before.
ALTER TABLE class_help ADD COLUMN child_id UUID;
CREATE INDEX class_help_by_child ON class_help (tenant_id, child_id) WHERE child_id IS NOT NULL;

CREATE TABLE class_help_looks ( -- who has looked at one child of the list: once for each time that they said why
    tenant_id UUID NOT NULL,
    opening_id UUID NOT NULL,
    resident_id UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, opening_id, resident_id),
    FOREIGN KEY (tenant_id, opening_id) REFERENCES class_help_openings (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('class_help_looks', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX class_help_looks_by_resident ON class_help_looks (tenant_id, resident_id, opening_id);
