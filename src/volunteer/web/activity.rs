//! Activities for staff: the list, the form, and the page of one, which whoever leads the team has too (`leading`).

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use calendar::shanghai;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::desk::standing_teams;
use super::leading::{self, ActivityPage, Reached};
use super::{Options, labels, named, told};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::volunteer::activity::{self, Following};
use crate::volunteer::activity_model::{Plan, Risk, Rules, Span};
use crate::volunteer::activity_store::{self, Activity, Named};
use crate::volunteer::hours;
use crate::volunteer::hours_model::Kind;
use crate::volunteer::model::Joining;
use crate::volunteer::presence;
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{audit, place, settings};

pub fn routes() -> Routes {
    use Permission::{HoursApprove, VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/activities", VolunteerRead, list)
        .get("/activities/new", VolunteerEdit, new)
        .post("/activities", VolunteerEdit, create)
        .get("/activities/{id}", VolunteerRead, show)
        .get("/activities/{id}/particulars", VolunteerEdit, edit)
        .post("/activities/{id}/particulars", VolunteerEdit, change)
        .post("/activities/{id}/cancellation", VolunteerEdit, cancel)
        .get("/activities/{id}/photos/{photo}", VolunteerRead, photo)
        .post("/activities/{id}/photos/{photo}/removal", VolunteerEdit, drop_photo)
        .get("/activities/{id}/wall", VolunteerEdit, wall)
        .post("/activities/{id}/sign-ups", VolunteerEdit, sign_up)
        .post("/activities/{id}/sign-ups/{sign_up}/removal", VolunteerEdit, give_up)
        .post("/activities/{id}/sign-ups/{sign_up}/claim", VolunteerEdit, decide)
        .post("/activities/{id}/presence", VolunteerEdit, presence)
        .post("/activities/{id}/hours", VolunteerEdit, confirm_hours)
        .post("/activities/{id}/hours/approval", HoursApprove, approve_hours)
}

const PAGE: usize = 40;
/// How far ahead something can be planned, in days.
const AHEAD: i64 = 366;

#[derive(Template)]
#[template(path = "volunteer/web/activities.html")]
struct ListPage {
    shell: Shell,
    activities: Vec<Activity>,
    past: bool,
    next: Option<String>,
    now: Timestamp,
    may_edit: bool,
}

impl ListPage {
    fn standing(&self, activity: &Activity) -> String {
        activity.standing(self.now)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    past: String,
    at: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let now = app.means.now();
    let past = asked.past == "yes";
    let at = asked.at.and_then(|text| text.parse().ok());
    let mut tx = app.db.read().await?;
    let found = match past {
        true => activity_store::past(&mut tx, viewer.tenant, &scope, now, at.unwrap_or(Cursor::LAST), PAGE).await?,
        false => {
            let first = at.unwrap_or(Cursor::FIRST);
            activity_store::coming(&mut tx, viewer.tenant, &scope, now, first, PAGE).await?
        }
    };
    let which = if past { "past=yes&" } else { "" };
    page(&ListPage {
        shell,
        activities: found.items,
        past,
        next: found.next.map(|cursor| format!("/activities?{which}at={cursor}")),
        now,
        may_edit: viewer.may(Permission::VolunteerEdit),
    })
}

#[derive(Template)]
#[template(path = "volunteer/web/activity-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    activity: Option<Activity>,
    teams: Options,
    estates: Options,
}

impl FormPage {
    fn risks(&self) -> Options {
        labels(Risk::ALL, Risk::code, Risk::label)
    }

    fn kinds(&self) -> Options {
        labels(Kind::ALL, Kind::code, Kind::label)
    }
}

async fn form_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    form: Form,
    activity: Option<Activity>,
) -> Result<FormPage> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let mut tx = app.db.read().await?;
    let teams = standing_teams(&mut tx, viewer.tenant, &scope).await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(FormPage { shell, form, activity, teams, estates })
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    team: String,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(wanted): Query<Wanted>) -> Result<Response> {
    let rules: Rules = settings::read(&mut app.db.read().await?, viewer.tenant, app.means.now()).await?;
    let form = Form::filled(&[
        ("team", &wanted.team),
        ("risk", Risk::Low.code()),
        ("kind", Kind::Service.code()),
        ("capacity", "10"),
        ("least_age", &rules.least_age.to_string()),
    ]);
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

/// How many minutes of it were a rest, at most so many.
pub(super) fn read_breaks(form: &mut Form, most: i64) -> Option<i64> {
    form.choice("breaks", "中间休息了多少分钟（没有就写 0）", |text| {
        text.parse::<i64>().ok().filter(|breaks| (0..=most).contains(breaks))
    })
}

pub(super) fn read_span(form: &mut Form) -> Option<Span> {
    form.span().map(|(starts_at, ends_at)| Span { starts_at, ends_at })
}

/// What a form says about an activity.
async fn read(app: &App, viewer: &Viewer, form: &mut Form) -> Result<Option<Plan>> {
    let sentence = "居民都看得到，不要写电话或身份证号";
    let title = form.open_text("title", "做什么", 2..=40, sentence);
    let place = form.open_text("place", "在哪里", 0..=60, sentence);
    let needs = form.open_text("needs", "要带什么", 0..=300, sentence);
    let risk_notice = form.open_text("risk_notice", "风险提示", 0..=500, sentence);
    let number = |form: &mut Form, field, label: &str, range: std::ops::RangeInclusive<i64>| {
        form.choice(field, label, |text| text.parse::<i64>().ok().filter(|number| range.contains(number)))
    };
    let capacity = number(form, "capacity", "名额（1 到 500）", 1..=500);
    let rules: Joining = settings::read(&mut app.db.read().await?, viewer.tenant, app.means.now()).await?;
    let least = rules.least_age;
    let least_age = number(form, "least_age", &format!("最小几岁（{least} 到 80）"), least..=80);
    let kind = form.optional_choice("kind", "是服务还是培训", Kind::parse).unwrap_or(Kind::Service);
    let risk = form.choice("risk", "有没有危险", Risk::parse);
    if risk == Some(Risk::High) && risk_notice.is_empty() {
        form.fail("risk_notice", "有危险的活动，要写清楚有什么危险、怎么防");
    }
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if let Some(estate) = estate {
        let scope = viewer.scope(Permission::VolunteerEdit);
        place::estate_within(&mut app.db.read().await?, viewer.tenant, &scope, estate).await?;
    }
    let span = read_span(form);
    let (Some(capacity), Some(least_age), Some(risk), Some(span), true) = (capacity, least_age, risk, span, form.ok())
    else {
        return Ok(None);
    };
    if span.starts_at > app.means.now() + jiff::SignedDuration::from_hours(24 * AHEAD) {
        form.fail("day", "只能安排一年以内的日子");
        return Ok(None);
    }
    Ok(Some(Plan { kind, estate, title, place, needs, span, capacity, risk, risk_notice, least_age }))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let teams = standing_teams(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let listed = |id: &str| teams.iter().any(|(known, _)| known == id);
    let team = form.choice("team", "哪支服务队", |id| id.parse::<Uuid>().ok().filter(|_| listed(id)));
    let plan = read(&app, &viewer, &mut form).await?;
    let repeat = form.recurrence(plan.as_ref().map(|plan| plan.span.day()), AHEAD);
    if let (Some(team), Some(plan), true) = (team, plan, form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = activity::plan(&mut tx, &act, team, &plan, repeat.as_ref()).await;
        if let Some((id, times)) = form.noted("day", done)? {
            tx.commit().await?;
            let words = if times == 1 { "已安排".to_owned() } else { format!("已安排 {times} 次") };
            return Ok(redirect(&format!("/activities/{id}"), &words));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let activity = activity_store::in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let time = |at: Timestamp| at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string();
    let form = Form::filled(&[
        ("title", &activity.title),
        ("place", &activity.place),
        ("needs", &activity.needs),
        ("day", &activity.span().day().to_string()),
        ("from", &time(activity.starts_at)),
        ("until", &time(activity.ends_at)),
        ("capacity", &activity.capacity.to_string()),
        ("least_age", &activity.least_age.to_string()),
        ("kind", activity.kind.code()),
        ("risk", activity.risk.code()),
        ("risk_notice", &activity.risk_notice),
        ("estate", &activity.estate_id.map(|id| id.to_string()).unwrap_or_default()),
        ("version", &activity.lock_version.to_string()),
    ]);
    page(&form_page(&app, &viewer, shell, form, Some(activity)).await?)
}

fn read_following(form: &Form) -> Following {
    if form.is("following", "yes") { Following::AllThatFollow } else { Following::ThisOne }
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let activity = activity_store::in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    if let Some(plan) = read(&app, &viewer, &mut form).await? {
        let mut tx = app.db.begin().await?;
        let following = read_following(&form);
        let done = activity::change(&mut tx, &act, &activity, form.version(), &plan, following).await;
        if let Some(()) = form.noted("capacity", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/activities/{id}"), "已改好"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, Some(activity)).await?)
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, reached) = begun(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let why = form.open_text("why", "为什么取消", 2..=60, "会发到群里，不要写电话或身份证号");
    if form.ok() {
        let following = read_following(&form);
        let done = activity::cancel(&mut tx, &reached.act, &reached.activity, form.version(), &why, following).await;
        if let Some(()) = form.noted("why", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/activities/{id}"), "已取消，报上名的从自己的链接看得到"));
        }
    }
    drop(tx);
    again(&app, &viewer, shell, id, ("cancellation", form)).await
}

/// An activity within reach, as staff act on it.
async fn reached(app: &App, tx: &mut Tx, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<Reached> {
    let act = app.act(viewer, permission)?;
    let activity = activity_store::in_reach(tx, viewer.tenant, &viewer.scope(permission), id).await?;
    let may_edit = viewer.may(Permission::VolunteerEdit);
    let may_approve = viewer.may(Permission::HoursApprove);
    let base = format!("/activities/{id}");
    Ok(Reached { act, activity, base, leader: None, may_run: may_edit, may_edit, may_approve })
}

async fn begun(app: &App, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<(Tx, Reached)> {
    let mut tx = app.db.begin().await?;
    let reached = reached(app, &mut tx, viewer, id, permission).await?;
    Ok((tx, reached))
}

async fn activity_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<ActivityPage> {
    let mut tx = app.db.read().await?;
    let reached = reached(app, &mut tx, viewer, id, Permission::VolunteerRead).await?;
    let past = audit::history(&mut tx, &reached.act, id).await?;
    let people = activity_store::people(&mut tx, viewer.tenant, &reached.activity).await?;
    let past = told(past, |change| told_change(change, &people));
    leading::activity_page(&mut tx, shell, reached, (failed, form), past).await
}

/// `时间：12月5日 星期六 08:00–11:00 → 12月5日 星期六 09:00–12:00`
fn told_change(change: &audit::PastChange, people: &[Named]) -> String {
    let label = match change.field.as_str() {
        "volunteer" => return named(people, change.new.as_deref()),
        "by" => return format!("经手：{}", named(people, change.new.as_deref())),
        "kind" => "服务还是培训",
        "title" => "做什么",
        "place" => "在哪里",
        "needs" => "要带什么",
        "when" => "时间",
        "capacity" => "名额",
        "risk" => "有没有危险",
        "risk_notice" => "风险提示",
        "least_age" => "最小几岁",
        other => other,
    };
    let shown = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| "空".to_owned());
    format!("{label}：{} → {}", shown(&change.old), shown(&change.new))
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&activity_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn again(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, failed: (&'static str, Form)) -> Result<Response> {
    page_again(&activity_page(app, viewer, shell, id, failed).await?)
}

async fn wall(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let reached = reached(&app, &mut tx, &viewer, id, Permission::VolunteerEdit).await?;
    leading::wall(&app, &mut tx, reached).await
}

async fn photo(State(app): State<App>, viewer: Viewer, Path((id, of)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let reached = reached(&app, &mut tx, &viewer, id, Permission::VolunteerRead).await?;
    leading::photo(&mut tx, &reached, of).await
}

async fn drop_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, of)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, reached) = begun(&app, &viewer, id, Permission::VolunteerEdit).await?;
    presence::drop_photo(&mut tx, &reached.act, &reached.activity, of).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/activities/{id}"), "合影已删去，签到签退还在"))
}

async fn sign_up(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (tx, reached) = begun(&app, &viewer, id, Permission::VolunteerEdit).await?;
    match leading::sign_up(tx, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => again(&app, &viewer, shell, id, ("sign-up", form)).await,
    }
}

async fn give_up(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, sign_up)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (tx, reached) = begun(&app, &viewer, id, Permission::VolunteerEdit).await?;
    leading::give_up(tx, &reached, sign_up).await
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, sign_up)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let (tx, reached) = begun(&app, &viewer, id, Permission::VolunteerEdit).await?;
    leading::decide(tx, &reached, sign_up, &form).await
}

async fn presence(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let reached = reached(&app, &mut app.db.read().await?, &viewer, id, Permission::VolunteerEdit).await?;
    match leading::presence(&app, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => again(&app, &viewer, shell, id, ("presence", form)).await,
    }
}

async fn confirm_hours(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let reached = reached(&app, &mut app.db.read().await?, &viewer, id, Permission::VolunteerEdit).await?;
    match leading::confirm_hours(&app, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => again(&app, &viewer, shell, id, ("hours", form)).await,
    }
}

/// The community approves what was confirmed of the activity, as the page showed it; what it may not approve stays, with why.
async fn approve_hours(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, reached) = begun(&app, &viewer, id, Permission::HoursApprove).await?;
    let seen = |text: &str| text.split_once(':').and_then(|(id, seen)| Some((id.parse().ok()?, seen.parse().ok()?)));
    let seen: Vec<(Uuid, i64)> = form.values("record").filter_map(seen).collect();
    let done = hours::approve_activity(&mut tx, &reached.act, id, &seen).await;
    if let Some((done, left)) = form.noted("approval", done)? {
        tx.commit().await?;
        if left.is_empty() {
            let words = format!("已审核 {done} 人的时长，异议期过了就入账");
            return Ok(redirect(&format!("/activities/{id}"), &words));
        }
        form.fail("approval", leading::left_in_words(done, "审核", &left));
    } else {
        drop(tx);
    }
    again(&app, &viewer, shell, id, ("approval", form)).await
}
