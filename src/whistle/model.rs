//! The rules of 吹哨报到: who may say what when, and how two sides that hear of each other late still agree on where it stands.

use db::text_enum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::issue::Clock;
use crate::settings::Setting;

text_enum! {
    /// What is asked for.
    pub enum Kind {
        Enforcement = "enforcement" "综合执法哨",
        Priority = "priority" "重点工作哨",
        Emergency = "emergency" "应急处置哨",
    }
    /// Where a whistle stands. The order matters: see [`State::met`].
    pub enum State {
        Blown = "blown" "等报到",
        Acknowledged = "acknowledged" "已报到，在办",
        Declined = "declined" "已退回",
        Answered = "answered" "已办结，等双方评价",
        Ended = "ended" "双方评过了",
        Recalled = "recalled" "已撤哨",
    }
    /// What is said about a whistle. All of it is told to the other side, except who of one's own is to go.
    pub enum Said {
        Blown = "blown" "吹哨",
        Assigned = "assigned" "派哨",
        Acknowledged = "checked_in" "报到",
        Progressed = "went_on" "进展",
        Answered = "answered" "办结答复",
        Declined = "declined" "退回",
        Recalled = "recalled" "撤哨",
        AskerRated = "asker_rated" "吹哨方评价",
        ResponderRated = "responder_rated" "报到方评价",
    }
    /// Where another installation or tenant stands.
    pub enum Side { Above = "above" "上级", Below = "below" "下级" }
    /// How a link ended.
    pub enum Ending {
        Here = "here" "本单位已解除",
        There = "there" "对方已解除",
        /// Somebody else had pasted the invitation in before.
        Taken = "taken" "对接码已被别家用了",
    }
}

impl State {
    /// Somebody still has to do something about it.
    pub fn open(self) -> bool {
        matches!(self, State::Blown | State::Acknowledged | State::Answered)
    }

    /// Whoever was asked has not answered yet.
    pub fn awaited(self) -> bool {
        matches!(self, State::Blown | State::Acknowledged)
    }

    /// The later of two states. Each side moves on at once by what it says itself and hears of the other late, in any order: both
    /// come to the same state, since it is the latest of all that was said. A recall is the last word, whatever crossed it.
    pub fn met(self, other: State) -> State {
        self.max(other)
    }

    /// Whether something that is heard now is news: nothing later has been said. That an answer has been rated is no later word.
    pub fn hears(self, said: Said) -> bool {
        said.state() >= if self == State::Ended { State::Answered } else { self }
    }
}

impl Said {
    pub fn by_asker(self) -> bool {
        matches!(self, Said::Blown | Said::Recalled | Said::AskerRated)
    }

    pub fn is_rating(self) -> bool {
        matches!(self, Said::AskerRated | Said::ResponderRated)
    }

    pub fn is_told(self) -> bool {
        self != Said::Assigned
    }

    /// The state that it brings about by itself.
    pub fn state(self) -> State {
        match self {
            Said::Blown | Said::Assigned => State::Blown,
            Said::Acknowledged | Said::Progressed => State::Acknowledged,
            Said::Answered | Said::AskerRated | Said::ResponderRated => State::Answered,
            Said::Declined => State::Declined,
            Said::Recalled => State::Recalled,
        }
    }

    /// Whether somebody may say it, as far as they know.
    ///
    /// Errors: a sentence that says why not.
    pub fn check(self, asked: bool, state: State) -> Result<()> {
        if self.by_asker() != asked {
            return Err(Error::refused(format!("“{self}”要由{}来做", if asked { "报到的一方" } else { "吹哨的一方" })));
        }
        let fits = match self {
            Said::Blown => false,
            // Whoever has come may not go away again without an answer (首接负责).
            Said::Acknowledged | Said::Declined => state == State::Blown,
            Said::Assigned | Said::Recalled => matches!(state, State::Blown | State::Acknowledged),
            Said::Progressed | Said::Answered => state == State::Acknowledged,
            Said::AskerRated | Said::ResponderRated => state == State::Answered,
        };
        if fits {
            Ok(())
        } else {
            Err(Error::refused(format!("这次吹哨现在是“{state}”，不能“{self}”。请刷新页面")))
        }
    }
}

/// How long the other side has.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Limit {
    come_minutes: i64,
    answer_minutes: i64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Limits {
    enforcement: Limit,
    priority: Limit,
    emergency: Limit,
    rate_minutes: i64,
    clock: Clock,
}

impl Setting for Limits {
    const NAME: &'static str = "whistle.limits";
}

/// When somebody should rather call than wait for letters to arrive.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Delivery {
    pub call_after_minutes: i64,
}

impl Setting for Delivery {
    const NAME: &'static str = "whistle.delivery";
}

impl Limits {
    /// By when somebody should come, and by when it should be answered.
    pub fn due(&self, kind: Kind, at: Timestamp) -> Result<(Timestamp, Timestamp)> {
        let limit = match kind {
            Kind::Enforcement => self.enforcement,
            Kind::Priority => self.priority,
            Kind::Emergency => self.emergency,
        };
        Ok((self.after(at, limit.come_minutes)?, self.after(at, limit.answer_minutes)?))
    }

    pub fn rating_due(&self, answered: Timestamp) -> Result<Timestamp> {
        self.after(answered, self.rate_minutes)
    }

    fn after(&self, at: Timestamp, minutes: i64) -> Result<Timestamp> {
        calendar::deadline(calendar::WorkingDays::embedded(), at, minutes, self.clock.into())
            .map_err(|error| Error::refused(error.to_string()))
    }
}

/// What goes along with a whistle: no reporter, no phone, no door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub number: String,
    pub kind: String,
    pub category: String,
    pub place: String,
    pub title: String,
    /// Milliseconds.
    pub acknowledge_by: i64,
    pub answer_by: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What one side knows.
    #[derive(Clone, Debug)]
    struct Known {
        state: State,
        rated: [bool; 2],
        /// Whether it was news that there is an answer.
        answered: bool,
    }

    impl Known {
        fn take(&mut self, said: Said) {
            self.answered |= said == Said::Answered && self.state.hears(said);
            self.state = self.state.met(said.state());
            match said {
                Said::AskerRated => self.rated[0] = true,
                Said::ResponderRated => self.rated[1] = true,
                _ => {}
            }
            if self.state == State::Answered && self.rated == [true, true] {
                self.state = State::Ended;
            }
        }
    }

    proptest! {
        /// Each side says what it may, letters arrive late, twice and in any order: when all have arrived, both know the same.
        #[test]
        fn both_sides_come_to_know_the_same(tries in proptest::collection::vec((any::<bool>(), 0..Said::ALL.len(), any::<prop::sample::Index>()), 1..60)) {
            let blown = Known { state: State::Blown, rated: [false; 2], answered: false };
            let mut sides = [blown.clone(), blown];
            let mut under_way: [Vec<Said>; 2] = [Vec::new(), Vec::new()];
            for (asker, said, which) in tries {
                let (own, other) = if asker { (0, 1) } else { (1, 0) };
                let said = Said::ALL[said];
                if said.check(asker, sides[own].state).is_ok() && !(said.is_rating() && sides[own].rated[own]) {
                    sides[own].take(said);
                    if said.is_told() {
                        under_way[other].push(said);
                    }
                } else if !under_way[own].is_empty() {
                    // It stays under way: it may come a second time.
                    let said = *which.get(&under_way[own]);
                    sides[own].take(said);
                }
            }
            for (side, letters) in under_way.iter().enumerate() {
                for said in letters {
                    sides[side].take(*said);
                }
            }
            prop_assert_eq!(sides[0].state, sides[1].state);
            prop_assert_eq!(sides[0].rated, sides[1].rated);
            // The issue hears of an answer whatever came before it, and of none that came too late.
            prop_assert_eq!(sides[0].answered, matches!(sides[0].state, State::Answered | State::Ended));
        }
    }

    #[test]
    fn whoever_has_come_does_not_go_away_without_an_answer() {
        assert!(Said::Declined.check(false, State::Blown).is_ok());
        assert!(Said::Declined.check(false, State::Acknowledged).is_err());
        assert!(Said::Answered.check(false, State::Blown).is_err());
        assert!(Said::Acknowledged.check(true, State::Blown).is_err());
        assert!(Said::Recalled.check(true, State::Answered).is_err());
    }
}
