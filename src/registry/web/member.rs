//! Somebody new at a door: in a household that is registered, or as the first of one that is not.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use codes::tables::Relation;
use codes::{IdentityNumber, PersonName, Phone, Sex};
use db::Tx;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::place::{self, Use};
use crate::registry::enrol::{NewResident, Outcome, enrol};
use crate::registry::particular::{Document, Particular};
use crate::registry::store;
use crate::registry::tag::ResidenceState;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ResidentEdit;
    Routes::default()
        .get("/households/{id}/members/new", ResidentEdit, new_member)
        .post("/households/{id}/members", ResidentEdit, add_member)
        .get("/dwellings/{id}/households/new", ResidentEdit, new_household)
        .post("/dwellings/{id}/households", ResidentEdit, add_household)
}

#[derive(Template)]
#[template(path = "registry/web/member.html")]
struct MemberPage {
    shell: Shell,
    door: String,
    back: String,
    action: String,
    /// The household is new: the person is its head, and the use of the dwelling is asked.
    first: bool,
    form: Form,
}

impl MemberPage {
    fn uses(&self) -> Vec<(&'static str, &'static str)> {
        Use::ALL.iter().map(|usage| (usage.code(), usage.label())).collect()
    }
}

/// Where somebody is added: the dwelling, and the head of the household if there is one.
struct At {
    dwelling: Uuid,
    head: Option<PersonName>,
    page: MemberPage,
}

async fn at_household(tx: &mut Tx, tenant: Uuid, scope: &Scope, shell: Shell, id: Uuid, form: Form) -> Result<At> {
    let household = store::household(tx, tenant, scope, id).await?;
    let (back, action) = (format!("/households/{id}"), format!("/households/{id}/members"));
    let page = MemberPage { door: household.door(), shell, back, action, first: false, form };
    Ok(At { dwelling: household.dwelling_id, head: PersonName::parse(&household.head_name).ok(), page })
}

async fn at_dwelling(tx: &mut Tx, tenant: Uuid, scope: &Scope, shell: Shell, id: Uuid, mut form: Form) -> Result<At> {
    let dwelling = place::dwelling(tx, tenant, id).await?;
    place::building_in_reach(tx, tenant, scope, dwelling.building_id).await?;
    let spot = place::spot(tx, tenant, dwelling.building_id).await?;
    if let (Some(usage), true) = (dwelling.usage, form.value("usage").is_empty()) {
        form.set("usage", usage.code());
    }
    let door = format!("{} {}室", spot.words(), place::room_words(&dwelling.room));
    let (back, action) = (format!("/buildings/{}", dwelling.building_id), format!("/dwellings/{id}/households"));
    Ok(At { dwelling: id, head: None, page: MemberPage { shell, door, back, action, first: true, form } })
}

async fn new_member(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (mut tx, scope) = (app.db.read().await?, viewer.scope(Permission::ResidentEdit));
    page(&at_household(&mut tx, viewer.tenant, &scope, shell, id, Form::default()).await?.page)
}

async fn new_household(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (mut tx, scope) = (app.db.read().await?, viewer.scope(Permission::ResidentEdit));
    page(&at_dwelling(&mut tx, viewer.tenant, &scope, shell, id, Form::default()).await?.page)
}

async fn add_member(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, scope) = (app.db.begin().await?, viewer.scope(Permission::ResidentEdit));
    let at = at_household(&mut tx, viewer.tenant, &scope, shell, id, form).await?;
    add(tx, &app.act(&viewer, Permission::ResidentEdit)?, at).await
}

async fn add_household(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, scope) = (app.db.begin().await?, viewer.scope(Permission::ResidentEdit));
    let at = at_dwelling(&mut tx, viewer.tenant, &scope, shell, id, form).await?;
    add(tx, &app.act(&viewer, Permission::ResidentEdit)?, at).await
}

async fn add(mut tx: Tx, act: &Act, at: At) -> Result<Response> {
    let At { dwelling, head, mut page } = at;
    let form = &mut page.form;
    let new = read(form, super::today(act));
    let how = form.text("how", "怎么知道的", 2..=100);
    let usage = form.optional_choice("usage", "住房性质", Use::parse);
    let (Some(mut new), true) = (new, form.ok()) else { return page_again(&page) };
    let head = head.unwrap_or_else(|| {
        new.relation = Some(Relation::Head);
        new.name.clone()
    });
    if let Some(usage) = usage {
        place::set_use(&mut tx, act, dwelling, usage).await?;
    }
    let outcome = match enrol(&mut tx, act, dwelling, &head, &new).await {
        Ok(outcome) => outcome,
        Err(Error::Refused(sentence)) => {
            drop(tx);
            page.form.fail(Particular::Identity.code(), sentence);
            return page_again(&page);
        }
        Err(error) => return Err(error),
    };
    let (id, flash) = match outcome {
        Outcome::Created(id) => {
            audit::record(&mut tx, act, "create", ("resident", id), &how, &[]).await?;
            (id, "已登记")
        }
        Outcome::Updated(id) => (id, "这个人登记过，已改到这一户，新写的内容也补上了"),
        Outcome::Unchanged(id) => (id, "这个人本来就登记在这一户，没有新内容"),
    };
    tx.commit().await?;
    Ok(redirect(&format!("/residents/{id}"), flash))
}

/// Somebody from the form, unless something is wrong with it.
fn read(form: &mut Form, today: jiff::civil::Date) -> Option<NewResident> {
    let name = form.person_name("name");
    let mut kept = |particular: Particular| {
        let read = particular.read(form.value(particular.code()), today);
        read.unwrap_or_else(|sentence| {
            form.fail(particular.code(), sentence);
            None
        })
    };
    let (sex, birth) = (kept(Particular::Sex), kept(Particular::BirthDate));
    let (identity, phone) = (kept(Particular::Identity), kept(Particular::Phone));
    let (relation, state) = (kept(Particular::Relation), kept(Particular::ResidenceState));
    let identity = identity.and_then(|number| IdentityNumber::parse(&number).ok());
    let birth = birth.and_then(|birth| codes::date::parse(&birth).ok());
    let sex = sex.and_then(|sex| sex.parse().ok()).filter(|sex| *sex != Sex::Unknown);
    let number = |number: &IdentityNumber| {
        let (year, month, day) = number.birth();
        codes::PartialDate::new(year, Some(month), Some(day))
    };
    Some(NewResident {
        document: form.is("document", Document::None.code()).then_some(Document::None),
        sex: sex.or(identity.as_ref().map(IdentityNumber::sex)).unwrap_or(Sex::Unknown),
        birth: birth.or(identity.as_ref().and_then(number)),
        phone: phone.and_then(|phone| Phone::parse(&phone).ok()),
        relation: relation.and_then(|relation| relation.parse().ok()),
        residence_state: state.and_then(|state| ResidenceState::parse(&state)),
        identity,
        ..NewResident::named(PersonName::parse(&name?).ok()?)
    })
}
