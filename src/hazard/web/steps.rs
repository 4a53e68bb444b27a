//! The steps of a hazard: each is a form of its own noun, and one handler takes them all. What each form asks for is one table, from which the
//! page is drawn too.

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::desk::MOST_PHOTOS;
use super::page::show_page;
use super::words;
use crate::access::{self, Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::hazard::course::{self, Owner};
use crate::hazard::model::{Contact, Level, Mode, Supervision};
use crate::hazard::step::Words;
use crate::hazard::store::{self, Hazard};
use crate::hazard::transition::Step;
use crate::photo;
use crate::web::{Form, Shell, page_again, redirect};

/// What the form of a step asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    pub step: Step,
    pub path: &'static str,
    /// The label of the words, how many characters they have at least, and a hint; no label: no words.
    pub words: (&'static str, usize, &'static str),
    /// The label of a day; empty: none.
    pub until: &'static str,
    pub photos: bool,
    /// What is said when it is done.
    pub done: &'static str,
}

impl Asks {
    /// The last part of its address, by which its fields begin too.
    pub fn noun(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub fn field(&self, name: &str) -> String {
        format!("{}-{name}", self.noun())
    }
}

macro_rules! asks {
    ($($step:ident $path:literal $label:literal $least:literal $hint:literal $until:literal $photos:literal $done:literal;)+) => {
        pub const ASKS: &[Asks] = &[$(Asks {
            step: Step::$step, path: concat!("/hazards/{id}/", $path), words: ($label, $least, $hint), until: $until, photos: $photos, done: $done,
        }),+];
    };
}

asks! {
    Graded "grade" "为什么这样定" 0 "可不填。" "" false "已定级，请交办";
    Assigned "assignment" "整改措施" 4 "要做什么、做到什么程度。" "哪天前整改完" false "已交办";
    Transferred "transfers" "请对方做什么" 4 "写进移送函。" "对方哪天前回复" false "已移送，请打印移送函";
    Began "beginning" "说明" 0 "可不填。" "" false "已开始整改";
    Progressed "progress" "进展" 2 "" "" true "进展已记下";
    Fixed "completion" "怎么整改的" 4 "移送的，写对方的回复和现场情况。" "" true "已申请复查，请没参与整改的人去看";
    Passed "recheck" "复查结论" 2 "现场看到什么。" "" true "复查通过，可以销号";
    Failed "failure" "哪里不行" 4 "" "继续整改，哪天前完成" true "已退回继续整改";
    Closed "closure" "审批意见" 0 "可不填。" "" false "已销号";
    Replied "replies" "对方怎么说" 2 "" "新的回复时限" false "回复已记下";
    Returned "returns" "对方为什么退回" 2 "" "" false "已退回，请重新交办";
    Urged "urgings" "催了谁、怎么说" 2 "" "" false "催办已记下";
    Extended "extension" "为什么延长" 4 "" "延到哪天" false "时限已延长";
    Listed "listing" "督办要求" 4 "" "督办到哪天" false "已挂牌督办";
    Unlisted "unlisting" "摘牌说明" 2 "" "" false "已摘牌，可以销号";
    Regraded "regrading" "为什么改" 4 "" "" false "等级已改";
    Supplemented "supplements" "补充的情况" 2 "" "" true "已补充";
    Shared "sharing" "" 0 "学校凭链接只看到类别、位置和进度。" "" false "学校看得到了";
    Unshared "unsharing" "" 0 "" "" false "学校看不到了";
    Reopened "reopening" "为什么重新整改" 4 "" "" false "已重新列入，请交办";
    Dismissed "dismissal" "为什么不是" 4 "登记错的、重复的也走这一步。" "" false "已登记为不作为隐患";
}

pub fn routes() -> Routes {
    ASKS.iter().fold(Routes::default(), |routes, asks| {
        let handler =
            move |Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>, form: Form| {
                take(app, viewer, shell, id, asks, form)
            };
        routes.post(asks.path, asks.step.permission(), handler)
    })
}

async fn take(app: App, viewer: Viewer, shell: Shell, id: Uuid, asks: &Asks, mut form: Form) -> Result<Response> {
    let permission = asks.step.permission();
    let act = app.act(&viewer, permission)?;
    // Nothing is taken in for a hazard that is out of reach.
    store::readable(&mut app.db.read().await?, viewer.tenant, &viewer.scope(permission), id).await?;
    let photos = match asks.photos {
        true => photo::from_form(&app, &act, &mut form, &asks.field("photos"), MOST_PHOTOS).await?,
        false => Vec::new(),
    };
    let mut tx = app.db.begin().await?;
    let mut hazard = store::readable(&mut tx, viewer.tenant, &viewer.scope(permission), id).await?;
    let seen = form.version();
    let done = done(&mut tx, &act, &mut hazard, seen, asks, &mut form, &photos).await;
    let at = if asks.words.0.is_empty() { "errors".to_owned() } else { asks.field("words") };
    match done {
        Ok(true) => {
            tx.commit().await?;
            Ok(redirect(&format!("/hazards/{id}"), asks.done))
        }
        Ok(false) => {
            drop(tx);
            page_again(&show_page(&app, &viewer, shell, id, Some((asks.step, form))).await?)
        }
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail(&at, sentence);
            page_again(&show_page(&app, &viewer, shell, id, Some((asks.step, form))).await?)
        }
        Err(error) => Err(error),
    }
}

/// Reads the form and takes the step; `false` where something in the form is not right.
async fn done(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    asks: &Asks,
    form: &mut Form,
    photos: &[Uuid],
) -> Result<bool> {
    let (label, least, _) = asks.words;
    let said = if label.is_empty() { String::new() } else { words(form, &asks.field("words"), label, least, 1000) };
    let until = match asks.until {
        "" => None,
        // What is to be fixed at once has the hours of the setting.
        label if asks.step == Step::Assigned => {
            let dated = !form.value(&asks.field("until")).trim().is_empty();
            if dated { form.last_day(&asks.field("until"), label) } else { None }
        }
        label => form.last_day(&asks.field("until"), label),
    };
    let end = until.unwrap_or(Timestamp::MAX);
    let grading = match asks.step {
        Step::Graded | Step::Regraded => {
            let level = form.choice(&asks.field("level"), "等级", Level::parse);
            level.zip(form.choice(&asks.field("mode"), "整改方式", Mode::parse))
        }
        _ => None,
    };
    let sign = match asks.step {
        Step::Listed => form.choice(&asks.field("supervision"), "哪一级挂牌", Supervision::parse),
        _ => None,
    };
    let body = match asks.step {
        Step::Transferred => form.text(&asks.field("body"), "移送给哪个部门", 2..=40),
        _ => String::new(),
    };
    let owner = if asks.step == Step::Assigned { owner(tx, act, form, asks).await? } else { None };
    if !form.ok() {
        return Ok(false);
    }
    let both = Words { words: &said, photos };
    match (asks.step, grading, sign, owner) {
        (Step::Graded, Some(grading), ..) => course::grade(tx, act, hazard, seen, grading, &said).await?,
        (Step::Regraded, Some(grading), ..) => course::regrade(tx, act, hazard, seen, grading, &said).await?,
        (Step::Listed, _, Some(sign), _) => course::list(tx, act, hazard, seen, (sign, end), &said).await?,
        (Step::Assigned, _, _, Some((owner, unit))) => {
            course::assign(tx, act, hazard, seen, (owner, &unit), until, &said).await?;
        }
        (Step::Transferred, ..) => drop(course::transfer(tx, act, hazard, seen, (&body, end), &said).await?),
        (Step::Began, ..) => course::begin(tx, act, hazard, seen, &said).await?,
        (Step::Progressed, ..) => course::progress(tx, act, hazard, seen, both).await?,
        (Step::Fixed, ..) => course::fix(tx, act, hazard, seen, both).await?,
        (Step::Passed, ..) => course::pass(tx, act, hazard, seen, both).await?,
        (Step::Failed, ..) => course::fail(tx, act, hazard, seen, end, both).await?,
        (Step::Closed, ..) => course::close(tx, act, hazard, seen, &said).await?,
        (Step::Replied, ..) => course::heard(tx, act, hazard, seen, end, &said).await?,
        (Step::Returned, ..) => course::give_back(tx, act, hazard, seen, &said).await?,
        (Step::Urged, ..) => course::urge(tx, act, hazard, seen, &said).await?,
        (Step::Extended, ..) => course::extend(tx, act, hazard, seen, end, &said).await?,
        (Step::Unlisted, ..) => course::unlist(tx, act, hazard, seen, &said).await?,
        (Step::Supplemented, ..) => course::supplement(tx, act, hazard, seen, both).await?,
        (Step::Shared, ..) => course::share(tx, act, hazard, seen, true).await?,
        (Step::Unshared, ..) => course::share(tx, act, hazard, seen, false).await?,
        (Step::Reopened, ..) => course::reopen(tx, act, hazard, seen, &said).await?,
        (Step::Dismissed, ..) => course::dismiss(tx, act, hazard, seen, &said).await?,
        _ => return Err(Error::Internal(anyhow::anyhow!("a form of {} without what it asks for", asks.step))),
    }
    Ok(true)
}

/// Somebody of the bureau, chosen by their account, or somebody outside with a name and a phone.
async fn owner(tx: &mut Tx, act: &Act, form: &mut Form, asks: &Asks) -> Result<Option<(Owner, String)>> {
    let unit = form.text(&asks.field("unit"), "责任单位", 2..=40);
    let account: Option<Uuid> =
        form.optional_choice(&asks.field("account"), "本局的责任人", |id| id.parse().ok());
    if let Some(account) = account {
        let holders = access::holders(tx, act.tenant, Permission::HazardWork).await?;
        if !holders.iter().any(|holder| holder.account == account) {
            return Err(Error::NotFound);
        }
        return Ok(Some((Owner::Own(account), unit)));
    }
    let name = form.person_name(&asks.field("name"));
    let phone = form.optional_phone(&asks.field("phone"));
    let contact = name.zip(phone).map(|(name, phone)| Contact { name, phone });
    Ok(contact.map(|contact| (Owner::Outside(contact), unit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hazard::transition::TRANSITIONS;

    #[test]
    fn every_step_of_the_table_has_one_form() {
        for known in TRANSITIONS {
            assert_eq!(ASKS.iter().filter(|asks| asks.step == known.step).count(), 1, "{}", known.step);
        }
        assert_eq!(ASKS.len(), Step::ALL.len() - 1);
    }
}
