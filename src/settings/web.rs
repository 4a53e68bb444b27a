use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::{Listed, list};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/settings", Permission::SettingRead, show)
}

/// The names of settings and of the numbers in them, in the order in which they are read, and the words among the values.
/// What is not here is shown as it stands.
const WORDS: &[(&str, &str)] = &[
    ("access.sessions", "登录与锁定"),
    ("idle_minutes", "空闲多久要重新登录"),
    ("administrator_idle_minutes", "管理员空闲多久要重新登录"),
    ("password_hours", "密码登录一次管多久"),
    ("device_days", "手机启用一次管多久"),
    ("invitation_hours", "邀请码多久内有效"),
    ("failures", "连续输错几次锁定"),
    ("lock_minutes", "锁定多久"),
    ("password_days", "密码用多久要换"),
    ("history", "不能再用最近几个密码"),
    ("issue.tiers", "诉求分级的时限"),
    ("sudden", "突发"),
    ("urgent", "紧急民生"),
    ("ordinary", "一般"),
    ("hard", "疑难"),
    ("dispatch_minutes", "多久内派单"),
    ("feedback_minutes", "多久内反馈"),
    ("clock", "时间怎么算"),
    ("natural", "自然日"),
    ("working", "工作日"),
    ("issue.steps", "诉求各环节的时限"),
    ("accept_minutes", "多久内受理"),
    ("publish_minutes", "办结后多久内公示"),
    ("survey_minutes", "公示后多久内测评"),
    ("close_minutes", "测评后多久内销号"),
    ("acknowledge_minutes", "销号后多久内反馈支部"),
    ("publicity_days", "公示多久"),
    ("contact_attempts", "联系不上要试几次"),
    ("extension_days", "一次最多延期（天）"),
    ("soon_percent", "时限过去多少算快到期"),
    ("registry.import", "导入居民信息登记表"),
    ("rows_per_step", "每一步写入多少行"),
    ("keep_rows_days", "原始行保留多久"),
];

fn words(code: &str) -> &str {
    WORDS.iter().find(|(known, _)| *known == code).map_or(code, |(_, words)| words)
}

/// A setting in words.
struct Shown {
    name: String,
    numbers: Vec<(String, String)>,
    source: String,
    effective_from: String,
}

impl Shown {
    fn of(setting: Listed) -> Shown {
        let Listed { name, value, source, effective_from, .. } = setting;
        Shown { name: words(&name).to_owned(), numbers: numbers("", &value.0), source, effective_from }
    }
}

/// The numbers of a group and of the groups within it, each under the names that lead to it.
fn numbers(path: &str, group: &Value) -> Vec<(String, String)> {
    let mut members: Vec<(&String, &Value)> = group.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(code, _)| WORDS.iter().position(|(known, _)| known == code));
    let shown = members.into_iter().flat_map(|(code, value)| {
        let name = format!("{path}{}", words(code));
        if value.is_object() { numbers(&format!("{name}："), value) } else { vec![(name, number(code, value))] }
    });
    shown.collect()
}

/// A number with its unit, which is the end of its code.
fn number(code: &str, value: &Value) -> String {
    let unit = code.rsplit('_').next().unwrap_or_default();
    match (unit, value) {
        ("minutes", Value::Number(minutes)) => duration(minutes.as_i64().unwrap_or_default()),
        ("hours", hours) => format!("{hours} 小时"),
        ("days", days) => format!("{days} 天"),
        ("percent", percent) => format!("{percent}%"),
        (_, Value::String(code)) => words(code).to_owned(),
        (_, other) => other.to_string(),
    }
}

fn duration(minutes: i64) -> String {
    match (minutes % 1440, minutes % 60) {
        (0, _) => format!("{} 天", minutes / 1440),
        (_, 0) => format!("{} 小时", minutes / 60),
        _ => format!("{minutes} 分钟"),
    }
}

#[derive(Template)]
#[template(path = "settings/settings.html")]
struct SettingsPage {
    shell: Shell,
    settings: Vec<Shown>,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let settings = list(&mut app.db.read().await?, viewer.tenant).await?;
    page(&SettingsPage { shell, settings: settings.into_iter().map(Shown::of).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Defaults;

    #[test]
    fn every_default_is_named_in_words() {
        let defaults: Defaults = toml::from_str(include_str!("defaults.toml")).unwrap();
        for default in defaults.setting {
            assert_ne!(words(&default.name), default.name);
            for (name, number) in numbers("", &default.value) {
                assert!(!name.contains(|c: char| c.is_ascii_alphabetic()), "{name}");
                assert!(!number.contains(|c: char| c.is_ascii_alphabetic()), "{name}: {number}");
            }
        }
    }

    #[test]
    fn durations_are_in_the_largest_unit_that_fits() {
        assert_eq!([90, 120, 21_600].map(duration), ["90 分钟", "2 小时", "15 天"]);
    }
}
