//! 业主共同决定: a matter of the owners of an estate, which nobody decides for them. They vote apart from meetings, on paper or by their
//! own app; what that has come to is recorded with its figures, by area and by head (民法典, art. 278), and until it carries the
//! issue is given to nobody.

use db::{Json, Tx, record, statements, text_enum};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Remedy, Step};
use super::step::{self, Words};
use super::store::{self, Issue};
use crate::access::{Act, OrganisationKind};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings::{self, Portion, Setting};

text_enum! {
    /// What is decided: the law asks for more where the common parts or their money are at stake.
    pub enum Matter { Usual = "usual" "一般事项", Special = "special" "特别事项" }
    /// How the owners have voted.
    pub enum Ballot { Met = "met" "集中开会", Written = "written" "书面征求意见", Online = "online" "电子投票", Mixed = "mixed" "几种办法都有" }
}

/// How many owners, with how much of the area, must take part, and how many of these must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRules {
    pub taking_part: Portion,
    pub usual: Portion,
    pub special: Portion,
}

impl Setting for OwnerRules {
    const NAME: &'static str = "issue.owners";
}

/// Some of the owners: their area in hundredths of a square metre, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub area: i64,
    pub owners: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnersVote {
    pub matter: Matter,
    pub way: Ballot,
    pub held_on: Date,
    pub all: Share,
    pub taking_part: Share,
    pub agreeing: Share,
}

impl Share {
    fn is_part_of(self, whole: Share) -> bool {
        (0..=whole.area).contains(&self.area) && (0..=whole.owners).contains(&self.owners)
    }

    /// Whether it is such a part of a whole, by area and by head.
    fn is_at_least(self, portion: Portion, whole: Share) -> bool {
        self.area >= portion.least(whole.area) && self.owners >= portion.least(whole.owners)
    }

    fn words(self) -> String {
        format!("{} 户、{}㎡", self.owners, square_metres(self.area))
    }
}

/// `81234.5` of 8123450 hundredths.
pub fn square_metres(area: i64) -> String {
    let text = format!("{}.{:02}", area / 100, area % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl OwnersVote {
    /// Errors: a sentence that says what does not add up.
    pub fn check(self) -> Result<OwnersVote> {
        const MOST: i64 = 10_000_000_000;
        if self.all.area < 1 || self.all.owners < 1 || self.all.area > MOST || self.all.owners > 1_000_000 {
            return Err(Error::refused("请写全体业主的总户数和专有部分总面积"));
        }
        if !self.taking_part.is_part_of(self.all) {
            return Err(Error::refused("参加表决的不能比全体业主还多"));
        }
        if !self.agreeing.is_part_of(self.taking_part) {
            return Err(Error::refused("同意的不能比参加表决的还多"));
        }
        Ok(self)
    }

    pub fn passes(&self, rules: &OwnerRules) -> bool {
        let wanted = match self.matter {
            Matter::Usual => rules.usual,
            Matter::Special => rules.special,
        };
        self.taking_part.is_at_least(rules.taking_part, self.all) && self.agreeing.is_at_least(wanted, self.taking_part)
    }

    /// For the chain of the issue, which the neighbours read.
    fn words(&self, passed: bool) -> String {
        format!(
            "{}，{}，{}：全体 {}，参加表决 {}，同意 {}，{}",
            self.held_on.strftime("%-m月%-d日"),
            self.way,
            self.matter,
            self.all.words(),
            self.taking_part.words(),
            self.agreeing.words(),
            if passed { "通过" } else { "没有通过" }
        )
    }
}

statements! {
    ADD = "INSERT INTO owner_votes (tenant_id, id, issue_id, matter, way, held_on, area, area_taking_part, area_agreeing, owners, owners_taking_part,
            owners_agreeing, rules, passed, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    OF_ISSUE = "SELECT v.matter, v.way, v.held_on, v.area, v.area_taking_part, v.area_agreeing, v.owners, v.owners_taking_part, v.owners_agreeing,
            v.passed, v.recorded_at, a.name AS recorded_by
        FROM owner_votes v LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.recorded_by
        WHERE v.tenant_id = $1 AND v.issue_id = $2 ORDER BY v.held_on DESC, v.recorded_at DESC, v.id DESC LIMIT 20";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Recorded {
        pub matter: Matter, pub way: Ballot, pub held_on: String, pub area: i64, pub area_taking_part: i64, pub area_agreeing: i64,
        pub owners: i64, pub owners_taking_part: i64, pub owners_agreeing: i64, pub passed: bool, pub recorded_at: Timestamp,
        pub recorded_by: Option<String>,
    }
}

/// Records what a vote of the owners about an issue has come to, and says so on its chain. Gives whether it has passed.
///
/// Errors: refused if the figures do not add up.
pub async fn record(tx: &mut Tx, act: &Act, issue: Uuid, vote: OwnersVote) -> Result<bool> {
    let vote = vote.check()?;
    if vote.held_on > act.at.to_zoned_datetime(calendar::shanghai()).date() {
        return Err(Error::refused("表决的日子还没有到"));
    }
    let held_at = vote.held_on.to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let rules: OwnerRules = settings::read(tx, act.tenant, held_at).await?;
    let passed = vote.passes(&rules);
    let OwnersVote { matter, way, held_on, all, taking_part, agreeing } = vote;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(issue).bind(matter).bind(way).bind(held_on.to_string());
    let row = row.bind(all.area).bind(taking_part.area).bind(agreeing.area);
    let row = row.bind(all.owners).bind(taking_part.owners).bind(agreeing.owners);
    tx.execute(row.bind(Json(rules)).bind(passed).bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "create", ("owner_vote", id), "", &[]).await?;
    let mut issue = store::issue(tx, act.tenant, issue).await?;
    // One that has ended in the meantime keeps its chain as it is.
    if issue.state.open() {
        let (seen, words) = (issue.lock_version, vote.words(passed));
        step::take(tx, act, &mut issue, seen, Step::OwnersVoted, Words::public(&words), None).await?;
    }
    Ok(passed)
}

/// What owners have voted about an issue, the vote that was held last first; at most 20.
pub(super) async fn of_issue(tx: &mut Tx, tenant: Uuid, issue: Uuid) -> Result<Vec<Recorded>> {
    Ok(tx.all(OF_ISSUE.bind(tenant).bind(issue)).await?)
}

/// Whether an issue is the owners' to decide and they have not agreed to it, as far as their last vote says.
pub async fn missing(tx: &mut Tx, tenant: Uuid, issue: &Issue) -> Result<bool> {
    if issue.remedy != Some(Remedy::Owners) {
        return Ok(false);
    }
    let votes = of_issue(tx, tenant, issue.id).await?;
    if votes.first().is_some_and(|last| last.passed) {
        return Ok(false);
    }
    // A waiver holds until the owners have said no, and for one round.
    let said_no = votes.iter().filter(|vote| !vote.passed).map(|vote| vote.recorded_at).max();
    let waived = store::last_taken(tx, tenant, issue, Step::OwnersWaived).await?;
    Ok(waived.is_none_or(|waived| said_no.is_some_and(|said| said > waived)))
}

/// Whether an issue must not be given to a party: who carries things out waits for the owners, while whoever prepares their vote
/// may be set to work.
pub async fn keep_from(tx: &mut Tx, tenant: Uuid, issue: &Issue, party: OrganisationKind) -> Result<bool> {
    use OrganisationKind::{Community, PartyBranch, PropertyCommittee};
    Ok(!matches!(party, Community | PartyBranch | PropertyCommittee) && missing(tx, tenant, issue).await?)
}

/// Whether an issue is the owners' to decide and they have not voted at all. That they have said no can be its result.
pub async fn unasked(tx: &mut Tx, tenant: Uuid, issue: &Issue) -> Result<bool> {
    Ok(missing(tx, tenant, issue).await? && of_issue(tx, tenant, issue.id).await?.is_empty())
}

/// The secretary of the community has it done although the owners have not agreed. The chain says that they have not; why it
/// cannot wait is for staff to read.
pub async fn waive(tx: &mut Tx, act: &Act, issue: &mut Issue, reason: &str) -> Result<()> {
    let seen = issue.lock_version;
    let words = Words {
        public: "没有经过业主表决，由社区书记决定先办", internal: reason, ..Words::default()
    };
    step::take(tx, act, issue, seen, Step::OwnersWaived, words, None).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vote(matter: Matter, all: [i64; 2], taking_part: [i64; 2], agreeing: [i64; 2]) -> OwnersVote {
        let share = |[area, owners]: [i64; 2]| Share { area, owners };
        let held_on = jiff::civil::date(2026, 11, 23);
        let way = Ballot::Written;
        OwnersVote { matter, way, held_on, all: share(all), taking_part: share(taking_part), agreeing: share(agreeing) }
    }

    #[test]
    fn two_thirds_take_part_and_more_than_half_or_three_quarters_of_them_agree_by_area_and_by_head() {
        let rules: OwnerRules = crate::settings::by_default().unwrap();
        let passes = |matter, taking_part, agreeing| vote(matter, [90_000, 900], taking_part, agreeing).passes(&rules);
        assert!(passes(Matter::Usual, [60_000, 600], [30_001, 301]));
        assert!(!passes(Matter::Usual, [60_000, 600], [30_000, 301]), "half of the area is not more than half");
        assert!(!passes(Matter::Usual, [60_000, 600], [30_001, 300]));
        assert!(!passes(Matter::Usual, [59_999, 600], [59_999, 600]), "too little of the area took part");
        assert!(!passes(Matter::Usual, [60_000, 599], [60_000, 599]));
        assert!(passes(Matter::Special, [60_000, 600], [45_000, 450]));
        assert!(!passes(Matter::Special, [60_000, 600], [44_999, 450]));
        assert!(!passes(Matter::Special, [60_000, 600], [45_000, 449]));
    }

    #[test]
    fn figures_that_do_not_add_up_are_turned_back() {
        assert!(vote(Matter::Usual, [0, 0], [0, 0], [0, 0]).check().is_err());
        assert!(vote(Matter::Usual, [100, 2], [101, 2], [1, 1]).check().is_err());
        assert!(vote(Matter::Usual, [100, 2], [100, 2], [100, 3]).check().is_err());
        assert!(vote(Matter::Usual, [100, 2], [100, 2], [-1, 2]).check().is_err());
        assert!(vote(Matter::Usual, [100, 2], [100, 2], [100, 2]).check().is_ok());
        assert_eq!(square_metres(8_123_450), "81234.5");
        assert_eq!(square_metres(100), "1");
    }

    proptest! {
        /// Against the law itself, multiplied out.
        #[test]
        fn no_vote_passes_with_less_than_the_law_asks_for(
            all in (1i64..100_000_000, 1i64..5_000), taking in (0i64..100, 0i64..100), agree in (0i64..101, 0i64..101),
        ) {
            let taking = [all.0 * taking.0 / 99, all.1 * taking.1 / 99];
            let agreeing = [taking[0] * agree.0 / 100, taking[1] * agree.1 / 100];
            let rules: OwnerRules = crate::settings::by_default().unwrap();
            let took_part = 3 * taking[0] >= 2 * all.0 && 3 * taking[1] >= 2 * all.1;
            let usual = took_part && 2 * agreeing[0] > taking[0] && 2 * agreeing[1] > taking[1];
            let special = took_part && 4 * agreeing[0] >= 3 * taking[0] && 4 * agreeing[1] >= 3 * taking[1];
            prop_assert_eq!(vote(Matter::Usual, [all.0, all.1], taking, agreeing).passes(&rules), usual);
            prop_assert_eq!(vote(Matter::Special, [all.0, all.1], taking, agreeing).passes(&rules), special);
        }
    }
}
