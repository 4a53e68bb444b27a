//! Honours and figures: what staff write down and read, and what of it everybody reads on the board.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::page;
use crate::access::{self, Need, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::volunteer::figures::{self, Figures, Wanted};
use crate::volunteer::honour::{self, Given, Honour, Shown};
use crate::volunteer::hours_model::in_words;
use crate::volunteer::{card, star};
use crate::web::{Form, Shell, redirect};

pub fn routes() -> Routes {
    use Permission::{VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/volunteer-honours", VolunteerRead, list)
        .post("/volunteers/{id}/honours", VolunteerEdit, give)
        .post("/volunteers/{id}/honours/{honour}/removal", VolunteerEdit, take_back)
        .get("/board/{code}/honours", Need::Public, board)
}

const PAGE: usize = 40;

/// So far back the figures go that stand on these pages; others are a report.
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// What a team has done, wherever.
struct Line {
    team: String,
    activities: i64,
    people: i64,
    hours: String,
}

struct Sums {
    activities: i64,
    people: i64,
    hours: String,
    stars: i64,
    lines: Vec<Line>,
}

impl Sums {
    fn of(figures: &Figures) -> Sums {
        let (activities, people, minutes) = figures.sums();
        let mut teams: Vec<(Uuid, &str, i64, i64, i64)> = Vec::new();
        for of in &figures.teams {
            match teams.iter_mut().find(|(id, ..)| *id == of.team_id) {
                Some((_, _, activities, people, minutes)) => {
                    *activities += of.activities;
                    *people += of.people;
                    *minutes += of.minutes;
                }
                None => teams.push((of.team_id, &of.team_name, of.activities, of.people, of.minutes)),
            }
        }
        let line = |(_, team, activities, people, minutes): (Uuid, &str, i64, i64, i64)| Line {
            team: team.to_owned(),
            activities,
            people,
            hours: in_words(minutes),
        };
        Sums {
            activities,
            people,
            hours: in_words(minutes),
            stars: figures.stars.iter().map(|of| of.people).sum(),
            lines: teams.into_iter().map(line).collect(),
        }
    }
}

async fn sums(tx: &mut db::Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<Sums> {
    let wanted = Wanted { scope, from: now - YEAR, until: now, estate: None, now };
    Ok(Sums::of(&figures::read(tx, tenant, &wanted).await?))
}

#[derive(Template)]
#[template(path = "volunteer/web/honours.html")]
struct ListPage {
    shell: Shell,
    sums: Sums,
    honours: Vec<Honour>,
    next: Option<String>,
    may_report: bool,
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let sums = sums(&mut tx, viewer.tenant, &scope, app.means.now()).await?;
    let honours = honour::list(&mut tx, viewer.tenant, &scope, before, PAGE).await?;
    let next = honours.next.map(|cursor| format!("/volunteer-honours?before={cursor}"));
    let may_report = viewer.may(Permission::ReportRead);
    crate::web::page(&ListPage { shell, sums, honours: honours.items, next, may_report })
}

async fn give(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let mut tx = app.db.begin().await?;
    let card = card::card_in_reach(&mut tx, &act, &viewer.scope(Permission::VolunteerEdit), id).await?;
    let sentence = "不要写电话或身份证号";
    let title = form.open_text("honour", "表彰名称", 2..=40, sentence);
    let by = form.open_text("given_by", "授予单位", 2..=40, sentence);
    let on = form.choice("honoured_on", "哪一天", |text| text.parse::<Date>().ok());
    let (Some(on), true) = (on, form.ok()) else {
        drop(tx);
        return page::again(&app, &viewer, shell, id, ("honour", form)).await;
    };
    let done = honour::give(&mut tx, &act, &card, &Given { title: &title, by: &by, on }).await;
    match form.ended(tx, "honoured_on", done).await? {
        Some(_) => Ok(redirect(&format!("/volunteers/{id}"), "已登记表彰")),
        None => page::again(&app, &viewer, shell, id, ("honour", form)).await,
    }
}

async fn take_back(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, honour)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let mut tx = app.db.begin().await?;
    card::card_in_reach(&mut tx, &act, &viewer.scope(Permission::VolunteerEdit), id).await?;
    let known = honour::of_volunteer(&mut tx, viewer.tenant, id).await?;
    let known = known.into_iter().find(|known| known.id == honour).ok_or(Error::NotFound)?;
    honour::take_back(&mut tx, &act, &known).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteers/{id}"), "已删去，经过里还有"))
}

/// Somebody who has agreed to stand on the board.
struct Honoured {
    name: String,
    rank: Option<String>,
    /// Nothing where none are booked yet.
    hours: Option<String>,
    honours: Vec<Honour>,
}

impl Honoured {
    fn has_something(&self) -> bool {
        self.rank.is_some() || self.hours.is_some() || !self.honours.is_empty()
    }
}

#[derive(Template)]
#[template(path = "volunteer/web/honours-board.html")]
struct BoardPage {
    shell: Shell,
    code: String,
    sums: Sums,
    honoured: Vec<Honoured>,
}

async fn board(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let now = app.means.now();
    let sums = sums(&mut tx, tenant.tenant_id, &Scope::tenant(), now).await?;
    let (shown, honours) = honour::shown(&mut tx, tenant.tenant_id, now).await?;
    let honoured = |one: Shown| Honoured {
        rank: star::rank(one.star),
        hours: (one.minutes > 0).then(|| in_words(one.minutes)),
        honours: honours.iter().filter(|honour| honour.volunteer_id == one.id).cloned().collect(),
        name: one.name,
    };
    let honoured = shown.into_iter().map(honoured).filter(Honoured::has_something).collect();
    crate::web::page(&BoardPage { shell: shell.of_community(&tenant.name, &tenant.code), code, sums, honoured })
}
