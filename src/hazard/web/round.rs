//! Rounds: planned for a school, gone through line by line; and the list of places that they look at.

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, metres, of_schools, options, school_options, words};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::hazard::model::{PlaceKind, RoundState, Verdict};
use crate::hazard::round::{self, Answered, Line, Place, Round, Seen};
use crate::hazard::school::{self, School};
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::{HazardApprove, HazardRead, HazardWork};
    Routes::default()
        .get("/hazard-rounds", HazardRead, list)
        .post("/hazard-rounds", HazardWork, create)
        .get("/hazard-rounds/{id}", HazardRead, show)
        .post("/hazard-rounds/{id}/answers", HazardWork, finish)
        .post("/hazard-rounds/{id}/cancellation", HazardApprove, cancel)
        .get("/hazard-places", HazardRead, places)
        .post("/hazard-places", HazardWork, add_place)
        .post("/hazard-places/{id}/closure", HazardWork, close_place)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "hazard/web/rounds.html")]
struct RoundsPage {
    shell: Shell,
    rounds: Vec<Round>,
    next: Option<String>,
    schools: Options,
    form: Form,
    now: Timestamp,
    may_work: bool,
}

impl RoundsPage {
    fn deadline(&self, round: &Round) -> show::Deadline {
        show::deadline(round.planned_at, self.now, false)
    }
}

async fn rounds_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, before: Cursor) -> Result<RoundsPage> {
    let scope = viewer.scope(Permission::HazardRead);
    let mut tx = app.db.read().await?;
    let found = round::rounds(&mut tx, viewer.tenant, &scope, before, PAGE).await?;
    let schools = school_options(&school::schools(&mut tx, viewer.tenant, &scope).await?);
    let next = found.next.map(|cursor| format!("/hazard-rounds?before={cursor}"));
    let (now, may_work) = (app.means.now(), viewer.may(Permission::HazardWork));
    Ok(RoundsPage { shell, rounds: found.items, next, schools, form, now, may_work })
}

async fn list(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let form = Form::filled(&[("name", "开学季排查")]);
    page(&rounds_page(&app, &viewer, shell, form, before).await?)
}

async fn create(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let mut tx = app.db.begin().await?;
    let schools = school::schools(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork)).await?;
    let school = of_schools(&mut form, "school", &schools);
    let name = words(&mut form, "name", "叫什么", 2, 40);
    let by = form.last_day("by", "哪天前查完");
    let planned = match (school, by, form.ok()) {
        (Some(school), Some(by), true) => {
            let planned = round::plan(&mut tx, &act, &school, &name, by).await;
            form.noted("by", planned)?
        }
        _ => None,
    };
    let Some(id) = planned else {
        drop(tx);
        return page_again(&rounds_page(&app, &viewer, shell, form, Cursor::LAST).await?);
    };
    tx.commit().await?;
    Ok(redirect(&format!("/hazard-rounds/{id}"), "已安排，到现场一条一条看"))
}

#[derive(Template)]
#[template(path = "hazard/web/round.html")]
struct RoundPage {
    shell: Shell,
    round: Round,
    lines: Vec<Line>,
    answers: Vec<Answered>,
    form: Form,
    may_work: bool,
    may_cancel: bool,
}

impl RoundPage {
    fn verdicts(&self) -> Options {
        options(Verdict::ALL, Verdict::code, Verdict::label)
    }

    fn planned(&self) -> bool {
        self.round.state == RoundState::Planned
    }
}

async fn round_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<RoundPage> {
    let act = app.act(viewer, Permission::HazardRead)?;
    let mut tx = app.db.read().await?;
    let round = round::round(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardRead), id).await?;
    let lines = match round.state {
        RoundState::Planned => round::lines(&mut tx, &act, round.school_id).await?,
        _ => Vec::new(),
    };
    let answers = round::answers(&mut tx, viewer.tenant, id).await?;
    let (may_work, may_cancel) = (viewer.may(Permission::HazardWork), viewer.may(Permission::HazardApprove));
    Ok(RoundPage { shell, round, lines, answers, form, may_work, may_cancel })
}

async fn show(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&round_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn own(tx: &mut Tx, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<(Round, School)> {
    let scope = viewer.scope(permission);
    let round = round::round(tx, viewer.tenant, &scope, id).await?;
    let school = school::school(tx, viewer.tenant, &scope, round.school_id).await?;
    Ok((round, school))
}

async fn finish(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let mut tx = app.db.begin().await?;
    let (round, school) = own(&mut tx, &viewer, id, Permission::HazardWork).await?;
    let mut seen = Vec::new();
    for line in round::lines(&mut tx, &act, round.school_id).await? {
        let (verdict, said) = (format!("verdict-{}", line.key), format!("words-{}", line.key));
        let verdict = form.choice(&verdict, &format!("“{}”看得怎样", line.title), Verdict::parse);
        let problem = verdict == Some(Verdict::Problem);
        let said = words(&mut form, &said, "看到了什么", if problem { 4 } else { 0 }, 500);
        // A place of the list lies where it lies.
        let distance = match problem && line.place.is_none() {
            true => metres(&mut form, &format!("distance-{}", line.key), "离校门多少米（填数字）").unwrap_or(0),
            false => 0,
        };
        if let Some(verdict) = verdict {
            seen.push((line, Seen { verdict, words: said, distance }));
        }
    }
    let said = words(&mut form, "round_words", "别的情况", 0, 1000);
    if !form.ok() {
        drop(tx);
        return page_again(&round_page(&app, &viewer, shell, id, form).await?);
    }
    let found = round::finish(&mut tx, &act, &round, &school, &seen, &said).await?;
    tx.commit().await?;
    let done = match found {
        0 => "已登记，没有发现隐患".to_owned(),
        found => format!("已登记，{found} 处隐患进了台账，请定级、补照片"),
    };
    Ok(redirect(&format!("/hazard-rounds/{id}"), &done))
}

async fn cancel(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardApprove)?;
    let mut tx = app.db.begin().await?;
    let (round, _) = own(&mut tx, &viewer, id, Permission::HazardApprove).await?;
    let reason = words(&mut form, "cancel_words", "为什么取消", 2, 200);
    if !form.ok() {
        drop(tx);
        return page_again(&round_page(&app, &viewer, shell, id, form).await?);
    }
    round::cancel(&mut tx, &act, &round, &reason).await?;
    tx.commit().await?;
    Ok(redirect("/hazard-rounds", "这次排查已取消"))
}

#[derive(Template)]
#[template(path = "hazard/web/places.html")]
struct PlacesPage {
    shell: Shell,
    places: Vec<Place>,
    next: Option<String>,
    schools: Options,
    form: Form,
    /// The place at whose form something is wrong.
    failed: Option<Uuid>,
    may_work: bool,
}

impl PlacesPage {
    fn fails_at(&self, place: &Place) -> bool {
        self.failed == Some(place.id)
    }

    fn kinds(&self) -> Options {
        options(PlaceKind::ALL, PlaceKind::code, PlaceKind::label)
    }
}

async fn places_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    (form, failed): (Form, Option<Uuid>),
    after: Cursor,
) -> Result<PlacesPage> {
    let scope = viewer.scope(Permission::HazardRead);
    let mut tx = app.db.read().await?;
    let found = round::places(&mut tx, viewer.tenant, &scope, after, PAGE).await?;
    let schools = school_options(&school::schools(&mut tx, viewer.tenant, &scope).await?);
    let next = found.next.map(|cursor| format!("/hazard-places?after={cursor}"));
    let may_work = viewer.may(Permission::HazardWork);
    Ok(PlacesPage { shell, places: found.items, next, schools, form, failed, may_work })
}

async fn places(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    page(&places_page(&app, &viewer, shell, (Form::default(), None), after).await?)
}

async fn add_place(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let mut tx = app.db.begin().await?;
    let schools = school::schools(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork)).await?;
    let school = of_schools(&mut form, "school", &schools);
    let kind = form.choice("kind", "哪一类", PlaceKind::parse);
    let name = words(&mut form, "name", "名称", 2, 30);
    let place = words(&mut form, "place", "在哪里", 2, 60);
    let distance = metres(&mut form, "distance", "离校门多少米（填数字）");
    let busy = words(&mut form, "busy", "什么时候人多、乱", 0, 60);
    let added = match (school, kind, distance, form.ok()) {
        (Some(school), Some(kind), Some(distance), true) => {
            let added = round::add_place(&mut tx, &act, &school, kind, (&name, &place, &busy), distance).await;
            form.noted("name", added)?
        }
        _ => None,
    };
    if added.is_none() {
        drop(tx);
        return page_again(&places_page(&app, &viewer, shell, (form, None), Cursor::FIRST).await?);
    }
    tx.commit().await?;
    Ok(redirect("/hazard-places", "已登记，以后排查会逐个看"))
}

async fn close_place(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let mut tx = app.db.begin().await?;
    let place = round::place(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork), id).await?;
    let field = format!("reason-{id}");
    let reason = words(&mut form, &field, "为什么去掉", 2, 200);
    if place.closed_at.is_some() {
        return Err(Error::Stale("这个部位刚刚已经有人去掉了。".to_owned()));
    }
    if !form.ok() {
        drop(tx);
        return page_again(&places_page(&app, &viewer, shell, (form, Some(id)), Cursor::FIRST).await?);
    }
    round::close_place(&mut tx, &act, id, &reason).await?;
    tx.commit().await?;
    Ok(redirect("/hazard-places", "已去掉，以前的记录还在"))
}
