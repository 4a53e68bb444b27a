//! The rules of the closed loop: which step may follow which state, when it is due, and when an issue may be closed.

use db::text_enum;
use jiff::Timestamp;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::settings::Setting;

text_enum! {
    /// Where an issue stands.
    pub enum State {
        Submitted = "submitted" "待受理",
        Accepted = "accepted" "待派单",
        Dispatched = "dispatched" "办理中",
        Suspended = "suspended" "挂账",
        /// With the level above.
        Escalated = "escalated" "已上报",
        Done = "done" "待公示",
        Published = "published" "待测评",
        Surveyed = "surveyed" "待销号",
        Closed = "closed" "已销号",
        Refused = "refused" "不予受理",
        Redirected = "redirected" "已转其他渠道",
        Merged = "merged" "已并案",
        Withdrawn = "withdrawn" "已撤回",
    }
    /// A named step. Nothing else changes an issue.
    pub enum Step {
        Filed = "filed" "居民反映",
        Supplemented = "supplemented" "补充情况",
        Withdrawn = "withdrawn" "反映人撤回",
        Accepted = "accepted" "受理",
        Refused = "refused" "不予受理",
        Redirected = "redirected" "转其他渠道",
        Merged = "merged" "并案",
        /// Put on the agenda of a meeting, whose notice has gone out.
        Announced = "announced" "列入议题并公示",
        Deliberated = "deliberated" "说事议事会商议",
        /// Apart from any meeting; with its figures.
        OwnersVoted = "owners_voted" "业主表决",
        /// A matter of the owners goes ahead although they have not agreed to it.
        OwnersWaived = "owners_waived" "没有业主表决先办",
        /// What is too much for a level goes to the one above it, and what is small enough may be handed down.
        Raised = "raised" "上报上一级",
        Lowered = "lowered" "交给下一级办",
        Dispatched = "dispatched" "派单",
        /// A party member to whom somebody turned has found it too much for one person.
        PassedOn = "passed_on" "党员转给支部",
        Consented = "consented" "双方同意由党员调解",
        MediationBegan = "mediation_began" "转调解",
        MediationEnded = "mediation_ended" "调解结束",
        Progressed = "progressed" "办理进展",
        ExtensionRequested = "extension_requested" "申请延期",
        ExtensionDecided = "extension_decided" "延期审批",
        SuspensionRequested = "suspension_requested" "申请挂账",
        /// The clock stands still until a day on which somebody looks at it again.
        Suspended = "suspended" "挂账",
        SuspensionRefused = "suspension_refused" "没有同意挂账",
        Resumed = "resumed" "恢复办理",
        Disputed = "disputed" "派单异议",
        DisputeUpheld = "dispute_upheld" "异议成立",
        DisputeRefused = "dispute_refused" "异议不成立",
        /// The community asks the level above, and goes on answering for it.
        Escalated = "escalated" "吹哨上报",
        EscalationAcknowledged = "escalation_acknowledged" "上级报到",
        EscalationDeclined = "escalation_declined" "上级退回",
        EscalationRecalled = "escalation_recalled" "撤回吹哨",
        Done = "done" "办结",
        Published = "published" "结果公示",
        ContactFailed = "contact_failed" "联系不上反映人",
        /// Nobody could be asked, after as many attempts as the setting demands.
        Unreachable = "unreachable" "多次联系不上，未能测评",
        Surveyed = "surveyed" "满意度测评",
        /// A neighbour's voice beside the reporter's own; a bad one asks the branch to look again.
        NeighbourSurveyed = "neighbour_surveyed" "邻居测评",
        Reopened = "reopened" "不满意，重新办理",
        Closed = "closed" "销号",
        Acknowledged = "acknowledged" "反馈支部",
    }
    /// How an issue came in.
    pub enum Source {
        Qr = "qr" "楼道二维码",
        Web = "web" "网页",
        Door = "door" "敲门行动",
        Window = "window" "党群服务站窗口",
        Phone = "phone" "电话",
        Wechat = "wechat" "微信群",
        Member = "member" "党员代报",
        Meeting = "meeting" "联席会议",
        Help = "help" "找党员",
        Hotline = "hotline" "12345 热线",
        /// Filed by another program, with a token or by Open311.
        Interface = "interface" "其他系统",
    }
    pub enum Category {
        Drainage = "drainage" "给排水",
        Lift = "lift" "电梯",
        Parking = "parking" "停车",
        Cleaning = "cleaning" "保洁",
        Greening = "greening" "绿化",
        Lighting = "lighting" "公共照明",
        AccessControl = "access_control" "门禁安防",
        Repair = "repair" "房屋维修",
        Heating = "heating" "供暖",
        PropertyFee = "property_fee" "物业收费服务",
        Noise = "noise" "噪声扰民",
        Neighbour = "neighbour" "邻里纠纷",
        Health = "health" "医疗健康",
        ElderCare = "elder_care" "养老助残",
        Children = "children" "未成年人",
        FireSafety = "fire_safety" "消防安全",
        Sanitation = "sanitation" "市容环卫",
        Traffic = "traffic" "道路交通",
        Other = "other" "其他",
    }
    /// How urgent it is; the time limits of each stand in the setting `issue.tiers`.
    pub enum Tier {
        Sudden = "sudden" "突发",
        Urgent = "urgent" "紧急民生",
        Ordinary = "ordinary" "一般",
        Hard = "hard" "疑难",
    }
    /// Who leads on it within the community (分级办理): small matters stay near the door. Beyond the community it is another
    /// tenant's.
    pub enum Level {
        Grid = "grid" "网格",
        Branch = "branch" "小区党支部",
        Community = "community" "社区",
    }
    /// What kind of thing can solve it.
    pub enum Remedy {
        SelfHelp = "self" "居民自治",
        Property = "property" "物业职责",
        Owners = "owners" "业主共同决定",
        Enforcement = "enforcement" "行政执法",
        Dispute = "dispute" "纠纷调解",
        /// In the hands of a court, an arbitrator, or whoever hears complaints: not for a community.
        Legal = "legal" "涉法涉诉",
        Emergency = "emergency" "紧急情况",
    }
    /// What an issue asks of somebody, on their page 今日.
    pub enum Duty {
        Accept = "accept" "受理",
        Dispatch = "dispatch" "派单",
        Handle = "handle" "办理",
        DecidePetition = "decide_petition" "审批申请",
        Review = "review" "复核挂账",
        Chase = "chase" "催办",
        Publish = "publish" "公示",
        Survey = "survey" "上门测评",
        Close = "close" "销号",
        Acknowledge = "acknowledge" "支部阅知",
    }
    pub enum Respondent { Reporter = "reporter" "反映人", Neighbour = "neighbour" "受影响的邻居" }
    pub enum Channel { Door = "door" "网格员入户", Link = "link" "本人链接" }
    pub enum Solved { Yes = "yes" "解决了", Partly = "partly" "部分解决", No = "no" "没有解决" }
}

impl State {
    /// Not at an end.
    pub fn open(self) -> bool {
        !matches!(self, State::Closed | State::Refused | State::Redirected | State::Merged | State::Withdrawn)
    }

    pub fn open_states() -> impl Iterator<Item = State> {
        State::ALL.iter().copied().filter(|state| state.open())
    }
}

impl Category {
    /// Whether the matter belongs to the management of the property: the seed's “more than sixty per cent”.
    pub fn of_property(self) -> bool {
        (self as u8) <= Category::PropertyFee as u8
    }
}

/// 5 非常满意 … 1 非常不满意, the scale of the national 好差评.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score(u8);

impl Score {
    pub const LABELS: [(&str, &str); 5] =
        [("5", "非常满意"), ("4", "满意"), ("3", "基本满意"), ("2", "不满意"), ("1", "非常不满意")];

    pub fn parse(text: &str) -> Option<Score> {
        text.parse().ok().filter(|score| (1..=5).contains(score)).map(Score)
    }

    pub fn number(self) -> u8 {
        self.0
    }

    /// 1 and 2 are 差评.
    pub fn is_bad(self) -> bool {
        self.0 <= 2
    }

    pub fn label(self) -> &'static str {
        Score::LABELS[usize::from(5 - self.0)].1
    }
}

/// How a time limit counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    Natural,
    Working,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct TierLimits {
    dispatch_minutes: i64,
    feedback_minutes: i64,
    clock: Clock,
}

/// The time limits of each tier.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Tiers {
    sudden: TierLimits,
    urgent: TierLimits,
    ordinary: TierLimits,
    hard: TierLimits,
}

impl Setting for Tiers {
    const NAME: &'static str = "issue.tiers";
}

/// The time limits of the steps that do not depend on a tier.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Steps {
    accept_minutes: i64,
    publish_minutes: i64,
    survey_minutes: i64,
    close_minutes: i64,
    pub acknowledge_minutes: i64,
    pub publicity_days: i64,
    pub contact_attempts: usize,
    /// An extension may reach this many days beyond the deadline.
    pub extension_days: i64,
    soon_percent: i64,
    clock: Clock,
}

impl Setting for Steps {
    const NAME: &'static str = "issue.steps";
}

impl Steps {
    /// When an issue has to be accepted that was reported at a moment; no tier has been given yet.
    pub fn acceptance_due(&self, reported: Timestamp) -> Result<Timestamp> {
        after(reported, self.accept_minutes, self.clock)
    }
}

impl From<Clock> for calendar::Clock {
    fn from(clock: Clock) -> calendar::Clock {
        match clock {
            Clock::Natural => calendar::Clock::Natural,
            Clock::Working => calendar::Clock::Working,
        }
    }
}

fn after(since: Timestamp, minutes: i64, clock: Clock) -> Result<Timestamp> {
    calendar::deadline(calendar::WorkingDays::embedded(), since, minutes, clock.into())
        .map_err(|error| Error::refused(error.to_string()))
}

/// Every time limit that the loop needs.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub tiers: Tiers,
    pub steps: Steps,
}

impl Limits {
    /// When the step that a state waits for is due, counted from when the state began.
    ///
    /// Errors: refused where working days are counted and the year has no table.
    pub fn due(&self, state: State, tier: Option<Tier>, since: Timestamp) -> Result<Timestamp> {
        let tier = self.of_tier(tier);
        let (minutes, clock) = match state {
            State::Submitted => return self.steps.acceptance_due(since),
            State::Accepted => (tier.dispatch_minutes, tier.clock),
            State::Dispatched => (tier.feedback_minutes, tier.clock),
            State::Done => (self.steps.publish_minutes, self.steps.clock),
            State::Published => (self.steps.survey_minutes, self.steps.clock),
            State::Surveyed => (self.steps.close_minutes, self.steps.clock),
            _ => return Ok(since),
        };
        after(since, minutes, clock)
    }

    fn of_tier(&self, tier: Option<Tier>) -> TierLimits {
        match tier.unwrap_or(Tier::Ordinary) {
            Tier::Sudden => self.tiers.sudden,
            Tier::Urgent => self.tiers.urgent,
            Tier::Ordinary => self.tiers.ordinary,
            Tier::Hard => self.tiers.hard,
        }
    }

    /// How many minutes are left until a deadline, by the clock of the tier; none once it has passed.
    pub fn left(&self, tier: Option<Tier>, now: Timestamp, due: Timestamp) -> Result<i64> {
        let clock = self.of_tier(tier).clock.into();
        calendar::minutes_left(calendar::WorkingDays::embedded(), now, due, clock)
            .map_err(|error| Error::refused(error.to_string()))
    }

    /// The deadline of an issue that has so many minutes left from now on.
    pub fn with_left(&self, tier: Option<Tier>, now: Timestamp, minutes: i64) -> Result<Timestamp> {
        after(now, minutes, self.of_tier(tier).clock)
    }

    /// When the branch has to have taken note of a closed issue.
    pub fn acknowledgement_due(&self, closed: Timestamp) -> Result<Timestamp> {
        after(closed, self.steps.acknowledge_minutes, self.steps.clock)
    }

    /// From when on a deadline is marked as near.
    pub fn soon(&self, since: Timestamp, due: Timestamp) -> Timestamp {
        since + due.duration_since(since) * self.steps.soon_percent as i32 / 100
    }

    /// Whether so much of the time is used up that a deadline is marked as near.
    pub fn is_soon(&self, since: Timestamp, due: Timestamp, now: Timestamp) -> bool {
        let (used, whole) = (now.duration_since(since).as_secs(), due.duration_since(since).as_secs());
        used * 100 >= whole * self.steps.soon_percent
    }
}

/// The reporter's own words are kept as they are, so a number that has a sealed field of its own does not belong there.
pub fn number_in(text: &str) -> Option<&'static str> {
    codes::text::personal(text).map(|found| match found {
        codes::text::PersonalData::Phone => "这里不要写手机号，请填到电话一栏（加密保存，不公开）",
        codes::text::PersonalData::Identity => "这里不要写身份证号，办事用不到；确实需要时工作人员会当面核对",
    })
}

/// Public words must not carry a phone or an identity number: whoever has the code, or stands before the board, reads them.
pub fn personal_data_in(text: &str) -> Option<&'static str> {
    codes::text::personal(text).map(|found| match found {
        codes::text::PersonalData::Phone => "这段文字居民都能看到，里面有手机号，请删掉",
        codes::text::PersonalData::Identity => "这段文字居民都能看到，里面有身份证号，请删掉",
    })
}

/// What is said about public words in which the reporter or a neighbour is named.
pub const NAMES_SOMEBODY: &str =
    "这段文字居民都能看到，里面有反映人或本楼居民的姓名，请改成“反映人”“一位居民”这样的说法";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loop_runs_round_and_no_step_leaves_an_end_but_reopening() {
        let mut state = State::Submitted;
        for step in [Step::Accepted, Step::Dispatched, Step::Done, Step::Published, Step::Surveyed, Step::Closed] {
            state = state.after(step).unwrap();
        }
        assert_eq!(state, State::Closed);
        assert_eq!(state.after(Step::Reopened), Some(State::Accepted));
        for end in State::ALL.iter().filter(|state| !state.open()) {
            for step in Step::ALL {
                let leaves = end.after(*step).is_some_and(|next| next != *end);
                assert_eq!(leaves, (*end, *step) == (State::Closed, Step::Reopened), "{end:?} {step:?}");
            }
        }
    }

    #[test]
    fn nothing_is_closed_without_a_survey_or_published_without_a_result() {
        for state in State::ALL {
            assert_eq!(state.after(Step::Closed).is_some(), *state == State::Surveyed);
            assert_eq!(state.after(Step::Published).is_some(), *state == State::Done);
        }
    }

    #[test]
    fn scores() {
        assert!(Score::parse("2").unwrap().is_bad() && !Score::parse("3").unwrap().is_bad());
        assert_eq!(Score::parse("5").unwrap().label(), "非常满意");
        assert_eq!(Score::parse("0").or(Score::parse("6")).or(Score::parse("")), None);
    }

    #[test]
    fn ten_categories_belong_to_the_property() {
        assert_eq!(Category::ALL.iter().filter(|category| category.of_property()).count(), 10);
    }
}
