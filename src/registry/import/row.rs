//! One row: what it says about a person, or the first column that cannot be taken and why.

use codes::identity::IdentityError;
use codes::tables::{Education, Ethnic, Marital, Political, Relation};
use codes::text::half_width;
use codes::{IdentityNumber, PartialDate, PersonName, Phone, Sex};
use jiff::civil::Date;

use super::column::{Column, Header};
use super::place::Place;
use crate::place::Use;
use crate::registry::enrol::NewResident;
use crate::registry::tag::{Category, ResidenceState, Tag};
use crate::workbook::{self, is_nothing, is_repetition, shortened};

/// What a row says. `head` is the head of the household as far as the row itself tells.
#[derive(Debug, Clone)]
pub struct Entry {
    pub place: Place,
    pub usage: Option<Use>,
    pub head: Option<PersonName>,
    /// Nobody says that this is the head; a register that has the household already knows better.
    pub supposed: bool,
    pub person: NewResident,
}

/// Why a row is given back: the column in which something is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub column: Column,
    pub reason: String,
}

/// A rejection. Where a reason quotes what was written in the wrong column, digits of personal data are hidden.
pub fn reject(column: Column, reason: impl Into<String>) -> Rejection {
    let reason = workbook::without_numbers(reason.into());
    Rejection { column, reason }
}

/// Free text longer than this belongs elsewhere, in characters.
const LONGEST_TEXT: usize = 1000;

/// Reads a row. `today` tells who is an elder and which dates lie in the future.
pub fn read(header: &Header, cells: &[String], today: Date) -> Result<Entry, Rejection> {
    let row = Cells { header, cells };
    row.refuse_formula_errors()?;
    let name = row.name(Column::Name)?.ok_or_else(|| reject(Column::Name, "没有填写姓名"))?;
    let identity = row.identity(today)?;
    let birth = row.birth(identity.as_ref(), today)?;
    let place = Place::read(header, cells)?;
    let (head, relation) = row.household(&name)?;
    let mut health: Vec<String> = row.text(Column::Health)?.into_iter().collect();
    let mut note: Vec<String> = row.text(Column::Note)?.into_iter().collect();
    let mut tags = Tags::default();
    row.categories(&mut tags)?;
    row.yes(Column::PartyHousehold, &mut tags, &[Tag::PartyMemberHousehold])?;
    row.yes(Column::Needy, &mut tags, &[Tag::Needy])?;
    row.yes(Column::Alone, &mut tags, &[Tag::LivingAlone])?;
    health.extend(row.disability(&mut tags)?);
    let address = row.cell(Column::Address);
    note.extend(
        Some(address)
            .filter(|said| !is_nothing(said) && !place.is_meant_by(said))
            .map(|said| format!("现居住地址：{said}")),
    );
    let person = NewResident {
        document: None,
        sex: row.sex(identity.as_ref())?,
        birth,
        phone: row.phone()?,
        ethnic: row.coded(Column::Ethnic, Ethnic::parse)?,
        political: row.coded(Column::Political, Political::parse)?,
        education: row.coded(Column::Education, Education::parse)?,
        marital: row.coded(Column::Marital, Marital::parse)?,
        relation,
        registered_address: row.text(Column::RegisteredAddress)?,
        residence_state: row.chosen(Column::ResidenceState, ResidenceState::read, &ResidenceState::choices())?,
        workplace: row.text(Column::Workplace)?,
        health: joined(health),
        note: joined(note),
        ended: tags.ended(),
        tags: tags.held,
        identity,
        name,
    };
    let usage = row.chosen(Column::Housing, Use::read, "自有、租住、空置、商用、群租")?;
    Ok(Entry { place, usage, head, supposed: false, person })
}

/// Somebody at a place, and what their row says of its head.
pub struct Member {
    pub place: Place,
    pub name: PersonName,
    pub head: Option<PersonName>,
    pub relation: Option<Relation>,
}

/// The member of a household that a row is about, even where something else in it is wrong.
pub fn member(header: &Header, cells: &[String]) -> Option<Member> {
    let row = Cells { header, cells };
    let name = row.name(Column::Name).ok()??;
    let (head, relation) = row.household(&name).ok()?;
    Some(Member { place: Place::read(header, cells).ok()?, name, head, relation })
}

struct Cells<'a> {
    header: &'a Header,
    cells: &'a [String],
}

impl Cells<'_> {
    fn cell(&self, column: Column) -> &str {
        self.header.cell(self.cells, column)
    }

    fn refuse_formula_errors(&self) -> Result<(), Rejection> {
        let broken = |column: &&Column| workbook::is_formula_error(self.cell(**column));
        match Column::ALL.iter().filter(|column| **column != Column::Serial).find(broken) {
            Some(column) => Err(reject(*column, format!("这一格是公式错误 {}，请改成文字", self.cell(*column)))),
            None => Ok(()),
        }
    }

    fn name(&self, column: Column) -> Result<Option<PersonName>, Rejection> {
        let written = self.cell(column);
        if written.is_empty() {
            return Ok(None);
        }
        if is_repetition(written) {
            return Err(reject(column, "姓名不能写“同上”，请填写本人姓名"));
        }
        PersonName::parse(written).map(Some).map_err(|error| reject(column, error.to_string()))
    }

    fn identity(&self, today: Date) -> Result<Option<IdentityNumber>, Rejection> {
        let written = self.cell(Column::Identity);
        if is_nothing(written)
            || matches!(written, "无证件" | "无身份证" | "未办理" | "未办" | "办理中" | "新生儿" | "黑户")
        {
            return Ok(None);
        }
        if is_repetition(written) {
            return Err(reject(Column::Identity, "身份证号不能写“同上”，请填写本人的号码"));
        }
        let identity = IdentityNumber::parse(written).map_err(|error| {
            let other = if matches!(error, IdentityError::Character(_)) {
                "；护照等其他证件请写在备注里，这一格留空"
            } else {
                ""
            };
            reject(Column::Identity, format!("{error}{other}"))
        })?;
        let (year, month, day) = identity.birth();
        if Date::new(year, month, day).is_ok_and(|birth| birth > today) {
            return Err(reject(Column::Identity, "身份证号里的出生日期还没有到，请对照证件核对"));
        }
        Ok(Some(identity))
    }

    /// The date of birth: the identity number's, which the column must not contradict, or else the column's.
    fn birth(&self, identity: Option<&IdentityNumber>, today: Date) -> Result<Option<PartialDate>, Rejection> {
        let written = half_width(self.cell(Column::Birth)).replace(' ', "");
        let certain = identity.and_then(|identity| {
            let (year, month, day) = identity.birth();
            PartialDate::new(year, Some(month), Some(day))
        });
        if is_nothing(&written) {
            return Ok(certain);
        }
        let said = workbook::date(&written).map_err(|error| reject(Column::Birth, error.to_string()))?;
        let cut = workbook::is_cut(&written);
        if let Some(certain) = certain {
            let month =
                said.month.is_none_or(|month| Some(month) == certain.month || (cut && certain.month == Some(10)));
            let same = said.year == certain.year && month && said.day.is_none_or(|day| Some(day) == certain.day);
            let sentence = "与身份证号里的出生日期不一致，请对照证件核对这两列";
            return if same { Ok(Some(certain)) } else { Err(reject(Column::Birth, sentence)) };
        }
        if cut {
            let year = said.year;
            let sentence = format!("“{written}”分不清是 1 月还是 10 月，请写成 {year}-01 或 {year}-10");
            return Err(reject(Column::Birth, sentence));
        }
        let begun =
            Date::new(said.year, said.month.unwrap_or(1), said.day.unwrap_or(1)).is_ok_and(|date| date <= today);
        if begun { Ok(Some(said)) } else { Err(reject(Column::Birth, "出生日期还没有到，请核对年份")) }
    }

    fn sex(&self, identity: Option<&IdentityNumber>) -> Result<Sex, Rejection> {
        let said = self.coded(Column::Sex, Sex::parse)?.filter(|sex| matches!(sex, Sex::Male | Sex::Female));
        match (identity.map(IdentityNumber::sex), said) {
            (Some(certain), Some(said)) if certain != said => {
                let sentence = format!("与身份证号不一致：按身份证号应为“{certain}”，请对照证件核对这两列");
                Err(reject(Column::Sex, sentence))
            }
            (certain, said) => Ok(certain.or(said).unwrap_or(Sex::Unknown)),
        }
    }

    fn phone(&self) -> Result<Option<Phone>, Rejection> {
        let written = self.cell(Column::Phone);
        if is_nothing(written) {
            return Ok(None);
        }
        Phone::parse(written).map(Some).map_err(|error| reject(Column::Phone, error.to_string()))
    }

    /// The head of the household, if the row names them or is theirs, and the relation to them.
    fn household(&self, name: &PersonName) -> Result<(Option<PersonName>, Option<Relation>), Rejection> {
        let relation = self.coded(Column::Relation, Relation::parse)?;
        let is_head = matches!(relation, Some(Relation::Head | Relation::Oneself));
        let written = self.cell(Column::Head);
        let head = if matches!(written, "本人" | "户主") { Some(name.clone()) } else { self.name(Column::Head)? };
        match head {
            Some(head) if is_head && head != *name => {
                Err(reject(Column::Relation, "写的是户主本人，但姓名与“户主姓名”不同，请核对"))
            }
            Some(head) if head == *name => Ok((Some(head), relation.or(Some(Relation::Head)))),
            Some(head) => Ok((Some(head), relation)),
            None => Ok((is_head.then(|| name.clone()), relation)),
        }
    }

    /// A value of a code table; blank and 无 say nothing.
    fn coded<T, E: ToString>(&self, column: Column, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, Rejection> {
        let written = self.cell(column);
        if is_nothing(written) {
            return Ok(None);
        }
        parse(written).map(Some).map_err(|error| reject(column, error.to_string()))
    }

    fn chosen<T>(&self, column: Column, read: fn(&str) -> Option<T>, choices: &str) -> Result<Option<T>, Rejection> {
        let written = self.cell(column);
        if is_nothing(written) {
            return Ok(None);
        }
        let unknown = || reject(column, format!("“{}”不在可选范围内，请填写：{choices}", shortened(written)));
        read(written).map(Some).ok_or_else(unknown)
    }

    fn text(&self, column: Column) -> Result<Option<String>, Rejection> {
        let written = self.cell(column);
        if written.chars().count() > LONGEST_TEXT {
            return Err(reject(column, format!("超过 {LONGEST_TEXT} 个字，请写短一些")));
        }
        Ok(Some(written).filter(|written| !is_nothing(written)).map(str::to_owned))
    }

    fn categories(&self, tags: &mut Tags) -> Result<(), Rejection> {
        let written = half_width(self.cell(Column::Category));
        for word in written.split([',', ';', '、', '/', '|', '+', '\n', ' ', '。']).filter(|word| !word.is_empty()) {
            match Category::read(word) {
                Category::Tagged(tag) => tags.add(tag, Column::Category),
                Category::Ordinary => {}
                Category::Restricted => {
                    let sentence = format!("“{}”属于限制登记的信息，本系统不登记，请删去这一项", shortened(word));
                    return Err(reject(Column::Category, sentence));
                }
                Category::Unknown => {
                    let choices = Category::choices();
                    let sentence = format!("“{}”不在可选范围内，几项之间用顿号隔开，可填：{choices}", shortened(word));
                    return Err(reject(Column::Category, sentence));
                }
            }
        }
        Ok(())
    }

    /// A 是否 column: 是 sets the first tag, and the name of a tag (`低保户` under 是否困难户) sets its own; 否 ends all.
    fn yes(&self, column: Column, tags: &mut Tags, meant: &[Tag]) -> Result<(), Rejection> {
        let written = self.cell(column);
        match (yes(written), Category::read(written)) {
            _ if is_nothing(written) || matches!(written, "☐" | "□") => {}
            (Some(true), _) => meant.iter().take(1).for_each(|tag| tags.add(*tag, column)),
            (Some(false), _) => tags.denied.extend(meant),
            (None, Category::Tagged(said)) => tags.add(said, column),
            (None, _) => return Err(reject(column, format!("看不懂“{}”，请填“是”或“否”", shortened(written)))),
        }
        Ok(())
    }

    /// 是否残疾 may tell the kind and the grade, which are medical and go with the state of health.
    fn disability(&self, tags: &mut Tags) -> Result<Option<String>, Rejection> {
        const KINDS: [&str; 8] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重", "级"];
        let written = self.cell(Column::Disabled);
        if yes(written).is_none() && KINDS.iter().any(|kind| written.contains(kind)) {
            tags.add(Tag::Disabled, Column::Disabled);
            let words = if written.contains("残疾") { written.to_owned() } else { format!("残疾：{written}") };
            return Ok(Some(words));
        }
        self.yes(Column::Disabled, tags, &[Tag::Disabled])?;
        Ok(None)
    }
}

/// The tags of a row, each once, with the column that says so, and those which it says do not hold.
#[derive(Default)]
struct Tags {
    held: Vec<(Tag, String)>,
    denied: Vec<Tag>,
}

impl Tags {
    fn add(&mut self, tag: Tag, column: Column) {
        if !self.has(tag) {
            self.held.push((tag, format!("居民信息登记表“{}”列", column.label())));
        }
    }

    fn has(&self, tag: Tag) -> bool {
        self.held.iter().any(|(known, _)| *known == tag)
    }

    /// A tag that another column of the row gives does not end.
    fn ended(&self) -> Vec<(Tag, String)> {
        let denied = self.denied.iter().filter(|tag| !self.has(**tag));
        denied.map(|tag| (*tag, "登记表填写为否".to_owned())).collect()
    }
}

fn yes(written: &str) -> Option<bool> {
    match half_width(written).to_uppercase().as_str() {
        "是" | "有" | "√" | "✓" | "✔" | "☑" | "Y" | "YES" | "1" | "对" | "T" | "TRUE" | "V" => Some(true),
        "否" | "不是" | "非" | "×" | "X" | "✗" | "✘" | "N" | "NO" | "0" | "F" | "FALSE" => Some(false),
        _ => None,
    }
}

fn joined(parts: Vec<String>) -> Option<String> {
    if parts.is_empty() { None } else { Some(parts.join("；")) }
}
