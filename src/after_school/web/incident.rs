//! Incidents: written by whoever has the class, also by their link of the day, and read by whoever is responsible. What somebody else wrote is shown to nobody else, and nothing at
//! all before the reader has said why. Of a suspected harm the numbers to call stand first, and are there without that.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::roll::{Holding, held_by_keeper};
use super::{Options, moment, moment_words};
use crate::access::{Act, Need, Permission, Routes, Scope, Viewer};
use crate::after_school::incident::{self, File, Reading, Sketch};
use crate::after_school::incident_model::{Concerned, Ending, Kind, Office, Report, Rules, Step};
use crate::after_school::incident_store::{self, Incident};
use crate::after_school::model::Particulars;
use crate::after_school::names::{self, Named};
use crate::after_school::roll;
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
        .get("/class-keepers/{link}/incidents/new", Need::Public, new_of_keeper)
        .post("/class-keepers/{link}/incidents", Need::Public, create_of_keeper)
}

const PAGE: usize = 50;
/// So many children are named at most.
const MOST_CHILDREN: usize = 20;

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
    /// Where the form goes.
    action: String,
    /// What the way back leads to, and is called.
    back: (String, &'static str),
    /// Who reads what is written.
    readers: &'static str,
    /// Empty for whoever has one class.
    estates: Options,
    /// The children of the class of whoever holds it; staff write names.
    children: Option<Options>,
    rules: Rules,
}

impl FormPage {
    fn chosen(&self) -> &[(String, String)] {
        self.children.as_deref().unwrap_or_default()
    }

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
    Ok(FormPage {
        shell,
        form,
        action: "/class-incidents".to_owned(),
        back: ("/class-incidents".to_owned(), "事件记录"),
        readers: "只有社区负责人和您自己看得到",
        estates,
        children: None,
        rules,
    })
}

/// A form that nobody has filled in, with what makes it one.
fn blank(app: &App) -> Form {
    Form::filled(&[("happened_at", &moment_words(app.means.now())), ("id", &app.means.id().to_string())])
}

#[derive(Deserialize)]
struct Preset {
    #[serde(default)]
    estate: String,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(preset): Query<Preset>) -> Result<Response> {
    let mut form = blank(&app);
    if !preset.estate.is_empty() {
        form.set("estate", preset.estate);
    }
    page(&form_page(&app, &viewer, shell, form).await?)
}

/// What an incident keeps of a child, whatever becomes of the child's own record.
fn concerned(particulars: &Particulars, home: String) -> Concerned {
    let Particulars { name, birth_month, guardians, .. } = particulars.clone();
    Concerned { name, birth_month, home, guardians }
}

/// What a form says, but for where it was and of whom. Nothing where a field is not right, which the form then says.
fn read_form(form: &mut Form, act: &Act) -> Option<(Sketch, &'static str)> {
    let kind = form.choice("kind", "出了什么事", Kind::parse);
    let happened_at = moment(form, "happened_at", "什么时候");
    let account = form.text("account", "经过", 2..=4000);
    let done = form.text("done", "已经做了什么", 0..=2000);
    let told = form.text("told", "告诉了谁", 0..=1000);
    let told_at = if told.is_empty() { None } else { moment(form, "told_at", "什么时候告诉的") };
    let (kind, happened_at) = (kind?, happened_at?);
    // Where a form has none, nobody can send it twice.
    let id = form.value("id").parse().unwrap_or_else(|_| act.id());
    let told = told_at.map(|at| (told, at));
    let early = told.as_ref().is_some_and(|(_, at)| *at < happened_at || *at > act.at);
    let field = if early { "told_at" } else { "happened_at" };
    let (estate, children) = (Uuid::nil(), Vec::new());
    Some((Sketch { id, by: None, kind, estate, happened_at, children, account, done, told }, field))
}

/// What somebody is told who has written something down.
fn written_words(kind: Kind, anew: bool) -> &'static str {
    match kind {
        _ if !anew => "这张表已经记过一次。还有要写的，请点“补充”；是另一件事，请重新点“记一件事”",
        Kind::Harm => "已记下。请现在就打电话报告",
        _ => "已记下，社区负责人会看到",
    }
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let mut tx = app.db.begin().await?;
    let read = read_form(&mut form, &act);
    let estates = place::estates_touched(&mut tx, viewer.tenant, &scope).await?;
    let estate = form.choice("estate", "哪个小区的班", |id| {
        let id: Uuid = id.parse().ok()?;
        estates.iter().find(|(estate, _)| *estate == id).map(|(estate, _)| *estate)
    });
    let mut known = names::on_roll(&mut tx, &act, &Scope::tenant()).await?;
    known.retain(|child| estates.iter().any(|(estate, _)| *estate == child.estate));
    let found = names::find(&known, form.value("children"));
    let children = found.unwrap_or_else(|sentence| {
        form.fail("children", sentence);
        Vec::new()
    });
    let of = |child: &Named| (child.id, concerned(&child.particulars, child.home()));
    let children: Vec<(Uuid, Concerned)> = children.into_iter().map(of).collect();
    if children.len() > MOST_CHILDREN {
        form.fail("children", format!("最多写 {MOST_CHILDREN} 个孩子，其余的写在经过里"));
    }
    if let (Some((sketch, field)), Some(estate), true) = (read, estate, form.ok()) {
        let sketch = Sketch { estate, children, ..sketch };
        let done = incident::write(&mut tx, &act, &sketch).await;
        if let Some(anew) = form.noted(field, done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/class-incidents/{}", sketch.id), written_words(sketch.kind, anew)));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form).await?)
}

// ---------- by a keeper's link ----------

/// The form for whoever holds a class by a link: its own children are there to be chosen, and that their names were read is noted as on the
/// roll call, in the same words, so that no guardian learns from it that something is written down.
async fn keeper_form(app: &App, holding: Holding, shell: Shell, form: Form) -> Result<FormPage> {
    let Holding { act, session, by, base } = holding;
    let mut tx = app.db.read().await?;
    let rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let rows = roll::rows(&mut tx, &act, &session).await?;
    let read: Vec<&roll::Row> = rows.iter().collect();
    let anew = roll::sees_anew(&mut tx, &act, &session, &read, by.id).await?;
    drop(tx);
    if anew {
        let mut tx = app.db.begin().await?;
        roll::see(&mut tx, &act, &session, &read, &by, "带班").await?;
        tx.commit().await?;
    }
    let children = rows.iter().map(|row| (row.child.id.to_string(), row.child.name().to_owned())).collect();
    Ok(FormPage {
        shell,
        form,
        action: format!("{base}/incidents"),
        back: (base, "点名"),
        readers: "只有社区负责人看得到，记下以后这个链接里也看不到",
        estates: Vec::new(),
        children: Some(children),
        rules,
    })
}

async fn new_of_keeper(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let holding = held_by_keeper(&app, &link).await?;
    page(&keeper_form(&app, holding, shell, blank(&app)).await?)
}

async fn create_of_keeper(
    State(app): State<App>,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let holding = held_by_keeper(&app, &link).await?;
    let Holding { act, session, by, .. } = &holding;
    let mut tx = app.db.begin().await?;
    let read = read_form(&mut form, act);
    let rows = roll::rows(&mut tx, act, session).await?;
    let chosen = rows.iter().filter(|row| form.is("child", &row.child.id.to_string()));
    let of = |row: &roll::Row| (row.child.id, concerned(&row.child.particulars, row.child.home.clone()));
    let children: Vec<(Uuid, Concerned)> = chosen.map(of).collect();
    if children.len() > MOST_CHILDREN {
        form.fail("child", format!("最多选 {MOST_CHILDREN} 个孩子，其余的写在经过里"));
    }
    if let (Some((sketch, field)), true) = (read, form.ok()) {
        let sketch = Sketch { by: Some(by.clone()), estate: session.estate_id, children, ..sketch };
        let done = incident::write(&mut tx, act, &sketch).await;
        if let Some(anew) = form.noted(field, done)? {
            tx.commit().await?;
            let words = match anew {
                true => written_words(sketch.kind, anew),
                false => "这张表已经记过一次。还有要写的，请再点一次“记一件事”",
            };
            return Ok(redirect(&holding.base, words));
        }
    }
    drop(tx);
    page_again(&keeper_form(&app, holding, shell, form).await?)
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

    fn erased(&self) -> bool {
        self.incident.erased_at.is_some()
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
    // Of what is erased no word is left that somebody would have to say why they read.
    let is_read = opened.is_some() || incident.erased_at.is_some();
    let file = match is_read {
        true => incident::file(&mut tx, &act, &incident, only(viewer, responsible)).await?,
        false => File::default(),
    };
    let readings = match responsible && is_read {
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
        done = form.ended(tx, "reason", outcome).await?.map(|()| "已打开，原因记下了");
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
        done = form.ended(tx, "at", outcome).await?.map(|()| "已补充，原来写的不会变");
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
        done = form.ended(tx, "suspicion", outcome).await?.map(|()| "已记下。请现在就打电话报告");
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
        done = form.ended(tx, "reported_at", outcome).await?.map(|()| "已登记报告");
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
        done = form.ended(tx, "plan", outcome).await?.map(|()| "已开始跟进");
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
        done = form.ended(tx, "ending", outcome).await?.map(|()| "已了结，记录留着");
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
