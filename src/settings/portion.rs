//! A part of a whole, as laws name it: a setting that says how many have to be there, or to agree.

use db::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// A part of a whole.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Portion {
        HalfOrMore = "half_or_more" "半数以上（含半数）",
        MoreThanHalf = "more_than_half" "超过半数",
        TwoThirds = "two_thirds" "三分之二以上",
        ThreeQuarters = "three_quarters" "四分之三以上",
        FourFifths = "four_fifths" "五分之四以上",
    }
}

impl Portion {
    /// The smallest number that is such a part of so many.
    pub fn least(self, of: i64) -> i64 {
        match self {
            Portion::HalfOrMore => (of + 1) / 2,
            Portion::MoreThanHalf => of / 2 + 1,
            Portion::TwoThirds => (2 * of + 2) / 3,
            Portion::ThreeQuarters => (3 * of + 3) / 4,
            Portion::FourFifths => (4 * of + 4) / 5,
        }
    }
}
