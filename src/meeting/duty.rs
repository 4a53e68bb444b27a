//! 该开的会: which meetings every party branch, every estate and every body should hold in a month, a quarter or a year (三会一课 and the
//! monthly meeting with the property company), and which of them are missing. A reminder, and never in anybody's way.

use std::collections::BTreeMap;

use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Joint, Kind, Side, State};
use super::store::{self, Circle, Dated};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings::{self, Setting};
use crate::web::{Todo, show};
use crate::{body, party, place};

/// How often a meeting should be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Month,
    Quarter,
    Year,
    Never,
}

/// How often each kind of meeting should be held, and how many days before the end of its time a missing one is brought to mind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rules {
    pub remind_days: i64,
    /// By the code of the kind.
    #[serde(flatten)]
    pub every: BTreeMap<String, Every>,
}

impl Setting for Rules {
    const NAME: &'static str = "meeting.duties";
}

/// What a branch or an estate has to hold.
#[derive(Debug, Clone)]
pub struct Duties {
    pub caller: String,
    /// Whose they are; the estate is nil where it does not matter.
    pub circle: Circle,
    /// Where the next one is called.
    pub href: String,
    pub duties: Vec<Duty>,
}

impl Duties {
    /// The table of the month's meetings with the property company, where it is an estate that holds them.
    pub fn table(&self) -> Option<String> {
        let of_estate = self.circle.party.is_none() && self.circle.body.is_none();
        of_estate.then(|| format!("/estates/{}/joint-meetings", self.circle.estate))
    }
}

#[derive(Debug, Clone)]
pub struct Duty {
    /// The name of its kind, or `书记讲党课`.
    pub name: &'static str,
    /// `11月`, `第四季度`, `2026年`.
    pub period: String,
    pub last_day: Date,
    /// Whether its time is over.
    pub over: bool,
    pub stands: Stands,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    Held(Timestamp),
    /// It was held, and these sides have not come to any of them.
    Lacks(Vec<Side>),
    Planned(Timestamp),
    Missing,
}

impl Duty {
    /// Whether somebody still has to do something.
    pub fn open(&self) -> bool {
        !matches!(self.stands, Stands::Held(_))
    }

    /// `已开，11月5日`, `定在11月28日`, `还没开`, of a time that is over `没有开`, `开了，还没请到物业`.
    pub fn words(&self) -> String {
        match &self.stands {
            Stands::Held(at) => format!("已开，{}", calendar::short_time(*at)),
            Stands::Planned(at) => format!("定在{}", calendar::short_time(*at)),
            Stands::Missing if self.over => "没有开".to_owned(),
            Stands::Missing => "还没开".to_owned(),
            Stands::Lacks(sides) if self.over => format!("开了，没有请到{}", named(sides)),
            Stands::Lacks(sides) => format!("开了，还没请到{}", named(sides)),
        }
    }
}

/// `物业、居民`
pub fn named(sides: &[Side]) -> String {
    sides.iter().map(|side| side.label()).collect::<Vec<_>>().join("、")
}

impl Every {
    /// The first day of the time that a day falls into, the first day after it, and its name.
    pub(super) fn around(self, day: Date) -> Option<(Date, Date, String)> {
        let first = day.first_of_month();
        Some(match self {
            Every::Month => (first, first + 1.month(), format!("{}月", day.month())),
            Every::Quarter => {
                let quarter = (day.month() - 1) / 3;
                let first = Date::new(day.year(), quarter * 3 + 1, 1).ok()?;
                let name = ["第一季度", "第二季度", "第三季度", "第四季度"][usize::try_from(quarter).ok()?];
                (first, first + 3.months(), name.to_owned())
            }
            Every::Year => {
                let first = first.first_of_year();
                (first, first + 1.year(), format!("{}年", day.year()))
            }
            Every::Never => return None,
        })
    }
}

pub(super) fn midnight(day: Date) -> Result<Timestamp> {
    let begins = day.at(0, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?;
    Ok(begins.timestamp())
}

/// What the branches and estates within reach have to hold now, and how each of that stands.
pub async fn duties(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Duties>> {
    around(tx, viewer, now.to_zoned_datetime(calendar::shanghai()).date(), now).await
}

/// The same for the month, the quarter and the year that any day falls into.
pub async fn around(tx: &mut Tx, viewer: &Viewer, day: Date, now: Timestamp) -> Result<Vec<Duties>> {
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let joint: Joint = settings::read(tx, viewer.tenant, now).await?;
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let (first, after) = (midnight(day.first_of_year())?, midnight(day.first_of_year() + 1.year())?);
    let dated = store::dated(tx, viewer.tenant, first, after).await?;
    let month = day.first_of_month();
    let sides = store::sides_of_joint(tx, viewer.tenant, midnight(month)?, midnight(month + 1.month())?).await?;

    let mut all = Vec::new();
    let committees = party::with_committee(tx, viewer.tenant).await?;
    for organisation in party::organisations(tx, viewer.tenant, &viewer.scope(Permission::PartyRead)).await? {
        let kinds = Kind::of(organisation.kind).iter().copied().filter(|kind| *kind != Kind::TwoCommittees);
        let owes = |kind: &Kind| match organisation.kind {
            party::Kind::Branch | party::Kind::Functional => {
                *kind != Kind::Committee || committees.contains(&organisation.id)
            }
            party::Kind::Group => *kind == Kind::Group,
            party::Kind::Committee | party::Kind::GeneralBranch => false,
        };
        let of = |dated: &&Dated| dated.party_organisation_id == Some(organisation.id);
        let dated: Vec<&Dated> = dated.iter().filter(of).collect();
        let mut duties: Vec<Duty> =
            kinds.filter(owes).filter_map(|kind| rules.duty(kind, (day, today), &dated)).collect();
        if matches!(organisation.kind, party::Kind::Branch | party::Kind::Functional) {
            duties.extend(rules.of_secretary((day, today), &dated));
        }
        let href = format!("/party/organisations/{}/meetings/new", organisation.id);
        let circle = Circle::of_party(Uuid::nil(), organisation.id);
        all.push(Duties { caller: organisation.name, circle, href, duties });
    }
    for body in body::bodies(tx, viewer.tenant, &viewer.scope(Permission::BodyRead)).await? {
        let dated: Vec<&Dated> = dated.iter().filter(|dated| dated.body_id == Some(body.id)).collect();
        let kinds = Kind::of_body(body.kind).iter();
        let duties = kinds.filter_map(|kind| rules.duty(*kind, (day, today), &dated)).collect();
        let (circle, href) = (Circle::of_body(Uuid::nil(), body.id), format!("/bodies/{}/meetings/new", body.id));
        all.push(Duties { caller: body.name, circle, href, duties });
    }
    for estate in place::estates_within(tx, viewer.tenant, &viewer.scope(Permission::MeetingHold)).await? {
        let of = |dated: &&Dated| {
            dated.party_organisation_id.is_none() && dated.body_id.is_none() && dated.estate_id == estate.id
        };
        let dated: Vec<&Dated> = dated.iter().filter(of).collect();
        let mut duty = rules.duty(Kind::Joint, (day, today), &dated);
        if let Some(Duty { stands: stands @ Stands::Held(_), .. }) = &mut duty {
            let came: Vec<Side> =
                sides.iter().filter(|side| side.estate_id == estate.id).map(|side| side.side).collect();
            let missing = joint.missing(&came);
            if !missing.is_empty() {
                *stands = Stands::Lacks(missing);
            }
        }
        let href = format!("/meetings/new?estate={}&kind={}", estate.id, Kind::Joint.code());
        let circle = Circle::of_estate(estate.id);
        all.push(Duties { caller: estate.name, circle, href, duties: duty.into_iter().collect() });
    }
    all.retain(|duties| !duties.duties.is_empty());
    Ok(all)
}

impl Rules {
    fn duty(&self, kind: Kind, days: (Date, Date), dated: &[&Dated]) -> Option<Duty> {
        let of_kind = dated.iter().filter(|meeting| meeting.kind == kind);
        self.stands(kind.code(), kind.label(), days, of_kind)
    }

    /// Once in a while the secretary gives a lesson. Who will give one that is planned is not known.
    fn of_secretary(&self, days: (Date, Date), dated: &[&Dated]) -> Option<Duty> {
        let given = dated.iter().filter(|meeting| meeting.kind == Kind::Class && meeting.by_secretary);
        self.stands("secretary_class", "书记讲党课", days, given)
    }

    fn stands<'a>(
        &self,
        code: &str,
        name: &'static str,
        (around, today): (Date, Date),
        dated: impl Iterator<Item = &'a &'a Dated>,
    ) -> Option<Duty> {
        let (first, after, period) = self.every.get(code)?.around(around)?;
        let mut stands = Stands::Missing;
        for meeting in dated {
            let day = meeting.planned_at.to_zoned_datetime(calendar::shanghai()).date();
            match meeting.state {
                _ if day < first || day >= after => {}
                State::Ended => stands = Stands::Held(meeting.planned_at),
                _ if stands == Stands::Missing => stands = Stands::Planned(meeting.planned_at),
                _ => {}
            }
        }
        Some(Duty { name, period, last_day: after - 1.day(), over: after <= today, stands })
    }
}

/// What a circle has to hold now and has not, as far as somebody reaches it.
pub async fn owed(tx: &mut Tx, viewer: &Viewer, circle: Circle, now: Timestamp) -> Result<Vec<Duty>> {
    let own = |duties: &Duties| match (circle.party, circle.body) {
        (None, None) => duties.circle == circle,
        (party, body) => (duties.circle.party, duties.circle.body) == (party, body),
    };
    let all = duties(tx, viewer, now).await?;
    Ok(all.into_iter().filter(own).flat_map(|duties| duties.duties).filter(Duty::open).collect())
}

/// What is missing and whose time ends soon: one line for each branch and estate.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::MeetingHold) {
        return Ok(Vec::new());
    }
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let soon = now + SignedDuration::from_hours(24 * rules.remind_days);
    let mut todos = Vec::new();
    for Duties { caller, href, duties, .. } in duties(tx, viewer, now).await? {
        let mut missing = Vec::new();
        let mut first: Option<Timestamp> = None;
        for duty in duties {
            let ends = midnight(duty.last_day + 1.day())?;
            if matches!(duty.stands, Stands::Missing | Stands::Lacks(_)) && ends <= soon {
                missing.push(format!("{}{}{}", duty.period, duty.name, duty.words()));
                first = Some(first.map_or(ends, |first| first.min(ends)));
            }
        }
        if let Some(due) = first {
            let deadline = show::deadline(due, now, true);
            todos.push(Todo { verb: "该开会", title: caller, detail: missing.join("；"), href, due, deadline });
        }
    }
    Ok(todos)
}
