//! The party organisations of the community: a 党委, a branch in each estate, and members among the people who live there. The
//! branch of the page has 56 who should attend, and some beside them.

use codes::tables::Political;
use db::{Db, Tx};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::{Community, Home, SettledEstate};
use super::people::{Family, Person};
use crate::access::{Act, Role};
use crate::error::Result;
use crate::party::{self, Field, How, Kind, NewOrganisation, Post, Status, Tie, Values};

/// Of the branch of the page: so many should attend, whose last ones are on probation.
const SHOULD_ATTEND: usize = 56;
const ON_PROBATION: usize = 4;
/// Who come without being counted.
const BESIDE: [(Status, Tie); 8] = [
    (Status::Formal, Tie::Reporting),
    (Status::Formal, Tie::Reporting),
    (Status::Formal, Tie::Reporting),
    (Status::Formal, Tie::Reporting),
    (Status::Formal, Tie::Reporting),
    (Status::Formal, Tie::Floating),
    (Status::Formal, Tie::Floating),
    (Status::Suspended, Tie::Here),
];
/// Of the other branches.
const SMALL: usize = 11;
const LEADERS: [Post; 4] = [Post::Deputy, Post::Organisation, Post::Publicity, Post::Discipline];

/// Makes the organisations and writes their members down.
pub async fn organise(
    db: &Db,
    community: &Community,
    name: &str,
    lived_in: &[(Home, Family)],
    now: Timestamp,
) -> Result<()> {
    let act = community.act(community.cast.secretary, now - SignedDuration::from_hours(30));
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let mut tx = db.begin().await?;
    let new = |kind, name: String, parent, estate| NewOrganisation {
        kind,
        name,
        parent,
        estate,
        founded_on: Some("2016-11".to_owned()),
    };
    let committee = party::create(&mut tx, &act, new(Kind::Committee, format!("{name}党委"), None, None)).await?;
    party::begin_term(&mut tx, &act, committee, today - 2.years()).await?;
    let secretary = community.cast.shown.iter().find(|(role, ..)| *role == Role::Secretary).map(|(.., name)| name);
    if let Some(name) = secretary {
        let home = party::Home { organisation: committee, group: None };
        let id = party::add(&mut tx, &act, home, &without_a_home(name), None).await?;
        party::join_post(&mut tx, &act, committee, id, Post::Secretary, today - 2.years()).await?;
    }
    for (at, estate) in community.estates.iter().enumerate() {
        // One after the other, in the order of the estates.
        let act = Act { at: act.at + SignedDuration::from_mins(at as i64 + 1), ..act.clone() };
        let title = format!("{}党支部", estate.name);
        let branch = party::create(&mut tx, &act, new(Kind::Branch, title, Some(committee), Some(estate.id))).await?;
        // The term of the first ends soon.
        let began = if at == 0 { today - 5.years() + 60.days() } else { today - 2.years() };
        party::begin_term(&mut tx, &act, branch, began).await?;
        let mut groups = Vec::new();
        for number in ["一", "二"].iter().filter(|_| at == 0) {
            let group = new(Kind::Group, format!("{}第{number}党小组", estate.name), Some(branch), None);
            groups.push(party::create(&mut tx, &act, group).await?);
        }
        let people = members(estate, lived_in, if at == 0 { SHOULD_ATTEND - 1 + BESIDE.len() } else { SMALL });
        fill(&mut tx, &act, (branch, &groups), &estate.secretary, &people, (today, began)).await?;
    }
    Ok(tx.commit().await?)
}

/// The party members among those who live in an estate, with others where there are too few.
fn members<'a>(estate: &SettledEstate, lived_in: &'a [(Home, Family)], most: usize) -> Vec<&'a Person> {
    let here = lived_in.iter().filter(|(home, _)| home.estate == estate.id);
    let grown =
        here.flat_map(|(_, family)| &family.members).filter(|person| person.age >= 26 && person.identity.is_some());
    let (mut members, others): (Vec<&Person>, Vec<&Person>) =
        grown.partition(|person| person.political == Some(Political::Member));
    members.truncate(most);
    let missing = most - members.len();
    members.extend(others.into_iter().take(missing));
    members
}

/// The secretary, who lives elsewhere, and then the people, as many of whom are counted as should be.
async fn fill(
    tx: &mut Tx,
    act: &Act,
    (branch, groups): (Uuid, &[Uuid]),
    secretary: &str,
    people: &[&Person],
    (today, began): (Date, Date),
) -> Result<()> {
    let home = |at: usize| party::Home { organisation: branch, group: groups.get(at % groups.len().max(1)).copied() };
    let first = party::add(tx, act, home(0), &without_a_home(secretary), None).await?;
    party::join_post(tx, act, branch, first, Post::Secretary, began).await?;
    let said = act.at.to_zoned_datetime(calendar::shanghai()).date();
    party::agree(tx, act, first, How::Signed, said).await?;
    let large = people.len() > SMALL;
    for (at, person) in people.iter().enumerate() {
        let counted = SHOULD_ATTEND - 1; // the secretary is one of them
        let (status, tie) = match at {
            _ if !large => (Status::Formal, Tie::Here),
            _ if at >= counted => BESIDE[(at - counted) % BESIDE.len()],
            _ if at >= counted - ON_PROBATION => (Status::Probationary, Tie::Here),
            _ if at == counted - ON_PROBATION - 1 => (Status::Watched, Tie::Here),
            _ => (Status::Formal, Tie::Here),
        };
        let values = values(person, status, tie, today);
        let resident = match values.get(&Field::Identity) {
            Some(number) => party::resident_of(tx, act, number).await?,
            None => None,
        };
        let id = party::add(tx, act, home(at + 1), &values, resident).await?;
        if let Some(post) = LEADERS.get(at) {
            party::join_post(tx, act, branch, id, *post, began).await?;
        }
        if at % 2 == 0 {
            party::agree(tx, act, id, How::ALL[at / 2 % How::ALL.len()], said).await?;
        }
    }
    Ok(())
}

fn values(person: &Person, status: Status, tie: Tie, today: Date) -> Values {
    let mut values = without_a_home(&person.name);
    // Long ago, but not before they were twenty.
    let joined = if status == Status::Probationary {
        today.year()
    } else {
        (person.birth.year() + 20 + person.age / 8).min(today.year() - 3)
    };
    let full = (status != Status::Probationary).then(|| format!("{}-06", joined + 1));
    let home = (tie == Tie::Reporting).then(|| "区水利局机关党支部".to_owned());
    let known = [
        (Field::Sex, Some(person.sex.code().to_owned())),
        (Field::Ethnic, Some(person.ethnic.code().to_owned())),
        (Field::Birth, Some(person.birth.to_string())),
        (Field::Identity, person.identity.as_ref().map(|number| number.as_str().to_owned())),
        (Field::Phone, person.phone.clone()),
        (Field::Education, person.education.map(|education| education.code().to_owned())),
        (Field::Joined, Some(format!("{joined}-06"))),
        (Field::Full, full),
        (Field::Home, home),
        (Field::Status, Some(status.code().to_owned())),
        (Field::Link, Some(tie.code().to_owned())),
    ];
    values.extend(known.into_iter().filter_map(|(field, value)| Some((field, value?))));
    values
}

/// Somebody of whom the register knows nothing.
fn without_a_home(name: &str) -> Values {
    Values::from([
        (Field::Name, name.to_owned()),
        (Field::Status, Status::Formal.code().to_owned()),
        (Field::Link, Tie::Here.code().to_owned()),
        (Field::Joined, "2001-07".to_owned()),
        (Field::Full, "2002-07".to_owned()),
    ])
}
