//! The rooms of the community, and what takes place in them every week.

use calendar::{Every, Recurrence, Skip, shanghai};
use db::{Db, Tx};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::Community;
use crate::access::Act;
use crate::error::Result;
use crate::venue::{self, Hours, NewBooking, NewVenue, Purpose, Repeat, Span};

/// How far ahead the weekly bookings reach.
const WEEKS: i64 = 8;

const EVERY_DAY: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// A 党群服务站 in each estate that has one and a 社区活动室 for all of them, where children come after school and a choir sings.
pub async fn furnish(db: &Db, community: &Community, now: Timestamp) -> Result<()> {
    let act = community.act(community.cast.desk, now - SignedDuration::from_hours(29));
    let tomorrow = now.to_zoned_datetime(shanghai()).date() + 1.days();
    let mut tx = db.begin().await?;
    for estate in &community.estates {
        let open = Hours::on(EVERY_DAY, 8 * 60, 20 * 60);
        let name = format!("{}党群服务站", estate.name);
        let new =
            NewVenue { estate: Some(estate.id), name, whereabouts: String::new(), capacity: Some(70), hours: open };
        venue::create(&mut tx, &act, new).await?;
    }
    let open = [Hours::on(EVERY_DAY, 8 * 60, 12 * 60), Hours::on(EVERY_DAY, 14 * 60, 21 * 60)].concat();
    let (name, whereabouts) = ("社区活动室".to_owned(), "社区办公楼二层".to_owned());
    let new = NewVenue { estate: None, name, whereabouts, capacity: Some(90), hours: open };
    let hall = venue::create(&mut tx, &act, new).await?;
    let school_days = &EVERY_DAY[..5];
    weekly(&mut tx, &act, hall, tomorrow, ("“七彩四点半”课堂", Purpose::Class, school_days), (16 * 60 + 30, 90))
        .await?;
    let choir = [Weekday::Tuesday, Weekday::Friday];
    weekly(&mut tx, &act, hall, tomorrow, ("合唱队排练", Purpose::Activity, &choir), (19 * 60, 120)).await?;
    Ok(tx.commit().await?)
}

/// From the first of its days on, at some minutes after midnight, for some minutes.
async fn weekly(
    tx: &mut Tx,
    act: &Act,
    venue: Uuid,
    from: Date,
    (title, purpose, days): (&str, Purpose, &[Weekday]),
    (begins, minutes): (i64, i64),
) -> Result<()> {
    let mut coming = from.series(1.day()).take(7);
    let Some(first) = coming.find(|day| days.contains(&day.weekday())) else { return Ok(()) };
    let midnight = first.to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let span = Span::of_minutes(midnight + SignedDuration::from_mins(begins), minutes);
    let every = Every::Weeks { interval: 1, days: days.to_vec() };
    let recurrence = Recurrence { every, until: first + WEEKS.weeks(), skip: Skip::Nothing };
    let new = NewBooking { venue, span, title: title.to_owned(), purpose, subject: None };
    venue::book_series(tx, act, new, Repeat { recurrence, skip_taken: false }).await?;
    Ok(())
}
