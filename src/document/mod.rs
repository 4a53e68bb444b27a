//! Papers in the usual layouts of an office. What stands on one is written down once, as a [`Paper`]; it is printed from a page
//! (`paper.html`) and given out as a Word file (`word`), so that the two never differ.

mod word;

use serde::{Deserialize, Serialize};

pub use word::response;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    pub title: String,
    /// Lies across, for a table of many columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub landscape: bool,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Heading(String),
    /// One paragraph; its first line is set in by two characters.
    Text(String),
    /// Names of things, and what they are.
    Facts(Vec<(String, String)>),
    Table(Table),
    /// What a QR code says.
    Code(String),
    /// Who signs, side by side.
    Signatures(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Each column's name, and its part of the width in percent.
    pub columns: Vec<(String, u32)>,
    pub rows: Vec<Vec<String>>,
}

/// A QR code as a page shows it. What is too long for one is left out: the words beside it say the same.
pub fn picture(text: &str) -> String {
    crate::web::qr(text).unwrap_or_default()
}

impl Paper {
    pub fn new(title: impl Into<String>) -> Paper {
        Paper { title: title.into(), landscape: false, blocks: Vec::new() }
    }

    pub fn heading(&mut self, words: impl Into<String>) {
        self.blocks.push(Block::Heading(words.into()));
    }

    /// Each line of a text is a paragraph of its own.
    pub fn text(&mut self, text: &str) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        self.blocks.extend(lines.map(|line| Block::Text(line.to_owned())));
    }

    /// Nothing is said of what is not known.
    pub fn facts(&mut self, facts: &[(&str, String)]) {
        let known = facts.iter().filter(|(_, what)| !what.is_empty());
        self.blocks.push(Block::Facts(known.map(|(name, what)| ((*name).to_owned(), what.clone())).collect()));
    }

    pub fn signatures(&mut self, names: &[&str]) {
        self.blocks.push(Block::Signatures(names.iter().map(|name| (*name).to_owned()).collect()));
    }
}
