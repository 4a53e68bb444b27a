//! What party organisations and members are, who should attend and who may vote, and what an organisation lacks.

use std::collections::HashSet;

use db::{record, text_enum};
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::settings::Setting;

text_enum! {
    /// The level of an organisation. Which one a community has is not fixed: the same one may be called 党支部 and 党委.
    pub enum Kind {
        Committee = "party_committee" "党委",
        GeneralBranch = "general_branch" "党总支",
        Branch = "party_branch" "党支部",
        Functional = "functional_branch" "功能型党支部",
        Group = "party_group" "党小组",
    }
    /// Who leads an organisation, in the order in which they are named.
    pub enum Post {
        Secretary = "secretary" "书记",
        Deputy = "deputy" "副书记",
        Organisation = "organisation" "组织委员",
        Publicity = "publicity" "宣传委员",
        Discipline = "discipline" "纪检委员",
        Commissioner = "commissioner" "委员",
        GroupLeader = "group_leader" "党小组组长",
    }
    pub enum Status {
        Formal = "formal" "正式党员",
        Probationary = "probationary" "预备党员",
        Watched = "watched" "留党察看",
        Suspended = "suspended" "停止党籍",
    }
    /// How a member belongs to an organisation.
    pub enum Tie {
        Here = "here" "组织关系在本支部",
        Reporting = "reporting" "双报到在职党员",
        Floating = "floating" "流动党员",
    }
    /// Why a member is not counted here any more.
    pub enum Departure {
        Transferred = "transferred" "组织关系转出",
        Finished = "finished" "双报到或流动结束",
        Left = "left" "出党",
        Died = "died" "去世",
        Mistaken = "mistaken" "登记错误",
    }
    /// How somebody said whether they may be shown.
    pub enum How { Signed = "signed" "签字", InPerson = "in_person" "当面说", Phone = "phone" "打电话" }
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Switch { #[serde(rename = "not_counted")] Not = "not_counted" "不算", Counted = "counted" "算" }
}

/// What the rules of the party leave to custom, as far as it decides who should attend.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Counting {
    pub floating_attend: Switch,
    pub watched_attend: Switch,
    pub suspended_attend: Switch,
}

impl Setting for Counting {
    const NAME: &'static str = "party.roll";
}

/// When an organisation is told that it lacks something. Nothing of it stops anybody.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    pub most_members: i64,
    pub fewest_full: i64,
    pub committee_from: i64,
    pub committee_people: i64,
    pub term_years: i64,
    pub remind_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "party.organisations";
}

record! {
    /// A member as lists and rolls have them, without what is sealed.
    #[derive(Debug, Clone)]
    pub struct Member {
        pub id: Uuid, pub name: String, pub sex: String, pub joined_on: Option<String>, pub full_since: Option<String>,
        pub status: Status, pub link: Tie, pub home_organisation: Option<String>, pub group_id: Option<Uuid>, pub group_name: Option<String>,
        pub building_name: Option<String>, pub ended: Option<Departure>, pub ended_on: Option<String>,
    }
}

/// Whether somebody should attend and may vote, and why, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub should_attend: bool,
    pub may_vote: bool,
    pub why: String,
}

/// Who belongs to a meeting of an organisation: everybody, with how they stand.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    /// 应到
    pub should_attend: usize,
    /// 有表决权: all of them should attend.
    pub voters: usize,
    pub everybody: Vec<(Member, Standing)>,
}

/// What decides how somebody stands on a day.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    pub status: Status,
    pub link: Tie,
    /// They had left by then.
    pub ended: Option<Departure>,
    /// They joined the party, or became a full member, only later.
    pub joins_later: bool,
    pub full_later: bool,
}

/// How a member stands at a meeting on a day.
pub fn standing(member: &Member, counting: &Counting, on: Date) -> Standing {
    let before = |day: &Option<String>| day.as_deref().and_then(first_day).is_some_and(|day| day > on);
    let ended = member.ended.filter(|_| !before(&member.ended_on));
    let (joins_later, full_later) = (before(&member.joined_on), before(&member.full_since));
    Situation { status: member.status, link: member.link, ended, joins_later, full_later }.standing(counting)
}

impl Situation {
    /// Only a 正式党员 whose 组织关系 is here and who is neither under 留党察看 nor 停止党籍 votes (党章, art. 7 and 41;
    /// 党支部工作条例（试行）, art. 11). A 预备党员 should attend and does not vote; who is here by 双报到 may come and is not counted.
    pub fn standing(self, counting: &Counting) -> Standing {
        let stands = |should_attend, may_vote, why: &str| Standing { should_attend, may_vote, why: why.to_owned() };
        if let Some(ending) = self.ended {
            return stands(false, false, &format!("已不在这里：{ending}"));
        }
        if self.joins_later {
            return stands(false, false, "这一天还没有入党");
        }
        match (self.link, self.status) {
            (Tie::Reporting, _) => stands(false, false, "双报到，组织关系在别处：可以来，不算应到，不在这里表决"),
            (_, Status::Suspended) => {
                stands(counting.suspended_attend == Switch::Counted, false, "停止党籍期间没有表决权")
            }
            (Tie::Floating, _) if counting.floating_attend == Switch::Not => {
                stands(false, false, "流动党员：可以来，按参数不算应到，不在这里表决")
            }
            (Tie::Floating, _) => stands(true, false, "流动党员：按参数算应到，不在这里表决"),
            (Tie::Here, Status::Watched) => {
                stands(counting.watched_attend == Switch::Counted, false, "留党察看期间没有表决权")
            }
            (Tie::Here, Status::Probationary) => stands(true, false, "预备党员：算应到，没有表决权"),
            (Tie::Here, Status::Formal) if self.full_later => {
                stands(true, false, "这一天还没有转正：算应到，没有表决权")
            }
            (Tie::Here, Status::Formal) => stands(true, true, "正式党员，组织关系在本支部"),
        }
    }
}

impl Roll {
    pub fn of(members: Vec<Member>, counting: &Counting, on: Date) -> Roll {
        let stands = |member: Member| {
            let standing = standing(&member, counting, on);
            (member, standing)
        };
        Roll::adding_up(members.into_iter().map(stands).collect())
    }

    /// Whoever sits on a committee should attend and votes there, whatever branch they belong to, unless they may vote nowhere.
    pub fn of_committee(members: Vec<Member>) -> Roll {
        let stands = |member: Member| {
            let (may_vote, why) = match member.status {
                Status::Formal => (true, "委员会成员"),
                Status::Probationary => (false, "委员会成员，预备党员没有表决权"),
                Status::Watched => (false, "委员会成员，留党察看期间没有表决权"),
                Status::Suspended => (false, "委员会成员，停止党籍期间没有表决权"),
            };
            (member, Standing { should_attend: may_vote, may_vote, why: why.to_owned() })
        };
        Roll::adding_up(members.into_iter().map(stands).collect())
    }

    /// Those of a 党小组.
    pub fn of_group(self, group: Uuid) -> Roll {
        Roll::adding_up(self.everybody.into_iter().filter(|(member, _)| member.group_id == Some(group)).collect())
    }

    fn adding_up(everybody: Vec<(Member, Standing)>) -> Roll {
        Roll {
            should_attend: everybody.iter().filter(|(_, standing)| standing.should_attend).count(),
            voters: everybody.iter().filter(|(_, standing)| standing.may_vote).count(),
            everybody,
        }
    }
}

/// The first day that a date, known to the year, the month or the day, can mean.
pub fn first_day(written: &str) -> Option<Date> {
    let date: codes::PartialDate = written.parse().ok()?;
    Date::new(date.year, date.month.unwrap_or(1), date.day.unwrap_or(1)).ok()
}

/// How many stand how, without their names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heads {
    /// 应到
    pub should_attend: i64,
    /// 有表决权
    pub voters: i64,
    /// Who may come without being counted.
    pub beside: i64,
    /// Who is not here any more.
    pub left: i64,
}

impl Heads {
    /// Adds so many who are in the same situation.
    pub fn add(&mut self, situation: Situation, amount: i64, counting: &Counting) {
        let standing = situation.standing(counting);
        match standing.should_attend {
            _ if situation.ended.is_some() => self.left += amount,
            true => self.should_attend += amount,
            false => self.beside += amount,
        }
        if standing.may_vote {
            self.voters += amount;
        }
    }
}

/// What an organisation is, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Whose 组织关系 is here.
    pub members: i64,
    /// The 正式党员 among them.
    pub full: i64,
    /// Those here by 双报到, and 流动党员.
    pub others: i64,
}

/// What an organisation should see to, in words; empty if nothing.
pub fn warnings(
    kind: Kind,
    figures: &Figures,
    posts: &[(Uuid, Post)],
    term_ends: Option<Date>,
    rules: &Rules,
    today: Date,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if kind == Kind::Group {
        return warnings;
    }
    if matches!(kind, Kind::Branch | Kind::Functional) && figures.members > rules.most_members {
        warnings.push(format!("党员 {} 名，一般不超过 {} 名，可以考虑分设", figures.members, rules.most_members));
    }
    if kind == Kind::Branch && figures.full < rules.fewest_full {
        warnings.push(format!("正式党员 {} 名，不足 {} 名，可以考虑联合组建", figures.full, rules.fewest_full));
    }
    // Whoever holds two posts is one person.
    let committee: HashSet<Uuid> =
        posts.iter().filter(|(_, post)| *post != Post::GroupLeader).map(|(member, _)| *member).collect();
    let committee = committee.len() as i64;
    if figures.full >= rules.committee_from && committee < rules.committee_people {
        let full = figures.full;
        warnings.push(format!("正式党员 {full} 名，应设支部委员会，现在只登记了 {committee} 人任职"));
    } else if !posts.iter().any(|(_, post)| *post == Post::Secretary) {
        warnings.push("还没有登记书记".to_owned());
    }
    match term_ends {
        Some(day) if day < today => warnings.push(format!("本届任期 {day} 已满，该换届了")),
        None if committee > 0 => warnings.push("还没有登记本届任期".to_owned()),
        _ => {}
    }
    warnings
}

impl Post {
    /// The posts that a cell of a member list names: `支部书记`, `书记兼组织委员`, `支委`; `None` if it names something else.
    pub fn read(written: &str) -> Option<Vec<Post>> {
        let mut rest: String = codes::text::half_width(written).split_whitespace().collect();
        let mut found = Vec::new();
        // 副书记 before 书记, and the named commissioners before the rest.
        for (words, post) in [
            ("副书记", Post::Deputy),
            ("书记", Post::Secretary),
            ("组织委员", Post::Organisation),
            ("宣传委员", Post::Publicity),
            ("纪检委员", Post::Discipline),
            ("纪律检查委员", Post::Discipline),
            ("支委", Post::Commissioner),
            ("委员", Post::Commissioner),
            ("组长", Post::GroupLeader),
        ] {
            if rest.contains(words) {
                rest = rest.replace(words, "");
                found.push(post);
            }
        }
        let plain = matches!(rest.as_str(), "" | "党员" | "普通党员");
        found.sort_unstable();
        found.dedup();
        (plain || !found.is_empty()).then_some(found)
    }
}

impl Kind {
    /// Which kinds can stand below this one.
    pub fn holds(self, below: Kind) -> bool {
        match self {
            Kind::Committee => true,
            Kind::GeneralBranch => !matches!(below, Kind::Committee | Kind::GeneralBranch),
            Kind::Branch | Kind::Functional => below == Kind::Group,
            Kind::Group => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const DAY: Date = date(2026, 11, 23);
    const CUSTOM: Counting =
        Counting { floating_attend: Switch::Not, watched_attend: Switch::Counted, suspended_attend: Switch::Not };
    const RULES: Rules = Rules {
        most_members: 50,
        fewest_full: 3,
        committee_from: 7,
        committee_people: 3,
        term_years: 5,
        remind_days: 90,
    };

    fn member(status: Status, link: Tie) -> Member {
        Member {
            id: Uuid::nil(),
            name: "王五".to_owned(),
            sex: "1".to_owned(),
            joined_on: Some("2001-07".to_owned()),
            full_since: None,
            status,
            link,
            home_organisation: None,
            group_id: None,
            group_name: None,
            building_name: None,
            ended: None,
            ended_on: None,
        }
    }

    fn numbers(member: &Member, counting: &Counting) -> (bool, bool) {
        let standing = standing(member, counting, DAY);
        assert!(!standing.why.is_empty());
        (standing.should_attend, standing.may_vote)
    }

    #[test]
    fn only_full_members_of_the_branch_vote() {
        for (status, link, expected) in [
            (Status::Formal, Tie::Here, (true, true)),
            (Status::Probationary, Tie::Here, (true, false)),
            (Status::Watched, Tie::Here, (true, false)),
            (Status::Suspended, Tie::Here, (false, false)),
            (Status::Formal, Tie::Reporting, (false, false)),
            (Status::Formal, Tie::Floating, (false, false)),
        ] {
            assert_eq!(numbers(&member(status, link), &CUSTOM), expected, "{status} {link}");
        }
        let floating = Counting { floating_attend: Switch::Counted, ..CUSTOM };
        assert_eq!(numbers(&member(Status::Formal, Tie::Floating), &floating), (true, false));
    }

    #[test]
    fn the_day_decides() {
        let joined = Member { joined_on: Some("2026-12".into()), ..member(Status::Probationary, Tie::Here) };
        assert_eq!(numbers(&joined, &CUSTOM), (false, false));
        let confirmed = Member { full_since: Some("2026-11-24".into()), ..member(Status::Formal, Tie::Here) };
        assert_eq!(numbers(&confirmed, &CUSTOM), (true, false));
        let left = |day: &str| Member {
            ended: Some(Departure::Transferred),
            ended_on: Some(day.into()),
            ..member(Status::Formal, Tie::Here)
        };
        assert_eq!(numbers(&left("2026-11-23"), &CUSTOM), (false, false));
        assert_eq!(numbers(&left("2026-11-24"), &CUSTOM), (true, true), "they were still here");
    }

    fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        proptest::sample::select(all)
    }

    proptest! {
        #[test]
        fn whoever_votes_should_attend_and_is_here(
            people in proptest::collection::vec((any_of(Status::ALL), any_of(Tie::ALL), any::<bool>(), "20[0-4][0-9]-0[1-9]"), 0..80),
            switches in (any_of(Switch::ALL), any_of(Switch::ALL), any_of(Switch::ALL)),
        ) {
            let counting = Counting { floating_attend: switches.0, watched_attend: switches.1, suspended_attend: switches.2 };
            let members: Vec<Member> = people.into_iter().map(|(status, link, gone, day)| Member {
                ended: gone.then_some(Departure::Died), ended_on: gone.then_some(day.clone()), full_since: Some(day), ..member(status, link)
            }).collect();
            let roll = Roll::of(members, &counting, DAY);
            prop_assert!(roll.voters <= roll.should_attend && roll.should_attend <= roll.everybody.len());
            for (member, standing) in &roll.everybody {
                prop_assert!(!standing.why.is_empty());
                if standing.may_vote {
                    prop_assert!(standing.should_attend && member.status == Status::Formal && member.link == Tie::Here);
                }
                if member.link == Tie::Reporting {
                    prop_assert!(!standing.should_attend);
                }
            }
        }
    }

    #[test]
    fn an_organisation_is_told_what_it_lacks_and_stopped_by_nothing() {
        let told = |figures: Figures, posts: &[Post], ends| {
            let posts: Vec<(Uuid, Post)> = (1..).zip(posts).map(|(n, post)| (Uuid::from_u128(n), *post)).collect();
            warnings(Kind::Branch, &figures, &posts, ends, &RULES, DAY)
        };
        let committee = [Post::Secretary, Post::Organisation, Post::Publicity];
        let sound = Figures { members: 30, full: 28, others: 9 };
        assert!(told(sound, &committee, Some(date(2029, 3, 1))).is_empty());
        let large = told(Figures { members: 56, full: 52, others: 3 }, &committee, Some(date(2026, 11, 22)));
        assert_eq!(large.len(), 2, "{large:?}");
        assert!(large[0].contains("56") && large[1].contains("2026-11-22"));
        let small = told(Figures { members: 2, full: 2, others: 0 }, &[], None);
        assert_eq!(small.len(), 2, "{small:?}");
        let bare = told(sound, &[Post::Secretary], None);
        assert!(bare[0].contains("支部委员会"), "{bare:?}");
        let one = Uuid::from_u128(1);
        let alone = [(one, Post::Secretary), (one, Post::Organisation), (one, Post::Publicity)];
        let alone = warnings(Kind::Branch, &sound, &alone, None, &RULES, DAY);
        assert!(alone[0].contains("只登记了 1 人任职"), "{alone:?}");
        assert!(warnings(Kind::Group, &Figures::default(), &[], None, &RULES, DAY).is_empty());
    }

    #[test]
    fn posts_are_read_as_offices_write_them() {
        for (written, posts) in [
            ("支部书记", vec![Post::Secretary]),
            ("副书记", vec![Post::Deputy]),
            ("书记兼 组织委员", vec![Post::Secretary, Post::Organisation]),
            ("支委", vec![Post::Commissioner]),
            ("纪检委员", vec![Post::Discipline]),
            ("第一党小组组长", vec![Post::GroupLeader]),
            ("普通党员", vec![]),
        ] {
            assert_eq!(Post::read(written), Some(posts), "{written}");
        }
        assert_eq!(Post::read("会计"), None);
    }

    #[test]
    fn the_tree_has_an_order() {
        assert!(Kind::Committee.holds(Kind::Branch) && Kind::Committee.holds(Kind::Committee));
        assert!(
            Kind::Branch.holds(Kind::Group) && !Kind::Branch.holds(Kind::Committee) && !Kind::Group.holds(Kind::Group)
        );
    }
}
