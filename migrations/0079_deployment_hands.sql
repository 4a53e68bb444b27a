-- Everybody who had a hand in a version of a deployment plan: made it, wrote in it, handed it in, or did so in the draft of which it is a copy.
-- The columns of deployment_plans have only the last of each, so that whoever wrote before them could approve it.

CREATE TABLE deployment_hands (
    tenant_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    account_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, plan_id, account_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id)
);
--@citus SELECT create_distributed_table('deployment_hands', 'tenant_id', colocate_with => 'tenants');

-- Of versions that are there already nobody knows more than the last of each.
INSERT INTO deployment_hands (tenant_id, plan_id, account_id)
    SELECT tenant_id, id, made_by FROM deployment_plans
    UNION SELECT tenant_id, id, changed_by FROM deployment_plans
    UNION SELECT tenant_id, id, submitted_by FROM deployment_plans WHERE submitted_by IS NOT NULL;
