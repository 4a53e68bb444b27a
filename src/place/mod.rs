//! Where people live: estates with their buildings, stairwells and dwellings, and the grids that group buildings.
//! Each stairwell has a code; its QR label on the wall leads a resident to a form that knows the place.

mod model;
mod settler;
mod store;
mod web;

pub use model::{Building, Dwelling, Estate, Grid, Spot, Unit, Use, floor_words, room_words, unit_words};
pub use settler::Settler;
pub use store::{
    STATEMENTS, all_buildings, assign_grid, building_in_reach, buildings, create_estate, create_grid, dwelling, estate,
    estate_within, estates, estates_touched, estates_within, grid, grids, has_at_most, set_estate, set_use, spot,
    spot_by_code, spot_of_unit, units,
};
pub use web::routes;
