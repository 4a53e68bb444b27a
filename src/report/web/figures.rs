//! What has come in, been done and been said about it in a period; the rows behind each figure; and all of it as files.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::frame::Frame;
use super::{Asked, address};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::Result;
use crate::issue::Category;
use crate::report::model::{Composite, Figure, Rate, Record, Report, Rules, Weights};
use crate::report::{briefing, ledger, store};
use crate::web::{Form, Shell, page};
use crate::{audit, settings, workbook};

pub fn routes() -> Routes {
    use Permission::ReportRead;
    Routes::default()
        .get("/reports", ReportRead, show)
        .get("/reports/rows", ReportRead, rows)
        .get("/reports/briefing", ReportRead, briefing_page)
        .get("/reports/briefing.docx", ReportRead, briefing_file)
        .get("/reports/figures.xlsx", ReportRead, figures_file)
        .post("/reports/ledger", ReportRead, ledger_file)
}

/// What the pages and files about issues begin with.
pub(super) struct Read {
    pub frame: Frame,
    pub report: Report,
    pub rules: Rules,
    pub weights: Weights,
}

impl Read {
    fn briefing(&self) -> Paper {
        let Read { frame, report, rules, weights } = self;
        briefing::paper(&frame.place, frame.estate.is_some(), report, rules, weights)
    }
}

async fn read(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Read> {
    let mut tx = app.db.read().await?;
    read_in(&mut tx, viewer, asked, app.means.now()).await
}

pub(super) async fn read_in(tx: &mut Tx, viewer: &Viewer, asked: &Asked, now: Timestamp) -> Result<Read> {
    let frame = Frame::read(tx, viewer, asked, now, "/reports").await?;
    let (period, tenant) = (frame.period, viewer.tenant);
    let records = store::records(tx, tenant, &frame.scope, &period, frame.estate).await?;
    let rules = settings::read(tx, tenant, now).await?;
    // What was in force on the last day.
    let last = period.until.min(now) - SignedDuration::from_millis(1);
    let weights = settings::read(tx, tenant, last).await?;
    Ok(Read { report: Report { period, now, records }, rules, weights, frame })
}

#[derive(Template)]
#[template(path = "report/web/figures.html")]
struct FiguresPage {
    shell: Shell,
    read: Read,
    rates: Vec<Rate>,
    composite: Option<Composite>,
    categories: Vec<(Category, i64)>,
}

impl FiguresPage {
    fn to(&self, path: &str) -> String {
        self.read.frame.to(path)
    }

    fn rows_of(&self, figure: &Figure) -> String {
        format!("{}&figure={}", self.to("/reports/rows"), figure.code())
    }

    fn reported_rows(&self) -> String {
        self.rows_of(&Figure::Reported)
    }

    fn excluded(&self) -> i64 {
        self.read.report.count(Figure::Excluded)
    }

    fn excluded_rows(&self) -> String {
        self.rows_of(&Figure::Excluded)
    }

    fn rows_of_estate(&self, figure: &Figure, estate: &Uuid) -> String {
        let address = address("/reports/rows", &self.read.report.period, Some(*estate));
        format!("{address}&figure={}", figure.code())
    }

    fn figures(&self) -> impl Iterator<Item = (Figure, i64)> {
        Figure::ALL.iter().map(|figure| (*figure, self.read.report.count(*figure)))
    }

    fn most(&self) -> i64 {
        self.categories.first().map_or(1, |(_, count)| *count)
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let rates = read.report.rates();
    let composite = Composite::of(&rates, &read.rules, &read.weights);
    page(&FiguresPage { shell, rates, composite, categories: read.report.categories(), read })
}

#[derive(Template)]
#[template(path = "report/web/rows.html")]
struct RowsPage {
    shell: Shell,
    read: Read,
    figure: Figure,
    category: Option<Category>,
    /// How many there are, and where in the list this page is.
    count: usize,
    rows: Vec<Record>,
    next: Option<String>,
}

impl RowsPage {
    fn back(&self) -> String {
        self.read.frame.to("/reports")
    }
}

const PAGE: usize = 100;

#[derive(serde::Deserialize)]
struct Paging {
    after: Option<Uuid>,
}

async fn rows(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<Asked>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let (figure, category) = (asked.figure().unwrap_or(Figure::Reported), asked.category());
    let rows = read.report.rows(figure).filter(|record| category.is_none_or(|category| record.category == category));
    let rows: Vec<&Record> = rows.collect();
    let begin = paging.after.and_then(|after| rows.iter().position(|record| record.id == after)).map_or(0, |at| at + 1);
    let (count, shown) = (rows.len(), &rows[begin..rows.len().min(begin + PAGE)]);
    let next = shown.last().filter(|_| begin + PAGE < count).map(|last| {
        let category = category.map(|category| format!("&category={}", category.code())).unwrap_or_default();
        let address = read.frame.to("/reports/rows");
        format!("{address}&figure={}{category}&after={}", figure.code(), last.id)
    });
    let rows = shown.iter().map(|record| (*record).clone()).collect();
    page(&RowsPage { shell, figure, category, count, rows, next, read })
}

#[derive(Template)]
#[template(path = "report/web/briefing.html")]
struct BriefingPage {
    shell: Shell,
    paper: Paper,
    back: String,
    file: String,
}

async fn briefing_page(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let (back, file) = (read.frame.to("/reports"), read.frame.to("/reports/briefing.docx"));
    let paper = read.briefing();
    page(&BriefingPage { shell, paper, back, file })
}

async fn briefing_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    document::response(&read.briefing())
}

async fn figures_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let file = workbook::of_tables(&ledger::figures(&read.report, &read.rules, &read.weights))?;
    Ok(workbook::response(file, &format!("{}.xlsx", read.frame.name("诉求办理数据"))))
}

/// The ledger holds what residents have said, so that it was taken away stays in the audit log.
async fn ledger_file(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
    _form: Form,
) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let act = app.act(&viewer, Permission::ReportRead)?;
    let file = workbook::of_tables(&[ledger::table(&act, &read.report)?])?;
    let name = read.frame.name("问题台账");
    let mut tx = app.db.begin().await?;
    let what = format!("{name}，{} 件", read.report.concerned().count());
    audit::record(&mut tx, &act, "export", ("ledger", viewer.tenant), &what, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(file, &format!("{name}.xlsx")))
}
