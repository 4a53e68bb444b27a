//! What the ledger needs of the schools that `duty` guards: which there are within reach, and their gates. Nothing else reads or writes them
//! here. What was found out about each, 调研, is kept in versions that never change.

use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::Survey;
use super::store;
use crate::access::{Act, Link, Scope};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{audit, in_reach};

macro_rules! schools {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.name, s.organisation_id, s.link_number FROM duty_schools s WHERE s.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "s.tenant_id", "NULL", "NULL", "s.organisation_id"),
            $where
        )
    };
}

statements! {
    SCHOOLS = schools!(" AND s.closed_at IS NULL ORDER BY s.position, s.id LIMIT 500");
    SCHOOL = schools!(" AND s.id = $4");
    GATES = "SELECT id, name FROM duty_gates WHERE tenant_id = $1 AND school_id = $2 AND closed_at IS NULL ORDER BY position, id LIMIT 50";
    /// Of two who write the same version, one finds it taken.
    ADD_SURVEY = "INSERT INTO hazard_surveys (tenant_id, school_id, version, id, sealed, reason, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id, school_id, version) DO NOTHING";
    /// Which versions there are of every school, without what they say.
    SURVEYED = "SELECT v.school_id, v.version, v.reason, v.made_at FROM hazard_surveys v WHERE v.tenant_id = $1
        ORDER BY v.school_id, v.version DESC LIMIT 5000";
    SURVEYS = "SELECT v.version, v.sealed, v.reason, v.made_at, a.name AS made_name FROM hazard_surveys v
        LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.made_by
        WHERE v.tenant_id = $1 AND v.school_id = $2 ORDER BY v.version DESC LIMIT 50";
}

record! {
    #[derive(Debug, Clone)]
    pub struct School { pub id: Uuid, pub name: String, pub organisation_id: Uuid, pub link_number: i64 }
    #[derive(Debug, Clone)]
    pub struct Gate { pub id: Uuid, pub name: String }
    /// That a school was looked at, and why.
    #[derive(Debug, Clone)]
    pub struct Surveyed { pub school_id: Uuid, pub version: i64, pub reason: String, pub made_at: Timestamp }
    struct SealedSurvey { version: i64, sealed: Vec<u8>, reason: String, made_at: Timestamp, made_name: Option<String> }
}

/// One version of what is known of a school.
#[derive(Debug, Clone)]
pub struct Version {
    pub version: i64,
    pub survey: Survey,
    pub reason: String,
    pub made_at: Timestamp,
    pub made_name: String,
}

impl School {
    fn purpose(&self) -> String {
        format!("hazards of school {}", self.link_number)
    }

    /// By which a school sees what is shared with it. It is void once the school's number counts up.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &self.purpose(), keys)
    }
}

pub async fn schools(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<School>> {
    Ok(tx.all(SCHOOLS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// One within reach; not found otherwise.
pub async fn school(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<School> {
    Ok(tx.one(SCHOOL.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The school to which a link leads.
///
/// Errors: not found if the link is not good, or not any more.
pub async fn by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<School> {
    let known = school(tx, link.tenant, &Scope::tenant(), link.id).await?;
    if link.is_signed(&known.purpose(), keys) { Ok(known) } else { Err(Error::NotFound) }
}

pub async fn gates(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Gate>> {
    Ok(tx.all(GATES.bind(tenant).bind(school)).await?)
}

/// Which surveys there are in a bureau, the latest of each school first.
pub async fn surveyed(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Surveyed>> {
    Ok(tx.all(SURVEYED.bind(tenant)).await?)
}

/// Every version, the latest first.
pub async fn surveys(tx: &mut Tx, act: &Act, school: Uuid) -> Result<Vec<Version>> {
    let rows: Vec<SealedSurvey> = tx.all(SURVEYS.bind(act.tenant).bind(school)).await?;
    let read = |row: SealedSurvey| {
        let SealedSurvey { version, sealed, reason, made_at, made_name } = row;
        let survey = store::open(act, &sealed)?;
        Ok(Version { version, survey, reason, made_at, made_name: made_name.unwrap_or_default() })
    };
    rows.into_iter().map(read).collect()
}

/// Writes the version after the one that somebody saw, which is 0 where there was none.
///
/// Errors: stale if there is another already; refused if nothing is different.
pub async fn survey(tx: &mut Tx, act: &Act, school: &School, seen: i64, (new, reason): (&Survey, &str)) -> Result<i64> {
    let known = surveys(tx, act, school.id).await?;
    if known.first().is_some_and(|last| last.version == seen && last.survey == *new) {
        return Err(Error::refused("和上一版一样，没有新的内容"));
    }
    let latest = known.first().map_or(0, |last| last.version);
    let id = act.id();
    let row = ADD_SURVEY.bind(act.tenant).bind(school.id).bind(seen + 1).bind(id).bind(store::seal(act, new)?);
    if latest != seen || tx.execute(row.bind(reason).bind(act.account).bind(act.at)).await? == 0 {
        let sentence = "刚刚有人写了新的一版，您看的是这之前的。您写的没有存，请先看新的一版，再补上您的。";
        return Err(Error::Stale(sentence.to_owned()));
    }
    audit::record(tx, act, "create", ("hazard_survey", id), "", &[]).await?;
    Ok(seen + 1)
}
