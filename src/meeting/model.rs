//! The rules of 说事议事: which step may follow which state, how votes are counted, what a notice says.

use std::collections::BTreeMap;

use db::text_enum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Setting;
use crate::{body, party};

text_enum! {
    pub enum Kind {
        Deliberation = "deliberation" "说事议事会",
        Joint = "joint_meeting" "物业联席会议",
        Assembly = "member_assembly" "党员大会",
        Committee = "branch_committee" "支委会",
        Group = "group_meeting" "党小组会",
        Class = "party_class" "党课",
        ThemeDay = "theme_day" "主题党日",
        LifeMeeting = "life_meeting" "组织生活会",
        Appraisal = "appraisal" "民主评议党员",
        PropertyCommittee = "property_committee" "物管会会议",
        Representatives = "representatives" "居民代表会议",
        TwoCommittees = "two_committees" "两委商议会",
    }
    /// Where a meeting stands.
    pub enum State {
        Draft = "draft" "准备中",
        Announced = "announced" "已通知",
        InSession = "in_session" "正在开",
        Ended = "ended" "已结束",
        Cancelled = "cancelled" "已取消",
        Inquorate = "inquorate" "流会",
    }
    /// What becomes of an item of the agenda.
    pub enum Outcome {
        Pending = "pending" "待议",
        Resolved = "resolved" "形成决议",
        Deferred = "deferred" "下次再议",
        Rejected = "rejected" "表决没有通过",
        Dropped = "dropped" "不再议",
        /// What was taught or done at a meeting that decides nothing.
        Held = "held" "已进行",
    }
    /// Whom somebody at a meeting speaks for: the parties of the page's “多方合力”, and the residents.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Side {
        Resident = "resident" "居民",
        Member = "member" "党员",
        Property = "property" "物业",
        Committee = "committee" "物管会",
        GridWorker = "grid_worker" "网格员",
        Community = "community" "社区",
        /// One of those who sit on a body as owners.
        Owner = "owner" "业主委员",
        Guest = "guest" "列席",
    }
    /// Why somebody need not come.
    pub enum Excuse { Private = "private" "事假", Sick = "sick" "病假", Official = "official" "公假" }
    /// How somebody signed in.
    pub enum Way { Qr = "qr" "扫码", Staff = "staff" "工作人员登记", Paper = "paper" "纸质签到" }
    /// How somebody on the roll stands when the roll is called.
    pub enum Mark {
        There = "there" "到",
        Left = "left" "早退",
        Private = "private" "事假",
        Sick = "sick" "病假",
        Official = "official" "公假",
        Absent = "absent" "没到",
    }
}

impl Kind {
    /// Who should attend is known by a roll, and votes are counted by it.
    pub fn by_roll(self) -> bool {
        !matches!(self, Kind::Deliberation | Kind::Joint)
    }

    /// Not shown to the public: whatever is held within the party.
    pub fn private(self) -> bool {
        self.by_roll() && !matches!(self, Kind::PropertyCommittee | Kind::Representatives)
    }

    /// Whether it decides by votes.
    pub fn votes(self) -> bool {
        use Kind::{Appraisal, Class, Group, Joint, LifeMeeting, ThemeDay};
        !matches!(self, Joint | Group | Class | ThemeDay | LifeMeeting | Appraisal)
    }

    /// Whether those who have come agree without counting hands.
    pub fn agrees(self) -> bool {
        self == Kind::Joint
    }

    /// What it is called where an organisation of such a level holds it.
    pub fn of_level(self, level: Option<party::Kind>) -> &'static str {
        match (self, level) {
            (Kind::Committee, Some(party::Kind::Committee)) => "党委会",
            (Kind::Committee, Some(party::Kind::GeneralBranch)) => "党总支委员会会议",
            _ => self.label(),
        }
    }

    /// The meetings that an estate holds.
    pub const OF_ESTATES: [Kind; 2] = [Kind::Deliberation, Kind::Joint];

    /// The meetings that a party organisation holds.
    pub fn of(organisation: party::Kind) -> &'static [Kind] {
        match organisation {
            party::Kind::Group => &[Kind::Group, Kind::Class, Kind::ThemeDay, Kind::LifeMeeting],
            _ => &[
                Kind::Assembly,
                Kind::Committee,
                Kind::Class,
                Kind::ThemeDay,
                Kind::LifeMeeting,
                Kind::Appraisal,
                Kind::TwoCommittees,
            ],
        }
    }

    /// The meetings that a body holds by itself. The 居委会 meets together with a party committee, which calls.
    pub fn of_body(body: body::Kind) -> &'static [Kind] {
        match body {
            body::Kind::PropertyCommittee => &[Kind::PropertyCommittee],
            body::Kind::Representatives => &[Kind::Representatives],
            body::Kind::ResidentsCommittee | body::Kind::MediationCommittee => &[],
        }
    }

    /// Who is called, in a notice.
    fn called(self) -> &'static str {
        match self {
            Kind::Committee | Kind::PropertyCommittee => "各位委员",
            Kind::Group => "本组党员",
            Kind::Representatives => "各位居民代表",
            Kind::TwoCommittees => "党组织委员会和居委会各位成员",
            _ => "全体党员",
        }
    }
}

impl State {
    pub fn may_prepare(self) -> bool {
        self == State::Draft
    }

    /// Not at an end.
    pub fn open(self) -> bool {
        matches!(self, State::Draft | State::Announced | State::InSession)
    }
}

impl Side {
    /// Guests are heard and have no vote.
    pub fn votes(self) -> bool {
        self != Side::Guest
    }

    /// Those as whom a resident can enrol.
    pub const OF_RESIDENTS: [Side; 2] = [Side::Resident, Side::Member];
}

/// How a deliberation is called and decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Deliberations {
    /// A shorter notice is possible, with a warning.
    pub notice_hours: i64,
    /// How long a decision stays on the board.
    pub publicity_days: i64,
    #[serde(flatten)]
    pub rule: Rule,
}

impl Setting for Deliberations {
    const NAME: &'static str = "meeting.deliberation";
}

/// How people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SignIn {
    /// How long before the planned time the door opens.
    pub opens_minutes: i64,
    /// Whoever comes later than so long after the planned time is late.
    pub late_minutes: i64,
    /// How long the code on the wall stays the same.
    pub code_seconds: i64,
    /// How long somebody who has scanned it may take for the form.
    pub form_minutes: i64,
}

impl Setting for SignIn {
    const NAME: &'static str = "meeting.sign_in";
}

/// Who has to be at the monthly meeting with the property company: at one meeting of the month, or at several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Joint(BTreeMap<Side, Presence>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Presence {
    Needed,
    Free,
}

impl Joint {
    /// The sides that have to come and are not among those that came.
    pub fn missing(&self, came: &[Side]) -> Vec<Side> {
        let needed = self.0.iter().filter(|(_, presence)| **presence == Presence::Needed).map(|(side, _)| *side);
        needed.filter(|side| !came.contains(side)).collect()
    }
}

impl Setting for Joint {
    const NAME: &'static str = "meeting.joint";
}

/// When a vote counts and when it carries, in whole percent of those present with a vote. 以上 includes the number,
/// 过 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// So many people with a vote must be there at least.
    pub quorum_people: i64,
    /// More than this share of those present must say yes.
    pub pass_percent: i64,
}

/// A show of hands, or what two tellers have counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// People with a vote who were there; whoever did not raise a hand at all counts among them.
    pub present: i64,
    pub yes: i64,
    pub no: i64,
    pub abstain: i64,
    pub invalid: i64,
    /// People who were not there and agreed in writing beforehand, where that counts.
    pub written: i64,
}

impl Tally {
    /// Errors: a sentence that says what does not add up.
    pub fn check(self) -> Result<Tally, String> {
        let Tally { present, yes, no, abstain, invalid, written } = self;
        if [present, yes, no, abstain, invalid, written].iter().any(|count| !(0..=100_000).contains(count)) {
            return Err("票数要是 0 或正整数".to_owned());
        }
        let raised = yes + no + abstain + invalid;
        if raised > present {
            return Err(format!("票加起来 {raised} 张，比到会有表决权的 {present} 人还多"));
        }
        Ok(self)
    }
}

impl Rule {
    pub fn has_quorum(self, present: i64) -> bool {
        present >= self.quorum_people
    }

    /// The smallest number of yes votes that carries.
    pub fn needed(self, present: i64) -> i64 {
        present * self.pass_percent / 100 + 1
    }

    pub fn passes(self, tally: Tally) -> bool {
        self.has_quorum(tally.present) && tally.yes * 100 > tally.present * self.pass_percent
    }
}

/// What the text of a notice is made of.
#[derive(Debug, Clone)]
pub struct Invitation<'a> {
    pub kind: Kind,
    /// What it is called.
    pub name: &'a str,
    /// The estate, or the party organisation.
    pub caller: &'a str,
    pub planned_at: Timestamp,
    pub place: &'a str,
    pub topics: Vec<&'a str>,
    /// Where residents enrol and leave an opinion, and members say whether they come.
    pub link: &'a str,
}

impl Invitation<'_> {
    /// As staff paste it into a WeChat group.
    pub fn text(&self) -> String {
        let day = calendar::long_date(self.planned_at);
        let time = self.planned_at.to_zoned_datetime(calendar::shanghai()).strftime("%H:%M").to_string();
        let topics = self.topics.iter().zip(1..).map(|(topic, number)| format!("{number}. {topic}\n"));
        let (estate, place, link) = (self.caller, self.place, self.link);
        if self.kind.by_roll() {
            let (kind, called) = (self.name, self.kind.called());
            return format!(
                "【{estate}{kind}】\n请{called}于{day} {time}到{place}参加{kind}，议题：\n{}\
                收到请回复，不能到会的在这里请假：\n{link}",
                topics.collect::<String>()
            );
        }
        if self.kind == Kind::Joint {
            return format!(
                "【{estate}物业联席会议】\n请物业公司、党员户和居民代表于{day} {time}到{place}参加联席会议，议题：\n{}\
                想说的可以先留言：\n{link}",
                topics.collect::<String>()
            );
        }
        format!(
            "【{estate}说事议事会】\n各位邻居：\n{day} {time}，在{place}开说事议事会，议题：\n{}\
            欢迎来说、来议。能来的请报名，来不了的可以先留言：\n{link}",
            topics.collect::<String>()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Rule = Rule { quorum_people: 3, pass_percent: 50 };

    fn tally(present: i64, yes: i64) -> Tally {
        Tally { present, yes, no: present - yes, ..Tally::default() }
    }

    #[test]
    fn more_than_half_of_those_present() {
        for (present, needed) in [(3, 2), (4, 3), (5, 3), (56, 29), (57, 29)] {
            assert_eq!(HALF.needed(present), needed);
            assert!(HALF.passes(tally(present, needed)));
            assert!(!HALF.passes(tally(present, needed - 1)));
        }
        assert!(!HALF.passes(tally(2, 2)), "too few were there");
    }

    #[test]
    fn abstentions_are_present_and_do_not_say_yes() {
        assert!(!HALF.passes(Tally { present: 10, yes: 5, abstain: 5, ..Tally::default() }));
        assert!(HALF.passes(Tally { present: 10, yes: 6, ..Tally::default() }));
    }

    #[test]
    fn hands_that_do_not_add_up_are_turned_back() {
        assert!(Tally { present: 3, yes: 2, no: 1, abstain: 1, ..Tally::default() }.check().is_err());
        assert!(Tally { present: 3, yes: -1, no: 1, abstain: 1, ..Tally::default() }.check().is_err());
        assert!(Tally { present: 3, yes: 2, invalid: 2, ..Tally::default() }.check().is_err());
        assert!(Tally { present: 3, yes: 2, ..Tally::default() }.check().is_ok());
    }

    #[test]
    fn a_notice_reads_as_staff_write_it() {
        let text = Invitation {
            kind: Kind::Deliberation,
            name: Kind::Deliberation.label(),
            caller: "王府名苑小区",
            planned_at: "2026-11-28T09:00:00+08:00".parse().unwrap(),
            place: "小区党群服务站",
            topics: vec!["电梯双电源改造", "停车位设置"],
            link: "https://example.org/m/1",
        }
        .text();
        assert_eq!(
            text,
            "【王府名苑小区说事议事会】\n各位邻居：\n2026年11月28日 星期六 09:00，在小区党群服务站开说事议事会，议题：\n\
            1. 电梯双电源改造\n2. 停车位设置\n欢迎来说、来议。能来的请报名，来不了的可以先留言：\nhttps://example.org/m/1"
        );
    }
}
