//! The way of an issue, as one table: which step can be taken from which state, and where it leads. The code reads it, the page
//! that explains it and its drawing are made from it, and the database keeps nothing that it does not have (`migrations/`, the
//! check of `issues.move`).

use super::model::{State, Step};

/// A step, from where it can be taken, and where it leads.
pub struct Transition {
    pub from: &'static [State],
    pub step: Step,
    /// `None`: the issue stays where it is.
    pub to: Option<State>,
    /// For whoever reads the page.
    pub why: &'static str,
}

impl Transition {
    /// Whether it can be taken wherever an issue is not at an end.
    pub fn is_anytime(&self) -> bool {
        self.from == OPEN
    }
}

const fn moves(from: &'static [State], step: Step, to: State, why: &'static str) -> Transition {
    Transition { from, step, to: Some(to), why }
}

const fn stays(from: &'static [State], step: Step, why: &'static str) -> Transition {
    Transition { from, step, to: None, why }
}

use State as S;

/// Where an issue is not at an end.
const OPEN: &[State] =
    &[S::Submitted, S::Accepted, S::Dispatched, S::Suspended, S::Escalated, S::Done, S::Published, S::Surveyed];

pub const TRANSITIONS: &[Transition] = &[
    moves(&[S::Submitted], Step::Accepted, S::Accepted, "定类别、紧急程度和公开标题"),
    moves(&[S::Submitted], Step::Refused, S::Refused, "写明理由，答复反映人"),
    moves(
        &[S::Submitted, S::Accepted, S::Suspended],
        Step::Redirected,
        S::Redirected,
        "不归社区办的，告诉反映人该找哪里",
    ),
    moves(
        &[S::Submitted, S::Accepted, S::Dispatched, S::Suspended],
        Step::Merged,
        S::Merged,
        "同一件事并到一件里办，回执跟着走",
    ),
    moves(&[S::Submitted, S::Accepted], Step::Withdrawn, S::Withdrawn, "派单以前，反映人自己可以撤回"),
    moves(
        &[S::Accepted, S::Dispatched, S::Suspended, S::Done],
        Step::Dispatched,
        S::Dispatched,
        "定谁来办、什么时候办完；可以改派，结果不行的退回重办",
    ),
    stays(
        &[S::Accepted, S::Dispatched, S::Suspended, S::Done],
        Step::OwnersWaived,
        "业主共同决定的事，等不得表决的，由社区书记写明理由先办",
    ),
    stays(&[S::Submitted], Step::Raised, "网格办不了的上报小区党支部，支部办不了的上报社区，写明理由"),
    moves(
        &[S::Accepted, S::Dispatched, S::Suspended],
        Step::Raised,
        S::Accepted,
        "接下以后办不了的，也可以上报，由上一级重新派单",
    ),
    stays(&[S::Submitted, S::Accepted], Step::Lowered, "小区里能解决的，社区交给小区党支部牵头"),
    stays(&[S::Dispatched, S::Escalated], Step::Progressed, "办理单位写进展，反映人看得到"),
    stays(&[S::Dispatched], Step::ExtensionRequested, "办不完的，写理由申请"),
    stays(&[S::Dispatched], Step::ExtensionDecided, "由申请人以外的人批，反映人看得到"),
    stays(&[S::Dispatched, S::Suspended], Step::SuspensionRequested, "条件还不成熟、暂时办不了的，写理由和哪天复核"),
    moves(&[S::Dispatched, S::Suspended], Step::Suspended, S::Suspended, "由申请人以外的人批；停止计时，到日子复核"),
    stays(&[S::Dispatched, S::Suspended], Step::SuspensionRefused, "理由不成立的，接着办"),
    moves(&[S::Suspended], Step::Resumed, S::Dispatched, "剩下多少时间，从恢复的时候接着算"),
    stays(&[S::Dispatched], Step::Disputed, "接到的单位认为不归自己办；答复以前还由它先办"),
    moves(&[S::Dispatched], Step::DisputeUpheld, S::Accepted, "不归它办，重新派单"),
    stays(&[S::Dispatched], Step::DisputeRefused, "由原来的单位办"),
    moves(
        &[S::Accepted, S::Dispatched, S::Suspended, S::Done],
        Step::Escalated,
        S::Escalated,
        "社区办不了的，吹哨请街道来办；社区仍然负责答复反映人",
    ),
    stays(&[S::Escalated], Step::EscalationAcknowledged, "街道派人接下了"),
    moves(&[S::Escalated], Step::EscalationDeclined, S::Accepted, "不归它办，写明理由"),
    moves(&[S::Escalated], Step::EscalationRecalled, S::Accepted, "不用上级办了，写明理由"),
    moves(&[S::Dispatched, S::Escalated], Step::Done, S::Done, "写结果、附照片"),
    moves(&[S::Done], Step::Published, S::Published, "结果登在公示栏"),
    stays(&[S::Published], Step::ContactFailed, "上门没有人，隔天再去"),
    moves(&[S::Published], Step::Unreachable, S::Surveyed, "去够规定的天数还联系不上"),
    moves(&[S::Published, S::Surveyed], Step::Surveyed, S::Surveyed, "问反映人满意不满意，由没参与办理的人去问"),
    stays(&[S::Published, S::Surveyed], Step::NeighbourSurveyed, "问受影响的邻居；不满意的，支部复核"),
    stays(&[S::Closed], Step::Surveyed, "销号以后，反映人自己的打分还算数"),
    moves(&[S::Published, S::Surveyed, S::Closed], Step::Reopened, S::Accepted, "反映人打 1 分、2 分，重新办理"),
    moves(&[S::Surveyed], Step::Closed, S::Closed, "由没参与办理的人销号"),
    stays(&[S::Surveyed, S::Closed], Step::Acknowledged, "测评结果反馈小区党支部"),
    stays(OPEN, Step::Supplemented, "反映人补充情况"),
    stays(OPEN, Step::Announced, "列进会议议题，会前公示"),
    stays(OPEN, Step::Deliberated, "会上怎么议的、怎么定的"),
    stays(OPEN, Step::OwnersVoted, "业主共同决定的事，表决的户数、面积和结果"),
    stays(OPEN, Step::PassedOn, "找党员帮忙的，党员转给支部"),
    stays(OPEN, Step::Consented, "双方同意由党员调解"),
    stays(OPEN, Step::MediationBegan, "两家的事转去调解；谈的内容不公开"),
    stays(OPEN, Step::MediationEnded, "调解有了结果，只说成没成"),
];

impl State {
    /// The state after a step, or `None` if the step cannot be taken from here.
    pub fn after(self, step: Step) -> Option<State> {
        let known = TRANSITIONS.iter().find(|known| known.step == step && known.from.contains(&self));
        known.map(|known| known.to.unwrap_or(self))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_step_leads_from_a_state_to_one_other() {
        let mut seen = BTreeSet::new();
        for known in TRANSITIONS {
            for from in known.from {
                assert!(seen.insert((from.code(), known.step.code())), "{from} {} twice", known.step);
            }
        }
        let open: Vec<State> = State::open_states().collect();
        assert_eq!(OPEN, open.as_slice());
        // Whatever an issue can be in, it has come there, and every step but the first is somewhere in the table.
        for state in State::ALL.iter().filter(|state| **state != State::Submitted) {
            assert!(TRANSITIONS.iter().any(|known| known.to == Some(*state)), "{state}");
        }
        for step in Step::ALL.iter().filter(|step| **step != Step::Filed) {
            assert!(TRANSITIONS.iter().any(|known| known.step == *step), "{step}");
        }
    }
}
