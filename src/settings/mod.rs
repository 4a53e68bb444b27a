//! Every number that law, norm or local practice sets, with its source and the date from which it holds.
//! Code reads a setting as a typed struct; `defaults.toml` has what a new tenant begins with.

mod portion;
pub mod web;
mod words;

pub use portion::Portion;

use db::{Json, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};

statements! {
    ADD = "INSERT INTO settings (tenant_id, name, effective_from, value, source, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    IN_FORCE = "SELECT value FROM settings WHERE tenant_id = $1 AND name = $2 AND effective_from <= $3
        ORDER BY effective_from DESC LIMIT 1";
    /// Everything that has held until a day, the latest first.
    UNTIL = "SELECT effective_from, value FROM settings WHERE tenant_id = $1 AND name = $2 AND effective_from <= $3 ORDER BY effective_from DESC LIMIT 1000";
    /// The same day again replaces what was to hold from that day.
    SET = "INSERT INTO settings (tenant_id, name, effective_from, value, source, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, name, effective_from)
        DO UPDATE SET value = excluded.value, source = excluded.source, set_by = excluded.set_by, set_at = excluded.set_at";
    LISTED = "SELECT name, effective_from, value, source, set_at FROM settings
        WHERE tenant_id = $1 AND name = $2 AND effective_from <= $3 ORDER BY effective_from DESC LIMIT 1";
    LIST = "SELECT name, effective_from, value, source, set_at FROM settings WHERE tenant_id = $1
        ORDER BY name, effective_from DESC LIMIT 500";
}

record! {
    struct Stored { value: String }
    struct Held { effective_from: String, value: String }
    /// A setting as the settings page lists it.
    pub struct Listed { pub name: String, pub effective_from: String, pub value: Json<serde_json::Value>, pub source: String, pub set_at: Timestamp }
}

/// A group of numbers that are set together under one name.
pub trait Setting: DeserializeOwned {
    const NAME: &'static str;
}

/// How long sessions and passwords last and when accounts lock.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Sessions {
    pub idle_minutes: i64,
    pub administrator_idle_minutes: i64,
    pub password_hours: i64,
    pub device_days: i64,
    pub invitation_hours: i64,
    pub failures: i64,
    pub lock_minutes: i64,
    pub password_days: i64,
    /// How many of the last passwords, the present one among them, must not be chosen again.
    pub history: i64,
}

impl Setting for Sessions {
    const NAME: &'static str = "access.sessions";
}

/// The setting in force at a moment, by the calendar of Shanghai; of a tenant that is older than the setting, the default.
pub async fn read<T: Setting>(tx: &mut Tx, tenant: Uuid, at: Timestamp) -> Result<T> {
    let date = at.to_zoned_datetime(calendar::shanghai()).date().to_string();
    let stored: Option<Stored> = tx.optional(IN_FORCE.bind(tenant).bind(T::NAME).bind(date)).await?;
    match stored {
        Some(stored) => serde_json::from_str(&stored.value).map_err(|error| Error::Internal(error.into())),
        None => by_default(),
    }
}

/// What a setting was on each day of a period, so that what is counted of the past does not change with what holds now.
#[derive(Debug, Clone)]
pub struct Over<T> {
    /// The latest first.
    held: Vec<(String, T)>,
    default: T,
}

impl<T> Over<T> {
    pub fn on(&self, day: Date) -> &T {
        let day = day.to_string();
        self.held.iter().find(|(from, _)| *from <= day).map_or(&self.default, |(_, value)| value)
    }
}

/// Everything that a setting has been until a day.
pub async fn over<T: Setting>(tx: &mut Tx, tenant: Uuid, until: Date) -> Result<Over<T>> {
    let rows: Vec<Held> = tx.all(UNTIL.bind(tenant).bind(T::NAME).bind(until.to_string())).await?;
    let read = |row: Held| {
        let value = serde_json::from_str(&row.value).map_err(|error| Error::Internal(error.into()))?;
        Ok((row.effective_from, value))
    };
    Ok(Over { held: rows.into_iter().map(read).collect::<Result<_>>()?, default: by_default()? })
}

/// What a new tenant begins with.
pub fn by_default<T: Setting>() -> Result<T> {
    let default = defaults()?.into_iter().find(|default| default.name == T::NAME);
    let default = default.ok_or_else(|| Error::Internal(anyhow::anyhow!("setting {} is missing", T::NAME)))?;
    serde_json::from_value(default.value).map_err(|error| Error::Internal(error.into()))
}

pub async fn list(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Listed>> {
    Ok(tx.all(LIST.bind(tenant)).await?)
}

/// A setting in force on a day, as the page shows it.
async fn in_force(tx: &mut Tx, tenant: Uuid, name: &str, day: Date) -> Result<Option<Listed>> {
    Ok(tx.optional(LISTED.bind(tenant).bind(name).bind(day.to_string())).await?)
}

/// Puts a setting in force from a day on. What held until then stays on record.
pub async fn set(
    tx: &mut Tx,
    act: &Act,
    name: &str,
    from: Date,
    value: &serde_json::Value,
    source: &str,
) -> Result<()> {
    let row = SET.bind(act.tenant).bind(name).bind(from.to_string()).bind(value.to_string()).bind(source);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    let what = format!("{name} 自 {from} 起：{value}");
    audit::record(tx, act, "set", ("setting", act.tenant), &what, &[]).await
}

#[derive(Deserialize)]
struct Defaults {
    setting: Vec<Default>,
}

#[derive(Deserialize, Serialize)]
struct Default {
    name: String,
    effective_from: String,
    source: String,
    value: serde_json::Value,
}

fn defaults() -> Result<Vec<Default>> {
    let defaults: Defaults = toml::from_str(include_str!("defaults.toml")).map_err(anyhow::Error::from)?;
    Ok(defaults.setting)
}

/// Gives a new tenant every setting of `defaults.toml`.
pub(crate) async fn set_defaults(tx: &mut Tx, act: &Act) -> Result<()> {
    for default in defaults()? {
        let row = ADD.bind(act.tenant).bind(default.name).bind(default.effective_from).bind(default.value.to_string());
        tx.execute(row.bind(default.source).bind(act.account).bind(act.at)).await?;
    }
    Ok(())
}
