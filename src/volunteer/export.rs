//! The ledger and the volunteers as a workbook for 志愿服务信息系统: what 《志愿服务记录与证明出具办法》 wants of each record, of some days.
//! Names and numbers are masked unless somebody has approved otherwise.

use std::collections::HashMap;

use calendar::shanghai;
use db::{Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use uuid::Uuid;

use super::activity_model::Span;
use super::card::{self, Card};
use super::field::Field;
use super::honour::{self, Honour};
use super::hours_model::{Kind, in_hours, moment};
use super::hours_store::{self, in_reach_of_record};
use super::model::{Post, Target};
use super::{star, store};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::in_reach;
use crate::web::show;
use crate::workbook::{Cell, Table};

statements! {
    /// What is in the ledger of some days, as it was noted.
    BOOKED = concat!("SELECT r.volunteer_id, v.name, r.team_id, t.name AS team_name, r.kind, r.title, a.place, a.needs, r.counts_from,
            r.counts_until, r.minutes, c.name AS noted_by, w.name AS noted_by_leader
        FROM volunteer_records r JOIN volunteers v ON v.tenant_id = r.tenant_id AND v.id = r.volunteer_id
        JOIN volunteer_teams t ON t.tenant_id = r.tenant_id AND t.id = r.team_id
        LEFT JOIN volunteer_activities a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
        LEFT JOIN accounts c ON c.tenant_id = r.tenant_id AND c.id = r.confirmed_by
        LEFT JOIN volunteers w ON w.tenant_id = r.tenant_id AND w.id = r.confirmed_by_volunteer
        WHERE r.tenant_id = $1 AND r.state = 'approved' AND r.counts_from >= $4 AND r.counts_from < $5 AND r.books_at <= $6 AND r.minutes > 0 AND ",
        in_reach_of_record!(), " ORDER BY r.counts_from, r.id LIMIT $7");
}

record! {
    struct Booked {
        volunteer_id: Uuid, name: String, team_id: Uuid, team_name: String, kind: Kind, title: String, place: Option<String>,
        needs: Option<String>, counts_from: Timestamp, counts_until: Timestamp, minutes: i64, noted_by: Option<String>, noted_by_leader: Option<String>,
    }
}

/// More rows than this are not in one workbook.
const MOST: usize = 20_000;

/// The days that somebody asks for, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

impl Days {
    /// `2026年1月1日至2026年11月30日`
    pub fn words(&self) -> String {
        format!("{}至{}", show::kept_day(&self.first.to_string()), show::kept_day(&self.last.to_string()))
    }

    /// Errors: refused if the last comes before the first.
    fn moments(&self) -> Result<(Timestamp, Timestamp)> {
        let midnight = |day: Date| moment(day, Time::midnight());
        let end = self.last.tomorrow().ok().and_then(midnight).filter(|_| self.first <= self.last);
        midnight(self.first).zip(end).ok_or_else(|| Error::refused("开始的日子要在结束的日子以前"))
    }
}

/// A workbook that has not been written yet, with how many people and records are in it.
pub struct Export {
    pub tables: Vec<Table>,
    pub people: usize,
    pub records: usize,
}

/// How a value of somebody stands in the workbook.
#[derive(Debug, Clone, Copy)]
struct Manner {
    whole: bool,
}

impl Manner {
    fn of(self, card: &Card, field: Field) -> String {
        let Some(kept) = card.get(field) else { return String::new() };
        if self.whole { field.words(kept) } else { field.exported(kept) }
    }

    fn name(self, name: &str) -> String {
        if self.whole { name.to_owned() } else { Field::Name.exported(name) }
    }
}

fn heading(name: &'static str, columns: &[(&str, u16)], rows: Vec<Vec<String>>) -> Table {
    let columns = columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::Text).collect()).collect();
    Table { name: name.to_owned(), columns, rows }
}

/// Everybody on the roll or with hours in those days, what they have served and learnt in them, and what they were honoured with, with `whole`
/// names and numbers or masked ones.
///
/// Errors: refused of days the wrong way round, and of more than one workbook holds.
pub(super) async fn read(tx: &mut Tx, act: &Act, scope: &Scope, days: Days, whole: bool) -> Result<Export> {
    let (from, until) = days.moments()?;
    let query = BOOKED.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(from).bind(until).bind(act.at);
    let booked: Vec<Booked> = tx.all(query.bind(MOST as i64 + 1)).await?;
    let honours = honour::of_days(tx, act.tenant, scope, (days.first, days.last), MOST + 1).await?;
    if booked.len().max(honours.len()) > MOST {
        return Err(Error::refused(format!("超过 {MOST} 条，一张表放不下，请选短一点的日子")));
    }
    let cards = card::served(tx, act, scope, (from, until)).await?;
    let people = People::read(tx, act, &cards).await?;
    let manner = Manner { whole };
    let (services, trainings): (Vec<&Booked>, Vec<&Booked>) =
        booked.iter().partition(|booked| booked.kind == Kind::Service);
    let tables = vec![
        people.basics(manner, &booked),
        people.services(manner, &services),
        people.trainings(manner, &trainings),
        people.honours(manner, &honours),
    ];
    Ok(Export { tables, people: cards.len(), records: booked.len() })
}

/// What is known of those in the workbook.
struct People<'a> {
    cards: &'a [Card],
    by_id: HashMap<Uuid, &'a Card>,
    teams: HashMap<Uuid, Vec<String>>,
    leaders: HashMap<Uuid, String>,
    targets: HashMap<Uuid, String>,
    minutes: HashMap<Uuid, i64>,
    stars: HashMap<Uuid, i64>,
}

impl<'a> People<'a> {
    async fn read(tx: &mut Tx, act: &Act, cards: &'a [Card]) -> Result<People<'a>> {
        let mut teams: HashMap<Uuid, Vec<String>> = HashMap::new();
        for row in store::all_memberships(tx, act.tenant).await? {
            teams.entry(row.volunteer_id).or_default().push(row.team_name);
        }
        let leaders = store::leaders(tx, act.tenant).await?.into_iter();
        let leaders = leaders.filter(|row| row.post == Post::Leader).map(|row| (row.team_id, row.name)).collect();
        let whom = |targets: &[Target]| targets.iter().map(|target| target.label()).collect::<Vec<_>>().join("、");
        let placed = store::teams(tx, act.tenant, &Scope::tenant()).await?;
        Ok(People {
            by_id: cards.iter().map(|card| (card.id, card)).collect(),
            cards,
            teams,
            leaders,
            targets: placed.iter().map(|placed| (placed.team.id, whom(&placed.targets))).collect(),
            minutes: hours_store::totals(tx, act.tenant, act.at).await?,
            stars: star::of_all(tx, act.tenant).await?,
        })
    }

    /// The number in the national system, the name and the identity number.
    fn who(&self, manner: Manner, id: Uuid, name: &str) -> [String; 3] {
        let of = |field| self.by_id.get(&id).map(|card| manner.of(card, field)).unwrap_or_default();
        [of(Field::National), manner.name(name), of(Field::Identity)]
    }

    fn basics(&self, manner: Manner, booked: &[Booked]) -> Table {
        const COLUMNS: &[(&str, u16)] = &[
            ("序号", 6),
            ("志愿者编号", 22),
            ("姓名", 10),
            ("性别", 6),
            ("出生日期", 12),
            ("证件类型", 14),
            ("证件号码", 22),
            ("居住区域", 18),
            ("联系电话", 16),
            ("政治面貌", 12),
            ("专业技能", 18),
            ("服务类别", 18),
            ("注册时间", 12),
            ("所属服务队", 26),
            ("本期时长(小时)", 14),
            ("累计时长(小时)", 14),
            ("星级", 8),
        ];
        let mut served: HashMap<Uuid, i64> = HashMap::new();
        for one in booked.iter().filter(|booked| booked.kind == Kind::Service) {
            *served.entry(one.volunteer_id).or_default() += one.minutes;
        }
        let row = |(at, card): (usize, &Card)| {
            let of = |field| manner.of(card, field);
            let hours = |known: &HashMap<Uuid, i64>| in_hours(known.get(&card.id).copied().unwrap_or(0));
            vec![
                (at + 1).to_string(),
                of(Field::National),
                of(Field::Name),
                of(Field::Sex),
                of(Field::Birth),
                card.get(Field::Identity).map_or("", |_| "居民身份证").to_owned(),
                of(Field::Identity),
                card.estate_name.clone().unwrap_or_default(),
                of(Field::Phone),
                of(Field::Political),
                of(Field::Skills),
                of(Field::Services),
                card.joined_on.clone().unwrap_or_default(),
                self.teams.get(&card.id).map(|teams| teams.join("、")).unwrap_or_default(),
                hours(&served),
                hours(&self.minutes),
                self.stars.get(&card.id).map(|star| star::name(*star)).unwrap_or_default(),
            ]
        };
        heading("志愿者", COLUMNS, self.cards.iter().enumerate().map(row).collect())
    }

    fn services(&self, manner: Manner, booked: &[&Booked]) -> Table {
        const COLUMNS: &[(&str, u16)] = &[
            ("序号", 6),
            ("志愿者编号", 22),
            ("姓名", 10),
            ("证件号码", 22),
            ("活动(项目)名称", 26),
            ("日期", 12),
            ("开始", 8),
            ("结束", 8),
            ("地点", 18),
            ("服务对象", 18),
            ("服务内容", 30),
            ("服务时间(小时)", 14),
            ("活动负责人", 12),
            ("记录人", 12),
            ("服务队", 26),
            ("质量评价", 10),
        ];
        let row = |(at, one): (usize, &&Booked)| {
            let [number, name, identity] = self.who(manner, one.volunteer_id, &one.name);
            let [day, from, until] = one.when();
            let words = |kept: &Option<String>| kept.clone().unwrap_or_default();
            let content = Some(words(&one.needs)).filter(|needs| !needs.is_empty());
            vec![
                (at + 1).to_string(),
                number,
                name,
                identity,
                one.title.clone(),
                day,
                from,
                until,
                words(&one.place),
                self.targets.get(&one.team_id).cloned().unwrap_or_default(),
                content.unwrap_or_else(|| one.title.clone()),
                in_hours(one.minutes),
                self.leaders.get(&one.team_id).map(|name| manner.name(name)).unwrap_or_default(),
                one.noted_by(manner),
                one.team_name.clone(),
                String::new(), // for whoever judges
            ]
        };
        heading("服务记录", COLUMNS, booked.iter().enumerate().map(row).collect())
    }

    fn trainings(&self, manner: Manner, booked: &[&Booked]) -> Table {
        const COLUMNS: &[(&str, u16)] = &[
            ("序号", 6),
            ("志愿者编号", 22),
            ("姓名", 10),
            ("证件号码", 22),
            ("培训内容", 26),
            ("组织者", 26),
            ("日期", 12),
            ("地点", 18),
            ("学时(小时)", 12),
        ];
        let row = |(at, one): (usize, &&Booked)| {
            let [number, name, identity] = self.who(manner, one.volunteer_id, &one.name);
            let [day, ..] = one.when();
            let place = one.place.clone().unwrap_or_default();
            let title = one.title.clone();
            let team = one.team_name.clone();
            vec![(at + 1).to_string(), number, name, identity, title, team, day, place, in_hours(one.minutes)]
        };
        heading("培训记录", COLUMNS, booked.iter().enumerate().map(row).collect())
    }

    fn honours(&self, manner: Manner, honours: &[Honour]) -> Table {
        const COLUMNS: &[(&str, u16)] = &[
            ("序号", 6),
            ("志愿者编号", 22),
            ("姓名", 10),
            ("证件号码", 22),
            ("表彰名称", 26),
            ("日期", 12),
            ("授予单位", 26),
        ];
        let row = |(at, one): (usize, &Honour)| {
            let [number, name, identity] = self.who(manner, one.volunteer_id, &one.name);
            let (title, given_by) = (one.title.clone(), one.given_by.clone());
            vec![(at + 1).to_string(), number, name, identity, title, one.on_day.clone(), given_by]
        };
        heading("表彰奖励", COLUMNS, honours.iter().enumerate().map(row).collect())
    }
}

impl Booked {
    /// The day and the times of it, by the clock of Shanghai.
    fn when(&self) -> [String; 3] {
        let clock = |at: Timestamp| at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string();
        let day = Span { starts_at: self.counts_from, ends_at: self.counts_until }.day();
        [day.to_string(), clock(self.counts_from), clock(self.counts_until)]
    }

    /// Whoever has confirmed it: somebody of the staff, or whoever led.
    fn noted_by(&self, manner: Manner) -> String {
        let leader = || self.noted_by_leader.as_deref().map(|name| manner.name(name)).unwrap_or_default();
        self.noted_by.clone().unwrap_or_else(leader)
    }
}
