//! What the rows of an issue say of its life, and when each of its steps was due: by the settings in force, the table of days off and
//! arithmetic of this test's own.

use std::collections::HashMap;

use db::{Json, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;

use super::work::Told;
use crate::support::TestApp;

pub const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
/// Shanghai is so far ahead.
const AHEAD: i64 = 8 * 3_600_000;

statements! {
    ISSUES = "SELECT id, estate_id, category, tier, state, enquiry, reported_at, due_at, deadline_at FROM issues WHERE tenant_id = $1 ORDER BY id";
    EVENTS = "SELECT issue_id, position, kind, at, due_at, organisation_id FROM issue_events WHERE tenant_id = $1 ORDER BY issue_id, position";
    PETITIONS = "SELECT issue_id, kind, until, decided_at, granted FROM petitions WHERE tenant_id = $1 AND decided_at IS NOT NULL";
    SURVEYS = "SELECT issue_id, score, solved, at FROM surveys WHERE tenant_id = $1 AND respondent = 'reporter' ORDER BY at";
    EXCLUDED = "SELECT issue_id FROM exclusions WHERE tenant_id = $1 AND state = 'approved'";
    SETTINGS = "SELECT name, effective_from, value FROM settings WHERE tenant_id = $1 AND name IN ('issue.tiers', 'issue.steps') ORDER BY effective_from";
}

record! {
    struct Issue {
        id: Uuid, estate_id: Option<Uuid>, category: String, tier: Option<String>, state: String, enquiry: bool, reported_at: i64, due_at: i64, deadline_at: Option<i64>,
    }
    struct Event { issue_id: Uuid, position: i64, kind: String, at: i64, due_at: Option<i64>, organisation_id: Option<Uuid> }
    struct Petition { issue_id: Uuid, kind: String, until: Option<i64>, decided_at: i64, granted: bool }
    struct Survey { issue_id: Uuid, score: i64, solved: String, at: i64 }
    struct Excluded { issue_id: Uuid }
    struct Setting { name: String, effective_from: String, value: Json<Value> }
}

/// An issue as its rows tell it.
pub struct Life {
    pub id: Uuid,
    pub estate: Option<Uuid>,
    pub category: String,
    state: String,
    enquiry: bool,
    excluded: bool,
    reported_at: i64,
    /// When what it waits for is due.
    due_at: i64,
    /// What was done, when, and whether that was later than it should have been.
    done: Vec<(String, i64, bool)>,
    /// What its reporter has said, in order.
    answers: Vec<(i64, i64, String)>,
}

const PROPERTY: &str = " drainage lift parking cleaning greening lighting access_control repair heating property_fee ";
const DROPPED: &str = " refused redirected merged withdrawn ";

fn among(list: &str, word: &str) -> bool {
    list.contains(&format!(" {word} "))
}

impl Life {
    /// Whether a figure counts it. A figure is told by its code, and what it means is written down here once more.
    pub fn counts(&self, figure: &str, from: i64, until: i64, now: i64) -> bool {
        let times = |kind: &str| -> Vec<(i64, bool)> {
            self.done.iter().filter(|(done, ..)| done == kind).map(|(_, at, late)| (*at, *late)).collect()
        };
        let within = |at: i64| at >= from && at < until;
        let happened = |kind: &str| times(kind).iter().any(|(at, _)| within(*at));
        let given = times("dispatched").into_iter().chain(times("escalated")).map(|(at, _)| at).min();
        let asks = given.is_some_and(within) && !self.enquiry && self.state != "merged";
        let dispatched = asks && !self.excluded;
        let said = self.answers.iter().rfind(|(at, ..)| within(*at));
        let said = said.filter(|_| !self.enquiry && self.state != "merged");
        let (answered, said) = (said.is_some(), said.filter(|_| !self.excluded));
        match figure {
            "excluded" => self.excluded && (asks || answered),
            "reported" => within(self.reported_at),
            "property" => within(self.reported_at) && among(PROPERTY, &self.category),
            "dispatched" => dispatched,
            "responded" => dispatched && times("accepted").first().is_some_and(|(_, late)| !late),
            "done" | "closed" | "reopened" | "unreachable" => happened(figure),
            "done_late" => times("done").iter().rfind(|(at, _)| within(*at)).is_some_and(|(_, late)| *late),
            "otherwise" => DROPPED.split_whitespace().any(happened),
            "surveyed" => said.is_some(),
            "solved" => said.is_some_and(|(_, _, solved)| solved == "yes"),
            "satisfied" => said.is_some_and(|(_, score, _)| *score >= 3),
            "open" => self.open_at(until.min(now)),
            "overdue" => {
                self.reported_at < until && self.due_at < now && self.state != "closed" && !among(DROPPED, &self.state)
            }
            other => panic!("the figure {other} is not counted here"),
        }
    }

    /// Reported before a moment, and ended before it less recently than opened.
    fn open_at(&self, moment: i64) -> bool {
        let last = |wanted: &dyn Fn(&str) -> bool| {
            let times = self.done.iter().filter(|(kind, at, _)| *at < moment && wanted(kind)).map(|(_, at, _)| *at);
            times.max()
        };
        let ended = last(&|kind| kind == "closed" || among(DROPPED, kind));
        let opened = last(&|kind| kind == "reopened").max(Some(self.reported_at));
        self.reported_at < moment && ended.is_none_or(|ended| opened.is_some_and(|opened| opened > ended))
    }
}

/// The days of some years on which offices work.
struct Offices(Vec<i64>);

fn day_of(at: i64) -> i64 {
    (at + AHEAD).div_euclid(DAY)
}

/// When a day begins in Shanghai.
pub fn midnight(day: Date) -> i64 {
    format!("{day}T00:00:00+08:00").parse::<Timestamp>().unwrap().as_millisecond()
}

impl Offices {
    fn read() -> Offices {
        let table = include_str!("../../crates/calendar/data/holidays.csv");
        let told: HashMap<i64, bool> = table
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split(',');
                let day: Date = cells.next()?.parse().ok()?;
                Some((day_of(midnight(day)), cells.next()? == "work"))
            })
            .collect();
        let (first, last) =
            (day_of(midnight("2022-01-01".parse().unwrap())), day_of(midnight("2026-12-31".parse().unwrap())));
        // The first of January 1970 was a Thursday.
        let weekday = |day: i64| (day + 3) % 7 < 5;
        Offices((first..=last).filter(|day| told.get(day).copied().unwrap_or_else(|| weekday(*day))).collect())
    }

    /// So many working days after a day.
    fn after(&self, day: i64, count: i64) -> i64 {
        if count == 0 {
            return day;
        }
        self.0[self.0.partition_point(|open| *open <= day) + count as usize - 1]
    }

    fn deadline(&self, since: i64, minutes: i64, clock: &str) -> i64 {
        if clock == "natural" {
            return since + minutes * MINUTE;
        }
        let day = day_of(since);
        let at = since + (self.after(day, minutes / 1440) - day) * DAY + minutes % 1440 * MINUTE;
        let day = day_of(at);
        at + (self.0[self.0.partition_point(|open| *open < day)] - day) * DAY
    }

    /// The most minutes that can be given at a moment so that they end by another.
    fn left(&self, at: i64, end: i64, clock: &str) -> i64 {
        let most = ((end - at) / MINUTE).max(0);
        (0..=most).rev().find(|minutes| self.deadline(at, *minutes, clock) <= end).unwrap_or(0)
    }
}

struct Limits<'a> {
    offices: &'a Offices,
    settings: &'a [Setting],
}

impl Limits<'_> {
    fn in_force(&self, name: &str, at: i64) -> &Value {
        let day = Timestamp::from_millisecond(at + AHEAD).unwrap().strftime("%Y-%m-%d").to_string();
        &self.settings.iter().rfind(|setting| setting.name == name && setting.effective_from <= day).unwrap().value.0
    }

    /// The minutes that a state gives for what comes next, and by which clock; nothing for one that gives none.
    fn of(&self, state: &str, tier: &str, at: i64) -> Option<(i64, &str)> {
        let (steps, tier) = (self.in_force("issue.steps", at), &self.in_force("issue.tiers", at)[tier]);
        let (group, name) = match state {
            "submitted" => (steps, "accept_minutes"),
            "accepted" => (tier, "dispatch_minutes"),
            "dispatched" => (tier, "feedback_minutes"),
            "done" => (steps, "publish_minutes"),
            "published" => (steps, "survey_minutes"),
            "surveyed" => (steps, "close_minutes"),
            _ => return None,
        };
        Some((group[name].as_i64().unwrap(), group["clock"].as_str().unwrap()))
    }

    fn due(&self, state: &str, tier: &str, at: i64) -> i64 {
        self.of(state, tier, at).map_or(at, |(minutes, clock)| self.offices.deadline(at, minutes, clock))
    }
}

/// Where a step leads; nowhere new where it is none of these.
fn leads<'a>(state: &'a str, kind: &'a str) -> &'a str {
    match kind {
        "filed" => "submitted",
        "resumed" => "dispatched",
        "dispute_upheld" | "escalation_declined" | "escalation_recalled" | "reopened" => "accepted",
        "unreachable" => "surveyed",
        "surveyed" if state == "closed" => "closed",
        "accepted" | "refused" | "redirected" | "merged" | "withdrawn" | "dispatched" | "suspended" | "escalated"
        | "done" | "published" | "surveyed" | "closed" => kind,
        _ => state,
    }
}

/// Every life that the rows tell. Where a row says when something was due, that is compared.
pub async fn read(app: &TestApp, told: &Told) -> Vec<Life> {
    let mut tx = app.db.read().await.unwrap();
    let tenant = app.home.tenant;
    let settings: Vec<Setting> = tx.all(SETTINGS.bind(tenant)).await.unwrap();
    let offices = Offices::read();
    let limits = Limits { offices: &offices, settings: &settings };
    let mut events: HashMap<Uuid, Vec<Event>> = HashMap::new();
    for event in tx.all::<Event>(EVENTS.bind(tenant)).await.unwrap() {
        events.entry(event.issue_id).or_default().push(event);
    }
    let petitions: Vec<Petition> = tx.all(PETITIONS.bind(tenant)).await.unwrap();
    let surveys: Vec<Survey> = tx.all(SURVEYS.bind(tenant)).await.unwrap();
    let excluded: Vec<Excluded> = tx.all(EXCLUDED.bind(tenant)).await.unwrap();
    let issues: Vec<Issue> = tx.all(ISSUES.bind(tenant)).await.unwrap();
    let life = |issue: Issue| {
        let answers = surveys.iter().filter(|survey| survey.issue_id == issue.id);
        let answers = answers.map(|survey| (survey.at, survey.score, survey.solved.clone())).collect();
        let asked: Vec<&Petition> = petitions.iter().filter(|petition| petition.issue_id == issue.id).collect();
        let (due_at, done) = lived(&limits, &issue, &events[&issue.id], &asked, told);
        assert_eq!(due_at, issue.due_at, "{} waits since its last step", issue.id);
        Life {
            id: issue.id,
            estate: issue.estate_id,
            category: issue.category,
            state: issue.state,
            enquiry: issue.enquiry,
            excluded: excluded.iter().any(|excluded| excluded.issue_id == issue.id),
            reported_at: issue.reported_at,
            due_at,
            done,
            answers,
        }
    };
    issues.into_iter().map(life).collect()
}

/// Goes along the steps of an issue. Gives when what it waits for is due, and each step with whether it came late.
fn lived(
    limits: &Limits<'_>,
    issue: &Issue,
    events: &[Event],
    asked: &[&Petition],
    told: &Told,
) -> (i64, Vec<(String, i64, bool)>) {
    let tier = issue.tier.as_deref().unwrap_or("ordinary");
    let (mut state, mut due, mut round, mut left, mut party) = ("", 0, 1, None, None);
    let mut done = Vec::new();
    for event in events {
        let kind = event.kind.as_str();
        let until = told.get(&(issue.id, event.position)).copied();
        let granted = asked.iter().find(|petition| petition.decided_at == event.at && petition.granted);
        let granted = granted.filter(|petition| petition.kind != "dispute").and_then(|petition| petition.until);
        if let Some(written) = event.due_at {
            assert_eq!(written, due, "{kind} of {} at {}", issue.id, event.position);
        }
        done.push((event.kind.clone(), event.at, !state.is_empty() && due < event.at));
        let (was, was_due) = (state, due);
        state = leads(was, kind);
        round += i64::from(kind == "reopened");
        if state != was || matches!(kind, "dispatched" | "escalated") {
            due = limits.due(state, tier, event.at);
            let bound = round == 1 && matches!(state, "submitted" | "accepted" | "dispatched");
            due = issue.deadline_at.filter(|_| bound).map_or(due, |deadline| due.min(deadline));
        }
        match kind {
            "dispatched" => {
                let again = was == "dispatched" && party == event.organisation_id;
                // What came with a deadline keeps it until it has been sent back by its reporter.
                let by_tier = limits.due(state, tier, event.at);
                let by_tier =
                    issue.deadline_at.filter(|_| round == 1).map_or(by_tier, |deadline| by_tier.min(deadline));
                // A day that staff give is never later than the tier's; ten days and more are what a meeting agreed on.
                due = match until {
                    Some(until) if until - event.at < 10 * DAY => until.min(by_tier),
                    Some(until) => until,
                    None if again => was_due,
                    None => due,
                };
                (left, party) = (None, event.organisation_id);
            }
            "escalated" => {
                due = until.expect("until when the level above has time");
                (left, party) = (None, event.organisation_id);
            }
            "announced" if state == "accepted" => due = due.max(until.expect("when it meets") + DAY),
            "extension_decided" => due = granted.unwrap_or(due),
            "suspended" => {
                if was == "dispatched" {
                    let (_, clock) = limits.of("dispatched", tier, event.at).unwrap();
                    left = Some(limits.offices.left(event.at, was_due, clock));
                }
                due = granted.expect("the day on which it is looked at again");
            }
            "resumed" => {
                let (_, clock) = limits.of("dispatched", tier, event.at).unwrap();
                due = limits.offices.deadline(event.at, left.take().unwrap_or(0), clock);
            }
            "dispute_upheld" | "escalation_declined" | "escalation_recalled" => party = None,
            _ => {}
        }
    }
    (due, done)
}
