//! The ten teams: four of which the page tells the name, six that wait for theirs, and the people in them.

use calendar::{Every, Recurrence, Skip, shanghai};
use codes::tables::Sex;
use db::{Db, Tx};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::{Community, Home};
use super::people::{Family, Person};
use crate::access::Act;
use crate::error::Result;
use crate::volunteer::{
    self, Arrival, Card, Field, How, Kind, NewHonour, NewVolunteer, Outcome, Period, Plan, Post, Purpose, Risk, Sketch,
    Source, Span, Target, TeamKind, Values, Was, Way,
};

/// Teams whose names are known, what they are, their words, and whom they serve.
const NAMED: [(&str, TeamKind, &str, &[Target]); 4] = [
    ("引领先锋志愿服务队", TeamKind::Party, "党员走在前", &[Target::Everyone, Target::Elderly]),
    ("扶危济困志愿服务队", TeamKind::General, "谁有难处帮谁", &[Target::Needy, Target::Disabled]),
    ("雷锋大妈志愿服务队", TeamKind::Women, "热心肠，勤跑腿", &[Target::Elderly, Target::Alone]),
    ("七色阳光志愿服务队", TeamKind::Youth, "陪孩子长大", &[Target::Children]),
];
/// Of the other six nobody has told the name.
const TEAMS: usize = 10;
/// So many are in each team that has a name.
const PEOPLE: usize = 8;

/// Makes the ten teams. Those that have a name serve every estate but one, so that the grid has something to show.
pub async fn teams(tx: &mut Tx, act: &Act, estates: &[Uuid]) -> Result<Vec<Uuid>> {
    let mut teams = Vec::with_capacity(TEAMS);
    for at in 0..TEAMS {
        let sketch = match NAMED.get(at) {
            Some((name, kind, slogan, targets)) => Sketch {
                name: (*name).to_owned(),
                named: true,
                kind: *kind,
                slogan: (*slogan).to_owned(),
                founded_on: None,
                ended_on: None,
                estates: estates.iter().copied().take(estates.len().saturating_sub(1).max(2)).collect(),
                targets: targets.to_vec(),
            },
            None => Sketch {
                name: format!("第 {} 支志愿服务队（待命名）", at + 1),
                named: false,
                kind: TeamKind::General,
                slogan: String::new(),
                founded_on: None,
                ended_on: None,
                estates: Vec::new(),
                targets: Vec::new(),
            },
        };
        teams.push(volunteer::create_team(tx, act, &sketch).await?);
    }
    Ok(teams)
}

/// The teams with those who have joined them over the last months, one who waits and one who has not been asked yet.
pub async fn gather(db: &Db, community: &Community, lived_in: &[(Home, Family)], now: Timestamp) -> Result<()> {
    let estates: Vec<Uuid> = community.estates.iter().map(|estate| estate.id).collect();
    let desk = |hours: i64| community.act(community.cast.desk, now - SignedDuration::from_hours(hours));
    let mut tx = db.begin().await?;
    let teams = teams(&mut tx, &desk(24 * 800), &estates).await?;
    let people = willing(lived_in);
    let mut people = people.into_iter();
    for (at, team) in teams.iter().take(NAMED.len()).enumerate() {
        for place in 0..PEOPLE {
            let women = NAMED[at].1 == TeamKind::Women;
            let Some((home, person)) = people.find(|(_, person)| !women || person.sex == Sex::Female) else { break };
            // Those who are with children have been for two years.
            let with_children = NAMED[at].3.contains(&Target::Children);
            let hours = 1900 - (at * PEOPLE + place) as i64 * 20 + if with_children { 24 * 690 } else { 0 };
            let post = [Post::Leader, Post::Deputy].get(place).copied().unwrap_or(Post::Member);
            let way = Way::ALL[place % Way::ALL.len()];
            let card =
                joined(&mut tx, community, now - SignedDuration::from_hours(hours), (*team, way), home, person).await?;
            let act = desk(hours - 2);
            if post != Post::Member {
                let known = volunteer::team(&mut tx, act.tenant, *team).await?;
                volunteer::set_post(&mut tx, &act, &known, card.id, post).await?;
            }
            if post == Post::Leader {
                let own = community.resident(now - SignedDuration::from_hours(hours - 3));
                volunteer::consent(&mut tx, &own, card.id, Purpose::Contact, How::Link).await?;
            }
            // Some want to stand on the board of honour, and one of each team was honoured in the autumn.
            if place % 3 == 1 {
                let own = community.resident(now - SignedDuration::from_hours(hours - 4));
                volunteer::consent(&mut tx, &own, card.id, Purpose::Honour, How::Link).await?;
                let on = act.at.to_zoned_datetime(shanghai()).date();
                if place == 1 {
                    let card = volunteer::card(&mut tx, &act, card.id).await?;
                    let given = NewHonour { title: "优秀志愿者", by: "社区居委会", on };
                    volunteer::give_honour(&mut tx, &act, &card, &given).await?;
                }
            }
            // Those who are with children have been asked about, and are again every year.
            for year in (0..3).filter(|year| with_children && hours > 24 * 365 * year) {
                let act = desk(hours - 2 - 24 * 364 * year);
                let checked = act.at.to_zoned_datetime(shanghai()).date() - 1.days();
                let proof = format!("查询 {:03}", 10 * year + place as i64 + 1);
                volunteer::vet(&mut tx, &act, card.id, (Outcome::Passed, checked), &proof).await?;
            }
        }
    }
    if let Some((home, person)) = people.next() {
        let resident = community.resident(now - SignedDuration::from_hours(20));
        volunteer::apply(&mut tx, &resident, new(person, home.estate, teams[0], Way::Applied)).await?;
    }
    if let Some((home, person)) = people.next() {
        volunteer::invite(&mut tx, &desk(5), new(person, home.estate, teams[2], Way::Recommended)).await?;
    }
    saturdays(&mut tx, community, teams[2], now).await?;
    Ok(tx.commit().await?)
}

/// So many of the team go from door to door in 水保所家属院.
const AT_THE_DOORS: usize = 6;
/// How far ahead the Saturdays are planned.
const WEEKS: i64 = 8;

/// Every Saturday at eight some of the team go from door to door; for the next one they are down already.
async fn saturdays(tx: &mut Tx, community: &Community, team: Uuid, now: Timestamp) -> Result<()> {
    let Some(estate) = community.estates.iter().find(|estate| estate.name == "水保所家属院") else {
        return Ok(());
    };
    let tomorrow = now.to_zoned_datetime(shanghai()).date() + 1.days();
    let Some(first) = tomorrow.series(1.day()).take(7).find(|day| day.weekday() == Weekday::Saturday) else {
        return Ok(());
    };
    let starts_at = first.at(8, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let plan = Plan {
        kind: Kind::Service,
        estate: Some(estate.id),
        title: "教老人用手机、清理院子".to_owned(),
        place: "院子大门口".to_owned(),
        needs: "挨家挨户帮着装反诈软件，发反诈宣传册；带手套".to_owned(),
        span: Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) },
        capacity: AT_THE_DOORS as i64,
        risk: Risk::Low,
        risk_notice: String::new(),
        least_age: 14,
    };
    let mut approved = false;
    for week in 1..=WEEKS_BEFORE {
        approved |= served(tx, community, team, &plan, (week, now), approved).await?;
    }
    afternoon(tx, community, team, &plan, now).await?;
    // Somebody wants it on paper.
    if let Some(member) = volunteer::members(tx, community.tenant, team).await?.into_iter().nth(2) {
        let act = community.resident(now - SignedDuration::from_hours(2));
        let card = volunteer::card(tx, &act, member.volunteer_id).await?;
        volunteer::apply_for_certificate(tx, &act, &card, &card.values, Period::default()).await?;
    }
    let every = Every::Weeks { interval: 1, days: Vec::new() };
    let repeat = Recurrence { every, until: first + WEEKS.weeks(), skip: Skip::Nothing };
    let desk = community.act(community.cast.desk, now - SignedDuration::from_hours(4));
    let (activity, _) = volunteer::plan(tx, &desk, team, &plan, Some(&repeat)).await?;
    let own = community.resident(now - SignedDuration::from_hours(3));
    for member in volunteer::members(tx, community.tenant, team).await?.into_iter().take(AT_THE_DOORS) {
        volunteer::sign_up(tx, &own, activity, member.volunteer_id, None, false).await?;
    }
    Ok(())
}

/// So many Saturdays have been.
const WEEKS_BEFORE: i64 = 4;

/// A Saturday of some weeks ago: they came and went by the code, whoever leads has confirmed the hours, and the secretary has
/// approved them where that was said. Gives whether it is long enough ago.
async fn served(
    tx: &mut Tx,
    community: &Community,
    team: Uuid,
    coming: &Plan,
    (week, now): (i64, Timestamp),
    approved: bool,
) -> Result<bool> {
    let ago = SignedDuration::from_hours(24 * 7 * week);
    let span = Span { starts_at: coming.span.starts_at - ago, ends_at: coming.span.ends_at - ago };
    let hours = |hours| span.ends_at + SignedDuration::from_hours(hours);
    if hours(30) > now {
        return Ok(false);
    }
    let plan = Plan { span, ..coming.clone() };
    let desk = community.act(community.cast.desk, hours(-80));
    let (activity, _) = volunteer::plan(tx, &desk, team, &plan, None).await?;
    let members = volunteer::members(tx, community.tenant, team).await?;
    let there: Vec<Uuid> = members.iter().take(AT_THE_DOORS).map(|member| member.volunteer_id).collect();
    for person in &there {
        volunteer::sign_up(tx, &community.resident(hours(-60)), activity, *person, None, false).await?;
    }
    let activity = volunteer::activity(tx, community.tenant, activity).await?;
    for (minutes, person) in (0..).step_by(7).zip(&there) {
        let came = community.resident(span.starts_at + SignedDuration::from_mins(minutes - 10));
        volunteer::note(tx, &came, &activity, *person, Arrival::Comes).await?;
        let left = community.resident(span.ends_at + SignedDuration::from_mins(minutes - 10));
        volunteer::note(tx, &left, &activity, *person, Arrival::Goes).await?;
    }
    // Whoever leads confirms the others, and the deputy confirms whoever leads.
    if let [leader, deputy, ..] = there[..] {
        let all: Vec<Was> = there.iter().map(|person| Was { volunteer: *person, left_at: None }).collect();
        for by in [leader, deputy] {
            let act = community.resident(hours(3));
            volunteer::confirm_activity(tx, &act, &activity, Some(by), &all, 0).await?;
        }
    }
    if approved {
        let secretary = community.act(community.cast.secretary, hours(28));
        let records = volunteer::records_of(tx, community.tenant, activity.id).await?;
        let seen: Vec<(Uuid, i64)> = records.iter().map(|record| (record.id, record.lock_version)).collect();
        volunteer::approve_activity(tx, &secretary, activity.id, &seen).await?;
    }
    Ok(true)
}

/// Yesterday afternoon three were there, and whoever leads has not confirmed it yet.
async fn afternoon(tx: &mut Tx, community: &Community, team: Uuid, coming: &Plan, now: Timestamp) -> Result<()> {
    let yesterday = now.to_zoned_datetime(shanghai()).date() - 1.days();
    let starts_at = yesterday.at(15, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let span = Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(90) };
    let title = "给老人理发".to_owned();
    let plan = Plan { span, title, needs: "推子、围布".to_owned(), ..coming.clone() };
    let desk = community.act(community.cast.desk, span.starts_at - SignedDuration::from_hours(70));
    let (activity, _) = volunteer::plan(tx, &desk, team, &plan, None).await?;
    let members = volunteer::members(tx, community.tenant, team).await?;
    let there: Vec<Uuid> = members.iter().take(3).map(|member| member.volunteer_id).collect();
    for person in &there {
        let own = community.resident(span.starts_at - SignedDuration::from_hours(50));
        volunteer::sign_up(tx, &own, activity, *person, None, false).await?;
    }
    let activity = volunteer::activity(tx, community.tenant, activity).await?;
    for person in &there {
        let came = community.resident(span.starts_at - SignedDuration::from_mins(5));
        volunteer::note(tx, &came, &activity, *person, Arrival::Comes).await?;
        let left = community.resident(span.ends_at - SignedDuration::from_mins(2));
        volunteer::note(tx, &left, &activity, *person, Arrival::Goes).await?;
    }
    Ok(())
}

/// Grown-ups with a telephone who live somewhere, one of a family.
fn willing(lived_in: &[(Home, Family)]) -> Vec<(&Home, &Person)> {
    let fits =
        |person: &&Person| (18..=72).contains(&person.age) && person.phone.is_some() && person.identity.is_some();
    // Somebody from every seventh home, so that they live all over the community.
    lived_in.iter().step_by(7).filter_map(|(home, family)| Some((home, family.members.iter().find(fits)?))).collect()
}

fn values(person: &Person) -> Values {
    let source = match person.age {
        ..=24 => Source::Student,
        60.. => Source::Retired,
        _ if person.workplace.is_some() => Source::Unit,
        _ => Source::Other,
    };
    let known = [
        (Field::Name, Some(person.name.clone())),
        (Field::Sex, Some(person.sex.code().to_owned())),
        (Field::Birth, Some(person.birth.to_string())),
        (Field::Identity, person.identity.as_ref().map(|number| number.as_str().to_owned())),
        (Field::Phone, person.phone.clone()),
        (Field::Source, Some(source.code().to_owned())),
        (Field::Available, Some("周六上午".to_owned())),
    ];
    known.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
}

fn new(person: &Person, estate: Uuid, team: Uuid, way: Way) -> NewVolunteer {
    NewVolunteer {
        way,
        values: values(person),
        team: Some(team),
        estate: Some(estate),
        recommender: None,
        guardian: None,
    }
}

/// Somebody applies, or is asked and agrees, and is confirmed an hour later.
async fn joined(
    tx: &mut Tx,
    community: &Community,
    at: Timestamp,
    (team, way): (Uuid, Way),
    home: &Home,
    person: &Person,
) -> Result<Card> {
    let new = new(person, home.estate, team, way);
    let resident = community.resident(at);
    let desk = community.act(community.cast.desk, at + SignedDuration::from_hours(1));
    let applied = match way {
        Way::Applied => volunteer::apply(tx, &resident, new).await?,
        Way::Recommended | Way::Mobilised => {
            let invited = volunteer::invite(tx, &community.act(community.cast.desk, at), new).await?;
            let now = Card { values: values(person), ..invited.clone() };
            volunteer::agree(tx, &resident, &invited, now, How::Link).await?;
            volunteer::card(tx, &resident, invited.id).await?
        }
    };
    volunteer::confirm(tx, &desk, &applied).await?;
    Ok(applied)
}
