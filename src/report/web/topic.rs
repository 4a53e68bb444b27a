//! Every report but the first: its figures, a drawing, a table of estates, the rows behind each figure, and all of it as files.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::Frame;
use super::{Asked, address};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::report::model::Rules;
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::report::topic::Topic;
use crate::web::{Form, Shell, page};
use crate::{audit, settings, workbook};

pub fn routes() -> Routes {
    use Permission::ReportRead;
    Routes::default()
        .get("/reports/topics/{topic}", ReportRead, show)
        .get("/reports/topics/{topic}/rows", ReportRead, rows)
        .get("/reports/topics/{topic}/paper", ReportRead, paper)
        .post("/reports/topics/{topic}/workbooks", ReportRead, workbook_file)
        .post("/reports/topics/{topic}/papers", ReportRead, paper_file)
}

struct Read {
    frame: Frame,
    topic: Topic,
    sheet: Sheet,
    rules: Rules,
}

async fn read(app: &App, viewer: &Viewer, topic: &str, asked: &Asked) -> Result<Read> {
    let topic = Topic::parse(topic).ok_or(Error::NotFound)?;
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let frame = Frame::read(&mut tx, viewer, asked, now, &topic.path()).await?;
    let sheet = topic.read(&mut tx, &frame.of(viewer)).await?;
    let rules = settings::read(&mut tx, viewer.tenant, now).await?;
    Ok(Read { frame, topic, sheet, rules })
}

impl Read {
    fn to(&self, what: &str) -> String {
        self.frame.to(&format!("{}{what}", self.topic.path()))
    }

    fn rows_of(&self, code: &str) -> String {
        format!("{}&figure={code}", self.to("/rows"))
    }

    fn rows_of_estate(&self, code: &str, estate: &Uuid) -> String {
        let path = format!("{}/rows", self.topic.path());
        format!("{}&figure={code}", address(&path, &self.frame.period, Some(*estate)))
    }

    fn paper(&self) -> Paper {
        self.sheet.paper(self.frame.name(self.topic.label()), &self.rules)
    }
}

#[derive(Template)]
#[template(path = "report/web/topic.html")]
struct TopicPage {
    shell: Shell,
    read: Read,
}

impl TopicPage {
    fn figures(&self) -> impl Iterator<Item = (Gauge, i64)> {
        self.read.sheet.counts()
    }

    /// Each share with its words, of how many it is how many, and whether these are too few.
    fn shares(&self) -> Vec<(Share, String, i64, i64, bool)> {
        let share = |share: &Share| {
            let ratio = self.read.sheet.ratio(share);
            let per_mille = ratio.per_mille(&self.read.rules);
            (*share, ratio.words(&self.read.rules), ratio.of, ratio.count, per_mille.is_none())
        };
        self.read.sheet.shares.iter().map(share).collect()
    }

    fn opens(&self, count: &i64) -> bool {
        self.read.sheet.opens && *count > 0
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let read = read(&app, &viewer, &topic, &asked).await?;
    page(&TopicPage { shell, read })
}

#[derive(Template)]
#[template(path = "report/web/topic_rows.html")]
struct RowsPage {
    shell: Shell,
    read: Read,
    gauge: Gauge,
    count: usize,
    rows: Vec<Row>,
    next: Option<String>,
}

const PAGE: usize = 100;

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn rows(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let read = read(&app, &viewer, &topic, &asked).await?;
    let gauge = read.sheet.gauge(asked.gauge()).or(read.sheet.gauges.first().copied());
    let gauge = gauge.filter(|_| read.sheet.opens).ok_or(Error::NotFound)?;
    let rows: Vec<&Row> = read.sheet.rows_of(gauge.code).collect();
    let begin = paging.after.and_then(|after| rows.iter().position(|row| row.key == after)).map_or(0, |at| at + 1);
    let (count, shown) = (rows.len(), &rows[begin..rows.len().min(begin + PAGE)]);
    let next = shown.last().filter(|_| begin + PAGE < count);
    let next = next.map(|last| format!("{}&after={}", read.rows_of(gauge.code), last.key));
    let rows = shown.iter().map(|row| (*row).clone()).collect();
    page(&RowsPage { shell, gauge, count, rows, next, read })
}

#[derive(Template)]
#[template(path = "report/web/topic_paper.html")]
struct PaperPage {
    shell: Shell,
    paper: Paper,
    read: Read,
}

async fn paper(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let read = read(&app, &viewer, &topic, &asked).await?;
    page(&PaperPage { shell, paper: read.paper(), read })
}

async fn workbook_file(
    State(app): State<App>,
    viewer: Viewer,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
    _form: Form,
) -> Result<Response> {
    let read = read(&app, &viewer, &topic, &asked).await?;
    let file = workbook::of_tables(&read.sheet.tables(read.topic.label(), &read.rules))?;
    let name = taken_away(&app, &viewer, &read).await?;
    Ok(workbook::response(file, &format!("{name}.xlsx")))
}

async fn paper_file(
    State(app): State<App>,
    viewer: Viewer,
    Path(topic): Path<String>,
    Query(asked): Query<Asked>,
    _form: Form,
) -> Result<Response> {
    let read = read(&app, &viewer, &topic, &asked).await?;
    taken_away(&app, &viewer, &read).await?;
    document::response(&read.paper())
}

/// The rows leave the building with the file, so that it was taken away stays in the audit log. Gives what the file is called.
async fn taken_away(app: &App, viewer: &Viewer, read: &Read) -> Result<String> {
    let act = app.act(viewer, Permission::ReportRead)?;
    let name = read.frame.name(read.topic.label());
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &act, "export", ("report", viewer.tenant), &name, &[]).await?;
    tx.commit().await?;
    Ok(name)
}
