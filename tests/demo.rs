//! The synthetic communities: their figures are those of the page, and they are made by the ordinary operations.

use std::collections::BTreeMap;

use db::{Record, Statement, Tx, record, statements};
use doorstep::access::{self, Link};
use doorstep::after_school;
use doorstep::audit;
use doorstep::demo::{self, Order};
use doorstep::hazard;
use doorstep::issue::{Category, State};
use doorstep::party;
use doorstep::service;
use doorstep::volunteer;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::support::{Engine, TestApp};

statements! {
    HELD = "SELECT COUNT(*) AS count FROM meetings WHERE tenant_id = $1 AND state = 'ended' AND planned_at >= $2";
    TALKED_OVER = "SELECT COUNT(*) AS count FROM agenda_items a JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        WHERE a.tenant_id = $1 AND m.state = 'ended' AND m.planned_at >= $2";
    HOUSEHOLDS = "SELECT COUNT(*) AS count FROM households WHERE tenant_id = $1";
    RESIDENTS = "SELECT COUNT(*) AS count FROM residents WHERE tenant_id = $1";
    ISSUES = "SELECT state, category FROM issues WHERE tenant_id = $1";
    ESTATES = "SELECT name FROM estates WHERE tenant_id = $1 ORDER BY name";
    SURVEYS = "SELECT s.homes, (SELECT COUNT(*) FROM community_survey_doors d WHERE d.tenant_id = s.tenant_id AND d.survey_id = s.id
        AND d.state = 'answered') AS answered FROM community_surveys s WHERE s.tenant_id = $1 AND s.publication_id IS NOT NULL";
    NEEDS = "SELECT DISTINCT state AS name FROM service_needs WHERE tenant_id = $1 ORDER BY state";
    INCIDENTS = "SELECT state AS word, COUNT(*) AS count FROM class_incidents WHERE tenant_id = $1 GROUP BY state ORDER BY state";
    PICTURES = "SELECT COUNT(DISTINCT c.picture_id) AS count FROM class_picture_children c JOIN child_consents k ON k.tenant_id = c.tenant_id
        AND k.child_id = c.child_id AND k.purpose = 'photos' AND k.withdrawn_at IS NULL WHERE c.tenant_id = $1";
    CODES = "SELECT COUNT(*) AS count FROM class_codes WHERE tenant_id = $1 AND (used_at IS NOT NULL OR expires_at > $2)";
    ALARMS = "SELECT COUNT(*) AS count FROM class_presences WHERE tenant_id = $1 AND alarms > 0 AND answer = 'on_way' AND standing = 'released'";
    LEFT_BEHIND = "SELECT COUNT(*) AS count FROM class_presences p JOIN class_sessions s ON s.tenant_id = p.tenant_id AND s.id = p.session_id
        WHERE p.tenant_id = $1 AND s.ends_at < $2 AND p.standing IN ('expected', 'here')";
    HAZARDS = "SELECT state AS word, COUNT(*) AS count FROM hazards WHERE tenant_id = $1 GROUP BY state ORDER BY state";
    PATROLLED = "SELECT COUNT(*) AS count FROM patrol_checks WHERE tenant_id = $1";
    DEPLOYED = "SELECT state AS word, COUNT(*) AS count FROM deployment_plans WHERE tenant_id = $1 GROUP BY state ORDER BY state";
    ROUNDS = "SELECT state AS word, COUNT(*) AS count FROM hazard_rounds WHERE tenant_id = $1 GROUP BY state ORDER BY state";
    PLACES = "SELECT kind AS word, COUNT(*) AS count FROM hazard_places WHERE tenant_id = $1 GROUP BY kind ORDER BY kind";
    SURVEYED = "SELECT COUNT(*) AS count FROM hazard_surveys WHERE tenant_id = $1 AND version = 2";
    TO_OTHERS = "SELECT COUNT(*) AS count FROM hazard_transfers WHERE tenant_id = $1 AND answer IS NULL AND reply_due_at < $2";
    /// A sign that hangs, something that has come back, and what two different people have fixed and looked at.
    MARKED = "SELECT COUNT(*) AS count FROM hazards WHERE tenant_id = $1 AND open = TRUE AND (supervision IS NOT NULL AND unlisted_at IS NULL OR turn > 1)";
    SHARED = "SELECT COUNT(*) AS count FROM hazards WHERE tenant_id = $1 AND shared = TRUE";
    WITHOUT_PHOTO = "SELECT COUNT(*) AS count FROM hazards h WHERE h.tenant_id = $1 AND h.fixed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hazard_photos p
        WHERE p.tenant_id = h.tenant_id AND p.hazard_id = h.id)";
    STEPS_LATER = "SELECT COUNT(*) AS count FROM hazard_events WHERE tenant_id = $1 AND at > $2";
    LATER = "SELECT COUNT(*) AS count FROM issue_events WHERE tenant_id = $1 AND at > $2";
}

record! {
    struct Count { count: i64 }
    struct Filed { state: State, category: Category }
    struct Estate { name: String }
    struct Counted { word: String, count: i64 }
    struct Survey { homes: i64, answered: i64 }
}

async fn all<T: Record>(tx: &mut Tx, statement: Statement, tenant: Uuid) -> Vec<T> {
    tx.all(statement.bind(tenant)).await.unwrap()
}

async fn count(tx: &mut Tx, statement: Statement, tenant: Uuid) -> i64 {
    all::<Count>(tx, statement, tenant).await[0].count
}

#[tokio::test]
async fn the_demonstration_has_the_figures_of_the_page() {
    let app = TestApp::start(Engine::Sqlite).await;
    let made = demo::build(&app.db, &app.means, "Beichuan-2026", &ProgressBar::hidden()).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let tenant = access::tenant_by_code(&mut tx, demo::CODE).await.unwrap().unwrap().tenant_id;
    assert_eq!(count(&mut tx, HOUSEHOLDS, tenant).await, 1580);
    assert_eq!(count(&mut tx, RESIDENTS, tenant).await, 4915);
    let estates: Vec<Estate> = all(&mut tx, ESTATES, tenant).await;
    for name in ["王府名苑小区", "水保所家属院"] {
        assert!(estates.iter().any(|estate| estate.name == name), "{name}");
    }

    let issues: Vec<Filed> = all(&mut tx, ISSUES, tenant).await;
    let about_property = issues.iter().filter(|issue| issue.category.of_property()).count();
    assert!(about_property * 10 > issues.len() * 6, "{about_property} of {}", issues.len());
    let mut states = BTreeMap::new();
    issues.iter().for_each(|issue| *states.entry(issue.state.code()).or_insert(0) += 1);
    // Nobody stands above the demonstration's community, so nothing is passed up.
    let possible = State::ALL.iter().filter(|state| **state != State::Escalated);
    let missing: Vec<&str> = possible.map(|state| state.code()).filter(|state| !states.contains_key(state)).collect();
    assert!(missing.is_empty(), "no issue is {missing:?}: {states:?}");

    let july: Timestamp = "2025-07-01T00:00:00+08:00".parse().unwrap();
    let held: Vec<Count> = tx.all(HELD.bind(tenant).bind(july)).await.unwrap();
    let talked_over: Vec<Count> = tx.all(TALKED_OVER.bind(tenant).bind(july)).await.unwrap();
    assert!(
        held[0].count > 10 && talked_over[0].count > 20,
        "{} sessions, {} items",
        held[0].count,
        talked_over[0].count
    );

    let surveys: Vec<Survey> = all(&mut tx, SURVEYS, tenant).await;
    assert_eq!(surveys.iter().map(|survey| (survey.homes, survey.answered)).collect::<Vec<_>>(), [(1580, 310)]);

    let organisations = access::organisations(&mut tx, tenant).await.unwrap();
    let branch = organisations.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id;
    let branch = party::branch_of(&mut tx, tenant, branch).await.unwrap().unwrap();
    let today = app.means.now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let roll = party::roll(&mut tx, tenant, branch, today).await.unwrap();
    assert_eq!((roll.should_attend, roll.voters, roll.everybody.len()), (56, 51, 64));

    let teams = volunteer::teams(&mut tx, tenant, &access::Scope::tenant()).await.unwrap();
    assert_eq!((teams.len(), teams.iter().filter(|placed| placed.team.named).count()), (10, 4));
    assert!(teams.iter().filter(|placed| placed.team.named).all(|placed| placed.people >= 6), "{teams:?}");
    let (everything, first) = (access::Scope::tenant(), db::Cursor::FIRST);
    let coming = volunteer::coming(&mut tx, tenant, &everything, app.means.now(), first, 20).await.unwrap().items;
    let saturday = &coming[0];
    assert!(saturday.when().contains("星期六 08:00"), "{}", saturday.when());
    assert_eq!((saturday.estate_name.as_deref(), saturday.confirmed), (Some("水保所家属院"), 6));

    // Needs in every state, the Saturday from door to door, and the clinic.
    let needs: Vec<Estate> = all(&mut tx, NEEDS, tenant).await;
    let needs: Vec<&str> = needs.iter().map(|state| state.name.as_str()).collect();
    assert_eq!(needs, ["done", "matched", "open", "unmet", "withdrawn"]);
    let (now, everything) = (app.means.now(), access::Scope::tenant());
    let lately = (now - SignedDuration::from_hours(24 * 90), now);
    let figures = service::figures(&mut tx, tenant, &everything, lately, None).await.unwrap();
    let rounds: Vec<_> = figures.rounds.iter().map(|of| (of.estate_name.as_str(), of.times, of.doors)).collect();
    assert_eq!(rounds, [("水保所家属院", 1, 20)]);
    for name in ["装了反诈App", "留了宣传册（电信诈骗、非法集资）", "教了手机", "翻了土", "清了院子", "没人"]
    {
        assert!(figures.outcomes.iter().any(|of| of.name == name && of.doors > 0), "{name}: {figures:?}");
    }
    let clinic = &figures.providers[0];
    assert!(clinic.times >= 3 && clinic.doors > 0 && clinic.people > 0 && clinic.leaflets > 0, "{clinic:?}");
    let (scope, until) = (access::Scope::tenant(), app.means.now());
    let classes = after_school::Wanted { scope: &scope, from: Timestamp::UNIX_EPOCH, until, estate: None };
    let classes = after_school::figures(&mut tx, tenant, &classes).await.unwrap();
    let held: i64 = classes.kinds.iter().map(|of| of.sessions).sum();
    assert!(classes.on_roll == 255 && held > 100, "{} children, {held} classes", classes.on_roll);
    assert!(
        classes.kinds.len() == 3 && classes.kinds.iter().all(|of| of.children > of.sessions * 9),
        "{:?}",
        classes.kinds
    );
    // The class after school has had its days: nobody was left behind, and what happened was looked after.
    let incidents: Vec<Counted> = all(&mut tx, INCIDENTS, tenant).await;
    let incidents: Vec<(&str, i64)> = incidents.iter().map(|one| (one.word.as_str(), one.count)).collect();
    assert_eq!(incidents, [("closed", 1), ("followed", 1)]);
    assert_eq!(count(&mut tx, PICTURES, tenant).await, 3, "each with children whose guardians agree");
    assert_eq!(count(&mut tx, ALARMS, tenant).await, 1);
    for (statement, expected) in [(CODES, 2), (LEFT_BEHIND, 0)] {
        let found: Vec<Count> = tx.all(statement.bind(tenant).bind(app.means.now())).await.unwrap();
        assert_eq!(found[0].count, expected, "{}", statement.name);
    }

    hazards_of_the_bureau(&mut tx, app.means.now()).await;
    let verdict = audit::verify(&mut tx, tenant).await.unwrap();
    assert_eq!(verdict.broken, None);
    let later: Vec<Count> = tx.all(LATER.bind(tenant).bind(app.means.now())).await.unwrap();
    assert_eq!(later[0].count, 0, "nothing has happened in the future");
    drop(tx);

    assert_eq!(made.accounts.len(), 17);
    for account in &made.accounts {
        let page = app.browser().sign_in(account.login, "Beichuan-2026").await;
        page.assert_ok().assert_contains(&account.name);
    }
    let invitation: Link = made.invitation.unwrap();
    app.browser().get(&format!("/join/{invitation}")).await.assert_ok().assert_contains("第一网格 网格员");
}

/// 隐患台账 as the bureau has kept it: something in every state, rounds, places of both kinds, surveys in versions.
async fn hazards_of_the_bureau(tx: &mut Tx, now: Timestamp) {
    let tenant = access::tenant_by_code(tx, "141102000000").await.unwrap().unwrap().tenant_id;
    assert!(count(tx, PATROLLED, tenant).await > 20, "a week of patrols");
    let plans: Vec<Counted> = all(tx, DEPLOYED, tenant).await;
    let plans: Vec<(&str, i64)> = plans.iter().map(|one| (one.word.as_str(), one.count)).collect();
    assert_eq!(plans, [("approved", 2), ("draft", 1)]);
    let counted = async |tx: &mut Tx, statement| {
        let found: Vec<Counted> = all(tx, statement, tenant).await;
        found.into_iter().map(|one| (one.word, one.count)).collect::<BTreeMap<String, i64>>()
    };
    let hazards = counted(tx, HAZARDS).await;
    let missing: Vec<&str> =
        hazard::State::ALL.iter().map(|state| state.code()).filter(|state| !hazards.contains_key(*state)).collect();
    assert!(missing.is_empty(), "no hazard is {missing:?}: {hazards:?}");
    assert_eq!(hazards["transferred"], 2);
    let rounds = counted(tx, ROUNDS).await;
    assert_eq!(
        rounds.into_iter().collect::<Vec<_>>(),
        [("cancelled", 1), ("done", 2), ("planned", 1)].map(|(word, count)| (word.to_owned(), count))
    );
    assert_eq!(counted(tx, PLACES).await.len(), 2);
    assert_eq!(count(tx, SURVEYED, tenant).await, 1);
    assert_eq!(count(tx, MARKED, tenant).await, 2);
    assert!(count(tx, SHARED, tenant).await >= 3);
    assert_eq!(count(tx, WITHOUT_PHOTO, tenant).await, 0);
    for (statement, expected) in [(TO_OTHERS, 1), (STEPS_LATER, 0)] {
        let found: Vec<Count> = tx.all(statement.bind(tenant).bind(now)).await.unwrap();
        assert_eq!(found[0].count, expected, "{}", statement.name);
    }
    assert_eq!(audit::verify(tx, tenant).await.unwrap().broken, None);
}

db_test! {
    async fn a_community_of_any_size_is_made_from_a_seed(app: TestApp) {
        let bar = ProgressBar::hidden();
        let order = |code: &str| Order {
            code: code.to_owned(), name: "示例社区".to_owned(), residents: 160, issues: 130, seed: 7,
        };
        let made = demo::generate(&app.db, &app.means, &order("141102004901"), &bar).await.unwrap();
        let mut tx = app.db.read().await.unwrap();
        let tenant = access::tenant_by_code(&mut tx, "141102004901").await.unwrap().unwrap().tenant_id;
        assert_eq!(count(&mut tx, RESIDENTS, tenant).await, 160);
        assert_eq!(count(&mut tx, HOUSEHOLDS, tenant).await, made.households as i64);
        assert_eq!(all::<Filed>(&mut tx, ISSUES, tenant).await.len(), 130);
        assert_eq!(audit::verify(&mut tx, tenant).await.unwrap().broken, None);
        drop(tx);

        let again = demo::generate(&app.db, &app.means, &order("141102004901"), &bar).await;
        assert!(again.is_err(), "what is there is not mixed with what is made up");
        let empty = Order { residents: 0, issues: 0, ..order("141102004902") };
        demo::generate(&app.db, &app.means, &empty, &bar).await.unwrap();
        demo::generate(&app.db, &app.means, &order("141102004902"), &bar).await.unwrap();
    }
}
