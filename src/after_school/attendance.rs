//! What a guardian is told of the sessions: those to come, and how those went at which the child was.

use db::Tx;
use uuid::Uuid;

use super::child::{self, read_json};
use super::model::{Adult, Person};
use super::presence::Standing;
use super::roll::FETCHER;
use super::session_store::{Attended, OF_CHILD};
use crate::access::Act;
use crate::error::Result;
use crate::volunteer::Span;
use crate::web::show;

/// A session as the guardian of one child sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub session: Uuid,
    /// `12月1日 星期二 16:30–18:00`
    pub when: String,
    /// `作业辅导：写数学 · 党群服务站`
    pub what: String,
    /// How it went, in words.
    pub how: String,
    pub coming: bool,
    /// It has not begun, and nobody has said that the child does not come.
    pub may_take_leave: bool,
}

impl Attended {
    fn how(&self, act: &Act, adults: &[Adult]) -> Result<String> {
        if self.cancelled_at.is_some() {
            return Ok(format!("取消了：{}", self.cancelled_why));
        }
        let arrived = self.arrived_at.map(|at| {
            let late = if self.late { "（迟到）" } else { "" };
            format!("{}到{late}", show::moment(&at))
        });
        let Some((at, way)) = self.released_at.zip(self.way) else {
            return Ok(arrived.unwrap_or_else(|| self.standing.to_string()));
        };
        let sealed = self.person_sealed.as_ref();
        let other: Option<Person> = sealed.map(|sealed| read_json(&act.open(FETCHER, sealed)?)).transpose()?;
        let listed = adults.iter().find(|adult| Some(adult.id) == self.adult_id).map(|adult| &adult.person);
        let who = listed.or(other.as_ref()).filter(|who| !who.name.is_empty()).map(Person::words).unwrap_or_default();
        let early = if self.early { "（早退）" } else { "" };
        let by = self.released_by.as_deref().unwrap_or_default();
        Ok(format!("{}；{}走{early}：{who} {way}，{by}放行", arrived.unwrap_or_default(), show::moment(&at)))
    }
}

/// The sessions of a child, the latest first.
pub async fn of_child(tx: &mut Tx, act: &Act, child: Uuid, most: i64) -> Result<Vec<Visit>> {
    // Who fetched the child then may have been taken off the list since.
    let fetchers = child::fetchers(tx, act, child).await?;
    let found: Vec<Attended> = tx.all(OF_CHILD.bind(act.tenant).bind(child).bind(most)).await?;
    let visit = |attended: Attended| {
        let span = Span { starts_at: attended.starts_at, ends_at: attended.ends_at };
        let about = if attended.theme.is_empty() { String::new() } else { format!("：{}", attended.theme) };
        Ok(Visit {
            session: attended.session_id,
            when: span.words(),
            what: format!("{}{about} · {}", attended.kind, attended.place),
            how: attended.how(act, &fetchers)?,
            coming: attended.ends_at > act.at,
            may_take_leave: attended.starts_at > act.at
                && attended.cancelled_at.is_none()
                && attended.standing == Standing::Expected,
        })
    };
    found.into_iter().map(visit).collect()
}
