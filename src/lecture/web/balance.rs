//! What to arrange next, so that every school gets its class-hours.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::a_day;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::balance::{Half, NOON};
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
    /// Schools that are owed nothing any more.
    met: usize,
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
        shown.push(Shown {
            day: format!("{day} {}", half(when)),
            school: need.name.clone(),
            words: format!("{}给{}讲{topic}，路上 {} 分钟", lecturer.name, grade(one.grade), need.travel_minutes),
            href: format!(
                "/lectures/new?school={}&day={day}&lecturer={}&topic={}&grade={}",
                need.school, lecturer.id, one.topic, one.grade
            ),
        });
    }
    shown
}

/// The cut, in sentences, with what it takes for granted.
fn shortage(next: &Next) -> Option<Short> {
    let short = next.balance.shortage.as_ref()?;
    let needs: Vec<_> = short.schools.iter().filter_map(|at| next.needs.get(*at)).collect();
    let names: Vec<&str> = needs.iter().map(|need| need.name.as_str()).collect();
    let unknown = needs.iter().filter(|need| next.unknown.contains(&need.school)).count();
    let (head, mend) = match unknown {
        0 => ("排不满", "要加讲师、续查询、放宽日子，或者给讲师加年级和主题。".to_owned()),
        _ => ("可能排不满", format!("其中 {unknown} 所学校有些日子上不上课还没有登记，先登记学期再算。")),
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
        let (met, schools, owed, lessons, unplaced) = (0, 0, 0, 0, 0);
        return page_again(&BalancePage {
            shell,
            form,
            shown,
            met,
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
    page(&BalancePage {
        shell,
        form,
        shown: shown(&next),
        met: next.needs.iter().filter(|need| need.visits == 0).count(),
        schools: next.needs.len(),
        owed: next.owed,
        lessons: next.lessons,
        last,
        shortage: shortage(&next),
        unplaced: next.balance.unplaced,
        may_arrange,
        found: true,
    })
}
