//! What somebody sees by their own link: whether they are asked, wait or are on the roll, what is kept of them, and how to go.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use calendar::shanghai;
use db::{Cursor, Tx};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::arrival::COOKIE;
use super::public::ASKED;
use super::{read_guardian, read_values};
use crate::access::{self, Act, Link, Need, Routes, Scope};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::settings;
use crate::volunteer::activity_model::{Place, Rules, Span};
use crate::volunteer::activity_store::{self, Activity, SignUp};
use crate::volunteer::card::{self, Card, today};
use crate::volunteer::engagement;
use crate::volunteer::field::Field;
use crate::volunteer::honour::{self, Honour};
use crate::volunteer::hours_model::{Hours, in_words};
use crate::volunteer::hours_store::{self, Record, Total};
use crate::volunteer::joining;
use crate::volunteer::model::{Handler, How, Joining, Maturity, Purpose, State as Standing};
use crate::volunteer::star;
use crate::volunteer::store::{self, Membership};
use crate::volunteer::{presence, sign_up};
use crate::web::{Form, Limiter, Shell, page, page_again, redirect, set_cookie};

pub fn routes() -> Routes {
    Routes::default()
        .get("/volunteering/{link}", Need::Public, show)
        .post("/volunteering/{link}/answer", Need::Public, answer)
        .post("/volunteering/{link}/contact", Need::Public, set_contact)
        .post("/volunteering/{link}/honours", Need::Public, set_honour)
        .post("/volunteering/{link}/departure", Need::Public, leave)
        .post("/volunteering/{link}/erasure", Need::Public, forget)
        .post("/volunteering/{link}/sign-ups", Need::Public, take_part)
        .post("/volunteering/{link}/sign-ups/{activity}/removal", Need::Public, stay_away)
        .post("/volunteering/{link}/sign-ups/{activity}/claim", Need::Public, claim)
}

/// An activity, and how they stand in it.
struct Offer {
    activity: Activity,
    down: Option<SignUp>,
}

impl Offer {
    fn is_down(&self) -> bool {
        self.down.as_ref().is_some_and(|down| down.state != Place::Cancelled)
    }

    /// What may happen was changed since they have read it, and it has not begun.
    fn unread(&self) -> bool {
        self.down.as_ref().is_some_and(|down| down.unread(&self.activity))
    }

    /// What they may still enter later: they had a place, and something of it is missing.
    fn may_claim(&self) -> bool {
        let missing = |down: &SignUp| {
            down.state == Place::Confirmed
                && (down.came_at.is_none() || down.left_at.is_none())
                && down.claim_came_at.is_none()
                && down.recorded == 0
        };
        self.activity.cancelled_at.is_none() && self.down.as_ref().is_some_and(missing)
    }
}

/// So many of the coming activities are offered.
const OFFERED: usize = 40;

#[derive(Template)]
#[template(path = "volunteer/web/own.html")]
struct OwnPage {
    shell: Shell,
    link: String,
    card: Card,
    facts: Vec<(&'static str, String)>,
    memberships: Vec<Membership>,
    /// They are shown on the board as those who lead a team.
    shown: bool,
    /// They stand by name on the board of honour.
    honoured: bool,
    honours: Vec<Honour>,
    /// Those of their own teams first.
    coming: Vec<Offer>,
    past: Vec<Offer>,
    /// Where more of what others do stands.
    next: Option<String>,
    /// What is in the ledger, and what is on the way there.
    total: Total,
    under_way: i64,
    /// The highest star that they have.
    star: Option<String>,
    /// What others of the teams that they lead have entered.
    to_confirm: Vec<Record>,
    /// To how many doors they are still to go.
    visits: i64,
    now: Timestamp,
    rules: Joining,
    handler: Handler,
    /// By their day of birth: what they agree to in public is for the guardian to say.
    minor: bool,
    form: Form,
    /// The activity, or what somebody has entered, whose form has to come back.
    failed: Option<Uuid>,
}

impl OwnPage {
    fn is(&self, state: &str) -> bool {
        self.card.state.code() == state
    }

    fn wording(&self) -> Vec<String> {
        Purpose::Register.wording(&self.handler)
    }

    fn honour_wording(&self) -> Vec<String> {
        Purpose::Honour.wording(&self.handler)
    }

    fn contact_wording(&self) -> Vec<String> {
        Purpose::Contact.wording(&self.handler)
    }

    fn sources(&self) -> Vec<(&'static str, &'static str)> {
        Field::Source.options()
    }

    fn standing_of(&self, activity: &Activity) -> String {
        activity.standing(self.now)
    }

    fn open(&self, activity: &Activity) -> bool {
        activity.open(self.now)
    }

    fn runs(&self, activity: &Activity) -> bool {
        self.memberships.iter().any(|row| row.team_id == activity.team_id && row.leads())
    }

    fn opened(&self, activity: &Activity) -> bool {
        self.failed == Some(activity.id)
    }

    fn answering(&self, record: &Record) -> bool {
        self.failed == Some(record.id)
    }

    fn served(&self) -> bool {
        self.is("active") || self.is("left")
    }

    fn under_way_words(&self) -> String {
        in_words(self.under_way)
    }

    fn leads(&self) -> bool {
        self.memberships.iter().any(Membership::leads)
    }

    fn standing(&self) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(|row| row.left_on.is_none())
    }
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub(super) async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Card)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(link.tenant, &app.means);
    let card = card::by_link(tx, &act, &link).await?;
    Ok((act, card))
}

/// Begins what somebody does by their link. One address may do so much in an hour.
///
/// Errors: not found by a link that is not good.
pub(super) async fn begun(app: &App, link: &str, limiter: &Limiter, address: IpAddr) -> Result<(Tx, Act, Card)> {
    let mut tx = app.db.begin().await?;
    let (act, card) = by_link(app, &mut tx, link).await?;
    limiter.check(address)?;
    Ok((tx, act, card))
}

/// What they can take part in, what they took part in lately, and where the next page of what others do begins. Their own and that of their
/// teams stand on the first page, however much it is.
async fn offers(
    tx: &mut Tx,
    act: &Act,
    card: &Card,
    memberships: &[Membership],
    after: Cursor,
) -> Result<(Vec<Offer>, Vec<Offer>, Option<Cursor>)> {
    if card.state != Standing::Active {
        return Ok(Default::default());
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let since = act.at - SignedDuration::from_hours(24 * rules.claim_days);
    let own = activity_store::own(tx, act.tenant, card.id, since).await?;
    let sign_ups = activity_store::own_sign_ups(tx, act.tenant, card.id).await?;
    let all = activity_store::coming(tx, act.tenant, &Scope::tenant(), act.at, after, OFFERED).await?;
    let of_teams = activity_store::coming_of_own(tx, act.tenant, card.id, act.at).await?;
    let (mut past, mut coming): (Vec<Activity>, Vec<Activity>) = own.into_iter().partition(|one| one.ends_at <= act.at);
    let next = all.next;
    let fresh = |one: &Activity| !sign_ups.iter().any(|down| down.activity_id == one.id);
    let others: Vec<Activity> =
        all.items.into_iter().filter(|one| fresh(one) && !of_teams.iter().any(|known| known.id == one.id)).collect();
    if after == Cursor::FIRST {
        coming.extend(of_teams.into_iter().filter(fresh));
    } else {
        (coming, past) = Default::default();
    }
    coming.extend(others);
    let in_team = |one: &Activity| memberships.iter().any(|row| row.left_on.is_none() && row.team_id == one.team_id);
    // Whoever leads a team is asked about what others enter, whether they were there or not.
    let hours: Hours = settings::read(tx, act.tenant, act.at).await?;
    let unrecorded_since = act.at - SignedDuration::from_hours(24 * hours.own_days);
    let led = activity_store::led(tx, act.tenant, card.id, act.at, (since, unrecorded_since)).await?;
    let led: Vec<Activity> = led.into_iter().filter(|one| !past.iter().any(|known| known.id == one.id)).collect();
    past.extend(led.into_iter().filter(|_| after == Cursor::FIRST));
    past.sort_by_key(|one| one.starts_at);
    coming.sort_by_key(|one| (!in_team(one), one.starts_at));
    let offer = |activity: Activity| Offer {
        down: sign_ups.iter().find(|down| down.activity_id == activity.id).cloned(),
        activity,
    };
    Ok((coming.into_iter().map(&offer).collect(), past.into_iter().map(&offer).collect(), next))
}

async fn own_page(app: &App, shell: Shell, (link, after): (String, Cursor), form: Option<Form>) -> Result<OwnPage> {
    let mut tx = app.db.read().await?;
    let (act, card) = by_link(app, &mut tx, &link).await?;
    let community = access::tenant(&mut tx, act.tenant).await?;
    let shown = |field: &Field| {
        // What the community notes is not theirs to read here; a copy of all of it can be asked for.
        let kept = card.get(*field).filter(|_| !matches!(field, Field::Name | Field::Note))?;
        Some((field.label(), field.masked(kept)))
    };
    let form = form.unwrap_or_else(|| {
        let mut form = Form::default();
        for field in ASKED.iter().filter(|field| !field.is_sealed()) {
            form.set(field.code(), card.get(*field).unwrap_or_default());
        }
        form
    });
    let memberships = store::memberships(&mut tx, act.tenant, card.id).await?;
    let (coming, past, next) = offers(&mut tx, &act, &card, &memberships, after).await?;
    Ok(OwnPage {
        facts: Field::ALL.iter().filter_map(shown).collect(),
        memberships,
        coming,
        past,
        next: next.map(|cursor| format!("/volunteering/{link}?after={cursor}")),
        total: hours_store::total(&mut tx, act.tenant, card.id, act.at).await?,
        star: star::title(&star::of_volunteer(&mut tx, act.tenant, card.id).await?),
        under_way: hours_store::under_way(&mut tx, act.tenant, card.id, act.at).await?,
        to_confirm: match card.state {
            Standing::Active => hours_store::to_confirm(&mut tx, act.tenant, card.id).await?,
            _ => Vec::new(),
        },
        visits: engagement::left(&mut tx, act.tenant, card.id, act.at).await?,
        now: act.at,
        failed: None,
        shown: joining::agreed(&mut tx, &act, card.id, Purpose::Contact).await?,
        honoured: joining::agreed(&mut tx, &act, card.id, Purpose::Honour).await?,
        honours: honour::of_volunteer(&mut tx, act.tenant, card.id).await?,
        rules: settings::read(&mut tx, act.tenant, act.at).await?,
        handler: joining::handler(&mut tx, &act).await?,
        minor: joining::maturity(&mut tx, &act, &card).await? == Maturity::Minor,
        shell: shell.of_community(&community.name, &community.code),
        link,
        card,
        form,
    })
}

/// The page with a form that has to come back: of an activity or of what somebody has entered, if it is one of those.
pub(super) async fn again(app: &App, shell: Shell, link: String, failed: Option<Uuid>, form: Form) -> Result<Response> {
    page_again(&OwnPage { failed, ..own_page(app, shell, (link, Cursor::FIRST), Some(form)).await? })
}

#[derive(Deserialize)]
struct Wanted {
    after: Option<String>,
}

async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(link): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let after = wanted.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let own = own_page(&app, shell, (link, after), None).await?;
    let mut response = page(&own)?;
    if own.card.state == Standing::Active {
        // Whoever scans the code on the wall with this phone is known.
        let cookie = set_cookie(COOKIE, &own.link, "/arrivals", 180 * 86_400, app.secure());
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whoever was recommended says whether they agree.
async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    match form.value("agrees") {
        "no" => {
            joining::decline(&mut tx, &act, &card).await?;
            tx.commit().await?;
            let code = access::tenant(&mut app.db.read().await?, act.tenant).await?.code;
            return Ok(redirect(&format!("/board/{code}"), "知道了。您的姓名和电话已经删掉，不会再联系您"));
        }
        "yes" => {}
        _ => return Err(Error::refused("请点“同意”或“不同意”")),
    }
    let values = read_values(&mut form, &ASKED, &card.values, today(&act));
    if form.value("birth_date").trim().is_empty() {
        form.fail("birth_date", "请填写出生日期");
    }
    let guardian = read_guardian(&mut form).or(card.guardian.clone());
    if form.ok() {
        let now = Card { values, guardian, ..card.clone() };
        let done = joining::agree(&mut tx, &act, &card, now, How::Link).await;
        if let Some(()) = form.noted("birth_date", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteering/{link}"), "谢谢您！社区确认以后就是志愿者了"));
        }
    }
    drop(tx);
    again(&app, shell, link, None, form).await
}

/// Gives a consent that stands by itself, or takes it back; gives what to say.
async fn agree_or_not(
    tx: &mut Tx,
    act: &Act,
    (card, may): (&Card, bool),
    purpose: Purpose,
    form: &Form,
    [given, withdrawn]: [&'static str; 2],
) -> Result<&'static str> {
    match form.value("agrees") {
        "yes" if may => {
            joining::publish(tx, act, card, purpose).await?;
            Ok(given)
        }
        "no" => {
            joining::withdraw(tx, act, card.id, purpose).await?;
            Ok(withdrawn)
        }
        _ => Err(Error::refused("请点“同意”或“不同意”")),
    }
}

/// Whoever leads a team lets the neighbours see their name and phone, or does not any more.
async fn set_contact(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    let leads = store::memberships(&mut tx, act.tenant, card.id).await?.iter().any(Membership::leads);
    let words = ["公示栏上有您的姓名和电话了", "公示栏上不再有您的姓名和电话"];
    let words = agree_or_not(&mut tx, &act, (&card, leads), Purpose::Contact, &form, words).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteering/{link}"), words))
}

/// Somebody lets the neighbours read on the board what they have done, or does not any more.
async fn set_honour(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    let is_active = card.state == Standing::Active;
    let words = ["记下了，谢谢您", "光荣榜上不写您的名字"];
    let words = agree_or_not(&mut tx, &act, (&card, is_active), Purpose::Honour, &form, words).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteering/{link}"), words))
}

/// Whoever is on the roll leaves; whoever waits takes the application back, and nothing of it is kept.
async fn leave(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    if card.state == Standing::Active {
        joining::leave(&mut tx, &act, &card, "本人退出").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/volunteering/{link}"), "已经退出，谢谢您做过的一切"));
    }
    joining::decline(&mut tx, &act, &card).await?;
    tx.commit().await?;
    let code = access::tenant(&mut app.db.read().await?, act.tenant).await?.code;
    Ok(redirect(&format!("/board/{code}"), "已经撤回，您填的内容都删掉了"))
}

/// Whoever has left wants their particulars gone; the link is good no more.
async fn forget(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    joining::forget(&mut tx, &act, &card).await?;
    tx.commit().await?;
    let code = access::tenant(&mut app.db.read().await?, act.tenant).await?.code;
    Ok(redirect(&format!("/board/{code}"), "您的资料删掉了，做过的服务按规定留着"))
}

async fn take_part(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let id = form.value("activity").parse::<Uuid>().map_err(|_| Error::NotFound)?;
    // Many may come from one address, in a room where it is talked about.
    let (mut tx, act, card) = begun(&app, &link, &app.sign_ins, address).await?;
    let read = form.is("risk_read", "yes");
    let known = activity_store::sign_up_of(&mut tx, act.tenant, id, card.id).await?;
    let rereads = known.is_some_and(|down| down.state != Place::Cancelled);
    let done = sign_up::sign_up(&mut tx, &act, id, card.id, None, read).await;
    match form.noted("risk_read", done)? {
        Some(place) => {
            tx.commit().await?;
            let words = match place {
                _ if rereads => "记下了，谢谢您看一遍",
                Place::Confirmed => "报上了，到时候见",
                _ => "名额满了，您排在候补里。有人取消会按顺序补上，请回来看",
            };
            Ok(redirect(&format!("/volunteering/{link}"), words))
        }
        None => {
            drop(tx);
            again(&app, shell, link, Some(id), form).await
        }
    }
}

async fn stay_away(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path((link, id)): Path<(String, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.sign_ins, address).await?;
    sign_up::give_up(&mut tx, &act, id, card.id, None).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteering/{link}"), "已取消，谢谢您早说"))
}

/// Whoever forgot to sign in or out says when they were there.
async fn claim(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.sign_ins, address).await?;
    let activity = activity_store::activity(&mut tx, act.tenant, id).await?;
    let down = activity_store::sign_up_of(&mut tx, act.tenant, id, card.id).await?.ok_or(Error::NotFound)?;
    let day = activity.span().day();
    let moment = |time: Time| Some(day.to_datetime(time).to_zoned_datetime(shanghai()).ok()?.timestamp());
    let came = form.choice("came", "几点到的", |text| text.parse().ok().and_then(moment));
    let left = form.choice("left", "几点走的", |text| text.parse().ok().and_then(moment));
    let why = form.open_text("why", "为什么没有扫码", 2..=60, "不要写电话或身份证号");
    if let (Some(starts_at), Some(ends_at), true) = (came, left, form.ok()) {
        let done = presence::claim(&mut tx, &act, &activity, &down, Span { starts_at, ends_at }, &why).await;
        if let Some(()) = form.noted("came", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteering/{link}"), "已交给队长和社区核对"));
        }
    }
    drop(tx);
    again(&app, shell, link, Some(id), form).await
}
