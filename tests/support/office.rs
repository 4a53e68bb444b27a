//! LibreOffice, which opens what the program writes as another office would.

use std::process::Command;

/// A file opened in LibreOffice and saved in another format. It must open without complaint.
pub fn saved_by_libreoffice(name: &str, file: &[u8], extension: &str, filter: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (given, saved) = (folder.path().join(name), folder.path().join("saved"));
    std::fs::write(&given, file).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.path().display());
    let mut office = Command::new("soffice");
    office.args([&profile, "--headless", "--convert-to", filter, "--outdir"]).arg(&saved).arg(&given);
    let done = office.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !said.contains("Error"), "{said}");
    std::fs::read(saved.join(name).with_extension(extension)).unwrap()
}

/// The words of a Word file, as LibreOffice reads them.
pub fn words(file: &[u8]) -> String {
    String::from_utf8(saved_by_libreoffice("paper.docx", file, "txt", "txt:Text (encoded):UTF8")).unwrap()
}
