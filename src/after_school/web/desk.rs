//! The children's roll, for staff. Names are masked until somebody has said why they need to read them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Homes, Options, filled, homes, read_child, read_invitation};
use crate::access::{Permission, Routes, Viewer};
use crate::after_school::child::{self, Child, Consent, Wishes};
use crate::after_school::model::{Adult, Rules, State as Standing};
use crate::after_school::store::{self, Opening};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, qr, redirect};
use crate::{place, settings};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/children", ChildManage, list)
        .get("/children/new", ChildManage, new)
        .post("/children", ChildManage, create)
        .get("/children/{id}", ChildManage, show)
        .post("/children/{id}/openings", ChildManage, open)
        .get("/children/{id}/particulars", ChildManage, edit)
        .post("/children/{id}/particulars", ChildManage, change)
        .post("/children/{id}/links", ChildManage, renew)
        .post("/children/{id}/departure", ChildManage, leave)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "after_school/web/list.html")]
struct ListPage {
    shell: Shell,
    state: Standing,
    counts: Vec<(Standing, i64)>,
    children: Vec<Child>,
    next: Option<String>,
}

impl ListPage {
    fn states(&self) -> [(Standing, i64); 3] {
        let count = |state| self.counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, people)| *people);
        [Standing::Enrolled, Standing::Invited, Standing::Left].map(|state| (state, count(state)))
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
    let act = app.act(&viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let state = Standing::parse(&asked.state).unwrap_or(Standing::Enrolled);
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let (children, next) = child::list(&mut tx, &act, &scope, state, before, PAGE).await?;
    let counts = store::counts(&mut tx, viewer.tenant, &scope).await?;
    let next = next.map(|cursor| format!("/children?state={}&before={cursor}", state.code()));
    page(&ListPage { shell, state, counts, children, next })
}

#[derive(Template)]
#[template(path = "after_school/web/form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    homes: Options,
    /// Of whom it is, and the name where it is open; `None` of a new child.
    known: Option<Uuid>,
    rules: Rules,
}

impl FormPage {
    fn signed(&self) -> bool {
        self.known.is_some() || self.form.is("way", "signed")
    }
}

async fn within(app: &App, viewer: &Viewer) -> Result<(Homes, Options)> {
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    homes(&mut tx, viewer.tenant, estates).await
}

async fn rules_of(app: &App, viewer: &Viewer) -> Result<Rules> {
    settings::read(&mut app.db.read().await?, viewer.tenant, app.means.now()).await
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    way: String,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(wanted): Query<Wanted>) -> Result<Response> {
    let (_, homes) = within(&app, &viewer).await?;
    let form = Form::filled(&[("way", &wanted.way)]);
    page(&FormPage { shell, form, homes, known: None, rules: rules_of(&app, &viewer).await? })
}

/// Invites a guardian, or enters a child whose guardian has signed on paper.
async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let (homes, options) = within(&app, &viewer).await?;
    let rules = rules_of(&app, &viewer).await?;
    let mut tx = app.db.begin().await?;
    let done = if form.is("way", "signed") {
        let read = read_child(&mut form, &homes, &act, &rules);
        if !form.is("signed", "yes") {
            form.fail("signed", "监护人签了字才能登记；没有签的，请改用“发链接请监护人同意”");
        }
        let wishes = |adults| Wishes { adults, photos: form.is("photos", "yes"), alone: form.is("alone", "yes") };
        match read.map(|(sketch, adults)| (sketch, wishes(adults))) {
            Some((sketch, wishes)) if form.ok() => {
                let done = child::enrol(&mut tx, &act, sketch, &wishes).await;
                form.noted("alone", done)?.map(|child| (child, "已登记在册"))
            }
            _ => None,
        }
    } else {
        match read_invitation(&mut form, &homes) {
            Some(sketch) if form.ok() => {
                Some((child::invite(&mut tx, &act, sketch).await?, "已记下，请把链接转给监护人"))
            }
            _ => None,
        }
    };
    if let Some((child, words)) = done {
        tx.commit().await?;
        return Ok(redirect(&format!("/children/{}", child.id), words));
    }
    drop(tx);
    page_again(&FormPage { shell, form, homes: options, known: None, rules })
}

#[derive(Template)]
#[template(path = "after_school/web/show.html")]
struct ShowPage {
    shell: Shell,
    child: Child,
    /// Until when the record is open to the reader.
    opened: Option<Timestamp>,
    adults: Vec<Adult>,
    consents: Vec<Consent>,
    openings: Vec<Opening>,
    address: String,
    picture: String,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    fn is(&self, state: &str) -> bool {
        self.child.state.code() == state
    }

    fn name(&self) -> String {
        if self.opened.is_some() { self.child.name().to_owned() } else { self.child.particulars.masked_name() }
    }

    fn facts(&self) -> Vec<(&'static str, &'static str, String)> {
        self.child.facts().into_iter().filter(|(_, _, value)| !value.is_empty()).collect()
    }
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    let opened = store::opened(&mut tx, act.tenant, id, act.account, act.at).await?;
    let address = app.link(&format!("/guardians/{}", child.link(act.tenant, &app.means.keys)));
    Ok(ShowPage {
        adults: if opened.is_some() { child::adults(&mut tx, &act, id).await? } else { Vec::new() },
        consents: child::consents(&mut tx, &act, id).await?,
        openings: store::openings(&mut tx, act.tenant, id).await?,
        picture: qr(&address)?,
        address,
        shell,
        child,
        opened,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn open(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let purpose = form.reveal_reason("reason");
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, ("opening", form)).await?);
    }
    let mut tx = app.db.begin().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    child::open(&mut tx, &act, &child, &viewer.name, &purpose).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/children/{id}"), "已打开，原因记下了，监护人也看得到"))
}

/// Errors: refused unless the record is open to the reader.
async fn opened_child(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Child, Vec<Adult>)> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    if store::opened(&mut tx, act.tenant, id, act.account, act.at).await?.is_none() {
        return Err(Error::refused("请先在孩子的页面上写明原因，打开资料以后再改"));
    }
    let adults = child::adults(&mut tx, &act, id).await?;
    Ok((child, adults))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (child, adults) = opened_child(&app, &viewer, id).await?;
    let (_, homes) = within(&app, &viewer).await?;
    let form = filled(&child, &adults);
    page(&FormPage { shell, form, homes, known: Some(id), rules: rules_of(&app, &viewer).await? })
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let (child, _) = opened_child(&app, &viewer, id).await?;
    let (homes, options) = within(&app, &viewer).await?;
    let rules = rules_of(&app, &viewer).await?;
    if let Some((sketch, adults)) = read_child(&mut form, &homes, &act, &rules)
        && form.ok()
    {
        let mut tx = app.db.begin().await?;
        let seen = Child { version: form.version(), ..child };
        let done = child::change(&mut tx, &act, &seen, sketch, &adults).await;
        if let Some(()) = form.noted("listed1_name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/children/{id}"), "已改好"));
        }
    }
    page_again(&FormPage { shell, form, homes: options, known: Some(id), rules })
}

async fn renew(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    child::renew_link(&mut tx, &act, &child).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/children/{id}"), "原来的链接作废了，请把新的转给监护人"))
}

async fn leave(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let why = form.open_text("why", "为什么", 2..=60, "不要写电话或身份证号");
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, ("departure", form)).await?);
    }
    let mut tx = app.db.begin().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    child::leave(&mut tx, &act, &child, &why).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/children/{id}"), "已退出，到期自动删除"))
}
