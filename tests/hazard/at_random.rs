//! Anything is tried by anybody in any order: what is refused leaves nothing behind, and what must never be is not.

use std::collections::BTreeSet;

use db::Tx;
use doorstep::access::Act;
use doorstep::error::Error;
use doorstep::hazard::{self, Contact, Hazard, Level, Mode, Owner, State, Step, Supervision, TRANSITIONS, Words};
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::{Bureau, bureau, in_days, known, new, register};
use crate::support::TestApp;

db_test! {
    async fn whoever_acts_in_whatever_order_a_hazard_keeps_its_rules(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for seed in 0..40 {
            let id = walk(&app, &bureau, &mut StdRng::seed_from_u64(seed)).await;
            seen.extend(check(&app, id).await.into_iter().map(Step::code));
        }
        // The walks have been somewhere.
        for step in Step::ALL {
            assert!(seen.contains(step.code()), "no walk took {step}: {seen:?}");
        }
    }
}

async fn walk(app: &TestApp, bureau: &Bureau, rng: &mut StdRng) -> Uuid {
    let id = register(app, &bureau.first, new(&bureau.school, rng.random_range(0..600))).await;
    let actors = [&bureau.commander, &bureau.first, &bureau.second];
    for _ in 0..80 {
        let passes = if rng.random_bool(0.8) { 60 } else { 4_000 };
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(rng.random_range(1..passes)));
        let act = Act { at: app.means.now(), ..(*actors.choose(rng).unwrap()).clone() };
        let mut tx = app.db.begin().await.unwrap();
        match attempt(app, &mut tx, &act, rng, bureau, id).await {
            Ok(()) => tx.commit().await.unwrap(),
            Err(Error::Refused(_) | Error::Stale(_)) => drop(tx),
            Err(error) => panic!("{error:?}"),
        }
    }
    id
}

/// What is tried next: mostly something that can be done from here, and now and then anything. Dead ends are rare.
fn chosen(rng: &mut StdRng, state: State) -> Step {
    loop {
        let step = *Step::ALL.choose(rng).unwrap();
        let likely = match step {
            Step::Dismissed => 1,
            step if state.after(step).is_some() => 12,
            _ => 1,
        };
        if rng.random_ratio(likely, 20) {
            return step;
        }
    }
}

async fn attempt(
    app: &TestApp,
    tx: &mut Tx,
    act: &Act,
    rng: &mut StdRng,
    bureau: &Bureau,
    id: Uuid,
) -> Result<(), Error> {
    let mut known = hazard::hazard(tx, act.tenant, id).await?;
    let hazard: &mut Hazard = &mut known;
    let seen = if rng.random_ratio(1, 40) { 0 } else { hazard.lock_version };
    let photos: &[Uuid] = if rng.random_ratio(9, 10) { &[bureau.photo] } else { &[] };
    let until = in_days(app, rng.random_range(-2..45));
    let said = Words { words: "看过了", photos };
    let level = *Level::ALL.choose(rng).unwrap();
    let grading = (level, *Mode::ALL.choose(rng).unwrap());
    match chosen(rng, hazard.state) {
        Step::Graded => hazard::grade(tx, act, hazard, seen, grading, "").await,
        Step::Regraded => hazard::regrade(tx, act, hazard, seen, grading, "情况变了").await,
        Step::Dismissed => hazard::dismiss(tx, act, hazard, seen, "重复").await,
        Step::Assigned => {
            let owner = match [&bureau.first, &bureau.second].choose(rng) {
                Some(one) if rng.random_bool(0.6) => Owner::Own(one.account.unwrap()),
                _ => Owner::Outside(Contact { name: "李强".to_owned(), phone: String::new() }),
            };
            let until = rng.random_bool(0.9).then_some(until);
            hazard::assign(tx, act, hazard, seen, (owner, "物业"), until, "清理通道").await
        }
        Step::Began => hazard::begin(tx, act, hazard, seen, "").await,
        Step::Progressed => hazard::progress(tx, act, hazard, seen, said).await,
        Step::Extended => hazard::extend(tx, act, hazard, seen, until, "来不及").await,
        Step::Transferred => hazard::transfer(tx, act, hazard, seen, ("城市管理局", until), "请处理").await.map(drop),
        Step::Urged => hazard::urge(tx, act, hazard, seen, "打过电话").await,
        Step::Replied => hazard::heard(tx, act, hazard, seen, until, "在办").await,
        Step::Returned => hazard::give_back(tx, act, hazard, seen, "不归我们").await,
        Step::Listed => {
            let sign = *Supervision::ALL.choose(rng).unwrap();
            hazard::list(tx, act, hazard, seen, (sign, until), "尽快").await
        }
        Step::Unlisted => hazard::unlist(tx, act, hazard, seen, "到位").await,
        Step::Fixed => hazard::fix(tx, act, hazard, seen, said).await,
        Step::Failed => hazard::fail(tx, act, hazard, seen, until, said).await,
        Step::Passed => hazard::pass(tx, act, hazard, seen, said).await,
        Step::Closed => hazard::close(tx, act, hazard, seen, "").await,
        Step::Reopened => hazard::reopen(tx, act, hazard, seen, "反弹").await,
        Step::Shared => hazard::share(tx, act, hazard, seen, true).await,
        Step::Unshared => hazard::share(tx, act, hazard, seen, false).await,
        Step::Registered | Step::Supplemented => hazard::supplement(tx, act, hazard, seen, said).await,
    }
}

/// Gives the steps that were taken.
async fn check(app: &TestApp, id: Uuid) -> Vec<Step> {
    let hazard = known(app, id).await;
    let mut tx = app.db.read().await.unwrap();
    let events = hazard::events(&mut tx, app.home.tenant, id).await.unwrap();
    // The state is where the steps lead, and every step is in the table.
    let mut state = State::Registered;
    for event in events.iter().skip(1) {
        let known = TRANSITIONS.iter().find(|known| known.step == event.step && known.from.contains(&state));
        let known = known.unwrap_or_else(|| panic!("{state} {}", event.step));
        state = known.to.unwrap_or(state);
    }
    assert_eq!(state, hazard.state);
    assert_eq!(hazard.remind_at.is_some(), state.open());
    assert!(events.is_sorted_by_key(|event| event.at));
    assert_eq!(events.len() as i64, hazard.lock_version);
    // Whoever had a hand in the fixing of a turn neither looks again nor strikes off in it; one looks before it is struck off.
    let mut hands: BTreeSet<(i64, Uuid)> = BTreeSet::new();
    for (at, event) in events.iter().enumerate() {
        let account = event.account_id.unwrap();
        match event.step {
            step if step.is_fixing() => _ = hands.insert((event.turn, account)),
            Step::Passed | Step::Failed | Step::Closed => {
                assert!(!hands.contains(&(event.turn, account)), "{} by a fixer", event.step);
            }
            _ => {}
        }
        if event.step == Step::Closed {
            let before = events[..at].iter().rev().find(|event| {
                !matches!(event.step, Step::Unlisted | Step::Shared | Step::Unshared | Step::Supplemented)
            });
            assert_eq!(before.map(|event| event.step), Some(Step::Passed));
        }
    }
    // A sign hangs on nothing minor, and on nothing that is struck off.
    assert!(!hazard.listed() || (hazard.level == Some(Level::Major) && state != State::Closed));
    // One transfer is open where it is transferred, and none elsewhere.
    let transfers = hazard::transfers(&mut tx, app.home.tenant, id).await.unwrap();
    let open = transfers.iter().filter(|transfer| transfer.answer.is_none()).count();
    assert_eq!(open, usize::from(state == State::Transferred));
    events.into_iter().map(|event| event.step).collect()
}
