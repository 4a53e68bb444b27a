//! Who was there: by the code on the wall, by whoever leads the group with a photo, or entered later and approved by somebody else.

use db::{Db, Tx};
use jiff::SignedDuration;
use uuid::Uuid;

use super::activity_model::{Attendance, Place, Rules, Span, clock_of};
use super::activity_store::{
    self, APPLICANT, Activity, Applicant, CLAIM, COME, Coming, DENY, DROP_CAME, DROP_LEFT, GET_SIGN_UP, GO, GRANT,
    LEAVE_PHOTO, OLD_PHOTOS, OWN_PHOTOS, PHOTO_GONE, PHOTOS_LEFT, SignUp,
};
use super::model::Keeping;
use super::sign_up;
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::{photo, settings};

/// Whether somebody comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Comes,
    Goes,
}

impl Way {
    pub fn parse(text: &str) -> Option<Way> {
        match text {
            "came" => Some(Way::Comes),
            "left" => Some(Way::Goes),
            _ => None,
        }
    }
}

/// Errors: refused before the doors are open and after they are closed.
async fn refuse_untimely(tx: &mut Tx, act: &Act, activity: &Activity) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let opens = activity.starts_at - SignedDuration::from_mins(rules.opens_minutes);
    let closes = activity.ends_at + SignedDuration::from_mins(rules.closes_minutes);
    if activity.cancelled_at.is_some() {
        return Err(Error::refused("这次活动取消了"));
    }
    if act.at < opens {
        return Err(Error::refused(format!("还没到签到的时间，开始前 {} 分钟起能签", rules.opens_minutes)));
    }
    if act.at > closes {
        return Err(Error::refused("签到的时间过了。来过的可以补登，由队长或社区核对"));
    }
    Ok(())
}

/// Somebody comes or goes, by the code on the wall.
///
/// Errors: refused of somebody who has no place or may not take part any more, and out of time.
pub async fn note(tx: &mut Tx, act: &Act, activity: &Activity, volunteer: Uuid, way: Way) -> Result<()> {
    refuse_untimely(tx, act, activity).await?;
    if way == Way::Comes {
        let who: Applicant = tx.one(APPLICANT.bind(act.tenant).bind(volunteer)).await?;
        // What has changed of them since they signed up counts here too.
        if let Some(obstacle) = sign_up::demands_of(tx, act, activity).await?.unmet(&who) {
            return Err(Error::refused(obstacle));
        }
        let down = activity_store::sign_up_of(tx, act.tenant, activity.id, volunteer).await?;
        if down.is_some_and(|down| down.state == Place::Confirmed && down.unread(activity)) {
            return Err(Error::refused("风险提示改过了，请先在自己的链接里看一遍，点“看过了”，再来签到"));
        }
    }
    let how = (way, Attendance::Code);
    if write(tx, act, activity.id, volunteer, how, None).await? {
        return record(tx, act, volunteer, how, &where_and_by(activity.id, None)).await;
    }
    Err(Error::refused(match way {
        Way::Comes => "没有报上这次活动，或者已经签过到了",
        Way::Goes => "还没有签到，或者已经签退了",
    }))
}

async fn write(
    tx: &mut Tx,
    act: &Act,
    activity: Uuid,
    volunteer: Uuid,
    (way, how): (Way, Attendance),
    photo: Option<Uuid>,
) -> Result<bool> {
    let statement = match way {
        Way::Comes => COME,
        Way::Goes => GO,
    };
    let row = statement.bind(act.tenant).bind(activity).bind(volunteer).bind(act.at).bind(how).bind(photo);
    Ok(tx.execute(row).await? > 0)
}

/// What an entry about who was there says besides: at which activity, and who said so, if that was a volunteer who leads the team.
fn where_and_by(activity: Uuid, by: Option<Uuid>) -> Vec<Change> {
    let id = |field, id: Uuid| Change { field, old: None, new: Some(id.to_string()) };
    [id("activity", activity)].into_iter().chain(by.map(|by| id("by", by))).collect()
}

async fn record(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    (way, how): (Way, Attendance),
    known: &[Change],
) -> Result<()> {
    let action = match way {
        Way::Comes => "sign_in_activity",
        Way::Goes => "sign_out_activity",
    };
    audit::record(tx, act, action, ("volunteer", volunteer), how.label(), known).await
}

/// Whoever leads the group notes those who are there, with a photo of all of them; `by` is the volunteer who does, if it is one. Gives how
/// many that were.
///
/// Errors: refused without anybody, with somebody who may not take part any more, and out of time.
pub async fn note_group(
    tx: &mut Tx,
    act: &Act,
    activity: &Activity,
    by: Option<Uuid>,
    people: &[Uuid],
    (way, picture): (Way, Uuid),
) -> Result<usize> {
    refuse_untimely(tx, act, activity).await?;
    // Two who note at once do not wait for each other.
    sign_up::hold(tx, act, activity.id, 0).await?;
    if way == Way::Comes {
        let demands = sign_up::demands_of(tx, act, activity).await?;
        let down = activity_store::applicants(tx, act.tenant, activity.id, Place::Confirmed).await?;
        for who in down.iter().filter(|who| people.contains(&who.id)) {
            if let Some(obstacle) = demands.unmet(who) {
                return Err(Error::refused(format!("{}：{obstacle}。请不要勾这个人，告诉社区", who.name)));
            }
        }
    }
    photo::attach(tx, act.tenant, picture).await?;
    let how = (way, Attendance::Leader);
    let mut noted = Vec::new();
    for volunteer in people {
        if write(tx, act, activity.id, *volunteer, how, Some(picture)).await? {
            noted.push(*volunteer);
        }
    }
    if noted.is_empty() {
        return Err(Error::refused("请选至少一个还没有登记的人"));
    }
    let known = where_and_by(activity.id, by);
    for volunteer in &noted {
        record(tx, act, *volunteer, how, &known).await?;
    }
    Ok(noted.len())
}

/// Somebody who forgot enters later when they came and went.
///
/// Errors: refused before the end, too late, of times that lie outside, and of somebody who had no place, was noted, or whose hours are
/// confirmed.
pub async fn claim(tx: &mut Tx, act: &Act, activity: &Activity, down: &SignUp, span: Span, why: &str) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if activity.ends_at > act.at {
        return Err(Error::refused("活动还没有结束，请到了扫码签到"));
    }
    if act.at > activity.ends_at + SignedDuration::from_hours(24 * rules.claim_days) {
        return Err(Error::refused(format!("活动结束 {} 天以内才能补登", rules.claim_days)));
    }
    if span.minutes() <= 0 || span.starts_at < activity.starts_at || span.ends_at > activity.ends_at {
        return Err(Error::refused(format!("时间要在活动的 {} 以内", activity.span().clock())));
    }
    if let Some(came) = down.came_at.filter(|came| *came >= span.ends_at) {
        return Err(Error::refused(format!("{} 才签到，走的时间要在那以后", clock_of(came))));
    }
    // Whoever confirms hours meanwhile holds the activity too.
    sign_up::hold(tx, act, activity.id, 0).await?;
    let row = CLAIM.bind(act.tenant).bind(activity.id).bind(down.id).bind(span.starts_at).bind(span.ends_at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("没有报上这次活动，或者签到、签退都有了，或者时长确认过了，不用补登"));
    }
    audit::record(tx, act, "claim_presence", ("volunteer", down.volunteer_id), "", &where_and_by(activity.id, None))
        .await
}

/// Somebody else says whether that is so: the times that they have `seen`. `by` is the volunteer who says it, if it is one.
///
/// Errors: refused of one's own; not found if nothing was entered; stale if something else is entered by now.
pub async fn decide(
    tx: &mut Tx,
    act: &Act,
    activity: &Activity,
    sign_up: Uuid,
    by: Option<Uuid>,
    (seen, grant): (Span, bool),
) -> Result<()> {
    let down: SignUp = tx.one(GET_SIGN_UP.bind(act.tenant).bind(activity.id).bind(sign_up)).await?;
    if by == Some(down.volunteer_id) {
        return Err(Error::refused("自己补登的要由别人核对，请找社区"));
    }
    down.claim_came_at.ok_or(Error::NotFound)?;
    let (statement, action) = if grant { (GRANT, "grant_presence") } else { (DENY, "deny_presence") };
    let row = statement.bind(act.tenant).bind(activity.id).bind(sign_up).bind(seen.starts_at).bind(seen.ends_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("补登的时间刚刚改过，或者有人核对过了，请看一下再办。".to_owned()));
    }
    audit::record(tx, act, action, ("volunteer", down.volunteer_id), "", &where_and_by(activity.id, by)).await
}

// ---------- photos of those who came together ----------

/// Nobody's presence shows a photo any more; the next upkeep removes it.
async fn let_go(tx: &mut Tx, act: &Act, photo: Uuid) -> Result<()> {
    tx.execute(DROP_CAME.bind(act.tenant).bind(photo)).await?;
    tx.execute(DROP_LEFT.bind(act.tenant).bind(photo)).await?;
    tx.execute(LEAVE_PHOTO.bind(act.tenant).bind(photo)).await?;
    Ok(())
}

/// Somebody in a photo does not want it, or it should not have been taken. Who came and went stays.
///
/// Errors: not found if it is of something else.
pub(super) async fn drop_photo(tx: &mut Tx, act: &Act, activity: &Activity, photo: Uuid) -> Result<()> {
    sign_up::hold(tx, act, activity.id, 0).await?;
    let down = activity_store::sign_ups(tx, act.tenant, activity.id).await?;
    if !down.iter().any(|down| [down.photo_id, down.left_photo_id].contains(&Some(photo))) {
        return Err(Error::NotFound);
    }
    let_go(tx, act, photo).await?;
    audit::record(tx, act, "remove_group_photo", ("volunteer_activity", activity.id), "", &[]).await
}

/// The photos that show nobody but somebody whose particulars go.
pub(super) async fn forget(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    for photo in tx.all::<Coming>(OWN_PHOTOS.bind(act.tenant).bind(volunteer)).await? {
        let_go(tx, act, photo.id).await?;
    }
    Ok(())
}

/// Lets go of photos after their days, and removes those of which somebody has let go; each in a transaction of its own. The same picture
/// may hang elsewhere, since equal ones are kept once: that one the database does not give up, and it is tried again later.
pub async fn forget_photos(db: &Db, act: &Act) -> Result<()> {
    let mut tx = db.begin().await?;
    let keeping: Keeping = settings::read(&mut tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * keeping.photo_days);
    for photo in tx.all::<Coming>(OLD_PHOTOS.bind(act.tenant).bind(before)).await? {
        let_go(&mut tx, act, photo.id).await?;
    }
    let left: Vec<Coming> = tx.all(PHOTOS_LEFT.bind(act.tenant)).await?;
    tx.commit().await?;
    for Coming { id } in left {
        let mut tx = db.begin().await?;
        if photo::remove(&mut tx, act, id).await.is_ok() {
            tx.execute(PHOTO_GONE.bind(act.tenant).bind(id)).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
