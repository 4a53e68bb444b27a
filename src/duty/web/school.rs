//! Schools with the units that cover them and their contact, and what each page of one shows.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::ToSpan;
use uuid::Uuid;

use super::{LinkPage, Options, chosen, contact, units};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::coverage::{self, Posts};
use crate::duty::model::{GateKind, OnDays, Peak, Qualification, Stage, Weekdays, Windows, short, weekday_name};
use crate::duty::school::{self, Contact, SchoolSketch};
use crate::duty::shift_store::{OF_SCHOOL_DAYS, Shift};
use crate::duty::store::{self, Gate, Person, School, Unit};
use crate::duty::{calling_off, news, person};
use crate::error::{Error, Result};
use crate::web::{Form, Revealed, Shell, ValueForm, masked_phone, page, page_again, qr, redirect};
use crate::{audit, settings};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyPlan, DutyRead};
    Routes::default()
        .get("/duty-schools", DutyRead, list)
        .get("/duty-schools/new", DutyEdit, new)
        .post("/duty-schools", DutyEdit, create)
        .get("/duty-schools/{id}", DutyRead, show)
        .get("/duty-schools/{id}/particulars", DutyEdit, edit)
        .post("/duty-schools/{id}/particulars", DutyEdit, change)
        .post("/duty-schools/{id}/link", DutyEdit, give_link)
        .post("/duty-schools/{id}/news", DutyPlan, told)
        .post("/duty-schools/{id}/reveals", DutyPlan, reveal)
}

#[derive(Template)]
#[template(path = "duty/web/schools.html")]
struct ListPage {
    shell: Shell,
    schools: Vec<School>,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::DutyRead);
    let schools = store::schools(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    page(&ListPage { shell, schools, may_edit: viewer.may(Permission::DutyEdit) })
}

#[derive(Template)]
#[template(path = "duty/web/school-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    school: Option<School>,
    units: Options,
    /// Beside the number of the contact, which is not shown.
    contact_hint: String,
    /// Which units cover a school says whoever reaches the whole bureau; anybody else registers schools of their own.
    may_assign: bool,
}

impl FormPage {
    fn stages(&self) -> Vec<(&'static str, &'static str)> {
        Stage::ALL.iter().map(|stage| (stage.code(), stage.label())).collect()
    }

    fn covers(&self, unit: &str) -> bool {
        self.form.values("other").any(|other| other == unit)
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let units = units(&mut app.db.read().await?, &viewer).await?;
    let form = Form::filled(&[("station", &viewer.organisation.to_string()), ("stage", "primary")]);
    page(&FormPage { shell, form, school: None, units, contact_hint: String::new(), may_assign: true })
}

/// What a form says about a school, whose contact is known or not.
fn sketch(
    form: &mut Form,
    units: &Options,
    known: Option<&Contact>,
    closed: Option<jiff::Timestamp>,
) -> Option<SchoolSketch> {
    let name = form.text("name", "校名", 2..=40);
    let station = form.choice("station", "负责的派出所", |code| chosen(units, code));
    let stage = form.choice("stage", "学段", Stage::parse);
    let address = form.text("address", "地址", 0..=80);
    let phone = form.text("phone", "学校看到的电话", 0..=20);
    if phone.chars().any(|c| !c.is_ascii_digit() && c != '-') {
        form.fail("phone", "只写数字和短横线，如 110 或 0358-0000110");
    }
    let contact = contact::named(form, known);
    let others = form.values("other").filter_map(|code| chosen(units, code)).collect();
    let (station, stage) = (station?, stage?);
    form.ok().then_some(SchoolSketch { station, others, name, stage, address, contact, phone, closed_at: closed })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let units = units(&mut tx, &viewer).await?;
    if let Some(new) = sketch(&mut form, &units, None, None) {
        let done = school::create(&mut tx, &act, &new).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "已登记。接着登记岗位和时段"));
        }
    }
    drop(tx);
    page_again(&FormPage { shell, form, school: None, units, contact_hint: String::new(), may_assign: true })
}

/// The units to choose from when a school is changed, and whether they may be chosen: by whoever reaches the whole bureau.
async fn covering(tx: &mut db::Tx, viewer: &Viewer, school: Uuid) -> Result<(Options, bool)> {
    if viewer.scope(Permission::DutyEdit).account.is_none() {
        return Ok((units(tx, viewer).await?, true));
    }
    let covering = store::units(tx, viewer.tenant, school).await?;
    Ok((covering.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect(), false))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.read().await?;
    let school = store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let contact = school.contact(&act)?;
    let covered: Vec<Unit> = store::units(&mut tx, viewer.tenant, id).await?;
    let (units, may_assign) = covering(&mut tx, &viewer, id).await?;
    let mut form = Form::filled(&[
        ("name", &school.name),
        ("station", &school.organisation_id.to_string()),
        ("stage", school.stage.code()),
        ("address", &school.address),
        ("phone", &school.phone),
        ("contact_name", contact.as_ref().map_or("", |contact| contact.name.as_str())),
        ("version", &school.lock_version.to_string()),
    ]);
    if school.closed_at.is_some() {
        form.set("closed", "yes");
    }
    for unit in covered.iter().filter(|unit| unit.id != school.organisation_id) {
        form.add("other", unit.id.to_string());
    }
    let contact_hint = contact::hint(contact.as_ref());
    page(&FormPage { shell, form, school: Some(school), units, contact_hint, may_assign })
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let (units, may_assign) = covering(&mut tx, &viewer, id).await?;
    let mut closed = form.is("closed", "yes").then(|| known.closed_at.unwrap_or(act.at));
    if !may_assign {
        // Whoever only covers it with others neither takes it over nor gives it up for them.
        form.set("station", known.organisation_id.to_string());
        form.set("other", "");
        for (unit, _) in units.iter().filter(|(unit, _)| *unit != known.organisation_id.to_string()) {
            form.add("other", unit);
        }
        let own = super::units(&mut tx, &viewer).await?;
        if closed.is_some() != known.closed_at.is_some() && chosen(&own, &known.organisation_id.to_string()).is_none() {
            form.fail("closed", "要不要护这所学校，由负责的派出所或者分局定");
            closed = known.closed_at;
        }
    }
    let contact = known.contact(&act)?;
    if let Some(to) = sketch(&mut form, &units, contact.as_ref(), closed) {
        let done = school::change(&mut tx, &act, &known, form.version(), &to).await;
        if let Some(cancelled) = form.noted("name", done)? {
            tx.commit().await?;
            let said = format!("已改好{}", calling_off::said(&app, &cancelled));
            return Ok(redirect(&format!("/duty-schools/{id}"), &said));
        }
    }
    drop(tx);
    let contact_hint = contact::hint(contact.as_ref());
    page_again(&FormPage { shell, form, school: Some(known), units, contact_hint, may_assign })
}

/// A peak as its school's page shows it.
struct ShownSlot {
    id: Uuid,
    peak: Peak,
    days: OnDays,
    weekdays: Weekdays,
    bells: String,
    window: String,
    gates: String,
}

#[derive(Template)]
#[template(path = "duty/web/school.html")]
pub(super) struct SchoolPage {
    shell: Shell,
    school: School,
    contact: Option<Contact>,
    units: String,
    gates: Vec<Gate>,
    slots: Vec<ShownSlot>,
    windows: Windows,
    /// Its security, teachers and parents, each with where they stand in the coming week.
    own: Vec<(Person, String)>,
    may_edit: bool,
    may_plan: bool,
    form: Form,
    /// Which form has to come back: gate, slot or reveal.
    failed: &'static str,
}

impl SchoolPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        GateKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }

    fn qualifications(&self) -> Vec<(&'static str, &'static str)> {
        Qualification::ALL.iter().map(|one| (one.code(), one.label())).collect()
    }

    fn peaks(&self) -> Vec<(&'static str, &'static str)> {
        Peak::ALL.iter().map(|peak| (peak.code(), peak.label())).collect()
    }

    fn on_days(&self) -> Vec<(&'static str, &'static str)> {
        OnDays::ALL.iter().map(|days| (days.code(), days.label())).collect()
    }

    fn weekdays(&self) -> Vec<(i64, &'static str)> {
        (1..=7).map(|day| (day, weekday_name(day))).collect()
    }

    /// As much of the contact's number as everybody here sees.
    fn masked(&self, number: &str) -> String {
        masked_phone(number)
    }

    fn open_gates(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(|gate| gate.closed_at.is_none())
    }

    fn ticked(&self, gate: &Uuid) -> bool {
        self.failed != "slot" || self.form.values("gate").any(|id| id == gate.to_string())
    }
}

fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute.div_euclid(60).rem_euclid(24), minute.rem_euclid(60))
}

pub(super) async fn school_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, &'static str),
) -> Result<SchoolPage> {
    let act = app.act(viewer, Permission::DutyRead)?;
    let scope = viewer.scope(Permission::DutyRead);
    let mut tx = app.db.read().await?;
    let school = store::school_within(&mut tx, viewer.tenant, &scope, id).await?;
    let gates = store::gates_of(&mut tx, viewer.tenant, id).await?;
    let windows: Windows = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let posts = Posts::read(&mut tx, viewer.tenant, &scope).await?;
    let covering = store::units(&mut tx, viewer.tenant, id).await?;
    let mut slots: Vec<(i64, ShownSlot)> = Vec::new();
    for slot in posts.slots.iter().filter(|slot| slot.school_id == id) {
        let rung: Vec<String> = posts
            .bells
            .get(&slot.id)
            .into_iter()
            .flatten()
            .map(|bell| format!("{} {}", clock(bell.minute), bell.grades).trim().to_owned())
            .collect();
        let window = posts.window(slot, &windows);
        let names: Vec<&str> = gates
            .iter()
            .filter(|gate| posts.open.iter().any(|open| open.slot_id == slot.id && open.gate_id == gate.id))
            .map(|gate| gate.name.as_str())
            .collect();
        let shown = ShownSlot {
            id: slot.id,
            peak: slot.kind,
            days: slot.days,
            weekdays: Weekdays(slot.weekdays),
            bells: rung.join("、"),
            window: window.map_or(String::new(), |(from, to)| format!("{}–{}", clock(from), clock(to))),
            gates: names.join("、"),
        };
        slots.push((window.map_or(0, |(from, _)| from), shown));
    }
    slots.sort_by_key(|(from, _)| *from);
    let today = coverage::today(act.at);
    let last = today.checked_add(6.days()).unwrap_or(today);
    let coming = OF_SCHOOL_DAYS.bind(viewer.tenant).bind(id).bind(today.to_string()).bind(last.to_string());
    let coming: Vec<Shift> = tx.all(coming).await?;
    let own = person::of_school(&mut tx, viewer.tenant, id).await?;
    let own = own.into_iter().map(|person| {
        let shifts = coming.iter().filter(|shift| shift.person_id == Some(person.id) && shift.absent_at.is_none());
        let words = shifts.map(|shift| {
            let day = shift.day.parse().map_or(shift.day.clone(), short);
            format!("{day} {} {}", shift.gate_name.as_deref().unwrap_or("没有定岗"), shift.hours())
        });
        let words = words.collect::<Vec<_>>().join("；");
        (person, words)
    });
    Ok(SchoolPage {
        own: own.collect(),
        shell,
        contact: school.contact(&act)?,
        units: covering.into_iter().map(|unit| unit.name).collect::<Vec<_>>().join("、"),
        school,
        gates,
        slots: slots.into_iter().map(|(_, slot)| slot).collect(),
        windows,
        may_edit: viewer.may(Permission::DutyEdit),
        may_plan: viewer.may(Permission::DutyPlan),
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let form = Form::filled(&[("seats", "1"), ("officers", "1")]);
    page(&school_page(&app, &viewer, shell, id, (form, "")).await?)
}

/// The school gets a new link; the one before is void.
async fn give_link(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    school::renew_link(&mut tx, &act, id).await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    tx.commit().await?;
    let address = app.link(&format!("/duty-watch/{}", school.link(viewer.tenant, &app.means.keys)));
    let words = "只转给这所学校的安保负责人。从这个链接只看得到哪些岗位什么时候站、现在在不在岗和一个电话，看不到姓名、人数和排班。";
    let (title, back) = (school.name, format!("/duty-schools/{id}"));
    page(&LinkPage { shell, title, back, words, picture: qr(&address)?, address })
}

/// Somebody has told the school that something has changed.
async fn told(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    news::told(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-schools/{id}"), "记下了：已经告诉学校"))
}

/// The whole number of the school's contact, with a reason that stays.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let school = store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        drop(tx);
        return page_again(&school_page(&app, &viewer, shell, id, (form, "reveal")).await?);
    }
    let Some(contact) = school.contact(&act)? else {
        return Err(Error::refused("没有登记学校安保联系人，不用查看。这次没有记入审计记录。"));
    };
    audit::record(&mut tx, &act, "reveal", ("duty_school", id), &format!("安保联系人电话：{reason}"), &[]).await?;
    tx.commit().await?;
    let back = (format!("/duty-schools/{id}"), "回到这所学校");
    let (name, what, value) = (contact.name, "安保联系人电话", contact.phone);
    Revealed { shell, name, what, value, form: ValueForm::Phone, reason, back }.page()
}
