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

/// The names of settings and of the numbers in them, and the words among the values. What is not here is shown as it stands.
const WORDS: &[(&str, &str)] = &[
    ("access.sessions", "登录与锁定"),
    ("idle_minutes", "空闲多少分钟后要重新登录"),
    ("administrator_idle_minutes", "管理员空闲多少分钟后要重新登录"),
    ("password_hours", "密码登录一次管多少小时"),
    ("device_days", "手机启用一次管多少天"),
    ("invitation_hours", "邀请码多少小时内有效"),
    ("failures", "连续输错几次锁定"),
    ("lock_minutes", "锁定多少分钟"),
    ("issue.tiers", "诉求分级的时限"),
    ("sudden", "突发"),
    ("urgent", "紧急民生"),
    ("ordinary", "一般"),
    ("hard", "疑难"),
    ("dispatch_minutes", "多少分钟内派单"),
    ("feedback_minutes", "多少分钟内反馈"),
    ("clock", "时间怎么算"),
    ("natural", "自然日"),
    ("working", "工作日"),
    ("issue.steps", "诉求各环节的时限"),
    ("accept_minutes", "多少分钟内受理"),
    ("publish_minutes", "办结后多少分钟内公示"),
    ("survey_minutes", "公示后多少分钟内测评"),
    ("close_minutes", "测评后多少分钟内销号"),
    ("acknowledge_minutes", "销号后多少分钟内反馈支部"),
    ("publicity_days", "公示多少天"),
    ("contact_attempts", "联系不上要试几次"),
    ("soon_percent", "时限过去百分之几算快到期"),
    ("registry.import", "导入居民信息登记表"),
    ("rows_per_step", "每一步写入多少行"),
    ("keep_rows_days", "原始行保留多少天"),
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
        let mut numbers = Vec::new();
        flatten("", &setting.value.0, &mut numbers);
        let Listed { name, source, effective_from, .. } = setting;
        Shown { name: words(&name).to_owned(), numbers, source, effective_from }
    }
}

/// Puts nested groups of numbers in one list, each under the names that lead to it.
fn flatten(path: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = words(name);
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}：{name}") };
                flatten(&path, member, into);
            }
        }
        Value::String(text) => into.push((path.to_owned(), words(text).to_owned())),
        other => into.push((path.to_owned(), other.to_string())),
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
            let mut numbers = Vec::new();
            flatten("", &default.value, &mut numbers);
            for (name, value) in numbers {
                assert!(!name.contains(|c: char| c.is_ascii_alphabetic()), "{name}");
                assert!(!value.contains(|c: char| c.is_ascii_alphabetic()), "{name}: {value}");
            }
        }
    }
}
