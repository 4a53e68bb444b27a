//! The way of a hazard, from 排查 to 销号, as one table: which step can be taken from which state, where it leads, whose it is and why. The
//! code reads it, the page 一处隐患怎么走 and the forms' routes are made from it, and the database keeps nothing that it does not have
//! (`migrations/0068_hazards.sql`, the check of `hazards.move`).

use db::text_enum;

use crate::access::Permission;

text_enum! {
    /// Where a hazard stands.
    pub enum State {
        Registered = "registered" "待定级",
        Graded = "graded" "待交办",
        Assigned = "assigned" "已交办",
        Fixing = "fixing" "整改中",
        Transferred = "transferred" "已移送",
        Awaiting = "awaiting" "待复查",
        Passed = "passed" "待销号",
        Closed = "closed" "已销号",
        Dismissed = "dismissed" "不作为隐患",
    }
    /// A named step. Nothing else changes a hazard.
    pub enum Step {
        Registered = "registered" "登记",
        Supplemented = "supplemented" "补充情况",
        Graded = "graded" "定级",
        Regraded = "regraded" "改等级",
        Dismissed = "dismissed" "不作为隐患",
        Assigned = "assigned" "交办",
        Began = "began" "开始整改",
        Progressed = "progressed" "整改进展",
        Extended = "extended" "延长时限",
        Transferred = "transferred" "移送",
        Urged = "urged" "催办",
        Replied = "replied" "对方回复在办",
        Returned = "returned" "对方退回",
        Listed = "listed" "挂牌督办",
        Unlisted = "unlisted" "摘牌",
        Fixed = "fixed" "整改完成，申请复查",
        Failed = "failed" "复查不通过",
        Passed = "passed" "复查通过",
        Closed = "closed" "销号",
        Reopened = "reopened" "重新整改",
        Shared = "shared" "告诉学校",
        Unshared = "unshared" "不再给学校看",
    }
}

/// A step, from where it can be taken, and where it leads.
pub struct Transition {
    pub from: &'static [State],
    pub step: Step,
    /// `None`: the hazard stays where it is.
    pub to: Option<State>,
    /// Whose step it is.
    pub by: Permission,
    /// For whoever reads the page.
    pub why: &'static str,
}

const fn moves(from: &'static [State], step: Step, to: State, by: Permission, why: &'static str) -> Transition {
    Transition { from, step, to: Some(to), by, why }
}

const fn stays(from: &'static [State], step: Step, by: Permission, why: &'static str) -> Transition {
    Transition { from, step, to: None, by, why }
}

use Permission::{HazardApprove as Approve, HazardWork as Work};
use State as S;

/// Where a hazard is not at an end.
const OPEN: &[State] = &[S::Registered, S::Graded, S::Assigned, S::Fixing, S::Transferred, S::Awaiting, S::Passed];
/// Wherever a school may be told of it.
const TOLD: &[State] = &[S::Graded, S::Assigned, S::Fixing, S::Transferred, S::Awaiting, S::Passed, S::Closed];

pub const TRANSITIONS: &[Transition] = &[
    stays(OPEN, Step::Supplemented, Work, "写补充的情况，附照片"),
    moves(&[S::Registered], Step::Graded, S::Graded, Work, "定一般还是重大，立即整改还是限期整改"),
    stays(
        &[S::Graded, S::Assigned, S::Fixing, S::Transferred],
        Step::Regraded,
        Approve,
        "情况变了的，写明理由改等级；挂着牌的不能改成一般",
    ),
    moves(
        &[S::Registered, S::Graded],
        Step::Dismissed,
        S::Dismissed,
        Approve,
        "查明不是隐患、或者重复登记的，写明理由",
    ),
    moves(
        &[S::Graded, S::Assigned, S::Fixing],
        Step::Assigned,
        S::Assigned,
        Work,
        "定责任单位、责任人、整改措施和时限；可以改派",
    ),
    moves(&[S::Assigned], Step::Began, S::Fixing, Work, "责任人接下，动手整改"),
    stays(&[S::Assigned, S::Fixing, S::Transferred], Step::Progressed, Work, "写整改进展，附照片"),
    stays(&[S::Assigned, S::Fixing], Step::Extended, Approve, "到期整改不完的，由责任人以外的人批，写明理由"),
    moves(
        &[S::Graded, S::Assigned, S::Fixing],
        Step::Transferred,
        S::Transferred,
        Work,
        "归别的部门管的，发移送函，定回复时限",
    ),
    stays(&[S::Assigned, S::Fixing, S::Transferred], Step::Urged, Work, "快到期、超期的催一次，记下催了谁"),
    stays(&[S::Transferred], Step::Replied, Work, "对方回复还在办，记下回复和新的时限"),
    moves(&[S::Transferred], Step::Returned, S::Graded, Work, "对方回复不归它管，记下理由，重新交办"),
    stays(
        &[S::Graded, S::Assigned, S::Fixing, S::Transferred, S::Awaiting],
        Step::Listed,
        Approve,
        "重大隐患由上级挂牌督办，定督办时限；可以再升一级",
    ),
    stays(&[S::Passed], Step::Unlisted, Approve, "复查通过以后摘牌；不摘牌不能销号"),
    moves(
        &[S::Assigned, S::Fixing, S::Transferred],
        Step::Fixed,
        S::Awaiting,
        Work,
        "写怎么整改的，附照片；移送的，对方回复已整改也走这一步",
    ),
    moves(&[S::Awaiting], Step::Failed, S::Fixing, Work, "由没参与整改的人到现场看，不行的定新时限，继续整改"),
    moves(&[S::Awaiting], Step::Passed, S::Passed, Work, "由没参与整改的人到现场看，写结论"),
    moves(&[S::Passed], Step::Closed, S::Closed, Approve, "由没参与整改的人审批销号"),
    moves(&[S::Passed, S::Closed], Step::Reopened, S::Graded, Approve, "反弹的、查漏的，写明理由重新来"),
    stays(TOLD, Step::Shared, Approve, "学校凭链接看到这一处的类别、位置、进度，看不到人"),
    stays(TOLD, Step::Unshared, Approve, "学校不再看到这一处"),
];

impl State {
    /// The state after a step, or `None` if the step cannot be taken from here.
    pub fn after(self, step: Step) -> Option<State> {
        let known = TRANSITIONS.iter().find(|known| known.step == step && known.from.contains(&self));
        known.map(|known| known.to.unwrap_or(self))
    }

    pub fn open(self) -> bool {
        OPEN.contains(&self)
    }
}

impl Step {
    /// Whose step it is; to register is work.
    pub fn permission(self) -> Permission {
        TRANSITIONS.iter().find(|known| known.step == self).map_or(Work, |known| known.by)
    }

    /// Whoever has taken one of these in a turn has had a hand in the fixing, and neither looks at it again nor strikes it off.
    pub const fn is_fixing(self) -> bool {
        matches!(self, Step::Began | Step::Progressed | Step::Fixed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_step_leads_from_a_state_to_one_other_and_is_of_one_permission() {
        let mut seen = BTreeSet::new();
        for known in TRANSITIONS {
            for from in known.from {
                assert!(seen.insert((from.code(), known.step.code())), "{from} {} twice", known.step);
            }
            assert_eq!(known.step.permission(), known.by, "{}", known.step);
            assert!(!known.why.is_empty());
        }
        for state in State::ALL.iter().filter(|state| **state != State::Registered) {
            assert!(TRANSITIONS.iter().any(|known| known.to == Some(*state)), "{state}");
        }
        for step in Step::ALL.iter().filter(|step| **step != Step::Registered) {
            assert!(TRANSITIONS.iter().any(|known| known.step == *step), "{step}");
        }
    }

    #[test]
    fn nothing_is_struck_off_that_was_not_looked_at_again_and_what_is_dismissed_stays_so() {
        for state in State::ALL {
            assert_eq!(state.after(Step::Closed).is_some(), *state == State::Passed);
            assert_eq!(state.after(Step::Passed).is_some(), *state == State::Awaiting);
        }
        for step in Step::ALL {
            assert_eq!(State::Dismissed.after(*step), None);
        }
        let into: Vec<Step> =
            TRANSITIONS.iter().filter(|known| known.to == Some(State::Awaiting)).map(|known| known.step).collect();
        assert_eq!(into, [Step::Fixed]);
    }
}
