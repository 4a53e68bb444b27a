//! Needs for staff and grid workers: taking them down, arranging who goes, asking whether they were met.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    DAYS, Options, file_once, fill_wanted, fresh, kind_options, offered, part_options, read_need, read_said,
    read_wanted,
};
use crate::access::{self, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::call::{self, Call};
use crate::service::matching::{self, Suggestion};
use crate::service::model::{How, Purpose, Rules, State as Standing};
use crate::service::need::{self, End, Need, NewNeed};
use crate::service::once;
use crate::service::store::{self, Consent};
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, redirect};
use crate::{audit, settings};

pub fn routes() -> Routes {
    use Permission::{ServiceArrange, ServiceFile};
    Routes::default()
        .get("/services", ServiceFile, list)
        .get("/services/new", ServiceFile, new)
        .post("/services", ServiceFile, create)
        .get("/services/{id}", ServiceFile, show)
        .get("/services/{id}/particulars", ServiceFile, edit)
        .post("/services/{id}/particulars", ServiceFile, change)
        .post("/services/{id}/reveals", ServiceFile, reveal)
        .post("/services/{id}/calls", ServiceArrange, assign)
        .post("/services/{id}/calls/{call}/removal", ServiceArrange, call_off)
        .post("/services/{id}/end", ServiceFile, end)
        .post("/services/{id}/reopening", ServiceArrange, reopen)
        .post("/services/{id}/withdrawal", ServiceFile, withdraw)
}

const PAGE: usize = 50;

fn to(id: Uuid) -> String {
    format!("/services/{id}")
}

#[derive(Template)]
#[template(path = "service/web/list.html")]
struct ListPage {
    shell: Shell,
    state: Standing,
    needs: Vec<Need>,
    next: Option<String>,
    may_arrange: bool,
}

impl ListPage {
    fn states(&self) -> &'static [Standing] {
        Standing::ALL
    }

    fn is(&self, state: &Standing) -> bool {
        self.state == *state
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let scope = viewer.scope(Permission::ServiceFile);
    let state = Standing::parse(&asked.state).unwrap_or(Standing::Open);
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let found = store::list(&mut app.db.read().await?, viewer.tenant, &scope, state, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/services?state={}&before={cursor}", state.code()));
    let needs = found.items.into_iter().map(|row| row.open(&act)).collect::<Result<Vec<Need>>>()?;
    page(&ListPage { shell, state, needs, next, may_arrange: viewer.may(Permission::ServiceArrange) })
}

#[derive(Template)]
#[template(path = "service/web/form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    kinds: Options,
    buildings: Options,
    /// The one that is changed.
    need: Option<Need>,
    /// What whoever takes it down says before somebody agrees.
    keep: Vec<String>,
    share: Vec<String>,
}

impl FormPage {
    /// A need may stay of a kind of which nothing new is taken down.
    fn offer(&mut self, kind: (String, String)) {
        if !self.kinds.iter().any(|(known, _)| *known == kind.0) {
            self.kinds.push(kind);
        }
    }

    fn days(&self) -> [(&'static str, &'static str); 7] {
        DAYS
    }

    fn parts(&self) -> Vec<(&'static str, &'static str)> {
        part_options()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, need: Option<Need>) -> Result<FormPage> {
    let mut tx = app.db.read().await?;
    let kinds = kind_options(&offered(&mut tx, viewer.tenant).await?);
    let buildings = store::buildings(&mut tx, viewer.tenant, &viewer.scope(Permission::ServiceFile)).await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, app.act(viewer, Permission::ServiceFile)?.at).await?;
    let community = access::tenant(&mut tx, viewer.tenant).await?.name;
    let wording = |purpose: Purpose| purpose.wording(How::Told, &community, &rules);
    let (keep, share) = (wording(Purpose::Keep), wording(Purpose::Share));
    Ok(FormPage { shell, form, kinds, buildings, need, keep, share })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&form_page(&app, &viewer, shell, fresh(&app), None).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let shown = form_page(&app, &viewer, shell, Form::default(), None).await?;
    let mut tx = app.db.begin().await?;
    let read = read_need(&mut tx, &act, &mut form, (&shown.kinds, &shown.buildings), How::Told).await?;
    if let Some(new) = read {
        if let Some(id) = once::made(&mut tx, &act, &form).await?.and_then(|made| made.made_id) {
            return Ok(redirect(&to(id), "这一项已经记过了"));
        }
        let done = file_once(&mut tx, &act, &form, new).await;
        if let Some(need) = form.ended(tx, "kind", done).await? {
            return Ok(redirect(&to(need.id), "记下了"));
        }
    }
    page_again(&FormPage { form, ..shown })
}

#[derive(Template)]
#[template(path = "service/web/show.html")]
struct ShowPage {
    shell: Shell,
    need: Need,
    calls: Vec<Call>,
    suggestions: Vec<Suggestion>,
    consents: Vec<Consent>,
    may_arrange: bool,
    /// By which whoever asked sees the need, and takes it back.
    link: String,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    fn standing(&self) -> Option<&Call> {
        self.calls.iter().find(|call| call.state.stands())
    }

    fn has_contact(&self) -> bool {
        self.need.particulars.has_contact()
    }
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ServiceFile)?;
    let may_arrange = viewer.may(Permission::ServiceArrange);
    let mut tx = app.db.read().await?;
    let need = need::in_reach(&mut tx, &act, &viewer.scope(Permission::ServiceFile), id).await?;
    let calls = call::calls(&mut tx, act.tenant, id).await?;
    let suggestions = match need.state == Standing::Open && may_arrange {
        true => matching::suggestions(&mut tx, &act, &viewer.scope(Permission::ServiceArrange), &need).await?,
        false => Vec::new(),
    };
    let consents = store::consents(&mut tx, act.tenant, id).await?;
    let link = format!("/needs/{}", need.link(act.tenant, &app.means.keys));
    Ok(ShowPage { shell, need, calls, suggestions, consents, may_arrange, link, form, failed })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let scope = viewer.scope(Permission::ServiceFile);
    let need = need::in_reach(&mut app.db.read().await?, &act, &scope, id).await?;
    let kind = (need.kind.to_string(), need.kind_name.clone());
    let mut form = Form::filled(&[
        ("version", &need.version.to_string()),
        ("kind", &need.kind.to_string()),
        ("words", &need.particulars.words),
        ("shares", if need.shares { "yes" } else { "" }),
        ("keeps", if need.particulars.has_contact() { "yes" } else { "" }),
    ]);
    fill_wanted(&mut form, &need.wanted);
    let mut shown = form_page(&app, &viewer, shell, form, Some(need)).await?;
    shown.offer(kind);
    page(&shown)
}

/// What is left blank of the name and the phone stays as it is, as long as they agree.
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let scope = viewer.scope(Permission::ServiceFile);
    let known = need::in_reach(&mut app.db.read().await?, &act, &scope, id).await?;
    let mut shown = form_page(&app, &viewer, shell, Form::default(), Some(known)).await?;
    let mut tx = app.db.begin().await?;
    let before = need::in_reach(&mut tx, &act, &scope, id).await?;
    shown.offer((before.kind.to_string(), before.kind_name.clone()));
    if let Some((kind, mut particulars, keeps)) = read_said(&mut form, &shown.kinds, How::Told)
        && form.ok()
    {
        if keeps.is_some() {
            let kept = before.particulars.clone();
            particulars.name = if particulars.name.is_empty() { kept.name } else { particulars.name };
            particulars.phone = if particulars.phone.is_empty() { kept.phone } else { particulars.phone };
        }
        let (wanted, shares) = (read_wanted(&form), form.is("shares", "yes"));
        let (Some(dwelling), Some(building)) = (before.dwelling, before.building) else { return Err(Error::NotFound) };
        let new = NewNeed { kind, dwelling, building, particulars, wanted, keeps, shares };
        let done = need::change(&mut tx, &act, &before, form.version(), new).await;
        if form.ended(tx, "kind", done).await?.is_some() {
            return Ok(redirect(&to(id), "改好了"));
        }
    }
    page_again(&FormPage { form, ..shown })
}

async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, ("reveal", form)).await?);
    }
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &viewer.scope(Permission::ServiceFile), id).await?;
    audit::record(&mut tx, &act, "reveal", ("service_need", id), &reason, &[]).await?;
    tx.commit().await?;
    let (name, value) = (need.kind_name.clone(), need.particulars.contact());
    Revealed {
        shell, name, what: "怎么联系", value, form: ValueForm::Words, reason, back: (to(id), "回到这项需要")
    }
    .page()
}

async fn assign(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let scope = viewer.scope(Permission::ServiceArrange);
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &scope, id).await?;
    let done = call::accept(&mut tx, &act, &scope, &need, form.version(), form.value("suggestion")).await;
    match form.ended(tx, "suggestion", done).await? {
        Some(call) => Ok(redirect(&to(id), &format!("派给了{}，{}", call.who(), call.when()))),
        None => page_again(&show_page(&app, &viewer, shell, id, ("calls", form)).await?),
    }
}

async fn call_off(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, call)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let scope = viewer.scope(Permission::ServiceArrange);
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &scope, id).await?;
    let why = form.open_text("why", "为什么取消", 2..=100, "请不要写电话或身份证号");
    if form.ok() {
        let done = call::cancel(&mut tx, &act, &need, form.version(), call, &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&to(id), "取消了，可以另外派人"));
        }
    } else {
        drop(tx);
    }
    page_again(&show_page(&app, &viewer, shell, id, ("removal", form)).await?)
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &viewer.scope(Permission::ServiceFile), id).await?;
    let outcome = form.choice("outcome", "办好没有", |code| {
        ["met", "withdrawn", "unmet"].contains(&code).then(|| code.to_owned())
    });
    let least = if outcome.as_deref() == Some("met") { 0 } else { 2 };
    let why = form.open_text("why", "原因", least..=100, "请不要写电话或身份证号");
    let end = match outcome.as_deref() {
        Some("met") => End::Met,
        Some("withdrawn") => End::Withdrawn(why),
        Some(_) => End::Unmet(why),
        None => {
            drop(tx);
            return again(&app, &viewer, shell, id, form).await;
        }
    };
    if form.ok() {
        let done = need::end(&mut tx, &act, &need, form.version(), end).await;
        if form.ended(tx, "outcome", done).await?.is_some() {
            return Ok(redirect(&to(id), "记下了"));
        }
    } else {
        drop(tx);
    }
    again(&app, &viewer, shell, id, form).await
}

async fn again(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<Response> {
    page_again(&show_page(app, viewer, shell, id, ("end", form)).await?)
}

async fn reopen(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &viewer.scope(Permission::ServiceArrange), id).await?;
    let done = need::reopen(&mut tx, &act, &need, form.version()).await;
    match form.ended(tx, "reopening", done).await? {
        Some(()) => Ok(redirect(&to(id), "又在等安排了，请另外派人")),
        None => page_again(&show_page(&app, &viewer, shell, id, ("reopening", form)).await?),
    }
}

/// Whoever asked has told staff that they take it back; it may have ended long ago.
async fn withdraw(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceFile)?;
    let mut tx = app.db.begin().await?;
    let need = need::in_reach(&mut tx, &act, &viewer.scope(Permission::ServiceFile), id).await?;
    need::withdraw(&mut tx, &act, &need).await?;
    tx.commit().await?;
    // Whoever reaches a grid only does not see it any more.
    Ok(redirect("/services", "撤回了，记下的都删掉了"))
}
