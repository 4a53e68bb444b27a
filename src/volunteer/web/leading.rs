//! One activity for whoever runs it: staff by their account, whoever leads the team by their own link. Both have the same page and the same
//! steps; only staff change and call off.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::Options;
use super::activity::read_breaks;
use super::own::by_link;
use crate::access::{self, Act, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::volunteer::activity_model::{Place, Rules, Span};
use crate::volunteer::activity_store::{self, Activity, SignUp};
use crate::volunteer::card::Card;
use crate::volunteer::hours::{self, Was};
use crate::volunteer::hours_model::{Hours, Stage, counted, in_words, moment};
use crate::volunteer::hours_store::{self, Record};
use crate::volunteer::model::State as Standing;
use crate::volunteer::presence::{self, Way};
use crate::volunteer::sign_up::{give_up as leave_place, sign_up as take_place};
use crate::volunteer::store::{self, Membership};
use crate::volunteer::wall::on_the_wall;
use crate::web::{Form, Shell, page, page_again, qr, redirect};
use crate::{audit, photo, settings};

pub fn routes() -> Routes {
    Routes::default()
        .get("/volunteering/{link}/activities/{activity}", Need::Public, show)
        .get("/volunteering/{link}/activities/{activity}/photos/{photo}", Need::Public, show_photo)
        .get("/volunteering/{link}/activities/{activity}/wall", Need::Public, show_wall)
        .post("/volunteering/{link}/activities/{activity}/sign-ups", Need::Public, add)
        .post("/volunteering/{link}/activities/{activity}/sign-ups/{sign_up}/removal", Need::Public, remove)
        .post("/volunteering/{link}/activities/{activity}/sign-ups/{sign_up}/claim", Need::Public, answer)
        .post("/volunteering/{link}/activities/{activity}/presence", Need::Public, note)
        .post("/volunteering/{link}/activities/{activity}/hours", Need::Public, confirm)
}

/// An activity that somebody runs.
pub(super) struct Reached {
    pub act: Act,
    pub activity: Activity,
    /// Where its page is.
    pub base: String,
    /// Who runs it, if it is not staff.
    pub leader: Option<Card>,
    pub may_run: bool,
    pub may_edit: bool,
    pub may_approve: bool,
}

impl Reached {
    /// The volunteer who runs it.
    fn by(&self) -> Option<Uuid> {
        self.leader.as_ref().map(|leader| leader.id)
    }
}

/// Somebody who was there and whose hours nobody has confirmed.
struct Unconfirmed {
    id: Uuid,
    name: String,
    /// When they came and went.
    presence: String,
    /// How long that is by the rule; `None` if they have not signed out.
    length: Option<String>,
    /// It is whoever looks at the page.
    own: bool,
}

#[derive(Template)]
#[template(path = "volunteer/web/activity.html")]
pub(super) struct ActivityPage {
    shell: Shell,
    base: String,
    activity: Activity,
    sign_ups: Vec<SignUp>,
    /// Those of the team who are not down for it.
    others: Options,
    now: Timestamp,
    may_run: bool,
    may_edit: bool,
    may_approve: bool,
    records: Vec<Record>,
    unconfirmed: Vec<Unconfirmed>,
    /// They run it by their own link.
    leader: bool,
    past: Vec<audit::Told>,
    form: Form,
    failed: &'static str,
}

impl ActivityPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn standing(&self) -> String {
        self.activity.standing(self.now)
    }

    fn open(&self) -> bool {
        self.activity.open(self.now)
    }

    /// It is near enough for people to come.
    fn running(&self) -> bool {
        let day = jiff::SignedDuration::from_hours(12);
        self.activity.cancelled_at.is_none()
            && self.activity.starts_at - day <= self.now
            && self.now <= self.activity.ends_at + day
    }

    fn over(&self) -> bool {
        self.activity.ends_at <= self.now
    }

    fn confirmed(&self) -> impl Iterator<Item = &SignUp> {
        self.sign_ups.iter().filter(|down| down.state == Place::Confirmed)
    }

    fn waiting(&self) -> impl Iterator<Item = (usize, &SignUp)> {
        self.sign_ups.iter().filter(|down| down.state == Place::Waiting).enumerate().map(|(at, down)| (at + 1, down))
    }

    /// The photos of those who came or went together, each once.
    fn photos(&self) -> Vec<Uuid> {
        let mut photos = Vec::new();
        for photo in self.confirmed().flat_map(|down| [down.photo_id, down.left_photo_id]).flatten() {
            if !photos.contains(&photo) {
                photos.push(photo);
            }
        }
        photos
    }

    /// What was confirmed and waits for the community.
    fn to_approve(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.state == Stage::Confirmed)
    }

    /// The times that somebody has entered later, as they are sent along with the answer.
    fn claimed(&self, down: &SignUp) -> String {
        let span = down.claimed();
        span.map(|span| format!("{}-{}", span.starts_at.as_millisecond(), span.ends_at.as_millisecond()))
            .unwrap_or_default()
    }

    /// Everybody is chosen until somebody says otherwise.
    fn counts(&self, id: &Uuid) -> bool {
        self.failed != "hours" || self.is_chosen(id)
    }

    fn left(&self, id: &Uuid) -> &str {
        self.form.value(&format!("left-{id}"))
    }

    fn is_chosen(&self, id: &Uuid) -> bool {
        self.form.is("person", &id.to_string())
    }
}

pub(super) async fn activity_page(
    tx: &mut Tx,
    shell: Shell,
    reached: Reached,
    (failed, mut form): (&'static str, Form),
    past: Vec<audit::Told>,
) -> Result<ActivityPage> {
    if failed != "hours" {
        form.set("breaks", "0");
    }
    let Reached { act, activity, base, leader, may_run, may_edit, may_approve } = reached;
    let sign_ups = activity_store::sign_ups(tx, act.tenant, activity.id).await?;
    let members = store::members(tx, act.tenant, activity.team_id).await?;
    let down = |id: Uuid| sign_ups.iter().any(|down| down.volunteer_id == id);
    let others = members.into_iter().filter(|member| !down(member.volunteer_id));
    let others = others.map(|member| (member.volunteer_id.to_string(), member.name)).collect();
    let (now, by) = (act.at, leader.as_ref().map(|leader| leader.id));
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let records = hours_store::of_activity(tx, act.tenant, activity.id).await?;
    let there = |down: &&SignUp| down.state == Place::Confirmed && down.came_at.is_some() && down.recorded == 0;
    let unconfirmed = |down: &SignUp| {
        let span = down.came_at.zip(down.left_at).map(|(starts_at, ends_at)| Span { starts_at, ends_at });
        let minutes = span.map(|span| counted(span, activity.span(), rules.tolerance_minutes, 0).minutes);
        let (id, name, presence) = (down.volunteer_id, down.name.clone(), down.presence());
        Unconfirmed { id, name, presence, length: minutes.map(in_words), own: by == Some(id) }
    };
    let over = activity.ends_at <= now && activity.cancelled_at.is_none();
    let unconfirmed = sign_ups.iter().filter(|_| over).filter(there).map(unconfirmed).collect();
    Ok(ActivityPage {
        shell,
        base,
        activity,
        sign_ups,
        others,
        now,
        may_run,
        may_edit,
        may_approve,
        records,
        unconfirmed,
        leader: by.is_some(),
        past,
        form,
        failed,
    })
}

#[derive(Template)]
#[template(path = "volunteer/web/wall.html")]
struct WallPage {
    base: String,
    activity: Activity,
    came: usize,
    open: bool,
    rules: Rules,
    qr: String,
}

/// The code on the wall, which is another one every half-minute.
pub(super) async fn wall(app: &App, tx: &mut Tx, reached: Reached) -> Result<Response> {
    let Reached { act, activity, base, .. } = reached;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let sign_ups = activity_store::sign_ups(tx, act.tenant, activity.id).await?;
    let came = sign_ups.iter().filter(|down| down.came_at.is_some()).count();
    let path = on_the_wall(tx, act.tenant, activity.id, &app.means).await?;
    let open = activity.cancelled_at.is_none();
    page(&WallPage { base, activity, came, open, rules, qr: qr(&app.link(&path))? })
}

/// Somebody of the team is put down. `None` if the form has to come back.
pub(super) async fn sign_up(mut tx: Tx, reached: &Reached, form: &mut Form) -> Result<Option<Response>> {
    let Some(volunteer) = form.choice("volunteer", "队员", |id| id.parse::<Uuid>().ok()) else { return Ok(None) };
    let members = store::members(&mut tx, reached.act.tenant, reached.activity.team_id).await?;
    if !members.iter().any(|member| member.volunteer_id == volunteer) {
        return Err(Error::NotFound);
    }
    let read = form.is("risk_read", "yes");
    let done = take_place(&mut tx, &reached.act, reached.activity.id, volunteer, reached.by(), read).await;
    let Some(place) = form.noted("volunteer", done)? else { return Ok(None) };
    tx.commit().await?;
    let words = if place == Place::Confirmed { "已报上" } else { "名额满了，排在候补里" };
    Ok(Some(redirect(&reached.base, words)))
}

pub(super) async fn give_up(mut tx: Tx, reached: &Reached, id: Uuid) -> Result<Response> {
    let sign_ups = activity_store::sign_ups(&mut tx, reached.act.tenant, reached.activity.id).await?;
    let down = sign_ups.iter().find(|down| down.id == id).ok_or(Error::NotFound)?;
    let moved_up = leave_place(&mut tx, &reached.act, reached.activity.id, down.volunteer_id, reached.by()).await?;
    tx.commit().await?;
    let next = moved_up.and_then(|id| sign_ups.iter().find(|down| down.volunteer_id == id));
    let words = match next {
        Some(next) => format!("已取消，{}从候补补上了，请告诉本人", next.name),
        None => "已取消".to_owned(),
    };
    Ok(redirect(&reached.base, &words))
}

/// What somebody has entered later is so, or is not.
pub(super) async fn decide(mut tx: Tx, reached: &Reached, sign_up: Uuid, form: &Form) -> Result<Response> {
    let grant = match form.value("decision") {
        "yes" => true,
        "no" => false,
        _ => return Err(Error::refused("请点“属实”或“不属实”")),
    };
    // `1796428800000-1796439600000`: what the page showed of it.
    let moment = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
    let seen = form.value("claim").split_once('-');
    let seen = seen.and_then(|(came, left)| Some(Span { starts_at: moment(came)?, ends_at: moment(left)? }));
    let seen = seen.ok_or_else(|| Error::Stale("请重新打开这一页，看一下补登的时间再办。".to_owned()))?;
    presence::decide(&mut tx, &reached.act, &reached.activity, sign_up, reached.by(), (seen, grant)).await?;
    tx.commit().await?;
    Ok(redirect(&reached.base, if grant { "已认可" } else { "没有认可" }))
}

/// Those who are there, with a photo. `None` if the form has to come back.
pub(super) async fn presence(app: &App, reached: &Reached, form: &mut Form) -> Result<Option<Response>> {
    let way = form.choice("way", "到了还是走了", Way::parse);
    let people: Vec<Uuid> = form.values("person").filter_map(|id| id.parse().ok()).collect();
    let photos = photo::from_form(app, &reached.act, form, "photos", 1).await?;
    if photos.is_empty() {
        form.fail("photos", "请拍一张大家在一起的照片");
    }
    let (Some(way), Some(picture), true) = (way, photos.first(), form.ok()) else { return Ok(None) };
    let mut tx = app.db.begin().await?;
    let done =
        presence::note_group(&mut tx, &reached.act, &reached.activity, reached.by(), &people, (way, *picture)).await;
    let Some(noted) = form.noted("person", done)? else { return Ok(None) };
    tx.commit().await?;
    let words = if way == Way::Comes { "到了" } else { "走了" };
    Ok(Some(redirect(&reached.base, &format!("已登记 {noted} 人{words}"))))
}

/// Those of whom something could not be done, in a sentence.
pub(super) fn left_in_words(done: usize, what: &str, left: &hours::Left) -> String {
    let named: Vec<String> = left.iter().map(|(name, why)| format!("{name}：{why}")).collect();
    format!("已{what} {done} 人。没有{what}的：{}", named.join("；"))
}

/// Whoever leads confirms how long those were there whom they choose. `None` if the form has to come back, with what could not be confirmed.
pub(super) async fn confirm_hours(app: &App, reached: &Reached, form: &mut Form) -> Result<Option<Response>> {
    let activity = &reached.activity;
    let breaks = read_breaks(form, activity.span().minutes());
    let chosen: Vec<Uuid> = form.values("person").filter_map(|id| id.parse().ok()).collect();
    if chosen.is_empty() {
        form.fail("person", "请至少选一个人");
    }
    let mut people = Vec::with_capacity(chosen.len());
    for volunteer in chosen {
        let name = format!("left-{volunteer}");
        let at = |text: &str| {
            let at = moment(activity.span().day(), text.parse().ok()?)?;
            let next_day = at <= activity.starts_at && activity.ends_at - at > jiff::SignedDuration::from_hours(12);
            Some(if next_day { at + jiff::SignedDuration::from_hours(24) } else { at })
        };
        let left_at = form.optional_choice(&name, "几点走的", at);
        people.push(Was { volunteer, left_at });
    }
    let (Some(breaks), true) = (breaks, form.ok()) else { return Ok(None) };
    let mut tx = app.db.begin().await?;
    let done = hours::confirm_activity(&mut tx, &reached.act, activity, reached.by(), &people, breaks).await;
    let Some((done, left)) = form.noted("person", done)? else { return Ok(None) };
    tx.commit().await?;
    if left.is_empty() {
        return Ok(Some(redirect(&reached.base, &format!("已确认 {done} 人的时长，等社区审核"))));
    }
    form.fail("person", left_in_words(done, "确认", &left));
    Ok(None)
}

/// A photo of those who came or went together.
///
/// Errors: not found if it is of something else.
pub(super) async fn photo(tx: &mut Tx, reached: &Reached, id: Uuid) -> Result<Response> {
    let sign_ups = activity_store::sign_ups(tx, reached.act.tenant, reached.activity.id).await?;
    if !sign_ups.iter().any(|down| [down.photo_id, down.left_photo_id].contains(&Some(id))) {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(tx, reached.act.tenant, id, photo::Size::Full).await?))
}

// ---------- by the link of whoever leads the team ----------

/// Errors: not found by anybody who does not lead the team.
async fn reached(app: &App, tx: &mut Tx, link: &str, id: Uuid) -> Result<Reached> {
    let (act, card) = by_link(app, tx, link).await?;
    let activity = activity_store::activity(tx, act.tenant, id).await?;
    let memberships = store::memberships(tx, act.tenant, card.id).await?;
    let leads = |row: &Membership| row.team_id == activity.team_id && row.leads();
    if card.state != Standing::Active || !memberships.iter().any(leads) {
        return Err(Error::NotFound);
    }
    let base = format!("/volunteering/{link}/activities/{id}");
    Ok(Reached { act, activity, base, leader: Some(card), may_run: true, may_edit: false, may_approve: false })
}

async fn leader_page(
    app: &App,
    shell: Shell,
    (link, id): (&str, Uuid),
    failed: (&'static str, Form),
) -> Result<ActivityPage> {
    let mut tx = app.db.read().await?;
    let reached = reached(app, &mut tx, link, id).await?;
    let community = access::tenant(&mut tx, reached.act.tenant).await?;
    let shell = shell.of_community(&community.name, &community.code);
    activity_page(&mut tx, shell, reached, failed, Vec::new()).await
}

async fn show(State(app): State<App>, shell: Shell, Path((link, id)): Path<(String, Uuid)>) -> Result<Response> {
    page(&leader_page(&app, shell, (&link, id), Default::default()).await?)
}

async fn show_photo(State(app): State<App>, Path((link, id, of)): Path<(String, Uuid, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let reached = reached(&app, &mut tx, &link, id).await?;
    photo(&mut tx, &reached, of).await
}

async fn show_wall(State(app): State<App>, Path((link, id)): Path<(String, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let reached = reached(&app, &mut tx, &link, id).await?;
    wall(&app, &mut tx, reached).await
}

async fn add(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let reached = reached(&app, &mut tx, &link, id).await?;
    app.sign_ins.check(address)?;
    match sign_up(tx, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => page_again(&leader_page(&app, shell, (&link, id), ("sign-up", form)).await?),
    }
}

async fn remove(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path((link, id, sign_up)): Path<(String, Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let reached = reached(&app, &mut tx, &link, id).await?;
    app.sign_ins.check(address)?;
    give_up(tx, &reached, sign_up).await
}

async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path((link, id, sign_up)): Path<(String, Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let reached = reached(&app, &mut tx, &link, id).await?;
    app.sign_ins.check(address)?;
    decide(tx, &reached, sign_up, &form).await
}

async fn note(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let reached = reached(&app, &mut app.db.read().await?, &link, id).await?;
    app.sign_ins.check(address)?;
    match presence(&app, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => page_again(&leader_page(&app, shell, (&link, id), ("presence", form)).await?),
    }
}

async fn confirm(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let reached = reached(&app, &mut app.db.read().await?, &link, id).await?;
    app.sign_ins.check(address)?;
    match confirm_hours(&app, &reached, &mut form).await? {
        Some(response) => Ok(response),
        None => page_again(&leader_page(&app, shell, (&link, id), ("hours", form)).await?),
    }
}
