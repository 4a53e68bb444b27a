//! What residents of a synthetic community reported and what became of it: `issues.toml` as a course of moves in time.
//! Nothing here touches the database.

use std::ops::Range;

use db::text_enum;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde::Deserialize;

use crate::error::Result;
use crate::issue::{Category, Remedy, Solved, Source, Tier};

#[derive(Debug, Clone, Deserialize)]
pub struct Story {
    #[serde(rename = "issue")]
    pub scripts: Vec<Script>,
    #[serde(rename = "comment")]
    pub comments: Vec<Comment>,
    #[serde(rename = "extension")]
    pub extensions: Vec<Extension>,
    #[serde(rename = "announcement")]
    pub announcements: Vec<Announcement>,
    /// From `meetings.toml`.
    #[serde(skip)]
    pub deliberations: Vec<Deliberation>,
}

#[derive(Deserialize)]
struct Meetings {
    deliberation: Vec<Deliberation>,
}

/// A meeting that talked over an issue and one other matter.
#[derive(Debug, Clone, Deserialize)]
pub struct Deliberation {
    pub issue: String,
    pub resolution: String,
    pub said: String,
    pub opinion: Option<String>,
    pub topic: String,
    /// One of the first of the platform.
    #[serde(default)]
    pub first_months: bool,
    #[serde(deserialize_with = "parsed")]
    pub topic_fate: TopicFate,
}

/// One report and its fate.
#[derive(Debug, Clone, Deserialize)]
pub struct Script {
    pub key: String,
    /// One of the cases that everybody who has read the page will look for.
    pub seed: Option<String>,
    #[serde(deserialize_with = "parsed")]
    pub category: Category,
    pub estate: String,
    pub building: Option<String>,
    pub unit: Option<u32>,
    /// At a building of the estate that chance picks.
    #[serde(skip)]
    pub anywhere: bool,
    #[serde(deserialize_with = "parsed")]
    pub source: Source,
    #[serde(deserialize_with = "parsed")]
    pub class: Remedy,
    #[serde(default = "ordinary", deserialize_with = "parsed")]
    pub tier: Tier,
    /// The months in which somebody reports such a thing; empty: any.
    #[serde(default)]
    pub months: Vec<i8>,
    #[serde(deserialize_with = "parsed")]
    pub handler: Handler,
    #[serde(deserialize_with = "parsed")]
    pub state: Fate,
    pub text: String,
    pub summary: String,
    #[serde(default)]
    pub handling: Vec<String>,
    pub result: Option<String>,
    pub publicity: Option<String>,
    pub reason: Option<String>,
    pub channel: Option<String>,
    /// The key of the issue that this one joins.
    pub dup_of: Option<String>,
    #[serde(default)]
    pub late: bool,
    #[serde(default)]
    pub overdue: bool,
    pub reopened: Option<Reopened>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reopened {
    pub score: u8,
    #[serde(deserialize_with = "parsed")]
    pub solved: Solved,
    pub comment: String,
    #[serde(default)]
    pub handling: Vec<String>,
    pub result: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    pub score: u8,
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Extension {
    pub issue: String,
    pub days: i64,
    pub reason: String,
    pub granted: Option<bool>,
    #[serde(default)]
    pub decision: String,
    /// The clock stands still meanwhile.
    #[serde(default)]
    pub suspends: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Announcement {
    pub title: String,
    pub estate: Option<String>,
    pub body: String,
}

text_enum! {
    /// Who is given an issue.
    pub enum Handler {
        Community = "community" "社区",
        PropertyCompany = "property_company" "物业公司",
        PropertyCommittee = "property_committee" "物管会",
        PartyBranch = "party_branch" "党支部",
        PublicUtility = "public_utility" "公用事业",
        Other = "other" "其他单位",
    }
    /// What becomes of the other matter of a meeting.
    pub enum TopicFate { Defer = "defer" "下次再议", Drop = "drop" "不再议" }
    /// How far an issue gets.
    pub enum Fate {
        Submitted = "submitted" "待受理",
        Accepted = "accepted" "待派单",
        Dispatched = "dispatched" "已派单",
        InProgress = "in_progress" "办理中",
        Suspended = "suspended" "挂账",
        Done = "done" "已办结",
        Published = "published" "已公示",
        Surveyed = "surveyed" "已测评",
        Closed = "closed" "已销号",
        Rejected = "rejected" "不予受理",
        Redirected = "redirected" "转其他渠道",
        Merged = "merged" "并案",
        Withdrawn = "withdrawn" "撤回",
    }
}

/// What somebody does with an issue.
#[derive(Debug, Clone)]
pub enum Move {
    File,
    Accept,
    Refuse(String),
    Redirect {
        to: String,
        reason: String,
    },
    /// Joins the issue with this place in the list of courses.
    Merge(usize),
    Withdraw(String),
    Dispatch,
    /// The notice of a meeting at the given moment.
    Convene(Deliberation, Timestamp),
    /// The meeting, which gives the issue to its handler.
    Meet(Deliberation),
    Progress(String),
    Ask(Extension),
    Decide(Extension),
    Finish(String),
    Publish(String),
    Survey(Rating),
    Neighbour(Rating),
    NobodyHome,
    Close,
    Acknowledge,
}

impl Move {
    fn deliberation(&self) -> Option<&Deliberation> {
        match self {
            Move::Convene(deliberation, _) | Move::Meet(deliberation) => Some(deliberation),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Rating {
    pub score: u8,
    pub solved: Solved,
    pub comment: String,
}

/// The moves of one issue, oldest first.
#[derive(Debug, Clone)]
pub struct Course {
    pub moves: Vec<(Timestamp, Move)>,
}

impl Story {
    /// The file tells most issues to their end. Of some that are plain, only a part has happened yet.
    pub fn demo() -> Result<Story> {
        let mut story: Story = toml::from_str(include_str!("issues.toml")).map_err(anyhow::Error::from)?;
        let meetings: Meetings = toml::from_str(include_str!("meetings.toml")).map_err(anyhow::Error::from)?;
        story.deliberations = meetings.deliberation;
        let joined: Vec<String> = story.scripts.iter().filter_map(|script| script.dup_of.clone()).collect();
        let plain = story.scripts.iter_mut().filter(|script| {
            script.state == Fate::Closed
                && script.building.is_some()
                && script.tier == Tier::Ordinary
                && !(script.late || script.seed.is_some() || script.reopened.is_some() || joined.contains(&script.key))
        });
        let unfinished = [Fate::Published, Fate::Surveyed, Fate::Published, Fate::Published, Fate::Surveyed];
        for (script, fate) in plain.step_by(4).zip(unfinished) {
            script.state = fate;
        }
        Ok(story)
    }

    /// The scripts of a made-up community: the same reports over and over, in its own estates.
    pub fn of_size(mut self, rng: &mut StdRng, issues: usize, estates: &[String]) -> Story {
        let templates: Vec<Script> = self.scripts.into_iter().filter(|script| script.dup_of.is_none()).collect();
        // Only the first round has open ones; what is older is done with.
        let ended: Vec<&Script> = templates.iter().filter(|script| !script.state.open()).collect();
        let script = |at: usize| {
            let template = templates.get(at).unwrap_or_else(|| ended[at % ended.len()]);
            let estate = estates.choose(rng).cloned().unwrap_or_default();
            Script { estate, building: None, unit: None, seed: None, anywhere: true, ..template.clone() }
        };
        self.scripts = if estates.is_empty() { Vec::new() } else { (0..issues).map(script).collect() };
        self.extensions.clear();
        self.deliberations.clear();
        self
    }

    /// When what happens, up to `now`. Issues at an end lie spread over two years, open ones near the present.
    pub fn courses(&self, rng: &mut StdRng, now: Timestamp) -> Vec<Course> {
        let mut courses: Vec<Course> = self.scripts.iter().map(|script| self.course(rng, script, now)).collect();
        for (at, script) in self.scripts.iter().enumerate() {
            let Some(main) = self.scripts.iter().position(|other| Some(&other.key) == script.dup_of.as_ref()) else {
                continue;
            };
            if let Some(window) = courses[main].handling_window() {
                let part = (window.end.duration_since(window.start) / 4).min(SignedDuration::from_hours(3));
                courses[at].moves =
                    vec![(window.start + part, Move::File), (window.start + part * 2, Move::Merge(main))];
            }
        }
        courses
    }

    fn course(&self, rng: &mut StdRng, script: &Script, now: Timestamp) -> Course {
        let extension = self.extensions.iter().find(|extension| extension.issue == script.key);
        let deliberation = self.deliberations.iter().find(|deliberation| deliberation.issue == script.key);
        let comments = &self.comments;
        let mut course = Writer { rng, script, extension, deliberation, comments, moves: Vec::new() }.write();
        course.move_to(rng, script, now);
        course
    }
}

impl Course {
    /// From the dispatch to the result.
    fn handling_window(&self) -> Option<Range<Timestamp>> {
        let start = self.moves.iter().find(|(_, what)| matches!(what, Move::Dispatch | Move::Meet(_)))?.0;
        let end = self
            .moves
            .iter()
            .find(|(_, what)| matches!(what, Move::Finish(_)))
            .map_or(start + SignedDuration::from_hours(24), |(at, _)| *at);
        Some(start..end)
    }

    /// Puts the whole course, by whole days, to where it belongs in time: what is at an end somewhere in the last two
    /// years, in a month that suits it; what is open so that its last move was a while ago.
    fn move_to(&mut self, rng: &mut StdRng, script: &Script, now: Timestamp) {
        let Some((first, last)) = self.moves.first().zip(self.moves.last()).map(|(first, last)| (first.0, last.0))
        else {
            return;
        };
        let quiet = match script.state {
            _ if script.overdue => 9 * 24,
            Fate::Suspended => 12 * 24,
            Fate::Dispatched | Fate::InProgress | Fate::Published | Fate::Surveyed => 4,
            Fate::Submitted | Fate::Accepted | Fate::Done => 1,
            _ => 3 * 24,
        };
        let days_until = |end: Timestamp, start: Timestamp| end.duration_since(start).as_hours().div_euclid(24);
        let mut latest = days_until(now - SignedDuration::from_hours(quiet), last);
        let mut earliest = days_until(now - SignedDuration::from_hours(24 * 729), first).min(latest);
        // The platform grew slowly: a few deliberations are of its first months, most of the last year and a half.
        if let Some(deliberation) = self.moves.iter().find_map(|(_, what)| what.deliberation()) {
            let then = earliest + 250;
            if deliberation.first_months { latest = latest.min(then) } else { earliest = then.min(latest) }
        }
        let moved = |at: Timestamp, days: i64| at + SignedDuration::from_hours(24 * days);
        let suits = |days: &i64| {
            let month = moved(first, *days).to_zoned_datetime(calendar::shanghai()).date().month();
            script.months.is_empty() || script.months.contains(&month)
        };
        let mut tries = (0..500).map(|_| rng.random_range(earliest..=latest));
        let days = if script.state.open() { latest } else { tries.find(suits).unwrap_or(latest) };
        for (at, what) in &mut self.moves {
            *at = moved(*at, days);
            if let Move::Convene(_, planned_at) = what {
                *planned_at = moved(*planned_at, days);
            }
        }
    }
}

impl Fate {
    fn open(self) -> bool {
        use Fate::*;
        matches!(self, Submitted | Accepted | Dispatched | InProgress | Suspended | Done | Published | Surveyed)
    }
}

/// Writes a course beginning on some day; [`Course::move_to`] moves it.
struct Writer<'a> {
    rng: &'a mut StdRng,
    script: &'a Script,
    extension: Option<&'a Extension>,
    deliberation: Option<&'a Deliberation>,
    comments: &'a [Comment],
    moves: Vec<(Timestamp, Move)>,
}

impl Writer<'_> {
    fn write(mut self) -> Course {
        // Unix time begins at eight in the morning in Shanghai; people report until seven in the evening.
        let filed = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.rng.random_range(0..660));
        self.moves.push((filed, Move::File));
        self.fate(filed);
        self.moves.sort_by_key(|(at, _)| *at);
        Course { moves: self.moves }
    }

    fn fate(&mut self, filed: Timestamp) {
        let script = self.script;
        let reason = || script.reason.clone().unwrap_or_default();
        let quick = matches!(script.tier, Tier::Sudden | Tier::Urgent);
        let read = self.after(filed, if quick { 4..20 } else { 20..220 }, !quick);
        match script.state {
            Fate::Submitted | Fate::Merged => return,
            Fate::Rejected => return self.moves.push((read, Move::Refuse(reason()))),
            Fate::Redirected => {
                let to = script.channel.clone().unwrap_or_default();
                return self.moves.push((read, Move::Redirect { to, reason: reason() }));
            }
            Fate::Withdrawn => {
                let later = self.after(read, 120..400, true);
                self.moves.push((read, Move::Accept));
                return self.moves.push((later, Move::Withdraw(reason())));
            }
            _ => self.moves.push((read, Move::Accept)),
        }
        let dispatched = match self.deliberation {
            Some(deliberation) => {
                let called = self.after(read, 30..240, true);
                let planned_at = half_past_nine(called + SignedDuration::from_hours(4 * 24));
                self.moves.push((called, Move::Convene(deliberation.clone(), planned_at)));
                if script.state != Fate::Accepted {
                    self.moves.push((planned_at, Move::Meet(deliberation.clone())));
                }
                planned_at + SignedDuration::from_hours(2)
            }
            None => self.after(read, if quick { 5..40 } else { 20..200 }, !quick),
        };
        if script.state == Fate::Accepted {
            return;
        }
        if self.deliberation.is_none() {
            self.moves.push((dispatched, Move::Dispatch));
        }
        if script.state == Fate::Dispatched {
            return;
        }
        let finish = script.result.as_deref().filter(|_| script.state != Fate::Suspended);
        let Some(done) = self.handle(dispatched, &script.handling, finish) else { return };
        if script.state == Fate::Done {
            return;
        }
        match &script.reopened {
            Some(again) => self.round_again(done, again),
            None => self.finally(done, script.publicity.as_deref().unwrap_or_default()),
        }
    }

    /// The handler's work from the dispatch on. Gives the moment of the result, if there is one.
    fn handle(&mut self, dispatched: Timestamp, handling: &[String], result: Option<&str>) -> Option<Timestamp> {
        let quick = matches!(self.script.tier, Tier::Sudden | Tier::Urgent);
        let whole = self.handling_minutes();
        let parts = handling.len() as i64 + 1;
        let mut work: Vec<(i64, Move)> = Vec::new();
        for (part, words) in (1..).zip(handling) {
            work.push((whole * part / parts, Move::Progress(words.clone())));
        }
        if let Some(extension) = self.extension.cloned().or_else(|| self.suspension()) {
            // Before the deadline, which is a week away for an ordinary issue and fifteen days for a hard one.
            let asked = if self.script.tier == Tier::Hard { 13_000 } else { 6_500 };
            work.push((asked, Move::Ask(extension.clone())));
            if extension.granted.is_some() {
                work.push((asked + self.rng.random_range(60..300), Move::Decide(extension)));
            }
        }
        work.sort_by_key(|(minutes, _)| *minutes);
        if let Some(result) = result {
            let last = work.last().map_or(0, |(minutes, _)| minutes + 30);
            work.push((whole.max(last), Move::Finish(result.to_owned())));
        }
        let mut free = dispatched;
        for (minutes, what) in work {
            let at = self.after(dispatched, exactly(minutes), !quick).max(free);
            free = at + SignedDuration::from_mins(10);
            self.moves.push((at, what));
        }
        result.and(self.moves.last().map(|(at, _)| *at))
    }

    /// What is put off with leave: the handler asks for two months, and the secretary says why that is right.
    fn suspension(&self) -> Option<Extension> {
        let reason = self.script.reason.clone().filter(|_| self.script.state == Fate::Suspended)?;
        let decision = "同意挂账，到期复核".to_owned();
        Some(Extension {
            issue: self.script.key.clone(),
            days: 60,
            reason,
            granted: Some(true),
            decision,
            suspends: true,
        })
    }

    /// How long the handler takes, in minutes from the dispatch.
    fn handling_minutes(&mut self) -> i64 {
        let late = self.script.late;
        let granted = self
            .extension
            .filter(|extension| extension.granted == Some(true))
            .map_or(0, |extension| extension.days * 1440);
        let range = match self.script.tier {
            Tier::Sudden => 40..100,
            Tier::Urgent => 180..1_200,
            Tier::Ordinary if late => 12_000..15_000,
            Tier::Ordinary => 1_500..8_000,
            Tier::Hard if late => 23_000..26_000,
            Tier::Hard => 11_000..19_000,
        };
        self.rng.random_range(range) + granted
    }

    /// The first result does not convince: the reporter says so, and the handler goes back.
    fn round_again(&mut self, done: Timestamp, again: &Reopened) {
        let published = self.after(done, 60..500, true);
        let asked = self.after(published, 1_400..4_000, true);
        self.moves.push((published, Move::Publish(self.script.result.clone().unwrap_or_default())));
        let rating = Rating { score: again.score, solved: again.solved, comment: again.comment.clone() };
        self.moves.push((asked, Move::Survey(rating)));
        let dispatched = self.after(asked, 30..200, true);
        self.moves.push((dispatched, Move::Dispatch));
        let Some(done) = self.handle(dispatched, &again.handling, again.result.as_deref()) else { return };
        let publicity = self.script.publicity.as_deref().unwrap_or_default();
        self.finally(done, publicity);
    }

    fn finally(&mut self, done: Timestamp, publicity: &str) {
        let published = self.after(done, 60..500, true);
        self.moves.push((published, Move::Publish(publicity.to_owned())));
        if self.script.state == Fate::Published {
            return;
        }
        let mut asked = self.after(published, 1_400..5_000, true);
        if self.rng.random_bool(0.04) {
            for _ in 0..3 {
                self.moves.push((asked, Move::NobodyHome));
                asked = self.after(asked, 900..1_500, true);
            }
        } else {
            let rating = self.good_rating();
            self.moves.push((asked, Move::Survey(rating)));
            if self.rng.random_bool(0.15) {
                let rating = self.good_rating();
                let at = self.after(asked, 5..30, false);
                self.moves.push((at, Move::Neighbour(rating)));
            }
        }
        if self.script.state == Fate::Surveyed {
            return;
        }
        let closed = self.after(asked, 300..2_000, true);
        self.moves.push((closed, Move::Close));
        let known = self.after(closed, 1_000..5_000, true);
        self.moves.push((known, Move::Acknowledge));
    }

    /// What those say who are content: most of them very.
    fn good_rating(&mut self) -> Rating {
        let content: Vec<&Comment> = self.comments.iter().filter(|comment| comment.score >= 3).collect();
        let comment = content.choose(self.rng);
        let (score, text) = comment.map_or((5, String::new()), |comment| (comment.score, comment.text.clone()));
        let solved = if score == 3 { Solved::Partly } else { Solved::Yes };
        let comment = if self.rng.random_bool(0.7) { text } else { String::new() };
        Rating { score, solved, comment }
    }

    /// Some minutes later; if somebody has to be at work for it, not in the evening or at night.
    fn after(&mut self, at: Timestamp, minutes: Range<i64>, at_work: bool) -> Timestamp {
        let at = at + SignedDuration::from_mins(self.rng.random_range(minutes));
        if at_work { in_hours(self.rng, at) } else { at }
    }
}

/// In the morning of the same day.
fn half_past_nine(at: Timestamp) -> Timestamp {
    let morning = at.to_zoned_datetime(calendar::shanghai()).date().at(9, 30, 0, 0);
    morning.to_zoned_datetime(calendar::shanghai()).map_or(at, |zoned| zoned.timestamp())
}

fn exactly(minutes: i64) -> Range<i64> {
    minutes..minutes + 1
}

/// The moment itself between half past eight and six, otherwise some time in the next morning hour.
fn in_hours(rng: &mut StdRng, at: Timestamp) -> Timestamp {
    let local = at.to_zoned_datetime(calendar::shanghai());
    let (opens, closes) = (Time::constant(8, 30, 0, 0), Time::constant(18, 0, 0, 0));
    if (opens..closes).contains(&local.time()) {
        return at;
    }
    let day = if local.time() < opens { local.date() } else { local.date().tomorrow().unwrap_or(local.date()) };
    let morning = opens + SignedDuration::from_mins(rng.random_range(0..60));
    day.to_datetime(morning).to_zoned_datetime(calendar::shanghai()).map_or(at, |zoned| zoned.timestamp())
}

fn ordinary() -> Tier {
    Tier::Ordinary
}

/// A choice that stands in the file as its code.
fn parsed<'de, D: serde::Deserializer<'de>, T: Coded>(deserializer: D) -> std::result::Result<T, D::Error> {
    let code = String::deserialize(deserializer)?;
    T::from_code(&code).ok_or_else(|| serde::de::Error::custom(format!("{code} is not known")))
}

trait Coded: Sized {
    fn from_code(code: &str) -> Option<Self>;
}

macro_rules! coded {
    ($($name:ty),+) => {$(
        impl Coded for $name {
            fn from_code(code: &str) -> Option<Self> { <$name>::parse(code) }
        }
    )+};
}
coded!(Category, Source, Remedy, Tier, Solved, Handler, Fate, TopicFate);

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn everything_has_happened_by_now_in_its_order() {
        let story = Story::demo().unwrap();
        for now in ["2026-11-23T09:00:00+08:00", "2027-01-01T00:05:00+08:00", "2028-02-29T18:01:00+08:00"] {
            let now: Timestamp = now.parse().unwrap();
            let courses = story.courses(&mut StdRng::seed_from_u64(1), now);
            for (script, course) in story.scripts.iter().zip(&courses) {
                let times: Vec<Timestamp> = course.moves.iter().map(|(at, _)| *at).collect();
                assert!(times.is_sorted() && times.iter().all(|at| *at < now), "{}", script.key);
                assert!(times[0] > now - SignedDuration::from_hours(24 * 731), "{}", script.key);
                assert!(matches!(course.moves[0].1, Move::File), "{}", script.key);
            }
        }
    }

    #[test]
    fn every_reference_in_the_file_leads_to_an_issue() {
        let story = Story::demo().unwrap();
        let known = |key: &String| story.scripts.iter().any(|script| &script.key == key);
        assert!(story.scripts.iter().filter_map(|script| script.dup_of.as_ref()).all(known));
        assert!(story.extensions.iter().all(|extension| known(&extension.issue)));
        for case in ["sewer", "medical", "lift_power", "parking"] {
            let script = story.scripts.iter().find(|script| script.seed.as_deref() == Some(case)).unwrap();
            assert_eq!(script.state, Fate::Closed, "the page tells how it ended");
        }
    }
}
