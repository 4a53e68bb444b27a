//! Steps of a roll call that were taken on a phone, perhaps without a network, in the order in which they were made. Each is taken as of its
//! own moment, but by what the guardians have laid down when it arrives: somebody barred meanwhile is refused, and the record is held for
//! staff while the alarm goes on.

use db::Tx;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::presence::{Keeper, ReleaseWay, Standing};
use super::roll::{self, Fetch, Row, Step, Taken};
use super::rota;
use super::session_model::Call;
use super::session_store::{self, Session};
use crate::access::{Act, Permission, Viewer};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::offline::{self, Recorder, Sent, Words};

/// The kind of these records.
pub const KIND: &str = "roll";

pub const RECORDER: Recorder = Recorder {
    record: |tx, author, means, sent| Box::pin(record(tx, author, means, sent)),
    attach: |_, _, _, _| Box::pin(async { Err(Error::refused("点名没有照片")) }),
    words: |tx, author, sent| Box::pin(words(tx, author, sent)),
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
    match roll::take(tx, &act, session.id, child, &by, step).await? {
        Taken::Done(_) => Ok(json!({})),
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

/// Another phone has said the same, or what came after it.
fn is_settled(row: &Row, step: &Step, act: &Act) -> bool {
    let presence = &row.presence;
    let went = |way: ReleaseWay| presence.release.as_ref().filter(|release| release.way == way);
    match step {
        Step::Arrive => matches!(presence.standing, Standing::Here | Standing::Released),
        Step::StayAway(true) => row.is(Standing::OnLeave) || presence.arrived_at.is_some_and(|at| at >= act.at),
        Step::StayAway(false) => row.is(Standing::Absent) || presence.arrived_at.is_some_and(|at| at >= act.at),
        Step::Called(_) => !row.is(Standing::Absent),
        Step::Fetch(Fetch::Listed(adult)) => {
            went(ReleaseWay::Listed).is_some_and(|release| release.adult == Some(*adult))
        }
        Step::Fetch(Fetch::Alone) => went(ReleaseWay::Alone).is_some(),
        _ => false,
    }
}

async fn words(tx: &mut Tx, author: &Viewer, sent: &Sent) -> Result<Words> {
    let pair = |name: &str, text: String| (name.to_owned(), text);
    let Ok(said) = Said::read(sent) else {
        return Ok(vec![pair("读不懂", offline::hidden(&sent.body.to_string()))]);
    };
    let session = match session_store::session(tx, author.tenant, said.session).await {
        Ok(session) => format!("{} {}", session.title(), session.when()),
        Err(Error::NotFound | Error::Db(db::Error::NotFound)) => "已找不到".to_owned(),
        Err(error) => return Err(error),
    };
    Ok(vec![pair("七彩四点半", session), pair("点名", said.step.label().to_owned())])
}
