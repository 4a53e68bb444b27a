//! A superior's own form: which names its cells can be given, and the form filled.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use super::Asked;
use super::figures::{Read, read_in};
use super::frame::Frame;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::report::template::{Named, named};
use crate::report::topic::Topic;
use crate::web::{Form, Shell, page, page_again};
use crate::workbook;
use crate::workbook::fill::{Value, fill};

pub fn routes() -> Routes {
    use Permission::ReportRead;
    Routes::default().get("/reports/template", ReportRead, show).post("/reports/template", ReportRead, take)
}

#[derive(Template)]
#[template(path = "report/web/template.html")]
struct TemplatePage {
    shell: Shell,
    form: Form,
    frame: Frame,
    names: Vec<Named>,
}

impl TemplatePage {
    fn label(&self) -> String {
        format!("上级的表（.xlsx，不超过 {LARGEST_FORM_MB} MB）")
    }
}

/// Every figure of the period by the name that a cell is given: those of all reports.
async fn read(app: &App, viewer: &Viewer, asked: &Asked) -> Result<(Frame, Vec<Named>)> {
    let mut tx = app.db.read().await?;
    let Read { frame, report, rules, weights } = read_in(&mut tx, viewer, asked, app.means.now()).await?;
    let mut sheets = Vec::new();
    for topic in Topic::ALL {
        sheets.push((*topic, topic.read(&mut tx, &frame.of(viewer)).await?));
    }
    let names = named(&frame.place, &report, (&rules, &weights), &sheets);
    Ok((frame, names))
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let (frame, names) = read(&app, &viewer, &asked).await?;
    page(&TemplatePage { shell, form: Form::default(), frame, names })
}

/// A form that somebody fills in by hand otherwise is no larger.
const LARGEST_FORM_MB: usize = 5;

async fn take(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<Asked>,
    mut form: Form,
) -> Result<Response> {
    let (frame, names) = read(&app, &viewer, &asked).await?;
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
        let stem: String =
            upload.file_name.trim_end_matches(".xlsx").chars().filter(|c| !c.is_control()).take(60).collect();
        let values: HashMap<String, Value> =
            names.iter().map(|named| (named.name.clone(), named.value.clone())).collect();
        let filled = tokio::task::spawn_blocking(move || fill(&upload.content, |name| values.get(name).cloned()));
        match filled.await.map_err(anyhow::Error::from)? {
            Ok((file, _)) => {
                return Ok(workbook::response(file, &format!("{}-{stem}.xlsx", frame.period.words())));
            }
            Err(unfillable) => form.fail("file", unfillable.to_string()),
        }
    }
    page_again(&TemplatePage { shell, form, frame, names })
}
