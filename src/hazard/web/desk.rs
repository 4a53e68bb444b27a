//! The ledger as a list, by distance from the gate or by deadline; the form of a new hazard; what is taken away; figures; the way.

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, metres, of_schools, options, school_options, words};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::document::Paper;
use crate::error::{Error, Result};
use crate::hazard::course::{self, NewHazard};
use crate::hazard::model::{Item, Kind, Limits, median_days};
use crate::hazard::round::{self, Said};
use crate::hazard::school::{self, School};
use crate::hazard::store::{self, Asked, Fixed, Found, Hazard, Order};
use crate::hazard::transition::{State, TRANSITIONS, Transition};
use crate::hazard::{paper, todo};
use crate::photo;
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::{HazardRead, HazardWork};
    Routes::default()
        .get("/hazards", HazardRead, list)
        .get("/hazards/new", HazardWork, new)
        .post("/hazards/new", HazardWork, new_of)
        .post("/hazards", HazardWork, create)
        .get("/hazards/way", HazardRead, way)
        .get("/hazards/figures", HazardRead, figures)
        .get("/hazards/print", HazardRead, print)
        .get("/hazards/ledger.xlsx", HazardRead, ledger)
}

const PAGE: usize = 30;
/// What fits into a workbook, and on paper.
const MOST_ROWS: usize = 5_000;
const ON_PAPER: usize = 300;
/// That go with one finding, wherever it is said.
pub const MOST_PHOTOS: usize = 6;

#[derive(Debug, Default, Deserialize)]
struct Filter {
    school: Option<String>,
    kind: Option<String>,
    which: Option<String>,
    order: Option<String>,
    after: Option<String>,
}

/// What the filters above the list are called.
const WHICH: &[(&str, &str)] = &[
    ("", "在办"),
    ("late", "超期"),
    ("major", "重大"),
    ("listed", "挂牌督办"),
    ("transferred", "已移送"),
    ("ended", "已销号"),
    ("dismissed", "不作为隐患"),
];

impl Filter {
    fn asked(&self) -> Asked {
        let which = self.which.clone().unwrap_or_default();
        let open = !matches!(which.as_str(), "ended" | "dismissed");
        Asked {
            open,
            school: self.school.as_deref().and_then(|id| id.parse().ok()),
            kind: self.kind.as_deref().and_then(Kind::parse),
            which,
            order: match (open, self.order.as_deref()) {
                (false, _) => Order::Ended,
                (true, Some("deadline")) => Order::Deadline,
                (true, _) => Order::Distance,
            },
        }
    }
}

/// An address of the list with one thing of it changed.
fn address(asked: &Asked, path: &str, change: (&str, &str)) -> String {
    let order = if asked.order == Order::Deadline { "deadline" } else { "" };
    let school = asked.school.map(|id| id.to_string()).unwrap_or_default();
    let kind = asked.kind.map_or("", Kind::code);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("which", asked.which.as_str()), ("school", &school), ("kind", kind), ("order", order)] {
        let value = if name == change.0 { change.1 } else { value };
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if change.0 == "after" {
        query.append_pair("after", change.1);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[derive(Template)]
#[template(path = "hazard/web/list.html")]
struct ListPage {
    shell: Shell,
    hazards: Vec<Hazard>,
    asked: Asked,
    next: Option<String>,
    schools: Options,
    form: Form,
    limits: Limits,
    now: Timestamp,
    may_work: bool,
}

impl ListPage {
    fn tabs(&self) -> Vec<(String, &'static str, bool)> {
        let tab = |(code, label): &(&'static str, &'static str)| {
            (address(&self.asked, "/hazards", ("which", code)), *label, self.asked.which == *code)
        };
        WHICH.iter().map(tab).collect()
    }

    fn orders(&self) -> [(String, &'static str, bool); 2] {
        let of =
            |code, label, order| (address(&self.asked, "/hazards", ("order", code)), label, self.asked.order == order);
        [of("", "离校门近的在前", Order::Distance), of("deadline", "最急的在前", Order::Deadline)]
    }

    fn to(&self, path: &str) -> String {
        address(&self.asked, path, ("", ""))
    }

    fn kinds(&self) -> Options {
        options(Kind::ALL, Kind::code, Kind::label)
    }

    fn filtered(&self) -> bool {
        !self.asked.which.is_empty() || self.asked.school.is_some() || self.asked.kind.is_some()
    }

    fn deadline(&self, hazard: &Hazard) -> show::Deadline {
        let soon = self.now + SignedDuration::from_hours(self.limits.remind_hours);
        show::deadline(hazard.due_at, self.now, hazard.due_at < soon)
    }

    fn verb(&self, hazard: &Hazard) -> &'static str {
        todo::verb(hazard.state)
    }
}

async fn list(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let asked = filter.asked();
    let after = filter.after.as_deref().and_then(|text| text.parse().ok()).unwrap_or(asked.order.start());
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::HazardRead);
    let found = store::list(&mut tx, viewer.tenant, &scope, &asked, now, (after, PAGE)).await?;
    let schools = school_options(&school::schools(&mut tx, viewer.tenant, &scope).await?);
    let limits = settings::read(&mut tx, viewer.tenant, now).await?;
    let next = found.next.map(|cursor| address(&asked, "/hazards", ("after", &cursor.to_string())));
    let form = Form::filled(&[
        ("school", &asked.school.map(|id| id.to_string()).unwrap_or_default()),
        ("kind", asked.kind.map_or("", Kind::code)),
    ]);
    let may_work = viewer.may(Permission::HazardWork);
    page(&ListPage { shell, hazards: found.items, asked, next, schools, form, limits, now, may_work })
}

#[derive(Template)]
#[template(path = "hazard/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    schools: Options,
    /// That has been chosen: its gates and places are asked for next.
    school: Option<School>,
    gates: Options,
    places: Options,
    near: i64,
}

impl NewPage {
    /// The school, where another one is chosen on a page of its own. What comes from elsewhere would be lost on the way there, so that the form
    /// itself asks for the school then.
    fn settled(&self) -> Option<&School> {
        let asked = self.schools.len() > 1 && !self.form.value("origin").is_empty();
        self.school.as_ref().filter(|_| !asked)
    }

    fn kinds(&self) -> Options {
        options(Kind::ALL, Kind::code, Kind::label)
    }
}

async fn new_page(
    tx: &mut Tx,
    (viewer, now): (&Viewer, Timestamp),
    shell: Shell,
    form: Form,
    schools: &[School],
) -> Result<NewPage> {
    let limits: Limits = settings::read(tx, viewer.tenant, now).await?;
    let school = schools.iter().find(|school| school.id.to_string() == form.value("school")).cloned();
    let (mut gates, mut places) = (Options::new(), Options::new());
    if let Some(school) = &school {
        let known = school::gates(tx, viewer.tenant, school.id).await?;
        gates = known.into_iter().map(|gate| (gate.id.to_string(), gate.name)).collect();
        let listed = round::places_of(tx, viewer.tenant, school.id).await?;
        places = listed.into_iter().map(|place| (place.id.to_string(), place.name)).collect();
    }
    Ok(NewPage { shell, form, schools: school_options(schools), school, gates, places, near: limits.near_metres })
}

#[derive(Deserialize)]
struct At {
    /// Text, since a form that is sent without a choice has an empty one.
    school: Option<String>,
}

async fn new(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Query(at): Query<At>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let schools = school::schools(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork)).await?;
    let only = if let [only] = schools.as_slice() { Some(only.id) } else { None };
    let chosen = at.school.and_then(|id| id.parse().ok()).or(only);
    let school = chosen.map(|id: Uuid| id.to_string()).unwrap_or_default();
    let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date().to_string();
    let form = Form::filled(&[("school", &school), ("found", &today)]);
    page(&new_page(&mut tx, (&viewer, app.means.now()), shell, form, &schools).await?)
}

/// The form with what is known already from elsewhere, which sends it here: nobody types it once more.
async fn new_of(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, form: Form) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let schools = school::schools(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork)).await?;
    page(&new_page(&mut tx, (&viewer, app.means.now()), shell, form, &schools).await?)
}

async fn create(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    let mut tx = app.db.begin().await?;
    let schools = school::schools(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork)).await?;
    let school = of_schools(&mut form, "school", &schools);
    let kind = form.choice("kind", "类别", Kind::parse);
    let place = words(&mut form, "place", "位置", 2, 60);
    let distance = metres(&mut form, "distance", "离校门多少米（填数字）");
    let description = words(&mut form, "description", "情况", 4, 1000);
    let gate: Option<Uuid> = form.optional_choice("gate", "校门", |id| id.parse().ok());
    let listed: Option<Uuid> = form.optional_choice("listed", "重点部位", |id| id.parse().ok());
    let found_at = found_on(&mut form, app.means.now());
    if let Some(school) = &school {
        // Where the school that was chosen instead has nothing to choose from, the choice of the school is what is wrong.
        let gates = school::gates(&mut tx, viewer.tenant, school.id).await?;
        if gate.is_some_and(|gate| !gates.iter().any(|known| known.id == gate)) {
            form.fail(if gates.is_empty() { "school" } else { "gate" }, "这个校门不是所选学校的，请重新选");
        }
        let places = round::places_of(&mut tx, viewer.tenant, school.id).await?;
        if listed.is_some_and(|place| !places.iter().any(|known| known.id == place)) {
            form.fail(if places.is_empty() { "school" } else { "listed" }, "这个部位不在所选学校周边，请重新选");
        }
    }
    let (Some(school), Some(kind), Some(distance), true) = (school, kind, distance, form.ok()) else {
        return page_again(&new_page(&mut tx, (&viewer, app.means.now()), shell, form, &schools).await?);
    };
    let new = NewHazard {
        school,
        gate,
        distance,
        place,
        kind,
        description,
        inspection: None,
        listed_place: listed,
        origin: form.value("origin").parse().ok(),
        photos,
        found_at,
    };
    let id = course::register(&mut tx, &act, new).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/hazards/{id}"), "已登记，请定级"))
}

/// On which day it was found; today, and left out, is now.
fn found_on(form: &mut Form, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let day: Date = form.optional_choice("found", "哪天发现的", |text| text.parse().ok())?;
    if day > today || day < today.saturating_sub(365.days()) {
        form.fail("found", "发现的日子要在今天以前、一年以内");
    }
    let noon = day.at(12, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp();
    (day < today).then_some(noon)
}

/// Everything that a filter asks for.
///
/// Errors: refused if it is more than so many.
async fn everything(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    most: usize,
    both: bool,
) -> Result<(Vec<Hazard>, Limits, Timestamp)> {
    let (asked, now) = (filter.asked(), app.means.now());
    let scope = viewer.scope(Permission::HazardRead);
    let mut tx = app.db.read().await?;
    let mut parts = vec![asked.clone()];
    // The ledger that is not filtered has what has ended as well.
    if both && asked.which.is_empty() {
        parts.extend(["ended", "dismissed"].map(|which| Asked {
            open: false,
            which: which.to_owned(),
            order: Order::Ended,
            ..asked.clone()
        }));
    }
    let mut found = Vec::new();
    for part in &parts {
        let read = store::list(&mut tx, viewer.tenant, &scope, part, now, (part.order.start(), most)).await?;
        found.extend(read.items);
        if read.next.is_some() || found.len() > most {
            return Err(Error::refused(format!("超过 {most} 处，请先按学校或者类别筛选，再导出、打印")));
        }
    }
    Ok((found, settings::read(&mut tx, viewer.tenant, now).await?, now))
}

async fn ledger(Shared(app): Shared<App>, viewer: Viewer, Query(filter): Query<Filter>) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardRead)?;
    let (hazards, _, now) = everything(&app, &viewer, &filter, MOST_ROWS, true).await?;
    let table = paper::ledger(&act, &hazards)?;
    let mark = format!("{} {} 导出，内部使用", viewer.name, show::day_and_time(&now));
    let file = workbook::marked(&[table], &mark)?;
    let mut tx = app.db.begin().await?;
    let what = format!("隐患台账 {} 处", hazards.len());
    audit::record(&mut tx, &act, "export", ("hazards", act.tenant), &what, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(file, &format!("隐患排查整改台账-{}.xlsx", show::date(&now))))
}

#[derive(Template)]
#[template(path = "hazard/web/paper.html")]
pub(super) struct PaperPage {
    pub shell: Shell,
    pub paper: Paper,
    pub back: (String, String),
    /// Where its Word file is, if there is one.
    pub file: Option<String>,
}

async fn print(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let (hazards, limits, now) = everything(&app, &viewer, &filter, ON_PAPER, false).await?;
    let which = WHICH.iter().find(|(code, _)| *code == filter.which.as_deref().unwrap_or_default());
    let title = format!("校园周边隐患清单（{}）", which.map_or("在办", |(_, label)| label));
    let paper = paper::list(&hazards, &limits, &title, now);
    let back = (address(&filter.asked(), "/hazards", ("", "")), "隐患台账".to_owned());
    page(&PaperPage { shell, paper, back, file: None })
}

#[derive(Deserialize)]
struct Days {
    from: Option<String>,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "hazard/web/figures.html")]
struct FiguresPage {
    shell: Shell,
    form: Form,
    first: Date,
    last: Date,
    found: Found,
    struck_off: usize,
    median: Option<String>,
    late: i64,
    fixed: Fixed,
    said: Vec<Said>,
}

impl FiguresPage {
    fn percent(&self, part: &i64, of: &i64) -> String {
        show::percent(*part, *of)
    }

    /// Fixed by the last deadline; nothing where there were too few to say.
    fn in_time(&self) -> Option<String> {
        (self.fixed.fixed >= 5).then(|| self.percent(&self.fixed.in_time, &self.fixed.fixed))
    }

    /// Each with what the last round of each school has said.
    fn indicators(&self) -> Vec<(&'static str, Option<&Said>)> {
        let said = |item: &Item| self.said.iter().find(|said| said.item == *item);
        Item::INDICATORS.iter().map(|item| (item.label(), said(item))).collect()
    }

    /// Struck off, of those found, without those that were none; nothing where there were too few to say.
    fn rate(&self) -> Option<String> {
        let of = self.found.found - self.found.dismissed;
        (of >= 5).then(|| self.percent(&self.found.closed, &of))
    }
}

fn midnight(day: Date) -> Result<Timestamp> {
    Ok(day.at(0, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp())
}

async fn figures(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Query(days): Query<Days>) -> Result<Response> {
    let now = app.means.now();
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    // Nothing was found before the program was, nor will be in a thousand years.
    let known = |day: &Date| (2000..3000).contains(&day.year());
    let read = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok()).filter(known);
    let last = read(days.until).unwrap_or(today);
    let first = read(days.from).unwrap_or(last.first_of_year());
    let (first, last) = if first <= last { (first, last) } else { (last, first) };
    let next = last.checked_add(1.day()).map_err(anyhow::Error::from)?;
    let span = (midnight(first)?, midnight(next)?);
    let scope = viewer.scope(Permission::HazardRead);
    let mut tx = app.db.read().await?;
    let found = store::found(&mut tx, viewer.tenant, &scope, span).await?;
    let ended = store::struck_off(&mut tx, viewer.tenant, &scope, span).await?;
    let late = store::late(&mut tx, viewer.tenant, &scope, now).await?;
    let fixed = store::fixed(&mut tx, viewer.tenant, &scope, span).await?;
    let said = round::said(&mut tx, viewer.tenant, &scope, span).await?;
    let lengths = ended.iter().map(|ended| ended.closed_at.duration_since(ended.found_at)).collect();
    let form = Form::filled(&[("from", &first.to_string()), ("until", &last.to_string())]);
    let (struck_off, median) = (ended.len(), median_days(lengths));
    page(&FiguresPage { shell, form, first, last, found, struck_off, median, late, fixed, said })
}

#[derive(Template)]
#[template(path = "hazard/web/way.html")]
struct WayPage {
    shell: Shell,
}

impl WayPage {
    /// Each state with what can be done there, from the table.
    fn stations(&self) -> Vec<(State, Vec<&'static Transition>)> {
        let of = |state: &State| {
            let here = TRANSITIONS.iter().filter(|known| known.from.contains(state));
            (*state, here.collect::<Vec<_>>())
        };
        State::ALL.iter().map(of).filter(|(_, steps)| !steps.is_empty()).collect()
    }
}

async fn way(_: Viewer, shell: Shell) -> Result<Response> {
    page(&WayPage { shell })
}

/// Whoever opens a hazard reads it in the name of their permission.
pub(super) fn reading(app: &App, viewer: &Viewer) -> Result<Act> {
    app.act(viewer, Permission::HazardRead)
}
