-- What Citus would refuse, or answer slowly, in a schema on plain PostgreSQL: any row is a violation.
-- $1 names the tables that are not distributed, with commas between.
WITH reference AS (
    SELECT unnest(string_to_array($1, ',')) AS name
), tenant_tables AS (
    SELECT c.oid, CAST(c.relname AS TEXT) AS name, a.attnum AS tenant, a.attnotnull AS always, format_type(a.atttypid, NULL) AS type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT IN (SELECT name FROM reference)
)
SELECT name, 'has no tenant_id UUID NOT NULL' AS why FROM tenant_tables
WHERE tenant IS NULL OR NOT always OR type <> 'uuid'
UNION ALL
SELECT t.name, 'has a unique index without tenant_id: ' || CAST(CAST(i.indexrelid AS REGCLASS) AS TEXT)
FROM tenant_tables t JOIN pg_index i ON i.indrelid = t.oid
WHERE i.indisunique AND NOT (t.tenant = ANY (CAST(i.indkey AS INT2[])))
UNION ALL
SELECT t.name, 'has a primary key that does not begin with tenant_id'
FROM tenant_tables t JOIN pg_index i ON i.indrelid = t.oid
WHERE i.indisprimary AND i.indkey[0] <> t.tenant
UNION ALL
SELECT t.name, 'has no primary key' FROM tenant_tables t
WHERE NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)
UNION ALL
SELECT t.name, 'has a foreign key that does not go by tenant_id: ' || CAST(f.conname AS TEXT)
FROM tenant_tables t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
JOIN tenant_tables r ON r.oid = f.confrelid
WHERE NOT EXISTS (
    SELECT 1 FROM generate_subscripts(f.conkey, 1) s WHERE f.conkey[s] = t.tenant AND f.confkey[s] = r.tenant)
UNION ALL
SELECT t.name, 'has a foreign key that acts on its own: ' || CAST(f.conname AS TEXT)
FROM tenant_tables t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
WHERE f.confdeltype IN ('n', 'd') OR f.confupdtype <> 'a'
UNION ALL
SELECT t.name, 'has a trigger: ' || CAST(g.tgname AS TEXT)
FROM tenant_tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT t.name, 'has a sequence: ' || CAST(a.attname AS TEXT)
FROM tenant_tables t JOIN pg_attribute a ON a.attrelid = t.oid
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
WHERE a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval%'
