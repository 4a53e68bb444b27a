//! What is put down and not needed any more is cancelled with what makes it so, in the same transaction: a day without school, a peak or a post that
//! is closed, a school that is given up. What has begun stays, and is not counted (`coverage`).

use db::{Query, Statement, Tx};
use jiff::civil::Date;
use uuid::Uuid;

use super::shift_store::{CALL_OFF, CLOSE_SWAPS_OFF, END_CALLS_OFF, HOLD_OFF, WATCH_OFF};
use super::{coverage, news};
use crate::access::Act;
use crate::audit;
use crate::error::Result;

/// Where nobody has to stand: on one day or from now on, at one school or all, at one of its gates or in one of its peaks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unneeded {
    pub day: Option<Date>,
    pub school: Option<Uuid>,
    pub gate: Option<Uuid>,
    pub slot: Option<Uuid>,
}

impl Unneeded {
    /// From which day to which; nothing where that is past.
    fn days(&self, act: &Act) -> Option<(String, String)> {
        let today = coverage::today(act.at);
        let from = self.day.unwrap_or(today);
        let to = self.day.map_or("9999-12-31".to_owned(), |day| day.to_string());
        (from >= today).then(|| (from.to_string(), to))
    }
}

/// Holds what stands there, where the school's row is changed before it is cancelled: every step of a shift takes the shift before the school.
pub(super) async fn hold(tx: &mut Tx, act: &Act, unneeded: &Unneeded) -> Result<()> {
    if let Some((from, to)) = unneeded.days(act) {
        let row = HOLD_OFF.bind(act.tenant).bind(&from).bind(&to).bind(unneeded.school).bind(unneeded.gate);
        tx.execute(row.bind(unneeded.slot)).await?;
    }
    Ok(())
}

/// Cancels what stands there and has not begun, also where somebody has said that they do not come, and tells how many shifts that were. Schools
/// hear of it as of every change.
pub(super) async fn call_off(
    tx: &mut Tx,
    act: &Act,
    unneeded: &Unneeded,
    (subject, why): ((&str, Uuid), &str),
) -> Result<u64> {
    let Some((from, to)) = unneeded.days(act) else { return Ok(0) };
    let Unneeded { school, gate, slot, .. } = *unneeded;
    let there = |statement: Statement| -> Query {
        statement.bind(act.tenant).bind(&from).bind(&to).bind(school).bind(gate).bind(slot)
    };
    let cancelled = tx.execute(there(CALL_OFF).bind(act.at)).await?;
    if cancelled > 0 {
        tx.execute(there(CLOSE_SWAPS_OFF).bind(act.at).bind(why)).await?;
        tx.execute(there(END_CALLS_OFF).bind(act.at)).await?;
        let looked = news::looked_at(tx, act).await?;
        tx.execute(there(WATCH_OFF).bind(looked)).await?;
        audit::record(tx, act, "call_off_shifts", subject, &format!("{cancelled} 班：{why}"), &[]).await?;
    }
    Ok(cancelled)
}

/// What is said of it on the page: `已经排的 3 班一并取消了`, or nothing.
pub(super) fn said(cancelled: u64) -> String {
    match cancelled {
        0 => String::new(),
        _ => format!("。已经排的 {cancelled} 班一并取消了，请告诉这些人"),
    }
}
