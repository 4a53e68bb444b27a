//! The way of a mediation, as one table: which step can be taken from which state, and where it leads. The code reads it, the tests
//! walk it, and the database keeps nothing that it does not have (`migrations/0043_signed_text.sql`, the check of `mediations.move`).

use db::text_enum;

text_enum! {
    /// Where a mediation stands.
    pub enum State {
        Registered = "registered" "登记",
        Accepted = "accepted" "受理",
        Mediating = "mediating" "调解中",
        Paused = "paused" "中止",
        Agreed = "agreed" "达成，待生效",
        Performing = "performing" "履行中",
        Performed = "performed" "已履行",
        Defaulted = "defaulted" "不履行",
        CalledBack = "called_back" "已回访",
        Failed = "failed" "未达成",
        Terminated = "terminated" "终止",
        Archived = "archived" "已归档",
    }
    /// A named step. Nothing else changes a mediation.
    pub enum Step {
        Registered = "registered" "登记",
        Rewritten = "rewritten" "改案情",
        PartyWritten = "party_written" "登记当事人",
        PartyRemoved = "party_removed" "删去当事人",
        Accepted = "accepted" "受理",
        MediatorsChanged = "mediators_changed" "定调解员",
        Consented = "consented" "当事人同意调解",
        Refused = "refused" "当事人不同意调解",
        Withdrew = "withdrew" "当事人要求终止调解",
        GuestInvited = "guest_invited" "邀请人参加",
        Began = "began" "开始调解",
        Met = "met" "调解一次",
        Corrected = "corrected" "更正调解记录",
        Extended = "extended" "延长期限",
        /// There may be a crime, or people may come to harm.
        PoliceTold = "police_told" "报告公安机关",
        Paused = "paused" "中止调解",
        Resumed = "resumed" "恢复调解",
        Drafted = "drafted" "起草协议",
        DutyWritten = "duty_written" "登记履行事项",
        DutyRemoved = "duty_removed" "删去履行事项",
        Agreed = "agreed" "达成协议",
        Reworked = "reworked" "重新协商",
        Signed = "signed" "签字盖章",
        TookEffect = "took_effect" "协议生效",
        Failed = "failed" "没有达成协议",
        Terminated = "terminated" "终止调解",
        Advised = "advised" "告知其他途径",
        DutyPerformed = "duty_performed" "履行一项",
        Performed = "performed" "履行完毕",
        Defaulted = "defaulted" "没有履行",
        Urged = "urged" "督促履行",
        ConfirmationAsked = "confirmation_asked" "共同申请司法确认",
        ConfirmationDecided = "confirmation_decided" "法院作出裁定",
        CalledBack = "called_back" "回访",
        PaperFiled = "paper_filed" "材料入卷",
        Archived = "archived" "归档",
    }
}

/// A step, from where it can be taken, and where it leads.
pub struct Transition {
    pub from: &'static [State],
    pub step: Step,
    /// `None`: the mediation stays where it is.
    pub to: Option<State>,
}

const fn moves(from: &'static [State], step: Step, to: State) -> Transition {
    Transition { from, step, to: Some(to) }
}

const fn stays(from: &'static [State], step: Step) -> Transition {
    Transition { from, step, to: None }
}

use State as S;

/// Nothing has been agreed yet.
const EARLY: &[State] = &[S::Registered, S::Accepted, S::Mediating, S::Paused];
const BEFORE_EFFECT: &[State] = &[S::Registered, S::Accepted, S::Mediating, S::Paused, S::Agreed];
/// There is an agreement that binds.
const IN_EFFECT: &[State] = &[S::Performing, S::Performed, S::Defaulted, S::CalledBack];

pub const TRANSITIONS: &[Transition] = &[
    stays(EARLY, Step::Rewritten),
    stays(EARLY, Step::PartyWritten),
    stays(EARLY, Step::PartyRemoved),
    moves(&[S::Registered], Step::Accepted, S::Accepted),
    // Once it has been settled nothing changes that stands on the agreement: neither who mediates nor what is to be done.
    stays(EARLY, Step::MediatorsChanged),
    stays(BEFORE_EFFECT, Step::Consented),
    // 人民调解法, art. 17: who expressly refuses is not mediated; art. 23: whoever wants to stop may.
    moves(&[S::Registered, S::Accepted], Step::Refused, S::Terminated),
    moves(&[S::Mediating, S::Paused, S::Agreed], Step::Withdrew, S::Terminated),
    stays(&[S::Accepted, S::Mediating], Step::GuestInvited),
    moves(&[S::Accepted], Step::Began, S::Mediating),
    stays(&[S::Mediating], Step::Met),
    stays(
        &[
            S::Mediating,
            S::Paused,
            S::Agreed,
            S::Performing,
            S::Performed,
            S::Defaulted,
            S::CalledBack,
            S::Failed,
            S::Terminated,
        ],
        Step::Corrected,
    ),
    stays(&[S::Mediating, S::Paused], Step::Extended),
    // art. 25; people come to harm when nothing has come of it, too.
    stays(
        &[S::Registered, S::Accepted, S::Paused, S::Agreed, S::Performing, S::Defaulted, S::Failed, S::Terminated],
        Step::PoliceTold,
    ),
    moves(&[S::Mediating], Step::PoliceTold, S::Paused),
    moves(&[S::Mediating], Step::Paused, S::Paused),
    moves(&[S::Paused], Step::Resumed, S::Mediating),
    stays(&[S::Mediating], Step::Drafted),
    stays(&[S::Mediating], Step::DutyWritten),
    stays(&[S::Mediating], Step::DutyRemoved),
    moves(&[S::Mediating], Step::Agreed, S::Agreed),
    moves(&[S::Agreed], Step::Reworked, S::Mediating),
    stays(&[S::Agreed], Step::Signed),
    moves(&[S::Agreed], Step::TookEffect, S::Performing),
    moves(&[S::Mediating], Step::Failed, S::Failed),
    moves(EARLY, Step::Terminated, S::Terminated),
    // art. 26; where one does not do what binds, the other may go to court (art. 32).
    stays(&[S::Failed, S::Terminated, S::Defaulted], Step::Advised),
    stays(&[S::Performing, S::Defaulted, S::CalledBack], Step::DutyPerformed),
    moves(&[S::Performing, S::Defaulted], Step::Performed, S::Performed),
    moves(&[S::Performing], Step::Defaulted, S::Defaulted),
    stays(&[S::Performing, S::Defaulted], Step::Urged),
    stays(IN_EFFECT, Step::ConfirmationAsked),
    stays(IN_EFFECT, Step::ConfirmationDecided),
    moves(&[S::Performed, S::Defaulted], Step::CalledBack, S::CalledBack),
    stays(&[S::CalledBack], Step::CalledBack),
    stays(
        &[
            S::Registered,
            S::Accepted,
            S::Mediating,
            S::Paused,
            S::Agreed,
            S::Performing,
            S::Performed,
            S::Defaulted,
            S::CalledBack,
            S::Failed,
            S::Terminated,
        ],
        Step::PaperFiled,
    ),
    moves(&[S::CalledBack, S::Failed, S::Terminated], Step::Archived, S::Archived),
];

impl State {
    /// The state after a step, or `None` if the step cannot be taken from here.
    pub fn after(self, step: Step) -> Option<State> {
        let known = TRANSITIONS.iter().find(|known| known.step == step && known.from.contains(&self));
        known.map(|known| known.to.unwrap_or(self))
    }

    /// Whether the parties are still talking, or are about to.
    pub fn talks(self) -> bool {
        BEFORE_EFFECT.contains(&self)
    }

    /// Whether an agreement has taken effect.
    pub fn in_effect(self) -> bool {
        IN_EFFECT.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_step_leads_from_a_state_to_one_other_and_nothing_leaves_the_archive() {
        let mut seen = BTreeSet::new();
        for known in TRANSITIONS {
            for from in known.from {
                assert!(seen.insert((from.code(), known.step.code())), "{from} {} twice", known.step);
            }
        }
        for state in State::ALL.iter().filter(|state| **state != State::Registered) {
            assert!(TRANSITIONS.iter().any(|known| known.to == Some(*state)), "{state}");
        }
        for step in Step::ALL.iter().filter(|step| **step != Step::Registered) {
            assert!(TRANSITIONS.iter().any(|known| known.step == *step), "{step}");
            assert_eq!(State::Archived.after(*step), None);
        }
    }

    #[test]
    fn nothing_takes_effect_that_was_not_agreed_and_nothing_is_agreed_without_talking() {
        for state in State::ALL {
            assert_eq!(state.after(Step::TookEffect).is_some(), *state == State::Agreed);
            assert_eq!(state.after(Step::Agreed).is_some(), *state == State::Mediating);
            assert_eq!(state.after(Step::Began).is_some(), *state == State::Accepted);
        }
    }
}
