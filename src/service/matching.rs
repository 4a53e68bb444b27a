//! Who could go to a need, each with the reason in words: activities of teams that serve such people there, and volunteers who can, are free
//! and may. It reads what there is in a few statements and decides here.

use std::collections::HashMap;

use calendar::shanghai;
use db::{Cursor, Tx};
use jiff::SignedDuration;
use uuid::Uuid;

use super::kind::{self, Kind};
use super::model::{Part, Rules, is_free};
use super::need::Need;
use super::{provider, provider_store};
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::settings;
use crate::volunteer::{
    self, Activity, Asked, Candidate, Joining, Placed, Risk, Span, Target, fullest_week, has_one_of,
};

/// Who could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    Volunteer(Uuid),
    Activity(Uuid),
    /// A date of an outside provider.
    Date(Uuid),
}

#[derive(Debug, Clone)]
pub struct Suggestion {
    pub whom: Whom,
    /// A name, or the title of an activity.
    pub title: String,
    pub span: Span,
    /// Why, in words.
    pub reason: String,
    /// The higher the better.
    rank: i64,
}

impl Suggestion {
    /// By which a form names it: whom, and when.
    pub fn key(&self) -> String {
        let (letter, id) = match self.whom {
            Whom::Volunteer(id) => ('v', id),
            Whom::Activity(id) => ('a', id),
            Whom::Date(id) => ('d', id),
        };
        format!("{letter}.{id}.{}", self.span.starts_at.as_millisecond())
    }

    pub fn when(&self) -> String {
        self.span.words()
    }

    pub fn is_activity(&self) -> bool {
        matches!(self.whom, Whom::Activity(_) | Whom::Date(_))
    }
}

/// So many are shown of volunteers and of activities, and so many coming activities are looked at.
const SHOWN: usize = 8;
const LOOKED_AT: usize = 100;

/// Those of a scope who could go to a need, the best first: activities, then volunteers.
pub async fn suggestions(tx: &mut Tx, act: &Act, scope: &Scope, need: &Need) -> Result<Vec<Suggestion>> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let joining: Joining = settings::read(tx, act.tenant, act.at).await?;
    let kind = kind::kind(tx, act.tenant, need.kind).await?;
    let until = act.at + SignedDuration::from_hours(24 * (rules.ahead_days + 1));
    let activities = volunteer::coming(tx, act.tenant, scope, act.at, Cursor::FIRST, LOOKED_AT).await?.items;
    let teams = volunteer::teams(tx, act.tenant, scope).await?;
    let mut found: Vec<Suggestion> = activities
        .iter()
        .filter(|activity| activity.starts_at > act.at && activity.starts_at < until)
        .filter_map(|activity| by_activity(activity, &teams, &kind, (need, rules.visitor_age)))
        .take(SHOWN)
        .collect();
    let dates = provider::coming(tx, act).await?;
    let fits = |date: &&provider_store::Date| {
        date.kind_id == Some(need.kind)
            && date.estate_id == need.estate
            && date.starts_at > act.at
            && date.starts_at < until
    };
    found.extend(dates.iter().filter(fits).filter_map(|date| by_date(date, need)).take(SHOWN));
    let people = volunteer::candidates(tx, act.tenant, scope).await?;
    // A week to either side, of which the visits of seven days in a row are made up.
    let week = SignedDuration::from_hours(8 * 24);
    let taken = volunteer::taken(tx, act.tenant, (act.at - week, until + week)).await?;
    let visits = rules.visits(&need.wanted, act.at);
    let looked = Looked { kind: &kind, need, asked: kind.asked(&rules), adult_age: joining.adult_age, visits, taken };
    let mut people: Vec<Suggestion> = people.iter().filter_map(|person| looked.by_volunteer(person)).collect();
    people.sort_by_key(|suggestion| (-suggestion.rank, suggestion.span.starts_at));
    people.truncate(SHOWN);
    found.extend(people);
    Ok(found)
}

/// An activity fits whose team serves such people there, at a time that suits. What asks for insurance or a certificate is left to somebody
/// who has it, unless everybody who takes part is insured.
/// Whoever comes may go to a door, and somebody does come.
fn by_activity(
    activity: &Activity,
    teams: &[Placed],
    kind: &Kind,
    (need, visitor_age): (&Need, i64),
) -> Option<Suggestion> {
    if activity.least_age < visitor_age || activity.confirmed == 0 {
        return None;
    }
    let placed = teams.iter().find(|placed| placed.team.id == activity.team_id)?;
    let insured = activity.risk == Risk::High;
    if (kind.insured || kind.risk == Risk::High) && !insured || !kind.qualification.is_empty() {
        return None;
    }
    let there = match activity.estate_id {
        Some(estate) => estate == need.estate,
        None => placed.estates.contains(&need.estate),
    };
    let serves = |target: &Target| *target == Target::Everyone || kind.target.is_none_or(|wanted| wanted == *target);
    let target = placed.targets.iter().find(|target| serves(target))?;
    if !there || !need.wanted.suits_span(activity.span()) {
        return None;
    }
    let reason = format!("{}服务{target}，{}正好在{}", activity.team_name, activity.when(), activity.whereabouts());
    let (title, span) = (activity.title.clone(), activity.span());
    Some(Suggestion { whom: Whom::Activity(activity.id), title, span, reason, rank: 0 })
}

/// A date of an outside provider fits that comes for this kind to this estate, at a time that suits.
fn by_date(date: &provider_store::Date, need: &Need) -> Option<Suggestion> {
    let span = Span { starts_at: date.starts_at, ends_at: date.ends_at };
    if !need.wanted.suits_span(span) {
        return None;
    }
    let place = if date.place.is_empty() { String::new() } else { format!("（{}）", date.place) };
    let reason = format!("{}按协议来{}{place}，{}", date.provider_name, date.estate_name, date.title);
    Some(Suggestion { whom: Whom::Date(date.id), title: date.provider_name.clone(), span, reason, rank: 0 })
}

/// What volunteers are held against.
struct Looked<'a> {
    kind: &'a Kind,
    need: &'a Need,
    asked: Asked<'a>,
    adult_age: i64,
    /// When somebody could go.
    visits: Vec<(Part, Span)>,
    /// When volunteers are taken, and whether by a visit.
    taken: HashMap<Uuid, Vec<(Span, bool)>>,
}

impl Looked<'_> {
    fn by_volunteer(&self, person: &Candidate) -> Option<Suggestion> {
        let skills = person.skills.as_deref().unwrap_or_default();
        let available = person.available.as_deref().unwrap_or_default();
        let taken = self.taken.get(&person.id).map(Vec::as_slice).unwrap_or_default();
        if !has_one_of(skills, &self.kind.skill) {
            return None;
        }
        let free = |(part, span): &&(Part, Span)| {
            let weekday = span.starts_at.to_zoned_datetime(shanghai()).weekday();
            let overlaps =
                taken.iter().any(|(other, _)| other.starts_at < span.ends_at && other.ends_at > span.starts_at);
            let visits: Vec<_> = taken.iter().filter(|(_, visit)| *visit).map(|(other, _)| other.day()).collect();
            !overlaps
                && fullest_week(&visits, span.day()) < self.asked.most_a_week
                && is_free(available, weekday, *part) != Some(false)
        };
        let (part, span) = self.visits.iter().find(free)?;
        if !person.fits(&self.asked, self.adult_age, span.day()) {
            return None;
        }
        let mut reasons = Vec::new();
        let mut rank = 0;
        if !self.kind.skill.is_empty() {
            let known: Vec<&str> = self.kind.skill.split_whitespace().filter(|word| skills.contains(word)).collect();
            reasons.push(format!("会{}", known.join("、")));
        }
        if !self.kind.qualification.is_empty() {
            reasons.push("有证书".to_owned());
        }
        if self.kind.insured || self.kind.risk == Risk::High {
            reasons.push("有保险".to_owned());
        }
        if person.estate_id == Some(self.need.estate) {
            rank += 2;
            reasons.push("住同一个小区".to_owned());
        }
        let weekday = span.starts_at.to_zoned_datetime(shanghai()).weekday();
        match is_free(available, weekday, *part) {
            Some(_) => {
                rank += 2;
                reasons.push(format!("写着{available}有空"));
            }
            None => reasons.push("没写什么时候有空，先问一声".to_owned()),
        }
        let visits = taken.iter().filter(|(_, visit)| *visit).count() as i64;
        rank -= visits;
        reasons.push(if visits == 0 { "近期没有派过".to_owned() } else { format!("近期已派 {visits} 次") });
        let (title, reason) = (person.name.clone(), reasons.join("，"));
        Some(Suggestion { whom: Whom::Volunteer(person.id), title, span: *span, reason, rank })
    }
}
