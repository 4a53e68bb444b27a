//! What a volunteer sees of a round by their link, on that day and shortly after: their own doors, and nothing of why a door is on the list.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::rounds::{read_came, read_noted};
use super::visitor::by_link;
use super::{Options, kind_options, offered};
use crate::access::{self, Act, Need as Asks, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::issue::{self, NewIssue};
use crate::means::Means;
use crate::service::model::{Particulars, Source, Wanted};
use crate::service::need::{self, NewNeed};
use crate::service::round_store::{self, Came, Door, Outcome, Round};
use crate::service::{once, round};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{place, settings};

pub fn routes() -> Routes {
    Routes::default()
        .get("/volunteering/{link}/rounds", Asks::Public, show)
        .post("/volunteering/{link}/doors/{round_door}/outcomes", Asks::Public, note)
        .post("/volunteering/{link}/doors/{round_door}/needs", Asks::Public, raise_need)
        .post("/volunteering/{link}/doors/{round_door}/issues", Asks::Public, raise_issue)
}

/// A door, what came of it, and what whoever asked for the visit lets them read.
struct Line {
    door: Door,
    came: Vec<Came>,
    told: Option<Particulars>,
}

impl Line {
    fn words(&self) -> String {
        self.came.iter().map(Came::words).collect::<Vec<_>>().join("、")
    }

    fn has(&self, outcome: &Outcome) -> bool {
        self.came.iter().any(|came| came.outcome_id == outcome.id)
    }

    fn noted(&self) -> String {
        self.door.version()
    }
}

#[derive(Template)]
#[template(path = "service/web/walk.html")]
struct WalkPage {
    shell: Shell,
    link: String,
    rounds: Vec<(Round, Vec<Line>)>,
    outcomes: Vec<Outcome>,
    kinds: Options,
    categories: Options,
    form: Form,
    /// Where, and in which of its forms.
    failed: Failed,
    /// So many days after the day they may still note.
    note_days: i64,
    means: Means,
}

type Failed = Option<(Uuid, &'static str)>;

impl WalkPage {
    /// The id of a form, made anew for each.
    fn once(&self) -> Uuid {
        self.means.id()
    }

    fn failed_door(&self, line: &Line) -> bool {
        self.failed.is_some_and(|(door, _)| door == line.door.id)
    }

    fn failed_at(&self, line: &Line, which: &str) -> bool {
        self.failed.is_some_and(|failed| failed == (line.door.id, which))
    }

    /// As it was sent, where something was not right; else as it is noted.
    fn ticked(&self, line: &Line, outcome: &Outcome) -> bool {
        match self.failed_at(line, "outcomes") {
            true => self.form.is("outcome", &outcome.id.to_string()),
            false => line.has(outcome),
        }
    }

    fn number(&self, line: &Line, outcome: &Outcome) -> String {
        match self.failed_at(line, "outcomes") {
            true => self.form.value(&format!("number_{}", outcome.id)).to_owned(),
            false => super::rounds::number_of(&line.came, outcome),
        }
    }
}

async fn walk_page(app: &App, shell: Shell, link: String, (failed, form): (Failed, Form)) -> Result<WalkPage> {
    let mut tx = app.db.read().await?;
    let (act, card) = by_link(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let (found, mut doors) = round::own(&mut tx, &act, card.id).await?;
    let mut rounds = Vec::new();
    for round in found {
        let came = round_store::of_round(&mut tx, act.tenant, round.id).await?;
        let (own, others): (Vec<Door>, Vec<Door>) = doors.into_iter().partition(|door| door.round_id == round.id);
        doors = others;
        let line = |door: Door| -> Result<Line> {
            let came = came.iter().filter(|one| one.door_id == door.id).cloned().collect();
            Ok(Line { told: door.told(&act)?, came, door })
        };
        rounds.push((round, own.into_iter().map(line).collect::<Result<Vec<Line>>>()?));
    }
    let known = round_store::outcomes(&mut tx, act.tenant).await?;
    Ok(WalkPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        link,
        rounds,
        outcomes: known,
        kinds: kind_options(&offered(&mut tx, act.tenant).await?),
        categories: issue::categories(),
        form,
        failed,
        note_days: settings::read::<round::Rounds>(&mut tx, act.tenant, act.at).await?.note_days,
        means: app.means.clone(),
    })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&walk_page(&app, shell, link, Default::default()).await?)
}

/// Begins what a volunteer does at one of their doors. One address may do so much in an hour.
///
/// Errors: not found of a door that is not theirs, or not on this day.
async fn begun(app: &App, link: &str, id: Uuid, address: IpAddr) -> Result<(Tx, Act, Uuid, Door)> {
    let mut tx = app.db.begin().await?;
    let (act, card) = by_link(app, &mut tx, link).await?;
    // Who goes from door to door together comes from one address.
    app.sign_ins.check(address)?;
    let (_, own) = round::own(&mut tx, &act, card.id).await?;
    let door = own.into_iter().find(|door| door.id == id).ok_or(Error::NotFound)?;
    Ok((tx, act, card.id, door))
}

fn back(link: &str) -> String {
    format!("/volunteering/{link}/rounds")
}

async fn note(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, volunteer, door) = begun(&app, &link, id, address).await?;
    let done = round::note(&mut tx, &act, (door.id, read_noted(&form)?), Some(volunteer), &read_came(&form)).await;
    match form.ended(tx, "outcome", done).await? {
        Some(()) => Ok(redirect(&back(&link), "记下了")),
        None => page_again(&walk_page(&app, shell, link, (Some((id, "outcomes")), form)).await?),
    }
}

async fn file(tx: &mut Tx, act: &Act, form: &Form, new: NewNeed) -> Result<()> {
    let filed = need::file_as(tx, act, new, Source::Round).await?;
    once::note(tx, act, form, (filed.id, None)).await
}

/// Gives the number by which the issue is known.
async fn report(tx: &mut Tx, act: &Act, form: &Form, new: NewIssue) -> Result<String> {
    let filed = issue::file(tx, act, new).await?;
    once::note(tx, act, form, (filed.id, Some(&filed.number))).await?;
    Ok(filed.number)
}

/// What else is needed behind a door: a need, of which nobody's name is kept.
async fn raise_need(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _, door) = begun(&app, &link, id, address).await?;
    let kinds = kind_options(&offered(&mut tx, act.tenant).await?);
    let listed = |id: &str| kinds.iter().any(|(known, _)| known == id);
    let kind: Option<Uuid> = form.choice("kind", "需要什么", |id| id.parse().ok().filter(|_| listed(id)));
    let words = form.open_text("words", "具体情况", 0..=300, "请不要写姓名、电话或身份证号");
    let Some(dwelling) = door.dwelling_id else { return Err(Error::NotFound) };
    if let Some(kind) = kind.filter(|_| form.ok()) {
        let building = place::dwelling(&mut tx, act.tenant, dwelling).await?.building_id;
        let particulars = Particulars { words, ..Particulars::default() };
        let wanted = Wanted::default();
        let new = NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false };
        if once::made(&mut tx, &act, &form).await?.is_some() {
            return Ok(redirect(&back(&link), "这一项已经记过了，社区会安排"));
        }
        let done = file(&mut tx, &act, &form, new).await;
        if form.ended(tx, "kind", done).await?.is_some() {
            return Ok(redirect(&back(&link), "记下了，社区会安排"));
        }
    } else {
        drop(tx);
    }
    page_again(&walk_page(&app, shell, link, (Some((id, "needs")), form)).await?)
}

/// Something that is not in order there: an issue like any other.
async fn raise_issue(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _, door) = begun(&app, &link, id, address).await?;
    let category = form.choice("category", "哪一类", issue::Category::parse);
    let description = form.open_text("description", "什么事", 4..=300, "请不要写姓名、电话或身份证号");
    let Some(unit) = door.unit_id else { return Err(Error::NotFound) };
    if let Some(category) = category.filter(|_| form.ok()) {
        let spot = place::spot_of_unit(&mut tx, act.tenant, unit).await?;
        let new = NewIssue {
            source: issue::Source::Door,
            category,
            description,
            place: issue::Place::Spot(spot),
            place_text: String::new(),
            reporter: None,
            photos: Vec::new(),
        };
        if let Some(made) = once::made(&mut tx, &act, &form).await? {
            let number = made.number.unwrap_or_default();
            return Ok(redirect(&back(&link), &format!("这件事已经报过了，编号 {number}")));
        }
        let done = report(&mut tx, &act, &form, new).await;
        if let Some(number) = form.ended(tx, "description", done).await? {
            return Ok(redirect(&back(&link), &format!("报上去了，编号 {number}")));
        }
    } else {
        drop(tx);
    }
    page_again(&walk_page(&app, shell, link, (Some((id, "issues")), form)).await?)
}
