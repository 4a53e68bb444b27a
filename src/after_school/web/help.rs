//! 帮扶名单: opened by saying why, a page of children with what speaks for each, and what was done for one.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::Options;
use crate::access::{Permission, Routes, Viewer};
use crate::after_school::help::{self, Askable, Choice, Done, Listed};
use crate::after_school::help_model::{Help, HelpRules, Match};
use crate::after_school::help_store::{self, Asked};
use crate::after_school::model::Person;
use crate::after_school::store::Opening;
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/class-help", ChildManage, list)
        .post("/class-help/openings", ChildManage, open)
        .get("/class-help/{id}", ChildManage, show)
        .post("/class-help/{id}/steps", ChildManage, note)
        .post("/class-help/{id}/invitation", ChildManage, invite)
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    show: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "after_school/web/help.html")]
struct ListPage {
    shell: Shell,
    /// Until when the list is open to the reader; before that there is no child on the page.
    opened: Option<Timestamp>,
    children: Vec<Listed>,
    show: String,
    next: Option<String>,
    rules: HelpRules,
    form: Form,
}

impl ListPage {
    fn tabs(&self) -> [(&'static str, &'static str); 3] {
        [("", "要看的"), ("all", "没参加的都列出来"), ("later", "以后再看、不用看")]
    }

    fn is(&self, tab: &str) -> bool {
        self.show == tab
    }
}

async fn list_page(app: &App, viewer: &Viewer, shell: Shell, wanted: Wanted, form: Form) -> Result<ListPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let opened = help_store::opened(&mut tx, viewer, act.at).await?;
    let show = if ["all", "later"].contains(&wanted.show.as_str()) { wanted.show } else { String::new() };
    let asked = Asked { all: !show.is_empty(), now: show != "later", before: wanted.before.unwrap_or(i64::MAX) };
    let (children, next) = match opened {
        Some(_) => help::list(&mut tx, &act, &viewer.scope(Permission::ChildManage), asked).await?,
        None => (Vec::new(), None),
    };
    let next = next.map(|position| format!("/class-help?show={show}&before={position}"));
    let opened = opened.map(|opened| opened.until_at);
    Ok(ListPage { rules: help::rules(&mut tx, &act).await?, shell, opened, children, show, next, form })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(wanted): Query<Wanted>) -> Result<Response> {
    page(&list_page(&app, &viewer, shell, wanted, Form::default()).await?)
}

async fn open(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let purpose = form.reveal_reason("reason");
    if !form.ok() {
        let wanted = Wanted { show: String::new(), before: None };
        return page_again(&list_page(&app, &viewer, shell, wanted, form).await?);
    }
    let mut tx = app.db.begin().await?;
    help::open(&mut tx, &act, &purpose).await?;
    tx.commit().await?;
    Ok(redirect("/class-help", "已打开，原因记下了"))
}

#[derive(Template)]
#[template(path = "after_school/web/help_child.html")]
struct ShowPage {
    shell: Shell,
    listed: Listed,
    askable: Askable,
    steps: Vec<Done>,
    looks: Vec<Opening>,
    form: Form,
}

impl ShowPage {
    fn kinds(&self) -> Options {
        let offered = Help::ALL.iter().filter(|kind| **kind != Help::Invited);
        offered.map(|kind| (kind.code().to_owned(), kind.label().to_owned())).collect()
    }

    /// Whom the register makes a guardian.
    fn guardian(&self) -> Option<&Person> {
        self.askable.person(self.askable.sure)
    }

    fn adults(&self) -> Options {
        self.askable.adults.iter().map(|(id, person)| (id.to_string(), person.words())).collect()
    }

    /// The class has a child that is very likely this one.
    fn likely(&self) -> bool {
        self.listed.perhaps.is_some_and(|how| how <= Match::Likely)
    }

    fn words(&self) -> String {
        let wanted = &self.listed.wanted;
        let home = format!("{} {}", wanted.estate_name, wanted.building_name);
        let person = registry::person_words(&wanted.sex, None);
        if person.is_empty() { home } else { format!("{person} · {home}") }
    }
}

/// A child of the list. That somebody looks at it is noted before they do.
///
/// Errors: not found of who does not stand on the list; refused unless the list is open to the reader.
async fn opened_child(app: &App, viewer: &Viewer, id: Uuid) -> Result<Listed> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let listed = help::one(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    let Some(opened) = help_store::opened(&mut tx, viewer, act.at).await? else {
        return Err(Error::refused("请先在帮扶名单上写明原因，打开以后再看"));
    };
    let noted = help_store::has_looked(&mut tx, act.tenant, opened.id, id).await?;
    drop(tx);
    if !noted {
        let mut tx = app.db.begin().await?;
        help::look(&mut tx, &act, opened.id, id).await?;
        tx.commit().await?;
    }
    Ok(listed)
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let listed = opened_child(app, viewer, id).await?;
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    Ok(ShowPage {
        askable: help::askable(&mut tx, &act, &listed.wanted).await?,
        steps: help::steps(&mut tx, &act, id).await?,
        looks: help_store::looks(&mut tx, act.tenant, id).await?,
        shell,
        listed,
        form,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn note(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    opened_child(&app, &viewer, id).await?;
    let kind = form.choice("kind", "做了什么", Help::parse).filter(|kind| *kind != Help::Invited);
    let words = form.text("words", "情况", 0..=1000);
    let next_on = form.optional_choice("next_on", "下次什么时候看", |text| text.parse().ok());
    if let Some(kind) = kind
        && form.ok()
    {
        let mut tx = app.db.begin().await?;
        let field = if kind == Help::NotNeeded && words.is_empty() { "words" } else { "next_on" };
        let done = help::note(&mut tx, &act, id, kind, &words, next_on).await;
        if form.noted(field, done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect("/class-help", "已记下"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}

/// One tap: the child is on the roll as asked, and the next page has the link to pass on. Where the register does not say whom to ask, or the
/// child is perhaps in the class, the child's own page asks.
async fn invite(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    opened_child(&app, &viewer, id).await?;
    let choice = Choice { adult: form.value("adult").parse().ok(), another: form.is("another", "yes") };
    let mut tx = app.db.begin().await?;
    let invited = help::invite(&mut tx, &act, &viewer.scope(Permission::ChildManage), id, choice).await;
    if let Some(child) = form.noted("adult", invited)? {
        tx.commit().await?;
        return Ok(redirect(&format!("/children/{}", child.id), "已邀请，请把链接转给监护人"));
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}
