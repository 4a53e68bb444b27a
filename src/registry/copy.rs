//! Everything that is known of one person, as a workbook for that person (个人信息保护法, art. 45).

use db::Tx;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use uuid::Uuid;

use super::particular::Particular;
use super::person;
use super::store;
use super::tagging;
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::web::show;

/// A sheet: its name, its headings, its rows.
type Sheet = (&'static str, &'static [&'static str], Vec<Vec<String>>);

/// The particulars, the tags and what was changed, nothing masked. Restricted tags are among it only where whoever hands it
/// out may know of them.
///
/// Errors: not found out of the scope's reach.
pub(super) async fn sheets(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid, restricted: bool) -> Result<Vec<Sheet>> {
    let person = person::person(tx, act, id).await?;
    let household = store::household(tx, act.tenant, scope, person.household).await?;
    let address = format!("{} {}", household.estate_name, household.door());
    let mut facts = vec![vec!["住址".to_owned(), address], vec!["户主".to_owned(), household.head_name]];
    facts.extend(Particular::ALL.iter().filter_map(|particular| {
        Some(vec![particular.label().to_owned(), particular.words(person.get(*particular)?)])
    }));
    facts.extend(person.ended.map(|ending| vec!["登记状态".to_owned(), ending.to_string()]));

    let mut tags: Vec<Vec<String>> = tagging::held(tx, act.tenant, id)
        .await?
        .into_iter()
        .map(|held| vec![held.tag.to_string(), held.evidence, show::day(&held.since)])
        .collect();
    if restricted {
        let held = tagging::restricted(tx, act, id).await?;
        tags.extend(held.into_iter().map(|held| vec![held.tag.to_string(), held.evidence, show::day(&held.since)]));
    } else {
        tags.push(vec!["限制登记的标签".to_owned(), "有没有、是什么，由社区书记另行答复".to_owned(), String::new()]);
    }

    let mut past = Vec::new();
    for entry in audit::history(tx, act, id).await? {
        let shown = |field: &str, value: Option<String>| {
            let words = Particular::parse(field).zip(value.as_deref()).map(|(particular, kept)| particular.words(kept));
            words.or(value).unwrap_or_default()
        };
        for change in entry.changes {
            let name = Particular::parse(&change.field).map_or("其他", Particular::label).to_owned();
            let known = Particular::parse(&change.field).is_some();
            let (old, new) = if known {
                (shown(&change.field, change.old), shown(&change.field, change.new))
            } else {
                (String::new(), String::new())
            };
            past.push(vec![show::day_and_time(&entry.at), name, old, new, entry.reason.clone()]);
        }
    }
    Ok(vec![
        ("登记内容", &["项目", "内容"], facts),
        ("标签", &["标签", "依据", "从哪天起"], tags),
        ("变更记录", &["时间", "项目", "原来", "改成", "原因"], past),
    ])
}

/// The sheets as a file, with a mark on every page.
pub(super) fn workbook(sheets: Vec<Sheet>, mark: &str) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let text = Format::new().set_num_format("@").set_text_wrap();
    let heading = Format::new().set_bold();
    let write = || -> std::result::Result<Vec<u8>, XlsxError> {
        for (name, headings, rows) in sheets {
            let sheet = workbook.add_worksheet().set_name(name)?;
            sheet.set_header(format!("&C{}", mark.replace('&', "&&")));
            for (at, heading_words) in (0u16..).zip(headings) {
                sheet.set_column_width(at, 24)?.write_string_with_format(0, at, *heading_words, &heading)?;
            }
            for (row, cells) in (1u32..).zip(&rows) {
                for (at, cell) in (0u16..).zip(cells) {
                    sheet.write_string_with_format(row, at, cell, &text)?;
                }
            }
            sheet.write_string(rows.len() as u32 + 2, 0, mark)?;
        }
        workbook.save_to_buffer()
    };
    write().map_err(|error| Error::Internal(error.into()))
}
