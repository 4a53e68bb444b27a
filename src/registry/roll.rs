//! Rolls: the residents that an estate, a building, a grid, a tag, an age and a residence state have in common, page by
//! page, counted, and kept as a view that can be opened again.

use db::{Query, Statement, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::figures::AgeBand;
use super::store::{self, ResidentRow};
use super::tag::{ResidenceState, Tag};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::in_reach;

/// What the people of a roll have in common; what is not said does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    pub estate: Option<Uuid>,
    pub building: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub tag: Option<Tag>,
    pub age: Option<AgeBand>,
    pub state: Option<ResidenceState>,
}

/// The conditions of a roll; `$1` is the tenant, `$2` and `$3` the scope, `$4` to `$12` the filter.
macro_rules! conditions {
    () => {
        concat!(
            " r.tenant_id = $1 AND r.ended IS NULL AND b.tenant_id = r.tenant_id AND b.id = r.building_id
            AND (CAST($4 AS UUID) IS NULL OR b.estate_id = $4) AND (CAST($5 AS UUID) IS NULL OR r.building_id = $5)
            AND (CAST($6 AS UUID) IS NULL OR b.grid_id = $6) AND ($7 = '' OR r.residence_state = $7)
            AND (CAST($8 AS TEXT) IS NULL OR (r.birth_date > $8 AND r.birth_date <= $9)) AND (NOT $10 OR r.birth_date IS NULL)
            AND ($11 = '' OR EXISTS (SELECT 1 FROM resident_tags t WHERE t.tenant_id = r.tenant_id AND t.resident_id = r.id
                AND t.tag = $11 AND t.until IS NULL)) AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL")
        )
    };
}

statements! {
    /// The latest registered first.
    ANYWHERE = concat!("SELECT r.position FROM residents r CROSS JOIN buildings b WHERE r.position < $12 AND", conditions!(),
        " ORDER BY r.position DESC LIMIT $13");
    /// From the buildings of an estate to their people: whoever walked along the people would meet all others on the way.
    IN_ESTATE = concat!("SELECT r.position FROM buildings b CROSS JOIN residents r WHERE b.estate_id = $4 AND r.position < $12 AND",
        conditions!(), " ORDER BY r.position DESC LIMIT $13");
    /// The same for the buildings of a grid, and for all that somebody reaches.
    IN_BUILDINGS = concat!("SELECT r.position FROM buildings b CROSS JOIN residents r WHERE r.position < $12 AND", conditions!(),
        " ORDER BY r.position DESC LIMIT $13");
    IN_BUILDING = concat!("SELECT r.position FROM residents r CROSS JOIN buildings b WHERE r.building_id = $5 AND r.position < $12 AND",
        conditions!(), " ORDER BY r.position DESC LIMIT $13");
    COUNT = concat!("SELECT COUNT(*) AS amount FROM (SELECT r.position FROM residents r CROSS JOIN buildings b WHERE", conditions!(),
        " LIMIT 10001) c");
    COUNT_IN_ESTATE = concat!("SELECT COUNT(*) AS amount FROM (SELECT r.position FROM buildings b CROSS JOIN residents r
        WHERE b.estate_id = $4 AND", conditions!(), " LIMIT 10001) c");
    COUNT_IN_BUILDINGS = concat!("SELECT COUNT(*) AS amount FROM (SELECT r.position FROM buildings b CROSS JOIN residents r
        WHERE", conditions!(), " LIMIT 10001) c");
    COUNT_IN_BUILDING = concat!("SELECT COUNT(*) AS amount FROM (SELECT r.position FROM residents r CROSS JOIN buildings b
        WHERE r.building_id = $5 AND", conditions!(), " LIMIT 10001) c");
    /// What the figures of the buildings say of one facet.
    FIGURE = concat!("SELECT CAST(COALESCE(SUM(f.amount), 0) AS BIGINT) AS amount FROM buildings b
        JOIN building_figures f ON f.tenant_id = b.tenant_id AND f.building_id = b.id AND f.facet = $7
        WHERE b.tenant_id = $1 AND (CAST($4 AS UUID) IS NULL OR b.estate_id = $4) AND (CAST($5 AS UUID) IS NULL OR b.id = $5)
            AND (CAST($6 AS UUID) IS NULL OR b.grid_id = $6) AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"));
    /// The homes of a place, in walking order: stairwell by stairwell, from the top down; where people are asked for, only
    /// the homes of such people.
    HOMES = concat!("SELECT d.id AS dwelling_id, d.building_id, b.grid_id FROM estates e CROSS JOIN buildings b CROSS JOIN units u CROSS JOIN dwellings d
        WHERE e.tenant_id = $1 AND b.tenant_id = e.tenant_id AND b.estate_id = e.id AND u.tenant_id = b.tenant_id AND u.building_id = b.id
            AND d.tenant_id = u.tenant_id AND d.unit_id = u.id AND (d.use IS NULL OR d.use <> 'commercial')
            AND (CAST($4 AS UUID) IS NULL OR b.estate_id = $4) AND (CAST($5 AS UUID) IS NULL OR b.id = $5)
            AND (CAST($6 AS UUID) IS NULL OR b.grid_id = $6)
            AND (NOT $12 OR EXISTS (SELECT 1 FROM households h CROSS JOIN residents r
                WHERE h.tenant_id = d.tenant_id AND h.dwelling_id = d.id AND h.ended_at IS NULL AND r.tenant_id = h.tenant_id
                AND r.household_id = h.id AND r.ended IS NULL AND ($7 = '' OR r.residence_state = $7)
                AND (CAST($8 AS TEXT) IS NULL OR (r.birth_date > $8 AND r.birth_date <= $9)) AND (NOT $10 OR r.birth_date IS NULL)
                AND ($11 = '' OR EXISTS (SELECT 1 FROM resident_tags t WHERE t.tenant_id = r.tenant_id AND t.resident_id = r.id
                    AND t.tag = $11 AND t.until IS NULL))))
            AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY e.created_at, e.id, b.position, b.key, LENGTH(u.key), u.key, d.floor DESC, d.room LIMIT $13");
    VIEWS = "SELECT id, name, query, created_at FROM saved_views WHERE tenant_id = $1 AND account_id = $2 ORDER BY created_at, id LIMIT 30";
    ADD_VIEW = "INSERT INTO saved_views (tenant_id, id, account_id, name, query, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    REMOVE_VIEW = "DELETE FROM saved_views WHERE tenant_id = $1 AND account_id = $2 AND id = $3";
}

record! {
    struct At { position: i64 }
    struct Amount { amount: i64 }
    /// A home that somebody can be sent to.
    #[derive(Debug, Clone, Copy)]
    pub struct Home { pub dwelling_id: Uuid, pub building_id: Uuid, pub grid_id: Option<Uuid> }
    /// A filter that somebody comes back to.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub struct View { pub id: Uuid, pub name: String, pub query: String, pub created_at: Timestamp }
}

/// Counting stops here; a page then says 10,000+.
pub const COUNTED: i64 = 10_000;
/// So many people stand on a page.
pub const PAGE: usize = 30;

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// The facet of the figures that says how many there are, if one does.
    fn facet(&self) -> Option<String> {
        match (self.tag, self.age, self.state) {
            (None, None, None) => Some("people".to_owned()),
            (Some(tag), None, None) => Some(format!("tag:{}", tag.code())),
            (None, Some(age), None) => Some(format!("age:{}", age.code())),
            (None, None, Some(state)) => Some(format!("state:{}", state.code())),
            _ => None,
        }
    }

    /// Of the statements for a building, an estate, some buildings and everywhere the one that has least to look through.
    fn narrowest(&self, scope: &Scope, [building, estate, buildings, anywhere]: [Statement; 4]) -> Statement {
        match (self.building, self.estate) {
            (Some(_), _) => building,
            (_, Some(_)) => estate,
            _ if self.grid.is_some() || scope.account.is_some() => buildings,
            _ => anywhere,
        }
    }

    fn bind(&self, statement: Statement, tenant: Uuid, scope: &Scope, today: Date) -> Query {
        let query = statement.bind(tenant).bind(scope.account).bind(&scope.roles);
        let births = self.age.and_then(|age| age.births(today));
        let (first, last) = births.map_or((None, None), |(first, last)| (Some(first), Some(last)));
        query
            .bind(self.estate)
            .bind(self.building)
            .bind(self.grid)
            .bind(self.state.map_or("", ResidenceState::code))
            .bind(first)
            .bind(last)
            .bind(self.age == Some(AgeBand::Unknown))
            .bind(self.tag.map_or("", Tag::code))
    }
}

/// The positions of the people below a position, the highest first, and where the next page begins.
pub(super) async fn positions(
    tx: &mut Tx,
    (tenant, scope, today): (Uuid, &Scope, Date),
    filter: &Filter,
    before: i64,
    size: usize,
) -> Result<(Vec<i64>, Option<i64>)> {
    let statement = filter.narrowest(scope, [IN_BUILDING, IN_ESTATE, IN_BUILDINGS, ANYWHERE]);
    let query = filter.bind(statement, tenant, scope, today).bind(before).bind(size as i64 + 1);
    let found: Vec<At> = tx.all(query).await?;
    let mut positions: Vec<i64> = found.into_iter().map(|at| at.position).collect();
    let more = positions.len() > size;
    positions.truncate(size);
    let next = positions.last().copied().filter(|_| more);
    Ok((positions, next))
}

/// A page of a roll.
pub(super) async fn page(
    tx: &mut Tx,
    (tenant, scope, today): (Uuid, &Scope, Date),
    filter: &Filter,
    before: i64,
) -> Result<(Vec<ResidentRow>, Option<i64>)> {
    let (positions, next) = positions(tx, (tenant, scope, today), filter, before, PAGE).await?;
    Ok((store::at_positions(tx, tenant, scope, &positions).await?, next))
}

/// The homes of a filter, in walking order; one more than `most` at most.
pub async fn homes(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    filter: &Filter,
    today: Date,
    most: usize,
) -> Result<Vec<Home>> {
    let people = filter.tag.is_some() || filter.age.is_some() || filter.state.is_some();
    Ok(tx.all(filter.bind(HOMES, tenant, scope, today).bind(people).bind(most as i64 + 1)).await?)
}

/// How many people a roll has: by the figures where they say it, or else counted, and at most one more than [`COUNTED`].
pub(super) async fn count(tx: &mut Tx, tenant: Uuid, scope: &Scope, filter: &Filter, today: Date) -> Result<i64> {
    if let Some(facet) = filter.facet() {
        let query = FIGURE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(filter.estate);
        return Ok(tx.one::<Amount>(query.bind(filter.building).bind(filter.grid).bind(facet)).await?.amount);
    }
    let statement = filter.narrowest(scope, [COUNT_IN_BUILDING, COUNT_IN_ESTATE, COUNT_IN_BUILDINGS, COUNT]);
    Ok(tx.one::<Amount>(filter.bind(statement, tenant, scope, today)).await?.amount)
}

/// The views that somebody has kept; at most 30.
pub(super) async fn views(tx: &mut Tx, tenant: Uuid, account: Uuid) -> Result<Vec<View>> {
    Ok(tx.all(VIEWS.bind(tenant).bind(account)).await?)
}

/// Keeps a view under a name.
///
/// Errors: refused where thirty are kept already.
pub(super) async fn keep_view(tx: &mut Tx, act: &Act, name: &str, query: &str) -> Result<()> {
    let Some(account) = act.account else { return Err(Error::Forbidden) };
    if views(tx, act.tenant, account).await?.len() >= 30 {
        return Err(Error::refused("最多存 30 个名单，请先去掉不用的"));
    }
    let id = act.id();
    tx.execute(ADD_VIEW.bind(act.tenant).bind(id).bind(account).bind(name).bind(query).bind(act.at)).await?;
    audit::record(tx, act, "create", ("saved_view", id), "", &[]).await
}

pub(super) async fn remove_view(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(REMOVE_VIEW.bind(act.tenant).bind(act.account).bind(id)).await?;
    audit::record(tx, act, "remove", ("saved_view", id), "", &[]).await
}
