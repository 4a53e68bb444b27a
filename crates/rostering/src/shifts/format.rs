//! The text format: sections, each of lines with commas between; what follows a `#` is a remark.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use super::{Cover, Instance, Person, Request, Shift};

/// What is wrong with a file, with the number of the line from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("缺少 {0} 一节，或者这一节是空的")]
    Missing(&'static str),
    #[error("第 {line} 行：不认识的一节“{name}”")]
    Section { line: usize, name: String },
    #[error("第 {line} 行：少了“{field}”")]
    Field { line: usize, field: &'static str },
    #[error("第 {line} 行：“{field}”应是 0 到 {most} 的整数，写的是“{text}”")]
    Number { line: usize, field: &'static str, most: i64, text: String },
    #[error("第 {line} 行：没有叫“{name}”的{what}")]
    Unknown { line: usize, what: &'static str, name: String },
    #[error("第 {line} 行：“{name}”写了两次")]
    Twice { line: usize, name: String },
    #[error("班次最多 {0} 种，人员最多 {1} 人")]
    TooMany(usize, usize),
}

const MOST_DAYS: i64 = 3660;
const MOST_SHIFTS: usize = 60;
const MOST_STAFF: usize = 5000;
const MOST_MINUTES: i64 = 10_000_000;
const MOST_WEIGHT: i64 = 1_000_000;

const SECTIONS: [&str; 7] = [
    "SECTION_HORIZON",
    "SECTION_SHIFTS",
    "SECTION_STAFF",
    "SECTION_DAYS_OFF",
    "SECTION_SHIFT_ON_REQUESTS",
    "SECTION_SHIFT_OFF_REQUESTS",
    "SECTION_COVER",
];

impl Instance {
    /// Reads a file of the benchmark.
    ///
    /// Errors: the first line that cannot be read, or the section that is missing.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let sections = sections(text)?;
        let lines = |name: &'static str| sections.get(name).map_or(&[][..], Vec::as_slice);
        let horizon = lines("SECTION_HORIZON").first().ok_or(Flaw::Missing("SECTION_HORIZON"))?;
        let days = horizon.number(0, "天数", MOST_DAYS)? as usize;
        let (shifts, shift_of) = shifts(lines("SECTION_SHIFTS"))?;
        let (mut staff, person_of) = staff(lines("SECTION_STAFF"), days, &shift_of)?;
        for (what, is_empty) in
            [("SECTION_HORIZON", days == 0), ("SECTION_SHIFTS", shifts.is_empty()), ("SECTION_STAFF", staff.is_empty())]
        {
            if is_empty {
                return Err(Flaw::Missing(what));
            }
        }
        if shifts.len() > MOST_SHIFTS || staff.len() > MOST_STAFF {
            return Err(Flaw::TooMany(MOST_SHIFTS, MOST_STAFF));
        }
        let day = |line: &Line<'_>, at| line.number(at, "第几天", days as i64 - 1).map(|day| day as usize);
        for line in lines("SECTION_DAYS_OFF") {
            let person = line.known(0, "人", &person_of)?;
            for at in 1..line.fields.len() {
                if !line.fields[at].is_empty() {
                    staff[person].off.push(day(line, at)?);
                }
            }
        }
        let mut requests = Vec::new();
        for (section, wanted) in [("SECTION_SHIFT_ON_REQUESTS", true), ("SECTION_SHIFT_OFF_REQUESTS", false)] {
            for line in lines(section) {
                requests.push(Request {
                    person: line.known(0, "人", &person_of)?,
                    day: day(line, 1)?,
                    shift: line.known(2, "班次", &shift_of)?,
                    wanted,
                    weight: line.number(3, "权重", MOST_WEIGHT)?,
                });
            }
        }
        let mut covers: Vec<Cover> = Vec::new();
        let mut covered = HashSet::new();
        for line in lines("SECTION_COVER") {
            let cover = Cover {
                day: day(line, 0)?,
                shift: line.known(1, "班次", &shift_of)?,
                needed: line.number(2, "需要人数", MOST_STAFF as i64)?,
                under: line.number(3, "少一人的权重", MOST_WEIGHT)?,
                over: line.number(4, "多一人的权重", MOST_WEIGHT)?,
            };
            if !covered.insert((cover.day, cover.shift)) {
                return Err(Flaw::Twice { line: line.number, name: line.fields[..2].join(",") });
            }
            covers.push(cover);
        }
        Ok(Self { days, shifts, staff, requests, covers })
    }
}

type Names = HashMap<String, usize>;

fn shifts(lines: &[Line<'_>]) -> Result<(Vec<Shift>, Names), Flaw> {
    let names = names(lines)?;
    let shift = |line: &Line<'_>| {
        let never_next = line.list(2).map(|name| known(line.number, "班次", name, &names)).collect::<Result<_, _>>()?;
        Ok(Shift {
            id: line.field(0, "班次")?.to_owned(), minutes: line.number(1, "分钟", MOST_MINUTES)?, never_next
        })
    };
    Ok((lines.iter().map(shift).collect::<Result<_, Flaw>>()?, names))
}

fn staff(lines: &[Line<'_>], days: usize, shift_of: &Names) -> Result<(Vec<Person>, Names), Flaw> {
    let names = names(lines)?;
    let person = |line: &Line<'_>| {
        let mut most = vec![days as i64; shift_of.len()];
        for limit in line.list(1) {
            let (shift, times) =
                limit.split_once('=').ok_or(Flaw::Field { line: line.number, field: "班次最多几次" })?;
            most[known(line.number, "班次", shift.trim(), shift_of)?] = line.parse(times, "班次最多几次", MOST_DAYS)?;
        }
        Ok(Person {
            id: line.field(0, "人")?.to_owned(),
            most,
            minutes: line.number(3, "最少分钟", MOST_MINUTES)?..=line.number(2, "最多分钟", MOST_MINUTES)?,
            run: line.number(5, "最少连续上班", MOST_DAYS)?..=line.number(4, "最多连续上班", MOST_DAYS)?,
            rest: line.number(6, "最少连续休息", MOST_DAYS)?,
            weekends: line.number(7, "最多几个周末", MOST_DAYS)?,
            off: Vec::new(),
        })
    };
    Ok((lines.iter().map(person).collect::<Result<_, Flaw>>()?, names))
}

/// What the lines of a section begin with, each once.
fn names(lines: &[Line<'_>]) -> Result<Names, Flaw> {
    let mut names = Names::new();
    for (at, line) in lines.iter().enumerate() {
        let name = line.field(0, "名称")?.to_owned();
        if names.insert(name.clone(), at).is_some() {
            return Err(Flaw::Twice { line: line.number, name });
        }
    }
    Ok(names)
}

fn known(line: usize, what: &'static str, name: &str, names: &Names) -> Result<usize, Flaw> {
    names.get(name).copied().ok_or_else(|| Flaw::Unknown { line, what, name: name.to_owned() })
}

struct Line<'a> {
    number: usize,
    fields: Vec<&'a str>,
}

fn sections(text: &str) -> Result<HashMap<&str, Vec<Line<'_>>>, Flaw> {
    let mut sections: HashMap<&str, Vec<Line<'_>>> = HashMap::new();
    let mut current = None;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let number = at + 1;
        if line.starts_with("SECTION_") {
            if !SECTIONS.contains(&line) {
                return Err(Flaw::Section { line: number, name: line.to_owned() });
            }
            current = Some(line);
        } else if !line.is_empty() {
            let section = current.ok_or_else(|| Flaw::Section { line: number, name: line.to_owned() })?;
            let fields = line.split(',').map(str::trim).collect();
            sections.entry(section).or_default().push(Line { number, fields });
        }
    }
    Ok(sections)
}

impl Line<'_> {
    fn field(&self, at: usize, field: &'static str) -> Result<&str, Flaw> {
        let text = self.fields.get(at).filter(|text| !text.is_empty());
        text.copied().ok_or(Flaw::Field { line: self.number, field })
    }

    fn number(&self, at: usize, field: &'static str, most: i64) -> Result<i64, Flaw> {
        self.parse(self.field(at, field)?, field, most)
    }

    fn parse(&self, text: &str, field: &'static str, most: i64) -> Result<i64, Flaw> {
        let number = i64::from_str(text.trim()).ok().filter(|number| (0..=most).contains(number));
        number.ok_or_else(|| Flaw::Number { line: self.number, field, most, text: text.to_owned() })
    }

    fn known(&self, at: usize, what: &'static str, names: &Names) -> Result<usize, Flaw> {
        known(self.number, what, self.field(at, what)?, names)
    }

    /// What stands in a field with bars between.
    fn list(&self, at: usize) -> impl Iterator<Item = &str> {
        let text = self.fields.get(at).copied().unwrap_or_default();
        text.split('|').map(str::trim).filter(|part| !part.is_empty())
    }
}
