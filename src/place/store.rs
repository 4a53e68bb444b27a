use db::{Tx, record, statements};
use uuid::Uuid;

use super::model::{Building, Dwelling, Estate, Grid, Spot, Unit, Use};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::in_reach;

statements! {
    ADD_ESTATE = "INSERT INTO estates (tenant_id, id, name, station_address, property_company_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, name) DO NOTHING";
    ADD_GRID = "INSERT INTO grids (tenant_id, id, code, name) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, code) DO NOTHING";
    ADD_BUILDING = "INSERT INTO buildings (tenant_id, id, estate_id, name, key, position)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, estate_id, key) DO NOTHING";
    ADD_UNIT = "INSERT INTO units (tenant_id, id, building_id, key, place_code)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, building_id, key) DO NOTHING";
    ADD_PLACE_CODE = "INSERT INTO place_codes (code, tenant_id, unit_id) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING";
    ADD_DWELLING = "INSERT INTO dwellings (tenant_id, id, building_id, unit_id, floor, room)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, unit_id, room) DO NOTHING";
    SET_ESTATE = "UPDATE estates SET station_address = $3, property_company_id = $4 WHERE tenant_id = $1 AND id = $2";
    SET_GRID = "UPDATE buildings SET grid_id = $3 WHERE tenant_id = $1 AND id = $2";
    SET_USE = "UPDATE dwellings SET use = $3 WHERE tenant_id = $1 AND id = $2 AND (use IS NULL OR use <> $3)";

    ESTATE_BY_NAME = "SELECT id FROM estates WHERE tenant_id = $1 AND name = $2";
    BUILDING_BY_KEY = "SELECT id FROM buildings WHERE tenant_id = $1 AND estate_id = $2 AND key = $3";
    UNIT_BY_KEY = "SELECT id FROM units WHERE tenant_id = $1 AND building_id = $2 AND key = $3";
    DWELLING_BY_ROOM = "SELECT id FROM dwellings WHERE tenant_id = $1 AND unit_id = $2 AND room = $3";

    ESTATE = "SELECT id, name, station_address, property_company_id, created_at FROM estates WHERE tenant_id = $1 AND id = $2";
    ESTATES = "SELECT id, name, station_address, property_company_id, created_at FROM estates WHERE tenant_id = $1
        ORDER BY created_at, id LIMIT 500";
    SIZE = "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM estates WHERE tenant_id = $1 LIMIT $2) e) AS estates,
        (SELECT COUNT(*) FROM (SELECT 1 FROM grids WHERE tenant_id = $1 LIMIT $2) g) AS grids";
    GRID = "SELECT id, code, name FROM grids WHERE tenant_id = $1 AND id = $2";
    GRIDS = "SELECT id, code, name FROM grids WHERE tenant_id = $1 ORDER BY code LIMIT 1000";
    BUILDINGS = "SELECT id, estate_id, grid_id, name, key FROM buildings WHERE tenant_id = $1 AND estate_id = $2
        ORDER BY position, key LIMIT 1000";
    ALL_BUILDINGS = "SELECT b.id, b.estate_id, b.grid_id, b.name, b.key FROM buildings b
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE b.tenant_id = $1 ORDER BY e.created_at, e.id, b.position, b.key LIMIT 2000";
    UNITS = "SELECT id, building_id, key, place_code FROM units WHERE tenant_id = $1 AND building_id = $2
        ORDER BY LENGTH(key), key LIMIT 200";
    DWELLING = "SELECT id, building_id, unit_id, floor, room, use AS usage FROM dwellings WHERE tenant_id = $1 AND id = $2";
    UNIT_OF_CODE = "SELECT tenant_id, unit_id FROM place_codes WHERE code = $1";
    SPOT_OF_UNIT = "SELECT e.id AS estate_id, e.name AS estate_name, b.id AS building_id, b.name AS building_name,
            u.id AS unit_id, u.key AS unit_key, b.grid_id
        FROM units u JOIN buildings b ON b.tenant_id = u.tenant_id AND b.id = u.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id WHERE u.tenant_id = $1 AND u.id = $2";
    SPOT_OF_BUILDING = "SELECT e.id AS estate_id, e.name AS estate_name, b.id AS building_id, b.name AS building_name,
            CAST(NULL AS UUID) AS unit_id, '' AS unit_key, b.grid_id
        FROM buildings b JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE b.tenant_id = $1 AND b.id = $2";

    /// The estates that the scope reaches as a whole; one of them if $4 names it.
    ESTATES_WITHIN = concat!("SELECT e.id, e.name, e.station_address, e.property_company_id, e.created_at FROM estates e
        WHERE e.tenant_id = $1 AND (CAST($4 AS UUID) IS NULL OR e.id = $4) AND ",
        in_reach!("$2", "$3", "$1", "e.id", "NULL", "NULL"), " ORDER BY e.created_at, e.id LIMIT 1000");
    /// The estates of which the scope reaches at least one building, or the estate itself; one of them if $4 names it.
    ESTATES_IN_REACH = concat!(
        "SELECT e.id, e.name, e.station_address, c.name AS property_company, c.phone AS property_phone,
            COUNT(DISTINCT b.id) AS buildings, COUNT(d.id) AS dwellings
        FROM estates e
        LEFT JOIN organisations c ON c.tenant_id = e.tenant_id AND c.id = e.property_company_id
        LEFT JOIN buildings b ON b.tenant_id = e.tenant_id AND b.estate_id = e.id AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " LEFT JOIN dwellings d ON d.tenant_id = b.tenant_id AND d.building_id = b.id
        WHERE e.tenant_id = $1 AND (CAST($4 AS UUID) IS NULL OR e.id = $4) AND (b.id IS NOT NULL OR ",
        in_reach!("$2", "$3", "$1", "e.id", "NULL", "NULL"),
        ") GROUP BY e.id, e.name, e.station_address, e.created_at, c.name, c.phone ORDER BY e.created_at, e.id LIMIT 500"
    );
    BUILDINGS_IN_REACH = concat!(
        "SELECT b.id, b.name, g.name AS grid_name,
            (SELECT COUNT(*) FROM units u WHERE u.tenant_id = $1 AND u.building_id = b.id AND u.key <> '') AS units,
            (SELECT COUNT(*) FROM dwellings d WHERE d.tenant_id = $1 AND d.building_id = b.id) AS dwellings
        FROM buildings b LEFT JOIN grids g ON g.tenant_id = b.tenant_id AND g.id = b.grid_id
        WHERE b.tenant_id = $1 AND b.estate_id = $4 AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY b.position, b.key LIMIT 1000"
    );
    BUILDING_IN_REACH = concat!(
        "SELECT b.id, b.estate_id, b.grid_id, b.name, b.key FROM buildings b WHERE b.tenant_id = $1 AND b.id = $4 AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL")
    );
}

record! {
    struct Found { id: Uuid }
    struct Size { estates: i64, grids: i64 }
    struct CodeOwner { tenant_id: Uuid, unit_id: Uuid }

    /// An estate as the list of estates shows it; the counts are of what the reader may see.
    #[derive(Debug, Clone)]
    pub(super) struct ListedEstate {
        pub id: Uuid, pub name: String, pub station_address: Option<String>, pub property_company: Option<String>,
        pub property_phone: Option<String>, pub buildings: i64, pub dwellings: i64,
    }
    #[derive(Debug, Clone)]
    pub(super) struct ListedBuilding {
        pub id: Uuid, pub name: String, pub grid_name: Option<String>, pub units: i64, pub dwellings: i64,
    }
}

/// What stands behind a stairwell's QR code: the tenant and the place. `None` if nothing does.
pub async fn spot_by_code(tx: &mut Tx, code: &str) -> Result<Option<(Uuid, Spot)>> {
    let Some(owner) = tx.optional::<CodeOwner>(UNIT_OF_CODE.bind(codes::text::typed_code(code))).await? else {
        return Ok(None);
    };
    let spot = tx.optional(SPOT_OF_UNIT.bind(owner.tenant_id).bind(owner.unit_id)).await?;
    Ok(spot.map(|spot| (owner.tenant_id, spot)))
}

/// A stairwell as a place.
pub async fn spot_of_unit(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Spot> {
    Ok(tx.one(SPOT_OF_UNIT.bind(tenant).bind(unit)).await?)
}

/// A building as a place.
pub async fn spot(tx: &mut Tx, tenant: Uuid, building: Uuid) -> Result<Spot> {
    Ok(tx.one(SPOT_OF_BUILDING.bind(tenant).bind(building)).await?)
}

/// The estates of a tenant, oldest first; at most 500.
pub async fn estates(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Estate>> {
    Ok(tx.all(ESTATES.bind(tenant)).await?)
}

pub async fn estate(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Estate> {
    Ok(tx.one(ESTATE.bind(tenant).bind(id)).await?)
}

/// Whether a tenant has no more estates than `most`, and no more grids.
pub async fn has_at_most(tx: &mut Tx, tenant: Uuid, most: i64) -> Result<bool> {
    let Size { estates, grids } = tx.one(SIZE.bind(tenant).bind(most + 1)).await?;
    Ok(estates <= most && grids <= most)
}

/// The estates that a scope reaches as a whole, oldest first; at most 1000.
pub async fn estates_within(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Estate>> {
    Ok(tx.all(ESTATES_WITHIN.bind(tenant).bind(scope.account).bind(&scope.roles).bind(None::<Uuid>)).await?)
}

/// An estate that a scope reaches as a whole; not found otherwise.
pub async fn estate_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Estate> {
    Ok(tx.one(ESTATES_WITHIN.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The grids of a tenant by their codes; at most 1000.
pub async fn grids(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Grid>> {
    Ok(tx.all(GRIDS.bind(tenant)).await?)
}

pub async fn grid(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Option<Grid>> {
    Ok(tx.optional(GRID.bind(tenant).bind(id)).await?)
}

/// The buildings of an estate in the order of their numbers; at most 1000.
pub async fn buildings(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<Building>> {
    Ok(tx.all(BUILDINGS.bind(tenant).bind(estate)).await?)
}

/// Every building of a tenant, estate by estate; at most 2000.
pub async fn all_buildings(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Building>> {
    Ok(tx.all(ALL_BUILDINGS.bind(tenant)).await?)
}

/// The stairwells of a building; at most 200.
pub async fn units(tx: &mut Tx, tenant: Uuid, building: Uuid) -> Result<Vec<Unit>> {
    Ok(tx.all(UNITS.bind(tenant).bind(building)).await?)
}

pub async fn dwelling(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Dwelling> {
    Ok(tx.one(DWELLING.bind(tenant).bind(id)).await?)
}

/// A building that the scope reaches; not found otherwise.
pub async fn building_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Building> {
    Ok(tx.one(BUILDING_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn estates_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<ListedEstate>> {
    let estates = ESTATES_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(None::<Uuid>);
    Ok(tx.all(estates).await?)
}

/// The ids and names of the estates of which a scope reaches at least one building, oldest first.
pub async fn estates_touched(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<(Uuid, String)>> {
    let estates = estates_in_reach(tx, tenant, scope).await?;
    Ok(estates.into_iter().map(|estate| (estate.id, estate.name)).collect())
}

pub(super) async fn estate_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<ListedEstate> {
    Ok(tx.one(ESTATES_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn buildings_in_reach(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    estate: Uuid,
) -> Result<Vec<ListedBuilding>> {
    Ok(tx.all(BUILDINGS_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(estate)).await?)
}

/// Errors: refused if an estate of this name is there already.
pub async fn create_estate(
    tx: &mut Tx,
    act: &Act,
    name: &str,
    station_address: Option<&str>,
    property_company: Option<Uuid>,
) -> Result<Uuid> {
    let id = act.id();
    let estate = ADD_ESTATE.bind(act.tenant).bind(id).bind(name).bind(station_address).bind(property_company);
    if tx.execute(estate.bind(act.at)).await? == 0 {
        return Err(Error::refused(format!("已经有一个小区叫“{name}”，请直接使用")));
    }
    audit::record(tx, act, "create", ("estate", id), "", &[]).await?;
    Ok(id)
}

/// Where an estate's 党群服务站 is, and which company looks after it; `None` where there is none.
pub async fn set_estate(
    tx: &mut Tx,
    act: &Act,
    id: Uuid,
    station_address: Option<&str>,
    property_company: Option<Uuid>,
) -> Result<()> {
    tx.execute_one(SET_ESTATE.bind(act.tenant).bind(id).bind(station_address).bind(property_company)).await?;
    audit::record(tx, act, "update", ("estate", id), "", &[]).await
}

/// A grid by its code: the twelve digits of the community and three of sequence.
///
/// Errors: refused if the code is taken.
pub async fn create_grid(tx: &mut Tx, act: &Act, code: &str, name: &str) -> Result<Uuid> {
    let id = act.id();
    if tx.execute(ADD_GRID.bind(act.tenant).bind(id).bind(code).bind(name)).await? == 0 {
        return Err(Error::refused(format!("网格编码 {code} 已经有一个网格在用")));
    }
    audit::record(tx, act, "create", ("grid", id), "", &[]).await?;
    Ok(id)
}

/// Puts a building into a grid, from whatever grid it was in.
pub async fn assign_grid(tx: &mut Tx, act: &Act, building: Uuid, grid: Uuid) -> Result<()> {
    tx.execute_one(SET_GRID.bind(act.tenant).bind(building).bind(grid)).await?;
    audit::record(tx, act, "assign_grid", ("building", building), "", &[]).await
}

/// Notes what a dwelling serves for. `false` if that was known.
pub async fn set_use(tx: &mut Tx, act: &Act, dwelling: Uuid, usage: Use) -> Result<bool> {
    if tx.execute(SET_USE.bind(act.tenant).bind(dwelling).bind(usage)).await? == 0 {
        return Ok(false);
    }
    audit::record(tx, act, "set_use", ("dwelling", dwelling), "", &[]).await?;
    Ok(true)
}

/// The row that a query finds, by its identifier.
pub(super) async fn found(tx: &mut Tx, query: db::Query) -> Result<Option<Uuid>> {
    Ok(tx.optional::<Found>(query).await?.map(|row| row.id))
}
