use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Cost, Week, store, week_of, weeks};
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

/// A role with what its work has cost, week by week; or those together that too few people have for a figure of their own.
struct Group {
    name: String,
    /// So many have it now.
    people: i64,
    weeks: Vec<Line>,
    minutes: Columns,
}

struct Line {
    week: Date,
    cost: Cost,
    minutes_each: i64,
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
    let people = store::people(&mut tx, viewer.tenant).await?;
    let rules: report::Rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let least = rules.least_cases;
    let of = |role: &Role| people.get(role).copied().unwrap_or_default();
    // The week of a single person is nobody's business.
    let worked = Role::ALL.iter().filter(|role| known.iter().any(|week| week.role == **role));
    let (many, few): (Vec<Role>, Vec<Role>) = worked.partition(|role| of(role) >= least);
    let mut groups: Vec<Group> =
        many.iter().map(|role| Group::new(role.to_string(), &[*role], of(role), &all, &known)).collect();
    let together = few.iter().map(of).sum();
    if together >= least {
        groups.push(Group::new("人少的岗位合计".to_owned(), &few, together, &all, &known));
    }
    page(&BurdenPage { shell, weeks: WEEKS, least, groups })
}

impl Group {
    fn new(name: String, roles: &[Role], people: i64, all: &[Date], known: &[Week]) -> Group {
        let line = |week: &Date| {
            let mut cost = Cost::default();
            for known in known.iter().filter(|known| roles.contains(&known.role) && known.week == week.to_string()) {
                cost.add(Cost { entries: known.entries, taps: known.taps, seconds: known.seconds });
            }
            Line { week: *week, cost, minutes_each: cost.seconds / 60 / people.max(1) }
        };
        let weeks: Vec<Line> = all.iter().map(line).collect();
        let label = |line: &Line| line.week.strftime("%-m/%-d").to_string();
        let minutes = Columns::new(weeks.iter().map(|line| (label(line), line.cost.seconds / 60)).collect());
        Group { name, people, weeks, minutes }
    }
}
