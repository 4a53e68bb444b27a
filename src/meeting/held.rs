//! What was held in a span of days, for whoever reports of it: each meeting with its items and with how many of each side came; and
//! the meetings with the property company that were due.

use std::collections::{BTreeMap, HashMap};

use db::{Statement, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::duty::{self, Every};
use super::joint;
use super::model::{Joint, Kind, Side, State};
use super::store::{CAME_WITHIN, CameWithin, HELD_WITHIN, ITEMS_WITHIN, Item, Meeting};
use crate::access::Scope;
use crate::error::Result;
use crate::place::Estate;
use crate::settings;

/// More meetings than a community holds in three years.
const MOST: i64 = 5_000;

/// Some days, of the estates within reach or of one of them.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    pub tenant: Uuid,
    pub scope: &'a Scope,
    pub from: Timestamp,
    pub until: Timestamp,
    pub estate: Option<Uuid>,
}

impl Span<'_> {
    pub(super) fn bind(&self, statement: Statement) -> db::Query {
        let query = statement.bind(self.tenant).bind(self.scope.account).bind(&self.scope.roles);
        query.bind(self.from).bind(self.until).bind(self.estate)
    }
}

/// A meeting that was held, or came to nothing because too few were there.
pub struct Held {
    pub meeting: Meeting,
    pub items: Vec<Item>,
    pub came: BTreeMap<Side, i64>,
}

impl Held {
    /// `居民 12 人，物业 2 人`: who came is known by side, so that no name leaves with a report.
    pub fn people(&self) -> String {
        self.came.iter().map(|(side, people)| format!("{side} {people} 人")).collect::<Vec<_>>().join("，")
    }
}

/// The meetings of a kind that were held, the earliest first.
pub async fn held(tx: &mut Tx, span: &Span<'_>, kind: Kind) -> Result<Vec<Held>> {
    let mut items: HashMap<Uuid, Vec<Item>> = HashMap::new();
    for item in tx.all::<Item>(span.bind(ITEMS_WITHIN).bind(kind)).await? {
        items.entry(item.meeting_id).or_default().push(item);
    }
    let mut came: HashMap<Uuid, BTreeMap<Side, i64>> = HashMap::new();
    for CameWithin { meeting_id, side, people } in tx.all::<CameWithin>(span.bind(CAME_WITHIN).bind(kind)).await? {
        came.entry(meeting_id).or_default().insert(side, people);
    }
    let held = |meeting: Meeting| Held {
        items: items.remove(&meeting.id).unwrap_or_default(),
        came: came.remove(&meeting.id).unwrap_or_default(),
        meeting,
    };
    Ok(tx.all::<Meeting>(span.bind(HELD_WITHIN).bind(kind).bind(MOST)).await?.into_iter().map(held).collect())
}

/// A month in which an estate had to meet with its property company, and whether it has. Where the settings say quarter or year, it is
/// that.
pub struct Term {
    pub estate: Uuid,
    pub estate_name: String,
    pub first: Date,
    /// `11月`
    pub name: String,
    /// When it was held last, and who had not been asked to any of them.
    pub held: Option<(Timestamp, Vec<Side>)>,
}

/// Which months of the days from the first to the last were due in each of some estates, in their order: those that begin in these days
/// after the estate was entered and are over, or in which one was held.
pub async fn joint_terms(
    tx: &mut Tx,
    span: &Span<'_>,
    estates: &[Estate],
    (first, last): (Date, Date),
    now: Timestamp,
) -> Result<Vec<Term>> {
    let rules: duty::Rules = settings::read(tx, span.tenant, now).await?;
    let every = rules.every.get(Kind::Joint.code()).copied().unwrap_or(Every::Never);
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    // A month that the days break into is judged by all of it.
    let end = match every.around(last) {
        Some((_, after, _)) => duty::midnight(after)?,
        None => span.until,
    };
    let held = held(tx, &Span { until: span.until.max(end), ..*span }, Kind::Joint).await?;
    // Who has to come is what the settings said when the month began.
    let mut rules_of: BTreeMap<Date, Joint> = BTreeMap::new();
    let mut day = first;
    while let Some((begins, after, _)) = every.around(day).filter(|_| day <= last) {
        rules_of.insert(begins, settings::read(tx, span.tenant, duty::midnight(begins)?).await?);
        day = after;
    }
    let mut terms = Vec::new();
    for estate in estates.iter().filter(|estate| span.estate.is_none_or(|only| only == estate.id)) {
        let mut day = first;
        while let Some((begins, after, name)) = every.around(day).filter(|_| day <= last) {
            day = after;
            if begins < first {
                continue;
            }
            let here = held.iter().filter(|held| {
                let on = held.meeting.planned_at.to_zoned_datetime(calendar::shanghai()).date();
                held.meeting.estate_id == estate.id && held.meeting.state == State::Ended && begins <= on && on < after
            });
            let here: Vec<_> = here.collect();
            let sides: Vec<Side> = here.iter().flat_map(|held| held.came.keys().copied()).collect();
            let missing = rules_of.get(&begins).map(|joint| joint.missing(&sides)).unwrap_or_default();
            let held = here.last().map(|last| (last.meeting.planned_at, missing));
            let entered = estate.created_at.to_zoned_datetime(calendar::shanghai()).date();
            if held.is_some() || (entered <= begins && after <= today) {
                let name = format!("{}年{name}", begins.year());
                let (estate, estate_name) = (estate.id, estate.name.clone());
                terms.push(Term { estate, estate_name, first: begins, name, held });
            }
        }
    }
    Ok(terms)
}

/// What the meetings with the property company of a span talked about: in the columns of the table of a month.
pub async fn joint_topics(tx: &mut Tx, span: &Span<'_>) -> Result<Vec<joint::Talked>> {
    joint::talked(tx, span).await
}
