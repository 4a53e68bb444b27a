//! What to arrange next, so that every school gets its class-hours.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::a_day;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::grade;
use crate::lecture::next::{self, Next};
use crate::web::{Form, Shell, page};

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
    shortage: Option<String>,
    may_arrange: bool,
}

fn shown(next: &Next) -> Vec<Shown> {
    let mut shown = Vec::new();
    for one in &next.balance.suggestions {
        let (Some(need), Some(lecturer)) = (next.needs.get(one.school), next.lecturers.get(one.lecturer)) else { continue };
        let topic = next.topics.iter().find(|topic| topic.id == one.topic).map_or("", |topic| topic.name.as_str());
        shown.push(Shown {
            day: one.day.to_string(),
            school: need.name.clone(),
            words: format!("{}给{}讲{topic}，路上 {} 分钟", lecturer.name, grade(one.grade), need.travel_minutes),
            href: format!("/lectures/new?school={}&day={}&lecturer={}&topic={}", need.school, one.day, lecturer.id, one.topic),
        });
    }
    shown
}

/// The cut, in a sentence.
fn shortage(next: &Next) -> Option<String> {
    let short = next.balance.shortage.as_ref()?;
    let names: Vec<&str> = short.schools.iter().filter_map(|at| next.needs.get(*at)).map(|need| need.name.as_str()).collect();
    Some(format!(
        "{}一共还差 {} 次课，而在它们上课的日子里，讲得了这些年级和主题、从业查询有效、当天有空的讲师最多能去 {} 次。要加讲师、放宽日子，或者先登记学期。",
        names.join("、"),
        short.owed,
        short.possible
    ))
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(until): Query<Until>) -> Result<Response> {
    let last = until.last.as_deref().and_then(a_day);
    let next = next::next(&mut app.db.read().await?, viewer.tenant, app.means.now(), last).await?;
    let last = next.days.1.to_string();
    page(&BalancePage {
        shell,
        form: Form::filled(&[("last", &last)]),
        shown: shown(&next),
        met: next.needs.iter().filter(|need| need.visits == 0).count(),
        schools: next.needs.len(),
        owed: next.owed,
        shortage: shortage(&next),
        may_arrange: viewer.may(Permission::LectureArrange),
    })
}
