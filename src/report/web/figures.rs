//! What has come in, been done and been said about it in a period; the rows behind each figure; and all of it as files.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use uuid::Uuid;

use super::{Asked, address, presets};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::issue::Category;
use crate::place::{self, Estate};
use crate::report::model::{Figure, Period, Rate, Record, Report, Rules};
use crate::report::{briefing, ledger, store, template};
use crate::web::{Form, Shell, page, page_again};
use crate::workbook::fill::fill;
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
        .get("/reports/template", ReportRead, template_page)
        .post("/reports/template", ReportRead, fill_template)
}

/// What every page and file of a period begins with.
struct Read {
    report: Report,
    rules: Rules,
    estates: Vec<Estate>,
    estate: Option<Uuid>,
    /// Whose figures these are: of a community, of an estate, or of those that its reader looks after.
    place: String,
}

impl Read {
    fn name(&self, what: &str) -> String {
        format!("{}{}{what}", self.place, self.report.period.words())
    }
}

async fn read(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Read> {
    let now = app.means.now();
    let period = asked.period(now)?;
    let scope = viewer.scope(Permission::ReportRead);
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let whole = scope.account.is_none();
    let chosen = match (asked.estate(), &estates[..]) {
        (Some(id), _) => Some(estates.iter().find(|estate| estate.id == id).ok_or(Error::NotFound)?),
        (None, [only]) if !whole => Some(only),
        (None, _) => None,
    };
    let place = match (chosen, &estates[..]) {
        (Some(estate), _) => estate.name.clone(),
        (None, _) if whole => viewer.tenant_name.clone(),
        (None, [first, ..]) => format!("{}等 {} 个小区", first.name, estates.len()),
        (None, []) => "本人负责的范围".to_owned(),
    };
    let estate = chosen.map(|estate| estate.id);
    let records = store::records(&mut tx, viewer.tenant, &scope, &period, estate).await?;
    let rules = settings::read(&mut tx, viewer.tenant, now).await?;
    Ok(Read { report: Report { period, now, records }, rules, estates, estate, place })
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
    let paper = briefing::paper(&read.place, read.estate.is_some(), &read.report, &read.rules);
    page(&BriefingPage { shell, paper, back, file })
}

async fn briefing_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    document::response(&briefing::paper(&read.place, read.estate.is_some(), &read.report, &read.rules))
}

async fn figures_file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    let file = workbook::of_tables(&ledger::figures(&read.report, &read.rules))?;
    Ok(workbook::response(file, &format!("{}.xlsx", read.name("诉求办理数据"))))
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
    let name = read.name("问题台账");
    let mut tx = app.db.begin().await?;
    let what = format!("{name}，{} 件", read.report.concerned().count());
    audit::record(&mut tx, &act, "export", ("ledger", viewer.tenant), &what, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(file, &format!("{name}.xlsx")))
}

// ---------- a superior's own form ----------

#[derive(Template)]
#[template(path = "report/web/template.html")]
struct TemplatePage {
    shell: Shell,
    form: Form,
    place: String,
    period: Period,
    back: String,
    action: String,
    names: Vec<(String, String)>,
}

impl TemplatePage {
    fn label(&self) -> String {
        format!("上级的表（.xlsx，不超过 {LARGEST_FORM_MB} MB）")
    }

    fn of(shell: Shell, read: &Read, form: Form) -> TemplatePage {
        let to = |path| address(path, &read.report.period, read.estate);
        TemplatePage {
            shell,
            form,
            place: read.place.clone(),
            period: read.report.period,
            back: to("/reports"),
            action: to("/reports/template"),
            names: template::names(&read.report),
        }
    }
}

async fn template_page(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let read = read(&app, &viewer, &asked).await?;
    page(&TemplatePage::of(shell, &read, Form::default()))
}

/// A form that somebody fills in by hand otherwise is no larger.
const LARGEST_FORM_MB: usize = 5;

async fn fill_template(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<Asked>,
    mut form: Form,
) -> Result<Response> {
    let mut read = read(&app, &viewer, &asked).await?;
    let upload = form.uploads.iter().position(|upload| upload.field == "file").map(|at| form.uploads.swap_remove(at));
    let upload = upload.filter(|upload| !upload.content.is_empty());
    match &upload {
        None => form.fail("file", "请选择上级的表"),
        Some(upload) if upload.content.len() > LARGEST_FORM_MB << 20 => {
            form.fail("file", format!("文件超过 {LARGEST_FORM_MB} MB，不像一张要填的表"));
        }
        Some(_) => {}
    }
    if let (Some(upload), true) = (upload, form.ok()) {
        let place = read.place.clone();
        let stem: String =
            upload.file_name.trim_end_matches(".xlsx").chars().filter(|c| !c.is_control()).take(60).collect();
        let (report, rules) = (read.report, read.rules);
        let filled = tokio::task::spawn_blocking(move || {
            let filled = fill(&upload.content, |name| template::value(&place, &report, &rules, name));
            (filled, report)
        });
        let (filled, report) = filled.await.map_err(anyhow::Error::from)?;
        match filled {
            Ok((file, _)) => {
                return Ok(workbook::response(file, &format!("{}-{stem}.xlsx", report.period.words())));
            }
            Err(unfillable) => form.fail("file", unfillable.to_string()),
        }
        read.report = report;
    }
    page_again(&TemplatePage::of(shell, &read, form))
}
