use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use codes::tables::{Education, Ethnic, Marital, Political, Relation};
use codes::{Place, address};
use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::place::{self, Spot};
use crate::registry::lookup::Query;
use crate::registry::model::{self, Figures, HouseholdKind, Stairwell, age, door_words, label, person_words};
use crate::registry::particular::Particular;
use crate::registry::person::Ending;
use crate::registry::store::{self, FoundBuilding, FoundDoor, Household, Member, MemberTag, Neighbour, ResidentRow};
use crate::registry::tag::Tag;
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, redirect};
use crate::{audit, search};

mod double;
mod export;
mod finding;
mod member;
mod request;
mod resident;
mod roll;
mod tags;

pub fn routes() -> Routes {
    Routes::default()
        .merge(resident::routes())
        .merge(double::routes())
        .merge(export::routes())
        .merge(finding::routes())
        .merge(roll::routes())
        .merge(request::routes())
        .merge(tags::routes())
        .merge(member::routes())
        .get("/residents", Permission::ResidentRead, list)
        .get("/residents/search", Permission::ResidentRead, list)
        .post("/residents/search", Permission::ResidentRead, search)
        .get("/buildings/{id}", Permission::ResidentRead, building)
        .get("/households/{id}", Permission::ResidentRead, household)
        .post("/households/{id}/kind", Permission::ResidentEdit, set_kind)
        .post("/residents/{id}/reveals", Permission::ResidentReveal, reveal)
}

// ---------- look-up ----------

#[derive(Template)]
#[template(path = "registry/web/residents.html")]
struct Residents {
    shell: Shell,
    query: String,
    results: Option<Results>,
    /// Nobody is registered yet.
    nobody: bool,
    merges: bool,
    edits: bool,
    imports: bool,
    requests: bool,
}

/// What a search has found: a part of the page, and on its own what is put under the search box while somebody types.
#[derive(Template)]
#[template(path = "registry/web/results.html")]
struct Results {
    shell: Shell,
    query: String,
    answer: Answer,
}

enum Answer {
    Blank,
    People { people: Vec<Listed>, next: Option<i64> },
    Doors { doors: Vec<FoundDoor>, more: bool },
    Buildings(Vec<FoundBuilding>),
    BuildingOrFloor { building: String, floor: String },
    Unreadable(String),
}

/// A resident in a list: the name in full, the numbers masked.
struct Listed {
    id: Uuid,
    household: Uuid,
    name: String,
    words: String,
    door: String,
    phone: String,
    identity: String,
    tags: Vec<Tag>,
    ended: Option<Ending>,
}

impl FoundDoor {
    fn words(&self) -> String {
        door_words(&self.estate_name, &self.building_name, &self.unit_key, &self.room)
    }
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let nobody = !store::anybody(&mut tx, viewer.tenant).await?;
    let imports = viewer.may(Permission::RegistryImport);
    let (merges, edits) = (viewer.may(Permission::ResidentMerge), viewer.may(Permission::ResidentEdit));
    let requests = viewer.may(Permission::DataRequestHandle);
    page(&Residents { shell, query: String::new(), results: None, nobody, merges, edits, imports, requests })
}

/// Looks people and doors up. What is looked for comes in the body of a POST, so that no name and no number gets into
/// an address, a log or a browser's history.
async fn search(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let query: String = form.value("q").chars().take(100).collect();
    let before = form.value("before").parse().unwrap_or(i64::MAX);
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let mut tx = app.db.read().await?;
    let answer = look_up(&mut tx, &act, &viewer.scope(Permission::ResidentRead), &query, before).await?;
    let results = Results { shell: shell.clone(), query: query.clone(), answer };
    if headers.contains_key("hx-request") {
        return page(&results);
    }
    let imports = viewer.may(Permission::RegistryImport);
    let (merges, edits) = (viewer.may(Permission::ResidentMerge), viewer.may(Permission::ResidentEdit));
    let requests = viewer.may(Permission::DataRequestHandle);
    page(&Residents { shell, query, results: Some(results), nobody: false, merges, edits, imports, requests })
}

async fn look_up(tx: &mut Tx, act: &Act, scope: &Scope, text: &str, before: i64) -> Result<Answer> {
    Ok(match Query::read(text) {
        Query::Blank => Answer::Blank,
        Query::Unreadable(sentence) => Answer::Unreadable(sentence),
        Query::BuildingOrFloor { building, floor } => Answer::BuildingOrFloor { building, floor },
        Query::Identity(number) => people(act, store::by_identity(tx, act, scope, &number).await?, None)?,
        Query::Phone(phone) => people(act, store::by_phone(tx, act, scope, &phone).await?, None)?,
        Query::Floor(place, floor) => doors(tx, act, scope, &place, Some(floor)).await?,
        Query::Place(place) if place.unit.is_none() && place.room.is_none() => {
            Answer::Buildings(store::buildings(tx, act.tenant, scope, &place).await?)
        }
        Query::Place(place) => doors(tx, act, scope, &place, None).await?,
        Query::Name(needle) => {
            let terms = search::Terms::read(&needle);
            let (rows, next) = store::by_name(tx, act.tenant, scope, &terms, before).await?;
            // What names nobody may name an estate or a building: 家属楼, A座.
            let place = address::parse(&needle).unwrap_or_default();
            if rows.is_empty() && place != Place::default() {
                let buildings = store::buildings(tx, act.tenant, scope, &place).await?;
                if !buildings.is_empty() {
                    return Ok(Answer::Buildings(buildings));
                }
            }
            people(act, rows, next)?
        }
    })
}

async fn doors(tx: &mut Tx, act: &Act, scope: &Scope, place: &Place, floor: Option<i64>) -> Result<Answer> {
    const MOST: usize = 60;
    let mut doors = store::doors(tx, act.tenant, scope, place, floor).await?;
    let more = doors.len() > MOST;
    doors.truncate(MOST);
    Ok(Answer::Doors { doors, more })
}

/// Folds the rows, one for each tag of a resident, into people.
fn people(act: &Act, rows: Vec<ResidentRow>, next: Option<i64>) -> Result<Answer> {
    let today = today(act);
    let mut people: Vec<Listed> = Vec::new();
    for row in rows {
        if people.last().is_none_or(|last| last.id != row.id) {
            people.push(Listed {
                id: row.id,
                household: row.household_id,
                words: person_words(&row.sex, age(row.birth_date.as_deref(), today)),
                door: door_words(&row.estate_name, &row.building_name, &row.unit_key, &row.room),
                phone: masked(act, Particular::Phone, row.phone_sealed.as_deref())?,
                identity: masked(act, Particular::Identity, row.identity_sealed.as_deref())?,
                name: row.name,
                tags: Vec::new(),
                ended: row.ended,
            });
        }
        if let Some(last) = people.last_mut() {
            last.tags.extend(row.tag);
        }
    }
    Ok(Answer::People { people, next })
}

fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}

/// A sealed value as it is shown before anybody has said why they must read it; empty if there is none.
fn masked(act: &Act, particular: Particular, sealed: Option<&[u8]>) -> Result<String> {
    let Some(sealed) = sealed else { return Ok(String::new()) };
    Ok(particular.masked(&act.open(particular.code(), sealed)?))
}

// ---------- one building ----------

#[derive(Template)]
#[template(path = "registry/web/building.html")]
struct BuildingPage {
    shell: Shell,
    spot: Spot,
    stairwells: Vec<Stairwell>,
    figures: Figures,
    sheets: bool,
    may_edit: bool,
}

async fn building(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    place::building_in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::ResidentRead), id).await?;
    let spot = place::spot(&mut tx, viewer.tenant, id).await?;
    let (stairwells, figures) = model::matrix(store::matrix(&mut tx, viewer.tenant, id).await?);
    page(&BuildingPage {
        shell,
        spot,
        stairwells,
        figures,
        sheets: viewer.may(Permission::PlaceRead),
        may_edit: viewer.may(Permission::ResidentEdit),
    })
}

// ---------- one household ----------

#[derive(Template)]
#[template(path = "registry/web/household.html")]
struct HouseholdPage {
    shell: Shell,
    household: Household,
    residents: Vec<Resident>,
    /// Those who lived here last and have left.
    former: Vec<Member>,
    neighbours: Vec<Neighbour>,
    /// Every tag of the household once.
    tags: Vec<Tag>,
    may_reveal: bool,
    may_edit: bool,
    /// Whom the reveal form is about, if it is shown again.
    asked: Option<Uuid>,
    form: Form,
}

/// A member of a household as its file shows them.
struct Resident {
    id: Uuid,
    name: String,
    words: String,
    relation: String,
    identity: String,
    phone: String,
    tags: Vec<MemberTag>,
    facts: Vec<(&'static str, String)>,
    /// What there is to reveal.
    sealed: Vec<Particular>,
}

impl HouseholdPage {
    fn kinds(&self) -> &'static [HouseholdKind] {
        HouseholdKind::ALL
    }

    fn is_kind(&self, kind: &HouseholdKind) -> bool {
        self.household.kind.as_ref() == Some(kind)
    }

    fn asks_about(&self, resident: &Uuid) -> bool {
        self.asked.as_ref() == Some(resident)
    }
}

impl Household {
    pub(super) fn door(&self) -> String {
        door_words("", &self.building_name, &self.unit_key, &self.room)
    }
}

async fn household(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    page(&household_page(&mut tx, &app, &viewer, shell, id, None, Form::default()).await?)
}

async fn household_page(
    tx: &mut Tx,
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    asked: Option<Uuid>,
    form: Form,
) -> Result<HouseholdPage> {
    let act = app.act(viewer, Permission::ResidentRead)?;
    let household = store::household(tx, viewer.tenant, &viewer.scope(Permission::ResidentRead), id).await?;
    let tags = store::members_tags(tx, viewer.tenant, id).await?;
    let members = store::members(tx, viewer.tenant, id).await?;
    let (members, former): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.ended.is_none());
    let residents = members.into_iter().map(|member| resident(&act, member, &tags)).collect::<Result<_>>()?;
    let neighbours = store::under_one_roof(tx, viewer.tenant, &household).await?;
    let mut tags: Vec<Tag> = tags.into_iter().map(|tag| tag.tag).collect();
    tags.sort();
    tags.dedup();
    let may_reveal = viewer.may(Permission::ResidentReveal);
    let may_edit = viewer.may(Permission::ResidentEdit);
    Ok(HouseholdPage { shell, household, residents, former, neighbours, tags, may_reveal, may_edit, asked, form })
}

fn resident(act: &Act, member: Member, tags: &[MemberTag]) -> Result<Resident> {
    let identity = masked(act, Particular::Identity, member.identity_sealed.as_deref())?;
    let phone = masked(act, Particular::Phone, member.phone_sealed.as_deref())?;
    let facts = [
        ("出生日期", member.birth_date.clone()),
        ("民族", member.ethnic_group.as_deref().map(label::<Ethnic>)),
        ("政治面貌", member.political_status.as_deref().map(label::<Political>)),
        ("文化程度", member.education.as_deref().map(label::<Education>)),
        ("婚姻状况", member.marital_status.as_deref().map(label::<Marital>)),
        ("人户状态", member.residence_state.map(|state| state.to_string())),
        ("户籍地址", member.registered_address),
        ("工作单位或学校", member.workplace),
    ];
    let sealed = [
        (Particular::Identity, member.identity_sealed.is_some()),
        (Particular::Phone, member.phone_sealed.is_some()),
        (Particular::Health, member.health_sealed.is_some()),
        (Particular::Note, member.note_sealed.is_some()),
    ];
    Ok(Resident {
        id: member.id,
        name: member.name,
        words: person_words(&member.sex, age(member.birth_date.as_deref(), today(act))),
        relation: member.relation.as_deref().map(label::<Relation>).unwrap_or_default(),
        identity,
        phone,
        tags: tags.iter().filter(|tag| tag.resident_id == member.id).cloned().collect(),
        facts: facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        sealed: sealed.into_iter().filter_map(|(field, there)| there.then_some(field)).collect(),
    })
}

async fn set_kind(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let mut tx = app.db.begin().await?;
    let household = store::household(&mut tx, viewer.tenant, &viewer.scope(Permission::ResidentEdit), id).await?;
    let kind = form.optional_choice("kind", "户别", HouseholdKind::parse);
    store::set_kind(&mut tx, &act, &household, form.version(), kind).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/households/{id}"), "户别已改好"))
}

// ---------- a reveal ----------

/// Shows one sealed value in full, once, and logs who read it and why.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentReveal)?;
    let scope = viewer.scope(Permission::ResidentReveal);
    let field =
        form.choice("field", "要看哪一项", |code| Particular::parse(code).filter(|field| field.is_sealed()));
    let reason = form.reveal_reason("reason");
    let mut tx = app.db.begin().await?;
    let sealed = store::sealed(&mut tx, viewer.tenant, &scope, id).await?;
    let Some(field) = field.filter(|_| form.ok()) else {
        let household = sealed.household_id;
        return page_again(&household_page(&mut tx, &app, &viewer, shell, household, Some(id), form).await?);
    };
    let value = match field {
        Particular::Identity => sealed.identity_sealed,
        Particular::Phone => sealed.phone_sealed,
        Particular::Health => sealed.health_sealed,
        _ => sealed.note_sealed,
    };
    let Some(value) = value else {
        return Err(Error::refused(format!("没有登记{field}，不用查看。这次没有记入审计记录。")));
    };
    let value = act.open(field.code(), &value)?;
    audit::record(&mut tx, &act, "reveal", ("resident", id), &format!("{field}：{reason}"), &[]).await?;
    tx.commit().await?;
    let form = match field {
        Particular::Identity => ValueForm::Identity,
        Particular::Phone => ValueForm::Phone,
        _ => ValueForm::Words,
    };
    let back = (format!("/households/{}", sealed.household_id), "回到这一户");
    Revealed { shell, name: sealed.name, what: field.label(), value, form, reason, back }.page()
}
