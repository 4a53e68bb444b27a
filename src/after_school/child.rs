//! One child: read whole, changed with every old value kept until it is erased; and what the guardian has agreed to.

use std::collections::BTreeSet;

use db::{Cursor, Page, Query, Tx};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::code;
use super::message;
use super::model::{Adult, How, Particulars, Person, Purpose, Rules, State, edition};
use super::picture;
use super::session::{expected_nowhere, refuse_present};
use super::session_store::{ERASE_FETCHERS, ERASE_SUBSTITUTES};
use super::store::{
    self, ADD, ADD_ADULT, ADULT, ADULTS, AGREE, CHANGE, CONSENTS, ENROLLED, ERASE_ADULTS, FETCHERS, FORGET_CONSENTS,
    FORGET_OPENINGS, FORGET_OPENINGS_OF, GET, GET_IN_REACH, HOLD, HOLD_ENROLLED, HOLD_NOW, KEEP_TEXT, LEFT, OPEN,
    REMOVE_ADULT, Stored, StoredAdult, StoredConsent, TAKE_BACK, UNANSWERED,
};
use crate::access::{self, Act, Link, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub id: Uuid,
    pub state: State,
    pub estate: Uuid,
    pub building: Uuid,
    /// `王府名苑小区 3号楼`
    pub home: String,
    /// Empty once they are erased.
    pub particulars: Particulars,
    pub medical: Option<String>,
    pub erased: bool,
    pub invited_at: Timestamp,
    pub enrolled_on: Option<String>,
    pub ended_on: Option<String>,
    pub ended_why: String,
    pub link_number: i64,
    pub version: i64,
}

/// What somebody writes down about a child: all of it but who may fetch it.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub estate: Uuid,
    pub building: Uuid,
    pub particulars: Particulars,
    pub medical: Option<String>,
}

/// What a guardian has agreed to.
pub struct Consent {
    pub purpose: Purpose,
    pub how: How,
    pub edition: String,
    /// `None` once it need not be kept any more.
    pub guardian: Option<String>,
    pub given_at: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
    pub recorded_by: Option<String>,
}

impl Consent {
    /// The head of the wording's digest.
    pub fn mark(&self) -> String {
        self.edition.chars().take(8).collect()
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text).map_err(anyhow::Error::from)?)
}

impl Stored {
    pub(super) fn open(self, act: &Act) -> Result<Child> {
        let particulars = match &self.sealed {
            Some(sealed) => read_json(&act.open("child", sealed)?)?,
            None => Particulars::default(),
        };
        Ok(Child {
            id: self.id,
            state: self.state,
            estate: self.estate_id,
            building: self.building_id,
            home: format!("{} {}", self.estate_name, self.building_name),
            particulars,
            medical: self.medical_sealed.map(|sealed| act.open("child health", &sealed)).transpose()?,
            erased: self.sealed.is_none(),
            invited_at: self.invited_at,
            enrolled_on: self.enrolled_on,
            ended_on: self.ended_on,
            ended_why: self.ended_why,
            link_number: self.link_number,
            version: self.lock_version,
        })
    }
}

pub async fn child(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Child> {
    tx.one::<Stored>(GET.bind(act.tenant).bind(id)).await?.open(act)
}

/// A child of whom a record speaks that may be wrong.
pub(super) async fn known(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Option<Child>> {
    let stored: Option<Stored> = tx.optional(GET.bind(act.tenant).bind(id)).await?;
    stored.map(|stored| stored.open(act)).transpose()
}

pub(super) async fn in_reach(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Child> {
    tx.one::<Stored>(GET_IN_REACH.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?.open(act)
}

/// The latest first.
pub(super) async fn list(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    state: State,
    before: Cursor,
    size: usize,
) -> Result<(Vec<Child>, Option<Cursor>)> {
    let Page { items, next } = store::list(tx, act.tenant, scope, state, before, size).await?;
    let items: Result<Vec<Child>> = items.into_iter().map(|stored| stored.open(act)).collect();
    Ok((items?, next))
}

/// Those on the roll who live in an estate; at most 500.
pub async fn enrolled(tx: &mut Tx, act: &Act, estate: Uuid) -> Result<Vec<Child>> {
    let found: Vec<Stored> = tx.all(ENROLLED.bind(act.tenant).bind(estate).bind(store::MOST)).await?;
    found.into_iter().map(|stored| stored.open(act)).collect()
}

/// What a link of a guardian is for: the page of one child. It counts up when the link is to be good no more.
fn purpose(number: i64) -> String {
    format!("guardian-{number}")
}

/// Whose page a link leads to.
///
/// Errors: not found by a link that was not made for this, or is not good any more.
pub async fn by_link(tx: &mut Tx, act: &Act, link: &Link) -> Result<Child> {
    let child = child(tx, act, link.id).await?;
    if link.is_signed(&purpose(child.link_number), &act.means.keys) { Ok(child) } else { Err(Error::NotFound) }
}

pub(super) fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}

impl Child {
    pub fn name(&self) -> &str {
        &self.particulars.name
    }

    /// By which the guardian comes to the child's page.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &purpose(self.link_number), keys)
    }

    /// What is written down, with the code and the label of each field, in the order in which it is read.
    pub fn facts(&self) -> Vec<(&'static str, &'static str, String)> {
        let Particulars { name, sex, birth_month, school, grade, guardians, emergency, absence } = &self.particulars;
        let sex = match sex.as_str() {
            "1" => "男",
            "2" => "女",
            _ => "",
        };
        let guardian = |at: usize| guardians.get(at).map(Person::with_phone).unwrap_or_default();
        vec![
            ("child_name", "姓名", name.clone()),
            ("sex", "性别", sex.to_owned()),
            ("birth_month", "出生年月", birth_month.clone()),
            ("school", "学校", school.clone()),
            ("grade", "年级", grade.clone()),
            ("home", "住在", self.home.clone()),
            ("guardian1", "监护人", guardian(0)),
            ("guardian2", "另一位监护人", guardian(1)),
            ("emergency", "紧急联系人", emergency.as_ref().map(Person::with_phone).unwrap_or_default()),
            ("absence", "监护情况说明", absence.clone()),
            ("medical", "身体要注意的", self.medical.clone().unwrap_or_default()),
        ]
    }

    fn changes(&self, before: &Child) -> Vec<Change> {
        let all = |child: &Child| {
            let mut facts = child.facts();
            facts.push(("state", "", child.state.code().to_owned()));
            facts.push(("link", "", child.link_number.to_string()));
            facts.push(("building", "", child.building.to_string()));
            facts
        };
        let pairs = all(before).into_iter().zip(all(self));
        let differing = pairs.filter(|((field, _, old), (_, _, new))| *field != "home" && old != new);
        differing.map(|((field, _, old), (_, _, new))| Change { field, old: Some(old), new: Some(new) }).collect()
    }

    /// The columns from `estate_id` on to `medical_sealed`, as the statements name them.
    fn columns(&self, row: Query, act: &Act) -> Result<Query> {
        let sealed = if self.erased { None } else { Some(act.seal("child", &json(&self.particulars)?)?) };
        let medical = self.medical.as_ref().map(|words| act.seal("child health", words)).transpose()?;
        Ok(row.bind(self.state).bind(self.estate).bind(self.building).bind(sealed).bind(medical))
    }
}

fn new_child(act: &Act, sketch: Sketch, state: State) -> Child {
    let Sketch { estate, building, particulars, medical } = sketch;
    Child {
        id: act.id(),
        state,
        estate,
        building,
        home: String::new(),
        particulars,
        medical,
        erased: false,
        invited_at: act.at,
        enrolled_on: (state == State::Enrolled).then(|| today(act).to_string()),
        ended_on: None,
        ended_why: String::new(),
        link_number: 1,
        version: 1,
    }
}

async fn add(tx: &mut Tx, act: &Act, child: &Child) -> Result<()> {
    let row = child.columns(ADD.bind(act.tenant).bind(child.id), act)?.bind(child.invited_at);
    tx.execute(row.bind(child.enrolled_on.as_deref())).await?;
    audit::record(tx, act, "create", ("child", child.id), child.state.label(), &[]).await
}

fn stale() -> Error {
    Error::Stale("这个孩子的登记刚刚有别人改过，请看一下再改。".to_owned())
}

/// Writes what has become of a child, if anything has.
///
/// Errors: stale if somebody else has changed it since it was read.
async fn save(tx: &mut Tx, act: &Act, before: &Child, now: &Child, action: &str, why: &str) -> Result<()> {
    let changes = now.changes(before);
    if changes.is_empty() {
        return Ok(());
    }
    let row = now.columns(CHANGE.bind(act.tenant).bind(now.id).bind(before.version), act)?;
    let row = row.bind(now.enrolled_on.as_deref()).bind(now.ended_on.as_deref()).bind(&now.ended_why);
    if tx.execute(row.bind(now.link_number)).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, action, ("child", now.id), why, &changes).await
}

/// Nobody else gives a code for a child, or changes what its guardian agrees to, until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    Ok(tx.execute_one(HOLD_NOW.bind(act.tenant).bind(child)).await?)
}

/// The same of several, in the order that everybody keeps to, so that nobody waits for somebody who waits for them.
pub(super) async fn hold_all(tx: &mut Tx, act: &Act, children: &[Uuid]) -> Result<()> {
    for child in BTreeSet::from_iter(children) {
        hold(tx, act, *child).await?;
    }
    Ok(())
}

/// The same of children who are on the roll.
///
/// Errors: refused of one that is not, or not any more.
pub(super) async fn hold_enrolled(tx: &mut Tx, act: &Act, children: &[Uuid]) -> Result<()> {
    for child in BTreeSet::from_iter(children) {
        if tx.execute(HOLD_ENROLLED.bind(act.tenant).bind(*child)).await? == 0 {
            return Err(Error::refused("有孩子不在册，或者刚刚退出了。请看一下再加"));
        }
    }
    Ok(())
}

/// Staff write down who is to be asked: of the child nothing but the name, of the guardian the name and the phone.
pub async fn invite(tx: &mut Tx, act: &Act, sketch: Sketch) -> Result<Child> {
    let Particulars { name, guardians, .. } = sketch.particulars;
    let particulars = Particulars { name, guardians, ..Particulars::default() };
    let child = new_child(act, Sketch { particulars, medical: None, ..sketch }, State::Invited);
    add(tx, act, &child).await?;
    Ok(child)
}

/// Errors: refused of a child that is too young.
fn refuse_young(act: &Act, rules: &Rules, particulars: &Particulars) -> Result<()> {
    match particulars.age(today(act)) {
        Some(age) if age < rules.least_age => {
            Err(Error::refused(format!("七彩四点半从 {} 岁开始，还小的孩子请先不要登记", rules.least_age)))
        }
        Some(_) => Ok(()),
        None => Err(Error::refused("请选出生年月")),
    }
}

/// Whom the guardian wants to fetch the child and to stay away, and what they agree to besides.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub adults: Vec<(bool, Person)>,
    pub photos: bool,
    pub alone: bool,
}

/// Staff enter a child whose guardian has signed on paper.
///
/// Errors: refused of a child that is too young, and where nobody could fetch it.
pub async fn enrol(tx: &mut Tx, act: &Act, sketch: Sketch, wishes: &Wishes) -> Result<Child> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_young(act, &rules, &sketch.particulars)?;
    let child = new_child(act, sketch, State::Enrolled);
    add(tx, act, &child).await?;
    settle(tx, act, &child, wishes, How::Signed).await?;
    Ok(child)
}

/// The guardian agrees by their link, and writes down what is asked.
///
/// Errors: refused where they have answered already, of a child that is too young, and where nobody could fetch it; stale if somebody else
/// was first.
pub async fn agree(tx: &mut Tx, act: &Act, before: &Child, sketch: Sketch, wishes: &Wishes) -> Result<()> {
    if before.state != State::Invited {
        return Err(Error::refused("已经答复过了，不用再点"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_young(act, &rules, &sketch.particulars)?;
    let Sketch { estate, building, particulars, medical } = sketch;
    let enrolled_on = Some(today(act).to_string());
    let now = Child { state: State::Enrolled, estate, building, particulars, medical, enrolled_on, ..before.clone() };
    save(tx, act, before, &now, "guardian_agree", "").await?;
    settle(tx, act, &now, wishes, How::Link).await
}

async fn settle(tx: &mut Tx, act: &Act, child: &Child, wishes: &Wishes, how: How) -> Result<()> {
    consent(tx, act, child, Purpose::Class, how).await?;
    if wishes.photos {
        consent(tx, act, child, Purpose::Photos, how).await?;
    }
    if wishes.alone {
        consent(tx, act, child, Purpose::Alone, how).await?;
    }
    set_adults(tx, act, child, &wishes.adults).await
}

/// The guardian does not agree: nothing is kept.
///
/// Errors: refused where they have answered already.
pub async fn decline(tx: &mut Tx, act: &Act, before: &Child) -> Result<()> {
    if before.state != State::Invited {
        return Err(Error::refused("已经答复过了，不用再点"));
    }
    erase(tx, act, before, State::Declined).await
}

fn refuse_gone(child: &Child) -> Result<()> {
    match child.state {
        State::Enrolled => Ok(()),
        other => Err(Error::refused(format!("现在是“{other}”，不能再登记什么"))),
    }
}

/// Particulars are put right, by the guardian or by staff.
///
/// Errors: refused of a child that is not on the roll; stale if somebody else has changed it since.
pub async fn change(tx: &mut Tx, act: &Act, before: &Child, sketch: Sketch, adults: &[(bool, Person)]) -> Result<()> {
    refuse_gone(before)?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_young(act, &rules, &sketch.particulars)?;
    // Somebody who was barred in the meantime must not come back by an older form, so who may fetch the child counts as well.
    if tx.execute(HOLD.bind(act.tenant).bind(before.id).bind(before.version)).await? == 0 {
        return Err(stale());
    }
    let before = Child { version: before.version + 1, ..before.clone() };
    let Sketch { estate, building, particulars, medical } = sketch;
    let now = Child { estate, building, particulars, medical, ..before.clone() };
    save(tx, act, &before, &now, "update", "").await?;
    set_adults(tx, act, &now, adults).await
}

/// The end of service: the guardian takes the consent back, or staff end it. Nothing new is noted of the child from now on.
///
/// Errors: refused of a child that is not on the roll; stale if somebody else has changed it since.
pub async fn leave(tx: &mut Tx, act: &Act, before: &Child, why: &str) -> Result<()> {
    refuse_gone(before)?;
    let ended_on = Some(today(act).to_string());
    let now = Child { state: State::Left, ended_on, ended_why: why.to_owned(), ..before.clone() };
    hold(tx, act, before.id).await?;
    expected_nowhere(tx, act, before.id).await?;
    picture::hold_of(tx, act, before.id).await?;
    save(tx, act, before, &now, "leave", why).await?;
    for purpose in Purpose::ALL {
        withdraw(tx, act, before, *purpose).await?;
    }
    code::withdraw(tx, act, before.id).await
}

/// Errors: refused before the end of service, while the child is at a class, or where nothing is kept any more.
pub async fn forget(tx: &mut Tx, act: &Act, before: &Child) -> Result<()> {
    if before.state != State::Left || before.erased {
        return Err(Error::refused("退出以后才能删，或者已经删过了"));
    }
    refuse_present(tx, act, before.id).await?;
    erase(tx, act, before, State::Left).await
}

/// Takes away whatever is known of a child but that there was one; who has agreed is kept for as long as law wants.
async fn erase(tx: &mut Tx, act: &Act, before: &Child, state: State) -> Result<()> {
    let now = Child {
        state,
        particulars: Particulars::default(),
        medical: None,
        erased: true,
        ended_on: before.ended_on.clone().or_else(|| Some(today(act).to_string())),
        ended_why: String::new(),
        link_number: before.link_number + 1,
        ..before.clone()
    };
    let nobody = act.seal("child adult", &json(&Person::default())?)?;
    hold(tx, act, before.id).await?;
    picture::hold_of(tx, act, before.id).await?;
    tx.execute(FORGET_OPENINGS_OF.bind(act.tenant).bind(before.id)).await?;
    message::erase(tx, act, before.id).await?;
    tx.execute(ERASE_ADULTS.bind(act.tenant).bind(before.id).bind(nobody).bind(act.at)).await?;
    // Who has fetched it goes, and that it was fetched stays.
    tx.execute(ERASE_FETCHERS.bind(act.tenant).bind(before.id)).await?;
    tx.execute(ERASE_SUBSTITUTES.bind(act.tenant).bind(before.id).bind(act.at)).await?;
    expected_nowhere(tx, act, before.id).await?;
    picture::remove_of(tx, act, before.id).await?;
    save(tx, act, before, &now, "erase", state.label()).await?;
    // What is erased must not come back in the history.
    audit::erase(tx, act, before.id, None).await
}

/// The guardian's link is good no more; they get another one.
pub async fn renew_link(tx: &mut Tx, act: &Act, before: &Child) -> Result<()> {
    let now = Child { link_number: before.link_number + 1, ..before.clone() };
    save(tx, act, before, &now, "renew_link", "").await
}

// ---------- who may fetch a child ----------

/// Whom the guardian lets fetch the child, and who must not.
pub async fn adults(tx: &mut Tx, act: &Act, child: Uuid) -> Result<Vec<Adult>> {
    let stored: Vec<StoredAdult> = tx.all(ADULTS.bind(act.tenant).bind(child)).await?;
    stored.into_iter().map(|stored| stored.open(act)).collect()
}

/// Those who have ever fetched the child, also whoever is not on the list any more.
pub(super) async fn fetchers(tx: &mut Tx, act: &Act, child: Uuid) -> Result<Vec<Adult>> {
    let stored: Vec<StoredAdult> = tx.all(FETCHERS.bind(act.tenant).bind(child)).await?;
    stored.into_iter().map(|stored| stored.open(act)).collect()
}

/// One of a child's adults, also if they are not on the list any more.
pub(super) async fn adult(tx: &mut Tx, act: &Act, child: Uuid, id: Uuid) -> Result<Option<Adult>> {
    let stored: Option<StoredAdult> = tx.optional(ADULT.bind(act.tenant).bind(child).bind(id)).await?;
    stored.map(|stored| stored.open(act)).transpose()
}

impl StoredAdult {
    fn open(self, act: &Act) -> Result<Adult> {
        let person = read_json(&act.open("child adult", &self.sealed)?)?;
        Ok(Adult { id: self.id, barred: self.barred, person })
    }
}

/// Errors: refused of more than the setting allows, of somebody who is on both lists, and where nobody could fetch the child.
async fn set_adults(tx: &mut Tx, act: &Act, child: &Child, wanted: &[(bool, Person)]) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let (barred, listed): (Vec<_>, Vec<_>) = wanted.iter().partition(|(barred, _)| *barred);
    if listed.len() as i64 > rules.most_adults {
        return Err(Error::refused(format!("能来接的最多写 {} 个人", rules.most_adults)));
    }
    if listed.iter().any(|(_, one)| barred.iter().any(|(_, other)| one.is(other))) {
        return Err(Error::refused("有人又写在能接的里、又写在不能接的里，请去掉一处"));
    }
    if listed.is_empty() {
        return Err(Error::refused("至少写一个能来接孩子的人，您自己来接就写您自己"));
    }
    let known = adults(tx, act, child.id).await?;
    let mut changes = Vec::new();
    for adult in &known {
        if !wanted.contains(&(adult.barred, adult.person.clone())) {
            tx.execute(REMOVE_ADULT.bind(act.tenant).bind(child.id).bind(adult.id).bind(act.at)).await?;
            let field = if adult.barred { "barred" } else { "listed" };
            changes.push(Change { field, old: Some(adult.person.with_phone()), new: None });
        }
    }
    for (barred, person) in wanted {
        if !known.iter().any(|adult| adult.barred == *barred && adult.person == *person) {
            let sealed = act.seal("child adult", &json(person)?)?;
            let row = ADD_ADULT.bind(act.tenant).bind(child.id).bind(act.id()).bind(*barred).bind(sealed);
            tx.execute(row.bind(act.at)).await?;
            let field = if *barred { "barred" } else { "listed" };
            changes.push(Change { field, old: None, new: Some(person.with_phone()) });
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    audit::record(tx, act, "set_pickup", ("child", child.id), "", &changes).await
}

// ---------- what the guardian agrees to ----------

/// Notes that the guardian has agreed, with the wording that they read. It may have been noted before.
///
/// Errors: refused to let a child leave alone that is too young, and of a child that is not on the roll.
pub async fn consent(tx: &mut Tx, act: &Act, child: &Child, purpose: Purpose, how: How) -> Result<()> {
    refuse_gone(child)?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if purpose == Purpose::Alone && child.particulars.age(today(act)).is_none_or(|age| age < rules.alone_age) {
        return Err(Error::refused(format!("不满 {} 岁的孩子要有大人接，不能自己走", rules.alone_age)));
    }
    let wording = purpose.wording(&access::tenant(tx, act.tenant).await?.name, &rules);
    let edition = edition(&wording);
    tx.execute(KEEP_TEXT.bind(act.tenant).bind(&edition).bind(wording.join("\n"))).await?;
    let guardian = child.particulars.guardians.first().map(Person::words).unwrap_or_default();
    let row = AGREE.bind(act.tenant).bind(act.id()).bind(child.id).bind(purpose).bind(how).bind(&edition);
    let row = row.bind(act.seal("child guardian", &guardian)?).bind(act.at).bind(act.account);
    if tx.execute(row).await? > 0 {
        let what = format!("{purpose}（{how}）");
        audit::record(tx, act, "consent", ("child", child.id), &what, &[]).await?;
    }
    Ok(())
}

/// The guardian takes it back. Whoever shows a picture of the child meanwhile is waited for, and that picture goes too.
pub async fn withdraw(tx: &mut Tx, act: &Act, child: &Child, purpose: Purpose) -> Result<()> {
    hold(tx, act, child.id).await?;
    picture::hold_of(tx, act, child.id).await?;
    if tx.execute(TAKE_BACK.bind(act.tenant).bind(child.id).bind(purpose).bind(act.at)).await? > 0 {
        audit::record(tx, act, "take_back_consent", ("child", child.id), purpose.label(), &[]).await?;
        if purpose == Purpose::Photos {
            picture::remove_of(tx, act, child.id).await?;
        }
    }
    Ok(())
}

pub async fn consents(tx: &mut Tx, act: &Act, child: Uuid) -> Result<Vec<Consent>> {
    let stored: Vec<StoredConsent> = tx.all(CONSENTS.bind(act.tenant).bind(child)).await?;
    let open = |stored: StoredConsent| -> Result<Consent> {
        let StoredConsent { purpose, how, edition, guardian_sealed, given_at, withdrawn_at, recorded_by } = stored;
        let guardian = guardian_sealed.map(|sealed| act.open("child guardian", &sealed)).transpose()?;
        Ok(Consent { purpose, how, edition, guardian, given_at, withdrawn_at, recorded_by })
    };
    stored.into_iter().map(open).collect()
}

/// Whether the guardian agrees now.
pub async fn agreed(tx: &mut Tx, act: &Act, child: Uuid, purpose: Purpose) -> Result<bool> {
    let consents: Vec<StoredConsent> = tx.all(CONSENTS.bind(act.tenant).bind(child)).await?;
    Ok(consents.iter().any(|consent| consent.purpose == purpose && consent.withdrawn_at.is_none()))
}

// ---------- who has looked ----------

/// Opens a child's record to whoever says why, for a while. It is noted for the guardian too.
pub async fn open(tx: &mut Tx, act: &Act, child: &Child, reader_name: &str, purpose: &str) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let until = act.at + SignedDuration::from_mins(rules.open_minutes);
    let row = OPEN.bind(act.tenant).bind(act.id()).bind(child.id).bind(act.account).bind(reader_name);
    tx.execute(row.bind(purpose).bind(act.at).bind(until)).await?;
    audit::record(tx, act, "open_child", ("child", child.id), purpose, &[]).await
}

/// What may not be kept any longer is erased.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let days = |days: i64| act.at - SignedDuration::from_hours(24 * days);
    let left = days(rules.keep_after_days).to_zoned_datetime(calendar::shanghai()).date().to_string();
    let mut overdue: Vec<Stored> = tx.all(UNANSWERED.bind(act.tenant).bind(days(rules.answer_within_days))).await?;
    overdue.extend(tx.all::<Stored>(LEFT.bind(act.tenant).bind(left)).await?);
    for stored in overdue {
        let child = stored.open(act)?;
        let state = if child.state == State::Invited { State::Declined } else { child.state };
        erase(tx, act, &child, state).await?;
    }
    tx.execute(FORGET_CONSENTS.bind(act.tenant).bind(days(rules.keep_consents_days))).await?;
    // Who has looked is kept as long as who has agreed.
    tx.execute(FORGET_OPENINGS.bind(act.tenant).bind(days(rules.keep_consents_days))).await?;
    picture::remove_old(tx, act).await
}
