//! The peaks of a school: by which bells, on which days, at which of its posts.

use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::optional_number;
use super::school::school_page;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::model::{OnDays, Peak, Weekdays, bells};
use crate::duty::school::{self, SlotSketch};
use crate::duty::{calling_off, store};
use crate::error::Result;
use crate::web::{Form, Shell, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::DutyEdit;
    Routes::default()
        .post("/duty-schools/{id}/slots", DutyEdit, add_slot)
        .post("/duty-schools/{id}/slots/{slot}/removal", DutyEdit, close_slot)
        .post("/duty-schools/{id}/slots/{slot}/weekdays", DutyEdit, set_weekdays)
}

/// The days of the week that are ticked; none means every day.
fn ticked_weekdays(form: &Form) -> Weekdays {
    Weekdays::of(form.values("weekday").filter_map(|day| day.parse().ok()))
}

async fn set_weekdays(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, slot)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let cancelled = school::set_weekdays(&mut tx, &act, id, slot, ticked_weekdays(&form)).await?;
    tx.commit().await?;
    let said = format!("记下了，以后按这几天站{}", calling_off::said(&app, &cancelled));
    Ok(redirect(&format!("/duty-schools/{id}"), &said))
}

async fn add_slot(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let kind = form.choice("peak", "是哪个时段", Peak::parse);
    let on_days = form.choice("on_days", "哪些日子", OnDays::parse);
    let early = optional_number(&mut form, "early", "提前到岗", 0..=180);
    let stay = optional_number(&mut form, "stay", "延后离岗", 0..=180);
    let rung = bells(form.value("bells"));
    if rung.is_none() {
        form.fail("bells", "钟点看不懂，请写成 7:40 一二年级、7:50 三四年级");
    }
    let gates: Vec<Uuid> = form.values("gate").filter_map(|id| id.parse().ok()).collect();
    if let (Some(kind), Some(days), Some(bells), true) = (kind, on_days, rung, form.ok()) {
        let new = SlotSketch { kind, days, early, stay, bells, gates };
        let done = school::add_slot(&mut tx, &act, id, &new).await;
        if let Some(slot) = form.noted("gates", done)? {
            let days = ticked_weekdays(&form);
            if days != Weekdays::ALL {
                school::set_weekdays(&mut tx, &act, id, slot, days).await?;
            }
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "时段已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "slot")).await?)
}

async fn close_slot(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, slot)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let cancelled = school::close_slot(&mut tx, &act, id, slot).await?;
    tx.commit().await?;
    let said = format!("这个时段以后不再站岗，以前排的还看得到{}", calling_off::said(&app, &cancelled));
    Ok(redirect(&format!("/duty-schools/{id}"), &said))
}
