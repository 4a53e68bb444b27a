//! 异议: somebody says, where it hangs, that something is not right. While they wait for their answer the days of the publication do
//! not count, and what should follow from it waits.

use db::{Tx, record, statements, text_enum};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter;
use super::period;
use super::store::{self, HOLD, PAUSE, Publication, RESUME};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::{audit, in_reach};

text_enum! {
    pub enum Verdict { Upheld = "upheld" "采纳", Partly = "partly" "部分采纳", Rejected = "rejected" "不采纳" }
}

statements! {
    ADD = "INSERT INTO objections (tenant_id, id, publication_id, code, text_sealed, made_at, answer) VALUES ($1, $2, $3, $4, $5, $6, '')";
    ANSWER = "UPDATE objections SET verdict = $4, answer = $5, answered_by = $6, answered_at = $7
        WHERE tenant_id = $1 AND publication_id = $2 AND id = $3 AND answered_at IS NULL";
    OF_PUBLICATION = "SELECT id, publication_id, code, text_sealed, made_at, verdict, answer, answered_at FROM objections
        WHERE tenant_id = $1 AND publication_id = $2 ORDER BY CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END, made_at, id LIMIT 200";
    BY_CODE = "SELECT id, publication_id, code, text_sealed, made_at, verdict, answer, answered_at FROM objections
        WHERE tenant_id = $1 AND code = $2";
    /// Words and name go; that there was an objection, and its answer, stay.
    FORGET = "UPDATE objections SET text_sealed = $3 WHERE tenant_id = $1 AND answered_at < $2 AND text_sealed <> $3";
    STILL_OPEN = "SELECT COUNT(*) AS waiting FROM objections WHERE tenant_id = $1 AND publication_id = $2 AND answered_at IS NULL";
    OPEN_ABOUT = "SELECT COUNT(*) AS waiting FROM publications p
        JOIN objections o ON o.tenant_id = p.tenant_id AND o.publication_id = p.id AND o.answered_at IS NULL
        WHERE p.tenant_id = $1 AND p.withdrawn_at IS NULL AND (p.subject_id = $2
            OR p.id IN (SELECT c.publication_id FROM publication_concerns c WHERE c.tenant_id = $1 AND c.subject_id = $2))";
    CONCERN = "INSERT INTO publication_concerns (tenant_id, publication_id, subject_id) VALUES ($1, $2, $3)";
    /// Publications within reach that wait for an answer, and since when.
    WAITING = concat!(
        "SELECT p.id, p.title, e.name AS estate_name, MIN(o.made_at) AS since, COUNT(*) AS waiting FROM objections o
        JOIN publications p ON p.tenant_id = o.tenant_id AND p.id = o.publication_id
        LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
        WHERE o.tenant_id = $1 AND o.answered_at IS NULL AND ",
        in_reach!("$2", "$3", "p.tenant_id", "p.estate_id", "NULL", "NULL"),
        " GROUP BY p.id, p.title, e.name ORDER BY since, p.id LIMIT 50"
    );
}

record! {
    #[derive(Debug, Clone)]
    pub struct Objection {
        pub id: Uuid, pub publication_id: Uuid, pub code: String, pub text_sealed: Vec<u8>, pub made_at: Timestamp,
        pub verdict: Option<Verdict>, pub answer: String, pub answered_at: Option<Timestamp>,
    }
    pub(super) struct Waiting { pub id: Uuid, pub title: String, pub estate_name: Option<String>, pub since: Timestamp, pub waiting: i64 }
    struct Count { waiting: i64 }
}

/// What somebody says against a publication. Sealed: only whoever answers reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewObjection {
    pub text: String,
    /// Empty if they would rather not say.
    pub name: String,
    pub phone: String,
}

/// Notes an objection and stops the days. Gives the code with which the answer is read.
///
/// Errors: refused if the publication has ended, or is one that nobody objects to, as an announced meeting is.
pub async fn object(tx: &mut Tx, act: &Act, publication: Uuid, new: NewObjection) -> Result<String> {
    tx.execute_one(HOLD.bind(act.tenant).bind(publication)).await?;
    let publication = store::publication(tx, act.tenant, publication).await?;
    let Some((_, count)) = publication.whole().filter(|_| publication.may_be_objected(act.at)) else {
        return Err(Error::refused("这条公示已经结束，不能再提异议。有事请点“我要反映”"));
    };
    let code = act.means.chance.code(12);
    let sealed = act.seal("objection", &serde_json::to_string(&new).map_err(anyhow::Error::from)?)?;
    let id = act.id();
    tx.execute(ADD.bind(act.tenant).bind(id).bind(publication.id).bind(&code).bind(sealed).bind(act.at)).await?;
    if publication.paused_at.is_none() {
        let from = publication.counted_from.unwrap_or(publication.starts_at);
        let passed = publication.passed + period::passed(from, act.at, count)?;
        tx.execute(PAUSE.bind(act.tenant).bind(publication.id).bind(act.at).bind(passed)).await?;
    }
    audit::record(tx, act, "object", ("publication", publication.id), "", &[]).await?;
    Ok(code)
}

/// Answers an objection, in words that everybody reads. With the last answer the days go on.
///
/// Errors: refused if it has an answer already, or if the words give somebody away.
pub async fn answer(
    tx: &mut Tx,
    act: &Act,
    publication: &Publication,
    objection: Uuid,
    verdict: Verdict,
    words: &str,
) -> Result<()> {
    tx.execute_one(HOLD.bind(act.tenant).bind(publication.id)).await?;
    filter::check_words(tx, act.tenant, publication.estate_id, "答复", words).await?;
    let row = ANSWER.bind(act.tenant).bind(publication.id).bind(objection).bind(verdict).bind(words);
    if tx.execute(row.bind(act.account).bind(act.at)).await? == 0 {
        return Err(Error::refused("这条异议刚刚有同事答复过了，请刷新再看"));
    }
    audit::record(tx, act, "answer", ("publication", publication.id), verdict.label(), &[]).await?;
    let left: Count = tx.one(STILL_OPEN.bind(act.tenant).bind(publication.id)).await?;
    let publication = store::any_publication(tx, act.tenant, publication.id).await?;
    let (0, Some(_), Some((days, count))) = (left.waiting, publication.paused_at, publication.whole()) else {
        return Ok(());
    };
    let ends_at = period::end(act.at, (days - publication.passed).max(0), count)?;
    tx.execute(RESUME.bind(act.tenant).bind(publication.id).bind(act.at).bind(ends_at)).await?;
    Ok(())
}

/// Says that something that hangs is about other subjects too, as the decisions of a meeting are about its issues: what is said
/// against it stops them as well.
pub async fn concern(tx: &mut Tx, act: &Act, publication: Uuid, subjects: &[Uuid]) -> Result<()> {
    let rows = subjects.iter().map(|subject| CONCERN.bind(act.tenant).bind(publication).bind(*subject)).collect();
    Ok(tx.execute_many(CONCERN, rows).await?)
}

/// Errors: refused while something said against what hangs waits for an answer.
pub(super) async fn refuse_while_waiting(tx: &mut Tx, tenant: Uuid, publication: Uuid) -> Result<()> {
    let open: Count = tx.one(STILL_OPEN.bind(tenant).bind(publication)).await?;
    match open.waiting {
        0 => Ok(()),
        count => Err(Error::refused(format!("还有 {count} 条异议没有答复，先答复再撤下"))),
    }
}

/// Errors: refused while something said against what hangs about a subject waits for an answer.
pub async fn refuse_while_objected(tx: &mut Tx, tenant: Uuid, subject: Uuid) -> Result<()> {
    let open: Count = tx.one(OPEN_ABOUT.bind(tenant).bind(subject)).await?;
    if open.waiting > 0 {
        return Err(Error::refused(format!(
            "公示收到 {} 条异议还没答复，下一步要等答复以后。请在“公示”里答复",
            open.waiting
        )));
    }
    Ok(())
}

/// How long what was said is kept after its answer.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    keep_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "board.objections";
}

/// Forgets what was said, and by whom, once it has been answered for long enough.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_days);
    tx.execute(FORGET.bind(act.tenant).bind(before).bind(&[] as &[u8])).await?;
    Ok(())
}

impl Objection {
    pub(super) fn open(&self, act: &Act) -> Result<NewObjection> {
        if self.text_sealed.is_empty() {
            let text = "保存期已满，原文和联系方式已删除。".to_owned();
            return Ok(NewObjection { text, name: String::new(), phone: String::new() });
        }
        Ok(serde_json::from_str(&act.open("objection", &self.text_sealed)?).map_err(anyhow::Error::from)?)
    }
}

pub(super) async fn of_publication(tx: &mut Tx, tenant: Uuid, publication: Uuid) -> Result<Vec<Objection>> {
    Ok(tx.all(OF_PUBLICATION.bind(tenant).bind(publication)).await?)
}

pub(super) async fn by_code(tx: &mut Tx, tenant: Uuid, code: &str) -> Result<Objection> {
    Ok(tx.one(BY_CODE.bind(tenant).bind(code)).await?)
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Waiting>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}
