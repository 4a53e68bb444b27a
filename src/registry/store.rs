use codes::{IdentityNumber, Phone, Place};
use db::{Query, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{DoorRow, HouseholdCard, HouseholdKind};
use super::person::Ending;
use super::tag::{ResidenceState, Tag};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::place::Use;
use crate::search::{self, Terms, containing};
use crate::{in_batch, in_reach};

/// A page of residents, the latest registered first, each with its tags: one row for each tag.
macro_rules! residents {
    ($condition:expr, $account:literal, $roles:literal) => {
        concat!(
            "SELECT p.*, t.tag FROM (
                SELECT r.id, r.position, r.household_id, r.name, r.sex, r.birth_date, r.identity_sealed, r.phone_sealed, r.ended,
                    e.name AS estate_name, b.name AS building_name, u.key AS unit_key, d.room, h.head_name
                FROM residents r JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
                JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
                JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
                JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
                JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
                WHERE r.tenant_id = $1 AND ",
            $condition,
            " AND ",
            in_reach!($account, $roles, "$1", "b.estate_id", "b.grid_id", "NULL"),
            " ORDER BY r.position DESC LIMIT 64) p
            LEFT JOIN resident_tags t ON t.tenant_id = $1 AND t.resident_id = p.id AND t.until IS NULL
            ORDER BY p.position DESC, t.tag"
        )
    };
}

/// A resident within a scope whose text holds three patterns.
macro_rules! search {
    ($condition:expr, $account:literal, $roles:literal, $first:literal, $second:literal, $third:literal) => {
        concat!(
            "SELECT r.position FROM residents r JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
            WHERE r.tenant_id = $1 AND ",
            $condition,
            " AND r.search_text LIKE ",
            $first,
            " ESCAPE '\\' AND r.search_text LIKE ",
            $second,
            " ESCAPE '\\' AND r.search_text LIKE ",
            $third,
            " ESCAPE '\\' AND ",
            in_reach!($account, $roles, "$1", "b.estate_id", "b.grid_id", "NULL"),
            " ORDER BY r.position DESC"
        )
    };
}

statements! {
    /// A resident of a building whose whole name stands in a text. Names of two characters are left out: they are
    /// too often words.
    /// Of an estate, or of the whole community.
    ALL_NAMED_IN = "SELECT DISTINCT r.name FROM buildings b
        JOIN residents r ON r.tenant_id = b.tenant_id AND r.building_id = b.id AND r.ended IS NULL
        WHERE b.tenant_id = $1 AND (CAST($2 AS UUID) IS NULL OR b.estate_id = $2) AND LENGTH(r.name) >= 2
          AND CAST($3 AS TEXT) LIKE '%' || r.name || '%' ORDER BY r.name LIMIT 200";
    NAMED_IN = "SELECT r.name FROM residents r WHERE r.tenant_id = $1 AND r.building_id = $2 AND r.ended IS NULL AND LENGTH(r.name) >= 3
          AND CAST($3 AS TEXT) LIKE '%' || r.name || '%' LIMIT 1";
    SEARCH = search!(concat!("r.position IN ", in_batch!()), "$66", "$67", "$68", "$69", "$70");
    SEARCH_UNINDEXED = concat!(search!("NOT r.indexed AND r.position < $2", "$4", "$5", "$6", "$7", "$8"), " LIMIT $3");
    FOUND = residents!(concat!("r.position IN ", in_batch!()), "$66", "$67");
    UNINDEXED_TENANTS = "SELECT DISTINCT tenant_id FROM residents WHERE NOT indexed LIMIT 100";
    /// Gives the text as it stands when the row is marked, so that a change meanwhile is not lost.
    TAKE_UNINDEXED = "UPDATE residents SET indexed = TRUE WHERE tenant_id = $1 AND position IN
        (SELECT position FROM residents WHERE tenant_id = $1 AND NOT indexed ORDER BY position LIMIT $2)
        RETURNING position, search_text";
    BY_IDENTITY = residents!("r.identity_fingerprint = $4", "$2", "$3");
    BY_PHONE = residents!("r.phone_fingerprint = $4", "$2", "$3");

    /// The doors that a place names, one row for each household; what the place does not name is null.
    DOORS = concat!(
        "SELECT e.name AS estate_name, b.id AS building_id, b.name AS building_name, u.key AS unit_key, d.room,
            d.id AS dwelling_id, d.use AS usage, h.id AS household_id, h.head_name,
            (SELECT COUNT(*) FROM residents r WHERE r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL) AS people
        FROM estates e CROSS JOIN buildings b CROSS JOIN units u CROSS JOIN dwellings d
        LEFT JOIN households h ON h.tenant_id = d.tenant_id AND h.dwelling_id = d.id AND h.ended_at IS NULL
        WHERE b.tenant_id = e.tenant_id AND b.estate_id = e.id AND u.tenant_id = b.tenant_id AND u.building_id = b.id
            AND d.tenant_id = u.tenant_id AND d.unit_id = u.id AND e.tenant_id = $1 AND (CAST($4 AS TEXT) IS NULL OR e.name LIKE $4 ESCAPE '\\')
            AND (CAST($5 AS TEXT) IS NULL OR b.key = $5) AND (CAST($6 AS TEXT) IS NULL OR u.key = $6)
            AND (CAST($7 AS TEXT) IS NULL OR d.room = $7) AND (CAST($8 AS BIGINT) IS NULL OR d.floor = $8) AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY e.created_at, e.id, b.position, b.key, LENGTH(u.key), u.key, d.floor, d.room, h.head_name LIMIT 61"
    );
    BUILDINGS = concat!(
        "SELECT b.id, b.name, e.name AS estate_name,
            (SELECT COUNT(*) FROM dwellings d WHERE d.tenant_id = $1 AND d.building_id = b.id) AS dwellings
        FROM buildings b JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE b.tenant_id = $1 AND (CAST($4 AS TEXT) IS NULL OR e.name LIKE $4 ESCAPE '\\')
            AND (CAST($5 AS TEXT) IS NULL OR b.key = $5) AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY e.created_at, e.id, b.position, b.key LIMIT 100"
    );

    MATRIX = "SELECT u.key AS unit_key, d.id AS dwelling_id, d.floor, d.room, d.use AS usage, h.id AS household_id, r.id AS resident_id,
            r.residence_state, t.tag
        FROM dwellings d JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
        LEFT JOIN households h ON h.tenant_id = d.tenant_id AND h.dwelling_id = d.id AND h.ended_at IS NULL
        LEFT JOIN residents r ON r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL
        LEFT JOIN resident_tags t ON t.tenant_id = r.tenant_id AND t.resident_id = r.id AND t.until IS NULL
        WHERE d.tenant_id = $1 AND d.building_id = $2 ORDER BY LENGTH(u.key), u.key, h.created_at, h.id LIMIT 20000";

    HOUSEHOLD = concat!(
        "SELECT h.id, h.head_name, h.kind, h.lock_version, h.dwelling_id, h.updated_at, d.room, d.use AS usage, u.key AS unit_key,
            b.id AS building_id, b.name AS building_name, e.name AS estate_name, g.name AS grid_name
        FROM households h JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
        JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        LEFT JOIN grids g ON g.tenant_id = b.tenant_id AND g.id = b.grid_id
        WHERE h.tenant_id = $1 AND h.id = $4 AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL")
    );
    MEMBERS = "SELECT r.id, r.name, r.sex, r.birth_date, r.relation, r.ethnic_group, r.political_status, r.education,
            r.marital_status, r.registered_address, r.residence_state, r.workplace, r.identity_sealed, r.phone_sealed,
            r.health_sealed, r.note_sealed, r.ended, r.ended_at
        FROM residents r JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
        WHERE r.tenant_id = $1 AND r.household_id = $2
        ORDER BY CASE WHEN r.ended IS NULL THEN 0 ELSE 1 END, CASE WHEN r.name = h.head_name THEN 0 ELSE 1 END, COALESCE(r.birth_date, '9999'), r.id LIMIT 100";
    MEMBERS_TAGS = "SELECT t.resident_id, t.tag, t.since, t.evidence FROM resident_tags t
        WHERE t.tenant_id = $1 AND t.until IS NULL
          AND t.resident_id IN (SELECT r.id FROM residents r WHERE r.tenant_id = $1 AND r.household_id = $2)
        ORDER BY t.resident_id, t.tag LIMIT 1000";
    UNDER_ONE_ROOF = "SELECT h.id, h.head_name,
            (SELECT COUNT(*) FROM residents r WHERE r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL) AS people
        FROM households h WHERE h.tenant_id = $1 AND h.dwelling_id = $2 AND h.id <> $3 AND h.ended_at IS NULL ORDER BY h.created_at, h.id LIMIT 100";
    SEALED = concat!(
        "SELECT r.household_id, r.name, r.identity_sealed, r.phone_sealed, r.health_sealed, r.note_sealed
        FROM residents r JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
        JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        WHERE r.tenant_id = $1 AND r.id = $4 AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL")
    );

    IN_REACH = concat!("SELECT r.id FROM residents r JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
        WHERE r.tenant_id = $1 AND r.id = $4 AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"));
    SET_KIND = "UPDATE households SET kind = $4, lock_version = lock_version + 1, updated_at = $5
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    ANYBODY = "SELECT id FROM residents WHERE tenant_id = $1 LIMIT 1";
    POPULATION = "SELECT (SELECT COUNT(*) FROM households WHERE tenant_id = $1 AND ended_at IS NULL) AS households,
        (SELECT COUNT(*) FROM residents WHERE tenant_id = $1 AND ended IS NULL) AS people";
    CARD = "SELECT h.id, h.head_name, e.name AS estate_name, b.id AS building_id, b.name AS building_name, u.key AS unit_key,
            d.room, (SELECT COUNT(*) FROM residents r WHERE r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL) AS people
        FROM households h JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
        JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id WHERE h.tenant_id = $1 AND h.id = $2";
}

record! {
    struct Named { name: String }
    struct Somebody { id: Uuid }
    struct Population { households: i64, people: i64 }

    #[derive(Debug, Clone)]
    pub(super) struct ResidentRow {
        pub id: Uuid, pub household_id: Uuid, pub name: String, pub sex: String, pub birth_date: Option<String>,
        pub identity_sealed: Option<Vec<u8>>, pub phone_sealed: Option<Vec<u8>>, pub estate_name: String,
        pub building_name: String, pub unit_key: String, pub room: String, pub tag: Option<Tag>, pub ended: Option<Ending>, pub head_name: String,
    }
    #[derive(Debug, Clone)]
    pub(super) struct FoundDoor {
        pub estate_name: String, pub building_id: Uuid, pub building_name: String, pub unit_key: String, pub room: String,
        pub dwelling_id: Uuid, pub usage: Option<Use>, pub household_id: Option<Uuid>, pub head_name: Option<String>, pub people: i64,
    }
    #[derive(Debug, Clone)]
    pub(super) struct FoundBuilding { pub id: Uuid, pub name: String, pub estate_name: String, pub dwellings: i64 }

    #[derive(Debug, Clone)]
    pub(super) struct Household {
        pub id: Uuid, pub head_name: String, pub kind: Option<HouseholdKind>, pub lock_version: i64, pub dwelling_id: Uuid,
        pub updated_at: Timestamp, pub room: String,
        pub usage: Option<Use>, pub unit_key: String, pub building_id: Uuid, pub building_name: String,
        pub estate_name: String, pub grid_name: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub(super) struct Member {
        pub id: Uuid, pub name: String, pub sex: String, pub birth_date: Option<String>, pub relation: Option<String>,
        pub ethnic_group: Option<String>, pub political_status: Option<String>, pub education: Option<String>,
        pub marital_status: Option<String>, pub registered_address: Option<String>,
        pub residence_state: Option<ResidenceState>, pub workplace: Option<String>, pub identity_sealed: Option<Vec<u8>>,
        pub phone_sealed: Option<Vec<u8>>, pub health_sealed: Option<Vec<u8>>, pub note_sealed: Option<Vec<u8>>,
        pub ended: Option<Ending>, pub ended_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub(super) struct MemberTag { pub resident_id: Uuid, pub tag: Tag, pub since: Timestamp, pub evidence: String }
    #[derive(Debug, Clone)]
    pub(super) struct Neighbour { pub id: Uuid, pub head_name: String, pub people: i64 }
    pub(super) struct Sealed {
        pub household_id: Uuid, pub name: String, pub identity_sealed: Option<Vec<u8>>, pub phone_sealed: Option<Vec<u8>>,
        pub health_sealed: Option<Vec<u8>>, pub note_sealed: Option<Vec<u8>>,
    }
}

/// Whether anybody is registered yet.
pub(super) async fn anybody(tx: &mut Tx, tenant: Uuid) -> Result<bool> {
    Ok(tx.optional::<Somebody>(ANYBODY.bind(tenant)).await?.is_some_and(|somebody| !somebody.id.is_nil()))
}

/// Says how a household belongs here.
///
/// Errors: stale if somebody has changed the household since.
pub(super) async fn set_kind(
    tx: &mut Tx,
    act: &Act,
    household: &Household,
    seen: i64,
    kind: Option<HouseholdKind>,
) -> Result<()> {
    let row = SET_KIND.bind(act.tenant).bind(household.id).bind(seen).bind(kind).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这一户刚刚有别人改过，请刷新页面再看。".to_owned()));
    }
    let code = |kind: Option<HouseholdKind>| kind.map(|kind| kind.code().to_owned());
    let change = Change { field: "kind", old: code(household.kind), new: code(kind) };
    audit::record(tx, act, "update", ("household", household.id), "", &[change]).await
}

/// That a scope reaches a resident; not found otherwise.
pub async fn resident_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<()> {
    let found: Somebody = tx.one(IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?;
    if found.id == id { Ok(()) } else { Err(Error::NotFound) }
}

/// How many households and people are registered: counted rows.
pub async fn population(tx: &mut Tx, tenant: Uuid) -> Result<(i64, i64)> {
    let Population { households, people } = tx.one(POPULATION.bind(tenant)).await?;
    Ok((households, people))
}

/// Where a household lives and how many they are.
pub async fn household_card(tx: &mut Tx, tenant: Uuid, household: Uuid) -> Result<HouseholdCard> {
    Ok(tx.one(CARD.bind(tenant).bind(household)).await?)
}

/// So many people stand on a page.
pub(super) const PAGE: usize = 30;

/// Residents by parts of a name, its pinyin or initials, the latest registered first, and the position before which the
/// next page begins.
pub(super) async fn by_name(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    terms: &Terms,
    before: i64,
) -> Result<(Vec<ResidentRow>, Option<i64>)> {
    let conditions = |query: Query| {
        let query = query.bind(scope.account).bind(&scope.roles);
        terms.patterns().into_iter().fold(query, Query::bind)
    };
    let among = |batch: &[i64]| conditions(search::in_batch(SEARCH, tenant, batch));
    let unindexed = |before, most| conditions(SEARCH_UNINDEXED.bind(tenant).bind(before).bind(most));
    let hits = search::page(tx, (tenant, search::Kind::Resident, terms), among, unindexed, before, PAGE).await?;
    Ok((at_positions(tx, tenant, scope, &hits.positions).await?, hits.next))
}

/// The residents at up to 64 positions, the latest registered first, a row for each of their tags.
pub(super) async fn at_positions(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    positions: &[i64],
) -> Result<Vec<ResidentRow>> {
    let found = search::in_batch(FOUND, tenant, positions).bind(scope.account).bind(&scope.roles);
    Ok(tx.all(found).await?)
}

/// The tenants that have residents of whom the search does not know yet; at most 100.
pub async fn unindexed_tenants(tx: &mut Tx) -> Result<Vec<Uuid>> {
    search::tenants(tx, UNINDEXED_TENANTS).await
}

/// Lets the search know of some more residents, and tells of how many.
pub async fn index(tx: &mut Tx, tenant: Uuid, most: i64) -> Result<usize> {
    search::index(tx, tenant, search::Kind::Resident, TAKE_UNINDEXED, most).await
}

pub(super) async fn by_identity(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    number: &IdentityNumber,
) -> Result<Vec<ResidentRow>> {
    let found = BY_IDENTITY.bind(act.tenant).bind(scope.account).bind(&scope.roles);
    Ok(tx.all(found.bind(act.fingerprint("identity", number.as_str()))).await?)
}

pub(super) async fn by_phone(tx: &mut Tx, act: &Act, scope: &Scope, phone: &Phone) -> Result<Vec<ResidentRow>> {
    let found = BY_PHONE.bind(act.tenant).bind(scope.account).bind(&scope.roles);
    Ok(tx.all(found.bind(act.fingerprint("phone", phone.as_str()))).await?)
}

/// The doors of a place, and of one floor of it if that is given; 61 rows at most.
pub(super) async fn doors(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    place: &Place,
    floor: Option<i64>,
) -> Result<Vec<FoundDoor>> {
    let estate = place.estate.as_deref().map(containing);
    let doors = DOORS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(estate).bind(place.building.as_deref());
    Ok(tx.all(doors.bind(place.unit.as_deref()).bind(place.room.as_deref()).bind(floor)).await?)
}

pub(super) async fn buildings(tx: &mut Tx, tenant: Uuid, scope: &Scope, place: &Place) -> Result<Vec<FoundBuilding>> {
    let estate = place.estate.as_deref().map(containing);
    let found = BUILDINGS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(estate);
    Ok(tx.all(found.bind(place.building.as_deref())).await?)
}

pub(super) async fn matrix(tx: &mut Tx, tenant: Uuid, building: Uuid) -> Result<Vec<DoorRow>> {
    Ok(tx.all(MATRIX.bind(tenant).bind(building)).await?)
}

pub(super) async fn household(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Household> {
    Ok(tx.one(HOUSEHOLD.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The head first, then by age.
pub(super) async fn members(tx: &mut Tx, tenant: Uuid, household: Uuid) -> Result<Vec<Member>> {
    Ok(tx.all(MEMBERS.bind(tenant).bind(household)).await?)
}

pub(super) async fn members_tags(tx: &mut Tx, tenant: Uuid, household: Uuid) -> Result<Vec<MemberTag>> {
    Ok(tx.all(MEMBERS_TAGS.bind(tenant).bind(household)).await?)
}

/// The other households of a dwelling.
pub(super) async fn under_one_roof(tx: &mut Tx, tenant: Uuid, household: &Household) -> Result<Vec<Neighbour>> {
    Ok(tx.all(UNDER_ONE_ROOF.bind(tenant).bind(household.dwelling_id).bind(household.id)).await?)
}

pub(super) async fn sealed(tx: &mut Tx, tenant: Uuid, scope: &Scope, resident: Uuid) -> Result<Sealed> {
    Ok(tx.one(SEALED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(resident)).await?)
}

/// The name of a resident of a building that stands in a text, which then must not become public.
pub async fn named_in(tx: &mut Tx, tenant: Uuid, building: Uuid, text: &str) -> Result<Option<String>> {
    let named: Option<Named> = tx.optional(NAMED_IN.bind(tenant).bind(building).bind(text)).await?;
    Ok(named.map(|named| named.name))
}

/// The names of residents of an estate, or of the whole community, whose characters stand in a text; at most 200. A short one
/// may be a word.
pub async fn all_named_in(tx: &mut Tx, tenant: Uuid, estate: Option<Uuid>, text: &str) -> Result<Vec<String>> {
    let named: Vec<Named> = tx.all(ALL_NAMED_IN.bind(tenant).bind(estate).bind(text)).await?;
    Ok(named.into_iter().map(|named| named.name).collect())
}
