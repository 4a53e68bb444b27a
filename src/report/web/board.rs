//! What everybody may see of how a community deals with what is reported to it: the rates of twelve months, of the whole community
//! only, so that nobody can be told from them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::trend::{Drawn, MONTHS, columns, until_now};
use crate::access::{self, Need, Routes, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::Month;
use crate::report::model::{self, Figure, Rate, Rules};
use crate::report::roll_up::{self, Months};
use crate::settings;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/board/{code}/figures", Need::Public, show)
}

#[derive(Template)]
#[template(path = "report/web/board.html")]
struct BoardPage {
    shell: Shell,
    code: String,
    rules: Rules,
    months: [Month; MONTHS],
    /// The latest first, from the first in which anything was reported; the present one is not over.
    shown: Vec<Month>,
    kept: Months,
    drawn: Vec<Drawn>,
    counted_at: Option<Timestamp>,
}

impl BoardPage {
    fn count(&self, month: &Month, figure: Figure) -> i64 {
        self.kept.get(*month, figure)
    }

    fn sum(&self, figure: Figure) -> i64 {
        self.months.iter().map(|month| self.count(month, figure)).sum()
    }

    /// The rates of a month that is over: of one that goes on, each answer would tell what it was by what the rates were before.
    fn rates_of(&self, month: &Month) -> Vec<Rate> {
        self.rates(|figure| self.count(month, figure))
    }

    /// The rates of all months together that are over and tell theirs: of a month that has too few nothing follows from the rest.
    fn total(&self) -> Vec<Rate> {
        let over = &self.months[..MONTHS - 1];
        let total = |rate: Rate| {
            let told = || over.iter().filter(|month| self.count(month, rate.whole) >= self.rules.least_cases);
            let sum = |figure| told().map(|month| self.count(month, figure)).sum();
            Rate { count: sum(rate.part), of: sum(rate.whole), ..rate }
        };
        self.rates(|_| 0).into_iter().map(total).collect()
    }

    /// What share management companies have in what is reported is no result of anybody's work.
    fn rates(&self, count: impl Fn(Figure) -> i64) -> Vec<Rate> {
        model::rates(count).into_iter().filter(|rate| rate.part != Figure::Property).collect()
    }
}

async fn show(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let months = until_now(now);
    let span = (months[0], months[MONTHS - 1]);
    let kept = roll_up::months(&mut tx, tenant.tenant_id, &Scope::tenant(), None, span).await?;
    let rules = settings::read(&mut tx, tenant.tenant_id, now).await?;
    let draw = |figure: Figure| Drawn {
        name: figure.to_string(),
        columns: columns(&months, months.map(|month| kept.get(month, figure))),
    };
    let drawn = vec![draw(Figure::Reported), draw(Figure::Done)];
    let told = [Figure::Reported, Figure::Done, Figure::Surveyed];
    let is_empty = |month: &Month| told.iter().all(|figure| kept.get(*month, *figure) == 0);
    let shown: Vec<Month> = months.iter().copied().skip_while(|month| is_empty(month)).collect();
    let counted_at = months.iter().filter_map(|month| kept.counted_at(*month)).max();
    let shell = shell.of_community(&tenant.name, &tenant.code);
    let shown = shown.into_iter().rev().collect();
    page(&BoardPage { shell, code, rules, months, shown, kept, drawn, counted_at })
}
