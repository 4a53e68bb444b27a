//! The one-time code of a guardian: six digits by which a substitute, who is named, fetches the child once. Nothing that could be read is
//! kept of it, it runs out, and after a few wrong ones it is good no more.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child::{self, Child, adults, json, read_json};
use super::model::{Person, State};
use super::session_model::Rules;
use super::session_store::{ADD_CODE, CODE, StoredCode, TRIED, USE_CODE, WITHDRAW_CODE};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::settings;

fn hash(act: &Act, child: Uuid, digits: &str) -> Vec<u8> {
    act.fingerprint("pick-up code", &format!("{child} {digits}"))
}

/// A code that stands: for whom, and until when.
#[derive(Debug, Clone)]
pub struct Standing {
    pub person: Person,
    pub expires_at: Timestamp,
}

async fn stored(tx: &mut Tx, act: &Act, child: Uuid, rules: &Rules) -> Result<Option<(StoredCode, Person)>> {
    let Some(code) = tx.optional::<StoredCode>(CODE.bind(act.tenant).bind(child)).await? else { return Ok(None) };
    if code.expires_at <= act.at || code.tries >= rules.code_tries {
        return Ok(None);
    }
    let Some(sealed) = &code.person_sealed else { return Ok(None) };
    let person = read_json(&act.open("child substitute", sealed)?)?;
    Ok(Some((code, person)))
}

/// The code of a child that is good now, without its digits.
pub async fn standing(tx: &mut Tx, act: &Act, child: Uuid) -> Result<Option<Standing>> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let found = stored(tx, act, child, &rules).await?;
    Ok(found.map(|(code, person)| Standing { person, expires_at: code.expires_at }))
}

/// The guardian lets somebody fetch the child once. Gives the digits, which nobody can read again; the code before is good no more.
///
/// Errors: refused of a child that is not on the roll, and of somebody who must not fetch it.
pub async fn make(tx: &mut Tx, act: &Act, child: &Child, person: &Person) -> Result<String> {
    if child.state != State::Enrolled {
        return Err(Error::refused("孩子不在册，不能发接送码"));
    }
    if adults(tx, act, child.id).await?.iter().any(|adult| adult.barred && adult.person.is(person)) {
        return Err(Error::refused("这个人写在“不能接”里，不能发接送码。要让他接，先去改名单"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    // Two codes made at the same time are one after the other.
    child::hold(tx, act, child.id).await?;
    tx.execute(WITHDRAW_CODE.bind(act.tenant).bind(child.id).bind(act.at)).await?;
    let digits = format!("{:06}", u64::from_be_bytes(act.means.chance.bytes()) % 1_000_000);
    let row = ADD_CODE.bind(act.tenant).bind(child.id).bind(act.id()).bind(hash(act, child.id, &digits));
    let row = row.bind(act.seal("child substitute", &json(person)?)?).bind(act.at);
    tx.execute(row.bind(act.at + SignedDuration::from_hours(rules.code_hours))).await?;
    audit::record(tx, act, "make_code", ("child", child.id), "", &[]).await?;
    Ok(digits)
}

/// The guardian takes it back.
pub async fn withdraw(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    if tx.execute(WITHDRAW_CODE.bind(act.tenant).bind(child).bind(act.at)).await? > 0 {
        audit::record(tx, act, "withdraw_code", ("child", child), "", &[]).await?;
    }
    Ok(())
}

/// What somebody at the door has said.
pub(super) enum Tried {
    Right(Uuid, Person),
    /// Why not. That it was tried is to be kept.
    Wrong(String),
}

/// Compares what somebody at the door says with the code that is good now. A wrong one counts.
pub(super) async fn try_out(tx: &mut Tx, act: &Act, child: Uuid, digits: &str, name: &str) -> Result<Tried> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let Some((code, person)) = stored(tx, act, child, &rules).await? else {
        return Ok(Tried::Wrong(
            "没有能用的接送码：用过了、过期了，或者试错太多次。请监护人在手机上重新发一个".to_owned(),
        ));
    };
    if code.code_hash == hash(act, child, digits) && person.name == name {
        return Ok(Tried::Right(code.id, person));
    }
    tx.execute(TRIED.bind(act.tenant).bind(child).bind(code.id)).await?;
    Ok(Tried::Wrong(match rules.code_tries - code.tries - 1 {
        ..=0 => "接送码和名字对不上，试得太多，这个码作废了。请监护人在手机上重新发一个".to_owned(),
        left => format!("接送码和名字对不上，还能试 {left} 次。请打电话问监护人"),
    }))
}

/// Errors: stale if it was used or taken back just now.
pub(super) async fn spend(tx: &mut Tx, act: &Act, child: Uuid, code: Uuid) -> Result<()> {
    if tx.execute(USE_CODE.bind(act.tenant).bind(child).bind(code).bind(act.at)).await? == 0 {
        return Err(Error::Stale("这个接送码刚刚用过或者收回了，请监护人重新发一个。".to_owned()));
    }
    Ok(())
}
