//! Two who may be one person, for somebody to look at.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::registry::life::{self, Verdict};
use crate::registry::particular::Particular;
use crate::registry::person::{self, Person};
use crate::registry::store::{self, Household};
use crate::web::{Form, Shell, page, redirect};

pub fn routes() -> Routes {
    use Permission::ResidentMerge;
    Routes::default().get("/doubles", ResidentMerge, list).post("/doubles/{double}/decision", ResidentMerge, decide)
}

const PAGE: usize = 10;

/// Two records beside each other.
struct Pair {
    id: Uuid,
    why: String,
    one: (Person, Household),
    other: (Person, Household),
    /// A field, what each of the two has, and whether they differ.
    rows: Vec<(&'static str, String, String, bool)>,
}

#[derive(Template)]
#[template(path = "registry/web/doubles.html")]
struct DoublesPage {
    shell: Shell,
    pairs: Vec<Pair>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentMerge)?;
    let scope = viewer.scope(Permission::ResidentMerge);
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let mut tx = app.db.read().await?;
    let doubles = life::doubles(&mut tx, viewer.tenant, &scope, after, PAGE).await?;
    let mut pairs = Vec::new();
    for double in doubles.items {
        let one = record(&mut tx, &act, &scope, double.one_id).await?;
        let other = record(&mut tx, &act, &scope, double.other_id).await?;
        let rows = compared(&one.0, &other.0);
        pairs.push(Pair { id: double.id, why: double.why, one, other, rows });
    }
    let next = doubles.next.map(|cursor| format!("/doubles?after={cursor}"));
    page(&DoublesPage { shell, pairs, next })
}

async fn record(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<(Person, Household)> {
    let person = person::person(tx, act, id).await?;
    let household = store::household(tx, act.tenant, scope, person.household).await?;
    Ok((person, household))
}

fn compared(one: &Person, other: &Person) -> Vec<(&'static str, String, String, bool)> {
    let row = |particular: &Particular| {
        let shown = |person: &Person| person.get(*particular).map_or_else(String::new, |kept| particular.masked(kept));
        let known = one.get(*particular).is_some() || other.get(*particular).is_some();
        let differ = one.get(*particular) != other.get(*particular);
        known.then(|| (particular.label(), shown(one), shown(other), differ))
    };
    Particular::ALL.iter().filter_map(row).collect()
}

async fn decide(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentMerge)?;
    let scope = viewer.scope(Permission::ResidentMerge);
    let mut tx = app.db.begin().await?;
    let double = life::double(&mut tx, viewer.tenant, id).await?;
    for id in [double.one_id, double.other_id] {
        record(&mut tx, &act, &scope, id).await?;
    }
    let Some(verdict) = form.choice("verdict", "是不是同一个人", Verdict::parse) else {
        return Ok(redirect("/doubles", "请选择是不是同一个人"));
    };
    life::decide(&mut tx, &act, id, verdict).await?;
    tx.commit().await?;
    let flash = match verdict {
        Verdict::Same => "已合并，两条登记里的内容都在",
        Verdict::Different => "已记下：不是同一个人",
    };
    Ok(redirect("/doubles", flash))
}
