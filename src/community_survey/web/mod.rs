//! The pages of the yearly survey: the list and the form (`desk`), one survey from its plan to its results (`page`), the doors of
//! whoever asks (`doors`), and what a resident sees by the link on a slip (`link`).

mod desk;
mod doors;
mod link;
mod page;

use std::collections::BTreeMap;

use super::asking::Answers;
use super::model::LEVELS;
use super::store::Survey;
use crate::access::{Permission, Routes, Viewer};
use crate::error::{Error, Result};
use crate::web::Form;

pub fn routes() -> Routes {
    desk::routes().merge(page::routes()).merge(doors::routes()).merge(link::routes())
}

/// Whether somebody looks after surveys: they are of the whole community, and so must be whoever draws them.
fn manages(viewer: &Viewer) -> bool {
    viewer.may(Permission::CommunitySurveyManage) && viewer.scope(Permission::CommunitySurveyManage).account.is_none()
}

/// Errors: forbidden to whoever reaches only a part of the community.
fn must_manage(viewer: &Viewer) -> Result<()> {
    if manages(viewer) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Reads what was tapped, and the wish, in which no number of a person may stand.
fn read_answers(form: &mut Form, survey: &Survey) -> Answers {
    let mut levels = BTreeMap::new();
    for question in &survey.questions.0 {
        let level = |text: &str| text.parse().ok().filter(|level| LEVELS.iter().any(|(known, _)| known == level));
        if let Some(level) = form.optional_choice(&format!("q-{}", question.key), "满意程度", level) {
            levels.insert(question.key.clone(), level);
        }
    }
    let wish = form.text("wish", "最希望办的事", 0..=200);
    if codes::text::personal(&wish).is_some() {
        form.fail("wish", "请不要写手机号和身份证号：回答是不记名的");
    }
    if form.ok() && levels.is_empty() {
        form.fail("wish", "至少答一个问题再交");
    }
    Answers { levels, wish }
}
