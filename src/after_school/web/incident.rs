//! Incidents: written by whoever has the class, read by whoever is responsible. What somebody else wrote is shown to nobody else, and nothing at
//! all before the reader has said why. Of a suspected harm the numbers to call stand first, and are there without that.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, moment, moment_words};
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::after_school::incident::{self, File, Reading, Sketch};
use crate::after_school::incident_model::{Concerned, Ending, Kind, Office, Report, Rules, Step};
use crate::after_school::incident_store::{self, Incident};
use crate::after_school::names::{self, Named};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{document, place, settings};

pub fn routes() -> Routes {
    use Permission::{ChildManage, IncidentManage};
    Routes::default()
        .get("/class-incidents", ChildManage, list)
        .get("/class-incidents/new", ChildManage, new)
        .post("/class-incidents", ChildManage, create)
        .get("/class-incidents/{id}", ChildManage, show)
        .post("/class-incidents/{id}/openings", ChildManage, open)
        .post("/class-incidents/{id}/entries", ChildManage, add)
        .post("/class-incidents/{id}/suspicions", ChildManage, suspect)
        .post("/class-incidents/{id}/reports", ChildManage, report)
        .post("/class-incidents/{id}/attention", IncidentManage, follow)
        .post("/class-incidents/{id}/closure", IncidentManage, close)
        .post("/class-incidents/{id}/paper.docx", IncidentManage, hand_over)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "after_school/web/incidents.html")]
struct ListPage {
    shell: Shell,
    incidents: Vec<Incident>,
    next: Option<String>,
    responsible: bool,
    now: Timestamp,
}

impl ListPage {
    fn late(&self, incident: &Incident) -> bool {
        incident.report_due_at.is_some_and(|due| due < self.now)
    }
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let found = incident::list(&mut tx, &viewer, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/class-incidents?before={cursor}"));
    let responsible = viewer.may(Permission::IncidentManage);
    page(&ListPage { shell, incidents: found.items, next, responsible, now: app.means.now() })
}

#[derive(Template)]
#[template(path = "after_school/web/incident_form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    estates: Options,
    rules: Rules,
}

impl FormPage {
    fn kinds(&self) -> Options {
        Kind::ALL.iter().map(|kind| (kind.code().to_owned(), kind.label().to_owned())).collect()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, mut form: Form) -> Result<FormPage> {
    let mut tx = app.db.read().await?;
    // Whoever has only a grid of the estate must be able to write down what they saw there.
    let estates = place::estates_touched(&mut tx, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    let rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    if let [only] = &estates[..]
        && form.value("estate").is_empty()
    {
        form.set("estate", only.0.to_string());
    }
    let estates = estates.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    Ok(FormPage { shell, form, estates, rules })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("happened_at", &moment_words(app.means.now())), ("id", &app.means.id().to_string())]);
    page(&form_page(&app, &viewer, shell, form).await?)
}

/// What an incident keeps of a child, whatever becomes of the child's own record.
fn concerned(child: &Named) -> (Uuid, Concerned) {
    let particulars = &child.particulars;
    let concerned = Concerned {
        name: particulars.name.clone(),
        birth_month: particulars.birth_month.clone(),
        home: child.home(),
        guardians: particulars.guardians.clone(),
    };
    (child.id, concerned)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let mut tx = app.db.begin().await?;
    let kind = form.choice("kind", "出了什么事", Kind::parse);
    let estates = place::estates_touched(&mut tx, viewer.tenant, &scope).await?;
    let estate = form.choice("estate", "哪个小区的班", |id| {
        let id: Uuid = id.parse().ok()?;
        estates.iter().find(|(estate, _)| *estate == id).map(|(estate, _)| *estate)
    });
    let happened_at = moment(&mut form, "happened_at", "什么时候");
    let account = form.text("account", "经过", 2..=4000);
    let done = form.text("done", "已经做了什么", 0..=2000);
    let told = form.text("told", "告诉了谁", 0..=1000);
    let told_at = if told.is_empty() { None } else { moment(&mut form, "told_at", "什么时候告诉的") };
    let mut known = names::on_roll(&mut tx, &act, &Scope::tenant()).await?;
    known.retain(|child| estates.iter().any(|(estate, _)| *estate == child.estate));
    let found = names::find(&known, form.value("children"));
    let children = found.unwrap_or_else(|sentence| {
        form.fail("children", sentence);
        Vec::new()
    });
    let children: Vec<(Uuid, Concerned)> = children.into_iter().map(concerned).collect();
    if children.len() > 20 {
        form.fail("children", "最多写 20 个孩子，其余的写在经过里");
    }
    if let (Some(kind), Some(estate), Some(happened_at), true) = (kind, estate, happened_at, form.ok()) {
        let told = told_at.map(|at| (told, at));
        // Where a form has none, nobody can send it twice.
        let id = form.value("id").parse().unwrap_or_else(|_| act.id());
        let early = told.as_ref().is_some_and(|(_, at)| *at < happened_at || *at > act.at);
        let sketch = Sketch { id, kind, estate, happened_at, children, account, done, told };
        let again = incident_store::readable(&mut tx, &viewer, id).await.is_ok();
        let done = incident::write(&mut tx, &act, &sketch).await;
        if let Some(id) = form.noted(if early { "told_at" } else { "happened_at" }, done)? {
            tx.commit().await?;
            let words = match kind {
                _ if again => "这张表已经记过一次。还有要写的，请点“补充”；是另一件事，请重新点“记一件事”",
                Kind::Harm => "已记下。请现在就打电话报告",
                _ => "已记下，社区负责人会看到",
            };
            return Ok(redirect(&format!("/class-incidents/{id}"), words));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form).await?)
}

#[derive(Template)]
#[template(path = "after_school/web/incident.html")]
struct ShowPage {
    shell: Shell,
    incident: Incident,
    /// What the reader may see of it; nothing before they have said why.
    file: File,
    readings: Vec<Reading>,
    opened: Option<Timestamp>,
    responsible: bool,
    rules: Rules,
    late: bool,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    fn harm(&self) -> bool {
        self.incident.report_due_at.is_some()
    }

    fn is(&self, state: &str) -> bool {
        self.incident.state.code() == state
    }

    /// Closed as written down twice or by mistake.
    fn dismissed(&self) -> bool {
        self.incident.ending.is_some() && self.incident.reported_at.is_none()
    }

    /// What nobody follows yet has not been settled.
    fn endings(&self) -> Options {
        let offered = Ending::ALL.iter().filter(|ending| self.is("followed") || **ending != Ending::Settled);
        offered.map(|ending| (ending.code().to_owned(), ending.label().to_owned())).collect()
    }

    fn opens(&self, form: &str) -> bool {
        self.failed == form
    }

    fn added(&self) -> Options {
        Step::ADDED.iter().map(|step| (step.code().to_owned(), step.label().to_owned())).collect()
    }

    fn offices(&self) -> Options {
        Office::ALL.iter().map(|office| (office.code().to_owned(), office.label().to_owned())).collect()
    }
}

/// Whoever is responsible reads all of it, whoever only wrote it what is their own.
fn only(viewer: &Viewer, responsible: bool) -> Option<Uuid> {
    (!responsible).then_some(viewer.account)
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, mut form): (&'static str, Form),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let incident = incident_store::readable(&mut tx, viewer, id).await?;
    let responsible = incident_store::responsible(&mut tx, viewer, id).await?.is_some();
    let opened = incident_store::opened(&mut tx, viewer, id, act.at).await?;
    let file = match opened {
        Some(_) => incident::file(&mut tx, &act, &incident, only(viewer, responsible)).await?,
        None => File::default(),
    };
    let readings = match responsible && opened.is_some() {
        true => incident::readings(&mut tx, &act, id).await?,
        false => Vec::new(),
    };
    for field in ["at", "reported_at"] {
        if form.value(field).is_empty() {
            form.set(field, moment_words(act.at));
        }
    }
    if form.value("by").is_empty() {
        form.set("by", viewer.name.clone());
    }
    Ok(ShowPage {
        late: incident.unreported() && incident.report_due_at.is_some_and(|due| due < act.at),
        rules: settings::read(&mut tx, act.tenant, act.at).await?,
        shell,
        incident,
        file,
        readings,
        opened,
        responsible,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

/// The page again with what was wrong, or back to it with what was done.
async fn after(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
    done: Option<&str>,
) -> Result<Response> {
    match done {
        Some(words) => Ok(redirect(&format!("/class-incidents/{id}"), words)),
        None => page_again(&show_page(app, viewer, shell, id, (failed, form)).await?),
    }
}

async fn open(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::readable(&mut tx, &viewer, id).await?;
    let purpose = form.text("reason", "为什么要看", 5..=100);
    let mut done = None;
    if form.ok() {
        let outcome = incident::open(&mut tx, &act, &incident, &purpose).await;
        done = form.noted("reason", outcome)?.map(|()| "已打开，原因记下了");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("opening", form), done).await
}

async fn add(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::readable(&mut tx, &viewer, id).await?;
    let kind = form.choice("kind", "补充的是什么", Step::parse);
    let words = form.text("words", "内容", 2..=4000);
    let at = moment(&mut form, "at", "什么时候");
    let mut done = None;
    if let (Some(kind), Some(at), true) = (kind, at, form.ok()) {
        let outcome = incident::add(&mut tx, &act, &incident, kind, &words, at).await;
        done = form.noted("at", outcome)?.map(|()| "已补充，原来写的不会变");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("entry", form), done).await
}

async fn suspect(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::readable(&mut tx, &viewer, id).await?;
    let words = form.text("suspicion", "发现了什么", 2..=4000);
    let mut done = None;
    if form.ok() {
        let outcome = incident::suspect(&mut tx, &act, &incident, &words).await;
        done = form.noted("suspicion", outcome)?.map(|()| "已记下。请现在就打电话报告");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("suspicion", form), done).await
}

async fn report(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::readable(&mut tx, &viewer, id).await?;
    let offices: Vec<Office> = form.values("office").filter_map(Office::parse).collect();
    let by = form.person_name("by").unwrap_or_default();
    let reported_at = moment(&mut form, "reported_at", "什么时候报的");
    let answer = form.text("answer", "对方给的编号", 0..=60);
    let words = form.text("said", "说明", 0..=2000);
    let told = Report { by, answer, words };
    if offices.is_empty() {
        form.fail("office", "请选报给了哪个部门");
    }
    let mut done = None;
    if let (Some(at), true) = (reported_at, form.ok()) {
        let outcome = incident::report(&mut tx, &act, &incident, (&offices, at), &told).await;
        done = form.noted("reported_at", outcome)?.map(|()| "已登记报告");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("report", form), done).await
}

async fn follow(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::IncidentManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::responsible(&mut tx, &viewer, id).await?.ok_or(Error::NotFound)?;
    let words = form.text("plan", "打算怎么办", 2..=2000);
    let seen = form.version();
    let mut done = None;
    if form.ok() {
        let outcome = incident::follow(&mut tx, &act, &incident, seen, &words).await;
        done = form.noted("plan", outcome)?.map(|()| "已开始跟进");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("attention", form), done).await
}

async fn close(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::IncidentManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::responsible(&mut tx, &viewer, id).await?.ok_or(Error::NotFound)?;
    let words = form.text("ending", "结果", 2..=2000);
    let ending = form.optional_choice("how", "怎么了结", Ending::parse).unwrap_or(Ending::Settled);
    let seen = form.version();
    let mut done = None;
    if form.ok() {
        let outcome = match ending {
            Ending::Settled => incident::close(&mut tx, &act, &incident, seen, &words).await,
            other => incident::dismiss(&mut tx, &act, &incident, seen, (other, &words)).await,
        };
        done = form.noted("ending", outcome)?.map(|()| "已了结，记录留着");
    }
    if done.is_some() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    after(&app, &viewer, shell, id, ("closure", form), done).await
}

/// All of it as a file, to hand over; whoever takes it has said why before.
async fn hand_over(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::IncidentManage)?;
    let mut tx = app.db.begin().await?;
    let incident = incident_store::responsible(&mut tx, &viewer, id).await?.ok_or(Error::NotFound)?;
    if incident_store::opened(&mut tx, &viewer, id, act.at).await?.is_none() {
        return Err(Error::refused("请先写明原因，打开记录以后再下载"));
    }
    let paper = incident::paper(&mut tx, &act, &incident).await?;
    tx.commit().await?;
    document::response(&paper)
}
