//! The ledger of a volunteer as they see it by their link: what was recorded, what they enter themselves, and what they object to. Whoever
//! leads answers here what the others of the team have entered.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::activity::{read_breaks, read_span};
use super::own::{self, begun, by_link};
use super::{Options, labels, read_values};
use crate::access::{self, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings;
use crate::volunteer::card::{Card, today};
use crate::volunteer::certificate::{self, Period};
use crate::volunteer::certificate_store::{self, Certificate, Given};
use crate::volunteer::field::Field;
use crate::volunteer::hours::{self, Own};
use crate::volunteer::hours_model::{Hours, Kind, Stage, in_words};
use crate::volunteer::hours_store::{self, Record, Total};
use crate::volunteer::model::State as Standing;
use crate::volunteer::star::{self, Award, Star, Stars};
use crate::volunteer::store::{self, Membership};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/volunteering/{link}/hours", Need::Public, show)
        .post("/volunteering/{link}/hours", Need::Public, submit)
        .post("/volunteering/{link}/stars", Need::Public, apply_for_star)
        .post("/volunteering/{link}/certificates", Need::Public, apply_for_certificate)
        .post("/volunteering/{link}/hours/{record}/objection", Need::Public, object)
        .post("/volunteering/{link}/hours/{record}/confirmation", Need::Public, confirm)
}

const PAGE: usize = 30;

#[derive(Template)]
#[template(path = "volunteer/web/own-hours.html")]
struct HoursPage {
    shell: Shell,
    link: String,
    card: Card,
    total: Total,
    under_way: i64,
    records: Vec<Record>,
    next: Option<String>,
    /// The teams whose leader is asked.
    teams: Options,
    rules: Hours,
    stars: Vec<Star>,
    /// How far it is to the next one.
    next_star: Option<String>,
    may_ask_star: bool,
    certificates: Vec<Certificate>,
    keys: Arc<Keys>,
    tenant: Uuid,
    now: Timestamp,
    form: Form,
    /// The record whose form has to come back.
    failed: Option<Uuid>,
    part: &'static str,
}

impl HoursPage {
    fn kinds(&self) -> Options {
        labels(Kind::ALL, Kind::code, Kind::label)
    }

    fn under_way_words(&self) -> String {
        in_words(self.under_way)
    }

    fn opened(&self, record: &Record) -> bool {
        self.failed == Some(record.id)
    }

    fn may_submit(&self) -> bool {
        self.card.state == Standing::Active && !self.teams.is_empty()
    }

    fn submitting(&self) -> bool {
        self.part == "submit"
    }

    fn asking(&self) -> bool {
        self.part == "certificate"
    }

    fn star(&self) -> Option<String> {
        star::title(&self.stars)
    }

    fn identified(&self) -> bool {
        self.card.get(Field::Identity).is_some()
    }

    fn may_ask(&self) -> bool {
        self.total.service > 0 && !self.card.erased() && self.certificates.iter().all(|one| one.state != Given::Applied)
    }

    fn code(&self, certificate: &Certificate) -> String {
        certificate.check_code(self.tenant, &self.keys).unwrap_or_default()
    }
}

/// Errors: not found by the link of somebody who has never been on the roll.
async fn hours_page(
    app: &App,
    shell: Shell,
    (link, before): (String, Cursor),
    (failed, part, mut form): (Option<Uuid>, &'static str, Form),
) -> Result<HoursPage> {
    if part != "submit" {
        form.set("kind", Kind::Service.code());
        form.set("breaks", "0");
    }
    let mut tx = app.db.read().await?;
    let (act, card) = by_link(app, &mut tx, &link).await?;
    if !matches!(card.state, Standing::Active | Standing::Left) {
        return Err(Error::NotFound);
    }
    let community = access::tenant(&mut tx, act.tenant).await?;
    let memberships = store::memberships(&mut tx, act.tenant, card.id).await?;
    let records = hours_store::of_volunteer(&mut tx, act.tenant, card.id, before, PAGE).await?;
    let total = hours_store::total(&mut tx, act.tenant, card.id, act.at).await?;
    let stars = star::of_volunteer(&mut tx, act.tenant, card.id).await?;
    let table: Stars = settings::read(&mut tx, act.tenant, act.at).await?;
    let waits = stars.iter().any(|star| star.state == Award::Applied);
    Ok(HoursPage {
        shell: shell.of_community(&community.name, &community.code),
        total,
        next_star: table.next(total.service),
        may_ask_star: !waits && table.reached(total.service) > star::highest(&stars),
        stars,
        certificates: certificate_store::of_volunteer(&mut tx, act.tenant, card.id).await?,
        keys: app.means.keys.clone(),
        tenant: act.tenant,
        under_way: hours_store::under_way(&mut tx, act.tenant, card.id, act.at).await?,
        next: records.next.map(|cursor| format!("/volunteering/{link}/hours?before={cursor}")),
        records: records.items,
        teams: memberships
            .into_iter()
            .filter(|row| row.left_on.is_none())
            .map(|row| (row.team_id.to_string(), row.team_name))
            .collect(),
        rules: settings::read(&mut tx, act.tenant, act.at).await?,
        now: act.at,
        link,
        card,
        form,
        failed,
        part,
    })
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
}

async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(link): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    page(&hours_page(&app, shell, (link, before), Default::default()).await?)
}

/// What somebody has done apart from an activity.
async fn submit(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    if card.state != Standing::Active {
        return Err(Error::NotFound);
    }
    let memberships = store::memberships(&mut tx, act.tenant, card.id).await?;
    let own = |id: &Uuid| memberships.iter().any(|row| row.left_on.is_none() && row.team_id == *id);
    let team = form.choice("team", "哪支服务队", |id| id.parse::<Uuid>().ok().filter(own));
    let title = form.open_text("title", "做了什么", 2..=40, "不要写电话或身份证号");
    let kind = form.choice("kind", "是服务还是培训", Kind::parse);
    let span = read_span(&mut form);
    let breaks = read_breaks(&mut form, 1440);
    if let (Some(team), Some(kind), Some(span), Some(breaks), true) = (team, kind, span, breaks, form.ok()) {
        let own = Own { team, kind, title: &title, span, breaks };
        let done = hours::submit(&mut tx, &act, card.id, &own).await;
        if form.noted("day", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteering/{link}/hours"), "已交给队长确认"));
        }
    }
    drop(tx);
    page_again(&hours_page(&app, shell, (link, Cursor::LAST), (None, "submit", form)).await?)
}

async fn object(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    let record = hours_store::record(&mut tx, act.tenant, id).await?;
    let words = form.text("objection", "哪里不对", 4..=300);
    if form.ok() {
        let done = hours::object(&mut tx, &act, &record, card.id, &words).await;
        if let Some(()) = form.noted("objection", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteering/{link}/hours"), "已交给社区核对，答复以前不入账"));
        }
    }
    drop(tx);
    page_again(&hours_page(&app, shell, (link, Cursor::LAST), (Some(id), "", form)).await?)
}

async fn apply_for_star(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    if card.state != Standing::Active {
        return Err(Error::NotFound);
    }
    let done = star::apply(&mut tx, &act, card.id).await;
    if let Some(star) = form.noted("star", done)? {
        tx.commit().await?;
        let words = format!("已申请{}，等社区审核", star::name(star));
        return Ok(redirect(&format!("/volunteering/{link}/hours"), &words));
    }
    drop(tx);
    page_again(&hours_page(&app, shell, (link, Cursor::LAST), (None, "star", form)).await?)
}

/// Somebody wants a certificate, and writes down the number that has to stand on it.
async fn apply_for_certificate(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.posts, address).await?;
    let asked: &[Field] = if card.get(Field::Identity).is_none() { &[Field::Identity] } else { &[] };
    let values = read_values(&mut form, asked, &card.values, today(&act));
    let day = |text: &str| text.parse::<Date>().ok();
    let period = Period {
        from: form.optional_choice("from_on", "从哪天", day),
        until: form.optional_choice("until_on", "到哪天", day),
    };
    if form.ok() {
        let done = certificate::apply(&mut tx, &act, &card, &values, period).await;
        if form.noted("identity", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteering/{link}/hours"), "已申请，社区出具后请去取"));
        }
    }
    drop(tx);
    page_again(&hours_page(&app, shell, (link, Cursor::LAST), (None, "certificate", form)).await?)
}

/// Whoever leads answers what somebody of the team has entered.
async fn confirm(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = begun(&app, &link, &app.sign_ins, address).await?;
    let record = hours_store::record(&mut tx, act.tenant, id).await?;
    let memberships = store::memberships(&mut tx, act.tenant, card.id).await?;
    let leads = |row: &Membership| row.team_id == record.team_id && row.leads();
    // What was noted at an activity is confirmed there, and is nothing that whoever leads may strike out here.
    let entered = record.activity_id.is_none() && memberships.iter().any(leads);
    if card.state != Standing::Active || !entered {
        return Err(Error::NotFound);
    }
    let (seen, by) = (form.version(), Some(card.id));
    let (done, words) = match form.value("decision") {
        "yes" => (hours::confirm(&mut tx, &act, &record, seen, by).await, "已确认，等社区审核"),
        "no" if record.state == Stage::Submitted => {
            let why = form.open_text("why", "为什么不计", 2..=100, "不要写电话或身份证号");
            let done = match form.ok() {
                true => hours::refuse(&mut tx, &act, &record, seen, by, &why).await,
                false => Ok(()),
            };
            (done, "已答复，本人看得到原因")
        }
        "no" => (Err(Error::refused(format!("现在是“{}”，不用再答复", record.state))), ""),
        _ => (Err(Error::refused("请点“属实”或“不属实”")), ""),
    };
    if form.noted("why", done)?.is_some() && form.ok() {
        tx.commit().await?;
        return Ok(redirect(&format!("/volunteering/{link}"), words));
    }
    drop(tx);
    own::again(&app, shell, link, Some(id), form).await
}
