//! The loop, walked at random: whoever acts, in whatever order, what must never happen does not.

use std::collections::BTreeSet;

use db::{Tx, record, statements};
use doorstep::access::{self, Act, OrganisationKind, Role};
use doorstep::error::Error;
use doorstep::issue::{
    self, Answer, Category, Due, Elsewhere, Grading, Issue, Level, NewIssue, Petition, Place, Remedy, Respondent,
    Score, Solved, Source, State, Step, TRANSITIONS, Tier,
};
use doorstep::place;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::support::TestApp;

statements! {
    EVENTS = "SELECT kind, at, due_at, round, account_id, note FROM issue_events WHERE tenant_id = $1 AND issue_id = $2 ORDER BY position";
    AUDITED = "SELECT action FROM audit_entries WHERE tenant_id = $1 AND subject_id = $2 AND subject_kind = 'issue' ORDER BY position";
}

record! {
    struct Event { kind: Step, at: Timestamp, due_at: Option<Timestamp>, round: i64, account_id: Option<Uuid>, note: String }
    struct Audited { action: String }
}

/// So many tries on each walk, which is one of one issue.
const TRIES: usize = 150;

/// As many walks as `DOORSTEP_WALKS` says: a hundred and twenty each time, thousands after a change of the loop.
fn walks() -> u64 {
    std::env::var("DOORSTEP_WALKS").map_or(120, |walks| walks.parse().expect("DOORSTEP_WALKS is a number"))
}

pub struct Cast {
    parties: Vec<Uuid>,
    actors: Vec<Act>,
    places: Vec<Place>,
}

/// Whoever may act on the issues of a walk.
pub async fn cast(app: &TestApp) -> Cast {
    let mut tx = app.db.begin().await.unwrap();
    let kind = OrganisationKind::PropertyCompany;
    let company = access::create_organisation(&mut tx, &app.act(), None, kind, "安心物业", None).await.unwrap();
    let mut places = vec![Place::Community];
    for name in ["王府名苑小区", "水保所家属院"] {
        let id = place::create_estate(&mut tx, &app.act(), name, None, None).await.unwrap();
        places.push(Place::Estate { id, name: name.to_owned(), grid: None });
    }
    tx.commit().await.unwrap();
    let home = app.home.organisation;
    let mut actors = Vec::new();
    for (role, organisation) in [
        (Role::Secretary, home),
        (Role::Staff, home),
        (Role::Staff, home),
        (Role::BranchSecretary, home),
        (Role::GridWorker, home),
        (Role::GridWorker, home),
        (Role::PropertyManager, company),
        (Role::PropertyManager, company),
    ] {
        let account = app.means.id();
        actors.push(Act { account: Some(account), organisation: Some(organisation), role, ..app.act() });
    }
    Cast { parties: vec![home, company], actors, places }
}

/// Tries one thing at random; what is refused leaves nothing behind.
async fn attempt(tx: &mut Tx, act: &Act, rng: &mut StdRng, cast: &Cast, id: Uuid, other: Uuid) -> Result<(), Error> {
    let mut issue = issue::issue(tx, act.tenant, id).await?;
    let (issue, seen) = (&mut issue, rng.random_ratio(1, 40).then_some(0));
    let seen = seen.unwrap_or(issue.lock_version);
    let days = |days: i64| act.at + SignedDuration::from_hours(24 * days);
    let photos: [Uuid; 0] = [];
    match chosen(rng, issue.state) {
        Step::Accepted => {
            let tier = *Tier::ALL.choose(rng).unwrap();
            let grading = Grading {
                category: *Category::ALL.choose(rng).unwrap(),
                tier,
                remedy: Remedy::SelfHelp,
                summary: "路灯不亮".to_owned(),
            };
            issue::accept(tx, act, issue, seen, grading).await
        }
        Step::Refused => issue::refuse(tx, act, issue, seen, "不归社区管的事").await,
        Step::Redirected => {
            let (to, reason) = ("法院".to_owned(), "正在审理".to_owned());
            issue::redirect(tx, act, issue, seen, Elsewhere { remedy: Some(Remedy::Legal), to, reason }).await
        }
        Step::Merged => {
            let into = issue::issue(tx, act.tenant, other).await?;
            issue::merge(tx, act, issue, seen, &into).await
        }
        Step::Withdrawn => issue::withdraw(tx, act, id).await,
        Step::Dispatched => {
            let party = *cast.parties.choose(rng).unwrap();
            issue::dispatch(tx, act, issue, seen, party, Due::ByTier, "").await
        }
        Step::Raised => issue::level::raise(tx, act, issue, seen, "小区里办不了").await,
        Step::Lowered => issue::level::lower(tx, act, issue, seen, "小区里能办").await,
        Step::Progressed => issue::progress(tx, act, issue, seen, "办着", &photos).await,
        Step::Done => issue::finish(tx, act, issue, seen, "办好了", &photos).await,
        Step::ExtensionRequested | Step::SuspensionRequested | Step::Disputed => {
            let petition = *Petition::ALL.choose(rng).unwrap();
            let until = rng.random_bool(0.9).then(|| days(rng.random_range(-2..120)));
            issue::ask(tx, act, issue, seen, petition, until, "办不了的理由").await
        }
        Step::ExtensionDecided | Step::Suspended | Step::DisputeUpheld => {
            issue::decide_petition(tx, act, issue, seen, rng.random_bool(0.6), "看过了").await.map(|_| ())
        }
        Step::Resumed => issue::resume(tx, act, issue, seen, "可以办了").await,
        Step::Published => issue::publish(tx, act, issue, seen, "已经办好，请大家看一看", &photos).await,
        Step::Surveyed => {
            let score = Score::parse(&rng.random_range(1..=5).to_string()).unwrap();
            let respondent = *Respondent::ALL.choose(rng).unwrap();
            let solved = *Solved::ALL.choose(rng).unwrap();
            let answer = Answer { respondent, report: None, score, solved, comment: String::new() };
            issue::survey(tx, act, issue, seen, answer).await
        }
        Step::ContactFailed => issue::contact_failed(tx, act, issue, seen, "没人应门").await,
        Step::Closed => issue::close(tx, act, issue, seen).await,
        _ => issue::acknowledge(tx, act, issue, seen, "支部看过了").await,
    }
}

/// What is tried next: mostly something that can be done from here, and now and then anything. Ends are rare.
fn chosen(rng: &mut StdRng, state: State) -> Step {
    loop {
        let step = *Step::ALL.choose(rng).unwrap();
        let ends = matches!(step, Step::Refused | Step::Redirected | Step::Merged | Step::Withdrawn);
        let likely = if state.after(step).is_some() && !ends { 10 } else { 1 };
        if rng.random_ratio(likely, 20) {
            return step;
        }
    }
}

fn file(place: Place) -> NewIssue {
    NewIssue {
        source: Source::Web,
        category: Category::Lighting,
        description: "路灯不亮".to_owned(),
        place,
        place_text: String::new(),
        reporter: Some(issue::Reporter { name: String::new(), phone: "13800001234".to_owned() }),
        photos: Vec::new(),
    }
}

async fn check(tx: &mut Tx, tenant: Uuid, issue: &Issue) {
    let events: Vec<Event> = tx.all(EVENTS.bind(tenant).bind(issue.id)).await.unwrap();
    // The state is where the steps lead, and every step is in the table.
    let mut state = State::Submitted;
    for event in events.iter().skip(1) {
        let known = TRANSITIONS.iter().find(|known| known.step == event.kind && known.from.contains(&state));
        let known = known.unwrap_or_else(|| panic!("{state} {}", event.kind));
        state = known.to.unwrap_or(state);
    }
    assert_eq!(state, issue.state);
    assert_eq!(issue.ended_at.is_some(), !state.open());
    assert!(issue.remaining_minutes.is_none_or(|minutes| minutes >= 0) && issue.due_at >= issue.reported_at);
    assert!(
        events.is_sorted_by_key(|event| event.at)
            && events.iter().all(|event| event.due_at.is_none_or(|due| due >= issue.reported_at))
    );
    // It leads who was handed it last: up one level at a time, and down by the community.
    let begins = if issue.estate_id.is_some() { Level::Branch } else { Level::Community };
    let level = events.iter().fold(begins, |level, event| match event.kind {
        Step::Raised => {
            assert!(level < Level::Community, "raised beyond the community");
            Level::Community
        }
        Step::Lowered => {
            assert_eq!(level, Level::Community);
            Level::Branch
        }
        _ => level,
    });
    assert_eq!(level, issue.level);
    // Whoever worked on it neither asks nor closes.
    let by = |kinds: &[Step]| -> BTreeSet<Uuid> {
        events.iter().filter(|event| kinds.contains(&event.kind)).filter_map(|event| event.account_id).collect()
    };
    let handlers = by(&[Step::Progressed, Step::Done]);
    let mut worked: BTreeSet<Uuid> = BTreeSet::new();
    for event in &events {
        let account = event.account_id.unwrap_or_default();
        match event.kind {
            Step::Progressed | Step::Done => _ = worked.insert(account),
            Step::Surveyed | Step::NeighbourSurveyed | Step::ContactFailed | Step::Closed => {
                assert!(!worked.contains(&account), "{} by a handler", event.kind);
            }
            _ => {}
        }
    }
    assert_eq!(handlers, worked);
    // Nothing is struck off unasked, or without three days of trying; nothing else ends without a reason.
    match state {
        State::Closed => {
            let of_round = |kind| events.iter().filter(move |event| event.round == issue.round && event.kind == kind);
            let day = |event: &Event| event.at.to_zoned_datetime(calendar::shanghai()).date();
            let tried: BTreeSet<_> = of_round(Step::ContactFailed).map(day).collect();
            assert!(
                of_round(Step::Surveyed).count() > 0 || (of_round(Step::Unreachable).count() == 1 && tried.len() >= 3)
            );
        }
        State::Refused | State::Redirected | State::Merged | State::Withdrawn => {
            let end = events
                .iter()
                .rev()
                .find(|event| matches!(event.kind, Step::Refused | Step::Redirected | Step::Merged | Step::Withdrawn));
            assert!(!end.unwrap().note.is_empty());
        }
        _ => {}
    }
    // The audit log has the same chain.
    let audited: Vec<Audited> = tx.all(AUDITED.bind(tenant).bind(issue.id)).await.unwrap();
    let audited: Vec<&str> = audited.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(audited, events.iter().map(|event| event.kind.code()).collect::<Vec<_>>());
}

/// Files an issue and tries one thing after another on it, while time passes. Gives its id.
pub async fn walk(app: &TestApp, cast: &Cast, seed: u64) -> Uuid {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut tx = app.db.begin().await.unwrap();
    let place = cast.places[seed as usize % cast.places.len()].clone();
    let id = issue::file(&mut tx, &app.act(), file(place.clone())).await.unwrap().id;
    let other = issue::file(&mut tx, &app.act(), file(place)).await.unwrap().id;
    tx.commit().await.unwrap();
    for _ in 0..TRIES {
        let most = if rng.random_bool(0.5) { 240 } else { 4_000 };
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(rng.random_range(1..most)));
        let act = Act { at: app.means.now(), ..cast.actors.choose(rng).unwrap().clone() };
        let mut tx = app.db.begin().await.unwrap();
        match attempt(&mut tx, &act, rng, cast, id, other).await {
            Ok(()) => tx.commit().await.unwrap(),
            Err(Error::Refused(_) | Error::Stale(_)) => drop(tx),
            Err(error) => panic!("seed {seed}: {error:?}"),
        }
    }
    id
}

db_test! {
    async fn whoever_acts_in_whatever_order_nothing_happens_that_must_not(app: TestApp) {
        let cast = cast(&app).await;
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut ends: BTreeSet<&str> = BTreeSet::new();
        for seed in 0..walks() {
            let id = walk(&app, &cast, seed).await;
            let mut tx = app.db.read().await.unwrap();
            let walked = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
            check(&mut tx, app.home.tenant, &walked).await;
            let events: Vec<Event> = tx.all(EVENTS.bind(app.home.tenant).bind(id)).await.unwrap();
            seen.extend(events.iter().map(|event| event.kind.code()));
            ends.insert(walked.state.code());
        }
        // The walks have been somewhere.
        for step in [Step::Suspended, Step::Resumed, Step::DisputeUpheld, Step::Reopened, Step::Closed, Step::Unreachable, Step::Raised, Step::Lowered] {
            assert!(seen.contains(step.code()), "no walk took {step}: {seen:?}");
        }
        assert!(ends.len() >= 5, "{ends:?}");
    }
}
