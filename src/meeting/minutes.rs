//! 会议记录. They write themselves from what happened; what was said is put right by whoever took it down, somebody else reads them,
//! and then they are kept. What is kept is never changed: a correction stands beside it, with its reason.

use db::{Tx, text_enum};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::State;
use super::store::{
    ADD_CORRECTION, CORRECTIONS, Correction, MINUTES, Meeting, Minutes, REVIEW, REWORD, SUBMIT, SealedCorrection,
};
use super::{stale, update};
use crate::access::Act;
use crate::audit;
use crate::document::Paper;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};

text_enum! {
    pub enum Stage { Submitted = "submitted" "待审核", Returned = "returned" "退回修改", Archived = "archived" "已归档" }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Rules {
    /// Who may keep the minutes that somebody has submitted.
    reviewer: Reviewer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reviewer {
    Another,
    Anybody,
}

impl Setting for Rules {
    const NAME: &'static str = "meeting.minutes";
}

/// What the seal on a paper and on a correction is for.
const PAPER: &str = "minutes";
const WORDS: &str = "minutes correction";

/// The minutes as they were submitted, if they were.
pub(super) async fn of(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Option<Minutes>> {
    Ok(tx.optional(MINUTES.bind(tenant).bind(meeting)).await?)
}

pub(super) fn paper(act: &Act, minutes: &Minutes) -> Result<Paper> {
    let text = act.open(PAPER, &minutes.paper_sealed)?;
    Ok(serde_json::from_str(&text).map_err(anyhow::Error::from)?)
}

/// What was put right since the minutes are kept, the oldest first; at most 200.
pub(super) async fn corrections(tx: &mut Tx, act: &Act, meeting: Uuid) -> Result<Vec<Correction>> {
    let sealed: Vec<SealedCorrection> = tx.all(CORRECTIONS.bind(act.tenant).bind(meeting)).await?;
    let open = |sealed: SealedCorrection| {
        let words = act.open(WORDS, &sealed.words_sealed)?;
        Ok(Correction { words, reason: sealed.reason, made_at: sealed.made_at, made_by: sealed.made_by })
    };
    sealed.into_iter().map(open).collect()
}

/// Puts right what was said, and who took it down, as long as nobody reads the minutes.
///
/// Errors: refused if the meeting has not ended, or its minutes are being read or kept; stale if somebody else was first.
pub async fn reword(
    tx: &mut Tx,
    act: &Act,
    meeting: &mut Meeting,
    seen: i64,
    recorder: &str,
    remarks: &str,
    said: Vec<(Uuid, String)>,
) -> Result<()> {
    check_open(tx, act, meeting).await?;
    if seen != meeting.lock_version {
        return Err(stale());
    }
    recorder.clone_into(&mut meeting.recorder);
    remarks.clone_into(&mut meeting.remarks);
    update(tx, act, meeting).await?;
    for (item, words) in said {
        tx.execute_one(REWORD.bind(act.tenant).bind(meeting.id).bind(item).bind(words)).await?;
    }
    audit::record(tx, act, "reword", ("meeting", meeting.id), "", &[]).await
}

/// Gives the minutes to somebody who reads them, as they are now.
///
/// Errors: refused if the meeting has not ended, or its minutes are being read or kept; stale if somebody has put them otherwise meanwhile.
pub async fn submit(tx: &mut Tx, act: &Act, meeting: &mut Meeting, paper: &Paper) -> Result<()> {
    check_open(tx, act, meeting).await?;
    if meeting.recorder.is_empty() {
        return Err(Error::refused("先在“改记录文字”里写上谁记录，再提交"));
    }
    // Nobody rewords meanwhile what the paper was made of.
    update(tx, act, meeting).await?;
    let text = serde_json::to_string(paper).map_err(anyhow::Error::from)?;
    let row = SUBMIT.bind(act.tenant).bind(meeting.id).bind(act.seal(PAPER, &text)?).bind(act.account).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "submit_minutes", ("meeting", meeting.id), "", &[]).await
}

/// Keeps the minutes for good, or gives them back with what is wrong.
///
/// Errors: refused if there are none to read, or whoever has submitted them may not read them; stale if somebody else was first.
pub async fn review(tx: &mut Tx, act: &Act, meeting: &Meeting, seen: i64, wrong: Option<&str>) -> Result<()> {
    let minutes = of(tx, act.tenant, meeting.id).await?.filter(|minutes| minutes.state == Stage::Submitted);
    let Some(minutes) = minutes else { return Err(Error::refused("这份记录现在没有等着审核")) };
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if rules.reviewer == Reviewer::Another && minutes.submitted_by == act.account {
        return Err(Error::refused("记录是您提交的，要请另一位同事审核"));
    }
    let stage = if wrong.is_some() { Stage::Returned } else { Stage::Archived };
    let row = REVIEW.bind(act.tenant).bind(meeting.id).bind(seen).bind(stage).bind(act.account).bind(act.at);
    if tx.execute(row.bind(wrong.unwrap_or_default())).await? == 0 {
        return Err(stale());
    }
    let action = if wrong.is_some() { "return_minutes" } else { "archive_minutes" };
    audit::record(tx, act, action, ("meeting", meeting.id), wrong.unwrap_or_default(), &[]).await
}

/// Says what has to be read instead, beside minutes that are kept.
pub async fn correct(tx: &mut Tx, act: &Act, meeting: &Meeting, words: &str, reason: &str) -> Result<()> {
    let kept = of(tx, act.tenant, meeting.id).await?.is_some_and(|minutes| minutes.state == Stage::Archived);
    if !kept {
        return Err(Error::refused("记录还没有归档，直接改文字就行"));
    }
    let (id, words) = (act.id(), act.seal(WORDS, words)?);
    let row = ADD_CORRECTION.bind(act.tenant).bind(id).bind(meeting.id).bind(words).bind(reason);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "correct_minutes", ("meeting", meeting.id), reason, &[]).await
}

async fn check_open(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    if !matches!(meeting.state, State::Ended | State::Inquorate) {
        return Err(Error::refused(format!("这次会议{}，散会以后才有记录", meeting.state)));
    }
    match of(tx, act.tenant, meeting.id).await?.map(|minutes| minutes.state) {
        None | Some(Stage::Returned) => Ok(()),
        Some(stage) => Err(Error::refused(format!("这份记录{stage}，不能再改文字"))),
    }
}
