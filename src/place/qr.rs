use qrcode::{Color, QrCode};

use crate::error::{Error, Result};

/// A QR code as an SVG path of unit squares; two more on each side are its quiet zone on white paper.
#[derive(Debug, Clone)]
pub struct Qr {
    /// Squares on a side.
    pub size: usize,
    /// The `d` of a path: each run of dark squares is one bar.
    pub path: String,
}

impl Qr {
    /// Errors: the text does not fit into a QR code.
    pub fn of(text: &str) -> Result<Qr> {
        let code = QrCode::new(text).map_err(|error| Error::Internal(anyhow::anyhow!("no QR code: {error}")))?;
        let size = code.width();
        let squares = code.into_colors();
        let mut path = String::new();
        for (y, row) in squares.chunks(size).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] == Color::Dark {
                    path.push_str(&format!("M{x} {y}h{}v1H{x}z", run.len()));
                }
                x += run.len();
            }
        }
        Ok(Qr { size, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bar_is_the_top_of_a_finder_pattern() {
        let qr = Qr::of("http://127.0.0.1:8080/r/7K3M9QX2").unwrap();
        assert_eq!(qr.size, 29);
        assert!(qr.path.starts_with("M0 0h7v1H0z"), "{}", &qr.path[..20]);
    }
}
