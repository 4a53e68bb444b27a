//! What a volunteer is booked for besides activities: a visit to somebody's door, for which another slice asks them. It stands here, beside
//! the activities, since whoever books looks at both while holding the volunteer's row; so nobody is in two places at once.

use std::collections::HashMap;

use db::{Tx, record, statements};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::activity_model::{Demands, Risk, Span};
use super::activity_store::{APPLICANT, Applicant, Counted, ELSEWHERE, HOLD_VOLUNTEER, Titled};
use super::model::{Joining, age};
use super::store::in_reach_of_volunteer;
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::{in_reach, settings};

statements! {
    /// Everybody on the roll within reach.
    CANDIDATES = concat!("SELECT v.id, v.name, v.estate_id, v.birth_date, v.skills, v.qualifications, v.available,
            CASE WHEN v.insurance_no IS NOT NULL THEN v.insured_until END AS insured_until, v.guardian_agreed_on
        FROM volunteers v WHERE v.tenant_id = $1 AND v.state = 'active' AND ", in_reach_of_volunteer!(), " ORDER BY v.applied_at, v.id LIMIT 2000");
    QUALIFICATIONS = "SELECT qualifications FROM volunteers WHERE tenant_id = $1 AND id = $2";
    ADD = "INSERT INTO volunteer_engagements (tenant_id, id, subject_id, volunteer_id, title, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    RELEASE = "DELETE FROM volunteer_engagements WHERE tenant_id = $1 AND subject_id = $2";
    MEANWHILE = "SELECT title FROM volunteer_engagements WHERE tenant_id = $1 AND volunteer_id = $2 AND starts_at < $4 AND ends_at > $3 LIMIT 1";
    NEARBY = "SELECT starts_at, ends_at FROM volunteer_engagements WHERE tenant_id = $1 AND volunteer_id = $2 AND starts_at >= $3 AND starts_at < $4 ORDER BY starts_at LIMIT 500";
    COMING = "SELECT title FROM volunteer_engagements WHERE tenant_id = $1 AND volunteer_id = $2 AND starts_at > $3 LIMIT 1";
    LEFT = "SELECT COUNT(*) AS people FROM volunteer_engagements WHERE tenant_id = $1 AND volunteer_id = $2 AND starts_at > $3";
    FORGET = "DELETE FROM volunteer_engagements WHERE tenant_id = $1 AND volunteer_id = $2";
    PASSED = "DELETE FROM volunteer_engagements WHERE tenant_id = $1 AND starts_at < $2";
    ENGAGED = "SELECT g.volunteer_id, g.starts_at, g.ends_at, 1 AS visit FROM volunteer_engagements g
        WHERE g.tenant_id = $1 AND g.starts_at >= $2 AND g.starts_at < $3 ORDER BY g.starts_at LIMIT 5000";
    SIGNED_UP = "SELECT s.volunteer_id, a.starts_at, a.ends_at, 0 AS visit FROM volunteer_activities a CROSS JOIN volunteer_sign_ups s
        WHERE s.tenant_id = a.tenant_id AND s.activity_id = a.id AND s.state IN ('confirmed', 'waiting') AND s.position > 0 AND a.tenant_id = $1 AND a.starts_at >= $2 AND a.starts_at < $3 AND a.cancelled_at IS NULL ORDER BY a.starts_at LIMIT 20000";
}

record! {
    /// Somebody who could be asked to go somewhere.
    #[derive(Debug, Clone)]
    pub struct Candidate {
        pub id: Uuid, pub name: String, pub estate_id: Option<Uuid>, pub birth_date: Option<String>, pub skills: Option<String>,
        pub qualifications: Option<String>, pub available: Option<String>,
        /// The last day of an insurance that is registered.
        pub insured_until: Option<String>,
        /// The day of a guardian's written consent.
        pub guardian_agreed_on: Option<String>,
    }
    struct Certificates { qualifications: Option<String> }
    struct Near { starts_at: Timestamp, ends_at: Timestamp }
    struct Taken { volunteer_id: Uuid, starts_at: Timestamp, ends_at: Timestamp, visit: i64 }
}

/// What is asked of whoever is booked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub risk: Risk,
    pub insured: bool,
    /// The words of which one stands in their certificates, apart by spaces; empty: none is asked for.
    pub qualification: &'a str,
    pub least_age: i64,
    /// So many visits at most in seven days.
    pub most_a_week: i64,
}

impl Asked<'_> {
    /// Nothing but an age.
    pub const fn of_age(least_age: i64) -> Asked<'static> {
        Asked { risk: Risk::Low, insured: false, qualification: "", least_age, most_a_week: i64::MAX }
    }
}

/// How many visits are on the fullest seven days in a row of which a day is one.
pub fn fullest_week(visits: &[Date], day: Date) -> i64 {
    let within = |first: Date| {
        let last = first.saturating_add(6.days());
        visits.iter().filter(|visit| first <= **visit && **visit <= last).count() as i64
    };
    (0..7).map(|back| within(day.saturating_sub(back.days()))).max().unwrap_or_default()
}

/// Whether one of the words, which are apart by spaces, stands in a text; no words stand in every text.
pub fn has_one_of(text: &str, words: &str) -> bool {
    let mut words = words.split_whitespace().peekable();
    words.peek().is_none() || words.any(|word| text.contains(word))
}

/// Everybody on the roll within reach; at most 2000.
pub async fn candidates(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Candidate>> {
    Ok(tx.all(CANDIDATES.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

impl Candidate {
    /// Whether they may be asked at all: what `engage` refuses for good is not suggested.
    pub fn fits(&self, asked: &Asked<'_>, adult_age: i64, on: Date) -> bool {
        let least = if asked.risk == Risk::High { adult_age.max(asked.least_age) } else { asked.least_age };
        let years = self.birth_date.as_deref().and_then(|birth| age(birth, on));
        let covered = self.insured_until.as_deref().is_some_and(|until| until >= on.to_string().as_str());
        let insured = covered || !(asked.insured || asked.risk == Risk::High);
        let agreed = years.is_some_and(|years| years >= adult_age) || self.guardian_agreed_on.is_some();
        let qualified = has_one_of(self.qualifications.as_deref().unwrap_or_default(), asked.qualification);
        years.is_some_and(|years| years >= least) && agreed && insured && qualified
    }
}

/// What somebody is booked for.
#[derive(Debug, Clone, Copy)]
pub struct Booking<'a> {
    /// The visit, or the round of doors.
    pub subject: Uuid,
    pub title: &'a str,
    pub span: Span,
    /// In the course of which it happens: who has signed up for it is not elsewhere.
    pub activity: Option<Uuid>,
}

/// Books a volunteer, whose row is held until the transaction ends.
///
/// Errors: refused, with what stands in the way: they are not on the roll, not insured or qualified, or are elsewhere or often enough.
pub async fn engage(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    Booking { subject, title, span, activity }: Booking<'_>,
    asked: Asked<'_>,
) -> Result<()> {
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    let who: Applicant = tx.one(APPLICANT.bind(act.tenant).bind(volunteer)).await?;
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let Asked { risk, least_age, .. } = asked;
    let demands = Demands { day: span.day(), risk, least_age, adult_age: rules.adult_age, with_children: false };
    if let Some(obstacle) = demands.unmet(&who) {
        return Err(Error::refused(obstacle));
    }
    if asked.insured && !demands.is_insured(&who) {
        let what = if who.insurance_no.is_none() {
            "还没有登记人身意外保险"
        } else {
            "登记的人身意外保险管不到那一天"
        };
        return Err(Error::refused(format!("{}{what}，这类服务要先有保险", who.name)));
    }
    let certificates = tx.one::<Certificates>(QUALIFICATIONS.bind(act.tenant).bind(volunteer)).await?.qualifications;
    if !has_one_of(certificates.as_deref().unwrap_or_default(), asked.qualification) {
        return Err(Error::refused(format!("{}没有登记这类服务要的证书（{}）", who.name, asked.qualification)));
    }
    let (from, until) = (span.starts_at, span.ends_at);
    // No activity has the id of a visit, so none is left out.
    let elsewhere = ELSEWHERE.bind(act.tenant).bind(volunteer).bind(activity.unwrap_or(subject)).bind(from).bind(until);
    let visit = MEANWHILE.bind(act.tenant).bind(volunteer).bind(from).bind(until);
    let (elsewhere, visit) = (tx.optional::<Titled>(elsewhere).await?, tx.optional::<Titled>(visit).await?);
    if let Some(other) = elsewhere.or(visit) {
        return Err(Error::refused(format!("{}同一时间已经有“{}”", who.name, other.title)));
    }
    let week = SignedDuration::from_hours(8 * 24);
    let near = NEARBY.bind(act.tenant).bind(volunteer).bind(from - week).bind(from + week);
    let near: Vec<Near> = tx.all(near).await?;
    let near: Vec<Date> =
        near.iter().map(|near| Span { starts_at: near.starts_at, ends_at: near.ends_at }.day()).collect();
    let visits = fullest_week(&near, span.day());
    if visits >= asked.most_a_week {
        return Err(Error::refused(format!("{}七天里已经有 {visits} 次上门，请换一个人", who.name)));
    }
    let row = ADD.bind(act.tenant).bind(act.id()).bind(subject).bind(volunteer).bind(title).bind(from).bind(until);
    tx.execute(row).await?;
    Ok(())
}

/// Whoever was booked for something need not go any more, or has gone.
pub async fn release(tx: &mut Tx, act: &Act, subject: Uuid) -> Result<()> {
    tx.execute(RELEASE.bind(act.tenant).bind(subject)).await?;
    Ok(())
}

/// Whoever asks holds the row of the volunteer already, so that nobody books them meanwhile.
///
/// Errors: refused of somebody who is still to go to a door: who goes there instead has to be settled first.
pub(super) async fn refuse_booked(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    match tx.optional::<Titled>(COMING.bind(act.tenant).bind(volunteer).bind(act.at)).await? {
        Some(coming) => Err(Error::refused(format!("还有“{}”没有去，请先点去不了，或者请社区另外派人", coming.title))),
        None => Ok(()),
    }
}

/// To how many doors somebody is still to go.
pub(super) async fn left(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, now: Timestamp) -> Result<i64> {
    Ok(tx.one::<Counted>(LEFT.bind(tenant).bind(volunteer).bind(now)).await?.people)
}

/// Nobody knows any more where somebody has gone.
pub(super) async fn forget(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(volunteer)).await?;
    Ok(())
}

/// So long where somebody was tells whether they are asked too often: the seven days in a row of a visit that is asked for now, and some
/// more for whoever looks back.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Removes what is over long ago: it says nothing about whether somebody is free.
pub(super) async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    tx.execute(PASSED.bind(act.tenant).bind(act.at - LOOKED_BACK)).await?;
    Ok(())
}

/// Another visit at the time of an activity, if there is one.
pub(super) async fn meanwhile(tx: &mut Tx, act: &Act, volunteer: Uuid, span: Span) -> Result<Option<String>> {
    let query = MEANWHILE.bind(act.tenant).bind(volunteer).bind(span.starts_at).bind(span.ends_at);
    Ok(tx.optional::<Titled>(query).await?.map(|other| other.title))
}

/// When volunteers are taken between two moments: for each when, and whether by a visit.
pub async fn taken(
    tx: &mut Tx,
    tenant: Uuid,
    (from, until): (Timestamp, Timestamp),
) -> Result<HashMap<Uuid, Vec<(Span, bool)>>> {
    let mut taken: HashMap<Uuid, Vec<(Span, bool)>> = HashMap::new();
    for statement in [ENGAGED, SIGNED_UP] {
        for row in tx.all::<Taken>(statement.bind(tenant).bind(from).bind(until)).await? {
            let Taken { starts_at, ends_at, .. } = row;
            taken.entry(row.volunteer_id).or_default().push((Span { starts_at, ends_at }, row.visit == 1));
        }
    }
    Ok(taken)
}
