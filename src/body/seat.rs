//! Somebody takes a seat, or gives it up. A row is never removed: it says who sat there when.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{MemberList, Part, Post};
use super::store::{self, Body, SIT, STAND_DOWN};
use crate::access::Act;
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::{audit, settings};

/// More people than this sit on no body whose meetings could name them.
const MOST: usize = 1_000;

#[derive(Debug, Clone)]
pub struct NewSeat {
    pub name: String,
    pub part: Part,
    pub post: Post,
    pub since: Date,
    /// Where that is asked.
    pub woman: Option<bool>,
}

/// Makes known on the board who sits on a body, as has to be done. An earlier list is taken down.
///
/// Errors: refused if nobody sits there.
pub async fn publish(tx: &mut Tx, act: &Act, body: &Body, day: Date) -> Result<()> {
    let mut seats = store::seats_on(tx, act.tenant, body.id, day).await?;
    if seats.is_empty() {
        return Err(Error::refused("还没有成员，先登记再公示"));
    }
    seats.sort_by_key(|seat| seat.post);
    let rules: MemberList = settings::read(tx, act.tenant, act.at).await?;
    let named: Vec<String> = seats.iter().map(|seat| seat.name.clone()).collect();
    board::withdraw(tx, act, body.id, "成员名单有变化").await?;
    let publication = NewPublication {
        kind: PublicationKind::Members,
        estate: body.estate_id,
        subject: body.id,
        title: format!("{}成员名单", body.name),
        snapshot: Snapshot {
            text: String::new(),
            facts: seats.into_iter().map(|seat| (seat.words(), seat.name)).collect(),
            photos: Vec::new(),
            link: None,
        },
        period: Period::days(rules.publicity_days),
        named,
    };
    board::publish(tx, act, publication).await?;
    Ok(())
}

/// Errors: refused if somebody of this name sits there already, if the one chair is taken, or if the seat is none of this body's.
pub async fn sit(tx: &mut Tx, act: &Act, body: &Body, new: NewSeat) -> Result<Uuid> {
    if !body.kind.parts().contains(&new.part) || !body.kind.posts().contains(&new.post) {
        return Err(Error::refused(format!("{}没有这样的席位", body.kind)));
    }
    let seats = store::seats_on(tx, act.tenant, body.id, new.since).await?;
    if seats.len() >= MOST {
        return Err(Error::refused(format!("最多登记 {MOST} 人")));
    }
    if seats.iter().any(|seat| seat.name == new.name) {
        return Err(Error::refused(format!(
            "“{}”已经登记过了。同名的两位，请在姓名后加“（大）”“（小）”区分",
            new.name
        )));
    }
    if new.post == Post::Chair && seats.iter().any(|seat| seat.post == Post::Chair) {
        return Err(Error::refused("已经有主任了，请先登记原来的主任卸任"));
    }
    let id = act.id();
    let row = SIT.bind(act.tenant).bind(id).bind(body.id).bind(&new.name).bind(new.part).bind(new.post);
    tx.execute(row.bind(new.since.to_string()).bind(new.woman)).await?;
    audit::record(tx, act, "take_post", ("body", body.id), &format!("{}：{}", new.name, new.post), &[]).await?;
    Ok(id)
}

/// Somebody does not sit there any more, from a day on.
///
/// Errors: not found if they do not sit there now.
pub async fn stand_down(tx: &mut Tx, act: &Act, body: &Body, seat: Uuid, from: Date) -> Result<()> {
    tx.execute_one(STAND_DOWN.bind(act.tenant).bind(body.id).bind(seat).bind(from.to_string())).await?;
    audit::record(tx, act, "end_post", ("body", body.id), "", &[]).await
}
