//! The form of a member: somebody new, and somebody known whose particulars change.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use codes::IdentityNumber;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::party::field::{Field, Values};
use crate::party::member::{self, Card, Home, today};
use crate::party::model::{Kind, Status, Tie};
use crate::party::store::{self, Organisation};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::PartyEdit;
    Routes::default()
        .get("/party/organisations/{id}/members/new", PartyEdit, new)
        .post("/party/organisations/{id}/members", PartyEdit, create)
        .get("/party/members/{id}/particulars", PartyEdit, edit)
        .post("/party/members/{id}/particulars", PartyEdit, change)
}

#[derive(Template)]
#[template(path = "party/web/particulars.html")]
struct ParticularsPage {
    shell: Shell,
    form: Form,
    organisation: Organisation,
    groups: Vec<(String, String)>,
    /// The one that is changed; `None` for somebody new.
    card: Option<Card>,
    /// What somebody else has written meanwhile.
    theirs: Vec<(Field, String)>,
}

impl ParticularsPage {
    fn action(&self) -> String {
        match &self.card {
            Some(card) => format!("/party/members/{}/particulars", card.id),
            None => format!("/party/organisations/{}/members", self.organisation.id),
        }
    }

    /// Whether there is a sealed value, which only a mark of its own takes away.
    fn may_erase(&self, field: &Field) -> bool {
        field.is_sealed() && self.card.as_ref().is_some_and(|card| card.get(*field).is_some())
    }

    /// A sealed value is not shown, and an empty field leaves it as it is.
    fn hint(&self, field: &Field) -> String {
        let known = self.card.as_ref().and_then(|card| card.get(*field)).filter(|_| field.is_sealed());
        match (field, known) {
            (_, Some(kept)) => format!("现在是 {}。不改就空着。", field.masked(kept)),
            (Field::Identity, None) => "写了号码，性别和出生年月就不用填。".to_owned(),
            (Field::Joined | Field::Full, None) => "如 1998-07-01，只知道年月的写年月。".to_owned(),
            (Field::Home, None) => "组织关系不在这里的才写，如“区水利局党支部”。".to_owned(),
            _ => String::new(),
        }
    }
}

async fn form_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    form: Form,
    (organisation, card, theirs): (Organisation, Option<Card>, Vec<(Field, String)>),
) -> Result<ParticularsPage> {
    let scope = viewer.scope(Permission::PartyEdit);
    let groups = store::organisations(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let own = |group: &Organisation| group.kind == Kind::Group && group.parent_id == Some(organisation.id);
    let groups = groups.into_iter().filter(own).map(|group| (group.id.to_string(), group.name)).collect();
    Ok(ParticularsPage { shell, form, organisation, groups, card, theirs })
}

#[derive(Deserialize)]
struct Within {
    #[serde(default)]
    group: String,
}

async fn new(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(within): Query<Within>,
) -> Result<Response> {
    let scope = viewer.scope(Permission::PartyEdit);
    let organisation = store::organisation(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let form = Form::filled(&[
        ("group", &within.group),
        (Field::Status.code(), Status::Formal.code()),
        (Field::Link.code(), Tie::Here.code()),
    ]);
    page(&form_page(&app, &viewer, shell, form, (organisation, None, Vec::new())).await?)
}

/// Reads the fields over what is known. A sealed one that is empty stays, unless somebody says that it is to go.
fn read(form: &mut Form, known: &Values, today: Date) -> Values {
    let mut values = known.clone();
    for field in Field::ALL {
        let written = form.value(field.code()).to_owned();
        if field.is_sealed() && written.trim().is_empty() && !form.is("erase", field.code()) {
            continue;
        }
        match field.read(&written, today) {
            Ok(Some(kept)) => _ = values.insert(*field, kept),
            Ok(None) => _ = values.remove(field),
            Err(sentence) => form.fail(field.code(), sentence),
        }
    }
    if let Some(number) = values.get(&Field::Identity).and_then(|number| IdentityNumber::parse(number).ok()) {
        let (year, month, day) = number.birth();
        values.insert(Field::Birth, format!("{year:04}-{month:02}-{day:02}"));
        values.insert(Field::Sex, number.sex().code().to_owned());
    }
    values
}

async fn create(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.begin().await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &scope, id).await?;
    if organisation.kind == Kind::Group {
        return Err(Error::refused("党员登记在党支部里，再选党小组"));
    }
    let values = read(&mut form, &Values::new(), today(&act));
    let group = form.optional_choice("group", "党小组", |group| group.parse::<Uuid>().ok());
    if let Some(group) = group {
        let group = store::organisation(&mut tx, viewer.tenant, &scope, group).await?;
        if group.parent_id != Some(id) {
            return Err(Error::NotFound);
        }
    }
    if form.ok() {
        match member::add(&mut tx, &act, Home { organisation: id, group }, &values, None).await {
            Ok(member) => {
                tx.commit().await?;
                return Ok(redirect(&format!("/party/members/{member}"), "已登记"));
            }
            Err(Error::Refused(sentence)) => form.fail(Field::Identity.code(), sentence),
            Err(error) => return Err(error),
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, (organisation, None, Vec::new())).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.read().await?;
    let card = member::card(&mut tx, &act, &scope, id).await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &scope, card.home.organisation).await?;
    drop(tx);
    let mut form = Form::filled(&[("version", &card.version.to_string())]);
    for (field, kept) in card.values.iter().filter(|(field, _)| !field.is_sealed()) {
        form.set(field.code(), kept);
    }
    page(&form_page(&app, &viewer, shell, form, (organisation, Some(card), Vec::new())).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.begin().await?;
    let before = member::card(&mut tx, &act, &scope, id).await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &scope, before.home.organisation).await?;
    let values = read(&mut form, &before.values, today(&act));
    let reason = form.text("reason", "为什么改", 0..=100);
    if codes::text::personal(&reason).is_some() {
        form.fail("reason", "原因会写进审计记录，请不要写电话或身份证号");
    }
    let mut theirs = Vec::new();
    if form.version() != before.version {
        let differs = |field: &&Field| before.get(**field) != values.get(field).map(String::as_str);
        let shown = |field: &Field| (*field, before.get(*field).map_or("空".to_owned(), |kept| field.masked(kept)));
        theirs = Field::ALL.iter().filter(differs).map(shown).collect();
        form.set("version", before.version.to_string());
        form.fail("name", "您打开以后有别人改过，请看下面列出的，再按一次改好");
    }
    if form.ok() {
        let now = Card { values, ..before.clone() };
        match member::save(&mut tx, &act, &before, &now, &reason).await {
            Ok(_) => {
                tx.commit().await?;
                return Ok(redirect(&format!("/party/members/{id}"), "已改好"));
            }
            Err(Error::Refused(sentence)) => form.fail(Field::Identity.code(), sentence),
            Err(error) => return Err(error),
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, (organisation, Some(before), theirs)).await?)
}
