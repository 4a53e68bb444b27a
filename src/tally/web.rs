use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Cost, Week, week_of, weeks};
use crate::access::{Need, Permission, Role, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::chart::Columns;
use crate::web::{Form, Shell, page};
use crate::{report, settings};

pub fn routes() -> Routes {
    Routes::default().post("/tally", Need::Work, add).get("/reports/burden", Permission::ReportRead, show)
}

const WEEKS: usize = 12;
/// More than that nobody does on one page.
const MOST: i64 = 5_000;
/// Whoever stays on a page for longer than a working day is not working on it.
const LONGEST_SECONDS: i64 = 8 * 3_600;

/// Takes what a page has counted. What is no number counts as nothing: nobody is there any more to mend it.
async fn add(State(app): State<App>, viewer: Viewer, form: Form) -> Response {
    let number = |name: &str, most: i64| form.value(name).parse::<i64>().unwrap_or(0).clamp(0, most);
    let cost = Cost {
        entries: number("entries", MOST),
        taps: number("taps", MOST),
        seconds: number("seconds", LONGEST_SECONDS),
    };
    let role = viewer.grants.first().map(|grant| grant.role);
    if let Some(role) = role.filter(|_| cost != Cost::default()) {
        app.tally.add(viewer.tenant, app.means.now(), role, cost);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// A role with what its work has cost, week by week; or those together that too few people had for a figure of their own.
struct Group {
    name: String,
    weeks: Vec<Line>,
    minutes: Columns,
}

struct Line {
    week: Date,
    /// Nothing where too few people had the role in that week.
    told: Option<Told>,
}

struct Told {
    cost: Cost,
    people: i64,
}

impl Told {
    fn minutes_each(&self) -> i64 {
        self.cost.seconds / 60 / self.people.max(1)
    }
}

#[derive(Template)]
#[template(path = "tally/burden.html")]
struct BurdenPage {
    shell: Shell,
    weeks: usize,
    least: i64,
    groups: Vec<Group>,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let last = week_of(app.means.now());
    let all: [Date; WEEKS] = std::array::from_fn(|at| last.saturating_sub(((WEEKS - 1 - at) as i64).weeks()));
    let mut tx = app.db.read().await?;
    let known = weeks(&mut tx, viewer.tenant, all[0]).await?;
    let rules: report::Rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let least = rules.least_cases;
    // The week of a single person is nobody's business. Roles of few are told together, week by week, if all of them are enough.
    let role = |role: &Role| {
        Group::new(role.to_string(), &all, &known, least, |week| week.role == *role && week.people >= least)
    };
    let together = Group::new("人少的岗位合计".to_owned(), &all, &known, least, |week| week.people < least);
    let groups: Vec<Group> = Role::ALL.iter().map(role).chain([together]).filter(Group::is_told).collect();
    page(&BurdenPage { shell, weeks: WEEKS, least, groups })
}

impl Group {
    fn new(name: String, all: &[Date], known: &[Week], least: i64, belongs: impl Fn(&Week) -> bool) -> Group {
        let line = |week: &Date| {
            let mut told = Told { cost: Cost::default(), people: 0 };
            for known in known.iter().filter(|known| known.week == week.to_string() && belongs(known)) {
                told.cost.add(Cost { entries: known.entries, taps: known.taps, seconds: known.seconds });
                told.people += known.people;
            }
            Line { week: *week, told: Some(told).filter(|told| told.people >= least) }
        };
        let weeks: Vec<Line> = all.iter().map(line).collect();
        let column = |line: &Line| {
            let minutes = line.told.as_ref().map_or(0, |told| told.cost.seconds / 60);
            (line.week.strftime("%-m/%-d").to_string(), minutes)
        };
        let minutes = Columns::new(weeks.iter().map(column).collect());
        Group { name, weeks, minutes }
    }

    fn is_told(&self) -> bool {
        self.weeks.iter().any(|line| line.told.is_some())
    }
}
