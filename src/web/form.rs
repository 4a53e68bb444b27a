use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use calendar::{Every, Recurrence, Skip};
use db::Tx;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Timestamp, ToSpan};

use crate::error::Error;

/// The token that this browser's forms must carry.
#[derive(Debug, Clone)]
pub struct Csrf(pub String);

/// A file that came with a form.
#[derive(Debug, Clone)]
pub struct Upload {
    pub field: String,
    pub file_name: String,
    pub content: Bytes,
}

/// A form as it was sent, and what is wrong with it. Reading a field with one of the methods below notes what is wrong,
/// so that the same form can be shown again, filled, with each error beside its field.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    pub uploads: Vec<Upload>,
    /// In the order in which the fields were read.
    errors: Vec<(String, String)>,
}

const FORM_LIMIT_MB: usize = 1;
/// The router stops reading a request body beyond this.
pub const MULTIPART_LIMIT_MB: usize = 64;

/// What somebody wrote into the form of this request, so that a page that has no form can still give it back.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<OnceLock<Vec<String>>>);

impl Written {
    /// Words only: never a password, nor what a form carries along by itself.
    fn note(&self, fields: &[(String, String)]) {
        let words = fields.iter().filter(|(name, value)| {
            !value.is_ascii() && value.chars().count() > 2 && !matches!(name.as_str(), "password" | "old")
        });
        _ = self.0.set(words.map(|(_, value)| value.clone()).collect());
    }

    pub fn words(&self) -> Vec<String> {
        self.0.get().cloned().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let csrf = request.extensions().get::<Csrf>().cloned();
        let written = request.extensions().get::<Written>().cloned().unwrap_or_default();
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let form = if kind.starts_with("multipart/form-data") {
            Form::multipart(Multipart::from_request(request, state).await.map_err(|_| unreadable())?).await?
        } else {
            let body = axum::body::to_bytes(request.into_body(), FORM_LIMIT_MB << 20).await;
            Form::urlencoded(&body.map_err(|_| Error::TooLarge(FORM_LIMIT_MB))?)
        };
        written.note(&form.fields);
        match csrf {
            Some(Csrf(expected)) if !expected.is_empty() && form.value("csrf") == expected => Ok(form),
            _ => Err(Error::refused(
                "这个页面打开得太久，或浏览器没有保存 Cookie，为了安全没有提交。请刷新页面再试一次。",
            )),
        }
    }
}

/// That a request without a form comes from a page of this site: it carries the token in the header `x-csrf`.
pub struct FromThisSite;

impl<S: Sync> FromRequestParts<S> for FromThisSite {
    /// Whoever sends asks for a new token and sends again: what was sent is not at fault.
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let sent = parts.headers.get("x-csrf").and_then(|token| token.to_str().ok());
        match parts.extensions.get::<Csrf>() {
            Some(Csrf(expected)) if !expected.is_empty() && sent == Some(expected) => Ok(FromThisSite),
            _ => Err(StatusCode::UNAUTHORIZED),
        }
    }
}

impl Form {
    /// An empty form with some fields filled in.
    pub fn filled(fields: &[(&str, &str)]) -> Form {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Form { fields, ..Form::default() }
    }

    fn urlencoded(body: &[u8]) -> Form {
        let fields = form_urlencoded::parse(body).into_owned().collect();
        Form { fields, ..Form::default() }
    }

    async fn multipart(mut parts: Multipart) -> Result<Form, Error> {
        let mut form = Form::default();
        while let Some(part) = parts.next_field().await.map_err(broken_off)? {
            let field = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let content = part.bytes().await.map_err(broken_off)?;
            match file_name {
                Some(_) if content.is_empty() => {} // a file field that was left empty
                Some(file_name) => form.uploads.push(Upload { field, file_name, content }),
                None => form.fields.push((field, String::from_utf8_lossy(&content).into_owned())),
            }
        }
        Ok(form)
    }

    /// What was sent under a name, as it was sent; empty if nothing was.
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn is(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|found| found == value)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.retain(|(found, _)| found != name);
        self.add(name, value);
    }

    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// A trimmed text with a number of characters within `length`; a length that may be 0 makes it optional.
    pub fn text(&mut self, name: &str, label: &str, length: RangeInclusive<usize>) -> String {
        // PostgreSQL keeps no text with the character zero, and nobody types one.
        let text = self.value(name).replace('\0', "").trim().replace("\r\n", "\n");
        let characters = text.chars().count();
        if characters == 0 && *length.start() > 0 {
            self.fail(name, format!("请填写{label}"));
        } else if characters < *length.start() {
            self.fail(name, format!("{label}至少要 {} 个字", length.start()));
        } else if characters > *length.end() {
            self.fail(name, format!("{label}最多 {} 个字，现在有 {characters} 个字", length.end()));
        }
        text
    }

    /// A text that stands open: a sentence says why no telephone and no identity number belongs there.
    pub fn open_text(&mut self, name: &str, label: &str, length: RangeInclusive<usize>, sentence: &str) -> String {
        let text = self.text(name, label, length);
        if codes::text::personal(&text).is_some() {
            self.fail(name, sentence);
        }
        text
    }

    /// From when until when something takes place, by the fields `day`, `from` and `until`; the end comes after the beginning.
    pub fn span(&mut self) -> Option<(Timestamp, Timestamp)> {
        let mut read = |time: &'static str, missing: &str| {
            let text = format!("{}T{}", self.value("day").trim(), self.value(time).trim());
            let at = text.parse::<DateTime>().ok().and_then(|at| at.to_zoned_datetime(calendar::shanghai()).ok());
            if at.is_none() {
                let field = if self.value("day").trim().is_empty() { "day" } else { time };
                self.fail(field, missing);
            }
            at.map(|at| at.timestamp())
        };
        let starts_at = read("from", "请选择哪天几点开始")?;
        let ends_at = read("until", "请选择几点结束")?;
        if ends_at <= starts_at {
            self.fail("until", "结束要在开始以后");
            return None;
        }
        Some((starts_at, ends_at))
    }

    /// How often something comes again that is on a day first, at most so many days ahead; `None` if it does not, or not as it is written.
    pub fn recurrence(&mut self, first: Option<Date>, ahead: i64) -> Option<Recurrence> {
        let days: Vec<Weekday> = self
            .values("weekday")
            .filter_map(|day| day.parse::<i8>().ok().and_then(|day| Weekday::from_monday_one_offset(day).ok()))
            .collect();
        let every = match self.value("repeat") {
            "week" => Every::Weeks { interval: 1, days },
            "fortnight" => Every::Weeks { interval: 2, days },
            "month_weekday" => Every::WeekdayOfMonth,
            "month_day" => Every::DayOfMonth,
            _ => return None,
        };
        let until = self.choice("repeat_until", "重复到哪一天", |text| text.parse::<Date>().ok())?;
        let last = first.and_then(|first| first.checked_add(ahead.days()).ok());
        if last.is_some_and(|last| until > last) {
            self.fail("repeat_until", "最多重复一年，请选近一些的日子");
        }
        let skip = match self.value("skip") {
            "holidays" => Skip::Holidays,
            "days_off" => Skip::DaysOff,
            "no_school" => Skip::NoSchool,
            _ => Skip::Nothing,
        };
        Some(Recurrence { every, until, skip })
    }

    /// A whole number within a range, in figures of either width.
    pub fn number(&mut self, name: &str, label: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = codes::text::half_width(self.value(name).trim());
        let read = text.parse().ok().filter(|number| range.contains(number));
        if read.is_none() {
            self.fail(name, format!("{label}请填 {} 到 {} 的整数", range.start(), range.end()));
        }
        read
    }

    /// One of a set of choices; `None`, and an error, if it is not among them.
    pub fn choice<T>(&mut self, name: &str, label: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let choice = parse(self.value(name).trim());
        if choice.is_none() {
            self.fail(name, format!("请选择{label}"));
        }
        choice
    }

    /// One of a set of choices, or nothing at all.
    pub fn optional_choice<T>(&mut self, name: &str, label: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.value(name).trim().is_empty() { None } else { self.choice(name, label, parse) }
    }

    /// A person's name, normalised.
    pub fn person_name(&mut self, name: &str) -> Option<String> {
        match codes::PersonName::parse(self.value(name)) {
            Ok(person) => Some(person.as_str().to_owned()),
            Err(error) => {
                self.fail(name, error.to_string());
                None
            }
        }
    }

    /// A phone number, normalised; empty if none was given.
    pub fn optional_phone(&mut self, name: &str) -> Option<String> {
        if self.value(name).trim().is_empty() { Some(String::new()) } else { self.phone(name) }
    }

    pub fn phone(&mut self, name: &str) -> Option<String> {
        match codes::Phone::parse(self.value(name)) {
            Ok(phone) => Some(phone.as_str().to_owned()),
            Err(error) => {
                self.fail(name, error.to_string());
                None
            }
        }
    }

    /// A day as a deadline: its last second, by the clock of Shanghai.
    pub fn last_day(&mut self, name: &str, label: &str) -> Option<Timestamp> {
        self.choice(name, label, |text| {
            let day: Date = text.parse().ok()?;
            Some(day.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
        })
    }

    /// Why somebody wants to see what is sealed. It is kept in the audit log, where no number belongs.
    pub fn reveal_reason(&mut self, name: &str) -> String {
        let reason = self.text(name, "原因", 5..=100);
        if codes::text::personal(&reason).is_some() {
            self.fail(name, "原因会写进审计记录，请不要写电话或身份证号");
        }
        reason
    }

    /// The version of the row that the form was made from.
    pub fn version(&self) -> i64 {
        self.value("version").parse().unwrap_or(-1)
    }

    pub fn fail(&mut self, name: &str, sentence: impl Into<String>) {
        if self.error(name).is_none() {
            self.errors.push((name.to_owned(), sentence.into()));
        }
    }

    /// Notes at a field what was refused, so that the form comes back filled; gives what was done otherwise.
    ///
    /// Errors: whatever else went wrong.
    pub fn noted<T>(&mut self, name: &str, done: crate::error::Result<T>) -> crate::error::Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(Error::Refused(sentence)) => {
                self.fail(name, sentence);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends a step: commits what was done, or notes at a field what was refused and lets go of the transaction, so that the page can be read
    /// again.
    ///
    /// Errors: whatever else went wrong.
    pub async fn ended<T>(
        &mut self,
        tx: Tx,
        name: &str,
        done: crate::error::Result<T>,
    ) -> crate::error::Result<Option<T>> {
        let noted = self.noted(name, done)?;
        if noted.is_some() {
            tx.commit().await?;
        }
        Ok(noted)
    }

    pub fn ok(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors().find(|(known, _)| *known == name).map(|(_, sentence)| sentence)
    }

    pub fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.errors.iter().map(|(name, sentence)| (name.as_str(), sentence.as_str()))
    }
}

fn broken_off(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Error::TooLarge(MULTIPART_LIMIT_MB) } else { unreadable() }
}

fn unreadable() -> Error {
    Error::refused("没有收全您提交的内容，可能是网络中断。请返回上一页再提交一次。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_what_is_wrong_and_keeps_what_was_sent() {
        let mut form = Form::urlencoded("title=+路灯+&kind=x&text=".as_bytes());
        assert_eq!(form.text("title", "标题", 1..=10), "路灯");
        assert!(form.ok());
        form.text("text", "说明", 2..=10);
        assert_eq!(form.choice("kind", "类别", |code| (code == "y").then_some(())), None);
        assert_eq!(form.error("text"), Some("请填写说明"));
        assert_eq!(form.error("kind"), Some("请选择类别"));
        assert_eq!(form.value("title"), " 路灯 ");
    }
}
