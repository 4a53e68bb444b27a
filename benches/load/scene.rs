//! What is asked for in each scenario, as a path of the program and as the SQL behind it.

use db::{Cursor, Db, Query, Statement, record, statements};
use doorstep::access::{Act, Role};
use doorstep::means::Means;
use doorstep::{access, board, issue, place, registry, search, settings};
use uuid::Uuid;

use crate::meeting::Meeting;
use crate::phone::Phone;
use crate::register::Register;
use crate::report;

statements! {
    TENANT = "SELECT tenant_id AS id FROM tenant_codes WHERE code = $1";
    ISSUES = "SELECT id FROM issues WHERE tenant_id = $1 AND state IN ('dispatched', 'closed') ORDER BY state DESC, id LIMIT 200";
    HOUSEHOLDS = "SELECT id FROM households WHERE tenant_id = $1 ORDER BY id LIMIT 200";
    PLACE = "SELECT code FROM place_codes WHERE tenant_id = $1 ORDER BY code LIMIT 1";
    DEEP = "SELECT ended_at AS key, id FROM issues WHERE tenant_id = $1 AND NOT open ORDER BY ended_at DESC, id DESC LIMIT 1 OFFSET $2";
    ENDED = "SELECT COUNT(*) AS count FROM issues WHERE tenant_id = $1 AND NOT open";
}

record! {
    struct Id { id: Uuid }
    struct Code { code: String }
    struct Place { key: i64, id: Uuid }
    struct Count { count: i64 }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    List,
    Filtered,
    DeepList,
    Issue,
    Search,
    Household,
    Board,
    Filing,
    EstateRoll,
    TagRoll,
    DeepRoll,
    Name,
    Pinyin,
    Initials,
    TwoInitials,
    PhoneNumber,
    Figures,
    EstateFigures,
    Building,
    Pack,
    Visit,
    Meeting,
    RollCall,
    Branch,
    Duties,
    Trends,
    BoardFigures,
    Month,
    Rows,
    DeepRows,
}

impl Scenario {
    pub const ALL: [Scenario; 30] = {
        use Scenario::*;
        [
            List,
            Filtered,
            DeepList,
            Issue,
            Search,
            Household,
            Board,
            Filing,
            EstateRoll,
            TagRoll,
            DeepRoll,
            Name,
            Pinyin,
            Initials,
            TwoInitials,
            PhoneNumber,
            Figures,
            EstateFigures,
            Building,
            Pack,
            Visit,
            Meeting,
            RollCall,
            Branch,
            Duties,
            Trends,
            BoardFigures,
            Month,
            Rows,
            DeepRows,
        ]
    };

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub fn title(self) -> &'static str {
        match self {
            Scenario::List => "issue list, 50 rows, first page",
            Scenario::Filtered => "issue list, one state",
            Scenario::DeepList => "issue list, 50 rows, deep page",
            Scenario::Issue => "issue page",
            Scenario::Search => "text search, issues",
            Scenario::Household => "household page",
            Scenario::Board => "board, without an account",
            Scenario::Filing => "filing an issue, durable",
            Scenario::EstateRoll => "roll of an estate, first page",
            Scenario::TagRoll => "roll of a tag, first page",
            Scenario::DeepRoll => "rolls, deep page",
            Scenario::Name => "search for people, name",
            Scenario::Pinyin => "search for people, pinyin",
            Scenario::Initials => "search for people, initials",
            Scenario::TwoInitials => "search for people, two initials",
            Scenario::PhoneNumber => "search for people, phone",
            Scenario::Figures => "figures, estates",
            Scenario::EstateFigures => "figures of an estate",
            Scenario::Building => "building matrix",
            Scenario::Pack => "pack of 500 households",
            Scenario::Visit => "record of a visit, durable",
            Scenario::Meeting => "meeting of 56 members",
            Scenario::RollCall => "calling the roll of 56",
            Scenario::Branch => "branch of 56 members",
            Scenario::Duties => "meetings that are owed",
            Scenario::Trends => "trend of twelve months, kept figures",
            Scenario::BoardFigures => "rates on the board, kept figures",
            Scenario::Month => "report of a month",
            Scenario::Rows => "rows behind a figure, first page",
            Scenario::DeepRows => "rows behind a figure, deep page",
        }
    }

    /// Searched in a form, so that no name gets into an address.
    pub fn is_people_search(self) -> bool {
        use Scenario::*;
        matches!(self, Name | Pinyin | Initials | TwoInitials | PhoneNumber)
    }

    pub fn is_of_meeting(self) -> bool {
        use Scenario::*;
        matches!(self, Meeting | RollCall | Branch | Duties)
    }

    pub fn is_of_report(self) -> bool {
        use Scenario::*;
        matches!(self, Trends | BoardFigures | Month | Rows | DeepRows)
    }

    pub fn is_of_register(self) -> bool {
        use Scenario::*;
        self.is_people_search() || matches!(self, EstateRoll | TagRoll | DeepRoll | Figures | EstateFigures | Building)
    }
}

/// Common words and rare ones, one character, two words, and something that is not there.
const SEARCHES: [&str; 10] =
    ["电梯", "路灯不亮", "停车 车位", "3号楼", "下水", "充电桩", "灯", "垃圾 臭", "第四次漏水到客厅", "暖气不热"];

pub struct Scene {
    pub tenant: Uuid,
    code: String,
    /// Of a stairwell.
    pub place: String,
    issues: Vec<Uuid>,
    households: Vec<Uuid>,
    deep: Cursor,
    pub register: Register,
    phone: Option<Phone>,
    meeting: Option<Meeting>,
    report: report::Asked,
}

pub fn find(list: &[Statement], name: &str) -> Statement {
    *list.iter().find(|statement| statement.name.rsplit("::").next() == Some(name)).expect("a statement of this name")
}

impl Scene {
    pub async fn read(db: &Db, means: &Means, code: &str) -> Scene {
        let mut tx = db.read().await.unwrap();
        let tenant = tx.one::<Id>(TENANT.bind(code)).await.unwrap().id;
        let ids = |found: Vec<Id>| found.into_iter().map(|row| row.id).collect();
        let issues = ids(tx.all(ISSUES.bind(tenant)).await.unwrap());
        let households = ids(tx.all(HOUSEHOLDS.bind(tenant)).await.unwrap());
        let place = tx.one::<Code>(PLACE.bind(tenant)).await.unwrap().code;
        let ended = tx.one::<Count>(ENDED.bind(tenant)).await.unwrap().count;
        let deep: Place = tx.one(DEEP.bind(tenant).bind(ended * 9 / 10)).await.unwrap();
        let register = Register::read(&mut tx, tenant, means).await;
        let phone = Phone::read(&mut tx, tenant).await;
        let meeting = Meeting::read(&mut tx, tenant).await;
        let report = report::Asked::read(&mut tx, tenant, means).await;
        let deep = Cursor { key: deep.key, id: deep.id };
        let code = code.to_owned();
        Scene { tenant, code, place, issues, households, deep, register, phone, meeting, report }
    }

    pub fn phone(&self) -> &Phone {
        self.phone.as_ref().expect("a phone has been set up")
    }

    fn meeting(&self) -> &Meeting {
        self.meeting.as_ref().expect("a meeting has been set up")
    }

    pub fn variations(&self, scenario: Scenario) -> usize {
        match scenario {
            Scenario::Issue => self.issues.len(),
            Scenario::Household => self.households.len(),
            Scenario::Search => SEARCHES.len(),
            Scenario::Visit => self.phone().records(),
            _ if scenario.is_of_register() => self.register.variations(scenario),
            _ => 1,
        }
    }

    pub fn path(&self, scenario: Scenario, n: usize) -> String {
        match scenario {
            Scenario::List => "/issues".to_owned(),
            Scenario::Filtered => "/issues?state=dispatched".to_owned(),
            Scenario::DeepList => format!("/issues?state=ended&after={}", self.deep),
            Scenario::Issue => format!("/issues/{}", self.issues[n]),
            Scenario::Search => {
                format!(
                    "/issues?{}",
                    form_urlencoded::Serializer::new(String::new()).append_pair("q", SEARCHES[n]).finish()
                )
            }
            Scenario::Household => format!("/households/{}", self.households[n]),
            Scenario::Pack => "/doors/pack".to_owned(),
            _ if scenario.is_of_register() => self.register.path(scenario, n),
            _ if scenario.is_of_meeting() => self.meeting().path(scenario),
            _ if scenario.is_of_report() => self.report.path(scenario, &self.code),
            _ => format!("/board/{}", self.code),
        }
    }

    /// Runs the SQL of a scenario: the reads in one transaction, what is written in one that is committed.
    pub async fn sql(&self, db: &Db, means: &Means, scenario: Scenario, n: usize) {
        match scenario {
            Scenario::Filing => return self.file(db, means).await,
            Scenario::Visit => return self.phone().receive(db, means, n).await,
            _ if scenario.is_of_register() => return self.register.sql(db, means, scenario, n).await,
            _ => {}
        }
        let mut tx = db.read().await.unwrap();
        if scenario.is_of_meeting() {
            return self.meeting().sql(&mut tx, means, self.tenant, scenario).await;
        }
        if scenario.is_of_report() {
            return self.report.sql(&mut tx, self.tenant, scenario).await;
        }
        if scenario == Scenario::Search {
            return self.search(&mut tx, means, n % SEARCHES.len()).await;
        }
        for query in self.reads(scenario, n, means) {
            tx.rows(query).await.unwrap();
        }
    }

    fn reads(&self, scenario: Scenario, n: usize, means: &Means) -> Vec<Query> {
        let (tenant, nobody) = (self.tenant, None::<Uuid>);
        let today = means.now().to_zoned_datetime(calendar::shanghai()).date().to_string();
        let setting = |name: &str| find(settings::STATEMENTS, "IN_FORCE").bind(tenant).bind(name).bind(today.as_str());
        let of = |statement: &str| find(issue::STATEMENTS, statement).bind(tenant);
        let of_place = |statement: &str| find(place::STATEMENTS, statement).bind(tenant);
        let mut reads = vec![];
        match scenario {
            Scenario::List | Scenario::Filtered | Scenario::DeepList => {
                reads.push(of("COUNTS").bind(means.now()).bind(nobody).bind(""));
                reads.push(if scenario != Scenario::DeepList {
                    of("OPEN")
                        .bind(nobody)
                        .bind("")
                        .bind(i64::MIN)
                        .bind(Uuid::nil())
                        .bind(if scenario == Scenario::Filtered { "dispatched" } else { "" })
                        .bind(i64::MAX)
                        .bind(51_i64)
                } else {
                    of("ENDED").bind(nobody).bind("").bind(self.deep.key).bind(self.deep.id).bind("").bind(51_i64)
                });
                reads.extend(["issue.tiers", "issue.steps"].map(setting));
            }
            Scenario::Issue => {
                let id = self.issues[n % self.issues.len()];
                reads.push(of("GET_IN_SCOPE").bind(id).bind(nobody).bind(""));
                reads.extend(["issue.tiers", "issue.steps"].map(setting));
                reads.extend(
                    ["EVENTS", "PHOTOS", "SURVEYS", "PENDING_PETITION"].map(|statement| of(statement).bind(id)),
                );
                reads.push(of("TOOK_PART").bind(id).bind(Uuid::nil()));
            }
            Scenario::Household => {
                let id = self.households[n % self.households.len()];
                let of = |statement: &str| find(registry::STATEMENTS, statement).bind(tenant);
                reads.push(of("HOUSEHOLD").bind(nobody).bind("").bind(id));
                reads.extend(["MEMBERS_TAGS", "MEMBERS"].map(|statement| of(statement).bind(id)));
                reads.push(of("UNDER_ONE_ROOF").bind(Uuid::nil()).bind(id));
            }
            Scenario::Board => {
                reads.push(find(access::STATEMENTS, "TENANT_BY_CODE").bind(self.code.as_str()));
                reads.push(of_place("ESTATES"));
                reads.push(
                    find(board::STATEMENTS, "OF_COMMUNITY").bind(tenant).bind(i64::MAX).bind(Uuid::max()).bind(21_i64),
                );
            }
            Scenario::Pack => reads.extend(self.phone().pack()),
            _ => {}
        }
        reads
    }

    async fn search(&self, tx: &mut db::Tx, means: &Means, n: usize) {
        for query in self.reads(Scenario::List, 0, means).into_iter().filter(|query| !query.name().ends_with("OPEN")) {
            tx.rows(query).await.unwrap();
        }
        let (nobody, terms) = (None::<Uuid>, search::Terms::read(SEARCHES[n]));
        let conditions = |query: Query| terms.patterns().into_iter().fold(query.bind(nobody).bind(""), Query::bind);
        let among = |batch: &[i64]| conditions(search::in_batch(find(issue::STATEMENTS, "SEARCH"), self.tenant, batch));
        let new = find(issue::STATEMENTS, "SEARCH_UNINDEXED");
        let unindexed = |before, most| conditions(new.bind(self.tenant).bind(before).bind(most));
        let what = (self.tenant, search::Kind::Issue, &terms);
        let hits = search::page(tx, what, among, unindexed, i64::MAX, 50).await.unwrap();
        tx.rows(search::in_batch(find(issue::STATEMENTS, "FOUND"), self.tenant, &hits.positions)).await.unwrap();
    }

    async fn file(&self, db: &Db, means: &Means) {
        let act = Act { role: Role::Resident, ..Act::system(self.tenant, means) };
        let mut tx = db.begin().await.unwrap();
        let (_, spot) = place::spot_by_code(&mut tx, &self.place).await.unwrap().unwrap();
        let new = issue::NewIssue {
            source: issue::Source::Qr,
            category: issue::Category::Lighting,
            description: "三单元门口的路灯坏了三天，晚上黑得看不见台阶，老人出门不方便".to_owned(),
            place: issue::Place::Spot(spot),
            place_text: "三单元门口".to_owned(),
            reporter: None,
            photos: Vec::new(),
        };
        issue::file(&mut tx, &act, new).await.unwrap();
        tx.commit().await.unwrap();
    }
}
