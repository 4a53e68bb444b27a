//! What a school's own page says of the days to come: that its posts are kept, and where its own people stand. Nothing of the police.

use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::access::{Act, Scope};
use crate::duty::coverage::{self, Posts};
use crate::duty::model::{Windows, short};
use crate::duty::shift_store::{OF_SCHOOL_DAYS, Shift};
use crate::duty::store::School;
use crate::error::Result;
use crate::settings;

/// So many days are shown.
const DAYS: i64 = 7;

pub(super) struct Ahead {
    /// Each school day with its posts, and whether all their peaks have somebody.
    pub days: Vec<(String, Vec<(String, bool)>)>,
    /// `9月1日 周二 07:10–08:20 东门：…`
    pub own: Vec<String>,
    /// Who answers for the school's security, as the bureau has it.
    pub contact: String,
    pub changed: Option<Timestamp>,
}

pub(super) async fn ahead(tx: &mut Tx, act: &Act, school: &School) -> Result<Ahead> {
    let today = coverage::today(act.at);
    let last = today.checked_add((DAYS - 1).days()).unwrap_or(today);
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    let mut posts = Posts::read(tx, act.tenant, &Scope::tenant()).await?;
    posts.schools.retain(|one| one.id == school.id);
    let (needs, _) = coverage::needs(tx, act.tenant, &posts, &windows, (today, last)).await?;
    let query = OF_SCHOOL_DAYS.bind(act.tenant).bind(school.id).bind(today.to_string()).bind(last.to_string());
    let mut shifts: Vec<Shift> = tx.all(query).await?;
    shifts.retain(|shift| shift.absent_at.is_none() && shift.person_id.is_some());
    let mut days: Vec<(Date, Vec<(String, bool)>)> = Vec::new();
    for need in needs.iter().filter(|need| need.ends_at > act.at) {
        let day = need.day.to_string();
        let kept = shifts
            .iter()
            .any(|shift| (&shift.day, shift.gate_id, shift.slot_id) == (&day, Some(need.gate), Some(need.slot)));
        let gate = posts.gates.iter().find(|gate| gate.id == need.gate);
        let name = gate.map_or(String::new(), |gate| gate.name.clone());
        if days.last().is_none_or(|(day, _)| *day != need.day) {
            days.push((need.day, Vec::new()));
        }
        let Some((_, gates)) = days.last_mut() else { continue };
        match gates.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => *all &= kept,
            None => gates.push((name, kept)),
        }
    }
    let own = shifts.iter().filter(|shift| shift.person_school_id == Some(school.id)).map(|shift| {
        let day = shift.day.parse().map_or(shift.day.clone(), short);
        format!("{day} {} {}：{}", shift.hours(), shift.gate_name.as_deref().unwrap_or("岗位没有定"), shift.who())
    });
    Ok(Ahead {
        own: own.collect(),
        days: days.into_iter().map(|(day, gates)| (short(day), gates)).collect(),
        contact: school.contact(act)?.map_or(String::new(), |contact| contact.name),
        // What changed long ago is no news.
        changed: school.plan_changed_at.filter(|at| *at > act.at - SignedDuration::from_hours(72)),
    })
}
