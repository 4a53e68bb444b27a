//! How votes count where those who should attend are known by a roll: by a table of rules, in whole numbers. 以上 includes the number, 超过 and 过半 exclude it
//! (民法典, art. 1259; the same reading is taken of the party's texts).

use db::text_enum;
use serde::{Deserialize, Serialize};

use super::model::{Rule, Tally};
use super::store::Heads;
use crate::settings::{Portion, Setting};

text_enum! {
    /// Of whom it is a part.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Base { Eligible = "eligible" "应到会有表决权的", Present = "present" "实到会有表决权的" }
    /// What is voted on.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Motion {
        General = "general" "一般事项",
        Admission = "admission" "接收预备党员、预备党员转正",
        Election = "election" "选举",
        FourDeliberations = "four_deliberations" "四议两公开的审议",
    }
}

impl Motion {
    /// Votes are cast on paper and counted by two tellers who have to agree.
    pub fn secret(self) -> bool {
        matches!(self, Motion::Admission | Motion::Election)
    }

    /// It has rules of its own, so that people should know of it in good time.
    pub fn formal(self) -> bool {
        self != Motion::General
    }

    /// What somebody who cannot come has agreed to in writing counts as a vote for (发展党员工作细则).
    pub fn takes_written(self) -> bool {
        self == Motion::Admission
    }

    /// Who lawfully need not be counted is taken off those who should attend (基层组织选举工作条例).
    pub fn leaves_out(self) -> bool {
        self == Motion::Election
    }
}

/// How many have to be there, and how many have to say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollRule {
    /// Of those who should attend and may vote.
    pub quorum: Portion,
    pub pass: Portion,
    pub base: Base,
    /// Of the owners among them, apart from that; they come in person, and nobody for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owners: Option<Portion>,
}

/// The rules for the meetings of party members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MemberRules {
    pub general: RollRule,
    pub admission: RollRule,
    pub election: RollRule,
    /// Of a 支委会, whatever it votes on.
    pub committee: RollRule,
}

impl Setting for MemberRules {
    const NAME: &'static str = "meeting.members";
}

/// The rules for the meetings of bodies, and for what members review for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct BodyRules {
    pub property_committee: RollRule,
    pub representatives: RollRule,
    pub two_committees: RollRule,
    /// 党员大会审议, the third step of 四议两公开.
    pub four_deliberations: RollRule,
    /// How long the outcome of a meeting of a 物管会 stays on the board.
    pub property_committee_working_days: i64,
}

impl Setting for BodyRules {
    const NAME: &'static str = "meeting.bodies";
}

impl RollRule {
    /// So many with a vote must be there, of so many who should.
    pub fn quorum(self, eligible: i64) -> i64 {
        self.quorum.least(eligible)
    }

    /// Without anybody who may vote there is no quorum.
    pub fn has_quorum(self, eligible: i64, present: i64) -> bool {
        eligible > 0 && present >= self.quorum(eligible)
    }

    /// The smallest number of yes votes that carries.
    pub fn needed(self, eligible: i64, present: i64) -> i64 {
        self.pass.least(match self.base {
            Base::Eligible => eligible,
            Base::Present => present,
        })
    }

    /// Abstentions and invalid votes count among those present and do not say yes; what was written beforehand does.
    pub fn passes(self, eligible: i64, tally: Tally) -> bool {
        self.has_quorum(eligible, tally.present) && tally.yes + tally.written >= self.needed(eligible, tally.present)
    }
}

/// By which rule a vote is counted, kept with its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Counted {
    /// By those who have come.
    Hands(Rule),
    /// By those who should have.
    Roll(RollRule),
}

impl Counted {
    /// So many with a vote must be there.
    pub fn quorum(&self, heads: &Heads) -> i64 {
        match self {
            Counted::Hands(rule) => rule.quorum_people,
            Counted::Roll(rule) => rule.quorum(heads.eligible),
        }
    }

    pub fn has_quorum(&self, heads: &Heads) -> bool {
        match self {
            Counted::Hands(rule) => rule.has_quorum(heads.voters),
            Counted::Roll(rule) => rule.has_quorum(heads.eligible, heads.voters) && self.owners_missing(heads) == 0,
        }
    }

    /// So many owners still have to come.
    fn owners_missing(&self, heads: &Heads) -> i64 {
        match self {
            Counted::Roll(RollRule { owners: Some(portion), .. }) => {
                (portion.least(heads.owners) - heads.owners_there).max(0)
            }
            _ => 0,
        }
    }

    /// Who has to come before anything can be voted on: `还差 3 人，其中业主委员 1 人`; empty with a quorum.
    pub fn lacking(&self, heads: &Heads) -> String {
        let people = (self.quorum(heads) - heads.voters).max(0);
        match (people, self.owners_missing(heads)) {
            (0, 0) if self.has_quorum(heads) => String::new(),
            (people, 0) => format!("还差 {} 人", people.max(1)),
            (0, owners) => format!("还差业主委员 {owners} 人"),
            (people, owners) => format!("还差 {people} 人，其中业主委员至少 {owners} 人"),
        }
    }

    /// The yes votes that carry with those who are there now.
    pub fn needed(&self, heads: &Heads) -> i64 {
        match self {
            Counted::Hands(rule) => rule.needed(heads.voters),
            Counted::Roll(rule) => rule.needed(heads.eligible, heads.voters),
        }
    }

    pub fn passes(&self, heads: &Heads, tally: Tally) -> bool {
        match self {
            Counted::Hands(rule) => rule.passes(tally),
            Counted::Roll(rule) => self.owners_missing(heads) == 0 && rule.passes(heads.eligible, tally),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> MemberRules {
        crate::settings::by_default().unwrap()
    }

    #[test]
    fn the_numbers_of_the_law() {
        let MemberRules { general, admission, election, committee } = rules();
        for (rule, eligible, present, quorum, needed) in [
            (general, 56, 56, 28, 29),
            (general, 57, 57, 29, 29),
            (general, 56, 28, 28, 29), // all who are there say yes, and it does not carry
            (admission, 56, 56, 29, 29),
            (admission, 57, 57, 29, 29),
            (election, 56, 45, 45, 23),
            (election, 56, 56, 45, 29),
            (committee, 5, 3, 3, 3),
            (committee, 4, 2, 2, 3),
            (general, 1, 1, 1, 1),
        ] {
            assert_eq!(
                (rule.quorum(eligible), rule.needed(eligible, present)),
                (quorum, needed),
                "{rule:?} {eligible}"
            );
        }
        assert!(!general.has_quorum(0, 0) && !general.has_quorum(56, 27) && general.has_quorum(56, 28));
        assert!(!election.has_quorum(56, 44) && election.has_quorum(56, 45));
        let votes = |present, yes| Tally { present, yes, no: present - yes, ..Tally::default() };
        assert!(
            !general.passes(56, votes(28, 28))
                && !general.passes(56, votes(56, 28))
                && general.passes(56, votes(29, 29))
        );
        // 接收: 28 who are there and one who has written are more than half of 56.
        let written = |present, yes, written| Tally { written, ..votes(present, yes) };
        assert!(admission.passes(56, written(29, 28, 1)) && !admission.passes(56, written(29, 28, 0)));
        assert!(!admission.passes(56, written(28, 28, 28)), "a quorum comes in person");
        assert!(
            election.passes(56, votes(45, 23))
                && !election.passes(56, votes(45, 22))
                && !election.passes(56, votes(44, 44))
        );
    }

    proptest! {
        /// Against the definition itself: a part is what it says when both sides are multiplied out.
        #[test]
        fn no_rule_passes_with_fewer_than_its_definition_says(of in 0i64..100_000, count in 0i64..100_000) {
            for (portion, fits) in [
                (Portion::HalfOrMore, 2 * count >= of),
                (Portion::MoreThanHalf, 2 * count > of),
                (Portion::TwoThirds, 3 * count >= 2 * of),
                (Portion::ThreeQuarters, 4 * count >= 3 * of),
                (Portion::FourFifths, 5 * count >= 4 * of),
            ] {
                prop_assert_eq!(count >= portion.least(of), fits, "{} {}", portion, of);
            }
        }

        /// Against the text of each rule: quorum and majority multiplied out.
        #[test]
        fn a_rule_carries_exactly_what_its_text_says(
            eligible in 0i64..300, present in 0i64..300, yes in 0i64..300, written in 0i64..20,
        ) {
            let (present, yes) = (present.min(eligible), yes.min(present).min(eligible));
            let written = written.min(eligible - present);
            let hands = Tally { present, yes, no: present - yes, ..Tally::default() };
            let (e, p, y) = (eligible, present, yes);
            let MemberRules { general, admission, election, committee } = rules();
            let bodies: BodyRules = crate::settings::by_default().unwrap();
            for (name, rule, carries) in [
                ("general", general, 2 * p >= e && 2 * y > e),
                ("admission", admission, 2 * p > e && 2 * y > e),
                ("election", election, 5 * p >= 4 * e && 2 * y > p),
                ("committee", committee, 2 * p >= e && 2 * y > e),
                ("property committee", bodies.property_committee, 2 * p > e && 2 * y > e),
                ("representatives", bodies.representatives, 2 * p > e && 2 * y > p),
                ("two committees", bodies.two_committees, 2 * p >= e && 2 * y > e),
                ("four deliberations", bodies.four_deliberations, 3 * p >= 2 * e && 2 * y > e),
            ] {
                prop_assert_eq!(rule.passes(e, hands), e > 0 && carries, "{} {} {} {}", name, e, p, y);
            }
            // What was written beforehand says yes, and makes no quorum.
            let with_written = Tally { written, ..hands };
            prop_assert_eq!(admission.passes(e, with_written), e > 0 && 2 * p > e && 2 * (y + written) > e);
        }
    }
}
