//! The rules of a mediation: its kinds, what the law wants to stand in an agreement, when it takes effect, until when what should be done.

use db::text_enum;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::store::{Mediation, Mediator, Party, Signature};
use super::transition::State;
use crate::settings::Setting;

text_enum! {
    /// Only the third is 人民调解 and gives an agreement that binds.
    pub enum Kind {
        Member = "member" "党员邻里调解",
        Grid = "grid" "网格调解",
        People = "people" "人民调解",
        Property = "property" "物业调解",
    }
    /// What the quarrel is about.
    pub enum Cause {
        Neighbour = "neighbour" "邻里纠纷",
        Property = "property" "物业纠纷",
        Family = "family" "婚姻家庭纠纷",
        House = "house" "房屋宅基地纠纷",
        Damage = "damage" "损害赔偿纠纷",
        Labour = "labour" "劳动争议",
        Debt = "debt" "债务合同纠纷",
        Other = "other" "其他纠纷",
    }
    pub enum Origin { Application = "application" "当事人申请", Own = "own" "主动调解" }
    /// How a party has said something.
    pub enum Way { Desk = "desk" "当面说的", Paper = "paper" "书面", Link = "link" "本人扫码" }
    /// What a party has agreed to, or not.
    pub enum Matter { Mediation = "mediation" "调解和调解员", Extension = "extension" "延长期限", Guest = "guest" "邀请人参加", Confirmation = "confirmation" "申请司法确认" }
    pub enum Relation { Relative = "relative" "亲属", Neighbour = "neighbour" "邻居", Expert = "expert" "专业人员", Other = "other" "其他人" }
    pub enum Form { Written = "written" "书面协议", Oral = "oral" "口头协议" }
    pub enum SignatureWay { Signature = "signature" "签名", Seal = "seal" "盖章", Fingerprint = "fingerprint" "按指印" }
    /// Why there is no agreement.
    pub enum Ending {
        Refused = "refused" "一方不同意调解",
        Withdrew = "withdrew" "一方要求终止调解",
        NoAgreement = "no_agreement" "没有谈成",
        Unfit = "unfit" "不属于调解的范围",
        Police = "police" "涉嫌违法犯罪，由公安机关处理",
        Other = "other" "其他原因",
    }
    /// Which way is open to the parties then, and where one does not do what was agreed (人民调解法, art. 26).
    pub enum Advice {
        Arbitration = "arbitration" "申请仲裁",
        Administrative = "administrative" "请有关行政机关处理",
        Court = "court" "向法院起诉",
    }
    /// What a court has said, or that it was not to say anything: then it can be asked again.
    pub enum Ruling { Confirmed = "confirmed" "确认有效", Refused = "refused" "驳回", Withdrawn = "withdrawn" "当事人撤回申请" }
    pub enum Confirmation { Asked = "asked" "已申请，等法院裁定", Confirmed = "confirmed" "法院确认有效", Refused = "refused" "法院没有确认" }
    /// How long the file is kept.
    pub enum Term { Short = "short" "短期", Long = "long" "长期" }
    /// The parts of a file, in their order.
    pub enum Part {
        Registration = "registration" "受理登记表",
        Notice = "notice" "权利义务告知书",
        Identity = "identity" "身份证明",
        Mandate = "mandate" "委托书",
        Inquiry = "inquiry" "调查记录",
        Evidence = "evidence" "证据",
        Record = "record" "调解记录",
        Agreement = "agreement" "调解协议书",
        Performance = "performance" "履行凭证",
        CallBack = "callback" "回访记录",
        Confirmation = "confirmation" "司法确认",
        Back = "back" "封底",
    }
    /// What the law wants to stand in an agreement (人民调解法, art. 29).
    pub enum Item {
        Parties = "parties" "当事人的基本情况",
        Facts = "facts" "主要事实",
        Dispute = "dispute" "争议事项",
        Responsibility = "responsibility" "各方责任",
        Terms = "terms" "协议内容",
        Manner = "manner" "履行方式",
        Deadline = "deadline" "履行期限",
    }
}

/// For what a mediator may end it; the rest follows from what a party says, or from a step of its own.
pub const TERMINATIONS: &[Ending] = &[Ending::Unfit, Ending::Police, Ending::Other];

/// How many sides there can be.
pub const SIDES: [&str; 4] = ["甲方", "乙方", "丙方", "丁方"];

/// `乙方` of 2.
pub fn side(number: i64) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|at| SIDES.get(at)).copied().unwrap_or("当事人")
}

impl Kind {
    /// Whether its agreement binds, and a court can confirm it.
    pub fn binds(self) -> bool {
        self == Kind::People
    }
}

impl Part {
    /// Whether a file cannot be closed without it. Where nobody has talked there is nothing to prove, and who they are has to be
    /// proven where an agreement would bind.
    pub fn is_required(self, mediation: &Mediation, met: bool) -> bool {
        let began = met || mediation.agreed_on.is_some();
        match self {
            Part::Registration | Part::Back => true,
            Part::Notice | Part::Record => began,
            Part::Identity => began && mediation.kind.binds(),
            Part::Agreement => mediation.effective_on.is_some(),
            _ => false,
        }
    }

    /// Whether the program writes it itself; the others lie in the file on paper.
    pub fn is_written(self) -> bool {
        matches!(self, Part::Registration | Part::Notice | Part::Record | Part::Agreement | Part::CallBack | Part::Back)
    }
}

/// How long what may take.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Limits {
    pub accept_days: i64,
    pub limit_days: i64,
    pub longer_days: i64,
    pub sign_days: i64,
    pub confirm_days: i64,
    pub callback_days: i64,
    pub archive_days: i64,
    pub warn_days: i64,
}

impl Setting for Limits {
    const NAME: &'static str = "mediation.limits";
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Files {
    pub short_years: i64,
    pub long_years: i64,
    /// So long somebody who has said why reads names and numbers in full.
    pub open_minutes: i64,
    /// Fewer cases than this are not counted in public.
    pub shown_from: i64,
}

impl Setting for Files {
    const NAME: &'static str = "mediation.files";
}

impl Files {
    /// Until when a file is kept that is closed on a day.
    pub fn keep_until(&self, term: Term, closed: Date) -> Date {
        let years = match term {
            Term::Short => self.short_years,
            Term::Long => self.long_years,
        };
        closed.saturating_add(years.years())
    }
}

pub fn days_after(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// The day itself if offices work on it, or else the next on which they do: a time limit does not end on a day off (民法典, art. 203; 民事诉讼法,
/// art. 85). Where nobody has said yet which days of a year are off, weekends alone are.
fn working_day(day: Date) -> Date {
    calendar::WorkingDays::embedded().on_or_after(day).unwrap_or_else(|_| match day.weekday() {
        Weekday::Saturday => days_after(day, 2),
        Weekday::Sunday => days_after(day, 1),
        _ => day,
    })
}

impl Limits {
    /// The last day on which a court can be asked to confirm what has taken effect on a day.
    pub fn confirm_by(&self, effective: Date) -> Date {
        working_day(days_after(effective, self.confirm_days))
    }

    /// The day by which what a state waits for should be done, if it began on a day. `next` is when the next duty is due.
    pub fn due(&self, mediation: &Mediation, began: Date, next: Option<Date>) -> Date {
        match mediation.state {
            State::Registered | State::Accepted => days_after(began, self.accept_days),
            State::Mediating | State::Paused => mediation.limit().unwrap_or(days_after(began, self.limit_days)),
            State::Agreed => days_after(began, self.sign_days),
            State::Performing | State::Defaulted => next.unwrap_or(days_after(began, self.callback_days)),
            State::Performed => days_after(began, self.callback_days),
            State::CalledBack | State::Failed | State::Terminated => days_after(began, self.archive_days),
            State::Archived => mediation.kept_until().unwrap_or(began),
        }
    }
}

/// What has happened and what is in dispute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub facts: String,
    pub dispute: String,
}

/// Who a party is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    pub name: String,
    pub phone: String,
    pub identity: String,
    pub address: String,
    /// Who speaks for them, by a 委托书.
    pub representative: String,
}

impl Particulars {
    /// Whether these are of the same person as before. What was not known of them may be added.
    pub fn is_still(&self, before: &Particulars) -> bool {
        self.name == before.name && (before.identity.is_empty() || self.identity == before.identity)
    }

    /// What is kept of somebody who is no party any more: what stands in records that are never changed, so that it can be masked there.
    pub fn names(&self) -> Particulars {
        let Particulars { name, representative, .. } = self.clone();
        Particulars { name, representative, ..Particulars::default() }
    }

    /// What is shown to whoever has not said why they need more.
    pub fn masked(&self) -> Particulars {
        let hidden = |text: &str, masked: Option<String>| match text {
            "" => String::new(),
            _ => masked.unwrap_or_else(|| "已登记".to_owned()),
        };
        let name = |text: &str| codes::PersonName::parse(text).map(|name| name.masked()).ok();
        Particulars {
            name: hidden(&self.name, name(&self.name)),
            phone: hidden(&self.phone, codes::Phone::parse(&self.phone).map(|phone| phone.masked()).ok()),
            identity: hidden(
                &self.identity,
                codes::IdentityNumber::parse(&self.identity).map(|number| number.masked()).ok(),
            ),
            address: hidden(&self.address, None),
            representative: hidden(&self.representative, name(&self.representative)),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub responsibility: String,
    pub terms: String,
    pub manner: String,
}

/// What is missing of what the law wants in a written agreement.
pub fn missing(words: &Words, parties: &[Party], terms: &Terms, duties: usize) -> Vec<Item> {
    let known = |party: &Party| {
        let Particulars { name, identity, address, .. } = &party.particulars;
        [name, identity, address].iter().all(|value| !value.is_empty())
    };
    let there = |item: &Item| match item {
        Item::Parties => parties.iter().all(known) && is_between_sides(parties),
        Item::Facts => !words.facts.is_empty(),
        Item::Dispute => !words.dispute.is_empty(),
        Item::Responsibility => !terms.responsibility.is_empty(),
        Item::Terms => !terms.terms.is_empty(),
        Item::Manner => !terms.manner.is_empty(),
        Item::Deadline => duties > 0,
    };
    Item::ALL.iter().copied().filter(|item| !there(item)).collect()
}

/// Whether there are people on two sides at least.
pub fn is_between_sides(parties: &[Party]) -> bool {
    parties.iter().any(|party| parties.iter().any(|other| other.side != party.side))
}

/// How a party stands to being mediated by those who mediate now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    Agrees,
    Refuses,
    /// They have agreed, but not to all of those.
    Anew,
    Silent,
}

impl Stance {
    pub fn of(party: &Party, mediators: &[Mediator]) -> Stance {
        let newest = mediators.iter().map(|mediator| mediator.since_at).max();
        match party.agrees {
            Some(true) if newest.is_some() && party.agreed_at >= newest => Stance::Agrees,
            Some(true) => Stance::Anew,
            Some(false) => Stance::Refuses,
            None => Stance::Silent,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Stance::Agrees => "同意",
            Stance::Refuses => "不同意",
            Stance::Anew => "换了调解员，等重新同意",
            Stance::Silent => "等同意",
        }
    }

    /// Of the tag that says it.
    pub fn class(self) -> &'static str {
        match self {
            Stance::Agrees => "done",
            Stance::Refuses => "late",
            Stance::Anew | Stance::Silent => "soon",
        }
    }
}

/// Whether every party agrees to be mediated by those who mediate now.
pub fn all_agree(parties: &[Party], mediators: &[Mediator]) -> bool {
    is_between_sides(parties) && parties.iter().all(|party| Stance::of(party, mediators) == Stance::Agrees)
}

/// Whose signature an agreement lacks before it takes effect, in words: every party's, a mediator's, and, where it binds, the seal of
/// the committee (人民调解法, art. 29).
pub fn unsigned(kind: Kind, parties: &[Party], mediators: &[Mediator], signatures: &[Signature]) -> Vec<String> {
    let signed = |id| signatures.iter().any(|signature| signature.signer_id == Some(id));
    let mut lacks: Vec<String> = parties
        .iter()
        .filter(|party| !signed(party.id))
        .map(|party| format!("{}签名、盖章或者按指印", side(party.side)))
        .collect();
    if !mediators.iter().any(|mediator| signed(mediator.id)) {
        lacks.push("调解员签名".to_owned());
    }
    if kind.binds() && !signatures.iter().any(|signature| signature.signer_id.is_none()) {
        lacks.push("人民调解委员会印章".to_owned());
    }
    lacks
}

/// Art. 23 and 24 of the 人民调解法, as they are handed to the parties.
pub const RIGHTS: &[&str] = &[
    "选择或者接受调解员",
    "接受调解、拒绝调解，或者随时要求终止调解",
    "要求调解公开进行或者不公开进行",
    "自主表达意愿、自愿达成调解协议",
];
pub const DUTIES: &[&str] = &["如实陈述纠纷事实", "遵守调解现场秩序，尊重调解员", "尊重对方当事人行使权利"];

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_time_limit_does_not_end_on_a_day_off() {
        for (day, last) in [
            (date(2026, 12, 23), date(2026, 12, 23)),
            (date(2026, 10, 1), date(2026, 10, 8)),   // the National Day
            (date(2026, 10, 10), date(2026, 10, 10)), // a Saturday on which offices work
            (date(2026, 11, 28), date(2026, 11, 30)), // a Saturday
            (date(2099, 8, 1), date(2099, 8, 3)),     // a Saturday of a year of which nothing is known yet
            (date(2099, 8, 2), date(2099, 8, 3)),
            (date(2099, 8, 4), date(2099, 8, 4)),
        ] {
            assert_eq!(working_day(day), last);
        }
    }
}
