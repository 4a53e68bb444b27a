use qrcode::{Color, QrCode};

use crate::error::{Error, Result};

/// A QR code as an SVG element to be put into a page as it stands: black bars in a quiet zone of two squares on white paper.
///
/// Errors: the text does not fit into a QR code.
pub fn qr(text: &str) -> Result<String> {
    let code = QrCode::new(text).map_err(|error| Error::Internal(anyhow::anyhow!("no QR code: {error}")))?;
    let size = code.width();
    let mut bars = String::new();
    for (y, row) in code.into_colors().chunks(size).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                bars.push_str(&format!("M{x} {y}h{}v1H{x}z", run.len()));
            }
            x += run.len();
        }
    }
    let side = size + 4;
    Ok(format!(
        r##"<svg class="qr" viewBox="-2 -2 {side} {side}" role="img" aria-label="二维码"><path fill="#000" shape-rendering="crispEdges" d="{bars}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bar_is_the_top_of_a_finder_pattern() {
        let svg = qr("http://127.0.0.1:8080/r/7K3M9QX2").unwrap();
        assert!(svg.contains(r#"viewBox="-2 -2 33 33""#) && svg.contains(r#"d="M0 0h7v1H0z"#), "{}", &svg[..160]);
    }
}
