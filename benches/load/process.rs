//! Servers in processes of their own, and what Linux tells of them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// From its start to the line that names its address.
    pub started: Duration,
}

impl Server {
    /// The program.
    pub fn program(data: &Path, database: &str) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--public-posts-per-hour",
            "100000000",
            "--database",
            database,
        ]);
        command.arg("--data").arg(data).env("DOORSTEP_LOG", "warn");
        Server::start(command)
    }

    /// The demonstration.
    pub fn demo(data: &Path) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
        command.args(["demo", "--listen", "127.0.0.1:0"]).arg("--data").arg(data);
        Server::start(command)
    }

    /// The floor: this program under another name.
    pub fn floor(data: &Path, database: &str, tenant: &str) -> Server {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("floor").arg(data).args([database, tenant]);
        Server::start(command)
    }

    fn start(mut command: Command) -> Server {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines.next().expect("a line with its address").expect("text");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap_or(rest).trim().to_owned();
            }
        };
        // Whatever else it says is of no interest, but must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address, started: began.elapsed() }
    }

    /// Processor time so far, of user and system.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("its state");
        let after_name = stat.rsplit(')').next().expect("fields");
        let ticks: u64 =
            after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(ticks * 10) // a hundred ticks a second
    }

    /// Memory in use, in bytes.
    pub fn memory(&self) -> u64 {
        status(self.child.id(), "VmRSS:")
    }
}

/// A line of a process's status that is given in kilobytes, in bytes.
pub fn status(process: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its state");
    let line = status.lines().find_map(|found| found.strip_prefix(line)).expect("the line");
    line.split_whitespace().next().expect("a number").parse::<u64>().expect("a number") * 1024
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
