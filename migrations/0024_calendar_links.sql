-- The calendar of an account, which a phone reads by a secret address. The secret follows from the keys and the number.

CREATE TABLE calendar_links (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    number INTEGER NOT NULL, -- counts up with each new address; an earlier one leads nowhere
    open BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('calendar_links', 'tenant_id', colocate_with => 'tenants');
