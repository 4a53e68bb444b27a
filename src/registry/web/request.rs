//! 个人信息请求: entered at the window or on the phone, answered before the deadline.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;

use super::resident::within;
use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::registry::person::{self, Person};
use crate::registry::request::{self, Channel, NewRequest, Request, RequestKind, State as Stage};
use crate::registry::store::Household;
use crate::registry::{copy, erasure};
use crate::web::show::Deadline;
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::DataRequestHandle;
    Routes::default()
        .get("/residents/{id}/data-requests/new", DataRequestHandle, new)
        .post("/residents/{id}/data-requests", DataRequestHandle, create)
        .get("/data-requests", DataRequestHandle, list)
        .get("/data-requests/{id}", DataRequestHandle, show_request)
        .post("/data-requests/{id}/copy", DataRequestHandle, take_copy)
        .post("/data-requests/{id}/completion", DataRequestHandle, complete)
        .post("/data-requests/{id}/refusal", DataRequestHandle, refuse)
}

const PAGE: usize = 20;

// ---------- entering one ----------

#[derive(Template)]
#[template(path = "registry/web/request_new.html")]
struct NewPage {
    shell: Shell,
    household: Household,
    person: Person,
    form: Form,
}

impl NewPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        RequestKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }

    fn channels(&self) -> Vec<(&'static str, &'static str)> {
        Channel::ALL.iter().map(|channel| (channel.code(), channel.label())).collect()
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<NewPage> {
    let act = app.act(viewer, Permission::DataRequestHandle)?;
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &viewer.scope(Permission::DataRequestHandle), id).await?;
    Ok(NewPage { shell, household, person, form })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn create(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DataRequestHandle)?;
    let kind = form.choice("kind", "要办哪一种", RequestKind::parse);
    let channel = form.choice("channel", "怎么来的", Channel::parse);
    let requester = form.text("requester", "谁提出的", 2..=100);
    let words = form.text("words", "要求", 4..=500);
    let (Some(kind), Some(channel), true) = (kind, channel, form.ok()) else {
        return page_again(&new_page(&app, &viewer, shell, id, form).await?);
    };
    let mut tx = app.db.begin().await?;
    let (person, _) = within(&mut tx, &act, &viewer.scope(Permission::DataRequestHandle), id).await?;
    let new = NewRequest { resident: id, building: person.building, kind, channel, requester, words };
    match request::file(&mut tx, &act, new).await {
        Ok(request) => {
            tx.commit().await?;
            Ok(redirect(&format!("/data-requests/{request}"), "已登记，请在期限前答复"))
        }
        // The working days of next year are not known yet.
        Err(Error::Refused(sentence)) => {
            drop(tx);
            let way_out = "请系统管理员在“参数”里把“个人信息请求”改成按自然日算，再登记一次";
            form.fail("kind", format!("算不出答复期限：{sentence}。{way_out}"));
            page_again(&new_page(&app, &viewer, shell, id, form).await?)
        }
        Err(error) => Err(error),
    }
}

// ---------- looking ----------

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "registry/web/requests.html")]
struct RequestsPage {
    shell: Shell,
    ended: bool,
    requests: Vec<(Request, Deadline)>,
    next: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = app.act(&viewer, Permission::DataRequestHandle)?;
    let scope = viewer.scope(Permission::DataRequestHandle);
    let ended = asked.state == "ended";
    let after = asked.after.and_then(|after| after.parse().ok());
    let mut tx = app.db.read().await?;
    let stands = request::deadlines(&mut tx, viewer.tenant, act.at).await?;
    let requests = request::list(&mut tx, &act, &scope, ended, after, PAGE).await?;
    let state = if ended { "state=ended&" } else { "" };
    let next = requests.next.map(|after| format!("/data-requests?{state}after={after}"));
    let requests = requests.items.into_iter().map(|request| {
        let deadline = stands(request.due_at);
        (request, deadline)
    });
    page(&RequestsPage { shell, ended, requests: requests.collect(), next })
}

#[derive(Template)]
#[template(path = "registry/web/request.html")]
struct RequestPage {
    shell: Shell,
    request: Request,
    deadline: Deadline,
    /// What an erasure would take away, and what stays by law.
    gone: String,
    kept: String,
    form: Form,
    failed: &'static str,
}

impl RequestPage {
    fn is_open(&self) -> bool {
        self.request.state == Stage::Open
    }

    fn corrects(&self) -> bool {
        self.request.kind == RequestKind::Correction
    }

    fn copies(&self) -> bool {
        self.request.kind == RequestKind::Copy
    }

    /// What the requester may be told, to begin with.
    fn answer(&self) -> String {
        if !self.form.value("answer").is_empty() {
            return self.form.value("answer").to_owned();
        }
        let kept = if self.kept.is_empty() {
            String::new()
        } else {
            format!("{}是社区依法掌握实有人口必须留的，您搬离以后可以再申请删去。", self.kept)
        };
        match self.request.kind {
            RequestKind::Copy => "您好！您在本社区登记的全部内容已制成一份表，请带身份证件到社区窗口领取。".to_owned(),
            RequestKind::Correction => "您好！您要求更正的内容已经核实，改好了。".to_owned(),
            RequestKind::Deletion => format!("您好！按您的请求，已删去：{}。{kept}", self.gone),
            RequestKind::Withdrawal => {
                format!("您好！您撤回同意后，凭同意登记的{}已经删去，今后不再使用。{kept}", self.gone)
            }
        }
    }
}

async fn request_page(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<RequestPage> {
    let request = request::request(tx, act, scope, id).await?;
    let person = person::person(tx, act, request.resident).await?;
    let deadline = request::deadlines(tx, act.tenant, act.at).await?(request.due_at);
    let (gone, kept) = erasure::foreseen(&person);
    let words = |of: Vec<_>| of.into_iter().map(crate::registry::Particular::label).collect::<Vec<_>>().join("、");
    Ok(RequestPage { shell, request, deadline, gone: words(gone), kept: words(kept), form, failed })
}

async fn show_request(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::DataRequestHandle)?;
    let scope = viewer.scope(Permission::DataRequestHandle);
    let mut tx = app.db.read().await?;
    page(&request_page(&mut tx, &act, &scope, shell, id, Default::default()).await?)
}

// ---------- handling ----------

/// Everything that is known of the person, for the person.
async fn take_copy(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DataRequestHandle)?;
    let scope = viewer.scope(Permission::DataRequestHandle);
    let mut tx = app.db.begin().await?;
    let request = request::request(&mut tx, &act, &scope, id).await?;
    if (request.kind, request.state) != (RequestKind::Copy, Stage::Open) {
        return Err(Error::refused("只有待处理的“查阅、复制”请求才能出具副本"));
    }
    let restricted = viewer.may(Permission::ResidentTagRestricted);
    let sheets = copy::sheets(&mut tx, &act, &scope, request.resident, restricted).await?;
    let mark = format!("{} {} 出具，含完整个人信息，只交给本人", viewer.name, show::day_and_time(&act.at));
    let content = copy::workbook(sheets, &mark)?;
    audit::record(&mut tx, &act, "copy", ("resident", request.resident), "按本人请求", &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "本人登记内容.xlsx"))
}

async fn complete(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    end(&app, &viewer, shell, id, form, true).await
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    end(&app, &viewer, shell, id, form, false).await
}

async fn end(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, mut form: Form, done: bool) -> Result<Response> {
    let act = app.act(viewer, Permission::DataRequestHandle)?;
    let scope = viewer.scope(Permission::DataRequestHandle);
    let mut tx = app.db.begin().await?;
    let asked = request::request(&mut tx, &act, &scope, id).await?;
    let (field, label) = if done { ("answer", "给本人的答复") } else { ("reason", "为什么不能办") };
    let answer = form.text(field, label, 4..=500);
    if !form.ok() {
        return page_again(&request_page(&mut tx, &act, &scope, shell, id, (field, form)).await?);
    }
    let flash = if done {
        request::complete(&mut tx, &act, &asked, &answer).await?;
        "已办结，请把答复告诉本人"
    } else {
        request::refuse(&mut tx, &act, &asked, &answer).await?;
        "已拒绝，请把理由告诉本人"
    };
    tx.commit().await?;
    Ok(redirect(&format!("/data-requests/{id}"), flash))
}
