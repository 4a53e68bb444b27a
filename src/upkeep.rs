//! What is done from time to time without anybody asking: what may not be kept any longer is removed, and the search
//! learns of what is new.

use std::time::{Duration, Instant};

use db::Db;
use jiff::SignedDuration;
use tokio::sync::watch;

use crate::access::{self, Act};
use crate::app::App;
use crate::error::Result;
use crate::means::Means;
use crate::{
    after_school, api, board, channel, community_survey, duty, hazard, issue, lecture, mediation, offline, outbox,
    party, photo, registry, report, service, visit, volunteer, work_order,
};

const PAUSE: Duration = Duration::from_secs(3600);
/// How long a form that was begun may still be sent with the photos that came with its first try.
const FORM: SignedDuration = SignedDuration::from_hours(48);
/// How long a delivered message of the outbox can be looked up.
const DELIVERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Looks after the program until it is told to stop, first when it starts and then every hour.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::error!(?error, "the upkeep did not get through");
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// How often the search looks for new rows, and how many it takes in one transaction.
const INDEXING: Duration = Duration::from_secs(1);
const INDEXED_AT_ONCE: i64 = 64;
/// It pauses so many times as long as it has just worked, since people who write wait while it does.
const PATIENCE: u32 = 9;

/// Lets the search know of new rows, counts buildings and months anew and has people reminded of deadlines, soon after a commit, until it is told to stop.
pub async fn keep_up(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        let began = Instant::now();
        let more = index_some(&app.db).await.unwrap_or_else(|error| {
            tracing::error!(?error, "the search was not brought up to date");
            false
        });
        let more = more
            | registry::figures::count_some(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "the figures of buildings were not brought up to date");
                false
            });
        let more = more
            | report::roll_up::count_some(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "the figures of months were not brought up to date");
                false
            });
        let more = more
            | issue::reminder::post_some(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "deadlines were not reminded of");
                false
            });
        let more = more
            | after_school::watch_some(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "the classes after school were not watched");
                false
            });
        let more = more
            | duty::watch_plans(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "the plans of schools were not looked at");
                false
            });
        let more = more
            | duty::watch_some(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "those on standby were not watched");
                false
            });
        let more = more
            | lecture::watch_confidences(&app.db, &app.means).await.unwrap_or_else(|error| {
                tracing::error!(?error, "calls for help at lectures were not watched");
                false
            });
        app.tally.write_down(&app.db).await.unwrap_or_else(|error| {
            tracing::error!(?error, "what the work costs was not written down");
        });
        let pause = if more { began.elapsed() * PATIENCE } else { INDEXING };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Lets the search know of every row that it does not know yet.
pub async fn index(db: &Db) -> Result<()> {
    while index_some(db).await? {}
    Ok(())
}

/// Counts every building and every month that has changed.
pub async fn count(db: &Db, means: &Means) -> Result<()> {
    while registry::figures::count_some(db, means).await? {}
    while report::roll_up::count_some(db, means).await? {}
    Ok(())
}

/// Lets the search know of some more rows of each tenant, in small transactions, and tells whether there may be others.
async fn index_some(db: &Db) -> Result<bool> {
    let mut tx = db.read().await?;
    let (issues, residents) = (issue::unindexed_tenants(&mut tx).await?, registry::unindexed_tenants(&mut tx).await?);
    drop(tx);
    let more = !issues.is_empty() || !residents.is_empty();
    for tenant in issues {
        let mut tx = db.begin().await?;
        issue::index(&mut tx, tenant, INDEXED_AT_ONCE).await?;
        tx.commit().await?;
    }
    for tenant in residents {
        let mut tx = db.begin().await?;
        registry::index(&mut tx, tenant, INDEXED_AT_ONCE).await?;
        tx.commit().await?;
    }
    Ok(more)
}

/// One round. It may be repeated at any time, and by several processes.
pub async fn once(app: &App) -> Result<()> {
    app.posts.tidy();
    app.sign_ins.tidy();
    app.crowds.tidy();
    app.links.tidy();
    let tenants = access::tenants(&mut app.db.read().await?).await?;
    for tenant in tenants {
        // What goes wrong in one tenant does not keep the others waiting.
        if let Err(error) = look_after(app, &Act::system(tenant.tenant_id, &app.means)).await {
            tracing::error!(?error, tenant = %tenant.tenant_id, "the upkeep of a tenant did not get through");
        }
    }
    Ok(())
}

async fn look_after(app: &App, act: &Act) -> Result<()> {
    registry::import::forget_old(&app.db, act).await?;
    volunteer::remind(&app.db, act).await?;
    volunteer::forget_photos(&app.db, act).await?;
    hazard::remind(&app.db, act).await?;
    lecture::close_quizzes(&app.db, act).await?;
    lecture::remind(&app.db, act).await?;
    let mut tx = app.db.begin().await?;
    registry::figures::grow_older(&mut tx, act).await?;
    report::roll_up::begin_months(&mut tx, act).await?;
    visit::end_overdue(&mut tx, act).await?;
    community_survey::end_overdue(&mut tx, act).await?;
    visit::erasure::forget_old(&mut tx, act).await?;
    offline::forget_old(&mut tx, act).await?;
    party::forget_old(&mut tx, act).await?;
    volunteer::forget_old(&mut tx, act).await?;
    after_school::forget_old(&mut tx, act).await?;
    after_school::incident::forget_old(&mut tx, act).await?;
    after_school::help::forget_old(&mut tx, act).await?;
    after_school::message::forget_old(&mut tx, act).await?;
    lecture::forget_confidences(&mut tx, act).await?;
    lecture::forget_photos(&mut tx, act).await?;
    lecture::recall_materials(&mut tx, act).await?;
    service::forget_old(&mut tx, act).await?;
    channel::forget_old(&mut tx, act).await?;
    work_order::forget_old(&mut tx, act).await?;
    api::forget_old(&mut tx, act).await?;
    board::forget_old(&mut tx, act).await?;
    mediation::forget_old(&mut tx, act).await?;
    photo::sweep(&mut tx, act, act.at - FORM).await?;
    outbox::sweep(&mut tx, act.tenant, act.at - DELIVERED).await?;
    Ok(tx.commit().await?)
}
