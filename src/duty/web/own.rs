//! What somebody sees by their own link: their shifts, and the steps of the day; the code at a post; and the page of a school.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Response};
use calendar::WorkingDays;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Options;
use crate::access::{self, Act, Link, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::duty::coverage;
use crate::duty::model::{Calling, How, SchoolDay, Timetable, Windows, clock, short};
use crate::duty::shift_store::{CALL, CALLS_TO, Call, OF_SCHOOL, SWAP, SWAPS_FROM, SWAPS_TO, Shift, Swap};
use crate::duty::store::{Gate, Person, School};
use crate::duty::swap::{self, Colleagues};
use crate::duty::{person, school, shift, shift_store, store};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings;
use crate::web::{Cookies, Form, Shell, page, page_again, redirect, set_cookie};

pub fn routes() -> Routes {
    Routes::default()
        .get("/duty-own/{link}", Need::Public, show)
        .post("/duty-own/{link}/shifts/{shift}", Need::Public, step)
        .post("/duty-own/{link}/calls/{call}", Need::Public, answer)
        .post("/duty-own/{link}/swaps/{swap}", Need::Public, agree)
        .get("/duty-posts/{link}", Need::Public, show_post)
        .post("/duty-posts/{link}", Need::Public, sign)
        .get("/duty-watch/{link}", Need::Public, watch)
}

/// Whose phone this is, once they have opened their own page on it: sent to the pages behind the codes at posts, and at the points of a patrol.
const COOKIE: &str = "duty";
const CODES: [&str; 2] = ["/duty-posts", "/patrol-points"];

/// Tells the phone whose it is, for the codes that it scans later.
pub fn remember(app: &App, link: &str) -> [(HeaderName, HeaderValue); 2] {
    CODES.map(|path| (SET_COOKIE, set_cookie(COOKIE, link, path, 400 * 86_400, app.secure())))
}

/// Whose phone it is by which a code of a tenant is scanned; nobody's if no own page of there was ever opened on it.
pub async fn whose_phone(tx: &mut Tx, headers: &HeaderMap, tenant: Uuid, keys: &Keys) -> Result<Option<Person>> {
    let own = Cookies(headers).get(COOKIE).and_then(|text| text.parse::<Link>().ok());
    let Some(own) = own.filter(|own| own.tenant == tenant) else { return Ok(None) };
    match person::by_link(tx, &own, keys).await {
        Ok(person) => Ok(Some(person)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "duty/web/own.html")]
struct OwnPage {
    shell: Shell,
    link: String,
    person: Person,
    /// They may be sent on patrol, of which they see their own rounds.
    patrols: bool,
    shifts: Vec<Shift>,
    calls: Vec<Call>,
    swaps: Vec<Swap>,
    /// What they have asked of colleagues, and what became of it.
    asked: Vec<Swap>,
    colleagues: Colleagues,
    windows: Windows,
    /// On which of these days there is school.
    table: Timetable,
    calling: Calling,
    now: Timestamp,
    form: Form,
    failed: Option<Uuid>,
}

impl OwnPage {
    /// Somebody else is called as soon as they say that they do not come.
    fn calls_at_once(&self, shift: &Shift) -> bool {
        let hours = SignedDuration::from_hours(self.calling.call_hours);
        shift.starts_at.is_none_or(|start| start - hours <= self.now)
    }

    fn state(&self, shift: &Shift) -> (&'static str, String) {
        if self.off(shift) {
            return ("", "不用来".to_owned());
        }
        coverage::standing(shift, &self.windows, self.now)
    }

    /// There is no school after all. Whoever was put down by hand may be there for something else: that is said of them only where they were not
    /// pinned, and once it has begun.
    fn off(&self, shift: &Shift) -> bool {
        let meant = shift.roster_id.is_some() || !shift.pinned && shift.has_begun(self.now);
        let off = |day: Date| matches!(self.table.of(shift.school_id, day, WorkingDays::embedded()), SchoolDay::Off(_));
        meant && shift.slot_id.is_some() && shift.came_at.is_none() && shift.day.parse().is_ok_and(off)
    }

    fn day(&self, day: &str) -> String {
        day.parse().map_or(day.to_owned(), short)
    }

    fn clock(&self, at: &Timestamp) -> String {
        clock(*at)
    }

    fn opened(&self, id: &Uuid) -> bool {
        self.failed == Some(*id)
    }

    /// They are still waited for.
    fn in_time(&self, call: &Call) -> bool {
        call.is_open(self.now)
    }

    /// They can say now that they have come.
    fn may_come(&self, shift: &Shift) -> bool {
        let opens = |start: Timestamp| start - SignedDuration::from_mins(self.windows.check_in_minutes);
        shift.came_at.is_none()
            && !self.off(shift)
            && shift.starts_at.is_some_and(|start| opens(start) <= self.now)
            && shift.ends_at.is_some_and(|end| self.now <= end)
    }

    fn may_leave(&self, shift: &Shift) -> bool {
        shift.came_at.is_some() && shift.left_at.is_none()
    }

    fn ahead(&self, shift: &Shift) -> bool {
        shift.came_at.is_none()
            && shift.absent_at.is_none()
            && shift.ends_at.is_some_and(|end| self.now < end)
            && !self.off(shift)
    }

    /// Who may be asked to take a shift over.
    fn colleagues(&self, shift: &Shift) -> Options {
        self.colleagues.at(shift.school_id).map(|(id, name)| (id.to_string(), name.clone())).collect()
    }

    fn swappable(&self, shift: &Shift) -> bool {
        shift.came_at.is_none() && shift.absent_at.is_none() && shift.starts_at.is_some_and(|start| self.now < start)
    }
}

/// Errors: not found by a link that was not made for this, or is not good any more.
async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Person)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let person = person::by_link(tx, &link, &app.means.keys).await?;
    Ok((Act::guard(link.tenant, &app.means), person))
}

async fn own_page(app: &App, shell: Shell, link: String, form: Form, failed: Option<Uuid>) -> Result<OwnPage> {
    let mut tx = app.db.read().await?;
    let (act, person) = by_link(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let (from, to) = shift::shown(act.at);
    let today = coverage::today(act.at);
    let day = |text: &str| text.parse().unwrap_or(today);
    let table = school::timetable(&mut tx, act.tenant, day(&from), day(&to)).await?;
    let colleagues = Colleagues::of(&mut tx, act.tenant, &person).await?;
    // Somebody may be asked for a shift at the other end of the days that are shown.
    let month = act.at - SignedDuration::from_hours(24 * 31);
    Ok(OwnPage {
        shifts: shift_store::of_person(&mut tx, act.tenant, person.id, (&from, &to)).await?,
        calls: tx.all(CALLS_TO.bind(act.tenant).bind(person.id).bind(month).bind(act.at).bind(&from)).await?,
        swaps: tx.all(SWAPS_TO.bind(act.tenant).bind(person.id).bind(month).bind(act.at)).await?,
        asked: tx.all(SWAPS_FROM.bind(act.tenant).bind(person.id).bind(month)).await?,
        windows: settings::read(&mut tx, act.tenant, act.at).await?,
        calling: settings::read(&mut tx, act.tenant, act.at).await?,
        shell: shell.of_community(&tenant.name, ""),
        patrols: person.kind.is_uniformed(),
        colleagues,
        table,
        now: act.at,
        link,
        person,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let shown = own_page(&app, shell, link.clone(), Form::default(), None).await?;
    Ok((AppendHeaders(remember(&app, &link)), page(&shown)?).into_response())
}

/// Begins what somebody does by their link.
async fn begun(app: &App, link: &str, address: std::net::IpAddr) -> Result<(Tx, Act, Person)> {
    let mut tx = app.db.begin().await?;
    let (act, person) = by_link(app, &mut tx, link).await?;
    // A whole station signs in from one address.
    app.sign_ins.check(address)?;
    Ok((tx, act, person))
}

async fn step(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, person) = begun(&app, &link, address).await?;
    // It stays theirs until this is done.
    let known = shift::own(&mut tx, &act, id, person.id).await?;
    let place = form.open_text("place", "在哪里", 0..=40, "不要写电话或身份证号");
    let (field, said, done) = match form.value("step") {
        "confirm" => ("step", "已确认", shift::confirm(&mut tx, &act, id).await),
        "come" => ("step", "签到成功，您已在岗", shift::come(&mut tx, &act, id, How::Link, &place).await),
        "leave" => ("step", "签退成功，辛苦了", shift::leave(&mut tx, &act, id).await),
        "absent" => {
            let why = form.open_text("why", "来不了的原因", 2..=100, "不要写电话或身份证号");
            let done = if form.ok() { shift::miss(&mut tx, &act, id, &why).await } else { Ok(None) };
            let said = match done {
                Ok(Some(_)) => "已告诉值班室，马上叫备勤的人",
                _ => "已告诉值班室，会另外安排",
            };
            ("why", said, done.map(drop))
        }
        "handover" => {
            let words = form.open_text("words", "交接的事", 2..=300, "不要写电话或身份证号");
            let done = if form.ok() { shift::hand_over(&mut tx, &act, id, &words).await } else { Ok(()) };
            ("words", "交接已记下", done)
        }
        "swap" => {
            let to = form.choice("to", "换给谁", |id| id.parse::<Uuid>().ok());
            let done = match to {
                Some(to) => swap::ask(&mut tx, &act, &known, to).await,
                None => Ok(()),
            };
            ("to", "已经问对方，对方同意以后由值班室批", done)
        }
        _ => ("step", "", Err(Error::refused("没有看懂要做什么，请再点一次"))),
    };
    if form.ok() && form.noted(field, done)?.is_some() {
        tx.commit().await?;
        return Ok(redirect(&format!("/duty-own/{link}"), said));
    }
    drop(tx);
    page_again(&own_page(&app, shell, link, form, Some(id)).await?)
}

async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, person) = begun(&app, &link, address).await?;
    let call: Call = tx.one(CALL.bind(act.tenant).bind(id)).await?;
    if call.person_id != person.id {
        return Err(Error::NotFound);
    }
    let accepts = form.is("answer", "yes");
    let windows: Windows = settings::read(&mut tx, act.tenant, act.at).await?;
    let leave = act.at + SignedDuration::from_mins(call.minutes + windows.check_in_minutes);
    let now = call.starts_at.is_none_or(|start| start <= leave);
    let done = shift::answer(&mut tx, &act, id, accepts).await;
    if form.ended(tx, "answer", done).await?.is_some() {
        let said = match accepts {
            true if now => "已答应顶岗，请马上出发",
            true => "已答应顶岗，到时候请准时到岗",
            false => "已记下，会叫别人",
        };
        return Ok(redirect(&format!("/duty-own/{link}"), said));
    }
    page_again(&own_page(&app, shell, link, form, None).await?)
}

async fn agree(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, person) = begun(&app, &link, address).await?;
    let swap: Swap = tx.one(SWAP.bind(act.tenant).bind(id)).await?;
    let withdraws = swap.from_id == person.id && form.is("answer", "withdraw");
    if swap.to_id != person.id && !withdraws {
        return Err(Error::NotFound);
    }
    let agrees = form.is("answer", "yes");
    let (said, done) = match withdraws {
        true => ("已撤回，这一班还是您的", swap::withdraw(&mut tx, &act, id).await),
        false if agrees => ("已同意，等值班室批", swap::agree(&mut tx, &act, id, true).await),
        false => ("已回绝", swap::agree(&mut tx, &act, id, false).await),
    };
    if form.ended(tx, "answer", done).await?.is_some() {
        return Ok(redirect(&format!("/duty-own/{link}"), said));
    }
    page_again(&own_page(&app, shell, link, form, None).await?)
}

#[derive(Template)]
#[template(path = "duty/web/post.html")]
struct PostPage {
    shell: Shell,
    link: String,
    /// What somebody sees who is down here today, and nobody else.
    here: Option<(Person, Gate, Vec<Shift>)>,
    form: Form,
}

/// The post of a code, and who stands there today if it is the phone's owner.
async fn post_page(
    app: &App,
    tx: &mut Tx,
    (shell, headers): (Shell, &HeaderMap),
    text: &str,
    form: Form,
) -> Result<(Act, PostPage)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let gate = school::post_by_link(tx, &link, &app.means.keys).await?;
    let act = Act::guard(link.tenant, &app.means);
    let tenant = access::tenant(tx, link.tenant).await?;
    let mut here = None;
    if let Some(person) = whose_phone(tx, headers, link.tenant, &app.means.keys).await? {
        let today = coverage::today(act.at).to_string();
        let mut shifts = shift_store::of_person(tx, link.tenant, person.id, (&today, &today)).await?;
        shifts.retain(|shift| shift.gate_id == Some(gate.id));
        here = Some((person, gate, shifts));
    }
    let shell = shell.of_community(&tenant.name, "");
    Ok((act.clone(), PostPage { shell, link: text.to_owned(), here, form }))
}

async fn show_post(
    State(app): State<App>,
    shell: Shell,
    headers: HeaderMap,
    Path(link): Path<String>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    page(&post_page(&app, &mut tx, (shell, &headers), &link, Form::default()).await?.1)
}

async fn sign(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    headers: HeaderMap,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    app.sign_ins.check(address)?;
    let mut tx = app.db.begin().await?;
    let id = form.choice("shift", "哪一班", |id| id.parse::<Uuid>().ok());
    let leaves = form.is("way", "leave");
    let (act, mut shown) = post_page(&app, &mut tx, (shell, &headers), &link, form).await?;
    let here = shown.here.as_ref().filter(|(_, _, shifts)| shifts.iter().any(|shift| Some(shift.id) == id));
    let own = match here.zip(id) {
        Some(((person, ..), id)) => match shift::own(&mut tx, &act, id, person.id).await {
            Ok(_) => true,
            Err(Error::NotFound) => false,
            Err(error) => return Err(error),
        },
        None => false,
    };
    if let Some(id) = id.filter(|_| own) {
        let done = match leaves {
            true => shift::leave(&mut tx, &act, id).await,
            false => shift::come(&mut tx, &act, id, How::Code, "").await,
        };
        if shown.form.noted("shift", done)?.is_some() {
            tx.commit().await?;
            let said = if leaves { "签退成功，辛苦了" } else { "签到成功，您已在岗" };
            return Ok(redirect(&format!("/duty-posts/{link}"), said));
        }
    } else {
        shown.form.fail("shift", "这一班不是您的，或者已经变了，请再扫一次");
    }
    page_again(&shown)
}

#[derive(Template)]
#[template(path = "duty/web/watch.html")]
struct WatchPage {
    shell: Shell,
    link: String,
    school: School,
    posts: Vec<(String, Seen)>,
    day: String,
    ahead: super::watch::Ahead,
}

/// How a school sees a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Kept,
    /// The time is over, and nobody has said yet that they have gone.
    Over,
    Empty,
}

/// What a shift says of its post now: somebody is there from when they came until they went, and at the end at the latest.
fn seen(shift: &Shift, check_out: SignedDuration, now: Timestamp) -> Seen {
    if shift.came_at.is_none() || shift.left_at.is_some() {
        return Seen::Empty;
    }
    match shift.ends_at {
        Some(end) if now > end + check_out => Seen::Empty,
        Some(end) if now > end => Seen::Over,
        _ => Seen::Kept,
    }
}

/// What a school sees: whether somebody is on post, and whom to call.
async fn watch(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let text = link;
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let school = school::by_link(&mut tx, &link, &app.means.keys).await?;
    let tenant = access::tenant(&mut tx, link.tenant).await?;
    let now = app.means.now();
    let windows: Windows = settings::read(&mut tx, link.tenant, now).await?;
    let check_out = SignedDuration::from_mins(windows.check_out_minutes);
    let today = coverage::today(now);
    let shifts: Vec<Shift> = tx.all(OF_SCHOOL.bind(link.tenant).bind(school.id).bind(today.to_string())).await?;
    let there = |gate: &Gate| {
        let own = shifts.iter().filter(|shift| shift.gate_id == Some(gate.id));
        let seen: Vec<Seen> = own.map(|shift| seen(shift, check_out, now)).collect();
        [Seen::Kept, Seen::Over].into_iter().find(|one| seen.contains(one)).unwrap_or(Seen::Empty)
    };
    let gates = store::gates_of(&mut tx, link.tenant, school.id).await?;
    let posts = gates.iter().filter(|gate| gate.closed_at.is_none()).map(|gate| (gate.name.clone(), there(gate)));
    let (posts, shell) = (posts.collect(), shell.of_community(&tenant.name, ""));
    let ahead = super::watch::ahead(&mut tx, &Act::resident(link.tenant, &app.means), &school).await?;
    page(&WatchPage { shell, link: text, school, posts, day: short(today), ahead })
}
