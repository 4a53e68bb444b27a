//! From the application or the recommendation to the roll, and off it again. Nobody is on the roll without having agreed
//! themselves; of whoever does not, nothing is kept.

use db::Tx;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::activity_store::{Counted, HOLD_VOLUNTEER, SERVED};
use super::card::{self, Card, save, today};
use super::field::{Field, Values};
use super::hours_store::{FORGET_WORDS, RECORDED};
use super::model::{Guardian, Handler, How, Joining, Keeping, Maturity, Outcome, Post, Purpose, State, Way, edition};
use super::store::{self, ADD_VETTING, AGREE, DROP_VETTINGS, FORGET, KEEP_TEXT, QUIT_ALL, TAKE_BACK};
use super::{certificate, engagement, honour, presence, sign_up, star, team};
use crate::access::{self, Act};
use crate::error::{Error, Result};
use crate::{audit, outbox, settings};

/// Somebody who wants to be a volunteer, or whom somebody else would like to see as one.
#[derive(Debug, Clone)]
pub struct NewVolunteer {
    pub way: Way,
    pub values: Values,
    pub team: Option<Uuid>,
    pub estate: Option<Uuid>,
    pub recommender: Option<String>,
    pub guardian: Option<Guardian>,
}

fn new_card(act: &Act, new: NewVolunteer, state: State) -> Card {
    Card {
        id: act.id(),
        state,
        way: new.way,
        team: new.team,
        estate: new.estate,
        estate_name: None,
        resident: None,
        values: new.values,
        recommender: new.recommender,
        guardian: new.guardian,
        guardian_agreed_on: None,
        ended_why: String::new(),
        applied_at: act.at,
        joined_on: None,
        ended_on: None,
        link_number: 1,
        version: 1,
    }
}

/// Somebody applies, having read and agreed to what is registered. A minor's own word is not enough (个人信息保护法, art. 31): of them only what
/// it takes to ask the guardian is kept until the guardian has agreed.
///
/// Errors: refused if they are too young, or a minor without a guardian.
pub async fn apply(tx: &mut Tx, act: &Act, new: NewVolunteer) -> Result<Card> {
    let mut card = new_card(act, new, State::Applied);
    let minor = refuse_unfit(tx, act, &card).await? == Maturity::Minor;
    if minor {
        card.values = to_ask_a_guardian(card.values);
    }
    card::add(tx, act, &card).await?;
    if !minor {
        consent(tx, act, card.id, Purpose::Register, How::Link).await?;
    }
    Ok(card)
}

/// What may be kept of a minor whose guardian has not agreed yet. Where they live and the team that they want stand beside it, or nobody of
/// the community would find them.
fn to_ask_a_guardian(values: Values) -> Values {
    values.into_iter().filter(|(field, _)| matches!(field, Field::Name | Field::Birth)).collect()
}

/// What may be kept of somebody who has not agreed yet, so that they can be asked.
pub(super) fn to_be_asked(values: Values) -> Values {
    values.into_iter().filter(|(field, _)| matches!(field, Field::Name | Field::Phone)).collect()
}

/// Somebody is recommended, or asked by their organisation. They are on no list before they have agreed by their own link, and of what is
/// known of them only the name and the phone are kept.
pub async fn invite(tx: &mut Tx, act: &Act, new: NewVolunteer) -> Result<Card> {
    let new = NewVolunteer { values: to_be_asked(new.values), ..new };
    let card = new_card(act, new, State::Invited);
    card::add(tx, act, &card).await?;
    Ok(card)
}

/// Whose birthday is not known may apply: the community asks.
///
/// Errors: refused if somebody is too young, or a minor without a guardian.
async fn refuse_unfit(tx: &mut Tx, act: &Act, card: &Card) -> Result<Maturity> {
    let maturity = maturity(tx, act, card).await?;
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    match maturity {
        Maturity::TooYoung => {
            Err(Error::refused(format!("不满 {} 岁的小朋友还不能登记，谢谢你的热心", rules.least_age)))
        }
        Maturity::Minor if card.guardian.is_none() => {
            Err(Error::refused(format!("不满 {} 岁的，要填监护人的姓名和电话", rules.adult_age)))
        }
        _ => Ok(maturity),
    }
}

/// What somebody may do by their age today.
pub(super) async fn maturity(tx: &mut Tx, act: &Act, card: &Card) -> Result<Maturity> {
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    Ok(rules.maturity(card.get(Field::Birth), today(act)))
}

/// Errors: refused if a day of birth that is written down anew makes somebody a child who is too young, or, on the roll, a minor of whom no
/// guardian's consent is on record. Of an applicant staff write down the true day first: the guardian's consent is asked for before they
/// confirm.
pub(super) async fn refuse_immature(tx: &mut Tx, act: &Act, before: &Card, now: &Card) -> Result<()> {
    if before.get(Field::Birth) == now.get(Field::Birth) {
        return Ok(());
    }
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    immature(&rules, today(act), before.state, now).map_or(Ok(()), |why| Err(Error::refused(why)))
}

/// Why somebody in a state may not have the day of birth that a card says; `None` if nothing speaks against it.
pub(super) fn immature(rules: &Joining, on: Date, state: State, now: &Card) -> Option<String> {
    match (rules.maturity(now.get(Field::Birth), on), state) {
        (Maturity::TooYoung, State::Applied) => {
            Some(format!("照这个出生日期不满 {} 岁，不能登记，请在“不能登记”里答复本人", rules.least_age))
        }
        (Maturity::TooYoung, State::Active) => {
            Some(format!("照这个出生日期不满 {} 岁，不能在册。请先核对，没有错的请办退出", rules.least_age))
        }
        (Maturity::Minor, State::Active) if now.guardian_agreed_on.is_none() => {
            Some(format!("照这个出生日期不满 {} 岁，请社区先在这名志愿者的页面登记监护人的书面同意", rules.adult_age))
        }
        _ => None,
    }
}

/// Whoever was recommended agrees, and writes down what is still missing.
///
/// Errors: refused if they have answered already, are too young, or a minor without a guardian.
pub async fn agree(tx: &mut Tx, act: &Act, before: &Card, now: Card, how: How) -> Result<()> {
    if before.state != State::Invited {
        return Err(Error::refused("已经答复过了，不用再点"));
    }
    let mut now = Card { state: State::Applied, ..now };
    let minor = refuse_unfit(tx, act, &now).await? == Maturity::Minor;
    if minor && now.guardian_agreed_on.is_none() {
        now.values = to_ask_a_guardian(now.values);
        save(tx, act, before, &now, "agree_to_serve", how.label()).await?;
        return Ok(());
    }
    save(tx, act, before, &now, "agree_to_serve", how.label()).await?;
    consent(tx, act, now.id, Purpose::Register, if minor { How::Guardian } else { how }).await
}

/// Whoever was recommended does not agree, or whoever has applied thinks better of it: nothing of them is kept.
///
/// Errors: refused if they are on the roll.
pub async fn decline(tx: &mut Tx, act: &Act, before: &Card) -> Result<()> {
    if !matches!(before.state, State::Invited | State::Applied) {
        return Err(Error::refused("已经答复过了，不用再点"));
    }
    erase(tx, act, before, (State::Declined, String::new())).await
}

/// Whoever has left wants that nothing is kept which need not be: of what they have done the record stays, and the name with it
/// (志愿服务条例, art. 19); where there is nothing of that, nothing stays.
///
/// Errors: refused of somebody who has not left, or of whom nothing is kept any more.
pub async fn forget(tx: &mut Tx, act: &Act, before: &Card) -> Result<()> {
    if before.state != State::Left || before.erased() {
        return Err(Error::refused("退出以后才能删，或者已经删过了"));
    }
    let served: Counted = tx.one(SERVED.bind(act.tenant).bind(before.id)).await?;
    let recorded: Counted = tx.one(RECORDED.bind(act.tenant).bind(before.id)).await?;
    let name = if served.people + recorded.people > 0 { before.name().to_owned() } else { String::new() };
    erase(tx, act, before, (State::Left, name)).await
}

/// What the outbox is told when the particulars of a volunteer were erased, so that others forget what they have of them.
pub const FORGOTTEN: &str = "volunteer.erased";

#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    pub volunteer: Uuid,
}

/// Takes away whatever is known of somebody but that there was a row, and perhaps a name. Their row is held first, as by whoever writes hours.
async fn erase(tx: &mut Tx, act: &Act, before: &Card, (state, name): (State, String)) -> Result<()> {
    let now = Card {
        state,
        team: None,
        estate: None,
        resident: None,
        values: Values::from([(Field::Name, name)]),
        recommender: None,
        guardian: None,
        guardian_agreed_on: None,
        ended_why: String::new(),
        ..before.clone()
    };
    let now = Card { link_number: before.link_number + 1, ..now };
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(before.id)).await?;
    tx.execute(TAKE_BACK.bind(act.tenant).bind(before.id).bind(Purpose::Register).bind(act.at)).await?;
    tx.execute(DROP_VETTINGS.bind(act.tenant).bind(before.id)).await?;
    tx.execute(FORGET_WORDS.bind(act.tenant).bind(before.id)).await?;
    engagement::forget(tx, act, before.id).await?;
    presence::forget(tx, act, before.id).await?;
    star::forget(tx, act, before.id).await?;
    honour::forget(tx, act, before.id).await?;
    certificate::forget(tx, act, before.id).await?;
    save(tx, act, before, &now, "erase", state.label()).await?;
    outbox::post(tx, act, FORGOTTEN, &Forgotten { volunteer: before.id }).await?;
    // What is erased must not come back in the history.
    audit::erase(tx, act, before.id, None).await
}

/// The community takes somebody on. They join the team that they wanted.
///
/// Errors: refused without their own consent, their day of birth, or of a minor the guardian's written consent; stale if somebody else was
/// first.
pub async fn confirm(tx: &mut Tx, act: &Act, before: &Card) -> Result<()> {
    if before.state != State::Applied {
        return Err(Error::refused(format!("现在是“{}”，不能确认", before.state)));
    }
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    match rules.maturity(before.get(Field::Birth), today(act)) {
        Maturity::Unknown => return Err(Error::refused("还不知道出生日期，请先在“改资料”里写上，才知道能不能登记")),
        Maturity::TooYoung => return Err(Error::refused(format!("不满 {} 岁，不能登记", rules.least_age))),
        Maturity::Minor if before.guardian_agreed_on.is_none() => {
            return Err(Error::refused("未成年人要有监护人的书面同意，请先登记同意书"));
        }
        Maturity::Minor | Maturity::Adult => {}
    }
    if !agreed(tx, act, before.id, Purpose::Register).await? {
        return Err(Error::refused("本人还没有同意，不能登记。请把链接转给本人"));
    }
    let on = today(act);
    // A roster may say since when.
    let joined_on = before.joined_on.clone().or(Some(on.to_string()));
    let now = Card { state: State::Active, joined_on, team: None, ..before.clone() };
    save(tx, act, before, &now, "confirm_volunteer", "").await?;
    if let Some(team) = before.team {
        team::join(tx, act, team, before.id, Post::Member, before.way, on).await?;
    }
    Ok(())
}

/// The community does not take somebody on, and says why.
///
/// Errors: refused unless they wait for it; stale if somebody else was first.
pub async fn refuse(tx: &mut Tx, act: &Act, before: &Card, why: &str) -> Result<()> {
    if before.state != State::Applied {
        return Err(Error::refused(format!("现在是“{}”，不用答复", before.state)));
    }
    let ended_on = Some(today(act).to_string());
    let now = Card { state: State::Refused, ended_why: why.to_owned(), ended_on, ..before.clone() };
    save(tx, act, before, &now, "refuse_volunteer", why).await?;
    Ok(())
}

/// Somebody leaves. What they have done stays on record; they are in no team and on no board any more, and their coming places go to others.
///
/// Errors: refused of somebody who is not on the roll, or is still to go to somebody's door; stale if somebody else was first.
pub async fn leave(tx: &mut Tx, act: &Act, before: &Card, why: &str) -> Result<()> {
    if before.state != State::Active {
        return Err(Error::refused("不在册，不用退出"));
    }
    let on = today(act).to_string();
    // The activities are held first and the volunteer then, as by whoever signs up.
    let given_up = sign_up::give_up_all(tx, act, before.id).await?;
    engagement::refuse_booked(tx, act, before.id).await?;
    tx.execute(QUIT_ALL.bind(act.tenant).bind(before.id).bind(&on)).await?;
    let mut taken_back = Vec::new();
    for purpose in Purpose::ALL {
        if tx.execute(TAKE_BACK.bind(act.tenant).bind(before.id).bind(*purpose).bind(act.at)).await? > 0 {
            taken_back.push(purpose);
        }
    }
    let now = Card { state: State::Left, ended_why: why.to_owned(), ended_on: Some(on), ..before.clone() };
    save(tx, act, before, &now, "leave", why).await?;
    for purpose in taken_back {
        audit::record(tx, act, "take_back_consent", ("volunteer", before.id), purpose.label(), &[]).await?;
    }
    sign_up::note_given_up(tx, act, before.id, &given_up, "退出志愿服务").await
}

/// Errors: refused of somebody who has left or was not taken on: of them less and less is kept, and nothing new.
fn refuse_gone(card: &Card) -> Result<()> {
    match card.state {
        State::Invited | State::Applied | State::Active => Ok(()),
        _ => Err(Error::refused(format!("现在是“{}”，不能再登记什么", card.state))),
    }
}

/// Writes down the particulars of somebody.
///
/// Errors: refused of somebody who is gone, and of a day of birth with which they may not be where they are; stale if somebody else has changed
/// them since; refused if the identity number is another's.
pub async fn change(tx: &mut Tx, act: &Act, before: &Card, now: &Card, why: &str) -> Result<()> {
    refuse_gone(before)?;
    let mut now = now.clone();
    if before.state == State::Invited {
        now.values = to_be_asked(now.values);
    }
    refuse_immature(tx, act, before, &now).await?;
    save(tx, act, before, &now, "update", why).await?;
    Ok(())
}

/// The link that somebody had is good no more; they get another one.
pub async fn renew_link(tx: &mut Tx, act: &Act, before: &Card) -> Result<()> {
    let now = Card { link_number: before.link_number + 1, ..before.clone() };
    save(tx, act, before, &now, "renew_link", "").await?;
    Ok(())
}

/// The guardian's written consent is there, with who has signed. It takes the place of what a minor may have ticked themselves.
///
/// Errors: refused of a day to come, and of somebody who is gone.
pub async fn guardian_agrees(tx: &mut Tx, act: &Act, before: &Card, guardian: Guardian, on: Date) -> Result<()> {
    refuse_gone(before)?;
    if on > today(act) {
        return Err(Error::refused("这一天还没有到"));
    }
    let now = Card { guardian: Some(guardian), guardian_agreed_on: Some(on.to_string()), ..before.clone() };
    save(tx, act, before, &now, "guardian_agree", "").await?;
    if before.state == State::Invited || maturity(tx, act, &now).await? != Maturity::Minor {
        return Ok(());
    }
    let consents = store::consents(tx, act.tenant, before.id).await?;
    let standing = |consent: &&store::Consent| consent.purpose == Purpose::Register && consent.withdrawn_at.is_none();
    if consents.iter().find(standing).is_none_or(|consent| consent.how != How::Guardian) {
        withdraw(tx, act, before.id, Purpose::Register).await?;
        consent(tx, act, before.id, Purpose::Register, How::Guardian).await?;
    }
    Ok(())
}

/// What a query of criminal records has found, and until when that is good. Whoever has not passed it gives up the places with children that
/// are still to come: gives how many.
///
/// Errors: refused of a day to come, and of somebody who is gone; stale if they have just been signed up for something.
pub async fn vet(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    (result, checked_on): (Outcome, Date),
    proof_no: &str,
) -> Result<usize> {
    if checked_on > today(act) {
        return Err(Error::refused("这一天还没有到"));
    }
    refuse_gone(&card::card(tx, act, volunteer).await?)?;
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let expires_on = rules.vetting_end(checked_on).ok_or_else(|| Error::refused("这个日期算不出到期日"))?;
    let held = match result {
        Outcome::Passed => Vec::new(),
        Outcome::Failed | Outcome::Pending => sign_up::hold_places(tx, act, volunteer).await?,
    };
    let row = ADD_VETTING.bind(act.tenant).bind(act.id()).bind(volunteer).bind(result).bind(checked_on.to_string());
    tx.execute(row.bind(expires_on.to_string()).bind(proof_no).bind(act.account).bind(act.at)).await?;
    let given_up = sign_up::give_up_unfit(tx, act, volunteer, held).await?;
    audit::record(tx, act, "vet", ("volunteer", volunteer), result.label(), &[]).await?;
    sign_up::note_given_up(tx, act, volunteer, &given_up, "不能接触未成年人").await?;
    Ok(given_up.len())
}

// ---------- what somebody agrees to ----------

/// Who keeps what is registered, and for how long, as somebody is told before they agree.
pub(super) async fn handler(tx: &mut Tx, act: &Act) -> Result<Handler> {
    Ok(Handler {
        community: access::tenant(tx, act.tenant).await?.name,
        rules: settings::read(tx, act.tenant, act.at).await?,
        keeping: settings::read(tx, act.tenant, act.at).await?,
    })
}

/// Notes that somebody has agreed, with the words that they have read. It may have been noted before.
pub async fn consent(tx: &mut Tx, act: &Act, volunteer: Uuid, purpose: Purpose, how: How) -> Result<()> {
    let wording = purpose.wording(&handler(tx, act).await?);
    let edition = edition(&wording);
    tx.execute(KEEP_TEXT.bind(act.tenant).bind(&edition).bind(wording.join("\n"))).await?;
    let row = AGREE.bind(act.tenant).bind(act.id()).bind(volunteer).bind(purpose).bind(how).bind(&edition);
    if tx.execute(row.bind(act.at).bind(act.account)).await? > 0 {
        let what = format!("{purpose}（{how}）");
        audit::record(tx, act, "consent", ("volunteer", volunteer), &what, &[]).await?;
    }
    Ok(())
}

/// Somebody agrees by their own link to be named in public.
///
/// Errors: refused of a minor, unless the guardian has agreed to that by itself.
pub(super) async fn publish(tx: &mut Tx, act: &Act, card: &Card, purpose: Purpose) -> Result<()> {
    if maturity(tx, act, card).await? != Maturity::Adult && !agreed(tx, act, card.id, purpose).await? {
        let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
        return Err(Error::refused(format!("不满 {} 岁的，要监护人到社区书面同意，才能公开姓名", rules.adult_age)));
    }
    consent(tx, act, card.id, purpose, How::Link).await
}

/// Somebody takes it back.
pub async fn withdraw(tx: &mut Tx, act: &Act, volunteer: Uuid, purpose: Purpose) -> Result<()> {
    if tx.execute(TAKE_BACK.bind(act.tenant).bind(volunteer).bind(purpose).bind(act.at)).await? > 0 {
        audit::record(tx, act, "take_back_consent", ("volunteer", volunteer), purpose.label(), &[]).await?;
    }
    Ok(())
}

pub async fn agreed(tx: &mut Tx, act: &Act, volunteer: Uuid, purpose: Purpose) -> Result<bool> {
    let consents = store::consents(tx, act.tenant, volunteer).await?;
    Ok(consents.iter().any(|consent| consent.purpose == purpose && consent.withdrawn_at.is_none()))
}

/// Takes away what may not be kept: of those who have not answered, were not answered or not taken on, and rows of workbooks.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let before = |days: i64| act.at - SignedDuration::from_hours(24 * days);
    let keeping: Keeping = settings::read(tx, act.tenant, act.at).await?;
    for card in card::unanswered(tx, act, before(rules.consent_days), before(keeping.applied_days)).await? {
        erase(tx, act, &card, (State::Declined, String::new())).await?;
    }
    tx.execute(FORGET.bind(act.tenant).bind(before(rules.keep_rows_days))).await?;
    engagement::forget_old(tx, act).await?;
    Ok(())
}
