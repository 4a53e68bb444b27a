//! What the phone of somebody who holds a class takes along for its day: who is expected, and with whom each may go. Health and addresses
//! stay here.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::model::Person;
use super::presence::Keeper;
use super::roll::{self, Row};
use super::rota;
use super::session_model::{RotaKeeper, Rules};
use super::session_store::{HELD_BY, Session};
use crate::access::{Permission, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::settings;

/// A class of today. Moments are in milliseconds.
#[derive(Serialize)]
pub struct PackedSession {
    id: Uuid,
    title: String,
    when: String,
    place: String,
    ends_at: i64,
    /// From then on whoever is still here raises the alarm.
    alarm_at: i64,
    /// The end of the day, after which the phone forgets it.
    until: i64,
    open: bool,
    /// So many adults have to be there.
    needed: i64,
    keepers: Vec<PackedKeeper>,
    children: Vec<PackedChild>,
}

#[derive(Serialize)]
struct PackedKeeper {
    id: Uuid,
    name: String,
    there: bool,
}

#[derive(Serialize)]
struct PackedChild {
    id: Uuid,
    name: String,
    grade: String,
    standing: &'static str,
    /// Who may fetch the child, and who must not.
    adults: Vec<PackedAdult>,
    barred: Vec<String>,
    alone: bool,
    /// Whom to call, and that somebody has to.
    call: String,
    to_call: bool,
}

#[derive(Serialize)]
struct PackedAdult {
    id: Uuid,
    words: String,
}

/// The classes that somebody holds today. That they take along what is known of the children is noted.
pub async fn take_along(app: &App, viewer: &Viewer) -> Result<Vec<PackedSession>> {
    let Ok(act) = app.act(viewer, Permission::ChildManage) else { return Ok(Vec::new()) };
    let day = act.at.to_zoned_datetime(calendar::shanghai()).start_of_day().map_err(anyhow::Error::from)?;
    let (from, until) = (day.timestamp(), day.tomorrow().map_err(anyhow::Error::from)?.timestamp());
    let mut tx = app.db.read().await?;
    let held = HELD_BY.bind(act.tenant).bind(viewer.account).bind(from).bind(until);
    let scope = viewer.scope(Permission::ChildManage);
    let held = held.bind(scope.account).bind(&scope.roles);
    let sessions: Vec<Session> = tx.all(held).await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let reader = Keeper { id: viewer.account, name: viewer.name.clone() };
    let mut packed = Vec::new();
    let mut anew = Vec::new();
    // Somebody holds one or two a day.
    for session in sessions {
        let rota = rota::keepers(&mut tx, &act, &session).await?;
        let own = rota.iter().find(|keeper| keeper.account == Some(viewer.account));
        if !roll::may_read(&act, &session, own) {
            continue;
        }
        let rows = roll::rows(&mut tx, &act, &session).await?;
        let needed = roll::adults_for(&act, &rules, rows.iter().filter(|row| roll::counted(row)));
        let alarm_at = rules.terms(session.span()).alarm_from();
        packed.push(PackedSession {
            id: session.id,
            title: session.title(),
            when: session.when(),
            place: session.whereabouts(),
            ends_at: session.ends_at.as_millisecond(),
            alarm_at: alarm_at.as_millisecond(),
            until: until.as_millisecond(),
            open: session.opened_at.is_some(),
            needed,
            keepers: rota.iter().map(PackedKeeper::of).collect(),
            children: rows.iter().map(|row| PackedChild::of(row, act.at)).collect(),
        });
        if roll::sees_anew(&mut tx, &act, &session, &Vec::from_iter(&rows), viewer.account).await? {
            anew.push((session, rows));
        }
    }
    drop(tx);
    if !anew.is_empty() {
        let mut tx = app.db.begin().await?;
        for (session, rows) in &anew {
            roll::see(&mut tx, &act, session, &Vec::from_iter(rows), &reader, "带班，存在手机里").await?;
        }
        tx.commit().await?;
    }
    Ok(packed)
}

impl PackedKeeper {
    fn of(keeper: &RotaKeeper) -> PackedKeeper {
        PackedKeeper { id: keeper.id, name: keeper.name.clone(), there: keeper.is_there() }
    }
}

impl PackedChild {
    fn of(row: &Row, now: Timestamp) -> PackedChild {
        let barred: Vec<&Person> = row.adults.iter().filter(|adult| adult.barred).map(|adult| &adult.person).collect();
        let may = row.adults.iter().filter(|adult| !adult.barred && !barred.iter().any(|one| one.is(&adult.person)));
        let particulars = &row.child.particulars;
        PackedChild {
            id: row.child.id,
            name: row.child.name().to_owned(),
            grade: particulars.grade.clone(),
            standing: row.presence.standing.code(),
            adults: may.map(|adult| PackedAdult { id: adult.id, words: adult.person.words() }).collect(),
            barred: barred.iter().map(|person| person.words()).collect(),
            alone: row.alone,
            to_call: row.to_call(now),
            call: particulars.guardians.first().map(Person::with_phone).unwrap_or_default(),
        }
    }
}
