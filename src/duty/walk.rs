//! Who goes along a route of 巡逻 at what time, so that nobody is put at a post in it. `patrol` is built on this slice and asks it who stands where;
//! no arrow leads back, so its rounds are read here in SQL, and nowhere else in this slice.

use std::collections::HashMap;

use db::{Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::clock;
use super::store::whole;
use crate::error::Result;

/// Whether somebody has set out on a day ($3) and is not expected back yet ($4), or is to walk in it after a moment ($6) and before another ($5).
/// Whoever forgets to end a round is not out for ever.
macro_rules! is_walking {
    ($tenant:literal, $person:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM patrol_walkers w JOIN patrol_rounds d ON d.tenant_id = w.tenant_id AND d.id = w.round_id WHERE w.tenant_id = ",
            $tenant,
            " AND w.person_id = ",
            $person,
            " AND w.day = $3 AND d.ended_at IS NULL AND d.cancelled_at IS NULL AND (d.begun_at + COALESCE(d.minutes, 60) * 60000 > CAST($4 AS BIGINT)
                OR d.begun_at IS NULL AND d.planned_at < CAST($5 AS BIGINT) AND d.planned_at + COALESCE(d.minutes, 60) * 60000 > CAST($6 AS BIGINT)))"
        )
    };
}
pub(super) use is_walking;

statements! {
    /// Of one person or of all: the rounds of some days that have a time and are not over.
    WALKS = "SELECT w.person_id, r.name AS route_name, d.planned_at, d.minutes FROM patrol_rounds d
        JOIN patrol_walkers w ON w.tenant_id = d.tenant_id AND w.round_id = d.id
        JOIN patrol_routes r ON r.tenant_id = d.tenant_id AND r.id = d.route_id
        WHERE d.tenant_id = $1 AND d.day >= $2 AND d.day <= $3 AND (CAST($4 AS UUID) IS NULL OR w.person_id = $4)
        AND d.planned_at IS NOT NULL AND d.ended_at IS NULL AND d.cancelled_at IS NULL ORDER BY d.day, d.planned_at, d.id, w.person_id LIMIT 50000";
}

record! {
    #[derive(Debug, Clone)]
    pub(super) struct Walk { pub person_id: Uuid, pub route_name: String, pub planned_at: Timestamp, pub minutes: Option<i64> }
}

/// So long a round takes that was planned before anybody asked how long.
const USUAL: i64 = 60;

impl Walk {
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.planned_at, self.planned_at + SignedDuration::from_mins(self.minutes.unwrap_or(USUAL)))
    }

    /// Whether it falls into a time, as far as that is known.
    pub fn meets(&self, span: Option<(Timestamp, Timestamp)>) -> bool {
        let (start, end) = self.span();
        span.is_some_and(|(from, to)| from < end && start < to)
    }

    /// `07:00–08:00`
    pub fn hours(&self) -> String {
        let (start, end) = self.span();
        format!("{}–{}", clock(start), clock(end))
    }
}

/// Of somebody on a day.
pub(super) async fn of_person(tx: &mut Tx, tenant: Uuid, person: Uuid, day: &str) -> Result<Vec<Walk>> {
    Ok(tx.all(WALKS.bind(tenant).bind(day).bind(day).bind(person)).await?)
}

/// Of everybody from one day to another, both included.
pub(super) async fn of_days(tx: &mut Tx, tenant: Uuid, days: (&str, &str)) -> Result<HashMap<Uuid, Vec<Walk>>> {
    let walks: Vec<Walk> = tx.all(WALKS.bind(tenant).bind(days.0).bind(days.1).bind(None::<Uuid>)).await?;
    let mut by_person: HashMap<Uuid, Vec<Walk>> = HashMap::new();
    for walk in whole(walks, 50_000)? {
        by_person.entry(walk.person_id).or_default().push(walk);
    }
    Ok(by_person)
}
