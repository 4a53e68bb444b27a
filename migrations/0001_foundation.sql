-- What every slice stands on: divisions, tenants, who may do what, the audit chain, the outbox, photos, settings, counters.
-- Moments are milliseconds since 1970 (UTC). Every row of a tenant carries tenant_id first in its key.

CREATE TABLE divisions (
    code TEXT NOT NULL PRIMARY KEY, -- twelve digits, GB/T 2260 and the statistical division code
    name TEXT NOT NULL,
    provisional BOOLEAN NOT NULL -- the last three digits are not known for certain
);
--@citus SELECT create_reference_table('divisions');

CREATE TABLE tenants (
    tenant_id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    division_code TEXT NOT NULL REFERENCES divisions (code),
    created_at BIGINT NOT NULL
);
--@citus SELECT create_distributed_table('tenants', 'tenant_id');

CREATE TABLE tenant_codes (
    code TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL
);
--@citus SELECT create_reference_table('tenant_codes');

CREATE TABLE organisations (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    parent_id UUID,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT, -- an office number that may be shown to residents
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES organisations (tenant_id, id) DEFERRABLE -- a backup comes back in any order
);
--@citus SELECT create_distributed_table('organisations', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE organisation_ancestors ( -- every organisation is also its own ancestor
    tenant_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    ancestor_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, organisation_id, ancestor_id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, ancestor_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('organisation_ancestors', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE accounts (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    login_name TEXT, -- null for people who enter by an invitation
    password_hash TEXT,
    password_expires_at BIGINT, -- from then on it only lets in to be changed
    pin_hash TEXT,
    failures INTEGER NOT NULL,
    locked_until BIGINT,
    disabled_at BIGINT,
    lock_version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('accounts', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX accounts_by_time ON accounts (tenant_id, created_at, id);

CREATE TABLE password_histories ( -- the last passwords of an account, the present one among them: none of them may come back
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    password_hash TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('password_histories', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX password_histories_by_account ON password_histories (tenant_id, account_id, set_at, id);

CREATE TABLE login_names (
    login_name TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL
);
--@citus SELECT create_reference_table('login_names');

CREATE TABLE grants ( -- a role, and how far it reaches: the whole tenant, an estate, a grid or an organisation with all below it
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    role TEXT NOT NULL,
    reach TEXT NOT NULL,
    reach_id UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('grants', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX grants_by_account ON grants (tenant_id, account_id, id);

CREATE TABLE invitations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('invitations', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX invitations_by_account ON invitations (tenant_id, account_id);

CREATE TABLE sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL, -- password or device
    secret_hash BYTEA NOT NULL,
    label TEXT NOT NULL, -- what the browser calls itself, shortened
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('sessions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id);

CREATE TABLE audit_heads ( -- the end of a tenant's chain; locking this row puts its writers in line
    tenant_id UUID NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id),
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
--@citus SELECT create_distributed_table('audit_heads', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE audit_entries (
    tenant_id UUID NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    account_id UUID,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    reason TEXT NOT NULL,
    fields TEXT NOT NULL, -- JSON: names of the fields that changed, each with a salted digest of its value
    hash BYTEA NOT NULL, -- over the entry before and this one
    PRIMARY KEY (tenant_id, position)
);
--@citus SELECT create_distributed_table('audit_entries', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX audit_entries_by_subject ON audit_entries (tenant_id, subject_id, position);

CREATE TABLE field_histories ( -- old values, sealed; a lawful erasure deletes rows here and the chain still verifies
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    position BIGINT NOT NULL, -- of the audit entry
    subject_id UUID NOT NULL,
    field TEXT NOT NULL,
    sealed BYTEA NOT NULL, -- old value, new value and the salt of the digest
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('field_histories', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX field_histories_by_subject ON field_histories (tenant_id, subject_id, position);

CREATE TABLE outbox_messages (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    available_at BIGINT NOT NULL, -- also the end of a lease: whoever leases a message moves this on
    attempts INTEGER NOT NULL,
    done_at BIGINT,
    failure TEXT,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('outbox_messages', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX outbox_messages_parked ON outbox_messages (tenant_id, id) WHERE failure IS NOT NULL;
CREATE INDEX outbox_messages_waiting ON outbox_messages (available_at, tenant_id, id) WHERE done_at IS NULL;

CREATE TABLE photos ( -- content-addressed: the same picture is kept once
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    digest TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    content BYTEA NOT NULL, -- JPEG, re-encoded, without metadata
    thumbnail BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    attached BOOLEAN NOT NULL, -- something shows it; what came with a form that was never sent is removed after a while
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, digest)
);
--@citus SELECT create_distributed_table('photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX photos_unattached ON photos (tenant_id, created_at) WHERE NOT attached;

CREATE TABLE settings (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    name TEXT NOT NULL,
    effective_from TEXT NOT NULL, -- a date
    value TEXT NOT NULL, -- JSON
    source TEXT NOT NULL, -- the law, norm or decision behind it
    set_by UUID,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name, effective_from)
);
--@citus SELECT create_distributed_table('settings', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE counters (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
--@citus SELECT create_distributed_table('counters', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE key_checks ( -- a known text sealed with each key in use, so that a wrong key file is noticed at once
    key_id TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
--@citus SELECT create_reference_table('key_checks');
