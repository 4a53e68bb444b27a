//! The way to the end: the result is published, residents are asked, a bad answer reopens, and somebody other than the
//! handler strikes the issue off.

use db::Tx;
use serde::Deserialize;
use uuid::Uuid;

use super::filing;
use super::model::{Channel, Respondent, Score, Solved, State, Step};
use super::step::{self, Words};
use super::store::{self, ADD_SURVEY, Issue, USE_RATING_LINK};
use crate::access::{Act, Link};
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::web::show;

/// Puts the result on the board: a snapshot that later changes do not touch.
pub async fn publish(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, text: &str, photos: &[Uuid]) -> Result<()> {
    let days = step::limits(tx, act).await?.steps.publicity_days;
    let handler = issue.organisation_name.clone().unwrap_or_default();
    let reporters = store::reporters(tx, act.tenant, issue.id).await?;
    let mut facts = vec![
        ("地点", issue.place()),
        ("类别", issue.category.to_string()),
        ("反映时间", show::day(&issue.reported_at)),
        ("办结时间", show::day(&issue.since)),
        ("办理单位", handler),
        ("编号", issue.number.clone()),
    ];
    if reporters > 1 {
        facts.insert(3, ("反映人数", format!("{reporters} 人")));
    }
    let publication = NewPublication {
        kind: PublicationKind::Result,
        estate: issue.estate_id,
        subject: issue.id,
        title: issue.title(),
        snapshot: Snapshot {
            text: text.to_owned(),
            facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            photos: photos.to_vec(),
            link: None,
        },
        period: Period::days(days),
        named: Vec::new(),
    };
    board::publish(tx, act, publication).await?;
    let words = format!("公示 {days} 天");
    step::take(tx, act, issue, seen, Step::Published, Words::public(&words), None).await
}

/// One answer to “are you satisfied?”.
#[derive(Debug, Clone)]
pub struct Answer {
    pub respondent: Respondent,
    /// Which of the reports that were joined to the issue its reporter answers for; none: the issue's own, or a neighbour.
    pub report: Option<Uuid>,
    pub score: Score,
    pub solved: Solved,
    /// For staff; never public.
    pub comment: String,
}

/// How many are asked about one issue.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Asked {
    neighbours: i64,
}

impl Setting for Asked {
    const NAME: &'static str = "issue.surveys";
}

/// An answer that a grid worker brings from the door.
///
/// Errors: refused if the grid worker took part as the handler, if enough neighbours have been asked, or if the report was not joined
/// to the issue.
pub async fn survey(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, answer: Answer) -> Result<()> {
    check_independent(tx, act, issue, "测评").await?;
    if !matches!(issue.state, State::Published | State::Surveyed) {
        return Err(Error::refused(format!("这件事现在是“{}”，还不能测评", issue.state)));
    }
    if let Some(report) = answer.report {
        let joined = store::reports(tx, act.tenant, issue.id).await?;
        if answer.respondent != Respondent::Reporter || !joined.iter().any(|joined| joined.id == report) {
            return Err(Error::refused("这位反映人反映的不是这件事，请重新选"));
        }
    }
    if answer.respondent == Respondent::Neighbour {
        let most = settings::read::<Asked>(tx, act.tenant, act.at).await?.neighbours;
        if store::answers(tx, act.tenant, issue, Respondent::Neighbour, Channel::Door, issue.id).await? >= most {
            return Err(Error::refused(format!("这件事已经问过 {most} 户邻居，够了，不用再问")));
        }
    }
    record_answer(tx, act, issue, seen, Channel::Door, answer).await
}

/// The reporter's rating by their own link, good once: each of those whose reports were joined has one. Gives the link for the next
/// rating.
///
/// Errors: refused if the link was used or the issue is not finished yet.
pub async fn rate(tx: &mut Tx, act: &Act, link: &Link, score: Score, solved: Solved, comment: &str) -> Result<Link> {
    let (id, used) = store::rating_link(tx, link).await?;
    if used || tx.execute(USE_RATING_LINK.bind(link.tenant).bind(link.id).bind(act.at)).await? == 0 {
        return Err(Error::refused("这个评价链接已经用过了，您的评价已收到，谢谢。"));
    }
    let mut issue = store::issue(tx, link.tenant, id).await?;
    let report = issue.merged_into.map(|_| id);
    if let Some(main) = issue.merged_into {
        issue = store::issue(tx, link.tenant, main).await?;
    }
    if !matches!(issue.state, State::Published | State::Surveyed | State::Closed) {
        return Err(Error::refused(format!("这件事现在是“{}”，办完公示后再请您评价", issue.state)));
    }
    let seen = issue.lock_version;
    let answer = Answer { respondent: Respondent::Reporter, report, score, solved, comment: comment.to_owned() };
    record_answer(tx, act, &mut issue, seen, Channel::Link, answer).await?;
    filing::give_rating_link(tx, act, id).await
}

async fn record_answer(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    channel: Channel,
    answer: Answer,
) -> Result<()> {
    // One answer of each reporter by each way in a round; of neighbours as many as there are.
    let report = answer.report.unwrap_or(issue.id);
    if answer.respondent == Respondent::Reporter
        && store::answers(tx, act.tenant, issue, Respondent::Reporter, channel, report).await? > 0
    {
        return Err(Error::refused("反映人这一次已经评价过了，评价已记在回执上"));
    }
    let row = ADD_SURVEY.bind(act.tenant).bind(act.id()).bind(issue.id).bind(issue.round).bind(answer.respondent);
    let row = row.bind(channel).bind(act.account).bind(answer.score.number()).bind(answer.solved);
    tx.execute(row.bind(answer.comment.as_str()).bind(act.at).bind(answer.report)).await?;
    let words = format!("{channel}：{}，{}", answer.score.label(), answer.solved);
    let words = Words { public: &words, internal: &answer.comment, photos: &[] };
    // Where nobody who reported it left a way to be reached, a neighbour speaks for them.
    let decides = answer.respondent == Respondent::Reporter || !store::can_be_reached(tx, act.tenant, issue).await?;
    if !decides {
        let asks_branch = if answer.score.is_bad() { "，请小区支部复核" } else { "" };
        let public = format!("{}{asks_branch}", words.public);
        let words = Words { public: &public, ..words };
        return step::take(tx, act, issue, seen, Step::NeighbourSurveyed, words, None).await;
    }
    if !answer.score.is_bad() {
        return step::take(tx, act, issue, seen, Step::Surveyed, words, None).await;
    }
    board::withdraw(tx, act, issue.id, "反映人不满意，重新办理").await?;
    issue.round += 1;
    step::take(tx, act, issue, seen, Step::Reopened, words, None).await
}

/// Notes that nobody was there to be asked. After as many attempts as the setting demands the issue may be closed without an answer.
pub async fn contact_failed(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, words: &str) -> Result<()> {
    check_independent(tx, act, issue, "测评").await?;
    step::take(tx, act, issue, seen, Step::ContactFailed, Words { internal: words, ..Words::default() }, None).await?;
    // Several attempts on one day count once: somebody who is out at noon may be in tomorrow evening.
    let attempts = store::days_of_step(tx, act.tenant, issue, Step::ContactFailed).await?;
    let demanded = step::limits(tx, act).await?.steps.contact_attempts as i64;
    if attempts < demanded {
        return Ok(());
    }
    let words = format!("{attempts} 天上门都没有联系上");
    let seen = issue.lock_version;
    step::take(tx, act, issue, seen, Step::Unreachable, Words::public(&words), None).await
}

/// Strikes an issue off.
///
/// Errors: refused to whoever handled it, and while a neighbour's bad answer waits for the branch or an objection for its answer.
pub async fn close(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64) -> Result<()> {
    check_independent(tx, act, issue, "销号").await?;
    board::refuse_while_objected(tx, act.tenant, issue.id).await?;
    if store::unreviewed(tx, act.tenant, issue).await? {
        return Err(Error::refused("有邻居不满意，要等小区党支部复核（在这件诉求上点“支部已阅知”并写意见）后才能销号"));
    }
    step::take(tx, act, issue, seen, Step::Closed, Words::default(), None).await
}

/// The branch, or the community where there is no estate, takes note of how satisfied people are, and may say what it makes of it.
pub async fn acknowledge(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, words: &str) -> Result<()> {
    let words = match (words, issue.estate_id) {
        ("", Some(_)) => "小区支部已阅知测评结果",
        ("", None) => "社区党委已阅知测评结果",
        (words, _) => words,
    };
    step::take(tx, act, issue, seen, Step::Acknowledged, Words::public(words), None).await
}

async fn check_independent(tx: &mut Tx, act: &Act, issue: &Issue, what: &str) -> Result<()> {
    let Some(account) = act.account else { return Ok(()) };
    if store::took_part(tx, act.tenant, issue.id, account).await? {
        return Err(Error::refused(format!("您参与办理过这件事，不能再来{what}。请另一位同事来做。")));
    }
    Ok(())
}
