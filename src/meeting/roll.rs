//! Who is called to a meeting with a roll: members of a party organisation, those who sit on a body, or the members of two
//! committees, each with whether they should attend and may vote on its day, and why. The roll is called again before it matters,
//! so that whoever has come or gone meanwhile is right.

use std::collections::{HashMap, HashSet};

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::attendance::Person;
use super::model::{Kind, Side};
use super::store::{self, CALL, HEAR, Meeting, UNCALL};
use crate::access::{Act, Scope};
use crate::body::{self, Part, Seat};
use crate::error::{Error, Result};
use crate::party::{self, Roll};

/// More people than this come to no meeting whose page could name them.
const MOST: usize = 1_000;

/// Somebody on the roll.
struct Called {
    /// Of the member, or of the seat.
    id: Uuid,
    name: String,
    side: Side,
    should_attend: bool,
    may_vote: bool,
    why: String,
}

/// Writes down who is on the roll of a meeting's day. Whoever is there already stays, and so does what they were excused for.
///
/// Errors: refused if they are more than a meeting can have.
pub async fn call(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    if !meeting.kind.by_roll() {
        return Ok(());
    }
    let everybody = everybody(tx, act, meeting).await?;
    if everybody.len() > MOST {
        return Err(Error::refused(format!("名册上超过 {MOST} 人，请按党支部分别召集")));
    }
    let called: HashSet<Uuid> = everybody.iter().map(|called| called.id).collect();
    let mut rows = Vec::with_capacity(everybody.len());
    for Called { id, name, side, should_attend, may_vote, why } in everybody {
        let text = serde_json::to_string(&Person { name, phone: String::new() }).map_err(anyhow::Error::from)?;
        let row = CALL.bind(act.tenant).bind(act.id()).bind(meeting.id).bind(side).bind(may_vote);
        rows.push(row.bind(act.seal("attendance", &text)?).bind(id).bind(should_attend).bind(why));
    }
    tx.execute_many(CALL, rows).await?;
    let gone = |attendance: &store::Attendance| attendance.member_id.is_some_and(|id| !called.contains(&id));
    for attendance in store::attendances(tx, act.tenant, meeting.id).await?.into_iter().filter(gone) {
        let change = match attendance.arrived_at {
            None => UNCALL.bind(act.tenant).bind(meeting.id).bind(attendance.id),
            Some(_) => HEAR.bind(act.tenant).bind(meeting.id).bind(attendance.id).bind("这一天已经不在名册上"),
        };
        tx.execute(change).await?;
    }
    Ok(())
}

async fn everybody(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<Vec<Called>> {
    let day = meeting.planned_at.to_zoned_datetime(calendar::shanghai()).date();
    let mut of_members = Vec::new();
    if let Some(organisation) = meeting.party_organisation_id {
        of_members.extend(members(of_party(tx, act, (meeting.kind, organisation), day).await?));
    }
    let mut of_body = Vec::new();
    if let Some(body) = meeting.body_id {
        let seats = body::seats_on(tx, act.tenant, body, day).await?;
        of_body.extend(seats.into_iter().map(seated));
    }
    Ok(once(of_members, of_body))
}

/// What posts those on the roll of a meeting hold, by their ids on it: `书记`, `副书记、组织委员`, `主任`.
pub(super) async fn posts(tx: &mut Tx, tenant: Uuid, meeting: &Meeting) -> Result<HashMap<Uuid, String>> {
    let mut held: HashMap<Uuid, Vec<String>> = HashMap::new();
    if meeting.party_organisation_id.is_some() {
        for (member, post) in party::posts_held(tx, tenant).await? {
            held.entry(member).or_default().push(post.to_string());
        }
    }
    if let Some(body) = meeting.body_id {
        let day = meeting.planned_at.to_zoned_datetime(calendar::shanghai()).date();
        for seat in body::seats_on(tx, tenant, body, day).await? {
            held.entry(seat.id).or_default().push(seat.post.to_string());
        }
    }
    Ok(held.into_iter().map(|(id, posts)| (id, posts.join("、"))).collect())
}

async fn of_party(tx: &mut Tx, act: &Act, (kind, organisation): (Kind, Uuid), day: Date) -> Result<Roll> {
    if matches!(kind, Kind::Committee | Kind::TwoCommittees) {
        return party::committee_roll(tx, act.tenant, organisation, day).await;
    }
    let known = party::organisation(tx, act.tenant, &Scope::tenant(), organisation).await?;
    match (known.kind, known.parent_id) {
        (party::Kind::Group, Some(branch)) => {
            Ok(party::roll(tx, act.tenant, branch, day).await?.of_group(organisation))
        }
        // All the branches of a 党委 or 党总支 belong to it.
        (party::Kind::Committee | party::Kind::GeneralBranch, _) => {
            party::roll_of_all(tx, act.tenant, organisation, day).await
        }
        _ => party::roll(tx, act.tenant, organisation, day).await,
    }
}

fn members(roll: Roll) -> impl Iterator<Item = Called> {
    roll.everybody.into_iter().map(|(member, standing)| Called {
        id: member.id,
        name: member.name,
        side: Side::Member,
        should_attend: standing.should_attend,
        may_vote: standing.may_vote,
        why: standing.why,
    })
}

fn seated(seat: Seat) -> Called {
    let side = match seat.part {
        Part::Community => Side::Community,
        Part::Owner => Side::Owner,
        Part::User | Part::Resident => Side::Resident,
    };
    let why = seat.words();
    Called { id: seat.id, name: seat.name, side, should_attend: true, may_vote: true, why }
}

/// Whoever sits on both committees is one person with one vote; two of one name on the same committee are two.
fn once(of_party: Vec<Called>, of_body: Vec<Called>) -> Vec<Called> {
    let mut all = of_party;
    let mut both = HashSet::new();
    let party = all.len();
    for called in of_body {
        let same = (0..party).find(|at| all[*at].name == called.name && !both.contains(at));
        let Some(at) = same else {
            all.push(called);
            continue;
        };
        both.insert(at);
        let known = &mut all[at];
        known.may_vote |= called.may_vote;
        known.should_attend |= called.should_attend;
        known.why = format!("{}，{}", known.why, called.why);
    }
    all
}
