//! Kinds of service, as a community names them. What a kind asks for is never changed but replaced by another version, and each need keeps
//! the one by which it was taken down; whoever is sent is held against the one that holds now.

use db::Tx;
use jiff::SignedDuration;
use uuid::Uuid;

use super::model::Rules;
use super::store::{ADD_KIND, ADD_VERSION, KIND, KIND_IN_REACH, KINDS, SET_VERSION};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::volunteer::{Asked, Risk, Target};

pub use super::store::Kind;

/// What somebody writes down about a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    pub name: String,
    pub skill: String,
    pub qualification: String,
    pub target: Option<Target>,
    pub risk: Risk,
    pub insured: bool,
    pub ended: bool,
}

/// Its name, words of skill, words of qualification, whom it is for, its risk, and whether it wants insurance.
type Usual = (&'static str, &'static str, &'static str, Option<Target>, Risk, bool);

/// What many communities begin with: the seed's door-to-door service and what its residents wish for.
const USUAL: [Usual; 6] = [
    ("量血压", "血压 护理 医", "护士 医师 救护", Some(Target::Elderly), Risk::Low, false),
    ("教手机、装反诈App", "手机 电脑", "", Some(Target::Elderly), Risk::Low, false),
    ("清理院子", "", "", Some(Target::Alone), Risk::Low, true),
    ("松土施肥", "", "", Some(Target::Alone), Risk::Low, false),
    ("陪老人就医", "陪护 护理", "", Some(Target::Alone), Risk::Low, true),
    ("高处换灯、修水电", "电工 水电 维修", "电工", Some(Target::Everyone), Risk::High, true),
];

impl Kind {
    /// What is asked of whoever goes.
    pub(super) fn asked(&self, rules: &Rules) -> Asked<'_> {
        Asked {
            risk: self.risk,
            insured: self.insured,
            qualification: &self.qualification,
            least_age: rules.visitor_age,
            most_a_week: rules.most_visits_week,
        }
    }

    /// Whether it is a kind of this estate.
    pub fn of_estate(&self, estate: Uuid) -> bool {
        self.estate_id.is_none_or(|own| own == estate)
    }

    /// What it asks for, in words.
    pub fn demands(&self) -> String {
        demands(&self.skill, &self.qualification, self.risk, self.insured)
    }

    pub fn sketch(&self) -> Sketch {
        Sketch {
            name: self.name.clone(),
            skill: self.skill.clone(),
            qualification: self.qualification.clone(),
            target: self.target,
            risk: self.risk,
            insured: self.insured,
            ended: self.ended_at.is_some(),
        }
    }
}

pub(super) fn demands(skill: &str, qualification: &str, risk: Risk, insured: bool) -> String {
    let mut words = Vec::new();
    if !skill.is_empty() {
        words.push(format!("会{}", skill.replace(' ', "或")));
    }
    if !qualification.is_empty() {
        words.push(format!("有证书（{}）", qualification.replace(' ', "或")));
    }
    if insured {
        words.push("有人身意外保险".to_owned());
    }
    if risk == Risk::High {
        words.push("有危险，要成年、有保险".to_owned());
    }
    if words.is_empty() { "谁都可以去".to_owned() } else { words.join("，") }
}

pub async fn kinds(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Kind>> {
    Ok(tx.all(KINDS.bind(tenant)).await?)
}

pub(super) async fn kind(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Kind> {
    Ok(tx.one(KIND.bind(tenant).bind(id)).await?)
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Kind> {
    Ok(tx.one(KIND_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

async fn add_version(tx: &mut Tx, act: &Act, kind: Uuid, number: i64, sketch: &Sketch) -> Result<()> {
    let row = ADD_VERSION.bind(act.tenant).bind(kind).bind(number).bind(&sketch.name).bind(&sketch.skill);
    let row = row.bind(&sketch.qualification).bind(sketch.target).bind(sketch.risk).bind(sketch.insured);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    Ok(())
}

/// A kind of the whole community, or of one estate.
pub async fn add(tx: &mut Tx, act: &Act, estate: Option<Uuid>, sketch: &Sketch) -> Result<Uuid> {
    let id = act.id();
    tx.execute(ADD_KIND.bind(act.tenant).bind(id).bind(estate).bind(act.at)).await?;
    add_version(tx, act, id, 1, sketch).await?;
    audit::record(tx, act, "create", ("service_kind", id), &sketch.name, &[]).await?;
    Ok(id)
}

/// Another version of a kind, from the one that somebody saw.
///
/// Errors: stale if somebody else has changed it since.
pub async fn change(tx: &mut Tx, act: &Act, before: &Kind, seen: i64, sketch: &Sketch) -> Result<()> {
    let old = before.sketch();
    if old == *sketch && before.version == seen {
        return Ok(());
    }
    let ended_at = sketch.ended.then(|| before.ended_at.unwrap_or(act.at));
    if tx.execute(SET_VERSION.bind(act.tenant).bind(before.id).bind(seen).bind(ended_at)).await? == 0 {
        return Err(Error::Stale("这一类服务刚刚有别人改过，请看一下再改。".to_owned()));
    }
    add_version(tx, act, before.id, seen + 1, sketch).await?;
    let target = |target: Option<Target>| target.map(|target| target.code().to_owned()).unwrap_or_default();
    let pairs = [
        ("name", old.name, sketch.name.clone()),
        ("skill", old.skill, sketch.skill.clone()),
        ("qualification", old.qualification, sketch.qualification.clone()),
        ("target", target(old.target), target(sketch.target)),
        ("risk", old.risk.code().to_owned(), sketch.risk.code().to_owned()),
        ("insured", old.insured.to_string(), sketch.insured.to_string()),
        ("ended", old.ended.to_string(), sketch.ended.to_string()),
    ];
    let changes = pairs.into_iter().filter(|(_, old, new)| old != new);
    let changes: Vec<Change> =
        changes.map(|(field, old, new)| Change { field, old: Some(old), new: Some(new) }).collect();
    audit::record(tx, act, "update", ("service_kind", before.id), "", &changes).await
}

/// Enters the usual kinds where there are none yet.
///
/// Errors: refused where there are some.
pub async fn enter_usual(tx: &mut Tx, act: &Act) -> Result<()> {
    if !kinds(tx, act.tenant).await?.is_empty() {
        return Err(Error::refused("已经登记了服务类别，请在列表里改"));
    }
    for (at, (name, skill, qualification, target, risk, insured)) in (0..).zip(USUAL) {
        // One after the other, since they are shown in the order in which they were entered.
        let then = Act { at: act.at + SignedDuration::from_millis(at), ..act.clone() };
        let (name, skill, qualification) = (name.to_owned(), skill.to_owned(), qualification.to_owned());
        let sketch = Sketch { name, skill, qualification, target, risk, insured, ended: false };
        add(tx, &then, None, &sketch).await?;
    }
    Ok(())
}
