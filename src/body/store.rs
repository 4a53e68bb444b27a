use db::{Tx, record, statements};
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Kind, Part, Post};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::in_reach;

macro_rules! bodies {
    ($where:expr) => {
        concat!(
            "SELECT bo.id, bo.kind, bo.name, bo.estate_id, e.name AS estate_name, bo.term_began_on, bo.term_ends_on, bo.lock_version
            FROM bodies bo LEFT JOIN estates e ON e.tenant_id = bo.tenant_id AND e.id = bo.estate_id
            WHERE bo.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "$1", "bo.estate_id", "NULL", "NULL"),
            " AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO bodies (tenant_id, id, kind, name, estate_id, term_began_on, term_ends_on, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
    CHANGE = "UPDATE bodies SET name = $4, term_began_on = $5, term_ends_on = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    LIST = bodies!("1 = 1 ORDER BY bo.created_at, bo.id LIMIT 500");
    GET = bodies!("bo.id = $4");
    NAMED = bodies!("bo.name = $4");
    SIT = "INSERT INTO body_seats (tenant_id, id, body_id, name, part, post, since, woman) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    STAND_DOWN = "UPDATE body_seats SET until = $4 WHERE tenant_id = $1 AND body_id = $2 AND id = $3 AND until IS NULL";
    /// Whoever sits on a body on a day; a seat that ends on a day is not held on it.
    SEATS = "SELECT id, name, part, post, since, woman FROM body_seats
        WHERE tenant_id = $1 AND body_id = $2 AND since <= $3 AND (until IS NULL OR until > $3) ORDER BY name, id LIMIT 1001";
    /// Who sits on each body.
    ALL_SEATS = "SELECT body_id, id, name, part, post, since, woman FROM body_seats
        WHERE tenant_id = $1 AND since <= $2 AND (until IS NULL OR until > $2) ORDER BY name, id LIMIT 20000";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Body {
        pub id: Uuid, pub kind: Kind, pub name: String, pub estate_id: Option<Uuid>, pub estate_name: Option<String>,
        pub term_began_on: Option<String>, pub term_ends_on: Option<String>, pub lock_version: i64,
    }
    /// Somebody on a body.
    #[derive(Debug, Clone)]
    pub struct Seat {
        pub id: Uuid, pub name: String, pub part: Part, pub post: Post, pub since: String, pub woman: Option<bool>,
    }
    struct SeatOf { body_id: Uuid, id: Uuid, name: String, part: Part, post: Post, since: String, woman: Option<bool> }
}

#[derive(Debug, Clone)]
pub struct NewBody {
    pub kind: Kind,
    pub name: String,
    pub estate: Option<Uuid>,
    pub term: (Option<Date>, Option<Date>),
}

impl Body {
    pub fn term_began(&self) -> Option<Date> {
        self.term_began_on.as_deref()?.parse().ok()
    }

    pub fn term_ends(&self) -> Option<Date> {
        self.term_ends_on.as_deref()?.parse().ok()
    }

    /// Where it belongs, in words.
    pub fn place(&self) -> &str {
        self.estate_name.as_deref().unwrap_or("整个社区")
    }
}

impl Seat {
    /// `主任，居委会`
    pub fn words(&self) -> String {
        match self.post {
            Post::Representative => "居民代表".to_owned(),
            post => format!("{post}，{}", self.part),
        }
    }
}

/// The bodies within reach, the oldest first; at most 500. What belongs to the whole community is reached by whoever reaches it all.
pub async fn bodies(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Body>> {
    Ok(tx.all(LIST.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// A body within reach.
pub async fn body(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Body> {
    Ok(tx.one(GET.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// Who sits on a body on a day, by name; at most one more than a thousand.
pub async fn seats_on(tx: &mut Tx, tenant: Uuid, body: Uuid, day: Date) -> Result<Vec<Seat>> {
    Ok(tx.all(SEATS.bind(tenant).bind(body).bind(day.to_string())).await?)
}

/// Who sits on each body of a tenant on a day.
pub(super) async fn all_seats(tx: &mut Tx, tenant: Uuid, day: Date) -> Result<Vec<(Uuid, Seat)>> {
    let seats: Vec<SeatOf> = tx.all(ALL_SEATS.bind(tenant).bind(day.to_string())).await?;
    let seat =
        |SeatOf { body_id, id, name, part, post, since, woman }| (body_id, Seat { id, name, part, post, since, woman });
    Ok(seats.into_iter().map(seat).collect())
}

async fn refuse_taken(tx: &mut Tx, tenant: Uuid, id: Option<Uuid>, name: &str) -> Result<()> {
    let all = Scope::tenant();
    let same: Option<Body> = tx.optional(NAMED.bind(tenant).bind(all.account).bind(&all.roles).bind(name)).await?;
    if same.is_some_and(|same| Some(same.id) != id) {
        return Err(Error::refused("已经有一个同名的，请写清楚是哪个小区的"));
    }
    Ok(())
}

/// Errors: refused if the name is taken, or a body of this kind does not belong there.
pub async fn create(tx: &mut Tx, act: &Act, new: NewBody) -> Result<Uuid> {
    refuse_taken(tx, act.tenant, None, &new.name).await?;
    if !new.kind.fits(new.estate.is_some()) {
        return Err(Error::refused(match new.kind {
            Kind::PropertyCommittee => "物管会是一个小区的，请选小区".to_owned(),
            kind => format!("{kind}是整个社区的，不选小区"),
        }));
    }
    let id = act.id();
    let (began, ends) = new.term;
    let row = ADD.bind(act.tenant).bind(id).bind(new.kind).bind(&new.name).bind(new.estate);
    let row = row.bind(began.map(|day| day.to_string())).bind(ends.map(|day| day.to_string()));
    tx.execute(row.bind(act.at)).await?;
    audit::record(tx, act, "create", ("body", id), &new.name, &[]).await?;
    Ok(id)
}

/// Writes the name and the term of a body that somebody saw in some version.
///
/// Errors: stale if somebody else has changed it since.
pub(super) async fn change(
    tx: &mut Tx,
    act: &Act,
    before: &Body,
    name: &str,
    term: (Option<Date>, Option<Date>),
) -> Result<()> {
    refuse_taken(tx, act.tenant, Some(before.id), name).await?;
    let (began, ends) = (term.0.map(|day| day.to_string()), term.1.map(|day| day.to_string()));
    let row = CHANGE.bind(act.tenant).bind(before.id).bind(before.lock_version).bind(name);
    if tx.execute(row.bind(began.as_deref()).bind(ends.as_deref())).await? == 0 {
        return Err(Error::Stale("刚刚有别人改过，请看一下再改。".to_owned()));
    }
    let all = [
        ("name", Some(before.name.clone()), Some(name.to_owned())),
        ("term_began_on", before.term_began_on.clone(), began),
        ("term_ends_on", before.term_ends_on.clone(), ends),
    ];
    let changes: Vec<Change> = all
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| Change { field, old, new })
        .collect();
    audit::record(tx, act, "update", ("body", before.id), "", &changes).await
}
