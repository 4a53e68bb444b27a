//! 星级志愿者: whoever has as many hours in the ledger as the table says asks for a star, and the community looks at it. Nothing is rounded up.

use std::collections::HashMap;

use db::{Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::ERASED;
use super::activity_store::HOLD_VOLUNTEER;
use super::hours_model::in_words;
use super::hours_store;
use super::store::in_reach_of_volunteer;
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::settings::Setting;
use crate::{audit, in_reach, settings};

text_enum! {
    pub enum Award { Applied = "applied" "等社区审核", Awarded = "awarded" "已授予", Refused = "refused" "没有授予" }
}

/// How many hours each star takes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Stars {
    pub one_hours: i64,
    pub two_hours: i64,
    pub three_hours: i64,
    pub four_hours: i64,
    pub five_hours: i64,
}

impl Setting for Stars {
    const NAME: &'static str = "volunteer.stars";
}

impl Stars {
    fn hours(&self) -> [i64; 5] {
        [self.one_hours, self.two_hours, self.three_hours, self.four_hours, self.five_hours]
    }

    /// The highest star for which so many minutes are enough; 0 for none.
    pub fn reached(&self, minutes: i64) -> i64 {
        (1..).zip(self.hours()).filter(|(_, hours)| minutes >= hours * 60).map(|(star, _)| star).max().unwrap_or(0)
    }

    /// `再服务 12 小时 30 分，就够二星`; `None` for whoever has five.
    pub fn next(&self, minutes: i64) -> Option<String> {
        let (star, hours) = (1..).zip(self.hours()).find(|(_, hours)| minutes < hours * 60)?;
        Some(format!("再服务 {}，就够{}", in_words(hours * 60 - minutes), name(star)))
    }
}

/// `三星`
pub fn name(star: i64) -> String {
    let number = ["一", "二", "三", "四", "五"].get((star - 1).max(0) as usize).copied().unwrap_or_default();
    format!("{number}星")
}

statements! {
    APPLY = "INSERT INTO volunteer_stars (tenant_id, id, volunteer_id, star, state, minutes, applied_at, why) VALUES ($1, $2, $3, $4, 'applied', $5, $6, '')
        ON CONFLICT (tenant_id, volunteer_id, star) WHERE state <> 'refused' DO NOTHING";
    DECIDE = "UPDATE volunteer_stars SET state = $4, minutes = $5, decided_by = $6, decided_at = $7, why = $8
        WHERE tenant_id = $1 AND volunteer_id = $2 AND id = $3 AND state = 'applied'";
    WITHDRAW = "UPDATE volunteer_stars SET state = 'refused', minutes = $4, decided_by = $5, decided_at = $6, why = $7
        WHERE tenant_id = $1 AND volunteer_id = $2 AND id = $3 AND state = 'awarded'";
    FORGET = "UPDATE volunteer_stars SET state = 'refused', decided_at = COALESCE(decided_at, $3), why = $4
        WHERE tenant_id = $1 AND volunteer_id = $2 AND state <> 'awarded'";
    OF_VOLUNTEER = "SELECT s.id, s.star, s.state, s.minutes, s.applied_at, s.decided_at, s.why FROM volunteer_stars s
        WHERE s.tenant_id = $1 AND s.volunteer_id = $2 ORDER BY s.applied_at DESC, s.id DESC LIMIT 50";
    /// The highest of everybody who has one.
    HIGHEST = "SELECT s.volunteer_id, CAST(MAX(s.star) AS BIGINT) AS star FROM volunteer_stars s WHERE s.tenant_id = $1 AND s.state = 'awarded' GROUP BY s.volunteer_id";
    WAITING = concat!("SELECT w.volunteer_id, w.star, w.applied_at FROM volunteer_stars w JOIN volunteers v ON v.tenant_id = w.tenant_id AND v.id = w.volunteer_id
        WHERE w.tenant_id = $1 AND w.state = 'applied' AND ", in_reach_of_volunteer!(), " ORDER BY w.applied_at, w.id LIMIT 50");
}

record! {
    #[derive(Debug, Clone)]
    pub struct Star {
        pub id: Uuid, pub star: i64, pub state: Award, pub minutes: i64, pub applied_at: Timestamp, pub decided_at: Option<Timestamp>, pub why: String,
    }
    pub(super) struct Waiting { pub volunteer_id: Uuid, pub star: i64, pub applied_at: Timestamp }
    struct OfOne { volunteer_id: Uuid, star: i64 }
}

impl Star {
    pub fn name(&self) -> String {
        name(self.star)
    }

    pub fn served(&self) -> String {
        in_words(self.minutes)
    }
}

/// What somebody has asked for, the latest first; at most 50.
pub async fn of_volunteer(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Star>> {
    Ok(tx.all(OF_VOLUNTEER.bind(tenant).bind(volunteer)).await?)
}

/// The highest that somebody has; 0 for none.
pub fn highest(stars: &[Star]) -> i64 {
    stars.iter().filter(|star| star.state == Award::Awarded).map(|star| star.star).max().unwrap_or(0)
}

/// `三星志愿者`
pub fn title(stars: &[Star]) -> Option<String> {
    rank(highest(stars))
}

pub(super) fn rank(star: i64) -> Option<String> {
    (star > 0).then(|| format!("{}志愿者", name(star)))
}

/// The highest of each who has one.
pub(super) async fn of_all(tx: &mut Tx, tenant: Uuid) -> Result<HashMap<Uuid, i64>> {
    let all: Vec<OfOne> = tx.all(HIGHEST.bind(tenant)).await?;
    Ok(all.into_iter().map(|one| (one.volunteer_id, one.star)).collect())
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Waiting>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// Minutes in the ledger of somebody who is held, so that nothing comes in meanwhile.
async fn served(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<i64> {
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    Ok(hours_store::total(tx, act.tenant, volunteer, act.at).await?.service)
}

/// Somebody asks for the highest star that they have reached. Gives which.
///
/// Errors: refused of too few hours, and a second time.
pub async fn apply(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<i64> {
    let rules: Stars = settings::read(tx, act.tenant, act.at).await?;
    let minutes = served(tx, act, volunteer).await?;
    let star = rules.reached(minutes);
    if star == 0 {
        return Err(Error::refused(format!(
            "已入账 {}，{}",
            in_words(minutes),
            rules.next(minutes).unwrap_or_default()
        )));
    }
    if highest(&of_volunteer(tx, act.tenant, volunteer).await?) >= star {
        return Err(Error::refused(format!("已经是{}志愿者了", name(star))));
    }
    let row = APPLY.bind(act.tenant).bind(act.id()).bind(volunteer).bind(star).bind(minutes).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("已经申请过，社区正在看"));
    }
    audit::record(tx, act, "apply_star", ("volunteer", volunteer), &name(star), &[]).await?;
    Ok(star)
}

/// The community gives a star, or says why not. What is in the ledger is looked at again.
///
/// Errors: refused of too few hours, and of no without a reason; stale if somebody was first.
pub async fn decide(tx: &mut Tx, act: &Act, volunteer: Uuid, id: Uuid, refusal: Option<&str>) -> Result<()> {
    let rules: Stars = settings::read(tx, act.tenant, act.at).await?;
    let minutes = served(tx, act, volunteer).await?;
    let asked = of_volunteer(tx, act.tenant, volunteer).await?;
    let star = asked.into_iter().find(|star| star.id == id).ok_or(Error::NotFound)?;
    if refusal.is_none() && rules.reached(minutes) < star.star {
        return Err(Error::refused(format!("现在入账的是 {}，不够{}", in_words(minutes), star.name())));
    }
    let (state, action) = match refusal {
        None => (Award::Awarded, "award_star"),
        Some(_) => (Award::Refused, "refuse_star"),
    };
    let row = DECIDE.bind(act.tenant).bind(volunteer).bind(id).bind(state).bind(minutes).bind(act.account);
    if tx.execute(row.bind(act.at).bind(refusal.unwrap_or_default())).await? == 0 {
        return Err(Error::Stale("这次申请刚刚有别人答复过。".to_owned()));
    }
    audit::record(tx, act, action, ("volunteer", volunteer), &star.name(), &[]).await
}

/// The community takes back a star for which there is not enough in the ledger any more; whoever has the hours again may ask again.
///
/// Errors: refused while the ledger carries it; stale if somebody was first.
pub async fn withdraw(tx: &mut Tx, act: &Act, volunteer: Uuid, id: Uuid, why: &str) -> Result<()> {
    let rules: Stars = settings::read(tx, act.tenant, act.at).await?;
    let minutes = served(tx, act, volunteer).await?;
    let asked = of_volunteer(tx, act.tenant, volunteer).await?;
    let star = asked.into_iter().find(|star| star.id == id).ok_or(Error::NotFound)?;
    if rules.reached(minutes) >= star.star {
        return Err(Error::refused(format!("现在入账的是 {}，够{}，不能收回", in_words(minutes), star.name())));
    }
    let row = WITHDRAW.bind(act.tenant).bind(volunteer).bind(id).bind(minutes).bind(act.account).bind(act.at);
    if tx.execute(row.bind(format!("收回：{why}"))).await? == 0 {
        return Err(Error::Stale("这颗星刚刚有别人收回过。".to_owned()));
    }
    audit::record(tx, act, "withdraw_star", ("volunteer", volunteer), &star.name(), &[]).await
}

/// What waits of somebody whose particulars go is over, and what they were told goes too. What was given stays.
pub(super) async fn forget(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(volunteer).bind(act.at).bind(ERASED)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_takes_all_of_its_hours() {
        let rules = Stars { one_hours: 100, two_hours: 300, three_hours: 600, four_hours: 1000, five_hours: 1500 };
        for (minutes, star) in [
            (0, 0),
            (5999, 0),
            (6000, 1),
            (17_999, 1),
            (18_000, 2),
            (36_000, 3),
            (60_000, 4),
            (90_000, 5),
            (900_000, 5),
        ] {
            assert_eq!(rules.reached(minutes), star, "{minutes}");
        }
        assert_eq!(rules.next(5999).unwrap(), "再服务 1 分，就够一星");
        assert_eq!(rules.next(90_000), None);
    }
}
