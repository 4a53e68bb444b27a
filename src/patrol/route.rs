//! Routes, what is asked of them from a day on, their points, and the code that hangs at each.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Asked, RouteKind};
use super::store::{
    self, ADD_POINT, ADD_ROUTE, ASK, CANCEL_ROUNDS, CHANGE_POINT, CHANGE_ROUTE, Point, RENEW_CODE, ROUTE_NAMED, Route,
};
use crate::access::{Act, Link};
use crate::audit;
use crate::duty;
use crate::error::{Error, Result};
use crate::keys::Keys;

#[derive(Debug, Clone)]
pub struct RouteSketch {
    /// Whose people walk it.
    pub unit: Uuid,
    pub name: String,
    pub kind: RouteKind,
    pub asked: Asked,
    pub closed_at: Option<Timestamp>,
}

async fn refuse_taken(tx: &mut Tx, tenant: Uuid, id: Option<Uuid>, name: &str) -> Result<()> {
    let same: Option<Route> = tx.optional(ROUTE_NAMED.bind(tenant).bind(name)).await?;
    match same {
        Some(same) if Some(same.id) != id => Err(Error::refused("已经有同名的巡逻路线，换个名字")),
        _ => Ok(()),
    }
}

/// What is asked from the day of the act on.
async fn ask(tx: &mut Tx, act: &Act, route: Uuid, asked: &Asked) -> Result<()> {
    let day = duty::day_of(act.at).to_string();
    let row = ASK.bind(act.tenant).bind(route).bind(day).bind(asked.interval).bind(asked.tolerance).bind(asked.from);
    tx.execute(row.bind(asked.to).bind(asked.days).bind(asked.school)).await?;
    Ok(())
}

fn refuse_too_rare(asked: &Asked) -> Result<()> {
    asked.too_rare().map_or(Ok(()), |why| Err(Error::refused(why)))
}

/// Errors: refused if the name is taken, or so little is asked that nobody would have to come.
pub async fn create(tx: &mut Tx, act: &Act, new: &RouteSketch) -> Result<Uuid> {
    refuse_too_rare(&new.asked)?;
    refuse_taken(tx, act.tenant, None, &new.name).await?;
    let (id, asked) = (act.id(), &new.asked);
    let row = ADD_ROUTE.bind(act.tenant).bind(id).bind(new.unit).bind(&new.name).bind(new.kind).bind(asked.interval);
    let row = row.bind(asked.tolerance).bind(asked.from).bind(asked.to).bind(asked.days).bind(asked.school);
    tx.execute(row.bind(act.at)).await?;
    ask(tx, act, id, asked).await?;
    audit::record(tx, act, "create", ("patrol_route", id), "", &[]).await?;
    Ok(id)
}

/// What is asked now holds from today on. What is closed stays so: were it opened again, the days in between would count as days on which
/// nobody came. Rounds on which nobody has set out are called off with it, and how many they were is what this gives; whoever is on the way comes
/// back as usual.
///
/// Errors: refused if the name is taken, so little is asked that nobody would have to come, or a closed one were opened; stale if somebody else
/// was first.
pub async fn change(tx: &mut Tx, act: &Act, route: &Route, seen: i64, to: &RouteSketch) -> Result<u64> {
    if route.closed_at.is_some() && to.closed_at != route.closed_at {
        return Err(Error::refused("停走了的路线不能再开；要再走请登记一条新的，名字可以一样"));
    }
    // The name of one that is closed is free.
    if to.closed_at.is_none() {
        refuse_taken(tx, act.tenant, Some(route.id), &to.name).await?;
    }
    let asked = &to.asked;
    if *asked != route.asked() {
        refuse_too_rare(asked)?;
    }
    let row = CHANGE_ROUTE.bind(act.tenant).bind(route.id).bind(seen).bind(to.unit).bind(&to.name).bind(to.kind);
    let row = row.bind(asked.interval).bind(asked.tolerance).bind(asked.from).bind(asked.to).bind(asked.days);
    if tx.execute(row.bind(asked.school).bind(to.closed_at)).await? == 0 {
        return Err(Error::Stale("这条路线刚刚有变化，请看一下再改。".to_owned()));
    }
    if *asked != route.asked() {
        ask(tx, act, route.id, asked).await?;
    }
    let mut called_off = 0;
    if route.closed_at.is_none() && to.closed_at.is_some() {
        let today = duty::day_of(act.at).to_string();
        let row = CANCEL_ROUNDS.bind(act.tenant).bind(route.id).bind(today).bind(act.at).bind("路线停走了");
        called_off = tx.execute(row).await?;
    }
    let words = if called_off > 0 { format!("停走，取消了 {called_off} 轮") } else { String::new() };
    audit::record(tx, act, "update", ("patrol_route", route.id), &words, &[]).await?;
    Ok(called_off)
}

#[derive(Debug, Clone)]
pub struct PointSketch {
    /// The how many-th it is; the last if nothing is said.
    pub position: Option<i64>,
    pub name: String,
    pub school: Option<Uuid>,
    /// On the list of places.
    pub place: Option<Uuid>,
    pub closed_at: Option<Timestamp>,
}

/// The most points of a route that are walked.
const MOST_POINTS: usize = 60;

/// The most points of a route, those that are closed among them.
const MOST_EVER: usize = 180;

/// Adds points at the end, in their order.
///
/// Errors: refused if the route has a point of one of the names, or too many.
pub async fn add_points(tx: &mut Tx, act: &Act, route: Uuid, new: &[PointSketch]) -> Result<Vec<Uuid>> {
    let known = store::points_of(tx, act.tenant, route).await?;
    let open = || known.iter().filter(|point| point.closed_at.is_none());
    if open().count() + new.len() > MOST_POINTS {
        return Err(Error::refused(format!("一条路线最多 {MOST_POINTS} 个点，再多请分成两条")));
    }
    if known.len() + new.len() > MOST_EVER {
        return Err(Error::refused("这条路线停用过的点太多了，请登记一条新路线"));
    }
    let mut last = known.iter().map(|point| point.position).max().unwrap_or(0);
    let mut names: Vec<&str> = open().map(|point| point.name.as_str()).collect();
    let mut ids = Vec::new();
    for point in new {
        if names.contains(&point.name.as_str()) {
            return Err(Error::refused(format!("这条路线已经有叫“{}”的点", point.name)));
        }
        names.push(&point.name);
        last = point.position.unwrap_or(last + 1);
        let id = act.id();
        let row = ADD_POINT.bind(act.tenant).bind(id).bind(route).bind(last).bind(&point.name).bind(point.school);
        tx.execute(row.bind(point.place).bind(act.at)).await?;
        audit::record(tx, act, "create", ("patrol_point", id), "", &[]).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Errors: refused if the route has another point of the name, or a closed one were opened; stale if somebody else was first.
pub async fn change_point(tx: &mut Tx, act: &Act, point: &Point, seen: i64, to: &PointSketch) -> Result<()> {
    if point.closed_at.is_some() && to.closed_at != point.closed_at {
        return Err(Error::refused("停用了的点不能再开；要再走请加一个新的点，名字可以一样"));
    }
    let known = store::points_of(tx, act.tenant, point.route_id).await?;
    let same = |other: &Point| other.name == to.name && other.id != point.id && other.closed_at.is_none();
    if to.closed_at.is_none() && known.iter().any(same) {
        return Err(Error::refused(format!("这条路线已经有叫“{}”的点", to.name)));
    }
    let row = CHANGE_POINT.bind(act.tenant).bind(point.id).bind(seen).bind(to.position.unwrap_or(point.position));
    let row = row.bind(&to.name).bind(to.school).bind(to.place).bind(to.closed_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个点刚刚有变化，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("patrol_point", point.id), "", &[]).await
}

/// The code that hangs there is not good any more.
pub async fn renew_code(tx: &mut Tx, act: &Act, point: Uuid) -> Result<()> {
    tx.execute_one(RENEW_CODE.bind(act.tenant).bind(point)).await?;
    audit::record(tx, act, "renew_link", ("patrol_point", point), "", &[]).await
}

fn purpose(point: &Point) -> String {
    format!("patrol point {}", point.link_number)
}

/// The link behind the code that hangs at a point.
pub fn point_link(tenant: Uuid, point: &Point, keys: &Keys) -> Link {
    Link::signed(tenant, point.id, &purpose(point), keys)
}

/// Errors: not found by a code that was not made for this, or is not good any more.
pub async fn point_by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<Point> {
    let point = store::point(tx, link.tenant, link.id).await?;
    if point.closed_at.is_some() || !link.is_signed(&purpose(&point), keys) {
        return Err(Error::NotFound);
    }
    Ok(point)
}
