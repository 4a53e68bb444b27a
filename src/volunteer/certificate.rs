//! 志愿服务记录证明: whoever records, certifies. A volunteer asks for it, the community issues it with the figures of that moment, and
//! everybody to whom it is shown can ask whether it is good. Its code is a signature of what it says, so a row that somebody has written
//! over is good no more, and one that has come back from a backup is as good as before. Whether it is revoked is not in the code, since a paper
//! cannot change: the row says it, and the audit chain tells whoever has rewritten the row.

use calendar::WorkingDays;
use codes::PersonName;
use db::Tx;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::ERASED;
use super::activity_store::HOLD_VOLUNTEER;
use super::card::{Card, save, today};
use super::certificate_store::{self, APPLY, Certificate, FORGET, Forgotten, Given, ISSUE, REFUSE, REVOKE, Served};
use super::field::{Field, Values};
use super::hours_model::{in_hours, in_words};
use super::joining;
use super::model::State as Standing;
use crate::access::{self, Act};
use crate::document::{Block, Paper, Table};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings::{self, Setting};
use crate::web::show::kept_day;
use crate::{audit, counter};

/// How long the community may take.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    /// Working days.
    pub issue_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "volunteer.certificates";
}

/// The days that a certificate is about, if not all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    pub from: Option<Date>,
    pub until: Option<Date>,
}

fn stale() -> Error {
    Error::Stale("这份证明刚刚有别人办过，请看一下。".to_owned())
}

/// A volunteer asks for a certificate. Their identity number stands on it, so it is asked here if it is not known; `values` is what is known
/// with it.
///
/// Errors: refused without a number or with that of a minor without a guardian, without hours in the ledger, and while another one waits.
pub async fn apply(tx: &mut Tx, act: &Act, before: &Card, values: &Values, period: Period) -> Result<Uuid> {
    if !matches!(before.state, Standing::Active | Standing::Left) || before.erased() {
        return Err(Error::NotFound);
    }
    if period.from.zip(period.until).is_some_and(|(from, until)| until < from) {
        return Err(Error::refused("结束的日子要在开始的日子以后"));
    }
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(before.id)).await?;
    let (from, until) = (period.from.map(|day| day.to_string()), period.until.map(|day| day.to_string()));
    let served = certificate_store::served(tx, act, before.id, (from.as_deref(), until.as_deref())).await?;
    if served.given.is_none() {
        return Err(Error::refused("这些日子里还没有入账的时长，开不出证明"));
    }
    if before.get(Field::Identity).is_none() {
        if !values.contains_key(&Field::Identity) {
            return Err(Error::refused("请填写身份证号，证明上要写"));
        }
        let now = Card { values: values.clone(), ..before.clone() };
        joining::refuse_immature(tx, act, before, &now).await?;
        save(tx, act, before, &now, "update", "申请证明").await?;
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let days = u16::try_from(rules.issue_days).unwrap_or(u16::MAX);
    // Where the holidays of next year are not published yet nobody can say which day that is.
    let due = WorkingDays::embedded().add_working_days(today(act), days).ok().map(|day| day.to_string());
    let id = act.id();
    let row = APPLY.bind(act.tenant).bind(id).bind(before.id).bind(from).bind(until).bind(act.at).bind(due);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("已经申请过一份，社区正在办"));
    }
    audit::record(tx, act, "apply_certificate", ("volunteer_certificate", id), "本人申请", &[]).await?;
    Ok(id)
}

/// Who issues it: the head of the community who signs, whoever has made it, and where to ask.
#[derive(Debug, Clone)]
pub struct Issuer<'a> {
    pub head: &'a str,
    pub clerk: &'a str,
    pub contact: &'a str,
    pub note: &'a str,
    /// Where anybody can check it, as a whole address without the number.
    pub address: &'a str,
}

/// The community issues a certificate with the figures of this moment, which it keeps whatever comes later.
///
/// Errors: refused unless it waits, without hours in the ledger, and without a number of the volunteer; stale if somebody was first.
pub async fn issue(tx: &mut Tx, act: &Act, asked: &Certificate, card: &Card, by: &Issuer<'_>) -> Result<String> {
    if asked.state != Given::Applied {
        return Err(Error::refused(format!("现在是“{}”，不能再出具", asked.state)));
    }
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(card.id)).await?;
    let served =
        certificate_store::served(tx, act, card.id, (asked.from_on.as_deref(), asked.until_on.as_deref())).await?;
    let Some((first_on, last_on)) = served.given.clone() else {
        return Err(Error::refused("现在没有入账的时长，开不出证明"));
    };
    let identity = card.get(Field::Identity).ok_or_else(|| Error::refused("没有登记身份证号，请先请本人补上"))?;
    let day = today(act);
    let year = day.year();
    let next = counter::next(tx, act.tenant, &format!("volunteer certificate {year}")).await?;
    let masked_name = PersonName::parse(card.name()).map(|name| name.masked()).unwrap_or_else(|_| "*".to_owned());
    let issued = Certificate {
        number: Some(format!("{year}-{next:04}")),
        masked_name: Some(masked_name),
        minutes: Some(served.minutes),
        training: Some(served.training),
        times: Some(served.times),
        first_on: Some(first_on),
        last_on: Some(last_on),
        issued_on: Some(day.to_string()),
        ..asked.clone()
    };
    let code = issued.check_code(act.tenant, &act.means.keys).unwrap_or_default();
    let community = access::tenant(tx, act.tenant).await?.name;
    let paper = paper(&issued, card, (identity, &code), &served, (&community, by));
    let sealed = act.seal("certificate", &serde_json::to_string(&paper).map_err(anyhow::Error::from)?)?;
    let row = ISSUE.bind(act.tenant).bind(asked.id).bind(asked.lock_version).bind(issued.number.as_deref());
    let row = row.bind(issued.masked_name.as_deref()).bind(served.minutes).bind(served.training).bind(served.times);
    let row = row.bind(issued.first_on.as_deref()).bind(issued.last_on.as_deref()).bind(issued.issued_on.as_deref());
    if tx.execute(row.bind(act.account).bind(sealed).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    let number = issued.number.unwrap_or_default();
    audit::record(tx, act, "issue_certificate", ("volunteer_certificate", asked.id), &format!("出具 {number}"), &[])
        .await?;
    Ok(number)
}

/// The community does not issue it, for a reason that the volunteer reads.
///
/// Errors: stale unless it waits.
pub async fn refuse(tx: &mut Tx, act: &Act, asked: &Certificate, why: &str) -> Result<()> {
    let row = REFUSE.bind(act.tenant).bind(asked.id).bind(asked.lock_version).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "refuse_certificate", ("volunteer_certificate", asked.id), "", &[]).await
}

/// It was wrong: from now on whoever checks it is told that it is not good.
///
/// Errors: stale unless it is good.
pub async fn revoke(tx: &mut Tx, act: &Act, issued: &Certificate, why: &str) -> Result<()> {
    let row =
        REVOKE.bind(act.tenant).bind(issued.id).bind(issued.lock_version).bind(act.at).bind(act.account).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "revoke_certificate", ("volunteer_certificate", issued.id), why, &[]).await
}

/// The particulars of somebody go: what waits is over, and of the papers nothing is kept. What a check shows stays, so that who has a paper can
/// ask.
pub(super) async fn forget(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    let forgotten: Vec<Forgotten> = tx.all(FORGET.bind(act.tenant).bind(volunteer).bind(act.at).bind(ERASED)).await?;
    for Forgotten { id } in forgotten {
        audit::record(tx, act, "erase", ("volunteer_certificate", id), ERASED, &[]).await?;
    }
    Ok(())
}

/// The paper as it was issued.
///
/// Errors: not found if it was not, or is not kept any more.
pub fn opened(act: &Act, issued: &Certificate) -> Result<Paper> {
    let sealed = issued.paper_sealed.as_ref().ok_or(Error::NotFound)?;
    Ok(serde_json::from_str(&act.open("certificate", sealed)?).map_err(anyhow::Error::from)?)
}

impl Certificate {
    /// Eight characters that only this installation can make, of the number and of all that a check shows. `None` before it is issued.
    pub fn check_code(&self, tenant: Uuid, keys: &Keys) -> Option<String> {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let said = [
            tenant.to_string(),
            self.number.clone()?,
            self.masked_name.clone()?,
            self.minutes?.to_string(),
            self.training?.to_string(),
            self.times?.to_string(),
            self.first_on.clone()?,
            self.last_on.clone()?,
            self.issued_on.clone()?,
        ];
        let signature = keys.sign("volunteer certificate", said.join("\n").as_bytes());
        let bits = signature.iter().take(5).fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte));
        Some((0..8).rev().map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize])).collect())
    }
}

/// The four groups of 民发〔2015〕149号: who, what, by whom, and its number and day.
fn paper(
    issued: &Certificate,
    card: &Card,
    (identity, code): (&str, &str),
    served: &Served,
    (community, by): (&str, &Issuer<'_>),
) -> Paper {
    let text = |kept: &Option<String>| kept.clone().unwrap_or_default();
    let day = |kept: &Option<String>| kept.as_deref().map(kept_day).unwrap_or_default();
    let number = text(&issued.number);
    let mut paper = Paper::new("志愿服务记录证明");
    paper.facts(&[
        ("证明编号", number.clone()),
        ("姓名", card.name().to_owned()),
        ("证件类型", "居民身份证".to_owned()),
        ("证件号码", identity.to_owned()),
        ("志愿者编号", card.get(Field::National).unwrap_or_default().to_owned()),
        ("服务时间", format!("{} 小时（{}），{} 次", in_hours(served.minutes), in_words(served.minutes), served.times)),
        (
            "培训时间",
            if served.training > 0 {
                format!("{} 小时，不算在服务时间里", in_hours(served.training))
            } else {
                String::new()
            },
        ),
        ("起止日期", format!("{} 至 {}", day(&issued.first_on), day(&issued.last_on))),
    ]);
    paper.heading("服务内容");
    let rows = served
        .contents
        .iter()
        .map(|content| vec![content.title.clone(), content.times.to_string(), in_words(content.minutes)]);
    let columns = [("内容", 60), ("次数", 14), ("时间", 26)];
    let columns = columns.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect();
    paper.blocks.push(Block::Table(Table { columns, rows: rows.collect() }));
    paper.text("以上根据志愿服务记录出具，免费。");
    paper.facts(&[
        ("出具主体", community.to_owned()),
        ("负责人", by.head.to_owned()),
        ("经办人", by.clerk.to_owned()),
        ("联系方式", by.contact.to_owned()),
        ("出具日期", day(&issued.issued_on)),
        ("其他说明", by.note.to_owned()),
    ]);
    paper.signatures(&["负责人签名", "经办人签名", "（公章）"]);
    paper.text(&format!("查验：扫下面的码，或者在 {} 填证明编号 {number} 和查验码 {code}。", by.address));
    paper.blocks.push(Block::Code(format!("{}?number={number}&check={code}", by.address)));
    paper
}
