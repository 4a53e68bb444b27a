//! What could not be done in the background, for whoever runs the program to see, and to have tried again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::store::{self, Parked};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, Todo, page, redirect, show};

pub fn routes() -> Routes {
    use Permission::OutboxManage;
    Routes::default().get("/outbox", OutboxManage, list).post("/outbox/{id}/retry", OutboxManage, retry)
}

/// What each topic is about. What is not here is shown as it stands.
const TOPICS: [(&str, &str); 13] = [
    ("registry.import", "导入登记表"),
    ("registry.erased", "删除个人信息以后的清理"),
    ("registry.merged", "合并登记以后的跟进"),
    ("volunteer.erased", "删除志愿者信息以后的清理"),
    ("issue.due", "办理时限提醒"),
    ("whistle.letter", "吹哨报到的消息"),
    ("issue.stepped", "把诉求的进展告诉别的程序"),
    ("lecture.material", "把普法材料送给社区"),
    ("lecture.withdrawn", "告诉社区材料停用了"),
    ("board.posted", "把公示告诉别的程序"),
    ("duty.called", "叫备勤顶岗"),
    ("duty.plan", "告诉学校护学岗有变动"),
    ("duty.cancelled", "告诉站岗的人班取消了"),
];

impl Parked {
    fn what(&self) -> &str {
        TOPICS.iter().find(|(topic, _)| *topic == self.topic).map_or(self.topic.as_str(), |(_, words)| words)
    }
}

#[derive(Template)]
#[template(path = "outbox/list.html")]
struct ListPage {
    shell: Shell,
    parked: Vec<Parked>,
    attempts: i64,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let parked = store::parked(&mut app.db.read().await?, viewer.tenant).await?;
    page(&ListPage { shell, parked, attempts: store::ATTEMPTS })
}

async fn retry(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::OutboxManage)?;
    let mut tx = app.db.begin().await?;
    if !store::unpark(&mut tx, viewer.tenant, id, act.at).await? {
        return Err(Error::NotFound);
    }
    audit::record(&mut tx, &act, "resend", ("outbox_message", id), "", &[]).await?;
    tx.commit().await?;
    Ok(redirect("/outbox", "正在重试。过一会儿刷新这一页，没有再出现就是做成了"))
}

/// Something was given up, and nobody has had it tried again.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::OutboxManage) {
        return Ok(Vec::new());
    }
    let parked = store::parked(tx, viewer.tenant).await?;
    let Some(oldest) = parked.last() else { return Ok(Vec::new()) };
    Ok(vec![Todo {
        verb: "重试",
        title: format!("{} 件后台的事没有做成", parked.len()),
        detail: oldest.what().to_owned(),
        href: "/outbox".to_owned(),
        due: oldest.done_at,
        deadline: show::deadline(oldest.done_at, now, true),
    }])
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_handled_has_a_name_in_words() {
        for topic in crate::app::handlers().keys() {
            assert!(super::TOPICS.iter().any(|(known, _)| known == topic), "{topic}");
        }
    }
}
