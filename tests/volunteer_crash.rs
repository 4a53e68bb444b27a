//! The program is killed with SIGKILL while two hundred sign up for ten places and give them up again, at a moment that chance decides, and
//! started again: nobody is booked over, nobody passed over, no place stays empty while somebody waits, and what was acknowledged holds.

use std::path::Path;

use doorstep::access::Act;
use doorstep::audit;
use doorstep::volunteer::{
    self, Field, Kind, NewVolunteer, Place, Plan, Post, Risk, SignUp, Sketch, Span, TeamKind, Values, Way,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::crash::{crashes, open, prepare, start};
use crate::support::{Browser, cluster};

const PEOPLE: usize = 200;
const PLACES: usize = 10;

#[tokio::test]
async fn no_place_is_given_twice_or_lost_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    kill_while_signing_up(folder.path(), &address, crashes(4)).await;
}

#[tokio::test]
async fn no_place_is_given_twice_or_lost_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("doorstep_{}_places", std::process::id());
    cluster::shared().create_database(&name, None);
    kill_while_signing_up(folder.path(), &cluster::shared().url(&name), crashes(3)).await;
}

/// An activity with ten places, and two hundred who may take part, each with their link.
struct Crowd {
    tenant: Uuid,
    activity: Uuid,
    people: Vec<(Uuid, String)>,
}

async fn crowd(data: &Path, address: &str) -> Crowd {
    let (_, _, tenant) = prepare(data, address).await;
    let (db, means) = open(data, address).await;
    let act = Act::system(tenant, &means);
    let mut tx = db.begin().await.unwrap();
    let sketch = Sketch {
        name: "周六志愿服务队".to_owned(),
        named: true,
        kind: TeamKind::General,
        slogan: String::new(),
        founded_on: None,
        ended_on: None,
        estates: Vec::new(),
        targets: Vec::new(),
    };
    let team = volunteer::create_team(&mut tx, &act, &sketch).await.unwrap();
    let starts_at = Timestamp::from_second(act.at.as_second() / 86_400 * 86_400).unwrap();
    let starts_at = starts_at + SignedDuration::from_hours(24 * 20);
    let plan = Plan {
        kind: Kind::Service,
        estate: None,
        title: "教老人用手机".to_owned(),
        place: "大门口".to_owned(),
        needs: String::new(),
        span: Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) },
        capacity: PLACES as i64,
        risk: Risk::Low,
        risk_notice: String::new(),
        least_age: 14,
    };
    let (activity, _) = volunteer::plan(&mut tx, &act, team, &plan, None).await.unwrap();
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let values = Values::from([
            (Field::Name, format!("志愿者{number}")),
            (Field::Sex, "1".to_owned()),
            (Field::Birth, "1990-03-07".to_owned()),
            (Field::Phone, "13800001234".to_owned()),
        ]);
        let way = Way::Applied;
        let new = NewVolunteer { way, values, team: None, estate: None, recommender: None, guardian: None };
        let card = volunteer::apply(&mut tx, &act, new).await.unwrap();
        volunteer::confirm(&mut tx, &act, &card).await.unwrap();
        let today = act.at.to_zoned_datetime(calendar::shanghai()).date();
        volunteer::join(&mut tx, &act, team, card.id, Post::Member, way, today).await.unwrap();
        people.push((card.id, format!("/volunteering/{}", card.link(tenant, &means.keys))));
    }
    tx.commit().await.unwrap();
    db.close().await;
    Crowd { tenant, activity, people }
}

/// What one of the crowd knows: whether they are down by the last answer, and what they had asked for when the program was gone.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    down: bool,
    asked: Option<bool>,
}

/// Signs up, and now and then gives up again, until the program is gone or enough is done.
async fn take_part(
    url: String,
    own: String,
    activity: Uuid,
    mut known: Known,
    (tries, mut random): (usize, StdRng),
    said: mpsc::UnboundedSender<()>,
) -> Known {
    let browser = Browser::new(&url);
    // Whoever was told nothing looks at how they stand.
    if known.asked.is_some() {
        let Ok(page) = browser.try_get(&own).await else { return known };
        known = Known { down: page.body.contains(&format!("/sign-ups/{activity}/removal")), asked: None };
    }
    for _ in 0..tries {
        let wants = !known.down;
        if !wants && random.random_bool(0.5) {
            continue;
        }
        known.asked = Some(wants);
        let (fields, path) = match wants {
            true => (vec![("activity", activity.to_string())], format!("{own}/sign-ups")),
            false => (Vec::new(), format!("{own}/sign-ups/{activity}/removal")),
        };
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let Ok(answer) = browser.try_post(&path, &fields).await else { return known };
        answer.assert_ok();
        known = Known { down: wants, asked: None };
        let _ = said.send(());
    }
    known
}

async fn kill_while_signing_up(data: &Path, address: &str, times: usize) {
    let crowd = crowd(data, address).await;
    let mut known = vec![Known::default(); PEOPLE];
    let mut random = StdRng::seed_from_u64(200);
    let mut cut = 0;
    // After the last kill everybody who is not down signs up, and nobody is interrupted.
    for round in 0..=times {
        let last = round == times;
        let (mut program, url) = start(data, address, &["--sign-ins-per-hour", "1000000"]);
        let (said, mut hear) = mpsc::unbounded_channel();
        let mut takers = Vec::new();
        for (place, (_, own)) in crowd.people.iter().enumerate() {
            let (url, own, said, random) =
                (url.clone(), own.clone(), said.clone(), StdRng::seed_from_u64(random.random()));
            let (activity, before) = (crowd.activity, known[place]);
            takers.push(tokio::spawn(async move {
                let mut known = take_part(
                    url.clone(),
                    own.clone(),
                    activity,
                    before,
                    (if last { 0 } else { 6 }, random),
                    said.clone(),
                )
                .await;
                if last && !known.down {
                    let browser = Browser::new(&url);
                    let fields = [("activity", activity.to_string())];
                    let fields: Vec<(&str, &str)> =
                        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    browser.post(&format!("{own}/sign-ups"), &fields).await.assert_ok();
                    known.down = true;
                }
                known
            }));
        }
        drop(said);
        if !last {
            for _ in 0..random.random_range(5..160) {
                if hear.recv().await.is_none() {
                    break;
                }
            }
            program.kill().unwrap(); // SIGKILL
        }
        known = join_all(takers).await.into_iter().map(Result::unwrap).collect();
        if last {
            program.kill().unwrap();
        }
        program.wait().unwrap();
        cut += known.iter().filter(|one| one.asked.is_some()).count();
        check(data, address, &crowd, &known, round).await;
    }
    assert!(cut > 0, "some were in the middle of it");
    let (db, _) = open(data, address).await;
    let all = volunteer::sign_ups(&mut db.read().await.unwrap(), crowd.tenant, crowd.activity).await.unwrap();
    let count = |state| all.iter().filter(|one| one.state == state).count();
    assert_eq!((count(Place::Confirmed), count(Place::Waiting)), (PLACES, PEOPLE - PLACES));
    println!("{times} kills while signing up: {cut} were cut off, nobody booked over");
    db.close().await;
}

async fn check(data: &Path, address: &str, crowd: &Crowd, known: &[Known], round: usize) {
    let (db, _) = open(data, address).await;
    let mut tx = db.read().await.unwrap();
    let all = volunteer::sign_ups(&mut tx, crowd.tenant, crowd.activity).await.unwrap();
    let of = |state| all.iter().filter(move |one: &&SignUp| one.state == state).map(|one| one.position);
    let (confirmed, waiting): (Vec<i64>, Vec<i64>) = (of(Place::Confirmed).collect(), of(Place::Waiting).collect());
    let after = format!("after kill {round}");
    assert_eq!(confirmed.len(), PLACES.min(confirmed.len() + waiting.len()), "each who went let one move up, {after}");
    if let (Some(last), Some(first)) = (confirmed.iter().max(), waiting.iter().min()) {
        assert!(last < first, "nobody was passed over {after}: {last} {first}");
    }
    let mut order: Vec<i64> = all.iter().map(|one| one.position).collect();
    order.sort_unstable();
    order.dedup();
    assert_eq!(order.len(), all.len(), "everybody has a place of their own in the order {after}");
    for ((person, _), known) in crowd.people.iter().zip(known) {
        let down = all.iter().any(|one| one.volunteer_id == *person && one.state != Place::Cancelled);
        assert!(down == known.down || known.asked == Some(down), "{known:?} {down} {after}");
    }
    assert_eq!(audit::verify(&mut tx, crowd.tenant).await.unwrap().broken, None, "the chain {after}");
    drop(tx);
    db.close().await;
}
