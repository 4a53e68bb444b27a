//! What every page and file of a period begins with: of whom, of which days, and which other reports there are.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Asked, address, presets};
use crate::access::{Permission, Scope, Viewer};
use crate::error::{Error, Result};
use crate::place::{self, Estate};
use crate::report::model::Period;
use crate::report::topic::{self, Topic};

pub(super) struct Frame {
    pub period: Period,
    pub now: Timestamp,
    pub scope: Scope,
    /// Those within reach.
    pub estates: Vec<Estate>,
    pub estate: Option<Uuid>,
    /// Whose figures these are: of a community, of an estate, or of those that its reader looks after.
    pub place: String,
    /// Where this page is.
    pub path: String,
}

impl Frame {
    pub(super) async fn read(tx: &mut Tx, viewer: &Viewer, asked: &Asked, now: Timestamp, path: &str) -> Result<Frame> {
        let period = asked.period(now)?;
        let scope = viewer.scope(Permission::ReportRead);
        let estates = place::estates_within(tx, viewer.tenant, &scope).await?;
        let whole = scope.account.is_none();
        let chosen = match (asked.estate(), &estates[..]) {
            (Some(id), _) => Some(estates.iter().find(|estate| estate.id == id).ok_or(Error::NotFound)?),
            (None, [only]) if !whole => Some(only),
            (None, _) => None,
        };
        let place = match (chosen, &estates[..]) {
            (Some(estate), _) => estate.name.clone(),
            (None, _) if whole => viewer.tenant_name.clone(),
            (None, [first, ..]) => format!("{}等 {} 个小区", first.name, estates.len()),
            (None, []) => "本人负责的范围".to_owned(),
        };
        let estate = chosen.map(|estate| estate.id);
        Ok(Frame { period, now, scope, estates, estate, place, path: path.to_owned() })
    }

    /// What a report of something else asks for of the same days and place.
    pub fn of<'a>(&'a self, viewer: &'a Viewer) -> topic::Asked<'a> {
        let Frame { period, now, scope, estates, estate, .. } = self;
        topic::Asked { viewer, scope, period: *period, estate: *estate, estates, now: *now }
    }

    /// What a file is called.
    pub fn name(&self, what: &str) -> String {
        format!("{}{}{what}", self.place, self.period.words())
    }

    /// Another page of the same days and place.
    pub fn to(&self, path: &str) -> String {
        address(path, &self.period, self.estate)
    }

    /// The reports, each with whether it is this one.
    pub fn reports(&self) -> Vec<(&'static str, String, bool)> {
        let topics = Topic::ALL.iter().map(|topic| (topic.label(), topic.path()));
        let beside = [("走势", "/reports/trends".to_owned()), ("填报负担", "/reports/burden".to_owned())];
        let all = std::iter::once(("诉求办理", "/reports".to_owned())).chain(topics).chain(beside);
        all.map(|(name, path)| (name, self.to(&path), path == self.path)).collect()
    }

    /// Periods that are often asked for.
    pub fn presets(&self) -> Vec<(&'static str, String, bool)> {
        let presets = presets(self.now).unwrap_or_default().into_iter();
        presets.map(|(name, period)| (name, address(&self.path, &period, self.estate), period == self.period)).collect()
    }
}
