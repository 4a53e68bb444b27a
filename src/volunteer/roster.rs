//! The 志愿者花名册 that offices keep. A workbook is read row by row, and what each row would do is shown before anything is written; it
//! adds and updates and never removes anybody. What is blank in a row erases nothing. Whoever is new in it has signed before, where whoever
//! sends it in says so; otherwise they are asked first. The same list goes out again, masked.

use std::collections::{BTreeMap, HashMap};

use codes::IdentityNumber;
use db::{Tx, text_enum};
use jiff::civil::Date;
use uuid::Uuid;

use super::card::{self, Card, today};
use super::field::{Field, Values};
use super::hours_model::in_hours;
use super::joining::{self, NewVolunteer};
use super::model::{How, Joining, Maturity, Post, State, Way};
use super::store::{self, ADD_IMPORT, END_IMPORT, Import, Membership, Placed};
use super::{hours_store, star, team};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::workbook::{self, Header, Sheet, Staged, StagedRow, Unreadable, is_nothing};
use crate::{audit, settings};

text_enum! {
    /// How far an import has come.
    pub enum Stage { Checked = "checked" "等待确认", Applied = "applied" "已写入", Cancelled = "cancelled" "已放弃" }
    /// A column of the 志愿者花名册, with its heading in the form that offices use.
    pub enum Column {
        Serial = "serial" "序号",
        Name = "name" "姓名",
        Sex = "sex" "性别",
        Identity = "identity" "身份证号",
        Phone = "phone" "联系电话",
        Political = "political" "政治面貌",
        Team = "team" "所属服务队",
        Post = "post" "队内职务",
        Skills = "skills" "特长",
        Services = "services" "服务类别",
        Joined = "joined" "注册时间",
        National = "national" "志愿者编号",
        Hours = "hours" "累计时长(小时)",
        Stars = "stars" "星级",
        Note = "note" "备注",
    }
}

/// The columns that are fields of a volunteer as they stand.
const FIELDS: [(Column, Field); 9] = [
    (Column::Name, Field::Name),
    (Column::Sex, Field::Sex),
    (Column::Identity, Field::Identity),
    (Column::Phone, Field::Phone),
    (Column::Political, Field::Political),
    (Column::Skills, Field::Skills),
    (Column::Services, Field::Services),
    (Column::National, Field::National),
    (Column::Note, Field::Note),
];

impl workbook::Column for Column {
    const TITLE: &'static str = "志愿者花名册";
    const NEEDED: &'static str = "“姓名”和“身份证号”“所属服务队”";
    const SERIAL: Column = Column::Serial;
    const NAME: Column = Column::Name;
    const IDENTITY: Column = Column::Identity;

    fn all() -> &'static [Column] {
        Column::ALL
    }

    fn heading(self) -> &'static str {
        self.label()
    }

    fn synonyms(self) -> &'static [&'static str] {
        match self {
            Column::Serial => &["编号", "序", "NO", "NO."],
            Column::Name => &["志愿者姓名", "名字"],
            Column::Sex => &["男女"],
            Column::Identity => &["身份证号码", "身份证", "公民身份号码", "证件号码"],
            Column::Phone => &["电话", "手机", "手机号", "手机号码", "联系方式"],
            Column::Political => &["政治身份"],
            Column::Team => &["服务队", "志愿服务队", "所在服务队", "所属队伍"],
            Column::Post => &["职务", "担任职务"],
            Column::Skills => &["技能", "服务技能", "专业技能", "个人特长"],
            Column::Services => &["服务类型", "服务项目", "服务意向"],
            Column::Joined => &["注册日期", "登记时间", "加入时间"],
            Column::National => &["志愿者号", "全国志愿者编号", "注册编号"],
            Column::Hours => &["累计时长", "服务时长", "志愿时长"],
            Column::Stars => &["星级评定", "志愿者星级"],
            Column::Note => &["备注说明", "说明"],
        }
    }

    fn width(self) -> u16 {
        match self {
            Column::Serial | Column::Sex | Column::Stars => 6,
            Column::Identity | Column::Team | Column::Note => 22,
            Column::Phone | Column::National => 16,
            _ => 12,
        }
    }

    fn choices(self) -> Option<&'static [&'static str]> {
        matches!(self, Column::Sex).then_some(&["男", "女"])
    }
}

/// More rows than this are more than one transaction should write.
const MOST_ROWS: usize = 1000;

/// What its rows are sealed for.
const PURPOSE: &str = "volunteer_import";

/// What becomes of a row.
pub(super) struct Foreseen {
    pub number: u32,
    pub name: String,
    /// In words; `Err` where the row is given back.
    pub outcome: std::result::Result<String, String>,
    pub effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    New,
    Changed,
    Same,
    Rejected,
}

/// Why a row is given back: the column in which something is wrong, and how to mend it.
type Rejection = (Column, String);

fn reject(column: Column, reason: impl Into<String>) -> Rejection {
    (column, workbook::without_numbers(reason.into()))
}

/// What a row says. What it does not say is not there.
#[derive(Debug, Clone)]
struct Entry {
    values: Values,
    teams: Vec<String>,
    post: Option<Post>,
    joined_on: Option<String>,
}

impl Entry {
    fn read(header: &Header<Column>, cells: &[String], today: Date) -> std::result::Result<Entry, Rejection> {
        let cell = |column| header.cell(cells, column).trim();
        let mut values = Values::new();
        for (column, field) in FIELDS {
            let written = cell(column);
            if workbook::is_formula_error(written) {
                return Err(reject(column, format!("这一格是公式错误 {written}，请改成文字")));
            }
            if matches!(column, Column::Name | Column::Identity) && workbook::is_repetition(written) {
                return Err(reject(column, format!("{column}不能写“同上”，请填写本人的")));
            }
            if is_nothing(written) && field != Field::Name {
                continue;
            }
            let kept = field.read(written, today).map_err(|sentence| reject(column, sentence))?;
            values.extend(kept.map(|kept| (field, kept)));
        }
        if let Some(number) = values.get(&Field::Identity).and_then(|number| IdentityNumber::parse(number).ok()) {
            let (year, month, day) = number.birth();
            values.insert(Field::Birth, format!("{year:04}-{month:02}-{day:02}"));
            let sex = number.sex().code();
            match values.get(&Field::Sex) {
                Some(said) if matches!(said.as_str(), "1" | "2") && said != sex => {
                    return Err(reject(Column::Sex, "与身份证号里的性别不一致，请对照证件核对这两列"));
                }
                _ => _ = values.insert(Field::Sex, sex.to_owned()),
            }
        }
        let teams = cell(Column::Team).split(['、', '，', ',', ';', '；', '/']).map(str::trim);
        let teams = teams.filter(|team| !is_nothing(team)).map(str::to_owned).collect();
        let post = match cell(Column::Post) {
            written if is_nothing(written) => None,
            written => {
                let known = Post::ALL.iter().find(|post| post.label() == written);
                Some(*known.ok_or_else(|| reject(Column::Post, "请填队长、副队长或队员"))?)
            }
        };
        let joined_on = match cell(Column::Joined) {
            written if is_nothing(written) => None,
            written => {
                let day = codes::date::parse(written).ok().and_then(|day| day.to_string().parse::<Date>().ok());
                let day = day.ok_or_else(|| reject(Column::Joined, "请写年月日，如 2024-05-01"))?;
                if day > today {
                    return Err(reject(Column::Joined, "注册时间在今天以后，请核对"));
                }
                Some(day.to_string())
            }
        };
        Ok(Entry { values, teams, post, joined_on })
    }

    fn get(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(String::as_str)
    }

    /// Whom a row means: whoever has its number; or else the one of its name, of whom nothing speaks against it. A namesake is somebody
    /// else: of a card without a number the birthday or the phone tells whether it is the same person.
    fn means(&self, everybody: &[Card]) -> std::result::Result<Option<Card>, Rejection> {
        let number = self.get(Field::Identity);
        let by_number = everybody.iter().filter(|card| number.is_some() && card.get(Field::Identity) == number);
        let mut found: Vec<&Card> = by_number.collect();
        if found.is_empty() {
            let name = self.get(Field::Name).unwrap_or_default();
            let named = everybody.iter().filter(|card| card.name() == name);
            found = named.filter(|card| number.is_none() || card.get(Field::Identity).is_none()).collect();
            if number.is_some() {
                let is = |field, card: &Card| self.get(field).zip(card.get(field)).map(|(row, known)| row == known);
                found.retain(|card| is(Field::Birth, card) != Some(false));
                let same = |card: &&Card| is(Field::Birth, card).is_some() || is(Field::Phone, card) == Some(true);
                if !found.iter().all(same) {
                    let why =
                        "有一名同名的没有登记身份证号，看不出是不是同一个人。请先在这名志愿者的“改资料”里写上身份证号";
                    return Err(reject(Column::Identity, why));
                }
            }
        }
        match found[..] {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            _ => Err(reject(Column::Name, "有几名志愿者叫这个名字，请写上身份证号")),
        }
    }
}

/// What is to be done with a row.
struct Plan {
    before: Option<Card>,
    values: Values,
    /// 注册时间, where the row says it.
    joined_on: Option<String>,
    teams: Vec<Uuid>,
    post: Option<Post>,
    words: String,
    effect: Effect,
}

/// What all rows of a workbook are held against.
struct Known {
    rules: Joining,
    today: Date,
    agreed: bool,
    teams: Vec<Placed>,
    memberships: Vec<Membership>,
    /// Which row speaks of somebody already, by number or by name.
    numbers: HashMap<String, u32>,
    cards: HashMap<Uuid, u32>,
}

impl Known {
    async fn read(tx: &mut Tx, act: &Act, agreed: bool) -> Result<Known> {
        Ok(Known {
            rules: settings::read(tx, act.tenant, act.at).await?,
            today: today(act),
            agreed,
            teams: store::teams(tx, act.tenant, &Scope::tenant()).await?,
            memberships: store::all_memberships(tx, act.tenant).await?,
            numbers: HashMap::new(),
            cards: HashMap::new(),
        })
    }

    /// The team that a cell means: its name, or the only one whose name has the same in it.
    fn team(&self, written: &str) -> std::result::Result<&Placed, Rejection> {
        let standing = || self.teams.iter().filter(|placed| placed.team.ended_on.is_none());
        if let Some(exact) = standing().find(|placed| placed.team.name == written) {
            return Ok(exact);
        }
        let alike = |placed: &&Placed| placed.team.name.contains(written) || written.contains(&placed.team.name);
        let mut alike = standing().filter(alike);
        match (alike.next(), alike.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(reject(Column::Team, format!("没有“{written}”，请先登记这支服务队，或改成登记的名称"))),
            _ => Err(reject(Column::Team, format!("“{written}”有几支，请写全名"))),
        }
    }

    fn is_in(&self, team: Uuid, volunteer: Uuid) -> Option<Post> {
        let is = |row: &&Membership| row.team_id == team && row.volunteer_id == volunteer;
        self.memberships.iter().find(is).map(|row| row.post)
    }

    /// Finds out what a row does to whom it means.
    fn plan(&mut self, row: u32, entry: Entry, before: Option<Card>) -> std::result::Result<Plan, Rejection> {
        if let Some(number) = entry.values.get(&Field::Identity)
            && let Some(earlier) = self.numbers.insert(number.clone(), row)
        {
            return Err(reject(Column::Identity, format!("和第 {earlier} 行是同一个人，请只留一行")));
        }
        let mut teams = Vec::new();
        for written in &entry.teams {
            teams.push(self.team(written)?.team.id);
        }
        let Some(before) = before else { return self.plan_new(entry, teams) };
        if let Some(earlier) = self.cards.insert(before.id, row) {
            return Err(reject(Column::Name, format!("和第 {earlier} 行是同一个人，请只留一行")));
        }
        let mut values = before.values.clone();
        values.extend(entry.values);
        if before.state == State::Invited {
            values = joining::to_be_asked(values);
        }
        let after = Card { values: values.clone(), ..before.clone() };
        if after.get(Field::Birth) != before.get(Field::Birth)
            && let Some(why) = joining::immature(&self.rules, self.today, before.state, &after)
        {
            return Err(reject(Column::Identity, why));
        }
        let differs = |field: &&Field| values.get(field) != before.values.get(field);
        let mut said: Vec<&str> = Field::ALL.iter().filter(differs).map(|field| field.label()).collect();
        let mut words: Vec<String> = Vec::new();
        let (mut joined_on, mut post) = (entry.joined_on, entry.post);
        if before.state == State::Active {
            if joined_on.is_some() && joined_on != before.joined_on {
                said.push("注册时间");
            }
            if !said.is_empty() {
                words.push(format!("更新{}", said.join("、")));
            }
            if teams.iter().any(|team| self.is_in(*team, before.id).is_none()) {
                words.push("加入服务队".to_owned());
            }
            let promoted = post.filter(|post| teams.iter().any(|team| self.is_in(*team, before.id) != Some(*post)));
            words.extend(promoted.map(|post| format!("任{post}")));
        } else {
            // Whoever has not been taken on yet joins the team that they want when they are.
            (joined_on, post) = (None, None);
            teams.truncate(1);
            if !said.is_empty() {
                words.push(format!("更新{}", said.join("、")));
            }
            if teams.first().is_some_and(|team| before.team != Some(*team)) {
                words.push("确认以后加入服务队".to_owned());
            }
        }
        let effect = if words.is_empty() { Effect::Same } else { Effect::Changed };
        let words = if words.is_empty() { "没有变化".to_owned() } else { words.join("，") };
        Ok(Plan { before: Some(before), values, joined_on, teams, post, words, effect })
    }

    fn plan_new(&self, entry: Entry, teams: Vec<Uuid>) -> std::result::Result<Plan, Rejection> {
        let words = match self.rules.maturity(entry.values.get(&Field::Birth).map(String::as_str), self.today) {
            Maturity::TooYoung => {
                return Err(reject(Column::Identity, format!("不满 {} 岁，不能登记", self.rules.least_age)));
            }
            Maturity::Minor => {
                return Err(reject(Column::Identity, "未成年人要监护人书面同意，请在“登记志愿者”里单独登记"));
            }
            Maturity::Unknown if self.agreed => {
                return Err(reject(Column::Identity, "新登记的人要写身份证号，才知道够不够年龄"));
            }
            _ if self.agreed => "新登记（本人已书面同意）",
            _ => "记下，等本人同意",
        };
        let words = words.to_owned();
        let Entry { values, post, joined_on, .. } = entry;
        Ok(Plan { before: None, values, joined_on, teams, post, words, effect: Effect::New })
    }
}

/// Carries a plan out.
async fn carry_out(tx: &mut Tx, act: &Act, known: &Known, plan: Plan) -> Result<()> {
    let Plan { before, values, joined_on, teams, post, .. } = plan;
    let on = today(act);
    let volunteer = match before {
        Some(before) if before.state == State::Active => {
            let joined_on = joined_on.or(before.joined_on.clone());
            joining::change(tx, act, &before, &Card { values, joined_on, ..before.clone() }, "花名册").await?;
            before
        }
        Some(before) => {
            let team = teams.first().copied().or(before.team);
            return joining::change(tx, act, &before, &Card { values, team, ..before.clone() }, "花名册").await;
        }
        None => {
            let way = Way::Mobilised;
            let team = teams.first().copied();
            let said = values.clone();
            let new = NewVolunteer { way, values: said, team, estate: None, recommender: None, guardian: None };
            let invited = joining::invite(tx, act, new).await?;
            if !known.agreed {
                return Ok(());
            }
            let now = Card { values, joined_on, ..invited.clone() };
            joining::agree(tx, act, &invited, now, How::Signed).await?;
            let applied = card::card(tx, act, invited.id).await?;
            joining::confirm(tx, act, &applied).await?;
            applied
        }
    };
    for id in teams {
        match (known.is_in(id, volunteer.id), post) {
            (Some(is), Some(post)) if is != post => {
                let team = store::team(tx, act.tenant, id).await?;
                team::set_post(tx, act, &team, volunteer.id, post).await?;
            }
            (Some(_), _) => {}
            (None, post) => {
                let post = post.unwrap_or(Post::Member);
                team::join(tx, act, id, volunteer.id, post, volunteer.way, on).await?;
            }
        }
    }
    Ok(())
}

/// Reads a workbook on a thread of its own.
pub(super) async fn read(file: Vec<u8>) -> Result<std::result::Result<Sheet<Column>, Unreadable>> {
    workbook::read_most(file, MOST_ROWS).await
}

/// Keeps what a workbook says until somebody has seen what it would do.
pub(super) async fn stage(tx: &mut Tx, act: &Act, agreed: bool, file: &str, sheet: Sheet<Column>) -> Result<Uuid> {
    let id = act.id();
    let sealed = Staged::of(sheet).seal(act, PURPOSE)?;
    let row = ADD_IMPORT.bind(act.tenant).bind(id).bind(agreed).bind(file).bind(sealed);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "stage", ("volunteer_import", id), "", &[]).await?;
    Ok(id)
}

/// The rows of an import, unless they are not kept any more.
fn open(act: &Act, import: &Import) -> Result<Option<(Header<Column>, Vec<StagedRow>)>> {
    Staged::open(act, PURPOSE, import.sealed.as_deref())
}

/// What each row does, in their order. Rows that were given back before stay so.
async fn plans(
    tx: &mut Tx,
    act: &Act,
    known: &mut Known,
    header: &Header<Column>,
    rows: &[StagedRow],
) -> Result<Vec<std::result::Result<Plan, Rejection>>> {
    let mut plans = Vec::with_capacity(rows.len());
    let everybody = card::known(tx, act).await?;
    for row in rows {
        let entry = match (&row.rejected, Entry::read(header, &row.cells, known.today)) {
            (Some((column, reason)), _) => {
                let column = Column::ALL.iter().copied().find(|known| known.label() == column);
                Err((column.unwrap_or(Column::Name), reason.clone()))
            }
            (None, entry) => entry,
        };
        plans.push(entry.and_then(|entry| {
            let before = entry.means(&everybody)?;
            known.plan(row.number, entry, before)
        }));
    }
    Ok(plans)
}

/// What each row would do now, or what became of those that were given back.
pub(super) async fn foresee(tx: &mut Tx, act: &Act, import: &Import) -> Result<Vec<Foreseen>> {
    let Some((header, rows)) = open(act, import)? else { return Ok(Vec::new()) };
    let mut known = Known::read(tx, act, import.agreed).await?;
    let plans = plans(tx, act, &mut known, &header, &rows).await?;
    let foreseen = rows.iter().zip(plans).map(|(row, plan)| Foreseen {
        number: row.number,
        name: header.cell(&row.cells, Column::Name).to_owned(),
        effect: plan.as_ref().map_or(Effect::Rejected, |plan| plan.effect),
        outcome: plan.map(|plan| plan.words).map_err(|(column, reason)| format!("{column}：{reason}")),
    });
    Ok(foreseen.collect())
}

/// Writes what has been shown, all in one transaction, and keeps only the rows that are given back.
///
/// Errors: refused unless the import waits for this.
pub(super) async fn apply(tx: &mut Tx, act: &Act, import: &Import) -> Result<()> {
    let Some((header, mut rows)) = open(act, import)? else { return Err(over()) };
    let mut known = Known::read(tx, act, import.agreed).await?;
    let plans = plans(tx, act, &mut known, &header, &rows).await?;
    let mut counts: BTreeMap<Effect, usize> = BTreeMap::new();
    for (row, plan) in rows.iter_mut().zip(plans) {
        let effect = match plan {
            Ok(plan) => {
                let effect = plan.effect;
                carry_out(tx, act, &known, plan).await?;
                effect
            }
            Err((column, reason)) => {
                row.rejected = Some((column.label().to_owned(), reason));
                Effect::Rejected
            }
        };
        *counts.entry(effect).or_default() += 1;
    }
    rows.retain(|row| row.rejected.is_some());
    let count = |effect| counts.get(&effect).copied().unwrap_or(0);
    let outcome = format!(
        "新增 {} 人，更新 {} 人，没有变化 {} 人，退回 {} 行",
        count(Effect::New),
        count(Effect::Changed),
        count(Effect::Same),
        count(Effect::Rejected)
    );
    let sealed = Staged::left(header, rows).map(|left| left.seal(act, PURPOSE)).transpose()?;
    end(tx, act, import, Stage::Applied, (sealed, &outcome)).await?;
    audit::record(tx, act, "apply", ("volunteer_import", import.id), &outcome, &[]).await
}

/// Gives an import up before anything of it has been written.
pub(super) async fn cancel(tx: &mut Tx, act: &Act, import: &Import) -> Result<()> {
    end(tx, act, import, Stage::Cancelled, (None, "")).await?;
    audit::record(tx, act, "cancel", ("volunteer_import", import.id), "", &[]).await
}

async fn end(
    tx: &mut Tx,
    act: &Act,
    import: &Import,
    stage: Stage,
    (sealed, outcome): (Option<Vec<u8>>, &str),
) -> Result<()> {
    let row = END_IMPORT.bind(act.tenant).bind(import.id).bind(stage).bind(sealed).bind(outcome);
    if tx.execute(row).await? == 0 { Err(over()) } else { Ok(()) }
}

fn over() -> Error {
    Error::refused("这次导入已经写入、放弃，或者原始行已过保存期。请重新上传花名册。")
}

/// The rows that an import has given back, as a workbook.
///
/// Errors: not found if there are none, or they are not kept any more.
pub(super) async fn rejections(act: &Act, import: &Import) -> Result<Vec<u8>> {
    let Some((header, rows)) = open(act, import)? else { return Err(Error::NotFound) };
    workbook::given_back(header, rows).await
}

// ---------- going out ----------

/// A filled 志愿者花名册; no rows make the empty form.
pub fn filled(rows: Vec<Vec<(Column, String)>>, mark: Option<&str>) -> Result<Vec<u8>> {
    workbook::filled(rows, mark)
}

/// Everybody on the roll within reach as rows of the list, names and numbers masked, notes left out.
pub(super) async fn rows(tx: &mut Tx, act: &Act, scope: &Scope) -> Result<Vec<Vec<(Column, String)>>> {
    let cards = card::roll(tx, act, scope).await?;
    let memberships = store::all_memberships(tx, act.tenant).await?;
    let (minutes, stars) = (hours_store::totals(tx, act.tenant, act.at).await?, star::of_all(tx, act.tenant).await?);
    let mut of: HashMap<Uuid, Vec<&Membership>> = HashMap::new();
    for membership in &memberships {
        of.entry(membership.volunteer_id).or_default().push(membership);
    }
    let row = |(at, card): (usize, &Card)| {
        let mut row = vec![(Column::Serial, (at + 1).to_string())];
        for (column, field) in FIELDS {
            row.extend(card.get(field).filter(|_| field != Field::Note).map(|kept| (column, field.exported(kept))));
        }
        let own = of.get(&card.id).map(Vec::as_slice).unwrap_or_default();
        row.push((Column::Team, own.iter().map(|row| row.team_name.as_str()).collect::<Vec<_>>().join("、")));
        let post = own.iter().map(|row| row.post).min();
        row.extend(post.map(|post| (Column::Post, post.label().to_owned())));
        row.extend(card.joined_on.clone().map(|day| (Column::Joined, day)));
        row.push((Column::Hours, in_hours(minutes.get(&card.id).copied().unwrap_or(0))));
        row.extend(stars.get(&card.id).map(|star| (Column::Stars, star::name(*star))));
        row
    };
    Ok(cards.iter().enumerate().map(row).collect())
}
