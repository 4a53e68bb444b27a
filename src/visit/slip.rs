//! What a phone wrote down at a door, read into what it means.

use codes::Phone;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Again, Answer, Outcome, Part};
use crate::error::{Error, Result};
use crate::issue::{self, Category, Reporter};
use crate::offline::hidden;
use crate::place::Use;
use crate::registry::{Particular, Values};

/// A visit as it was written down.
#[derive(Debug, Clone)]
pub(super) struct Slip {
    pub campaign: Uuid,
    pub dwelling: Uuid,
    pub outcome: Outcome,
    pub again: Option<Again>,
    pub answers: Vec<Answer>,
    pub usage: Option<Use>,
    pub edits: Vec<Correction>,
    pub findings: Vec<Finding>,
    pub problems: Vec<Problem>,
    pub note: String,
    /// What could not be read of the rest, each in a sentence with what was written.
    pub unread: Vec<String>,
}

/// Fields of a resident that are otherwise; `None` erases.
#[derive(Debug, Clone)]
pub(super) struct Correction {
    pub resident: Uuid,
    /// The version that the phone had.
    pub seen: i64,
    pub values: Vec<(Particular, Option<String>)>,
}

/// Who has come or gone.
#[derive(Debug, Clone)]
pub(super) enum Finding {
    MovedOut { resident: Uuid, seen: i64, words: String },
    Died { resident: Uuid, seen: i64, words: String },
    MovedIn { household: Option<Uuid>, values: Values },
    Born { household: Uuid, values: Values },
}

/// A problem that somebody told of.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub category: Category,
    pub text: String,
    pub place_text: String,
    pub reporter: Option<Reporter>,
    /// The phone's ids of the photos.
    pub photos: Vec<Uuid>,
}

// ---------- as it is sent ----------

#[derive(Deserialize)]
struct Written {
    campaign: Uuid,
    dwelling: Uuid,
    outcome: String,
    again: Option<WrittenAgain>,
    #[serde(default)]
    answers: Vec<Answer>,
    usage: Option<String>,
    #[serde(default)]
    edits: Vec<WrittenEdit>,
    #[serde(default)]
    findings: Vec<WrittenFinding>,
    #[serde(default)]
    problems: Vec<WrittenProblem>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct WrittenAgain {
    day: Date,
    part: String,
}

/// Of a resident, as wide as the register keeps it.
type Version = i32;

#[derive(Deserialize)]
struct WrittenEdit {
    resident: Uuid,
    seen: Version,
    fields: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct WrittenFinding {
    kind: String,
    resident: Option<Uuid>,
    #[serde(default)]
    seen: Version,
    #[serde(default)]
    words: String,
    household: Option<Uuid>,
    #[serde(flatten)]
    fields: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct WrittenProblem {
    category: String,
    text: String,
    #[serde(default)]
    place_text: String,
    #[serde(default)]
    anonymous: bool,
    reporter: Option<WrittenReporter>,
    #[serde(default)]
    photos: Vec<Uuid>,
}

#[derive(Deserialize)]
struct WrittenReporter {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
}

/// Of each kind of thing a visit has at most so many: more is no visit but a mistake.
const MOST: usize = 20;

/// Reads the body of a record.
///
/// Errors: refused, with what is wrong.
pub(super) fn read(body: &Value, today: Date) -> Result<Slip> {
    let written: Written =
        serde_json::from_value(body.clone()).map_err(|_| Error::refused("走访记录的格式不对，缺了要紧的内容"))?;
    let sizes = [written.answers.len(), written.edits.len(), written.findings.len(), written.problems.len()];
    if sizes.iter().any(|size| *size > MOST) {
        return Err(Error::refused(format!("一次走访里的内容太多，每样最多 {MOST} 条")));
    }
    let outcome = known(Outcome::parse(&written.outcome), "走访结果")?;
    let again = written.again.map(|again| {
        Ok::<_, Error>(Again { day: again.day, part: known(Part::parse(&again.part), "改约的时段")? })
    });
    let again = again.transpose()?;
    if outcome == Outcome::Later && again.is_none() {
        return Err(Error::refused("改约要写明哪一天、什么时候再来"));
    }
    let usage = written.usage.filter(|usage| !usage.is_empty());
    let usage = usage.map(|usage| known(Use::parse(&usage), "住房性质")).transpose()?;
    let mut unread = Vec::new();
    let edits = written.edits.into_iter().map(|edit| correction(edit, today, &mut unread)).collect::<Result<_>>()?;
    let findings =
        written.findings.into_iter().map(|found| finding(found, today, &mut unread)).collect::<Result<_>>()?;
    let problems = written.problems.into_iter().map(|told| problem(told, &mut unread)).collect::<Result<_>>()?;
    Ok(Slip {
        campaign: written.campaign,
        dwelling: written.dwelling,
        outcome,
        again: again.filter(|_| outcome == Outcome::Later),
        answers: written.answers,
        usage,
        edits,
        findings,
        problems,
        note: limited(&written.note, "备注", 500)?,
        unread,
    })
}

fn correction(edit: WrittenEdit, today: Date, unread: &mut Vec<String>) -> Result<Correction> {
    let mut values = Vec::new();
    for (code, value) in &edit.fields {
        let particular = known(Particular::parse(code), "要改的项目")?;
        if let Some(value) = value_of(particular, value, today, unread) {
            values.push((particular, value));
        }
    }
    Ok(Correction { resident: edit.resident, seen: edit.seen.into(), values })
}

/// What was written about a field. A slip of the hand in one field must not keep all else from being entered: it is told,
/// with what was written.
fn value_of(particular: Particular, value: &Value, today: Date, unread: &mut Vec<String>) -> Option<Option<String>> {
    let text = value.as_str().unwrap_or_default();
    match particular.read(text, today) {
        Ok(kept) => Some(kept),
        Err(sentence) => {
            let written: String = text.chars().take(40).collect();
            unread.push(format!("{particular}没有登记：写的是“{written}”，{sentence}"));
            None
        }
    }
}

fn finding(found: WrittenFinding, today: Date, unread: &mut Vec<String>) -> Result<Finding> {
    let words = limited(&found.words, "说明", 200)?;
    let seen = found.seen.into();
    let resident = || known(found.resident, "是哪一位");
    match (found.kind.as_str(), found.household) {
        ("moved_out", _) => Ok(Finding::MovedOut { resident: resident()?, seen, words }),
        ("died", _) => Ok(Finding::Died { resident: resident()?, seen, words }),
        ("born", Some(household)) => Ok(Finding::Born { household, values: values(&found.fields, today, unread)? }),
        // A child at a door where nobody is registered is somebody new there.
        ("moved_in" | "born", household) => {
            Ok(Finding::MovedIn { household, values: values(&found.fields, today, unread)? })
        }
        _ => Err(Error::refused("走访记录里有不认识的变化")),
    }
}

/// The particulars of somebody new. A name there must be.
fn values(fields: &serde_json::Map<String, Value>, today: Date, unread: &mut Vec<String>) -> Result<Values> {
    let mut values = Values::new();
    for particular in Particular::ALL {
        let Some(value) = fields.get(particular.code()) else { continue };
        if let Some(kept) = value_of(*particular, value, today, unread).flatten() {
            values.insert(*particular, kept);
        }
    }
    if values.contains_key(&Particular::Name) { Ok(values) } else { Err(Error::refused("新登记的人要写姓名")) }
}

fn problem(problem: WrittenProblem, unread: &mut Vec<String>) -> Result<Problem> {
    let mut text = limited(&problem.text, "问题", 1000)?;
    // Whoever handles the issue reads this. A number stays with the visit, which only those who may know see.
    if let Some(sentence) = issue::number_in(&text) {
        unread.push(format!("问题里的号码隐去了：原话是“{text}”，{sentence}"));
        text = hidden(&text);
    }
    if text.chars().count() < 2 {
        return Err(Error::refused("问题至少要写 2 个字"));
    }
    let reporter = problem.reporter.filter(|_| !problem.anonymous);
    let reporter = reporter.map(|WrittenReporter { name, phone }| {
        let (name, phone) = (limited(&name, "姓名", 30)?, phone.trim());
        // A number that cannot be right is still the only hint at how to reach them; it stays with the name, sealed.
        Ok::<_, Error>(match Phone::parse(phone) {
            Ok(phone) => Reporter { name, phone: phone.as_str().to_owned() },
            Err(_) if phone.is_empty() => Reporter { name, phone: String::new() },
            Err(_) => Reporter {
                name: format!("{name}（电话写的是 {}）", limited(phone, "电话", 40)?),
                phone: String::new(),
            },
        })
    });
    Ok(Problem {
        category: known(Category::parse(&problem.category), "问题类别")?,
        text,
        place_text: limited(&problem.place_text, "具体位置", 100)?,
        reporter: reporter.transpose()?,
        photos: problem.photos.into_iter().take(MOST).collect(),
    })
}

fn known<T>(value: Option<T>, what: &str) -> Result<T> {
    value.ok_or_else(|| Error::refused(format!("{what}没有写，或程序不认识")))
}

fn limited(text: &str, what: &str, most: usize) -> Result<String> {
    let text = text.trim();
    match text.chars().count() {
        characters if characters > most => {
            Err(Error::refused(format!("{what}最多 {most} 个字，现在有 {characters} 个字")))
        }
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    fn visit() -> Value {
        json!({
            "campaign": Uuid::nil(), "dwelling": Uuid::nil(), "outcome": "home", "again": null,
            "answers": [{"question": "q1", "value": "yes"}, {"question": "q2", "value": ["a", "b"]}],
            "edits": [{"resident": Uuid::nil(), "seen": 3, "fields": {"phone": "138 0000 1234", "workplace": ""}}],
            "findings": [{"kind": "moved_in", "household": null, "name": "张三", "sex": "1", "birth_date": "1990.3.7"}],
            "problems": [{"category": "lighting", "text": "楼道灯不亮", "anonymous": true, "reporter": {"name": "张三"}}],
        })
    }

    #[test]
    fn a_visit_is_read_into_what_it_means() {
        let slip = read(&visit(), TODAY).unwrap();
        assert_eq!(slip.outcome, Outcome::Home);
        let phone = (Particular::Phone, Some("13800001234".to_owned()));
        assert!(slip.edits[0].values.contains(&phone) && slip.edits[0].values.contains(&(Particular::Workplace, None)));
        let Finding::MovedIn { values, .. } = &slip.findings[0] else { panic!("somebody moved in") };
        assert_eq!(values[&Particular::BirthDate], "1990-03-07");
        assert_eq!(slip.problems[0].reporter, None, "who wants no name has none");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |path: &str, value: Value| {
            let mut visit = visit();
            *visit.pointer_mut(path).unwrap() = value;
            read(&visit, TODAY).map(drop).unwrap_err().to_string()
        };
        assert_eq!(said("/outcome", json!("out")), "走访结果没有写，或程序不认识");
        assert!(said("/edits/0/seen", json!(1_i64 << 31)).contains("格式不对"), "no register has such a version");
        assert_eq!(said("/outcome", json!("later")), "改约要写明哪一天、什么时候再来");
        assert!(said("/problems/0/text", json!("灯".repeat(1001))).contains("最多 1000 个字"));
        assert!(said("/findings/0/name", json!("")).contains("姓名"));
    }

    #[test]
    fn a_slip_of_the_hand_keeps_nothing_else_from_being_entered() {
        let mut visit = visit();
        visit["edits"][0]["fields"]["phone"] = json!("138");
        visit["findings"][0]["birth_date"] = json!("2026-13-40");
        visit["problems"][0] =
            json!({ "category": "lighting", "text": "楼道灯不亮", "reporter": { "name": "张三", "phone": "138" } });
        let slip = read(&visit, TODAY).unwrap();
        assert_eq!(slip.edits[0].values, [(Particular::Workplace, None)]);
        assert_eq!(slip.unread.len(), 2, "{:?}", slip.unread);
        assert!(slip.unread[0].starts_with("电话没有登记：写的是“138”"));
        let reporter = slip.problems[0].reporter.as_ref().unwrap();
        assert_eq!((reporter.name.as_str(), reporter.phone.as_str()), ("张三（电话写的是 138）", ""));
    }

    /// Any JSON: scalars, lists and objects whose names are those of a visit, some of the time.
    fn anything() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec![
            "campaign", "dwelling", "outcome", "again", "day", "part", "answers", "question", "value", "edits",
            "resident", "seen", "fields", "phone", "findings", "kind", "name", "problems", "category", "text",
            "photos", "note", "x",
        ]);
        let texts = prop::sample::select(vec![
            "",
            "home",
            "later",
            "moved_in",
            "born",
            "lighting",
            "2026-11-28",
            "evening",
            "00000000-0000-0000-0000-000000000000",
            "13800001234",
            "\u{0}",
            "𠅤",
            "١٢",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            texts.prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(names.clone(), inner, 0..8)
                    .prop_map(|fields| Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in anything()) {
            _ = read(&value, TODAY);
        }

        #[test]
        fn nothing_in_a_visit_makes_it_panic(value in anything(), path in prop::sample::select(vec![
            "/campaign", "/outcome", "/again", "/answers", "/answers/0/value", "/edits/0/fields", "/edits/0/seen",
            "/findings/0", "/findings/0/birth_date", "/problems/0", "/problems/0/reporter",
        ])) {
            let mut visit = visit();
            *visit.pointer_mut(path).unwrap() = value;
            _ = read(&visit, TODAY);
        }
    }
}
