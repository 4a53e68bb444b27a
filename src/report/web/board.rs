//! What everybody may see of how a community deals with what is reported to it: the rates of twelve months, of the whole community
//! only, so that nobody can be told from them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::trend::{Drawn, columns, until_now};
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
    /// The latest first, from the first in which anything was reported.
    shown: Vec<Month>,
    months: Months,
    drawn: Vec<Drawn>,
    counted_at: Option<Timestamp>,
}

impl BoardPage {
    fn count(&self, month: &Month, figure: Figure) -> i64 {
        self.months.get(*month, figure)
    }

    /// What share management companies have in what is reported is no result of anybody's work.
    fn rates(&self, month: &Month) -> Vec<Rate> {
        let rates = model::rates(|figure| self.months.get(*month, figure));
        rates.into_iter().filter(|rate| rate.part != Figure::Property).collect()
    }
}

async fn show(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let all = until_now(now);
    let span = (all[0], all[all.len() - 1]);
    let months = roll_up::months(&mut tx, tenant.tenant_id, &Scope::tenant(), None, span).await?;
    let rules = settings::read(&mut tx, tenant.tenant_id, now).await?;
    let draw = |figure: Figure| Drawn {
        name: figure.to_string(),
        columns: columns(&all, all.map(|month| months.get(month, figure))),
    };
    let drawn = vec![draw(Figure::Reported), draw(Figure::Done)];
    let some = |month: &&Month| {
        [Figure::Reported, Figure::Done, Figure::Surveyed].iter().any(|figure| months.get(**month, *figure) > 0)
    };
    let first = all.iter().position(|month| some(&month)).unwrap_or(all.len());
    let shown = all[first..].iter().rev().copied().collect();
    let counted_at = all.iter().filter_map(|month| months.counted_at(*month)).max();
    let shell = shell.of_community(&tenant.name, &tenant.code);
    page(&BoardPage { shell, code, rules, shown, months, drawn, counted_at })
}
