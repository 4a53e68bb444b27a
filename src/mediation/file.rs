//! The file of a case, in the order of its parts, and how long it is kept.

use db::Tx;
use uuid::Uuid;

use super::model::{Confirmation, Files, Part, Term};
use super::step::{check, day_of, take};
use super::store::{self, Case, ERASE, ERASURES, FILE_PAPER, Mediation, OPEN, READ};
use super::transition::Step;
use crate::access::Act;
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, settings};
use jiff::SignedDuration;

/// A part of a file, and what of it is there.
pub struct Content {
    pub part: Part,
    pub required: bool,
    /// In words; empty if nothing is there.
    pub there: Vec<String>,
}

impl Content {
    pub fn is_missing(&self) -> bool {
        self.required && self.there.is_empty()
    }
}

/// What a file consists of, in its order. The back is written when it is closed.
pub fn contents(case: &Case) -> Vec<Content> {
    let mediation = &case.mediation;
    let met = !case.sessions.is_empty();
    let content = |part: &Part| {
        let written = match part {
            Part::Registration => Some("登记时生成".to_owned()),
            Part::Notice if !case.parties.is_empty() && case.parties.iter().all(|party| party.agrees.is_some()) => {
                Some("各方都已告知".to_owned())
            }
            Part::Record if met => Some(format!("{} 次调解", case.sessions.len())),
            Part::Agreement => mediation.effective_on.as_ref().map(|day| format!("{} 生效", show::kept_day(day))),
            Part::CallBack => {
                let times = case.events.iter().filter(|event| event.step == Step::CalledBack).count();
                (times > 0).then(|| format!("{times} 次回访"))
            }
            Part::Back => Some("归档时生成".to_owned()),
            _ => None,
        };
        let filed = case.filed.iter().filter(|filed| filed.part == *part);
        let filed = filed.map(|filed| format!("{}（{} 页）", filed.title, filed.pages));
        Content {
            part: *part,
            required: part.is_required(mediation, met),
            there: written.into_iter().chain(filed).collect(),
        }
    };
    Part::ALL.iter().map(content).collect()
}

/// What keeps a file from being closed, in words.
pub fn wants(case: &Case) -> Vec<String> {
    let missing = contents(case).into_iter().filter(Content::is_missing).map(|content| content.part.to_string());
    let advice = (case.mediation.ending.is_some() && case.mediation.advice.is_none())
        .then(|| "还没有告知当事人可以走的其他途径".to_owned());
    // Nothing leaves the archive, so what a court will say has to be in it.
    let ruling = (case.mediation.confirmation == Some(Confirmation::Asked)).then(|| "法院的裁定".to_owned());
    missing.chain(advice).chain(ruling).collect()
}

/// A file has no more papers than are shown of it.
const MOST_PAPERS: usize = 500;

/// Something on paper goes into the file.
pub async fn add_paper(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (part, title, pages): (Part, &str, i64),
) -> Result<()> {
    if store::papers(tx, act, mediation.id).await?.len() >= MOST_PAPERS {
        return Err(Error::refused(format!("最多登记 {MOST_PAPERS} 份材料")));
    }
    let row = FILE_PAPER.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(part);
    tx.execute(row.bind(store::seal(act, &title)?).bind(pages).bind(act.account).bind(act.at)).await?;
    take(tx, act, mediation, seen, Step::PaperFiled, part.label()).await
}

/// Closes the file. Whoever has mediated by account sees it no more.
///
/// Errors: refused, naming each, while a required part is missing.
pub async fn archive(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    term: Term,
    back: &str,
) -> Result<()> {
    check(mediation, Step::Archived)?;
    let case = store::case(tx, act, mediation.clone()).await?;
    let wants = wants(&case);
    if !wants.is_empty() {
        return Err(Error::refused(format!("卷宗还缺：{}。补齐以后再归档", wants.join("、"))));
    }
    let files: Files = settings::read(tx, act.tenant, act.at).await?;
    let today = day_of(act.at);
    mediation.term = Some(term);
    mediation.archived_on = Some(today.to_string());
    mediation.keep_until = Some(files.keep_until(term, today).to_string());
    take(tx, act, mediation, seen, Step::Archived, back).await
}

/// Somebody says why they have to read names and numbers in full. It stays in the audit log, and they do for a while.
pub async fn open(tx: &mut Tx, act: &Act, mediation: &Mediation, reason: &str) -> Result<()> {
    let files: Files = settings::read(tx, act.tenant, act.at).await?;
    let until = act.at + SignedDuration::from_mins(files.open_minutes);
    let row = OPEN.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(act.account);
    tx.execute(row.bind(until)).await?;
    audit::record(tx, act, "open_file", ("mediation", mediation.id), reason, &[]).await
}

/// Somebody reads names and numbers by the link of a mediator, who was given the case for that: each day on which they do is noted.
pub(super) async fn note_reading(tx: &mut Tx, act: &Act, mediation: &Mediation, mediator: Uuid) -> Result<()> {
    let row = READ.bind(act.tenant).bind(mediator).bind(day_of(act.at).to_string());
    if tx.execute(row).await? == 0 {
        return Ok(());
    }
    audit::record(tx, act, "open_file", ("mediation", mediation.id), "调解员凭链接打开，一天记一次", &[]).await
}

/// Takes every word out of the files that have been kept long enough. That there was a case, of what kind and how it ended, stays.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    for old in store::to_erase(tx, act.tenant, day_of(act.at)).await? {
        erase(tx, act, old.id).await?;
    }
    Ok(())
}

async fn erase(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    for statement in ERASURES {
        tx.execute(statement.bind(act.tenant).bind(id)).await?;
    }
    tx.execute(ERASE.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "erase", ("mediation", id), "卷宗保管期满", &[]).await
}
