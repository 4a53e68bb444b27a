//! What to arrange next, so that every school gets its class-hours.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::a_day;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::balance::{Half, NOON, Need};
use crate::lecture::model::grade;
use crate::lecture::next::{self, Next};
use crate::web::{Form, Shell, page, page_again};

pub fn routes() -> Routes {
    Routes::default().get("/lecture-balance", Permission::LectureRead, show)
}

#[derive(Deserialize)]
struct Until {
    last: Option<String>,
}

/// A suggestion in words, and the form in which it is filled in.
struct Shown {
    day: String,
    school: String,
    words: String,
    href: String,
}

#[derive(Template)]
#[template(path = "lecture/web/balance.html")]
struct BalancePage {
    shell: Shell,
    form: Form,
    shown: Vec<Shown>,
    /// Schools that are owed nothing any more, by anybody.
    met: usize,
    /// Visits that only a 法治副校长 can make.
    own: i64,
    schools: usize,
    owed: i64,
    lessons: i64,
    last: String,
    shortage: Option<Short>,
    unplaced: i64,
    may_arrange: bool,
    /// It was reckoned.
    found: bool,
}

/// What is not met, in words.
struct Short {
    head: &'static str,
    words: String,
}

fn half(half: Half) -> &'static str {
    match half {
        Half::Morning => "上午",
        Half::Afternoon => "下午",
    }
}

fn shown(next: &Next) -> Vec<Shown> {
    let mut shown = Vec::new();
    for one in &next.balance.suggestions {
        let (Some(need), Some(lecturer)) = (next.needs.get(one.school), next.lecturers.get(one.lecturer)) else {
            continue;
        };
        let topic = next.topics.iter().find(|topic| topic.id == one.topic).map_or("", |topic| topic.name.as_str());
        let (day, when) = one.slot;
        let own = if need.only.is_some() { "（法治副校长，要本人去）" } else { "" };
        shown.push(Shown {
            day: format!("{day} {}", half(when)),
            school: need.name.clone(),
            words: format!("{}{own}给{}讲{topic}，路上 {} 分钟", lecturer.name, grade(one.grade), need.travel_minutes),
            href: format!(
                "/lectures/new?school={}&day={day}&lecturer={}&topic={}&grade={}",
                need.school, lecturer.id, one.topic, one.grade
            ),
        });
    }
    shown
}

/// A school, or whose visits there have to be a lecturer's own.
fn called(next: &Next, need: &Need) -> String {
    let Some(only) = need.only else { return need.name.clone() };
    match next.lecturers.iter().find(|one| one.id == only) {
        Some(one) => format!("{}（{}本人）", need.name, one.name),
        None => format!("{}（已经不讲课的法治副校长本人）", need.name),
    }
}

/// The cut, in sentences, with what it takes for granted.
fn shortage(next: &Next) -> Option<Short> {
    let short = next.balance.shortage.as_ref()?;
    let needs: Vec<_> = short.schools.iter().filter_map(|at| next.needs.get(*at)).collect();
    let names: Vec<String> = needs.iter().map(|need| called(next, need)).collect();
    let unknown: BTreeSet<Uuid> =
        needs.iter().map(|need| need.school).filter(|school| next.unknown.contains(school)).collect();
    let (head, mend) = match unknown.len() {
        0 => ("排不满", "要加讲师、续查询、放宽日子，或者给讲师加年级和主题。".to_owned()),
        unknown => ("可能排不满", format!("其中 {unknown} 所学校有些日子上不上课还没有登记，先登记学期再算。")),
    };
    let words = format!(
        "到 {} 为止，{}一共还差 {} 次课；它们上课的半天里，讲得了这些年级、从业查询有效、没有别的课的讲师一共只有 {} 个半天，一个半天去一次，至少有 {} 次排不上。{mend}",
        next.days.1,
        names.join("、"),
        short.owed,
        short.possible,
        short.owed - short.possible
    );
    Some(Short { head, words })
}

impl BalancePage {
    fn noon(&self) -> i64 {
        NOON
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(until): Query<Until>) -> Result<Response> {
    let last = until.last.as_deref().and_then(a_day);
    let next = next::next(&mut app.db.read().await?, viewer.tenant, app.means.now(), last).await;
    let mut form = Form::filled(&[("last", until.last.as_deref().unwrap_or_default())]);
    let may_arrange = viewer.may(Permission::LectureArrange);
    let Some(next) = form.noted("last", next)? else {
        let (shown, last) = (Vec::new(), String::new());
        let (met, own, schools, owed, lessons, unplaced) = (0, 0, 0, 0, 0, 0);
        return page_again(&BalancePage {
            shell,
            form,
            shown,
            met,
            own,
            schools,
            owed,
            lessons,
            last,
            shortage: None,
            unplaced,
            may_arrange,
            found: false,
        });
    };
    let last = next.days.1.to_string();
    form.set("last", last.as_str());
    let schools: BTreeSet<Uuid> = next.needs.iter().map(|need| need.school).collect();
    let owed: BTreeSet<Uuid> = next.needs.iter().filter(|need| need.visits > 0).map(|need| need.school).collect();
    page(&BalancePage {
        shell,
        form,
        shown: shown(&next),
        met: schools.len() - owed.len(),
        own: next.needs.iter().filter(|need| need.only.is_some()).map(|need| need.visits).sum(),
        schools: schools.len(),
        owed: next.owed,
        lessons: next.lessons,
        last,
        shortage: shortage(&next),
        unplaced: next.balance.unplaced,
        may_arrange,
        found: true,
    })
}
