//! Steps of a roll call that were taken on a phone, perhaps without a network, in the order in which they were made. Each is taken as of its
//! own moment, but by what the guardians have laid down when it arrives: somebody barred meanwhile is refused, and the record is held for
//! staff while the alarm goes on.

use db::Tx;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::child;
use super::presence::{Keeper, ReleaseWay, Standing};
use super::roll::{self, Fetch, Row, Step, Taken};
use super::rota;
use super::session_model::Call;
use super::session_store::{self, GRACE, Session};
use super::watch::{self, What};
use crate::access::{Act, Permission, Viewer};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::offline::{self, Recorder, Sent, Words};

/// So long the records that a phone sends one after the other may take.
const GRACE_FOR_THE_REST: SignedDuration = SignedDuration::from_mins(1);

/// The kind of these records.
pub const KIND: &str = "roll";

pub const RECORDER: Recorder = Recorder {
    record: |tx, author, means, sent| Box::pin(record(tx, author, means, sent)),
    attach: |_, _, _, _| Box::pin(async { Err(Error::refused("点名没有照片")) }),
    words: |tx, author, means, sent| Box::pin(words(tx, author, means, sent)),
    held: |tx, author, means, sent| Box::pin(held(tx, author, means, sent)),
};

/// What a phone says: which class, what happened, and of whom.
#[derive(Deserialize)]
struct Said {
    session: Uuid,
    step: Happened,
    child: Option<Uuid>,
    keeper: Option<Uuid>,
    #[serde(default)]
    value: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happened {
    Came,
    Open,
    Arrive,
    Leave,
    Absent,
    Call,
    Listed,
    Alone,
}

impl Happened {
    const fn label(self) -> &'static str {
        match self {
            Happened::Came => "带班的到了",
            Happened::Open => "开课",
            Happened::Arrive => "孩子到了",
            Happened::Leave => "孩子请假",
            Happened::Absent => "孩子没来",
            Happened::Call => "给监护人打过电话",
            Happened::Listed => "交给名单上的人",
            Happened::Alone => "孩子自己走了",
        }
    }
}

impl Said {
    /// Errors: refused where it cannot be read.
    fn read(sent: &Sent) -> Result<Said> {
        serde_json::from_value(sent.body.clone()).map_err(|_| Error::refused("点名的记录读不懂，请社区核对"))
    }

    /// What was done about a child; nothing where it is about the class.
    fn step(&self) -> Result<Option<(Uuid, Step)>> {
        let unclear = || Error::refused("点名的记录不完整，请社区核对");
        let step = match self.step {
            Happened::Came | Happened::Open => return Ok(None),
            Happened::Arrive => Step::Arrive,
            Happened::Leave => Step::StayAway(true),
            Happened::Absent => Step::StayAway(false),
            Happened::Call => Step::Called(Call::parse(&self.value).ok_or_else(unclear)?),
            Happened::Listed => Step::Fetch(Fetch::Listed(self.value.parse().map_err(|_| unclear())?)),
            Happened::Alone => Step::Fetch(Fetch::Alone),
        };
        Ok(Some((self.child.ok_or_else(unclear)?, step)))
    }
}

async fn record(tx: &mut Tx, author: &Viewer, means: &Means, sent: &Sent) -> Result<Value> {
    let said = Said::read(sent)?;
    let (now, session) = found(tx, author, means, said.session).await?;
    // What was done then was done by those who held the class then.
    let act = Act { at: sent.made_at, ..now };
    let rota = rota::keepers(tx, &act, &session).await?;
    if !rota.iter().any(|keeper| keeper.account == Some(author.account) && keeper.obstacle.is_none()) {
        return Err(Error::refused("记录人不在这次课的带班表上，请社区核对"));
    }
    let by = Keeper { id: author.account, name: author.name.clone() };
    let Some((child, step)) = said.step()? else {
        match said.keeper {
            // Whoever has an account says so themselves; a volunteer without a network has nobody else to say it.
            Some(keeper)
                if rota.iter().any(|one| one.id == keeper && one.account.is_some_and(|id| id != author.account)) =>
            {
                return Err(Error::refused("有账号的人要用自己的账号点“我到了”"));
            }
            Some(keeper) => roll::came(tx, &act, session.id, keeper, &by).await?,
            None if session.opened_at.is_some() => {}
            None => roll::open(tx, &act, session.id, &by).await?,
        }
        return Ok(json!({}));
    };
    let rows = roll::rows(tx, &act, &session).await?;
    if rows.iter().any(|row| row.child.id == child && is_settled(row, &step, &act)) {
        return Ok(json!({ "known": true }));
    }
    let arrives = matches!(step, Step::Arrive);
    let taken = roll::take(tx, &act, session.id, child, &by, step).await;
    match taken.map_err(|error| unnamed(error, rows.iter().find(|row| row.child.id == child)))? {
        Taken::Done(_) => {
            if arrives {
                // That the child has gone since may be in the next record.
                let until = means.now() + GRACE_FOR_THE_REST;
                tx.execute(GRACE.bind(act.tenant).bind(session.id).bind(child).bind(until)).await?;
            }
            Ok(json!({}))
        }
        Taken::Wrong(why) => Err(Error::refused(why)),
    }
}

/// Errors: refused of a class that is not within the author's reach any more.
async fn found(tx: &mut Tx, author: &Viewer, means: &Means, session: Uuid) -> Result<(Act, Session)> {
    let act = Act::by(author, Permission::ChildManage, means)
        .map_err(|_| Error::refused("记录人现在没有管七彩四点半的权限，请社区核对后登记"))?;
    let scope = author.scope(Permission::ChildManage);
    match session_store::in_reach(tx, act.tenant, &scope, session).await {
        Ok(session) => Ok((act, session)),
        Err(Error::NotFound | Error::Db(db::Error::NotFound)) => Err(Error::refused("找不到这次课，请社区核对")),
        Err(error) => Err(error),
    }
}

/// Why a record is held is kept as it is, and not sealed: nobody is named in it.
fn unnamed(error: Error, row: Option<&Row>) -> Error {
    let (Error::Refused(sentence), Some(row)) = (&error, row) else { return error };
    let sentence = sentence.replace(row.child.name(), &row.child.particulars.masked_name());
    Error::Refused(row.adults.iter().fold(sentence, |words, adult| words.replace(&adult.person.name, "来接的人")))
}

/// Another phone has said the same, or what came after it.
fn is_settled(row: &Row, step: &Step, act: &Act) -> bool {
    let presence = &row.presence;
    let went = |way: ReleaseWay| presence.release.as_ref().filter(|release| release.way == way);
    match step {
        Step::Arrive => matches!(presence.standing, Standing::Here | Standing::Released),
        Step::StayAway(true) => row.is(Standing::OnLeave) || presence.arrived_at.is_some_and(|at| at >= act.at),
        Step::StayAway(false) => row.is(Standing::Absent) || presence.arrived_at.is_some_and(|at| at >= act.at),
        Step::Called(_) => !matches!(presence.standing, Standing::Expected | Standing::Absent),
        Step::Fetch(Fetch::Listed(adult)) => {
            went(ReleaseWay::Listed).is_some_and(|release| release.adult == Some(*adult))
        }
        Step::Fetch(Fetch::Alone) => went(ReleaseWay::Alone).is_some(),
        _ => false,
    }
}

/// Of whom a record speaks, masked: the child, and who took it.
async fn about(tx: &mut Tx, author: &Viewer, means: &Means, child: Uuid, adult: Option<Uuid>) -> Result<Words> {
    let act = Act::system(author.tenant, means);
    let pair = |name: &str, text: String| (name.to_owned(), text);
    let Some(child) = child::known(tx, &act, child).await? else { return Ok(Vec::new()) };
    let mut told = vec![pair("孩子", child.particulars.masked_name())];
    if let Some(id) = adult {
        let taken = child::adult(tx, &act, child.id, id).await?;
        let relation = taken.map(|adult| adult.person.relation).filter(|relation| !relation.is_empty());
        told.push(pair("交给了", relation.unwrap_or_else(|| "一位大人".to_owned())));
    }
    Ok(told)
}

/// A child went, as a phone says, and that could not be written down: whoever has it now may be somebody who must not. Staff are told at once.
async fn held(tx: &mut Tx, author: &Viewer, means: &Means, sent: &Sent) -> Result<()> {
    let Ok(said) = Said::read(sent) else { return Ok(()) };
    if !matches!(said.step, Happened::Listed | Happened::Alone) {
        return Ok(());
    }
    let act = Act::system(author.tenant, means);
    let session = match session_store::session(tx, act.tenant, said.session).await {
        Err(Error::NotFound | Error::Db(db::Error::NotFound)) => return Ok(()),
        session => session?,
    };
    let mut who = String::new();
    if let Some(child) = said.child {
        for (name, text) in about(tx, author, means, child, said.value.parse().ok()).await? {
            who.push_str(&format!("{name}：{text}。"));
        }
    }
    let text = format!(
        "【七彩四点半·警报】{}，{}：手机记了“{}”，可是登记不上，可能不该放行。{who}请马上联系监护人，再到“走访上传”核对。",
        session.whereabouts(),
        session.when(),
        said.step.label()
    );
    watch::tell(tx, &act, &session, What::Held, &text).await
}

async fn words(tx: &mut Tx, author: &Viewer, means: &Means, sent: &Sent) -> Result<Words> {
    let pair = |name: &str, text: String| (name.to_owned(), text);
    let Ok(said) = Said::read(sent) else {
        return Ok(vec![pair("读不懂", offline::hidden(&sent.body.to_string()))]);
    };
    let session = match session_store::session(tx, author.tenant, said.session).await {
        Ok(session) => format!("{} {}", session.title(), session.when()),
        Err(Error::NotFound | Error::Db(db::Error::NotFound)) => "已找不到".to_owned(),
        Err(error) => return Err(error),
    };
    let mut told = vec![pair("七彩四点半", session), pair("点名", said.step.label().to_owned())];
    if let Some(id) = said.child {
        told.extend(about(tx, author, means, id, said.value.parse().ok()).await?);
    }
    Ok(told)
}
