//! The years: reports come in at any time, and whoever has to do something does it soon, late or not at all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use doorstep::access::{self, Act, Link, OrganisationKind, Role};
use doorstep::error::Error;
use doorstep::issue::escalation::{self, News};
use doorstep::issue::exclusion::{self, Exclusion, Ground};
use doorstep::issue::{
    self, Answer, Category, Due, Elsewhere, Grading, NewIssue, Petition, Place, Remedy, Reporter, Respondent, Score,
    Solved, Source, State, Terms, Tier,
};
use doorstep::{place, settings};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::support::TestApp;

/// Where the work is done, and by whom.
pub struct Town {
    pub estates: Vec<(Uuid, String)>,
    /// Each with somebody of its own.
    parties: Vec<(Uuid, Act)>,
    superior: Uuid,
    staff: Act,
    grid_worker: Act,
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A community of three estates, whose time limits change twice in the years to come: to working days, and to shorter ones.
pub async fn town(app: &TestApp) -> Town {
    app.means.clock.set("2024-11-23T08:00:00+08:00".parse().unwrap());
    let mut tx = app.db.begin().await.unwrap();
    let mut estates = Vec::new();
    for name in ["王府名苑小区", "紫荆花园", "北川家园"] {
        estates.push((place::create_estate(&mut tx, &app.act(), name, None, None).await.unwrap(), name.to_owned()));
    }
    let mut organisation = async |kind, name: &str| {
        access::create_organisation(&mut tx, &app.act(), None, kind, name, None).await.unwrap()
    };
    let company = organisation(OrganisationKind::PropertyCompany, "安心物业").await;
    let superior = organisation(OrganisationKind::Superior, "蔚汾街道").await;
    for (from, tiers, steps) in [("2025-03-10", WORKING, WORKING_STEPS), ("2026-01-20", SHORTER, SHORTER_STEPS)] {
        for (name, value) in [("issue.tiers", tiers), ("issue.steps", steps)] {
            let value = serde_json::from_str(value).unwrap();
            settings::set(&mut tx, &app.act(), name, from.parse().unwrap(), &value, "测试").await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let home = app.home.organisation;
    let act =
        |role, organisation| Act { account: Some(app.means.id()), organisation: Some(organisation), role, ..app.act() };
    Town {
        estates,
        parties: vec![(home, act(Role::Staff, home)), (company, act(Role::PropertyManager, company))],
        superior,
        staff: act(Role::Secretary, home),
        grid_worker: act(Role::GridWorker, home),
    }
}

const WORKING: &str = r#"{"sudden":{"dispatch_minutes":60,"feedback_minutes":120,"clock":"natural"},"urgent":{"dispatch_minutes":120,"feedback_minutes":1440,"clock":"working"},
    "ordinary":{"dispatch_minutes":1440,"feedback_minutes":7200,"clock":"working"},"hard":{"dispatch_minutes":1440,"feedback_minutes":15000,"clock":"working"}}"#;
const WORKING_STEPS: &str = r#"{"accept_minutes":1440,"publish_minutes":2880,"survey_minutes":7200,"close_minutes":4320,"acknowledge_minutes":10080,
    "publicity_days":7,"contact_attempts":3,"extension_days":30,"soon_percent":80,"clock":"working"}"#;
const SHORTER: &str = r#"{"sudden":{"dispatch_minutes":30,"feedback_minutes":120,"clock":"natural"},"urgent":{"dispatch_minutes":90,"feedback_minutes":720,"clock":"natural"},
    "ordinary":{"dispatch_minutes":700,"feedback_minutes":4320,"clock":"working"},"hard":{"dispatch_minutes":2000,"feedback_minutes":10000,"clock":"working"}}"#;
const SHORTER_STEPS: &str = r#"{"accept_minutes":720,"publish_minutes":1440,"survey_minutes":4320,"close_minutes":2880,"acknowledge_minutes":10080,
    "publicity_days":7,"contact_attempts":3,"extension_days":20,"soon_percent":80,"clock":"working"}"#;

/// What stands in no row but was said when a step was taken: until when, by the issue and the position of the step.
pub type Told = HashMap<(Uuid, i64), i64>;

struct Case {
    id: Uuid,
    link: Link,
    ended: bool,
}

/// How many minutes pass before somebody looks at a case again.
fn pause(rng: &mut StdRng) -> i64 {
    match rng.random_range(0..100) {
        0..15 => rng.random_range(1..90),
        15..60 => rng.random_range(HOUR..30 * HOUR),
        60..85 => rng.random_range(DAY..5 * DAY),
        85..96 => rng.random_range(5 * DAY..12 * DAY),
        _ => rng.random_range(12 * DAY..40 * DAY),
    }
}

/// Lives two years, from November 2024 to November 2026, in which so many things are reported.
pub async fn years(app: &TestApp, town: &Town, reports: usize) -> Told {
    let rng = &mut StdRng::seed_from_u64(20241123);
    let begin = app.means.now();
    let minutes = 2 * 365 * DAY;
    let mut queue: BinaryHeap<Reverse<(i64, Option<usize>)>> =
        (0..reports).map(|_| Reverse((rng.random_range(0..minutes), None))).collect();
    let mut cases: Vec<Case> = Vec::new();
    let mut told = Told::new();
    while let Some(Reverse((minute, case))) = queue.pop() {
        if minute >= minutes {
            break;
        }
        // Two things never happen in one moment, so that their order is known.
        let now = (begin + SignedDuration::from_mins(minute)).max(app.means.now() + SignedDuration::from_millis(1));
        app.means.clock.set(now);
        let case = match case {
            Some(case) => {
                act(app, town, rng, &mut cases, case, &mut told).await;
                if rng.random_ratio(1, 12) {
                    leave_out(app, town, rng, cases[case].id).await;
                }
                case
            }
            None => {
                cases.push(report(app, town, rng).await);
                cases.len() - 1
            }
        };
        if !cases[case].ended || rng.random_ratio(1, 3) {
            queue.push(Reverse((minute + pause(rng), Some(case))));
        }
    }
    app.means.clock.set(begin + SignedDuration::from_mins(minutes));
    told
}

async fn report(app: &TestApp, town: &Town, rng: &mut StdRng) -> Case {
    let estate = rng.random_ratio(9, 10).then(|| town.estates.choose(rng).unwrap().clone());
    let place = estate.map_or(Place::Community, |(id, name)| Place::Estate { id, name, grid: None });
    let reporter = Reporter { name: String::new(), phone: "13800001234".to_owned() };
    let new = NewIssue {
        source: *Source::ALL.choose(rng).unwrap(),
        category: *Category::ALL.choose(rng).unwrap(),
        description: "路灯不亮".to_owned(),
        place,
        place_text: String::new(),
        reporter: rng.random_ratio(8, 10).then_some(reporter),
        photos: Vec::new(),
    };
    let deadline = rng
        .random_ratio(1, 12)
        .then(|| app.means.now() + SignedDuration::from_mins(rng.random_range(12 * HOUR..10 * DAY)));
    let terms = Terms { deadline, enquiry: rng.random_ratio(1, 10) };
    let mut tx = app.db.begin().await.unwrap();
    let filed = issue::file_with(&mut tx, &app.act(), new, terms).await.unwrap();
    tx.commit().await.unwrap();
    Case { id: filed.id, link: filed.rating_link, ended: false }
}

/// Proposes that an issue is left out of the rates, answers who has proposed it, or takes that back.
async fn leave_out(app: &TestApp, town: &Town, rng: &mut StdRng, id: Uuid) {
    let at = app.means.now();
    let (staff, other) = (Act { at, ..town.staff.clone() }, Act { at, ..town.parties[0].1.clone() });
    let mut tx = app.db.begin().await.unwrap();
    let last = exclusion::of_issue(&mut tx, app.home.tenant, id).await.unwrap().into_iter().next();
    match last {
        Some(Exclusion { id: asked, state: exclusion::State::Proposed, .. }) => {
            exclusion::decide(&mut tx, &other, id, asked, rng.random_ratio(3, 4), "看过了").await.unwrap();
        }
        Some(Exclusion { id: asked, state: exclusion::State::Approved, .. }) if rng.random_ratio(1, 4) => {
            exclusion::revoke(&mut tx, &other, id, asked, "又能办了").await.unwrap();
        }
        Some(Exclusion { state: exclusion::State::Approved, .. }) => {}
        _ => {
            _ = exclusion::propose(&mut tx, &staff, id, *Ground::ALL.choose(rng).unwrap(), "暴雨冲断了路")
                .await
                .unwrap()
        }
    }
    tx.commit().await.unwrap();
}

/// Tries something that can be done with a case from where it stands; what is refused leaves nothing behind.
async fn act(app: &TestApp, town: &Town, rng: &mut StdRng, cases: &mut [Case], at: usize, told: &mut Told) {
    let id = cases[at].id;
    let mut tx = app.db.begin().await.unwrap();
    let mut issue = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
    let (issue, now) = (&mut issue, app.means.now());
    let seen = issue.lock_version;
    let by = |act: &Act| Act { at: now, ..act.clone() };
    let (staff, grid_worker) = (by(&town.staff), by(&town.grid_worker));
    let handler = town.parties.iter().find(|(party, _)| Some(*party) == issue.organisation_id);
    let handler = by(handler.map_or(&town.staff, |(_, act)| act));
    let days = |days: i64| now + SignedDuration::from_hours(24 * days);
    let text = "情况说明";
    let other = cases.choose(rng).unwrap().id;
    let score = Score::parse(&[5, 5, 4, 4, 3, 2, 1].choose(rng).unwrap().to_string()).unwrap();
    let solved = *Solved::ALL.choose(rng).unwrap();
    let mut until: Option<Timestamp> = None;
    let mut link = None;
    let dice: u32 = rng.random_range(0..100);
    let done = match (issue.state, dice) {
        (State::Submitted, 0..75) => {
            let grading = Grading {
                category: *Category::ALL.choose(rng).unwrap(),
                tier: *[Tier::Ordinary, Tier::Ordinary, Tier::Hard, Tier::Urgent, Tier::Sudden].choose(rng).unwrap(),
                remedy: Remedy::SelfHelp,
                summary: "路灯不亮".to_owned(),
            };
            issue::accept(&mut tx, &staff, issue, seen, grading).await
        }
        (State::Submitted, 75..81) => issue::refuse(&mut tx, &staff, issue, seen, "不归社区管的事").await,
        (State::Submitted, 81..86) | (State::Accepted | State::Suspended, 0..3) => {
            let (to, reason) = ("法院".to_owned(), "正在审理".to_owned());
            issue::redirect(&mut tx, &staff, issue, seen, Elsewhere { remedy: Some(Remedy::Legal), to, reason }).await
        }
        (State::Submitted, 86..93) | (State::Accepted, 3..8) | (State::Dispatched | State::Suspended, 3..5) => {
            let into = issue::issue(&mut tx, app.home.tenant, other).await.unwrap();
            issue::merge(&mut tx, &staff, issue, seen, &into).await
        }
        (State::Submitted, 93..) | (State::Accepted, 8..10) => issue::withdraw(&mut tx, &by(&app.act()), id).await,
        (State::Accepted, 10..22) => {
            let meets = days(rng.random_range(1..6));
            until = Some(meets);
            issue::put_on_agenda(&mut tx, &staff, id, "列入议题", meets).await
        }
        (State::Accepted, 22..30) | (State::Dispatched, 5..8) => {
            let due = days(rng.random_range(1..15));
            until = Some(due);
            escalation::escalate(&mut tx, &staff, issue, seen, town.superior, due, text).await
        }
        (State::Accepted, _) | (State::Dispatched, 8..14) | (State::Suspended, 5..15) | (State::Done, 0..8) => {
            let party = town.parties.choose(rng).unwrap().0;
            let due = match dice % 3 {
                0 if issue.state != State::Dispatched => {
                    until = Some(days(rng.random_range(1..4)));
                    Due::Earlier(until.unwrap())
                }
                1 => {
                    until = Some(days(rng.random_range(10..40)));
                    Due::Agreed(until.unwrap())
                }
                _ => Due::ByTier,
            };
            issue::dispatch(&mut tx, &staff, issue, seen, party, due, "").await
        }
        (State::Dispatched, 14..45) => issue::finish(&mut tx, &handler, issue, seen, "办好了", &[]).await,
        (State::Dispatched, 45..65) | (State::Suspended, 15..22) => {
            let petition = *Petition::ALL.choose(rng).unwrap();
            let until = issue.due_at.max(now) + SignedDuration::from_hours(24 * rng.random_range(1..20));
            issue::ask(&mut tx, &handler, issue, seen, petition, Some(until), "办不了的理由").await
        }
        (State::Dispatched, 65..95) | (State::Suspended, 22..40) => {
            issue::decide_petition(&mut tx, &staff, issue, seen, rng.random_bool(0.7), "看过了").await.map(|_| ())
        }
        (State::Dispatched, _) => issue::progress(&mut tx, &handler, issue, seen, "办着", &[]).await,
        (State::Suspended, _) => issue::resume(&mut tx, &staff, issue, seen, "可以办了").await,
        (State::Escalated, dice) => {
            let news = match dice {
                0..20 => News::Acknowledged,
                20..35 => News::Progressed,
                35..80 => News::Answered,
                80..90 => News::Declined,
                _ => News::Recalled,
            };
            escalation::hear(&mut tx, &by(&app.act()), id, news, text).await
        }
        (State::Done, _) => issue::publish(&mut tx, &staff, issue, seen, "已经办好，请大家看一看", &[]).await,
        (State::Published, 0..40) => issue::contact_failed(&mut tx, &grid_worker, issue, seen, "没人应门").await,
        (State::Published, 40..75) | (State::Surveyed, 0..15) => {
            let respondent = if dice.is_multiple_of(5) { Respondent::Neighbour } else { Respondent::Reporter };
            let answer = Answer { respondent, report: None, score, solved, comment: String::new() };
            issue::survey(&mut tx, &grid_worker, issue, seen, answer).await
        }
        (State::Surveyed, 15..22) => issue::acknowledge(&mut tx, &staff, issue, seen, "看过了").await,
        (State::Surveyed, 22..92) => issue::close(&mut tx, &staff, issue, seen).await,
        (State::Published | State::Surveyed | State::Closed | State::Merged, _) => {
            let rated = issue::rate(&mut tx, &by(&app.act()), &cases[at].link, score, solved, "").await;
            rated.map(|next| link = Some(next))
        }
        (State::Refused | State::Redirected | State::Withdrawn, _) => Ok(()),
    };
    match done {
        Ok(()) => {}
        Err(Error::Refused(_)) => return,
        Err(error) => panic!("{error:?}"),
    }
    let issue = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
    tx.commit().await.unwrap();
    if let Some(until) = until {
        told.insert((id, issue.lock_version), until.as_millisecond());
    }
    cases[at].link = link.unwrap_or_else(|| cases[at].link.clone());
    cases[at].ended = !issue.state.open();
}
