//! At the place: the form to which the code on the wall leads, and what the neighbours see of an activity.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{self, Act, Link, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::settings;
use crate::volunteer::activity_model::{Place, Rules};
use crate::volunteer::activity_store::{self, Activity};
use crate::volunteer::card::{self, Card};
use crate::volunteer::field::Field;
use crate::volunteer::hours_model::in_words;
use crate::volunteer::hours_store::{self, OfAll};
use crate::volunteer::presence::{self, Way};
use crate::volunteer::wall::{ARRIVAL, wall};
use crate::web::{Cookies, Form, Shell, page, page_again, show};

pub fn routes() -> Routes {
    Routes::default()
        .get("/arrivals/{link}/{code}", Need::Public, show)
        .post("/arrivals/{link}", Need::Public, sign)
        .get("/board/{code}/activities/{id}", Need::Public, show_for_all)
}

/// The cookie by which a phone on which somebody has opened their own page is known to be theirs; it goes along to the code on the wall only.
pub(super) const COOKIE: &str = "volunteer";

#[derive(Template)]
#[template(path = "volunteer/web/arrival.html")]
struct ArrivalPage {
    shell: Shell,
    link: String,
    activity: Activity,
    /// What lets the form through; empty if the code is not the one on the wall.
    ticket: String,
    code_seconds: i64,
    /// Whose phone it is.
    card: Option<Card>,
    /// They have come, so now they go.
    here: bool,
    done: String,
    form: Form,
}

/// Whose phone this is, if they have opened their own page on it.
async fn owner(tx: &mut Tx, act: &Act, headers: &HeaderMap) -> Result<Option<Card>> {
    let Some(link) = Cookies(headers).get(COOKIE).and_then(|text| text.parse::<Link>().ok()) else { return Ok(None) };
    if link.tenant != act.tenant {
        return Ok(None);
    }
    match card::by_link(tx, act, &link).await {
        Ok(card) => Ok(Some(card)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn arrival_page(
    app: &App,
    shell: Shell,
    (link, code): (&str, Option<&str>),
    headers: &HeaderMap,
    form: Form,
) -> Result<(Act, ArrivalPage)> {
    let parsed: Link = link.parse().map_err(|()| Error::NotFound)?;
    if !parsed.is_signed(ARRIVAL, &app.means.keys) {
        return Err(Error::NotFound);
    }
    let act = Act::resident(parsed.tenant, &app.means);
    let mut tx = app.db.read().await?;
    let tenant = access::tenant(&mut tx, parsed.tenant).await?;
    let activity = activity_store::activity(&mut tx, parsed.tenant, parsed.id).await?;
    let rules: Rules = settings::read(&mut tx, parsed.tenant, act.at).await?;
    let wall = wall(parsed.tenant, parsed.id, rules, &app.means.keys);
    let ticket = match code {
        Some(code) if wall.shows(code, act.at) => wall.ticket(act.at),
        Some(_) => String::new(),
        None => form.value("ticket").to_owned(),
    };
    let ticket = if wall.accepts(&ticket, act.at) { ticket } else { String::new() };
    let card = owner(&mut tx, &act, headers).await?;
    let down = match &card {
        Some(card) => activity_store::sign_up_of(&mut tx, parsed.tenant, parsed.id, card.id).await?,
        None => None,
    };
    let here = down.is_some_and(|down| down.came_at.is_some());
    let shell = shell.of_community(&tenant.name, &tenant.code);
    let link = link.to_owned();
    let (code_seconds, done) = (rules.code_seconds, String::new());
    Ok((act, ArrivalPage { shell, link, activity, ticket, code_seconds, card, here, done, form }))
}

async fn show(
    State(app): State<App>,
    shell: Shell,
    headers: HeaderMap,
    Path((link, code)): Path<(String, String)>,
) -> Result<Response> {
    page(&arrival_page(&app, shell, (&link, Some(&code)), &headers, Form::default()).await?.1)
}

/// Whoever is down for an activity with this name and this phone.
///
/// Errors: refused if nobody is; it does not say which of the two is wrong.
async fn by_name(tx: &mut Tx, act: &Act, activity: Uuid, name: &str, phone: &str) -> Result<Card> {
    let sign_ups = activity_store::sign_ups(tx, act.tenant, activity).await?;
    for down in sign_ups.iter().filter(|down| down.state == Place::Confirmed && down.name == name) {
        let card = card::card(tx, act, down.volunteer_id).await?;
        if card.get(Field::Phone) == Some(phone) {
            return Ok(card);
        }
    }
    Err(Error::refused("没有找到这个姓名和电话的报名。请核对，或者找队长登记"))
}

async fn sign(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    headers: HeaderMap,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let way = form.choice("way", "到了还是走了", Way::parse);
    let by_words = !form.value("name").trim().is_empty();
    let named = if by_words { form.person_name("name").zip(form.phone("phone")) } else { None };
    let (act, mut shown) = arrival_page(&app, shell, (&link, None), &headers, form).await?;
    let (Some(way), false, true) = (way, shown.ticket.is_empty(), shown.form.ok()) else { return page_again(&shown) };
    // The whole group signs in from one address.
    app.sign_ins.check(address)?;
    let mut tx = app.db.begin().await?;
    let who = match (named, shown.card.take()) {
        (Some((name, phone)), _) => by_name(&mut tx, &act, shown.activity.id, &name, &phone).await,
        (None, Some(card)) => Ok(card),
        (None, None) => Err(Error::refused("请填写姓名和电话")),
    };
    let Some(who) = shown.form.noted("name", who)? else { return page_again(&shown) };
    let done = presence::note(&mut tx, &act, &shown.activity, who.id, way).await;
    let Some(()) = shown.form.noted("way", done)? else { return page_again(&shown) };
    tx.commit().await?;
    shown.done = match way {
        Way::Comes => format!("{}，签到成功。走的时候再扫一次，签退", who.name()),
        Way::Goes => format!("{}，签退成功，辛苦了", who.name()),
    };
    page(&shown)
}

#[derive(Template)]
#[template(path = "volunteer/web/activity-public.html")]
struct PublicPage {
    shell: Shell,
    code: String,
    activity: Activity,
    /// What was approved of it, without a name.
    hours: OfAll,
    now: Timestamp,
}

impl PublicPage {
    /// `5 人，共 14 小时 30 分，12月11日 入账`
    fn served(&self) -> Option<String> {
        let OfAll { people, minutes, books_at } = &self.hours;
        let at = books_at.as_ref()?;
        let when = match *at <= self.now {
            true => "已入账".to_owned(),
            false => format!("异议期，{} 入账；说得不对的，请找社区", show::month_and_day(at)),
        };
        Some(format!("{people} 人，共 {}，{when}", in_words(*minutes)))
    }

    fn standing(&self) -> String {
        self.activity.standing(self.now)
    }
}

async fn show_for_all(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let activity = activity_store::activity(&mut tx, tenant.tenant_id, id).await?;
    let hours = hours_store::of_all(&mut tx, tenant.tenant_id, id).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    page(&PublicPage { shell, code, activity, hours, now: app.means.now() })
}
