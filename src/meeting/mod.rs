//! 说事议事. Issues and other matters are put on an agenda, and the notice goes onto the board of the estate and, as text,
//! into its WeChat group (`preparation`). Residents enrol or leave an opinion beforehand, and sign in at the door
//! (`attendance`). Item by item the meeting talks and decides (`decision`); when it ends, a resolution that names an owner and a
//! day becomes the dispatch of its issue (`session`). What is left unfinished is proposed for the next agenda.
//!
//! Party members meet in the same way (党员大会, 支委会, 党小组会, 党课, 主题党日), with three differences: everybody on the roll
//! of the organisation is called (`roll`), votes are counted by those who should attend (`rule`), and the public sees nothing.
//! So do bodies: 物管会 and 居民代表 by a roll and in public, the two committees (两委) by a roll and among themselves. 四议两公开
//! takes one matter through four such meetings (`procedure`).
//!
//! A meeting writes what it did to an issue onto the issue's own chain, by operations of `issue`.

mod agenda;
mod attendance;
mod decision;
mod duty;
mod election;
mod feed;
mod held;
mod joint;
mod minutes;
mod model;
mod paper;
mod preparation;
mod procedure;
mod roll;
mod room;
mod rule;
mod session;
mod store;
mod telling;
mod todo;
mod wall;
mod web;

pub use attendance::{Marked, Person, RollCall, attend, call_roll, enrol, leave_opinion, person, reply, sign_in};
pub use decision::{Ballot, Count, Decision, Execution, Lesson, Resolution, decide};
pub use duty::{Duties, duties, named};
pub use election::{Elected, Election};
pub use feed::{STATEMENTS as FEED_STATEMENTS, renew as renew_calendar};
pub use held::{Held, Span, Term, held, joint_terms, joint_topics};
pub use joint::{STATEMENTS as JOINT_STATEMENTS, Talked, columns as joint_columns};
pub use model::{Deliberations, Excuse, Kind, Mark, Outcome, Rule, Side, SignIn, State, Tally, Way};
pub use preparation::{
    NewItem, NewMeeting, Plan, Proposal, Wording, add_item, announce, cancel, create, notice, proposals, remove_item,
    replan, reword_item,
};
pub use procedure::{NewProcedure, STATEMENTS as PROCEDURE_STATEMENTS, Step, propose};
pub use room::{Room, hold as hold_room};
pub use rule::{Base, BodyRules, Counted, MemberRules, Motion, RollRule};
pub use session::{begin, end};
pub use store::{Attendance, Circle, Heads, Item, Meeting, STATEMENTS, attendances, heads, items, meeting};
pub use todo::todo;
pub use wall::on_the_wall;
pub use web::routes;

/// Changes a meeting's row and remembers its new version.
///
/// Errors: stale if somebody else was first.
async fn update(tx: &mut db::Tx, act: &crate::access::Act, meeting: &mut Meeting) -> crate::error::Result<()> {
    let row = store::UPDATE.bind(act.tenant).bind(meeting.id).bind(meeting.lock_version).bind(&meeting.title);
    let row = row.bind(meeting.planned_at).bind(&meeting.place).bind(&meeting.host).bind(&meeting.recorder);
    let row = row.bind(meeting.state).bind(&meeting.notice).bind(meeting.announced_at).bind(meeting.began_at);
    if tx.execute(row.bind(meeting.ended_at).bind(&meeting.remarks)).await? == 0 {
        return Err(stale());
    }
    meeting.lock_version += 1;
    Ok(())
}

fn stale() -> crate::error::Error {
    crate::error::Error::Stale(
        "刚刚有同事改过这次会议，您刚才的操作没有提交。请返回后刷新，看过最新内容再决定。".to_owned(),
    )
}
