//! What a synthetic community is made of: read from `community.toml` for the demonstration, made up for any size.

use serde::Deserialize;

use super::people::Kind;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Deserialize)]
pub struct Plan {
    pub community: Community,
    #[serde(rename = "company", default)]
    pub companies: Vec<Company>,
    #[serde(rename = "estate", default)]
    pub estates: Vec<Estate>,
    #[serde(rename = "grid", default)]
    pub grids: Vec<Grid>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Community {
    pub name: String,
    /// Year and month.
    pub founded: String,
    pub secretary: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Company {
    pub name: String,
    pub phone: Option<String>,
    pub estates: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Estate {
    pub name: String,
    pub kind: Kind,
    pub station_address: Option<String>,
    pub buildings: Vec<Building>,
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Building {
    pub label: String,
    pub units: u32,
    pub floors: u32,
    /// Doors of one stairwell on one floor.
    pub doors_per_floor: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Contact {
    pub role: String,
    pub name: String,
    pub phone: String,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Grid {
    pub name: String,
    pub sequence: u32,
    pub worker: String,
    pub covers: Vec<Cover>,
}

/// Some buildings of an estate, or all of them.
#[derive(Debug, Clone, Deserialize)]
pub struct Cover {
    pub estate: String,
    pub buildings: Option<Vec<String>>,
}

impl Plan {
    pub fn demo() -> Result<Plan> {
        toml::from_str(include_str!("community.toml")).map_err(|error| Error::Internal(error.into()))
    }

    /// As many estates as so many households need when a tenth of the homes stands empty.
    pub fn of_size(name: &str, households: usize) -> Plan {
        const HOMES: usize = 6 * 3 * 6 * 2; // of one estate
        let count = (households + households / 9).div_ceil(HOMES);
        let estates: Vec<Estate> = (0..count).map(generated_estate).collect();
        let companies = estates.chunks(4).enumerate().map(|(at, group)| Company {
            name: format!("第{}物业服务有限公司", at + 1),
            phone: None,
            estates: group.iter().map(|estate| estate.name.clone()).collect(),
        });
        let grids = estates.chunks(2).enumerate().map(|(at, group)| Grid {
            name: format!("第{}网格", at + 1),
            sequence: at as u32 + 1,
            worker: format!("网格员{}", at + 1),
            covers: group.iter().map(|estate| Cover { estate: estate.name.clone(), buildings: None }).collect(),
        });
        let community =
            Community { name: name.to_owned(), founded: "2016-11".to_owned(), secretary: "社区书记".to_owned() };
        Plan { community, companies: companies.collect(), grids: grids.collect(), estates }
    }
}

fn generated_estate(at: usize) -> Estate {
    const NAMES: [&str; 10] = ["和顺", "安康", "清风", "锦绣", "福源", "春晖", "向阳", "长乐", "新苑", "望河"];
    let (round, name) = (at / NAMES.len(), NAMES[at % NAMES.len()]);
    let phase = if round == 0 { String::new() } else { format!("{}期", round + 1) };
    let building = |number| Building { label: format!("{number}号楼"), units: 3, floors: 6, doors_per_floor: 2 };
    Estate {
        name: format!("{name}{phase}小区"),
        kind: if at % 4 == 3 { Kind::Courtyard } else { Kind::Commercial },
        station_address: None,
        buildings: (1..=6).map(building).collect(),
        contacts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn homes(plan: &Plan) -> usize {
        let homes = |building: &Building| building.units * building.floors * building.doors_per_floor;
        plan.estates.iter().flat_map(|estate| &estate.buildings).map(|building| homes(building) as usize).sum()
    }

    #[test]
    fn the_demonstration_has_room_for_its_households_and_every_name_leads_somewhere() {
        let plan = Plan::demo().unwrap();
        assert!(homes(&plan) > 1580);
        let known = |name: &String| plan.estates.iter().any(|estate| &estate.name == name);
        assert!(plan.companies.iter().flat_map(|company| &company.estates).all(known));
        for estate in &plan.estates {
            for building in &estate.buildings {
                let covers = plan.grids.iter().flat_map(|grid| &grid.covers).filter(|cover| {
                    let named = cover.buildings.as_ref().is_none_or(|names| names.contains(&building.label));
                    cover.estate == estate.name && named
                });
                assert_eq!(covers.count(), 1, "{} {}", estate.name, building.label);
            }
        }
    }

    #[test]
    fn a_made_up_community_has_room_too() {
        for households in [0, 1, 200, 5000] {
            assert!(homes(&Plan::of_size("x", households)) >= households);
        }
    }
}
