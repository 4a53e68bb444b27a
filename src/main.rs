use std::process::ExitCode;

/// Gives memory back that is not needed any more: what is large here, a picture or a workbook, does not last.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    doorstep::cli::main()
}
