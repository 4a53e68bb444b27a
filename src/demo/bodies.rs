//! The bodies of the community, the meetings of its largest branch, and a matter that goes through 四议两公开.

use codes::tables::Sex;
use db::{Db, Tx};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::community::{Community, Home, SettledEstate};
use super::names;
use super::people::Family;
use crate::access::{Act, Scope};
use crate::body::{self, Kind, NewBody, NewSeat, Part, Post};
use crate::error::{Error, Result};
use crate::meeting::{self, Ballot, Decision, Mark, Marked, NewItem, NewMeeting, NewProcedure, Plan, Resolution, Way};
use crate::party;

/// Of a 物管会: whom they stand for, in which post.
const COMMITTEE: [(Part, Post); 7] = [
    (Part::Community, Post::Chair),
    (Part::Owner, Post::ViceChair),
    (Part::Owner, Post::Member),
    (Part::Owner, Post::Member),
    (Part::Owner, Post::Member),
    (Part::User, Post::Member),
    (Part::Community, Post::Member),
];
const REPRESENTATIVES: usize = 15;
const RESIDENTS_COMMITTEE: [Post; 5] = [Post::Chair, Post::ViceChair, Post::Member, Post::Member, Post::Member];

/// Seats people in the first estate and in the community, holds what the branch has held and calls what it will hold.
pub async fn assemble(
    db: &Db,
    community: &Community,
    name: &str,
    lived_in: &[(Home, Family)],
    rng: &mut StdRng,
    now: Timestamp,
) -> Result<()> {
    let Some(estate) = community.estates.first() else { return Ok(()) };
    let act = community.act(estate.branch, now - SignedDuration::from_hours(20));
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let mut tx = db.begin().await?;
    bodies(&mut tx, &act, community, (name, estate, lived_in), rng, today).await?;
    let branch = party::branch_of(&mut tx, act.tenant, estate.branch.organisation).await?.ok_or(Error::NotFound)?;
    held(&mut tx, community, estate, branch, today).await?;
    let new = NewProcedure {
        title: "公共收益用于更换单元门".to_owned(),
        reason: "八个单元的门锁坏了三年，维修资金批不下来，公共收益账上有钱。".to_owned(),
        organisation: branch,
        estate: estate.id,
    };
    let procedure = meeting::propose(&mut tx, &act, new).await?;
    called(&mut tx, &act, estate, branch, (today, procedure)).await?;
    Ok(tx.commit().await?)
}

async fn bodies(
    tx: &mut Tx,
    act: &Act,
    community: &Community,
    (name, estate, lived_in): (&str, &SettledEstate, &[(Home, Family)]),
    rng: &mut StdRng,
    today: Date,
) -> Result<()> {
    let heads = lived_in.iter().filter(|(home, _)| home.estate == estate.id);
    let mut people: Vec<String> = heads.filter_map(|(_, family)| Some(family.members.first()?.name.clone())).collect();
    people.dedup();
    let mut people = people.into_iter().skip(40).step_by(3);
    let mut resident = || people.next().unwrap_or_default();
    let cadre = |rng: &mut StdRng| {
        let sex = if rng.random_bool(0.5) { Sex::Male } else { Sex::Female };
        let born = rng.random_range(1968..1992);
        format!("{}{}", names::surname(rng), names::given(rng, sex, born))
    };
    let committee = COMMITTEE.map(|(part, post)| match part {
        Part::Community => (cadre(rng), part, post),
        _ => (resident(), part, post),
    });
    let title = format!("{}物管会", estate.name);
    let committee = seat(tx, act, (Kind::PropertyCommittee, title, Some(estate.id)), &committee, today).await?;
    body::publish(tx, act, &committee, today).await?;
    let representatives: Vec<_> =
        (0..REPRESENTATIVES).map(|_| (resident(), Part::Resident, Post::Representative)).collect();
    let title = format!("{}居民代表", estate.name);
    seat(tx, act, (Kind::Representatives, title, Some(estate.id)), &representatives, today).await?;
    let act = Act { at: act.at, ..community.act(community.cast.secretary, act.at) };
    let residents = RESIDENTS_COMMITTEE.map(|post| (cadre(rng), Part::Community, post));
    seat(tx, &act, (Kind::ResidentsCommittee, format!("{name}居委会"), None), &residents, today).await?;
    Ok(())
}

/// A body with the people on it, since a year ago.
async fn seat(
    tx: &mut Tx,
    act: &Act,
    (kind, name, estate): (Kind, String, Option<Uuid>),
    seats: &[(String, Part, Post)],
    today: Date,
) -> Result<body::Body> {
    let since = today - 1.year();
    let term = (Some(since), Some(since + 3.years()));
    let id = body::create(tx, act, NewBody { kind, name, estate, term }).await?;
    let body = body::body(tx, act.tenant, &Scope::tenant(), id).await?;
    for (name, part, post) in seats {
        body::sit(tx, act, &body, NewSeat { name: name.clone(), part: *part, post: *post, since, woman: None }).await?;
    }
    Ok(body)
}

fn morning(day: Date) -> Result<Timestamp> {
    let nine = day.at(9, 0, 0, 0).to_zoned_datetime(calendar::shanghai());
    Ok(nine.map_err(anyhow::Error::from)?.timestamp())
}

fn assembly(estate: &SettledEstate, branch: Uuid, planned_at: Timestamp, items: Vec<NewItem>) -> NewMeeting {
    NewMeeting {
        kind: meeting::Kind::Assembly,
        circle: meeting::Circle::of_party(estate.id, branch),
        plan: Plan {
            planned_at,
            place: "小区党群服务站".to_owned(),
            host: estate.secretary.clone(),
            recorder: "支部组织委员".to_owned(),
        },
        items,
    }
}

/// The last assembly of the branch: most of its members came, and agreed.
async fn held(tx: &mut Tx, community: &Community, estate: &SettledEstate, branch: Uuid, today: Date) -> Result<()> {
    let planned_at = morning(today - 16.days())?;
    let at = |minutes| community.act(estate.branch, planned_at + SignedDuration::from_mins(minutes));
    let items = vec![NewItem::Topic("十支志愿服务队的分工".to_owned())];
    let id = meeting::create(tx, &at(-60), assembly(estate, branch, planned_at, items)).await?;
    let mut held = meeting::meeting(tx, community.tenant, id).await?;
    let (seen, text) = (held.lock_version, meeting::notice(tx, community.tenant, &held, "").await?);
    meeting::announce(tx, &at(-60), &mut held, seen, &text).await?;
    let seen = held.lock_version;
    meeting::begin(tx, &at(0), &mut held, seen).await?;
    let roll = meeting::attendances(tx, community.tenant, id).await?;
    // One in nine was away, and one in twenty-seven had said so.
    let mark = |at: usize| match at % 27 {
        4 => Mark::Official,
        13 | 22 => Mark::Absent,
        _ => Mark::There,
    };
    let called = |(at, known): (usize, &meeting::Attendance)| Marked {
        attendance: known.id,
        seen: None,
        asked: false,
        mark: mark(at),
    };
    let marks: Vec<Marked> = roll.iter().enumerate().map(called).collect();
    meeting::call_roll(tx, &at(5), &held, Way::Paper, &marks).await?;
    let heads = meeting::heads(tx, community.tenant, id).await?;
    let item = meeting::items(tx, community.tenant, id).await?.first().map(|item| item.id).ok_or(Error::NotFound)?;
    let text = "十支队伍由十名支委和党小组长牵头，每月活动不少于两次。".to_owned();
    let resolution = Resolution { text, ..Resolution::default() };
    let vote = Decision::Vote { ballot: Ballot::hands(heads.voters - 2, 0, 2), resolution };
    meeting::decide(tx, &at(40), &held, (item, None), "各队队长介绍了打算，大家补充了三条。", vote).await?;
    let seen = held.lock_version;
    meeting::end(tx, &at(70), &mut held, seen, "").await
}

/// The next one, which takes the matter's first step. It is announced and has its room.
async fn called(
    tx: &mut Tx,
    act: &Act,
    estate: &SettledEstate,
    branch: Uuid,
    (today, procedure): (Date, Uuid),
) -> Result<()> {
    let items = vec![NewItem::Procedure(procedure), NewItem::Topic("冬季入户走访怎么分工".to_owned())];
    let id = meeting::create(tx, act, assembly(estate, branch, morning(today + 3.days())?, items)).await?;
    let rooms = crate::venue::usable(tx, act.tenant, estate.id).await?;
    if let Some(room) = rooms.first() {
        meeting::hold_room(tx, act, id, Some(meeting::Room { venue: room.id, minutes: 90 })).await?;
    }
    let mut called = meeting::meeting(tx, act.tenant, id).await?;
    let (seen, text) = (called.lock_version, meeting::notice(tx, act.tenant, &called, "").await?);
    meeting::announce(tx, act, &mut called, seen, &text).await
}
