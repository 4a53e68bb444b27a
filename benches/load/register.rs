//! The register as it is asked: rolls, searches for people, figures and buildings.

use codes::Phone;
use db::{Cursor, Db, Query, Tx, record, statements};
use doorstep::access::{Act, Scope};
use doorstep::means::Means;
use doorstep::registry::figures;
use doorstep::{place, registry, search};
use uuid::Uuid;

use crate::scene::{Scenario, find};

statements! {
    ESTATES = "SELECT id FROM estates WHERE tenant_id = $1 ORDER BY id LIMIT 200";
    BUILDINGS = "SELECT id FROM buildings WHERE tenant_id = $1 ORDER BY id LIMIT 200";
    /// Where the middle of each estate is.
    MIDDLES = "SELECT b.estate_id AS id, CAST(AVG(r.position) AS BIGINT) AS position FROM buildings b JOIN residents r
        ON r.tenant_id = b.tenant_id AND r.building_id = b.id WHERE b.tenant_id = $1 GROUP BY b.estate_id ORDER BY b.estate_id LIMIT 200";
    AMOUNT = "SELECT COUNT(*) AS position FROM residents WHERE tenant_id = $1";
    AT_DEPTH = "SELECT position FROM residents WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1 OFFSET $2";
    PEOPLE = "SELECT search_text, phone_sealed FROM residents WHERE tenant_id = $1 AND phone_sealed IS NOT NULL AND ended IS NULL
        AND LENGTH(name) = 3 AND position % 23 = 1 ORDER BY position LIMIT 40";
}

record! {
    struct Id { id: Uuid }
    struct Middle { id: Uuid, position: i64 }
    struct At { position: i64 }
    struct Known { search_text: String, phone_sealed: Vec<u8> }
}

/// Of which there are many, some and few.
const TAGS: [&str; 6] = ["child", "oldest_old", "elder_living_alone", "disabled", "veteran", "needy"];

/// So many estates and grids a roll's own page offers at most.
const CHOICES: i64 = 40;

/// A roll: the estate, the tag, and the position before which it begins.
type Roll = (Option<Uuid>, &'static str, i64);

pub struct Register {
    tenant: Uuid,
    estates: Vec<Uuid>,
    buildings: Vec<Uuid>,
    deep: Vec<Roll>,
    names: Vec<String>,
    pinyin: Vec<String>,
    initials: Vec<String>,
    two_initials: Vec<String>,
    phones: Vec<String>,
}

impl Register {
    pub async fn read(tx: &mut Tx, tenant: Uuid, means: &Means) -> Register {
        let ids = |found: Vec<Id>| found.into_iter().map(|row| row.id).collect();
        let estates: Vec<Uuid> = ids(tx.all(ESTATES.bind(tenant)).await.unwrap());
        let buildings = ids(tx.all(BUILDINGS.bind(tenant)).await.unwrap());
        let amount = tx.one::<At>(AMOUNT.bind(tenant)).await.unwrap().position;
        let depth = tx.one::<At>(AT_DEPTH.bind(tenant).bind(amount * 9 / 10)).await.unwrap().position;
        let middles: Vec<Middle> = tx.all(MIDDLES.bind(tenant)).await.unwrap();
        let of_estates = middles.iter().map(|middle| (Some(middle.id), "", middle.position));
        let deep = of_estates.chain(TAGS.map(|tag| (None, tag, depth))).collect();
        let people: Vec<Known> = tx.all(PEOPLE.bind(tenant)).await.unwrap();
        let word = |known: &Known, n| known.search_text.split(' ').nth(n).unwrap().to_owned();
        let act = Act::system(tenant, means);
        let phone = |known: &Known| act.open("phone", &known.phone_sealed).unwrap();
        Register {
            tenant,
            estates,
            buildings,
            deep,
            names: people.iter().map(|known| word(known, 0)).collect(),
            pinyin: people.iter().map(|known| word(known, 1)).collect(),
            initials: people.iter().map(|known| word(known, 2)).collect(),
            two_initials: people.iter().map(|known| word(known, 2)[..2].to_owned()).collect(),
            phones: people.iter().map(phone).collect(),
        }
    }

    pub fn variations(&self, scenario: Scenario) -> usize {
        match scenario {
            Scenario::EstateRoll | Scenario::EstateFigures => self.estates.len(),
            Scenario::TagRoll => TAGS.len(),
            Scenario::DeepRoll => self.deep.len(),
            _ if scenario.is_people_search() => self.names.len(),
            Scenario::Building => self.buildings.len(),
            _ => 1,
        }
    }

    fn roll(&self, scenario: Scenario, n: usize) -> Roll {
        match scenario {
            Scenario::EstateRoll => (Some(self.estates[n % self.estates.len()]), "", i64::MAX),
            Scenario::TagRoll => (None, TAGS[n % TAGS.len()], i64::MAX),
            _ => self.deep[n % self.deep.len()],
        }
    }

    /// What is typed into the search box.
    pub fn searched(&self, scenario: Scenario, n: usize) -> &str {
        let texts = match scenario {
            Scenario::Name => &self.names,
            Scenario::Pinyin => &self.pinyin,
            Scenario::Initials => &self.initials,
            Scenario::TwoInitials => &self.two_initials,
            _ => &self.phones,
        };
        &texts[n % texts.len()]
    }

    pub fn path(&self, scenario: Scenario, n: usize) -> String {
        match scenario {
            Scenario::Figures => "/residents/figures".to_owned(),
            Scenario::EstateFigures => format!("/residents/figures?estate={}", self.estates[n % self.estates.len()]),
            Scenario::Building => format!("/buildings/{}", self.buildings[n % self.buildings.len()]),
            _ => {
                let (estate, tag, before) = self.roll(scenario, n);
                let estate = estate.map(|estate| estate.to_string()).unwrap_or_default();
                format!("/residents/roll?estate={estate}&tag={tag}&before={before}")
            }
        }
    }

    /// Runs the SQL of a scenario.
    pub async fn sql(&self, db: &Db, means: &Means, scenario: Scenario, n: usize) {
        let mut tx = db.read().await.unwrap();
        let (tenant, everything) = (self.tenant, Scope::tenant());
        let of = |name: &str| find(registry::STATEMENTS, name);
        let everywhere = |query: Query| query.bind(everything.account).bind(&everything.roles);
        match scenario {
            Scenario::Figures => {
                figures::estates(&mut tx, tenant, &everything, Cursor::FIRST, 30).await.unwrap();
                figures::total(&mut tx, tenant, &everything, None).await.unwrap();
            }
            Scenario::EstateFigures => {
                let estate = self.estates[n % self.estates.len()];
                figures::estate(&mut tx, tenant, &everything, estate).await.unwrap();
                figures::buildings(&mut tx, tenant, &everything, estate).await.unwrap();
                figures::total(&mut tx, tenant, &everything, Some(estate)).await.unwrap();
            }
            Scenario::Building => {
                let building = self.buildings[n % self.buildings.len()];
                place::building_in_reach(&mut tx, tenant, &everything, building).await.unwrap();
                place::spot(&mut tx, tenant, building).await.unwrap();
                tx.rows(of("MATRIX").bind(tenant).bind(building)).await.unwrap();
            }
            Scenario::PhoneNumber => {
                let phone = Phone::parse(self.searched(scenario, n)).unwrap();
                let act = Act::system(tenant, means);
                let found = everywhere(of("BY_PHONE").bind(tenant));
                tx.rows(found.bind(act.fingerprint("phone", phone.as_str()))).await.unwrap();
            }
            _ if scenario.is_people_search() => {
                let terms = search::Terms::read(self.searched(scenario, n));
                let conditions = |query: Query| terms.patterns().into_iter().fold(everywhere(query), Query::bind);
                let among = |batch: &[i64]| conditions(search::in_batch(of("SEARCH"), tenant, batch));
                let unindexed = |before, most| conditions(of("SEARCH_UNINDEXED").bind(tenant).bind(before).bind(most));
                let what = (tenant, search::Kind::Resident, &terms);
                let hits = search::page(&mut tx, what, among, unindexed, i64::MAX, 30).await.unwrap();
                tx.rows(everywhere(search::in_batch(of("FOUND"), tenant, &hits.positions))).await.unwrap();
            }
            _ => self.list(&mut tx, self.roll(scenario, n)).await,
        }
    }

    async fn list(&self, tx: &mut Tx, (estate, tag, before): Roll) {
        let (tenant, nobody, no_text) = (self.tenant, None::<Uuid>, None::<String>);
        let of = |name: &str| find(registry::roll::STATEMENTS, name).bind(tenant);
        let of_place = |name: &str| find(place::STATEMENTS, name).bind(tenant);
        let roll = if estate.is_some() { "IN_ESTATE" } else { "OF_TAG" };
        let roll = of(roll).bind(nobody).bind("").bind(estate).bind(nobody).bind(nobody).bind("");
        let roll = roll.bind(no_text.clone()).bind(no_text).bind(false).bind(tag).bind(before).bind(31_i64);
        let found: Vec<At> = tx.all(roll).await.unwrap();
        let positions: Vec<i64> = found.into_iter().take(30).map(|at| at.position).collect();
        let people = search::in_batch(find(registry::STATEMENTS, "FOUND"), tenant, &positions);
        let facet = if tag.is_empty() { "people".to_owned() } else { format!("tag:{tag}") };
        let figure = match estate {
            Some(_) => of("FIGURE_IN_ESTATE").bind(nobody).bind("").bind(estate).bind(nobody).bind(nobody).bind(facet),
            None => of("FIGURE").bind(facet),
        };
        let mut queries = vec![
            people.bind(nobody).bind(""),
            figure,
            of("VIEWS").bind(Uuid::nil()),
            of_place("SIZE").bind(CHOICES + 1),
        ];
        queries.extend(estate.map(|estate| of_place("BUILDINGS").bind(estate)));
        let estates = |one: Option<Uuid>| of_place("ESTATES_WITHIN").bind(nobody).bind("").bind(one);
        if self.estates.len() as i64 > CHOICES {
            queries.extend(estate.map(Some).map(estates));
        } else {
            queries.extend([estates(None), of_place("GRIDS")]);
        }
        for query in queries {
            tx.rows(query).await.unwrap();
        }
    }
}
