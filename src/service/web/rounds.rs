//! Rounds for staff: which doors, when, dealt out to whom, and what came of them.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, read_span};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::place;
use crate::registry::Tag;
use crate::service::round::{self, Manner, NewRound, Origin};
use crate::service::round_store::{self, Came, Door, Outcome, Round, Sum};
use crate::volunteer;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ServiceArrange;
    Routes::default()
        .get("/service-rounds", ServiceArrange, list)
        .get("/service-rounds/new", ServiceArrange, new)
        .post("/service-rounds", ServiceArrange, create)
        .get("/service-rounds/{id}", ServiceArrange, show)
        .post("/service-rounds/{id}/dealing", ServiceArrange, deal)
        .post("/service-rounds/{id}/day", ServiceArrange, move_to)
        .post("/service-rounds/{id}/cancellation", ServiceArrange, cancel)
        .post("/service-rounds/{id}/doors/{round_door}", ServiceArrange, note)
        .get("/service-outcomes", ServiceArrange, outcomes)
        .post("/service-outcomes", ServiceArrange, add_outcome)
        .post("/service-outcomes/usual", ServiceArrange, enter_usual)
        .post("/service-outcomes/{id}/end", ServiceArrange, end_outcome)
}

const PAGE: usize = 30;

fn to(id: Uuid) -> String {
    format!("/service-rounds/{id}")
}

#[derive(Template)]
#[template(path = "service/web/rounds.html")]
struct ListPage {
    shell: Shell,
    rounds: Vec<Round>,
    next: Option<String>,
    /// `2026-12`
    month: String,
    sums: Vec<Sum>,
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
    #[serde(default)]
    month: String,
}

impl ListPage {
    /// `2026年12月`
    fn month_words(&self) -> String {
        let (year, month) = self.month.split_once('-').unwrap_or_default();
        format!("{year}年{}月", month.trim_start_matches('0'))
    }
}

/// The first and the last day of a month that is written `2026-12`; of this month where it is not.
fn days_of(month: &str, today: Date) -> (Date, Date) {
    let first = format!("{month}-01").parse::<Date>().unwrap_or_else(|_| today.first_of_month());
    (first, first.last_of_month())
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::ServiceArrange);
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
    let (first, last) = days_of(&asked.month, today);
    let mut tx = app.db.read().await?;
    let found = round_store::rounds(&mut tx, viewer.tenant, &scope, before, PAGE).await?;
    let (from, until) = (first.to_string(), last.to_string());
    let sums = round_store::sums(&mut tx, viewer.tenant, &scope, (&from, &until)).await?;
    let month = first.strftime("%Y-%m").to_string();
    let next = found.next.map(|cursor| format!("/service-rounds?month={month}&before={cursor}"));
    page(&ListPage { shell, rounds: found.items, next, month, sums })
}

#[derive(Template)]
#[template(path = "service/web/round-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    estates: Options,
    buildings: Options,
    teams: Options,
    activities: Options,
    /// Tags are read only by whoever may read residents.
    may_tag: bool,
}

impl NewPage {
    fn origins(&self) -> Vec<(&'static str, &'static str)> {
        let may = |origin: &&Origin| **origin != Origin::Tag || self.may_tag;
        Origin::ALL.iter().filter(may).map(|origin| (origin.code(), origin.label())).collect()
    }

    fn tags(&self) -> Vec<(&'static str, &'static str)> {
        Tag::ALL.iter().map(|tag| (tag.code(), tag.label())).collect()
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let scope = viewer.scope(Permission::ServiceArrange);
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let teams = volunteer::teams(&mut tx, viewer.tenant, &scope).await?;
    let now = app.means.now();
    let coming = volunteer::coming(&mut tx, viewer.tenant, &scope, now, Cursor::FIRST, 60).await?.items;
    let named = |activity: &volunteer::Activity| {
        (activity.id.to_string(), format!("{} {}（{}）", activity.title, activity.when(), activity.team_name))
    };
    Ok(NewPage {
        shell,
        form,
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
        buildings: crate::service::store::buildings(&mut tx, viewer.tenant, &scope).await?,
        teams: teams
            .into_iter()
            .filter(|placed| placed.team.ended_on.is_none())
            .map(|placed| (placed.team.id.to_string(), placed.team.name))
            .collect(),
        activities: coming.iter().map(named).collect(),
        may_tag: viewer.may(Permission::ResidentRead),
    })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, Form::default()).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let shown = new_page(&app, &viewer, shell, Form::default()).await?;
    let listed = |options: &Options, id: &str| -> Option<Uuid> {
        options.iter().find(|(known, _)| known == id).and_then(|(known, _)| known.parse().ok())
    };
    let title = form.open_text("title", "做什么", 2..=40, "请不要写电话或身份证号");
    let span = read_span(&mut form);
    let estate = form.choice("estate", "小区", |id| listed(&shown.estates, id));
    let building = form.optional_choice("building", "楼栋", |id| listed(&shown.buildings, id));
    let team = form.choice("team", "服务队", |id| listed(&shown.teams, id));
    let activity = form.optional_choice("activity", "活动", |id| listed(&shown.activities, id));
    let may = |origin: &Origin| *origin != Origin::Tag || shown.may_tag;
    let origin = form.choice("origin", "名单从哪里来", |code| Origin::parse(code).filter(may));
    let tag = match origin {
        Some(Origin::Tag) => form.choice("tag", "哪个标签", Tag::parse),
        _ => None,
    };
    if let (Some(span), Some(estate), Some(team), Some(origin), true) = (span, estate, team, origin, form.ok()) {
        // Who lives behind which door is read with the reach in which somebody reads residents.
        let reads = if origin == Origin::Tag { Permission::ResidentRead } else { Permission::ServiceArrange };
        let new = NewRound { estate, building, origin, tag, team, activity, title, span };
        let mut tx = app.db.begin().await?;
        let done = round::plan(&mut tx, &act, &viewer.scope(reads), new).await;
        if let Some(id) = form.ended(tx, "origin", done).await? {
            return Ok(redirect(&to(id), "排好了，到那天把来的人勾上分一分"));
        }
    }
    page_again(&NewPage { form, ..shown })
}

/// A door with what came of it.
struct Line {
    door: Door,
    came: Vec<Came>,
}

impl Line {
    fn words(&self) -> String {
        self.came.iter().map(Came::words).collect::<Vec<_>>().join("、")
    }

    fn has(&self, outcome: &Outcome) -> bool {
        self.came.iter().any(|came| came.outcome_id == outcome.id)
    }

    fn noted(&self) -> String {
        self.door.version()
    }
}

/// How many of something were noted.
pub(super) fn number_of(came: &[Came], outcome: &Outcome) -> String {
    let came = came.iter().find(|came| came.outcome_id == outcome.id);
    came.map(|came| came.number.to_string()).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "service/web/round.html")]
struct ShowPage {
    shell: Shell,
    round: Round,
    lines: Vec<Line>,
    outcomes: Vec<Outcome>,
    /// Who could go: those of the team, and those who have signed up.
    people: Options,
    sums: Vec<(String, String)>,
    may_tag: bool,
    form: Form,
    failed: String,
}

impl ShowPage {
    fn failed_at(&self, line: &Line) -> bool {
        self.failed == line.door.id.to_string()
    }

    /// As it was sent, where something was not right; else as it is noted.
    fn ticked(&self, line: &Line, outcome: &Outcome) -> bool {
        match self.failed_at(line) {
            true => self.form.is("outcome", &outcome.id.to_string()),
            false => line.has(outcome),
        }
    }

    fn number(&self, line: &Line, outcome: &Outcome) -> String {
        match self.failed_at(line) {
            true => self.form.value(&format!("number_{}", outcome.id)).to_owned(),
            false => number_of(&line.came, outcome),
        }
    }

    fn is_failed(&self, what: &str) -> bool {
        self.failed == what
    }
}

async fn people_of(tx: &mut Tx, tenant: Uuid, round: &Round) -> Result<Options> {
    let members = volunteer::members(tx, tenant, round.team_id).await?;
    let mut people: Options =
        members.into_iter().map(|member| (member.volunteer_id.to_string(), member.name)).collect();
    if let Some(activity) = round.activity_id {
        for up in volunteer::sign_ups(tx, tenant, activity).await? {
            if !people.iter().any(|(known, _)| *known == up.volunteer_id.to_string()) {
                people.push((up.volunteer_id.to_string(), up.name));
            }
        }
    }
    Ok(people)
}

/// What came of the doors of a round, summed up.
fn summed(came: &[Came]) -> Vec<(String, String)> {
    let mut sums: Vec<Sum> = Vec::new();
    for one in came {
        match sums.iter_mut().find(|sum| sum.name == one.name) {
            Some(sum) => (sum.doors, sum.number) = (sum.doors + 1, sum.number + one.number),
            None => sums.push(Sum { name: one.name.clone(), counted: one.counted, doors: 1, number: one.number }),
        }
    }
    let number = |sum: &Sum| if sum.counted { format!("，{} 份", sum.number) } else { String::new() };
    sums.iter().map(|sum| (sum.name.clone(), format!("{} 户{}", sum.doors, number(sum)))).collect()
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (String, Form),
) -> Result<ShowPage> {
    let mut tx = app.db.read().await?;
    let round = round::in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    let came = round_store::of_round(&mut tx, viewer.tenant, id).await?;
    let sums = summed(&came);
    let mut by_door: HashMap<Uuid, Vec<Came>> = HashMap::new();
    for one in came {
        by_door.entry(one.door_id).or_default().push(one);
    }
    let doors = round::doors(&mut tx, viewer.tenant, id).await?;
    let line = |door: Door| Line { came: by_door.remove(&door.id).unwrap_or_default(), door };
    let lines = doors.into_iter().map(line).collect();
    let outcomes = round_store::outcomes(&mut tx, viewer.tenant).await?;
    let people = people_of(&mut tx, viewer.tenant, &round).await?;
    let may_tag = viewer.may(Permission::ResidentRead);
    Ok(ShowPage { shell, round, lines, outcomes, people, sums, may_tag, form, failed })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn deal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.begin().await?;
    let round = round::in_reach(&mut tx, act.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    let people: Vec<Uuid> = form.values("person").filter_map(|id| id.parse().ok()).collect();
    let done = round::deal(&mut tx, &act, &round, form.version(), &people).await;
    match form.ended(tx, "person", done).await? {
        Some(()) => Ok(redirect(&to(id), "分好了，各人从自己的链接看到自己的门")),
        None => page_again(&show_page(&app, &viewer, shell, id, ("deal".to_owned(), form)).await?),
    }
}

async fn move_to(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.begin().await?;
    let round = round::in_reach(&mut tx, act.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    if let Some(span) = read_span(&mut form) {
        let done = round::move_to(&mut tx, &act, &round, form.version(), span).await;
        if form.ended(tx, "day", done).await?.is_some() {
            return Ok(redirect(&to(id), "改好了日子"));
        }
    } else {
        drop(tx);
    }
    page_again(&show_page(&app, &viewer, shell, id, ("day".to_owned(), form)).await?)
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.begin().await?;
    let round = round::in_reach(&mut tx, act.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    let why = form.open_text("why", "为什么取消", 2..=100, "请不要写电话或身份证号");
    if form.ok() {
        let done = round::cancel(&mut tx, &act, &round, form.version(), &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&to(id), "取消了"));
        }
    } else {
        drop(tx);
    }
    page_again(&show_page(&app, &viewer, shell, id, ("cancel".to_owned(), form)).await?)
}

/// What a form says came of a door: what is ticked, each with its number.
pub(super) fn read_came(form: &Form) -> Vec<(Uuid, i64)> {
    let ticked = form.values("outcome").filter_map(|id| id.parse::<Uuid>().ok());
    let number = |id: Uuid| match form.value(&format!("number_{id}")).trim() {
        "" => 1,
        number => number.parse().unwrap_or(0),
    };
    ticked.map(|id| (id, number(id))).collect()
}

/// As what somebody has seen of a door was noted: at which moment, or not yet.
///
/// Errors: stale of what is no moment.
pub(super) fn read_noted(form: &Form) -> Result<Option<Timestamp>> {
    let stale = || crate::error::Error::Stale("请重新打开这一页，看一下再登记。".to_owned());
    match form.value("noted") {
        "" => Ok(None),
        text => {
            let moment = text.parse().ok().and_then(|moment| Timestamp::from_millisecond(moment).ok());
            moment.map(Some).ok_or_else(stale)
        }
    }
}

/// From paper.
async fn note(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, door)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.begin().await?;
    round::in_reach(&mut tx, act.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    if round::door(&mut tx, act.tenant, door).await?.round_id != id {
        return Err(crate::error::Error::NotFound);
    }
    let done = round::note(&mut tx, &act, (door, read_noted(&form)?), None, &read_came(&form)).await;
    match form.ended(tx, "outcome", done).await? {
        Some(()) => Ok(redirect(&to(id), "记下了")),
        None => page_again(&show_page(&app, &viewer, shell, id, (door.to_string(), form)).await?),
    }
}

#[derive(Template)]
#[template(path = "service/web/outcomes.html")]
struct OutcomesPage {
    shell: Shell,
    outcomes: Vec<Outcome>,
    of_all: bool,
    form: Form,
}

impl OutcomesPage {
    fn manners(&self) -> Vec<(&'static str, &'static str)> {
        Manner::ALL.iter().map(|manner| (manner.code(), manner.label())).collect()
    }
}

async fn outcomes_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<OutcomesPage> {
    let outcomes = round_store::outcomes(&mut app.db.read().await?, viewer.tenant).await?;
    let of_all = viewer.scope(Permission::ServiceArrange).account.is_none();
    Ok(OutcomesPage { shell, outcomes, of_all, form })
}

async fn outcomes(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&outcomes_page(&app, &viewer, shell, Form::default()).await?)
}

/// Errors: refused of whoever does not reach the whole community, whose table it is.
fn refuse_partial(viewer: &Viewer) -> Result<()> {
    match viewer.scope(Permission::ServiceArrange).account {
        None => Ok(()),
        Some(_) => Err(crate::error::Error::refused("上门结果是整个社区一张表，请社区改")),
    }
}

async fn add_outcome(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    refuse_partial(&viewer)?;
    let name = form.open_text("name", "名称", 2..=30, "请不要写电话或身份证号");
    let manner = form.choice("manner", "怎么记", Manner::parse);
    let Some(manner) = manner.filter(|_| form.ok()) else {
        return page_again(&outcomes_page(&app, &viewer, shell, form).await?);
    };
    let mut tx = app.db.begin().await?;
    round::add_outcome(&mut tx, &act, &name, manner).await?;
    tx.commit().await?;
    Ok(redirect("/service-outcomes", "登记好了"))
}

async fn enter_usual(State(app): State<App>, viewer: Viewer, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    refuse_partial(&viewer)?;
    let mut tx = app.db.begin().await?;
    round::enter_usual_outcomes(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(redirect("/service-outcomes", "登记好了"))
}

async fn end_outcome(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    refuse_partial(&viewer)?;
    let mut tx = app.db.begin().await?;
    round::end_outcome(&mut tx, &act, id, form.version(), form.is("ended", "yes")).await?;
    tx.commit().await?;
    Ok(redirect("/service-outcomes", "改好了"))
}
