//! What an agenda can begin with: the topics that a meeting of its kind usually has, or those of the last one.

use std::collections::BTreeMap;

use db::Tx;
use uuid::Uuid;

use super::model::Kind;
use super::store::{self, Circle};
use crate::error::{Error, Result};

/// Where the topics on a form come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Usual,
    Last,
}

impl From {
    pub fn parse(code: &str) -> Option<From> {
        match code {
            "usual" => Some(From::Usual),
            "last" => Some(From::Last),
            _ => None,
        }
    }
}

/// The topics, one a line. What comes back by itself, being an issue or a step of 四议两公开, is not among them.
pub async fn topics(tx: &mut Tx, tenant: Uuid, circle: Circle, kind: Kind, from: From) -> Result<String> {
    match from {
        From::Usual => Ok(usual(kind)?.unwrap_or_default()),
        From::Last => {
            let Some(last) = store::latest_of(tx, tenant, circle, kind).await? else { return Ok(String::new()) };
            let items = store::items(tx, tenant, last.id).await?;
            let own = items.iter().filter(|item| item.issue_id.is_none() && item.procedure_id.is_none());
            Ok(own.map(|item| item.title.as_str()).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn usual(kind: Kind) -> Result<Option<String>> {
    let all: BTreeMap<String, String> =
        toml::from_str(include_str!("agendas.toml")).map_err(|error| Error::Internal(error.into()))?;
    Ok(all.get(kind.code()).map(|topics| topics.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_not_called_for_one_matter_has_a_usual_agenda() {
        for kind in Kind::ALL {
            let usual = usual(*kind).unwrap();
            assert_eq!(usual.is_none(), *kind == Kind::TwoCommittees, "{kind}");
            assert!(
                usual.iter().flat_map(|topics| topics.lines()).all(|topic| (2..=60).contains(&topic.chars().count()))
            );
        }
    }
}
