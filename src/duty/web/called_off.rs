//! Whoever was to stand somewhere, need not, and has not heard of it: the desk calls them, and notes that it has.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::channel;
use crate::duty::calling_off::{self, Untold};
use crate::duty::model::{Peak, short};
use crate::duty::{person, store};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, redirect};

pub fn routes() -> Routes {
    use Permission::DutyPlan;
    Routes::default().get("/duty/cancelled", DutyPlan, list).post("/duty-people/{id}/told", DutyPlan, told)
}

/// Somebody to call, with all that was cancelled.
struct ToCall {
    id: Uuid,
    name: String,
    phone: String,
    shifts: Vec<Untold>,
    /// What the page shows, up to the last cancellation, in milliseconds.
    until: i64,
}

#[derive(Template)]
#[template(path = "duty/web/called-off.html")]
struct ListPage {
    shell: Shell,
    people: Vec<ToCall>,
}

impl ListPage {
    fn day(&self, shift: &Untold) -> String {
        shift.day.parse::<Date>().map_or(shift.day.clone(), short)
    }

    fn peak(&self, shift: &Untold) -> &'static str {
        shift.peak.map_or("", Peak::label)
    }
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let scope = viewer.scope(Permission::DutyPlan);
    let untold = calling_off::untold(&mut app.db.read().await?, viewer.tenant, &scope, act.at).await?;
    let mut people: Vec<ToCall> = Vec::new();
    for one in untold {
        let until = one.cancelled_at.as_millisecond();
        match people.last_mut().filter(|last| last.id == one.person_id) {
            Some(last) => {
                last.until = last.until.max(until);
                last.shifts.push(one);
            }
            None => {
                let phone = person::phone(&act, one.phone_sealed.as_deref())?;
                people.push(ToCall { id: one.person_id, name: one.name.clone(), phone, shifts: vec![one], until });
            }
        }
    }
    // A message may still be on its way.
    people.retain(|one| {
        let late = |shift: &Untold| calling_off::is_late(shift.cancelled_at, act.at);
        !channel::can_text(&app, &one.phone) || one.shifts.iter().any(late)
    });
    page(&ListPage { shell, people })
}

async fn told(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    store::person(&mut tx, viewer.tenant, id).await?;
    let until = form.value("until").parse::<i64>().ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let until = until.ok_or(Error::NotFound)?;
    calling_off::note_told(&mut tx, &act, &viewer.scope(Permission::DutyPlan), id, until).await?;
    tx.commit().await?;
    Ok(redirect("/duty/cancelled", "记下了：已经告诉本人"))
}
