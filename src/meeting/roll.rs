//! Who is called to a meeting of party members: everybody on the roll of its day, with whether they should attend and may
//! vote, and why. The roll is called again before it matters, so that whoever has come or gone meanwhile is right.

use std::collections::HashSet;

use db::Tx;
use uuid::Uuid;

use super::attendance::Person;
use super::model::{Kind, Side};
use super::store::{self, CALL, Meeting, UNCALL};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::party::{self, Roll};

/// More people than this come to no meeting whose page could name them.
const MOST: usize = 1_000;

/// Writes down who is on the roll of a meeting's day. Whoever is there already stays, and so does what they were excused for.
///
/// Errors: refused if they are more than a meeting can have.
pub async fn call(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    let Some(organisation) = meeting.party_organisation_id else { return Ok(()) };
    let roll = of(tx, act, meeting, organisation).await?;
    if roll.everybody.len() > MOST {
        return Err(Error::refused(format!("名册上超过 {MOST} 人，请按党支部分别召集")));
    }
    let called: HashSet<Uuid> = roll.everybody.iter().map(|(member, _)| member.id).collect();
    let mut rows = Vec::with_capacity(roll.everybody.len());
    for (member, standing) in roll.everybody {
        let person = Person { name: member.name, phone: String::new() };
        let text = serde_json::to_string(&person).map_err(anyhow::Error::from)?;
        let row = CALL.bind(act.tenant).bind(act.id()).bind(meeting.id).bind(Side::Member).bind(standing.may_vote);
        let row = row.bind(act.seal("attendance", &text)?).bind(member.id).bind(standing.should_attend);
        rows.push(row.bind(standing.why));
    }
    tx.execute_many(CALL, rows).await?;
    for attendance in store::attendances(tx, act.tenant, meeting.id).await? {
        if attendance.member_id.is_some_and(|member| !called.contains(&member)) {
            tx.execute(UNCALL.bind(act.tenant).bind(meeting.id).bind(attendance.id)).await?;
        }
    }
    Ok(())
}

async fn of(tx: &mut Tx, act: &Act, meeting: &Meeting, organisation: Uuid) -> Result<Roll> {
    let day = meeting.planned_at.to_zoned_datetime(calendar::shanghai()).date();
    if meeting.kind == Kind::Committee {
        return party::committee_roll(tx, act.tenant, organisation, day).await;
    }
    let known = party::organisation(tx, act.tenant, &crate::access::Scope::tenant(), organisation).await?;
    match known.parent_id.filter(|_| known.kind == party::Kind::Group) {
        Some(branch) => Ok(party::roll(tx, act.tenant, branch, day).await?.of_group(organisation)),
        None => party::roll(tx, act.tenant, organisation, day).await,
    }
}
