//! One meeting, from its agenda to its minutes, as those who hold it see it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::agenda::motions;
use super::desk::{Offer, offers, read_plan, read_room, rooms};
use super::roll::NOTICE;
use crate::access::{Act, Link, Permission, Routes, Viewer};
use crate::app::App;
use crate::channel::{self, Delivery};
use crate::error::Result;
use crate::issue::personal_data_in;
use crate::meeting::model::{Joint, Kind, Mark, Outcome, Side, SignIn, State as Stage};
use crate::meeting::preparation;
use crate::meeting::room;
use crate::meeting::rule::{Counted, Motion};
use crate::meeting::session;
use crate::meeting::store::{self, Attendance, Heads, Item, Meeting, Opinion};
use crate::meeting::{Person, attendance, telling};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{MeetingHold, MeetingRead};
    Routes::default()
        .get("/meetings/{id}", MeetingRead, show)
        .post("/meetings/{id}/plan", MeetingHold, replan)
        .post("/meetings/{id}/notice", MeetingHold, announce)
        .post("/meetings/{id}/session", MeetingHold, begin)
        .post("/meetings/{id}/end", MeetingHold, end)
        .post("/meetings/{id}/cancellation", MeetingHold, cancel)
        .post("/meetings/{id}/attendances", MeetingHold, attend)
}

/// Somebody at the meeting, with the name that staff see.
pub(super) type Somebody = (Attendance, String);

#[derive(Template)]
#[template(path = "meeting/web/show.html")]
struct ShowPage {
    shell: Shell,
    meeting: Meeting,
    items: Vec<Item>,
    offers: Vec<Offer>,
    heads: Heads,
    people: Vec<Somebody>,
    opinions: Vec<Opinion>,
    /// Where the notice went by itself, or would go now.
    told: Vec<Delivery>,
    asleep: bool,
    ways: Vec<String>,
    /// By which rules its items are voted on, whatever asks for most people first.
    rules: Vec<(Motion, Counted)>,
    motions: Vec<(&'static str, &'static str)>,
    sign_in: SignIn,
    /// Who should come to a meeting with the property company and has not.
    missing: Vec<Side>,
    /// Why the notice would be short.
    warning: Option<String>,
    pending: usize,
    may_hold: bool,
    rooms: Vec<(String, String)>,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    /// So many have to come for everything on the agenda.
    fn quorum(&self) -> i64 {
        self.rules.first().map_or(0, |(_, rule)| rule.quorum(&self.heads))
    }

    /// Whether so many are there.
    fn has_quorum(&self) -> bool {
        self.rules.iter().all(|(_, rule)| rule.has_quorum(&self.heads))
    }

    /// So many would have been enough for something.
    fn least_quorum(&self) -> i64 {
        self.rules.last().map_or(0, |(_, rule)| rule.quorum(&self.heads))
    }

    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn sides(&self) -> Vec<(&'static str, &'static str)> {
        sides()
    }

    fn topic_hint(&self) -> &'static str {
        match self.meeting.kind.private() {
            true => "写进会议记录，不公开。",
            false => "居民看得到，不写姓名、门牌、电话。",
        }
    }

    fn notice_hint(&self) -> &'static str {
        match self.meeting.kind.private() {
            true => "这段文字您可以复制到党员微信群。不登公示栏。",
            false => "发出后登在小区公示栏，这段文字您可以复制到微信群。",
        }
    }

    /// What can be noted about somebody with one tap.
    fn changes(&self, attendance: &Attendance) -> Vec<(Mark, String)> {
        if let Some(asked) = attendance.asked {
            return vec![(asked.into(), format!("准{asked}")), (Mark::Absent, "不准".to_owned())];
        }
        let of_roll = attendance.member_id.is_some();
        let all: &[(Mark, &str)] = match attendance.mark() {
            Mark::There if self.meeting.state == Stage::InSession => {
                &[(Mark::Left, "早退了"), (Mark::Absent, "记错了，没到")]
            }
            Mark::There => &[(Mark::Absent, "记错了，没到")],
            Mark::Left => &[(Mark::There, "又回来了")],
            Mark::Absent if of_roll && attendance.expected => {
                &[(Mark::There, "到了"), (Mark::Private, "事假"), (Mark::Sick, "病假"), (Mark::Official, "公假")]
            }
            Mark::Absent => &[(Mark::There, "到了")],
            Mark::Private | Mark::Sick | Mark::Official => &[(Mark::There, "到了"), (Mark::Absent, "取消请假")],
        };
        all.iter().map(|(mark, label)| (*mark, (*label).to_owned())).collect()
    }

    fn said(&self, item: &Uuid) -> usize {
        self.opinions.iter().filter(|opinion| opinion.item_id == Some(*item)).count()
    }

    fn title_of(&self, item: &Option<Uuid>) -> Option<&str> {
        self.items.iter().find(|known| Some(known.id) == *item).map(|item| item.title.as_str())
    }
}

pub(super) fn sides() -> Vec<(&'static str, &'static str)> {
    // Owners are those of a 物管会, who are on its roll.
    Side::ALL.iter().filter(|side| **side != Side::Owner).map(|side| (side.code(), side.label())).collect()
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    failed: Option<(&'static str, Form)>,
) -> Result<ShowPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, viewer, id, Permission::MeetingRead).await?;
    let items = store::items(&mut tx, viewer.tenant, id).await?;
    let may_hold = viewer.may(Permission::MeetingHold);
    let offers = if may_hold && meeting.state.open() {
        offers(preparation::proposals(&mut tx, viewer.tenant, meeting.circle(), meeting.kind, now).await?)
    } else {
        Vec::new()
    };
    let rules = preparation::rules(&mut tx, viewer.tenant, now).await?;
    let heads = store::heads(&mut tx, viewer.tenant, id).await?;
    let voted_on = preparation::rules_of(&mut tx, viewer.tenant, &meeting, &items, &heads).await?;
    let formal: Vec<Motion> = voted_on.iter().map(|(motion, _)| *motion).filter(|motion| motion.formal()).collect();
    let people = people(&mut tx, app, viewer.tenant, id).await?;
    let missing = match meeting.kind {
        Kind::Joint => {
            let joint: Joint = settings::read(&mut tx, viewer.tenant, meeting.planned_at).await?;
            let came = people.iter().filter(|(attendance, _)| attendance.arrived_at.is_some());
            joint.missing(&came.map(|(attendance, _)| attendance.side).collect::<Vec<Side>>())
        }
        _ => Vec::new(),
    };
    let opinions = store::opinions(&mut tx, viewer.tenant, id).await?;
    let told = channel::of_subject(&mut tx, viewer.tenant, id).await?;
    let asleep = channel::asleep(&mut tx, viewer.tenant, now).await?;
    let ways = telling::ways(&mut tx, viewer.tenant, &meeting).await?;
    let (failed, mut form) = failed.unwrap_or_default();
    if matches!(meeting.state, Stage::Draft | Stage::Announced) && failed != "plan" {
        let at = meeting.planned_at.to_zoned_datetime(calendar::shanghai());
        form.set("day", at.strftime("%Y-%m-%d").to_string());
        form.set("time", at.strftime("%H:%M").to_string());
        form.set("place", meeting.place.as_str());
        form.set("host", meeting.host.as_str());
        form.set("recorder", meeting.recorder.as_str());
        if let Some(room) = room::of_meeting(&mut tx, viewer.tenant, id).await? {
            form.set("venue", room.venue.to_string());
            form.set("minutes", room.minutes.to_string());
        }
    }
    let rooms = rooms(&mut tx, viewer.tenant, Some(meeting.estate_id)).await?;
    if meeting.state == Stage::Draft && form.value("notice").is_empty() {
        form.set(
            "notice",
            preparation::notice(&mut tx, viewer.tenant, &meeting, &link_of(app, viewer, &meeting)).await?,
        );
    }
    Ok(ShowPage {
        warning: preparation::short_notice(&meeting, &formal, &rules, now),
        motions: motions(meeting.kind, None),
        pending: items.iter().filter(|item| item.outcome == Outcome::Pending).count(),
        shell,
        meeting,
        items,
        offers,
        heads,
        people,
        opinions,
        told,
        asleep,
        ways,
        rules: voted_on,
        missing,
        sign_in: settings::read(&mut tx, viewer.tenant, now).await?,
        may_hold,
        rooms,
        form,
        failed,
    })
}

/// Where those who are called answer: members by a link of the notice, residents on the board.
fn link_of(app: &App, viewer: &Viewer, meeting: &Meeting) -> String {
    let id = meeting.id;
    if meeting.kind.by_roll() {
        return app.link(&format!("/notices/{}", Link::signed(viewer.tenant, id, NOTICE, &app.means.keys)));
    }
    app.link(&format!("/board/{}/meetings/{id}", viewer.tenant_code))
}

/// Everybody who enrolled or came, those who are there first.
pub(super) async fn people(tx: &mut Tx, app: &App, tenant: Uuid, meeting: Uuid) -> Result<Vec<Somebody>> {
    let act = Act::system(tenant, &app.means);
    let named = |attendance: Attendance| Ok((attendance.clone(), attendance::person(&act, &attendance)?.name));
    let people: Result<Vec<Somebody>> = store::attendances(tx, tenant, meeting).await?.into_iter().map(named).collect();
    let mut people = people?;
    people.sort_by_key(|(attendance, _)| (attendance.arrived_at.is_none(), !attendance.expected));
    Ok(people)
}

/// The page again, with what was sent and is wrong in one of its forms.
pub(super) async fn page_with(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    failed: (&'static str, Form),
) -> Result<Response> {
    page_again(&show_page(app, viewer, shell, id, Some(failed)).await?)
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, None).await?)
}

/// Begins the transaction of a change, with the meeting if it is within reach.
pub(super) async fn change(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Meeting)> {
    let act = app.act(viewer, Permission::MeetingHold)?;
    let mut tx = app.db.begin().await?;
    let meeting = store::meeting_for(&mut tx, viewer, id, Permission::MeetingHold).await?;
    Ok((tx, act, meeting))
}

pub(super) async fn done(tx: Tx, id: Uuid, flash: &str) -> Result<Response> {
    tx.commit().await?;
    Ok(redirect(&format!("/meetings/{id}"), flash))
}

/// Notes an error if words that residents read carry a phone or an identity number.
pub(super) fn check_public(form: &mut Form, field: &str) {
    if let Some(sentence) = personal_data_in(form.value(field)) {
        form.fail(field, sentence);
    }
}

async fn replan(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let room = read_room(&form);
    let plan = read_plan(&mut form, room);
    let (Some(mut plan), true) = (plan, form.ok()) else {
        return page_with(&app, &viewer, shell, id, ("plan", form)).await;
    };
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let link = link_of(&app, &viewer, &meeting);
    if let Some(room) = room {
        plan.place = room::place_of(&mut tx, act.tenant, meeting.estate_id, room).await?;
    }
    let seen = form.version();
    let planned = preparation::replan(&mut tx, &act, &mut meeting, seen, plan, &link).await;
    let planned = form.noted("day", planned)?.is_some();
    if !planned || form.noted("venue", room::hold(&mut tx, &act, id, room).await)?.is_none() {
        drop(tx);
        return page_with(&app, &viewer, shell, id, ("plan", form)).await;
    }
    let flash = match meeting.state {
        Stage::Announced => "已改期。请再点“复制通知”，把改期的通知发到群里",
        _ => "时间地点已改好，通知文字也换成新的了",
    };
    done(tx, id, flash).await
}

async fn announce(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let text = form.text("notice", "通知文字", 10..=1000);
    check_public(&mut form, "notice");
    if !form.ok() {
        return page_with(&app, &viewer, shell, id, ("notice", form)).await;
    }
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let announced = preparation::announce(&mut tx, &act, &mut meeting, form.version(), &text).await;
    if form.noted("notice", announced)?.is_none() {
        drop(tx);
        return page_with(&app, &viewer, shell, id, ("notice", form)).await;
    }
    let board = if meeting.kind.private() { "通知已定好。" } else { "已登在小区公示栏。" };
    done(tx, id, &format!("{board}点“复制通知”，粘贴到微信群")).await
}

async fn begin(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    session::begin(&mut tx, &act, &mut meeting, form.version()).await?;
    done(tx, id, "开会了。先登记到会的人，再逐个议题记结果").await
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let remarks = form.text("remarks", "其他要记的", 0..=1000);
    if !form.ok() {
        return page_with(&app, &viewer, shell, id, ("end", form)).await;
    }
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let ended = session::end(&mut tx, &act, &mut meeting, form.version(), &remarks).await;
    if form.noted("remarks", ended)?.is_none() {
        drop(tx);
        return page_with(&app, &viewer, shell, id, ("end", form)).await;
    }
    let flash = match (meeting.state, meeting.kind.private()) {
        (Stage::Inquorate, _) => "有表决权的到得不够，这次会流会，没有决议",
        (_, true) => "已散会",
        (_, false) => "已散会，结果登在小区公示栏",
    };
    done(tx, id, flash).await
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let reason = form.text("cancel_reason", "取消的原因", 4..=100);
    check_public(&mut form, "cancel_reason");
    if !form.ok() {
        return page_with(&app, &viewer, shell, id, ("cancellation", form)).await;
    }
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let cancelled = preparation::cancel(&mut tx, &act, &mut meeting, form.version(), &reason).await;
    if form.noted("cancel_reason", cancelled)?.is_none() {
        drop(tx);
        return page_with(&app, &viewer, shell, id, ("cancellation", form)).await;
    }
    let flash = if meeting.kind.private() {
        "已取消，请告诉应到的人"
    } else {
        "已取消，公示栏上的预告已撤下"
    };
    done(tx, id, flash).await
}

async fn attend(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let side = form.choice("side", "代表哪一方", Side::parse);
    let name = form.person_name("name");
    let (Some(side), Some(name)) = (side, name) else {
        return page_with(&app, &viewer, shell, id, ("attendances", form)).await;
    };
    let (mut tx, act, meeting) = change(&app, &viewer, id).await?;
    let person = Person { name, phone: String::new() };
    if form.noted("name", attendance::attend(&mut tx, &act, &meeting, side, &person).await)?.is_none() {
        drop(tx);
        return page_with(&app, &viewer, shell, id, ("attendances", form)).await;
    }
    done(tx, id, "已登记").await
}
