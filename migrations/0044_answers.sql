-- What another program or tenant is answered: how a link ended, who has approved a token, and what was filed under which key.

ALTER TABLE counterparts ADD COLUMN ending TEXT -- who has ended the link, and how
    CHECK (ending IS NULL OR (ended_at IS NOT NULL AND ending IN ('here', 'there', 'taken')));
UPDATE counterparts SET ending = 'here' WHERE ended_at IS NOT NULL;
-- What the other side has not got yet; who of one's own goes it is never told.
CREATE INDEX whistle_events_undelivered ON whistle_events (tenant_id, at) WHERE own AND delivered_at IS NULL AND kind <> 'assigned';

ALTER TABLE outbox_messages ADD COLUMN addressee UUID; -- who elsewhere it is for: what is for one goes one after the other

-- A token that shows what residents have said lets nobody in before somebody else has approved it.
ALTER TABLE api_tokens ADD COLUMN approved_by UUID CHECK (approved_by IS NULL OR approved_by <> created_by);
ALTER TABLE api_tokens ADD COLUMN approved_at BIGINT;

CREATE TABLE token_filings ( -- so that a program that asks again is answered again, and files once
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    token_id UUID NOT NULL,
    key TEXT NOT NULL, -- of the request, as the program has named it, or made of what was said
    said BYTEA NOT NULL, -- a keyed hash of what was said
    answer_sealed BYTEA, -- null only within the transaction that files
    filed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, token_id, key),
    FOREIGN KEY (tenant_id, token_id) REFERENCES api_tokens (tenant_id, id)
);
--@citus SELECT create_distributed_table('token_filings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX token_filings_by_time ON token_filings (tenant_id, filed_at);
