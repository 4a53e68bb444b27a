//! One row of the member list: what it says about a member, or the first column that cannot be taken and why.

use codes::IdentityNumber;
use db::text_enum;
use jiff::civil::Date;

use crate::party::field::{Field, Values};
use crate::party::model::{Post, Status, Tie, first_day};
use crate::workbook::{self, Header, is_nothing, is_repetition, shortened};

text_enum! {
    /// A column of the 党员花名册, with its heading in the form that offices use.
    pub enum Column {
        Serial = "serial" "序号",
        Name = "name" "姓名",
        Sex = "sex" "性别",
        Ethnic = "ethnic" "民族",
        Birth = "birth" "出生年月",
        Identity = "identity" "身份证号",
        Joined = "joined" "入党时间",
        Full = "full" "转正时间",
        Education = "education" "学历",
        Branch = "branch" "所在党支部",
        Group = "group" "党小组",
        Post = "post" "党内职务",
        Home = "home" "组织关系所在地",
        Phone = "phone" "联系方式",
        Note = "note" "备注",
        /// Not in the form, but some offices have it.
        Status = "status" "党员类别",
    }
}

/// The columns that are fields of a member as they stand.
pub(super) const FIELDS: [(Column, Field); 11] = [
    (Column::Name, Field::Name),
    (Column::Sex, Field::Sex),
    (Column::Ethnic, Field::Ethnic),
    (Column::Birth, Field::Birth),
    (Column::Identity, Field::Identity),
    (Column::Joined, Field::Joined),
    (Column::Full, Field::Full),
    (Column::Education, Field::Education),
    (Column::Home, Field::Home),
    (Column::Phone, Field::Phone),
    (Column::Note, Field::Note),
];

impl workbook::Column for Column {
    const TITLE: &'static str = "党员花名册";
    const NEEDED: &'static str = "“姓名”和“身份证号”“入党时间”";
    const SERIAL: Column = Column::Serial;
    const NAME: Column = Column::Name;
    const IDENTITY: Column = Column::Identity;

    fn all() -> &'static [Column] {
        &Column::ALL[..15]
    }

    fn also() -> &'static [Column] {
        &[Column::Status]
    }

    fn heading(self) -> &'static str {
        self.label()
    }

    fn synonyms(self) -> &'static [&'static str] {
        match self {
            Column::Serial => &["编号", "序", "NO", "NO."],
            Column::Name => &["党员姓名", "名字"],
            Column::Sex => &["男女"],
            Column::Ethnic => &["族别"],
            Column::Birth => &["出生日期", "出生年月日", "生日", "出生时间"],
            Column::Identity => &["身份证号码", "身份证", "公民身份号码", "公民身份证号", "证件号码", "居民身份证号"],
            Column::Joined => &["入党日期", "入党年月", "加入党组织日期", "加入中共组织的时间", "入党时间年月"],
            Column::Full => &["转正日期", "转为正式党员日期", "转为正式党员时间", "转正年月"],
            Column::Education => &["文化程度", "最高学历", "教育程度"],
            Column::Branch => &["所在支部", "党支部", "所属党支部", "支部名称", "所在党组织", "所属支部"],
            Column::Group => &["所在党小组", "所属党小组", "小组"],
            Column::Post => &["职务", "党内职务名称", "支部职务", "担任职务"],
            Column::Home => &["组织关系", "组织关系所在党组织", "组织关系所在单位", "组织关系所在党支部"],
            Column::Phone => &["联系电话", "电话", "手机", "手机号", "手机号码"],
            Column::Note => &["备注说明", "说明"],
            Column::Status => &["人员类别", "党员类型", "党员身份"],
        }
    }

    fn width(self) -> u16 {
        match self {
            Column::Serial | Column::Sex | Column::Ethnic => 6,
            Column::Identity | Column::Branch | Column::Home | Column::Note => 22,
            Column::Phone => 16,
            _ => 12,
        }
    }

    fn choices(self) -> Option<&'static [&'static str]> {
        matches!(self, Column::Sex).then_some(&["男", "女"])
    }
}

/// Why a row is given back: the column in which something is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub column: Column,
    pub reason: String,
}

impl Rejection {
    pub fn words(&self) -> String {
        format!("{}：{}", self.column, self.reason)
    }
}

pub fn reject(column: Column, reason: impl Into<String>) -> Rejection {
    Rejection { column, reason: workbook::without_numbers(reason.into()) }
}

/// What a row says. What it does not say is not there.
#[derive(Debug, Clone)]
pub struct Entry {
    pub values: Values,
    pub branch: Option<String>,
    pub group: Option<String>,
    pub posts: Vec<Post>,
    pub status: Option<Status>,
    pub link: Option<Tie>,
    /// What somebody new is taken for where the row does not say it.
    pub supposed: Status,
}

impl Entry {
    /// Reads a row. `today` tells which dates lie in the future.
    pub fn read(header: &Header<Column>, cells: &[String], today: Date) -> Result<Entry, Rejection> {
        let cell = |column| header.cell(cells, column);
        for column in Column::ALL.iter().filter(|column| **column != Column::Serial) {
            let written = cell(*column);
            if workbook::is_formula_error(written) {
                return Err(reject(*column, format!("这一格是公式错误 {written}，请改成文字")));
            }
            if matches!(column, Column::Name | Column::Identity) && is_repetition(written) {
                return Err(reject(*column, format!("{column}不能写“同上”，请填写本人的")));
            }
        }
        let mut values = Values::new();
        for (column, field) in FIELDS {
            let written = cell(column);
            if is_nothing(written) && field != Field::Name {
                continue;
            }
            // The number knows better than a date that a spreadsheet has cut.
            if column == Column::Birth && workbook::is_cut(written) && !is_nothing(cell(Column::Identity)) {
                continue;
            }
            let written = if column == Column::Birth { date(column, written)? } else { written.to_owned() };
            let kept = field.read(&written, today).map_err(|sentence| reject(column, sentence))?;
            values.extend(kept.map(|kept| (field, kept)));
            if matches!(column, Column::Joined | Column::Full) {
                date(column, cell(column))?;
            }
        }
        agree_with_the_number(&mut values)?;
        let day = |field| values.get(&field).and_then(|kept| first_day(kept));
        if let (Some(joined), Some(full)) = (day(Field::Joined), day(Field::Full))
            && full < joined
        {
            return Err(reject(Column::Full, "转正时间早于入党时间，请核对这两列"));
        }
        let note = format!("{} {}", cell(Column::Status), cell(Column::Note));
        // The probation is one year, and can be prolonged once.
        let recent = day(Field::Joined).is_some_and(|joined| joined.year() + 2 > today.year());
        let supposed = if day(Field::Full).is_none() && recent { Status::Probationary } else { Status::Formal };
        let written = cell(Column::Post);
        let posts = if is_nothing(written) { Some(Vec::new()) } else { Post::read(written) };
        let posts = posts.ok_or_else(|| {
            reject(
                Column::Post,
                format!(
                    "看不懂“{}”，请填书记、副书记、组织委员、宣传委员、纪检委员、委员或党小组组长",
                    shortened(written)
                ),
            )
        })?;
        let text = |column| Some(cell(column).trim()).filter(|text| !is_nothing(text)).map(str::to_owned);
        Ok(Entry {
            branch: text(Column::Branch),
            group: text(Column::Group),
            posts,
            status: status(&note),
            link: link(&note),
            supposed,
            values,
        })
    }
}

/// A date in a cell as it is kept; one that a spreadsheet has cut is given back.
fn date(column: Column, written: &str) -> Result<String, Rejection> {
    if is_nothing(written) {
        return Ok(String::new());
    }
    let date = workbook::date(written).map_err(|error| reject(column, error.to_string()))?;
    if workbook::is_cut(written) {
        let year = date.year;
        return Err(reject(column, format!("“{written}”分不清是 1 月还是 10 月，请写成 {year}-01 或 {year}-10")));
    }
    Ok(date.to_string())
}

/// The number tells sex and birth; what the columns say must not contradict it.
fn agree_with_the_number(values: &mut Values) -> Result<(), Rejection> {
    let Some(number) = values.get(&Field::Identity).and_then(|number| IdentityNumber::parse(number).ok()) else {
        return Ok(());
    };
    let (year, month, day) = number.birth();
    let certain = format!("{year:04}-{month:02}-{day:02}");
    match values.get(&Field::Birth) {
        Some(said) if !certain.starts_with(said.as_str()) => {
            return Err(reject(Column::Birth, "与身份证号里的出生日期不一致，请对照证件核对这两列"));
        }
        _ => values.insert(Field::Birth, certain),
    };
    let sex = number.sex().code();
    match values.get(&Field::Sex) {
        Some(said) if matches!(said.as_str(), "1" | "2") && said != sex => {
            Err(reject(Column::Sex, "与身份证号里的性别不一致，请对照证件核对这两列"))
        }
        _ => {
            values.insert(Field::Sex, sex.to_owned());
            Ok(())
        }
    }
}

fn status(said: &str) -> Option<Status> {
    let words = [
        ("留党察看", Status::Watched),
        ("停止党籍", Status::Suspended),
        ("预备", Status::Probationary),
        ("正式党员", Status::Formal),
    ];
    words.into_iter().find(|(words, _)| said.contains(words)).map(|(_, status)| status)
}

fn link(said: &str) -> Option<Tie> {
    let words = [("双报到", Tie::Reporting), ("在职报到", Tie::Reporting), ("流动党员", Tie::Floating)];
    words.into_iter().find(|(words, _)| said.contains(words)).map(|(_, link)| link)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::workbook::Column as _;

    const TODAY: Date = date(2026, 11, 23);

    fn read(cells: &[(Column, &str)]) -> Result<Entry, Rejection> {
        let header = Header::read(cells.iter().map(|(column, _)| column.heading().to_owned()).collect()).unwrap();
        let cells: Vec<String> = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        Entry::read(&header, &cells, TODAY)
    }

    #[test]
    fn a_row_is_read_as_offices_write_it() {
        let entry = read(&[
            (Column::Name, "王 五"),
            (Column::Identity, "141199199003070013"),
            (Column::Birth, "1990.3"),
            (Column::Joined, "33055"),
            (Column::Full, "1991年7月"),
            (Column::Post, "书记"),
            (Column::Note, "双报到"),
        ])
        .unwrap();
        let kept = |field| entry.values.get(&field).map(String::as_str);
        assert_eq!((kept(Field::Joined), kept(Field::Full)), (Some("1990-07-01"), Some("1991-07")));
        assert_eq!((kept(Field::Birth), kept(Field::Sex)), (Some("1990-03-07"), Some("1")));
        assert_eq!((entry.link, entry.status, entry.supposed), (Some(Tie::Reporting), None, Status::Formal));
        assert_eq!(entry.posts, [Post::Secretary]);
    }

    #[test]
    fn whoever_joined_lately_and_is_not_confirmed_is_on_probation() {
        let supposed = |joined| read(&[(Column::Name, "王五"), (Column::Joined, joined)]).unwrap().supposed;
        assert_eq!((supposed("2026-03"), supposed("1998-07-01")), (Status::Probationary, Status::Formal));
    }

    #[test]
    fn what_cannot_be_taken_says_in_which_column_and_why() {
        for (cells, column) in [
            (vec![(Column::Name, "")], Column::Name),
            (vec![(Column::Name, "王五"), (Column::Identity, "1.41E+17")], Column::Identity),
            (vec![(Column::Name, "王五"), (Column::Joined, "1990.1")], Column::Joined),
            (vec![(Column::Name, "王五"), (Column::Joined, "2001-07"), (Column::Full, "2000-07")], Column::Full),
            (vec![(Column::Name, "王五"), (Column::Post, "会计")], Column::Post),
            (
                vec![(Column::Name, "王五"), (Column::Identity, "141199199003070013"), (Column::Birth, "1991.3")],
                Column::Birth,
            ),
            (vec![(Column::Name, "王五"), (Column::Phone, "12")], Column::Phone),
        ] {
            assert_eq!(read(&cells).unwrap_err().column, column, "{cells:?}");
        }
    }
}
