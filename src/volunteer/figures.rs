//! 场次, 人次, 小时: what was done in some days and is in the ledger, by team, and what was given for it. Nobody can be told from it.

use calendar::shanghai;
use db::{Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::hours_store::in_reach_of_record;
use super::store::in_reach_of_volunteer;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

statements! {
    /// By team and by the estate of what it did. What was corrected to nothing is no service.
    SERVED = concat!("SELECT t.id AS team_id, t.name AS team_name, a.estate_id, e.name AS estate_name,
            COUNT(DISTINCT CASE WHEN r.kind = 'service' THEN r.activity_id END) AS activities,
            CAST(SUM(CASE WHEN r.kind = 'service' THEN 1 ELSE 0 END) AS BIGINT) AS people,
            CAST(SUM(CASE WHEN r.kind = 'service' THEN r.minutes ELSE 0 END) AS BIGINT) AS minutes,
            CAST(SUM(CASE WHEN r.kind = 'training' THEN r.minutes ELSE 0 END) AS BIGINT) AS training
        FROM volunteer_records r JOIN volunteer_teams t ON t.tenant_id = r.tenant_id AND t.id = r.team_id
        LEFT JOIN volunteer_activities a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
        LEFT JOIN estates e ON e.tenant_id = a.tenant_id AND e.id = a.estate_id
        WHERE r.tenant_id = $1 AND r.state = 'approved' AND r.counts_from >= $4 AND r.counts_from < $5 AND r.books_at <= $6 AND r.minutes > 0
            AND (CAST($7 AS UUID) IS NULL OR a.estate_id = $7) AND ", in_reach_of_record!(),
        " GROUP BY t.id, t.name, t.position, a.estate_id, e.name ORDER BY t.position, t.id, e.name LIMIT 5000");
    STARS = concat!("SELECT w.star, COUNT(*) AS people FROM volunteer_stars w JOIN volunteers v ON v.tenant_id = w.tenant_id AND v.id = w.volunteer_id
        WHERE w.tenant_id = $1 AND w.state = 'awarded' AND w.decided_at >= $4 AND w.decided_at < $5
            AND (CAST($6 AS UUID) IS NULL OR v.estate_id = $6) AND ", in_reach_of_volunteer!(), " GROUP BY w.star ORDER BY w.star");
    HONOURS = concat!("SELECT COUNT(*) AS amount FROM volunteer_honours w JOIN volunteers v ON v.tenant_id = w.tenant_id AND v.id = w.volunteer_id
        WHERE w.tenant_id = $1 AND w.on_day >= $4 AND w.on_day <= $5 AND (CAST($6 AS UUID) IS NULL OR v.estate_id = $6) AND ", in_reach_of_volunteer!());
    CERTIFICATES = concat!("SELECT COUNT(*) AS amount FROM volunteer_certificates w JOIN volunteers v ON v.tenant_id = w.tenant_id AND v.id = w.volunteer_id
        WHERE w.tenant_id = $1 AND w.issued_on >= $4 AND w.issued_on <= $5 AND w.state = 'issued' AND (CAST($6 AS UUID) IS NULL OR v.estate_id = $6) AND ",
        in_reach_of_volunteer!());
}

record! {
    /// What a team has done in one estate, or for the whole community.
    #[derive(Debug, Clone)]
    pub struct OfTeam {
        pub team_id: Uuid, pub team_name: String, pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub activities: i64, pub people: i64,
        pub minutes: i64, pub training: i64,
    }
    #[derive(Debug, Clone)]
    pub struct OfStar { pub star: i64, pub people: i64 }
    struct Amount { amount: i64 }
}

/// Which days, and as far as whom.
pub struct Wanted<'a> {
    pub scope: &'a Scope,
    pub from: Timestamp,
    /// The end, which is not in it.
    pub until: Timestamp,
    pub estate: Option<Uuid>,
    pub now: Timestamp,
}

/// What was done, and what was given.
#[derive(Debug, Clone)]
pub struct Figures {
    pub teams: Vec<OfTeam>,
    pub stars: Vec<OfStar>,
    pub honours: i64,
    pub certificates: i64,
}

impl Figures {
    /// Activities, how often somebody came, and minutes of service.
    pub fn sums(&self) -> (i64, i64, i64) {
        self.teams.iter().fold((0, 0, 0), |(activities, people, minutes), team| {
            (activities + team.activities, people + team.people, minutes + team.minutes)
        })
    }
}

pub async fn read(tx: &mut Tx, tenant: Uuid, wanted: &Wanted<'_>) -> Result<Figures> {
    let &Wanted { scope, from, until, estate, now } = wanted;
    let day = |at: Timestamp| at.to_zoned_datetime(shanghai()).date();
    let days: (Date, Date) = (day(from), day(until - jiff::SignedDuration::from_millis(1)));
    let within = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
    let by_day = |statement| within(statement).bind(days.0.to_string()).bind(days.1.to_string()).bind(estate);
    let served = within(SERVED).bind(from).bind(until).bind(now).bind(estate);
    Ok(Figures {
        teams: tx.all(served).await?,
        stars: tx.all(within(STARS).bind(from).bind(until).bind(estate)).await?,
        honours: tx.one::<Amount>(by_day(HONOURS)).await?.amount,
        certificates: tx.one::<Amount>(by_day(CERTIFICATES)).await?.amount,
    })
}
