//! The columns of a workbook of orders, and what a row says. No input or output, no clock.

use codes::PersonName;
use codes::phone::{Phone, PhoneError};
use codes::text::half_width;
use db::text_enum;
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::issue::{Category, Reporter};
use crate::workbook::{date, is_nothing, without_numbers};

text_enum! {
    /// What a column can hold. The last four are for the answer.
    pub enum Field {
        Number = "number" "工单编号",
        CalledAt = "called_at" "来电时间",
        Kind = "kind" "诉求类型",
        Content = "content" "诉求内容",
        Place = "place" "地址",
        Category = "category" "类别",
        Name = "name" "反映人",
        Phone = "phone" "联系电话",
        Deadline = "deadline" "办结时限",
        State = "state" "办理状态",
        Result = "result" "办理结果",
        DoneAt = "done_at" "办结时间",
        Solved = "solved" "是否解决",
        Satisfaction = "satisfaction" "回访满意度",
    }
    /// What somebody wanted of the hotline.
    pub enum Kind {
        Enquiry = "enquiry" "咨询",
        Help = "help" "求助",
        Complaint = "complaint" "投诉",
        Report = "report" "举报",
        Suggestion = "suggestion" "建议",
        Opinion = "opinion" "意见",
        Praise = "praise" "表扬",
        Other = "other" "其他",
    }
}

impl Field {
    /// What columns of other names are usually about.
    fn synonyms(self) -> &'static [&'static str] {
        match self {
            Field::Number => &["工单号", "编号", "派单编号", "受理编号", "诉求编号", "工单编码", "案件编号"],
            Field::CalledAt => &["时间", "来电日期", "受理时间", "反映时间", "诉求时间", "登记时间", "创建时间"],
            Field::Kind => &["类型", "工单类型", "诉求性质", "信访类型"],
            Field::Content => &["内容", "工单内容", "反映内容", "主要内容", "诉求描述", "问题描述", "来电内容"],
            Field::Place => &["诉求地址", "事发地址", "事发地点", "地点", "所在小区", "小区"],
            Field::Category => &["诉求类别", "问题类别", "问题分类", "诉求分类"],
            Field::Name => &["姓名", "来电人", "诉求人", "来电人姓名", "市民姓名"],
            Field::Phone => &["电话", "来电号码", "联系方式", "手机号", "来电电话"],
            Field::Deadline => &["时限", "办理时限", "截止时间", "处理时限", "要求办结时间", "办理期限"],
            Field::State => &["状态"],
            Field::Result => &["回复", "回复内容", "处理结果", "办理情况", "答复", "答复内容"],
            Field::DoneAt => &["办结日期", "回复时间", "完成时间"],
            Field::Solved => &["解决情况"],
            Field::Satisfaction => &["满意度", "回访", "回访结果", "满意情况"],
        }
    }

    /// The field that a heading speaks of, if it is plain.
    fn guess(heading: &str) -> Option<Field> {
        let bare: String =
            half_width(heading).chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | ':')).collect();
        let bare = bare.split_once('(').map_or(bare.as_str(), |(words, _)| words);
        let of = |field: &&Field| field.label() == bare || field.synonyms().contains(&bare);
        Field::ALL.iter().find(of).copied()
    }
}

/// The headings of a district's workbook in their order, each with what stands under it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout(pub Vec<(String, Option<String>)>);

impl Layout {
    /// What the headings seem to be, or what has been said of them before.
    pub fn of(headings: &[String], known: &Layout) -> Layout {
        let mut taken = Vec::new();
        let field = |heading: &String| {
            let said = known.0.iter().find(|(known, _)| known == heading);
            let field = match said {
                Some((_, field)) => field.as_deref().and_then(Field::parse),
                None => Field::guess(heading),
            };
            let field = field.filter(|field| !taken.contains(field))?;
            taken.push(field);
            Some(field.code().to_owned())
        };
        Layout(headings.iter().cloned().zip(headings.iter().map(field).collect::<Vec<_>>()).collect())
    }

    pub fn position(&self, field: Field) -> Option<usize> {
        self.0.iter().position(|(_, known)| known.as_deref() == Some(field.code()))
    }

    /// Without these nothing can be taken in.
    pub fn lacks(&self) -> Option<String> {
        let missing = [Field::Number, Field::Content].into_iter().filter(|field| self.position(*field).is_none());
        let missing: Vec<&str> = missing.map(Field::label).collect();
        (!missing.is_empty()).then(|| format!("还没有指定哪一列是{}", missing.join("、")))
    }

    /// The columns of an answer: those of the workbook that came, and those of the answer that it does not have.
    pub fn of_reply(&self) -> Vec<(String, Option<Field>)> {
        let own = self.0.iter().map(|(heading, field)| (heading.clone(), field.as_deref().and_then(Field::parse)));
        let mut columns: Vec<(String, Option<Field>)> = own.collect();
        let answers = [Field::State, Field::Result, Field::DoneAt, Field::Solved, Field::Satisfaction];
        for field in [Field::Number].into_iter().chain(answers) {
            if !columns.iter().any(|(_, known)| *known == Some(field)) {
                columns.push((field.label().to_owned(), Some(field)));
            }
        }
        columns
    }
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub number: String,
    pub kind: Kind,
    /// None if the row does not say when.
    pub called_at: Option<Timestamp>,
    /// Without phone and identity numbers, which have no business in it.
    pub content: String,
    pub place: String,
    pub category: Category,
    pub reporter: Reporter,
    pub deadline: Option<Timestamp>,
    /// What of the row is not taken in as it stands, and why.
    pub notes: Vec<(Field, String)>,
}

/// Errors: the field that is wrong, and a sentence that says how.
pub fn read_row(layout: &Layout, cells: &[String]) -> Result<Order, (Field, String)> {
    let cell = |field: Field| {
        let text = layout.position(field).and_then(|at| cells.get(at)).map_or("", |cell| cell.trim());
        if is_nothing(text) { "" } else { text }
    };
    let wrong = |field: Field, sentence: &str| (field, sentence.to_owned());

    let number = half_width(cell(Field::Number)).replace(' ', "");
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '〔' | '〕' | '[' | ']');
    match number.chars().count() {
        0 => return Err(wrong(Field::Number, "没有工单编号")),
        1..=60 if number.chars().all(plain) => {}
        _ => return Err(wrong(Field::Number, "工单编号里只能有字母、数字、汉字和横线，最多 60 个字")),
    }
    if number.contains("E+") {
        return Err(wrong(Field::Number, "编号被表格改成了科学计数法，后面的数字丢了。请把这一列设成“文本”再导出一次"));
    }
    let content = without_personal(cell(Field::Content));
    match content.chars().count() {
        0..=4 => return Err(wrong(Field::Content, "内容太短，看不出是什么事")),
        5..=2000 => {}
        _ => return Err(wrong(Field::Content, "内容超过 2000 个字，请精简后再导入")),
    }
    let mut notes = Vec::new();
    let kind = match cell(Field::Kind) {
        "" => Kind::Help,
        text => Kind::ALL.iter().copied().find(|kind| text.contains(kind.label())).unwrap_or_else(|| {
            notes.push((Field::Kind, format!("不认识“{}”，按“其他”登记", text.chars().take(10).collect::<String>())));
            Kind::Other
        }),
    };
    let moment_of = |field: Field, end: bool| match cell(field) {
        "" => Ok(None),
        text => moment(text, end).map(Some).ok_or_else(|| wrong(field, "时间看不懂，请写成 2026-11-23 09:30 这样")),
    };
    let (called_at, deadline) = (moment_of(Field::CalledAt, false)?, moment_of(Field::Deadline, true)?);
    let phone = match cell(Field::Phone) {
        "" => String::new(),
        text => match phone(text) {
            (Some(phone), None) => phone.as_str().to_owned(),
            (phone, note) => {
                notes.push((Field::Phone, note.unwrap_or("没有登记").to_owned()));
                phone.map(|phone| phone.as_str().to_owned()).unwrap_or_default()
            }
        },
    };
    let name = cell(Field::Name);
    if name.chars().count() > 30 {
        return Err(wrong(Field::Name, "姓名太长"));
    }
    let name = PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.as_str().to_owned());
    let category = cell(Field::Category);
    let category = Category::ALL.iter().copied().find(|known| known.label() == category).unwrap_or(Category::Other);
    let place: String = without_personal(cell(Field::Place)).chars().take(60).collect();
    Ok(Order { number, kind, called_at, content, place, category, reporter: Reporter { name, phone }, deadline, notes })
}

/// The number in a cell, with what is to be said of it. Districts mask some, and write several into others.
fn phone(text: &str) -> (Option<Phone>, Option<&'static str>) {
    match Phone::parse(text) {
        Ok(phone) => (Some(phone), None),
        Err(PhoneError::Several) => {
            let first = half_width(text).split(['/', '、', ',', ';', '或']).find_map(|one| Phone::parse(one).ok());
            (first, Some("不止一个号码，只登记第一个看得懂的"))
        }
        Err(_) if text.contains(['*', '＊']) => (None, Some("号码打了星号，没有登记")),
        Err(_) => (None, Some("不是完整的电话号码，没有登记")),
    }
}

/// `2026-11-23 09:30`, or a day: its first moment, or its last.
fn moment(text: &str, end: bool) -> Option<Timestamp> {
    let text = half_width(text);
    let text = text.trim().replace('/', "-").replace('T', " ");
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    let day = date(day).ok()?.to_date()?;
    let time = match time.trim() {
        "" if end => Time::new(23, 59, 59, 0).ok()?,
        "" => Time::midnight(),
        // `9:30`
        time if time.find(':') == Some(1) => format!("0{time}").parse().ok()?,
        time => time.parse().ok()?,
    };
    Some(DateTime::from_parts(day, time).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
}

/// Words that many read, without the numbers of people that whoever wrote them down at the hotline has left in.
fn without_personal(text: &str) -> String {
    let in_number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | 'X' | 'x');
    let (mut kept, mut run) = (String::new(), String::new());
    for c in half_width(text).replace('\0', "").chars().chain(['\0']) {
        if in_number(c) {
            run.push(c);
            continue;
        }
        let digits = run.chars().filter(char::is_ascii_digit).count();
        kept.push_str(if digits >= 11 { "（号码略）" } else { &run });
        run.clear();
        kept.extend((c != '\0').then_some(c));
    }
    without_numbers(kept.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pairs: &[(&str, &str)]) -> Result<Order, (Field, String)> {
        let headings: Vec<String> = pairs.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let cells: Vec<String> = pairs.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        read_row(&Layout::of(&headings, &Layout::default()), &cells)
    }

    #[test]
    fn a_row_is_understood_as_districts_write_it() {
        let order = row(&[
            ("工单号", "TY20261123－0001"),
            ("来电时间", "2026/11/23 9:30"),
            ("诉求类型", "投诉类"),
            ("主要内容（全文）", "12号楼漏水，联系 138 0000 1234 王女士，身份证141199199003070013"),
            ("来电人", "王女士"),
            ("来电号码", "13800001234"),
            ("办理时限", "2026-11-30"),
        ])
        .unwrap();
        assert_eq!((order.number.as_str(), order.kind), ("TY20261123-0001", Kind::Complaint));
        assert_eq!(order.called_at.unwrap().to_string(), "2026-11-23T01:30:00Z");
        assert_eq!(order.deadline.unwrap().to_string(), "2026-11-30T15:59:59Z");
        assert_eq!(order.content, "12号楼漏水,联系（号码略）王女士,身份证（号码略）");
        assert_eq!(order.reporter.phone, "13800001234");
    }

    #[test]
    fn what_is_wrong_is_said_of_its_column() {
        let right = [("工单编号", "1"), ("诉求内容", "小区路灯不亮了")];
        assert_eq!(row(&right).unwrap().kind, Kind::Help);
        for (heading, cell, field) in
            [("来电时间", "昨天", Field::CalledAt), ("办结时限", "2026-13-01", Field::Deadline)]
        {
            assert_eq!(row(&[right[0], right[1], (heading, cell)]).unwrap_err().0, field);
        }
        assert_eq!(row(&[("工单编号", "2.02E+17"), right[1]]).unwrap_err().0, Field::Number);
        assert_eq!(row(&[right[0], ("诉求内容", "漏水")]).unwrap_err().0, Field::Content);
    }

    #[test]
    fn what_is_odd_in_a_row_does_not_keep_it_out() {
        let right = [("工单编号", "1"), ("诉求内容", "小区路灯不亮了")];
        for (cell, kind) in
            [("表扬", Kind::Praise), ("意见", Kind::Opinion), ("意见建议类", Kind::Suggestion), ("其他", Kind::Other)]
        {
            let order = row(&[right[0], right[1], ("诉求类型", cell)]).unwrap();
            assert_eq!((order.kind, order.notes.len()), (kind, 0));
        }
        let order = row(&[right[0], right[1], ("诉求类型", "感谢")]).unwrap();
        assert_eq!((order.kind, order.notes[0].0), (Kind::Other, Field::Kind));
        for (cell, phone) in [
            ("138****1234", ""),
            ("12", ""),
            ("13800001234/0358-8221234", "13800001234"),
            ("138****1234、13800001234", "13800001234"),
            ("138****1234，139****1234", ""),
        ] {
            let order = row(&[right[0], right[1], ("联系电话", cell)]).unwrap();
            assert_eq!((order.reporter.phone.as_str(), order.notes[0].0), (phone, Field::Phone), "{cell}");
            assert!(!order.notes[0].1.contains("1234"));
        }
    }

    #[test]
    fn what_was_said_of_a_heading_is_remembered_and_no_field_stands_twice() {
        let headings = ["编号", "内容", "工单编号"].map(str::to_owned);
        let known = Layout(vec![("编号".to_owned(), None), ("内容".to_owned(), Some("place".to_owned()))]);
        let layout = Layout::of(&headings, &known);
        assert_eq!(layout.position(Field::Number), Some(2));
        assert_eq!(layout.position(Field::Place), Some(1));
        assert!(layout.lacks().unwrap().contains("诉求内容"));
        let twice = Layout::of(&["编号", "工单编号"].map(str::to_owned), &Layout::default());
        assert_eq!((twice.position(Field::Number), twice.0[1].1.as_deref()), (Some(0), None));
    }
}
