//! The meetings of the story: called, attended, decided.

use codes::tables::Sex;
use db::Tx;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::names;
use super::story::{Deliberation, TopicFate};
use crate::access::Act;
use crate::error::Result;
use crate::issue::Remedy;
use crate::issue::owners::{self, Ballot, Matter, OwnersVote, Share};
use crate::meeting::{self, Decision, NewItem, NewMeeting, Person, Plan, Side};

/// Calls a meeting about an issue and one other matter, and puts the notice up. Gives the meeting.
pub async fn convene(
    tx: &mut Tx,
    act: &Act,
    estate: Uuid,
    issue: Uuid,
    deliberation: &Deliberation,
    planned_at: Timestamp,
) -> Result<Uuid> {
    let new = NewMeeting {
        kind: meeting::Kind::Deliberation,
        circle: meeting::Circle::of_estate(estate),
        plan: Plan {
            planned_at,
            place: "小区党群服务站".to_owned(),
            host: "小区党支部书记".to_owned(),
            recorder: "网格助理员".to_owned(),
        },
        items: vec![NewItem::Issue(issue), NewItem::Topic(deliberation.topic.clone())],
    };
    let id = meeting::create(tx, act, new).await?;
    let mut meeting = meeting::meeting(tx, act.tenant, id).await?;
    let (seen, text) = (meeting.lock_version, meeting::notice(tx, act.tenant, &meeting, "（小区公示栏）").await?);
    meeting::announce(tx, act, &mut meeting, seen, &text).await?;
    if let Some(opinion) = &deliberation.opinion {
        let item = meeting::items(tx, act.tenant, id).await?.first().map(|item| item.id);
        meeting::leave_opinion(tx, &later(act, 20), &meeting, item, opinion).await?;
    }
    Ok(id)
}

/// Holds a meeting: every side comes, the issue is given to its handler, the other matter waits or is dropped.
pub async fn meet(
    tx: &mut Tx,
    act: &Act,
    rng: &mut StdRng,
    id: Uuid,
    deliberation: &Deliberation,
    (organisation, due_at): (Uuid, Timestamp),
) -> Result<()> {
    let mut meeting = meeting::meeting(tx, act.tenant, id).await?;
    let seen = meeting.lock_version;
    meeting::begin(tx, act, &mut meeting, seen).await?;
    let sides = [Side::Property, Side::Committee, Side::GridWorker, Side::Community];
    let members = (0..rng.random_range(2..7)).map(|_| Side::Member);
    let residents = (0..rng.random_range(3..12)).map(|_| Side::Resident);
    let mut present = 0;
    for side in sides.into_iter().chain(members).chain(residents) {
        let sex = if rng.random_bool(0.5) { Sex::Male } else { Sex::Female };
        let born = rng.random_range(1948..1996);
        let name = format!("{}{}", names::surname(rng), names::given(rng, sex, born));
        meeting::attend(tx, act, &meeting, side, &Person { name, phone: String::new() }).await?;
        present += 1;
    }
    let items = meeting::items(tx, act.tenant, id).await?;
    let against = rng.random_range(0..=present / 5);
    let vote = Decision::Vote {
        ballot: meeting::Ballot::hands(present - against - present / 8, against, present / 8),
        resolution: meeting::Resolution {
            text: deliberation.resolution.clone(),
            execution: Some(meeting::Execution { organisation, due_at }),
            ..meeting::Resolution::default()
        },
    };
    let topic = match deliberation.topic_fate {
        TopicFate::Defer => Decision::Defer,
        TopicFate::Drop => Decision::Drop,
    };
    for issue in items.iter().filter(|item| item.remedy == Some(Remedy::Owners)).filter_map(|item| item.issue_id) {
        owners::record(tx, act, issue, owners_vote(rng, act)).await?;
    }
    let said = [deliberation.said.as_str(), ""];
    for (((item, decision), said), minutes) in items.iter().zip([vote, topic]).zip(said).zip([40, 70]) {
        meeting::decide(tx, &later(act, minutes), &meeting, (item.id, None), said, decision).await?;
    }
    let seen = meeting.lock_version;
    meeting::end(tx, &later(act, 80), &mut meeting, seen, "").await
}

/// The owners have voted some days before, on paper, and nearly all agreed.
pub(super) fn owners_vote(rng: &mut StdRng, act: &Act) -> OwnersVote {
    let owners = rng.random_range(300..900);
    let all = Share { owners, area: owners * rng.random_range(8_500..11_500) };
    let part =
        |whole: Share, percent: i64| Share { owners: whole.owners * percent / 100, area: whole.area * percent / 100 };
    let taking_part = part(all, rng.random_range(70..90));
    let agreeing = part(taking_part, rng.random_range(78..97));
    let held_on = (act.at - SignedDuration::from_hours(72)).to_zoned_datetime(calendar::shanghai()).date();
    OwnersVote { matter: Matter::Special, way: Ballot::Written, held_on, all, taking_part, agreeing }
}

/// The same person, some minutes later.
fn later(act: &Act, minutes: i64) -> Act {
    Act { at: act.at + SignedDuration::from_mins(minutes), ..act.clone() }
}
