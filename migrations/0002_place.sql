-- Where people live: estate → building → unit → dwelling; grids group buildings.

CREATE TABLE estates (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    station_address TEXT, -- of the 党群服务站
    property_company_id UUID,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, property_company_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('estates', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE grids (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    code TEXT NOT NULL, -- twelve digits of the community and three of sequence
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code)
);
--@citus SELECT create_distributed_table('grids', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE buildings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    estate_id UUID NOT NULL,
    grid_id UUID,
    name TEXT NOT NULL, -- as people write it: 3号楼, A座
    key TEXT NOT NULL, -- how it is looked up: 3, A
    position BIGINT NOT NULL, -- order among the buildings of an estate
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, estate_id, key),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, grid_id) REFERENCES grids (tenant_id, id)
);
--@citus SELECT create_distributed_table('buildings', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE units ( -- a stairwell; a building without units has one whose key is empty
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    building_id UUID NOT NULL,
    key TEXT NOT NULL,
    place_code TEXT NOT NULL, -- what its QR code leads to
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, building_id, key),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('units', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE place_codes (
    code TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    unit_id UUID NOT NULL
);
--@citus SELECT create_reference_table('place_codes');

CREATE TABLE dwellings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    building_id UUID NOT NULL,
    unit_id UUID NOT NULL,
    floor INTEGER NOT NULL,
    room TEXT NOT NULL,
    use TEXT, -- null: not known yet
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, unit_id, room),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id),
    FOREIGN KEY (tenant_id, unit_id) REFERENCES units (tenant_id, id)
);
--@citus SELECT create_distributed_table('dwellings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX dwellings_by_building ON dwellings (tenant_id, building_id);
CREATE INDEX dwellings_by_room ON dwellings (tenant_id, room);
