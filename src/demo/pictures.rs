//! Drawn photos, since there is nothing to photograph: a building by day, with a warning sign before and a tick after.

use std::collections::BTreeMap;
use std::io::Cursor;

use axum::body::Bytes;
use db::Tx;
use image::{ImageFormat, Rgb, RgbImage};
use uuid::Uuid;

use crate::access::Act;
use crate::error::{Error, Result};
use crate::issue::Category;
use crate::photo;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const GROUND: u32 = 380;

/// The photos of a community by what they show, so that each is drawn and kept once.
#[derive(Default)]
pub struct Album {
    kept: BTreeMap<(&'static str, bool), Uuid>,
}

impl Album {
    /// A photo of a kind of trouble, or of its end.
    pub async fn photo(&mut self, tx: &mut Tx, act: &Act, category: Category, solved: bool) -> Result<Uuid> {
        let key = (category.code(), solved);
        if let Some(known) = self.kept.get(&key) {
            return Ok(*known);
        }
        let mut file = Cursor::new(Vec::new());
        draw(category, solved).write_to(&mut file, ImageFormat::Png).map_err(|error| Error::Internal(error.into()))?;
        let picture = photo::prepare(Bytes::from(file.into_inner())).await?;
        let id = photo::keep(tx, act, &picture).await?;
        self.kept.insert(key, id);
        Ok(id)
    }
}

fn draw(category: Category, solved: bool) -> RgbImage {
    let kind = category as u32;
    let wall = [150 + (kind * 37 % 80) as u8, 140 + (kind * 53 % 70) as u8, 120 + (kind * 29 % 90) as u8];
    let storeys = 3 + kind % 4;
    let mut picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        if y >= GROUND {
            return Rgb([120, 125, 118]);
        }
        let (left, top) = (90 + kind % 5 * 12, GROUND - storeys * 60);
        if !(left..left + 300).contains(&x) || y < top {
            return Rgb([170 + (y / 8) as u8, 200 + (y / 12) as u8, 225]); // the sky
        }
        let window = (x - left) % 60 > 18 && (y - top) % 60 > 16 && (y - top) % 60 < 46;
        if window { Rgb([70, 90, 110]) } else { Rgb(wall) }
    });
    if solved {
        tick(&mut picture)
    } else {
        warning(&mut picture)
    }
    picture
}

/// A red triangle with a bar in it.
pub(super) fn warning(picture: &mut RgbImage) {
    for y in 0..120_u32 {
        for x in 0..=y {
            let bar = (50..92).contains(&y) && x.abs_diff(y / 2) < 6;
            let colour = if bar { [255, 255, 255] } else { [200, 40, 40] };
            picture.put_pixel(500 - y / 2 + x, 230 + y, Rgb(colour));
        }
    }
}

/// A green disc with a white tick in it.
pub(super) fn tick(picture: &mut RgbImage) {
    for y in 0..140_i32 {
        for x in 0..140_i32 {
            let (right, down) = (x - 70, y - 70);
            if right * right + down * down > 68 * 68 {
                continue;
            }
            let short = (right - down + 45).abs() < 12 && (-38..=-8).contains(&right);
            let long = (right + down - 28).abs() < 12 && (-12..=42).contains(&right);
            let colour = if short || long { [255, 255, 255] } else { [40, 130, 70] };
            picture.put_pixel(430 + x.unsigned_abs(), 220 + y.unsigned_abs(), Rgb(colour));
        }
    }
}
