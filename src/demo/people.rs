//! Made-up people: families over homes, with the ages, ties and troubles of a community whose people mostly came from
//! elsewhere. A seed makes the same people every time. None of them exists: the area code 141199 was never assigned, and
//! the telephone numbers are counted up from 199 0000 0000.

use std::collections::HashMap;

use codes::identity::IdentityNumber;
use codes::tables::{Education, Ethnic, Marital, Political, Relation, Sex};
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::names;
use crate::place::Use;
use crate::registry::{ResidenceState, Tag};

/// What kind of estate a home stands in; it decides who is likely to live there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Kind {
    #[serde(rename = "商品房")]
    Commercial,
    #[serde(rename = "家属院")]
    Courtyard,
    #[serde(rename = "移民安置")]
    Resettlement,
    #[serde(rename = "临街住宅")]
    Street,
}

/// The people of one home; the first is the head.
#[derive(Debug, Clone)]
pub struct Family {
    pub usage: Use,
    pub members: Vec<Person>,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub relation: Relation,
    pub sex: Sex,
    pub birth: Date,
    pub age: i16,
    pub identity: Option<IdentityNumber>,
    pub phone: Option<String>,
    pub ethnic: Ethnic,
    pub political: Option<Political>,
    pub education: Option<Education>,
    pub marital: Marital,
    pub registered_address: String,
    pub residence: ResidenceState,
    pub workplace: Option<&'static str>,
    pub health: Option<&'static str>,
    pub tags: Vec<(Tag, &'static str)>,
}

/// One family in every home, `residents` people in all as far as one to six live in each, as they are on a day.
///
/// The second of a home says whether its family is one of an estate with more pupils than chance gives.
pub fn populate(seed: u64, homes: &[(Kind, bool)], residents: usize, day: Date) -> Vec<Family> {
    let mut maker = Maker { rng: StdRng::seed_from_u64(seed), day, identities: HashMap::new(), phones: 0 };
    let kinds: Vec<Kind> = homes.iter().map(|(kind, _)| *kind).collect();
    let sizes = maker.sizes(&kinds, residents);
    let family = |((kind, pupils), size): (&(Kind, bool), usize)| {
        let mut family = maker.family(*kind, size);
        if *pupils {
            family.members.iter_mut().for_each(|person| maker.send_to_school(person));
        }
        family
    };
    homes.iter().zip(sizes).map(family).collect()
}

/// How many live in one home at most.
pub const LARGEST: usize = 6;
const ELDERLY: i16 = 60;

struct Maker {
    rng: StdRng,
    day: Date,
    /// How many identity numbers each birthday has used up, by sex.
    identities: HashMap<(Date, Sex), u16>,
    phones: u32,
}

/// Somebody in the making.
struct Sketch {
    relation: Relation,
    sex: Sex,
    age: i16,
    marital: Marital,
}

/// Where a family comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Local,
    /// From a county around.
    Elsewhere,
    /// Moved down from a mountain village.
    Village,
}

impl Maker {
    /// How many live in each home: first as they fall, then one more or one fewer here and there until the sum is right.
    fn sizes(&mut self, homes: &[Kind], residents: usize) -> Vec<usize> {
        let mut sizes: Vec<usize> = homes.iter().map(|kind| self.size(*kind)).collect();
        let wanted = residents.clamp(homes.len(), homes.len() * LARGEST);
        let mut order: Vec<usize> = (0..homes.len()).collect();
        order.shuffle(&mut self.rng);
        let mut sum: usize = sizes.iter().sum();
        while sum != wanted {
            for home in &order {
                if sum < wanted && sizes[*home] < LARGEST {
                    sizes[*home] += 1;
                    sum += 1;
                } else if sum > wanted && sizes[*home] > 1 {
                    sizes[*home] -= 1;
                    sum -= 1;
                }
            }
        }
        sizes
    }

    fn size(&mut self, kind: Kind) -> usize {
        let shares = if kind == Kind::Courtyard { [30, 65, 80, 91, 97, 100] } else { [11, 32, 65, 86, 95, 100] };
        let drawn = self.rng.random_range(0..100);
        1 + shares.iter().take_while(|share| drawn >= **share).count()
    }

    fn family(&mut self, kind: Kind, size: usize) -> Family {
        let origin = self.origin(kind);
        let rented = if origin == Origin::Elsewhere { 0.6 } else { 0.04 };
        let usage = if self.chance(rented) { Use::Rented } else { Use::OwnerOccupied };
        let sketches = self.relations(kind, size);
        let members = self.flesh_out(origin, sketches);
        Family { usage, members }
    }

    fn origin(&mut self, kind: Kind) -> Origin {
        let (elsewhere, village) = match kind {
            Kind::Commercial => (0.64, 0.10),
            Kind::Courtyard => (0.25, 0.0),
            Kind::Resettlement => (0.12, 0.80),
            Kind::Street => (0.60, 0.05),
        };
        match self.rng.random_range(0.0..1.0) {
            drawn if drawn < elsewhere => Origin::Elsewhere,
            drawn if drawn < elsewhere + village => Origin::Village,
            _ => Origin::Local,
        }
    }

    /// Who lives together, and how old they are.
    fn relations(&mut self, kind: Kind, size: usize) -> Vec<Sketch> {
        let old = if kind == Kind::Courtyard { 0.75 } else { 0.33 };
        match size {
            1 if self.chance(old) => vec![self.widowed(62..=90)],
            1 => vec![self.alone(23..=58)],
            2 if self.chance(old) => self.couple(61..=86),
            2 if self.chance(0.55) => self.couple(25..=55),
            2 => self.parent_and_child(),
            3 if self.chance(0.08) => {
                let mut family = self.couple(60..=70);
                family.push(self.grandchild());
                family
            }
            _ => self.couple_with_more(size - 2),
        }
    }

    fn alone(&mut self, ages: std::ops::RangeInclusive<i16>) -> Sketch {
        let marital = if self.chance(0.25) { Marital::Divorced } else { Marital::Unmarried };
        Sketch { relation: Relation::Head, sex: self.sex(), age: self.rng.random_range(ages), marital }
    }

    fn widowed(&mut self, ages: std::ops::RangeInclusive<i16>) -> Sketch {
        let sex = if self.chance(0.7) { Sex::Female } else { Sex::Male };
        Sketch { relation: Relation::Head, sex, age: self.rng.random_range(ages), marital: Marital::Widowed }
    }

    /// The husband is the head of three in four.
    fn couple(&mut self, ages: std::ops::RangeInclusive<i16>) -> Vec<Sketch> {
        let age = self.rng.random_range(ages);
        let younger = self.rng.random_range(0..=4);
        let husband = Sketch { relation: Relation::Head, sex: Sex::Male, age, marital: Marital::Married };
        let wife = Sketch { sex: Sex::Female, age: (age - younger).max(22), ..husband };
        let (mut head, mut spouse) = (husband, wife);
        if self.chance(0.25) {
            std::mem::swap(&mut head, &mut spouse);
        }
        spouse.relation = Relation::Spouse;
        vec![head, spouse]
    }

    fn parent_and_child(&mut self) -> Vec<Sketch> {
        let mut parent = self.alone(28..=48);
        parent.marital = Marital::Divorced;
        let child = self.child(parent.age, 0);
        vec![parent, child]
    }

    /// A couple with a child, then another child or a grandparent, as often as the home has room.
    fn couple_with_more(&mut self, more: usize) -> Vec<Sketch> {
        let mut family = self.couple(27..=57);
        let mother = family.iter().map(|sketch| sketch.age).min().unwrap_or(27);
        let (mut children, mut parents) = (0, 0);
        for place in 0..more {
            let child = parents == 2 || (children < 3 && (place == 0 || self.chance(0.6)));
            if child {
                family.push(self.child(mother, children));
                children += 1;
            } else {
                family.push(self.grandparent(family[0].age, parents));
                parents += 1;
            }
        }
        family
    }

    fn child(&mut self, mother: i16, elder_siblings: i16) -> Sketch {
        let oldest = (mother - 22 - 3 * elder_siblings).clamp(0, 29);
        let sex = self.sex();
        let relation = if sex == Sex::Male { Relation::Son } else { Relation::Daughter };
        let youngest = (oldest - 9).max(0);
        Sketch { relation, sex, age: self.rng.random_range(youngest..=oldest), marital: Marital::Unmarried }
    }

    fn grandchild(&mut self) -> Sketch {
        let age = self.rng.random_range(4..=13);
        Sketch { relation: Relation::Grandchild, sex: self.sex(), age, marital: Marital::Unmarried }
    }

    fn grandparent(&mut self, head: i16, others: usize) -> Sketch {
        let sex = if others == 0 { Sex::Female } else { Sex::Male };
        let marital = if others == 0 && self.chance(0.5) { Marital::Widowed } else { Marital::Married };
        let age = (head + self.rng.random_range(21..=28)).min(91);
        Sketch { relation: Relation::Parent, sex, age, marital }
    }

    fn flesh_out(&mut self, origin: Origin, sketches: Vec<Sketch>) -> Vec<Person> {
        let (registered_address, residence) = self.registration(origin);
        let ethnic = if self.chance(0.012) {
            *[Ethnic::Hui, Ethnic::Manchu, Ethnic::Mongol].choose(&mut self.rng).unwrap_or(&Ethnic::Hui)
        } else {
            Ethnic::Han
        };
        let family_name = names::surname(&mut self.rng);
        let alone = sketches.len() == 1;
        let raised_by_grandparents = sketches.iter().any(|sketch| sketch.relation == Relation::Grandchild);
        let mut people: Vec<Person> = Vec::new();
        for Sketch { relation, sex, age, marital } in sketches {
            let birth = self.birthday(age);
            // Those who married into the family keep their own names.
            let married_in = sex == Sex::Female && matches!(relation, Relation::Spouse | Relation::Parent);
            let surname = if married_in { names::surname(&mut self.rng) } else { family_name };
            let mut name = format!("{surname}{}", names::given(&mut self.rng, sex, birth.year()));
            while people.iter().any(|other| other.name == name) {
                name = format!("{surname}{}", names::given(&mut self.rng, sex, birth.year()));
            }
            let mut person = Person {
                name,
                relation,
                sex,
                birth,
                age,
                identity: self.identity(birth, sex, age),
                phone: self.phone(age, relation),
                ethnic,
                political: self.political(age),
                education: self.education(age),
                marital,
                registered_address: registered_address.clone(),
                residence,
                workplace: self.workplace(age),
                health: None,
                tags: Vec::new(),
            };
            self.trouble(&mut person);
            let tags = plain_tags(&person, origin);
            person.tags.extend(tags);
            if alone && age < ELDERLY {
                person.tags.push((Tag::LivingAlone, DOOR));
            }
            if relation == Relation::Grandchild && raised_by_grandparents {
                person.tags.push((Tag::LeftBehindChild, DOOR));
            }
            people.push(person);
        }
        let burdened = people.iter().any(|p| p.tags.iter().any(|(tag, _)| *tag == Tag::Disabled))
            || (alone && people[0].age >= 70);
        if self.chance(if burdened { 0.3 } else { 0.025 }) {
            let kinds = [Tag::SubsistenceAllowance, Tag::NearSubsistence, Tag::TemporaryHardship];
            let kind = kinds.choose(&mut self.rng).copied().unwrap_or(Tag::TemporaryHardship);
            people[0].tags.extend([(Tag::Needy, DOOR), (kind, "民政救助登记")]);
        }
        people
    }

    fn registration(&mut self, origin: Origin) -> (String, ResidenceState) {
        const COUNTIES: [&str; 8] = ["临县", "方山县", "柳林县", "中阳县", "兴县", "岚县", "石楼县", "交口县"];
        match origin {
            Origin::Local => ("山西省吕梁市离石区".to_owned(), ResidenceState::Consistent),
            Origin::Village if self.chance(0.3) => ("山西省吕梁市离石区".to_owned(), ResidenceState::Consistent),
            Origin::Village => ("山西省吕梁市离石区西山里".to_owned(), ResidenceState::LivesHereOnly),
            Origin::Elsewhere => {
                let county = COUNTIES.choose(&mut self.rng).copied().unwrap_or("临县");
                (format!("山西省吕梁市{county}"), ResidenceState::LivesHereOnly)
            }
        }
    }

    /// A day on which somebody of that age was born.
    fn birthday(&mut self, age: i16) -> Date {
        let since: Span = i64::from(age).years().days(self.rng.random_range(0..365));
        self.day.saturating_sub(since)
    }

    /// Newborns have none yet, and a few of the oldest never got theirs written down.
    fn identity(&mut self, birth: Date, sex: Sex, age: i16) -> Option<IdentityNumber> {
        if age < 1 || (age > 80 && self.chance(0.03)) {
            return None;
        }
        let used = self.identities.entry((birth, sex)).or_default();
        *used += 1;
        let sequence = if sex == Sex::Male { 2 * *used - 1 } else { 2 * *used };
        let body = format!("141199{}{sequence:03}", birth.strftime("%Y%m%d"));
        "0123456789X".chars().find_map(|check| IdentityNumber::parse(&format!("{body}{check}")).ok())
    }

    fn phone(&mut self, age: i16, relation: Relation) -> Option<String> {
        let has = relation == Relation::Head || (age >= 16 && self.chance(if age > 75 { 0.5 } else { 0.94 }));
        has.then(|| {
            self.phones += 1;
            format!("199{:08}", self.phones)
        })
    }

    /// Somebody from sixteen to eighteen is three years younger instead. It takes nothing from chance, so that all others stay who they are.
    fn send_to_school(&mut self, person: &mut Person) {
        if !matches!(person.age, 16..=18) || person.relation == Relation::Head {
            return;
        }
        person.age -= 3;
        person.birth = person.birth.saturating_add(3.years());
        person.identity = self.identity(person.birth, person.sex, person.age);
        person.phone = None;
        person.political = person.political.filter(|_| person.age >= 14);
        person.education = Some(Education::MiddleSchool);
        person.workplace = Some("初中");
    }

    fn political(&mut self, age: i16) -> Option<Political> {
        let member = if age >= ELDERLY { 0.10 } else { 0.055 };
        match age {
            ..14 => None,
            14..=27 if self.chance(0.5) => Some(Political::League),
            22.. if self.chance(member) => Some(Political::Member),
            22..=40 if self.chance(0.005) => Some(Political::Probationary),
            _ => Some(Political::Masses),
        }
    }

    fn education(&mut self, age: i16) -> Option<Education> {
        use Education::*;
        let usual: &[Education] = match age {
            ..6 => return None,
            6..=11 => &[PrimarySchool],
            12..=14 => &[MiddleSchool],
            15..=17 => &[HighSchool, HighSchool, Vocational],
            18..=34 => &[Undergraduate, College, College, HighSchool, Vocational, MiddleSchool],
            35..=54 => &[College, HighSchool, MiddleSchool, MiddleSchool, MiddleSchool, Undergraduate],
            _ => &[MiddleSchool, PrimarySchool, PrimarySchool, HighSchool, Other],
        };
        usual.choose(&mut self.rng).copied()
    }

    fn workplace(&mut self, age: i16) -> Option<&'static str> {
        let usual: &[&str] = match age {
            ..3 => return None,
            3..=5 => &["幼儿园"],
            6..=11 => &["小学"],
            12..=14 => &["初中"],
            15..=17 => &["高中", "职业中学"],
            18..=21 => &["在外上大学", "在外上大学", "餐饮店"],
            22..=59 => &[
                "建筑工地",
                "个体经营",
                "快递站点",
                "商场",
                "煤矿",
                "物流公司",
                "家政公司",
                "学校",
                "医院",
                "餐饮店",
                "出租车",
                "在家照看孩子",
            ],
            _ => &["退休", "务农", "退休", "在家"],
        };
        usual.choose(&mut self.rng).copied()
    }

    /// Illness and disability, each with what the register says about it.
    fn trouble(&mut self, person: &mut Person) {
        if person.age >= ELDERLY && self.chance(0.27) {
            person.health = ["高血压", "糖尿病", "冠心病", "高血压、糖尿病"].choose(&mut self.rng).copied();
            person.tags.push((Tag::ChronicIllness, "家庭医生签约"));
        } else if person.age >= 30 && self.chance(0.006) {
            person.health = Some("大病治疗中");
            person.tags.push((Tag::SeriousIllness, "本人告知"));
        }
        if self.chance(if person.age >= ELDERLY { 0.06 } else { 0.012 }) {
            person.health = ["肢体残疾二级", "听力残疾三级", "视力残疾二级", "肢体残疾四级", "言语残疾三级"]
                .choose(&mut self.rng)
                .copied();
            person.tags.push((Tag::Disabled, "残疾人证"));
        }
        if person.sex == Sex::Male && person.age >= 20 && self.chance(0.03) {
            person.tags.push((Tag::Veteran, "优抚登记"));
        }
        if person.sex == Sex::Female
            && person.marital == Marital::Married
            && (23..=38).contains(&person.age)
            && self.chance(0.03)
        {
            person.tags.push((Tag::Pregnant, "本人告知"));
        }
    }

    fn sex(&mut self) -> Sex {
        if self.chance(0.5) { Sex::Male } else { Sex::Female }
    }

    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }
}

/// What the evidence of most tags is.
const DOOR: &str = "入户摸底";

/// The tags that follow from somebody's own particulars.
fn plain_tags(person: &Person, origin: Origin) -> Vec<(Tag, &'static str)> {
    let tags = [
        (person.political == Some(Political::Member), Tag::PartyMemberHousehold),
        (origin == Origin::Elsewhere, Tag::Migrant),
        (origin == Origin::Village, Tag::RelocatedVillager),
    ];
    tags.into_iter().filter(|(holds, _)| *holds).map(|(_, tag)| (tag, DOOR)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn community() -> Vec<Family> {
        let kinds = [Kind::Commercial, Kind::Courtyard, Kind::Resettlement, Kind::Street];
        let homes: Vec<(Kind, bool)> =
            kinds.iter().map(|kind| (*kind, *kind == Kind::Commercial)).cycle().take(1580).collect();
        populate(7, &homes, 4915, jiff::civil::date(2026, 11, 23))
    }

    #[test]
    fn there_are_exactly_as_many_as_were_asked_for_and_the_seed_decides_who() {
        let (first, second) = (community(), community());
        assert_eq!(first.len(), 1580);
        assert_eq!(first.iter().map(|family| family.members.len()).sum::<usize>(), 4915);
        let names = |families: &[Family]| -> Vec<String> {
            families.iter().flat_map(|f| &f.members).map(|p| p.name.clone()).collect()
        };
        assert_eq!(names(&first), names(&second));
    }

    #[test]
    fn every_identity_number_is_valid_unassigned_distinct_and_fits_its_bearer() {
        let mut seen = HashSet::new();
        for person in community().iter().flat_map(|family| &family.members) {
            let Some(identity) = &person.identity else { continue };
            assert!(identity.as_str().starts_with("141199"));
            assert_eq!(identity.sex(), person.sex);
            assert_eq!(identity.birth(), (person.birth.year(), person.birth.month(), person.birth.day()));
            assert!(seen.insert(identity.as_str().to_owned()));
        }
        assert!(seen.len() > 4700);
    }

    #[test]
    fn phones_are_readable_and_distinct() {
        let mut seen = HashSet::new();
        for phone in community().into_iter().flat_map(|family| family.members).filter_map(|person| person.phone) {
            assert_eq!(codes::phone::Phone::parse(&phone).unwrap().as_str(), phone);
            assert!(seen.insert(phone));
        }
    }

    #[test]
    fn families_and_tags_agree() {
        for family in community() {
            let has = |person: &Person, tag| person.tags.iter().any(|(found, _)| *found == tag);
            let head = &family.members[0];
            assert!(head.relation == Relation::Head && head.age >= 22);
            for person in &family.members {
                assert!(has(person, Tag::LivingAlone) <= (family.members.len() == 1));
                assert_eq!(has(person, Tag::PartyMemberHousehold), person.political == Some(Political::Member));
                let child = matches!(person.relation, Relation::Son | Relation::Daughter);
                assert!(!child || person.age + 18 <= head.age, "{} {}", person.age, head.age);
                assert!(person.relation != Relation::Parent || person.age >= head.age + 18);
            }
        }
    }

    #[test]
    fn most_came_from_elsewhere() {
        let families = community();
        let people: Vec<&Person> = families.iter().flat_map(|family| &family.members).collect();
        let came = people
            .iter()
            .filter(|p| p.tags.iter().any(|(tag, _)| matches!(tag, Tag::Migrant | Tag::RelocatedVillager)));
        assert!(came.count() * 2 > people.len());
    }
}
