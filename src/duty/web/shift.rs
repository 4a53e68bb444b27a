//! One shift: who, where, when and what for; and on the day who has come, who was called, and what was handed over.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, a_day};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::channel;
use crate::duty::calling_off::{self, Cancellation};
use crate::duty::coverage::{self, Posts};
use crate::duty::model::{Fixings, How, Peak, ShiftState, Windows, clock, day_of, minute, moment, short};
use crate::duty::shift::{self, NewShift, Way};
use crate::duty::shift_store::{self, CALL, Call, SWAP, Shift, Swap};
use crate::duty::{caution, limit, person, standby, store, swap};
use crate::error::{Error, Result};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{DutyPlan, DutyRead};
    Routes::default()
        .get("/duty-shifts/new", DutyPlan, new)
        .post("/duty-shifts", DutyPlan, create)
        .get("/duty-shifts/{id}", DutyRead, show)
        .post("/duty-shifts/{id}/particulars", DutyPlan, change)
        .post("/duty-shifts/{id}/cancellation", DutyPlan, cancel)
        .post("/duty-shifts/{id}/presence", DutyPlan, note)
        .post("/duty-shifts/{id}/absence", DutyPlan, miss)
        .post("/duty-shifts/{id}/absence/removal", DutyPlan, take_back)
        .post("/duty-shifts/{id}/calls", DutyPlan, call)
        .post("/duty-shifts/{id}/calls/{call}/answer", DutyPlan, answer)
        .post("/duty-shifts/{id}/swaps/{swap}/decision", DutyPlan, decide)
}

#[derive(Deserialize)]
struct Wanted {
    day: Option<String>,
    gate: Option<Uuid>,
    slot: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "duty/web/shift-form.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    schools: Options,
    /// Gates with their peaks, as `gate:slot`.
    posts: Options,
    people: Options,
}

struct Choices {
    posts: Posts,
    pairs: Options,
    people: Vec<store::Person>,
    windows: Windows,
}

impl Choices {
    async fn read(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Choices> {
        let scope = viewer.scope(Permission::DutyPlan);
        let posts = Posts::read(tx, viewer.tenant, &scope).await?;
        let windows: Windows = settings::read(tx, viewer.tenant, now).await?;
        let mut pairs = Vec::new();
        for gate in &posts.gates {
            for slot in posts.slots.iter().filter(|slot| slot.school_id == gate.school_id) {
                if posts.open.iter().any(|open| open.slot_id == slot.id && open.gate_id == gate.id) {
                    let hours = posts.window(slot, &windows);
                    let hours = hours.map_or(String::new(), |(from, to)| {
                        let clock = |m: i64| format!("{:02}:{:02}", m.div_euclid(60).rem_euclid(24), m.rem_euclid(60));
                        format!(" {}–{}", clock(from), clock(to))
                    });
                    pairs.push((format!("{}:{}", gate.id, slot.id), format!("{} {}{hours}", gate.place(), slot.kind)));
                }
            }
        }
        let people = store::all_people(tx, viewer.tenant, &scope).await?;
        Ok(Choices { posts, pairs, people, windows })
    }

    fn people(&self) -> Options {
        let label = |one: &store::Person| format!("{}（{}，{}）", one.name, one.kind, one.organisation_name);
        self.people.iter().map(|one| (one.id.to_string(), label(one))).collect()
    }

    fn page(&self, shell: Shell, form: Form) -> NewPage {
        let schools = self.posts.schools.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
        NewPage { shell, form, schools, posts: self.pairs.clone(), people: self.people() }
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(wanted): Query<Wanted>) -> Result<Response> {
    let now = app.means.now();
    let choices = Choices::read(&mut app.db.read().await?, &viewer, now).await?;
    let day = wanted.day.as_deref().and_then(a_day).unwrap_or_else(|| coverage::today(now));
    let mut form = Form::filled(&[("day", &day.to_string())]);
    if let Some((gate, slot)) = wanted.gate.zip(wanted.slot) {
        form.set("post", format!("{gate}:{slot}"));
        if let Some(gate) = choices.posts.gates.iter().find(|one| one.id == gate) {
            form.set("duty", &gate.duty);
        }
    }
    page(&choices.page(shell, form))
}

/// What speaks against putting somebody down comes back as an error, until whoever plans says that they know.
async fn warned(
    tx: &mut Tx,
    act: &Act,
    form: &mut Form,
    (person, peak): (Option<Uuid>, Option<Peak>),
    shift: (Option<Uuid>, Uuid, Date),
    span: Option<(Timestamp, Timestamp)>,
) -> Result<()> {
    let Some(person) = person.filter(|_| !form.is("in_spite", "yes")) else { return Ok(()) };
    let mut cautions = caution::cautions(tx, act, person, shift, span).await?;
    let person = store::person(tx, act.tenant, person).await?;
    cautions.extend(limit::caution(tx, act.tenant, &person, (shift.1, shift.2, peak)).await?);
    if !cautions.is_empty() {
        form.fail("in_spite", format!("{}。确实要这样排，请勾选“知道，还是这样排”", cautions.join("；")));
    }
    Ok(())
}

/// The two moments of a form, by a day that is known; nothing where both are left out.
fn span(form: &mut Form, day: Option<Date>) -> Option<Option<(Timestamp, Timestamp)>> {
    let (from, to) = (form.value("from").trim().to_owned(), form.value("to").trim().to_owned());
    if from.is_empty() && to.is_empty() {
        return Some(None);
    }
    let day = day?;
    let at = |text: &str| minute(text).and_then(|minute| moment(day, minute));
    let Some((from, to)) = at(&from).zip(at(&to)) else {
        form.fail("from", "几点到几点要一起填，如 07:10 和 08:20");
        return None;
    };
    if to <= from {
        form.fail("to", "离岗要在到岗以后");
        return None;
    }
    Some(Some((from, to)))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let choices = Choices::read(&mut tx, &viewer, act.at).await?;
    let day = form.choice("day", "哪一天", a_day);
    let pair = form.optional_choice("post", "岗位和时段", |code| {
        let (gate, slot) = choices.pairs.iter().find(|(pair, _)| pair == code)?.0.split_once(':')?;
        Some((gate.parse::<Uuid>().ok()?, slot.parse::<Uuid>().ok()?))
    });
    let school = match pair {
        Some((gate, _)) => choices.posts.gates.iter().find(|one| one.id == gate).map(|gate| gate.school_id),
        None => form.choice("school", "学校（没有选岗位时）", |id| {
            let id: Uuid = id.parse().ok()?;
            choices.posts.schools.iter().any(|one| one.id == id).then_some(id)
        }),
    };
    let person = form.optional_choice("person", "人员", |id| {
        let id: Uuid = id.parse().ok()?;
        choices.people.iter().any(|one| one.id == id).then_some(id)
    });
    let duty = form.text("duty", "职责", 0..=300);
    let asked = span(&mut form, day);
    if let (Some(day), Some(school), Some(asked), true) = (day, school, asked, form.ok()) {
        let slot = pair.and_then(|(_, slot)| choices.posts.slots.iter().find(|one| one.id == slot));
        let by_slot = slot.and_then(|slot| {
            let (from, to) = choices.posts.window(slot, &choices.windows)?;
            moment(day, from).zip(moment(day, to))
        });
        let span = asked.or(by_slot);
        form.noted("day", shift::refuse_past(&act, day, span))?;
        let who = (person, slot.map(|slot| slot.kind));
        warned(&mut tx, &act, &mut form, who, (None, school, day), span).await?;
        let pinned = form.is("pinned", "yes");
        let new = NewShift { school, day, post: pair, person, duty, span, pinned, stands_for: None };
        if form.ok() {
            let done = shift::put(&mut tx, &act, &new).await;
            if form.noted("person", done)?.is_some() {
                tx.commit().await?;
                return Ok(redirect(&format!("/duty?day={day}"), "已排上"));
            }
        }
    }
    drop(tx);
    page_again(&choices.page(shell, form))
}

#[derive(Template)]
#[template(path = "duty/web/shift.html")]
struct ShiftPage {
    shell: Shell,
    shift: Shift,
    day: String,
    state: (&'static str, String),
    fixings: Fixings,
    missing: Vec<&'static str>,
    people: Options,
    phone: String,
    /// Why whoever is absent does not come.
    absent_why: String,
    calls: Vec<(Call, String)>,
    /// Whoever stands there in their place.
    in_place: Option<Shift>,
    /// Nobody has to stand there, so nobody is called for it.
    needless: bool,
    /// Why it was cancelled, and whether whoever was to stand there got a message or was told.
    cancelled: Option<Cancellation>,
    /// A short message can go to them.
    textable: bool,
    swap: Option<Swap>,
    now: Timestamp,
    may_plan: bool,
    form: Form,
    failed: &'static str,
}

impl ShiftPage {
    fn clock(&self, at: &Timestamp) -> String {
        clock(*at)
    }

    /// Each of what has to be settled, and whether it is.
    fn fixed(&self) -> Vec<(&'static str, bool)> {
        self.fixings.list().into_iter().map(|one| (one.label(), !self.missing.contains(&one.label()))).collect()
    }

    fn open(&self) -> bool {
        self.shift.state == ShiftState::Standing
    }

    /// It can still be put down otherwise.
    fn changeable(&self) -> bool {
        self.may_plan
            && self.shift.state != ShiftState::Cancelled
            && self.shift.came_at.is_none()
            && self.shift.absent_at.is_none()
            && !self.shift.is_over(self.now)
            && !(self.shift.has_begun(self.now) && self.shift.person_id.is_some())
    }

    /// It can still be called off.
    fn cancellable(&self) -> bool {
        self.changeable() && !self.shift.has_begun(self.now)
    }

    /// No message has gone out and none will, so that somebody has to call.
    fn is_unheard(&self, cancelled: &Cancellation) -> bool {
        calling_off::is_late(cancelled.cancelled_at, self.now) || self.shift.has_begun(self.now)
    }

    /// Somebody may be called now.
    fn callable(&self) -> bool {
        self.open()
            && self.may_plan
            && self.shift.absent_at.is_some()
            && self.in_place.is_none()
            && !self.shift.is_over(self.now)
            && !self.calls.iter().any(|(call, _)| call.is_open(self.now))
    }

    /// Somebody has to be found otherwise, at once.
    fn nobody_left(&self) -> bool {
        self.callable() && !self.calls.is_empty() && self.begins().is_none()
    }

    /// When the clock begins to call, of an absence that is known long before.
    fn begins(&self) -> Option<String> {
        let at = self.shift.call_at.filter(|at| self.open() && !self.needless && *at > self.now)?;
        Some(format!("{} {}", short(day_of(at)), clock(at)))
    }

    /// Where somebody else is put down in the seat of whoever is absent.
    fn put_another(&self) -> Option<String> {
        let (gate, slot) = self.shift.gate_id.zip(self.shift.slot_id)?;
        Some(format!("/duty-shifts/new?day={}&gate={gate}&slot={slot}", self.shift.day))
    }

    /// It was noted by mistake.
    fn retractable(&self) -> bool {
        self.open() && self.may_plan && self.shift.absent_at.is_some() && self.in_place.is_none()
    }

    fn answerable(&self, call: &Call) -> bool {
        self.open()
            && self.may_plan
            && call.answered_at.is_none()
            && call.ended_at.is_none()
            && self.in_place.is_none()
            && !self.shift.is_over(self.now)
    }

    /// Both sides can still decide.
    fn swap_is_open(&self) -> bool {
        self.swap.as_ref().is_some_and(|swap| swap.is_open(self.now))
    }

    fn swap_outcome(&self) -> String {
        self.swap.as_ref().map_or(String::new(), |swap| swap.outcome(self.now))
    }

    fn how_long(&self, call: &Call) -> String {
        let answered = call.answered_at.unwrap_or(self.now);
        let minutes = (answered.as_second() - call.called_at.as_second()) / 60;
        match call.accepted {
            Some(true) if call.ended_at.is_some() => format!("{minutes} 分钟后答应，后来取消了"),
            Some(true) => format!("{minutes} 分钟后答应，{} 分钟到", call.minutes),
            Some(false) => format!("{minutes} 分钟后说来不了"),
            None if call.ended_at.is_some_and(|at| at < call.answer_by) => "不用答复了".to_owned(),
            None if call.answer_by > self.now => format!("等答复到 {}", clock(call.answer_by)),
            None => format!("{} 还没有答复", clock(call.answer_by)),
        }
    }
}

async fn shift_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Option<Form>, &'static str),
) -> Result<ShiftPage> {
    let act = app.act(viewer, Permission::DutyRead)?;
    let scope = viewer.scope(Permission::DutyRead);
    let mut tx = app.db.read().await?;
    let shift = shift_store::shift_within(&mut tx, viewer.tenant, &scope, id).await?;
    let windows: Windows = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let fixings: Fixings = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let mut calls = Vec::new();
    for call in shift_store::calls_of(&mut tx, viewer.tenant, id).await? {
        let phone = person::phone(&act, call.phone_sealed.as_deref())?;
        calls.push((call, phone));
    }
    let phone = match shift.person_id {
        Some(who) => store::person(&mut tx, viewer.tenant, who).await?.phone(&act)?,
        None => String::new(),
    };
    let people = store::all_people(&mut tx, viewer.tenant, &scope).await?;
    let mut people: Options =
        people.iter().map(|one| (one.id.to_string(), format!("{}（{}）", one.name, one.kind))).collect();
    // Whoever is down may belong to another unit; the form keeps them.
    if let Some(who) = shift.person_id.filter(|who| !people.iter().any(|(id, _)| *id == who.to_string())) {
        people.push((who.to_string(), shift.who().to_owned()));
    }
    let form = form.unwrap_or_else(|| {
        let mut form = Form::filled(&[
            ("person", &shift.person_id.map(|id| id.to_string()).unwrap_or_default()),
            ("duty", &shift.duty),
            ("from", &shift.starts_at.map(clock).unwrap_or_default()),
            ("to", &shift.ends_at.map(clock).unwrap_or_default()),
            ("version", &shift.lock_version.to_string()),
        ]);
        if shift.pinned {
            form.set("pinned", "yes");
        }
        form
    });
    let day = shift.day.parse::<Date>().map_or(shift.day.clone(), short);
    Ok(ShiftPage {
        shell,
        state: if shift.state == ShiftState::Draft {
            ("", "草稿".to_owned())
        } else {
            coverage::standing(&shift, &windows, act.at)
        },
        absent_why: shift::absent_why(&act, &shift)?,
        in_place: match shift.absent_at {
            Some(_) => standby::in_place(&mut tx, &act, &shift).await?,
            None => None,
        },
        needless: shift.call_at.is_some() && standby::needless(&mut tx, &act, &shift).await?,
        textable: channel::can_text(app, &phone),
        cancelled: match shift.state {
            ShiftState::Cancelled => calling_off::of_shift(&mut tx, &act, id).await?,
            _ => None,
        },
        missing: coverage::missing(&shift, &fixings).into_iter().map(|one| one.label()).collect(),
        swap: swap::last(&mut tx, viewer.tenant, id).await?,
        fixings,
        day,
        people,
        phone,
        calls,
        now: act.at,
        may_plan: viewer.may(Permission::DutyPlan),
        form,
        failed,
        shift,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&shift_page(&app, &viewer, shell, id, (None, "")).await?)
}

/// Begins the transaction of a step at a shift within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Shift)> {
    let act = app.act(viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let shift = shift_store::shift_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    Ok((tx, act, shift))
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let people = store::all_people(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan)).await?;
    let person = form.optional_choice("person", "人员", |id| {
        let id: Uuid = id.parse().ok()?;
        (known.person_id == Some(id) || people.iter().any(|one| one.id == id)).then_some(id)
    });
    let duty = form.text("duty", "职责", 0..=300);
    let day: Option<Date> = known.day.parse().ok();
    let asked = span(&mut form, day);
    if let (Some(asked), Some(day), true) = (asked, day, form.ok()) {
        warned(&mut tx, &act, &mut form, (person, known.peak), (Some(id), known.school_id, day), asked).await?;
    }
    if let (Some(asked), true) = (asked, form.ok()) {
        let to = (person, duty.as_str(), asked, form.is("pinned", "yes"));
        let done = shift::change(&mut tx, &act, &known, form.version(), to).await;
        if form.ended(tx, "person", done).await?.is_some() {
            return Ok(redirect(&format!("/duty-shifts/{id}"), "已改好，本人要重新确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "change")).await?)
}

/// Ends a step that has one field at most: goes on to the shift, or shows it again with what was refused.
async fn ended(
    (app, viewer, shell): (&App, &Viewer, Shell),
    id: Uuid,
    (tx, mut form): (Tx, Form),
    (name, said): (&'static str, &str),
    done: Result<()>,
) -> Result<Response> {
    match form.ended(tx, name, done).await? {
        Some(()) => Ok(redirect(&format!("/duty-shifts/{id}"), said)),
        None => page_again(&shift_page(app, viewer, shell, id, (Some(form), name)).await?),
    }
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let why = form.text("why", "取消的原因", 2..=100);
    if !form.ok() {
        drop(tx);
        return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "why")).await?);
    }
    let done = calling_off::cancel(&mut tx, &act, id, &why).await;
    let told = done.as_ref().map_or(String::new(), |off| calling_off::told(&app, off));
    let said = format!("这一班已取消{told}");
    ended((&app, &viewer, shell), id, (tx, form), ("why", said.as_str()), done.map(drop)).await
}

async fn note(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let way = match form.value("way") {
        "came" => Way::Came,
        "left" => Way::Left,
        _ => {
            form.fail("way", "请选择到岗还是离岗");
            drop(tx);
            return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "presence")).await?);
        }
    };
    // Without a time it is now.
    if form.value("at").trim().is_empty() {
        let done = match way {
            Way::Came => shift::come(&mut tx, &act, id, How::Desk, "").await,
            Way::Left => shift::leave(&mut tx, &act, id).await,
        };
        return ended((&app, &viewer, shell), id, (tx, form), ("at", "已登记"), done).await;
    }
    let day: Option<Date> = known.day.parse().ok();
    let at = minute(&form.value("at").replace('：', ":")).zip(day).and_then(|(minute, day)| moment(day, minute));
    if at.is_none() {
        form.fail("at", "时间看不懂，请写成 07:05");
    }
    let why = form.open_text("presence_why", "补登的原因", 2..=100, "原因会写进审计记录，请不要写电话或身份证号");
    let Some(at) = at.filter(|_| form.ok()) else {
        drop(tx);
        return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "presence")).await?);
    };
    let done = shift::correct(&mut tx, &act, id, way, at, &why).await;
    ended((&app, &viewer, shell), id, (tx, form), ("at", "已登记"), done).await
}

async fn take_back(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let why = form.open_text("back_why", "撤销的原因", 2..=100, "原因会写进审计记录，请不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "back_why")).await?);
    }
    let done = shift::take_miss_back(&mut tx, &act, id, &why).await;
    ended((&app, &viewer, shell), id, (tx, form), ("back_why", "缺岗已撤销，叫过的备勤不用来了"), done).await
}

async fn miss(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let why = form.text("absent_why", "缺岗的原因", 2..=100);
    if !form.ok() {
        drop(tx);
        return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "absent_why")).await?);
    }
    let early = standby::call_at(&mut tx, &act, &known).await?.is_some();
    let needless = standby::needless(&mut tx, &act, &known).await?;
    let done = shift::miss(&mut tx, &act, id, &why).await;
    let said = match &done {
        Ok(Some(call)) => format!("已记缺岗，正在叫{}，请打电话问", call.person_name),
        Ok(None) if known.is_over(act.at) => "已记缺岗。这一班已经结束，没有叫备勤".to_owned(),
        Ok(None) if needless => "已记缺岗。这一班本来就不用站，没有叫备勤".to_owned(),
        Ok(None) if early => "已记缺岗。离上岗还早，没有叫备勤，请换一个人或者重新安排".to_owned(),
        _ => "已记缺岗。备勤里没有能来的人，请另外安排".to_owned(),
    };
    ended((&app, &viewer, shell), id, (tx, form), ("absent_why", &said), done.map(drop)).await
}

async fn call(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let done = shift::call_next(&mut tx, &act, id).await;
    let said = match &done {
        Ok(Some(call)) => format!("正在叫{}，请打电话问", call.person_name),
        _ => "备勤里没有别的人能来了，请另外安排".to_owned(),
    };
    ended((&app, &viewer, shell), id, (tx, form), ("call", &said), done.map(drop)).await
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, call)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let asked: Call = tx.one(CALL.bind(viewer.tenant).bind(call)).await?;
    if asked.shift_id != id {
        return Err(Error::NotFound);
    }
    let accepts = form.is("answer", "yes");
    let done = shift::answer(&mut tx, &act, call, accepts).await;
    let said = if accepts { "已排上顶岗" } else { "已记下" };
    ended((&app, &viewer, shell), id, (tx, form), ("call", said), done).await
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, swap)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let asked: Swap = tx.one(SWAP.bind(viewer.tenant).bind(swap)).await?;
    if asked.shift_id != id {
        return Err(Error::NotFound);
    }
    let approved = form.is("decision", "yes");
    let why = form.text("swap_why", "不同意的原因", if approved { 0..=100 } else { 2..=100 });
    // What is warned of when somebody is put down by hand speaks against a swap as well.
    if let (Ok(day), true) = (known.day.parse::<Date>(), approved && form.ok()) {
        let (who, span) = ((Some(asked.to_id), known.peak), known.starts_at.zip(known.ends_at));
        warned(&mut tx, &act, &mut form, who, (Some(id), known.school_id, day), span).await?;
    }
    if !form.ok() {
        drop(tx);
        return page_again(&shift_page(&app, &viewer, shell, id, (Some(form), "swap_why")).await?);
    }
    let done = swap::decide(&mut tx, &act, swap, approved, &why).await;
    let said = if approved { "已同意换岗" } else { "没有同意换岗，原来的人照常" };
    ended((&app, &viewer, shell), id, (tx, form), ("swap_why", said), done).await
}
