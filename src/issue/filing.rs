use db::Tx;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Category, Source, State, Step};
use super::step::{self, Words};
use super::store::{ADD, ADD_RATING_LINK, ADD_RECEIPT_CODE, Issue, VOID_RATING_LINKS};
use super::{level, reminder};
use crate::access::{Act, Link, Role};
use crate::error::Result;
use crate::place::Spot;
use crate::{counter, registry, search};

/// Something that a resident wants solved.
#[derive(Debug, Clone)]
pub struct NewIssue {
    pub source: Source,
    pub category: Category,
    /// The reporter's own words. They are never public.
    pub description: String,
    pub place: Place,
    /// Where exactly, in the reporter's words.
    pub place_text: String,
    pub reporter: Option<Reporter>,
    pub photos: Vec<Uuid>,
}

/// Where it is: nowhere in particular, in an estate, or at a building.
#[derive(Debug, Clone)]
pub enum Place {
    Community,
    Estate { id: Uuid, name: String, grid: Option<Uuid> },
    Spot(Spot),
}

/// Who reported it. Sealed in the database; the handler never sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    pub name: String,
    /// Normalised; empty if none was left.
    pub phone: String,
}

/// What the reporter is given: the code with which anyone can look, and the link with which only they can rate.
#[derive(Debug, Clone)]
pub struct Filed {
    pub id: Uuid,
    pub number: String,
    pub receipt_code: String,
    pub rating_link: Link,
}

/// What whoever passes an issue on asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// By when it wants to be done, whatever the tier would give.
    pub deadline: Option<Timestamp>,
    /// Somebody only asks something, so that no rate counts it.
    pub enquiry: bool,
}

/// Files an issue. It is acknowledged only by what this returns, after the transaction has been committed.
pub async fn file(tx: &mut Tx, act: &Act, new: NewIssue) -> Result<Filed> {
    file_with(tx, act, new, Terms::default()).await
}

/// Files an issue that somebody else has passed on.
pub async fn file_with(tx: &mut Tx, act: &Act, new: NewIssue, terms: Terms) -> Result<Filed> {
    let id = act.id();
    let date = act.at.to_zoned_datetime(calendar::shanghai()).strftime("%Y%m%d").to_string();
    let (of_day, positions) = (format!("issue-{date}"), search::Kind::Issue.positions());
    let (of_day, position) = counter::next_of_two(tx, act.tenant, &of_day, positions).await?;
    let number = format!("SSYS-{date}-{of_day:04}");
    let receipt_code = act.means.chance.code(12); // twelve characters of five random bits
    let limits = step::limits(tx, act).await?;
    let due_at = limits.steps.acceptance_due(act.at)?;

    let (estate, building, unit, grid, names) = match &new.place {
        Place::Community => (None, None, None, None, (None, None, None)),
        Place::Estate { id, name, grid } => (Some(*id), None, None, *grid, (Some(name.clone()), None, None)),
        Place::Spot(spot) => (
            Some(spot.estate_id),
            Some(spot.building_id),
            spot.unit_id,
            spot.grid_id,
            (Some(spot.estate_name.clone()), Some(spot.building_name.clone()), Some(spot.unit_key.clone())),
        ),
    };
    let mut issue = Issue {
        id,
        number,
        receipt_code,
        source: new.source,
        category: new.category,
        tier: None,
        remedy: None,
        state: State::Submitted,
        summary: None,
        description: new.description,
        estate_id: estate,
        building_id: building,
        unit_id: unit,
        grid_id: grid,
        place_text: new.place_text,
        reporter_sealed: seal(act, new.reporter.as_ref())?,
        organisation_id: None,
        since: act.at,
        due_at,
        merged_into: None,
        round: 1,
        reported_at: act.at,
        ended_at: None,
        remaining_minutes: None,
        remind_at: None,
        lock_version: 1,
        changed_at: act.means.now(),
        deadline_at: terms.deadline,
        level: level::first(act.role, estate, grid),
        estate_name: names.0,
        building_name: names.1,
        unit_key: names.2,
        organisation_name: None,
        organisation_kind: None,
    };
    issue.due_at = issue.due(due_at);
    issue.remind_at = reminder::next(tx, act, &issue, &limits).await?;
    let phone = new.reporter.as_ref().map(|reporter| &reporter.phone).filter(|phone| !phone.is_empty());
    let phone = phone.map(|phone| act.fingerprint("phone", phone));
    let row = ADD.bind(act.tenant).bind(id).bind(&issue.number).bind(&issue.receipt_code).bind(issue.source);
    let row =
        row.bind(issue.category).bind(issue.state).bind(&issue.description).bind(estate).bind(building).bind(unit);
    let row =
        row.bind(grid).bind(&issue.place_text).bind(step::search_text(&issue)).bind(issue.reporter_sealed.clone());
    let row = row.bind(phone).bind(act.account).bind(act.at).bind(issue.due_at).bind(position).bind(issue.remind_at);
    tx.execute(row.bind(issue.changed_at).bind(terms.deadline).bind(terms.enquiry).bind(issue.level)).await?;
    tx.execute(ADD_RECEIPT_CODE.bind(&issue.receipt_code).bind(act.tenant).bind(id)).await?;

    let words = if act.role == Role::Resident { String::new() } else { format!("由{}代为登记", act.role) };
    let words = Words { public: &words, photos: &new.photos, ..Words::default() };
    step::note(tx, act, &issue, Step::Filed, words, None).await?;
    let rating_link = add_rating_link(tx, act, id).await?;
    Ok(Filed { id, number: issue.number, receipt_code: issue.receipt_code, rating_link })
}

/// Makes the reporter's own link; an earlier one that was not used stops working.
pub async fn give_rating_link(tx: &mut Tx, act: &Act, issue: Uuid) -> Result<Link> {
    tx.execute(VOID_RATING_LINKS.bind(act.tenant).bind(issue).bind(act.at)).await?;
    add_rating_link(tx, act, issue).await
}

async fn add_rating_link(tx: &mut Tx, act: &Act, issue: Uuid) -> Result<Link> {
    let link = Link::new(act.tenant, &act.means);
    let row = ADD_RATING_LINK.bind(act.tenant).bind(link.id).bind(issue).bind(link.hash()).bind(act.at);
    tx.execute(row).await?;
    Ok(link)
}

/// More words and photos from the reporter. The words join the description, which only staff and the handler read.
pub async fn supplement(tx: &mut Tx, act: &Act, id: Uuid, text: &str, photos: &[Uuid]) -> Result<()> {
    let mut issue = super::store::issue(tx, act.tenant, id).await?;
    let seen = issue.lock_version;
    let words = Words { internal: text, photos, ..Words::default() };
    step::take(tx, act, &mut issue, seen, Step::Supplemented, words, None).await
}

/// The reporter takes the issue back, before anybody has been set to work. Where others have reported the same, it goes
/// on for them.
pub async fn withdraw(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let mut issue = super::store::issue(tx, act.tenant, id).await?;
    let seen = issue.lock_version;
    if super::store::joined(tx, act.tenant, id).await? > 0 {
        let words = Words {
            internal: "反映人不再需要办理；还有别的居民反映同一件事，继续办理", ..Words::default()
        };
        return step::take(tx, act, &mut issue, seen, Step::Supplemented, words, None).await;
    }
    step::take(tx, act, &mut issue, seen, Step::Withdrawn, Words::public("反映人自己撤回"), None).await
}

/// Who reported an issue, as lists show it that leave the building.
pub fn masked_reporter(act: &Act, sealed: Option<&[u8]>) -> Result<Option<Reporter>> {
    Ok(opened(act, sealed)?.map(|reporter| Reporter {
        name: codes::PersonName::parse(&reporter.name).map_or(reporter.name, |name| name.masked()),
        phone: codes::Phone::parse(&reporter.phone).map_or(String::new(), |phone| phone.masked()),
    }))
}

fn seal(act: &Act, reporter: Option<&Reporter>) -> Result<Option<Vec<u8>>> {
    let Some(reporter) = reporter.filter(|reporter| **reporter != Reporter::default()) else { return Ok(None) };
    let text = serde_json::to_string(reporter).map_err(anyhow::Error::from)?;
    act.seal("reporter", &text).map(Some)
}

/// Who reported an issue; `None` if they left neither name nor phone.
pub fn reporter(act: &Act, issue: &Issue) -> Result<Option<Reporter>> {
    opened(act, issue.reporter_sealed.as_deref())
}

fn opened(act: &Act, sealed: Option<&[u8]>) -> Result<Option<Reporter>> {
    let Some(sealed) = sealed else { return Ok(None) };
    let reporter = serde_json::from_str(&act.open("reporter", sealed)?).map_err(anyhow::Error::from)?;
    Ok(Some(reporter))
}

/// Whether words that everybody will read name the reporter of an issue or somebody who lives in its building. Who may not
/// know the reporter must not learn the name from what is turned back, so for them only neighbours count.
pub async fn names_somebody(tx: &mut Tx, act: &Act, issue: &Issue, text: &str, knows_reporter: bool) -> Result<bool> {
    let reporter = reporter(act, issue)?.filter(|_| knows_reporter).map(|reporter| reporter.name);
    if reporter.is_some_and(|name| name.chars().count() >= 2 && text.contains(&name)) {
        return Ok(true);
    }
    let Some(building) = issue.building_id else { return Ok(false) };
    Ok(registry::named_in(tx, act.tenant, building, text).await?.is_some())
}
