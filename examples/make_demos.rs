//! Writes the incidents that ship in the binary into `assets/demo`, or into the folder given.
//!
//! `cargo run --example make_demos` (for a new name, `touch assets/demo/NAME.case` first: the binary includes it)

use alb_triage::recording::Writer;
use alb_triage::simulator::{demos, simulate};
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("assets/demo"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for scenario in demos::all() {
        let name = scenario.demo.clone().unwrap_or_default();
        let path = folder.join(format!("{name}.case"));
        let incident = simulate(&scenario);
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let mut writer = Writer::create(&path)?;
        writer.write(&incident.facts)?;
        writer.finish()?;
        println!("{}: {} facts, {} bytes, {:?}", path.display(), incident.facts.len(), path.metadata()?.len(), incident.truth);
    }
    Ok(())
}
