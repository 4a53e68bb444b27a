//! What everybody may read of a survey: sums, in whole percents.

use db::Tx;
use uuid::Uuid;

use super::model::{Asking, LEVELS, State, UNTOLD, groups, public_percent};
use super::results::{Results, results, wishes};
use super::store::{self, PUBLISHED};
use crate::access::Act;
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::{audit, settings};

/// Puts the result of a survey that has ended on the board, with those of the wishes that somebody has chosen.
///
/// Errors: refused if it has not ended, hangs already, too few have answered, or a wish gives somebody away; stale if
/// somebody else has changed it since it was seen.
pub async fn publish(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, chosen: &[String]) -> Result<Uuid> {
    let survey = store::survey(tx, act.tenant, id).await?;
    if survey.state != State::Ended {
        return Err(Error::refused("调查还没有结束，结束以后再公示结果"));
    }
    if survey.publication_id.is_some() {
        return Err(Error::refused("结果已经公示了"));
    }
    let asking: Asking = settings::read(tx, act.tenant, act.at).await?;
    let results = results(tx, act, survey).await?;
    if results.questions.is_empty() {
        return Err(Error::refused(format!("回答的不到 {} 户，公示出来就能看出是谁，不能公示", results.least)));
    }
    let known = wishes(tx, act, &results).await?;
    let chosen: Vec<&String> = known.iter().filter(|wish| chosen.contains(wish)).collect();
    let new = NewPublication {
        kind: PublicationKind::Announcement,
        estate: None,
        subject: id,
        title: format!("{}结果", results.survey.title),
        snapshot: Snapshot { text: text(&results, &chosen), facts: facts(&results), photos: Vec::new(), link: None },
        period: Period::days(asking.publicity_days),
        named: Vec::new(),
    };
    let publication = board::publish(tx, act, new).await?;
    if tx.execute(PUBLISHED.bind(act.tenant).bind(id).bind(seen).bind(publication)).await? == 0 {
        return Err(Error::Stale("这次调查刚刚有人改过，请看一下再公示。".to_owned()));
    }
    audit::record(tx, act, "publish", ("community_survey", id), "", &[]).await?;
    Ok(publication)
}

fn text(results: &Results, chosen: &[&String]) -> String {
    let mut text = format!(
        "{}，在全社区有人住的 {} 户里按小区随机抽选，网格员上门问，{} 户回答了，误差 {}（{}）。回答不记名，不记是哪一户。",
        results.survey.days(),
        results.homes(),
        results.answered(),
        results.margin_words(),
        results.confidence_words(),
    );
    if !chosen.is_empty() {
        text.push_str(&format!("\n{}居民这样说：", results.survey.open_question));
        chosen.iter().for_each(|wish| text.push_str(&format!("\n“{wish}”")));
    }
    text
}

/// The chart, as a table that can be read out: a row for each question, and one for each group of estates.
fn facts(results: &Results) -> Vec<(String, String)> {
    let least = results.least;
    let mut facts = Vec::new();
    for of in &results.questions {
        let answers = of.tally.answers();
        let share = |part: i64| public_percent(part, answers, least);
        let levels = LEVELS.iter().zip(of.tally.0).map(|((_, label), count)| (*label, share(count)));
        let levels = levels.filter(|(_, share)| share != UNTOLD).map(|(label, share)| format!("{label} {share}"));
        let levels = levels.collect::<Vec<_>>().join("，");
        // What is left out must not follow from what is said: then the satisfied share alone is told.
        let levels =
            if levels.is_empty() || of.tally.gives_away(least) { String::new() } else { format!("。{levels}") };
        facts.push((of.question.text.clone(), format!("满意和非常满意 {}{levels}", share(of.tally.satisfied()))));
    }
    if let Some(first) = results.questions.first() {
        for group in &first.groups {
            let satisfied = public_percent(group.tally.satisfied(), group.tally.answers(), least);
            facts.push((group.name.clone(), format!("“{}”满意和非常满意 {satisfied}", first.question.text)));
        }
    }
    // How many took part, by estates of which none has too few.
    let answered: Vec<i64> = results.courses.iter().map(|course| course.answered).collect();
    let of = groups(&answered, least);
    let number = of.iter().max().map_or(0, |most| most + 1);
    let parts = (0..number).map(|number| {
        let here: Vec<_> = results.courses.iter().zip(&of).filter(|(_, of)| **of == number).collect();
        let names: Vec<&str> = here.iter().map(|(course, _)| course.name.as_str()).collect();
        let answered: i64 = here.iter().map(|(course, _)| course.answered).sum();
        format!("{} {answered} 户", names.join("、"))
    });
    facts.push(("各小区回答的户数".to_owned(), parts.collect::<Vec<_>>().join("，")));
    facts
}
