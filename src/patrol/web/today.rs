//! Today: who is out on each route, how long ago somebody was at each point, and what was seen on the way.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::{NO_NUMBERS, Note, day_or_today, photos_of};
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::duty;
use crate::error::Result;
use crate::hazard;
use crate::keys::Keys;
use crate::patrol::figure::{self, Today, hours};
use crate::patrol::model::{Rounds, Standing, Walked};
use crate::patrol::round;
use crate::patrol::store::{self, Check, Point, Round};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{photo, settings};

pub fn routes() -> Routes {
    use Permission::{DutyPlan, DutyRead};
    Routes::default().get("/patrols", DutyRead, today).post("/patrol-notes/{id}/answer", DutyPlan, answer)
}

#[derive(Deserialize)]
struct Asked {
    day: Option<String>,
}

#[derive(Template)]
#[template(path = "patrol/web/today.html")]
struct TodayPage {
    shell: Shell,
    routes: Vec<Today>,
    notes: Vec<Note>,
    day: Date,
    before: Date,
    after: Date,
    usual: Rounds,
    now: Timestamp,
    may_plan: bool,
    may_edit: bool,
    form: Form,
    failed: Option<Uuid>,
}

impl TodayPage {
    fn title(&self) -> String {
        duty::short_day(self.day)
    }

    fn is_today(&self) -> bool {
        self.day == duty::day_of(self.now)
    }

    fn hours(&self, of: &Today) -> String {
        of.of.asked.as_ref().map_or(String::new(), |asked| hours(asked.from, asked.to))
    }

    /// Why it is not walked, and whether that is only not known.
    fn not_walked<'a>(&self, of: &'a Today) -> Option<(&'a str, bool)> {
        match &of.of.walked {
            Walked::Yes => None,
            Walked::No(why) => Some((why, false)),
            Walked::Unknown(why) => Some((why, true)),
        }
    }

    fn late(&self, of: &Today) -> usize {
        of.late(self.now).len()
    }

    fn standing(&self, of: &Today, point: &Point) -> Option<Standing> {
        of.of.standing(point.id, self.now)
    }

    /// The class of a tag with its words: the sign says the same as the colour.
    fn tag(&self, of: &Today, point: &Point) -> (&'static str, String) {
        match (self.standing(of, point), of.of.of_point(point.id)) {
            (Some(at), _) if at.late && !at.visited => ("late", format!("✕ {} 分钟，还没有人到过", at.minutes)),
            (Some(at), _) if at.late => ("late", format!("✕ {} 分钟没有人到", at.minutes)),
            (Some(at), _) if at.due_now => ("soon", format!("！该到了，已 {} 分钟", at.minutes)),
            (Some(at), _) if at.visited => ("done", format!("✓ {} 分钟前到过", at.minutes)),
            (Some(_), _) => ("", "还没有人到过".to_owned()),
            (None, Some(kept)) if kept.broken().count() > 0 => {
                ("late", format!("✕ 最长 {} 分钟没有人到", kept.sum().longest))
            }
            (None, Some(kept)) => ("done", format!("✓ 最长间隔 {} 分钟", kept.sum().longest)),
            (None, None) => ("", "还没到时间".to_owned()),
        }
    }

    fn clock(&self, at: &Timestamp) -> String {
        duty::clock(*at)
    }

    fn state(&self, round: &Round) -> (&'static str, &'static str) {
        round::standing(round, self.usual.round_minutes, self.now)
    }

    fn names(&self, of: &Today, round: &Round) -> String {
        round::names(&of.walkers, round.id)
    }

    fn opened(&self, check: &Check) -> bool {
        self.failed == Some(check.id)
    }
}

/// The notes that wait, each with what the lists know of its point.
async fn notes(tx: &mut Tx, viewer: &Viewer, keys: &Keys) -> Result<Vec<Note>> {
    let scope = viewer.scope(Permission::DutyRead);
    let waiting = store::waiting(tx, viewer.tenant, &scope).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    // A route may have been closed since.
    let points = store::points(tx, viewer.tenant, &scope, Timestamp::UNIX_EPOCH).await?;
    let points: HashMap<Uuid, Point> = points.into_iter().map(|point| (point.id, point)).collect();
    let places = hazard::listed_places(tx, viewer.tenant, &Scope::tenant()).await?;
    let routes = store::routes_within(tx, viewer.tenant, &scope).await?;
    let photos = store::photos_waiting(tx, viewer.tenant, &scope).await?;
    let of = |check: Check| {
        let point = points.get(&check.point_id);
        let place = point.and_then(|point| point.place_id);
        let place = place.and_then(|id| places.iter().find(|place| place.id == id)).cloned();
        let around = routes.iter().find(|route| route.id == check.route_id).and_then(|route| route.school_id);
        let school = place.as_ref().map(|place| place.school_id).or(point.and_then(|point| point.school_id)).or(around);
        let photos = photos_of(&photos, &check);
        let carried = photo::carried(keys, viewer.tenant, &photos);
        Note { check, photos, carried, school, place }
    };
    Ok(waiting.into_iter().map(of).collect())
}

async fn today_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    day: Option<&str>,
    (form, failed): (Form, Option<Uuid>),
) -> Result<TodayPage> {
    let now = app.means.now();
    let day = day_or_today(day, now);
    let mut tx = app.db.read().await?;
    let routes = figure::of_day(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyRead), day, now).await?;
    let notes = notes(&mut tx, viewer, &app.means.keys).await?;
    let shifted = |days: i64| day.checked_add(days.days()).unwrap_or(day);
    Ok(TodayPage {
        shell,
        routes,
        notes,
        day,
        before: shifted(-1),
        after: shifted(1),
        usual: settings::read(&mut tx, viewer.tenant, now).await?,
        now,
        may_plan: viewer.may(Permission::DutyPlan),
        may_edit: viewer.may(Permission::DutyEdit),
        form,
        failed,
    })
}

async fn today(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    page(&today_page(&app, &viewer, shell, asked.day.as_deref(), (Form::default(), None)).await?)
}

/// What was seen is no hazard; whoever looked at it says what came of it.
async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let check = store::check_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    let words = form.open_text("answer", "怎么处理的", 2..=200, NO_NUMBERS);
    if form.ok() {
        let done = round::answer(&mut tx, &act, &check, &words).await;
        if form.ended(tx, "answer", done).await?.is_some() {
            return Ok(redirect("/patrols", "已记下"));
        }
    } else {
        drop(tx);
    }
    page_again(&today_page(&app, &viewer, shell, None, (form, Some(id))).await?)
}
