//! The roll: who comes, as they say themselves by the link in the notice, and who came, as staff write it down, at the meeting
//! or from the sheet that was signed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::page::{Somebody, change, done, people};
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::meeting::attendance::{self, Marked, RollCall};
use crate::meeting::model::{Excuse, Mark, Way};
use crate::meeting::store::{self, Meeting};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/meetings/{id}/roll", Permission::MeetingHold, show)
        .post("/meetings/{id}/roll", Permission::MeetingHold, save)
        .get("/notices/{link}", Need::Public, show_notice)
        .post("/notices/{link}", Need::Public, reply)
}

/// What the link in a notice to members is for.
pub(super) const NOTICE: &str = "meeting notice";

#[derive(Template)]
#[template(path = "meeting/web/roll.html")]
struct RollPage {
    shell: Shell,
    meeting: Meeting,
    people: Vec<Somebody>,
    form: Form,
}

impl RollPage {
    fn marks(&self) -> &'static [Mark] {
        Mark::ALL
    }

    fn ways(&self) -> Vec<(&'static str, &'static str)> {
        vec![(Way::Staff.code(), "当面点名"), (Way::Paper.code(), "照签好的纸质签到表补录")]
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    let mut people = people(&mut tx, &app, viewer.tenant, id).await?;
    // In the order of the sheet, so that one can go down both.
    people.sort_by_key(|(attendance, _)| attendance.id);
    let form = Form::filled(&[("way", Way::Staff.code())]);
    page(&RollPage { shell, meeting, people, form })
}

/// Takes the marks of the whole roll, or of one person from the page of the meeting: `mark-{attendance}`.
async fn save(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let way = Way::parse(form.value("way")).unwrap_or(Way::Staff);
    let (mut tx, act, meeting) = change(&app, &viewer, id).await?;
    let mut marks = Vec::new();
    for attendance in store::attendances(&mut tx, viewer.tenant, id).await? {
        let sent = |name| Mark::parse(form.value(&format!("{name}-{}", attendance.id)));
        let (seen, asked) = (sent("seen"), !form.value(&format!("asked-{}", attendance.id)).is_empty());
        marks.extend(sent("mark").map(|mark| Marked { attendance: attendance.id, seen, asked, mark }));
    }
    let RollCall { changed, moved } = attendance::call_roll(&mut tx, &act, &meeting, way, &marks).await?;
    let mut flash = match (changed, marks.as_slice()) {
        (0, _) => "没有要改的".to_owned(),
        (_, [Marked { mark: Mark::There, .. }]) => "已到会".to_owned(),
        (_, [Marked { mark: Mark::Left, .. }]) => "已记早退".to_owned(),
        (_, [Marked { mark: Mark::Absent, .. }]) => "已改为没到".to_owned(),
        (_, [Marked { mark: excused, .. }]) => format!("已登记请{excused}"),
        (changed, _) => format!("点名已记下，改了 {changed} 人"),
    };
    if !moved.is_empty() {
        let people = people(&mut tx, &app, viewer.tenant, id).await?;
        let moved = people.iter().filter(|(attendance, _)| moved.contains(&attendance.id));
        let names: Vec<&str> = moved.map(|(_, name)| name.as_str()).collect();
        flash = format!("{flash}。{}刚刚自己签到或已被改过，没有动，请再看一下", names.join("、"));
    }
    done(tx, id, &flash).await
}

#[derive(Template)]
#[template(path = "meeting/web/notice.html")]
struct NoticePage {
    shell: Shell,
    action: String,
    meeting: Meeting,
    form: Form,
}

impl NoticePage {
    fn replies(&self) -> Vec<(&'static str, &'static str)> {
        let leave = Excuse::ALL.iter().map(|excuse| match excuse {
            Excuse::Private => (excuse.code(), "要请事假"),
            Excuse::Sick => (excuse.code(), "要请病假"),
            Excuse::Official => (excuse.code(), "要请公假"),
        });
        [("coming", "收到，会到")].into_iter().chain(leave).collect()
    }
}

/// What is on the agenda of members stays among them: the link says when and where, not what about.
async fn notice_page(tx: &mut Tx, app: &App, shell: Shell, link: &str, form: Form) -> Result<(Link, NoticePage)> {
    let parsed: Link = link.parse().map_err(|()| Error::NotFound)?;
    if !parsed.is_signed(NOTICE, &app.means.keys) {
        return Err(Error::NotFound);
    }
    let tenant = access::tenant(tx, parsed.tenant).await?;
    let meeting = store::meeting(tx, parsed.tenant, parsed.id).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    Ok((parsed, NoticePage { shell, action: format!("/notices/{link}"), meeting, form }))
}

async fn show_notice(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    page(&notice_page(&mut tx, &app, shell, &link, Form::default()).await?.1)
}

async fn reply(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let name = form.person_name("name");
    let said = form.choice("reply", "来不来", |code| match code {
        "coming" => Some(None),
        code => Excuse::parse(code).map(Some),
    });
    let mut tx = app.db.read().await?;
    let (parsed, mut shown) = notice_page(&mut tx, &app, shell, &link, form).await?;
    drop(tx);
    let (Some(name), Some(asked)) = (name, said) else { return page_again(&shown) };
    app.sign_ins.check(address)?;
    let act = Act::resident(parsed.tenant, &app.means);
    let mut tx = app.db.begin().await?;
    let meeting = store::meeting(&mut tx, parsed.tenant, parsed.id).await?;
    match attendance::reply(&mut tx, &act, &meeting, &name, asked).await {
        Err(Error::Refused(sentence)) => {
            shown.form.fail("name", sentence);
            return page_again(&shown);
        }
        other => other?,
    }
    tx.commit().await?;
    let flash = if asked.is_some() {
        "请假已转给会议召集人，批了才算"
    } else {
        "收到您的回复，到时候见"
    };
    Ok(redirect(&shown.action, flash))
}
