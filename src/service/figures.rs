//! 场次, 户数, 份数: what rounds found at the doors, whom outside providers served, and which needs were met in some days, by estate. Nobody and no
//! door can be told from it.

use calendar::shanghai;
use db::{Tx, record, statements};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! of_round {
    () => {
        concat!(
            "r.tenant_id = $1 AND r.on_day >= $4 AND r.on_day <= $5 AND (CAST($6 AS UUID) IS NULL OR r.estate_id = $6) AND ",
            in_reach!("$2", "$3", "r.tenant_id", "r.estate_id", "NULL", "NULL")
        )
    };
}

statements! {
    /// A round counts once somebody has noted a door of it.
    ROUNDS = concat!("SELECT r.estate_id, e.name AS estate_name, COUNT(DISTINCT r.id) AS times, COUNT(*) AS doors
        FROM service_rounds r CROSS JOIN service_round_doors d CROSS JOIN estates e
        WHERE d.tenant_id = r.tenant_id AND d.round_id = r.id AND d.noted_at IS NOT NULL AND e.tenant_id = r.tenant_id AND e.id = r.estate_id AND ", of_round!(),
        " GROUP BY r.estate_id, e.name ORDER BY e.name, r.estate_id LIMIT 1000");
    OUTCOMES = concat!("SELECT r.estate_id, e.name AS estate_name, o.name, o.counted, COUNT(*) AS doors, CAST(SUM(CASE WHEN o.counted THEN x.number ELSE 0 END) AS BIGINT) AS number
        FROM service_rounds r CROSS JOIN service_door_outcomes x CROSS JOIN service_outcomes o CROSS JOIN estates e
        WHERE x.tenant_id = r.tenant_id AND x.round_id = r.id AND o.tenant_id = x.tenant_id AND o.id = x.outcome_id AND e.tenant_id = r.tenant_id AND e.id = r.estate_id AND ", of_round!(),
        " GROUP BY r.estate_id, e.name, o.id, o.name, o.counted, o.created_at ORDER BY e.name, r.estate_id, o.created_at, o.id LIMIT 5000");
    DATES = concat!("SELECT s.estate_id, e.name AS estate_name, p.id AS provider_id, p.name AS provider_name, COUNT(*) AS times, CAST(SUM(COALESCE(t.doors, 0)) AS BIGINT) AS doors,
            CAST(SUM(COALESCE(t.people, 0)) AS BIGINT) AS people, CAST(SUM(COALESCE(t.leaflets, 0)) AS BIGINT) AS leaflets
        FROM service_dates t CROSS JOIN service_standings s CROSS JOIN service_providers p CROSS JOIN estates e
        WHERE s.tenant_id = t.tenant_id AND s.id = t.standing_id AND p.tenant_id = s.tenant_id AND p.id = s.provider_id AND e.tenant_id = s.tenant_id AND e.id = s.estate_id
            AND t.tenant_id = $1 AND t.starts_at >= $4 AND t.starts_at < $5 AND t.counted_at IS NOT NULL AND (CAST($6 AS UUID) IS NULL OR s.estate_id = $6) AND ",
        in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"), " GROUP BY s.estate_id, e.name, p.id, p.name ORDER BY e.name, s.estate_id, p.name, p.id LIMIT 5000");
    /// Of those that were taken down in these days; each by what its kind is called now.
    NEEDS = concat!("SELECT n.estate_id, e.name AS estate_name, v.name AS kind_name, COUNT(*) AS needs, CAST(SUM(CASE WHEN n.state = 'done' THEN 1 ELSE 0 END) AS BIGINT) AS met
        FROM service_needs n CROSS JOIN service_kinds k CROSS JOIN service_kind_versions v CROSS JOIN estates e
        WHERE k.tenant_id = n.tenant_id AND k.id = n.kind_id AND v.tenant_id = k.tenant_id AND v.kind_id = k.id AND v.number = k.version AND e.tenant_id = n.tenant_id AND e.id = n.estate_id
            AND n.tenant_id = $1 AND n.created_at >= $4 AND n.created_at < $5 AND (CAST($6 AS UUID) IS NULL OR n.estate_id = $6) AND ",
        in_reach!("$2", "$3", "n.tenant_id", "n.estate_id", "NULL", "NULL"), " GROUP BY n.estate_id, e.name, k.id, v.name, k.created_at ORDER BY e.name, n.estate_id, k.created_at, k.id LIMIT 5000");
}

record! {
    /// How often volunteers went from door to door in an estate, and at how many doors.
    #[derive(Debug, Clone)]
    pub struct OfRounds { pub estate_id: Uuid, pub estate_name: String, pub times: i64, pub doors: i64 }
    #[derive(Debug, Clone)]
    pub struct OfOutcome { pub estate_id: Uuid, pub estate_name: String, pub name: String, pub counted: bool, pub doors: i64, pub number: i64 }
    #[derive(Debug, Clone)]
    pub struct OfProvider {
        pub estate_id: Uuid, pub estate_name: String, pub provider_id: Uuid, pub provider_name: String, pub times: i64, pub doors: i64, pub people: i64,
        pub leaflets: i64,
    }
    #[derive(Debug, Clone)]
    pub struct OfNeeds { pub estate_id: Uuid, pub estate_name: String, pub kind_name: String, pub needs: i64, pub met: i64 }
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Figures {
    pub rounds: Vec<OfRounds>,
    pub outcomes: Vec<OfOutcome>,
    pub providers: Vec<OfProvider>,
    pub needs: Vec<OfNeeds>,
}

/// From one moment until another, which is no part of it, as far as somebody reaches.
pub async fn read(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (from, until): (Timestamp, Timestamp),
    estate: Option<Uuid>,
) -> Result<Figures> {
    let day = |at: Timestamp| at.to_zoned_datetime(shanghai()).date();
    let (first, last): (Date, Date) = (day(from), day(until - SignedDuration::from_millis(1)));
    let within = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
    let by_day = |statement| within(statement).bind(first.to_string()).bind(last.to_string()).bind(estate);
    let by_time = |statement| within(statement).bind(from).bind(until).bind(estate);
    Ok(Figures {
        rounds: tx.all(by_day(ROUNDS)).await?,
        outcomes: tx.all(by_day(OUTCOMES)).await?,
        providers: tx.all(by_time(DATES)).await?,
        needs: tx.all(by_time(NEEDS)).await?,
    })
}
