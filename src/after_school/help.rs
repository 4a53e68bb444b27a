//! 帮扶名单: children who live here and are not in the class, as far as the register knows, with what speaks for looking after them. Whoever
//! reads the list says why first; what was done is noted, and when somebody looks again.

use std::sync::Arc;

use codes::tables::Relation;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::child::{self, Child, Sketch, today};
use super::help_model::{Help, HelpRules, Match, Reason, Traits, born_before};
use super::help_store::{
    self, ADD_STEP, ADULTS, Asked, CAME, FORGET, FORGET_LOOKS, FORGET_OPENINGS, FORGET_STEPS, HOLD, LOOK, NOTE, OPEN,
    STEPS, StoredAdult, StoredStep, Wanted,
};
use super::model::{Particulars, Person};
use super::names::{self, Named};
use crate::access::{Act, Permission, Scope, Viewer};
use crate::audit;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::outbox::Handler;
use crate::place;
use crate::registry::erasure::Erased;
use crate::registry::life::{self, Merged};
use crate::settings;
use crate::web::{Todo, show};

/// So many stand on a page.
pub const PAGE: usize = 50;

/// A child on the list.
pub struct Listed {
    pub wanted: Wanted,
    pub reasons: Vec<Reason>,
    /// A child of the class that it may be.
    pub perhaps: Option<Match>,
}

/// What was done, and when somebody looks again.
pub struct Done {
    pub kind: Help,
    pub words: String,
    pub next_on: Option<String>,
    pub at: Timestamp,
    pub by: String,
}

pub async fn rules(tx: &mut Tx, act: &Act) -> Result<HelpRules> {
    settings::read(tx, act.tenant, act.at).await
}

fn listed(wanted: Wanted, roll: &[Named], rules: &HelpRules, today: Date) -> Listed {
    let traits = Traits { name: &wanted.name, birth_date: &wanted.birth_date, building: wanted.building_id };
    let perhaps = traits.best(roll).map(|(how, _)| how);
    Listed { reasons: wanted.reasons(rules, today), perhaps, wanted }
}

/// A page of the list, the latest registered first, without those who are surely in the class; and where the next one begins.
pub async fn list(tx: &mut Tx, act: &Act, scope: &Scope, asked: Asked) -> Result<(Vec<Listed>, Option<i64>)> {
    let (rules, today) = (rules(tx, act).await?, today(act));
    // A child of the class may live, or be registered, beyond the reach of whoever looks.
    let roll = names::on_roll(tx, act, &Scope::tenant()).await?;
    let mut found = help_store::list(tx, act.tenant, scope, (&rules, today), asked).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().map(|last| last.position).filter(|_| more);
    let all = found.into_iter().map(|wanted| listed(wanted, &roll, &rules, today));
    Ok((all.filter(|one| one.perhaps != Some(Match::Sure)).collect(), next))
}

/// Errors: not found of anybody who would not stand on the list, or who is surely in the class.
pub async fn one(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Listed> {
    let (rules, today) = (rules(tx, act).await?, today(act));
    let wanted = help_store::one(tx, act.tenant, scope, (&rules, today), id).await?;
    let roll = names::on_roll(tx, act, &Scope::tenant()).await?;
    let one = listed(wanted, &roll, &rules, today);
    if one.perhaps == Some(Match::Sure) { Err(Error::NotFound) } else { Ok(one) }
}

/// Opens the list to whoever says why, for a while.
pub async fn open(tx: &mut Tx, act: &Act, purpose: &str) -> Result<()> {
    let rules = rules(tx, act).await?;
    let until = act.at + SignedDuration::from_mins(rules.open_minutes);
    let row = OPEN.bind(act.tenant).bind(act.id()).bind(act.account).bind(purpose).bind(act.at);
    tx.execute(row.bind(until)).await?;
    audit::record(tx, act, "open_help_list", ("tenant", act.tenant), purpose, &[]).await
}

/// Notes that somebody looks at one child of the list, with the reason for which it is open to them. Neither the log nor the resident's page
/// learns of it: those who open the list do, and the guardian once the child is asked.
pub async fn look(tx: &mut Tx, act: &Act, opening: Uuid, resident: Uuid) -> Result<()> {
    tx.execute(LOOK.bind(act.tenant).bind(opening).bind(resident).bind(act.at)).await?;
    Ok(())
}

/// Notes what was done for a child. Where nobody has said when to look again, the setting says it, unless nothing has to be done any more.
///
/// Errors: refused where nothing is needed and nobody says why, and of a day that has passed or is more than a year away.
pub async fn note(
    tx: &mut Tx,
    act: &Act,
    resident: Uuid,
    kind: Help,
    words: &str,
    next_on: Option<Date>,
) -> Result<()> {
    if kind == Help::NotNeeded && words.is_empty() {
        return Err(Error::refused("为什么不需要，请写明"));
    }
    let (rules, today) = (rules(tx, act).await?, today(act));
    if next_on.is_some_and(|day| day <= today || day > today.saturating_add(1.year())) {
        return Err(Error::refused("下次看的日子要在今天以后、一年以内"));
    }
    let ends = matches!(kind, Help::NotNeeded | Help::Same);
    let next_on = next_on.or_else(|| (!ends).then(|| today.saturating_add(rules.next_days.days())));
    let next_on = next_on.map(|day| day.to_string());
    let row = NOTE.bind(act.tenant).bind(resident).bind(kind).bind(next_on.as_deref()).bind(act.at);
    tx.execute(row).await?;
    let id = act.id();
    let row = ADD_STEP.bind(act.tenant).bind(id).bind(resident).bind(kind);
    let row = row.bind(act.seal("class help", words)?).bind(next_on.as_deref()).bind(act.at).bind(act.account);
    tx.execute(row).await?;
    // Neither the resident's page nor the log learns of whom it is or what was done: only those who open the list do.
    audit::record(tx, act, "help_child", ("class_help", id), "", &[]).await
}

/// The latest first.
pub async fn steps(tx: &mut Tx, act: &Act, resident: Uuid) -> Result<Vec<Done>> {
    let stored: Vec<StoredStep> = tx.all(STEPS.bind(act.tenant).bind(resident)).await?;
    let open = |stored: StoredStep| -> Result<Done> {
        let words = act.open("class help", &stored.sealed)?;
        let StoredStep { kind, next_on, made_at, made_by, .. } = stored;
        Ok(Done { kind, words, next_on, at: made_at, by: made_by.unwrap_or_default() })
    };
    stored.into_iter().map(open).collect()
}

/// Whom one could ask for a child: the adults of its own household, of whom `sure` is the one whom the register makes a parent of it.
#[derive(Default)]
pub struct Askable {
    pub adults: Vec<(Uuid, Person)>,
    pub sure: Option<Uuid>,
}

impl Askable {
    pub fn person(&self, id: Option<Uuid>) -> Option<&Person> {
        self.adults.iter().find(|(adult, _)| Some(*adult) == id).map(|(_, person)| person)
    }
}

pub async fn askable(tx: &mut Tx, act: &Act, wanted: &Wanted) -> Result<Askable> {
    let rules = rules(tx, act).await?;
    let adults = ADULTS.bind(act.tenant).bind(wanted.household_id).bind(born_before(today(act), rules.grown_age));
    let adults: Vec<StoredAdult> = tx.all(adults).await?;
    let relation = |code: Option<&str>| code.and_then(|code| Relation::parse(code).ok());
    let own = relation(wanted.relation.as_deref());
    // 子 or 女 of the head: the head is a parent, and so is who is married to the head.
    let parent = |adult: &&StoredAdult| {
        let of_head = adult.name == adult.head_name || relation(adult.relation.as_deref()) == Some(Relation::Spouse);
        matches!(own, Some(Relation::Son | Relation::Daughter)) && of_head
    };
    // 孙辈 of the head: whoever is a son or a daughter of the head, as likely as not.
    let between = |adult: &&StoredAdult| {
        let child = matches!(relation(adult.relation.as_deref()), Some(Relation::Son | Relation::Daughter));
        own == Some(Relation::Grandchild) && child
    };
    // And where these are not there, the head and who is married to the head bring it up.
    let elder = |adult: &&StoredAdult| {
        let of_head = adult.name == adult.head_name || relation(adult.relation.as_deref()) == Some(Relation::Spouse);
        own == Some(Relation::Grandchild) && of_head
    };
    let found = adults.iter().find(parent);
    let is_parent = found.is_some();
    let sure = found.or_else(|| adults.iter().rev().find(between)).or_else(|| adults.iter().find(elder));
    let sure = sure.map(|adult| adult.id);
    let person = |adult: StoredAdult| -> Result<(Uuid, Person)> {
        let relation = match (is_parent && sure == Some(adult.id), adult.sex.as_str()) {
            (true, "1") => "父亲",
            (true, "2") => "母亲",
            _ => "",
        };
        let phone = adult.phone_sealed.as_ref().map(|sealed| act.open("phone", sealed)).transpose()?;
        let phone = phone.unwrap_or_default();
        Ok((adult.id, Person { name: adult.name, relation: relation.to_owned(), phone }))
    };
    Ok(Askable { adults: adults.into_iter().map(person).collect::<Result<_>>()?, sure })
}

/// Whom somebody has chosen to ask, and whether they say that nobody of the class is this child.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice {
    pub adult: Option<Uuid>,
    pub another: bool,
}

/// Asks the guardian whether the child comes to the class: its name, its building and the guardian go onto the roll as asked. Two who ask at
/// once, and one who asks twice, find the child that is asked already.
///
/// Errors: not found of who does not stand on the list; refused where the child is perhaps in the class and nobody says that it is another, where
/// the register knows no adult of the household, and where it does not say whom to ask and nobody was chosen.
pub async fn invite(tx: &mut Tx, act: &Act, scope: &Scope, resident: Uuid, choice: Choice) -> Result<Child> {
    // Who is beyond reach, or on no list, gets no row; and the roll is kept by estate.
    let Listed { wanted, .. } = one(tx, act, scope, resident).await?;
    place::estate_within(tx, act.tenant, scope, wanted.estate_id).await.map_err(|error| match error {
        Error::NotFound => Error::refused("您管的是网格，孩子的登记按整个小区管，请让管这个小区的同事来邀请"),
        other => other,
    })?;
    tx.execute(HOLD.bind(act.tenant).bind(resident).bind(act.at)).await?;
    let Listed { wanted, perhaps, .. } = one(tx, act, scope, resident).await?;
    if perhaps.is_some_and(|how| how <= Match::Likely) && !choice.another {
        return Err(Error::refused("班上很可能已经有这个孩子，请核对；是另一个孩子，请勾上再邀请"));
    }
    let askable = askable(tx, act, &wanted).await?;
    if askable.adults.is_empty() {
        return Err(Error::refused("登记里这家没有大人，请先上门，再在“登记孩子”里邀请"));
    }
    let Some(guardian) = askable.person(choice.adult.or(askable.sure)) else {
        return Err(Error::refused("登记里看不出谁是监护人，请选问谁"));
    };
    let guardians = vec![guardian.clone()];
    let particulars = Particulars { name: wanted.name.clone(), guardians, ..Particulars::default() };
    let (estate, building) = (wanted.estate_id, wanted.building_id);
    let child = child::invite(tx, act, Sketch { estate, building, particulars, medical: None }).await?;
    note(tx, act, wanted.id, Help::Invited, "", None).await?;
    tx.execute(CAME.bind(act.tenant).bind(wanted.id).bind(child.id)).await?;
    Ok(child)
}

/// Those whose next look is due, as one line without names: as many as stand on the list for it, so without those who have come to the class.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, means: &Means) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ChildManage) {
        return Ok(Vec::new());
    }
    let act = &Act::by(viewer, Permission::ChildManage, means)?;
    let scope = viewer.scope(Permission::ChildManage);
    let (rules, today) = (rules(tx, act).await?, today(act));
    let mut due = help_store::due(tx, act.tenant, &scope, (&rules, today)).await?;
    if !due.is_empty() {
        let roll = names::on_roll(tx, act, &Scope::tenant()).await?;
        due.retain(|wanted| {
            let traits = Traits { name: &wanted.name, birth_date: &wanted.birth_date, building: wanted.building_id };
            traits.best(&roll).is_none_or(|(how, _)| how != Match::Sure)
        });
    }
    let Some(first) = due.iter().filter_map(|wanted| wanted.next_on.as_ref()?.parse::<Date>().ok()).min() else {
        return Ok(Vec::new());
    };
    let people = match due.len() {
        more if more > PAGE => format!("{PAGE} 多"),
        people => people.to_string(),
    };
    let due = first.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    Ok(vec![Todo {
        verb: "再看",
        title: "七彩四点半 帮扶名单".to_owned(),
        detail: format!("{people} 个孩子到了约好再看的日子"),
        href: "/class-help".to_owned(),
        due,
        deadline: show::deadline(due, act.at, true),
    }])
}

pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules = rules(tx, act).await?;
    let since = act.at - SignedDuration::from_hours(24 * rules.keep_help_days);
    tx.execute(FORGET_STEPS.bind(act.tenant).bind(since)).await?;
    tx.execute(FORGET.bind(act.tenant).bind(since)).await?;
    tx.execute(FORGET_LOOKS.bind(act.tenant).bind(since)).await?;
    tx.execute(FORGET_OPENINGS.bind(act.tenant).bind(since)).await?;
    Ok(())
}

/// What the outbox does when a resident has been erased; it may do it twice.
pub fn erased() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Erased { resident, .. } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            help_store::carry(&mut tx, &act, resident, None).await?;
            Ok(tx.commit().await?)
        })
    })
}

/// What the outbox does when two residents were one; it may do it twice.
pub fn merged() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Merged { dropped } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            let kept = life::standing_for(&mut tx, &act, dropped).await?;
            help_store::carry(&mut tx, &act, dropped, Some(kept)).await?;
            Ok(tx.commit().await?)
        })
    })
}
