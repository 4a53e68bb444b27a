//! What people without an account see: a party, who agrees or not, and a mediator, who sees that case alone, as long as it is talked
//! over.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Time;

use super::{Options, day, moment, options, words};
use crate::access::{self, Act, Link, Need, Role, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::mediation::model::{Advice, DUTIES, Kind, Particulars, RIGHTS, Stance, Terms, Way, all_agree, side};
use crate::mediation::step::day_of;
use crate::mediation::store::{self, Case, Mediation, Mediator, Party, Talk};
use crate::mediation::transition::State as Standing;
use crate::mediation::{agreement, course, file};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/mediation-parties/{link}", Need::Public, show_party)
        .post("/mediation-parties/{link}", Need::Public, say)
        .get("/mediators/{link}", Need::Public, show_case)
        .post("/mediators/{link}/sessions", Need::Public, meet)
        .post("/mediators/{link}/agreement", Need::Public, agree)
        .post("/mediators/{link}/failure", Need::Public, fail)
}

/// Errors: not found by a link that was not made for this.
fn read_link(app: &App, text: &str, purpose: &str) -> Result<Link> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    if link.is_signed(purpose, &app.means.keys) { Ok(link) } else { Err(Error::NotFound) }
}

// ---------- a party ----------

#[derive(Template)]
#[template(path = "mediation/web/party.html")]
struct PartyPage {
    shell: Shell,
    link: String,
    mediation: Mediation,
    party: Party,
    mediators: Vec<Mediator>,
    saying: Saying,
}

/// What a party is to hear before what they say counts.
#[derive(PartialEq)]
enum Saying {
    Anything,
    /// They had agreed. To end what they agreed to is for good, and not done by a slip of the finger.
    TakingBack,
    /// Something has changed since they read the page: others may mediate.
    Outdated,
}

impl PartyPage {
    fn rights(&self) -> &'static [&'static str] {
        RIGHTS
    }

    fn duties(&self) -> &'static [&'static str] {
        DUTIES
    }

    /// They are asked once more.
    fn asks_again(&self) -> bool {
        self.saying == Saying::TakingBack && self.mediation.state.talks()
    }

    /// They have agreed, and to those who mediate now.
    fn agrees(&self) -> bool {
        Stance::of(&self.party, &self.mediators) == Stance::Agrees
    }
}

async fn show_party(State(app): State<App>, shell: Shell, Path(text): Path<String>) -> Result<Response> {
    page(&party_page(&app, shell, text, Saying::Anything).await?)
}

async fn party_page(app: &App, shell: Shell, text: String, saying: Saying) -> Result<PartyPage> {
    let link = read_link(app, &text, "mediation party")?;
    let act = Act::resident(link.tenant, &app.means);
    let mut tx = app.db.read().await?;
    let mediation = store::of_party(&mut tx, link.tenant, link.id).await?;
    let parties = store::parties(&mut tx, &act, mediation.id).await?;
    let party = parties.into_iter().find(|party| party.id == link.id).ok_or(Error::NotFound)?;
    let mediators = store::mediators(&mut tx, link.tenant, mediation.id).await?;
    let community = access::tenant(&mut tx, link.tenant).await?;
    let shell = shell.of_community(&community.name, &community.code);
    Ok(PartyPage { shell, link: text, mediation, party, mediators, saying })
}

async fn say(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(text): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let link = read_link(&app, &text, "mediation party")?;
    let agrees = form.choice("agrees", "同意不同意", |answer| match answer {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let Some(agrees) = agrees else { return Err(Error::refused("请点“同意”或“不同意”")) };
    app.posts.check(address)?;
    let act = Act::resident(link.tenant, &app.means);
    let mut tx = app.db.begin().await?;
    let mut mediation = store::of_party(&mut tx, link.tenant, link.id).await?;
    let parties = store::parties(&mut tx, &act, mediation.id).await?;
    let had_agreed = parties.iter().any(|party| party.id == link.id && party.agrees == Some(true));
    if !agrees && had_agreed && !form.is("sure", "yes") {
        drop(tx);
        return page(&party_page(&app, shell, text, Saying::TakingBack).await?);
    }
    // They agree to those whose names they have read; who does not want to go on may say so whatever has changed.
    let seen = if agrees { form.version() } else { mediation.lock_version };
    match course::say(&mut tx, &act, &mut mediation, seen, link.id, (agrees, Way::Link)).await {
        Err(Error::Stale(_)) => {
            drop(tx);
            return page_again(&party_page(&app, shell, text, Saying::Outdated).await?);
        }
        said => said?,
    }
    tx.commit().await?;
    let flash = if agrees { "记下了：您同意" } else { "记下了：您不同意，这件事不再调解" };
    Ok(redirect(&format!("/mediation-parties/{text}"), flash))
}

// ---------- a mediator ----------

/// Whether somebody with a link still has something to do with a case.
fn is_theirs(mediation: &Mediation) -> bool {
    mediation.state.talks() && mediation.state != Standing::Registered
}

#[derive(Template)]
#[template(path = "mediation/web/mediator.html")]
struct MediatorPage {
    shell: Shell,
    link: String,
    name: String,
    mediation: Mediation,
    /// As long as it is theirs.
    case: Option<Case>,
    all_agree: bool,
    invited: Options,
    form: Form,
}

impl MediatorPage {
    fn stance(&self, case: &Case, party: &Party) -> Stance {
        Stance::of(party, &case.mediators)
    }

    fn side(&self, number: &i64) -> &'static str {
        side(*number)
    }

    fn advices(&self) -> Options {
        options(Advice::ALL, Advice::code, Advice::label)
    }
}

/// The case of a mediator, with their name and in whose name they act.
async fn by_link(app: &App, tx: &mut db::Tx, text: &str) -> Result<(Act, Mediation, Mediator)> {
    let link = read_link(app, text, "mediator")?;
    let mediation = store::of_mediator(tx, link.tenant, link.id).await?;
    let mediators = store::mediators(tx, link.tenant, mediation.id).await?;
    let mediator = mediators.into_iter().find(|known| known.id == link.id).ok_or(Error::NotFound)?;
    let role = if mediation.kind == Kind::Member { Role::PartyMember } else { Role::Resident };
    let act = Act { role, ..Act::system(link.tenant, &app.means) };
    Ok((act, mediation, mediator))
}

async fn mediator_page(app: &App, shell: Shell, text: String, form: Option<Form>) -> Result<MediatorPage> {
    let (act, mediation, mediator) = by_link(app, &mut app.db.read().await?, &text).await?;
    if is_theirs(&mediation) && mediator.read_on != Some(day_of(act.at).to_string()) {
        let mut tx = app.db.begin().await?;
        file::note_reading(&mut tx, &act, &mediation, mediator.id).await?;
        tx.commit().await?;
    }
    let mut tx = app.db.read().await?;
    let community = access::tenant(&mut tx, act.tenant).await?;
    let case = match is_theirs(&mediation) {
        true => {
            let mut case = store::case(&mut tx, &act, mediation.clone()).await?;
            // They need not know more than whom to call.
            for party in &mut case.parties {
                let Particulars { name, phone, .. } = std::mem::take(&mut party.particulars);
                party.particulars = Particulars { name, phone, ..Particulars::default() };
            }
            Some(case)
        }
        false => None,
    };
    let invited = match &case {
        Some(_) => course::invited(&mut tx, &act, mediation.id).await?,
        None => Vec::new(),
    };
    let all_agree = case.as_ref().is_some_and(|case| all_agree(&case.parties, &case.mediators));
    let today = day_of(act.at).to_string();
    Ok(MediatorPage {
        shell: shell.of_community(&community.name, &community.code),
        link: text,
        name: mediator.name,
        mediation,
        case,
        all_agree,
        invited: invited.into_iter().enumerate().map(|(at, who)| (at.to_string(), who)).collect(),
        form: form.unwrap_or_else(|| Form::filled(&[("session_day", &today), ("oral_day", &today)])),
    })
}

async fn show_case(State(app): State<App>, shell: Shell, Path(text): Path<String>) -> Result<Response> {
    page(&mediator_page(&app, shell, text, None).await?)
}

/// A step that a mediator takes by their link: the case, at the version that they have seen.
async fn theirs(app: &App, address: std::net::IpAddr, text: &str) -> Result<(db::Tx, Act, Mediation, Mediator)> {
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let (act, mediation, mediator) = by_link(app, &mut tx, text).await?;
    if !is_theirs(&mediation) {
        return Err(Error::refused("这件事已经不用您再操心了，谢谢您"));
    }
    Ok((tx, act, mediation, mediator))
}

async fn meet(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(text): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, mut mediation, mediator) = theirs(&app, address, &text).await?;
    let day = day(&mut form, "session_day", "哪天谈的");
    let time: Option<Time> = form.choice("session_time", "几点", |text| text.parse().ok());
    let place = words(&mut form, "session_place", "地点", 2, 60);
    let notes = words(&mut form, "session_notes", "谈了什么", 4, 5000);
    let invited = course::invited(&mut tx, &act, mediation.id).await?;
    let there = form.values("session_present").filter_map(|at| invited.get(at.parse::<usize>().ok()?).cloned());
    let talk = Talk { place, present: there.collect(), notes };
    if let (Some(held_at), true) = (moment(day, time), form.ok()) {
        let seen = form.version();
        let done = course::meet(&mut tx, &act, &mut mediation, seen, (held_at, false, &mediator.name), &talk).await;
        if form.noted("session_present", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/mediators/{text}"), "记下了"));
        }
    }
    drop(tx);
    page_again(&mediator_page(&app, shell, text, Some(form)).await?)
}

async fn agree(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(text): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, mut mediation, _) = theirs(&app, address, &text).await?;
    let terms = words(&mut form, "oral_terms", "谈成了什么", 4, 3000);
    let agreed = day(&mut form, "oral_day", "哪天谈成的");
    let due = form.optional_choice("oral_due", "最晚哪天做到", |day| day.parse().ok());
    if let (Some(agreed), true) = (agreed, form.ok()) {
        let seen = form.version();
        let terms = Terms { terms, ..store::terms(&mut tx, &act, mediation.id).await? };
        let done = agreement::agree_orally(&mut tx, &act, &mut mediation, seen, &terms, (agreed, due)).await;
        if form.noted("oral_terms", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/mediators/{text}"), "记下了，谢谢您"));
        }
    }
    drop(tx);
    page_again(&mediator_page(&app, shell, text, Some(form)).await?)
}

async fn fail(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(text): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, mut mediation, _) = theirs(&app, address, &text).await?;
    let advice = form.choice("failure_advice", "告知了哪条途径", Advice::parse);
    let said = words(&mut form, "failure_words", "说明", 2, 1000);
    if let (Some(advice), true) = (advice, form.ok()) {
        let seen = form.version();
        let done = course::fail(&mut tx, &act, &mut mediation, seen, advice, &said).await;
        if form.noted("failure_words", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/mediators/{text}"), "记下了，谢谢您"));
        }
    }
    drop(tx);
    page_again(&mediator_page(&app, shell, text, Some(form)).await?)
}
