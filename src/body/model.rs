//! What bodies there are, who sits on them for whom, and what one of them lacks.

use db::{Tx, text_enum};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::store::{Body, Seat};
use crate::error::Result;
use crate::settings::{self, Setting};

text_enum! {
    pub enum Kind {
        PropertyCommittee = "property_committee" "物管会",
        Representatives = "representatives" "居民代表",
        ResidentsCommittee = "residents_committee" "居委会",
        MediationCommittee = "mediation_committee" "人民调解委员会",
    }
    /// For whom somebody sits there.
    pub enum Part {
        Community = "community" "居委会",
        Owner = "owner" "业主",
        User = "user" "物业使用人",
        Resident = "resident" "居民",
    }
    pub enum Post { Chair = "chair" "主任", ViceChair = "vice_chair" "副主任", Member = "member" "委员", Representative = "representative" "代表" }
}

impl Kind {
    pub fn parts(self) -> &'static [Part] {
        match self {
            Kind::PropertyCommittee => &[Part::Community, Part::Owner, Part::User],
            Kind::Representatives => &[Part::Resident],
            Kind::ResidentsCommittee => &[Part::Community],
            Kind::MediationCommittee => &[Part::Community, Part::Resident],
        }
    }

    pub fn posts(self) -> &'static [Post] {
        match self {
            Kind::Representatives => &[Post::Representative],
            _ => &[Post::Chair, Post::ViceChair, Post::Member],
        }
    }

    /// An estate has a 物管会; a community has a 居委会 and a 人民调解委员会; both can have representatives.
    pub fn fits(self, of_estate: bool) -> bool {
        match self {
            Kind::PropertyCommittee => of_estate,
            Kind::Representatives => true,
            Kind::ResidentsCommittee | Kind::MediationCommittee => !of_estate,
        }
    }

    /// The law wants women on it, so it is asked who is one.
    pub fn counts_women(self) -> bool {
        self == Kind::MediationCommittee
    }
}

/// How a 物管会 should be put together (北京市物业管理条例, art. 52 and 53; that of 山西 has not been read).
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Composition {
    pub least_people: i64,
    pub even_number: Allowed,
    /// At least so much of it are owners.
    pub owners_percent: i64,
    pub term_years: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    Allowed,
    NotAllowed,
}

impl Setting for Composition {
    const NAME: &'static str = "body.property_committee";
}

/// How a 人民调解委员会 should be put together (人民调解法, art. 8 and 9).
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct MediationComposition {
    pub least_people: i64,
    pub most_people: i64,
    pub least_women: i64,
    pub term_years: i64,
}

impl Setting for MediationComposition {
    const NAME: &'static str = "body.mediation_committee";
}

/// How the bodies should be put together for which something says so.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub property: Composition,
    pub mediation: MediationComposition,
}

impl Rules {
    pub async fn read(tx: &mut Tx, tenant: Uuid, at: Timestamp) -> Result<Rules> {
        let property = settings::read(tx, tenant, at).await?;
        Ok(Rules { property, mediation: settings::read(tx, tenant, at).await? })
    }
}

/// How long the list of who sits on a body hangs.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct MemberList {
    pub publicity_days: i64,
}

impl Setting for MemberList {
    const NAME: &'static str = "body.member_list";
}

/// What a body should see to, in words; empty if nothing.
pub fn lacks(body: &Body, seats: &[Seat], rules: &Rules, today: Date) -> Vec<String> {
    let mut lacks = Vec::new();
    let people = seats.len() as i64;
    let held = |post: Post| seats.iter().find(|seat| seat.post == post);
    let longest = match body.kind {
        Kind::PropertyCommittee => Some(rules.property.term_years),
        Kind::MediationCommittee => Some(rules.mediation.term_years),
        Kind::Representatives | Kind::ResidentsCommittee => None,
    };
    if body.kind == Kind::PropertyCommittee {
        let rules = &rules.property;
        let owners = seats.iter().filter(|seat| seat.part == Part::Owner).count() as i64;
        if people < rules.least_people {
            lacks.push(format!("现有 {people} 人，不足 {} 人", rules.least_people));
        } else if people % 2 == 0 && rules.even_number == Allowed::NotAllowed {
            lacks.push(format!("现有 {people} 人，应当是单数"));
        }
        if people > 0 && owners * 100 < people * rules.owners_percent {
            lacks.push(format!("业主 {owners} 人，不到全体 {people} 人的 {}%", rules.owners_percent));
        }
        match held(Post::Chair) {
            None => lacks.push("还没有主任，主任由居委会的代表担任".to_owned()),
            Some(chair) if chair.part != Part::Community => {
                lacks.push("主任应当是居委会的代表（社区干部）".to_owned());
            }
            Some(_) => {}
        }
        match held(Post::ViceChair) {
            None => lacks.push("还没有副主任，副主任由居委会从业主委员中指定".to_owned()),
            Some(vice) if vice.part != Part::Owner => lacks.push("副主任应当是业主".to_owned()),
            Some(_) => {}
        }
    } else if body.kind == Kind::MediationCommittee {
        let rules = &rules.mediation;
        let women = seats.iter().filter(|seat| seat.woman == Some(true)).count() as i64;
        if !(rules.least_people..=rules.most_people).contains(&people) {
            lacks.push(format!("现有 {people} 人，应当是 {} 到 {} 人", rules.least_people, rules.most_people));
        }
        if women < rules.least_women {
            lacks.push(format!("妇女 {women} 人，应当至少有 {} 人", rules.least_women));
        }
        if held(Post::Chair).is_none() {
            lacks.push("还没有主任".to_owned());
        }
    } else if people == 0 {
        lacks.push("还没有登记成员".to_owned());
    }
    if let Some(years) = longest
        && let Some(last) = body.term_began().and_then(|began| began.checked_add(jiff::Span::new().years(years)).ok())
        && body.term_ends().is_some_and(|ends| ends > last)
    {
        lacks.push(format!("任期不能超过 {years} 年"));
    }
    match body.term_ends() {
        Some(day) if day < today => lacks.push(format!("任期 {day} 已满")),
        None => lacks.push("还没有登记任期".to_owned()),
        Some(_) => {}
    }
    lacks
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::settings::by_default;

    fn body(kind: Kind) -> Body {
        Body {
            id: Uuid::nil(),
            kind,
            name: "王府名苑小区物管会".to_owned(),
            estate_id: None,
            estate_name: None,
            term_began_on: Some("2025-01-01".to_owned()),
            term_ends_on: Some("2027-12-31".to_owned()),
            lock_version: 1,
        }
    }

    fn seats(of: &[(Part, Post)]) -> Vec<Seat> {
        let seat = |&(part, post): &(Part, Post)| Seat {
            id: Uuid::nil(),
            name: "王五".to_owned(),
            part,
            post,
            since: "2025-01-01".to_owned(),
            woman: None,
        };
        of.iter().map(seat).collect()
    }

    fn said(kind: Kind, of: &[(Part, Post)]) -> String {
        lacks(&body(kind), &seats(of), &rules(), date(2026, 11, 23)).join("；")
    }

    fn rules() -> Rules {
        Rules { property: by_default().unwrap(), mediation: by_default().unwrap() }
    }

    #[test]
    fn a_mediation_committee_has_three_to_nine_people_and_a_woman_among_them() {
        use Post::{Chair, Member};
        let kind = Kind::MediationCommittee;
        let three = [(Part::Community, Chair), (Part::Resident, Member), (Part::Resident, Member)];
        assert_eq!(said(kind, &three), "妇女 0 人，应当至少有 1 人");
        let mut with_a_woman = seats(&three);
        with_a_woman[1].woman = Some(true);
        assert_eq!(lacks(&body(kind), &with_a_woman, &rules(), date(2026, 11, 23)), Vec::<String>::new());
        assert!(said(kind, &three[1..]).starts_with("现有 2 人，应当是 3 到 9 人"));
        assert!(said(kind, &three[1..]).ends_with("还没有主任"));
        let mut long = body(kind);
        long.term_ends_on = Some("2029-01-01".to_owned());
        assert_eq!(lacks(&long, &with_a_woman, &rules(), date(2026, 11, 23)), ["任期不能超过 3 年"]);
    }

    #[test]
    fn a_property_committee_is_put_together_by_the_rules() {
        use Part::{Community, Owner, User};
        use Post::{Chair, Member, ViceChair};
        let right = [
            (Community, Chair),
            (Owner, ViceChair),
            (Owner, Member),
            (Owner, Member),
            (Owner, Member),
            (User, Member),
            (Community, Member),
        ];
        assert_eq!(said(Kind::PropertyCommittee, &right), "");
        assert!(said(Kind::PropertyCommittee, &right[..5]).contains("不足 7 人"));
        let eight = [right.as_slice(), &[(Owner, Member)]].concat();
        assert_eq!(said(Kind::PropertyCommittee, &eight), "现有 8 人，应当是单数");
        let mut few = right;
        (few[2].0, few[3].0) = (User, Community);
        assert_eq!(said(Kind::PropertyCommittee, &few), "业主 2 人，不到全体 7 人的 50%");
        let mut led = right;
        (led[0].0, led[1].0) = (Owner, Community);
        assert_eq!(said(Kind::PropertyCommittee, &led), "主任应当是居委会的代表（社区干部）；副主任应当是业主");
        assert!(said(Kind::PropertyCommittee, &[]).contains("还没有主任"));
        assert_eq!(said(Kind::Representatives, &[(Part::Resident, Post::Representative)]), "");
    }

    #[test]
    fn a_term_ends() {
        let mut over = body(Kind::Representatives);
        over.term_ends_on = Some("2026-11-22".to_owned());
        let one = seats(&[(Part::Resident, Post::Representative)]);
        let rules = rules();
        assert_eq!(lacks(&over, &one, &rules, date(2026, 11, 23)), ["任期 2026-11-22 已满"]);
        let mut long = body(Kind::PropertyCommittee);
        long.term_ends_on = Some("2029-01-01".to_owned());
        assert!(lacks(&long, &one, &rules, date(2026, 11, 23)).contains(&"任期不能超过 3 年".to_owned()));
    }
}
