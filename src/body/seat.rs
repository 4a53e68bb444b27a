//! Somebody takes a seat, or gives it up. A row is never removed: it says who sat there when.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Part, Post};
use super::store::{self, Body, SIT, STAND_DOWN};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};

/// More people than this sit on no body whose meetings could name them.
const MOST: usize = 1_000;

#[derive(Debug, Clone)]
pub struct NewSeat {
    pub name: String,
    pub part: Part,
    pub post: Post,
    pub since: Date,
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
    tx.execute(row.bind(new.since.to_string())).await?;
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
