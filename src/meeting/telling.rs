//! A meeting is told through the channels of its estate and of the whole community; one within the party only through those of the
//! organisation.

use db::Tx;
use uuid::Uuid;

use super::store::Meeting;
use crate::access::{self, Act};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::Result;

pub(super) async fn announced(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    tell(tx, act, meeting, Occasion::Announcement, &meeting.notice).await
}

/// The notice of a meeting that was announced has changed with its time or place.
pub(super) async fn moved(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    tell(tx, act, meeting, Occasion::Change, &meeting.notice).await
}

pub(super) async fn cancelled(tx: &mut Tx, act: &Act, meeting: &Meeting, reason: &str) -> Result<()> {
    let text = format!("【会议取消】{}取消，另行通知。原因：{reason}", meeting.title);
    tell(tx, act, meeting, Occasion::Cancellation, &text).await
}

/// The names of the channels through which a notice would go out now.
pub(super) async fn ways(tx: &mut Tx, tenant: Uuid, meeting: &Meeting) -> Result<Vec<String>> {
    let fitting = channel::fitting(tx, tenant, place(meeting), Occasion::Announcement).await?;
    Ok(fitting.into_iter().map(|channel| channel.name).collect())
}

fn place(meeting: &Meeting) -> Place {
    meeting.party_organisation_id.map_or(Place::Estate(meeting.estate_id), Place::Party)
}

async fn tell(tx: &mut Tx, act: &Act, meeting: &Meeting, occasion: Occasion, text: &str) -> Result<()> {
    let place = place(meeting);
    let path = match place {
        Place::Party(_) => format!("/meetings/{}", meeting.id),
        _ => format!("/board/{}/meetings/{}", access::tenant(tx, act.tenant).await?.code, meeting.id),
    };
    let (subject, edition) = (("meeting", meeting.id), meeting.lock_version);
    let notice = Notice { place, subject, occasion, edition, text, path: &path, happens_at: Some(meeting.planned_at) };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}
