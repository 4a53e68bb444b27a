//! What volunteers and their teams are, and the rules of joining, without a database.

use db::text_enum;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::settings::Setting;

text_enum! {
    /// How far somebody has come. Only those who are on the roll are volunteers.
    pub enum State {
        Invited = "invited" "等本人同意",
        Applied = "applied" "等社区确认",
        Active = "active" "在册",
        Refused = "refused" "没有通过",
        Declined = "declined" "本人没有同意",
        Left = "left" "已退出",
    }
    pub enum Way { Recommended = "recommended" "居民推荐", Applied = "applied" "自愿报名", Mobilised = "mobilised" "组织动员" }
    pub enum Source {
        Retired = "retired" "离退休人员",
        PartyMember = "party_member" "党员",
        Unit = "unit" "驻区单位工作人员",
        Student = "student" "青年大学生",
        Other = "other" "其他",
    }
    pub enum TeamKind {
        Party = "party" "党员服务队",
        Women = "women" "巾帼服务队",
        Youth = "youth" "青年服务队",
        Professional = "professional" "专业服务队",
        General = "general" "综合服务队",
    }
    /// Whom a team serves.
    pub enum Target {
        Elderly = "elderly" "老年人",
        Alone = "alone" "独居老人",
        Disabled = "disabled" "残疾人",
        Needy = "needy" "困难家庭",
        Children = "children" "儿童青少年",
        Everyone = "everyone" "全体居民",
    }
    pub enum Post { Leader = "leader" "队长", Deputy = "deputy" "副队长", Member = "member" "队员" }
    /// What somebody agrees to, each by itself.
    pub enum Purpose {
        Register = "register" "登记为志愿者",
        Contact = "contact" "在公示栏公开姓名和电话",
        Honour = "honour" "在光荣榜公开姓名和荣誉",
    }
    pub enum How { Link = "link" "本人在手机上点的", Signed = "signed" "本人书面签字", Guardian = "guardian" "监护人书面签字" }
    /// What a query of criminal records found. No details are kept.
    pub enum Outcome { Passed = "passed" "通过", Failed = "failed" "不通过", Pending = "pending" "待查" }
}

impl Target {
    /// The groups that somebody should look after in every estate.
    pub fn particular() -> impl Iterator<Item = Target> {
        Target::ALL.iter().copied().filter(|target| *target != Target::Everyone)
    }
}

/// Who keeps what is registered, for how long, and whom to ask about it: what somebody has to be told before they agree (个人信息保护法, art. 17).
#[derive(Debug, Clone)]
pub struct Handler {
    pub community: String,
    pub rules: Joining,
    pub keeping: Keeping,
}

impl Purpose {
    /// What somebody reads before they agree.
    pub fn wording(self, handler: &Handler) -> Vec<String> {
        let Handler { community, rules, keeping } = handler;
        match self {
            Purpose::Register => vec![
                format!("谁登记：{community}居民委员会，只为组织志愿服务、记服务时间、开服务证明。"),
                "登记什么：姓名、性别、出生日期、电话、来源、政治面貌、特长、资格证书、想做哪类服务、什么时候有空、住在哪个小区、参加哪支服务队、谁推荐的；有的，还有全国志愿者编号、保险单号和保险到哪天、备注。未成年人另登记监护人的姓名、关系和电话。".to_owned(),
                "身份证号：申请服务证明才要；社区花名册上写着的，也照着登记。电话、身份证号、备注、推荐人和监护人加密保存，不公开。".to_owned(),
                "以后还会记：您参加的活动、签到签退和集体签到的合影、服务时长、星级、表彰；陪孩子的，还有从业查询的结果。".to_owned(),
                format!(
                    "存多久：在册期间一直留着；合影留 {2} 天。请您答复 {0} 天没有回音的，报名 {1} 天社区没有办成的，没有通过满 {0} 天的，自动删掉。退出以后，您要求删就删，做过的服务按规定留着。",
                    rules.consent_days, keeping.applied_days, keeping.photo_days
                ),
                "谁看得到：社区工作人员和小区党支部；队长只看得到姓名。".to_owned(),
                format!(
                    "不满 {} 岁的，监护人到社区签字才算数；签字以前，只留姓名、出生日期、想去的服务队和小区，还有监护人的联系方式。",
                    rules.adult_age
                ),
                "自愿参加，没有报酬，也不收钱。不同意不影响您办任何事；同意以后随时可以退出。".to_owned(),
                format!(
                    "您可以看、可以请社区改、请社区删，也可以撤回同意：从自己的链接办，或者找{community}居民委员会，电话 {}。觉得不妥，可以打 12345，也可以向网信部门投诉。",
                    keeping.contact_phone
                ),
            ],
            Purpose::Contact => vec![
                "同意以后，公示栏上“志愿服务队”一页写着您的姓名和电话，居民可以直接找您。".to_owned(),
                "不同意也能当队长。随时可以撤回，撤回后马上不再显示。".to_owned(),
            ],
            Purpose::Honour => vec![
                "同意以后，公示栏“志愿者光荣榜”上写着您的姓名、星级、服务了多久和得过的表彰，谁都看得到。".to_owned(),
                format!("不满 {} 岁的，要监护人另外到社区书面同意。", rules.adult_age),
                "不同意，该记的时长、该给的星级和表彰一样不少，只是不写名字。随时可以撤回，撤回后马上不再显示。".to_owned(),
            ],
        }
    }
}

/// Tells one wording from another.
pub fn edition(wording: &[String]) -> String {
    let digest = Sha256::digest(wording.join("\n"));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The guardian of a minor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardian {
    pub name: String,
    pub relation: String,
    pub phone: String,
}

impl Guardian {
    /// `高建国（父亲）13800002222`
    pub fn words(&self) -> String {
        format!("{}（{}）{}", self.name, self.relation, self.phone)
    }
}

/// Who may join, how long an answer is waited for, and how long a query is good.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Joining {
    pub least_age: i64,
    pub adult_age: i64,
    /// After so many days without an answer nothing of somebody is kept any more.
    pub consent_days: i64,
    /// So long somebody waits at most for the community.
    pub answer_days: i64,
    pub vetting_months: i64,
    pub keep_rows_days: i64,
}

impl Setting for Joining {
    const NAME: &'static str = "volunteer.joining";
}

/// For how long what somebody has written is kept, and whom they ask about it.
#[derive(Debug, Clone, Deserialize)]
pub struct Keeping {
    /// Of whoever has applied nothing is kept after so many days without an answer of the community.
    pub applied_days: i64,
    /// So long the photos of those who came together are kept.
    pub photo_days: i64,
    pub contact_phone: String,
}

impl Setting for Keeping {
    const NAME: &'static str = "volunteer.keeping";
}

/// How old somebody is on a day who was born on another; `None` where the day of birth is not known to the day.
pub fn age(birth: &str, on: Date) -> Option<i64> {
    let birth: Date = birth.parse().ok()?;
    let years = i64::from(on.year()) - i64::from(birth.year());
    Some(years - i64::from((on.month(), on.day()) < (birth.month(), birth.day())))
}

/// Whether somebody may be a volunteer by their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maturity {
    Adult,
    /// With a guardian's written consent.
    Minor,
    TooYoung,
    /// The day of birth is not known.
    Unknown,
}

impl Joining {
    pub fn maturity(&self, birth: Option<&str>, on: Date) -> Maturity {
        match birth.and_then(|birth| age(birth, on)) {
            None => Maturity::Unknown,
            Some(age) if age < self.least_age => Maturity::TooYoung,
            Some(age) if age < self.adult_age => Maturity::Minor,
            Some(_) => Maturity::Adult,
        }
    }

    /// The last day on which a query of a day is good.
    pub fn vetting_end(&self, checked: Date) -> Option<Date> {
        checked.checked_add(self.vetting_months.months()).ok()?.checked_sub(1.day()).ok()
    }
}

/// What the volunteer grid asks of a team.
#[derive(Debug, Clone)]
pub struct Covering {
    pub team: Uuid,
    pub name: String,
    pub estates: Vec<Uuid>,
    pub targets: Vec<Target>,
}

/// A line of the volunteer grid: an estate, and which teams serve which of its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridLine {
    pub estate: String,
    pub cells: Vec<(Target, Vec<(Uuid, String)>)>,
}

impl GridLine {
    /// `水保所家属院：还没有队服务残疾人、儿童青少年`; `None` where nobody is left out.
    pub fn holes(&self) -> Option<String> {
        let holes: Vec<&str> =
            self.cells.iter().filter(|(_, teams)| teams.is_empty()).map(|(target, _)| target.label()).collect();
        (!holes.is_empty()).then(|| format!("{}：还没有队服务{}", self.estate, holes.join("、")))
    }
}

/// 志愿服务组织网格: a team serves each of its groups in each of its estates.
pub fn grid(teams: &[Covering], estates: &[(Uuid, String)]) -> Vec<GridLine> {
    let line = |(estate, name): &(Uuid, String)| {
        let serving = |target| {
            let fits = |team: &&Covering| team.estates.contains(estate) && team.targets.contains(&target);
            teams.iter().filter(fits).map(|team| (team.team, team.name.clone())).collect()
        };
        GridLine { estate: name.clone(), cells: Target::particular().map(|target| (target, serving(target))).collect() }
    };
    estates.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const RULES: Joining = Joining {
        least_age: 8,
        adult_age: 18,
        consent_days: 30,
        answer_days: 7,
        vetting_months: 12,
        keep_rows_days: 30,
    };

    #[test]
    fn age_counts_birthdays_that_have_come() {
        for (birth, on, years) in [
            ("2018-11-29", date(2026, 11, 28), 7),
            ("2018-11-29", date(2026, 11, 29), 8),
            ("2008-02-29", date(2026, 2, 28), 17),
            ("2008-02-29", date(2026, 3, 1), 18),
        ] {
            assert_eq!(age(birth, on), Some(years), "{birth} {on}");
        }
        assert_eq!(age("1990-03", date(2026, 1, 1)), None);
    }

    #[test]
    fn minors_need_a_guardian_and_children_are_too_young() {
        let on = date(2026, 11, 29);
        for (birth, maturity) in [
            (Some("2018-11-30"), Maturity::TooYoung),
            (Some("2018-11-29"), Maturity::Minor),
            (Some("2008-11-30"), Maturity::Minor),
            (Some("2008-11-29"), Maturity::Adult),
            (Some("1990"), Maturity::Unknown),
            (None, Maturity::Unknown),
        ] {
            assert_eq!(RULES.maturity(birth, on), maturity, "{birth:?}");
        }
    }

    #[test]
    fn a_query_is_good_for_a_year() {
        assert_eq!(RULES.vetting_end(date(2026, 11, 29)), Some(date(2027, 11, 28)));
        assert_eq!(RULES.vetting_end(date(2024, 2, 29)), Some(date(2025, 2, 27)));
    }

    #[test]
    fn the_grid_shows_who_serves_whom_and_who_is_left_out() {
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let teams = [
            Covering {
                team: Uuid::nil(),
                name: "雷锋大妈".to_owned(),
                estates: vec![first],
                targets: vec![Target::Elderly, Target::Alone],
            },
            Covering {
                team: first,
                name: "扶危济困".to_owned(),
                estates: vec![first, second],
                targets: vec![Target::Needy],
            },
            Covering {
                team: second,
                name: "引领先锋".to_owned(),
                estates: vec![second],
                targets: vec![Target::Everyone],
            },
        ];
        let lines = grid(&teams, &[(first, "王府名苑小区".to_owned()), (second, "水保所家属院".to_owned())]);
        assert_eq!(lines[0].cells[0], (Target::Elderly, vec![(Uuid::nil(), "雷锋大妈".to_owned())]));
        assert_eq!(lines[0].holes().unwrap(), "王府名苑小区：还没有队服务残疾人、儿童青少年");
        assert_eq!(lines[1].holes().unwrap(), "水保所家属院：还没有队服务老年人、独居老人、残疾人、儿童青少年");
        let (name, targets) = ("全".to_owned(), Target::ALL.to_vec());
        let whole = Covering { team: first, name, estates: vec![first], targets };
        assert_eq!(grid(&[whole], &[(first, "甲".to_owned())])[0].holes(), None);
    }

    #[test]
    fn a_wording_names_all_that_is_kept_and_has_an_edition() {
        let keeping = Keeping { applied_days: 60, photo_days: 365, contact_phone: "03588220000".to_owned() };
        let handler = Handler { community: "景西社区".to_owned(), rules: RULES, keeping };
        let wording = Purpose::Register.wording(&handler);
        let whole = wording.join("");
        // Each field of the card, in the words of the form or of this text.
        for field in crate::volunteer::Field::ALL {
            let said = match field {
                crate::volunteer::Field::Phone => "电话",
                crate::volunteer::Field::Services => "哪类服务",
                other => other.label(),
            };
            assert!(whole.contains(said), "{field}");
        }
        for said in [
            "监护人的姓名、关系和电话",
            "住在哪个小区",
            "谁推荐的",
            "60 天",
            "30 天",
            "365 天",
            "03588220000",
            "景西社区居民委员会",
            "投诉",
        ] {
            assert!(whole.contains(said), "{said}");
        }
        assert_eq!(edition(&wording).len(), 12);
        assert_ne!(edition(&wording), edition(&Purpose::Contact.wording(&handler)));
    }
}
