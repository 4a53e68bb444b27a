//! Schools, their posts and peaks, the codes that hang there, and the days on which there is school.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::ToSpan;
use uuid::Uuid;

use super::{LinkPage, Options, a_day, chosen, contact, days, number, optional_number, units};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::coverage::{self, Posts};
use crate::duty::model::{
    DayKind, GateKind, OnDays, Peak, Qualification, Stage, Weekdays, Windows, bells, short, weekday_name, written,
};
use crate::duty::school::{self, Contact, GateSketch, SchoolSketch, SlotSketch};
use crate::duty::shift_store::{OF_SCHOOL_DAYS, Shift};
use crate::duty::store::{self, DAY, DayRow, Gate, Person, School, TERM, TermRow, Unit};
use crate::duty::{news, person};
use crate::error::{Error, Result};
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, qr, redirect};
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
        .post("/duty-schools/{id}/gates", DutyEdit, add_gate)
        .post("/duty-schools/{id}/slots", DutyEdit, add_slot)
        .post("/duty-schools/{id}/slots/{slot}/removal", DutyEdit, close_slot)
        .post("/duty-schools/{id}/slots/{slot}/weekdays", DutyEdit, set_weekdays)
        .post("/duty-schools/{id}/news", DutyPlan, told)
        .post("/duty-schools/{id}/reveals", DutyPlan, reveal)
        .get("/duty-gates/{id}", DutyEdit, edit_gate)
        .post("/duty-gates/{id}", DutyEdit, change_gate)
        .get("/duty-gates/{id}/poster", DutyEdit, poster)
        .post("/duty-gates/{id}/link", DutyEdit, renew_poster)
        .get("/duty-terms", DutyRead, terms)
        .post("/duty-terms", DutyEdit, add_term)
        .post("/duty-terms/{id}/removal", DutyEdit, drop_term)
        .post("/duty-days", DutyEdit, set_day)
        .post("/duty-days/{id}/removal", DutyEdit, drop_day)
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
        if let Some(()) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "已改好"));
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
struct SchoolPage {
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
        super::masked(number)
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

async fn school_page(
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

/// What a form says about a post.
fn gate_sketch(form: &mut Form, closed: Option<jiff::Timestamp>) -> Option<GateSketch> {
    let kind = form.choice("kind", "是什么岗位", GateKind::parse);
    let name = form.text("name", "岗位名称", 1..=30);
    let duty = form.text("duty", "职责", 0..=300);
    let seats = number(form, "seats", "要几个人", 1..=20);
    let officers = number(form, "officers", "其中警力", 0..=20);
    let qualification = form.optional_choice("qualification", "要有的资格", Qualification::parse);
    let (kind, seats, officers) = (kind?, seats?, officers?);
    if officers > seats {
        form.fail("officers", "其中警力不能比总人数多");
    }
    let qualification = qualification.map(|one| one.code().to_owned());
    form.ok().then_some(GateSketch { kind, name, duty, seats, officers, qualification, closed_at: closed })
}

async fn add_gate(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    if let Some(new) = gate_sketch(&mut form, None) {
        let done = school::add_gate(&mut tx, &act, id, &new).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "岗位已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "gate")).await?)
}

#[derive(Template)]
#[template(path = "duty/web/gate.html")]
struct GatePage {
    shell: Shell,
    form: Form,
    gate: Gate,
    kinds: Vec<(&'static str, &'static str)>,
    qualifications: Vec<(&'static str, &'static str)>,
}

fn gate_page(shell: Shell, form: Form, gate: Gate) -> GatePage {
    let kinds = GateKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect();
    let qualifications = Qualification::ALL.iter().map(|one| (one.code(), one.label())).collect();
    GatePage { shell, form, gate, kinds, qualifications }
}

async fn edit_gate(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::DutyEdit);
    let gate = store::gate_within(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let mut form = Form::filled(&[
        ("kind", gate.kind.code()),
        ("name", &gate.name),
        ("duty", &gate.duty),
        ("seats", &gate.seats.to_string()),
        ("officers", &gate.officers.to_string()),
        ("qualification", gate.qualification.as_deref().unwrap_or_default()),
        ("version", &gate.lock_version.to_string()),
    ]);
    if gate.closed_at.is_some() {
        form.set("closed", "yes");
    }
    page(&gate_page(shell, form, gate))
}

async fn change_gate(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let gate = store::gate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let closed = form.is("closed", "yes").then(|| gate.closed_at.unwrap_or(act.at));
    if let Some(to) = gate_sketch(&mut form, closed) {
        let done = school::change_gate(&mut tx, &act, &gate, form.version(), &to).await;
        if let Some(()) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{}", gate.school_id), "岗位已改好"));
        }
    }
    drop(tx);
    page_again(&gate_page(shell, form, gate))
}

#[derive(Template)]
#[template(path = "duty/web/poster.html")]
struct PosterPage {
    shell: Shell,
    gate: Gate,
    picture: String,
}

async fn poster(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::DutyEdit);
    let gate = store::gate_within(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let link = school::post_link(viewer.tenant, &gate, &app.means.keys);
    let picture = qr(&app.link(&format!("/duty-posts/{link}")))?;
    page(&PosterPage { shell, gate, picture })
}

/// The code that hangs at a post is made anew; a picture of the old one signs nobody in any more.
async fn renew_poster(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::gate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    school::renew_gate_link(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-gates/{id}/poster"), "换了新码，旧的已经作废，请打印这一张换上"))
}

/// The days of the week that are ticked; none means every day.
fn ticked_weekdays(form: &Form) -> Weekdays {
    Weekdays::of(form.values("weekday").filter_map(|day| day.parse().ok()))
}

async fn set_weekdays(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, slot)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    school::set_weekdays(&mut tx, &act, id, slot, ticked_weekdays(&form)).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-schools/{id}"), "记下了。以后按这几天站；已经排在别的日子的，请取消"))
}

async fn add_slot(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let kind = form.choice("peak", "是哪个时段", Peak::parse);
    let on_days = form.choice("on_days", "哪些日子", OnDays::parse);
    let early = optional_number(&mut form, "early", "提前到岗", 0..=180);
    let stay = optional_number(&mut form, "stay", "延后离岗", 0..=180);
    let rung = bells(form.value("bells"));
    if rung.is_none() {
        form.fail("bells", "钟点看不懂，请写成 7:40 一二年级、7:50 三四年级");
    }
    let gates: Vec<Uuid> = form.values("gate").filter_map(|id| id.parse().ok()).collect();
    if let (Some(kind), Some(days), Some(bells), true) = (kind, on_days, rung, form.ok()) {
        let new = SlotSketch { kind, days, early, stay, bells, gates };
        let done = school::add_slot(&mut tx, &act, id, &new).await;
        if let Some(slot) = form.noted("gates", done)? {
            let days = ticked_weekdays(&form);
            if days != Weekdays::ALL {
                school::set_weekdays(&mut tx, &act, id, slot, days).await?;
            }
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "时段已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "slot")).await?)
}

async fn close_slot(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, slot)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    school::close_slot(&mut tx, &act, id, slot).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-schools/{id}"), "这个时段以后不再站岗，以前排的还看得到"))
}

#[derive(Template)]
#[template(path = "duty/web/terms.html")]
struct TermsPage {
    shell: Shell,
    terms: Vec<TermRow>,
    days: Vec<DayRow>,
    schools: Options,
    /// Whether it can be said of all schools.
    for_all: bool,
    may_edit: bool,
    known_until: String,
    form: Form,
    failed: &'static str,
}

impl TermsPage {
    fn weekdays(&self) -> Vec<(String, &'static str)> {
        (1..=5).map(|day| (day.to_string(), weekday_name(day))).collect()
    }

    fn weekday(&self, day: &i64) -> &'static str {
        weekday_name(*day)
    }

    fn day_kinds(&self) -> Vec<(&'static str, &'static str)> {
        DayKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn terms_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    (form, failed): (Form, &'static str),
) -> Result<TermsPage> {
    let scope = viewer.scope(Permission::DutyRead);
    let today = coverage::today(app.means.now());
    let shifted = |days: i64| today.checked_add(days.days()).unwrap_or(today).to_string();
    let mut tx = app.db.read().await?;
    let schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    let within = |school: Option<Uuid>| school.is_none_or(|id| schools.iter().any(|one| one.id == id));
    let terms = store::terms(&mut tx, viewer.tenant).await?;
    let days = store::days(&mut tx, viewer.tenant, &shifted(-60), &shifted(400)).await?;
    let last_year = calendar::WorkingDays::embedded().years().last();
    Ok(TermsPage {
        shell,
        terms: terms.into_iter().filter(|term| within(term.school_id)).collect(),
        days: days.into_iter().filter(|day| within(day.school_id)).collect(),
        schools: schools.iter().map(|school| (school.id.to_string(), school.name.clone())).collect(),
        for_all: scope.account.is_none(),
        may_edit: viewer.may(Permission::DutyEdit),
        known_until: last_year.map_or(String::new(), |year| written(jiff::civil::date(year, 12, 31))),
        form,
        failed,
    })
}

async fn terms(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&terms_page(&app, &viewer, shell, (Form::default(), "")).await?)
}

/// Which school a form means; nothing for all of them, which only whoever reaches the whole bureau may say.
async fn which(app: &App, viewer: &Viewer, form: &mut Form) -> Result<Option<Uuid>> {
    let scope = viewer.scope(Permission::DutyEdit);
    let school = form.optional_choice("school", "学校", |id| id.parse::<Uuid>().ok());
    if school.is_none() && scope.account.is_some() {
        form.fail("school", "请选择学校；全部学校的由分局登记");
    }
    if let Some(school) = school {
        store::school_within(&mut app.db.read().await?, viewer.tenant, &scope, school).await?;
    }
    Ok(school)
}

async fn add_term(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let school = which(&app, &viewer, &mut form).await?;
    let name = form.text("name", "学期名称", 2..=30);
    if let (Some(days), true) = (days(&mut form), form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = school::add_term(&mut tx, &act, school, &name, days).await;
        if form.ended(tx, "first", done).await?.is_some() {
            return Ok(redirect("/duty-terms", "学期已登记"));
        }
    }
    page_again(&terms_page(&app, &viewer, shell, (form, "term")).await?)
}

async fn set_day(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let school = which(&app, &viewer, &mut form).await?;
    let day = form.choice("day", "哪一天", a_day);
    let kind = form.choice("kind", "这一天怎样", DayKind::parse);
    let note = form.text("note", "说明", 0..=30);
    let follows = form
        .optional_choice("follows", "上周几的课", |text| text.parse().ok().filter(|day| (1..=5).contains(day)));
    if follows.is_some() && kind == Some(DayKind::Off) {
        form.fail("follows", "不上课的日子不用选上周几的课");
    }
    if let (Some(day), Some(kind), true) = (day, kind, form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = school::set_day_like(&mut tx, &act, school, day, (kind, &note, follows)).await;
        if form.ended(tx, "day", done).await?.is_some() {
            return Ok(redirect("/duty-terms", "已登记"));
        }
    }
    page_again(&terms_page(&app, &viewer, shell, (form, "day")).await?)
}

/// What belongs to all schools is changed by whoever reaches them all.
async fn reached(app: &App, viewer: &Viewer, school: Option<Uuid>) -> Result<()> {
    let scope = viewer.scope(Permission::DutyEdit);
    match school {
        Some(school) => store::school_within(&mut app.db.read().await?, viewer.tenant, &scope, school).await.map(drop),
        None if scope.account.is_none() => Ok(()),
        None => Err(Error::Forbidden),
    }
}

async fn drop_term(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let term: TermRow = app.db.read().await?.one(TERM.bind(viewer.tenant).bind(id)).await?;
    reached(&app, &viewer, term.school_id).await?;
    let mut tx = app.db.begin().await?;
    school::drop_term(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/duty-terms", "学期已删去，那些日子不再算上课"))
}

async fn drop_day(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let day: DayRow = app.db.read().await?.one(DAY.bind(viewer.tenant).bind(id)).await?;
    reached(&app, &viewer, day.school_id).await?;
    let mut tx = app.db.begin().await?;
    school::drop_day(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/duty-terms", "已删去，这一天按平常算"))
}
