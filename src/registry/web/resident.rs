//! One resident: everything that is known, changed field by field, and what has happened to the record.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use codes::{PersonName, address};
use db::Tx;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::registry::life::{self, Home};
use crate::registry::model::{age, person_words};
use crate::registry::particular::{Document, Particular};
use crate::registry::person::{self, Clash, Edit, Ending, Person};
use crate::registry::store::{self, Household, MemberTag};
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::{ResidentEdit, ResidentRead};
    Routes::default()
        .get("/residents/{id}", ResidentRead, show_resident)
        .get("/residents/{id}/particulars", ResidentEdit, show_particulars)
        .post("/residents/{id}/particulars", ResidentEdit, change_particulars)
        .post("/residents/{id}/departure", ResidentEdit, depart)
        .post("/residents/{id}/return", ResidentEdit, come_back)
        .post("/residents/{id}/home", ResidentEdit, move_home)
}

#[derive(Template)]
#[template(path = "registry/web/resident.html")]
struct ResidentPage {
    shell: Shell,
    household: Household,
    person: Person,
    words: String,
    facts: Vec<(&'static str, String)>,
    tags: Vec<MemberTag>,
    past: Vec<audit::Told>,
    may_edit: bool,
    may_request: bool,
    form: Form,
    failed: &'static str,
}

/// A resident within reach, and the household that they belong to or last belonged to.
pub(super) async fn within(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<(Person, Household)> {
    let person = person::person(tx, act, id).await?;
    let household = store::household(tx, act.tenant, scope, person.household).await?;
    Ok((person, household))
}

async fn resident_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<ResidentPage> {
    let act = app.act(viewer, Permission::ResidentRead)?;
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &viewer.scope(Permission::ResidentRead), id).await?;
    let mut tags = store::members_tags(&mut tx, viewer.tenant, person.household).await?;
    tags.retain(|tag| tag.resident_id == id);
    let past = audit::history(&mut tx, &act, id).await?;
    let shown = |particular: &Particular| {
        let kept = person.get(*particular).filter(|_| !matches!(particular, Particular::Name | Particular::Sex))?;
        Some((particular.label(), particular.masked(kept)))
    };
    let facts = Particular::ALL.iter().filter_map(shown).collect();
    let sex = person.get(Particular::Sex).unwrap_or_default();
    Ok(ResidentPage {
        words: person_words(sex, age(person.get(Particular::BirthDate), super::today(&act))),
        facts,
        past: past.into_iter().map(|entry| entry.told(told_change)).collect(),
        may_edit: viewer.may(Permission::ResidentEdit),
        may_request: viewer.may(Permission::DataRequestHandle),
        shell,
        household,
        person,
        tags,
        form,
        failed,
    })
}

/// `电话：138****1234 → 139****5678`
fn told_change(audit::PastChange { field, old, new }: &audit::PastChange) -> String {
    let Some(particular) = Particular::parse(field) else {
        let ending = new.as_deref().and_then(Ending::parse);
        return match (field.as_str(), ending) {
            ("ended", Some(ending)) => ending.to_string(),
            ("ended", None) => "恢复登记".to_owned(),
            ("household", _) => "换了一户".to_owned(),
            ("tag", _) => {
                let label = |code: &Option<String>| code.as_deref().and_then(crate::registry::Tag::parse);
                match (label(old), label(new)) {
                    (_, Some(tag)) => format!("加标签：{tag}"),
                    (Some(tag), _) => format!("去标签：{tag}"),
                    _ => "改标签".to_owned(),
                }
            }
            _ => field.clone(),
        };
    };
    let shown = |value: &Option<String>| value.as_deref().map_or("空".to_owned(), |kept| particular.masked(kept));
    format!("{}：{} → {}", particular.label(), shown(old), shown(new))
}

impl ResidentPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn endings(&self) -> [(&'static str, &'static str); 3] {
        [Ending::MovedOut, Ending::Died, Ending::Mistaken].map(|ending| (ending.code(), ending.label()))
    }
}

async fn show_resident(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&resident_page(&app, &viewer, shell, id, Default::default()).await?)
}

// ---------- particulars ----------

/// A field of the form.
struct Field {
    particular: Particular,
    hint: String,
    /// What the reader saw; a sealed value is not shown, and so an empty field leaves it as it is.
    was: String,
}

#[derive(Template)]
#[template(path = "registry/web/particulars.html")]
struct ParticularsPage {
    shell: Shell,
    household: Household,
    person: Person,
    fields: Vec<Field>,
    form: Form,
}

/// The form, as it was sent or else with what is known.
fn particulars_page(shell: Shell, person: Person, household: Household, sent: Option<Form>) -> ParticularsPage {
    let mut form = sent.unwrap_or_default();
    let fresh = form.value("version").is_empty();
    let fields: Vec<Field> = Particular::ALL
        .iter()
        .map(|particular| {
            let kept = person.get(*particular).unwrap_or_default();
            let sealed = particular.is_sealed();
            if fresh && !sealed {
                form.set(particular.code(), kept);
            }
            let hint = match (sealed, kept.is_empty()) {
                (true, false) => format!("现在是 {}。不改就空着。", particular.masked(kept)),
                _ => String::new(),
            };
            let was = if sealed { String::new() } else { kept.to_owned() };
            Field { particular: *particular, hint, was }
        })
        .collect();
    ParticularsPage { shell, household, person, fields, form }
}

async fn show_particulars(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &viewer.scope(Permission::ResidentEdit), id).await?;
    page(&particulars_page(shell, person, household, None))
}

async fn change_particulars(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let scope = viewer.scope(Permission::ResidentEdit);
    let edit = read_edit(&mut form, &act);
    let reason = form.text("reason", "怎么知道的", 2..=100);
    if form.ok() {
        let mut tx = app.db.begin().await?;
        within(&mut tx, &act, &scope, id).await?;
        match person::edit(&mut tx, &act, id, &edit, &reason).await {
            Ok(clashes) if clashes.is_empty() => {
                tx.commit().await?;
                return Ok(redirect(&format!("/residents/{id}"), "登记已改好"));
            }
            Ok(clashes) => clashes.iter().for_each(|clash| tell(&mut form, clash)),
            Err(Error::Refused(sentence)) => form.fail(Particular::Identity.code(), sentence),
            Err(error) => return Err(error),
        }
    }
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &scope, id).await?;
    page_again(&particulars_page(shell, person, household, Some(form)))
}

/// The fields that somebody has changed, as against what they saw.
fn read_edit(form: &mut Form, act: &Act) -> Edit {
    let today = super::today(act);
    let document = Document::parse(form.value(Particular::Document.code()));
    let mut values = Vec::new();
    for particular in Particular::ALL {
        let (name, erased) = (particular.code(), form.is("erase", particular.code()));
        let written = form.value(name).trim().to_owned();
        let untouched = if particular.is_sealed() {
            written.is_empty() && !erased
        } else {
            written == form.value(&format!("was_{name}"))
        };
        if untouched {
            continue;
        }
        let read = match (particular, document) {
            _ if erased && written.is_empty() => Ok(None),
            (Particular::Identity, Some(document)) => document.read(&written).map(Some),
            _ => particular.read(&written, today),
        };
        match read {
            Ok(value) => values.push((*particular, value)),
            Err(sentence) => form.fail(name, sentence),
        }
    }
    Edit { seen: form.version(), made_at: act.at, values }
}

/// Says what somebody else has written meanwhile. Sent once more, the form means what it says.
fn tell(form: &mut Form, clash: &Clash) {
    let theirs = clash.theirs.as_deref().map_or("空".to_owned(), |kept| clash.particular.masked(kept));
    let sentence = format!("“{}”刚刚有别人改成“{theirs}”。要以您写的为准，请再提交一次", clash.particular);
    form.fail(clash.particular.code(), sentence);
}

// ---------- leaving, coming back, moving ----------

async fn depart(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let ending = form.choice("ending", "是哪种情况", Ending::parse).filter(|ending| *ending != Ending::Merged);
    let at = form.last_day("day", "哪一天");
    let reason = form.text("departure_reason", "去了哪里，怎么知道的", 2..=100);
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    if at.is_some_and(|at| show::day(&at) != show::day(&act.at) && at > act.at) {
        form.fail("day", "日期在今天以后，请核对");
    }
    let (Some(ending), Some(at), true) = (ending, at, form.ok()) else {
        return page_again(&resident_page(&app, &viewer, shell, id, ("departure", form)).await?);
    };
    let mut tx = app.db.begin().await?;
    within(&mut tx, &act, &viewer.scope(Permission::ResidentEdit), id).await?;
    life::leave(&mut tx, &act, id, form.version(), ending, at.min(act.at), &reason).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/residents/{id}"), &format!("已登记：{ending}。登记错了可以恢复")))
}

async fn come_back(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    go(&app, &viewer, shell, id, form, true).await
}

async fn move_home(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    go(&app, &viewer, shell, id, form, false).await
}

/// Somebody goes to live at a door that the form names.
async fn go(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, mut form: Form, back: bool) -> Result<Response> {
    let act = app.act(viewer, Permission::ResidentEdit)?;
    let scope = viewer.scope(Permission::ResidentEdit);
    let reason = form.text("home_reason", "怎么知道的", 2..=100);
    let mut tx = app.db.begin().await?;
    let (person, _) = within(&mut tx, &act, &scope, id).await?;
    let to = home(&mut tx, &act, &scope, &person, &mut form).await?;
    let (Some((dwelling, head)), true) = (to, form.ok()) else {
        drop(tx);
        return page_again(&resident_page(app, viewer, shell, id, ("home", form)).await?);
    };
    let to = Home { dwelling, head: &head };
    let flash = if back {
        life::come_back(&mut tx, &act, id, form.version(), to, &reason).await?;
        "已恢复登记"
    } else {
        life::move_to(&mut tx, &act, id, form.version(), to, &reason).await?;
        "住处已改好"
    };
    tx.commit().await?;
    Ok(redirect(&format!("/residents/{id}"), flash))
}

/// The door that somebody wrote down, and the head of the household there: the one who is named, or the only one, or else
/// the person.
async fn home(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    person: &Person,
    form: &mut Form,
) -> Result<Option<(Uuid, PersonName)>> {
    let place = match address::parse(form.value("door")) {
        Ok(place) if place.room.is_some() => place,
        Ok(_) => {
            form.fail("door", "请写到房号，如“3-2-1302”");
            return Ok(None);
        }
        Err(error) => {
            form.fail("door", error.to_string());
            return Ok(None);
        }
    };
    let doors = store::doors(tx, act.tenant, scope, &place, None).await?;
    let Some(first) = doors.first() else {
        form.fail("door", "没有找到这个房号，请核对楼号、单元和房号；只能选您管理范围内的住房");
        return Ok(None);
    };
    if doors.iter().any(|door| door.dwelling_id != first.dwelling_id) {
        form.fail("door", "这样写有几处对得上，请写全，如“王府名苑小区3号楼2单元1302室”");
        return Ok(None);
    }
    let written = form.value("head").trim().to_owned();
    let heads: Vec<&str> = doors.iter().filter_map(|door| door.head_name.as_deref()).collect();
    let head = match (written.as_str(), heads.as_slice()) {
        ("", []) => person.name(),
        ("", [only]) => only,
        ("", _) => {
            form.fail("head", format!("这里住着几户，请写户主：{}", heads.join("、")));
            return Ok(None);
        }
        (written, _) => written,
    };
    let head = PersonName::parse(head).map_err(|error| form.fail("head", error.to_string())).ok();
    Ok(head.map(|head| (first.dwelling_id, head)))
}
