//! An election: how many seats there are, who stands, and who is elected by the votes that were counted.

use serde::{Deserialize, Serialize};

/// How many are elected, and who stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Election {
    pub seats: i64,
    pub candidates: Vec<String>,
}

/// What an election has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elected {
    /// Those with the most votes first.
    pub elected: Vec<(String, i64)>,
    /// They have votes enough and the same number, and not all of them have a seat: there is another vote about them.
    pub tied: Vec<(String, i64)>,
    /// Seats that nobody has got.
    pub vacant: i64,
}

impl Election {
    /// Errors: which of the two is wrong, and a sentence that says how.
    pub fn check(self) -> Result<Election, (&'static str, String)> {
        let Election { seats, candidates } = &self;
        if candidates.is_empty() || candidates.len() > 50 {
            return Err(("candidates", "请写候选人，一行一个，最多 50 位".to_owned()));
        }
        if (1..candidates.len()).any(|at| candidates[..at].contains(&candidates[at])) {
            return Err(("candidates", "候选人有重名的，请在姓名后面注明，如“王平（女）”".to_owned()));
        }
        if *seats < 1 || *seats > candidates.len() as i64 {
            return Err(("seats", format!("应选人数要在 1 到 {} 之间", candidates.len())));
        }
        Ok(self)
    }

    /// Whoever has `needed` votes is elected, those with the most first, as far as there are seats.
    pub fn outcome(&self, votes: &[(String, i64)], needed: i64) -> Elected {
        let mut enough: Vec<(String, i64)> = votes.iter().filter(|(_, votes)| *votes >= needed).cloned().collect();
        enough.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        let seats = usize::try_from(self.seats).unwrap_or(0);
        let mut tied = Vec::new();
        if let (Some((_, last)), Some((_, beyond))) = (enough.get(seats.wrapping_sub(1)), enough.get(seats))
            && last == beyond
        {
            let same = *last;
            tied = enough.iter().filter(|(_, votes)| *votes == same).cloned().collect();
            enough.retain(|(_, votes)| *votes > same);
        }
        enough.truncate(seats);
        let vacant = self.seats - enough.len() as i64;
        Elected { elected: enough, tied, vacant }
    }
}

impl Elected {
    /// `当选：高瑞芹（43 票）、薛婷（40 票）。刘凝、景瑞芳票数相等（30 票），就他们重新投票，选 1 名`
    pub fn words(&self) -> String {
        let named = |people: &[(String, i64)]| {
            people.iter().map(|(name, votes)| format!("{name}（{votes} 票）")).collect::<Vec<_>>().join("、")
        };
        let elected = match self.elected.as_slice() {
            [] => "没有人当选".to_owned(),
            elected => format!("当选：{}", named(elected)),
        };
        match (self.vacant, self.tied.as_slice()) {
            (0, _) => elected,
            (vacant, []) => format!("{elected}。还缺 {vacant} 名，另行选举"),
            (vacant, tied) => {
                let names: Vec<&str> = tied.iter().map(|(name, _)| name.as_str()).collect();
                let votes = tied[0].1;
                format!("{elected}。{}票数相等（{votes} 票），就他们重新投票，选 {vacant} 名", names.join("、"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn election(seats: i64, candidates: &[&str]) -> Election {
        Election { seats, candidates: candidates.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn words(seats: i64, votes: &[(&str, i64)]) -> String {
        let votes: Vec<(String, i64)> = votes.iter().map(|(name, votes)| ((*name).to_owned(), *votes)).collect();
        let stand: Vec<&str> = votes.iter().map(|(name, _)| name.as_str()).collect();
        // 45 are there, so it takes 23.
        election(seats, &stand).outcome(&votes, 23).words()
    }

    #[test]
    fn whoever_has_most_votes_of_more_than_half_is_elected() {
        assert_eq!(words(2, &[("甲", 30), ("乙", 44), ("丙", 25)]), "当选：乙（44 票）、甲（30 票）");
        assert_eq!(words(2, &[("甲", 23), ("乙", 22), ("丙", 22)]), "当选：甲（23 票）。还缺 1 名，另行选举");
        assert_eq!(words(1, &[("甲", 22), ("乙", 22)]), "没有人当选。还缺 1 名，另行选举");
    }

    #[test]
    fn those_with_the_same_votes_stand_again_for_the_seats_that_are_left() {
        assert_eq!(
            words(2, &[("甲", 40), ("乙", 30), ("丙", 30), ("丁", 24)]),
            "当选：甲（40 票）。乙、丙票数相等（30 票），就他们重新投票，选 1 名"
        );
        assert_eq!(words(2, &[("甲", 30), ("乙", 30)]), "当选：甲（30 票）、乙（30 票）");
        assert_eq!(
            words(1, &[("甲", 30), ("乙", 30), ("丙", 30)]),
            "没有人当选。甲、乙、丙票数相等（30 票），就他们重新投票，选 1 名"
        );
    }

    #[test]
    fn a_list_that_cannot_be_voted_on_is_turned_back() {
        assert!(election(1, &[]).check().is_err());
        assert!(election(2, &["甲"]).check().is_err() && election(0, &["甲"]).check().is_err());
        assert!(election(1, &["甲", "甲"]).check().is_err());
        assert!(election(2, &["甲", "乙"]).check().is_ok());
    }
}
