//! What has come in, been done and been said about it in a period; the rows behind each figure; and all of it as files.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use uuid::Uuid;

use super::{Asked, address, presets};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::Result;
use crate::issue::Category;
use crate::place::{self, Estate};
use crate::report::model::{Figure, Rate, Record, Report, Rules};
use crate::report::{briefing, ledger, store};
use crate::web::{Shell, page};
use crate::{audit, settings, workbook};

pub fn routes() -> Routes {
    use Permission::ReportRead;
    Routes::default()
        .get("/reports", ReportRead, show)
        .get("/reports/rows", ReportRead, rows)
        .get("/reports/briefing", ReportRead, briefing_page)
        .get("/reports/briefing.docx", ReportRead, briefing_file)
        .get("/reports/figures.xlsx", ReportRead, figures_file)
        .get("/reports/ledger.xlsx", ReportRead, ledger_file)
}

/// What every page and file of a period begins with.
struct Read {
    report: Report,
    rules: Rules,
    estates: Vec<Estate>,
    estate: Option<Uuid>,
}

impl Read {
    fn estate_name(&self) -> Option<&str> {
        let id = self.estate?;
        self.estates.iter().find(|estate| estate.id == id).map(|estate| estate.name.as_str())
    }

    fn name(&self, shell_name: &str, what: &str) -> String {
        format!("{}{}{what}", self.estate_name().unwrap_or(shell_name), self.report.period.words())
    }
}

async fn read(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Read> {
    let now = app.means.now();
    let (period, estate) = (asked.period(now)?, asked.estate());
    let scope = viewer.scope(Permission::ReportRead);
    let mut tx = app.db.read().await?;
    let records = store::records(&mut tx, viewer.tenant, &scope, &period, estate).await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let rules = settings::read(&mut tx, viewer.tenant, now).await?;
    Ok(Read { report: Report { period, now, records }, rules, estates, estate })
}

#[derive(Template)]
#[template(path = "report/web/figures.html")]
struct FiguresPage {
    shell: Shell,
    read: Read,
    presets: Vec<(&'static str, String, bool)>,
    rates: Vec<Rate>,
    categories: Vec<(Category, i64)>,
}

impl FiguresPage {
    fn to(&self, path: &str) -> String {
        address(path, &self.read.report.period, self.read.estate)
    }

    fn rows_of(&self, figure: &Figure) -> String {
        format!("{}&figure={}", self.to("/reports/rows"), figure.code())
    }

    fn reported_rows(&self) -> String {
        self.rows_of(&Figure::Reported)
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
    let presets = presets(app.means.now())?.into_iter();
    let presets = presets
        .map(|(name, period)| (name, address("/reports", &period, read.estate), period == read.report.period))
        .collect();
    page(&FiguresPage { shell, presets, rates: read.report.rates(), categories: read.report.categories(), read })
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
        address("/reports", &self.read.report.period, self.read.estate)
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
        let address = address("/reports/rows", &read.report.period, read.estate);
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
    let to = |path| address(path, &read.report.period, read.estate);
    let (back, file) = (to("/reports"), to("/reports/briefing.docx"));
    let paper = briefing::paper(&viewer.tenant_name, read.estate_name(), &read.report, &read.rules);
    page(&BriefingPage { shell, paper, back, file })
}

async fn briefing_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    document::response(&briefing::paper(&viewer.tenant_name, read.estate_name(), &read.report, &read.rules))
}

async fn figures_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let file = workbook::of_tables(&ledger::figures(&read.report, &read.rules))?;
    Ok(workbook::response(file, &format!("{}.xlsx", read.name(&viewer.tenant_name, "诉求办理数据"))))
}

/// The ledger holds what residents have said, so that it was taken away stays in the audit log.
async fn ledger_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let act = app.act(&viewer, Permission::ReportRead)?;
    let file = workbook::of_tables(&[ledger::table(&act, &read.report)?])?;
    let name = read.name(&viewer.tenant_name, "问题台账");
    let mut tx = app.db.begin().await?;
    let what = format!("{name}，{} 件", read.report.records.len());
    audit::record(&mut tx, &act, "export", ("ledger", viewer.tenant), &what, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(file, &format!("{name}.xlsx")))
}
